/* SPDX-License-Identifier: MIT */
#include "writing.h"

#include "e2test.h"

#include "check/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void writing_files(struct img *img, const struct img_options *options, unsigned files)
{
	img_new(img, options);
	for (unsigned i = 0; i < files; i++) {
		struct e2_inode in = img_reg(0);
		char name[16];

		snprintf(name, sizeof(name), "f%u", i);
		img_inode(img, WRITING_FIRST + i, &in);
		img_link(img, E2_INO_ROOT, name, WRITING_FIRST + i, E2_FT_REG);
	}
	img_sync(img);
}

struct e2_fs *writing_open(struct img *img)
{
	const struct e2_open_options options = { .flags = E2_OPEN_WRITE };
	struct e2_fs *fs;

	cr_assert_eq(e2_open(img_copy(img), &options, &fs), 0, "%s", e2_err_detail());
	return fs;
}

void writing_sound(struct e2_fs *fs)
{
	struct e2_str text = E2_STR_INIT;
	struct e2_report *report;

	cr_assert_eq(e2_check(fs, NULL, &report), 0, "%s", e2_err_detail());
	for (size_t i = 0; i < e2_report_count(report); i++) {
		const struct e2_finding *f = e2_report_at(report, i);

		e2_finding_object(report, f, &text);
		e2_str_add(&text, ": ");
		e2_finding_field(report, f, &text);
		e2_str_add(&text, ": ");
		e2_finding_text(report, f, &text);
		e2_str_add(&text, "\n");
	}
	cr_assert_eq(e2_report_errors(report), 0, "%s", e2_str_text(&text));
	e2_report_free(report);
	e2_str_free(&text);
}

uint8_t *writing_bytes(struct e2_fs *fs, size_t *len)
{
	const struct e2_geometry *g = e2_geometry(fs);
	uint8_t *bytes = malloc((size_t)g->blocks << g->block_bits);

	cr_assert_not_null(bytes);
	cr_assert_eq(e2_cache_read(e2_fs_cache(fs), 0, g->blocks, bytes), 0);
	if (len)
		*len = (size_t)g->blocks << g->block_bits;
	return bytes;
}

void writing_same(struct e2_fs *fs, const uint8_t *bytes, bool ignore_free)
{
	const struct e2_geometry *g = e2_geometry(fs);
	uint8_t *have = writing_bytes(fs, NULL);

	for (e2_blk blk = 0; blk < g->blocks; blk++) {
		size_t at = (size_t)blk << g->block_bits;
		bool used = true;

		if (memcmp(have + at, bytes + at, g->block_size) == 0)
			continue;
		if (ignore_free)
			cr_assert_eq(e2_block_used(fs, blk, &used), 0);
		cr_assert_eq(used, false, "block %ju differs", (uintmax_t)blk);
	}
	free(have);
}
