/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define must(condition) must_at((condition), #condition, __LINE__)

static void must_at(bool good, const char *what, int line)
{
	if (good)
		return;
	fprintf(stderr, "image.c:%d: %s: %s\n", line, what, e2_err_detail());
	abort();
}

/* ---- raw access ---------------------------------------------------------- */

void img_write(struct img *img, e2_blk blk, uint32_t offset, const void *data, size_t len)
{
	must(e2_io_write(img->io, blk * img->g.block_size + offset, len, data) == 0);
}

void img_read(struct img *img, e2_blk blk, uint32_t offset, void *data, size_t len)
{
	must(e2_io_read(img->io, blk * img->g.block_size + offset, len, data) == 0);
}

static bool test_bit(struct img *img, e2_blk bitmap, uint32_t bit)
{
	uint8_t byte;

	img_read(img, bitmap, bit / 8, &byte, 1);
	return (byte >> bit % 8 & 1) != 0;
}

static void put_bit(struct img *img, e2_blk bitmap, uint32_t bit, bool used)
{
	uint8_t byte;

	img_read(img, bitmap, bit / 8, &byte, 1);
	byte = (uint8_t)(used ? byte | 1u << bit % 8 : byte & ~(1u << bit % 8));
	img_write(img, bitmap, bit / 8, &byte, 1);
}

struct e2_group img_group(struct img *img, e2_grp group)
{
	uint8_t raw[E2_GROUP_BYTES];
	struct e2_group desc;
	uint32_t offset;
	e2_blk blk;

	e2_group_locate(&img->g, group, &blk, &offset);
	img_read(img, blk, offset, raw, sizeof(raw));
	e2_group_decode(&desc, raw);
	return desc;
}

void img_group_put(struct img *img, e2_grp group, const struct e2_group *desc)
{
	uint8_t raw[E2_GROUP_BYTES];
	uint32_t offset;
	e2_blk blk;

	e2_group_encode(desc, raw);
	e2_group_locate(&img->g, group, &blk, &offset);
	img_write(img, blk, offset, raw, sizeof(raw));
	for (e2_grp copy = 1; copy < img->g.groups; copy++) {
		e2_blk first;
		uint32_t n = e2_group_desc_blocks(&img->g, copy, &first);
		uint32_t per_block = img->g.block_size / img->g.desc_size;
		uint32_t at = group / per_block;

		if (at >= img->g.first_meta_bg && n == 1 && copy / per_block == at)
			img_write(img, first, offset, raw, sizeof(raw));
		else if (at < img->g.first_meta_bg && at < n)
			img_write(img, first + at, offset, raw, sizeof(raw));
	}
}

void img_mark_block(struct img *img, e2_blk blk, bool used)
{
	e2_grp group = e2_block_group(&img->g, blk);
	struct e2_group desc = img_group(img, group);
	e2_blk bit = blk - e2_group_first_block(&img->g, group);

	put_bit(img, desc.block_bitmap, (uint32_t)bit, used);
}

void img_mark_inode(struct img *img, e2_ino ino, bool used)
{
	struct e2_group desc = img_group(img, e2_inode_group(&img->g, ino));

	put_bit(img, desc.inode_bitmap, (ino - 1) % img->g.inodes_per_group, used);
}

e2_blk img_alloc(struct img *img)
{
	for (e2_blk blk = img->g.first_data_block; blk < img->g.blocks; blk++) {
		e2_grp group = e2_block_group(&img->g, blk);
		struct e2_group desc = img_group(img, group);

		if (!test_bit(img, desc.block_bitmap,
			      (uint32_t)(blk - e2_group_first_block(&img->g, group)))) {
			img_mark_block(img, blk, true);
			return blk;
		}
	}
	must(!"a free block");
	return 0;
}

e2_blk img_put(struct img *img, const void *data, size_t len)
{
	uint8_t *block = calloc(1, img->g.block_size);
	e2_blk blk = img_alloc(img);

	must(block && len <= img->g.block_size);
	if (len > 0)
		memcpy(block, data, len);
	img_write(img, blk, 0, block, img->g.block_size);
	free(block);
	return blk;
}

/* ---- making a volume ------------------------------------------------------- */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

static void fill_super(struct e2_super *s, const struct img_options *o)
{
	uint32_t block_size = or_default(o->block_size, 1024);
	uint32_t inode_size = o->revision_0 ? 128 : or_default(o->inode_size, 256);
	uint32_t fit = 2 * block_size / inode_size;
	uint32_t group_max = block_size * 8 < 65528 ? block_size * 8 : 65528;

	*s = (struct e2_super){
		.magic = E2_MAGIC, .state = E2_STATE_CLEAN, .errors = E2_ERRORS_CONTINUE,
		.rev_level = !o->revision_0, .first_data_block = block_size == 1024,
		.max_mnt_count = 0xffff, .mkfs_time = 1000000000, .wtime = 1000000000,
		.lastcheck = 1000000000,
	};
	while (1024u << s->log_block_size < block_size)
		s->log_block_size++;
	s->log_cluster_size = s->log_block_size;
	s->blocks_count = or_default(o->blocks, 256);
	s->blocks_per_group = or_default(o->blocks_per_group, group_max);
	s->clusters_per_group = s->blocks_per_group;
	s->inodes_per_group = or_default(o->inodes_per_group, fit < 16 ? 16 : fit);
	s->inodes_count = (s->blocks_count - s->first_data_block + s->blocks_per_group - 1) /
			  s->blocks_per_group * s->inodes_per_group;
	if (o->revision_0)
		return;
	s->first_ino = E2_GOOD_OLD_FIRST_INO;
	s->inode_size = (uint16_t)inode_size;
	s->min_extra_isize = s->want_extra_isize = inode_size > 128 ? 32 : 0;
	s->feature_compat = o->compat;
	s->feature_incompat = o->incompat;
	s->feature_ro_compat = o->ro_compat;
	s->reserved_gdt_blocks = (uint16_t)o->reserved_gdt_blocks;
	s->first_meta_bg = o->first_meta_bg;
	memcpy(s->backup_bgs, o->backup_bgs, sizeof(s->backup_bgs));
	memcpy(s->uuid, "extant test uuid", 16);
}

/* Bitmaps and table of a group, behind its head; what exists is marked as used. */
static void make_group(struct img *img, e2_grp group)
{
	const struct e2_geometry *g = &img->g;
	e2_blk first = e2_group_first_block(g, group);
	uint32_t head = e2_group_head_blocks(g, group);
	uint32_t blocks = e2_group_blocks(g, group);
	struct e2_group desc = {
		.block_bitmap = (uint32_t)first + head,
		.inode_bitmap = (uint32_t)first + head + 1,
		.inode_table = (uint32_t)first + head + 2,
	};

	must(head + 2 + g->inode_table_blocks <= blocks);
	img_group_put(img, group, &desc);
	for (uint32_t i = 0; i < head + 2 + g->inode_table_blocks; i++)
		put_bit(img, desc.block_bitmap, i, true);
	for (uint32_t i = blocks; i < g->block_size * 8; i++)
		put_bit(img, desc.block_bitmap, i, true);
	for (uint32_t i = g->inodes_per_group; i < g->block_size * 8; i++)
		put_bit(img, desc.inode_bitmap, i, true);
}

static void make_root(struct img *img)
{
	struct e2_inode in = img_reg(img->g.block_size);
	uint8_t entries[24] = { 0 };
	struct e2_dirent e = { .inode = E2_INO_ROOT, .rec_len = 12, .name_len = 1 };
	bool filetype = img->g.filetype;

	e.file_type = filetype ? E2_FT_DIR : 0;
	e2_dirent_encode(&e, entries);
	memcpy(entries + 8, ".", 1);
	e.name_len = 2;
	e.rec_len = (uint16_t)(img->g.block_size - 12);
	e2_dirent_encode(&e, entries + 12);
	memcpy(entries + 20, "..", 2);
	in.mode = E2_S_IFDIR | 0755;
	in.links_count = 2;
	img_map(img, &in, 0, img_put(img, entries, sizeof(entries)));
	img_inode(img, E2_INO_ROOT, &in);
	struct e2_group desc = img_group(img, 0);
	desc.used_dirs_count = 1;
	img_group_put(img, 0, &desc);
}

void img_new(struct img *img, const struct img_options *options)
{
	fill_super(&img->super, options);
	must(e2_geometry_derive(&img->super, 0, &img->g) == 0);
	must(e2_io_open_mem(img->g.blocks * img->g.block_size, &img->io) == 0);
	for (e2_grp group = 0; group < img->g.groups; group++)
		make_group(img, group);
	for (e2_ino ino = 1; ino < img->g.first_ino; ino++)
		img_mark_inode(img, ino, true);
	make_root(img);
	img_sync(img);
}

void img_free(struct img *img)
{
	must(e2_io_close(img->io) == 0);
}

static void write_supers(struct img *img)
{
	uint8_t raw[E2_SUPER_BYTES];

	for (e2_grp group = 0; group < img->g.groups; group++) {
		uint64_t at = e2_group_first_block(&img->g, group) * img->g.block_size;

		if (!e2_group_has_super(&img->g, group))
			continue;
		if (img->super.rev_level > 0)
			img->super.block_group_nr = (uint16_t)group;
		e2_super_encode(&img->super, raw);
		must(e2_io_write(img->io, group ? at : E2_SUPER_OFFSET, sizeof(raw), raw) == 0);
	}
	img->super.block_group_nr = 0;
}

void img_sync(struct img *img)
{
	img->super.free_blocks_count = img->super.free_inodes_count = 0;
	for (e2_grp group = 0; group < img->g.groups; group++) {
		struct e2_group desc = img_group(img, group);

		desc.free_blocks_count = desc.free_inodes_count = 0;
		for (uint32_t i = 0; i < e2_group_blocks(&img->g, group); i++)
			desc.free_blocks_count = (uint16_t)(desc.free_blocks_count +
						 !test_bit(img, desc.block_bitmap, i));
		for (uint32_t i = 0; i < img->g.inodes_per_group; i++)
			desc.free_inodes_count = (uint16_t)(desc.free_inodes_count +
						 !test_bit(img, desc.inode_bitmap, i));
		img_group_put(img, group, &desc);
		img->super.free_blocks_count += desc.free_blocks_count;
		img->super.free_inodes_count += desc.free_inodes_count;
	}
	write_supers(img);
}

static void copy_to(struct img *img, struct e2_io *io)
{
	uint8_t piece[4096];

	for (uint64_t at = 0; at < img->io->size; at += sizeof(piece)) {
		size_t n = img->io->size - at < sizeof(piece) ? (size_t)(img->io->size - at) :
								sizeof(piece);

		must(e2_io_read(img->io, at, n, piece) == 0);
		must(e2_io_write(io, at, n, piece) == 0);
	}
}

struct e2_io *img_copy(struct img *img)
{
	struct e2_io *io;

	must(e2_io_open_mem(img->io->size, &io) == 0);
	copy_to(img, io);
	return io;
}

void img_to_sim(struct img *img, struct e2_sim **sim, const char *path)
{
	struct e2_io *io;

	must(e2_sim_new(sim) == 0);
	struct e2_env *env = e2_sim_env(*sim);
	must(env->ops->create_excl(env, path, 0644, &io) == 0);
	must(e2_io_resize(io, img->io->size) == 0);
	copy_to(img, io);
	must(e2_io_close(io) == 0);
}

struct e2_fs *img_open(struct img *img, const struct e2_open_options *options)
{
	struct e2_fs *fs = NULL;

	img_sync(img);
	must(e2_open(img_copy(img), options, &fs) == 0);
	return fs;
}

/* ---- inodes ------------------------------------------------------------------ */

struct e2_inode img_reg(uint64_t size)
{
	return (struct e2_inode){
		.mode = E2_S_IFREG | 0644, .size = size, .links_count = 1, .extra_isize = 32,
		.atime = 1000000000, .ctime = 1000000000, .mtime = 1000000000,
	};
}

struct e2_inode img_symlink(const char *text)
{
	struct e2_inode in = img_reg(strlen(text));
	uint8_t bytes[E2_POINTERS * 4] = { 0 };

	must(strlen(text) <= E2_FAST_SYMLINK_MAX);
	memcpy(bytes, text, strlen(text));
	for (unsigned i = 0; i < E2_POINTERS; i++)
		in.block[i] = e2_get32(bytes + 4 * i);
	in.mode = E2_S_IFLNK | 0777;
	return in;
}

static void locate(struct img *img, e2_ino ino, e2_blk *blk, uint32_t *offset)
{
	struct e2_group desc = img_group(img, e2_inode_group(&img->g, ino));
	uint64_t at = (uint64_t)((ino - 1) % img->g.inodes_per_group) * img->g.inode_size;

	*blk = desc.inode_table + at / img->g.block_size;
	*offset = (uint32_t)(at % img->g.block_size);
}

void img_inode(struct img *img, e2_ino ino, const struct e2_inode *in)
{
	uint8_t *raw = calloc(1, img->g.inode_size);
	uint32_t offset;
	e2_blk blk;

	must(raw && e2_inode_valid(&img->g, ino));
	e2_inode_encode(in, raw, img->g.inode_size);
	locate(img, ino, &blk, &offset);
	img_write(img, blk, offset, raw, img->g.inode_size);
	img_mark_inode(img, ino, true);
	free(raw);
}

struct e2_inode img_inode_get(struct img *img, e2_ino ino)
{
	uint8_t *raw = malloc(img->g.inode_size);
	struct e2_inode in;
	uint32_t offset;
	e2_blk blk;

	must(raw != NULL);
	locate(img, ino, &blk, &offset);
	img_read(img, blk, offset, raw, img->g.inode_size);
	e2_inode_decode(&in, raw, img->g.inode_size);
	free(raw);
	return in;
}

void img_map(struct img *img, struct e2_inode *in, e2_lblk lblk, e2_blk blk)
{
	uint64_t span = 1, pointers = img->g.pointers;
	uint32_t sectors = img->g.block_size / 512;
	unsigned level = 0;

	in->blocks += blk ? sectors : 0;
	if (lblk < E2_DIRECT) {
		in->block[lblk] = (uint32_t)blk;
		return;
	}
	lblk -= E2_DIRECT;
	for (level = 1, span = pointers; lblk >= span; level++, span *= pointers)
		lblk -= span;
	must(level <= 3);
	uint32_t *root = &in->block[E2_DIRECT - 1 + level];
	if (*root == 0) {
		*root = (uint32_t)img_put(img, NULL, 0);
		in->blocks += sectors;
	}
	e2_blk parent = *root;
	uint8_t raw[4];
	for (; level > 1; level--) {
		span /= pointers;
		uint32_t offset = (uint32_t)(lblk / span * 4);

		lblk %= span;
		img_read(img, parent, offset, raw, 4);
		if (e2_get32(raw) == 0) {
			e2_put32(raw, (uint32_t)img_put(img, NULL, 0));
			img_write(img, parent, offset, raw, 4);
			in->blocks += sectors;
		}
		parent = e2_get32(raw);
	}
	e2_put32(raw, (uint32_t)blk);
	img_write(img, parent, (uint32_t)(lblk * 4), raw, 4);
}

void img_link(struct img *img, e2_ino dir, const char *name, e2_ino ino, enum e2_file_type type)
{
	struct e2_inode in = img_inode_get(img, dir);
	uint32_t size = img->g.block_size, at = 0, len = (uint32_t)strlen(name);
	e2_blk blk = in.block[in.size / size - 1];
	uint8_t *block = malloc(size);
	struct e2_dirent e;

	must(block && in.size / size <= E2_DIRECT);
	img_read(img, blk, 0, block, size);
	e2_dirent_decode(&e, block);
	while (at + (e.rec_len ? e.rec_len : size) < size) {	/* 0: all of 64 KiB */
		at += e.rec_len;
		e2_dirent_decode(&e, block + at);
	}
	uint32_t used = (8 + (uint32_t)e.name_len + 3) & ~3u;
	must(size - at - used >= 8 + len);
	e.rec_len = (uint16_t)used;
	e2_dirent_encode(&e, block + at);
	at += used;
	e = (struct e2_dirent){
		.inode = ino, .rec_len = (uint16_t)(size - at), .name_len = (uint8_t)len,
		.file_type = img->g.filetype ? (uint8_t)type : 0,
	};
	e2_dirent_encode(&e, block + at);
	memcpy(block + at + 8, name, len);
	img_write(img, blk, 0, block, size);
	free(block);
}
