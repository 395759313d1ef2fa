/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: entries grow upwards from the start of their area and end
 * with four zero bytes, values lie anywhere behind; no two things may overlap.
 * Layout: docs/format.md, "xattr_entry" (kernel:
 * Documentation/filesystems/ext4/attributes.rst).
 */
#include "check/state.h"

#include "base/endian.h"

#include <stdlib.h>
#include <string.h>

enum { END_BYTES = 4, CELLS = E2_BLOCK_SIZE_MAX / 4 / 64 };

/* Users of an attribute block and the reference count it states, in one map value. */
enum { HEADER_BAD_BIT = 31, DAMAGED_BIT = 30 };

struct area {
	const uint8_t *bytes;	/* offsets of values count from here */
	uint32_t size, first;	/* of the first entry */
	uint64_t used[CELLS];	/* a bit for every four bytes */
};

/* Marks bytes as used, rounded up to four; false when some were used before. */
static bool use(struct area *a, uint32_t at, uint32_t len)
{
	for (uint32_t cell = at / 4; cell < (at + len + 3) / 4; cell++) {
		uint64_t bit = (uint64_t)1 << cell % 64;

		if (a->used[cell / 64] & bit)
			return false;
		a->used[cell / 64] |= bit;
	}
	return true;
}

/* Places entry and value; NULL, or what is wrong. */
static const char *place(struct area *a, uint32_t at, const struct e2_xattr_entry *e)
{
	if (e->name_len > a->size - at - E2_XATTR_ENTRY_BYTES)
		return "has a name that leads past the end";
	if (!use(a, at, E2_XATTR_ENTRY_BYTES + e->name_len))
		return "overlaps a value";
	if (e->name_index == E2_XATTR_NONE)
		return "has a name of no name space";
	if (e->value_inum != 0)
		return "has its value in an inode, which ext2 has not";
	if (e->value_size > a->size || e->value_offs > a->size - e->value_size)
		return "has a value that leads past the end";
	if (e->value_size != 0 && !use(a, e->value_offs, e->value_size))
		return "has a value that overlaps something";
	return NULL;
}

/* Kernels differ in the sign of name bytes from 128 on; both hashes are right. */
static uint32_t signed_hash(const struct e2_xattr_entry *e, const uint8_t *name,
			    const uint8_t *value)
{
	uint32_t hash = 0;

	for (uint32_t i = 0; i < e->name_len; i++)
		hash = (hash << 5 | hash >> 27) ^
		       (name[i] < 0x80 ? name[i] : name[i] | 0xffffff00u);
	for (uint32_t i = 0; i < e->value_size; i += 4) {
		uint8_t word[4] = { 0 };

		memcpy(word, value + i, e->value_size - i < 4 ? e->value_size - i : 4);
		hash = (hash << 16 | hash >> 16) ^ e2_get32(word);
	}
	return hash;
}

bool ck_xattr_hash_fits(const struct e2_xattr_entry *e, const uint8_t *name, const uint8_t *value)
{
	return e->hash == e2_xattr_entry_hash(name, e->name_len, value, e->value_size) ||
	       e->hash == signed_hash(e, name, value);
}

struct reporter {
	e2_ino ino;
	e2_blk blk;		/* 0: in the inode */
	struct e2_findings *out;
};

static void report(const struct reporter *r, uint32_t at, const char *why)
{
	e2_findings_add(r->out, &(struct e2_finding){
		.id = r->blk != 0 ? E2_PROBLEM_XATTR_ENTRY : E2_PROBLEM_XATTR_INODE,
		.ino = r->ino, .blk = r->blk, .index = at, .why = why,
	});
}

static void check_hash(const struct reporter *r, const struct area *a, uint32_t at,
		       const struct e2_xattr_entry *e)
{
	const uint8_t *name = a->bytes + at + E2_XATTR_ENTRY_BYTES;
	const uint8_t *value = a->bytes + (e->value_size != 0 ? e->value_offs : 0);
	uint32_t want = e2_xattr_entry_hash(name, e->name_len, value, e->value_size);

	if (ck_xattr_hash_fits(e, name, value) || (r->blk == 0 && e->hash == 0))
		return;
	e2_findings_add(r->out, &(struct e2_finding){
		.id = r->blk != 0 ? E2_PROBLEM_XATTR_HASH : E2_PROBLEM_XATTR_INODE_HASH,
		.ino = r->ino, .blk = r->blk, .index = at, .have = e->hash, .want = want,
	});
}

static void check_area(const struct reporter *r, struct area *a)
{
	for (uint32_t at = a->first;;) {
		struct e2_xattr_entry e;
		const char *why;

		if (a->size - at < END_BYTES) {
			report(r, at, "would be past the end: the list has no end");
			return;
		}
		if (e2_get32(a->bytes + at) == 0) {
			if (!use(a, at, END_BYTES))
				report(r, at, "is the end of the list, and overlaps a value");
			return;
		}
		if (a->size - at < E2_XATTR_ENTRY_BYTES) {
			report(r, at, "leads past the end");
			return;
		}
		e2_xattr_entry_decode(&e, a->bytes + at);
		why = place(a, at, &e);
		if (why != NULL) {
			report(r, at, why);
			return;
		}
		check_hash(r, a, at, &e);
		at += (E2_XATTR_ENTRY_BYTES + (uint32_t)e.name_len + 3) / 4 * 4;
		if (at > a->size)
			at = a->size;
	}
}

uint32_t ck_usual_extra(const struct ck *ck)
{
	uint32_t room = ck->g->inode_size - E2_INODE_BYTES, want = ck->super->want_extra_isize;

	if (want == 0 || want > room || want % 4 != 0)
		want = E2_INODE_BYTES_MAX - E2_INODE_BYTES;
	return want <= room ? want : room;
}

uint32_t ck_xattr_begin(const struct ck *ck, const uint8_t *raw)
{
	uint32_t room = ck->g->inode_size - E2_INODE_BYTES;

	for (uint32_t extra = 4; extra + E2_XATTR_IBODY_BYTES + E2_XATTR_ENTRY_BYTES <= room;
	     extra += 4) {
		const uint8_t *at = raw + E2_INODE_BYTES + extra;
		struct e2_xattr_entry e;

		if (e2_get32(at) != (uint32_t)E2_XATTR_MAGIC)
			continue;
		e2_xattr_entry_decode(&e, at + E2_XATTR_IBODY_BYTES);
		if (e.name_len != 0 && e.name_index != E2_XATTR_NONE &&
		    e.value_offs <= room && e.value_size <= room)
			return extra;
	}
	return 0;
}

/* Attributes where no reader finds them, since extra_isize leads elsewhere. */
static void check_lost(const struct ck *ck, e2_ino ino, const uint8_t *raw, uint32_t extra,
		       struct e2_findings *out)
{
	uint32_t begin = extra != ck_usual_extra(ck) ? ck_xattr_begin(ck, raw) : 0;

	if (begin != 0)
		FOUND(out, INODE_EXTRA_LOST, .ino = ino, .have = extra, .want = begin);
}

void ck_xattr_body(const struct ck *ck, e2_ino ino, const uint8_t *raw, struct e2_findings *out)
{
	struct reporter r = { .ino = ino, .out = out };
	struct area a = { .first = 0 };
	uint32_t at, size = ck->g->inode_size, extra;

	if (size < E2_INODE_BYTES + 4)
		return;
	extra = e2_get16(raw + E2_INODE_BYTES);
	at = E2_INODE_BYTES + extra;
	/* An impossible extra_isize is a finding of its own. */
	if (extra % 4 != 0 || at > size)
		return;
	if (extra == 0 || size - at < E2_XATTR_IBODY_BYTES + END_BYTES ||
	    e2_get32(raw + at) != (uint32_t)E2_XATTR_MAGIC) {
		check_lost(ck, ino, raw, extra, out);
		return;
	}
	at += E2_XATTR_IBODY_BYTES;
	a.bytes = raw + at;
	a.size = size - at;
	check_area(&r, &a);
}

bool ck_xattr_contents(const struct ck *ck, e2_ino ino, e2_blk blk, uint32_t *refcount,
		       struct e2_findings *out)
{
	struct reporter r = { .ino = ino, .blk = blk, .out = out };
	struct area a = { .size = ck->g->block_size, .first = E2_XATTR_HEADER_BYTES };
	struct e2_xattr_header h;
	const struct e2_buf *buf;
	bool good;

	if (e2_buf_get(ck->fs, blk, &buf) != 0) {
		e2_err_clear();
		FOUND(out, READ_ERROR, .blk = blk, .why = "attribute block");
		return false;
	}
	e2_xattr_header_decode(&h, buf->data);
	good = h.magic == (uint32_t)E2_XATTR_MAGIC && h.blocks == 1;
	*refcount = h.refcount;
	if (h.magic != (uint32_t)E2_XATTR_MAGIC)
		FOUND(out, XATTR_BLOCK, .ino = ino, .blk = blk, .field = "magic",
		      .have = h.magic, .want = (uint32_t)E2_XATTR_MAGIC);
	else if (h.blocks != 1)
		FOUND(out, XATTR_BLOCK, .ino = ino, .blk = blk, .field = "blocks",
		      .have = h.blocks, .want = 1);
	if (good) {
		a.bytes = buf->data;
		(void)use(&a, 0, E2_XATTR_HEADER_BYTES);
		check_area(&r, &a);
	}
	e2_buf_put(ck->fs, buf);
	return good;
}

int ck_xattr_block(struct ck *ck, e2_ino ino, const struct e2_inode *in,
		   struct ck_extent *extent)
{
	e2_blk blk = in->file_acl;
	uint64_t *users, taken;
	uint32_t refcount = 0;
	bool bad_place;
	size_t before;
	int r;

	if (!e2_has_ext_attr(ck->super)) {
		FOUND(ck->found, XATTR_FEATURE, .ino = ino, .have = blk);
		return 0;
	}
	if (!e2_block_valid(ck->g, blk)) {
		FOUND(ck->found, XATTR_PLACE, .ino = ino, .have = blk,
		      .want = ck->g->first_data_block, .limit = ck->g->blocks - 1);
		return 0;
	}
	extent->blocks++;
	r = e2_map_ref(ck->xattr_users, blk, &users);
	if (r != 0)
		return r;
	if (*users != 0) {
		++*users;
		return (*users >> DAMAGED_BIT & 1) != 0 ? ck_add_xattr_user(ck, blk, ino) : 0;
	}
	*users = 1;
	r = ck_claim(ck, blk, 1, &taken);
	if (r != 0)
		return r;
	bad_place = taken != 0 && e2_bitset_test(ck->metadata, blk);
	if (bad_place)
		FOUND(ck->found, XATTR_METADATA, .ino = ino, .have = blk);
	before = ck->found->count;
	if (ck_xattr_contents(ck, ino, blk, &refcount, ck->found))
		*users |= (uint64_t)refcount << 32;
	else
		*users |= (uint64_t)1 << HEADER_BAD_BIT;
	if (ck->found->count != before || bad_place)
		*users |= (uint64_t)1 << DAMAGED_BIT;
	return 0;
}

static int compare_users(const void *left, const void *right)
{
	const struct ck_xattr_user *a = left, *b = right;

	return a->blk != b->blk ? (a->blk > b->blk) - (a->blk < b->blk) :
				  (a->ino > b->ino) - (a->ino < b->ino);
}

int ck_xattr_refcounts(struct ck *ck)
{
	size_t cursor = 0;
	uint64_t blk, value;

	if (ck->xattr_count > 1)
		qsort(ck->xattr_others, ck->xattr_count, sizeof(*ck->xattr_others), compare_users);
	while (e2_map_next(ck->xattr_users, &cursor, &blk, &value)) {
		uint64_t users = value & (((uint64_t)1 << DAMAGED_BIT) - 1);

		if ((value >> HEADER_BAD_BIT & 1) == 0 && value >> 32 != users)
			FOUND(ck->found, XATTR_REFCOUNT, .blk = blk, .have = value >> 32,
			      .want = users);
	}
	return 0;
}
