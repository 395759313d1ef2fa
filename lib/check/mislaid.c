/* SPDX-License-Identifier: MIT */
/*
 * Entries that have lost their inode, where that inode has lost its name.
 *
 * A number that became 0 looks like a removal, one that became another file's gives that file
 * a name too many, and a record that became longer covers those behind it.  None of this is
 * wrong by itself; but while an inode lacks a name, an entry that fits it and no other
 * has it.  Directories are read for it only when an inode lacks a name.
 */
#include "check/state.h"

#include "tree/dir.h"

enum { TRIES = 4096 };		/* entries looked at closely */

struct search {
	struct ck *ck;
	const struct ck_dir *dir;
	const struct ck_dir_block *block;
	const uint8_t *data;
	unsigned tries;
	bool clean;		/* no crash can have left an entry half removed */
};

static void report(struct search *s, enum e2_problem_id id, const struct e2_entry *e, e2_ino want)
{
	struct e2_finding f = {
		.id = id, .ino = s->dir->ino, .dir = s->dir->ino, .lblk = s->block->lblk,
		.index = e->offset, .have = e->ino, .want = want, .other = want,
		.name = (const char *)e->name, .name_len = e->name_len,
	};

	e2_findings_add(s->ck->found, &f);
}

/* Whether name and type can be those of an entry. */
static bool is_like_entry(const struct search *s, const struct e2_entry *e)
{
	uint8_t type = e->name[-1];

	if (e2_name_problem(e->name, e->name_len) != NULL)
		return false;
	return s->ck->g->filetype ? type >= E2_FT_REG && type <= E2_FT_LNK : type == 0;
}

/* A link count alone may be what is wrong: names that were removed come back for nothing less
 * than an inode without any. */
static bool is_nameless(const struct ck *ck, e2_ino ino)
{
	return ino != 0 && ck_lacks_name(ck, ino) &&
	       (ck->inodes[ino].type == E2_FT_DIR || ck->inodes[ino].counted == 0);
}

/* An unused record that still has a name.  The kernel makes such only at the start of a block. */
static int look_gone(struct search *s, const struct e2_entry *e)
{
	e2_ino ino;
	int r;

	if ((e->offset == 0 && !s->clean) || !is_like_entry(s, e) || s->tries == 0)
		return 0;
	s->tries--;
	r = ck_unnamed(s->ck, s->dir->ino, e->file_type, 0, &ino);
	if (r == 0 && is_nameless(s->ck, ino))
		report(s, E2_PROBLEM_ENTRY_GONE, e, ino);
	return r;
}

/* What of the unused end of a record was an entry, of an inode that lacks a name. */
static int look_covered(struct search *s, const struct e2_entry *over)
{
	uint32_t at = over->offset + (over->ino != 0 ? e2_entry_bytes(over->name_len) : 12);
	uint32_t end = over->offset + over->rec_len;
	struct e2_entry e;

	while (s->clean && at + 12 <= end) {
		e2_ino ino = e2_dirent_peek(s->data + at).inode;
		bool lacks;

		/* Most bytes begin no entry; that is seen here at little cost. */
		if (ino == s->dir->ino || !is_nameless(s->ck, ino)) {
			at += 4;
			continue;
		}
		if (e2_entry_step(s->ck->g, s->data, at, &e) != 1 || e.rec_len > end - at ||
		    !is_like_entry(s, &e)) {
			e2_err_clear();
			at += 4;
			continue;
		}
		lacks = (!s->ck->g->filetype || s->ck->inodes[e.ino].type == e.file_type) &&
			(s->ck->inodes[e.ino].type != E2_FT_DIR ||
			 s->ck->inodes[e.ino].dotdot == s->dir->ino);
		if (lacks && s->tries != 0) {
			s->tries--;
			report(s, E2_PROBLEM_ENTRY_COVERED, &e, e.ino);
		}
		at += lacks ? e2_entry_bytes(e.name_len) : 4;
	}
	return 0;
}

/* An entry of a file with a name too many, between two whose numbers say that it means another. */
static int look_other(struct search *s, const struct e2_entry *e, e2_ino before)
{
	const struct ck_inode *target = ck_inode(s->ck, e->ino);
	struct e2_entry next = { .ino = 0 };
	bool odd, beside;
	e2_ino ino;
	int r;

	if (target == NULL || target->type == E2_FT_DIR || target->counted <= target->links ||
	    s->tries == 0 || !is_like_entry(s, e))
		return 0;
	s->tries--;
	odd = s->ck->g->filetype && target->type != CK_BAD_TYPE && e->file_type != target->type;
	r = ck_unnamed(s->ck, s->dir->ino, odd ? e->file_type : target->type, e->ino, &ino);
	if (r != 0 || ino == 0)
		return r;
	if (e2_entry_step(s->ck->g, s->data, e->offset + e->rec_len, &next) < 0)
		e2_err_clear();
	beside = (before + 1 == ino || next.ino == ino + 1) &&
		 before + 1 != e->ino && next.ino != e->ino + 1;
	if (odd || beside)
		report(s, E2_PROBLEM_ENTRY_OTHER, e, ino);
	return 0;
}

static int look_at_block(struct search *s)
{
	e2_ino before = 0;
	struct e2_entry e;
	int n, r = 0;

	for (uint32_t at = 0; (n = e2_entry_step(s->ck->g, s->data, at, &e)) > 0 && r == 0;
	     at += e.rec_len) {
		bool head = s->block->lblk == 0 && at < 24;

		if (!head && e.ino == 0)
			r = look_gone(s, &e);
		else if (!head)
			r = look_other(s, &e, before);
		if (r == 0 && !(head && s->dir->indexed))
			r = look_covered(s, &e);
		before = e.ino;
	}
	if (n < 0)
		e2_err_clear();		/* a finding already */
	return r;
}

static bool any_lacks(const struct ck *ck)
{
	for (e2_ino ino = 1; ino < ck->g->inodes; ino++)
		if (ck->inodes[ino].type != 0 && ck_lacks_name(ck, ino))
			return true;
	return ck_lacks_name(ck, ck->g->inodes);
}

int ck_mislaid(struct ck *ck)
{
	struct search s = { .ck = ck, .tries = TRIES, .clean = (ck->super->state &
			    (E2_STATE_CLEAN | E2_STATE_ERROR)) == E2_STATE_CLEAN };
	int r = 0;

	if (!any_lacks(ck))
		return 0;
	for (size_t i = 0; i < ck->dir_count && r == 0; i++) {
		s.dir = &ck->dirs[i];
		for (uint32_t n = 0; n < s.dir->count && r == 0; n++) {
			const struct e2_buf *buf;

			s.block = &ck->dir_blocks[s.dir->first + n];
			if (e2_buf_get(ck->fs, s.block->blk, &buf) != 0) {
				e2_err_clear();
				continue;
			}
			s.data = buf->data;
			r = look_at_block(&s);
			e2_buf_put(ck->fs, buf);
		}
	}
	/* Repairs ask again, when what has changed since is known. */
	ck_unnamed_free(ck->unnamed);
	ck->unnamed = NULL;
	return r;
}
