/* SPDX-License-Identifier: MIT */
/*
 * The shape of a new volume: numbers that agree with Debian 12's mke2fs, found
 * by making volumes with it (tests/oracle/shape.sh compares them).
 *
 * Invariants of a shape: every group holds its own metadata and at least a few
 * blocks more; inodes_per_group is a multiple of 8 and fills whole blocks of
 * the inode table as far as that allows; e2_geometry_derive accepts it.
 */
#include "build/shape_priv.h"

#include "base/checked.h"

#include <assert.h>
#include <string.h>

/* A tail group with less than its metadata and this many blocks is dropped. */
enum { TAIL_BLOCKS_MIN = 50 };

/* Inodes of which a volume has at least these: the reserved ones and lost+found. */
enum { INODES_MIN = E2_GOOD_OLD_FIRST_INO };

static uint32_t min32(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

/* ---- groups ---------------------------------------------------------------- */

/* Descriptor blocks kept so that the volume can grow as wanted, or to 1024 times its size. */
static uint32_t growth_blocks(const struct e2_wish *w, const struct e2_geometry *g)
{
	uint64_t grown = g->blocks > UINT32_MAX / 1024 ? UINT32_MAX : g->blocks * 1024;

	if (!(w->compat & E2_FEATURE_resize_inode))
		return 0;
	return w->growth ? w->growth
			 : e2_wish_growth(w, grown, g->blocks_per_group, g->desc_blocks);
}

static void set_backups(const struct e2_wish *w, struct e2_geometry *g)
{
	g->backup_bgs[0] = g->backup_bgs[1] = 0;
	if (!g->sparse_super2 || w->backup_count == 0 || g->groups < 2)
		return;
	if (w->backup_count == 1 || g->groups == 2) {
		g->backup_bgs[1] = 1;
	} else {
		g->backup_bgs[0] = 1;
		g->backup_bgs[1] = g->groups - 1;
	}
}

/*
 * Everything that follows from blocks and blocks_per_group.  Descriptors that
 * would fill more than three quarters of a group go into the groups they describe.
 */
static void divide(struct e2_wish *w, struct e2_geometry *g)
{
	g->groups = (e2_grp)e2_div_up(g->blocks - g->first_data_block, g->blocks_per_group);
	g->desc_blocks = (uint32_t)e2_div_up(g->groups, w->block_size / E2_GROUP_BYTES);
	g->reserved_gdt_blocks = growth_blocks(w, g);
	if (!g->meta_bg && w->revision != 0 &&
	    g->desc_blocks + g->reserved_gdt_blocks > g->blocks_per_group * 3 / 4) {
		w->compat &= ~(uint32_t)E2_FEATURE_resize_inode;
		w->incompat |= E2_FEATURE_meta_bg;
		g->meta_bg = true;
		g->reserved_gdt_blocks = 0;
	}
	g->first_meta_bg = g->meta_bg ? 0 : g->desc_blocks;
	set_backups(w, g);
}

/* At least the reserved inodes, lost+found and one more; one for 4 KiB where bytes_per_inode is
 * more than the whole volume. */
static uint64_t wanted_inodes(const struct e2_geometry *g, uint64_t inodes)
{
	if (inodes == 0)
		inodes = g->blocks * g->block_size / (g->block_size < 4096 ? 4096 : g->block_size);
	return inodes < INODES_MIN + 1 ? INODES_MIN + 1 : inodes;
}

/* Whole blocks of inode table, and a multiple of 8 inodes so that bitmaps have whole bytes. */
static void set_inodes(const struct e2_wish *w, uint64_t inodes, struct e2_geometry *g)
{
	uint32_t per_block = w->block_size / w->inode_size;
	uint32_t most = 65536 - per_block;	/* free_inodes_count of a group has 16 bits */
	uint64_t per_group = e2_div_up(inodes, g->groups);

	per_group = e2_div_up(min32(per_group, most), per_block) * per_block;
	while (per_group * g->groups > UINT32_MAX)
		per_group -= per_block;
	g->inodes_per_group = per_group < 8 ? 8 : (uint32_t)per_group & ~UINT32_C(7);
	g->inode_table_blocks =
		(uint32_t)e2_div_up((uint64_t)g->inodes_per_group * w->inode_size, w->block_size);
	g->inodes = g->inodes_per_group * g->groups;
}

/* Metadata of a group: its copy of superblock and descriptors, bitmaps, inode table. */
static uint64_t group_overhead(const struct e2_geometry *g, e2_grp group)
{
	return e2_group_head_blocks(g, group) + 2 + (uint64_t)g->inode_table_blocks;
}

/* What the last group must hold besides TAIL_BLOCKS_MIN: with meta_bg a little more than it has, as
 * if a backup of the superblock came with all descriptors. */
static uint64_t tail_need(const struct e2_geometry *g)
{
	bool backup = e2_group_has_super(g, g->groups - 1);

	return 2 + (uint64_t)g->inode_table_blocks + TAIL_BLOCKS_MIN +
	       (backup ? 1 + g->desc_blocks + g->reserved_gdt_blocks : 0);
}

static int too_small(const struct e2_geometry *g, uint64_t need)
{
	return e2_fail(E2_ERR_NOSPC, "too small: %llu blocks of %u bytes; the metadata and %d "
		       "blocks more need %llu", (unsigned long long)g->blocks, g->block_size,
		       (int)TAIL_BLOCKS_MIN, (unsigned long long)(need + g->first_data_block));
}

/*
 * Divides the volume into groups.  Where more inodes are wanted than a group's
 * bitmap can hold, groups shrink until there are enough of them.
 *
 * reserved  blocks for the super-user, of all blocks; on return of those that are left
 */
static int lay_out(struct e2_wish *w, uint64_t wanted, uint64_t all, struct e2_geometry *g,
		   uint64_t *reserved)
{
	double ratio = (double)*reserved / (double)all;

	g->blocks = all;
	for (;;) {
		uint64_t inodes = wanted_inodes(g, wanted);

		divide(w, g);
		if (e2_div_up(inodes, g->groups) > 8 * (uint64_t)w->block_size) {
			/* 256 blocks hold fewer inodes than their bitmap has bits. */
			assert(g->blocks_per_group > E2_GROUP_BLOCKS_MIN);
			g->blocks_per_group -= 8;
			g->blocks = all;
			continue;
		}
		set_inodes(w, inodes, g);

		uint64_t tail = (g->blocks - g->first_data_block) % g->blocks_per_group;
		uint64_t need = tail_need(g);

		if (g->groups == 1 && tail && tail < need)
			return too_small(g, need);
		if (group_overhead(g, 0) > g->blocks_per_group)
			return e2_fail(E2_ERR_INVAL, "the metadata of group 0 need %llu blocks, "
				       "but a group has %u; give fewer inodes or larger groups",
				       (unsigned long long)group_overhead(g, 0),
				       g->blocks_per_group);
		if (g->groups == 1 || !tail || tail >= need)
			return 0;
		g->blocks -= tail;
		*reserved = (uint64_t)(ratio * (double)g->blocks);
	}
}

/* ---- the superblock --------------------------------------------------------- */

/* Seconds with 40 bits, which last until the year 36812. */
static void set_times(struct e2_super *s, int64_t now)
{
	uint64_t sec = now < 0 ? 0 : (uint64_t)now;
	uint8_t high = (uint8_t)(sec >> 32);

	s->mkfs_time = s->wtime = s->lastcheck = (uint32_t)sec;
	s->mkfs_time_hi = s->wtime_hi = s->lastcheck_hi = high;
}

static void set_identity(struct e2_super *s, const struct e2_shape_options *o)
{
	if (o->uuid)
		memcpy(s->uuid, o->uuid, sizeof(s->uuid));
	for (size_t i = 0; o->hash_seed && i < 4; i++)
		s->hash_seed[i] = e2_get32(o->hash_seed + 4 * i);
	if (o->label)
		memcpy(s->volume_name, o->label, strlen(o->label));
	if (o->last_mounted)
		memcpy(s->last_mounted, o->last_mounted, strlen(o->last_mounted));
}

static void set_layout(struct e2_super *s, const struct e2_geometry *g, uint64_t reserved)
{
	uint32_t log = 0;
	uint64_t overhead = g->first_data_block;

	while ((uint32_t)E2_BLOCK_SIZE_MIN << log < g->block_size)
		log++;
	for (e2_grp i = 0; i < g->groups; i++)
		overhead += group_overhead(g, i);
	s->inodes_count = s->free_inodes_count = g->inodes;
	s->blocks_count = (uint32_t)g->blocks;
	s->r_blocks_count = (uint32_t)reserved;
	s->first_data_block = (uint32_t)g->first_data_block;
	s->log_block_size = s->log_cluster_size = log;
	s->blocks_per_group = s->clusters_per_group = g->blocks_per_group;
	s->inodes_per_group = g->inodes_per_group;
	s->reserved_gdt_blocks = (uint16_t)g->reserved_gdt_blocks;
	s->overhead_blocks = (uint32_t)overhead;
	s->backup_bgs[0] = g->backup_bgs[0];
	s->backup_bgs[1] = g->backup_bgs[1];
}

/*
 * The directory hash treats bytes as signed on every host: what Linux on x86
 * chooses, so that the same tree gives the same volume everywhere.
 */
static void make_super(const struct e2_shape_options *o, const struct e2_wish *w,
		       const struct e2_geometry *g, uint64_t reserved, struct e2_super *s)
{
	*s = (struct e2_super){
		.magic = E2_MAGIC, .state = E2_STATE_CLEAN, .errors = (uint16_t)w->errors,
		.max_mnt_count = UINT16_MAX, .creator_os = w->os, .rev_level = w->revision,
		.first_ino = E2_GOOD_OLD_FIRST_INO, .inode_size = (uint16_t)w->inode_size,
		.feature_compat = w->compat, .feature_incompat = w->incompat,
		.feature_ro_compat = w->ro_compat, .def_hash_version = E2_HASH_HALF_MD4,
		.flags = E2_SF_SIGNED_HASH | (o->test_fs ? E2_SF_TEST : 0u),
		.raid_stride = (uint16_t)o->stride, .raid_stripe_width = o->stripe_width,
	};
	if (w->revision != 0)
		s->default_mount_opts = 0x000c;		/* user_xattr acl */
	if (w->inode_size > E2_INODE_BYTES)
		s->min_extra_isize = s->want_extra_isize = E2_EXTRA_ISIZE;
	/* The resize inode's size is what its double-indirect block spans: 4 GiB or more. */
	if ((w->compat & E2_FEATURE_resize_inode) && w->block_size >= 4096)
		s->feature_ro_compat |= E2_FEATURE_large_file;
	set_times(s, o->now);
	set_identity(s, o);
	set_layout(s, g, reserved);
}

/* How many inodes are wanted, proven to be possible at all. */
static int count_inodes(const struct e2_wish *w, uint64_t blocks, uint64_t *inodes)
{
	uint64_t bytes = blocks * w->block_size;
	uint64_t n = w->inodes ? w->inodes : bytes / w->bytes_per_inode;
	uint64_t most = blocks * (w->block_size / w->inode_size) - 1;

	if (most > UINT32_MAX)
		most = UINT32_MAX;
	if (n > most && w->inodes)
		return e2_fail(E2_ERR_INVAL, "-N %llu: number of inodes must be %d to %llu for "
			       "%llu blocks", (unsigned long long)n, (int)INODES_MIN,
			       (unsigned long long)most, (unsigned long long)blocks);
	if (n > most)
		return e2_fail(E2_ERR_INVAL, "-i %llu: gives %llu inodes, but %llu blocks hold at "
			       "most %llu; raise the bytes per inode",
			       (unsigned long long)w->bytes_per_inode, (unsigned long long)n,
			       (unsigned long long)blocks, (unsigned long long)most);
	*inodes = n;
	return 0;
}

/* The reserved inodes and lost+found need a place: a given number that leaves none is refused, a
 * small volume's own is raised. */
static int lay_out_enough(struct e2_wish *w, uint64_t inodes, uint64_t blocks,
			  struct e2_geometry *g, uint64_t *reserved)
{
	uint64_t reserved_of_all = *reserved;
	int err = lay_out(w, inodes, blocks, g, reserved);

	if (err || g->inodes >= INODES_MIN)
		return err;
	if (w->inodes)
		return e2_fail(E2_ERR_INVAL, "-N %llu: gives %u inodes, rounded to whole bytes of "
			       "the bitmap; the reserved ones and lost+found need %d",
			       (unsigned long long)w->inodes, g->inodes, (int)INODES_MIN);
	*reserved = reserved_of_all;
	g->blocks_per_group = w->blocks_per_group;
	return lay_out(w, 2 * 8, blocks, g, reserved);
}

int e2_shape_make(const struct e2_shape_options *options, uint64_t bytes, struct e2_shape *shape)
{
	struct e2_wish w;
	struct e2_shape s = { .extra_isize = 0 };
	uint64_t inodes = 0;
	int err = e2_wish_make(options, bytes, &w);

	if (err)
		return err;

	uint64_t blocks = bytes / w.block_size;

	if (blocks > UINT32_MAX)
		return e2_fail(E2_ERR_INVAL, "too large: %llu blocks of %u bytes; a volume has at "
			       "most %u, which with -b 65536 are 256 TiB",
			       (unsigned long long)blocks, w.block_size, UINT32_MAX);
	s.geometry = (struct e2_geometry){
		.block_size = w.block_size, .inode_size = w.inode_size, .desc_size = E2_GROUP_BYTES,
		.first_data_block = w.block_size == 1024, .blocks_per_group = w.blocks_per_group,
		.meta_bg = w.incompat & E2_FEATURE_meta_bg,
		.sparse_super = w.ro_compat & E2_FEATURE_sparse_super,
		.sparse_super2 = w.compat & E2_FEATURE_sparse_super2,
	};
	if (blocks <= s.geometry.first_data_block + 4)
		return e2_fail(E2_ERR_NOSPC, "too small: %llu bytes; the metadata alone need at "
			       "least %llu blocks of %u bytes", (unsigned long long)bytes,
			       (unsigned long long)s.geometry.first_data_block + 5, w.block_size);

	uint64_t reserved = (uint64_t)(w.reserved_percent * (double)blocks / 100.0);

	if ((err = count_inodes(&w, blocks, &inodes)) != 0 ||
	    (err = lay_out_enough(&w, inodes, blocks, &s.geometry, &reserved)) != 0)
		return err;
	s.dropped_blocks = blocks - s.geometry.blocks;
	make_super(options, &w, &s.geometry, reserved, &s.super);
	s.extra_isize = s.super.want_extra_isize;
	err = e2_geometry_derive(&s.super, 0, &s.geometry);
	if (!err)
		*shape = s;
	return err;
}
