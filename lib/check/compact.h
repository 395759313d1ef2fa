/* SPDX-License-Identifier: MIT */
/*
 * A directory written anew from its names: with an index, or one after the other.
 *
 *	compact_read(&c) ... compact_plan_index(&c, ...) or compact_plan_linear(&c) ...
 *	compact_write(&c) ... compact_end(&c)
 *
 * "." and ".." stay what they are.  All names are in memory before anything is written.
 */
#ifndef E2_CHECK_COMPACT_H
#define E2_CHECK_COMPACT_H

#include "tree/dir.h"

struct compact_name {
	uint32_t hash, minor;
	uint32_t at;		/* in bytes */
};

struct compact {
	/* The caller's: what it is about. */
	struct e2_txn *txn;
	const struct e2_geometry *g;
	const struct e2_super *super;
	e2_ino dir;
	struct e2_inode in;	/* as put last */
	uint64_t most;		/* bytes that may be read */

	e2_lblk blocks;		/* that the directory has */
	uint8_t *bytes;		/* of all its blocks */
	uint8_t *block;		/* the one being made */
	struct compact_name *names;
	size_t count, cap;
	unsigned version;	/* of the hash, as stored */
	bool linear;
	uint32_t *first;	/* of each leaf: its first name */
	size_t leaves, nodes, leaves_cap;
	uint32_t root_limit, node_limit;
	bool changed;		/* what was written is not what was there */
};

/* Reads all names.  1, 0 when the directory is not whole or too large, or negative. */
E2_NODISCARD int compact_read(struct compact *c);

/*
 * Spreads the names over leaves: with room for more where the directory has the blocks, or as
 * full as they get.  1, 0 when two levels of index are too few, or negative.
 */
E2_NODISCARD int compact_plan_index(struct compact *c, bool roomy);

/* The same without an index, in the order in which the names stand: as full as they get. */
E2_NODISCARD int compact_plan_linear(struct compact *c);

/* How many blocks the plan needs. */
e2_lblk compact_blocks(const struct compact *c);

/* Does what was planned, and puts the inode.  On E2_ERR_NOSPC nothing is changed. */
E2_NODISCARD int compact_write(struct compact *c);

void compact_end(struct compact *c);

#endif
