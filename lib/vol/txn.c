/* SPDX-License-Identifier: MIT */
/*
 * Transactions on a volume: what the commit has to know of it.
 *
 * The guard is the feature extant_commit, and the mark of a clean volume taken away: kernel,
 * e2fsck and we refuse an image that bears it.  Both lie in the first sector of the superblock.
 */
#include "vol/fs.h"

#include "disk/access.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- the clock ----------------------------------------------------------------------- */

void e2_fs_set_clock(struct e2_fs *fs, const struct e2_time *at)
{
	fs->clock_set = at != NULL;
	if (at)
		fs->clock = *at;
}

struct e2_time e2_fs_now(const struct e2_fs *fs)
{
	struct timespec now = { 0 };

	if (fs->clock_set)
		return fs->clock;
	(void)timespec_get(&now, TIME_UTC);	/* a host without a clock lives in 1970 */
	return (struct e2_time){ .sec = now.tv_sec, .nsec = (int32_t)now.tv_nsec };
}

/* ---- blocks that were free ------------------------------------------------------------ */

/* The descriptor of a group before the transaction. */
static int before_desc(struct e2_fs *fs, e2_grp group, struct e2_group *desc)
{
	e2_blk blk;
	uint32_t offset;

	e2_group_locate(&fs->g, group, &blk, &offset);
	int err = e2_cache_read_before(fs->cache, blk, 1, fs->was.bits);
	if (!err)
		e2_group_decode(desc, fs->was.bits + offset);
	return err;
}

int e2_before_bits(struct e2_fs *fs, e2_grp group, const uint8_t **bits)
{
	struct e2_was *b = &fs->was;
	enum e2_role role;
	e2_grp of;

	if (b->known && b->group == group)
		goto out;
	b->known = false;
	if (!b->bits)
		b->bits = malloc(fs->g.block_size);
	if (!b->bits)
		return e2_fail(E2_ERR_NOMEM, "no memory for a bitmap");
	int err = before_desc(fs, group, &b->desc);
	if (err)
		return err;
	/* A bitmap that is something else too proves nothing. */
	b->proven = e2_block_valid(&fs->g, b->desc.block_bitmap);
	if (b->proven) {
		err = e2_block_role(fs, b->desc.block_bitmap, &role, &of);
		if (!err)
			err = e2_cache_read_before(fs->cache, b->desc.block_bitmap, 1, b->bits);
		if (err)
			return err;
		b->proven = role == E2_ROLE_BLOCK_BITMAP && of == group;
	}
	b->group = group;
	b->known = true;
out:
	*bits = b->proven ? b->bits : NULL;
	return 0;
}

void e2_before_end(struct e2_fs *fs)
{
	free(fs->was.bits);
	fs->was = (struct e2_was){ .known = false };
}

static bool desc_names(const struct e2_fs *fs, const struct e2_group *desc, e2_blk blk)
{
	return blk == desc->block_bitmap || blk == desc->inode_bitmap ||
	       (blk >= desc->inode_table &&
		blk - desc->inode_table < fs->g.inode_table_blocks);
}

/*
 * What has a place in the layout is never free, whatever its bit says: half of it over the old
 * one would be damage.
 */
static int was_free(void *context, e2_blk blk, bool *is_free)
{
	struct e2_fs *fs = context;
	const uint8_t *bits;
	enum e2_role role;
	e2_grp of;

	*is_free = false;
	if (!e2_block_valid(&fs->g, blk))
		return 0;
	e2_grp group = e2_block_group(&fs->g, blk);
	int err = e2_before_bits(fs, group, &bits);
	if (err || !bits)
		return err;
	uint32_t bit = (uint32_t)(blk - e2_group_first_block(&fs->g, group));
	if (bit >= fs->g.block_size * 8 || (bits[bit / 8] >> bit % 8 & 1) != 0)
		return 0;
	err = e2_block_role(fs, blk, &role, &of);
	if (!err)
		*is_free = role == E2_ROLE_NONE && !desc_names(fs, &fs->was.desc, blk);
	return err;
}

/* ---- the commit ------------------------------------------------------------------------ */

static int seal(void *context, struct e2_txn *txn)
{
	struct e2_time now = e2_fs_now(context);
	const struct e2_fs *fs = context;
	struct e2_wbuf *buf;
	uint8_t *raw;
	int err = fs->unsealed ? 0 : e2_super_edit(txn, &buf, &raw);

	if (err || fs->unsealed)
		return err;
	e2_super_set_wtime(raw, (uint32_t)now.sec);
	e2_super_set_wtime_hi(raw, (uint8_t)((uint64_t)now.sec >> 32));
	e2_txn_put(txn, buf);
	return 0;
}

static void guard(uint8_t sector[E2_SECTOR])
{
	e2_super_set_state(sector, (uint16_t)(e2_super_get_state(sector) & ~E2_STATE_CLEAN));
	e2_super_set_feature_incompat(sector, e2_super_get_feature_incompat(sector) |
					      E2_FEATURE_extant_commit);
}

static void ended(void *context, bool committed)
{
	struct e2_fs *fs = context;
	struct e2_super super;

	fs->txn = NULL;
	e2_before_end(fs);
	e2_bitset_free(fs->freed);
	fs->freed = NULL;
	/* Unreadable, it is wanted by whoever reads it next, and that one reports. */
	if (committed && e2_super_get(fs, &super) == 0)
		fs->super = super;
}

static int check_writable(const struct e2_fs *fs, bool dry)
{
	const char *why = e2_fs_read_only(fs);

	if (dry && fs->options.flags & E2_OPEN_REPAIR)
		return 0;
	if (!dry && !(fs->options.flags & E2_OPEN_WRITE))
		return e2_fail(E2_ERR_ROFS, "%s is open read-only", e2_fs_name(fs));
	if (fs->options.flags & E2_OPEN_REPAIR)
		return 0;
	if (why)
		return e2_fail(E2_ERR_ROFS, "%s may only be read: %s", e2_fs_name(fs), why);
	if (fs->options.superblock != 0)
		return e2_fail(E2_ERR_ROFS, "%s may only be read: it is open by the superblock "
			       "at block %" PRIu64, e2_fs_name(fs), fs->options.superblock);
	if (fs->g.blocks > fs->io->size >> fs->g.block_bits)
		return e2_fail(E2_ERR_ROFS, "%s may only be read: it holds %" PRIu64
			       " of %" PRIu64 " blocks", e2_fs_name(fs),
			       fs->io->size >> fs->g.block_bits, fs->g.blocks);
	return 0;
}

int e2_txn_begin(struct e2_fs *fs, bool dry, struct e2_txn **txn)
{
	struct e2_undo *undo;
	int err = check_writable(fs, dry);

	if (!err && !dry && fs->options.undo_path)
		err = e2_fs_undo(fs, &undo);
	if (err)
		return err;
	if (fs->txn)
		return e2_fail(E2_ERR_BUSY, "%s: a transaction is open", e2_fs_name(fs));
	fs->how = (struct e2_commit){
		.context = fs, .place = fs->image ? &fs->place : NULL, .dry = dry, .seal = seal,
		.was_free = was_free, .freed = e2_freed, .guard = guard,
		.guard_offset = E2_SUPER_OFFSET,
		.ended = ended,
	};
	if (fs->options.flags & E2_OPEN_REPAIR) {
		fs->how.was_free = NULL;	/* a damaged bitmap proves nothing */
		fs->how.freed = NULL;
	}
	memcpy(fs->how.identity, fs->identity, sizeof(fs->how.identity));
	fs->unsealed = false;
	err = e2_txn_open(fs->cache, &fs->how, &fs->txn);
	if (!err)
		*txn = fs->txn;
	return err;
}

void e2_txn_seal(struct e2_txn *txn, bool seals)
{
	e2_txn_fs(txn)->unsealed = !seals;
}

struct e2_fs *e2_txn_fs(const struct e2_txn *txn)
{
	return e2_txn_how(txn)->context;
}

struct e2_txn *e2_fs_txn(const struct e2_fs *fs)
{
	return fs->txn;
}
