/* SPDX-License-Identifier: MIT */
#include "shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what went wrong ----------------------------------------------------- */

/* "extant-debugfs: a.img: build.cmds:12: rm: TEXT"; answers said before come first. */
static void complain(struct shell *sh, const char *text)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add(&s, PROGRAM ": ");
	e2_str_add_name(&s, sh->image, strlen(sh->image));
	e2_str_add(&s, ": ");
	if (sh->script) {
		e2_str_add_name(&s, sh->script, strlen(sh->script));
		e2_str_addf(&s, ":%u: ", sh->line);
	}
	if (sh->command)
		e2_str_addf(&s, "%s: ", sh->command);
	out_flush(&sh->out);
	(void)fprintf(stderr, "%s%s\n", e2_str_text(&s), text);	/* nowhere to tell */
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

static enum shell_status unknown_command(struct shell *sh, const char *word)
{
	struct e2_str s = E2_STR_INIT;
	char near[32];

	e2_str_add(&s, "unknown command \"");
	e2_str_add_name(&s, word, strlen(word));
	e2_str_add(&s, "\"; ");
	if (word[0] == '-' && word[1] && !sh->script)
		e2_str_add(&s, "options stand before IMAGE");
	else if (command_nearest(word, near, sizeof(near)))
		e2_str_addf(&s, "did you mean %s?", near);
	else
		e2_str_add(&s, "help lists them all");
	out_flush(&sh->out);
	if (sh->script)
		complain(sh, e2_str_text(&s));
	else
		(void)fprintf(stderr, PROGRAM ": %s\n", e2_str_text(&s));
	e2_str_free(&s);
	return SHELL_USAGE;
}

static enum shell_status usage_error(struct shell *sh, const struct command *c, int err)
{
	struct e2_str s = E2_STR_INIT;

	complain(sh, last_failure(err));
	command_usage(c, &s);
	(void)fprintf(stderr, "  usage: %s\n", e2_str_text(&s));
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
 * Turns what names an inode into its number.  Of several the one that is not to be found
 * is told and left out, as ls and cat do it; the failure of the last one is returned.
 */
static int find_inodes(struct shell *sh, struct args *args)
{
	size_t kept = 0, left = 0;
	int err = 0;

	for (size_t i = 0; i < args->count; i++)
		left += names_inode(args->arg[i].operand->type);
	for (size_t i = 0; i < args->count; i++) {
		struct arg *a = &args->arg[i];
		enum arg_type type = a->operand->type;
		bool follow = type == ARG_FILE ? !wants(args, "-P") : wants(args, "-L");

		if (!err && names_inode(type))
			err = shell_lookup(sh, &a->object, follow, &a->ino, &a->path);
		if (err && err != E2_ERR_NOMEM && a->operand->many && --left > 0) {
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

static enum shell_status run(struct shell *sh, const struct command *c, struct args *args)
{
	int err;

	sh->failed = false;
	e2_err_clear();
	err = find_inodes(sh, args);
	if (!err)
		err = c->run(sh, args);
	out_flush(&sh->out);
	if (err)
		shell_warn(sh, err);
	if (out_failed(&sh->out)) {
		/* A reader that has seen enough is told nothing. */
		if (sh->out.error != EPIPE) {
			(void)e2_fail_errno(sh->out.error, "standard output");
			shell_warn(sh, E2_ERR_HOST);
		}
		sh->quit = true;
		sh->failed = true;
	}
	return sh->failed ? SHELL_FAILED : SHELL_OK;
}

enum shell_status shell_words(struct shell *sh, const struct word *words, size_t count)
{
	const struct command *c;
	enum shell_status status;
	struct spec spec;
	struct args args;
	int err;

	if (count == 0)
		return SHELL_OK;
	c = command_find(words[0].text);
	if (!c)
		return unknown_command(sh, words[0].text);
	sh->command = words[0].text;
	err = spec_parse(c->args, &spec);
	if (!err)
		err = args_parse(&spec, words + 1, count - 1, &args);
	if (err) {
		status = usage_error(sh, c, err);
	} else {
		status = run(sh, c, &args);
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

enum shell_status shell_line(struct shell *sh, const char *line, size_t len)
{
	enum shell_status first = SHELL_OK;

	while (len && !sh->quit) {
		enum shell_status status;
		struct words words;
		size_t used;
		int err = lex(line, len, &used, &words);

		if (err) {
			complain(sh, last_failure(err));
			return first ? first : SHELL_USAGE;
		}
		if (ignores_failure(&words)) {
			(void)shell_words(sh, words.word, words.count);	/* as asked */
			status = SHELL_OK;
		} else {
			status = shell_words(sh, words.word, words.count);
		}
		words_free(&words);
		if (status && !first)
			first = status;
		if (first && !sh->keep_going)
			break;
		line += used;
		len -= used;
	}
	return first;
}

static enum shell_status run_lines(struct shell *sh, FILE *f)
{
	enum shell_status first = SHELL_OK;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	for (sh->line = 1; !sh->quit && (len = getline(&line, &size, f)) >= 0; sh->line++) {
		enum shell_status status = shell_line(sh, line, (size_t)len);

		if (status && !first)
			first = status;
		if (first && !sh->keep_going)
			break;
	}
	if (ferror(f) && !first) {
		(void)e2_fail_errno(errno, "cannot be read further");
		shell_warn(sh, E2_ERR_HOST);
		first = SHELL_FAILED;
	}
	free(line);
	return first;
}

enum shell_status shell_script(struct shell *sh, const char *path)
{
	bool input = !strcmp(path, "-");
	enum shell_status status;
	FILE *f = input ? stdin : fopen(path, "re");

	if (!f) {
		struct e2_str s = E2_STR_INIT;

		e2_str_add_name(&s, path, strlen(path));
		(void)e2_fail_errno(errno, "%s", e2_str_text(&s));
		e2_str_free(&s);
		shell_warn(sh, E2_ERR_HOST);
		return SHELL_USAGE;
	}
	sh->script = input ? "stdin" : path;
	status = run_lines(sh, f);
	sh->script = NULL;
	if (!input)
		(void)fclose(f);	/* only read from */
	return status;
}

static void prompt(const struct shell *sh)
{
	const char *slash = strrchr(sh->image, '/'), *base = slash ? slash + 1 : sh->image;
	struct e2_str s = E2_STR_INIT;

	if (!sh->out.terminal)
		return;
	e2_str_add_name(&s, base, strlen(base));
	e2_str_add(&s, ":");
	e2_str_add_name(&s, sh->cwd_path.text, sh->cwd_path.len);
	(void)printf("%s> ", e2_str_text(&s));
	(void)fflush(stdout);	/* a prompt that cannot be shown harms nobody */
	e2_str_free(&s);
}

void shell_interact(struct shell *sh)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (!sh->quit) {
		prompt(sh);
		len = getline(&line, &size, stdin);
		if (len < 0) {
			out_line(&sh->out);
			out_flush(&sh->out);
			break;
		}
		(void)shell_line(sh, line, (size_t)len);	/* it has been said */
	}
	free(line);
}

void shell_end(struct shell *sh)
{
	e2_names_close(sh->names);
	owners_free(sh->owners);
	e2_str_free(&sh->cwd_path);
	sh->names = NULL;
	sh->owners = NULL;
}
