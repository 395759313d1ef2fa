/* SPDX-License-Identifier: MIT */
#include "tour.h"

#include "interrupt.h"

#include <inttypes.h>
#include <string.h>

enum { TOLD_MAX = 100 };

/* What is no directory, or none with a path that can be typed. */
static void name_by_number(struct e2_str *s, e2_ino ino)
{
	e2_str_truncate(s, 0);
	e2_str_addf(s, "<%u>", ino);
}

static void set_start(struct tour *t, const struct arg *a)
{
	struct shell *sh = t->sh;

	if (!a)
		e2_str_add(&t->start, e2_str_text(&sh->cwd_path));
	else if (a->object.kind == OBJECT_PATH)
		e2_str_add(&t->start, a->text);
	else if (shell_climb(sh, a->ino, &t->start) || t->start.len > E2_PATH_MAX)
		name_by_number(&t->start, a->ino);
	e2_err_clear();
	t->prefix = t->start.len;
	while (t->prefix && t->start.text[t->prefix - 1] == '/')
		t->prefix--;
}

int tour_begin(struct shell *sh, const struct arg *a, struct tour *t)
{
	int err;

	*t = (struct tour){ .sh = sh };
	budget_begin(&t->paths, sh->fs);
	err = e2_walk_begin(sh->fs, a ? a->ino : sh->cwd, E2_WALK_POST, &t->walk);
	if (!err)
		set_start(t, a);
	return err ? err : e2_str_status(&t->start);
}

void tour_warn(struct tour *t, int err)
{
	struct e2_str s = E2_STR_INIT;

	if (t->told++ >= TOLD_MAX) {
		t->untold++;
		e2_err_clear();
		return;
	}
	e2_str_add_name(&s, e2_str_text(&t->path), t->path.len);
	(void)e2_fail(err, "%s: %s", e2_str_text(&s),
		      *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
	e2_str_free(&s);
	shell_warn(t->sh, err);
}

/* The path as the user would write it; false when it is too long to be one. */
static bool set_path(struct tour *t, const struct e2_walk_entry *e)
{
	e2_str_truncate(&t->path, 0);
	if (e->path_len > E2_PATH_MAX)
		return false;
	if (e->path_len == 0) {
		e2_str_add_bytes(&t->path, t->start.text, t->start.len);
	} else {
		e2_str_add_bytes(&t->path, t->start.text, t->prefix);
		e2_str_add_bytes(&t->path, e->path, e->path_len);
	}
	return true;
}

int tour_next(struct tour *t, struct e2_walk_entry *e)
{
	int r;

	while ((r = e2_walk_next(t->walk, e)) > 0) {
		if (interrupt_asked())
			return e2_fail(E2_ERR_CANCELLED, "interrupted");
		if (out_failed(&t->sh->out))
			return 0;
		if (!set_path(t, e)) {
			t->deep += !e->after;
			e2_walk_skip(t->walk);
			continue;
		}
		if (e2_str_status(&t->path))
			return e2_fail(E2_ERR_NOMEM, "no memory for a path");
		if (budget_take(&t->paths, t->path.len))
			return E2_ERR_CORRUPT;
		if (e->status == E2_ERR_NOMEM)
			return e->status;
		if (e->status)
			tour_warn(t, e->status);
		return 1;
	}
	return r;
}

void tour_skip(struct tour *t)
{
	e2_walk_skip(t->walk);
}

int tour_end(struct tour *t, int r)
{
	if (t->deep)
		shell_warn(t->sh, e2_fail(E2_ERR_NAMETOOLONG, "%" PRIu64 " names whose paths have "
					  "more than %d bytes are left out", t->deep,
					  E2_PATH_MAX));
	if (t->untold)
		shell_warn(t->sh, e2_fail(E2_ERR_CORRUPT, "%" PRIu64 " more could not be read",
					  t->untold));
	e2_walk_end(t->walk);
	e2_str_free(&t->start);
	e2_str_free(&t->path);
	return r < 0 ? r : 0;
}

const char *tour_name(const struct tour *t, const struct e2_walk_entry *e, size_t *len)
{
	size_t from = t->prefix;

	if (e->name_len) {
		*len = e->name_len;
		return (const char *)e->name;
	}
	if (from == 0) {	/* nothing but slashes */
		*len = t->start.len ? 1 : 0;
		return e2_str_text(&t->start);
	}
	while (from && t->start.text[from - 1] != '/')
		from--;
	*len = t->prefix - from;
	return t->start.text + from;
}
