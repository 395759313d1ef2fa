/* SPDX-License-Identifier: MIT */
/* Changes of what the pointers of inodes reach: data, texts of symlinks, pointer blocks. */
#include "tree/changes_priv.h"

#include "base/endian.h"

#include <inttypes.h>
#include <stdio.h>

void e2_tell_fresh(struct e2_changes *c, e2_blk blk, uint64_t count)
{
	if (count == 1)
		e2_tell_after(c, "new in block %" PRIu64, blk);
	else
		e2_tell_after(c, "new in blocks %" PRIu64 "-%" PRIu64, blk, blk + count - 1);
	if (c->queued)
		c->queue[c->queued - 1].blocks = count;
	e2_tell_place_at(c, blk * c->g->block_size, count * c->g->block_size);
}

/* ---- data ------------------------------------------------------------------------- */

static void fresh_data(struct e2_changes *c, const struct e2_walk_block *b)
{
	uint64_t size = e2_inode_size(&c->in), first = b->lblk * c->g->block_size;
	uint64_t end = first + b->count * c->g->block_size;

	e2_tell_begin(c, E2_CHANGE_NEW, "<%" PRIu32 ">", c->ino);
	if (e2_is_symlink(&c->in))
		e2_tell_field(c, "text");
	else if (end <= size || size <= first)
		e2_tell_field(c, "bytes %" PRIu64 "-%" PRIu64, first, end - 1);
	else
		e2_tell_field(c, "bytes %" PRIu64 "-%" PRIu64, first, size - 1);
	e2_tell_fresh(c, b->blk, b->count);
}

/* The first and last byte of the thing at hand that differ; false when none does. */
static bool extent(const struct e2_changes *c, uint32_t *first, uint32_t *last)
{
	uint32_t end = c->g->block_size;

	for (*first = 0; *first < end && !c->differs[*first]; ++*first)
		;
	if (*first == end)
		return false;
	for (*last = end - 1; !c->differs[*last]; --*last)
		;
	return true;
}

/* Bytes at..at+len-1 of the file, which lie at `place` of the volume. */
static void tell_data(struct e2_changes *c, uint64_t at, uint64_t place, uint64_t len)
{
	uint64_t first = place / c->g->block_size, last = (place + len - 1) / c->g->block_size;

	if (len == 0)
		return;
	e2_tell_begin(c, E2_CHANGE_DATA, "<%" PRIu32 ">", c->ino);
	e2_tell_field(c, "bytes %" PRIu64 "-%" PRIu64, at, at + len - 1);
	if (first == last)
		e2_tell_after(c, "in block %" PRIu64, first);
	else
		e2_tell_after(c, "in blocks %" PRIu64 "-%" PRIu64, first, last);
	e2_tell_place_at(c, place, len);
}

/* Blocks that held data before: the bytes that differ, joined over block bounds. */
static int used_data(struct e2_changes *c, const struct e2_walk_block *b)
{
	uint64_t size = c->g->block_size, at = 0, place = 0, len = 0;

	for (uint64_t i = 0; i < b->count; i++) {
		uint32_t first, last;
		int err = e2_tell_load(c, b->blk + i, false);

		if (err)
			return err;
		if (!extent(c, &first, &last))
			continue;
		if (len == 0 || place + len != (b->blk + i) * size + first) {
			tell_data(c, at, place, len);
			at = (b->lblk + i) * size + first;
			place = (b->blk + i) * size + first;
			len = 0;
		}
		len += last - first + 1;
	}
	tell_data(c, at, place, len);
	return 0;
}

/* The text of a slow symlink. */
static int change_slow_text(struct e2_changes *c, e2_blk blk, bool fresh)
{
	uint64_t size = e2_inode_size(&c->in);
	uint32_t first, last;
	int err = e2_tell_load(c, blk, fresh);

	if (err || (!fresh && !extent(c, &first, &last)))
		return err;
	if (size > c->g->block_size)
		size = c->g->block_size;
	e2_tell_begin(c, E2_CHANGE_TEXT, "<%" PRIu32 ">", c->ino);
	if (!fresh)
		e2_tell_quote(c, false, c->was, (size_t)size);
	e2_tell_quote(c, true, c->is, (size_t)size);
	e2_tell_place(c, 0, c->g->block_size);
	return 0;
}

/* ---- pointer blocks ------------------------------------------------------------------- */

static uint32_t pointer(const uint8_t *block, uint32_t i)
{
	return e2_get32(block + 4 * (size_t)i);
}

/* Whether pointers i.. of a block go on as from+1, from+2, or stay 0. */
static bool goes_on(const uint8_t *block, uint32_t from, uint32_t i)
{
	uint32_t first = pointer(block, from);

	return pointer(block, i) == (first ? first + (i - from) : 0);
}

static void pointer_values(struct e2_changes *c, bool after, uint32_t from, uint32_t count)
{
	uint32_t first = pointer(after ? c->is : c->was, from);
	void (*say)(struct e2_changes *, const char *, ...) =
		after ? e2_tell_after : e2_tell_before;

	if (first == 0 || count == 1)
		say(c, "%" PRIu32, first);
	else
		say(c, "%" PRIu32 "-%" PRIu32, first, first + count - 1);
}

static int change_pointers(struct e2_changes *c, e2_blk blk)
{
	int err = e2_tell_load(c, blk, false);

	for (uint32_t i = 0, n; !err && i < c->g->pointers; i += n) {
		n = 1;
		if (pointer(c->was, i) == pointer(c->is, i))
			continue;
		while (i + n < c->g->pointers && goes_on(c->was, i, i + n) &&
		       goes_on(c->is, i, i + n) &&
		       pointer(c->was, i + n) != pointer(c->is, i + n))
			n++;
		e2_tell_begin(c, E2_CHANGE_POINTERS, "block %" PRIu64, blk);
		if (n == 1)
			e2_tell_field(c, "[%" PRIu32 "]", i);
		else
			e2_tell_field(c, "[%" PRIu32 "-%" PRIu32 "]", i, i + n - 1);
		pointer_values(c, false, i, n);
		pointer_values(c, true, i, n);
		e2_tell_place(c, i * 4, n * 4);
	}
	return err;
}

/* ---- all of them ------------------------------------------------------------------------ */

int e2_tell_content(struct e2_changes *c, const struct e2_walk_block *b, bool fresh)
{
	if (b->level > 0 && !fresh)
		return change_pointers(c, b->blk);
	if (b->level > 0) {
		e2_tell_begin(c, E2_CHANGE_NEW, "<%" PRIu32 ">", c->ino);
		e2_tell_field(c, "pointers");
		e2_tell_fresh(c, b->blk, b->count);
		return 0;
	}
	if (e2_is_dir(&c->in))
		return e2_tell_dir_block(c, b->blk, b->lblk, fresh);
	if (e2_is_symlink(&c->in) && b->lblk == 0) {
		int err = change_slow_text(c, b->blk, fresh);

		if (err || !fresh)
			return err;
	}
	if (!fresh)
		return used_data(c, b);
	fresh_data(c, b);
	return 0;
}

int e2_tell_unowned(struct e2_changes *c, e2_blk blk, uint64_t count, bool fresh)
{
	char object[40];

	if (fresh) {
		e2_tell_begin(c, E2_CHANGE_NEW, "block %" PRIu64, blk);
		e2_tell_field(c, "unknown");
		e2_tell_fresh(c, blk, count);
		return 0;
	}
	for (uint64_t i = 0; i < count; i++) {
		int err = e2_tell_load(c, blk + i, false);

		if (err)
			return err;
		(void)snprintf(object, sizeof(object), "block %" PRIu64, blk + i);
		e2_tell_rest(c, object, "bytes", 0, c->g->block_size);
	}
	return 0;
}
