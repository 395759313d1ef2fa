/* SPDX-License-Identifier: MIT */
/*
 * What the layout says comes from two places: the heads of groups are arithmetic, and the
 * bitmaps and tables, which a descriptor may put anywhere, are sorted once.  The bitmaps are
 * read as the walk comes to their groups.
 */
#include "vol/space.h"

#include "vol/bits.h"
#include "vol/fs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct part {			/* a bitmap or an inode table */
	e2_blk blk;
	uint64_t count;
	enum e2_role role;
};

struct e2_space {
	struct e2_fs *fs;
	const struct e2_geometry *g;
	e2_grp group, end;
	e2_blk blk;			/* the next to be told of */
	struct part *parts;		/* in order, apart from each other */
	size_t count, at;		/* at: the first that does not end before blk */
	bool open;			/* what follows is of group */
	bool known, uninit;		/* uninit: only what the layout has is in use */
	unsigned shift;			/* blocks that share a bit, as a power of two */
	uint8_t *bits;			/* block_size bytes */
	uint32_t unread;
	int err;			/* of the first unread */
};

/* ---- bitmaps and tables ---------------------------------------------------------- */

static void add_part(struct e2_space *s, e2_blk blk, uint64_t count, enum e2_role role)
{
	if (blk == 0 || blk >= s->g->blocks)
		return;
	if (count > s->g->blocks - blk)
		count = s->g->blocks - blk;
	s->parts[s->count++] = (struct part){ blk, count, role };
}

static int by_block(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->blk != y->blk)
		return x->blk < y->blk ? -1 : 1;
	return x->role < y->role ? -1 : x->role > y->role;
}

/* Cuts off what overlaps, so that every block has one part. */
static void part_overlaps(struct e2_space *s)
{
	e2_blk end = 0;
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct part p = s->parts[i];

		if (p.blk + p.count <= end)
			continue;
		if (p.blk < end) {
			p.count -= end - p.blk;
			p.blk = end;
		}
		end = p.blk + p.count;
		s->parts[kept++] = p;
	}
	s->count = kept;
}

static int collect_parts(struct e2_space *s)
{
	const struct e2_geometry *g = s->g;

	s->parts = malloc((size_t)g->groups * 3 * sizeof(*s->parts));
	if (!s->parts)
		return e2_fail(E2_ERR_NOMEM, "no memory for the layout of %" PRIu32 " groups",
			       g->groups);
	for (e2_grp i = 0; i < g->groups; i++) {
		struct e2_group desc;

		if (e2_group_get(s->fs, i, &desc)) {
			e2_err_clear();		/* its bitmap will be missed */
			continue;
		}
		add_part(s, desc.block_bitmap, 1, E2_ROLE_BLOCK_BITMAP);
		add_part(s, desc.inode_bitmap, 1, E2_ROLE_INODE_BITMAP);
		add_part(s, desc.inode_table, g->inode_table_blocks, E2_ROLE_INODE_TABLE);
	}
	qsort(s->parts, s->count, sizeof(*s->parts), by_block);
	part_overlaps(s);
	return 0;
}

int e2_space_begin(struct e2_fs *fs, e2_grp first, e2_grp count, struct e2_space **space)
{
	const struct e2_geometry *g = e2_geometry(fs);
	const struct e2_super *super = e2_super(fs);
	struct e2_space *s = calloc(1, sizeof(*s));
	int err = s ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to walk the volume");

	if (err)
		return err;
	s->fs = fs;
	s->g = g;
	s->group = first;
	s->end = count < g->groups - first ? first + count : g->groups;
	s->blk = first ? e2_group_first_block(g, first) : 0;
	/* Clusters of several blocks share a bit (bigalloc, opened in spite of it). */
	if (e2_has_bigalloc(super) && super->log_cluster_size > super->log_block_size)
		s->shift = (super->log_cluster_size - super->log_block_size) & 31;
	s->bits = malloc(g->block_size);
	if (!s->bits)
		err = e2_fail(E2_ERR_NOMEM, "no memory for a bitmap");
	if (!err)
		err = collect_parts(s);
	if (err)
		e2_space_end(s);
	else
		*space = s;
	return err;
}

void e2_space_end(struct e2_space *s)
{
	if (!s)
		return;
	free(s->parts);
	free(s->bits);
	free(s);
}

uint32_t e2_space_unread(const struct e2_space *s, int *err)
{
	*err = s->err;
	return s->unread;
}

/* ---- groups ---------------------------------------------------------------------- */

static int load_bits(struct e2_space *s)
{
	const struct e2_super *super = e2_super(s->fs);
	uint32_t blocks = e2_group_blocks(s->g, s->group);
	const struct e2_buf *buf;
	struct e2_group desc;
	int err = e2_group_get(s->fs, s->group, &desc);

	s->uninit = false;
	if (err)
		return err;
	if ((e2_has_uninit_bg(super) || e2_has_metadata_csum(super)) &&
	    (desc.flags & E2_GF_BLOCK_UNINIT)) {
		s->uninit = true;
		return 0;
	}
	if (desc.block_bitmap == 0 || !e2_block_valid(s->g, desc.block_bitmap))
		return e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": block bitmap at block %" PRIu32
			       " lies outside the volume, which has %" PRIu64 " blocks", s->group,
			       desc.block_bitmap, s->g->blocks);
	if ((blocks - 1) >> s->shift >= s->g->block_size * 8)
		return e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": %" PRIu32 " blocks have no bit "
			       "in a bitmap", s->group, blocks);
	err = e2_buf_get(s->fs, desc.block_bitmap, &buf);
	if (err)
		return err;
	memcpy(s->bits, buf->data, s->g->block_size);
	e2_buf_put(s->fs, buf);
	return 0;
}

static void open_group(struct e2_space *s)
{
	int err = load_bits(s);

	s->open = true;
	s->known = !err;
	if (err) {
		s->unread++;
		s->err = s->err ? s->err : err;
	}
}

/* What the layout has at blk, and for how many of the next most blocks that is so. */
static uint64_t look_up(struct e2_space *s, uint64_t most, enum e2_role *role)
{
	const struct e2_geometry *g = s->g;
	e2_blk at = s->blk - e2_group_first_block(g, s->group), unused;
	uint32_t head = e2_group_head_blocks(g, s->group);
	uint32_t descs = e2_group_has_super(g, s->group) +
		e2_group_desc_blocks(g, s->group, &unused);
	const struct part *p;

	*role = E2_ROLE_NONE;
	if (at < head) {
		bool is_super = at == 0 && e2_group_has_super(g, s->group);
		uint64_t end = is_super ? 1 : at < descs ? descs : head;

		*role = is_super ? E2_ROLE_SUPER : at < descs ? E2_ROLE_DESC :
			E2_ROLE_RESERVED_DESC;
		return end - at < most ? end - at : most;
	}
	while (s->at < s->count && s->parts[s->at].blk + s->parts[s->at].count <= s->blk)
		s->at++;
	if (s->at == s->count)
		return most;
	p = &s->parts[s->at];
	if (p->blk > s->blk)
		return p->blk - s->blk < most ? p->blk - s->blk : most;
	*role = p->role;
	return p->blk + p->count - s->blk < most ? p->blk + p->count - s->blk : most;
}

/* What the bitmap says of blk, and for how many of the next most blocks that is so. */
static uint64_t look_up_bits(const struct e2_space *s, uint64_t most, bool *used)
{
	uint32_t at = (uint32_t)(s->blk - e2_group_first_block(s->g, s->group));
	uint32_t bit = at >> s->shift, end = (uint32_t)((at + most - 1) >> s->shift) + 1, next;
	uint64_t count;

	*used = e2_bits_test(s->bits, bit);
	next = *used ? e2_bits_next_clear(s->bits, bit, end) : e2_bits_next_set(s->bits, bit, end);
	count = ((uint64_t)next << s->shift) - at;
	return count < most ? count : most;
}

int e2_space_next(struct e2_space *s, struct e2_stretch *out)
{
	const struct e2_geometry *g = s->g;
	uint64_t left;

	if (s->blk < g->first_data_block && s->group < s->end) {
		*out = (struct e2_stretch){ .blk = s->blk, .role = E2_ROLE_BOOT, .known = true,
			.count = g->first_data_block - s->blk, .used = true };
		s->blk = g->first_data_block;
		return 1;
	}
	while (s->group < s->end) {
		left = e2_group_first_block(g, s->group) + e2_group_blocks(g, s->group) - s->blk;
		if (left > 0)
			break;
		s->group++;
		s->open = false;
	}
	if (s->group >= s->end)
		return 0;
	if (!s->open)
		open_group(s);
	*out = (struct e2_stretch){ .blk = s->blk, .group = s->group, .known = s->known };
	out->count = look_up(s, left, &out->role);
	if (s->uninit)
		out->used = out->role != E2_ROLE_NONE;
	else if (s->known)
		out->count = look_up_bits(s, out->count, &out->used);
	s->blk += out->count;
	return 1;
}
