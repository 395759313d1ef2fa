/* SPDX-License-Identifier: MIT */
/* Every problem the checker knows, found in volumes that have it, and nothing else found. */
#include "e2test.h"
#include "recipe.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static const char *const ids[] = {
#define P(id, number, code, severity, policy, fix, object, field, text, will) \
	[E2_PROBLEM_##id] = #id,
#include "check/problem.def"
#undef P
};

struct run {
	const char *path;
	uint64_t fired[E2_PROBLEMS];
	unsigned recipes;
	bool failed;
};

static void complain(struct run *run, const struct recipe *r, const char *what, int id)
{
	fprintf(stderr, "%s:%u: %s: %s %s\n", run->path, r->line, r->name, what, ids[id]);
	run->failed = true;
}

static void print_findings(struct e2_report *report)
{
	for (size_t i = 0; i < e2_report_count(report); i++) {
		const struct e2_finding *f = e2_report_at(report, i);
		struct e2_str s = E2_STR_INIT;

		e2_finding_object(report, f, &s);
		e2_str_add(&s, " ");
		e2_finding_field(report, f, &s);
		e2_str_add(&s, ": ");
		e2_finding_text(report, f, &s);
		fprintf(stderr, "\t%s: %s\n", ids[f->id], e2_str_text(&s));
		e2_str_free(&s);
	}
}

static void check(void *context, struct recipe *r)
{
	const struct e2_check_options options = { .now = r->now };
	struct run *run = context;
	struct e2_report *report = NULL;
	bool before = run->failed;
	int err = e2_check_image(r->io, &options, &report);

	run->recipes++;
	if (err != r->fails) {
		fprintf(stderr, "%s:%u: %s: ends with %s: %s\n", run->path, r->line, r->name,
			e2_err_name(err), e2_err_detail());
		run->failed = true;
	}
	for (int id = 0; err == 0 && id < E2_PROBLEMS; id++) {
		uint64_t found = e2_report_found(report, (enum e2_problem_id)id);

		run->fired[id] += found;
		if (found != 0 && !r->expected[id])
			complain(run, r, "not expected:", id);
		if (found == 0 && r->expected[id])
			complain(run, r, "not found:", id);
	}
	if (run->failed && !before && err == 0)
		print_findings(report);
	e2_report_free(report);
}

E2_TEST(check_recipes, every_problem_is_found_and_no_other)
{
	struct run run = { .failed = false };
	glob_t files;

	cr_assert_eq(glob("tests/corrupt/*.recipe", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		run.path = files.gl_pathv[i];
		recipe_read(run.path, check, &run);
	}
	globfree(&files);
	for (int id = 0; id < E2_PROBLEMS; id++) {
		if (run.fired[id] != 0)
			continue;
		fprintf(stderr, "tests/corrupt: no recipe has the problem %s\n", ids[id]);
		run.failed = true;
	}
	cr_assert_not(run.failed);
	cr_assert_gt(run.recipes, 100u);
}
