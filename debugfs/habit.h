/* SPDX-License-Identifier: MIT */
/* What to say to who types what debugfs takes and we do not: habit.def. */
#ifndef DEBUGFS_HABIT_H
#define DEBUGFS_HABIT_H

#include "command.h"
#include "lex.h"

struct habit {
	const char *commands, *option, *reason, *advice;
};

const struct habit *habit_at(size_t index);		/* NULL past the last */

/* A command that only debugfs has; NULL: none of that name. */
const struct habit *habit_of_command(const char *name);

/* Of words that c does not take; NULL: nothing is known of them. */
const struct habit *habit_of_words(const struct command *c, const struct word *words,
				   size_t count);

#endif
