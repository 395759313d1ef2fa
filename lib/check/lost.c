/* SPDX-License-Identifier: MIT */
/*
 * The names that unnamed inodes had.
 *
 * A removed entry stays in the unused end of the record before it, with inode, type and name,
 * until another takes its place; a directory that has lost a block leaves all entries of it in
 * a block that is in use and nobody's.  Both are looked through once a round, and only when
 * something has no name.  An entry is believed when the inode it names is one of these, the
 * type fits and the name could stand in a directory.
 */
#include "check/lost.h"

#include "base/grow.h"
#include "base/search.h"
#include "tree/dir.h"

#include <stdlib.h>
#include <string.h>

struct record {
	e2_ino ino, dir;
	size_t at;		/* of the name in text */
	uint8_t len, rank;	/* rank 0: no name known */
	uint8_t from;
};

struct emptied {		/* an entry of no inode */
	e2_ino dir;
	size_t at;
	uint8_t len, type;
};

struct ck_lost {
	struct record *records;	/* of all unnamed inodes, ascending */
	size_t count, cap;
	struct emptied *emptied;
	size_t emptied_count, emptied_cap;
	struct e2_str text;
	size_t known;		/* records with a name */
};

/* More than that are the traces of a long life, and tell nothing. */
enum { EMPTIED_MAX = 4096 };

/* How much an entry is to be believed. */
enum { RANK_EMPTIED = 1, RANK_BLOCK, RANK_BLOCK_OF_DIR, RANK_REMOVED, RANK_PARENT };

bool ck_is_unnamed(const struct ck *ck, e2_ino ino)
{
	const struct ck_inode *i = ck_inode(ck, ino);

	if (i == NULL || ino == E2_INO_ROOT || ck_is_reserved(ck, ino))
		return false;
	if (i->type == E2_FT_DIR)
		return i->parent == 0 || (i->flags & CK_LOOSE) != 0;
	return i->counted == 0 && !((i->flags & CK_ORPHAN) && i->links == 0);
}

void ck_lost_free(struct ck_lost *lost)
{
	if (lost == NULL)
		return;
	free(lost->records);
	free(lost->emptied);
	e2_str_free(&lost->text);
	free(lost);
}

static int gather(const struct ck *ck, struct ck_lost *lost)
{
	for (e2_ino ino = ck->g->first_ino; ino <= ck->g->inodes && ino != 0; ino++) {
		struct record *more;

		if (ck->inodes[ino].type == 0 || !ck_is_unnamed(ck, ino))
			continue;
		more = e2_grow(lost->records, &lost->cap, lost->count + 1, sizeof(*more));
		if (more == NULL)
			return E2_ERR_NOMEM;
		lost->records = more;
		lost->records[lost->count++] = (struct record){ .ino = ino };
	}
	return 0;
}

static struct record *find(const struct ck_lost *lost, e2_ino ino)
{
	size_t low;

	E2_SEARCH(low, lost->count, i, lost->records[i].ino < ino);
	return low < lost->count && lost->records[low].ino == ino ? &lost->records[low] : NULL;
}

/* ---- entries ---------------------------------------------------------------------- */

static void offer(const struct ck *ck, struct ck_lost *lost, const struct e2_entry *e, e2_ino dir,
		  enum ck_old_from from, uint8_t rank)
{
	struct record *r = find(lost, e->ino);

	if (r == NULL)
		return;
	if (from == CK_OLD_REMOVED && dir != 0 && ck->inodes[e->ino].type == E2_FT_DIR &&
	    ck->inodes[e->ino].dotdot == dir)
		rank = RANK_PARENT;
	if (rank <= r->rank)
		return;
	lost->known += r->rank == 0;
	*r = (struct record){ e->ino, dir, lost->text.len, (uint8_t)e->name_len, rank,
			      (uint8_t)from };
	e2_str_add_bytes(&lost->text, e->name, e->name_len);
}

static bool type_fits(const struct ck *ck, uint8_t stored, uint8_t type)
{
	return !ck->g->filetype || stored == type || stored == E2_FT_UNKNOWN;
}

/* An entry that names something and nothing: its inode is gone, the rest is there. */
static int keep_emptied(const struct ck *ck, struct ck_lost *lost, const struct e2_entry *e,
			e2_ino dir)
{
	struct emptied *more;

	if (lost->emptied_count == EMPTIED_MAX || !ck->g->filetype ||
	    e->name_len == 0 || e->file_type == E2_FT_UNKNOWN || e->file_type >= E2_FT_MAX ||
	    e2_name_problem(e->name, e->name_len) != NULL)
		return 0;
	more = e2_grow(lost->emptied, &lost->emptied_cap, lost->emptied_count + 1, sizeof(*more));
	if (more == NULL)
		return E2_ERR_NOMEM;
	lost->emptied = more;
	lost->emptied[lost->emptied_count++] = (struct emptied){
		dir, lost->text.len, (uint8_t)e->name_len, e->file_type,
	};
	e2_str_add_bytes(&lost->text, e->name, e->name_len);
	return 0;
}

/* Whether bytes at `at`, before `end`, read as an entry of something unnamed. */
static bool old_entry(const struct ck *ck, const uint8_t *data, uint32_t at, uint32_t end,
		      struct e2_entry *e)
{
	const struct e2_dirent d = e2_dirent_peek(data + at);

	if (!e2_inode_valid(ck->g, d.inode) || ck->inodes[d.inode].type == 0 ||
	    !ck_is_unnamed(ck, d.inode))
		return false;
	if (d.name_len == 0 || at + E2_DIRENT_BYTES + d.name_len > end ||
	    d.rec_len < e2_entry_bytes(d.name_len) || d.rec_len % 4 != 0 ||
	    !type_fits(ck, d.file_type, ck->inodes[d.inode].type))
		return false;
	*e = (struct e2_entry){ .ino = d.inode, .name_len = d.name_len,
				.name = data + at + E2_DIRENT_BYTES };
	return e2_name_problem(e->name, e->name_len) == NULL;
}

/* Bytes that no entry uses. */
static void read_unused(const struct ck *ck, struct ck_lost *lost, e2_ino dir, const uint8_t *data,
			uint32_t from, uint32_t end)
{
	struct e2_entry e;

	for (uint32_t at = from; at + E2_DIRENT_BYTES < end;) {
		if (!old_entry(ck, data, at, end, &e)) {
			at += 4;
			continue;
		}
		offer(ck, lost, &e, dir, CK_OLD_REMOVED, RANK_REMOVED);
		at += e2_entry_bytes(e.name_len);
	}
}

static int read_block(const struct ck *ck, struct ck_lost *lost, e2_ino dir, const uint8_t *data)
{
	uint32_t at = 0, used;
	struct e2_entry e;
	int n, r = 0;

	for (; (n = e2_entry_step(ck->g, data, at, &e)) > 0 && r == 0; at += e.rec_len) {
		used = e.ino != 0 ? e2_entry_bytes(e.name_len) : 0;
		if (e.ino == 0 && e.rec_len >= e2_entry_bytes(e.name_len)) {
			used = e.name_len != 0 ? e2_entry_bytes(e.name_len) : E2_DIRENT_BYTES;
			r = keep_emptied(ck, lost, &e, dir);
		}
		read_unused(ck, lost, dir, data, at + used, at + e.rec_len);
	}
	if (n < 0) {
		e2_err_clear();
		read_unused(ck, lost, dir, data, at, ck->g->block_size);
	}
	return r;
}

static int read_directories(struct ck *ck, struct ck_lost *lost)
{
	int r = 0;

	for (size_t i = 0; i < ck->dir_count && r == 0; i++) {
		const struct ck_dir *dir = &ck->dirs[i];

		for (uint32_t k = 0; k < dir->count && r == 0; k++) {
			const struct e2_buf *buf;

			if (e2_buf_get(ck->fs, ck->dir_blocks[dir->first + k].blk, &buf) != 0) {
				e2_err_clear();
				continue;
			}
			r = read_block(ck, lost, dir->ino, buf->data);
			e2_buf_put(ck->fs, buf);
		}
	}
	return r;
}

/* ---- blocks that nobody claims ----------------------------------------------------- */

/* The directory that a block says it is of; 0: it does not say. */
static e2_ino says_dir(const struct ck *ck, const uint8_t *data)
{
	struct e2_entry e;

	if (e2_entry_step(ck->g, data, 0, &e) > 0 && e.name_len == 1 && e.name[0] == '.' &&
	    e2_inode_valid(ck->g, e.ino) && ck->inodes[e.ino].type == E2_FT_DIR)
		return e.ino;
	return 0;
}

/* Whether the records cover a block, and all of them could be entries. */
static bool is_directory(const struct ck *ck, const uint8_t *data)
{
	struct e2_entry e;
	unsigned names = 0;
	uint32_t at = 0;
	int n;

	for (; (n = e2_entry_step(ck->g, data, at, &e)) > 0; at += e.rec_len) {
		if (e.ino == 0)
			continue;
		if (!e2_inode_valid(ck->g, e.ino) || e.name_len == 0 ||
		    memchr(e.name, '/', e.name_len) != NULL ||
		    memchr(e.name, '\0', e.name_len) != NULL)
			return false;
		names++;
	}
	if (n < 0)
		e2_err_clear();
	return n == 0 && names != 0;
}

static void read_stray(const struct ck *ck, struct ck_lost *lost, const uint8_t *data)
{
	struct e2_entry e;
	e2_ino dir;

	if (!is_directory(ck, data))
		return;
	dir = says_dir(ck, data);
	for (uint32_t at = 0; e2_entry_step(ck->g, data, at, &e) > 0; at += e.rec_len) {
		if (e.ino == 0 || e2_name_problem(e.name, e.name_len) != NULL ||
		    !ck_is_unnamed(ck, e.ino) ||
		    !type_fits(ck, e.file_type, ck->inodes[e.ino].type))
			continue;
		offer(ck, lost, &e, dir, CK_OLD_BLOCK, dir != 0 ? RANK_BLOCK_OF_DIR : RANK_BLOCK);
	}
}

/* Blocks that the bitmaps of the image call used, whatever the repair has made of them. */
static int read_strays(struct ck *ck, struct ck_lost *lost)
{
	struct e2_cache *cache = e2_fs_cache(ck->fs);
	uint8_t *bits = malloc(ck->g->block_size);

	if (bits == NULL)
		return e2_fail(E2_ERR_NOMEM, "bitmap of blocks");
	for (e2_grp group = 0; group < ck->g->groups; group++) {
		e2_blk first = e2_group_first_block(ck->g, group);
		uint32_t blocks = e2_group_blocks(ck->g, group);

		if (ck->groups[group].block_bitmap == 0 ||
		    e2_cache_read_before(cache, ck->groups[group].block_bitmap, 1, bits) != 0) {
			e2_err_clear();
			continue;
		}
		for (uint32_t i = 0; i < blocks; i++) {
			const struct e2_buf *buf;

			if (!(bits[i / 8] >> i % 8 & 1) || e2_bitset_test(ck->claimed, first + i))
				continue;
			if (e2_buf_get(ck->fs, first + i, &buf) != 0) {
				e2_err_clear();
				continue;
			}
			read_stray(ck, lost, buf->data);
			e2_buf_put(ck->fs, buf);
		}
	}
	free(bits);
	return 0;
}

/* ---- by elimination ------------------------------------------------------------------ */

/* Whether an entry could be the one of an inode: of its type; a directory says its parent. */
static bool could_be(const struct ck *ck, const struct emptied *e, e2_ino ino)
{
	const struct ck_inode *i = &ck->inodes[ino];

	return e->type == i->type && (i->type != E2_FT_DIR || i->dotdot == e->dir);
}

/*
 * An entry whose inode was lost, and an inode that lost its entry: one and one that fit each
 * other and nobody else belong together.
 */
static void match_emptied(const struct ck *ck, struct ck_lost *lost)
{
	enum { FEW = 64 };

	if (lost->count - lost->known > FEW)
		return;
	for (size_t i = 0; i < lost->count; i++) {
		struct record *r = &lost->records[i];
		const struct emptied *only = NULL;
		size_t entries = 0, inodes = 0;

		if (r->rank != 0)
			continue;
		for (size_t k = 0; k < lost->emptied_count; k++) {
			if (could_be(ck, &lost->emptied[k], r->ino)) {
				only = &lost->emptied[k];
				entries++;
			}
		}
		for (size_t k = 0; k < lost->count && entries == 1; k++)
			inodes += lost->records[k].rank <= RANK_EMPTIED &&
				  could_be(ck, only, lost->records[k].ino);
		if (entries == 1 && inodes == 1)
			*r = (struct record){ r->ino, only->dir, only->at, only->len,
					      RANK_EMPTIED, CK_OLD_EMPTIED };
	}
}

static int look(struct ck *ck, struct ck_lost *lost)
{
	int r = gather(ck, lost);

	if (r != 0 || lost->count == 0)
		return r;
	r = read_directories(ck, lost);
	if (r == 0 && lost->known < lost->count)
		r = read_strays(ck, lost);
	if (r == 0)
		r = e2_str_status(&lost->text);
	if (r == 0)
		match_emptied(ck, lost);
	return r;
}

int ck_old_name(struct ck *ck, e2_ino ino, struct ck_old_name *old)
{
	const struct record *r;

	if (ck->lost == NULL) {
		struct ck_lost *lost = calloc(1, sizeof(*lost));
		int err = lost != NULL ? look(ck, lost) : e2_fail(E2_ERR_NOMEM, "old names");

		if (err != 0) {
			ck_lost_free(lost);
			return err;
		}
		ck->lost = lost;
	}
	r = find(ck->lost, ino);
	if (r == NULL || r->rank == 0)
		return 0;
	*old = (struct ck_old_name){
		.from = (enum ck_old_from)r->from, .dir = r->dir,
		.name = (const uint8_t *)ck->lost->text.text + r->at, .len = r->len,
	};
	return 1;
}

int ck_found_unnamed(struct ck *ck, const struct e2_finding *f)
{
	static const char *const words[] = {
		[CK_OLD_EMPTIED] = "an entry without an inode", [CK_OLD_BLOCK] = "an entry",
		[CK_OLD_REMOVED] = "a removed entry",
	};
	struct e2_finding with = *f;
	struct ck_old_name old;
	int r = ck_old_name(ck, f->ino, &old);

	if (r > 0) {
		with.dir = old.dir;
		with.name = (const char *)old.name;
		with.name_len = old.len;
		with.why = words[old.from];
	}
	if (r >= 0)
		e2_findings_add(ck->found, &with);
	return r < 0 ? r : 0;
}
