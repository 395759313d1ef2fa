/* SPDX-License-Identifier: MIT */
/* Directories whose inode leads to no block: their blocks are looked for, or an empty one made. */
#include "check/fix.h"
#include "check/owners.h"

#include "base/endian.h"

#include <string.h>

/* Lets a directory have its first block, and the strays right behind it that hold entries. */
static void give_blocks(struct fix *fx, struct e2_inode *in, e2_blk first)
{
	unsigned n = 1;

	ck_take(fx->ck, first);
	while (n < E2_DIRECT && ck_is_stray(fx->ck, first + n) &&
	       ck_block_is_entries(fx->ck, first + n))
		ck_take(fx->ck, first + n++);
	memset(in->block, 0, sizeof(in->block));
	for (unsigned i = 0; i < n; i++)
		in->block[i] = (uint32_t)(first + i);
	in->size = (uint64_t)n * fx->ck->g->block_size;
	in->blocks = (n + (in->file_acl != 0)) * fx->ck->sectors;
	in->flags &= ~(uint32_t)E2_FL_INDEX;
}

int fix_dir_again(struct fix *fx, struct e2_finding *f, e2_blk first)
{
	uint32_t now = (uint32_t)e2_fs_now(fx->fs).sec;
	struct e2_inode in = {
		.mode = E2_S_IFDIR | 0700, .links_count = 2, .atime = now, .ctime = now,
		.mtime = now,
	};
	int err = fix_inode_clear(fx, f->ino);

	if (fx->ck->g->inode_size > E2_INODE_BYTES)
		in.extra_isize = (uint16_t)ck_usual_extra(fx->ck);
	give_blocks(fx, &in, first);
	fix_will(f, "will be a directory again, of block %llu, with owner and permissions of root",
		 (unsigned long long)first);
	if (err == 0)
		err = e2_inode_put(fx->txn, f->ino, &in);
	if (err == 0)
		err = fix_lose(fx, f, &(struct e2_loss){
			.kind = E2_LOSS_DOUBT, .ino = f->ino, .mode = in.mode, .size = in.size,
			.bytes = in.size, .why = "found by its first block alone",
		});
	return err != 0 ? err : 1;
}

/* The directory that names it, or that its children think it in; the root when nothing tells. */
static e2_ino parent_of(const struct fix *fx, e2_ino ino)
{
	e2_ino parent = fx->ck->inodes[ino].parent;

	return parent != 0 ? parent : E2_INO_ROOT;
}

static int make_empty(struct fix *fx, struct e2_finding *f, struct e2_inode *in)
{
	const struct e2_geometry *g = fx->ck->g;
	uint8_t type = g->filetype ? E2_FT_DIR : 0;
	struct e2_wbuf *buf;
	e2_blk blk;
	int err = fix_block_new(fx, e2_inode_goal(g, f->ino), &blk);

	if (err == 0)
		err = e2_txn_get(fx->txn, blk, E2_FILL_ZERO, &buf);
	if (err != 0)
		return err;
	e2_put32(buf->data, f->ino);
	e2_put16(buf->data + 4, 12);
	buf->data[6] = 1;
	buf->data[7] = type;
	buf->data[8] = '.';
	e2_put32(buf->data + 12, parent_of(fx, f->ino));
	e2_put16(buf->data + 16, (uint16_t)(g->block_size - 12));
	buf->data[18] = 2;
	buf->data[19] = type;
	buf->data[20] = buf->data[21] = '.';
	e2_txn_put(fx->txn, buf);
	give_blocks(fx, in, blk);
	fix_will(f, "will be an empty directory");
	err = e2_inode_put(fx->txn, f->ino, in);
	return err != 0 ? err : 1;
}

/* What has no name and no block was no directory that anything could be in. */
static int clear_unnamed(struct fix *fx, struct e2_finding *f, const struct e2_inode *in)
{
	int err = fix_inode_clear(fx, f->ino);

	fix_will(f, "will be cleared: it has no name either");
	if (err == 0 && in->size != 0)
		err = fix_lose(fx, f, &(struct e2_loss){
			.kind = E2_LOSS_FILE, .ino = f->ino, .mode = in->mode,
			.size = e2_inode_size(in), .why = "a directory without blocks and name",
		});
	return err != 0 ? err : 1;
}

int fix_dir_empty(struct fix *fx, struct e2_finding *f)
{
	e2_blk stray = ck_stray_dir(fx->ck, f->ino);
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || !e2_is_dir(&in))
		return err;
	for (unsigned i = 0; i < E2_POINTERS; i++)
		if (in.block[i] != 0)
			return 0;	/* pointers that another repair has to judge */
	if (stray != 0) {
		give_blocks(fx, &in, stray);
		fix_will(f, "its first block will be %llu: %s, with its \".\"",
			 (unsigned long long)stray, ck_whose_text(fx->ck, stray));
		err = e2_inode_put(fx->txn, f->ino, &in);
		return err != 0 ? err : 1;
	}
	if (f->ino != E2_INO_ROOT && fx->ck->inodes[f->ino].parent == 0)
		return clear_unnamed(fx, f, &in);
	return make_empty(fx, f, &in);
}
