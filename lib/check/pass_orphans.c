/* SPDX-License-Identifier: MIT */
/*
 * The list of orphans: inodes that were removed or cut while open when the
 * volume was last in use.  The superblock names the first, each one's dtime the next.
 */
#include "check/state.h"

int pass_orphans(struct ck *ck)
{
	e2_ino ino = ck->super->last_orphan, before = 0;

	while (ino != 0) {
		const char *why = NULL;
		struct e2_inode in;

		if (!e2_inode_valid(ck->g, ino) || ino < ck->g->first_ino)
			why = "that is no inode of a file";
		else if (ck->inodes[ino].flags & CK_ORPHAN)
			why = "that one stands in the list already";
		else if (e2_inode_get(ck->fs, ino, &in) != 0)
			why = "that inode cannot be read";
		else if (e2_inode_file_type(in.mode) == E2_FT_UNKNOWN)
			why = "that inode is not in use";
		if (why != NULL) {
			e2_err_clear();
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
