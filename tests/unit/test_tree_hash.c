/* SPDX-License-Identifier: MIT */
/* Hashes of names.  The numbers are debugfs's (dx_hash, htree), which agree with the kernel's. */
#include "e2test.h"
#include "tree/tree.h"

#include <stdio.h>
#include <string.h>

#define N255 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

static const char *const names[] = {
	"a", "hello", "0123456789abcdef", "0123456789abcdefg", "0123456789abcdef0123456789abcde",
	"0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdefX",
	"h\xc3\xa9llo\xe2\x98\x83", "\xff\xfe\x80x", N255 N255 N255 N255 N255,
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static const uint32_t signed_hashes[3][NAMES][2] = {
	[E2_HASH_LEGACY] = {
		{ 0xe74b53e2, 0 }, { 0x32252546, 0 }, { 0x415c16fe, 0 }, { 0xfa356a68, 0 },
		{ 0x454478f2, 0 }, { 0x6d4a15ee, 0 }, { 0x6b869690, 0 }, { 0x4e8e6162, 0 },
		{ 0xdd08268e, 0 }, { 0x88e1750a, 0 },
	},
	[E2_HASH_HALF_MD4] = {
		{ 0xd5fa7d7a, 0xacb48187 }, { 0x1746da32, 0x420013b5 }, { 0x8cb502b6, 0x5acf4f33 },
		{ 0x3808cb0e, 0x9fb9d3a1 }, { 0x370d91dc, 0x70a2fec8 }, { 0x36184620, 0xc959df59 },
		{ 0x75e0fd86, 0x42338bcb }, { 0x97d0a7a4, 0x67bbecde }, { 0x7252c798, 0x89c054ce },
		{ 0xc0f8fde8, 0xa0c44aea },
	},
	[E2_HASH_TEA] = {
		{ 0x6d0ea4c0, 0xc18922df }, { 0x6f5bb1a8, 0x231917c2 }, { 0x5a0788b2, 0xefa4e711 },
		{ 0xfb1a23ec, 0xb1ba9f3a }, { 0x34119394, 0xa7742d89 }, { 0xcbe95e3c, 0x17627589 },
		{ 0x993c84be, 0x64feec4c }, { 0x44edf32e, 0xc4deddff }, { 0x5d4adca8, 0x91985f6e },
		{ 0x04156e7c, 0x5ae99eca },
	},
};

static void check(unsigned version, const uint32_t *seed, const char *name, uint32_t major,
		  uint32_t minor)
{
	uint32_t got[2] = { 1, 1 };

	cr_assert_eq(e2_dir_hash(version, seed, name, strlen(name), &got[0], &got[1]), 0);
	cr_assert(got[0] == major && got[1] == minor, "version %u, %s: %08x %08x, not %08x %08x",
		  version, name, got[0], got[1], major, minor);
}

E2_TEST(tree_hash, vectors)
{
	static const uint32_t zero[4];

	for (unsigned v = 0; v < 3; v++) {
		for (size_t i = 0; i < NAMES; i++) {
			check(v, zero, names[i], signed_hashes[v][i][0], signed_hashes[v][i][1]);
			check(v, NULL, names[i], signed_hashes[v][i][0], signed_hashes[v][i][1]);
			if (i != 7 && i != 8)	/* without high bytes both kinds agree */
				check(v + 3, zero, names[i], signed_hashes[v][i][0],
				      signed_hashes[v][i][1]);
		}
	}
	check(E2_HASH_LEGACY_U, zero, names[7], 0x97aebd58, 0);
	check(E2_HASH_HALF_MD4_U, zero, names[7], 0x40ed1d46, 0xff57543b);
	check(E2_HASH_TEA_U, zero, names[7], 0x04174c20, 0xf9e67ba7);
}

E2_TEST(tree_hash, seed)
{
	const uint32_t seed[4] = { 0x11111111, 5, 6, 7 }, last[4] = { 0, 0, 0, 1 };
	uint32_t major;

	check(E2_HASH_HALF_MD4, seed, "hello", 0x51569e14, 0x7d70f858);
	check(E2_HASH_LEGACY, seed, "hello", 0x32252546, 0);
	cr_assert_eq(e2_dir_hash(E2_HASH_TEA, last, "hello", 5, &major, NULL), 0);
	cr_assert_neq(major, 0x6f5bb1a8, "one word of a seed counts");
}

E2_TEST(tree_hash, limits)
{
	uint32_t major = 1;
	char name[12];

	cr_assert_eq(e2_dir_hash(6, NULL, "a", 1, &major, NULL), E2_ERR_INVAL);
	cr_assert_eq(major, 1);
	for (unsigned i = 0; i < 20000; i++) {
		int len = snprintf(name, sizeof(name), "n%u", i);
		cr_assert_eq(e2_dir_hash(i % 6, NULL, name, (size_t)len, &major, NULL), 0);
		cr_assert_eq(major & 1, 0, "bit 0 is for collisions");
		cr_assert_lt(major, 0xfffffffe, "the highest hash marks the end");
	}
}
