/* SPDX-License-Identifier: MIT */
#include "shell.h"

#include "consequence.h"
#include "habit.h"
#include "interrupt.h"
#include "lines.h"
#include "names_left.h"
#include "redirect.h"
#include "why.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what went wrong ----------------------------------------------------- */

/* "extant-debugfs: a.img: build.cmds:12: rm: TEXT"; answers said before come first. */
static void complain(struct shell *sh, const char *text)
{
	struct e2_str s = E2_STR_INIT;

	sh->complaints++;
	e2_str_add(&s, PROGRAM ": ");
	if (sh->image) {
		e2_str_add_name(&s, sh->image, strlen(sh->image));
		e2_str_add(&s, ": ");
	}
	if (sh->script) {
		e2_str_add_name(&s, sh->script, strlen(sh->script));
		if (sh->line)
			e2_str_addf(&s, ":%u", sh->line);
		e2_str_add(&s, ": ");
	}
	if (sh->command)
		e2_str_addf(&s, "%s: ", sh->command);
	out_flush(&sh->out);
	e2_str_add(&s, text);
	if (sh->advice.len)
		e2_str_addf(&s, "\n  try: %s", e2_str_text(&sh->advice));
	out_complain(&s);
	e2_str_truncate(&sh->advice, 0);
	e2_str_free(&s);
}

static const char *last_failure(int err)
{
	const char *detail = e2_err_detail();

	return *detail ? detail : e2_strerror(err);
}

void shell_warn(struct shell *sh, int err)
{
	complain(sh, last_failure(err));
	e2_err_clear();
	sh->failed = true;
}

void shell_warn_of(struct shell *sh, const struct arg *a, int err)
{
	struct e2_str s = E2_STR_INIT;

	add_object(&s, a);
	e2_str_addf(&s, ": %s", last_failure(err));
	(void)e2_fail(err, "%s", e2_str_text(&s));	/* the same, and of what */
	e2_str_free(&s);
	shell_warn(sh, err);
}

int shell_advise(struct shell *sh, int err, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) >= 0) {
		e2_str_truncate(&sh->advice, 0);
		e2_str_add(&sh->advice, text);
	}
	va_end(args);
	return err;
}

/*
 * The failure that ends the command.  Where it ends a script that has changed something,
 * what has become of that is part of the message.
 */
static void fail_command(struct shell *sh, const char *reason)
{
	struct e2_str s = E2_STR_INIT;
	unsigned before = sh->line ? sh->line - 1 : 0;

	e2_str_add(&s, reason);
	if (sh->txn && sh->whole && !sh->survives && !sh->ignoring && before == 1)
		e2_str_add(&s, "; the line before it did not take effect");
	else if (sh->txn && sh->whole && !sh->survives && !sh->ignoring && before)
		e2_str_addf(&s, "; none of the %u lines before it took effect", before);
	complain(sh, e2_str_text(&s));
	e2_str_free(&s);
}

int shell_misused(struct shell *sh, int err)
{
	sh->misused = true;
	return err;
}

void shell_note(struct shell *sh, const char *text)
{
	e2_str_add(&sh->notes, text);
	e2_str_add(&sh->notes, "\n");
}

/* Between a person's own lines a note needs no address. */
void shell_say_notes(struct shell *sh)
{
	char *line = sh->notes.text;

	if (e2_str_status(&sh->notes) || !sh->notes.len)
		return;
	for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (sh->interactive) {
			struct e2_str s = E2_STR_INIT;

			e2_str_add(&s, line);
			out_complain(&s);
			e2_str_free(&s);
		} else {
			complain(sh, line);
		}
	}
	e2_str_truncate(&sh->notes, 0);
}

/* What an unknown word may have been meant as. */
static void add_guess(const struct shell *sh, const char *word, struct e2_str *s)
{
	char near[32];

	if (word[0] == '-' && word[1] && !sh->script && !sh->interactive)
		e2_str_add(s, "options stand before IMAGE");
	else if (!strcmp(word, "raw"))
		e2_str_add(s, "help raw lists those that begin with it");
	else if (habit_of_command(word))
		e2_str_addf(s, "did you mean %s?", habit_of_command(word)->advice);
	else if (command_nearest(word, near, sizeof(near)))
		e2_str_addf(s, "did you mean %s?", near);
	else
		e2_str_add(s, "help lists them all");
}

static enum shell_status unknown_command(struct shell *sh, const char *word)
{
	struct e2_str s = E2_STR_INIT, several = E2_STR_INIT;
	const struct habit *habit = habit_of_command(word);

	if (sh->interactive && !sh->script && !habit)
		(void)command_prefixed(word, &several);
	e2_str_add(&s, sh->script ? "" : PROGRAM ": ");
	if (habit && *habit->reason) {
		e2_str_addf(&s, "%s: %s", word, habit->reason);
		e2_str_addf(sh->script ? &sh->advice : &s, "%s%s", sh->script || !*habit->advice ?
			    "" : "\n  try: ", habit->advice);
	} else {
		e2_str_add(&s, several.len ? "\"" : "unknown command \"");
		e2_str_add_name(&s, word, strlen(word));
		e2_str_add(&s, several.len ? "\" may be " : "\"; ");
		if (several.len)
			e2_str_add(&s, e2_str_text(&several));
		else
			add_guess(sh, word, &s);
	}
	out_flush(&sh->out);
	if (sh->script) {
		fail_command(sh, e2_str_text(&s));
	} else {
		sh->complaints++;
		out_complain(&s);
	}
	e2_str_free(&several);
	e2_str_free(&s);
	return SHELL_USAGE;
}

static enum shell_status usage_error(struct shell *sh, const struct command *c, int err)
{
	struct e2_str s = E2_STR_INIT;

	fail_command(sh, last_failure(err));
	e2_str_add(&s, "  usage: ");
	command_usage_line(c, &s);
	out_complain(&s);
	e2_str_free(&s);
	return SHELL_USAGE;
}

/* ---- one command --------------------------------------------------------- */

static bool wants(const struct args *args, const char *option)
{
	for (size_t i = 0; i < args->spec->options; i++)
		if (!strcmp(args->spec->option[i].name, option))
			return args->given[i];
	return false;
}

static bool names_inode(enum arg_type type)
{
	return type == ARG_FILE || type == ARG_PATH || type == ARG_INO;
}

/*
 * Turns what names an inode into its number.  tolerant: of several the one that is not to be
 * found is told and left out, as ls and cat do it; the failure of the last one is returned.
 */
static int find_inodes(struct shell *sh, struct args *args, bool tolerant)
{
	size_t kept = 0, left = 0;
	int err = 0;

	for (size_t i = 0; i < args->count; i++)
		left += names_inode(args->arg[i].operand->type);
	for (size_t i = 0; i < args->count; i++) {
		struct arg *a = &args->arg[i];
		enum arg_type type = a->operand->type;
		bool follow = type == ARG_FILE ? !wants(args, "-P") && !wants(args, "-h") :
			wants(args, "-L");

		if (!err && names_inode(type))
			err = shell_must_be_open(sh);
		if (!err && names_inode(type))
			err = shell_lookup(sh, &a->object, follow, &a->ino, &a->path);
		if (err && err != E2_ERR_NOMEM && tolerant && a->operand->many && --left > 0) {
			shell_warn(sh, err);
			e2_str_free(&a->path);
			err = 0;
		} else {
			args->arg[kept++] = *a;
		}
	}
	args->count = kept;
	return err;
}

e2_ino shell_root(const struct shell *sh)
{
	return sh->root ? sh->root : E2_INO_ROOT;
}

int shell_must_be_open(struct shell *sh)
{
	if (sh->fs)
		return 0;
	return shell_advise(sh, e2_fail(E2_ERR_INVAL, "no image is open"), "open IMAGE");
}

int shell_hold(struct shell *sh)
{
	bool changed = false;
	int err = 0;

	if (sh->fs && !sh->reading) {
		err = e2_reading_begin(sh->fs, &changed);
		if (err)
			return err;
		sh->reading = true;
	}
	if (changed) {
		shell_forget(sh);
		shell_check_cwd(sh);
	}
	return 0;
}

/* What a transaction has read must stay as it is until its end. */
void shell_remember(struct shell *sh)
{
	if (!sh->memory && !sh->txn)
		sh->memory = e2_dir_remember(sh->fs);
}

void shell_forget_names(struct shell *sh)
{
	e2_txn_abort(sh->memory);
	sh->memory = NULL;
}

void shell_release(struct shell *sh)
{
	shell_forget_names(sh);
	if (sh->fs && sh->reading && !sh->txn) {
		e2_reading_end(sh->fs);
		sh->reading = false;
	}
}

/* Whether a command that changes the volume is asked only to say what it would do. */
static bool only_looks(const struct command *c, const struct args *args)
{
	return ((c->run == cmd_dedupe || c->run == cmd_unshare) && wants(args, "-n")) ||
	       (c->run == cmd_undel && args_value(args, "--to"));
}

/* Before a command: a transaction for one that changes something, else the image held still. */
static int settle(struct shell *sh, const struct command *c, bool changes)
{
	int err = c->group == GROUP_session ? 0 : shell_must_be_open(sh);

	if (!err)
		err = shell_hold(sh);
	return !err && changes ? change_ready(sh) : err;
}

static void check_output(struct shell *sh)
{
	if (sh->out.error == ECANCELED) {	/* a signal: see out.c */
		if (!sh->redirected)
			sh->out.error = 0;
		if (!sh->failed)	/* else that is what was said */
			shell_warn(sh, e2_fail(E2_ERR_CANCELLED, "interrupted"));
		return;
	}
	if (!out_failed(&sh->out) || sh->redirected)
		return;
	/* A reader that has seen enough is told nothing. */
	if (sh->out.error != EPIPE) {
		(void)e2_fail_errno(sh->out.error, "standard output");
		shell_warn(sh, E2_ERR_HOST);
	}
	sh->quit = true;
	sh->failed = true;
}

/* Whether a path of the host is among the arguments; "-" is none. */
static bool uses_host(const struct args *args)
{
	const struct spec *spec = args->spec;

	for (size_t i = 0; i < spec->options; i++)
		if (args->given[i] && spec->option[i].type == ARG_HOST &&
		    strcmp(args->value[i].text, "-") != 0)
			return true;
	for (size_t i = 0; i < args->count; i++)
		if (args->arg[i].operand->type == ARG_HOST && strcmp(args->arg[i].text, "-") != 0)
			return true;
	return false;
}

/* The command itself, where its paths of the host begin. */
static int run_handler(struct shell *sh, const struct command *c, struct args *args)
{
	bool host = uses_host(args);
	int err;

	if (host && sh->restricted)
		return e2_fail(E2_ERR_INVAL, "%s", SHELL_RESTRICTED);
	err = host ? host_enter(sh) : 0;
	if (!err)
		err = c->run(sh, args);
	/* Whoever looked at it has ended early; what is committed is. */
	if (!err && c->group != GROUP_session && interrupt_asked())
		err = e2_fail(E2_ERR_CANCELLED, "interrupted");
	if (host)
		host_leave(sh);
	return err;
}

static enum shell_status run_in_mode(struct shell *sh, const struct command *c,
				     struct args *args)
{
	bool changes = command_changes(c) && !only_looks(c, args);
	int err;

	sh->failed = false;
	sh->misused = false;
	sh->changed = false;
	e2_str_truncate(&sh->notes, 0);
	e2_err_clear();
	err = settle(sh, c, changes);
	/* What raw commands change, and that alone, is the same whenever they do it. */
	if (!err && changes && (c->group != GROUP_raw || sh->change.done == 0))
		e2_txn_seal(sh->txn, c->group != GROUP_raw);
	if (!err)
		err = find_inodes(sh, args, !changes);
	if (!err)
		err = run_handler(sh, c, args);
	if (err && changes)
		out_discard(&sh->out);	/* it has not come to pass */
	out_flush(&sh->out);
	if (err && sh->misused) {
		(void)usage_error(sh, c, err);
	} else if (err) {
		fail_command(sh, last_failure(err));
		sh->failed = true;
	} else if (changes || sh->changed) {
		shell_say_notes(sh);
		sh->change.done++;
		shell_forget(sh);
		shell_check_cwd(sh);
	}
	check_output(sh);
	shell_release(sh);
	return sh->misused ? SHELL_USAGE : sh->failed ? SHELL_FAILED : SHELL_OK;
}

static enum shell_status run(struct shell *sh, const struct command *c, struct args *args)
{
	enum out_mode mode = sh->out.mode;
	enum shell_status status;

	out_set_mode(&sh->out, args->json ? OUT_JSON : args->tsv ? OUT_TSV : mode);
	status = run_in_mode(sh, c, args);
	out_set_mode(&sh->out, mode);
	return status;
}

/* A command whose failure does not matter, and leaves nothing. */
static void run_ignored(struct shell *sh, const struct command *c, struct args *args)
{
	bool changes = command_changes(c);
	struct change_attempt attempt;
	enum shell_status status;

	if (changes && change_attempt_begin(sh, &attempt)) {
		shell_warn(sh, E2_ERR_NOMEM);
		return;
	}
	status = run(sh, c, args);
	if (changes)
		change_attempt_end(sh, &attempt, (int)status);
}

/* "ls --help": the help of ls, whatever else is asked. */
static bool asks_help(const struct spec *spec, const struct word *words, size_t count)
{
	bool line = spec->operands && spec->operand[0].type == ARG_LINE;

	for (size_t i = 0; i < count; i++) {
		if (words[i].quoted || !strcmp(words[i].text, "--"))
			return false;
		if (!strcmp(words[i].text, "--help"))
			return true;
		if (line)
			return false;		/* what follows is another command's */
	}
	return false;
}

static enum shell_status show_help(struct shell *sh, const char *name)
{
	const struct word words[] = { { .text = "help" }, { .text = name } };

	return shell_words(sh, words, 2);
}

/* A command and its arguments, copied: a command that runs others outlives what is remembered.
 * NULL: there is none; *err tells of a description that cannot be parsed. */
static const struct command *find_command(struct shell *sh, const char *name, struct spec *spec,
					  int *err)
{
	*err = 0;
	if (!sh->last || strcmp(sh->last->name, name) != 0) {
		const struct command *c = command_find(name);

		/* "delete" is no beginning of deleted. */
		if (!c && sh->interactive && !sh->script && !habit_of_command(name))
			c = command_prefixed(name, NULL);
		sh->last = NULL;
		*err = c ? spec_parse(c->args, &sh->last_spec) : 0;
		if (!c || *err)
			return c;
		sh->last = c;
	}
	*spec = sh->last_spec;
	return sh->last;
}

/* The name of a command, and how many of the words it is. */
static const char *command_name(const struct word *words, size_t count, size_t *used)
{
	const struct command *c = count < 2 ? NULL :
		command_of_words(words[0].text, words[1].text);

	*used = c ? 2 : 1;
	return c ? c->name : words[0].text;
}

enum shell_status shell_words(struct shell *sh, const struct word *words, size_t count)
{
	const struct command *c;
	const struct habit *habit;
	const char *name;
	size_t used;
	enum shell_status status;
	struct spec spec;
	struct args args;
	int err;

	if (count == 0)
		return SHELL_OK;
	name = command_name(words, count, &used);
	c = find_command(sh, name, &spec, &err);
	if (!c)
		return unknown_command(sh, name);
	if (!err && asks_help(&spec, words + used, count - used))
		return show_help(sh, c->name);
	/* as it was called, but in full */
	sh->command = strcmp(c->name, name) && command_find(name) ? name : c->name;
	if (!err)
		err = args_parse(&spec, words + used, count - used, &args);
	if (err) {
		habit = habit_of_words(c, words + used, count - used);
		if (habit)
			(void)shell_advise(sh, err, "%s", habit->advice);
		status = usage_error(sh, c, err);
	} else {
		if (sh->ignoring)
			run_ignored(sh, c, &args);
		status = sh->ignoring ? SHELL_OK : run(sh, c, &args);
		args_free(&args);
	}
	sh->command = NULL;
	return status;
}

/* ---- lines --------------------------------------------------------------- */

/* "-ls" is ls, and whether it succeeds does not matter. */
static bool ignores_failure(struct words *w)
{
	if (w->count == 0 || w->word[0].quoted || w->word[0].text[0] != '-' || !w->word[0].text[1])
		return false;
	w->word[0].text++;
	return true;
}

/* The words of one command, with its output where it is to go. */
static enum shell_status run_way(struct shell *sh, struct words *words)
{
	enum shell_status status;
	struct redirect way;

	if (words->way != WAY_OUT && sh->restricted) {
		fail_command(sh, SHELL_RESTRICTED);
		return SHELL_FAILED;
	}
	if (words->way == WAY_HOST)
		return host_run(sh, words->target.text);
	if (words->way == WAY_OUT)
		return shell_words(sh, words->word, words->count);
	if (redirect_begin(sh, words, &way))
		return SHELL_FAILED;
	status = shell_words(sh, words->word, words->count);
	return redirect_end(sh, &way, status);
}

/* One command of a line; used: how much of the line it takes. */
static enum shell_status run_next(struct shell *sh, const char *line, size_t len, size_t *used)
{
	enum shell_status status;
	struct words words;
	bool outer = sh->ignoring;
	int err = lex(line, len, used, &words);

	if (err) {
		*used = len;
		fail_command(sh, last_failure(err));
		return SHELL_USAGE;
	}
	if (interrupt_asked() && (words.count || words.way)) {
		fail_command(sh, "interrupted");
		words_free(&words);
		*used = len;
		return SHELL_FAILED;
	}
	sh->ignoring = ignores_failure(&words);
	status = run_way(sh, &words);
	if (sh->ignoring)
		status = SHELL_OK;
	sh->ignoring = outer;
	words_free(&words);
	return status;
}

/* A line that changes something is all or nothing, whatever keep_going says of the lines. */
enum shell_status shell_line(struct shell *sh, const char *line, size_t len)
{
	enum shell_status first = SHELL_OK;
	int err = change_line_begin(sh);

	if (err) {		/* it could not be taken back */
		fail_command(sh, last_failure(err));
		first = SHELL_FAILED;
	}
	while (!err && len && !sh->quit) {
		size_t used;
		enum shell_status status = run_next(sh, line, len, &used);

		if (status && !first)
			first = status;
		if (first && (!sh->keep_going || sh->txn))
			break;
		line += used;
		len -= used;
	}
	return (enum shell_status)change_line_end(sh, (int)first);
}

static enum shell_status run_lines(struct shell *sh, int fd)
{
	struct lines lines = { .fd = fd };
	enum shell_status first = SHELL_OK;
	const char *line;
	size_t len;

	for (sh->line = 1; !sh->quit && lines_next(&lines, &line, &len); sh->line++) {
		enum shell_status status = shell_line(sh, line, len);

		if (status && !first)
			first = status;
		if (first && (!sh->keep_going || interrupt_asked()))
			break;
	}
	if (interrupt_asked() && !first && !sh->quit) {		/* while it waited for a line */
		fail_command(sh, "interrupted");
		first = SHELL_FAILED;
	}
	sh->line = 0;
	if (lines.error && !first) {
		(void)e2_fail_errno(lines.error, "cannot be read further");
		shell_warn(sh, E2_ERR_HOST);
		first = SHELL_FAILED;
	}
	lines_free(&lines);
	return first;
}

enum shell_status shell_end_lines(struct shell *sh, enum shell_status status)
{
	if (sh->survives && !sh->interactive && sh->change.failed && (sh->writable || sh->dry)) {
		struct e2_str s = E2_STR_INIT;

		add_plural(&s, sh->change.failed, "line", "lines");
		e2_str_add(&s, " failed and changed nothing; the others took effect");
		complain(sh, e2_str_text(&s));
		e2_str_free(&s);
	}
	return (enum shell_status)change_end(sh, (int)status);
}

enum shell_status shell_script(struct shell *sh, const char *path)
{
	bool input = !strcmp(path, "-");
	int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	enum shell_status status;

	if (fd < 0) {
		struct e2_str s = E2_STR_INIT;

		e2_str_add_name(&s, path, strlen(path));
		(void)e2_fail_errno(errno, "%s", e2_str_text(&s));
		e2_str_free(&s);
		shell_warn(sh, E2_ERR_HOST);
		return SHELL_USAGE;
	}
	sh->script = input ? "stdin" : path;
	status = shell_end_lines(sh, run_lines(sh, fd));
	sh->script = NULL;
	if (!input)
		(void)close(fd);	/* only read from */
	return status;
}

enum shell_status shell_source(struct shell *sh, int fd, const char *name)
{
	const char *script = sh->script, *command = sh->command;
	struct change_source whole;
	enum shell_status status;
	unsigned line = sh->line;

	change_source_begin(sh, &whole);
	sh->script = name;
	sh->command = NULL;
	status = run_lines(sh, fd);
	status = (enum shell_status)change_source_end(sh, &whole, (int)status);
	sh->script = script;
	sh->line = line;
	sh->command = command;
	return status;
}

void shell_forget(struct shell *sh)
{
	consequence_stale(sh);
	e2_names_close(sh->names);
	owners_free(sh->owners);
	whys_free(sh->whys);
	sh->whys = NULL;
	sh->names = NULL;
	sh->searches = 0;
	sh->owners = NULL;
}

int shell_close(struct shell *sh)
{
	int err = 0;

	shell_forget(sh);
	shell_forget_names(sh);
	consequence_forget(sh);
	names_left_forget(sh);
	if (sh->fs) {
		if (sh->reading)
			e2_reading_end(sh->fs);
		err = e2_close(sh->fs);
	}
	sh->fs = NULL;
	sh->reading = false;
	sh->root = 0;
	sh->cwd = E2_INO_ROOT;
	e2_str_truncate(&sh->cwd_path, 0);
	e2_str_add(&sh->cwd_path, "/");
	return err;
}

void shell_end(struct shell *sh)
{
	shell_forget(sh);
	consequence_forget(sh);
	names_left_forget(sh);
	e2_str_free(&sh->cwd_path);
	e2_str_free(&sh->advice);
	e2_str_free(&sh->notes);
	e2_str_free(&sh->edited);
	free(sh->image_text);
	sh->image_text = NULL;
	if (sh->local.moved) {
		(void)close(sh->local.home);	/* directories, only looked up in */
		(void)close(sh->local.there);
	}
	sh->local.moved = false;
	free(sh->change.commits);
	sh->change.commits = NULL;
}
