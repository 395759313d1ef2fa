/* SPDX-License-Identifier: MIT */
/* What the files of this layer share about directories. */
#ifndef E2_TREE_DIR_H
#define E2_TREE_DIR_H

#include "disk/access.h"
#include "tree/tree.h"
#include "vol/write.h"

/* ---- reading ----------------------------------------------------------- */

/*
 * As e2_dir_begin for an inode that was read already.
 * steps   at most so many blocks are looked at: a healthy directory has no
 *         more than the volume
 */
int e2_dir_begin_inode(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in, uint64_t steps,
		       struct e2_dir **dir);

/* As e2_dir_next, unused records included (their ino is 0). */
int e2_dir_next_record(struct e2_dir *dir, struct e2_entry *e);

/* Unpins the block; the next e2_dir_next goes on where it was.  Entries become invalid. */
void e2_dir_pause(struct e2_dir *dir);

/* How many of the steps are left; and lets at most so many be left. */
uint64_t e2_dir_steps(const struct e2_dir *dir);
void e2_dir_limit(struct e2_dir *dir, uint64_t steps);

/* Blocks by a directory's size, a part of one counted. */
e2_lblk e2_dir_blocks(const struct e2_fs *fs, const struct e2_inode *in);

/* Where block lblk of a directory lies; E2_ERR_CORRUPT for a hole. */
E2_NODISCARD int e2_dir_block(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in,
			      e2_lblk lblk, e2_blk *blk);

/* Pins a block of a directory for reading; e2_buf_put. */
E2_NODISCARD int e2_dir_read(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in, e2_lblk lblk,
			     const struct e2_buf **buf);

/* ---- finding names ----------------------------------------------------- */

struct e2_slot {		/* where a name stands, and what it leads to */
	e2_lblk lblk;
	uint32_t offset;	/* in the block */
	e2_ino ino;
	uint8_t file_type;
};

/*
 * Finds a name: by what the open transaction remembers, by the index, or by reading all of the
 * directory.  E2_ERR_NOENT means that all of it was read and the name is not there;
 * E2_ERR_CORRUPT or E2_ERR_IO that it was not found, but part could not be read.
 */
E2_NODISCARD int e2_dir_find(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in,
			     const void *name, size_t len, struct e2_slot *slot);

/* The same in one block: 1, 0 when it is not there, or negative. */
E2_NODISCARD int e2_dir_find_in(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in,
				e2_lblk lblk, const void *name, size_t len,
				struct e2_slot *slot);

/* ---- the index --------------------------------------------------------- */

enum {
	E2_DX_INFO_AT = 24,		/* in the root: behind two entries of 12 bytes */
	E2_DX_ROOT_AT = E2_DX_INFO_AT + E2_DX_INFO_BYTES,	/* entries of the root */
	E2_DX_NODE_AT = 8,		/* of a node: behind the header of an unused entry */
	E2_DX_LEVELS = 2,
	E2_DX_BLOCK_MASK = 0x0fffffff,	/* the bits above are reserved */
};

/*
 * Looks a name up in the index.  1 and where it stands; 0 when the index says that there is no
 * such name; negative when it looks odd or there is none.  A damaged index can look
 * sound, so only a linear search can say that a name is not there.
 */
int e2_htree_find(struct e2_fs *fs, const struct e2_inode *in, const void *name, size_t len,
		  struct e2_slot *slot);
int e2_htree_lookup(struct e2_fs *fs, const struct e2_inode *in, const void *name, size_t len,
		    e2_ino *ino);

struct e2_dx_level {		/* an index block on the way to a leaf */
	e2_lblk lblk;
	uint32_t entries_at;	/* byte of its entries */
	uint32_t count, limit;
	uint32_t at;		/* the entry that the way takes */
};

struct e2_dx_path {		/* the way to the leaf where a name belongs */
	unsigned version;	/* of the hash, signedness included */
	uint32_t hash;		/* of the name */
	unsigned levels;
	struct e2_dx_level level[E2_DX_LEVELS];
	e2_lblk leaf;
	uint32_t low, high;	/* hashes that belong there: low to high, high excluded ... */
	bool high_too;		/* ... unless names with the hash of the next leaf begin here */
};

/* Negative when the index looks odd or there is none. */
int e2_htree_path(struct e2_fs *fs, const struct e2_inode *in, const void *name, size_t len,
		  struct e2_dx_path *path);

/* ---- changing one block: bytes in, bytes out --------------------------- */

/* Writes header and name of an entry at e->offset, zeros up to its next 4 bytes. */
void e2_entry_write(const struct e2_geometry *g, uint8_t *block, const struct e2_entry *e);

/* How many bytes a record can give to another entry. */
static inline uint32_t e2_entry_room(const struct e2_entry *e)
{
	return e->ino == 0 ? e->rec_len :
	       e->rec_len - ((E2_DIRENT_BYTES + (uint32_t)e->name_len + 3) & ~3u);
}

/* e2_entry_at() for loops that look at all of a block: sound records take no call. */
static inline int e2_entry_step(const struct e2_geometry *g, const uint8_t *block, uint32_t at,
				struct e2_entry *e)
{
	uint32_t size = g->block_size;

	if (size != E2_BLOCK_SIZE_MAX && at % 4 == 0 && at < size && size - at >= 12) {
		const struct e2_dirent d = e2_dirent_peek(block + at);

		if (d.rec_len >= 12 && d.rec_len % 4 == 0 && d.rec_len <= size - at &&
		    d.name_len <= d.rec_len - E2_DIRENT_BYTES) {
			e->ino = d.inode;
			e->rec_len = d.rec_len;
			e->file_type = g->filetype ? d.file_type : (uint8_t)E2_FT_UNKNOWN;
			e->name_len = d.name_len;
			e->name = block + at + E2_DIRENT_BYTES;
			e->offset = at;
			e->lblk = 0;
			return 1;
		}
	}
	return e2_entry_at(g, block, at, e);
}

/* The most that a record of the block can give. */
E2_NODISCARD int e2_block_room(const struct e2_geometry *g, const uint8_t *block, uint32_t *room);

/* Puts an entry (ino, file_type, name) into the first gap: 1, or 0 when there is none.
 * *left (left may be NULL): the most that a record can give from then on. */
E2_NODISCARD int e2_block_insert(const struct e2_geometry *g, uint8_t *block,
				 const struct e2_entry *what, uint32_t *left);

/* Gives the record at offset to the one before it; the first of a block becomes unused. */
E2_NODISCARD int e2_block_remove(const struct e2_geometry *g, uint8_t *block, uint32_t offset);

/* Lets the entry at offset lead to another inode. */
E2_NODISCARD int e2_block_retarget(const struct e2_geometry *g, uint8_t *block, uint32_t offset,
				   e2_ino ino, uint8_t file_type);

/* A block of one unused record. */
void e2_block_clear(const struct e2_geometry *g, uint8_t *block);

/* ---- changing a directory ---------------------------------------------- */

/*
 * These take the caller's copy of the directory's inode, keep size, flags and pointers true
 * and leave times and putting to him.  They are steps of an operation: after an error the
 * caller takes back all of it.
 */

/* The name is known not to be there. */
E2_NODISCARD int e2_dir_insert(struct e2_txn *txn, e2_ino dir, struct e2_inode *in,
			       const void *name, size_t len, e2_ino ino, uint8_t file_type);
E2_NODISCARD int e2_dir_remove(struct e2_txn *txn, e2_ino dir, const struct e2_inode *in,
			       const void *name, size_t len, const struct e2_slot *slot);

/* Lets a name lead to another inode. */
E2_NODISCARD int e2_dir_retarget(struct e2_txn *txn, e2_ino dir, const struct e2_inode *in,
				 const struct e2_slot *slot, e2_ino ino, uint8_t file_type);

/* A block behind the last, of one unused record. */
E2_NODISCARD int e2_dir_append(struct e2_txn *txn, e2_ino dir, struct e2_inode *in, e2_lblk *lblk);

/* A block of a directory, writable until put. */
E2_NODISCARD int e2_dir_edit(struct e2_txn *txn, e2_ino dir, const struct e2_inode *in,
			     e2_lblk lblk, struct e2_wbuf **buf);

/*
 * Inserts where the index says, splitting blocks as need be.  1, or 0 when the index cannot be
 * kept true: what was done until then leaves a directory that is sound without it.
 */
E2_NODISCARD int e2_index_insert(struct e2_txn *txn, e2_ino dir, struct e2_inode *in,
				 const struct e2_entry *what);

/* Gives a directory of one full block an index, for an entry to be inserted.  1, or 0 when it
 * cannot have one. */
E2_NODISCARD int e2_index_build(struct e2_txn *txn, e2_ino dir, struct e2_inode *in,
				const struct e2_entry *what);

/* ---- what a transaction remembers of a directory ----------------------- */

/*
 * The names of a directory, by hash, and the room in each of its blocks: so that a name
 * costs no reading of the directory.  It only shortens work, so where memory runs out it is
 * forgotten.  A pointer is valid until the next call that takes the transaction.
 */
struct e2_dir_memo;

/* What is remembered; NULL: nothing. */
struct e2_dir_memo *e2_dir_memo(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in);

/* Reads a directory, if a transaction is open and it is large enough to be worth it.
 * NULL otherwise, and when memory ran out. */
struct e2_dir_memo *e2_dir_memo_make(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in);

/* Whether more blocks may hold a name than are remembered; those that are have been asked first. */
bool e2_dir_memo_crowded(const struct e2_dir_memo *memo, const void *name, size_t len);

/* Whether part of the directory could not be read. */
bool e2_dir_memo_damaged(const struct e2_dir_memo *memo);

/* Steps through the blocks that may hold a name: start with *cursor 0; false at the end. */
bool e2_dir_memo_next(const struct e2_dir_memo *memo, const void *name, size_t len, size_t *cursor,
		      e2_lblk *lblk);

/* The first block with a gap of so many bytes; false when there is none. */
bool e2_dir_memo_gap(const struct e2_dir_memo *memo, uint32_t bytes, e2_lblk *lblk);

/* What changes: names come, go, move; a block's largest gap.  Nothing to do without a memo. */
void e2_dir_memo_add(struct e2_txn *txn, e2_ino dir, const void *name, size_t len, e2_lblk lblk);
void e2_dir_memo_remove(struct e2_txn *txn, e2_ino dir, const void *name, size_t len,
			e2_lblk lblk);
void e2_dir_memo_room(struct e2_txn *txn, e2_ino dir, e2_lblk lblk, uint32_t room);
void e2_dir_memo_drop(struct e2_txn *txn, e2_ino dir);

#endif
