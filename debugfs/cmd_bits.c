/* SPDX-License-Identifier: MIT */
/* testb, testi, imap, dump_unused: what the bitmaps say, and where inodes lie. */
#include "map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- testb, testi --------------------------------------------------------------- */

static void show_bits(struct shell *sh, e2_blk blk, uint64_t count, bool used)
{
	struct out *o = &sh->out;

	if (o->mode != OUT_TEXT) {
		out_record(o, "testb");
		out_u64(o, "blk", blk);
		out_u64(o, "count", count);
		out_bool(o, "used", used);
		out_record_end(o);
		return;
	}
	if (count > 1)
		out_add(o, "blocks %" PRIu64 "-%" PRIu64, blk, blk + count - 1);
	else
		out_add(o, "block %" PRIu64, blk);
	out_add(o, "  %s", used ? "in use" : "free");
	out_line(o);
}

/* What the command is asked about: first block and how many. */
static int block_range(struct shell *sh, const struct args *args, e2_blk *blk, uint64_t *count)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	const struct object *o = &args_get(args, "BLOCK")->object;
	const struct arg *more = args_get(args, "COUNT");

	if (o->kind != OBJECT_BLOCKS && o->kind != OBJECT_BYTE)
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "%s: not a block",
						 args_get(args, "BLOCK")->text));
	*blk = o->kind == OBJECT_BYTE ? o->offset / g->block_size : o->blk;
	*count = more ? more->number : o->kind == OBJECT_BYTE ? 1 : o->count;
	if (*blk >= g->blocks || *count > g->blocks - *blk)
		return e2_fail(E2_ERR_RANGE, "no block %" PRIu64 ": the volume has %" PRIu64,
			       *blk >= g->blocks ? *blk : g->blocks, g->blocks);
	return 0;
}

int cmd_testb(struct shell *sh, const struct args *args)
{
	bool quiet = args_has(args, "-q"), used = false, before = false;
	uint64_t count = 0, since = 0;
	e2_blk blk = 0;
	int err = block_range(sh, args, &blk, &count);

	for (uint64_t i = 0; i < count && !err; i++, before = used) {
		err = e2_block_used(sh->fs, blk + i, &used);
		if (!err)
			err = map_stopped();
		if (!err && quiet && !used)
			sh->failed = true;
		if (err || i == 0 || used == before)
			continue;
		if (!quiet)
			show_bits(sh, blk + since, i - since, before);
		since = i;
	}
	if (!err && count && !quiet)
		show_bits(sh, blk + since, count - since, used);
	return err;
}

int cmd_testi(struct shell *sh, const struct args *args)
{
	struct out *o = &sh->out;

	for (size_t i = 0; i < args->count; i++) {
		bool used;
		int err = e2_inode_used(sh->fs, args->arg[i].ino, &used);

		if (err)
			return err;
		if (args_has(args, "-q")) {
			sh->failed |= !used;
		} else if (o->mode != OUT_TEXT) {
			out_record(o, "testi");
			out_u64(o, "ino", args->arg[i].ino);
			out_bool(o, "used", used);
			out_record_end(o);
		} else {
			add_object(&o->text, &args->arg[i]);
			out_add(o, "  %s", used ? "in use" : "free");
			out_line(o);
		}
	}
	return 0;
}

/* ---- imap ------------------------------------------------------------------------- */

int cmd_imap(struct shell *sh, const struct args *args)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct out *o = &sh->out;

	for (size_t i = 0; i < args->count; i++) {
		e2_ino ino = args->arg[i].ino;
		uint32_t entry = (ino - 1) % g->inodes_per_group, offset;
		e2_blk blk;
		int err = e2_inode_locate(sh->fs, ino, &blk, &offset);

		if (err)
			return err;
		if (o->mode != OUT_TEXT) {
			out_record(o, "imap");
			out_u64(o, "ino", ino);
			out_u64(o, "group", e2_inode_group(g, ino));
			out_u64(o, "entry", entry);
			out_u64(o, "blk", blk);
			out_u64(o, "offset", offset);
			out_u64(o, "byte", blk * g->block_size + offset);
			out_record_end(o);
			continue;
		}
		add_object(&o->text, &args->arg[i]);
		out_add(o, "  group %" PRIu32 ", entry %" PRIu32 " of its table: block %" PRIu64
			" + %" PRIu32 " = byte 0x%" PRIx64, e2_inode_group(g, ino), entry, blk,
			offset, blk * g->block_size + offset);
		out_line(o);
	}
	return 0;
}

/* ---- dump_unused -------------------------------------------------------------------- */

enum { CHUNK = 256 * 1024, SHOWN = 100, TEXT = 32 };

struct unused {
	struct shell *sh;
	uint8_t *data;			/* CHUNK bytes, or a block */
	uint64_t per_chunk;		/* blocks */
	uint64_t most, shown, left_out;	/* blocks that are not all zero */
};

/* The first bytes that can be read, as a hint of what they were. */
static void add_text(struct out *o, const uint8_t *data, size_t len)
{
	char text[TEXT + 1];
	size_t at = 0, n = 0;

	while (at < len && (data[at] < 0x20 || data[at] > 0x7e))
		at++;
	while (at + n < len && n < TEXT && data[at + n] >= 0x20 && data[at + n] <= 0x7e) {
		text[n] = (char)data[at + n];
		n++;
	}
	if (n < 4)
		return;
	out_add(o, "  \"");
	out_add_name(o, text, n);
	out_add(o, "\"");
}

static void show_block(struct unused *u, e2_blk blk, const uint8_t *data, size_t len)
{
	struct out *o = &u->sh->out;
	uint64_t bytes = 0;
	size_t mark;

	if (u->shown >= u->most) {
		u->left_out++;
		return;
	}
	u->shown++;
	for (size_t i = 0; i < len; i++)
		bytes += data[i] != 0;
	if (o->mode != OUT_TEXT) {
		out_record(o, "unused");
		out_u64(o, "blk", blk);
		out_u64(o, "bytes", bytes);
		out_record_end(o);
		return;
	}
	mark = out_mark(o);
	out_add(o, "block %" PRIu64 "  ", blk);
	out_pad(o, mark, 20);
	add_plural(&o->text, bytes, "byte is not zero", "bytes are not zero");
	add_text(o, data, len);
	out_line(o);
}

static int look_at(struct unused *u, e2_blk blk, uint64_t count)
{
	uint32_t size = e2_geometry(u->sh->fs)->block_size;

	while (count) {
		uint64_t n = count < u->per_chunk ? count : u->per_chunk;
		int err = map_stopped();

		if (!err)
			err = e2_cache_read(e2_fs_cache(u->sh->fs), blk, n, u->data);
		if (err || out_failed(&u->sh->out))
			return err;
		for (uint64_t i = 0; i < n; i++)
			if (!e2_all_zero(u->data + i * size, size))
				show_block(u, blk + i, u->data + i * size, size);
		blk += n;
		count -= n;
	}
	return 0;
}

int cmd_dump_unused(struct shell *sh, const struct args *args)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct unused u = { .sh = sh, .most = args_has(args, "-v") ? UINT64_MAX : SHOWN };
	struct e2_stretch s;
	struct e2_space *space;
	uint32_t unread;
	int status, r;

	u.per_chunk = g->block_size < CHUNK ? CHUNK / g->block_size : 1;
	u.data = malloc(u.per_chunk * g->block_size);
	if (!u.data)
		return e2_fail(E2_ERR_NOMEM, "no memory for %d bytes", CHUNK);
	r = e2_space_begin(sh->fs, 0, g->groups, &space);
	if (r) {
		free(u.data);
		return r;
	}
	while ((r = e2_space_next(space, &s)) > 0) {
		r = s.known && !s.used ? look_at(&u, s.blk, s.count) : 0;
		if (r)
			break;
	}
	unread = e2_space_unread(space, &status);
	e2_space_end(space);
	free(u.data);
	if (u.left_out && sh->out.mode == OUT_TEXT) {
		out_add(&sh->out, "and %" PRIu64 " more; -v lists them", u.left_out);
		out_line(&sh->out);
	}
	return !r && unread ? e2_fail(status, "%" PRIu32 " block %s could not be read", unread,
				      unread == 1 ? "bitmap" : "bitmaps") : r;
}
