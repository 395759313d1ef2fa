/* SPDX-License-Identifier: MIT */
/*
 * Inodes in use that lack a name: which of them an entry must have meant.
 *
 * A number goes wrong alone, so the type that the entry keeps, the ".." of a directory, and
 * likeness to the wrong number tell which was meant.  Where more than one fits, none is taken.
 */
#include "check/state.h"

#include "base/grow.h"

#include <stdlib.h>

enum { UNNAMED_MAX = 1 << 12 };	/* beyond that nothing is unmistakable */

struct ck_unnamed {
	e2_ino *at;
	size_t count, cap;
	bool many;
};

bool ck_is_hidden(const struct ck *ck, e2_ino ino)
{
	const struct e2_super *s = ck->super;

	return ino == s->usr_quota_inum || ino == s->grp_quota_inum ||
	       ino == s->prj_quota_inum || ino == s->orphan_file_inum;
}

/* Whether an inode has no name, or fewer than its link count says. */
static bool lacks_name(const struct ck *ck, e2_ino ino, bool any)
{
	const struct ck_inode *i = &ck->inodes[ino];

	if (i->type == 0 || ino == E2_INO_ROOT || ck_is_reserved(ck, ino) || ck_is_hidden(ck, ino))
		return false;
	if ((i->flags & CK_ORPHAN) && i->links == 0)
		return false;
	if (i->type == E2_FT_DIR)
		return i->parent == 0;
	return any ? i->counted == 0 : i->counted < i->links;
}

bool ck_lacks_name(const struct ck *ck, e2_ino ino)
{
	return ino <= ck->g->inodes && (lacks_name(ck, ino, true) || lacks_name(ck, ino, false));
}

static int collect(struct ck *ck)
{
	struct ck_unnamed *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return e2_fail(E2_ERR_NOMEM, "inodes without names");
	ck->unnamed = u;
	for (e2_ino ino = 1; ino <= ck->g->inodes && ino != 0; ino++) {
		void *grown;

		if (!ck_lacks_name(ck, ino))
			continue;
		if (u->count == UNNAMED_MAX) {
			u->many = true;
			break;
		}
		grown = e2_grow(u->at, &u->cap, u->count + 1, sizeof(*u->at));
		if (grown == NULL)
			return E2_ERR_NOMEM;
		u->at = grown;
		u->at[u->count++] = ino;
	}
	return 0;
}

void ck_unnamed_free(struct ck_unnamed *unnamed)
{
	if (unnamed == NULL)
		return;
	free(unnamed->at);
	free(unnamed);
}

/* Whether two numbers differ in one byte. */
static bool is_like(e2_ino a, e2_ino b)
{
	uint32_t x = a ^ b;

	return x != 0 && ((x & ~0xffu) == 0 || (x & ~0xff00u) == 0 || (x & ~0xff0000u) == 0 ||
			  (x & ~0xff000000u) == 0);
}

static bool is_one_bit(e2_ino a, e2_ino b)
{
	uint32_t x = a ^ b;

	return x != 0 && (x & (x - 1)) == 0;
}

/* How surely an entry of dir may have meant an inode: 0 not at all. */
static unsigned likeness(const struct ck *ck, e2_ino dir, unsigned type, e2_ino have, e2_ino ino)
{
	const struct ck_inode *i = &ck->inodes[ino];
	bool damaged = i->type == CK_BAD_TYPE;

	if (type != E2_FT_UNKNOWN && !damaged && i->type != type)
		return 0;
	if (ino == dir)		/* no directory is below itself */
		return 0;
	if (i->type == E2_FT_DIR && i->dotdot != 0)
		return i->dotdot == dir ? 4 : 0;
	/* 0 is what a removal leaves: it is like no number. */
	if (have != 0 && is_one_bit(ino, have))
		return 3;
	return is_like(ino, have) || e2_inode_group(ck->g, ino) == e2_inode_group(ck->g, dir) ?
		2 : 1;
}

/* The one that fits best, if it is beyond doubt; *fit says how many fit at all. */
static e2_ino choose(const struct ck *ck, e2_ino dir, unsigned type, e2_ino have, bool any,
		     unsigned *fit)
{
	unsigned best = 0, equal = 0;
	e2_ino ino = 0;

	*fit = 0;
	for (size_t i = 0; i < ck->unnamed->count; i++) {
		e2_ino at = ck->unnamed->at[i];
		unsigned like = lacks_name(ck, at, any) ? likeness(ck, dir, type, have, at) : 0;

		*fit += like != 0;
		equal = like == best ? equal + 1 : like > best ? 1 : equal;
		if (like > best) {
			best = like;
			ino = at;
		}
	}
	/* Likeness of numbers decides between many only when it is strong. */
	return best == 0 || equal != 1 || (best < 3 && *fit != 1) ? 0 : ino;
}

int ck_unnamed(struct ck *ck, e2_ino dir, unsigned type, e2_ino have, e2_ino *ino)
{
	int r = ck->unnamed == NULL ? collect(ck) : 0;
	unsigned fit;

	*ino = 0;
	if (r != 0 || ck->unnamed->many)
		return r;
	*ino = choose(ck, dir, type, have, true, &fit);
	if (fit == 0)	/* another name of a file that has one */
		*ino = choose(ck, dir, type, have, false, &fit);
	return 0;
}
