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

/* Who a directory was when the walk saw it. */
struct identity { uint64_t ino, dev; uint32_t uid; };

static struct identity identify(const struct e2_source *s, uint8_t tree, e2_obj dir)
{
	const struct e2_source_tree *t = &s->trees[tree];
	const struct e2_object *o = &s->objects[dir];
	const struct e2_source_layer *l;

	if (dir == t->at)
		return (struct identity){ t->st.st_ino, t->st.st_dev, t->st.st_uid };
	if (!o->layered)
		return (struct identity){ o->host_ino, s->devs[o->dev], o->uid };
	l = &s->layers[e2_source_find_layer(s, dir, tree)];
	return (struct identity){ l->ino, s->devs[l->dev], l->uid };
}

static int open_child(const struct e2_source *s, int parent, e2_obj dir, uint32_t uid)
{
	const char *name = s->text + s->names[s->objects[dir].dir_name].text;
	int flags = DIR_FLAGS | O_NOFOLLOW;

	if (s->euid == 0 || s->euid == uid) {
		int fd = openat(parent, name, flags | O_NOATIME);

		if (fd >= 0 || errno != EPERM)
			return fd;
	}
	return openat(parent, name, flags);
}

/* Opens dir below parent.  parent -1: the root of the tree, which may be named through a
 * symlink; nothing below it may. */
static int open_level(const struct e2_source *s, uint8_t tree, int parent, e2_obj dir, int *fd)
{
	const char *replaced = "was replaced while it was read";
	struct identity who = identify(s, tree, dir);
	struct stat st;

	*fd = parent < 0 ? open(s->trees[tree].root, DIR_FLAGS) :
		open_child(s, parent, dir, who.uid);
	if (*fd < 0)
		return errno == ELOOP || errno == ENOTDIR || errno == ENOENT
			? e2_source_fail_in(s, tree, dir, E2_ERR_CHANGED, replaced)
			: e2_source_fail_errno_in(s, tree, dir, errno);
	if (fstat(*fd, &st) == 0 && st.st_ino == who.ino && st.st_dev == who.dev)
		return 0;
	(void)close(*fd);
	*fd = -1;
	return e2_source_fail_in(s, tree, dir, E2_ERR_CHANGED, replaced);
}

static void shut(struct e2_handle *level)
{
	if (level->fd >= 0)
		(void)close(level->fd);	/* read-only: nothing to lose */
	level->fd = -1;
}

/* Lists the path to dir in want, dir first; *n is its length, at least 1. */
static int list_path(struct e2_handles *h, const struct e2_source *s, uint8_t tree, e2_obj dir,
		     size_t *n)
{
	size_t count = 0;

	for (;;) {
		e2_obj *want = e2_grow(h->want, &h->want_cap, count + 1, sizeof(*want));

		if (want == NULL)
			return E2_ERR_NOMEM;
		h->want = want;
		want[count++] = dir;
		if (dir == s->trees[tree].at)
			break;
		dir = s->objects[dir].dir;
	}
	*n = count;
	return 0;
}

int e2_handles_enter(struct e2_handles *h, const struct e2_source *source, uint8_t tree, e2_obj dir,
		     int *fd)
{
	struct e2_handle *level;
	size_t n, common, open, i;
	int err;

	while (h->tree != tree && h->depth > 0)
		shut(&h->level[--h->depth]);
	h->tree = tree;
	if (h->depth > 0 && h->level[h->depth - 1].dir == dir && h->level[h->depth - 1].fd >= 0) {
		*fd = h->level[h->depth - 1].fd;
		return 0;
	}
	err = list_path(h, source, tree, dir, &n);
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
		err = open_level(source, tree, i == 0 ? -1 : level[i - 1].fd, level[i].dir,
				 &level[i].fd);
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
