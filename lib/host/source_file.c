/* SPDX-License-Identifier: MIT */
/* The data of regular files, and the proof that it is what the walk saw. */
#include "host/source_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define REPLACED "was replaced while it was read"

int e2_source_open(struct e2_source *source, e2_obj obj, struct e2_source_file **file)
{
	const struct e2_object *o = &source->objects[obj];
	const char *name = source->text + source->names[o->dir_name].text;
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int dir, fd, err;

	source->file = (struct e2_source_file){ .source = source, .obj = obj, .fd = -1 };
	if (source->spool != NULL) {
		*file = &source->file;
		return 0;
	}
	err = e2_handles_enter(&source->handles, source, o->tree, o->dir, &dir);
	if (err != 0)
		return err;
	fd = -1;
	errno = EPERM;
	if (source->euid == 0 || source->euid == o->uid)
		fd = openat(dir, name, flags | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = openat(dir, name, flags);
	if (fd < 0 && (errno == ELOOP || errno == ENOENT))
		return e2_source_fail(source, obj, E2_ERR_CHANGED, REPLACED);
	if (fd < 0)
		return e2_source_fail_errno(source, obj, errno);
	source->file.fd = fd;
	*file = &source->file;
	return 0;
}

static int fail_size(const struct e2_source *s, e2_obj obj, uint64_t now)
{
	uint64_t then = s->objects[obj].size;
	struct e2_str text = E2_STR_INIT;
	int err;

	e2_str_addf(&text, "%s from %llu to %llu bytes while it was read",
		    now > then ? "grew" : "shrank", (unsigned long long)then,
		    (unsigned long long)now);
	err = e2_source_fail(s, obj, E2_ERR_CHANGED, e2_str_text(&text));
	e2_str_free(&text);
	return err;
}

/* Compares a file as it is with what the walk saw. */
static int compare(const struct e2_source *s, e2_obj obj, const struct stat *st)
{
	const struct e2_object *o = &s->objects[obj];

	if (st->st_ino != o->host_ino || st->st_dev != s->devs[o->dev])
		return e2_source_fail(s, obj, E2_ERR_CHANGED, REPLACED);
	if ((uint64_t)st->st_size != o->size)
		return fail_size(s, obj, (uint64_t)st->st_size);
	if (st->st_mtim.tv_sec != o->mtime || st->st_mtim.tv_nsec != o->mtime_nsec)
		return e2_source_fail(s, obj, E2_ERR_CHANGED, "was written while it was read");
	return 0;
}

static int verify(const struct e2_source_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0)
		return e2_source_fail_errno(f->source, f->obj, errno);
	return compare(f->source, f->obj, &st);
}

/* By its name: a file that is not read again need not be opened. */
static int verify_name(struct e2_source *s, e2_obj obj)
{
	const struct e2_object *o = &s->objects[obj];
	const char *name = s->text + s->names[o->dir_name].text;
	struct stat st;
	int dir, err = e2_handles_enter(&s->handles, s, o->tree, o->dir, &dir);

	if (err != 0)
		return err;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? e2_source_fail(s, obj, E2_ERR_CHANGED, REPLACED)
				       : e2_source_fail_errno(s, obj, errno);
	return compare(s, obj, &st);
}

int e2_source_verify_retired(struct e2_source *source)
{
	e2_obj first = (e2_obj)source->objects_len;
	int err = 0;

	if (source->spool != NULL)
		return 0;
	for (e2_obj obj = first; obj < first + source->retired && err == 0; obj++)
		err = verify_name(source, obj);
	return err;
}

int e2_source_read(struct e2_source_file *file, uint64_t offset, size_t len, void *buf)
{
	char *to = buf;

	if (file->source->spool != NULL)
		return e2_spool_read(file, offset, len, buf);
	while (len > 0) {
		ssize_t n = pread(file->fd, to, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return e2_source_fail_errno(file->source, file->obj, errno);
		if (n == 0) {
			int err = verify(file);

			return err != 0 ? err : fail_size(file->source, file->obj, offset);
		}
		to += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int e2_source_close(struct e2_source_file *file)
{
	int err;

	if (file == NULL || file->source->spool != NULL)
		return 0;
	err = verify(file);
	(void)close(file->fd);	/* read-only: nothing to lose */
	file->fd = -1;
	return err;
}
