/* SPDX-License-Identifier: MIT */
#include "scatter.h"

#include "interrupt.h"

#include <stdlib.h>

/* ---- one inode --------------------------------------------------------------- */

struct count {
	struct scatter s;		/* of the inode whose claims come; ino 0: none yet */
	uint64_t longest;		/* blocks between the tables of two groups */
	e2_lblk next_lblk;		/* where the data goes on */
	e2_blk next_blk;
	uint64_t stretch;		/* blocks since the last break that cannot be helped */
	bool pointers;			/* a pointer block stands before what follows */
	struct grid *grid;
	struct scattered *all;
};

static void begin(struct count *c, struct shell *sh)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	uint32_t tables = g->inode_table_blocks + 2;

	*c = (struct count){ 0 };
	c->longest = g->blocks_per_group > tables ? g->blocks_per_group - tables : 1;
}

static void restart(struct count *c, e2_ino ino, const struct e2_inode *in)
{
	c->s = (struct scatter){ .ino = ino, .size = in ? e2_inode_size(in) : 0 };
	c->next_lblk = c->next_blk = c->stretch = 0;
	c->pointers = false;
}

static void add_data(struct count *c, const struct e2_claim *b)
{
	bool on = c->s.blocks && b->lblk == c->next_lblk;

	if (!on || b->blk != c->next_blk)
		c->s.pieces++;
	if (!on || c->pointers) {
		c->s.ideal++;
		c->stretch = 0;
	}
	c->stretch += b->count;
	c->s.ideal += (c->stretch - 1) / c->longest;
	c->stretch = (c->stretch - 1) % c->longest + 1;
	c->pointers = false;
	c->s.blocks += b->count;
	c->next_lblk = b->lblk + b->count;
	c->next_blk = b->blk + b->count;
}

static void add_claim(struct count *c, const struct e2_claim *b)
{
	if (b->level) {
		c->pointers = true;
	} else if (b->use != E2_USE_XATTR) {
		add_data(c, b);
		if (c->grid)
			grid_mark(c->grid, b->blk, b->count);
	}
}

static void finish(struct count *c)
{
	if (c->s.ideal > c->s.pieces)
		c->s.ideal = c->s.pieces;
}

static int claim_of_one(void *context, const struct e2_inode *in, const struct e2_claim *claim)
{
	(void)in;
	add_claim(context, claim);
	return 0;
}

static int wrong_of_one(void *context, const struct e2_inode *in, const struct e2_claim *claim,
			int status)
{
	struct count *c = context;

	(void)in;
	(void)claim;
	c->s.status = c->s.status ? c->s.status : status;
	c->s.bad++;
	return 0;
}

int scatter_of(struct shell *sh, e2_ino ino, struct grid *grid, struct scatter *s)
{
	struct count c;
	struct e2_claims claims = {
		.fs = sh->fs, .claim = claim_of_one, .wrong = wrong_of_one,
		.stop = interrupt_asked, .context = &c,
	};
	struct e2_inode in;
	int err = e2_inode_get(sh->fs, ino, &in);

	if (err)
		return err;
	begin(&c, sh);
	restart(&c, ino, &in);
	c.grid = grid;
	err = e2_claims_of(&claims, ino, NULL, 0);
	finish(&c);
	*s = c.s;
	return err;
}

/* ---- the volume --------------------------------------------------------------- */

static int worst_first(const void *a, const void *b)
{
	const struct scatter *x = a, *y = b;

	if (x->pieces != y->pieces)
		return x->pieces > y->pieces ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

/* Sorts what is kept and drops what is too much. */
static void sort(struct scattered *all)
{
	if (all->kept)
		qsort(all->at, all->kept, sizeof(*all->at), worst_first);
	if (all->kept > all->most)
		all->kept = all->most;
}

static int keep(struct scattered *all, const struct scatter *s)
{
	struct scatter *at;

	if (all->kept / 2 >= all->most)
		sort(all);
	at = e2_grow(all->at, &all->cap, all->kept + 1, sizeof(*all->at));
	if (!at)
		return E2_ERR_NOMEM;
	all->at = at;
	all->at[all->kept++] = *s;
	return 0;
}

/* The inode whose claims have all come. */
static int take_inode(struct count *c, const struct e2_geometry *g)
{
	struct scattered *all = c->all;

	finish(c);
	if (!c->s.blocks || (c->s.ino < g->first_ino && c->s.ino != E2_INO_ROOT))
		return 0;
	all->files++;
	all->pieces += c->s.pieces;
	all->ideal += c->s.ideal;
	if (c->s.pieces <= c->s.ideal)
		return 0;
	all->count++;
	return keep(all, &c->s);
}

struct search { struct count c; const struct e2_geometry *g; };

static int claim_of_any(void *context, const struct e2_inode *in, const struct e2_claim *claim)
{
	struct search *s = context;
	int err = 0;

	if (claim->ino != s->c.s.ino) {
		err = take_inode(&s->c, s->g);
		restart(&s->c, claim->ino, in);
	}
	add_claim(&s->c, claim);
	return err;
}

int scattered_find(struct shell *sh, size_t most, struct scattered *all)
{
	struct search s = { .g = e2_geometry(sh->fs) };
	struct e2_claims claims = {
		.fs = sh->fs, .marked_only = true, .claim = claim_of_any, .stop = interrupt_asked,
		.context = &s,
	};
	int err;

	*all = (struct scattered){ .most = most };
	begin(&s.c, sh);
	s.c.all = all;
	err = e2_claims_visit(&claims);
	if (!err)
		err = take_inode(&s.c, s.g);
	all->unread = claims.bad_groups;
	sort(all);
	if (err)
		scattered_free(all);
	return err;
}

void scattered_free(struct scattered *all)
{
	free(all->at);
	all->at = NULL;
	all->kept = 0;
}
