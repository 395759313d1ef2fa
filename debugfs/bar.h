/* SPDX-License-Identifier: MIT */
/* Small pictures in a line of text. */
#ifndef DEBUGFS_BAR_H
#define DEBUGFS_BAR_H

#include "grid.h"
#include "out.h"

/* A bar of at most `cells`, for part of most; a sliver for the least. */
void show_bar(struct out *o, uint64_t part, uint64_t most, unsigned cells);

/* How full a cell is, from 0, nothing, to 8, all: · ▁ ... █, or . 1 ... 7 #. */
const char *level_sign(const struct out *o, unsigned level);

/* The first line of a grid: where what was marked lies, higher where there is more of it. */
void show_strip(struct out *o, const struct grid *grid);

#endif
