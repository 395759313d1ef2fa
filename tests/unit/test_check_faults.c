/* SPDX-License-Identifier: MIT */
/* The check when memory runs out or reads fail: an error or a finding, never a wrong answer. */
#include "alloc.h"
#include "e2test.h"
#include "recipe.h"

#include "io/sim.h"

#include <string.h>

static void make(struct img *img)
{
	const struct recipe_base base = {
		.options = {
			.blocks = 512, .blocks_per_group = 256, .inodes_per_group = 64,
			.compat = E2_FEATURE_ext_attr | E2_FEATURE_dir_index,
			.incompat = E2_FEATURE_filetype, .ro_compat = E2_FEATURE_sparse_super,
		},
	};

	recipe_make_base(img, &base);
}

/* Damages that make every kind of list grow: a shared block, and a bad superblock. */
static void damage(struct img *img)
{
	struct e2_inode in = img_inode_get(img, 12);
	uint8_t zeros[2] = { 0 };

	in.block[0] = img_inode_get(img, 13).block[0];
	img_inode(img, 12, &in);
	cr_assert_eq(e2_io_write(img->io, E2_SUPER_OFFSET + 56, sizeof(zeros), zeros), 0);
}

E2_TEST(check_faults, every_allocation_may_fail)
{
	struct e2_report *report = NULL;
	int r = E2_ERR_NOMEM;
	struct img img;

	make(&img);
	damage(&img);
	for (uint64_t nth = 1; r != 0; nth++) {
		struct e2_io *io = img_copy(&img);

		alloc_fail(nth);
		r = e2_check_image(io, NULL, &report);
		alloc_fail(0);
		/* A superblock or copy that could not be opened for lack of memory is that. */
		cr_assert(r == 0 || r == E2_ERR_NOMEM, "%d: %s", r, e2_err_detail());
	}
	cr_assert_eq(e2_report_found(report, E2_PROBLEM_SUPER_DAMAGED) +
		     e2_report_found(report, E2_PROBLEM_SUPER_VALUE), 1);
	cr_assert_eq(e2_report_found(report, E2_PROBLEM_BLOCK_SHARED), 1);
	e2_report_free(report);
	img_free(&img);
}

static struct e2_io *open_sim(struct e2_sim *sim)
{
	struct e2_env *env = e2_sim_env(sim);
	struct e2_io *io;

	cr_assert_eq(env->ops->open(env, "a.img", 0, &io), 0);
	return io;
}

E2_TEST(check_faults, every_read_may_fail)
{
	struct e2_report *report;
	struct e2_sim *sim;
	struct img img;
	const struct e2_check_options options = { .no_read_ahead = true };
	uint64_t reads;

	make(&img);
	img_to_sim(&img, &sim, "a.img");
	struct e2_io *io = open_sim(sim);
	e2_sim_fail(sim, E2_SIM_READ, 0, false, 0);
	cr_assert_eq(e2_check_image(io, &options, &report), 0);
	cr_assert_eq(e2_report_count(report), 0);
	e2_report_free(report);
	reads = e2_sim_count(sim, E2_SIM_READ);
	cr_assert_gt(reads, 10);
	for (uint64_t nth = 1; nth <= reads; nth++) {
		io = open_sim(sim);
		e2_sim_fail(sim, E2_SIM_READ, nth, true, E2_ERR_IO);
		int r = e2_check_image(io, &options, &report);

		e2_sim_fail(sim, E2_SIM_READ, 0, false, 0);
		if (r == 0) {
			cr_assert_gt(e2_report_errors(report), 0u, "read %d", (int)nth);
			e2_report_free(report);
		} else {
			cr_assert_eq(r, E2_ERR_IO, "read %d: %s", (int)nth, e2_err_detail());
		}
	}
	e2_sim_free(sim);
	img_free(&img);
}

E2_TEST(check_faults, the_image_keeps_its_bytes_and_the_answer_is_always_the_same)
{
	struct e2_report *report[2];
	struct img img;

	make(&img);
	damage(&img);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(e2_check_image(img_copy(&img), NULL, &report[i]), 0);
	cr_assert_eq(e2_report_count(report[0]), e2_report_count(report[1]));
	for (size_t i = 0; i < e2_report_count(report[0]); i++) {
		struct e2_str a = E2_STR_INIT, b = E2_STR_INIT;

		e2_finding_json(report[0], e2_report_at(report[0], i), &a);
		e2_finding_json(report[1], e2_report_at(report[1], i), &b);
		cr_assert_str_eq(e2_str_text(&a), e2_str_text(&b));
		e2_str_free(&a);
		e2_str_free(&b);
	}
	e2_report_free(report[0]);
	e2_report_free(report[1]);
	img_free(&img);
}
