/* SPDX-License-Identifier: MIT */
/* Repairs of an inode's size and of its count of blocks. */
#include "check/fix.h"

#include <string.h>

struct last_block {
	e2_lblk lblk;
	e2_blk blk;
};

static int see_last(void *context, const struct ck_step *s)
{
	struct last_block *last = context;

	if (s->level == 0 && s->status == CK_STEP_OK) {
		last->lblk = s->lblk + s->count - 1;
		last->blk = s->blk + s->count - 1;
	}
	return 1;
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
 * and cut no data, else the end of the text in it, else all of it.
 */
static uint64_t size_by_blocks(struct fix *fx, const struct last_block *last, uint64_t stored,
			       const char **why)
{
	uint64_t size = fx->ck->g->block_size, start = last->lblk * size;
	uint64_t low[2] = { stored & UINT32_MAX, start + (stored & (size - 1)) };
	uint32_t text = text_in(fx, last->blk), data = data_in(fx, last->blk);

	for (int i = 0; i < 2; i++) {
		if (low[i] <= start || low[i] - start > size || low[i] - start < data)
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

	if (err == 0 && in.size == f->have)
		err = ck_walk(fx->ck, &in, see_last, &last);
	if (err != 0 || in.size != f->have)
		return err;
	if (last.blk != 0)
		want = size_by_blocks(fx, &last, in.size, &why);
	if (small && want < in.size)
		return 0;
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

int fix_size_dir(struct fix *fx, struct e2_finding *f)
{
	return set_low_size(fx, f, f->want);
}

int fix_special_size(struct fix *fx, struct e2_finding *f)
{
	return set_low_size(fx, f, 0);
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
