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

#define E2_DECL_u8(n, a) uint8_t n;
#define E2_DECL_u16(n, a) uint16_t n;
#define E2_DECL_u32(n, a) uint32_t n;
#define E2_DECL_u64(n, a) uint64_t n;
#define E2_DECL_split16(n, a) uint32_t n;
#define E2_DECL_split32(n, a) uint64_t n;
#define E2_DECL_u32v(n, a) uint32_t n[a];
#define E2_DECL_text(n, a) uint8_t n[a];
#define E2_DECL_uuid(n, a) uint8_t n[a];
#define E2_DECL_bytes(n, a) uint8_t n[a];

#endif
