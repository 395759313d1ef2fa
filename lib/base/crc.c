/* SPDX-License-Identifier: MIT */
#include "base/crc.h"

#include <zlib.h>

uint32_t e2_crc32(uint32_t crc, const void *data, size_t len)
{
	return (uint32_t)crc32_z(crc, data, len);
}
