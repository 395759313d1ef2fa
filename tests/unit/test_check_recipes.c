/* SPDX-License-Identifier: MIT */
/*
 * Every problem the checker knows, found in volumes that have it, and nothing else found; and
 * repaired, so that nothing is found afterwards.
 */
#include "e2test.h"
#include "check/repair.h"
#include "reader.h"
#include "recipe.h"

#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ids[] = {
#define P(id, number, code, severity, policy, fix, object, field, text, will) \
	[E2_PROBLEM_##id] = #id,
#include "check/problem.def"
#undef P
};

struct run {
	const char *path;
	uint64_t fired[E2_PROBLEMS], almost[E2_PROBLEMS];
	unsigned recipes, failures;
	unsigned of_recipe;		/* failures of this one */
	char pending[512][128];		/* recipes whose repair is not made yet, by name */
	unsigned pending_count;
};

__attribute__((format(printf, 3, 4)))
static void complain(struct run *run, const struct recipe *r, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u: %s: ", run->path, r->line, r->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	run->of_recipe++;
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
		fprintf(stderr, "\t%s: %s%s\n", ids[f->id], e2_str_text(&s),
			f->fixed ? " (repaired)" : "");
		e2_str_free(&s);
	}
}

/* What a check finds must be `wanted`, no more and no less. */
static void check(struct run *run, const struct recipe *r, struct ram *image, const char *when,
		  const bool *wanted)
{
	const struct e2_check_options options = { .now = r->now };
	struct e2_report *report = NULL;
	unsigned before = run->of_recipe;
	int err = e2_check_image(ram_open(image, false), &options, &report);

	if (err != r->fails)
		complain(run, r, "%s: ends with %s: %s", when, e2_err_name(err), e2_err_detail());
	for (int id = 0; err == 0 && id < E2_PROBLEMS; id++) {
		uint64_t found = e2_report_found(report, (enum e2_problem_id)id);

		if (wanted == r->expected)
			run->fired[id] += found;
		if ((found != 0) != wanted[id])
			complain(run, r, "%s: %s%s", when, found != 0 ? "found " : "not found: ",
				 ids[id]);
	}
	if (run->of_recipe != before && err == 0)
		print_findings(report);
	e2_report_free(report);
}

struct outcome {
	uint64_t fixed, left, found;
	unsigned lost, renamed;
};

static bool repair(struct run *run, const struct recipe *r, struct ram *image, const char *when,
		   bool write, struct outcome *o)
{
	const struct e2_repair_options options = { .check = { .now = r->now },
						   .reattach = r->reattach };
	struct e2_report *report = NULL;
	int err = e2_repair_io(ram_open(image, write), write, &options, &report);

	*o = (struct outcome){ .fixed = 0 };
	if (err == 0 && write)
		err = e2_report_commit(report);
	if (err != r->fails)
		complain(run, r, "%s: ends with %s: %s", when, e2_err_name(err), e2_err_detail());
	if (err == 0) {
		o->fixed = e2_report_fixed(report);
		o->left = e2_report_left(report);
		o->found = e2_report_count(report);
		for (size_t i = 0; i < e2_report_losses(report); i++)
			if (e2_report_loss(report, i)->kind == E2_LOSS_NEW_NAME)
				o->renamed++;
			else
				o->lost++;
	}
	e2_report_free(report);
	return err == 0;
}

static bool same_bytes(const struct ram *a, const struct ram *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static void keeps(struct run *run, const struct recipe *r, const struct ram *repaired)
{
	uint64_t size = r->sound->size;
	uint8_t *bytes = malloc(size);
	struct reader was, is;

	cr_assert_not_null(bytes);
	cr_assert_eq(e2_io_read(r->sound, 0, size, bytes), 0);
	cr_assert(reader_open(&was, bytes, size));
	cr_assert(reader_open(&is, repaired->bytes, repaired->size));
	for (unsigned i = 0; i < r->keep_count; i++) {
		const struct reader_name *a = reader_find(&was, r->keeps[i]);
		const struct reader_name *b = reader_find(&is, r->keeps[i]);

		cr_assert(a != NULL, "%s:%u: no %s", run->path, r->line, r->keeps[i]);
		if (b == NULL || a->bytes != b->bytes || a->mode != b->mode)
			complain(run, r, "does not keep %s", r->keeps[i]);
	}
	reader_close(&was);
	reader_close(&is);
	free(bytes);
}

/* A dry repair changes nothing and says the same; a real one leaves nothing to find. */
static void prove(struct run *run, struct recipe *r)
{
	struct ram once = { .size = 0 }, twice = { .size = 0 };
	struct outcome dry, wet, again;
	unsigned line;

	ram_copy(&once, &r->damaged);
	repair(run, r, &once, "dry repair", false, &dry);
	if (!same_bytes(&once, &r->damaged))
		complain(run, r, "a dry repair changes the image");
	if (!repair(run, r, &once, "repair", true, &wet) || run->of_recipe != 0)
		goto out;
	if (memcmp(&dry, &wet, sizeof(dry)) != 0)
		complain(run, r, "a dry repair says something else");
	if (wet.lost != r->lost || wet.renamed != r->renamed)
		complain(run, r, "tells %u lost and %u renamed", wet.lost, wet.renamed);
	check(run, r, &once, "after repair", r->left);
	line = recipe_after(run->path, r, &once);
	if (line != 0)
		complain(run, r, "line %u does not hold after repair", line);
	keeps(run, r, &once);
	ram_copy(&twice, &once);
	repair(run, r, &twice, "second repair", true, &again);
	if (!same_bytes(&once, &twice))
		complain(run, r, "a second repair changes the image");
	if (again.fixed != 0 || again.lost != 0 || again.renamed != 0)
		complain(run, r, "a second repair repairs %" PRIu64, again.fixed);
out:
	free(once.bytes);
	free(twice.bytes);
}

static bool is_pending(const struct run *run, const char *kind, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "%s %s", kind, name);
	for (unsigned i = 0; i < run->pending_count; i++)
		if (strcmp(run->pending[i], line) == 0)
			return true;
	return false;
}

static void read_pending(struct run *run)
{
	FILE *in = fopen("tests/corrupt/pending", "r");

	while (in != NULL && run->pending_count < 512 &&
	       fgets(run->pending[run->pending_count], 128, in) != NULL) {
		char *line = run->pending[run->pending_count++];

		line[strcspn(line, "\n")] = '\0';
	}
	if (in != NULL)
		fclose(in);
}

static void check_recipe(void *context, struct recipe *r)
{
	struct run *run = context;
	bool none = true;

	run->recipes++;
	run->of_recipe = 0;
	check(run, r, &r->damaged, "check", r->expected);
	for (int id = 0; id < E2_PROBLEMS; id++) {
		none = none && !r->almost[id];
		run->almost[id] += r->almost[id];
	}
	for (int id = 0; id < E2_PROBLEMS && !none; id++)
		if (r->expected[id])
			complain(run, r, "is almost something, and expects %s", ids[id]);
	if (!none && r->steps == 0)
		complain(run, r, "is almost something, and changes nothing");
	run->failures += run->of_recipe;
	if (run->of_recipe != 0)
		return;
	prove(run, r);
	if (is_pending(run, "recipe", r->name)) {
		fprintf(stderr, "pending: recipe %s %s\n", r->name,
			run->of_recipe != 0 ? "fails" : "passes: take it off the list");
		return;
	}
	run->failures += run->of_recipe;
}

static void demand_recipe(struct run *run, const char *kind, int id)
{
	fprintf(stderr, "tests/corrupt: no recipe %s the problem %s\n",
		strcmp(kind, "almost") == 0 ? "almost has" : "has", ids[id]);
	if (!is_pending(run, kind, ids[id]) && !is_pending(run, kind, "any"))
		run->failures++;
}

E2_TEST(check_recipes, every_problem_is_found_and_repaired)
{
	static struct run run;
	glob_t files;

	read_pending(&run);
	cr_assert_eq(glob("tests/corrupt/*.recipe", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		run.path = files.gl_pathv[i];
		recipe_read(run.path, check_recipe, &run);
	}
	globfree(&files);
	for (int id = 0; id < E2_PROBLEMS; id++) {
		if (run.fired[id] == 0)
			demand_recipe(&run, "fires", id);
		if (run.almost[id] == 0)
			demand_recipe(&run, "almost", id);
	}
	cr_assert_eq(run.failures, 0u);
	cr_assert_gt(run.recipes, 100u);
}
