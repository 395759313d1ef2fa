/* SPDX-License-Identifier: MIT */
/*
 * Slots are taken from the lowest free one on, so that memory is used before the file and the
 * file stays short.  Memory comes in chunks that are never moved; when there is none left for
 * another chunk, the file begins earlier.
 */
#include "cache/store.h"

#include "base/grow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20, WORD_BITS = 64, FILE_STEP = 16 << 20,
       PENDING_BYTES = 256 << 10 };

struct e2_store {
	struct e2_env *env;
	uint32_t block_size;
	uint64_t per_chunk;		/* slots */
	uint64_t memory_slots;		/* slots below it are in memory, the others in the file */
	uint8_t **chunks;
	size_t chunk_count, chunk_cap;
	struct e2_io *file;		/* opened when it is needed */
	uint8_t *pending;		/* slots on their way to the file, which lie together */
	uint64_t pending_first, pending_count;
	uint64_t slots;			/* that exist; all bits past it are clear */
	uint64_t taken;
	uint64_t lowest;		/* below it none is free */
	uint64_t *used;			/* a bit for each slot */
	size_t used_cap;		/* words */
	uint64_t *tags;
	size_t tags_cap;
};

int e2_store_new(struct e2_env *env, uint32_t block_size, uint64_t memory, struct e2_store **store)
{
	struct e2_store *s = calloc(1, sizeof(*s));

	if (!s)
		return e2_fail(E2_ERR_NOMEM, "no memory to keep changes aside");
	s->env = env;
	s->block_size = block_size;
	s->per_chunk = CHUNK_BYTES > block_size ? CHUNK_BYTES / block_size : 1;
	s->memory_slots = memory / block_size;
	*store = s;
	return 0;
}

void e2_store_free(struct e2_store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->chunk_count; i++)
		free(s->chunks[i]);
	free(s->chunks);
	free(s->pending);
	free(s->used);
	free(s->tags);
	(void)e2_io_close(s->file);	/* nobody wants its content any more */
	free(s);
}

uint64_t e2_store_taken(const struct e2_store *s)
{
	return s->taken;
}

/* ---- growing -------------------------------------------------------------- */

static int grow_file(struct e2_store *s, uint64_t slots)
{
	uint64_t bytes = (slots - s->memory_slots) * s->block_size;

	if (!s->file) {
		int err = s->env ? s->env->ops->scratch(s->env, &s->file) :
				   e2_io_open_scratch(&s->file);
		if (err)
			return err;
	}
	if (bytes <= s->file->size)
		return 0;
	return e2_io_resize(s->file, (bytes / FILE_STEP + 1) * FILE_STEP);
}

/* Chunks for slots that belong into memory; without memory the file takes over. */
static void grow_memory(struct e2_store *s, uint64_t slots)
{
	if (slots > s->memory_slots)
		slots = s->memory_slots;
	while (s->chunk_count * s->per_chunk < slots) {
		uint8_t **chunks = e2_grow(s->chunks, &s->chunk_cap, s->chunk_count + 1,
					   sizeof(*chunks));
		if (chunks)
			s->chunks = chunks;
		uint8_t *chunk = chunks ? malloc((size_t)(s->per_chunk * s->block_size)) : NULL;

		if (!chunk) {
			s->memory_slots = s->chunk_count * s->per_chunk;
			return;
		}
		s->chunks[s->chunk_count++] = chunk;
	}
}

static int grow(struct e2_store *s, uint64_t slots)
{
	size_t old = s->used_cap;
	uint64_t *tags = e2_grow(s->tags, &s->tags_cap, (size_t)slots, sizeof(*tags));

	if (!tags)
		return E2_ERR_NOMEM;
	s->tags = tags;
	uint64_t *used = e2_grow(s->used, &s->used_cap, (size_t)(slots / WORD_BITS + 1),
				 sizeof(*used));
	if (!used)
		return E2_ERR_NOMEM;
	s->used = used;
	memset(used + old, 0, (s->used_cap - old) * sizeof(*used));
	grow_memory(s, slots);
	if (slots > s->memory_slots) {
		int err = grow_file(s, slots);

		if (err)
			return err;
	}
	s->slots = slots;
	return 0;
}

/* ---- taking and giving back --------------------------------------------------- */

static bool is_used(const struct e2_store *s, uint64_t slot)
{
	return s->used[slot / WORD_BITS] >> slot % WORD_BITS & 1;
}

int e2_store_take(struct e2_store *s, uint64_t want, uint64_t *first, uint64_t *got)
{
	uint64_t slot = s->lowest, n = 0;

	while (slot < s->slots && is_used(s, slot)) {
		bool full = slot % WORD_BITS == 0 && s->used[slot / WORD_BITS] == UINT64_MAX;

		slot += full ? WORD_BITS : 1;
	}
	if (slot >= s->slots) {
		int err;

		slot = s->slots;
		err = grow(s, slot + want);
		if (err)
			return err;
	}
	for (; n < want && slot + n < s->slots && !is_used(s, slot + n); n++) {
		s->used[(slot + n) / WORD_BITS] |= UINT64_C(1) << (slot + n) % WORD_BITS;
		s->tags[slot + n] = 0;
	}
	s->lowest = slot + n;
	s->taken += n;
	*first = slot;
	*got = n;
	return 0;
}

void e2_store_give(struct e2_store *s, uint64_t first, uint64_t count)
{
	for (uint64_t slot = first; slot < first + count; slot++) {
		assert(slot < s->slots && is_used(s, slot));
		s->used[slot / WORD_BITS] &= ~(UINT64_C(1) << slot % WORD_BITS);
	}
	s->taken -= count;
	if (first < s->lowest)
		s->lowest = first;
}

uint64_t e2_store_tag(const struct e2_store *s, uint64_t slot)
{
	return s->tags[slot];
}

void e2_store_set_tag(struct e2_store *s, uint64_t slot, uint64_t count, uint64_t tag)
{
	for (uint64_t i = 0; i < count; i++)
		s->tags[slot + i] = tag;
}

/* ---- content -------------------------------------------------------------------- */

static uint8_t *memory_of(const struct e2_store *s, uint64_t slot, uint64_t *count)
{
	uint64_t in_chunk = slot % s->per_chunk, left = s->per_chunk - in_chunk;

	if (slot >= s->memory_slots)
		return NULL;
	if (left > s->memory_slots - slot)
		left = s->memory_slots - slot;
	if (*count > left)
		*count = left;
	return s->chunks[slot / s->per_chunk] + in_chunk * s->block_size;
}

const uint8_t *e2_store_memory(const struct e2_store *s, uint64_t slot, uint64_t *count)
{
	return memory_of(s, slot, count);
}

static uint64_t file_offset(const struct e2_store *s, uint64_t slot)
{
	return (slot - s->memory_slots) * s->block_size;
}

/* What waits goes to the file; after a failure it waits still, so that nothing is lost. */
static int flush(struct e2_store *s)
{
	int err = 0;

	if (s->pending_count > 0)
		err = e2_io_write(s->file, file_offset(s, s->pending_first),
				  (size_t)(s->pending_count * s->block_size), s->pending);
	if (!err)
		s->pending_count = 0;
	return err;
}

static int flush_if_met(struct e2_store *s, uint64_t slot, uint64_t count)
{
	bool apart = slot + count <= s->pending_first ||
		     slot >= s->pending_first + s->pending_count;

	return apart ? 0 : flush(s);
}

/* Single blocks are gathered: most come one behind the other. */
static int write_file(struct e2_store *s, uint64_t slot, uint64_t count, const uint8_t *from)
{
	uint64_t most = PENDING_BYTES / s->block_size;
	int err;

	if (!s->pending && count < most)
		s->pending = malloc(PENDING_BYTES);
	if (!s->pending || count >= most / 4) {
		err = flush_if_met(s, slot, count);
		return err ? err : e2_io_write(s->file, file_offset(s, slot),
					       (size_t)(count * s->block_size), from);
	}
	if (s->pending_count + count > most ||
	    (s->pending_count > 0 && slot != s->pending_first + s->pending_count)) {
		err = flush(s);
		if (err)
			return err;
	}
	if (s->pending_count == 0)
		s->pending_first = slot;
	memcpy(s->pending + s->pending_count * s->block_size, from,
	       (size_t)(count * s->block_size));
	s->pending_count += count;
	return 0;
}

int e2_store_write(struct e2_store *s, uint64_t slot, uint64_t count, const void *data)
{
	const uint8_t *from = data;
	uint8_t *to;

	for (uint64_t n = count; (to = memory_of(s, slot, &n)) != NULL; n = count) {
		memcpy(to, from, (size_t)(n * s->block_size));
		slot += n;
		count -= n;
		if (count == 0)
			return 0;
		from += n * s->block_size;
	}
	return write_file(s, slot, count, from);
}

int e2_store_zero(struct e2_store *s, uint64_t slot, uint64_t count)
{
	uint8_t *to;

	for (uint64_t n = count; (to = memory_of(s, slot, &n)) != NULL; n = count) {
		memset(to, 0, (size_t)(n * s->block_size));
		slot += n;
		count -= n;
		if (count == 0)
			return 0;
	}
	int err = flush_if_met(s, slot, count);

	return err ? err : e2_io_zero(s->file, file_offset(s, slot), count * s->block_size);
}

int e2_store_read(struct e2_store *s, uint64_t slot, uint64_t count, void *data)
{
	const uint8_t *from;
	uint8_t *to = data;

	for (uint64_t n = count; (from = memory_of(s, slot, &n)) != NULL; n = count) {
		memcpy(to, from, (size_t)(n * s->block_size));
		slot += n;
		count -= n;
		if (count == 0)
			return 0;
		to += n * s->block_size;
	}
	int err = flush_if_met(s, slot, count);

	return err ? err : e2_io_read(s->file, file_offset(s, slot),
				      (size_t)(count * s->block_size), to);
}
