/* SPDX-License-Identifier: MIT */
/* Repairs of the list of orphans. */
#include "check/fix.h"

int fix_orphan_head(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_orphan_list(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_orphan_finish(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}
