/* SPDX-License-Identifier: MIT */
/* Repairs of directory entries. */
#include "check/fix.h"

int fix_entry_target(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_entry_dir_twice(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_entry_name(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_entry_twice(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_entry_type(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}
