/* SPDX-License-Identifier: MIT */
#include "records.h"

#include <stdio.h>
#include <string.h>

struct row {
	const char *name, *what, *members;
};

static const struct row rows[] = {
#define R(name, what, members) { #name, what, members },
#include "debugfs/record.def"
#undef R
};

/* "KEY<TAB>TYPE<TAB>meaning" up to the end of the line; false when it is not of that form. */
static int print_member(const char *line, size_t len)
{
	const char *type = memchr(line, '\t', len), *end = line + len, *meaning;
	const char *optional = "";
	size_t key;

	if (!type)
		return 1;
	key = (size_t)(type++ - line);
	meaning = memchr(type, '\t', (size_t)(end - type));
	if (!meaning)
		return 1;
	if (key > 0 && line[key - 1] == '?') {
		key--;
		optional = " ?";
	}
	printf("| `%.*s`%s | %.*s | %.*s |\n", (int)key, line, optional, (int)(meaning - type),
	       type, (int)(end - meaning - 1), meaning + 1);
	return 0;
}

static int print_row(const struct row *row)
{
	const char *line = row->members, *end;
	int bad = 0;

	printf("\n## %s\n\n%s.\n\n", row->name, row->what);
	if (!strncmp(line, "*\t", 2)) {
		size_t len = strcspn(line + 2, "\n");

		printf("fields of `%.*s`\n", (int)len, line + 2);
		return 0;
	}
	printf("| member | type | |\n|---|---|---|\n");
	for (; *line != '\0'; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		bad |= print_member(line, (size_t)(end - line));
	}
	return bad;
}

int print_records(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (i > 0 && strcmp(rows[i - 1].name, rows[i].name) >= 0) {
			fprintf(stderr, "gendocs: record %s stands behind %s\n", rows[i].name,
				rows[i - 1].name);
			return 1;
		}
		if (print_row(&rows[i])) {
			fprintf(stderr, "gendocs: record %s: a line is not KEY, TYPE, meaning\n",
				rows[i].name);
			return 1;
		}
	}
	return 0;
}
