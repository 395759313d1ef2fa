/* SPDX-License-Identifier: MIT */
/* Bytes on the left, and on the right what they are. */
#ifndef DEBUGFS_HEX_H
#define DEBUGFS_HEX_H

#include "shell.h"

struct why;

enum { HEX_LINE = 16, HEX_FIELD = 8 };	/* bytes of a line: of content, of a field */

struct hex_dump {		/* lines of sixteen bytes */
	struct out *out;
	bool all;		/* show repeated lines */
	uint8_t last[HEX_LINE];	/* the line before, when it was a full one */
	bool have_last, repeating;
	uint64_t last_at, times;	/* of records: the one that waits, 0: none does */
};

/* Bytes that stand at `at`; changed (may be NULL): for each whether it is to stand out. */
void hex_bytes(struct hex_dump *d, uint64_t at, const uint8_t *data, size_t len,
	       const bool *changed);
/* Zeros at `at`, a multiple of HEX_LINE of them, without looking at each. */
void hex_zeros(struct hex_dump *d, uint64_t at, uint64_t len);
/* Where the last line would have gone unseen, the end is told. */
void hex_bytes_end(struct hex_dump *d, uint64_t end);

/*
 * Bytes from .. from+len-1 of a block by its anatomy; offsets are told from `base` on.
 * What the open transaction has changed stands out, and so do values that break a rule.
 */
int hex_parts(struct shell *sh, const struct why *w, uint32_t base, uint32_t from, uint32_t len,
	      bool all);

#endif
