/* SPDX-License-Identifier: MIT */
/*
 * layout IMAGE [SUPERBLOCK]   every group and its parts, a line each
 * layout --backup IMAGE       where a backup superblock is found
 *
 * Everything comes from the arithmetic of the layout, but for bitmaps and tables, which
 * come from the descriptors.
 */
#include "e2.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_part(const char *name, e2_blk first, uint64_t count)
{
	if (count > 0)
		printf(" %s=%" PRIu64 "-%" PRIu64, name, first, first + count - 1);
}

static int print_group(struct e2_fs *fs, e2_grp group)
{
	const struct e2_geometry *g = e2_geometry(fs);
	e2_blk first = e2_group_first_block(g, group), desc_first;
	bool has_super = e2_group_has_super(g, group);
	uint32_t descs = e2_group_desc_blocks(g, group, &desc_first);
	uint32_t head = e2_group_head_blocks(g, group);
	struct e2_group desc;
	int err = e2_group_get(fs, group, &desc);

	if (err)
		return err;
	printf("group %" PRIu32, group);
	print_part("blocks", first, e2_group_blocks(g, group));
	print_part("super", first, has_super);
	print_part("desc", desc_first, descs);
	print_part("reserved", desc_first + descs, head - has_super - descs);
	print_part("bb", desc.block_bitmap, 1);
	print_part("ib", desc.inode_bitmap, 1);
	print_part("it", desc.inode_table, g->inode_table_blocks);
	printf("\n");
	return 0;
}

static int fail(const char *image, int err)
{
	fprintf(stderr, "layout: %s: %s (%s)\n", image, e2_strerror(err), e2_err_detail());
	return 1;
}

int main(int argc, char **argv)
{
	bool backup = argc > 2 && strcmp(argv[1], "--backup") == 0;
	const char *image = argc > 1 ? argv[1 + backup] : "";
	struct e2_open_options o = { .threads = 0 };
	struct e2_fs *fs;
	struct e2_io *io;
	int err = e2_io_open_image(image, 0, &io);

	if (err)
		return fail(image, err);
	if (backup) {
		err = e2_find_backup(io, &o.superblock, &o.block_size);
		if (!err)
			printf("%" PRIu64 " %" PRIu32 "\n", o.superblock, o.block_size);
		(void)e2_io_close(io);
		return err ? fail(image, err) : 0;
	}
	if (argc > 2)
		o.superblock = strtoull(argv[2], NULL, 10);
	err = e2_open(io, &o, &fs);
	if (err)
		return fail(image, err);
	for (e2_grp group = 0; group < e2_geometry(fs)->groups && !err; group++)
		err = print_group(fs, group);
	e2_close(fs);
	return err ? fail(image, err) : 0;
}
