/* SPDX-License-Identifier: MIT */
/*
 * Order matters: blocks that are free and become bad are taken first, so that no copy lands
 * on one; then what lies in the others is moved; the list itself is written last, because its
 * pointer blocks need good ones too.
 */
#include "check/bad_blocks.h"

#include "base/endian.h"
#include "base/grow.h"
#include "node/write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BAD_INO = 1, I_BLOCK = 40, MOVES_AT_ONCE = 1024 };

struct work {
	struct e2_txn *txn;
	struct e2_fs *fs;
	const struct e2_geometry *g;
	struct e2_bitset *old, *target;
	struct e2_bad_blocks *done;
	uint8_t *data;			/* a block */
};

static bool is_added(const struct work *w, e2_blk blk)
{
	return e2_bitset_test(w->target, blk) && !e2_bitset_test(w->old, blk);
}

/* ---- the list there is ------------------------------------------------------------------ */

/* Its members; or, with pointers, gives its pointer blocks back. */
static int walk_list(struct work *w, bool pointers)
{
	struct e2_walk_block b;
	struct e2_blocks *walk;
	struct e2_bitset *free_them;
	struct e2_inode in;
	int r = e2_inode_get(w->fs, BAD_INO, &in);

	if (r != 0)
		return r;
	r = e2_bitset_new(w->g->blocks, &free_them);
	if (r != 0)
		return r;
	r = e2_blocks_begin(w->fs, &in, &walk);
	if (r == 0) {
		while ((r = e2_blocks_next(walk, &b)) > 0)
			if (b.status == 0 && b.level == 0)
				e2_bitset_set_run(w->old, b.blk, b.count);
			else if (b.status == 0)
				e2_bitset_set(free_them, b.blk);
		e2_blocks_end(walk);
	}
	for (e2_blk blk = 0; pointers && r == 0; blk++) {
		blk = e2_bitset_next_set(free_them, blk);
		if (blk >= w->g->blocks)
			break;
		r = e2_free_blocks(w->txn, blk, 1);
	}
	e2_bitset_free(free_them);
	return r;
}

/* ---- blocks that become bad ----------------------------------------------------------------- */

static int check_layout(const struct work *w)
{
	for (e2_blk blk = 0; blk < w->g->blocks; blk++) {
		enum e2_role role;
		e2_grp group;
		int err;

		blk = e2_bitset_next_set(w->target, blk);
		if (blk >= w->g->blocks)
			break;
		err = e2_block_role(w->fs, blk, &role, &group);
		if (err != 0)
			return err;
		if (role != E2_ROLE_NONE)
			return e2_fail(E2_ERR_INVAL, "block %" PRIu64 " holds the %s of group %"
				       PRIu32 ", which cannot be moved", blk,
				       e2_role_name(role), group);
	}
	return 0;
}

static int take_free(struct work *w)
{
	for (e2_blk blk = 0; blk < w->g->blocks; blk++) {
		bool used;
		uint64_t got;
		e2_blk first;
		int err;

		blk = e2_bitset_next_set(w->target, blk);
		if (blk >= w->g->blocks)
			break;
		if (e2_bitset_test(w->old, blk))
			continue;
		w->done->added++;
		err = e2_block_used(w->fs, blk, &used);
		if (err == 0 && !used) {
			err = e2_alloc_blocks(w->txn, blk, 1, &first, &got);
			if (err == 0 && first != blk)
				err = e2_fail(E2_ERR_INTERNAL, "block %" PRIu64 " is free and "
					      "cannot be taken", blk);
		}
		if (err != 0)
			return err;
	}
	return 0;
}

static int give_dropped(struct work *w)
{
	int err = 0;

	for (e2_blk blk = 0; blk < w->g->blocks && err == 0; blk++) {
		blk = e2_bitset_next_set(w->old, blk);
		if (blk >= w->g->blocks || e2_bitset_test(w->target, blk))
			continue;
		err = e2_free_blocks(w->txn, blk, 1);
		w->done->dropped++;
	}
	return err;
}

/* ---- what lies in them --------------------------------------------------------- */

/* A copy in a good block; what cannot be read is zeros. */
static int copy_block(struct work *w, e2_blk from, e2_blk *to)
{
	uint64_t got;
	int err = e2_cache_read(e2_txn_cache(w->txn), from, 1, w->data);

	if (err == E2_ERR_IO) {
		e2_err_clear();
		memset(w->data, 0, w->g->block_size);
		w->done->unreadable++;
		err = 0;
	}
	if (err == 0)
		err = e2_alloc_blocks(w->txn, from, 1, to, &got);
	if (err == 0)
		err = e2_txn_write(w->txn, *to, 1, w->data);
	w->done->moved++;
	return err;
}

static int set_pointer(struct work *w, e2_ino ino, e2_blk parent, uint32_t index, e2_blk to)
{
	struct e2_wbuf *buf;
	uint8_t *raw;
	int err;

	if (parent != 0) {
		err = e2_txn_get(w->txn, parent, E2_FILL_READ, &buf);
		if (err != 0)
			return err;
		raw = buf->data + 4 * (size_t)index;
	} else {
		err = e2_inode_edit(w->txn, ino, &buf, &raw);
		if (err != 0)
			return err;
		raw += I_BLOCK + 4 * (size_t)index;
	}
	e2_put32(raw, (uint32_t)to);
	e2_txn_put(w->txn, buf);
	return 0;
}

struct move {
	e2_blk blk, parent;
	uint32_t index;
};

/* What of an inode has to move, at most so many; pointer blocks come before what they hold. */
static int find_moves(struct work *w, const struct e2_inode *in, struct e2_blocks **walk,
		      struct move *moves, size_t *count)
{
	struct e2_walk_block b;
	int r = 0;

	*count = 0;
	if (*walk == NULL)
		r = e2_blocks_begin(w->fs, in, walk);
	else
		e2_blocks_restart(*walk, in);
	while (r == 0 && (r = e2_blocks_next(*walk, &b)) > 0) {
		size_t before = *count;

		for (uint64_t i = 0; b.status == 0 && i < b.count && *count < MOVES_AT_ONCE; i++)
			if (is_added(w, b.blk + i))
				moves[(*count)++] = (struct move){ b.blk + i, b.parent,
								   b.index + (uint32_t)i };
		r = 0;
		if (*count == MOVES_AT_ONCE || (*count != before && b.level != 0))
			break;	/* what a block that moves points to is looked at again */
	}
	return r;
}

static int move_blocks(struct work *w, e2_ino ino, const struct e2_inode *in,
		       struct e2_blocks **walk, struct move *moves)
{
	struct e2_inode now = *in;
	size_t count = 1;
	int err = 0;

	while (err == 0 && count != 0) {
		err = find_moves(w, &now, walk, moves, &count);
		for (size_t i = 0; i < count && err == 0; i++) {
			e2_blk to;

			err = copy_block(w, moves[i].blk, &to);
			if (err == 0)
				err = set_pointer(w, ino, moves[i].parent, moves[i].index, to);
		}
		if (err == 0 && count != 0)
			err = e2_inode_get(w->fs, ino, &now);
	}
	return err;
}

/* Blocks of attributes may have several owners: where the first took a copy to. */
struct taken {
	struct { e2_blk from, to; } *at;
	size_t count, cap;
};

static int move_attributes(struct work *w, e2_ino ino, const struct e2_inode *in,
			   struct taken *taken)
{
	struct e2_inode now;
	e2_blk from = in->file_acl;
	size_t i = 0;
	int err;

	if (from == 0 || !e2_block_valid(w->g, from) || !is_added(w, from))
		return 0;
	while (i < taken->count && taken->at[i].from != from)
		i++;
	if (i == taken->count) {
		void *at = e2_grow(taken->at, &taken->cap, taken->count + 1, sizeof(*taken->at));

		if (at == NULL)
			return E2_ERR_NOMEM;
		taken->at = at;
		taken->at[i].from = from;
		err = copy_block(w, from, &taken->at[i].to);
		if (err != 0)
			return err;
		taken->count++;
	}
	err = e2_inode_get(w->fs, ino, &now);
	if (err != 0)
		return err;
	now.file_acl = (uint32_t)taken->at[i].to;
	return e2_inode_put(w->txn, ino, &now);
}

static int move_all(struct work *w)
{
	struct move *moves = malloc(MOVES_AT_ONCE * sizeof(*moves));
	struct taken taken = { .at = NULL };
	struct e2_blocks *walk = NULL;
	struct e2_inode in;
	int err = moves != NULL ? 0 : e2_fail(E2_ERR_NOMEM, "list of bad blocks");

	for (e2_ino ino = BAD_INO + 1; ino <= w->g->inodes && err == 0; ino++) {
		bool used;

		err = e2_inode_used(w->fs, ino, &used);
		if (err != 0 || !used)
			continue;
		err = e2_inode_get(w->fs, ino, &in);
		if (err == 0)
			err = move_attributes(w, ino, &in, &taken);
		if (err == 0 && e2_inode_has_blocks(w->fs, &in))
			err = move_blocks(w, ino, &in, &walk, moves);
	}
	e2_blocks_end(walk);
	free(taken.at);
	free(moves);
	return err;
}

/* ---- the list as it becomes ------------------------------------------------------ */

struct writer {
	struct work *w;
	struct e2_inode in;
	e2_blk next;			/* the next member is here or later */
	uint64_t left;			/* members to come */
	uint64_t pointers;		/* pointer blocks */
};

static int fresh_pointers(struct writer *t, e2_blk *blk)
{
	uint64_t got;
	int err = e2_alloc_blocks(t->w->txn, t->next, 1, blk, &got);

	if (err == 0)
		err = e2_txn_write(t->w->txn, *blk, 1, NULL);
	t->pointers++;
	return err;
}

static e2_blk next_member(struct writer *t)
{
	e2_blk blk = e2_bitset_next_set(t->w->target, t->next);

	t->next = blk + 1;
	t->left--;
	return blk;
}

/* Fills a tree of pointer blocks; level 0 is a member.  At most three deep. */
static int put_tree(struct writer *t, unsigned level, e2_blk *top)
{
	e2_blk path[4];
	uint32_t at[4] = { 0 };
	unsigned depth = level;
	int err;

	if (level == 0) {
		*top = next_member(t);
		return 0;
	}
	err = fresh_pointers(t, top);
	path[level] = *top;
	while (err == 0 && t->left != 0) {
		e2_blk below;

		if (at[depth] == t->w->g->pointers) {
			if (depth++ == level)
				break;
			continue;
		}
		if (depth == 1) {
			below = next_member(t);
		} else {
			err = fresh_pointers(t, &below);
			path[depth - 1] = below;
			at[depth - 1] = 0;
		}
		if (err == 0)
			err = set_pointer(t->w, BAD_INO, path[depth], at[depth]++, below);
		if (depth > 1)
			depth--;
	}
	return err;
}

static int write_list(struct work *w)
{
	uint64_t count = e2_bitset_count(w->target);
	struct writer t = { .w = w, .left = count };
	int err = e2_inode_get(w->fs, BAD_INO, &t.in);

	if (err != 0)
		return err;
	memset(t.in.block, 0, sizeof(t.in.block));
	for (unsigned i = 0; i < E2_POINTERS && t.left != 0 && err == 0; i++) {
		e2_blk blk;

		err = put_tree(&t, i < 12 ? 0 : i - 11, &blk);
		t.in.block[i] = (uint32_t)blk;
	}
	if (err != 0)
		return err;
	e2_inode_set_size(&t.in, count * w->g->block_size);
	t.in.blocks = (uint32_t)((count + t.pointers) * (w->g->block_size / 512));
	e2_inode_touch(w->txn, &t.in, true);
	w->done->listed = count;
	return e2_inode_put(w->txn, BAD_INO, &t.in);
}

/* ---- all of it --------------------------------------------------------------------------- */

static void add_members(struct e2_bitset *to, const struct e2_bitset *from)
{
	uint64_t bits = e2_bitset_bits(from);

	for (uint64_t n = e2_bitset_next_set(from, 0); n < bits;
	     n = e2_bitset_next_set(from, n + 1))
		e2_bitset_set(to, n);
}

static int set_list(struct work *w, const struct e2_bitset *list, bool keep)
{
	int err = walk_list(w, false);

	if (err != 0)
		return err;
	add_members(w->target, list);
	if (keep)
		add_members(w->target, w->old);
	err = check_layout(w);
	if (err == 0)
		err = take_free(w);
	if (err == 0)
		err = walk_list(w, true);
	if (err == 0)
		err = give_dropped(w);
	if (err == 0)
		err = move_all(w);
	return err == 0 ? write_list(w) : err;
}

int e2_bad_blocks_set(struct e2_txn *txn, const struct e2_bitset *list, bool keep,
		      struct e2_bad_blocks *done)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct work w = { .txn = txn, .fs = fs, .g = e2_geometry(fs), .done = done };
	int err = e2_bitset_new(w.g->blocks, &w.old);

	*done = (struct e2_bad_blocks){ 0 };
	if (err == 0)
		err = e2_bitset_new(w.g->blocks, &w.target);
	w.data = malloc(w.g->block_size);
	if (err == 0 && w.data == NULL)
		err = e2_fail(E2_ERR_NOMEM, "list of bad blocks");
	if (err == 0)
		err = set_list(&w, list, keep);
	free(w.data);
	e2_bitset_free(w.old);
	e2_bitset_free(w.target);
	return err;
}
