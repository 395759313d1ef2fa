/* SPDX-License-Identifier: MIT */
/* What the repairs of directories share. */
#ifndef E2_CHECK_FIX_DIRS_H
#define E2_CHECK_FIX_DIRS_H

#include "check/fix.h"
#include "tree/dir.h"

struct fix_slot {		/* an entry, its block pinned until fix_slot_end() */
	e2_ino dir;
	struct e2_inode in;	/* of the directory */
	struct e2_wbuf *buf;
	struct e2_entry e;
};

/*
 * The entry of dir that begins at a byte of a block.  1, 0 when none begins there or the block
 * is damaged, or negative.
 */
E2_NODISCARD int fix_slot_get(struct fix *fx, e2_ino dir, e2_lblk lblk, uint32_t offset,
			      struct fix_slot *slot);
void fix_slot_end(struct fix *fx, struct fix_slot *slot);

/* The same for a finding's entry: 0 also when that is not the one it is about. */
E2_NODISCARD int fix_slot_of(struct fix *fx, const struct e2_finding *f, struct fix_slot *slot);

/* The first entry of a directory that names an inode, "." and ".." not meant. */
E2_NODISCARD int fix_slot_naming(struct fix *fx, e2_ino dir, e2_ino ino, struct fix_slot *slot);

/* Lets an entry lead to an inode that lacks a name, and ends the slot. */
E2_NODISCARD int fix_slot_lead_to(struct fix *fx, struct fix_slot *slot, e2_ino ino);

/* Whether a directory has no such name: 1, 0, or negative. */
E2_NODISCARD int fix_name_free(struct fix *fx, e2_ino dir, const struct e2_inode *in,
			       const uint8_t *name, uint32_t len);

/* A name that its directory does not have yet, made of another one; name has room for 255. */
E2_NODISCARD int fix_free_name(struct fix *fx, e2_ino dir, const struct e2_inode *in,
			       const uint8_t *like, uint32_t like_len, uint8_t *name,
			       uint32_t *len);

/* Puts a new entry into a directory.  It may stand there twice. */
E2_NODISCARD int fix_put_name(struct fix *fx, e2_ino dir, const uint8_t *name, uint32_t len,
			      e2_ino ino, uint8_t type);

/* The path of an entry: of its directory, and the name. */
void fix_entry_path(struct fix *fx, e2_ino dir, const uint8_t *name, uint32_t len,
		    struct e2_str *path);

/* Tells that a name is lost. */
E2_NODISCARD int fix_lose_name(struct fix *fx, const struct e2_finding *f, e2_ino dir,
			       const uint8_t *name, uint32_t len, const char *why);

/* What ".." of a directory should be, as far as this round knows. */
e2_ino fix_parent(const struct fix *fx, e2_ino dir);

#endif
