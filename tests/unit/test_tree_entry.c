/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "tree/tree.h"

#include <string.h>

static struct e2_geometry geometry(uint32_t block_size, bool filetype)
{
	return (struct e2_geometry){ .block_size = block_size, .filetype = filetype };
}

static void put(uint8_t *block, uint32_t at, uint32_t ino, uint16_t rec_len, uint8_t name_len,
		uint8_t type)
{
	struct e2_dirent d = { ino, rec_len, name_len, type };

	e2_dirent_encode(&d, block + at);
}

E2_TEST(tree_entry, bounds)
{
	static const struct {
		uint32_t at;
		uint16_t rec_len;
		uint8_t name_len;
		int result;
	} cases[] = {
		{ 0, 12, 4, 1 }, { 0, 1024, 255, 1 }, { 0, 12, 5, E2_ERR_CORRUPT },
		{ 0, 264, 255, 1 }, { 0, 260, 255, E2_ERR_CORRUPT },
		{ 0, 8, 0, E2_ERR_CORRUPT }, { 0, 0, 0, E2_ERR_CORRUPT }, 
		{ 0, 11, 1, E2_ERR_CORRUPT }, 
		{ 0, 13, 1, E2_ERR_CORRUPT }, { 0, 14, 1, E2_ERR_CORRUPT },
		{ 0, 1028, 1, E2_ERR_CORRUPT }, { 0, 65535, 1, E2_ERR_CORRUPT },
		{ 1012, 12, 4, 1 }, { 1012, 16, 4, E2_ERR_CORRUPT },
		{ 1016, 8, 0, E2_ERR_CORRUPT }, { 1020, 12, 1, E2_ERR_CORRUPT },
		{ 1024, 12, 1, 0 }, { 1028, 12, 1, E2_ERR_CORRUPT }, { 2, 12, 1, E2_ERR_CORRUPT },
		{ UINT32_MAX, 12, 1, E2_ERR_CORRUPT },
	};
	struct e2_geometry g = geometry(1024, true);
	uint8_t block[2048] = { 0 };
	struct e2_entry e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].at < 2000)
			put(block, cases[i].at, 7, cases[i].rec_len, cases[i].name_len, E2_FT_REG);
		int r = e2_entry_at(&g, block, cases[i].at, &e);
		cr_assert_eq(r, cases[i].result, "case %zu: %d", i, r);
		if (r != 1)
			continue;
		cr_assert_eq(e.rec_len, cases[i].rec_len);
		cr_assert_eq(e.name_len, cases[i].name_len);
		cr_assert_eq(e.offset, cases[i].at);
		cr_assert_eq(e.name, block + cases[i].at + 8);
		cr_assert_eq(e.ino, 7);
		cr_assert_eq(e.file_type, E2_FT_REG);
	}
}

E2_TEST(tree_entry, records_of_64_kib)
{
	struct e2_geometry g = geometry(65536, true), half = geometry(32768, true);
	uint8_t *block = calloc(1, 65536);
	struct e2_entry e;

	cr_assert_not_null(block);
	for (uint16_t stored = 0;; stored = UINT16_MAX) {
		put(block, 0, 0, stored, 0, 0);
		cr_assert_eq(e2_entry_at(&g, block, 0, &e), 1);
		cr_assert_eq(e.rec_len, 65536);
		cr_assert_eq(e2_entry_at(&half, block, 0, &e), E2_ERR_CORRUPT);
		put(block, 12, 3, stored, 1, 0);
		cr_assert_eq(e2_entry_at(&g, block, 12, &e), E2_ERR_CORRUPT, "past the end");
		if (stored)
			break;
	}
	put(block, 12, 3, 65524, 1, 0);
	cr_assert_eq(e2_entry_at(&g, block, 12, &e), 1);
	cr_assert_eq(e.rec_len, 65524);
	free(block);
}

E2_TEST(tree_entry, without_filetype)
{
	struct e2_geometry g = geometry(1024, false);
	uint8_t block[1024] = { 0 };
	struct e2_entry e;

	put(block, 0, 7, 12, 3, E2_FT_DIR);
	cr_assert_eq(e2_entry_at(&g, block, 0, &e), 1);
	cr_assert_eq(e.file_type, E2_FT_UNKNOWN);
	cr_assert_eq(e.name_len, 3, "the high byte is ignored, as the kernel does");
}

E2_TEST(tree_entry, sizes)
{
	cr_assert_eq(e2_entry_bytes(0), 8);
	cr_assert_eq(e2_entry_bytes(1), 12);
	cr_assert_eq(e2_entry_bytes(4), 12);
	cr_assert_eq(e2_entry_bytes(5), 16);
	cr_assert_eq(e2_entry_bytes(255), 264);
}

E2_TEST(tree_entry, names)
{
	uint8_t longest[256];
	static const struct { const char *name; size_t len; const char *problem; } cases[] = {
		{ "", 0, "is empty" }, { ".", 1, "is \".\"" }, { "..", 2, "is \"..\"" },
		{ "...", 3, NULL }, { ".a", 2, NULL }, { "a/b", 3, "contains a slash" },
		{ "/", 1, "contains a slash" }, { "a\0b", 3, "contains a NUL" }, 
		{ "a\n\xff", 3, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *p = e2_name_problem((const uint8_t *)cases[i].name, cases[i].len);
		if (cases[i].problem)
			cr_assert_str_eq(p, cases[i].problem);
		else
			cr_assert_null(p);
	}
	memset(longest, 'x', sizeof(longest));
	cr_assert_null(e2_name_problem(longest, 255));
	cr_assert_str_eq(e2_name_problem(longest, 256), "is longer than 255 bytes");
}
