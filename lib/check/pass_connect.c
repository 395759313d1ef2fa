/* SPDX-License-Identifier: MIT */
/*
 * Whether the root leads to every directory, and every ".." back.
 *
 * The names seen so far give each directory at most one parent, so that the way up is
 * a chain; each directory is passed once.
 */
#include "check/lost.h"

/* Follows the chain up from ino and marks it; returns its top, or 0 when that is known. */
static e2_ino climb(struct ck *ck, e2_ino ino, bool *cycle, bool *rooted)
{
	e2_ino at = ino;

	*cycle = false;
	*rooted = false;
	for (;;) {
		struct ck_inode *dir = &ck->inodes[at];

		if (dir->flags & CK_REACHED) {
			*rooted = (dir->flags & CK_ROOTED) != 0;
			return 0;
		}
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

/* Walks the marked chain again: takes the marks, and says whether the root leads to it. */
static void settle(struct ck *ck, e2_ino ino, bool rooted)
{
	unsigned way = rooted ? CK_REACHED | CK_ROOTED : CK_REACHED;

	while (ino != 0 && (ck->inodes[ino].flags & CK_ON_PATH)) {
		struct ck_inode *dir = &ck->inodes[ino];

		dir->flags = (uint8_t)((dir->flags & ~(unsigned)CK_ON_PATH) | way);
		ino = dir->parent;
	}
}

/*
 * Of a circle of directories, the one whose name is the wrong one: its ".." says another parent.
 * Where none does, or more than one, the lowest.
 */
static e2_ino break_at(const struct ck *ck, e2_ino start)
{
	e2_ino at = start, lowest = start, odd = 0;

	do {
		const struct ck_inode *dir = &ck->inodes[at];

		if (at < lowest)
			lowest = at;
		if (dir->dotdot != dir->parent && (odd == 0 || at < odd))
			odd = at;
		at = dir->parent;
	} while (at != start);
	return odd != 0 ? odd : lowest;
}

static void report_circle(struct ck *ck, e2_ino start)
{
	e2_ino top = break_at(ck, start);

	ck->inodes[top].flags |= CK_LOOSE;
	FOUND(ck->found, DIR_CYCLE, .ino = top, .mode = E2_S_IFDIR,
	      .dir = ck->inodes[top].parent);
}

/* A tree that hangs on nothing is one finding: about its top.  When all circles are known. */
static int report_tops(struct ck *ck)
{
	int r = 0;

	for (size_t i = 0; i < ck->dir_count && r == 0; i++) {
		struct e2_finding f = { .id = E2_PROBLEM_DIR_LOST, .ino = ck->dirs[i].ino,
					.mode = E2_S_IFDIR };

		if (f.ino != E2_INO_ROOT && ck->inodes[f.ino].parent == 0)
			r = ck_found_unnamed(ck, &f);
	}
	return r;
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
	bool rooted = root != NULL && root->type == E2_FT_DIR, lost = false;
	int r = ck_progress(ck, 3, 0, ck->dir_count);

	if (root == NULL)
		FOUND(ck->found, ROOT_MISSING, .ino = E2_INO_ROOT);
	if (rooted)
		ck->inodes[E2_INO_ROOT].flags |= CK_REACHED | CK_ROOTED;
	for (size_t i = 0; i < ck->dir_count && r == 0; i++) {
		e2_ino ino = ck->dirs[i].ino, top;
		bool cycle, reached;

		r = ck_progress(ck, 3, i + 1, ck->dir_count);
		check_parent(ck, ino);
		if (!rooted)
			continue;	/* nothing can be reached, which the root's finding says */
		top = climb(ck, ino, &cycle, &reached);
		if (top != 0 && cycle)
			report_circle(ck, top);
		lost = lost || (top != 0 && !cycle);
		settle(ck, ino, reached);
	}
	return r == 0 && lost ? report_tops(ck) : r;
}
