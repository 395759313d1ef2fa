/* SPDX-License-Identifier: MIT */
/* truncate, punch, mknod. */
#include "consequence.h"
#include "mode.h"
#include "moment.h"
#include "spot.h"

#include <string.h>

enum { NEW_FILE = 0666 & ~MODE_UMASK };

/* ---- the content of a regular file ---------------------------------------------------- */

static int must_be_regular(const struct spot *s)
{
	if (e2_is_reg(&s->in))
		return 0;
	return spot_fail(s, e2_fail(e2_is_dir(&s->in) ? E2_ERR_ISDIR : E2_ERR_INVAL,
				    "a %s, not a regular file", file_type_words(s->in.mode)));
}

/* Puts an inode whose content was changed. */
static int put_changed(struct shell *sh, struct spot *s)
{
	e2_inode_touch(sh->txn, &s->in, true);
	return e2_inode_put(sh->txn, s->ino, &s->in);
}

static int check_flags(const struct spot *s)
{
	if (!(s->in.flags & (E2_FL_IMMUTABLE | E2_FL_APPEND)))
		return 0;
	return spot_fail(s, e2_fail(E2_ERR_PERM, "has the flag %s",
				    s->in.flags & E2_FL_IMMUTABLE ? "immutable" : "append"));
}

static int truncate_one(struct shell *sh, struct spot *s, const char *amount)
{
	uint64_t size;
	int err = must_be_regular(s);

	if (!err)
		err = check_flags(s);
	if (err)
		return err;
	err = amount_change(amount, e2_inode_size(&s->in), &size);
	if (!err)
		err = e2_truncate(sh->txn, s->ino, &s->in, size);
	if (!err)
		err = put_changed(sh, s);
	return err ? spot_fail(s, err) : 0;
}

int cmd_truncate(struct shell *sh, const struct args *args)
{
	const struct arg *size = args_value(args, "-s");
	int err = 0;

	if (!size)
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "-s SIZE is missing"));
	for (size_t i = 0; i < args->count && !err; i++) {
		struct e2_new what = { .mode = E2_S_IFREG | NEW_FILE };
		struct spot s;

		err = spot_of(sh, &args->arg[i], true, &s);
		if (!err && !s.ino && !args_has(args, "-c")) {
			consequence_watch(sh);
			err = spot_must_be_free(&s, false);
			if (!err)
				err = e2_create(sh->txn, s.dir, s.name.text, s.name.len, &what,
						&s.ino);
			if (!err)
				err = e2_inode_get(sh->fs, s.ino, &s.in);
			if (err && err != E2_ERR_NOENT)
				err = spot_fail(&s, err);
		}
		if (!err && s.ino)
			err = truncate_one(sh, &s, size->text);
		spot_free(&s);
	}
	return err;
}

int cmd_punch(struct shell *sh, const struct args *args)
{
	const struct arg *a = args_get(args, "FILE");
	struct spot s = { .ino = a->ino, .path = a->path };
	int err = e2_inode_get(sh->fs, a->ino, &s.in);

	if (!err)
		err = must_be_regular(&s);
	if (!err)
		err = check_flags(&s);
	if (err)
		return err;
	err = e2_punch(sh->txn, s.ino, &s.in, args_get(args, "OFFSET")->number,
		       args_get(args, "LENGTH")->number);
	if (!err)
		err = put_changed(sh, &s);
	return err ? spot_fail(&s, err) : 0;
}

/* ---- mknod ---------------------------------------------------------------------------- */

static const struct {
	char letter;
	bool device;
	uint32_t mode;
} types[] = {
	{ 'b', true, E2_S_IFBLK }, { 'c', true, E2_S_IFCHR }, { 'u', true, E2_S_IFCHR },
	{ 'p', false, E2_S_IFIFO }, { 's', false, E2_S_IFSOCK },
};

static int device_of(struct shell *sh, const struct args *args, struct e2_new *what)
{
	const char *type = args_get(args, "TYPE")->text;
	const struct arg *major = args_get(args, "MAJOR"), *minor = args_get(args, "MINOR");

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (type[0] != types[i].letter || type[1])
			continue;
		what->mode = types[i].mode | NEW_FILE;
		if (types[i].device != (minor != NULL) || types[i].device != (major != NULL))
			return shell_misused(sh, e2_fail(E2_ERR_INVAL, types[i].device ?
				"a device needs MAJOR and MINOR" : "only devices have numbers"));
		if (types[i].device && (major->number > 0xfff || minor->number > 0xfffff))
			return shell_misused(sh, e2_fail(E2_ERR_RANGE, "device numbers go to 4095 "
							 "and 1048575"));
		what->major = major ? (uint32_t)major->number : 0;
		what->minor = minor ? (uint32_t)minor->number : 0;
		return 0;
	}
	return shell_misused(sh, e2_fail(E2_ERR_INVAL, "the type is b or c with MAJOR and MINOR, p "
					 "for a fifo, s for a socket"));
}

int cmd_mknod(struct shell *sh, const struct args *args)
{
	const struct arg *mode = args_value(args, "-m");
	struct e2_new what = { 0 };
	struct e2_attr attr = { .mask = E2_SET_MODE };
	struct spot s;
	int err = device_of(sh, args, &what);

	if (err)
		return err;
	consequence_watch(sh);
	err = spot_find(sh, args_get(args, "NAME")->text, false, &s);
	if (!err)
		err = spot_must_be_free(&s, false);
	if (!err) {
		err = e2_create(sh->txn, s.dir, s.name.text, s.name.len, &what, &s.ino);
		if (!err && mode)
			err = mode_change(mode->text, 0666, false, &attr.mode);
		if (!err && mode)
			err = e2_setattr(sh->txn, s.ino, &attr);
		err = err ? spot_fail(&s, err) : 0;
	}
	spot_free(&s);
	return err;
}
