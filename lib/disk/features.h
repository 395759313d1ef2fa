/* SPDX-License-Identifier: MIT */
/* Feature bits: predicates, names, masks; all from features.def. */
#ifndef E2_DISK_FEATURES_H
#define E2_DISK_FEATURES_H

#include "disk/struct.h"

enum e2_feature_word { E2_COMPAT, E2_INCOMPAT, E2_RO_COMPAT, E2_FEATURE_WORDS };

enum e2_feature_support { E2_SUPPORT_NONE, E2_SUPPORT_READ, E2_SUPPORT_WRITE };

#define FEATURE(word, bit, name, support, doc) E2_FEATURE_##name = (bit),
enum e2_feature {
#include "disk/features.def"
};
#undef FEATURE

/* bool e2_has_filetype(const struct e2_super *) and so on; false on revision 0. */
#define FEATURE(word, bit, name, support, doc) \
	static inline bool e2_has_##name(const struct e2_super *s) \
	{ \
		return s->rev_level != 0 && (s->feature_##word & (uint32_t)(bit)) != 0; \
	}
#include "disk/features.def"
#undef FEATURE

struct e2_feature_row {
	enum e2_feature_word word;
	uint32_t bit;
	const char *name, *doc;
	enum e2_feature_support support;
};
const struct e2_feature_row *e2_feature_at(size_t index);	/* NULL past the last */

/* By name; a hyphen in it is passed over ("read-only").  NULL when unknown. */
const struct e2_feature_row *e2_feature_find(const char *name);

const char *e2_feature_word_name(enum e2_feature_word word);	/* "compat" and so on */

/* Adds the names of the set bits, separated by spaces; unknown bits as "incompat:0x4000000". */
void e2_str_add_features(struct e2_str *s, enum e2_feature_word word, uint32_t bits);

/* Bits of a word with at least this support. */
uint32_t e2_feature_mask(enum e2_feature_word word, enum e2_feature_support support);

#endif
