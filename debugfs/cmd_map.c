/* SPDX-License-Identifier: MIT */
/* map: the volume as lines of letters, a line for a group or for several. */
#include "bar.h"
#include "host_file.h"
#include "map.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINES = 40, USED_COLUMNS = 5, LEAST_CELLS = 8, LEVELS = 9 };

struct screen {
	struct map *m;
	struct out *o;
	struct grid grid;
	int group_columns, first_columns, last_columns;	/* 0 group columns: of one group */
	bool unknown;			/* a cell is shown that nobody knows anything of */
};

/* ---- cells ------------------------------------------------------------------- */

static const char *level_text(const struct screen *s, unsigned level)
{
	if (!s->o->utf8 && level == LEVELS - 1 && s->m->files)
		return "8";		/* # marks files */
	return level_sign(s->o, level);
}

static const char *tables_text(const struct screen *s)
{
	return s->o->utf8 ? "\u2592" : "=";
}

static void show_cell(struct screen *s, const struct cell *cell)
{
	unsigned level;
	enum cell_kind kind = grid_look(&s->grid, cell, &level);

	if (cell->marked) {
		out_add_styled(s->o, STYLE_YELLOW, "#");
		return;
	}
	if (kind == CELL_UNKNOWN)
		s->unknown = true;
	out_add(s->o, "%s", kind == CELL_SUPER ? "S" : kind == CELL_GROWTH ? "r" :
		kind == CELL_TABLES ? tables_text(s) : kind == CELL_UNKNOWN ? "?" :
		level_text(s, kind == CELL_FREE ? 0 : level));
}

/* ---- lines ------------------------------------------------------------------- */

static void show_label(struct screen *s, uint32_t line)
{
	uint64_t first = grid_line_first(&s->grid, line);
	struct e2_str label = E2_STR_INIT;

	if (s->group_columns) {
		const struct e2_geometry *g = s->m->g;
		uint64_t last = first + grid_line_blocks(&s->grid, line) - 1;
		e2_grp group = e2_block_group(g, first), end = e2_block_group(g, last);

		e2_str_addf(&label, "%" PRIu32, group);
		if (s->grid.units_per_line > 1 && end > group)
			e2_str_addf(&label, "-%" PRIu32, end);
		out_add(s->o, "%*s  ", s->group_columns, e2_str_text(&label));
		e2_str_free(&label);
	}
	out_add(s->o, "%*" PRIu64 "  ", s->first_columns, first);
}

static void show_line(struct screen *s, uint32_t line)
{
	struct cell sum = grid_line(&s->grid, line);
	size_t mark;

	if (s->m->files && !sum.marked)
		return;
	show_label(s, line);
	mark = out_mark(s->o);
	for (uint32_t i = 0; i < grid_line_cells(&s->grid, line); i++)
		show_cell(s, &s->grid.cell[(size_t)line * s->grid.columns + i]);
	out_pad(s->o, mark, s->grid.columns);
	out_add(s->o, "  ");
	if (s->m->files)
		out_add_number(&s->m->sh->out, sum.marked, s->last_columns);
	else if (sum.count[CELL_UNKNOWN])
		out_add(s->o, "%*s", s->last_columns, "?");
	else
		out_add(s->o, "%*u %%", s->last_columns - 2,
			percent_of(sum.in_use, grid_line_blocks(&s->grid, line)));
	out_line(s->o);
}

/* "group  first  each cell 128 blocks     used"; what does not fit there stands above. */
static void show_header(struct screen *s)
{
	const struct grid *grid = &s->grid;
	const char *last = s->m->files ? "blocks" : "used";
	struct e2_str text = E2_STR_INIT;
	size_t mark;

	if (grid->units_per_line > 1)
		e2_str_addf(&text, "each line %" PRIu64 " groups, cell ", grid->units_per_line);
	else
		e2_str_add(&text, "each cell ");
	add_plural(&text, grid->per_cell, "block", "blocks");
	if (text.len > grid->columns) {
		out_add(s->o, "%s", e2_str_text(&text));
		out_line(s->o);
		e2_str_truncate(&text, 0);
	}
	if (s->group_columns)
		out_add(s->o, "%*s  ", s->group_columns,
			grid->units_per_line > 1 ? "groups" : "group");
	out_add(s->o, "%*s  ", s->first_columns, "first");
	mark = out_mark(s->o);
	out_add(s->o, "%s", e2_str_text(&text));
	e2_str_free(&text);
	out_pad(s->o, mark, grid->columns + 2);
	out_add(s->o, "%*s", s->last_columns, last);
	out_line(s->o);
}

/* ---- below ------------------------------------------------------------------- */

/* An entry of the legend, on a line of its own where the last one is full. */
static void legend(struct screen *s, size_t *mark, const char *sign, const char *means)
{
	struct out *o = s->o;
	struct e2_str entry = E2_STR_INIT;

	e2_str_addf(&entry, "%s %s", sign, means);
	if (out_mark(o) > *mark) {
		if (e2_str_columns(&o->text, *mark) + 3 + e2_str_columns(&entry, 0) >
		    out_width(o)) {
			out_line(o);
			*mark = out_mark(o);
		} else {
			out_add(o, "   ");
		}
	}
	out_add(o, "%s", e2_str_text(&entry));
	e2_str_free(&entry);
}

static void show_legend(struct screen *s)
{
	size_t mark = out_mark(s->o);

	legend(s, &mark, "S", "superblock, descriptors");
	legend(s, &mark, "r", "kept for growth");
	legend(s, &mark, tables_text(s), "bitmaps, inode table");
	legend(s, &mark, s->o->utf8 ? "\u2581..\u2588" : "1..7 #", "how full");
	legend(s, &mark, level_text(s, 0), "free");
	if (s->unknown)
		legend(s, &mark, "?", "the bitmap cannot be read");
	out_line(s->o);
}

static void show_file(struct screen *s, const struct marked *file)
{
	struct out *o = s->o;

	out_add_styled(o, STYLE_YELLOW, "#");
	out_add(o, " holds a block of ");
	add_object(&o->text, &file->arg);
	out_add(o, ": ");
	add_plural(&o->text, file->blocks, "block", "blocks");
	out_add(o, ", %" PRIu64 " of ", file->groups);
	add_plural(&o->text, s->m->g->groups, "group", "groups");
	out_line(o);
}

/* ---- the command --------------------------------------------------------------- */

static int digits(uint64_t n)
{
	return snprintf(NULL, 0, "%" PRIu64, n);
}

static void plan(struct screen *s)
{
	const struct map *m = s->m;
	uint64_t first = map_first(m), blocks = map_blocks(m);
	int room;

	s->first_columns = digits(first + blocks) > 5 ? digits(first + blocks) : 5;
	s->last_columns = USED_COLUMNS;
	if (m->files && digits(blocks) > (int)strlen("blocks"))
		s->last_columns = digits(blocks);
	else if (m->files)
		s->last_columns = (int)strlen("blocks");
	if (!m->one)
		s->group_columns = m->g->groups <= LINES ? 5 : 2 * digits(m->g->groups) + 1;
	if (s->group_columns && m->g->groups > LINES && s->group_columns < 6)
		s->group_columns = 6;
	room = (int)out_width(s->o) - s->first_columns - s->last_columns - 4 -
		(s->group_columns ? s->group_columns + 2 : 0);
	grid_plan(&s->grid, first, blocks, m->g->blocks_per_group, m->one, LINES,
		  (uint32_t)(room < LEAST_CELLS ? LEAST_CELLS : room));
}

static int show(struct map *m)
{
	struct screen s = { .m = m, .o = &m->sh->out };
	int err;

	plan(&s);
	err = grid_new(&s.grid);
	if (!err)
		err = map_fill(m, &s.grid);
	if (!err)
		err = map_mark(m, &s.grid);
	if (!err) {
		show_header(&s);
		for (uint32_t i = 0; i < s.grid.lines; i++)
			show_line(&s, i);
		if (!m->files)
			show_legend(&s);
		for (size_t i = 0; i < m->files; i++)
			show_file(&s, &m->file[i]);
	}
	grid_free(&s.grid);
	return err;
}

static int verdict(const struct map *m)
{
	for (size_t i = 0; i < m->files; i++)
		if (m->file[i].bad)
			return e2_fail(m->file[i].status, "<%" PRIu32 ">: %" PRIu64 " of its "
				       "pointers lead nowhere", m->file[i].arg.ino, m->file[i].bad);
	if (m->unread)
		return e2_fail(m->status, "%" PRIu32 " block %s could not be read; extant-fsck -n "
			       "tells more", m->unread, m->unread == 1 ? "bitmap" : "bitmaps");
	return 0;
}

static int draw(struct map *m, const char *host)
{
	struct e2_str text = E2_STR_INIT;
	struct host_file file;
	int err = strcmp(host, "-") ? host_file_check(m->sh, host) : 0;

	if (!err)
		err = map_svg(m, &text);
	if (!err && !strcmp(host, "-")) {
		out_raw(&m->sh->out, e2_str_text(&text), text.len);
	} else if (!err) {
		err = host_file_begin(m->sh, &file, host);
		if (!err) {
			err = host_file_write(&file, e2_str_text(&text), text.len);
			err = host_file_end(&file, err);
		}
	}
	e2_str_free(&text);
	return err;
}

int cmd_map(struct shell *sh, const struct args *args)
{
	const struct arg *svg = args_value(args, "--svg");
	struct map m;
	int err = map_objects(sh, args, &m);

	if (err)
		return err;
	if (svg)
		err = draw(&m, svg->text);
	else if (sh->out.mode == OUT_TEXT)
		err = show(&m);
	else
		err = m.files ? map_record_files(&m) : map_record_groups(&m);
	if (!err)
		err = verdict(&m);
	map_free(&m);
	return err;
}
