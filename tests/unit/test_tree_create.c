/* SPDX-License-Identifier: MIT */
#include "change.h"
#include "e2test.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1700000000, THEN = 1000000000 };

static const char LONG[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

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

static void set_links(struct change *c, e2_ino ino, uint16_t links)
{
	struct e2_inode in = change_inode(c, ino);

	in.links_count = links;
	change_put(c, ino, &in);
}

E2_TEST(tree_create, every_type)
{
	static const uint16_t types[] = { E2_S_IFREG, E2_S_IFDIR, E2_S_IFLNK, E2_S_IFCHR,
					  E2_S_IFBLK, E2_S_IFIFO, E2_S_IFSOCK };
	struct change c;
	char name[] = "0";

	change_open(&c, &PLAIN);
	for (size_t i = 0; i < 7; i++, name[0]++) {
		struct e2_new what = { .mode = types[i] | 0640u, .uid = 70000, .gid = 80000,
				       .major = 8, .minor = 300, .target = "to", .target_len = 2 };
		uint32_t major, minor;
		e2_ino ino;

		cr_assert_eq(e2_create(c.txn, E2_INO_ROOT, name, 1, &what, &ino), 0);
		cr_assert_eq(change_find(&c, E2_INO_ROOT, name), ino);
		struct e2_inode in = change_inode(&c, ino);
		bool dir = types[i] == E2_S_IFDIR;
		cr_assert_eq(in.mode, types[i] | 0640u);
		cr_assert(in.uid == 70000 && in.gid == 80000);
		cr_assert_eq(in.links_count, dir ? 2 : 1);
		cr_assert(in.atime == NOW && in.ctime == NOW && in.mtime == NOW);
		cr_assert_eq(in.crtime, NOW);
		cr_assert_eq(in.blocks, dir ? 2 : 0);
		cr_assert_eq(e2_inode_size(&in), dir ? 1024 : types[i] == E2_S_IFLNK ? 2 : 0);
		if (types[i] == E2_S_IFCHR || types[i] == E2_S_IFBLK) {
			e2_inode_device(&in, &major, &minor);
			cr_assert(major == 8 && minor == 300);
		}
	}
	struct e2_inode root = change_inode(&c, E2_INO_ROOT);
	cr_assert_eq(root.links_count, 3);
	cr_assert(root.mtime == NOW && root.ctime == NOW && root.atime == THEN);
	change_sound(&c);
	change_close(&c);
}

/* Text of a symlink: in the inode, in a block, or too long. */
E2_TEST(tree_create, symlinks)
{
	char text[4200];
	struct change c;

	memset(text, 'x', sizeof(text));
	for (uint32_t size = 1024; size <= 8192; size *= 2) {
		static const size_t lengths[] = { 1, 58, 59, 60, 61, 1023, 1024, 2047, 2048,
						  4094, 4095, 4096 };
		struct img_options o = PLAIN;

		o.block_size = size;
		change_open(&c, &o);
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			struct e2_new what = { .mode = E2_S_IFLNK | 0777, .target = text,
					       .target_len = lengths[i] };
			bool fits = lengths[i] < size && lengths[i] < 4096;
			struct e2_str read = E2_STR_INIT;
			char name[] = { (char)('a' + i), '\0' };
			e2_ino ino;
			int r = e2_create(c.txn, E2_INO_ROOT, name, 1, &what, &ino);

			cr_assert_eq(r, fits ? 0 : E2_ERR_NAMETOOLONG, "%zu", lengths[i]);
			if (!fits)
				continue;
			struct e2_inode in = change_inode(&c, ino);
			cr_assert_eq(e2_symlink_read(c.fs, &in, &read), 0);
			cr_assert_eq(read.len, lengths[i]);
			cr_assert_eq(in.blocks, lengths[i] < 60 ? 0 : size / 512);
			e2_str_free(&read);
		}
		change_sound(&c);
		change_close(&c);
	}
}

struct refusal {
	const char *name;
	uint32_t mode;
	int err;
};

/* Every refusal is the kernel's, and changes nothing. */
E2_TEST(tree_create, refusals)
{
	static const struct refusal table[] = {
		{ "", E2_S_IFREG, E2_ERR_NOENT },
		{ ".", E2_S_IFREG, E2_ERR_EXIST },
		{ "..", E2_S_IFDIR, E2_ERR_EXIST },
		{ "there", E2_S_IFREG, E2_ERR_EXIST },
		{ "there", E2_S_IFDIR, E2_ERR_EXIST },
		{ "a/b", E2_S_IFREG, E2_ERR_INVAL },
		{ LONG, E2_S_IFREG, E2_ERR_NAMETOOLONG },
		{ "x", 0, E2_ERR_INVAL },
		{ "x", 0170000, E2_ERR_INVAL },
		{ "there", 0170000, E2_ERR_INVAL },
		{ "x", 0x10000 | E2_S_IFREG, E2_ERR_INVAL },
	};
	struct change c;
	uint64_t before;
	e2_ino ino = 77, file;

	change_open(&c, &PLAIN);
	file = change_make(&c, E2_INO_ROOT, "there", E2_S_IFREG);
	before = change_digest(&c);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		cr_assert_eq(change_try_make(&c, E2_INO_ROOT, table[i].name, table[i].mode, &ino),
			     table[i].err, "case %zu: %s", i, e2_err_detail());
	cr_assert_eq(e2_create(c.txn, E2_INO_ROOT, "n\0l", 3,
			       &(struct e2_new){ .mode = E2_S_IFREG }, &ino), E2_ERR_INVAL);
	cr_assert_eq(change_try_make(&c, file, "x", E2_S_IFREG, &ino), E2_ERR_NOTDIR);
	cr_assert_eq(change_try_make(&c, 0, "x", E2_S_IFREG, &ino), E2_ERR_RANGE);
	cr_assert_eq(e2_create(c.txn, E2_INO_ROOT, "x", 1,
			       &(struct e2_new){ .mode = E2_S_IFLNK | 0777 }, &ino),
		     E2_ERR_NOENT, "an empty target");
	cr_assert_eq(e2_create(c.txn, E2_INO_ROOT, "x", 1,
			       &(struct e2_new){ .mode = E2_S_IFLNK | 0777, .target = "a\0b",
						 .target_len = 3 }, &ino), E2_ERR_INVAL);
	cr_assert_eq(ino, 77);
	cr_assert_eq(change_digest(&c), before);
	/* A name of 255 bytes is none too long. */
	cr_assert_eq(e2_create(c.txn, E2_INO_ROOT, LONG, 255,
			       &(struct e2_new){ .mode = E2_S_IFREG }, &ino), 0);
	change_sound(&c);
	change_close(&c);
}

E2_TEST(tree_create, flags_of_the_directory)
{
	struct change c;
	e2_ino dir, file, ino;
	uint64_t before;

	change_open(&c, &PLAIN);
	dir = change_mkdir(&c, E2_INO_ROOT, "d");
	file = change_make(&c, dir, "there", E2_S_IFREG);
	set_flags(&c, dir, E2_FL_IMMUTABLE);
	before = change_digest(&c);
	cr_assert_eq(change_try_make(&c, dir, "x", E2_S_IFREG, &ino), E2_ERR_PERM);
	cr_assert_eq(change_try_make(&c, dir, "there", E2_S_IFREG, &ino), E2_ERR_EXIST);
	cr_assert_eq(e2_link(c.txn, dir, "x", 1, file), E2_ERR_PERM);
	cr_assert_eq(change_digest(&c), before);
	set_flags(&c, dir, E2_FL_APPEND);
	cr_assert_eq(change_try_make(&c, dir, "x", E2_S_IFREG, &ino), 0);
	cr_assert_eq(e2_link(c.txn, dir, "y", 1, file), 0);
	set_links(&c, dir, 0);
	before = change_digest(&c);
	cr_assert_eq(change_try_make(&c, dir, "z", E2_S_IFREG, &ino), E2_ERR_NOENT);
	cr_assert_eq(e2_link(c.txn, dir, "z", 1, file), E2_ERR_NOENT);
	cr_assert_eq(change_digest(&c), before);
	change_close(&c);
}

E2_TEST(tree_create, inheritance)
{
	const uint32_t every = E2_FL_SECRM | E2_FL_UNRM | E2_FL_SYNC | E2_FL_NODUMP |
			       E2_FL_NOATIME | E2_FL_DIRSYNC | E2_FL_NOTAIL | E2_FL_APPEND |
			       E2_FL_TOPDIR | E2_FL_JOURNAL_DATA;
	const uint32_t inherited = every & ~(uint32_t)(E2_FL_APPEND | E2_FL_TOPDIR);
	struct change c;
	struct e2_inode in;
	e2_ino dir, ino;

	change_open(&c, &PLAIN);
	dir = change_mkdir(&c, E2_INO_ROOT, "d");
	in = change_inode(&c, dir);
	in.mode |= E2_S_ISGID;
	in.gid = 500;
	in.flags = every;
	change_put(&c, dir, &in);
	for (int i = 0; i < 3; i++) {
		static const uint16_t types[] = { E2_S_IFDIR, E2_S_IFREG, E2_S_IFLNK };
		const uint32_t wanted[] = { inherited, inherited & ~(uint32_t)E2_FL_DIRSYNC,
					    E2_FL_NODUMP | E2_FL_NOATIME };
		char name[] = { (char)('a' + i), '\0' };

		ino = change_make(&c, dir, name, types[i] | 0755u);
		in = change_inode(&c, ino);
		cr_assert_eq(in.gid, 500);
		cr_assert_eq(in.mode, types[i] | 0755u | (i == 0 ? E2_S_ISGID : 0u));
		cr_assert_eq(in.flags, wanted[i], "%#x", in.flags);
	}
	change_sound(&c);
	change_close(&c);
}

E2_TEST(tree_create, too_many_links)
{
	struct change c;
	uint64_t before;
	e2_ino dir, file, ino;

	change_open(&c, &PLAIN);
	dir = change_mkdir(&c, E2_INO_ROOT, "d");
	file = change_make(&c, E2_INO_ROOT, "f", E2_S_IFREG);
	set_links(&c, dir, E2_LINK_MAX);
	set_links(&c, file, E2_LINK_MAX);
	before = change_digest(&c);
	cr_assert_eq(change_try_make(&c, dir, "x", E2_S_IFDIR, &ino), E2_ERR_LINK_MAX);
	cr_assert_eq(e2_link(c.txn, dir, "x", 1, file), E2_ERR_LINK_MAX);
	cr_assert_eq(change_digest(&c), before);
	cr_assert_eq(change_try_make(&c, dir, "x", E2_S_IFREG, &ino), 0);
	set_links(&c, dir, E2_LINK_MAX - 1);
	set_links(&c, file, E2_LINK_MAX - 1);
	cr_assert_eq(change_try_make(&c, dir, "y", E2_S_IFDIR, &ino), 0);
	cr_assert_eq(e2_link(c.txn, dir, "z", 1, file), 0);
	cr_assert_eq(change_inode(&c, file).links_count, E2_LINK_MAX);
	cr_assert_eq(change_inode(&c, dir).links_count, E2_LINK_MAX);
	change_close(&c);
}

E2_TEST(tree_create, link)
{
	struct change c;
	struct e2_inode in;
	uint64_t before;
	e2_ino dir, file, sym;

	change_open(&c, &PLAIN);
	dir = change_mkdir(&c, E2_INO_ROOT, "d");
	file = change_make(&c, E2_INO_ROOT, "f", E2_S_IFREG | 0644);
	sym = change_make(&c, E2_INO_ROOT, "s", E2_S_IFLNK | 0777);
	in = change_inode(&c, file);
	in.ctime = in.mtime = in.atime = THEN;
	change_put(&c, file, &in);
	cr_assert_eq(e2_link(c.txn, dir, "f", 1, file), 0);
	cr_assert_eq(e2_link(c.txn, dir, "s", 1, sym), 0, "a symlink itself has names too");
	in = change_inode(&c, file);
	cr_assert(in.links_count == 2 && in.ctime == NOW && in.mtime == THEN && in.atime == THEN);
	cr_assert_eq(change_find(&c, dir, "f"), file);
	before = change_digest(&c);
	cr_assert_eq(e2_link(c.txn, E2_INO_ROOT, "x", 1, dir), E2_ERR_PERM);
	cr_assert_eq(e2_link(c.txn, dir, "f", 1, dir), E2_ERR_EXIST, "before the type");
	cr_assert_eq(e2_link(c.txn, dir, ".", 1, file), E2_ERR_EXIST);
	cr_assert_eq(e2_link(c.txn, dir, "", 0, file), E2_ERR_NOENT);
	cr_assert_eq(e2_link(c.txn, dir, LONG, 256, file), E2_ERR_NAMETOOLONG);
	cr_assert_eq(e2_link(c.txn, file, "x", 1, file), E2_ERR_NOTDIR);
	cr_assert_eq(e2_link(c.txn, dir, "x", 1, E2_INO_RESIZE), E2_ERR_CORRUPT);
	cr_assert_eq(e2_link(c.txn, dir, "x", 1, 999999), E2_ERR_RANGE);
	cr_assert_eq(e2_link(c.txn, dir, "x", 1, 200), E2_ERR_NOENT, "an unused inode");
	cr_assert_eq(change_digest(&c), before);
	set_flags(&c, file, E2_FL_APPEND);
	cr_assert_eq(e2_link(c.txn, dir, "x", 1, file), E2_ERR_PERM);
	set_flags(&c, file, E2_FL_IMMUTABLE);
	cr_assert_eq(e2_link(c.txn, dir, "x", 1, file), E2_ERR_PERM);
	set_flags(&c, file, 0);
	change_sound(&c);
	change_close(&c);
}
