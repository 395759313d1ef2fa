/* SPDX-License-Identifier: MIT */
/* Fields as people and programs read them.  Times are in UTC, so that equal bytes look equal. */
#include "base/units.h"
#include "base/zero.h"
#include "disk/struct.h"

#include <inttypes.h>

static void add_hex(const uint8_t *p, size_t len, struct e2_str *out)
{
	for (size_t i = 0; i < len; i++)
		e2_str_addf(out, "%02x", p[i]);
}

static void add_uuid(const uint8_t *p, struct e2_str *out)
{
	static const uint8_t groups[] = { 4, 2, 2, 2, 6 };

	for (size_t i = 0; i < sizeof(groups); i++) {
		e2_str_add(out, i ? "-" : "");
		add_hex(p, groups[i], out);
		p += groups[i];
	}
}

/* Without the NULs at its end. */
static size_t text_len(const uint8_t *p, size_t len)
{
	while (len > 0 && p[len - 1] == 0)
		len--;
	return len;
}

static void add_bytes(const struct e2_field *f, const uint8_t *p, struct e2_str *out)
{
	if (f->kind == E2_KIND_uuid)
		add_uuid(p, out);
	else if (f->kind == E2_KIND_text)
		e2_str_add_name(out, p, text_len(p, f->arg));
	else if (e2_all_zero(p, f->arg))
		e2_str_add(out, "0");
	else
		add_hex(p, f->arg, out);
}

/* The words whose bits are set, then the other bits as one number. */
static void add_flags(enum e2_fmt fmt, uint64_t value, struct e2_str *out)
{
	const char *before = "";
	struct e2_word w;

	if (value == 0)
		e2_str_add(out, "none");
	for (size_t cursor = 0; e2_word_next(fmt, &cursor, &w);) {
		if ((value & w.value) != w.value)
			continue;
		e2_str_addf(out, "%s%s", before, w.name);
		before = " ";
		value &= ~(uint64_t)w.value;
	}
	if (value != 0)
		e2_str_addf(out, "%s0x%" PRIx64, before, value);
}

static void add_choice(enum e2_fmt fmt, uint64_t value, struct e2_str *out)
{
	const char *name = e2_word_name(fmt, value);

	if (name)
		e2_str_add(out, name);
	else
		e2_str_addf(out, "%" PRIu64, value);
}

static void add_plain(enum e2_fmt fmt, uint64_t value, struct e2_str *out)
{
	switch (fmt) {
	case E2_FMT_hex:
		e2_str_addf(out, "0x%" PRIx64, value);
		break;
	case E2_FMT_mode:
		e2_str_addf(out, "%07" PRIo64, value);
		break;
	case E2_FMT_sdec:
		e2_str_addf(out, "%" PRId16, (int16_t)value);
		break;
	case E2_FMT_time:
		e2_str_add_time(out, (int32_t)value, -1, E2_TIME_UTC);
		break;
	case E2_FMT_event:
		if (value == 0)
			e2_str_add(out, "never");
		else
			e2_str_add_time(out, (int64_t)value, -1, E2_TIME_UTC);
		break;
	default:
		e2_str_addf(out, "%" PRIu64, value);
		break;
	}
}

static void add_element(const struct e2_field *f, const uint8_t *raw, unsigned index,
			struct e2_str *out)
{
	enum e2_fmt fmt = f->fmt;
	uint64_t value;

	if (e2_field_get(f, raw, index, &value) != E2_OK)
		return;
	if (e2_fmt_style(fmt) == E2_STYLE_flags)
		add_flags(fmt, value, out);
	else if (e2_fmt_style(fmt) == E2_STYLE_choice)
		add_choice(fmt, value, out);
	else
		add_plain(fmt, value, out);
}

void e2_field_format(const struct e2_field *f, const uint8_t *raw, unsigned index,
		     struct e2_str *out)
{
	if (e2_field_bits(f) == 0) {
		add_bytes(f, raw + f->at, out);
	} else if (index != E2_FIELD_WHOLE) {
		add_element(f, raw, index, out);
	} else {
		for (unsigned i = 0; i < e2_field_elements(f); i++) {
			e2_str_add(out, i ? " " : "");
			add_element(f, raw, i, out);
		}
	}
}

/* ---- JSON: numbers as they are stored ---------------------------------- */

static void json_number(const struct e2_field *f, const uint8_t *raw, unsigned index,
			const char *key, struct e2_json *j)
{
	uint64_t value = 0;

	(void)e2_field_get(f, raw, index, &value);	/* cannot fail: index is an element's */
	if (f->fmt == E2_FMT_sdec)
		e2_json_i64(j, key, (int16_t)value);
	else if (f->fmt == E2_FMT_time)
		e2_json_i64(j, key, (int32_t)value);
	else
		e2_json_u64(j, key, value);
}

void e2_field_json(const struct e2_field *f, const uint8_t *raw, struct e2_json *j)
{
	if (f->kind == E2_KIND_text) {
		e2_json_name(j, f->name, raw + f->at, text_len(raw + f->at, f->arg));
	} else if (e2_field_bits(f) == 0) {
		struct e2_str s = E2_STR_INIT;

		add_bytes(f, raw + f->at, &s);
		e2_json_string(j, f->name, e2_str_text(&s));
		if (s.failed)
			j->out->failed = true;
		e2_str_free(&s);
	} else if (e2_field_elements(f) > 1) {
		e2_json_array(j, f->name);
		for (unsigned i = 0; i < e2_field_elements(f); i++)
			json_number(f, raw, i, NULL, j);
		e2_json_end(j);
	} else {
		json_number(f, raw, 0, f->name, j);
	}
}

/* ---- structures -------------------------------------------------------- */

/* No space stands at the end of a line whose value is empty. */
static void print_line(const struct e2_field *f, const uint8_t *raw, int width, struct e2_str *out)
{
	size_t name_end = out->len + strlen(f->name), value;

	e2_str_addf(out, "%-*s  ", width, f->name);
	value = out->len;
	e2_field_format(f, raw, E2_FIELD_WHOLE, out);
	if (out->len == value)
		e2_str_truncate(out, name_end);
	e2_str_add(out, "\n");
}

void e2_struct_print(const struct e2_struct *s, const uint8_t *raw,
		     const struct e2_when_context *c, struct e2_str *out)
{
	int width = 0;

	for (size_t i = 0; i < s->count; i++) {
		int len = (int)strlen(s->fields[i].name);

		if (len > width && e2_field_exists(&s->fields[i], raw, c))
			width = len;
	}
	for (size_t i = 0; i < s->count; i++) {
		if (!e2_field_exists(&s->fields[i], raw, c))
			continue;
		print_line(&s->fields[i], raw, width, out);
	}
}

void e2_struct_json(const struct e2_struct *s, const uint8_t *raw,
		    const struct e2_when_context *c, struct e2_json *j)
{
	for (size_t i = 0; i < s->count; i++)
		if (e2_field_exists(&s->fields[i], raw, c))
			e2_field_json(&s->fields[i], raw, j);
}

/* ---- differences ------------------------------------------------------- */

static bool element_differs(const struct e2_field *f, const uint8_t *a, const uint8_t *b,
			    unsigned index)
{
	uint64_t x = 0, y = 0;

	if (e2_field_bits(f) == 0)
		return memcmp(a + f->at, b + f->at, f->arg) != 0;
	(void)e2_field_get(f, a, index, &x);		/* cannot fail: index is an element's */
	(void)e2_field_get(f, b, index, &y);
	return x != y;
}

int e2_struct_diff(const struct e2_struct *s, const uint8_t *a, const uint8_t *b,
		   const struct e2_when_context *c, size_t *cursor,
		   const struct e2_field **f, unsigned *index)
{
	size_t first = 0;	/* the cursor counts elements; this is a field's first */

	for (size_t i = 0; i < s->count; i++) {
		const struct e2_field *it = &s->fields[i];
		size_t end = first + e2_field_elements(it);
		bool look = !it->alias && (e2_field_exists(it, a, c) || e2_field_exists(it, b, c));

		while (*cursor < end) {
			unsigned element = (unsigned)(*cursor - first);

			(*cursor)++;
			if (look && element_differs(it, a, b, element)) {
				*f = it;
				*index = element;
				return 1;
			}
		}
		first = end;
	}
	return 0;
}
