/* SPDX-License-Identifier: MIT */
/*
 * Attributes for those who make and change inodes.
 *
 * in is the caller's decoded copy of the inode, which is on the disk but for fields that he
 * has changed: mode, file_acl and blocks of the copy are kept true, and he puts it.  What lies
 * in the inode behind its fields is written at once.  No times are changed.
 */
#ifndef E2_TREE_XATTR_WRITE_H
#define E2_TREE_XATTR_WRITE_H

#include "tree/change.h"
#include "tree/xattr_area.h"

/* Replaces all attributes by these, sorted ones as they are stored.  E2_ERR_NOSPC. */
E2_NODISCARD int e2_xattr_replace_all(struct e2_txn *txn, e2_ino ino, struct e2_inode *in,
				      const struct e2_xattr_item *v, uint32_t count);

/* The same with those of another inode, whose block is shared where it can be. */
E2_NODISCARD int e2_xattr_copy_from(struct e2_txn *txn, e2_ino from, e2_ino ino,
				    struct e2_inode *in);

/*
 * Gives a fresh inode the ACLs that a directory's default ACL asks for, and its mode what they
 * leave of it.  A mode without a default ACL stays.
 */
E2_NODISCARD int e2_acl_inherit(struct e2_txn *txn, e2_ino dir, e2_ino ino, struct e2_inode *in);

/* Carries the permissions of in->mode into its access ACL, if it has one. */
E2_NODISCARD int e2_acl_chmod(struct e2_txn *txn, e2_ino ino, struct e2_inode *in);

/* Takes security.capability away, as the kernel does when a file is written or given to another
 * owner. */
E2_NODISCARD int e2_xattr_drop_capability(struct e2_txn *txn, e2_ino ino, struct e2_inode *in);

#endif
