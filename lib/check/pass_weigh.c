/* SPDX-License-Identifier: MIT */
/*
 * What an inode is, where what others say of it contradicts its mode or its link count.
 *
 * Only inodes that findings of earlier passes are about are looked at, once each: a sound
 * volume costs nothing.
 */
#include "check/state.h"

static bool first_look(struct ck *ck, e2_ino ino)
{
	struct ck_inode *state = &ck->inodes[ino];
	bool first = (state->flags & CK_WEIGHED) == 0;

	state->flags |= CK_WEIGHED;
	return first;
}

/* ---- types --------------------------------------------------------------------------- */

uint16_t ck_mode_of(enum e2_file_type type)
{
	static const uint16_t modes[] = {
		[E2_FT_UNKNOWN] = 0, [E2_FT_REG] = E2_S_IFREG, [E2_FT_DIR] = E2_S_IFDIR,
		[E2_FT_CHR] = E2_S_IFCHR, [E2_FT_BLK] = E2_S_IFBLK, [E2_FT_FIFO] = E2_S_IFIFO,
		[E2_FT_SOCK] = E2_S_IFSOCK, [E2_FT_LNK] = E2_S_IFLNK,
	};

	return (unsigned)type < E2_FT_MAX ? modes[type] : 0;
}

static void weigh_type(struct ck *ck, e2_ino ino)
{
	const struct ck_inode *state = ck_inode(ck, ino);
	enum e2_file_type want;
	struct e2_inode in;

	/* An impossible mode, and that of the root, are findings of their own. */
	if (state == NULL || state->type == CK_BAD_TYPE || ino == E2_INO_ROOT ||
	    ck_is_reserved(ck, ino) || !first_look(ck, ino))
		return;
	if (e2_inode_get(ck->fs, ino, &in) != 0) {
		e2_err_clear();
		return;
	}
	if (ck_type_is_wrong(ck, ino, &in, state->named, &want))
		FOUND(ck->found, INODE_TYPE, .ino = ino, .have = in.mode, .mode = in.mode,
		      .want = (in.mode & 07777u) | ck_mode_of(want),
		      .why = want == E2_FT_DIR ? "its first block holds its \".\" and \"..\"" :
			     "its names and its other fields are those of another type");
}

/* ---- removed inodes that are not ------------------------------------------------------- */

struct claims {
	struct ck *ck;
	uint64_t blocks;
	bool sound;
};

static int see_claims(void *context, const struct ck_step *s)
{
	struct claims *c = context;

	if (s->status != CK_STEP_OK) {
		c->sound = false;
		return 0;
	}
	for (uint64_t i = 0; i < s->count && c->sound; i++) {
		bool used = false;

		if (e2_block_used(c->ck->fs, s->blk + i, &used) != 0)
			e2_err_clear();
		c->sound = used && !e2_bitset_test(c->ck->claimed, s->blk + i);
	}
	c->blocks += s->count;
	c->sound = c->sound && c->blocks <= c->ck->g->blocks;	/* else in a circle */
	return c->sound && s->level != 0;
}

/* Whether an inode with link count 0 is no removed one: what a removal clears is not clear. */
static bool is_alive(struct ck *ck, e2_ino ino, const struct e2_inode *in)
{
	struct claims c = { .ck = ck, .sound = true };
	enum e2_file_type type = e2_inode_file_type(in->mode), named = ck->inodes[ino].named;
	bool used = false;

	if (type == E2_FT_UNKNOWN)
		type = ck_type_of(ck, ino, in, named);
	if (type == E2_FT_UNKNOWN || ck_fit(ck, ino, in, type) == CK_FIT_NO ||
	    (named != E2_FT_UNKNOWN && named != type &&
	     ck_fit(ck, ino, in, type) != CK_FIT_TELLS))
		return false;
	if (type == E2_FT_REG || type == E2_FT_DIR) {
		if (ck_walk(ck, in, see_claims, &c) != 0)
			e2_err_clear();
		if (!c.sound)
			return false;
	}
	if (e2_inode_used(ck->fs, ino, &used) != 0)
		e2_err_clear();
	return used + (in->dtime == 0) + (c.blocks != 0) >= 2;
}

static bool is_dead(const struct ck *ck, e2_ino ino)
{
	return e2_inode_valid(ck->g, ino) && ck->inodes[ino].type == 0;
}

/* Counts the entries, ".." of others among them, that lead to inodes not in use. */
static void count_dead(struct ck *ck)
{
	for (size_t i = 0; i < ck->found->count; i++) {
		const struct e2_finding *f = &ck->found->at[i];

		if (f->id == E2_PROBLEM_ENTRY_UNUSED && is_dead(ck, (e2_ino)f->have))
			ck->inodes[f->have].counted++;
	}
}

/* As if nobody had counted: a later pass takes these for unnamed. */
static void forget_dead(struct ck *ck)
{
	for (size_t i = 0; i < ck->found->count; i++) {
		const struct e2_finding *f = &ck->found->at[i];

		if (f->id == E2_PROBLEM_ENTRY_UNUSED && is_dead(ck, (e2_ino)f->have))
			ck->inodes[f->have].counted = 0;
	}
}

static void weigh_dead(struct ck *ck, e2_ino ino)
{
	uint32_t names;
	struct e2_inode in;

	/* That the root is missing is a finding of its own. */
	if (!e2_inode_valid(ck->g, ino) || ck->inodes[ino].type != 0 || ino == E2_INO_ROOT ||
	    ck_is_reserved(ck, ino) || !first_look(ck, ino))
		return;
	if (e2_inode_get(ck->fs, ino, &in) != 0) {
		e2_err_clear();
		return;
	}
	names = ck->inodes[ino].counted;
	if (is_alive(ck, ino, &in))
		FOUND(ck->found, INODE_DEAD, .ino = ino, .mode = in.mode,
		      .want = names + e2_is_dir(&in),
		      .why = "it has a name, and what it holds is marked in use");
	else if (ck->inodes[ino].named == E2_FT_DIR && ck_stray_dir(ck, ino) != 0)
		FOUND(ck->found, INODE_DEAD, .ino = ino, .mode = E2_S_IFDIR, .want = names + 1,
		      .blk = ck_stray_dir(ck, ino),
		      .why = "it has a name, and its block is marked in use");
}

int pass_weigh(struct ck *ck)
{
	size_t count = ck->found->count;

	count_dead(ck);
	for (size_t i = 0; i < count; i++) {
		const struct e2_finding *f = &ck->found->at[i];

		switch (f->id) {
		case E2_PROBLEM_ENTRY_UNUSED:
			weigh_dead(ck, (e2_ino)f->have);
			break;
		case E2_PROBLEM_ENTRY_TYPE:
		case E2_PROBLEM_DIR_DOT:
		case E2_PROBLEM_SPECIAL_SIZE:
		case E2_PROBLEM_SYMLINK_SIZE:
		case E2_PROBLEM_SYMLINK_TEXT:
		case E2_PROBLEM_BLOCK_COUNT:
		case E2_PROBLEM_BLOCK_RANGE:
			weigh_type(ck, f->ino);
			break;
		default:
			break;
		}
	}
	forget_dead(ck);
	return 0;
}
