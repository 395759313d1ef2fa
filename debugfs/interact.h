/* SPDX-License-Identifier: MIT */
/* The prompt and the window of who types. */
#ifndef DEBUGFS_INTERACT_H
#define DEBUGFS_INTERACT_H

#include "shell.h"

/* Of the terminal that output goes to; 80 and 24 where nobody knows. */
unsigned window_columns(const struct shell *sh);
unsigned window_rows(const struct shell *sh);

/*
 * "demo.img:/docs [3 changes]> ".  What a terminal does not count stands between two mark
 * characters; '\0': there is to be nothing of the kind.
 */
void add_prompt(const struct shell *sh, char mark, struct e2_str *s);

#endif
