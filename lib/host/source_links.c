/* SPDX-License-Identifier: MIT */
/*
 * The source as ground for paths.  Inode numbers there are numbers of objects, from that of the
 * root on; lost+found has the last number where the source has none.
 */
#include "host/source_links.h"

#include "base/grow.h"
#include "tree/fate.h"

#include <stdlib.h>
#include <string.h>

#define LOST_FOUND "lost+found"
enum { POLL_NAMES = 4096 };
static const e2_ino lost_found = UINT32_MAX;

static e2_ino ino_of(e2_obj obj)
{
	return obj + E2_INO_ROOT;
}

static e2_obj obj_of(e2_ino ino)
{
	return ino - E2_INO_ROOT;
}

static bool is_type(const struct e2_object *o, uint32_t type)
{
	return (o->mode & E2_S_IFMT) == type;
}

/* ---- the ground --------------------------------------------------------------- */

/* Less than 0, 0, more than 0: how a name stands to an entry, by bytes. */
static int compare(const void *name, size_t len, const char *text, size_t text_len)
{
	int r = memcmp(name, text, len < text_len ? len : text_len);

	return r ? r : (len > text_len) - (len < text_len);
}

static int find(void *context, e2_ino dir, const void *name, size_t len, e2_ino *ino)
{
	const struct e2_source *s = context;
	const struct e2_object *o;
	bool dots = len == 2 && !memcmp(name, "..", 2);
	uint32_t low, high;

	if (dir == lost_found || dots) {
		*ino = dir == lost_found ? E2_INO_ROOT :
			ino_of(e2_source_object(s, obj_of(dir))->dir);
		return dots ? 0 : E2_ERR_NOENT;
	}
	o = e2_source_object(s, obj_of(dir));
	low = o->first_name;
	high = low + o->names;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct e2_source_name *n = e2_source_name(s, middle);
		int r = compare(name, len, e2_source_text(s, n->text), n->len);

		if (r == 0) {
			*ino = ino_of(n->object);
			return 0;
		}
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*ino = lost_found;
	return dir == E2_INO_ROOT && !compare(name, len, LOST_FOUND, sizeof(LOST_FOUND) - 1) ?
	       0 : E2_ERR_NOENT;
}

static int look(void *context, e2_ino ino, uint32_t *mode)
{
	*mode = ino == lost_found ? E2_S_IFDIR : e2_source_object(context, obj_of(ino))->mode;
	return 0;
}

static int text_of(void *context, e2_ino ino, struct e2_str *text)
{
	const struct e2_object *o = e2_source_object(context, obj_of(ino));

	e2_str_add_bytes(text, e2_source_text(context, o->text), (size_t)o->size);
	return e2_str_status(text);
}

/* ---- all links ------------------------------------------------------------------ */

struct dangling {
	const struct e2_source *source;
	struct e2_ground ground;
	uint64_t most, count;
	e2_source_dangling_fn *tell;
	int (*poll)(void *context);
	void *context;
};

static void add_name(const struct e2_source *s, const struct e2_source_name *n,
		     struct e2_str *path)
{
	e2_str_add(path, "/");
	e2_str_add_bytes(path, e2_source_text(s, n->text), n->len);
}

/* Adds the path of a directory, bytes; nothing for the root. */
static int add_dir(const struct e2_source *s, e2_obj dir, struct e2_str *path)
{
	size_t depth = 0, cap = 0;
	e2_obj *up = NULL;

	for (; dir != 0; dir = e2_source_object(s, dir)->dir) {
		e2_obj *grown = e2_grow(up, &cap, depth + 1, sizeof(*up));

		if (!grown) {
			free(up);
			return E2_ERR_NOMEM;
		}
		up = grown;
		up[depth++] = dir;
	}
	while (depth > 0)
		add_name(s, e2_source_name(s, e2_source_object(s, up[--depth])->dir_name), path);
	free(up);
	return e2_str_status(path);
}

/* A link that leads nowhere, by its place and with the reason. */
static int tell(struct dangling *d, e2_obj dir, const struct e2_source_name *n, const char *text)
{
	struct e2_str path = E2_STR_INIT, shown = E2_STR_INIT, target = E2_STR_INIT;
	struct e2_str why = E2_STR_INIT;
	struct e2_fate fate = E2_FATE_INIT;
	int err = add_dir(d->source, dir, &path);
	const struct e2_resolve how = {
		.cwd = ino_of(dir), .cwd_path = e2_str_text(&path), .hops = 1,
		.beyond = E2_FATE_BEYOND, .ground = &d->ground, .fate = &fate,
	};

	if (!err)
		err = e2_fate_by(NULL, &how, text);
	add_name(d->source, n, &path);
	if (!err)
		err = e2_fate_begin_with(&fate, e2_str_text(&path), path.len);
	e2_str_add_name(&shown, e2_str_text(&path), path.len);
	e2_str_add_name(&target, text, strlen(text));
	e2_fate_add_reason(&fate, &why);
	if (!err && (e2_str_status(&shown) || e2_str_status(&target) || e2_str_status(&why)))
		err = e2_fail(E2_ERR_NOMEM, "following a symlink: out of memory");
	if (!err)
		d->tell(d->context, e2_str_text(&shown), e2_str_text(&target), e2_str_text(&why));
	e2_str_free(&path);
	e2_str_free(&shown);
	e2_str_free(&target);
	e2_str_free(&why);
	e2_fate_free(&fate);
	return err;
}

static int look_at(struct dangling *d, e2_obj dir, const struct e2_source_name *n)
{
	const struct e2_object *o = e2_source_object(d->source, n->object);
	const struct e2_resolve how = { .cwd = ino_of(dir), .hops = 1, .ground = &d->ground };
	const char *text = e2_source_text(d->source, o->text);
	e2_ino ino;
	int err = e2_resolve(NULL, &how, text, &ino);

	if (!err || err == E2_ERR_NOMEM)
		return err;
	e2_err_clear();
	return d->count++ < d->most ? tell(d, dir, n, text) : 0;
}

int e2_source_dangling(const struct e2_source *source, uint64_t most, e2_source_dangling_fn *say,
		       int (*poll)(void *context), void *context, uint64_t *count)
{
	/* The ground only reads: that its context is no pointer to const is for others. */
	struct dangling d = {
		.source = source, .most = most, .tell = say, .poll = poll, .context = context,
		.ground = { .find = find, .look = look, .text = text_of,
			    .context = (void *)(uintptr_t)source },
	};
	uint32_t names = 0;
	int err = 0;

	for (e2_obj dir = 0; dir < e2_source_objects(source) && !err; dir++) {
		const struct e2_object *o = e2_source_object(source, dir);

		if (!is_type(o, E2_S_IFDIR))
			continue;
		for (uint32_t i = 0; i < o->names && !err; i++) {
			const struct e2_source_name *n = e2_source_name(source, o->first_name + i);

			if (++names % POLL_NAMES == 0 && poll)
				err = poll(context);
			if (!err && is_type(e2_source_object(source, n->object), E2_S_IFLNK))
				err = look_at(&d, dir, n);
		}
	}
	*count = d.count;
	return err;
}
