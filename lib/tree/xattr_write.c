/* SPDX-License-Identifier: MIT */
/* Setting, removing and copying attributes, with the kernel's rules for root. */
#include "tree/xattr_change.h"

#include "tree/acl.h"

#include <stdlib.h>
#include <string.h>

/* ---- what may be set ---------------------------------------------------------- */

enum { NAME_MAX_BYTES = 255, OS_HURD = 1 };

static int refuse(int err, e2_ino ino, const char *name, const char *why)
{
	struct e2_str shown = E2_STR_INIT;

	e2_str_add_name(&shown, name, strlen(name));
	err = e2_fail(err, "inode %u: attribute \"%s\": %s", ino, e2_str_text(&shown), why);
	e2_str_free(&shown);
	return err;
}

static bool is_acl(unsigned index)
{
	return index == E2_XATTR_ACL_ACCESS || index == E2_XATTR_ACL_DEFAULT;
}

/* Whether the kernel lets root change an attribute of this kind. */
static int check_allowed(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in, const char *name,
			 unsigned index)
{
	if (in->flags & (uint32_t)(E2_FL_IMMUTABLE | E2_FL_APPEND))
		return refuse(E2_ERR_PERM, ino, name, "the inode is immutable or append-only");
	if (index == E2_XATTR_USER && !e2_is_reg(in) && !e2_is_dir(in))
		return refuse(E2_ERR_PERM, ino, name,
			      "only regular files and directories have such");
	if (is_acl(index) && e2_is_symlink(in))
		return refuse(E2_ERR_UNSUPPORTED, ino, name, "a symlink has no permissions");
	if (index == E2_XATTR_RICHACL ||
	    (index == E2_XATTR_HURD && e2_super(fs)->creator_os != OS_HURD))
		return refuse(E2_ERR_UNSUPPORTED, ino, name, "Linux has no use for such");
	return 0;
}

struct request {
	const char *name;
	struct e2_xattr_item item;
	bool remove;
	unsigned flags;
};

static int parse_name(e2_ino ino, const char *name, struct e2_xattr_item *item)
{
	size_t len = strlen(name);
	unsigned index;
	const char *rest;
	int r;

	if (len > NAME_MAX_BYTES)
		return refuse(E2_ERR_RANGE, ino, name, "the name is longer than 255 bytes");
	r = e2_xattr_split(name, &index, &rest);
	if (r)
		return r;
	item->name = rest;
	item->name_len = (uint8_t)strlen(rest);
	item->name_index = (uint8_t)index;
	return 0;
}

/* ---- one attribute ------------------------------------------------------------- */

static int change_plain(struct e2_xattr_change *c, const struct request *q)
{
	const struct e2_xattr_item *x = &q->item;
	bool found = e2_xattr_change_find(c, x->name_index, x->name, x->name_len) != NULL;

	if (found && (q->flags & E2_XATTR_CREATE))
		return refuse(E2_ERR_EXIST, c->ino, q->name, "exists already");
	if (!found && (q->remove || (q->flags & E2_XATTR_REPLACE)))
		return refuse(E2_ERR_NODATA, c->ino, q->name, "no such attribute");
	if (!q->remove)
		return e2_xattr_change_set(c, x);
	(void)e2_xattr_change_remove(c, x->name_index, x->name, x->name_len);
	return 0;
}

/* An access ACL that says no more than a mode becomes the mode. */
static int change_acl(struct e2_xattr_change *c, const struct request *q)
{
	const struct e2_xattr_item *x = &q->item;
	bool keep = !q->remove;
	int r;

	if (keep && x->name_index == E2_XATTR_ACL_DEFAULT && !e2_is_dir(c->in))
		return refuse(E2_ERR_ACCES, c->ino, q->name, "only directories have such");
	if (keep && x->name_index == E2_XATTR_ACL_ACCESS) {
		r = e2_acl_to_mode(x->value, x->value_len, &c->in->mode, &keep);
		if (r)
			return r;
	}
	if (keep)
		return e2_xattr_change_set(c, x);
	(void)e2_xattr_change_remove(c, x->name_index, x->name, x->name_len);
	return 0;
}

static int change(struct e2_txn *txn, e2_ino ino, const struct request *q)
{
	struct e2_xattr_change c = { 0 };
	struct e2_inode in;
	uint16_t mode;
	unsigned mark;
	int r;

	r = e2_inode_get(e2_txn_fs(txn), ino, &in);
	if (r == 0)
		r = check_allowed(e2_txn_fs(txn), ino, &in, q->name, q->item.name_index);
	if (r)
		return r;
	mode = in.mode;
	r = e2_xattr_change_begin(&c, txn, ino, &in);
	if (r == 0)
		r = is_acl(q->item.name_index) ? change_acl(&c, q) : change_plain(&c, q);
	if (r || (!c.inside.changed && !c.outside.changed && in.mode == mode))
		goto out;
	r = e2_txn_mark(txn, &mark);
	if (r)
		goto out;
	r = e2_xattr_change_finish(&c);
	if (r == 0) {
		e2_inode_touch(txn, &in, false);
		r = e2_inode_put(txn, ino, &in);
	}
	r = e2_txn_end(txn, mark, r);
out:
	e2_xattr_change_end(&c);
	return r;
}

int e2_xattr_set(struct e2_txn *txn, e2_ino ino, const char *name, const void *value, size_t len,
		 unsigned flags)
{
	struct request q = { .name = name, .flags = flags };
	struct e2_str acl = E2_STR_INIT;
	int r;

	r = parse_name(ino, name, &q.item);
	if (r)
		return r;
	if (len > E2_BLOCK_SIZE_MAX)
		return refuse(E2_ERR_NOSPC, ino, name, "the value is larger than any block");
	q.item.value = value;
	q.item.value_len = (uint32_t)len;
	if (is_acl(q.item.name_index) && len > 0) {
		r = e2_acl_from_host(value, len, &acl);
		if (r == 0)
			r = e2_acl_check((const uint8_t *)e2_str_text(&acl), acl.len);
		q.item.value = (const uint8_t *)e2_str_text(&acl);
		q.item.value_len = (uint32_t)acl.len;
	}
	/* A list without entries is none, as for the kernel. */
	if (is_acl(q.item.name_index) && q.item.value_len <= E2_ACL_HEADER_BYTES)
		q.remove = true;
	if (r == 0)
		r = change(txn, ino, &q);
	e2_str_free(&acl);
	return r;
}

int e2_xattr_remove(struct e2_txn *txn, e2_ino ino, const char *name)
{
	struct request q = { .name = name, .remove = true };
	int r = parse_name(ino, name, &q.item);

	return r != 0 ? r : change(txn, ino, &q);
}

/* ---- all of them ---------------------------------------------------------------- */

static int check_room(const struct e2_xattr_change *c)
{
	const struct e2_xattr_place *p = &c->outside;

	if (p->bytes <= p->room)
		return 0;
	return e2_fail(E2_ERR_NOSPC, "inode %u: its attributes need %llu bytes in a block; "
		       "%u are there", c->ino, (unsigned long long)p->bytes, p->room);
}

/* Fills both places with a sorted set. */
static int divide(struct e2_xattr_change *c, const struct e2_xattr_item *v, size_t count)
{
	uint32_t room = c->inside.room;
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = e2_xattr_place_add(e2_xattr_fits(&room, &v[i]) ? &c->inside : &c->outside,
				       &v[i]);
	return r != 0 ? r : check_room(c);
}

/* Brings both places to an inode instead of what it has; share is a block to be used for what
 * is outside, or 0. */
static int replace(struct e2_xattr_change *c, e2_blk share)
{
	struct e2_inode before = *c->in;
	bool shared = false;
	unsigned mark;
	int r = e2_txn_mark(c->txn, &mark);

	if (r)
		return r;
	r = e2_xattr_drop_block(c->txn, c->in);
	if (r == 0 && share != 0)
		r = e2_xattr_share_block(c->txn, share, c->in, &shared);
	c->inside.changed = true;
	c->outside.changed = !shared;
	if (r == 0)
		r = e2_xattr_change_finish(c);
	r = e2_txn_end(c->txn, mark, r);
	if (r)
		*c->in = before;
	return r;
}

int e2_xattr_replace_all(struct e2_txn *txn, e2_ino ino, struct e2_inode *in,
			 const struct e2_xattr_item *v, uint32_t count)
{
	struct e2_xattr_change c;
	int r = e2_xattr_change_afresh(&c, txn, ino, in);

	if (r == 0)
		r = divide(&c, v, count);
	if (r == 0)
		r = replace(&c, 0);
	e2_xattr_change_end(&c);
	return r;
}

/* As they lie, or, where the inode has less room than the other, as one set divided anew. */
static int take_over(struct e2_xattr_change *c, const struct e2_xattr_change *from, bool *as_is)
{
	const struct e2_xattr_place *places[] = { &from->inside, &from->outside };
	struct e2_xattr_place all = { .sorted = true };
	int r = 0;

	*as_is = from->inside.bytes <= c->inside.room;
	for (size_t p = 0; p < 2; p++) {
		struct e2_xattr_place *to = !*as_is ? &all : p == 0 ? &c->inside : &c->outside;

		for (size_t i = 0; i < places[p]->count && r == 0; i++)
			r = e2_xattr_place_add(to, &places[p]->v[i]);
	}
	if (r == 0 && !*as_is)
		r = divide(c, all.v, all.count);
	free(all.v);
	return r;
}

int e2_xattr_copy_from(struct e2_txn *txn, e2_ino from, e2_ino ino, struct e2_inode *in)
{
	struct e2_xattr_change source = { 0 }, c = { 0 };
	struct e2_inode from_in;
	bool as_is = false;
	int r;

	if (from == ino)
		return 0;
	r = e2_inode_get(e2_txn_fs(txn), from, &from_in);
	if (r == 0)
		r = e2_xattr_change_begin(&source, txn, from, &from_in);
	if (r == 0)
		r = e2_xattr_change_afresh(&c, txn, ino, in);
	if (r == 0)
		r = take_over(&c, &source, &as_is);
	/* Divided anew, as many attributes may be outside that are not the same. */
	if (r == 0)
		r = replace(&c, as_is ? from_in.file_acl : 0);
	e2_xattr_change_end(&source);
	e2_xattr_change_end(&c);
	return r;
}

int e2_xattr_copy(struct e2_txn *txn, e2_ino from, e2_ino to)
{
	struct e2_inode in;
	unsigned mark;
	int r;

	r = e2_inode_get(e2_txn_fs(txn), to, &in);
	if (r == 0)
		r = e2_txn_mark(txn, &mark);
	if (r)
		return r;
	r = e2_xattr_copy_from(txn, from, to, &in);
	if (r == 0) {
		e2_inode_touch(txn, &in, false);
		r = e2_inode_put(txn, to, &in);
	}
	return e2_txn_end(txn, mark, r);
}

int e2_xattr_drop_capability(struct e2_txn *txn, e2_ino ino, struct e2_inode *in)
{
	static const char name[] = "capability";
	struct e2_xattr_change c = { 0 };
	bool any;
	int r = e2_xattr_any(e2_txn_fs(txn), ino, in, &any);

	if (r || !any)
		return r;
	r = e2_xattr_change_begin(&c, txn, ino, in);
	if (r == 0 && e2_xattr_change_remove(&c, E2_XATTR_SECURITY, name, sizeof(name) - 1))
		r = e2_xattr_change_finish(&c);
	e2_xattr_change_end(&c);
	return r;
}
