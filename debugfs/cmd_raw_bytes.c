/* SPDX-License-Identifier: MIT */
/* Bytes, and fields of structures that only their place in a block names: zap, poke, pointer,
 * field. */
#include "raw.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 4096 };

static int write_bytes(struct shell *sh, uint64_t at, size_t len, const void *data)
{
	int err = e2_raw_write(sh->txn, at, len, data);

	e2_dirs_forget(sh->txn);
	return err;
}

/* ---- zap ------------------------------------------------------------------------------- */

struct zap {
	struct raw_place place;
	uint8_t *pattern;	/* repeated */
	size_t pattern_len;
	bool random;
	uint64_t seed;
};

/* What comes at byte n of the place. */
static uint8_t zap_byte(const struct zap *z, uint64_t n)
{
	uint64_t word;

	if (!z->random)
		return z->pattern_len ? z->pattern[n % z->pattern_len] : 0;
	word = e2_mix64(z->seed + (n / 8 + 1) * 0x9e3779b97f4a7c15u);
	return (uint8_t)(word >> 8 * (n % 8));
}

static int fill(struct shell *sh, const struct zap *z)
{
	uint8_t bytes[PIECE];
	int err = 0;

	for (uint64_t done = 0; done < z->place.len && !err; done += PIECE) {
		uint64_t left = z->place.len - done;
		size_t n = left < PIECE ? (size_t)left : PIECE;

		for (size_t i = 0; i < n; i++)
			bytes[i] = zap_byte(z, done + i);
		err = write_bytes(sh, z->place.at + done, n, bytes);
	}
	return err;
}

static int flip(struct shell *sh, const struct raw_place *place, uint64_t bit)
{
	uint32_t size = e2_geometry(sh->fs)->block_size;
	uint64_t at = place->at + bit / 8;
	const struct e2_buf *buf;
	uint8_t byte;
	int err;

	if (bit / 8 >= place->len)
		return e2_fail(E2_ERR_RANGE, "bit %" PRIu64 ": there are %" PRIu64, bit,
			       place->len * 8);
	err = e2_buf_get(sh->fs, at / size, &buf);
	if (err)
		return err;
	byte = (uint8_t)(buf->data[at % size] ^ 1u << bit % 8);
	e2_buf_put(sh->fs, buf);
	return write_bytes(sh, at, 1, &byte);
}

/* The block that -f FILE BLOCK means, else the bytes of the object. */
static int zap_place(struct shell *sh, const struct args *args, struct raw_place *place)
{
	const struct arg *file = args_value(args, "-f");
	struct arg a = *args_get(args, "OBJECT");

	if (file) {
		struct object o;
		int err = object_parse(file->text, file->quoted, PLACE_FILE, &o);
		e2_ino ino;

		if (!err)
			err = shell_lookup(sh, &o, false, &ino, NULL);
		if (err)
			return err;
		if (a.object.kind != OBJECT_BLOCKS || a.object.count != 1)
			return e2_fail(E2_ERR_INVAL, "%s: with -f the number of a block of the "
				       "file", a.text);
		a.object = (struct object){ .kind = OBJECT_INODE, .ino = ino, .has_lblk = true,
					    .lblk = a.object.blk };
	}
	return raw_place(sh, &a, place);
}

static int narrow(const struct args *args, struct raw_place *place)
{
	const struct arg *offset = args_value(args, "-o"), *length = args_value(args, "-l");
	uint64_t from = offset ? offset->number : 0;

	if (from >= place->len)
		return e2_fail(E2_ERR_RANGE, "offset %" PRIu64 ": there are %" PRIu64 " bytes",
			       from, place->len);
	if (length && length->number > place->len - from)
		return e2_fail(E2_ERR_RANGE, "length %" PRIu64 ": %" PRIu64 " bytes are left",
			       length->number, place->len - from);
	place->at += from;
	place->len = length ? length->number : place->len - from;
	return 0;
}

/* One byte as debugfs has it (0x5a, 90), or a row of hexadecimal digits. */
static int take_pattern(struct shell *sh, const struct arg *a, struct zap *z)
{
	char *end;
	unsigned long n = strtoul(a->text, &end, 0);

	z->pattern = (uint8_t *)strdup(a->text);
	if (!z->pattern)
		return e2_fail(E2_ERR_NOMEM, "no memory for a pattern");
	if (a->text[0] && !*end && n <= UINT8_MAX && strlen(a->text) <= 4) {
		z->pattern[0] = (uint8_t)n;
		z->pattern_len = 1;
		return 0;
	}
	return raw_hex(sh, (char *)z->pattern, &z->pattern_len);
}

int cmd_zap(struct shell *sh, const struct args *args)
{
	const struct arg *bit = args_value(args, "-b"), *pattern = args_value(args, "-p");
	const struct arg *seed = args_value(args, "--seed");
	struct zap z = { .random = args_has(args, "--random"), .seed = seed ? seed->number : 0 };
	int err;

	if ((bit != NULL) + (pattern != NULL) + z.random > 1)
		return shell_misused(sh, e2_fail(E2_ERR_INVAL,
						 "-p, -b and --random exclude each other"));
	err = zap_place(sh, args, &z.place);
	if (!err)
		err = narrow(args, &z.place);
	if (!err && pattern)
		err = take_pattern(sh, pattern, &z);
	if (!err)
		err = bit ? flip(sh, &z.place, bit->number) : fill(sh, &z);
	free(z.pattern);
	return err;
}

/* ---- poke -------------------------------------------------------------------------------- */

int cmd_poke(struct shell *sh, const struct args *args)
{
	const struct arg *offset = args_get(args, "OFFSET");
	char *bytes = strdup(args_get(args, "HEX")->text);
	struct raw_place place;
	size_t len;
	int err = bytes ? raw_place(sh, args_get(args, "OBJECT"), &place) :
		e2_fail(E2_ERR_NOMEM, "no memory for bytes");

	if (!err)
		err = raw_hex(sh, bytes, &len);
	if (!err && (offset->number > place.len || len > place.len - offset->number))
		err = e2_fail(E2_ERR_RANGE, "%zu bytes at %" PRIu64 ": there are %" PRIu64, len,
			      offset->number, place.len);
	if (!err)
		err = write_bytes(sh, place.at + offset->number, len, bytes);
	free(bytes);
	return err;
}

/* ---- structures by their place -------------------------------------------------------- */

int cmd_pointer(struct shell *sh, const struct args *args)
{
	uint64_t index = args_get(args, "INDEX")->number, to = args_get(args, "BLOCK")->number;
	struct raw_place place;
	uint8_t raw[4];
	int err = raw_place(sh, args_get(args, "OBJECT"), &place);

	if (err)
		return err;
	if (index >= place.len / 4)
		return e2_fail(E2_ERR_RANGE, "[%" PRIu64 "]: a pointer block has %" PRIu64, index,
			       place.len / 4);
	if (to > UINT32_MAX)
		return e2_fail(E2_ERR_RANGE, "%" PRIu64 ": a pointer has 32 bits", to);
	e2_put32(raw, (uint32_t)to);
	return write_bytes(sh, place.at + 4 * index, sizeof(raw), raw);
}

static int read_bytes(struct shell *sh, uint64_t at, size_t len, uint8_t *raw)
{
	uint32_t size = e2_geometry(sh->fs)->block_size;
	const struct e2_buf *buf;
	int err;

	if (at % size + len > size)
		return e2_fail(E2_ERR_RANGE, "byte %" PRIu64 ": %zu bytes pass the end of its "
			       "block", at, len);
	err = e2_buf_get(sh->fs, at / size, &buf);
	if (err)
		return err;
	memcpy(raw, buf->data + at % size, len);
	e2_buf_put(sh->fs, buf);
	return 0;
}

/* field PLACE STRUCTURE FIELD VALUE */
int cmd_field(struct shell *sh, const struct args *args)
{
	const char *name = args_get(args, "STRUCTURE")->text;
	const struct e2_struct *s = e2_struct_find(name);
	const struct arg *value = args_get(args, "VALUE");
	uint8_t raw[E2_SUPER_BYTES];
	const struct e2_field *f;
	struct raw_place place;
	unsigned index;
	int err;

	if (!s || s->size > sizeof(raw)) {
		struct e2_str list = E2_STR_INIT;

		for (size_t i = 0; e2_struct_at(i); i++)
			e2_str_addf(&list, "%s%s", i ? " " : "", e2_struct_at(i)->name);
		err = e2_fail(E2_ERR_NOENT, "no structure has that name; there are %s",
			      e2_str_text(&list));
		e2_str_free(&list);
		return err;
	}
	err = raw_place(sh, args_get(args, "OBJECT"), &place);
	if (!err)
		err = read_bytes(sh, place.at, s->size, raw);
	if (!err)
		err = e2_field_find(s, args_get(args, "FIELD")->text, &f, &index);
	if (!err)
		err = e2_field_parse(f, raw, index, value->text);
	return err ? err : write_bytes(sh, place.at, s->size, raw);
}
