/* SPDX-License-Identifier: MIT */
/*
 * Whether the root leads to every directory, and every ".." back.
 *
 * The names seen so far give each directory at most one parent, so that the way up is
 * a chain; each directory is passed once.
 */
#include "check/state.h"

/* Follows the chain up from ino and marks it; returns its top, or 0 when the root was reached. */
static e2_ino climb(struct ck *ck, e2_ino ino, bool *cycle)
{
	e2_ino at = ino;

	*cycle = false;
	for (;;) {
		struct ck_inode *dir = &ck->inodes[at];

		if (dir->flags & CK_REACHED)
			return 0;
		if (dir->flags & CK_ON_PATH) {
			*cycle = true;
			return at;
		}
		dir->flags |= CK_ON_PATH;
		if (dir->parent == 0)
			return at;
		at = dir->parent;
	}
}

/* Walks the marked chain again: takes the marks, and says whether it was reached. */
static void settle(struct ck *ck, e2_ino ino)
{
	while (ino != 0 && (ck->inodes[ino].flags & CK_ON_PATH)) {
		struct ck_inode *dir = &ck->inodes[ino];

		dir->flags = (uint8_t)((dir->flags & ~CK_ON_PATH) | CK_REACHED);
		ino = dir->parent;
	}
}

static void check_parent(struct ck *ck, e2_ino ino)
{
	const struct ck_inode *dir = &ck->inodes[ino];
	e2_ino want = ino == E2_INO_ROOT ? E2_INO_ROOT : dir->parent;

	if (dir->dotdot != 0 && want != 0 && dir->dotdot != want)
		FOUND(ck->found, DIR_PARENT, .ino = ino, .have = dir->dotdot, .want = want);
}

int pass_connect(struct ck *ck)
{
	const struct ck_inode *root = ck_inode(ck, E2_INO_ROOT);
	bool rooted = root != NULL && root->type == E2_FT_DIR;
	int r = ck_progress(ck, 3, 0, ck->dir_count);

	if (root == NULL)
		FOUND(ck->found, ROOT_MISSING, .ino = E2_INO_ROOT);
	if (rooted)
		ck->inodes[E2_INO_ROOT].flags |= CK_REACHED;
	for (size_t i = 0; i < ck->dir_count && r == 0; i++) {
		e2_ino ino = ck->dirs[i].ino, top;
		bool cycle;

		r = ck_progress(ck, 3, i + 1, ck->dir_count);
		check_parent(ck, ino);
		if (!rooted)
			continue;	/* nothing can be reached, which the root's finding says */
		/* A tree that hangs on nothing is one finding: about its top. */
		top = climb(ck, ino, &cycle);
		if (top != 0 && cycle)
			FOUND(ck->found, DIR_CYCLE, .ino = top, .mode = E2_S_IFDIR);
		else if (top != 0)
			FOUND(ck->found, DIR_LOST, .ino = top, .mode = E2_S_IFDIR);
		settle(ck, ino);
	}
	return r;
}
