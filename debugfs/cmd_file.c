/* SPDX-License-Identifier: MIT */
/* cat and readlink: what files and symbolic links contain. */
#include "cat.h"

#include <stdlib.h>
#include <string.h>

enum { CAT_BYTES = 256 * 1024 };	/* read and written at once */

static int cat_data(struct shell *sh, const struct e2_inode *in)
{
	uint64_t size = e2_inode_size(in), most = e2_file_size_max(e2_geometry(sh->fs));
	uint8_t *data;
	int err = 0;

	if (size > most)
		return e2_fail(E2_ERR_CORRUPT, "size is %llu, but the format ends at %llu bytes",
			       (unsigned long long)size, (unsigned long long)most);
	data = malloc(CAT_BYTES);
	if (!data)
		return e2_fail(E2_ERR_NOMEM, "no memory for %d bytes", CAT_BYTES);
	for (uint64_t at = 0; at < size && !out_failed(&sh->out); ) {
		size_t got;

		err = e2_read(sh->fs, in, at, CAT_BYTES, data, &got);
		if (err || got == 0)
			break;
		out_raw(&sh->out, data, got);
		at += got;
	}
	free(data);
	return err;
}

static int cat_link(struct shell *sh, const struct e2_inode *in)
{
	struct e2_str text = E2_STR_INIT;
	int err = e2_symlink_read(sh->fs, in, &text);

	if (!err) {
		out_raw(&sh->out, text.text, text.len);
		out_line(&sh->out);
	}
	e2_str_free(&text);
	return err;
}

int cat_one(struct shell *sh, const struct arg *a)
{
	struct e2_inode in;
	int err = e2_inode_get(sh->fs, a->ino, &in);

	if (!err && e2_is_symlink(&in))
		return cat_link(sh, &in);
	if (!err && e2_is_reg(&in))
		return cat_data(sh, &in);
	return err ? err : e2_fail(e2_is_dir(&in) ? E2_ERR_ISDIR : E2_ERR_INVAL, "%s %s%s",
				   in.mode ? "a" : "an", file_type_words(in.mode),
				   e2_is_dir(&in) ? ", use ls" : " has no content");
}

int cmd_cat(struct shell *sh, const struct args *args)
{
	for (size_t i = 0; i < args->count && !out_failed(&sh->out); i++) {
		int err = cat_one(sh, &args->arg[i]);

		if (err)
			shell_warn_of(sh, &args->arg[i], err);
	}
	return 0;
}

static int readlink_one(struct shell *sh, const struct arg *a, bool zero)
{
	struct out *o = &sh->out;
	struct e2_str text = E2_STR_INIT;
	struct e2_inode in;
	int err = e2_inode_get(sh->fs, a->ino, &in);

	if (!err && !e2_is_symlink(&in))
		err = e2_fail(E2_ERR_INVAL, "%s %s, not a symlink", in.mode ? "a" : "an",
			      file_type_words(in.mode));
	if (!err)
		err = e2_symlink_read(sh->fs, &in, &text);
	if (!err && o->mode != OUT_TEXT) {
		out_record(o, "readlink");
		out_name(o, "path", e2_str_text(&a->path), a->path.len);
		out_u64(o, "ino", a->ino);
		out_name(o, "target", text.text, text.len);
		out_record_end(o);
	} else if (!err && zero) {
		out_raw(o, text.text, text.len);
		out_raw(o, "", 1);
	} else if (!err) {
		out_add_name(o, text.text, text.len);
		out_line(o);
	}
	e2_str_free(&text);
	return err;
}

int cmd_readlink(struct shell *sh, const struct args *args)
{
	for (size_t i = 0; i < args->count; i++) {
		int err = readlink_one(sh, &args->arg[i], args_has(args, "-0"));

		if (err)
			shell_warn_of(sh, &args->arg[i], err);
	}
	return 0;
}
