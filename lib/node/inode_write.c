/* SPDX-License-Identifier: MIT */
/* Changing, making and giving back inodes. */
#include "node/private.h"

#include "base/checked.h"

#include <inttypes.h>
#include <string.h>

int e2_inode_edit(struct e2_txn *txn, e2_ino ino, struct e2_wbuf **buf, uint8_t **raw)
{
	e2_blk blk;
	uint32_t offset;
	int err = e2_inode_locate(e2_txn_fs(txn), ino, &blk, &offset);

	if (!err)
		err = e2_txn_get(txn, blk, E2_FILL_READ, buf);
	if (!err)
		*raw = (*buf)->data + offset;
	return err;
}

int e2_inode_put(struct e2_txn *txn, e2_ino ino, const struct e2_inode *in)
{
	struct e2_wbuf *buf;
	uint8_t *raw;
	int err = e2_inode_edit(txn, ino, &buf, &raw);

	if (err)
		return err;
	e2_inode_encode(in, raw, e2_geometry(e2_txn_fs(txn))->inode_size);
	e2_txn_put(txn, buf);
	return 0;
}

/*
 * What the volume wants, if it is possible; else all fields that are known.
 * (kernel: fs/ext4/super.c, ext4_check_feature_compatibility and s_want_extra_isize)
 */
static uint16_t extra_isize(const struct e2_fs *fs)
{
	const struct e2_super *s = e2_super(fs);
	uint32_t room = e2_geometry(fs)->inode_size - E2_INODE_BYTES;
	uint32_t want = E2_INODE_BYTES_MAX - E2_INODE_BYTES;

	if (room == 0)
		return 0;
	if (s->want_extra_isize > want && s->want_extra_isize <= room &&
	    s->want_extra_isize % 4 == 0)
		want = s->want_extra_isize;
	return (uint16_t)want;
}

int e2_inode_fresh(struct e2_txn *txn, e2_ino ino, uint32_t mode, struct e2_inode *in)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	uint32_t size = e2_geometry(fs)->inode_size;
	struct e2_inode fresh = { .mode = (uint16_t)mode, .extra_isize = extra_isize(fs) };
	struct e2_time now = e2_fs_now(fs);
	struct e2_wbuf *buf;
	uint8_t *raw;
	int err = e2_inode_edit(txn, ino, &buf, &raw);

	if (err)
		return err;
	e2_inode_set_time(&fresh, E2_ATIME, now);
	e2_inode_set_time(&fresh, E2_CTIME, now);
	e2_inode_set_time(&fresh, E2_MTIME, now);
	e2_inode_set_time(&fresh, E2_CRTIME, now);
	memset(raw, 0, size);
	e2_inode_encode(&fresh, raw, size);
	e2_txn_put(txn, buf);
	*in = fresh;
	return 0;
}

int e2_inode_new(struct e2_txn *txn, e2_ino parent, uint32_t mode, e2_ino *ino,
		 struct e2_inode *in)
{
	bool directory = (mode & E2_S_IFMT) == E2_S_IFDIR;
	e2_ino n;
	int err = e2_alloc_inode(txn, parent, directory, &n);

	if (err)
		return err;
	err = e2_inode_fresh(txn, n, mode, in);
	if (err) {
		/* Its bitmap and counters are at hand: what was taken can be given back. */
		int again = e2_free_inode(txn, n, directory);
		return again ? again : err;
	}
	*ino = n;
	return 0;
}

/* Deletion times below the number of inodes would read as links of the list of orphans. */
static uint32_t deletion_time(const struct e2_fs *fs)
{
	uint32_t now = (uint32_t)e2_fs_now(fs).sec;
	uint32_t inodes = e2_geometry(fs)->inodes;

	return now > inodes ? now : inodes;
}

static int delete(struct e2_txn *txn, e2_ino ino)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_inode in;
	int err = e2_inode_get(fs, ino, &in);

	if (err)
		return err;
	if (in.file_acl != 0)
		return e2_fail(E2_ERR_INVAL, "inode %" PRIu32 " still holds attribute block %"
			       PRIu32, ino, in.file_acl);
	bool directory = e2_is_dir(&in);
	struct e2_inode was = in;
	if (e2_inode_has_blocks(fs, &in)) {
		err = e2_map_punch_in(txn, &in, 0, e2_map_reach(e2_geometry(fs)));
		if (err)
			return err;
	}
	/* What it was stays readable until something else takes its place: see tree/removed.c. */
	in = was;
	in.links_count = 0;
	in.dtime = deletion_time(fs);
	err = e2_inode_put(txn, ino, &in);
	return err ? err : e2_free_inode(txn, ino, directory);
}

int e2_inode_delete(struct e2_txn *txn, e2_ino ino)
{
	unsigned mark;
	int err = e2_txn_mark(txn, &mark);

	return err ? err : e2_txn_end(txn, mark, delete(txn, ino));
}

void e2_inode_touch(struct e2_txn *txn, struct e2_inode *in, bool data)
{
	struct e2_time now = e2_fs_now(e2_txn_fs(txn));

	if (data)
		e2_inode_set_time(in, E2_MTIME, now);
	e2_inode_set_time(in, E2_CTIME, now);
}

/* The high half of what is no regular file is not a size. */
void e2_inode_set_size(struct e2_inode *in, uint64_t size)
{
	in->size = e2_is_reg(in) ? size : (in->size & ~(uint64_t)UINT32_MAX) | (uint32_t)size;
}

/* The kernel's old form where the numbers have 8 bits, else the new one. */
void e2_inode_set_device(struct e2_inode *in, uint32_t major, uint32_t minor)
{
	bool old = major < 256 && minor < 256;

	in->block[0] = old ? major << 8 | minor : 0;
	in->block[1] = old ? 0 : (minor & 0xff) | major << 8 | (minor & ~UINT32_C(0xff)) << 12;
}
