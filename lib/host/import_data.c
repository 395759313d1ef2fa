/* SPDX-License-Identifier: MIT */
/* The content of host files into the volume's, and the space it takes. */
#include "host/import_parts.h"

#include "base/checked.h"
#include "base/zero.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 20 };

/* ---- space ----------------------------------------------------------------------- */

/* Pointer blocks of a file of so many blocks without holes. */
static uint64_t pointer_blocks(const struct e2_geometry *g, uint64_t blocks)
{
	uint64_t reach = 1, count = 0;

	blocks = blocks > E2_DIRECT ? blocks - E2_DIRECT : 0;
	for (unsigned level = 1; level <= 3 && blocks > 0; level++) {
		uint64_t here, unit = g->pointers;

		reach *= g->pointers;
		here = blocks < reach ? blocks : reach;
		for (unsigned i = 0; i < level; i++, unit *= g->pointers)
			count += e2_div_up(here, unit);
		blocks -= here;
	}
	return count;
}

uint64_t e2_feed_blocks(const struct e2_geometry *g, const struct e2_feed *feed)
{
	uint64_t blocks = 0, end = 0;

	if (feed->extents == NULL) {
		blocks = e2_div_up(feed->size, g->block_size);
		return blocks + pointer_blocks(g, blocks);
	}
	for (size_t i = 0; i < feed->count; i++) {
		uint64_t first = feed->extents[i].start / g->block_size;
		uint64_t last = e2_div_up(feed->extents[i].end, g->block_size);

		first = first < end ? end : first;
		blocks += last > first ? last - first : 0;
		end = last > end ? last : end;
	}
	return blocks;
}

int e2_import_space(struct e2_importer *x, const char *shown, uint64_t blocks, uint64_t inodes)
{
	struct e2_str text = E2_STR_INIT;
	uint64_t free_blocks, free_inodes;
	bool few_blocks;
	int err = e2_free_counts(x->fs, &free_blocks, &free_inodes);

	if (err != 0 || (blocks <= free_blocks && inodes <= free_inodes))
		return err;
	few_blocks = blocks > free_blocks;
	e2_str_add_count(&text, few_blocks ? blocks - free_blocks : inodes - free_inodes);
	e2_str_addf(&text, " %s more than the ", few_blocks ? "blocks" : "inodes");
	e2_str_add_count(&text, few_blocks ? free_blocks : free_inodes);
	err = e2_fail(E2_ERR_NOSPC, "%s: needs %s free", shown, e2_str_text(&text));
	e2_str_free(&text);
	return err;
}

/* ---- writing --------------------------------------------------------------------- */

/* A buffer for pieces of a file of this size. */
static int piece_room(struct e2_importer *x, uint64_t size)
{
	size_t want = size < PIECE_BYTES ? (size_t)size : PIECE_BYTES;

	if (x->piece_len >= want)
		return 0;
	free(x->piece);
	x->piece_len = 0;
	x->piece = malloc(want);
	if (x->piece == NULL)
		return e2_fail(E2_ERR_NOMEM, "a buffer for file data");
	x->piece_len = want;
	return 0;
}

/* Writes what is not zero, block by block of the file; what lies between is not there. */
static int write_sparse(struct e2_importer *x, e2_ino ino, struct e2_inode *in, uint64_t at,
			const uint8_t *data, size_t len)
{
	size_t unit = e2_geometry(x->fs)->block_size, from = 0, n;
	bool zero, was = true;
	int err = 0;

	for (size_t to = 0; to < len && err == 0; to += n, was = zero) {
		n = unit - (size_t)((at + to) % unit);
		n = n < len - to ? n : len - to;
		zero = e2_all_zero(data + to, n);
		if (zero && !was)
			err = e2_write(x->txn, ino, in, at + from, to - from, data + from);
		if (!zero && was)
			from = to;
	}
	if (err != 0 || was)
		return err;
	return e2_write(x->txn, ino, in, at + from, len - from, data + from);
}

static int write_range(struct e2_importer *x, const struct e2_feed *feed, e2_ino ino,
		       struct e2_inode *in, uint64_t at, struct e2_extent e)
{
	bool sparse = x->how->flags & E2_IMPORT_SPARSE;

	while (e.start < e.end) {
		uint64_t left = e.end - e.start;
		size_t len = left < x->piece_len ? (size_t)left : x->piece_len;
		int err = feed->read(feed->context, e.start, len, x->piece);

		if (err == 0 && sparse)
			err = write_sparse(x, ino, in, at + e.start, x->piece, len);
		else if (err == 0)
			err = e2_write(x->txn, ino, in, at + e.start, len, x->piece);
		if (err != 0)
			return err;
		x->counts.bytes += len;
		e.start += len;
	}
	return 0;
}

int e2_feed_write(struct e2_importer *x, const struct e2_feed *feed, e2_ino ino,
		  struct e2_inode *in, uint64_t at)
{
	uint64_t unit = e2_geometry(x->fs)->block_size, done = 0, end;
	int err;

	if (feed->size == 0)
		return 0;
	if (!e2_add64(at, feed->size, &end))
		return e2_fail(E2_ERR_FBIG, "inode %u: cannot have so many bytes", ino);
	err = piece_room(x, feed->size);
	if (err == 0 && feed->extents == NULL)
		err = write_range(x, feed, ino, in, at, (struct e2_extent){ 0, feed->size });
	/* Whole blocks, where the file begins with one: the rest of a block is zero anyway. */
	for (size_t i = 0; i < feed->count && err == 0; i++) {
		struct e2_extent e = feed->extents[i];

		e.start -= e.start % unit;
		e.end = e2_div_up(e.end, unit) * unit;
		e.start = e.start < done ? done : e.start;
		e.end = e.end < feed->size ? e.end : feed->size;
		if (e.start >= e.end)
			continue;
		err = write_range(x, feed, ino, in, at, e);
		done = e.end;
	}
	if (err == 0 && e2_inode_size(in) < end)
		err = e2_truncate(x->txn, ino, in, end);
	return err;
}
