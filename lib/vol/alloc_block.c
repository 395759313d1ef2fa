/* SPDX-License-Identifier: MIT */
/*
 * Taking and giving back blocks.
 *
 * A block that was in use before the transaction and was freed in it is the last to be taken:
 * it would have to go through the log.  Which those are, the bitmap before the transaction
 * tells, so nothing need be remembered but the groups in which blocks were freed.
 *
 * Everything that can fail comes before the first bit that changes.
 */
#include "vol/alloc.h"

#include "base/checked.h"
#include "disk/access.h"
#include "vol/bits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A shorter run than is wanted will do from this length on, before another group is tried. */
enum { GOOD_RUN = 16 };

struct hit {			/* a run of free blocks in a group */
	uint32_t bit, count;
};

/* The first run of at least `want` free blocks in from .. end-1, or the longest. */
static void find_run(const uint8_t *bits, uint32_t from, uint32_t end, uint64_t want,
		     struct hit *best)
{
	uint32_t at = e2_bits_next_clear(bits, from, end);

	while (at < end && best->count < want) {
		uint32_t limit = want < end - at ? at + (uint32_t)want : end;
		uint32_t stop = e2_bits_next_set(bits, at, limit);

		if (stop - at > best->count)
			*best = (struct hit){ at, stop - at };
		at = e2_bits_next_clear(bits, stop, end);
	}
}

/* The run that begins at the goal if it is a good one, else one after it, else before it. */
static struct hit search_bits(const uint8_t *bits, uint32_t goal, uint32_t end, uint64_t want)
{
	struct hit best = { 0, 0 };
	uint64_t good = want < GOOD_RUN ? want : GOOD_RUN;

	if (goal < end && !e2_bits_test(bits, goal)) {
		find_run(bits, goal, want < end - goal ? goal + (uint32_t)want : end, good, &best);
		if (best.bit == goal && best.count >= good) {
			uint32_t limit = want < end - goal ? goal + (uint32_t)want : end;

			best.count = e2_bits_next_set(bits, goal, limit) - goal;
			return best;
		}
	}
	find_run(bits, goal, end, want, &best);
	if (best.count < want) {
		uint32_t past = want < end - goal ? goal + (uint32_t)want : end;

		find_run(bits, 0, past, want, &best);
	}
	return best;
}

static bool was_freed_in(const struct e2_fs *fs, e2_grp group)
{
	return fs->freed && e2_bitset_test(fs->freed, group);
}

/* Searches a group; hit->count is 0 when it has nothing. */
static int search_group(struct e2_fs *fs, e2_grp group, const struct e2_group *desc,
			uint32_t goal, uint64_t want, bool freed_too, struct hit *hit)
{
	const struct e2_geometry *g = &fs->g;
	uint32_t end = e2_group_blocks(g, group);
	const uint8_t *before = NULL;
	const struct e2_buf *buf;
	uint8_t *both = NULL;

	int err = e2_bitmap_check(fs, group, E2_ROLE_BLOCK_BITMAP, desc->block_bitmap);

	if (!err && !freed_too && was_freed_in(fs, group))
		err = e2_before_bits(fs, group, &before);
	if (err)
		return err;
	if (before) {
		both = malloc(g->block_size);
		if (!both)
			return e2_fail(E2_ERR_NOMEM, "no memory for a bitmap");
	}
	err = e2_buf_get(fs, desc->block_bitmap, &buf);
	if (err) {
		free(both);
		return err;
	}
	for (uint32_t i = 0; before && i < g->block_size; i++)
		both[i] = buf->data[i] | before[i];
	*hit = search_bits(both ? both : buf->data, goal < end ? goal : 0, end, want);
	e2_buf_put(fs, buf);
	free(both);
	return 0;
}

/* The layout's own blocks must not be called free. */
static int check_run(struct e2_fs *fs, e2_blk blk, uint64_t count, const char *verb)
{
	enum e2_role role;
	e2_grp of;
	e2_blk at;
	int err = e2_run_role(fs, blk, count, &role, &of, &at);

	if (err || role == E2_ROLE_NONE)
		return err;
	return e2_fail(E2_ERR_CORRUPT, "block %" PRIu64 " cannot be %s: it is of group %" PRIu32
		       "'s %s", at, verb, of, e2_role_name(role));
}

/* Takes a run of blocks that are free. */
static int take(struct e2_txn *txn, e2_grp group, const struct hit *hit)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_wbuf *bitmap = NULL;
	struct e2_counters c;
	int err = e2_counters_get(txn, group, &c);

	if (err)
		return err;
	uint32_t free_blocks = e2_super_get_free_blocks_count(c.super_raw);
	err = e2_bitmap_edit(txn, group, E2_ROLE_BLOCK_BITMAP, c.desc.block_bitmap, &bitmap);
	if (!err)
		err = check_run(fs, e2_group_first_block(&fs->g, group) + hit->bit, hit->count,
				"allocated, although its bit is clear");
	if (!err && c.desc.free_blocks_count < hit->count)
		err = e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": free_blocks_count is %u, but the "
			      "bitmap has %" PRIu32 " free blocks or more", group,
			      (unsigned)c.desc.free_blocks_count, hit->count);
	if (!err && free_blocks < hit->count)
		err = e2_fail(E2_ERR_CORRUPT, "superblock: free_blocks_count is %" PRIu32
			      ", but group %" PRIu32 " has %u free blocks", free_blocks, group,
			      (unsigned)c.desc.free_blocks_count);
	if (!err) {
		e2_bits_set(bitmap->data, hit->bit, hit->count);
		c.desc.free_blocks_count =
			(uint16_t)(c.desc.free_blocks_count - hit->count);
		e2_super_set_free_blocks_count(c.super_raw, free_blocks - hit->count);
	}
	e2_txn_put(txn, bitmap);
	e2_counters_put(txn, &c, err == 0);
	return err;
}

enum pass { PASS_GOOD, PASS_ANY, PASS_FREED, PASSES };

struct request {
	e2_blk goal;
	uint64_t want;
};

/* Searches one group in one pass and takes what it finds; *got is 0 when that is nothing. */
static int try_group(struct e2_txn *txn, struct e2_hints *hints, const struct request *r,
		     enum pass pass, e2_grp group, struct hit *got)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	uint64_t good = r->want < GOOD_RUN ? r->want : GOOD_RUN;
	uint64_t least = pass == PASS_GOOD ? good : 1;
	struct e2_hint *hint = &hints->group[group];
	struct e2_group desc;
	uint32_t goal = 0;

	got->count = 0;
	if (pass == PASS_FREED ? !was_freed_in(fs, group) : hint->longest < least)
		return 0;
	int err = e2_group_get(fs, group, &desc);
	if (err)
		return err;
	if (desc.free_blocks_count < least)
		return 0;
	if (group == e2_block_group(&fs->g, r->goal))
		goal = (uint32_t)(r->goal - e2_group_first_block(&fs->g, group));
	err = search_group(fs, group, &desc, goal, r->want, pass == PASS_FREED, got);
	if (err)
		return err;
	if (pass != PASS_FREED && got->count < good)
		hint->longest = (uint8_t)got->count;
	if (got->count < least) {
		got->count = 0;
		return 0;
	}
	return take(txn, group, got);
}

int e2_alloc_blocks(struct e2_txn *txn, e2_blk goal, uint64_t want, e2_blk *first, uint64_t *got)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	const struct e2_geometry *g = &fs->g;
	struct request r = { .goal = goal, .want = want };
	struct e2_hints *hints;
	struct hit hit = { 0, 0 };

	if (!e2_block_valid(g, goal))
		r.goal = g->first_data_block;
	int err = e2_hints_get(txn, &hints);
	if (err)
		return err;
	for (enum pass pass = PASS_GOOD; pass < PASSES; pass++) {
		e2_grp home = e2_block_group(g, r.goal);

		for (e2_grp i = 0; i < g->groups; i++) {
			e2_grp group = i < g->groups - home ? home + i : i - (g->groups - home);

			err = try_group(txn, hints, &r, pass, group, &hit);
			if (err)
				return err;
			if (hit.count == 0)
				continue;
			*first = e2_group_first_block(g, group) + hit.bit;
			*got = hit.count;
			return 0;
		}
	}
	return e2_fail_full(fs, false);
}

/* ---- giving back -------------------------------------------------------------------- */

/* Remembers that a group has blocks which the image still uses. */
int e2_note_freed(struct e2_fs *fs, e2_grp group)
{
	if (!fs->freed) {
		int err = e2_bitset_new(fs->g.groups, &fs->freed);
		if (err)
			return err;
	}
	e2_bitset_set(fs->freed, group);
	return 0;
}

static int check_counts(struct e2_fs *fs, e2_grp group, const struct e2_counters *c,
			uint32_t count)
{
	uint32_t free_blocks = e2_super_get_free_blocks_count(c->super_raw);
	uint32_t in_group = e2_group_blocks(&fs->g, group);

	if (c->desc.free_blocks_count > in_group || in_group - c->desc.free_blocks_count < count)
		return e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": free_blocks_count is %u, but "
			       "the bitmap has %" PRIu32 " used blocks of %" PRIu32 " or more",
			       group, (unsigned)c->desc.free_blocks_count, count, in_group);
	if (free_blocks > fs->g.blocks || fs->g.blocks - free_blocks < count)
		return e2_fail(E2_ERR_CORRUPT, "superblock: free_blocks_count is %" PRIu32
			       ", but %" PRIu32 " blocks of %" PRIu64 " are used", free_blocks,
			       count, fs->g.blocks);
	return 0;
}

/* Frees blocks of one group. */
static int free_in_group(struct e2_txn *txn, e2_grp group, e2_blk first, uint32_t count)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	uint32_t bit = (uint32_t)(first - e2_group_first_block(&fs->g, group));
	struct e2_wbuf *bitmap = NULL;
	struct e2_hints *hints;
	struct e2_counters c;
	int err = e2_hints_get(txn, &hints);

	if (!err)
		err = e2_note_freed(fs, group);
	if (!err)
		err = e2_counters_get(txn, group, &c);
	if (err)
		return err;
	err = e2_bitmap_edit(txn, group, E2_ROLE_BLOCK_BITMAP, c.desc.block_bitmap, &bitmap);
	if (!err)
		err = check_run(fs, first, count, "freed");
	if (!err) {
		uint32_t clear = e2_bits_next_clear(bitmap->data, bit, bit + count);

		if (clear < bit + count)
			err = e2_fail(E2_ERR_CORRUPT, "block %" PRIu64 " cannot be freed: it is "
				      "free already", first + (clear - bit));
	}
	if (!err)
		err = check_counts(fs, group, &c, count);
	if (!err)
		err = e2_txn_forget(txn, first, count);
	if (!err) {
		e2_bits_clear(bitmap->data, bit, count);
		c.desc.free_blocks_count = (uint16_t)(c.desc.free_blocks_count + count);
		e2_super_set_free_blocks_count(c.super_raw,
			e2_super_get_free_blocks_count(c.super_raw) + count);
		hints->group[group].longest = E2_LONGEST_UNKNOWN;
	}
	e2_txn_put(txn, bitmap);
	e2_counters_put(txn, &c, err == 0);
	return err;
}

int e2_free_blocks(struct e2_txn *txn, e2_blk first, uint64_t count)
{
	const struct e2_geometry *g = &e2_txn_fs(txn)->g;
	unsigned mark;
	int err = 0;

	if (count == 0)
		return 0;
	if (!e2_run_valid(g, first, count))
		return e2_fail(E2_ERR_CORRUPT, "blocks %" PRIu64 "-%" PRIu64 " cannot be freed: "
			       "they lie outside the volume, which has %" PRIu64 " blocks", first,
			       first + count - 1, g->blocks);
	e2_grp group = e2_block_group(g, first), last = e2_block_group(g, first + count - 1);
	if (group == last)
		return free_in_group(txn, group, first, (uint32_t)count);
	err = e2_txn_mark(txn, &mark);
	if (err)
		return err;
	for (; group <= last && !err; group++) {
		uint64_t left = e2_group_first_block(g, group) + e2_group_blocks(g, group) - first;
		uint32_t n = (uint32_t)(left < count ? left : count);

		err = free_in_group(txn, group, first, n);
		first += n;
		count -= n;
	}
	return e2_txn_end(txn, mark, err);
}

e2_blk e2_inode_goal(const struct e2_geometry *g, e2_ino ino)
{
	e2_grp group = e2_inode_group(g, ino);
	uint64_t index = (ino - 1) % g->inodes_per_group;
	/* A sixteenth of the inodes begins in each sixteenth of the group. */
	uint64_t part = index * 16 / g->inodes_per_group;

	return e2_group_first_block(g, group) + part * e2_group_blocks(g, group) / 16;
}
