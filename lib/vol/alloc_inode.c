/* SPDX-License-Identifier: MIT */
/*
 * Taking and giving back inode numbers.
 *
 * A file's inode belongs into the group of its directory, where its blocks will lie too.
 * Directories of the root begin a subtree each and go to groups with more than the average
 * free; deeper ones stay near their parent while there is room for their files.
 * (The idea of the kernel's Orlov allocator.)
 */
#include "vol/alloc.h"

#include "disk/access.h"
#include "vol/bits.h"

#include <inttypes.h>

struct wish {			/* what a group must have free at least */
	uint64_t inodes, blocks;
};

/* The first inode of a group that is free and not reserved, counted in the group; or its end. */
static int search_inodes(struct e2_fs *fs, e2_grp group, const struct e2_group *desc,
			 uint32_t *index)
{
	const struct e2_geometry *g = &fs->g;
	uint64_t before = (uint64_t)group * g->inodes_per_group;
	uint32_t from = g->first_ino - 1 > before ? (uint32_t)(g->first_ino - 1 - before) : 0;
	const struct e2_buf *buf;

	*index = g->inodes_per_group;
	if (from >= g->inodes_per_group)
		return 0;
	int err = e2_bitmap_check(fs, group, E2_ROLE_INODE_BITMAP, desc->inode_bitmap);

	if (!err)
		err = e2_buf_get(fs, desc->inode_bitmap, &buf);
	if (err)
		return err;
	*index = e2_bits_next_clear(buf->data, from, g->inodes_per_group);
	e2_buf_put(fs, buf);
	return 0;
}

static int take(struct e2_txn *txn, e2_grp group, uint32_t index, bool directory)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_wbuf *bitmap = NULL;
	struct e2_counters c;
	int err = e2_counters_get(txn, group, &c);

	if (err)
		return err;
	uint32_t free_inodes = e2_super_get_free_inodes_count(c.super_raw);
	err = e2_bitmap_edit(txn, group, E2_ROLE_INODE_BITMAP, c.desc.inode_bitmap, &bitmap);
	if (!err && (c.desc.free_inodes_count == 0 || free_inodes == 0))
		err = e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": inode %" PRIu32 " is free, but "
			      "free_inodes_count is %u there and %" PRIu32 " in the superblock",
			      group, group * fs->g.inodes_per_group + index + 1,
			      (unsigned)c.desc.free_inodes_count, free_inodes);
	if (!err && directory && c.desc.used_dirs_count >= fs->g.inodes_per_group)
		err = e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": used_dirs_count is %u, but it "
			      "has only %" PRIu32 " inodes", group,
			      (unsigned)c.desc.used_dirs_count, fs->g.inodes_per_group);
	if (!err) {
		e2_bits_set(bitmap->data, index, 1);
		c.desc.free_inodes_count--;
		if (directory)
			c.desc.used_dirs_count++;
		e2_super_set_free_inodes_count(c.super_raw, free_inodes - 1);
	}
	e2_txn_put(txn, bitmap);
	e2_counters_put(txn, &c, err == 0);
	return err;
}

/* Takes an inode of the first group from `first` on, going round, that has what is wished;
 * 1, 0 when there is none. */
static int try_groups(struct e2_txn *txn, e2_grp first, const struct wish *wish, bool directory,
		      e2_ino *ino)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	const struct e2_geometry *g = &fs->g;
	struct e2_hints *hints;
	int err = e2_hints_get(txn, &hints);

	for (e2_grp i = 0; i < g->groups && !err; i++) {
		e2_grp group = i < g->groups - first ? first + i : i - (g->groups - first);
		struct e2_group desc;
		uint32_t index;

		if (hints->group[group].no_inodes)
			continue;
		err = e2_group_get(fs, group, &desc);
		if (err)
			break;
		if (desc.free_inodes_count < wish->inodes || desc.free_blocks_count < wish->blocks)
			continue;
		err = search_inodes(fs, group, &desc, &index);
		if (err)
			break;
		if (index == g->inodes_per_group) {
			hints->group[group].no_inodes = true;
			continue;
		}
		err = take(txn, group, index, directory);
		if (err)
			break;
		*ino = group * g->inodes_per_group + index + 1;
		return 1;
	}
	return err;
}

static uint64_t at_least_1(uint64_t n)
{
	return n > 0 ? n : 1;
}

/* Where a directory goes first of all. */
static int try_directory(struct e2_txn *txn, e2_ino parent, e2_ino *ino)
{
	const struct e2_geometry *g = &e2_txn_fs(txn)->g;
	e2_grp group = e2_inode_group(g, parent);
	uint64_t blocks, inodes;
	struct e2_hints *hints;
	int err = e2_hints_get(txn, &hints);

	if (!err)
		err = e2_free_counts(e2_txn_fs(txn), &blocks, &inodes);
	if (err)
		return err;
	struct wish average = { at_least_1(inodes / g->groups), blocks / g->groups };
	if (parent == E2_INO_ROOT) {
		e2_grp next = hints->last_dir + 1 < g->groups ? hints->last_dir + 1 : 0;

		err = try_groups(txn, next, &average, true, ino);
		if (err == 1)
			hints->last_dir = e2_inode_group(g, *ino);
		return err;
	}
	uint64_t less_inodes = g->inodes_per_group / 4, less_blocks = g->blocks_per_group / 4;
	struct wish some = {
		.inodes = at_least_1(average.inodes - (average.inodes < less_inodes ?
						       average.inodes : less_inodes)),
		.blocks = average.blocks - (average.blocks < less_blocks ?
					    average.blocks : less_blocks),
	};
	return try_groups(txn, group, &some, true, ino);
}

int e2_alloc_inode(struct e2_txn *txn, e2_ino parent, bool directory, e2_ino *ino)
{
	static const struct wish with_block = { 1, 1 }, any = { 1, 0 };
	const struct e2_geometry *g = &e2_txn_fs(txn)->g;
	int r = 0;

	if (!e2_inode_valid(g, parent))
		return e2_fail(E2_ERR_RANGE, "no inode %" PRIu32 ": the volume has %" PRIu32,
			       parent, g->inodes);
	e2_grp group = e2_inode_group(g, parent);
	if (directory)
		r = try_directory(txn, parent, ino);
	if (r == 0)
		r = try_groups(txn, group, &with_block, directory, ino);
	if (r == 0)
		r = try_groups(txn, group, &any, directory, ino);
	if (r != 0)
		return r < 0 ? r : 0;
	return e2_fail_full(e2_txn_fs(txn), true);
}

int e2_take_inode(struct e2_txn *txn, e2_ino ino, bool directory)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	const struct e2_geometry *g = &fs->g;
	bool used;

	if (!e2_inode_valid(g, ino) || ino < g->first_ino)
		return e2_fail(E2_ERR_RANGE, "inode %" PRIu32 " cannot be taken: there are %" PRIu32
			       " to %" PRIu32, ino, g->first_ino, g->inodes);
	int err = e2_inode_used(fs, ino, &used);

	if (err)
		return err;
	if (used)
		return e2_fail(E2_ERR_EXIST, "inode %" PRIu32 " is in use", ino);
	return take(txn, e2_inode_group(g, ino), (ino - 1) % g->inodes_per_group, directory);
}

int e2_free_inode(struct e2_txn *txn, e2_ino ino, bool directory)
{
	const struct e2_geometry *g = &e2_txn_fs(txn)->g;
	struct e2_wbuf *bitmap = NULL;
	struct e2_hints *hints;
	struct e2_counters c;

	if (!e2_inode_valid(g, ino))
		return e2_fail(E2_ERR_RANGE, "no inode %" PRIu32 ": the volume has %" PRIu32, ino,
			       g->inodes);
	if (ino < g->first_ino)
		return e2_fail(E2_ERR_CORRUPT, "inode %" PRIu32 " cannot be freed: it is reserved, "
			       "the first other is %" PRIu32, ino, g->first_ino);
	e2_grp group = e2_inode_group(g, ino);
	uint32_t index = (ino - 1) % g->inodes_per_group;
	int err = e2_hints_get(txn, &hints);
	if (!err)
		err = e2_counters_get(txn, group, &c);
	if (err)
		return err;
	uint32_t free_inodes = e2_super_get_free_inodes_count(c.super_raw);
	err = e2_bitmap_edit(txn, group, E2_ROLE_INODE_BITMAP, c.desc.inode_bitmap, &bitmap);
	if (!err && !e2_bits_test(bitmap->data, index))
		err = e2_fail(E2_ERR_CORRUPT, "inode %" PRIu32 " cannot be freed: it is free "
			      "already", ino);
	if (!err && (c.desc.free_inodes_count >= g->inodes_per_group || free_inodes >= g->inodes))
		err = e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": inode %" PRIu32 " is used, but "
			      "free_inodes_count is %u there and %" PRIu32 " in the superblock",
			      group, ino, (unsigned)c.desc.free_inodes_count, free_inodes);
	if (!err && directory && c.desc.used_dirs_count == 0)
		err = e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": used_dirs_count is 0, but inode %"
			      PRIu32 " is a directory", group, ino);
	if (!err) {
		e2_bits_clear(bitmap->data, index, 1);
		c.desc.free_inodes_count++;
		if (directory)
			c.desc.used_dirs_count--;
		e2_super_set_free_inodes_count(c.super_raw, free_inodes + 1);
		hints->group[group].no_inodes = false;
	}
	e2_txn_put(txn, bitmap);
	e2_counters_put(txn, &c, err == 0);
	return err;
}
