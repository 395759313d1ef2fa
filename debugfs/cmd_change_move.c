/* SPDX-License-Identifier: MIT */
/* mv: names that go elsewhere. */
#include "consequence.h"
#include "names_left.h"
#include "several.h"

#include <string.h>

struct how {
	bool keep, exchange, verbose;
};

/* What the kernel's rules refuse, said with both names. */
static int refuse(const struct spot *from, const struct spot *to, int err)
{
	struct e2_str a = E2_STR_INIT;

	e2_str_add_name(&a, from->path.text, from->path.len);
	switch (err) {
	case E2_ERR_ISDIR:
		(void)e2_fail(err, "a directory, and %s is none", e2_str_text(&a));
		break;
	case E2_ERR_NOTDIR:
		(void)e2_fail(err, "no directory, and %s is one", e2_str_text(&a));
		break;
	case E2_ERR_NOTEMPTY:
		(void)e2_fail(err, "a directory that is not empty; nothing replaces it");
		break;
	case E2_ERR_INVAL:
		(void)e2_fail(err, "lies below %s itself", e2_str_text(&a));
		break;
	default:
		break;
	}
	e2_str_free(&a);
	return spot_fail(to, err);
}

static int exchange(struct shell *sh, const struct spot *from, const struct spot *to)
{
	int err = spot_must_be(to);

	if (err)
		return err;
	err = e2_rename(sh->txn, from->dir, from->name.text, from->name.len, to->dir,
			to->name.text, to->name.len, E2_RENAME_EXCHANGE);
	return err ? refuse(from, to, err) : 0;
}

static int move(struct shell *sh, const struct spot *from, const struct spot *to)
{
	int err = spot_must_be_first(to);

	if (err)
		return err;
	if (!to->ino && to->slash && !e2_is_dir(&from->in))
		return spot_must_be_free(to, false);
	err = e2_rename(sh->txn, from->dir, from->name.text, from->name.len, to->dir,
			to->name.text, to->name.len, 0);
	return err ? refuse(from, to, err) : 0;
}

static void tell(struct shell *sh, const struct how *how, const struct spot *from,
		 const struct spot *to)
{
	struct e2_str note = E2_STR_INIT;
	struct spot moved = { .path = from->path, .ino = from->ino };

	e2_str_add(&note, how->exchange ? "with " : "to ");
	e2_str_add_name(&note, to->path.text, to->path.len);
	spot_told(sh, how->exchange ? "exchanged" : "moved", &moved, e2_str_text(&note));
	e2_str_free(&note);
}

/* rename(2) does nothing then, and succeeds. */
static void note_same(struct shell *sh, const struct spot *from, const struct spot *to)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_name(&s, from->path.text, from->path.len);
	e2_str_add(&s, " and ");
	e2_str_add_name(&s, to->path.text, to->path.len);
	e2_str_addf(&s, " are the same file <%u>: nothing was moved, by the rule of rename(2)",
		    from->ino);
	shell_note(sh, e2_str_text(&s));
	e2_str_free(&s);
}

static int move_one(struct shell *sh, const struct arg *arg, struct spot *to, void *context)
{
	const struct how *how = context;
	struct spot from;
	int err = spot_find(sh, arg->text, false, &from);

	if (!err)
		err = spot_must_be_name(&from);
	if (!err)
		err = spot_must_be(&from);
	if (!err)
		err = spot_must_be_name(to);
	if (!err && !(how->keep && to->ino)) {
		err = how->exchange ? exchange(sh, &from, to) : move(sh, &from, to);
		if (!err && from.ino == to->ino)
			note_same(sh, &from, to);
		if (!err && to->ino && to->ino != from.ino && !e2_is_dir(&to->in) &&
		    !how->exchange)
			tell_content(sh, to->ino, to->in.links_count, &to->path, true);
		if (!err && how->verbose && from.ino != to->ino)
			tell(sh, how, &from, to);
	}
	spot_free(&from);
	return err;
}

int cmd_mv(struct shell *sh, const struct args *args)
{
	struct how how = {
		.keep = args_has(args, "-n"), .exchange = args_has(args, "--exchange"),
		.verbose = args_has(args, "-v"),
	};

	if (how.exchange && (args->count != 2 || how.keep))
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "--exchange takes two names"));
	consequence_watch(sh);
	return several(sh, args, how.exchange || args_has(args, "-T") ? SEVERAL_NAME :
		       SEVERAL_ANY, move_one, &how);
}
