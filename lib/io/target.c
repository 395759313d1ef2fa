/* SPDX-License-Identifier: MIT */
/*
 * The file that mkfs fills.  There are three ways to write one:
 *
 *   new       the bytes lie in a file without a name, which gets the final one
 *   replace   the same; it gets a temporary name for the moment between that and
 *             rename, because only a name can be renamed
 *   in place  the bytes of the old file are overwritten
 *
 * Where a file system has no files without a name, the temporary has a name
 * from the beginning, beside the final one.
 */
#include "io/target.h"

#include "base/utf8.h"
#include "io/name.h"
#include "io/spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum target_way { WAY_NEW, WAY_REPLACE, WAY_IN_PLACE };

enum {
	MAX_TEMP_NAMES = 100,	/* that leftovers of killed programs may occupy */
	MODE_NEW = 0666,	/* less the umask */
	MODE_TEMP = 0600,	/* until it gets the old file's */
};

struct e2_target {
	struct e2_env *env;
	enum target_way way;
	struct e2_place place;
	struct e2_io *lock;	/* the old file, kept from other writers */
	struct e2_io *old;	/* the old file or slice, for reading */
	struct e2_io *io;	/* what is written; the lock itself or a slice of it in place */
	struct e2_str temp;	/* the temporary's name while it has one, else empty */
	uint64_t temp_dev, temp_ino;
	struct e2_str reason;	/* why in place */
};

static const char *target_path(const struct e2_target *t)
{
	return e2_str_text(&t->place.path);
}

/* Removes the temporary's name, which nobody will miss. */
static void unlink_temp(struct e2_target *t)
{
	if (t->temp.len > 0)
		(void)t->env->ops->unlink(t->env, e2_str_text(&t->temp)); /* nothing else helps */
	e2_str_truncate(&t->temp, 0);
}

static void release(struct e2_target *t)
{
	unlink_temp(t);
	(void)e2_io_close(t->io);	/* was synced, or is thrown away */
	(void)e2_io_close(t->old);	/* was only read */
	if (t->way != WAY_IN_PLACE)
		(void)e2_io_close(t->lock);	/* the same */
	e2_str_free(&t->place.path);
	e2_str_free(&t->temp);
	e2_str_free(&t->reason);
	free(t);
}

/* The n-th name for the temporary: ".NAME.extant-N" beside the final name. */
static int name_temp(const struct e2_target *t, unsigned n, struct e2_str *name)
{
	const char *base = e2_io_base(target_path(t));
	size_t len = strlen(base);

	if (len > 200)
		len = e2_utf8_prefix(base, 200);
	e2_str_truncate(name, 0);
	e2_str_add_bytes(name, target_path(t), (size_t)(base - target_path(t)));
	e2_str_add(name, ".");
	e2_str_add_bytes(name, base, len);
	e2_str_addf(name, ".extant-%u", n);
	return e2_str_status(name);
}

/* Makes the file to fill. */
static int make_temp(struct e2_target *t, unsigned mode)
{
	struct e2_str name = E2_STR_INIT;
	int r = t->env->ops->create_temp(t->env, target_path(t), mode, &t->io);

	if (r == E2_ERR_UNSUPPORTED) {
		r = E2_ERR_EXIST;
		for (unsigned n = 0; r == E2_ERR_EXIST && n < MAX_TEMP_NAMES; n++) {
			r = name_temp(t, n, &name);
			if (r == E2_OK)
				r = t->env->ops->create_excl(t->env, e2_str_text(&name), mode,
							     &t->io);
		}
		if (r == E2_OK) {
			t->temp = name;
			name = (struct e2_str)E2_STR_INIT;
		}
	}
	e2_str_free(&name);
	if (r == E2_OK)
		r = t->env->ops->identify(t->env, t->io, &t->temp_dev, &t->temp_ino);
	return r;
}

/* Says why an existing file must be written in place; leaves the reason empty otherwise. */
static void find_reason(struct e2_target *t, const struct e2_spec *spec)
{
	if (spec->is_slice)
		e2_str_add(&t->reason, "is a part of a file");
	else if (t->place.kind == E2_PLACE_DEVICE)
		e2_str_add(&t->reason, "is a device");
	else if (t->place.links > 1)
		e2_str_addf(&t->reason, "has %" PRIu64 " names", t->place.links);
	else if (t->place.stuck)
		e2_str_add(&t->reason, t->place.stuck);
}

/* Prepares a replacement, or finds out that owner and mode cannot be kept. */
static int open_replacement(struct e2_target *t)
{
	int r = make_temp(t, MODE_TEMP);

	if (r == E2_OK)
		r = t->env->ops->adopt(t->env, t->lock, t->io);
	if (r == E2_ERR_PERM) {
		unlink_temp(t);
		(void)e2_io_close(t->io);	/* is empty */
		t->io = NULL;
		t->temp_dev = t->temp_ino = 0;
		e2_str_add(&t->reason, "has an owner or mode that only root can keep");
		r = E2_OK;
	}
	return r;
}

static int open_existing(struct e2_target *t, const struct e2_spec *spec)
{
	int r = e2_env_check_free(t->env, target_path(t));

	if (r == E2_OK)
		r = t->env->ops->open_locked(t->env, target_path(t), &t->lock);
	if (r == E2_OK)
		r = t->env->ops->open(t->env, target_path(t), 0, &t->old);
	if (r)
		return r;
	if (spec->is_slice) {
		struct e2_io *whole = t->old;

		t->old = NULL;
		r = e2_spec_slice(spec, whole, &t->old);
		if (r)
			return r;
	}
	find_reason(t, spec);
	t->way = WAY_REPLACE;
	if (t->reason.len == 0)
		r = open_replacement(t);
	if (r == E2_OK && t->reason.len > 0) {
		t->way = WAY_IN_PLACE;
		r = e2_spec_slice(spec, t->lock, &t->io);
		t->lock = NULL;		/* went into io, even on failure */
	}
	return r ? r : e2_str_status(&t->reason);
}

int e2_target_open(struct e2_env *env, const char *spec, struct e2_target **target)
{
	struct e2_target *t = calloc(1, sizeof(*t));
	struct e2_spec s;
	int r;

	if (!t)
		return e2_io_fail(E2_ERR_NOMEM, spec, "no memory to open it");
	t->env = env;
	r = e2_spec_look(env, spec, &s);
	if (r == E2_OK)
		r = env->ops->look(env, e2_str_text(&s.path), &t->place);
	if (r == E2_OK) {
		if (t->place.kind != E2_PLACE_NOTHING)
			r = open_existing(t, &s);
		else if (s.is_slice)
			r = e2_io_fail(E2_ERR_NOENT, e2_str_text(&s.path),
				       "no such file; a part of one was named");
		else
			r = make_temp(t, MODE_NEW);
	}
	e2_str_free(&s.path);
	if (r) {
		release(t);
		return r;
	}
	*target = t;
	return E2_OK;
}

struct e2_io *e2_target_io(struct e2_target *target)
{
	return target->io;
}

struct e2_io *e2_target_old(struct e2_target *target)
{
	return target->old;
}

const char *e2_target_in_place(const struct e2_target *target)
{
	return target->way == WAY_IN_PLACE ? e2_str_text(&target->reason) : NULL;
}

bool e2_target_is(const struct e2_target *target, uint64_t dev, uint64_t ino)
{
	return ino != 0 && ((dev == target->place.dev && ino == target->place.ino) ||
			    (dev == target->temp_dev && ino == target->temp_ino));
}

/* Whether the name still leads to what it led to when the target was opened. */
static int check_name(struct e2_target *t)
{
	struct e2_place place;
	int r = t->env->ops->look(t->env, target_path(t), &place);

	if (r == E2_OK && t->place.kind == E2_PLACE_NOTHING && place.kind != E2_PLACE_NOTHING)
		r = e2_io_fail(E2_ERR_EXIST, target_path(t), "somebody else made it meanwhile");
	else if (r == E2_OK && (place.dev != t->place.dev || place.ino != t->place.ino))
		r = e2_io_fail(E2_ERR_CHANGED, target_path(t),
			       "somebody else replaced it meanwhile");
	e2_str_free(&place.path);
	return r;
}

static int close_io(struct e2_target *t)
{
	struct e2_io *io = t->io;

	t->io = NULL;
	return e2_io_close(io);
}

/* Gives the new file its final name, which nobody has. */
static int name_new(struct e2_target *t)
{
	const char *path = target_path(t);
	int r = t->env->ops->link_temp(t->env, t->io, path);

	if (r == E2_OK) {
		unlink_temp(t);
	} else if (t->temp.len > 0 && (r == E2_ERR_PERM || r == E2_ERR_UNSUPPORTED)) {
		/* A file system without hard links, or a system without /proc. */
		r = t->env->ops->rename(t->env, e2_str_text(&t->temp), path);
		if (r == E2_OK)
			e2_str_truncate(&t->temp, 0);
	}
	if (r)
		return r;
	r = close_io(t);
	if (r == E2_OK)
		r = t->env->ops->sync_dir(t->env, path);
	if (r)
		(void)t->env->ops->unlink(t->env, path); /* the first failure is the one to tell */
	return r;
}

/* Puts the new file under the old one's name. */
static int name_replacement(struct e2_target *t)
{
	int r = t->temp.len > 0 ? E2_OK : E2_ERR_EXIST;

	for (unsigned n = 0; r == E2_ERR_EXIST && n < MAX_TEMP_NAMES; n++) {
		struct e2_str name = E2_STR_INIT;

		r = name_temp(t, n, &name);
		if (r == E2_OK)
			r = t->env->ops->link_temp(t->env, t->io, e2_str_text(&name));
		if (r == E2_OK) {
			e2_str_free(&t->temp);
			t->temp = name;
		} else {
			e2_str_free(&name);
		}
	}
	if (r == E2_OK)
		r = close_io(t);
	if (r == E2_OK)
		r = t->env->ops->rename(t->env, e2_str_text(&t->temp), target_path(t));
	if (r)
		return r;
	e2_str_truncate(&t->temp, 0);
	return t->env->ops->sync_dir(t->env, target_path(t));
}

int e2_target_commit(struct e2_target *target)
{
	struct e2_target *t = target;
	int r = e2_io_sync(t->io);

	if (r == E2_OK && t->way == WAY_IN_PLACE) {
		r = close_io(t);
	} else if (r == E2_OK) {
		r = check_name(t);
		/* Once before anything has a name: a directory that cannot be synced is
		 * better found while nothing has happened. */
		if (r == E2_OK)
			r = t->env->ops->sync_dir(t->env, target_path(t));
		if (r == E2_OK)
			r = t->way == WAY_NEW ? name_new(t) : name_replacement(t);
	}
	release(t);
	return r;
}

void e2_target_abort(struct e2_target *target)
{
	if (target)
		release(target);
}
