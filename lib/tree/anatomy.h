/* SPDX-License-Identifier: MIT */
/*
 * What each byte of a block is: the one description behind `why @BYTE`, `hex` and `print`.
 *
 * A block, given what it is used for, is cut into parts that cover it exactly: fields by the
 * tables of disk/, names, values, pointers, bits, content, and what nothing reads.  Where the
 * content makes no sense the rest of it is a part of its own: parts never overlap, whatever
 * a damaged block says.
 */
#ifndef E2_TREE_ANATOMY_H
#define E2_TREE_ANATOMY_H

#include "tree/use.h"

/* PART(id, key, words) */
#define E2_PARTS(PART) \
	PART(FIELD, "field", "field") \
	PART(NAME, "name", "name") \
	PART(VALUE, "value", "value of an attribute") \
	PART(POINTER, "pointer", "pointer") \
	PART(BITS, "bits", "bits") \
	PART(TEXT, "text", "text of a symlink") \
	PART(DATA, "data", "data") \
	PART(BOOT, "boot", "for a boot loader") \
	PART(END, "end", "end of the attributes") \
	PART(PADDING, "padding", "padding") \
	PART(SLACK, "slack", "past the end of the file") \
	PART(UNUSED, "unused", "unused") \
	PART(DAMAGED, "damaged", "cannot be told: what is before it is damaged")

#define PART(id, key, words) E2_PART_##id,
enum e2_part_kind { E2_PARTS(PART) E2_PART_KINDS };
#undef PART
const char *e2_part_key(enum e2_part_kind kind);
const char *e2_part_words(enum e2_part_kind kind);

struct e2_part {
	enum e2_part_kind kind;
	uint32_t at, len;		/* bytes of the block */
	/* FIELD */
	const struct e2_struct *s;
	const struct e2_field *f;
	unsigned index;			/* element of a vector */
	uint32_t base;			/* byte of the block where the structure begins */
	uint32_t skip;			/* byte of the field or text with which the part begins */
	/* what it is part of */
	e2_grp group;			/* of a copy of the superblock, a descriptor, a bitmap */
	bool copy;			/* of a descriptor: not the one that counts */
	e2_ino ino;			/* whose inode it is; of a block with an owner: the owner */
	bool of_entry;			/* of a directory's, an index's or an attribute's entry */
	uint32_t number;		/* which entry of the block or inode, or pointer */
	const uint8_t *name;		/* of the entry; points into the block */
	uint32_t name_len;
	uint8_t name_index;		/* of an attribute */
	/* BITS: blocks or inodes first .. first+count-1; DATA: first byte of the file;
	 * POINTER: the first file block it reaches */
	uint64_t first, count;
	const char *rule;		/* what a value breaks; static; NULL: nothing */
	uint32_t order;			/* in which it was found */
};

/* The block, and what is known of it. */
struct e2_block_view {
	e2_blk blk;
	const uint8_t *data;
	enum e2_use use;
	e2_grp group;			/* of a use by the layout */
	e2_ino ino;			/* the owner, 0: none */
	const struct e2_inode *in;	/* of the owner, or NULL */
	e2_lblk lblk;			/* of the claim */
	unsigned level;
};

typedef int e2_part_fn(void *context, const struct e2_part *part);	/* not 0 stops */

/*
 * The parts of bytes from..to-1 of a block, in order; the first and the last may begin
 * before and end behind them.  E2_ERR_NOMEM, or what fn returned.
 */
E2_NODISCARD int e2_anatomy(struct e2_fs *fs, const struct e2_block_view *view, uint32_t from,
			    uint32_t to, e2_part_fn *fn, void *context);

/* The part that holds a byte; of BITS only the byte's own, up to 8 of them. */
E2_NODISCARD int e2_anatomy_at(struct e2_fs *fs, const struct e2_block_view *view, uint32_t byte,
			       struct e2_part *part);

/* How the part is called within what it is part of: "size", "block[7]", "name", "[251]". */
void e2_part_label(const struct e2_part *part, struct e2_str *out);

/* What it is part of: "sb", "sb:3", "^5", "<12>", "entry 3 \"plan.odt\"", "attribute user.x of
 * <12>"; nothing for content. */
void e2_part_object(const struct e2_block_view *view, const struct e2_part *part,
		    struct e2_str *out);

/* Its value as people read it; nothing for content and what is unused. */
void e2_part_value(const struct e2_block_view *view, const struct e2_part *part,
		   struct e2_str *out);

/* The first group whose descriptor a block of descriptors in the head of `home` holds. */
e2_grp e2_desc_first_group(const struct e2_geometry *g, e2_grp home, e2_blk blk);
/* Whether it is the one that counts, and not a copy. */
bool e2_desc_is_primary(const struct e2_geometry *g, e2_grp home, e2_blk blk);

#endif
