/* SPDX-License-Identifier: MIT */
#include "change.h"
#include "e2test.h"
#include "tree/dir.h"

#include <string.h>

enum { NOW = 1700000000, THEN = 1000000000 };

static const struct img_options PLAIN = {
	.blocks = 2048, .inodes_per_group = 256, .incompat = E2_FEATURE_filetype,
	.compat = E2_FEATURE_ext_attr | E2_FEATURE_dir_index,
};

/*
 * /f, /g (one inode with /h), /d/x, /d/sub/deep, /e (empty), /fixed, /append, /fixed dir with
 * a name in it.  Tests name directories by a letter.
 */
struct tree {
	struct change c;
	e2_ino f, g, d, sub, deep, e, fixed_dir, inside;
};

static void set_flags(struct change *c, e2_ino ino, uint32_t flags)
{
	struct e2_inode in = change_inode(c, ino);

	in.flags = flags;
	change_put(c, ino, &in);
}

static void make_tree(struct tree *t)
{
	struct change *c = &t->c;

	change_open(c, &PLAIN);
	t->f = change_make(c, E2_INO_ROOT, "f", E2_S_IFREG | 0644);
	t->g = change_make(c, E2_INO_ROOT, "g", E2_S_IFREG | 0644);
	cr_assert_eq(e2_link(c->txn, E2_INO_ROOT, "h", 1, t->g), 0);
	t->d = change_mkdir(c, E2_INO_ROOT, "d");
	change_make(c, t->d, "x", E2_S_IFREG);
	t->sub = change_mkdir(c, t->d, "sub");
	t->deep = change_mkdir(c, t->sub, "deep");
	t->e = change_mkdir(c, E2_INO_ROOT, "e");
	set_flags(c, change_make(c, E2_INO_ROOT, "fixed", E2_S_IFREG), E2_FL_IMMUTABLE);
	set_flags(c, change_make(c, E2_INO_ROOT, "append", E2_S_IFREG), E2_FL_APPEND);
	t->fixed_dir = change_mkdir(c, E2_INO_ROOT, "fixed dir");
	t->inside = change_make(c, t->fixed_dir, "in", E2_S_IFREG);
	set_flags(c, t->fixed_dir, E2_FL_IMMUTABLE);
}

static e2_ino dir_of(const struct tree *t, char letter)
{
	switch (letter) {
	case '/':
		return E2_INO_ROOT;
	case 'd':
		return t->d;
	case 's':
		return t->sub;
	case 'D':
		return t->deep;
	case 'e':
		return t->e;
	case 'f':
		return t->f;
	default:
		return t->fixed_dir;
	}
}

static int move(struct tree *t, char from, const char *name, char to, const char *new_name,
		unsigned flags)
{
	return e2_rename(t->c.txn, dir_of(t, from), name, strlen(name), dir_of(t, to), new_name,
			 strlen(new_name), flags);
}

enum { PLAIN_MOVE, NOREPLACE = E2_RENAME_NOREPLACE, EXCHANGE = E2_RENAME_EXCHANGE };

/* Every refusal is the kernel's, and changes nothing. */
E2_TEST(tree_rename, refusals)
{
	static const struct {
		char from;
		const char *name;
		char to;
		const char *new_name;
		unsigned flags;
		int err;
	} table[] = {
		{ 'f', "x", '/', "y", 0, E2_ERR_NOTDIR },
		{ '/', "f", 'f', "y", 0, E2_ERR_NOTDIR },
		{ '/', "f", '/', "y", NOREPLACE | EXCHANGE, E2_ERR_INVAL },
		{ '/', ".", '/', "y", 0, E2_ERR_BUSY },
		{ '/', "..", '/', "y", 0, E2_ERR_BUSY },
		{ '/', "f", '/', ".", 0, E2_ERR_BUSY },
		{ '/', "f", '/', "..", 0, E2_ERR_BUSY },
		{ '/', "f", '/', "..", NOREPLACE, E2_ERR_EXIST },
		{ '/', "", '/', "y", 0, E2_ERR_NOENT },
		{ '/', "f", '/', "", 0, E2_ERR_NOENT },
		{ '/', "none", '/', "y", 0, E2_ERR_NOENT },
		{ '/', "none", '/', "f", 0, E2_ERR_NOENT },
		{ '/', "f", '/', "a/b", 0, E2_ERR_INVAL },
		{ '/', "f", '/', "g", NOREPLACE, E2_ERR_EXIST },
		{ '/', "g", '/', "h", NOREPLACE, E2_ERR_EXIST },
		{ '/', "f", '/', "none", EXCHANGE, E2_ERR_NOENT },
		/* what is above what */
		{ '/', "d", 'd', "y", 0, E2_ERR_INVAL },
		{ '/', "d", 's', "y", 0, E2_ERR_INVAL },
		{ '/', "d", 'D', "y", 0, E2_ERR_INVAL },
		{ '/', "d", 'd', "x", EXCHANGE, E2_ERR_INVAL },
		{ 's', "deep", '/', "d", 0, E2_ERR_NOTEMPTY },
		{ 'd', "x", '/', "d", 0, E2_ERR_NOTEMPTY },
		{ 's', "deep", '/', "d", EXCHANGE, E2_ERR_INVAL },
		/* types */
		{ '/', "e", '/', "f", 0, E2_ERR_NOTDIR },
		{ '/', "f", '/', "e", 0, E2_ERR_ISDIR },
		{ '/', "f", '/', "d", 0, E2_ERR_ISDIR },
		{ '/', "e", '/', "d", 0, E2_ERR_NOTEMPTY },
		{ '/', "e", 'd', "sub", 0, E2_ERR_NOTEMPTY },
		/* flags */
		{ '/', "fixed", '/', "y", 0, E2_ERR_PERM },
		{ '/', "append", '/', "y", 0, E2_ERR_PERM },
		{ '/', "f", '/', "fixed", 0, E2_ERR_PERM },
		{ '/', "f", '/', "append", 0, E2_ERR_PERM },
		{ '/', "f", '/', "fixed", EXCHANGE, E2_ERR_PERM },
		{ '/', "f", 'X', "y", 0, E2_ERR_PERM },
		{ '/', "f", 'X', "in", 0, E2_ERR_PERM },
		{ 'X', "in", '/', "y", 0, E2_ERR_PERM },
		{ 'X', "in", 'X', "y", 0, E2_ERR_PERM },
		{ '/', "fixed dir", '/', "y", 0, E2_ERR_PERM },
	};
	struct tree t;
	char longname[256];
	uint64_t before;

	make_tree(&t);
	before = change_digest(&t.c);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		cr_assert_eq(move(&t, table[i].from, table[i].name, table[i].to, table[i].new_name,
				  table[i].flags), table[i].err, "case %zu: %s", i,
			     e2_err_detail());
	memset(longname, 'x', sizeof(longname));
	cr_assert_eq(e2_rename(t.c.txn, 2, "f", 1, 2, longname, 256, 0), E2_ERR_NAMETOOLONG);
	cr_assert_eq(e2_rename(t.c.txn, 2, longname, 256, 2, "f", 1, 0), E2_ERR_NAMETOOLONG);
	cr_assert_eq(e2_rename(t.c.txn, 2, "none", 4, 2, longname, 256, 0), E2_ERR_NOENT);
	/* Two names of one inode: nothing happens, whatever the flags of anything. */
	cr_assert_eq(move(&t, '/', "g", '/', "h", 0), 0);
	cr_assert_eq(move(&t, '/', "g", '/', "g", 0), 0);
	cr_assert_eq(move(&t, '/', "fixed", '/', "fixed", EXCHANGE), 0);
	cr_assert_eq(change_digest(&t.c), before);
	change_close(&t.c);
}

static e2_ino parent_of(struct change *c, e2_ino dir)
{
	return change_find(c, dir, "..");
}

static void age(struct change *c, e2_ino ino)
{
	struct e2_inode in = change_inode(c, ino);

	in.atime = in.mtime = in.ctime = THEN;
	change_put(c, ino, &in);
}

/* "mc" for each time that is now. */
static void expect_times(struct change *c, e2_ino ino, bool mtime, bool ctime)
{
	struct e2_inode in = change_inode(c, ino);

	cr_assert_eq(in.mtime, mtime ? NOW : THEN, "mtime of %u", ino);
	cr_assert_eq(in.ctime, ctime ? NOW : THEN, "ctime of %u", ino);
	cr_assert_eq(in.atime, THEN);
}

E2_TEST(tree_rename, within_and_across)
{
	struct tree t;
	struct change *c = &t.c;

	make_tree(&t);
	age(c, t.f), age(c, t.d), age(c, E2_INO_ROOT), age(c, t.sub), age(c, t.e);
	cr_assert_eq(move(&t, '/', "f", '/', "a longer name of it", 0), 0);
	cr_assert_eq(change_find(c, E2_INO_ROOT, "f"), 0);
	cr_assert_eq(change_find(c, E2_INO_ROOT, "a longer name of it"), t.f);
	expect_times(c, t.f, false, true);
	expect_times(c, E2_INO_ROOT, true, true);
	/* A directory in its directory. */
	cr_assert_eq(move(&t, '/', "e", '/', "e2", 0), 0);
	cr_assert_eq(parent_of(c, t.e), E2_INO_ROOT);
	cr_assert_eq(change_inode(c, E2_INO_ROOT).links_count, 5);
	expect_times(c, t.e, false, true);
	age(c, E2_INO_ROOT);
	age(c, t.e);
	/* To another one: its ".." and both counts follow. */
	cr_assert_eq(move(&t, 'd', "sub", 'e', "moved", 0), 0);
	cr_assert_eq(change_find(c, t.e, "moved"), t.sub);
	cr_assert_eq(parent_of(c, t.sub), t.e);
	cr_assert_eq(change_inode(c, t.d).links_count, 2);
	cr_assert_eq(change_inode(c, t.e).links_count, 3);
	expect_times(c, t.sub, false, true);
	expect_times(c, t.d, true, true);
	expect_times(c, t.e, true, true);
	expect_times(c, E2_INO_ROOT, false, false);
	set_flags(c, t.fixed_dir, 0);
	change_sound(c);
	/* And below what it was above. */
	cr_assert_eq(move(&t, 's', "deep", '/', "deep", 0), 0);
	cr_assert_eq(move(&t, '/', "d", 'D', "d", 0), 0);
	cr_assert_eq(parent_of(c, t.d), t.deep);
	change_sound(c);
	change_close(c);
}

E2_TEST(tree_rename, replacing)
{
	struct tree t;
	struct change *c = &t.c;
	bool used;

	make_tree(&t);
	age(c, t.g);
	cr_assert_eq(move(&t, '/', "f", '/', "g", 0), 0);
	cr_assert_eq(change_find(c, E2_INO_ROOT, "g"), t.f);
	cr_assert_eq(change_find(c, E2_INO_ROOT, "f"), 0);
	cr_assert_eq(change_inode(c, t.g).links_count, 1, "it has another name");
	expect_times(c, t.g, false, true);
	cr_assert_eq(move(&t, '/', "g", '/', "h", 0), 0);
	cr_assert_eq(e2_inode_used(c->fs, t.g, &used), 0);
	cr_assert_eq(used, false);
	change_sound(c);
	/* A directory by an empty one. */
	cr_assert_eq(move(&t, 'd', "sub", '/', "e", 0), 0);
	cr_assert_eq(change_find(c, E2_INO_ROOT, "e"), t.sub);
	cr_assert_eq(parent_of(c, t.sub), E2_INO_ROOT);
	cr_assert_eq(change_inode(c, t.d).links_count, 2);
	cr_assert_eq(change_inode(c, E2_INO_ROOT).links_count, 5);
	cr_assert_eq(e2_inode_used(c->fs, t.e, &used), 0);
	cr_assert_eq(used, false);
	change_sound(c);
	/* In one directory. */
	cr_assert_eq(e2_unlink(c->txn, t.d, "x", 1), 0);
	cr_assert_eq(move(&t, '/', "e", '/', "d", 0), 0);
	cr_assert_eq(change_inode(c, E2_INO_ROOT).links_count, 4);
	change_sound(c);
	change_close(c);
}

E2_TEST(tree_rename, exchange)
{
	struct tree t;
	struct change *c = &t.c;

	make_tree(&t);
	age(c, t.f), age(c, t.g), age(c, E2_INO_ROOT);
	cr_assert_eq(move(&t, '/', "f", '/', "g", EXCHANGE), 0);
	cr_assert_eq(change_find(c, E2_INO_ROOT, "f"), t.g);
	cr_assert_eq(change_find(c, E2_INO_ROOT, "g"), t.f);
	expect_times(c, t.f, false, true);
	expect_times(c, t.g, false, true);
	expect_times(c, E2_INO_ROOT, true, true);
	change_sound(c);
	/* A file and a directory, of one directory and of two. */
	cr_assert_eq(move(&t, '/', "f", '/', "e", EXCHANGE), 0);
	cr_assert_eq(change_inode(c, E2_INO_ROOT).links_count, 5);
	change_sound(c);
	cr_assert_eq(move(&t, '/', "f", 'd', "x", EXCHANGE), 0);
	cr_assert_eq(change_find(c, t.d, "x"), t.e);
	cr_assert_eq(parent_of(c, t.e), t.d);
	cr_assert_eq(change_inode(c, E2_INO_ROOT).links_count, 4);
	cr_assert_eq(change_inode(c, t.d).links_count, 4);
	change_sound(c);
	/* Two directories. */
	cr_assert_eq(move(&t, 'd', "sub", '/', "fixed dir", EXCHANGE), E2_ERR_PERM);
	set_flags(c, t.fixed_dir, 0);
	cr_assert_eq(move(&t, 'd', "sub", '/', "fixed dir", EXCHANGE), 0);
	cr_assert_eq(parent_of(c, t.sub), E2_INO_ROOT);
	cr_assert_eq(parent_of(c, t.fixed_dir), t.d);
	change_sound(c);
	change_close(c);
}

static void set_links(struct change *c, e2_ino ino, uint16_t links)
{
	struct e2_inode in = change_inode(c, ino);

	in.links_count = links;
	change_put(c, ino, &in);
}

E2_TEST(tree_rename, too_many_links)
{
	struct tree t;
	uint64_t before;

	make_tree(&t);
	set_links(&t.c, t.e, E2_LINK_MAX);
	before = change_digest(&t.c);
	cr_assert_eq(move(&t, 'd', "sub", 'e', "y", 0), E2_ERR_LINK_MAX);
	cr_assert_eq(change_digest(&t.c), before);
	cr_assert_eq(move(&t, '/', "f", 'e', "y", 0), 0, "a file is no matter");
	cr_assert_eq(move(&t, 'd', "sub", 'e', "y", EXCHANGE), E2_ERR_LINK_MAX);
	cr_assert_eq(move(&t, 'e', "y", 'd', "sub", EXCHANGE), E2_ERR_LINK_MAX);
	set_links(&t.c, t.e, E2_LINK_MAX - 1);
	cr_assert_eq(move(&t, 'd', "sub", 'e', "z", 0), 0);
	set_links(&t.c, t.d, E2_LINK_MAX);
	cr_assert_eq(move(&t, 'e', "y", 'e', "z", EXCHANGE), 0);
	change_close(&t.c);
}

/* Directories that are not what their names say: refused, nothing changed. */
E2_TEST(tree_rename, hostile)
{
	for (int i = 0; i < 5; i++) {
		struct tree t;
		struct change *c = &t.c;
		struct e2_inode in;
		struct e2_slot slot;
		uint64_t before;
		int r;

		make_tree(&t);
		in = change_inode(c, t.sub);
		cr_assert_eq(e2_dir_find(c->fs, t.sub, &in, "..", 2, &slot), 0);
		switch (i) {
		case 0:		/* another parent */
			r = e2_dir_retarget(c->txn, t.sub, &in, &slot, t.e, E2_FT_DIR);
			break;
		case 1:		/* none */
			r = e2_dir_remove(c->txn, t.sub, &in, "..", 2, &slot);
			break;
		case 2:		/* below what is below it */
			r = e2_dir_retarget(c->txn, t.sub, &in, &slot, t.deep, E2_FT_DIR);
			break;
		case 3:		/* below a file */
			r = e2_dir_retarget(c->txn, t.sub, &in, &slot, t.f, E2_FT_DIR);
			break;
		default:
			r = e2_dir_retarget(c->txn, t.sub, &in, &slot, 999999, E2_FT_DIR);
		}
		cr_assert_eq(r, 0);
		before = change_digest(c);
		cr_assert_eq(move(&t, 'd', "sub", '/', "y", 0), E2_ERR_CORRUPT, "case %d", i);
		if (i > 0)	/* no way up */
			cr_assert_eq(move(&t, '/', "e", 'D', "y", 0), E2_ERR_CORRUPT, "case %d", i);
		cr_assert_eq(change_digest(c), before);
		change_close(c);
	}
}
