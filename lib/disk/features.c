/* SPDX-License-Identifier: MIT */
/* Features by name and by bit, from features.def. */
#include "disk/features.h"

#include <inttypes.h>

static const struct e2_feature_row rows[] = {
#define WORD_compat E2_COMPAT
#define WORD_incompat E2_INCOMPAT
#define WORD_ro_compat E2_RO_COMPAT
#define SUPPORT_none E2_SUPPORT_NONE
#define SUPPORT_read E2_SUPPORT_READ
#define SUPPORT_write E2_SUPPORT_WRITE
#define FEATURE(word, bit, name, support, doc) { WORD_##word, bit, #name, doc, SUPPORT_##support },
#include "disk/features.def"
#undef FEATURE
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static const char *const words[E2_FEATURE_WORDS] = {
	[E2_COMPAT] = "compat", [E2_INCOMPAT] = "incompat", [E2_RO_COMPAT] = "ro_compat",
};

const char *e2_feature_word_name(enum e2_feature_word word)
{
	return words[word];
}

const struct e2_feature_row *e2_feature_at(size_t index)
{
	return index < ROWS ? &rows[index] : NULL;
}

static bool same_name(const char *known, const char *given)
{
	for (; *given; given++) {
		if (*given == '-')
			continue;
		if (*known++ != *given)
			return false;
	}
	return *known == '\0';
}

const struct e2_feature_row *e2_feature_find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (same_name(rows[i].name, name))
			return &rows[i];
	return NULL;
}

void e2_str_add_features(struct e2_str *s, enum e2_feature_word word, uint32_t bits)
{
	const char *before = "";

	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].word != word || !(bits & rows[i].bit))
			continue;
		e2_str_addf(s, "%s%s", before, rows[i].name);
		before = " ";
		bits &= ~rows[i].bit;
	}
	for (uint32_t bit = 1; bits; bit <<= 1) {
		if (!(bits & bit))
			continue;
		e2_str_addf(s, "%s%s:0x%" PRIx32, before, words[word], bit);
		before = " ";
		bits &= ~bit;
	}
}

uint32_t e2_feature_mask(enum e2_feature_word word, enum e2_feature_support support)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].word == word && rows[i].support >= support)
			mask |= rows[i].bit;
	return mask;
}
