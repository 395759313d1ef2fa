/* SPDX-License-Identifier: MIT */
/*
 * Repairs of the list of orphans.
 *
 * An inode whose removal or cut is finished stays in the list until all before it are: then
 * the head moves past it.
 */
#include "check/fix.h"

static int set_head(struct fix *fx, e2_ino ino)
{
	struct e2_super super;
	int err = e2_super_get(fx->fs, &super);

	if (err != 0)
		return err;
	super.last_orphan = ino;
	return e2_super_put(fx->txn, &super);
}

int fix_orphan_head(struct fix *fx, struct e2_finding *f)
{
	struct e2_super super;
	int err = e2_super_get(fx->fs, &super);

	if (err != 0 || super.last_orphan != f->have)
		return err;
	err = set_head(fx, 0);
	return err != 0 ? err : 1;
}

int fix_orphan_list(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || in.dtime != f->have)
		return err;
	in.dtime = 0;
	fix_will(f, "the list will end here");
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

/* Takes what is finished off the head of the list. */
static int move_head(struct fix *fx)
{
	struct e2_super super;
	int err = e2_super_get(fx->fs, &super);
	e2_ino ino = super.last_orphan;

	while (err == 0 && e2_inode_valid(fx->ck->g, ino) &&
	       (fx->ck->inodes[ino].flags & CK_ORPHAN_DONE) != 0) {
		struct e2_inode in;
		e2_ino next;

		err = e2_inode_get(fx->fs, ino, &in);
		if (err != 0)
			return err;
		next = in.dtime;
		in.dtime = in.links_count != 0 ? 0 : fix_removal_time(fx);
		err = e2_inode_put(fx->txn, ino, &in);
		ino = next;
	}
	return err != 0 ? err : set_head(fx, ino);
}

/* Its blocks, its share of attributes, itself; in the list it still leads to the next. */
static int finish_removal(struct fix *fx, e2_ino ino, struct e2_inode *in)
{
	uint32_t next = in->dtime;
	int err = in->file_acl != 0 ? e2_xattr_drop_block(fx->txn, in) : 0;

	if (err == 0)
		err = e2_inode_put(fx->txn, ino, in);
	if (err == 0)
		err = e2_inode_delete(fx->txn, ino);
	if (err == 0)
		err = e2_inode_get(fx->fs, ino, in);
	in->dtime = next;
	return err;
}

/* Gives back the blocks past the size. */
static int finish_cut(struct fix *fx, e2_ino ino, struct e2_inode *in)
{
	const struct e2_geometry *g = fx->ck->g;
	e2_lblk end = (e2_inode_size(in) + g->block_size - 1) / g->block_size;
	e2_lblk reach = E2_DIRECT + (e2_lblk)g->pointers * (1 + g->pointers *
			(1 + (e2_lblk)g->pointers));

	if (!e2_is_reg(in) || end >= reach)
		return 0;
	return e2_map_punch(fx->txn, ino, in, end, reach - end);
}

/* A directory counts for itself. */
static bool has_name(const struct e2_inode *in, const struct ck_inode *state)
{
	return e2_is_dir(in) ? state->parent != 0 : state->counted != 0;
}

int fix_orphan_finish(struct fix *fx, struct e2_finding *f)
{
	struct ck_inode *state = &fx->ck->inodes[f->ino];
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || (state->flags & CK_ORPHAN_DONE) != 0)
		return err;
	if (in.links_count != 0) {
		err = finish_cut(fx, f->ino, &in);
	} else if (has_name(&in, state)) {
		in.links_count = (uint16_t)(state->counted <= E2_LINK_MAX ? state->counted : 1);
		fix_will(f, "will be kept: it has a name");
	} else {
		err = finish_removal(fx, f->ino, &in);
	}
	if (err == 0)
		err = e2_inode_put(fx->txn, f->ino, &in);
	if (err != 0)
		return err;
	state->flags |= CK_ORPHAN_DONE;
	err = move_head(fx);
	return err != 0 ? err : 1;
}
