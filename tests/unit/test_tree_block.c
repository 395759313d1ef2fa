/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "image_tree.h"
#include "random.h"
#include "tree/dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All entries in use, "name:ino " each; "!" where the records end too soon. */
static void list(const struct e2_geometry *g, const uint8_t *block, struct e2_str *out)
{
	struct e2_entry e;
	int r;

	e2_str_truncate(out, 0);
	for (uint32_t at = 0; (r = e2_entry_at(g, block, at, &e)) > 0; at += e.rec_len)
		if (e.ino)
			e2_str_addf(out, "%.*s:%u ", e.name_len, (const char *)e.name, e.ino);
	if (r < 0)
		e2_str_add(out, "!");
}

static int put(const struct e2_geometry *g, uint8_t *block, const char *name, e2_ino ino)
{
	struct e2_entry e = { .ino = ino, .file_type = E2_FT_REG, .name = (const uint8_t *)name,
			      .name_len = (uint16_t)strlen(name) };

	return e2_block_insert(g, block, &e, NULL);
}

static void expect(const struct e2_geometry *g, const uint8_t *block, const char *wanted)
{
	struct e2_str out = E2_STR_INIT;

	list(g, block, &out);
	cr_assert_str_eq(e2_str_text(&out), wanted);
	e2_str_free(&out);
}

static uint32_t room_of(const struct e2_geometry *g, const uint8_t *block)
{
	uint32_t room = 0;

	cr_assert_eq(e2_block_room(g, block, &room), 0);
	return room;
}

E2_TEST(tree_block, gaps)
{
	for (uint32_t size = 1024; size <= E2_BLOCK_SIZE_MAX; size *= 2) {
		struct e2_geometry g = { .block_size = size, .filetype = true };
		uint8_t *block = malloc(size);
		struct e2_entry e;

		memset(block, 0xaa, size);
		e2_block_clear(&g, block);
		cr_assert_eq(room_of(&g, block), size);
		expect(&g, block, "");
		cr_assert_eq(put(&g, block, "one", 11), 1);
		cr_assert_eq(put(&g, block, "second", 12), 1);
		cr_assert_eq(put(&g, block, "3", 13), 1);
		expect(&g, block, "one:11 second:12 3:13 ");
		cr_assert_eq(room_of(&g, block), size - 12 - 16 - 12);
		/* The last record takes the rest. */
		cr_assert_eq(e2_entry_at(&g, block, 28, &e), 1);
		cr_assert_eq(e.rec_len, size - 28);
		/* A name that went leaves its bytes, and its room to the one before. */
		cr_assert_eq(e2_block_remove(&g, block, 12), 0);
		expect(&g, block, "one:11 3:13 ");
		cr_assert_arr_eq(block + 12 + E2_DIRENT_BYTES, "second", 6);
		cr_assert_eq(put(&g, block, "four", 14), 1);
		expect(&g, block, "one:11 four:14 3:13 ");
		/* The first one has none before it. */
		cr_assert_eq(e2_block_remove(&g, block, 0), 0);
		expect(&g, block, "four:14 3:13 ");
		cr_assert_eq(e2_entry_at(&g, block, 0, &e), 1);
		cr_assert_eq(e.ino, 0);
		cr_assert_eq(put(&g, block, "5", 15), 1);
		expect(&g, block, "5:15 four:14 3:13 ");
		cr_assert_eq(e2_block_retarget(&g, block, 0, 99, E2_FT_DIR), 0);
		cr_assert_eq(e2_entry_at(&g, block, 0, &e), 1);
		cr_assert(e.ino == 99 && e.file_type == E2_FT_DIR && e.name[0] == '5');
		free(block);
	}
}

/* A record that covers 64 KiB, which 16 bits cannot say, is made of two and split again. */
E2_TEST(tree_block, whole_block_of_64k)
{
	struct e2_geometry g = { .block_size = E2_BLOCK_SIZE_MAX, .filetype = true };
	uint8_t *block = malloc(g.block_size);
	struct e2_entry e;

	e2_block_clear(&g, block);
	cr_assert_eq(e2_get16(block + 4), UINT16_MAX);
	cr_assert_eq(put(&g, block, "a", 11), 1);
	cr_assert_eq(e2_entry_at(&g, block, 0, &e), 1);
	cr_assert_eq(e.rec_len, E2_BLOCK_SIZE_MAX);
	cr_assert_eq(put(&g, block, "b", 12), 1);
	cr_assert_eq(e2_block_remove(&g, block, 12), 0);
	cr_assert_eq(e2_entry_at(&g, block, 0, &e), 1);
	cr_assert_eq(e.rec_len, E2_BLOCK_SIZE_MAX);
	expect(&g, block, "a:11 ");
	free(block);
}

E2_TEST(tree_block, without_file_types)
{
	struct e2_geometry g = { .block_size = 1024, .filetype = false };
	uint8_t block[1024];

	e2_block_clear(&g, block);
	cr_assert_eq(put(&g, block, "a", 11), 1);
	cr_assert_eq(block[7], 0);
	cr_assert_eq(e2_block_retarget(&g, block, 0, 12, E2_FT_DIR), 0);
	cr_assert_eq(block[7], 0);
	expect(&g, block, "a:12 ");
}

/* What is odd is refused, and stays as it is. */
E2_TEST(tree_block, damage)
{
	struct e2_geometry g = { .block_size = 1024, .filetype = true };
	static const uint16_t lengths[] = { 0, 4, 8, 10, 1016, 1020, 1024, 2048, 65535 };
	uint8_t block[1024], before[1024];
	uint32_t room;

	e2_block_clear(&g, block);
	cr_assert_eq(put(&g, block, "a", 11), 1);
	cr_assert_eq(put(&g, block, "b", 12), 1);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		e2_put16(block + 12 + 4, lengths[i]);
		memcpy(before, block, sizeof(block));
		cr_assert_eq(e2_block_room(&g, block, &room), E2_ERR_CORRUPT, "%u", lengths[i]);
		cr_assert_eq(put(&g, block, "c", 13), E2_ERR_CORRUPT);
		cr_assert_eq(e2_block_remove(&g, block, 0), E2_ERR_CORRUPT);
		cr_assert_eq(e2_block_remove(&g, block, 12), E2_ERR_CORRUPT);
		cr_assert_eq(e2_block_retarget(&g, block, 12, 5, 1), E2_ERR_CORRUPT);
		cr_assert_arr_eq(block, before, sizeof(block));
	}
	e2_block_clear(&g, block);
	cr_assert_eq(e2_block_remove(&g, block, 12), E2_ERR_CORRUPT, "no entry there");
	cr_assert_eq(e2_block_retarget(&g, block, 1024, 5, 1), E2_ERR_CORRUPT);
	cr_assert_eq(e2_block_retarget(&g, block, 1016, 5, 1), E2_ERR_CORRUPT);
}

/* Thousands of names come and go; every one that should be there is, and room is told true. */
E2_TEST(tree_block, random)
{
	enum { NAMES = 60, STEPS = 4000 };

	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct e2_geometry g = { .block_size = 1024, .filetype = seed % 2 };
		uint8_t block[1024];
		bool there[NAMES] = { 0 };
		char name[NAMES][40];
		struct e2_entry e;
		uint64_t s = seed;
		unsigned full = 0;

		for (unsigned i = 0; i < NAMES; i++)
			snprintf(name[i], sizeof(name[i]), "%u%.*s", i,
				 (int)(random_next(&s) % 30), "abcdefghijklmnopqrstuvwxyzabcd");
		e2_block_clear(&g, block);
		for (unsigned step = 0; step < STEPS; step++) {
			unsigned i = random_next(&s) % NAMES, count = 0;
			uint32_t at = 0, room = room_of(&g, block);
			int r;

			if (!there[i]) {
				r = put(&g, block, name[i], i + 11);
				cr_assert_eq(r, room >= e2_entry_bytes((uint32_t)strlen(name[i])));
				there[i] = r > 0;
				full += r == 0;
			} else {
				while (e2_entry_at(&g, block, at, &e) > 0 && e.ino != i + 11)
					at += e.rec_len;
				cr_assert_eq(e2_block_remove(&g, block, at), 0);
				there[i] = false;
			}
			for (at = 0; (r = e2_entry_at(&g, block, at, &e)) > 0; at += e.rec_len) {
				if (!e.ino)
					continue;
				count++;
				cr_assert(there[e.ino - 11]);
				cr_assert_eq(e.name_len, strlen(name[e.ino - 11]));
			}
			cr_assert_eq(r, 0);
			for (unsigned k = 0; k < NAMES; k++)
				count -= there[k];
			cr_assert_eq(count, 0);
		}
		cr_assert_gt(full, 10, "the block was never full");
	}
}
