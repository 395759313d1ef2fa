/* SPDX-License-Identifier: MIT */
/*
 * Damage on purpose, field by field: the raw material of tests of programs that
 * must survive any image.  The verbs are those that xfs_db and xfstests made usual.
 */
#include "disk/struct.h"

static const struct {
	const char *name, *doc;
} verbs[] = {
#define VERB(verb, id, doc) { #verb, doc },
	E2_VERB_LIST(VERB)
};

const char *e2_verb_name(enum e2_verb verb)
{
	return verbs[verb].name;
}

const char *e2_verb_doc(enum e2_verb verb)
{
	return verbs[verb].doc;
}

/* The next number of a sequence that the seed fixes (splitmix64). */
static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t small_random(uint64_t *seed)
{
	static const uint16_t small[] = { 1, 2, 7, 2017 };

	return small[next_random(seed) % (sizeof(small) / sizeof(*small))];
}

static uint64_t mutate_number(uint64_t value, unsigned bits, enum e2_verb verb, uint64_t *seed)
{
	uint64_t mask = UINT64_MAX >> (64 - bits), other;

	switch (verb) {
	case E2_VERB_ZEROES:
		return 0;
	case E2_VERB_ONES:
		return mask;
	case E2_VERB_FIRSTBIT:
		return value ^ (uint64_t)1 << (bits - 1);
	case E2_VERB_MIDDLEBIT:
		return value ^ (uint64_t)1 << bits / 2;
	case E2_VERB_LASTBIT:
		return value ^ 1;
	case E2_VERB_ADD:
		return (value + small_random(seed)) & mask;
	case E2_VERB_SUB:
		return (value - small_random(seed)) & mask;
	default:
		other = next_random(seed) & mask;
		return other != value ? other : value ^ 1;
	}
}

/* Sums keep to the lowest byte, which is the first; one bit is flipped in one byte. */
static void mutate_bytes(uint8_t *p, size_t len, enum e2_verb verb, uint64_t *seed)
{
	size_t first = 0, count = 1;

	if (verb == E2_VERB_FIRSTBIT)
		first = len - 1;
	else if (verb == E2_VERB_MIDDLEBIT)
		first = len / 2;
	else if (verb == E2_VERB_ZEROES || verb == E2_VERB_ONES || verb == E2_VERB_RANDOM)
		count = len;
	for (size_t i = first; i < first + count; i++)
		p[i] = (uint8_t)mutate_number(p[i], 8, verb, seed);
}

void e2_field_mutate(const struct e2_field *f, uint8_t *raw, unsigned index, enum e2_verb verb,
		     uint64_t *seed)
{
	uint64_t value;

	if (e2_field_bits(f) == 0)
		mutate_bytes(raw + f->at, f->arg, verb, seed);
	else if (e2_field_get(f, raw, index, &value) == E2_OK)
		(void)e2_field_set(f, raw, index,	/* fits: it has as many bits */
				   mutate_number(value, e2_field_bits(f), verb, seed));
}
