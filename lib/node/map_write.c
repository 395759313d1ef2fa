/* SPDX-License-Identifier: MIT */
/*
 * Blocks for a file: the way of map.c, making what is missing.
 *
 * Pointer blocks and the data they map are taken together, so that they come to lie in the
 * order of the file: pointer block, its data, the next pointer block.
 */
#include "node/private.h"

#include <assert.h>
#include <inttypes.h>

int e2_map_check_run(struct e2_fs *fs, e2_lblk lblk, e2_blk blk, uint64_t count)
{
	enum e2_role role;
	e2_grp group;
	e2_blk at;
	int err = e2_run_role(fs, blk, count, &role, &group, &at);

	if (err || role == E2_ROLE_NONE)
		return err;
	return e2_fail(E2_ERR_CORRUPT, "file block %" PRIu64 ": block %" PRIu64 " is of group %"
		       PRIu32 "'s %s", lblk, at, group, e2_role_name(role));
}

struct maker {
	struct e2_txn *txn;
	struct e2_fs *fs;
	const struct e2_geometry *g;
	struct e2_inode *in;
	e2_ino ino;
	e2_lblk lblk;
	uint64_t count;		/* blocks of data that are wanted */
	e2_blk goal;		/* the caller's; 0: none */
	e2_blk taken;		/* blocks at hand that have no use yet */
	uint64_t taken_count;
};

/* A place of a pointer: in a pointer block, or in the inode (blk 0). */
struct place {
	e2_blk blk;
	uint32_t index, end;	/* end: of the pointers of the same kind */
};

static int get_pointer(struct maker *m, const struct place *p, uint32_t *pointer)
{
	const struct e2_buf *buf;

	if (p->blk == 0) {
		*pointer = m->in->block[p->index];
		return 0;
	}
	int err = e2_buf_get(m->fs, p->blk, &buf);
	if (err)
		return err;
	*pointer = e2_get32(buf->data + (size_t)4 * p->index);
	e2_buf_put(m->fs, buf);
	return 0;
}

/* Where the block after the one before lblk is; 0 when that is a hole. */
static int goal_before(struct maker *m, e2_blk *goal)
{
	struct e2_run run;

	*goal = 0;
	if (m->lblk == 0)
		return 0;
	int err = e2_map(m->fs, m->in, m->lblk - 1, &run);
	if (!err && run.blk != 0)
		*goal = run.blk + 1;
	return err;
}

static int find_goal(struct maker *m, e2_blk *goal)
{
	int err = goal_before(m, goal);

	if (!err && *goal == 0)
		*goal = m->goal;
	if (!err && *goal == 0)
		*goal = e2_inode_goal(m->g, m->ino);
	return err;
}

/* Counts blocks of the file; E2_ERR_FBIG when i_blocks cannot. */
static int count_blocks(struct maker *m, uint64_t count)
{
	uint64_t sum = m->in->blocks + count * e2_map_sectors(m->g);

	if (sum > UINT32_MAX)
		return e2_fail(E2_ERR_FBIG, "inode %" PRIu32 ": %" PRIu64 " sectors are more than "
			       "its block count can hold", m->ino, sum);
	m->in->blocks = (uint32_t)sum;
	return 0;
}

/* Makes sure that blocks are at hand: as many of `want` as lie together. */
static int take_blocks(struct maker *m, uint64_t want)
{
	e2_blk goal;

	if (m->taken_count > 0)
		return 0;
	int err = 0;
	if (m->taken != 0)
		goal = m->taken;	/* goes on behind the last ones */
	else
		err = find_goal(m, &goal);
	return err ? err : e2_alloc_blocks(m->txn, goal, want, &m->taken, &m->taken_count);
}

/* Makes a pointer block for the place; want: how many blocks are needed with it. */
static int make_pointers(struct maker *m, const struct place *p, uint64_t want, uint32_t *pointer)
{
	struct e2_wbuf *buf;
	int err = take_blocks(m, want);

	if (!err)
		err = count_blocks(m, 1);
	if (!err)
		err = e2_txn_get(m->txn, m->taken, E2_FILL_ZERO, &buf);
	if (err)
		return err;
	e2_txn_put(m->txn, buf);
	*pointer = (uint32_t)m->taken++;
	m->taken_count--;
	if (p->blk == 0) {
		m->in->block[p->index] = *pointer;
		return 0;
	}
	err = e2_txn_get(m->txn, p->blk, E2_FILL_READ, &buf);
	if (err)
		return err;
	e2_put32(buf->data + (size_t)4 * p->index, *pointer);
	e2_txn_put(m->txn, buf);
	return 0;
}

/* Follows and makes pointer blocks down to the place of the pointer to lblk itself. */
static int descend(struct maker *m, struct place *p)
{
	unsigned level;
	uint64_t rest;
	uint32_t pointer;
	uint32_t i = e2_map_root(m->g, m->lblk, &level, &rest);

	*p = (struct place){ .index = i, .end = level == 0 ? E2_DIRECT : i + 1 };
	for (; level > 0; level--) {
		int err = get_pointer(m, p, &pointer);

		if (err)
			return err;
		if (pointer == 0) {
			uint64_t in_leaf = m->g->pointers - (rest & (m->g->pointers - 1));
			uint64_t data = m->count < in_leaf ? m->count : in_leaf;

			err = make_pointers(m, p, level + data, &pointer);
		} else if (!e2_block_valid(m->g, pointer)) {
			err = e2_map_bad_pointer(m->g, m->lblk, pointer, "indirect block");
		} else {
			err = e2_map_check_run(m->fs, m->lblk, pointer, 1);
		}
		if (err)
			return err;
		*p = (struct place){
			.blk = pointer,
			.index = (uint32_t)(rest / e2_map_span(m->g, level - 1)),
			.end = m->g->pointers,
		};
		rest %= e2_map_span(m->g, level - 1);
	}
	return 0;
}

/* The run at a place, as far as it is wanted: neighbours, or (blk 0) a hole. */
static int look(struct maker *m, const struct place *p, struct e2_run *run)
{
	const struct e2_buf *buf = NULL;
	uint32_t pointer;
	int err = get_pointer(m, p, &pointer);

	if (!err && p->blk != 0)
		err = e2_buf_get(m->fs, p->blk, &buf);
	if (err)
		return err;
	*run = (struct e2_run){ .lblk = m->lblk, .blk = pointer, .count = 1 };
	for (uint32_t i = p->index + 1; i < p->end && run->count < m->count; i++) {
		uint32_t next = buf ? e2_get32(buf->data + (size_t)4 * i) : m->in->block[i];

		if (next != (pointer == 0 ? 0 : pointer + run->count))
			break;
		run->count++;
	}
	e2_buf_put(m->fs, buf);
	if (pointer == 0)
		return 0;
	if (!e2_block_valid(m->g, pointer))
		return e2_map_bad_pointer(m->g, m->lblk, pointer, "data");
	if (run->count > m->g->blocks - pointer)
		run->count = m->g->blocks - pointer;
	return e2_map_check_run(m->fs, m->lblk, pointer, run->count);
}

/* Fills a hole with blocks that lie together.  Everything that can fail comes first. */
static int fill(struct maker *m, const struct place *p, struct e2_run *run)
{
	struct e2_wbuf *buf = NULL;
	uint32_t blocks = m->in->blocks;
	int err = take_blocks(m, run->count);

	if (err)
		return err;
	if (run->count > m->taken_count)
		run->count = m->taken_count;
	err = count_blocks(m, run->count);
	if (!err && p->blk != 0)
		err = e2_txn_get(m->txn, p->blk, E2_FILL_READ, &buf);
	if (err) {
		m->in->blocks = blocks;
		int again = e2_free_blocks(m->txn, m->taken, m->taken_count);
		return again ? again : err;
	}
	run->blk = m->taken;
	for (uint32_t i = 0; i < run->count; i++) {
		uint32_t pointer = (uint32_t)(m->taken + i);

		if (buf)
			e2_put32(buf->data + (size_t)4 * (p->index + i), pointer);
		else
			m->in->block[p->index + i] = pointer;
	}
	e2_txn_put(m->txn, buf);
	return 0;
}

int e2_map_alloc_in(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, e2_lblk lblk,
		    uint64_t count, e2_blk goal, struct e2_run *run, bool *fresh)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct maker m = {
		.txn = txn, .fs = fs, .g = e2_geometry(fs), .in = in, .ino = ino, .lblk = lblk,
		.count = count, .goal = goal,
	};
	struct e2_run r;
	struct place p;

	assert(count > 0);
	if (lblk >= e2_map_reach(m.g))
		return e2_fail(E2_ERR_FBIG, "file block %" PRIu64 ": pointers reach %" PRIu64
			       " blocks", lblk, e2_map_reach(m.g));
	int err = descend(&m, &p);
	if (!err)
		err = look(&m, &p, &r);
	if (err)
		return err;
	*fresh = r.blk == 0;
	if (*fresh)
		err = fill(&m, &p, &r);
	if (!err)
		*run = r;
	return err;
}

int e2_map_alloc(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, e2_lblk lblk,
		 uint64_t count, e2_blk goal, struct e2_run *run, bool *fresh)
{
	struct e2_inode saved = *in;
	unsigned mark;

	/* Pointers of the inode change last. */
	if (lblk < E2_DIRECT)
		return e2_map_alloc_in(txn, ino, in, lblk, count, goal, run, fresh);
	int err = e2_txn_mark(txn, &mark);
	if (err)
		return err;
	err = e2_txn_end(txn, mark, e2_map_alloc_in(txn, ino, in, lblk, count, goal, run, fresh));
	if (err)
		*in = saved;
	return err;
}
