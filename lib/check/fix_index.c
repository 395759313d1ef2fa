/* SPDX-License-Identifier: MIT */
/*
 * Repairs of hashed indexes: made again from the names.
 *
 * Where that cannot be done the flag is cleared instead: block 0 then reads as "." and "..",
 * and nodes as unused space.
 */
#include "check/compact.h"
#include "check/fix_dirs.h"

/* The most bytes a directory may have to be read at once. */
static uint64_t most_bytes(const struct fix *fx)
{
	return ((uint64_t)4 << 20) + ((uint64_t)fx->ck->g->blocks << fx->ck->g->block_bits >> 8);
}

/* 1 when the index was made again, 0 when it cannot be, or negative. */
static int make_again(struct compact *c)
{
	int n;

	if (e2_dir_blocks(e2_txn_fs(c->txn), &c->in) < 2)
		return 0;
	n = compact_read(c);
	if (n > 0)
		n = compact_plan_index(c, true);
	if (n <= 0)
		return n;
	n = compact_write(c);
	if (n == E2_ERR_NOSPC) {
		e2_err_clear();
		return 0;
	}
	return n != 0 ? n : 1;
}

int fix_index(struct fix *fx, struct e2_finding *f)
{
	struct compact c = { .txn = fx->txn, .g = fx->ck->g, .super = fx->ck->super,
			     .dir = f->ino, .most = most_bytes(fx) };
	int n;

	if (fx->ck->inodes[f->ino].flags & CK_INDEXED)
		return 1;	/* made again already, for another finding */
	n = e2_inode_get(fx->fs, f->ino, &c.in);
	if (n != 0)
		return n;
	if (!e2_is_dir(&c.in) || !(c.in.flags & E2_FL_INDEX))
		return 0;
	e2_dir_memo_drop(fx->txn, f->ino);
	n = make_again(&c);
	compact_end(&c);
	if (n == 0) {
		c.in.flags &= ~(uint32_t)E2_FL_INDEX;
		fix_will(f, "the directory will have none");
		n = e2_inode_put(fx->txn, f->ino, &c.in);
		n = n != 0 ? n : 1;
	}
	if (n > 0)
		fx->ck->inodes[f->ino].flags |= CK_INDEXED;
	return n;
}
