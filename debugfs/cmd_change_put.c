/* SPDX-License-Identifier: MIT */
/* put: from the host, or from the command line, into the volume. */
#include "consequence.h"
#include "interrupt.h"
#include "mode.h"
#include "names_left.h"
#include "put_met.h"
#include "redirect.h"
#include "several.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NEW_FILE = 0666 & ~MODE_UMASK };

struct how {
	struct e2_import import;
	struct e2_import_counts counts;
	const char *mode;
	bool verbose;
};

/* ---- what stands in the way ------------------------------------------------------------- */

static int refuse_existing(struct shell *sh, const struct spot *to)
{
	int err = spot_must_be_free(to, false);

	return e2_is_reg(&to->in) ? shell_advise(sh, err, "put --atomic, --inplace or --append") :
		err;
}

static int check_way(struct shell *sh, struct how *how, struct spot *to)
{
	int err = spot_must_be_first(to);

	if (err)
		return err;
	if (!to->ino)
		return spot_must_be_free(to, how->import.flags & E2_IMPORT_TREE);
	if (how->import.exists == E2_IMPORT_REFUSE && !e2_is_dir(&to->in))
		return refuse_existing(sh, to);
	return 0;
}

/* Which names see the new content is not what everybody expects. */
static void tell_others(struct shell *sh, enum e2_import_exists exists, const struct spot *old)
{
	if (old->ino && !e2_is_dir(&old->in) && exists != E2_IMPORT_REFUSE)
		tell_content(sh, old->ino, old->in.links_count, &old->path,
			     exists == E2_IMPORT_ATOMIC);
}

/* ---- text -------------------------------------------------------------------------------- */

/* The file that takes the text: its own inode, or a fresh one in place of it. */
static int prepare(struct shell *sh, struct spot *to, enum e2_import_exists exists)
{
	struct e2_new what = { .mode = E2_S_IFREG | NEW_FILE };
	int err = 0;

	if (to->ino && !e2_is_reg(&to->in) && exists != E2_IMPORT_ATOMIC)
		return spot_fail(to, e2_fail(e2_is_dir(&to->in) ? E2_ERR_ISDIR : E2_ERR_INVAL,
					     "a %s, not a regular file",
					     file_type_words(to->in.mode)));
	if (to->ino && exists == E2_IMPORT_ATOMIC) {
		if (e2_is_reg(&to->in))		/* its successor is like it */
			what = (struct e2_new){ .mode = to->in.mode,
				.uid = to->in.uid, .gid = to->in.gid };
		err = e2_unlink(sh->txn, to->dir, to->name.text, to->name.len);
		to->ino = err ? to->ino : 0;
	}
	if (!err && !to->ino)
		err = e2_create(sh->txn, to->dir, to->name.text, to->name.len, &what, &to->ino);
	if (!err)
		err = e2_inode_get(sh->fs, to->ino, &to->in);
	return err ? spot_fail(to, err) : 0;
}

static int put_text(struct shell *sh, struct spot *to, const char *text, struct how *how)
{
	enum e2_import_exists exists = how->import.exists;
	int err = check_way(sh, how, to);

	if (!err)
		err = prepare(sh, to, exists);
	if (err)
		return err;
	if (exists != E2_IMPORT_APPEND)
		err = e2_truncate(sh->txn, to->ino, &to->in, 0);
	if (!err)
		err = e2_write(sh->txn, to->ino, &to->in, e2_inode_size(&to->in), strlen(text),
			       text);
	if (!err) {
		e2_inode_touch(sh->txn, &to->in, true);
		err = e2_inode_put(sh->txn, to->ino, &to->in);
	}
	return err ? spot_fail(to, err) : 0;
}

/* ---- files ------------------------------------------------------------------------------- */

static bool stop_if_asked(void *context, e2_ino ino)
{
	(void)context;
	(void)ino;
	return interrupt_asked();
}

/*
 * Where a symlink of the host leads, to be freed; a tree takes symlinks as they are.  NULL with
 * err 0: the path is no symlink.
 */
static char *follow(const char *host, const struct how *how, int *err)
{
	struct stat st;
	char *real;

	*err = 0;
	if (how->import.flags & E2_IMPORT_TREE || !strcmp(host, "-") || lstat(host, &st) ||
	    !S_ISLNK(st.st_mode))
		return NULL;
	if (!stat(host, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		*err = e2_fail(E2_ERR_INVAL, "%s: no regular file; - is standard input", host);
		return NULL;
	}
	real = realpath(host, NULL);
	if (!real)
		*err = e2_fail_errno(errno, "%s", host);
	return real;
}

static int put_file(struct shell *sh, const char *host, struct spot *to, struct how *how)
{
	int err = check_way(sh, how, to);
	char *real = NULL;

	if (!err && !strcmp(host, "-") && !strcmp(e2_str_text(&to->name), "-"))
		err = e2_fail(E2_ERR_INVAL, "standard input needs a NAME that is no directory");
	if (!err && !strcmp(host, "-") && sh->script && !strcmp(sh->script, "stdin"))
		err = e2_fail(E2_ERR_INVAL, "standard input is the script");
	if (!err)
		real = follow(host, how, &err);
	if (!err)
		err = e2_import(sh->txn, real ? real : host, to->dir, to->name.text, to->name.len,
				&how->import, &how->counts);
	free(real);
	return err;
}

/* ---- the command --------------------------------------------------------------------------- */

/* What the name leads to in the end. */
static int look_again(struct shell *sh, struct spot *to)
{
	int err = e2_dir_lookup(sh->fs, to->dir, to->name.text, to->name.len, &to->ino);

	if (!err)
		err = e2_inode_get(sh->fs, to->ino, &to->in);
	if (!err && to->slash && !spot_is_dir(to))
		err = spot_fail(to, e2_fail(E2_ERR_NOTDIR, "a %s, not a directory",
					    file_type_words(to->in.mode)));
	return err;
}

/* What everything has in the end: the mode that was asked for, the lines that tell of it. */
static int finish(struct shell *sh, struct spot *to, struct how *how)
{
	struct e2_attr attr = { .mask = E2_SET_MODE };
	int err = how->mode || how->verbose ? look_again(sh, to) : 0;

	if (!err && how->mode) {
		err = mode_change(how->mode, to->in.mode & 07777, e2_is_dir(&to->in),
				  &attr.mode);
		if (!err)
			err = e2_setattr(sh->txn, to->ino, &attr);
	}
	if (err)
		return err;
	if (how->verbose)
		spot_told(sh, "put", to, NULL);
	return 0;
}

/* A symlink in the place of one file stays: the file is where it leads, or is made there. */
static int go_behind(struct shell *sh, struct spot *to)
{
	struct e2_str s = E2_STR_INIT;
	struct spot behind;
	int err = spot_find(sh, e2_str_text(&to->path), true, &behind);

	if (err) {
		spot_free(&behind);
		return spot_fail(to, err);
	}
	if (!behind.ino) {
		e2_str_add_name(&s, e2_str_text(&behind.path), behind.path.len);
		e2_str_add(&s, " is new: the symlink ");
		e2_str_add_name(&s, e2_str_text(&to->path), to->path.len);
		e2_str_add(&s, " led there, and to nothing");
		shell_note(sh, e2_str_text(&s));
		e2_str_free(&s);
	}
	behind.again = to->again;
	spot_free(to);
	*to = behind;
	return 0;
}

static int put_one(struct shell *sh, const struct arg *from, struct spot *to, void *context)
{
	struct how *how = context;
	struct spot old;		/* borrowed */
	bool text = from->operand->type != ARG_HOST;
	int err = spot_must_be_name(to);

	if (!err && !(how->import.flags & E2_IMPORT_TREE) && to->ino && e2_is_symlink(&to->in))
		err = go_behind(sh, to);
	old = *to;
	if (!err)
		err = text ? put_text(sh, to, from->text, how) :
			put_file(sh, from->text, to, how);
	if (!err)
		err = finish(sh, to, how);
	if (!err && text)
		tell_others(sh, how->import.exists, &old);
	return err;
}

static int exists_of(const struct args *args, enum e2_import_exists *exists)
{
	static const struct { const char *option; enum e2_import_exists exists; } ways[] = {
		{ "--atomic", E2_IMPORT_ATOMIC }, { "--inplace", E2_IMPORT_INPLACE },
		{ "--append", E2_IMPORT_APPEND },
	};

	*exists = E2_IMPORT_REFUSE;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (!args_has(args, ways[i].option))
			continue;
		if (*exists != E2_IMPORT_REFUSE)
			return e2_fail(E2_ERR_INVAL, "--atomic, --inplace and --append exclude "
				       "each other");
		*exists = ways[i].exists;
	}
	return 0;
}

/* put --text: one name. */
static int put_words(struct shell *sh, const struct args *args, struct how *how)
{
	static const struct arg_operand text = { .name = "STR", .type = ARG_TEXT };
	struct arg from = *args_value(args, "--text");
	struct spot to;
	int err;

	from.operand = &text;
	if (args->count != 1)
		return shell_misused(sh, e2_fail(E2_ERR_INVAL,
						 "--text takes one NAME and no file"));
	err = spot_find(sh, args->arg[0].text, false, &to);
	if (!err)
		err = put_one(sh, &from, &to, how);
	spot_free(&to);
	return err;
}

/* ---- archives ------------------------------------------------------------------------------ */

/* put --tar HOSTFILE [NAME]; with -T what is in it gets the name. */
static int unpack(struct shell *sh, const struct args *args, struct how *how,
		  const struct spot *to)
{
	bool exact = args_has(args, "-T");
	bool alone = args->count == 1;	/* a path of the host in the place of NAME */
	int err;

	if (alone && sh->restricted)
		return e2_fail(E2_ERR_INVAL, "--restricted: nothing of the host is read");
	err = alone ? host_enter(sh) : 0;
	if (!err)
		err = e2_import_archive(sh->txn, args->arg[0].text, exact ? to->dir : to->ino,
					exact ? to->name.text : NULL, to->name.len, &how->import,
					interrupt_asked, &how->counts);
	if (alone)
		host_leave(sh);
	if (err == E2_ERR_EXIST && how->import.exists == E2_IMPORT_REFUSE)
		err = shell_advise(sh, err, "put --tar --atomic");
	return err;
}

/* The place of what comes: a directory that is there; with -T one of any kind, or none. */
static int archive_spot(struct shell *sh, const char *dest, bool exact, struct spot *to)
{
	int err = spot_find(sh, dest, true, to);

	if (err)
		return err;
	if (exact) {
		err = spot_must_be_name(to);
		return err || to->ino ? err : spot_must_be_free(to, true);
	}
	err = spot_must_be(to);
	if (!err && !spot_is_dir(to))
		err = spot_fail(to, e2_fail(E2_ERR_NOTDIR, "a %s, not a directory",
					    file_type_words(to->in.mode)));
	return err;
}

static int put_archive(struct shell *sh, const struct args *args, struct how *how)
{
	const char *dest = args->count > 1 ? args->arg[1].text : ".";
	bool exact = args_has(args, "-T");
	struct spot to;
	int err;

	if (args->count > 2 || how->mode || how->import.exists == E2_IMPORT_APPEND)
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "--tar takes one HOSTFILE, one NAME "
						 "and neither -m nor --append"));
	if (exact && args->count < 2)
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "-T needs a NAME"));
	how->import.flags |= E2_IMPORT_TREE | E2_IMPORT_OWNERS | E2_IMPORT_TIMES |
		E2_IMPORT_XATTRS;
	err = archive_spot(sh, dest, exact, &to);
	if (!err)
		err = unpack(sh, args, how, &to);
	if (!err && exact)
		err = look_again(sh, &to);
	if (!err && how->verbose)
		spot_told(sh, "put", &to, NULL);
	spot_free(&to);
	return err;
}

int cmd_put(struct shell *sh, const struct args *args)
{
	const struct arg *mode = args_value(args, "-m");
	bool archive = args_has(args, "-a");
	struct how how = {
		.import.flags = (archive || args_has(args, "-r") ? E2_IMPORT_TREE : 0) |
			(archive ? E2_IMPORT_OWNERS | E2_IMPORT_TIMES | E2_IMPORT_XATTRS : 0) |
			(args_has(args, "--sparse") ? E2_IMPORT_SPARSE : 0),
		.import.made = stop_if_asked, .mode = mode ? mode->text : NULL,
		.verbose = args_has(args, "-v"),
	};
	struct put_met *met = NULL;
	int err = exists_of(args, &how.import.exists);

	if (err)
		return shell_misused(sh, err);
	how.import.meets = put_meets;
	how.import.context = &met;
	consequence_watch(sh);
	if (args_has(args, "--text"))
		err = put_words(sh, args, &how);
	else if (args_has(args, "--tar"))
		err = put_archive(sh, args, &how);
	else if (args->count < 2)
		err = shell_misused(sh, e2_fail(E2_ERR_INVAL, "HOSTFILE is missing"));
	else
		err = several(sh, args, args_has(args, "-T") ? SEVERAL_EXACT : SEVERAL_ANY,
			      put_one, &how);
	if (!err)
		put_met_tell(sh, met);
	put_met_free(met);
	return err;
}

/* write HOSTFILE NAME, as debugfs has it. */
int cmd_write(struct shell *sh, const struct args *args)
{
	struct how how = { .import.made = stop_if_asked };

	consequence_watch(sh);
	return several(sh, args, SEVERAL_EXACT, put_one, &how);
}
