/* SPDX-License-Identifier: MIT */
/*
 * Attributes as mkfs divides them: sets come sorted; each attribute in turn goes into the
 * inode if it still fits, what does not into a block, so that files with equal sets can
 * share a block.
 */
#include "build/plan_priv.h"

static uint32_t inode_room(const struct e2_form *form)
{
	return e2_xattr_inode_room(form->inode_size, form->extra_isize);
}

void e2_xattr_divide(const struct e2_form *form, const struct e2_xattr_item *v, uint32_t count,
		     struct e2_xattr_bytes *bytes)
{
	uint32_t room = inode_room(form);
	uint64_t block = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!e2_xattr_fits(&room, &v[i]))
			block += e2_xattr_item_bytes(&v[i]);
	}
	if (block > 0)
		block += E2_XATTR_HEADER_BYTES + E2_XATTR_END_BYTES;
	bytes->inode_bytes = inode_room(form) - room;
	bytes->block_bytes = block > UINT32_MAX ? UINT32_MAX : (uint32_t)block;
}

void e2_xattr_fill_inode(const struct e2_form *form, const struct e2_xattr_item *v,
			 uint32_t count, uint8_t *raw)
{
	uint32_t room = inode_room(form);
	struct e2_xattr_pack pack;

	if (room == 0)
		return;
	e2_xattr_pack_inode(&pack, raw, form->inode_size, form->extra_isize);
	for (uint32_t i = 0; i < count; i++) {
		if (e2_xattr_fits(&room, &v[i]))
			e2_xattr_pack_add(&pack, &v[i]);
	}
	e2_xattr_pack_inode_end(&pack);
}

void e2_xattr_fill_block(const struct e2_form *form, const struct e2_xattr_item *v,
			 uint32_t count, uint32_t refs, uint8_t *block)
{
	uint32_t room = inode_room(form);
	struct e2_xattr_pack pack;

	e2_xattr_pack_block(&pack, block, form->block_size);
	for (uint32_t i = 0; i < count; i++) {
		if (!e2_xattr_fits(&room, &v[i]))
			e2_xattr_pack_add(&pack, &v[i]);
	}
	e2_xattr_pack_block_end(&pack, refs);
}
