/* SPDX-License-Identifier: MIT */
/* Permissions, owners, times and flags of an inode, by the rules that the kernel has for root. */
#include "tree/ops.h"
#include "tree/xattr_write.h"

enum {
	PERMISSIONS = 07777,
	/* What chattr(1) may change (EXT4_FL_USER_MODIFIABLE of ext2's flags). */
	FLAGS_CHANGEABLE = E2_FL_SECRM | E2_FL_UNRM | E2_FL_COMPR | E2_FL_SYNC |
			   E2_FL_IMMUTABLE | E2_FL_APPEND | E2_FL_NODUMP | E2_FL_NOATIME |
			   E2_FL_JOURNAL_DATA | E2_FL_NOTAIL | E2_FL_DIRSYNC | E2_FL_TOPDIR |
			   E2_FL_PROJINHERIT,
	/* These no flags protect from. */
	FLAGS_LOCKED = E2_FL_IMMUTABLE | E2_FL_APPEND,
};

static int check_flags(e2_ino ino, const struct e2_inode *in, const struct e2_attr *attr)
{
	unsigned guarded = E2_SET_MODE | E2_SET_UID | E2_SET_GID;
	uint32_t locks = 0;

	if (attr->mask & (guarded | E2_SET_ATIME | E2_SET_MTIME))
		locks |= E2_FL_IMMUTABLE;
	/* A touch to the present is no more than an appended byte would do. */
	if (attr->mask & guarded ||
	    (attr->mask & (E2_SET_ATIME | E2_SET_MTIME) && !(attr->mask & E2_SET_NOW)))
		locks |= E2_FL_APPEND;
	locks &= in->flags;
	if (locks == 0)
		return 0;
	return e2_fail(E2_ERR_PERM, "inode %u: is %s", ino,
		       locks & E2_FL_IMMUTABLE ? "immutable" : "append-only");
}

static int check(e2_ino ino, const struct e2_inode *in, const struct e2_attr *attr)
{
	if (attr->mask & E2_SET_MODE && attr->mode & ~(uint32_t)PERMISSIONS)
		return e2_fail(E2_ERR_INVAL, "mode %#o: holds more than permissions", attr->mode);
	if (attr->mask & E2_SET_MODE && e2_is_symlink(in))
		return e2_fail(E2_ERR_UNSUPPORTED,
			       "inode %u: is a symlink, whose permissions mean nothing", ino);
	if (attr->mask & E2_SET_FLAGS && attr->flags != e2_flags_for(in->mode, attr->flags))
		return e2_fail(E2_ERR_UNSUPPORTED, "inode %u: such flags are not for its type",
			       ino);
	return check_flags(ino, in, attr);
}

/* Others than directories lose what would let them act as their owner. */
static int change_owner(struct e2_txn *txn, e2_ino ino, struct e2_inode *in,
			const struct e2_attr *attr)
{
	const uint32_t group_run = E2_S_ISGID | 010;

	if (attr->mask & E2_SET_UID)
		in->uid = attr->uid;
	if (attr->mask & E2_SET_GID)
		in->gid = attr->gid;
	if (e2_is_dir(in))
		return 0;
	in->mode &= (uint16_t)~E2_S_ISUID;
	if ((in->mode & group_run) == group_run)
		in->mode &= (uint16_t)~E2_S_ISGID;
	return e2_xattr_drop_capability(txn, ino, in);
}

static void change_times(struct e2_txn *txn, struct e2_inode *in, const struct e2_attr *attr)
{
	struct e2_time now = e2_fs_now(e2_txn_fs(txn));
	bool present = attr->mask & E2_SET_NOW;

	if (attr->mask & E2_SET_ATIME)
		e2_inode_set_time(in, E2_ATIME, present ? now : attr->atime);
	if (attr->mask & E2_SET_MTIME)
		e2_inode_set_time(in, E2_MTIME, present ? now : attr->mtime);
	e2_inode_touch(txn, in, false);
}

static int set(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, const struct e2_attr *attr)
{
	const uint32_t can = FLAGS_CHANGEABLE;
	int r = 0;

	if (attr->mask & (E2_SET_UID | E2_SET_GID))
		r = change_owner(txn, ino, in, attr);
	if (r == 0 && attr->mask & E2_SET_MODE) {
		in->mode = (uint16_t)((in->mode & E2_S_IFMT) | attr->mode);
		r = e2_acl_chmod(txn, ino, in);
	}
	if (r != 0)
		return r;
	if (attr->mask & E2_SET_FLAGS)
		in->flags = (in->flags & ~can) | (attr->flags & can);
	change_times(txn, in, attr);
	return e2_inode_put(txn, ino, in);
}

int e2_setattr(struct e2_txn *txn, e2_ino ino, const struct e2_attr *attr)
{
	struct e2_inode in;
	unsigned mark;
	int r = e2_inode_get(e2_txn_fs(txn), ino, &in);

	if (r == 0)
		r = check(ino, &in, attr);
	if (r == 0)
		r = e2_txn_mark(txn, &mark);
	if (r != 0)
		return r;
	return e2_txn_end(txn, mark, set(txn, ino, &in, attr));
}
