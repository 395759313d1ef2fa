/* SPDX-License-Identifier: MIT */
/*
 * Access control lists between disk and host.
 *
 * The disk holds version 1: entries of 4 bytes, and of 8 where they name a user
 * or group.  getxattr(2) and setxattr(2) use version 2: every entry has 8 bytes,
 * the id of an unnamed one is all ones.
 * Layout: docs/format.md, "acl_header", "acl_entry" (kernel: fs/ext2/acl.h,
 * include/uapi/linux/posix_acl_xattr.h).
 */
#include "tree/tree.h"

#include "base/endian.h"

enum {
	DISK_VERSION = 1, HOST_VERSION = 2,
	HOST_HEADER_BYTES = 4, HOST_ENTRY_BYTES = 8,
	TAG_OWNER = 1, TAG_USER = 2, TAG_OWNING_GROUP = 4, TAG_GROUP = 8, TAG_MASK = 16,
	TAG_OTHERS = 32,
};
#define NO_ID UINT32_MAX

static bool is_named(uint32_t tag)
{
	return tag == TAG_USER || tag == TAG_GROUP;
}

static bool is_tag(uint32_t tag)
{
	return is_named(tag) || tag == TAG_OWNER || tag == TAG_OWNING_GROUP || tag == TAG_MASK ||
	       tag == TAG_OTHERS;
}

int e2_acl_to_host(const uint8_t *disk, size_t len, struct e2_str *host)
{
	uint8_t out[HOST_ENTRY_BYTES];
	struct e2_acl_header header;
	struct e2_acl_entry e;
	size_t at = E2_ACL_HEADER_BYTES, bytes;

	if (len < E2_ACL_HEADER_BYTES)
		return e2_fail(E2_ERR_CORRUPT, "access control list: has %zu bytes", len);
	e2_acl_header_decode(&header, disk);
	if (header.version != DISK_VERSION)
		return e2_fail(E2_ERR_CORRUPT, "access control list: version is %u, should be %d",
			       header.version, DISK_VERSION);
	e2_put32(out, HOST_VERSION);
	e2_str_add_bytes(host, out, HOST_HEADER_BYTES);
	while (at < len) {
		if (len - at < E2_ACL_SHORT_BYTES)
			return e2_fail(E2_ERR_CORRUPT, "access control list: ends within an entry");
		e2_acl_entry_decode(&e, disk + at, false);
		bytes = is_named(e.tag) ? E2_ACL_ENTRY_BYTES : E2_ACL_SHORT_BYTES;
		if (!is_tag(e.tag) || len - at < bytes)
			return e2_fail(E2_ERR_CORRUPT,
				       "access control list: tag %u at byte %zu is impossible",
				       e.tag, at);
		e.id = NO_ID;
		if (is_named(e.tag))
			e2_acl_entry_decode(&e, disk + at, true);
		e2_put16(out, e.tag);
		e2_put16(out + 2, e.perm);
		e2_put32(out + 4, e.id);
		e2_str_add_bytes(host, out, HOST_ENTRY_BYTES);
		at += bytes;
	}
	return e2_str_status(host);
}

int e2_acl_from_host(const uint8_t *host, size_t len, struct e2_str *disk)
{
	struct e2_acl_header header = { .version = DISK_VERSION };
	uint8_t out[E2_ACL_ENTRY_BYTES];
	struct e2_acl_entry e;

	if (len < HOST_HEADER_BYTES || (len - HOST_HEADER_BYTES) % HOST_ENTRY_BYTES != 0 ||
	    e2_get32(host) != HOST_VERSION)
		return e2_fail(E2_ERR_INVAL, "access control list: not of version %d",
			       HOST_VERSION);
	e2_acl_header_encode(&header, out);
	e2_str_add_bytes(disk, out, E2_ACL_HEADER_BYTES);
	for (size_t at = HOST_HEADER_BYTES; at < len; at += HOST_ENTRY_BYTES) {
		e.tag = e2_get16(host + at);
		e.perm = e2_get16(host + at + 2);
		e.id = e2_get32(host + at + 4);
		if (!is_tag(e.tag))
			return e2_fail(E2_ERR_INVAL, "access control list: tag %u is unknown",
				       e.tag);
		e2_acl_entry_encode(&e, out, is_named(e.tag));
		e2_str_add_bytes(disk, out,
				 is_named(e.tag) ? E2_ACL_ENTRY_BYTES : E2_ACL_SHORT_BYTES);
	}
	return e2_str_status(disk);
}
