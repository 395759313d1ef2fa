/* SPDX-License-Identifier: MIT */
#include "cache/pen.h"

#include "base/crc.h"

#include <stdlib.h>
#include <string.h>

int e2_pen_begin(struct e2_pen *pen, struct e2_io *io, uint64_t at, uint64_t all, size_t at_once)
{
	size_t room = at_once > E2_PEN_ROOM ? at_once : E2_PEN_ROOM;

	if (all < room)
		room = (size_t)all;
	*pen = (struct e2_pen){ .io = io, .at = at, .room = room, .buf = malloc(room) };
	return pen->buf ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to write %s", io->name);
}

void e2_pen_end(struct e2_pen *pen)
{
	free(pen->buf);
	pen->buf = NULL;
}

int e2_pen_flush(struct e2_pen *pen)
{
	int err = e2_io_write(pen->io, pen->at, pen->used, pen->buf);

	pen->crc = e2_crc32(pen->crc, pen->buf, pen->used);
	pen->at += pen->used;
	pen->used = 0;
	return err;
}

int e2_pen_reserve(struct e2_pen *pen, size_t bytes)
{
	return pen->room - pen->used < bytes ? e2_pen_flush(pen) : 0;
}

int e2_pen_zeros(struct e2_pen *pen, size_t bytes)
{
	int err = e2_pen_reserve(pen, bytes);

	if (!err) {
		memset(pen->buf + pen->used, 0, bytes);
		pen->used += bytes;
	}
	return err;
}

int e2_pen_sum(struct e2_io *io, uint64_t at, uint64_t len, uint32_t *crc)
{
	size_t room = len < E2_PEN_ROOM ? (size_t)len : E2_PEN_ROOM;
	uint8_t *buf = malloc(room + 1);
	int err = buf ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to read %s", io->name);

	*crc = 0;
	while (!err && len != 0) {
		size_t n = len < room ? (size_t)len : room;

		err = e2_io_read(io, at, n, buf);
		if (!err)
			*crc = e2_crc32(*crc, buf, n);
		at += n;
		len -= n;
	}
	free(buf);
	return err;
}
