/* SPDX-License-Identifier: MIT */
/* A small volume, damaged as a fuzzer says (edits.h). */
#include "fuzz/edits.h"

#include "image.h"

#include <stdlib.h>
#include <string.h>

enum { EDIT_BYTES = 8, EDITS_MAX = 64 };

/* ---- a volume with one of most things ------------------------------------ */

static void add(struct img *img, const char *name, e2_ino ino, const struct e2_inode *in)
{
	img_inode(img, ino, in);
	img_link(img, E2_INO_ROOT, name, ino, e2_inode_file_type(in->mode));
}

static void add_dir(struct img *img, const char *name, e2_ino ino)
{
	uint8_t entries[1024] = { 0 };
	struct e2_dirent dot = { ino, 12, 1, E2_FT_DIR };
	struct e2_dirent dotdot = { E2_INO_ROOT, 1012, 2, E2_FT_DIR };
	struct e2_inode in = img_reg(1024);

	e2_dirent_encode(&dot, entries);
	memcpy(entries + 8, ".", 1);
	e2_dirent_encode(&dotdot, entries + 12);
	memcpy(entries + 20, "..", 2);
	in.mode = E2_S_IFDIR | 0755;
	in.links_count = 2;
	in.flags = E2_FL_INDEX;		/* the index has no good root, unless edits make it one */
	img_map(img, &in, 0, img_put(img, entries, sizeof(entries)));
	img_map(img, &in, 1, img_put(img, entries, sizeof(entries)));
	in.size = 2048;
	add(img, name, ino, &in);
}

static void add_xattr(struct img *img, const char *name, e2_ino ino)
{
	struct e2_xattr_header h = { .magic = (uint32_t)E2_XATTR_MAGIC, .refcount = 1,
				     .blocks = 1 };
	struct e2_xattr_entry e = { .name_len = 1, .name_index = E2_XATTR_USER,
				    .value_offs = 1000, .value_size = 20 };
	uint8_t block[1024] = { 0 };
	struct e2_inode in = img_reg(0);

	e2_xattr_header_encode(&h, block);
	e.hash = e2_xattr_entry_hash("x", 1, block + 1000, 20);
	e2_xattr_entry_encode(&e, block + 32);
	block[48] = 'x';
	in.file_acl = (uint32_t)img_put(img, block, sizeof(block));
	in.blocks = 2;
	add(img, name, ino, &in);
}

static void make_base(struct img *img)
{
	struct e2_inode in = img_reg(UINT64_C(70000) << 10);

	img_new(img, &(struct img_options){
		.blocks = 300, .blocks_per_group = 128, .inodes_per_group = 16,
		.compat = E2_FEATURE_ext_attr | E2_FEATURE_dir_index,
		.incompat = E2_FEATURE_filetype, .ro_compat = E2_FEATURE_sparse_super });
	for (e2_lblk i = 0; i < 15; i++)
		img_map(img, &in, i, img_put(img, "data", 4));
	img_map(img, &in, 300, img_put(img, "double", 6));
	img_map(img, &in, 69999, img_put(img, "triple", 6));
	add(img, "file", 12, &in);
	in = img_symlink("elsewhere");
	add(img, "link", 13, &in);
	add_dir(img, "dir", 14);
	add_xattr(img, "xattr", 15);
	img_sync(img);
}

/* Where an edit goes: superblock, descriptors, tables, any block. */
static uint64_t place_of(const struct img *img, unsigned what, unsigned which, uint32_t at)
{
	uint32_t size = img->g.block_size;
	e2_grp group = which % img->g.groups;

	switch (what % 4) {
	case 0:
		return E2_SUPER_OFFSET + at % E2_SUPER_BYTES;
	case 1:
		return e2_desc_block(&img->g, which & 8 ? 1 : 0, 0) * size + group * 32 + at % 32;
	case 2:
		return (e2_group_first_block(&img->g, group) + 2) * size + at % (6 * size);
	default:
		return ((uint64_t)which * size + at % size) % (img->io->size - 4);
	}
}

struct e2_io *edits_apply(struct img *img, edits_place *place, unsigned single,
			  const uint8_t *data, size_t size)
{
	struct e2_io *io = img_copy(img);

	for (size_t n = 0; size >= EDIT_BYTES && n < EDITS_MAX; n++) {
		uint64_t at = place(img, data[0], data[1], e2_get16(data + 2));
		size_t len = data[0] & single ? 1 : 4;

		if (e2_io_write(io, at > io->size - 4 ? 0 : at, len, data + 4) != 0)
			abort();
		data += EDIT_BYTES;
		size -= EDIT_BYTES;
	}
	return io;
}

static struct e2_io *make_edited(const uint8_t *data, size_t size)
{
	static struct img img;		/* the same for all inputs, and slow to make */

	if (!img.io)
		make_base(&img);
	return edits_apply(&img, place_of, 0x40, data, size);
}

static struct e2_io *make_raw(const uint8_t *data, size_t size)
{
	struct e2_io *io;

	if (e2_io_open_mem(size, &io) != 0)
		abort();
	if (size != 0 && e2_io_write(io, 0, size, data) != 0)
		abort();
	return io;
}

struct e2_io *edits_open(const uint8_t *data, size_t size)
{
	bool raw = size > 0 && data[0] == 0xff;

	return raw ? make_raw(data + 1, size - 1) : make_edited(data, size);
}
