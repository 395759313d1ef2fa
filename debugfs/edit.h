/* SPDX-License-Identifier: MIT */
/* Texts that were edited: their temporary files stay until the change they made is true. */
#ifndef DEBUGFS_EDIT_H
#define DEBUGFS_EDIT_H

#include <stdbool.h>

struct shell;

/* The change has become true, or will not: then it is said where each text is. */
void edit_settle(struct shell *sh, bool committed);

#endif
