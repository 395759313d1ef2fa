/* SPDX-License-Identifier: MIT */
/*
 * The bytes of two files, read along their pointers: holes are passed over, and compared with
 * zeros where the other has data.
 *
 * A damaged volume can give the same blocks to many files.  All files together read at most
 * twice as much as the volumes hold; what is left over then is damage.
 */
#include "tree/diff_priv.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 256 << 10 };	/* bytes compared at once */

struct stream {			/* the data of a file, in order */
	struct e2_fs *fs;
	struct e2_blocks *walk;
	uint64_t start, end;	/* of the piece at hand, in the file; both UINT64_MAX: no more */
	uint64_t from;		/* where its start lies in the volume, in bytes */
	bool damaged;
};

/* The next piece that is no hole. */
static int stream_next(struct stream *s, uint64_t size)
{
	uint32_t bits = e2_geometry(s->fs)->block_bits;
	struct e2_walk_block b;
	int r;

	while ((r = e2_blocks_next(s->walk, &b)) > 0) {
		if (b.status)
			s->damaged = true;
		if (b.status || b.level || b.lblk > size >> bits)
			continue;
		s->start = b.lblk << bits;
		s->end = (b.lblk + b.count) << bits;
		s->from = b.blk << bits;
		if (s->end > size)
			s->end = size;
		if (s->start < s->end)
			return 0;
	}
	s->start = s->end = UINT64_MAX;
	return r;
}

/* Goes on to byte `at` of the file, which is in the piece, at its end, or before it. */
static int stream_to(struct stream *s, uint64_t at, uint64_t size)
{
	int r = 0;

	while (r == 0 && at >= s->end && s->end != UINT64_MAX)
		r = stream_next(s, size);
	if (r == 0 && at > s->start && s->end != UINT64_MAX) {
		s->from += at - s->start;
		s->start = at;
	}
	return r;
}

/* len bytes of the piece at hand, from its start; whole blocks are read. */
static int stream_read(struct stream *s, size_t len, uint8_t *to, const uint8_t **bytes)
{
	uint32_t bits = e2_geometry(s->fs)->block_bits;
	e2_blk first = s->from >> bits, last = (s->from + len - 1) >> bits;
	int r = e2_cache_read(e2_fs_cache(s->fs), first, last - first + 1, to);

	*bytes = to + (s->from & (((uint64_t)1 << bits) - 1));
	return r;
}

/* Where two pieces of bytes differ first; len: nowhere.  b NULL: zeros. */
static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t len)
{
	static const uint8_t zeros[4096];

	for (size_t at = 0; at < len; at += sizeof(zeros)) {
		size_t n = len - at < sizeof(zeros) ? len - at : sizeof(zeros);
		const uint8_t *with = b ? b + at : zeros;

		if (!memcmp(a + at, with, n))
			continue;
		for (size_t i = 0; i < n; i++)
			if (a[at + i] != with[i])
				return at + i;
	}
	return len;
}

/* Compares what both have from *at on, up to where either changes between data and hole. */
static int step(struct e2_diff *d, struct stream s[2], uint64_t *at, uint64_t size, bool *differs)
{
	uint64_t start = s[0].start < s[1].start ? s[0].start : s[1].start;
	const uint8_t *bytes[2] = { NULL, NULL };
	uint64_t end = size;
	size_t len, n;
	int r = 0;

	if (start > *at)
		*at = start;	/* a hole of both */
	for (unsigned side = 0; side < 2; side++) {
		uint64_t edge = s[side].start > *at ? s[side].start : s[side].end;

		if (edge < end)
			end = edge;
	}
	if (*at >= size)
		return 0;
	len = end - *at < PIECE ? (size_t)(end - *at) : PIECE;
	for (unsigned side = 0; side < 2 && r == 0; side++) {
		if (s[side].start > *at)
			continue;
		if (len > d->budget)
			return e2_fail(E2_ERR_CORRUPT, "more content than the volumes hold: "
				       "blocks belong to several files");
		d->budget -= len;
		d->sums.bytes += len;
		r = stream_read(&s[side], len, d->bytes[side], &bytes[side]);
	}
	if (r)
		return r;
	n = bytes[0] ? first_difference(bytes[0], bytes[1], len) :
		first_difference(bytes[1], NULL, len);
	*at += n;
	*differs = n < len;
	return 0;
}

static int compare(struct e2_diff *d, struct stream s[2], uint64_t size, uint64_t *at,
		   bool *differs)
{
	int r = stream_next(&s[0], size);

	*at = 0;
	if (r == 0)
		r = stream_next(&s[1], size);
	while (r == 0 && *at < size && !*differs) {
		r = step(d, s, at, size, differs);
		for (unsigned side = 0; side < 2 && r == 0; side++)
			r = stream_to(&s[side], *at, size);
		if (r == 0)
			r = diff_tick(d);
	}
	return r;
}

static int prepare(struct e2_diff *d)
{
	for (unsigned side = 0; side < 2; side++) {
		size_t block = e2_geometry(d->fs[side])->block_size;

		if (!d->bytes[side])
			d->bytes[side] = malloc(PIECE + 2 * block);
		if (!d->bytes[side])
			return e2_fail(E2_ERR_NOMEM, "comparing: out of memory");
	}
	return 0;
}

int diff_content(struct e2_diff *d, const struct e2_inode in[2], uint32_t *what, uint64_t *at)
{
	struct stream s[2] = { { .fs = d->fs[0] }, { .fs = d->fs[1] } };
	uint64_t size = e2_inode_size(&in[0]);
	bool differs = false;
	int r = prepare(d);

	d->sums.files++;
	if (size && (!e2_inode_has_blocks(d->fs[0], &in[0]) ||
		     !e2_inode_has_blocks(d->fs[1], &in[1]))) {
		*what |= E2_DIFF_BIT(DAMAGE);
		return 0;
	}
	if (r == 0)
		r = e2_blocks_begin(d->fs[0], &in[0], &s[0].walk);
	if (r == 0)
		r = e2_blocks_begin(d->fs[1], &in[1], &s[1].walk);
	if (r == 0)
		r = compare(d, s, size, at, &differs);
	if (r == E2_ERR_IO || r == E2_ERR_CORRUPT || s[0].damaged || s[1].damaged) {
		*what |= E2_DIFF_BIT(DAMAGE);
		r = r == E2_ERR_IO || r == E2_ERR_CORRUPT ? 0 : r;
	}
	if (differs)
		*what |= E2_DIFF_BIT(CONTENT);
	e2_blocks_end(s[0].walk);
	e2_blocks_end(s[1].walk);
	return r;
}
