/* SPDX-License-Identifier: MIT */
#include "tour.h"

#include "interrupt.h"

#include <inttypes.h>
#include <string.h>

enum { PATH_BYTES = 4096, TOLD_MAX = 100 };
#define PATHS_AT_LEAST (UINT64_C(64) << 20)

static void set_start(struct tour *t, const struct arg *a)
{
	struct shell *sh = t->sh;

	if (!a)
		e2_str_add(&t->start, e2_str_text(&sh->cwd_path));
	else if (a->object.kind == OBJECT_PATH)
		e2_str_add(&t->start, a->text);
	else if (shell_climb(sh, a->ino, &t->start))	/* no directory, or none with a path */
		e2_str_addf(&t->start, "<%u>", a->ino);
	e2_err_clear();
	t->prefix = t->start.len;
	while (t->prefix && t->start.text[t->prefix - 1] == '/')
		t->prefix--;
}

int tour_begin(struct shell *sh, const struct arg *a, struct tour *t)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	int err;

	*t = (struct tour){ .sh = sh, .left = PATHS_AT_LEAST + g->blocks * g->block_size };
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
	if (e->path_len >= PATH_BYTES)
		return false;
	if (e->path_len == 0) {
		e2_str_add_bytes(&t->path, t->start.text, t->start.len);
	} else {
		e2_str_add_bytes(&t->path, t->start.text, t->prefix);
		e2_str_add_bytes(&t->path, e->path, e->path_len);
	}
	t->left -= t->path.len < t->left ? t->path.len : t->left;
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
		if (t->left == 0)
			return e2_fail(E2_ERR_CORRUPT, "the paths of all names have more bytes "
				       "than the volume; the rest is left out");
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
					  PATH_BYTES - 1));
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
