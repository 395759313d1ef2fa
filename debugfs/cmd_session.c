/* SPDX-License-Identifier: MIT */
/* cd, chroot, pwd, help and quit. */
#include "shell.h"

#include <string.h>

/* The path of a directory that a command named; one without a name can be entered too. */
static int path_of(struct shell *sh, const struct arg *a, struct e2_str *path)
{
	struct e2_inode in;
	int err = e2_inode_get(sh->fs, a->ino, &in);

	if (err)
		return err;
	if (!e2_is_dir(&in)) {
		add_object(path, a);
		return e2_fail(E2_ERR_NOTDIR, "%s: a %s, not a directory", e2_str_text(path),
			       file_type_words(in.mode));
	}
	if (a->path.len) {
		e2_str_add_bytes(path, a->path.text, a->path.len);
	} else if (shell_climb(sh, a->ino, path)) {
		e2_err_clear();
		e2_str_truncate(path, 0);
		e2_str_addf(path, "<%u>", a->ino);
	}
	err = e2_str_status(path);
	return err ? e2_fail(err, "no memory for a path") : 0;
}

static void go_to_root(struct shell *sh)
{
	sh->cwd = shell_root(sh);
	e2_str_truncate(&sh->cwd_path, 0);
	e2_str_add(&sh->cwd_path, "/");
}

int cmd_cd(struct shell *sh, const struct args *args)
{
	const struct arg *a = args_get(args, "FILE");
	struct e2_str path = E2_STR_INIT;
	int err = shell_must_be_open(sh);

	if (err)
		return err;
	if (!a) {
		go_to_root(sh);
		return 0;
	}
	err = path_of(sh, a, &path);
	if (err) {
		e2_str_free(&path);
		return err;
	}
	e2_str_free(&sh->cwd_path);
	sh->cwd_path = path;
	sh->cwd = a->ino;
	return 0;
}

int cmd_chroot(struct shell *sh, const struct args *args)
{
	const struct arg *a = args_get(args, "FILE");
	struct e2_str path = E2_STR_INIT;
	int err = shell_must_be_open(sh);

	if (!err && a)
		err = path_of(sh, a, &path);
	e2_str_free(&path);
	if (err)
		return err;
	sh->root = a ? a->ino : 0;
	go_to_root(sh);
	return 0;
}

int cmd_pwd(struct shell *sh, const struct args *args)
{
	struct out *o = &sh->out;
	int err = shell_must_be_open(sh);

	(void)args;
	if (err)
		return err;
	if (o->mode != OUT_TEXT) {
		out_record(o, "pwd");
		out_name(o, "path", sh->cwd_path.text, sh->cwd_path.len);
		out_u64(o, "ino", sh->cwd);
		out_record_end(o);
		return 0;
	}
	out_add_name(o, sh->cwd_path.text, sh->cwd_path.len);
	out_line(o);
	return 0;
}

int cmd_quit(struct shell *sh, const struct args *args)
{
	(void)args;
	sh->quit = true;
	return 0;
}

/* ---- help ---------------------------------------------------------------- */

static void help_all(struct out *o)
{
	for (enum command_group g = 0; g < GROUPS; g++) {
		const struct command *c;

		out_add(o, "%s", command_group_title(g));
		out_line(o);
		for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
			if (c->group != g)
				continue;
			out_add(o, "  %-10s %s", c->name, c->summary);
			out_line(o);
		}
	}
	out_line(o);
	out_add(o, "A file is a path or <12>, an inode number (%%12 where a shell eats < and >).");
	out_line(o);
	out_add(o, "\"help NAME\" explains one command.");
	out_line(o);
}

static void help_one(struct out *o, const struct command *c)
{
	struct e2_str usage = E2_STR_INIT;
	const char *line, *end;
	bool examples = false;

	command_usage(c, &usage);
	out_add(o, "%s", e2_str_text(&usage));
	out_line(o);
	e2_str_free(&usage);
	out_add(o, "  %s.", c->summary);
	out_line(o);
	for (line = c->more; *line; line = *end ? end + 1 : end) {
		const char *tab;

		end = line + strcspn(line, "\n");
		tab = memchr(line, '\t', (size_t)(end - line));
		if (*line == '$' && !examples)
			out_line(o);
		examples = *line == '$';
		if (tab)
			out_add(o, "  %-10.*s %.*s", (int)(tab - line), line, (int)(end - tab - 1),
				tab + 1);
		else if (examples)
			out_add(o, "  for example  %.*s", (int)(end - line - 2), line + 2);
		else
			out_add(o, "  %.*s", (int)(end - line), line);
		out_line(o);
	}
	if (*c->aliases) {
		out_add(o, "  also called  %s", c->aliases);
		out_line(o);
	}
	out_add(o, "  exit status  0 done, 1 failed, 2 wrong usage");
	out_line(o);
}

static void help_record(struct out *o, const struct command *c)
{
	struct e2_str usage = E2_STR_INIT;

	command_usage(c, &usage);
	out_record(o, "help");
	out_string(o, "name", c->name);
	out_string(o, "aliases", c->aliases);
	out_string(o, "group", command_group_title(c->group));
	out_string(o, "usage", e2_str_text(&usage));
	out_string(o, "summary", c->summary);
	out_string(o, "more", c->more);
	out_record_end(o);
	e2_str_free(&usage);
}

int cmd_help(struct shell *sh, const struct args *args)
{
	const struct arg *a = args_get(args, "COMMAND");
	const struct command *c = a ? command_find(a->text) : NULL;

	if (c && sh->out.mode != OUT_TEXT) {
		help_record(&sh->out, c);
	} else if (c) {
		help_one(&sh->out, c);
	} else if (a) {
		struct e2_str s = E2_STR_INIT;
		char near[32];
		int err;

		e2_str_add_name(&s, a->text, strlen(a->text));
		err = command_nearest(a->text, near, sizeof(near)) ?
			e2_fail(E2_ERR_NOENT, "no command \"%s\"; did you mean %s?",
				e2_str_text(&s), near) :
			e2_fail(E2_ERR_NOENT, "no command \"%s\"", e2_str_text(&s));
		e2_str_free(&s);
		return err;
	} else if (sh->out.mode != OUT_TEXT) {
		for (size_t i = 0; (c = command_at(i)) != NULL; i++)
			help_record(&sh->out, c);
	} else {
		help_all(&sh->out);
	}
	return 0;
}
