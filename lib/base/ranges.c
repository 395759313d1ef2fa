/* SPDX-License-Identifier: MIT */
/*
 * The spans are the nodes of a treap: a search tree by key that is a heap by priorities,
 * which are as good as random, so that its depth is logarithmic whatever the keys.  The
 * priority of a node follows from its number and the address of the map, which nobody who
 * writes an image knows.  Nodes lie in one array; number 0 is none.  Splitting and joining
 * trees go top-down, with no recursion.
 */
#include "base/ranges.h"

#include "base/grow.h"
#include "base/mix.h"

#include <assert.h>
#include <stdlib.h>

struct node {
	struct e2_span span;
	uint32_t left, right;	/* left also chains the free ones */
};

struct e2_ranges {
	struct node *node;
	size_t cap;		/* nodes allocated */
	size_t used;		/* nodes that were ever in use, number 0 included */
	size_t count;
	uint32_t root;
	uint32_t last;		/* the span with the largest key */
	uint32_t free;		/* nodes that are out of use */
};

int e2_ranges_new(struct e2_ranges **ranges)
{
	struct e2_ranges *r = calloc(1, sizeof(*r));

	if (!r)
		return e2_fail(E2_ERR_NOMEM, "no memory for a map of ranges");
	r->used = 1;
	*ranges = r;
	return E2_OK;
}

void e2_ranges_free(struct e2_ranges *ranges)
{
	if (!ranges)
		return;
	free(ranges->node);
	free(ranges);
}

void e2_ranges_clear(struct e2_ranges *ranges)
{
	ranges->used = 1;
	ranges->count = 0;
	ranges->root = ranges->last = ranges->free = 0;
}

size_t e2_ranges_count(const struct e2_ranges *ranges)
{
	return ranges->count;
}

int e2_ranges_reserve(struct e2_ranges *ranges, size_t spans)
{
	struct node *node;

	if (spans == 0)
		return E2_OK;
	if (spans >= UINT32_MAX - ranges->count)
		return e2_fail(E2_ERR_NOMEM, "a map of %zu and %zu ranges", ranges->count, spans);
	node = e2_grow(ranges->node, &ranges->cap, 1 + ranges->count + spans, sizeof(*node));
	if (!node)
		return E2_ERR_NOMEM;
	ranges->node = node;
	return E2_OK;
}

/* ---- the tree ------------------------------------------------------------ */

static uint64_t priority(const struct e2_ranges *r, uint32_t n)
{
	return e2_mix64((uint64_t)(uintptr_t)r + (uint64_t)n * 0x9e3779b97f4a7c15u);
}

static uint64_t end_of(const struct e2_span *s)
{
	return s->key + s->count;
}

/* The span with the largest key that is at most key; 0 for none. */
static uint32_t at_or_before(const struct e2_ranges *r, uint64_t key)
{
	uint32_t best = 0;

	for (uint32_t n = r->root; n != 0;) {
		if (r->node[n].span.key <= key) {
			best = n;
			n = r->node[n].right;
		} else {
			n = r->node[n].left;
		}
	}
	return best;
}

/* The span with the smallest key that is at least key; 0 for none. */
static uint32_t at_or_after(const struct e2_ranges *r, uint64_t key)
{
	uint32_t best = 0;

	for (uint32_t n = r->root; n != 0;) {
		if (r->node[n].span.key >= key) {
			best = n;
			n = r->node[n].left;
		} else {
			n = r->node[n].right;
		}
	}
	return best;
}

/* Parts the tree below n: keys less than key, and the others. */
static void split(struct e2_ranges *r, uint32_t n, uint64_t key, uint32_t *less, uint32_t *others)
{
	while (n != 0) {
		if (r->node[n].span.key < key) {
			*less = n;
			less = &r->node[n].right;
			n = *less;
		} else {
			*others = n;
			others = &r->node[n].left;
			n = *others;
		}
	}
	*less = *others = 0;
}

/* One tree of two, of which the first has the smaller keys. */
static uint32_t join(struct e2_ranges *r, uint32_t a, uint32_t b)
{
	uint32_t root, *link = &root;

	while (a != 0 && b != 0) {
		if (priority(r, a) > priority(r, b)) {
			*link = a;
			link = &r->node[a].right;
			a = *link;
		} else {
			*link = b;
			link = &r->node[b].left;
			b = *link;
		}
	}
	*link = a != 0 ? a : b;
	return root;
}

/* Adds a span whose keys no other has; there is room for it. */
static void insert(struct e2_ranges *r, const struct e2_span *span)
{
	uint32_t *link = &r->root;
	uint32_t n = r->free;

	if (n != 0) {
		r->free = r->node[n].left;
	} else {
		assert(r->used < r->cap);
		n = (uint32_t)r->used++;
	}
	r->node[n].span = *span;
	while (*link != 0 && priority(r, *link) > priority(r, n)) {
		struct node *parent = &r->node[*link];

		link = span->key < parent->span.key ? &parent->left : &parent->right;
	}
	split(r, *link, span->key, &r->node[n].left, &r->node[n].right);
	*link = n;
	r->count++;
	if (r->last == 0 || span->key > r->node[r->last].span.key)
		r->last = n;
}

static void erase(struct e2_ranges *r, uint32_t n)
{
	uint64_t key = r->node[n].span.key;
	uint32_t *link = &r->root;

	while (*link != n) {
		struct node *parent = &r->node[*link];

		link = key < parent->span.key ? &parent->left : &parent->right;
	}
	*link = join(r, r->node[n].left, r->node[n].right);
	r->node[n].left = r->free;
	r->free = n;
	r->count--;
	if (r->last == n)
		r->last = at_or_before(r, UINT64_MAX);
}

/* ---- looking up ------------------------------------------------------------ */

/* The part of a span from key on. */
static struct e2_span part(const struct e2_span *s, uint64_t key)
{
	uint64_t skip = key - s->key;

	return (struct e2_span){ .key = key, .count = s->count - skip, .value = s->value + skip };
}

bool e2_ranges_get(const struct e2_ranges *ranges, uint64_t key, struct e2_span *span)
{
	uint32_t n = at_or_before(ranges, key);

	if (n == 0 || key - ranges->node[n].span.key >= ranges->node[n].span.count)
		return false;
	*span = part(&ranges->node[n].span, key);
	return true;
}

bool e2_ranges_next(const struct e2_ranges *ranges, uint64_t key, struct e2_span *span)
{
	uint32_t n;

	if (e2_ranges_get(ranges, key, span))
		return true;
	n = at_or_after(ranges, key);
	if (n != 0)
		*span = ranges->node[n].span;
	return n != 0;
}

/* Whether key leads to exactly value. */
static bool leads_to(const struct e2_ranges *r, uint64_t key, uint64_t value)
{
	struct e2_span s;

	return e2_ranges_get(r, key, &s) && s.value == value;
}

/* ---- changing ---------------------------------------------------------------- */

/* Whether one span begins before key and goes on behind the range: taking the range out
 * of it makes two of one. */
static bool is_inside(const struct e2_ranges *r, uint64_t key, uint64_t count)
{
	uint32_t n = at_or_before(r, key);

	return n != 0 && r->node[n].span.key < key && end_of(&r->node[n].span) > key + count;
}

/* Lets the keys lead nowhere; there is room for the span that it may add. */
static void take_out(struct e2_ranges *r, uint64_t key, uint64_t count)
{
	uint64_t end = key + count;
	uint32_t n = at_or_before(r, key);

	if (n != 0 && r->node[n].span.key < key && end_of(&r->node[n].span) > key) {
		struct e2_span old = r->node[n].span;

		r->node[n].span.count = key - old.key;
		if (end_of(&old) > end) {
			struct e2_span rest = part(&old, end);

			insert(r, &rest);
		}
	}
	for (n = at_or_after(r, key); n != 0 && r->node[n].span.key < end;
	     n = at_or_after(r, key)) {
		struct e2_span *s = &r->node[n].span;

		if (end_of(s) > end) {
			*s = part(s, end);
			return;
		}
		erase(r, n);
	}
}

/* Adds a span whose keys lead nowhere, joining it with its neighbours where it goes on. */
static void put_in(struct e2_ranges *r, const struct e2_span *span)
{
	uint32_t before = at_or_before(r, span->key);
	uint32_t after = at_or_after(r, span->key);
	struct e2_span *b = before ? &r->node[before].span : NULL;
	struct e2_span *a = after ? &r->node[after].span : NULL;
	bool joins_after = a && a->key == end_of(span) && a->value == span->value + span->count;

	if (b && end_of(b) == span->key && b->value + b->count == span->value) {
		b->count += span->count;
		if (joins_after) {
			b->count += a->count;
			erase(r, after);
		}
	} else if (joins_after) {
		a->key = span->key;
		a->value = span->value;
		a->count += span->count;
	} else {
		insert(r, span);
	}
}

/* How many spans more a set needs; its range is not already as it shall be. */
static size_t spans_needed(const struct e2_ranges *r, const struct e2_span *set)
{
	uint32_t n;

	if (is_inside(r, set->key, set->count))
		return 2;
	if (set->key > 0 && leads_to(r, set->key - 1, set->value - 1))
		return 0;
	if (leads_to(r, end_of(set), set->value + set->count))
		return 0;
	n = at_or_after(r, set->key);
	return n == 0 || end_of(&r->node[n].span) > end_of(set);
}

int e2_ranges_set(struct e2_ranges *ranges, uint64_t key, uint64_t count, uint64_t value)
{
	struct e2_span set = { .key = key, .count = count, .value = value }, old;
	struct e2_span *last = ranges->last ? &ranges->node[ranges->last].span : NULL;
	int r;

	assert(count <= UINT64_MAX - key);
	if (count == 0)
		return E2_OK;
	if (last && end_of(last) == key && last->value + last->count == value) {
		last->count += count;
		return E2_OK;
	}
	if (e2_ranges_get(ranges, key, &old) && old.value == value && old.count >= count)
		return E2_OK;
	r = e2_ranges_reserve(ranges, spans_needed(ranges, &set));
	if (r)
		return r;
	take_out(ranges, key, count);
	put_in(ranges, &set);
	return E2_OK;
}

int e2_ranges_remove(struct e2_ranges *ranges, uint64_t key, uint64_t count)
{
	int r;

	assert(count <= UINT64_MAX - key);
	if (count == 0)
		return E2_OK;
	r = e2_ranges_reserve(ranges, is_inside(ranges, key, count));
	if (r == E2_OK)
		take_out(ranges, key, count);
	return r;
}
