/* SPDX-License-Identifier: MIT */
/*
 * Damaged volumes for fuzz targets.
 *
 * Input: 0xff and a whole image; or edits of a small sound volume, 8 bytes each: what,
 * which, offset (16 bits), value (32 bits).
 */
#ifndef E2_TESTS_FUZZ_EDITS_H
#define E2_TESTS_FUZZ_EDITS_H

#include "e2.h"

#include <stddef.h>
#include <stdint.h>

struct e2_io *edits_open(const uint8_t *data, size_t size);

#endif
