/* SPDX-License-Identifier: MIT */
#ifndef DEBUGFS_CAT_H
#define DEBUGFS_CAT_H

#include "shell.h"

/* Writes the content of a file, or the text of a symlink, to the output as it is. */
int cat_one(struct shell *sh, const struct arg *a);

#endif
