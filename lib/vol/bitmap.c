/* SPDX-License-Identifier: MIT */
/* What the bitmaps say about one block or inode. */
#include "vol/bits.h"
#include "vol/fs.h"

#include <inttypes.h>

static int get_bitmap(struct e2_fs *fs, e2_grp group, const char *what, e2_blk bitmap,
		      const struct e2_buf **buf)
{
	if (bitmap == 0 || !e2_block_valid(&fs->g, bitmap))
		return e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": %s bitmap at block %" PRIu64
			       " lies outside the volume, which has %" PRIu64 " blocks", group,
			       what, bitmap, fs->g.blocks);
	return e2_buf_get(fs, bitmap, buf);
}

static int test_bit(struct e2_fs *fs, e2_grp group, const char *what, e2_blk bitmap, uint32_t bit,
		    bool *used)
{
	const struct e2_buf *buf;
	int err = get_bitmap(fs, group, what, bitmap, &buf);

	if (err)
		return err;
	*used = (buf->data[bit / 8] >> bit % 8 & 1) != 0;
	e2_buf_put(fs, buf);
	return 0;
}

int e2_block_used(struct e2_fs *fs, e2_blk blk, bool *used)
{
	const struct e2_geometry *g = &fs->g;
	struct e2_group desc;

	if (blk >= g->blocks)
		return e2_fail(E2_ERR_RANGE, "no block %" PRIu64 ": the volume has %" PRIu64,
			       blk, g->blocks);
	if (blk < g->first_data_block) {	/* the boot block has no bit */
		*used = true;
		return 0;
	}
	e2_grp group = e2_block_group(g, blk);
	int err = e2_group_get(fs, group, &desc);
	if (err)
		return err;
	uint32_t bit = (uint32_t)(blk - e2_group_first_block(g, group));
	/* Clusters of several blocks share a bit (bigalloc, opened in spite of it). */
	if (e2_has_bigalloc(&fs->super) && fs->super.log_cluster_size > fs->super.log_block_size)
		bit >>= (fs->super.log_cluster_size - fs->super.log_block_size) & 31;
	if (bit >= g->block_size * 8)
		return e2_fail(E2_ERR_CORRUPT, "block %" PRIu64 " has no bit in a bitmap", blk);
	return test_bit(fs, group, "block", desc.block_bitmap, bit, used);
}

int e2_inode_used(struct e2_fs *fs, e2_ino ino, bool *used)
{
	const struct e2_geometry *g = &fs->g;
	struct e2_group desc;

	if (!e2_inode_valid(g, ino))
		return e2_fail(E2_ERR_RANGE, "no inode %" PRIu32 ": the volume has %" PRIu32,
			       ino, g->inodes);
	e2_grp group = e2_inode_group(g, ino);
	int err = e2_group_get(fs, group, &desc);
	if (err)
		return err;
	return test_bit(fs, group, "inode", desc.inode_bitmap, (ino - 1) % g->inodes_per_group,
			used);
}

/* ---- inodes of a group ----------------------------------------------------------- */

/* The inode bitmap of a group; *buf is NULL where it was never written and all are free. */
static int get_inode_bitmap(struct e2_fs *fs, e2_grp group, const struct e2_buf **buf)
{
	bool may_be_uninit = e2_has_uninit_bg(&fs->super) || e2_has_metadata_csum(&fs->super);
	struct e2_group desc;
	int err = e2_group_get(fs, group, &desc);

	*buf = NULL;
	if (err || (may_be_uninit && (desc.flags & E2_GF_INODE_UNINIT)))
		return err;
	return get_bitmap(fs, group, "inode", desc.inode_bitmap, buf);
}

int e2_group_inodes_used(struct e2_fs *fs, e2_grp group, uint32_t *count)
{
	uint32_t end = fs->g.inodes_per_group, free_bit = 0, used = 0;
	const struct e2_buf *buf;
	int err = get_inode_bitmap(fs, group, &buf);

	if (err)
		return err;
	for (uint32_t bit = 0; buf && bit < end; bit = free_bit) {
		bit = e2_bits_next_set(buf->data, bit, end);
		free_bit = e2_bits_next_clear(buf->data, bit, end);
		used += free_bit - bit;
	}
	e2_buf_put(fs, buf);
	*count = used;
	return 0;
}

int e2_inode_next_free(struct e2_fs *fs, e2_ino from, e2_ino *ino)
{
	const struct e2_geometry *g = &fs->g;
	e2_ino at = from < g->first_ino ? g->first_ino : from;

	*ino = 0;
	while (*ino == 0 && at <= g->inodes) {
		e2_grp group = e2_inode_group(g, at);
		uint32_t bit = (at - 1) % g->inodes_per_group, end = g->inodes_per_group;
		const struct e2_buf *buf;
		int err = get_inode_bitmap(fs, group, &buf);

		if (err == E2_ERR_NOMEM)
			return err;
		if (err)
			e2_err_clear();
		else if (buf)
			bit = e2_bits_next_clear(buf->data, bit, end);
		e2_buf_put(fs, buf);
		if (!err && bit < end)
			*ino = group * end + bit + 1;
		if (group + 1 == g->groups)
			break;
		at = (group + 1) * end + 1;
	}
	return 0;
}
