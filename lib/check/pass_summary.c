/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps and counts, held against what the passes have seen in use.
 *
 * A bitmap is compared as bytes with the one that would be right; only where they
 * differ are bits looked at, and runs of wrong ones told as one.
 */
#include "check/state.h"

#include <stdlib.h>
#include <string.h>

enum { INODES_UNINIT = 1 };	/* in the flags of a group */

struct summary {
	struct ck *ck;
	uint8_t *want, *have;		/* a block each */
	uint64_t free_blocks, free_inodes;
};

static bool bit(const uint8_t *bytes, uint64_t n)
{
	return (bytes[n / 8] >> n % 8 & 1) != 0;
}

static uint32_t count_clear(const uint8_t *bytes, uint32_t bits)
{
	uint32_t clear = 0;

	for (uint32_t i = 0; i < bits / 8; i++) {
		uint32_t b = ~(uint32_t)bytes[i] & 0xff;

		b -= b >> 1 & 0x55;
		b = (b & 0x33) + (b >> 2 & 0x33);
		clear += (b + (b >> 4)) & 0xf;
	}
	for (uint32_t i = bits / 8 * 8; i < bits; i++)
		clear += !bit(bytes, i);
	return clear;
}

/* What one kind of bitmap is about. */
struct map {
	enum e2_problem_id marked_free, marked_used;
	const char *field;
	uint64_t first;		/* number that bit 0 stands for */
	uint32_t bits;
};

static void report_runs(const struct summary *s, e2_grp group, const struct map *m)
{
	bool blocks = m->marked_free == E2_PROBLEM_BLOCK_FREE;

	for (uint32_t i = 0; i < m->bits;) {
		bool used = bit(s->want, i);
		uint32_t end = i + 1;

		if (bit(s->have, i) == used) {
			i++;
			continue;
		}
		while (end < m->bits && bit(s->want, end) == used && bit(s->have, end) != used)
			end++;
		e2_findings_add(s->ck->found, &(struct e2_finding){
			.id = used ? m->marked_free : m->marked_used, .group = group,
			.blk = blocks ? m->first + i : 0,
			.ino = blocks ? 0 : (e2_ino)(m->first + i),
			.limit = m->first + end - 1,
		});
		i = end;
	}
}

/* Bits past the end of a group stand for nothing, and must be set. */
static void check_padding(const struct summary *s, e2_grp group, const struct map *m)
{
	for (uint32_t i = m->bits; i < s->ck->g->block_size * 8; i++) {
		if (!bit(s->have, i)) {
			FOUND(s->ck->found, PADDING, .group = group, .field = m->field);
			return;
		}
	}
}

static void compare(const struct summary *s, e2_grp group, e2_blk blk, const struct map *m)
{
	uint32_t whole = m->bits / 8;

	if (blk == 0 || ck_read(s->ck, blk, 1, s->have, m->field) != 0)
		return;
	if (memcmp(s->have, s->want, whole) != 0 || m->bits % 8 != 0)
		report_runs(s, group, m);
	check_padding(s, group, m);
}

static void check_blocks(struct summary *s, e2_grp group)
{
	struct ck *ck = s->ck;
	const struct map m = {
		E2_PROBLEM_BLOCK_FREE, E2_PROBLEM_BLOCK_USED, "block bitmap",
		e2_group_first_block(ck->g, group), e2_group_blocks(ck->g, group),
	};
	uint32_t free_count;

	e2_bitset_export(ck->claimed, m.first, m.bits, s->want);
	free_count = count_clear(s->want, m.bits);
	s->free_blocks += free_count;
	compare(s, group, ck->groups[group].block_bitmap, &m);
	if (!ck->groups[group].unread && ck->groups[group].free_blocks != free_count)
		FOUND(ck->found, GROUP_COUNT, .group = group, .field = "free_blocks_count",
		      .have = ck->groups[group].free_blocks, .want = free_count, .why = "free");
}

/*
 * Fields of ext4 that say which part of an inode table was never written.
 * end  one past its last inode in use, counted from 0
 */
static void check_unused(const struct summary *s, e2_grp group, uint32_t end)
{
	const struct ck_group *state = &s->ck->groups[group];
	uint32_t all = s->ck->g->inodes_per_group;
	bool none = (state->flags & INODES_UNINIT) != 0;
	uint64_t first = (uint64_t)group * all + 1;
	uint32_t unused = none ? all : state->unused;

	if (unused <= all && end > all - unused)
		FOUND(s->ck->found, GROUP_UNUSED, .group = group,
		      .field = none ? "flags" : "itable_unused",
		      .have = none ? state->flags : unused, .limit = first + all - unused,
		      .want = first + end - 1);
}

static void check_inodes(struct summary *s, e2_grp group)
{
	struct ck *ck = s->ck;
	const struct ck_group *state = &ck->groups[group];
	const struct map m = {
		E2_PROBLEM_INODE_FREE, E2_PROBLEM_INODE_USED, "inode bitmap",
		(uint64_t)group * ck->g->inodes_per_group + 1, ck->g->inodes_per_group,
	};
	uint32_t free_count = 0, dirs = 0, end = 0;

	if (state->inode_table == 0 || state->table_damaged) {
		s->free_inodes += state->free_inodes;
		return;		/* which of them are in use is not known */
	}
	memset(s->want, 0, ck->g->block_size);
	for (uint32_t i = 0; i < m.bits; i++) {
		e2_ino ino = (e2_ino)m.first + i;
		const struct ck_inode *in = &ck->inodes[ino];

		if (in->type != 0 || ino < ck->g->first_ino) {
			s->want[i / 8] = (uint8_t)(s->want[i / 8] | 1 << i % 8);
			end = i + 1;
		} else {
			free_count++;
		}
		dirs += in->type == E2_FT_DIR;
	}
	s->free_inodes += free_count;
	compare(s, group, state->inode_bitmap, &m);
	check_unused(s, group, end);
	if (!state->unread && state->free_inodes != free_count)
		FOUND(ck->found, GROUP_COUNT, .group = group, .field = "free_inodes_count",
		      .have = state->free_inodes, .want = free_count, .why = "free");
	if (!state->unread && state->used_dirs != dirs)
		FOUND(ck->found, GROUP_COUNT, .group = group, .field = "used_dirs_count",
		      .have = state->used_dirs, .want = dirs, .why = "directories");
}

static void check_totals(const struct summary *s)
{
	struct ck *ck = s->ck;

	if (ck->super->free_blocks_count != s->free_blocks)
		FOUND(ck->found, TOTAL_COUNT, .field = "free_blocks_count",
		      .have = ck->super->free_blocks_count, .want = s->free_blocks);
	if (ck->super->free_inodes_count != s->free_inodes)
		FOUND(ck->found, TOTAL_COUNT, .field = "free_inodes_count",
		      .have = ck->super->free_inodes_count, .want = s->free_inodes);
	ck->totals.blocks_used = ck->g->blocks - s->free_blocks;
	ck->totals.inodes_used = ck->g->inodes - s->free_inodes;
}

int pass_summary(struct ck *ck)
{
	struct summary s = { .ck = ck };
	int r = 0;

	s.want = malloc(ck->g->block_size);
	s.have = malloc(ck->g->block_size);
	if (s.want == NULL || s.have == NULL)
		r = e2_fail(E2_ERR_NOMEM, "bitmaps");
	else
		r = ck_progress(ck, 5, 0, 2 * (uint64_t)ck->g->groups);
	for (e2_grp group = 0; group < ck->g->groups && r == 0; group++) {
		uint64_t all = 2 * (uint64_t)ck->g->groups;

		check_blocks(&s, group);
		r = ck_progress(ck, 5, 2 * (uint64_t)group + 1, all);
		check_inodes(&s, group);
		if (r == 0)
			r = ck_progress(ck, 5, 2 * (uint64_t)group + 2, all);
	}
	if (r == 0)
		check_totals(&s);
	free(s.want);
	free(s.have);
	return r;
}
