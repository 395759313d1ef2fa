/* SPDX-License-Identifier: MIT */
/* The arithmetic of maps: every block in exactly one cell, as fine as there is room. */
#include "e2test.h"

#include "debugfs/grid.h"

static void check_plan(uint64_t first, uint64_t blocks, uint64_t unit, bool split, uint32_t lines,
		       uint32_t columns)
{
	struct grid g;
	uint64_t covered = 0;

	grid_plan(&g, first, blocks, unit, split, lines, columns);
	cr_assert(g.lines >= 1 && g.lines <= lines, "%u lines of %u", g.lines, lines);
	cr_assert(g.columns >= 1 && g.columns <= columns, "%u columns of %u", g.columns, columns);
	for (uint32_t i = 0; i < g.lines; i++) {
		uint64_t n = grid_line_blocks(&g, i);

		cr_assert_eq(grid_line_first(&g, i), first + covered);
		cr_assert(n > 0 && grid_line_cells(&g, i) <= g.columns);
		cr_assert_lt((grid_line_cells(&g, i) - 1) * g.per_cell, n);
		cr_assert(n <= grid_line_cells(&g, i) * g.per_cell);
		if (!split && i + 1 < g.lines)
			cr_assert_eq(n, unit * g.units_per_line);
		covered += n;
	}
	cr_assert_eq(covered, blocks);
}

E2_TEST(shell_grid, plans_cover_every_block_once)
{
	static const uint64_t units[] = { 256, 1000, 8184, 8192, 32768, 524288 };

	for (unsigned u = 0; u < sizeof(units) / sizeof(*units); u++) {
		for (uint64_t blocks = 1; blocks < UINT64_C(1) << 33; blocks = blocks * 3 + 1) {
			check_plan(1, blocks, units[u], false, 40, 79);
			check_plan(0, blocks, units[u], false, 64, 1);
			check_plan(5, blocks, units[u], true, 40, 39);
		}
	}
}

E2_TEST(shell_grid, a_line_is_a_group_while_there_are_few)
{
	struct grid g;

	grid_plan(&g, 1, 65535, 8192, false, 40, 79);
	cr_assert_eq(g.lines, 8u);
	cr_assert_eq(g.per_cell, 128u);
	cr_assert_eq(g.columns, 64u);
	cr_assert_eq(g.units_per_line, 1u);
	grid_plan(&g, 0, UINT64_C(41) * 8192, 8192, false, 40, 79);
	cr_assert_eq(g.units_per_line, 2u);
	cr_assert_eq(g.lines, 21u);
}

E2_TEST(shell_grid, blocks_are_counted_in_their_cells)
{
	struct grid g;
	struct cell all;

	grid_plan(&g, 1, 20000, 8192, false, 40, 20);
	cr_assert_eq(grid_new(&g), 0);
	cr_assert_eq(g.per_cell, 512u);
	grid_add(&g, 0, 600, CELL_SUPER, true);		/* block 0 lies before it */
	grid_add(&g, 600, 19000, CELL_FREE, false);
	grid_add(&g, 19600, 99999, CELL_USED, true);	/* and these go on behind it */
	grid_mark(&g, 8192, 2);
	cr_assert_eq(g.cell[0].count[CELL_SUPER], 512u);
	cr_assert_eq(g.cell[1].count[CELL_SUPER], 599u - 512);
	cr_assert_eq(g.cell[1].count[CELL_FREE], 512u - (599 - 512));
	cr_assert_eq(g.cell[g.columns - 1].marked, 1u);
	cr_assert_eq(g.cell[g.columns].marked, 1u);
	all = (struct cell){ 0 };
	for (uint32_t i = 0; i < g.lines; i++) {
		struct cell line = grid_line(&g, i);

		all.in_use += line.in_use;
		for (enum cell_kind k = 0; k < CELL_KINDS; k++)
			all.count[k] += line.count[k];
	}
	cr_assert_eq(all.count[CELL_SUPER], 599u);
	cr_assert_eq(all.count[CELL_FREE], 19000u);
	cr_assert_eq(all.count[CELL_USED], 401u);
	cr_assert_eq(all.in_use, 1000u);
	grid_free(&g);
}

E2_TEST(shell_grid, a_cell_looks_as_most_of_it)
{
	static const struct {
		enum cell_kind kind[2];
		uint64_t count[2], per_cell;
		enum cell_kind look;
		unsigned level;
	} cases[] = {
		{ { CELL_SUPER, CELL_GROWTH }, { 2, 126 }, 128, CELL_SUPER, 8 },
		{ { CELL_GROWTH, CELL_TABLES }, { 2, 126 }, 128, CELL_TABLES, 8 },
		{ { CELL_TABLES, CELL_FREE }, { 4, 124 }, 128, CELL_USED, 1 },
		{ { CELL_USED, CELL_FREE }, { 64, 64 }, 128, CELL_USED, 4 },
		{ { CELL_FREE, CELL_USED }, { 128, 0 }, 128, CELL_FREE, 0 },
		{ { CELL_USED, CELL_FREE }, { 128, 0 }, 128, CELL_USED, 8 },
		{ { CELL_UNKNOWN, CELL_FREE }, { 128, 0 }, 128, CELL_UNKNOWN, 0 },
		/* a superblock is not much of a large cell */
		{ { CELL_SUPER, CELL_USED }, { 2, 131070 }, 131072, CELL_USED, 8 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct grid g = { .unit = 8192, .per_cell = cases[i].per_cell };
		struct cell cell = { 0 };
		unsigned level;

		cell.count[cases[i].kind[0]] += cases[i].count[0];
		cell.count[cases[i].kind[1]] += cases[i].count[1];
		cr_assert_eq(grid_look(&g, &cell, &level), cases[i].look, "case %zu", i);
		cr_assert_eq(level, cases[i].level, "case %zu: level %u", i, level);
	}
}

E2_TEST(shell_grid, full_and_empty_are_said_of_nothing_else)
{
	for (uint64_t part = 0; part <= 1000; part++) {
		cr_assert_eq(percent_of(part, 1000) == 0, part == 0);
		cr_assert_eq(percent_of(part, 1000) == 100, part == 1000);
		cr_assert_eq(eighths(part, 1000) == 0, part == 0);
		cr_assert_eq(eighths(part, 1000) == 8, part == 1000);
	}
	cr_assert_eq(percent_of(0, 0), 0u);
	cr_assert_eq(eighths(1, 2), 4u);
}
