/* SPDX-License-Identifier: MIT */
#include "args.h"

#include "mode.h"
#include "moment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	enum arg_type type;
} types[] = {
	{ "FILE", ARG_FILE }, { "PATH", ARG_PATH }, { "INO", ARG_INO }, { "OBJECT", ARG_OBJECT },
	{ "TEXT", ARG_TEXT }, { "NUMBER", ARG_NUMBER }, { "SIZE", ARG_SIZE },
	{ "COUNT", ARG_COUNT }, { "HOST", ARG_HOST }, { "FIELD", ARG_FIELD },
	{ "COMMAND", ARG_COMMAND }, { "NAME", ARG_NAME }, { "MODE", ARG_MODE },
	{ "TIME", ARG_TIME }, { "LINE", ARG_LINE },
};

/* ---- the language -------------------------------------------------------- */

static bool is_upper(char c)
{
	return (c >= 'A' && c <= 'Z') || c == '_';
}

static int take_word(const char **at, const char *stop, char *word)
{
	size_t len = strcspn(*at, stop);

	if (len == 0 || len >= ARGS_WORD)
		return e2_fail(E2_ERR_INVAL, "\"%s\": a word of 1 to %d letters", *at,
			       ARGS_WORD - 1);
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len;
	return 0;
}

/* NAME, NAME:type; the type in capitals or not. */
static int take_typed(const char **at, char *name, enum arg_type *type)
{
	char word[ARGS_WORD];
	int err = take_word(at, " :].", name);

	if (err)
		return err;
	memcpy(word, name, sizeof(word));
	if (**at == ':') {
		(*at)++;
		err = take_word(at, " ].", word);
		if (err)
			return err;
		for (char *c = word; *c; c++)
			*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (!strcmp(types[i].word, word)) {
			*type = types[i].type;
			return 0;
		}
	}
	return e2_fail(E2_ERR_INVAL, "no type is called \"%s\"", word);
}

/* at stands on the first "-" inside the brackets. */
static int take_option(const char **at, struct spec *spec)
{
	struct arg_option *o;
	int err;

	if (spec->options == ARGS_OPTIONS)
		return e2_fail(E2_ERR_INVAL, "more than %d options", ARGS_OPTIONS);
	o = &spec->option[spec->options++];
	err = take_word(at, " |]", o->name);
	if (!err && **at == '|') {
		(*at)++;
		err = take_word(at, " ]", o->other);
	}
	if (!err && **at == ' ') {
		(*at)++;
		err = take_typed(at, o->value, &o->type);
	}
	return err;
}

static int take_operand(const char **at, bool optional, struct spec *spec)
{
	struct arg_operand *o;
	int err;

	if (spec->operands == ARGS_OPERANDS)
		return e2_fail(E2_ERR_INVAL, "more than %d arguments", ARGS_OPERANDS);
	if (!is_upper(**at))
		return e2_fail(E2_ERR_INVAL, "\"%s\": not a word in capitals", *at);
	o = &spec->operand[spec->operands++];
	o->optional = optional;
	err = take_typed(at, o->name, &o->type);
	if (!err && !strncmp(*at, "...", 3)) {
		o->many = true;
		*at += 3;
	}
	return err;
}

int spec_parse(const char *text, struct spec *spec)
{
	const char *at = text;

	memset(spec, 0, sizeof(*spec));
	while (*at) {
		bool bracket = *at == '[';
		int err;

		at += bracket;
		err = bracket && !is_upper(*at) ? take_option(&at, spec) :
			take_operand(&at, bracket, spec);
		if (err)
			return err;
		if (bracket && *at++ != ']')
			return e2_fail(E2_ERR_INVAL, "\"%s\": a bracket is not closed", text);
		if (*at && *at++ != ' ')
			return e2_fail(E2_ERR_INVAL, "\"%s\": words are separated by one space",
				       text);
	}
	return 0;
}

/* ---- words against the language ------------------------------------------ */

/* The option spelled by the first len bytes of text; options if none. */
static size_t find_option(const struct spec *spec, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < spec->options; i++) {
		const struct arg_option *o = &spec->option[i];

		if ((strlen(o->name) == len && !memcmp(o->name, text, len)) ||
		    (*o->other && strlen(o->other) == len && !memcmp(o->other, text, len)))
			break;
	}
	return i;
}

static int fail_word(const char *before, const char *text, const char *after)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	e2_str_add_name(&s, text, strlen(text));
	err = e2_fail(E2_ERR_INVAL, "%s%s%s", before, e2_str_text(&s), after);
	e2_str_free(&s);
	return err;
}

static int convert_name(struct arg *a)
{
	int err = object_parse(a->text, a->quoted, PLACE_FILE, &a->object);

	if (err || a->object.kind == OBJECT_PATH)
		return err;
	return fail_word("", a->text, ": an inode, where a name is needed; where lists its names");
}

static int convert(struct arg *a, enum arg_type type)
{
	const char *number = a->text;
	struct e2_time time;
	uint32_t mode;

	switch (type) {
	case ARG_FILE:
	case ARG_PATH:
		return object_parse(a->text, a->quoted, PLACE_FILE, &a->object);
	case ARG_INO:
		return object_parse(a->text, a->quoted, PLACE_INO, &a->object);
	case ARG_OBJECT:
		return object_parse(a->text, a->quoted, PLACE_ANY, &a->object);
	case ARG_NAME:
		return convert_name(a);
	case ARG_MODE:
		return mode_change(a->text, 0, false, &mode);
	case ARG_TIME:
		return moment_parse(a->text, (struct e2_time){ 0 }, &time);
	case ARG_NUMBER:
		return e2_parse_u64(a->text, 0, UINT64_MAX, &a->number);
	case ARG_COUNT:
		if (*number == '+' || *number == '-')
			number++;
		return e2_parse_size(number, 1, &a->number);
	case ARG_SIZE:
		return e2_parse_size(number, 1, &a->number);
	default:
		return 0;
	}
}

bool count_matches(const struct arg *want, uint64_t n)
{
	if (*want->text == '+')
		return n > want->number;
	if (*want->text == '-')
		return n < want->number;
	return n == want->number;
}

/*
 * Whether a word with a dash is no option: a negative number, as "print" shows them, where no
 * option is a digit; or chmod's "-x", where a mode is awaited that it reads as.
 */
static bool is_operand(const struct spec *spec, const char *text, size_t before)
{
	uint32_t mode;

	if (find_option(spec, text, 2) < spec->options)
		return false;
	if (text[1] >= '0' && text[1] <= '9')
		return true;
	return before == 0 && spec->operands && spec->operand[0].type == ARG_MODE &&
	       text[1] != '-' && !mode_change(text, 0, false, &mode);
}

/* Option i, which stands in words[*at]; its value is behind equals, or the next word. */
static int use_option(const struct word *words, size_t count, size_t *at, const char *equals,
		       size_t i, struct args *args)
{
	const struct arg_option *o = &args->spec->option[i];
	struct arg_use *use;
	int err;

	args->given[i] = true;
	use = &args->use[args->uses++];
	use->option = i;
	if (o->type == ARG_NONE)
		return equals ? fail_word("option ", words[*at].text, ": takes no value") : 0;
	if (equals) {
		use->value.text = equals + 1;
	} else {
		if (*at + 1 >= count)
			return fail_word("option ", words[*at].text, " needs a value");
		++*at;
		use->value.text = words[*at].text;
		use->value.quoted = words[*at].quoted;
	}
	err = convert(&use->value, o->type);
	args->value[i] = use->value;
	return err;
}

/* "!", "(" or ")" where these are options; whoever knows find(1) writes \( by habit. */
static bool is_sign(const struct spec *spec, const char *text)
{
	return strchr("!()", *text) && *text && !text[1] &&
	       find_option(spec, text, 1) < spec->options;
}

/* With the long option that it may have been meant as. */
static int fail_option(const struct spec *spec, const char *text)
{
	struct e2_str after = E2_STR_INIT;
	struct e2_nearest near;
	int err;

	e2_nearest_begin(&near, text);
	for (size_t i = 0; text[1] == '-' && i < spec->options; i++) {
		e2_nearest_offer(&near, spec->option[i].name);
		e2_nearest_offer(&near, spec->option[i].other);
	}
	if (near.best)
		e2_str_addf(&after, "; did you mean %s?", near.best);
	err = fail_word("unknown option ", text, e2_str_text(&after));
	e2_str_free(&after);
	return err;
}

/* Letters joined to one word; only the last may take a value, which is the next word. */
static int take_letters(const struct word *words, size_t count, size_t *at, struct args *args)
{
	const struct spec *spec = args->spec;
	const char *text = words[*at].text;

	for (const char *c = text + 1; *c; c++) {
		char one[3] = { '-', *c, '\0' };
		size_t i = find_option(spec, one, 2);

		if (i == spec->options)
			return fail_option(spec, text[2] && text[1] != '-' ? one : text);
		if (spec->option[i].type != ARG_NONE && c[1])
			return fail_word("option ", one, " takes a value and must stand last");
		if (spec->option[i].type != ARG_NONE)
			return use_option(words, count, at, NULL, i, args);
		args->given[i] = true;
	}
	return 0;
}

/* An option at words[*at]; its value may be the next word or follow "=". */
static int take_given(const struct word *words, size_t count, size_t *at, struct args *args)
{
	const char *text = words[*at].text, *equals = NULL;
	size_t i, len = strlen(text);

	if (text[1] == '-' && (equals = strchr(text, '=')) != NULL)
		len = (size_t)(equals - text);
	i = find_option(args->spec, text, len);
	if (i == args->spec->options && !strcmp(text, "--json")) {
		args->json = true;
		return 0;
	}
	if (i == args->spec->options && !strcmp(text, "--tsv")) {
		args->tsv = true;
		return 0;
	}
	return i == args->spec->options ? take_letters(words, count, at, args) :
		use_option(words, count, at, equals, i, args);
}

/* Gives every operand its place: what must be there first, what may be as far as it goes. */
static int place_operands(struct args *args)
{
	const struct spec *spec = args->spec;
	size_t needed = 0, at = 0;

	for (size_t i = 0; i < spec->operands; i++)
		needed += !spec->operand[i].optional;
	if (args->count < needed) {
		size_t skip = args->count;

		for (size_t i = 0; i < spec->operands; i++)
			if (!spec->operand[i].optional && skip-- == 0)
				return fail_word("", spec->operand[i].name, " is missing");
	}
	for (size_t i = 0; i < spec->operands; i++) {
		const struct arg_operand *o = &spec->operand[i];
		size_t spare = args->count - at - needed;
		size_t take = o->many ? spare : o->optional && spare;

		if (!o->optional) {
			take += 1;
			needed--;
		}
		for (; take; take--) {
			struct arg *a = &args->arg[at++];
			int err;

			a->operand = o;
			err = convert(a, o->type);
			if (err)
				return err;
		}
	}
	if (at < args->count)
		return fail_word("\"", args->arg[at].text, "\" is one argument too many");
	return 0;
}

int args_parse(const struct spec *spec, const struct word *words, size_t count, struct args *args)
{
	bool options = spec->operands == 0 || spec->operand[0].type != ARG_LINE;
	int err = 0;

	*args = (struct args){ .spec = spec };
	args->arg = calloc(count + 1, sizeof(*args->arg));
	args->use = calloc(count + 1, sizeof(*args->use));
	if (!args->arg || !args->use) {
		args_free(args);
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu arguments", count);
	}
	for (size_t i = 0; i < count && !err; i++) {
		const struct word *w = &words[i];

		if (options && is_sign(spec, w->text)) {
			err = use_option(words, count, &i, NULL, find_option(spec, w->text, 1),
					 args);
		} else if (options && !w->quoted && !strcmp(w->text, "--")) {
			options = false;
		} else if (options && !w->quoted && w->text[0] == '-' && w->text[1] &&
			   !is_operand(spec, w->text, args->count)) {
			err = take_given(words, count, &i, args);
		} else {
			args->arg[args->count].text = w->text;
			args->arg[args->count].quoted = w->quoted;
			args->count++;
		}
	}
	if (!err)
		err = place_operands(args);
	if (err)
		args_free(args);
	return err;
}

void args_free(struct args *args)
{
	for (size_t i = 0; i < args->count; i++)
		e2_str_free(&args->arg[i].path);
	free(args->arg);
	free(args->use);
	args->arg = NULL;
	args->use = NULL;
	args->count = args->uses = 0;
}

static size_t option_index(const struct args *args, const char *option)
{
	size_t i = find_option(args->spec, option, strlen(option));

	assert(i < args->spec->options);
	return i;
}

bool args_has(const struct args *args, const char *option)
{
	return args->given[option_index(args, option)];
}

const struct arg *args_value(const struct args *args, const char *option)
{
	size_t i = option_index(args, option);

	return args->given[i] ? &args->value[i] : NULL;
}

const struct arg *args_get(const struct args *args, const char *operand)
{
	for (size_t i = 0; i < args->count; i++)
		if (!strcmp(args->arg[i].operand->name, operand))
			return &args->arg[i];
	return NULL;
}

size_t args_count(const struct args *args, const char *operand)
{
	size_t n = 0;

	for (size_t i = 0; i < args->count; i++)
		n += !strcmp(args->arg[i].operand->name, operand);
	return n;
}
