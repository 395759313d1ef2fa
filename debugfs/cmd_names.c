/* SPDX-License-Identifier: MIT */
/* where: from inodes to all their names. */
#include "shell.h"

static void show_name(struct shell *sh, e2_ino ino, const struct e2_str *path, bool zero,
		      bool number)
{
	struct out *o = &sh->out;

	if (o->mode != OUT_TEXT) {
		out_record(o, "where");
		out_u64(o, "ino", ino);
		out_name(o, "path", path->text, path->len);
		out_record_end(o);
	} else if (zero) {
		out_raw(o, path->text, path->len);
		out_raw(o, "", 1);
	} else {
		out_add_name(o, path->text, path->len);
		if (number)
			out_add(o, " <%u>", ino);
		out_line(o);
	}
}

static int where_one(struct shell *sh, struct e2_names *names, e2_ino ino, bool zero, bool number)
{
	uint32_t count = e2_names_count(names, ino);
	struct e2_str path = E2_STR_INIT;
	int err = 0;

	if (count == 0)
		return e2_fail(E2_ERR_NOENT, "<%u>: has no name", ino);
	for (uint32_t i = 0; i < count && !err && !out_failed(&sh->out); i++) {
		e2_str_truncate(&path, 0);
		err = e2_names_path(names, ino, i, &path);
		if (!err)
			err = e2_str_status(&path);
		if (!err)
			show_name(sh, ino, &path, zero, number);
	}
	e2_str_free(&path);
	return err;
}

int cmd_where(struct shell *sh, const struct args *args)
{
	struct e2_names *names;
	int err = shell_names(sh, &names);

	for (size_t i = 0; i < args->count && !err; i++) {
		int one = where_one(sh, names, args->arg[i].ino, args_has(args, "-0"),
				    args->count > 1);

		if (one)
			shell_warn(sh, one);
	}
	return err;
}
