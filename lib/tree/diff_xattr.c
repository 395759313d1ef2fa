/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes side by side.
 *
 * An access ACL repeats the mode.  It counts only for what the mode does not say: entries of
 * owner, others and mask are left out, and that of the group where it is the mode's.
 */
#include "tree/diff_priv.h"

#include "base/endian.h"
#include "base/grow.h"
#include "tree/xattr_area.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_OWNER = 1, TAG_GROUP = 4, TAG_MASK = 16, TAG_OTHERS = 32,
       HOST_HEADER = 4, HOST_ENTRY = 8 };	/* bytes of an ACL as the host has it */

struct attribute {
	size_t name, value;		/* in the arena; the name ends with a NUL */
	size_t value_len;
	const char *text;		/* of the name, once all are read */
	bool in_inode;
};

struct attributes {
	struct attribute *all;
	size_t count, cap;
	struct e2_str arena;
	int status;			/* the first damage */
};

static bool is_access_acl(const char *name)
{
	return !strcmp(name, "system.posix_acl_access");
}

static bool is_acl(const char *name)
{
	return is_access_acl(name) || !strcmp(name, "system.posix_acl_default");
}

/* ---- access lists ------------------------------------------------------------------ */

/* What an access ACL says beside the mode; a value that is no list is left as it is. */
static void strip_acl(const uint8_t *acl, size_t len, uint32_t mode, struct e2_str *out)
{
	uint32_t group = mode >> 3 & 7;
	bool mask = false;

	if (len < HOST_HEADER || (len - HOST_HEADER) % HOST_ENTRY != 0) {
		e2_str_add_bytes(out, acl, len);
		return;
	}
	for (size_t at = HOST_HEADER; at < len; at += HOST_ENTRY)
		mask |= e2_get16(acl + at) == TAG_MASK;
	for (size_t at = HOST_HEADER; at < len; at += HOST_ENTRY) {
		uint16_t tag = e2_get16(acl + at);

		if (tag == TAG_OWNER || tag == TAG_MASK || tag == TAG_OTHERS ||
		    (tag == TAG_GROUP && (!mask || e2_get16(acl + at + 2) == group)))
			continue;
		e2_str_add_bytes(out, acl + at, HOST_ENTRY);
	}
}

/* ---- all of an inode --------------------------------------------------------------- */

static int add(struct attributes *l, const struct e2_xattr *x)
{
	struct attribute *more = e2_grow(l->all, &l->cap, l->count + 1, sizeof(*more));
	struct attribute *to;

	if (!more)
		return E2_ERR_NOMEM;
	l->all = more;
	to = &l->all[l->count++];
	*to = (struct attribute){ .name = l->arena.len, .value_len = x->value_len,
				  .in_inode = x->in_inode };
	e2_str_add_bytes(&l->arena, e2_str_text(&x->name), strlen(e2_str_text(&x->name)) + 1);
	to->value = l->arena.len;
	e2_str_add_bytes(&l->arena, x->value, x->value_len);
	return e2_str_status(&l->arena);
}

static int compare_names(const void *pa, const void *pb)
{
	const struct attribute *a = pa, *b = pb;
	int order = strcmp(a->text, b->text);

	return order ? order : a->text < b->text ? -1 : a->text > b->text;
}

static int read_all(struct e2_fs *fs, e2_ino ino, struct attributes *l)
{
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	int r = e2_xattrs_begin(fs, ino, &it);

	if (r == E2_ERR_NOMEM)
		return r;
	l->status = r;
	if (r)
		return 0;
	while ((r = e2_xattrs_next(it, &x)) != 0) {
		if (r > 0)
			r = add(l, x);
		else if (r != E2_ERR_NOMEM)
			l->status = r;
		if (r == E2_ERR_NOMEM)
			break;
	}
	e2_xattrs_end(it);
	if (r == E2_ERR_NOMEM)
		return r;
	for (size_t i = 0; i < l->count; i++)
		l->all[i].text = l->arena.text + l->all[i].name;
	if (l->count)
		qsort(l->all, l->count, sizeof(*l->all), compare_names);
	return 0;
}

static void free_all(struct attributes l[2])
{
	for (unsigned side = 0; side < 2; side++) {
		free(l[side].all);
		e2_str_free(&l[side].arena);
	}
}

/* ---- both -------------------------------------------------------------------------- */

static const uint8_t *value_of(const struct attributes *l, const struct attribute *a)
{
	return (const uint8_t *)l->arena.text + a->value;
}

/* Whether what two inodes have under one name is the same; NULL: has none. */
static int same(const struct attributes l[2], const struct attribute *const a[2],
		const uint32_t mode[2], bool *result)
{
	const char *name = a[0] ? a[0]->text : a[1]->text;
	struct e2_str stripped[2] = { E2_STR_INIT, E2_STR_INIT };
	int r = 0;

	if (!is_access_acl(name)) {
		*result = a[0] && a[1] && a[0]->value_len == a[1]->value_len &&
			  !memcmp(value_of(&l[0], a[0]), value_of(&l[1], a[1]), a[0]->value_len);
		return 0;
	}
	for (unsigned side = 0; side < 2 && r == 0; side++) {
		if (a[side])
			strip_acl(value_of(&l[side], a[side]), a[side]->value_len, mode[side],
				  &stripped[side]);
		r = e2_str_status(&stripped[side]);
	}
	*result = r == 0 && stripped[0].len == stripped[1].len &&
		  !memcmp(e2_str_text(&stripped[0]), e2_str_text(&stripped[1]), stripped[0].len);
	e2_str_free(&stripped[0]);
	e2_str_free(&stripped[1]);
	return r;
}

static int tell(const struct attributes l[2], const struct attribute *const a[2],
		e2_diff_xattr_fn *one, void *context)
{
	struct e2_xattr x[2] = { { .name = E2_STR_INIT }, { .name = E2_STR_INIT } };

	for (unsigned side = 0; side < 2; side++)
		if (a[side])
			x[side] = (struct e2_xattr){
				.value = value_of(&l[side], a[side]),
				.value_len = a[side]->value_len, .in_inode = a[side]->in_inode,
			};
	return one(context, a[0] ? a[0]->text : a[1]->text, a[0] ? &x[0] : NULL,
		   a[1] ? &x[1] : NULL);
}

/* Calls one() for what differs; *damaged: not all could be read. */
static int compare(struct e2_fs *const fs[2], const e2_ino ino[2], const uint32_t mode[2],
		   bool *damaged, e2_diff_xattr_fn *one, void *context)
{
	struct attributes l[2] = { { .arena = E2_STR_INIT }, { .arena = E2_STR_INIT } };
	size_t i = 0, k = 0;
	int r = read_all(fs[0], ino[0], &l[0]);

	if (r == 0)
		r = read_all(fs[1], ino[1], &l[1]);
	*damaged = l[0].status || l[1].status;
	while (r == 0 && (i < l[0].count || k < l[1].count)) {
		int order = i == l[0].count ? 1 : k == l[1].count ? -1 :
			strcmp(l[0].all[i].text, l[1].all[k].text);
		const struct attribute *a[2] = {
			order <= 0 ? &l[0].all[i] : NULL, order >= 0 ? &l[1].all[k] : NULL,
		};
		bool equal;

		r = same(l, a, mode, &equal);
		if (r == 0 && !equal)
			r = tell(l, a, one, context);
		i += order <= 0;
		k += order >= 0;
	}
	free_all(l);
	return r;
}

int e2_diff_xattrs(struct e2_fs *const fs[2], const e2_ino ino[2], e2_diff_xattr_fn *one,
		   void *context)
{
	uint32_t mode[2];
	bool damaged;
	int r = 0;

	for (unsigned side = 0; side < 2 && r == 0; side++) {
		struct e2_inode in;

		r = e2_inode_get(fs[side], ino[side], &in);
		mode[side] = in.mode;
	}
	return r ? r : compare(fs, ino, mode, &damaged, one, context);
}

/* ---- as part of a comparison ------------------------------------------------------- */

static int mark(void *context, const char *name, const struct e2_xattr *first,
		const struct e2_xattr *second)
{
	uint32_t *what = context;

	(void)first, (void)second;
	*what |= is_acl(name) ? E2_DIFF_BIT(ACL) : E2_DIFF_BIT(XATTR);
	return 0;
}

/* Whether an inode has none, and no area that could be damaged. */
static bool has_none(const struct e2_diff *d, unsigned side, e2_ino ino, const struct e2_inode *in)
{
	struct e2_xattr_area area;

	return in->file_acl == 0 &&
	       e2_xattr_area_inode(e2_geometry(d->fs[side]), ino, d->raw[side], &area) == 0 &&
	       !area.bytes;
}

int diff_attributes(struct e2_diff *d, const e2_ino ino[2], const struct e2_inode in[2],
		    uint32_t *what)
{
	const uint32_t mode[2] = { in[0].mode, in[1].mode };
	bool damaged;
	int r;

	if (has_none(d, 0, ino[0], &in[0]) && has_none(d, 1, ino[1], &in[1]))
		return 0;
	r = compare(d->fs, ino, mode, &damaged, mark, what);
	if (r == 0 && damaged)
		*what |= E2_DIFF_BIT(DAMAGE);
	return r;
}
