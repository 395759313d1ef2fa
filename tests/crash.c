/* SPDX-License-Identifier: MIT */
#include "crash.h"

#include "random.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sweep {
	const struct crash_case *c;
	struct crash_figures *f;
	bool stop_at_bad;
	uint64_t random;
	size_t judged;			/* but for what is cut again in recovery */
};

enum content { CONTENT_BEFORE, CONTENT_AFTER, CONTENT_OTHER };

/* The image as it was, but for blocks that were free. */
static bool is_before(const struct crash_case *c, const uint8_t *image)
{
	if (memcmp(image, c->before, c->size) == 0)
		return true;
	for (uint64_t b = 0; b < c->size / c->block_size; b++) {
		if (!c->is_free[b] && memcmp(image + b * c->block_size,
					     c->before + b * c->block_size, c->block_size) != 0)
			return false;
	}
	return true;
}

static enum content content_of(const struct crash_case *c, struct e2_sim *sim, bool *guarded)
{
	const uint8_t *image;
	uint64_t size;

	*guarded = false;
	if (!e2_sim_file(sim, c->path, &image, &size) || size != c->size)
		return CONTENT_OTHER;
	*guarded = c->is_guarded && c->is_guarded(image);
	if (memcmp(image, c->after, c->size) == 0)
		return CONTENT_AFTER;
	return is_before(c, image) ? CONTENT_BEFORE : CONTENT_OTHER;
}

static void bad(struct sweep *s, const char *where, const char *what)
{
	if (s->f->bad++ == 0)
		snprintf(s->f->first, sizeof(s->f->first), "%s: %s: %s", s->c->name, where, what);
}

static bool is_done(const struct sweep *s)
{
	return s->stop_at_bad && s->f->bad != 0;
}

/* Recovers a state and judges what comes out; returns the events until it was recovered. */
static size_t judge_recovered(struct sweep *s, struct e2_sim *sim, const char *where, bool durable)
{
	bool guarded;
	int err = s->c->recover(e2_sim_env(sim), s->c->path);
	enum content content = content_of(s->c, sim, &guarded);
	size_t events = e2_sim_events(sim);

	s->f->states++;
	if (err)
		bad(s, where, e2_err_detail());
	else if (content == CONTENT_OTHER)
		bad(s, where, "recovered to something else");
	else if (guarded)
		bad(s, where, "recovered, but guarded");
	else if (durable && content != CONTENT_AFTER)
		bad(s, where, "a change that was acknowledged is lost");
	else if (s->c->also && !s->c->also(s->c->context, sim, content == CONTENT_AFTER))
		bad(s, where, "recovered, but what belongs to it is not right");
	s->f->before += content == CONTENT_BEFORE;
	s->f->after += content == CONTENT_AFTER;
	return events;
}

/* Cuts a recovery at all of its events, with some of what was pending. */
static void nest(struct sweep *s, struct e2_sim *sim, size_t events, const char *where)
{
	for (size_t cut = 0; cut <= events && !is_done(s); cut++) {
		for (int i = 0; i < 4; i++) {
			uint64_t choice = i == 0 ? 0 : i == 1 ? UINT64_MAX :
						       random_next(&s->random);
			struct e2_sim *after;
			char place[120];

			cr_assert_eq(e2_sim_crash(sim, cut, choice, s->random, i == 3, &after,
						  NULL), 0);
			snprintf(place, sizeof(place), "%s, in recovery %zu/%016" PRIx64, where,
				 cut, choice);
			(void)judge_recovered(s, after, place, false);
			s->f->nested++;
			e2_sim_free(after);
		}
	}
}

static void judge(struct sweep *s, size_t cut, uint64_t choice, bool tear)
{
	size_t last = e2_sim_events(s->c->sim);
	struct e2_sim *after;
	char where[80];
	bool guarded;

	cr_assert_eq(e2_sim_crash(s->c->sim, cut, choice, cut * 31 + choice, tear, &after, NULL),
		     0);
	snprintf(where, sizeof(where), "event %zu/%zu, kept %016" PRIx64 "%s", cut - s->c->from,
		 last - s->c->from, choice, tear ? ", torn" : "");
	if (content_of(s->c, after, &guarded) == CONTENT_OTHER) {
		if (guarded)
			s->f->guarded++;
		else
			bad(s, where, "half applied, and nothing says so");
	}
	size_t events = judge_recovered(s, after, where, cut == last);
	if (s->c->nested != 0 && events > 0 && s->judged++ % s->c->nested == 0)
		nest(s, after, events, where);
	e2_sim_free(after);
}

/* All subsets of what is pending at a cut, or many. */
static void judge_subsets(struct sweep *s, size_t cut, size_t pending)
{
	uint64_t all = pending <= s->c->bits ? UINT64_C(1) << pending : s->c->samples;

	for (uint64_t i = 0; i < all && !is_done(s); i++) {
		uint64_t choice = i;

		if (pending > s->c->bits) {
			/* Some with few lost or kept, where the order of two things matters. */
			choice = random_next(&s->random);
			if (i % 4 == 1)
				choice &= random_next(&s->random) & random_next(&s->random);
			if (i % 4 == 2)
				choice |= random_next(&s->random) | random_next(&s->random);
		}
		judge(s, cut, choice, i % 8 == 7);
	}
	for (size_t i = 0; i < pending && i < 64 && !is_done(s); i++) {
		judge(s, cut, UINT64_C(1) << i, true);
		judge(s, cut, ~(UINT64_C(1) << i), true);
	}
}

static size_t count_pending(const struct crash_case *c, size_t cut)
{
	struct e2_sim *after;
	size_t pending;

	cr_assert_eq(e2_sim_crash(c->sim, cut, 0, 0, false, &after, &pending), 0);
	e2_sim_free(after);
	return pending;
}

static void sweep(struct sweep *s)
{
	size_t last = e2_sim_events(s->c->sim);
	size_t pending = count_pending(s->c, s->c->from);

	for (size_t cut = s->c->from; cut <= last && !is_done(s); cut++) {
		size_t next = cut < last ? count_pending(s->c, cut + 1) : 0;

		judge(s, cut, 0, false);
		if (pending != 0)
			judge(s, cut, UINT64_MAX, false);
		/* What may be kept here may be kept one event later, unless that is a sync. */
		if (next <= pending && pending != 0)
			judge_subsets(s, cut, pending);
		pending = next;
	}
}

void crash_sweep(const struct crash_case *c, struct crash_figures *f)
{
	struct sweep s = { .c = c, .f = f, .random = 1 };

	sweep(&s);
}

bool crash_finds_bad(const struct crash_case *c, struct crash_figures *f)
{
	struct sweep s = { .c = c, .f = f, .stop_at_bad = true, .random = 1 };

	sweep(&s);
	return f->bad != 0;
}

uint8_t *crash_bytes(struct e2_sim *sim, const char *path, uint64_t *size)
{
	const uint8_t *data;
	uint8_t *copy;

	cr_assert(e2_sim_file(sim, path, &data, size), "%s", path);
	copy = malloc((size_t)*size + 1);
	cr_assert(copy != NULL);
	memcpy(copy, data, (size_t)*size);
	return copy;
}
