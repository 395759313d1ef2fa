/* SPDX-License-Identifier: MIT */
/*
 * Directories made again from their names.
 *
 * With an index: the names by hash; the root, leaves from block 1 on, nodes behind them.
 * Without: in the order in which they stand, block after block.
 * Layout: docs/format.md, "dx_info", "dx_count", "dx_entry" (kernel:
 * Documentation/filesystems/ext4/directory.rst).
 */
#include "check/compact.h"

#include "base/grow.h"
#include "check/state.h"
#include "node/write.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEAD = 24,
	ROOM_LEFT = 4,		/* a leaf with room is filled to all but 1/4 */
};

/* ---- reading --------------------------------------------------------------------- */

static int add_name(struct compact *c, const struct e2_entry *e, uint32_t at)
{
	bool is_unsigned = c->super->flags & E2_SF_UNSIGNED_HASH;
	unsigned version = c->version + (is_unsigned ? E2_HASH_LEGACY_U : 0);
	struct compact_name name = { .at = at };
	void *grown = e2_grow(c->names, &c->cap, c->count + 1, sizeof(*c->names));
	int r;

	if (grown == NULL)
		return E2_ERR_NOMEM;
	c->names = grown;
	r = e2_dir_hash(version, c->super->hash_seed, e->name, e->name_len, &name.hash,
			&name.minor);
	c->names[c->count++] = name;
	return r;
}

/* Reads one block, which lies at c->bytes + at.  1 when it is whole, 0 when not. */
static int read_names(struct compact *c, uint32_t at, bool first)
{
	struct e2_entry e;
	int n, r = 0;

	for (uint32_t pos = 0; (n = e2_entry_at(c->g, c->bytes + at, pos, &e)) > 0 && r == 0;
	     pos += e.rec_len)
		if (e.ino != 0 && !(first && pos < HEAD))
			r = add_name(c, &e, at + pos);
	if (n < 0)
		e2_err_clear();
	return r != 0 ? r : n == 0;
}

/* Whether block 0 begins as the root of an index must. */
static bool has_head(const struct compact *c)
{
	struct e2_entry dot, dotdot;

	if (e2_entry_at(c->g, c->bytes, 0, &dot) == 1 && dot.rec_len == 12 &&
	    e2_entry_at(c->g, c->bytes, 12, &dotdot) == 1)
		return dot.ino == c->dir && dot.name_len == 1 && dot.name[0] == '.' &&
		       dotdot.ino != 0 && dotdot.name_len == 2 && memcmp(dotdot.name, "..", 2) == 0;
	e2_err_clear();
	return false;
}

static unsigned version_of(const struct compact *c)
{
	struct e2_dx_info info;

	e2_dx_info_decode(&info, c->bytes + E2_DX_INFO_AT);
	if (ck_is_index_root(c->g, c->bytes) && info.hash_version <= E2_HASH_TEA)
		return info.hash_version;
	return c->super->def_hash_version;
}

static int read_block(struct compact *c, e2_lblk lblk)
{
	struct e2_fs *fs = e2_txn_fs(c->txn);
	uint32_t at = (uint32_t)(lblk << c->g->block_bits);
	const struct e2_buf *buf;
	int n = e2_dir_read(fs, c->dir, &c->in, lblk, &buf);

	if (n != 0) {
		e2_err_clear();
		return n == E2_ERR_NOMEM ? n : 0;
	}
	memcpy(c->bytes + at, buf->data, c->g->block_size);
	e2_buf_put(fs, buf);
	if (lblk == 0) {
		c->version = version_of(c);
		if (!has_head(c) || c->version > E2_HASH_TEA)
			return 0;
	}
	return read_names(c, at, lblk == 0);
}

int compact_read(struct compact *c)
{
	uint64_t size;
	int n = 1;

	c->blocks = e2_dir_blocks(e2_txn_fs(c->txn), &c->in);
	size = (uint64_t)c->blocks << c->g->block_bits;
	if (c->blocks == 0 || size > c->most || size > UINT32_MAX)
		return 0;
	c->bytes = malloc((size_t)size);
	c->block = malloc(c->g->block_size);
	if (c->bytes == NULL || c->block == NULL)
		return e2_fail(E2_ERR_NOMEM, "names of a directory");
	e2_dir_memo_drop(c->txn, c->dir);
	for (e2_lblk i = 0; i < c->blocks && n > 0; i++)
		n = read_block(c, i);
	return n;
}

void compact_end(struct compact *c)
{
	free(c->bytes);
	free(c->block);
	free(c->names);
	free(c->first);
	c->bytes = c->block = NULL;
	c->names = NULL;
	c->first = NULL;
}

/* ---- planning -------------------------------------------------------------------- */

static int compare_hash(const void *left, const void *right)
{
	const struct compact_name *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static int compare_place(const void *left, const void *right)
{
	const struct compact_name *a = left, *b = right;

	return a->at < b->at ? -1 : a->at > b->at;
}

static void sort(struct compact *c)
{
	if (c->count > 1)
		qsort(c->names, c->count, sizeof(*c->names),
		      c->linear ? compare_place : compare_hash);
}

static uint32_t need(const struct compact *c, size_t i)
{
	return e2_entry_bytes(c->bytes[c->names[i].at + 6]);	/* name_len */
}

/* Spreads the names over leaves of at most `limit` bytes. */
static int spread(struct compact *c, uint64_t limit)
{
	uint64_t used = 0;

	c->leaves = 0;
	for (size_t i = 0; i < c->count || c->leaves == 0; i++) {
		void *grown;

		if (c->leaves != 0 && used + need(c, i) <= limit) {
			used += need(c, i);
			continue;
		}
		grown = e2_grow(c->first, &c->leaves_cap, c->leaves + 1, sizeof(*c->first));
		if (grown == NULL)
			return E2_ERR_NOMEM;
		c->first = grown;
		used = c->linear && c->leaves == 0 ? HEAD : 0;
		c->first[c->leaves++] = (uint32_t)i;
		used += i < c->count ? need(c, i) : 0;
	}
	c->nodes = c->linear || c->leaves <= c->root_limit ?
		0 : (c->leaves + c->node_limit - 1) / c->node_limit;
	return 0;
}

e2_lblk compact_blocks(const struct compact *c)
{
	return c->linear ? c->leaves : 1 + c->leaves + c->nodes;
}

int compact_plan_index(struct compact *c, bool roomy)
{
	uint64_t full = c->g->block_size;
	int err = 0;

	c->linear = false;
	sort(c);
	c->root_limit = (c->g->block_size - E2_DX_ROOT_AT) / E2_DX_ENTRY_BYTES;
	c->node_limit = (c->g->block_size - E2_DX_NODE_AT) / E2_DX_ENTRY_BYTES;
	if (roomy)
		err = spread(c, full - full / ROOM_LEFT);
	if (!roomy || (err == 0 && compact_blocks(c) > c->blocks))
		err = spread(c, full);
	if (err != 0)
		return err;
	return c->nodes <= c->root_limit;
}

int compact_plan_linear(struct compact *c)
{
	int err;

	c->linear = true;
	sort(c);
	err = spread(c, c->g->block_size);
	return err != 0 ? err : 1;
}

/* ---- writing ----------------------------------------------------------------------- */

/* Stores the block that was made, unless it stands there already. */
static int store(struct compact *c, e2_lblk lblk)
{
	struct e2_wbuf *buf;
	int err;

	if (lblk < c->blocks &&
	    memcmp(c->bytes + (lblk << c->g->block_bits), c->block, c->g->block_size) == 0)
		return 0;
	err = e2_dir_edit(c->txn, c->dir, &c->in, lblk, &buf);
	if (err != 0)
		return err;
	memcpy(buf->data, c->block, c->g->block_size);
	e2_txn_put(c->txn, buf);
	c->changed = true;
	return 0;
}

/* The hash a leaf begins with; odd when names with it are in the leaf before, too. */
static uint32_t leaf_hash(const struct compact *c, size_t leaf)
{
	uint32_t i = c->first[leaf];

	return c->names[i].hash | (c->names[i - 1].hash == c->names[i].hash);
}

/* Entries for leaves or nodes: the first has no hash, its place holds the counts. */
static void put_entries(const struct compact *c, uint8_t *at, uint32_t limit, size_t first,
			size_t count, size_t step, e2_lblk lblk)
{
	struct e2_dx_count n = { .limit = (uint16_t)limit, .count = (uint16_t)count };

	for (size_t i = 0; i < count; i++) {
		struct e2_dx_entry e = { .block = (uint32_t)(lblk + i) };

		if (i != 0)
			e.hash = leaf_hash(c, first + i * step);
		e2_dx_entry_encode(&e, at + i * E2_DX_ENTRY_BYTES);
	}
	e2_dx_count_encode(&n, at);
}

/* "." and ".." of a block that holds nothing yet; the record of ".." has a length. */
static int put_head(struct compact *c, uint32_t rec_len)
{
	struct e2_entry dot, dotdot;

	if (e2_entry_at(c->g, c->bytes, 0, &dot) != 1 ||
	    e2_entry_at(c->g, c->bytes, 12, &dotdot) != 1)
		return E2_ERR_INTERNAL;		/* they were there when they were read */
	memset(c->block, 0, c->g->block_size);
	dotdot.rec_len = rec_len;
	e2_entry_write(c->g, c->block, &dot);
	e2_entry_write(c->g, c->block, &dotdot);
	return 0;
}

static int write_root(struct compact *c)
{
	struct e2_dx_info info = {
		.hash_version = (uint8_t)c->version, .info_length = E2_DX_INFO_BYTES,
		.indirect_levels = c->nodes != 0,
	};
	int err = put_head(c, c->g->block_size - 12);

	e2_dx_info_encode(&info, c->block + E2_DX_INFO_AT);
	if (c->nodes == 0)
		put_entries(c, c->block + E2_DX_ROOT_AT, c->root_limit, 0, c->leaves, 1, 1);
	else
		put_entries(c, c->block + E2_DX_ROOT_AT, c->root_limit, 0, c->nodes,
			    c->node_limit, 1 + c->leaves);
	return err != 0 ? err : store(c, 0);
}

static int write_node(struct compact *c, size_t node)
{
	size_t first = node * c->node_limit, count = c->leaves - first;

	if (count > c->node_limit)
		count = c->node_limit;
	e2_block_clear(c->g, c->block);
	put_entries(c, c->block + E2_DX_NODE_AT, c->node_limit, first, count, 1, 1 + first);
	return store(c, 1 + c->leaves + node);
}

static int write_leaf(struct compact *c, size_t leaf)
{
	size_t end = leaf + 1 < c->leaves ? c->first[leaf + 1] : c->count;
	bool head = c->linear && leaf == 0;
	uint32_t at = head ? HEAD : 0;
	int err = 0;

	if (head)
		err = put_head(c, end != 0 ? 12 : c->g->block_size - 12);
	else
		e2_block_clear(c->g, c->block);
	for (size_t i = c->first[leaf]; i < end; i++) {
		uint32_t from = c->names[i].at, in_block = from & (c->g->block_size - 1);
		struct e2_entry e;

		if (e2_entry_at(c->g, c->bytes + (from - in_block), in_block, &e) != 1)
			break;		/* it was one when it was read */
		e.offset = at;
		e.rec_len = i + 1 < end ? need(c, i) : c->g->block_size - at;
		at += need(c, i);
		e2_entry_write(c->g, c->block, &e);
	}
	return err != 0 ? err : store(c, c->linear ? leaf : 1 + leaf);
}

/* As many blocks as the plan needs. */
static int set_blocks(struct compact *c)
{
	e2_lblk want = compact_blocks(c), lblk;
	uint32_t flags = c->linear ? c->in.flags & ~(uint32_t)E2_FL_INDEX :
				     c->in.flags | E2_FL_INDEX;
	int err = 0;

	if (want == c->blocks && flags == c->in.flags)
		return 0;
	c->changed = true;
	c->in.flags = flags;
	if (want < c->blocks)
		err = e2_truncate(c->txn, c->dir, &c->in, (uint64_t)want << c->g->block_bits);
	while (err == 0 && e2_dir_blocks(e2_txn_fs(c->txn), &c->in) < want)
		err = e2_dir_append(c->txn, c->dir, &c->in, &lblk);
	return err != 0 ? err : e2_inode_put(c->txn, c->dir, &c->in);
}

static int write_all(struct compact *c)
{
	int err = set_blocks(c);

	for (size_t i = 0; i < c->leaves && err == 0; i++)
		err = write_leaf(c, i);
	for (size_t i = 0; i < c->nodes && err == 0; i++)
		err = write_node(c, i);
	if (err == 0 && !c->linear)
		err = write_root(c);
	return err;
}

int compact_write(struct compact *c)
{
	struct e2_inode saved = c->in;
	unsigned mark;
	int err = e2_txn_mark(c->txn, &mark);

	c->changed = false;
	if (err == 0)
		err = e2_txn_end(c->txn, mark, write_all(c));
	if (err != 0) {
		c->in = saved;
		c->changed = false;
	}
	return err;
}
