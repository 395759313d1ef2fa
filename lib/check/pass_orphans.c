/* SPDX-License-Identifier: MIT */
/*
 * The list of orphans: inodes that were removed or cut while open when the
 * volume was last in use.  The superblock names the first, each one's dtime the next.
 */
#include "check/state.h"

static bool is_free(struct ck *ck, e2_ino ino)
{
	bool used = true;

	if (e2_inode_used(ck->fs, ino, &used) != 0)
		e2_err_clear();
	return !used;
}

/* NULL, or why an inode cannot be in the list. */
static const char *check_member(struct ck *ck, e2_ino ino, struct e2_inode *in)
{
	if (!e2_inode_valid(ck->g, ino) || ino < ck->g->first_ino)
		return "that is no inode of a file";
	if (ck->inodes[ino].flags & CK_ORPHAN)
		return "that one stands in the list already";
	if (e2_inode_get(ck->fs, ino, in) != 0) {
		e2_err_clear();
		return "that inode cannot be read";
	}
	if (e2_inode_file_type(in->mode) == E2_FT_UNKNOWN)
		return "that inode is not in use";
	/* Removed files keep their mode, and have the time of it where a number is due. */
	if (in->links_count == 0 && (in->dtime > ck->g->inodes || is_free(ck, ino)))
		return "that inode was removed before";
	return NULL;
}

int pass_orphans(struct ck *ck)
{
	e2_ino ino = ck->super->last_orphan, before = 0;

	while (ino != 0) {
		struct e2_inode in;
		const char *why = check_member(ck, ino, &in);

		if (why != NULL) {
			if (before == 0)
				FOUND(ck->found, ORPHAN_HEAD, .have = ino, .why = why);
			else
				FOUND(ck->found, ORPHAN_LIST, .ino = before, .have = ino,
				      .why = why);
			return 0;
		}
		ck->inodes[ino].flags |= CK_ORPHAN;
		if (in.links_count == 0)
			FOUND(ck->found, ORPHAN_REMOVED, .ino = ino, .mode = in.mode,
			      .have = e2_inode_size(&in));
		else
			FOUND(ck->found, ORPHAN_CUT, .ino = ino, .mode = in.mode,
			      .have = e2_inode_size(&in));
		before = ino;
		ino = in.dtime;
	}
	return 0;
}
