/* SPDX-License-Identifier: MIT */
/*
 * The proof that a superblock describes a possible volume.
 *
 * Every rule is one the kernel's mount enforces, or one without which the
 * volume's own arithmetic would leave it.  A geometry that came out of here
 * makes all of layout.c safe: no overflow, no division by zero, no block of the
 * layout outside the volume.
 * Layout: kernel, Documentation/filesystems/ext4/{super,blockgroup}.rst.
 */
#include "vol/vol.h"

#include "base/checked.h"

#include <inttypes.h>

enum {
	LOG_BLOCK_SIZE_MAX = 6,			/* 64 KiB */
	DESC_SIZE_MIN_64 = 64, DESC_SIZE_MAX_64 = 1024,
};

/* "<field> is <have>, must be <min> to <max>" */
static int field_range(const char *field, uint64_t have, uint64_t min, uint64_t max)
{
	if (have >= min && have <= max)
		return 0;
	if (min == max)
		return e2_fail(E2_ERR_CORRUPT, "superblock: %s is %" PRIu64 ", must be %" PRIu64,
			       field, have, min);
	return e2_fail(E2_ERR_CORRUPT,
		       "superblock: %s is %" PRIu64 ", must be %" PRIu64 " to %" PRIu64, field,
		       have, min, max);
}

static int derive_sizes(const struct e2_super *s, struct e2_geometry *g)
{
	int err = field_range("log_block_size", s->log_block_size, 0, LOG_BLOCK_SIZE_MAX);
	if (err)
		return err;
	g->block_bits = 10 + s->log_block_size;
	g->block_size = UINT32_C(1) << g->block_bits;
	g->pointers = g->block_size / 4;
	if (!e2_has_bigalloc(s)) {
		err = field_range("log_cluster_size", s->log_cluster_size, s->log_block_size,
				  s->log_block_size);
		if (err)
			return err;
	}
	g->inode_size = E2_INODE_BYTES;
	g->first_ino = E2_GOOD_OLD_FIRST_INO;
	if (s->rev_level == 0)
		return 0;
	g->inode_size = s->inode_size;
	g->first_ino = s->first_ino;
	err = field_range("inode_size", g->inode_size, E2_INODE_BYTES, g->block_size);
	if (!err && !e2_is_power_of_2(g->inode_size))
		err = e2_fail(E2_ERR_CORRUPT, "superblock: inode_size is %" PRIu32
			      ", must be a power of two", g->inode_size);
	return err;
}

/* Blocks, groups, and where the numbers of both begin. */
static int derive_groups(const struct e2_super *s, struct e2_geometry *g)
{
	uint32_t per_group_max = g->block_size * 8;

	g->blocks = s->blocks_count;
	if (e2_has_64bit(s))
		g->blocks |= (uint64_t)s->blocks_count_hi << 32;
	if (e2_has_bigalloc(s) && s->log_cluster_size > s->log_block_size &&
	    s->log_cluster_size - s->log_block_size <= 10)
		per_group_max <<= s->log_cluster_size - s->log_block_size;

	/* Without clusters the kernel insists on block 1 for 1 KiB blocks; block 0
	 * holds the superblock of all others. */
	g->first_data_block = g->block_size == 1024 && !e2_has_bigalloc(s) ? 1 : 0;
	int err = field_range("first_data_block", s->first_data_block, g->first_data_block,
			      g->first_data_block);
	if (err)
		return err;
	err = field_range("blocks_per_group", s->blocks_per_group, 8, per_group_max);
	if (err)
		return err;
	g->blocks_per_group = s->blocks_per_group;
	if (!e2_has_bigalloc(s)) {
		err = field_range("clusters_per_group", s->clusters_per_group,
				  s->blocks_per_group, s->blocks_per_group);
		if (err)
			return err;
	}
	err = field_range("blocks_count", g->blocks, g->first_data_block + 1,
			  e2_has_64bit(s) ? UINT64_C(1) << 48 : UINT32_MAX);
	if (err)
		return err;
	uint64_t groups = e2_div_up(g->blocks - g->first_data_block, g->blocks_per_group);
	if (groups > UINT32_MAX - g->block_size)
		return e2_fail(E2_ERR_CORRUPT, "superblock: blocks_count %" PRIu64
			       " makes %" PRIu64 " groups, too many to number", g->blocks, groups);
	g->groups = (e2_grp)groups;
	return 0;
}

static int derive_inodes(const struct e2_super *s, struct e2_geometry *g)
{
	int err = field_range("inodes_per_group", s->inodes_per_group,
			      g->block_size / g->inode_size, g->block_size * 8);
	if (err)
		return err;
	g->inodes_per_group = s->inodes_per_group;
	uint64_t inodes = (uint64_t)g->groups * g->inodes_per_group;
	if (inodes != s->inodes_count)
		return e2_fail(E2_ERR_CORRUPT, "superblock: inodes_count is %" PRIu32
			       ", but %" PRIu32 " groups of %" PRIu32 " make %" PRIu64,
			       s->inodes_count, g->groups, g->inodes_per_group, inodes);
	g->inodes = s->inodes_count;
	/* The reserved inodes exist. */
	err = field_range("first_ino", g->first_ino, E2_GOOD_OLD_FIRST_INO, g->inodes);
	if (err)
		return err;
	g->inode_table_blocks = (uint32_t)e2_div_up((uint64_t)g->inodes_per_group * g->inode_size,
						    g->block_size);
	/* A table and two bitmaps for each group; their sum bounds what a scan reads. */
	uint64_t tables = (uint64_t)g->groups * (g->inode_table_blocks + UINT64_C(2));
	if (tables > g->blocks - g->first_data_block)
		return e2_fail(E2_ERR_CORRUPT, "superblock: inodes_per_group is %" PRIu32
			       ": bitmaps and inode tables take %" PRIu64
			       " blocks, the volume has %" PRIu64, g->inodes_per_group, tables,
			       g->blocks);
	return 0;
}

static int derive_descriptors(const struct e2_super *s, struct e2_geometry *g)
{
	g->desc_size = E2_GROUP_BYTES;
	if (e2_has_64bit(s)) {
		int err = field_range("desc_size", s->desc_size, DESC_SIZE_MIN_64,
				      DESC_SIZE_MAX_64);
		if (err)
			return err;
		if (!e2_is_power_of_2(s->desc_size))
			return e2_fail(E2_ERR_CORRUPT, "superblock: desc_size is %" PRIu32
				       ", must be a power of two", (uint32_t)s->desc_size);
		g->desc_size = s->desc_size;
	}
	g->meta_bg = e2_has_meta_bg(s);
	g->desc_blocks = (uint32_t)e2_div_up(g->groups, g->block_size / g->desc_size);
	g->first_meta_bg = g->desc_blocks;
	if (g->meta_bg) {
		int err = field_range("first_meta_bg", s->first_meta_bg, 0, g->desc_blocks);
		if (err)
			return err;
		g->first_meta_bg = s->first_meta_bg;
	}
	int err = field_range("reserved_gdt_blocks", s->rev_level ? s->reserved_gdt_blocks : 0, 0,
			      g->block_size / 4);
	if (err)
		return err;
	/* Without resize_inode the field has no meaning, and the kernel still counts it. */
	g->reserved_gdt_blocks = s->rev_level ? s->reserved_gdt_blocks : 0;

	uint64_t head = (uint64_t)1 + g->first_meta_bg + (g->meta_bg ? 0 : g->reserved_gdt_blocks);
	if (head > e2_group_blocks(g, 0))
		return e2_fail(E2_ERR_CORRUPT, "superblock: %" PRIu32 " descriptor blocks and %"
			       PRIu32 " reserved ones do not fit in group 0, which has %" PRIu32
			       " blocks", g->first_meta_bg, g->reserved_gdt_blocks,
			       e2_group_blocks(g, 0));
	return 0;
}

/* Only the last group can be too short for what begins it. */
static int check_last_group(const struct e2_geometry *g)
{
	uint32_t head = e2_group_head_blocks(g, g->groups - 1);
	uint32_t have = e2_group_blocks(g, g->groups - 1);

	if (head <= have)
		return 0;
	return e2_fail(E2_ERR_CORRUPT, "superblock: blocks_count is %" PRIu64 ": the last group "
		       "has %" PRIu32 " blocks, its superblock and descriptors take %" PRIu32,
		       g->blocks, have, head);
}

int e2_geometry_derive(const struct e2_super *super, uint64_t image_bytes, struct e2_geometry *g)
{
	struct e2_geometry d = { 0 };

	if (super->magic != E2_MAGIC)
		return e2_fail(E2_ERR_NOT_EXT2, "superblock: magic is 0x%04" PRIx32
			       ", must be 0x%04x", (uint32_t)super->magic, (unsigned)E2_MAGIC);
	int err = field_range("rev_level", super->rev_level, 0, 1);
	if (!err)
		err = derive_sizes(super, &d);
	if (!err)
		err = derive_groups(super, &d);
	if (!err)
		err = derive_inodes(super, &d);
	if (!err)
		err = derive_descriptors(super, &d);
	if (err)
		return err;
	d.sparse_super = e2_has_sparse_super(super);
	d.sparse_super2 = e2_has_sparse_super2(super);
	d.filetype = e2_has_filetype(super);
	for (unsigned i = 0; i < 2; i++)
		d.backup_bgs[i] = super->backup_bgs[i];
	err = check_last_group(&d);
	if (err)
		return err;
	if (image_bytes != 0 && d.blocks > image_bytes >> d.block_bits)
		return e2_fail(E2_ERR_CORRUPT, "superblock: blocks_count is %" PRIu64
			       ", but the image holds %" PRIu64 " blocks of %" PRIu32 " bytes",
			       d.blocks, image_bytes >> d.block_bits, d.block_size);
	*g = d;
	return 0;
}
