/* SPDX-License-Identifier: MIT */
/*
 * The two areas that hold extended attributes, as bytes: behind the extra fields of an inode,
 * and a block.
 *
 * Both hold entries that grow upwards, ended by four zero bytes, and values, found by
 * offset: from the first entry in an inode, from the start of a block.  The entries of a
 * block are sorted.
 * Layout: docs/format.md, "xattr_entry" (kernel:
 * Documentation/filesystems/ext4/attributes.rst).
 */
#ifndef E2_TREE_XATTR_AREA_H
#define E2_TREE_XATTR_AREA_H

#include "vol/vol.h"

enum { E2_XATTR_END_BYTES = 4,		/* what ends the entries */
       E2_XATTR_REFS_MAX = 1024 };	/* inodes that may share a block */

/* An attribute as it is stored: ACLs in disk form; the name is without its prefix and need
 * not be NUL-terminated. */
struct e2_xattr_item {
	const char *name;
	const uint8_t *value;
	uint32_t value_len;
	uint8_t name_len, name_index;
};

/* The order of a block: index, length, bytes of the name; as memcmp. */
int e2_xattr_item_compare(const struct e2_xattr_item *a, const struct e2_xattr_item *b);

/* What an attribute takes of an area, entry and value. */
uint64_t e2_xattr_item_bytes(const struct e2_xattr_item *x);

/* Bytes for entries and values in an inode, 0 when it has no such area; and in a block. */
uint32_t e2_xattr_inode_room(uint32_t inode_size, uint32_t extra_isize);
uint32_t e2_xattr_block_room(uint32_t block_size);

/*
 * Whether the next attribute of a sorted set lies in the inode: each in turn that still fits,
 * so that the same set is always divided in the same way.  *room is what is left there.
 */
bool e2_xattr_fits(uint32_t *room, const struct e2_xattr_item *x);

/* ---- reading ----------------------------------------------------------------- */

struct e2_xattr_area {		/* bytes NULL: none */
	const uint8_t *bytes;	/* offsets of values count from here */
	size_t first;		/* of the first entry */
	size_t size;
	e2_ino ino;		/* for messages */
	bool in_inode;
	size_t at;		/* the next entry */
	size_t values;		/* the lowest value seen */
};

/* An area of the inode_size bytes of an inode; none is fine.  E2_ERR_CORRUPT: an impossible
 * extra_isize. */
int e2_xattr_area_inode(const struct e2_geometry *g, e2_ino ino, const uint8_t *raw,
			struct e2_xattr_area *area);

/* The area of an attribute block; *refs of its header.  E2_ERR_CORRUPT: it is none. */
int e2_xattr_area_block(const struct e2_geometry *g, e2_ino ino, e2_blk blk, const uint8_t *block,
			struct e2_xattr_area *area, uint32_t *refs);

/*
 * The next attribute: 1, 0 at the end; it points into the area.  Only when the entry, its
 * end mark and its value lie in the area, and values and entries do not overlap; else
 * E2_ERR_CORRUPT.
 */
int e2_xattr_area_next(struct e2_xattr_area *area, struct e2_xattr_item *x);

/* E2_ERR_CORRUPT for the attribute at hand, with what is wrong and a number. */
int e2_xattr_area_damaged(const struct e2_xattr_area *area, const char *what, uint64_t number);

/* ---- writing ------------------------------------------------------------------ */

struct e2_xattr_pack {
	uint8_t *bytes;		/* offsets of values count from here */
	uint32_t entry;		/* where the next entry goes */
	uint32_t value;		/* where the last value begins */
	uint32_t hash;		/* of all entries */
	bool hashless;		/* one of them has hash 0 */
};

/* Empties the area of an inode that has room for one. */
void e2_xattr_pack_inode(struct e2_xattr_pack *f, uint8_t *raw, uint32_t inode_size,
			 uint32_t extra_isize);
void e2_xattr_pack_block(struct e2_xattr_pack *f, uint8_t *block, uint32_t block_size);

/* The attributes that are added must fit; in a block they come sorted. */
void e2_xattr_pack_add(struct e2_xattr_pack *f, const struct e2_xattr_item *x);

/* Writes the header of an inode's area, or of a block that refs inodes share. */
void e2_xattr_pack_inode_end(struct e2_xattr_pack *f);
void e2_xattr_pack_block_end(struct e2_xattr_pack *f, uint32_t refs);

#endif
