/* SPDX-License-Identifier: MIT */
/* The symlinks among what the command links shows. */
#ifndef DEBUGFS_LINKS_H
#define DEBUGFS_LINKS_H

#include "shell.h"

/* What a list of them does not have. */
void links_tell_gaps(struct shell *sh, const struct e2_dangling_sum *sum);
int links_broken(struct shell *sh);				/* links_broken.c */
int links_leaving(struct shell *sh, const struct arg *dir);	/* links_leaving.c */

#endif
