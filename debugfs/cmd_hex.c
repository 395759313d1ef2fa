/* SPDX-License-Identifier: MIT */
/* hex: bytes of the image, with the fields they are; of a path the content of the file. */
#include "hex.h"

#include "interrupt.h"
#include "stretch.h"
#include "why.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CHUNK = 64 * 1024, BLOCKS = 256, ENOUGH = 512 * 1024, ENOUGH_RECORDS = 3000 };

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

/* Whether so much stands there already that nobody will read on. */
static bool is_enough(const struct shell *sh, uint64_t before, bool all)
{
	uint64_t enough = sh->out.mode == OUT_TEXT ? ENOUGH : ENOUGH_RECORDS;

	return !all && out_said(&sh->out) - before >= enough;
}

static void note_rest(struct shell *sh, const char *what, uint64_t at)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_addf(&s, "stopped before %s %" PRIu64 ": -v shows everything", what, at);
	shell_note(sh, e2_str_text(&s));
	shell_say_notes(sh);
	e2_str_free(&s);
}

/* ---- content of files ---------------------------------------------------- */

/* How many bytes from `from` on, in whole lines, are in a hole. */
static uint64_t hole_at(struct shell *sh, const struct e2_inode *in, uint64_t from, uint64_t len)
{
	uint32_t size = e2_geometry(sh->fs)->block_size;
	struct e2_run run;
	uint64_t end;

	if (e2_map(sh->fs, in, from / size, &run)) {
		e2_err_clear();		/* reading will say it */
		return 0;
	}
	end = (run.lblk + run.count) * size;
	if (run.blk || end <= from)
		return 0;
	return (end - from < len ? end - from : len) / HEX_LINE * HEX_LINE;
}

static int hex_file(struct shell *sh, e2_ino ino, struct window w, bool all)
{
	struct hex_dump d = { .out = &sh->out, .all = all };
	struct e2_str text = E2_STR_INIT;
	struct e2_inode in;
	uint64_t before = out_said(&sh->out);
	uint8_t *data;
	int err = e2_inode_get(sh->fs, ino, &in);

	if (err)
		return err;
	if (e2_is_symlink(&in)) {
		err = e2_symlink_read(sh->fs, &in, &text);
		if (!err)
			err = clip(&w, text.len);
		if (!err)
			hex_bytes(&d, w.from, (const uint8_t *)text.text + w.from, (size_t)w.len,
				  NULL);
		hex_bytes_end(&d, w.from + w.len);
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
		uint64_t hole = all ? 0 : hole_at(sh, &in, w.from, w.len);

		if (interrupt_asked()) {
			err = e2_fail(E2_ERR_CANCELLED, "interrupted");
			break;
		}
		if (hole) {
			hex_zeros(&d, w.from, hole);
			w.from += hole;
			w.len -= hole;
			continue;
		}
		if (is_enough(sh, before, all)) {
			note_rest(sh, "byte", w.from);
			break;
		}
		err = e2_read(sh->fs, &in, w.from, want, data, &got);
		if (err || !got)
			break;
		hex_bytes(&d, w.from, data, got, NULL);
		w.from += got;
		w.len -= got;
	}
	hex_bytes_end(&d, w.from);
	free(data);
	return err;
}

/* ---- blocks and structures -------------------------------------------------- */

static void head(struct shell *sh, const struct why *w)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	enum e2_use use = why_use(w);
	struct out *o = &sh->out;
	e2_grp group;

	if (o->mode != OUT_TEXT)
		return;
	out_add(o, "block %" PRIu64, w->blk);
	if (e2_block_valid(g, w->blk)) {
		group = e2_block_group(g, w->blk);
		out_add(o, ", group %u + %" PRIu64, group,
			w->blk - e2_group_first_block(g, group));
	}
	out_add(o, ", byte 0x%" PRIx64 ", %s", w->blk * g->block_size, e2_use_name(use));
	if (!w->layouts && w->claims) {
		out_add(o, " of <%u>", w->claim[0].ino);
		if (use != E2_USE_XATTR)
			out_add(o, ", file block %" PRIu64, w->claim[0].lblk);
	}
	out_line(o);
}

static int hex_blocks(struct shell *sh, e2_blk blk, uint64_t count, struct window w, bool all)
{
	uint32_t size = e2_geometry(sh->fs)->block_size;
	uint64_t before = out_said(&sh->out);
	struct why *at = malloc(BLOCKS * sizeof(*at));
	int err = at ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to look at blocks");

	if (!err && count == 1)
		err = clip(&w, size);
	else
		w = (struct window){ 0, size };
	while (count && !err && !out_failed(&sh->out) && !is_enough(sh, before, all)) {
		size_t n = count < BLOCKS ? (size_t)count : BLOCKS;

		for (size_t i = 0; i < n; i++)
			at[i].blk = blk + i;
		err = why_blocks(sh, at, n);
		for (size_t i = 0; i < n && !err && !out_failed(&sh->out); i++) {
			if (is_enough(sh, before, all)) {
				n = i;
				break;
			}
			head(sh, &at[i]);
			err = hex_parts(sh, &at[i], 0, (uint32_t)w.from, (uint32_t)w.len, all);
		}
		blk += n;
		count -= n;
	}
	if (count && !err && is_enough(sh, before, all))
		note_rest(sh, "block", blk);
	free(at);
	return err;
}

/* Superblock, inode or descriptor: its bytes of the block they are in. */
static int hex_struct(struct shell *sh, const struct object *object, const struct stretch *st,
		      struct window w, bool all)
{
	uint32_t at = (uint32_t)(st->offset % e2_geometry(sh->fs)->block_size);
	struct why here = { .blk = st->blk };
	int err = clip(&w, st->len);

	if (!err)
		err = why_layout(sh, &here, 1);
	if (err)
		return err;
	if (sh->out.mode == OUT_TEXT) {
		out_add(&sh->out, "%s, %u bytes at byte 0x%" PRIx64,
			object->kind == OBJECT_SUPER ? "super" :
			object->kind == OBJECT_GROUP ? "group" : "inode", st->len, st->offset);
		out_line(&sh->out);
	}
	return hex_parts(sh, &here, at, at + (uint32_t)w.from, (uint32_t)w.len, all);
}

int cmd_hex(struct shell *sh, const struct args *args)
{
	const struct arg *offset = args_get(args, "OFFSET"), *length = args_get(args, "LENGTH");
	const struct object *o = &args_get(args, "OBJECT")->object;
	struct window w = { offset ? offset->number : 0, length ? length->number : UINT64_MAX };
	bool all = args_has(args, "-v");
	struct stretch st;
	e2_ino ino;
	int err;

	if (o->field)
		return e2_fail(E2_ERR_INVAL, "hex shows whole things; print shows a field");
	if (o->kind == OBJECT_PATH) {
		err = shell_lookup(sh, o, false, &ino, NULL);
		return err ? err : hex_file(sh, ino, w, all);
	}
	err = object_stretch(sh, o, &st);
	if (err)
		return err;
	if (st.bytes && st.len > 1)
		return hex_struct(sh, o, &st, w, all);
	return hex_blocks(sh, st.blk, st.count, w, all);
}

int cmd_inode_dump(struct shell *sh, const struct args *args)
{
	const struct object o = { .kind = OBJECT_INODE, .ino = args_get(args, "PATH")->ino };
	const struct window whole = { 0, UINT64_MAX };
	struct stretch st;
	int err = object_stretch(sh, &o, &st);

	return err ? err : hex_struct(sh, &o, &st, whole, args_has(args, "-v"));
}
