/* SPDX-License-Identifier: MIT */
/* Repairs of the ways to directories. */
#include "check/fix.h"

int fix_root_missing(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_dir_lost(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_dir_parent(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_dir_cycle(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}
