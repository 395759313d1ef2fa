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
 *   fmt   how people read it (print, JSON, edit)
 *   when  the condition under which the field exists
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

/*
 * Finds a field by "name" or "name[index]" (also "name.index"); *index is 0 for
 * a plain field.  E2_ERR_NOENT, with the nearest name in the detail; E2_ERR_RANGE.
 */
int e2_field_find(const struct e2_struct *s, const char *spec, const struct e2_field **f,
		  unsigned *index);

unsigned e2_field_elements(const struct e2_field *f);	/* 1 but for vectors */
unsigned e2_field_bits(const struct e2_field *f);	/* of one element; 0: text, uuid, bytes */
bool e2_field_exists(const struct e2_field *f, const uint8_t *raw, const struct e2_when_context *c);

/* Whether byte `at` of the structure belongs to the field. */
bool e2_field_covers(const struct e2_field *f, unsigned at);

/* One element as a number.  E2_ERR_INVAL for text, uuid, bytes; E2_ERR_RANGE. */
int e2_field_get(const struct e2_field *f, const uint8_t *raw, unsigned index, uint64_t *value);
int e2_field_set(const struct e2_field *f, uint8_t *raw, unsigned index, uint64_t value);

/* One element as people read it ("0100644", "2026-11-20 ...", "filetype", "41733"). */
void e2_field_format(const struct e2_field *f, const uint8_t *raw, unsigned index,
		     struct e2_str *out);

/* The member "name": number, string or array. */
void e2_field_json(const struct e2_field *f, const uint8_t *raw, struct e2_json *j);

/*
 * Sets one element from text: numbers in C notation, and what the format shows
 * (times "@123" or "2026-11-20 09:12:44", feature names with + and ^, uuid, text).
 * E2_ERR_INVAL, E2_ERR_RANGE with the valid range in the detail; raw unchanged.
 */
int e2_field_parse(const struct e2_field *f, uint8_t *raw, unsigned index, const char *text);

/* Prints every field that exists, a line each: name, value. */
void e2_struct_print(const struct e2_struct *s, const uint8_t *raw,
		     const struct e2_when_context *c, struct e2_str *out);
void e2_struct_json(const struct e2_struct *s, const uint8_t *raw,
		    const struct e2_when_context *c, struct e2_json *j);	/* members only */

/* Steps through elements that differ: start with *cursor 0; 1, or 0 at the end. */
int e2_struct_diff(const struct e2_struct *s, const uint8_t *a, const uint8_t *b, size_t *cursor,
		   const struct e2_field **f, unsigned *index);

/* ---- damage on purpose ------------------------------------------------- */

enum e2_verb { E2_VERB_ZEROES, E2_VERB_ONES, E2_VERB_FIRSTBIT, E2_VERB_MIDDLEBIT,
	       E2_VERB_LASTBIT, E2_VERB_ADD, E2_VERB_SUB, E2_VERB_RANDOM, E2_VERBS };
const char *e2_verb_name(enum e2_verb verb);

/* Damages one element; random steps *seed, so equal seeds damage equally. */
void e2_field_mutate(const struct e2_field *f, uint8_t *raw, unsigned index, enum e2_verb verb,
		     uint64_t *seed);

#endif
