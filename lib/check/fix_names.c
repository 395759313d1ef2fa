/* SPDX-License-Identifier: MIT */
/* Repairs of link counts; names for what has none. */
#include "check/lost.h"

#include "base/endian.h"

#include <string.h>

/* More subdirectories than a count can say are counted as 1. */
static int set_many(struct fix *fx, struct e2_inode *in)
{
	struct e2_super super;
	int r = e2_super_get(fx->fs, &super);

	in->links_count = 1;
	if (r != 0 || e2_has_dir_nlink(&super))
		return r;
	super.feature_ro_compat |= E2_FEATURE_dir_nlink;
	return e2_super_put(fx->txn, &super);
}

int fix_link_count(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int r = e2_inode_get(fx->fs, f->ino, &in);

	if (r != 0)
		return r;
	if (in.links_count != f->have)
		return 0;
	if (e2_is_dir(&in) && f->want > E2_LINK_MAX)
		r = set_many(fx, &in);
	else
		in.links_count = (uint16_t)f->want;
	if (r == 0)
		r = e2_inode_put(fx->txn, f->ino, &in);
	return r ? r : 1;
}

/* Whether an inode holds nothing but itself, no byte, block or attribute: 1, 0, negative. */
static int is_empty(struct fix *fx, e2_ino ino, const struct e2_inode *in)
{
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	int n;

	if (!e2_is_reg(in) || e2_inode_size(in) != 0 || in->blocks != 0 || in->file_acl != 0)
		return 0;
	for (int i = 0; i < E2_POINTERS; i++)
		if (in->block[i] != 0)
			return 0;
	n = e2_xattrs_begin(fx->fs, ino, &it);
	if (n != 0)
		return n;
	n = e2_xattrs_next(it, &x);
	e2_xattrs_end(it);
	if (n < 0)
		e2_err_clear();
	return n == 0;
}

static int clear_empty(struct fix *fx, struct e2_finding *f, const struct e2_inode *in)
{
	const struct e2_loss loss = { .kind = E2_LOSS_FILE, .ino = f->ino, .mode = in->mode,
				      .why = "it was empty, and no name of it is known" };
	int r = fix_inode_clear(fx, f->ino);

	if (r == 0) {
		fx->ck->inodes[f->ino].type = 0;
		fix_will(f, "will be cleared: it holds nothing, and no name of it is known");
		r = fix_lose(fx, f, &loss);
	}
	return r ? r : 1;
}

int fix_no_name(struct fix *fx, struct e2_finding *f)
{
	struct ck_old_name old = { .from = CK_OLD_NONE };
	struct e2_inode in;
	int r;

	if (!ck_is_unnamed(fx->ck, f->ino))
		return 1;	/* the repair of another has named it */
	r = e2_inode_get(fx->fs, f->ino, &in);
	if (r == 0)
		r = ck_old_name(fx->ck, f->ino, &old);
	if (r == 0)
		r = is_empty(fx, f->ino, &in);
	else
		r = r > 0 ? 0 : r;
	if (r != 0)
		return r < 0 ? r : clear_empty(fx, f, &in);
	return fix_give_name(fx, f, f->ino, &old);
}
