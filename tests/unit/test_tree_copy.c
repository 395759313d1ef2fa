/* SPDX-License-Identifier: MIT */
/* Copying within a volume. */
#include "alloc.h"
#include "e2test.h"
#include "writing.h"

#include "tree/copy.h"

#include <stdlib.h>
#include <string.h>

enum { THEN = 1600000000, NOW = 1700000000 };

struct place {
	struct e2_fs *fs;
	struct e2_txn *txn;
	struct e2_copy_counts counts;
};

static void must(int err)
{
	cr_assert_eq(err, 0, "%d: %s", err, e2_err_detail());
}

static e2_ino find(struct place *p, const char *path, struct e2_inode *in)
{
	struct e2_resolve how = { .flags = E2_NOFOLLOW };
	e2_ino ino;

	must(e2_resolve(p->fs, &how, path, &ino));
	must(e2_inode_get(p->fs, ino, in));
	return ino;
}

static e2_ino make(struct place *p, e2_ino dir, const char *name, uint32_t mode)
{
	const struct e2_new what = {
		.mode = mode, .uid = 7, .gid = 8, .major = 3, .minor = 4,
		.target = "to where", .target_len = 8,
	};
	e2_ino ino;

	must(e2_create(p->txn, dir, name, strlen(name), &what, &ino));
	return ino;
}

static void fill(struct place *p, e2_ino ino, uint64_t at, const char *text)
{
	struct e2_inode in;

	must(e2_inode_get(p->fs, ino, &in));
	must(e2_write(p->txn, ino, &in, at, strlen(text), text));
	must(e2_inode_put(p->txn, ino, &in));
}

/* /t with a sparse file of two names, a directory, and one of each other kind. */
static void begin(struct place *p, uint32_t blocks)
{
	struct img img;
	struct e2_inode in;
	e2_ino t, d, ino;

	img_new(&img, &(struct img_options){ .blocks = blocks, .inodes_per_group = 64 });
	*p = (struct place){ .fs = writing_open(&img) };
	img_free(&img);
	e2_fs_set_clock(p->fs, &(struct e2_time){ THEN, 0 });
	must(e2_txn_begin(p->fs, false, &p->txn));
	t = make(p, E2_INO_ROOT, "t", E2_S_IFDIR | 01750);
	d = make(p, t, "d", E2_S_IFDIR | 0755);
	ino = make(p, d, "f", E2_S_IFREG | 04755);
	fill(p, ino, 0, "begin");
	fill(p, ino, 20 << 20, "end");
	must(e2_inode_get(p->fs, ino, &in));
	must(e2_truncate(p->txn, ino, &in, 30 << 20));
	must(e2_inode_put(p->txn, ino, &in));
	must(e2_xattr_set(p->txn, ino, "user.a", "v", 1, 0));
	must(e2_link(p->txn, t, "z", 1, ino));
	make(p, t, "link", E2_S_IFLNK | 0777);
	make(p, t, "fifo", E2_S_IFIFO | 0644);
	make(p, t, "device", E2_S_IFBLK | 0600);
	fill(p, make(p, E2_INO_ROOT, "other", E2_S_IFREG | 0600), 0, "other");
	e2_fs_set_clock(p->fs, &(struct e2_time){ NOW, 0 });
}

static void end(struct place *p)
{
	must(e2_txn_commit(p->txn));
	writing_sound(p->fs);
	must(e2_close(p->fs));
}

static int copy(struct place *p, const char *from, const char *name, unsigned flags)
{
	struct e2_inode in;

	return e2_copy(p->txn, find(p, from, &in), E2_INO_ROOT, name, strlen(name), flags,
		       &p->counts);
}

static void holds(struct place *p, const char *path, const char *text)
{
	char have[100] = "";
	struct e2_inode in;
	size_t got;

	find(p, path, &in);
	must(e2_read(p->fs, &in, 0, sizeof(have) - 1, have, &got));
	cr_assert_str_eq(have, text);
}

E2_TEST(tree_copy, files)
{
	struct e2_inode in, from;
	struct place p;

	begin(&p, 1024);
	must(copy(&p, "/t/z", "copy", 0));
	find(&p, "/t/z", &from);
	find(&p, "/copy", &in);
	cr_assert_eq(in.mode, E2_S_IFREG | 0755, "no set-id bits");
	cr_assert_eq(in.uid, 0);
	cr_assert_eq(in.links_count, 1);
	cr_assert_eq(in.mtime, NOW);
	cr_assert_eq(e2_inode_size(&in), 30 << 20);
	cr_assert_eq(in.blocks, from.blocks, "holes stay holes");
	holds(&p, "/copy", "begin");
	cr_assert_eq(p.counts.files, 1);
	must(copy(&p, "/t/z", "kept", E2_COPY_ATTRS));
	find(&p, "/kept", &in);
	cr_assert_eq(in.mode, E2_S_IFREG | 04755);
	cr_assert_eq(in.uid, 7);
	cr_assert_eq(in.gid, 8);
	cr_assert_eq(in.mtime, THEN);
	cr_assert_eq(in.ctime, NOW);
	must(e2_xattr_set(p.txn, find(&p, "/kept", &in), "user.a", "w", 1, E2_XATTR_REPLACE));
	must(copy(&p, "/t/z", "linked", E2_COPY_LINK));
	cr_assert_eq(find(&p, "/linked", &in), find(&p, "/t/z", &from));
	cr_assert_eq(in.links_count, 3);
	must(copy(&p, "/t/device", "device", 0));
	find(&p, "/device", &in);
	cr_assert_eq(in.mode, E2_S_IFBLK | 0600);
	find(&p, "/t/device", &from);
	cr_assert_arr_eq(in.block, from.block, sizeof(in.block));
	end(&p);
}

E2_TEST(tree_copy, errors)
{
	static const struct { const char *from, *name; unsigned flags; int err; } rows[] = {
		{ "/t", "new", 0, E2_ERR_ISDIR },
		{ "/t/z", "other", 0, E2_ERR_EXIST },
		{ "/t/z", "t", E2_COPY_REPLACE, E2_ERR_ISDIR },
		{ "/t", "other", E2_COPY_TREE | E2_COPY_REPLACE, E2_ERR_NOTDIR },
		{ "/other", "other", E2_COPY_REPLACE, E2_ERR_INVAL },
		{ "/t", "t", E2_COPY_TREE | E2_COPY_REPLACE, E2_ERR_INVAL },
		{ "/", "new", E2_COPY_TREE, E2_ERR_INVAL },
		{ "/", "new", E2_COPY_TREE | E2_COPY_LINK, E2_ERR_INVAL },
	};
	struct place p;
	struct e2_inode in;
	e2_ino ino, d;

	begin(&p, 1024);
	uint8_t *before = writing_bytes(p.fs, NULL);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = copy(&p, rows[i].from, rows[i].name, rows[i].flags);

		cr_assert_eq(err, rows[i].err, "row %zu: %d: %s", i, err, e2_err_detail());
		writing_same(p.fs, before, false);
	}
	/* Into itself from below. */
	d = find(&p, "/t/d", &in);
	ino = find(&p, "/t", &in);
	cr_assert_eq(e2_copy(p.txn, ino, d, "x", 1, E2_COPY_TREE, &p.counts), E2_ERR_INVAL);
	writing_same(p.fs, before, false);
	free(before);
	ino = find(&p, "/other", &in);
	in.flags |= E2_FL_IMMUTABLE;
	must(e2_inode_put(p.txn, ino, &in));
	cr_assert_eq(copy(&p, "/t/z", "other", E2_COPY_REPLACE), E2_ERR_PERM);
	cr_assert_eq(copy(&p, "/t/fifo", "other", E2_COPY_REPLACE), E2_ERR_PERM);
	/* An object of no kind. */
	ino = find(&p, "/t/fifo", &in);
	in.mode = 0x9000 | 0644;
	must(e2_inode_put(p.txn, ino, &in));
	cr_assert_eq(copy(&p, "/t", "new", E2_COPY_TREE), E2_ERR_CORRUPT);
	e2_txn_abort(p.txn);
	must(e2_close(p.fs));
}

E2_TEST(tree_copy, trees)
{
	struct e2_inode in, other;
	struct place p;

	begin(&p, 1024);
	must(copy(&p, "/t", "plain", E2_COPY_TREE));
	cr_assert_neq(find(&p, "/plain/z", &in), find(&p, "/plain/d/f", &other));
	cr_assert_eq(p.counts.dirs, 2);
	cr_assert_eq(p.counts.files, 2);
	cr_assert_eq(p.counts.symlinks, 1);
	cr_assert_eq(p.counts.others, 2);
	must(copy(&p, "/t", "kept", E2_COPY_TREE | E2_COPY_ATTRS));
	cr_assert_eq(find(&p, "/kept/z", &in), find(&p, "/kept/d/f", &other));
	cr_assert_eq(in.links_count, 2);
	cr_assert_eq(p.counts.files, 1);
	cr_assert_eq(p.counts.links, 1);
	find(&p, "/kept", &in);
	cr_assert_eq(in.mtime, THEN);
	cr_assert_eq(in.mode, E2_S_IFDIR | 01750);
	must(copy(&p, "/t", "linked", E2_COPY_TREE | E2_COPY_LINK));
	cr_assert_eq(find(&p, "/linked/z", &in), find(&p, "/t/d/f", &other));
	cr_assert_eq(in.links_count, 4);
	end(&p);
}

E2_TEST(tree_copy, onto_what_is_there)
{
	const unsigned all = E2_COPY_TREE | E2_COPY_REPLACE;
	struct e2_inode in, other;
	struct place p;
	e2_ino ino;

	begin(&p, 1024);
	ino = find(&p, "/other", &in);
	must(e2_link(p.txn, E2_INO_ROOT, "again", 5, ino));
	must(e2_xattr_set(p.txn, ino, "security.capability", "c", 1, 0));
	must(copy(&p, "/t/z", "other", E2_COPY_REPLACE));
	cr_assert_eq(find(&p, "/other", &in), ino);
	holds(&p, "/again", "begin");
	cr_assert_eq(in.mode, E2_S_IFREG | 0600, "its own");
	cr_assert_eq(e2_xattr_remove(p.txn, ino, "security.capability"), E2_ERR_NODATA);
	must(copy(&p, "/t/link", "other", E2_COPY_REPLACE));
	find(&p, "/other", &in);
	cr_assert(e2_is_symlink(&in));
	must(copy(&p, "/t", "u", all));
	fill(&p, make(&p, find(&p, "/u", &in), "more", E2_S_IFREG | 0600), 0, "more");
	must(copy(&p, "/t", "u", all));
	holds(&p, "/u/more", "more");
	must(copy(&p, "/t", "u", all | E2_COPY_ATTRS));
	cr_assert_eq(find(&p, "/u/z", &in), find(&p, "/u/d/f", &other));
	must(copy(&p, "/t", "u", all | E2_COPY_LINK));
	cr_assert_eq(find(&p, "/u/z", &in), find(&p, "/t/z", &other));
	must(copy(&p, "/t", "u", all | E2_COPY_LINK));
	end(&p);
}

E2_TEST(tree_copy, missing_space_is_told_before)
{
	char text[1024];
	struct place p;
	e2_ino ino;

	begin(&p, 256);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ino = make(&p, E2_INO_ROOT, "big", E2_S_IFREG | 0644);
	for (uint64_t i = 0; i < 120; i++)
		fill(&p, ino, i * 1023, text);
	cr_assert_eq(copy(&p, "/big", "copy", 0), E2_ERR_NOSPC);
	cr_assert(strstr(e2_err_detail(), " blocks more than the ") != NULL);
	cr_assert_eq(copy(&p, "/big", "copy", E2_COPY_REPLACE), E2_ERR_NOSPC);
	must(copy(&p, "/big", "copy", E2_COPY_LINK));
	for (unsigned i = 0; i < 40; i++) {
		char name[3] = { 'n', (char)('a' + i / 8), (char)('a' + i % 8) };

		must(e2_create(p.txn, E2_INO_ROOT, name, 3,
			       &(struct e2_new){ .mode = E2_S_IFREG }, &ino));
	}
	cr_assert_eq(copy(&p, "/t", "copied", E2_COPY_TREE), E2_ERR_NOSPC);
	cr_assert(strstr(e2_err_detail(), " inodes more than the ") != NULL);
	end(&p);
}

static void set_links(struct place *p, const char *path, uint16_t links)
{
	struct e2_inode in;
	e2_ino ino = find(p, path, &in);

	in.links_count = links;
	must(e2_inode_put(p->txn, ino, &in));
}

/* Of an inode with all the names it can have a copy is made, once while that can have more. */
E2_TEST(tree_copy, links_of_what_has_all_names)
{
	const unsigned flags = E2_COPY_TREE | E2_COPY_LINK;
	struct e2_inode in, from;
	e2_ino original, first;
	struct place p;

	begin(&p, 1024);
	original = find(&p, "/t/z", &from);
	set_links(&p, "/t/z", E2_LINK_MAX - 1);
	must(copy(&p, "/t", "one", flags));
	cr_assert_eq(p.counts.overfull, 1);
	cr_assert_eq(p.counts.overfull_ino, original);
	cr_assert_eq(p.counts.links, 4, "d/f or z, and the three others");
	must(copy(&p, "/t", "two", flags));
	cr_assert_eq(p.counts.overfull, 2);
	cr_assert_eq(p.counts.files, 1, "one copy for both names");
	first = find(&p, "/two/z", &in);
	cr_assert_neq(first, original);
	cr_assert_eq(find(&p, "/two/d/f", &in), first);
	cr_assert_eq(in.links_count, 2);
	cr_assert_eq(in.mode, from.mode, "with its set-id bit");
	cr_assert_eq(in.uid, 7);
	cr_assert_eq(in.mtime, THEN);
	cr_assert_eq(in.blocks, from.blocks, "holes stay holes");
	cr_assert_eq(e2_xattr_set(p.txn, first, "user.a", "w", 1, E2_XATTR_REPLACE), 0);
	holds(&p, "/two/d/f", "begin");
	cr_assert_eq(find(&p, "/two/link", &in), find(&p, "/t/link", &from));
	must(copy(&p, "/t/z", "alone", E2_COPY_LINK));
	cr_assert_eq(p.counts.overfull, 1);
	set_links(&p, "/t/z", 3);
	end(&p);
}

/* What cannot be copied instead is an error, and nothing is left of it. */
E2_TEST(tree_copy, links_without_space_for_a_copy)
{
	struct e2_inode in;
	struct place p;
	uint8_t *before;
	e2_ino ino;
	char text[1024];

	begin(&p, 256);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ino = make(&p, E2_INO_ROOT, "big", E2_S_IFREG | 0644);
	for (uint64_t i = 0; i < 120; i++)
		fill(&p, ino, i * 1023, text);
	make(&p, find(&p, "/t", &in), "last", E2_S_IFREG | 0644);
	set_links(&p, "/big", E2_LINK_MAX);
	must(e2_link(p.txn, find(&p, "/t", &in), "few", 3, find(&p, "/other", &in)));
	before = writing_bytes(p.fs, NULL);
	cr_assert_eq(copy(&p, "/big", "copy", E2_COPY_LINK), E2_ERR_NOSPC);
	writing_same(p.fs, before, false);
	free(before);
	set_links(&p, "/big", 1);
	end(&p);
}

E2_TEST(tree_copy, exhausted_memory_changes_nothing)
{
	static const unsigned ways[] = {
		E2_COPY_TREE, E2_COPY_TREE | E2_COPY_ATTRS, E2_COPY_TREE | E2_COPY_LINK,
		E2_COPY_TREE | E2_COPY_LINK,	/* of what has all its names */
	};

	for (unsigned i = 0; i < 4; i++) {
		int err = E2_ERR_NOMEM;
		struct place p;

		begin(&p, 1024);
		struct e2_inode in;

		if (i == 3)
			set_links(&p, "/t/z", E2_LINK_MAX);
		uint8_t *before = writing_bytes(p.fs, NULL);
		e2_ino t = find(&p, "/t", &in);

		for (uint64_t n = 1; err != 0; n++) {
			cr_assert_lt(n, 3000);
			alloc_fail(n);
			err = e2_copy(p.txn, t, E2_INO_ROOT, "x", 1, ways[i], &p.counts);
			alloc_fail(0);
			cr_assert(err == 0 || err == E2_ERR_NOMEM, "%d: %s", err, e2_err_detail());
			if (err)
				writing_same(p.fs, before, false);
		}
		free(before);
		if (i == 3)
			set_links(&p, "/t/z", 2);
		end(&p);
	}
}
