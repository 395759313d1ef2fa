/* SPDX-License-Identifier: MIT */
/*
 * What the bytes mean: one table per on-disk structure, expanded into host
 * structs, straight-line codecs and descriptions that print, edit, compare and
 * damage fields.  Pure: bytes in, values out; no I/O and no volume.
 *
 * Rows are F(kind, name, at, arg, fmt, when, doc):
 *   kind  how it is stored (kinds.h); everything on disk is little-endian
 *   at    byte offset from the start of the structure
 *   arg   split kinds: offset of the high half; vectors, text, bytes: elements
 *   fmt   how people read it (formats.def, words.def)
 *   when  the condition under which the field exists (kinds.h)
 * ALIAS(...) is another view of bytes that a row before describes.
 */
#ifndef E2_DISK_STRUCT_H
#define E2_DISK_STRUCT_H

#include "base/json.h"
#include "base/str.h"
#include "disk/kinds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- host forms and codecs -------------------------------------------- */

enum {	/* bytes on disk */
	E2_SUPER_BYTES = 1024, E2_SUPER_OFFSET = 1024, E2_GROUP_BYTES = 32,
	E2_INODE_BYTES = 128,		/* the fields every inode has */
	E2_INODE_BYTES_MAX = 160,	/* with every extra field known */
	E2_DIRENT_BYTES = 8, E2_XATTR_HEADER_BYTES = 32, E2_XATTR_IBODY_BYTES = 4,
	E2_XATTR_ENTRY_BYTES = 16, E2_DX_INFO_BYTES = 8, E2_DX_COUNT_BYTES = 4,
	E2_DX_ENTRY_BYTES = 8, E2_ACL_HEADER_BYTES = 4,
	E2_ACL_ENTRY_BYTES = 8, E2_ACL_SHORT_BYTES = 4,
};

/* struct e2_super, e2_group, e2_inode, ...: one for each row of structs.def. */
#define STRUCT(name, codec, bytes, doc) struct e2_##name {
#define F(kind, name, at, arg, fmt, when, doc) E2_DECL_##kind(name, arg)
#define END(name) };
#include "disk/structs.def"

/*
 * void e2_super_decode(struct e2_super *to, const uint8_t *raw);
 * void e2_super_encode(const struct e2_super *from, uint8_t *raw);
 * and so on for every structure but those below; raw has the structure's bytes.
 */
#define E2_CODEC_plain(name) \
	void e2_##name##_decode(struct e2_##name *to, const uint8_t *raw); \
	void e2_##name##_encode(const struct e2_##name *from, uint8_t *raw);
#define E2_CODEC_own(name)
#define STRUCT(name, codec, bytes, doc) E2_CODEC_##codec(name)
#include "disk/structs.def"
#undef E2_CODEC_plain
#undef E2_CODEC_own

/*
 * inode_size  bytes at raw: 128, or more.  Extra fields that lie beyond
 *             128 + extra_isize, or beyond inode_size, decode as 0 and are not
 *             encoded; bytes past the fields are left alone.
 */
void e2_inode_decode(struct e2_inode *to, const uint8_t *raw, uint32_t inode_size);
void e2_inode_encode(const struct e2_inode *from, uint8_t *raw, uint32_t inode_size);

/* named  the entry has 8 bytes and an id; else 4, and id is 0. */
void e2_acl_entry_decode(struct e2_acl_entry *to, const uint8_t *raw, bool named);
void e2_acl_entry_encode(const struct e2_acl_entry *from, uint8_t *raw, bool named);

/* ---- descriptions ------------------------------------------------------ */

#define KIND(kind, bits) E2_KIND_##kind,
enum e2_kind { E2_KINDS(KIND) E2_KIND_COUNT };
#undef KIND

#define WHEN(when, doc) E2_WHEN_##when,
enum e2_when { E2_WHENS(WHEN) E2_WHEN_COUNT };
#undef WHEN

#define FMT(name, style, doc) E2_FMT_##name,
#define WORDS(fmt, style, type, doc) E2_FMT_##fmt,
enum e2_fmt {
#include "disk/formats.def"
#include "disk/words.def"
	E2_FMT_COUNT
};
#undef FMT

enum e2_style {
	E2_STYLE_plain,
	E2_STYLE_flags,		/* a set of words */
	E2_STYLE_choice,	/* one word */
};

struct e2_field {
	const char *name, *doc;
	uint16_t at, arg;	/* on disk */
	uint8_t kind, fmt, when;
	bool alias;		/* another view of bytes that a row before describes */
};

struct e2_struct {
	const char *name, *doc;
	const struct e2_field *fields;
	size_t count;
	uint16_t size;		/* bytes on disk */
};

/* What "when" depends on; made from a superblock and the size of the object's bytes. */
struct e2_when_context {
	uint32_t rev_level;
	uint32_t bytes;		/* bytes there are: inode_size of an inode */
	bool named;		/* of an ACL entry */
	bool hurd;		/* creator_os: shows the Hurd's alias fields */
};

const struct e2_struct *e2_struct_find(const char *name);	/* NULL when unknown */
const struct e2_struct *e2_struct_at(size_t index);		/* NULL past the last */

enum { E2_FIELD_WHOLE = 0xffff };	/* in place of an index: all elements */

/*
 * Finds a field by "name", "name[index]" or "name.index"; *index is 0 for a plain
 * field, E2_FIELD_WHOLE for a vector named without index.  E2_ERR_NOENT, with the
 * nearest name in the detail; E2_ERR_INVAL for what is no index; E2_ERR_RANGE.
 */
int e2_field_find(const struct e2_struct *s, const char *spec, const struct e2_field **f,
		  unsigned *index);

unsigned e2_field_elements(const struct e2_field *f);	/* 1 but for vectors */
unsigned e2_field_bits(const struct e2_field *f);	/* of one element; 0: text, uuid, bytes */
bool e2_field_exists(const struct e2_field *f, const uint8_t *raw, const struct e2_when_context *c);

/* Whether byte `at` of the structure belongs to the field. */
bool e2_field_covers(const struct e2_field *f, unsigned at);

/* "size", "block[3]"; written to label, which is returned. */
enum { E2_LABEL_MAX = 48 };
const char *e2_field_label(const struct e2_field *f, unsigned index, char *label);

/* When a field exists, in words; static. */
const char *e2_when_doc(enum e2_when when);

/* One element as a number.  E2_ERR_INVAL for text, uuid, bytes; E2_ERR_RANGE. */
int e2_field_get(const struct e2_field *f, const uint8_t *raw, unsigned index, uint64_t *value);
int e2_field_set(const struct e2_field *f, uint8_t *raw, unsigned index, uint64_t value);

/*
 * One element, or with E2_FIELD_WHOLE all, as people read it ("0100644",
 * "2026-11-20 09:12:44 +0000", "filetype", "41733").
 */
void e2_field_format(const struct e2_field *f, const uint8_t *raw, unsigned index,
		     struct e2_str *out);

/* The member "name": a number or an array of numbers; a string for text, uuid and bytes. */
void e2_field_json(const struct e2_field *f, const uint8_t *raw, struct e2_json *j);

/*
 * Sets one element from text: numbers in C notation, and all that e2_field_format
 * shows.  Dates as e2_parse_time takes them; words of flags separated by spaces or
 * commas: a first one with + or ^ changes the present value, "+append ^immutable".
 * E2_ERR_INVAL, with the nearest word in the detail; E2_ERR_RANGE, with the valid
 * range; raw unchanged.
 */
int e2_field_parse(const struct e2_field *f, uint8_t *raw, unsigned index, const char *text);

/* Prints every field that exists, a line each: name, value. */
void e2_struct_print(const struct e2_struct *s, const uint8_t *raw,
		     const struct e2_when_context *c, struct e2_str *out);
void e2_struct_json(const struct e2_struct *s, const uint8_t *raw,
		    const struct e2_when_context *c, struct e2_json *j);	/* members only */

/*
 * Steps through elements that differ: start with *cursor 0; 1, or 0 at the end.
 * Only fields that exist in a or in b are looked at, and no alias.
 */
int e2_struct_diff(const struct e2_struct *s, const uint8_t *a, const uint8_t *b,
		   const struct e2_when_context *c, size_t *cursor,
		   const struct e2_field **f, unsigned *index);

/* ---- words ------------------------------------------------------------- */

struct e2_word {
	uint32_t value;
	const char *name, *doc;
};

enum e2_style e2_fmt_style(enum e2_fmt fmt);
const char *e2_fmt_name(enum e2_fmt fmt);	/* "flags_inode"; static */
const char *e2_fmt_doc(enum e2_fmt fmt);	/* "Flags of inodes"; static */

/* Steps through the words of a format: start with *cursor 0; 1, or 0 at the end. */
int e2_word_next(enum e2_fmt fmt, size_t *cursor, struct e2_word *word);

/* The word for exactly this value; NULL when there is none. */
const char *e2_word_name(enum e2_fmt fmt, uint64_t value);

/* ---- damage on purpose ------------------------------------------------- */

/*
 * VERB(verb, doc): what can be done to an element.  Text and bytes are a number
 * too here, its lowest byte first.
 */
#define E2_VERB_LIST(VERB) \
	VERB(zeroes, ZEROES, "clears all bits") \
	VERB(ones, ONES, "sets all bits") \
	VERB(firstbit, FIRSTBIT, "flips the highest bit") \
	VERB(middlebit, MIDDLEBIT, "flips the bit in the middle") \
	VERB(lastbit, LASTBIT, "flips the lowest bit") \
	VERB(add, ADD, "adds a small number") \
	VERB(sub, SUB, "subtracts a small number") \
	VERB(random, RANDOM, "sets another value")

#define VERB(verb, id, doc) E2_VERB_##id,
enum e2_verb { E2_VERB_LIST(VERB) E2_VERBS };
#undef VERB
const char *e2_verb_name(enum e2_verb verb);
const char *e2_verb_doc(enum e2_verb verb);

/*
 * Damages one element; add, sub and random step *seed, so equal seeds damage
 * equally.  All but zeroes and ones change the element for certain.
 */
void e2_field_mutate(const struct e2_field *f, uint8_t *raw, unsigned index, enum e2_verb verb,
		     uint64_t *seed);

#endif
