/* SPDX-License-Identifier: MIT */
/*
 * Directories are known by what entries say of their type, so that no inode of a file is read.
 * That is believed when as many directories were found as the group descriptors count, and each
 * inode that was asked for and has links has a name; if not, or where entries have no types, the
 * tables are searched for directories, and the tour is made again by what they say.
 *
 * Of a level the inodes are read in the order of their tables, and the blocks of as many
 * directories as fit a batch in the order of the volume.
 */
#include "tree/tour.h"

#include "base/bitset.h"
#include "base/grow.h"
#include "tree/dir.h"

#include <stdlib.h>
#include <string.h>

enum {
	BATCH_PIECES = 1 << 16,		/* a batch ends with the directory that reaches so many */
	READ_BYTES = 256 << 10,
	GAP_BYTES = 16 << 10,		/* cheaper to read than to seek over */
	FILTER_BITS = 4096,
};

struct piece {			/* a block of a directory */
	uint32_t blk;
	uint32_t dir;
};

struct walker {
	struct e2_fs *fs;
	const struct e2_geometry *g;
	const struct e2_names_how *how;
	struct e2_tour *tour;
	const struct e2_bitset *wanted;
	uint64_t filter[FILTER_BITS / 64];	/* of wanted, by the low bits of its members */
	const struct e2_bitset *are_dirs;	/* by the tables; NULL: entries are believed */
	struct e2_bitset *seen;			/* directories met */
	uint64_t steps;				/* blocks that may still be looked at */
	uint32_t found;				/* directories whose inode says so, too */
	uint32_t damaged;			/* the last that was counted, plus one */
	struct piece *pieces;
	size_t count, cap;
	uint8_t *bytes;
};

/* ---- gathering ----------------------------------------------------------- */

static void note_damage(struct walker *w, uint32_t dir)
{
	e2_err_clear();
	if (w->damaged == dir + 1)
		return;
	w->damaged = dir + 1;
	w->tour->damaged++;
	if (!w->tour->first_damaged)
		w->tour->first_damaged = w->tour->dirs[dir].ino;
}

static int add_dir(struct walker *w, e2_ino ino, uint32_t parent, struct e2_slice name)
{
	struct e2_tour *t = w->tour;
	struct e2_tour_dir *d = e2_grow(t->dirs, &t->dir_cap, t->dir_count + 1, sizeof(*d));

	if (!d)
		return E2_ERR_NOMEM;
	t->dirs = d;
	d = &t->dirs[t->dir_count];
	*d = (struct e2_tour_dir){ .ino = ino, .parent = parent, .name = name };
	if (t->dir_count)
		d->depth = t->dirs[parent].depth + 1;
	t->dir_count++;
	return 0;
}

static int add_name(struct walker *w, e2_ino ino, uint32_t dir, struct e2_slice name)
{
	struct e2_tour *t = w->tour;
	struct e2_keyed *n;

	if (t->name_count == UINT32_MAX)
		return e2_fail(E2_ERR_RANGE, "more names than can be counted");
	n = e2_grow(t->names, &t->name_cap, t->name_count + 1, sizeof(*n));
	if (!n)
		return E2_ERR_NOMEM;
	t->names = n;
	t->names[t->name_count++] = e2_tour_name(ino, dir, name);
	return 0;
}

static bool is_wanted(const struct walker *w, e2_ino ino)
{
	return !w->wanted ||
	       ((w->filter[ino % FILTER_BITS / 64] >> ino % 64 & 1) &&
		e2_bitset_test(w->wanted, ino));
}

static bool is_dots(const struct e2_entry *e)
{
	return e->name_len > 0 && e->name_len <= 2 && !memcmp(e->name, "..", e->name_len);
}

/* Whether an entry leads to a directory that was not met before. */
static bool is_new_dir(struct walker *w, const struct e2_entry *e)
{
	if (w->are_dirs ? !e2_bitset_test(w->are_dirs, e->ino) : e->file_type != E2_FT_DIR)
		return false;
	return e2_inode_valid(w->g, e->ino) && !e2_bitset_test_and_set(w->seen, e->ino);
}

static int take_entry(struct walker *w, uint32_t dir, const struct e2_entry *e)
{
	struct e2_str *arena = &w->tour->arena;
	struct e2_slice name = { arena->len, e->name_len };
	bool wanted = is_wanted(w, e->ino), entered = is_new_dir(w, e);
	int err;

	if (!wanted && !entered)
		return 0;
	e2_str_add_bytes(arena, e->name, e->name_len);
	err = e2_str_status(arena);
	if (!err && wanted)
		err = add_name(w, e->ino, dir, name);
	if (!err && entered)
		err = add_dir(w, e->ino, dir, name);
	return err;
}

/* The entries of one block. */
static int read_entries(struct walker *w, uint32_t dir, const uint8_t *block)
{
	struct e2_entry e;
	int r, err = 0;

	for (uint32_t at = 0; !err && (r = e2_entry_step(w->g, block, at, &e)) != 0;
	     at += e.rec_len) {
		if (r < 0) {
			note_damage(w, dir);
			return 0;
		}
		if (e.ino != 0 && !is_dots(&e))
			err = take_entry(w, dir, &e);
	}
	return err;
}

/* ---- blocks, in the order of the volume ---------------------------------- */

/* How many pieces from `first` on are worth one read; *blocks: what it reads. */
static size_t run_of(const struct walker *w, const uint32_t *order, size_t first, uint32_t *blocks)
{
	uint32_t start = w->pieces[order[first]].blk, end = start + 1;
	uint32_t most = READ_BYTES >> w->g->block_bits, gap = GAP_BYTES >> w->g->block_bits;
	size_t i = first + 1;

	for (; i < w->count; i++) {
		uint32_t blk = w->pieces[order[i]].blk;

		if (blk - start >= most || (blk > end && blk - end > gap))
			break;
		end = blk + 1;
	}
	*blocks = end - start;
	return i - first;
}

static bool same_piece(const struct piece *a, const struct piece *b)
{
	return a->blk == b->blk && a->dir == b->dir;
}

/* The block of a piece, read with those beside it, or alone when that failed; NULL: it cannot
 * be read. */
static const uint8_t *block_of(struct walker *w, e2_blk blk, e2_blk start, bool together,
			       int *err)
{
	if (together)
		return w->bytes + ((blk - start) << w->g->block_bits);
	*err = e2_cache_read(e2_fs_cache(w->fs), blk, 1, w->bytes);
	return *err ? NULL : w->bytes;
}

/* Reads what lies together. */
static int read_run(struct walker *w, const uint32_t *order, size_t count, uint32_t blocks)
{
	uint32_t start = w->pieces[order[0]].blk;
	int err = e2_cache_read(e2_fs_cache(w->fs), start, blocks, w->bytes);
	bool together = err == 0;

	for (size_t i = 0; i < count && err != E2_ERR_NOMEM; i++) {
		const struct piece p = w->pieces[order[i]];
		const uint8_t *block = NULL;

		err = 0;
		/* Of a block that is twice in a directory the second is damage. */
		if (i == 0 || !same_piece(&p, &w->pieces[order[i - 1]]))
			block = block_of(w, p.blk, start, together, &err);
		if (err == E2_ERR_NOMEM)
			break;
		if (block)
			err = read_entries(w, p.dir, block);
		else
			note_damage(w, p.dir);
		if (block && err)
			return err;
	}
	return err == E2_ERR_NOMEM ? err : 0;
}

static int poll_caller(const struct walker *w)
{
	return w->how && w->how->poll ? w->how->poll(w->how->context) : 0;
}

static int read_batch(struct walker *w)
{
	uint32_t *order = calloc(w->count + 1, sizeof(*order)), blocks;
	int err = E2_ERR_NOMEM;

	if (order)
		err = e2_order_numbers(&w->pieces[0].blk, sizeof(*w->pieces), w->count, order);
	for (size_t i = 0, run; i < w->count && !err; i += run) {
		run = run_of(w, order, i, &blocks);
		/* Of a block that is twice in a directory both are of one run. */
		err = read_run(w, order + i, run, blocks);
		if (!err)
			err = poll_caller(w);
	}
	free(order);
	w->count = 0;
	return err;
}

/* ---- directories --------------------------------------------------------- */

static int add_piece(struct walker *w, uint32_t dir, e2_blk blk)
{
	struct piece *p = e2_grow(w->pieces, &w->cap, w->count + 1, sizeof(*p));

	if (!p)
		return E2_ERR_NOMEM;
	w->pieces = p;
	w->pieces[w->count++] = (struct piece){ (uint32_t)blk, dir };
	return 0;
}

/* Takes down where the blocks of a directory lie. */
static int add_pieces(struct walker *w, uint32_t dir, const struct e2_inode *in)
{
	e2_lblk blocks = e2_dir_blocks(w->fs, in);
	struct e2_run run = { 0 };
	int err = 0;

	for (e2_lblk lblk = 0; lblk < blocks && !err; ) {
		if (w->steps == 0) {		/* it claims more than there is */
			note_damage(w, dir);
			return 0;
		}
		w->steps--;
		if (lblk >= run.lblk + run.count || lblk == 0)
			err = e2_map(w->fs, in, lblk, &run);
		if (err == E2_ERR_NOMEM)
			return err;
		if (err) {
			note_damage(w, dir);
			run.count = 0;
			err = 0;
			lblk++;
		} else if (run.blk == 0) {
			note_damage(w, dir);
			lblk = run.lblk + run.count;
		} else {
			err = add_piece(w, dir, run.blk + (lblk - run.lblk));
			lblk++;
		}
	}
	return err;
}

static int read_level(struct walker *w, uint32_t first, const uint32_t *order, const e2_ino *inos,
		      size_t count)
{
	struct e2_pick *pick = NULL;
	struct e2_inode in;
	size_t i;
	int err = e2_pick_begin(w->fs, inos, count, &pick);

	for (int r; !err && (r = e2_pick_next(pick, &i, &in)) != 0; ) {
		uint32_t dir = first + order[i];

		if (r == E2_ERR_NOMEM) {
			err = r;
		} else if (r < 0) {
			note_damage(w, dir);
		} else if (e2_is_dir(&in)) {
			w->found++;
			err = add_pieces(w, dir, &in);
		}
		if (!err && w->count >= BATCH_PIECES)
			err = read_batch(w);
	}
	if (!err && w->count)
		err = read_batch(w);
	e2_pick_end(pick);
	return err;
}

static int tour_level(struct walker *w, uint32_t first, size_t count)
{
	uint32_t *order = calloc(count, sizeof(*order));
	e2_ino *inos = calloc(count, sizeof(*inos));
	const struct e2_tour_dir *dirs = w->tour->dirs + first;
	int err = E2_ERR_NOMEM;

	if (order && inos)
		err = e2_order_numbers(&dirs->ino, sizeof(*dirs), count, order);
	for (size_t i = 0; i < count && !err; i++)
		inos[i] = dirs[order[i]].ino;
	if (!err)
		err = read_level(w, first, order, inos, count);
	free(order);
	free(inos);
	return err;
}

static int tour_levels(struct walker *w)
{
	struct e2_tour *t = w->tour;
	int err = add_dir(w, E2_INO_ROOT, 0, (struct e2_slice){ 0, 0 });

	e2_bitset_set(w->seen, E2_INO_ROOT);
	if (!err && is_wanted(w, E2_INO_ROOT))
		err = add_name(w, E2_INO_ROOT, 0, (struct e2_slice){ 0, 0 });
	for (size_t first = 0, end; first < t->dir_count && !err; first = end) {
		end = t->dir_count;
		err = tour_level(w, (uint32_t)first, end - first);
	}
	return err;
}

/* ---- whom to believe ----------------------------------------------------- */

static bool as_many_as_counted(struct e2_fs *fs, uint32_t found)
{
	const struct e2_geometry *g = e2_geometry(fs);
	struct e2_group desc;
	uint64_t counted = 0;

	for (e2_grp group = 0; group < g->groups; group++) {
		if (e2_group_get(fs, group, &desc)) {
			e2_err_clear();
			return false;
		}
		counted += desc.used_dirs_count;
	}
	return counted == found;
}

/* Whether an inode that was asked for has links and no name; what cannot be read has none. */
static int lacks_names(struct e2_fs *fs, const struct e2_bitset *wanted, const struct e2_tour *tour,
		       bool *lacks)
{
	struct e2_bitset *named;
	struct e2_inode in;
	int err = e2_bitset_new((uint64_t)e2_geometry(fs)->inodes + 1, &named);

	*lacks = false;
	if (err)
		return err;
	for (size_t i = 0; i < tour->name_count; i++)
		e2_bitset_set(named, e2_tour_name_ino(&tour->names[i]));
	for (uint64_t ino = e2_bitset_next_set(wanted, 0); !*lacks && ino < e2_bitset_bits(wanted);
	     ino = e2_bitset_next_set(wanted, ino + 1)) {
		if (e2_bitset_test(named, ino))
			continue;
		if (e2_inode_get(fs, (e2_ino)ino, &in))
			e2_err_clear();
		else
			*lacks = in.links_count > 0;
	}
	e2_bitset_free(named);
	return 0;
}

/* Whether what entries say of types has led everywhere, as far as that is seen. */
static int is_believed(struct e2_fs *fs, const struct e2_bitset *wanted, const struct e2_tour *tour,
		       uint32_t found, bool *believed)
{
	bool lacks = false;
	int err = 0;

	*believed = as_many_as_counted(fs, found);
	if (*believed && wanted)
		err = lacks_names(fs, wanted, tour, &lacks);
	*believed &= !lacks;
	return err;
}

/* What cannot be read may be a directory, and is told of when an entry leads there. */
static int find_dirs(struct e2_fs *fs, const struct e2_names_how *how, struct e2_bitset *dirs)
{
	struct e2_scan *scan;
	const uint8_t *raw;
	e2_ino ino;
	int r, err = e2_scan_begin(fs, 0, &scan);

	if (err)
		return err;
	(void)e2_bitset_set_run(dirs, 1, e2_geometry(fs)->inodes);	/* how many were: none */
	while (!err && (r = e2_scan_next(scan, &ino, NULL, &raw)) > 0) {
		if ((e2_inode_peek_mode(raw) & E2_S_IFMT) != E2_S_IFDIR)
			e2_bitset_clear(dirs, ino);
		if (ino % 65536 == 0 && how && how->poll)
			err = how->poll(how->context);
	}
	e2_scan_end(scan);
	return err;
}

static int start(struct walker *w, struct e2_fs *fs, const struct e2_bitset *wanted,
		 const struct e2_names_how *how, struct e2_tour *tour)
{
	uint64_t bits = (uint64_t)e2_geometry(fs)->inodes + 1;
	int err;

	*tour = (struct e2_tour){ .arena = E2_STR_INIT };
	*w = (struct walker){ .fs = fs, .g = e2_geometry(fs), .how = how, .tour = tour,
			      .wanted = wanted, .steps = e2_geometry(fs)->blocks };
	for (uint64_t ino = wanted ? e2_bitset_next_set(wanted, 0) : bits;
	     wanted && ino < e2_bitset_bits(wanted); ino = e2_bitset_next_set(wanted, ino + 1))
		w->filter[ino % FILTER_BITS / 64] |= UINT64_C(1) << ino % 64;
	err = e2_bitset_new(bits, &w->seen);
	if (err)
		return err;
	w->bytes = malloc(READ_BYTES);
	return w->bytes ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to read directories");
}

/* One tour; *found: directories, root included. */
static int make(struct e2_fs *fs, const struct e2_bitset *wanted, const struct e2_names_how *how,
		const struct e2_bitset *are_dirs, struct e2_tour *tour, uint32_t *found)
{
	struct walker w;
	int err = start(&w, fs, wanted, how, tour);

	w.are_dirs = are_dirs;
	if (!err)
		err = tour_levels(&w);
	*found = w.found;
	e2_bitset_free(w.seen);
	free(w.pieces);
	free(w.bytes);
	if (err)
		e2_tour_end(tour);
	return err;
}

int e2_tour_make(struct e2_fs *fs, const struct e2_bitset *wanted, const struct e2_names_how *how,
		 struct e2_tour *tour)
{
	struct e2_bitset *are_dirs = NULL;
	struct e2_inode root;
	uint32_t found;
	bool believed = false;
	int err = e2_inode_get(fs, E2_INO_ROOT, &root);

	*tour = (struct e2_tour){ .arena = E2_STR_INIT };
	if (err)
		return err;
	if (e2_geometry(fs)->filetype && !(how && how->search)) {
		err = make(fs, wanted, how, NULL, tour, &found);
		if (err)
			return err;
		err = is_believed(fs, wanted, tour, found, &believed);
		if (!err && believed)
			return 0;
		e2_tour_end(tour);
	}
	if (err)
		return err;
	err = e2_bitset_new((uint64_t)e2_geometry(fs)->inodes + 1, &are_dirs);
	if (!err)
		err = find_dirs(fs, how, are_dirs);
	if (!err)
		err = make(fs, wanted, how, are_dirs, tour, &found);
	tour->searched = !err;
	e2_bitset_free(are_dirs);
	return err;
}

void e2_tour_end(struct e2_tour *t)
{
	free(t->dirs);
	free(t->names);
	e2_str_free(&t->arena);
	*t = (struct e2_tour){ .arena = E2_STR_INIT };
}
