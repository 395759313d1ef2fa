/* SPDX-License-Identifier: MIT */
#include "complete.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_BYTES = 256 * 1024, KEPT = 8192 };	/* of candidates; more are only counted */

/* ---- candidates --------------------------------------------------------------- */

/* How much of what all have in common this one has too; no character is cut. */
static void narrow(char *common, const char *text)
{
	size_t n = 0;

	while (common[n] && common[n] == text[n])
		n++;
	if (!common[n])
		return;
	while (n && (common[n] & 0xc0) == 0x80)
		n--;		/* back to the first byte of a character, if it is one */
	common[n] = '\0';
}

static char *join(const char *base, size_t base_len, const char *part, size_t len)
{
	char *text = malloc(base_len + len + 1);

	if (!text)
		return NULL;
	memcpy(text, base, base_len);
	memcpy(text + base_len, part, len);
	text[base_len + len] = '\0';
	return text;
}

static struct candidate *keep(struct wanted *w, char *text)
{
	struct completion *c = w->c;

	if (c->count == c->room) {
		size_t room = c->room ? 2 * c->room : 64;
		struct candidate *more = realloc(c->item, room * sizeof(*more));

		if (!more)
			return NULL;
		c->item = more;
		c->room = room;
	}
	w->kept += strlen(text);
	c->item[c->count] = (struct candidate){ .text = text };
	return &c->item[c->count++];
}

struct candidate *offer(struct wanted *w, size_t base, const char *part, size_t len)
{
	struct completion *c = w->c;
	size_t typed = strlen(w->text) - base;
	struct candidate *item;
	char *text;

	if (w->status || len < typed || memcmp(part, w->text + base, typed) != 0)
		return NULL;
	text = join(w->text, base, part, len);
	if (!text || (!c->common && !(c->common = strdup(text)))) {
		w->status = E2_ERR_NOMEM;
		free(text);
		return NULL;
	}
	narrow(c->common, text);
	c->total++;
	item = w->kept < KEPT_BYTES && c->count < KEPT ? keep(w, text) : NULL;
	if (!item)
		free(text);
	else
		item->shown = base;
	return item;
}

void completion_free(struct completion *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->item[i].text);
	free(c->item);
	free(c->common);
	*c = (struct completion){ 0 };
}

/* ---- which place of a command a word fills ---------------------------------------- */

struct spot_on_line {		/* the word at the end of a line */
	const struct words *words;
	const struct spec *spec;
	size_t at;		/* its index; words->count: it has not begun */
	size_t operand[64];	/* the words before it that are operands */
	size_t operands;
	const struct arg_option *value_of;	/* it is the value of this option */
	bool options;		/* it may be an option */
};

static const struct arg_option *option_named(const struct spec *spec, const char *text)
{
	for (size_t i = 0; i < spec->options; i++)
		if (!strcmp(spec->option[i].name, text) || !strcmp(spec->option[i].other, text))
			return &spec->option[i];
	return NULL;
}

/* Sorts the words before it into options and operands, as args_parse() does. */
static void look_back(struct spot_on_line *l)
{
	l->options = true;
	for (size_t i = 1; i < l->at; i++) {
		const struct word *word = &l->words->word[i];
		const struct arg_option *o = NULL;

		if (l->options && !word->quoted && !strcmp(word->text, "--")) {
			l->options = false;
			continue;
		}
		if (l->options && !word->quoted && word->text[0] == '-' && word->text[1]) {
			o = option_named(l->spec, word->text);
			if (o && o->type != ARG_NONE && ++i >= l->at)
				l->value_of = o;
		} else if (l->operands < sizeof(l->operand) / sizeof(*l->operand)) {
			l->operand[l->operands++] = i;
		}
	}
}

/* The place that operand n fills if there will be `total` of them. */
static const struct arg_operand *place_of(const struct spec *spec, size_t n, size_t total)
{
	size_t needed = 0, at = 0;

	for (size_t i = 0; i < spec->operands; i++)
		needed += !spec->operand[i].optional;
	for (size_t i = 0; i < spec->operands; i++) {
		const struct arg_operand *o = &spec->operand[i];
		size_t spare = total - at > needed ? total - at - needed : 0;

		at += o->many ? spare : o->optional && spare;
		if (!o->optional) {
			at++;
			needed--;
		}
		if (n < at)
			return o;
	}
	return NULL;
}

/* ---- what fits there --------------------------------------------------------------- */

static const char *operand_text(const struct spot_on_line *l, size_t n)
{
	return l->words->word[l->operand[n]].text;
}

/* The structure that a field belongs to: that of the operand before it, or the superblock. */
static const struct e2_struct *field_owner(const struct spot_on_line *l, struct object *o)
{
	const struct arg_operand *first = &l->spec->operand[0];

	if (l->operands == 0 || first->type == ARG_FIELD)
		return e2_struct_find("super");
	if (first->type == ARG_NUMBER)
		return e2_struct_find("group");
	if (object_parse(operand_text(l, 0), false,
			 first->type == ARG_OBJECT ? PLACE_ANY : PLACE_FILE, o))
		return NULL;
	return struct_of(o);
}

/* "set OBJECT FIELD VALUE", "set OBJECT.FIELD VALUE": fields, or the words of one. */
static void offer_setting(struct wanted *w, const struct spot_on_line *l)
{
	struct object o = { 0 };
	const struct e2_struct *s = field_owner(l, &o);
	bool behind = l->spec->operand[0].type != ARG_FIELD;	/* an object comes first */
	const struct e2_field *f;
	unsigned index;

	if (!s)
		return;
	if (behind && !o.field && l->operands == 1) {
		offer_fields(w, 0, s);
		return;
	}
	if (l->operands < (size_t)behind + !o.field)
		return;
	if (!e2_field_find(s, o.field ? o.field : operand_text(l, behind), &f, &index))
		offer_values(w, f);
}

static void offer_attribute(struct wanted *w, const struct spot_on_line *l)
{
	struct object o;
	e2_ino ino;

	if (l->operands == 1 && !object_parse(operand_text(l, 0), false, PLACE_FILE, &o) &&
	    !shell_lookup(w->sh, &o, false, &ino, NULL))
		offer_attributes(w, ino);
}

static bool is_path_word(const char *name)
{
	static const char *const names[] = {
		"PATH", "TARGET", "SOURCE", "DEST", "REF", "NAME", "FILE", "TEXT", "DIR",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void offer_text(struct wanted *w, const struct spot_on_line *l, const char *name)
{
	if (is_path_word(name))
		offer_paths(w);
	else if (!strcmp(name, "ATTR"))
		offer_attribute(w, l);
	else if (!strcmp(name, "VALUE") || !strcmp(name, "WORD"))
		offer_setting(w, l);
}

static void offer_type(struct wanted *w, const struct spot_on_line *l, enum arg_type type,
		       const char *name)
{
	struct object o = { 0 };
	const struct e2_struct *s;

	switch (type) {
	case ARG_OBJECT:
		w->c->place = PLACE_ANY;
		if (!w->quoted)
			offer_objects(w);
		break;
	case ARG_INO:
		w->c->place = PLACE_INO;
		break;
	case ARG_FILE:
	case ARG_PATH:
	case ARG_NAME:
		break;
	case ARG_HOST:
		offer_host_paths(w);
		return;
	case ARG_COMMAND:
		offer_commands(w, 0);
		offer_topics(w);
		if (!w->quoted)
			offer_objects(w);
		return;
	case ARG_FIELD:
		s = field_owner(l, &o);
		if (s)
			offer_fields(w, 0, s);
		return;
	case ARG_TEXT:
		offer_text(w, l, name);
		return;
	default:
		return;
	}
	if (!w->quoted && type != ARG_NAME)
		offer_inodes(w);
	offer_paths(w);
}

static void offer_argument(struct wanted *w, const struct spot_on_line *l)
{
	const struct spec *spec = l->spec;
	const struct arg_operand *o;

	if (l->value_of) {
		offer_type(w, l, l->value_of->type, l->value_of->value);
		return;
	}
	if (l->options && w->text[0] == '-' && !w->quoted) {
		offer_options(w, spec);
		return;
	}
	/* As if it were the last word; where nothing fits, as if others came. */
	for (size_t more = 0; more < 2 && !w->c->total; more++) {
		size_t total = l->operands + 1 + more;

		o = place_of(spec, l->operands, total > spec->operands ? total : spec->operands);
		if (o)
			offer_type(w, l, o->type, o->name);
	}
}

/* ---- a line --------------------------------------------------------------------------- */

static void offer_word(struct wanted *w, const struct words *words, size_t at)
{
	struct spot_on_line l = { .words = words, .at = at };
	const char *name = words->count ? words->word[0].text : "";
	const struct command *c;
	struct spec spec;
	bool dash = name[0] == '-';

	if (at == 0) {
		offer_commands(w, dash);
		return;
	}
	c = command_find(name + dash);
	if (!c && w->sh->interactive)
		c = command_prefixed(name + dash, NULL);
	if (!c || spec_parse(c->args, &spec))
		return;
	l.spec = &spec;
	look_back(&l);
	offer_argument(w, &l);
}

static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return strcmp(x->text, y->text);
}

/* Several ways may lead to the same word. */
static void sort(struct completion *c)
{
	size_t kept = 0;

	if (c->count)
		qsort(c->item, c->count, sizeof(*c->item), compare);
	for (size_t i = 0; i < c->count; i++) {
		if (kept && !strcmp(c->item[kept - 1].text, c->item[i].text)) {
			free(c->item[i].text);
			c->total--;
		} else {
			c->item[kept++] = c->item[i];
		}
	}
	c->count = kept;
}

int complete(struct shell *sh, const char *line, size_t len, struct completion *c)
{
	struct wanted w = { .sh = sh, .c = c, .text = "" };
	struct words words;
	size_t start, at, held = len;
	char quote;
	int err = lex_open(line, len, &start, &quote, &words);

	*c = (struct completion){ .from = len, .place = PLACE_FILE };
	if (err) {
		e2_err_clear();
		return err == E2_ERR_NOMEM ? err : 0;	/* nothing goes on with that */
	}
	held -= start;
	at = words.count;
	if (words.way == WAY_OUT && at && words.word[at - 1].end >= held) {
		at--;
		w.text = words.word[at].text;
		w.quoted = words.word[at].quoted;
		c->from = start + words.word[at].at;
		c->in_quotes = quote != '\0';
	}
	err = shell_hold(sh);
	if (!err && words.way == WAY_OUT) {
		offer_word(&w, &words, at);
	} else if (!err && words.way < WAY_PIPE && words.target.end >= held) {
		w.text = words.target.text;
		c->from = start + words.target.at;
		c->in_quotes = quote != '\0';
		offer_host_paths(&w);
	}
	sort(c);
	shell_release(sh);
	e2_err_clear();
	words_free(&words);
	return w.status;
}

/* ---- what is inserted ------------------------------------------------------------------- */

enum shape { AS_IS, MARKED, CODED };

/* How the character that text begins with is written, and how many bytes it has. */
static enum shape shape_of(const struct shell *sh, const char *text, size_t *n)
{
	unsigned char c = (unsigned char)*text;
	uint32_t character;

	*n = 1;
	if (c < ' ' || c == 0x7f)
		return CODED;
	if (c < 0x80)
		return strchr(" \\\"';", c) ? MARKED : AS_IS;
	*n = e2_utf8_decode(text, strlen(text), &character);
	if (*n && sh->out.utf8 && !e2_char_is_control(character))
		return AS_IS;
	*n = *n ? *n : 1;
	return CODED;
}

static void add_escaped(const struct shell *sh, const char *text, bool in_quotes, struct e2_str *s)
{
	for (size_t n; *text; text += n) {
		enum shape shape = shape_of(sh, text, &n);

		if (shape == CODED) {
			for (size_t i = 0; i < n; i++)
				e2_str_addf(s, "\\x%02x", (unsigned char)text[i]);
			continue;
		}
		if (shape == MARKED && !(in_quotes && strchr(" ';", *text)))
			e2_str_add(s, "\\");
		e2_str_add_bytes(s, text, n);
	}
}

/* Whether a name would be taken for something else if nothing marked it as one. */
static bool is_mistakable(const struct completion *c, const char *text)
{
	struct object o;
	bool other = strchr("-#>|!", *text) != NULL;

	if (other || !*text)
		return *text != '\0';
	other = object_parse(text, false, c->place, &o) || o.kind != OBJECT_PATH || o.path != text;
	e2_err_clear();
	return other;
}

static void add_word(const struct shell *sh, const struct completion *c, const char *text,
		     bool name, struct e2_str *s)
{
	size_t n;

	if (c->in_quotes)
		e2_str_add(s, "\"");
	else if (name && shape_of(sh, text, &n) == AS_IS && is_mistakable(c, text))
		e2_str_add(s, "\\");	/* no letter that a backslash makes something of */
	add_escaped(sh, text, c->in_quotes, s);
}

void add_insertion(const struct shell *sh, const struct completion *c, size_t index,
		   struct e2_str *s)
{
	const struct candidate *item = &c->item[index];

	add_word(sh, c, item->text, item->name, s);
	if (c->in_quotes && !item->more)
		e2_str_add(s, "\"");
}

void add_common(const struct shell *sh, const struct completion *c, struct e2_str *s)
{
	bool names = true;

	for (size_t i = 0; i < c->count; i++)
		names = names && c->item[i].name;
	add_word(sh, c, c->common ? c->common : "", names, s);
}
