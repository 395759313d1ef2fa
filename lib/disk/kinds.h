/* SPDX-License-Identifier: MIT */
/*
 * Storage kinds of fields: how each is declared in the host struct, read and
 * written.  Byte order lives here (through base/endian.h) and nowhere else.
 *
 *   u8 u16 u32 u64   plain numbers
 *   split16          16 + 16 bits, high half at arg -> uint32_t
 *   split32          32 + 32 bits, high half at arg -> uint64_t
 *   u32v             arg numbers of 32 bits
 *   text uuid bytes  arg bytes as they are
 */
#ifndef E2_DISK_KINDS_H
#define E2_DISK_KINDS_H

#include "base/endian.h"

#include <stdint.h>
#include <string.h>

/* KIND(kind, bits): bits of one element as a number; 0: none, arg bytes. */
#define E2_KINDS(KIND) \
	KIND(u8, 8) KIND(u16, 16) KIND(u32, 32) KIND(u64, 64) KIND(split16, 32) KIND(split32, 64) \
	KIND(u32v, 32) KIND(text, 0) KIND(uuid, 0) KIND(bytes, 0)

/* WHEN(when, doc): the conditions under which a field exists. */
#define E2_WHENS(WHEN) \
	WHEN(always, "always") \
	WHEN(rev1, "in volumes of revision 1") \
	WHEN(large, "in inodes larger than 128 bytes") \
	WHEN(extra, "when it ends within 128 + `extra_isize` bytes of the inode") \
	WHEN(named, "in entries of named users and groups")

/* Members of the host struct. */
#define E2_DECL_u8(n, arg) uint8_t n;
#define E2_DECL_u16(n, arg) uint16_t n;
#define E2_DECL_u32(n, arg) uint32_t n;
#define E2_DECL_u64(n, arg) uint64_t n;
#define E2_DECL_split16(n, arg) uint32_t n;
#define E2_DECL_split32(n, arg) uint64_t n;
#define E2_DECL_u32v(n, arg) uint32_t n[arg];
#define E2_DECL_text(n, arg) uint8_t n[arg];
#define E2_DECL_uuid(n, arg) uint8_t n[arg];
#define E2_DECL_bytes(n, arg) uint8_t n[arg];

/* Member v from the bytes at p. */
#define E2_DECODE_u8(v, p, at, arg) v = (p)[at];
#define E2_DECODE_u16(v, p, at, arg) v = e2_get16((p) + (at));
#define E2_DECODE_u32(v, p, at, arg) v = e2_get32((p) + (at));
#define E2_DECODE_u64(v, p, at, arg) v = e2_get64((p) + (at));
#define E2_DECODE_split16(v, p, at, arg) v = e2_get_split16((p) + (at), (p) + (arg));
#define E2_DECODE_split32(v, p, at, arg) v = e2_get_split32((p) + (at), (p) + (arg));
#define E2_DECODE_u32v(v, p, at, arg) e2_get32v(v, (p) + (at), arg);
#define E2_DECODE_text(v, p, at, arg) memcpy(v, (p) + (at), arg);
#define E2_DECODE_uuid(v, p, at, arg) memcpy(v, (p) + (at), arg);
#define E2_DECODE_bytes(v, p, at, arg) memcpy(v, (p) + (at), arg);

/* Member v to the bytes at p. */
#define E2_ENCODE_u8(v, p, at, arg) (p)[at] = v;
#define E2_ENCODE_u16(v, p, at, arg) e2_put16((p) + (at), v);
#define E2_ENCODE_u32(v, p, at, arg) e2_put32((p) + (at), v);
#define E2_ENCODE_u64(v, p, at, arg) e2_put64((p) + (at), v);
#define E2_ENCODE_split16(v, p, at, arg) e2_put_split16((p) + (at), (p) + (arg), v);
#define E2_ENCODE_split32(v, p, at, arg) e2_put_split32((p) + (at), (p) + (arg), v);
#define E2_ENCODE_u32v(v, p, at, arg) e2_put32v((p) + (at), v, arg);
#define E2_ENCODE_text(v, p, at, arg) memcpy((p) + (at), v, arg);
#define E2_ENCODE_uuid(v, p, at, arg) memcpy((p) + (at), v, arg);
#define E2_ENCODE_bytes(v, p, at, arg) memcpy((p) + (at), v, arg);

static inline uint32_t e2_get_split16(const uint8_t *lo, const uint8_t *hi)
{
	return e2_get16(lo) | (uint32_t)e2_get16(hi) << 16;
}

static inline uint64_t e2_get_split32(const uint8_t *lo, const uint8_t *hi)
{
	return e2_get32(lo) | (uint64_t)e2_get32(hi) << 32;
}

static inline void e2_get32v(uint32_t *restrict to, const uint8_t *restrict p, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		to[i] = e2_get32(p + 4 * i);
}

static inline void e2_put_split16(uint8_t *lo, uint8_t *hi, uint32_t v)
{
	e2_put16(lo, (uint16_t)v);
	e2_put16(hi, (uint16_t)(v >> 16));
}

static inline void e2_put_split32(uint8_t *lo, uint8_t *hi, uint64_t v)
{
	e2_put32(lo, (uint32_t)v);
	e2_put32(hi, (uint32_t)(v >> 32));
}

static inline void e2_put32v(uint8_t *restrict p, const uint32_t *restrict from, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		e2_put32(p + 4 * i, from[i]);
}

#endif
