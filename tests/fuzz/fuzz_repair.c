/* SPDX-License-Identifier: MIT */
/*
 * Repairs of damaged volumes, in memory: a repair ends, and what it says it repaired is: a check
 * finds no error but those it says are left, and a second repair changes no byte.
 *
 * Input: edits.h.
 */
#include "fuzz/edits.h"

#include "check/repair.h"
#include "ram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IMAGE_MAX = 1 << 20 };

static const char *const ids[] = {
#define P(id, number, code, severity, policy, fix, object, field, text, will) \
	[E2_PROBLEM_##id] = #id,
#include "check/problem.def"
#undef P
};

static void load(struct ram *image, const uint8_t *data, size_t size)
{
	struct e2_io *io = edits_open(data, size);

	image->size = io->size;
	image->bytes = malloc(io->size != 0 ? io->size : 1);
	if (image->bytes == NULL ||
	    (io->size != 0 && e2_io_read(io, 0, io->size, image->bytes) != 0) ||
	    e2_io_close(io) != 0)
		abort();
}

static void wrong(const char *what, const struct e2_finding *f)
{
	fprintf(stderr, "%s %s inode %u group %u block %llu\n", what, f != NULL ? ids[f->id] : "",
		f != NULL ? f->ino : 0, f != NULL ? f->group : 0,
		f != NULL ? (unsigned long long)f->blk : 0);
	abort();
}

/* Repairs and notes which errors are left; 0, or why there is nothing to be judged. */
static int repair(struct ram *image, bool left[E2_PROBLEMS], uint64_t *fixed)
{
	struct e2_report *report = NULL;
	int err = e2_repair_io(ram_open(image, true), true, NULL, &report);

	if (err == 0) {
		for (size_t i = 0; i < e2_report_count(report); i++)
			left[e2_report_at(report, i)->id] |= !e2_report_at(report, i)->fixed;
		*fixed = e2_report_fixed(report);
		err = e2_report_commit(report);
	}
	if (err == E2_ERR_INTERNAL) {
		fprintf(stderr, "%s\n", e2_err_detail());
		abort();
	}
	e2_report_free(report);
	return err;
}

static void check(struct ram *image, const bool left[E2_PROBLEMS])
{
	struct e2_report *report;

	if (e2_check_image(ram_open(image, false), NULL, &report) != 0)
		wrong("no check after a repair", NULL);
	for (size_t i = 0; i < e2_report_count(report); i++) {
		const struct e2_finding *f = e2_report_at(report, i);

		if (!left[f->id] && e2_problem(f->id)->severity == E2_SEV_ERROR)
			wrong("found after a repair:", f);
	}
	e2_report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ram once = { .size = 0 }, twice = { .size = 0 };
	bool left[E2_PROBLEMS] = { false };
	uint64_t fixed;

	if (size > IMAGE_MAX)
		return 0;
	load(&once, data, size);
	if (repair(&once, left, &fixed) == 0) {
		check(&once, left);
		ram_copy(&twice, &once);
		if (repair(&twice, left, &fixed) != 0 || fixed != 0)
			wrong("a second repair repairs", NULL);
		if (twice.size != once.size || memcmp(twice.bytes, once.bytes, once.size) != 0)
			wrong("a second repair changes bytes", NULL);
	}
	free(once.bytes);
	free(twice.bytes);
	return 0;
}
