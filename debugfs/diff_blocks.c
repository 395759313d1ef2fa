/* SPDX-License-Identifier: MIT */
/*
 * Both volumes are read in large pieces; what lies in neither image is passed over.  Of the runs
 * of blocks that differ, all or the first of them are then looked up in both volumes.
 */
#include "diff_blocks.h"

#include "interrupt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	PIECE = 1 << 20,	/* bytes compared at once */
	RUNS_MAX = 20000,	/* that are kept */
	SHOWN = 200,		/* without -v */
};

struct use {			/* what a run is in one of the volumes */
	enum e2_use use;
	e2_grp group;		/* of what the layout has */
	e2_ino ino;		/* of what an inode claims; 0: none */
	e2_lblk lblk;
	bool more;		/* that is not all */
};

struct blocks {
	struct shell *sh;
	const struct diff_side *side;
	struct e2_range *runs;
	struct use *uses[2];		/* a place for each run */
	size_t count, cap;
	uint64_t differing, left_out;	/* blocks; runs that are not kept */
	unsigned at;			/* the side that is looked at */
	uint8_t *bytes[2];
};

static bool stop(void)
{
	return interrupt_asked();
}

/* ---- which blocks ---------------------------------------------------------------------- */

static int add_block(struct blocks *b, e2_blk blk)
{
	struct e2_range *last = b->count ? &b->runs[b->count - 1] : NULL;

	b->differing++;
	if (last && !b->left_out && last->blk + last->count == blk) {
		last->count++;
		return 0;
	}
	if (b->count == RUNS_MAX) {
		b->left_out++;
		return 0;
	}
	if (b->count == b->cap) {
		size_t cap = b->cap ? 2 * b->cap : 64;
		struct e2_range *more = realloc(b->runs, cap * sizeof(*more));

		if (!more)
			return e2_fail(E2_ERR_NOMEM, "no memory for %zu runs of blocks", cap);
		b->runs = more;
		b->cap = cap;
	}
	b->runs[b->count++] = (struct e2_range){ blk, 1 };
	return 0;
}

static int compare_piece(struct blocks *b, e2_blk blk, uint64_t count, uint32_t size)
{
	int r = 0;

	for (unsigned i = 0; i < 2 && r == 0; i++)
		r = e2_cache_read(e2_fs_cache(b->side[i].fs), blk, count, b->bytes[i]);
	if (r || !memcmp(b->bytes[0], b->bytes[1], (size_t)count * size))
		return r;
	for (uint64_t i = 0; i < count && r == 0; i++)
		if (memcmp(b->bytes[0] + i * size, b->bytes[1] + i * size, size) != 0)
			r = add_block(b, blk + i);
	return r;
}

static int compare_all(struct blocks *b, uint64_t blocks, uint32_t size)
{
	uint64_t piece = PIECE / size;
	int r = 0;

	for (unsigned i = 0; i < 2; i++) {
		b->bytes[i] = malloc(PIECE);
		if (!b->bytes[i])
			return e2_fail(E2_ERR_NOMEM, "comparing: out of memory");
	}
	for (e2_blk blk = 0; blk < blocks && r == 0; blk += piece) {
		if (stop())
			return e2_fail(E2_ERR_CANCELLED, "interrupted");
		r = compare_piece(b, blk, blocks - blk < piece ? blocks - blk : piece, size);
	}
	return r;
}

/* ---- what they are --------------------------------------------------------------------- */

/* The first run that ends behind a block. */
static size_t first_behind(const struct blocks *b, e2_blk blk)
{
	size_t low;

	E2_SEARCH(low, b->count, i, b->runs[i].blk + b->runs[i].count <= blk);
	return low;
}

static void note(struct blocks *b, e2_blk blk, uint64_t count, const struct use *use)
{
	for (size_t i = first_behind(b, blk); i < b->count && b->runs[i].blk < blk + count; i++) {
		struct use *to = &b->uses[b->at][i];

		if (to->use != E2_USE_FREE) {
			to->more = to->more || to->use != use->use || to->ino != use->ino;
			continue;
		}
		*to = *use;
		if (b->runs[i].blk > blk && use->ino)
			to->lblk += b->runs[i].blk - blk;
		to->more = b->runs[i].blk < blk ||
			   b->runs[i].blk + b->runs[i].count > blk + count;
	}
}

static int note_layout(void *context, const struct e2_layout_run *run)
{
	const struct use use = { .use = run->use, .group = run->group };

	note(context, run->blk, run->count, &use);
	return 0;
}

static int note_claim(void *context, const struct e2_inode *in, const struct e2_claim *claim)
{
	const struct use use = { .use = claim->use, .ino = claim->ino, .lblk = claim->lblk };

	(void)in;
	note(context, claim->blk, claim->count, &use);
	return 0;
}

static int look_up(struct blocks *b)
{
	int r = 0;

	for (b->at = 0; b->at < 2 && r == 0; b->at++) {
		struct e2_claims c = {
			.fs = b->side[b->at].fs, .claim = note_claim, .stop = stop, .context = b,
		};

		b->uses[b->at] = calloc(b->count, sizeof(struct use));
		if (!b->uses[b->at])
			return e2_fail(E2_ERR_NOMEM, "comparing: out of memory");
		r = e2_layout_visit(c.fs, note_layout, b);
		if (r == 0)
			r = e2_claims_find(&c, b->runs, b->count);
	}
	return r;
}

/* ---- said ------------------------------------------------------------------------------ */

static bool is_of_group(enum e2_use use)
{
	return use == E2_USE_DESC || use == E2_USE_BLOCK_BITMAP || use == E2_USE_INODE_BITMAP ||
	       use == E2_USE_INODE_TABLE || use == E2_USE_SUPER || use == E2_USE_GROWTH;
}

/* "data of <12295>, file block 263", "inode table of group 1" */
static void add_use(struct blocks *b, unsigned side, const struct use *use, struct e2_str *s)
{
	struct e2_str path = E2_STR_INIT;
	struct e2_names *names;

	e2_str_add(s, e2_use_name(use->use));
	if (use->ino) {
		e2_str_add(s, " of ");
		if (side == 0 && !shell_names(b->sh, &names) &&
		    e2_names_count(names, use->ino) &&
		    !e2_names_path(names, use->ino, 0, &path)) {
			e2_str_add_name(s, e2_str_text(&path), path.len);
			e2_str_add(s, " ");
		}
		e2_str_addf(s, "<%" PRIu32 ">", use->ino);
		if (use->use == E2_USE_DATA || use->use == E2_USE_DIR)
			e2_str_addf(s, ", file block %" PRIu64, use->lblk);
	} else if (is_of_group(use->use)) {
		e2_str_addf(s, " of group %" PRIu32, use->group);
	}
	if (use->more)
		e2_str_add(s, " and others");
	e2_err_clear();
	e2_str_free(&path);
}

static void record(struct blocks *b, size_t i)
{
	static const char *const keys[2][2] = {
		{ "use", "ino" }, { "other_use", "other_ino" },
	};
	struct out *o = &b->sh->out;

	out_record(o, "diff-blocks");
	out_u64(o, "blk", b->runs[i].blk);
	out_u64(o, "count", b->runs[i].count);
	for (unsigned side = 0; side < 2; side++) {
		out_string(o, keys[side][0], e2_use_key(b->uses[side][i].use));
		out_u64(o, keys[side][1], b->uses[side][i].ino);
	}
	out_record_end(o);
}

static void show(struct blocks *b, size_t i)
{
	const struct use *use[2] = { &b->uses[0][i], &b->uses[1][i] };
	const struct e2_range *run = &b->runs[i];
	struct out *o = &b->sh->out;
	size_t mark = out_mark(o);
	struct e2_str s = E2_STR_INIT;

	if (run->count == 1)
		out_add(o, "block %" PRIu64, run->blk);
	else
		out_add(o, "blocks %" PRIu64 "-%" PRIu64, run->blk, run->blk + run->count - 1);
	out_add(o, "  ");
	out_pad(o, mark, 24);
	add_use(b, 0, use[0], &s);
	if (use[0]->use != use[1]->use || use[0]->ino != use[1]->ino) {
		e2_str_add(&s, " -> ");
		add_use(b, 1, use[1], &s);
	}
	out_add(o, "%s", e2_str_text(&s));
	out_line(o);
	e2_str_free(&s);
}

static void show_all(struct blocks *b, uint64_t blocks, bool all)
{
	struct out *o = &b->sh->out;
	size_t shown = all || b->count < SHOWN ? b->count : SHOWN;

	if (b->differing)
		out_add(o, "%" PRIu64 " of %" PRIu64 " blocks %s", b->differing, blocks,
			b->differing == 1 ? "differs" : "differ");
	else
		out_add(o, "no differences; %" PRIu64 " blocks compared", blocks);
	out_line(o);
	if (b->count)
		out_line(o);
	for (size_t i = 0; i < shown && !out_failed(o); i++)
		show(b, i);
	if (shown < b->count || b->left_out) {
		out_add(o, "and more%s", all ? "" : "; -v shows them");
		out_line(o);
	}
}

static void blocks_free(struct blocks *b)
{
	for (unsigned side = 0; side < 2; side++) {
		free(b->uses[side]);
		free(b->bytes[side]);
	}
	free(b->runs);
}

int diff_blocks(struct shell *sh, const struct diff_side side[2], bool all)
{
	const struct e2_geometry *g[2] = { e2_geometry(side[0].fs), e2_geometry(side[1].fs) };
	struct blocks b = { .sh = sh, .side = side };
	int r;

	if (g[0]->block_size != g[1]->block_size || g[0]->blocks != g[1]->blocks)
		return e2_fail(E2_ERR_INVAL, "%s: has %" PRIu64 " blocks of %" PRIu32
			       " bytes, and %s has %" PRIu64 " of %" PRIu32
			       ": only volumes of one shape are compared block for block",
			       side[1].image, g[1]->blocks, g[1]->block_size, side[0].image,
			       g[0]->blocks, g[0]->block_size);
	r = compare_all(&b, g[0]->blocks, g[0]->block_size);
	if (r == 0 && b.count)
		r = look_up(&b);
	if (r == 0 && sh->out.mode == OUT_TEXT)
		show_all(&b, g[0]->blocks, all);
	for (size_t i = 0; r == 0 && i < b.count && sh->out.mode != OUT_TEXT; i++)
		record(&b, i);
	sh->differs = sh->differs || b.differing;
	blocks_free(&b);
	return r;
}
