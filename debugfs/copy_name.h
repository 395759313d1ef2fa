/* SPDX-License-Identifier: MIT */
/* What a copy of something of the volume is called elsewhere. */
#ifndef DEBUGFS_COPY_NAME_H
#define DEBUGFS_COPY_NAME_H

#include "shell.h"

/*
 * As it was named, by its real name where that says nothing ("."), and an inode number
 * "inode-12".  Empty for the root, which stands for where the copy goes.  E2_ERR_NOMEM,
 * which must never be taken for that.
 */
int copy_name(const struct arg *a, struct e2_str *name);

#endif
