/* SPDX-License-Identifier: MIT */
/*
 * One object of a host directory: what stat tells, and what has to be asked besides.
 * A file is opened only for its holes, or to find out whether it can be read.
 */
#include "host/source_walk.h"

#include "disk/consts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int e2_host_skip_or_fail(struct e2_host_walk *w, int err, const char *consequence)
{
	struct e2_str text = E2_STR_INIT;

	if (!w->opt->skip_unreadable || err == E2_ERR_NOMEM || err == E2_ERR_CANCELLED)
		return err;
	w->s->stats.skipped++;
	e2_str_addf(&text, "%s; %s", e2_err_detail(), consequence);
	if (w->opt->warn != NULL)
		w->opt->warn(w->opt->context, e2_str_text(&text));
	e2_str_free(&text);
	e2_err_clear();
	return 1;
}

static int fail_entry(const struct e2_host_walk *w, e2_obj obj, int errnum)
{
	if (errnum == ENOENT)
		return e2_source_fail(w->s, obj, E2_ERR_CHANGED,
				      "vanished while the tree was read");
	return e2_source_fail_errno(w->s, obj, errnum);
}

void e2_host_fill_object(struct e2_object *o, const struct stat *st)
{
	o->size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	o->host_ino = st->st_ino;
	o->atime = st->st_atim.tv_sec;
	o->ctime = st->st_ctim.tv_sec;
	o->mtime = st->st_mtim.tv_sec;
	o->atime_nsec = (uint32_t)st->st_atim.tv_nsec;
	o->ctime_nsec = (uint32_t)st->st_ctim.tv_nsec;
	o->mtime_nsec = (uint32_t)st->st_mtim.tv_nsec;
	o->mode = st->st_mode & (E2_S_IFMT | 07777);
	o->uid = st->st_uid;
	o->gid = st->st_gid;
	if (S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode)) {
		o->rdev_major = major(st->st_rdev);
		o->rdev_minor = minor(st->st_rdev);
	}
}

static int read_symlink(struct e2_host_walk *w, int fd, const char *name, e2_obj obj)
{
	char text[PATH_MAX + 1];
	ssize_t n = readlinkat(fd, name, text, sizeof(text));
	uint32_t at;
	int err;

	if (n < 0)
		return fail_entry(w, obj, errno);
	if ((size_t)n == sizeof(text))
		return fail_entry(w, obj, ENAMETOOLONG);
	err = e2_source_add_text(w->s, text, (size_t)n, &at);
	if (err != 0)
		return err;
	w->s->objects[obj].text = at;
	w->s->objects[obj].size = (uint64_t)n;
	return 0;
}

static int open_regular(const struct e2_host_walk *w, int fd, const char *name,
			const struct stat *st)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	if (w->s->euid == 0 || w->s->euid == st->st_uid)
		flags |= O_NOATIME;
	return openat(fd, name, flags);
}

int e2_host_next_data(int file, uint64_t at, uint64_t size, struct e2_extent *e)
{
	off_t start, end;

	if (at >= size)
		return 0;
	start = lseek(file, (off_t)at, SEEK_DATA);
	if (start < 0 && errno == ENXIO)
		return 0;		/* the rest is a hole */
	end = start < 0 ? -1 : lseek(file, start, SEEK_HOLE);
	if (start < 0 || end < 0)
		return errno == EINVAL ? E2_HOST_UNTOLD : -errno;
	if (end <= start)
		return E2_HOST_UNTOLD;
	if ((uint64_t)start >= size)
		return 0;
	*e = (struct e2_extent){ (uint64_t)start, (uint64_t)end < size ? (uint64_t)end : size };
	return 1;
}

/*
 * The data of a file that has fewer blocks than its size asks for.  A host that
 * cannot tell holes says that all is data; compression looks like holes and is none.
 */
static int read_extents(struct e2_host_walk *w, int file, e2_obj obj, uint64_t size)
{
	struct e2_source *s = w->s;
	size_t first = s->extents_len;
	struct e2_extent e = { 0 };
	uint64_t data = 0;
	int err = 0, found;

	while (err == 0 && (found = e2_host_next_data(file, e.end, size, &e)) != 0) {
		if (found == E2_HOST_UNTOLD) {
			s->extents_len = first;
			return 0;
		}
		if (found < 0)
			return fail_entry(w, obj, -found);
		data += e.end - e.start;
		err = e2_source_add_extent(s, e.start, e.end);
	}
	if (err == 0 && s->extents_len == first)
		err = e2_source_add_extent(s, 0, 0);
	if (err != 0)
		return err;
	if (data == size) {
		s->extents_len = first;
		return 0;
	}
	s->objects[obj].first_extent = (uint32_t)first;
	s->objects[obj].extents = (uint32_t)(s->extents_len - first);
	s->stats.sparse++;
	s->stats.sparse_bytes += size;
	s->stats.sparse_data += data;
	return 0;
}

static int read_regular(struct e2_host_walk *w, int fd, const char *name, e2_obj obj,
			const struct stat *st)
{
	bool holes = (uint64_t)st->st_blocks * 512 < (uint64_t)st->st_size;
	int file, err = 0;

	if (!holes && !w->opt->skip_unreadable)
		return 0;
	file = open_regular(w, fd, name, st);
	if (file < 0)
		return fail_entry(w, obj, errno);
	if (holes)
		err = read_extents(w, file, obj, (uint64_t)st->st_size);
	(void)close(file);	/* read-only: nothing to lose */
	return err;
}

/* Counts an object by its kind and reads what stat does not tell. */
static int read_content(struct e2_host_walk *w, int fd, const char *name, e2_obj obj,
			const struct stat *st)
{
	struct e2_source_stats *stats = &w->s->stats;
	int err = 0;

	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		err = read_regular(w, fd, name, obj, st);
		stats->files += err == 0;
		return err;
	case S_IFLNK:
		err = read_symlink(w, fd, name, obj);
		stats->symlinks += err == 0;
		return err;
	case S_IFDIR:
		w->s->objects[w->s->objects[obj].dir].links += obj != 0;
		stats->dirs++;
		return 0;
	case S_IFBLK:
	case S_IFCHR:
		stats->devices++;
		return 0;
	case S_IFIFO:
	case S_IFSOCK:
		stats->others++;
		return 0;
	default:
		return e2_source_fail(w->s, obj, E2_ERR_UNSUPPORTED, "is of an unknown kind");
	}
}

static int read_xattrs(struct e2_host_walk *w, int fd, const char *name, e2_obj obj, uint64_t dev)
{
	uint32_t set, ignored;
	struct e2_str why = E2_STR_INIT;
	int err;

	if (w->opt->no_xattrs)
		return 0;
	err = e2_xattr_read(&w->xattrs, w->s, fd, name, dev, &set, &ignored);
	if (err != 0) {
		e2_str_add(&why, e2_err_detail());
		err = e2_source_fail(w->s, obj, err, e2_str_text(&why));
		e2_str_free(&why);
		err = e2_host_skip_or_fail(w, err, "its attributes are left out");
		return err < 0 ? err : 0;
	}
	w->s->objects[obj].xattrs = set;
	w->s->stats.ignored_xattrs += ignored;
	return 0;
}

/* ---- hard links ---------------------------------------------------------------- */

/* Where in by_ino the object is, or would be: *same is the one that is there, else obj. */
static uint64_t find_linked(const struct e2_host_walk *w, e2_obj obj, e2_obj *same)
{
	const struct e2_object *o = &w->s->objects[obj];
	uint64_t key = o->host_ino ^ (uint64_t)o->dev << 48, known;

	*same = obj;
	for (; e2_map_get(w->by_ino, key, &known); key++) {
		const struct e2_object *k = &w->s->objects[known];

		if (k->host_ino == o->host_ino && k->dev == o->dev) {
			*same = (e2_obj)known;
			break;
		}
	}
	return key;
}

/* Only once it has been read: the number of an object that is left out goes to the next one. */
static int remember_linked(struct e2_host_walk *w, uint64_t key, e2_obj obj, uint64_t nlink)
{
	struct e2_linked *linked = e2_grow(w->linked, &w->linked_cap, w->linked_len + 1,
					   sizeof(*linked));

	if (linked == NULL)
		return E2_ERR_NOMEM;
	w->linked = linked;
	linked[w->linked_len++] = (struct e2_linked){ obj, nlink };
	return e2_map_set(w->by_ino, key, obj);
}

int e2_host_examine(struct e2_host_walk *w, const struct e2_host_layer *in, const char *name,
		 e2_obj obj, struct e2_host_found *f)
{
	uint64_t mount;
	int errnum;

	w->s->objects[obj].tree = in->tree;
	*f = (struct e2_host_found){ .fd = in->fd, .tree = in->tree };
	errnum = e2_host_stat(in->fd, name, &f->st, &mount);
	if (errnum != 0)
		return e2_host_skip_or_fail(w, fail_entry(w, obj, errnum), "left out");
	if (w->opt->is_own != NULL && w->opt->is_own(w->opt->context, f->st.st_dev, f->st.st_ino))
		return 1;
	e2_host_judge_mount(w, in, mount, f);
	return 0;
}

static int take_object(struct e2_host_walk *w, const struct e2_host_found *f, const char *name,
		       e2_obj obj, e2_obj *same)
{
	bool linked = f->st.st_nlink > 1 && !S_ISDIR(f->st.st_mode);
	uint64_t key = 0;
	int err;

	e2_host_fill_object(&w->s->objects[obj], &f->st);
	err = e2_source_add_dev(w->s, f->st.st_dev, &w->s->objects[obj].dev);
	if (err != 0)
		return err;
	*same = obj;
	if (linked)
		key = find_linked(w, obj, same);
	if (*same != obj)
		return 0;
	err = read_content(w, f->fd, name, obj, &f->st);
	if (err != 0)
		return e2_host_skip_or_fail(w, err, "left out");
	if (linked)
		err = remember_linked(w, key, obj, f->st.st_nlink);
	return err != 0 ? err : read_xattrs(w, f->fd, name, obj, f->st.st_dev);
}

int e2_host_take(struct e2_host_walk *w, struct e2_host_found *f, const char *name, e2_obj obj,
		 e2_obj *same)
{
	struct e2_object *o = &w->s->objects[obj];
	int uncovered = -1, err;

	o->tree = f->tree;
	if (f->root) {
		err = e2_handles_enter(&w->s->handles, w->s, f->tree, obj, &f->fd);
		return err != 0 ? err : take_object(w, f, "", obj, same);
	}
	if (f->closed) {
		uncovered = e2_host_uncover(name, f);
		o->covered = true;
		if (S_ISREG(f->st.st_mode))
			f->st.st_size = 0;
	}
	err = take_object(w, f, name, obj, same);
	if (uncovered >= 0)
		(void)close(uncovered);		/* only looked through */
	return err;
}
