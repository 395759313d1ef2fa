/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include "interrupt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };	/* bytes asked for at once */

/* Reads more behind what is there; how much, 0 at the end or when it fails. */
static size_t read_more(struct lines *l)
{
	ssize_t n;

	if (l->at) {
		memmove(l->text, l->text + l->at, l->len - l->at);
		l->len -= l->at;
		l->at = 0;
	}
	if (l->room - l->len < PIECE) {
		size_t room = l->room * 2 + PIECE;
		char *more = realloc(l->text, room);

		if (!more) {
			l->error = ENOMEM;
			return 0;
		}
		l->text = more;
		l->room = room;
	}
	do {
		if (!interrupt_wait(l->fd))
			return 0;
		n = read(l->fd, l->text + l->len, PIECE);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		l->error = errno;
		return 0;
	}
	l->len += (size_t)n;
	return (size_t)n;
}

int lines_next(struct lines *l, const char **line, size_t *len)
{
	size_t looked = l->at;

	for (;;) {
		char *end = l->len > looked ? memchr(l->text + looked, '\n', l->len - looked) :
			NULL;
		size_t have = l->len - l->at;

		if (end) {
			have = (size_t)(end + 1 - (l->text + l->at));
		} else if (read_more(l)) {
			looked = have;		/* what is there has moved to the front */
			continue;
		} else if (have == 0 || l->error || interrupt_asked()) {
			return 0;
		}
		*line = l->text + l->at;
		*len = have;
		l->at += have;
		return 1;
	}
}

void lines_free(struct lines *l)
{
	free(l->text);
	*l = (struct lines){ 0 };
}
