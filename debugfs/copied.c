/* SPDX-License-Identifier: MIT */
#include "copied.h"

#include <inttypes.h>

static void record(struct out *o, const char *kind, const struct e2_copied *c)
{
	out_record(o, kind);
	out_u64(o, "files", c->files);
	out_u64(o, "directories", c->dirs);
	out_u64(o, "symlinks", c->symlinks);
	out_u64(o, "others", c->others);
	out_u64(o, "hard_links", c->links);
	out_u64(o, "bytes", c->bytes);
	out_u64(o, "left_out", c->left_out);
	out_record_end(o);
}

void copied_show(struct out *o, const char *kind, const char *did, const char *others,
		 const struct e2_copied *c)
{
	if (o->mode != OUT_TEXT) {
		record(o, kind, c);
		return;
	}
	out_add(o, "%s ", did);
	add_plural(&o->text, c->files, "file", "files");
	out_add(o, ", ");
	add_plural(&o->text, c->dirs, "directory", "directories");
	out_add(o, ", ");
	add_plural(&o->text, c->symlinks, "symlink", "symlinks");
	if (c->others)
		out_add(o, ", %" PRIu64 " %s", c->others, others);
	out_add(o, ": ");
	e2_str_add_size(&o->text, c->bytes);
	if (c->left_out)
		out_add(o, "; left out or incomplete: %" PRIu64, c->left_out);
	out_line(o);
}
