/* SPDX-License-Identifier: MIT */
/*
 * Making an image on a simulated host: whatever fails, and whenever power is lost,
 * the name stands for the old image or for the complete new one.
 */
#include "e2test.h"

#include "build/plan.h"
#include "io/sim.h"
#include "io/target.h"

#include <string.h>

static const char name[] = "d/a.img";

enum { BYTES = 80 * 1024 };

/* The same volume each time; label tells the old from the new. */
static int make_image(struct e2_env *env, const char *label, uint8_t first)
{
	const uint8_t uuid[16] = { first }, seed[16] = { 1 };
	struct e2_shape_options so = {
		.label = label, .uuid = uuid, .hash_seed = seed, .reserved_percent = -1,
		.now = 1000,
		.revision = UINT32_MAX, .backup_count = UINT32_MAX, .inode_size = 128,
	};
	const struct e2_plan_options po = { .now = 1000 };
	const struct e2_emit_options eo = { .fresh = true };
	struct e2_source *source = NULL;
	struct e2_target *target = NULL;
	struct e2_plan *plan = NULL;
	struct e2_shape shape;
	int err = e2_source_empty(&source);

	if (!err)
		err = e2_shape_make(&so, BYTES, &shape);
	if (!err)
		err = e2_plan_make(source, &shape, &po, &plan);
	if (!err)
		err = e2_target_open(env, name, &target);
	if (!err)
		err = e2_emit(plan, e2_target_io(target), &eo);
	if (!err) {
		err = e2_target_commit(target);
		target = NULL;
	}
	e2_target_abort(target);
	e2_plan_free(plan);
	e2_source_free(source);
	return err;
}

/* A host with the old image, or without one; all durable. */
static struct e2_sim *make_host(bool old)
{
	struct e2_sim *sim, *begin;

	cr_assert_eq(e2_sim_new(&sim), 0);
	if (old)
		cr_assert_eq(make_image(e2_sim_env(sim), "old", 1), 0, "%s", e2_err_detail());
	cr_assert_eq(e2_sim_crash(sim, e2_sim_events(sim), UINT64_MAX, 0, false, &begin, NULL), 0);
	e2_sim_free(sim);
	return begin;
}

struct images {
	uint8_t old[BYTES], new[BYTES];
};

static void read_image(const char *label, uint8_t first, uint8_t *to)
{
	struct e2_sim *sim;
	const uint8_t *data;
	uint64_t size;

	cr_assert_eq(e2_sim_new(&sim), 0);
	cr_assert_eq(make_image(e2_sim_env(sim), label, first), 0, "%s", e2_err_detail());
	cr_assert(e2_sim_file(sim, name, &data, &size));
	cr_assert_eq(size, BYTES);
	memcpy(to, data, BYTES);
	e2_sim_free(sim);
}

static void make_references(struct images *images)
{
	read_image("old", 1, images->old);
	read_image("new", 2, images->new);
	cr_assert_neq(memcmp(images->old, images->new, BYTES), 0);
}

enum content { NOTHING, OLD, NEW, BROKEN };

static enum content content_of(const struct e2_sim *sim, const struct images *images)
{
	const uint8_t *data;
	uint64_t size;

	if (!e2_sim_file(sim, name, &data, &size))
		return NOTHING;
	if (size != BYTES)
		return BROKEN;
	if (memcmp(data, images->old, BYTES) == 0)
		return OLD;
	return memcmp(data, images->new, BYTES) == 0 ? NEW : BROKEN;
}

E2_TEST(build_crash, power_loss_leaves_the_old_or_the_new)
{
	struct images images;
	size_t states = 0, news = 0;

	make_references(&images);
	for (int old = 0; old < 2; old++) {
		struct e2_sim *sim = make_host(old);
		size_t begin = e2_sim_events(sim);

		cr_assert_eq(make_image(e2_sim_env(sim), "new", 2), 0);
		for (size_t cut = begin; cut <= e2_sim_events(sim); cut++) {
			for (uint64_t seed = 0; seed < 64; seed++) {
				/* None, all, and some that are scattered. */
				uint64_t choice = seed == 0 ? 0 : seed == 1 ? UINT64_MAX
					: seed * UINT64_C(0x9e3779b97f4a7c15);
				struct e2_sim *after;

				cr_assert_eq(e2_sim_crash(sim, cut, choice, seed, seed % 3 == 2,
							  &after, NULL), 0);
				enum content c = content_of(after, &images);

				cr_assert(c == NEW || c == (old ? OLD : NOTHING),
					  "old %d, cut %zu, seed %d: %d", old, cut, (int)seed,
					  (int)c);
				states++;
				news += c == NEW;
				e2_sim_free(after);
			}
		}
		cr_assert_eq(content_of(sim, &images), NEW);
		e2_sim_free(sim);
	}
	cr_assert_gt(states, 1000, "%zu states", states);
	cr_assert_gt(news, 0);
}

E2_TEST(build_crash, every_failure_is_told_and_leaves_the_old)
{
	struct images images;

	make_references(&images);
	for (int old = 0; old < 2; old++) {
		unsigned failures = 0;

		for (uint64_t nth = 1;; nth++) {
			struct e2_sim *sim = make_host(old);

			e2_sim_fail(sim, E2_SIM_ALL, nth, false, E2_ERR_IO);
			int err = make_image(e2_sim_env(sim), "new", 2);
			bool reached = e2_sim_count(sim, E2_SIM_ALL) >= nth;
			enum content c = content_of(sim, &images);

			e2_sim_fail(sim, 0, 0, false, 0);
			if (err == 0)
				cr_assert_eq(c, NEW, "operation %d", (int)nth);
			else
				cr_assert(c == NEW || c == (old ? OLD : NOTHING),
					  "operation %d: %d",
					  (int)nth, (int)c);
			failures += err != 0;
			e2_sim_free(sim);
			if (!reached)
				break;
			cr_assert_lt(nth, 10000);
		}
		cr_assert_gt(failures, 8, "%u failures", failures);
	}
}
