/* SPDX-License-Identifier: MIT */
/* Targets on a simulated host: every power loss and every failure. */
#include "e2test.h"

#include "io/sim.h"
#include "io/target.h"

#include <stdio.h>
#include <string.h>

static const char name[] = "d/a.img";

enum { OLD_BYTES = 2500, NEW_BYTES = 5000 };

enum scenario { OVER_NOTHING, OVER_FILE };

static uint8_t old_byte(size_t i)
{
	return (uint8_t)(1 + i % 97);
}

static uint8_t new_byte(size_t i)
{
	return (uint8_t)(101 + i % 131);
}

/* A host with another file and, for OVER_FILE, the old one; all durable. */
static struct e2_sim *make_host(enum scenario scenario)
{
	struct e2_sim *sim, *begin;
	struct e2_env *env;
	struct e2_io *io;
	uint8_t old[OLD_BYTES];

	cr_assert_eq(e2_sim_new(&sim), E2_OK);
	env = e2_sim_env(sim);
	cr_assert_eq(env->ops->create_excl(env, "d/other", 0644, &io), E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
	if (scenario == OVER_FILE) {
		for (size_t i = 0; i < OLD_BYTES; i++)
			old[i] = old_byte(i);
		cr_assert_eq(env->ops->create_excl(env, name, 0644, &io), E2_OK);
		cr_assert_eq(e2_io_resize(io, OLD_BYTES), E2_OK);
		cr_assert_eq(e2_io_write(io, 0, OLD_BYTES, old), E2_OK);
		cr_assert_eq(e2_io_close(io), E2_OK);
	}
	cr_assert_eq(e2_sim_crash(sim, e2_sim_events(sim), UINT64_MAX, 0, false, &begin, NULL),
		     E2_OK);
	e2_sim_free(sim);
	return begin;
}

/* What mkfs does with a target: looks at the old, writes, the beginning last, commits. */
static int make_image(struct e2_env *env)
{
	static const size_t bounds[] = { 1024, 2048, 2100, 2300, 3600, 4096, 4608, NEW_BYTES };
	enum { WRITES = sizeof(bounds) / sizeof(bounds[0]) };
	struct e2_target *t;
	uint8_t buf[NEW_BYTES];
	int r = e2_target_open(env, name, &t);

	if (r)
		return r;
	if (e2_target_old(t))
		r = e2_io_read(e2_target_old(t), 0, 1024, buf);
	for (size_t i = 0; i < NEW_BYTES; i++)
		buf[i] = new_byte(i);
	if (r == E2_OK)
		r = e2_io_resize(e2_target_io(t), NEW_BYTES);
	if (r == E2_OK)
		r = e2_io_zero(e2_target_io(t), 500, 4000);
	for (size_t i = 1; r == E2_OK && i < WRITES; i++)
		r = e2_io_write(e2_target_io(t), bounds[i - 1], bounds[i] - bounds[i - 1],
				buf + bounds[i - 1]);
	if (r == E2_OK)
		r = e2_io_write(e2_target_io(t), 0, bounds[0], buf);
	if (r) {
		e2_target_abort(t);
		return r;
	}
	return e2_target_commit(t);
}

enum content { NOTHING, OLD, NEW, BROKEN };

static enum content content_of(const struct e2_sim *sim)
{
	const uint8_t *data;
	uint64_t size;
	size_t i = 0;

	if (!e2_sim_file(sim, name, &data, &size))
		return NOTHING;
	if (size == OLD_BYTES) {
		while (i < size && data[i] == old_byte(i))
			i++;
		return i == size ? OLD : BROKEN;
	}
	while (i < size && data[i] == new_byte(i))
		i++;
	return i == size && size == NEW_BYTES ? NEW : BROKEN;
}

static size_t states, news;

/* Every cut, every (or every n-th) subset of what is pending, and the tears of each. */
static void crash_everywhere(const struct e2_sim *sim, enum content before, uint64_t every)
{
	for (size_t cut = 0; cut <= e2_sim_events(sim); cut++) {
		size_t pending = 1;

		for (uint64_t choice = 0; choice < (uint64_t)1 << pending; choice += every) {
			for (uint64_t seed = 0; seed < 5; seed++) {
				struct e2_sim *after;
				enum content c;

				cr_assert_eq(e2_sim_crash(sim, cut, choice, seed, seed > 0, &after,
							  &pending), E2_OK);
				cr_assert_leq(pending, 12);
				c = content_of(after);
				cr_assert(c == before || c == NEW,
					  "cut %zu choice %llx seed %llu: %d", cut,
					  (unsigned long long)choice, (unsigned long long)seed,
					  (int)c);
				states++;
				news += c == NEW;
				e2_sim_free(after);
			}
		}
	}
}

static void expect_no_temporary(const struct e2_sim *sim)
{
	for (size_t i = 0; i < e2_sim_names(sim); i++)
		cr_assert(strcmp(e2_sim_name(sim, i), name) == 0 ||
			  strcmp(e2_sim_name(sim, i), "d/other") == 0, "%s is left",
			  e2_sim_name(sim, i));
}

static enum content before_of(enum scenario scenario)
{
	return scenario == OVER_FILE ? OLD : NOTHING;
}

/* Named temporaries: as on a file system without unnamed files. */
static struct e2_sim *make_host_for(enum scenario scenario, bool named)
{
	struct e2_sim *sim = make_host(scenario);

	e2_sim_fail(sim, named ? E2_SIM_CREATE : 0, named ? 1 : 0, false, E2_ERR_UNSUPPORTED);
	return sim;
}

E2_TEST(io_target, power_loss_leaves_the_old_or_the_new)
{
	for (int run = 0; run < 4; run++) {
		enum scenario scenario = run & 1 ? OVER_FILE : OVER_NOTHING;
		struct e2_sim *sim = make_host_for(scenario, (run & 2) != 0), *after;

		cr_assert_eq(make_image(e2_sim_env(sim)), E2_OK, "%s", e2_err_detail());
		cr_assert_eq(content_of(sim), NEW);
		expect_no_temporary(sim);
		crash_everywhere(sim, before_of(scenario), 1);
		/* After the commit nothing can take the new content away. */
		cr_assert_eq(e2_sim_crash(sim, e2_sim_events(sim), 0, 0, false, &after, NULL),
			     E2_OK);
		cr_assert_eq(content_of(after), NEW);
		e2_sim_free(after);
		e2_sim_free(sim);
	}
	cr_assert_gt(news, 0);
	cr_log_info("%zu states after a power loss, %zu with the new content, 0 others", states,
		    news);
}

/* Lets the n-th operation of a kind fail; false when there are not so many. */
static bool fail_nth(enum scenario scenario, unsigned kind, uint64_t nth, bool for_ever, int err)
{
	struct e2_sim *sim = make_host(scenario);
	enum content before = before_of(scenario), c;
	bool last_step;
	int r;

	e2_sim_fail(sim, kind, nth, for_ever, err);
	r = make_image(e2_sim_env(sim));
	c = content_of(sim);
	/* Failures of the names' durability after a rename cannot be undone. */
	last_step = scenario == OVER_FILE && kind == E2_SIM_SYNC_DIR && nth == 2;
	if (e2_sim_count(sim, kind) < nth) {
		cr_assert_eq(r, E2_OK);
		e2_sim_free(sim);
		return false;
	}
	if (kind == E2_SIM_CLOSE && r == E2_OK)	/* of what was only read, or locked */
		cr_assert_eq(c, NEW);
	else
		cr_assert_eq(r, err, "kind %u nth %llu: %d", kind, (unsigned long long)nth, r);
	if (r != E2_OK)
		cr_assert_eq(c, last_step ? NEW : before, "kind %u nth %llu", kind,
			     (unsigned long long)nth);
	if (!(for_ever && kind == E2_SIM_NAME))
		expect_no_temporary(sim);
	crash_everywhere(sim, before, 13);
	e2_sim_free(sim);
	return true;
}

E2_TEST(io_target, every_failure_is_told_and_leaves_the_old)
{
	static const int errs[] = { E2_ERR_IO, E2_ERR_NOSPC };
	size_t faults = 0;

	for (int run = 0; run < 8; run++) {
		enum scenario scenario = run & 1 ? OVER_FILE : OVER_NOTHING;

		for (unsigned kind = 1; kind & E2_SIM_ALL; kind <<= 1) {
			uint64_t nth = 1;

			while (fail_nth(scenario, kind, nth, (run & 2) != 0, errs[run / 4]))
				nth++;
			faults += nth - 1;
		}
	}
	cr_assert_gt(faults, 80);
	cr_log_info("%zu failures, each told, the old content kept; %zu power losses among them",
		    faults, states);
}

E2_TEST(io_target, when_everything_fails_for_ever_the_name_is_old_or_new)
{
	for (int run = 0; run < 2; run++) {
		enum scenario scenario = run ? OVER_FILE : OVER_NOTHING;

		for (uint64_t nth = 1;; nth++) {
			struct e2_sim *sim = make_host(scenario);
			uint64_t count;
			enum content c;

			e2_sim_fail(sim, E2_SIM_ALL, nth, true, E2_ERR_IO);
			(void)make_image(e2_sim_env(sim));
			count = e2_sim_count(sim, E2_SIM_ALL);
			c = content_of(sim);
			cr_assert(c == before_of(scenario) || c == NEW);
			crash_everywhere(sim, before_of(scenario), 13);
			e2_sim_free(sim);
			if (count < nth)
				break;
		}
	}
}

E2_TEST(io_target, abort_leaves_what_was)
{
	for (int run = 0; run < 4; run++) {
		struct e2_sim *sim =
			make_host_for(run & 1 ? OVER_FILE : OVER_NOTHING, (run & 2) != 0);
		struct e2_target *t;

		cr_assert_eq(e2_target_open(e2_sim_env(sim), name, &t), E2_OK);
		cr_assert_eq(e2_target_old(t) != NULL, run & 1);
		cr_assert(e2_target_old(t) == NULL || e2_target_old(t)->size == OLD_BYTES);
		cr_assert(e2_target_in_place(t) == NULL);
		cr_assert_eq(e2_target_io(t)->size, 0);
		cr_assert_eq(e2_io_resize(e2_target_io(t), 100), E2_OK);
		e2_target_abort(t);
		cr_assert_eq(content_of(sim), before_of(run & 1 ? OVER_FILE : OVER_NOTHING));
		expect_no_temporary(sim);
		e2_sim_free(sim);
	}
	e2_target_abort(NULL);
}

E2_TEST(io_target, a_name_that_others_took_meanwhile_is_theirs)
{
	for (int run = 0; run < 4; run++) {
		struct e2_sim *sim =
			make_host_for(run & 1 ? OVER_FILE : OVER_NOTHING, (run & 2) != 0);
		struct e2_env *env = e2_sim_env(sim);
		struct e2_target *t;
		struct e2_io *io;
		const uint8_t *data;
		uint64_t size;

		cr_assert_eq(e2_target_open(env, name, &t), E2_OK);
		if (run & 1)
			cr_assert_eq(env->ops->unlink(env, name), E2_OK);
		cr_assert_eq(env->ops->create_excl(env, name, 0644, &io), E2_OK);
		cr_assert_eq(e2_io_close(io), E2_OK);
		cr_assert_eq(e2_target_commit(t), run & 1 ? E2_ERR_CHANGED : E2_ERR_EXIST);
		cr_assert(e2_sim_file(sim, name, &data, &size));
		cr_assert_eq(size, 0);
		expect_no_temporary(sim);
		e2_sim_free(sim);
	}
}

E2_TEST(io_target, leftovers_of_others_are_passed_by)
{
	for (int run = 0; run < 2; run++) {
		struct e2_sim *sim = make_host(OVER_FILE);
		struct e2_env *env = e2_sim_env(sim);
		struct e2_io *io;

		cr_assert_eq(env->ops->create_excl(env, "d/.a.img.extant-0", 0644, &io), E2_OK);
		cr_assert_eq(e2_io_close(io), E2_OK);
		e2_sim_fail(sim, E2_SIM_CREATE, (uint64_t)run, false, E2_ERR_UNSUPPORTED);
		cr_assert_eq(make_image(env), E2_OK);
		cr_assert_eq(content_of(sim), NEW);
		cr_assert_eq(e2_sim_names(sim), 3);
		e2_sim_free(sim);
	}
}

static int no_unnamed_files(struct e2_env *env, const char *path, unsigned mode, struct e2_io **io)
{
	(void)env, (void)path, (void)mode, (void)io;
	return e2_fail(E2_ERR_UNSUPPORTED, "no unnamed files");
}

static int no_hard_links(struct e2_env *env, struct e2_io *temp, const char *path)
{
	(void)env, (void)temp, (void)path;
	return e2_fail(E2_ERR_PERM, "no hard links");
}

/* As FAT: temporaries have names, and only a rename gives another. */
E2_TEST(io_target, a_file_system_without_hard_links_will_do)
{
	for (int run = 0; run < 2; run++) {
		enum scenario scenario = run ? OVER_FILE : OVER_NOTHING;
		struct e2_sim *sim = make_host(scenario);
		struct e2_env *env = e2_sim_env(sim);
		struct e2_env_ops ops = *env->ops;

		ops.create_temp = no_unnamed_files;
		ops.link_temp = no_hard_links;
		env->ops = &ops;
		cr_assert_eq(make_image(env), E2_OK, "%s", e2_err_detail());
		cr_assert_eq(content_of(sim), NEW);
		expect_no_temporary(sim);
		crash_everywhere(sim, before_of(scenario), 5);
		e2_sim_free(sim);
	}
}

E2_TEST(io_target, parts_of_files_and_files_with_two_names_are_written_in_place)
{
	struct e2_sim *sim = make_host(OVER_FILE);
	struct e2_env *env = e2_sim_env(sim);
	struct e2_target *t;
	struct e2_io *io;
	const uint8_t *data;
	uint64_t size;

	cr_assert_eq(e2_target_open(env, "d/a.img@1k+1k", &t), E2_OK);
	cr_assert_str_eq(e2_target_in_place(t), "is a part of a file");
	cr_assert_eq(e2_target_old(t)->size, 1024);
	cr_assert_eq(e2_target_io(t)->size, 1024);
	cr_assert_not(e2_target_old(t)->writable);
	cr_assert_eq(e2_io_write(e2_target_io(t), 0, 3, "new"), E2_OK);
	cr_assert_eq(e2_io_write(e2_target_io(t), 1022, 3, "new"), E2_ERR_IO);
	cr_assert_eq(e2_target_commit(t), E2_OK);
	cr_assert(e2_sim_file(sim, name, &data, &size));
	cr_assert_eq(size, OLD_BYTES);
	cr_assert_arr_eq(data + 1024, "new", 3);
	cr_assert_eq(data[1023], old_byte(1023));
	cr_assert_eq(data[1027], old_byte(1027));
	cr_assert_eq(e2_target_open(env, "d/a.img@1k+8k", &t), E2_ERR_RANGE);
	cr_assert_eq(e2_target_open(env, "d/none@1k", &t), E2_ERR_NOENT);

	cr_assert_eq(env->ops->open(env, name, 0, &io), E2_OK);
	cr_assert_eq(env->ops->link_temp(env, io, "d/second"), E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(e2_target_open(env, name, &t), E2_OK);
	cr_assert_str_eq(e2_target_in_place(t), "has 2 names");
	cr_assert_eq(e2_io_write(e2_target_io(t), 0, 1, "N"), E2_OK);
	cr_assert_eq(e2_target_commit(t), E2_OK);
	cr_assert(e2_sim_file(sim, "d/second", &data, &size));
	cr_assert_eq(data[0], 'N');
	e2_sim_free(sim);
}
