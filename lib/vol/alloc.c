/* SPDX-License-Identifier: MIT */
/* What block and inode allocation share: hints, and the counters beside a bitmap. */
#include "vol/alloc.h"

#include "disk/access.h"

#include <inttypes.h>
#include <stdlib.h>

static const char hints_key;

static void hints_free(struct e2_memo *memo)
{
	free(memo);		/* the first member of the hints */
}

int e2_hints_get(struct e2_txn *txn, struct e2_hints **hints)
{
	e2_grp groups = e2_txn_fs(txn)->g.groups;
	struct e2_memo *memo = e2_txn_memo(txn, &hints_key, 0);

	if (memo) {
		*hints = (struct e2_hints *)memo;
		return 0;
	}
	struct e2_hints *h = calloc(1, sizeof(*h) + groups * sizeof(h->group[0]));
	if (!h)
		return e2_fail(E2_ERR_NOMEM, "no memory to remember full groups");
	h->memo = (struct e2_memo){ .key = &hints_key, .free = hints_free };
	h->last_dir = groups - 1;
	for (e2_grp i = 0; i < groups; i++)
		h->group[i].longest = E2_LONGEST_UNKNOWN;
	e2_txn_remember(txn, &h->memo);
	*hints = h;
	return 0;
}

void e2_hints_drop(struct e2_txn *txn)
{
	e2_txn_unremember(txn, &hints_key, 0);
}

int e2_counters_get(struct e2_txn *txn, e2_grp group, struct e2_counters *c)
{
	*c = (struct e2_counters){ .group_buf = NULL };
	int err = e2_group_edit(txn, group, &c->group_buf, &c->group_raw);
	if (!err)
		err = e2_super_edit(txn, &c->super_buf, &c->super_raw);
	if (err)
		e2_counters_put(txn, c, false);
	else
		e2_group_decode(&c->desc, c->group_raw);
	return err;
}

void e2_counters_put(struct e2_txn *txn, struct e2_counters *c, bool changed)
{
	if (changed)
		e2_group_encode(&c->desc, c->group_raw);
	e2_txn_put(txn, c->super_buf);
	e2_txn_put(txn, c->group_buf);
}

int e2_bitmap_check(const struct e2_fs *fs, e2_grp group, enum e2_role role, e2_blk blk)
{
	if (blk != 0 && e2_block_valid(&fs->g, blk))
		return 0;
	return e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": %s at block %" PRIu64
		       " lies outside the volume, which has %" PRIu64 " blocks", group,
		       e2_role_name(role), blk, fs->g.blocks);
}

int e2_bitmap_edit(struct e2_txn *txn, e2_grp group, enum e2_role role, e2_blk blk,
		   struct e2_wbuf **buf)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_hints *hints;
	enum e2_role there;
	e2_grp of;
	int err = e2_hints_get(txn, &hints);

	if (err)
		return err;
	bool *proven = role == E2_ROLE_BLOCK_BITMAP ? &hints->group[group].blocks_proven :
						      &hints->group[group].inodes_proven;
	if (!*proven) {
		err = e2_bitmap_check(fs, group, role, blk);
		if (!err)
			err = e2_block_role(fs, blk, &there, &of);
		if (err)
			return err;
		if (there != role || of != group)
			return e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": %s at block %" PRIu64
				       " is of group %" PRIu32 "'s %s", group, e2_role_name(role),
				       blk, of, e2_role_name(there));
		*proven = true;
	}
	return e2_txn_get(txn, blk, E2_FILL_READ, buf);
}

int e2_fail_full(struct e2_fs *fs, bool inodes)
{
	const char *what = inodes ? "inode" : "block";
	uint64_t free_blocks, free_inodes;
	int err = e2_free_counts(fs, &free_blocks, &free_inodes);

	if (err)
		return err;
	uint64_t all = inodes ? fs->g.inodes : fs->g.blocks;
	uint64_t counted = inodes ? free_inodes : free_blocks;
	if (counted == 0)
		return e2_fail(E2_ERR_NOSPC, "no %s is free: all %" PRIu64 " are in use", what,
			       all);
	return e2_fail(E2_ERR_NOSPC, "no %s is free, although the superblock counts %" PRIu64
		       " of %" PRIu64 " as free", what, counted, all);
}
