/* SPDX-License-Identifier: MIT */
#include "base/par.h"

#include "base/thread.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS_MAX = 64, WAIT_NS = 20 * 1000 * 1000 };

struct e2_par {
	const struct e2_par_work *work;
	_Atomic uint64_t next;
	atomic_int result;
	mtx_t lock;
	cnd_t ended;
	unsigned running;	/* threads beside the caller's, under the lock */
};

struct helper {
	struct e2_par *par;
	unsigned worker;
	thrd_t thread;
};

static void stop(struct e2_par *par, int result)
{
	int none = 0;

	(void)atomic_compare_exchange_strong(&par->result, &none, result);
}

static void tick(struct e2_par *par)
{
	const struct e2_par_work *w = par->work;
	uint64_t done = atomic_load(&par->next);
	int r = w->tick != NULL ? w->tick(w->context, done < w->units ? done : w->units) : 0;

	if (r != 0)
		stop(par, r);
}

int e2_par_poll(struct e2_par *par, unsigned worker)
{
	if (worker == 0)
		tick(par);
	return atomic_load(&par->result);
}

static void work(struct e2_par *par, unsigned worker)
{
	const struct e2_par_work *w = par->work;

	while (e2_par_poll(par, worker) == 0) {
		uint64_t unit = atomic_fetch_add(&par->next, 1);
		int r = unit < w->units ? w->unit(w->context, par, worker, unit) : 0;

		if (unit >= w->units)
			return;
		if (r != 0)
			stop(par, r);
	}
}

static int help(void *context)
{
	struct helper *h = context;

	work(h->par, h->worker);
	mtx_lock(&h->par->lock);
	h->par->running--;
	cnd_signal(&h->par->ended);
	mtx_unlock(&h->par->lock);
	return 0;
}

/* Waits for the others, and lets the caller look up meanwhile. */
static void wait(struct e2_par *par)
{
	mtx_lock(&par->lock);
	while (par->running > 0) {
		struct timespec until;

		(void)timespec_get(&until, TIME_UTC);
		until.tv_nsec += WAIT_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (cnd_timedwait(&par->ended, &par->lock, &until) == thrd_success)
			continue;
		mtx_unlock(&par->lock);
		tick(par);
		mtx_lock(&par->lock);
	}
	mtx_unlock(&par->lock);
}

static void run_threads(struct e2_par *par, unsigned threads)
{
	struct helper helpers[THREADS_MAX];
	unsigned started = 0;

	while (started + 1 < threads) {
		struct helper *h = &helpers[started];

		*h = (struct helper){ .par = par, .worker = started + 1 };
		mtx_lock(&par->lock);
		par->running++;
		mtx_unlock(&par->lock);
		if (e2_thread_start(&h->thread, help, h) != thrd_success) {
			mtx_lock(&par->lock);
			par->running--;
			mtx_unlock(&par->lock);
			break;
		}
		started++;
	}
	work(par, 0);
	wait(par);
	for (unsigned i = 0; i < started; i++)
		(void)thrd_join(helpers[i].thread, NULL);
}

int e2_par_run(const struct e2_par_work *work_to_do)
{
	struct e2_par par = { .work = work_to_do };
	unsigned threads = work_to_do->threads < THREADS_MAX ? work_to_do->threads : THREADS_MAX;

	if (threads > work_to_do->units)
		threads = (unsigned)work_to_do->units;
	if (threads > 1 && mtx_init(&par.lock, mtx_plain) == thrd_success) {
		if (cnd_init(&par.ended) == thrd_success) {
			run_threads(&par, threads);
			cnd_destroy(&par.ended);
			mtx_destroy(&par.lock);
			return atomic_load(&par.result);
		}
		mtx_destroy(&par.lock);
	}
	work(&par, 0);
	return atomic_load(&par.result);
}
