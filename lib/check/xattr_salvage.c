/* SPDX-License-Identifier: MIT */
/*
 * What can be kept of a damaged attribute area.
 *
 * The hash of an entry covers its name and value: where one field of the entry is wrong, the
 * only value of it that the hash agrees with is the right one.  What has no such value is kept
 * when it can be an attribute at all, and dropped else.
 */
#include "check/xattr_salvage.h"

#include "base/endian.h"

#include <stdlib.h>
#include <string.h>

struct candidate {
	uint32_t at;			/* of the entry */
	struct e2_xattr_entry e;
};

static uint32_t behind(const struct candidate *c)
{
	return (c->at + E2_XATTR_ENTRY_BYTES + c->e.name_len + 3u) & ~3u;
}

static bool in_range(const struct ck_salvage *s, const struct candidate *c)
{
	return c->e.name_len != 0 &&
	       behind(c) + E2_XATTR_END_BYTES <= s->size &&
	       c->e.value_size <= s->size && c->e.value_offs <= s->size - c->e.value_size;
}

static bool hash_fits(struct ck_salvage *s, const struct candidate *c)
{
	const uint8_t *name = s->bytes + c->at + E2_XATTR_ENTRY_BYTES;
	uint64_t words = c->e.name_len + c->e.value_size / 4 + 1;

	if (!in_range(s, c) || s->budget < words)
		return false;
	s->budget -= words;
	return ck_xattr_hash_fits(&c->e, name,
				  s->bytes + (c->e.value_size != 0 ? c->e.value_offs : 0));
}

/* Whether the hash says that an entry is right; one in an inode may have none. */
static bool is_right(struct ck_salvage *s, const struct candidate *c)
{
	if (s->in_inode && c->e.hash == 0)
		return in_range(s, c) && c->e.name_index != E2_XATTR_NONE;
	return hash_fits(s, c);
}

/* Looks for the one wrong field of an entry. */
static bool find_field(struct ck_salvage *s, struct candidate *c)
{
	struct candidate try = *c;

	for (uint32_t offs = s->first; offs < s->size; offs += 4) {
		try.e.value_offs = (uint16_t)offs;
		if (hash_fits(s, &try))
			goto found;
	}
	try = *c;
	for (uint32_t len = 1; len <= E2_NAME_MAX; len++) {
		try.e.name_len = (uint8_t)len;
		if (hash_fits(s, &try))
			goto found;
	}
	try = *c;
	for (uint32_t size = 0; size <= s->size; size++) {
		try.e.value_size = size;
		if (hash_fits(s, &try))
			goto found;
	}
	return false;
found:
	*c = try;
	return true;
}

/* The next place with an entry whose hash fits; size: there is none. */
static uint32_t next_right(struct ck_salvage *s, uint32_t at)
{
	for (; at + E2_XATTR_ENTRY_BYTES + E2_XATTR_END_BYTES <= s->size; at += 4) {
		struct candidate c = { .at = at };

		e2_xattr_entry_decode(&c.e, s->bytes + at);
		if (c.e.hash != 0 && hash_fits(s, &c))
			return at;
	}
	return s->size;
}

static void keep(struct ck_salvage *s, const struct candidate *c)
{
	struct e2_xattr_item *x = &s->items[s->count++];

	*x = (struct e2_xattr_item){
		.name = (const char *)s->bytes + c->at + E2_XATTR_ENTRY_BYTES,
		.value = s->bytes + (c->e.value_size != 0 ? c->e.value_offs : 0),
		.value_len = c->e.value_size,
		.name_len = c->e.name_len, .name_index = c->e.name_index,
	};
}

/* One entry; where the next is. */
static uint32_t take_entry(struct ck_salvage *s, uint32_t at)
{
	struct candidate c = { .at = at };
	uint32_t next;

	e2_xattr_entry_decode(&c.e, s->bytes + at);
	if (is_right(s, &c) || (c.e.hash != 0 && find_field(s, &c))) {
		s->right++;
		keep(s, &c);
		return behind(&c);
	}
	if (in_range(s, &c) && c.e.value_inum == 0 && c.e.name_index != E2_XATTR_NONE &&
	    (c.e.value_size == 0 || c.e.value_offs >= behind(&c) + E2_XATTR_END_BYTES)) {
		keep(s, &c);
		return behind(&c);
	}
	s->dropped++;
	next = next_right(s, at + 4);
	return next;
}

/* Entries are sorted by prefix: one without has that of its neighbours. */
static void find_prefixes(struct ck_salvage *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct e2_xattr_item *x = &s->items[i];

		if (x->name_index != E2_XATTR_NONE)
			continue;
		if (i > 0)
			x->name_index = s->items[i - 1].name_index;
		else if (s->count > 1 && s->items[1].name_index == 1)
			x->name_index = 1;
		if (x->name_index != E2_XATTR_NONE)
			continue;
		s->dropped++;
		memmove(x, x + 1, (s->count - i - 1) * sizeof(*x));
		s->count--;
		i--;
	}
}

/* Sorts, and drops what stands twice or finds no room. */
static void put_in_order(struct ck_salvage *s)
{
	uint64_t room = s->size - s->first - E2_XATTR_END_BYTES, bytes = 0;
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct e2_xattr_item x = s->items[i];
		size_t at = kept;
		int order = 1;

		while (at > 0 && (order = e2_xattr_item_compare(&s->items[at - 1], &x)) > 0)
			at--;
		bytes += e2_xattr_item_bytes(&x);
		if ((at > 0 && order == 0) || bytes > room) {
			bytes -= e2_xattr_item_bytes(&x);
			s->dropped++;
			continue;
		}
		memmove(s->items + at + 1, s->items + at, (kept - at) * sizeof(x));
		s->items[at] = x;
		kept++;
	}
	s->count = kept;
}

int ck_salvage_begin(struct ck_salvage *s, const uint8_t *bytes, uint32_t size, uint32_t first,
		     bool in_inode)
{
	*s = (struct ck_salvage){ .bytes = bytes, .size = size, .first = first,
				  .in_inode = in_inode, .budget = (uint64_t)size * 32 };
	s->items = malloc((size / E2_XATTR_ENTRY_BYTES + 1) * sizeof(*s->items));
	if (s->items == NULL)
		return e2_fail(E2_ERR_NOMEM, "attributes");
	for (uint32_t at = first; at + E2_XATTR_ENTRY_BYTES + E2_XATTR_END_BYTES <= size;) {
		if (e2_get32(bytes + at) == 0)
			break;
		at = take_entry(s, at);
	}
	find_prefixes(s);
	put_in_order(s);
	return 0;
}

void ck_salvage_end(struct ck_salvage *s)
{
	free(s->items);
}
