/* SPDX-License-Identifier: MIT */
/*
 * What a case of break needs, and the choice among what the volume holds: candidates are ranked
 * by the seed, the best of them kept, and looked at more closely one after the other.
 */
#include "check/break_priv.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT = 4096 };			/* candidates */
enum { ENTRIES = 65536 };		/* of a directory looked at */

enum over { OVER_INODES, OVER_FREE_INODES, OVER_GROUPS, OVER_COPIES, OVER_NOTHING };

struct break_need {
	const char *word;
	const char *text;
	enum over over;
	/* Whether an inode may be chosen; what remains to be looked at once it is. */
	bool (*like)(const struct breaker *b, e2_ino ino, const struct e2_inode *in);
	int (*more)(struct breaker *b);		/* 1, or 0: it will not do */
};

/* ---- inodes -------------------------------------------------------------------------------- */

static bool ours(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return ino >= b->g->first_ino && in->links_count > 0;
}

static bool like_any(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return ours(b, ino, in) && e2_is_reg(in);
}

static bool like_file(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return like_any(b, ino, in) && in->block[0] != 0 && in->block[1] != 0 &&
	       in->size > b->g->block_size;
}

static bool like_short(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return like_file(b, ino, in) && in->block[E2_DIRECT - 1] == 0 && in->block[E2_DIRECT] == 0;
}

static bool like_big(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return like_any(b, ino, in) && in->block[E2_DIRECT] != 0;
}

static bool like_dir(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return ours(b, ino, in) && e2_is_dir(in) && in->block[0] != 0;
}

static bool like_any_dir(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return (ino == E2_INO_ROOT || ours(b, ino, in)) && e2_is_dir(in) && in->block[0] != 0;
}

static bool like_small_dir(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return like_dir(b, ino, in) && (uint32_t)in->size == b->g->block_size;
}

static bool like_long_dir(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return like_dir(b, ino, in) && in->block[1] != 0 &&
	       (uint32_t)in->size >= 2 * b->g->block_size;
}

static bool like_index(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return like_any_dir(b, ino, in) && (in->flags & E2_FL_INDEX) != 0;
}

static bool like_fast(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return ours(b, ino, in) && e2_is_symlink(in) && e2_symlink_is_fast(b->fs, in);
}

static bool like_special(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	enum e2_file_type type = e2_inode_file_type(in->mode);

	return ours(b, ino, in) && type >= E2_FT_CHR && type <= E2_FT_SOCK;
}

static bool like_pipe(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	enum e2_file_type type = e2_inode_file_type(in->mode);

	return ours(b, ino, in) && (type == E2_FT_FIFO || type == E2_FT_SOCK);
}

static bool like_node(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	enum e2_file_type type = e2_inode_file_type(in->mode);

	return ours(b, ino, in) && (type == E2_FT_CHR || type == E2_FT_BLK) && in->block[0] != 0;
}

static bool like_acl(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return ours(b, ino, in) && e2_block_valid(b->g, in->file_acl);
}

static bool like_used(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return ours(b, ino, in);
}

static bool like_resize(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return ino == E2_INO_RESIZE && e2_has_resize_inode(e2_super(b->fs)) &&
	       in->block[E2_DIRECT + 1] != 0;
}

static bool like_root(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	(void)b;
	return ino == E2_INO_ROOT && e2_is_dir(in);
}

static bool like_large(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return b->g->inode_size > E2_INODE_BYTES && ours(b, ino, in);
}

/* Neither file nor directory. */
static bool like_odd(const struct breaker *b, e2_ino ino, const struct e2_inode *in)
{
	return ours(b, ino, in) && !e2_is_reg(in) && !e2_is_dir(in);
}

/* A first attribute in the inode itself. */
static int more_body(struct breaker *b)
{
	uint8_t raw[E2_INODE_BYTES_MAX + 64];
	uint32_t at = E2_INODE_BYTES + (uint32_t)b->a_in.extra_isize;
	uint64_t where;

	if (b->g->inode_size <= E2_INODE_BYTES || b->g->inode_size < at + 32 ||
	    at + 8 > sizeof(raw))
		return 0;
	int err = break_inode_at(b, b->a, &where);
	if (err == 0)
		err = break_read(b, where, at + 8, raw);
	if (err != 0)
		return err;
	b->xattr_at = at + E2_XATTR_IBODY_BYTES;
	return e2_get32(raw + at) == (uint32_t)E2_XATTR_MAGIC && e2_get32(raw + at + 4) != 0;
}

/* ---- a second inode ---------------------------------------------------------------------- */

typedef bool like_fn(const struct breaker *b, e2_ino ino, const struct e2_inode *in);

/* A choice is the same each time only where all can be read. */
static int end_scan(struct e2_scan *scan, int r)
{
	bool all = e2_scan_bad_groups(scan) == 0;

	e2_scan_end(scan);
	if (r == 0 && !all)
		r = e2_fail(E2_ERR_IO, "not all inodes can be read");
	return r;
}

/* The best but a and `not`. */
static int second(struct breaker *b, like_fn *like, e2_ino not)
{
	uint64_t best = UINT64_MAX;
	struct e2_scan *scan;
	struct e2_inode in;
	e2_ino ino;
	int r = e2_scan_begin(b->fs, E2_SCAN_USED_ONLY, &scan);

	if (r != 0)
		return r;
	b->b = 0;
	while ((r = e2_scan_next(scan, &ino, &in, NULL)) > 0) {
		uint64_t rank = break_rank(b, ino ^ 0x200000000u);

		if (ino == b->a || ino == not || rank >= best || !like(b, ino, &in))
			continue;
		best = rank;
		b->b = ino;
		b->b_in = in;
	}
	r = end_scan(scan, r);
	return r != 0 ? r : b->b != 0;
}

static int more_second_file(struct breaker *b) { return second(b, like_file, 0); }
static int more_second_odd(struct breaker *b) { return second(b, like_odd, 0); }
static int more_second_any(struct breaker *b) { return second(b, like_any, 0); }

/* A directory that is not the parent. */
static int more_second_dir(struct breaker *b)
{
	struct e2_dirent d;
	uint8_t raw[E2_DIRENT_BYTES];
	int err = break_read(b, b->a_in.block[0] * (uint64_t)b->g->block_size + 12, sizeof(raw),
			     raw);

	if (err != 0)
		return err;
	e2_dirent_decode(&d, raw);
	return second(b, like_any_dir, d.inode);
}

/* ---- entries ------------------------------------------------------------------------------ */

typedef bool entry_fn(struct breaker *b, const struct break_entry *e, const struct e2_inode *in);

static bool is_dots(const struct e2_entry *e)
{
	return e->name_len <= 2 && memcmp(e->name, "..", e->name_len) == 0;
}

static int fill_entry(struct breaker *b, e2_ino dir, const struct e2_inode *in,
		      const struct e2_entry *from, const struct e2_entry *prev,
		      struct break_entry *e)
{
	e2_blk blk;
	int err = e2_dir_block(b->fs, dir, in, from->lblk, &blk);

	if (err != 0)
		return err;
	*e = (struct break_entry){
		.dir = dir, .ino = from->ino, .rec_len = from->rec_len,
		.at = blk * b->g->block_size + from->offset,
		.name_len = (uint8_t)from->name_len,
	};
	memcpy(e->name, from->name, from->name_len);
	if (prev->ino != 0 && prev->lblk == from->lblk &&
	    prev->offset + prev->rec_len == from->offset) {
		e->prev_at = e->at - prev->rec_len;
		e->prev_len = prev->rec_len;
	}
	return 0;
}

/* The best entry of a directory that will do. */
static int best_entry(struct breaker *b, e2_ino dir, entry_fn *like, struct break_entry *best)
{
	uint64_t best_rank = UINT64_MAX;
	struct e2_entry e, prev = { 0 };
	struct e2_inode dir_in, in;
	struct break_entry one;
	struct e2_dir *it;
	int r = e2_inode_get(b->fs, dir, &dir_in);

	if (r == 0)
		r = e2_dir_begin(b->fs, dir, &it);
	if (r != 0)
		return r;
	for (unsigned n = 0; n < ENTRIES && (r = e2_dir_next(it, &e)) > 0; n++, prev = e) {
		uint64_t rank = break_rank(b, (uint64_t)e.ino << 32 | e.offset);

		if (rank >= best_rank || is_dots(&e))
			continue;
		r = e2_inode_get(b->fs, e.ino, &in);
		if (r == 0)
			r = fill_entry(b, dir, &dir_in, &e, &prev, &one);
		if (r == E2_ERR_NOMEM || r == E2_ERR_IO)
			break;
		if (r != 0)
			continue;
		if (like(b, &one, &in)) {
			best_rank = rank;
			*best = one;
		}
	}
	e2_dir_end(it);
	if (r == E2_ERR_NOMEM || r == E2_ERR_IO)
		return r;
	e2_err_clear();		/* of a damaged directory the sound part is chosen from */
	return best_rank != UINT64_MAX;
}

static bool entry_any(struct breaker *b, const struct break_entry *e, const struct e2_inode *in)
{
	return like_used(b, e->ino, in);
}

static bool entry_file(struct breaker *b, const struct break_entry *e, const struct e2_inode *in)
{
	return like_any(b, e->ino, in);
}

static bool entry_only(struct breaker *b, const struct break_entry *e, const struct e2_inode *in)
{
	return like_any(b, e->ino, in) && in->links_count == 1;
}

static bool entry_covered(struct breaker *b, const struct break_entry *e,
			  const struct e2_inode *in)
{
	return entry_only(b, e, in) && e->prev_at != 0;
}

static bool entry_dir(struct breaker *b, const struct break_entry *e, const struct e2_inode *in)
{
	return like_dir(b, e->ino, in);
}

static bool entry_covered_dir(struct breaker *b, const struct break_entry *e,
			      const struct e2_inode *in)
{
	return entry_dir(b, e, in) && e->prev_at != 0;
}

static bool entry_twin(struct breaker *b, const struct break_entry *e, const struct e2_inode *in)
{
	return like_used(b, e->ino, in) && e->at != b->e.at && e->name_len == b->e.name_len &&
	       !e2_is_dir(in);
}

static int more_entry(struct breaker *b, entry_fn *like)
{
	int r = best_entry(b, b->a, like, &b->e);

	if (r <= 0)
		return r;
	b->a = b->e.ino;	/* steps that say inode mean what the entry leads to */
	r = e2_inode_get(b->fs, b->a, &b->a_in);
	return r != 0 ? r : 1;
}

static int more_any_entry(struct breaker *b) { return more_entry(b, entry_any); }
static int more_file_entry(struct breaker *b) { return more_entry(b, entry_file); }
static int more_only_entry(struct breaker *b) { return more_entry(b, entry_only); }
static int more_covered(struct breaker *b) { return more_entry(b, entry_covered); }
static int more_covered_dir(struct breaker *b) { return more_entry(b, entry_covered_dir); }

static int more_entry_and_odd(struct breaker *b)
{
	int r = b->g->filetype ? more_entry(b, entry_only) : 0;

	return r <= 0 ? r : more_second_odd(b);
}

static int more_typed(struct breaker *b)
{
	return b->g->filetype ? more_entry(b, entry_file) : 0;
}

static int more_untyped(struct breaker *b)
{
	return b->g->filetype ? 0 : more_entry(b, entry_file);
}

static int more_entry_and_dir(struct breaker *b)
{
	e2_ino dir = b->a;
	int r = more_entry(b, entry_file);

	return r <= 0 ? r : second(b, like_dir, dir);
}

static int more_twin(struct breaker *b)
{
	e2_ino dir = b->a;
	int r = more_entry(b, entry_any);

	return r <= 0 ? r : best_entry(b, dir, entry_twin, &b->other);
}

static bool entry_full_dir(struct breaker *b, const struct break_entry *e,
			   const struct e2_inode *in)
{
	struct break_entry below;

	return like_dir(b, e->ino, in) && best_entry(b, e->ino, entry_any, &below) > 0;
}

static bool entry_with_dirs(struct breaker *b, const struct break_entry *e,
			    const struct e2_inode *in)
{
	return like_dir(b, e->ino, in) && in->links_count > 2;
}

/* A directory, one below it, and an entry of that one. */
static int more_below(struct breaker *b)
{
	struct break_entry sub;
	int r = more_entry(b, entry_with_dirs);

	if (r > 0)
		r = best_entry(b, b->a, entry_full_dir, &sub);
	if (r <= 0)
		return r;
	return best_entry(b, sub.ino, entry_any, &b->other);
}

/* ---- groups -------------------------------------------------------------------------------- */

static int more_last_group(struct breaker *b)
{
	b->group = b->g->groups - 1;
	return b->g->groups > 1 && e2_group_blocks(b->g, b->group) < b->g->blocks_per_group;
}

static int more_used_group(struct breaker *b)
{
	struct e2_group desc;
	int err = e2_group_get(b->fs, b->group, &desc);

	return err != 0 ? err : desc.free_inodes_count < b->g->inodes_per_group;
}

static int more_filetype(struct breaker *b) { return b->g->filetype; }
static int more_old_inodes(struct breaker *b) { return b->g->inode_size == E2_INODE_BYTES; }
static int more_large_inodes(struct breaker *b) { return b->g->inode_size > E2_INODE_BYTES; }
static int more_no_resize(struct breaker *b)
{
	return !e2_has_resize_inode(e2_super(b->fs));
}

static const struct break_need needs[] = {
	{ "nothing", "", OVER_NOTHING, NULL, NULL },
	{ "filetype", "the feature filetype", OVER_NOTHING, NULL, more_filetype },
	{ "old-inodes", "inodes of 128 bytes", OVER_NOTHING, NULL, more_old_inodes },
	{ "large-inodes", "inodes of more than 128 bytes", OVER_NOTHING, NULL, more_large_inodes },
	{ "no-resize", "no blocks kept for growth (feature resize_inode off)", OVER_NOTHING, NULL,
	  more_no_resize },
	{ "group", "", OVER_GROUPS, NULL, NULL },
	{ "used-group", "a group with an inode in use", OVER_GROUPS, NULL, more_used_group },
	{ "open-end", "several groups, the last with fewer blocks than it could have",
	  OVER_NOTHING, NULL, more_last_group },
	{ "copy", "a copy of the superblock", OVER_COPIES, NULL, NULL },
	{ "free-inode", "an inode that is free", OVER_FREE_INODES, NULL, NULL },
	{ "root", "a root directory", OVER_INODES, like_root, NULL },
	{ "large", "a file of any type, with an inode of more than 128 bytes", OVER_INODES,
	  like_large, NULL },
	{ "any", "a regular file", OVER_INODES, like_any, NULL },
	{ "file", "a regular file of two blocks or more", OVER_INODES, like_file, NULL },
	{ "short", "a regular file of 2 to 11 blocks", OVER_INODES, like_short, NULL },
	{ "big", "a regular file with a pointer block", OVER_INODES, like_big, NULL },
	{ "two-files", "two regular files of two blocks or more", OVER_INODES, like_file,
	  more_second_file },
	{ "two", "two regular files", OVER_INODES, like_any, more_second_any },
	{ "dir", "a directory below the root", OVER_INODES, like_dir, NULL },
	{ "small-dir", "a directory of one block", OVER_INODES, like_small_dir, NULL },
	{ "long-dir", "a directory of two blocks or more", OVER_INODES, like_long_dir, NULL },
	{ "two-dirs", "a directory, and another than its parent", OVER_INODES, like_dir,
	  more_second_dir },
	{ "index", "a directory with a hashed index", OVER_INODES, like_index, NULL },
	{ "fast", "a symbolic link with its text in the inode", OVER_INODES, like_fast, NULL },
	{ "special", "a device, fifo or socket", OVER_INODES, like_special, NULL },
	{ "pipe", "a fifo or socket", OVER_INODES, like_pipe, NULL },
	{ "node", "a device with numbers below 256", OVER_INODES, like_node, NULL },
	{ "acl", "a file with a block of extended attributes", OVER_INODES, like_acl, NULL },
	{ "body", "a file with an extended attribute in its inode", OVER_INODES, like_used,
	  more_body },
	{ "resize", "blocks kept for growth (feature resize_inode)", OVER_INODES, like_resize,
	  NULL },
	{ "entry", "a name", OVER_INODES, like_any_dir, more_any_entry },
	{ "file-entry", "a name of a regular file", OVER_INODES, like_any_dir, more_file_entry },
	{ "only-entry", "a regular file with one name", OVER_INODES, like_any_dir,
	  more_only_entry },
	{ "covered", "a regular file with one name that is not the first in its block",
	  OVER_INODES, like_any_dir, more_covered },
	{ "covered-dir", "a directory whose name is not the first in its block", OVER_INODES,
	  like_any_dir, more_covered_dir },
	{ "entry-and-odd", "types in entries, a regular file with one name, and a device, fifo, "
	  "socket or symlink", OVER_INODES, like_any_dir, more_entry_and_odd },
	{ "typed-entry", "types in entries (feature filetype), and a file", OVER_INODES,
	  like_any_dir, more_typed },
	{ "typed-dir", "types in entries (feature filetype), and a directory of one block",
	  OVER_INODES, like_small_dir, more_filetype },
	{ "untyped-entry", "no types in entries (feature filetype off), and a file", OVER_INODES,
	  like_any_dir, more_untyped },
	{ "entry-and-dir", "a regular file, and a directory beside that which names it",
	  OVER_INODES, like_any_dir, more_entry_and_dir },
	{ "twin", "two names of the same length in one directory", OVER_INODES, like_any_dir,
	  more_twin },
	{ "below", "a directory in a directory below the root, with a name in it", OVER_INODES,
	  like_any_dir, more_below },
};

const struct break_need *break_need_find(const char *word)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (strcmp(needs[i].word, word) == 0)
			return &needs[i];
	return NULL;
}

const char *break_need_text(const struct break_need *need)
{
	return need->text;
}

/* ---- candidates ------------------------------------------------------------------------------ */

static int by_rank(const void *x, const void *y)
{
	const struct break_candidate *a = x, *b = y;

	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

/* Keeps the best KEPT: past that, room is made by dropping the worse half. */
static int add(struct breaker *b, struct break_choices *c, uint64_t what)
{
	if (c->count == c->cap) {
		if (c->cap == 2 * KEPT) {
			qsort(c->at, c->count, sizeof(*c->at), by_rank);
			c->count = KEPT;
		} else {
			size_t cap = c->cap != 0 ? 2 * c->cap : 64;
			struct break_candidate *more = realloc(c->at, cap * sizeof(*more));

			if (more == NULL)
				return e2_fail(E2_ERR_NOMEM, "no memory for candidates");
			c->at = more;
			c->cap = cap;
		}
	}
	c->at[c->count++] = (struct break_candidate){ break_rank(b, what), what };
	return 0;
}

static int add_inodes(struct breaker *b, struct break_choices *c)
{
	struct e2_scan *scan;
	struct e2_inode in;
	e2_ino ino;
	int r = e2_scan_begin(b->fs, E2_SCAN_USED_ONLY, &scan);

	if (r != 0)
		return r;
	while ((r = e2_scan_next(scan, &ino, &in, NULL)) > 0) {
		if (!c->need->like(b, ino, &in))
			continue;
		r = add(b, c, ino);
		if (r != 0)
			break;
	}
	return end_scan(scan, r);
}

int break_choices_begin(struct breaker *b, const struct break_need *need, struct break_choices *c)
{
	e2_ino ino;
	int err = 0;

	*c = (struct break_choices){ .need = need };
	switch (need->over) {
	case OVER_INODES:
		err = add_inodes(b, c);
		break;
	case OVER_FREE_INODES:
		err = break_free_inode(b, &ino);
		if (err == 0)
			err = add(b, c, ino);
		if (err == E2_ERR_NOENT)
			err = 0;
		break;
	case OVER_NOTHING:
		err = add(b, c, 0);
		break;
	default:
		for (e2_grp g = 0; g < b->g->groups && err == 0; g++)
			if (need->over == OVER_GROUPS || (g > 0 && e2_group_has_super(b->g, g)))
				err = add(b, c, g);
		break;
	}
	if (err == 0 && c->count > 1)
		qsort(c->at, c->count, sizeof(*c->at), by_rank);
	return err;
}

/* Some copy, for cases that want one and are not about it. */
static e2_grp some_copy(const struct breaker *b)
{
	for (e2_grp g = 1; g < b->g->groups; g++)
		if (e2_group_has_super(b->g, g))
			return g;
	return 0;
}

int break_choices_next(struct breaker *b, struct break_choices *c)
{
	int r = 0;

	while (r == 0 && c->next < c->count) {
		uint64_t what = c->at[c->next++].what;

		b->copy = some_copy(b);
		if (c->need->over == OVER_INODES || c->need->over == OVER_FREE_INODES) {
			b->a = (e2_ino)what;
			b->group = e2_inode_group(b->g, b->a);
			r = e2_inode_get(b->fs, b->a, &b->a_in);
			if (r != 0)
				return r;
		} else if (c->need->over == OVER_GROUPS) {
			b->group = (e2_grp)what;
		} else if (c->need->over == OVER_COPIES) {
			b->copy = (e2_grp)what;
			b->group = (e2_grp)(break_rank(b, what ^ 0x77) % b->g->groups);
		}
		r = c->need->more != NULL ? c->need->more(b) : 1;
	}
	return r;
}

void break_choices_end(struct break_choices *c)
{
	free(c->at);
	*c = (struct break_choices){ .count = 0 };
}

/* ---- what is free --------------------------------------------------------------------- */

int break_free_block(struct breaker *b, e2_blk *blk)
{
	uint64_t count = b->g->blocks - b->g->first_data_block;
	uint64_t from = break_rank(b, 0xb10c) % count;

	for (uint64_t i = 0; i < count; i++) {
		e2_blk at = b->g->first_data_block + (from + i) % count;
		bool used;
		int err = e2_block_used(b->fs, at, &used);

		if (err != 0)
			return err;
		if (!used) {
			*blk = at;
			return 0;
		}
	}
	return e2_fail(E2_ERR_NOENT, "no block is free");
}

int break_free_inode(struct breaker *b, e2_ino *ino)
{
	uint64_t first = b->g->first_ino, count = b->g->inodes - first + 1;
	uint64_t from = break_rank(b, 0x10de) % count;

	for (uint64_t i = 0; i < count; i++) {
		e2_ino at = (e2_ino)(first + (from + i) % count);
		bool used;
		int err = e2_inode_used(b->fs, at, &used);

		if (err != 0)
			return err;
		if (!used) {
			*ino = at;
			return 0;
		}
	}
	return e2_fail(E2_ERR_NOENT, "no inode is free");
}
