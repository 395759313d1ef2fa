/* SPDX-License-Identifier: MIT */
/*
 * A tree of the host into an open volume.
 *
 * The tree is read into records first (source_dir.c); what they need is compared with what
 * is free; then each directory's names are made in one go, in the order of the records, so
 * that files lie in the order in which they are read.
 */
#include "host/import_parts.h"

#include <stdlib.h>

struct tree {
	struct e2_importer *x;
	struct e2_source *source;
	e2_ino *made;			/* of each object; 0: not yet */
	bool *fresh;			/* it was not there before */
	e2_ino dir;			/* where the root's name goes */
	const void *name;		/* NULL: dir stands for the root */
	size_t len;
	const void *only;		/* that of the only thing in the root; NULL: its own */
	size_t only_len;
	bool says;			/* directories that are there become as the source says */
};

/* ---- what it takes ------------------------------------------------------------------- */

static bool is_kind(const struct e2_object *o, uint32_t type)
{
	return (o->mode & E2_S_IFMT) == type;
}

static struct e2_feed feed_of(const struct tree *t, e2_obj obj)
{
	const struct e2_object *o = e2_source_object(t->source, obj);
	struct e2_feed feed = { .size = o->size };
	uint32_t count;

	feed.extents = e2_source_extents(t->source, obj, &count);
	feed.count = count;
	return feed;
}

static uint64_t blocks_of(const struct tree *t, e2_obj obj)
{
	const struct e2_geometry *g = e2_geometry(t->x->fs);
	const struct e2_object *o = e2_source_object(t->source, obj);
	struct e2_feed feed;

	if (is_kind(o, E2_S_IFREG)) {
		feed = feed_of(t, obj);
		return e2_feed_blocks(g, &feed);
	}
	return is_kind(o, E2_S_IFDIR) || (is_kind(o, E2_S_IFLNK) && o->size > E2_FAST_SYMLINK_MAX);
}

/* Whether names of the tree may be there already, so that less than all is needed. */
static int may_meet(const struct tree *t, bool *meets)
{
	e2_ino ino;
	int err;

	*meets = t->name == NULL && t->x->how->exists != E2_IMPORT_REFUSE;
	if (t->name == NULL)
		return 0;
	err = e2_dir_lookup(t->x->fs, t->dir, t->name, t->len, &ino);

	*meets = err == 0;
	if (err != E2_ERR_NOENT)
		return err;
	e2_err_clear();
	return 0;
}

static int check_space(const struct tree *t)
{
	uint32_t objects = e2_source_objects(t->source);
	struct e2_str shown = E2_STR_INIT;
	uint64_t blocks = 0, inodes = 0;
	bool meets;
	int err = may_meet(t, &meets);

	if (err != 0 || meets)
		return err;
	for (e2_obj obj = 0; obj < objects; obj++) {
		/* directories of an archive are often there */
		if (t->name == NULL && is_kind(e2_source_object(t->source, obj), E2_S_IFDIR))
			continue;
		blocks += blocks_of(t, obj);
		inodes++;
	}
	e2_source_path(t->source, 0, &shown);
	err = e2_str_status(&shown);
	if (err == 0)
		err = e2_import_space(t->x, e2_str_text(&shown), blocks, inodes);
	e2_str_free(&shown);
	return err;
}

/* ---- making it ------------------------------------------------------------------------ */

static int read_feed(void *context, uint64_t offset, size_t len, void *buf)
{
	return e2_source_read(context, offset, len, buf);
}

static int make(struct tree *t, e2_ino dir, const void *name, size_t len, e2_obj obj)
{
	const struct e2_object *o = e2_source_object(t->source, obj);
	struct e2_thing thing = { .object = o };
	struct e2_source_file *file = NULL;
	struct e2_feed feed;
	int err = 0, err_close;

	thing.xattrs = e2_source_xattrs(t->source, o->xattrs, &thing.xattr_count);
	if (is_kind(o, E2_S_IFLNK)) {
		thing.text = e2_source_text(t->source, o->text);
		thing.text_len = (size_t)o->size;
	} else if (is_kind(o, E2_S_IFREG)) {
		feed = feed_of(t, obj);
		thing.feed = &feed;
		feed.read = read_feed;
		if (o->size > 0)
			err = e2_source_open(t->source, obj, &file);
		feed.context = file;
	}
	if (err == 0)
		err = e2_import_thing(t->x, dir, name, len, &thing, &t->made[obj], &t->fresh[obj]);
	if (err == E2_ERR_EXIST)
		err = e2_source_fail(t->source, obj, err, "is there already");
	err_close = e2_source_close(file);
	return err != 0 ? err : err_close;
}

/* The directory that is there in place of one of the source. */
static int say(struct tree *t, e2_obj obj)
{
	struct e2_thing thing = { .object = e2_source_object(t->source, obj) };

	if (!t->says || t->fresh[obj] || thing.object->made)
		return 0;
	thing.xattrs = e2_source_xattrs(t->source, thing.object->xattrs, &thing.xattr_count);
	return e2_import_attrs(t->x, &thing, t->made[obj]);
}

/* A further name of an object: what is there gives way, where that is asked for. */
static int link_name(struct tree *t, e2_ino dir, const void *name, size_t len, e2_obj obj)
{
	e2_ino ino = t->made[obj], was;
	int err = e2_link(t->x->txn, dir, name, len, ino);

	if (err == E2_ERR_EXIST && t->x->how->exists == E2_IMPORT_REFUSE)
		return e2_source_fail(t->source, obj, err, "has a name that is there already");
	if (err != E2_ERR_EXIST)
		return err;
	e2_err_clear();
	err = e2_dir_lookup(t->x->fs, dir, name, len, &was);
	if (err == 0 && was == ino)
		return 0;
	if (err == 0)
		err = e2_import_meets(t->x, dir, name, len, was, true);
	if (err == 0)
		err = e2_unlink(t->x->txn, dir, name, len);
	return err != 0 ? err : e2_link(t->x->txn, dir, name, len, ino);
}

static int fill_dir(struct tree *t, e2_obj dir)
{
	const struct e2_object *o = e2_source_object(t->source, dir);
	int err = 0;

	for (uint32_t i = 0; i < o->names && err == 0; i++) {
		const struct e2_source_name *n = e2_source_name(t->source, o->first_name + i);
		const void *name = e2_source_text(t->source, n->text);
		size_t len = n->len;

		if (dir == 0 && t->only != NULL) {
			name = t->only;
			len = t->only_len;
		}
		if (t->made[n->object] != 0)
			err = link_name(t, t->made[dir], name, len, n->object);
		else
			err = make(t, t->made[dir], name, len, n->object);
		if (err == 0 && is_kind(e2_source_object(t->source, n->object), E2_S_IFDIR))
			err = say(t, n->object);
		if (err == 0)
			err = e2_import_made(t->x, t->made[n->object]);
		t->x->counts.names++;
	}
	return err;
}

/* Directories get their times when nothing more comes into them. */
static int set_times(struct tree *t, e2_obj dir)
{
	const struct e2_object *o = e2_source_object(t->source, dir);
	struct e2_inode in;
	int err;

	if (o->made || !(t->fresh[dir] || t->says) || !(t->x->how->flags & E2_IMPORT_TIMES))
		return 0;
	err = e2_inode_get(t->x->fs, t->made[dir], &in);
	if (err != 0)
		return err;
	e2_import_times(o, &in);
	return e2_inode_put(t->x->txn, t->made[dir], &in);
}

static int make_all(struct tree *t)
{
	uint32_t objects = e2_source_objects(t->source);
	int err;

	t->made = calloc(objects, sizeof(*t->made));
	t->fresh = calloc(objects, sizeof(*t->fresh));
	if (t->made == NULL || t->fresh == NULL)
		return e2_fail(E2_ERR_NOMEM, "a tree of %u objects", objects);
	if (t->name == NULL) {
		t->made[0] = t->dir;
		err = t->only != NULL ? 0 : say(t, 0);
	} else {
		err = make(t, t->dir, t->name, t->len, 0);
		if (err == 0)
			err = say(t, 0);
		t->x->counts.names++;
		if (err == 0)
			err = e2_import_made(t->x, t->made[0]);
	}
	for (e2_obj obj = 0; obj < objects && err == 0; obj++) {
		if (is_kind(e2_source_object(t->source, obj), E2_S_IFDIR))
			err = fill_dir(t, obj);
	}
	for (e2_obj obj = 0; obj < objects && err == 0; obj++) {
		if (is_kind(e2_source_object(t->source, obj), E2_S_IFDIR))
			err = set_times(t, obj);
	}
	return err;
}

static bool is_own(void *context, uint64_t dev, uint64_t ino)
{
	const struct e2_importer *x = context;

	return x->has_own && dev == x->own_dev && ino == x->own_ino;
}

/* Brings in what was read, unless err. */
static int take_in(struct tree *t, int err)
{
	if (err == 0)
		err = check_space(t);
	if (err == 0)
		err = make_all(t);
	free(t->made);
	free(t->fresh);
	e2_source_free(t->source);
	return err;
}

int e2_import_tree(struct e2_importer *x, const char *path, e2_ino dir, const void *name,
		   size_t len)
{
	const struct e2_source_options options = {
		.no_xattrs = !(x->how->flags & E2_IMPORT_XATTRS), .is_own = is_own, .context = x,
	};
	struct tree t = { .x = x, .dir = dir, .name = name, .len = len };
	int err = e2_source_dir(path, &options, &t.source);

	return take_in(&t, err);
}

struct bounds { bool (*stop)(void); };

static int stop_reading(void *context, uint64_t objects)
{
	const struct bounds *b = context;

	(void)objects;
	return b->stop != NULL && b->stop();
}

/* The name is that of the root, if the archive has one, or of the only thing in it. */
static int give_name(struct tree *t, const void *name, size_t len)
{
	const struct e2_object *root = e2_source_object(t->source, 0);

	if (!root->made) {
		t->name = name;
		t->len = len;
		return 0;
	}
	if (root->names != 1)
		return e2_fail(E2_ERR_INVAL, "the archive has %u things at its top; a name can be "
			       "given to one", root->names);
	t->only = name;
	t->only_len = len;
	return 0;
}

int e2_import_unpacked(struct e2_importer *x, const char *path, e2_ino dir, const void *name,
		       size_t len, bool (*stop)(void))
{
	const struct e2_geometry *g = e2_geometry(x->fs);
	struct bounds bounds = { stop };
	struct e2_source_options options = {
		.no_xattrs = !(x->how->flags & E2_IMPORT_XATTRS), .progress = stop_reading,
		.context = &bounds, .max_size = e2_file_size_max(g),
	};
	struct tree t = { .x = x, .dir = dir, .says = true };
	uint64_t blocks, inodes;
	int err = e2_free_counts(x->fs, &blocks, &inodes);

	/* What is there may give way, and directories that are there take none. */
	options.max_bytes = (x->how->exists == E2_IMPORT_REFUSE ? blocks : g->blocks) *
		g->block_size;
	options.max_bytes += options.max_bytes == 0;	/* 0 would be no bound */
	options.max_objects = g->inodes;
	if (err == 0)
		err = e2_source_archive(path, &options, &t.source);
	if (err == 0 && name != NULL)
		err = give_name(&t, name, len);
	return take_in(&t, err);
}
