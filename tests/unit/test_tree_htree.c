/* SPDX-License-Identifier: MIT */
/* Hashed directories: a sound index is used, a damaged one never hides a name. */
#include "e2test.h"
#include "base/map.h"
#include "image_tree.h"
#include "tree/dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 600, DIR = 12 };

struct names {
	struct img_name list[COUNT];
	char text[COUNT][40];
};

static struct names *make_names(void)
{
	struct names *n = calloc(1, sizeof(*n));

	for (size_t i = 0; i < COUNT; i++) {
		snprintf(n->text[i], sizeof(n->text[i]), "name-%zu-\xc3\xa4%.*s", i, (int)(i % 20),
			 "xxxxxxxxxxxxxxxxxxxx");
		n->list[i] = (struct img_name){ (e2_ino)(100 + i), n->text[i], 0 };
	}
	return n;
}

static void make(struct img *img, uint32_t block_size, uint32_t flags)
{
	img_new(img, &(struct img_options){ .block_size = block_size, .blocks = 512,
					    .compat = E2_FEATURE_dir_index });
	img->super.flags = flags;
	img->super.hash_seed[1] = 77;
}

/* How many names the index alone finds; every name must be found by a lookup. */
static unsigned find_all(struct e2_fs *fs, const struct img_name *names, size_t count)
{
	struct e2_inode in;
	unsigned indexed = 0;
	e2_ino ino;

	cr_assert_eq(e2_inode_get(fs, DIR, &in), 0);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(names[i].name);

		ino = 0;
		if (e2_htree_lookup(fs, &in, names[i].name, len, &ino) > 0) {
			cr_assert_eq(ino, names[i].ino);
			indexed++;
		}
		cr_assert_eq(e2_dir_lookup(fs, DIR, names[i].name, len, &ino), 0, "%s",
			     names[i].name);
		cr_assert_eq(ino, names[i].ino);
	}
	return indexed;
}

E2_TEST(tree_htree, sound)
{
	struct names *n = make_names();
	e2_ino ino;

	for (uint32_t size = 1024; size <= 65536; size *= 8) {
		for (unsigned variant = 0; variant < 12; variant++) {
			bool is_unsigned = variant & 1, deep = variant & 2;
			struct e2_inode in;
			struct img img;

			make(&img, size, is_unsigned ? E2_SF_UNSIGNED_HASH : E2_SF_SIGNED_HASH);
			img_indexed_dir(&img, DIR, variant / 4, n->list, COUNT, 12, deep);
			struct e2_fs *fs = img_open(&img, NULL);
			cr_assert_eq(find_all(fs, n->list, COUNT), COUNT, "size %u, variant %u",
				     size, variant);
			cr_assert_eq(e2_inode_get(fs, DIR, &in), 0);
			cr_assert_eq(e2_htree_lookup(fs, &in, "none", 4, &ino), 0);
			cr_assert_eq(e2_dir_lookup(fs, DIR, "none", 4, &ino), E2_ERR_NOENT);
			e2_close(fs);
			img_free(&img);
		}
	}
	free(n);
}

/* Many names, of which some share a hash, one name to a leaf: the search goes on. */
E2_TEST(tree_htree, collisions)
{
	char (*text)[16] = calloc(200000, sizeof(*text));
	struct img_name found[24];
	struct img img;
	struct e2_map *map;
	size_t count = 0;
	uint32_t hash;

	make(&img, 1024, E2_SF_SIGNED_HASH);
	cr_assert_eq(e2_map_new(&map), 0);
	for (size_t i = 0; i < 200000 && count < 12; i++) {
		int len = snprintf(text[i], sizeof(text[i]), "%zu", i);
		uint64_t before;

		cr_assert_eq(e2_dir_hash(E2_HASH_TEA, img.super.hash_seed, text[i], (size_t)len,
					 &hash, NULL), 0);
		if (e2_map_get(map, hash, &before)) {
			found[count] = (struct img_name){ 100 + (e2_ino)count, text[before], 0 };
			found[count + 1] = (struct img_name){ 300 + (e2_ino)count, text[i], 0 };
			count += 2;
		}
		cr_assert_eq(e2_map_set(map, hash, i), 0);
	}
	e2_map_free(map);
	cr_assert_geq(count, 4);
	for (int deep = 0; deep < 2; deep++) {
		img_indexed_dir(&img, DIR, E2_HASH_TEA, found, count, 1, deep);
		struct e2_fs *fs = img_open(&img, NULL);
		cr_assert_eq(find_all(fs, found, count), count);
		e2_close(fs);
	}
	img_free(&img);
	free(text);
}

/* Every byte of root and node set to several values: no name is lost. */
E2_TEST(tree_htree, damaged_index)
{
	static const uint8_t values[] = { 0, 1, 3, 0x7f, 0x80, 0xff };
	struct names *n = make_names();
	struct img img;

	make(&img, 1024, E2_SF_SIGNED_HASH);
	img_indexed_dir(&img, DIR, E2_HASH_HALF_MD4, n->list, 40, 6, true);
	struct e2_inode in = img_inode_get(&img, DIR);
	for (uint32_t i = 0; i < 2; i++) {
		for (uint32_t at = i ? 0 : 24; at < (i ? 48u : 52u); at++) {
			for (size_t v = 0; v < sizeof(values); v++) {
				uint8_t before;

				img_read(&img, in.block[i], at, &before, 1);
				img_write(&img, in.block[i], at, &values[v], 1);
				struct e2_fs *fs = img_open(&img, NULL);
				find_all(fs, n->list, 40);
				e2_close(fs);
				img_write(&img, in.block[i], at, &before, 1);
			}
		}
	}
	img_free(&img);
	free(n);
}

E2_TEST(tree_htree, moved_names)
{
	struct names *n = make_names();
	struct e2_inode in;
	struct img img;

	/* Two leaves changed places: their names are not where the index says. */
	make(&img, 1024, E2_SF_SIGNED_HASH);
	img_indexed_dir(&img, DIR, E2_HASH_TEA, n->list, 40, 6, false);
	in = img_inode_get(&img, DIR);
	uint32_t swap = in.block[1];
	in.block[1] = in.block[3];
	in.block[3] = swap;
	img_inode(&img, DIR, &in);
	struct e2_fs *fs = img_open(&img, NULL);
	unsigned indexed = find_all(fs, n->list, 40);
	cr_assert(indexed > 20 && indexed < 40, "%u", indexed);
	e2_close(fs);
	/* Without the feature the flag means nothing. */
	img.super.feature_compat = 0;
	fs = img_open(&img, NULL);
	cr_assert_eq(find_all(fs, n->list, 40), 0);
	e2_close(fs);
	img_free(&img);
	free(n);
}
