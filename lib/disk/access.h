/* SPDX-License-Identifier: MIT */
/*
 * What is looked at too often for a call that decodes all of it.
 *
 * Single numbers of a superblock where it lies: e2_super_get_NAME(raw) and
 * e2_super_set_NAME(raw, value), from its table.  raw has as many bytes as the field's end.
 * Of an inode the same to read, e2_inode_peek_NAME(raw); of a vector one element.
 */
#ifndef E2_DISK_ACCESS_H
#define E2_DISK_ACCESS_H

#include "disk/struct.h"

#define E2_ACCESS(type, kind, name, at, arg) \
	static inline type e2_super_get_##name(const uint8_t *raw) \
	{ \
		type v; \
		E2_DECODE_##kind(v, raw, at, arg) \
		return v; \
	} \
	static inline void e2_super_set_##name(uint8_t *raw, type v) \
	{ \
		E2_ENCODE_##kind(v, raw, at, arg) \
	}
#define E2_ACCESS_u8(name, at, arg) E2_ACCESS(uint8_t, u8, name, at, arg)
#define E2_ACCESS_u16(name, at, arg) E2_ACCESS(uint16_t, u16, name, at, arg)
#define E2_ACCESS_u32(name, at, arg) E2_ACCESS(uint32_t, u32, name, at, arg)
#define E2_ACCESS_u64(name, at, arg) E2_ACCESS(uint64_t, u64, name, at, arg)
#define E2_ACCESS_u32v(name, at, arg)
#define E2_ACCESS_text(name, at, arg)
#define E2_ACCESS_uuid(name, at, arg)
#define E2_ACCESS_bytes(name, at, arg)

#define F(kind, name, at, arg, fmt, when, doc) E2_ACCESS_##kind(name, at, arg)
#include "disk/super.def"
#undef F

#define E2_PEEK(type, kind, name, at, arg) \
	static inline type e2_inode_peek_##name(const uint8_t *raw) \
	{ \
		type v; \
		E2_DECODE_##kind(v, raw, at, arg) \
		return v; \
	}
#define E2_PEEK_u16(name, at, arg) E2_PEEK(uint16_t, u16, name, at, arg)
#define E2_PEEK_u32(name, at, arg) E2_PEEK(uint32_t, u32, name, at, arg)
#define E2_PEEK_split16(name, at, arg) E2_PEEK(uint32_t, split16, name, at, arg)
#define E2_PEEK_split32(name, at, arg) E2_PEEK(uint64_t, split32, name, at, arg)
#define E2_PEEK_u32v(name, at, arg) \
	static inline uint32_t e2_inode_peek_##name(const uint8_t *raw, unsigned i) \
	{ \
		return e2_get32(raw + (at) + 4 * (size_t)i); \
	} \
	/* Where its elements lie, 4 bytes each. */ \
	static inline const uint8_t *e2_inode_at_##name(const uint8_t *raw) \
	{ \
		return raw + (at); \
	}

#define ALIAS(kind, name, at, arg, fmt, when, doc)
#define F(kind, name, at, arg, fmt, when, doc) E2_PEEK_##kind(name, at, arg)
#include "disk/inode.def"
#undef F
#undef ALIAS

/* The header of a directory entry, without a call: a search looks at a great many. */
static inline struct e2_dirent e2_dirent_peek(const uint8_t *raw)
{
	struct e2_dirent d;

#define F(kind, name, at, arg, fmt, when, doc) E2_DECODE_##kind(d.name, raw, at, arg)
#include "disk/dirent.def"
#undef F
	return d;
}

#endif
