/* SPDX-License-Identifier: MIT */
/* The text of symbolic links. */
#include "node/node.h"

#include <inttypes.h>
#include <string.h>

/*
 * As the kernel decides: the text lies in the inode when no block but that of the
 * attributes is counted (ext4_inode_is_fast_symlink); the length has no say.
 */
bool e2_symlink_is_fast(const struct e2_fs *fs, const struct e2_inode *in)
{
	uint32_t attributes = in->file_acl ? e2_geometry(fs)->block_size / 512 : 0;

	return e2_is_symlink(in) && in->blocks == attributes;
}

static int check_text(const uint8_t *text, uint64_t len)
{
	const uint8_t *nul = memchr(text, 0, (size_t)len);

	if (!nul)
		return 0;
	return e2_fail(E2_ERR_CORRUPT, "symbolic link: size is %" PRIu64
		       ", but the text ends after %td bytes", len, nul - text);
}

static int read_slow(struct e2_fs *fs, const struct e2_inode *in, uint64_t len, struct e2_str *text)
{
	const struct e2_geometry *g = e2_geometry(fs);
	uint32_t max = g->block_size < E2_PATH_MAX ? g->block_size : E2_PATH_MAX;
	const struct e2_buf *buf;

	if (len > max)
		return e2_fail(E2_ERR_CORRUPT, "symbolic link: size is %" PRIu64
			       ", must be 1 to %" PRIu32, len, max);
	if (in->block[0] == 0 || !e2_block_valid(g, in->block[0]))
		return e2_fail(E2_ERR_CORRUPT, "symbolic link: block %" PRIu32
			       " lies outside the volume, which has %" PRIu64 " blocks",
			       in->block[0], g->blocks);
	int err = e2_buf_get(fs, in->block[0], &buf);
	if (err)
		return err;
	err = check_text(buf->data, len);
	if (!err)
		e2_str_add_bytes(text, buf->data, (size_t)len);
	e2_buf_put(fs, buf);
	return err;
}

static int read_fast(const struct e2_inode *in, uint64_t len, struct e2_str *text)
{
	uint8_t bytes[E2_POINTERS * 4];

	if (len > E2_FAST_SYMLINK_MAX)
		return e2_fail(E2_ERR_CORRUPT, "symbolic link: size is %" PRIu64
			       ", but without a block it holds at most %d bytes", len,
			       (int)E2_FAST_SYMLINK_MAX);
	for (unsigned i = 0; i < E2_POINTERS; i++)
		e2_put32(bytes + (size_t)4 * i, in->block[i]);
	int err = check_text(bytes, len);
	if (!err)
		e2_str_add_bytes(text, bytes, (size_t)len);
	return err;
}

int e2_symlink_read(struct e2_fs *fs, const struct e2_inode *in, struct e2_str *text)
{
	uint64_t len = e2_inode_size(in);
	int err;

	if (!e2_is_symlink(in))
		return e2_fail(E2_ERR_INVAL, "mode 0%06o is not that of a symbolic link",
			       (unsigned)in->mode);
	if (len == 0)
		return e2_fail(E2_ERR_CORRUPT, "symbolic link: size is 0");
	if (e2_symlink_is_fast(fs, in))
		err = read_fast(in, len, text);
	else if (e2_inode_has_blocks(fs, in))
		err = read_slow(fs, in, len, text);
	else
		err = e2_fail(E2_ERR_UNSUPPORTED,
			      "symbolic link: stored as extents or inline data");
	if (!err && e2_str_status(text))
		err = e2_fail(E2_ERR_NOMEM, "no memory for the text of a symbolic link");
	return err;
}
