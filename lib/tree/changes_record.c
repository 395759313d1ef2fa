/* SPDX-License-Identifier: MIT */
/* Records of changes: queued by a step, with their texts in one arena; and the thing at hand. */
#include "tree/changes_priv.h"

#include "base/grow.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { JOIN_BYTES = 16 };	/* differing bytes so near are told together */

const char *e2_change_kind_name(enum e2_change_kind kind)
{
	static const char *const names[E2_CHANGE_KINDS] = {
		[E2_CHANGE_FIELD] = "field", [E2_CHANGE_BITS] = "bits",
		[E2_CHANGE_ENTRY] = "entry", [E2_CHANGE_INDEX] = "index",
		[E2_CHANGE_POINTERS] = "pointers", [E2_CHANGE_ATTRIBUTE] = "attribute",
		[E2_CHANGE_TEXT] = "text", [E2_CHANGE_DATA] = "data", [E2_CHANGE_NEW] = "new",
		[E2_CHANGE_BYTES] = "bytes",
	};

	return names[kind];
}

static bool ends_with_object(const char *object)
{
	return strpbrk(object, " :/") == NULL;
}

void e2_change_add_label(const struct e2_change *c, struct e2_str *out)
{
	bool dotted = c->kind == E2_CHANGE_FIELD && ends_with_object(c->object);

	e2_str_add(out, c->object);
	if (c->name != NULL) {
		e2_str_add(out, " \"");
		e2_str_add_name(out, c->name, c->name_len);
		e2_str_add(out, "\"");
		dotted = true;
	}
	if (c->field != NULL)
		e2_str_addf(out, "%s%s", dotted ? "." : " ", c->field);
	if (c->kind == E2_CHANGE_TEXT)
		e2_str_add(out, " text");
}

/* ---- records ------------------------------------------------------------------ */

static struct change_record *last(struct e2_changes *c)
{
	return &c->queue[c->queued - 1];
}

/* Ends a text that was added to the arena from `from` on. */
static uint32_t end_text(struct e2_changes *c, size_t from)
{
	e2_str_add_bytes(&c->arena, "", 1);
	return (uint32_t)from;
}

static uint32_t add_text(struct e2_changes *c, const char *fmt, va_list args)
{
	size_t from = c->arena.len;
	char small[128];
	int len = vsnprintf(small, sizeof(small), fmt, args);

	/* The longest of them is two block numbers and a few words. */
	if (len > 0)
		e2_str_add(&c->arena, small);
	return end_text(c, from);
}

void e2_tell_begin(struct e2_changes *c, enum e2_change_kind kind, const char *object, ...)
{
	struct change_record *grown = e2_grow(c->queue, &c->queue_cap, c->queued + 1,
					      sizeof(*c->queue));
	va_list args;

	if (!grown) {
		c->status = E2_ERR_NOMEM;
		if (c->queued == 0)	/* there is none to write to */
			return;
	} else {
		c->queue = grown;
		c->queued++;
	}
	*last(c) = (struct change_record){
		.kind = kind, .name = CHANGE_NO_TEXT, .field = CHANGE_NO_TEXT,
		.before = CHANGE_NO_TEXT, .after = CHANGE_NO_TEXT,
	};
	va_start(args, object);
	last(c)->object = add_text(c, object, args);
	va_end(args);
}

void e2_tell_field(struct e2_changes *c, const char *fmt, ...)
{
	va_list args;

	if (c->queued == 0)
		return;
	va_start(args, fmt);
	last(c)->field = add_text(c, fmt, args);
	va_end(args);
}

void e2_tell_before(struct e2_changes *c, const char *fmt, ...)
{
	va_list args;

	if (c->queued == 0)
		return;
	va_start(args, fmt);
	last(c)->before = add_text(c, fmt, args);
	va_end(args);
}

void e2_tell_after(struct e2_changes *c, const char *fmt, ...)
{
	va_list args;

	if (c->queued == 0)
		return;
	va_start(args, fmt);
	last(c)->after = add_text(c, fmt, args);
	va_end(args);
}

void e2_tell_name(struct e2_changes *c, const void *name, size_t len)
{
	size_t from = c->arena.len;

	if (c->queued == 0)
		return;
	e2_str_add_bytes(&c->arena, name, len);
	last(c)->name = end_text(c, from);
	last(c)->name_len = (uint32_t)len;
}

void e2_tell_values(struct e2_changes *c, const struct e2_field *f, unsigned index,
		   const uint8_t *before, const uint8_t *after)
{
	size_t from = c->arena.len;

	if (c->queued == 0)
		return;
	e2_field_format(f, before, index, &c->arena);
	last(c)->before = end_text(c, from);
	from = c->arena.len;
	e2_field_format(f, after, index, &c->arena);
	last(c)->after = end_text(c, from);
}

void e2_tell_quote(struct e2_changes *c, bool after, const void *text, size_t len)
{
	size_t from = c->arena.len;

	if (c->queued == 0)
		return;
	e2_str_add(&c->arena, "\"");
	e2_str_add_name(&c->arena, text, len);
	e2_str_add(&c->arena, "\"");
	*(after ? &last(c)->after : &last(c)->before) = end_text(c, from);
}

void e2_tell_place_at(struct e2_changes *c, uint64_t at, uint64_t len)
{
	struct change_record *r;

	if (c->queued == 0 || len == 0)
		return;
	r = last(c);
	if (r->places > 0 && r->place[r->places - 1].at + r->place[r->places - 1].len == at)
		r->place[r->places - 1].len += len;
	else if (r->places < 2)
		r->place[r->places++] = (struct e2_change_place){ at, len };
}

void e2_tell_place(struct e2_changes *c, uint32_t offset, uint32_t len)
{
	memset(c->differs + offset, 0, len);
	e2_tell_place_at(c, c->base + offset, len);
}

static const char *text_at(const struct e2_changes *c, uint32_t at)
{
	return at == CHANGE_NO_TEXT ? NULL : c->arena.text + at;
}

void e2_tell_hand_out(const struct e2_changes *c, struct e2_change *out)
{
	const struct change_record *r = &c->queue[c->taken];

	*out = (struct e2_change){
		.kind = r->kind, .object = text_at(c, r->object), .name = text_at(c, r->name),
		.name_len = r->name_len, .field = text_at(c, r->field),
		.before = text_at(c, r->before), .after = text_at(c, r->after),
		.blocks = r->blocks, .places = r->places,
		.place = { r->place[0], r->place[1] },
	};
}

/* ---- the thing at hand ---------------------------------------------------------- */

void e2_tell_compare(struct e2_changes *c, uint64_t base, const uint8_t *was, const uint8_t *is,
		    uint32_t len)
{
	c->base = base;
	c->was = was;
	c->is = is;
	for (uint32_t i = 0; i < len; i++)
		c->differs[i] = was[i] != is[i];
}

int e2_tell_read(struct e2_changes *c, e2_blk blk, uint8_t *was, uint8_t *is)
{
	struct e2_cache *cache = e2_fs_cache(c->fs);
	int err = e2_cache_read_before(cache, blk, 1, was);

	return err ? err : e2_cache_read(cache, blk, 1, is);
}

int e2_tell_load(struct e2_changes *c, e2_blk blk, bool fresh)
{
	uint32_t size = c->g->block_size;
	int err;

	if (!fresh) {
		err = e2_tell_read(c, blk, c->block_was, c->block_is);
		if (!err)
			e2_tell_compare(c, blk * size, c->block_was, c->block_is, size);
		return err;
	}
	err = e2_cache_read(e2_fs_cache(c->fs), blk, 1, c->block_is);
	if (err)
		return err;
	memset(c->block_was, 0, size);
	e2_tell_compare(c, blk * size, c->block_was, c->block_was, size);
	c->is = c->block_is;
	return 0;
}

void e2_tell_rest(struct e2_changes *c, const char *object, const char *what, uint32_t from,
		 uint32_t end)
{
	for (uint32_t i = from; i < end; i++) {
		uint32_t stop = i, gap = 0;

		if (!c->differs[i])
			continue;
		for (uint32_t k = i; k < end && gap < JOIN_BYTES; k++) {
			gap = c->differs[k] ? 0 : gap + 1;
			stop = c->differs[k] ? k : stop;
		}
		e2_tell_begin(c, E2_CHANGE_BYTES, "%s", object);
		e2_tell_field(c, "%s %" PRIu32 "-%" PRIu32, what, i, stop);
		e2_tell_place(c, i, stop - i + 1);
		i = stop;
	}
}
