/* SPDX-License-Identifier: MIT */
/* Where symlinks lead, or why nowhere: circles, chains, what is missing; and lists of them. */
#include "e2test.h"
#include "image_tree.h"
#include "tree/dangling.h"
#include "tree/leaving.h"

#include <stdio.h>
#include <string.h>

/* As many links on the way as say that they go on, then a circle of `round`. */
enum { FIRST = 20, ROUND = 60, CHAIN = 45 };

static void add_link(struct img *img, e2_ino dir, const char *name, e2_ino *ino, const char *text)
{
	struct e2_inode in = img_symlink(text);

	img_add(img, dir, name, (*ino)++, &in);
}

/*
 * /d (12), /d/e (13), /f (14), /d/such (15); /s -> ".", /x1 -> s/../d/x2, /d/x2 -> /x1, /x0 -> x1:
 * a circle of two, in which /s has no part.  /r0 -> r1 ... -> r59 -> r0; /k0 -> f ... /k44 -> k43;
 * /toround -> r7.
 */
static struct e2_fs *tree(void)
{
	static const struct { e2_ino dir; const char *name, *text; } links[] = {
		{ 2, "s", "." }, { 2, "x1", "s/../d/x2" }, { 12, "x2", "/x1" }, { 2, "x0", "x1" },
		{ 2, "gone", "d/no/../such" }, { 2, "lost", "/opt/such" }, { 12, "nd", "../f/x" },
		{ 2, "ok", "d/e" }, { 12, "self", "self" }, { 2, "toround", "r7" },
		{ 12, "out", "../f" }, { 12, "in", "/d/such" }, { 2, "into", "s/d" },
		{ 12, "abs", "/f" }, { 12, "here", "e/.." },
	};
	struct e2_inode in = img_reg(0);
	struct e2_fs *fs;
	struct img img;
	char name[20], text[20];
	e2_ino ino = FIRST;

	img_new(&img, &(struct img_options){ .block_size = 4096, .inodes_per_group = 160 });
	img_mkdir(&img, 12, 2, "d");
	img_mkdir(&img, 13, 12, "e");
	img_add(&img, 2, "f", 14, &in);
	img_add(&img, 12, "such", 15, &in);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		add_link(&img, links[i].dir, links[i].name, &ino, links[i].text);
	for (int i = 0; i < ROUND; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		snprintf(text, sizeof(text), "r%d", (i + 1) % ROUND);
		add_link(&img, 2, name, &ino, text);
	}
	for (int i = 0; i < CHAIN; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		snprintf(text, sizeof(text), "k%d", i - 1);
		add_link(&img, 2, name, &ino, i ? text : "f");
	}
	fs = img_open(&img, NULL);
	img_free(&img);
	return fs;
}

E2_TEST(tree_fate, kinds)
{
	static const struct {
		e2_ino dir;
		const char *path, *text;
		enum e2_fate_kind kind;
		const char *reason;
	} cases[] = {
		{ 2, "", "d/e", E2_FATE_LEADS, "" },
		{ 12, "/d", "..", E2_FATE_LEADS, "" },
		{ 2, "", "d/no/../such", E2_FATE_MISSING, "/d/no does not exist" },
		{ 13, "/d/e", "../nix/", E2_FATE_MISSING, "/d/nix does not exist" },
		{ 13, "/d/e", "../../nix", E2_FATE_MISSING, "/nix does not exist" },
		{ 13, NULL, "nix", E2_FATE_MISSING, "<13>/nix does not exist" },
		{ 13, NULL, "../nix", E2_FATE_MISSING, "<12>/nix does not exist" },
		{ 13, NULL, "../../nix", E2_FATE_MISSING, "/nix does not exist" },
		{ 2, "", "n\n", E2_FATE_MISSING, "/n\\x0a does not exist" },
		{ 2, "", "", E2_FATE_MISSING, "its text is empty" },
		{ 12, "/d", "../f/x", E2_FATE_NOTDIR, "/f is not a directory" },
		{ 12, "/d", "such/", E2_FATE_NOTDIR, "/d/such is not a directory" },
		{ 12, "/d", "self", E2_FATE_LOOP, "loop: self -> self" },
		{ 2, "", "x1", E2_FATE_LOOP, "loop: /x1 -> /d/x2 -> /x1" },
		{ 2, "", "s/s/s/d/x2", E2_FATE_LOOP, "loop: /d/x2 -> /x1 -> /d/x2" },
		{ 2, "", "r7", E2_FATE_LOOP, "loop: r7 -> r8 -> r9 -> r10 -> r11 -> r12 -> r13 -> "
		  "r14 -> ... 52 more -> r7" },
		{ 2, "", "k38", E2_FATE_LEADS, "" },
		{ 2, "", "k39", E2_FATE_CHAIN, "leads through more than 40 symlinks" },
		{ 2, "", "k44", E2_FATE_CHAIN, "leads through more than 40 symlinks" },
	};
	struct e2_fate fate = E2_FATE_INIT;
	struct e2_str reason = E2_STR_INIT;
	struct e2_fs *fs = tree();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e2_str_truncate(&reason, 0);
		cr_assert_eq(e2_fate(fs, 0, cases[i].dir, cases[i].path, cases[i].text, &fate), 0);
		e2_fate_add_reason(&fate, &reason);
		cr_assert_eq(fate.kind, cases[i].kind, "%s: %s", cases[i].text,
			     e2_fate_word(fate.kind));
		cr_assert_str_eq(e2_str_text(&reason), cases[i].reason);
		cr_assert_eq(fate.ino != 0, fate.kind == E2_FATE_LEADS);
	}
	e2_fate_free(&fate);
	e2_str_free(&reason);
	e2_close(fs);
}

E2_TEST(tree_fate, a_limit_of_ones_own)
{
	struct e2_fs *fs = tree();
	e2_ino ino;

	for (unsigned limit = 38; limit < 50; limit++) {
		struct e2_resolve how = { .limit = limit };

		cr_assert_eq(e2_resolve(fs, &how, "k44", &ino), limit < CHAIN ? E2_ERR_LOOP : 0);
		how.hops = 1;
		cr_assert_eq(e2_resolve(fs, &how, "k43", &ino), limit < CHAIN ? E2_ERR_LOOP : 0);
	}
	e2_close(fs);
}

/* What is said of each, after its path. */
static void list(struct e2_fs *fs, struct e2_str *s)
{
	const struct e2_dangling_how how = { .search = true };
	struct e2_dangling_list *all;
	struct e2_dangling b;
	int r;

	cr_assert_eq(e2_dangling_begin(fs, &how, &all), 0);
	while ((r = e2_dangling_next(all, &b)) > 0)
		e2_str_addf(s, "%s: %s%s%s\n", b.path, b.reason, *b.perhaps ? "; " : "",
			    b.perhaps);
	cr_assert_eq(r, 0);
	e2_dangling_end(all);
}

static bool has(const struct e2_str *s, const char *line)
{
	const char *at = strstr(e2_str_text(s), line);

	return at && (at == s->text || at[-1] == '\n');
}

E2_TEST(tree_fate, all_of_a_volume)
{
	static const char *const lines[] = {
		"/d/nd: /f is not a directory\n", "/d/self: loop: self -> self\n",
		"/d/x2: loop: /d/x2 -> /x1 -> /d/x2\n", "/x1: the loop of /d/x2\n",
		"/x0: into the same loop\n", "/gone: /d/no does not exist; /d/such\n",
		"/lost: /opt does not exist; /d/such\n",
		"/k40: leads through more than 40 symlinks\n", "/k44: leads through more",
		("/toround: into a loop: r7 -> r8 -> r9 -> r10 -> r11 -> r12 -> r13 -> r14 -> ... "
		 "52 more -> r7\n"), "/r0: the same loop\n",
		"/r1: the same loop\n", "/r59: the same loop\n",
	};
	static const char *const not[] = { "/ok:", "/s:", "/k39:", "/into:", "/d/here:" };
	struct e2_str s = E2_STR_INIT;
	struct e2_fs *fs = tree();

	list(fs, &s);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_assert(has(&s, lines[i]), "%s in:\n%s", lines[i], e2_str_text(&s));
	for (size_t i = 0; i < sizeof(not) / sizeof(not[0]); i++)
		cr_assert_not(has(&s, not[i]), "%s", not[i]);
	e2_str_free(&s);
	e2_close(fs);
}

E2_TEST(tree_fate, what_depends_on_a_directory)
{
	static const char want[] =
		"/into name to /d via \n/d/out up to /f via \n/d/in name to /d/such via \n"
		"/d/abs stays to /f via \n";
	static const char *const words[] = { "up", "name", "stays" };
	struct e2_leaving_list *all;
	struct e2_leaving l;
	struct e2_str s = E2_STR_INIT;
	struct e2_fs *fs = tree();
	int r, lines = 0;

	cr_assert_eq(e2_leaving_begin(fs, NULL, 14, &all), E2_ERR_NOTDIR);
	cr_assert_eq(e2_leaving_begin(fs, NULL, 2, &all), E2_ERR_INVAL);
	cr_assert_eq(e2_leaving_begin(fs, NULL, 12, &all), 0);
	while ((r = e2_leaving_next(all, &l)) > 0) {
		e2_str_truncate(&s, 0);
		e2_str_addf(&s, "%s %s to %s via %s\n", l.path, words[l.why], l.to, l.via);
		cr_assert(strstr(want, s.text) != NULL || !strcmp(l.path, "/ok"), "%s", s.text);
		lines++;
	}
	cr_assert_eq(r, 0);
	cr_assert_eq(lines, 5, "those, and /ok");
	e2_leaving_end(all);
	e2_str_free(&s);
	e2_close(fs);
}
