/* SPDX-License-Identifier: MIT */
#include "hex.h"

#include "why.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines of sixteen bytes ------------------------------------------------------------ */

static void add_hex(struct e2_str *s, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		e2_str_addf(s, "%02x", data[i]);
}

static void say_record(struct out *o, uint64_t at, const uint8_t *data, size_t len,
		       uint64_t times)
{
	struct e2_str hex = E2_STR_INIT;

	add_hex(&hex, data, len);
	out_record(o, "hex");
	out_u64(o, "offset", at);
	out_string(o, "bytes", e2_str_text(&hex));
	out_u64(o, "times", times);
	out_record_end(o);
	e2_str_free(&hex);
}

static void end_record(struct hex_dump *d)
{
	if (d->times)
		say_record(d->out, d->last_at, d->last, HEX_LINE, d->times);
	d->times = 0;
}

/* A full line waits for those like it. */
static void record_lines(struct hex_dump *d, uint64_t at, const uint8_t *data, size_t len,
			 uint64_t times)
{
	if (d->times && !d->all && len == HEX_LINE && !memcmp(d->last, data, HEX_LINE)) {
		d->times += times;
		return;
	}
	end_record(d);
	if (len < HEX_LINE) {
		say_record(d->out, at, data, len, 1);
		return;
	}
	memcpy(d->last, data, HEX_LINE);
	d->last_at = at;
	d->times = times;
}

/* "53 ef ", changed bytes in yellow. */
static void add_byte(struct out *o, uint8_t byte, bool changed)
{
	if (changed)
		out_style(o, STYLE_YELLOW);
	out_add(o, "%02x", byte);
	if (changed)
		out_plain(o);
	out_add(o, " ");
}

static bool any_of(const bool *changed, size_t len)
{
	for (size_t i = 0; changed && i < len; i++)
		if (changed[i])
			return true;
	return false;
}

static void dump_line(struct hex_dump *d, uint64_t at, const uint8_t *data, size_t len,
		      const bool *changed)
{
	bool differs = any_of(changed, len);
	struct out *o = d->out;
	char text[HEX_LINE + 1];

	if (o->mode != OUT_TEXT) {
		record_lines(d, at, data, len, 1);
		return;
	}
	if (!d->all && d->have_last && !differs && len == HEX_LINE &&
	    !memcmp(d->last, data, HEX_LINE)) {
		if (!d->repeating) {
			out_add(o, "*");
			out_line(o);
		}
		d->repeating = true;
		return;
	}
	d->repeating = false;
	d->have_last = len == HEX_LINE;
	memcpy(d->last, data, len);
	out_add(o, "%06" PRIx64 "  ", at);
	for (size_t i = 0; i < HEX_LINE; i++) {
		if (i < len)
			add_byte(o, data[i], changed && changed[i]);
		else
			out_add(o, "   ");
		if (i % HEX_FIELD == HEX_FIELD - 1)
			out_add(o, " ");
	}
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '.');
	text[len] = '\0';
	out_add(o, "%s%s", text, differs ? "  # changed" : "");
	out_line(o);
}

void hex_bytes(struct hex_dump *d, uint64_t at, const uint8_t *data, size_t len,
	       const bool *changed)
{
	for (size_t i = 0; i < len && !out_failed(d->out); i += HEX_LINE)
		dump_line(d, at + i, data + i, len - i < HEX_LINE ? len - i : HEX_LINE,
			  changed ? changed + i : NULL);
}

void hex_zeros(struct hex_dump *d, uint64_t at, uint64_t len)
{
	static const uint8_t zeros[HEX_LINE];

	if (d->out->mode != OUT_TEXT) {
		record_lines(d, at, zeros, HEX_LINE, len / HEX_LINE);
		return;
	}
	dump_line(d, at, zeros, HEX_LINE, NULL);
	if (len > HEX_LINE)
		dump_line(d, at + HEX_LINE, zeros, HEX_LINE, NULL);
}

void hex_bytes_end(struct hex_dump *d, uint64_t end)
{
	end_record(d);
	if (d->out->mode == OUT_TEXT && d->repeating) {
		out_add(d->out, "%06" PRIx64, end);
		out_line(d->out);
	}
	d->have_last = d->repeating = false;
}

/* ---- parts ------------------------------------------------------------------------------ */

struct telling {
	struct shell *sh;
	struct e2_block_view view;
	const uint8_t *data;
	bool *changed;		/* of each byte of the block; NULL: nothing has */
	const uint8_t *before;
	uint32_t base;		/* offsets are told from here on */
	uint32_t from, to;
	bool all;
	struct hex_dump dump;
	e2_ino ino;		/* whose fields were told last; 0: none */
	struct e2_part slots;	/* pointers that are 0, side by side; len 0: none */
};

/* Eight bytes of a part, and after the first of them what it is. */
static void field_line(struct telling *t, uint32_t at, uint32_t len, bool more)
{
	struct out *o = &t->sh->out;
	size_t mark;

	out_add(o, "%04x  ", at - t->base);
	mark = out_mark(o);
	for (uint32_t i = 0; i < len && i < HEX_FIELD; i++)
		add_byte(o, t->data[at + i], t->changed && t->changed[at + i]);
	out_pad(o, mark, 3 * HEX_FIELD);
	out_add(o, "%s ", more ? ".." : "  ");
}

/* "  # was 01 00", "  (must be 0xef53)" */
static void say_marks(struct telling *t, const struct e2_part *part)
{
	struct out *o = &t->sh->out;

	if (part->rule)
		out_add(o, "  (%s)", part->rule);
	if (t->changed && any_of(t->changed + part->at, part->len)) {
		out_style(o, STYLE_YELLOW);
		out_add(o, "  # was");
		for (uint32_t i = 0; i < part->len && i < HEX_FIELD; i++)
			out_add(o, " %02x", t->before[part->at + i]);
		out_add(o, "%s", part->len > HEX_FIELD ? " .." : "");
		out_plain(o);
	}
}

static void record_part(struct telling *t, const struct e2_part *part)
{
	struct e2_str hex = E2_STR_INIT, label = E2_STR_INIT, value = E2_STR_INIT;
	struct e2_str object = E2_STR_INIT;
	struct out *o = &t->sh->out;

	add_hex(&hex, t->data + part->at, part->len);
	e2_part_label(part, &label);
	e2_part_value(&t->view, part, &value);
	e2_part_object(&t->view, part, &object);
	out_record(o, "hex-field");
	out_u64(o, "offset", part->at - t->base);
	out_string(o, "bytes", e2_str_text(&hex));
	out_string(o, "field", e2_str_text(&label));
	out_name(o, "value", e2_str_text(&value), value.len);
	out_string(o, "part", e2_part_key(part->kind));
	out_name(o, "object", e2_str_text(&object), object.len);
	out_bool(o, "changed", t->changed && any_of(t->changed + part->at, part->len));
	if (part->rule)
		out_string(o, "rule", part->rule);
	else
		out_null(o, "rule");
	out_record_end(o);
	e2_str_free(&hex);
	e2_str_free(&label);
	e2_str_free(&value);
	e2_str_free(&object);
}

static void say_part(struct telling *t, const struct e2_part *part)
{
	struct e2_str label = E2_STR_INIT, value = E2_STR_INIT;
	const uint8_t *data = t->data + part->at;
	uint32_t shown = part->len < HEX_FIELD ? part->len : HEX_FIELD;
	bool rest_zero = e2_all_zero(data + shown, part->len - shown);
	struct out *o = &t->sh->out;
	size_t mark;

	e2_part_label(part, &label);
	e2_part_value(&t->view, part, &value);
	field_line(t, part->at, shown, shown < part->len && rest_zero && !t->all);
	mark = out_mark(o);
	out_add(o, "%s", e2_str_text(&label));
	if (value.len || part->rule) {
		out_pad(o, mark, 24);
		out_add(o, " ");
		if (part->rule)
			out_add_styled(o, STYLE_RED, e2_str_text(&value));
		else
			out_add(o, "%s", e2_str_text(&value));
	}
	say_marks(t, part);
	out_line(o);
	for (uint32_t i = shown; i < part->len && (t->all || !rest_zero); i += HEX_FIELD) {
		field_line(t, part->at + i, part->len - i, false);
		out_line(o);
	}
	e2_str_free(&label);
	e2_str_free(&value);
}

/* Content, and what nothing reads: lines of sixteen bytes under what they are. */
static void say_plain(struct telling *t, const struct e2_part *part)
{
	struct out *o = &t->sh->out;
	bool content = part->kind == E2_PART_DATA || part->kind == E2_PART_TEXT ||
		       part->kind == E2_PART_BOOT;
	bool free_block = part->kind == E2_PART_UNUSED && part->len == t->to - t->from &&
			  (t->view.use == E2_USE_FREE || t->view.use == E2_USE_LOST);

	if (o->mode == OUT_TEXT && !content && !free_block) {
		bool zero = e2_all_zero(t->data + part->at, part->len);

		if (part->len <= HEX_FIELD || (zero && !t->all)) {
			field_line(t, part->at, part->len, part->len > HEX_FIELD);
			out_add(o, "%s", e2_part_words(part->kind));
			if (part->len > HEX_FIELD)
				out_add(o, ", %u bytes", part->len);
			say_marks(t, part);
			out_line(o);
			return;
		}
		out_add(o, "      %s", e2_part_words(part->kind));
		out_line(o);
	}
	hex_bytes(&t->dump, part->at - t->base, t->data + part->at, part->len,
		  t->changed ? t->changed + part->at : NULL);
	hex_bytes_end(&t->dump, part->at - t->base + part->len);
}

/* Bits: eight bytes a line, those that are all in use or all free told once. */
static void say_bits(struct telling *t, const struct e2_part *part)
{
	struct e2_part piece = *part;

	for (uint32_t i = 0; i < part->len; i += piece.len) {
		const uint8_t *data = t->data + part->at + i;
		int all = *data == 0 ? 0 : *data == 0xff ? 1 : -1;

		piece.at = part->at + i;
		piece.len = part->len - i < HEX_FIELD ? part->len - i : HEX_FIELD;
		for (uint32_t k = 1; k < piece.len; k++)
			all = data[k] == *data ? all : -1;
		while (!t->all && all >= 0 && t->sh->out.mode == OUT_TEXT &&
		       i + piece.len < part->len && t->data[piece.at + piece.len] == *data)
			piece.len++;
		piece.first = part->first + 8 * (uint64_t)i;
		piece.count = part->count - 8 * (uint64_t)i;
		if (piece.count > 8 * (uint64_t)piece.len)
			piece.count = 8 * (uint64_t)piece.len;
		if (t->sh->out.mode != OUT_TEXT) {
			record_part(t, &piece);
		} else {
			struct e2_str value = E2_STR_INIT;

			e2_part_value(&t->view, &piece, &value);
			field_line(t, piece.at, piece.len, piece.len > HEX_FIELD);
			out_add(&t->sh->out, "%s", e2_str_text(&value));
			say_marks(t, &piece);
			out_line(&t->sh->out);
			e2_str_free(&value);
		}
	}
}

/* ---- blocks of many alike ------------------------------------------------------------------- */

static void say_slots(struct telling *t)
{
	struct e2_part *p = &t->slots;
	struct out *o = &t->sh->out;

	if (!p->len)
		return;
	field_line(t, p->at, p->len, p->len > HEX_FIELD);
	if (p->len > 4)
		out_add(o, "[%u]-[%u]", p->number, p->number + p->len / 4 - 1);
	else
		out_add(o, "[%u]", p->number);
	out_add(o, "  0");
	out_line(o);
	p->len = 0;
}

/* Pointers that are 0 are told together. */
static bool is_slot_apart(struct telling *t, const struct e2_part *part)
{
	bool joins = part->kind == E2_PART_POINTER && part->len == 4 && !t->all &&
		     e2_all_zero(t->data + part->at, 4) && t->sh->out.mode == OUT_TEXT &&
		     !(t->changed && any_of(t->changed + part->at, 4));

	if (joins && t->slots.len && t->slots.at + t->slots.len == part->at) {
		t->slots.len += 4;
		return false;
	}
	say_slots(t);
	if (joins)
		t->slots = *part;
	return !joins;
}

/* In a table, which inode begins; false: it holds nothing and was told in one line. */
static bool begins_inode(struct telling *t, const struct e2_part *part)
{
	uint32_t size = e2_geometry(t->sh->fs)->inode_size;
	struct out *o = &t->sh->out;

	if (t->view.use != E2_USE_INODE_TABLE || t->sh->out.mode != OUT_TEXT || !part->ino ||
	    t->to - t->from <= size)
		return true;
	if (part->ino != t->ino) {
		uint32_t at = part->at / size * size;

		t->ino = part->ino;
		out_add(o, "%04x  ", at - t->base);
		out_add(o, "<%u>", part->ino);
		if (!t->all && e2_all_zero(t->data + at, size))
			out_add(o, "  zeros");
		out_line(o);
	}
	return t->all || !e2_all_zero(t->data + part->at / size * size, size);
}

static int on_part(void *context, const struct e2_part *whole)
{
	struct telling *t = context;
	struct e2_part part = *whole;

	if (out_failed(&t->sh->out))
		return 1;
	if (part.kind != E2_PART_FIELD && part.at < t->from && part.kind != E2_PART_BITS) {
		part.len -= t->from - part.at;	/* content is cut where it is asked for */
		part.first += part.kind == E2_PART_DATA ? t->from - part.at : 0;
		part.at = t->from;
	}
	if (part.kind != E2_PART_FIELD && part.kind != E2_PART_BITS && part.len > t->to - part.at)
		part.len = t->to - part.at;
	if (!begins_inode(t, &part) || !is_slot_apart(t, &part))
		return 0;
	switch (part.kind) {
	case E2_PART_FIELD:
	case E2_PART_NAME:
	case E2_PART_VALUE:
	case E2_PART_POINTER:
	case E2_PART_END:
		if (t->sh->out.mode == OUT_TEXT)
			say_part(t, &part);
		else
			record_part(t, &part);
		break;
	case E2_PART_BITS:
		say_bits(t, &part);
		break;
	case E2_PART_TEXT:
		if (t->view.use != E2_USE_INODE_TABLE)
			say_plain(t, &part);
		else if (t->sh->out.mode == OUT_TEXT)
			say_part(t, &part);
		else
			record_part(t, &part);
		break;
	default:
		say_plain(t, &part);
		break;
	}
	return 0;
}

/* Which bytes the open transaction has changed. */
static int find_changes(struct telling *t, e2_blk blk, uint8_t *before)
{
	uint32_t size = e2_geometry(t->sh->fs)->block_size;
	struct e2_range run;
	int err;

	if (!t->sh->txn || e2_txn_changes(t->sh->txn, blk, &run) <= 0 || run.blk != blk)
		return 0;
	err = e2_cache_read_before(e2_fs_cache(t->sh->fs), blk, 1, before);
	if (err)
		return err;
	t->changed = calloc(size, sizeof(*t->changed));
	if (!t->changed)
		return e2_fail(E2_ERR_NOMEM, "no memory to compare a block");
	for (uint32_t i = 0; i < size; i++)
		t->changed[i] = t->data[i] != before[i];
	t->before = before;
	return 0;
}

int hex_parts(struct shell *sh, const struct why *w, uint32_t base, uint32_t from, uint32_t len,
	      bool all)
{
	uint8_t *before = malloc(e2_geometry(sh->fs)->block_size);
	struct telling t = {
		.sh = sh, .base = base, .from = from, .to = from + len, .all = all,
		.dump = { .out = &sh->out, .all = all },
	};
	const struct e2_buf *buf;
	struct e2_inode in;
	int err;

	if (!before)
		return e2_fail(E2_ERR_NOMEM, "no memory for a block");
	err = e2_buf_get(sh->fs, w->blk, &buf);
	if (err) {
		free(before);
		return err;
	}
	t.data = buf->data;
	why_view(sh, w, buf->data, &in, &t.view);
	if (t.view.use == E2_USE_FREE || t.view.use == E2_USE_LOST) {
		enum e2_use looks = e2_block_looks(e2_geometry(sh->fs), buf->data);

		if (looks == E2_USE_DIR || looks == E2_USE_XATTR)
			t.view.use = looks;
	}
	err = find_changes(&t, w->blk, before);
	if (!err)
		err = e2_anatomy(sh->fs, &t.view, t.from, t.to, on_part, &t);
	say_slots(&t);
	e2_buf_put(sh->fs, buf);
	free(t.changed);
	free(before);
	return err > 0 ? 0 : err;
}
