/* SPDX-License-Identifier: MIT */
/*
 * The root, made again: from the block that was its own where one is found, else empty; then
 * all that it held is found by the repairs of what has no name.
 */
#include "check/lost.h"

#include "tree/dir.h"

#include <inttypes.h>
#include <string.h>

/* How many names a block of the root holds; -1 when it is not the first block of one. */
static int root_names(const struct fix *fx, const uint8_t *data)
{
	struct e2_entry e;
	uint32_t at = 0;
	int names = 0, n;

	for (; (n = e2_entry_step(fx->ck->g, data, at, &e)) > 0; at += e.rec_len) {
		if (at == 0 || (at == 12 && names == 0)) {
			if (e.ino != E2_INO_ROOT || e.name_len != (at == 0 ? 1 : 2) ||
			    memcmp(e.name, "..", e.name_len) != 0)
				return -1;
		} else if (e.ino != 0 && ck_inode(fx->ck, e.ino) != NULL) {
			names++;
		}
		if (at == 0 && e.rec_len != 12)
			return -1;
	}
	if (n < 0)
		e2_err_clear();	/* the rest of it can be damaged */
	return at > 12 ? names : -1;
}

/* Whether a block that nobody claims is a further one of the root: directories in it say so. */
static bool is_further(const struct fix *fx, const uint8_t *data)
{
	bool own = false;
	struct e2_entry e;
	int n;

	for (uint32_t at = 0; (n = e2_entry_step(fx->ck->g, data, at, &e)) > 0; at += e.rec_len) {
		if (e.ino == 0)
			continue;
		if (e2_name_problem(e.name, e.name_len) != NULL || !ck_is_unnamed(fx->ck, e.ino))
			return false;
		if (fx->ck->inodes[e.ino].type == E2_FT_DIR) {
			if (fx->ck->inodes[e.ino].dotdot != E2_INO_ROOT)
				return false;
			own = true;
		}
	}
	if (n < 0)
		e2_err_clear();
	return n == 0 && own;
}

/* Looks through the blocks that are nobody's: the best first block, and further ones. */
static void look_around(struct fix *fx, struct e2_inode *in, uint32_t *count)
{
	const struct e2_geometry *g = fx->ck->g;
	uint32_t further[E2_DIRECT], found = 0;
	int best = -1;

	for (e2_blk b = g->first_data_block; b < g->blocks; b++) {
		const struct e2_buf *buf;
		int names;

		if (!fix_block_stray(fx, b))
			continue;
		if (e2_buf_get(fx->fs, b, &buf) != 0) {
			e2_err_clear();
			continue;
		}
		names = root_names(fx, buf->data);
		if (names > best) {
			best = names;
			in->block[0] = (uint32_t)b;
		} else if (names < 0 && found + 1 < E2_DIRECT && is_further(fx, buf->data)) {
			further[found++] = (uint32_t)b;
		}
		e2_buf_put(fx->fs, buf);
	}
	*count = best >= 0 ? 1 : 0;
	for (uint32_t i = 0; i < found && best >= 0; i++)
		in->block[(*count)++] = further[i];
}

static int make_empty(struct fix *fx, struct e2_inode *in)
{
	struct e2_entry dots[2] = {
		{ .ino = E2_INO_ROOT, .file_type = E2_FT_DIR, .name_len = 1,
		  .name = (const uint8_t *)"." },
		{ .ino = E2_INO_ROOT, .file_type = E2_FT_DIR, .name_len = 2,
		  .name = (const uint8_t *)".." },
	};
	struct e2_wbuf *buf;
	e2_blk blk;
	int r = fix_block_new(fx, 0, &blk);

	if (r == 0)
		r = e2_txn_get(fx->txn, blk, E2_FILL_ZERO, &buf);
	if (r != 0)
		return r;
	e2_block_clear(fx->ck->g, buf->data);
	for (int i = 0; i < 2 && r >= 0; i++)
		r = e2_block_insert(fx->ck->g, buf->data, &dots[i], NULL);
	e2_txn_put(fx->txn, buf);
	in->block[0] = (uint32_t)blk;
	return r < 0 ? r : 0;
}

/* Whether inode 2 still leads to the first block of the root: then it lacks but its mode. */
static bool leads_there(struct fix *fx, const struct e2_inode *in)
{
	const struct e2_buf *buf;
	bool there;

	if (!e2_block_valid(fx->ck->g, in->block[0]) ||
	    e2_bitset_test(fx->ck->claimed, in->block[0]))
		return false;
	if (e2_buf_get(fx->fs, in->block[0], &buf) != 0) {
		e2_err_clear();
		return false;
	}
	there = root_names(fx, buf->data) >= 0;
	e2_buf_put(fx->fs, buf);
	return there;
}

/* The next round sees what else of it is wrong. */
static int set_mode(struct fix *fx, struct e2_finding *f, struct e2_inode *in)
{
	in->mode = E2_S_IFDIR | 0755;
	in->links_count = 2;
	in->dtime = 0;
	fix_will(f, "will be a directory again: block %" PRIu32 " is its own", in->block[0]);
	return e2_inode_put(fx->txn, E2_INO_ROOT, in);
}

static int make_inode(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode found = { .mode = 0 }, in;
	uint32_t count;
	int r;

	look_around(fx, &found, &count);
	r = count != 0 ? 0 : make_empty(fx, &found);
	if (r == 0)
		r = e2_inode_fresh(fx->txn, E2_INO_ROOT, E2_S_IFDIR | 0755, &in);
	if (r != 0)
		return r;
	memcpy(in.block, found.block, sizeof(in.block));
	in.links_count = 2;
	in.size = (count != 0 ? count : 1) * fx->ck->g->block_size;
	in.blocks = (count != 0 ? count : 1) * fx->ck->sectors;
	for (uint32_t i = 0; i < count; i++)
		e2_bitset_set(fx->ck->claimed, in.block[i]);
	if (count == 0)
		fix_will(f, "will be made again, empty; what was in it goes to /lost+found");
	else if (count == 1)
		fix_will(f, "will be made again: block %" PRIu32 ", in use and nobody's, is its "
			 "own", in.block[0]);
	else
		fix_will(f, "will be made again: block %" PRIu32 " and %" PRIu32 " more, in use "
			 "and nobody's, are its own", in.block[0], count - 1);
	return e2_inode_put(fx->txn, E2_INO_ROOT, &in);
}

int fix_root_again(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int r = e2_inode_get(fx->fs, E2_INO_ROOT, &in);

	if (r != 0)
		return r;
	r = leads_there(fx, &in) ? set_mode(fx, f, &in) : make_inode(fx, f);
	return r ? r : 1;
}

int fix_root_missing(struct fix *fx, struct e2_finding *f)
{
	return ck_inode(fx->ck, E2_INO_ROOT) != NULL ? 0 : fix_root_again(fx, f);
}
