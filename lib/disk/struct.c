/* SPDX-License-Identifier: MIT */
/* The descriptions: finding structures and fields, reading and writing elements as numbers. */
#include "disk/struct.h"

#include "base/nearest.h"

#include <inttypes.h>
#include <stdio.h>

#define STRUCT(name, codec, bytes, doc) static const struct e2_field name##_fields[] = {
#define ROW(kind, name, at, arg, fmt, when, doc, alias) \
	{ #name, doc, at, arg, E2_KIND_##kind, E2_FMT_##fmt, E2_WHEN_##when, alias },
#define F(kind, name, at, arg, fmt, when, doc) ROW(kind, name, at, arg, fmt, when, doc, false)
#define ALIAS(kind, name, at, arg, fmt, when, doc) ROW(kind, name, at, arg, fmt, when, doc, true)
#define END(name) };
#include "disk/structs.def"

static const struct e2_struct structs[] = {
#define STRUCT(name, codec, bytes, doc) \
	{ #name, doc, name##_fields, sizeof(name##_fields) / sizeof(*name##_fields), bytes },
#include "disk/structs.def"
};

enum { STRUCTS = sizeof(structs) / sizeof(*structs) };

static const uint8_t kind_bits[] = {
#define KIND(kind, bits) [E2_KIND_##kind] = bits,
	E2_KINDS(KIND)
};

static const char *const when_docs[] = {
#define WHEN(when, doc) [E2_WHEN_##when] = doc,
	E2_WHENS(WHEN)
};

const struct e2_struct *e2_struct_find(const char *name)
{
	for (size_t i = 0; i < STRUCTS; i++)
		if (strcmp(structs[i].name, name) == 0)
			return &structs[i];
	return NULL;
}

const struct e2_struct *e2_struct_at(size_t index)
{
	return index < STRUCTS ? &structs[index] : NULL;
}

const char *e2_when_doc(enum e2_when when)
{
	return when_docs[when];
}

unsigned e2_field_elements(const struct e2_field *f)
{
	return f->kind == E2_KIND_u32v ? f->arg : 1;
}

unsigned e2_field_bits(const struct e2_field *f)
{
	return kind_bits[f->kind];
}

static bool is_split(const struct e2_field *f)
{
	return f->kind == E2_KIND_split16 || f->kind == E2_KIND_split32;
}

/* Bytes on disk from f->at; of a split field the low half. */
static unsigned bytes_at(const struct e2_field *f)
{
	unsigned bits = e2_field_bits(f);

	if (bits == 0)
		return f->arg;
	return is_split(f) ? bits / 16 : bits / 8 * e2_field_elements(f);
}

bool e2_field_covers(const struct e2_field *f, unsigned at)
{
	unsigned bytes = bytes_at(f);

	return at - f->at < bytes || (is_split(f) && at - f->arg < bytes);
}

bool e2_field_exists(const struct e2_field *f, const uint8_t *raw, const struct e2_when_context *c)
{
	unsigned end = f->at + bytes_at(f);

	if (f->alias && !c->hurd)
		return false;
	switch ((enum e2_when)f->when) {
	case E2_WHEN_rev1:
		return c->rev_level > 0;
	case E2_WHEN_large:
		return end <= c->bytes;
	case E2_WHEN_extra:
		return end <= c->bytes &&
			end <= E2_INODE_BYTES + (unsigned)e2_get16(raw + E2_INODE_BYTES);
	case E2_WHEN_named:
		return c->named;
	default:
		return true;
	}
}

const char *e2_field_label(const struct e2_field *f, unsigned index, char *label)
{
	if (e2_field_elements(f) > 1 && index != E2_FIELD_WHOLE)
		(void)snprintf(label, E2_LABEL_MAX, "%s[%u]", f->name, index);
	else
		(void)snprintf(label, E2_LABEL_MAX, "%s", f->name);
	return label;
}

/* ---- by name ----------------------------------------------------------- */

static int unknown_field(const struct e2_struct *s, const char *spec, size_t len)
{
	struct e2_str name = E2_STR_INIT, shown = E2_STR_INIT;
	struct e2_nearest n;

	e2_str_add_bytes(&name, spec, len);
	e2_str_add_name(&shown, spec, len);
	e2_nearest_begin(&n, e2_str_text(&name));
	for (size_t i = 0; i < s->count; i++)
		e2_nearest_offer(&n, s->fields[i].name);
	(void)e2_fail(E2_ERR_NOENT, "%s has no field \"%s\"%s%s", s->name, e2_str_text(&shown),
		      n.best ? "; nearest is " : "", n.best ? n.best : "");
	e2_str_free(&name);
	e2_str_free(&shown);
	return E2_ERR_NOENT;
}

static int bad_index(const struct e2_field *f, unsigned index)
{
	return e2_fail(E2_ERR_RANGE, "%s: index %u is not within 0 to %u", f->name, index,
		       e2_field_elements(f) - 1);
}

/* Reads "[12]", ".12" or nothing. */
static int parse_index(const struct e2_field *f, const char *text, unsigned *index)
{
	unsigned elements = e2_field_elements(f), n = 0;
	const char *p = text;

	if (*p == '\0') {
		*index = elements > 1 ? E2_FIELD_WHOLE : 0;
		return E2_OK;
	}
	for (p++; *p >= '0' && *p <= '9'; p++)
		n = n < E2_FIELD_WHOLE ? n * 10 + (unsigned)(*p - '0') : n;
	if (p == text + 1 || strcmp(p, *text == '[' ? "]" : "") != 0)
		return e2_fail(E2_ERR_INVAL, "%s: an element is written %s[0] or %s.0", f->name,
			       f->name, f->name);
	if (n >= elements)
		return bad_index(f, n);
	*index = n;
	return E2_OK;
}

int e2_field_find(const struct e2_struct *s, const char *spec, const struct e2_field **f,
		  unsigned *index)
{
	size_t len = strcspn(spec, "[.");

	for (size_t i = 0; i < s->count; i++) {
		const struct e2_field *it = &s->fields[i];
		int err;

		if (strlen(it->name) != len || memcmp(it->name, spec, len) != 0)
			continue;
		err = parse_index(it, spec + len, index);
		if (!err)
			*f = it;
		return err;
	}
	return unknown_field(s, spec, len);
}

/* ---- elements as numbers ----------------------------------------------- */

static int check_element(const struct e2_field *f, unsigned index)
{
	if (e2_field_bits(f) == 0)
		return e2_fail(E2_ERR_INVAL, "%s is no number", f->name);
	if (index == E2_FIELD_WHOLE)
		return e2_fail(E2_ERR_RANGE, "%s: name one element, %s[0] to %s[%u]", f->name,
			       f->name, f->name, e2_field_elements(f) - 1);
	return index < e2_field_elements(f) ? E2_OK : bad_index(f, index);
}

int e2_field_get(const struct e2_field *f, const uint8_t *raw, unsigned index, uint64_t *value)
{
	const uint8_t *p = raw + f->at;
	int err = check_element(f, index);

	if (err)
		return err;
	switch ((enum e2_kind)f->kind) {
	case E2_KIND_u8:
		*value = *p;
		break;
	case E2_KIND_u16:
		*value = e2_get16(p);
		break;
	case E2_KIND_u64:
		*value = e2_get64(p);
		break;
	case E2_KIND_split16:
		*value = e2_get_split16(p, raw + f->arg);
		break;
	case E2_KIND_split32:
		*value = e2_get_split32(p, raw + f->arg);
		break;
	default:
		*value = e2_get32(p + 4 * index);
		break;
	}
	return E2_OK;
}

int e2_field_set(const struct e2_field *f, uint8_t *raw, unsigned index, uint64_t value)
{
	uint8_t *p = raw + f->at;
	char label[E2_LABEL_MAX];
	uint64_t max;
	int err = check_element(f, index);

	if (err)
		return err;
	max = UINT64_MAX >> (64 - e2_field_bits(f));
	if (value > max)
		return e2_fail(E2_ERR_RANGE, "%s: %" PRIu64 " is not within 0 to %" PRIu64,
			       e2_field_label(f, index, label), value, max);
	switch ((enum e2_kind)f->kind) {
	case E2_KIND_u8:
		*p = (uint8_t)value;
		break;
	case E2_KIND_u16:
		e2_put16(p, (uint16_t)value);
		break;
	case E2_KIND_u64:
		e2_put64(p, value);
		break;
	case E2_KIND_split16:
		e2_put_split16(p, raw + f->arg, (uint32_t)value);
		break;
	case E2_KIND_split32:
		e2_put_split32(p, raw + f->arg, value);
		break;
	default:
		e2_put32(p + 4 * index, (uint32_t)value);
		break;
	}
	return E2_OK;
}
