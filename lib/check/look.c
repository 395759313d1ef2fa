/* SPDX-License-Identifier: MIT */
/* What blocks look like (look.h). */
#include "check/look.h"

#include "base/endian.h"
#include "base/zero.h"

#include <stdlib.h>
#include <string.h>

enum { DOTS_MAX = 64 };		/* directories of a table that are looked into */

int look_begin(struct look *l, struct e2_io *io, struct e2_fs *fs, const struct e2_geometry *g)
{
	*l = (struct look){ .io = io, .fs = fs, .g = *g };
	l->block = malloc((size_t)g->block_size * 3);
	if (l->block == NULL)
		return e2_fail(E2_ERR_NOMEM, "no memory to look at blocks");
	l->other = l->block + g->block_size;
	l->bits = l->other + g->block_size;
	return 0;
}

void look_end(struct look *l)
{
	free(l->block);
	l->block = NULL;
}

bool look_read(const struct look *l, e2_blk blk, uint8_t *data)
{
	uint32_t size = l->g.block_size;
	int err;

	if (blk >= l->g.blocks)
		return false;
	if (l->fs != NULL)
		err = e2_cache_read(e2_fs_cache(l->fs), blk, 1, data);
	else if (blk >= l->io->size / size)
		return false;
	else
		err = e2_io_read(l->io, blk * size, size, data);
	if (err != 0)
		e2_err_clear();
	return err == 0;
}

/* Whether pointers of an inode that has some leave the volume. */
static bool pointers_stray(const struct e2_geometry *g, const struct e2_inode *in)
{
	unsigned bad = 0, some = 0;

	for (unsigned i = 0; i < E2_POINTERS; i++) {
		some += in->block[i] != 0;
		bad += in->block[i] != 0 && !e2_block_valid(g, in->block[i]);
	}
	return bad > 1 || (bad == 1 && some == 1);
}

enum look_slot look_at_slot(const struct e2_geometry *g, const uint8_t *raw, struct e2_inode *in)
{
	unsigned type;

	if (e2_all_zero(raw, E2_INODE_BYTES))
		return LOOK_EMPTY;
	e2_inode_decode(in, raw, g->inode_size);
	type = e2_inode_file_type(in->mode);
	if (g->inode_size > E2_INODE_BYTES) {
		uint32_t extra = e2_get16(raw + E2_INODE_BYTES);

		if (extra % 4 != 0 || extra > g->inode_size - E2_INODE_BYTES)
			return LOOK_BAD;
	}
	if (in->blocks / (g->block_size / 512) > g->blocks)
		return LOOK_BAD;
	if (type == 0)
		return in->mode == 0 && in->links_count == 0 ? LOOK_FREED : LOOK_BAD;
	if ((type == E2_FT_REG || type == E2_FT_DIR) && pointers_stray(g, in))
		return LOOK_BAD;
	if (in->links_count == 0)
		return LOOK_FREED;
	return in->links_count <= 65000 ? LOOK_USED : LOOK_BAD;
}

static void look_at_dot(const struct look *l, const struct e2_inode *in, e2_ino ino,
			struct look_table *seen)
{
	const uint8_t *at = l->other;

	if (seen->dots + seen->wrong_dots >= DOTS_MAX || !e2_block_valid(&l->g, in->block[0]) ||
	    !look_read(l, in->block[0], l->other))
		return;
	if (at[6] != 1 || at[8] != '.' || e2_get16(at + 4) != 12)
		return;
	if (e2_get32(at) == ino)
		seen->dots++;
	else
		seen->wrong_dots++;
	seen->root = seen->root || (ino == E2_INO_ROOT && e2_get32(at) == ino);
}

static void look_at_inode(const struct look *l, e2_grp group, uint32_t n, const uint8_t *raw,
			  const uint8_t *bits, struct look_table *seen)
{
	e2_ino ino = group * l->g.inodes_per_group + n + 1;
	bool marked = bits != NULL && (bits[n / 8] >> n % 8 & 1) != 0;
	struct e2_inode in;

	switch (look_at_slot(&l->g, raw, &in)) {
	case LOOK_EMPTY:
		seen->empty++;
		seen->odd += marked && ino >= l->g.first_ino;
		break;
	case LOOK_FREED:
		seen->freed++;
		seen->odd += marked && ino >= l->g.first_ino;
		break;
	case LOOK_USED:
		seen->used++;
		seen->odd += bits != NULL && !marked;
		if (e2_inode_file_type(in.mode) == E2_FT_DIR)
			look_at_dot(l, &in, ino, seen);
		break;
	default:
		seen->bad++;
		break;
	}
}

/* A bitmap of one value was set or cleared as a whole, and says nothing. */
static bool is_uniform(const uint8_t *bits, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (bits[i] != bits[0])
			return false;
	return bits[0] == 0 || bits[0] == 0xff;
}

void look_at_table(const struct look *l, e2_grp group, e2_blk table, uint32_t from,
		   uint32_t count, e2_blk bitmap, struct look_table *seen)
{
	uint32_t per_block = l->g.block_size / l->g.inode_size;
	const uint8_t *bits = NULL;

	if (bitmap != 0 && look_read(l, bitmap, l->bits) &&
	    !is_uniform(l->bits, l->g.block_size))
		bits = l->bits;
	for (uint32_t b = from; b - from < count && b < l->g.inode_table_blocks; b++) {
		if (!look_read(l, table + b, l->block))
			continue;
		for (uint32_t i = 0; i < per_block; i++) {
			uint32_t n = b * per_block + i;

			if (n < l->g.inodes_per_group)
				look_at_inode(l, group, n,
					      l->block + (size_t)i * l->g.inode_size, bits, seen);
		}
	}
}

int64_t look_table_worth(const struct look_table *seen, e2_grp group)
{
	int64_t worth = 2 * (int64_t)seen->used + seen->freed + 16 * (int64_t)seen->dots -
			8 * (int64_t)seen->bad - 24 * (int64_t)seen->wrong_dots -
			2 * (int64_t)seen->odd;

	if (group == 0)
		worth += seen->root ? 64 : -64;
	return worth;
}

uint32_t look_at_padding(const struct look *l, e2_blk bitmap, uint32_t bits, uint32_t reserved)
{
	uint32_t clear = 0;

	if (!look_read(l, bitmap, l->bits))
		return UINT32_MAX;
	if (is_uniform(l->bits, l->g.block_size))
		return UINT32_MAX;
	for (uint32_t i = 0; i < reserved; i++)
		clear += (l->bits[i / 8] >> i % 8 & 1) == 0;
	for (uint32_t i = bits; i < l->g.block_size * 8; i++)
		clear += (l->bits[i / 8] >> i % 8 & 1) == 0;
	return clear;
}
