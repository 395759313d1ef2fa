/* SPDX-License-Identifier: MIT */
/*
 * Looks for a backup superblock when the primary is lost.
 *
 * A candidate counts only when its own fields say that it belongs where it was
 * found: block size, group, a geometry the image can hold.  An image may hold
 * several volumes' remains (it was made anew with another block size, or a file
 * of it is an image): the one with the primary's UUID, the most recently
 * made, and the one of which more copies exist, is preferred, in this order.
 *
 * The usual places are a few dozen.  When they hold nothing, group 1 can only
 * begin at a multiple of 8 blocks: as many places as a block has bytes.
 */
#include "vol/fs.h"

#include <stdlib.h>
#include <string.h>

enum {
	CANDIDATES_MAX = 64,
	USUAL_GROUPS_MAX = 64,	/* backups looked for with each block and group size */
	GROUP_BLOCKS_MAX = 65528,	/* free_blocks_count of a group has 16 bits */
};

struct candidate {
	e2_blk blk;
	uint32_t block_size;
	uint32_t mkfs_time, wtime;
	uint8_t uuid[16];
	bool primary_uuid;
	unsigned copies;
};

struct search {
	struct e2_io *io;
	uint8_t uuid[16];		/* of the primary, as far as it can be read */
	struct candidate found[CANDIDATES_MAX];
	size_t count;
};

/* Looks at one place; 0 whether it holds a candidate or not, or a failure to read. */
static int look(struct search *s, e2_blk blk, uint32_t block_size)
{
	struct e2_super super;
	struct e2_geometry g;

	if (s->count == CANDIDATES_MAX || blk >= s->io->size / block_size)
		return 0;
	int err = e2_super_read(s->io, blk, block_size, &super);
	if (err)	/* a sector that cannot be read holds no usable copy either */
		return err == E2_ERR_NOMEM ? err : 0;
	if (e2_super_check_features(&super) != 0 ||
	    e2_geometry_derive(&super, s->io->size, &g) != 0 || g.block_size != block_size)
		return 0;
	e2_grp group = e2_block_group(&g, blk);
	if (group == 0 || group >= g.groups || e2_group_first_block(&g, group) != blk ||
	    !e2_group_has_super(&g, group))
		return 0;
	if (super.rev_level > 0 && super.block_group_nr != (group & UINT16_MAX))
		return 0;
	struct candidate *c = &s->found[s->count++];
	*c = (struct candidate){
		.blk = blk, .block_size = block_size, .mkfs_time = super.mkfs_time,
		.wtime = super.wtime,
		.primary_uuid = memcmp(super.uuid, s->uuid, sizeof(s->uuid)) == 0,
	};
	memcpy(c->uuid, super.uuid, sizeof(c->uuid));
	return 0;
}

/* The next group after this one that has a backup on a volume with sparse_super. */
static uint64_t next_sparse(uint64_t group)
{
	uint64_t best = UINT64_MAX;

	for (uint64_t base = 3; base <= 7; base += 2) {
		uint64_t power = 1;

		while (power <= group)
			power *= base;
		if (power < best)
			best = power;
	}
	return best;
}

/* The places mke2fs gives with one block size and group size. */
static int look_usual(struct search *s, uint32_t block_size, uint32_t per_group)
{
	e2_blk first = block_size == 1024 ? 1 : 0;
	uint64_t blocks = s->io->size / block_size;
	uint64_t groups = blocks <= first ? 0 : (blocks - first - 1) / per_group + 1;
	uint64_t group = 1;
	int err = 0;

	for (unsigned i = 0; i < USUAL_GROUPS_MAX && group < groups && !err; i++) {
		err = look(s, first + group * per_group, block_size);
		group = next_sparse(group);
	}
	/* sparse_super2 keeps its second copy in the last group. */
	if (groups > 2 && !err)
		err = look(s, first + (groups - 1) * per_group, block_size);
	return err;
}

/* Every place where group 1 can begin. */
static int look_everywhere(struct search *s, uint32_t block_size)
{
	e2_blk first = block_size == 1024 ? 1 : 0;
	uint64_t blocks = s->io->size / block_size;
	uint64_t most = (uint64_t)8 * block_size;
	int err = 0;

	for (uint64_t per_group = 8; per_group <= most && !err; per_group += 8) {
		if (first + per_group >= blocks)
			break;
		err = look(s, first + per_group, block_size);
	}
	return err;
}

static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->primary_uuid != y->primary_uuid)
		return x->primary_uuid ? -1 : 1;
	if (x->mkfs_time != y->mkfs_time)
		return x->mkfs_time > y->mkfs_time ? -1 : 1;
	if (x->wtime != y->wtime)
		return x->wtime > y->wtime ? -1 : 1;
	if (x->copies != y->copies)
		return x->copies > y->copies ? -1 : 1;
	uint64_t at_x = x->blk * x->block_size, at_y = y->blk * y->block_size;
	return at_x < at_y ? -1 : at_x > at_y;
}

static void count_copies(struct search *s)
{
	for (size_t i = 0; i < s->count; i++) {
		for (size_t k = 0; k < s->count; k++) {
			struct candidate *c = &s->found[i];

			c->copies += c->block_size == s->found[k].block_size &&
				     memcmp(c->uuid, s->found[k].uuid, sizeof(c->uuid)) == 0;
		}
	}
}

/* The UUID where the primary superblock should be; zeros when it cannot be read. */
static void read_primary_uuid(struct search *s)
{
	uint8_t raw[E2_SUPER_BYTES];
	struct e2_super super;

	if (s->io->size < E2_SUPER_OFFSET + E2_SUPER_BYTES ||
	    e2_io_read(s->io, E2_SUPER_OFFSET, sizeof(raw), raw) != 0)
		return;
	e2_super_decode(&super, raw);
	memcpy(s->uuid, super.uuid, sizeof(s->uuid));
}

int e2_find_backup(struct e2_io *io, e2_blk *superblock, uint32_t *block_size)
{
	struct search *s = calloc(1, sizeof(*s));
	int err = 0;

	if (!s)
		return e2_fail(E2_ERR_NOMEM, "no memory to look for a superblock");
	s->io = io;
	read_primary_uuid(s);
	for (uint32_t size = E2_BLOCK_SIZE_MIN; size <= E2_BLOCK_SIZE_MAX && !err; size *= 2) {
		if (size * 8 > GROUP_BLOCKS_MAX)
			err = look_usual(s, size, GROUP_BLOCKS_MAX);
		if (!err)
			err = look_usual(s, size, size * 8);
	}
	for (uint32_t size = E2_BLOCK_SIZE_MIN; size <= E2_BLOCK_SIZE_MAX && s->count == 0 && !err;
	     size *= 2)
		err = look_everywhere(s, size);
	if (!err && s->count == 0)
		err = e2_fail(E2_ERR_NOT_EXT2, "no backup superblock was found");
	if (!err) {
		e2_err_clear();		/* places without one are no failure */
		count_copies(s);
		qsort(s->found, s->count, sizeof(s->found[0]), compare);
		*superblock = s->found[0].blk;
		*block_size = s->found[0].block_size;
	}
	free(s);
	return err;
}
