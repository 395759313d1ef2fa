/* SPDX-License-Identifier: MIT */
/* Attribute areas as bytes: bounds when reading, places when writing. */
#include "tree/xattr_area.h"

#include "base/endian.h"
#include "tree/tree.h"

#include <string.h>

static uint32_t pad4(uint32_t n)
{
	return (n + 3) & ~UINT32_C(3);
}

int e2_xattr_item_compare(const struct e2_xattr_item *a, const struct e2_xattr_item *b)
{
	if (a->name_index != b->name_index)
		return a->name_index < b->name_index ? -1 : 1;
	if (a->name_len != b->name_len)
		return a->name_len < b->name_len ? -1 : 1;
	return memcmp(a->name, b->name, a->name_len);
}

uint64_t e2_xattr_item_bytes(const struct e2_xattr_item *x)
{
	return (uint64_t)E2_XATTR_ENTRY_BYTES + pad4(x->name_len) +
	       ((uint64_t)x->value_len + 3) / 4 * 4;
}

uint32_t e2_xattr_inode_room(uint32_t inode_size, uint32_t extra_isize)
{
	uint64_t fixed = (uint64_t)E2_INODE_BYTES + extra_isize + E2_XATTR_IBODY_BYTES +
			 E2_XATTR_END_BYTES;

	/* Without extra fields nothing is ever stored behind them. */
	return extra_isize != 0 && inode_size > fixed ? (uint32_t)(inode_size - fixed) : 0;
}

uint32_t e2_xattr_block_room(uint32_t block_size)
{
	return block_size - E2_XATTR_HEADER_BYTES - E2_XATTR_END_BYTES;
}

bool e2_xattr_fits(uint32_t *room, const struct e2_xattr_item *x)
{
	uint64_t bytes = e2_xattr_item_bytes(x);

	if (bytes > *room)
		return false;
	*room -= (uint32_t)bytes;
	return true;
}

/* ---- reading ----------------------------------------------------------------- */

int e2_xattr_area_inode(const struct e2_geometry *g, e2_ino ino, const uint8_t *raw,
			struct e2_xattr_area *area)
{
	uint32_t size = g->inode_size, extra, at;
	struct e2_xattr_ibody header;

	*area = (struct e2_xattr_area){ .ino = ino, .in_inode = true };
	if (size < E2_INODE_BYTES + E2_XATTR_IBODY_BYTES)
		return 0;
	extra = e2_get16(raw + E2_INODE_BYTES);
	at = (uint32_t)E2_INODE_BYTES + extra;
	if (extra % 4 != 0 || at > size)
		return e2_fail(E2_ERR_CORRUPT, "inode %u: extra_isize is %u, at most %u fit", ino,
			       extra, size - E2_INODE_BYTES);
	if (extra == 0 || size - at < E2_XATTR_IBODY_BYTES + E2_XATTR_END_BYTES)
		return 0;
	e2_xattr_ibody_decode(&header, raw + at);
	if (header.magic != (uint32_t)E2_XATTR_MAGIC)
		return 0;
	at += E2_XATTR_IBODY_BYTES;
	area->bytes = raw + at;
	area->values = area->size = size - at;
	return 0;
}

int e2_xattr_area_block(const struct e2_geometry *g, e2_ino ino, e2_blk blk, const uint8_t *block,
			struct e2_xattr_area *area, uint32_t *refs)
{
	struct e2_xattr_header header;

	*area = (struct e2_xattr_area){ .ino = ino };
	e2_xattr_header_decode(&header, block);
	if (header.magic != (uint32_t)E2_XATTR_MAGIC || header.blocks != 1)
		return e2_fail(E2_ERR_CORRUPT, "inode %u: block %llu holds no attributes", ino,
			       (unsigned long long)blk);
	area->bytes = block;
	area->at = area->first = E2_XATTR_HEADER_BYTES;
	area->values = area->size = g->block_size;
	*refs = header.refcount;
	return 0;
}

int e2_xattr_area_damaged(const struct e2_xattr_area *area, const char *what, uint64_t number)
{
	return e2_fail(E2_ERR_CORRUPT, "inode %u: attribute at byte %zu of %s: %s %llu", area->ino,
		       area->at, area->in_inode ? "the inode" : "its block", what,
		       (unsigned long long)number);
}

/* Finds the value of the entry at hand; behind is where its record ends. */
static int find_value(struct e2_xattr_area *a, const struct e2_xattr_entry *e, size_t behind,
		      struct e2_xattr_item *x)
{
	x->value = a->bytes + a->size;
	x->value_len = 0;
	if (e->value_inum != 0)
		return e2_xattr_area_damaged(a, "value lies in inode", e->value_inum);
	if (e->value_size != 0) {
		if (e->value_offs > a->size || e->value_size > a->size - e->value_offs)
			return e2_xattr_area_damaged(a, "value leaves the area, at byte",
						     e->value_offs);
		x->value = a->bytes + e->value_offs;
		x->value_len = e->value_size;
		if (e->value_offs < a->values)
			a->values = e->value_offs;
	}
	if (behind + E2_XATTR_END_BYTES > a->values)
		return e2_xattr_area_damaged(a, "values overlap it, from byte", a->values);
	return 0;
}

int e2_xattr_area_next(struct e2_xattr_area *a, struct e2_xattr_item *x)
{
	struct e2_xattr_entry e;
	size_t behind;
	int r;

	if (a->bytes == NULL)
		return 0;
	if (a->size - a->at < E2_XATTR_END_BYTES)
		return e2_xattr_area_damaged(a, "no end mark; bytes left:", a->size - a->at);
	if (e2_get32(a->bytes + a->at) == 0)
		return 0;
	if (a->size - a->at < E2_XATTR_ENTRY_BYTES)
		return e2_xattr_area_damaged(a, "no room for an entry; bytes left:",
					     a->size - a->at);
	e2_xattr_entry_decode(&e, a->bytes + a->at);
	behind = a->at + E2_XATTR_ENTRY_BYTES + pad4(e.name_len);
	if (behind > a->size - E2_XATTR_END_BYTES)
		return e2_xattr_area_damaged(a, "its name leaves the area; bytes:", e.name_len);
	r = find_value(a, &e, behind, x);
	if (r)
		return r;
	x->name = (const char *)a->bytes + a->at + E2_XATTR_ENTRY_BYTES;
	x->name_len = e.name_len;
	x->name_index = e.name_index;
	a->at = behind;
	return 1;
}

/* ---- hashes ---------------------------------------------------------------------- */

static uint32_t rotate(uint32_t v, unsigned by)
{
	return v << by | v >> (32 - by);
}

uint32_t e2_xattr_entry_hash(const void *name, size_t name_len, const uint8_t *value,
			     size_t value_len)
{
	const uint8_t *bytes = name;
	uint8_t last[4] = { 0 };
	uint32_t hash = 0;
	size_t i;

	for (i = 0; i < name_len; i++)
		hash = rotate(hash, 5) ^ bytes[i];
	for (i = 0; i + 4 <= value_len; i += 4)
		hash = rotate(hash, 16) ^ e2_get32(value + i);
	if (i < value_len) {
		memcpy(last, value + i, value_len - i);
		hash = rotate(hash, 16) ^ e2_get32(last);
	}
	return hash;
}

static uint32_t join(uint32_t hash, uint32_t entry_hash)
{
	return rotate(hash, 16) ^ entry_hash;
}

uint32_t e2_xattr_block_hash(const uint32_t *entry_hashes, size_t count)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < count; i++) {
		if (entry_hashes[i] == 0)
			return 0;
		hash = join(hash, entry_hashes[i]);
	}
	return hash;
}

/* ---- writing ------------------------------------------------------------------ */

void e2_xattr_pack_inode(struct e2_xattr_pack *f, uint8_t *raw, uint32_t inode_size,
			 uint32_t extra_isize)
{
	uint32_t at = E2_INODE_BYTES + extra_isize + E2_XATTR_IBODY_BYTES;

	memset(raw + at - E2_XATTR_IBODY_BYTES, 0, inode_size - at + E2_XATTR_IBODY_BYTES);
	*f = (struct e2_xattr_pack){ .bytes = raw + at, .value = inode_size - at };
}

void e2_xattr_pack_block(struct e2_xattr_pack *f, uint8_t *block, uint32_t block_size)
{
	memset(block, 0, block_size);
	*f = (struct e2_xattr_pack){ .bytes = block, .entry = E2_XATTR_HEADER_BYTES,
				     .value = block_size };
}

void e2_xattr_pack_add(struct e2_xattr_pack *f, const struct e2_xattr_item *x)
{
	struct e2_xattr_entry entry = {
		.name_len = x->name_len, .name_index = x->name_index, .value_size = x->value_len,
		.hash = e2_xattr_entry_hash(x->name, x->name_len, x->value, x->value_len),
	};

	if (x->value_len > 0) {
		f->value -= pad4(x->value_len);
		entry.value_offs = (uint16_t)f->value;
		memcpy(f->bytes + f->value, x->value, x->value_len);
	}
	e2_xattr_entry_encode(&entry, f->bytes + f->entry);
	memcpy(f->bytes + f->entry + E2_XATTR_ENTRY_BYTES, x->name, x->name_len);
	f->entry += (uint32_t)E2_XATTR_ENTRY_BYTES + pad4(x->name_len);
	f->hash = join(f->hash, entry.hash);
	f->hashless |= entry.hash == 0;
}

void e2_xattr_pack_inode_end(struct e2_xattr_pack *f)
{
	const struct e2_xattr_ibody header = { .magic = (uint32_t)E2_XATTR_MAGIC };

	if (f->entry > 0)
		e2_xattr_ibody_encode(&header, f->bytes - E2_XATTR_IBODY_BYTES);
}

void e2_xattr_pack_block_end(struct e2_xattr_pack *f, uint32_t refs)
{
	const struct e2_xattr_header header = {
		.magic = (uint32_t)E2_XATTR_MAGIC, .refcount = refs, .blocks = 1,
		.hash = f->hashless ? 0 : f->hash,
	};

	e2_xattr_header_encode(&header, f->bytes);
}
