/* SPDX-License-Identifier: MIT */
/* Changes of extended attributes, by name; their bytes are told as bytes of the area. */
#include "tree/changes_priv.h"

#include "tree/xattr_area.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_BYTES = 32 };

/* The next attribute; false at the end, and at what makes no sense: told as bytes. */
static bool next_item(struct e2_xattr_area *area, struct e2_xattr_item *x)
{
	int r = area->bytes ? e2_xattr_area_next(area, x) : 0;

	if (r < 0)
		e2_err_clear();
	return r > 0;
}

/* area is a copy: the search begins with the first. */
static bool find_item(struct e2_xattr_area area, const struct e2_xattr_item *wanted,
		      struct e2_xattr_item *found)
{
	while (next_item(&area, found))
		if (e2_xattr_item_compare(found, wanted) == 0)
			return true;
	return false;
}

static void say_value(struct e2_changes *c, bool after, const struct e2_xattr_item *a)
{
	if (a && a->value_len <= SHOWN_BYTES)
		e2_tell_quote(c, after, a->value, a->value_len);
	else if (a && after)
		e2_tell_after(c, "%" PRIu32 " bytes", a->value_len);
	else if (a)
		e2_tell_before(c, "%" PRIu32 " bytes", a->value_len);
	else if (after)
		e2_tell_after(c, "none");
	else
		e2_tell_before(c, "none");
}

/* was or is NULL: there is none. */
static void tell_attribute(struct e2_changes *c, const char *object,
			   const struct e2_xattr_item *was, const struct e2_xattr_item *is)
{
	const struct e2_xattr_item *a = is ? is : was;
	const char *prefix = e2_xattr_prefix(a->name_index);
	struct e2_str name = E2_STR_INIT;

	if (prefix)
		e2_str_add(&name, prefix);
	else
		e2_str_addf(&name, "unknown%u.", a->name_index);
	e2_str_add_bytes(&name, a->name, a->name_len);
	if (e2_str_status(&name))
		c->status = e2_str_status(&name);
	e2_tell_begin(c, E2_CHANGE_ATTRIBUTE, "%s", object);
	e2_tell_name(c, e2_str_text(&name), name.len);
	say_value(c, false, was);
	say_value(c, true, is);
	e2_str_free(&name);
}

static bool same_value(const struct e2_xattr_item *a, const struct e2_xattr_item *b)
{
	return a->value_len == b->value_len &&
		(a->value_len == 0 || memcmp(a->value, b->value, a->value_len) == 0);
}

static void tell_attributes(struct e2_changes *c, const char *object,
			    const struct e2_xattr_area *was, const struct e2_xattr_area *is)
{
	struct e2_xattr_area area = *was;
	struct e2_xattr_item x, other;

	while (next_item(&area, &x))
		if (!find_item(*is, &x, &other))
			tell_attribute(c, object, &x, NULL);
	area = *is;
	while (next_item(&area, &x)) {
		if (!find_item(*was, &x, &other))
			tell_attribute(c, object, NULL, &x);
		else if (!same_value(&other, &x))
			tell_attribute(c, object, &other, &x);
	}
}

void e2_tell_inode_attributes(struct e2_changes *c, const char *object)
{
	struct e2_xattr_area was, is;

	/* An area that is damaged counts as none. */
	if (e2_xattr_area_inode(c->g, c->ino, c->was, &was))
		was = (struct e2_xattr_area){ 0 };
	if (e2_xattr_area_inode(c->g, c->ino, c->is, &is))
		is = (struct e2_xattr_area){ 0 };
	tell_attributes(c, object, &was, &is);
}

int e2_tell_attr_block(struct e2_changes *c, e2_blk blk, bool fresh)
{
	struct e2_when_context when = e2_when(c->fs);
	struct e2_xattr_area was, is;
	uint32_t refs;
	char object[40];
	int err = e2_tell_load(c, blk, fresh);

	if (err)
		return err;
	if (fresh || e2_xattr_area_block(c->g, c->ino, blk, c->was, &was, &refs))
		was = (struct e2_xattr_area){ 0 };
	if (e2_xattr_area_block(c->g, c->ino, blk, c->is, &is, &refs))
		is = (struct e2_xattr_area){ 0 };
	(void)snprintf(object, sizeof(object), "block %" PRIu64, blk);
	if (fresh) {
		e2_tell_begin(c, E2_CHANGE_NEW, "<%" PRIu32 ">", c->ino);
		e2_tell_field(c, "attributes");
		e2_tell_fresh(c, blk, 1);
	} else {
		e2_tell_struct(c, E2_CHANGE_FIELD, object, "", e2_struct_find("xattr_header"),
			      &when, 0);
	}
	tell_attributes(c, object, &was, &is);
	if (!fresh)
		e2_tell_rest(c, object, "attribute bytes", 0, c->g->block_size);
	return 0;
}
