/* SPDX-License-Identifier: MIT */
/*
 * One image: checked and repaired in a transaction, said, and written at once or not at all.
 *
 * Whatever the mode, the work is the same: -n throws the transaction away.  What would be
 * lost is said before anything is written, and nothing is written when it cannot be said.
 */
#include "fsck.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct run {
	const char *image, *shown;
	const struct fsck_options *o;
	enum fsck_mode mode;
	struct fsck_progress progress;
	struct e2_report *report;
	struct fsck_losses losses;
	struct fsck_outcome outcome;
	struct e2_str work;		/* what was done besides repairs */
	bool worked;			/* and that it changes something */
	struct fsck_each *each;		/* questions are asked one by one; NULL: not */
};

static double seconds_now(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_MONOTONIC, &t) == 0 ?
	       (double)t.tv_sec + (double)t.tv_nsec / 1e9 : 0;
}

static void print_usage(double seconds)
{
	struct rusage u;
	double cpu;

	if (getrusage(RUSAGE_SELF, &u) != 0)
		return;
	cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	      (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	printf("  %.3f s, %.3f s of CPU, %.1f MiB at most\n", seconds, cpu,
	       (double)u.ru_maxrss / 1024);
}

static enum fsck_mode mode_of(const struct fsck_options *o)
{
	if (o->check || o->plan != NULL)
		return FSCK_CHECK;
	if (o->preen)
		return FSCK_PREEN;
	if (o->yes)
		return FSCK_YES;
	return !o->json && !o->quiet && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ?
	       FSCK_ASK : FSCK_UNASKED;
}

static bool writes(enum fsck_mode mode)
{
	return mode == FSCK_PREEN || mode == FSCK_YES || mode == FSCK_ASK;
}

static int report_links(const struct run *run, struct e2_fs *fs)
{
	int err = fsck_report_links(fs, run->shown, run->o);

	return err != 0 ? fsck_fail(run->shown, err) : FSCK_OK;
}

/* ---- a volume that says it is clean ------------------------------------------------- */

/* Whether it may be taken at its word: -n and -y always look. */
static bool is_clean(const struct run *run, int *status)
{
	const struct fsck_options *o = run->o;
	const struct e2_open_options how = { .log_path = o->log };
	struct e2_fs *fs;
	bool clean;

	if (o->check || o->yes || fsck_has_work(o) || o->plan != NULL || o->force ||
	    o->superblock != 0 ||
	    o->json || o->discard_log || e2_open_image(NULL, run->image, &how, &fs) != 0) {
		e2_err_clear();
		return false;
	}
	clean = (e2_super(fs)->state & (E2_STATE_CLEAN | E2_STATE_ERROR)) == E2_STATE_CLEAN &&
		e2_super(fs)->last_orphan == 0 && !e2_fs_pending(fs);
	if (clean && !fsck_say_clean(run->shown, fs, o))
		*status = fsck_fail_output();
	else if (clean && o->report_links)
		*status = report_links(run, fs);
	e2_close(fs);
	return clean;
}

/* ---- the check ------------------------------------------------------------------------ */

static void say_pending(const struct run *run)
{
	if (e2_fs_pending(e2_report_fs(run->report)))
		fprintf(stderr, "extant-fsck: %s: %s\n", run->shown, writes(run->mode) ?
			"a change that waited in its log was completed first" :
			"a change that was not completed waits in its log; this is the image "
			"with it");
}

/* Repairs everything in a transaction that stays open. */
static int examine(struct run *run)
{
	const struct fsck_options *o = run->o;
	const struct e2_open_options how = {
		.flags = (writes(run->mode) ? E2_OPEN_WRITE : 0u) |
			 (o->no_recover ? E2_OPEN_NO_RECOVER : 0u) |
			 (writes(run->mode) && o->discard_log ? E2_OPEN_DISCARD_LOG : 0u),
		.superblock = o->superblock, .block_size = o->block_size,
		.threads = E2_THREADS_AUTO, .log_path = o->log,
		.undo_path = writes(run->mode) ? o->undo : NULL,
	};
	const struct e2_repair_options options = {
		.check = { .superblock = o->superblock, .block_size = o->block_size,
			   .progress = fsck_progress_step, .context = &run->progress,
			   .exact_progress = o->progress_fd > 0,
			   .threads = o->threads, .now = time(NULL) },
		.reattach = o->reattach,
		.decide = run->each != NULL ? fsck_ask_one : NULL, .context = run->each,
	};
	int err;

	fsck_progress_begin(&run->progress, run->shown, o);
	if (run->each != NULL)
		fsck_progress_silence(&run->progress);
	err = e2_repair_image(NULL, run->image, &how, &options, &run->report);
	fsck_progress_end(&run->progress);
	if (err != 0)
		return err;
	if (run->each == NULL)
		say_pending(run);
	fsck_outcome_count(run->report, &run->outcome);
	if (!fsck_losses_collect(run->report, &run->losses)) {
		e2_report_free(run->report);
		run->report = NULL;
		return E2_ERR_NOMEM;
	}
	return 0;
}

static void let_go(struct run *run)
{
	e2_report_free(run->report);
	fsck_losses_free(&run->losses);
	run->report = NULL;
	run->losses = (struct fsck_losses){ 0 };
}

/* ---- what is done about it --------------------------------------------------------------- */

/* Writes what the transaction holds. */
static int commit(struct run *run)
{
	int err, status = FSCK_FIXED;

	fsck_interrupt_defer(run->o->interrupt);
	err = e2_report_commit(run->report);
	if (fsck_interrupt_resume(run->o->interrupt))
		status |= FSCK_CANCELLED;
	if (err != 0)
		return (status & FSCK_CANCELLED) | fsck_fail_write(run->shown, err);
	run->outcome.committed = true;
	return status;
}

static bool say_plan(struct run *run)
{
	const struct fsck_options *o = run->o;

	if (o->json)
		return fsck_json_plan(run->image, run->report, &run->losses, &run->outcome);
	if (o->quiet || (run->mode == FSCK_PREEN && !o->verbose))
		return true;
	return fsck_report_plan(run->shown, run->report, &run->losses, &run->outcome, o);
}

static bool say_done(struct run *run)
{
	const struct fsck_options *o = run->o;

	if (o->json)
		return fsck_json_done(run->image, run->report, &run->losses, &run->outcome);
	if (o->quiet)
		return true;
	if (run->mode == FSCK_PREEN)
		return fsck_report_preen(run->shown, run->report, &run->losses, &run->outcome, o);
	return fsck_report_done(run->shown, run->report, &run->losses, &run->outcome, o);
}

static bool is_safe(const struct run *run)
{
	if (run->outcome.left != 0 || fsck_losses_any(&run->losses) ||
	    run->losses.doubt_files != 0)
		return false;
	for (size_t i = 0; i < e2_report_count(run->report); i++) {
		const struct e2_finding *f = e2_report_at(run->report, i);

		if (f->fixed && e2_problem(f->id)->policy != E2_POLICY_PREEN)
			return false;
	}
	return true;
}

/* Whether the options or the answers forbid to write; *status says what is then. */
static bool is_held_back(struct run *run, int *status)
{
	const struct fsck_options *o = run->o;

	*status = run->outcome.errors != 0 ? FSCK_LEFT : FSCK_OK;
	if (run->mode == FSCK_PREEN && !is_safe(run)) {
		*status = FSCK_LEFT;
		if (!o->json && !fsck_report_unsafe(run->shown, run->report, &run->losses, o))
			*status |= fsck_fail_output();
		return true;
	}
	if (o->careful && fsck_losses_many(&run->losses)) {
		*status = FSCK_LEFT;
		fprintf(stderr, "extant-fsck: %s: the repair would cost more than a few files "
			"(--careful); nothing was changed\n", run->shown);
		return true;
	}
	return false;
}

static uint64_t repaired(const struct run *run)
{
	return run->outcome.repaired_errors + run->outcome.repaired_notes;
}

/* What is asked for besides repairs, when the volume is as it should be. */
static int work(struct run *run)
{
	struct fsck_outcome *outcome = &run->outcome;
	int err;

	run->worked = false;
	e2_str_truncate(&run->work, 0);
	if (!fsck_has_work(run->o) || run->o->plan != NULL)
		return 0;
	if (outcome->left != 0 && !writes(run->mode)) {
		e2_str_add(&run->work, "-D does nothing while problems are left");
		return 0;
	}
	if (outcome->left != 0)
		return e2_fail(E2_ERR_CORRUPT, "problems are left: -D, -l and -L are for a volume "
			       "without any");
	err = fsck_work(e2_report_txn(run->report), run->o, !writes(run->mode),
			&outcome->optimized, &run->worked, &run->work);
	outcome->optimize = err == 0 && run->o->optimize;
	return err;
}

/* Asks for each of them; what was chosen is in the transaction then.  0 or an error. */
static int choose(struct run *run, bool *yes)
{
	struct fsck_each each = { .stopped = false };
	int err;

	let_go(run);
	run->each = &each;
	err = examine(run);
	run->each = NULL;
	run->outcome.mode = run->mode;
	*yes = false;
	if (err == 0)
		err = work(run);
	if (err == 0 && repaired(run) != 0 && !each.ended) {
		fsck_report_cost(run->report, &run->losses);
		*yes = fsck_ask_write(repaired(run));
	}
	return err;
}

/* Asks where that is to be done; whether to write is in *yes. */
static int consult(struct run *run, bool *yes)
{
	*yes = true;
	if (run->mode != FSCK_ASK || repaired(run) == 0)
		return 0;
	switch (fsck_ask_all(run->report, repaired(run),
			     run->outcome.errors + run->outcome.notes)) {
	case FSCK_ANSWER_YES: return 0;
	case FSCK_ANSWER_EACH: return choose(run, yes);
	case FSCK_ANSWER_NO: break;
	}
	*yes = false;
	return 0;
}

/* Asks, and writes; the exit status. */
static int carry_out(struct run *run)
{
	int status = FSCK_OK, err;
	bool yes;

	if (is_held_back(run, &status))
		return status;
	err = consult(run, &yes);
	if (err != 0)
		return fsck_fail_open(run->shown, err);
	if (!yes)
		return run->outcome.errors != 0 ? FSCK_LEFT : FSCK_OK;
	status = commit(run);
	if (run->outcome.committed && run->outcome.left != 0)
		status |= FSCK_LEFT;
	return status;
}

/* Writes the plan of what was found; FSCK_OK or FSCK_FAILED. */
static int keep_plan(const struct run *run)
{
	const char *path = run->o->plan;
	struct e2_str shown = E2_STR_INIT;
	uint64_t blocks;
	int err;

	if (repaired(run) == 0) {
		fprintf(stderr, "extant-fsck: %s: there is nothing to repair; no plan was "
			"written\n", run->shown);
		return FSCK_OK;
	}
	err = e2_repair_plan_write(NULL, e2_report_txn(run->report), path, &blocks);
	if (err != 0)
		return fsck_fail(run->shown, err);
	e2_str_add_name(&shown, path, strlen(path));
	if (!run->o->quiet && !run->o->json)
		printf("%s: what changes %" PRIu64 " block%s of %s; --apply does it\n",
		       e2_str_text(&shown), blocks, blocks == 1 ? "" : "s", run->shown);
	e2_str_free(&shown);
	return FSCK_OK;
}

/* What was done besides repairs, or would be. */
static void say_work(const struct run *run)
{
	bool done = run->outcome.committed || !run->worked || !writes(run->mode);

	if (done && run->work.len != 0 && !run->o->quiet && !run->o->json)
		printf("%s: %s\n", run->shown, e2_str_text(&run->work));
}

/* Says, asks, writes, says; the exit status. */
static int conclude(struct run *run)
{
	int status = run->outcome.errors != 0 ? FSCK_LEFT : FSCK_OK;

	run->outcome.mode = run->mode;
	if (!say_plan(run))
		return fsck_fail_output();	/* and nothing is written */
	if ((repaired(run) != 0 || run->worked) && writes(run->mode))
		status = carry_out(run);
	say_work(run);
	if (run->o->plan != NULL)
		status |= keep_plan(run);
	run->outcome.status = status;
	if (run->report != NULL && !say_done(run))
		status |= fsck_fail_output();
	return status;
}

/* What -E asks for; FSCK_OK or FSCK_FAILED. */
static int extend(const struct run *run, int status)
{
	const struct fsck_options *o = run->o;
	struct e2_fs *fs = e2_report_fs(run->report);
	bool sound = run->outcome.left == 0 && (run->outcome.committed || repaired(run) == 0);
	int err = 0;

	if (o->fragcheck)
		err = fsck_fragcheck(fs, o);
	if (err == 0 && o->discard && sound && writes(run->mode) && !(status & FSCK_CANCELLED))
		err = fsck_discard(fs, run->shown, o);
	if (err == 0 && o->report_links)
		return report_links(run, fs);
	return err != 0 ? fsck_fail(run->shown, err) : FSCK_OK;
}

int fsck_run(const char *image, const char *shown, const struct fsck_options *o)
{
	struct run run = { .image = image, .shown = shown, .o = o, .mode = mode_of(o) };
	double begun = seconds_now();
	int status = FSCK_OK, err;

	if (run.mode == FSCK_UNASKED && fsck_has_work(o)) {
		fprintf(stderr, "extant-fsck: %s: -D, -l and -L change the image, and there is no "
			"terminal to ask at; nothing was changed\n  try: with -y\n", shown);
		return FSCK_USAGE;
	}
	if (is_clean(&run, &status))
		return status;
	err = examine(&run);
	if (err == E2_ERR_CANCELLED) {
		fprintf(stderr, "extant-fsck: %s: cancelled; nothing was changed\n", shown);
		return FSCK_CANCELLED;
	}
	if (err != 0)
		return fsck_fail_open(shown, err);
	err = work(&run);
	status = err != 0 ? fsck_fail_write(shown, err) : conclude(&run);
	if (run.report != NULL && !(status & FSCK_FAILED))
		status |= extend(&run, status);
	let_go(&run);
	e2_str_free(&run.work);
	if (o->time && !o->json)
		print_usage(seconds_now() - begun);
	return status;
}
