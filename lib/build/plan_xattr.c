/* SPDX-License-Identifier: MIT */
/*
 * Attributes as ext2 stores them: in the inode behind its extra fields, what does not
 * fit there in a block.  Source: kernel, Documentation/filesystems/ext4/attributes.rst.
 *
 * Both areas hold entries from the start, values from the end, four zero bytes
 * between.  Sets come sorted as a block demands; each attribute in turn goes into the
 * inode if it still fits, so the same set is always divided in the same way
 * and files with equal sets can share a block.
 */
#include "build/plan_priv.h"

#include <string.h>

enum { END_BYTES = 4 };		/* what ends the entries */

static uint32_t pad4(uint32_t n)
{
	return (n + 3) & ~UINT32_C(3);
}

static uint32_t entry_bytes(const struct e2_source_xattr *x)
{
	return E2_XATTR_ENTRY_BYTES + pad4(x->name_len);
}

static uint64_t all_bytes(const struct e2_source_xattr *x)
{
	return (uint64_t)entry_bytes(x) + ((uint64_t)x->value_len + 3) / 4 * 4;
}

/* Bytes for entries and values in an inode; 0 when it has no such area. */
static uint32_t inode_room(const struct e2_form *form)
{
	uint32_t fixed = E2_INODE_BYTES + form->extra_isize + E2_XATTR_IBODY_BYTES + END_BYTES;

	return form->inode_size > fixed ? form->inode_size - fixed : 0;
}

void e2_xattr_divide(const struct e2_form *form, const struct e2_source_xattr *v,
			uint32_t count, struct e2_xattr_bytes *bytes)
{
	uint32_t room = inode_room(form), used = 0;
	uint64_t block = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t one = all_bytes(&v[i]);

		if (one <= room - used)
			used += (uint32_t)one;
		else
			block += one;
	}
	if (block > 0)
		block += E2_XATTR_HEADER_BYTES + END_BYTES;
	bytes->inode_bytes = used;
	bytes->block_bytes = block > UINT32_MAX ? UINT32_MAX : (uint32_t)block;
}

struct area {
	uint8_t *base;		/* what value_offs counts from */
	uint32_t entry;		/* where the next entry goes */
	uint32_t value;		/* where the last value begins */
};

/* Returns the entry's hash. */
static uint32_t add(struct area *a, const struct e2_source_xattr *x)
{
	struct e2_xattr_entry entry = {
		.name_len = x->name_len, .name_index = x->name_index, .value_size = x->value_len,
		.hash = e2_xattr_entry_hash(x->name, x->name_len, x->value, x->value_len),
	};

	if (x->value_len > 0) {
		a->value -= pad4(x->value_len);
		entry.value_offs = (uint16_t)a->value;
		memcpy(a->base + a->value, x->value, x->value_len);
	}
	e2_xattr_entry_encode(&entry, a->base + a->entry);
	memcpy(a->base + a->entry + E2_XATTR_ENTRY_BYTES, x->name, x->name_len);
	a->entry += entry_bytes(x);
	return entry.hash;
}

void e2_xattr_fill_inode(const struct e2_form *form, const struct e2_source_xattr *v,
			 uint32_t count, uint8_t *raw)
{
	uint32_t room = inode_room(form), used = 0;
	uint32_t at = E2_INODE_BYTES + form->extra_isize;
	const struct e2_xattr_ibody header = { .magic = (uint32_t)E2_XATTR_MAGIC };
	struct area a = { .base = raw + at + E2_XATTR_IBODY_BYTES, .value = room + END_BYTES };

	for (uint32_t i = 0; i < count; i++) {
		if (all_bytes(&v[i]) > room - used)
			continue;
		used += (uint32_t)all_bytes(&v[i]);
		(void)add(&a, &v[i]);	/* hashes matter together only in a block */
	}
	if (used > 0)
		e2_xattr_ibody_encode(&header, raw + at);
}

void e2_xattr_fill_block(const struct e2_form *form, const struct e2_source_xattr *v,
			 uint32_t count, uint32_t refs, uint8_t *block)
{
	uint32_t room = inode_room(form), used = 0, n = 0;
	uint32_t hashes[E2_BLOCK_SIZE_MAX / E2_XATTR_ENTRY_BYTES];
	struct e2_xattr_header header = { .magic = (uint32_t)E2_XATTR_MAGIC, .refcount = refs,
					  .blocks = 1 };
	struct area a = { .base = block, .entry = E2_XATTR_HEADER_BYTES,
			  .value = form->block_size };

	memset(block, 0, form->block_size);
	for (uint32_t i = 0; i < count; i++) {
		if (all_bytes(&v[i]) <= room - used)
			used += (uint32_t)all_bytes(&v[i]);
		else
			hashes[n++] = add(&a, &v[i]);
	}
	header.hash = e2_xattr_block_hash(hashes, n);
	e2_xattr_header_encode(&header, block);
}
