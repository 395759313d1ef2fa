/* SPDX-License-Identifier: MIT */
/* print of a block: every structure in it with its fields, by the anatomy. */
#include "structs.h"

#include "why.h"

#include <inttypes.h>
#include <string.h>

struct printing {
	struct shell *sh;
	struct e2_block_view view;
	uint64_t base;			/* of the block, in the image */
	struct e2_str object;		/* told last */
};

static bool has_value(const struct e2_block_view *view, const struct e2_part *part)
{
	switch (part->kind) {
	case E2_PART_FIELD:
	case E2_PART_NAME:
	case E2_PART_VALUE:
	case E2_PART_TEXT:
	case E2_PART_BITS:
		return true;
	case E2_PART_POINTER:
		return e2_get32(view->data + part->at) != 0;
	default:
		return false;
	}
}

static void record(struct printing *p, const struct e2_part *part, const struct e2_str *object,
		   const struct e2_str *label, const struct e2_str *value)
{
	struct out *o = &p->sh->out;

	out_record(o, "field");
	out_string(o, "struct", part->s ? part->s->name : e2_part_key(part->kind));
	out_string(o, "field", e2_str_text(label));
	out_name(o, "value", e2_str_text(value), value->len);
	out_name(o, "object", e2_str_text(object), object->len);
	out_u64(o, "offset", p->base + part->at);
	out_record_end(o);
}

static void say(struct printing *p, const struct e2_part *part, const struct e2_str *object,
		const struct e2_str *label, const struct e2_str *value)
{
	struct out *o = &p->sh->out;
	size_t mark;

	if (strcmp(e2_str_text(object), e2_str_text(&p->object)) != 0) {
		if (p->object.len)
			out_line(o);
		out_add(o, "%s", e2_str_text(object));
		out_line(o);
		e2_str_truncate(&p->object, 0);
		e2_str_add(&p->object, e2_str_text(object));
	}
	mark = out_mark(o);
	out_add(o, "  %s  ", e2_str_text(label));
	out_pad(o, mark, 28);
	if (part->rule)
		out_add_styled(o, STYLE_RED, e2_str_text(value));
	else
		out_add(o, "%s", e2_str_text(value));
	if (part->rule)
		out_add(o, "  (%s)", part->rule);
	out_line(o);
}

/* A value of an attribute is text, or hexadecimal digits. */
static void add_value(const struct e2_block_view *view, const struct e2_part *part,
		      struct e2_str *s)
{
	const uint8_t *at = view->data + part->at;
	bool text = true;

	if (part->kind != E2_PART_VALUE) {
		e2_part_value(view, part, s);
		return;
	}
	for (uint32_t i = 0; i < part->len; i++)
		text = text && at[i] >= 0x20 && at[i] < 0x7f;
	if (text) {
		e2_str_add(s, "\"");
		e2_str_add_name(s, at, part->len);
		e2_str_add(s, "\"");
	}
	for (uint32_t i = 0; i < part->len && !text; i++)
		e2_str_addf(s, "%02x", at[i]);
}

static void tell(struct printing *p, const struct e2_part *part)
{
	struct e2_str object = E2_STR_INIT, label = E2_STR_INIT, value = E2_STR_INIT;

	e2_part_object(&p->view, part, &object);
	e2_part_label(part, &label);
	add_value(&p->view, part, &value);
	if (p->sh->out.mode == OUT_TEXT)
		say(p, part, &object, &label, &value);
	else
		record(p, part, &object, &label, &value);
	e2_str_free(&object);
	e2_str_free(&label);
	e2_str_free(&value);
}

/* Bytes of a bitmap that are all alike are told together. */
static void tell_bits(struct printing *p, const struct e2_part *part)
{
	for (uint32_t i = 0, len; i < part->len; i += len) {
		const uint8_t *at = p->view.data + part->at + i;
		struct e2_part piece = *part;

		len = 1;
		while ((*at == 0 || *at == 0xff) && i + len < part->len && at[len] == *at)
			len++;
		piece.at += i;
		piece.len = len;
		piece.first += 8 * (uint64_t)i;
		piece.count -= 8 * (uint64_t)i;
		tell(p, &piece);
	}
}

static int on_part(void *context, const struct e2_part *part)
{
	struct printing *p = context;

	if (out_failed(&p->sh->out))
		return 1;
	if (!has_value(&p->view, part))
		return 0;
	if (part->kind == E2_PART_FIELD && part->skip != 0)
		return 0;	/* the other half of a field that was told */
	if (part->kind == E2_PART_BITS)
		tell_bits(p, part);
	else
		tell(p, part);
	return 0;
}

int print_block(struct shell *sh, const struct why *w)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct printing p = { .sh = sh, .base = w->blk * g->block_size };
	const struct e2_buf *buf;
	struct e2_inode in;
	int err = e2_buf_get(sh->fs, w->blk, &buf);

	if (err)
		return err;
	why_view(sh, w, buf->data, &in, &p.view);
	if (p.view.use == E2_USE_DATA || p.view.use == E2_USE_FREE ||
	    p.view.use == E2_USE_LOST || p.view.use == E2_USE_BOOT ||
	    p.view.use == E2_USE_JOURNAL || p.view.use == E2_USE_BAD)
		err = e2_fail(E2_ERR_INVAL, "block %" PRIu64 " has no fields (%s); hex shows its "
			      "bytes", w->blk, e2_use_name(p.view.use));
	else
		err = e2_anatomy(sh->fs, &p.view, 0, g->block_size, on_part, &p);
	e2_buf_put(sh->fs, buf);
	e2_str_free(&p.object);
	return err > 0 ? 0 : err;
}
