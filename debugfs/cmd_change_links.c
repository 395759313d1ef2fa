/* SPDX-License-Identifier: MIT */
/* ln: more names for what is there, and symlinks. */
#include "consequence.h"
#include "several.h"

#include <string.h>

struct how {
	bool symbolic, force, relative, follow, only_symlinks, verbose;
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

/* Adds the components of what is not there: "." is nothing, ".." takes the one before away. */
static void add_missing(struct e2_str *path, const char *rest)
{
	while (*rest) {
		size_t len = strcspn(rest, "/");

		if (len == 2 && !memcmp(rest, "..", 2)) {
			const char *slash = strrchr(e2_str_text(path), '/');

			e2_str_truncate(path, slash ? (size_t)(slash - path->text) : 0);
		} else if (len && !(len == 1 && *rest == '.')) {
			if (!path->len || path->text[path->len - 1] != '/')
				e2_str_add(path, "/");
			e2_str_add_bytes(path, rest, len);
		}
		rest += len;
		rest += strspn(rest, "/");
	}
}

/*
 * Where a target is, or would be if what is missing on the way to it were there: the symlinks
 * on the way are resolved, one at its end is not.
 */
static int target_path(struct shell *sh, const char *target, struct e2_str *path)
{
	struct e2_str part = E2_STR_INIT;
	size_t len = strlen(target);
	struct spot s;
	int err = spot_find(sh, target, false, &s);

	while (err == E2_ERR_NOENT && len) {	/* less of it, until that much is there */
		e2_err_clear();
		spot_free(&s);
		while (len && target[len - 1] == '/')
			len--;
		while (len && target[len - 1] != '/')
			len--;
		e2_str_truncate(&part, 0);
		e2_str_add_bytes(&part, target, len);
		e2_str_add(&part, len ? "" : ".");
		err = e2_str_status(&part);
		if (!err)
			err = spot_find(sh, part.text, true, &s);
	}
	if (!err) {
		e2_str_add_bytes(path, e2_str_text(&s.path), s.path.len);
		add_missing(path, target + (part.len ? len : strlen(target)));
	}
	spot_free(&s);
	e2_str_free(&part);
	return err ? err : e2_str_status(path);
}

/* ln -sr: the target as the link sees it. */
static int relative_text(struct shell *sh, const char *target, const struct spot *link,
			 struct e2_str *text)
{
	struct e2_str path = E2_STR_INIT;
	int err = target_path(sh, target, &path);

	if (!err)
		add_way(text, link, e2_str_text(&path));
	e2_str_free(&path);
	return err ? err : e2_str_status(text);
}

/* ---- one link --------------------------------------------------------------------- */

/* Refused as GNU's ln does: what the name stood for would be gone. */
static int fail_same(const struct spot *link, const char *target)
{
	struct e2_str a = E2_STR_INIT, b = E2_STR_INIT;
	int err;

	e2_str_add_name(&a, target, strlen(target));
	e2_str_add_name(&b, link->path.text, link->path.len);
	err = e2_fail(E2_ERR_INVAL, "%s and %s are the same file; the link would lead to itself",
		      e2_str_text(&a), e2_str_text(&b));
	e2_str_free(&a);
	e2_str_free(&b);
	return err;
}

/* Makes room for the link where -f was given. */
static int clear_name(struct shell *sh, struct spot *link, bool force)
{
	int err;

	if (!link->ino || (!force && e2_is_dir(&link->in)))
		return spot_must_be_free(link, false);
	if (!force)
		return shell_advise(sh, spot_must_be_free(link, false), "ln -f, to replace it");
	err = spot_must_be_first(link);
	if (err)
		return err;
	if (e2_is_dir(&link->in))
		return spot_fail(link, e2_fail(E2_ERR_ISDIR, "a directory; -f replaces none"));
	err = e2_unlink(sh->txn, link->dir, link->name.text, link->name.len);
	if (!err)
		link->ino = 0;
	return err ? spot_fail(link, err) : 0;
}

/* text  empty; gets what the symlink says */
static int make_symlink(struct shell *sh, const char *target, struct spot *link,
			const struct how *how, struct e2_str *text)
{
	struct e2_new what = { .mode = E2_S_IFLNK | 0777 };
	int err = 0;

	if (how->relative)	/* before the name goes: it may be on the way to the target */
		err = relative_text(sh, target, link, text);
	else
		e2_str_add(text, target);
	if (!err)
		err = e2_str_status(text);
	if (!err && how->force && link->ino && !e2_is_dir(&link->in) &&
	    (spot_on_way(sh, link->dir, e2_str_text(text), link) ||
	     (!how->relative && spot_on_way(sh, sh->cwd, target, link))))
		return fail_same(link, target);
	if (!err)
		err = clear_name(sh, link, how->force);
	if (err)
		return err;
	what.target = e2_str_text(text);
	what.target_len = text->len;
	err = e2_create(sh->txn, link->dir, link->name.text, link->name.len, &what, &link->ino);
	return err ? spot_fail(link, err) : 0;
}

/* The name is one of the file's already: with -f all is as it should be. */
static int same_already(struct shell *sh, const struct spot *target, const struct spot *link,
			const struct how *how)
{
	struct e2_str s = E2_STR_INIT;
	bool one = target->dir == link->dir &&
		!strcmp(e2_str_text(&target->name), e2_str_text(&link->name));

	e2_str_add_name(&s, link->path.text, link->path.len);
	e2_str_addf(&s, " <%u>: exists already, ", link->ino);
	if (one) {
		e2_str_add(&s, "and is TARGET itself: they are the same file");
	} else {
		e2_str_add(&s, "a name of ");
		if (target->path.len)
			e2_str_add_name(&s, target->path.text, target->path.len);
		else
			e2_str_add(&s, "that file");
	}
	if (one || !how->force) {
		int err = e2_fail(E2_ERR_EXIST, "%s", e2_str_text(&s));

		e2_str_free(&s);
		return err;
	}
	e2_str_add(&s, "; nothing to do");
	shell_note(sh, e2_str_text(&s));
	e2_str_free(&s);
	return 0;
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
	if (!err && how->only_symlinks && !e2_is_symlink(&target->in))
		err = spot_fail(target, e2_fail(E2_ERR_INVAL, "a %s, not a symlink",
						file_type_words(target->in.mode)));
	if (!err && link->ino == target->ino)
		return same_already(sh, target, link, how);
	if (!err && how->force && target->name.len && e2_is_symlink(&target->in) && link->ino &&
	    !e2_is_symlink(&link->in) &&
	    spot_on_way(sh, target->dir, target->name.text, link))
		return fail_same(link, e2_str_text(&target->path));
	if (!err)
		err = clear_name(sh, link, how->force);
	if (err)
		return err;
	err = e2_link(sh->txn, link->dir, link->name.text, link->name.len, target->ino);
	if (err == E2_ERR_LINK_MAX)
		return shell_advise(sh, spot_fail(target, e2_fail(err, "has 65,000 names, the "
								  "most ext2 allows")),
				    "cp, for a second file, or ln -s");
	if (err)
		return spot_fail(link, err);
	link->ino = target->ino;
	return 0;
}

static int make_one(struct shell *sh, const struct arg *from, struct spot *link, void *context)
{
	const struct how *how = context;
	struct e2_str note = E2_STR_INIT, text = E2_STR_INIT;
	struct spot target = { 0 };
	int err;

	if (how->symbolic) {
		err = make_symlink(sh, from->text, link, how, &text);
	} else {
		err = spot_of(sh, from, how->follow, &target);
		if (!err)
			err = make_link(sh, &target, link, how);
	}
	if (!err && how->verbose) {
		e2_str_add(&note, how->symbolic ? "-> " : "a name of ");
		if (how->symbolic)
			e2_str_add_name(&note, e2_str_text(&text), text.len);
		else if (!target.path.len)
			e2_str_add_name(&note, from->text, strlen(from->text));
		else
			e2_str_add_name(&note, target.path.text, target.path.len);
		spot_told(sh, "made", link, e2_str_text(&note));
	}
	e2_str_free(&note);
	e2_str_free(&text);
	spot_free(&target);
	return err;
}

/*
 * "ln -sf app-2.0 current" makes current/app-2.0 when current leads to a directory, which nobody
 * means who wants to switch it.
 */
static void tell_detour(struct shell *sh, const char *dest)
{
	struct spot link, dir = { 0 };
	struct e2_str s = E2_STR_INIT;

	if (!spot_find(sh, dest, false, &link) && link.ino && !link.slash &&
	    e2_is_symlink(&link.in) && !spot_find(sh, dest, true, &dir) && spot_is_dir(&dir)) {
		e2_str_add(&s, "made in ");
		e2_str_add_name(&s, e2_str_text(&dir.path), dir.path.len);
		e2_str_add(&s, ", where ");
		e2_str_add_name(&s, e2_str_text(&link.path), link.path.len);
		e2_str_add(&s, " leads; -n would have replaced ");
		e2_str_add_name(&s, e2_str_text(&link.name), link.name.len);
		shell_note(sh, e2_str_text(&s));
	}
	e2_err_clear();
	e2_str_free(&s);
	spot_free(&dir);
	spot_free(&link);
}

static int misused(const struct args *args, const struct how *how)
{
	if (how->relative && !how->symbolic)
		return e2_fail(E2_ERR_INVAL, "-r is for symlinks: -sr");
	if (how->only_symlinks && (how->symbolic || how->follow))
		return e2_fail(E2_ERR_INVAL, "--expect-symlink is for names of symlinks "
			       "themselves: without -s and -L");
	if (how->follow && args_has(args, "-P"))
		return e2_fail(E2_ERR_INVAL, "-L and -P exclude each other");
	return 0;
}

int cmd_ln(struct shell *sh, const struct args *args)
{
	struct how how = {
		.symbolic = args_has(args, "-s"), .force = args_has(args, "-f"),
		.relative = args_has(args, "-r"), .follow = args_has(args, "-L"),
		.only_symlinks = args_has(args, "--expect-symlink"),
		.verbose = args_has(args, "-v"),
	};
	enum several way = args_has(args, "-T") ? SEVERAL_NAME :
		args_has(args, "-n") ? SEVERAL_NOFOLLOW : SEVERAL_ANY;
	int err = misused(args, &how);

	if (err)
		return shell_misused(sh, err);
	consequence_watch(sh);
	err = several(sh, args, way, make_one, &how);
	if (!err && how.symbolic && how.force && way == SEVERAL_ANY && args->count == 2)
		tell_detour(sh, args->arg[1].text);
	return err;
}

/* symlink NAME TARGET, as debugfs has it. */
int cmd_symlink(struct shell *sh, const struct args *args)
{
	struct how how = { .symbolic = true };
	struct e2_str text = E2_STR_INIT;
	struct spot link;
	int err;

	consequence_watch(sh);
	err = spot_find(sh, args_get(args, "NAME")->text, false, &link);
	if (!err)
		err = make_symlink(sh, args_get(args, "TARGET")->text, &link, &how, &text);
	e2_str_free(&text);
	spot_free(&link);
	return err;
}
