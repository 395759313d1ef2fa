/* SPDX-License-Identifier: MIT */
/*
 * One object of the host into an open volume.
 *
 * A small file costs what its own calls cost: lstat, open, fstat, read, fstat, close.  It is
 * looked at before it is opened, because opening a fifo or a device has effects.
 */
#include "host/import_parts.h"

#include "base/grow.h"
#include "host/input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct single {
	struct e2_importer *x;
	const char *path;
	struct e2_str shown;		/* the path, for messages */
	struct e2_object object;
	struct stat st;			/* when the file was opened */
	int fd;				/* -1: not open */
	struct e2_extent *extents;
	size_t extents_len, extents_cap;
	struct e2_feed feed;
	char text[PATH_MAX + 1];	/* of a symlink */
	size_t text_len;
	struct e2_xattr_reader xattrs;
	uint32_t xattr_count;
};

/* ---- failures --------------------------------------------------------------------- */

static int fail_errno(const struct single *s, int errnum)
{
	return e2_fail_errno(errnum, "%s", e2_str_text(&s->shown));
}

static int fail_changed(const struct single *s, const char *how)
{
	return e2_fail(E2_ERR_CHANGED, "%s: %s while it was read", e2_str_text(&s->shown), how);
}

static int fail_size(const struct single *s, uint64_t now)
{
	uint64_t then = (uint64_t)s->st.st_size;

	return e2_fail(E2_ERR_CHANGED, "%s: %s from %llu to %llu bytes while it was read",
		       e2_str_text(&s->shown), now > then ? "grew" : "shrank",
		       (unsigned long long)then, (unsigned long long)now);
}

/* Whether the file is still what it was when it was opened. */
static int verify(const struct single *s)
{
	struct stat st;

	if (fstat(s->fd, &st) != 0)
		return fail_errno(s, errno);
	if (st.st_size != s->st.st_size)
		return fail_size(s, (uint64_t)st.st_size);
	if (st.st_mtim.tv_sec != s->st.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != s->st.st_mtim.tv_nsec)
		return fail_changed(s, "was written");
	return 0;
}

/* ---- reading ---------------------------------------------------------------------- */

static int read_file(void *context, uint64_t offset, size_t len, void *buf)
{
	const struct single *s = context;
	char *to = buf;

	while (len > 0) {
		ssize_t n = pread(s->fd, to, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(s, errno);
		if (n == 0) {
			int err = verify(s);

			return err != 0 ? err : fail_size(s, offset);
		}
		to += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int open_file(struct single *s)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat seen = s->st;

	errno = EPERM;
	if (geteuid() == 0 || geteuid() == seen.st_uid)
		s->fd = open(s->path, flags | O_NOATIME);
	if (s->fd < 0 && errno == EPERM)
		s->fd = open(s->path, flags);
	if (s->fd < 0 && errno == ELOOP)
		return fail_changed(s, "was replaced");
	if (s->fd < 0 || fstat(s->fd, &s->st) != 0)
		return fail_errno(s, errno);
	if (s->st.st_ino != seen.st_ino || s->st.st_dev != seen.st_dev)
		return fail_changed(s, "was replaced");
	return 0;
}

/* Lists the data of a file with holes; a host that cannot tell them has none. */
static int find_extents(struct single *s)
{
	static const struct e2_extent nothing = { 0, 0 };
	uint64_t size = (uint64_t)s->st.st_size;
	struct e2_extent e = { 0 };
	int found;

	if ((uint64_t)s->st.st_blocks * 512 >= size)
		return 0;
	while ((found = e2_host_next_data(s->fd, e.end, size, &e)) > 0) {
		struct e2_extent *grown = e2_grow(s->extents, &s->extents_cap,
						  s->extents_len + 1, sizeof(*grown));

		if (grown == NULL)
			return E2_ERR_NOMEM;
		s->extents = grown;
		grown[s->extents_len++] = e;
	}
	if (found == E2_HOST_UNTOLD)
		return 0;
	if (found < 0)
		return fail_errno(s, -found);
	s->feed.extents = s->extents_len > 0 ? s->extents : &nothing;
	s->feed.count = s->extents_len;
	return 0;
}

static int read_symlink(struct single *s)
{
	ssize_t n = readlink(s->path, s->text, sizeof(s->text));

	if (n < 0)
		return fail_errno(s, errno);
	if ((size_t)n == sizeof(s->text))
		return fail_errno(s, ENAMETOOLONG);
	s->text_len = (size_t)n;
	return 0;
}

/* Attributes of an open file, or of a name in its directory. */
static int read_xattrs(struct single *s)
{
	const char *slash = strrchr(s->path, '/'), *name = slash != NULL ? slash + 1 : s->path;
	struct e2_str dir = E2_STR_INIT;
	uint32_t ignored;
	int fd = s->fd, err;

	if (fd >= 0) {
		err = e2_xattr_read_items(&s->xattrs, fd, "", s->st.st_dev, &s->xattr_count,
					  &ignored);
	} else {
		e2_str_add_bytes(&dir, s->path, (size_t)(name - s->path));
		e2_str_add(&dir, ".");
		err = e2_str_status(&dir);
		if (err == 0)
			fd = open(e2_str_text(&dir), O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (err == 0 && fd < 0)
			err = fail_errno(s, errno);
		else if (err == 0)
			err = e2_xattr_read_items(&s->xattrs, fd, name, s->st.st_dev,
						  &s->xattr_count, &ignored);
		if (fd >= 0)
			(void)close(fd);	/* nothing was written */
		e2_str_free(&dir);
	}
	return err;
}

/* ---- bringing in ------------------------------------------------------------------- */

static int ask(void *context)
{
	const struct single *s = context;

	return e2_fs_stopped(s->x->fs);
}

static int fail_input(const struct single *s, int errnum)
{
	return errnum == ECANCELED ? E2_ERR_CANCELLED :	/* ask() has said it */
		fail_errno(s, errnum);
}

/* A file whose size the host does not tell, as in /proc: read until it ends. */
static int read_untold(struct single *s, struct e2_str *content)
{
	char piece[4096];
	ssize_t n;

	while ((n = e2_input_read(s->fd, piece, sizeof(piece), ask, s)) != 0) {
		if (n < 0)
			return fail_input(s, errno);
		e2_str_add_bytes(content, piece, (size_t)n);
		if (e2_str_status(content) != 0)
			return e2_str_status(content);
	}
	return 0;
}

static int read_content(void *context, uint64_t offset, size_t len, void *buf)
{
	const struct e2_str *content = context;

	memcpy(buf, content->text + offset, len);
	return 0;
}

static int import_thing(struct single *s, e2_ino dir, const void *name, size_t len, bool regular)
{
	const struct e2_thing thing = {
		.object = &s->object, .text = s->text, .text_len = s->text_len,
		.xattrs = s->xattrs.v, .xattr_count = s->xattr_count,
		.feed = regular ? &s->feed : NULL, .shown = e2_str_text(&s->shown),
	};
	e2_ino ino;
	bool fresh;
	int err;

	err = e2_import_thing(s->x, dir, name, len, &thing, &ino, &fresh);
	if (err == 0 && regular)
		err = verify(s);
	if (err == 0) {
		s->x->counts.names++;
		err = e2_import_made(s->x, ino);
	}
	return err;
}

static int import_regular(struct single *s, e2_ino dir, const void *name, size_t len)
{
	struct e2_str content = E2_STR_INIT;
	int err = open_file(s);

	if (err == 0)
		err = find_extents(s);
	e2_host_fill_object(&s->object, &s->st);
	s->feed.read = read_file;
	s->feed.context = s;
	s->feed.size = s->object.size;
	if (err == 0 && s->feed.size == 0) {
		err = read_untold(s, &content);
		s->feed.read = read_content;
		s->feed.context = &content;
		s->feed.size = content.len;
	}
	if (err == 0 && (s->x->how->flags & E2_IMPORT_XATTRS))
		err = read_xattrs(s);
	if (err == 0)
		err = import_thing(s, dir, name, len, true);
	e2_str_free(&content);
	return err;
}

/* No more than the volume could hold. */
static int write_piece(struct single *s, const char *piece, size_t len, uint64_t *bytes)
{
	if (len > e2_file_size_max(e2_geometry(s->x->fs)) - *bytes)
		return e2_fail(E2_ERR_FBIG, "%s: more than the %llu bytes that a file can have",
			       e2_str_text(&s->shown),
			       (unsigned long long)e2_file_size_max(e2_geometry(s->x->fs)));
	*bytes += len;
	while (len > 0) {
		ssize_t n = write(s->fd, piece, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return e2_fail_errno(errno, "temporary file");
		piece += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Standard input, whose length is known at its end: it waits in a temporary file. */
static int import_input(struct single *s, e2_ino dir, const void *name, size_t len)
{
	char piece[64 * 1024];
	uint64_t bytes = 0;
	ssize_t n;
	int err = 0;

	s->fd = e2_io_scratch_fd();
	if (s->fd < 0)
		return e2_fail_errno(errno, "making a temporary file");
	while (err == 0 &&
	       (n = e2_input_read(STDIN_FILENO, piece, sizeof(piece), ask, s)) != 0)
		err = n < 0 ? fail_input(s, errno) : write_piece(s, piece, (size_t)n, &bytes);
	if (err == 0 && fstat(s->fd, &s->st) != 0)
		err = fail_errno(s, errno);
	if (err != 0)
		return err;
	e2_host_fill_object(&s->object, &s->st);
	s->object.mode = S_IFREG | 0644;
	s->feed = (struct e2_feed){ .read = read_file, .context = s, .size = s->object.size };
	return import_thing(s, dir, name, len, true);
}

static int import_other(struct single *s, e2_ino dir, const void *name, size_t len)
{
	int err = 0;

	e2_host_fill_object(&s->object, &s->st);
	if (S_ISLNK(s->st.st_mode))
		err = read_symlink(s);
	if (err == 0 && (s->x->how->flags & E2_IMPORT_XATTRS))
		err = read_xattrs(s);
	return err != 0 ? err : import_thing(s, dir, name, len, false);
}

static int import_object(struct single *s, e2_ino dir, const void *name, size_t len)
{
	const struct e2_importer *x = s->x;
	mode_t type;

	if (strcmp(s->path, "-") == 0)
		return import_input(s, dir, name, len);
	if (lstat(s->path, &s->st) != 0)
		return fail_errno(s, errno);
	type = s->st.st_mode & S_IFMT;
	if (x->has_own && s->st.st_ino == x->own_ino && s->st.st_dev == x->own_dev)
		return e2_fail(E2_ERR_INVAL, "%s: is the image itself", e2_str_text(&s->shown));
	if (type == S_IFDIR && (x->how->flags & E2_IMPORT_TREE))
		return e2_import_tree(s->x, s->path, dir, name, len);
	if (type == S_IFDIR)
		return e2_fail(E2_ERR_ISDIR, "%s: is a directory", e2_str_text(&s->shown));
	return type == S_IFREG ? import_regular(s, dir, name, len)
			       : import_other(s, dir, name, len);
}

static int import_single(struct e2_importer *x, const char *path, e2_ino dir, const void *name,
			 size_t len)
{
	struct single s = { .x = x, .path = path, .fd = -1 };
	int err;

	e2_xattr_reader_init(&s.xattrs, false);
	if (strcmp(path, "-") == 0)
		e2_str_add(&s.shown, "standard input");
	else
		e2_str_add_name(&s.shown, path, strlen(path));
	err = e2_str_status(&s.shown);
	if (err == 0)
		err = import_object(&s, dir, name, len);
	if (s.fd >= 0)
		(void)close(s.fd);	/* read-only: nothing to lose */
	e2_xattr_reader_free(&s.xattrs);
	e2_str_free(&s.shown);
	free(s.extents);
	return err;
}

int e2_import_begin(struct e2_importer *x, struct e2_txn *txn, const struct e2_import *how)
{
	struct e2_image *image = e2_fs_image(e2_txn_fs(txn));
	struct e2_stamp stamp;
	int err;

	*x = (struct e2_importer){ .txn = txn, .fs = e2_txn_fs(txn), .how = how };
	if (image == NULL)
		return 0;
	err = e2_image_stamp(image, &stamp);
	if (err != 0)
		return err;
	x->own_dev = stamp.dev;
	x->own_ino = stamp.ino;
	x->has_own = true;
	return 0;
}

int e2_import(struct e2_txn *txn, const char *host_path, e2_ino dir, const void *name, size_t len,
	      const struct e2_import *how, struct e2_import_counts *counts)
{
	struct e2_importer x;
	unsigned mark;
	int err = e2_import_begin(&x, txn, how);

	if (err == 0)
		err = e2_txn_mark(txn, &mark);
	if (err != 0)
		return err;
	err = import_single(&x, host_path, dir, name, len);
	err = e2_txn_end(txn, mark, err);
	if (err == 0)
		*counts = x.counts;
	free(x.piece);
	return err;
}

int e2_import_archive(struct e2_txn *txn, const char *host_path, e2_ino dir,
		      const void *name, size_t len, const struct e2_import *how, bool (*stop)(void),
		      struct e2_import_counts *counts)
{
	struct e2_importer x;
	unsigned mark;
	int err = e2_import_begin(&x, txn, how);

	if (err == 0)
		err = e2_txn_mark(txn, &mark);
	if (err != 0)
		return err;
	err = e2_import_unpacked(&x, host_path, dir, name, len, stop);
	err = e2_txn_end(txn, mark, err);
	if (err == 0)
		*counts = x.counts;
	free(x.piece);
	return err;
}
