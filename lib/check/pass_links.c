/* SPDX-License-Identifier: MIT */
/* Link counts, and inodes in use that no name leads to. */
#include "check/state.h"

static void check_dir(struct ck *ck, e2_ino ino, const struct ck_inode *i)
{
	/* A directory without a name will get one. */
	uint32_t want = i->counted + (i->parent == 0 && ino != E2_INO_ROOT);
	bool many = e2_has_dir_nlink(ck->super) && i->links == 1 && want > E2_LINK_MAX;

	if (i->links != want && !many)
		FOUND(ck->found, LINK_COUNT_DIR, .ino = ino, .have = i->links, .want = want,
		      .mode = E2_S_IFDIR);
}

static void check_file(struct ck *ck, e2_ino ino, const struct ck_inode *i)
{
	struct e2_inode in = { .mode = 0 };

	if (i->links == i->counted)
		return;
	if (i->counted != 0) {
		FOUND(ck->found, LINK_COUNT, .ino = ino, .have = i->links, .want = i->counted);
		return;
	}
	if (e2_inode_get(ck->fs, ino, &in) != 0)
		e2_err_clear();
	FOUND(ck->found, NO_NAME, .ino = ino, .mode = in.mode, .have = e2_inode_size(&in));
}

int pass_links(struct ck *ck)
{
	const struct e2_geometry *g = ck->g;
	int r = ck_progress(ck, 4, 0, g->groups);

	for (e2_grp group = 0; group < g->groups && r == 0; group++) {
		e2_ino first = group * g->inodes_per_group + 1;

		for (e2_ino ino = first; ino < first + g->inodes_per_group; ino++) {
			const struct ck_inode *i = &ck->inodes[ino];

			if (i->type == 0 || ck_is_reserved(ck, ino) ||
			    ((i->flags & CK_ORPHAN) && i->links == 0 && i->counted == 0))
				continue;
			if (i->type == E2_FT_DIR)
				check_dir(ck, ino, i);
			else
				check_file(ck, ino, i);
		}
		r = ck_progress(ck, 4, group + 1, g->groups);
	}
	return r;
}
