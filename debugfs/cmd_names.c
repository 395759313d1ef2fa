/* SPDX-License-Identifier: MIT */
/* where and names: from inodes to all their names. */
#include "shell.h"

#include "budget.h"
#include "interrupt.h"

#include <stdlib.h>

enum { BYTES_SHOWN = 1 << 20 };		/* of the names of one inode, without -v */

struct asking {
	struct shell *sh;
	struct e2_names *names;
	struct budget paths;
	bool zero, number, verbose;
};

static void show_name(const struct asking *ask, e2_ino ino, const struct e2_str *path)
{
	struct out *o = &ask->sh->out;

	if (o->mode != OUT_TEXT) {
		out_record(o, "where");
		out_u64(o, "ino", ino);
		out_name(o, "path", path->text, path->len);
		out_record_end(o);
	} else if (ask->zero) {
		out_raw(o, path->text, path->len);
		out_raw(o, "", 1);
	} else {
		out_add(o, ask->verbose ? "  " : "");
		out_add_name(o, path->text, path->len);
		if (ask->number)
			out_add(o, " <%u>", ino);
		out_line(o);
	}
}

/* "<12>  3 names, link count 3, regular file", of which the names follow. */
static void show_head(const struct asking *ask, e2_ino ino, uint32_t count)
{
	struct out *o = &ask->sh->out;
	struct e2_inode in;

	out_add(o, "<%u>  ", ino);
	add_plural(&o->text, count, "name", "names");
	if (e2_inode_get(ask->sh->fs, ino, &in))
		e2_err_clear();		/* it has names even so */
	else
		out_add(o, ", link count %u, %s", in.links_count, file_type_words(in.mode));
	out_line(o);
}

static void show_rest(const struct asking *ask, uint32_t rest)
{
	struct out *o = &ask->sh->out;

	out_add(o, "and ");
	e2_str_add_count(&o->text, rest);
	out_add(o, " more (-v shows all)");
	out_line(o);
}

static int where_one(struct asking *ask, e2_ino ino)
{
	uint32_t count = e2_names_count(ask->names, ino);
	struct out *o = &ask->sh->out;
	struct e2_str path = E2_STR_INIT;
	bool all = ask->verbose || ask->zero || o->mode != OUT_TEXT;
	size_t shown = 0;
	int err = 0;

	if (count == 0)
		return e2_fail(E2_ERR_NOENT, "<%u>: has no name", ino);
	if (ask->verbose && o->mode == OUT_TEXT && !ask->zero)
		show_head(ask, ino, count);
	for (uint32_t i = 0; i < count && !err && !out_failed(o); i++) {
		if (shown >= BYTES_SHOWN && !all) {
			show_rest(ask, count - i);
			break;
		}
		e2_str_truncate(&path, 0);
		err = e2_names_path(ask->names, ino, i, &path);
		if (!err)
			err = budget_take(&ask->paths, path.len);
		if (!err)
			show_name(ask, ino, &path);
		if (!err && interrupt_asked())
			err = e2_fail(E2_ERR_CANCELLED, "interrupted");
		shown += path.len;
	}
	e2_str_free(&path);
	return err;
}

/* Names may be missing where a directory cannot be read. */
static void warn_of_damage(struct shell *sh, const struct e2_names *names)
{
	e2_ino first;
	uint32_t count = e2_names_damaged(names, &first);
	struct e2_str s = E2_STR_INIT;

	if (count == 0)
		return;
	e2_str_addf(&s, "<%u>", first);
	if (count > 1) {
		e2_str_add(&s, " and ");
		add_plural(&s, count - 1, "other directory", "other directories");
	}
	(void)e2_fail(E2_ERR_CORRUPT, "%s cannot be read in full: names may be missing",
		      e2_str_text(&s));
	e2_str_free(&s);
	shell_warn(sh, E2_ERR_CORRUPT);
}

int cmd_where(struct shell *sh, const struct args *args)
{
	struct asking ask = {
		.sh = sh, .zero = args_has(args, "-0"), .verbose = args_has(args, "-v"),
		.number = args->count > 1 && !args_has(args, "-v"),
	};
	e2_ino *inos = calloc(args->count, sizeof(*inos));
	int err = inos ? 0 : e2_fail(E2_ERR_NOMEM, "no memory for %zu inodes", args->count);

	for (size_t i = 0; i < args->count && !err; i++)
		inos[i] = args->arg[i].ino;
	budget_begin(&ask.paths, sh->fs);
	if (!err)
		err = shell_names_of(sh, inos, args->count, &ask.names);
	for (size_t i = 0; i < args->count && !err && !interrupt_asked(); i++) {
		int one = where_one(&ask, inos[i]);

		if (one)
			shell_warn(sh, one);
	}
	if (!err) {
		warn_of_damage(sh, ask.names);
		shell_names_done(sh, ask.names);
	}
	free(inos);
	return err;
}

/* ---- names --------------------------------------------------------------- */

struct listing {
	struct shell *sh;
	bool zero;
	int width;			/* of the column of inode numbers */
};

/* path NULL: it has none. */
static void show_line(const struct listing *l, e2_ino ino, const struct e2_str *path)
{
	struct out *o = &l->sh->out;

	if (o->mode != OUT_TEXT) {
		out_record(o, "names");
		out_u64(o, "ino", ino);
		if (path)
			out_name(o, "path", path->text, path->len);
		else
			out_null(o, "path");
		out_record_end(o);
		return;
	}
	out_add_number(o, ino, l->width);
	e2_str_add_bytes(&o->text, "  ", 2);
	if (l->zero) {
		out_raw(o, path ? path->text : "", path ? path->len : 0);
		out_raw(o, "", 1);
		return;
	}
	if (path)
		out_add_name(o, path->text, path->len);
	else
		out_add_styled(o, STYLE_RED, "(no name)");
	out_line(o);
}

/* The inodes in use from *next on and before `end` have no name. */
static int show_nameless(const struct listing *l, struct e2_scan *scan, e2_ino *next, uint64_t end)
{
	int r = 1;

	while (*next && *next < end && !out_failed(&l->sh->out)) {
		show_line(l, *next, NULL);
		r = e2_scan_next(scan, next, NULL, NULL);
		if (r <= 0)
			*next = 0;
	}
	return r < 0 ? r : 0;
}

/* Goes on with the scan behind an inode that has a name. */
static int pass_over(struct e2_scan *scan, e2_ino *next, e2_ino ino)
{
	int r = *next == ino ? e2_scan_next(scan, next, NULL, NULL) : 1;

	if (r <= 0)
		*next = 0;
	return r < 0 ? r : 0;
}

/* scan: of the inodes in use; NULL: only those with a name are shown. */
static int list_names(const struct listing *l, const struct e2_names *names, struct e2_scan *scan)
{
	struct e2_names_cursor cursor = { 0 };
	struct e2_str path = E2_STR_INIT;
	struct budget paths;
	e2_ino ino, next = 0;
	int r = 0, err = 0;

	budget_begin(&paths, l->sh->fs);
	if (scan && e2_scan_next(scan, &next, NULL, NULL) <= 0)
		next = 0;
	while (!err && !out_failed(&l->sh->out) &&
	       (r = e2_names_next(names, &cursor, &ino, &path)) > 0) {
		err = show_nameless(l, scan, &next, ino);
		if (!err)
			err = budget_take(&paths, path.len);
		if (err)
			break;
		show_line(l, ino, &path);
		if (next)
			err = pass_over(scan, &next, ino);
		if (!err && interrupt_asked())
			err = e2_fail(E2_ERR_CANCELLED, "interrupted");
	}
	if (!err && r == 0)
		err = show_nameless(l, scan, &next, UINT64_MAX);
	e2_str_free(&path);
	return err ? err : r;
}

int cmd_names(struct shell *sh, const struct args *args)
{
	struct out *o = &sh->out;
	struct listing l = { .sh = sh, .zero = args_has(args, "-0"), .width = 5 };
	struct e2_scan *scan = NULL;
	struct e2_names *names;
	bool all = args_has(args, "--all");
	int err = all ? shell_names_searched(sh, &names) : shell_names(sh, &names);

	if (!err && all)
		err = e2_scan_begin(sh->fs, E2_SCAN_USED_ONLY, &scan);
	if (err)
		return err;
	for (uint32_t n = e2_geometry(sh->fs)->inodes; n >= 100000; n /= 10)
		l.width++;
	if (o->terminal && o->mode == OUT_TEXT && !l.zero) {
		out_add(o, "%*s  NAME", l.width, "INO");
		out_line(o);
	}
	err = list_names(&l, names, scan);
	e2_scan_end(scan);
	if (!err)
		warn_of_damage(sh, names);
	return err;
}
