/* SPDX-License-Identifier: MIT */
/*
 * Directories of the source by handle: no path is ever put together, so that
 * depth has no bound and a directory swapped for a link is noticed.
 */
#include "host/source_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOCTTY | O_CLOEXEC };

/* The root may be named through a symlink, nothing below it. */
static int open_root(const struct e2_source *s)
{
	return open(s->root, DIR_FLAGS);
}

static int open_child(const struct e2_source *s, int parent, const struct e2_object *o)
{
	const char *name = s->text + s->names[o->dir_name].text;
	int flags = DIR_FLAGS | O_NOFOLLOW;

	if (s->euid == 0 || s->euid == o->uid) {
		int fd = openat(parent, name, flags | O_NOATIME);

		if (fd >= 0 || errno != EPERM)
			return fd;
	}
	return openat(parent, name, flags);
}

/* Opens dir below parent (parent -1: dir is the root). */
static int open_level(const struct e2_source *s, int parent, e2_obj dir, int *fd)
{
	const struct e2_object *o = &s->objects[dir];
	struct stat st;

	*fd = parent < 0 ? open_root(s) : open_child(s, parent, o);
	if (*fd < 0)
		return errno == ELOOP || errno == ENOTDIR || errno == ENOENT
			? e2_source_fail(s, dir, E2_ERR_CHANGED, "was replaced while it was read")
			: e2_source_fail_errno(s, dir, errno);
	if (fstat(*fd, &st) == 0 && st.st_ino == o->host_ino && st.st_dev == s->devs[o->dev])
		return 0;
	(void)close(*fd);
	*fd = -1;
	return e2_source_fail(s, dir, E2_ERR_CHANGED, "was replaced while it was read");
}

static void shut(struct e2_handle *level)
{
	if (level->fd >= 0)
		(void)close(level->fd);	/* read-only: nothing to lose */
	level->fd = -1;
}

/* Lists the path to dir in want, dir first; *n is its length, at least 1. */
static int list_path(struct e2_handles *h, const struct e2_source *s, e2_obj dir, size_t *n)
{
	size_t count = 0;

	for (;;) {
		e2_obj *want = e2_grow(h->want, &h->want_cap, count + 1, sizeof(*want));

		if (want == NULL)
			return E2_ERR_NOMEM;
		h->want = want;
		want[count++] = dir;
		if (dir == 0)
			break;
		dir = s->objects[dir].dir;
	}
	*n = count;
	return 0;
}

int e2_handles_enter(struct e2_handles *h, const struct e2_source *source, e2_obj dir, int *fd)
{
	struct e2_handle *level;
	size_t n, common, open, i;
	int err;

	if (h->depth > 0 && h->level[h->depth - 1].dir == dir && h->level[h->depth - 1].fd >= 0) {
		*fd = h->level[h->depth - 1].fd;
		return 0;
	}
	err = list_path(h, source, dir, &n);
	if (err != 0)
		return err;
	level = e2_grow(h->level, &h->cap, n, sizeof(*level));
	if (level == NULL)
		return E2_ERR_NOMEM;
	h->level = level;
	for (common = 0; common < h->depth && common < n; common++) {
		if (level[common].dir != h->want[n - 1 - common])
			break;
	}
	while (h->depth > common)
		shut(&level[--h->depth]);
	while (h->depth < n) {
		level[h->depth] = (struct e2_handle){ h->want[n - 1 - h->depth], -1 };
		h->depth++;
	}
	for (open = n; open > 0 && level[open - 1].fd < 0; open--)
		;
	for (i = open; i < n; i++) {
		err = open_level(source, i == 0 ? -1 : level[i - 1].fd, level[i].dir, &level[i].fd);
		if (i > E2_HANDLES_KEPT)
			shut(&level[i - 1]);
		if (err != 0) {
			h->depth = i;
			return err;
		}
	}
	*fd = level[n - 1].fd;
	return 0;
}

void e2_handles_close(struct e2_handles *h)
{
	while (h->depth > 0)
		shut(&h->level[--h->depth]);
	free(h->level);
	free(h->want);
	*h = (struct e2_handles){ 0 };
}
