/* SPDX-License-Identifier: MIT */
/*
 * What the operations on names have in common: the checks that the kernel makes before it
 * changes anything, in its order, and the times it sets.
 *
 * All checks of an operation come before its mark, so that the usual refusals cost no rewind.
 */
#ifndef E2_TREE_OPS_H
#define E2_TREE_OPS_H

#include "tree/change.h"
#include "tree/dir.h"

struct e2_op_dir {		/* a directory in which names are changed */
	e2_ino ino;
	struct e2_inode in;	/* a copy; put by e2_op_put_dir */
};

struct e2_op_name {		/* a name that is there */
	const void *name;
	size_t len;
	struct e2_slot slot;
	struct e2_inode in;	/* of what it leads to */
};

/* The directory: E2_ERR_NOTDIR, E2_ERR_NOENT for one that is removed. */
E2_NODISCARD int e2_op_dir(struct e2_txn *txn, e2_ino ino, struct e2_op_dir *dir);

/* Whether bytes can be the name of something new: E2_ERR_NOENT (empty), E2_ERR_NAMETOOLONG,
 * E2_ERR_INVAL; `dots` is the error for "." and "..". */
E2_NODISCARD int e2_op_new_name(const void *name, size_t len, int dots);

/* The same for a name that is to go: errors for "." and "..". */
E2_NODISCARD int e2_op_old_name(const void *name, size_t len, int dot, int dotdot);

/* E2_ERR_EXIST, or 0 when all of the directory was read and has no such name. */
E2_NODISCARD int e2_op_absent(struct e2_txn *txn, const struct e2_op_dir *dir, const void *name,
			      size_t len);

/* An inode that a name may lead to; E2_ERR_CORRUPT for a reserved one. */
E2_NODISCARD int e2_op_inode(struct e2_txn *txn, e2_ino ino, struct e2_inode *in);

/* Finds a name and reads its inode: E2_ERR_NOENT, E2_ERR_NAMETOOLONG; E2_ERR_CORRUPT for an
 * inode that no name can have. */
E2_NODISCARD int e2_op_name(struct e2_txn *txn, const struct e2_op_dir *dir, const void *name,
			    size_t len, struct e2_op_name *n);

/* E2_ERR_PERM: nothing may come into the directory. */
E2_NODISCARD int e2_op_may_add(const struct e2_op_dir *dir);

/*
 * Whether a name may go: E2_ERR_PERM (flags of the directory or of the inode), then E2_ERR_NOTDIR
 * or E2_ERR_ISDIR when its type is not the one wanted, E2_ERR_BUSY for the root.
 */
E2_NODISCARD int e2_op_may_remove(const struct e2_op_dir *dir, const struct e2_op_name *n,
				  bool want_dir);

/* E2_ERR_NOTEMPTY; E2_ERR_CORRUPT when part of the directory cannot be read. */
E2_NODISCARD int e2_op_empty(struct e2_txn *txn, const struct e2_op_name *n);

/* E2_ERR_LINK_MAX when a directory can hold no further one. */
E2_NODISCARD int e2_op_may_hold_dir(const struct e2_op_dir *dir);

/* Counts subdirectories that come and go: never below 2, as the kernel. */
void e2_op_count_dir(struct e2_inode *in, int by);

/* Names came or went: sets mtime and ctime and puts the inode. */
E2_NODISCARD int e2_op_put_dir(struct e2_txn *txn, struct e2_op_dir *dir);

/*
 * A name of an inode is gone: lowers the count, or gives the inode back with its last name
 * (*freed, may be NULL).  An inode that counts no names keeps what it has.
 */
E2_NODISCARD int e2_op_unlinked(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, bool *freed);

/* The same for an empty directory. */
E2_NODISCARD int e2_op_delete_dir(struct e2_txn *txn, e2_ino ino, struct e2_inode *in);

/* The flags that an inode of this type can have. */
uint32_t e2_flags_for(uint32_t mode, uint32_t flags);

#endif
