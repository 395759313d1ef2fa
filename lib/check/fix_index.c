/* SPDX-License-Identifier: MIT */
/*
 * Repairs of hashed indexes: made again from the names.
 *
 * All names are read, sorted by hash, and spread over the blocks that the directory has: the
 * root, leaves from block 1 on, nodes behind them.  Where that cannot be done the flag is
 * cleared instead: block 0 then reads as "." and "..", and nodes as unused space.
 */
#include "check/fix_dirs.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEAD = 24,
	ROOM_LEFT = 4,		/* a leaf is filled to all but 1/4 where there are blocks */
};

struct name {
	uint32_t hash, minor;
	uint32_t at;		/* in bytes */
};

struct index {
	struct fix *fx;
	const struct e2_geometry *g;
	e2_ino dir;
	struct e2_inode in;
	e2_lblk blocks;		/* that the directory has */
	uint8_t *bytes;		/* of all its blocks */
	struct name *names;
	size_t count, cap;
	uint64_t total;		/* bytes that all entries need */
	unsigned version;	/* as stored */
	uint32_t *first;	/* of each leaf: its first name */
	size_t leaves, nodes, leaves_cap;
	uint32_t root_limit, node_limit;
};

/* ---- reading --------------------------------------------------------------------- */

static int add_name(struct index *x, const struct e2_entry *e, uint32_t at)
{
	const struct e2_super *super = x->fx->ck->super;
	unsigned version = x->version + (super->flags & E2_SF_UNSIGNED_HASH ? E2_HASH_LEGACY_U : 0);
	struct name name = { .at = at };
	void *grown = e2_grow(x->names, &x->cap, x->count + 1, sizeof(*x->names));
	int r;

	if (grown == NULL)
		return E2_ERR_NOMEM;
	x->names = grown;
	r = e2_dir_hash(version, super->hash_seed, e->name, e->name_len, &name.hash, &name.minor);
	x->names[x->count++] = name;
	x->total += e2_entry_bytes(e->name_len);
	return r;
}

/* Reads one block, which lies at x->bytes + at.  1 when it is whole, 0 when not. */
static int read_names(struct index *x, uint32_t at, bool first)
{
	struct e2_entry e;
	int n, r = 0;

	for (uint32_t pos = 0; (n = e2_entry_at(x->g, x->bytes + at, pos, &e)) > 0 && r == 0;
	     pos += e.rec_len)
		if (e.ino != 0 && !(first && pos < HEAD))
			r = add_name(x, &e, at + pos);
	if (n < 0)
		e2_err_clear();
	return r != 0 ? r : n == 0;
}

/* Whether block 0 begins as the root of an index must. */
static bool has_head(const struct index *x)
{
	struct e2_entry dot, dotdot;

	if (e2_entry_at(x->g, x->bytes, 0, &dot) == 1 && dot.rec_len == 12 &&
	    e2_entry_at(x->g, x->bytes, 12, &dotdot) == 1)
		return dot.ino == x->dir && dot.name_len == 1 && dot.name[0] == '.' &&
		       dotdot.ino != 0 && dotdot.name_len == 2 && memcmp(dotdot.name, "..", 2) == 0;
	e2_err_clear();
	return false;
}

static int compare(const void *left, const void *right)
{
	const struct name *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static unsigned version_of(const struct index *x)
{
	struct e2_dx_info info;

	e2_dx_info_decode(&info, x->bytes + E2_DX_INFO_AT);
	if (ck_is_index_root(x->fx->ck, x->bytes) && info.hash_version <= E2_HASH_TEA)
		return info.hash_version;
	return x->fx->ck->super->def_hash_version;
}

/* Reads the directory.  1, 0 when it is not whole, or negative. */
static int read_all(struct index *x)
{
	int n = 1;

	for (e2_lblk i = 0; i < x->blocks && n > 0; i++) {
		uint32_t at = (uint32_t)(i << x->g->block_bits);
		const struct e2_buf *buf;

		n = e2_dir_read(x->fx->fs, x->dir, &x->in, i, &buf);
		if (n != 0) {
			e2_err_clear();
			return n == E2_ERR_NOMEM ? n : 0;
		}
		memcpy(x->bytes + at, buf->data, x->g->block_size);
		e2_buf_put(x->fx->fs, buf);
		if (i == 0) {
			x->version = version_of(x);
			if (!has_head(x) || x->version > E2_HASH_TEA)
				return 0;
		}
		n = read_names(x, at, i == 0);
	}
	if (n > 0 && x->count > 1)
		qsort(x->names, x->count, sizeof(*x->names), compare);
	return n;
}

/* ---- planning -------------------------------------------------------------------- */

static uint32_t need(const struct index *x, size_t i)
{
	return e2_entry_bytes(x->bytes[x->names[i].at + 6]);	/* name_len */
}

/* Spreads the names over leaves of at most `limit` bytes. */
static int spread(struct index *x, uint64_t limit)
{
	uint64_t used = 0;

	x->leaves = 0;
	for (size_t i = 0; i < x->count || x->leaves == 0; i++) {
		void *grown;

		if (x->leaves != 0 && used + need(x, i) <= limit) {
			used += need(x, i);
			continue;
		}
		grown = e2_grow(x->first, &x->leaves_cap, x->leaves + 1, sizeof(*x->first));
		if (grown == NULL)
			return E2_ERR_NOMEM;
		x->first = grown;
		x->first[x->leaves++] = (uint32_t)i;
		used = i < x->count ? need(x, i) : 0;
	}
	x->nodes = x->leaves <= x->root_limit ?
		0 : (x->leaves + x->node_limit - 1) / x->node_limit;
	return 0;
}

/* 1, 0 when two levels are too few, or negative. */
static int plan(struct index *x)
{
	uint64_t full = x->g->block_size;
	int err;

	x->root_limit = (x->g->block_size - E2_DX_ROOT_AT) / E2_DX_ENTRY_BYTES;
	x->node_limit = (x->g->block_size - E2_DX_NODE_AT) / E2_DX_ENTRY_BYTES;
	/* With room for more names where there are blocks, else as full as they get. */
	err = spread(x, full - full / ROOM_LEFT);
	if (err == 0 && 1 + x->leaves + x->nodes > x->blocks)
		err = spread(x, full);
	if (err != 0)
		return err;
	return x->nodes <= x->root_limit;
}

/* ---- writing ----------------------------------------------------------------------- */

/* The hash a leaf begins with; odd when names with it are in the leaf before, too. */
static uint32_t leaf_hash(const struct index *x, size_t leaf)
{
	uint32_t i = x->first[leaf];

	return x->names[i].hash | (x->names[i - 1].hash == x->names[i].hash);
}

/* Entries for leaves or nodes: the first has no hash, its place holds the counts. */
static void put_entries(const struct index *x, uint8_t *at, uint32_t limit, size_t first,
			size_t count, size_t step, e2_lblk lblk)
{
	struct e2_dx_count c = { .limit = (uint16_t)limit, .count = (uint16_t)count };

	for (size_t i = 0; i < count; i++) {
		struct e2_dx_entry e = { .block = (uint32_t)(lblk + i) };

		if (i != 0)
			e.hash = leaf_hash(x, first + i * step);
		e2_dx_entry_encode(&e, at + i * E2_DX_ENTRY_BYTES);
	}
	e2_dx_count_encode(&c, at);
}

static int edit(struct index *x, e2_lblk lblk, struct e2_wbuf **buf)
{
	return e2_dir_edit(x->fx->txn, x->dir, &x->in, lblk, buf);
}

static int write_root(struct index *x)
{
	struct e2_dx_info info = {
		.hash_version = (uint8_t)x->version, .info_length = E2_DX_INFO_BYTES,
		.indirect_levels = x->nodes != 0,
	};
	struct e2_wbuf *buf;
	struct e2_entry dotdot;
	int err = edit(x, 0, &buf);

	if (err != 0)
		return err;
	err = e2_entry_at(x->g, x->bytes, 12, &dotdot) == 1 ? 0 : E2_ERR_INTERNAL;
	memset(buf->data + HEAD, 0, x->g->block_size - HEAD);
	if (err == 0) {
		dotdot.rec_len = x->g->block_size - 12;
		e2_entry_write(x->g, buf->data, &dotdot);
	}
	e2_dx_info_encode(&info, buf->data + E2_DX_INFO_AT);
	if (x->nodes == 0)
		put_entries(x, buf->data + E2_DX_ROOT_AT, x->root_limit, 0, x->leaves, 1, 1);
	else
		put_entries(x, buf->data + E2_DX_ROOT_AT, x->root_limit, 0, x->nodes,
			    x->node_limit, 1 + x->leaves);
	e2_txn_put(x->fx->txn, buf);
	return err;
}

static int write_node(struct index *x, size_t node)
{
	size_t first = node * x->node_limit, count = x->leaves - first;
	struct e2_wbuf *buf;
	int err = edit(x, 1 + x->leaves + node, &buf);

	if (err != 0)
		return err;
	if (count > x->node_limit)
		count = x->node_limit;
	e2_block_clear(x->g, buf->data);
	put_entries(x, buf->data + E2_DX_NODE_AT, x->node_limit, first, count, 1, 1 + first);
	e2_txn_put(x->fx->txn, buf);
	return 0;
}

static int write_leaf(struct index *x, size_t leaf)
{
	size_t end = leaf + 1 < x->leaves ? x->first[leaf + 1] : x->count;
	uint32_t at = 0;
	struct e2_wbuf *buf;
	int err = edit(x, 1 + leaf, &buf);

	if (err != 0)
		return err;
	e2_block_clear(x->g, buf->data);
	for (size_t i = x->first[leaf]; i < end; i++) {
		uint32_t from = x->names[i].at, in_block = from & (x->g->block_size - 1);
		struct e2_entry e;

		if (e2_entry_at(x->g, x->bytes + (from - in_block), in_block, &e) != 1)
			break;		/* it was one when it was read */
		e.offset = at;
		e.rec_len = i + 1 < end ? need(x, i) : x->g->block_size - at;
		at += need(x, i);
		e2_entry_write(x->g, buf->data, &e);
	}
	e2_txn_put(x->fx->txn, buf);
	return 0;
}

/* As many blocks as the index has. */
static int set_blocks(struct index *x)
{
	e2_lblk want = 1 + x->leaves + x->nodes, lblk;
	int err = 0;

	if (want < x->blocks)
		err = e2_truncate(x->fx->txn, x->dir, &x->in, (uint64_t)want << x->g->block_bits);
	while (err == 0 && e2_dir_blocks(x->fx->fs, &x->in) < want)
		err = e2_dir_append(x->fx->txn, x->dir, &x->in, &lblk);
	return err != 0 ? err : e2_inode_put(x->fx->txn, x->dir, &x->in);
}

static int write_all(struct index *x)
{
	int err = set_blocks(x);

	for (size_t i = 0; i < x->leaves && err == 0; i++)
		err = write_leaf(x, i);
	for (size_t i = 0; i < x->nodes && err == 0; i++)
		err = write_node(x, i);
	return err != 0 ? err : write_root(x);
}

/* ---- the repair ---------------------------------------------------------------------- */

/* The most bytes a directory may have to be read at once. */
static uint64_t most_bytes(const struct fix *fx)
{
	return ((uint64_t)4 << 20) + ((uint64_t)fx->ck->g->blocks << fx->ck->g->block_bits >> 8);
}

/* 1 when the index was made again, 0 when it cannot be, or negative. */
static int make_again(struct index *x)
{
	uint64_t size = (uint64_t)x->blocks << x->g->block_bits;
	unsigned mark;
	int n;

	if (x->blocks < 2 || size > most_bytes(x->fx) || size > UINT32_MAX)
		return 0;
	x->bytes = malloc((size_t)size);
	if (x->bytes == NULL)
		return e2_fail(E2_ERR_NOMEM, "names of a directory");
	n = read_all(x);
	if (n > 0)
		n = plan(x);
	if (n <= 0)
		return n;
	n = e2_txn_mark(x->fx->txn, &mark);
	if (n == 0)
		n = e2_txn_end(x->fx->txn, mark, write_all(x));
	if (n == E2_ERR_NOSPC) {
		e2_err_clear();
		return e2_inode_get(x->fx->fs, x->dir, &x->in);	/* 0, too */
	}
	return n != 0 ? n : 1;
}

int fix_index(struct fix *fx, struct e2_finding *f)
{
	struct index x = { .fx = fx, .g = fx->ck->g, .dir = f->ino };
	int n;

	if (fx->ck->inodes[f->ino].flags & CK_INDEXED)
		return 1;	/* made again already, for another finding */
	n = e2_inode_get(fx->fs, f->ino, &x.in);
	if (n != 0)
		return n;
	if (!e2_is_dir(&x.in) || !(x.in.flags & E2_FL_INDEX))
		return 0;
	x.blocks = e2_dir_blocks(fx->fs, &x.in);
	e2_dir_memo_drop(fx->txn, f->ino);
	n = make_again(&x);
	free(x.bytes);
	free(x.names);
	free(x.first);
	if (n == 0) {
		x.in.flags &= ~(uint32_t)E2_FL_INDEX;
		fix_will(f, "the directory will have none");
		n = e2_inode_put(fx->txn, f->ino, &x.in);
		n = n != 0 ? n : 1;
	}
	if (n > 0)
		fx->ck->inodes[f->ino].flags |= CK_INDEXED;
	return n;
}
