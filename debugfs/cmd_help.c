/* SPDX-License-Identifier: MIT */
/* help and apropos: everything they say comes from tables. */
#include "complete.h"
#include "habit.h"
#include "topic.h"

#include <ctype.h>
#include <string.h>

enum { HELP_COLUMNS = 79, NAMES_FROM = 9, COMMAND_COLUMNS = 16, FIELD_COLUMNS = 28,
       LABEL_COLUMNS = 10, TOPIC_COLUMNS = 25, USAGE_INDENT = 6 };

/* What fits in a line: less where the terminal is narrow. */
static unsigned help_columns(const struct out *o)
{
	unsigned width = out_terminal_width(o);

	return width && width < HELP_COLUMNS ? width : HELP_COLUMNS;
}

/* Ends what began at mark, the first line of it behind a label of so many columns. */
static void end_lines(struct out *o, size_t mark, size_t indent)
{
	out_fold(o, mark, indent, help_columns(o));
	out_line(o);
}

/* ---- all of it, on one screen ------------------------------------------------- */

static void list_group(struct out *o, enum command_group group)
{
	const struct command *c;
	size_t at = 0;

	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		size_t len = strlen(c->name);

		if (c->group != group)
			continue;
		if (at == 0)
			out_add(o, "%-*s", NAMES_FROM - 1, command_group_title(group));
		else if (at + 1 + len > help_columns(o))
			out_line(o);
		if (at == 0 || at + 1 + len > help_columns(o)) {
			if (at)
				out_add(o, "%*s", NAMES_FROM - 1, "");
			at = NAMES_FROM - 1;
		}
		out_add(o, " ");
		out_add_styled(o, STYLE_BOLD, c->name);
		at += 1 + len;
	}
	if (at)
		out_line(o);
}

static void help_all(struct out *o)
{
	const struct topic *t;
	size_t mark;

	for (enum command_group g = 0; g < GROUPS; g++)
		list_group(o, g);
	out_line(o);
	mark = out_mark(o);
	out_add(o, "help COMMAND explains one, help <12>.mode an object or a field; topics:");
	for (size_t i = 0; (t = topic_at(i)) != NULL; i++)
		out_add(o, "%s%s", i ? " " : "\n  ", t->name);
	out_add(o, "; apropos WORD finds them");
	end_lines(o, mark, 2);
}

/* ---- a command ------------------------------------------------------------------- */

/* The columns that the longest option takes. */
static int label_columns(const char *more)
{
	size_t most = LABEL_COLUMNS;

	for (const char *line = more; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\t\n");

		if (line[len] == '\t' && len > most)
			most = len;
	}
	return (int)most;
}

/* Lines of prose, up to an option, an example or the end, as one paragraph; where they end. */
static const char *help_prose(struct out *o, const char *line)
{
	size_t mark = out_mark(o);

	for (bool first = true; *line && *line != '$'; first = false) {
		size_t len = strcspn(line, "\n");
		bool full = len && line[len - 1] == '.';

		if (memchr(line, '\t', len))
			break;
		out_add(o, "%s%.*s", first ? "  " : "", (int)len, line);
		line += len + (line[len] == '\n');
		if (*line && *line != '$')
			out_add(o, full ? "  " : " ");
	}
	end_lines(o, mark, 2);
	return line;
}

static void help_lines(struct out *o, const char *more)
{
	int labels = label_columns(more);
	bool examples = false;
	const char *line = more;

	while (*line) {
		size_t len = strcspn(line, "\n"), mark = out_mark(o);
		const char *tab = memchr(line, '\t', len);

		if (*line == '$' && !examples)
			out_line(o);
		examples = *line == '$';
		if (!tab && !examples) {
			line = help_prose(o, line);
			continue;
		}
		if (tab)
			out_add(o, "  %-*.*s %.*s", labels, (int)(tab - line), line,
				(int)(line + len - tab - 1), tab + 1);
		else
			out_add(o, "  for example  %.*s", (int)len - 2, line + 2);
		end_lines(o, mark, tab ? (size_t)labels + 3 : 4);
		line += len + (line[len] == '\n');
	}
}

/* How many bytes of a usage fit in so many columns; "[-n NUMBER]" stays in one piece. */
static size_t fold(const char *text, size_t columns)
{
	size_t len = 0, depth = 0;

	for (size_t i = 0; text[i]; i++) {
		depth += text[i] == '[';
		depth -= text[i] == ']' && depth;
		if (text[i] == ' ' && !depth) {
			if (i > columns && len)
				return len;
			len = i;
		}
	}
	return strlen(text) > columns && len ? len : strlen(text);
}

static void help_command(struct out *o, const struct command *c)
{
	struct e2_str usage = E2_STR_INIT;
	size_t len;

	command_usage(c, &usage);
	if (o->mode != OUT_TEXT) {
		out_record(o, "help");
		out_string(o, "name", c->name);
		out_string(o, "aliases", c->aliases);
		out_string(o, "group", command_group_title(c->group));
		out_string(o, "usage", e2_str_text(&usage));
		out_string(o, "summary", c->summary);
		out_string(o, "more", c->more);
		out_record_end(o);
		e2_str_free(&usage);
		return;
	}
	for (const char *at = e2_str_text(&usage); *at; at += len) {
		struct e2_str line = E2_STR_INIT;

		len = fold(at, help_columns(o) - (at == usage.text ? 0 : USAGE_INDENT));
		e2_str_addf(&line, "%*s%.*s", at == usage.text ? 0 : USAGE_INDENT, "", (int)len,
			    at);
		out_add_styled(o, STYLE_BOLD, e2_str_text(&line));
		out_line(o);
		e2_str_free(&line);
		len += at[len] == ' ';
	}
	e2_str_free(&usage);
	out_add(o, "  %s.", c->summary);
	out_line(o);
	help_lines(o, c->more);
	if (*c->aliases) {
		out_add(o, "  also called  %s", c->aliases);
		out_line(o);
	}
	out_add(o, "  exit status  0 done, 1 failed, 2 wrong usage");
	out_line(o);
}

/* ---- topics, structures, fields ------------------------------------------------------ */

static void help_topic(struct out *o, const struct topic *t)
{
	if (o->mode != OUT_TEXT) {
		out_record(o, "topic");
		out_string(o, "name", t->name);
		out_string(o, "title", t->title);
		out_string(o, "text", t->text);
		out_record_end(o);
		return;
	}
	out_add_styled(o, STYLE_BOLD, t->title);
	out_line(o);
	for (const char *line = t->text; *line; line += strcspn(line, "\n") + 1) {
		const char *text = strstr(line, "  ");
		size_t len = strcspn(line, "\n"), mark = out_mark(o);

		out_add(o, "  %.*s", (int)len, line);
		end_lines(o, mark, text && text < line + len ? TOPIC_COLUMNS : 2);
	}
}

static void add_place(struct e2_str *s, const struct e2_field *f)
{
	unsigned n = e2_field_elements(f), bits = e2_field_bits(f);

	e2_str_addf(s, "byte %u", f->at);
	if (n > 1)
		e2_str_addf(s, ", %u elements of %u bits", n, bits);
	else if (bits)
		e2_str_addf(s, ", %u bits", bits);
	else
		e2_str_addf(s, ", %u bytes", f->arg);
}

static void record_field(struct out *o, const struct e2_struct *st, const struct e2_field *f)
{
	struct e2_word word;
	size_t cursor = 0;

	out_record(o, "meaning");
	out_string(o, "struct", st->name);
	out_string(o, "name", f->name);
	out_string(o, "meaning", f->doc);
	out_u64(o, "byte", f->at);
	out_u64(o, "bits", e2_field_bits(f) * e2_field_elements(f));
	out_string(o, "there", e2_when_doc((enum e2_when)f->when));
	out_list(o, "words");
	while (e2_fmt_style((enum e2_fmt)f->fmt) != E2_STYLE_plain &&
	       e2_word_next((enum e2_fmt)f->fmt, &cursor, &word) > 0)
		out_string(o, NULL, word.name);
	out_list_end(o);
	out_record_end(o);
}

static void help_field(struct out *o, const struct e2_struct *st, const struct e2_field *f)
{
	struct e2_str s = E2_STR_INIT;
	struct e2_word word;
	size_t cursor = 0, mark;

	if (o->mode != OUT_TEXT) {
		record_field(o, st, f);
		return;
	}
	e2_str_addf(&s, "%s.%s", st->name, f->name);
	out_add_styled(o, STYLE_BOLD, e2_str_text(&s));
	out_line(o);
	e2_str_truncate(&s, 0);
	add_place(&s, f);
	mark = out_mark(o);
	out_add(o, "  %s", f->doc);
	end_lines(o, mark, 2);
	mark = out_mark(o);
	out_add(o, "  stored       %s; there %s", e2_str_text(&s),
		e2_when_doc((enum e2_when)f->when));
	end_lines(o, mark, 15);
	out_add(o, "  set          set %s.%s VALUE",
		!strcmp(st->name, "super") ? "sb" : !strcmp(st->name, "group") ? "^5" : "<12>",
		f->name);
	out_line(o);
	while (e2_fmt_style((enum e2_fmt)f->fmt) != E2_STYLE_plain &&
	       e2_word_next((enum e2_fmt)f->fmt, &cursor, &word) > 0) {
		mark = out_mark(o);
		out_add(o, "  %-16s 0x%-8x  %s", word.name, word.value, word.doc);
		end_lines(o, mark, 31);
	}
	e2_str_free(&s);
}

static void help_struct(struct out *o, const struct e2_struct *st)
{
	if (o->mode == OUT_TEXT) {
		out_add_styled(o, STYLE_BOLD, st->doc);
		out_line(o);
	}
	for (size_t i = 0; i < st->count; i++) {
		size_t mark = out_mark(o);

		if (o->mode != OUT_TEXT) {
			record_field(o, st, &st->fields[i]);
			continue;
		}
		out_add(o, "  %-*s  %s", FIELD_COLUMNS, st->fields[i].name, st->fields[i].doc);
		end_lines(o, mark, FIELD_COLUMNS + 4);
	}
}

/* A bare name may be a field of several structures; how many have it. */
static unsigned help_fields(struct out *o, const char *name)
{
	const struct e2_struct *st;
	unsigned found = 0;

	for (size_t i = 0; (st = e2_struct_at(i)) != NULL; i++)
		for (size_t j = 0; j < st->count; j++)
			if (!strcmp(st->fields[j].name, name) && ++found)
				help_field(o, st, &st->fields[j]);
	return found;
}

/* ---- objects --------------------------------------------------------------------------- */

static const char *object_words(const struct object *o)
{
	if (o->has_lblk || o->has_byte)
		return "a block of the file of an inode";
	if (o->part)
		return "a part of a block group";
	switch (o->kind) {
	case OBJECT_INODE: return "an inode";
	case OBJECT_GROUP: return "a block group, and its descriptor";
	case OBJECT_BLOCKS: return o->count > 1 ? "several blocks" : "a block";
	case OBJECT_SUPER: return o->group ? "a copy of the superblock" : "the superblock";
	case OBJECT_BYTE: return "the block that holds this byte of the image";
	default: return "a path";
	}
}

/* 1 when the text is no object that can be explained. */
static int help_object(struct out *o, const char *text)
{
	const struct e2_struct *st;
	const struct e2_field *f;
	struct object object;
	unsigned index;
	int err = object_parse(text, false, PLACE_ANY, &object);

	if (err)
		return err;
	if (object.kind == OBJECT_PATH && text[0] != '/' && text[0] != '.')
		return 1;
	st = struct_of(&object);
	if (object.field) {
		err = st ? e2_field_find(st, object.field, &f, &index) : 1;
		if (!err)
			help_field(o, st, f);
		return err;
	}
	if (o->mode == OUT_TEXT) {
		out_add_styled(o, STYLE_BOLD, text);
		out_add(o, " is %s.", object_words(&object));
		out_line(o);
		if (st)
			out_add(o, "  help %s lists its fields.", st->name);
		else
			out_add(o, "  hex shows its bytes, why what it is.");
		out_line(o);
		out_line(o);
	}
	help_topic(o, topic_find("objects"));
	return 0;
}

/* "inode.mode" 0; 1 when that is nothing. */
static int help_member(struct out *o, const char *text)
{
	const char *dot = strchr(text, '.');
	struct e2_str name = E2_STR_INIT;
	const struct e2_struct *st;
	const struct e2_field *f;
	unsigned index;
	int err = 1;

	e2_str_add_bytes(&name, text, dot ? (size_t)(dot - text) : strlen(text));
	st = e2_struct_find(e2_str_text(&name));
	e2_str_free(&name);
	if (!st)
		return 1;
	if (dot)
		err = e2_field_find(st, dot + 1, &f, &index);
	if (!dot)
		help_struct(o, st);
	else if (!err)
		help_field(o, st, f);
	return dot ? err : 0;
}

/* ---- what nobody knows ------------------------------------------------------------- */

static int fail_unknown(const char *word)
{
	struct e2_nearest near;
	struct e2_str s = E2_STR_INIT;
	const struct e2_struct *st;
	const struct topic *t;
	char command[32];
	const struct habit *habit = habit_of_command(word);
	const char *best;
	int err;

	e2_nearest_begin(&near, word);
	for (size_t i = 0; (t = topic_at(i)) != NULL; i++)
		e2_nearest_offer(&near, t->name);
	for (size_t i = 0; (st = e2_struct_at(i)) != NULL; i++) {
		e2_nearest_offer(&near, st->name);
		for (size_t j = 0; j < st->count; j++)
			e2_nearest_offer(&near, st->fields[j].name);
	}
	best = command_nearest(word, command, sizeof(command)) ? command : near.best;
	if (habit && !*habit->reason)
		best = habit->advice;
	e2_str_add_name(&s, word, strlen(word));
	err = best ? e2_fail(E2_ERR_NOENT, "nothing is called \"%s\"; did you mean %s?",
			     e2_str_text(&s), best) :
		e2_fail(E2_ERR_NOENT, "nothing is called \"%s\"; help lists all there is",
			e2_str_text(&s));
	e2_str_free(&s);
	return err;
}

static void found(struct out *o, const char *kind, const char *name, const char *summary)
{
	if (o->mode == OUT_TEXT) {
		int columns = strcmp(kind, "field") ? COMMAND_COLUMNS : FIELD_COLUMNS;
		size_t mark = out_mark(o);

		out_add(o, "%-*s  %s", columns, name, summary);
		end_lines(o, mark, (size_t)columns + 2);
		return;
	}
	out_record(o, "apropos");
	out_string(o, "kind", kind);
	out_string(o, "name", name);
	out_string(o, "summary", summary);
	out_record_end(o);
}

/* The commands of a group; false when it is none. */
static bool help_group(struct out *o, const char *title)
{
	enum command_group group = 0;
	const struct command *c;

	while (group < GROUPS && strcmp(command_group_title(group), title))
		group++;
	for (size_t i = 0; group < GROUPS && (c = command_at(i)) != NULL; i++)
		if (c->group == group)
			found(o, "command", c->name, c->summary);
	return group < GROUPS;
}

int cmd_help(struct shell *sh, const struct args *args)
{
	const struct arg *a = args_get(args, "COMMAND");
	const struct arg *second = args->count > 1 ? &args->arg[1] : NULL;
	const struct command *c = second ? command_of_words(a->text, second->text) :
		a ? command_find(a->text) : NULL;
	struct out *o = &sh->out;
	int r;

	if (args->count > 2 || (second && !c))
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "one command, object or field at "
						 "a time"));

	if (!a && o->mode == OUT_TEXT) {
		help_all(o);
		return 0;
	}
	if (!a) {
		for (size_t i = 0; (c = command_at(i)) != NULL; i++)
			help_command(o, c);
		return 0;
	}
	if (!c && sh->interactive && !sh->script)
		c = command_prefixed(a->text, NULL);
	if (c) {
		help_command(o, c);
		return 0;
	}
	if (topic_find(a->text)) {
		help_topic(o, topic_find(a->text));
		return 0;
	}
	if (help_group(o, a->text))
		return 0;
	r = help_member(o, a->text);
	if (r == 1)
		r = help_fields(o, a->text) ? 0 : help_object(o, a->text);
	return r == 1 ? fail_unknown(a->text) : r;
}

/* ---- apropos -------------------------------------------------------------------------- */

static bool occurs(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (; *text; text++) {
		size_t i = 0;

		while (i < len &&
		       tolower((unsigned char)text[i]) == tolower((unsigned char)word[i]))
			i++;
		if (i == len)
			return true;
	}
	return len == 0;
}

/* Whether each word is in one of the texts, NULL at their end. */
static bool all_occur(const struct args *args, const char *const texts[])
{
	for (size_t i = 0; i < args->count; i++) {
		size_t j = 0;

		while (texts[j] && !occurs(texts[j], args->arg[i].text))
			j++;
		if (!texts[j])
			return false;
	}
	return true;
}

static unsigned find_fields(struct out *o, const struct args *args, const struct e2_struct *st)
{
	struct e2_str name = E2_STR_INIT;
	unsigned count = 0;

	for (size_t i = 0; i < st->count; i++) {
		const struct e2_field *f = &st->fields[i];

		if (!all_occur(args, (const char *[]){ f->name, f->doc, st->name, NULL }))
			continue;
		e2_str_truncate(&name, 0);
		e2_str_addf(&name, "%s.%s", st->name, f->name);
		found(o, "field", e2_str_text(&name), f->doc);
		count++;
	}
	e2_str_free(&name);
	return count;
}

int cmd_apropos(struct shell *sh, const struct args *args)
{
	struct out *o = &sh->out;
	const struct e2_struct *st;
	const struct command *c;
	const struct topic *t;
	unsigned count = 0;

	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		if (!all_occur(args, (const char *[]){ c->name, c->aliases, c->summary, c->more,
						       NULL }))
			continue;
		found(o, "command", c->name, c->summary);
		count++;
	}
	for (size_t i = 0; (t = topic_at(i)) != NULL; i++) {
		if (!all_occur(args, (const char *[]){ t->name, t->title, t->text, NULL }))
			continue;
		found(o, "topic", t->name, t->title);
		count++;
	}
	for (size_t i = 0; (st = e2_struct_at(i)) != NULL; i++)
		count += find_fields(o, args, st);
	return count ? 0 : e2_fail(E2_ERR_NOENT, "nothing is said of that; help lists all");
}
