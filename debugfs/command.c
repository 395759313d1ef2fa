/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <stdio.h>
#include <string.h>

enum { LINE_COLUMNS = 100 };

static const struct command commands[] = {
#define C(name, aliases, group, handler, args, summary, more) \
	{ #name, aliases, args, summary, more, cmd_##handler, GROUP_##group },
#include "command.def"
#undef C
};

const struct command *command_at(size_t index)
{
	return index < sizeof(commands) / sizeof(*commands) ? &commands[index] : NULL;
}

size_t command_next_name(const struct command *c, const char **at)
{
	if (!*at) {
		*at = c->name;
		return strlen(c->name);
	}
	*at = *at == c->name ? c->aliases : *at + strcspn(*at, " ");
	*at += strspn(*at, " ");
	return strcspn(*at, " ");
}

const struct command *command_find(const char *name)
{
	const struct command *c;
	size_t len = strlen(name);

	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		const char *at = NULL;
		size_t n;

		while ((n = command_next_name(c, &at)) > 0)
			if (n == len && !memcmp(at, name, len))
				return c;
	}
	return NULL;
}

/* The name of a command that begins with prefix, or else its first such alias; NULL: none does. */
static const char *name_with(const struct command *c, const char *prefix, size_t *n)
{
	size_t len = strlen(prefix);
	const char *at = NULL;

	while ((*n = command_next_name(c, &at)) > 0)
		if (*n >= len && !memcmp(at, prefix, len))
			return at;
	return NULL;
}

const struct command *command_prefixed(const char *prefix, struct e2_str *several)
{
	const struct command *c, *one = NULL;
	struct e2_str names = E2_STR_INIT;
	unsigned count = 0;

	for (size_t i = 0; *prefix && (c = command_at(i)) != NULL; i++) {
		size_t n;
		const char *name = name_with(c, prefix, &n);

		if (!name)
			continue;
		e2_str_add(&names, count++ ? ", " : "");
		e2_str_add_bytes(&names, name, n);
		one = c;
	}
	if (count == 1 && one->group == GROUP_raw)
		count++;
	if (several && count > 1)
		e2_str_add(several, e2_str_text(&names));
	e2_str_free(&names);
	return count == 1 ? one : NULL;
}

bool command_changes(const struct command *c)
{
	return c->group == GROUP_change || c->group == GROUP_raw;
}

/* How many letters must be added, dropped, changed or swapped to make a into b. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	enum { MOST = 32 };
	size_t row[3][MOST + 1];

	if (a_len > MOST || b_len > MOST)
		return MOST;
	for (size_t j = 0; j <= b_len; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[a_len % 3][b_len];
}

bool command_nearest(const char *word, char *buffer, size_t size)
{
	size_t len = strlen(word), best = len / 3 + 2;
	const struct command *c;
	bool found = false;

	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		const char *at = NULL;
		size_t n;

		while ((n = command_next_name(c, &at)) > 0) {
			size_t d = distance(word, len, at, n);

			if (d < best && d < n && n < size) {
				best = d;
				memcpy(buffer, at, n);
				buffer[n] = '\0';
				found = true;
			}
		}
	}
	return found;
}

const char *command_group_title(enum command_group group)
{
	static const char *const titles[GROUPS] = {
		[GROUP_look] = "look", [GROUP_search] = "search", [GROUP_copy] = "copy",
		[GROUP_change] = "change", [GROUP_raw] = "raw", [GROUP_session] = "session",
		[GROUP_debugfs] = "debugfs",
	};

	return titles[group];
}

void command_usage(const struct command *c, struct e2_str *out)
{
	e2_str_add(out, c->name);
	if (*c->args)
		e2_str_add(out, " ");
	for (const char *at = c->args; *at; at++) {
		if (*at == ':')
			at += strcspn(at, " ].");
		if (!*at)
			break;
		e2_str_add_bytes(out, at, 1);
	}
}

void command_usage_line(const struct command *c, struct e2_str *out)
{
	struct e2_str all = E2_STR_INIT;
	const char *at;

	command_usage(c, &all);
	if (all.len <= LINE_COLUMNS) {
		e2_str_add(out, e2_str_text(&all));
	} else {
		at = all.text + strcspn(all.text, " ");
		while (!strncmp(at, " [", 2) && !(at[2] >= 'A' && at[2] <= 'Z'))
			at += strcspn(at, "]") + (strchr(at, ']') != NULL);
		e2_str_addf(out, "%s [OPTION...]%s; help %s tells the options", c->name, at,
			    c->name);
	}
	e2_str_free(&all);
}

const struct command *command_of_words(const char *first, const char *second)
{
	const struct command *c = NULL;
	char name[32];

	if (strcmp(first, "raw") && strcmp(first, "break"))
		return NULL;
	if ((size_t)snprintf(name, sizeof(name), "%s_%s", first, second) < sizeof(name))
		c = command_find(name);
	if (!c && !strcmp(first, "raw"))
		c = command_find(second);
	return c && (c->group == GROUP_raw || !strcmp(first, "break")) ? c : NULL;
}
