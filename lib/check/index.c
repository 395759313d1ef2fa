/* SPDX-License-Identifier: MIT */
/*
 * The index of a directory: read once from its root, which gives every block the
 * range in which the hashes of its names must lie; names are then held against it
 * as the directory is read.
 *
 * Two levels at most: root, nodes, leaves.
 * Layout: docs/format.md, "dx_info", "dx_count", "dx_entry" (kernel:
 * Documentation/filesystems/ext4/directory.rst).
 */
#include "check/state.h"

#include "base/search.h"

#include <stdlib.h>

enum {
	INFO_AT = 24,			/* behind "." and ".." */
	ROOT_ENTRIES_AT = INFO_AT + E2_DX_INFO_BYTES,
	NODE_ENTRIES_AT = 8,		/* behind the header of an unused entry */
	BLOCK_MASK = 0x0fffffff,
};

enum kind { UNKNOWN, ROOT, NODE, LEAF };

struct block {
	enum kind kind;
	uint32_t low, high;	/* hashes that belong here */
	bool below, above;	/* names with other hashes are here */
};

struct ck_index {
	struct ck *ck;
	const struct ck_dir *dir;
	unsigned version;
	unsigned levels;	/* of nodes between root and leaves */
	struct block *blocks;	/* one for each of the directory's */
};

/* The directory's block with a number; -1 when it has none. */
static int64_t find(const struct ck *ck, const struct ck_dir *dir, e2_lblk lblk)
{
	const struct ck_dir_block *b = ck->dir_blocks + dir->first;
	size_t low;

	if (lblk < dir->count && b[lblk].lblk == lblk)
		return (int64_t)lblk;
	E2_SEARCH(low, dir->count, i, b[i].lblk < lblk);
	return low < dir->count && b[low].lblk == lblk ? (int64_t)low : -1;
}

static void report_root(const struct ck_index *x, const char *field, uint64_t have,
			const char *why)
{
	FOUND(x->ck->found, INDEX_ROOT, .ino = x->dir->ino, .field = field, .have = have,
	      .why = why);
}

static void report_node(const struct ck_index *x, e2_lblk lblk, const char *field,
			uint64_t have, const char *why)
{
	FOUND(x->ck->found, INDEX_NODE, .ino = x->dir->ino, .lblk = lblk, .field = field,
	      .have = have, .why = why);
}

static void report_block(const struct ck_index *x, e2_lblk lblk, const char *why)
{
	FOUND(x->ck->found, INDEX_BLOCK, .ino = x->dir->ino, .lblk = lblk, .why = why);
}

/* Entries of one index block: each gives a block below its range. */
static void read_entries(struct ck_index *x, e2_lblk lblk, const uint8_t *data, uint32_t at,
			 enum kind below, uint32_t low, uint32_t high)
{
	uint32_t room = (x->ck->g->block_size - at) / E2_DX_ENTRY_BYTES, hash = low;
	struct e2_dx_entry e, next;
	struct e2_dx_count c;

	e2_dx_count_decode(&c, data + at);
	if (c.limit != room) {
		report_node(x, lblk, "limit", c.limit, "that is not what fits in the block");
		return;
	}
	if (c.count == 0 || c.count > c.limit) {
		report_node(x, lblk, "count", c.count, "it must be 1 to limit");
		return;
	}
	e2_dx_entry_decode(&next, data + at);
	for (uint32_t i = 0; i < c.count; i++) {
		uint32_t end = high;
		int64_t n;

		e = next;
		if (i + 1 < c.count) {
			e2_dx_entry_decode(&next, data + at + (size_t)(i + 1) * E2_DX_ENTRY_BYTES);
			end = next.hash;
			if (next.hash < (hash & ~1u))
				report_node(x, lblk, "hash", next.hash, "the one before is larger");
		}
		n = find(x->ck, x->dir, e.block & BLOCK_MASK);
		if (n < 0) {
			report_node(x, lblk, "block", e.block, "the directory has no such block");
		} else if (x->blocks[n].kind != UNKNOWN) {
			report_block(x, e.block & BLOCK_MASK, "is named twice by the index");
		} else {
			x->blocks[n].kind = below;
			x->blocks[n].low = hash & ~1u;
			x->blocks[n].high = end;
		}
		hash = next.hash;
	}
}

static void read_node(struct ck_index *x, size_t n)
{
	const struct ck_dir_block *b = &x->ck->dir_blocks[x->dir->first + n];
	const struct e2_buf *buf;
	struct e2_entry e;

	if (e2_buf_get(x->ck->fs, b->blk, &buf) != 0) {
		e2_err_clear();	/* a finding when the directory is read */
		return;
	}
	if (e2_entry_at(x->ck->g, buf->data, 0, &e) != 1 || e.ino != 0 ||
	    e.rec_len != x->ck->g->block_size) {
		e2_err_clear();
		report_block(x, b->lblk, "should hold index entries, but holds names");
		x->blocks[n].kind = LEAF;
	} else {
		read_entries(x, b->lblk, buf->data, NODE_ENTRIES_AT, LEAF, x->blocks[n].low,
			     x->blocks[n].high);
	}
	e2_buf_put(x->ck->fs, buf);
}

/* Whether the root can be used at all; what cannot is a finding. */
static bool read_root(struct ck_index *x, const uint8_t *data)
{
	const struct e2_geometry *g = x->ck->g;
	struct e2_entry dot, dotdot;
	struct e2_dx_info info;

	if (e2_entry_at(g, data, 0, &dot) != 1 || dot.rec_len != 12 ||
	    e2_entry_at(g, data, 12, &dotdot) != 1 || dotdot.rec_len != g->block_size - 12) {
		e2_err_clear();
		report_block(x, 0, "should hold the root of the index, but does not");
		return false;
	}
	e2_dx_info_decode(&info, data + INFO_AT);
	if (info.reserved_zero != 0)
		report_root(x, "reserved_zero", info.reserved_zero, "it must be 0");
	else if (info.info_length != E2_DX_INFO_BYTES)
		report_root(x, "info_length", info.info_length, "it must be 8");
	else if (info.hash_version > E2_HASH_TEA)
		report_root(x, "hash_version", info.hash_version, "there are 0 to 2");
	else if (info.unused_flags & 1)
		report_root(x, "unused_flags", info.unused_flags, "it must be 0");
	else if (info.indirect_levels > 1)
		report_root(x, "indirect_levels", info.indirect_levels, "there are 0 or 1");
	else {
		x->version = info.hash_version;
		if (x->ck->super->flags & E2_SF_UNSIGNED_HASH)
			x->version += E2_HASH_LEGACY_U;
		x->levels = info.indirect_levels;
		x->blocks[0].kind = ROOT;
		read_entries(x, 0, data, ROOT_ENTRIES_AT, x->levels != 0 ? NODE : LEAF, 0,
			     UINT32_MAX);
		return true;
	}
	return false;
}

int ck_index_begin(struct ck *ck, const struct ck_dir *dir, struct ck_index **index)
{
	struct ck_index *x;
	const struct e2_buf *buf;
	bool good;

	*index = NULL;
	if (dir->count == 0 || ck->dir_blocks[dir->first].lblk != 0)
		return 0;	/* no first block: a finding already */
	x = calloc(1, sizeof(*x));
	if (x != NULL)
		x->blocks = calloc(dir->count, sizeof(*x->blocks));
	if (x == NULL || x->blocks == NULL) {
		free(x);
		return e2_fail(E2_ERR_NOMEM, "index of a directory");
	}
	x->ck = ck;
	x->dir = dir;
	good = e2_buf_get(ck->fs, ck->dir_blocks[dir->first].blk, &buf) == 0;
	if (good) {
		good = read_root(x, buf->data);
		e2_buf_put(ck->fs, buf);
	}
	if (!good) {
		e2_err_clear();
		free(x->blocks);
		free(x);
		return 0;
	}
	for (size_t n = 0; x->levels != 0 && n < dir->count; n++)
		if (x->blocks[n].kind == NODE)
			read_node(x, n);
	*index = x;
	return 0;
}

bool ck_index_is_node(const struct ck_index *index, e2_lblk lblk)
{
	int64_t n = find(index->ck, index->dir, lblk);

	return n >= 0 && index->blocks[n].kind == NODE;
}

void ck_index_entry(struct ck_index *index, e2_lblk lblk, const uint8_t *name, uint32_t len)
{
	int64_t n = find(index->ck, index->dir, lblk);
	struct block *b = &index->blocks[n < 0 ? 0 : n];
	uint32_t hash;

	if (b->kind != LEAF || e2_dir_hash(index->version, index->ck->super->hash_seed, name, len,
					   &hash, NULL) != 0)
		return;
	b->below |= hash < b->low;
	b->above |= hash > b->high;
}

void ck_index_end(struct ck *ck, struct ck_index *index)
{
	if (index == NULL)
		return;
	for (size_t n = 0; n < index->dir->count; n++) {
		e2_lblk lblk = ck->dir_blocks[index->dir->first + n].lblk;
		const struct block *b = &index->blocks[n];

		if (b->kind == UNKNOWN)
			report_block(index, lblk, "is not named by the index");
		if (b->below)
			report_block(index, lblk,
				     "holds names with lower hashes than the index says");
		if (b->above)
			report_block(index, lblk,
				     "holds names with higher hashes than the index says");
	}
	free(index->blocks);
	free(index);
}
