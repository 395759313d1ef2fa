/* SPDX-License-Identifier: MIT */
#include "raw.h"

#include "structs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int blocks(struct shell *sh, e2_blk blk, uint64_t count, struct raw_place *place)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);

	if (blk >= g->blocks || count > g->blocks - blk)
		return e2_fail(E2_ERR_RANGE, "block %" PRIu64 ": the volume ends at %" PRIu64,
			       blk + count - 1, g->blocks - 1);
	*place = (struct raw_place){ blk * g->block_size, count * g->block_size };
	return 0;
}

static int file_block(struct shell *sh, e2_ino ino, uint64_t lblk, struct raw_place *place)
{
	struct e2_inode in;
	struct e2_run run;
	int err = e2_inode_get(sh->fs, ino, &in);

	if (!err && !e2_inode_has_blocks(sh->fs, &in))
		err = e2_fail(E2_ERR_INVAL, "<%u>: a %s has no blocks", ino,
			      file_type_words(in.mode));
	if (!err)
		err = e2_map(sh->fs, &in, lblk, &run);
	if (!err && !run.blk)
		err = e2_fail(E2_ERR_NOENT, "<%u>: file block %" PRIu64 " is a hole", ino, lblk);
	return err ? err : blocks(sh, run.blk + (lblk - run.lblk), 1, place);
}

static int part(struct shell *sh, const struct object *o, struct raw_place *place)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct e2_group desc;
	uint64_t count = 1;
	e2_blk blk = 0;
	int err;

	if (o->group >= g->groups)
		return e2_fail(E2_ERR_RANGE, "^%u: the volume's groups are 0 to %u", o->group,
			       g->groups - 1);
	err = e2_group_get(sh->fs, o->group, &desc);
	if (err)
		return err;
	if (o->part == PART_BLOCK_BITMAP) {
		blk = desc.block_bitmap;
	} else if (o->part == PART_INODE_BITMAP) {
		blk = desc.inode_bitmap;
	} else if (o->part == PART_INODE_TABLE) {
		blk = desc.inode_table;
		count = g->inode_table_blocks;
	} else if (o->part == PART_DESC) {
		count = e2_group_desc_blocks(g, o->group, &blk);
	} else {
		count = e2_group_has_super(g, o->group);
		blk = o->group ? e2_group_first_block(g, o->group) :
			E2_SUPER_OFFSET / g->block_size;
	}
	return count ? blocks(sh, blk, count, place) :
		e2_fail(E2_ERR_NOENT, "group %u has none", o->group);
}

static int structure(struct shell *sh, const struct object *o, struct raw_place *place)
{
	struct image_struct is;
	int err = read_struct(sh, o, &is);

	if (err)
		return err;
	*place = (struct raw_place){ is.at, is.when.bytes };
	free(is.raw);
	return 0;
}

int raw_place(struct shell *sh, const struct arg *a, struct raw_place *place)
{
	uint32_t size = e2_geometry(sh->fs)->block_size;
	const struct object *o = &a->object;
	int err;

	if (o->field)
		return e2_fail(E2_ERR_INVAL, "%s: bytes of whole things are changed here; set "
			       "changes a field", a->text);
	if (o->kind == OBJECT_BLOCKS)
		return blocks(sh, o->blk, o->count, place);
	if (o->kind == OBJECT_GROUP && o->part)
		return part(sh, o, place);
	if (o->kind == OBJECT_BYTE) {
		err = blocks(sh, o->offset / size, 1, place);
		place->at = o->offset;
		place->len = size - o->offset % size;
		return err;
	}
	if (o->has_lblk || o->has_byte)
		return file_block(sh, o->ino, o->has_byte ? o->byte / size : o->lblk, place);
	return structure(sh, o, place);
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *at = strchr(digits, c);

	return c && at ? (int)((at - digits) % 16) : -1;
}

int raw_hex(struct shell *sh, char *text, size_t *len)
{
	size_t skip = text[0] == '0' && (text[1] | 32) == 'x' ? 2 : 0, n = 0;

	for (const char *at = text + skip; *at; at += 2) {
		int high = digit(at[0]), low = high < 0 ? -1 : digit(at[1]);

		if (low < 0)
			return shell_misused(sh, e2_fail(E2_ERR_INVAL, "%s: not pairs of "
							 "hexadecimal digits", at));
		text[n++] = (char)(high << 4 | low);
	}
	*len = n;
	return n ? 0 : shell_misused(sh, e2_fail(E2_ERR_INVAL, "no bytes are given"));
}
