/* SPDX-License-Identifier: MIT */
/* The sound volume of the recipes: small, and with one of everything. */
#include "image_tree.h"
#include "recipe.h"

#include "e2test.h"
#include "tree/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 40, DOUBLE = E2_DIRECT + 1 };

static void add_file(struct img *img, e2_ino ino, const char *name, uint32_t blocks)
{
	struct e2_inode in = img_reg((uint64_t)blocks * img->g.block_size);

	for (uint32_t i = 0; i < blocks; i++)
		img_map(img, &in, i, img_put(img, name, strlen(name)));
	img_add(img, E2_INO_ROOT, name, ino, &in);
}

static void add_links(struct img *img, e2_ino ino, uint16_t links)
{
	struct e2_inode in = img_inode_get(img, ino);

	in.links_count = links;
	img_inode(img, ino, &in);
}

static void add_special(struct img *img, e2_ino ino, const char *name, uint16_t mode, uint32_t dev)
{
	struct e2_inode in = img_reg(0);

	in.mode = mode;
	in.block[0] = dev;
	img_add(img, E2_INO_ROOT, name, ino, &in);
}

static void add_slow_symlink(struct img *img, e2_ino ino)
{
	struct e2_inode in = img_reg(100);
	char text[100];

	memset(text, 's', sizeof(text));
	in.mode = E2_S_IFLNK | 0777;
	img_map(img, &in, 0, img_put(img, text, sizeof(text)));
	img_add(img, E2_INO_ROOT, "slow", ino, &in);
}

/* A file with a block behind each kind of pointer. */
static void add_big(struct img *img, e2_ino ino)
{
	uint64_t far = E2_DIRECT + (uint64_t)img->g.pointers;
	struct e2_inode in = img_reg((far + 1) * img->g.block_size);

	img_map(img, &in, 0, img_put(img, "0", 1));
	img_map(img, &in, E2_DIRECT, img_put(img, "1", 1));
	img_map(img, &in, far, img_put(img, "2", 1));
	img_add(img, E2_INO_ROOT, "big", ino, &in);
}

/* An indexed directory whose names are all of one file. */
static void add_index(struct img *img, e2_ino dir, e2_ino file)
{
	static char text[MANY][8];
	struct img_name names[MANY];
	struct e2_inode in = img_reg(0);

	for (int i = 0; i < MANY; i++) {
		snprintf(text[i], sizeof(text[i]), "name%02d", i);
		names[i] = (struct img_name){ file, text[i], 0 };
	}
	img_indexed_dir(img, dir, E2_HASH_HALF_MD4, names, MANY, 16, false);
	img_link(img, E2_INO_ROOT, "index", dir, E2_FT_DIR);
	in.links_count = MANY;
	img_inode(img, file, &in);
}

static void put_xattr(uint8_t *area, uint32_t first, uint32_t value_at, uint32_t value_offs)
{
	struct e2_xattr_entry e = {
		.name_len = 1, .name_index = E2_XATTR_USER, .value_offs = (uint16_t)value_offs,
		.value_size = 4,
	};

	memcpy(area + value_at, "abcd", 4);
	e.hash = e2_xattr_entry_hash("x", 1, (const uint8_t *)"abcd", 4);
	e2_xattr_entry_encode(&e, area + first);
	area[first + E2_XATTR_ENTRY_BYTES] = 'x';
}

/* Two files share an attribute block, one has an attribute in its inode. */
static void add_xattrs(struct img *img, e2_ino ino)
{
	struct e2_xattr_header h = { .magic = (uint32_t)E2_XATTR_MAGIC, .refcount = 2,
				     .blocks = 1 };
	uint8_t *block = calloc(1, img->g.block_size);
	struct e2_inode in = img_reg(0);
	uint8_t body[96] = { 0 };
	struct e2_group desc = img_group(img, 0);
	uint64_t at = (uint64_t)(ino + 1) * img->g.inode_size;

	cr_assert_not_null(block);
	e2_xattr_header_encode(&h, block);
	put_xattr(block, E2_XATTR_HEADER_BYTES, img->g.block_size - 4, img->g.block_size - 4);
	in.file_acl = (uint32_t)img_put(img, block, img->g.block_size);
	in.blocks = img->g.block_size / 512;
	free(block);
	img_add(img, E2_INO_ROOT, "xattr1", ino, &in);
	img_add(img, E2_INO_ROOT, "xattr2", ino + 1, &in);
	in = img_reg(0);
	img_add(img, E2_INO_ROOT, "xattr3", ino + 2, &in);
	if (img->g.inode_size < 256)
		return;
	e2_put32(body, (uint32_t)E2_XATTR_MAGIC);
	put_xattr(body, E2_XATTR_IBODY_BYTES, 92, 92 - E2_XATTR_IBODY_BYTES);
	img_write(img, desc.inode_table + at / img->g.block_size,
		  (uint32_t)(at % img->g.block_size) + E2_INODE_BYTES + 32, body, sizeof(body));
}

static void add_resize_inode(struct img *img)
{
	const struct e2_geometry *g = &img->g;
	uint64_t p = g->pointers;
	struct e2_inode in = img_reg((E2_DIRECT + p + p * p) * g->block_size);
	e2_blk root = img_alloc(img);
	uint32_t blocks = 1;

	for (uint32_t i = 0; i < g->reserved_gdt_blocks; i++) {
		e2_blk blk = g->first_data_block + 1 + g->desc_blocks + i;
		uint8_t raw[4];
		uint32_t at = 0;

		e2_put32(raw, (uint32_t)blk);
		img_write(img, root, 4 * (g->desc_blocks + i), raw, 4);
		blocks++;
		for (e2_grp group = 1; group < g->groups; group++) {
			if (!e2_group_has_super(g, group))
				continue;
			e2_put32(raw, (uint32_t)(blk + (uint64_t)group * g->blocks_per_group));
			img_write(img, blk, 4 * at++, raw, 4);
			blocks++;
		}
	}
	in.mode = E2_S_IFREG | 0600;
	in.block[DOUBLE] = (uint32_t)root;
	in.blocks = blocks * (g->block_size / 512);
	img_inode(img, E2_INO_RESIZE, &in);
}

/* Gives each entry its type: image_tree knows none. */
static void set_types(struct img *img, e2_ino dir)
{
	struct e2_inode in = img_inode_get(img, dir);
	uint8_t *block = malloc(img->g.block_size);
	struct e2_entry e;

	cr_assert_not_null(block);
	for (uint32_t b = 0; b < in.size / img->g.block_size; b++) {
		img_read(img, in.block[b], 0, block, img->g.block_size);
		for (uint32_t at = 0; e2_entry_at(&img->g, block, at, &e) > 0; at += e.rec_len) {
			struct e2_inode target;

			if (e.ino == 0)
				continue;
			target = img_inode_get(img, e.ino);
			block[at + 7] = (uint8_t)e2_inode_file_type(target.mode);
		}
		img_write(img, in.block[b], 0, block, img->g.block_size);
	}
	free(block);
}

void recipe_make_base(struct img *img, const struct recipe_base *base)
{
	const struct img_options *o = &base->options;
	struct e2_inode fast = img_symlink("to/nowhere");
	struct e2_group desc;

	img_new(img, o);
	img_mkdir(img, 11, E2_INO_ROOT, "lost+found");
	add_file(img, 12, "file", 3);
	add_file(img, 13, "hard", 1);
	img_mkdir(img, 14, E2_INO_ROOT, "dir");
	img_mkdir(img, 15, 14, "sub");
	img_link(img, 14, "hard2", 13, E2_FT_REG);
	add_links(img, 13, 2);
	add_links(img, 14, 3);
	img_add(img, E2_INO_ROOT, "fast", 16, &fast);
	add_slow_symlink(img, 17);
	add_special(img, 18, "fifo", E2_S_IFIFO | 0644, 0);
	add_special(img, 19, "chr", E2_S_IFCHR | 0600, 0x103);
	add_big(img, 20);
	add_index(img, 21, 22);
	add_xattrs(img, 23);
	add_links(img, E2_INO_ROOT, 2 + 3);
	if (base->resize_inode)
		add_resize_inode(img);
	for (e2_ino dir = 2; dir <= 21; dir++)
		if (img->g.filetype &&
		    e2_inode_file_type(img_inode_get(img, dir).mode) == E2_FT_DIR)
			set_types(img, dir);
	desc = img_group(img, 0);
	desc.used_dirs_count = 5;
	img_group_put(img, 0, &desc);
	img_sync(img);
}
