/* SPDX-License-Identifier: MIT */
/* Chunks that are filled one after the other and released together. */
#include "host/source_priv.h"

#include <stdlib.h>

struct e2_arena_chunk {
	struct e2_arena_chunk *before;
	size_t used, size;
	max_align_t bytes[];
};

enum { CHUNK_BYTES = 64 * 1024 };

void *e2_arena_alloc(struct e2_arena *arena, size_t len)
{
	struct e2_arena_chunk *c = arena->last;
	size_t size;
	void *p;

	len += (sizeof(void *) - len % sizeof(void *)) % sizeof(void *);
	if (c == NULL || len > c->size - c->used) {
		size = len > CHUNK_BYTES ? len : CHUNK_BYTES;
		c = malloc(sizeof(*c) + size);
		if (c == NULL) {
			(void)e2_fail(E2_ERR_NOMEM, "%zu bytes of attributes", size);
			return NULL;
		}
		*c = (struct e2_arena_chunk){ .before = arena->last, .used = 0, .size = size };
		arena->last = c;
	}
	p = (char *)c->bytes + c->used;
	c->used += len;
	return p;
}

void e2_arena_free(struct e2_arena *arena)
{
	struct e2_arena_chunk *c = arena->last, *before;

	for (; c != NULL; c = before) {
		before = c->before;
		free(c);
	}
	arena->last = NULL;
}
