/* SPDX-License-Identifier: MIT */
/* Permissions as people change them. */
#ifndef DEBUGFS_MODE_H
#define DEBUGFS_MODE_H

#include <stdbool.h>
#include <stdint.h>

enum { MODE_UMASK = 022 };	/* of what is said for nobody in particular: "+w" */

/*
 * Changes permission bits by "644", "u+rwx,g-s", "a=rX", "g=u", as chmod(1) of coreutils.
 * A directory keeps its set-id bits unless the text names them: by s, or by an octal number
 * of five digits.
 *
 * mode     permission bits, with or without a type, which stays
 *
 * E2_ERR_INVAL.
 */
int mode_change(const char *text, uint32_t mode, bool directory, uint32_t *changed);

#endif
