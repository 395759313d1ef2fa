/* SPDX-License-Identifier: MIT */
/* Images in memory that outlive the io over them, with blocks that cannot be read. */
#ifndef E2_TESTS_RAM_H
#define E2_TESTS_RAM_H

#include "io/io.h"

enum { RAM_UNREADABLE = 8 };

struct ram {
	uint8_t *bytes;			/* size of them; from malloc() */
	uint64_t size;
	uint32_t block_size;		/* of the numbers in unreadable */
	uint32_t unreadable[RAM_UNREADABLE];	/* a write of the whole block heals it */
	unsigned unreadable_count;
};

/* A copy; the caller frees copy->bytes.  What was there before is used again. */
void ram_copy(struct ram *copy, const struct ram *from);

/* An io over the bytes, which stay the caller's. */
struct e2_io *ram_open(struct ram *ram, bool writable);

#endif
