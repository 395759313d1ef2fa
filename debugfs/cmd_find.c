/* SPDX-License-Identifier: MIT */
/* find: names below directories that meet every condition. */
#include "find_test.h"

#include <stdio.h>

/* "   12  -rw-r--r--      3  1000  1000      13  2026-11-20 09:12  /docs/copy" */
static void add_columns(struct shell *sh, const struct e2_walk_entry *e)
{
	const struct e2_inode *in = &e->inode;
	uint32_t type = in->mode & E2_S_IFMT, major, minor;
	struct e2_time t = { 0, 0 };
	struct out *o = &sh->out;
	char device[32];

	out_add_number(o, e->ino, 7);
	out_add(o, "  ");
	add_mode(&o->text, in->mode);
	out_add_number(o, in->links_count, 5);
	out_add(o, "  ");
	add_owner(sh, &o->text, false, in->uid);
	out_add(o, "  ");
	add_owner(sh, &o->text, true, in->gid);
	if (type == E2_S_IFCHR || type == E2_S_IFBLK) {
		e2_inode_device(in, &major, &minor);
		(void)snprintf(device, sizeof(device), "%u:%u", major, minor);
		out_add(o, "  %10s  ", device);
	} else {
		out_add_number(o, e2_inode_size(in), 12);
		out_add(o, "  ");
	}
	(void)e2_inode_time(in, E2_MTIME, &t);		/* all have it */
	e2_str_add_time(&o->text, t.sec, -1, E2_TIME_BRIEF | sh->time_flags);
	out_add(o, "  ");
}

static void add_target(struct shell *sh, const struct e2_inode *in)
{
	struct e2_str text = E2_STR_INIT;

	if (!e2_is_symlink(in))
		return;
	out_add(&sh->out, " -> ");
	if (e2_symlink_read(sh->fs, in, &text)) {
		out_add_styled(&sh->out, STYLE_RED, "(damaged)");
		e2_err_clear();
	} else {
		out_add_name(&sh->out, e2_str_text(&text), text.len);
	}
	e2_str_free(&text);
}

static void record(struct shell *sh, const struct e2_str *path, const struct e2_walk_entry *e)
{
	struct out *o = &sh->out;

	out_record(o, "find");
	out_name(o, "path", path->text, path->len);
	out_u64(o, "ino", e->ino);
	out_string(o, "type", file_type_words(e->inode.mode));
	out_octal(o, "mode", e->inode.mode & 07777);
	out_u64(o, "links", e->inode.links_count);
	out_u64(o, "size", e2_inode_size(&e->inode));
	out_record_end(o);
}

static void show(struct shell *sh, const struct e2_str *path, const struct e2_walk_entry *e,
		 const struct find_tests *tests)
{
	struct out *o = &sh->out;

	if (o->mode != OUT_TEXT) {
		record(sh, path, e);
		return;
	}
	if (tests->ls)
		add_columns(sh, e);
	if (tests->zero) {
		out_raw(o, path->text, path->len);
		out_raw(o, "", 1);
		return;
	}
	out_add_name(o, path->text, path->len);
	if (tests->ls)
		add_target(sh, &e->inode);
	out_line(o);
}

static int find_one(struct shell *sh, const struct arg *a, struct find_tests *tests)
{
	struct e2_walk_entry e;
	struct tour t;
	int r = tour_begin(sh, a, &t);

	while (!r && (r = tour_next(&t, &e)) > 0) {
		r = 0;
		if (e.after)
			continue;
		if (e.depth >= tests->max_depth)
			tour_skip(&t);
		r = find_tests_meet(tests, &t, &e);
		if (r > 0)
			show(sh, &t.path, &e, tests);
		else if (r < 0 && r != E2_ERR_NOMEM)
			tour_warn(&t, r);
		r = r == E2_ERR_NOMEM ? r : 0;
	}
	return tour_end(&t, r);
}

int cmd_find(struct shell *sh, const struct args *args)
{
	struct find_tests tests;
	int err = find_tests_parse(sh, args, &tests);

	if (!err && args->count == 0)
		err = find_one(sh, NULL, &tests);
	for (size_t i = 0; i < args->count && !err; i++)
		err = find_one(sh, &args->arg[i], &tests);
	find_tests_free(&tests);
	return err;
}
