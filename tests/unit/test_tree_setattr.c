/* SPDX-License-Identifier: MIT */
#include "change.h"
#include "e2test.h"

enum { NOW = 1700000000, THEN = 1000000000 };

static const struct img_options PLAIN = {
	.blocks = 1024, .inodes_per_group = 64, .incompat = E2_FEATURE_filetype,
	.compat = E2_FEATURE_ext_attr,
};

static void age(struct change *c, e2_ino ino, uint32_t mode, uint32_t flags)
{
	struct e2_inode in = change_inode(c, ino);

	in.atime = in.mtime = in.ctime = THEN;
	in.mode = (uint16_t)((in.mode & E2_S_IFMT) | mode);
	in.flags = flags;
	change_put(c, ino, &in);
}

static int set(struct change *c, e2_ino ino, struct e2_attr attr)
{
	return e2_setattr(c->txn, ino, &attr);
}

E2_TEST(tree_setattr, mode_and_times)
{
	struct change c;
	struct e2_inode in;
	struct e2_time t;
	e2_ino file, link;

	change_open(&c, &PLAIN);
	file = change_make(&c, E2_INO_ROOT, "f", E2_S_IFREG | 0644);
	link = change_make(&c, E2_INO_ROOT, "l", E2_S_IFLNK | 0777);
	age(&c, file, 0644, 0);
	cr_assert_eq(set(&c, file, (struct e2_attr){ .mask = E2_SET_MODE, .mode = 06751 }), 0);
	in = change_inode(&c, file);
	cr_assert_eq(in.mode, E2_S_IFREG | 06751);
	cr_assert(in.ctime == NOW && in.mtime == THEN && in.atime == THEN);
	cr_assert_eq(set(&c, file, (struct e2_attr){ .mask = E2_SET_MODE, .mode = 010000 }),
		     E2_ERR_INVAL);
	cr_assert_eq(set(&c, link, (struct e2_attr){ .mask = E2_SET_MODE, .mode = 0600 }),
		     E2_ERR_UNSUPPORTED);
	cr_assert_eq(set(&c, 9999, (struct e2_attr){ .mask = 0 }), E2_ERR_RANGE);

	age(&c, file, 0644, 0);
	cr_assert_eq(set(&c, file, (struct e2_attr){
		.mask = E2_SET_ATIME | E2_SET_MTIME, .atime = { -5, 7 },
		.mtime = { INT64_C(5000000000), 999999999 } }), 0);
	in = change_inode(&c, file);
	cr_assert(e2_inode_time(&in, E2_ATIME, &t));
	cr_assert(t.sec == -5 && t.nsec == 7);
	cr_assert(e2_inode_time(&in, E2_MTIME, &t));
	cr_assert(t.sec == INT64_C(5000000000) && t.nsec == 999999999);
	cr_assert_eq(in.ctime, NOW);
	cr_assert_eq(set(&c, file, (struct e2_attr){ .mask = E2_SET_MTIME | E2_SET_NOW }), 0);
	in = change_inode(&c, file);
	cr_assert_eq(in.mtime, NOW);
	cr_assert(e2_inode_time(&in, E2_ATIME, &t));
	cr_assert_eq(t.sec, -5);
	age(&c, file, 0644, 0);
	cr_assert_eq(set(&c, file, (struct e2_attr){ .mask = 0 }), 0);
	in = change_inode(&c, file);
	cr_assert(in.ctime == NOW && in.mtime == THEN && in.mode == (E2_S_IFREG | 0644));
	change_sound(&c);
	change_close(&c);
}

/* What chown(2) leaves of the set-id bits. */
E2_TEST(tree_setattr, owners)
{
	static const struct { uint32_t type, before, after; } table[] = {
		{ E2_S_IFREG, 06755, 0755 },
		{ E2_S_IFREG, 06745, 02745 },	/* locking, not a group to run as */
		{ E2_S_IFREG, 01777, 01777 },
		{ E2_S_IFDIR, 07755, 07755 },
		{ E2_S_IFIFO, 06711, 0711 },
	};
	struct change c;
	struct e2_inode in;

	change_open(&c, &PLAIN);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char name[] = { (char)('a' + i), '\0' };
		e2_ino ino = change_make(&c, E2_INO_ROOT, name, table[i].type);

		age(&c, ino, table[i].before, 0);
		cr_assert_eq(set(&c, ino, (struct e2_attr){ .mask = E2_SET_UID, .uid = 70000 }), 0);
		in = change_inode(&c, ino);
		cr_assert_eq(in.mode, table[i].type | table[i].after, "case %zu: %o", i, in.mode);
		cr_assert(in.uid == 70000 && in.gid == 0 && in.ctime == NOW);
		cr_assert_eq(set(&c, ino, (struct e2_attr){ .mask = E2_SET_GID | E2_SET_MODE,
							    .gid = 80000, .mode = 04711 }), 0);
		in = change_inode(&c, ino);
		cr_assert(in.uid == 70000 && in.gid == 80000 && (in.mode & 07777) == 04711);
	}
	change_sound(&c);
	change_close(&c);
}

E2_TEST(tree_setattr, flags)
{
	struct change c;
	e2_ino dir, file, fifo;
	struct e2_attr a = { .mask = E2_SET_FLAGS };

	change_open(&c, &PLAIN);
	dir = change_mkdir(&c, E2_INO_ROOT, "d");
	file = change_make(&c, E2_INO_ROOT, "f", E2_S_IFREG);
	fifo = change_make(&c, E2_INO_ROOT, "p", E2_S_IFIFO);
	age(&c, file, 0644, E2_FL_NOCOMPR);
	a.flags = E2_FL_NODUMP | E2_FL_IMMUTABLE | E2_FL_INDEX;
	cr_assert_eq(set(&c, file, a), 0);
	cr_assert_eq(change_inode(&c, file).flags, E2_FL_NODUMP | E2_FL_IMMUTABLE | E2_FL_NOCOMPR,
		     "what chattr cannot change stays");
	a.flags = E2_FL_DIRSYNC;
	cr_assert_eq(set(&c, file, a), E2_ERR_UNSUPPORTED);
	cr_assert_eq(set(&c, dir, a), 0);
	a.flags = E2_FL_SYNC;
	cr_assert_eq(set(&c, fifo, a), E2_ERR_UNSUPPORTED);
	a.flags = E2_FL_NOATIME;
	cr_assert_eq(set(&c, fifo, a), 0);
	change_close(&c);
}

/* What immutable and append-only inodes let be done to them. */
E2_TEST(tree_setattr, protected)
{
	static const struct { unsigned mask; int fixed, append; } table[] = {
		{ E2_SET_MODE, E2_ERR_PERM, E2_ERR_PERM },
		{ E2_SET_UID, E2_ERR_PERM, E2_ERR_PERM },
		{ E2_SET_GID, E2_ERR_PERM, E2_ERR_PERM },
		{ E2_SET_ATIME, E2_ERR_PERM, E2_ERR_PERM },
		{ E2_SET_MTIME, E2_ERR_PERM, E2_ERR_PERM },
		{ E2_SET_MTIME | E2_SET_ATIME | E2_SET_NOW, E2_ERR_PERM, 0 },
		{ E2_SET_FLAGS, 0, 0 },
	};
	struct change c;
	e2_ino file;

	change_open(&c, &PLAIN);
	file = change_make(&c, E2_INO_ROOT, "f", E2_S_IFREG | 0644);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct e2_attr a = { .mask = table[i].mask };

		for (int k = 0; k < 2; k++) {
			uint64_t before;
			int wanted = k ? table[i].append : table[i].fixed;

			age(&c, file, 0644, k ? E2_FL_APPEND : E2_FL_IMMUTABLE);
			before = change_digest(&c);
			cr_assert_eq(set(&c, file, a), wanted, "case %zu, %d", i, k);
			cr_assert_eq(change_digest(&c) == before, wanted != 0);
		}
	}
	change_close(&c);
}
