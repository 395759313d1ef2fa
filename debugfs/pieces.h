/* SPDX-License-Identifier: MIT */
/* All blocks an inode reaches, in file order, for the commands that show them. */
#ifndef DEBUGFS_PIECES_H
#define DEBUGFS_PIECES_H

#include "shell.h"

struct pieces {
	struct e2_walk_block *at;	/* as the walk yields them */
	size_t count, cap;
	uint64_t data, pointers;	/* good blocks */
	uint64_t together;		/* data pieces, joined where pointer blocks part them */
	uint64_t bad;			/* pointers that lead nowhere */
	int status;			/* the first of their failures */
};

/* Inodes without pointers have no pieces.  Release with pieces_free. */
int pieces_read(struct e2_fs *fs, const struct e2_inode *in, struct pieces *p);
void pieces_free(struct pieces *p);

/* Joins what lies together from *i on into *b and moves *i behind it; false at the end.
 * Pointer blocks and bad pointers are passed over. */
bool pieces_next(const struct pieces *p, size_t *i, struct e2_walk_block *b);

/* "5" or "5-9". */
void add_range(struct e2_str *s, uint64_t first, uint64_t count);

#endif
