/* SPDX-License-Identifier: MIT */
/* begin, commit, rollback, undo. */
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

int cmd_rollback(struct shell *sh, const struct args *args)
{
	(void)args;
	return change_group_rollback(sh);
}

int cmd_undo(struct shell *sh, const struct args *args)
{
	const struct arg *count = args_get(args, "COUNT");

	if (count && count->number == 0)
		return 0;
	return change_undo(sh, count ? count->number : 1);
}
