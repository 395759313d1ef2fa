/* SPDX-License-Identifier: MIT */
/*
 * Damage on purpose, by problem: for each row of problem.def that bytes can bring about, a way
 * to damage a sound volume so that a check finds it.
 *
 * Cases are rows of break.def.  What they damage is chosen among what the volume holds, by the
 * seed and nothing else.  A case is tried on one choice after the other until a whole check of
 * the damaged volume finds the problem.
 */
#ifndef E2_CHECK_BREAK_H
#define E2_CHECK_BREAK_H

#include "check/check.h"
#include "vol/write.h"

struct e2_break_case {
	const char *name;		/* its own; the problem's code where that has one row */
	enum e2_problem_id id;
	const char *what;		/* what is damaged, in words */
	const char *also;		/* what is damaged besides, or "" */
	enum e2_problem_id also_id;	/* the problem of that */
};

/* In the order of problem.def; NULL past the last. */
const struct e2_break_case *e2_break_at(size_t index);

/* By name; by code the first of its cases.  NULL: there is none. */
const struct e2_break_case *e2_break_find(const char *name);

/* What the volume must have for it, in words; "" for nothing. */
const char *e2_break_needs(const struct e2_break_case *c);

/* NULL, or why no bytes of an image bring a problem about. */
const char *e2_break_why_not(enum e2_problem_id id);

struct e2_damage {			/* one thing that was changed */
	char *object;			/* "<12>", "sb", "^5", "<2> \"name\"", "block 17050" */
	char *field;			/* "block[1]", "bit 9 of ^0/bb", "bytes 0-63" */
	char *before, *after;		/* as people read them */
	uint64_t at;			/* byte of the volume */
	uint32_t len;
	uint8_t *was, *is;		/* len bytes each */
	bool also;			/* not for the case itself: e2_break_case.also */
};

struct e2_broken {
	struct e2_damage *damage;
	size_t count, cap;
	/* What a check says of it: what it is about, which part, what is found, what a repair
	 * does; of a random damage empty. */
	struct e2_str object, field, finding, repair;
	uint64_t errors, notes;		/* that a check finds in all */
	uint64_t lost;			/* what a repair cannot bring back: files, bytes, names */
};

/*
 * Damages the transaction's volume.  alone: without what a case damages besides.
 * E2_ERR_NOENT when the volume has nothing suitable; the detail says what it would need.
 * To be released with e2_broken_free(), whatever it returns.
 */
E2_NODISCARD int e2_break(struct e2_txn *txn, const struct e2_break_case *c, uint64_t seed,
			  bool alone, struct e2_broken *out);

/* Changes `count` fields, pointers, entries and bits that the seed chooses, in ways that it
 * chooses; a check need not mind. */
E2_NODISCARD int e2_break_random(struct e2_txn *txn, uint64_t seed, uint64_t count,
				 struct e2_broken *out);
void e2_broken_free(struct e2_broken *out);

#endif
