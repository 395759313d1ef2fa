/* SPDX-License-Identifier: MIT */
/* Entries of directories without what they mean: raw link, raw unlink, expand_dir, entry. */
#include "consequence.h"
#include "raw.h"
#include "spot.h"

#include <string.h>

/* The type an entry is to have: a word or a number; without one that of the inode. */
static int entry_type(struct shell *sh, const struct arg *type, e2_ino ino, uint8_t *file_type)
{
	const struct e2_struct *s = e2_struct_find("dirent");
	uint8_t raw[E2_DIRENT_BYTES] = { 0 };
	const struct e2_field *f;
	struct e2_dirent d;
	struct e2_inode in;
	unsigned index;
	int err;

	if (!type) {
		err = e2_inode_get(sh->fs, ino, &in);
		*file_type = err ? 0 : (uint8_t)e2_inode_file_type(in.mode);
		return err;
	}
	err = e2_field_find(s, "file_type", &f, &index);
	if (!err)
		err = e2_field_parse(f, raw, index, type->text);
	e2_dirent_decode(&d, raw);
	*file_type = d.file_type;
	return err;
}

int cmd_raw_link(struct shell *sh, const struct args *args)
{
	e2_ino ino = args_get(args, "INODE")->ino;
	struct spot s;
	uint8_t file_type;
	int err;

	consequence_watch(sh);
	err = spot_find(sh, args_get(args, "NAME")->text, false, &s);
	if (!err)
		err = spot_must_be_name(&s);
	if (!err)
		err = entry_type(sh, args_get(args, "TYPE"), ino, &file_type);
	if (!err) {
		err = e2_raw_link(sh->txn, s.dir, s.name.text, s.name.len, ino, file_type);
		err = err ? spot_fail(&s, err) : 0;
	}
	spot_free(&s);
	return err;
}

/* The entry of a path, even when what it leads to cannot be read. */
static int entry_spot(struct shell *sh, const char *text, struct spot *s)
{
	int err = spot_find(sh, text, false, s);

	if (err && s->dir && s->name.len && s->ino) {
		e2_err_clear();
		err = 0;
	}
	if (!err)
		err = spot_must_be_name(s);
	return err;
}

int cmd_raw_unlink(struct shell *sh, const struct args *args)
{
	struct spot s;
	int err;

	consequence_watch(sh);
	err = entry_spot(sh, args_get(args, "NAME")->text, &s);
	if (!err) {
		err = e2_raw_unlink(sh->txn, s.dir, s.name.text, s.name.len);
		err = err ? spot_fail(&s, err) : 0;
	}
	spot_free(&s);
	return err;
}

int cmd_expand_dir(struct shell *sh, const struct args *args)
{
	return e2_raw_expand(sh->txn, args_get(args, "DIR")->ino);
}

/* ---- entry DIR NAME FIELD VALUE --------------------------------------------------- */

/* The bytes of a name give way to others, as many as are given, within the record. */
static int set_name(struct shell *sh, uint64_t at, const struct e2_dirent *d, const char *text)
{
	size_t len = strlen(text);

	if (len > d->rec_len - (size_t)E2_DIRENT_BYTES)
		return e2_fail(E2_ERR_RANGE, "name: %zu bytes; the record has room for %u", len,
			       d->rec_len - E2_DIRENT_BYTES);
	return e2_raw_write(sh->txn, at + E2_DIRENT_BYTES, len, text);
}

static int set_entry(struct shell *sh, uint64_t at, const char *field, const char *value)
{
	uint32_t size = e2_geometry(sh->fs)->block_size;
	uint8_t raw[E2_DIRENT_BYTES];
	const struct e2_buf *buf;
	const struct e2_field *f;
	struct e2_dirent d;
	unsigned index;
	int err = e2_buf_get(sh->fs, at / size, &buf);

	if (err)
		return err;
	memcpy(raw, buf->data + at % size, sizeof(raw));
	e2_buf_put(sh->fs, buf);
	e2_dirent_decode(&d, raw);
	if (!strcmp(field, "name"))
		return set_name(sh, at, &d, value);
	err = e2_field_find(e2_struct_find("dirent"), field, &f, &index);
	if (!err)
		err = e2_field_parse(f, raw, index, value);
	return err ? err : e2_raw_write(sh->txn, at, sizeof(raw), raw);
}

int cmd_entry(struct shell *sh, const struct args *args)
{
	const struct arg *dir = args_get(args, "DIR"), *name = args_get(args, "NAME");
	uint64_t at;
	int err = e2_raw_locate(sh->fs, dir->ino, name->text, strlen(name->text), &at);

	if (err == E2_ERR_NOENT) {
		struct e2_str s = E2_STR_INIT;

		e2_str_add_name(&s, name->text, strlen(name->text));
		err = e2_fail(err, "%s: no such name in <%u>", e2_str_text(&s), dir->ino);
		e2_str_free(&s);
	}
	if (!err)
		err = set_entry(sh, at, args_get(args, "FIELD")->text,
				args_get(args, "VALUE")->text);
	e2_dirs_forget(sh->txn);
	return err;
}
