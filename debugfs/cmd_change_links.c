/* SPDX-License-Identifier: MIT */
/* ln: more names for what is there, and symlinks. */
#include "several.h"

#include <string.h>

struct how {
	bool symbolic, force, relative, follow, verbose;
};

/* ---- relative texts ------------------------------------------------------------- */

/* How many bytes of two absolute paths are directories that both have. */
static size_t common_dirs(const char *a, const char *b)
{
	size_t i = 0, slash = 0;

	for (; a[i] && a[i] == b[i]; i++)
		if (a[i] == '/')
			slash = i;
	return (!a[i] && (!b[i] || b[i] == '/')) || (a[i] == '/' && !b[i]) ? i : slash;
}

/* The way from the directory of one path to another: "../docs/copy". */
static void add_way(struct e2_str *text, const struct spot *link, const char *target)
{
	const char *slash = strrchr(link->path.text, '/');
	struct e2_str dir = E2_STR_INIT;
	size_t common;

	e2_str_add_bytes(&dir, link->path.text, (size_t)(slash - link->path.text));
	if (!strcmp(target, "/"))
		target = "";
	common = common_dirs(e2_str_text(&dir), target);
	for (const char *at = e2_str_text(&dir) + common; *at; at++)
		if (*at == '/')
			e2_str_add(text, text->len ? "/.." : "..");
	target += common;
	target += *target == '/';
	if (text->len && *target)
		e2_str_add(text, "/");
	e2_str_add(text, target);
	if (!text->len)
		e2_str_add(text, ".");
	e2_str_free(&dir);
}

/* ln -sr: the target as the link sees it, symlinks on the way to it resolved. */
static int relative_text(struct shell *sh, const char *target, const struct spot *link,
			 struct e2_str *text)
{
	struct spot s;
	int err = spot_find(sh, target, false, &s);

	if (!err)
		add_way(text, link, e2_str_text(&s.path));
	spot_free(&s);
	return err ? err : e2_str_status(text);
}

/* ---- one link --------------------------------------------------------------------- */

/* Makes room for the link where -f was given. */
static int clear_name(struct shell *sh, struct spot *link, e2_ino target, bool force)
{
	int err;

	if (!link->ino || !force)
		return spot_must_be_free(link, false);
	if (link->ino == target)
		return spot_fail(link, e2_fail(E2_ERR_INVAL, "is that very file already"));
	if (e2_is_dir(&link->in))
		return spot_fail(link, e2_fail(E2_ERR_ISDIR, "a directory; -f replaces none"));
	err = e2_unlink(sh->txn, link->dir, link->name.text, link->name.len);
	if (!err)
		link->ino = 0;
	return err ? spot_fail(link, err) : 0;
}

static int make_symlink(struct shell *sh, const char *target, struct spot *link,
			const struct how *how)
{
	struct e2_str text = E2_STR_INIT;
	struct e2_new what = { .mode = E2_S_IFLNK | 0777 };
	int err = clear_name(sh, link, 0, how->force);

	if (!err && how->relative)
		err = relative_text(sh, target, link, &text);
	else
		e2_str_add(&text, target);
	if (!err)
		err = e2_str_status(&text);
	if (!err) {
		what.target = e2_str_text(&text);
		what.target_len = text.len;
		err = e2_create(sh->txn, link->dir, link->name.text, link->name.len, &what,
				&link->ino);
		err = err ? spot_fail(link, err) : 0;
	}
	e2_str_free(&text);
	return err;
}

static int make_link(struct shell *sh, const struct spot *target, struct spot *link,
		     const struct how *how)
{
	int err = spot_must_be(target);

	if (!err && e2_is_dir(&target->in))
		err = shell_advise(sh, spot_fail(target, e2_fail(E2_ERR_PERM, "a directory has one "
								 "name only, or \"..\" would have "
								 "two answers")),
				   "ln -s, or cp -rl to make a tree of hard links");
	if (!err)
		err = clear_name(sh, link, target->ino, how->force);
	if (err)
		return err;
	err = e2_link(sh->txn, link->dir, link->name.text, link->name.len, target->ino);
	if (err == E2_ERR_LINK_MAX)
		return spot_fail(target, e2_fail(err, "has 65,000 names, the most ext2 allows"));
	if (err)
		return spot_fail(link, err);
	link->ino = target->ino;
	return 0;
}

static int make_one(struct shell *sh, const struct arg *from, struct spot *link, void *context)
{
	const struct how *how = context;
	struct e2_str note = E2_STR_INIT;
	struct spot target = { 0 };
	int err;

	if (how->symbolic) {
		err = make_symlink(sh, from->text, link, how);
	} else {
		err = spot_of(sh, from, how->follow, &target);
		if (!err)
			err = make_link(sh, &target, link, how);
	}
	if (!err && how->verbose) {
		e2_str_add(&note, how->symbolic ? "-> " : "a name of ");
		if (how->symbolic || !target.path.len)
			e2_str_add_name(&note, from->text, strlen(from->text));
		else
			e2_str_add_name(&note, target.path.text, target.path.len);
		spot_told(sh, "made", link, e2_str_text(&note));
	}
	e2_str_free(&note);
	spot_free(&target);
	return err;
}

int cmd_ln(struct shell *sh, const struct args *args)
{
	struct how how = {
		.symbolic = args_has(args, "-s"), .force = args_has(args, "-f"),
		.relative = args_has(args, "-r"), .follow = args_has(args, "-L"),
		.verbose = args_has(args, "-v"),
	};

	if (how.relative && !how.symbolic)
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "-r is for symlinks: -sr"));
	return several(sh, args, args_has(args, "-T") ? SEVERAL_EXACT :
		       args_has(args, "-n") ? SEVERAL_NOFOLLOW : SEVERAL_ANY, make_one, &how);
}

/* symlink NAME TARGET, as debugfs has it. */
int cmd_symlink(struct shell *sh, const struct args *args)
{
	struct how how = { .symbolic = true };
	struct spot link;
	int err = spot_find(sh, args_get(args, "NAME")->text, false, &link);

	if (!err)
		err = make_symlink(sh, args_get(args, "TARGET")->text, &link, &how);
	spot_free(&link);
	return err;
}
