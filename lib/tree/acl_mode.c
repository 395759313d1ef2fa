/* SPDX-License-Identifier: MIT */
/* Access control lists and modes, and the ACLs of what is created. */
#include "tree/acl.h"

#include "tree/xattr_change.h"

#include <stdlib.h>
#include <string.h>

enum { RWX = 7, PERMISSIONS = 0777 };

/* ---- entries ------------------------------------------------------------------ */

struct cursor {
	const uint8_t *acl;
	size_t len, at;		/* at: of the next entry */
};

static bool is_named(const struct e2_acl_entry *e)
{
	return e->tag == E2_ACL_USER || e->tag == E2_ACL_GROUP;
}

/* 1, 0 at the end, E2_ERR_CORRUPT. */
static int next(struct cursor *c, struct e2_acl_entry *e)
{
	struct e2_acl_header header;

	if (c->at == 0) {
		if (c->len < E2_ACL_HEADER_BYTES)
			return e2_fail(E2_ERR_CORRUPT, "access control list: has %zu bytes",
				       c->len);
		e2_acl_header_decode(&header, c->acl);
		if (header.version != 1)
			return e2_fail(E2_ERR_CORRUPT, "access control list: version is %u, "
				       "should be 1", header.version);
		c->at = E2_ACL_HEADER_BYTES;
	}
	if (c->at == c->len)
		return 0;
	if (c->len - c->at < E2_ACL_SHORT_BYTES)
		return e2_fail(E2_ERR_CORRUPT, "access control list: ends within an entry");
	e2_acl_entry_decode(e, c->acl + c->at, false);
	if (is_named(e)) {
		if (c->len - c->at < E2_ACL_ENTRY_BYTES)
			return e2_fail(E2_ERR_CORRUPT, "access control list: ends within an entry");
		e2_acl_entry_decode(e, c->acl + c->at, true);
	}
	c->at += is_named(e) ? E2_ACL_ENTRY_BYTES : E2_ACL_SHORT_BYTES;
	return 1;
}

/* What stands in a list for the three classes of a mode. */
struct classes {
	uint32_t seen;			/* a bit for each tag */
	uint16_t perm[3];		/* owner, owning group, others */
	uint16_t mask;
	size_t at[3], mask_at;		/* where these entries lie */
};

static int class_of(uint32_t tag)
{
	return tag == E2_ACL_USER_OBJ ? 0 : tag == E2_ACL_GROUP_OBJ ? 1 :
	       tag == E2_ACL_OTHER ? 2 : -1;
}

static int read_classes(const uint8_t *acl, size_t len, struct classes *classes)
{
	const uint32_t needed = E2_ACL_USER_OBJ | E2_ACL_GROUP_OBJ | E2_ACL_OTHER;
	struct cursor c = { acl, len, 0 };
	struct e2_acl_entry e;
	int r;

	*classes = (struct classes){ 0 };
	while ((r = next(&c, &e)) > 0) {
		size_t at = c.at - (is_named(&e) ? E2_ACL_ENTRY_BYTES : E2_ACL_SHORT_BYTES);
		int class = class_of(e.tag);

		if (class >= 0) {
			classes->perm[class] = e.perm & RWX;
			classes->at[class] = at;
		} else if (e.tag == E2_ACL_MASK) {
			classes->mask = e.perm & RWX;
			classes->mask_at = at;
		} else if (!is_named(&e)) {
			return e2_fail(E2_ERR_CORRUPT, "access control list: tag %u is unknown",
				       e.tag);
		}
		classes->seen |= e.tag;
	}
	if (r == 0 && (classes->seen & needed) != needed)
		r = e2_fail(E2_ERR_CORRUPT, "access control list: lacks the entry of owner, "
			    "owning group or others");
	return r;
}

static bool says_more(const struct classes *c)
{
	return (c->seen & (E2_ACL_USER | E2_ACL_GROUP | E2_ACL_MASK)) != 0;
}

static void set_perm(uint8_t *acl, size_t at, uint16_t perm)
{
	struct e2_acl_entry e;

	e2_acl_entry_decode(&e, acl + at, false);
	e.perm = perm;
	e2_acl_entry_encode(&e, acl + at, false);
}

/* ---- rules ---------------------------------------------------------------------- */

/* What may follow a tag, the tag itself excluded unless it names somebody. */
static uint32_t followers(uint32_t tag)
{
	switch (tag) {
	case 0:
		return E2_ACL_USER_OBJ;
	case E2_ACL_USER_OBJ:
	case E2_ACL_USER:
		return E2_ACL_USER | E2_ACL_GROUP_OBJ;
	case E2_ACL_GROUP_OBJ:
	case E2_ACL_GROUP:
		return E2_ACL_GROUP | E2_ACL_MASK | E2_ACL_OTHER;
	case E2_ACL_MASK:
		return E2_ACL_OTHER;
	default:
		return 0;
	}
}

int e2_acl_check(const uint8_t *acl, size_t len)
{
	struct cursor c = { acl, len, 0 };
	struct e2_acl_entry e = { 0 };
	uint32_t before = 0, seen = 0;
	int r;

	while ((r = next(&c, &e)) > 0) {
		if ((followers(before) & e.tag) == 0 || (e.perm & ~RWX) != 0 ||
		    (is_named(&e) && e.id == UINT32_MAX))
			return e2_fail(E2_ERR_INVAL, "access control list: entry with tag %u, "
				       "permissions %u is not possible here", e.tag, e.perm);
		before = e.tag;
		seen |= e.tag;
	}
	if (r == 0 && before == 0)
		return 0;		/* no entries: no list */
	if (r == 0 && before != E2_ACL_OTHER)
		r = e2_fail(E2_ERR_INVAL, "access control list: others have no entry");
	if (r == 0 && (seen & (E2_ACL_USER | E2_ACL_GROUP)) && !(seen & E2_ACL_MASK))
		r = e2_fail(E2_ERR_INVAL, "access control list: names somebody and has no mask");
	return r;
}

static uint16_t with_permissions(uint16_t mode, unsigned owner, unsigned group, unsigned others)
{
	return (uint16_t)((mode & ~(unsigned)PERMISSIONS) | owner << 6 | group << 3 | others);
}

int e2_acl_to_mode(const uint8_t *acl, size_t len, uint16_t *mode, bool *more)
{
	struct classes c;
	int r = read_classes(acl, len, &c);

	if (r)
		return r;
	*more = says_more(&c);
	*mode = with_permissions(*mode, c.perm[0], c.seen & E2_ACL_MASK ? c.mask : c.perm[1],
				 c.perm[2]);
	return 0;
}

int e2_acl_from_mode(uint8_t *acl, size_t len, uint16_t mode)
{
	struct classes c;
	int r = read_classes(acl, len, &c);

	if (r)
		return r;
	set_perm(acl, c.at[0], mode >> 6 & RWX);
	set_perm(acl, c.seen & E2_ACL_MASK ? c.mask_at : c.at[1], mode >> 3 & RWX);
	set_perm(acl, c.at[2], mode & RWX);
	return 0;
}

int e2_acl_mask(uint8_t *acl, size_t len, uint16_t *mode, bool *more)
{
	struct classes c;
	uint16_t masked;
	int r = read_classes(acl, len, &c);

	if (r)
		return r;
	masked = with_permissions(*mode, *mode >> 6 & c.perm[0],
				  *mode >> 3 & (c.seen & E2_ACL_MASK ? c.mask : c.perm[1]),
				  *mode & c.perm[2]);
	r = e2_acl_from_mode(acl, len, masked);
	if (r)
		return r;
	*more = says_more(&c);
	*mode = masked;
	return 0;
}

/* ---- of inodes -------------------------------------------------------------------- */

/* A copy of a value, which is not empty. */
static uint8_t *copy_of(const struct e2_xattr_item *x)
{
	uint8_t *copy = malloc(x->value_len + 1u);

	if (copy == NULL)
		(void)e2_fail(E2_ERR_NOMEM, "an access control list");
	else
		memcpy(copy, x->value, x->value_len);
	return copy;
}

/* Gives a fresh inode, whose attributes c holds, what it inherits from a default ACL. */
static int inherit(struct e2_xattr_change *c, struct e2_xattr_item x)
{
	uint16_t mode = c->in->mode;
	uint8_t *acl = copy_of(&x);
	bool more;
	int r = 0;

	if (acl == NULL)
		return E2_ERR_NOMEM;
	if (e2_is_dir(c->in))
		r = e2_xattr_change_set(c, &x);
	x.value = acl;
	x.name_index = E2_XATTR_ACL_ACCESS;
	if (r == 0)
		r = e2_acl_mask(acl, x.value_len, &mode, &more);
	if (r == 0 && more)
		r = e2_xattr_change_set(c, &x);
	if (r == 0)
		r = e2_xattr_change_finish(c);
	if (r == 0)
		c->in->mode = mode;
	free(acl);
	return r;
}

int e2_acl_inherit(struct e2_txn *txn, e2_ino dir, e2_ino ino, struct e2_inode *in)
{
	struct e2_xattr_change parent = { 0 }, c = { 0 };
	const struct e2_xattr_item *x;
	struct e2_inode dir_in;
	bool any;
	int r;

	if (e2_is_symlink(in))
		return 0;
	r = e2_inode_get(e2_txn_fs(txn), dir, &dir_in);
	if (r == 0)
		r = e2_xattr_any(e2_txn_fs(txn), dir, &dir_in, &any);
	if (r || !any)
		return r;
	r = e2_xattr_change_begin(&parent, txn, dir, &dir_in);
	if (r == 0)
		r = e2_xattr_change_begin(&c, txn, ino, in);
	if (r == 0) {
		x = e2_xattr_change_find(&parent, E2_XATTR_ACL_DEFAULT, "", 0);
		if (x != NULL)
			r = inherit(&c, *x);
	}
	e2_xattr_change_end(&parent);
	e2_xattr_change_end(&c);
	return r;
}

int e2_acl_chmod(struct e2_txn *txn, e2_ino ino, struct e2_inode *in)
{
	struct e2_xattr_change c = { 0 };
	const struct e2_xattr_item *x;
	struct e2_xattr_item changed;
	uint8_t *acl = NULL;
	bool any;
	int r;

	r = e2_xattr_any(e2_txn_fs(txn), ino, in, &any);
	if (r || !any)
		return r;
	r = e2_xattr_change_begin(&c, txn, ino, in);
	x = r == 0 ? e2_xattr_change_find(&c, E2_XATTR_ACL_ACCESS, "", 0) : NULL;
	if (x == NULL)
		goto out;
	acl = copy_of(x);
	r = acl == NULL ? E2_ERR_NOMEM : e2_acl_from_mode(acl, x->value_len, in->mode);
	if (r)
		goto out;
	changed = *x;
	changed.value = acl;
	r = e2_xattr_change_set(&c, &changed);
	if (r == 0)
		r = e2_xattr_change_finish(&c);
out:
	free(acl);
	e2_xattr_change_end(&c);
	return r;
}
