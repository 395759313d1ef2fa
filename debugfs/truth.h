/* SPDX-License-Identifier: MIT */
/* Files of the host that tell of a damage: they are written when the damage has come true. */
#ifndef DEBUGFS_TRUTH_H
#define DEBUGFS_TRUTH_H

#include "e2.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shell;

struct truth_file {
	char *path;		/* absolute */
	struct e2_str text;
	uint64_t done;		/* lines of the transaction before the one that damages */
};

struct truths {
	struct truth_file *at;
	size_t count, cap;
};

/* Keeps a text, which is taken over, for the commit.  An error now when it cannot be written. */
int truth_keep(struct shell *sh, const char *path, struct e2_str *text);

/* Lines have been taken back, and what they would tell with them. */
void truth_forget(struct shell *sh);

/* The transaction has ended: what is kept is written if it was committed.  The first error. */
int truth_settle(struct shell *sh, bool committed);

#endif
