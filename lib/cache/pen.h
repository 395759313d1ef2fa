/* SPDX-License-Identifier: MIT */
/* Writes a file of our own front to back in large pieces, and sums it; for the library itself. */
#ifndef E2_CACHE_PEN_H
#define E2_CACHE_PEN_H

#include "io/io.h"

enum { E2_PEN_ROOM = 1 << 20 };

struct e2_pen {
	struct e2_io *io;
	uint64_t at;		/* where the gathered bytes belong */
	size_t used, room;
	uint8_t *buf;
	uint32_t crc;		/* of all that was flushed */
};

/* all: how many bytes will come, so that little takes little memory; at_once: the most that
 * is reserved.  E2_ERR_NOMEM. */
int e2_pen_begin(struct e2_pen *pen, struct e2_io *io, uint64_t at, uint64_t all, size_t at_once);
void e2_pen_end(struct e2_pen *pen);

/* Makes room behind buf + used; the caller fills it and adds to used. */
E2_NODISCARD int e2_pen_reserve(struct e2_pen *pen, size_t bytes);
E2_NODISCARD int e2_pen_zeros(struct e2_pen *pen, size_t bytes);	/* less than a sector */
E2_NODISCARD int e2_pen_flush(struct e2_pen *pen);

/* The checksum of len bytes from `at` on. */
E2_NODISCARD int e2_pen_sum(struct e2_io *io, uint64_t at, uint64_t len, uint32_t *crc);

#endif
