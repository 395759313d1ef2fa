/* SPDX-License-Identifier: MIT */
/* Findings as text and JSON: every row of the table, names of every kind. */
#include "e2test.h"
#include "image_tree.h"

#include "check/report.h"

#include <ctype.h>
#include <string.h>

static const struct e2_finding full = {
	.ino = 12, .dir = 14, .other = 13, .group = 1, .index = 3, .mode = E2_S_IFREG | 0644,
	.blk = 300, .lblk = 7, .have = 5, .want = 3, .limit = 511, .field = "links_count",
	.why = "of a reason", .name = "na\033me\n", .name_len = 6,
};

static void assert_shown(struct e2_report *report, const struct e2_finding *f, const char *text)
{
	struct e2_str s = E2_STR_INIT;

	cr_assert(e2_problem_render(report, f, text, &s), "unknown slot in \"%s\"", text);
	cr_assert_null(strchr(e2_str_text(&s), '{'), "%s", e2_str_text(&s));
	for (size_t i = 0; i < s.len; i++)
		cr_assert_eq(iscntrl((unsigned char)s.text[i]), 0, "%s", text);
	e2_str_free(&s);
}

E2_TEST(check_report, every_row_has_texts_that_can_be_filled)
{
	struct e2_report *report;

	cr_assert_eq(e2_report_new(&report), 0);
	for (int id = 0; id < E2_PROBLEMS; id++) {
		const struct e2_problem *p = e2_problem((enum e2_problem_id)id);
		struct e2_finding f = full;

		f.id = (enum e2_problem_id)id;
		assert_shown(report, &f, p->object);
		assert_shown(report, &f, p->field);
		assert_shown(report, &f, p->text);
		assert_shown(report, &f, p->will);
		cr_assert_eq(*p->code && *p->object && *p->text, true, "%d", id);
		for (const char *c = p->code; *c; c++)
			cr_assert_eq(islower((unsigned char)*c) || *c == '-', true, "%s",
				     p->code);
	}
	e2_report_free(report);
}

E2_TEST(check_report, unknown_slots_and_forms_are_noticed)
{
	static const char *const wrong[] = { "{nothing}", "{have:nothing}", "{}", "{inode:hex}" };
	struct e2_report *report;

	cr_assert_eq(e2_report_new(&report), 0);
	for (size_t i = 0; i < 4; i++) {
		struct e2_str s = E2_STR_INIT;

		cr_assert_not(e2_problem_render(report, &full, wrong[i], &s), "%s", wrong[i]);
		e2_str_free(&s);
	}
	e2_report_free(report);
}

static void assert_finding(struct e2_report *report, size_t i, const char *object,
			   const char *field, const char *text, const char *will)
{
	const struct e2_finding *f = e2_report_at(report, i);
	struct e2_str s[4] = { E2_STR_INIT, E2_STR_INIT, E2_STR_INIT, E2_STR_INIT };

	e2_finding_object(report, f, &s[0]);
	e2_finding_field(report, f, &s[1]);
	e2_finding_text(report, f, &s[2]);
	e2_finding_will(report, f, &s[3]);
	cr_assert_str_eq(e2_str_text(&s[0]), object);
	cr_assert_str_eq(e2_str_text(&s[1]), field);
	cr_assert_str_eq(e2_str_text(&s[2]), text);
	cr_assert_str_eq(e2_str_text(&s[3]), will);
	for (int k = 0; k < 4; k++)
		e2_str_free(&s[k]);
}

/* A volume with a directory, a file of three names, and the root's links right. */
static void make(struct img *img)
{
	struct e2_inode in = img_reg(0);
	struct e2_group desc;

	img_new(img, &(struct img_options){ .blocks = 128 });
	img_mkdir(img, 11, E2_INO_ROOT, "docs");
	in.links_count = 5;
	img_add(img, E2_INO_ROOT, "test", 12, &in);
	img_link(img, E2_INO_ROOT, "testHardLink", 12, E2_FT_REG);
	img_link(img, 11, "co\npy\xff", 12, E2_FT_REG);
	in = img_inode_get(img, E2_INO_ROOT);
	in.links_count = 3;
	img_inode(img, E2_INO_ROOT, &in);
	desc = img_group(img, 0);
	desc.used_dirs_count = 2;
	img_group_put(img, 0, &desc);
}

E2_TEST(check_report, texts_name_the_object_by_its_paths)
{
	struct e2_report *report;
	struct e2_inode in;
	struct img img;
	struct e2_fs *fs;

	make(&img);
	in = img_reg(100);
	in.block[2] = 99999999;
	in.size = 3000;
	in.links_count = 1;
	img_add(&img, 11, "plan.odt", 13, &in);
	fs = img_open(&img, NULL);
	cr_assert_eq(e2_check(fs, NULL, &report), 0);
	cr_assert_eq(e2_report_count(report), 2);
	assert_finding(report, 0, "/docs/plan.odt <13>", "block[2]",
		       "is 99999999, but the volume ends at 127", "");
	assert_finding(report, 1, "/test <12>", "links_count",
		       "is 5, but it has 3 names: /test /testHardLink /docs/co\\x0apy\\xff",
		       "will be 3");
	cr_assert_eq(e2_report_errors(report), 2);
	cr_assert_eq(e2_report_notes(report), 0);
	e2_report_free(report);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(check_report, json_keeps_names_that_are_no_text)
{
	static const char *const members[] = {
		"{\"format\": \"extant-fsck/1\", \"type\": \"finding\", \"code\": \"link-count\",",
		"\"paths\": [\"/test\", \"/testHardLink\", {\"b64\": \"L2RvY3MvY28KcHn/\"}]",
		"\"found\": 5, \"want\": 3", "\"path_count\": 3",
	};
	struct e2_str s = E2_STR_INIT;
	struct e2_report *report;
	struct img img;
	struct e2_fs *fs;

	make(&img);
	fs = img_open(&img, NULL);
	cr_assert_eq(e2_check(fs, NULL, &report), 0);
	cr_assert_eq(e2_report_count(report), 1);
	e2_finding_json(report, e2_report_at(report, 0), &s);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		cr_assert_not_null(strstr(e2_str_text(&s), members[i]), "%s", e2_str_text(&s));
	e2_str_free(&s);
	e2_report_free(report);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(check_report, findings_have_one_order_and_a_bound)
{
	struct e2_findings list = { .at = NULL };

	for (uint32_t i = E2_FINDINGS_KEPT + 100; i > 0; i--)
		FOUND(&list, LINK_COUNT, .ino = i);
	FOUND(&list, SUPER_UUID, .have = 0);
	FOUND(&list, ENTRY_NAME, .ino = 5, .name = "b", .name_len = 1);
	FOUND(&list, ENTRY_NAME, .ino = 5, .name = "a", .name_len = 1);
	e2_findings_sort(&list);
	cr_assert_eq(list.count, E2_FINDINGS_KEPT + 3u);
	cr_assert_eq(list.found[E2_PROBLEM_LINK_COUNT], E2_FINDINGS_KEPT + 100u);
	cr_assert_eq(list.at[0].id, E2_PROBLEM_SUPER_UUID);
	cr_assert_eq(list.at[1].name[0], 'a');
	cr_assert_eq(list.at[2].name[0], 'b');
	for (size_t i = 4; i < list.count; i++)
		cr_assert_lt(list.at[i - 1].ino, list.at[i].ino);
	e2_findings_clear(&list);
}

static int cancel(void *context, unsigned phase, uint64_t done, uint64_t all)
{
	unsigned *left = context;

	cr_assert(phase >= 1 && phase <= 5 && done <= all);
	return (*left)-- == 0;
}

E2_TEST(check_report, a_check_can_be_cancelled_anywhere)
{
	struct e2_report *report = NULL;
	struct img img;
	struct e2_fs *fs;
	int r = E2_ERR_CANCELLED;

	make(&img);
	fs = img_open(&img, NULL);
	for (unsigned after = 0; r == E2_ERR_CANCELLED; after++) {
		unsigned left = after;
		struct e2_check_options o = { .progress = cancel, .context = &left };

		r = e2_check(fs, &o, &report);
		cr_assert(r == 0 || r == E2_ERR_CANCELLED);
	}
	cr_assert_eq(r, 0);
	e2_report_free(report);
	e2_close(fs);
	img_free(&img);
}
