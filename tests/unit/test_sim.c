/* SPDX-License-Identifier: MIT */
/* The simulated host: what a power loss may leave, and failures on demand. */
#include "e2test.h"

#include "io/sim.h"

#include <string.h>

static struct e2_sim *make_sim(void)
{
	struct e2_sim *sim;

	cr_assert_eq(e2_sim_new(&sim), E2_OK);
	return sim;
}

static struct e2_io *make_file(struct e2_sim *sim, const char *path, const char *text)
{
	struct e2_env *env = e2_sim_env(sim);
	struct e2_io *io;

	cr_assert_eq(env->ops->create_excl(env, path, 0644, &io), E2_OK);
	cr_assert_eq(e2_io_resize(io, strlen(text)), E2_OK);
	cr_assert_eq(e2_io_write(io, 0, strlen(text), text), E2_OK);
	return io;
}

/* The content of a file after a crash as a string; "-" when the name is lost. */
static const char *after_crash(const struct e2_sim *sim, size_t cut, uint64_t choice, uint64_t seed,
			       bool tear, size_t *pending)
{
	static char text[4096];
	struct e2_sim *after;
	const uint8_t *data;
	uint64_t size;

	cr_assert_eq(e2_sim_crash(sim, cut, choice, seed, tear, &after, pending), E2_OK);
	text[0] = '-', text[1] = '\0';
	if (e2_sim_file(after, "f", &data, &size)) {
		cr_assert_lt(size, sizeof(text));
		memcpy(text, data, (size_t)size);
		text[size] = '\0';
	}
	e2_sim_free(after);
	return text;
}

E2_TEST(io_sim, is_a_host_with_files_and_names)
{
	struct e2_sim *sim = make_sim();
	struct e2_env *env = e2_sim_env(sim);
	struct e2_io *io, *again, *temp;
	const uint8_t *data;
	uint64_t size;
	char buf[8];

	io = make_file(sim, "d/b", "hello");
	cr_assert_eq(env->ops->create_excl(env, "d/b", 0644, &again), E2_ERR_EXIST);
	cr_assert_eq(env->ops->open(env, "d/none", 0, &again), E2_ERR_NOENT);
	cr_assert_eq(env->ops->open(env, "d/b", 0, &again), E2_OK);
	cr_assert_eq(e2_io_read(again, 0, 5, buf), E2_OK);
	cr_assert_arr_eq(buf, "hello", 5);
	cr_assert_eq(e2_io_write(again, 0, 1, "x"), E2_ERR_ROFS);
	cr_assert_eq(e2_io_resize(io, 2), E2_OK);
	cr_assert_eq(e2_io_read(again, 0, 5, buf), E2_ERR_IO);
	cr_assert_eq(e2_io_resize(io, 5), E2_OK);
	cr_assert_eq(e2_io_read(again, 0, 5, buf), E2_OK);
	cr_assert_arr_eq(buf, "he\0\0\0", 5);

	cr_assert_eq(env->ops->create_temp(env, "d/x", 0644, &temp), E2_OK);
	cr_assert_eq(e2_sim_names(sim), 1);
	cr_assert_eq(env->ops->link_temp(env, temp, "d/b"), E2_ERR_EXIST);
	cr_assert_eq(env->ops->link_temp(env, temp, "d/a"), E2_OK);
	cr_assert_str_eq(e2_sim_name(sim, 0), "d/a");
	cr_assert_str_eq(e2_sim_name(sim, 1), "d/b");
	cr_assert_eq(env->ops->rename(env, "d/a", "d/b"), E2_OK);
	cr_assert_eq(e2_sim_names(sim), 1);
	cr_assert(e2_sim_file(sim, "d/b", &data, &size));
	cr_assert_eq(size, 0);
	cr_assert_eq(e2_io_read(io, 0, 2, buf), E2_OK, "an open file outlives its name");
	cr_assert_eq(env->ops->rename(env, "d/b", "d/b"), E2_OK);
	cr_assert_eq(env->ops->unlink(env, "d/b"), E2_OK);
	cr_assert_eq(env->ops->unlink(env, "d/b"), E2_ERR_NOENT);
	cr_assert_eq(env->ops->rename(env, "d/b", "d/c"), E2_ERR_NOENT);
	cr_assert_eq(e2_sim_names(sim), 0);
	cr_assert_str_eq(e2_sim_name(sim, 0), "");
	cr_assert_eq(e2_io_close(io) | e2_io_close(again) | e2_io_close(temp), E2_OK);
	e2_sim_free(sim);
	e2_sim_free(NULL);
}

E2_TEST(io_sim, what_was_not_synced_may_be_kept_or_lost)
{
	struct e2_sim *sim = make_sim();
	struct e2_env *env = e2_sim_env(sim);
	struct e2_io *io = make_file(sim, "f", "old");
	size_t pending, cut;

	/* 0 create, 1 link, 2 resize, 3 write: three things can be lost. */
	cr_assert_eq(e2_sim_events(sim), 4);
	cr_assert_str_eq(after_crash(sim, 4, 0, 0, false, &pending), "-");
	cr_assert_eq(pending, 3);
	cr_assert_str_eq(after_crash(sim, 4, 7, 0, false, NULL), "old");
	cr_assert_str_eq(after_crash(sim, 4, 1, 0, false, NULL), "");
	cr_assert_str_eq(after_crash(sim, 4, 5, 0, false, NULL), "",
			 "a write behind the end arrived");
	cr_assert_str_eq(after_crash(sim, 4, 6, 0, false, NULL), "-");
	cr_assert_eq(e2_io_sync(io), E2_OK);
	cr_assert_str_eq(after_crash(sim, 5, 0, 0, false, &pending), "-");
	cr_assert_eq(pending, 1, "data durable, name not");
	cr_assert_str_eq(after_crash(sim, 5, 1, 0, false, NULL), "old");
	cr_assert_eq(env->ops->sync_dir(env, "other/f"), E2_OK);
	cr_assert_str_eq(after_crash(sim, 6, 0, 0, false, NULL), "-");
	cr_assert_eq(env->ops->sync_dir(env, "f"), E2_OK);
	cr_assert_str_eq(after_crash(sim, 7, 0, 0, false, &pending), "old");
	cr_assert_eq(pending, 0);

	/* Reordered: the later write arrives without the earlier one. */
	cut = e2_sim_events(sim);
	cr_assert_eq(e2_io_write(io, 0, 1, "A"), E2_OK);
	cr_assert_eq(e2_io_write(io, 1, 1, "B"), E2_OK);
	cr_assert_eq(e2_io_zero(io, 2, 1), E2_OK);
	cr_assert_str_eq(after_crash(sim, cut + 3, 2, 0, false, &pending), "oBd");
	cr_assert_eq(pending, 3);
	cr_assert_str_eq(after_crash(sim, cut + 3, 5, 0, false, NULL), "Al");
	cr_assert_str_eq(after_crash(sim, cut + 2, 3, 0, false, NULL), "ABd");
	cr_assert_str_eq(after_crash(sim, cut + 99, 3, 0, false, NULL), "ABd", "cut past the end");
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_sim_free(sim);
}

E2_TEST(io_sim, names_are_durable_with_their_directory_only)
{
	struct e2_sim *sim = make_sim();
	struct e2_env *env = e2_sim_env(sim);
	struct e2_io *one = make_file(sim, "f", "one"), *two = make_file(sim, "g", "two");
	size_t cut, pending;

	cr_assert_eq(e2_io_sync(two) | env->ops->sync_dir(env, "f"), E2_OK);
	cr_assert_str_eq(after_crash(sim, 99, 0, 0, false, &pending), "",
			 "synced with another file");
	cr_assert_eq(pending, 2);
	cr_assert_eq(e2_io_sync(one) | env->ops->sync_dir(env, "f"), E2_OK);
	cut = e2_sim_events(sim);
	cr_assert_eq(env->ops->rename(env, "g", "f"), E2_OK);
	cr_assert_str_eq(after_crash(sim, cut + 1, 0, 0, false, &pending), "one");
	cr_assert_eq(pending, 1);
	cr_assert_str_eq(after_crash(sim, cut + 1, 1, 0, false, NULL), "two");
	cr_assert_eq(env->ops->unlink(env, "f"), E2_OK);
	cr_assert_str_eq(after_crash(sim, cut + 2, 0, 0, false, NULL), "one");
	cr_assert_str_eq(after_crash(sim, cut + 2, 1, 0, false, NULL), "two");
	cr_assert_str_eq(after_crash(sim, cut + 2, 3, 0, false, NULL), "-");
	cr_assert_eq(env->ops->sync_dir(env, "x"), E2_OK);
	cr_assert_str_eq(after_crash(sim, cut + 3, 0, 0, false, NULL), "-");
	cr_assert_eq(e2_io_close(one) | e2_io_close(two), E2_OK);
	e2_sim_free(sim);
}

E2_TEST(io_sim, a_torn_write_ends_at_a_sector)
{
	struct e2_sim *sim = make_sim();
	struct e2_env *env = e2_sim_env(sim);
	struct e2_io *io;
	char old[2001], new[1501];
	bool seen[5] = { false };

	memset(old, 'o', 2000), old[2000] = '\0';
	memset(new, 'n', 1500), new[1500] = '\0';
	io = make_file(sim, "f", old);
	cr_assert_eq(e2_io_sync(io) | env->ops->sync_dir(env, "f"), E2_OK);
	cr_assert_eq(e2_io_write(io, 300, 1500, new), E2_OK);	/* sectors 0 to 3 */
	for (uint64_t seed = 0; seed < 100; seed++) {
		const char *text = after_crash(sim, 99, 1, seed, true, NULL);
		size_t end = 300 + strspn(text + 300, "n");

		cr_assert_eq(strlen(text), 2000);
		cr_assert_eq(strspn(text, "o"), end == 300 ? 2000 : 300);
		cr_assert(end == 300 || end == 512 || end == 1024 || end == 1536, "%zu", end);
		cr_assert_eq(strspn(text + end, "o"), 2000 - end);
		seen[end == 300 ? 0 : end / 512] = true;
	}
	cr_assert(seen[0] && seen[1] && seen[2] && seen[3], "every bound is reached");
	cr_assert_str_eq(after_crash(sim, 99, 0, 5, true, NULL), old, "a lost write is not torn");
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_sim_free(sim);
}

E2_TEST(io_sim, more_than_64_pending_things_follow_the_seed)
{
	struct e2_sim *sim = make_sim();
	struct e2_env *env = e2_sim_env(sim);
	char text[201];
	struct e2_io *io;
	size_t pending, kept = 0, differ = 0;
	char first[201];

	memset(text, '.', 200), text[200] = '\0';
	io = make_file(sim, "f", text);
	cr_assert_eq(e2_io_sync(io) | env->ops->sync_dir(env, "f"), E2_OK);
	for (uint64_t i = 0; i < 200; i++)
		cr_assert_eq(e2_io_write(io, i, 1, "x"), E2_OK);
	memcpy(first, after_crash(sim, 999, 5, 1, false, &pending), sizeof(first));
	cr_assert_eq(pending, 200);
	cr_assert_str_eq(first, after_crash(sim, 999, 5, 1, false, NULL),
			 "the same seed, the same disk");
	cr_assert_eq(strncmp(first, "x.x.....", 8), 0);
	memcpy(text, after_crash(sim, 999, 5, 2, false, NULL), sizeof(text));
	for (size_t i = 0; i < 200; i++) {
		kept += first[i] == 'x';
		differ += first[i] != text[i];
		cr_assert(i >= 64 || first[i] == text[i]);
	}
	cr_assert(kept > 40 && kept < 100);
	cr_assert_gt(differ, 30);
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_sim_free(sim);
}

E2_TEST(io_sim, a_crashed_disk_can_crash_again)
{
	struct e2_sim *sim = make_sim(), *after;
	struct e2_io *io = make_file(sim, "f", "old");

	cr_assert_eq(e2_sim_crash(sim, 99, UINT64_MAX, 0, false, &after, NULL), E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_sim_free(sim);
	cr_assert_eq(e2_sim_events(after), 0);
	cr_assert_eq(e2_sim_env(after)->ops->open(e2_sim_env(after), "f", E2_IO_WRITE, &io), E2_OK);
	cr_assert_eq(e2_io_write(io, 0, 3, "new"), E2_OK);
	cr_assert_str_eq(after_crash(after, 99, 0, 0, false, NULL), "old");
	cr_assert_str_eq(after_crash(after, 99, 1, 0, false, NULL), "new");
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_sim_free(after);
}

E2_TEST(io_sim, fails_on_demand)
{
	struct e2_sim *sim = make_sim();
	struct e2_env *env = e2_sim_env(sim);
	struct e2_io *io = make_file(sim, "f", "abc"), *other;
	size_t events = e2_sim_events(sim);
	char c;

	e2_sim_fail(sim, E2_SIM_WRITE, 2, false, E2_ERR_NOSPC);
	cr_assert_eq(e2_io_write(io, 0, 1, "1"), E2_OK);
	cr_assert_eq(e2_io_read(io, 0, 1, &c), E2_OK);
	cr_assert_eq(e2_io_write(io, 0, 1, "2"), E2_ERR_NOSPC);
	cr_assert_str_eq(e2_err_detail(), "f: a simulated failure");
	cr_assert_eq(e2_io_read(io, 0, 1, &c), E2_OK);
	cr_assert_eq(c, '1', "a failed write changed something");
	cr_assert_eq(e2_io_zero(io, 0, 1), E2_OK);
	cr_assert_eq(e2_sim_count(sim, E2_SIM_WRITE), 3);
	cr_assert_eq(e2_sim_count(sim, E2_SIM_WRITE | E2_SIM_READ), 5);
	cr_assert_eq(e2_sim_count(sim, E2_SIM_ALL), 5);
	cr_assert_eq(e2_sim_events(sim), events + 2);

	e2_sim_fail(sim, E2_SIM_ALL, 1, true, E2_ERR_IO);
	cr_assert_eq(e2_io_sync(io), E2_ERR_IO);
	cr_assert_eq(e2_io_resize(io, 9), E2_ERR_IO);
	cr_assert_eq(io->size, 3);
	cr_assert_eq(e2_io_read(io, 0, 1, &c), E2_ERR_IO);
	cr_assert_eq(env->ops->open(env, "f", 0, &other), E2_ERR_IO);
	cr_assert_eq(env->ops->create_excl(env, "g", 0, &other), E2_ERR_IO);
	cr_assert_eq(env->ops->create_temp(env, "g", 0, &other), E2_ERR_IO);
	cr_assert_eq(env->ops->link_temp(env, io, "g"), E2_ERR_IO);
	cr_assert_eq(env->ops->rename(env, "f", "g"), E2_ERR_IO);
	cr_assert_eq(env->ops->unlink(env, "f"), E2_ERR_IO);
	cr_assert_eq(env->ops->sync_dir(env, "f"), E2_ERR_IO);
	cr_assert_eq(e2_sim_events(sim), events + 2, "what failed is no event");
	cr_assert_eq(e2_io_close(io), E2_ERR_IO, "a failing close releases all the same");
	e2_sim_fail(sim, E2_SIM_ALL, 0, false, 0);
	cr_assert_eq(env->ops->open(env, "f", 0, &io), E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_sim_free(sim);
}
