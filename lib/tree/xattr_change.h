/* SPDX-License-Identifier: MIT */
/*
 * One inode's attributes taken into memory, changed there, and brought back at once.  Private
 * to the files that write attributes.
 */
#ifndef E2_TREE_XATTR_CHANGE_H
#define E2_TREE_XATTR_CHANGE_H

#include "tree/xattr_write.h"

struct e2_xattr_place {			/* one of the two areas */
	struct e2_xattr_item *v;
	size_t count, cap;
	uint64_t bytes;			/* what they take */
	uint32_t room;			/* and may take at most */
	bool sorted, changed;
};

struct e2_xattr_change {
	struct e2_txn *txn;
	e2_ino ino;
	struct e2_inode *in;		/* the caller's */
	uint8_t *raw, *block;		/* as they were: what the items point into */
	uint32_t refs;			/* of its block; 0: it has none */
	struct e2_xattr_place inside, outside;
};

/* Adds an attribute, which the caller knows to be a further one; room is not looked at. */
E2_NODISCARD int e2_xattr_place_add(struct e2_xattr_place *p, const struct e2_xattr_item *x);

/* Says cheaply whether an inode may have attributes. */
E2_NODISCARD int e2_xattr_any(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in, bool *any);

/* c is to be ended even after a failure.  E2_ERR_CORRUPT: an area or the block is damaged. */
E2_NODISCARD int e2_xattr_change_begin(struct e2_xattr_change *c, struct e2_txn *txn, e2_ino ino,
				       struct e2_inode *in);
void e2_xattr_change_end(struct e2_xattr_change *c);

/* The same for an inode whose attributes are of no interest: none are there. */
E2_NODISCARD int e2_xattr_change_afresh(struct e2_xattr_change *c, struct e2_txn *txn, e2_ino ino,
					struct e2_inode *in);

const struct e2_xattr_item *e2_xattr_change_find(const struct e2_xattr_change *c, unsigned index,
						 const void *name, size_t len);

/* Sets one; name and value are to outlive finish.  E2_ERR_NOSPC. */
E2_NODISCARD int e2_xattr_change_set(struct e2_xattr_change *c, const struct e2_xattr_item *x);

/* false: there is no such attribute. */
bool e2_xattr_change_remove(struct e2_xattr_change *c, unsigned index, const void *name,
			    size_t len);

/* Brings the changes to the volume.  Nothing is changed on an error. */
E2_NODISCARD int e2_xattr_change_finish(struct e2_xattr_change *c);

/* Lets an inode without a block share one, unless too many do already. */
E2_NODISCARD int e2_xattr_share_block(struct e2_txn *txn, e2_blk blk, struct e2_inode *in,
				      bool *shared);

#endif
