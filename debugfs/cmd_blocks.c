/* SPDX-License-Identifier: MIT */
/* blocks: where a file lies, as pieces or as the tree of its pointers. */
#include "pieces.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 20, DIRECT_SHOWN = 3, RANGE_COLUMNS = 10, COUNT_COLUMNS = 3 };

struct view {
	struct shell *sh;
	struct out *out;
	const struct arg *arg;
	const struct e2_inode *in;
	struct pieces p;
	bool all;
	int range_columns, count_columns;	/* of the tree */
};

static void show_head(struct view *v)
{
	struct out *o = v->out;
	size_t mark = out_mark(o);

	add_object(&o->text, v->arg);
	out_add(o, "  ");
	out_pad(o, mark, 30);
	add_plural(&o->text, v->p.data, "data block", "data blocks");
	if (v->p.data) {
		out_add(o, " in ");
		add_plural(&o->text, v->p.together, "piece", "pieces");
	}
	if (v->p.pointers) {
		out_add(o, ", ");
		add_plural(&o->text, v->p.pointers, "pointer block", "pointer blocks");
	}
	out_line(o);
}

/* ---- pieces -------------------------------------------------------------- */

static void show_pieces(struct view *v)
{
	struct out *o = v->out;
	struct e2_walk_block b;
	uint64_t shown = 0;

	for (size_t i = 0; (v->all || shown < SHOWN) && pieces_next(&v->p, &i, &b); shown++) {
		size_t mark = out_mark(o);

		out_add(o, "  ");
		add_range(&o->text, b.lblk, b.count);
		out_add(o, "  ");
		out_pad(o, mark, 24);
		add_range(&o->text, b.blk, b.count);
		out_line(o);
	}
	if (shown < v->p.together) {
		out_add(o, "  and %" PRIu64 " more; -v lists them", v->p.together - shown);
		out_line(o);
	}
}

static void show_bad(struct view *v)
{
	struct out *o = v->out;

	for (size_t i = 0; i < v->p.count; i++) {
		const struct e2_walk_block *b = &v->p.at[i];

		if (!b->status)
			continue;
		out_add(o, "  file block %" PRIu64 "  ", b->lblk);
		if (b->parent)
			out_add(o, "entry %u of block %" PRIu64, b->index, b->parent);
		else
			out_add(o, "block[%u]", b->index);
		out_add(o, " says %" PRIu64 "  ", b->blk);
		out_add_styled(o, STYLE_RED, b->status == E2_ERR_IO ? "(cannot be read)" : "(bad)");
		out_line(o);
	}
}

/* ---- the tree ------------------------------------------------------------ */

/* What hangs below the pointer block at index i of the walk, which lists parents first. */
struct below { uint64_t last_lblk, pieces; bool any; };

static struct below look_below(const struct pieces *p, size_t i)
{
	const struct e2_walk_block *top = &p->at[i];
	struct below below = { .last_lblk = top->lblk };

	for (size_t j = i + 1; j < p->count; j++) {
		const struct e2_walk_block *b = &p->at[j];

		if (b->level >= top->level)
			break;		/* the next pointer block of its height, or higher */
		if (b->level || b->status)
			continue;
		if (b->parent != top->blk && top->level == 1)
			break;
		below.any = true;
		below.pieces++;
		below.last_lblk = b->lblk + b->count - 1;
	}
	return below;
}

static void show_direct(struct view *v)
{
	struct out *o = v->out;
	struct e2_str list = E2_STR_INIT, range = E2_STR_INIT;
	uint64_t pieces = 0, last = 0, first = 0;

	for (size_t i = 0; i < v->p.count; i++) {
		const struct e2_walk_block *b = &v->p.at[i];

		if (b->level || b->parent || b->status)
			continue;
		if (!pieces)
			first = b->lblk;
		last = b->lblk + b->count - 1;
		if (pieces++ < DIRECT_SHOWN) {
			e2_str_add(&list, list.len ? " " : "");
			add_range(&list, b->blk, b->count);
		}
	}
	if (pieces) {
		if (pieces > DIRECT_SHOWN)
			e2_str_addf(&list, " and %" PRIu64 " more", pieces - DIRECT_SHOWN);
		add_range(&range, first, last - first + 1);
		out_add(o, "  block[0..11]  direct    %-*s %*" PRIu64 " %-9s %s",
			v->range_columns, e2_str_text(&range), v->count_columns,
			pieces, pieces == 1 ? "piece" : "pieces",
			e2_str_text(&list));
		out_line(o);
	}
	e2_str_free(&list);
	e2_str_free(&range);
}

static void show_pointer(struct view *v, size_t i)
{
	static const char *const kinds[] = { "", "single", "double", "triple" };
	struct out *o = v->out;
	const struct e2_walk_block *b = &v->p.at[i];
	struct below below = look_below(&v->p, i);
	struct e2_str range = E2_STR_INIT;
	char left[32];

	(void)snprintf(left, sizeof(left), b->parent ? "[%u]" : "block[%u]", b->index);
	if (below.any)
		add_range(&range, b->lblk, below.last_lblk - b->lblk + 1);
	else
		e2_str_add(&range, "nothing");
	if (b->parent)
		out_add(o, "  %-14s%-9s ", "", left);
	else
		out_add(o, "  %-13s %-9s ", left, kinds[b->level]);
	out_add(o, "%-*s ", v->range_columns, e2_str_text(&range));
	if (b->level == 1)
		out_add(o, "%*" PRIu64 " %-9s ", v->count_columns, below.pieces,
			below.pieces == 1 ? "piece" : "pieces");
	out_add(o, "%" PRIu64, b->blk);
	if (b->level > 1 && b->parent)
		out_add(o, "  %s", kinds[b->level]);
	out_line(o);
	e2_str_free(&range);
}

/* The columns of "268-1757", for the last block of the file, and of "10 pieces". */
static void measure(struct view *v)
{
	uint64_t last = 0;
	int n;

	for (size_t i = 0; i < v->p.count; i++)
		if (v->p.at[i].lblk + v->p.at[i].count > last + 1)
			last = v->p.at[i].lblk + v->p.at[i].count - 1;
	n = snprintf(NULL, 0, "%" PRIu64 "-%" PRIu64 " ", last, last);
	v->range_columns = n > RANGE_COLUMNS ? n : RANGE_COLUMNS;
	n = snprintf(NULL, 0, "%zu", v->p.count);
	v->count_columns = n > COUNT_COLUMNS ? n : COUNT_COLUMNS;
}

static void show_tree(struct view *v)
{
	struct out *o = v->out;
	uint64_t counted = 0;

	measure(v);
	show_direct(v);
	for (size_t i = 0; i < v->p.count && !out_failed(o); i++) {
		counted += !v->p.at[i].level && !v->p.at[i].status;
		if (v->p.at[i].level && !v->p.at[i].status)
			show_pointer(v, i);
	}
	if (v->all) {
		show_pieces(v);
	} else if (counted > v->p.together) {
		out_add(o, "a piece that goes on in the next pointer block counts in both; "
			"-v lists all %" PRIu64, v->p.together);
		out_line(o);
	}
}

/* ---- the command --------------------------------------------------------- */

static void record(struct view *v)
{
	struct out *o = v->out;

	for (size_t i = 0; i < v->p.count && !out_failed(o); i++) {
		const struct e2_walk_block *b = &v->p.at[i];

		out_record(o, "blocks");
		out_u64(o, "ino", v->arg->ino);
		out_u64(o, "lblk", b->lblk);
		out_u64(o, "blk", b->blk);
		out_u64(o, "count", b->count);
		out_u64(o, "level", b->level);
		out_u64(o, "parent", b->parent);
		out_u64(o, "index", b->index);
		out_string(o, "error", b->status ? e2_err_name(b->status) : "");
		out_record_end(o);
	}
}

static int show_one(struct shell *sh, const struct e2_inode *in, uint64_t lblk)
{
	struct out *o = &sh->out;
	struct e2_run run;
	uint64_t blk;
	int err = e2_inode_has_blocks(sh->fs, in) ? 0 :
		e2_fail(E2_ERR_INVAL, "%s has no blocks", file_type_words(in->mode));

	if (!err)
		err = e2_map(sh->fs, in, lblk, &run);
	if (err)
		return err;
	blk = run.blk ? run.blk + (lblk - run.lblk) : 0;
	if (o->mode != OUT_TEXT) {
		out_record(o, "bmap");
		out_u64(o, "lblk", lblk);
		out_u64(o, "blk", blk);
		out_record_end(o);
	} else {
		if (blk)
			out_add(o, "%" PRIu64, blk);
		else
			out_add(o, "hole");
		out_line(o);
	}
	return 0;
}

static int show_all(struct view *v, bool tree)
{
	int err = pieces_read(v->sh->fs, v->in, &v->p);

	if (err)
		return err;
	if (v->out->mode != OUT_TEXT) {
		record(v);
	} else {
		show_head(v);
		if (e2_is_symlink(v->in) && e2_symlink_is_fast(v->sh->fs, v->in)) {
			out_add(v->out, "  the text is in the inode");
			out_line(v->out);
		}
		if (tree)
			show_tree(v);
		else
			show_pieces(v);
		show_bad(v);
	}
	if (v->p.bad)
		err = e2_fail(v->p.status, "%" PRIu64 " of its pointers lead nowhere", v->p.bad);
	pieces_free(&v->p);
	return err;
}

static int run(struct shell *sh, const struct args *args, bool tree, bool all)
{
	const struct arg *lblk = args_get(args, "LBLK");
	struct e2_inode in;
	struct view v = {
		.sh = sh, .out = &sh->out, .arg = args_get(args, "PATH"), .in = &in, .all = all,
	};
	int err = e2_inode_get(sh->fs, v.arg->ino, &in);

	if (!err)
		err = lblk ? show_one(sh, &in, lblk->number) : show_all(&v, tree);
	if (err)
		shell_warn_of(sh, v.arg, err);
	return 0;
}

int cmd_blocks(struct shell *sh, const struct args *args)
{
	return run(sh, args, args_has(args, "--tree"), args_has(args, "-v"));
}

int cmd_bmap(struct shell *sh, const struct args *args)
{
	return run(sh, args, false, false);
}
