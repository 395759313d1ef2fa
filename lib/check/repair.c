/* SPDX-License-Identifier: MIT */
/*
 * Repair in rounds: check everything, repair the findings of the earliest stage that has
 * some, and check everything again, until there is nothing to do (fix.h).
 *
 * Each round is a whole check of what the transaction shows, so the last one proves the result.
 */
#include "check/counts.h"
#include "check/fix.h"

enum {
	ROUNDS = 64,	/* each repairs something; damage of all kinds needs about ten.  Those with
			 * more findings of a kind than are kept do not count. */
	AGAIN = 6,	/* what comes back so often cannot be repaired */
};

static const struct {
	fix_fn *run;
	enum fix_stage stage;
} fixes[] = {
#define FIX(name, stage, verb) { fix_##name, FIX_##stage },
#include "check/fix.def"
#undef FIX
};

enum fix_id {
#define FIX(name, stage, verb) FIX_ID_##name,
#include "check/fix.def"
#undef FIX
};

static const uint8_t fix_of[] = {
#define P(id, number, code, severity, policy, fix, object, field, text, will) FIX_ID_##fix,
#include "check/problem.def"
#undef P
};

struct repair {
	struct fix fx;
	struct e2_findings now;		/* of this round */
	struct ck_counts *first;	/* counts wrong before any repair; NULL: not known */
	struct e2_map *declined;	/* digests of findings */
	struct e2_map *times;		/* digest of a finding -> how often it was repaired */
	struct e2_map *back;		/* digest of a finding that came back -> in which round */
	bool some_back;			/* in the stage that runs */
	unsigned round, crowded;	/* this one; how many had more findings than are kept */
	size_t said;			/* findings reported by earlier rounds */
	struct e2_bitset *owned;	/* blocks claimed then; NULL: not known */
	enum fix_stage stages;		/* only stages before this one are repaired */
};

static enum fix_stage stage_of(const struct e2_finding *f)
{
	return fixes[fix_of[f->id]].stage;
}

/* ---- consequences -------------------------------------------------------------- */

static bool is_consequence(const struct repair *r, const struct e2_finding *f)
{
	return r->first != NULL && ck_is_count(f) && !ck_counts_have(r->first, f);
}

/* Names as they were, when a repair will change some; without them texts have inode numbers
 * alone. */
static void keep_names(struct repair *r)
{
	bool wanted = false;

	for (size_t i = 0; i < r->now.count && !wanted; i++)
		wanted = stage_of(&r->now.at[i]) >= FIX_OWNERS && !ck_is_count(&r->now.at[i]);
	if (!wanted || r->fx.report->names != NULL)
		return;
	if (e2_names_open(r->fx.fs, &r->fx.report->names) != 0) {
		r->fx.report->names = NULL;
		e2_err_clear();
	}
}

static void keep_owned(struct repair *r)
{
	const struct e2_bitset *from = r->fx.ck->claimed;
	uint64_t bits = e2_bitset_bits(from), end;

	if (r->now.count == 0 || e2_bitset_new(bits, &r->owned) != 0) {
		e2_err_clear();		/* texts say less without it */
		return;
	}
	for (uint64_t n = e2_bitset_next_set(from, 0); n < bits;
	     n = e2_bitset_next_set(from, end)) {
		end = e2_bitset_next_clear(from, n);
		e2_bitset_set_run(r->owned, n, end - n);
	}
	r->fx.ck->owned = r->owned;
}

/* When the volume's own structures are right, but nothing else was touched. */
static int keep_first(struct repair *r)
{
	int err;

	if (r->first != NULL)
		return 0;
	for (size_t i = 0; i < r->now.count; i++)
		if (stage_of(&r->now.at[i]) < FIX_TYPES)
			return 0;
	err = ck_counts_new(&r->now, &r->first);
	if (err != 0)
		return err;
	keep_owned(r);
	keep_names(r);
	return 0;
}

/* ---- a round --------------------------------------------------------------------- */

/* All that tells a finding from others, but for what it should be: a repair may have set that. */
static uint64_t digest(const struct e2_finding *f)
{
	const uint64_t words[] = { f->id, f->ino, f->dir, f->other, f->group, f->index, f->blk,
				   f->lblk, f->have, f->limit };
	const char *texts[] = { f->field, f->why };
	uint64_t h = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		h = (h ^ words[i]) * 0x9e3779b97f4a7c15u ^ h >> 29;
	for (uint32_t i = 0; i < f->name_len; i++)
		h = (h ^ (uint8_t)f->name[i]) * 0x100000001b3u;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (const char *c = texts[i]; c != NULL && *c != '\0'; c++)
			h = (h ^ (uint8_t)*c) * 0x100000001b3u;
	return h;
}

/* 1 when a finding is to be repaired, 0 when not. */
static int decide(struct repair *r, const struct e2_finding *f)
{
	const struct e2_repair_options *o = r->fx.options;
	uint64_t once;
	int wanted;

	if (o == NULL || o->decide == NULL || is_consequence(r, f))
		return 1;
	if (e2_map_get(r->declined, digest(f), &once))
		return 0;
	wanted = o->decide(o->context, r->fx.report, f);
	if (wanted == 0)
		wanted = e2_map_set(r->declined, digest(f), 1);
	return wanted;
}

struct unsaying {
	const struct repair *r;
	size_t place;		/* in the list of what has been reported */
};

static bool still_said(void *context, const struct e2_finding *f)
{
	struct unsaying *u = context;
	uint64_t round;

	return u->place++ >= u->r->said || !f->fixed ||
	       !e2_map_get(u->r->back, digest(f), &round) || round != u->r->round;
}

/* What earlier rounds said of repairs is no longer so where their findings have come back. */
static void unsay(struct repair *r)
{
	struct unsaying u = { .r = r };
	size_t before = r->fx.report->found.count;

	if (!r->some_back)
		return;
	e2_findings_filter(&r->fx.report->found, still_said, &u);
	r->said -= before - r->fx.report->found.count;
	r->some_back = false;
}

/* 1 when a finding may be repaired once more, 0 when that has failed too often. */
static int once_more(struct repair *r, const struct e2_finding *f)
{
	uint64_t *times, key = digest(f);
	int err = e2_map_ref(r->times, (key ^ f->want) * 0x9e3779b97f4a7c15u, &times);

	if (err != 0)
		return err;
	if (*times > 0) {
		err = e2_map_set(r->back, key, r->round);
		r->some_back = true;
	}
	return err != 0 ? err : ++*times <= AGAIN;
}

static int repair_one(struct repair *r, struct e2_finding *f)
{
	size_t losses = r->fx.report->loss_count;
	unsigned mark;
	int n = decide(r, f), done;

	if (n > 0)
		n = once_more(r, f);
	if (n <= 0)
		return n;
	n = e2_txn_mark(r->fx.txn, &mark);
	if (n != 0)
		return n;
	done = fixes[fix_of[f->id]].run(&r->fx, f);
	if (done > 0) {
		e2_txn_release(r->fx.txn, mark);
		return done;
	}
	e2_txn_rewind(r->fx.txn, mark);
	e2_report_drop_losses(r->fx.report, losses);
	/* What cannot be repaired for want of room or because a block cannot be read is left. */
	if (done == E2_ERR_NOSPC || done == E2_ERR_CORRUPT) {
		e2_err_clear();
		done = 0;
	}
	return done;
}

/* Repairs all findings of a stage; how many, or an error. */
static int repair_stage(struct repair *r, enum fix_stage stage)
{
	struct e2_findings *now = &r->now;
	int done = 0;

	for (size_t i = 0; i < now->count; i++) {
		struct e2_finding *f = &now->at[i];
		int n;

		if (stage_of(f) != stage || f->fixed)
			continue;
		n = repair_one(r, f);
		if (n < 0)
			return n;
		if (n == 0) {
			r->fx.left = r->fx.left || e2_problem(f->id)->severity == E2_SEV_ERROR;
			continue;
		}
		done++;
		f->fixed = true;
		if (!is_consequence(r, f))
			e2_findings_move(&r->fx.report->found, now, i);
	}
	unsay(r);
	e2_dirs_forget(r->fx.txn);
	return done;
}

static bool is_crowded(const struct e2_findings *now)
{
	for (int id = 0; id < E2_PROBLEMS; id++)
		if (now->found[id] > E2_FINDINGS_KEPT)
			return true;
	return false;
}

/* One check, and the repairs of one stage; how many, or an error. */
static int run_round(struct repair *r)
{
	struct ck ck = { .fs = r->fx.fs, .options = &r->fx.options->check, .found = &r->now,
			 .owned = r->owned };
	unsigned nomem = e2_err_nomem();
	int n = ck_run(&ck);

	r->fx.ck = &ck;
	r->fx.left = false;
	r->said = r->fx.report->found.count;
	r->crowded += is_crowded(&r->now);
	if (n == 0)
		n = keep_first(r);
	for (int stage = 0; stage < (int)r->stages && n == 0; stage++)
		n = repair_stage(r, (enum fix_stage)stage);
	if (n == 0) {
		r->fx.report->totals = ck.totals;
		for (size_t i = 0; i < r->now.count; i++)
			e2_findings_move(&r->fx.report->found, &r->now, i);
	}
	if (n >= 0 && (e2_err_nomem() != nomem || r->now.failed || r->fx.report->found.failed))
		n = e2_fail(E2_ERR_NOMEM, "findings of a repair");
	ck_end(&ck);
	r->fx.ck = NULL;
	e2_findings_clear(&r->now);
	return n;
}

static int run_rounds(struct repair *r)
{
	int n = 1;

	for (; n > 0; r->round++) {
		if (r->round - r->crowded == ROUNDS)
			return e2_fail(E2_ERR_INTERNAL, "repairs go in a circle; "
				       "nothing was changed");
		n = run_round(r);
	}
	if (n == 0 && r->stages == FIX_STAGES && e2_report_fixed(r->fx.report) != 0 &&
	    e2_report_left(r->fx.report) == 0)
		n = fix_finish(&r->fx);
	return n;
}

int ck_repair(struct e2_txn *txn, const struct e2_repair_options *options, enum fix_stage stages,
	      struct e2_report *report)
{
	static const struct e2_repair_options none;
	struct repair r = { .fx = {
		.fs = e2_txn_fs(txn), .txn = txn, .report = report,
		.options = options != NULL ? options : &none,
	}, .stages = stages };
	int err;

	report->fs = r.fx.fs;
	report->repaired = true;
	err = e2_map_new(&r.times);
	if (err == 0)
		err = e2_map_new(&r.back);
	if (err == 0)
		err = e2_map_new(&r.declined);
	if (err == 0)
		err = run_rounds(&r);
	e2_map_free(r.times);
	e2_map_free(r.back);
	e2_map_free(r.declined);
	e2_bitset_free(r.owned);
	ck_counts_free(r.first);
	e2_findings_clear(&r.now);
	e2_findings_sort(&report->found);
	return err;
}

int e2_repair(struct e2_txn *txn, const struct e2_repair_options *options,
	      struct e2_report **report)
{
	struct e2_report *made;
	int err = e2_report_new(&made);

	if (err != 0)
		return err;
	err = ck_repair(txn, options, FIX_STAGES, made);
	if (err != 0)
		e2_report_free(made);
	else
		*report = made;
	return err;
}
