/* SPDX-License-Identifier: MIT */
/* Lines from a terminal: the prompt, and what is between two of them. */
#include "interact.h"

#include "editor.h"
#include "interrupt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

unsigned window_columns(const struct shell *sh)
{
	struct winsize size;

	return ioctl(sh->out.fd, TIOCGWINSZ, &size) || size.ws_col < 8 ? 80 : size.ws_col;
}

unsigned window_rows(const struct shell *sh)
{
	struct winsize size;

	return ioctl(sh->out.fd, TIOCGWINSZ, &size) || size.ws_row < 4 ? 24 : size.ws_row;
}

/* ---- the prompt ------------------------------------------------------------- */

/* A path in at most so many columns: its end, from a slash on where there is one. */
static void add_short_path(struct e2_str *s, const struct e2_str *path, size_t columns)
{
	size_t from = s->len;
	const char *at = path->text;

	e2_str_add_name(s, at, path->len);
	while (e2_str_columns(s, from) > columns) {
		const char *slash = strchr(at + 1, '/');

		if (!slash)
			break;		/* one long name */
		at = slash;
		e2_str_truncate(s, from);
		e2_str_add(s, "...");
		e2_str_add_name(s, at, strlen(at));
	}
}

static void add_colour(const struct shell *sh, char mark, const char *code, struct e2_str *s)
{
	if (mark && sh->out.color)
		e2_str_addf(s, "%c\033[%sm%c", mark, code, mark);
}

void add_prompt(const struct shell *sh, char mark, struct e2_str *s)
{
	const char *image = sh->image ? sh->image : PROGRAM;
	const char *slash = strrchr(image, '/'), *base = slash && slash[1] ? slash + 1 : image;

	e2_str_add_name(s, base, strlen(base));
	if (sh->fs) {
		e2_str_add(s, ":");
		add_short_path(s, &sh->cwd_path, window_columns(sh) / 2);
	}
	if (sh->txn) {
		add_colour(sh, mark, "33", s);
		e2_str_add(s, " [");
		if (sh->change.done)
			add_plural(s, sh->change.done, "change", "changes");
		else
			e2_str_add(s, "no changes");
		e2_str_add(s, "]");
		add_colour(sh, mark, "0", s);
	}
	e2_str_add(s, "> ");
}

/* ---- lines -------------------------------------------------------------------- */

/* A line without an editor; NULL at the end, and when a signal came first. */
static const char *plain_line(struct shell *sh, char **line, size_t *size, size_t *len)
{
	struct e2_str s = E2_STR_INIT;
	ssize_t n;

	if (sh->out.terminal) {
		add_prompt(sh, '\0', &s);
		(void)printf("%s", e2_str_text(&s));
		(void)fflush(stdout);	/* a prompt that cannot be shown harms nobody */
		e2_str_free(&s);
	}
	if (!interrupt_wait(STDIN_FILENO))
		return NULL;
	n = getline(line, size, stdin);
	*len = n < 0 ? 0 : (size_t)n;
	return n < 0 ? NULL : *line;
}

/* Between two lines: what was asked of the last is over. */
static void settle_down(struct shell *sh)
{
	interrupt_forget();
	if (sh->out.error == ECANCELED) {
		sh->out.error = 0;
		out_discard(&sh->out);
	}
}

void shell_interact(struct shell *sh)
{
	struct editor *editor = editor_open(sh);
	char *buffer = NULL;
	size_t size = 0, len;

	while (!sh->quit) {
		const char *line = editor ? editor_line(editor, &len) :
			plain_line(sh, &buffer, &size, &len);

		if (line) {
			(void)shell_line(sh, line, len);	/* it has been said */
		} else if (!interrupt_asked()) {
			sh->quit = true;
		} else if (editor) {
			out_raw(&sh->out, "^C", 2);	/* as terminals show it */
		}
		if (interrupt_final())
			sh->quit = true;
		if (interrupt_asked())
			settle_down(sh);
		if (!line)
			out_line(&sh->out);
		out_flush(&sh->out);
		if (sh->out.terminal && sh->out.midline) {	/* a file without a last newline */
			out_line(&sh->out);
			out_flush(&sh->out);
		}
	}
	free(buffer);
	editor_close(editor);
	(void)change_end(sh, SHELL_OK);	/* the same */
}
