/* SPDX-License-Identifier: MIT */
/*
 * What has lost its name: the names it had, and the ways to give it one again.
 */
#ifndef E2_CHECK_LOST_H
#define E2_CHECK_LOST_H

#include "check/fix.h"

/* How a name is known. */
enum ck_old_from {
	CK_OLD_NONE,
	CK_OLD_EMPTIED,		/* the only entry without an inode, and of its type */
	CK_OLD_BLOCK,		/* an entry in a block of a directory that has lost the block */
	CK_OLD_REMOVED,		/* a removed entry */
};

struct ck_old_name {
	enum ck_old_from from;
	e2_ino dir;		/* where it stood; 0: not known */
	const uint8_t *name;	/* valid until ck_end() */
	uint32_t len;
};

/* Whether an inode is in use and no name leads to it that should. */
bool ck_is_unnamed(const struct ck *ck, e2_ino ino);

/*
 * The name that an unnamed inode had: 1, 0 when nothing shows it, or negative.  The first call
 * of a round reads all directories.
 */
int ck_old_name(struct ck *ck, e2_ino ino, struct ck_old_name *old);

/* Adds a finding about something unnamed, with the name that it had. */
E2_NODISCARD int ck_found_unnamed(struct ck *ck, const struct e2_finding *f);

struct ck_lost;
void ck_lost_free(struct ck_lost *lost);

/*
 * Gives an inode without a name one: in its old directory when that is wanted and can be,
 * else in lost+found, else in the root.  Tells so.  1, or 0 when there is no room anywhere.
 */
E2_NODISCARD int fix_give_name(struct fix *fx, struct e2_finding *f, e2_ino ino,
			       const struct ck_old_name *old);

/* Makes ".." of a directory what it should be: 1; 0 when it is, or is not there. */
E2_NODISCARD int fix_set_dotdot(struct fix *fx, e2_ino dir, e2_ino parent);

/*
 * Makes the root again, from a block that looks like its own if there is one, whatever inode 2
 * is now: before bitmaps are repaired.  1.
 */
E2_NODISCARD int fix_root_again(struct fix *fx, struct e2_finding *f);

#endif
