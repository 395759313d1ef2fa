/* SPDX-License-Identifier: MIT */
#include "change.h"
#include "e2test.h"
#include "tree/survey_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct img_options PLAIN = {
	.blocks = 4096, .inodes_per_group = 512, .incompat = E2_FEATURE_filetype,
	.compat = E2_FEATURE_ext_attr | E2_FEATURE_dir_index,
};
static const struct e2_survey_how ALL = { .links = 1000, .steps = 100000 };

static e2_ino make_link(struct change *c, e2_ino dir, const char *name, const char *text)
{
	struct e2_new what = { .mode = E2_S_IFLNK | 0777, .target = text,
			       .target_len = strlen(text) };
	e2_ino ino = 0;

	cr_assert_eq(e2_create(c->txn, dir, name, strlen(name), &what, &ino), 0);
	return ino;
}

static struct e2_survey *look_after(struct change *c, const struct e2_survey *before)
{
	struct e2_survey_how how = ALL;
	struct e2_survey *s = NULL;

	how.before = before;
	cr_assert_eq(e2_survey_make(c->fs, &how, &s), 0, "%s", e2_err_detail());
	return s;
}

static struct e2_survey *look(struct change *c)
{
	return look_after(c, NULL);
}

/* What differs from before, as "/path was>is" words; before is freed. */
static void differs(struct change *c, struct e2_survey *before, const char *wanted)
{
	struct e2_survey *after = look_after(c, before);
	struct e2_survey_change *changes = NULL;
	struct e2_str s = E2_STR_INIT;
	size_t count = 0;

	cr_assert_eq(e2_survey_compare(before, after, &changes, &count), 0);
	for (size_t i = 0; i < count; i++) {
		e2_str_add(&s, i ? " " : "");
		cr_assert_eq(e2_survey_path(after, changes[i].link, &s), 0);
		e2_str_addf(&s, " %s%u>%u", changes[i].old == E2_SURVEY_NONE ? "new " : "",
			    changes[i].was, changes[i].is);
	}
	cr_assert_str_eq(e2_str_text(&s), wanted);
	free(changes);
	e2_str_free(&s);
	e2_survey_free(before);
	e2_survey_free(after);
}

static int move(struct change *c, e2_ino from, const char *name, e2_ino to, const char *new_name,
		unsigned flags)
{
	return e2_rename(c->txn, from, name, strlen(name), to, new_name, strlen(new_name), flags);
}

E2_TEST(tree_survey, each_way)
{
	struct change c;
	struct e2_str want = E2_STR_INIT;
	struct e2_survey *s;

	change_open(&c, &PLAIN);
	s = look(&c);
	cr_assert_eq(e2_survey_count(s), 0);
	e2_ino f = change_make(&c, E2_INO_ROOT, "f", E2_S_IFREG | 0644);
	e2_ino g = change_make(&c, E2_INO_ROOT, "g", E2_S_IFREG | 0644);
	e2_ino d = change_mkdir(&c, E2_INO_ROOT, "d");
	make_link(&c, E2_INO_ROOT, "z", "f");
	make_link(&c, d, "far", "/f");
	make_link(&c, d, "rot", "/none");
	differs(&c, s, "/d/rot new 0>0");

	s = look(&c);
	cr_assert_eq(move(&c, E2_INO_ROOT, "f", E2_INO_ROOT, "none", 0), 0);
	e2_str_addf(&want, "/z %u>0 /d/far %u>0 /d/rot 0>%u", f, f, f);
	differs(&c, s, want.text);

	s = look(&c);
	cr_assert_eq(move(&c, E2_INO_ROOT, "none", E2_INO_ROOT, "g", E2_RENAME_EXCHANGE), 0);
	e2_str_truncate(&want, 0);
	e2_str_addf(&want, "/d/rot %u>%u", f, g);
	differs(&c, s, want.text);
	e2_str_free(&want);
	change_sound(&c);
	change_close(&c);
}

/* What is moved is the same as before, wherever it is; a path that was there is compared itself. */
E2_TEST(tree_survey, moved)
{
	struct change c;
	struct e2_str want = E2_STR_INIT;
	struct e2_survey *s;

	change_open(&c, &PLAIN);
	e2_ino f = change_make(&c, E2_INO_ROOT, "f", E2_S_IFREG | 0644);
	e2_ino d = change_mkdir(&c, E2_INO_ROOT, "d"), sub = change_mkdir(&c, d, "sub");
	e2_ino rot = make_link(&c, d, "rot", "/none");
	make_link(&c, d, "up", "../f");
	make_link(&c, sub, "here", ".");
	cr_assert_eq(e2_link(c.txn, sub, "rot", 3, rot), 0);

	s = look(&c);
	cr_assert_eq(move(&c, E2_INO_ROOT, "d", E2_INO_ROOT, "e", 0), 0);
	cr_assert_eq(move(&c, d, "rot", E2_INO_ROOT, "rotten", 0), 0);
	differs(&c, s, "");

	s = look(&c);
	cr_assert_eq(move(&c, d, "up", sub, "up", 0), 0);
	e2_str_addf(&want, "/e/sub/up %u>0", f);
	differs(&c, s, want.text);

	s = look(&c);			/* /rotten has led nowhere, and /e/sub/here somewhere */
	cr_assert_eq(move(&c, E2_INO_ROOT, "rotten", sub, "here", 0), 0);
	e2_str_truncate(&want, 0);
	e2_str_addf(&want, "/e/sub/here %u>0", sub);
	differs(&c, s, want.text);
	e2_str_free(&want);
	change_sound(&c);
	change_close(&c);
}

/* The symlink itself is one of the 40 that may be followed. */
E2_TEST(tree_survey, chain)
{
	struct change c;
	struct e2_survey *s;
	char name[8], text[8] = "f";
	unsigned lead = 0;

	change_open(&c, &PLAIN);
	change_make(&c, E2_INO_ROOT, "f", E2_S_IFREG | 0644);
	for (int i = 1; i <= 42; i++) {
		(void)snprintf(name, sizeof(name), "c%d", i);
		make_link(&c, E2_INO_ROOT, name, text);
		memcpy(text, name, sizeof(text));
	}
	s = look(&c);
	for (uint32_t i = 0; i < e2_survey_count(s); i++)
		lead += e2_survey_link(s, i).to != 0;
	cr_assert_eq(lead, 40);
	e2_survey_free(s);
	change_close(&c);
}

E2_TEST(tree_survey, bounds)
{
	struct e2_survey_how few = { .links = 2, .steps = 1000 };
	struct change c;
	struct e2_survey *s = NULL;

	change_open(&c, &PLAIN);
	make_link(&c, E2_INO_ROOT, "a", "b");
	make_link(&c, E2_INO_ROOT, "b", "a");
	cr_assert_eq(e2_survey_make(c.fs, &few, &s), 0);
	e2_survey_free(s);
	few.steps = 10;
	cr_assert_eq(e2_survey_make(c.fs, &few, &s), E2_ERR_RANGE);
	few.steps = 1000;
	make_link(&c, E2_INO_ROOT, "c", "/");
	cr_assert_eq(e2_survey_make(c.fs, &few, &s), E2_ERR_RANGE);
	change_close(&c);
}

/* Whoever makes an image must not be able to choose texts that count as the same. */
E2_TEST(tree_survey, hashes_of_texts_cannot_be_foreseen)
{
	struct change c;
	struct e2_survey *a, *b, *after_a;

	change_open(&c, &PLAIN);
	make_link(&c, E2_INO_ROOT, "l", "somewhere");
	a = look(&c);
	b = look(&c);
	after_a = look_after(&c, a);
	cr_assert_neq(a->ends[0].text, b->ends[0].text);
	cr_assert_eq(a->ends[0].text, after_a->ends[0].text);
	e2_survey_free(a);
	e2_survey_free(b);
	e2_survey_free(after_a);
	change_close(&c);
}
