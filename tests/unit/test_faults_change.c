/* SPDX-License-Identifier: MIT */
/*
 * Every operation that changes a volume, with memory, reads, writes and everything else of the
 * host failing at each place in turn, once and for ever: the failure is in the result or
 * without effect, and the image is as before or as after.
 */
#include "alloc.h"
#include "change_ops.h"
#include "e2test.h"

#include "check/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char image[] = "a.img", undo[] = "a.undo", log_name[] = "a.img.e2log";

struct states {			/* of the image */
	struct img img;		/* before */
	uint8_t *before, *after;
	bool *is_free;		/* each block, before */
	uint64_t size;
};

/* What a program does: changes the image, and takes the change back, or completes what another
 * one left. */
enum work { CHANGE, CHANGE_AND_UNDO, COMPLETE };

static int change(struct e2_fs *fs, const struct change_op *op)
{
	struct e2_txn *txn;
	int err = e2_txn_begin(fs, false, &txn);

	if (err)
		return err;
	err = op->run(txn);
	if (!err)
		return e2_txn_commit(txn);
	e2_txn_abort(txn);
	return err;
}

static int take_back(struct e2_fs *fs)
{
	struct e2_undo *file;
	struct e2_txn *txn;
	int err = e2_fs_undo(fs, &file);

	if (!err)
		err = e2_txn_begin(fs, false, &txn);
	if (err)
		return err;
	err = e2_undo_apply(file, txn, 1);
	if (err) {
		e2_txn_abort(txn);
		return err;
	}
	err = e2_txn_commit(txn);
	return err ? err : e2_undo_drop(file, 1);
}

/* From opening to closing. */
static int perform(struct e2_env *env, const struct change_op *op, enum work work)
{
	const struct e2_open_options options = { .flags = E2_OPEN_WRITE, .undo_path = undo };
	const struct e2_time now = change_ops_now();
	struct e2_fs *fs;
	int err, closed;

	err = e2_open_image(env, image, &options, &fs);
	if (err)
		return err;
	e2_fs_set_clock(fs, &now);
	if (work != COMPLETE)
		err = change(fs, op);
	if (!err && work == CHANGE_AND_UNDO)
		err = take_back(fs);
	closed = e2_close(fs);
	return err ? err : closed;
}

static const uint8_t *content(struct e2_sim *sim, const struct states *s)
{
	const uint8_t *data;
	uint64_t size;

	cr_assert(e2_sim_file(sim, image, &data, &size));
	cr_assert_eq(size, s->size);
	return data;
}

static void check_sound(struct e2_io *owned, const char *what)
{
	struct e2_report *report;

	cr_assert_eq(e2_check_image(owned, NULL, &report), 0, "%s", e2_err_detail());
	for (size_t i = 0; e2_report_errors(report) && i < e2_report_count(report); i++) {
		struct e2_str s = E2_STR_INIT;

		e2_finding_object(report, e2_report_at(report, i), &s);
		e2_str_add(&s, " ");
		e2_finding_field(report, e2_report_at(report, i), &s);
		e2_str_add(&s, " ");
		e2_finding_text(report, e2_report_at(report, i), &s);
		printf("%s: %s\n", what, e2_str_text(&s));
		e2_str_free(&s);
	}
	cr_assert_eq(e2_report_errors(report), 0, "%s", what);
	e2_report_free(report);
}

static void learn_before(struct states *s)
{
	struct e2_fs *fs;

	change_ops_image(&s->img);
	check_sound(img_copy(&s->img), "the volume");
	fs = img_open(&s->img, NULL);
	s->size = s->img.io->size;
	s->before = malloc(s->size);
	s->after = malloc(s->size);
	s->is_free = calloc(s->img.g.blocks, sizeof(*s->is_free));
	cr_assert(s->before && s->after && s->is_free);
	cr_assert_eq(e2_io_read(s->img.io, 0, s->size, s->before), 0);
	for (e2_blk blk = 0; blk < s->img.g.blocks; blk++) {
		bool used;

		cr_assert_eq(e2_block_used(fs, blk, &used), 0);
		s->is_free[blk] = !used;
	}
	cr_assert_eq(e2_close(fs), 0);
}

static void free_states(struct states *s)
{
	img_free(&s->img);
	free(s->before);
	free(s->after);
	free(s->is_free);
}

/* The state that the operation leads to, which must be a sound volume. */
static void learn_after(struct states *s, const struct change_op *op)
{
	struct e2_io *io;
	struct e2_sim *sim;
	int err;

	img_to_sim(&s->img, &sim, image);
	err = perform(e2_sim_env(sim), op, CHANGE);
	cr_assert_eq(err, 0, "%s: %s: %s", op->name, e2_strerror(err), e2_err_detail());
	memcpy(s->after, content(sim, s), s->size);
	if (!op->damages) {
		cr_assert_eq(e2_io_open_mem(s->size, &io), 0);
		cr_assert_eq(e2_io_write(io, 0, s->size, s->after), 0);
		check_sound(io, op->name);
	}
	e2_sim_free(sim);
}

static bool is_after(const struct states *s, const uint8_t *data)
{
	return memcmp(data, s->after, s->size) == 0;
}

/* But for what was free. */
static bool is_before(const struct states *s, const uint8_t *data)
{
	uint32_t size = s->img.g.block_size;

	for (e2_blk blk = 0; blk < s->img.g.blocks; blk++)
		if (!s->is_free[blk] && memcmp(data + blk * size, s->before + blk * size, size))
			return false;
	return true;
}

/* Nothing but the image, the undo file that was asked for, and a log if that is allowed. */
static void check_names(struct e2_sim *sim, bool log_allowed, const char *what)
{
	for (size_t i = 0; i < e2_sim_names(sim); i++) {
		const char *name = e2_sim_name(sim, i);

		bool known = !strcmp(name, image) || !strcmp(name, undo) ||
			(log_allowed && !strcmp(name, log_name));

		cr_assert(known, "%s left %s", what, name);
	}
}

/* What a run that met a fault has left, now that nothing fails any more. */
static void judge(const struct states *s, struct e2_sim *sim, enum work work, int result,
		  const char *what)
{
	const struct e2_open_options options = { .flags = E2_OPEN_WRITE };
	struct e2_fs *fs;
	bool done;
	int err;

	check_names(sim, result != 0, what);
	err = e2_open_image(e2_sim_env(sim), image, &options, &fs);
	cr_assert_eq(err, 0, "%s: opened again: %s", what, e2_err_detail());
	cr_assert_eq(e2_close(fs), 0);
	check_names(sim, false, what);
	if (work == CHANGE_AND_UNDO)
		done = is_before(s, content(sim, s));
	else
		done = is_after(s, content(sim, s));
	if (result == 0 || work == COMPLETE)
		cr_assert(done, "%s: result %d, but not done", what, result);
	else
		cr_assert(is_before(s, content(sim, s)) || is_after(s, content(sim, s)),
			  "%s: result %d, and neither as before nor as after", what, result);
}

/* ---- faults ------------------------------------------------------------------------- */

struct fault {
	unsigned kinds;		/* of the host; 0: allocations */
	int err;
	bool for_ever;
};

static const struct fault faults[] = {
	{ 0, 0, false }, { 0, 0, true },
#define BOTH(kinds, err) { kinds, err, false }, { kinds, err, true }
	BOTH(E2_SIM_READ, E2_ERR_IO), BOTH(E2_SIM_WRITE, E2_ERR_IO),
	BOTH(E2_SIM_WRITE, E2_ERR_NOSPC), BOTH(E2_SIM_SYNC, E2_ERR_IO),
	BOTH(E2_SIM_RESIZE, E2_ERR_NOSPC), BOTH(E2_SIM_OPEN, E2_ERR_ACCES),
	BOTH(E2_SIM_CREATE, E2_ERR_NOSPC), BOTH(E2_SIM_NAME, E2_ERR_PERM),
	BOTH(E2_SIM_SYNC_DIR, E2_ERR_IO), BOTH(E2_SIM_CLOSE, E2_ERR_IO),
	BOTH(E2_SIM_ALL, E2_ERR_IO),
};

enum { FAULTS = sizeof(faults) / sizeof(*faults) };

/* Lets the nth operation fail in one run; whether there were so many. */
static bool run_with(struct e2_sim *sim, const struct fault *f, uint64_t nth,
		     const struct change_op *op, enum work work, int *result)
{
	uint64_t seen;

	if (f->kinds)
		e2_sim_fail(sim, f->kinds, nth, f->for_ever, f->err);
	else if (f->for_ever)
		alloc_fail_from(nth);
	else
		alloc_fail(nth);
	*result = perform(e2_sim_env(sim), op, work);
	seen = f->kinds ? e2_sim_count(sim, f->kinds) : alloc_count();
	alloc_fail(0);
	e2_sim_fail(sim, E2_SIM_ALL, 0, false, 0);
	return seen >= nth;
}

static struct e2_sim *copy_host(const struct e2_sim *sim)
{
	struct e2_sim *copy;

	cr_assert_eq(e2_sim_crash(sim, e2_sim_events(sim), UINT64_MAX, 0, false, &copy, NULL), 0);
	return copy;
}

/* Whether opening it completes the change: a log that is not whole means nothing. */
static bool completes(const struct states *s, const struct e2_sim *sim, const char *name)
{
	struct e2_sim *copy = copy_host(sim);
	bool done;

	cr_assert_eq(perform(e2_sim_env(copy), NULL, COMPLETE), 0, "%s: %s", name,
		     e2_err_detail());
	done = is_after(s, content(copy, s));
	e2_sim_free(copy);
	return done;
}

/* A host where a change waits to be completed; NULL when the operation needs no log. */
static struct e2_sim *make_pending(struct states *s, const struct change_op *op)
{
	const struct fault f = { E2_SIM_WRITE, E2_ERR_IO, true };

	for (uint64_t nth = 1;; nth++) {
		struct e2_sim *sim;
		int result;
		bool hit;

		img_to_sim(&s->img, &sim, image);
		cr_assert_eq(e2_sim_settle(sim), 0);	/* the volume is no part of the change */
		hit = run_with(sim, &f, nth, op, CHANGE, &result);
		if (result == E2_ERR_DOUBT && completes(s, sim, op->name))
			return sim;
		e2_sim_free(sim);
		if (!hit)
			return NULL;
	}
}

/* Every fault of a kind in turn; how many there were. */
static uint64_t fail_all(struct states *s, const struct change_op *op, enum work work,
			 const struct e2_sim *pending, const struct fault *f)
{
	for (uint64_t nth = 1;; nth++) {
		struct e2_sim *sim;
		char what[128];
		int result;
		bool hit;

		if (work == COMPLETE)
			sim = copy_host(pending);
		else
			img_to_sim(&s->img, &sim, image);
		hit = run_with(sim, f, nth, op, work, &result);
		snprintf(what, sizeof(what), "%s (work %u), operation %u of kinds %#x%s",
			 op->name, work, (unsigned)nth, f->kinds, f->for_ever ? " for ever" : "");
		judge(s, sim, work, result, what);
		e2_sim_free(sim);
		if (!hit)
			return nth - 1;
	}
}

/* The operations are shared out among tests that run side by side. */
enum { SHARES = 4 };

static void fail_share(size_t share)
{
	uint64_t memory = 0, host = 0;
	unsigned count = 0;
	struct states s;

	learn_before(&s);
	for (size_t i = share; change_op_at(i); i += SHARES, count++) {
		const struct change_op *op = change_op_at(i);
		struct e2_sim *pending;

		learn_after(&s, op);
		pending = make_pending(&s, op);
		for (size_t k = 0; k < FAULTS; k++) {
			uint64_t n = fail_all(&s, op, CHANGE, NULL, &faults[k]);

			n += fail_all(&s, op, CHANGE_AND_UNDO, NULL, &faults[k]);
			if (pending)
				n += fail_all(&s, op, COMPLETE, pending, &faults[k]);
			*(faults[k].kinds ? &host : &memory) += n;
		}
		e2_sim_free(pending);
	}
	free_states(&s);
	printf("figure: faults: %u operations, %llu allocations and %llu calls of the host "
	       "failed\n", count, (unsigned long long)memory, (unsigned long long)host);
	cr_assert_gt(memory + host, 5000);	/* a quarter of 20,000 */
}

E2_TEST(faults_change, first_quarter) { fail_share(0); }
E2_TEST(faults_change, second_quarter) { fail_share(1); }
E2_TEST(faults_change, third_quarter) { fail_share(2); }
E2_TEST(faults_change, fourth_quarter) { fail_share(3); }
