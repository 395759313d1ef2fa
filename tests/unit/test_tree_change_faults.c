/* SPDX-License-Identifier: MIT */
/* Memory runs out, or a read fails, at every place of every operation: all of it happens, or
 * nothing. */
#include "alloc.h"
#include "change.h"
#include "e2test.h"
#include "flaky.h"
#include "tree/dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS = 16 };

struct scene {
	struct change c;
	e2_ino full, leaf, root, file, d, sub;
	char full_name[16], leaf_name[16], root_name[16];	/* that make them grow */
};

/* Fills a directory with names of 12 bytes until one more does what `until` waits for. */
static void fill(struct change *c, e2_ino dir, e2_ino file, unsigned names)
{
	char name[16];

	for (unsigned i = 0; i < names; i++) {
		snprintf(name, sizeof(name), "name %06u", i);
		cr_assert_eq(e2_link(c->txn, dir, name, 11, file), 0, "%s", e2_err_detail());
	}
}

static uint64_t blocks_of(struct change *c, e2_ino dir)
{
	return change_inode(c, dir).size / 1024;
}

/* Fills a directory until the next name, which is given, makes it grow by so many blocks. */
static void fill_until(struct change *c, e2_ino dir, e2_ino file, unsigned from, uint64_t grow,
		       char name[16])
{
	unsigned mark;

	fill(c, dir, file, from);
	for (unsigned i = from; i < 8000; i++) {
		uint64_t before = blocks_of(c, dir);

		snprintf(name, 16, "name %06u", i);
		cr_assert_eq(e2_txn_mark(c->txn, &mark), 0);
		cr_assert_eq(e2_link(c->txn, dir, name, 11, file), 0, "%s", e2_err_detail());
		if (blocks_of(c, dir) == before + grow) {
			e2_txn_rewind(c->txn, mark);
			return;
		}
		e2_txn_release(c->txn, mark);
	}
	cr_fatal("never");
}

static void set_the_scene(struct scene *s)
{
	struct change *c = &s->c;
	struct e2_inode in;
	char data[20000] = "data";

	change_open(c, &(struct img_options){ .blocks = 1400, .inodes_per_group = 64,
					      .incompat = E2_FEATURE_filetype,
					      .compat = E2_FEATURE_dir_index |
							E2_FEATURE_ext_attr });
	s->file = change_make(c, E2_INO_ROOT, "file", E2_S_IFREG | 0644);
	s->full = change_mkdir(c, E2_INO_ROOT, "full");
	fill_until(c, s->full, s->file, 0, 2, s->full_name);
	s->leaf = change_mkdir(c, E2_INO_ROOT, "leaf");
	fill_until(c, s->leaf, s->file, 200, 1, s->leaf_name);
	s->root = change_mkdir(c, E2_INO_ROOT, "root");
	fill_until(c, s->root, s->file, 2000, 2, s->root_name);
	s->d = change_mkdir(c, E2_INO_ROOT, "d");
	s->sub = change_mkdir(c, s->d, "sub");
	fill(c, s->sub, s->file, 3);
	change_make(c, s->sub, "own", E2_S_IFREG);
	change_mkdir(c, s->sub, "deep");
	change_mkdir(c, E2_INO_ROOT, "e");
	e2_ino big = change_make(c, E2_INO_ROOT, "big", E2_S_IFREG | 0644);
	in = change_inode(c, big);
	cr_assert_eq(e2_write(c->txn, big, &in, 0, sizeof(data), data), 0);
	change_put(c, big, &in);
	cr_assert_eq(e2_xattr_set(c->txn, big, "user.attribute", data, 500, 0), 0);
	change_sound(c);
}

static int make(struct scene *s, e2_ino dir, const char *name, uint32_t mode)
{
	static const char text[] = "/a/slow/symlink/of/more/than/sixty/bytes/that/takes/a/block/"
				   "of/its/own/in/the/volume";
	struct e2_new what = { .mode = mode, .target = text, .target_len = strlen(text) };
	e2_ino ino;

	return e2_create(s->c.txn, dir, name, strlen(name), &what, &ino);
}

static int operate(struct scene *s, unsigned which)
{
	struct e2_txn *txn = s->c.txn;
	uint64_t removed;

	switch (which) {
	case 0:
		return make(s, E2_INO_ROOT, "next", E2_S_IFREG | 0600);
	case 1:
		return make(s, E2_INO_ROOT, "next", E2_S_IFDIR | 0700);
	case 2:
		return make(s, E2_INO_ROOT, "next", E2_S_IFLNK | 0777);
	case 3:
		return make(s, s->full, s->full_name, E2_S_IFREG);
	case 4:
		return make(s, s->leaf, s->leaf_name, E2_S_IFDIR);
	case 5:
		return e2_link(txn, s->root, s->root_name, 11, s->file);
	case 6:
		return e2_unlink(txn, E2_INO_ROOT, "big", 3);
	case 7:
		return e2_unlink(txn, s->leaf, "name 000003", 11);
	case 8:
		return e2_rmdir(txn, E2_INO_ROOT, "e", 1);
	case 9:
		return e2_remove_tree(txn, E2_INO_ROOT, "d", 1, &removed);
	case 10:
		return e2_rename(txn, E2_INO_ROOT, "file", 4, s->full, s->full_name, 11,
				 0);
	case 11:
		return e2_rename(txn, E2_INO_ROOT, "file", 4, E2_INO_ROOT, "big", 3, 0);
	case 12:
		return e2_rename(txn, s->d, "sub", 3, E2_INO_ROOT, "e", 1, 0);
	case 13:
		return e2_rename(txn, s->d, "sub", 3, s->leaf, s->leaf_name, 11, 0);
	case 14:
		return e2_rename(txn, s->d, "sub", 3, E2_INO_ROOT, "big", 3,
				 E2_RENAME_EXCHANGE);
	case 15:
		return e2_setattr(txn, s->file, &(struct e2_attr){
			.mask = E2_SET_MODE | E2_SET_UID | E2_SET_MTIME | E2_SET_NOW, .mode = 0700,
			.uid = 5 });
	default:
		return 1;
	}
}

/* Whether the operation got as far as its nth allocation or read, which failed. */
typedef bool reach_fn(struct flaky *f, uint64_t n, struct scene *s, unsigned which, int *r);

static bool fail_memory(struct flaky *f, uint64_t n, struct scene *s, unsigned which, int *r)
{
	(void)f;
	alloc_fail(n);
	*r = operate(s, which);
	bool reached = alloc_count() >= n;
	alloc_fail(0);
	return reached;
}

/* Lets the cache forget what was read, by reading what nobody needs. */
static void forget(struct e2_fs *fs)
{
	e2_blk end = e2_geometry(fs)->blocks;
	const struct e2_buf *buf;

	for (e2_blk blk = end - 100; blk < end; blk++) {
		cr_assert_eq(e2_buf_get(fs, blk, &buf), 0);
		e2_buf_put(fs, buf);
	}
}

static bool fail_reads(struct flaky *f, uint64_t n, struct scene *s, unsigned which, int *r)
{
	forget(s->c.fs);
	flaky_fail(f, n, n % 2);	/* every other time all reads that follow fail too */
	*r = operate(s, which);
	bool reached = f->seen >= n;
	flaky_fail(f, 0, false);
	return reached;
}

/* How often an operation failed. */
static unsigned fail_everywhere(struct scene *s, struct flaky *f, reach_fn *fail, int err)
{
	uint64_t before = change_digest(&s->c);
	unsigned failed = 0, mark;
	bool reached;
	int r;

	for (unsigned which = 0; which < OPERATIONS; which++) {
		for (uint64_t n = 1, last = false; !last; n++) {
			cr_assert_eq(e2_txn_mark(s->c.txn, &mark), 0);
			reached = fail(f, n, s, which, &r);
			cr_assert(r == 0 || r == err, "operation %u, number %u: %s", which,
				  (unsigned)n, e2_err_detail());
			if (r != 0) {
				failed++;
				cr_assert_eq(change_digest(&s->c), before, "operation %u", which);
			}
			e2_txn_rewind(s->c.txn, mark);
			cr_assert_eq(change_digest(&s->c), before, "operation %u", which);
			last = !reached;
			if (last)
				cr_assert_eq(r, 0, "operation %u: %s", which, e2_err_detail());
		}
	}
	return failed;
}

E2_TEST(tree_change_faults, memory)
{
	struct scene s;

	set_the_scene(&s);
	cr_assert_gt(fail_everywhere(&s, NULL, fail_memory, E2_ERR_NOMEM), 100);
	change_sound(&s.c);
	change_close(&s.c);
}

/* Moves the volume to an io that fails when told, with next to no cache. */
static void make_flaky(struct scene *s, struct flaky *f)
{
	struct e2_open_options o = { .flags = E2_OPEN_WRITE, .cache_bytes = 1 };
	uint64_t blocks = e2_geometry(s->c.fs)->blocks;
	uint8_t *all = malloc(blocks * 1024);
	struct e2_io *io;

	cr_assert_eq(e2_cache_read(e2_fs_cache(s->c.fs), 0, blocks, all), 0);
	change_close(&s->c);
	flaky_init(f);
	io = flaky_open(f, blocks * 1024);
	cr_assert_eq(e2_io_write(io, 0, blocks * 1024, all), 0);
	free(all);
	cr_assert_eq(e2_open(io, &o, &s->c.fs), 0, "%s", e2_err_detail());
	cr_assert_eq(e2_txn_begin(s->c.fs, false, &s->c.txn), 0);
}

E2_TEST(tree_change_faults, reads)
{
	struct flaky f;
	struct scene s;

	set_the_scene(&s);
	make_flaky(&s, &f);
	cr_assert_gt(fail_everywhere(&s, &f, fail_reads, E2_ERR_IO), 150);
	change_sound(&s.c);
	change_close(&s.c);
}

/* No block and no inode is left: the operations that need one say so, and change nothing. */
E2_TEST(tree_change_faults, no_space)
{
	static const bool needs[OPERATIONS] = {
		[1] = true, [2] = true, [3] = true, [4] = true, [5] = true,
		[10] = true, [13] = true,
	};
	struct scene s;
	struct e2_inode in;
	uint64_t before;
	char data[1024] = "fill";
	unsigned mark;
	e2_ino ino;
	int r;

	set_the_scene(&s);
	ino = change_make(&s.c, E2_INO_ROOT, "filler", E2_S_IFREG);
	in = change_inode(&s.c, ino);
	for (uint64_t at = 0; (r = e2_write(s.c.txn, ino, &in, at, 1024, data)) == 0; at += 1024)
		change_put(&s.c, ino, &in);
	cr_assert_eq(r, E2_ERR_NOSPC);
	before = change_digest(&s.c);
	for (unsigned which = 0; which < OPERATIONS; which++) {
		cr_assert_eq(e2_txn_mark(s.c.txn, &mark), 0);
		r = operate(&s, which);
		cr_assert_eq(r, needs[which] ? E2_ERR_NOSPC : 0, "operation %u: %s", which,
			     e2_err_detail());
		if (r != 0)
			cr_assert_eq(change_digest(&s.c), before, "operation %u", which);
		e2_txn_rewind(s.c.txn, mark);
		cr_assert_eq(change_digest(&s.c), before);
	}
	change_sound(&s.c);
	change_close(&s.c);
}
