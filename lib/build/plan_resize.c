/* SPDX-License-Identifier: MIT */
/*
 * The resize inode: it owns the blocks that are kept for more group descriptors.
 *
 * Its double indirect block is indexed by the number of the descriptor block that a reserved
 * block will become, modulo what fits; the reserved blocks of group 0 are the pointer blocks
 * below it, each listing its own copies in the groups with backups, in order.
 * Source: kernel, fs/ext4/resize.c, verify_reserved_gdb.
 */
#include "build/plan_priv.h"

#include <string.h>

uint64_t e2_resize_size(const struct e2_form *form)
{
	uint64_t pointers = UINT64_C(1) << form->pointer_bits;

	return (E2_DIRECT + pointers + pointers * pointers) << form->block_bits;
}

uint64_t e2_resize_blocks(const struct e2_plan *plan)
{
	return 1 + (1 + (uint64_t)plan->backups_len) * plan->shape.geometry.reserved_gdt_blocks;
}

static e2_blk reserved_block(const struct e2_geometry *g, uint32_t index)
{
	return e2_desc_block(g, 0, 0) + g->desc_blocks + index;
}

void e2_resize_fill_top(const struct e2_plan *plan, uint8_t *block)
{
	const struct e2_geometry *g = &plan->shape.geometry;

	memset(block, 0, g->block_size);
	for (uint32_t i = 0; i < g->reserved_gdt_blocks; i++)
		e2_put32(block + (size_t)4 * ((g->desc_blocks + i) % g->pointers),
			 (uint32_t)reserved_block(g, i));
}

void e2_resize_fill_reserved(const struct e2_plan *plan, uint32_t index, uint8_t *block)
{
	const struct e2_geometry *g = &plan->shape.geometry;

	memset(block, 0, g->block_size);
	for (uint32_t i = 0; i < plan->backups_len && i < g->pointers; i++)
		e2_put32(block + (size_t)4 * i, (uint32_t)(reserved_block(g, index)
			 + (e2_blk)plan->backups[i] * g->blocks_per_group));
}
