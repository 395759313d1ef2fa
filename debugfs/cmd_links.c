/* SPDX-License-Identifier: MIT */
/* links: inodes with more than one name. */
#include "links.h"

#include "budget.h"
#include "interrupt.h"

#include <inttypes.h>
#include <string.h>

enum { FEW = 5, FIRST = 2, COLUMN = 9 };

/* ---- hard links ---------------------------------------------------------------- */

struct sharing {
	struct shell *sh;
	struct e2_names *names;
	struct budget paths;
	bool all;		/* all names of each */
};

static int add_names(struct sharing *s, e2_ino ino, uint32_t shown)
{
	struct out *o = &s->sh->out;
	struct e2_str path = E2_STR_INIT;
	int err = 0;

	for (uint32_t i = 0; i < shown && !err; i++) {
		e2_str_truncate(&path, 0);
		err = e2_names_path(s->names, ino, i, &path);
		if (!err)
			err = e2_str_status(&path);
		if (!err)
			err = budget_take(&s->paths, path.len);
		if (err)
			break;
		if (o->mode != OUT_TEXT) {
			out_name(o, NULL, path.text, path.len);
		} else {
			out_add(o, "  ");
			out_add_name(o, path.text, path.len);
		}
	}
	e2_str_free(&path);
	return err;
}

static int record_inode(struct sharing *s, e2_ino ino, uint32_t count, const struct e2_inode *in,
			const struct e2_str *text)
{
	struct out *o = &s->sh->out;
	int err;

	out_record(o, "links");
	out_u64(o, "ino", ino);
	out_string(o, "type", file_type_words(in->mode));
	out_u64(o, "names_found", count);
	out_u64(o, "links_count", in->links_count);
	out_name(o, "target", e2_str_text(text), text->len);
	out_list(o, "names");
	err = add_names(s, ino, count);
	out_list_end(o);
	out_record_end(o);
	return err;
}

/* "<8195>    2 names   /docs/rel  /docs/rel2   (a symlink, -> ../test)" */
static int show_inode(struct sharing *s, e2_ino ino, uint32_t count)
{
	struct shell *sh = s->sh;
	struct e2_str text = E2_STR_INIT;
	struct e2_inode in;
	struct out *o = &sh->out;
	size_t mark = out_mark(o);
	int err = e2_inode_get(sh->fs, ino, &in);

	if (err) {		/* an entry that names what cannot be */
		memset(&in, 0, sizeof(in));
		e2_err_clear();
	}
	if (!err && e2_is_symlink(&in) && e2_symlink_read(sh->fs, &in, &text))
		e2_err_clear();		/* a damaged one: without its text */
	if (o->mode != OUT_TEXT) {
		err = record_inode(s, ino, count, &in, &text);
		e2_str_free(&text);
		return err;
	}
	out_add(o, "<%u>  ", ino);
	out_pad(o, mark, COLUMN);
	out_add(o, "%2" PRIu32 " names ", count);
	err = add_names(s, ino, s->all || count <= FEW ? count : FIRST);
	if (!s->all && count > FEW) {
		out_add(o, "  and ");
		e2_str_add_count(&o->text, count - FIRST);
		out_add(o, " more");
	}
	if (e2_is_symlink(&in)) {
		out_add(o, "   (a symlink, -> ");
		out_add_name(o, e2_str_text(&text), text.len);
		out_add(o, ")");
	}
	out_line(o);
	e2_str_free(&text);
	return err;
}

static int show_shared(struct shell *sh, bool all)
{
	uint32_t inodes = e2_geometry(sh->fs)->inodes;
	struct sharing s = { .sh = sh, .all = all };
	int err = shell_names(sh, &s.names);

	budget_begin(&s.paths, sh->fs);
	for (e2_ino ino = 1; !err && ino <= inodes && ino && !out_failed(&sh->out); ino++) {
		uint32_t count = e2_names_count(s.names, ino);

		if (interrupt_asked())
			err = e2_fail(E2_ERR_CANCELLED, "interrupted");
		else if (count > 1)
			err = show_inode(&s, ino, count);
	}
	return err;
}

int cmd_links(struct shell *sh, const struct args *args)
{
	const struct arg *dir = args_value(args, "--leaving");

	if (args_has(args, "--broken") + args_has(args, "--multi") + (dir != NULL) > 1)
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "--broken, --leaving and --multi "
						 "ask different things"));
	if (dir)
		return links_leaving(sh, dir);
	return args_has(args, "--broken") ? links_broken(sh) :
		show_shared(sh, args_has(args, "-v"));
}
