/* SPDX-License-Identifier: MIT */
/* Changes of superblock, group descriptors, bitmaps and inodes. */
#include "tree/anatomy.h"
#include "tree/changes_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RECENT = 5 };		/* seconds: a time so near was set in this transaction */

/* ---- structures ------------------------------------------------------------------ */

/* The bytes of one element; of a split field those halves that differ. */
static void place_element(struct e2_changes *c, const struct e2_field *f, unsigned index,
			  uint32_t offset)
{
	uint32_t bytes = e2_field_bits(f) / 8;
	const uint8_t *was = c->was + offset, *is = c->is + offset;

	if (bytes == 0) {
		e2_tell_place(c, offset + f->at, f->arg);
	} else if (f->kind == E2_KIND_split16 || f->kind == E2_KIND_split32) {
		if (memcmp(was + f->at, is + f->at, bytes / 2) != 0)
			e2_tell_place(c, offset + f->at, bytes / 2);
		if (memcmp(was + f->arg, is + f->arg, bytes / 2) != 0)
			e2_tell_place(c, offset + f->arg, bytes / 2);
	} else {
		e2_tell_place(c, offset + f->at + index * bytes, bytes);
	}
}

static void tell_element(struct e2_changes *c, enum e2_change_kind kind, const char *object,
			 const char *prefix, const struct e2_field *f, unsigned index,
			 uint32_t offset)
{
	char label[E2_LABEL_MAX];

	e2_tell_begin(c, kind, "%s", object);
	e2_tell_field(c, "%s%s", prefix, e2_field_label(f, index, label));
	e2_tell_values(c, f, index, c->was + offset, c->is + offset);
	place_element(c, f, index, offset);
}

void e2_tell_struct(struct e2_changes *c, enum e2_change_kind kind, const char *object,
		   const char *prefix, const struct e2_struct *s,
		   const struct e2_when_context *when, uint32_t offset)
{
	const struct e2_field *f;
	size_t cursor = 0;
	unsigned index;

	while (e2_struct_diff(s, c->was + offset, c->is + offset, when, &cursor, &f, &index) > 0)
		tell_element(c, kind, object, prefix, f, index, offset);
}

/* A time that was set anew and happens to be as it was: at the commit it may not. */
static void tell_again(struct e2_changes *c, const char *object, const char *structure,
		       const char *field, uint32_t offset, const struct e2_when_context *when)
{
	const uint8_t *was = c->was + offset, *is = c->is + offset;
	const struct e2_field *f;
	uint64_t before, after;
	unsigned index;

	if (e2_field_find(e2_struct_find(structure), field, &f, &index) ||
	    !e2_field_exists(f, is, when) || e2_field_get(f, was, index, &before) ||
	    e2_field_get(f, is, index, &after) || before != after)
		return;
	if ((uint32_t)c->now.sec - (uint32_t)after > RECENT)
		return;
	e2_tell_begin(c, E2_CHANGE_FIELD, "%s", object);
	e2_tell_field(c, "%s", field);
	e2_tell_values(c, f, index, was, is);
	place_element(c, f, index, offset);
}

void e2_tell_times(struct e2_changes *c, const char *object)
{
	static const char *const times[] = { "atime", "ctime", "mtime", "crtime" };
	struct e2_when_context when = e2_when(c->fs);
	size_t count = sizeof(times) / sizeof(*times);
	struct e2_inode before;

	e2_inode_decode(&before, c->was, c->g->inode_size);
	if (before.links_count)		/* made before, and only once */
		count--;
	for (size_t i = 0; i < count; i++)
		tell_again(c, object, "inode", times[i], 0, &when);
}

int e2_tell_super(struct e2_changes *c, const struct change_block *b)
{
	uint32_t at = b->group == 0 && b->blk == 0 ? E2_SUPER_OFFSET : 0;
	struct e2_when_context when = e2_when(c->fs);
	char object[32];
	int err = e2_tell_load(c, b->blk, false);

	if (err)
		return err;
	when.bytes = E2_SUPER_BYTES;
	if (b->group == 0)
		(void)snprintf(object, sizeof(object), "sb");
	else
		(void)snprintf(object, sizeof(object), "sb:%" PRIu32, b->group);
	e2_tell_struct(c, E2_CHANGE_FIELD, object, "", e2_struct_find("super"), &when, at);
	if (b->group == 0)
		tell_again(c, object, "super", "wtime", at, &when);
	(void)snprintf(object, sizeof(object), "block %" PRIu64, b->blk);
	e2_tell_rest(c, object, "bytes", 0, c->g->block_size);
	return 0;
}

int e2_tell_groups(struct e2_changes *c, const struct change_block *b)
{
	const struct e2_geometry *g = c->g;
	const struct e2_struct *s = e2_struct_find("group");
	struct e2_when_context when = e2_when(c->fs);
	e2_grp group = e2_desc_first_group(g, b->group, b->blk);
	bool primary = e2_desc_is_primary(g, b->group, b->blk);
	char object[48];
	int err = e2_tell_load(c, b->blk, false);

	if (err)
		return err;
	when.bytes = E2_GROUP_BYTES;
	for (uint32_t at = 0; at + g->desc_size <= g->block_size && group < g->groups; group++) {
		if (primary)
			(void)snprintf(object, sizeof(object), "^%" PRIu32, group);
		else
			(void)snprintf(object, sizeof(object), "^%" PRIu32 " copy in group %"
				       PRIu32, group, b->group);
		e2_tell_struct(c, E2_CHANGE_FIELD, object, "", s, &when, at);
		at += g->desc_size;
	}
	(void)snprintf(object, sizeof(object), "block %" PRIu64, b->blk);
	e2_tell_rest(c, object, "bytes", 0, g->block_size);
	return 0;
}

/* ---- bitmaps ----------------------------------------------------------------------- */

static bool bit(const uint8_t *bytes, uint32_t i)
{
	return (bytes[i / 8] >> i % 8 & 1) != 0;
}

/* Bits i.. that changed in one direction; how many. */
static uint32_t flipped(const struct e2_changes *c, uint32_t i, uint32_t end)
{
	uint32_t n = 0;

	while (i + n < end && bit(c->was, i + n) == bit(c->was, i) &&
	       bit(c->is, i + n) != bit(c->was, i))
		n++;
	return n;
}

int e2_tell_bitmap(struct e2_changes *c, const struct change_block *b)
{
	const struct e2_geometry *g = c->g;
	bool blocks = b->role == E2_ROLE_BLOCK_BITMAP;
	uint32_t bits = g->block_size * 8;
	uint32_t known = blocks ? e2_group_blocks(g, b->group) : g->inodes_per_group;
	uint64_t first = blocks ? e2_group_first_block(g, b->group) :
		(uint64_t)b->group * g->inodes_per_group + 1;
	int err = e2_tell_load(c, b->blk, false);

	if (err)
		return err;
	for (uint32_t i = 0, n; i < bits; i += n) {
		uint32_t end = i < known ? known : bits;
		bool was = bit(c->was, i);

		/* Most of a bitmap is as it was. */
		if (i % 8 == 0 && c->was[i / 8] == c->is[i / 8]) {
			n = 8;
			continue;
		}
		n = flipped(c, i, end);
		if (n == 0) {
			n = 1;
			continue;
		}
		e2_tell_begin(c, E2_CHANGE_BITS, "^%" PRIu32 "/%s", b->group, blocks ? "bb" : "ib");
		if (i >= known)
			e2_tell_field(c, "bits %" PRIu32 "-%" PRIu32, i, i + n - 1);
		else if (n == 1)
			e2_tell_field(c, "%" PRIu64, first + i);
		else
			e2_tell_field(c, "%" PRIu64 "-%" PRIu64, first + i, first + i + n - 1);
		e2_tell_before(c, "%s", was ? "in use" : "free");
		e2_tell_after(c, "%s", was ? "free" : "in use");
		e2_tell_place(c, i / 8, (i + n - 1) / 8 - i / 8 + 1);
	}
	return 0;
}

/* ---- inodes -------------------------------------------------------------------------- */

static bool fast_text(const struct e2_changes *c, const struct e2_inode *in)
{
	return e2_is_symlink(in) && e2_symlink_is_fast(c->fs, in) &&
		in->size <= E2_FAST_SYMLINK_MAX;
}

/* The text of a fast symlink lies where block pointers would be. */
static void change_fast_text(struct e2_changes *c, const char *object, const struct e2_inode *was,
			     const struct e2_inode *is)
{
	const struct e2_field *block;
	unsigned index;

	if (e2_field_find(e2_struct_find("inode"), "block", &block, &index))
		return;
	if ((!fast_text(c, was) && !fast_text(c, is)) ||
	    (fast_text(c, was) == fast_text(c, is) && was->size == is->size &&
	     memcmp(c->was + block->at, c->is + block->at, (size_t)is->size) == 0))
		return;
	e2_tell_begin(c, E2_CHANGE_TEXT, "%s", object);
	if (fast_text(c, was))
		e2_tell_quote(c, false, c->was + block->at, (size_t)was->size);
	if (fast_text(c, is))
		e2_tell_quote(c, true, c->is + block->at, (size_t)is->size);
	e2_tell_place(c, block->at, sizeof(is->block));
}

/* The fields of an inode; of block[] only what are block numbers, and not a text. */
static void change_fields(struct e2_changes *c, const char *object, const struct e2_inode *was,
			  const struct e2_inode *is)
{
	struct e2_when_context when = e2_when(c->fs);
	const struct e2_field *f;
	size_t cursor = 0;
	unsigned index;

	while (e2_struct_diff(e2_struct_find("inode"), c->was, c->is, &when, &cursor, &f,
			      &index) > 0) {
		bool text = strcmp(f->name, "block") == 0 &&
			(fast_text(c, is) || (fast_text(c, was) && is->block[index] == 0));

		if (!text)
			tell_element(c, E2_CHANGE_FIELD, object, "", f, index, 0);
	}
}

void e2_tell_inode(struct e2_changes *c, e2_ino ino)
{
	struct e2_inode before, after;
	uint32_t fields;
	char object[16];

	(void)snprintf(object, sizeof(object), "<%" PRIu32 ">", ino);
	e2_inode_decode(&before, c->was, c->g->inode_size);
	e2_inode_decode(&after, c->is, c->g->inode_size);
	fields = (uint32_t)E2_INODE_BYTES + after.extra_isize;
	change_fields(c, object, &before, &after);
	e2_tell_times(c, object);
	change_fast_text(c, object, &before, &after);
	e2_tell_inode_attributes(c, object);
	e2_tell_rest(c, object, "bytes", 0, fields < c->g->inode_size ? fields : c->g->inode_size);
	e2_tell_rest(c, object, "attribute bytes", fields, c->g->inode_size);
}
