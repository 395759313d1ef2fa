/* SPDX-License-Identifier: MIT */
/*
 * The JSON writer.  What a terminal could obey is written as \uXXXX even where
 * JSON would allow it raw, so the output can be shown as it is.
 */
#include "base/json.h"

#include "base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static const uint64_t largest_exact = (uint64_t)1 << 53;	/* in a double */

void e2_json_begin(struct e2_json *j, struct e2_str *out)
{
	*j = (struct e2_json){ .out = out };
}

static void add_unit(struct e2_json *j, uint32_t unit)
{
	e2_str_addf(j->out, "\\u%04x", (unsigned)unit);
}

static void add_special(struct e2_json *j, uint32_t c)
{
	if (c == '"' || c == '\\') {
		e2_str_addf(j->out, "\\%c", (char)c);
	} else if (c == '\n') {
		e2_str_add(j->out, "\\n");
	} else if (c == '\t') {
		e2_str_add(j->out, "\\t");
	} else {
		add_unit(j, c);	/* every control character is below U+10000 */
	}
}

/* A quoted string; bytes that are no UTF-8 become U+FFFD. */
static void add_quoted(struct e2_json *j, const void *text, size_t len)
{
	const uint8_t *p = text;
	size_t plain = 0;

	e2_str_add(j->out, "\"");
	while (len > 0) {
		uint32_t c = 0xfffd;
		size_t n = e2_utf8_decode(p, len, &c);

		if (n > 0 && c != '"' && c != '\\' && !e2_char_is_control(c)) {
			plain += n;
		} else {
			n = n > 0 ? n : 1;
			e2_str_add_bytes(j->out, p - plain, plain);
			plain = 0;
			add_special(j, c);
		}
		p += n;
		len -= n;
	}
	e2_str_add_bytes(j->out, p - plain, plain);
	e2_str_add(j->out, "\"");
}

/* What stands before a value: a comma and the key. */
static void lead(struct e2_json *j, const char *key)
{
	if (j->comma && j->depth > 0)
		e2_str_add(j->out, ", ");
	j->comma = true;
	if (key) {
		add_quoted(j, key, strlen(key));
		e2_str_add(j->out, ": ");
	}
}

static void open_level(struct e2_json *j, const char *key, const char *open, char close)
{
	assert(j->depth < E2_JSON_DEPTH);
	lead(j, key);
	e2_str_add(j->out, open);
	j->close[j->depth++] = close;
	j->comma = false;
}

void e2_json_object(struct e2_json *j, const char *key)
{
	open_level(j, key, "{", '}');
}

void e2_json_array(struct e2_json *j, const char *key)
{
	open_level(j, key, "[", ']');
}

void e2_json_end(struct e2_json *j)
{
	assert(j->depth > 0);
	e2_str_add_bytes(j->out, &j->close[--j->depth], 1);
	j->comma = true;
}

void e2_json_u64(struct e2_json *j, const char *key, uint64_t value)
{
	const char *quote = value > largest_exact ? "\"" : "";

	lead(j, key);
	e2_str_addf(j->out, "%s%" PRIu64 "%s", quote, value, quote);
}

void e2_json_i64(struct e2_json *j, const char *key, int64_t value)
{
	uint64_t size = value < 0 ? ~(uint64_t)value + 1 : (uint64_t)value;
	const char *quote = size > largest_exact ? "\"" : "";

	lead(j, key);
	e2_str_addf(j->out, "%s%" PRId64 "%s", quote, value, quote);
}

void e2_json_bool(struct e2_json *j, const char *key, bool value)
{
	lead(j, key);
	e2_str_add(j->out, value ? "true" : "false");
}

void e2_json_null(struct e2_json *j, const char *key)
{
	lead(j, key);
	e2_str_add(j->out, "null");
}

void e2_json_string(struct e2_json *j, const char *key, const char *text)
{
	lead(j, key);
	add_quoted(j, text, strlen(text));
}

static void add_base64(struct e2_json *j, const uint8_t *p, size_t len)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	e2_str_add(j->out, "\"");
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)p[i] << 16;
		char four[4];

		if (n > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (n > 2)
			v |= p[i + 2];
		four[0] = digit[v >> 18];
		four[1] = digit[v >> 12 & 63];
		four[2] = n > 1 ? digit[v >> 6 & 63] : '=';
		four[3] = n > 2 ? digit[v & 63] : '=';
		e2_str_add_bytes(j->out, four, sizeof(four));
	}
	e2_str_add(j->out, "\"");
}

/* The escaped form of a name is ASCII and valid UTF-8; only its backslashes need care. */
static void add_escaped_name(struct e2_json *j, const void *name, size_t len)
{
	struct e2_str text = E2_STR_INIT;

	e2_str_add_name(&text, name, len);
	add_quoted(j, e2_str_text(&text), text.len);
	if (text.failed)
		j->out->failed = true;
	e2_str_free(&text);
}

void e2_json_name(struct e2_json *j, const char *key, const void *name, size_t len)
{
	if (e2_utf8_valid(name, len)) {
		lead(j, key);
		add_quoted(j, name, len);
	} else if (key) {
		lead(j, key);
		add_escaped_name(j, name, len);
		e2_str_addf(j->out, ", \"%s_b64\": ", key);
		add_base64(j, name, len);
	} else {
		lead(j, NULL);
		e2_str_add(j->out, "{\"b64\": ");
		add_base64(j, name, len);
		e2_str_add(j->out, "}");
	}
}
