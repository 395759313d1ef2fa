/* SPDX-License-Identifier: MIT */
/* A directory of the host for one test. */
#ifndef E2_TESTS_SCRATCH_H
#define E2_TESTS_SCRATCH_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
	char dir[64];
	char path[8][512];
	unsigned next;
};

static inline void scratch_begin(struct scratch *s)
{
	*s = (struct scratch){ .dir = "/tmp/extant-test-XXXXXX" };
	cr_assert(mkdtemp(s->dir) == s->dir);
}

/* The path of a name in the directory; valid for the next seven calls. */
static inline const char *scratch_path(struct scratch *s, const char *name)
{
	char *path = s->path[s->next++ % 8];
	size_t len = strlen(s->dir);

	cr_assert(len + 1 + strlen(name) < sizeof(s->path[0]));
	memcpy(path, s->dir, len);
	path[len] = '/';
	memcpy(path + len + 1, name, strlen(name) + 1);
	return path;
}

static inline const char *scratch_file(struct scratch *s, const char *name, const void *data,
				       size_t len)
{
	const char *path = scratch_path(s, name);
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);

	cr_assert(fd >= 0);
	cr_assert(len == 0 || write(fd, data, len) == (ssize_t)len);
	close(fd);
	return path;
}

/* Names in the directory. */
static inline size_t scratch_count(struct scratch *s)
{
	struct stat st;
	size_t count = 0;
	char command[128];
	FILE *f;

	cr_assert(stat(s->dir, &st) == 0);
	snprintf(command, sizeof(command), "ls -A %s", s->dir);
	f = popen(command, "r");
	cr_assert(f != NULL);
	for (int c = getc(f); c != EOF; c = getc(f))
		count += c == '\n';
	pclose(f);
	return count;
}

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)type, (void)f;
	return remove(path);
}

static inline void scratch_end(struct scratch *s)
{
	nftw(s->dir, scratch_remove, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

#endif
