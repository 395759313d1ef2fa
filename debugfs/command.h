/* SPDX-License-Identifier: MIT */
/* The table of commands (command.def), and how commands are found and explained. */
#ifndef DEBUGFS_COMMAND_H
#define DEBUGFS_COMMAND_H

#include "args.h"

struct shell;

/* Returns 0, or a negative e2_err whose detail says what failed. */
typedef int command_fn(struct shell *sh, const struct args *args);

/* Several rows may share a handler; declaring it again does no harm. */
#define C(name, aliases, group, handler, args, summary, more) command_fn cmd_##handler;
#include "command.def"
#undef C

enum command_group {
	GROUP_look, GROUP_search, GROUP_copy, GROUP_change, GROUP_raw, GROUP_session,
	GROUP_debugfs, GROUPS
};

struct command {
	const char *name, *aliases, *args, *summary, *more;
	command_fn *run;
	enum command_group group;
};

const struct command *command_at(size_t index);		/* NULL past the last */
const struct command *command_find(const char *name);	/* by name or alias; NULL: unknown */

/*
 * The one command with a name or alias that begins so; NULL where there is none, or several:
 * then *several, unless NULL, receives their names, separated by commas.  What damages a volume
 * on purpose is written in full: it counts as several.
 */
const struct command *command_prefixed(const char *prefix, struct e2_str *several);

/* Steps through a command's name and aliases; start with *at NULL.  The length, 0 at the end. */
size_t command_next_name(const struct command *c, const char **at);

/* Whether it changes the volume: it runs within a transaction, sh->txn. */
bool command_changes(const struct command *c);

/* Puts the name or alias nearest to an unknown word into buffer; false when none is near. */
bool command_nearest(const char *word, char *buffer, size_t size);

const char *command_group_title(enum command_group group);

/* "raw link" is raw_link, "raw clri" clri, "break list" break_list; NULL: two words that are no
 * command together. */
const struct command *command_of_words(const char *first, const char *second);

/* "ls [-l] [PATH...]": types behind colons left out. */
void command_usage(const struct command *c, struct e2_str *out);

/* The same on one line of a screen: of many options "[OPTION...]", and where they are told. */
void command_usage_line(const struct command *c, struct e2_str *out);

#endif
