/* SPDX-License-Identifier: MIT */
/*
 * The hashed index of a directory, kept true while names come in.
 *
 * A name goes into the leaf that its hash belongs to.  A full leaf is split and the new one
 * entered in the index block above; a full index block is split, or put below a root that
 * keeps one entry.  Between these steps the index is sound, so each begins anew at the
 * root.  Whatever looks odd, and a tree that is full, ends the index: its blocks read as
 * unused records when the directory's flag is gone.
 * Layout: docs/format.md, "dx_info", "dx_count", "dx_entry" (kernel:
 * Documentation/filesystems/ext4/directory.rst).
 */
#include "tree/dir.h"

#include <stdlib.h>
#include <string.h>

enum {
	STEPS_MAX = 6,			/* deepen, split a node, split a leaf, and to spare */
	RECORD_MIN = 12,
};

struct change {
	struct e2_txn *txn;
	struct e2_fs *fs;
	const struct e2_geometry *g;
	e2_ino dir;
	struct e2_inode *in;
	struct e2_dx_path path;
};

struct name {			/* of a leaf that is split */
	uint32_t hash;
	struct e2_entry entry;	/* its bytes lie in the copy of the leaf */
};

struct leaf {			/* what a full leaf holds */
	uint8_t *copy;
	struct name *names;
	size_t count;
};

/* Errors that are nothing of the index's making. */
static bool is_real(int err)
{
	return err == E2_ERR_NOMEM || err == E2_ERR_IO;
}

/* ---- index blocks ------------------------------------------------------ */

static void put_count(uint8_t *entries, uint32_t limit, uint32_t count)
{
	struct e2_dx_count c = { .limit = (uint16_t)limit, .count = (uint16_t)count };

	e2_dx_count_encode(&c, entries);
}

/* The first entry's hash is not stored: limit and count lie there. */
static void put_block(uint8_t *entries, e2_lblk lblk)
{
	struct e2_dx_entry e;

	e2_dx_entry_decode(&e, entries);
	e.block = (uint32_t)lblk;
	e2_dx_entry_encode(&e, entries);
}

static uint32_t hash_at(const uint8_t *entries, uint32_t i)
{
	struct e2_dx_entry e;

	e2_dx_entry_decode(&e, entries + (size_t)i * E2_DX_ENTRY_BYTES);
	return e.hash;
}

/* Enters a block behind the entry that the way takes; there is room. */
static int enter(struct change *c, const struct e2_dx_level *l, uint32_t hash, e2_lblk lblk)
{
	struct e2_dx_entry e = { .hash = hash, .block = (uint32_t)lblk };
	struct e2_wbuf *buf;
	uint8_t *at;
	int r = e2_dir_edit(c->txn, c->dir, c->in, l->lblk, &buf);

	if (r != 0)
		return r;
	at = buf->data + l->entries_at + (size_t)(l->at + 1) * E2_DX_ENTRY_BYTES;
	memmove(at + E2_DX_ENTRY_BYTES, at, (size_t)(l->count - l->at - 1) * E2_DX_ENTRY_BYTES);
	e2_dx_entry_encode(&e, at);
	put_count(buf->data + l->entries_at, l->limit, l->count + 1);
	e2_txn_put(c->txn, buf);
	return 0;
}

/* Moves the entries of an index block from `first` on to a node of its own. */
static int move_entries(struct change *c, const struct e2_dx_level *l, uint32_t first,
			e2_lblk *node, uint32_t *hash)
{
	uint32_t limit = (c->g->block_size - E2_DX_NODE_AT) / E2_DX_ENTRY_BYTES;
	struct e2_wbuf *from, *to = NULL;
	const uint8_t *entries;
	int r = e2_dir_append(c->txn, c->dir, c->in, node);

	if (r == 0)
		r = e2_dir_edit(c->txn, c->dir, c->in, *node, &to);
	if (r != 0)
		return r;
	r = e2_dir_edit(c->txn, c->dir, c->in, l->lblk, &from);
	if (r == 0) {
		entries = from->data + l->entries_at;
		*hash = hash_at(entries, first);
		memcpy(to->data + E2_DX_NODE_AT, entries + (size_t)first * E2_DX_ENTRY_BYTES,
		       (size_t)(l->count - first) * E2_DX_ENTRY_BYTES);
		put_count(to->data + E2_DX_NODE_AT, limit, l->count - first);
		put_count(from->data + l->entries_at, l->limit, first);
		e2_txn_put(c->txn, from);
	}
	e2_txn_put(c->txn, to);
	return r;
}

/* The full root keeps one entry: a node with all that it had. */
static int deepen(struct change *c)
{
	struct e2_dx_info info;
	struct e2_wbuf *buf;
	uint32_t hash;
	e2_lblk node;
	int r = move_entries(c, &c->path.level[0], 0, &node, &hash);

	if (r == 0)
		r = e2_dir_edit(c->txn, c->dir, c->in, 0, &buf);
	if (r != 0)
		return r;
	e2_dx_info_decode(&info, buf->data + E2_DX_INFO_AT);
	info.indirect_levels = 1;
	e2_dx_info_encode(&info, buf->data + E2_DX_INFO_AT);
	put_count(buf->data + E2_DX_ROOT_AT, c->path.level[0].limit, 1);
	put_block(buf->data + E2_DX_ROOT_AT, node);
	e2_txn_put(c->txn, buf);
	return 1;
}

static int split_node(struct change *c)
{
	const struct e2_dx_level *full = &c->path.level[1];
	uint32_t hash;
	e2_lblk node;
	int r = move_entries(c, full, full->count / 2, &node, &hash);

	if (r == 0)
		r = enter(c, &c->path.level[0], hash, node);
	return r ? r : 1;
}

/* ---- leaves ------------------------------------------------------------ */

static void free_leaf(struct leaf *leaf)
{
	free(leaf->copy);
	free(leaf->names);
}

static int compare_names(const void *pa, const void *pb)
{
	const struct name *a = pa, *b = pb;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->entry.offset < b->entry.offset ? -1 : a->entry.offset > b->entry.offset;
}

/* Whether the index says that names with this hash are in the leaf. */
static bool belongs(const struct e2_dx_path *p, uint32_t hash)
{
	return hash >= p->low && (hash < p->high || (hash == p->high && p->high_too));
}

static int copy_block(struct change *c, e2_lblk lblk, struct leaf *leaf)
{
	const struct e2_buf *buf;
	int r;

	leaf->copy = malloc(c->g->block_size);
	leaf->names = calloc(c->g->block_size / RECORD_MIN, sizeof(*leaf->names));
	if (!leaf->copy || !leaf->names)
		return e2_fail(E2_ERR_NOMEM, "directory %u: out of memory", c->dir);
	r = e2_dir_read(c->fs, c->dir, c->in, lblk, &buf);
	if (r != 0)
		return r;
	memcpy(leaf->copy, buf->data, c->g->block_size);
	e2_buf_put(c->fs, buf);
	return 0;
}

/* Copies a leaf and sorts its names by hash: 1, or 0 when some do not belong there. */
static int read_leaf(struct change *c, struct leaf *leaf)
{
	const uint32_t *seed = e2_super(c->fs)->hash_seed;
	struct e2_entry e;
	int r = copy_block(c, c->path.leaf, leaf);

	if (r != 0)
		return r;
	for (uint32_t at = 0; (r = e2_entry_at(c->g, leaf->copy, at, &e)) > 0; at += e.rec_len) {
		struct name *name = &leaf->names[leaf->count];

		if (e.ino == 0)
			continue;
		name->entry = e;
		r = e2_dir_hash(c->path.version, seed, e.name, e.name_len, &name->hash, NULL);
		if (r != 0)
			return r;
		if (!belongs(&c->path, name->hash))
			return 0;
		leaf->count++;
	}
	if (r != 0)
		return r;
	qsort(leaf->names, leaf->count, sizeof(*leaf->names), compare_names);
	return 1;
}

/* Where the upper half by bytes begins, gaps included as the kernel does; half of the names when
 * they fill less than half. */
static size_t choose_split(const struct change *c, const struct leaf *leaf)
{
	uint32_t half = c->g->block_size / 2, bytes = 0, size;
	size_t i = leaf->count;

	while (i > 0) {
		size = leaf->names[i - 1].entry.rec_len;
		if (bytes + size / 2 > half)
			break;
		bytes += size;
		i--;
	}
	return i > 0 ? i : leaf->count / 2;
}

/* Fills a block of the directory with names [first, end) of a leaf, without gaps. */
static int pack(struct change *c, e2_lblk lblk, const struct leaf *leaf, size_t first, size_t end)
{
	uint32_t at = 0, room = c->g->block_size;
	struct e2_wbuf *buf;
	int r = e2_dir_edit(c->txn, c->dir, c->in, lblk, &buf);

	if (r != 0)
		return r;
	e2_block_clear(c->g, buf->data);
	for (size_t i = first; i < end; i++) {
		struct e2_entry e = leaf->names[i].entry;
		uint32_t size = e2_entry_bytes(e.name_len);

		room = c->g->block_size - at - size;
		e.offset = at;
		e.rec_len = i + 1 < end ? size : c->g->block_size - at;
		e2_entry_write(c->g, buf->data, &e);
		at += size;
	}
	e2_txn_put(c->txn, buf);
	e2_dir_memo_room(c->txn, c->dir, lblk, room);
	return 0;
}

static int compare_offsets(const void *pa, const void *pb)
{
	const struct name *a = pa, *b = pb;

	return a->entry.offset < b->entry.offset ? -1 : a->entry.offset > b->entry.offset;
}

/* Moves the names from `split` on to a leaf of their own; the others stay in their order. */
static int move_names(struct change *c, struct leaf *leaf, size_t split)
{
	/* Names with one hash may stand on both sides: the lowest bit says so. */
	uint32_t hash = leaf->names[split].hash;
	bool both = leaf->names[split - 1].hash == hash;
	e2_lblk upper;
	int r = e2_dir_append(c->txn, c->dir, c->in, &upper);

	if (r == 0)
		r = pack(c, upper, leaf, split, leaf->count);
	qsort(leaf->names, split, sizeof(*leaf->names), compare_offsets);
	if (r == 0)
		r = pack(c, c->path.leaf, leaf, 0, split);
	if (r == 0)
		r = enter(c, &c->path.level[c->path.levels - 1], hash | both, upper);
	for (size_t i = split; r == 0 && i < leaf->count; i++) {
		const struct e2_entry *e = &leaf->names[i].entry;

		e2_dir_memo_remove(c->txn, c->dir, e->name, e->name_len, c->path.leaf);
		e2_dir_memo_add(c->txn, c->dir, e->name, e->name_len, upper);
	}
	return r;
}

/* 1, or 0 when the index is not true. */
static int split_leaf(struct change *c)
{
	struct leaf leaf = { 0 };
	int r = read_leaf(c, &leaf);

	if (r > 0 && leaf.count < 2)	/* it is only scattered */
		r = pack(c, c->path.leaf, &leaf, 0, leaf.count);
	else if (r > 0)
		r = move_names(c, &leaf, choose_split(c, &leaf));
	else if (r == 0)
		r = 1;
	free_leaf(&leaf);
	return r < 0 ? r : r == 0;
}

/* ---- inserting --------------------------------------------------------- */

/* Makes room on the way to the leaf: 1, or 0 when there is none to be made. */
static int make_room(struct change *c)
{
	const struct e2_dx_level *root = &c->path.level[0];
	const struct e2_dx_level *last = &c->path.level[c->path.levels - 1];

	if (last->count < last->limit)
		return split_leaf(c);
	if (c->path.levels < E2_DX_LEVELS)
		return deepen(c);
	return root->count < root->limit ? split_node(c) : 0;
}

/* Puts the entry into its leaf: 1, or 0 when that is full. */
static int try_leaf(struct change *c, const struct e2_entry *what)
{
	struct e2_wbuf *wbuf;
	uint32_t room;
	int r = e2_dir_edit(c->txn, c->dir, c->in, c->path.leaf, &wbuf);

	if (r != 0)
		return r;
	r = e2_block_insert(c->g, wbuf->data, what, &room);
	if (r > 0)
		e2_dir_memo_room(c->txn, c->dir, c->path.leaf, room);
	e2_txn_put(c->txn, wbuf);
	if (r > 0)
		e2_dir_memo_add(c->txn, c->dir, what->name, what->name_len, c->path.leaf);
	return r;
}

static struct change begin(struct e2_txn *txn, e2_ino dir, struct e2_inode *in)
{
	struct change c = { .txn = txn, .fs = e2_txn_fs(txn), .dir = dir, .in = in };

	c.g = e2_geometry(c.fs);
	return c;
}

static int find_path(struct change *c, const struct e2_entry *what)
{
	int r = e2_htree_path(c->fs, c->in, what->name, what->name_len, &c->path);

	if (r < 0 && !is_real(r)) {
		e2_err_clear();
		return 0;
	}
	return r < 0 ? r : 1;
}

int e2_index_insert(struct e2_txn *txn, e2_ino dir, struct e2_inode *in,
		    const struct e2_entry *what)
{
	struct change c = begin(txn, dir, in);
	int r;

	for (unsigned step = 0; step < STEPS_MAX; step++) {
		r = find_path(&c, what);
		if (r <= 0)
			return r;
		r = try_leaf(&c, what);
		if (r != 0)
			return r;
		r = make_room(&c);
		if (r <= 0)
			return r;
	}
	return 0;
}

/* ---- the first index --------------------------------------------------- */

/* Moves all names but the first two from block 0 to a leaf. */
static int move_first_names(struct change *c, e2_lblk lblk)
{
	struct leaf leaf = { 0 };
	struct e2_entry e;
	int r = copy_block(c, 0, &leaf);

	for (uint32_t at = 0; r == 0; at += e.rec_len) {
		r = e2_entry_at(c->g, leaf.copy, at, &e);
		if (r <= 0)
			break;
		r = 0;
		if (at >= E2_DX_INFO_AT && e.ino != 0)
			leaf.names[leaf.count++].entry = e;
	}
	if (r == 0)
		r = pack(c, lblk, &leaf, 0, leaf.count);
	free_leaf(&leaf);
	return r;
}

/* Writes the root of one entry behind "." and "..". */
static int put_root(struct change *c, e2_lblk leaf)
{
	struct e2_dx_info info = {
		.hash_version = e2_super(c->fs)->def_hash_version,
		.info_length = E2_DX_INFO_BYTES,
	};
	struct e2_entry dotdot;
	struct e2_wbuf *buf;
	int r = e2_dir_edit(c->txn, c->dir, c->in, 0, &buf);

	if (r != 0)
		return r;
	r = e2_entry_at(c->g, buf->data, 12, &dotdot);
	if (r > 0) {
		dotdot.rec_len = c->g->block_size - 12;
		memset(buf->data + E2_DX_INFO_AT, 0, c->g->block_size - E2_DX_INFO_AT);
		e2_entry_write(c->g, buf->data, &dotdot);
		e2_dx_info_encode(&info, buf->data + E2_DX_INFO_AT);
		put_block(buf->data + E2_DX_ROOT_AT, leaf);
		put_count(buf->data + E2_DX_ROOT_AT,
			  (c->g->block_size - E2_DX_ROOT_AT) / E2_DX_ENTRY_BYTES, 1);
		r = 0;
	}
	e2_txn_put(c->txn, buf);
	e2_dir_memo_room(c->txn, c->dir, 0, c->g->block_size - E2_DX_INFO_AT);
	return r;
}

/* Whether block 0 begins as the root of an index must: 1, 0, or negative. */
static int has_plain_start(struct change *c)
{
	struct e2_entry dot, dotdot;
	const struct e2_buf *buf;
	int r = e2_dir_read(c->fs, c->dir, c->in, 0, &buf);

	if (r != 0)
		return r;
	r = e2_entry_at(c->g, buf->data, 0, &dot);
	if (r > 0 && dot.rec_len == 12)
		r = e2_entry_at(c->g, buf->data, 12, &dotdot);
	if (r > 0)
		r = dot.rec_len == 12 && dot.name_len == 1 && dotdot.name_len == 2 &&
		    memcmp(dot.name, ".", 1) == 0 && memcmp(dotdot.name, "..", 2) == 0;
	e2_buf_put(c->fs, buf);
	return r;
}

int e2_index_build(struct e2_txn *txn, e2_ino dir, struct e2_inode *in,
		   const struct e2_entry *what)
{
	struct change c = begin(txn, dir, in);
	e2_lblk leaf;
	int r;

	if (e2_super(c.fs)->def_hash_version > E2_HASH_TEA)
		return 0;
	r = has_plain_start(&c);
	if (r <= 0)
		return r;
	r = e2_dir_append(txn, dir, in, &leaf);
	if (r == 0)
		r = move_first_names(&c, leaf);
	if (r == 0)
		r = put_root(&c, leaf);
	if (r != 0)
		return r;
	in->flags |= E2_FL_INDEX;
	/* The block was full: its names are spread over two at once. */
	r = find_path(&c, what);
	if (r > 0)
		r = make_room(&c);
	return r < 0 ? r : 1;
}
