/* SPDX-License-Identifier: MIT */
/* Permissions as people change them. */
#ifndef DEBUGFS_MODE_H
#define DEBUGFS_MODE_H

#include <stdbool.h>
#include <stdint.h>

enum { MODE_UMASK = 022 };	/* of what is said for nobody in particular: "+w" */

/*
 * Changes permission bits by "u+rwx,g-s", "a=rX", "g=u", as chmod(1) of coreutils, where a
 * directory keeps its set-id bits unless s names them; or by "644", as chmod(2): an octal number
 * is what the bits will be, those of a directory too.
 *
 * mode     permission bits, with or without a type, which stays
 *
 * E2_ERR_INVAL.
 */
int mode_change(const char *text, uint32_t mode, bool directory, uint32_t *changed);

#endif
