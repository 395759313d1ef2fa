/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "debugfs/command.h"

#include <string.h>

/* Whether a line of "more" explains an option: it begins with it and a tab. */
static bool explains(const struct command *c, const char *option)
{
	size_t len = strlen(option);

	for (const char *line = c->more; *line; line += strcspn(line, "\n") + 1)
		if (!strncmp(line, option, len) && line[len] == '\t')
			return true;
	return false;
}

/* How many options begin with a dash, as all but the brackets of find do. */
static unsigned count_dashed(const struct spec *spec)
{
	unsigned n = 0;

	for (size_t i = 0; i < spec->options; i++)
		n += *spec->option[i].name == '-';
	return n;
}

static unsigned count_lines(const char *text, char first)
{
	unsigned n = 0;

	for (; *text; text += strcspn(text, "\n") + 1)
		n += *text == first;
	return n;
}

E2_TEST(shell_command, every_row_can_be_parsed_and_is_explained)
{
	const struct command *c;
	size_t i;

	for (i = 0; (c = command_at(i)) != NULL; i++) {
		struct spec spec;

		cr_assert_eq(spec_parse(c->args, &spec), 0, "%s: %s", c->name, e2_err_detail());
		for (size_t j = 0; j < spec.options; j++)
			cr_assert(explains(c, spec.option[j].name), "%s: %s is not explained",
				  c->name,
				  spec.option[j].name);
		cr_assert_eq(count_lines(c->more, '-'), count_dashed(&spec),
			     "%s explains an option it does not have", c->name);
		cr_assert_geq(count_lines(c->more, '$'), 2, "%s: two examples", c->name);
		cr_assert_eq(c->more[strlen(c->more) - 1], '\n', "%s", c->name);
		cr_assert_not_null(command_group_title(c->group));
		cr_assert_leq(strlen(c->summary), 60, "%s: one line of help all", c->name);
		for (const char *line = c->more; *line; line += strcspn(line, "\n") + 1)
			cr_assert_leq(strcspn(line, "\n"), 96, "%s: %.20s", c->name, line);
	}
	cr_assert_geq(i, 20);
}

E2_TEST(shell_command, names_and_aliases_are_unique_and_found)
{
	const struct command *c;

	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		cr_assert_eq(command_find(c->name), c, "%s", c->name);
		for (const char *at = c->aliases; *at; at += strspn(at, " ")) {
			size_t len = strcspn(at, " ");
			char name[32] = "";

			memcpy(name, at, len);
			cr_assert_eq(command_find(name), c, "%s of %s", name, c->name);
			at += len;
		}
	}
	cr_assert_null(command_find(""));
	cr_assert_null(command_find("sta"));
	cr_assert_null(command_find("stats show_super_stats"));
}

/* The names debugfs uses for what is here. */
E2_TEST(shell_command, who_knows_debugfs_finds_the_commands)
{
	static const char *const names[] = {
		"stats", "show_super_stats", "stat", "show_inode_info", "ls", "cd", "chdir", "pwd",
		"print_working_directory", "cat", "dump", "dump_inode", "rdump", "ncheck", "bmap",
		"blocks", "bd", "block_dump", "help", "lr", "list_requests", "?", "quit", "q",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		cr_assert_not_null(command_find(names[i]), "%s", names[i]);
}

E2_TEST(shell_command, a_slip_of_the_finger_is_understood)
{
	static const struct { const char *word, *near; } cases[] = {
		{ "sta", "stat" }, { "lss", "ls" }, { "sl", "ls" }, { "qiut", "quit" }, { "inof",
			"info" },
		{ "reslove", "resolve" }, { "wheer", "where" }, { "zzzzzz", NULL }, { "", NULL },
		{ "a-word-that-is-longer-than-anything-here", NULL },
	};
	char near[32];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool found = command_nearest(cases[i].word, near, sizeof(near));

		cr_assert_eq(found, cases[i].near != NULL, "%s: %s", cases[i].word,
			     found ? near : "");
		if (found)
			cr_assert_str_eq(near, cases[i].near, "%s", cases[i].word);
	}
}

E2_TEST(shell_command, usage_shows_words_and_not_types)
{
	struct e2_str s = E2_STR_INIT;

	command_usage(command_find("get"), &s);
	cr_assert_str_eq(e2_str_text(&s), "get [-r] [-a] [-f] [-v] [-P] [-T] FILE... HOSTDIR");
	e2_str_truncate(&s, 0);
	command_usage(command_find("blocks"), &s);
	cr_assert_str_eq(e2_str_text(&s), "blocks [--tree] [-v] PATH [LBLK]");
	e2_str_truncate(&s, 0);
	command_usage(command_find("quit"), &s);
	cr_assert_str_eq(e2_str_text(&s), "quit");
	e2_str_free(&s);
}
