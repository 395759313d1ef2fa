/* SPDX-License-Identifier: MIT */
/*
 * An archive into a source.
 *
 * It is read once from front to back: names into a tree of their own, because they come in any
 * order; data into a temporary file, because it is wanted later.  Nothing of it is believed:
 * what libarchive says of an entry is compared with what a volume can hold.
 */
#include "host/source_unpack.h"

#include "base/zero.h"
#include "disk/consts.h"
#include "host/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 128 * 1024, TELL_BYTES = 16 << 20, SHOWN_BYTES = 300 };

/* ---- failures ----------------------------------------------------------------------- */

static void add_address(const struct e2_unpack *u, struct e2_str *s)
{
	size_t len;

	e2_str_add_name(s, u->s->trees[0].root, strlen(u->s->trees[0].root));
	if (u->number > 0)
		e2_str_addf(s, ": entry %llu", (unsigned long long)u->number);
	if (u->path == NULL)
		return;
	len = strlen(u->path);
	e2_str_add(s, " \"");
	e2_str_add_name(s, u->path, len < SHOWN_BYTES ? len : SHOWN_BYTES);
	e2_str_add(s, len < SHOWN_BYTES ? "\"" : "...\"");
}

int e2_unpack_refuse(const struct e2_unpack *u, int err, const char *fmt, ...)
{
	struct e2_str s = E2_STR_INIT;
	char why[400];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, args);	/* cut short if need be */
	va_end(args);
	add_address(u, &s);
	err = e2_fail(err, "%s: %s; refused", e2_str_text(&s), why);
	e2_str_free(&s);
	return err;
}

/* Whether the caller wants to end it. */
static int ask(void *context)
{
	const struct e2_unpack *u = context;

	return u->opt->progress == NULL ? 0 : u->opt->progress(u->opt->context, u->items_len);
}

static int fail_stopped(void)
{
	return e2_fail(E2_ERR_CANCELLED, "interrupted, reading the archive");
}

/* What libarchive has to say. */
static int fail_archive(const struct e2_unpack *u)
{
	const char *why = u->lib.archive_error_string(u->archive);
	struct e2_str s = E2_STR_INIT;
	int err;

	if (u->lib.archive_errno(u->archive) == ECANCELED)
		return fail_stopped();
	if (why == NULL)
		why = "cannot be read";
	add_address(u, &s);
	e2_str_add(&s, ": ");
	e2_str_add_name(&s, why, strnlen(why, SHOWN_BYTES));
	err = u->lib.archive_errno(u->archive);
	err = e2_fail(err == EIO ? E2_ERR_IO : err == ENOMEM ? E2_ERR_NOMEM : E2_ERR_CORRUPT, "%s",
		      e2_str_text(&s));
	e2_str_free(&s);
	return err;
}

/* Names that are not of the locale are bytes, as all are here; every other warning is of
 * something that would be lost. */
static int check_warning(const struct e2_unpack *u)
{
	const char *why = u->lib.archive_error_string(u->archive);

	return why != NULL && strstr(why, "t be converted") != NULL ? 0 : fail_archive(u);
}

static int tell(struct e2_unpack *u)
{
	u->told = u->data;
	return ask(u) == 0 ? 0 : fail_stopped();
}

/* ---- data ----------------------------------------------------------------------------- */

/* Adds data behind that of the file's before, whose extents begin at first. */
static int add_data(struct e2_unpack *u, size_t first, uint64_t at, const void *data, size_t len)
{
	struct e2_source *s = u->s;
	struct e2_extent *last = s->extents_len > first ? &s->extents[s->extents_len - 1] : NULL;
	int err = 0;

	u->data += len;
	if (u->opt->max_bytes > 0 && u->data > u->opt->max_bytes)
		return e2_unpack_refuse(u, E2_ERR_NOSPC, "more data than the %llu bytes that are "
					"free", (unsigned long long)u->opt->max_bytes);
	if (last != NULL && last->end == at)
		last->end += len;
	else
		err = e2_source_add_extent(s, at, at + len);
	if (err == 0)
		err = e2_spool_add(s->spool, data, len);
	if (err == 0 && u->data - u->told >= TELL_BYTES)
		err = tell(u);
	return err;
}

enum { HOLE_BYTES = 4096 };

/* The same for a format that tells no holes: blocks of zeros are some. */
static int add_dense(struct e2_unpack *u, size_t first, uint64_t at, const uint8_t *data,
		     size_t len)
{
	int err = 0;

	while (len > 0 && err == 0) {
		size_t n = HOLE_BYTES - (size_t)(at % HOLE_BYTES);

		n = n < len ? n : len;
		if (!e2_all_zero(data, n))
			err = add_data(u, first, at, data, n);
		data += n;
		at += n;
		len -= n;
	}
	return err;
}

static int check_size(const struct e2_unpack *u, uint64_t size)
{
	uint64_t most = u->opt->max_size > 0 ? u->opt->max_size : INT64_MAX;

	if (size <= most)
		return 0;
	return e2_unpack_refuse(u, E2_ERR_FBIG, "has %llu bytes, a file here can have %llu",
				(unsigned long long)size, (unsigned long long)most);
}

/* The pieces of data that come, each behind the one before. */
static int read_pieces(struct e2_unpack *u, size_t first, uint64_t *size)
{
	bool sized = u->lib.archive_entry_size_is_set(u->entry);
	uint64_t end = 0;
	const void *data;
	int64_t offset;
	size_t len;
	int r, err;

	while ((r = u->lib.archive_read_data_block(u->archive, &data, &len, &offset)) !=
	       ARCHIVE_EOF) {
		if (r != ARCHIVE_OK)
			return fail_archive(u);
		if (offset < 0 || (uint64_t)offset < end ||
		    (sized && len > *size - ((uint64_t)offset < *size ? (uint64_t)offset : *size)))
			return e2_unpack_refuse(u, E2_ERR_CORRUPT, "its pieces overlap, or lie "
						"behind its end");
		end = (uint64_t)offset + len;
		err = check_size(u, end);
		if (err == 0 && len > 0)
			err = u->holes ? add_dense(u, first, (uint64_t)offset, data, len) :
				add_data(u, first, (uint64_t)offset, data, len);
		if (err != 0)
			return err;
	}
	if (!sized || end > *size)
		*size = end;
	return 0;
}

static int read_file(struct e2_unpack *u, uint32_t item)
{
	struct e2_source *s = u->s;
	struct e2_object *o = &u->items[item].object;
	size_t first = s->extents_len;
	int64_t said = u->lib.archive_entry_size(u->entry);
	uint64_t size = said > 0 ? (uint64_t)said : 0, data = 0;
	int err = check_size(u, size);

	u->items[item].at = s->spool->len;
	if (err == 0)
		err = read_pieces(u, first, &size);
	if (err == 0 && size > 0 && s->extents_len == first)
		err = e2_source_add_extent(s, 0, 0);
	if (err != 0)
		return err;
	for (size_t i = first; i < s->extents_len; i++)
		data += s->extents[i].end - s->extents[i].start;
	o->size = size;
	o->first_extent = (uint32_t)first;
	o->extents = (uint32_t)(s->extents_len - first);
	if (data == size) {
		s->extents_len = first;
		o->extents = 0;
		return 0;
	}
	s->stats.sparse++;
	s->stats.sparse_bytes += size;
	s->stats.sparse_data += data;
	return 0;
}

/* ---- objects ---------------------------------------------------------------------------- */

static int set_owner(const struct e2_unpack *u, struct e2_object *o)
{
	int64_t uid = u->lib.archive_entry_uid(u->entry), gid = u->lib.archive_entry_gid(u->entry);

	if (uid < 0 || uid > UINT32_MAX || gid < 0 || gid > UINT32_MAX)
		return e2_unpack_refuse(u, E2_ERR_RANGE, "belongs to %lld:%lld", (long long)uid,
					(long long)gid);
	o->uid = (uint32_t)uid;
	o->gid = (uint32_t)gid;
	return 0;
}

static uint32_t nanoseconds(long nsec)
{
	return nsec > 0 && nsec < 1000000000 ? (uint32_t)nsec : 0;
}

/* libarchive reads "-1.75" as -1 and .75 forward; it is a second and three quarters before. */
static void put_right(int64_t *sec, uint32_t *nsec)
{
	if (*sec >= 0 || *nsec == 0)
		return;
	--*sec;
	*nsec = 1000000000 - *nsec;
}

/* Times that no entry says are those of the archive's reading. */
static void set_times(const struct e2_unpack *u, struct e2_object *o)
{
	const struct e2_archive_lib *l = &u->lib;
	struct archive_entry *e = u->entry;

	o->made = !l->archive_entry_mtime_is_set(e);
	o->mtime = l->archive_entry_mtime(e);
	o->mtime_nsec = nanoseconds(l->archive_entry_mtime_nsec(e));
	put_right(&o->mtime, &o->mtime_nsec);
	o->atime = o->mtime;
	o->atime_nsec = o->mtime_nsec;
	if (l->archive_entry_atime_is_set(e)) {
		o->atime = l->archive_entry_atime(e);
		o->atime_nsec = nanoseconds(l->archive_entry_atime_nsec(e));
		put_right(&o->atime, &o->atime_nsec);
	}
	o->ctime = o->mtime;
	o->ctime_nsec = o->mtime_nsec;
}

static int set_symlink(struct e2_unpack *u, struct e2_object *o)
{
	const char *text = u->lib.archive_entry_symlink(u->entry);
	size_t len = text != NULL ? strlen(text) : 0;

	if (len == 0 || len > E2_PATH_MAX)
		return e2_unpack_refuse(u, E2_ERR_INVAL, "a symlink with a text of %zu bytes", len);
	o->size = len;
	return e2_source_add_text(u->s, text, len, &o->text);
}

static int set_device(const struct e2_unpack *u, struct e2_object *o)
{
	uint64_t major = u->lib.archive_entry_rdevmajor(u->entry);
	uint64_t minor = u->lib.archive_entry_rdevminor(u->entry);

	if (major >> 12 != 0 || minor >> 20 != 0)
		return e2_unpack_refuse(u, E2_ERR_RANGE, "a device %llu,%llu",
					(unsigned long long)major, (unsigned long long)minor);
	o->rdev_major = (uint32_t)major;
	o->rdev_minor = (uint32_t)minor;
	return 0;
}

/* What the entry says of an object, but for its names. */
static int fill_item(struct e2_unpack *u, uint32_t item)
{
	uint32_t mode = u->lib.archive_entry_mode(u->entry), set;
	struct e2_object o = { .mode = mode & (E2_S_IFMT | 07777) };
	int err = set_owner(u, &o);

	if (err == 0)
		err = e2_unpack_xattrs(u, &o.mode, &set);
	if (err != 0)
		return err;
	o.xattrs = set;
	set_times(u, &o);
	u->items[item].entry = u->number;
	switch (mode & E2_S_IFMT) {
	case E2_S_IFREG:
		u->items[item].object = o;
		return read_file(u, item);
	case E2_S_IFLNK:
		err = set_symlink(u, &o);
		break;
	case E2_S_IFBLK:
	case E2_S_IFCHR:
		err = set_device(u, &o);
		break;
	case E2_S_IFDIR:
	case E2_S_IFIFO:
	case E2_S_IFSOCK:
		break;
	default:
		return e2_unpack_refuse(u, E2_ERR_UNSUPPORTED, "of an unknown kind, mode 0%o",
					mode);
	}
	u->items[item].object = o;
	return err;
}

/* ---- entries ------------------------------------------------------------------------------ */

/* An entry for what is there: only a directory may be said again. */
static int meet(struct e2_unpack *u, uint32_t item)
{
	const struct e2_unpack_item *i = &u->items[item];
	uint32_t mode = u->lib.archive_entry_mode(u->entry);

	if ((i->object.mode & E2_S_IFMT) == E2_S_IFDIR && (mode & E2_S_IFMT) == E2_S_IFDIR)
		return fill_item(u, item);
	if (i->entry == 0)
		return e2_unpack_refuse(u, E2_ERR_EXIST, "other entries use it as a directory");
	return e2_unpack_refuse(u, E2_ERR_EXIST, "entry %llu has that name",
				(unsigned long long)i->entry);
}

static int add_link(struct e2_unpack *u, uint32_t dir, const char *name, size_t len,
		    const char *target)
{
	struct e2_str shown = E2_STR_INIT;
	uint32_t item;
	int err = e2_unpack_lookup(u, target, &item);

	if (err != 0)
		return err;
	if (item == E2_UNPACK_NONE ||
	    (u->items[item].object.mode & E2_S_IFMT) == E2_S_IFDIR) {
		e2_str_add_name(&shown, target, strnlen(target, SHOWN_BYTES));
		err = e2_unpack_refuse(u, E2_ERR_INVAL, "a hard link to \"%s\", which is %s",
				       e2_str_text(&shown), item == E2_UNPACK_NONE ?
				       "not there before it" : "a directory");
		e2_str_free(&shown);
		return err;
	}
	err = e2_unpack_add_name(u, dir, name, len, item);
	/* cpio: the data of a file comes with its last name */
	if (err == 0 && u->lib.archive_entry_size(u->entry) > 0 &&
	    (u->items[item].object.mode & E2_S_IFMT) == E2_S_IFREG)
		err = read_file(u, item);
	return err;
}

static int add_entry(struct e2_unpack *u)
{
	const char *link = u->lib.archive_entry_hardlink(u->entry), *name;
	uint32_t dir, item, there;
	size_t len;
	int err;

	if (u->path == NULL)
		return e2_unpack_refuse(u, E2_ERR_INVAL, "has no name");
	err = e2_unpack_place(u, u->path, &dir, &name, &len);
	if (err != 0)
		return err;
	if (len == 0)
		return meet(u, 0);
	there = e2_unpack_find(u, dir, name, len);
	if (there != E2_UNPACK_NONE)
		return meet(u, u->names[there].item);
	if (link != NULL)
		return add_link(u, dir, name, len, link);
	err = e2_unpack_add_item(u, &item);
	if (err == 0)
		err = fill_item(u, item);
	return err != 0 ? err : e2_unpack_add_name(u, dir, name, len, item);
}

/*
 * Zeros are an archive of nothing, and many other files begin with some: an image of a volume.
 * Whether anything follows them; false where that cannot be told.
 */
static bool is_other(int fd)
{
	uint8_t piece[4096];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, piece, sizeof(piece), at)) > 0) {
		if (!e2_all_zero(piece, (size_t)n))
			return at > 0 || piece[0] == 0;
		at += n;
	}
	return false;
}

static int read_entries(struct e2_unpack *u)
{
	int r, err;

	for (;;) {
		u->path = NULL;
		u->number++;
		r = u->lib.archive_read_next_header(u->archive, &u->entry);
		if (r == ARCHIVE_EOF && u->number == 1 && is_other(u->fd))
			return e2_source_fail_in(u->s, 0, 0, E2_ERR_INVAL, "is no archive");
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return fail_archive(u);
		u->path = u->lib.archive_entry_pathname(u->entry);
		err = r == ARCHIVE_WARN ? check_warning(u) : 0;
		u->holes = (u->lib.archive_format(u->archive) & ARCHIVE_FORMAT_BASE_MASK) ==
			ARCHIVE_FORMAT_CPIO;
		if (err == 0)
			err = add_entry(u);
		if (err == 0 && u->number % 1024 == 0)
			err = tell(u);
		if (err != 0)
			return err;
	}
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static ssize_t read_piece(struct archive *archive, void *context, const void **data)
{
	const struct e2_unpack *u = context;
	ssize_t n = e2_input_read(u->fd, u->piece, READ_BYTES, ask, context);

	*data = u->piece;
	if (n < 0)
		u->lib.archive_set_error(archive, errno, "%s", strerror(errno));
	return n;
}

static int open_archive(struct e2_unpack *u)
{
	const struct e2_archive_lib *l = &u->lib;
	int (*const supports[])(struct archive *) = {
		l->archive_read_support_filter_gzip, l->archive_read_support_filter_bzip2,
		l->archive_read_support_filter_compress, l->archive_read_support_filter_lzma,
		l->archive_read_support_filter_xz, l->archive_read_support_filter_lzip,
		l->archive_read_support_filter_lz4, l->archive_read_support_filter_zstd,
		l->archive_read_support_format_tar, l->archive_read_support_format_cpio,
	};

	u->archive = l->archive_read_new();
	u->piece = malloc(READ_BYTES);
	if (u->archive == NULL || u->piece == NULL)
		return e2_fail(E2_ERR_NOMEM, "reading an archive");
	for (size_t i = 0; i < sizeof(supports) / sizeof(supports[0]); i++)
		(void)supports[i](u->archive);	/* a library built without one reads the others */
	return l->archive_read_open(u->archive, u, NULL, read_piece, NULL) == ARCHIVE_OK ? 0 :
		fail_archive(u);
}

static int unpack(struct e2_unpack *u)
{
	int err = e2_map_new(&u->by_name);

	if (err == 0)
		err = e2_unpack_root(u);
	if (err != 0)
		return err;
	e2_archive_enter(&u->lib);
	err = open_archive(u);
	if (err == 0)
		err = read_entries(u);
	e2_archive_leave(&u->lib);
	if (err == 0)
		err = e2_unpack_emit(u);
	return err;
}

/* A fifo is opened before anybody writes to it: it is waited for where ask() is asked. */
static int open_file(struct e2_unpack *u, const char *path)
{
	u->fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) :
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return u->fd < 0 ? e2_source_fail_errno_in(u->s, 0, 0, errno) : 0;
}

int e2_source_archive(const char *path, const struct e2_source_options *options,
		      struct e2_source **source)
{
	static const struct e2_source_options defaults = { 0 };
	struct e2_unpack u = { .opt = options != NULL ? options : &defaults, .fd = -1 };
	int err = e2_source_new(&u.s);

	if (err == 0)
		err = e2_spool_new(&u.s->spool);
	if (err == 0)
		err = e2_source_add_tree(u.s, strcmp(path, "-") == 0 ? "standard input" : path);
	if (err == 0)
		err = open_file(&u, path);
	if (err == 0)
		err = e2_archive_load(&u.lib);
	if (err == 0)
		err = unpack(&u);
	if (u.archive != NULL)
		(void)u.lib.archive_read_free(u.archive);	/* all has been read */
	e2_archive_unload(&u.lib);
	if (u.fd >= 0)
		(void)close(u.fd);	/* only read */
	free(u.piece);
	e2_map_free(u.by_name);
	e2_unpack_xattrs_free(&u);
	free(u.items);
	free(u.names);
	if (err != 0) {
		e2_source_free(u.s);
		return err;
	}
	*source = u.s;
	return 0;
}
