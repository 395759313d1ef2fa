/* SPDX-License-Identifier: MIT */
/* mkdir, rmdir, rm: names that come and go. */
#include "consequence.h"
#include "mode.h"
#include "names_left.h"
#include "spot.h"

#include <inttypes.h>
#include <string.h>

enum { NEW_DIR = 0777 & ~MODE_UMASK };	/* the mode of who gives none */

/* ---- mkdir ------------------------------------------------------------------- */

static int make_dir(struct shell *sh, struct spot *s, const char *mode, bool verbose)
{
	struct e2_new what = { .mode = E2_S_IFDIR | NEW_DIR };
	struct e2_attr attr = { .mask = E2_SET_MODE };
	int err = e2_create(sh->txn, s->dir, s->name.text, s->name.len, &what, &s->ino);

	if (err)
		return spot_fail(s, err);
	if (mode) {		/* of what it has inherited the set-group-id bit stays */
		struct e2_inode in;

		err = e2_inode_get(sh->fs, s->ino, &in);
		if (!err)
			err = mode_change(mode, (in.mode & 07000) | 0777, true, &attr.mode);
		if (mode[0] >= '0' && mode[0] <= '7')	/* which letters alone can take away */
			attr.mode |= in.mode & 02000;
		if (!err)
			err = e2_setattr(sh->txn, s->ino, &attr);
		if (err)
			return spot_fail(s, err);
	}
	if (verbose)
		spot_told(sh, "made", s, NULL);
	return 0;
}

/* mkdir -p: whatever is missing on the way, which ".." and symlinks may lead along. */
static int make_parents(struct shell *sh, const char *text, const char *mode, bool verbose)
{
	struct e2_str part = E2_STR_INIT;
	int err = 0;

	while (*text && !err) {
		size_t len = strspn(text, "/");
		struct spot s;

		len += strcspn(text + len, "/");
		e2_str_add_bytes(&part, text, len);
		text += len;
		err = e2_str_status(&part);
		if (err)
			break;
		err = spot_find(sh, part.text, true, &s);
		if (!err && !s.ino)
			err = make_dir(sh, &s, text[strspn(text, "/")] ? NULL : mode, verbose);
		else if (!err && !e2_is_dir(&s.in))
			err = spot_must_be_free(&s, true);
		spot_free(&s);
	}
	e2_str_free(&part);
	return err;
}

int cmd_mkdir(struct shell *sh, const struct args *args)
{
	const struct arg *given = args_value(args, "-m");
	const char *mode = given ? given->text : NULL;
	bool verbose = args_has(args, "-v");
	int err = 0;

	consequence_watch(sh);
	for (size_t i = 0; i < args->count && !err; i++) {
		struct spot s;

		if (args_has(args, "-p")) {
			err = make_parents(sh, args->arg[i].text, mode, verbose);
			continue;
		}
		err = spot_find(sh, args->arg[i].text, false, &s);
		if (!err)
			err = spot_must_be_free(&s, true);
		if (!err)
			err = make_dir(sh, &s, mode, verbose);
		spot_free(&s);
	}
	return err;
}

/* ---- rmdir ------------------------------------------------------------------- */

static int remove_dir(struct shell *sh, struct spot *s, bool verbose)
{
	int err = spot_must_be_name(s);

	if (!err)
		err = spot_must_be(s);
	if (err)
		return err;
	if (!e2_is_dir(&s->in))
		return spot_fail(s, e2_fail(E2_ERR_NOTDIR, "no directory"));
	err = e2_rmdir(sh->txn, s->dir, s->name.text, s->name.len);
	if (err == E2_ERR_NOTEMPTY)
		err = shell_advise(sh, e2_fail(err, "a directory that is not empty"), "rm -r");
	if (err)
		return spot_fail(s, err);
	if (verbose)
		spot_told(sh, "removed", s, NULL);
	return 0;
}

/* rmdir -p: the directories above too. */
static int remove_parents(struct shell *sh, const char *text, bool verbose)
{
	struct e2_str path = E2_STR_INIT;
	int err;

	e2_str_add(&path, text);
	err = e2_str_status(&path);
	while (!err) {
		const char *slash;
		struct spot s;

		while (path.len && path.text[path.len - 1] == '/')
			e2_str_truncate(&path, path.len - 1);
		if (!path.len)
			break;
		err = spot_find(sh, path.text, false, &s);
		if (!err)
			err = remove_dir(sh, &s, verbose);
		spot_free(&s);
		slash = strrchr(path.text, '/');
		e2_str_truncate(&path, slash ? (size_t)(slash - path.text) : 0);
	}
	e2_str_free(&path);
	return err;
}

int cmd_rmdir(struct shell *sh, const struct args *args)
{
	bool verbose = args_has(args, "-v");
	int err = 0;

	consequence_watch(sh);
	for (size_t i = 0; i < args->count && !err; i++) {
		struct spot s;

		if (args_has(args, "-p")) {
			err = remove_parents(sh, args->arg[i].text, verbose);
			continue;
		}
		err = spot_find(sh, args->arg[i].text, false, &s);
		if (!err)
			err = remove_dir(sh, &s, verbose);
		spot_free(&s);
	}
	return err;
}

/* ---- rm ------------------------------------------------------------------------ */

/* What the volume has free; zero where that cannot be known. */
static uint64_t free_blocks(struct shell *sh)
{
	uint64_t blocks = 0, inodes;

	if (e2_free_counts(sh->fs, &blocks, &inodes))
		e2_err_clear();
	return blocks;
}

/* " and 5 blocks given back" */
static void add_given_back(struct shell *sh, uint64_t free_before, struct e2_str *note)
{
	uint64_t now = free_blocks(sh);

	if (now > free_before) {
		e2_str_add(note, " and ");
		add_plural(note, now - free_before, "block", "blocks");
	}
	e2_str_add(note, " given back");
}

/* Which names the file keeps, or that it is gone. */
static void add_what_is_left(struct shell *sh, e2_ino ino, uint64_t free_before,
			     struct e2_str *note)
{
	struct e2_inode in;

	if (!e2_inode_get(sh->fs, ino, &in) && in.links_count) {
		add_kept_names(sh, ino, note);
		return;
	}
	e2_err_clear();
	e2_str_addf(note, "its last name: <%" PRIu32 ">", ino);
	add_given_back(sh, free_before, note);
}

static int remove_one(struct shell *sh, struct spot *s, bool recursive, struct e2_str *note)
{
	uint64_t removed = 0, before = note ? free_blocks(sh) : 0;
	int err;

	if (!e2_is_dir(&s->in)) {
		err = e2_unlink(sh->txn, s->dir, s->name.text, s->name.len);
		if (!err && note)
			add_what_is_left(sh, s->ino, before, note);
	} else if (recursive) {
		err = e2_remove_tree(sh->txn, s->dir, s->name.text, s->name.len, &removed);
		if (!err && note) {
			add_plural(note, removed, "inode", "inodes");
			add_given_back(sh, before, note);
		}
	} else {
		err = shell_advise(sh, e2_fail(E2_ERR_ISDIR, "a directory"), "rm -r");
	}
	return err ? spot_fail(s, err) : 0;
}

/* The line says what had the name, not what it names. */
static void tell_removed(struct shell *sh, const struct spot *s, const char *note)
{
	const struct spot gone = { .path = s->path };

	if (sh->out.mode == OUT_TEXT) {
		spot_told(sh, "removed", &gone, note);
		return;
	}
	spot_record(sh, "removed", &gone, note);
	if (!e2_is_dir(&s->in))
		record_kept_names(sh, s->ino);
	out_record_end(&sh->out);
}

int cmd_rm(struct shell *sh, const struct args *args)
{
	bool force = args_has(args, "-f"), verbose = args_has(args, "-v");
	int err = 0;

	consequence_watch(sh);
	for (size_t i = 0; i < args->count && !err; i++) {
		struct e2_str note = E2_STR_INIT;
		struct spot s;

		err = spot_find(sh, args->arg[i].text, false, &s);
		if (!err)
			err = spot_must_be_name(&s);
		if (!err && !s.ino && !force)
			err = spot_must_be(&s);
		if (force && (err == E2_ERR_NOENT || err == E2_ERR_NOTDIR))
			err = 0;
		else if (!err && s.ino)
			err = remove_one(sh, &s, args_has(args, "-r"), verbose ? &note : NULL);
		if (!err && s.ino && verbose) {
			tell_removed(sh, &s, e2_str_text(&note));
		}
		e2_str_free(&note);
		spot_free(&s);
	}
	return err;
}
