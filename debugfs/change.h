/* SPDX-License-Identifier: MIT */
/*
 * When what commands change becomes true.
 *
 * The shell opens a transaction for the first command that changes something and ends it
 * for all of them: handlers get sh->txn.  A line is all or nothing.  A script is too, unless
 * it is to go on after failures; "begin" joins lines until "commit".  Within a transaction the
 * lines so far are steps, each a mark to which it can be rewound.
 */
#ifndef DEBUGFS_CHANGE_H
#define DEBUGFS_CHANGE_H

#include "e2.h"

struct shell;

enum { CHANGE_STEPS = 256 };	/* lines of one transaction that undo reaches */

struct change_step {
	unsigned mark;
	uint64_t done;		/* commands that had changed something before it */
};

struct change {
	struct change_step step[CHANGE_STEPS + 3];	/* and a group's, and the line's */
	size_t steps;		/* marks that stand; the last is the line's, when it has one */
	size_t group;		/* steps up to and with the one "begin" made; 0: no group */
	unsigned group_line;	/* of the script: where "begin" stands */
	bool line;		/* the line that runs has a mark */
	bool full;		/* further lines join the step before: undo tells none apart */
	bool undone;		/* something has been taken back */
	bool was_full;		/* when the group began */
	uint64_t done;		/* commands that changed something, taken back ones left out */
	bool *commits;		/* of each line that took effect: whether it was one, as the */
	size_t lines, room;	/* undo file counts; lines that changed no byte are none */
	unsigned failed;	/* lines that failed and changed nothing */
};

/* Before a command that changes something: makes sure that a transaction is open. */
int change_ready(struct shell *sh);

/* A line of commands, around all of it; status is what it came to, and what is returned.  A line
 * that could not begin does nothing, and has failed. */
int change_line_begin(struct shell *sh);
int change_line_end(struct shell *sh, int status);

/* A command that changes something and whose failure does not matter: rewound when it fails. */
struct change_attempt {
	bool open;		/* a transaction was, and has this mark */
	unsigned mark;
	uint64_t done;
};
int change_attempt_begin(struct shell *sh, struct change_attempt *attempt);
void change_attempt_end(struct shell *sh, const struct change_attempt *attempt, int status);

/* A script that a command runs: a change of its own, or within one that is open a part of it.
 * Where it fails, nothing of it stays. */
struct change_source {
	bool own;		/* it is one by itself */
	bool whole, survives, line;
	size_t steps, group;
	unsigned failed;
};
void change_source_begin(struct shell *sh, struct change_source *source);
int change_source_end(struct shell *sh, const struct change_source *source, int status);

/* The end of the script or the session: commits what is to be, or takes it back. */
int change_end(struct shell *sh, int status);

/* What the commands of the session do. */
int change_group(struct shell *sh);			/* begin */
int change_group_commit(struct shell *sh);
int change_group_rollback(struct shell *sh);
int change_undo(struct shell *sh, uint64_t steps);

#endif
