/* SPDX-License-Identifier: MIT */
/* CRC-32 (the one of gzip and zip): of what our own files hold, to tell damage from content. */
#ifndef E2_BASE_CRC_H
#define E2_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of bytes that follow others whose checksum is crc; crc is 0 at the beginning. */
uint32_t e2_crc32(uint32_t crc, const void *data, size_t len);

#endif
