/* SPDX-License-Identifier: MIT */
/* Formats and their words, from formats.def, words.def and features.def. */
#include "disk/features.h"

#define WORDS(fmt, style, type, doc) static const struct e2_word fmt##_words[] = {
#define WORD(id, value, name, doc) { value, name, doc },
#define END(fmt) };
#include "disk/words.def"

static const struct {
	const char *name, *doc;
	const struct e2_word *words;
	size_t count;
	enum e2_style style;
} formats[] = {
#define FMT(name, style, doc) { #name, doc, NULL, 0, E2_STYLE_##style },
#define WORDS(fmt, style, type, doc) \
	{ #fmt, doc, fmt##_words, sizeof(fmt##_words) / sizeof(*fmt##_words), E2_STYLE_##style },
#include "disk/formats.def"
#include "disk/words.def"
#undef FMT
};

enum e2_style e2_fmt_style(enum e2_fmt fmt)
{
	return formats[fmt].style;
}

const char *e2_fmt_name(enum e2_fmt fmt)
{
	return formats[fmt].name;
}

const char *e2_fmt_doc(enum e2_fmt fmt)
{
	return formats[fmt].doc;
}

static int feature_next(enum e2_feature_word word, size_t *cursor, struct e2_word *to)
{
	const struct e2_feature_row *row;

	while ((row = e2_feature_at((*cursor)++)) != NULL) {
		if (row->word == word) {
			*to = (struct e2_word){ row->bit, row->name, row->doc };
			return 1;
		}
	}
	return 0;
}

int e2_word_next(enum e2_fmt fmt, size_t *cursor, struct e2_word *word)
{
	switch (fmt) {
	case E2_FMT_flags_compat:
		return feature_next(E2_COMPAT, cursor, word);
	case E2_FMT_flags_incompat:
		return feature_next(E2_INCOMPAT, cursor, word);
	case E2_FMT_flags_ro_compat:
		return feature_next(E2_RO_COMPAT, cursor, word);
	default:
		break;
	}
	if (*cursor >= formats[fmt].count)
		return 0;
	*word = formats[fmt].words[(*cursor)++];
	return 1;
}

const char *e2_word_name(enum e2_fmt fmt, uint64_t value)
{
	struct e2_word w;

	for (size_t cursor = 0; e2_word_next(fmt, &cursor, &w);)
		if (w.value == value)
			return w.name;
	return NULL;
}
