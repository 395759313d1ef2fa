/* SPDX-License-Identifier: MIT */
/*
 * Every entry of every directory, a directory at a time: its blocks in file
 * order, so that names can be compared across blocks.
 *
 * Links are counted as they should be: each directory counts for itself ("."),
 * and for the one that holds its first name (".."), whatever its ".." says.
 */
#include "check/state.h"

#include "base/endian.h"
#include "tree/dir.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	struct ck *ck;
	const struct ck_dir *dir;
	struct ck_names *names;
	struct ck_index *index;		/* NULL: none, or none that can be used */
	uint32_t seen;			/* entries in block 0 so far */
};

static bool is_name(const struct e2_entry *e, const char *name)
{
	return e->name_len == strlen(name) && memcmp(e->name, name, e->name_len) == 0;
}

/* A finding about an entry, with what all of them say. */
static void report(struct reader *r, enum e2_problem_id id, const struct e2_entry *e,
		   uint64_t want, const char *why)
{
	struct e2_finding f = {
		.id = id, .ino = r->dir->ino, .dir = r->dir->ino, .lblk = e->lblk,
		.index = e->offset, .have = e->ino, .want = want, .limit = r->ck->g->inodes,
		.why = why, .name = (const char *)e->name, .name_len = e->name_len,
	};

	e2_findings_add(r->ck->found, &f);
}

/* ---- "." and ".." -------------------------------------------------------- */

static void check_dot(struct reader *r, const struct e2_entry *e)
{
	e2_ino ino = r->dir->ino;

	if (e->ino == 0 || !is_name(e, "."))
		FOUND(r->ck->found, DIR_DOT, .ino = ino, .why = "is not \".\"");
	else if (e->rec_len != 12)
		FOUND(r->ck->found, DIR_DOT, .ino = ino,
		      .why = "has a record longer than \".\" needs");
	else if (e->name[1] != 0)
		FOUND(r->ck->found, DIR_DOT, .ino = ino, .why = "does not end with a NUL");
	if (e->ino != 0 && e->ino != ino)
		FOUND(r->ck->found, DIR_DOT_INODE, .ino = ino, .have = e->ino, .want = ino);
}

static void check_dotdot(struct reader *r, const struct e2_entry *e)
{
	e2_ino ino = r->dir->ino;

	r->ck->inodes[ino].dotdot = e->ino;
	if (e->ino == 0 || !is_name(e, ".."))
		FOUND(r->ck->found, DIR_DOTDOT, .ino = ino, .why = "is not \"..\"");
	else if (e->rec_len > 12 && e->name[2] != 0)
		FOUND(r->ck->found, DIR_DOTDOT, .ino = ino, .why = "does not end with a NUL");
}

/* ---- other entries ------------------------------------------------------- */

/* The inode an entry names; NULL, and a finding, when it can name none such. */
static struct ck_inode *check_target(struct reader *r, const struct e2_entry *e)
{
	struct ck *ck = r->ck;
	struct ck_inode *target;

	if (!e2_inode_valid(ck->g, e->ino)) {
		report(r, E2_PROBLEM_ENTRY_RANGE, e, 1, NULL);
		return NULL;
	}
	if (ck_is_reserved(ck, e->ino) || ck_is_hidden(ck, e->ino)) {
		report(r, E2_PROBLEM_ENTRY_RESERVED, e, 0, "kept for the format's own use");
		return NULL;
	}
	target = ck_inode(ck, e->ino);
	if (target == NULL && !ck->groups[e2_inode_group(ck->g, e->ino)].table_damaged)
		report(r, E2_PROBLEM_ENTRY_UNUSED, e, 0, NULL);
	return target;
}

static void check_type(struct reader *r, const struct e2_entry *e, const struct ck_inode *target)
{
	uint8_t stored = e->name[-1];	/* the byte before the name */
	struct e2_finding f = {
		.id = E2_PROBLEM_ENTRY_TYPE, .ino = e->ino, .dir = r->dir->ino,
		.lblk = e->lblk, .index = e->offset, .have = stored,
		.want = e->ino, .name = (const char *)e->name, .name_len = e->name_len,
	};

	if (!r->ck->g->filetype) {
		f.id = E2_PROBLEM_ENTRY_TYPE_SET;
		if (stored != 0)
			e2_findings_add(r->ck->found, &f);
		return;
	}
	if (target->type == CK_BAD_TYPE || stored == target->type)
		return;	/* an impossible mode is a finding of the inode */
	f.mode = ck_mode_of(target->type);
	if (stored == E2_FT_UNKNOWN)
		f.id = E2_PROBLEM_ENTRY_TYPE_NONE;	/* costs time, and misleads nobody */
	e2_findings_add(r->ck->found, &f);
}

/* A name of a directory: the first one counts, and is its parent's.  False for others. */
static bool count_directory(struct reader *r, const struct e2_entry *e, struct ck_inode *target)
{
	if (e->ino == r->dir->ino) {
		report(r, E2_PROBLEM_ENTRY_SELF, e, 0, NULL);
	} else if (e->ino == E2_INO_ROOT) {
		report(r, E2_PROBLEM_ENTRY_ROOT, e, 0, NULL);
	} else if (target->parent != 0) {
		report(r, E2_PROBLEM_ENTRY_DIR_TWICE, e, 0, NULL);
	} else {
		target->parent = r->dir->ino;
		target->counted++;
		r->ck->inodes[r->dir->ino].counted++;
		return true;
	}
	return false;
}

/* What entries say of an inode's type: evidence where its mode is damaged. */
static void note_type(const struct ck *ck, const struct e2_entry *e, struct ck_inode *target)
{
	unsigned stored = ck->g->filetype ? e->file_type : E2_FT_UNKNOWN;

	if (stored == E2_FT_UNKNOWN || stored > E2_FT_LNK)
		return;
	if (target->named == 0)
		target->named = stored & 15;
	else if (target->named != stored)
		target->named = CK_BAD_TYPE;
}

static int check_entry(struct reader *r, const struct e2_entry *e)
{
	const char *problem = e2_name_problem(e->name, e->name_len);
	struct ck_inode *target;
	e2_ino earlier;
	int n;

	if (problem != NULL) {
		report(r, E2_PROBLEM_ENTRY_NAME, e, 0, problem);
	} else {
		n = ck_names_add(r->names, e->name, e->name_len, e->ino, &earlier);
		if (n < 0)
			return n;
		if (n > 0)
			report(r, E2_PROBLEM_ENTRY_TWICE, e, earlier, NULL);
		if (r->index != NULL)
			ck_index_entry(r->index, e->lblk, e->name, e->name_len);
	}
	target = check_target(r, e);
	if (target == NULL) {
		if (e2_inode_valid(r->ck->g, e->ino))
			note_type(r->ck, e, &r->ck->inodes[e->ino]);
		return 0;
	}
	note_type(r->ck, e, target);
	if (target->type != E2_FT_DIR)
		target->counted++;
	else if (!count_directory(r, e, target))
		return 0;	/* it must mean another inode: its type is that one's */
	check_type(r, e, target);
	return 0;
}

/* ---- the first two entries ------------------------------------------------- */

/*
 * Whether an entry in the place of "." or ".." is the name of something else.  "." names its
 * own directory and ".." a directory, so that either may have lost its name.
 */
static bool is_stray_name(const struct reader *r, const struct e2_entry *e)
{
	const struct ck_inode *target = ck_inode(r->ck, e->ino);

	if (e->ino == 0 || e->ino == r->dir->ino || e->name_len == 0 ||
	    ck_is_reserved(r->ck, e->ino) || e->name[0] == '.')
		return false;
	if (target == NULL)
		return r->seen != 0 && e->offset != 12;
	if (target->type != E2_FT_DIR)
		return true;
	return e->offset == 0 ? e->name_len > 2 : e->offset != 12 || e->name_len > 3;
}

/* ".." names a directory, of which no more can be said before all names are seen. */
static void check_dotdot_target(struct reader *r, const struct e2_entry *e)
{
	const struct ck_inode *target = check_target(r, e);
	struct e2_finding f = {
		.id = E2_PROBLEM_ENTRY_TYPE, .ino = e->ino, .dir = r->dir->ino,
		.lblk = e->lblk, .index = e->offset, .have = e->name[-1],
		.want = e->ino, .mode = E2_S_IFDIR,
		.name = (const char *)e->name, .name_len = e->name_len,
	};

	if (target != NULL && target->type == E2_FT_DIR)
		check_type(r, e, target);
	else if (r->ck->g->filetype && f.have != E2_FT_DIR)
		e2_findings_add(r->ck->found, &f);
}

static int check_special(struct reader *r, const struct e2_entry *e)
{
	bool stray = is_stray_name(r, e);

	if (r->seen == 0) {
		r->ck->inodes[r->dir->ino].counted++;
		check_dot(r, e);
		if (e->ino == r->dir->ino)
			check_type(r, e, &r->ck->inodes[e->ino]);
	} else {
		if (r->dir->ino == E2_INO_ROOT)
			r->ck->inodes[E2_INO_ROOT].counted++;
		check_dotdot(r, e);
		if (e->ino != 0 && !stray)
			check_dotdot_target(r, e);
	}
	return stray ? check_entry(r, e) : 0;
}

/* ---- blocks -------------------------------------------------------------- */

static void report_damage(struct reader *r, e2_lblk lblk, uint32_t at, const uint8_t *data)
{
	uint32_t left = r->ck->g->block_size - at;
	uint32_t rec_len = left >= E2_DIRENT_BYTES ? e2_get16(data + at + 4) : 0;
	const char *why = "has an impossible record length";

	if (left < 12)
		why = "has no room";
	else if (rec_len >= 12 && rec_len % 4 == 0 && rec_len <= left)
		why = "has a name longer than its record";
	e2_err_clear();
	FOUND(r->ck->found, DIR_DAMAGED, .ino = r->dir->ino, .lblk = lblk, .index = at,
	      .have = rec_len, .why = why);
}

/* Where the records of a block end: its end, when it is whole. */
static uint32_t covered(const struct e2_geometry *g, const uint8_t *data)
{
	uint32_t at = 0;
	struct e2_entry e;

	while (e2_entry_step(g, data, at, &e) > 0)
		at += e.rec_len;
	return at;
}

static int check_block(struct reader *r, const struct ck_dir_block *b, const uint8_t *data)
{
	uint32_t end = covered(r->ck->g, data), at = 0;
	struct e2_entry e;
	int failed = 0;

	if (end != r->ck->g->block_size) {
		report_damage(r, b->lblk, end, data);
		if (b->lblk == 0)
			r->seen = 2;	/* they are made again with the block */
		return ck_damaged_add(r->ck, r->dir, b, data);
	}
	for (; failed == 0 && e2_entry_step(r->ck->g, data, at, &e) > 0; at += e.rec_len) {
		e.lblk = b->lblk;
		if (b->lblk == 0 && r->seen < 2) {
			failed = check_special(r, &e);
			r->seen++;
		} else if (e.ino != 0) {
			failed = check_entry(r, &e);
		}
	}
	return failed;
}

static int read_block(struct reader *r, const struct ck_dir_block *b)
{
	const struct e2_buf *buf;
	int n;

	if (r->index != NULL && ck_index_is_node(r->index, b->lblk))
		return 0;
	if (e2_buf_get(r->ck->fs, b->blk, &buf) != 0) {
		e2_err_clear();
		FOUND(r->ck->found, DIR_UNREADABLE, .ino = r->dir->ino, .lblk = b->lblk,
		      .blk = b->blk);
		if (b->lblk == 0) {
			r->ck->inodes[r->dir->ino].counted++;
			r->seen = 2;	/* "." and ".." may be there or not */
		}
		return 0;
	}
	n = check_block(r, b, buf->data);
	e2_buf_put(r->ck->fs, buf);
	return n;
}

static void check_holes(struct ck *ck, const struct ck_dir *dir)
{
	uint64_t blocks = dir->size / ck->g->block_size;
	e2_lblk next = 0;

	for (uint32_t i = 0; i < dir->count; i++) {
		const struct ck_dir_block *b = &ck->dir_blocks[dir->first + i];

		if (b->lblk > next && next < blocks)
			FOUND(ck->found, DIR_HOLE, .ino = dir->ino, .lblk = next);
		next = (e2_lblk)b->lblk + 1;
	}
	if (dir->count != 0 && next < blocks)
		FOUND(ck->found, DIR_HOLE, .ino = dir->ino, .lblk = next);
}

static int check_dir(struct ck *ck, const struct ck_dir *dir, struct ck_names *names)
{
	struct reader r = { .ck = ck, .dir = dir, .names = names };
	int n = 0;

	check_holes(ck, dir);
	ck_names_begin(names);
	if (dir->indexed)
		n = ck_index_begin(ck, dir, &r.index);
	for (uint32_t i = 0; i < dir->count && n == 0; i++) {
		n = read_block(&r, &ck->dir_blocks[dir->first + i]);
		if (n == 0)
			n = ck_progress(ck, 2, dir->first + i + 1, ck->block_count);
	}
	ck_index_end(ck, r.index);
	if (n != 0 || dir->count == 0)
		return n;
	if (r.seen == 0)
		FOUND(ck->found, DIR_DOT, .ino = dir->ino, .why = "is missing");
	if (r.seen < 2)
		FOUND(ck->found, DIR_DOTDOT, .ino = dir->ino, .why = "is missing");
	return 0;
}

/* Tells the cache what comes next. */
static void read_ahead(struct ck *ck, size_t from, size_t to)
{
	struct e2_range ranges[64];
	size_t count = 0;

	for (size_t i = from; i < to; i++) {
		e2_blk blk = ck->dir_blocks[i].blk;

		if (count != 0 && ranges[count - 1].blk + ranges[count - 1].count == blk) {
			ranges[count - 1].count++;
			continue;
		}
		if (count == sizeof(ranges) / sizeof(ranges[0])) {
			e2_cache_hint(e2_fs_cache(ck->fs), ranges, count);
			count = 0;
		}
		ranges[count++] = (struct e2_range){ blk, 1 };
	}
	e2_cache_hint(e2_fs_cache(ck->fs), ranges, count);
}

int pass_dirs(struct ck *ck)
{
	enum { AHEAD = 512 };		/* directory blocks */
	struct ck_names *names;
	size_t hinted = 0;
	int r = ck_progress(ck, 2, 0, ck->block_count);

	if (r == 0)
		r = ck_names_new(&names);
	if (r != 0)
		return r;

	for (size_t i = 0; i < ck->dir_count && r == 0; i++) {
		const struct ck_dir *dir = &ck->dirs[i];
		size_t end = dir->first + dir->count;

		if (hinted < end + AHEAD / 2 && hinted < ck->block_count) {
			size_t to = end + AHEAD < ck->block_count ? end + AHEAD : ck->block_count;

			read_ahead(ck, hinted, to);
			hinted = to;
		}
		r = check_dir(ck, dir, names);
	}
	ck_names_free(names);
	if (r == 0)
		r = ck_damaged_settle(ck);
	return r == 0 ? ck_mislaid(ck) : r;
}
