/* SPDX-License-Identifier: MIT */
/* Units of work in threads, and sets that several threads add to. */
#include "e2test.h"

#include "base/bitset.h"
#include "base/claims.h"
#include "base/err.h"
#include "base/par.h"
#include "base/thread.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

enum { UNITS = 5000 };

struct job {
	_Atomic unsigned done[UNITS];
	struct e2_claims *claims;
	atomic_uint workers;		/* a bit for each that was seen */
	uint64_t stop_at;		/* the unit that ends the work */
	unsigned ticks;
	unsigned ticks_max;
	atomic_uint twice;
};

static int unit(void *context, struct e2_par *par, unsigned worker, uint64_t n)
{
	struct job *j = context;

	atomic_fetch_add(&j->done[n], 1);
	atomic_fetch_or(&j->workers, 1u << worker);
	if (n == j->stop_at)
		return 7;
	if (j->claims != NULL && !e2_claims_add(j->claims, n * 3, 5))
		atomic_fetch_add(&j->twice, 1);
	return e2_par_poll(par, worker) != 0 ? 8 : 0;
}

static int tick(void *context, uint64_t done)
{
	struct job *j = context;

	cr_assert_leq(done, UNITS);
	return ++j->ticks > j->ticks_max ? 9 : 0;
}

E2_TEST(par, every_unit_is_done_once)
{
	for (unsigned threads = 0; threads < 9; threads++) {
		static struct job j;
		const struct e2_par_work work = {
			.threads = threads, .units = UNITS, .unit = unit, .tick = tick,
			.context = &j,
		};

		memset(&j, 0, sizeof(j));
		j.stop_at = j.ticks_max = UINT32_MAX;
		cr_assert_eq(e2_par_run(&work), 0);
		for (unsigned n = 0; n < UNITS; n++)
			cr_assert_eq(j.done[n], 1);
		cr_assert_lt(j.workers, 1u << (threads > 1 ? threads : 1));
	}
}

E2_TEST(par, a_result_ends_the_work)
{
	for (unsigned threads = 1; threads < 5; threads++) {
		static struct job j;
		const struct e2_par_work work = {
			.threads = threads, .units = UNITS, .unit = unit, .tick = tick,
			.context = &j,
		};

		memset(&j, 0, sizeof(j));
		j.stop_at = 10;
		j.ticks_max = UINT32_MAX;
		cr_assert_eq(e2_par_run(&work), 7);
		cr_assert_eq(j.done[10], 1);
		if (threads == 1)
			cr_assert_eq(j.done[11], 0);
		memset(&j, 0, sizeof(j));
		j.stop_at = UINT64_MAX;
		j.ticks_max = 3;
		int r = e2_par_run(&work);

		/* Others may be done with everything before the caller looks up again. */
		cr_assert(r == 9 || (r == 0 && threads > 1), "%d", r);
		if (threads == 1)
			cr_assert_eq(j.done[UNITS - 1], 0);
	}
}

E2_TEST(par, nothing_to_do)
{
	const struct e2_par_work work = { .threads = 4, .unit = unit };

	cr_assert_eq(e2_par_run(&work), 0);
}

/* Runs of five at steps of three: each but one meets the one before or behind. */
E2_TEST(claims, one_thread_learns_of_each_overlap)
{
	for (unsigned threads = 1; threads < 5; threads++) {
		static struct job j;
		const struct e2_par_work work = {
			.threads = threads, .units = UNITS, .unit = unit, .context = &j,
		};
		uint8_t bytes[(UNITS * 3 + 2 + 7) / 8], byte = 0;

		memset(&j, 0, sizeof(j));
		j.stop_at = UINT64_MAX;
		cr_assert_eq(e2_claims_new(UNITS * 3 + 2, threads > 1, &j.claims), 0);
		cr_assert_eq(e2_par_run(&work), 0);
		cr_assert(threads > 1 ? j.twice > 0 : j.twice == UNITS - 1, "%u", j.twice);
		cr_assert_eq(e2_claims_export(j.claims, 0, UNITS * 3 + 2, bytes), UNITS * 3 + 2);
		for (size_t i = 0; i + 1 < sizeof(bytes); i++)
			cr_assert_eq(bytes[i], 0xff);
		cr_assert_eq(e2_claims_export(j.claims, UNITS * 3, 2, &byte), 2);
		cr_assert_eq(byte, 3);
		e2_claims_free(j.claims);
	}
}

E2_TEST(claims, any_window_is_as_of_a_plain_set)
{
	struct e2_claims *claims;
	struct e2_bitset *set;

	cr_assert_eq(e2_claims_new(1000, false, &claims), 0);
	cr_assert_eq(e2_bitset_new(1000, &set), 0);
	for (uint64_t n = 0; n < 990; n += 1 + n % 17) {
		bool there = e2_bitset_set_run(set, n, 1 + n % 3) != 0;

		cr_assert_eq(e2_claims_add(claims, n, 1 + n % 3), !there);
	}
	for (uint64_t first = 0; first < 200; first++) {
		uint8_t have[100], want[100];
		uint64_t count = 1 + first * 4 % 790, members = 0;

		memset(have, 0x55, sizeof(have));
		memset(want, 0x55, sizeof(want));
		e2_bitset_export(set, first, count, want);
		for (uint64_t n = first; n < first + count; n++)
			members += e2_bitset_test(set, n);
		cr_assert_eq(e2_claims_export(claims, first, count, have), members);
		cr_assert_eq(memcmp(have, want, sizeof(have)), 0, "%d", (int)first);
	}
	e2_bitset_free(set);
	e2_claims_free(claims);
}

static int look_at_signals(void *context)
{
	return sigprocmask(SIG_BLOCK, NULL, context);
}

E2_TEST(par, signals_for_the_program_are_taken_by_its_own_threads)
{
	static const int asked[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGALRM, SIGCHLD };
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	sigset_t mine, after, theirs;
	thrd_t thread;
	int result = -1;

	sigprocmask(SIG_BLOCK, NULL, &mine);
	cr_assert_eq(e2_thread_start(&thread, look_at_signals, &theirs), thrd_success);
	thrd_join(thread, &result);
	sigprocmask(SIG_BLOCK, NULL, &after);
	cr_assert_eq(result, 0);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		cr_assert_eq(sigismember(&theirs, asked[i]), 1, "signal %d", asked[i]);
		cr_assert_eq(sigismember(&after, asked[i]), sigismember(&mine, asked[i]));
	}
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		cr_assert_eq(sigismember(&theirs, faults[i]), 0, "signal %d", faults[i]);
}
