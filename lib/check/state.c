/* SPDX-License-Identifier: MIT */
/* Memory of the passes, and the few operations all of them use. */
#include "check/state.h"

#include "base/grow.h"
#include "check/lost.h"
#include "vol/write.h"

#include <stdlib.h>
#include <string.h>

int ck_begin(struct ck *ck)
{
	int r;

	ck->g = e2_geometry(ck->fs);
	if (ck->super == NULL) {
		ck->super_now = *e2_super(ck->fs);
		if (e2_fs_txn(ck->fs) != NULL) {
			r = e2_super_get(ck->fs, &ck->super_now);
			if (r != 0)
				return r;
		}
		ck->super = &ck->super_now;
	}
	ck->sectors = ck->g->block_size / 512;
	r = e2_bitset_new(ck->g->blocks, &ck->claimed);
	if (r == 0)
		r = e2_bitset_new(ck->g->blocks, &ck->metadata);
	if (r == 0)
		r = e2_map_new(&ck->xattr_users);
	if (r != 0)
		return r;
	/* The pages of inodes never used are never touched. */
	ck->inodes = calloc((size_t)ck->g->inodes + 1, sizeof(*ck->inodes));
	ck->groups = calloc(ck->g->groups, sizeof(*ck->groups));
	if (ck->inodes == NULL || ck->groups == NULL)
		return e2_fail(E2_ERR_NOMEM, "state of the check");
	return 0;
}

void ck_end(struct ck *ck)
{
	e2_bitset_free(ck->claimed);
	e2_bitset_free(ck->metadata);
	e2_bitset_free(ck->shared);
	e2_bitset_free(ck->strays);
	e2_map_free(ck->xattr_users);
	ck_lost_free(ck->lost);
	e2_names_close(ck->names);
	free(ck->inodes);
	free(ck->groups);
	e2_map_free(ck->stray_dirs);
	free(ck->xattr_others);
	free(ck->dirs);
	free(ck->dir_blocks);
	free(ck->damaged);
	free(ck->kept);
	ck_unnamed_free(ck->unnamed);
}

int ck_progress(struct ck *ck, unsigned phase, uint64_t done, uint64_t all)
{
	const struct e2_check_options *o = ck->options;

	if (o != NULL && o->progress != NULL && o->progress(o->context, phase, done, all) != 0)
		return e2_fail(E2_ERR_CANCELLED, "check");
	return 0;
}

void ck_claim_metadata(struct ck *ck, e2_blk blk, uint64_t count)
{
	e2_bitset_set_run(ck->claimed, blk, count);
	e2_bitset_set_run(ck->metadata, blk, count);
}

int ck_claim(struct ck *ck, e2_blk blk, uint64_t count, uint64_t *taken)
{
	*taken = e2_bitset_set_run(ck->claimed, blk, count);
	if (*taken == 0)
		return 0;
	if (ck->shared == NULL) {
		int r = e2_bitset_new(ck->g->blocks, &ck->shared);

		if (r != 0)
			return r;
	}
	for (uint64_t i = 0; i < count; i++)
		if (!e2_bitset_test(ck->metadata, blk + i))
			e2_bitset_set(ck->shared, blk + i);
	return 0;
}

int ck_add_dir(struct ck *ck, const struct ck_dir *dir)
{
	struct ck_dir *grown = e2_grow(ck->dirs, &ck->dir_cap, ck->dir_count + 1, sizeof(*grown));

	if (grown == NULL)
		return E2_ERR_NOMEM;
	ck->dirs = grown;
	ck->dirs[ck->dir_count++] = *dir;
	return 0;
}

int ck_add_xattr_user(struct ck *ck, e2_blk blk, e2_ino ino)
{
	struct ck_xattr_user *grown = e2_grow(ck->xattr_others, &ck->xattr_cap,
					      ck->xattr_count + 1, sizeof(*grown));

	if (grown == NULL)
		return E2_ERR_NOMEM;
	ck->xattr_others = grown;
	ck->xattr_others[ck->xattr_count++] = (struct ck_xattr_user){ (uint32_t)blk, ino };
	return 0;
}

int ck_add_dir_blocks(struct ck *ck, e2_lblk lblk, e2_blk blk, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct ck_dir_block *grown = e2_grow(ck->dir_blocks, &ck->block_cap,
						     ck->block_count + 1, sizeof(*grown));

		if (grown == NULL)
			return E2_ERR_NOMEM;
		ck->dir_blocks = grown;
		/* Pointers have 32 bits, and no file more than 2^32 blocks. */
		ck->dir_blocks[ck->block_count++] = (struct ck_dir_block){
			.lblk = (uint32_t)(lblk + i), .blk = (uint32_t)(blk + i),
		};
	}
	return 0;
}

uint64_t ck_read(struct ck *ck, e2_blk blk, uint64_t count, uint8_t *data, const char *what)
{
	struct e2_cache *cache = e2_fs_cache(ck->fs);
	size_t size = ck->g->block_size;
	uint64_t bad = 0, run = 0;
	e2_blk first = 0;

	if (e2_cache_read(cache, blk, count, data) == 0)
		return 0;
	for (uint64_t i = 0; i < count; i++) {
		if (e2_cache_read(cache, blk + i, 1, data + i * size) == 0)
			continue;
		memset(data + i * size, 0, size);
		bad++;
		if (run != 0 && first + run != blk + i) {
			FOUND(ck->found, READ_ERROR, .blk = first, .limit = first + run - 1,
			      .why = what);
			run = 0;
		}
		if (run++ == 0)
			first = blk + i;
	}
	e2_err_clear();
	if (run != 0)
		FOUND(ck->found, READ_ERROR, .blk = first, .limit = first + run - 1, .why = what);
	return bad;
}

struct ck_inode *ck_inode(const struct ck *ck, e2_ino ino)
{
	if (!e2_inode_valid(ck->g, ino) || ck->inodes[ino].type == 0)
		return NULL;
	return &ck->inodes[ino];
}

bool ck_is_reserved(const struct ck *ck, e2_ino ino)
{
	return ino < ck->g->first_ino && ino != E2_INO_ROOT;
}
