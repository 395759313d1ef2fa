/* SPDX-License-Identifier: MIT */
#include "host_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const struct host_file *f, int errnum)
{
	return e2_io_fail_errno(errnum, f->path, "");
}

static mode_t new_mode(void)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	return 0666 & ~mask;
}

/* A file beside path that will replace it; -1 where there can be none. */
static int open_temp(const char *path, char **temp, const struct stat *st)
{
	const char *slash = strrchr(path, '/');
	size_t dir = slash ? (size_t)(slash + 1 - path) : 0;
	mode_t mode = st ? st->st_mode & 07777 : new_mode();
	struct e2_str name = E2_STR_INIT;
	int fd;

	e2_str_add_bytes(&name, path, dir);
	e2_str_add(&name, ".extant-XXXXXX");
	*temp = e2_str_status(&name) ? NULL : strdup(e2_str_text(&name));
	e2_str_free(&name);
	fd = *temp ? mkostemp(*temp, O_CLOEXEC) : -1;
	if (fd >= 0 && ((st && fchown(fd, st->st_uid, st->st_gid)) || fchmod(fd, mode))) {
		(void)unlink(*temp);
		(void)close(fd);	/* nothing was written */
		fd = -1;
	}
	if (fd < 0) {
		free(*temp);
		*temp = NULL;
	}
	return fd;
}

static int open_it(struct host_file *f)
{
	struct stat st, link;
	bool there = stat(f->path, &st) == 0;
	bool fresh = !there && errno == ENOENT && lstat(f->path, &link) != 0;

	f->real = there ? realpath(f->path, NULL) : strdup(f->path);
	if (!f->real)
		return fail(f, errno);
	f->replaces = there;
	if (fresh || (there && S_ISREG(st.st_mode) && st.st_nlink == 1 && !access(f->real, W_OK)))
		f->fd = open_temp(f->real, &f->temporary, there ? &st : NULL);
	if (f->fd < 0)
		f->fd = open(f->real, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	return f->fd < 0 ? fail(f, errno) : 0;
}

int host_file_check(const struct shell *sh, const char *path)
{
	return sh->fs ? e2_own_check(sh->fs, AT_FDCWD, path) : 0;
}

int host_file_begin(const struct shell *sh, struct host_file *f, const char *path)
{
	int err = host_file_check(sh, path);

	if (err)
		return err;
	*f = (struct host_file){ .path = path, .fd = -1 };
	err = open_it(f);
	if (err)
		free(f->real);
	return err;
}

int host_file_write(struct host_file *f, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(f->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(f, errno);
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Some things cannot be synced, which is no failure. */
static bool sync_it(const struct host_file *f)
{
	return fsync(f->fd) == 0 || errno == EINVAL;
}

int host_file_end(struct host_file *f, int err)
{
	if (!err && f->temporary && f->replaces && !sync_it(f))
		err = fail(f, errno);
	if (f->fd >= 0 && close(f->fd) < 0 && !err)
		err = fail(f, errno);
	f->fd = -1;
	if (!err && f->temporary && rename(f->temporary, f->real) < 0)
		err = fail(f, errno);
	if (err && f->temporary)
		(void)unlink(f->temporary);	/* the failure is reported anyway */
	free(f->temporary);
	free(f->real);
	f->temporary = f->real = NULL;
	return err;
}
