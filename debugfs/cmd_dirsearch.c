/* SPDX-License-Identifier: MIT */
/* dirsearch: where in a directory the entry of a name lies. */
#include "shell.h"

#include <inttypes.h>
#include <string.h>

static int show(struct shell *sh, e2_ino dir, const struct e2_entry *e)
{
	uint32_t size = e2_geometry(sh->fs)->block_size;
	struct e2_run run = { 0, 0, 0 };
	struct out *o = &sh->out;
	struct e2_inode in;
	e2_blk blk;
	int err = e2_inode_get(sh->fs, dir, &in);

	if (!err)
		err = e2_map(sh->fs, &in, e->lblk, &run);
	if (err)
		return err;
	blk = run.blk + (e->lblk - run.lblk);
	if (o->mode != OUT_TEXT) {
		out_record(o, "dirsearch");
		out_name(o, "name", e->name, e->name_len);
		out_u64(o, "ino", e->ino);
		out_u64(o, "lblk", e->lblk);
		out_u64(o, "blk", blk);
		out_u64(o, "offset", e->offset);
		out_u64(o, "rec_len", e->rec_len);
		out_record_end(o);
		return 0;
	}
	out_add_name(o, e->name, e->name_len);
	out_add(o, " <%u>  block %" PRIu64 " of the directory, which is block %" PRIu64
		", byte %u = byte 0x%" PRIx64, e->ino, e->lblk, blk, e->offset,
		blk * size + e->offset);
	out_line(o);
	return 0;
}

int cmd_dirsearch(struct shell *sh, const struct args *args)
{
	const struct arg *a = args_get(args, "FILE"), *name = args_get(args, "NAME");
	size_t len = strlen(name->text);
	struct e2_str shown = E2_STR_INIT;
	struct e2_dir *dir;
	struct e2_entry e;
	bool found = false;
	int r = e2_dir_begin(sh->fs, a->ino, &dir);

	if (r)
		return r;
	while (!found && (r = e2_dir_next(dir, &e)) != 0) {
		if (r < 0) {
			shell_warn_of(sh, a, r);
			if (r != E2_ERR_CORRUPT)
				break;
		} else if (e.name_len == len && !memcmp(e.name, name->text, len)) {
			found = true;
			r = show(sh, a->ino, &e);
		}
	}
	e2_dir_end(dir);
	if (found)
		return r < 0 ? r : 0;
	add_object(&shown, a);
	e2_str_add(&shown, " has no \"");
	e2_str_add_name(&shown, name->text, len);
	r = e2_fail(E2_ERR_NOENT, "%s\"", e2_str_text(&shown));
	e2_str_free(&shown);
	return r;
}
