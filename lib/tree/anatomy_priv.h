/* SPDX-License-Identifier: MIT */
/* What the files of the anatomy share: a list of parts that grows in any order. */
#ifndef E2_TREE_ANATOMY_PRIV_H
#define E2_TREE_ANATOMY_PRIV_H

#include "tree/anatomy.h"

struct e2_paint {
	struct e2_fs *fs;
	const struct e2_geometry *g;
	const struct e2_block_view *view;
	uint32_t from, to;		/* bytes that are asked for */
	struct e2_when_context when;
	const struct e2_field *covered;	/* where something else stands; NULL: none */
	struct e2_part *part;
	size_t count, cap;
	enum e2_part_kind rest;		/* what bytes are that no part covers */
	int status;
};

/* Adds a part, clipped to the block; what was added before has the bytes that both cover. */
void e2_paint_add(struct e2_paint *p, const struct e2_part *part);

/* Adds the fields of a structure at byte base; of what and which entry says `of`. */
void e2_paint_struct(struct e2_paint *p, const char *name, uint32_t base,
		     const struct e2_part *of);

/* The whole content of a directory's block, of an inode's attributes, of a block of them. */
void e2_paint_dir(struct e2_paint *p);
void e2_paint_inode_xattrs(struct e2_paint *p, uint32_t base, const struct e2_part *of);
void e2_paint_xattr_block(struct e2_paint *p);

/* Whether any byte of from .. from+len-1 is asked for. */
static inline bool e2_paint_wants(const struct e2_paint *p, uint32_t from, uint32_t len)
{
	return from < p->to && p->from < from + (uint64_t)len;
}

/* What the value of a field breaks; NULL: nothing. */
const char *e2_field_rule(struct e2_fs *fs, const struct e2_block_view *view,
			  const struct e2_part *part, const uint8_t *raw);

#endif
