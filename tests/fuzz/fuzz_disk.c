/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as every structure: decode and encode, print, JSON, compare, damage; and
 * any text as the value of every field.  Asserts what must hold of all of them.
 */
#include "disk/consts.h"
#include "disk/features.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	RAW_MAX = 1024, TEXT_MAX = 128,
#define STRUCT(name, codec, bytes, doc) + 1
	STRUCTS = 0
#include "disk/structs.def"
};

static void must(bool condition)
{
	if (!condition)
		abort();
}

#define plain_DECODE(name) e2_##name##_decode(&x, raw)
#define plain_ENCODE(name) e2_##name##_encode(&x, again)
#define own_DECODE(name) decode_##name(&x, raw, c)
#define own_ENCODE(name) encode_##name(&x, again, c)

static void decode_inode(struct e2_inode *x, const uint8_t *raw, const struct e2_when_context *c)
{
	e2_inode_decode(x, raw, c->bytes);
}

static void encode_inode(const struct e2_inode *x, uint8_t *raw, const struct e2_when_context *c)
{
	e2_inode_encode(x, raw, c->bytes);
}

static void decode_acl_entry(struct e2_acl_entry *x, const uint8_t *raw,
			     const struct e2_when_context *c)
{
	e2_acl_entry_decode(x, raw, c->named);
}

static void encode_acl_entry(const struct e2_acl_entry *x, uint8_t *raw,
			     const struct e2_when_context *c)
{
	e2_acl_entry_encode(x, raw, c->named);
}

/* Encoding what was decoded over the same bytes changes none of them. */
static void codecs(const uint8_t *raw, const struct e2_when_context *c)
{
	uint8_t again[RAW_MAX];

	memcpy(again, raw, sizeof(again));
#define STRUCT(name, codec, bytes, doc) \
	{ \
		struct e2_##name x; \
		codec##_DECODE(name); \
		codec##_ENCODE(name); \
	}
#include "disk/structs.def"
	must(memcmp(again, raw, sizeof(again)) == 0);
}

/* What a field shows reads back as the same bytes, and holds no control character. */
static void round_trip(const struct e2_field *f, const uint8_t *raw, unsigned index)
{
	struct e2_str s = E2_STR_INIT;
	uint8_t again[RAW_MAX];

	memcpy(again, raw, sizeof(again));
	e2_field_format(f, raw, index, &s);
	for (size_t i = 0; i < s.len; i++)
		must((uint8_t)s.text[i] >= ' ' && s.text[i] != 0x7f);
	must(e2_field_parse(f, again, index, e2_str_text(&s)) == E2_OK);
	must(memcmp(again, raw, sizeof(again)) == 0);
	e2_str_free(&s);
}

/* A text that is refused changes nothing; one that is taken, the field alone. */
static void parse(const struct e2_struct *s, const struct e2_field *f, const uint8_t *raw,
		  unsigned index, const char *text)
{
	uint8_t again[RAW_MAX];
	bool taken;

	memcpy(again, raw, sizeof(again));
	taken = e2_field_parse(f, again, index, text) == E2_OK;
	for (unsigned at = 0; at < s->size; at++)
		must(again[at] == raw[at] || (taken && e2_field_covers(f, at)));
	if (taken)
		round_trip(f, again, index);
}

static void damage(const struct e2_struct *s, const struct e2_field *f, const uint8_t *raw,
		   unsigned index, const struct e2_when_context *c, uint64_t seed)
{
	uint8_t again[RAW_MAX];
	const struct e2_field *found;
	size_t cursor = 0;
	unsigned at;

	memcpy(again, raw, sizeof(again));
	e2_field_mutate(f, again, index, (enum e2_verb)(seed % E2_VERBS), &seed);
	while (e2_struct_diff(s, raw, again, c, &cursor, &found, &at) > 0)
		must(f->alias || (found == f && at == index));
}

static void whole(const struct e2_struct *s, const uint8_t *raw, const struct e2_when_context *c)
{
	struct e2_str out = E2_STR_INIT;
	struct e2_json j;

	e2_struct_print(s, raw, c, &out);
	e2_str_free(&out);
	e2_json_begin(&j, &out);
	e2_json_object(&j, NULL);
	e2_struct_json(s, raw, c, &j);
	e2_json_end(&j);
	e2_str_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct e2_when_context c = { 0 };
	uint8_t raw[RAW_MAX] = { 0 };
	char text[TEXT_MAX + 1] = "";
	size_t len = size < TEXT_MAX ? size : TEXT_MAX;
	const struct e2_struct *s;
	const struct e2_field *f;
	unsigned index;

	/* The end of the input is the text; all of it, the bytes. */
	if (size > 0) {
		memcpy(raw, data, size < RAW_MAX ? size : RAW_MAX);
		memcpy(text, data + size - len, len);
		c.rev_level = data[0] & 1;
		c.bytes = data[0] & 2 ? 256 : 128u + data[size - 1] % 64;
		c.named = data[0] & 4;
		c.hurd = data[0] & 8;
	}
	codecs(raw, &c);
	(void)e2_feature_find(text);
	/* One structure and one field of it for each input, for speed. */
	s = e2_struct_at(raw[1] % STRUCTS);
	(void)e2_field_find(s, text, &f, &index);
	f = &s->fields[e2_get32(raw + 2) % s->count];
	index = raw[6] % e2_field_elements(f);
	whole(s, raw, &c);
	round_trip(f, raw, index);
	parse(s, f, raw, index, text);
	damage(s, f, raw, index, &c, e2_get32(raw + 7));
	return 0;
}
