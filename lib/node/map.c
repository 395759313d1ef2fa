/* SPDX-License-Identifier: MIT */
/*
 * Block number in a file to block on the volume: 12 pointers in the inode, then
 * one each to a single, double and triple indirect block.
 * Layout: kernel, Documentation/filesystems/ext4/blockmap.rst.
 */
#include "node/private.h"

#include <inttypes.h>

uint64_t e2_map_reach(const struct e2_geometry *g)
{
	return E2_DIRECT + e2_map_span(g, 1) + e2_map_span(g, 2) + e2_map_span(g, 3);
}

int e2_map_bad_pointer(const struct e2_geometry *g, e2_lblk lblk, e2_blk blk, const char *what)
{
	return e2_fail(E2_ERR_CORRUPT, "file block %" PRIu64 ": %s at block %" PRIu64
		       " lies outside the volume, which has %" PRIu64 " blocks", lblk, what, blk,
		       g->blocks);
}

/* Pointers as they stand in a block or, in host order, in the inode. */
struct pointers {
	const uint8_t *raw;
	const uint32_t *host;
	uint32_t count;
};

static inline uint32_t pointer_at(const struct pointers *p, uint32_t i)
{
	return p->raw ? e2_get32(p->raw + (size_t)4 * i) : p->host[i];
}

/* How many pointers from i on are 0. */
static uint32_t count_holes(const struct pointers *p, uint32_t i)
{
	uint32_t n = 1;

	while (i + n < p->count && pointer_at(p, i + n) == 0)
		n++;
	return n;
}

/* How many pointers from i on lead to neighbours of block first, inside the volume. */
static uint32_t count_neighbours(const struct e2_geometry *g, const struct pointers *p, uint32_t i,
				 e2_blk first)
{
	uint32_t n = 1;

	while (i + n < p->count && pointer_at(p, i + n) == first + n && first + n < g->blocks)
		n++;
	return n;
}

/* The run at pointer i of a level, whose subtree begins `within` blocks before lblk. */
static int run_at(const struct e2_geometry *g, const struct pointers *p, unsigned level,
		  uint32_t i, uint64_t within, struct e2_run *run)
{
	e2_blk blk = pointer_at(p, i);

	run->blk = blk;
	if (blk == 0)
		run->count = count_holes(p, i) * e2_map_span(g, level) - within;
	else if (!e2_block_valid(g, blk))
		return e2_map_bad_pointer(g, run->lblk, blk, level ? "indirect block" : "data");
	else
		run->count = level ? 1 : count_neighbours(g, p, i, blk);
	return 0;
}

uint32_t e2_map_root(const struct e2_geometry *g, e2_lblk lblk, unsigned *level, uint64_t *rest)
{
	*level = 0;
	*rest = 0;
	if (lblk < E2_DIRECT)
		return (uint32_t)lblk;
	*rest = lblk - E2_DIRECT;
	for (*level = 1; *rest >= e2_map_span(g, *level); ++*level)
		*rest -= e2_map_span(g, *level);
	return E2_DIRECT - 1 + *level;
}

int e2_map_counted(struct e2_fs *fs, const struct e2_inode *in, e2_lblk lblk, struct e2_run *run,
		   uint64_t *pointer_blocks)
{
	const struct e2_geometry *g = e2_geometry(fs);
	struct pointers p = { .host = in->block, .count = E2_DIRECT };
	struct e2_run r = { .lblk = lblk };
	unsigned level;
	uint64_t rest;

	if (lblk >= e2_map_reach(g))
		return e2_fail(E2_ERR_FBIG, "file block %" PRIu64 ": pointers reach %" PRIu64
			       " blocks", lblk, e2_map_reach(g));
	uint32_t i = e2_map_root(g, lblk, &level, &rest);
	if (level > 0)
		p.count = i + 1;	/* the next pointer has another span */
	const struct e2_buf *buf = NULL;
	int err = run_at(g, &p, level, i, rest, &r);
	while (!err && level > 0 && r.blk != 0) {
		const struct e2_buf *parent = buf;

		buf = NULL;
		err = e2_buf_get(fs, r.blk, &buf);
		e2_buf_put(fs, parent);
		if (err)
			break;
		++*pointer_blocks;
		level--;
		p = (struct pointers){ .raw = buf->data, .count = g->pointers };
		i = (uint32_t)(rest >> (g->block_bits - 2) * level);
		rest &= e2_map_span(g, level) - 1;
		err = run_at(g, &p, level, i, rest, &r);
	}
	e2_buf_put(fs, buf);
	if (!err)
		*run = r;
	return err;
}

int e2_map(struct e2_fs *fs, const struct e2_inode *in, e2_lblk lblk, struct e2_run *run)
{
	uint64_t pointer_blocks = 0;

	return e2_map_counted(fs, in, lblk, run, &pointer_blocks);
}
