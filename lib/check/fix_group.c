/* SPDX-License-Identifier: MIT */
/* Repairs of group descriptors and of what they point to. */
#include "check/fix.h"

int fix_group_place(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_group_place_copy(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_group_overlap(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_group_flags(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_group_unused(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_read_error(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_resize_inode(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_resize_unused(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}
