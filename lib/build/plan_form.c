/* SPDX-License-Identifier: MIT */
/* The form of a volume's files: sizes that everything else is computed from. */
#include "build/plan_priv.h"

#include "base/checked.h"

void e2_form_make(uint32_t block_size, uint32_t inode_size, uint32_t extra_isize,
		  struct e2_form *form)
{
	struct e2_geometry g = { .block_size = block_size, .pointers = block_size / 4 };

	while (block_size >> g.block_bits > 1)
		g.block_bits++;
	*form = (struct e2_form){
		.block_size = block_size, .block_bits = g.block_bits,
		.pointer_bits = g.block_bits - 2, .inode_size = inode_size,
		.extra_isize = inode_size > E2_INODE_BYTES ? extra_isize : 0,
		.size_max = e2_file_size_max(&g), .xattrs = true,
	};
}

uint64_t e2_form_blocks(const struct e2_form *form, uint64_t bytes)
{
	return e2_div_up(bytes, form->block_size);
}
