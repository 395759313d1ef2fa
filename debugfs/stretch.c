/* SPDX-License-Identifier: MIT */
#include "stretch.h"

#include "structs.h"

#include <inttypes.h>
#include <stdlib.h>

static int of_struct(struct shell *sh, const struct object *o, struct stretch *st)
{
	struct object whole = *o;
	const struct e2_field *f;
	struct image_struct is;
	unsigned index = 0;
	int err;

	whole.field = NULL;
	err = read_struct(sh, &whole, &is);
	if (err)
		return err;
	st->bytes = true;
	st->offset = is.at;
	st->len = is.when.bytes;
	if (o->field)
		err = e2_field_find(is.s, o->field, &f, &index);
	if (!err && o->field) {
		uint32_t bytes = e2_field_bits(f) / 8;

		st->offset += f->at + (index == E2_FIELD_WHOLE ? 0 : index * bytes);
		st->len = bytes ? bytes : f->arg;
		if (index == E2_FIELD_WHOLE)
			st->len = bytes * e2_field_elements(f);
	}
	free(is.raw);
	return err;
}

static int of_file(struct shell *sh, const struct object *o, struct stretch *st)
{
	uint32_t size = e2_geometry(sh->fs)->block_size;
	uint64_t lblk = o->has_byte ? o->byte / size : o->lblk;
	struct e2_inode in;
	struct e2_run run;
	int err = e2_inode_get(sh->fs, o->ino, &in);

	if (!err)
		err = e2_map(sh->fs, &in, lblk, &run);
	if (err)
		return err;
	if (!run.blk)
		return e2_fail(E2_ERR_NOENT, "<%u>: file block %" PRIu64 " is a hole", o->ino,
			       lblk);
	st->blk = run.blk + (lblk - run.lblk);
	st->bytes = o->has_byte;
	st->offset = st->blk * size + (o->has_byte ? o->byte % size : 0);
	st->len = 1;
	return 0;
}

static int of_part(struct shell *sh, const struct object *o, struct stretch *st)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct e2_group desc;
	int err;

	if (o->group >= g->groups)
		return e2_fail(E2_ERR_RANGE, "^%u: the volume's groups are 0 to %u", o->group,
			       g->groups - 1);
	err = e2_group_get(sh->fs, o->group, &desc);
	if (err)
		return err;
	switch (o->part) {
	case PART_BLOCK_BITMAP:
		st->blk = desc.block_bitmap;
		break;
	case PART_INODE_BITMAP:
		st->blk = desc.inode_bitmap;
		break;
	case PART_INODE_TABLE:
		st->blk = desc.inode_table;
		st->count = g->inode_table_blocks;
		break;
	case PART_DESC:
		st->count = e2_group_desc_blocks(g, o->group, &st->blk);
		break;
	default:
		st->count = e2_group_has_super(g, o->group);
		st->blk = o->group ? e2_group_first_block(g, o->group) :
			E2_SUPER_OFFSET / g->block_size;
		break;
	}
	return st->count ? 0 : e2_fail(E2_ERR_NOENT, "group %u has none", o->group);
}

int object_stretch(struct shell *sh, const struct object *o, struct stretch *st)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	int err = 0;

	*st = (struct stretch){ .count = 1 };
	if (o->kind == OBJECT_BLOCKS) {
		st->blk = o->blk;
		st->count = o->count;
	} else if (o->kind == OBJECT_BYTE) {
		st->bytes = true;
		st->offset = o->offset;
		st->len = 1;
	} else if (o->has_lblk || o->has_byte) {
		err = of_file(sh, o, st);
	} else if (o->part) {
		err = of_part(sh, o, st);
	} else {
		err = of_struct(sh, o, st);
	}
	if (err)
		return err;
	if (st->bytes)
		st->blk = st->offset / g->block_size;
	if (st->blk >= g->blocks || st->count > g->blocks - st->blk)
		return e2_fail(E2_ERR_RANGE, "block %" PRIu64 ": the volume ends at %" PRIu64,
			       st->blk >= g->blocks ? st->blk : st->blk + st->count - 1,
			       g->blocks - 1);
	return 0;
}
