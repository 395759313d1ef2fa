/* SPDX-License-Identifier: MIT */
/* One inode: where it lies, its bytes, and what its fields mean together. */
#include "node/node.h"

#include <inttypes.h>
#include <string.h>

int e2_inode_locate(struct e2_fs *fs, e2_ino ino, e2_blk *blk, uint32_t *offset)
{
	const struct e2_geometry *g = e2_geometry(fs);
	e2_blk table;

	if (!e2_inode_valid(g, ino))
		return e2_fail(E2_ERR_RANGE, "no inode %" PRIu32 ": the volume has %" PRIu32,
			       ino, g->inodes);
	int err = e2_inode_table(fs, e2_inode_group(g, ino), &table);
	if (err)
		return err;
	uint64_t at = (uint64_t)((ino - 1) % g->inodes_per_group) * g->inode_size;
	*blk = table + (at >> g->block_bits);
	*offset = (uint32_t)(at & (g->block_size - 1));
	return 0;
}

/* Pins the block of an inode's bytes. */
static int inode_pin(struct e2_fs *fs, e2_ino ino, const struct e2_buf **buf, const uint8_t **raw)
{
	e2_blk blk;
	uint32_t offset;
	int err = e2_inode_locate(fs, ino, &blk, &offset);

	if (!err)
		err = e2_buf_get(fs, blk, buf);
	if (!err)
		*raw = (*buf)->data + offset;
	return err;
}

int e2_inode_get(struct e2_fs *fs, e2_ino ino, struct e2_inode *in)
{
	const struct e2_buf *buf;
	const uint8_t *raw;
	int err = inode_pin(fs, ino, &buf, &raw);

	if (err)
		return err;
	e2_inode_decode(in, raw, e2_geometry(fs)->inode_size);
	e2_buf_put(fs, buf);
	return 0;
}

int e2_inode_raw(struct e2_fs *fs, e2_ino ino, uint8_t *raw)
{
	const struct e2_buf *buf;
	const uint8_t *bytes;
	int err = inode_pin(fs, ino, &buf, &bytes);

	if (err)
		return err;
	memcpy(raw, bytes, e2_geometry(fs)->inode_size);
	e2_buf_put(fs, buf);
	return 0;
}

bool e2_is_dir(const struct e2_inode *in)
{
	return (in->mode & E2_S_IFMT) == E2_S_IFDIR;
}

bool e2_is_reg(const struct e2_inode *in)
{
	return (in->mode & E2_S_IFMT) == E2_S_IFREG;
}

bool e2_is_symlink(const struct e2_inode *in)
{
	return (in->mode & E2_S_IFMT) == E2_S_IFLNK;
}

uint64_t e2_inode_size(const struct e2_inode *in)
{
	return e2_is_reg(in) ? in->size : in->size & UINT32_MAX;
}

bool e2_inode_has_blocks(const struct e2_fs *fs, const struct e2_inode *in)
{
	const struct e2_super *s = e2_super(fs);

	/* Only volumes opened in spite of these features have such inodes. */
	if ((in->flags & E2_FL_EXTENTS && e2_has_extent(s)) ||
	    (in->flags & E2_FL_INLINE_DATA && e2_has_inline_data(s)))
		return false;
	switch (in->mode & E2_S_IFMT) {
	case E2_S_IFREG:
	case E2_S_IFDIR:
		return true;
	case E2_S_IFLNK:
		return !e2_symlink_is_fast(fs, in);
	default:
		return false;
	}
}

enum e2_file_type e2_inode_file_type(uint32_t mode)
{
	switch (mode & E2_S_IFMT) {
	case E2_S_IFREG:
		return E2_FT_REG;
	case E2_S_IFDIR:
		return E2_FT_DIR;
	case E2_S_IFCHR:
		return E2_FT_CHR;
	case E2_S_IFBLK:
		return E2_FT_BLK;
	case E2_S_IFIFO:
		return E2_FT_FIFO;
	case E2_S_IFSOCK:
		return E2_FT_SOCK;
	case E2_S_IFLNK:
		return E2_FT_LNK;
	default:
		return E2_FT_UNKNOWN;
	}
}

/*
 * block[0] holds 8 bits each of major and minor; where those do not suffice it
 * is 0, and block[1] holds 12 of the major between 8 + 12 of the minor.
 * (kernel: include/linux/kdev_t.h, old_decode_dev and new_decode_dev)
 */
void e2_inode_device(const struct e2_inode *in, uint32_t *major, uint32_t *minor)
{
	uint32_t old = in->block[0], new = in->block[1];

	if (old != 0) {
		*major = old >> 8 & 0xff;
		*minor = old & 0xff;
	} else {
		*major = new >> 8 & 0xfff;
		*minor = (new & 0xff) | (new >> 12 & 0xfff00);
	}
}
