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
	struct e2_str s = E2_STR_INIT;
	int err;

	e2_str_add_name(&s, f->path, strlen(f->path));
	err = e2_fail_errno(errnum, "%s", e2_str_text(&s));
	e2_str_free(&s);
	return err;
}

enum { TRIES = 100 };

/* A name beside it that nothing has. */
static int make_beside(struct host_file *f)
{
	size_t room = strlen(f->path) + 32;

	f->temporary = malloc(room);
	if (!f->temporary)
		return e2_fail(E2_ERR_NOMEM, "no memory for a path");
	for (unsigned i = 0; f->fd < 0 && i < TRIES; i++) {
		(void)snprintf(f->temporary, room, "%s.%ld-%u", f->path, (long)getpid(), i);
		f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (f->fd < 0 && errno != EEXIST)
			break;
	}
	return f->fd < 0 ? fail(f, errno) : 0;
}

int host_file_check(const struct shell *sh, const char *path)
{
	return sh->fs ? e2_own_check(sh->fs, AT_FDCWD, path) : 0;
}

int host_file_begin(const struct shell *sh, struct host_file *f, const char *path)
{
	struct stat st;
	int err = host_file_check(sh, path);

	if (err)
		return err;

	*f = (struct host_file){ .path = path, .fd = -1 };
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		err = f->fd < 0 ? fail(f, errno) : 0;
	} else {
		err = make_beside(f);
	}
	if (err) {
		free(f->temporary);
		f->temporary = NULL;
	}
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

int host_file_end(struct host_file *f, int err)
{
	if (f->fd >= 0 && close(f->fd) < 0 && !err)
		err = fail(f, errno);
	f->fd = -1;
	if (!err && f->temporary && rename(f->temporary, f->path) < 0)
		err = fail(f, errno);
	if (err && f->temporary)
		(void)unlink(f->temporary);	/* the failure is reported anyway */
	free(f->temporary);
	f->temporary = NULL;
	return err;
}
