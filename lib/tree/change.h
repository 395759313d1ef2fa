/* SPDX-License-Identifier: MIT */
/*
 * Changing directories and what their names lead to, with the kernel's rules and errors
 * for root: E2_ERR_EXIST NOENT NOTDIR ISDIR NOTEMPTY PERM LINK_MAX NAMETOOLONG NOSPC INVAL.
 * E2_ERR_PERM also for inodes with the flags immutable or append, as the kernel.
 *
 * Names are bytes, one component.  Every function succeeds or changes nothing.  The times of
 * directories and inodes follow the kernel.  All of them keep a directory that kernel and
 * e2fsck accept: a hashed index is kept valid, or dropped by clearing the directory's flag.
 */
#ifndef E2_TREE_CHANGE_H
#define E2_TREE_CHANGE_H

#include "node/write.h"
#include "tree/tree.h"

struct e2_new {			/* what to create */
	uint32_t mode;		/* type and permissions */
	uint32_t uid, gid;
	uint32_t major, minor;	/* of a device */
	const void *target;	/* of a symlink: its text */
	size_t target_len;
};

/*
 * Makes an inode and its name: any type; a directory with "." and ".." and the parent's link
 * count.  Inherits from the directory what the kernel lets inherit (group and bit of a
 * set-group-id directory, inode flags, default ACL).
 */
E2_NODISCARD int e2_create(struct e2_txn *txn, e2_ino dir, const void *name, size_t len,
			   const struct e2_new *what, e2_ino *ino);

/* Another name; E2_ERR_PERM for a directory, E2_ERR_LINK_MAX at 65,000. */
E2_NODISCARD int e2_link(struct e2_txn *txn, e2_ino dir, const void *name, size_t len, e2_ino ino);

/* Takes a name away, and with the last one the inode.  E2_ERR_ISDIR. */
E2_NODISCARD int e2_unlink(struct e2_txn *txn, e2_ino dir, const void *name, size_t len);

/* E2_ERR_NOTEMPTY, E2_ERR_NOTDIR; E2_ERR_BUSY for the root, E2_ERR_INVAL for "." */
E2_NODISCARD int e2_rmdir(struct e2_txn *txn, e2_ino dir, const void *name, size_t len);

/*
 * A name with all below it.  Stops for nothing but errors; *removed counts inodes given back.
 * E2_ERR_PERM for flags anywhere in the tree; E2_ERR_CORRUPT for one that cannot be read or
 * whose directories have other parents too; and as e2_unlink and e2_rmdir.
 */
E2_NODISCARD int e2_remove_tree(struct e2_txn *txn, e2_ino dir, const void *name, size_t len,
				uint64_t *removed);

enum e2_rename_flags { E2_RENAME_NOREPLACE = 1, E2_RENAME_EXCHANGE = 2 };

/*
 * rename(2): replaces a file by a file, an empty directory by a directory; does nothing when
 * both names are of one inode.  E2_ERR_INVAL when a directory would come below itself.
 */
E2_NODISCARD int e2_rename(struct e2_txn *txn, e2_ino from, const void *name, size_t len, e2_ino to,
			   const void *new_name, size_t new_len, unsigned flags);

/* Forgets what the transaction remembers of directories: for who has changed their bytes by
 * other means than the functions above. */
void e2_dirs_forget(struct e2_txn *txn);

/* ---- attributes ------------------------------------------------------------------------- */

enum e2_attr_mask { E2_SET_MODE = 1, E2_SET_UID = 2, E2_SET_GID = 4, E2_SET_ATIME = 8,
		    E2_SET_MTIME = 16, E2_SET_FLAGS = 32,
		    E2_SET_NOW = 64 };	/* the times of the mask become the present */
struct e2_attr {
	unsigned mask;
	uint32_t mode;			/* permission bits; the type stays */
	uint32_t uid, gid, flags;
	struct e2_time atime, mtime;
};
/*
 * Sets ctime too.  As root: changing owners keeps set-id bits of directories, clears them else,
 * as chown(2) does.  A mode is carried into an access ACL as chmod(2) does.  Of the flags
 * those that chattr(1) can change are taken over, the others stay.
 * E2_ERR_PERM (immutable, append-only: only the flags can be changed), E2_ERR_UNSUPPORTED (the
 * mode of a symlink, flags that its type cannot have), E2_ERR_INVAL.
 */
E2_NODISCARD int e2_setattr(struct e2_txn *txn, e2_ino ino, const struct e2_attr *attr);

enum e2_xattr_flags { E2_XATTR_CREATE = 1, E2_XATTR_REPLACE = 2 };

/*
 * Sets one extended attribute by its full name; values as setxattr(2) takes them (ACLs are
 * converted; an access ACL changes the mode).  In the inode where it fits, else in its block,
 * which is shared with another inode that has the same attributes only if it is already; a
 * shared block is copied before it is changed.  Sets ctime, and ext_attr in the superblock.
 * E2_ERR_NOSPC when it fits in neither, E2_ERR_RANGE for a name over 255 bytes, E2_ERR_INVAL for
 * none after the prefix or a list that cannot be, E2_ERR_EXIST, E2_ERR_NODATA, E2_ERR_UNSUPPORTED
 * (no such prefix), E2_ERR_PERM (user.* of what is no file or directory), E2_ERR_ACCES (a default
 * ACL of what is no directory).
 */
E2_NODISCARD int e2_xattr_set(struct e2_txn *txn, e2_ino ino, const char *name, const void *value,
			      size_t len, unsigned flags);
E2_NODISCARD int e2_xattr_remove(struct e2_txn *txn, e2_ino ino, const char *name);

/* Gives back an inode's share of its attribute block and clears file_acl of the copy. */
E2_NODISCARD int e2_xattr_drop_block(struct e2_txn *txn, struct e2_inode *in);

/* Lets to share or copy all attributes of from; to has none. */
E2_NODISCARD int e2_xattr_copy(struct e2_txn *txn, e2_ino from, e2_ino to);

#endif
