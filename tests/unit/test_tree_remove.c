/* SPDX-License-Identifier: MIT */
#include "change.h"
#include "e2test.h"
#include "image_tree.h"
#include "tree/dir.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1700000000, THEN = 1000000000 };

static const struct img_options PLAIN = {
	.blocks = 2048, .inodes_per_group = 256, .incompat = E2_FEATURE_filetype,
	.compat = E2_FEATURE_ext_attr | E2_FEATURE_dir_index,
};

static void set_flags(struct change *c, e2_ino ino, uint32_t flags)
{
	struct e2_inode in = change_inode(c, ino);

	in.flags = flags;
	change_put(c, ino, &in);
}

static void age(struct change *c, e2_ino ino)
{
	struct e2_inode in = change_inode(c, ino);

	in.atime = in.mtime = in.ctime = THEN;
	change_put(c, ino, &in);
}

static int unlink_name(struct change *c, e2_ino dir, const char *name)
{
	return e2_unlink(c->txn, dir, name, strlen(name));
}

static int rmdir_name(struct change *c, e2_ino dir, const char *name)
{
	return e2_rmdir(c->txn, dir, name, strlen(name));
}

static void free_counts(struct change *c, uint64_t counts[2])
{
	cr_assert_eq(e2_free_counts(c->fs, &counts[0], &counts[1]), 0);
}

E2_TEST(tree_remove, names_and_the_last_one)
{
	uint64_t before[2], after[2];
	char data[5000] = "text";
	struct e2_inode in;
	struct change c;
	bool used;
	e2_ino ino;

	change_open(&c, &PLAIN);
	free_counts(&c, before);
	ino = change_make(&c, E2_INO_ROOT, "a", E2_S_IFREG | 0644);
	in = change_inode(&c, ino);
	cr_assert_eq(e2_write(c.txn, ino, &in, 0, sizeof(data), data), 0);
	change_put(&c, ino, &in);
	cr_assert_eq(e2_link(c.txn, E2_INO_ROOT, "b", 1, ino), 0);
	age(&c, ino);
	age(&c, E2_INO_ROOT);
	cr_assert_eq(unlink_name(&c, E2_INO_ROOT, "a"), 0);
	in = change_inode(&c, ino);
	cr_assert(in.links_count == 1 && in.ctime == NOW && in.mtime == THEN);
	in = change_inode(&c, E2_INO_ROOT);
	cr_assert(in.mtime == NOW && in.ctime == NOW && in.atime == THEN);
	cr_assert_eq(change_find(&c, E2_INO_ROOT, "a"), 0);
	cr_assert_eq(change_find(&c, E2_INO_ROOT, "b"), ino);
	change_sound(&c);
	cr_assert_eq(unlink_name(&c, E2_INO_ROOT, "b"), 0);
	cr_assert_eq(e2_inode_used(c.fs, ino, &used), 0);
	cr_assert_eq(used, false);
	in = change_inode(&c, ino);
	cr_assert(in.links_count == 0 && in.dtime == NOW);
	free_counts(&c, after);
	cr_assert_arr_eq(before, after, sizeof(before));
	change_sound(&c);
	change_close(&c);
}

E2_TEST(tree_remove, directories)
{
	uint64_t before[2], after[2];
	struct change c;
	e2_ino dir;

	change_open(&c, &PLAIN);
	free_counts(&c, before);
	dir = change_mkdir(&c, E2_INO_ROOT, "d");
	change_mkdir(&c, dir, "e");
	cr_assert_eq(change_inode(&c, dir).links_count, 3);
	change_sound(&c);
	cr_assert_eq(rmdir_name(&c, E2_INO_ROOT, "d"), E2_ERR_NOTEMPTY);
	cr_assert_eq(rmdir_name(&c, dir, "e"), 0);
	cr_assert_eq(change_inode(&c, dir).links_count, 2);
	change_sound(&c);
	cr_assert_eq(rmdir_name(&c, E2_INO_ROOT, "d"), 0);
	cr_assert_eq(change_inode(&c, E2_INO_ROOT).links_count, 2);
	free_counts(&c, after);
	cr_assert_arr_eq(before, after, sizeof(before));
	change_sound(&c);
	change_close(&c);
}

E2_TEST(tree_remove, refusals)
{
	static const struct {
		const char *name;
		int unlink, rmdir, tree;
	} table[] = {
		{ "", E2_ERR_NOENT, E2_ERR_NOENT, E2_ERR_NOENT },
		{ ".", E2_ERR_ISDIR, E2_ERR_INVAL, E2_ERR_INVAL },
		{ "..", E2_ERR_ISDIR, E2_ERR_NOTEMPTY, E2_ERR_NOTEMPTY },
		{ "none", E2_ERR_NOENT, E2_ERR_NOENT, E2_ERR_NOENT },
		{ "dir", E2_ERR_ISDIR, E2_ERR_NOTEMPTY, 1 },
		{ "file", 1, E2_ERR_NOTDIR, 1 },
		{ "fixed", E2_ERR_PERM, E2_ERR_PERM, E2_ERR_PERM },
		{ "fixed dir", E2_ERR_PERM, E2_ERR_PERM, E2_ERR_PERM },
		{ "append", E2_ERR_PERM, E2_ERR_PERM, E2_ERR_PERM },
		{ "the root", E2_ERR_ISDIR, E2_ERR_BUSY, E2_ERR_BUSY },
		{ "reserved", E2_ERR_CORRUPT, E2_ERR_CORRUPT, E2_ERR_CORRUPT },
		{ "outside", E2_ERR_CORRUPT, E2_ERR_CORRUPT, E2_ERR_CORRUPT },
	};
	struct e2_inode root;
	struct change c;
	char longname[256];
	uint64_t before, removed = 77;
	e2_ino dir, file;

	change_open(&c, &PLAIN);
	dir = change_mkdir(&c, E2_INO_ROOT, "dir");
	change_make(&c, dir, "x", E2_S_IFREG);
	file = change_make(&c, E2_INO_ROOT, "file", E2_S_IFREG);
	set_flags(&c, change_make(&c, E2_INO_ROOT, "fixed", E2_S_IFREG), E2_FL_IMMUTABLE);
	set_flags(&c, change_mkdir(&c, E2_INO_ROOT, "fixed dir"), E2_FL_IMMUTABLE);
	set_flags(&c, change_make(&c, E2_INO_ROOT, "append", E2_S_IFREG), E2_FL_APPEND);
	root = change_inode(&c, E2_INO_ROOT);
	cr_assert_eq(e2_dir_insert(c.txn, E2_INO_ROOT, &root, "the root", 8, E2_INO_ROOT, 2), 0);
	cr_assert_eq(e2_dir_insert(c.txn, E2_INO_ROOT, &root, "reserved", 8, 7, 1), 0);
	cr_assert_eq(e2_dir_insert(c.txn, E2_INO_ROOT, &root, "outside", 7, 99999, 1), 0);
	before = change_digest(&c);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t len = strlen(table[i].name);

		if (table[i].unlink <= 0)
			cr_assert_eq(unlink_name(&c, E2_INO_ROOT, table[i].name), table[i].unlink,
				     "unlink %s", table[i].name);
		if (table[i].rmdir <= 0)
			cr_assert_eq(rmdir_name(&c, E2_INO_ROOT, table[i].name), table[i].rmdir,
				     "rmdir %s", table[i].name);
		if (table[i].tree <= 0)
			cr_assert_eq(e2_remove_tree(c.txn, E2_INO_ROOT, table[i].name, len,
						    &removed), table[i].tree, "tree %s",
				     table[i].name);
	}
	memset(longname, 'x', sizeof(longname));
	cr_assert_eq(e2_unlink(c.txn, E2_INO_ROOT, longname, 256), E2_ERR_NAMETOOLONG);
	cr_assert_eq(e2_unlink(c.txn, E2_INO_ROOT, longname, 255), E2_ERR_NOENT);
	cr_assert_eq(unlink_name(&c, file, "x"), E2_ERR_NOTDIR);
	cr_assert_eq(rmdir_name(&c, file, "x"), E2_ERR_NOTDIR);
	cr_assert_eq(e2_remove_tree(c.txn, file, "x", 1, &removed), E2_ERR_NOTDIR);
	cr_assert_eq(removed, 77);
	cr_assert_eq(change_digest(&c), before);
	/* What the directory forbids. */
	set_flags(&c, dir, E2_FL_APPEND);
	cr_assert_eq(unlink_name(&c, dir, "x"), E2_ERR_PERM);
	cr_assert_eq(e2_remove_tree(c.txn, E2_INO_ROOT, "dir", 3, &removed), E2_ERR_PERM);
	set_flags(&c, dir, E2_FL_IMMUTABLE);
	cr_assert_eq(unlink_name(&c, dir, "x"), E2_ERR_PERM);
	set_flags(&c, dir, 0);
	cr_assert_eq(unlink_name(&c, dir, "x"), 0);
	change_close(&c);
}

/* A name whose inode counts no names goes; what the inode holds is left for the checker. */
E2_TEST(tree_remove, count_of_zero)
{
	struct change c;
	struct e2_inode in;
	bool used;
	e2_ino ino;

	change_open(&c, &PLAIN);
	ino = change_make(&c, E2_INO_ROOT, "a", E2_S_IFREG);
	in = change_inode(&c, ino);
	in.links_count = 0;
	change_put(&c, ino, &in);
	cr_assert_eq(unlink_name(&c, E2_INO_ROOT, "a"), 0);
	cr_assert_eq(change_find(&c, E2_INO_ROOT, "a"), 0);
	cr_assert_eq(e2_inode_used(c.fs, ino, &used), 0);
	cr_assert_eq(used, true);
	change_close(&c);
}

/* ---- trees --------------------------------------------------------------------- */

static void grow_tree(struct change *c, e2_ino dir, unsigned depth, e2_ino outside)
{
	char name[16];

	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		change_make(c, dir, name, i == 2 ? E2_S_IFLNK | 0777 : E2_S_IFREG);
	}
	cr_assert_eq(e2_link(c->txn, dir, "out", 3, outside), 0);
	cr_assert_eq(e2_link(c->txn, dir, "again", 5, change_find(c, dir, "f0")), 0);
	for (unsigned i = 0; i < 2 && depth > 0; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		grow_tree(c, change_mkdir(c, dir, name), depth - 1, outside);
	}
}

E2_TEST(tree_remove, whole_tree)
{
	uint64_t before[2], after[2], removed = 0;
	struct change c;
	e2_ino outside;

	change_open(&c, &PLAIN);
	outside = change_make(&c, E2_INO_ROOT, "outside", E2_S_IFREG);
	free_counts(&c, before);
	grow_tree(&c, change_mkdir(&c, E2_INO_ROOT, "top"), 4, outside);
	cr_assert_eq(change_inode(&c, outside).links_count, 32);
	change_sound(&c);
	cr_assert_eq(e2_remove_tree(c.txn, E2_INO_ROOT, "top", 3, &removed), 0, "%s",
		     e2_err_detail());
	cr_assert_eq(removed, 31 * 4);
	cr_assert_eq(change_inode(&c, outside).links_count, 1);
	cr_assert_eq(change_inode(&c, E2_INO_ROOT).links_count, 2);
	free_counts(&c, after);
	cr_assert_arr_eq(before, after, sizeof(before));
	change_sound(&c);
	/* A file is a tree too. */
	cr_assert_eq(e2_link(c.txn, E2_INO_ROOT, "two", 3, outside), 0);
	cr_assert_eq(e2_remove_tree(c.txn, E2_INO_ROOT, "two", 3, &removed), 0);
	cr_assert_eq(removed, 0, "it has another name");
	cr_assert_eq(e2_remove_tree(c.txn, E2_INO_ROOT, "outside", 7, &removed), 0);
	cr_assert_eq(removed, 1);
	change_sound(&c);
	change_close(&c);
}

/* Directories with two parents, below themselves, with the root in them: nothing is removed. */
E2_TEST(tree_remove, hostile_trees)
{
	for (int i = 0; i < 7; i++) {
		uint64_t before, removed;
		struct change c;
		struct e2_inode in;
		e2_ino top, sub, other, into = 0, what = 0;

		change_open(&c, &PLAIN);
		other = change_mkdir(&c, E2_INO_ROOT, "other");
		top = change_mkdir(&c, E2_INO_ROOT, "top");
		change_make(&c, top, "a", E2_S_IFREG);
		sub = change_mkdir(&c, top, "sub");
		switch (i) {
		case 0:
			into = sub, what = top;
			break;
		case 1:
			into = sub, what = sub;
			break;
		case 2:
			into = top, what = sub;
			break;
		case 3:
			into = sub, what = E2_INO_ROOT;
			break;
		case 4:
			into = sub, what = other;
			break;
		case 5:		/* an inode that names do not lead to */
			into = sub, what = E2_INO_RESIZE;
			break;
		default:	/* damage in a directory */
			in = change_inode(&c, sub);
			struct e2_wbuf *buf;
			cr_assert_eq(e2_dir_edit(c.txn, sub, &in, 0, &buf), 0);
			e2_put16(buf->data + 12 + 4, 6);
			e2_txn_put(c.txn, buf);
		}
		if (into) {
			in = change_inode(&c, into);
			cr_assert_eq(e2_dir_insert(c.txn, into, &in, "odd", 3, what, 2), 0);
		}
		before = change_digest(&c);
		cr_assert_eq(e2_remove_tree(c.txn, E2_INO_ROOT, "top", 3, &removed),
			     E2_ERR_CORRUPT, "case %d", i);
		cr_assert_eq(change_digest(&c), before);
		/* The way of a false name. */
		if (i == 4)
			cr_assert_eq(e2_remove_tree(c.txn, sub, "odd", 3, &removed),
				     E2_ERR_CORRUPT);
		cr_assert_eq(change_digest(&c), before);
		change_close(&c);
	}
}

E2_TEST(tree_remove, flags_deep_in_a_tree)
{
	uint64_t before, removed;
	struct change c;
	e2_ino top, sub;

	change_open(&c, &PLAIN);
	top = change_mkdir(&c, E2_INO_ROOT, "top");
	sub = change_mkdir(&c, top, "sub");
	set_flags(&c, change_make(&c, sub, "a", E2_S_IFREG), E2_FL_APPEND);
	before = change_digest(&c);
	cr_assert_eq(e2_remove_tree(c.txn, E2_INO_ROOT, "top", 3, &removed), E2_ERR_PERM);
	set_flags(&c, change_find(&c, sub, "a"), E2_FL_IMMUTABLE);
	cr_assert_eq(e2_remove_tree(c.txn, E2_INO_ROOT, "top", 3, &removed), E2_ERR_PERM);
	set_flags(&c, change_find(&c, sub, "a"), E2_FL_APPEND);
	cr_assert_eq(change_digest(&c), before);
	change_close(&c);
}
