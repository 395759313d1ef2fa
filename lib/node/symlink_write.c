/* SPDX-License-Identifier: MIT */
/*
 * Giving symbolic links their text: in the inode where it fits with its NUL, else in a block.
 * (kernel: fs/ext2/namei.c, ext2_symlink)
 */
#include "node/private.h"

#include <inttypes.h>
#include <string.h>

static int write_slow(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, const void *text,
		      size_t len)
{
	struct e2_wbuf *buf;
	struct e2_run run;
	bool fresh;
	int err = e2_map_alloc_in(txn, ino, in, 0, 1, 0, &run, &fresh);

	if (!err)
		err = e2_txn_get(txn, run.blk, E2_FILL_ZERO, &buf);
	if (err)
		return err;
	memcpy(buf->data, text, len);
	e2_txn_put(txn, buf);
	return 0;
}

int e2_symlink_write(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, const void *text,
		     size_t len)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	size_t max = g->block_size - 1 < E2_PATH_MAX ? g->block_size - 1 : E2_PATH_MAX;
	uint8_t bytes[E2_POINTERS * 4] = { 0 };
	struct e2_inode saved = *in;
	unsigned mark;

	if (!e2_is_symlink(in) || in->size != 0)
		return e2_fail(E2_ERR_INVAL, "inode %" PRIu32 " is no new symbolic link", ino);
	if (len == 0 || memchr(text, 0, len))
		return e2_fail(E2_ERR_INVAL, "the text of a symbolic link is empty or holds a NUL");
	if (len > max)
		return e2_fail(E2_ERR_NAMETOOLONG, "the text of a symbolic link has %zu bytes, it "
			       "can have %zu", len, max);
	if (len <= E2_FAST_SYMLINK_MAX) {
		memcpy(bytes, text, len);
		for (unsigned i = 0; i < E2_POINTERS; i++)
			in->block[i] = e2_get32(bytes + (size_t)4 * i);
		e2_inode_set_size(in, len);
		return 0;
	}
	int err = e2_txn_mark(txn, &mark);
	if (err)
		return err;
	err = e2_txn_end(txn, mark, write_slow(txn, ino, in, text, len));
	if (err)
		*in = saved;
	else
		e2_inode_set_size(in, len);
	return err;
}
