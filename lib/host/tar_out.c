/* SPDX-License-Identifier: MIT */
#include "host/tar_out_parts.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

/* ---- the stream --------------------------------------------------------------------- */

int e2_tar_flush(struct e2_tar *t)
{
	size_t len = t->held;
	int r;

	if (len == 0)
		return 0;
	t->held = 0;
	r = t->options.write(t->options.context, t->buffer, len);
	t->fatal |= r != 0;
	t->written += len;
	return r;
}

int e2_tar_put(struct e2_tar *t, const void *data, size_t len)
{
	const uint8_t *from = data;
	size_t n;
	int r;

	for (; len > 0; from += n, len -= n) {
		n = E2_TAR_BUFFER - t->held;
		n = n < len ? n : len;
		memcpy(t->buffer + t->held, from, n);
		t->held += n;
		if (t->held < E2_TAR_BUFFER)
			continue;
		r = e2_tar_flush(t);
		if (r)
			return r;
	}
	return 0;
}

int e2_tar_head(struct e2_tar *t, const struct e2_tar_entry *e)
{
	e2_str_truncate(&t->head, 0);
	e2_pax_header(&t->head, e, &t->records);
	if (e2_str_status(&t->head) || e2_str_status(&t->records))
		return e2_fail(E2_ERR_NOMEM, "an archive: out of memory");
	return e2_tar_put(t, t->head.text, t->head.len);
}

void e2_tar_warn(struct e2_tar *t, int err)
{
	struct e2_str text = E2_STR_INIT;

	t->stats.left_out++;
	if (!t->options.warn)
		return;
	e2_str_add_name(&text, e2_str_text(&t->path), t->path.len);
	e2_str_addf(&text, ": %s", *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
	t->options.warn(t->options.context, e2_str_text(&text));
	e2_str_free(&text);
}

/* ---- names for hard links -------------------------------------------------------------- */

static int add_name(struct e2_tar *t, struct e2_tar_name **names, size_t *count, size_t *cap,
		    unsigned depth, const char *name)
{
	struct e2_tar_name *more = e2_grow(*names, cap, *count + 1, sizeof(*more));

	if (!more)
		return E2_ERR_NOMEM;
	*names = more;
	more[(*count)++] = (struct e2_tar_name){ depth ? t->levels[depth - 1] : 0, t->texts.len };
	e2_str_add_bytes(&t->texts, name, strlen(name) + 1);
	return e2_str_status(&t->texts) ? e2_fail(E2_ERR_NOMEM, "an archive: out of memory") : 0;
}

static int remember_dir(struct e2_tar *t, unsigned depth, const char *name)
{
	uint32_t *more = e2_grow(t->levels, &t->levels_cap, depth + 1, sizeof(*more));
	int r;

	if (!more)
		return E2_ERR_NOMEM;
	t->levels = more;
	r = add_name(t, &t->dirs, &t->dir_count, &t->dirs_cap, depth, name);
	t->levels[depth] = (uint32_t)t->dir_count;
	return r;
}

/* The path of a name that was remembered; it was not too long when it was written. */
static const char *path_of(struct e2_tar *t, const struct e2_tar_name *name)
{
	char text[E2_PATH_MAX + 2];
	size_t at = sizeof(text) - 1, len;

	text[at] = '\0';
	for (;; name = &t->dirs[name->dir - 1]) {
		const char *part = t->texts.text + name->text;

		len = strlen(part);
		if (len + 1 > at)
			break;
		memcpy(text + (at -= len), part, len);
		if (name->dir == 0)
			break;
		text[--at] = '/';
	}
	e2_str_truncate(&t->link, 0);
	e2_str_add(&t->link, text + at);
	return e2_str_text(&t->link);
}

/* ---- entries ------------------------------------------------------------------------------ */

/* An attribute that cannot be read does not keep the others from being taken along. */
static int add_xattrs(struct e2_tar *t, e2_ino ino)
{
	const struct e2_xattr *a;
	struct e2_xattrs *it;
	int r = e2_xattrs_begin(t->fs, ino, &it);

	if (r)
		return r;
	while ((r = e2_xattrs_next(it, &a)) != 0) {
		const char *name = r > 0 ? e2_str_text(&a->name) : "";

		if (r > 0 && strlen(name) != a->name.len)
			r = e2_fail(E2_ERR_CORRUPT, "the name of an attribute contains a NUL");
		if (r > 0)
			r = e2_pax_add_xattr(&t->records, name, a->value, a->value_len);
		if (r == E2_ERR_NOMEM)
			break;
		if (r)
			e2_tar_warn(t, r);
	}
	e2_xattrs_end(it);
	return r == E2_ERR_NOMEM ? r : 0;
}

static int put_symlink(struct e2_tar *t, const struct e2_inode *in, struct e2_tar_entry *e)
{
	int r;

	e2_str_truncate(&t->link, 0);
	r = e2_symlink_read(t->fs, in, &t->link);
	if (r)
		return r;
	e->type = E2_TAR_SYMLINK;
	e->link = e2_str_text(&t->link);
	e->link_len = t->link.len;
	r = e2_tar_head(t, e);
	t->stats.symlinks += r == 0;
	return r;
}

static int put_special(struct e2_tar *t, const struct e2_inode *in, struct e2_tar_entry *e)
{
	uint32_t type = in->mode & E2_S_IFMT;
	int r;

	e->type = type == E2_S_IFIFO ? E2_TAR_FIFO : type == E2_S_IFCHR ? E2_TAR_CHAR :
		E2_TAR_BLOCKDEV;
	if (type != E2_S_IFIFO)
		e2_inode_device(in, &e->major, &e->minor);
	r = e2_tar_head(t, e);
	t->stats.others += r == 0;
	return r;
}

static int put_dir(struct e2_tar *t, const struct e2_walk_entry *w, struct e2_tar_entry *e,
		   const char *name)
{
	int r = remember_dir(t, w->depth, name);

	if (r)
		return r;
	e->type = E2_TAR_DIR;
	r = e2_tar_head(t, e);
	t->stats.dirs += r == 0;
	return r;
}

/* What a tar archive cannot hold is told, but is no failure. */
static int leave_out(struct e2_tar *t)
{
	struct e2_str text = E2_STR_INIT;

	t->stats.left_out++;
	e2_str_add_name(&text, e2_str_text(&t->path), t->path.len);
	e2_str_add(&text, ": a socket, left out");
	if (t->options.note)
		t->options.note(t->options.context, e2_str_text(&text));
	e2_str_free(&text);
	return 0;
}

static int put_object(struct e2_tar *t, const struct e2_walk_entry *w, struct e2_tar_entry *e,
		      const char *name)
{
	switch (w->inode.mode & E2_S_IFMT) {
	case E2_S_IFDIR:
		return put_dir(t, w, e, name);
	case E2_S_IFREG:
		return e2_tar_file(t, &w->inode, e);
	case E2_S_IFLNK:
		return put_symlink(t, &w->inode, e);
	case E2_S_IFBLK: case E2_S_IFCHR: case E2_S_IFIFO:
		return put_special(t, &w->inode, e);
	default:
		return e2_fail(E2_ERR_CORRUPT, "inode %u: mode 0%o has no file type", w->ino,
			       w->inode.mode);
	}
}

/* An object under its first name, or under one of those that follow. */
static int put_name(struct e2_tar *t, const struct e2_walk_entry *w, const char *name)
{
	const struct e2_inode *in = &w->inode;
	bool linked = !e2_is_dir(in) && in->links_count > 1;
	struct e2_tar_entry e = {
		.path = e2_str_text(&t->path), .path_len = t->path.len,
		.mode = in->mode & 07777, .uid = in->uid, .gid = in->gid,
	};
	struct e2_time mtime = { 0 };
	uint64_t index;
	int r;

	e2_str_truncate(&t->records, 0);
	(void)e2_inode_time(in, E2_MTIME, &mtime);	/* every inode has it */
	e.mtime = mtime.sec;
	e.mtime_nsec = mtime.nsec > 0 && mtime.nsec < 1000000000 ? (uint32_t)mtime.nsec : 0;
	if ((in->mode & E2_S_IFMT) == E2_S_IFSOCK)
		return leave_out(t);
	if (linked && e2_map_get(t->by_ino, w->ino, &index)) {
		e.type = E2_TAR_LINK;
		e.link = path_of(t, &t->links[index - 1]);
		e.link_len = t->link.len;
		t->stats.links++;
		return e2_tar_head(t, &e);
	}
	r = add_xattrs(t, w->ino);
	if (!r)
		r = put_object(t, w, &e, name);
	if (r || !linked)
		return r;
	r = add_name(t, &t->links, &t->link_count, &t->links_cap, w->depth, name);
	return r ? r : e2_map_set(t->by_ino, w->ino, t->link_count);
}

/* ---- the tree ----------------------------------------------------------------------- */

static int set_path(struct e2_tar *t, const struct e2_walk_entry *w)
{
	e2_str_truncate(&t->path, 0);
	e2_str_add_bytes(&t->path, t->top.text, t->top.len);
	e2_str_add_bytes(&t->path, w->path, w->path_len);
	if (!w->status && e2_is_dir(&w->inode))
		e2_str_add(&t->path, "/");
	if (e2_str_status(&t->path))
		return e2_fail(E2_ERR_NOMEM, "an archive: out of memory");
	return 0;
}

static int take(struct e2_tar *t, const struct e2_walk_entry *w)
{
	const char *problem = w->depth ? e2_name_problem(w->name, w->name_len) : NULL;
	int r = set_path(t, w);

	if (r)
		return r;
	if (w->after)		/* the names it has that cannot be read */
		return w->status;
	if (problem)
		return e2_fail(E2_ERR_CORRUPT, "the name %s", problem);
	if (w->status)
		return w->status;
	if (w->again)
		return e2_fail(E2_ERR_CORRUPT, "a second name of directory %u", w->ino);
	if (t->path.len > E2_PATH_MAX)
		return e2_fail(E2_ERR_NAMETOOLONG, "a path of %zu bytes, more than %d",
			       t->path.len, E2_PATH_MAX);
	return put_name(t, w, w->depth ? (const char *)w->name : t->top.text);
}

static int add_walk(struct e2_tar *t, struct e2_walk *walk)
{
	struct e2_walk_entry w;
	int r;

	while ((r = e2_walk_next(walk, &w)) > 0) {
		r = take(t, &w);
		if (r == 0)
			continue;
		if (r == E2_ERR_NOMEM || t->fatal)
			return r;
		if (!w.after)
			e2_walk_skip(walk);
		e2_tar_warn(t, r);
	}
	return r;
}

int e2_tar_add(struct e2_tar *t, e2_ino ino, const char *name)
{
	struct e2_walk *walk;
	int r;

	e2_str_truncate(&t->top, 0);
	e2_str_add(&t->top, *name ? name : ".");
	r = e2_str_status(&t->top);
	if (r == 0)
		r = e2_walk_begin(t->fs, ino, E2_WALK_POST, &walk);
	if (r)
		return r;
	r = add_walk(t, walk);
	e2_walk_end(walk);
	return r;
}

/* ---- beginning and end -------------------------------------------------------------- */

static void free_tar(struct e2_tar *t)
{
	e2_ahead_end(&t->ahead);
	e2_map_free(t->by_ino);
	e2_str_free(&t->top);
	e2_str_free(&t->path);
	e2_str_free(&t->link);
	e2_str_free(&t->head);
	e2_str_free(&t->records);
	e2_str_free(&t->texts);
	free(t->pieces);
	free(t->dirs);
	free(t->links);
	free(t->levels);
	free(t->buffer);
	free(t);
}

int e2_tar_begin(struct e2_fs *fs, const struct e2_tar_options *options, struct e2_tar **tar)
{
	const struct e2_geometry *g = e2_geometry(fs);
	struct e2_tar *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return e2_fail(E2_ERR_NOMEM, "an archive: out of memory");
	t->fs = fs;
	t->options = *options;
	t->bytes_left = g->blocks * g->block_size;
	r = e2_ahead_begin(&t->ahead, fs);
	if (r == 0)
		r = e2_map_new(&t->by_ino);
	t->buffer = r ? NULL : malloc(E2_TAR_BUFFER);
	if (r == 0 && !t->buffer)
		r = e2_fail(E2_ERR_NOMEM, "an archive: out of memory");
	if (r) {
		free_tar(t);
		return r;
	}
	*tar = t;
	return 0;
}

/* Two blocks of zeros, and what fills the last record. */
static int put_end(struct e2_tar *t)
{
	static const uint8_t zeros[E2_TAR_RECORD + 2 * E2_TAR_BLOCK];
	uint64_t bytes = t->written + t->held + 2 * E2_TAR_BLOCK;
	int r = e2_tar_put(t, zeros, 2 * E2_TAR_BLOCK + (size_t)(-bytes % E2_TAR_RECORD));

	return r ? r : e2_tar_flush(t);
}

int e2_tar_end(struct e2_tar *t, int err, struct e2_copied *stats)
{
	if (err == 0)
		err = put_end(t);
	if (stats)
		*stats = t->stats;
	free_tar(t);
	return err;
}
