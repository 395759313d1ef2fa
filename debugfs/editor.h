/* SPDX-License-Identifier: MIT */
/*
 * Editing a line on a terminal, with history and completion, by libedit.
 *
 * The library is loaded when somebody sits at a terminal, so that no other use of the program
 * waits for it, and the program runs without it.
 */
#ifndef DEBUGFS_EDITOR_H
#define DEBUGFS_EDITOR_H

#include "shell.h"

struct editor;

/* NULL: lines cannot be edited here: no library, no terminal, or one that can do nothing. */
struct editor *editor_open(struct shell *sh);
void editor_close(struct editor *e);

/*
 * The next line, without its end, valid until the next call.  NULL at the end of input, and
 * when a signal came first (interrupt.h).
 */
const char *editor_line(struct editor *e, size_t *len);

#endif
