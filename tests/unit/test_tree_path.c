/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "image_tree.h"
#include "tree/tree.h"

#include <stdio.h>
#include <string.h>

/*
 * /d (12), /d/e (13), /f (14), /d/g (15), and symlinks: /abs -> /d/e, /d/up -> ../f, /dl -> d,
 * /slash -> d/, /fslash -> f/, /none -> nowhere/x, /loop -> loop2, /loop2 -> loop, /root -> /,
 * /self -> self, /c0 -> f, /c1 -> c0 ... /c40 -> c39.
 */
static struct e2_fs *tree(void)
{
	static const char *const links[][2] = {
		{ "abs", "/d/e" }, { "dl", "d" }, { "slash", "d/" }, { "fslash", "f/" },
		{ "none", "nowhere/x" }, { "loop", "loop2" }, { "loop2", "loop" }, { "root", "/" },
		{ "self", "self" }, { "deep", "dl/e/../up" },
	};
	struct e2_inode in = img_reg(0);
	struct e2_fs *fs;
	struct img img;
	e2_ino ino = 20;
	char name[20], text[20];

	img_new(&img, &(struct img_options){ .block_size = 4096, .inodes_per_group = 96 });
	img_mkdir(&img, 12, 2, "d");
	img_mkdir(&img, 13, 12, "e");
	img_add(&img, 2, "f", 14, &in);
	img_add(&img, 12, "g", 15, &in);
	in = img_symlink("../f");
	img_add(&img, 12, "up", 16, &in);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		in = img_symlink(links[i][1]);
		img_add(&img, 2, links[i][0], ino++, &in);
	}
	for (int i = 0; i <= 40; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		snprintf(text, sizeof(text), "c%d", i - 1);
		in = img_symlink(i ? text : "f");
		img_add(&img, 2, name, ino++, &in);
	}
	fs = img_open(&img, NULL);
	img_free(&img);
	return fs;
}

E2_TEST(tree_path, rules)
{
	static const struct {
		const char *path;
		e2_ino cwd, root;
		int result;		/* an inode, or an error */
		int nofollow;		/* the same with E2_NOFOLLOW; 0: no difference */
	} cases[] = {
		{ "/", 0, 0, 2, 0 }, { "////", 12, 0, 2, 0 }, { ".", 0, 0, 2, 0 },
		{ ".", 12, 0, 12, 0 }, { "..", 12, 0, 2, 0 }, { "..", 0, 0, 2, 0 },
		{ "/../..", 0, 0, 2, 0 }, { "", 0, 0, E2_ERR_NOENT, 0 },
		{ "d", 0, 0, 12, 0 }, { "/d/", 0, 0, 12, 0 }, { "//d//e//", 0, 0, 13, 0 },
		{ "d/./e/../g", 0, 0, 15, 0 }, { "g", 12, 0, 15, 0 },
		{ "e/../../f", 12, 0, 14, 0 }, { "../d/e", 13, 0, E2_ERR_NOENT, 0 },
		{ "../../d/e", 13, 0, 13, 0 }, { "f", 0, 0, 14, 0 },
		{ "f/", 0, 0, E2_ERR_NOTDIR, 0 }, { "f/.", 0, 0, E2_ERR_NOTDIR, 0 },
		{ "f/..", 0, 0, E2_ERR_NOTDIR, 0 }, { "f/x", 0, 0, E2_ERR_NOTDIR, 0 },
		{ "x", 0, 0, E2_ERR_NOENT, 0 }, { "x/", 0, 0, E2_ERR_NOENT, 0 },
		{ "x/y", 0, 0, E2_ERR_NOENT, 0 }, { "x/..", 0, 0, E2_ERR_NOENT, 0 },
		{ "abs", 0, 0, 13, 20 }, { "abs/", 0, 0, 13, 0 }, { "abs/.", 0, 0, 13, 0 },
		{ "abs/..", 0, 0, 12, 0 }, { "dl/g", 0, 0, 15, 0 },
		{ "d/up", 0, 0, 14, 16 }, { "d/up/", 0, 0, E2_ERR_NOTDIR, 0 },
		{ "slash", 0, 0, 12, 22 }, { "slash/e", 0, 0, 13, 0 },
		{ "fslash", 0, 0, E2_ERR_NOTDIR, 23 }, { "none", 0, 0, E2_ERR_NOENT, 24 },
		{ "loop", 0, 0, E2_ERR_LOOP, 25 }, { "self", 0, 0, E2_ERR_LOOP, 28 },
		{ "self/x", 0, 0, E2_ERR_LOOP, 0 }, { "root", 12, 0, E2_ERR_NOENT, 0 },
		{ "/root", 12, 0, 2, 27 }, { "/root/root/root/d", 0, 0, 12, 0 },
		{ "deep", 0, 0, 14, 29 }, { "c39", 0, 0, 14, 69 },
		{ "c40", 0, 0, E2_ERR_LOOP, 70 }, { "c40/", 0, 0, E2_ERR_LOOP, 0 },
		{ "/c38/../c38", 0, 0, E2_ERR_NOTDIR, 0 },
		/* Below another root absolute paths and links start there, and ".." stays. */
		{ "/e", 0, 12, 13, 0 }, { "/../../e/..", 0, 12, 12, 0 },
		{ "/up", 0, 12, E2_ERR_NOENT, 16 },
	};
	struct e2_fs *fs = tree();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned flags = 0; flags < 2; flags++) {
			struct e2_resolve how = { .root = cases[i].root, .cwd = cases[i].cwd,
						  .flags = flags ? E2_NOFOLLOW : 0 };
			int want = flags && cases[i].nofollow ? cases[i].nofollow : cases[i].result;
			e2_ino ino = 7777;
			int r = e2_resolve(fs, &how, cases[i].path, &ino);

			cr_assert_eq(r, want < 0 ? want : 0, "\"%s\" %u: %d %s", cases[i].path,
				     flags, r, e2_err_detail());
			cr_assert_eq(ino, want < 0 ? 7777 : (e2_ino)want, "\"%s\" %u: %u",
				     cases[i].path, flags, ino);
		}
	}
	e2_close(fs);
}

/* Above where it began only the disk knows the parent, and may say anything. */
E2_TEST(tree_path, parent_that_is_none)
{
	static const struct { e2_ino parent; const char *path; int result; } cases[] = {
		{ 14, "..", 14 }, { 14, "../", E2_ERR_NOTDIR }, { 14, "../x", E2_ERR_NOTDIR },
		{ 14, "../..", E2_ERR_NOTDIR }, { 99999, "..", E2_ERR_RANGE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct e2_resolve how = { .cwd = 12 };
		struct e2_inode in = img_reg(0);
		struct img img;
		e2_ino ino = 0;

		img_new(&img, &(struct img_options){ 0 });
		img_mkdir(&img, 12, 2, "d");
		img_add(&img, 2, "f", 14, &in);
		in = img_inode_get(&img, 12);
		uint8_t number[4];
		e2_put32(number, cases[i].parent);
		img_write(&img, in.block[0], 12, number, sizeof(number));
		struct e2_fs *fs = img_open(&img, NULL);
		int r = e2_resolve(fs, &how, cases[i].path, &ino);
		cr_assert_eq(r ? r : (int)ino, cases[i].result, "\"%s\": %d, %u", cases[i].path, r,
			     ino);
		e2_close(fs);
		img_free(&img);
	}
}

E2_TEST(tree_path, limits)
{
	struct e2_fs *fs = tree();
	char path[5000];
	e2_ino ino;

	memset(path, '/', sizeof(path));
	path[4095] = '\0';
	cr_assert_eq(e2_resolve(fs, NULL, path, &ino), 0);
	path[4095] = '/';
	path[4096] = '\0';
	cr_assert_eq(e2_resolve(fs, NULL, path, &ino), E2_ERR_NAMETOOLONG);
	memset(path, 'x', 256);
	path[255] = '\0';
	cr_assert_eq(e2_resolve(fs, NULL, path, &ino), E2_ERR_NOENT);
	path[255] = 'x';
	path[256] = '\0';
	cr_assert_eq(e2_resolve(fs, NULL, path, &ino), E2_ERR_NAMETOOLONG);
	memcpy(path, "f/", 2);
	path[300] = '\0';
	memset(path + 2, 'x', 298);
	cr_assert_eq(e2_resolve(fs, NULL, path, &ino), E2_ERR_NOTDIR, "comes first");
	e2_close(fs);
}

E2_TEST(tree_path, messages)
{
	static const char *const cases[][2] = {
		{ "d/e/no", "d/e/no: /d/e has no \"no\"" },
		{ "no/x", "no/x: / has no \"no\"" },
		{ "none", "none: a symlink to \"nowhere/x\", and / has no \"nowhere\"" },
		{ "dl/no", "dl/no: /d has no \"no\"" },
		{ "loop", "loop: symlinks go in a circle: loop -> loop2 -> loop" },
		{ "self", "self: symlinks go in a circle: self -> self" },
		{ "c40", "c40: leads through more than 40 symlinks" },
		{ "n\no", "n\\x0ao: / has no \"n\\x0ao\"" },
	};
	struct e2_fs *fs = tree();
	e2_ino ino;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_lt(e2_resolve(fs, NULL, cases[i][0], &ino), 0);
		cr_assert_str_eq(e2_err_detail(), cases[i][1]);
	}
	e2_close(fs);
}

static int record(void *context, const struct e2_step *s)
{
	e2_str_addf(context, "%u/%s=%u%s%s@%u ", s->dir, s->name, s->ino, s->link ? "->" : "",
		    s->link ? s->link : "", s->hop);
	return s->ino == 15 ? -1234 : 0;
}

E2_TEST(tree_path, steps)
{
	static const char *const cases[][2] = {
		{ "/deep", "2/deep=29->dl/e/../up@1 2/dl=21->d@2 2/d=12@2 12/e=13@2 13/..=12@2 "
			   "12/up=16->../f@3 12/..=2@3 2/f=14@3 " },
		{ "abs/./x", "2/abs=20->/d/e@1 2/d=12@1 12/e=13@1 13/.=13@1 13/x=0@1 " },
		{ "/", "" },
	};
	struct e2_fs *fs = tree();
	struct e2_str text = E2_STR_INIT;
	struct e2_resolve how = { .step = record, .context = &text };
	e2_ino ino = 1;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e2_str_truncate(&text, 0);
		cr_assert_neq(e2_resolve(fs, &how, cases[i][0], &ino), -1234);
		cr_assert_str_eq(e2_str_text(&text), cases[i][1]);
	}
	ino = 1;
	cr_assert_eq(e2_resolve(fs, &how, "d/g", &ino), -1234, "a step can stop it");
	cr_assert_eq(ino, 1);
	e2_str_free(&text);
	e2_close(fs);
}
