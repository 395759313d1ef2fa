/* SPDX-License-Identifier: MIT */
/* Repairs of inodes. */
#include "check/fix.h"

int fix_inode_mode(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_inode_dtime(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_inode_dtime_now(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_root_type(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_reserved_clear(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_inode_extra(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_inode_flag(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_inode_zero(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_size_small(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_size_large(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_size_dir(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_block_count(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_special_size(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_symlink_size(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_symlink_text(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}

int fix_dir_empty(struct fix *fx, struct e2_finding *f)
{
	(void)fx;
	(void)f;
	return 0;
}
