/* SPDX-License-Identifier: MIT */
/*
 * Attributes of an entry of an archive.
 *
 * bsdtar writes each twice, once with its name encoded as in an URL; GNU tar encodes "=" and
 * "%".  Access control lists come as entries, as attributes, or both.
 */
#include "host/source_unpack.h"

#include "base/endian.h"
#include "disk/consts.h"
#include "tree/acl.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* ---- one attribute ----------------------------------------------------------------- */

static struct e2_str *grow_texts(struct e2_str *texts, size_t *cap, size_t len)
{
	size_t before = *cap;
	struct e2_str *more = e2_grow(texts, cap, len, sizeof(*more));

	if (more != NULL)
		memset(more + before, 0, (*cap - before) * sizeof(*more));
	return more;
}

static int room(struct e2_unpack *u)
{
	struct e2_xattr_item *v = e2_grow(u->v, &u->v_cap, u->v_len + 1, sizeof(*v));
	struct e2_str *texts;

	if (v == NULL)
		return E2_ERR_NOMEM;
	u->v = v;
	texts = grow_texts(u->v_name, &u->v_name_cap, u->v_len + 1);
	if (texts == NULL)
		return E2_ERR_NOMEM;
	u->v_name = texts;
	texts = grow_texts(u->v_value, &u->v_value_cap, u->v_len + 1);
	if (texts == NULL)
		return E2_ERR_NOMEM;
	u->v_value = texts;
	return 0;
}

static bool is_there(const struct e2_unpack *u, unsigned index, const char *rest)
{
	for (size_t i = 0; i < u->v_len; i++)
		if (u->v[i].name_index == index && !strcmp(e2_str_text(&u->v_name[i]), rest))
			return true;
	return false;
}

/* The first of a name counts. */
static int add(struct e2_unpack *u, const char *name, const void *value, size_t len)
{
	const char *rest;
	unsigned index;
	size_t at = u->v_len;
	int err;

	if (!e2_xattr_is_kept(name, &index, &rest)) {
		u->s->stats.ignored_xattrs++;
		return 0;
	}
	if (is_there(u, index, rest))
		return 0;
	if (strlen(rest) > E2_NAME_MAX || len > UINT16_MAX + (size_t)1)
		return e2_unpack_refuse(u, E2_ERR_RANGE, "an attribute of %zu bytes, a name of %zu",
					len, strlen(rest));
	err = room(u);
	if (err != 0)
		return err;
	e2_str_truncate(&u->v_name[at], 0);
	e2_str_truncate(&u->v_value[at], 0);
	e2_str_add(&u->v_name[at], rest);
	if (index == E2_XATTR_ACL_ACCESS || index == E2_XATTR_ACL_DEFAULT)
		err = e2_acl_from_host(value, len, &u->v_value[at]);
	else
		e2_str_add_bytes(&u->v_value[at], value, len);
	if (err == 0 && (e2_str_status(&u->v_name[at]) || e2_str_status(&u->v_value[at])))
		err = e2_fail(E2_ERR_NOMEM, "attributes of an archive");
	if (err == E2_ERR_INVAL)
		return e2_unpack_refuse(u, err, "its access control list is none");
	u->v[at] = (struct e2_xattr_item){
		.name_len = (uint8_t)strlen(rest), .name_index = (uint8_t)index,
		.value_len = (uint32_t)u->v_value[at].len,
	};
	u->v_len += err == 0;
	return err;
}

/* ---- names --------------------------------------------------------------------------- */

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* Adds a name with what is encoded in it decoded: all, or only "=" and "%". */
static int decode(const char *name, bool all, struct e2_str *out)
{
	for (; *name != '\0'; name++) {
		int high = *name == '%' ? hex(name[1]) : -1, low = high >= 0 ? hex(name[2]) : -1;
		char c = low >= 0 ? (char)((unsigned)high << 4 | (unsigned)low) : '\0';

		if (c == '\0' || (!all && c != '=' && c != '%')) {
			e2_str_add_bytes(out, name, 1);
			continue;
		}
		e2_str_add_bytes(out, &c, 1);
		name += 2;
	}
	return e2_str_status(out);
}

/* Whether the archive has the same attribute by its decoded name too. */
static bool is_twin(struct e2_unpack *u, const char *decoded, const void *value, size_t len)
{
	const struct e2_archive_lib *l = &u->lib;
	const char *name;
	const void *other;
	size_t other_len;
	struct archive_entry *e = u->entry;
	bool found = false;
	int n = l->archive_entry_xattr_reset(e);

	while (n-- > 0 && l->archive_entry_xattr_next(e, &name, &other, &other_len) == ARCHIVE_OK)
		found |= !strcmp(name, decoded) && other_len == len && !memcmp(other, value, len);
	return found;
}

struct one { char *name; const void *value; size_t len; };

static int add_encoded(struct e2_unpack *u, const struct one *a)
{
	struct e2_str name = E2_STR_INIT;
	int err = decode(a->name, true, &name);

	if (err == 0 && strchr(a->name, '%') && is_twin(u, e2_str_text(&name), a->value, a->len)) {
		e2_str_free(&name);
		return 0;
	}
	e2_str_truncate(&name, 0);
	if (err == 0)
		err = decode(a->name, false, &name);
	if (err == 0)
		err = add(u, e2_str_text(&name), a->value, a->len);
	e2_str_free(&name);
	return err;
}

/* The list is taken as a whole first: looking for twins steps through it again. */
static int add_plain(struct e2_unpack *u)
{
	const struct e2_archive_lib *l = &u->lib;
	int n = l->archive_entry_xattr_reset(u->entry), count = 0, err = 0;
	struct one *all = calloc(n > 0 ? (size_t)n : 1, sizeof(*all));
	const char *name;

	if (all == NULL)
		return e2_fail(E2_ERR_NOMEM, "attributes of an archive");
	while (count < n && err == 0 && l->archive_entry_xattr_next(u->entry, &name,
			&all[count].value, &all[count].len) == ARCHIVE_OK) {
		all[count].name = strdup(name);
		err = all[count++].name ? 0 : e2_fail(E2_ERR_NOMEM, "attributes of an archive");
	}
	for (int i = 0; i < count && err == 0; i++)
		err = add_encoded(u, &all[i]);
	for (int i = 0; i < count; i++)
		free(all[i].name);
	free(all);
	return err;
}

/* ---- access control lists -------------------------------------------------------------- */

struct acl_entry { uint32_t tag, perm, id; };

static int compare_acl(const void *left, const void *right)
{
	const struct acl_entry *a = left, *b = right;

	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static uint32_t acl_tag(int tag)
{
	static const struct { int tag; uint32_t kernel; } tags[] = {
		{ ARCHIVE_ACL_USER_OBJ, 1 }, { ARCHIVE_ACL_USER, 2 }, { ARCHIVE_ACL_GROUP_OBJ, 4 },
		{ ARCHIVE_ACL_GROUP, 8 }, { ARCHIVE_ACL_MASK, 16 }, { ARCHIVE_ACL_OTHER, 32 },
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (tags[i].tag == tag)
			return tags[i].kernel;
	return 0;
}

/* The list in the kernel's order and form, version 2. */
static int pack_acl(struct acl_entry *all, size_t count, struct e2_str *out)
{
	uint8_t bytes[8] = { 2 };

	qsort(all, count, sizeof(*all), compare_acl);
	e2_str_add_bytes(out, bytes, 4);
	for (size_t i = 0; i < count; i++) {
		e2_put16(bytes, (uint16_t)all[i].tag);
		e2_put16(bytes + 2, (uint16_t)all[i].perm);
		e2_put32(bytes + 4, all[i].id);
		e2_str_add_bytes(out, bytes, sizeof(bytes));
	}
	return e2_str_status(out);
}

/* GNU tar writes names alone: as it reads them, they are the host's. */
static int find_id(const struct e2_unpack *u, bool group, const char *name, int *id)
{
	const struct passwd *user = group || name == NULL ? NULL : getpwnam(name);
	const struct group *members = group && name != NULL ? getgrnam(name) : NULL;
	struct e2_str shown = E2_STR_INIT;
	int err;

	if (user != NULL || members != NULL) {
		*id = user != NULL ? (int)user->pw_uid : (int)members->gr_gid;
		return 0;
	}
	e2_str_add_name(&shown, name ? name : "", name ? strlen(name) : 0);
	err = e2_unpack_refuse(u, E2_ERR_INVAL, "an access control list with \"%s\", whose number "
			       "nothing says", e2_str_text(&shown));
	e2_str_free(&shown);
	return err;
}

/* A list that says no more than the mode is none. */
static int add_acl(struct e2_unpack *u, int kind, const char *attribute)
{
	const struct e2_archive_lib *l = &u->lib;
	struct acl_entry *all = NULL, *more;
	struct e2_str value = E2_STR_INIT;
	int type, perm, tag, id, err = 0;
	size_t count = 0, cap = 0;
	bool says = kind == ARCHIVE_ACL_DEFAULT;
	const char *name;

	if (l->archive_entry_acl_reset(u->entry, kind) == 0)
		return 0;
	while (err == 0 && l->archive_entry_acl_next(u->entry, kind, &type, &perm, &tag, &id,
						     &name) == ARCHIVE_OK) {
		uint32_t kernel = acl_tag(tag);

		more = e2_grow(all, &cap, count + 1, sizeof(*all));
		err = more == NULL ? E2_ERR_NOMEM : kernel == 0 ?
			e2_unpack_refuse(u, E2_ERR_UNSUPPORTED, "an access control list that is "
					 "not POSIX's") : 0;
		all = more != NULL ? more : all;
		if (err != 0)
			break;
		says |= kernel == 2 || kernel == 8 || kernel == 16;
		if ((kernel == 2 || kernel == 8) && id < 0)
			err = find_id(u, kernel == 8, name, &id);
		all[count++] = (struct acl_entry){ kernel, (uint32_t)perm & 7,
			kernel == 2 || kernel == 8 ? (uint32_t)id : UINT32_MAX };
	}
	if (err == 0 && says && count > 0)
		err = pack_acl(all, count, &value);
	if (err == 0 && value.len > 0)
		err = add(u, attribute, value.text, value.len);
	e2_str_free(&value);
	free(all);
	return err;
}

/* ---- all -------------------------------------------------------------------------------- */

/* libarchive gives the mode the rights of the group where the list has a mask. */
static int set_mode(const struct e2_unpack *u, uint32_t *mode)
{
	uint16_t now = (uint16_t)*mode;
	bool more;
	int err = 0;

	for (size_t i = 0; i < u->v_len && err == 0; i++)
		if (u->v[i].name_index == E2_XATTR_ACL_ACCESS)
			err = e2_acl_to_mode((const uint8_t *)e2_str_text(&u->v_value[i]),
					     u->v_value[i].len, &now, &more);
	*mode = now;
	return err == 0 ? 0 : e2_unpack_refuse(u, E2_ERR_INVAL, "its access control list is none");
}

int e2_unpack_xattrs(struct e2_unpack *u, uint32_t *mode, uint32_t *set)
{
	int err;

	*set = 0;
	u->v_len = 0;
	if (u->opt->no_xattrs)
		return 0;
	err = add_acl(u, ARCHIVE_ACL_ACCESS, "system.posix_acl_access");
	if (err == 0)
		err = add_acl(u, ARCHIVE_ACL_DEFAULT, "system.posix_acl_default");
	if (err == 0 && u->lib.archive_entry_xattr_reset(u->entry) > 0)
		err = add_plain(u);
	if (err == 0)
		err = set_mode(u, mode);
	if (err != 0 || u->v_len == 0)
		return err;
	for (size_t i = 0; i < u->v_len; i++) {
		u->v[i].name = e2_str_text(&u->v_name[i]);
		u->v[i].value = (const uint8_t *)e2_str_text(&u->v_value[i]);
	}
	return e2_source_add_set(u->s, u->v, (uint32_t)u->v_len, set);
}

void e2_unpack_xattrs_free(struct e2_unpack *u)
{
	for (size_t i = 0; i < u->v_name_cap; i++)
		e2_str_free(&u->v_name[i]);
	for (size_t i = 0; i < u->v_value_cap; i++)
		e2_str_free(&u->v_value[i]);
	free(u->v_name);
	free(u->v_value);
	free(u->v);
}
