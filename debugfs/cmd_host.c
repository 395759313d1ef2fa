/* SPDX-License-Identifier: MIT */
/* lcd, source and complete. */
#include "complete.h"
#include "redirect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- lcd ------------------------------------------------------------------------- */

static int print_place(struct shell *sh)
{
	struct out *o = &sh->out;
	char *path;
	int err = host_enter(sh);

	path = err ? NULL : realpath(".", NULL);
	if (!err && !path)
		err = e2_fail_errno(errno, "the host's current directory");
	host_leave(sh);
	if (err)
		return err;
	if (o->mode == OUT_TEXT) {
		out_add_name(o, path, strlen(path));
		out_line(o);
	} else {
		out_record(o, "lcd");
		out_name(o, "path", path, strlen(path));
		out_record_end(o);
	}
	free(path);
	return 0;
}

int cmd_lcd(struct shell *sh, const struct args *args)
{
	const struct arg *dir = args_get(args, "HOSTDIR");
	int fd, home = sh->local.home;

	if (!dir)
		return print_place(sh);
	fd = open(dir->text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return e2_io_fail_errno(errno, dir->text, "");
	if (!sh->local.moved)
		home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (home < 0 || fchdir(fd)) {
		int err = e2_io_fail_errno(errno, home < 0 ? "." : dir->text, "");

		(void)close(fd);	/* only looked up in */
		if (home >= 0 && !sh->local.moved)
			(void)close(home);
		return err;
	}
	if (sh->local.moved)
		(void)close(sh->local.there);
	sh->local.moved = true;
	sh->local.home = home;
	sh->local.there = fd;
	return 0;
}

/* ---- source ------------------------------------------------------------------------ */

enum { SOURCES = 16 };		/* scripts within scripts */

int cmd_source(struct shell *sh, const struct args *args)
{
	const char *name = args_get(args, "HOSTFILE")->text;
	enum shell_status status;
	int fd;

	if (sh->sourced == SOURCES)
		return e2_fail(E2_ERR_LOOP, "more than %d scripts within each other", SOURCES);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return e2_io_fail_errno(errno, name, "");
	host_leave(sh);		/* its lines are commands like any other */
	sh->sourced++;
	status = shell_source(sh, fd, name);
	sh->sourced--;
	(void)close(fd);	/* only read from */
	sh->misused = false;
	sh->failed = status != SHELL_OK;	/* and told already */
	return 0;
}

/* ---- complete ------------------------------------------------------------------------- */

static void print_candidates(struct shell *sh, const struct completion *c)
{
	struct out *o = &sh->out;
	struct e2_str s = E2_STR_INIT;

	for (size_t i = 0; i < c->count && !out_failed(o); i++) {
		e2_str_truncate(&s, 0);
		add_insertion(sh, c, i, &s);
		if (o->mode == OUT_TEXT) {
			out_add(o, "%s", e2_str_text(&s));
			out_line(o);
			continue;
		}
		out_record(o, "candidate");
		out_u64(o, "from", c->from);
		out_string(o, "text", e2_str_text(&s));
		out_bool(o, "more", c->item[i].more);
		out_record_end(o);
	}
	e2_str_free(&s);
}

int cmd_complete(struct shell *sh, const struct args *args)
{
	struct e2_str line = E2_STR_INIT;
	struct completion c;
	int err;

	for (size_t i = 0; i < args->count; i++) {
		e2_str_add(&line, i ? " " : "");
		e2_str_add(&line, args->arg[i].text);
	}
	err = e2_str_status(&line);
	if (!err) {
		err = complete(sh, e2_str_text(&line), line.len, &c);
		if (!err)
			print_candidates(sh, &c);
		if (!err && c.total > c.count) {
			struct e2_str s = E2_STR_INIT;

			e2_str_addf(&s, "and %llu more",
				    (unsigned long long)(c.total - c.count));
			shell_note(sh, e2_str_text(&s));
			shell_say_notes(sh);
			e2_str_free(&s);
		}
		completion_free(&c);
	}
	e2_str_free(&line);
	return err ? e2_fail(err, "no memory for all candidates") : 0;
}
