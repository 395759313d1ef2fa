/* SPDX-License-Identifier: MIT */
/*
 * Work in units that need not wait for one another, done by several threads.
 *
 * Threads take the next unit when they are done with one.  What the work yields must not
 * depend on which thread does which unit.
 */
#ifndef E2_BASE_PAR_H
#define E2_BASE_PAR_H

#include <stdint.h>

struct e2_par;

struct e2_par_work {
	unsigned threads;	/* the caller's included, which is worker 0 */
	uint64_t units;
	/* One unit; not 0 ends the work. */
	int (*unit)(void *context, struct e2_par *par, unsigned worker, uint64_t unit);
	/* In the caller's thread, between its units and now and then while it waits for others;
	 * done: units begun.  Not 0 ends the work.  May be NULL. */
	int (*tick)(void *context, uint64_t done);
	void *context;
};

/*
 * Does all units, in order where there is one thread.  Returns 0, or what ended the work first;
 * no unit is begun afterwards.  Fewer threads than wanted will do.
 */
int e2_par_run(const struct e2_par_work *work);

/* For a unit that takes long: not 0 when it should end, with this result. */
int e2_par_poll(struct e2_par *par, unsigned worker);

#endif
