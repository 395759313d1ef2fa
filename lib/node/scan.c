/* SPDX-License-Identifier: MIT */
/*
 * All inodes in table order, read in large pieces.
 *
 * A piece is a stretch of one group's table.  With E2_SCAN_USED_ONLY it begins at
 * a block that holds a used inode and ends where none follows for a while; a
 * bitmap that cannot be read hides nothing: its group is scanned whole.
 */
#include "node/private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	PIECE_BYTES = 256 << 10,
	GAP_BYTES = 32 << 10,		/* cheaper to read than to seek over */
	ALIGN = 4096,			/* the kernel copies to whole pages faster */
};

struct e2_scan {
	struct e2_fs *fs;
	const struct e2_geometry *g;
	bool decode;
	uint32_t per_block;		/* inodes in a block */
	uint32_t piece_blocks;		/* at most */
	uint32_t gap_blocks;
	e2_grp group;			/* being scanned; groups: at the end */
	bool open;			/* table and bitmap are of this group */
	bool bad;			/* and it is counted as bad */
	e2_blk table;
	uint32_t next;			/* inode to yield, counted in the group */
	uint32_t first, end;		/* inodes that are in bytes, or would be */
	uint32_t bad_groups;
	uint8_t *bitmap;		/* NULL: all are wanted */
	uint8_t *bytes;
};

int e2_scan_begin(struct e2_fs *fs, unsigned flags, struct e2_scan **scan)
{
	const struct e2_geometry *g = e2_geometry(fs);
	struct e2_scan *s = calloc(1, sizeof(*s));

	if (!s)
		goto no_memory;
	s->fs = fs;
	s->g = g;
	s->decode = !(flags & E2_SCAN_RAW);
	s->per_block = g->block_size / g->inode_size;
	s->piece_blocks = PIECE_BYTES / g->block_size;
	if (s->piece_blocks > g->inode_table_blocks)
		s->piece_blocks = g->inode_table_blocks;
	s->gap_blocks = GAP_BYTES / g->block_size;
	s->bytes = aligned_alloc(ALIGN, ((size_t)s->piece_blocks * g->block_size + ALIGN - 1) /
				 ALIGN * ALIGN);
	if (flags & E2_SCAN_USED_ONLY)
		s->bitmap = malloc(g->block_size);
	if (!s->bytes || (flags & E2_SCAN_USED_ONLY && !s->bitmap))
		goto no_memory;
	*scan = s;
	return 0;

no_memory:
	e2_scan_end(s);
	return e2_fail(E2_ERR_NOMEM, "no memory to scan the inodes");
}

void e2_scan_end(struct e2_scan *s)
{
	if (!s)
		return;
	free(s->bitmap);
	free(s->bytes);
	free(s);
}

uint32_t e2_scan_bad_groups(const struct e2_scan *s)
{
	return s->bad_groups;
}

static void count_bad(struct e2_scan *s)
{
	if (!s->bad)
		s->bad_groups++;
	s->bad = true;
}

/* The first wanted inode of the group from i on; inodes_per_group when none is. */
static uint32_t next_wanted(const struct e2_scan *s, uint32_t i)
{
	uint32_t end = s->g->inodes_per_group;

	if (!s->bitmap)
		return i < end ? i : end;
	while (i < end) {
		uint8_t rest = (uint8_t)(s->bitmap[i / 8] >> i % 8);

		if (rest == 0) {
			i = (i | 7) + 1;
			continue;
		}
		while (!(rest & 1)) {
			rest = (uint8_t)(rest >> 1);
			i++;
		}
		break;
	}
	return i < end ? i : end;
}

/* Reads the bitmap of the group, or wants everything when that cannot be done. */
static void load_bitmap(struct e2_scan *s, const struct e2_group *desc)
{
	const struct e2_buf *buf;

	if (desc->inode_bitmap != 0 && e2_block_valid(s->g, desc->inode_bitmap) &&
	    e2_buf_get(s->fs, desc->inode_bitmap, &buf) == 0) {
		memcpy(s->bitmap, buf->data, s->g->block_size);
		e2_buf_put(s->fs, buf);
	} else {
		memset(s->bitmap, 0xff, s->g->block_size);
	}
}

/* Starts a group; false when its table cannot be reached. */
static bool open_group(struct e2_scan *s)
{
	struct e2_group desc;

	s->bad = false;
	s->next = s->first = s->end = 0;
	s->open = e2_inode_table(s->fs, s->group, &s->table) == 0;
	if (s->open && s->bitmap) {
		s->open = e2_group_get(s->fs, s->group, &desc) == 0;
		if (s->open)
			load_bitmap(s, &desc);
	}
	if (!s->open)
		count_bad(s);
	return s->open;
}

/* How many blocks of the table from blk on are worth one read. */
static uint32_t piece_length(const struct e2_scan *s, uint32_t blk)
{
	uint32_t left = s->g->inode_table_blocks - blk;
	uint32_t most = left < s->piece_blocks ? left : s->piece_blocks;
	uint32_t count = 1;

	if (!s->bitmap)
		return most;
	for (;;) {
		uint32_t wanted = next_wanted(s, (blk + count) * s->per_block);
		uint32_t at = wanted / s->per_block - blk;

		if (wanted == s->g->inodes_per_group || at >= most || at - count > s->gap_blocks)
			return count;
		count = at + 1;
	}
}

/* Brings the table from s->next's block on into memory. */
static int load_piece(struct e2_scan *s)
{
	uint32_t blk = s->next / s->per_block;
	uint32_t count = piece_length(s, blk);
	struct e2_cache *cache = e2_fs_cache(s->fs);
	int err = e2_cache_read(cache, s->table + blk, count, s->bytes);

	if (err && count > 1) {		/* the part that can be read still counts */
		count = 1;
		err = e2_cache_read(cache, s->table + blk, count, s->bytes);
	}
	if (err)
		return err;
	s->first = blk * s->per_block;
	s->end = (blk + count) * s->per_block;
	return 0;
}

/* Finds the next inode and has its block in memory: 1, 0 at the end. */
static int find_next(struct e2_scan *s)
{
	const struct e2_geometry *g = s->g;

	while (s->group < g->groups) {
		if (!s->open && !open_group(s)) {
			s->group++;
			continue;
		}
		s->next = next_wanted(s, s->next);
		if (s->next == g->inodes_per_group) {
			s->group++;
			s->open = false;
			continue;
		}
		if (s->next >= s->end && load_piece(s) != 0) {
			count_bad(s);
			s->next = (s->next / s->per_block + 1) * s->per_block;
			continue;
		}
		if (s->next == s->first && e2_fs_stopped(s->fs))
			return E2_ERR_CANCELLED;
		return 1;
	}
	return 0;
}

/* What s->next stands at. */
static const uint8_t *at_next(const struct e2_scan *s, e2_ino *ino)
{
	*ino = s->group * s->g->inodes_per_group + s->next + 1;
	return s->bytes + (size_t)(s->next - s->first) * s->g->inode_size;
}

int e2_scan_next(struct e2_scan *s, e2_ino *ino, struct e2_inode *in, const uint8_t **raw)
{
	const uint8_t *bytes;
	int r = find_next(s);

	if (r <= 0)
		return r;
	bytes = at_next(s, ino);
	if (s->decode && in)
		e2_inode_decode(in, bytes, s->g->inode_size);
	if (raw)
		*raw = bytes;
	s->next++;
	return 1;
}

int e2_scan_next_run(struct e2_scan *s, e2_ino *ino, const uint8_t **raw, uint32_t *count)
{
	uint32_t end, first;
	int r = find_next(s);

	if (r <= 0)
		return r;
	*raw = at_next(s, ino);
	end = s->end < s->g->inodes_per_group ? s->end : s->g->inodes_per_group;
	first = s->next++;
	if (!s->bitmap)
		s->next = end;
	while (s->next < end && next_wanted(s, s->next) == s->next)
		s->next++;
	*count = s->next - first;
	return 1;
}
