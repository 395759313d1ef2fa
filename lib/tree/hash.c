/* SPDX-License-Identifier: MIT */
/*
 * Hashes of names for directory indexes: legacy, half MD4 and TEA.
 *
 * A name is cut into pieces of 32 (half MD4) or 16 bytes (TEA); each piece is
 * packed into words, most significant byte first, short ones filled up with
 * words made of the remaining length, and mixed into a state of four words.
 * Each exists with signed and with unsigned characters: the superblock says
 * which a volume uses.
 * Source: kernel, Documentation/filesystems/ext4/directory.rst; RFC 1320 (MD4);
 * Wheeler and Needham, "TEA, a Tiny Encryption Algorithm".
 */
#include "tree/tree.h"

enum { MD4_WORDS = 8, TEA_WORDS = 4 };

static inline uint32_t rotate(uint32_t v, unsigned by)
{
	return v << by | v >> (32 - by);
}

/* A character as the variant sees it, widened to a word. */
static uint32_t character(uint8_t c, bool is_signed)
{
	return is_signed && c >= 0x80 ? (uint32_t)c | 0xffffff00u : c;
}

/* Packs one piece; left is what remains of the name from here on. */
static void pack(const uint8_t *name, size_t left, bool is_signed, uint32_t *words, size_t count)
{
	uint32_t fill = (uint32_t)left | (uint32_t)left << 8, word;
	size_t used = left < count * 4 ? left : count * 4, i = 0, n;

	fill |= fill << 16;
	for (n = 0; n < count; n++) {
		word = fill;
		for (size_t end = (n + 1) * 4; i < used && i < end; i++)
			word = character(name[i], is_signed) + (word << 8);
		words[n] = word;
	}
}

static inline uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
	return (x & y) | (~x & z);
}

static inline uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
	return (x & y) | (x & z) | (y & z);
}

static inline uint32_t parity(uint32_t x, uint32_t y, uint32_t z)
{
	return x ^ y ^ z;
}

/* MD4 with half as many steps in each of its three rounds; written out, since every name of an
 * indexed directory passes here when it is checked. */
#define STEP(mix, a, b, c, d, word, by) ((a) = rotate((a) + mix(b, c, d) + (word), by))
#define FOUR(mix, add, s0, s1, s2, s3, w0, w1, w2, w3) \
	(STEP(mix, a, b, c, d, words[w0] + (add), s0), \
	 STEP(mix, d, a, b, c, words[w1] + (add), s1), \
	 STEP(mix, c, d, a, b, words[w2] + (add), s2), \
	 STEP(mix, b, c, d, a, words[w3] + (add), s3))

static void half_md4(uint32_t state[4], const uint32_t words[MD4_WORDS])
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	FOUR(choose, 0, 3, 7, 11, 19, 0, 1, 2, 3);
	FOUR(choose, 0, 3, 7, 11, 19, 4, 5, 6, 7);
	FOUR(majority, 0x5a827999u, 3, 5, 9, 13, 1, 3, 5, 7);
	FOUR(majority, 0x5a827999u, 3, 5, 9, 13, 0, 2, 4, 6);
	FOUR(parity, 0x6ed9eba1u, 3, 9, 11, 15, 3, 7, 2, 6);
	FOUR(parity, 0x6ed9eba1u, 3, 9, 11, 15, 1, 5, 0, 4);
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

static void tea(uint32_t state[4], const uint32_t key[TEA_WORDS])
{
	uint32_t sum = 0, x = state[0], y = state[1];

	for (int i = 0; i < 16; i++) {
		sum += 0x9e3779b9;
		x += ((y << 4) + key[0]) ^ (y + sum) ^ ((y >> 5) + key[1]);
		y += ((x << 4) + key[2]) ^ (x + sum) ^ ((x >> 5) + key[3]);
	}
	state[0] += x;
	state[1] += y;
}

static uint32_t legacy(const uint8_t *name, size_t len, bool is_signed)
{
	uint32_t last = 0x12a3fe2d, before = 0x37abe8f9, next;

	for (size_t i = 0; i < len; i++) {
		next = before + (last ^ character(name[i], is_signed) * 7152373u);
		if (next & 0x80000000u)
			next -= 0x7fffffffu;
		before = last;
		last = next;
	}
	return last << 1;
}

int e2_dir_hash(unsigned version, const uint32_t seed[4], const void *name, size_t len,
		uint32_t *major, uint32_t *minor)
{
	uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	uint32_t words[MD4_WORDS], hash = 0, second = 0;
	bool is_signed = version <= E2_HASH_TEA;
	const uint8_t *at = name;

	if (version > E2_HASH_TEA_U)
		return e2_fail(E2_ERR_INVAL, "hash version %u is unknown", version);
	if (seed && (seed[0] | seed[1] | seed[2] | seed[3]))
		for (int i = 0; i < 4; i++)
			state[i] = seed[i];
	switch (is_signed ? version : version - E2_HASH_LEGACY_U) {
	case E2_HASH_LEGACY:
		hash = legacy(at, len, is_signed);
		break;
	case E2_HASH_HALF_MD4:
		for (size_t done = 0; done < len; done += MD4_WORDS * 4) {
			pack(at + done, len - done, is_signed, words, MD4_WORDS);
			half_md4(state, words);
		}
		hash = state[1];
		second = state[2];
		break;
	default:
		for (size_t done = 0; done < len; done += TEA_WORDS * 4) {
			pack(at + done, len - done, is_signed, words, TEA_WORDS);
			tea(state, words);
		}
		hash = state[0];
		second = state[1];
	}
	/* Bit 0 marks collisions in an index; the highest value marks its end. */
	hash &= ~1u;
	if (hash == 0xfffffffeu)
		hash = 0xfffffffcu;
	*major = hash;
	if (minor)
		*minor = second;
	return 0;
}
