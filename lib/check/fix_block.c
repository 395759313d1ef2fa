/* SPDX-License-Identifier: MIT */
/* Repairs of block pointers, and of blocks with two owners. */
#include "check/fix.h"

int fix_block_shared(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_block_junk(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_block_pointer(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}
