/* SPDX-License-Identifier: MIT */
/*
 * Operations that change a volume, each small, together everything the library can do, and a
 * volume they work on: for tests that let each of them fail or be cut off everywhere.
 */
#ifndef E2_TESTS_CHANGE_OPS_H
#define E2_TESTS_CHANGE_OPS_H

#include "image.h"
#include "vol/write.h"

struct change_op {
	const char *name;
	int (*run)(struct e2_txn *txn);	/* succeeds on the volume below */
	bool damages;			/* on purpose: the volume is not sound then */
};

/* NULL past the last. */
const struct change_op *change_op_at(size_t index);
/* Ends the program when there is none. */
const struct change_op *change_op_named(const char *name);

/* 600 blocks of 1 KiB in two groups, inodes of 256 bytes; small, with one object of each kind. */
void change_ops_image(struct img *img);

/* The moment at which all of them happen. */
struct e2_time change_ops_now(void);

#endif
