/* SPDX-License-Identifier: MIT */
#include "change_ops.h"

#include "image_tree.h"
#include "check/break.h"
#include "tree/change.h"
#include "tree/copy.h"
#include "tree/damage.h"
#include "tree/dedupe.h"
#include "tree/xattr_area.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Inodes of the volume. */
enum {
	DIR = 12, SUB, EMPTY, SMALL, BIG, FAST, SLOW, NODE, TREE, TREE_FILE, TREE_DIR, TREE_DEEP,
	FULL, INDEXED, WITH_ATTR, SHARE_1, SHARE_2, MANY, PLAIN, NAMED, OPS_INODES
};
enum { BLOCK = 1024, FULL_NAMES = 30, INDEXED_NAMES = 60 };

/* ---- the volume ------------------------------------------------------------------ */

static void add_file(struct img *img, e2_ino dir, const char *name, e2_ino ino, uint64_t size)
{
	struct e2_inode in = img_reg(size);
	char data[BLOCK];

	memset(data, 'a' + (int)(ino % 26), sizeof(data));
	for (e2_lblk i = 0; i * BLOCK < size; i++)
		img_map(img, &in, i, img_put(img, data, sizeof(data)));
	img_add(img, dir, name, ino, &in);
}

/* 14 blocks, then a hole, then one that takes two levels of pointers. */
static void add_big(struct img *img)
{
	const e2_lblk far = E2_DIRECT + BLOCK / 4 + 5;
	struct e2_inode in = img_reg((far + 1) * BLOCK);

	for (e2_lblk i = 0; i < 14; i++)
		img_map(img, &in, i, img_put(img, "big", 3));
	img_map(img, &in, far, img_put(img, "far", 3));
	img_add(img, E2_INO_ROOT, "big", BIG, &in);
}

static void add_slow_symlink(struct img *img)
{
	struct e2_inode in = img_reg(100);
	char text[100];

	memset(text, 'x', sizeof(text));
	in.mode = E2_S_IFLNK | 0777;
	img_map(img, &in, 0, img_put(img, text, sizeof(text)));
	img_add(img, E2_INO_ROOT, "slow", SLOW, &in);
}

/* Two inodes that share a block of attributes, and one with an attribute of its own. */
static void add_attributes(struct img *img)
{
	const struct e2_xattr_item item = {
		.name = "tag", .name_len = 3, .name_index = E2_XATTR_USER,
		.value = (const uint8_t *)"value", .value_len = 5,
	};
	struct e2_inode in = img_reg(0);
	uint8_t block[BLOCK], raw[256];
	struct e2_xattr_pack pack;
	uint32_t offset;
	e2_blk blk;

	e2_xattr_pack_block(&pack, block, sizeof(block));
	e2_xattr_pack_add(&pack, &item);
	e2_xattr_pack_block_end(&pack, 2);
	in.file_acl = (uint32_t)img_put(img, block, sizeof(block));
	in.blocks = 2;
	img_add(img, E2_INO_ROOT, "share1", SHARE_1, &in);
	img_add(img, E2_INO_ROOT, "share2", SHARE_2, &in);

	in = img_reg(0);
	img_add(img, E2_INO_ROOT, "attr", WITH_ATTR, &in);
	struct e2_group desc = img_group(img, (WITH_ATTR - 1) / img->g.inodes_per_group);
	offset = (WITH_ATTR - 1) % img->g.inodes_per_group * 256;
	blk = desc.inode_table + offset / BLOCK;
	offset %= BLOCK;
	img_read(img, blk, offset, raw, sizeof(raw));
	in = img_inode_get(img, WITH_ATTR);
	e2_xattr_pack_inode(&pack, raw, 256, in.extra_isize);
	e2_xattr_pack_add(&pack, &item);
	e2_xattr_pack_inode_end(&pack);
	img_write(img, blk, offset, raw, sizeof(raw));
}

/* A directory whose one block has no room, and one with an index: names of one inode. */
static void add_directories(struct img *img)
{
	struct img_name names[INDEXED_NAMES];
	char text[INDEXED_NAMES][24];
	struct e2_inode in = img_reg(0);

	in.links_count = FULL_NAMES + INDEXED_NAMES;
	img_inode(img, MANY, &in);
	img_mkdir(img, FULL, E2_INO_ROOT, "full");
	for (int i = 0; i < FULL_NAMES; i++) {
		snprintf(text[i], sizeof(text[i]), "full-of-long-names-%03d", i);
		img_link(img, FULL, text[i], MANY, E2_FT_REG);
	}
	for (int i = 0; i < INDEXED_NAMES; i++) {
		snprintf(text[i], sizeof(text[i]), "indexed-%03d", i);
		names[i] = (struct img_name){ .ino = MANY, .name = text[i] };
	}
	img_link(img, E2_INO_ROOT, "indexed", INDEXED, E2_FT_DIR);
	img_indexed_dir(img, INDEXED, E2_HASH_HALF_MD4, names, INDEXED_NAMES, 20, false);
}

static void set_links(struct img *img, e2_ino ino, uint16_t links)
{
	struct e2_inode in = img_inode_get(img, ino);

	in.links_count = links;
	img_inode(img, ino, &in);
}

/* What the helpers leave to who makes directories. */
static void count_directories(struct img *img)
{
	struct e2_group desc = img_group(img, 0);

	set_links(img, E2_INO_ROOT, 7);
	set_links(img, DIR, 3);
	set_links(img, TREE, 3);
	desc.used_dirs_count = 8;
	img_group_put(img, 0, &desc);
}

void change_ops_image(struct img *img)
{
	const struct img_options options = {
		.blocks = 600, .blocks_per_group = 512, .inodes_per_group = 32,
		.compat = E2_FEATURE_dir_index | E2_FEATURE_ext_attr,
		.incompat = E2_FEATURE_filetype,
		.ro_compat = E2_FEATURE_sparse_super,
	};
	struct e2_inode in;

	img_new(img, &options);
	img_mkdir(img, DIR, E2_INO_ROOT, "dir");
	img_mkdir(img, SUB, DIR, "sub");
	img_mkdir(img, EMPTY, E2_INO_ROOT, "empty");
	add_file(img, E2_INO_ROOT, "small", SMALL, 1500);
	add_big(img);
	in = img_symlink("small");
	img_add(img, E2_INO_ROOT, "fast", FAST, &in);
	add_slow_symlink(img);
	in = img_reg(0);
	in.mode = E2_S_IFCHR | 0600;
	in.block[0] = 0x0103;
	img_add(img, E2_INO_ROOT, "node", NODE, &in);
	img_mkdir(img, TREE, E2_INO_ROOT, "tree");
	add_file(img, TREE, "file", TREE_FILE, 10);
	img_mkdir(img, TREE_DIR, TREE, "dir");
	add_file(img, TREE_DIR, "deep", TREE_DEEP, 3000);
	add_directories(img);
	add_attributes(img);
	add_file(img, E2_INO_ROOT, "plain", PLAIN, 20);
	add_file(img, DIR, "named", NAMED, 20);
	img_link(img, E2_INO_ROOT, "named", NAMED, E2_FT_REG);
	set_links(img, NAMED, 2);
	count_directories(img);
	img_sync(img);
}

struct e2_time change_ops_now(void)
{
	return (struct e2_time){ .sec = 1800000000, .nsec = 5 };
}

/* ---- names ------------------------------------------------------------------------ */

static int create(struct e2_txn *txn, e2_ino dir, const char *name, struct e2_new what)
{
	e2_ino ino;

	return e2_create(txn, dir, name, strlen(name), &what, &ino);
}

static int rename_to(struct e2_txn *txn, e2_ino from, const char *name, e2_ino to,
		     const char *new_name, unsigned flags)
{
	return e2_rename(txn, from, name, strlen(name), to, new_name, strlen(new_name), flags);
}

#define OP(id) static int op_##id(struct e2_txn *txn)

OP(create_file)
{
	return create(txn, E2_INO_ROOT, "new", (struct e2_new){ .mode = E2_S_IFREG | 0644 });
}
OP(create_fifo)
{
	return create(txn, DIR, "new", (struct e2_new){ .mode = E2_S_IFIFO | 0644 });
}
OP(create_in_full)
{
	return create(txn, FULL, "full-of-long-names-999",
		(struct e2_new){ .mode = E2_S_IFREG | 0644 });
}
OP(create_in_indexed)
{
	return create(txn, INDEXED, "indexed-999", (struct e2_new){ .mode = E2_S_IFREG | 0644 });
}
OP(make_directory)
{
	return create(txn, DIR, "new", (struct e2_new){ .mode = E2_S_IFDIR | 0755 });
}

OP(make_device)
{
	return create(txn, DIR, "new", (struct e2_new){ .mode = E2_S_IFBLK | 0600, .major = 8,
							.minor = 300 });
}

OP(make_fast_symlink)
{
	return create(txn, DIR, "new", (struct e2_new){ .mode = E2_S_IFLNK | 0777,
							.target = "../small", .target_len = 8 });
}

OP(make_slow_symlink)
{
	char text[200];

	memset(text, 's', sizeof(text));
	return create(txn, DIR, "new", (struct e2_new){ .mode = E2_S_IFLNK | 0777, .target = text,
							.target_len = sizeof(text) });
}

OP(link_file) { return e2_link(txn, DIR, "another", 7, SMALL); }
OP(link_in_full) { return e2_link(txn, FULL, "full-of-long-names-998", 22, SMALL); }
OP(unlink_last) { return e2_unlink(txn, E2_INO_ROOT, "small", 5); }
OP(unlink_big) { return e2_unlink(txn, E2_INO_ROOT, "big", 3); }
OP(unlink_one_of_two) { return e2_unlink(txn, DIR, "named", 5); }
OP(unlink_slow_symlink) { return e2_unlink(txn, E2_INO_ROOT, "slow", 4); }
OP(unlink_sharer) { return e2_unlink(txn, E2_INO_ROOT, "share1", 6); }
OP(unlink_in_indexed) { return e2_unlink(txn, INDEXED, "indexed-010", 11); }
OP(remove_directory) { return e2_rmdir(txn, E2_INO_ROOT, "empty", 5); }

OP(remove_tree)
{
	uint64_t removed;

	return e2_remove_tree(txn, E2_INO_ROOT, "tree", 4, &removed);
}

OP(rename_here) { return rename_to(txn, E2_INO_ROOT, "small", E2_INO_ROOT, "renamed", 0); }
OP(rename_away) { return rename_to(txn, E2_INO_ROOT, "small", DIR, "small", 0); }
OP(rename_directory) { return rename_to(txn, DIR, "sub", E2_INO_ROOT, "sub", 0); }
OP(rename_over_file) { return rename_to(txn, E2_INO_ROOT, "plain", E2_INO_ROOT, "small", 0); }
OP(rename_over_directory) { return rename_to(txn, DIR, "sub", E2_INO_ROOT, "empty", 0); }
OP(rename_into_full)
{
	return rename_to(txn, E2_INO_ROOT, "plain", FULL, "full-of-long-names-9", 0);
}

OP(exchange)
{
	return rename_to(txn, E2_INO_ROOT, "small", DIR, "sub", E2_RENAME_EXCHANGE);
}

/* What ln -sfn does to a symlink. */
OP(switch_symlink)
{
	int err = e2_unlink(txn, E2_INO_ROOT, "fast", 4);

	return err ? err : create(txn, E2_INO_ROOT, "fast", (struct e2_new){
		.mode = E2_S_IFLNK | 0777, .target = "dir/named", .target_len = 9 });
}

static int copy_to(struct e2_txn *txn, e2_ino from, const char *name, unsigned flags)
{
	struct e2_copy_counts counts;

	return e2_copy(txn, from, E2_INO_ROOT, name, strlen(name), flags, &counts);
}

OP(copy_tree) { return copy_to(txn, TREE, "copied", E2_COPY_TREE | E2_COPY_ATTRS); }
OP(link_tree) { return copy_to(txn, TREE, "linked", E2_COPY_TREE | E2_COPY_LINK); }

/* ---- attributes -------------------------------------------------------------------------- */

/* What put --atomic does: a fresh inode takes the name, another name keeps the old one. */
OP(save_fresh)
{
	struct e2_inode in;
	e2_ino ino;
	int err = e2_unlink(txn, E2_INO_ROOT, "named", 5);

	if (!err)
		err = e2_create(txn, E2_INO_ROOT, "named", 5,
				&(struct e2_new){ .mode = E2_S_IFREG | 0644 }, &ino);
	if (!err)
		err = e2_inode_get(e2_txn_fs(txn), ino, &in);
	if (!err)
		err = e2_write(txn, ino, &in, 0, 3000, &(char[3000]){ "fresh" });
	return err ? err : e2_inode_put(txn, ino, &in);
}

OP(set_mode)
{
	return e2_setattr(txn, SMALL, &(struct e2_attr){ .mask = E2_SET_MODE, .mode = 04711 });
}

OP(set_owner_and_times)
{
	return e2_setattr(txn, SMALL, &(struct e2_attr){
		.mask = E2_SET_UID | E2_SET_GID | E2_SET_ATIME | E2_SET_MTIME, .uid = 100000,
		.gid = 7, .atime = { 5, 6 }, .mtime = { 7, 8 } });
}

OP(set_attribute_in_inode) { return e2_xattr_set(txn, SMALL, "user.a", "value", 5, 0); }

OP(set_attribute_in_block)
{
	char value[500];

	memset(value, 'v', sizeof(value));
	return e2_xattr_set(txn, SMALL, "user.a", value, sizeof(value), 0);
}

OP(replace_attribute) { return e2_xattr_set(txn, WITH_ATTR, "user.tag", "else", 4, 0); }

/* Too much for the inode: the shared block is copied. */
OP(set_attribute_of_sharer)
{
	char value[300];

	memset(value, 'w', sizeof(value));
	return e2_xattr_set(txn, SHARE_1, "user.other", value, sizeof(value), 0);
}

OP(remove_attribute) { return e2_xattr_remove(txn, WITH_ATTR, "user.tag"); }
OP(remove_attribute_of_sharer) { return e2_xattr_remove(txn, SHARE_2, "user.tag"); }
OP(copy_attributes) { return e2_xattr_copy(txn, SHARE_1, SMALL); }

/* An access list of owner, one user, group, mask and others. */
OP(set_acl)
{
	static const uint8_t acl[] = {
		2, 0, 0, 0,
		1, 0, 6, 0, 255, 255, 255, 255,
		2, 0, 4, 0, 232, 3, 0, 0,
		4, 0, 4, 0, 255, 255, 255, 255,
		16, 0, 4, 0, 255, 255, 255, 255,
		32, 0, 0, 0, 255, 255, 255, 255,
	};

	return e2_xattr_set(txn, SMALL, "system.posix_acl_access", acl, sizeof(acl), 0);
}

/* ---- data ----------------------------------------------------------------------------------- */

typedef int edit_fn(struct e2_txn *txn, e2_ino ino, struct e2_inode *in);

static int edit(struct e2_txn *txn, e2_ino ino, edit_fn *fn)
{
	struct e2_inode in;
	int err = e2_inode_get(e2_txn_fs(txn), ino, &in);

	if (!err)
		err = fn(txn, ino, &in);
	if (err)
		return err;
	e2_inode_touch(txn, &in, true);
	return e2_inode_put(txn, ino, &in);
}

#define EDIT(id, of) \
	static int edit_##id(struct e2_txn *txn, e2_ino ino, struct e2_inode *in); \
	OP(id) { return edit(txn, of, edit_##id); } \
	static int edit_##id(struct e2_txn *txn, e2_ino ino, struct e2_inode *in)

EDIT(overwrite, SMALL) { return e2_write(txn, ino, in, 100, 1000, &(char[1000]){ "over" }); }
EDIT(append, SMALL) { return e2_write(txn, ino, in, 1500, 3000, &(char[3000]){ "more" }); }
EDIT(write_in_hole, BIG)
{
	return e2_write(txn, ino, in, 40 * BLOCK + 7, 2000, &(char[2000]){ "h" });
}
EDIT(write_far, SMALL)
{
	return e2_write(txn, ino, in, (12 + 256 + 9) * BLOCK, 10, "0123456789");
}

EDIT(write_much, PLAIN)
{
	enum { MUCH = 100 * BLOCK };
	char *data = calloc(1, MUCH);
	int err = data ? e2_write(txn, ino, in, 0, MUCH, data) : E2_ERR_NOMEM;

	free(data);
	return err;
}

EDIT(truncate_within_block, SMALL) { return e2_truncate(txn, ino, in, 1100); }
EDIT(truncate_big, BIG) { return e2_truncate(txn, ino, in, 13 * BLOCK + 5); }
EDIT(truncate_to_nothing, BIG) { return e2_truncate(txn, ino, in, 0); }
EDIT(truncate_longer, SMALL) { return e2_truncate(txn, ino, in, UINT64_C(3) << 30); }
EDIT(punch, BIG) { return e2_punch(txn, ino, in, 3 * BLOCK + 100, 10 * BLOCK); }

EDIT(other_text, SLOW)
{
	int err = e2_truncate(txn, ino, in, 0);

	return err ? err : e2_symlink_write(txn, ino, in, "short", 5);
}

/* ---- several together ------------------------------------------------------------- */

OP(much_in_one)
{
	int err = op_remove_tree(txn);

	if (!err)
		err = op_write_much(txn);
	if (!err)
		err = op_rename_over_file(txn);
	if (!err)
		err = op_create_in_full(txn);
	return err ? err : op_set_attribute_of_sharer(txn);
}

/* Something is tried and taken back, and something else done. */
OP(after_a_rewind)
{
	unsigned mark;
	int err = e2_txn_mark(txn, &mark);

	if (err)
		return err;
	err = op_remove_tree(txn);
	if (!err)
		err = op_write_much(txn);
	e2_txn_rewind(txn, mark);
	return err ? err : op_make_directory(txn);
}

OP(reuse_in_one)
{
	int err = op_unlink_big(txn);

	return err ? err : op_write_much(txn);
}

OP(set_feature) { return e2_super_add_feature(txn, E2_RO_COMPAT, E2_FEATURE_large_file); }

/* ---- the same content ---------------------------------------------------------------- */

OP(dedupe)
{
	const struct e2_start all = { .ino = E2_INO_ROOT };
	const struct e2_dedupe_how how = { .min = 1, .max_links = E2_LINK_MAX };
	struct e2_copy_counts copied;
	struct e2_dedupe_counts counts;
	int err = e2_copy(txn, BIG, DIR, "twin", 4, 0, &copied);

	if (!err)
		err = e2_copy(txn, NAMED, TREE, "twin", 4, E2_COPY_ATTRS, &copied);
	if (!err)
		err = e2_dedupe(txn, &all, 1, &how, &counts);
	if (!err && counts.changed != 2)
		err = e2_fail(E2_ERR_INVAL, "%d names changed", (int)counts.changed);
	return err;
}

OP(unshare)
{
	const struct e2_start starts[] = {
		{ .ino = DIR }, { .ino = NAMED, .dir = E2_INO_ROOT, .name = "named", .len = 5 },
	};
	const struct e2_dedupe_how how = { .told = NULL };
	struct e2_dedupe_counts counts;
	int err = e2_unshare(txn, starts, 2, &how, &counts);

	return err || counts.changed == 1 ? err : e2_fail(E2_ERR_INVAL, "not one name changed");
}

/* ---- damage on purpose ------------------------------------------------------------------ */

OP(raw_clear_inode) { return e2_raw_clear_inode(txn, SMALL); }
OP(raw_copy_inode) { return e2_raw_copy_inode(txn, BIG, PLAIN); }
OP(raw_kill) { return e2_raw_kill(txn, BIG); }
OP(raw_kill_sharer) { return e2_raw_kill(txn, SHARE_1); }
OP(raw_link) { return e2_raw_link(txn, FULL, "full-of-long-names-997", 22, SMALL, E2_FT_REG); }
OP(raw_unlink) { return e2_raw_unlink(txn, INDEXED, "indexed-010", 11); }
OP(raw_expand) { return e2_raw_expand(txn, DIR); }
OP(raw_free_blocks) { return e2_raw_mark_blocks(txn, 500, 40, false); }
OP(raw_use_inodes) { return e2_raw_mark_inodes(txn, 30, 8, true); }

OP(raw_write)
{
	uint8_t bytes[2100];

	memset(bytes, 0xa5, sizeof(bytes));
	return e2_raw_write(txn, 300 * BLOCK + 50, sizeof(bytes), bytes);
}

OP(break_a_pointer)
{
	struct e2_broken broken;
	int err = e2_break(txn, e2_break_find("block-range"), 1, false, &broken);

	e2_broken_free(&broken);
	return err;
}

OP(break_an_entry)
{
	struct e2_broken broken;
	int err = e2_break(txn, e2_break_find("entry-unused"), 2, false, &broken);

	e2_broken_free(&broken);
	return err;
}

OP(break_at_random)
{
	struct e2_broken broken;
	int err = e2_break_random(txn, 3, 4, &broken);

	e2_broken_free(&broken);
	return err;
}

static const struct change_op ops[] = {
#define ROW(id) { #id, op_##id, false },
#define DAMAGE(id) { #id, op_##id, true },
	ROW(create_file) ROW(create_fifo) ROW(create_in_full) ROW(create_in_indexed)
	ROW(make_directory) ROW(make_device) ROW(make_fast_symlink) ROW(make_slow_symlink)
	ROW(link_file) ROW(link_in_full) ROW(unlink_last) ROW(unlink_big) ROW(unlink_one_of_two)
	ROW(unlink_slow_symlink) ROW(unlink_sharer) ROW(unlink_in_indexed) ROW(remove_directory)
	ROW(remove_tree) ROW(rename_here) ROW(rename_away) ROW(rename_directory)
	ROW(rename_over_file) ROW(rename_over_directory) ROW(rename_into_full) ROW(exchange)
	ROW(switch_symlink) ROW(save_fresh) ROW(copy_tree) ROW(link_tree)
	ROW(set_mode) ROW(set_owner_and_times) ROW(set_attribute_in_inode)
	ROW(set_attribute_in_block) ROW(replace_attribute) ROW(set_attribute_of_sharer)
	ROW(remove_attribute) ROW(remove_attribute_of_sharer) ROW(copy_attributes) ROW(set_acl)
	ROW(overwrite) ROW(append) ROW(write_in_hole) ROW(write_far) ROW(write_much)
	ROW(truncate_within_block) ROW(truncate_big) ROW(truncate_to_nothing)
	ROW(truncate_longer) ROW(punch) ROW(other_text) ROW(much_in_one) ROW(after_a_rewind)
	ROW(reuse_in_one) ROW(set_feature) ROW(dedupe) ROW(unshare)
	DAMAGE(raw_clear_inode) DAMAGE(raw_copy_inode) DAMAGE(raw_kill) DAMAGE(raw_kill_sharer)
	DAMAGE(raw_link) DAMAGE(raw_unlink) DAMAGE(raw_expand) DAMAGE(raw_free_blocks)
	DAMAGE(raw_use_inodes) DAMAGE(raw_write) DAMAGE(break_a_pointer) DAMAGE(break_an_entry)
	DAMAGE(break_at_random)
};

const struct change_op *change_op_at(size_t index)
{
	return index < sizeof(ops) / sizeof(*ops) ? &ops[index] : NULL;
}

const struct change_op *change_op_named(const char *name)
{
	size_t i = 0;

	while (change_op_at(i) && strcmp(change_op_at(i)->name, name) != 0)
		i++;
	if (!change_op_at(i)) {
		(void)fprintf(stderr, "no operation is called %s\n", name);
		abort();
	}
	return change_op_at(i);
}
