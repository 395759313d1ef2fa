/* SPDX-License-Identifier: MIT */
/*
 * Group descriptors: where bitmaps and inode tables lie.  Marks all blocks of
 * the layout, and decides which of the descriptors' pointers later passes may use.
 *
 * A pointer that agrees with a copy of the descriptors, or with the place that the other
 * groups' pattern gives, is believed.  Of any other, what lies there is looked at, and at the
 * places that the copy, the pattern and at last a search of the group suggest.
 */
#include "check/state.h"

#include "check/look.h"

#include <string.h>

enum part_id { TABLE, BLOCKS, INODES, PARTS };

static const char *const fields[] = {
	[TABLE] = "inode_table", [BLOCKS] = "block_bitmap", [INODES] = "inode_bitmap",
};
static const char *const names[] = {
	[TABLE] = "inode table", [BLOCKS] = "block bitmap", [INODES] = "inode bitmap",
};

struct parts {
	e2_blk at[PARTS];
};

struct groups {
	struct ck *ck;
	struct look look;
	e2_grp copy;			/* group whose descriptors are the copy; 0: there is none */
	uint32_t offset[PARTS];		/* the usual place, behind the head of a group */
};

static struct parts parts_of(const struct e2_group *d)
{
	return (struct parts){ { d->inode_table, d->block_bitmap, d->inode_bitmap } };
}

static uint64_t length(const struct ck *ck, enum part_id id)
{
	return id == TABLE ? ck->g->inode_table_blocks : 1;
}

static bool in_group(const struct ck *ck, e2_grp group, e2_blk blk, uint64_t count)
{
	e2_blk first = e2_group_first_block(ck->g, group);
	uint64_t blocks = e2_group_blocks(ck->g, group);

	return blk >= first && count <= blocks && blk - first <= blocks - count;
}

/* Who had marked a block of the layout before: for the message about an overlap. */
static const char *occupant(const struct ck *ck, e2_blk blk, e2_grp until, e2_grp *group)
{
	for (*group = 0; *group <= until; ++*group) {
		const struct ck_group *d = &ck->groups[*group];

		if (blk == d->block_bitmap)
			return names[BLOCKS];
		if (blk == d->inode_bitmap)
			return names[INODES];
		if (d->inode_table != 0 && blk >= d->inode_table &&
		    blk - d->inode_table < ck->g->inode_table_blocks)
			return names[TABLE];
	}
	*group = e2_block_group(ck->g, blk);
	return "superblock or descriptors";
}

/* The first block of a run that the layout uses already; 0 when none does. */
static e2_blk taken(const struct ck *ck, e2_blk blk, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (e2_bitset_test(ck->metadata, blk + i))
			return blk + i;
	return 0;
}

/* ---- what a group's parts look like --------------------------------------------------- */

static bool bit_of(const uint8_t *bits, uint64_t n)
{
	return (bits[n / 8] >> n % 8 & 1) != 0;
}

static uint32_t clear_bits(const uint8_t *bits, uint32_t count)
{
	uint32_t clear = 0;

	for (uint32_t i = 0; i < count; i++)
		clear += !bit_of(bits, i);
	return clear;
}

static int64_t bitmap_worth(struct groups *s, e2_grp group, e2_blk blk, uint32_t bits,
			    uint32_t set, uint32_t free)
{
	const struct e2_geometry *g = s->ck->g;
	int64_t worth = 0;

	if (look_at_padding(&s->look, blk, bits, set) == 0)
		worth += bits < g->block_size * 8 || set != 0 ? 6 : 1;
	else if (!look_read(&s->look, blk, s->look.bits))
		return -8;
	worth += clear_bits(s->look.bits, bits) == free ? 6 : -2;
	(void)group;
	return worth;
}

/* Whether the block bitmap of a group, where it is believed to lie, calls a run used. */
static int64_t marked_worth(struct groups *s, e2_grp group, e2_blk bitmap, e2_blk blk,
			    uint64_t count)
{
	e2_blk first = e2_group_first_block(s->ck->g, group);

	if (bitmap == 0 || !look_read(&s->look, bitmap, s->look.bits))
		return 0;
	for (uint64_t i = 0; i < count; i++)
		if (!bit_of(s->look.bits, blk + i - first))
			return -4;
	return 4;
}

static int64_t worth(struct groups *s, e2_grp group, enum part_id id, e2_blk blk,
		     const struct parts *other, const struct e2_group *d)
{
	const struct e2_geometry *g = s->ck->g;
	struct look_table seen = { 0 };

	if (id == BLOCKS)
		return bitmap_worth(s, group, blk, e2_group_blocks(g, group),
				    e2_group_head_blocks(g, group), d->free_blocks_count);
	if (id == INODES)
		return bitmap_worth(s, group, blk, g->inodes_per_group,
				    group == 0 ? g->first_ino - 1 : 0, d->free_inodes_count);
	look_at_table(&s->look, group, blk, 0, g->inode_table_blocks, other->at[INODES], &seen);
	return look_table_worth(&seen, group) +
	       marked_worth(s, group, other->at[BLOCKS], blk, g->inode_table_blocks);
}

/* Whether a block could begin the inode table of a group: cheap, and for a search only. */
static bool may_begin_table(struct groups *s, e2_grp group, e2_blk blk)
{
	struct look_table seen = { 0 };

	look_at_table(&s->look, group, blk, 0, 1, 0, &seen);
	if (seen.bad != 0 || seen.wrong_dots != 0)
		return false;
	return group == 0 ? seen.root : seen.used != 0;
}

struct choice {
	e2_blk blk;		/* 0: nothing */
	int64_t worth;
};

/* Whether a run of blocks of a group can be nothing but its inode table: directories name
 * themselves in it. */
static bool is_surely_table(struct groups *s, e2_grp group, e2_blk blk)
{
	uint64_t count = length(s->ck, TABLE);
	struct look_table seen = { 0 };

	if (!in_group(s->ck, group, blk, count) || taken(s->ck, blk, count) != 0)
		return false;
	look_at_table(&s->look, group, blk, 0, s->ck->g->inode_table_blocks, 0, &seen);
	return seen.dots > seen.wrong_dots && (group != 0 || seen.root);
}

/* Whether a run covers what is stated of another part of the group, and may well be right. */
static bool covers_other(struct groups *s, e2_grp group, enum part_id id, e2_blk blk,
			 const struct parts *known, const struct e2_group *d)
{
	struct parts stated = parts_of(d);

	for (int i = 0; i < PARTS; i++) {
		uint64_t count = length(s->ck, (enum part_id)i);
		e2_blk at = stated.at[i];

		if (i != (int)id && known->at[i] == 0 && blk != stated.at[id] &&
		    in_group(s->ck, group, at, count) && blk < at + count &&
		    at < blk + length(s->ck, id))
			return id != TABLE || !is_surely_table(s, group, blk);
	}
	return false;
}

static void try_place(struct groups *s, e2_grp group, enum part_id id, e2_blk blk,
		      const struct parts *other, const struct e2_group *d, struct choice *best)
{
	int64_t w;

	if (!in_group(s->ck, group, blk, length(s->ck, id)) ||
	    taken(s->ck, blk, length(s->ck, id)) != 0 || blk == best->blk ||
	    covers_other(s, group, id, blk, other, d))
		return;
	w = worth(s, group, id, blk, other, d);
	if (best->blk == 0 || w > best->worth)
		*best = (struct choice){ blk, w };
}

/* All places of the group, when nothing points to one that looks right. */
static void search_table(struct groups *s, e2_grp group, const struct parts *other,
			 const struct e2_group *d, struct choice *best)
{
	e2_blk first = e2_group_first_block(s->ck->g, group);
	e2_blk end = first + e2_group_blocks(s->ck->g, group);

	for (e2_blk blk = first; blk < end; blk++)
		if (in_group(s->ck, group, blk, s->ck->g->inode_table_blocks) &&
		    !e2_bitset_test(s->ck->metadata, blk) && may_begin_table(s, group, blk))
			try_place(s, group, TABLE, blk, other, d, best);
}

/* ---- one group -------------------------------------------------------------------------- */

static struct parts usual_parts(const struct groups *s, e2_grp group)
{
	e2_blk first = e2_group_first_block(s->ck->g, group) +
		       e2_group_head_blocks(s->ck->g, group);
	struct parts p;

	for (int id = 0; id < PARTS; id++)
		p.at[id] = first + s->offset[id];
	return p;
}

/* The descriptor of a group in the copy of all descriptors. */
static bool copied_parts(const struct groups *s, e2_grp group, struct parts *p, e2_blk *blk)
{
	const struct e2_geometry *g = s->ck->g;
	uint32_t per_block = g->block_size / g->desc_size;
	struct e2_group d;

	if (s->copy == 0)
		return false;
	*blk = e2_desc_block(g, s->copy, group / per_block);
	if (!look_read(&s->look, *blk, s->look.block))
		return false;
	e2_group_decode(&d, s->look.block + (size_t)(group % per_block) * g->desc_size);
	*p = parts_of(&d);
	return true;
}

static void report_place(struct ck *ck, e2_grp group, enum part_id id, e2_blk stated, e2_blk used,
			 e2_blk copied, e2_blk copy)
{
	e2_blk first = e2_group_first_block(ck->g, group), at;
	uint64_t count = length(ck, id);
	e2_grp other;

	if (!in_group(ck, group, stated, count)) {
		if (used != 0 && used == copied)
			FOUND(ck->found, GROUP_PLACE_COPY, .group = group, .field = fields[id],
			      .have = stated, .want = used, .blk = copy);
		else
			FOUND(ck->found, GROUP_PLACE, .group = group, .field = fields[id],
			      .have = stated, .want = first,
			      .limit = first + e2_group_blocks(ck->g, group) - 1);
		return;
	}
	at = taken(ck, stated, count);
	if (at != 0) {
		const char *what = occupant(ck, at, group, &other);

		FOUND(ck->found, GROUP_OVERLAP, .group = group, .field = fields[id], .have = at,
		      .why = what, .want = other);
		return;
	}
	FOUND(ck->found, GROUP_LOOK, .group = group, .field = fields[id], .have = stated,
	      .want = used, .why = names[id]);
}

/* Where a part lies; 0 when it lies nowhere. */
static e2_blk find_part(struct groups *s, e2_grp group, enum part_id id, const struct e2_group *d,
			const struct parts *known)
{
	struct parts stated = parts_of(d), usual = usual_parts(s, group), copied = { { 0 } };
	struct choice best = { 0, 0 };
	uint64_t count = length(s->ck, id);
	e2_blk copy = 0, at = stated.at[id];
	bool has_copy = copied_parts(s, group, &copied, &copy);

	if (in_group(s->ck, group, at, count) && taken(s->ck, at, count) == 0 &&
	    (at == usual.at[id] || (has_copy && at == copied.at[id])))
		return at;
	try_place(s, group, id, at, known, d, &best);
	if (has_copy)
		try_place(s, group, id, copied.at[id], known, d, &best);
	try_place(s, group, id, usual.at[id], known, d, &best);
	if (id == TABLE && (best.blk == 0 || best.worth < 0))
		search_table(s, group, known, d, &best);
	/* An empty table looks like many things: two that agree are believed. */
	if (best.blk == at && has_copy && copied.at[id] == usual.at[id] && best.worth <= 0)
		best.blk = copied.at[id];
	if (id == TABLE && best.blk != 0 && best.blk != at && best.worth < -64)
		best.blk = in_group(s->ck, group, at, count) &&
			   taken(s->ck, at, count) == 0 ? at : 0;
	if (best.blk != at || at == 0)
		report_place(s->ck, group, id, at, best.blk, copied.at[id], copy);
	return best.blk;
}

/*
 * Whether the table is placed before the bitmaps: where one of them is stated to lie in what
 * may be the table, that is what the better evidence says.
 */
static bool table_first(struct groups *s, e2_grp group, const struct e2_group *d)
{
	struct parts tried[3] = { parts_of(d), usual_parts(s, group) };
	e2_blk copy;
	int n = copied_parts(s, group, &tried[2], &copy) ? 3 : 2;

	for (int i = 0; i < n; i++) {
		e2_blk at = tried[i].at[TABLE], end = at + length(s->ck, TABLE);
		bool bits = (d->block_bitmap >= at && d->block_bitmap < end) ||
			    (d->inode_bitmap >= at && d->inode_bitmap < end);
		unsigned with = 0;

		for (int k = 0; k < n; k++)
			with += tried[k].at[TABLE] == at;
		if (bits && in_group(s->ck, group, at, length(s->ck, TABLE)) &&
		    (with > 1 || is_surely_table(s, group, at)))
			return true;
	}
	return false;
}

static void check_parts(struct groups *s, e2_grp group, const struct e2_group *d)
{
	static const enum part_id orders[2][PARTS] = {
		{ BLOCKS, INODES, TABLE },	/* with bitmaps, a table can be told from others */
		{ TABLE, BLOCKS, INODES },
	};
	const enum part_id *order = orders[table_first(s, group, d)];
	struct ck_group *state = &s->ck->groups[group];
	struct parts known = { { 0 } };

	for (int i = 0; i < PARTS; i++) {
		enum part_id id = order[i];
		e2_blk at = find_part(s, group, id, d, &known);

		known.at[id] = at;
		if (at != 0)
			ck_claim_metadata(s->ck, at, length(s->ck, id));
	}
	state->block_bitmap = known.at[BLOCKS];
	state->inode_bitmap = known.at[INODES];
	state->inode_table = known.at[TABLE];
}

static void report_unreadable(struct ck *ck, e2_grp group)
{
	uint32_t offset;
	e2_blk blk;

	e2_err_clear();
	e2_group_locate(ck->g, group, &blk, &offset);
	if (offset == 0)	/* once a block */
		FOUND(ck->found, READ_ERROR, .blk = blk, .why = "group descriptors");
}

static void check_group(struct groups *s, e2_grp group)
{
	struct ck *ck = s->ck;
	struct ck_group *state = &ck->groups[group];
	struct e2_group d = { 0 };
	struct parts copied;
	e2_blk copy;

	if (e2_group_get(ck->fs, group, &d) != 0) {
		report_unreadable(ck, group);
		state->unread = true;
		if (!copied_parts(s, group, &copied, &copy))
			return;
		/* For this check; the counts are not known. */
		state->block_bitmap = copied.at[BLOCKS];
		state->inode_bitmap = copied.at[INODES];
		state->inode_table = copied.at[TABLE];
		for (int id = 0; id < PARTS; id++) {
			uint64_t count = length(ck, (enum part_id)id);

			if (in_group(ck, group, copied.at[id], count))
				ck_claim_metadata(ck, copied.at[id], count);
		}
		return;
	}
	state->free_blocks = d.free_blocks_count;
	state->free_inodes = d.free_inodes_count;
	state->used_dirs = d.used_dirs_count;
	state->unused = d.itable_unused;
	state->flags = d.flags;
	check_parts(s, group, &d);
	if ((d.flags & 3) != 0 && !e2_has_uninit_bg(ck->super))
		FOUND(ck->found, GROUP_FLAGS, .group = group, .have = d.flags);
}

/* ---- all groups ---------------------------------------------------------------------- */

/* How many groups have their parts at an offset behind their heads. */
static uint32_t groups_with(struct ck *ck, const uint32_t offset[PARTS])
{
	enum { MOST = 64 };
	uint32_t with = 0;

	for (e2_grp group = 0; group < ck->g->groups && group < MOST; group++) {
		e2_blk first = e2_group_first_block(ck->g, group) +
			       e2_group_head_blocks(ck->g, group);
		struct e2_group d;
		struct parts p;

		if (e2_group_get(ck->fs, group, &d) != 0) {
			e2_err_clear();
			continue;
		}
		p = parts_of(&d);
		with += p.at[TABLE] == first + offset[TABLE] &&
			p.at[BLOCKS] == first + offset[BLOCKS] &&
			p.at[INODES] == first + offset[INODES];
	}
	return with;
}

/* The pattern by which most groups are laid out; as mkfs does it where none is seen. */
static void find_pattern(struct groups *s)
{
	static const uint32_t plain[PARTS] = { [TABLE] = 2, [BLOCKS] = 0, [INODES] = 1 };
	struct ck *ck = s->ck;
	uint32_t most = groups_with(ck, plain);

	memcpy(s->offset, plain, sizeof(plain));
	for (e2_grp group = 0; group < ck->g->groups && group < 4; group++) {
		e2_blk first = e2_group_first_block(ck->g, group) +
			       e2_group_head_blocks(ck->g, group);
		uint32_t offset[PARTS], with;
		struct e2_group d;
		bool inside = true;

		if (e2_group_get(ck->fs, group, &d) != 0) {
			e2_err_clear();
			continue;
		}

		struct parts p = parts_of(&d);

		for (int id = 0; id < PARTS; id++) {
			inside = inside && p.at[id] >= first &&
				 in_group(ck, group, p.at[id], length(ck, (enum part_id)id));
			offset[id] = (uint32_t)(p.at[id] - first);
		}
		with = inside ? groups_with(ck, offset) : 0;
		if (with > most + 1) {
			most = with;
			memcpy(s->offset, offset, sizeof(offset));
		}
	}
}

/* The first copy of the descriptors that can be read. */
static e2_grp find_copy(const struct groups *s)
{
	const struct e2_geometry *g = s->ck->g;

	for (e2_grp group = 1; group < g->groups && group < 64; group++) {
		struct e2_super super;

		if (!e2_group_has_super(g, group) ||
		    !look_read(&s->look, e2_group_first_block(g, group), s->look.block))
			continue;
		e2_super_decode(&super, s->look.block);
		if (super.magic == E2_MAGIC && super.blocks_per_group == g->blocks_per_group)
			return group;
	}
	return 0;
}

/* Whether two blocks of descriptors say the same of where things lie. */
static bool same_places(const struct e2_geometry *g, const uint8_t *a, const uint8_t *b,
			uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (memcmp(a + (size_t)i * g->desc_size, b + (size_t)i * g->desc_size, 12) != 0)
			return false;
	return true;
}

/* Copies of the descriptors, where the copies of the superblock are. */
static void check_copies(struct groups *s)
{
	enum { COPIES_MAX = 64 };
	const struct e2_geometry *g = s->ck->g;
	uint32_t per_block = g->block_size / g->desc_size;
	unsigned seen = 0;

	for (e2_grp group = 1; group < g->groups && seen < COPIES_MAX; group++) {
		if (!e2_group_has_super(g, group) || g->meta_bg)
			continue;
		seen++;
		for (uint32_t n = 0; n < g->desc_blocks; n++) {
			uint32_t left = g->groups - n * per_block;
			e2_blk first = e2_desc_block(g, 0, n), blk = e2_desc_block(g, group, n);

			if (!look_read(&s->look, first, s->look.block) ||
			    !look_read(&s->look, blk, s->look.other) ||
			    same_places(g, s->look.block, s->look.other,
					left < per_block ? left : per_block))
				continue;
			FOUND(s->ck->found, DESC_COPY, .blk = blk, .have = first, .group = group);
		}
	}
}

int pass_groups(struct ck *ck)
{
	struct groups s = { .ck = ck };
	int r = look_begin(&s.look, e2_fs_io(ck->fs), ck->fs, ck->g);

	if (r != 0)
		return r;
	for (e2_grp group = 0; group < ck->g->groups; group++)
		ck_claim_metadata(ck, e2_group_first_block(ck->g, group),
				  e2_group_head_blocks(ck->g, group));
	s.copy = find_copy(&s);
	find_pattern(&s);
	for (e2_grp group = 0; group < ck->g->groups; group++)
		check_group(&s, group);
	check_copies(&s);
	look_end(&s.look);
	return 0;
}
