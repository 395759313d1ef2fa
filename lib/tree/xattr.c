/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes, in the inode after its extra fields and in a block.
 *
 * Both areas hold entries that grow upwards, ended by four zero bytes, and
 * values, found by offset: from the first entry in an inode, from the start of a
 * block.  An entry is handed out only when it, its end mark and its value lie in
 * the area and value and entries do not overlap.
 * Layout: docs/format.md, "xattr_entry" (kernel:
 * Documentation/filesystems/ext4/attributes.rst).
 */
#include "tree/tree.h"

#include "base/endian.h"

#include <stdlib.h>
#include <string.h>

enum { END_MARK_BYTES = 4 };

static const struct {
	uint8_t index;
	const char *prefix;
	bool whole;		/* the prefix is the whole name */
} prefixes[] = {
	{ E2_XATTR_USER, "user.", false },
	{ E2_XATTR_ACL_ACCESS, "system.posix_acl_access", true },
	{ E2_XATTR_ACL_DEFAULT, "system.posix_acl_default", true },
	{ E2_XATTR_TRUSTED, "trusted.", false },
	{ E2_XATTR_SECURITY, "security.", false },
	{ E2_XATTR_SYSTEM, "system.", false },
	{ E2_XATTR_RICHACL, "system.richacl", true },
	{ E2_XATTR_HURD, "gnu.", false },
};
enum { PREFIXES = sizeof(prefixes) / sizeof(prefixes[0]) };

struct area {			/* where attributes lie; bytes NULL: none */
	const uint8_t *bytes;	/* offsets of values count from here */
	size_t first;		/* of the first entry */
	size_t size;
	bool in_inode;
};

struct e2_xattrs {
	struct e2_fs *fs;
	e2_ino ino;
	struct area areas[2];
	unsigned area;		/* the one at hand */
	size_t at;		/* the next entry in it; 0: not begun */
	size_t values;		/* lowest value seen in it */
	int damage[2];		/* known when begun, reported once */
	uint8_t *raw;		/* of the inode */
	const struct e2_buf *buf;
	struct e2_str acl;	/* the value of the last attribute, converted */
	struct e2_xattr x;
};

/* ---- names --------------------------------------------------------------------- */

const char *e2_xattr_prefix(unsigned index)
{
	for (size_t i = 0; i < PREFIXES; i++)
		if (prefixes[i].index == index)
			return prefixes[i].prefix;
	return NULL;
}

int e2_xattr_split(const char *name, unsigned *index, const char **rest)
{
	struct e2_str shown = E2_STR_INIT;
	int r;

	for (size_t i = 0; i < PREFIXES; i++) {
		size_t len = strlen(prefixes[i].prefix);

		/* What else begins with "system." is the kernel's own business. */
		if (prefixes[i].index == E2_XATTR_SYSTEM ||
		    strncmp(name, prefixes[i].prefix, len) != 0 ||
		    (name[len] == '\0') != prefixes[i].whole)
			continue;
		*index = prefixes[i].index;
		*rest = name + len;
		return 0;
	}
	e2_str_add_name(&shown, name, strlen(name));
	r = e2_fail(E2_ERR_UNSUPPORTED, "attribute \"%s\": ext2 has no place for such names",
		    e2_str_text(&shown));
	e2_str_free(&shown);
	return r;
}

static int set_name(struct e2_xattrs *it, const struct e2_xattr_entry *e, const uint8_t *rest)
{
	const char *prefix = e2_xattr_prefix(e->name_index);
	struct e2_str *name = &it->x.name;

	e2_str_truncate(name, 0);
	if (prefix)
		e2_str_add(name, prefix);
	else
		e2_str_addf(name, "unknown%u.", e->name_index);
	e2_str_add_bytes(name, rest, e->name_len);
	return e2_str_status(name);
}

/* ---- areas ----------------------------------------------------------------------- */

static void find_in_inode(struct e2_xattrs *it, const struct e2_inode *in)
{
	uint32_t size = e2_geometry(it->fs)->inode_size, at;
	struct e2_xattr_ibody header;

	if (size < E2_INODE_BYTES + E2_XATTR_IBODY_BYTES)
		return;
	at = (uint32_t)E2_INODE_BYTES + in->extra_isize;
	if (in->extra_isize % 4 != 0 || at > size) {
		it->damage[0] = e2_fail(E2_ERR_CORRUPT,
					"inode %u: extra_isize is %u, at most %u fit", it->ino,
					in->extra_isize, size - E2_INODE_BYTES);
		return;
	}
	/* Without extra fields nothing was ever stored behind them. */
	if (in->extra_isize == 0 || size - at < E2_XATTR_IBODY_BYTES + END_MARK_BYTES)
		return;
	e2_xattr_ibody_decode(&header, it->raw + at);
	if (header.magic != (uint32_t)E2_XATTR_MAGIC)
		return;
	at += E2_XATTR_IBODY_BYTES;
	it->areas[0] = (struct area){ it->raw + at, 0, size - at, true };
}

static int find_block(struct e2_xattrs *it, const struct e2_inode *in)
{
	const struct e2_geometry *g = e2_geometry(it->fs);
	struct e2_xattr_header header;
	int r;

	if (in->file_acl == 0)
		return 0;
	if (!e2_block_valid(g, in->file_acl))
		return e2_fail(E2_ERR_CORRUPT,
			       "inode %u: attribute block %u lies outside the volume", it->ino,
			       in->file_acl);
	r = e2_buf_get(it->fs, in->file_acl, &it->buf);
	if (r)
		return r;
	e2_xattr_header_decode(&header, it->buf->data);
	if (header.magic != (uint32_t)E2_XATTR_MAGIC || header.blocks != 1)
		return e2_fail(E2_ERR_CORRUPT, "inode %u: block %u holds no attributes", it->ino,
			       in->file_acl);
	it->areas[1] = (struct area){ it->buf->data, E2_XATTR_HEADER_BYTES, g->block_size, false };
	return 0;
}

int e2_xattrs_begin(struct e2_fs *fs, e2_ino ino, struct e2_xattrs **out)
{
	struct e2_xattrs *it = calloc(1, sizeof(*it));
	struct e2_inode in;
	int r = E2_ERR_NOMEM;

	if (!it)
		return e2_fail(r, "inode %u: out of memory", ino);
	it->fs = fs;
	it->ino = ino;
	it->raw = malloc(e2_geometry(fs)->inode_size);
	if (it->raw)
		r = e2_inode_raw(fs, ino, it->raw);
	if (r) {
		e2_xattrs_end(it);
		return r;
	}
	e2_inode_decode(&in, it->raw, e2_geometry(fs)->inode_size);
	find_in_inode(it, &in);
	it->damage[1] = find_block(it, &in);
	*out = it;
	return 0;
}

void e2_xattrs_end(struct e2_xattrs *it)
{
	if (!it)
		return;
	e2_buf_put(it->fs, it->buf);
	e2_str_free(&it->x.name);
	e2_str_free(&it->acl);
	free(it->raw);
	free(it);
}

/* ---- entries ---------------------------------------------------------------------- */

static int damaged(const struct e2_xattrs *it, const char *what, uint64_t number)
{
	return e2_fail(E2_ERR_CORRUPT, "inode %u: attribute at byte %zu of %s: %s %llu", it->ino,
		       it->at, it->areas[it->area].in_inode ? "the inode" : "its block", what,
		       (unsigned long long)number);
}

/* Finds the value of the entry at hand; behind is where its record ends. */
static int check_value(struct e2_xattrs *it, const struct e2_xattr_entry *e, size_t behind)
{
	const struct area *a = &it->areas[it->area];

	it->x.value = a->bytes + a->size;
	it->x.value_len = 0;
	if (e->value_inum != 0)
		return damaged(it, "value lies in inode", e->value_inum);
	if (e->value_size != 0) {
		if (e->value_offs > a->size || e->value_size > a->size - e->value_offs)
			return damaged(it, "value leaves the area, at byte", e->value_offs);
		it->x.value = a->bytes + e->value_offs;
		it->x.value_len = e->value_size;
		if (e->value_offs < it->values)
			it->values = e->value_offs;
	}
	if (behind + END_MARK_BYTES > it->values)
		return damaged(it, "values overlap it, from byte", it->values);
	return 0;
}

static int convert_acl(struct e2_xattrs *it)
{
	int r;

	e2_str_truncate(&it->acl, 0);
	r = e2_acl_to_host(it->x.value, it->x.value_len, &it->acl);
	if (r == E2_ERR_CORRUPT)
		return damaged(it, "is no access control list, bytes", it->x.value_len);
	if (r)
		return r;
	it->x.value = (const uint8_t *)it->acl.text;
	it->x.value_len = it->acl.len;
	return 0;
}

/* One entry of the area at hand: 1, 0 at its end. */
static int area_next(struct e2_xattrs *it)
{
	const struct area *a = &it->areas[it->area];
	struct e2_xattr_entry e;
	size_t behind;
	int r;

	if (a->size - it->at < END_MARK_BYTES)
		return damaged(it, "no end mark; bytes left:", a->size - it->at);
	if (e2_get32(a->bytes + it->at) == 0)
		return 0;
	if (a->size - it->at < E2_XATTR_ENTRY_BYTES)
		return damaged(it, "no room for an entry; bytes left:", a->size - it->at);
	e2_xattr_entry_decode(&e, a->bytes + it->at);
	behind = it->at + E2_XATTR_ENTRY_BYTES + ((e.name_len + 3u) & ~3u);
	if (behind > a->size - END_MARK_BYTES)
		return damaged(it, "its name leaves the area; bytes:", e.name_len);
	r = check_value(it, &e, behind);
	if (r == 0)
		r = set_name(it, &e, a->bytes + it->at + E2_XATTR_ENTRY_BYTES);
	if (r == 0 && (e.name_index == E2_XATTR_ACL_ACCESS || e.name_index == E2_XATTR_ACL_DEFAULT))
		r = convert_acl(it);
	if (r)
		return r;
	it->x.in_inode = a->in_inode;
	it->at = behind;
	return 1;
}

static void next_area(struct e2_xattrs *it)
{
	it->area++;
	it->at = 0;
}

int e2_xattrs_next(struct e2_xattrs *it, const struct e2_xattr **x)
{
	int r;

	for (; it->area < 2; next_area(it)) {
		const struct area *a = &it->areas[it->area];

		r = it->damage[it->area];
		it->damage[it->area] = 0;
		if (r)
			return r;
		if (!a->bytes)
			continue;
		if (it->at == 0) {
			it->at = a->first;
			it->values = a->size;
		}
		r = area_next(it);
		if (r > 0)
			*x = &it->x;
		if (r < 0)
			next_area(it);
		if (r)
			return r;
	}
	return 0;
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

uint32_t e2_xattr_block_hash(const uint32_t *entry_hashes, size_t count)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < count; i++) {
		if (entry_hashes[i] == 0)
			return 0;
		hash = rotate(hash, 16) ^ entry_hashes[i];
	}
	return hash;
}
