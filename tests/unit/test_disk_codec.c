/* SPDX-License-Identifier: MIT */
/* The tables themselves, and bytes to structs and back. */
#include "e2test.h"
#include "random.h"

#include "disk/consts.h"
#include "disk/struct.h"

enum { ROUNDS = 2000, RAW_MAX = 1024 };

E2_TEST(disk_tables, every_byte_is_in_exactly_one_row)
{
	const struct e2_struct *s;

	for (size_t i = 0; (s = e2_struct_at(i)) != NULL; i++) {
		for (unsigned at = 0; at < s->size; at++) {
			unsigned rows = 0;

			for (size_t k = 0; k < s->count; k++)
				rows += !s->fields[k].alias && e2_field_covers(&s->fields[k], at);
			cr_assert_eq(rows, 1, "%s: byte 0x%x is in %u rows", s->name, at,
				     rows);
		}
		for (size_t k = 0; k < s->count; k++)
			cr_assert_not(e2_field_covers(&s->fields[k], s->size),
				      "%s.%s passes the end", s->name, s->fields[k].name);
	}
	cr_assert_eq(e2_struct_at(1000), NULL);
}

/* An alias starts inside the structure and lies over bytes of proper rows. */
E2_TEST(disk_tables, aliases_lie_over_other_rows)
{
	const struct e2_struct *s = e2_struct_find("inode");
	unsigned aliases = 0;

	for (size_t i = 0; i < s->count; i++)
		aliases += s->fields[i].alias;
	cr_assert_eq(aliases, 5);
	cr_assert(e2_field_covers(&s->fields[s->count - 1], 0x7f));
	cr_assert_not(e2_field_covers(&s->fields[s->count - 1], 0x7b));
}

E2_TEST(disk_tables, names_are_unique_and_told)
{
	const struct e2_struct *s;

	for (size_t i = 0; (s = e2_struct_at(i)) != NULL; i++) {
		cr_assert_eq(e2_struct_find(s->name), s);
		cr_assert_gt(strlen(s->doc), 10);
		for (size_t k = 0; k < s->count; k++) {
			const struct e2_field *f = &s->fields[k];

			cr_assert_geq(strlen(f->doc), 1, "%s.%s", s->name, f->name);
			cr_assert_lt(strlen(f->name) + 8, E2_LABEL_MAX);
			for (size_t j = 0; j < k; j++)
				cr_assert_str_neq(f->name, s->fields[j].name);
		}
	}
	cr_assert_eq(e2_struct_find("superblock"), NULL);
}

/* The widths people rely on, kind by kind. */
E2_TEST(disk_tables, kinds_have_their_widths)
{
	static const struct {
		const char *structure, *field;
		unsigned bits, elements;
	} rows[] = {
		{ "group", "flags", 16, 1 }, { "super", "inodes_count", 32, 1 },
		{ "super", "kbytes_written", 64, 1 }, { "dirent", "name_len", 8, 1 },
		{ "inode", "uid", 32, 1 }, { "inode", "size", 64, 1 }, { "inode", "block", 32, 15 },
		{ "super", "uuid", 0, 1 }, { "super", "volume_name", 0, 1 },
		{ "super", "reserved", 0, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct e2_field *f;
		unsigned index;

		cr_assert_eq(e2_field_find(e2_struct_find(rows[i].structure), rows[i].field, &f,
					   &index), E2_OK);
		cr_assert_eq(e2_field_bits(f), rows[i].bits, "%s", rows[i].field);
		cr_assert_eq(e2_field_elements(f), rows[i].elements, "%s", rows[i].field);
	}
}

/* ---- decode, encode, and the same value through the description --------- */

static void decode_inode(struct e2_inode *to, const uint8_t *raw)
{
	e2_inode_decode(to, raw, 256);
}

static void encode_inode(const struct e2_inode *from, uint8_t *raw)
{
	e2_inode_encode(from, raw, 256);
}

static void decode_acl_entry(struct e2_acl_entry *to, const uint8_t *raw)
{
	e2_acl_entry_decode(to, raw, true);
}

static void encode_acl_entry(const struct e2_acl_entry *from, uint8_t *raw)
{
	e2_acl_entry_encode(from, raw, true);
}

static const struct e2_field *field_of(const char *structure, const char *name)
{
	const struct e2_field *f = NULL;
	unsigned index;

	cr_assert_eq(e2_field_find(e2_struct_find(structure), name, &f, &index), E2_OK);
	return f;
}

static void same_number(const struct e2_field *f, const uint8_t *raw, unsigned index, uint64_t v)
{
	uint64_t value = ~v;

	cr_assert_eq(e2_field_get(f, raw, index, &value), E2_OK);
	cr_assert_eq(value, v, "%s[%u]", f->name, index);
}

static void same_vector(const struct e2_field *f, const uint8_t *raw, const uint32_t *v)
{
	for (unsigned i = 0; i < e2_field_elements(f); i++)
		same_number(f, raw, i, v[i]);
}

static void same_bytes(const struct e2_field *f, const uint8_t *raw, const uint8_t *v)
{
	cr_assert_eq(memcmp(raw + f->at, v, f->arg), 0, "%s", f->name);
}

#define SAME_u8(f, raw, v) same_number(f, raw, 0, v)
#define SAME_u16(f, raw, v) same_number(f, raw, 0, v)
#define SAME_u32(f, raw, v) same_number(f, raw, 0, v)
#define SAME_u64(f, raw, v) same_number(f, raw, 0, v)
#define SAME_split16(f, raw, v) same_number(f, raw, 0, v)
#define SAME_split32(f, raw, v) same_number(f, raw, 0, v)
#define SAME_u32v(f, raw, v) same_vector(f, raw, v)
#define SAME_text(f, raw, v) same_bytes(f, raw, v)
#define SAME_uuid(f, raw, v) same_bytes(f, raw, v)
#define SAME_bytes(f, raw, v) same_bytes(f, raw, v)

#define DECODE_plain(name) e2_##name##_decode
#define ENCODE_plain(name) e2_##name##_encode
#define DECODE_own(name) decode_##name
#define ENCODE_own(name) encode_##name

/* fields_NAME: every member equals what e2_field_get reads. */
#define STRUCT(name, codec, bytes, doc) \
	static void fields_##name(const struct e2_##name *x, const uint8_t *raw) { \
		const char *structure = #name;
#define F(kind, name, at, arg, fmt, when, doc) \
	SAME_##kind(field_of(structure, #name), raw, x->name);
#define END(name) }
#include "disk/structs.def"

/* check_NAME: encoding what was decoded gives the bytes again, and touches no other. */
#define STRUCT(name, codec, bytes, doc) \
	static void check_##name(const uint8_t *raw, uint8_t *again) { \
		struct e2_##name x; \
		DECODE_##codec(name)(&x, raw); \
		fields_##name(&x, raw); \
		ENCODE_##codec(name)(&x, again); \
	}
#include "disk/structs.def"

static const struct {
	const char *name;
	size_t bytes;
	void (*check)(const uint8_t *raw, uint8_t *again);
} codecs[] = {
#define STRUCT(name, codec, bytes, doc) { #name, bytes, check_##name },
#include "disk/structs.def"
};

E2_TEST(disk_codec, random_bytes_survive_decode_and_encode)
{
	uint8_t raw[RAW_MAX + 8], again[RAW_MAX + 8];
	uint64_t seed = 1;

	for (size_t i = 0; i < sizeof(codecs) / sizeof(*codecs); i++) {
		for (unsigned round = 0; round < ROUNDS / 4; round++) {
			random_fill(raw, sizeof(raw), &seed);
			if (strcmp(codecs[i].name, "inode") == 0)
				e2_put16(raw + E2_INODE_BYTES, 32);
			memset(again, 0x5a, sizeof(again));
			codecs[i].check(raw, again);
			cr_assert_eq(memcmp(raw, again, codecs[i].bytes), 0, "%s", codecs[i].name);
			for (size_t at = codecs[i].bytes; at < sizeof(again); at++)
				cr_assert_eq(again[at], 0x5a, "%s wrote byte %zu", codecs[i].name,
					     at);
		}
	}
}

/* Offsets that every tool agrees on, so that table and test cannot drift together. */
E2_TEST(disk_codec, known_bytes)
{
	uint8_t raw[RAW_MAX] = { 0 };
	struct e2_super super;
	struct e2_inode inode;

	e2_put16(raw + 56, 0xef53);
	e2_put32(raw + 76, 1);
	e2_put16(raw + 88, 256);
	memcpy(raw + 120, "label", 5);
	e2_super_decode(&super, raw);
	cr_assert_eq(super.magic, E2_MAGIC);
	cr_assert_eq(super.rev_level, 1);
	cr_assert_eq(super.inode_size, 256);
	cr_assert_str_eq((char *)super.volume_name, "label");

	memset(raw, 0, sizeof(raw));
	e2_put16(raw, 0100644);
	e2_put32(raw + 4, 5), e2_put32(raw + 108, 1);
	e2_put16(raw + 2, 0x1111), e2_put16(raw + 120, 0x2222);
	e2_put32(raw + 40 + 4 * 14, 77);
	e2_inode_decode(&inode, raw, 128);
	cr_assert_eq(inode.mode, E2_S_IFREG | 0644);
	cr_assert_eq(inode.size, 0x100000005u);
	cr_assert_eq(inode.uid, 0x22221111);
	cr_assert_eq(inode.block[14], 77);
}

/* Where the fields end that a decoder may look at. */
static unsigned inode_end(const uint8_t *raw, unsigned inode_size)
{
	unsigned end = E2_INODE_BYTES + (unsigned)e2_get16(raw + E2_INODE_BYTES);

	if (inode_size < E2_INODE_BYTES + 2)
		return E2_INODE_BYTES;
	return end < inode_size ? end : inode_size;
}

E2_TEST(disk_codec, inode_fields_past_its_end_are_zero_and_stay)
{
	static const unsigned sizes[] = { 128, 129, 130, 131, 132, 140, 159, 160, 256, 1024 };
	const struct e2_struct *s = e2_struct_find("inode");
	uint64_t seed = 2;

	for (unsigned extra = 0; extra <= 70; extra++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			struct e2_when_context c = { .rev_level = 1, .bytes = sizes[i] };
			uint8_t raw[RAW_MAX], want[RAW_MAX], again[RAW_MAX], seen[RAW_MAX] = { 0 };
			struct e2_inode inode;

			random_fill(raw, sizeof(raw), &seed);
			e2_put16(raw + E2_INODE_BYTES, (uint16_t)(extra < 64 ? extra : 0xffff));
			e2_inode_decode(&inode, raw, sizes[i]);
			memset(again, 0x5a, sizeof(again));
			memcpy(want, again, sizeof(want));
			memcpy(want, raw, E2_INODE_BYTES);
			for (size_t k = 0; k < s->count; k++) {
				const struct e2_field *f = &s->fields[k];
				unsigned width = e2_field_bits(f) / 8;

				if (f->at < E2_INODE_BYTES || f->alias)
					continue;
				if (e2_field_exists(f, raw, &c)) {
					memcpy(seen + f->at, raw + f->at, width);
					memcpy(want + f->at, raw + f->at, width);
					cr_assert(f->at == E2_INODE_BYTES ||
						  f->at + width <= inode_end(raw, sizes[i]));
				} else {
					cr_assert(f->at + width > inode_end(raw, sizes[i]));
				}
			}
			e2_inode_encode(&inode, again, sizes[i]);
			cr_assert_eq(memcmp(again, want, sizeof(want)), 0, "extra %u size %u",
				     extra, sizes[i]);
			/* What was not there decodes as 0. */
			memcpy(seen, raw, E2_INODE_BYTES);
			if (inode_end(raw, sizes[i]) >= E2_INODE_BYTES + 2)
				fields_inode(&inode, seen);
		}
	}
}

E2_TEST(disk_codec, acl_entries_are_short_or_long)
{
	uint8_t raw[8] = { 1, 0, 7, 0, 9, 0, 0, 0 }, again[8] = { 0 };
	struct e2_acl_entry e;

	e2_acl_entry_decode(&e, raw, false);
	cr_assert_eq(e.id, 0);
	cr_assert_eq(e.perm, 7);
	e.id = 5;
	e2_acl_entry_encode(&e, again, false);
	cr_assert_eq(again[4], 0);
	e2_acl_entry_decode(&e, raw, true);
	cr_assert_eq(e.id, 9);
	e2_acl_entry_encode(&e, again, true);
	cr_assert_eq(memcmp(raw, again, 8), 0);
}
