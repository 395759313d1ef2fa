/* SPDX-License-Identifier: MIT */
#include "why.h"

#include "interrupt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct whys {
	unsigned batches;
	struct e2_use_index *index, *removed;
	bool index_tried, removed_tried;
	struct e2_report *report;	/* of a repair that is not made */
	bool report_tried;
	struct e2_names *names;		/* of the batch at hand */
};

void whys_free(struct whys *k)
{
	if (!k)
		return;
	e2_use_index_free(k->index);
	e2_use_index_free(k->removed);
	e2_report_free(k->report);
	free(k);
}

static struct whys *keep(struct shell *sh)
{
	if (!sh->whys)
		sh->whys = calloc(1, sizeof(*sh->whys));
	return sh->whys;
}

/* ---- gathering ------------------------------------------------------------------------ */

struct batch {
	struct shell *sh;
	struct why *at;
	size_t count;
	bool removed;
};

static size_t position(const struct why *blocks, size_t count, e2_blk blk)
{
	size_t low;

	E2_SEARCH(low, count, i, blocks[i].blk < blk);
	return low;
}

const struct why *why_find(const struct why *blocks, size_t count, e2_blk blk)
{
	size_t at = position(blocks, count, blk);

	return at < count && blocks[at].blk == blk ? &blocks[at] : NULL;
}

static int on_layout(void *context, const struct e2_layout_run *run)
{
	struct batch *b = context;

	for (size_t i = position(b->at, b->count, run->blk);
	     i < b->count && b->at[i].blk - run->blk < run->count; i++) {
		struct why *w = &b->at[i];

		if (w->layouts++ != 0)
			continue;
		w->layout = run->use;
		w->group = run->group;
		w->layout_first = run->blk;
	}
	return 0;
}

/* What a claim is of one of its blocks. */
static struct e2_claim part_of(const struct e2_claim *c, e2_blk blk)
{
	struct e2_claim one = *c;

	one.blk = blk;
	one.lblk += blk - c->blk;
	one.index += (unsigned)(blk - c->blk);
	one.count = 1;
	return one;
}

static int on_claim(void *context, const struct e2_inode *in, const struct e2_claim *c)
{
	struct batch *b = context;

	(void)in;
	for (size_t i = position(b->at, b->count, c->blk);
	     i < b->count && b->at[i].blk - c->blk < c->count; i++) {
		struct why *w = &b->at[i];

		if (w->claims++ < WHY_CLAIMS)
			w->claim[w->claims - 1] = part_of(c, w->blk);
	}
	return 0;
}

/* Of what removed inodes had, the first is kept. */
static int on_was(void *context, const struct e2_inode *in, const struct e2_claim *c)
{
	struct batch *b = context;

	(void)in;
	for (size_t i = position(b->at, b->count, c->blk);
	     i < b->count && b->at[i].blk - c->blk < c->count; i++) {
		struct why *w = &b->at[i];

		if (w->removed)
			continue;
		w->removed = c->ino;
		w->was = part_of(c, w->blk);
	}
	return 0;
}

/* The blocks as runs; those without an owner only, or all. */
static size_t runs_of(const struct batch *b, struct e2_range *runs)
{
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++) {
		const struct why *w = &b->at[i];

		if (b->removed && (w->layouts || w->claims))
			continue;
		if (n && runs[n - 1].blk + runs[n - 1].count == w->blk)
			runs[n - 1].count++;
		else
			runs[n++] = (struct e2_range){ w->blk, 1 };
	}
	return n;
}

/* By an index, or a pass if there is none. */
static int find_claims(struct batch *b, struct whys *k)
{
	struct e2_claims c = {
		.fs = b->sh->fs, .claim = b->removed ? on_was : on_claim, .removed = b->removed,
		.stop = interrupt_asked, .context = b,
	};
	struct e2_use_index **index = b->removed ? &k->removed : &k->index;
	bool *tried = b->removed ? &k->removed_tried : &k->index_tried;
	struct e2_range *runs = malloc(b->count * sizeof(*runs));
	size_t count;
	int err = 0;

	if (!runs)
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu blocks", b->count);
	count = runs_of(b, runs);
	if (count && !*tried) {
		err = e2_use_index_new(b->sh->fs, b->removed, interrupt_asked, index);
		*tried = err == 0;
	}
	if (!err && count)
		err = e2_claims_find_by(&c, *index, runs, count);
	free(runs);
	return err;
}

/* Claims of inodes in use and of removed ones, in one pass. */
static int find_all_claims(struct batch *b)
{
	struct e2_claims c = {
		.fs = b->sh->fs, .claim = on_claim, .was = on_was, .stop = interrupt_asked,
		.context = b,
	};
	struct e2_range *runs = malloc(b->count * sizeof(*runs));
	int err = 0;

	if (!runs)
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu blocks", b->count);
	if (b->count)
		err = e2_claims_find(&c, runs, runs_of(b, runs));
	for (size_t i = 0; i < b->count; i++)
		if (b->at[i].layouts || b->at[i].claims)	/* it has an owner */
			b->at[i].removed = 0;
	free(runs);
	return err;
}

/* A bitmap that cannot be read says nothing of its blocks. */
static void read_bits(struct batch *b)
{
	const struct e2_geometry *g = e2_geometry(b->sh->fs);

	for (size_t i = 0; i < b->count; i++) {
		struct why *w = &b->at[i];
		struct e2_group desc;
		e2_grp group;

		if (!e2_block_valid(g, w->blk))
			continue;	/* before the first group */
		group = e2_block_group(g, w->blk);
		if (e2_group_get(b->sh->fs, group, &desc) ||
		    e2_block_used(b->sh->fs, w->blk, &w->used)) {
			e2_err_clear();
			continue;
		}
		w->has_bit = true;
		w->bitmap = desc.block_bitmap;
		w->bit = (uint32_t)(w->blk - e2_group_first_block(g, group));
	}
}

int why_layout(struct shell *sh, struct why *blocks, size_t count)
{
	struct batch b = { .sh = sh, .at = blocks, .count = count };
	int err;

	for (size_t i = 0; i < count; i++)
		blocks[i] = (struct why){ .blk = blocks[i].blk };
	err = e2_layout_visit(sh->fs, on_layout, &b);
	if (!err)
		read_bits(&b);
	return err;
}

int why_blocks(struct shell *sh, struct why *blocks, size_t count)
{
	struct batch b = { .sh = sh, .at = blocks, .count = count };
	struct whys *k = keep(sh);
	int err;

	if (!k)
		return e2_fail(E2_ERR_NOMEM, "no memory to look at blocks");
	k->batches += count != 0;
	err = why_layout(sh, blocks, count);
	if (err)
		return err;
	if (k->batches <= 1 || (k->index_tried && !k->index))
		return find_all_claims(&b);
	err = find_claims(&b, k);
	b.removed = true;
	return err ? err : find_claims(&b, k);
}

/* ---- names ------------------------------------------------------------------------------- */

const char *why_reserved(struct shell *sh, e2_ino ino)
{
	const struct e2_super *s = e2_super(sh->fs);

	if (ino == E2_INO_BAD_BLOCKS)
		return "the list of bad blocks";
	if (ino == E2_INO_RESIZE)
		return "the resize inode";
	if (e2_has_has_journal(s) && ino == s->journal_inum)
		return "the journal";
	return ino < e2_geometry(sh->fs)->first_ino && ino != E2_INO_ROOT ? "a reserved inode" :
		NULL;
}

static void want(struct shell *sh, e2_ino *inos, size_t *n, e2_ino ino)
{
	if (ino != 0 && !why_reserved(sh, ino) && (*n == 0 || inos[*n - 1] != ino))
		inos[(*n)++] = ino;
}

int why_names_begin(struct shell *sh, const struct why *blocks, size_t count, const e2_ino *inos,
		    size_t more)
{
	e2_ino *all = malloc((count * WHY_CLAIMS + more + 1) * sizeof(*all));
	struct whys *k = keep(sh);
	size_t n = 0;
	int err = 0;

	if (!all || !k) {
		free(all);
		return e2_fail(E2_ERR_NOMEM, "no memory for names");
	}
	for (size_t i = 0; i < count; i++)
		for (uint64_t j = 0; j < blocks[i].claims && j < WHY_CLAIMS; j++)
			want(sh, all, &n, blocks[i].claim[j].ino);
	for (size_t i = 0; i < more; i++)
		want(sh, all, &n, inos[i]);
	if (n)
		err = shell_names_of(sh, all, n, &k->names);
	free(all);
	if (err == E2_ERR_CANCELLED || err == E2_ERR_NOMEM)
		return err;
	if (err) {			/* no root to start from: nothing has a name */
		k->names = NULL;
		e2_err_clear();
	}
	return 0;
}

void why_names_end(struct shell *sh)
{
	if (sh->whys && sh->whys->names)
		shell_names_done(sh, sh->whys->names);
	if (sh->whys)
		sh->whys->names = NULL;
}

const struct e2_names *why_names(struct shell *sh)
{
	return sh->whys ? sh->whys->names : NULL;
}

/* ---- judging ----------------------------------------------------------------------------- */

/* The resize inode's blocks are those kept for growth: one owner, not two. */
static bool is_reserve(const struct why *w)
{
	return w->layout == E2_USE_GROWTH && w->layouts == 1 && w->claims == 1 &&
	       w->claim[0].use == E2_USE_GROWTH;
}

/* A block of attributes may have many owners. */
static bool is_shared(const struct why *w)
{
	uint64_t kept = w->claims < WHY_CLAIMS ? w->claims : WHY_CLAIMS;

	for (uint64_t i = 0; i < kept; i++) {
		if (w->claim[i].use != E2_USE_XATTR ||
		    (i && w->claim[i].ino == w->claim[i - 1].ino))
			return false;
	}
	return kept > 1 && w->layouts == 0;
}

uint64_t why_owners(const struct why *w)
{
	return is_reserve(w) || is_shared(w) ? 1 : w->layouts + w->claims;
}

enum why_verdict why_verdict(const struct why *w)
{
	uint64_t owners = why_owners(w);

	if (owners > 1)
		return WHY_CONFLICT;
	if (owners == 0)
		return w->has_bit && w->used ? WHY_LOST : WHY_FREE;
	return w->has_bit && !w->used ? WHY_MARKED_FREE : WHY_OK;
}

const char *why_verdict_key(enum why_verdict verdict)
{
	static const char *const keys[] = {
		[WHY_OK] = "ok", [WHY_FREE] = "free", [WHY_LOST] = "lost",
		[WHY_MARKED_FREE] = "marked-free", [WHY_CONFLICT] = "conflict",
	};

	return keys[verdict];
}

const char *why_verdict_text(const struct why *w)
{
	switch (why_verdict(w)) {
	case WHY_CONFLICT:
		return why_owners(w) == 2 ? "it has two owners" : "it has more than two owners";
	case WHY_LOST:
		return "in use, but nothing points here";
	case WHY_FREE:
		return w->has_bit ? "free, and nothing points here" : "nothing points here";
	case WHY_MARKED_FREE:
		return "marked free, but it has an owner";
	default:
		break;
	}
	if (!w->has_bit)
		return "before the first group, no bitmap has a bit for it";
	if (is_shared(w))
		return "shared attributes, marked in use";
	return w->layouts ? "part of the layout, marked in use" : "one owner, marked in use";
}

enum e2_use why_use(const struct why *w)
{
	if (w->layouts)
		return w->layout;
	if (w->claims)
		return w->claim[0].use;
	return w->has_bit && w->used ? E2_USE_LOST : E2_USE_FREE;
}

void why_view(struct shell *sh, const struct why *w, const uint8_t *data, struct e2_inode *in,
	      struct e2_block_view *view)
{
	*view = (struct e2_block_view){
		.blk = w->blk, .data = data, .use = why_use(w), .group = w->group,
	};
	if (!w->claims || (w->layouts && !is_reserve(w)))
		return;
	view->ino = w->claim[0].ino;
	view->lblk = w->claim[0].lblk;
	view->level = w->claim[0].level;
	if (e2_inode_get(sh->fs, view->ino, in) == 0)
		view->in = in;
	else
		e2_err_clear();
}

/* ---- the way to a block ---------------------------------------------------------------------- */

/* Slots follow from the file block that the claim reaches; what stands in them is read. */
void why_chain(struct shell *sh, const struct e2_claim *c, struct why_chain *chain)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	uint64_t rest = c->lblk, span = 1;
	unsigned levels = 0;
	struct e2_inode in;
	e2_blk blk;

	*chain = (struct why_chain){ 0 };
	if (c->index == E2_CLAIM_ACL && c->use == E2_USE_XATTR)
		return;
	if (rest >= E2_DIRECT) {
		rest -= E2_DIRECT;
		for (levels = 1, span = g->pointers; levels < 3 && rest >= span;
		     levels++, span *= g->pointers)
			rest -= span;
	}
	if (e2_inode_get(sh->fs, c->ino, &in)) {
		e2_err_clear();
		return;
	}
	chain->slot[0] = levels ? E2_DIRECT + levels - 1 : (unsigned)c->lblk;
	blk = in.block[chain->slot[0] < E2_POINTERS ? chain->slot[0] : 0];
	chain->blk[chain->steps++] = blk;
	for (; levels > c->level && chain->steps < 4; levels--) {
		const struct e2_buf *buf;
		uint64_t slot;

		span /= g->pointers;
		slot = rest / span % g->pointers;
		if (e2_buf_get(sh->fs, blk, &buf)) {
			e2_err_clear();
			return;
		}
		blk = e2_get32(buf->data + 4 * slot);
		e2_buf_put(sh->fs, buf);
		chain->slot[chain->steps] = (unsigned)slot;
		chain->blk[chain->steps++] = blk;
	}
}

/* ---- lost blocks ----------------------------------------------------------------------- */

/* What a repair would do, of the image as it is without the changes that wait. */
static struct e2_report *repair_report(struct shell *sh)
{
	const struct e2_repair_options options = { .check = { .no_read_ahead = true } };
	struct whys *k = keep(sh);
	struct e2_io *under = e2_fs_io(sh->fs), *io;

	if (!k || k->report_tried || e2_fs_pending(sh->fs))
		return k ? k->report : NULL;
	k->report_tried = true;
	if (e2_io_open_tail(under, under->size, &io) ||
	    e2_repair_io(io, false, &options, &k->report))
		e2_err_clear();
	return k->report;
}

/* "block[2] will be 22140: in use, nobody's, between its neighbours": what stands behind ":". */
static void add_evidence(struct e2_report *report, const struct e2_finding *f, struct e2_str *out)
{
	struct e2_str will = E2_STR_INIT;
	const char *why;

	e2_finding_will(report, f, &will);
	why = strstr(e2_str_text(&will), ": ");
	if (why)
		e2_str_addf(out, "this block is %s", why + 2);
	e2_str_free(&will);
}

void why_perhaps(struct shell *sh, e2_blk blk, struct e2_str *where, struct e2_str *because,
		 struct e2_str *evidence)
{
	struct e2_report *report = repair_report(sh);
	size_t count = report ? e2_report_count(report) : 0;

	for (size_t i = 0; i < count; i++) {
		const struct e2_finding *f = e2_report_at(report, i);
		bool pointer = f->id == E2_PROBLEM_BLOCK_RANGE ||
			       f->id == E2_PROBLEM_BLOCK_METADATA ||
			       f->id == E2_PROBLEM_BLOCK_MISSING ||
			       f->id == E2_PROBLEM_BLOCK_MOVED;

		if (!pointer || f->want != blk)
			continue;
		e2_finding_field(report, f, where);
		e2_str_add(where, " of ");
		e2_finding_object(report, f, where);
		e2_str_add(because, "it ");
		e2_finding_text(report, f, because);
		add_evidence(report, f, evidence);
		return;
	}
}
