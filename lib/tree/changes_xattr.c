/* SPDX-License-Identifier: MIT */
/* Changes of extended attributes, by name; their bytes are told as bytes of the area. */
#include "tree/changes_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { END_MARK_BYTES = 4, SHOWN_BYTES = 32 };

struct attribute {
	uint8_t index, name_len;
	const uint8_t *name, *value;	/* value NULL: not in the area */
	uint32_t value_len;
};

/* The attribute at *at, which moves behind it; false at the end of what makes sense. */
static bool next_attribute(const struct change_area *area, const uint8_t **at, struct attribute *a)
{
	size_t room = (size_t)(area->end - *at), bytes;
	struct e2_xattr_entry e;

	if (!area->entries || room < E2_XATTR_ENTRY_BYTES + END_MARK_BYTES ||
	    memcmp(*at, "\0\0\0", END_MARK_BYTES) == 0)
		return false;
	e2_xattr_entry_decode(&e, *at);
	bytes = (E2_XATTR_ENTRY_BYTES + (size_t)e.name_len + 3) / 4 * 4;
	if (bytes > room)
		return false;
	*a = (struct attribute){
		.index = e.name_index, .name_len = e.name_len,
		.name = *at + E2_XATTR_ENTRY_BYTES, .value_len = e.value_size,
	};
	room = (size_t)(area->end - area->base);
	if (e.value_inum == 0 && e.value_offs <= room && e.value_size <= room - e.value_offs)
		a->value = area->base + e.value_offs;
	*at += bytes;
	return true;
}

static bool find_attribute(const struct change_area *area, const struct attribute *wanted,
			   struct attribute *found)
{
	const uint8_t *at = area->entries;

	while (next_attribute(area, &at, found))
		if (found->index == wanted->index && found->name_len == wanted->name_len &&
		    memcmp(found->name, wanted->name, wanted->name_len) == 0)
			return true;
	return false;
}

static void say_value(struct e2_changes *c, bool after, const struct attribute *a)
{
	if (a && a->value && a->value_len <= SHOWN_BYTES)
		change_quote(c, after, a->value, a->value_len);
	else if (a && after)
		change_after(c, "%" PRIu32 " bytes", a->value_len);
	else if (a)
		change_before(c, "%" PRIu32 " bytes", a->value_len);
	else if (after)
		change_after(c, "none");
	else
		change_before(c, "none");
}

/* was or is NULL: there is none. */
static void tell_attribute(struct e2_changes *c, const char *object, const struct attribute *was,
			   const struct attribute *is)
{
	const struct attribute *a = is ? is : was;
	const char *prefix = e2_xattr_prefix(a->index);
	struct e2_str name = E2_STR_INIT;

	if (prefix)
		e2_str_add(&name, prefix);
	else
		e2_str_addf(&name, "unknown%u.", a->index);
	e2_str_add_bytes(&name, a->name, a->name_len);
	if (e2_str_status(&name))
		c->status = e2_str_status(&name);
	change_begin(c, E2_CHANGE_ATTRIBUTE, "%s", object);
	change_name(c, e2_str_text(&name), name.len);
	say_value(c, false, was);
	say_value(c, true, is);
	e2_str_free(&name);
}

static bool same_value(const struct attribute *a, const struct attribute *b)
{
	return a->value_len == b->value_len && (a->value != NULL) == (b->value != NULL) &&
		(!a->value || memcmp(a->value, b->value, a->value_len) == 0);
}

void change_attributes(struct e2_changes *c, const char *object, const struct change_area *before,
		       const struct change_area *after)
{
	struct attribute a, other;

	for (const uint8_t *at = before->entries; next_attribute(before, &at, &a);)
		if (!find_attribute(after, &a, &other))
			tell_attribute(c, object, &a, NULL);
	for (const uint8_t *at = after->entries; next_attribute(after, &at, &a);) {
		if (!find_attribute(before, &a, &other))
			tell_attribute(c, object, NULL, &a);
		else if (!same_value(&other, &a))
			tell_attribute(c, object, &other, &a);
	}
}

static struct change_area block_area(const struct e2_geometry *g, const uint8_t *block)
{
	struct change_area area = { NULL, NULL, NULL };
	struct e2_xattr_header header;

	e2_xattr_header_decode(&header, block);
	if (header.magic == (uint32_t)E2_XATTR_MAGIC)
		area = (struct change_area){ block + E2_XATTR_HEADER_BYTES, block,
					     block + g->block_size };
	return area;
}

int change_attr_block(struct e2_changes *c, e2_blk blk, bool fresh)
{
	struct e2_when_context when = e2_when(c->fs);
	struct change_area was, is;
	char object[40];
	int err = change_load(c, blk, fresh);

	if (err)
		return err;
	was = block_area(c->g, c->was);
	is = block_area(c->g, c->is);
	(void)snprintf(object, sizeof(object), "block %" PRIu64, blk);
	if (fresh) {
		change_begin(c, E2_CHANGE_NEW, "<%" PRIu32 ">", c->ino);
		change_field(c, "attributes");
		change_fresh(c, blk, 1);
	} else {
		change_struct(c, E2_CHANGE_FIELD, object, "", e2_struct_find("xattr_header"),
			      &when, 0);
	}
	change_attributes(c, object, &was, &is);
	if (!fresh)
		change_rest(c, object, 0, c->g->block_size);
	return 0;
}
