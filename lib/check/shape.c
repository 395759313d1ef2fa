/* SPDX-License-Identifier: MIT */
/*
 * What an inode can be, by everything but its mode: pointers, size, text, first block.
 *
 * Evidence for when mode and names disagree, or there is no mode.
 */
#include "check/state.h"

#include "base/endian.h"
#include "base/zero.h"

#include <string.h>

/* Sectors that i_blocks counts for the attribute block. */
static uint32_t acl_sectors(const struct ck *ck, const struct e2_inode *in)
{
	return in->file_acl != 0 ? ck->sectors : 0;
}

static unsigned used_pointers(const struct e2_inode *in, unsigned from)
{
	unsigned used = 0;

	for (unsigned i = from; i < E2_POINTERS; i++)
		used += in->block[i] != 0;
	return used;
}

static bool is_data_block(const struct ck *ck, e2_blk blk)
{
	return e2_block_valid(ck->g, blk) && !e2_bitset_test(ck->metadata, blk);
}

/* ---- directories ------------------------------------------------------------------- */

bool ck_block_is_dir(struct ck *ck, e2_blk blk, e2_ino ino)
{
	const struct e2_buf *buf;
	struct e2_entry dot, dotdot;
	bool is = false;

	if (!is_data_block(ck, blk) || e2_buf_get(ck->fs, blk, &buf) != 0) {
		e2_err_clear();
		return false;
	}
	if (e2_entry_at(ck->g, buf->data, 0, &dot) > 0 && dot.ino == ino && dot.name_len == 1 &&
	    dot.name[0] == '.' && dot.rec_len == 12 &&
	    e2_entry_at(ck->g, buf->data, 12, &dotdot) > 0)
		is = dotdot.name_len == 2 && memcmp(dotdot.name, "..", 2) == 0 &&
		     e2_inode_valid(ck->g, dotdot.ino);
	e2_err_clear();
	e2_buf_put(ck->fs, buf);
	return is;
}

static enum ck_fit fit_dir(struct ck *ck, e2_ino ino, const struct e2_inode *in)
{
	return ck_block_is_dir(ck, in->block[0], ino) ? CK_FIT_TELLS : CK_FIT_NO;
}

/* ---- symbolic links ------------------------------------------------------------------ */

/* Bytes before the first zero, when they can be a path and nothing but zeros follows; else 0. */
static uint32_t text_length(const uint8_t *text, uint32_t room)
{
	uint32_t len = 0;

	while (len < room && text[len] >= 0x20 && text[len] != 0x7f)
		len++;
	for (uint32_t i = len; i < room; i++)
		if (text[i] != 0)
			return 0;
	return len < room ? len : 0;
}

static void inner_text(const struct e2_inode *in, uint8_t text[E2_POINTERS * 4])
{
	for (size_t i = 0; i < E2_POINTERS; i++)
		e2_put32(text + 4 * i, in->block[i]);
}

static uint32_t inner_length(const struct e2_inode *in)
{
	uint8_t text[E2_POINTERS * 4];

	inner_text(in, text);
	return text_length(text, sizeof(text));
}

/* Length of a path that fills a block's beginning, zeros behind it; 0: it holds none. */
uint32_t ck_block_text(struct ck *ck, e2_blk blk)
{
	const struct e2_buf *buf;
	uint32_t len;

	if (!is_data_block(ck, blk) || e2_buf_get(ck->fs, blk, &buf) != 0) {
		e2_err_clear();
		return 0;
	}
	len = text_length(buf->data, ck->g->block_size);
	e2_buf_put(ck->fs, buf);
	return len;
}

static bool looks_slow(struct ck *ck, const struct e2_inode *in)
{
	uint64_t size = e2_inode_size(in);
	uint32_t len;

	if (in->block[0] == 0 || used_pointers(in, 1) != 0)
		return false;
	len = ck_block_text(ck, in->block[0]);
	return len > E2_FAST_SYMLINK_MAX && (len == size || inner_length(in) != size);
}

/* Whether the sectors say one block, and that holds what a text of any bytes can be. */
static bool counts_text(struct ck *ck, const struct e2_inode *in)
{
	const struct e2_buf *buf;
	const uint8_t *end;
	bool is = false;

	if (in->blocks != acl_sectors(ck, in) + ck->sectors || used_pointers(in, 1) != 0 ||
	    !is_data_block(ck, in->block[0]))
		return false;
	if (e2_buf_get(ck->fs, in->block[0], &buf) != 0) {
		e2_err_clear();
		return false;
	}
	end = memchr(buf->data, 0, ck->g->block_size);
	if (end != NULL && end - buf->data > E2_FAST_SYMLINK_MAX)
		is = e2_all_zero(end, ck->g->block_size - (size_t)(end - buf->data));
	e2_buf_put(ck->fs, buf);
	return is;
}

bool ck_symlink_is_fast(struct ck *ck, const struct e2_inode *in)
{
	uint64_t size = e2_inode_size(in);
	uint32_t len;

	if (!e2_is_symlink(in))
		return false;
	/* As the kernel tells them apart, where nothing contradicts. */
	if (e2_symlink_is_fast(ck->fs, in)) {
		/* Of what can be wrong, the size alone is the least. */
		if (inner_length(in) != 0 && (size <= E2_FAST_SYMLINK_MAX ||
					      ck_block_text(ck, in->block[0]) != size))
			return true;
		return !looks_slow(ck, in);
	}
	if (size > E2_FAST_SYMLINK_MAX && is_data_block(ck, in->block[0]) &&
	    used_pointers(in, 1) == 0)
		return false;
	if (counts_text(ck, in))
		return false;
	len = inner_length(in);
	/* Size and sectors say a block: then four bytes are a pointer that was hit. */
	if (size > E2_FAST_SYMLINK_MAX && size < ck->g->block_size && len <= sizeof(*in->block) &&
	    used_pointers(in, 1) == 0)
		return false;
	return len != 0 && (len == size || !is_data_block(ck, in->block[0])) &&
	       !looks_slow(ck, in);
}

static enum ck_fit fit_symlink(struct ck *ck, const struct e2_inode *in)
{
	uint64_t size = e2_inode_size(in);

	if (size != 0 && inner_length(in) == size && in->blocks == acl_sectors(ck, in))
		return CK_FIT_TELLS;
	/* A text file of one block looks the same but for its permissions. */
	if (size > E2_FAST_SYMLINK_MAX && looks_slow(ck, in))
		return (in->mode & 0777) == 0777 ? CK_FIT_TELLS : CK_FIT_MAYBE;
	return CK_FIT_NO;
}

/* ---- the others ------------------------------------------------------------------------ */

static enum ck_fit fit_regular(const struct ck *ck, const struct e2_inode *in)
{
	unsigned used = used_pointers(in, 0), bad = 0;

	for (unsigned i = 0; i < E2_POINTERS; i++)
		bad += in->block[i] != 0 && !is_data_block(ck, in->block[i]);
	if (used == 0)
		return CK_FIT_MAYBE;
	if (bad * 2 >= used || (in->size == 0 && in->blocks == acl_sectors(ck, in)))
		return CK_FIT_NO;
	return bad == 0 && in->size != 0 && in->blocks > acl_sectors(ck, in) ? CK_FIT_TELLS :
									       CK_FIT_MAYBE;
}

static enum ck_fit fit_special(const struct ck *ck, const struct e2_inode *in, bool device)
{
	if (in->size != 0 || in->blocks != acl_sectors(ck, in) ||
	    used_pointers(in, device ? 2 : 0) != 0)
		return CK_FIT_NO;
	return device && (in->block[0] != 0) != (in->block[1] != 0) ? CK_FIT_TELLS : CK_FIT_MAYBE;
}

enum ck_fit ck_fit(struct ck *ck, e2_ino ino, const struct e2_inode *in, enum e2_file_type type)
{
	switch (type) {
	case E2_FT_REG:
		return fit_regular(ck, in);
	case E2_FT_DIR:
		return fit_dir(ck, ino, in);
	case E2_FT_LNK:
		return fit_symlink(ck, in);
	case E2_FT_CHR:
	case E2_FT_BLK:
		return fit_special(ck, in, true);
	case E2_FT_FIFO:
	case E2_FT_SOCK:
		return fit_special(ck, in, false);
	default:
		return CK_FIT_NO;
	}
}

/* The type that mode and names leave open; E2_FT_UNKNOWN: nothing tells. */
static enum e2_file_type by_shape(struct ck *ck, e2_ino ino, const struct e2_inode *in)
{
	if (fit_dir(ck, ino, in) == CK_FIT_TELLS)
		return E2_FT_DIR;
	if (fit_symlink(ck, in) == CK_FIT_TELLS)
		return E2_FT_LNK;
	if (fit_regular(ck, in) == CK_FIT_TELLS)
		return E2_FT_REG;
	return E2_FT_UNKNOWN;
}

enum e2_file_type ck_type_of(struct ck *ck, e2_ino ino, const struct e2_inode *in,
			     enum e2_file_type named)
{
	enum e2_file_type type = by_shape(ck, ino, in);

	if (type == E2_FT_DIR || named == E2_FT_UNKNOWN || (unsigned)named >= E2_FT_MAX)
		return type;
	if (ck_fit(ck, ino, in, named) != CK_FIT_NO || type == E2_FT_UNKNOWN)
		return named;
	return type;
}

bool ck_type_is_wrong(struct ck *ck, e2_ino ino, const struct e2_inode *in,
		      enum e2_file_type named, enum e2_file_type *want)
{
	enum e2_file_type mode = e2_inode_file_type(in->mode);
	enum ck_fit by_mode = ck_fit(ck, ino, in, mode), by_name;

	if (named == E2_FT_UNKNOWN || (unsigned)named >= E2_FT_MAX || named == mode) {
		*want = by_shape(ck, ino, in);
		/* Without names to say so, only what nothing else can look like. */
		return by_mode == CK_FIT_NO && mode != E2_FT_DIR && *want == E2_FT_DIR;
	}
	by_name = ck_fit(ck, ino, in, named);
	*want = named;
	if (by_name == CK_FIT_TELLS)
		return by_mode != CK_FIT_TELLS || named == E2_FT_DIR || named == E2_FT_LNK;
	return by_name == CK_FIT_MAYBE && by_mode == CK_FIT_NO;
}
