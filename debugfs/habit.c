/* SPDX-License-Identifier: MIT */
#include "habit.h"

#include <string.h>

static const struct habit habits[] = {
#define H(commands, option, reason, advice) { commands, option, reason, advice },
#include "habit.def"
#undef H
};

const struct habit *habit_at(size_t index)
{
	return index < sizeof(habits) / sizeof(*habits) ? &habits[index] : NULL;
}

const struct habit *habit_of_command(const char *name)
{
	const struct habit *h;
	size_t len = strlen(name);

	for (size_t i = 0; (h = habit_at(i)) != NULL; i++) {
		for (const char *at = h->commands; !*h->option && *at; at += strspn(at, " ")) {
			size_t n = strcspn(at, " ");

			if (n == len && !memcmp(at, name, len))
				return h;
			at += n;
		}
	}
	return NULL;
}

static bool is_among(const char *option, const struct word *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!words[i].quoted && !strcmp(words[i].text, option))
			return true;
	return !strcmp(option, "*");
}

const struct habit *habit_of_words(const struct command *c, const struct word *words,
				   size_t count)
{
	const struct habit *h;

	for (size_t i = 0; (h = habit_at(i)) != NULL; i++)
		if (*h->option && !strcmp(h->commands, c->name) &&
		    is_among(h->option, words, count))
			return h;
	return NULL;
}
