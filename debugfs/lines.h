/* SPDX-License-Identifier: MIT */
/* Lines of a host file, or of whoever is at the other end of a pipe. */
#ifndef DEBUGFS_LINES_H
#define DEBUGFS_LINES_H

#include <stddef.h>

struct lines {
	int fd;			/* the caller's */
	char *text;
	size_t at, len, room;	/* what has not been handed out: at to len */
	int error;		/* errno of a read that failed */
};

/*
 * The next line, with its newline unless the last has none; valid until the next call.
 * 1; 0 at the end, when reading fails (error), and when a signal asks to stop (interrupt.h).
 */
int lines_next(struct lines *l, const char **line, size_t *len);
void lines_free(struct lines *l);

#endif
