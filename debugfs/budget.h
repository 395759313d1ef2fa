/* SPDX-License-Identifier: MIT */
/*
 * How many bytes of paths a command makes.
 *
 * A chain of directories costs a damaged volume a block each, and the path of the last is as long
 * as all of them together: all paths may have many times the bytes of the image.  Where all names
 * are named, those of no more bytes than the volume has (and 64 MiB) are.
 */
#ifndef DEBUGFS_BUDGET_H
#define DEBUGFS_BUDGET_H

#include "e2.h"

struct budget { uint64_t left; };

void budget_begin(struct budget *b, struct e2_fs *fs);

/* len: bytes of one more path.  E2_ERR_CORRUPT when that is too much. */
int budget_take(struct budget *b, size_t len);

#endif
