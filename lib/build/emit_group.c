/* SPDX-License-Identifier: MIT */
/*
 * The metadata of a group: copies of superblock and descriptors, what is kept for more of
 * them, bitmaps, inode table.
 *
 * Of a volume's groups nearly all are empty and alike, so the last bitmaps made are kept and
 * written again; unused inodes of a fresh image stay a hole.
 */
#include "build/emit_priv.h"

#include "disk/consts.h"

#include <stdlib.h>
#include <string.h>

static uint64_t byte_of(const struct e2_emitter *e, e2_blk blk)
{
	return blk << e->plan->content.form.block_bits;
}

/* ---- descriptors ------------------------------------------------------------------ */

int e2_emit_begin_groups(struct e2_emitter *e)
{
	const struct e2_plan *plan = e->plan;
	const struct e2_geometry *g = &plan->shape.geometry;

	e->descs = calloc(g->desc_blocks, g->block_size);
	e->bitmaps = calloc(2, g->block_size);
	if (e->descs == NULL || e->bitmaps == NULL)
		return e2_fail(E2_ERR_NOMEM, "%u blocks of descriptors", g->desc_blocks);
	for (e2_grp group = 0; group < g->groups; group++) {
		struct e2_parts parts;
		struct e2_group desc;

		e2_parts_make(g, plan->shape.super.raid_stride, group, &parts);
		e2_plan_group(plan, group, &parts, &desc);
		e2_group_encode(&desc, e->descs + (size_t)group * E2_GROUP_BYTES);
	}
	return 0;
}

/* Backups say which group they are in, and are not marked clean: only the primary knows. */
static int emit_backup(struct e2_emitter *e, e2_grp group, e2_blk blk)
{
	struct e2_super s = e->plan->shape.super;
	uint32_t size = e->plan->shape.geometry.block_size;
	uint8_t *block;
	int err = e2_emit_room(e, byte_of(e, blk), size, &block);

	if (err != 0)
		return err;
	memset(block, 0, size);
	s.state &= (uint16_t)~E2_STATE_CLEAN;
	s.block_group_nr = (uint16_t)group;
	e2_super_encode(&s, block);
	return 0;
}

/* Which descriptor block a group's first one is: with meta_bg a group holds that of its own. */
static uint32_t first_desc(const struct e2_geometry *g, e2_grp group)
{
	uint32_t own = group / (g->block_size / E2_GROUP_BYTES);

	return g->meta_bg && own >= g->first_meta_bg ? own : 0;
}

static int emit_descs(struct e2_emitter *e, e2_grp group)
{
	const struct e2_geometry *g = &e->plan->shape.geometry;
	uint32_t first = first_desc(g, group), i;
	e2_blk blk = 0;
	uint32_t count = e2_group_desc_blocks(g, group, &blk);
	uint8_t *block;
	int err;

	for (i = 0; i < count; i++) {
		err = e2_emit_room(e, byte_of(e, blk + i), g->block_size, &block);
		if (err != 0)
			return err;
		memcpy(block, e->descs + ((size_t)(first + i) << e->plan->content.form.block_bits),
		       g->block_size);
	}
	if (count == 0 || g->reserved_gdt_blocks == 0 || !e2_group_has_super(g, group))
		return 0;
	blk += count;
	if (group != 0 || !e2_plan_has_resize(e->plan))
		return e2_emit_zero(e, byte_of(e, blk), byte_of(e, g->reserved_gdt_blocks));
	for (i = 0; i < g->reserved_gdt_blocks; i++) {
		err = e2_emit_room(e, byte_of(e, blk + i), g->block_size, &block);
		if (err != 0)
			return err;
		e2_resize_fill_reserved(e->plan, i, block);
	}
	return 0;
}

/* ---- bitmaps --------------------------------------------------------------------------- */

/* Sets bits from .. end-1. */
static void set_bits(uint8_t *bits, uint32_t from, uint32_t end)
{
	for (; from < end && from % 8 != 0; from++)
		bits[from / 8] |= (uint8_t)(1u << from % 8);
	if (from < end)
		memset(bits + from / 8, 0xff, (end - from) / 8);
	for (from += (end - from) / 8 * 8; from < end; from++)
		bits[from / 8] |= (uint8_t)(1u << from % 8);
}

/* What content takes of the blocks that metadata leave in a group. */
static void set_content_bits(const struct e2_plan *plan, e2_grp group, const struct e2_parts *parts,
			     uint8_t *bits)
{
	const struct e2_space *s = &plan->space;

	for (uint32_t i = s->first_gap[group]; i < s->first_gap[group + 1]; i++) {
		uint64_t end = s->gaps[i + 1].pos;
		uint32_t first = s->gaps[i].blk - (uint32_t)parts->first;

		if (end > plan->content.blocks)
			end = plan->content.blocks;
		if (end > s->gaps[i].pos)
			set_bits(bits, first, first + (uint32_t)(end - s->gaps[i].pos));
	}
}

static void make_bitmaps(struct e2_emitter *e, e2_grp group, const struct e2_parts *parts)
{
	const struct e2_plan *plan = e->plan;
	const struct e2_geometry *g = &plan->shape.geometry;
	uint32_t free = e2_plan_free_blocks(plan, group), inodes = e2_plan_used_inodes(plan, group);
	bool packed = parts->block_bitmap == parts->head && parts->inode_bitmap == parts->head + 1
		   && parts->inode_table == parts->head + 2;
	uint8_t *ibits = e->bitmaps + g->block_size;

	if (packed && e->shown.valid && e->shown.used == parts->blocks - free
	    && e->shown.blocks == parts->blocks && e->shown.inodes == inodes)
		return;
	memset(e->bitmaps, 0, (size_t)2 * g->block_size);
	set_bits(e->bitmaps, 0, parts->head);
	set_bits(e->bitmaps, parts->block_bitmap, parts->block_bitmap + 1);
	set_bits(e->bitmaps, parts->inode_bitmap, parts->inode_bitmap + 1);
	set_bits(e->bitmaps, parts->inode_table, parts->inode_table + g->inode_table_blocks);
	set_content_bits(plan, group, parts, e->bitmaps);
	set_bits(e->bitmaps, parts->blocks, 8 * g->block_size);
	set_bits(ibits, 0, inodes);
	set_bits(ibits, g->inodes_per_group, 8 * g->block_size);
	e->shown.used = parts->blocks - free;
	e->shown.blocks = parts->blocks;
	e->shown.inodes = inodes;
	e->shown.valid = packed;
}

/* Bitmaps go past the buffer: those of an empty group have no neighbours to wait for. */
static int emit_bitmaps(struct e2_emitter *e, e2_grp group, const struct e2_parts *parts)
{
	uint32_t size = e->plan->shape.geometry.block_size;
	uint64_t at = byte_of(e, parts->first + parts->block_bitmap);
	uint8_t *room;
	int err;

	make_bitmaps(e, group, parts);
	if (parts->inode_bitmap != parts->block_bitmap + 1) {
		err = e2_emit_flush(e);
		if (err == 0)
			err = e2_emit_write(e, at, size, e->bitmaps);
		at = byte_of(e, parts->first + parts->inode_bitmap);
		return err != 0 ? err : e2_emit_write(e, at, size, e->bitmaps + size);
	}
	if (e->len == 0 && e->shown.inodes == 0)
		return e2_emit_write(e, at, (size_t)2 * size, e->bitmaps);
	err = e2_emit_room(e, at, (size_t)2 * size, &room);
	if (err == 0)
		memcpy(room, e->bitmaps, (size_t)2 * size);
	return err;
}

/* ---- inode tables --------------------------------------------------------------------------- */

static int emit_table(struct e2_emitter *e, e2_grp group, const struct e2_parts *parts)
{
	const struct e2_geometry *g = &e->plan->shape.geometry;
	uint32_t used = e2_plan_used_inodes(e->plan, group), n;
	e2_ino ino = group * g->inodes_per_group + 1;
	uint32_t per_block = g->block_size / g->inode_size;
	e2_blk blk = parts->first + parts->inode_table, end = blk + g->inode_table_blocks;

	for (; used > 0; used -= n, ino += n, blk++) {
		uint8_t *block;
		int err = e2_emit_room(e, byte_of(e, blk), g->block_size, &block);

		if (err != 0)
			return err;
		memset(block, 0, g->block_size);
		n = used < per_block ? used : per_block;
		for (uint32_t i = 0; i < n; i++) {
			err = e2_inode_make(&e->maker, ino + i, block + (size_t)i * g->inode_size);
			if (err != 0)
				return err;
		}
	}
	return e2_emit_zero(e, byte_of(e, blk), byte_of(e, end - blk));
}

int e2_emit_group(struct e2_emitter *e, e2_grp group)
{
	const struct e2_geometry *g = &e->plan->shape.geometry;
	struct e2_parts parts;
	int err = 0;

	e2_parts_make(g, e->plan->shape.super.raid_stride, group, &parts);
	if (group > 0 && e2_group_has_super(g, group))
		err = emit_backup(e, group, parts.first);
	if (err == 0)
		err = emit_descs(e, group);
	if (err == 0)
		err = emit_bitmaps(e, group, &parts);
	if (err == 0)
		err = emit_table(e, group, &parts);
	return err;
}

int e2_emit_super(struct e2_emitter *e)
{
	uint8_t raw[E2_SUPER_BYTES] = { 0 };

	e2_super_encode(&e->plan->shape.super, raw);
	return e2_io_write(e->io, E2_SUPER_OFFSET, sizeof(raw), raw);
}
