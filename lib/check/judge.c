/* SPDX-License-Identifier: MIT */
/*
 * Judges superblocks by the image (believe.h): a superblock is an explanation of what lies
 * where, and each thing that does not lie there speaks against it.
 *
 * A damaged one is mended field by field: of all values that anything suggests for one field,
 * the one that explains most is taken, until no single change explains more.
 */
#include "check/believe.h"
#include "check/look.h"

#include "base/checked.h"
#include "base/endian.h"

#include <string.h>

enum {
	GROUPS_MAX = 24,	/* groups of a volume that are looked at */
	TABLE_BLOCKS = 12,	/* of each table, at both ends */
	STEPS_MAX = 8,		/* fields that may be mended */
	VALUES_MAX = 24,	/* suggested for one field */
	WORTH = 3,		/* what a change must explain at least */
};

/* ---- what follows from other fields ------------------------------------------------ */

bool judge_derive(struct e2_super *s)
{
	uint64_t groups, inodes;

	s->magic = E2_MAGIC;
	if (s->log_block_size > 6 || s->blocks_per_group == 0)
		return false;
	s->log_cluster_size = s->log_block_size;
	s->clusters_per_group = s->blocks_per_group;
	s->first_data_block = s->log_block_size == 0;
	if (s->blocks_count <= s->first_data_block)
		return false;
	groups = e2_div_up(s->blocks_count - s->first_data_block, s->blocks_per_group);
	inodes = groups * s->inodes_per_group;
	if (inodes > UINT32_MAX)
		return false;
	s->inodes_count = (uint32_t)inodes;
	return true;
}

uint32_t judge_strange(const struct e2_super *s, enum e2_feature_word word)
{
	/* They change what a check would have to look at. */
	const uint32_t ro_strange = E2_FEATURE_btree_dir | E2_FEATURE_snapshot |
				    E2_FEATURE_bigalloc | E2_FEATURE_metadata_csum |
				    E2_FEATURE_replica | E2_FEATURE_orphan_present;
	const uint32_t compat_strange = E2_FEATURE_lazy_bg | E2_FEATURE_exclude_inode |
					E2_FEATURE_snapshot_bitmap | E2_FEATURE_orphan_file;
	uint32_t known;

	switch (word) {
	case E2_INCOMPAT:
		return s->feature_incompat & ~e2_feature_mask(word, E2_SUPPORT_READ);
	case E2_COMPAT:
		known = e2_feature_mask(word, E2_SUPPORT_NONE) & ~compat_strange;
		return s->feature_compat & ~(known | e2_feature_mask(word, E2_SUPPORT_READ));
	default:
		known = e2_feature_mask(word, E2_SUPPORT_NONE) & ~ro_strange;
		return s->feature_ro_compat & ~(known | e2_feature_mask(word, E2_SUPPORT_READ));
	}
}

/* ---- what speaks against a superblock ------------------------------------------------ */

struct trial {
	const struct belief *b;
	const struct e2_super *super;
	struct look look;
	const struct e2_geometry *g;
	uint32_t cost;
};

/* The image is about as long as its volume. */
static void try_length(struct trial *t)
{
	uint64_t have = t->b->io->size >> t->g->block_bits;

	if (have < t->g->blocks)
		t->cost += 7;
	else if (have - t->g->blocks > (UINT64_C(65536) >> t->g->block_bits))
		t->cost += 4;
	else if (have != t->g->blocks)
		t->cost += 2;
}

/* What the primary says in two places must fit together. */
static void try_primary(struct trial *t)
{
	const struct e2_super *p = &t->b->primary;

	if (!t->b->readable || p->magic != E2_MAGIC)
		return;
	t->cost += p->inodes_count != t->super->inodes_count ? 8 : 0;
	t->cost += p->log_cluster_size != t->super->log_cluster_size ? 2 : 0;
	t->cost += p->clusters_per_group != t->super->blocks_per_group ? 4 : 0;
	t->cost += p->blocks_per_group != t->super->blocks_per_group ? 4 : 0;
	t->cost += p->first_data_block != t->super->first_data_block ? 1 : 0;
}

static void try_copies(struct trial *t)
{
	const struct e2_super *s = t->super;
	uint32_t against = 0;

	for (unsigned i = 0; i < t->b->copy_count; i++) {
		const struct e2_super *c = &t->b->copies[i].super;

		against += c->blocks_count != s->blocks_count;
		against += c->inodes_per_group != s->inodes_per_group;
		against += c->blocks_per_group != s->blocks_per_group;
		against += c->log_block_size != s->log_block_size;
		against += c->inode_size != s->inode_size;
		against += c->rev_level != s->rev_level;
		against += c->first_ino != s->first_ino;
		against += c->reserved_gdt_blocks != s->reserved_gdt_blocks;
		against += ((c->feature_incompat ^ s->feature_incompat) & E2_FEATURE_meta_bg) != 0;
		against += ((c->feature_ro_compat ^ s->feature_ro_compat) &
			    E2_FEATURE_sparse_super) != 0;
		against += ((c->feature_compat ^ s->feature_compat) &
			    (E2_FEATURE_resize_inode | E2_FEATURE_sparse_super2)) != 0;
	}
	t->cost += against > 8 ? 12 : against * 4 / (t->b->copy_count > 2 ? 2 : 1);
}

static bool has_copy(struct trial *t, e2_grp group)
{
	struct e2_super s;

	if (!look_read(&t->look, e2_group_first_block(t->g, group), t->look.block))
		return false;
	e2_super_decode(&s, t->look.block);
	return s.magic == E2_MAGIC &&
	       (s.rev_level == 0 || s.block_group_nr == (group & UINT16_MAX)) &&
	       s.blocks_per_group == t->super->blocks_per_group;
}

/* Copies stand in the groups that have one, and in no other. */
static void try_places(struct trial *t)
{
	unsigned with = 0, without = 0;

	for (e2_grp group = 1; group < t->g->groups && group < 32; group++) {
		if (e2_group_has_super(t->g, group)) {
			if (with++ < 3)
				t->cost += !has_copy(t, group) ? 2 : 0;
		} else if (without++ < 3) {
			t->cost += has_copy(t, group) ? 4 : 0;
		}
	}
}

static bool in_group(const struct e2_geometry *g, e2_grp group, e2_blk blk, uint64_t count)
{
	e2_blk first = e2_group_first_block(g, group);
	uint64_t blocks = e2_group_blocks(g, group), head = e2_group_head_blocks(g, group);

	return blk >= first + head && count <= blocks && blk - first <= blocks - count;
}

static uint32_t misplaced(const struct e2_geometry *g, e2_grp group, const struct e2_group *d)
{
	return (uint32_t)!in_group(g, group, d->block_bitmap, 1) +
	       (uint32_t)!in_group(g, group, d->inode_bitmap, 1) +
	       (uint32_t)!in_group(g, group, d->inode_table, g->inode_table_blocks);
}

/* The descriptor of a group: 0 as it stands, 1 in the copy in group 1, 2 as mkfs lays out. */
static bool descriptor(struct trial *t, e2_grp group, e2_grp source, struct e2_group *d)
{
	uint32_t per_block = t->g->block_size / t->g->desc_size;
	e2_blk usual = e2_group_first_block(t->g, group) + e2_group_head_blocks(t->g, group);

	if (source == 2) {
		*d = (struct e2_group){ .block_bitmap = (uint32_t)usual,
					.inode_bitmap = (uint32_t)usual + 1,
					.inode_table = (uint32_t)usual + 2 };
		return true;
	}
	if (source >= t->g->groups || (source != 0 && !e2_group_has_super(t->g, source)) ||
	    !look_read(&t->look, e2_desc_block(t->g, source, group / per_block), t->look.block))
		return false;
	e2_group_decode(d, t->look.block + (size_t)(group % per_block) * t->g->desc_size);
	return true;
}

static uint32_t try_table(struct trial *t, e2_grp group, const struct e2_group *d)
{
	uint32_t blocks = t->g->inode_table_blocks;
	struct look_table seen = { 0 };
	uint32_t bad;

	if (!in_group(t->g, group, d->inode_table, blocks))
		return group == 0 ? 24 : 12;
	look_at_table(&t->look, group, d->inode_table, 0, TABLE_BLOCKS, d->inode_bitmap, &seen);
	if (blocks > TABLE_BLOCKS)
		look_at_table(&t->look, group, d->inode_table,
			      blocks > 2 * TABLE_BLOCKS ? blocks - TABLE_BLOCKS : TABLE_BLOCKS,
			      TABLE_BLOCKS, d->inode_bitmap, &seen);
	bad = seen.bad + 2 * seen.wrong_dots + seen.odd / 4;
	return (bad > 12 ? 12 : bad) + (group == 0 && !seen.root ? 12 : 0);
}

static uint32_t try_padding(struct trial *t, e2_grp group, const struct e2_group *d)
{
	uint32_t cost = 0;

	uint32_t clear;

	if (in_group(t->g, group, d->inode_bitmap, 1)) {
		clear = look_at_padding(&t->look, d->inode_bitmap, t->g->inodes_per_group, 0);
		cost += clear != 0 && clear != UINT32_MAX ? 10 : 0;
	}
	if (in_group(t->g, group, d->block_bitmap, 1)) {
		clear = look_at_padding(&t->look, d->block_bitmap, e2_group_blocks(t->g, group), 0);
		cost += clear != 0 && clear != UINT32_MAX ? 10 : 0;
	}
	return cost;
}

/* Types in the entries of the root directory, where there are any. */
static void try_root(struct trial *t, const struct e2_group *d)
{
	uint32_t per_block = t->g->block_size / t->g->inode_size;
	uint32_t at = (E2_INO_ROOT - 1) % per_block * t->g->inode_size;
	bool typed = false;
	struct e2_inode in;

	if (!look_read(&t->look, d->inode_table + (E2_INO_ROOT - 1) / per_block, t->look.block))
		return;
	e2_inode_decode(&in, t->look.block + at, t->g->inode_size);
	if (e2_inode_file_type(in.mode) != E2_FT_DIR || !e2_block_valid(t->g, in.block[0]) ||
	    !look_read(&t->look, in.block[0], t->look.block))
		return;
	for (uint32_t i = 0; i + 8 <= t->g->block_size;) {
		uint32_t len = e2_get16(t->look.block + i + 4);

		typed = typed || (e2_get32(t->look.block + i) != 0 && t->look.block[i + 7] != 0);
		if (len < 12 || len % 4 != 0)
			break;
		i += len;
	}
	t->cost += typed && !t->g->filetype ? 6 : 0;
}

/* The resize inode keeps as many blocks as there are reserved ones. */
static void try_reserve(struct trial *t, const struct e2_group *d)
{
	uint32_t per_block = t->g->block_size / t->g->inode_size, kept = 0;
	uint32_t at = (E2_INO_RESIZE - 1) % per_block * t->g->inode_size;
	bool on = e2_has_resize_inode(t->super);
	struct e2_inode in;

	if (!look_read(&t->look, d->inode_table + (E2_INO_RESIZE - 1) / per_block, t->look.block))
		return;
	e2_inode_decode(&in, t->look.block + at, t->g->inode_size);
	t->cost += !on && t->g->reserved_gdt_blocks != 0 ? 4 : 0;
	if (in.block[E2_DIRECT + 1] == 0 || e2_inode_file_type(in.mode) != E2_FT_REG) {
		t->cost += on && t->g->reserved_gdt_blocks != 0 ? 4 : 0;
		return;
	}
	if (!look_read(&t->look, in.block[E2_DIRECT + 1], t->look.block))
		return;
	for (uint32_t i = 0; i < t->g->pointers; i++)
		kept += e2_get32(t->look.block + 4 * (size_t)i) != 0;
	t->cost += kept != t->g->reserved_gdt_blocks ? 3 : 0;
	t->cost += !on ? 3 : 0;
	/* Without a gap, the bitmaps follow the reserve. */
	t->cost += d->block_bitmap != e2_group_first_block(t->g, 0) +
		   e2_group_head_blocks(t->g, 0);
}

/* A group by the descriptor that explains it best; one that is not its own costs a little. */
static void try_group(struct trial *t, e2_grp group)
{
	uint32_t best = UINT32_MAX;
	struct e2_group desc = { 0 };

	/* What the image has lost speaks neither for nor against. */
	if (e2_group_first_block(t->g, group) >= t->b->io->size >> t->g->block_bits)
		return;
	for (e2_grp source = 0; source < 3 && best != 0; source++) {
		struct e2_group d;
		uint32_t cost;

		if (!descriptor(t, group, source, &d))
			continue;
		cost = misplaced(t->g, group, &d) * 4 + try_table(t, group, &d) +
		       try_padding(t, group, &d) + (source != 0 ? 2 : 0);
		if (cost < best) {
			best = cost;
			desc = d;
		}
	}
	t->cost += best > 24 ? 24 : best;
	if (group == 0 && in_group(t->g, 0, desc.inode_table, t->g->inode_table_blocks)) {
		try_root(t, &desc);
		try_reserve(t, &desc);
	}
}

static void try_groups(struct trial *t)
{
	e2_grp groups = t->g->groups, step = groups > GROUPS_MAX ? groups / GROUPS_MAX : 1;

	for (e2_grp group = 0; group < groups; group += step) {
		if (group + step >= groups)
			group = groups - 1;	/* the last one is looked at always */
		try_group(t, group);
	}
}

static void try_fields(struct trial *t)
{
	const struct e2_super *s = t->super;

	/* As every mkfs makes it: bitmaps of whole bytes, and no table with a rest. */
	t->cost += t->g->inodes_per_group % 8 != 0 ? 4 : 0;
	t->cost += t->g->blocks_per_group != t->g->block_size * 8 ? 3 : 0;
	t->cost += t->g->blocks_per_group % 8 != 0 ? 4 : 0;
	t->cost += t->g->inodes_per_group % (t->g->block_size / t->g->inode_size) != 0 ? 3 : 0;
	if (s->rev_level == 0)
		t->cost += (s->feature_compat | s->feature_incompat | s->feature_ro_compat) != 0 ?
			   8 : 0;
	else
		t->cost += s->first_ino != E2_GOOD_OLD_FIRST_INO ? 3 : 0;
	t->cost += (uint32_t)__builtin_popcount(judge_strange(s, E2_INCOMPAT)) * 3;
	t->cost += (uint32_t)__builtin_popcount(judge_strange(s, E2_RO_COMPAT)) * 3;
}

int judge_super(const struct belief *b, const struct e2_super *super, uint32_t *cost)
{
	struct e2_super s = *super, shape;
	struct e2_geometry g;
	int err;

	*cost = JUDGE_IMPOSSIBLE;
	if (!judge_derive(&s))
		return 0;
	shape = s;
	shape.feature_incompat &= ~judge_strange(&s, E2_INCOMPAT);
	shape.feature_ro_compat &= ~judge_strange(&s, E2_RO_COMPAT);
	if (e2_geometry_derive(&shape, 0, &g) != 0 ||
	    g.blocks > (b->io->size >> g.block_bits) * 16 + 65536) {
		e2_err_clear();
		return 0;
	}

	struct trial t = { .b = b, .super = &s };

	err = look_begin(&t.look, b->io, NULL, &g);
	if (err != 0)
		return err;
	t.g = &t.look.g;
	try_length(&t);
	try_primary(&t);
	try_copies(&t);
	try_fields(&t);
	try_places(&t);
	try_groups(&t);
	look_end(&t.look);
	*cost = t.cost;
	return 0;
}

/* ---- mending ------------------------------------------------------------------------- */

enum dim { D_BLOCK_SIZE, D_PER_GROUP, D_BLOCKS, D_INODES, D_INODE_SIZE, D_REVISION, D_FIRST_INO,
	   D_RESERVED, D_COMPAT, D_INCOMPAT, D_RO_COMPAT, D_META, DIMS };

static uint32_t dim_get(const struct e2_super *s, enum dim d)
{
	const uint32_t all[] = {
		[D_BLOCK_SIZE] = s->log_block_size, [D_PER_GROUP] = s->blocks_per_group,
		[D_BLOCKS] = s->blocks_count, [D_INODES] = s->inodes_per_group,
		[D_INODE_SIZE] = s->inode_size, [D_REVISION] = s->rev_level,
		[D_FIRST_INO] = s->first_ino, [D_RESERVED] = s->reserved_gdt_blocks,
		[D_COMPAT] = s->feature_compat, [D_INCOMPAT] = s->feature_incompat,
		[D_RO_COMPAT] = s->feature_ro_compat, [D_META] = s->first_meta_bg,
	};

	return all[d];
}

static void dim_set(struct e2_super *s, enum dim d, uint32_t value)
{
	uint32_t *all[] = {
		[D_BLOCK_SIZE] = &s->log_block_size, [D_PER_GROUP] = &s->blocks_per_group,
		[D_BLOCKS] = &s->blocks_count, [D_INODES] = &s->inodes_per_group,
		[D_REVISION] = &s->rev_level, [D_FIRST_INO] = &s->first_ino,
		[D_COMPAT] = &s->feature_compat, [D_INCOMPAT] = &s->feature_incompat,
		[D_RO_COMPAT] = &s->feature_ro_compat, [D_META] = &s->first_meta_bg,
	};

	if (d == D_INODE_SIZE)
		s->inode_size = (uint16_t)value;
	else if (d == D_RESERVED)
		s->reserved_gdt_blocks = (uint16_t)value;
	else
		*all[d] = value;
}

struct values {
	uint32_t at[VALUES_MAX];
	unsigned count;
};

static void suggest(struct values *v, uint32_t value)
{
	for (unsigned i = 0; i < v->count; i++)
		if (v->at[i] == value)
			return;
	if (v->count < VALUES_MAX)
		v->at[v->count++] = value;
}

/* The number of reserved blocks that leaves no gap before the first bitmap. */
static void suggest_reserve(const struct belief *b, const struct e2_super *s, struct values *v)
{
	struct e2_super shape = *s;
	struct e2_geometry g;
	struct e2_group d;
	uint8_t raw[E2_GROUP_BYTES];

	shape.reserved_gdt_blocks = 0;
	suggest(v, 0);
	if (!judge_derive(&shape) || e2_geometry_derive(&shape, 0, &g) != 0 ||
	    e2_io_read(b->io, e2_desc_block(&g, 0, 0) * g.block_size, sizeof(raw), raw) != 0) {
		e2_err_clear();
		return;
	}
	e2_group_decode(&d, raw);
	e2_blk first = e2_group_first_block(&g, 0) + e2_group_head_blocks(&g, 0);

	if (d.block_bitmap > first && d.block_bitmap - first <= g.block_size / 4)
		suggest(v, (uint32_t)(d.block_bitmap - first));
}

static void suggest_inodes(const struct belief *b, const struct e2_super *s, struct values *v)
{
	uint64_t groups = s->blocks_per_group == 0 ? 0 :
			  e2_div_up((uint64_t)s->blocks_count - s->first_data_block,
				    s->blocks_per_group);

	if (groups != 0 && b->readable && b->primary.inodes_count % groups == 0)
		suggest(v, (uint32_t)(b->primary.inodes_count / groups));
}

/* What anything suggests for a field, beside what it is. */
static void suggest_all(const struct belief *b, const struct e2_super *s, enum dim d,
			struct values *v)
{
	uint32_t now = dim_get(s, d), size = UINT32_C(1024) << (s->log_block_size & 7);

	v->count = 0;
	suggest(v, now);
	if (b->readable)
		suggest(v, dim_get(&b->primary, d));
	for (unsigned i = 0; i < b->copy_count; i++)
		suggest(v, dim_get(&b->copies[i].super, d));
	switch (d) {
	case D_BLOCK_SIZE:
		suggest(v, b->primary.log_cluster_size);
		for (uint32_t log = 0; log <= 6; log++)
			suggest(v, log);
		break;
	case D_PER_GROUP:
		suggest(v, b->primary.clusters_per_group);
		suggest(v, size * 8);
		break;
	case D_BLOCKS:
		if (b->io->size / size <= UINT32_MAX)
			suggest(v, (uint32_t)(b->io->size / size));
		break;
	case D_INODES:
		suggest_inodes(b, s, v);
		break;
	case D_INODE_SIZE:
		for (uint32_t bytes = 128; bytes <= 4096; bytes *= 2)
			suggest(v, bytes);
		break;
	case D_REVISION:
		suggest(v, 1);
		suggest(v, 0);
		break;
	case D_FIRST_INO:
		suggest(v, E2_GOOD_OLD_FIRST_INO);
		break;
	case D_RESERVED:
		suggest_reserve(b, s, v);
		break;
	case D_COMPAT:
		suggest(v, now ^ E2_FEATURE_resize_inode);
		suggest(v, now ^ E2_FEATURE_sparse_super2);
		break;
	case D_INCOMPAT:
		suggest(v, now ^ E2_FEATURE_filetype);
		suggest(v, now ^ E2_FEATURE_meta_bg);
		break;
	case D_RO_COMPAT:
		suggest(v, now ^ E2_FEATURE_sparse_super);
		break;
	default:
		suggest(v, 0);
		break;
	}
}

/*
 * Whether a superblock says something in two places that agree: no single damage is like
 * that, however badly the volume fits.
 */
static bool is_told_twice(const struct e2_super *s, enum dim d)
{
	struct e2_super derived = *s;

	switch (d) {
	case D_BLOCK_SIZE:
		return s->log_cluster_size == s->log_block_size;
	case D_PER_GROUP:
		return s->clusters_per_group == s->blocks_per_group;
	case D_INODES:
		return judge_derive(&derived) && derived.inodes_count == s->inodes_count;
	default:
		return false;
	}
}

/* What group 0's table looks like, as a superblock and the best descriptor have it. */
static int look_first(const struct belief *b, const struct e2_super *super, uint32_t *inode_size,
		      struct look_table *seen)
{
	struct e2_super s = *super;
	struct e2_geometry g;
	int err;

	*seen = (struct look_table){ 0 };
	*inode_size = 0;
	s.feature_incompat &= ~judge_strange(super, E2_INCOMPAT);
	s.feature_ro_compat &= ~judge_strange(super, E2_RO_COMPAT);
	if (!judge_derive(&s) || e2_geometry_derive(&s, 0, &g) != 0) {
		e2_err_clear();
		return 0;
	}
	*inode_size = g.inode_size;

	struct trial t = { .b = b, .super = &s };

	err = look_begin(&t.look, b->io, NULL, &g);
	if (err != 0)
		return err;
	t.g = &t.look.g;
	for (e2_grp source = 0; source < 3; source++) {
		struct look_table one = { 0 };
		struct e2_group d;

		if (!descriptor(&t, 0, source, &d) ||
		    !in_group(t.g, 0, d.inode_table, t.g->inode_table_blocks))
			continue;
		look_at_table(&t.look, 0, d.inode_table, 0, 4 * TABLE_BLOCKS, 0, &one);
		if (source == 0 || look_table_worth(&one, 0) > look_table_worth(seen, 0))
			*seen = one;
	}
	look_end(&t.look);
	return 0;
}

/*
 * Whether a change may be made at all.  Another size of inodes makes every inode another: so
 * the root, or many inodes that were none, must appear by it, or all copies say so.  And what
 * moves the descriptors must be in a copy, if there is one.
 */
static int is_borne_out(const struct belief *b, const struct e2_super *now,
			const struct e2_super *then, bool *out)
{
	struct look_table old, new;
	uint32_t old_size, new_size;
	unsigned with = 0;
	int err;

	*out = true;
	for (unsigned i = 0; i < b->copy_count; i++)
		with += b->copies[i].super.inode_size == then->inode_size &&
			b->copies[i].super.rev_level == then->rev_level;
	if ((then->feature_incompat & ~now->feature_incompat & E2_FEATURE_meta_bg) != 0) {
		*out = b->copy_count == 0;
		for (unsigned i = 0; i < b->copy_count; i++)
			*out = *out || e2_has_meta_bg(&b->copies[i].super);
	}
	if ((now->inode_size == then->inode_size && now->rev_level == then->rev_level) ||
	    (with != 0 && with == b->copy_count))
		return 0;
	err = look_first(b, now, &old_size, &old);
	if (err == 0)
		err = look_first(b, then, &new_size, &new);
	if (err != 0 || old_size == 0 || old_size == new_size)
		return err;
	*out = *out && !old.root &&
	       (new.root || (new.used >= 8 && new.bad * 8 <= new.used && old.bad * 4 >= old.used));
	return 0;
}

int judge_mend(const struct belief *b, const struct e2_super *from, struct e2_super *mended,
	       uint32_t *cost)
{
	struct e2_super now = *from;
	int err = judge_super(b, &now, cost);

	for (unsigned step = 0; step < STEPS_MAX && err == 0 && *cost != 0; step++) {
		uint32_t best = *cost == JUDGE_IMPOSSIBLE ? *cost : *cost < WORTH ? 0 :
				*cost - WORTH + 1;
		struct e2_super better = now;
		bool found = false;

		for (enum dim d = 0; d < DIMS && err == 0; d++) {
			struct values v;

			if (is_told_twice(from, d))
				continue;
			suggest_all(b, &now, d, &v);
			for (unsigned i = 1; i < v.count && err == 0; i++) {
				struct e2_super s = now;
				bool borne = true;
				uint32_t c;

				dim_set(&s, d, v.at[i]);
				err = judge_super(b, &s, &c);
				if (err != 0 || c >= best)
					continue;
				err = is_borne_out(b, &now, &s, &borne);
				if (err != 0 || !borne)
					continue;
				best = c;
				better = s;
				found = true;
			}
		}
		if (err != 0 || !found)
			break;
		now = better;
		*cost = best;
	}
	*mended = now;
	return err;
}
