/* SPDX-License-Identifier: MIT */
/*
 * Bytes to host structs and back, as straight-line code from the tables.
 *
 * A structure whose codec is `plain` gets its public pair of functions here.
 * For one with its `own`, the same expansion gives a static pair that takes all
 * fields as present, the common case; a second expansion asks field by field.
 */
#include "disk/struct.h"

#define plain_FUNCTION(name, verb) void e2_##name##_##verb
#define own_FUNCTION(name, verb) static void name##_##verb##_all

#define STRUCT(name, codec, bytes, doc) \
	codec##_FUNCTION(name, decode)(struct e2_##name *restrict to, \
				       const uint8_t *restrict raw) {
#define F(kind, name, at, arg, fmt, when, doc) E2_DECODE_##kind(to->name, raw, at, arg)
#define END(name) }
#include "disk/structs.def"

#define STRUCT(name, codec, bytes, doc) \
	codec##_FUNCTION(name, encode)(const struct e2_##name *restrict from, \
				       uint8_t *restrict raw) {
#define F(kind, name, at, arg, fmt, when, doc) E2_ENCODE_##kind(from->name, raw, at, arg)
#define END(name) }
#include "disk/structs.def"

#define ALIAS(kind, name, at, arg, fmt, when, doc)

/* Conditions of fields of inodes; none of those is a vector, so its size is that of one member. */
#define when_always(end)
#define when_large(end) if ((end) <= inode_size)
#define when_extra(end) if ((end) <= limit)

/* Where the fields end that an inode says it has. */
static uint32_t extra_end(uint16_t extra_isize, uint32_t inode_size)
{
	uint32_t end = E2_INODE_BYTES + (uint32_t)extra_isize;

	return end < inode_size ? end : inode_size;
}

static void inode_decode_some(struct e2_inode *restrict to, const uint8_t *restrict raw,
			      uint32_t inode_size, uint32_t limit)
{
	memset(to, 0, sizeof(*to));
#define F(kind, name, at, arg, fmt, when, doc) \
	when_##when(at + sizeof(to->name)) E2_DECODE_##kind(to->name, raw, at, arg)
#include "disk/inode.def"
#undef F
}

static void inode_encode_some(const struct e2_inode *restrict from, uint8_t *restrict raw,
			      uint32_t inode_size, uint32_t limit)
{
#define F(kind, name, at, arg, fmt, when, doc) \
	when_##when(at + sizeof(from->name)) E2_ENCODE_##kind(from->name, raw, at, arg)
#include "disk/inode.def"
#undef F
}

void e2_inode_decode(struct e2_inode *to, const uint8_t *raw, uint32_t inode_size)
{
	uint32_t limit = E2_INODE_BYTES;

	if (inode_size >= E2_INODE_BYTES + sizeof(to->extra_isize))
		limit = extra_end(e2_get16(raw + E2_INODE_BYTES), inode_size);
	if (limit >= E2_INODE_BYTES_MAX)
		inode_decode_all(to, raw);
	else
		inode_decode_some(to, raw, inode_size, limit);
}

void e2_inode_encode(const struct e2_inode *from, uint8_t *raw, uint32_t inode_size)
{
	uint32_t limit = extra_end(from->extra_isize, inode_size);

	if (limit >= E2_INODE_BYTES_MAX)
		inode_encode_all(from, raw);
	else
		inode_encode_some(from, raw, inode_size, limit);
}

void e2_acl_entry_decode(struct e2_acl_entry *to, const uint8_t *raw, bool named)
{
	uint8_t whole[E2_ACL_ENTRY_BYTES] = { 0 };

	memcpy(whole, raw, named ? E2_ACL_ENTRY_BYTES : E2_ACL_SHORT_BYTES);
	acl_entry_decode_all(to, whole);
}

void e2_acl_entry_encode(const struct e2_acl_entry *from, uint8_t *raw, bool named)
{
	uint8_t whole[E2_ACL_ENTRY_BYTES];

	acl_entry_encode_all(from, whole);
	memcpy(raw, whole, named ? E2_ACL_ENTRY_BYTES : E2_ACL_SHORT_BYTES);
}
