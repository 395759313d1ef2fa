/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "scratch.h"

#include "build/plan.h"
#include "build/plan_priv.h"

#include <fcntl.h>
#include <stdio.h>

enum { FILES = 600, NEEDED = FILES + 11 };

static struct scratch s;

static void begin(void)
{
	scratch_begin(&s);
	for (int i = 0; i < FILES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%d", i);
		int fd = open(scratch_path(&s, name), O_WRONLY | O_CREAT, 0644);

		cr_assert_geq(fd, 0);
		close(fd);
	}
}

static void end(void)
{
	scratch_end(&s);
}

/* Few inodes for the size, and groups over which 611 does not divide. */
static struct e2_shape_options few_inodes(void)
{
	return (struct e2_shape_options){ .block_size = 1024, .usage = "largefile4",
		.reserved_percent = -1, .revision = UINT32_MAX, .backup_count = UINT32_MAX,
		.now = 1700000000 };
}

E2_TEST(build_size, rounding_by_group_never_leaves_too_few_inodes, .init = begin, .fini = end)
{
	struct e2_shape_options o = few_inodes();
	struct e2_source_options how = { 0 };
	struct e2_source *source;
	struct e2_shape shape;

	cr_assert_eq(e2_source_dir(s.dir, &how, &source), 0);
	cr_assert_eq(e2_shape_make(&o, 20 << 20, &shape), 0);
	cr_assert_lt(shape.geometry.inodes, NEEDED, "there are %u", shape.geometry.inodes);
	o.inodes = NEEDED;
	cr_assert_eq(e2_shape_make(&o, 20 << 20, &shape), 0);
	cr_assert_lt(shape.geometry.inodes, NEEDED, "-N is rounded to %u", shape.geometry.inodes);
	o.inodes = 0;
	cr_assert_eq(e2_plan_shape(source, &o, 0, 20 << 20, &shape), 0);
	cr_assert_geq(shape.geometry.inodes, NEEDED, "%u are too few", shape.geometry.inodes);

	cr_assert_eq(e2_plan_shape(source, &o, 20, 20 << 20, &shape), 0);
	cr_assert_geq(shape.geometry.inodes, NEEDED + NEEDED / 5, "no inodes are spare");

	/* What was asked for is not changed. */
	o.inodes = 100;
	cr_assert_eq(e2_plan_shape(source, &o, 0, 20 << 20, &shape), 0);
	cr_assert_lt(shape.geometry.inodes, NEEDED);
	e2_source_free(source);
}

E2_TEST(build_size, a_size_too_small_for_the_inodes_does_not_end_the_search,
	 .init = begin, .fini = end)
{
	struct e2_shape_options o = few_inodes();
	struct e2_source_options how = { 0 };
	struct e2_source *source;
	uint64_t bytes;

	o.usage = NULL;
	o.block_size = 0;
	cr_assert_eq(e2_source_dir(s.dir, &how, &source), 0);
	cr_assert_eq(e2_plan_auto_size(source, &o, 2200, 0, &bytes), 0, "%s", e2_err_detail());
	cr_assert_gt(bytes, 3 << 20, "so many inodes do not fit in %llu bytes",
		     (unsigned long long)bytes);
	e2_source_free(source);
}
