/* SPDX-License-Identifier: MIT */
/* Repairs of an inode's fields. */
#include "check/fix.h"

#include "base/endian.h"

#include <string.h>

uint32_t fix_removal_time(const struct fix *fx)
{
	uint32_t now = (uint32_t)e2_fs_now(fx->fs).sec;

	return now > fx->ck->g->inodes ? now : fx->ck->g->inodes + 1;
}

int fix_inode_dtime(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || in.dtime != f->have)
		return err;
	in.dtime = 0;
	if (in.links_count == 0 && f->ino != E2_INO_ROOT && !ck_is_reserved(fx->ck, f->ino)) {
		in.dtime = fix_removal_time(fx);
		fix_will(f, "will be set: the inode is not in use");
	}
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

int fix_inode_dtime_now(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || in.links_count != 0 || in.dtime != 0)
		return err;
	in.dtime = fix_removal_time(fx);
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

int fix_inode_flag(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || (in.flags & f->have) == 0)
		return err;
	in.flags &= ~(uint32_t)f->have;
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

int fix_inode_zero(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0)
		return err;
	if (strcmp(f->field, "faddr") == 0)
		in.faddr = 0;
	else if (strcmp(f->field, "blocks_hi") == 0)
		in.blocks_hi = 0;
	else if (strcmp(f->field, "file_acl_hi") == 0)
		in.file_acl_hi = 0;
	else if (!e2_is_reg(&in))
		in.size &= UINT32_MAX;	/* "size_high" */
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

/* ---- inodes of the format's own --------------------------------------------------- */

/* The list of bad blocks is only its pointers. */
static int clear_all_but_pointers(struct fix *fx)
{
	struct e2_inode in, clean = { .mode = 0 };
	int err = e2_inode_get(fx->fs, E2_INO_BAD_BLOCKS, &in);

	if (err != 0)
		return err;
	memcpy(clean.block, in.block, sizeof(clean.block));
	clean.size = in.size;
	clean.blocks = in.blocks;
	clean.flags = in.flags;
	clean.atime = in.atime;
	clean.ctime = in.ctime;
	clean.mtime = in.mtime;
	clean.extra_isize = in.extra_isize;
	err = e2_inode_put(fx->txn, E2_INO_BAD_BLOCKS, &clean);
	return err != 0 ? err : 1;
}

/* An inode that its feature needs, of another type than a regular file. */
static int set_regular(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || in.mode != f->have)
		return err;
	in.mode = E2_S_IFREG | 0600;
	fix_will(f, "will be 0%o", (unsigned)in.mode);
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

static bool is_needed(const struct fix *fx, e2_ino ino)
{
	return (ino == E2_INO_RESIZE && e2_has_resize_inode(fx->ck->super)) ||
	       (ino == E2_INO_JOURNAL && e2_has_has_journal(fx->ck->super));
}

int fix_reserved_clear(struct fix *fx, struct e2_finding *f)
{
	int err;

	if (f->id == E2_PROBLEM_RESERVED_MODE && is_needed(fx, f->ino))
		return set_regular(fx, f);
	if (f->ino == E2_INO_BAD_BLOCKS) {
		fix_will(f, "will keep its pointers, and nothing else");
		return clear_all_but_pointers(fx);
	}
	err = fix_inode_clear(fx, f->ino);
	return err != 0 ? err : 1;
}

/* ---- fields behind byte 128 --------------------------------------------------------- */

int fix_inode_extra(struct fix *fx, struct e2_finding *f)
{
	struct e2_wbuf *buf;
	uint8_t *raw;
	uint32_t extra;
	int err = e2_inode_edit(fx->txn, f->ino, &buf, &raw);

	if (err != 0)
		return err;
	extra = ck_xattr_begin(fx->ck, raw);
	if (extra != 0)
		fix_will(f, "will be %u, where its attributes begin", extra);
	else
		fix_will(f, "will be %u, the volume's usual", extra = ck_usual_extra(fx->ck));
	e2_put16(raw + E2_INODE_BYTES, (uint16_t)extra);
	e2_txn_put(fx->txn, buf);
	return 1;
}
