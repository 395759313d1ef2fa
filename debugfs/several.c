/* SPDX-License-Identifier: MIT */
#include "several.h"

#include <string.h>

/* The name a source has in a directory: its own, or for an inode number "inode-12". */
static int into(struct shell *sh, const struct spot *dir, const struct arg *from, struct spot *to)
{
	struct object o;
	struct e2_str name = E2_STR_INIT;
	int err;

	if (from->operand->type == ARG_HOST)
		return spot_into(sh, dir, from->text, to);
	err = object_parse(from->text, from->quoted, PLACE_FILE, &o);
	if (!err && o.kind != OBJECT_INODE)
		return spot_into(sh, dir, o.path, to);
	e2_str_addf(&name, "inode-%u", o.ino);
	if (!err)
		err = e2_str_status(&name);
	if (!err)
		err = spot_into(sh, dir, name.text, to);
	e2_str_free(&name);
	return err;
}

/* Whether two arguments of different paths end in one name. */
static bool collide(const char *a, const char *b)
{
	const char *x = a + strlen(a), *y = b + strlen(b);

	if (!strcmp(a, b))
		return false;
	for (; x > a && x[-1] == '/'; x--)
		;
	for (; y > b && y[-1] == '/'; y--)
		;
	for (; x > a && y > b && x[-1] == y[-1] && x[-1] != '/'; x--, y--)
		;
	return (x == a || x[-1] == '/') && (y == b || y[-1] == '/');
}

static int all_into(struct shell *sh, const struct args *args, size_t count, struct spot *dir,
		    several_fn *one, void *context)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		struct spot to = { 0 };

		err = into(sh, dir, &args->arg[i], &to);
		for (size_t k = 0; !err && to.ino && k < i && !to.again; k++)
			to.again = collide(args->arg[k].text, args->arg[i].text);
		if (!err)
			err = one(sh, &args->arg[i], &to, context);
		spot_free(&to);
	}
	return err;
}

static bool is_name(enum several how)
{
	return how == SEVERAL_EXACT || how == SEVERAL_NAME;
}

/* Whether DEST is a directory to put things into. */
static int is_directory(struct shell *sh, const char *text, enum several how, struct spot *dest,
			bool *yes)
{
	struct spot behind;
	int err = spot_find(sh, text, false, dest);

	*yes = !err && !is_name(how) && spot_is_dir(dest);
	if (err != E2_ERR_NOTDIR && (err || !dest->ino || !e2_is_symlink(&dest->in)))
		return err;
	/* a symlink: with a slash behind it, or one that may be followed */
	if (how == SEVERAL_NAME || (how != SEVERAL_ANY && !dest->slash))
		return err;
	if (spot_find(sh, text, true, &behind) == 0 && spot_is_dir(&behind)) {
		spot_free(dest);
		*dest = behind;
		*yes = !is_name(how);
		return 0;
	}
	spot_free(&behind);
	return err;
}

int several(struct shell *sh, const struct args *args, enum several how, several_fn *one,
	    void *context)
{
	size_t last = args->count - 1;
	const char *text = last ? args->arg[last].text : ".";
	struct spot dest;
	bool directory;
	int err = is_directory(sh, text, how, &dest, &directory);

	if (!err && is_name(how) && last != 1)
		err = shell_misused(sh, e2_fail(E2_ERR_INVAL, "-T takes one source and one name"));
	if (!err && !directory && last != 1)
		err = dest.ino ? spot_fail(&dest, e2_fail(E2_ERR_NOTDIR, "a %s, not a directory",
							  file_type_words(dest.in.mode))) :
			spot_must_be(&dest);
	if (!err && directory)
		err = all_into(sh, args, last ? last : 1, &dest, one, context);
	else if (!err)
		err = one(sh, &args->arg[0], &dest, context);
	spot_free(&dest);
	return err;
}
