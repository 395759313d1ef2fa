/* SPDX-License-Identifier: MIT */
/* where and resolve: from inodes to all their names, from a path to what it names. */
#include "shell.h"

#include <string.h>

/* ---- where --------------------------------------------------------------- */

static void show_name(struct shell *sh, e2_ino ino, const struct e2_str *path, bool zero,
		      bool number)
{
	struct out *o = &sh->out;

	if (o->mode != OUT_TEXT) {
		out_record(o, "where");
		out_u64(o, "ino", ino);
		out_name(o, "path", path->text, path->len);
		out_record_end(o);
	} else if (zero) {
		out_raw(o, path->text, path->len);
		out_raw(o, "", 1);
	} else {
		out_add_name(o, path->text, path->len);
		if (number)
			out_add(o, " <%u>", ino);
		out_line(o);
	}
}

static int where_one(struct shell *sh, struct e2_names *names, e2_ino ino, bool zero, bool number)
{
	uint32_t count = e2_names_count(names, ino);
	struct e2_str path = E2_STR_INIT;
	int err = 0;

	if (count == 0)
		return e2_fail(E2_ERR_NOENT, "<%u>: has no name", ino);
	for (uint32_t i = 0; i < count && !err && !out_failed(&sh->out); i++) {
		e2_str_truncate(&path, 0);
		err = e2_names_path(names, ino, i, &path);
		if (!err)
			err = e2_str_status(&path);
		if (!err)
			show_name(sh, ino, &path, zero, number);
	}
	e2_str_free(&path);
	return err;
}

int cmd_where(struct shell *sh, const struct args *args)
{
	struct e2_names *names;
	int err = shell_names(sh, &names);

	for (size_t i = 0; i < args->count && !err; i++) {
		int one = where_one(sh, names, args->arg[i].ino, args_has(args, "-0"),
				    args->count > 1);

		if (one)
			shell_warn(sh, one);
	}
	return err;
}

/* ---- resolve ------------------------------------------------------------- */

struct telling {		/* of the steps of a resolution */
	struct out *out;
	struct e2_str at;	/* where the next component is looked up */
	unsigned step;
};

/* The path after a step; a symlink's text begins where it stands, or at the root. */
static void move(struct e2_str *at, const struct e2_step *s)
{
	const char *slash;

	if (s->link && s->link[0] == '/') {
		e2_str_truncate(at, 0);
	} else if (s->name_len == 2 && !memcmp(s->name, "..", 2)) {
		slash = strrchr(e2_str_text(at), '/');
		if (slash)
			e2_str_truncate(at, (size_t)(slash - at->text));
	} else if (!s->link && s->name_len && !(s->name_len == 1 && s->name[0] == '.')) {
		e2_str_add(at, "/");
		e2_str_add_bytes(at, s->name, s->name_len);
	}
}

static void record_step(struct telling *t, const struct e2_step *s)
{
	struct out *o = t->out;

	out_record(o, "step");
	out_u64(o, "step", t->step);
	out_name(o, "in", e2_str_text(&t->at), t->at.len);
	out_name(o, "name", s->name, s->name_len);
	out_u64(o, "ino", s->ino);
	out_string(o, "type", s->ino ? file_type_words(s->mode) : "");
	out_name(o, "link", s->link ? s->link : "", s->link ? strlen(s->link) : 0);
	out_u64(o, "hop", s->hop);
	out_record_end(o);
}

/* "2  /docs  rel   <8195> symlink "../test", hop 1 of 40, goes on in /docs" */
static int tell_step(void *context, const struct e2_step *s)
{
	struct telling *t = context;
	struct out *o = t->out;
	const char *where = t->at.len ? t->at.text : "/";
	size_t mark;

	t->step++;
	if (o->mode != OUT_TEXT) {
		record_step(t, s);
		move(&t->at, s);
		return 0;
	}
	out_add(o, "%-3u", t->step);
	mark = out_mark(o);
	out_add_name(o, where, strlen(where));
	out_add(o, "  ");
	out_pad(o, mark, 8);
	mark = out_mark(o);
	out_add_name(o, s->name, s->name_len);
	out_add(o, "  ");
	out_pad(o, mark, 8);
	move(&t->at, s);
	if (!s->ino) {
		out_add(o, "no such name");
	} else {
		out_add(o, "<%u> %s", s->ino, file_type_words(s->mode));
		if (s->link) {
			out_add(o, " \"");
			out_add_name(o, s->link, strlen(s->link));
			out_add(o, "\", hop %u of %d, goes on in ", s->hop, E2_SYMLINK_HOPS_MAX);
			out_add_name(o, t->at.len ? t->at.text : "/", t->at.len ? t->at.len : 1);
		}
	}
	out_line(o);
	return 0;
}

/* The steps; how it ends is told by the caller. */
static void tell(struct shell *sh, const struct object *object, bool follow)
{
	struct telling t = { .out = &sh->out, .at = E2_STR_INIT };
	struct e2_resolve how = {
		.cwd = sh->cwd, .flags = follow ? 0 : E2_NOFOLLOW, .step = tell_step, .context = &t,
	};
	e2_ino ino;

	if (object->kind != OBJECT_PATH)
		return;
	if (object->path[0] != '/' && sh->cwd_path.len > 1)
		e2_str_add(&t.at, sh->cwd_path.text);
	if (e2_resolve(sh->fs, &how, object->path, &ino))
		e2_err_clear();
	e2_str_free(&t.at);
}

int cmd_resolve(struct shell *sh, const struct args *args)
{
	struct out *o = &sh->out;
	bool follow = !args_has(args, "-P");

	for (size_t i = 0; i < args->count; i++) {
		struct arg a = args->arg[i];
		int err = object_parse(a.text, a.quoted, PLACE_FILE, &a.object);

		if (!err && args_has(args, "-v"))
			tell(sh, &a.object, follow);
		if (!err)
			err = shell_lookup(sh, &a.object, follow, &a.ino, &a.path);
		if (err) {
			shell_warn(sh, err);
		} else if (o->mode != OUT_TEXT) {
			out_record(o, "resolve");
			out_name(o, "typed", a.text, strlen(a.text));
			out_name(o, "path", e2_str_text(&a.path), a.path.len);
			out_u64(o, "ino", a.ino);
			out_record_end(o);
		} else if (!args_has(args, "-v")) {
			add_object(&o->text, &a);
			out_line(o);
		}
		e2_str_free(&a.path);
	}
	return 0;
}
