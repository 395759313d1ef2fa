/* SPDX-License-Identifier: MIT */
/* The superblock as it stands, and changing it. */
#include "vol/fs.h"

#include "disk/access.h"

#include <assert.h>
#include <inttypes.h>

void e2_super_locate(const struct e2_geometry *g, e2_blk *blk, uint32_t *offset)
{
	*blk = E2_SUPER_OFFSET / g->block_size;
	*offset = E2_SUPER_OFFSET % g->block_size;
}

/* Pins the block of the primary superblock. */
static int super_pin(struct e2_fs *fs, const struct e2_buf **buf, const uint8_t **raw)
{
	e2_blk blk;
	uint32_t offset;

	e2_super_locate(&fs->g, &blk, &offset);
	int err = e2_buf_get(fs, blk, buf);
	if (!err)
		*raw = (*buf)->data + offset;
	return err;
}

int e2_super_edit(struct e2_txn *txn, struct e2_wbuf **buf, uint8_t **raw)
{
	e2_blk blk;
	uint32_t offset;

	e2_super_locate(&e2_txn_fs(txn)->g, &blk, &offset);
	int err = e2_txn_get(txn, blk, E2_FILL_READ, buf);
	if (!err)
		*raw = (*buf)->data + offset;
	return err;
}

int e2_super_get(struct e2_fs *fs, struct e2_super *super)
{
	const struct e2_buf *buf;
	const uint8_t *raw;
	int err = super_pin(fs, &buf, &raw);

	if (err)
		return err;
	e2_super_decode(super, raw);
	e2_buf_put(fs, buf);
	return 0;
}

int e2_super_put(struct e2_txn *txn, const struct e2_super *super)
{
	struct e2_wbuf *buf;
	uint8_t *raw;
	int err = e2_super_edit(txn, &buf, &raw);

	if (err)
		return err;
	e2_super_encode(super, raw);
	e2_txn_put(txn, buf);
	return 0;
}

int e2_free_counts(struct e2_fs *fs, uint64_t *blocks, uint64_t *inodes)
{
	const struct e2_buf *buf;
	const uint8_t *raw;
	int err = super_pin(fs, &buf, &raw);

	if (err)
		return err;
	*blocks = e2_super_get_free_blocks_count(raw);
	*inodes = e2_super_get_free_inodes_count(raw);
	e2_buf_put(fs, buf);
	return 0;
}

/*
 * Revision 1 gives meaning to bytes that revision 0 leaves alone: only where they hold what
 * revision 0 implies does the volume stay the same volume.
 * (kernel: fs/ext2/super.c, ext2_update_dynamic_rev)
 */
static int upgrade(struct e2_super *s, const char *feature)
{
	if (s->feature_compat || s->feature_incompat || s->feature_ro_compat ||
	    s->reserved_gdt_blocks)
		return e2_fail(E2_ERR_FEATURE, "superblock: cannot turn on %s: rev_level is 0, and "
			       "fields of revision 1 are not empty", feature);
	s->rev_level = 1;
	s->first_ino = E2_GOOD_OLD_FIRST_INO;
	s->inode_size = E2_INODE_BYTES;
	return 0;
}

int e2_super_add_feature(struct e2_txn *txn, unsigned word, uint32_t bit)
{
	struct e2_str name = E2_STR_INIT;
	struct e2_super s;
	int err = e2_super_get(e2_txn_fs(txn), &s);

	if (err)
		return err;
	uint32_t *words[] = {
		[E2_COMPAT] = &s.feature_compat, [E2_INCOMPAT] = &s.feature_incompat,
		[E2_RO_COMPAT] = &s.feature_ro_compat,
	};
	assert(word < E2_FEATURE_WORDS);
	if (s.rev_level > 0 && (*words[word] & bit) == bit)
		return 0;
	e2_str_add_features(&name, word, bit);
	if (e2_str_status(&name))
		err = e2_fail(E2_ERR_NOMEM, "no memory for the name of a feature");
	else if ((e2_feature_mask(word, E2_SUPPORT_WRITE) & bit) != bit)
		err = e2_fail(E2_ERR_FEATURE, "superblock: cannot turn on %s: it cannot be kept "
			      "consistent", e2_str_text(&name));
	else if (s.rev_level == 0)
		err = upgrade(&s, e2_str_text(&name));
	e2_str_free(&name);
	if (err)
		return err;
	*words[word] |= bit;
	return e2_super_put(txn, &s);
}
