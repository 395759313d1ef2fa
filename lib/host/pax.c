/* SPDX-License-Identifier: MIT */
#include "host/pax.h"

#include "base/endian.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

/* Fields of a ustar header: offset and bytes. */
enum {
	NAME = 0, NAME_BYTES = 100, MODE = 100, UID = 108, GID = 116, ID_BYTES = 8,
	SIZE = 124, MTIME = 136, LONG_BYTES = 12, SUM = 148, SUM_BYTES = 8, TYPE = 156,
	LINK = 157, LINK_BYTES = 100, MAGIC = 257, MAJOR = 329, MINOR = 337, PREFIX = 345,
	PREFIX_BYTES = 155,
};

static const uint8_t no_bytes[E2_TAR_BLOCK];

size_t e2_tar_padding(uint64_t bytes)
{
	return (size_t)(-bytes % E2_TAR_BLOCK);
}

/* ---- records --------------------------------------------------------------------- */

static size_t digits_of(size_t n)
{
	size_t digits = 1;

	while (n /= 10)
		digits++;
	return digits;
}

void e2_pax_add(struct e2_str *records, const char *key, const void *value, size_t len)
{
	/* The length counts its own digits, a space, "=" and a newline. */
	size_t rest = strlen(key) + len + 3, total = rest + digits_of(rest);

	if (digits_of(total) != digits_of(rest))
		total = rest + digits_of(total);
	e2_str_addf(records, "%zu %s=", total, key);
	e2_str_add_bytes(records, value, len);
	e2_str_add(records, "\n");
}

static void add_number(struct e2_str *records, const char *key, uint64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)n);	/* it fits */
	e2_pax_add(records, key, text, strlen(text));
}

/* "-1.75" is a second and three quarters before 1970. */
static void add_time(struct e2_str *records, const char *key, int64_t sec, uint32_t nsec)
{
	bool before = sec < 0;
	uint64_t whole = before ? 0 - (uint64_t)sec : (uint64_t)sec;
	char text[40];
	size_t len;

	if (before && nsec != 0) {
		whole--;
		nsec = 1000000000 - nsec;
	}
	(void)snprintf(text, sizeof(text), "%s%llu.%09u", before ? "-" : "",
		       (unsigned long long)whole, (unsigned)nsec);
	len = strlen(text);
	while (text[len - 1] == '0')
		len--;
	len -= text[len - 1] == '.';
	e2_pax_add(records, key, text, len);
}

/* ---- attributes -------------------------------------------------------------------- */

/* An access control list in the kernel's form, version 2, as text: "user::rwx,user:1000:r--". */
enum { ACL_HEADER = 4, ACL_ENTRY = 8 };

static int add_acl(struct e2_str *records, const char *key, const uint8_t *acl, size_t len)
{
	static const struct { uint16_t tag; bool named; const char *word; } tags[] = {
		{ 1, false, "user" }, { 2, true, "user" }, { 4, false, "group" },
		{ 8, true, "group" }, { 16, false, "mask" }, { 32, false, "other" },
	};
	struct e2_str text = E2_STR_INIT;
	int err;

	for (size_t at = ACL_HEADER; at + ACL_ENTRY <= len; at += ACL_ENTRY) {
		uint16_t tag = e2_get16(acl + at), perm = e2_get16(acl + at + 2);

		for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
			if (tags[i].tag != tag)
				continue;
			e2_str_addf(&text, "%s%s:", text.len ? "," : "", tags[i].word);
			if (tags[i].named)
				e2_str_addf(&text, "%u", e2_get32(acl + at + 4));
			e2_str_addf(&text, ":%c%c%c", perm & 4 ? 'r' : '-', perm & 2 ? 'w' : '-',
				    perm & 1 ? 'x' : '-');
		}
	}
	err = e2_str_status(&text);
	if (err == 0)
		e2_pax_add(records, key, text.text, text.len);
	e2_str_free(&text);
	return err;
}

int e2_pax_add_xattr(struct e2_str *records, const char *name, const uint8_t *value, size_t len)
{
	struct e2_str key = E2_STR_INIT;
	int err;

	if (strcmp(name, "system.posix_acl_access") == 0)
		return add_acl(records, "SCHILY.acl.access", value, len);
	if (strcmp(name, "system.posix_acl_default") == 0)
		return add_acl(records, "SCHILY.acl.default", value, len);
	e2_str_add(&key, "SCHILY.xattr.");
	for (; *name != '\0'; name++) {		/* "=" would end the key; as GNU tar has it */
		if (*name == '=')
			e2_str_add(&key, "%3D");
		else if (*name == '%')
			e2_str_add(&key, "%25");
		else
			e2_str_add_bytes(&key, name, 1);
	}
	err = e2_str_status(&key);
	if (err == 0)
		e2_pax_add(records, key.text, value, len);
	e2_str_free(&key);
	return err;
}

/* ---- headers ------------------------------------------------------------------------- */

/* Whether the number fits; octal digits, ended by a NUL. */
static bool put_octal(uint8_t *field, size_t bytes, uint64_t n)
{
	bool fits = n >> (3 * (bytes - 1)) == 0;

	n = fits ? n : 0;
	field[--bytes] = '\0';
	while (bytes > 0) {
		field[--bytes] = (uint8_t)('0' + (n & 7));
		n >>= 3;
	}
	return fits;
}

/* The path in one field, or in two where it can be divided at a slash. */
static bool put_path(uint8_t *h, const char *path, size_t len)
{
	size_t cut;

	if (len <= NAME_BYTES) {
		memcpy(h + NAME, path, len);
		return true;
	}
	if (len > PREFIX_BYTES + 1 + NAME_BYTES)
		return false;
	for (cut = len - NAME_BYTES - 1; cut <= PREFIX_BYTES && cut + 1 < len; cut++) {
		if (path[cut] != '/' || cut == 0)
			continue;
		memcpy(h + PREFIX, path, cut);
		memcpy(h + NAME, path + cut + 1, len - cut - 1);
		return true;
	}
	return false;
}

static void finish(uint8_t *h)
{
	unsigned sum = 0;

	memcpy(h + MAGIC, "ustar\00000", 8);
	memset(h + SUM, ' ', SUM_BYTES);
	for (size_t i = 0; i < E2_TAR_BLOCK; i++)
		sum += h[i];
	(void)put_octal(h + SUM, SUM_BYTES - 1, sum);	/* at most 18 bits */
}

/* The header of an extended header, and its records. */
static void add_extended(struct e2_str *out, const struct e2_str *records)
{
	uint8_t h[E2_TAR_BLOCK] = { 0 };

	memcpy(h + NAME, "pax", sizeof("pax"));
	(void)put_octal(h + MODE, ID_BYTES, 0644);
	(void)put_octal(h + UID, ID_BYTES, 0);
	(void)put_octal(h + GID, ID_BYTES, 0);
	(void)put_octal(h + SIZE, LONG_BYTES, records->len);	/* in memory: below 8 GiB */
	(void)put_octal(h + MTIME, LONG_BYTES, 0);
	h[TYPE] = 'x';
	finish(h);
	e2_str_add_bytes(out, h, sizeof(h));
	e2_str_add_bytes(out, records->text, records->len);
	e2_str_add_bytes(out, no_bytes, e2_tar_padding(records->len));
}

/* Names too long for the header, or of no bytes that it can have. */
static void put_names(uint8_t *h, const struct e2_tar_entry *e, struct e2_str *records)
{
	bool path = !put_path(h, e->path, e->path_len);
	bool link = e->link != NULL && e->link_len > LINK_BYTES;

	if ((path && !e2_utf8_valid(e->path, e->path_len)) ||
	    (link && !e2_utf8_valid(e->link, e->link_len)))
		e2_pax_add(records, "hdrcharset", "BINARY", 6);
	if (path) {	/* for who knows no extended headers: its end */
		memcpy(h + NAME, e->path + e->path_len - NAME_BYTES, NAME_BYTES);
		e2_pax_add(records, "path", e->path, e->path_len);
	}
	if (e->link != NULL)
		memcpy(h + LINK, e->link, link ? LINK_BYTES : e->link_len);
	if (link)
		e2_pax_add(records, "linkpath", e->link, e->link_len);
}

void e2_pax_header(struct e2_str *out, const struct e2_tar_entry *e, struct e2_str *records)
{
	uint8_t h[E2_TAR_BLOCK] = { 0 };
	bool plain_time = e->mtime >= 0 && e->mtime_nsec == 0;

	put_names(h, e, records);
	(void)put_octal(h + MODE, ID_BYTES, e->mode & 07777);
	if (!put_octal(h + UID, ID_BYTES, e->uid))
		add_number(records, "uid", e->uid);
	if (!put_octal(h + GID, ID_BYTES, e->gid))
		add_number(records, "gid", e->gid);
	if (!put_octal(h + SIZE, LONG_BYTES, e->size))
		add_number(records, "size", e->size);
	if (!put_octal(h + MTIME, LONG_BYTES, e->mtime < 0 ? 0 : (uint64_t)e->mtime) || !plain_time)
		add_time(records, "mtime", e->mtime, e->mtime_nsec);
	(void)put_octal(h + MAJOR, ID_BYTES, e->major);	/* 12 and 20 bits in ext2 */
	(void)put_octal(h + MINOR, ID_BYTES, e->minor);
	if (e->sparse) {
		add_number(records, "GNU.sparse.major", 1);
		add_number(records, "GNU.sparse.minor", 0);
		add_number(records, "GNU.sparse.realsize", e->real_size);
	}
	h[TYPE] = (uint8_t)e->type;
	finish(h);
	if (records->len > 0)
		add_extended(out, records);
	e2_str_add_bytes(out, h, sizeof(h));
}
