/* SPDX-License-Identifier: MIT */
/* cd, chroot, pwd and quit. */
#include "shell.h"

#include <string.h>

/* The path of a directory that a command named; one without a name can be entered too. */
static int path_of(struct shell *sh, const struct arg *a, struct e2_str *path)
{
	struct e2_inode in;
	int err = e2_inode_get(sh->fs, a->ino, &in);

	if (err)
		return err;
	if (!e2_is_dir(&in)) {
		add_object(path, a);
		return e2_fail(E2_ERR_NOTDIR, "%s: a %s, not a directory", e2_str_text(path),
			       file_type_words(in.mode));
	}
	if (a->path.len) {
		e2_str_add_bytes(path, a->path.text, a->path.len);
	} else if (shell_climb(sh, a->ino, path)) {
		e2_err_clear();
		e2_str_truncate(path, 0);
		e2_str_addf(path, "<%u>", a->ino);
	}
	err = e2_str_status(path);
	return err ? e2_fail(err, "no memory for a path") : 0;
}

static void go_to_root(struct shell *sh)
{
	sh->cwd = shell_root(sh);
	e2_str_truncate(&sh->cwd_path, 0);
	e2_str_add(&sh->cwd_path, "/");
}

int cmd_cd(struct shell *sh, const struct args *args)
{
	const struct arg *a = args_get(args, "FILE");
	struct e2_str path = E2_STR_INIT;
	int err = shell_must_be_open(sh);

	if (err)
		return err;
	if (!a) {
		go_to_root(sh);
		return 0;
	}
	err = path_of(sh, a, &path);
	if (err) {
		e2_str_free(&path);
		return err;
	}
	e2_str_free(&sh->cwd_path);
	sh->cwd_path = path;
	sh->cwd = a->ino;
	return 0;
}

int cmd_chroot(struct shell *sh, const struct args *args)
{
	const struct arg *a = args_get(args, "FILE");
	struct e2_str path = E2_STR_INIT;
	int err = shell_must_be_open(sh);

	if (!err && a)
		err = path_of(sh, a, &path);
	e2_str_free(&path);
	if (err)
		return err;
	sh->root = a ? a->ino : 0;
	go_to_root(sh);
	return 0;
}

int cmd_pwd(struct shell *sh, const struct args *args)
{
	struct out *o = &sh->out;
	int err = shell_must_be_open(sh);

	(void)args;
	if (err)
		return err;
	if (o->mode != OUT_TEXT) {
		out_record(o, "pwd");
		out_name(o, "path", sh->cwd_path.text, sh->cwd_path.len);
		out_u64(o, "ino", sh->cwd);
		out_record_end(o);
		return 0;
	}
	out_add_name(o, sh->cwd_path.text, sh->cwd_path.len);
	out_line(o);
	return 0;
}

int cmd_quit(struct shell *sh, const struct args *args)
{
	(void)args;
	sh->quit = true;
	return 0;
}
