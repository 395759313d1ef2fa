/* SPDX-License-Identifier: MIT */
/*
 * Lines typed in earlier sessions: $XDG_STATE_HOME/extant/history, a line each, for their owner's
 * eyes.  Each line is added when it is typed, so that sessions at the same time keep both.
 * A history that cannot be read or written is none; nothing is said of it.
 */
#ifndef DEBUGFS_HISTORY_H
#define DEBUGFS_HISTORY_H

#include <stddef.h>

enum { HISTORY_LINES = 1000 };	/* that are remembered; the file is cut when it is much longer */

struct history_file {
	int fd;			/* -1: there is none */
};

/* Opens the file and hands each line to see, oldest first. */
void history_open(struct history_file *h, void (*see)(void *context, const char *line),
		  void *context);
void history_add(struct history_file *h, const char *line, size_t len);
void history_close(struct history_file *h);

#endif
