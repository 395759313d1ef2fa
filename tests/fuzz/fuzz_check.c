/* SPDX-License-Identifier: MIT */
/*
 * Damaged volumes for the checker, from the search for a superblock to the texts of its
 * findings: it ends, within bounds, says the same twice, and no text holds a
 * control character.
 * Input: edits.h.
 */
#include "fuzz/edits.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXTS_MAX = 300, IMAGE_MAX = 1 << 20 };

/* ---- using it ------------------------------------------------------------ */

typedef void text_fn(struct e2_report *report, const struct e2_finding *f, struct e2_str *out);

static void use_text(struct e2_report *report, const struct e2_finding *f, text_fn *text)
{
	struct e2_str s = E2_STR_INIT;

	text(report, f, &s);
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.text[i] < ' ' || s.text[i] == 0x7f)
			abort();
	e2_str_free(&s);
}

static int check(const uint8_t *data, size_t size, struct e2_report **report)
{
	return e2_check_image(edits_open(data, size), NULL, report);
}

static uint64_t digest(const struct e2_report *report)
{
	uint64_t sum = e2_report_count(report);

	for (size_t i = 0; i < e2_report_count(report); i++) {
		const struct e2_finding *f = e2_report_at(report, i);

		sum = sum * 31 + f->id + f->ino * 7 + f->blk * 11 + f->have * 13 + f->want * 17;
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct e2_report *report, *again;

	if (size > IMAGE_MAX || check(data, size, &report) != 0)
		return 0;
	if (check(data, size, &again) != 0 || digest(report) != digest(again))
		abort();
	e2_report_free(again);
	for (size_t i = 0; i < e2_report_count(report) && i < TEXTS_MAX; i++) {
		const struct e2_finding *f = e2_report_at(report, i);

		use_text(report, f, e2_finding_object);
		use_text(report, f, e2_finding_field);
		use_text(report, f, e2_finding_text);
		use_text(report, f, e2_finding_will);
		use_text(report, f, e2_finding_json);
	}
	e2_report_free(report);
	return 0;
}
