/* SPDX-License-Identifier: MIT */
#include "image_tree.h"

#include "tree/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must_at(bool good, const char *what, int line)
{
	if (good)
		return;
	fprintf(stderr, "tests/image_tree.c:%d: %s\n", line, what);
	abort();
}
#define must(x) must_at((x), #x, __LINE__)

void img_dir_block(uint8_t *block, uint32_t size, const struct img_name *names, size_t count)
{
	uint32_t at = 0;

	memset(block, 0, size);
	for (size_t i = 0; i < count; i++) {
		size_t len = names[i].len ? names[i].len : strlen(names[i].name);
		uint32_t bytes = i + 1 < count ? e2_entry_bytes((uint32_t)len) : size - at;
		struct e2_dirent d = { names[i].ino, (uint16_t)bytes, (uint8_t)len, 0 };

		must(at + e2_entry_bytes((uint32_t)len) <= size);
		e2_dirent_encode(&d, block + at);
		memcpy(block + at + E2_DIRENT_BYTES, names[i].name, len);
		at += bytes;
	}
	if (count == 0)
		e2_dirent_encode(&(struct e2_dirent){ .rec_len = (uint16_t)size }, block);
}

struct e2_inode img_dir(struct img *img, uint32_t blocks)
{
	struct e2_inode in = img_reg((uint64_t)blocks * img->g.block_size);

	in.mode = E2_S_IFDIR | 0755;
	in.links_count = 2;
	return in;
}

void img_add(struct img *img, e2_ino dir, const char *name, e2_ino ino, const struct e2_inode *in)
{
	img_inode(img, ino, in);
	img_link(img, dir, name, ino, e2_inode_file_type(in->mode));
}

void img_mkdir(struct img *img, e2_ino ino, e2_ino parent, const char *name)
{
	struct e2_inode in = img_dir(img, 1);
	uint8_t *block = malloc(img->g.block_size);

	must(block);
	img_dir_block(block, img->g.block_size,
		      (struct img_name[]){ { ino, ".", 0 }, { parent, "..", 0 } }, 2);
	img_map(img, &in, 0, img_put(img, block, img->g.block_size));
	free(block);
	img_add(img, parent, name, ino, &in);
}

struct hashed {
	uint32_t hash;
	const struct img_name *name;
};

static int by_hash(const void *a, const void *b)
{
	uint32_t x = ((const struct hashed *)a)->hash, y = ((const struct hashed *)b)->hash;

	return x < y ? -1 : x > y;
}

struct leaf {
	uint32_t hash;			/* lowest, with the bit for collisions */
	size_t first, count;
};

static size_t cut_leaves(const struct hashed *h, size_t count, size_t per_leaf, struct leaf *leaves)
{
	size_t n = 0;

	for (size_t at = 0; at < count; at += per_leaf, n++) {
		bool shared = at > 0 && h[at].hash == h[at - 1].hash;

		leaves[n] = (struct leaf){ n ? h[at].hash | shared : 0, at,
					   count - at < per_leaf ? count - at : per_leaf };
	}
	return n;
}

/* Writes an index of entries (hash, block) at `at` of a block. */
static void put_index(struct img *img, uint8_t *block, uint32_t at, const struct e2_dx_entry *e,
		      size_t count)
{
	struct e2_dx_count c = { (uint16_t)((img->g.block_size - at) / E2_DX_ENTRY_BYTES),
				 (uint16_t)count };

	must(count <= c.limit);
	for (size_t i = 0; i < count; i++)
		e2_dx_entry_encode(&e[i], block + at + i * E2_DX_ENTRY_BYTES);
	e2_dx_count_encode(&c, block + at);
}

static void put_root(struct img *img, e2_ino ino, uint8_t *block, unsigned version, bool deep)
{
	uint32_t size = img->g.block_size;
	struct e2_dx_info info = { .hash_version = (uint8_t)version, .info_length = 8,
				   .indirect_levels = deep };

	img_dir_block(block, size, (struct img_name[]){ { ino, ".", 0 }, { 2, "..", 0 } }, 2);
	e2_dx_info_encode(&info, block + 24);
}

void img_indexed_dir(struct img *img, e2_ino ino, unsigned version, const struct img_name *names,
		     size_t count, size_t per_leaf, bool deep)
{
	bool is_unsigned = img->super.flags & E2_SF_UNSIGNED_HASH;
	struct hashed *h = calloc(count, sizeof(*h));
	struct leaf *leaves = calloc(count, sizeof(*leaves));
	struct e2_dx_entry *e = calloc(count + 2, sizeof(*e));
	struct img_name *list = calloc(count, sizeof(*list));
	uint8_t *block = malloc(img->g.block_size);
	size_t n, first_leaf = deep ? 3 : 1, half;

	must(h && leaves && e && list && block);
	for (size_t i = 0; i < count; i++) {
		must(e2_dir_hash(version + (is_unsigned ? 3 : 0), img->super.hash_seed,
				 names[i].name, names[i].len ? names[i].len : strlen(names[i].name),
				 &h[i].hash, NULL) == 0);
		h[i].name = &names[i];
	}
	qsort(h, count, sizeof(*h), by_hash);
	n = cut_leaves(h, count, per_leaf, leaves);
	half = deep ? n / 2 : 0;
	struct e2_inode in = img_dir(img, (uint32_t)(first_leaf + n));
	in.flags = E2_FL_INDEX;

	put_root(img, ino, block, version, deep);
	for (size_t i = 0; i < n; i++)
		e[i] = (struct e2_dx_entry){ leaves[i].hash, (uint32_t)(first_leaf + i) };
	if (deep) {
		struct e2_dx_entry nodes[2] = { { 0, 1 }, { leaves[half].hash, 2 } };

		must(half > 0);
		put_index(img, block, 32, nodes, 2);
	} else {
		put_index(img, block, 32, e, n);
	}
	img_map(img, &in, 0, img_put(img, block, img->g.block_size));
	for (size_t i = 0; deep && i < 2; i++) {
		img_dir_block(block, img->g.block_size, NULL, 0);
		put_index(img, block, 8, e + (i ? half : 0), i ? n - half : half);
		img_map(img, &in, 1 + i, img_put(img, block, img->g.block_size));
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < leaves[i].count; k++)
			list[k] = *h[leaves[i].first + k].name;
		img_dir_block(block, img->g.block_size, list, leaves[i].count);
		img_map(img, &in, first_leaf + i, img_put(img, block, img->g.block_size));
	}
	img_inode(img, ino, &in);
	free(h), free(leaves), free(e), free(list), free(block);
}
