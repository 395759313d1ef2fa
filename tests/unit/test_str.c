/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "base/str.h"
#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

E2_TEST(base_str, grows_and_keeps_what_was_added)
{
	struct e2_str s = E2_STR_INIT;
	char big[1000];

	cr_assert_str_eq(e2_str_text(&s), "");
	memset(big, 'x', sizeof(big));
	e2_str_add(&s, "inode ");
	e2_str_addf(&s, "%u: %.*s", 12u, (int)sizeof(big), big);
	e2_str_add_bytes(&s, "\0y", 2);
	cr_assert_eq(s.len, 6 + 4 + 1000 + 2);
	cr_assert_eq(strncmp(e2_str_text(&s), "inode 12: xxx", 13), 0);
	cr_assert_eq(s.text[s.len], '\0');
	cr_assert_eq(e2_str_status(&s), E2_OK);
	e2_str_truncate(&s, 5000);
	cr_assert_eq(s.len, 1012);
	e2_str_truncate(&s, 8);
	cr_assert_str_eq(e2_str_text(&s), "inode 12");
	e2_str_free(&s);
	cr_assert_str_eq(e2_str_text(&s), "");
	e2_str_free(NULL);
}

E2_TEST(base_str, a_lost_addition_is_told_once_and_later_ones_are_ignored)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add(&s, "a");
	e2_str_add_bytes(&s, "", SIZE_MAX / 2);	/* more than can be had: fails before it reads */
	e2_str_add(&s, "b");
	cr_assert_str_eq(e2_str_text(&s), "a");
	cr_assert_eq(e2_str_status(&s), E2_ERR_NOMEM);
	e2_str_free(&s);
	cr_assert_eq(e2_str_status(&s), E2_OK);
}

struct name_case {
	const char *name;
	const char *shown;
};

E2_TEST(base_str, names_cannot_command_a_terminal)
{
	static const struct name_case cases[] = {
		{ "plain name.txt", "plain name.txt" },
		{ "", "" },
		{ "Gr\xc3\xbc\xc3\x9f"
		  "e \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80",
		  "Gr\xc3\xbc\xc3\x9f"
		  "e \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80" },
		{ "\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m" },
		{ "\x1b]0;title\x07", "\\x1b]0;title\\x07" },
		{ "a\nb\rc\td", "a\\x0ab\\x0dc\\x09d" },
		{ "del\x7f", "del\\x7f" },
		{ "c1\xc2\x9b"
		  "31m",
		  "c1\\xc2\\x9b31m" },
		{ "raw c1 \x9b", "raw c1 \\x9b" },
		{ "back\\slash", "back\\x5cslash" },
		{ "quo\"te", "quo\\x22te" },
		{ "single'stays", "single'stays" },
		{ "rtl\xe2\x80\xae"
		  "gpj.exe",
		  "rtl\\u{202e}gpj.exe" },
		{ "\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xaa", "\\u{200e}\\u{200f}\\u{202a}" },
		{ "\xe2\x81\xa6x\xe2\x81\xa9\xd8\x9c", "\\u{2066}x\\u{2069}\\u{061c}" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}" },
		{ "zwj\xe2\x80\x8d stays", "zwj\xe2\x80\x8d stays" },
		/* No UTF-8: lone bytes, overlong forms, surrogates, too large, cut off. */
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\x80", "\\x80" },
		{ "\xc0\xaf", "\\xc0\\xaf" },
		{ "\xc1\xbf", "\\xc1\\xbf" },
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
		{ "\xe6\x97", "\\xe6\\x97" },
		{ "\xe6\x97z", "\\xe6\\x97z" },
		{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
		{ "\xed\x9f\xbf", "\xed\x9f\xbf" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct e2_str s = E2_STR_INIT;

		e2_str_add_name(&s, cases[i].name, strlen(cases[i].name));
		cr_assert_str_eq(e2_str_text(&s), cases[i].shown, "case %zu: %s", i,
				 e2_str_text(&s));
		e2_str_free(&s);
	}
}

/* Wherever a byte stands in a text that needs no care. */
E2_TEST(base_str, a_byte_is_escaped_wherever_it_stands)
{
	for (size_t at = 0; at < 20; at++) {
		for (unsigned byte = 1; byte < 256; byte++) {
			bool plain = byte >= 0x20 && byte < 0x7f && byte != '\\' && byte != '"';
			char name[] = "abcdefghijklmnopqrst", shown[64];
			struct e2_str s = E2_STR_INIT;

			name[at] = (char)byte;
			snprintf(shown, sizeof(shown), plain ? "%.*s%c%s" : "%.*s\\x%02x%s",
				 (int)at, name, byte, name + at + 1);
			e2_str_add_name(&s, name, strlen(name));
			cr_assert_str_eq(e2_str_text(&s), shown);
			e2_str_free(&s);
		}
	}
}

/* What the prompt does with a text in double quotes. */
static size_t type_back(const char *shown, uint8_t *name)
{
	size_t len = 0;

	while (*shown) {
		if (strncmp(shown, "\\x", 2) == 0) {
			char hex[3] = { shown[2], shown[3], '\0' };

			name[len++] = (uint8_t)strtoul(hex, NULL, 16);
			shown += 4;
		} else if (strncmp(shown, "\\u{", 3) == 0) {
			unsigned long c = strtoul(shown + 3, NULL, 16);

			if (c >= 0x800)
				name[len++] = (uint8_t)(0xe0 | c >> 12);
			name[len++] =
				(uint8_t)(c >= 0x800 ? (0x80 | (c >> 6 & 63)) : (0xc0 | c >> 6));
			name[len++] = (uint8_t)(0x80 | (c & 63));
			shown = strchr(shown, '}') + 1;
		} else {
			name[len++] = (uint8_t)*shown++;
		}
	}
	return len;
}

E2_TEST(base_str, every_name_can_be_typed_back_and_is_shown_as_clean_text)
{
	uint64_t seed = 20261121;
	static const char *const pieces[] = {
		"\xe2\x80\xae", "\xc2\x9b",  "\xe6\x97",         "\"",      "\\",
		"\\x41",        "\\u{202e}", "\xf0\x9f\x98\x80", "\xd8\x9c"
	};

	for (int round = 0; round < 20000; round++) {
		uint8_t name[64], back[64];
		size_t len = 0, back_len;
		struct e2_str s = E2_STR_INIT;

		while (len < 40) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			if (seed >> 62 == 0) {
				const char *piece = pieces[(seed >> 33) % 9];

				memcpy(name + len, piece, strlen(piece));
				len += strlen(piece);
			} else {
				name[len++] = (uint8_t)(seed >> 33);
			}
		}
		e2_str_add_name(&s, name, len);
		for (size_t i = 0; i < s.len;) {
			uint32_t c;
			size_t n = e2_utf8_decode(s.text + i, s.len - i, &c);

			cr_assert(n > 0 && !e2_char_is_control(c) && c != '"', "round %d", round);
			i += n;
		}
		back_len = type_back(e2_str_text(&s), back);
		cr_assert_eq(back_len, len);
		cr_assert_arr_eq(back, name, len);
		e2_str_free(&s);
	}
}

E2_TEST(base_str, columns_are_those_of_a_terminal)
{
	static const struct { const char *text; size_t columns; } cases[] = {
		{ "", 0 }, { "abc", 3 }, { "Gr\xc3\xbc\xc3\x9f" "e", 5 },
		{ "\xe6\x97\xa5\xe6\x9c\xac", 4 },		/* CJK */
		{ "\xf0\x9f\x98\x80", 2 },			/* emoji */
		{ "e\xcc\x81", 1 },				/* e and a combining accent */
		{ "\xef\xbd\xb1", 1 },				/* halfwidth katakana */
		{ "\xed\x95\x9c", 2 },				/* Hangul */
		{ "\xff!", 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct e2_str s = E2_STR_INIT;

		e2_str_add(&s, "12345");
		e2_str_add(&s, cases[i].text);
		cr_assert_eq(e2_str_columns(&s, 5), cases[i].columns, "case %zu", i);
		cr_assert_eq(e2_str_columns(&s, 9999), 0);
		e2_str_free(&s);
	}
}

E2_TEST(base_str, folding_breaks_no_word_and_keeps_them_all)
{
	static const struct { const char *text, *folded; size_t indent, columns; } cases[] = {
		{ "", "", 2, 10 },
		{ "a b c", "a b c", 2, 10 },
		{ "one two three", "one two\n  three", 2, 7 },
		{ "one two  three", "one two\n  three", 2, 10 },
		{ "  -x      it is so", "  -x      it\n          is\n          so", 10, 12 },
		{ "averylongword b", "averylongword\n b", 1, 5 },
		{ "    averylongword b", "    averylongword\n b", 1, 5 },
		{ "a \"b c d\" e", "a\n \"b c d\"\n e", 1, 4 },
		{ "say 3\" and go", "say 3\"\n and go", 1, 7 },
		{ "gr\xc3\xbc\xc3\x9f" "e abc", "gr\xc3\xbc\xc3\x9f" "e abc", 1, 9 },
		{ "\033[1mab\033[0m cd", "\033[1mab\033[0m cd", 1, 5 },
		{ "one two\nthree four\n", "one\n two\nthree\n four\n", 1, 5 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct e2_str s = E2_STR_INIT;

		e2_str_add(&s, "a b c d e f g ");
		e2_str_add(&s, cases[i].text);
		e2_str_fold(&s, 14, cases[i].indent, cases[i].columns);
		cr_assert_str_eq(e2_str_text(&s) + 14, cases[i].folded, "case %zu", i);
		cr_assert_eq(strlen(s.text), s.len);
		e2_str_free(&s);
	}
}
