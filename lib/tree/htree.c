/* SPDX-License-Identifier: MIT */
/*
 * Hashed directories: an index of one or two levels over ordinary directory blocks.
 *
 * The root lies in block 0, after the entries for "." and ".."; inner nodes lie
 * in blocks that read as one unused entry.  Leaves are ordinary blocks.  An
 * index only ever shortens a search: what it does not find may still be there.
 * Layout: docs/format.md, "dx_info", "dx_count", "dx_entry" (kernel:
 * Documentation/filesystems/ext4/directory.rst).
 */
#include "tree/dir.h"

#include "base/checked.h"

#include <string.h>

enum { ODD = E2_ERR_CORRUPT };

struct level {			/* one index block on the way from the root to a leaf */
	const struct e2_buf *buf;
	e2_lblk lblk;
	uint32_t limit;
	const uint8_t *entries;
	uint32_t count, at;		/* entry 0 stands for all hashes below entry 1's */
};

struct search {
	struct e2_fs *fs;
	const struct e2_inode *in;
	e2_lblk blocks;
	const uint8_t *name;
	size_t len;
	unsigned version;
	uint32_t hash;
	unsigned levels;		/* in use */
	struct level level[E2_DX_LEVELS];
};

static uint32_t entry_hash(const struct level *l, uint32_t i)
{
	struct e2_dx_entry e;

	e2_dx_entry_decode(&e, l->entries + (size_t)i * E2_DX_ENTRY_BYTES);
	return e.hash;
}

static e2_lblk entry_block(const struct level *l, uint32_t i)
{
	struct e2_dx_entry e;

	e2_dx_entry_decode(&e, l->entries + (size_t)i * E2_DX_ENTRY_BYTES);
	return e.block & E2_DX_BLOCK_MASK;
}

static int read_block(const struct search *s, e2_lblk lblk, const struct e2_buf **buf)
{
	struct e2_run run;
	int r;

	if (lblk >= s->blocks)
		return ODD;
	r = e2_map(s->fs, s->in, lblk, &run);
	if (r)
		return r;
	if (run.blk == 0)
		return ODD;
	return e2_buf_get(s->fs, run.blk + (lblk - run.lblk), buf);
}

/* Checks the entries of an index block and finds the one for the hash. */
static int enter_level(struct search *s, e2_lblk lblk, const struct e2_buf *buf,
		       uint32_t entries_at)
{
	uint32_t block_size = e2_geometry(s->fs)->block_size;
	struct level *l = &s->level[s->levels++];
	struct e2_dx_count c;
	uint32_t low = 1, high;

	l->buf = buf;
	l->lblk = lblk;
	l->entries = buf->data + entries_at;
	e2_dx_count_decode(&c, l->entries);
	if (c.limit != (block_size - entries_at) / E2_DX_ENTRY_BYTES || c.count == 0 ||
	    c.count > c.limit)
		return ODD;
	l->count = c.count;
	l->limit = c.limit;
	for (uint32_t i = 2; i < l->count; i++)
		if (entry_hash(l, i) < entry_hash(l, i - 1))
			return ODD;
	high = l->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (entry_hash(l, middle) > s->hash)
			high = middle;
		else
			low = middle + 1;
	}
	l->at = low - 1;
	return 0;
}

static int enter_node(struct search *s, e2_lblk lblk)
{
	const struct e2_geometry *g = e2_geometry(s->fs);
	const struct e2_buf *buf;
	struct e2_entry e;
	int r = lblk == 0 ? ODD : read_block(s, lblk, &buf);

	if (r)
		return r;
	r = enter_level(s, lblk, buf, E2_DX_NODE_AT);
	if (r == 0 && (e2_entry_at(g, buf->data, 0, &e) != 1 || e.ino != 0 ||
		       e.rec_len != g->block_size))
		r = ODD;
	return r;
}

static int enter_root(struct search *s)
{
	const struct e2_super *super = e2_super(s->fs);
	const struct e2_geometry *g = e2_geometry(s->fs);
	const struct e2_buf *buf;
	struct e2_dx_info info;
	struct e2_entry dot, dotdot;
	int r = read_block(s, 0, &buf);

	if (r)
		return r;
	e2_dx_info_decode(&info, buf->data + E2_DX_INFO_AT);
	if (e2_entry_at(g, buf->data, 0, &dot) != 1 || dot.rec_len != 12 ||
	    e2_entry_at(g, buf->data, 12, &dotdot) != 1 || dotdot.rec_len != g->block_size - 12 ||
	    info.reserved_zero != 0 || info.info_length != E2_DX_INFO_BYTES ||
	    info.hash_version > E2_HASH_TEA || info.indirect_levels >= E2_DX_LEVELS ||
	    (info.unused_flags & 1) != 0) {
		e2_buf_put(s->fs, buf);
		return ODD;
	}
	s->version = info.hash_version;
	if (super->flags & E2_SF_UNSIGNED_HASH)
		s->version += E2_HASH_LEGACY_U;
	r = e2_dir_hash(s->version, super->hash_seed, s->name, s->len, &s->hash, NULL);
	if (r) {
		e2_buf_put(s->fs, buf);
		return r;
	}
	r = enter_level(s, 0, buf, E2_DX_ROOT_AT);
	if (r == 0 && info.indirect_levels == 1)
		r = enter_node(s, entry_block(&s->level[0], s->level[0].at));
	return r;
}

static void leave_level(struct search *s)
{
	e2_buf_put(s->fs, s->level[--s->levels].buf);
}

static int search_leaf(const struct search *s, e2_lblk lblk, const struct e2_buf *buf,
		       struct e2_slot *slot)
{
	struct e2_entry e;
	int r;

	for (uint32_t at = 0; (r = e2_entry_at(e2_geometry(s->fs), buf->data, at, &e)) > 0;
	     at += e.rec_len) {
		if (e.ino != 0 && e.name_len == s->len && memcmp(e.name, s->name, s->len) == 0) {
			*slot = (struct e2_slot){ lblk, e.offset, e.ino, e.file_type };
			return 1;
		}
	}
	return r;
}

/*
 * Moves to the next leaf if names with this hash may go on there: its lowest
 * hash is the same.  1, 0 when the search is over.
 */
static int next_leaf(struct search *s)
{
	unsigned top = s->levels;
	struct level *l;
	int r;

	while (top > 0 && s->level[top - 1].at + 1 >= s->level[top - 1].count)
		top--;
	if (top == 0)
		return 0;
	l = &s->level[top - 1];
	if ((entry_hash(l, l->at + 1) & ~1u) != s->hash)
		return 0;
	l->at++;
	if (top == s->levels)
		return 1;
	leave_level(s);
	r = enter_node(s, entry_block(l, l->at));
	if (r)
		return r;
	s->level[top].at = 0;
	return 1;
}

static int search_leaves(struct search *s, struct e2_slot *slot)
{
	const struct e2_buf *buf;
	const struct level *l;
	e2_lblk lblk;
	int r;

	for (e2_lblk visited = 0; visited < s->blocks; visited++) {
		l = &s->level[s->levels - 1];
		lblk = entry_block(l, l->at);
		r = lblk == 0 ? ODD : read_block(s, lblk, &buf);
		if (r)
			return r;
		r = search_leaf(s, lblk, buf, slot);
		e2_buf_put(s->fs, buf);
		if (r)
			return r;
		r = next_leaf(s);
		if (r <= 0)
			return r;
	}
	return ODD;
}

/* Goes down to the leaf where the name belongs. */
static int go_down(struct search *s)
{
	s->blocks = e2_dir_blocks(s->fs, s->in);
	if (!e2_has_dir_index(e2_super(s->fs)) || !(s->in->flags & E2_FL_INDEX) || s->blocks < 2)
		return ODD;
	return enter_root(s);
}

int e2_htree_find(struct e2_fs *fs, const struct e2_inode *in, const void *name, size_t len,
		  struct e2_slot *slot)
{
	struct search s = { .fs = fs, .in = in, .name = name, .len = len };
	int r = go_down(&s);

	if (r == 0)
		r = search_leaves(&s, slot);
	while (s.levels > 0)
		leave_level(&s);
	return r;
}

int e2_htree_lookup(struct e2_fs *fs, const struct e2_inode *in, const void *name, size_t len,
		    e2_ino *ino)
{
	struct e2_slot slot;
	int r = e2_htree_find(fs, in, name, len, &slot);

	if (r > 0)
		*ino = slot.ino;
	return r;
}

/* What the index says of the leaf that was found: what may be in it. */
static void set_bounds(const struct search *s, struct e2_dx_path *path)
{
	path->low = 0;
	path->high = UINT32_MAX;
	path->high_too = true;
	for (unsigned i = 0; i < s->levels; i++) {
		const struct level *l = &s->level[i];

		if (l->at > 0)
			path->low = entry_hash(l, l->at) & ~1u;
		if (l->at + 1 < l->count) {
			path->high = entry_hash(l, l->at + 1) & ~1u;
			path->high_too = entry_hash(l, l->at + 1) & 1;
		}
		path->level[i] = (struct e2_dx_level){
			l->lblk, i == 0 ? E2_DX_ROOT_AT : E2_DX_NODE_AT, l->count, l->limit, l->at,
		};
	}
}

int e2_htree_path(struct e2_fs *fs, const struct e2_inode *in, const void *name, size_t len,
		  struct e2_dx_path *path)
{
	struct search s = { .fs = fs, .in = in, .name = name, .len = len };
	int r = go_down(&s);

	if (r == 0) {
		const struct level *last = &s.level[s.levels - 1];

		path->version = s.version;
		path->hash = s.hash;
		path->levels = s.levels;
		path->leaf = entry_block(last, last->at);
		set_bounds(&s, path);
		for (unsigned i = 0; i < s.levels; i++)
			if (s.level[i].lblk == path->leaf)
				r = ODD;
		if (path->leaf >= s.blocks)
			r = ODD;
	}
	while (s.levels > 0)
		leave_level(&s);
	return r;
}
