/* SPDX-License-Identifier: MIT */
/*
 * Inodes that are noise as a whole, and directories whose inode is lost.
 */
#include "check/owners.h"

/* ---- noise ------------------------------------------------------------------------------ */

enum { NOISE = 6 };		/* impossible fields that no single damage makes */

static unsigned impossible_words(const struct ck *ck, const struct e2_inode *in)
{
	uint32_t room = ck->g->inode_size - E2_INODE_BYTES;
	uint64_t sectors = ck->g->blocks * ck->sectors;
	uint64_t size_max = e2_is_reg(in) ? e2_file_reach(ck->g) : UINT32_MAX;

	return (unsigned)((in->faddr != 0) + (in->blocks_hi != 0) + (in->file_acl_hi != 0) +
			  (in->dtime != 0) + (in->size > size_max) + (in->blocks > sectors) +
			  (e2_inode_file_type(in->mode) == E2_FT_UNKNOWN) +
			  (in->file_acl != 0 && !e2_block_valid(ck->g, in->file_acl)) +
			  (room != 0 && (in->extra_isize > room || in->extra_isize % 4 != 0)) +
			  ((in->flags & (E2_FL_EXTENTS | E2_FL_INLINE_DATA | E2_FL_CASEFOLD |
					 E2_FL_ENCRYPT | E2_FL_IMAGIC)) != 0));
}

bool ck_is_noise(struct ck *ck, e2_ino ino, const struct e2_inode *in)
{
	unsigned used = 0, bad = 0;

	/* A look at what is always 0. */
	if ((in->faddr != 0) + (in->blocks_hi != 0) + (in->file_acl_hi != 0) + (in->dtime != 0) < 2)
		return false;
	for (unsigned i = 0; i < E2_POINTERS; i++) {
		used += in->block[i] != 0;
		bad += in->block[i] != 0 && !e2_block_valid(ck->g, in->block[i]);
	}
	return impossible_words(ck, in) >= NOISE && (bad * 2 > used || used == 0) &&
	       ck_fit(ck, ino, in, E2_FT_LNK) != CK_FIT_TELLS;
}

/* ---- directories that lost their inode ---------------------------------------------------- */

/* Which directory a block begins, by its "."; 0: none. */
static e2_ino begins_dir(struct ck *ck, e2_blk blk)
{
	const struct e2_buf *buf;
	struct e2_entry dot;
	e2_ino ino = 0;

	if (e2_buf_get(ck->fs, blk, &buf) != 0) {
		e2_err_clear();
		return 0;
	}
	if (e2_entry_at(ck->g, buf->data, 0, &dot) > 0 && e2_inode_valid(ck->g, dot.ino))
		ino = dot.ino;
	e2_err_clear();
	e2_buf_put(ck->fs, buf);
	return ino != 0 && ck_block_is_dir(ck, blk, ino) ? ino : 0;
}

static int read_strays(struct ck *ck)
{
	int r = e2_map_new(&ck->stray_dirs);
	e2_blk blk;

	(void)ck_is_stray(ck, 0);	/* they are known from then on */
	if (r != 0 || ck->strays == NULL)
		return r;
	for (blk = e2_bitset_next_set(ck->strays, 0); blk < ck->g->blocks && r == 0;
	     blk = e2_bitset_next_set(ck->strays, blk + 1)) {
		e2_ino ino = begins_dir(ck, blk);
		uint64_t *first;

		if (ino == 0)
			continue;
		r = e2_map_ref(ck->stray_dirs, ino, &first);
		if (r == 0)
			*first = *first == 0 ? blk : UINT64_MAX;
	}
	return r;
}

e2_blk ck_stray_dir(struct ck *ck, e2_ino ino)
{
	uint64_t blk = 0;

	if (ck->stray_dirs == NULL && read_strays(ck) != 0)
		e2_err_clear();
	if (ck->stray_dirs == NULL || !e2_map_get(ck->stray_dirs, ino, &blk) || blk == UINT64_MAX)
		return 0;
	return ck_is_stray(ck, blk) ? blk : 0;
}

bool ck_block_is_entries(struct ck *ck, e2_blk blk)
{
	const struct e2_buf *buf;
	struct e2_entry e;
	uint32_t at = 0, used = 0;
	int n;

	if (blk == 0 || !e2_block_valid(ck->g, blk) || e2_bitset_test(ck->metadata, blk) ||
	    e2_buf_get(ck->fs, blk, &buf) != 0) {
		e2_err_clear();
		return false;
	}
	for (; (n = e2_entry_at(ck->g, buf->data, at, &e)) > 0; at += e.rec_len)
		used += e.ino != 0 && e2_inode_valid(ck->g, e.ino) && e.name_len != 0;
	e2_err_clear();
	e2_buf_put(ck->fs, buf);
	return n == 0 && used != 0;
}
