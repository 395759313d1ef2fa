/* SPDX-License-Identifier: MIT */
/*
 * Changing inodes and their data.
 *
 * Functions that take a struct e2_inode * work on the caller's decoded copy, keep its block
 * pointers, sector count and size true, and leave it to him to put it; the ones that take only a
 * number do all of it.  All of them either succeed or change nothing (neither the copy nor
 * the volume), unless they say otherwise.
 */
#ifndef E2_NODE_WRITE_H
#define E2_NODE_WRITE_H

#include "node/node.h"
#include "vol/write.h"

/* E2_ERR_RANGE, E2_ERR_CORRUPT. */
E2_NODISCARD int e2_inode_put(struct e2_txn *txn, e2_ino ino, const struct e2_inode *in);

/* The inode_size bytes of an inode, for fields by name and for attributes: writable until put. */
E2_NODISCARD int e2_inode_edit(struct e2_txn *txn, e2_ino ino, struct e2_wbuf **buf, uint8_t **raw);

/*
 * Takes an inode number and writes a fresh inode: mode, no names, no blocks, all four times
 * e2_fs_now, extra_isize as the volume wants, generation 0, everything else 0.
 * The inode is on the disk as returned in *in.
 */
E2_NODISCARD int e2_inode_new(struct e2_txn *txn, e2_ino parent, uint32_t mode, e2_ino *ino,
			      struct e2_inode *in);

/* The same for a number that is taken already. */
E2_NODISCARD int e2_inode_fresh(struct e2_txn *txn, e2_ino ino, uint32_t mode,
				struct e2_inode *in);

/*
 * Gives back everything an inode without names holds: data, pointer blocks, attribute block
 * (or a share of it), the inode; dtime is set, size and pointers stay, so that it can be found
 * again as long as nothing takes its place.
 * The share of an attribute block is given back by tree: file_acl must be 0 here.
 */
E2_NODISCARD int e2_inode_delete(struct e2_txn *txn, e2_ino ino);

/* Sets seconds, nanoseconds and the two extra bits, as far as the inode has room for them; of a
 * time out of its range the nearest, as the kernel does it. */
void e2_inode_set_time(struct e2_inode *in, enum e2_time_which which, struct e2_time t);

/* mtime and ctime, or ctime alone, to e2_fs_now. */
void e2_inode_touch(struct e2_txn *txn, struct e2_inode *in, bool data);

void e2_inode_set_size(struct e2_inode *in, uint64_t size);
void e2_inode_set_device(struct e2_inode *in, uint32_t major, uint32_t minor);

/* ---- mapping ----------------------------------------------------------------------- */

/*
 * Makes sure that lblk has a block: the run that holds it, at most count long, of blocks that
 * were there or, *fresh, that were allocated together (near the block before, or goal for the
 * first; 0: e2_inode_goal).  The content of fresh blocks is undefined until written; pointer
 * blocks come as needed.  May return a shorter run.  E2_ERR_NOSPC, E2_ERR_FBIG.
 */
E2_NODISCARD int e2_map_alloc(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, e2_lblk lblk,
			      uint64_t count, e2_blk goal, struct e2_run *run, bool *fresh);

/* Makes holes of count blocks from lblk; pointer blocks left without pointers are freed. */
E2_NODISCARD int e2_map_punch(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, e2_lblk lblk,
			     uint64_t count);

/* ---- data ---------------------------------------------------------------------------- */

/*
 * Writes bytes; grows the size, which sets large_file past 2 GiB.  No times are changed.
 * E2_ERR_NOSPC, E2_ERR_FBIG.  Large pieces are cheap.
 */
E2_NODISCARD int e2_write(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, uint64_t offset,
			  size_t len, const void *data);

/* Shrinks, zeroing the rest of the last block, or grows by a hole. */
E2_NODISCARD int e2_truncate(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, uint64_t size);

/* Makes bytes zero: whole blocks become holes.  Does not change the size. */
E2_NODISCARD int e2_punch(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, uint64_t offset,
			  uint64_t len);

/* Gives an inode its text as a symlink, fast or slow.  E2_ERR_NAMETOOLONG when it does not fit in a
 * block, E2_ERR_INVAL when empty or with a NUL. */
E2_NODISCARD int e2_symlink_write(struct e2_txn *txn, e2_ino ino, struct e2_inode *in,
				  const void *text, size_t len);

#endif
