/* SPDX-License-Identifier: MIT */
/*
 * Reads a host directory into a source.
 *
 * One directory after the other, depth first, by an explicit stack.  A directory is listed,
 * its names are sorted, and each becomes a record before the next directory is entered:
 * so the objects of a directory are neighbours, and their order is that of
 * the names' bytes, whatever the host's order was.
 */
#include "host/source_priv.h"

#include "disk/consts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct listed {			/* a name of the directory that is being read */
	uint64_t key;		/* its bytes behind what all names begin with: most comparisons */
	uint32_t text;
	uint8_t len;
};

struct linked { e2_obj obj; uint32_t nlink; };	/* an object with several names on the host */

struct walk {
	struct e2_source *s;
	const struct e2_source_options *opt;
	struct listed *list;
	e2_obj *todo;			/* directories to enter, next last */
	struct linked *linked;
	size_t list_len, list_cap, todo_len, todo_cap, linked_len, linked_cap;
	struct e2_map *by_ino;		/* device and inode number, stepped on collision */
	struct e2_xattr_reader xattrs;
	char *dents;
	struct e2_str path;		/* of the directory, with a slash; for exclude */
	uint64_t told;			/* objects at the last call of progress */
};

enum { DENTS_BYTES = 64 * 1024, PROGRESS_STEP = 1024 };

/* ---- what goes wrong ----------------------------------------------------------- */

/*
 * Decides about a failure whose detail names the object: with skip_unreadable it is
 * told and forgotten (1), else passed on.
 */
static int skip_or_fail(struct walk *w, int err, const char *consequence)
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

static int fail_entry(const struct walk *w, e2_obj obj, int errnum)
{
	if (errnum == ENOENT)
		return e2_source_fail(w->s, obj, E2_ERR_CHANGED,
				      "vanished while the tree was read");
	return e2_source_fail_errno(w->s, obj, errnum);
}

static int tell_progress(struct walk *w)
{
	if (w->opt->progress == NULL || w->s->objects_len < w->told + PROGRESS_STEP)
		return 0;
	w->told = w->s->objects_len;
	if (w->opt->progress(w->opt->context, w->told) == 0)
		return 0;
	return e2_fail(E2_ERR_CANCELLED, "reading the tree");
}

/* ---- listing a directory ---------------------------------------------------------- */

static int add_listed(struct walk *w, const char *name)
{
	size_t len = strlen(name);
	struct listed *list = e2_grow(w->list, &w->list_cap, w->list_len + 1, sizeof(*list));
	int err;

	if (list == NULL)
		return E2_ERR_NOMEM;
	w->list = list;
	list += w->list_len;
	err = e2_source_add_text(w->s, name, len, &list->text);
	if (err != 0)
		return err;
	list->len = (uint8_t)len;
	w->list_len++;
	return 0;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* All names of the directory behind fd, in the host's order. */
static int list_dir(struct walk *w, e2_obj dir, int fd)
{
	w->list_len = 0;
	for (;;) {
		ssize_t n = getdents64(fd, w->dents, DENTS_BYTES), at;

		if (n < 0)
			return e2_source_fail_errno(w->s, dir, errno);
		if (n == 0)
			return 0;
		for (at = 0; at < n;) {
			struct dirent64 entry;	/* copied: the buffer is bytes */
			const char *name = w->dents + at + offsetof(struct dirent64, d_name);
			int err;

			memcpy(&entry, w->dents + at, offsetof(struct dirent64, d_name));
			at += entry.d_reclen;
			if (is_dot(name))
				continue;
			if (strlen(name) > E2_NAME_MAX)
				return e2_source_fail(w->s, dir, E2_ERR_NAMETOOLONG,
						      "holds a name of more than 255 bytes");
			err = add_listed(w, name);
			if (err != 0)
				return err;
		}
	}
}

static int compare_listed(const void *left, const void *right, void *text)
{
	const struct listed *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return strcmp((const char *)text + a->text, (const char *)text + b->text);
}

/* Sorts by bytes; names of one directory often begin alike, so keys are taken behind that. */
static void sort_list(struct walk *w)
{
	const char *text = w->s->text;
	const char *first = text + (w->list_len > 0 ? w->list[0].text : 0);
	size_t same = strlen(first), i, k;

	for (i = 1; i < w->list_len; i++) {
		const char *name = text + w->list[i].text;

		for (k = 0; k < same && name[k] == first[k]; k++)
			;
		same = k;
	}
	for (i = 0; i < w->list_len; i++) {
		const struct listed *l = &w->list[i];

		w->list[i].key = 0;
		for (k = 0; k < sizeof(l->key); k++) {
			uint8_t byte = same + k < l->len ? (uint8_t)text[l->text + same + k] : 0;

			w->list[i].key = w->list[i].key << 8 | byte;
		}
	}
	if (w->list_len > 1)
		qsort_r(w->list, w->list_len, sizeof(*w->list), compare_listed, w->s->text);
}

/* ---- one object -------------------------------------------------------------------- */

static void fill_object(struct e2_object *o, const struct stat *st)
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

static int read_symlink(struct walk *w, int fd, const char *name, e2_obj obj)
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

static int open_regular(const struct walk *w, int fd, const char *name, const struct stat *st)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	if (w->s->euid == 0 || w->s->euid == st->st_uid)
		flags |= O_NOATIME;
	return openat(fd, name, flags);
}

/*
 * The data of a file that has fewer blocks than its size asks for.  A host that
 * cannot tell holes says that all is data; compression looks like holes and is none.
 */
static int read_extents(struct walk *w, int file, e2_obj obj, uint64_t size)
{
	struct e2_source *s = w->s;
	size_t first = s->extents_len;
	uint64_t data = 0, at = 0;
	int err = 0;

	while (err == 0 && at < size) {
		off_t start = lseek(file, (off_t)at, SEEK_DATA), end;

		if (start < 0 && errno == ENXIO)
			break;		/* the rest is a hole */
		end = start < 0 ? -1 : lseek(file, start, SEEK_HOLE);
		if ((start < 0 || end < 0) && errno != EINVAL)
			return fail_entry(w, obj, errno);
		if (end <= start) {
			s->extents_len = first;
			return 0;
		}
		if ((uint64_t)start >= size)
			break;
		at = (uint64_t)end < size ? (uint64_t)end : size;
		data += at - (uint64_t)start;
		err = e2_source_add_extent(s, (uint64_t)start, at);
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

static int read_regular(struct walk *w, int fd, const char *name, e2_obj obj,
			const struct stat *st)
{
	bool holes = st->st_blocks < st->st_size / 512;	/* a file may fill its blocks but partly */
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
static int read_content(struct walk *w, int fd, const char *name, e2_obj obj,
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
		w->s->objects[w->s->objects[obj].dir].links++;
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

static int read_xattrs(struct walk *w, int fd, const char *name, e2_obj obj, uint64_t dev)
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
		err = skip_or_fail(w, err, "its attributes are left out");
		return err < 0 ? err : 0;
	}
	w->s->objects[obj].xattrs = set;
	w->s->stats.ignored_xattrs += ignored;
	return 0;
}

/* ---- hard links --------------------------------------------------------------------- */

/* The object that is the same file, else obj itself; *key is where it is to be remembered then. */
static e2_obj find_linked(const struct walk *w, e2_obj obj, uint64_t *key)
{
	const struct e2_object *o = &w->s->objects[obj];
	uint64_t known;

	*key = o->host_ino ^ (uint64_t)o->dev << 48;
	for (; e2_map_get(w->by_ino, *key, &known); ++*key) {
		const struct e2_object *k = &w->s->objects[known];

		if (k->host_ino == o->host_ino && k->dev == o->dev)
			return (e2_obj)known;
	}
	return obj;
}

/* Only once it has been read: the number of an object that is left out goes to the next one. */
static int remember_linked(struct walk *w, e2_obj obj, uint64_t key, uint32_t nlink)
{
	struct linked *linked = e2_grow(w->linked, &w->linked_cap, w->linked_len + 1,
					sizeof(*linked));

	if (linked == NULL)
		return E2_ERR_NOMEM;
	w->linked = linked;
	linked[w->linked_len++] = (struct linked){ obj, nlink };
	return e2_map_set(w->by_ino, key, obj);
}

static void count_linked(struct walk *w)
{
	struct e2_source_stats *stats = &w->s->stats;

	for (size_t i = 0; i < w->linked_len; i++) {
		uint32_t links = w->s->objects[w->linked[i].obj].links;

		if (links > 1) {
			stats->linked++;
			stats->names += links;
		}
		stats->outside += links < w->linked[i].nlink;
	}
}

/* ---- entries -------------------------------------------------------------------------- */

static bool is_excluded(struct walk *w, const char *name, size_t len)
{
	const char *const *p;
	size_t base = w->path.len;
	bool found = false;

	if (w->opt->exclude == NULL)
		return false;
	e2_str_add_bytes(&w->path, name, len);
	for (p = w->opt->exclude; *p != NULL && !found; p++) {
		const char *path = *p;
		size_t n;

		while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
			path++;
		for (n = strlen(path); n > 0 && path[n - 1] == '/'; n--)
			;
		found = n == w->path.len && memcmp(path, e2_str_text(&w->path), n) == 0;
	}
	e2_str_truncate(&w->path, base);
	return found;
}

/* Reads the object that a fresh record stands for.  1: it is to be left out. */
static int read_object(struct walk *w, int fd, const char *name, e2_obj obj, e2_obj *same)
{
	struct e2_source *s = w->s;
	struct stat st;
	uint64_t key = 0;
	bool linked;
	int err;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return skip_or_fail(w, fail_entry(w, obj, errno), "left out");
	if (w->opt->is_own != NULL && w->opt->is_own(w->opt->context, st.st_dev, st.st_ino))
		return 1;
	fill_object(&s->objects[obj], &st);
	err = e2_source_add_dev(s, st.st_dev, &s->objects[obj].dev);
	linked = st.st_nlink > 1 && !S_ISDIR(st.st_mode);
	*same = linked && err == 0 ? find_linked(w, obj, &key) : obj;
	if (err != 0 || *same != obj)
		return err;
	err = read_content(w, fd, name, obj, &st);
	if (err != 0)
		return skip_or_fail(w, err, "left out");
	if (linked)
		err = remember_linked(w, obj, key, (uint32_t)st.st_nlink);
	return err != 0 ? err : read_xattrs(w, fd, name, obj, st.st_dev);
}

/* One name: a record of the name and, unless it is a further name of one, of its object. */
static int add_entry(struct walk *w, e2_obj dir, int fd, const struct listed *l)
{
	struct e2_source *s = w->s;
	struct e2_source_name *names;
	char name[E2_NAME_MAX + 1];	/* copied: reading may move the texts */
	e2_obj obj, same = E2_OBJ_NONE;
	int err;

	memcpy(name, s->text + l->text, l->len + 1u);
	if (is_excluded(w, name, l->len))
		return 0;
	names = e2_grow(s->names, &s->names_cap, s->names_len + 1, sizeof(*names));
	if (names == NULL)
		return E2_ERR_NOMEM;
	s->names = names;
	err = e2_source_add_object(s, &obj);
	if (err != 0)
		return err;
	names[s->names_len] = (struct e2_source_name){ l->text, obj, l->len };
	s->objects[obj].dir = dir;
	s->objects[obj].dir_name = (uint32_t)s->names_len;
	err = read_object(w, fd, name, obj, &same);
	if (err != 0 || same != obj)
		s->objects_len--;
	if (err != 0)
		return err < 0 ? err : 0;
	names[s->names_len++].object = same;
	if (!S_ISDIR(s->objects[same].mode))
		s->objects[same].links++;
	return tell_progress(w);
}

/* ---- directories ------------------------------------------------------------------------ */

/* The directory's path below the root, for is_excluded. */
static int set_path(struct walk *w, e2_obj dir)
{
	struct e2_str *path = &w->path;
	const struct e2_source *s = w->s;
	size_t len = 0;
	e2_obj o;
	char *to;

	if (w->opt->exclude == NULL)
		return 0;
	for (o = dir; o != 0; o = s->objects[o].dir)
		len += s->names[s->objects[o].dir_name].len + 1u;
	to = e2_grow(path->text, &path->cap, len + 1, 1);
	if (to == NULL)
		return E2_ERR_NOMEM;
	path->text = to;
	path->len = len;
	to[len] = '\0';
	for (o = dir; o != 0; o = s->objects[o].dir) {
		const struct e2_source_name *name = &s->names[s->objects[o].dir_name];

		to[--len] = '/';
		len -= name->len;
		memcpy(to + len, s->text + name->text, name->len);
	}
	return 0;
}

/* The subdirectories of dir, last name first, so that the first is entered next. */
static int push_subdirs(struct walk *w, e2_obj dir)
{
	const struct e2_object *o = &w->s->objects[dir];
	e2_obj *todo = e2_grow(w->todo, &w->todo_cap, w->todo_len + o->links + 1, sizeof(*todo));

	if (todo == NULL)
		return E2_ERR_NOMEM;
	w->todo = todo;
	for (uint32_t i = o->names; i > 0; i--) {
		e2_obj child = w->s->names[o->first_name + i - 1].object;

		if (S_ISDIR(w->s->objects[child].mode))
			todo[w->todo_len++] = child;
	}
	return 0;
}

static int visit(struct walk *w, e2_obj dir)
{
	struct e2_source *s = w->s;
	size_t first = s->names_len, i;
	int fd, err;

	s->objects[dir].first_name = (uint32_t)first;
	err = e2_handles_enter(&s->handles, s, dir, &fd);
	if (err == 0)
		err = list_dir(w, dir, fd);
	if (err != 0) {
		err = dir == 0 ? err : skip_or_fail(w, err, "its content is left out");
		return err < 0 ? err : 0;
	}
	err = set_path(w, dir);
	sort_list(w);
	for (i = 0; i < w->list_len && err == 0; i++)
		err = add_entry(w, dir, fd, &w->list[i]);
	if (err != 0)
		return err;
	if (s->names_len > UINT32_MAX)
		return e2_fail(E2_ERR_RANGE, "the tree has more than %u names", UINT32_MAX);
	s->objects[dir].names = (uint32_t)(s->names_len - first);
	return push_subdirs(w, dir);
}

static int add_root(struct walk *w, const char *path)
{
	struct e2_source *s = w->s;
	struct stat st;
	e2_obj root;
	int fd, err;

	err = e2_source_add_object(s, &root);
	if (err != 0)
		return err;
	s->root = strdup(path);
	if (s->root == NULL)
		return e2_fail(E2_ERR_NOMEM, "the path of the tree");
	if (stat(path, &st) != 0)
		return e2_source_fail_errno(s, root, errno);
	if (!S_ISDIR(st.st_mode))
		return e2_source_fail(s, root, E2_ERR_NOTDIR, "is not a directory");
	fill_object(&s->objects[root], &st);
	s->stats.dirs++;
	err = e2_source_add_dev(s, st.st_dev, &s->objects[root].dev);
	if (err == 0)
		err = e2_handles_enter(&s->handles, s, root, &fd);
	return err != 0 ? err : read_xattrs(w, fd, "", root, st.st_dev);
}

static int walk_tree(struct walk *w, const char *path)
{
	int err = add_root(w, path);

	if (err == 0)
		err = visit(w, 0);
	while (err == 0 && w->todo_len > 0)
		err = visit(w, w->todo[--w->todo_len]);
	if (err == 0)
		count_linked(w);
	return err;
}

int e2_source_dir(const char *path, const struct e2_source_options *options,
		  struct e2_source **source)
{
	static const struct e2_source_options defaults = { 0 };
	struct walk w = { .opt = options != NULL ? options : &defaults };
	int err;

	e2_xattr_reader_init(&w.xattrs, w.opt->proc_xattrs);
	w.dents = malloc(DENTS_BYTES);
	err = w.dents == NULL ? e2_fail(E2_ERR_NOMEM, "a buffer for directories") : 0;
	if (err == 0)
		err = e2_source_new(&w.s);
	if (err == 0)
		err = e2_map_new(&w.by_ino);
	if (err == 0)
		err = walk_tree(&w, path);
	e2_xattr_reader_free(&w.xattrs);
	e2_map_free(w.by_ino);
	free(w.list);
	free(w.todo);
	free(w.linked);
	free(w.dents);
	e2_str_free(&w.path);
	if (err != 0) {
		e2_source_free(w.s);
		return err;
	}
	*source = w.s;
	return 0;
}
