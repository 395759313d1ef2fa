/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include "e2.h"

#include <stdlib.h>

static uint64_t parts(uint64_t whole, uint64_t of)
{
	return whole / of + (whole % of != 0);
}

/* The smallest cell that leaves no more than so many of them. */
static uint64_t cell_for(uint64_t blocks, uint64_t most)
{
	uint64_t cell = 1;

	while (parts(blocks, cell) > most)
		cell *= 2;
	return cell;
}

void grid_plan(struct grid *grid, uint64_t first, uint64_t blocks, uint64_t unit, bool split,
	       uint32_t lines, uint32_t columns)
{
	uint64_t per_line = unit;

	*grid = (struct grid){ .first = first, .blocks = blocks, .unit = unit };
	if (split) {
		uint32_t even = 1;

		while (even * 2 <= columns)
			even *= 2;
		grid->per_cell = cell_for(blocks, (uint64_t)lines * even);
		per_line = grid->per_cell * even;
		if (per_line > blocks)
			per_line = blocks;
	} else {
		while (parts(blocks, per_line) > lines)
			per_line *= 2;
		grid->units_per_line = per_line / unit;
		if (per_line > blocks)
			per_line = blocks;
		grid->per_cell = cell_for(per_line, columns);
	}
	grid->per_line = per_line;
	grid->lines = (uint32_t)parts(blocks, per_line);
	grid->columns = (uint32_t)parts(per_line, grid->per_cell);
}

int grid_new(struct grid *grid)
{
	grid->cell = calloc((size_t)grid->lines * grid->columns, sizeof(*grid->cell));
	return grid->cell ? 0 : e2_fail(E2_ERR_NOMEM, "no memory for a map");
}

void grid_free(struct grid *grid)
{
	free(grid->cell);
	grid->cell = NULL;
}

uint64_t grid_line_first(const struct grid *grid, uint32_t line)
{
	return grid->first + line * grid->per_line;
}

uint64_t grid_line_blocks(const struct grid *grid, uint32_t line)
{
	uint64_t left = grid->blocks - line * grid->per_line;

	return left < grid->per_line ? left : grid->per_line;
}

uint32_t grid_line_cells(const struct grid *grid, uint32_t line)
{
	return (uint32_t)parts(grid_line_blocks(grid, line), grid->per_cell);
}

/* The cell of a block, counted from the first, and how many blocks from it on are in it too. */
static struct cell *cell_at(const struct grid *grid, uint64_t at, uint64_t *left)
{
	uint64_t line = at / grid->per_line, in_line = at % grid->per_line;
	uint64_t column = in_line / grid->per_cell;
	uint64_t end = (column + 1) * grid->per_cell;

	if (end > grid->per_line)
		end = grid->per_line;
	*left = end - in_line;
	return &grid->cell[line * grid->columns + column];
}

/* Clips a run to the grid and makes it relative to the first block; false when nothing is left. */
static bool clip(const struct grid *grid, uint64_t *blk, uint64_t *count)
{
	if (*blk < grid->first) {
		if (*count <= grid->first - *blk)
			return false;
		*count -= grid->first - *blk;
		*blk = grid->first;
	}
	*blk -= grid->first;
	if (*blk >= grid->blocks)
		return false;
	if (*count > grid->blocks - *blk)
		*count = grid->blocks - *blk;
	return *count > 0;
}

void grid_add(struct grid *grid, uint64_t blk, uint64_t count, enum cell_kind kind, bool in_use)
{
	if (!clip(grid, &blk, &count))
		return;
	while (count > 0) {
		uint64_t n;
		struct cell *cell = cell_at(grid, blk, &n);

		n = n < count ? n : count;
		cell->count[kind] += n;
		cell->in_use += in_use ? n : 0;
		blk += n;
		count -= n;
	}
}

void grid_mark(struct grid *grid, uint64_t blk, uint64_t count)
{
	if (!clip(grid, &blk, &count))
		return;
	while (count > 0) {
		uint64_t n;
		struct cell *cell = cell_at(grid, blk, &n);

		n = n < count ? n : count;
		cell->marked += n;
		blk += n;
		count -= n;
	}
}

static void add_cell(struct cell *sum, const struct cell *cell)
{
	for (enum cell_kind k = 0; k < CELL_KINDS; k++)
		sum->count[k] += cell->count[k];
	sum->in_use += cell->in_use;
	sum->marked += cell->marked;
}

struct cell grid_line(const struct grid *grid, uint32_t line)
{
	struct cell sum = { 0 };

	for (uint32_t i = 0; i < grid->columns; i++)
		add_cell(&sum, &grid->cell[(size_t)line * grid->columns + i]);
	return sum;
}

unsigned eighths(uint64_t part, uint64_t whole)
{
	if (part == 0)
		return 0;
	if (part >= whole)
		return 8;
	return 1 + (unsigned)(part * 7 / whole);
}

unsigned percent_of(uint64_t part, uint64_t whole)
{
	uint64_t percent;

	if (part == 0 || part >= whole)
		return part ? 100 : 0;
	percent = (part * 100 + whole / 2) / whole;
	return percent < 1 ? 1 : percent > 99 ? 99 : (unsigned)percent;
}

enum cell_kind grid_look(const struct grid *grid, const struct cell *cell, unsigned *level)
{
	const uint64_t *n = cell->count;
	uint64_t fixed = n[CELL_SUPER] + n[CELL_GROWTH] + n[CELL_TABLES];
	uint64_t all = 0;
	bool small = grid->per_cell * 8 <= grid->unit;

	for (enum cell_kind k = 0; k < CELL_KINDS; k++)
		all += n[k];
	*level = eighths(all - n[CELL_FREE] - n[CELL_UNKNOWN], all);
	if (n[CELL_SUPER] && (small || fixed * 2 > all))
		return CELL_SUPER;
	if (fixed * 2 > all)
		return n[CELL_GROWTH] > n[CELL_TABLES] ? CELL_GROWTH : CELL_TABLES;
	if (n[CELL_UNKNOWN])
		return CELL_UNKNOWN;
	return *level ? CELL_USED : CELL_FREE;
}
