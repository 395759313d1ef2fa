/* SPDX-License-Identifier: MIT */
#include "bar.h"

const char *level_sign(const struct out *o, unsigned level)
{
	static const char *const utf8[] = {
		"\u00b7", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587",
		"\u2588",
	};
	static const char *const ascii[] = { ".", "1", "2", "3", "4", "5", "6", "7", "#" };

	return o->utf8 ? utf8[level] : ascii[level];
}

void show_bar(struct out *o, uint64_t part, uint64_t most, unsigned cells)
{
	uint64_t full = most ? (part * cells + most / 2) / most : 0;

	if (!full && part)
		out_add(o, "%s", o->utf8 ? "\u258f" : ".");
	for (uint64_t i = 0; i < full; i++)
		out_add(o, "%s", o->utf8 ? "\u2588" : "#");
}

void show_strip(struct out *o, const struct grid *grid)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < grid->columns; i++)
		if (grid->cell[i].marked > most)
			most = grid->cell[i].marked;
	for (uint32_t i = 0; i < grid->columns; i++)
		out_add(o, "%s", level_sign(o, eighths(grid->cell[i].marked, most)));
}
