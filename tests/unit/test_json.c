/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "base/json.h"

#include <string.h>

E2_TEST(base_json, writes_nested_values)
{
	struct e2_str out = E2_STR_INIT;
	struct e2_json j;

	e2_json_begin(&j, &out);
	e2_json_object(&j, NULL);
	e2_json_string(&j, "format", "extant-ls/1");
	e2_json_u64(&j, "ino", 12);
	e2_json_i64(&j, "mtime", -5);
	e2_json_bool(&j, "dir", false);
	e2_json_null(&j, "link");
	e2_json_array(&j, "blocks");
	e2_json_u64(&j, NULL, 1);
	e2_json_array(&j, NULL);
	e2_json_end(&j);
	e2_json_object(&j, NULL);
	e2_json_bool(&j, "hole", true);
	e2_json_end(&j);
	e2_json_end(&j);
	e2_json_object(&j, "empty");
	e2_json_end(&j);
	e2_json_u64(&j, "last", 0);
	e2_json_end(&j);
	cr_assert_str_eq(
		e2_str_text(&out),
		"{\"format\": \"extant-ls/1\", \"ino\": 12, \"mtime\": -5, \"dir\": false, "
		"\"link\": null, \"blocks\": [1, [], {\"hole\": true}], \"empty\": {}, "
		"\"last\": 0}");
	e2_str_free(&out);
}

E2_TEST(base_json, one_object_after_the_other_at_the_top)
{
	struct e2_str out = E2_STR_INIT;
	struct e2_json j;

	e2_json_begin(&j, &out);
	for (int i = 0; i < 2; i++) {
		e2_json_object(&j, NULL);
		e2_json_end(&j);
		e2_str_add(&out, "\n");
	}
	cr_assert_str_eq(e2_str_text(&out), "{}\n{}\n");
	e2_str_free(&out);
}

E2_TEST(base_json, numbers_that_a_double_cannot_hold_are_strings)
{
	struct e2_str out = E2_STR_INIT;
	struct e2_json j;

	e2_json_begin(&j, &out);
	e2_json_array(&j, NULL);
	e2_json_u64(&j, NULL, 9007199254740992u);
	e2_json_u64(&j, NULL, 9007199254740993u);
	e2_json_u64(&j, NULL, UINT64_MAX);
	e2_json_i64(&j, NULL, -9007199254740992);
	e2_json_i64(&j, NULL, -9007199254740993);
	e2_json_i64(&j, NULL, INT64_MIN);
	e2_json_end(&j);
	cr_assert_str_eq(e2_str_text(&out),
			 "[9007199254740992, \"9007199254740993\", \"18446744073709551615\", "
			 "-9007199254740992, \"-9007199254740993\", \"-9223372036854775808\"]");
	e2_str_free(&out);
}

static void expect_name(const char *key, const void *name, size_t len, const char *expected)
{
	struct e2_str out = E2_STR_INIT;
	struct e2_json j;

	e2_json_begin(&j, &out);
	if (key)
		e2_json_object(&j, NULL);
	else
		e2_json_array(&j, NULL);
	e2_json_name(&j, key, name, len);
	e2_json_u64(&j, key ? "after" : NULL, 1);
	e2_json_end(&j);
	cr_assert_str_eq(e2_str_text(&out), expected);
	e2_str_free(&out);
}

E2_TEST(base_json, names_are_lossless_and_harmless)
{
	expect_name("name", "a\"b\\c/d", 7, "{\"name\": \"a\\\"b\\\\c/d\", \"after\": 1}");
	expect_name("name", "\x1b[m\n\t\x7f", 6,
		    "{\"name\": \"\\u001b[m\\n\\t\\u007f\", \"after\": 1}");
	expect_name("name", "\xc2\x9b\xe2\x80\xae\xc3\xbc", 7,
		    "{\"name\": \"\\u009b\\u202e\xc3\xbc\", \"after\": 1}");
	expect_name("name", "a\0b", 3, "{\"name\": \"a\\u0000b\", \"after\": 1}");
	expect_name("name", "", 0, "{\"name\": \"\", \"after\": 1}");
	expect_name("name", "x\xff", 2,
		    "{\"name\": \"x\\\\xff\", \"name_b64\": \"eP8=\", \"after\": 1}");
	expect_name("n", "\xff\xfe\xfd", 3,
		    "{\"n\": \"\\\\xff\\\\xfe\\\\xfd\", \"n_b64\": \"//79\", \"after\": 1}");
	expect_name(NULL, "ok", 2, "[\"ok\", 1]");
	expect_name(NULL, "\xff", 1, "[{\"b64\": \"/w==\"}, 1]");
}

E2_TEST(base_json, a_string_that_is_no_utf8_stays_valid_json)
{
	struct e2_str out = E2_STR_INIT;
	struct e2_json j;

	e2_json_begin(&j, &out);
	e2_json_string(&j, NULL, "a\xff");
	cr_assert_str_eq(e2_str_text(&out), "\"a\\ufffd\"");
	e2_str_free(&out);
}
