/* SPDX-License-Identifier: MIT */
/*
 * The walk through everything an inode's pointers reach.
 *
 * A stack of at most three pinned pointer blocks over the inode's own pointers.
 * Each pointer block is entered once, whatever points to it: the blocks of the
 * volume bound the walk.
 */
#include "node/private.h"

#include "base/map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 3, FEW = 8 };

struct frame {
	const struct e2_buf *buf;
	e2_lblk lblk;		/* first block of the file below it */
	uint32_t next;		/* pointer to look at */
	unsigned level;		/* of what its pointers lead to */
};

struct e2_blocks {
	struct e2_fs *fs;
	const struct e2_geometry *g;
	uint32_t block[E2_POINTERS];
	uint32_t next;			/* pointer of the inode to look at */
	unsigned depth;
	struct frame stack[DEPTH];
	bool entered;			/* the top frame is the block just yielded */
	e2_blk few[FEW];		/* the first pointer blocks entered */
	unsigned few_count;
	struct e2_map *many;		/* the rest of them */
};

static void load(struct e2_blocks *w, const struct e2_inode *in)
{
	memcpy(w->block, in->block, sizeof(w->block));
	w->next = 0;
	w->entered = false;
	w->few_count = 0;
	/* A mode without a type, as that of the bad block inode, is no reason to
	 * look away; the other types keep no pointers in block[]. */
	if (!e2_inode_has_blocks(w->fs, in) && (in->mode & E2_S_IFMT) != 0)
		w->next = E2_POINTERS;
}

int e2_blocks_begin(struct e2_fs *fs, const struct e2_inode *in, struct e2_blocks **walk)
{
	struct e2_blocks *w = malloc(sizeof(*w));

	if (!w)
		return e2_fail(E2_ERR_NOMEM, "no memory to walk the blocks of an inode");
	w->fs = fs;
	w->g = e2_geometry(fs);
	w->depth = 0;
	w->many = NULL;
	load(w, in);
	*walk = w;
	return 0;
}

static void pop(struct e2_blocks *w)
{
	e2_buf_put(w->fs, w->stack[--w->depth].buf);
	w->entered = false;
}

static void unload(struct e2_blocks *w)
{
	while (w->depth > 0)
		pop(w);
	e2_map_free(w->many);
	w->many = NULL;
}

void e2_blocks_restart(struct e2_blocks *w, const struct e2_inode *in)
{
	unload(w);
	load(w, in);
}

void e2_blocks_end(struct e2_blocks *w)
{
	if (!w)
		return;
	unload(w);
	free(w);
}

void e2_blocks_skip(struct e2_blocks *w)
{
	if (w->entered)
		pop(w);
}

/* Remembers a pointer block: 1 when it was entered before, 0, or no memory. */
static int seen_before(struct e2_blocks *w, e2_blk blk)
{
	uint64_t *mark;

	for (unsigned i = 0; i < w->few_count; i++) {
		if (w->few[i] == blk)
			return 1;
	}
	if (w->few_count < FEW) {
		w->few[w->few_count++] = blk;
		return 0;
	}
	if (!w->many && e2_map_new(&w->many) != 0)
		return E2_ERR_NOMEM;
	if (e2_map_ref(w->many, blk, &mark) != 0)
		return E2_ERR_NOMEM;
	if (*mark)
		return 1;
	*mark = 1;
	return 0;
}

/* Pushes the pointer block just found, or says in b->status why not. */
static int enter(struct e2_blocks *w, struct e2_walk_block *b)
{
	int seen = seen_before(w, b->blk);
	const struct e2_buf *buf;

	if (seen < 0)
		return seen;
	if (seen) {
		b->status = e2_fail(E2_ERR_CORRUPT, "indirect block %" PRIu64
				    " is used twice by the same inode", b->blk);
		return 0;
	}
	b->status = e2_buf_get(w->fs, b->blk, &buf);
	if (b->status)
		return b->status == E2_ERR_NOMEM ? E2_ERR_NOMEM : 0;
	w->stack[w->depth++] = (struct frame){
		.buf = buf, .lblk = b->lblk, .level = b->level - 1,
	};
	w->entered = true;
	return 0;
}

/* Judges what a pointer leads to, and enters a pointer block. */
static int yield(struct e2_blocks *w, struct e2_walk_block *b)
{
	b->status = E2_OK;
	if (!e2_block_valid(w->g, b->blk)) {
		b->status = e2_fail(E2_ERR_CORRUPT, "block %" PRIu64
				    " lies outside the volume, which has %" PRIu64 " blocks",
				    b->blk, w->g->blocks);
	} else if (b->level > 0) {
		int err = enter(w, b);
		if (err)
			return err;
	}
	return 1;
}

/* Whether a pointer continues a run of data. */
static inline bool continues(const struct e2_blocks *w, const struct e2_walk_block *b,
			     uint32_t pointer)
{
	return pointer == b->blk + b->count && pointer < w->g->blocks &&
	       b->blk >= w->g->first_data_block;
}

/* The next of the inode's own pointers. */
static int next_root(struct e2_blocks *w, struct e2_walk_block *b)
{
	while (w->next < E2_POINTERS && w->block[w->next] == 0)
		w->next++;
	if (w->next == E2_POINTERS)
		return 0;
	uint32_t i = w->next++;
	*b = (struct e2_walk_block){ .lblk = i, .blk = w->block[i], .count = 1, .index = i };
	if (i < E2_DIRECT) {
		while (w->next < E2_DIRECT && continues(w, b, w->block[w->next])) {
			b->count++;
			w->next++;
		}
	} else {
		b->level = i - E2_DIRECT + 1;
		b->lblk = E2_DIRECT;
		for (unsigned level = 1; level < b->level; level++)
			b->lblk += e2_map_span(w->g, level);
	}
	return yield(w, b);
}

/* The next pointer of the top frame; 0 when it has no more. */
static int next_in_frame(struct e2_blocks *w, struct e2_walk_block *b)
{
	struct frame *f = &w->stack[w->depth - 1];
	const uint8_t *raw = f->buf->data;
	uint32_t end = w->g->pointers;
	uint32_t i = f->next;

	while (i < end && e2_get32(raw + (size_t)4 * i) == 0)
		i++;
	if (i == end)
		return 0;
	*b = (struct e2_walk_block){
		.lblk = f->lblk + i * e2_map_span(w->g, f->level),
		.blk = e2_get32(raw + (size_t)4 * i), .count = 1, .level = f->level,
		.parent = f->buf->blk, .index = i,
	};
	i++;
	while (f->level == 0 && i < end && continues(w, b, e2_get32(raw + (size_t)4 * i))) {
		b->count++;
		i++;
	}
	f->next = i;
	return yield(w, b);
}

int e2_blocks_next(struct e2_blocks *w, struct e2_walk_block *b)
{
	w->entered = false;
	while (w->depth > 0) {
		int r = next_in_frame(w, b);
		if (r != 0)
			return r;
		pop(w);
	}
	return next_root(w, b);
}
