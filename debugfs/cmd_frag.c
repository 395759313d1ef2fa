/* SPDX-License-Identifier: MIT */
/* frag: files that lie in more pieces than need be, and free space by the length of its runs. */
#include "bar.h"
#include "gaps.h"
#include "scatter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORST = 20, EXTENTS = 20, STRIP = 24, STRIP_NARROW = 12, NARROW = 90, LABEL = 18,
       LEAST_BAR = 8, BAR = 30 };

struct roll {
	struct shell *sh;
	struct out *o;
	bool all;			/* with -v */
	unsigned strip;			/* cells */
	int pieces_columns, ideal_columns;
};

/* ---- a file ------------------------------------------------------------------- */

static void add_path(struct e2_str *s, const struct e2_str *path, e2_ino ino)
{
	if (path->len) {
		e2_str_add_name(s, path->text, path->len);
		e2_str_add(s, " ");
	}
	e2_str_addf(s, "<%" PRIu32 ">", ino);
}

static int new_strip(const struct roll *r, struct grid *grid)
{
	uint64_t blocks = e2_geometry(r->sh->fs)->blocks;

	grid_plan(grid, 0, blocks, blocks, false, 1, r->strip);
	grid->per_cell = (blocks + r->strip - 1) / r->strip;	/* as wide as can be */
	grid->columns = (uint32_t)((blocks + grid->per_cell - 1) / grid->per_cell);
	return grid_new(grid);
}

static void show_columns(const struct roll *r)
{
	if (!r->o->terminal)
		return;
	out_add(r->o, "%*s  %*s  %10s  %-*s  NAME", r->pieces_columns, "PIECES", r->ideal_columns,
		"IDEAL", "SIZE", (int)r->strip, "WHERE");
	out_line(r->o);
}

/* One line of the roll. */
static void show_file(const struct roll *r, const struct scatter *s, const struct grid *grid,
		      const struct e2_str *path)
{
	struct out *o = r->o;
	struct e2_str size = E2_STR_INIT;
	size_t mark;

	e2_str_add_size(&size, s->size);
	out_add(o, "%*" PRIu64 "  %*" PRIu64 "  %10s  ", r->pieces_columns, s->pieces,
		r->ideal_columns, s->ideal, e2_str_text(&size));
	mark = out_mark(o);
	show_strip(o, grid);
	out_pad(o, mark, r->strip);
	out_add(o, "  ");
	add_path(&o->text, path, s->ino);
	out_line(o);
	e2_str_free(&size);
}

static void record_file(struct out *o, const struct scatter *s, const struct e2_str *path)
{
	out_record(o, "frag");
	out_u64(o, "ino", s->ino);
	if (path->len)
		out_name(o, "path", path->text, path->len);
	else
		out_null(o, "path");
	out_u64(o, "size", s->size);
	out_u64(o, "blocks", s->blocks);
	out_u64(o, "pieces", s->pieces);
	out_u64(o, "ideal", s->ideal);
	out_record_end(o);
}

/* ---- its pieces ---------------------------------------------------------------- */

struct extents {
	struct out *o;
	e2_ino ino;
	uint64_t shown, most;
	struct e2_claim last;		/* count 0: none yet */
	e2_blk expected;		/* where the piece before the last one would have gone on */
	int lblk_columns;
};

static void show_extent(struct extents *x)
{
	struct out *o = x->o;
	const struct e2_claim *c = &x->last;
	size_t mark;

	if (c->count == 0 || x->shown++ >= x->most)
		return;
	if (o->mode != OUT_TEXT) {
		out_record(o, "extent");
		out_u64(o, "ino", x->ino);
		out_u64(o, "lblk", c->lblk);
		out_u64(o, "blk", c->blk);
		out_u64(o, "count", c->count);
		out_record_end(o);
		return;
	}
	mark = out_mark(o);
	out_add(o, "  %" PRIu64, c->lblk);
	if (c->count > 1)
		out_add(o, "-%" PRIu64, c->lblk + c->count - 1);
	out_add(o, "  ");
	out_pad(o, mark, 20);
	mark = out_mark(o);
	out_add(o, "%" PRIu64, c->blk);
	if (c->count > 1)
		out_add(o, "-%" PRIu64, c->blk + c->count - 1);
	out_add(o, "  ");
	out_pad(o, mark, 24);
	out_add(o, "%*s", 0, "");
	add_plural(&o->text, c->count, "block", "blocks");
	if (x->expected && c->blk > x->expected)
		out_add(o, ", %" PRIu64 " further", c->blk - x->expected);
	else if (x->expected && c->blk < x->expected)
		out_add(o, ", %" PRIu64 " back", x->expected - c->blk);
	out_line(o);
}

static int take_extent(void *context, const struct e2_inode *in, const struct e2_claim *c)
{
	struct extents *x = context;

	(void)in;
	if (c->level || c->use == E2_USE_XATTR)
		return 0;
	if (x->last.count && c->lblk == x->last.lblk + x->last.count &&
	    c->blk == x->last.blk + x->last.count) {
		x->last.count += c->count;
		return 0;
	}
	show_extent(x);
	x->expected = x->last.count ? x->last.blk + x->last.count : 0;
	x->last = *c;
	return 0;
}

/* Its pieces, the first few without -v; as records all of them, and only with -v. */
static int show_extents(const struct roll *r, const struct scatter *s)
{
	struct extents x = {
		.o = r->o, .ino = s->ino, .most = r->all ? UINT64_MAX : EXTENTS,
	};
	struct e2_claims claims = { .fs = r->sh->fs, .claim = take_extent, .context = &x };
	int err = e2_claims_of(&claims, s->ino, NULL, 0);

	if (err)
		return err;
	show_extent(&x);
	if (x.shown > x.most && r->o->mode == OUT_TEXT) {
		out_add(r->o, "  and %" PRIu64 " more; -v lists them", x.shown - x.most);
		out_line(r->o);
	}
	return 0;
}

/* ---- files that are named --------------------------------------------------------- */

static int one_file(const struct roll *r, const struct arg *a, bool extents)
{
	struct scatter s;
	struct grid grid;
	int err = new_strip(r, &grid);

	if (!err)
		err = scatter_of(r->sh, a->ino, &grid, &s);
	if (!err && r->o->mode == OUT_TEXT)
		show_file(r, &s, &grid, &a->path);
	else if (!err)
		record_file(r->o, &s, &a->path);
	grid_free(&grid);
	if (!err && extents)
		err = show_extents(r, &s);
	if (!err && s.bad)
		err = e2_fail(s.status, "%" PRIu64 " of its pointers lead nowhere", s.bad);
	return err;
}

static void named_files(struct roll *r, const struct args *args)
{
	bool text = r->o->mode == OUT_TEXT;

	if (text)
		show_columns(r);
	for (size_t i = 0; i < args->count && !out_failed(r->o); i++) {
		int err = one_file(r, &args->arg[i], r->all || (text && args->count == 1));

		if (err)
			shell_warn_of(r->sh, &args->arg[i], err);
	}
}

/* ---- the roll ---------------------------------------------------------------------- */

static void show_sums(const struct roll *r, const struct scattered *all)
{
	struct out *o = r->o;

	out_add(o, "%-*s", LABEL, "files");
	out_add(o, "%" PRIu64 " with blocks, in ", all->files);
	add_plural(&o->text, all->pieces, "piece", "pieces");
	if (all->pieces > all->ideal)
		out_add(o, "; %" PRIu64 " would do", all->ideal);
	out_line(o);
	out_add(o, "%-*s", LABEL, "scattered");
	if (all->count)
		out_add(o, "%" PRIu64 "  %u %% of them", all->count,
			percent_of(all->count, all->files));
	else
		out_add(o, "none");
	out_line(o);
	out_line(o);
}

/* The worst files by their first names, where they have any. */
static int show_worst(struct roll *r, const struct scattered *all)
{
	e2_ino *inos = calloc(all->kept + 1, sizeof(*inos));
	struct e2_names *names = NULL;
	int err;

	if (!inos)
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu inodes", all->kept);
	for (size_t i = 0; i < all->kept; i++)
		inos[i] = all->at[i].ino;
	err = shell_names_of(r->sh, inos, all->kept, &names);
	free(inos);
	if (err)
		return err;
	if (r->o->mode == OUT_TEXT)
		show_columns(r);
	for (size_t i = 0; i < all->kept && !err && !out_failed(r->o); i++) {
		struct e2_str path = E2_STR_INIT;
		struct scatter s = all->at[i];
		struct grid grid;

		if (e2_names_count(names, s.ino))
			err = e2_names_path(names, s.ino, 0, &path);
		if (!err && r->o->mode != OUT_TEXT) {
			record_file(r->o, &s, &path);
		} else if (!err) {
			err = new_strip(r, &grid);
			if (!err)
				err = scatter_of(r->sh, s.ino, &grid, &s);
			if (!err)
				show_file(r, &s, &grid, &path);
			grid_free(&grid);
		}
		e2_str_free(&path);
	}
	shell_names_done(r->sh, names);
	return err;
}

static int show_roll(struct roll *r, struct scattered *all)
{
	struct out *o = r->o;
	int err;

	if (o->mode == OUT_TEXT)
		show_sums(r, all);
	if (!all->kept)
		return 0;
	err = show_worst(r, all);
	if (o->mode != OUT_TEXT)
		return err;
	if (all->count > all->kept) {
		out_add(o, "and %" PRIu64 " more; -v lists them", all->count - all->kept);
		out_line(o);
	}
	out_line(o);
	return err;
}

/* ---- free space ----------------------------------------------------------------------- */

static void show_bins(const struct roll *r, const struct gaps *gaps)
{
	struct out *o = r->o;
	uint64_t most = 0;
	unsigned width = out_width(o), last = 0;
	unsigned bar = width < 52 + LEAST_BAR ? LEAST_BAR : width - 52 < BAR ? width - 52 : BAR;

	for (unsigned i = 0; i < GAP_BINS; i++) {
		if (gaps->bin[i].blocks > most)
			most = gaps->bin[i].blocks;
		if (gaps->bin[i].count)
			last = i;
	}
	if (o->terminal && gaps->count) {
		out_add(o, "  %-21s %9s %9s", "LENGTH", "GAPS", "BLOCKS");
		out_line(o);
	}
	for (unsigned i = 0; gaps->count && i <= last; i++) {
		uint64_t from = (uint64_t)1 << i, to = from * 2 - 1;
		char range[48];

		(void)snprintf(range, sizeof(range), i ? "%" PRIu64 "-%" PRIu64 " blocks" :
			       "%" PRIu64 " block", from, to);
		out_add(o, "  %-21s ", range);
		out_add_number(o, gaps->bin[i].count, 9);
		out_add(o, " ");
		out_add_number(o, gaps->bin[i].blocks, 9);
		out_add(o, "  %3u %%", percent_of(gaps->bin[i].blocks, gaps->blocks));
		if (gaps->bin[i].blocks) {
			out_add(o, "  ");
			show_bar(o, gaps->bin[i].blocks, most, bar);
		}
		out_line(o);
	}
}

static void show_gaps(const struct roll *r, const struct gaps *gaps, uint64_t chunk)
{
	const struct e2_geometry *g = e2_geometry(r->sh->fs);
	struct out *o = r->o;

	out_add(o, "%-*s", LABEL, "free");
	add_plural(&o->text, gaps->blocks, "block", "blocks");
	out_add(o, ", ");
	e2_str_add_size(&o->text, gaps->blocks * g->block_size);
	out_add(o, ", %u %%", percent_of(gaps->blocks, g->blocks));
	out_line(o);
	if (gaps->count) {
		out_add(o, "%-*s", LABEL, "gaps");
		out_add(o, "%" PRIu64 ": largest %" PRIu64 ", smallest %" PRIu64 ", mean %" PRIu64
			" blocks", gaps->count, gaps->largest, gaps->smallest,
			gaps->blocks / gaps->count);
		out_line(o);
	}
	if (chunk) {
		out_add(o, "%-*s", LABEL, "chunks");
		out_add(o, "%" PRIu64 " of %" PRIu64 " are free, of ", gaps->chunks,
			(g->blocks + chunk - 1) / chunk);
		add_plural(&o->text, chunk, "block", "blocks");
		out_line(o);
	}
	show_bins(r, gaps);
}

static void record_gaps(struct out *o, const struct gaps *gaps)
{
	for (unsigned i = 0; i < GAP_BINS; i++) {
		if (!gaps->bin[i].count)
			continue;
		out_record(o, "gaps");
		out_u64(o, "from", (uint64_t)1 << i);
		out_u64(o, "to", ((uint64_t)1 << i) * 2 - 1);
		out_u64(o, "gaps", gaps->bin[i].count);
		out_u64(o, "blocks", gaps->bin[i].blocks);
		out_record_end(o);
	}
}

static void record_sums(const struct roll *r, const struct scattered *all, const struct gaps *gaps,
			uint64_t chunk)
{
	struct out *o = r->o;

	out_record(o, "frag-total");
	if (all) {
		out_u64(o, "files", all->files);
		out_u64(o, "scattered", all->count);
		out_u64(o, "pieces", all->pieces);
		out_u64(o, "ideal", all->ideal);
	}
	out_u64(o, "blocks", e2_geometry(r->sh->fs)->blocks);
	out_u64(o, "free_blocks", gaps->blocks);
	out_u64(o, "gaps", gaps->count);
	out_u64(o, "largest_gap", gaps->largest);
	out_u64(o, "smallest_gap", gaps->smallest);
	if (chunk) {
		out_u64(o, "chunk", chunk);
		out_u64(o, "free_chunks", gaps->chunks);
	}
	out_record_end(o);
}

static int unread(const struct gaps *gaps, uint64_t tables)
{
	if (gaps->unread)
		return e2_fail(gaps->status, "%" PRIu32 " block %s could not be read", gaps->unread,
			       gaps->unread == 1 ? "bitmap" : "bitmaps");
	if (tables)
		return e2_fail(E2_ERR_CORRUPT, "the inode tables of %" PRIu64 " %s could not be "
			       "read", tables, tables == 1 ? "group" : "groups");
	return 0;
}

/* ---- the commands ---------------------------------------------------------------------- */

static void prepare(struct roll *r, struct shell *sh, bool all)
{
	*r = (struct roll){ .sh = sh, .o = &sh->out, .all = all, .pieces_columns = 6,
		.ideal_columns = 5 };
	r->strip = out_width(r->o) < NARROW ? STRIP_NARROW : STRIP;
}

int cmd_frag(struct shell *sh, const struct args *args)
{
	struct scattered all;
	struct gaps gaps;
	struct roll r;
	int err;

	prepare(&r, sh, args_has(args, "-v"));
	if (args->count) {
		named_files(&r, args);
		return 0;
	}
	err = gaps_count(sh, 0, &gaps);
	if (!err)
		err = scattered_find(sh, r.all ? SIZE_MAX : WORST, &all);
	if (err)
		return err;
	err = show_roll(&r, &all);
	if (!err && r.o->mode == OUT_TEXT) {
		show_gaps(&r, &gaps, 0);
	} else if (!err) {
		record_gaps(r.o, &gaps);
		record_sums(&r, &all, &gaps, 0);
	}
	if (!err)
		err = unread(&gaps, all.unread);
	scattered_free(&all);
	return err;
}

int cmd_freefrag(struct shell *sh, const struct args *args)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	const struct arg *size = args_value(args, "-c");
	uint64_t chunk = 0;
	struct gaps gaps;
	struct roll r;
	int err = 0;

	prepare(&r, sh, false);
	if (size && (size->number < g->block_size || size->number % g->block_size))
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "-c %s: a chunk is whole blocks of "
						 "%" PRIu32 " bytes", size->text, g->block_size));
	if (size)
		chunk = size->number / g->block_size;
	err = gaps_count(sh, chunk, &gaps);
	if (err)
		return err;
	if (r.o->mode == OUT_TEXT) {
		show_gaps(&r, &gaps, chunk);
	} else {
		record_gaps(r.o, &gaps);
		record_sums(&r, NULL, &gaps, chunk);
	}
	return unread(&gaps, 0);
}
