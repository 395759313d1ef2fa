/* SPDX-License-Identifier: MIT */
/* Completion of words that come from tables: commands, options, objects, fields and their words. */
#include "complete.h"

#include "topic.h"
#include <string.h>

static struct candidate *offer_word(struct wanted *w, size_t base, const char *word)
{
	return offer(w, base, word, strlen(word));
}

/* Other names of a command are offered where its own does not fit. */
void offer_commands(struct wanted *w, size_t base)
{
	const struct command *c;

	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		const char *at = NULL;
		size_t n;

		if (offer_word(w, base, c->name) || w->status)
			continue;
		while ((n = command_next_name(c, &at)) > 0)
			if (w->text[base])
				(void)offer(w, base, at, n);
	}
}

/* What help knows besides. */
void offer_topics(struct wanted *w)
{
	const struct e2_struct *st;
	const struct topic *t;

	for (size_t i = 0; (t = topic_at(i)) != NULL; i++)
		(void)offer_word(w, 0, t->name);
	for (size_t i = 0; (st = e2_struct_at(i)) != NULL; i++)
		(void)offer_word(w, 0, st->name);
}

void offer_options(struct wanted *w, const struct spec *spec)
{
	for (size_t i = 0; i < spec->options; i++) {
		(void)offer_word(w, 0, spec->option[i].name);
		if (*spec->option[i].other)
			(void)offer_word(w, 0, spec->option[i].other);
	}
	(void)offer_word(w, 0, "--json");
	(void)offer_word(w, 0, "--tsv");
}

void offer_inodes(struct wanted *w)
{
	const char *name;

	if (w->text[0] != '<')
		return;
	for (size_t i = 0; (name = object_reserved_name(i)) != NULL; i++) {
		struct e2_str s = E2_STR_INIT;

		e2_str_addf(&s, "<%s>", name);
		(void)offer_word(w, 0, e2_str_text(&s));
		e2_str_free(&s);
	}
}

const struct e2_struct *struct_of(const struct object *o)
{
	if (o->has_lblk || o->has_byte || o->part)
		return NULL;
	switch (o->kind) {
	case OBJECT_SUPER:
		return e2_struct_find("super");
	case OBJECT_GROUP:
		return e2_struct_find("group");
	case OBJECT_INODE:
	case OBJECT_PATH:
		return e2_struct_find("inode");
	default:
		return NULL;
	}
}

void offer_fields(struct wanted *w, size_t base, const struct e2_struct *s)
{
	for (size_t i = 0; i < s->count; i++)
		(void)offer_word(w, base, s->fields[i].name);
}

void offer_values(struct wanted *w, const struct e2_field *f)
{
	enum e2_fmt fmt = (enum e2_fmt)f->fmt;
	struct e2_word word;
	size_t cursor = 0;
	size_t base = e2_fmt_style(fmt) == E2_STYLE_flags && w->text[0] && strchr("+^", *w->text);

	if (e2_fmt_style(fmt) == E2_STYLE_plain)
		return;
	while (e2_word_next(fmt, &cursor, &word) > 0)
		(void)offer_word(w, base, word.name);
}

void offer_objects(struct wanted *w)
{
	const char *dot = strrchr(w->text, '.');
	struct e2_str s = E2_STR_INIT;
	struct candidate *item;
	struct object o;

	item = w->text[0] ? offer_word(w, 0, "sb") : NULL;
	if (item)
		item->more = true;
	if (!dot)
		return;
	e2_str_add_bytes(&s, w->text, (size_t)(dot - w->text));
	if (!object_parse(e2_str_text(&s), false, PLACE_ANY, &o) && o.kind != OBJECT_PATH &&
	    struct_of(&o))
		offer_fields(w, (size_t)(dot + 1 - w->text), struct_of(&o));
	e2_err_clear();
	e2_str_free(&s);
}
