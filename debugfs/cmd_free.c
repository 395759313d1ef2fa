/* SPDX-License-Identifier: MIT */
/* free, find_free_block, find_free_inode: what the bitmaps have left. */
#include "gaps.h"
#include "grid.h"
#include "map.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 40, LABEL = 18 };

/* ---- free ---------------------------------------------------------------------- */

struct line {			/* of one group, or of several */
	uint64_t blocks, inodes;	/* free ones */
	struct e2_range largest;
	bool known;			/* every bitmap could be read */
};

struct table {
	struct shell *sh;
	const struct e2_geometry *g;
	uint64_t per_line;		/* groups */
	struct line *line;
	uint32_t lines;
	uint32_t unread;
	int status;
};

static int count_blocks(struct table *t)
{
	struct e2_range run = { 0 };
	struct e2_stretch s;
	struct e2_space *space;
	uint32_t last = 0;
	int r = e2_space_begin(t->sh->fs, 0, t->g->groups, &space);

	if (r)
		return r;
	while ((r = e2_space_next(space, &s)) > 0) {
		uint32_t at = (uint32_t)(s.group / t->per_line);
		struct line *line = &t->line[at];
		bool on = at == last && run.count && run.blk + run.count == s.blk;

		last = at;
		line->known &= s.known;
		r = map_stopped();
		if (r)
			break;
		if (!s.known || s.used) {
			run.count = 0;
			continue;
		}
		line->blocks += s.count;
		run = on ? (struct e2_range){ run.blk, run.count + s.count } :
			(struct e2_range){ s.blk, s.count };
		if (run.count > line->largest.count)
			line->largest = run;
	}
	t->unread = e2_space_unread(space, &t->status);
	e2_space_end(space);
	return r;
}

static int count_inodes(struct table *t)
{
	for (e2_grp i = 0; i < t->g->groups; i++) {
		struct line *line = &t->line[i / t->per_line];
		uint32_t used;
		int err = e2_group_inodes_used(t->sh->fs, i, &used);

		if (err == E2_ERR_NOMEM)
			return err;
		if (err) {
			line->known = false;
			t->status = t->unread++ ? t->status : err;
		} else {
			line->inodes += t->g->inodes_per_group - used;
		}
	}
	return 0;
}

/* Of the groups of a line, the first and the one behind the last. */
static void groups_of(const struct table *t, uint32_t line, e2_grp *first, e2_grp *end)
{
	uint64_t behind = (line + 1) * t->per_line;

	*first = (e2_grp)(line * t->per_line);
	*end = behind < t->g->groups ? (e2_grp)behind : t->g->groups;
}

static void show_line(const struct table *t, uint32_t i)
{
	const struct line *line = &t->line[i];
	struct out *o = &t->sh->out;
	struct e2_str label = E2_STR_INIT;
	uint64_t blocks = 0;
	e2_grp first, end;

	groups_of(t, i, &first, &end);
	e2_str_addf(&label, "%" PRIu32, first);
	if (end > first + 1)
		e2_str_addf(&label, "-%" PRIu32, end - 1);
	for (e2_grp group = first; group < end; group++)
		blocks += e2_group_blocks(t->g, group);
	out_add(o, "%*s  %10" PRIu64 "  ", t->per_line > 1 ? 11 : 5, e2_str_text(&label),
		e2_group_first_block(t->g, first));
	e2_str_free(&label);
	if (!line->known) {
		out_add_styled(o, STYLE_RED, "(a bitmap cannot be read)");
	} else {
		out_add(o, "%10" PRIu64 "  %3u %%  %10" PRIu64, line->blocks,
			percent_of(line->blocks, blocks), line->inodes);
		if (line->largest.count)
			out_add(o, "  %10" PRIu64 " at %" PRIu64, line->largest.count,
				line->largest.blk);
	}
	out_line(o);
}

static void show_table(const struct table *t, const struct gaps *gaps)
{
	struct out *o = &t->sh->out;
	uint64_t inodes = 0;

	if (o->terminal) {
		out_add(o, "%*s  %10s  %10s  %5s  %10s  %10s", t->per_line > 1 ? 11 : 5, "GROUP",
			"FIRST", "BLOCKS", "", "INODES", "LARGEST");
		out_line(o);
	}
	for (uint32_t i = 0; i < t->lines && !out_failed(o); i++) {
		show_line(t, i);
		inodes += t->line[i].inodes;
	}
	out_line(o);
	out_add(o, "%-*s%" PRIu64 " of %" PRIu64 ", ", LABEL, "free blocks", gaps->blocks,
		t->g->blocks);
	e2_str_add_size(&o->text, gaps->blocks * t->g->block_size);
	out_line(o);
	out_add(o, "%-*s%" PRIu64 " of %" PRIu32, LABEL, "free inodes", inodes, t->g->inodes);
	out_line(o);
	for (size_t i = 0; i < GAPS_SHOWN && gaps->top[i].count; i++) {
		out_add(o, "%-*s", LABEL, i ? "" : "largest gaps");
		add_plural(&o->text, gaps->top[i].count, "block", "blocks");
		out_add(o, " at %" PRIu64, gaps->top[i].blk);
		out_line(o);
	}
}

static void number(struct out *o, const char *key, bool known, uint64_t n)
{
	if (known)
		out_u64(o, key, n);
	else
		out_null(o, key);
}

static void record_table(const struct table *t)
{
	struct out *o = &t->sh->out;

	for (e2_grp i = 0; i < t->g->groups && !out_failed(o); i++) {
		const struct line *line = &t->line[i];

		out_record(o, "free");
		out_u64(o, "group", i);
		out_u64(o, "first", e2_group_first_block(t->g, i));
		out_u64(o, "blocks", e2_group_blocks(t->g, i));
		out_u64(o, "inodes", t->g->inodes_per_group);
		number(o, "free_blocks", line->known, line->blocks);
		number(o, "free_inodes", line->known, line->inodes);
		number(o, "largest_gap", line->known, line->largest.count);
		number(o, "largest_gap_at", line->known, line->largest.blk);
		out_record_end(o);
	}
}

int cmd_free(struct shell *sh, const struct args *args)
{
	struct table t = { .sh = sh, .g = e2_geometry(sh->fs), .per_line = 1 };
	bool all = args_has(args, "-v") || sh->out.mode != OUT_TEXT;
	struct gaps gaps;
	int err;

	while (!all && (t.g->groups + t.per_line - 1) / t.per_line > LINES)
		t.per_line *= 2;
	t.lines = (uint32_t)((t.g->groups + t.per_line - 1) / t.per_line);
	t.line = calloc(t.lines, sizeof(*t.line));
	if (!t.line)
		return e2_fail(E2_ERR_NOMEM, "no memory for %" PRIu32 " groups", t.g->groups);
	for (uint32_t i = 0; i < t.lines; i++)
		t.line[i].known = true;
	err = count_blocks(&t);
	if (!err)
		err = count_inodes(&t);
	if (!err)
		err = gaps_count(sh, 0, &gaps);
	if (!err && sh->out.mode == OUT_TEXT)
		show_table(&t, &gaps);
	else if (!err)
		record_table(&t);
	free(t.line);
	if (!err && t.unread)
		err = e2_fail(t.status, "%" PRIu32 " %s could not be read; extant-fsck -n tells "
			      "more", t.unread, t.unread == 1 ? "bitmap" : "bitmaps");
	return err;
}

/* ---- the next free one ------------------------------------------------------------ */

struct wanted { struct shell *sh; uint64_t left; struct e2_range run; };

static void show_run(struct wanted *w)
{
	struct out *o = &w->sh->out;

	if (w->run.count && o->mode != OUT_TEXT) {
		out_record(o, "ffb");
		out_u64(o, "blk", w->run.blk);
		out_u64(o, "count", w->run.count);
		out_record_end(o);
	} else if (w->run.count) {
		out_add(o, "%" PRIu64, w->run.blk);
		if (w->run.count > 1)
			out_add(o, "-%" PRIu64, w->run.blk + w->run.count - 1);
		out_line(o);
	}
	w->run.count = 0;
}

/* Free blocks of from .. end - 1, until there are enough. */
static int take_free(struct wanted *w, e2_blk from, e2_blk end)
{
	const struct e2_geometry *g = e2_geometry(w->sh->fs);
	e2_grp group = from > g->first_data_block ? e2_block_group(g, from) : 0;
	struct e2_stretch s;
	struct e2_space *space;
	int r = e2_space_begin(w->sh->fs, group, g->groups - group, &space);

	if (r)
		return r;
	while (w->left && (r = e2_space_next(space, &s)) > 0) {
		e2_blk first = s.blk < from ? from : s.blk, behind = s.blk + s.count;

		r = map_stopped();
		if (r || s.blk >= end)
			break;
		behind = behind < end ? behind : end;
		if (!s.known || s.used || first >= behind)
			continue;
		if (behind - first > w->left)
			behind = first + w->left;
		w->left -= behind - first;
		if (!w->run.count || w->run.blk + w->run.count != first) {
			show_run(w);
			w->run.blk = first;
		}
		w->run.count += behind - first;
	}
	e2_space_end(space);
	return r < 0 ? r : 0;
}

int cmd_ffb(struct shell *sh, const struct args *args)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	const struct arg *count = args_get(args, "COUNT"), *goal = args_get(args, "GOAL");
	struct wanted w = { .sh = sh, .left = count ? count->number : 1 };
	uint64_t want = w.left;
	e2_blk from = goal ? goal->number : g->first_data_block;
	int err = 0;

	if (from >= g->blocks)
		return e2_fail(E2_ERR_RANGE, "no block %" PRIu64 ": the volume has %" PRIu64, from,
			       g->blocks);
	err = take_free(&w, from, g->blocks);
	show_run(&w);
	if (!err && w.left)
		err = take_free(&w, 0, from);
	show_run(&w);
	if (!err && w.left)
		err = e2_fail(E2_ERR_NOSPC, "only %" PRIu64 " of %" PRIu64 " blocks are free",
			      want - w.left, want);
	return err;
}

int cmd_ffi(struct shell *sh, const struct args *args)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	const struct arg *dir = args_get(args, "DIR");
	e2_grp group = e2_inode_group(g, dir ? dir->ino : E2_INO_ROOT);
	e2_ino ino = 0;
	int err = e2_inode_next_free(sh->fs, group * g->inodes_per_group + 1, &ino);

	if (!err && !ino)
		err = e2_inode_next_free(sh->fs, 1, &ino);
	if (err)
		return err;
	if (!ino)
		return e2_fail(E2_ERR_NOSPC, "none of the %" PRIu32 " inodes is free", g->inodes);
	if (sh->out.mode != OUT_TEXT) {
		out_record(&sh->out, "ffi");
		out_u64(&sh->out, "ino", ino);
		out_record_end(&sh->out);
	} else {
		out_add(&sh->out, "%" PRIu32, ino);
		out_line(&sh->out);
	}
	return 0;
}
