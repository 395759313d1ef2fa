/* SPDX-License-Identifier: MIT */
#include "history.h"

#include "e2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024 };	/* of the file's end; a longer one is cut to half of it */

/* The directory of an absolute path and those above it, each for their owner only. */
static bool make_dirs(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		if (mkdir(path, 0700) && errno != EEXIST) {
			*at = '/';
			return false;
		}
		*at = '/';
	}
	return true;
}

static bool find_path(struct e2_str *path)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		e2_str_addf(path, "%s/extant/history", state);
	else if (home && *home == '/')
		e2_str_addf(path, "%s/.local/state/extant/history", home);
	return path->len && !e2_str_status(path) && make_dirs(path->text);
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return false;
		text += n < 0 ? 0 : n;
		len -= n < 0 ? 0 : (size_t)n;
	}
	return true;
}

/* Puts a shorter file in the place of the long one, and goes on with that. */
static void shorten(struct history_file *h, const char *path, const char *text, size_t len)
{
	struct e2_str temp = E2_STR_INIT;
	int fd;

	e2_str_addf(&temp, "%s.XXXXXX", path);
	fd = e2_str_status(&temp) ? -1 : mkostemp(temp.text, O_CLOEXEC | O_APPEND);
	if (fd >= 0 && (!write_all(fd, text, len) || fsync(fd) || rename(temp.text, path))) {
		(void)unlink(temp.text);
		(void)close(fd);	/* the long one stays */
		fd = -1;
	}
	if (fd >= 0) {
		(void)close(h->fd);	/* only read from */
		h->fd = fd;
	}
	e2_str_free(&temp);
}

/* The whole lines at the end of the file. */
static void read_lines(struct history_file *h, const char *path, off_t size,
		       void (*see)(void *context, const char *line), void *context)
{
	bool cut = size > READ_BYTES;
	size_t want = cut ? READ_BYTES / 2 : (size_t)size;
	char *text = malloc(want + 1), *line = text, *end;
	ssize_t n = text ? pread(h->fd, text, want, cut ? size - (off_t)want : 0) : -1;

	if (n < 0) {
		free(text);
		return;
	}
	text[n] = '\0';
	if (cut && (end = memchr(text, '\n', (size_t)n)) != NULL) {
		line = end + 1;
		shorten(h, path, line, (size_t)(text + n - line));
	}
	while ((end = memchr(line, '\n', (size_t)(text + n - line))) != NULL) {
		*end = '\0';
		if (*line && strlen(line) == (size_t)(end - line))
			see(context, line);
		line = end + 1;
	}
	free(text);
}

void history_open(struct history_file *h, void (*see)(void *context, const char *line),
		  void *context)
{
	struct e2_str path = E2_STR_INIT;
	struct stat st;

	h->fd = -1;
	if (find_path(&path))
		h->fd = open(path.text, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK |
			     O_NOCTTY, 0600);
	if (h->fd >= 0 && (fstat(h->fd, &st) || !S_ISREG(st.st_mode)))
		history_close(h);
	if (h->fd >= 0)
		read_lines(h, path.text, st.st_size, see, context);
	e2_str_free(&path);
}

void history_add(struct history_file *h, const char *line, size_t len)
{
	struct e2_str s = E2_STR_INIT;

	if (h->fd < 0)
		return;
	e2_str_add_bytes(&s, line, len);
	e2_str_add(&s, "\n");
	/* One write, so that no other session's line comes between. */
	if (!e2_str_status(&s) && write(h->fd, s.text, s.len) < 0)
		history_close(h);
	e2_str_free(&s);
}

void history_close(struct history_file *h)
{
	if (h->fd >= 0)
		(void)close(h->fd);	/* a lost line harms nobody */
	h->fd = -1;
}
