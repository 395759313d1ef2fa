/* SPDX-License-Identifier: MIT */
/* -E: names and values, separated by commas. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uuid/uuid.h>

enum { VALUE_MAX = 128 };

/* Values that are kept point into the list, so a value ends at a comma. */
static int copy_value(const char *name, const char *value, char *copy)
{
	size_t len = strcspn(value, ",");

	if (len >= VALUE_MAX)
		return e2_fail(E2_ERR_INVAL, "-E %s: value too long", name);
	memcpy(copy, value, len);
	copy[len] = '\0';
	return 0;
}

static int bad_value(const char *name, const char *value, const char *why)
{
	struct e2_str shown = E2_STR_INIT;

	e2_str_add_name(&shown, value, strlen(value));
	int err = e2_fail(E2_ERR_INVAL, "-E %s=%s: %s", name, e2_str_text(&shown), why);
	e2_str_free(&shown);
	return err;
}

static int number(const char *name, const char *value, uint64_t most, uint32_t *result)
{
	uint64_t n;
	char why[64];

	snprintf(why, sizeof(why), "must be 0 to %llu", (unsigned long long)most);
	if (e2_parse_u64(value, 0, most, &n))
		return bad_value(name, value, why);
	*result = (uint32_t)n;
	return 0;
}

static int set_offset(struct options *o, const char *value)
{
	if (e2_parse_size(value, 1, &o->offset))
		return bad_value("offset", value, "must be a number of bytes");
	o->has_offset = true;
	return 0;
}

static int set_hash_seed(struct options *o, const char *value)
{
	if (strcmp(value, "random") == 0)
		return 0;
	if (uuid_parse(value, o->hash_seed) != 0)
		return bad_value("hash_seed", value, "must be a UUID or random");
	o->has_hash_seed = true;
	return 0;
}

/* "root_owner" alone: whoever runs the program. */
static int set_root_owner(struct options *o, const char *value)
{
	char uid[VALUE_MAX];
	const char *colon = strchr(value, ':');
	uint64_t u = getuid(), g = getgid();

	if (*value) {
		if (!colon)
			return bad_value("root_owner", value, "must be UID:GID");
		memcpy(uid, value, (size_t)(colon - value));
		uid[colon - value] = '\0';
		if (e2_parse_u64(uid, 0, UINT32_MAX, &u) ||
		    e2_parse_u64(colon + 1, 0, UINT32_MAX, &g))
			return bad_value("root_owner", value, "must be UID:GID, two numbers");
	}
	o->root_owner = true;
	o->root_uid = (uint32_t)u;
	o->root_gid = (uint32_t)g;
	return 0;
}

static int set_resize(struct options *o, const char *value)
{
	uint64_t bytes;

	if (e2_parse_size(value, 1, &bytes))
		return bad_value("resize", value,
				 "must be a number of blocks or a size such as 100G");
	o->resize_bytes = strspn(value, "0123456789") != strlen(value);
	o->resize = bytes;
	return 0;
}

static int set_stride(struct options *o, const char *value)
{
	return number("stride", value, UINT16_MAX, &o->shape.stride);
}

static int set_stripe_width(struct options *o, const char *value)
{
	return number("stripe_width", value, UINT32_MAX, &o->shape.stripe_width);
}

static int set_backups(struct options *o, const char *value)
{
	return number("num_backup_sb", value, 2, &o->shape.backup_count);
}

static int set_revision(struct options *o, const char *value)
{
	return number("revision", value, 1, &o->shape.revision);
}

static int set_test_fs(struct options *o, const char *value)
{
	(void)value;
	o->shape.test_fs = true;
	return 0;
}

static int set_no_xattrs(struct options *o, const char *value)
{
	(void)value;
	o->no_xattrs = true;
	return 0;
}

/* Free blocks of an image are holes already, and inode tables are always complete. */
static int set_nothing(struct options *o, const char *value)
{
	(void)o;
	(void)value;
	return 0;
}

enum need { NONE, VALUE, MAYBE };

static const struct {
	const char *name;
	enum need need;
	int (*set)(struct options *o, const char *value);
} rows[] = {
	{ "offset", VALUE, set_offset },
	{ "hash_seed", VALUE, set_hash_seed },
	{ "root_owner", MAYBE, set_root_owner },
	{ "resize", VALUE, set_resize },
	{ "stride", VALUE, set_stride },
	{ "stripe_width", VALUE, set_stripe_width },
	{ "stripe-width", VALUE, set_stripe_width },
	{ "num_backup_sb", VALUE, set_backups },
	{ "revision", VALUE, set_revision },
	{ "test_fs", NONE, set_test_fs },
	{ "no_copy_xattrs", NONE, set_no_xattrs },
	{ "discard", NONE, set_nothing },
	{ "nodiscard", NONE, set_nothing },
	{ "lazy_itable_init", MAYBE, set_nothing },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static int unknown(const char *name, size_t len)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	e2_str_add_name(&s, name, len);
	e2_str_add(&s, ": unknown; there are");
	for (size_t i = 0; i < ROWS; i++)
		e2_str_addf(&s, " %s", rows[i].name);
	err = e2_fail(E2_ERR_INVAL, "-E %s", e2_str_text(&s));
	e2_str_free(&s);
	return err;
}

static int set_one(struct options *o, const char *text, size_t len)
{
	size_t name_len = strcspn(text, "=,");
	bool has_value = text[name_len] == '=';
	char value[VALUE_MAX] = "";

	for (size_t i = 0; i < ROWS; i++) {
		const char *name = rows[i].name;

		if (strlen(name) != name_len || memcmp(name, text, name_len) != 0)
			continue;
		if (has_value && rows[i].need == NONE)
			return e2_fail(E2_ERR_INVAL, "-E %s: takes no value", name);
		if (!has_value && rows[i].need == VALUE)
			return e2_fail(E2_ERR_INVAL, "-E %s: needs a value, %s=...", name, name);
		int err = has_value ? copy_value(name, text + name_len + 1, value) : 0;

		return err ? err : rows[i].set(o, value);
	}
	return unknown(text, len < name_len ? len : name_len);
}

int options_extended(struct options *o, const char *list)
{
	for (;;) {
		size_t len = strcspn(list, ",");
		int err = set_one(o, list, len);

		if (err)
			return err;
		if (!list[len])
			return 0;
		list += len + 1;
	}
}
