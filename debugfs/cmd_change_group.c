/* SPDX-License-Identifier: MIT */
/* begin, commit, rollback, undo. */
#include "consequence.h"
#include "shell.h"

int cmd_begin(struct shell *sh, const struct args *args)
{
	(void)args;
	return change_group(sh);
}

int cmd_commit(struct shell *sh, const struct args *args)
{
	(void)args;
	return change_group_commit(sh);
}

/* At a terminal each line is followed by what it meant; the end of this one forgets it. */
static int tell(struct shell *sh, int err)
{
	if (!err && sh->interactive)
		consequence_tell(sh);
	return err;
}

int cmd_rollback(struct shell *sh, const struct args *args)
{
	(void)args;
	consequence_watch_back(sh);
	return tell(sh, change_group_rollback(sh));
}

int cmd_undo(struct shell *sh, const struct args *args)
{
	const struct arg *count = args_get(args, "COUNT");

	if (count && count->number == 0)
		return 0;
	consequence_watch_back(sh);
	return tell(sh, change_undo(sh, count ? count->number : 1));
}
