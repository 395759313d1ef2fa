/* SPDX-License-Identifier: MIT */
/*
 * hex: bytes of the image or of a file, sixteen a line; of a structure each
 * field with its bytes beside it.
 */
#include "structs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 16, FIELD_BYTES = 8, CHUNK = 64 * 1024 };

struct dump {
	struct out *out;
	bool all;		/* show repeated lines */
	uint8_t last[LINE];	/* the line before, when it was a full one */
	bool have_last, repeating;
};

static void record_line(struct out *o, uint64_t at, const uint8_t *data, size_t len)
{
	char hex[2 * LINE + 1] = "";

	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = "0123456789abcdef"[data[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[data[i] & 15];
	}
	hex[2 * len] = '\0';
	out_record(o, "hex");
	out_u64(o, "offset", at);
	out_string(o, "bytes", hex);
	out_record_end(o);
}

static void dump_line(struct dump *d, uint64_t at, const uint8_t *data, size_t len)
{
	struct out *o = d->out;
	char text[LINE + 1];
	size_t mark;

	if (o->mode != OUT_TEXT) {
		record_line(o, at, data, len);
		return;
	}
	if (!d->all && d->have_last && len == LINE && !memcmp(d->last, data, LINE)) {
		if (!d->repeating) {
			out_add(o, "*");
			out_line(o);
		}
		d->repeating = true;
		return;
	}
	d->repeating = false;
	d->have_last = len == LINE;
	memcpy(d->last, data, len);
	out_add(o, "%06" PRIx64 "  ", at);
	mark = out_mark(o);
	for (size_t i = 0; i < len; i++) {
		out_add(o, "%02x%s", data[i], i % LINE == 7 ? "  " : " ");
		text[i] = (char)(data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '.');
	}
	text[len] = '\0';
	out_pad(o, mark, 3 * LINE + 2);
	out_add(o, "%s", text);
	out_line(o);
}

static void dump_bytes(struct dump *d, uint64_t at, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len && !out_failed(d->out); i += LINE)
		dump_line(d, at + i, data + i, len - i < LINE ? len - i : LINE);
}

/* Where the last line would have gone unseen, the end is told. */
static void dump_end(struct dump *d, uint64_t end)
{
	if (d->out->mode == OUT_TEXT && d->repeating) {
		out_add(d->out, "%06" PRIx64, end);
		out_line(d->out);
	}
}

struct window { uint64_t from, len; };	/* what of the bytes is asked for */

static int clip(struct window *w, uint64_t size)
{
	if (w->from > size)
		return e2_fail(E2_ERR_RANGE, "offset %" PRIu64 " lies past the end, %" PRIu64,
			       w->from, size);
	if (w->len > size - w->from)
		w->len = size - w->from;
	return 0;
}

/* ---- content of files ---------------------------------------------------- */

static int hex_file(struct shell *sh, e2_ino ino, struct window w, struct dump *d)
{
	struct e2_str text = E2_STR_INIT;
	struct e2_inode in;
	uint8_t *data;
	int err = e2_inode_get(sh->fs, ino, &in);

	if (err)
		return err;
	if (e2_is_symlink(&in)) {
		err = e2_symlink_read(sh->fs, &in, &text);
		if (!err)
			err = clip(&w, text.len);
		if (!err)
			dump_bytes(d, w.from, (const uint8_t *)text.text + w.from, (size_t)w.len);
		e2_str_free(&text);
		return err;
	}
	if (!e2_is_reg(&in) && !e2_is_dir(&in))
		return e2_fail(E2_ERR_INVAL, "a %s has no content", file_type_words(in.mode));
	err = clip(&w, e2_inode_size(&in));
	if (err)
		return err;
	data = malloc(CHUNK);
	if (!data)
		return e2_fail(E2_ERR_NOMEM, "no memory for %d bytes", CHUNK);
	while (w.len && !err && !out_failed(&sh->out)) {
		size_t got, want = w.len < CHUNK ? (size_t)w.len : CHUNK;

		err = e2_read(sh->fs, &in, w.from, want, data, &got);
		if (err || !got)
			break;
		dump_bytes(d, w.from, data, got);
		w.from += got;
		w.len -= got;
	}
	dump_end(d, w.from);
	free(data);
	return err;
}

/* ---- blocks -------------------------------------------------------------- */

static void head(struct shell *sh, e2_blk blk)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct out *o = &sh->out;
	e2_grp group;

	if (o->mode != OUT_TEXT)
		return;
	out_add(o, "block %" PRIu64, blk);
	if (e2_block_valid(g, blk)) {
		group = e2_block_group(g, blk);
		out_add(o, ", group %u + %" PRIu64, group, blk - e2_group_first_block(g, group));
	}
	out_add(o, ", byte 0x%" PRIx64, blk * g->block_size);
	out_line(o);
}

static int hex_blocks(struct shell *sh, e2_blk blk, uint64_t count, struct window w, struct dump *d)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	const struct e2_buf *buf;
	int err = 0;

	if (blk >= g->blocks || count > g->blocks - blk)
		return e2_fail(E2_ERR_RANGE, "block %" PRIu64 ": the volume ends at %" PRIu64,
			       blk + count - 1, g->blocks - 1);
	if (count == 1)
		err = clip(&w, g->block_size);
	else
		w = (struct window){ 0, g->block_size };
	for (uint64_t i = 0; i < count && !err && !out_failed(&sh->out); i++) {
		head(sh, blk + i);
		err = e2_buf_get(sh->fs, blk + i, &buf);
		if (err)
			break;
		d->have_last = d->repeating = false;
		dump_bytes(d, w.from, buf->data + w.from, (size_t)w.len);
		dump_end(d, w.from + w.len);
		e2_buf_put(sh->fs, buf);
	}
	return err;
}

/* The block that <12>:3 or <12>:@7 means. */
static int hex_file_block(struct shell *sh, const struct object *o, struct window w, struct dump *d)
{
	uint64_t lblk = o->has_byte ? o->byte / e2_geometry(sh->fs)->block_size : o->lblk;
	struct e2_inode in;
	struct e2_run run;
	int err = e2_inode_get(sh->fs, o->ino, &in);

	if (!err)
		err = e2_map(sh->fs, &in, lblk, &run);
	if (err)
		return err;
	if (!run.blk)
		return e2_fail(E2_ERR_NOENT, "<%u>: file block %" PRIu64 " is a hole", o->ino,
			       lblk);
	return hex_blocks(sh, run.blk + (lblk - run.lblk), 1, w, d);
}

static int hex_part(struct shell *sh, const struct object *o, struct window w, struct dump *d)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct e2_group desc;
	uint64_t count = 1;
	e2_blk blk;
	int err;

	if (o->group >= g->groups)
		return e2_fail(E2_ERR_RANGE, "^%u: the volume's groups are 0 to %u", o->group,
			       g->groups - 1);
	err = e2_group_get(sh->fs, o->group, &desc);
	if (err)
		return err;
	switch (o->part) {
	case PART_BLOCK_BITMAP:
		blk = desc.block_bitmap;
		break;
	case PART_INODE_BITMAP:
		blk = desc.inode_bitmap;
		break;
	case PART_INODE_TABLE:
		blk = desc.inode_table;
		count = g->inode_table_blocks;
		break;
	case PART_DESC:
		count = e2_group_desc_blocks(g, o->group, &blk);
		break;
	default:
		count = e2_group_has_super(g, o->group);
		blk = o->group ? e2_group_first_block(g, o->group) :
			E2_SUPER_OFFSET / g->block_size;
		break;
	}
	return count ? hex_blocks(sh, blk, count, w, d) :
		e2_fail(E2_ERR_NOENT, "group %u has none", o->group);
}

/* ---- structures ---------------------------------------------------------- */

static void field_line(struct out *o, const struct image_struct *is, const struct e2_field *f,
		       unsigned index, unsigned elements)
{
	unsigned bytes = elements > 1 ? e2_field_bits(f) / 8 : 0, at = f->at + index * bytes;
	struct e2_str name = E2_STR_INIT, value = E2_STR_INIT;
	char hex[3 * FIELD_BYTES + 3] = "";
	unsigned n = 0;

	if (!bytes)
		while (at + bytes < is->s->size && e2_field_covers(f, at + bytes))
			bytes++;
	for (; n < bytes && n < FIELD_BYTES && at + n < is->when.bytes; n++)
		(void)snprintf(hex + 3 * n, 4, "%02x ", is->raw[at + n]);
	e2_str_add(&name, f->name);
	if (elements > 1)
		e2_str_addf(&name, "[%u]", index);
	e2_field_format(f, is->raw, index, &value);
	if (o->mode == OUT_TEXT) {
		out_add(o, "%04x  %-24s%-2s %-24s %s", at, hex, n < bytes ? ".." : "",
			e2_str_text(&name), e2_str_text(&value));
		out_line(o);
	} else {
		out_record(o, "hex-field");
		out_u64(o, "offset", at);
		out_string(o, "bytes", hex);
		out_string(o, "field", e2_str_text(&name));
		out_name(o, "value", e2_str_text(&value), value.len);
		out_record_end(o);
	}
	e2_str_free(&name);
	e2_str_free(&value);
}

static int hex_struct(struct shell *sh, const struct object *object)
{
	struct out *o = &sh->out;
	struct image_struct is;
	int err = read_struct(sh, object, &is);

	if (err)
		return err;
	if (o->mode == OUT_TEXT) {
		out_add(o, "%s, %u bytes at byte 0x%" PRIx64, is.s->name, is.when.bytes, is.at);
		out_line(o);
	}
	for (size_t i = 0; i < is.s->count; i++) {
		const struct e2_field *f = &is.s->fields[i];
		unsigned elements = e2_field_elements(f);

		if (f->alias || !e2_field_exists(f, is.raw, &is.when))
			continue;
		for (unsigned j = 0; j < elements; j++)
			field_line(o, &is, f, j, elements);
	}
	free(is.raw);
	return 0;
}

int cmd_hex(struct shell *sh, const struct args *args)
{
	const struct arg *offset = args_get(args, "OFFSET"), *length = args_get(args, "LENGTH");
	const struct object *o = &args_get(args, "OBJECT")->object;
	struct dump d = { .out = &sh->out, .all = args_has(args, "-v") };
	struct window w = { offset ? offset->number : 0, length ? length->number : UINT64_MAX };
	const struct e2_geometry *g = e2_geometry(sh->fs);
	e2_ino ino;
	int err;

	if (o->field)
		return e2_fail(E2_ERR_INVAL, "hex shows whole things; print shows a field");
	switch (o->kind) {
	case OBJECT_PATH:
		err = shell_lookup(sh, o, false, &ino, NULL);
		return err ? err : hex_file(sh, ino, w, &d);
	case OBJECT_INODE:
		return o->has_lblk || o->has_byte ? hex_file_block(sh, o, w, &d) :
			hex_struct(sh, o);
	case OBJECT_GROUP:
		return o->part ? hex_part(sh, o, w, &d) : hex_struct(sh, o);
	case OBJECT_SUPER:
		return hex_struct(sh, o);
	case OBJECT_BYTE:
		return hex_blocks(sh, o->offset / g->block_size, 1, w, &d);
	default:
		return hex_blocks(sh, o->blk, o->count, w, &d);
	}
}
