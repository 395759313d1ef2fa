/* SPDX-License-Identifier: MIT */
/*
 * The map as a picture: a tile for each group, or for several, of small squares.  Plain SVG
 * that browsers and converters draw alike: attributes only, no style sheets, no scripts.
 *
 * Colours differ in lightness as well as in hue, so that they can be told apart without
 * seeing hue, and each has its name beside it.
 */
#include "map.h"

#include <inttypes.h>
#include <string.h>

enum {
	MOST_CELLS = 12000, MOST_TILES = 64,
	WIDTH = 1200, MARGIN = 24, GAP = 20, TILE_HEAD = 20, LEVELS = 8,
	LEGEND_COLUMNS = 4, LEGEND_LINE = 22, TITLE_COLUMNS = 100,
};

struct look { enum cell_kind kind; unsigned rgb; const char *name; };

/* In the order of the legend. */
static const struct look looks[] = {
	{ CELL_SUPER, 0x111111, "superblocks, descriptors" },
	{ CELL_TABLES, 0x4b4a8f, "bitmaps, inode tables" },
	{ CELL_GROWTH, 0xb9bac4, "kept for growth" },
	{ CELL_DATA, 0x6db6e8, "data" },
	{ CELL_DIRS, 0x00836a, "directories" },
	{ CELL_POINTERS, 0xd55e00, "pointer blocks" },
	{ CELL_ATTRIBUTES, 0xcc79a7, "attributes" },
	{ CELL_OTHER, 0x7a5230, "journal, bad blocks" },
	{ CELL_LOST, 0xa3002c, "in use, but nobody's" },
	{ CELL_FREE, 0xeeeeea, "free" },
};
enum { LOOKS = sizeof(looks) / sizeof(*looks), MARK_RGB = 0xffd000, FREE_RGB = 0xeeeeea };

struct picture {
	struct map *m;
	struct e2_str *s;
	struct grid grid;
	uint32_t per_row;		/* tiles beside each other */
	uint32_t row_cells, rows;	/* of a tile */
	uint32_t size, space;		/* of a cell and between two, in pixels */
	uint32_t tile_width, tile_height, pitch;
	uint32_t y;			/* where the next thing goes */
	uint64_t count[CELL_KINDS];	/* blocks in all */
	uint64_t in_use;
};

/* ---- text ------------------------------------------------------------------ */

/* Text that was made printable, for XML: two of the characters that are not allowed there are
 * allowed in UTF-8. */
static void add_xml(struct e2_str *s, const char *text, size_t len)
{
	for (size_t i = 0; i < len; ) {
		uint32_t character = 0;
		size_t n = e2_utf8_decode(text + i, len - i, &character);

		if (n == 0)
			n = 1;
		if (character == '<')
			e2_str_add(s, "&lt;");
		else if (character == '>')
			e2_str_add(s, "&gt;");
		else if (character == '&')
			e2_str_add(s, "&amp;");
		else if (character == '"')
			e2_str_add(s, "&quot;");
		else if (character == '\'')
			e2_str_add(s, "&#39;");
		else if (character == 0xfffe || character == 0xffff)
			e2_str_addf(s, "\\u{%X}", character);
		else
			e2_str_add_bytes(s, text + i, n);
		i += n;
	}
}

/* A long text loses its middle. */
static void add_short(struct e2_str *s, const struct e2_str *text)
{
	size_t head, tail;

	if (text->len <= TITLE_COLUMNS) {
		add_xml(s, e2_str_text(text), text->len);
		return;
	}
	head = e2_utf8_prefix(text->text, TITLE_COLUMNS / 2);
	tail = text->len - TITLE_COLUMNS / 2;
	while (tail < text->len && (text->text[tail] & 0xc0) == 0x80)
		tail++;
	add_xml(s, text->text, head);
	e2_str_add(s, " \u2026 ");
	add_xml(s, text->text + tail, text->len - tail);
}

/* Where a text begins, or, at the end of a line, ends. */
static void open_text(struct picture *p, uint32_t x, uint32_t y, unsigned size, const char *more)
{
	e2_str_addf(p->s, "<text x=\"%" PRIu32 "\" y=\"%" PRIu32 "\" font-size=\"%u\"%s>", x, y,
		    size, more);
}

static void close_text(struct picture *p)
{
	e2_str_add(p->s, "</text>\n");
}

/* ---- colours --------------------------------------------------------------- */

static unsigned mix(unsigned from, unsigned to, unsigned part, unsigned whole)
{
	unsigned rgb = 0;

	for (unsigned shift = 0; shift < 24; shift += 8) {
		unsigned a = from >> shift & 255, b = to >> shift & 255;

		rgb |= (a * (whole - part) + b * part) / whole << shift;
	}
	return rgb;
}

/* Paler for what is only partly in use, and, behind marked cells, for all. */
static unsigned shade(const struct picture *p, unsigned look, unsigned level)
{
	unsigned rgb = mix(FREE_RGB, looks[look].rgb, level + 1, LEVELS + 1);

	return p->m->files ? mix(rgb, 0xffffff, 1, 2) : rgb;
}

/* What a cell is shown as, and in which of the levels. */
static unsigned look_at(const struct picture *p, const struct cell *cell, unsigned *level)
{
	uint64_t all = 0, used = 0, best = 0;
	unsigned look = LOOKS - 1;

	for (unsigned i = 0; i < LOOKS; i++) {
		uint64_t n = cell->count[looks[i].kind];

		all += n;
		if (looks[i].kind == CELL_FREE)
			continue;
		used += n;
		if (n > best) {
			best = n;
			look = i;
		}
	}
	*level = all ? (unsigned)((used * LEVELS + all - 1) / all) : 0;
	if (used == 0)
		*level = LEVELS;
	if (cell->count[CELL_SUPER] && p->grid.per_cell * 8 <= p->grid.unit) {
		*level = LEVELS;
		return 0;
	}
	return look;
}

/* ---- tiles ----------------------------------------------------------------- */

/* One square of a tile, as a part of a path. */
static void add_square(struct picture *p, uint32_t cell, uint32_t x, uint32_t y)
{
	uint32_t edge = p->size - p->space;

	e2_str_addf(p->s, "M%" PRIu32 " %" PRIu32 "h%" PRIu32 "v%" PRIu32 "h-%" PRIu32 "z",
		    x + cell % p->row_cells * p->size, y + cell / p->row_cells * p->size, edge,
		    edge, edge);
}

struct filler { struct picture *p; uint32_t tile, x, y; bool open; };

static void open_path(struct filler *f, unsigned rgb, const char *more)
{
	if (!f->open)
		e2_str_addf(f->p->s, "<path fill=\"#%06x\"%s d=\"", rgb, more);
	f->open = true;
}

static void close_path(struct filler *f)
{
	if (f->open)
		e2_str_add(f->p->s, "\"/>\n");
	f->open = false;
}

/* All squares of one colour. */
static void fill_colour(struct filler *f, unsigned look, unsigned level)
{
	struct picture *p = f->p;
	const struct cell *cells = &p->grid.cell[(size_t)f->tile * p->grid.columns];

	for (uint32_t i = 0; i < grid_line_cells(&p->grid, f->tile); i++) {
		unsigned its_level, its_look = look_at(p, &cells[i], &its_level);

		if (cells[i].marked || its_look != look || its_level != level)
			continue;
		open_path(f, shade(p, look, level), "");
		add_square(p, i, f->x, f->y);
	}
	close_path(f);
}

static void fill_marked(struct filler *f)
{
	struct picture *p = f->p;
	const struct cell *cells = &p->grid.cell[(size_t)f->tile * p->grid.columns];

	for (uint32_t i = 0; i < grid_line_cells(&p->grid, f->tile); i++) {
		if (!cells[i].marked)
			continue;
		open_path(f, MARK_RGB, p->size >= 6 ? " stroke=\"#5a4400\"" : "");
		add_square(p, i, f->x, f->y);
	}
	close_path(f);
}

static void add_tile_head(struct picture *p, uint32_t tile, uint32_t x, uint32_t y)
{
	const struct e2_geometry *g = p->m->g;
	uint64_t first = grid_line_first(&p->grid, tile);
	uint64_t blocks = grid_line_blocks(&p->grid, tile);
	e2_grp group = e2_block_group(g, first), last = e2_block_group(g, first + blocks - 1);
	struct cell sum = grid_line(&p->grid, tile);

	e2_str_addf(p->s, "<title>blocks %" PRIu64 "-%" PRIu64 ": %" PRIu64 " free</title>\n",
		    first, first + blocks - 1, sum.count[CELL_FREE]);
	open_text(p, x, y, 12, " font-weight=\"bold\"");
	if (last == group)
		e2_str_addf(p->s, "group %" PRIu32, group);
	else
		e2_str_addf(p->s, "%s%" PRIu32 "-%" PRIu32, p->tile_width < 170 ? "" : "groups ",
			    group, last);
	close_text(p);
	if (p->tile_width >= 250) {
		open_text(p, x + 80, y, 12, " fill=\"#666666\"");
		e2_str_addf(p->s, "from block %" PRIu64, first);
		close_text(p);
	}
	open_text(p, x + p->tile_width, y, 12, " text-anchor=\"end\"");
	if (p->m->files && sum.marked)
		e2_str_add_count(p->s, sum.marked);
	else if (!p->m->files)
		e2_str_addf(p->s, "%u %%", percent_of(sum.in_use, blocks));
	close_text(p);
}

static void add_tile(struct picture *p, uint32_t tile)
{
	uint32_t x = MARGIN + tile % p->per_row * p->pitch;
	uint32_t y = p->y + tile / p->per_row * (p->tile_height + TILE_HEAD + GAP);
	struct filler f = { .p = p, .tile = tile, .x = x, .y = y + TILE_HEAD };

	e2_str_add(p->s, "<g>\n");
	add_tile_head(p, tile, x, y + 13);
	for (unsigned look = 0; look < LOOKS; look++)
		for (unsigned level = 1; level <= LEVELS; level++)
			fill_colour(&f, look, level);
	fill_marked(&f);
	e2_str_add(p->s, "</g>\n");
}

/* ---- above the tiles --------------------------------------------------------- */

static void add_title(struct picture *p)
{
	const struct e2_geometry *g = p->m->g;
	const struct e2_super *super = e2_super(p->m->sh->fs);
	struct e2_str text = E2_STR_INIT;
	size_t len = 0;

	while (len < sizeof(super->volume_name) && super->volume_name[len])
		len++;
	e2_str_add_name(&text, p->m->sh->image, strlen(p->m->sh->image));
	if (len) {
		e2_str_add(&text, "  \"");
		e2_str_add_name(&text, super->volume_name, len);
		e2_str_add(&text, "\"");
	}
	e2_str_add(p->s, "<title>");
	add_xml(p->s, e2_str_text(&text), text.len);
	e2_str_add(p->s, "</title>\n");
	open_text(p, MARGIN, MARGIN + 14, 18, " font-weight=\"bold\"");
	add_short(p->s, &text);
	close_text(p);
	e2_str_truncate(&text, 0);
	e2_str_add_size(&text, g->blocks * g->block_size);
	e2_str_addf(&text, ", %" PRIu64 " blocks of %" PRIu32 " bytes in ", g->blocks,
		    g->block_size);
	add_plural(&text, g->groups, "group", "groups");
	if (p->m->one)
		e2_str_addf(&text, "; group %" PRIu32, p->m->group);
	e2_str_addf(&text, ", %u %% in use.  Each square is ",
		    percent_of(p->in_use, map_blocks(p->m)));
	add_plural(&text, p->grid.per_cell, "block", "blocks");
	e2_str_add(&text, p->grid.per_cell > 1 ? ", paler where some of them are free." : ".");
	if (p->grid.units_per_line > 1)
		e2_str_addf(&text, "  Each tile is %" PRIu64 " groups.", p->grid.units_per_line);
	if (p->m->files)
		e2_str_add(&text, "  At the right: blocks that are marked.");
	open_text(p, MARGIN, MARGIN + 38, 13, " fill=\"#444444\"");
	add_xml(p->s, e2_str_text(&text), text.len);
	close_text(p);
	e2_str_free(&text);
	p->y = MARGIN + 64;
}

static void add_swatch(struct picture *p, uint32_t x, unsigned rgb, const char *more)
{
	e2_str_addf(p->s, "<rect x=\"%" PRIu32 "\" y=\"%" PRIu32 "\" width=\"12\" height=\"12\" "
		    "fill=\"#%06x\"%s/>\n", x, p->y - 11, rgb, more);
}

static void add_legend(struct picture *p)
{
	uint32_t column = 0, width = (WIDTH - 2 * MARGIN) / LEGEND_COLUMNS;

	for (unsigned i = 0; i < LOOKS; i++) {
		uint64_t n = p->count[looks[i].kind];
		uint32_t x = MARGIN + column * width;

		if (!n && looks[i].kind != CELL_FREE)
			continue;
		add_swatch(p, x, shade(p, i, LEVELS), "");
		open_text(p, x + 18, p->y, 12, "");
		e2_str_addf(p->s, "%s <tspan fill=\"#666666\">", looks[i].name);
		e2_str_add_count(p->s, n);
		e2_str_add(p->s, "</tspan>");
		close_text(p);
		if (++column == LEGEND_COLUMNS) {
			column = 0;
			p->y += LEGEND_LINE;
		}
	}
	p->y += column ? LEGEND_LINE : 0;
}

/* Marked files, each with its name. */
static void add_files(struct picture *p)
{
	for (size_t i = 0; i < p->m->files; i++) {
		const struct marked *file = &p->m->file[i];
		struct e2_str text = E2_STR_INIT;

		add_object(&text, &file->arg);
		add_swatch(p, MARGIN, MARK_RGB, " stroke=\"#5a4400\"");
		open_text(p, MARGIN + 18, p->y, 12, " font-weight=\"bold\"");
		add_short(p->s, &text);
		e2_str_add(p->s, "<tspan dx=\"8\" font-weight=\"normal\" fill=\"#444444\">");
		e2_str_add_count(p->s, file->blocks);
		e2_str_addf(p->s, " %s, in %" PRIu64 " of ",
			    file->blocks == 1 ? "block" : "blocks", file->groups);
		add_plural(p->s, p->m->g->groups, "group", "groups");
		e2_str_add(p->s, "</tspan>");
		close_text(p);
		e2_str_free(&text);
		p->y += LEGEND_LINE;
	}
}

/* ---- the whole --------------------------------------------------------------- */

/* How many tiles stand beside each other, and the squares of one. */
static void plan_tiles(struct picture *p)
{
	static const struct { uint32_t tiles, beside; } rows[] = {
		{ 1, 1 }, { 8, 2 }, { 15, 3 }, { 28, 4 }, { 48, 6 }, { MOST_TILES, 8 },
	};
	const struct grid *grid = &p->grid;
	uint32_t wide;
	size_t i = 0;

	while (rows[i].tiles < grid->lines)
		i++;
	p->per_row = rows[i].beside;
	p->row_cells = 1;
	wide = p->per_row == 2 || p->per_row == 3 ? 2 : 1;
	while ((uint64_t)p->row_cells * p->row_cells < wide * (uint64_t)grid->columns)
		p->row_cells *= 2;
	p->rows = (grid->columns + p->row_cells - 1) / p->row_cells;
	p->size = ((WIDTH - 2 * MARGIN + GAP) / p->per_row - GAP) / p->row_cells;
	p->size = p->size < 2 ? 2 : p->size > 24 ? 24 : p->size;
	p->space = p->size >= 4 ? 1 : 0;
	p->tile_width = (WIDTH - 2 * MARGIN + GAP) / p->per_row - GAP;
	if (p->tile_width > p->row_cells * p->size)
		p->tile_width = p->row_cells * p->size;
	if (p->tile_width < 120)
		p->tile_width = 120;
	p->tile_height = p->rows * p->size;
	if (p->per_row > 1)		/* up to the right margin */
		p->pitch = (WIDTH - 2 * MARGIN - p->tile_width) / (p->per_row - 1);
}

static void count(struct picture *p)
{
	for (uint32_t i = 0; i < p->grid.lines; i++) {
		struct cell sum = grid_line(&p->grid, i);

		for (enum cell_kind k = 0; k < CELL_KINDS; k++)
			p->count[k] += sum.count[k];
		p->in_use += sum.in_use;
	}
}

static void draw(struct picture *p)
{
	struct e2_str body = E2_STR_INIT, *out = p->s;
	uint32_t tile_rows, height;

	count(p);
	p->s = &body;
	add_title(p);
	add_legend(p);
	add_files(p);
	p->y += GAP / 2;
	for (uint32_t i = 0; i < p->grid.lines; i++)
		add_tile(p, i);
	p->s = out;
	tile_rows = (p->grid.lines + p->per_row - 1) / p->per_row;
	height = p->y + tile_rows * (p->tile_height + TILE_HEAD + GAP) + MARGIN - GAP;
	e2_str_addf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%" PRIu32
		    "\" viewBox=\"0 0 %d %" PRIu32 "\" font-family=\"DejaVu Sans, Verdana, "
		    "Helvetica, sans-serif\" fill=\"#111111\">\n"
		    "<rect width=\"%d\" height=\"%" PRIu32 "\" fill=\"#ffffff\"/>\n", WIDTH,
		    height, WIDTH, height, WIDTH, height);
	e2_str_add_bytes(out, e2_str_text(&body), body.len);
	e2_str_add(out, "</svg>\n");
	if (e2_str_status(&body))
		out->failed = true;
	e2_str_free(&body);
}

int map_svg(struct map *m, struct e2_str *text)
{
	struct picture p = { .m = m, .s = text };
	uint64_t first = map_first(m), blocks = map_blocks(m);
	uint32_t tiles;
	int err;

	grid_plan(&p.grid, first, blocks, m->g->blocks_per_group, false, MOST_TILES, 1);
	tiles = p.grid.lines;
	grid_plan(&p.grid, first, blocks, m->g->blocks_per_group, false, MOST_TILES,
		  MOST_CELLS / tiles);
	plan_tiles(&p);
	err = grid_new(&p.grid);
	if (!err)
		err = map_fill_uses(m, &p.grid);
	if (!err)
		err = map_mark(m, &p.grid);
	if (!err) {
		draw(&p);
		err = e2_str_status(text);
	}
	grid_free(&p.grid);
	return err;
}
