/* SPDX-License-Identifier: MIT */
/*
 * Whom the kernel lets use an inode.
 * Rules: path_resolution(7), "Permissions"; acl(5), "Access check algorithm"; the kernel asks a
 * list only where the bits of the group are not all clear (fs/namei.c, fs/posix_acl.c).
 */
#include "tree/tree.h"

#include "base/endian.h"

#include <string.h>

enum { HOST_HEADER = 4, HOST_ENTRY = 8, RWX = 7, GROUP_BITS = 070 };

static bool in_group(const struct e2_identity *who, uint32_t gid)
{
	if (who->gid == gid)
		return true;
	for (size_t i = 0; i < who->count; i++)
		if (who->groups[i] == gid)
			return true;
	return false;
}

/* The entries from `at` on hold a mask: what it leaves of perm. */
static unsigned masked(const uint8_t *acl, size_t len, size_t at, unsigned perm)
{
	for (; len - at >= HOST_ENTRY; at += HOST_ENTRY)
		if (e2_get16(acl + at) == E2_ACL_MASK)
			return perm & e2_get16(acl + at + 2);
	return perm;
}

/* What a list, in the host's form, permits somebody who is not the owner. */
static unsigned permitted(const struct e2_identity *who, const struct e2_inode *in,
			  const uint8_t *acl, size_t len, unsigned want)
{
	bool found = false;

	for (size_t at = HOST_HEADER; len >= at && len - at >= HOST_ENTRY; at += HOST_ENTRY) {
		unsigned tag = e2_get16(acl + at), perm = e2_get16(acl + at + 2);
		uint32_t id = e2_get32(acl + at + 4);
		bool member = (tag == E2_ACL_GROUP_OBJ && in_group(who, in->gid)) ||
			      (tag == E2_ACL_GROUP && in_group(who, id));

		if (tag == E2_ACL_USER && id == who->uid)
			return masked(acl, len, at, perm);
		found = found || member;
		if (member && (perm & want) == want)
			return masked(acl, len, at, perm);
		if (tag == E2_ACL_OTHER)
			return found ? 0 : perm;
	}
	return 0;
}

/* 1 and what its access list permits; 0 when it has none. */
static int ask_list(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in,
		    const struct e2_identity *who, unsigned want, unsigned *perm)
{
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	int r = e2_xattrs_begin(fs, ino, &it);

	if (r)
		return r;
	while ((r = e2_xattrs_next(it, &x)) > 0) {
		if (strcmp(e2_str_text(&x->name), "system.posix_acl_access") != 0)
			continue;
		*perm = permitted(who, in, x->value, x->value_len, want);
		break;
	}
	e2_xattrs_end(it);
	return r;
}

int e2_access(struct e2_fs *fs, e2_ino ino, const struct e2_identity *who, unsigned want)
{
	unsigned perm = 0;
	struct e2_inode in;
	int r = e2_inode_get(fs, ino, &in);

	if (r)
		return r;
	if (who->uid == 0)		/* root reads and writes all, but runs no plain file */
		perm = e2_is_dir(&in) || (in.mode & 0111) ? RWX : RWX & ~1u;
	else if (who->uid == in.uid)
		perm = in.mode >> 6;
	else if (in.mode & GROUP_BITS)
		r = ask_list(fs, ino, &in, who, want, &perm);
	if (r < 0)
		return r;
	if (r == 0 && who->uid != 0 && who->uid != in.uid)
		perm = in_group(who, in.gid) ? in.mode >> 3 : in.mode;
	return (perm & want) == want ? 0 : E2_ERR_ACCES;
}
