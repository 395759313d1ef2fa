/* SPDX-License-Identifier: MIT */
/*
 * The host's directories while a tree is extracted.
 *
 * A tree may be deeper than the process may have files open and longer than any
 * path.  So a level is entered by handle, and levels far from the innermost give
 * theirs up: kept are the innermost ones and some at regular distances
 * above.  A level is opened again from the nearest one above that is open,
 * name by name and never through a link, and must still be the same directory.
 */
#include "host/extract_parts.h"

#include "base/grow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEEP = 64, OPEN_MAX_LEVELS = 3 * KEEP };

static int open_dir(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static const char *name_of(const struct e2_host_dirs *d, uint32_t dir)
{
	return d->names.text + d->dirs[dir].name;
}

static int check_same(const struct e2_host_dirs *d, uint32_t dir, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return e2_fail_errno(errno, "looking at a directory again");
	if (st.st_dev != d->dirs[dir].dev || st.st_ino != d->dirs[dir].ino)
		return e2_fail(E2_ERR_CHANGED, "a directory was replaced meanwhile");
	return 0;
}

static int add_record(struct e2_host_dirs *d, const char *name, const struct stat *st,
		      uint32_t *index)
{
	uint32_t parent = d->depth ? d->levels[d->depth - 1].dir : 0;
	struct e2_host_dir *dirs;

	if (d->count == UINT32_MAX)
		return e2_fail(E2_ERR_RANGE, "extracting: too many directories");
	dirs = e2_grow(d->dirs, &d->cap, d->count + 1, sizeof(*dirs));
	if (!dirs)
		return E2_ERR_NOMEM;
	d->dirs = dirs;
	d->dirs[d->count] = (struct e2_host_dir){ parent, d->names.len, st->st_dev, st->st_ino };
	e2_str_add_bytes(&d->names, name, strlen(name) + 1);
	if (e2_str_status(&d->names))
		return e2_fail(E2_ERR_NOMEM, "extracting: out of memory");
	*index = (uint32_t)d->count++;
	return 0;
}

static void close_level(struct e2_host_dirs *d, size_t level)
{
	if (d->levels[level].fd < 0)
		return;
	(void)close(d->levels[level].fd);	/* only read through */
	d->levels[level].fd = -1;
	d->open--;
}

/* Closes what is neither among the innermost levels nor at a regular distance. */
static void close_some(struct e2_host_dirs *d)
{
	size_t stride = 1;

	while (d->depth / stride > KEEP)
		stride *= 2;
	for (size_t i = 1; i + KEEP < d->depth; i++)
		if (i % stride != 0)
			close_level(d, i);
}

static int push(struct e2_host_dirs *d, const char *name, int fd, e2_ino ino, bool made)
{
	uint32_t dir = 0;
	struct e2_host_level *levels;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return e2_fail_errno(errno, "looking at a directory");
	r = add_record(d, name, &st, &dir);
	if (r)
		return r;
	levels = e2_grow(d->levels, &d->levels_cap, d->depth + 1, sizeof(*levels));
	if (!levels)
		return E2_ERR_NOMEM;
	d->levels = levels;
	d->levels[d->depth++] = (struct e2_host_level){ dir, fd, ino, st.st_mode, made };
	if (++d->open > OPEN_MAX_LEVELS)
		close_some(d);
	return 0;
}

int e2_host_dirs_push(struct e2_host_dirs *d, const char *name, int fd, e2_ino ino, bool made)
{
	int r = push(d, name, fd, ino, made);

	if (r)
		(void)close(fd);	/* only read through */
	return r;
}

void e2_host_dirs_pop(struct e2_host_dirs *d)
{
	close_level(d, --d->depth);
}

int e2_host_dirs_open(struct e2_host_dirs *d, int fd)
{
	*d = (struct e2_host_dirs){ .again_fd = -1 };
	return e2_host_dirs_push(d, "", fd, 0, false);
}

void e2_host_dirs_close(struct e2_host_dirs *d)
{
	while (d->depth > 0)
		e2_host_dirs_pop(d);
	if (d->again_fd >= 0)
		(void)close(d->again_fd);	/* only read through */
	free(d->dirs);
	free(d->levels);
	e2_str_free(&d->names);
}

int e2_host_dirs_fd(struct e2_host_dirs *d)
{
	size_t level = d->depth - 1, from;
	int fd, r;

	while (d->levels[level].fd < 0)
		level--;
	for (from = level; level + 1 < d->depth; level++) {
		struct e2_host_level *next = &d->levels[level + 1];

		fd = open_dir(d->levels[level].fd, name_of(d, next->dir));
		if (fd < 0)
			return e2_fail_errno(errno, "opening a directory again");
		next->fd = fd;
		d->open++;
		r = check_same(d, next->dir, fd);
		if (r) {
			close_level(d, level + 1);
			return r;
		}
		/* Far from the innermost level, it was only a step on the way. */
		if (level > from && level + KEEP < d->depth)
			close_level(d, level);
	}
	return d->levels[level].fd;
}

/* Opens a recorded directory from the destination on; path has the records on the way. */
static int open_chain(const struct e2_host_dirs *d, const uint32_t *path, size_t steps)
{
	int at = d->levels[0].fd, fd, err;

	while (steps > 0) {
		fd = open_dir(at, name_of(d, path[--steps]));
		err = errno;
		if (at != d->levels[0].fd)
			(void)close(at);	/* only read through */
		if (fd < 0)
			return e2_fail_errno(err, "opening a directory again");
		at = fd;
	}
	return at;
}

int e2_host_dirs_again(struct e2_host_dirs *d, uint32_t dir)
{
	uint32_t *path = NULL, *more;
	size_t steps = 0, cap = 0;
	int r;

	for (size_t i = d->depth; i-- > 0;)
		if (d->levels[i].dir == dir && d->levels[i].fd >= 0)
			return d->levels[i].fd;
	if (d->again_fd >= 0 && d->again_dir == dir)
		return d->again_fd;
	if (d->again_fd >= 0)
		(void)close(d->again_fd);	/* only read through */
	d->again_fd = -1;
	for (uint32_t up = dir; up != 0; up = d->dirs[up].parent) {
		more = e2_grow(path, &cap, steps + 1, sizeof(*path));
		if (!more) {
			free(path);
			return E2_ERR_NOMEM;
		}
		path = more;
		path[steps++] = up;
	}
	r = open_chain(d, path, steps);
	free(path);
	if (r < 0)
		return r;
	d->again_fd = r;
	d->again_dir = dir;
	r = check_same(d, dir, d->again_fd);
	if (r) {
		(void)close(d->again_fd);	/* only read through */
		d->again_fd = -1;
		return r;
	}
	return d->again_fd;
}
