/* SPDX-License-Identifier: MIT */
/* The fields of one inode in use; pure: an inode in, findings out. */
#include "check/state.h"

#include <string.h>

enum { FLAG_ENCRYPT = 0x800, FLAG_CASEFOLD = 0x40000000 };

bool ck_has_pointers(struct ck *ck, const struct e2_inode *in)
{
	switch (e2_inode_file_type(in->mode)) {
	case E2_FT_REG:
	case E2_FT_DIR:
		return true;
	case E2_FT_LNK:
		return !ck_symlink_is_fast(ck, in);
	default:
		return false;
	}
}

static void check_zero_fields(const struct ck *ck, e2_ino ino, const struct e2_inode *in,
			      struct e2_findings *out)
{
	const struct { const char *name; uint64_t value; } fields[] = {
		{ "faddr", in->faddr }, { "blocks_hi", in->blocks_hi },
		{ "file_acl_hi", in->file_acl_hi },
	};

	/* The Hurd keeps values of its own in these bytes. */
	if (ck->super->creator_os == E2_OS_HURD)
		return;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].value != 0)
			FOUND(out, INODE_ZERO, .ino = ino, .field = fields[i].name,
			      .have = fields[i].value);
}

void ck_inode_flags(const struct ck *ck, e2_ino ino, const struct e2_inode *in,
		    struct e2_findings *out)
{
	const struct { uint32_t flag; bool wrong; const char *name, *why; } rules[] = {
		{ E2_FL_INDEX, !e2_is_dir(in), "index", "it is no directory" },
		{ E2_FL_INDEX, e2_is_dir(in) && !e2_has_dir_index(ck->super), "index",
		  "the feature dir_index is off" },
		{ E2_FL_IMAGIC, !e2_has_imagic_inodes(ck->super), "imagic",
		  "the feature imagic_inodes is off" },
		{ E2_FL_EXTENTS, true, "extents", "the feature extent is off" },
		{ E2_FL_INLINE_DATA, true, "inline_data", "the feature inline_data is off" },
		{ FLAG_ENCRYPT, true, "encrypt", "the feature encrypt is off" },
		{ FLAG_CASEFOLD, true, "casefold", "the feature casefold is off" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if ((in->flags & rules[i].flag) != 0 && rules[i].wrong)
			FOUND(out, INODE_FLAG, .ino = ino, .have = rules[i].flag,
			      .field = rules[i].name, .why = rules[i].why);
}

static void check_dtime(const struct ck *ck, e2_ino ino, const struct e2_inode *in,
			struct e2_findings *out)
{
	if (in->dtime == 0)
		return;
	if (in->dtime <= ck->g->inodes)
		FOUND(out, INODE_TIME_LOW, .ino = ino, .have = in->dtime);
	else
		FOUND(out, INODE_DTIME_SET, .ino = ino, .have = in->dtime);
}

/* Devices, fifos and sockets: they have no data. */
static void check_special(e2_ino ino, const struct e2_inode *in, enum e2_file_type type,
			  struct e2_findings *out)
{
	bool device = type == E2_FT_CHR || type == E2_FT_BLK;
	unsigned i = device ? 2 : 0;

	if (e2_inode_size(in) != 0)
		FOUND(out, SPECIAL_SIZE, .ino = ino, .have = e2_inode_size(in), .mode = in->mode);
	if ((in->flags & E2_FL_IMMUTABLE) != 0)
		FOUND(out, INODE_FLAG, .ino = ino, .have = E2_FL_IMMUTABLE, .field = "immutable",
		      .why = "it is a device, a fifo or a socket");
	if ((in->flags & E2_FL_APPEND) != 0)
		FOUND(out, INODE_FLAG, .ino = ino, .have = E2_FL_APPEND, .field = "append",
		      .why = "it is a device, a fifo or a socket");
	while (i < E2_POINTERS && in->block[i] == 0)
		i++;
	if (i < E2_POINTERS)
		FOUND(out, SPECIAL_BLOCK, .ino = ino, .index = i, .have = in->block[i],
		      .mode = in->mode);
	else if (device && in->block[0] > UINT16_MAX)
		FOUND(out, DEVICE_NUMBER, .ino = ino, .have = in->block[0],
		      .want = in->block[0] & UINT16_MAX, .mode = in->mode);
}

void ck_inode_fields(const struct ck *ck, e2_ino ino, const struct e2_inode *in,
		     struct e2_findings *out)
{
	uint32_t room = ck->g->inode_size - E2_INODE_BYTES;
	enum e2_file_type type = e2_inode_file_type(in->mode);

	if (type == E2_FT_UNKNOWN)
		FOUND(out, INODE_MODE, .ino = ino, .have = in->mode);
	if (!(ck->inodes[ino].flags & CK_ORPHAN))
		check_dtime(ck, ino, in, out);
	check_zero_fields(ck, ino, in, out);
	ck_inode_flags(ck, ino, in, out);
	if (room != 0 && (in->extra_isize > room || in->extra_isize % 4 != 0))
		FOUND(out, INODE_EXTRA_SIZE, .ino = ino, .have = in->extra_isize, .limit = room);
	if (type != E2_FT_REG && type != E2_FT_UNKNOWN && in->size >> 32 != 0)
		FOUND(out, INODE_ZERO, .ino = ino, .field = "size_high", .have = in->size >> 32);
	if (type == E2_FT_CHR || type == E2_FT_BLK || type == E2_FT_FIFO || type == E2_FT_SOCK)
		check_special(ino, in, type, out);
}

static void check_dir_size(const struct ck *ck, e2_ino ino, const struct e2_inode *in,
			   const struct ck_extent *extent, struct e2_findings *out)
{
	uint64_t want = extent->end * ck->g->block_size, size = e2_inode_size(in);
	uint64_t spare = (uint64_t)ck->super->prealloc_dir_blocks * ck->g->block_size;

	if (extent->end == 0)
		FOUND(out, DIR_NO_BLOCK, .ino = ino, .have = size);
	else if (size % ck->g->block_size != 0 || size > want || want - size > spare)
		FOUND(out, SIZE_DIR, .ino = ino, .have = size, .want = want);
}

bool ck_size_high_is_noise(const struct ck *ck, const struct e2_inode *in,
			   const struct ck_extent *extent)
{
	uint64_t end = extent->end * ck->g->block_size, low = in->size & UINT32_MAX;

	return in->size > UINT32_MAX && end <= INT32_MAX && low <= end &&
	       low + ck->g->block_size > end && !e2_has_large_file(ck->super);
}

static void check_file_size(const struct ck *ck, e2_ino ino, const struct e2_inode *in,
			    const struct ck_extent *extent, struct e2_findings *out)
{
	uint64_t size = in->size, reach = e2_file_reach(ck->g);
	uint64_t end = extent->end * ck->g->block_size;
	uint64_t last = extent->end != 0 ? end - ck->g->block_size : 0;

	/* In the list of orphans, what is past the size waits to be given back. */
	if (size < last && (ck->inodes[ino].flags & CK_ORPHAN) == 0)
		FOUND(out, SIZE_SMALL, .ino = ino, .have = size, .want = last);
	else if (size > reach)
		FOUND(out, SIZE_LARGE, .ino = ino, .have = size, .limit = reach);
	else if (ck_size_high_is_noise(ck, in, extent))
		FOUND(out, SIZE_HIGH, .ino = ino, .have = size, .want = size & UINT32_MAX);
}

void ck_inode_extent(const struct ck *ck, e2_ino ino, const struct e2_inode *in,
		     const struct ck_extent *extent, struct e2_findings *out)
{
	uint64_t sectors = extent->blocks * ck->sectors;

	if (extent->damaged)
		return;
	if (in->blocks != sectors)
		FOUND(out, BLOCK_COUNT, .ino = ino, .have = in->blocks, .want = sectors);
	if (e2_is_dir(in))
		check_dir_size(ck, ino, in, extent, out);
	else if (e2_is_reg(in) || ck_is_reserved(ck, ino))
		check_file_size(ck, ino, in, extent, out);
}

/* ---- symbolic links ------------------------------------------------------ */

static void check_text(e2_ino ino, const uint8_t *text, uint64_t size, uint64_t room,
		       bool fast, struct e2_findings *out)
{
	const uint8_t *nul = memchr(text, 0, (size_t)room);
	uint64_t len = nul != NULL ? (uint64_t)(nul - text) : room;

	if (len == 0 || len == room)
		FOUND(out, SYMLINK_TEXT, .ino = ino,
		      .why = len == 0 ? "is empty" : "has no end");
	else if (size != len)
		FOUND(out, SYMLINK_SIZE, .ino = ino, .have = size, .want = len,
		      .name = (const char *)text,
		      .name_len = (uint32_t)(len < E2_NAME_MAX ? len : E2_NAME_MAX));
	else if (!fast && len <= E2_FAST_SYMLINK_MAX)
		FOUND(out, SYMLINK_TEXT, .ino = ino,
		      .why = "lies in a block, but is so short that it must be in the inode");
}

int ck_symlink(struct ck *ck, e2_ino ino, const struct e2_inode *in,
	       struct e2_findings *out)
{
	const struct e2_buf *buf;

	if (ck_symlink_is_fast(ck, in)) {
		uint8_t text[E2_POINTERS * 4];

		for (size_t i = 0; i < E2_POINTERS; i++)
			e2_put32(text + 4 * i, in->block[i]);
		check_text(ino, text, e2_inode_size(in), sizeof(text), true, out);
		return 0;
	}
	if (in->block[0] == 0 || !e2_block_valid(ck->g, in->block[0])) {
		FOUND(out, SYMLINK_TEXT, .ino = ino, .why = "has no block");
		return 0;
	}
	if (e2_buf_get(ck->fs, in->block[0], &buf) != 0) {
		e2_err_clear();
		FOUND(out, READ_ERROR, .blk = in->block[0], .why = "text of a symbolic link");
		return 0;
	}
	check_text(ino, buf->data, e2_inode_size(in), ck->g->block_size, false, out);
	e2_buf_put(ck->fs, buf);
	return 0;
}
