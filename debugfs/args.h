/* SPDX-License-Identifier: MIT */
/*
 * The language in which command.def says what a command takes.
 *
 *   [-l]  [--tree]           an option; [-l|--long] one with two spellings
 *   [-not|!]  [(]            one that is a sign
 *   [-n NUMBER]              an option with a value of a type
 *   PATH                     an argument; the word is its name and its type
 *   [LBLK:number]            an optional one, its type behind the colon
 *   PATH...  [PATH...]       one or more, none or more
 *
 * Options may stand anywhere before "--".  Letters may be joined (-li).  Every command takes
 * --json and --tsv, for its own output.  Types are
 * converted before a command runs, so that it gets inode numbers and never paths.
 */
#ifndef DEBUGFS_ARGS_H
#define DEBUGFS_ARGS_H

#include "lex.h"
#include "object.h"

enum arg_type {
	ARG_NONE,
	ARG_FILE,	/* an inode, by path (the last symlink followed) or <12> */
	ARG_PATH,	/* the same, not following the last symlink */
	ARG_INO,	/* the same, and a bare number is an inode */
	ARG_OBJECT,	/* whatever object_parse knows */
	ARG_NAME,	/* a path whose last name need not exist; no inode number */
	ARG_TEXT,	/* a path or word that the command itself looks at */
	ARG_NUMBER,
	ARG_SIZE,	/* 4096, 64M */
	ARG_COUNT,	/* a number, with + before it for more, - for less */
	ARG_HOST,	/* a path of the host */
	ARG_FIELD,	/* the name of a field */
	ARG_COMMAND,	/* the name of a command */
	ARG_MODE,	/* 644, u+x,g-w: mode.h */
	ARG_TIME,	/* a moment: moment.h */
	ARG_LINE,	/* words of a command line: where it stands first nothing is an option */
};

enum { ARGS_OPTIONS = 40, ARGS_OPERANDS = 4, ARGS_WORD = 24 };

struct arg_option {
	char name[ARGS_WORD], other[ARGS_WORD];	/* "-l", "--long"; other may be "" */
	char value[ARGS_WORD];			/* what the value is called; "" for none */
	enum arg_type type;			/* of the value; ARG_NONE: takes none */
};

struct arg_operand {
	char name[ARGS_WORD];
	enum arg_type type;
	bool optional, many;
};

struct spec {
	struct arg_option option[ARGS_OPTIONS];
	size_t options;
	struct arg_operand operand[ARGS_OPERANDS];
	size_t operands;
};

/* E2_ERR_INVAL for text that is not of the language above: a mistake in command.def. */
int spec_parse(const char *text, struct spec *spec);

struct arg {
	const char *text;
	bool quoted;
	const struct arg_operand *operand;	/* which place of the spec it fills */
	uint64_t number;	/* ARG_NUMBER, ARG_SIZE */
	e2_ino ino;		/* ARG_FILE, ARG_PATH, ARG_INO: set by the shell */
	struct object object;	/* ARG_FILE, ARG_PATH, ARG_INO, ARG_OBJECT */
	struct e2_str path;	/* of ino: absolute, bytes; "" for an inode number; owned */
};

struct arg_use {			/* an option as it stands on the line */
	size_t option;		/* which of the spec */
	struct arg value;
};

struct args {
	const struct spec *spec;
	bool json, tsv;
	bool given[ARGS_OPTIONS];
	struct arg value[ARGS_OPTIONS];		/* given twice: the last */
	struct arg_use *use;	/* in order, but joined letters: where that matters */
	size_t uses;
	struct arg *arg;
	size_t count;
};

/*
 * Sorts words into options and operands and converts what needs no volume.
 * spec and words are borrowed.  E2_ERR_INVAL with the reason; E2_ERR_NOMEM.
 * To be released with args_free().
 */
int args_parse(const struct spec *spec, const struct word *words, size_t count, struct args *args);
void args_free(struct args *args);

/* By an option's first spelling, which must be in the spec; NULL: not given. */
bool args_has(const struct args *args, const char *option);
const struct arg *args_value(const struct args *args, const char *option);

/* The first argument that fills the place of that name; NULL when there is none. */
const struct arg *args_get(const struct args *args, const char *operand);
size_t args_count(const struct args *args, const char *operand);

/* "+3", "-3", "3" against n: more than, less than, equal. */
bool count_matches(const struct arg *want, uint64_t n);

#endif
