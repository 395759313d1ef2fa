/* SPDX-License-Identifier: MIT */
/*
 * ls: directories as tables.  A directory is read whole, sorted by the bytes of
 * its names, and shown; what the columns need is kept small, for there may be
 * hundreds of thousands of rows.
 */
#include "shell.h"

#include "interrupt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	struct e2_slice name, target;	/* in the arena; target.len 0: no symlink */
	e2_ino ino;
	uint32_t mode, links, uid, gid, major, minor;
	uint64_t size;
	int64_t mtime;
	int32_t mtime_nsec;
	const char *fate;		/* of a symlink: NULL, "missing", "loop" */
	const char *trouble;		/* NULL, or why the inode is not shown */
	bool removed;			/* the name is no more */
};

struct listing {
	struct row *rows;
	size_t count, cap;
	uint32_t *order;		/* which row comes first; NULL: as they stand */
	struct e2_str arena;		/* names and texts of symlinks */
	const char *dir;		/* path of the directory, for records */
};

enum order { BY_NAME, BY_TIME, BY_SIZE };

struct ranking {
	const struct row *rows;
	const uint32_t *order;	/* by name */
	bool size;		/* by size, else by time */
};

struct ls {
	struct shell *sh;
	bool table, inodes, all, recurse, zero;
	bool human, slash, classify, owners, deleted;	/* owners: by name */
	enum order order;
	bool reverse;
	/* Rows that follow one another have few different times and owners: what was shown last. */
	struct e2_zone zone;
	struct e2_str minute;		/* a time, with the space around it */
	int64_t minute_of;		/* ... and its minute since 1970 */
	struct e2_str who;		/* the columns from mode to group of ... */
	uint32_t mode, links, uid, gid;
	bool any;			/* something has been shown: a blank line comes first */
};

/* ---- gathering ----------------------------------------------------------- */

static void listing_free(struct listing *l)
{
	free(l->rows);
	free(l->order);
	e2_str_free(&l->arena);
}

static struct row *listing_add(struct listing *l, const void *name, size_t len, e2_ino ino)
{
	struct row *r;

	if (l->count == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;

		r = realloc(l->rows, cap * sizeof(*r));
		if (!r)
			return NULL;
		l->rows = r;
		l->cap = cap;
	}
	r = &l->rows[l->count++];
	*r = (struct row){ .name = { l->arena.len, (uint32_t)len }, .ino = ino };
	e2_str_add_bytes(&l->arena, name, len);
	return r;
}

static void read_target(struct shell *sh, struct listing *l, struct row *r,
			const struct e2_inode *in, e2_ino dir)
{
	r->target.at = l->arena.len;
	if (e2_symlink_read(sh->fs, in, &l->arena)) {
		e2_str_truncate(&l->arena, r->target.at);
		r->trouble = "damaged";
		e2_err_clear();
		return;
	}
	r->target.len = (uint32_t)(l->arena.len - r->target.at);
	if (dir && e2_str_status(&l->arena) == 0)
		r->fate = symlink_fate(sh, dir, l->arena.text + r->target.at);
}

/* dir: where a symlink's text starts from; 0: not known. */
static void take_inode(struct shell *sh, struct listing *l, struct row *r,
		       const struct e2_inode *in, e2_ino dir)
{
	struct e2_time t = { 0, 0 };

	(void)e2_inode_time(in, E2_MTIME, &t);		/* every inode has it */
	r->mode = in->mode;
	r->links = in->links_count;
	r->uid = in->uid;
	r->gid = in->gid;
	r->size = e2_inode_size(in);
	r->mtime = t.sec;
	r->mtime_nsec = t.nsec;
	if ((in->mode & E2_S_IFMT) == E2_S_IFCHR || (in->mode & E2_S_IFMT) == E2_S_IFBLK)
		e2_inode_device(in, &r->major, &r->minor);
	if (e2_is_symlink(in))
		read_target(sh, l, r, in, dir);
	else if (!in->mode)
		r->trouble = "unused inode";
}

static void no_inode(struct row *r)
{
	r->trouble = "no such inode";
	e2_err_clear();
}

static void read_inode(struct shell *sh, struct listing *l, struct row *r, e2_ino dir)
{
	struct e2_inode in;

	if (e2_inode_get(sh->fs, r->ino, &in))
		no_inode(r);
	else
		take_inode(sh, l, r, &in, dir);
}

/* The inodes of all rows, in the order in which they lie in the volume. */
static int read_inodes(struct shell *sh, struct listing *l, e2_ino dir)
{
	e2_ino *inos = calloc(l->count, sizeof(*inos));
	uint32_t *order = calloc(l->count, sizeof(*order));
	struct e2_pick *pick = NULL;
	struct e2_inode in;
	size_t i;
	int r = E2_ERR_NOMEM;

	if (inos && order)
		r = e2_order_numbers(&l->rows[0].ino, sizeof(*l->rows), l->count, order);
	for (size_t k = 0; !r && k < l->count; k++)
		inos[k] = l->rows[order[k]].ino;
	if (!r)
		r = e2_pick_begin(sh->fs, inos, l->count, &pick);
	for (int got; !r && (got = e2_pick_next(pick, &i, &in)) != 0; ) {
		if (got < 0)
			no_inode(&l->rows[order[i]]);
		else
			take_inode(sh, l, &l->rows[order[i]], &in, dir);
		if (interrupt_asked())
			r = e2_fail(E2_ERR_CANCELLED, "interrupted");
	}
	e2_pick_end(pick);
	free(inos);
	free(order);
	return r;
}

/* Removed names that can still be read, with what their inodes have become. */
static int read_removed(struct ls *ls, e2_ino ino, struct listing *l)
{
	struct e2_removed *removed;
	struct e2_entry e;
	int r = e2_removed_begin(ls->sh->fs, ino, &removed);

	if (r)
		return r;
	while ((r = e2_removed_next(removed, &e)) != 0) {
		struct row *row;

		if (r < 0) {	/* told already, of the names that are there */
			e2_err_clear();
			if (r != E2_ERR_CORRUPT)
				break;
			continue;
		}
		row = listing_add(l, e.name, e.name_len, e.ino);
		if (!row)
			break;
		row->removed = true;
		if (e.ino)
			read_inode(ls->sh, l, row, 0);
		row->trouble = NULL;
	}
	e2_removed_end(removed);
	if (r > 0 || e2_str_status(&l->arena))
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu entries", l->count);
	return 0;
}

/* The whole directory; what could be read of it when it is damaged. */
static int read_dir(struct ls *ls, e2_ino ino, struct listing *l)
{
	bool inodes = ls->table || ls->sh->out.mode != OUT_TEXT || ls->recurse ||
		      ls->order != BY_NAME || ls->slash || ls->classify;
	struct e2_dir *dir;
	struct e2_entry e;
	int r = e2_dir_begin(ls->sh->fs, ino, &dir);

	if (r)
		return r;
	while ((r = e2_dir_next(dir, &e)) != 0) {
		struct row *row;

		if (r < 0) {
			shell_warn(ls->sh, r);
			if (r != E2_ERR_CORRUPT)
				break;
			continue;
		}
		if (!ls->all && e.name_len <= 2 && !memcmp(e.name, "..", e.name_len))
			continue;
		row = listing_add(l, e.name, e.name_len, e.ino);
		if (!row)
			break;
	}
	e2_dir_end(dir);
	if (r > 0 || e2_str_status(&l->arena))
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu entries", l->count);
	r = inodes && l->count ? read_inodes(ls->sh, l, ino) : 0;
	if (!r && ls->deleted)
		r = read_removed(ls, ino, l);
	return r ? r : e2_str_status(&l->arena);
}

/* The newest, or the largest, first; order is by name before. */
static int by_rank(const void *a, const void *b, void *context)
{
	const struct ranking *by = context;
	const struct row *x = &by->rows[by->order[*(const uint32_t *)a]];
	const struct row *y = &by->rows[by->order[*(const uint32_t *)b]];

	if (by->size && x->size != y->size)
		return x->size > y->size ? -1 : 1;
	if (!by->size && x->mtime != y->mtime)
		return x->mtime > y->mtime ? -1 : 1;
	if (!by->size && x->mtime_nsec != y->mtime_nsec)
		return x->mtime_nsec > y->mtime_nsec ? -1 : 1;
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

static int rank(struct listing *l, bool size)
{
	uint32_t *order = calloc(l->count, sizeof(*order));
	struct ranking by = { l->rows, l->order, size };

	if (!order)
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu entries", l->count);
	for (size_t i = 0; i < l->count; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, l->count, sizeof(*order), by_rank, &by);
	for (size_t i = 0; i < l->count; i++)
		order[i] = l->order[order[i]];
	free(l->order);
	l->order = order;
	return 0;
}

static int sort(const struct ls *ls, struct listing *l)
{
	int err;

	if (l->count < 2)
		return 0;
	l->order = calloc(l->count, sizeof(*l->order));
	if (!l->order)
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu entries", l->count);
	err = e2_order_texts(l->arena.text, &l->rows[0].name, sizeof(*l->rows), l->count,
			     l->order);
	if (!err && ls->order != BY_NAME)
		err = rank(l, ls->order == BY_SIZE);
	for (size_t i = 0, k = l->count; !err && ls->reverse && i + 1 < k--; i++) {
		uint32_t at = l->order[i];

		l->order[i] = l->order[k];
		l->order[k] = at;
	}
	return err;
}

static const struct row *row_at(const struct listing *l, size_t i)
{
	return &l->rows[l->order ? l->order[i] : i];
}

/* ---- showing ------------------------------------------------------------- */

struct widths { int ino, links, uid, gid, size; };

static void widen(int *width, uint64_t n)
{
	int digits = 1;

	for (; n >= 10; n /= 10)
		digits++;
	if (digits > *width)
		*width = digits;
}

static struct widths measure(struct ls *ls, const struct listing *l)
{
	struct widths w = { 5, 5, 4, 4, 5 };

	for (size_t i = 0; i < l->count; i++) {
		const struct row *r = &l->rows[i];

		widen(&w.ino, r->ino);
		widen(&w.links, r->links);
		widen(&w.uid, r->uid);
		widen(&w.gid, r->gid);
		if (!ls->human)
			widen(&w.size, r->size);
	}
	if (ls->owners) {	/* longer names push their line, which is rare */
		w.uid = w.uid > 8 ? w.uid : 8;
		w.gid = w.gid > 8 ? w.gid : 8;
	}
	return w;
}

static void add_time(struct ls *ls, int64_t sec)
{
	int64_t minute = sec / 60 - (sec % 60 < 0);

	if (ls->minute.len == 0 || minute != ls->minute_of) {
		e2_str_truncate(&ls->minute, 0);
		e2_str_add(&ls->minute, "  ");
		e2_str_add_time_in(&ls->minute, &ls->zone, sec, -1,
				   E2_TIME_BRIEF | ls->sh->time_flags);
		e2_str_add(&ls->minute, "  ");
		ls->minute_of = minute;
	}
	e2_str_add_bytes(&ls->sh->out.text, ls->minute.text, ls->minute.len);
}

static void add_owner_column(struct ls *ls, bool group, uint32_t id, int width)
{
	struct out *o = &ls->sh->out;
	size_t mark;

	if (!ls->owners) {
		out_add_number(o, id, width + 2);
		return;
	}
	e2_str_add(&o->text, "  ");
	mark = out_mark(o);
	add_owner(ls->sh, &o->text, group, id);
	out_pad(o, mark, (size_t)width);
}

static bool same_who(const struct ls *ls, const struct row *r)
{
	return ls->who.len && r->mode == ls->mode && r->links == ls->links && r->uid == ls->uid &&
	       r->gid == ls->gid;
}

/* The columns from the mode to the group. */
static void add_who(struct ls *ls, const struct row *r, const struct widths *w)
{
	struct out *o = &ls->sh->out;
	bool bold = r->links > 1 && (r->mode & E2_S_IFMT) != E2_S_IFDIR;
	size_t mark = out_mark(o);

	if (same_who(ls, r)) {
		e2_str_add_bytes(&o->text, ls->who.text, ls->who.len);
		return;
	}
	add_mode(&o->text, r->mode);
	if (bold)
		out_style(o, STYLE_BOLD);
	out_add_number(o, r->links, w->links + 2);
	if (bold)
		out_plain(o);
	add_owner_column(ls, false, r->uid, w->uid);
	add_owner_column(ls, true, r->gid, w->gid);
	e2_str_truncate(&ls->who, 0);
	if (!e2_str_status(&o->text))
		e2_str_add_bytes(&ls->who, o->text.text + mark, out_mark(o) - mark);
	ls->mode = r->mode;
	ls->links = r->links;
	ls->uid = r->uid;
	ls->gid = r->gid;
}

static void show_columns(struct ls *ls, const struct row *r, const struct widths *w)
{
	struct out *o = &ls->sh->out;
	char text[32];

	if (ls->inodes) {
		out_add_number(o, r->ino, w->ino);
		e2_str_add_bytes(&o->text, "  ", 2);
	}
	if (!ls->table)
		return;
	if (!r->mode) {
		out_add(o, "??????????  %*s  %*s  %*s  %*s  %-16s  ", w->links, "?", w->uid, "?",
			w->gid, "?", w->size, "?", "?");
		return;
	}
	add_who(ls, r, w);
	if (r->major || r->minor) {
		(void)snprintf(text, sizeof(text), "%u:%u", r->major, r->minor);
		out_add(o, "  %*s", w->size, text);
	} else if (ls->human) {
		out_add(o, "  %*s", w->size, human_size(r->size, text));
	} else {
		out_add_number(o, r->size, w->size + 2);
	}
	add_time(ls, r->mtime);
}

/* What -p and -F put behind a name; a symlink whose target is shown needs nothing. */
static void add_indicator(struct ls *ls, const struct row *r)
{
	static const char marks[] = {
		[E2_S_IFDIR >> 12] = '/', [E2_S_IFLNK >> 12] = '@', [E2_S_IFIFO >> 12] = '|',
		[E2_S_IFSOCK >> 12] = '=',
	};
	uint32_t type = r->mode & E2_S_IFMT;
	char mark = type >> 12 < sizeof(marks) ? marks[type >> 12] : '\0';

	if (type == E2_S_IFREG && (r->mode & 0111))
		mark = '*';
	if ((!ls->classify && mark != '/') || (ls->table && mark == '@'))
		mark = '\0';
	if (mark)
		out_raw(&ls->sh->out, &mark, 1);
}

static void show_row(struct ls *ls, const struct listing *l, const struct row *r,
		     const struct widths *w)
{
	struct out *o = &ls->sh->out;
	char mark[32];

	show_columns(ls, r, w);
	if (ls->zero) {
		out_raw(o, l->arena.text + r->name.at, r->name.len);
		out_raw(o, "", 1);
		return;
	}
	out_add_name(o, l->arena.text + r->name.at, r->name.len);
	if (ls->slash || ls->classify)
		add_indicator(ls, r);
	if (ls->table && r->target.len) {
		out_add(o, " -> ");
		out_add_name(o, l->arena.text + r->target.at, r->target.len);
	}
	if (ls->table && (r->fate || r->trouble)) {
		out_add(o, "  ");
		(void)snprintf(mark, sizeof(mark), "(%s)", r->fate ? r->fate : r->trouble);
		out_add_styled(o, STYLE_RED, mark);
	}
	if (r->removed)
		out_add_styled(o, STYLE_YELLOW, "  (removed)");
	out_line(o);
}

static void record_row(struct shell *sh, const struct listing *l, const struct row *r)
{
	struct out *o = &sh->out;

	out_record(o, "ls");
	out_name(o, "dir", l->dir, strlen(l->dir));
	out_name(o, "name", l->arena.text + r->name.at, r->name.len);
	out_u64(o, "ino", r->ino);
	out_string(o, "type", file_type_words(r->mode));
	out_octal(o, "mode", r->mode & 07777);
	out_u64(o, "links", r->links);
	out_u64(o, "uid", r->uid);
	out_u64(o, "gid", r->gid);
	out_u64(o, "size", r->size);
	out_i64(o, "mtime", r->mtime);
	out_i64(o, "mtime_nsec", r->mtime_nsec);
	out_u64(o, "major", r->major);
	out_u64(o, "minor", r->minor);
	out_name(o, "target", r->target.len ? l->arena.text + r->target.at : "", r->target.len);
	out_string(o, "fate", r->fate ? r->fate : "");
	out_string(o, "trouble", r->trouble ? r->trouble : "");
	out_bool(o, "removed", r->removed);
	out_record_end(o);
}

static void show(struct ls *ls, const struct listing *l)
{
	struct out *o = &ls->sh->out;
	struct widths w;

	if (o->mode != OUT_TEXT) {
		for (size_t i = 0; i < l->count && !out_failed(o); i++)
			record_row(ls->sh, l, row_at(l, i));
		return;
	}
	w = measure(ls, l);
	e2_str_truncate(&ls->who, 0);	/* it has other widths */
	if (o->terminal && !ls->zero && (ls->table || ls->inodes) && l->count) {
		if (ls->inodes)
			out_add(o, "%*s  ", w.ino, "INO");
		if (ls->table)
			out_add(o, "MODE        %*s  %*s  %*s  %*s  MODIFIED          ", w.links,
				"LINKS", w.uid, "UID", w.gid, "GID", w.size, "SIZE");
		out_add(o, "NAME");
		out_line(o);
	}
	for (size_t i = 0; i < l->count && !out_failed(o); i++)
		show_row(ls, l, row_at(l, i), &w);
	ls->any = true;
}

/* ---- directories, and those below ---------------------------------------- */

/*
 * Directories still to be listed, the next one last.  Each lies in a directory on the way to the
 * one listed last, so that the path of that begins with the path of every other's directory.
 */
struct pending {
	struct below {
		e2_ino ino;
		size_t dir_len;		/* bytes of path: the directory it lies in */
		size_t name;		/* where its own begins in names */
	} *at;
	size_t count, cap;
	struct e2_str path, names;
	uint64_t deep;			/* left out: nobody could type their paths */
};

static int pending_push(struct pending *p, e2_ino ino, const char *name, size_t len)
{
	size_t dir_len = p->path.len == 1 && p->path.text[0] == '/' ? 0 : p->path.len;
	struct below *more;

	if (dir_len + 1 + len > E2_PATH_MAX) {
		p->deep++;
		return 0;
	}
	more = e2_grow(p->at, &p->cap, p->count + 1, sizeof(*more));
	if (!more)
		return E2_ERR_NOMEM;
	p->at = more;
	more[p->count++] = (struct below){ ino, dir_len, p->names.len };
	e2_str_add_bytes(&p->names, name, len);
	return e2_str_status(&p->names);
}

/* Makes the next one's path, and takes it off. */
static int pending_pop(struct pending *p, e2_ino *ino)
{
	const struct below *last = &p->at[--p->count];

	e2_str_truncate(&p->path, last->dir_len);
	e2_str_add(&p->path, "/");
	e2_str_add_bytes(&p->path, p->names.text + last->name, p->names.len - last->name);
	e2_str_truncate(&p->names, last->name);
	*ino = last->ino;
	return e2_str_status(&p->path);
}

/* The directories of a listing, so that the first by name comes off first. */
static int push_below(struct pending *p, const struct listing *l)
{
	for (size_t i = l->count; i-- > 0; ) {
		const struct row *r = row_at(l, i);
		const char *name = l->arena.text + r->name.at;
		int err;

		if ((r->mode & E2_S_IFMT) != E2_S_IFDIR || r->removed ||
		    (r->name.len <= 2 && !memcmp(name, "..", r->name.len)))
			continue;
		err = pending_push(p, r->ino, name, r->name.len);
		if (err)
			return err;
	}
	return 0;
}

static int list_one(struct ls *ls, struct pending *p, e2_ino ino, bool title)
{
	struct out *o = &ls->sh->out;
	const char *path = e2_str_text(&p->path);
	struct listing l = { .dir = path, .arena = E2_STR_INIT };
	int err = read_dir(ls, ino, &l);

	if (!err)
		err = sort(ls, &l);
	if (!err) {
		if (title && o->mode == OUT_TEXT && !ls->zero) {
			if (ls->any)
				out_line(o);
			out_add_name(o, path, strlen(path));
			out_add(o, ":");
			out_line(o);
			ls->any = true;
		}
		show(ls, &l);
		if (ls->recurse)
			err = push_below(p, &l);
	}
	listing_free(&l);
	return err;
}

/* Each directory once, however often and however circularly it is named. */
static int list_all(struct ls *ls, struct pending *p, e2_ino ino, bool title)
{
	struct e2_bitset *seen;
	int err = e2_bitset_new((uint64_t)e2_geometry(ls->sh->fs)->inodes + 1, &seen);

	if (err)
		return err;
	for (;;) {
		if (!e2_bitset_test_and_set(seen, ino))
			err = list_one(ls, p, ino, title);
		if (err && err != E2_ERR_NOMEM && err != E2_ERR_CANCELLED && ls->recurse) {
			shell_warn(ls->sh, err);
			err = 0;
		}
		if (err || !p->count || out_failed(&ls->sh->out))
			break;
		err = pending_pop(p, &ino);
		if (err)
			break;
	}
	e2_bitset_free(seen);
	return err;
}

static void warn_deep(struct shell *sh, uint64_t count)
{
	struct e2_str s = E2_STR_INIT;

	add_plural(&s, count, "directory whose path has", "directories whose paths have");
	shell_warn(sh, e2_fail(E2_ERR_NAMETOOLONG, "%s more than %d bytes %s left out",
			       e2_str_text(&s), E2_PATH_MAX, count == 1 ? "is" : "are"));
	e2_str_free(&s);
}

static int list_dirs(struct ls *ls, e2_ino ino, const char *path, bool title)
{
	struct pending p = { .path = E2_STR_INIT, .names = E2_STR_INIT };
	int err;

	e2_str_add(&p.path, *path ? path : "/");
	err = e2_str_status(&p.path);
	if (!err)
		err = list_all(ls, &p, ino, title);
	if (p.deep)
		warn_deep(ls->sh, p.deep);
	e2_str_free(&p.path);
	e2_str_free(&p.names);
	free(p.at);
	return err;
}

/* ---- the command --------------------------------------------------------- */

/* Where the text of a symlink at this path starts from; 0 when that is not known. */
static e2_ino parent_of(struct shell *sh, const struct e2_str *path)
{
	struct e2_resolve how = { .root = sh->root };
	const char *slash = path->len ? strrchr(path->text, '/') : NULL;
	char *dir = slash ? strndup(path->text, (size_t)(slash - path->text) + 1) : NULL;
	e2_ino ino = 0;

	if (dir && e2_resolve(sh->fs, &how, dir, &ino))
		ino = 0;
	e2_err_clear();
	free(dir);
	return ino;
}

static bool is_dir(struct shell *sh, e2_ino ino)
{
	struct e2_inode in;
	int err = e2_inode_get(sh->fs, ino, &in);

	if (err)
		e2_err_clear();
	return !err && e2_is_dir(&in);
}

/* What is named itself: everything with -d, else what is no directory. */
static int list_named(struct ls *ls, const struct args *args, bool dirs)
{
	struct listing l = { .dir = "", .arena = E2_STR_INIT };
	int err = 0;

	for (size_t i = 0; i < args->count && !err; i++) {
		const struct arg *a = &args->arg[i];
		struct row *r;

		if (!dirs && is_dir(ls->sh, a->ino))
			continue;
		r = listing_add(&l, a->text, strlen(a->text), a->ino);
		if (!r)
			err = e2_fail(E2_ERR_NOMEM, "no memory for %zu entries", l.count);
		else
			read_inode(ls->sh, &l, r, parent_of(ls->sh, &a->path));
	}
	if (!err && l.count)
		show(ls, &l);
	listing_free(&l);
	return err;
}

static int list(struct ls *ls, const struct args *args)
{
	struct shell *sh = ls->sh;
	bool self = args_has(args, "-d");
	int err = 0;

	if (args->count) {
		err = list_named(ls, args, self);
	} else if (self) {
		struct listing l = { .dir = "", .arena = E2_STR_INIT };
		struct row *r = listing_add(&l, ".", 1, sh->cwd);

		if (r) {
			read_inode(sh, &l, r, 0);
			show(ls, &l);
		}
		listing_free(&l);
	} else {
		err = list_dirs(ls, sh->cwd, e2_str_text(&sh->cwd_path), ls->recurse);
	}
	for (size_t i = 0; i < args->count && !self && !err; i++) {
		const struct arg *a = &args->arg[i];

		if (is_dir(sh, a->ino))
			err = list_dirs(ls, a->ino, a->path.len ? a->path.text : a->text,
					ls->recurse || args->count > 1);
	}
	return err;
}

static int ls(struct shell *sh, const struct args *args, bool table)
{
	struct ls ls = {
		.sh = sh, .table = table || args_has(args, "-l"), .inodes = args_has(args, "-i"),
		.all = args_has(args, "-a"), .recurse = args_has(args, "-R"),
		.zero = args_has(args, "-0"), .human = args_has(args, "-h"),
		.slash = args_has(args, "-p"), .classify = args_has(args, "-F"),
		.owners = sh->show_names && !args_has(args, "-n"),
		.deleted = args_has(args, "--deleted"), .reverse = args_has(args, "-r"),
		.order = args_has(args, "-t") ? BY_TIME : args_has(args, "-S") ? BY_SIZE : BY_NAME,
		.minute = E2_STR_INIT, .who = E2_STR_INIT,
	};
	int err = list(&ls, args);

	e2_str_free(&ls.minute);
	e2_str_free(&ls.who);
	return err;
}

int cmd_ls(struct shell *sh, const struct args *args)
{
	return ls(sh, args, args_has(args, "-n"));
}

int cmd_ll(struct shell *sh, const struct args *args)
{
	return ls(sh, args, true);
}
