/* SPDX-License-Identifier: MIT */
/* extant: what its two files share. */
#ifndef DEBUGFS_EXTANT_H
#define DEBUGFS_EXTANT_H

#include <stdbool.h>

enum { EXTANT_USAGE = 2, EXTANT_CANNOT_RUN = 127 };

/* Becomes DIRECTORY/extant-NAME, or where that is not to be had what PATH has; argv[0] is set. */
int extant_start(const char *name, char **argv);

/* Whether a word is one of "cp ls cat ...", and running it; argv[0] is the word. */
bool extant_is_verb(const char *word);
int extant_verb(int argc, char **argv);

#endif
