/* SPDX-License-Identifier: MIT */
/*
 * links --leaving: symlinks that depend on where a directory stands.
 *
 * The tree is gone through once to count them, and once for each of two lists.
 */
#include "links.h"
#include "rows.h"

#include <inttypes.h>
#include <string.h>

struct leaving {
	struct shell *sh;
	struct arg dir;
	uint64_t breaks, stays;
	int list;		/* of the screen: 0 counting, 1 what breaks, 2 what stays */
	struct e2_dangling_sum sum;
	struct rows rows;
};

static void record(struct out *o, const struct e2_leaving *l)
{
	static const char *const words[] = { [E2_LEAVES_UP] = "up", [E2_LEAVES_NAME] = "name",
					     [E2_LEAVES_STAYS] = "absolute" };

	out_record(o, "leaving_link");
	out_name(o, "path", l->path, l->path_len);
	out_u64(o, "ino", l->ino);
	out_name(o, "target", l->text, l->text_len);
	out_bool(o, "breaks", l->why != E2_LEAVES_STAYS);
	out_string(o, "why", words[l->why]);
	out_bool(o, "inside", l->inside);
	out_name(o, "via", l->via, strlen(l->via));
	out_name(o, "to", l->to, strlen(l->to));
	out_u64(o, "to_ino", l->target);
	out_bool(o, "to_inside", l->ends_inside);
	out_record_end(o);
}

static void add_why(struct e2_str *s, const struct e2_leaving *l)
{
	if (l->why == E2_LEAVES_UP)
		e2_str_add(s, "out of it by \"..\"");
	else if (l->why == E2_LEAVES_STAYS)
		e2_str_add(s, "out of it, from the root");
	else if (!l->ends_inside)
		e2_str_add(s, "through it");
	else
		e2_str_add(s, l->inside ? "back into it by its name" : "into it");
	if (*l->via) {
		e2_str_add(s, " by ");
		e2_str_add_name(s, l->via, strlen(l->via));
	}
	e2_str_add(s, ", to ");
	e2_str_add_name(s, l->to, strlen(l->to));
	e2_str_addf(s, " <%" PRIu32 ">", l->target);
}

static void show(struct leaving *v, const struct e2_leaving *l)
{
	struct e2_str why = E2_STR_INIT;

	rows_name(&v->rows, "", l->path, l->path_len);
	rows_name(&v->rows, "-> ", l->text, l->text_len);
	add_why(&why, l);
	rows_text(&v->rows, e2_str_text(&why));
	rows_end_line(&v->rows);
	e2_str_free(&why);
}

static void take(struct leaving *v, const struct e2_leaving *l)
{
	bool breaks = l->why != E2_LEAVES_STAYS;

	if (v->sh->out.mode != OUT_TEXT) {
		record(&v->sh->out, l);
	} else if (v->list == 0) {
		v->breaks += breaks;
		v->stays += !breaks;
	} else if (breaks == (v->list == 1)) {
		show(v, l);
	}
}

static int go_through(struct leaving *v)
{
	const struct e2_dangling_how how = { .root = v->sh->root, .poll = shell_poll };
	struct e2_leaving_list *list;
	struct e2_leaving l;
	int r = e2_leaving_begin(v->sh->fs, &how, v->dir.ino, &list);

	if (r)
		return r;
	while ((r = e2_leaving_next(list, &l)) > 0 && !out_failed(&v->sh->out))
		take(v, &l);
	e2_leaving_sum(list, &v->sum);
	e2_leaving_end(list);
	return r < 0 ? r : v->list ? rows_show(&v->rows) : 0;
}

/* "3 symlinks break when /opt/app-1.0 <12291> is moved" */
static void add_head(struct leaving *v)
{
	struct out *o = &v->sh->out;
	bool breaks = v->list == 1;
	uint64_t n = breaks ? v->breaks : v->stays;

	if (breaks) {
		add_plural(&o->text, n, "symlink breaks", "symlinks break");
		out_add(o, " when ");
		add_object(&o->text, &v->dir);
		out_add(o, " is moved%s", n ? ":" : "");
	} else {
		add_plural(&o->text, n, "symlink below it leads", "symlinks below it lead");
		out_add(o, " elsewhere and stay%s so:", n == 1 ? "s" : "");
	}
	out_line(o);
}

static int must_be_dir(struct shell *sh, const struct arg *dir)
{
	struct e2_str s = E2_STR_INIT;
	struct e2_inode in;
	int err = e2_inode_get(sh->fs, dir->ino, &in);

	if (!err && !e2_is_dir(&in)) {
		add_object(&s, dir);
		err = e2_fail(E2_ERR_NOTDIR, "%s is not a directory", e2_str_text(&s));
		e2_str_free(&s);
	}
	return err;
}

int links_leaving(struct shell *sh, const struct arg *dir)
{
	struct leaving v = { .sh = sh, .dir = *dir,
			     .rows = { .out = &sh->out, .gap = 2, .indent = "  " } };
	int err;

	v.dir.path = (struct e2_str)E2_STR_INIT;
	err = shell_lookup(sh, &dir->object, true, &v.dir.ino, &v.dir.path);
	if (!err)
		err = must_be_dir(sh, &v.dir);
	if (!err)
		err = go_through(&v);
	while (!err && sh->out.mode == OUT_TEXT && v.list < 2) {
		v.list++;
		if (v.list == 1 || v.stays)
			add_head(&v);
		if (v.list == 1 ? v.breaks : v.stays)
			err = go_through(&v);
	}
	links_tell_gaps(sh, &v.sum);
	rows_free(&v.rows);
	e2_str_free(&v.dir.path);
	return err;
}
