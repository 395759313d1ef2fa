/* SPDX-License-Identifier: MIT */
/*
 * Attributes of host files, and the table of sets of them.
 *
 * A file is not opened to read its attributes: fifos and devices must not be,
 * and symlinks cannot be.  Linux 6.13 has calls that take a directory's handle and
 * a name; before, /proc/self/fd/HANDLE/NAME names the same file.
 */
#include "host/source_priv.h"

#include "base/mix.h"
#include "disk/consts.h"
#include "tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The same numbers on every architecture but alpha; headers before 6.13 lack them. */
enum { CALL_GETXATTRAT = 464, CALL_LISTXATTRAT = 465 };

struct value_args {		/* struct xattr_args of linux/xattr.h */
	uint64_t value;
	uint32_t size, flags;
};

enum { FIRST_LIST_BYTES = 1024, FIRST_VALUE_BYTES = 256, TRIES = 8 };

void e2_xattr_reader_init(struct e2_xattr_reader *r, bool by_proc)
{
	*r = (struct e2_xattr_reader){ .by_proc = by_proc };
}

void e2_xattr_reader_free(struct e2_xattr_reader *r)
{
	free(r->list);
	free(r->v);
	free(r->at);
	e2_str_free(&r->values);
}

/* ---- the two ways to ask ------------------------------------------------------- */

static const char *proc_path(char *path, size_t size, int fd, const char *name)
{
	(void)snprintf(path, size, "/proc/self/fd/%d/%s", fd, name);
	return path;
}

enum { PROC_PATH_BYTES = 32 + E2_NAME_MAX + 1 };

static ssize_t ask_list(struct e2_xattr_reader *r, int fd, const char *name, char *list, size_t cap)
{
	char path[PROC_PATH_BYTES];

	if (!r->by_proc) {
		long n = syscall(CALL_LISTXATTRAT, fd, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH,
				 list, cap);

		if (n >= 0 || errno != ENOSYS)
			return n;
		r->by_proc = true;
	}
	if (name[0] == '\0')
		return flistxattr(fd, list, cap);
	return llistxattr(proc_path(path, sizeof(path), fd, name), list, cap);
}

static ssize_t ask_value(const struct e2_xattr_reader *r, int fd, const char *name,
			 const char *attr, void *value, size_t cap)
{
	char path[PROC_PATH_BYTES];

	if (!r->by_proc) {
		struct value_args args = { (uint64_t)(uintptr_t)value, (uint32_t)cap, 0 };

		return syscall(CALL_GETXATTRAT, fd, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, attr,
			       &args, sizeof(args));
	}
	if (name[0] == '\0')
		return fgetxattr(fd, attr, value, cap);
	return lgetxattr(proc_path(path, sizeof(path), fd, name), attr, value, cap);
}

/* ---- reading one object ------------------------------------------------------------ */

static int read_list(struct e2_xattr_reader *r, int fd, const char *name, size_t *len)
{
	for (unsigned i = 0; i < TRIES; i++) {	/* the list may grow meanwhile */
		char *list = e2_grow(r->list, &r->list_cap, FIRST_LIST_BYTES, 1);
		ssize_t n;

		if (list == NULL)
			return E2_ERR_NOMEM;
		r->list = list;
		n = ask_list(r, fd, name, list, r->list_cap);
		if (n < 0 && errno == ERANGE) {
			n = ask_list(r, fd, name, NULL, 0);
			if (n >= 0) {
				list = e2_grow(r->list, &r->list_cap, (size_t)n + 1, 1);
				if (list == NULL)
					return E2_ERR_NOMEM;
				r->list = list;
				continue;
			}
		}
		if (n < 0)
			return e2_fail_errno(errno, "list of attributes");
		*len = (size_t)n;
		return 0;
	}
	return e2_fail(E2_ERR_CHANGED, "list of attributes");
}

/* Makes sure of len bytes of room behind values.text + values.len. */
static int value_room(struct e2_str *values, size_t len)
{
	char *text = e2_grow(values->text, &values->cap, values->len + len + 1, 1);

	if (text == NULL)
		return E2_ERR_NOMEM;
	values->text = text;
	return 0;
}

/* Appends the value as ext2 stores it.  E2_ERR_NODATA: it has gone meanwhile. */
static int read_value(struct e2_xattr_reader *r, int fd, const char *name, const char *attr,
		      unsigned index)
{
	struct e2_str *values = &r->values, acl = E2_STR_INIT;
	size_t want = FIRST_VALUE_BYTES;
	ssize_t n;
	int err;

	for (unsigned i = 0;; i++) {
		err = value_room(values, want);
		if (err != 0)
			return err;
		n = ask_value(r, fd, name, attr, values->text + values->len,
			      values->cap - values->len - 1);
		if (n >= 0)
			break;
		if (errno != ERANGE || i == TRIES)
			return e2_fail_errno(errno, "attribute %s", attr);
		n = ask_value(r, fd, name, attr, NULL, 0);
		if (n > 0)
			want = (size_t)n;
	}
	if (index != E2_XATTR_ACL_ACCESS && index != E2_XATTR_ACL_DEFAULT) {
		values->len += (size_t)n;
		return 0;
	}
	err = e2_acl_from_host((const uint8_t *)values->text + values->len, (size_t)n, &acl);
	if (err == 0)
		err = value_room(values, acl.len);
	if (err == 0) {
		memcpy(values->text + values->len, e2_str_text(&acl), acl.len);
		values->len += acl.len;
	}
	e2_str_free(&acl);
	return err;
}

bool e2_xattr_is_kept(const char *name, unsigned *index, const char **rest)
{
	if (e2_xattr_split(name, index, rest) != 0) {
		e2_err_clear();
		return false;
	}
	return *index == E2_XATTR_USER || *index == E2_XATTR_TRUSTED ||
	       *index == E2_XATTR_SECURITY || *index == E2_XATTR_ACL_ACCESS ||
	       *index == E2_XATTR_ACL_DEFAULT;
}

static int add_attr(struct e2_xattr_reader *r, int fd, const char *name, const char *attr,
		    uint32_t *count, uint32_t *ignored)
{
	struct e2_xattr_item *v;
	const char *rest;
	unsigned index;
	size_t *at;
	int err;

	if (!e2_xattr_is_kept(attr, &index, &rest)) {
		++*ignored;
		return 0;
	}
	v = e2_grow(r->v, &r->v_cap, *count + 1, sizeof(*v));
	if (v == NULL)
		return E2_ERR_NOMEM;
	r->v = v;
	at = e2_grow(r->at, &r->at_cap, *count + 1, sizeof(*at));
	if (at == NULL)
		return E2_ERR_NOMEM;
	r->at = at;
	at[*count] = r->values.len;
	err = read_value(r, fd, name, attr, index);
	if (err == E2_ERR_NODATA)
		return 0;
	if (err != 0)
		return err;
	v[*count] = (struct e2_xattr_item){
		.name = rest, .name_len = (uint8_t)strlen(rest), .name_index = (uint8_t)index,
		.value_len = (uint32_t)(r->values.len - at[*count]),
	};
	++*count;
	return 0;
}

static int compare_items(const void *left, const void *right)
{
	return e2_xattr_item_compare(left, right);
}

int e2_xattr_read_items(struct e2_xattr_reader *r, int fd, const char *name, uint64_t dev,
			uint32_t *count, uint32_t *ignored)
{
	uint32_t found = 0, dropped = 0, i;
	size_t len = 0, pos;
	int err;

	*count = 0;
	*ignored = 0;
	if (r->bare_known && r->bare_dev == dev)
		return 0;
	err = read_list(r, fd, name, &len);
	if (err == E2_ERR_UNSUPPORTED) {
		r->bare_known = true;
		r->bare_dev = dev;
		e2_err_clear();
		return 0;
	}
	if (err != 0)
		return err;
	r->values.len = 0;
	for (pos = 0; pos < len; pos += strlen(r->list + pos) + 1) {
		err = add_attr(r, fd, name, r->list + pos, &found, &dropped);
		if (err != 0)
			return err;
	}
	for (i = 0; i < found; i++)
		r->v[i].value = (const uint8_t *)r->values.text + r->at[i];
	if (found > 1)
		qsort(r->v, found, sizeof(*r->v), compare_items);
	*count = found;
	*ignored = dropped;
	return 0;
}

int e2_xattr_read(struct e2_xattr_reader *r, struct e2_source *s, int fd, const char *name,
		  uint64_t dev, uint32_t *set, uint32_t *ignored)
{
	uint32_t count;
	int err = e2_xattr_read_items(r, fd, name, dev, &count, ignored);

	*set = 0;
	return err != 0 || count == 0 ? err : e2_source_add_set(s, r->v, count, set);
}

/* ---- the table of sets --------------------------------------------------------------- */

static uint64_t hash_set(uint64_t hash, const struct e2_xattr_item *v, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		hash = e2_mix64(hash ^ v[i].name_index);
		hash = e2_mix_bytes(hash, v[i].name, v[i].name_len);
		hash = e2_mix_bytes(hash, v[i].value, v[i].value_len);
	}
	return hash;
}

static bool same_set(const struct e2_xattr_set *set, const struct e2_xattr_item *v,
		     uint32_t count)
{
	if (set->count != count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const struct e2_xattr_item *a = &set->v[i];

		if (a->value_len != v[i].value_len || e2_xattr_item_compare(a, &v[i]) != 0
		    || memcmp(a->value, v[i].value, a->value_len) != 0)
			return false;
	}
	return true;
}

static int copy_set(struct e2_source *s, const struct e2_xattr_item *v, uint32_t count,
		    struct e2_xattr_set *set)
{
	set->count = count;
	set->v = e2_arena_alloc(&s->arena, count * sizeof(*v));
	if (set->v == NULL)
		return E2_ERR_NOMEM;
	for (uint32_t i = 0; i < count; i++) {
		size_t name_bytes = (size_t)v[i].name_len + 1;
		char *bytes = e2_arena_alloc(&s->arena, name_bytes + v[i].value_len);

		if (bytes == NULL)
			return E2_ERR_NOMEM;
		memcpy(bytes, v[i].name, name_bytes);
		if (v[i].value_len > 0)
			memcpy(bytes + name_bytes, v[i].value, v[i].value_len);
		set->v[i] = v[i];
		set->v[i].name = bytes;
		set->v[i].value = (const uint8_t *)bytes + name_bytes;
	}
	return 0;
}

int e2_source_add_set(struct e2_source *s, struct e2_xattr_item *v, uint32_t count, uint32_t *set)
{
	struct e2_xattr_set *grown;
	uint64_t key, known;
	int err;

	qsort(v, count, sizeof(*v), compare_items);
	for (key = hash_set(s->seed, v, count); e2_map_get(s->set_index, key, &known); key++) {
		if (same_set(&s->sets[known - 1], v, count)) {
			*set = (uint32_t)known;
			return 0;
		}
	}
	grown = e2_grow(s->sets, &s->sets_cap, s->sets_len + 1, sizeof(*grown));
	if (grown == NULL)
		return E2_ERR_NOMEM;
	s->sets = grown;
	err = copy_set(s, v, count, &grown[s->sets_len]);
	if (err == 0)
		err = e2_map_set(s->set_index, key, s->sets_len + 1);
	if (err == 0)
		*set = (uint32_t)++s->sets_len;
	return err;
}
