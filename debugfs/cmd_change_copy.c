/* SPDX-License-Identifier: MIT */
/* cp: copies within the volume. */
#include "consequence.h"
#include "names_left.h"
#include "several.h"

#include <inttypes.h>
#include <string.h>

struct how {
	unsigned flags;			/* of e2_copy() */
	bool keep, force, follow, verbose;
	uint64_t overfull;		/* as of e2_copy_counts, of all sources */
	e2_ino overfull_ino;
	uint16_t overfull_links;
};

/* Where a file replaces the content of what a symlink leads to. */
static int write_through(struct shell *sh, struct spot *to)
{
	struct spot behind;
	int err = spot_find(sh, e2_str_text(&to->path), true, &behind);

	if (!err && !behind.ino)
		err = spot_fail(to, e2_fail(E2_ERR_NOENT, "a symlink that leads nowhere; nothing "
					    "is copied through it"));
	if (err) {
		spot_free(&behind);
		return err;
	}
	spot_free(to);
	*to = behind;
	return 0;
}

static int refuse(const struct spot *from, const struct spot *to, int err)
{
	struct e2_str name = E2_STR_INIT;

	e2_str_add_name(&name, e2_str_text(&from->path), from->path.len);
	if (err == E2_ERR_ISDIR && e2_is_dir(&to->in) && to->ino && !e2_is_dir(&from->in))
		(void)e2_fail(err, "a directory; %s, which is none, does not replace it",
			      e2_str_text(&name));
	else if (err == E2_ERR_NOTDIR)
		(void)e2_fail(err, "no directory; the directory %s does not replace it",
			      e2_str_text(&name));
	else if (err == E2_ERR_INVAL)
		(void)e2_fail(err, e2_is_dir(&from->in) ? "lies in the directory %s itself" :
			      "is %s itself", e2_str_text(&name));
	e2_str_free(&name);
	return spot_fail(to, err);
}

static int copy(struct shell *sh, const struct spot *from, struct spot *to, struct how *how)
{
	struct e2_copy_counts counts = { .files = 0 };
	unsigned flags = how->flags;
	int err = spot_must_be_first(to);

	if (!err && to->ino && e2_is_symlink(&from->in) && from->name.len &&
	    !e2_is_symlink(&to->in) && spot_on_way(sh, from->dir, from->name.text, to))
		err = spot_fail(to, e2_fail(E2_ERR_INVAL, "the symlink to be copied leads here, "
					    "and would lead to itself"));
	if (err)
		return err;
	if (to->ino && flags & E2_COPY_LINK && !e2_is_dir(&from->in)) {
		if (!how->force || e2_is_dir(&to->in))
			return spot_must_be_free(to, false);
		if (to->ino == from->ino)
			return refuse(from, to, E2_ERR_INVAL);
		err = e2_unlink(sh->txn, to->dir, to->name.text, to->name.len);
	} else if (to->ino && e2_is_symlink(&to->in) && e2_is_reg(&from->in) &&
		   !(flags & E2_COPY_TREE)) {
		err = write_through(sh, to);
	} else if (!to->ino && !e2_is_dir(&from->in)) {
		err = spot_must_be_free(to, false);
	}
	if (err)
		return err;
	err = e2_copy(sh->txn, from->ino, to->dir, to->name.text, to->name.len, flags, &counts);
	if (err)
		return refuse(from, to, err);
	if (!how->overfull) {
		how->overfull_ino = counts.overfull_ino;
		how->overfull_links = counts.overfull_links;
	}
	how->overfull += counts.overfull;
	return 0;
}

static int copy_one(struct shell *sh, const struct arg *arg, struct spot *to, void *context)
{
	struct how *how = context;
	struct e2_str note = E2_STR_INIT;
	struct spot from;
	int err = spot_of(sh, arg, how->follow, &from);

	if (!err && !from.ino)
		err = spot_must_be(&from);
	if (!err && e2_is_dir(&from.in) && !(how->flags & E2_COPY_TREE))
		err = shell_advise(sh, spot_fail(&from, e2_fail(E2_ERR_ISDIR, "a directory")),
				   "cp -r");
	if (!err)
		err = spot_must_be_name(to);
	if (!err && !(how->keep && to->ino)) {
		err = copy(sh, &from, to, how);
		if (!err && to->ino && e2_is_reg(&to->in) && !(how->flags & E2_COPY_LINK))
			tell_content(sh, to->ino, to->in.links_count, &to->path, false);
		if (!err && how->verbose) {
			e2_str_add(&note, "to ");
			e2_str_add_name(&note, e2_str_text(&to->path), to->path.len);
			spot_told(sh, how->flags & E2_COPY_LINK ? "linked" : "copied", &from,
				  e2_str_text(&note));
		}
	}
	e2_str_free(&note);
	spot_free(&from);
	return err;
}

/* Who asked for links wants to know what has become a copy. */
static void tell_overfull(struct shell *sh, const struct how *how)
{
	struct e2_str s = E2_STR_INIT;

	if (!how->overfull)
		return;
	e2_str_add_count(&s, how->overfull);
	e2_str_add(&s, how->overfull == 1 ? " name leads to a copy, and is no link" :
		   " names lead to copies, and are no links");
	e2_str_addf(&s, ": <%" PRIu32 "> has ", how->overfull_ino);
	e2_str_add_count(&s, how->overfull_links);
	if (how->overfull_links == E2_LINK_MAX)
		e2_str_add(&s, " names, the most ext2 allows");
	else
		e2_str_addf(&s, " names, and the most is %d", E2_LINK_MAX);
	shell_note(sh, e2_str_text(&s));
	e2_str_free(&s);
}

int cmd_cp(struct shell *sh, const struct args *args)
{
	bool archive = args_has(args, "-a"), link = args_has(args, "-l");
	bool tree = args_has(args, "-r") || archive;
	struct how how = {
		.flags = E2_COPY_REPLACE | (tree ? E2_COPY_TREE : 0) |
			(archive ? E2_COPY_ATTRS : 0) | (link ? E2_COPY_LINK : 0),
		.keep = args_has(args, "-n"), .force = args_has(args, "-f"),
		.follow = args_has(args, "-L") || !(tree || link || args_has(args, "-P")),
		.verbose = args_has(args, "-v"),
	};
	int err;

	consequence_watch(sh);
	err = several(sh, args, args_has(args, "-T") ? SEVERAL_EXACT : SEVERAL_ANY, copy_one,
		      &how);
	if (!err)
		tell_overfull(sh, &how);
	return err;
}
