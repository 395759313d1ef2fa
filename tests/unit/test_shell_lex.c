/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "debugfs/lex.h"
#include "e2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The words of a line, each in brackets, and * before quoted ones; then what is left. */
static void assert_words(const char *line, const char *want)
{
	struct e2_str got = E2_STR_INIT;
	size_t len = strlen(line), used = 0;
	struct words w;

	while (len) {
		cr_assert_eq(lex(line, len, &used, &w), 0, "%s: %s", line, e2_err_detail());
		cr_assert(used > 0 && used <= len);
		for (size_t i = 0; i < w.count; i++)
			e2_str_addf(&got, "%s[%s]", w.word[i].quoted ? "*" : "", w.word[i].text);
		words_free(&w);
		line += used;
		len -= used;
		e2_str_add(&got, len ? ";" : "");
	}
	cr_assert_str_eq(e2_str_text(&got), want);
	e2_str_free(&got);
}

E2_TEST(shell_lex, words_are_cut_at_spaces_and_quotes_keep_them_together)
{
	static const struct { const char *line, *want; } cases[] = {
		{ "ls", "[ls]" },
		{ "  ls\t-l  /a \r\n", "[ls][-l][/a]" },
		{ "cat 'a b' \"c d\" e\\ f", "[cat]*[a b]*[c d][e f]" },
		{ "a'b c'd\"e f\"", "[ab cde f]" },
		{ "'it''s'", "*[its]" },
		{ "''", "*[]" },
		{ "\"\" x", "*[][x]" },
		{ "'\\n' \"\\n\" \\n", "*[\\n]*[\n]*[\n]" },
		{ "\"\\\\ \\\" \\t\"", "*[\\ \" \t]" },
		{ "\\x41\\x7e", "*[A~]" },
		{ "\"\\xff\"", "*[\xff]" },
		{ "\\u{e9}\\u{20ac}\\u{1F600}", "*[\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80]" },
		{ "\\u{41}", "*[A]" },
		{ "ls # -l", "[ls]" },
		{ "ls a#b", "[ls][a#b]" },
		{ "# all", "" },
		{ "\\#a '#b'", "*[#a]*[#b]" },
		{ "cd a; pwd;ls", "[cd][a];[pwd];[ls]" },
		{ "echo ';' \\;", "[echo]*[;]*[;]" },
		{ "ls;", "[ls]" },
		{ "; ;ls # x;y", ";;[ls]" },
		{ "<12> %12 ^5 a>b a|b", "[<12>][%12][^5][a>b][a|b]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_words(cases[i].line, cases[i].want);
}

E2_TEST(shell_lex, what_cannot_be_meant_is_refused_with_its_column)
{
	static const struct { const char *line, *says; } cases[] = {
		{ "ls 'a", "column 4: the quote is not closed" },
		{ "ls a\"b", "column 5: the quote is not closed" },
		{ "ls \\", "column 4: nothing follows" },
		{ "ls \\x4", "column 4: \\x must be" }, { "ls \\xg1", "column 4" },
		{ "ls \\x00", "contains a NUL" },
		{ "ls \\u41", "column 4: \\u must be" }, { "ls \\u{", "\\u must be" },
		{ "ls \\u{}", "\\u must be" }, { "ls \\u{1234567}", "\\u must be" },
		{ "ls \\u{d800}", "names no character" }, { "ls \\u{110000}",
			"names no character" },
		{ "ls \\u{0}", "names no character" },
		{ "ls >", "column 4: > is followed by" }, { "ls >;pwd", "column 4: >" },
		{ "ls > a b", "column 8: nothing but ;" }, { "ls > a | b", "column 8: nothing" },
		{ "ls |", "column 4: | is followed by" }, { "ls | ; b", "column 4: |" },
		{ "> x", "column 1: a command stands before >" },
		{ "| x", "column 1: a command stands before |" },
		{ "!", "column 1: ! is followed by" }, { "ls > 'a", "the quote is not closed" },
	};
	struct words w;
	size_t used;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cr_assert_eq(lex(cases[i].line, strlen(cases[i].line), &used, &w), E2_ERR_INVAL,
			     "%s", cases[i].line);
		cr_assert_not_null(strstr(e2_err_detail(), cases[i].says), "%s: %s", cases[i].line,
				   e2_err_detail());
	}
	cr_assert_eq(lex("a\0b", 3, &used, &w), E2_ERR_INVAL);
}

E2_TEST(shell_lex, output_goes_to_files_and_commands_of_the_host)
{
	static const struct {
		const char *line;
		enum lex_way way;
		size_t count, used;
		const char *target;
	} cases[] = {
		{ "ls >x", WAY_FILE, 1, 5, "x" }, { "ls -l > 'a b'; pwd", WAY_FILE, 2, 14, "a b" },
		{ "ls >> \\x41 # to A", WAY_APPEND, 1, 17, "A" },
		{ "ls '>' \\>x a>b", WAY_OUT, 4, 14, NULL }, { "ls a|b", WAY_OUT, 2, 6, NULL },
		{ "ls | wc -l", WAY_PIPE, 1, 10, "wc -l" },
		{ "ls |sh -c 'a; b' ; pwd", WAY_PIPE, 1, 18, "sh -c 'a; b'" },
		{ "ls | a \\; 'b;' ; c", WAY_PIPE, 1, 16, "a \\; 'b;'" },
		{ "!echo a; echo 'b' ", WAY_HOST, 0, 18, "echo a; echo 'b'" },
		{ "ls !x", WAY_OUT, 2, 5, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *line = cases[i].line;
		struct words w;
		size_t used;

		cr_assert_eq(lex(line, strlen(line), &used, &w), 0, "%s: %s", line,
			     e2_err_detail());
		cr_assert_eq(w.way, cases[i].way, "%s", line);
		cr_assert_eq(w.count, cases[i].count, "%s: %zu", line, w.count);
		cr_assert_eq(used, cases[i].used, "%s: %zu", line, used);
		if (cases[i].target)
			cr_assert_str_eq(w.target.text, cases[i].target, "%s", line);
		words_free(&w);
	}
}

E2_TEST(shell_lex, a_line_that_is_being_typed_has_words_too)
{
	static const struct {
		const char *line;
		size_t start, count;
		char quote;
		const char *last;
	} cases[] = {
		{ "", 0, 0, '\0', "" }, { "ls", 0, 1, '\0', "ls" }, { "ls ", 0, 1, '\0', "ls" },
		{ "cat \"a b", 0, 2, '"', "a b" }, { "cat 'a\"b", 0, 2, '\'', "a\"b" },
		{ "cd /a; ls /b", 6, 2, '\0', "/b" }, { "cd /a;", 6, 0, '\0', "" },
		{ "cat 'a;b' 'c", 0, 3, '\'', "c" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *line = cases[i].line;
		struct words w;
		size_t start;
		char quote;

		cr_assert_eq(lex_open(line, strlen(line), &start, &quote, &w), 0, "%s", line);
		cr_assert_eq(start, cases[i].start, "%s: %zu", line, start);
		cr_assert_eq(quote, cases[i].quote, "%s", line);
		cr_assert_eq(w.count, cases[i].count, "%s: %zu", line, w.count);
		if (w.count)
			cr_assert_str_eq(w.word[w.count - 1].text, cases[i].last, "%s", line);
		words_free(&w);
	}
}

/* Whatever name is shown escaped can be typed back between double quotes. */
E2_TEST(shell_lex, every_byte_survives_being_shown_and_typed_back)
{
	for (unsigned a = 1; a < 256; a++) {
		char name[4] = { (char)a, (char)(a * 7 % 255 + 1), 'x', '\0' };
		struct e2_str line = E2_STR_INIT;
		struct words w;
		size_t used;

		if (memchr(name, '"', 3))
			continue;	/* needs a backslash more */
		e2_str_add(&line, "\"");
		e2_str_add_name(&line, name, 3);
		e2_str_add(&line, "\"");
		cr_assert_eq(lex(line.text, line.len, &used, &w), 0, "%s", line.text);
		cr_assert_eq(w.count, 1);
		cr_assert_str_eq(w.word[0].text, name, "%s", line.text);
		words_free(&w);
		e2_str_free(&line);
	}
}

E2_TEST(shell_lex, random_lines_never_overrun)
{
	static const char bytes[] = "a \"'\\x41u{}#;<>|\t\n%^\xc3\xa9";
	uint64_t seed = 20261122;

	for (int i = 0; i < 200000; i++) {
		char *line = malloc(12);
		size_t used, len = 0;
		struct words w;

		cr_assert_not_null(line);
		for (; len < (size_t)(i % 13) && len < 12; len++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			line[len] = bytes[(seed >> 33) % (sizeof(bytes) - 1)];
		}
		if (len && lex(line, len, &used, &w) == 0) {
			cr_assert(used > 0 && used <= len, "seed 20261122, line %d", i);
			words_free(&w);
		}
		free(line);
	}
}
