/* SPDX-License-Identifier: MIT */
/* Repairs of an inode's size and of its count of blocks. */
#include "check/fix.h"

#include "base/endian.h"

#include <string.h>

struct last_block {
	e2_lblk lblk;
	e2_blk blk;
};

/* The last pointer of a block, and file blocks before what it leads to; 0: it has none. */
static uint32_t last_pointer(struct fix *fx, e2_blk blk, uint64_t span, e2_lblk *lblk)
{
	const struct e2_buf *buf;
	uint32_t found = 0;

	if (e2_buf_get(fx->fs, blk, &buf) != 0) {
		e2_err_clear();
		return 0;
	}
	for (uint32_t i = fx->ck->g->pointers; i-- > 0 && found == 0;) {
		found = e2_get32(buf->data + 4 * (size_t)i);
		if (found != 0)
			*lblk += i * span;
	}
	e2_buf_put(fx->fs, buf);
	return found;
}

/* Down the last pointers; blk is 0 where they do not lead to a block. */
static void find_last(struct fix *fx, const struct e2_inode *in, struct last_block *last)
{
	const struct e2_geometry *g = fx->ck->g;
	uint64_t start[4] = { 0, E2_DIRECT, E2_DIRECT + (uint64_t)g->pointers, 0 };
	unsigned at = E2_POINTERS, level;
	uint64_t span = 1;

	start[3] = start[2] + (uint64_t)g->pointers * g->pointers;
	while (at > 0 && in->block[at - 1] == 0)
		at--;
	if (at-- == 0)
		return;
	level = at < E2_DIRECT ? 0 : at - E2_DIRECT + 1;
	last->lblk = level == 0 ? at : start[level];
	last->blk = in->block[at];
	for (unsigned i = 1; i < level; i++)
		span *= g->pointers;
	for (; level > 0 && last->blk != 0; level--, span /= g->pointers)
		last->blk = e2_block_valid(g, last->blk) ?
			last_pointer(fx, last->blk, span, &last->lblk) : 0;
	if (!e2_block_valid(g, last->blk))
		last->blk = 0;
}

/*
 * How many bytes of a file's last block are text, when nothing but zeros follows it; else 0.
 * Files that are text have no zeros at their end.
 */
static uint32_t text_in(struct fix *fx, e2_blk blk)
{
	const struct e2_buf *buf;
	uint32_t len;

	if (blk == 0 || e2_buf_get(fx->fs, blk, &buf) != 0) {
		e2_err_clear();
		return 0;
	}
	for (len = fx->ck->g->block_size; len != 0 && buf->data[len - 1] == 0; len--)
		;
	for (uint32_t i = 0; i < len; i++)
		if (buf->data[i] < 0x20 && (buf->data[i] < 7 || buf->data[i] > 13)) {
			len = 0;
			break;
		}
	e2_buf_put(fx->fs, buf);
	return len;
}

static uint32_t data_in(struct fix *fx, e2_blk blk)
{
	const struct e2_buf *buf;
	uint32_t len;

	if (blk == 0 || e2_buf_get(fx->fs, blk, &buf) != 0) {
		e2_err_clear();
		return fx->ck->g->block_size;
	}
	for (len = fx->ck->g->block_size; len != 0 && buf->data[len - 1] == 0; len--)
		;
	e2_buf_put(fx->fs, buf);
	return len;
}

/*
 * The size that fits a file's last block best: the stored one's low bits when they end in it
 * where its text does or, when it is no text, cut no data; else the end of the text in it, else
 * all of it.
 */
static uint64_t size_by_blocks(struct fix *fx, const struct last_block *last, uint64_t stored,
			       const char **why)
{
	uint64_t size = fx->ck->g->block_size, start = last->lblk * size;
	uint64_t low[2] = { stored & UINT32_MAX, start + (stored & (size - 1)) };
	uint32_t text = text_in(fx, last->blk), data = data_in(fx, last->blk);

	for (int i = 0; i < 2; i++) {
		if (low[i] <= start || low[i] - start > size || low[i] - start < data ||
		    (text != 0 && low[i] - start != text))
			continue;
		*why = "its low bits, which end in the last block";
		return low[i];
	}
	*why = text != 0 ? "where the text in its last block ends" : "the end of its last block";
	return start + (text != 0 ? text : size);
}

static int set_size(struct fix *fx, struct e2_finding *f, bool small)
{
	struct last_block last = { 0, 0 };
	const char *why = "it has no block";
	struct e2_inode in;
	uint64_t want = 0;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || in.size != f->have)
		return err;
	find_last(fx, &in, &last);
	if (last.blk != 0)
		want = size_by_blocks(fx, &last, in.size, &why);
	else if (small)
		want = f->want + fx->ck->g->block_size;
	if (small && want <= f->want)
		return 0;	/* its pointers are not what the check saw */
	fix_will(f, "will be %llu, %s", (unsigned long long)want, why);
	in.size = want;
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

int fix_size_small(struct fix *fx, struct e2_finding *f)
{
	return set_size(fx, f, true);
}

int fix_size_large(struct fix *fx, struct e2_finding *f)
{
	return set_size(fx, f, false);
}

static int set_low_size(struct fix *fx, const struct e2_finding *f, uint64_t want)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || e2_inode_size(&in) != f->have)
		return err;
	in.size = want;
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

int fix_size_high(struct fix *fx, struct e2_finding *f)
{
	return set_low_size(fx, f, f->want);
}

int fix_size_dir(struct fix *fx, struct e2_finding *f)
{
	return set_low_size(fx, f, f->want);
}

int fix_special_size(struct fix *fx, struct e2_finding *f)
{
	return set_low_size(fx, f, 0);
}

/* What is no device number in block[] of a device, fifo or socket. */
int fix_special_block(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || in.block[f->index] != f->have)
		return err;
	if (f->id == E2_PROBLEM_DEVICE_NUMBER)
		in.block[0] = (uint32_t)f->want;
	else
		memset(in.block + f->index, 0, (E2_POINTERS - f->index) * sizeof(*in.block));
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

int fix_block_count(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || in.blocks != f->have)
		return err;
	in.blocks = (uint32_t)f->want;
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}
