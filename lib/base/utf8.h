/* SPDX-License-Identifier: MIT */
/* UTF-8 as Unicode defines it: shortest forms only, no surrogates, at most U+10FFFF. */
#ifndef E2_BASE_UTF8_H
#define E2_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that text begins with (1 to 4), and the character; 0 when
 * the bytes are no UTF-8 or len is 0. */
size_t e2_utf8_decode(const void *text, size_t len, uint32_t *character);

/* Whether all len bytes are UTF-8. */
bool e2_utf8_valid(const void *text, size_t len);

/* The largest n <= len that does not cut a character of text (longer than len) in two. */
size_t e2_utf8_prefix(const char *text, size_t len);

/* Whether a terminal or a reader could be misled by the character: control characters
 * (C0, DEL, C1), bidirectional controls, line and paragraph separators. */
bool e2_char_is_control(uint32_t character);

/* Columns a terminal uses for a character: 0 (combining), 1, or 2 (wide). */
unsigned e2_char_columns(uint32_t character);

#endif
