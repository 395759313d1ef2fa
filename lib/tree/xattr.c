/* SPDX-License-Identifier: MIT */
/* Extended attributes by name: first those in the inode, then those in its block. */
#include "tree/tree.h"

#include "tree/xattr_area.h"

#include <stdlib.h>
#include <string.h>

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

struct e2_xattrs {
	struct e2_fs *fs;
	e2_ino ino;
	struct e2_xattr_area areas[2];
	unsigned area;		/* the one at hand */
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

static int refuse_name(const char *name, int err, const char *why)
{
	struct e2_str shown = E2_STR_INIT;

	e2_str_add_name(&shown, name, strlen(name));
	err = e2_fail(err, "attribute \"%s\": %s", e2_str_text(&shown), why);
	e2_str_free(&shown);
	return err;
}

int e2_xattr_split(const char *name, unsigned *index, const char **rest)
{

	for (size_t i = 0; i < PREFIXES; i++) {
		size_t len = strlen(prefixes[i].prefix);

		/* What else begins with "system." is the kernel's own business. */
		if (prefixes[i].index == E2_XATTR_SYSTEM ||
		    strncmp(name, prefixes[i].prefix, len) != 0 ||
		    (prefixes[i].whole && name[len] != '\0'))
			continue;
		if (name[len] == '\0' && !prefixes[i].whole)
			return refuse_name(name, E2_ERR_INVAL, "nothing follows its prefix");
		*index = prefixes[i].index;
		*rest = name + len;
		return 0;
	}
	return refuse_name(name, E2_ERR_UNSUPPORTED, "ext2 has no place for such names");
}

static int set_name(struct e2_xattrs *it, const struct e2_xattr_item *item)
{
	const char *prefix = e2_xattr_prefix(item->name_index);
	struct e2_str *name = &it->x.name;

	e2_str_truncate(name, 0);
	if (prefix)
		e2_str_add(name, prefix);
	else
		e2_str_addf(name, "unknown%u.", item->name_index);
	e2_str_add_bytes(name, item->name, item->name_len);
	return e2_str_status(name);
}

/* ---- areas ----------------------------------------------------------------------- */

static int find_block(struct e2_xattrs *it, const struct e2_inode *in)
{
	const struct e2_geometry *g = e2_geometry(it->fs);
	uint32_t refs;
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
	return e2_xattr_area_block(g, it->ino, in->file_acl, it->buf->data, &it->areas[1], &refs);
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
	it->damage[0] = e2_xattr_area_inode(e2_geometry(fs), ino, it->raw, &it->areas[0]);
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

static int convert_acl(struct e2_xattrs *it, const struct e2_xattr_area *at)
{
	int r;

	e2_str_truncate(&it->acl, 0);
	r = e2_acl_to_host(it->x.value, it->x.value_len, &it->acl);
	if (r == E2_ERR_CORRUPT)
		return e2_xattr_area_damaged(at, "is no access control list, bytes",
					     it->x.value_len);
	if (r)
		return r;
	it->x.value = (const uint8_t *)it->acl.text;
	it->x.value_len = it->acl.len;
	return 0;
}

/* One entry of the area at hand: 1, 0 at its end. */
static int area_next(struct e2_xattrs *it)
{
	struct e2_xattr_area *a = &it->areas[it->area], at = *a;
	struct e2_xattr_item item;
	int r = e2_xattr_area_next(a, &item);

	if (r <= 0)
		return r;
	it->x.value = item.value;
	it->x.value_len = item.value_len;
	r = set_name(it, &item);
	if (r == 0 && (item.name_index == E2_XATTR_ACL_ACCESS ||
		       item.name_index == E2_XATTR_ACL_DEFAULT))
		r = convert_acl(it, &at);
	if (r)
		return r;
	it->x.in_inode = a->in_inode;
	return 1;
}

int e2_xattrs_next(struct e2_xattrs *it, const struct e2_xattr **x)
{
	int r;

	for (; it->area < 2; it->area++) {
		r = it->damage[it->area];
		it->damage[it->area] = 0;
		if (r)
			return r;
		r = area_next(it);
		if (r > 0)
			*x = &it->x;
		if (r < 0)
			it->area++;
		if (r)
			return r;
	}
	return 0;
}
