/* SPDX-License-Identifier: MIT */
/* Fields by name, as numbers, their conditions, differences and damage. */
#include "e2test.h"
#include "random.h"

#include "disk/struct.h"

enum { RAW_MAX = 1024 };

static const struct e2_field *find(const char *structure, const char *spec, unsigned *index)
{
	const struct e2_field *f = NULL;

	cr_assert_eq(e2_field_find(e2_struct_find(structure), spec, &f, index), E2_OK, "%s: %s",
		     spec, e2_err_detail());
	return f;
}

E2_TEST(disk_field, names_with_and_without_index)
{
	unsigned index = 99;
	char label[E2_LABEL_MAX];

	cr_assert_str_eq(find("inode", "size", &index)->name, "size");
	cr_assert_eq(index, 0);
	cr_assert_str_eq(find("inode", "block[12]", &index)->name, "block");
	cr_assert_eq(index, 12);
	cr_assert_str_eq(find("inode", "block.14", &index)->name, "block");
	cr_assert_eq(index, 14);
	(void)find("inode", "size[0]", &index);
	cr_assert_eq(index, 0);
	(void)find("inode", "block", &index);
	cr_assert_eq(index, E2_FIELD_WHOLE);
	cr_assert_str_eq(e2_field_label(find("inode", "block", &index), 3, label), "block[3]");
	cr_assert_str_eq(e2_field_label(find("inode", "block", &index), E2_FIELD_WHOLE, label),
			 "block");
	cr_assert_str_eq(e2_field_label(find("inode", "size", &index), 0, label), "size");
}

E2_TEST(disk_field, wrong_names_are_refused_with_a_reason)
{
	static const struct {
		const char *spec;
		int err;
		const char *detail;
	} rows[] = {
		{ "sise", E2_ERR_NOENT, "inode has no field \"sise\"; nearest is size" },
		{ "blok[1]", E2_ERR_NOENT, "inode has no field \"blok\"; nearest is block" },
		{ "zzzzzz", E2_ERR_NOENT, "inode has no field \"zzzzzz\"" },
		{ "", E2_ERR_NOENT, "inode has no field \"\"" },
		{ "a\nb", E2_ERR_NOENT, "inode has no field \"a\\x0ab\"" },
		{ "block[15]", E2_ERR_RANGE, "block: index 15 is not within 0 to 14" },
		{ "block.99999999999999999999", E2_ERR_RANGE, NULL },
		{ "size[1]", E2_ERR_RANGE, "size: index 1 is not within 0 to 0" },
		{ "block[]", E2_ERR_INVAL, "block: an element is written block[0] or block.0" },
		{ "block[1", E2_ERR_INVAL, NULL },
		{ "block[1]x", E2_ERR_INVAL, NULL },
		{ "block.1]", E2_ERR_INVAL, NULL },
		{ "block.", E2_ERR_INVAL, NULL },
		{ "block[-1]", E2_ERR_INVAL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct e2_field *f = NULL;
		unsigned index = 77;

		cr_assert_eq(e2_field_find(e2_struct_find("inode"), rows[i].spec, &f, &index),
			     rows[i].err, "%s", rows[i].spec);
		cr_assert_eq(f, NULL);
		cr_assert_eq(index, 77);
		if (rows[i].detail)
			cr_assert_str_eq(e2_err_detail(), rows[i].detail);
	}
}

/* The bytes that belong to one element: all of a text, both halves of a split number. */
static bool belongs(const struct e2_field *f, unsigned index, unsigned at)
{
	if (e2_field_elements(f) > 1)
		return at - (f->at + 4 * index) < 4;
	return e2_field_covers(f, at);
}

E2_TEST(disk_field, set_then_get_and_nothing_else_changes)
{
	const struct e2_struct *s;
	uint64_t seed = 3;

	for (size_t i = 0; (s = e2_struct_at(i)) != NULL; i++) {
		for (size_t k = 0; k < s->count; k++) {
			const struct e2_field *f = &s->fields[k];
			unsigned bits = e2_field_bits(f);

			for (unsigned index = 0; bits && index < e2_field_elements(f); index++) {
				uint64_t value = random_next(&seed) >> (64 - bits), got = 0;
				uint8_t raw[RAW_MAX], before[RAW_MAX];

				random_fill(raw, sizeof(raw), &seed);
				memcpy(before, raw, sizeof(raw));
				cr_assert_eq(e2_field_set(f, raw, index, value), E2_OK);
				cr_assert_eq(e2_field_get(f, raw, index, &got), E2_OK);
				cr_assert_eq(got, value, "%s.%s[%u]", s->name, f->name, index);
				for (unsigned at = 0; at < sizeof(raw); at++)
					cr_assert(raw[at] == before[at] || belongs(f, index, at));
			}
		}
	}
}

E2_TEST(disk_field, set_refuses_what_does_not_fit)
{
	const struct e2_struct *s;

	for (size_t i = 0; (s = e2_struct_at(i)) != NULL; i++) {
		for (size_t k = 0; k < s->count; k++) {
			const struct e2_field *f = &s->fields[k];
			uint8_t raw[RAW_MAX] = { 0 }, before[RAW_MAX] = { 0 };
			unsigned bits = e2_field_bits(f), elements = e2_field_elements(f);
			uint64_t max = bits ? UINT64_MAX >> (64 - bits) : 0, value = 5;

			if (bits == 0) {
				cr_assert_eq(e2_field_set(f, raw, 0, 0), E2_ERR_INVAL);
				cr_assert_eq(e2_field_get(f, raw, 0, &value), E2_ERR_INVAL);
			} else {
				if (bits < 64)
					cr_assert_eq(e2_field_set(f, raw, 0, max + 1),
						     E2_ERR_RANGE);
				cr_assert_eq(e2_field_set(f, raw, 0, max), E2_OK);
				cr_assert_eq(e2_field_set(f, raw, 0, 0), E2_OK);
				cr_assert_eq(e2_field_set(f, raw, elements, 0), E2_ERR_RANGE);
				cr_assert_eq(e2_field_get(f, raw, E2_FIELD_WHOLE, &value),
					     E2_ERR_RANGE);
			}
			cr_assert_eq(value, 5);
			cr_assert_eq(memcmp(raw, before, sizeof(raw)), 0);
		}
	}
}

E2_TEST(disk_field, messages_name_field_value_and_range)
{
	uint8_t raw[RAW_MAX] = { 0 };
	unsigned index;

	(void)e2_field_set(find("inode", "links_count", &index), raw, 0, 70000);
	cr_assert_str_eq(e2_err_detail(), "links_count: 70000 is not within 0 to 65535");
	(void)e2_field_set(find("inode", "block[3]", &index), raw, 3, (uint64_t)1 << 32);
	cr_assert_str_eq(e2_err_detail(), "block[3]: 4294967296 is not within 0 to 4294967295");
	(void)e2_field_set(find("super", "uuid", &index), raw, 0, 1);
	cr_assert_str_eq(e2_err_detail(), "uuid is no number");
	(void)e2_field_set(find("inode", "block", &index), raw, E2_FIELD_WHOLE, 1);
	cr_assert_str_eq(e2_err_detail(), "block: name one element, block[0] to block[14]");
}

E2_TEST(disk_field, conditions)
{
	static const struct {
		const char *structure, *field;
		struct e2_when_context c;
		unsigned extra;
		bool exists;
	} rows[] = {
		{ "super", "magic", { 0, 1024, false, false }, 0, true },
		{ "super", "first_ino", { 0, 1024, false, false }, 0, false },
		{ "super", "first_ino", { 1, 1024, false, false }, 0, true },
		{ "inode", "mode", { 1, 128, false, false }, 0, true },
		{ "inode", "extra_isize", { 1, 128, false, false }, 0, false },
		{ "inode", "extra_isize", { 1, 256, false, false }, 0, true },
		{ "inode", "checksum_hi", { 1, 256, false, false }, 3, false },
		{ "inode", "checksum_hi", { 1, 256, false, false }, 4, true },
		{ "inode", "projid", { 1, 256, false, false }, 31, false },
		{ "inode", "projid", { 1, 256, false, false }, 32, true },
		{ "inode", "projid", { 1, 256, false, false }, 65535, true },
		{ "inode", "projid", { 1, 159, false, false }, 65535, false },
		{ "inode", "projid", { 1, 128, false, false }, 65535, false },
		{ "acl_entry", "id", { 1, 8, false, false }, 0, false },
		{ "acl_entry", "id", { 1, 8, true, false }, 0, true },
		{ "inode", "translator", { 1, 128, false, false }, 0, false },
		{ "inode", "translator", { 1, 128, false, true }, 0, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t raw[RAW_MAX] = { 0 };
		unsigned index;

		e2_put16(raw + 128, (uint16_t)rows[i].extra);
		cr_assert_eq(e2_field_exists(find(rows[i].structure, rows[i].field, &index), raw,
					     &rows[i].c), rows[i].exists, "row %zu", i);
	}
	for (int when = 0; when < E2_WHEN_COUNT; when++)
		cr_assert_gt(strlen(e2_when_doc(when)), 5);
}

/* ---- differences ------------------------------------------------------- */

E2_TEST(disk_diff, finds_exactly_the_changed_element)
{
	const struct e2_when_context c = { .rev_level = 1, .bytes = 256, .named = true };
	const struct e2_struct *s;
	uint64_t seed = 4;

	for (size_t i = 0; (s = e2_struct_at(i)) != NULL; i++) {
		for (unsigned at = 0; at < s->size; at++) {
			uint8_t a[RAW_MAX], b[RAW_MAX];
			const struct e2_field *f = NULL;
			size_t cursor = 0;
			unsigned index = 0;

			random_fill(a, sizeof(a), &seed);
			if (strcmp(s->name, "inode") == 0)
				e2_put16(a + 128, 32);
			memcpy(b, a, sizeof(a));
			cr_assert_eq(e2_struct_diff(s, a, b, &c, &cursor, &f, &index), 0);
			cr_assert_eq(f, NULL);
			b[at] ^= (uint8_t)(1u << (random_next(&seed) & 7));
			cursor = 0;
			cr_assert_eq(e2_struct_diff(s, a, b, &c, &cursor, &f, &index), 1, "%s 0x%x",
				     s->name, at);
			cr_assert(belongs(f, index, at) && !f->alias);
			cr_assert_eq(e2_struct_diff(s, a, b, &c, &cursor, &f, &index), 0);
			cr_assert_eq(e2_struct_diff(s, a, b, &c, &cursor, &f, &index), 0);
		}
	}
}

E2_TEST(disk_diff, steps_through_several_and_leaves_out_what_is_not_there)
{
	struct e2_when_context c = { .rev_level = 1, .bytes = 256, .hurd = true };
	const struct e2_struct *s = e2_struct_find("inode");
	static const char *const want[] = { "size", "version", "block[0]", "block[14]", "projid" };
	uint8_t a[256] = { 0 }, b[256] = { 0 };
	const struct e2_field *f;
	char label[E2_LABEL_MAX];
	size_t cursor = 0, n = 0;
	unsigned index;

	e2_put16(b + 0x6c, 1);
	e2_put32(b + 0x24, 1);
	e2_put32(b + 0x28, 9);
	e2_put32(b + 0x60, 9);
	e2_put32(b + 0x9c, 9);
	e2_put16(a + 128, 32), e2_put16(b + 128, 32);
	while (e2_struct_diff(s, a, b, &c, &cursor, &f, &index) > 0) {
		cr_assert_lt(n, sizeof(want) / sizeof(*want));
		cr_assert_str_eq(e2_field_label(f, index, label), want[n++]);
	}
	cr_assert_eq(n, 5);

	/* A field that only one of the two has is a difference. */
	e2_put16(a + 128, 28);
	for (cursor = 0, n = 0; e2_struct_diff(s, a, b, &c, &cursor, &f, &index) > 0;)
		n++;
	cr_assert_eq(n, 6);
	e2_put16(b + 128, 28);
	for (cursor = 0, n = 0; e2_struct_diff(s, a, b, &c, &cursor, &f, &index) > 0;)
		n++;
	cr_assert_eq(n, 4);
	c.bytes = 128;
	for (cursor = 0, n = 0; e2_struct_diff(s, a, b, &c, &cursor, &f, &index) > 0;)
		n++;
	cr_assert_eq(n, 4);
}

/* ---- damage ------------------------------------------------------------ */

E2_TEST(disk_mutate, equal_seeds_damage_equally_and_only_the_element)
{
	const struct e2_struct *s;
	uint64_t fill = 5;

	for (size_t i = 0; (s = e2_struct_at(i)) != NULL; i++) {
		for (size_t n = 0; n < s->count * E2_VERBS; n++) {
			const struct e2_field *f = &s->fields[n / E2_VERBS];
			enum e2_verb verb = (enum e2_verb)(n % E2_VERBS);
			unsigned index = e2_field_elements(f) - 1;
			uint8_t raw[RAW_MAX], before[RAW_MAX], again[RAW_MAX];
			uint64_t seed = n, same = n;
			bool changed = false;

			random_fill(raw, sizeof(raw), &fill);
			memcpy(before, raw, sizeof(raw));
			memcpy(again, raw, sizeof(raw));
			e2_field_mutate(f, raw, index, verb, &seed);
			e2_field_mutate(f, again, index, verb, &same);
			cr_assert_eq(memcmp(raw, again, sizeof(raw)), 0);
			cr_assert_eq(seed, same);
			for (unsigned at = 0; at < sizeof(raw); at++) {
				changed = changed || raw[at] != before[at];
				cr_assert(raw[at] == before[at] || belongs(f, index, at),
					  "%s.%s %s", s->name, f->name, e2_verb_name(verb));
				if (verb <= E2_VERB_ONES && belongs(f, index, at))
					cr_assert_eq(raw[at], verb == E2_VERB_ONES ? 0xff : 0);
			}
			cr_assert(changed || verb <= E2_VERB_ONES);
		}
	}
}

E2_TEST(disk_mutate, verbs_do_what_their_names_say)
{
	unsigned index;
	const struct e2_field *f = find("inode", "links_count", &index);
	static const uint16_t want[] = { 0, 0xffff, 0x9234, 0x1334, 0x1235 };
	uint8_t raw[RAW_MAX], text[RAW_MAX];
	uint64_t seed = 6, value;

	for (int verb = 0; verb < E2_VERB_ADD; verb++) {
		(void)e2_field_set(f, raw, 0, 0x1234);
		e2_field_mutate(f, raw, 0, (enum e2_verb)verb, &seed);
		(void)e2_field_get(f, raw, 0, &value);
		cr_assert_eq(value, want[verb], "%s", e2_verb_name((enum e2_verb)verb));
		cr_assert_eq(seed, 6);
	}
	for (int i = 0; i < 50; i++) {
		(void)e2_field_set(f, raw, 0, 0);
		e2_field_mutate(f, raw, 0, E2_VERB_ADD, &seed);
		(void)e2_field_get(f, raw, 0, &value);
		cr_assert(value == 1 || value == 2 || value == 7 || value == 2017);
		(void)e2_field_set(f, raw, 0, 0);
		e2_field_mutate(f, raw, 0, E2_VERB_SUB, &seed);
		(void)e2_field_get(f, raw, 0, &value);
		cr_assert(value == 0xffff || value == 0xfffe || value == 0xfff9 || value == 0xf81f);
	}
	/* One bit has two values: random must find the other. */
	f = find("dirent", "name_len", &index);
	for (unsigned i = 0; i < 2000; i++) {
		raw[6] = (uint8_t)i;
		e2_field_mutate(f, raw, 0, E2_VERB_RANDOM, &seed);
		cr_assert_neq(raw[6], (uint8_t)i);
	}
	/* Text is one long number, its lowest byte first. */
	f = find("super", "volume_name", &index);
	memset(text, 0, sizeof(text));
	e2_field_mutate(f, text, 0, E2_VERB_FIRSTBIT, &seed);
	e2_field_mutate(f, text, 0, E2_VERB_MIDDLEBIT, &seed);
	e2_field_mutate(f, text, 0, E2_VERB_LASTBIT, &seed);
	cr_assert(text[f->at + 15] == 0x80 && text[f->at + 8] == 0x10 && text[f->at] == 1);
	/* An element that does not exist is left alone. */
	f = find("inode", "block", &index);
	memset(text, 0, sizeof(text));
	e2_field_mutate(f, text, 15, E2_VERB_ONES, &seed);
	for (unsigned at = 0; at < sizeof(text); at++)
		cr_assert_eq(text[at], 0);
	for (int verb = 0; verb < E2_VERBS; verb++)
		cr_assert_gt(strlen(e2_verb_doc((enum e2_verb)verb)), 5);
	cr_assert_str_eq(e2_verb_name(E2_VERB_MIDDLEBIT), "middlebit");
}
