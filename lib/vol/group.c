/* SPDX-License-Identifier: MIT */
/* Group descriptors, and the parts of a group they name. */
#include "vol/alloc.h"

#include <inttypes.h>

int e2_group_get(struct e2_fs *fs, e2_grp group, struct e2_group *desc)
{
	const struct e2_geometry *g = &fs->g;
	uint32_t per_block = g->block_size / g->desc_size;
	const struct e2_buf *buf;

	if (group >= g->groups)
		return e2_fail(E2_ERR_RANGE, "no group %" PRIu32 ": the volume has %" PRIu32,
			       group, g->groups);
	int err = e2_buf_get(fs, e2_desc_block(g, fs->copy, group / per_block), &buf);
	if (err)
		return err;
	e2_group_decode(desc, buf->data + group % per_block * g->desc_size);
	e2_buf_put(fs, buf);
	return 0;
}

int e2_inode_table(struct e2_fs *fs, e2_grp group, e2_blk *first)
{
	struct e2_group desc;
	int err = e2_group_get(fs, group, &desc);

	if (err)
		return err;
	if (desc.inode_table == 0 ||
	    !e2_run_valid(&fs->g, desc.inode_table, fs->g.inode_table_blocks))
		return e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": inode table of %" PRIu32
			       " blocks at block %" PRIu32 " leaves the volume, which has %" PRIu64
			       " blocks", group, fs->g.inode_table_blocks, desc.inode_table,
			       fs->g.blocks);
	*first = desc.inode_table;
	return 0;
}

int e2_group_edit(struct e2_txn *txn, e2_grp group, struct e2_wbuf **buf, uint8_t **raw)
{
	const struct e2_geometry *g = &e2_txn_fs(txn)->g;
	e2_blk blk;
	uint32_t offset;

	if (group >= g->groups)
		return e2_fail(E2_ERR_RANGE, "no group %" PRIu32 ": the volume has %" PRIu32,
			       group, g->groups);
	e2_group_locate(g, group, &blk, &offset);
	int err = e2_txn_get(txn, blk, E2_FILL_READ, buf);
	if (!err)
		*raw = (*buf)->data + offset;
	return err;
}

int e2_group_put(struct e2_txn *txn, e2_grp group, const struct e2_group *desc)
{
	struct e2_wbuf *buf;
	uint8_t *raw;
	int err = e2_group_edit(txn, group, &buf, &raw);

	if (err)
		return err;
	e2_group_encode(desc, raw);
	e2_txn_put(txn, buf);
	/* Its pointers may have changed: what is known of them must be learnt again. */
	atomic_store(&e2_txn_fs(txn)->spread, E2_SPREAD_UNKNOWN);
	e2_hints_drop(txn);
	return 0;
}
