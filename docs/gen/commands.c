/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct row {
	const char *name, *aliases, *group, *args, *summary, *more;
};

static const struct row rows[] = {
#define C(name, aliases, group, handler, args, summary, more) \
	{ #name, aliases, #group, args, summary, more },
#include "debugfs/command.def"
#undef C
};

static const struct {
	char letter;
	const char *name, *value, *help;
} options[] = {
#define O(id, letter, long, value, help) { letter, long, value, help },
#include "debugfs/option.def"
#undef O
};

static const struct {
	const char *group, *title;
} groups[] = {
	{ "look", "Looking" }, { "search", "Searching" }, { "copy", "Copying out" },
	{ "change", "Changing" }, { "raw", "Changing bytes, bits and entries alone" },
	{ "session", "The session" }, { "debugfs", "As debugfs has them" },
};

/* ---- mdoc ------------------------------------------------------------------ */

/* Text of a manual page: nothing in it is a request or an escape. */
static void put_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			fputs("\\e", stdout);
		else if (text[i] == '"')
			fputs("\\(dq", stdout);
		else if (text[i] == '-' && (i == 0 || text[i - 1] == ' '))
			fputs("\\-", stdout);
		else
			putchar(text[i]);
	}
}

/* "PATH:type..." as an argument. */
static void put_argument(const char *word, size_t len)
{
	size_t name = strcspn(word, ":.]");

	fputs(" Ar ", stdout);
	for (size_t i = 0; i < name && i < len; i++)
		putchar(tolower((unsigned char)word[i]));
	if (len >= 3 && memcmp(word + len - 3, "...", 3) == 0)
		fputs(" ...", stdout);
}

/* The arguments of a command in macros: Oo Fl l Oc Oo Ar path ... Oc */
static void put_synopsis(const char *args)
{
	while (*args) {
		size_t len = *args == '[' ? strcspn(args, "]") + 1 : strcspn(args, " ");

		if (args[0] == '[' && strchr("()", args[1])) {
			printf(" Oo Ic \\&%c Oc", args[1]);
		} else if (args[0] == '[' && args[1] == '-') {
			size_t flag = strcspn(args + 2, " ]");

			printf(" Oo Fl %.*s%s", (int)flag, args + 2,
			       args[1 + flag] == '!' ? "\\&" : "");	/* no punctuation */
			if (args[2 + flag] == ' ')
				put_argument(args + 3 + flag, len - flag - 4);
			fputs(" Oc", stdout);
		} else if (args[0] == '[') {
			fputs(" Oo", stdout);
			put_argument(args + 1, len - 2);
			fputs(" Oc", stdout);
		} else {
			put_argument(args, len);
		}
		args += len;
		args += *args == ' ';
	}
	putchar('\n');
}

/* Text in lines of a manual page's width, a sentence beginning a new one. */
static void put_prose(const char *text, size_t len)
{
	enum { WIDTH = 72 };
	size_t column = 0;

	while (len) {
		size_t word = 0;
		bool end;

		while (word < len && text[word] != ' ')
			word++;
		end = word && text[word - 1] == '.' && word + 1 < len && text[word + 1] == ' ';
		if (column && column + word > WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (column)
			putchar(' ');
		put_text(text, word);
		column += word + 1;
		while (word < len && text[word] == ' ')
			word++;
		text += word;
		len -= word;
		if (end) {
			putchar('\n');
			column = 0;
		}
	}
	if (column)
		putchar('\n');
}

static void put_flags(const char *more)
{
	bool any = false;

	for (const char *line = more; *line; line += strcspn(line, "\n") + 1) {
		const char *tab = strchr(line, '\t'), *end = line + strcspn(line, "\n");

		if (!tab || tab > end)
			continue;
		if (!any)
			puts(".Bl -tag -width \"--explain\" -compact");
		any = true;
		if (*line == '-')
			printf(".It Fl %.*s\n", (int)(tab - line - 1), line + 1);
		else
			printf(".It Ic \\&%.*s\n", (int)(tab - line), line);
		put_prose(tab + 1, (size_t)(end - tab - 1));
	}
	if (any)
		puts(".El");
}

static void put_rest(const char *more, bool examples)
{
	for (const char *line = more; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		if (memchr(line, '\t', len) || (*line == '$') != examples)
			continue;
		if (examples) {
			fputs(".Dl ", stdout);
			put_text(line + 2, len - 2);
			putchar('\n');
		} else {
			put_prose(line, len);
		}
	}
}

static void command_mdoc(const struct row *c)
{
	printf(".It Ic %s", c->name);
	put_synopsis(c->args);
	printf("%s.\n", c->summary);
	put_flags(c->more);
	put_rest(c->more, false);
	if (*c->aliases) {
		fputs("Also", stdout);
		for (const char *at = c->aliases; *at; at += strspn(at, " ")) {
			size_t len = strcspn(at, " ");

			printf(at == c->aliases ? "\n.Ic %s%.*s" : " ,\n.Ic %s%.*s",
			       *at == '?' ? "\\&" : "", (int)len, at);
			at += len;
		}
		puts(" .");
	}
	put_rest(c->more, true);
}

/* ---- Markdown ---------------------------------------------------------------- */

static void command_markdown(const struct row *c)
{
	bool examples = false, table = false;

	printf("\n### %s\n\n`%s", c->name, c->name);
	for (const char *at = c->args; *at; at++) {
		if (at == c->args)
			putchar(' ');
		if (*at == ':')
			at += strcspn(at, " ].");
		if (!*at)
			break;
		putchar(*at);
	}
	printf("`\n\n%s.", c->summary);
	for (const char *at = c->aliases; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");

		printf("%s`%.*s`", at == c->aliases ? " Also called " : ", ", (int)len, at);
		at += len;
	}
	puts(*c->aliases ? ".\n" : "\n");
	for (const char *line = c->more; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");
		const char *tab = memchr(line, '\t', len);

		if (tab) {
			printf("- `%.*s` %.*s\n", (int)(tab - line), line,
			       (int)(line + len - tab - 1), tab + 1);
			table = true;
			continue;
		}
		if (table || (*line == '$' && !examples && line != c->more))
			putchar('\n');
		table = false;
		examples = *line == '$';
		printf("%s%.*s\n", examples ? "    " : "", (int)(examples ? len - 2 : len),
		       examples ? line + 2 : line);
	}
}

static bool has_rows(const char *group)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(rows[i].group, group))
			return true;
	return false;
}

int print_commands(bool mdoc)
{
	for (size_t g = 0; g < sizeof(groups) / sizeof(*groups); g++) {
		if (!has_rows(groups[g].group))
			continue;
		printf(mdoc ? ".Ss %s\n.Bl -tag -width Ds\n" : "\n## %s\n", groups[g].title);
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			if (strcmp(rows[i].group, groups[g].group) != 0)
				continue;
			if (mdoc)
				command_mdoc(&rows[i]);
			else
				command_markdown(&rows[i]);
		}
		if (mdoc)
			puts(".El");
	}
	return 0;
}

int print_options(void)
{
	puts(".Bl -tag -width \"--keep-going\"");
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const char *value = options[i].value;

		fputs(".It", stdout);
		if (options[i].letter)
			printf(" Fl %c", options[i].letter);
		if (options[i].letter && *options[i].name)
			fputs(" ,", stdout);
		if (*options[i].name)
			printf(" Fl -%s%s", options[i].name, *value ? " Ns = Ns" : "");
		if (*value) {
			fputs(" Ar ", stdout);
			for (; *value; value++)
				putchar(tolower((unsigned char)*value));
		}
		putchar('\n');
		putchar(toupper((unsigned char)options[i].help[0]));
		put_text(options[i].help + 1, strlen(options[i].help + 1));
		puts(".");
	}
	puts(".El");
	return 0;
}
