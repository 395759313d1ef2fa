/* SPDX-License-Identifier: MIT */
/*
 * Making holes: blocks of data given back, and pointer blocks in which nothing is left.
 *
 * One leaf after the other: an array of pointers to data, in the inode or in a pointer block.
 * What leads to it is a path of at most three pointer blocks, looked up anew for each leaf.
 * A leaf within the range is given back before the next is looked at, and a block cannot be
 * given back twice: whatever the pointers say, the walk ends.
 */
#include "node/private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 3 };

struct step {			/* a pointer on the way to a leaf */
	e2_blk parent;		/* pointer block it is in; 0: the inode */
	uint32_t index;
	e2_blk blk;		/* where it leads */
};

struct puncher {
	struct e2_txn *txn;
	struct e2_fs *fs;
	const struct e2_geometry *g;
	struct e2_inode *in;
	struct step path[LEVELS];	/* from the inode's pointer down */
	unsigned depth;
	uint8_t *leaf;			/* a copy of the pointer block at hand */
};

static int give_back(struct puncher *p, e2_blk blk, uint64_t count)
{
	uint64_t sectors = count * e2_map_sectors(p->g);

	if (sectors > p->in->blocks)
		return e2_fail(E2_ERR_CORRUPT, "blocks %" PRIu64 "-%" PRIu64 " are of an inode "
			       "whose block count is only %" PRIu32, blk, blk + count - 1,
			       p->in->blocks);
	int err = e2_free_blocks(p->txn, blk, count);
	if (!err)
		p->in->blocks -= (uint32_t)sectors;
	return err;
}

static int clear_pointer(struct puncher *p, const struct step *s)
{
	struct e2_wbuf *buf;

	if (s->parent == 0) {
		p->in->block[s->index] = 0;
		return 0;
	}
	int err = e2_txn_get(p->txn, s->parent, E2_FILL_READ, &buf);
	if (err)
		return err;
	e2_put32(buf->data + (size_t)4 * s->index, 0);
	e2_txn_put(p->txn, buf);
	return 0;
}

static int get_pointer(struct puncher *p, e2_blk parent, uint32_t index, uint32_t *pointer)
{
	const struct e2_buf *buf;

	if (parent == 0) {
		*pointer = p->in->block[index];
		return 0;
	}
	int err = e2_buf_get(p->fs, parent, &buf);
	if (err)
		return err;
	*pointer = e2_get32(buf->data + (size_t)4 * index);
	e2_buf_put(p->fs, buf);
	return 0;
}

static int is_empty(struct puncher *p, e2_blk blk, bool *empty)
{
	const struct e2_buf *buf;
	int err = e2_buf_get(p->fs, blk, &buf);

	if (err)
		return err;
	/* From the end: what is given back first stood first. */
	uint32_t i = p->g->pointers;
	while (i > 0 && e2_get32(buf->data + (size_t)4 * (i - 1)) == 0)
		i--;
	*empty = i == 0;
	e2_buf_put(p->fs, buf);
	return 0;
}

/*
 * Goes down to the leaf that holds the pointer to lblk.  *level is 0 when it is there; else
 * a pointer of this level is missing on the way.  *within: the place of lblk below that.
 */
static int descend(struct puncher *p, e2_lblk lblk, unsigned *level, uint64_t *within)
{
	uint32_t i = e2_map_root(p->g, lblk, level, within);
	e2_blk parent = 0;

	p->depth = 0;
	for (; *level > 0; --*level) {
		uint32_t pointer;
		int err = get_pointer(p, parent, i, &pointer);

		if (err)
			return err;
		if (pointer == 0)
			return 0;
		if (!e2_block_valid(p->g, pointer))
			return e2_map_bad_pointer(p->g, lblk, pointer, "indirect block");
		err = e2_map_check_run(p->fs, lblk, pointer, 1);
		if (err)
			return err;
		p->path[p->depth++] = (struct step){ parent, i, pointer };
		parent = pointer;
		i = (uint32_t)(*within / e2_map_span(p->g, *level - 1));
		*within %= e2_map_span(p->g, *level - 1);
	}
	*within = i;
	return 0;
}

/* Gives back pointer blocks of the path that have become empty, from the leaf up. */
static int prune(struct puncher *p, bool leaf_empty)
{
	bool empty = leaf_empty;

	while (p->depth > 0 && empty) {
		const struct step *s = &p->path[--p->depth];
		int err = clear_pointer(p, s);

		if (!err)
			err = give_back(p, s->blk, 1);
		if (!err && p->depth > 0)
			err = is_empty(p, s->parent, &empty);
		if (err)
			return err;
	}
	return 0;
}

/* Gives back what pointers first .. end-1 of an array lead to. */
static int free_data(struct puncher *p, e2_lblk lblk, const uint8_t *raw, uint32_t first,
		     uint32_t end)
{
	uint32_t i = first;

	while (i < end) {
		uint32_t blk = raw ? e2_get32(raw + (size_t)4 * i) : p->in->block[i];
		uint32_t n = 1;

		if (blk == 0) {
			i++;
			continue;
		}
		if (!e2_block_valid(p->g, blk))
			return e2_map_bad_pointer(p->g, lblk + (i - first), blk, "data");
		while (i + n < end && blk + (uint64_t)n < p->g->blocks &&
		       (raw ? e2_get32(raw + (size_t)4 * (i + n)) : p->in->block[i + n]) == blk + n)
			n++;
		int err = give_back(p, blk, n);
		if (err)
			return err;
		i += n;
	}
	return 0;
}

/* Whether pointers lead anywhere. */
static bool any_pointer(const uint8_t *raw, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		if (e2_get32(raw + (size_t)4 * i) != 0)
			return true;
	}
	return false;
}

/* Pointers first .. end-1 of the leaf at the end of the path. */
static int punch_leaf(struct puncher *p, e2_lblk lblk, uint32_t first, uint32_t end)
{
	const struct e2_buf *buf;

	if (p->depth == 0) {
		int err = free_data(p, lblk, NULL, first, end);

		if (!err)
			memset(&p->in->block[first], 0, sizeof(p->in->block[0]) * (end - first));
		return err;
	}
	e2_blk leaf = p->path[p->depth - 1].blk;
	int err = e2_buf_get(p->fs, leaf, &buf);
	if (err)
		return err;
	memcpy(p->leaf, buf->data, p->g->block_size);
	e2_buf_put(p->fs, buf);
	bool others = any_pointer(p->leaf, 0, first) ||
		      any_pointer(p->leaf, end, p->g->pointers);
	bool changes = any_pointer(p->leaf, first, end);
	err = free_data(p, lblk, p->leaf, first, end);
	if (!err && others && changes) {
		struct e2_wbuf *wbuf;

		err = e2_txn_get(p->txn, leaf, E2_FILL_READ, &wbuf);
		if (err)
			return err;
		memset(wbuf->data + (size_t)4 * first, 0, (size_t)4 * (end - first));
		e2_txn_put(p->txn, wbuf);
	}
	return err ? err : prune(p, !others);
}

/* One leaf, or one hole, from lblk on; *next is what follows it. */
static int punch_next(struct puncher *p, e2_lblk lblk, e2_lblk end, e2_lblk *next)
{
	unsigned level;
	uint64_t within;
	int err = descend(p, lblk, &level, &within);

	if (err)
		return err;
	if (level > 0) {
		*next = lblk - within + e2_map_span(p->g, level);
		return 0;
	}
	uint32_t first = (uint32_t)within;
	uint32_t pointers = p->depth == 0 ? E2_DIRECT : p->g->pointers;
	uint32_t count = pointers - first < end - lblk ? pointers - first : (uint32_t)(end - lblk);
	*next = lblk + count;
	return punch_leaf(p, lblk, first, first + count);
}

int e2_map_punch_in(struct e2_txn *txn, struct e2_inode *in, e2_lblk lblk, uint64_t count)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct puncher p = { .txn = txn, .fs = fs, .g = e2_geometry(fs), .in = in };
	uint64_t reach = e2_map_reach(p.g);
	int err = 0;

	if (lblk >= reach)
		return 0;
	e2_lblk end = count < reach - lblk ? lblk + count : reach;
	p.leaf = malloc(p.g->block_size);
	if (!p.leaf)
		return e2_fail(E2_ERR_NOMEM, "no memory for a pointer block");
	while (lblk < end && !err) {
		err = e2_fs_stopped(fs);
		if (!err)
			err = punch_next(&p, lblk, end, &lblk);
	}
	free(p.leaf);
	return err;
}

int e2_map_punch(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, e2_lblk lblk, uint64_t count)
{
	struct e2_inode saved = *in;
	unsigned mark;
	int err = e2_txn_mark(txn, &mark);

	(void)ino;
	if (err)
		return err;
	err = e2_txn_end(txn, mark, e2_map_punch_in(txn, in, lblk, count));
	if (err)
		*in = saved;
	return err;
}
