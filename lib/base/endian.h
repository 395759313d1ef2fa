/* SPDX-License-Identifier: MIT */
/*
 * Little-endian numbers at byte addresses: the only place that knows the byte
 * order of the disk.  Any alignment will do.
 */
#ifndef E2_BASE_ENDIAN_H
#define E2_BASE_ENDIAN_H

#include <stdint.h>

static inline uint16_t e2_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | (uint16_t)p[1] << 8);
}

static inline uint32_t e2_get32(const uint8_t *p)
{
	return e2_get16(p) | (uint32_t)e2_get16(p + 2) << 16;
}

static inline uint64_t e2_get64(const uint8_t *p)
{
	return e2_get32(p) | (uint64_t)e2_get32(p + 4) << 32;
}

static inline void e2_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void e2_put32(uint8_t *p, uint32_t v)
{
	e2_put16(p, (uint16_t)v);
	e2_put16(p + 2, (uint16_t)(v >> 16));
}

static inline void e2_put64(uint8_t *p, uint64_t v)
{
	e2_put32(p, (uint32_t)v);
	e2_put32(p + 4, (uint32_t)(v >> 32));
}

#endif
