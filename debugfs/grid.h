/* SPDX-License-Identifier: MIT */
/*
 * A picture of a volume, or of one group: lines of cells, each for as many blocks.  Every
 * block is in exactly one cell.
 */
#ifndef DEBUGFS_GRID_H
#define DEBUGFS_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cell_kind {		/* of a block */
	CELL_SUPER,		/* superblocks and descriptors */
	CELL_GROWTH,		/* kept for more of them */
	CELL_TABLES,		/* bitmaps, inode tables */
	CELL_USED,		/* of whatever use; where that is known: */
	CELL_DATA, CELL_DIRS, CELL_POINTERS, CELL_ATTRIBUTES, CELL_OTHER, CELL_LOST,
	CELL_FREE, CELL_UNKNOWN, CELL_KINDS
};

struct cell {
	uint64_t count[CELL_KINDS];	/* blocks of each kind */
	uint64_t in_use;		/* by the bitmaps, of whatever kind */
	uint64_t marked;
};

struct grid {
	uint64_t first, blocks;		/* what it shows */
	uint64_t unit;			/* blocks of a group */
	uint64_t per_line, per_cell;	/* blocks */
	uint32_t lines, columns;	/* columns: cells of a full line */
	uint64_t units_per_line;	/* groups; 0: a line is a part of one */
	struct cell *cell;		/* lines * columns */
};

/*
 * Lays out blocks from first on, in groups of unit blocks: at most so many lines of at most so
 * many columns, the finest there are with lines of 1, 2, 4 ... groups and cells of 1, 2, 4 ...
 * blocks.  split: one group, which takes as many lines as it may.
 */
void grid_plan(struct grid *grid, uint64_t first, uint64_t blocks, uint64_t unit, bool split,
	       uint32_t lines, uint32_t columns);

int grid_new(struct grid *grid);	/* empty cells for a planned grid; E2_ERR_NOMEM */
void grid_free(struct grid *grid);

/* Blocks, those outside left out. */
void grid_add(struct grid *grid, uint64_t blk, uint64_t count, enum cell_kind kind, bool in_use);
void grid_mark(struct grid *grid, uint64_t blk, uint64_t count);

uint64_t grid_line_first(const struct grid *grid, uint32_t line);
uint64_t grid_line_blocks(const struct grid *grid, uint32_t line);	/* less in the last */
uint32_t grid_line_cells(const struct grid *grid, uint32_t line);

/* All cells of a line added up. */
struct cell grid_line(const struct grid *grid, uint32_t line);

/*
 * What a cell is shown as: its kind, if most of it is superblocks, growth or tables, or, where
 * cells are small, any of it is a superblock or descriptor; else CELL_USED with *level 1 (hardly
 * anything) to 8 (all of it), or CELL_FREE when nothing is in use.
 */
enum cell_kind grid_look(const struct grid *grid, const struct cell *cell, unsigned *level);

/* 0 for none of the whole and 8 for all of it; 1 to 7 for what lies between. */
unsigned eighths(uint64_t part, uint64_t whole);

/* In percent, rounded, but 0 and 100 for none and all of it only. */
unsigned percent_of(uint64_t part, uint64_t whole);

#endif
