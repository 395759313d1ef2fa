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

struct img;

/* Where an edit goes, in bytes; 0 is taken where four do not fit. */
typedef uint64_t edits_place(const struct img *img, unsigned what, unsigned which, uint32_t at);

/* A copy of a volume with the edits; one whose first byte has the bit `single` writes one byte. */
struct e2_io *edits_apply(struct img *img, edits_place *place, unsigned single,
			  const uint8_t *data, size_t size);

struct e2_io *edits_open(const uint8_t *data, size_t size);

#endif
