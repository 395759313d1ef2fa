/* SPDX-License-Identifier: MIT */
/*
 * Items that have been the same so far are a span.  A step reads the next piece of all of them
 * and divides the span by what it holds; parts of one item are done with.  Spans wait on a stack,
 * so that each is followed to its end before the next, and the pieces of one step alone are in
 * memory.  Those that do not fit there are read again when something seems to be the same.
 */
#include "base/alike.h"

#include "base/err.h"
#include "base/grow.h"
#include "base/map.h"
#include "base/mix.h"
#include "base/zero.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	PIECES = 8,		/* that fit at least */
	FIRST_BYTES = 4096,	/* most differ early */
	GROWS = 16,		/* from piece to piece of what stays the same */
};
#define NOT_KEPT UINT32_MAX

struct span {
	size_t first, count;
	uint64_t at;		/* the same up to here */
	size_t len;		/* of the next piece */
};

struct kind {			/* a part of the span at hand */
	uint32_t item;		/* one of them, the first */
	uint32_t count;
	uint32_t kept;		/* where in the room its piece is, or NOT_KEPT */
	uint32_t next;		/* where in the order its next item goes */
};

struct e2_alike {
	struct e2_alike_how how;
	uint8_t *room, *piece, *again;
	size_t piece_bytes, room_used;
	uint64_t key;
	uint32_t *items;	/* the caller's */
	uint32_t *kind_of, *order;
	size_t kind_of_cap, order_cap;
	struct kind *kinds;
	size_t kind_count, kinds_cap;
	struct e2_map *by_sum;	/* of pieces -> kind */
	struct span *spans;
	size_t span_count, spans_cap;
};

int e2_alike_new(const struct e2_alike_how *how, struct e2_alike **alike)
{
	struct e2_alike *a = calloc(1, sizeof(*a));

	if (!a)
		return e2_fail(E2_ERR_NOMEM, "comparing files: out of memory");
	a->how = *how;
	if (a->how.room < E2_ALIKE_ROOM_MIN)
		a->how.room = E2_ALIKE_ROOM_MIN;
	a->piece_bytes = a->how.room / PIECES;
	/* Else many different pieces of one sum would cost a comparison of all with all. */
	a->key = e2_mix_seed(a);
	a->room = malloc(a->how.room);
	a->piece = malloc(a->piece_bytes);
	a->again = malloc(a->piece_bytes);
	if (!a->room || !a->piece || !a->again) {
		e2_alike_free(a);
		return e2_fail(E2_ERR_NOMEM, "comparing files: out of memory");
	}
	*alike = a;
	return 0;
}

void e2_alike_free(struct e2_alike *a)
{
	if (!a)
		return;
	e2_map_free(a->by_sum);
	free(a->room);
	free(a->piece);
	free(a->again);
	free(a->kind_of);
	free(a->order);
	free(a->kinds);
	free(a->spans);
	free(a);
}

static uint64_t sum(const struct e2_alike *a, const uint8_t *bytes, size_t len)
{
	uint64_t s = a->key, word;

	for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		s = e2_mix64(s ^ word);
	}
	word = 0;
	if (len > 0)
		memcpy(&word, bytes, len);
	return e2_mix64(s ^ word);
}

/* ---- one piece ------------------------------------------------------------------- */

static int add_kind(struct e2_alike *a, uint32_t item, const uint8_t *piece, size_t len,
		    uint32_t *kind)
{
	struct kind *kinds = e2_grow(a->kinds, &a->kinds_cap, a->kind_count + 1, sizeof(*kinds));

	if (!kinds)
		return E2_ERR_NOMEM;
	a->kinds = kinds;
	*kind = (uint32_t)a->kind_count++;
	kinds[*kind] = (struct kind){ .item = item, .kept = NOT_KEPT };
	if (len > 0 && len <= a->how.room - a->room_used) {
		kinds[*kind].kept = (uint32_t)a->room_used;
		memcpy(a->room + a->room_used, piece, len);
		a->room_used += len;
	}
	return 0;
}

/* Whether the piece at hand is that of a kind: 1, 0 or negative. */
static int is_of(struct e2_alike *a, uint32_t kind, uint64_t at, size_t len)
{
	const struct kind *k = &a->kinds[kind];
	const uint8_t *other = a->again;

	if (k->kept != NOT_KEPT) {
		other = a->room + k->kept;
	} else {
		int r = a->how.read(a->how.context, k->item, at, len, a->again);

		if (r)		/* it could be read before: it will say so itself, when it can */
			return r == E2_ALIKE_UNLIKE ? 0 : r;
	}
	return memcmp(a->piece, other, len) == 0;
}

/* The kind of the piece at hand, a new one if need be. */
static int find_kind(struct e2_alike *a, uint32_t item, uint64_t at, size_t len, uint32_t *kind)
{
	uint64_t key = sum(a, a->piece, len), known;
	int r;

	for (; e2_map_get(a->by_sum, key, &known); key++) {
		r = is_of(a, (uint32_t)known, at, len);
		if (r > 0)
			*kind = (uint32_t)known;
		if (r)
			return r < 0 ? r : 0;
	}
	r = add_kind(a, item, a->piece, len, kind);
	return r ? r : e2_map_set(a->by_sum, key, *kind);
}

/*
 * The kind of an item by its next piece.  Kind 0 is that of zeros, whether they are stored or not;
 * NOT_KEPT: of none.
 */
static int look_at(struct e2_alike *a, uint32_t item, uint64_t at, size_t len, uint32_t *kind)
{
	uint64_t start;
	int r = a->how.poll ? a->how.poll(a->how.context) : 0;

	*kind = 0;
	if (!r)
		r = a->how.data(a->how.context, item, at, &start);
	if (!r && start - at >= len && start >= at)
		return 0;
	if (!r)
		r = a->how.read(a->how.context, item, at, len, a->piece);
	if (r == E2_ALIKE_UNLIKE) {
		*kind = NOT_KEPT;
		return 0;
	}
	return r || e2_all_zero(a->piece, len) ? r : find_kind(a, item, at, len, kind);
}

/* ---- spans ----------------------------------------------------------------------- */

static int push(struct e2_alike *a, struct span span)
{
	struct span *spans = e2_grow(a->spans, &a->spans_cap, a->span_count + 1, sizeof(*spans));

	if (!spans)
		return E2_ERR_NOMEM;
	a->spans = spans;
	spans[a->span_count++] = span;
	return 0;
}

/* Whether all items are zero up to somewhere, and where. */
static int skip_zeros(struct e2_alike *a, const struct span *s, uint64_t size, uint64_t *at)
{
	*at = size;
	for (size_t i = 0; i < s->count; i++) {
		uint64_t start;
		int r = a->how.data(a->how.context, a->items[s->first + i], s->at, &start);

		if (r == E2_ALIKE_UNLIKE)
			start = s->at;		/* reading it will tell */
		else if (r)
			return r;
		if (start < *at)
			*at = start;
		if (*at <= s->at)
			break;
	}
	if (*at < s->at)
		*at = s->at;
	return 0;
}

static int begin_kinds(struct e2_alike *a, size_t count)
{
	uint32_t *kind_of = e2_grow(a->kind_of, &a->kind_of_cap, count, sizeof(*kind_of)), *order;
	uint32_t zeros;

	if (!kind_of)
		return E2_ERR_NOMEM;
	a->kind_of = kind_of;
	order = e2_grow(a->order, &a->order_cap, count, sizeof(*order));
	if (!order)
		return E2_ERR_NOMEM;
	a->order = order;
	a->kind_count = 0;
	a->room_used = 0;
	e2_map_free(a->by_sum);
	a->by_sum = NULL;
	return e2_map_new(&a->by_sum) ? E2_ERR_NOMEM : add_kind(a, 0, NULL, 0, &zeros);
}

/* Puts the items of each kind side by side, and has those of more than one looked at further. */
static int divide(struct e2_alike *a, const struct span *s, uint64_t at, size_t len)
{
	uint32_t *items = a->items + s->first, next = 0, left;
	size_t longer = len < a->piece_bytes / GROWS ? len * GROWS : a->piece_bytes;
	int r = 0;

	for (size_t k = 0; k < a->kind_count; k++) {
		a->kinds[k].next = next;
		next += a->kinds[k].count;
	}
	left = next;
	for (size_t i = 0; i < s->count; i++)
		a->order[a->kind_of[i] == NOT_KEPT ? left++ : a->kinds[a->kind_of[i]].next++] =
			items[i];
	memcpy(items, a->order, s->count * sizeof(*items));
	for (size_t k = a->kind_count; k > 0 && !r; k--) {	/* the first is looked at first */
		const struct kind *kind = &a->kinds[k - 1];

		if (kind->count > 1)
			r = push(a, (struct span){ s->first + kind->next - kind->count,
						   kind->count, at + len, longer });
	}
	return r;
}

static int step(struct e2_alike *a, const struct span *s, uint64_t size)
{
	uint64_t at;
	size_t len;
	int r = skip_zeros(a, s, size, &at);

	if (r)
		return r;
	if (at == size)
		return a->how.found(a->how.context, a->items + s->first, s->count);
	len = at > s->at ? FIRST_BYTES : s->len;	/* holes tell nothing of what follows */
	if (size - at < len)
		len = (size_t)(size - at);
	r = begin_kinds(a, s->count);
	for (size_t i = 0; i < s->count && !r; i++) {
		r = look_at(a, a->items[s->first + i], at, len, &a->kind_of[i]);
		if (!r && a->kind_of[i] != NOT_KEPT)
			a->kinds[a->kind_of[i]].count++;
	}
	return r ? r : divide(a, s, at, len);
}

int e2_alike_find(struct e2_alike *a, uint32_t *items, size_t count, uint64_t size)
{
	int r = 0;

	if (count > UINT32_MAX - 1)
		return e2_fail(E2_ERR_RANGE, "more than %u files of one size", UINT32_MAX - 1);
	a->items = items;
	a->span_count = 0;
	if (count > 1)
		r = push(a, (struct span){ 0, count, 0, FIRST_BYTES });
	while (!r && a->span_count > 0) {
		struct span s = a->spans[--a->span_count];

		r = step(a, &s, size);
	}
	return r;
}
