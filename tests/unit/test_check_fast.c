/* SPDX-License-Identifier: MIT */
/* The quick look of the checker: never surer than the passes, whatever the number of threads. */
#include "e2test.h"
#include "ram.h"
#include "random.h"
#include "recipe.h"

#include "check/fast.h"
#include "check/report.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct recipe_base bases[] = {
	{ .options = {
		.blocks = 512, .blocks_per_group = 256, .inodes_per_group = 64,
		.compat = E2_FEATURE_ext_attr | E2_FEATURE_dir_index,
		.incompat = E2_FEATURE_filetype, .ro_compat = E2_FEATURE_sparse_super,
	} },
	{ .options = {
		.blocks = 600, .blocks_per_group = 256, .inodes_per_group = 40,
		.inode_size = 128, .reserved_gdt_blocks = 3,
		.compat = E2_FEATURE_ext_attr | E2_FEATURE_dir_index | E2_FEATURE_resize_inode,
		.incompat = E2_FEATURE_filetype, .ro_compat = E2_FEATURE_sparse_super,
	}, .resize_inode = true },
	{ .options = {
		.blocks = 400, .block_size = 4096, .inodes_per_group = 64,
		.compat = E2_FEATURE_ext_attr | E2_FEATURE_dir_index,
		.ro_compat = E2_FEATURE_sparse_super,
	} },
};
enum { BASES = sizeof(bases) / sizeof(bases[0]) };

static const unsigned threads[] = { 1, 2, 8 };
enum { THREADS = sizeof(threads) / sizeof(threads[0]) };

/* ---- what is sound ------------------------------------------------------- */

/* The quick look alone, after the passes before it. */
static int look(struct e2_io *owned, unsigned count, struct e2_check_totals *totals)
{
	const struct e2_check_options options = { .threads = count };
	struct e2_findings found = { .count = 0 };
	struct ck ck = { .options = &options, .found = &found };
	int r;

	cr_assert_eq(e2_open(owned, NULL, &ck.fs), 0);
	cr_assert_eq(ck_begin(&ck), 0);
	cr_assert_eq(pass_super(&ck), 0);
	cr_assert_eq(pass_groups(&ck), 0);
	cr_assert_eq(pass_orphans(&ck), 0);
	cr_assert_eq(found.count, 0);
	r = ck_fast(&ck);
	*totals = ck.totals;
	ck_end(&ck);
	e2_findings_clear(&found);
	e2_close(ck.fs);
	return r;
}

E2_TEST(check_fast, a_sound_volume_is_seen_to_be_one)
{
	for (size_t b = 0; b < BASES; b++) {
		const struct e2_check_options options = { .thorough = true };
		struct e2_check_totals want, have;
		struct e2_report *report;
		struct img img;

		recipe_make_base(&img, &bases[b]);
		cr_assert_eq(e2_check_image(img_copy(&img), &options, &report), 0);
		cr_assert_eq(e2_report_count(report), 0);
		e2_report_totals(report, &want);
		e2_report_free(report);
		for (size_t t = 0; t < THREADS; t++) {
			memset(&have, 0, sizeof(have));
			cr_assert_eq(look(img_copy(&img), threads[t], &have), 1, "base %zu", b);
			cr_assert_eq(memcmp(&have, &want, sizeof(want)), 0, "base %zu", b);
		}
		img_free(&img);
	}
}

/* ---- what is not --------------------------------------------------------- */

/* Whether a check with quick look, by every number of threads, says what the passes say. */
static bool same(struct ram *ram, int64_t now, const char *what)
{
	struct e2_check_options options = { .thorough = true, .now = now };
	struct e2_report *want = NULL, *have = NULL;
	int err = e2_check_image(ram_open(ram, false), &options, &want);
	bool good = true;

	options.thorough = false;
	for (size_t t = 0; t < THREADS && good; t++) {
		options.threads = threads[t];
		good = e2_check_image(ram_open(ram, false), &options, &have) == err;
		if (err != 0 || !good)
			continue;
		good = e2_report_count(want) == e2_report_count(have) &&
		       memcmp(&want->totals, &have->totals, sizeof(want->totals)) == 0;
		for (size_t i = 0; good && i < e2_report_count(want); i++)
			good = e2_findings_compare(e2_report_at(want, i),
						   e2_report_at(have, i)) == 0;
		e2_report_free(have);
	}
	e2_report_free(want);
	if (!good)
		fprintf(stderr, "%s: the quick look makes a difference\n", what);
	return good;
}

static void compare_recipe(void *context, struct recipe *r)
{
	bool *good = context;

	*good = same(&r->damaged, r->now, r->name) && *good;
}

E2_TEST(check_fast, every_recipe_ends_as_without_it)
{
	bool good = true;
	glob_t files;

	cr_assert_eq(glob("tests/corrupt/*.recipe", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		recipe_read(files.gl_pathv[i], compare_recipe, &good);
	globfree(&files);
	cr_assert(good);
}

/* Damages a byte or a word of a block that is in use. */
static void mutate(const struct e2_geometry *g, struct ram *ram, uint64_t *seed)
{
	uint64_t r = random_next(seed);
	e2_blk blk = g->first_data_block + r % 90;
	uint32_t at = (uint32_t)(r >> 32) % g->block_size, value;
	uint8_t *raw;

	if (r >> 20 & 1)	/* beginnings hold more */
		at %= 128;
	if ((r >> 24 & 7) == 0 && g->groups > 1)
		blk = e2_group_first_block(g, 1) + r % 24;
	raw = ram->bytes + blk * g->block_size + (at & ~3u);
	value = e2_get32(raw);
	switch (r >> 28 & 7) {
	case 0: value = 0; break;
	case 1: value = (uint32_t)random_next(seed) % 700; break;
	case 2: value += (r >> 40 & 1) != 0 ? 1 : UINT32_MAX; break;
	case 3: value ^= (uint32_t)random_next(seed); break;
	case 4: value ^= UINT32_C(1) << (r >> 41) % 32; break;
	case 5: value = (value & 0xffff0000) | ((uint32_t)random_next(seed) & 0x3f); break;
	case 6: value ^= UINT32_C(0xff) << (r >> 41) % 4 * 8; break;
	default: value ^= UINT32_C(1) << (r >> 41) % 32; break;
	}
	e2_put32(raw, value);
}

E2_TEST(check_fast, every_mutant_ends_as_without_it)
{
	enum { MUTANTS = 1000 };	/* of each base */
	bool good = true;

	for (size_t b = 0; b < BASES; b++) {
		struct ram sound = { .size = 0 }, mutant = { .size = 0 };
		struct img img;

		recipe_make_base(&img, &bases[b]);
		sound.size = img.io->size;
		sound.bytes = malloc(sound.size);
		cr_assert_not_null(sound.bytes);
		cr_assert_eq(e2_io_read(img.io, 0, sound.size, sound.bytes), 0);
		for (uint64_t n = 0; n < MUTANTS; n++) {
			uint64_t seed = n * BASES + b;
			char what[40];

			ram_copy(&mutant, &sound);
			mutate(&img.g, &mutant, &seed);
			snprintf(what, sizeof(what), "base %zu, mutant %d", b, (int)n);
			good = same(&mutant, 0, what) && good;
		}
		free(sound.bytes);
		free(mutant.bytes);
		img_free(&img);
	}
	cr_assert(good);
}

/* ---- errors -------------------------------------------------------------- */

struct patience { unsigned asked, until; };

static int ask(void *context, unsigned phase, uint64_t done, uint64_t all)
{
	struct patience *p = context;

	(void)phase;
	cr_assert_leq(done, all);
	return p->asked++ >= p->until;
}

E2_TEST(check_fast, it_can_be_cancelled_at_every_step)
{
	struct patience p = { .until = UINT32_MAX };
	struct e2_check_options options = { .progress = ask, .context = &p };
	struct e2_report *report;
	struct img img;
	unsigned asked;

	recipe_make_base(&img, &bases[0]);
	for (size_t t = 0; t < THREADS; t++) {
		options.threads = threads[t];
		p = (struct patience){ .until = UINT32_MAX };
		cr_assert_eq(e2_check_image(img_copy(&img), &options, &report), 0);
		e2_report_free(report);
		asked = p.asked;
		cr_assert_gt(asked, 5u);
		for (unsigned until = 0; until < 5; until++) {
			p = (struct patience){ .until = until };
			cr_assert_eq(e2_check_image(img_copy(&img), &options, &report),
				     E2_ERR_CANCELLED);
			cr_assert_eq(p.asked, until + 1);
		}
	}
	img_free(&img);
}
