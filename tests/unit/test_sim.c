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
	for (uint64_t seed = 0; seed < 200; seed += 2) {
		const char *text = after_crash(sim, 99, 1, seed, true, NULL);
		size_t end = 300 + strspn(text + 300, "n");

		cr_assert_eq(strlen(text), 2000);
		cr_assert_eq(strspn(text, "o"), end == 300 ? 2000 : 300);
		cr_assert(end == 300 || end == 512 || end == 1024 || end == 1536, "%zu", end);
		cr_assert_eq(strspn(text + end, "o"), 2000 - end);
		seen[end == 300 ? 0 : end / 512] = true;
	}
	cr_assert(seen[0] && seen[1] && seen[2] && seen[3], "every bound is reached");
	cr_assert_str_eq(after_crash(sim, 99, 0, 4, true, NULL), old, "a lost write is not torn");
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_sim_free(sim);
}

E2_TEST(io_sim, with_an_odd_seed_every_sector_may_be_missing)
{
	struct e2_sim *sim = make_sim();
	struct e2_env *env = e2_sim_env(sim);
	char old[2049], new[1025];
	bool seen[16] = { false };
	struct e2_io *io;

	memset(old, 'o', 2048), old[2048] = '\0';
	memset(new, 'n', 1024), new[1024] = '\0';
	io = make_file(sim, "f", old);
	cr_assert_eq(e2_io_sync(io) | env->ops->sync_dir(env, "f"), E2_OK);
	cr_assert_eq(e2_io_write(io, 256, 1024, new), E2_OK);	/* sectors 0 to 2 */
	cr_assert_eq(e2_io_write(io, 1536, 512, new), E2_OK);	/* sector 3 */
	for (uint64_t seed = 1; seed < 400; seed += 2) {
		const char *text = after_crash(sim, 99, 3, seed, true, NULL);
		unsigned set = 0;

		for (unsigned sector = 0; sector < 4; sector++) {
			size_t from = sector == 0 ? 256 : sector * 512;
			size_t len = (sector == 2 ? 1280 : (sector + 1) * 512) - from;

			cr_assert(strspn(text + from, "n") >= len ||
				  strspn(text + from, "o") >= len, "a mixed sector");
			set |= (unsigned)(text[from] == 'n') << sector;
		}
		cr_assert(strspn(text, "o") >= 256 && strspn(text + 1280, "o") >= 256);
		seen[set] = true;
		cr_assert_eq(after_crash(sim, 99, 1, seed, true, NULL)[1536], 'o',
			     "a write that was not kept");
	}
	for (unsigned set = 0; set < 16; set++)
		cr_assert(seen[set], "never the sectors 0x%x", set);
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_sim_free(sim);
}

E2_TEST(io_sim, what_is_settled_is_durable_and_no_event)
{
	struct e2_sim *sim = make_sim();
	struct e2_io *io = make_file(sim, "f", "old");
	size_t pending;

	cr_assert_eq(e2_sim_settle(sim), E2_OK);
	cr_assert_eq(e2_sim_events(sim), 0);
	cr_assert_eq(e2_io_write(io, 0, 1, "x"), E2_OK);
	cr_assert_str_eq(after_crash(sim, 99, 0, 0, false, &pending), "old");
	cr_assert_eq(pending, 1);
	cr_assert_str_eq(after_crash(sim, 99, 1, 0, false, NULL), "xld");
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_sim_free(sim);
}

E2_TEST(io_sim, a_scratch_file_can_fail_and_is_no_event)
{
	static const struct { unsigned kind; int result; } steps[] = {
		{ E2_SIM_CREATE, E2_ERR_NOSPC }, { E2_SIM_RESIZE, E2_ERR_NOSPC },
		{ E2_SIM_WRITE, E2_ERR_NOSPC }, { E2_SIM_READ, E2_ERR_NOSPC },
		{ E2_SIM_SYNC, E2_ERR_NOSPC }, { E2_SIM_CLOSE, E2_ERR_NOSPC },
	};
	struct e2_sim *sim = make_sim();
	struct e2_env *env = e2_sim_env(sim);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct e2_io *io = NULL;
		char buf[3] = "";
		int r;

		e2_sim_fail(sim, steps[i].kind, 1, false, E2_ERR_NOSPC);
		r = env->ops->scratch(env, &io);
		if (r == E2_OK)
			r = e2_io_resize(io, 3);
		if (r == E2_OK)
			r = e2_io_write(io, 0, 3, "abc");
		if (r == E2_OK)
			r = e2_io_read(io, 0, 3, buf);
		if (r == E2_OK)
			r = e2_io_zero(io, 0, 1);
		if (r == E2_OK)
			r = e2_io_sync(io);
		cr_assert(r == E2_OK || steps[i].kind != E2_SIM_CLOSE);
		cr_assert_eq(e2_io_close(io) | r, steps[i].result, "kind %u", steps[i].kind);
	}
	cr_assert_eq(e2_sim_events(sim), 0);
	cr_assert_eq(e2_sim_names(sim), 0);
	e2_sim_free(sim);
}

E2_TEST(io_sim, locks_exclude_handles_of_one_file)
{
	static const struct {
		enum e2_lock which;
		enum e2_lock_mode held, wanted;
		int result;
	} cases[] = {
		{ E2_LOCK_WRITER, E2_EXCLUSIVE, E2_EXCLUSIVE, E2_ERR_BUSY },
		{ E2_LOCK_WRITER, E2_UNLOCKED, E2_EXCLUSIVE, E2_OK },
		{ E2_LOCK_COMMIT, E2_EXCLUSIVE, E2_EXCLUSIVE, E2_ERR_BUSY },
		{ E2_LOCK_COMMIT, E2_EXCLUSIVE, E2_SHARED, E2_ERR_BUSY },
		{ E2_LOCK_COMMIT, E2_SHARED, E2_EXCLUSIVE, E2_ERR_BUSY },
		{ E2_LOCK_COMMIT, E2_SHARED, E2_SHARED, E2_OK },
		{ E2_LOCK_COMMIT, E2_UNLOCKED, E2_EXCLUSIVE, E2_OK },
	};
	struct e2_sim *sim = make_sim();
	struct e2_env *env = e2_sim_env(sim);
	struct e2_io *f = make_file(sim, "f", ""), *g = make_file(sim, "g", ""), *again;

	cr_assert_eq(env->ops->open(env, "f", 0, &again), E2_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum e2_lock which = cases[i].which;

		cr_assert_eq(env->ops->lock(env, f, which, cases[i].held, 0), E2_OK);
		cr_assert_eq(env->ops->lock(env, g, which, E2_EXCLUSIVE, 0), E2_OK,
			     "another file");
		cr_assert_eq(env->ops->lock(env, again, which, cases[i].wanted, 0),
			     cases[i].result, "case %zu", i);
		cr_assert_eq(env->ops->lock(env, again, which, E2_UNLOCKED, 0), E2_OK);
		cr_assert_eq(env->ops->lock(env, f, which, E2_UNLOCKED, 0), E2_OK);
		cr_assert_eq(env->ops->lock(env, g, which, E2_UNLOCKED, 0), E2_OK);
	}
	e2_sim_fail(sim, E2_SIM_LOCK, 1, false, E2_ERR_IO);
	cr_assert_eq(env->ops->lock(env, f, E2_LOCK_COMMIT, E2_UNLOCKED, 0), E2_OK);
	cr_assert_eq(env->ops->lock(env, f, E2_LOCK_COMMIT, E2_SHARED, 0), E2_ERR_IO);
	cr_assert_eq(e2_io_close(again), E2_OK);

	cr_assert_eq(env->ops->open_locked(env, "f", &again), E2_OK);
	cr_assert_eq(env->ops->lock(env, f, E2_LOCK_WRITER, E2_EXCLUSIVE, 0), E2_ERR_BUSY);
	cr_assert_eq(e2_io_close(again), E2_OK, "closing ends it");
	cr_assert_eq(env->ops->lock(env, f, E2_LOCK_WRITER, E2_EXCLUSIVE, 0), E2_OK);
	cr_assert_eq(env->ops->open_locked(env, "f", &again), E2_ERR_BUSY);
	cr_assert_eq(e2_io_close(f) | e2_io_close(g), E2_OK);
	e2_sim_free(sim);
}

E2_TEST(io_sim, a_stamp_differs_after_every_change)
{
	struct e2_sim *sim = make_sim();
	struct e2_env *env = e2_sim_env(sim);
	struct e2_io *io = make_file(sim, "f", "text");
	struct e2_stamp s[6];

	cr_assert_eq(env->ops->stamp(env, io, &s[0]), E2_OK);
	cr_assert_eq(e2_io_write(io, 1, 1, "x"), E2_OK);
	cr_assert_eq(env->ops->stamp(env, io, &s[1]), E2_OK);
	cr_assert_eq(e2_io_resize(io, 5), E2_OK);
	cr_assert_eq(env->ops->stamp(env, io, &s[2]), E2_OK);
	cr_assert_eq(env->ops->touch(env, io), E2_OK);
	cr_assert_eq(env->ops->stamp(env, io, &s[3]), E2_OK);
	cr_assert_eq(e2_io_zero(io, 0, 1), E2_OK);
	cr_assert_eq(env->ops->stamp(env, io, &s[4]), E2_OK);
	cr_assert_eq(env->ops->stamp(env, io, &s[5]), E2_OK);
	for (int i = 0; i < 4; i++)
		cr_assert_lt(s[i].mtime, s[i + 1].mtime, "change %d", i);
	cr_assert_eq(memcmp(&s[4], &s[5], sizeof(s[4])), 0);
	cr_assert_eq(s[5].size, 5);
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
