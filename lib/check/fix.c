/* SPDX-License-Identifier: MIT */
/* What all repairs use: texts, losses, blocks for what needs one, pointers. */
#include "check/fix.h"

#include "base/endian.h"
#include "check/owners.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fix_will(struct e2_finding *f, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;	/* without memory the row's text stands */
	va_end(args);
	free(f->will);
	f->will = text;
}

int fix_lose(struct fix *fx, const struct e2_finding *f, const struct e2_loss *loss)
{
	struct e2_loss told = *loss;
	struct e2_str path = E2_STR_INIT;
	int err;

	told.id = f->id;
	if (told.path == NULL && e2_report_path_raw(fx->report, told.ino, 0, &path))
		told.path = e2_str_text(&path);
	err = e2_report_add_loss(fx->report, &told);
	e2_str_free(&path);
	return err;
}

/* ---- blocks ---------------------------------------------------------------------- */

bool fix_block_stray(struct fix *fx, e2_blk blk)
{
	return ck_is_stray(fx->ck, blk);
}

e2_blk fix_find_stray(struct fix *fx, e2_ino ino,
		      bool (*fits)(struct fix *fx, e2_blk blk, uint64_t arg), uint64_t arg)
{
	enum { LOOKS = 128 };		/* blocks read at most */
	e2_grp group = e2_inode_group(fx->ck->g, ino);
	e2_blk first = e2_group_first_block(fx->ck->g, group), found = 0;
	e2_blk end = first + e2_group_blocks(fx->ck->g, group);
	unsigned looks = 0;

	for (e2_blk b = first; b < end && looks < LOOKS; b++) {
		b = e2_bitset_next_clear(fx->ck->claimed, b);
		if (b >= end || !fix_block_stray(fx, b))
			continue;
		looks++;
		if (!fits(fx, b, arg))
			continue;
		if (found != 0)
			return 0;
		found = b;
	}
	return found;
}

/* The next block at or after `from` that nobody claims, below `end`; end when there is none. */
static e2_blk next_unclaimed(struct fix *fx, e2_blk from, e2_blk end, bool free_only)
{
	for (e2_blk b = from; b < end; b++) {
		b = e2_bitset_next_clear(fx->ck->claimed, b);
		if (b >= end)
			break;
		if (!free_only || !ck_used(fx->ck, b))
			return b;
	}
	return end;
}

int fix_block_new(struct fix *fx, e2_blk goal, e2_blk *blk)
{
	const struct e2_geometry *g = fx->ck->g;

	if (!e2_block_valid(g, goal))
		goal = g->first_data_block;
	for (int pass = 0; pass < 2; pass++) {
		e2_blk b = next_unclaimed(fx, goal, g->blocks, pass == 0);

		if (b == g->blocks) {
			b = next_unclaimed(fx, g->first_data_block, goal, pass == 0);
			if (b == goal)
				continue;
		}
		ck_take(fx->ck, b);
		*blk = b;
		return 0;
	}
	return e2_fail(E2_ERR_NOSPC, "no block is free for a repair");
}

/* ---- pointers -------------------------------------------------------------------- */

/* Pins what holds a pointer. */
static int edit_pointer(struct fix *fx, e2_ino ino, e2_blk parent, uint32_t index,
			struct e2_wbuf **buf, uint8_t **at)
{
	int err;

	if (parent != 0) {
		if (!e2_block_valid(fx->ck->g, parent) || index >= fx->ck->g->pointers)
			return e2_fail(E2_ERR_CORRUPT, "no such pointer");
		err = e2_txn_get(fx->txn, parent, E2_FILL_READ, buf);
		if (err == 0)
			*at = (*buf)->data + 4 * (size_t)index;
		return err;
	}
	if (index >= E2_POINTERS)
		return e2_fail(E2_ERR_CORRUPT, "no such pointer");
	err = e2_inode_edit(fx->txn, ino, buf, at);
	if (err == 0)
		*at += 40 + 4 * (size_t)index;	/* i_block */
	return err;
}

int fix_pointer_get(struct fix *fx, e2_ino ino, e2_blk parent, uint32_t index, uint32_t *value)
{
	const struct e2_buf *buf;
	struct e2_inode in;
	int err;

	if (index >= (parent == 0 ? (uint32_t)E2_POINTERS : fx->ck->g->pointers))
		return e2_fail(E2_ERR_CORRUPT, "no such pointer");
	if (parent == 0) {
		err = e2_inode_get(fx->fs, ino, &in);
		if (err == 0)
			*value = in.block[index];
		return err;
	}
	err = e2_buf_get(fx->fs, parent, &buf);
	if (err == 0) {
		*value = e2_get32(buf->data + 4 * (size_t)index);
		e2_buf_put(fx->fs, buf);
	}
	return err;
}

int fix_pointer_set(struct fix *fx, e2_ino ino, e2_blk parent, uint32_t index, uint32_t have,
		    uint32_t want)
{
	struct e2_wbuf *buf;
	uint8_t *at;
	int err = edit_pointer(fx, ino, parent, index, &buf, &at);

	if (err != 0)
		return err;
	bool same = e2_get32(at) == have;

	if (same)
		e2_put32(at, want);
	e2_txn_put(fx->txn, buf);
	return same;
}

int fix_inode_clear(struct fix *fx, e2_ino ino)
{
	struct e2_wbuf *buf;
	uint8_t *raw;
	int err = e2_inode_edit(fx->txn, ino, &buf, &raw);

	if (err != 0)
		return err;
	memset(raw, 0, fx->ck->g->inode_size);
	e2_txn_put(fx->txn, buf);
	return 0;
}

int fix_none(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}
