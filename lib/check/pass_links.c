/* SPDX-License-Identifier: MIT */
/* Link counts, and inodes in use that no name leads to. */
#include "check/lost.h"

static void check_dir(struct ck *ck, e2_ino ino, const struct ck_inode *i)
{
	/* A directory without a name will get one. */
	uint32_t want = i->counted + (i->parent == 0 && ino != E2_INO_ROOT);
	bool many = e2_has_dir_nlink(ck->super) && i->links == 1 && want > E2_LINK_MAX;

	if (i->links != want && !many)
		FOUND(ck->found, LINK_COUNT_DIR, .ino = ino, .have = i->links, .want = want,
		      .mode = E2_S_IFDIR);
}

static int check_file(struct ck *ck, e2_ino ino, const struct ck_inode *i)
{
	/* More names than 16 bits can count are counted as this many (and by e2fsck). */
	enum { NAMES_MAX = 65500 };
	uint32_t want = i->counted < NAMES_MAX ? i->counted : NAMES_MAX;
	struct e2_inode in = { .mode = 0 };

	if (i->links == want)
		return 0;
	if (want != 0) {
		FOUND(ck->found, LINK_COUNT, .ino = ino, .have = i->links, .want = want);
		return 0;
	}
	if (e2_inode_get(ck->fs, ino, &in) != 0)
		e2_err_clear();
	const struct e2_finding f = {
		.id = E2_PROBLEM_NO_NAME, .ino = ino, .mode = in.mode, .have = e2_inode_size(&in),
	};

	return ck_found_unnamed(ck, &f);
}

int pass_links(struct ck *ck)
{
	const struct e2_geometry *g = ck->g;
	int r = ck_progress(ck, 4, 0, g->groups);

	for (e2_grp group = 0; group < g->groups && r == 0; group++) {
		e2_ino first = group * g->inodes_per_group + 1;

		for (e2_ino ino = first; ino < first + g->inodes_per_group && r == 0; ino++) {
			const struct ck_inode *i = &ck->inodes[ino];

			if (i->type == 0 || ck_is_reserved(ck, ino) ||
			    ((i->flags & CK_ORPHAN) && i->links == 0 && i->counted == 0))
				continue;
			if (i->type == E2_FT_DIR)
				check_dir(ck, ino, i);
			else
				r = check_file(ck, ino, i);
		}
		if (r == 0)
			r = ck_progress(ck, 4, group + 1, g->groups);
	}
	return r;
}
