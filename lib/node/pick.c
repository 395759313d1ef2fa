/* SPDX-License-Identifier: MIT */
/*
 * Inodes of a list, read in large pieces.
 *
 * A piece is a stretch of one group's table: it begins at the block of the next inode and goes
 * on while the inodes that follow in the list lie near enough.
 */
#include "node/private.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	PIECE_BYTES = 256 << 10,
	GAP_BYTES = 16 << 10,		/* cheaper to read than to seek over */
};

struct e2_pick {
	struct e2_fs *fs;
	const struct e2_geometry *g;
	const e2_ino *inos;
	size_t count, next;
	e2_grp group;			/* whose table is known; groups: none */
	e2_blk table;
	e2_ino first;			/* the inodes that are in bytes: first and those after it */
	uint32_t loaded;
	size_t room;			/* of bytes */
	uint8_t *bytes;
};

int e2_pick_begin(struct e2_fs *fs, const e2_ino *inos, size_t count, struct e2_pick **pick)
{
	const struct e2_geometry *g = e2_geometry(fs);
	struct e2_pick *p = calloc(1, sizeof(*p));
	uint64_t table = (uint64_t)g->inode_table_blocks << g->block_bits;

	if (!p)
		return e2_fail(E2_ERR_NOMEM, "no memory to read inodes");
	p->fs = fs;
	p->g = g;
	p->inos = inos;
	p->count = count;
	p->group = g->groups;
	p->room = table < PIECE_BYTES ? (size_t)table : PIECE_BYTES;
	p->bytes = malloc(p->room);
	if (!p->bytes) {
		e2_pick_end(p);
		return e2_fail(E2_ERR_NOMEM, "no memory to read inodes");
	}
	*pick = p;
	return 0;
}

void e2_pick_end(struct e2_pick *p)
{
	if (!p)
		return;
	free(p->bytes);
	free(p);
}

/* The block of an inode, counted in its group's table. */
static uint32_t block_of(const struct e2_pick *p, e2_ino ino)
{
	return (uint32_t)((uint64_t)((ino - 1) % p->g->inodes_per_group) * p->g->inode_size >>
			  p->g->block_bits);
}

/* How many blocks from that of the next inode on are worth one read. */
static uint32_t piece_length(const struct e2_pick *p, e2_grp group, uint32_t blk)
{
	uint32_t most = (uint32_t)(p->room >> p->g->block_bits), count = 1;
	uint32_t gap = GAP_BYTES >> p->g->block_bits;

	for (size_t i = p->next + 1; i < p->count && count < most; i++) {
		e2_ino ino = p->inos[i];
		uint32_t at;

		if (!e2_inode_valid(p->g, ino) || e2_inode_group(p->g, ino) != group)
			break;
		at = block_of(p, ino) - blk;
		if (at >= most || at >= count + 1 + gap)
			break;
		if (at >= count)
			count = at + 1;
	}
	return count;
}

/* Brings the part of a table that begins with the block of an inode into memory. */
static int load(struct e2_pick *p, e2_ino ino)
{
	e2_grp group = e2_inode_group(p->g, ino);
	uint32_t blk, count, per_block = p->g->block_size / p->g->inode_size;
	int err = 0;

	p->loaded = 0;
	if (group != p->group)
		err = e2_inode_table(p->fs, group, &p->table);
	p->group = err ? p->g->groups : group;
	if (err)
		return err;
	blk = block_of(p, ino);
	count = piece_length(p, group, blk);
	err = e2_cache_read(e2_fs_cache(p->fs), p->table + blk, count, p->bytes);
	if (err && count > 1) {		/* the part that can be read still counts */
		count = 1;
		err = e2_cache_read(e2_fs_cache(p->fs), p->table + blk, count, p->bytes);
	}
	if (err)
		return err;
	p->first = group * p->g->inodes_per_group + blk * per_block + 1;
	p->loaded = count * per_block;
	/* The last block of a table need not be full. */
	if (p->loaded > p->g->inodes_per_group - blk * per_block)
		p->loaded = p->g->inodes_per_group - blk * per_block;
	return 0;
}

int e2_pick_next(struct e2_pick *p, size_t *index, struct e2_inode *in)
{
	e2_ino ino;
	int err = 0;

	if (p->next == p->count)
		return 0;
	ino = p->inos[p->next];
	*index = p->next;
	if (!e2_inode_valid(p->g, ino))
		err = e2_fail(E2_ERR_RANGE, "no inode %" PRIu32 ": the volume has %" PRIu32, ino,
			      p->g->inodes);
	else if (ino < p->first || ino - p->first >= p->loaded)
		err = load(p, ino);
	p->next++;
	if (err)
		return err;
	e2_inode_decode(in, p->bytes + (size_t)(ino - p->first) * p->g->inode_size,
			p->g->inode_size);
	return 1;
}
