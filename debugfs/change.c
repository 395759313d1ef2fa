/* SPDX-License-Identifier: MIT */
#include "change.h"

#include "consequence.h"
#include "edit.h"
#include "interrupt.h"
#include "shell.h"
#include "truth.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the session knows of the volume ----------------------------------- */

/* Work was taken back: what was learnt meanwhile may be wrong, the directory gone. */
static void forget(struct shell *sh)
{
	shell_forget(sh);
	shell_check_cwd(sh);
}

/* ---- marks ---------------------------------------------------------------- */

static int push(struct shell *sh)
{
	struct change *c = &sh->change;
	unsigned mark;
	int err = e2_txn_mark(sh->txn, &mark);

	if (err)
		return e2_fail(err, "no memory to take a line back");
	assert(c->steps < sizeof(c->step) / sizeof(*c->step));
	c->step[c->steps++] = (struct change_step){ mark, c->done };
	return 0;
}

static void pop_release(struct shell *sh)
{
	struct change *c = &sh->change;

	e2_txn_release(sh->txn, c->step[--c->steps].mark);
}

static void pop_rewind(struct shell *sh)
{
	struct change *c = &sh->change;

	c->steps--;
	e2_txn_rewind(sh->txn, c->step[c->steps].mark);
	c->done = c->step[c->steps].done;
	truth_forget(sh);
}

/* Whether the transaction goes on after the line. */
static bool lasts(const struct shell *sh)
{
	return sh->change.group || sh->whole;
}

static int mark_line(struct shell *sh)
{
	int err;

	if (sh->change.full && !sh->survives)
		return 0;	/* too many for undo, and a failure ends it all */
	err = push(sh);
	sh->change.line = !err;
	return err;
}

/* ---- transactions ------------------------------------------------------------ */

static void closed(struct shell *sh)
{
	struct change *c = &sh->change;

	sh->txn = NULL;
	c->steps = 0;
	c->group = 0;
	c->line = false;
	c->full = false;
	c->done = 0;
	if (sh->reading) {
		e2_reading_end(sh->fs);
		sh->reading = false;
	}
}

static void drop(struct shell *sh)
{
	if (!sh->txn)
		return;
	e2_txn_abort(sh->txn);
	closed(sh);
	edit_settle(sh, false);
	(void)truth_settle(sh, false);	/* which writes nothing */
	/* Of a script what took effect before is still to be told. */
	if (sh->interactive)
		consequence_forget(sh);
	forget(sh);
}

int change_ready(struct shell *sh)
{
	struct e2_undo *undo;
	int err = 0;

	if (sh->txn)
		return 0;
	if (!sh->writable && !sh->dry) {
		e2_str_truncate(&sh->advice, 0);
		e2_str_add(&sh->advice, PROGRAM " -w ");
		e2_str_add_name(&sh->advice, sh->image, strlen(sh->image));
		return e2_fail(E2_ERR_ROFS, "opened read-only");
	}
	if (sh->keeps_undo && !sh->dry) {
		err = e2_fs_undo(sh->fs, &undo);
		if (err)
			return err;
	}
	shell_forget_names(sh);
	err = e2_txn_begin(sh->fs, sh->dry, &sh->txn);
	if (!err)
		err = mark_line(sh);
	if (err)
		drop(sh);
	return err;
}

/* Makes room to remember a line that undo may take back; before it takes effect. */
static int reserve_line(struct shell *sh)
{
	struct change *c = &sh->change;
	bool *more;

	if (!sh->keeps_undo)
		return 0;
	more = e2_grow(c->commits, &c->room, c->lines + 1, sizeof(*more));
	if (!more)
		return E2_ERR_NOMEM;
	c->commits = more;
	return 0;
}

static int count_commits(struct shell *sh, uint64_t *count)
{
	struct e2_undo *undo;
	int err = e2_fs_undo(sh->fs, &undo);

	if (!err)
		*count = e2_undo_count(undo);
	return err;
}

static int commit(struct shell *sh)
{
	struct change *c = &sh->change;
	struct e2_txn *txn = sh->txn;
	uint64_t commits = 0, now = 0;
	sigset_t before;
	int err, told;

	if (sh->keeps_undo) {
		err = count_commits(sh, &commits);
		if (err) {
			drop(sh);
			return err;
		}
	}
	while (c->steps)
		pop_release(sh);
	interrupt_hold(&before);
	closed(sh);
	err = e2_txn_commit(txn);
	interrupt_release(&before);
	edit_settle(sh, err == 0);
	told = truth_settle(sh, err == 0);
	if (!err && sh->keeps_undo && !count_commits(sh, &now))
		c->commits[c->lines++] = now != commits;
	if (err)
		forget(sh);
	if (err == E2_ERR_DOUBT)
		sh->quit = true;
	return err ? err : told;
}

/* Ends the open transaction for good; without a change the image keeps its times too. */
static int finish(struct shell *sh)
{
	struct e2_range run;
	int err;

	if (!sh->txn)
		return 0;
	if (interrupt_asked()) {
		drop(sh);
		return e2_fail(E2_ERR_CANCELLED, "interrupted; nothing was changed");
	}
	if (sh->dry) {
		err = shell_changes(sh);
		out_flush(&sh->out);
		if (!err)
			consequence_tell(sh);
		drop(sh);
		return err;
	}
	err = sh->change.done ? reserve_line(sh) : 0;
	if (err) {
		drop(sh);
		return err;
	}
	if (sh->change.done && e2_txn_changes(sh->txn, 0, &run))
		return commit(sh);
	if (sh->change.done && sh->keeps_undo)
		sh->change.commits[sh->change.lines++] = false;
	drop(sh);
	return 0;
}

static int finish_or_say(struct shell *sh, int status)
{
	int err = finish(sh);

	if (!err)
		return status;
	shell_warn(sh, err);
	return status ? status : SHELL_FAILED;
}

/* ---- lines ----------------------------------------------------------------- */

int change_line_begin(struct shell *sh)
{
	sh->change.line = false;
	return sh->txn ? mark_line(sh) : 0;
}

/* The mark of a line that has succeeded becomes a step, if it changed anything. */
static void keep_line(struct shell *sh)
{
	struct change *c = &sh->change;

	if (!c->line)
		return;
	c->line = false;
	if (c->steps > CHANGE_STEPS && c->step[c->steps - 1].done != c->done)
		c->full = true;
	if (c->full || c->step[c->steps - 1].done == c->done)
		pop_release(sh);
}

static void take_line_back(struct shell *sh)
{
	if (!sh->change.line)
		return;
	pop_rewind(sh);
	sh->change.line = false;
	forget(sh);
}

int change_line_end(struct shell *sh, int status)
{
	sh->change.failed += status != SHELL_OK;
	if (!sh->txn)
		return status;
	if (!status && lasts(sh)) {
		keep_line(sh);
	} else if (!status) {
		status = finish_or_say(sh, status);
	} else if (sh->survives && lasts(sh)) {
		take_line_back(sh);
	} else if (!sh->whole) {
		drop(sh);
	}
	if (!status && sh->interactive && !sh->dry)
		consequence_tell(sh);
	return status;
}

int change_attempt_begin(struct shell *sh, struct change_attempt *attempt)
{
	*attempt = (struct change_attempt){ .open = sh->txn != NULL, .done = sh->change.done };
	return sh->txn ? e2_txn_mark(sh->txn, &attempt->mark) : 0;
}

void change_attempt_end(struct shell *sh, const struct change_attempt *attempt, int status)
{
	if (!sh->txn)
		return;
	if (!attempt->open) {
		if (status)	/* all of it is this command's */
			drop(sh);
		return;
	}
	if (!status) {
		e2_txn_release(sh->txn, attempt->mark);
		return;
	}
	e2_txn_rewind(sh->txn, attempt->mark);
	sh->change.done = attempt->done;
	truth_forget(sh);
	forget(sh);
}

void change_source_begin(struct shell *sh, struct change_source *source)
{
	struct change *c = &sh->change;

	*source = (struct change_source){
		.own = !sh->txn && !sh->whole, .whole = sh->whole, .survives = sh->survives,
		.line = c->line, .steps = c->steps, .group = c->group,
		.failed = c->failed,
	};
	c->line = false;
	if (source->own) {
		sh->whole = true;
		sh->survives = false;
	}
}

int change_source_end(struct shell *sh, const struct change_source *source, int status)
{
	struct change *c = &sh->change;

	if (source->own)
		status = change_end(sh, status);
	sh->whole = source->whole;
	sh->survives = source->survives;
	c->failed = source->failed;	/* the line that called it is the one that fails */
	/* The line that called it has a mark of its own, if nothing has taken that back. */
	if (source->own || !source->line || !sh->txn || c->group != source->group ||
	    c->steps < source->steps)
		return status;
	while (c->steps > source->steps)
		pop_release(sh);
	c->line = true;
	return status;
}

int change_end(struct shell *sh, int status)
{
	bool open = sh->change.group > 0;

	if (status && !sh->survives) {
		drop(sh);
		return status;
	}
	if (open && !sh->dry) {
		struct e2_str s = E2_STR_INIT;

		if (sh->change.group_line)
			e2_str_addf(&s, "begin of line %u", sh->change.group_line);
		else
			e2_str_add(&s, "begin");
		e2_str_addf(&s, " has no commit: what came after it was rolled back");
		drop(sh);
		shell_warn(sh, e2_fail(E2_ERR_CANCELLED, "%s", e2_str_text(&s)));
		e2_str_free(&s);
		return sh->interactive ? status : SHELL_FAILED;
	}
	status = finish_or_say(sh, status);
	if (!status || sh->survives)
		consequence_tell(sh);
	return status;
}

/* ---- begin, commit, rollback, undo ------------------------------------------------- */

int change_group(struct shell *sh)
{
	struct change *c = &sh->change;
	int err;

	if (c->group)
		return e2_fail(E2_ERR_BUSY, "begun already; commit or rollback ends it");
	err = change_ready(sh);
	if (err)
		return err;
	if (c->line)
		keep_line(sh);	/* what the line has done before does not belong to it */
	err = push(sh);
	if (err)
		return err;
	c->group = c->steps;
	c->group_line = sh->line;
	c->was_full = c->full;
	return mark_line(sh);
}

static int fail_no_group(void)
{
	return e2_fail(E2_ERR_INVAL, "nothing was begun");
}

int change_group_commit(struct shell *sh)
{
	struct change *c = &sh->change;

	if (!c->group)
		return fail_no_group();
	if (!sh->whole)
		return finish(sh);
	while (c->steps > c->group)
		pop_release(sh);
	c->group = 0;
	c->line = true;		/* what it holds is one step, as a line is */
	keep_line(sh);
	return mark_line(sh);
}

int change_group_rollback(struct shell *sh)
{
	struct change *c = &sh->change;

	if (!c->group)
		return fail_no_group();
	while (c->steps >= c->group)
		pop_rewind(sh);
	c->group = 0;
	c->line = false;
	c->full = c->was_full;
	forget(sh);
	return mark_line(sh);
}

/* Steps of the open transaction. */
static int undo_steps(struct shell *sh, uint64_t wanted)
{
	struct change *c = &sh->change;
	uint64_t there;

	if (c->full)
		return e2_fail(E2_ERR_RANGE, "more than %d lines; only rollback or a failure takes "
			       "them back, all at once", CHANGE_STEPS);
	if (c->line && c->step[c->steps - 1].done == c->done) {
		pop_release(sh);
		c->line = false;
	}
	there = c->steps - c->group;
	if (wanted > there) {
		int err = there ? e2_fail(E2_ERR_NOENT, "%" PRIu64 " changes cannot be taken back: "
					  "there are %" PRIu64, wanted, there) :
			e2_fail(E2_ERR_NOENT, c->undone ? "nothing is left to take back: all that "
				"was changed is taken back" : "nothing has been changed yet");
		return err;
	}
	c->undone = c->undone || wanted;
	for (; wanted; wanted--)
		pop_rewind(sh);
	forget(sh);
	return mark_line(sh);
}

static int undo_commits(struct shell *sh, struct e2_undo *undo, uint64_t wanted)
{
	struct e2_txn *txn;
	sigset_t before;
	int err = wanted ? e2_txn_begin(sh->fs, false, &txn) : 0;

	if (err || !wanted)
		return err;
	err = e2_undo_apply(undo, txn, wanted);
	if (err) {
		e2_txn_abort(txn);
		return err;
	}
	interrupt_hold(&before);
	err = e2_txn_commit(txn);
	if (!err)
		err = e2_undo_drop(undo, wanted);
	interrupt_release(&before);
	forget(sh);
	if (err == E2_ERR_DOUBT)
		sh->quit = true;
	return err;
}

int change_undo(struct shell *sh, uint64_t steps)
{
	struct change *c = &sh->change;
	struct e2_undo *undo;
	uint64_t commits = 0;
	int err;

	if (sh->txn)
		return undo_steps(sh, steps);
	if (!sh->writable || sh->whole || sh->dry)
		return e2_fail(E2_ERR_NOENT, "nothing has been changed yet");
	err = e2_fs_undo(sh->fs, &undo);
	if (err)
		return err;
	if (c->lines == 0)
		return e2_fail(E2_ERR_NOENT, c->undone ? "nothing is left to take back: all that "
			       "this session changed is taken back" :
			       "this session has changed nothing yet");
	if (steps > c->lines)
		return e2_fail(E2_ERR_NOENT, "%" PRIu64 " changes cannot be taken back: this "
			       "session has made %zu", steps, c->lines);
	for (size_t i = 0; i < steps; i++)
		commits += c->commits[c->lines - 1 - i];
	err = undo_commits(sh, undo, commits);
	if (!err) {
		c->lines -= (size_t)steps;
		c->undone = c->undone || steps;
	}
	return err;
}
