/* SPDX-License-Identifier: MIT */
/* Places in the volume as bytes: what commands need that change bytes alone. */
#ifndef DEBUGFS_RAW_H
#define DEBUGFS_RAW_H

#include "shell.h"

struct raw_place {
	uint64_t at, len;	/* bytes of the volume */
};

/*
 * The bytes an object is: blocks, a block of a file, a part of a group, a superblock, a group
 * descriptor, an inode; @OFFSET: from there to the end of its block.
 * E2_ERR_INVAL, E2_ERR_RANGE, E2_ERR_NOENT for a hole.
 */
int raw_place(struct shell *sh, const struct arg *a, struct raw_place *place);

/* Pairs of hexadecimal digits, "0x" before them or not, as bytes; in place. */
int raw_hex(struct shell *sh, char *text, size_t *len);

#endif
