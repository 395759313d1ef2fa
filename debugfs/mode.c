/* SPDX-License-Identifier: MIT */
#include "mode.h"

#include "e2.h"

#include <string.h>

enum {
	SET_UID = 04000, SET_GID = 02000, STICKY = 01000, ALL = 07777,
	USER = SET_UID | 0700, GROUP = SET_GID | 070, OTHERS = STICKY | 07,
	SET_IDS = SET_UID | SET_GID,
};

static int fail(const char *text)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	e2_str_add_name(&s, text, strlen(text));
	err = e2_fail(E2_ERR_INVAL, "%s: not a mode; 644, u+x, g-w,o= are", e2_str_text(&s));
	e2_str_free(&s);
	return err;
}

static int octal(const char *text, uint32_t mode, uint32_t *changed)
{
	size_t digits = strspn(text, "01234567");
	uint32_t value = 0;

	if (text[digits])
		return fail(text);
	for (const char *c = text; *c; c++) {
		value = value * 8 + (uint32_t)(*c - '0');
		if (value > ALL)
			return fail(text);
	}
	*changed = (mode & ~(uint32_t)ALL) | value;
	return 0;
}

/* The letters before an operator: whom it is about; 0 for nobody in particular. */
static uint32_t take_who(const char **at)
{
	uint32_t who = 0;

	for (;; ++*at) {
		if (**at == 'u')
			who |= USER;
		else if (**at == 'g')
			who |= GROUP;
		else if (**at == 'o')
			who |= OTHERS;
		else if (**at == 'a')
			who |= ALL;
		else
			return who;
	}
}

/* The permissions of one of u, g and o, given to everybody. */
static uint32_t copied(uint32_t mode, char from)
{
	uint32_t bits = (from == 'u' ? mode >> 6 : from == 'g' ? mode >> 3 : mode) & 7;

	return bits * 0111;
}

/* What stands behind an operator; *named: the set-id bits that were meant. */
static uint32_t take_bits(const char **at, uint32_t mode, bool directory, uint32_t *named)
{
	uint32_t bits = 0;

	*named = 0;
	if (**at == 'u' || **at == 'g' || **at == 'o')
		return copied(mode, *(*at)++);
	for (;; ++*at) {
		switch (**at) {
		case 'r': bits |= 0444; break;
		case 'w': bits |= 0222; break;
		case 'x': bits |= 0111; break;
		case 'X': bits |= directory || mode & 0111 ? 0111 : 0; break;
		case 's': bits |= SET_IDS; *named = SET_IDS; break;
		case 't': bits |= STICKY; break;
		default: return bits;
		}
	}
}

static uint32_t apply(char operator, uint32_t who, uint32_t bits, uint32_t named, uint32_t mode,
		      bool directory)
{
	uint32_t about = who ? who : ALL;

	bits &= who ? who : ~(uint32_t)MODE_UMASK;
	if (operator == '+')
		return mode | bits;
	if (operator == '-')
		return mode & ~bits;
	if (directory)
		about &= ~(SET_IDS & ~named);
	return (mode & ~about) | bits;
}

int mode_change(const char *text, uint32_t mode, bool directory, uint32_t *changed)
{
	const char *at = text;

	if (*at >= '0' && *at <= '7')
		return octal(text, mode, changed);
	do {
		uint32_t who = take_who(&at);

		if (!*at || !strchr("+-=", *at))
			return fail(text);
		while (*at && strchr("+-=", *at)) {
			char operator = *at++;
			uint32_t named, bits = take_bits(&at, mode, directory, &named);

			mode = apply(operator, who, bits, named, mode, directory);
		}
	} while (*at++ == ',');
	if (at[-1])
		return fail(text);
	*changed = mode;
	return 0;
}
