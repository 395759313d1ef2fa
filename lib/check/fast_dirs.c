/* SPDX-License-Identifier: MIT */
/*
 * The quick look at directories.
 *
 * Those of one block, which are most, are sorted by place and read together; others are a unit
 * of work each, read in file order.  Each entry is a name of an inode, subtracted from what its
 * link count says; names are compared by their hashes, of which two that are equal are a reason
 * not to be sure.
 */
#include "check/fast.h"

#include "base/grow.h"
#include "base/mix.h"
#include "disk/access.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRY_BYTES = 12, NAME_AT = E2_DIRENT_BYTES, FEW_NAMES = 12 };

struct reader {
	struct fast_worker *w;
	e2_ino ino;			/* the directory */
	uint32_t subdirs;
	struct ck_index *index;		/* NULL: none */
};

/* ---- links --------------------------------------------------------------- */

/* Takes names off what an inode lacks. */
static int take(struct fast_worker *w, e2_ino ino, uint32_t count)
{
	struct fast *f = w->fast;
	_Atomic uint16_t *left = &f->left[ino];
	uint16_t old = atomic_load_explicit(left, memory_order_relaxed);

	w->names += count;
	if (old < count)
		return CK_NOT_SURE;
	if (!f->shared) {
		atomic_store_explicit(left, (uint16_t)(old - count), memory_order_relaxed);
		return 0;
	}
	old = atomic_fetch_sub_explicit(left, (uint16_t)count, memory_order_relaxed);
	return old < count ? CK_NOT_SURE : 0;
}

/* Where a directory hangs: its ".." says so, and its name, in any order. */
static int hang(const struct fast *f, e2_ino ino, e2_ino parent)
{
	uint32_t before = 0;

	if (!f->shared) {
		before = atomic_load_explicit(&f->up[ino], memory_order_relaxed);
		if (before == 0)
			atomic_store_explicit(&f->up[ino], parent, memory_order_relaxed);
	} else {
		(void)atomic_compare_exchange_strong_explicit(&f->up[ino], &before, parent,
							      memory_order_relaxed,
							      memory_order_relaxed);
	}
	return before == 0 || before == parent ? 0 : CK_NOT_SURE;
}

static bool mark_named(const struct fast *f, e2_ino ino)
{
	uint8_t old;

	if (f->shared) {
		old = atomic_fetch_or_explicit(&f->marks[ino], FAST_NAMED, memory_order_relaxed);
	} else {
		old = (uint8_t)fast_mark(f, ino);
		atomic_store_explicit(&f->marks[ino], (uint8_t)(old | FAST_NAMED),
				      memory_order_relaxed);
	}
	return (old & FAST_NAMED) == 0;
}

/* ---- names --------------------------------------------------------------- */

static uint64_t zero_bytes(uint64_t w)
{
	return (w - 0x0101010101010101u) & ~w & 0x8080808080808080u;
}

/* The hash of a name, of which FAST_PAD bytes behind may be read; 0 for one that is wrong. */
static uint64_t hash_name(const uint8_t *name, uint32_t len)
{
	const uint64_t slashes = 0x2f2f2f2f2f2f2f2fu;
	uint64_t hash = len * 0x9e3779b97f4a7c15u, wrong = 0;

	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return 0;
	for (; len >= 8; name += 8, len -= 8) {
		uint64_t w = e2_get64(name);

		wrong |= zero_bytes(w) | zero_bytes(w ^ slashes);
		hash = (hash ^ w) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	if (len != 0) {
		uint64_t mask = UINT64_MAX >> (64 - 8 * len), w = e2_get64(name) & mask;

		wrong |= zero_bytes(w | ~mask) | zero_bytes((w ^ slashes) | ~mask);
		hash = (hash ^ w) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	hash *= 0xc4ceb9fe1a85ec53u;
	return wrong != 0 ? 0 : hash | 1;
}

static int add_hash(struct fast_worker *w, uint64_t hash)
{
	uint64_t *hashes;

	if (w->hash_count == w->hash_cap) {
		if (w->hash_count >= w->fast->names_max)
			return CK_NOT_SURE;
		hashes = e2_grow(w->hashes, &w->hash_cap, w->hash_count + 1, sizeof(*hashes));
		if (hashes == NULL)
			return E2_ERR_NOMEM;
		w->hashes = hashes;
	}
	w->hashes[w->hash_count++] = hash;
	return 0;
}

/* Whether all hashes of a directory differ: by a table when they are many. */
static int compare_hashes(struct fast_worker *w)
{
	const uint64_t *h = w->hashes;
	size_t slots = 64;

	if (w->hash_count <= FEW_NAMES) {
		for (size_t i = 1; i < w->hash_count; i++)
			for (size_t j = 0; j < i; j++)
				if (h[i] == h[j])
					return CK_NOT_SURE;
		return 0;
	}
	while (slots < 2 * w->hash_count)
		slots *= 2;
	if (slots > w->table_cap) {
		free(w->table);
		w->table_cap = 0;
		w->table = malloc(slots * sizeof(*w->table));
		if (w->table == NULL)
			return e2_fail(E2_ERR_NOMEM, "names of a directory");
		w->table_cap = slots;
	}
	memset(w->table, 0, slots * sizeof(*w->table));
	for (size_t i = 0; i < w->hash_count; i++) {
		size_t at = (size_t)e2_mix64(h[i] ^ w->fast->seed) & (slots - 1);

		for (; w->table[at] != 0; at = (at + 1) & (slots - 1))
			if (w->table[at] == h[i])
				return CK_NOT_SURE;
		w->table[at] = h[i];
	}
	return 0;
}

/* ---- entries ------------------------------------------------------------- */

/* Whether the byte of an entry that tells a type tells the right one. */
static bool right_type(const struct fast *f, uint8_t stored, unsigned type)
{
	return type != 0 && stored == (f->g->filetype ? type : 0);
}

static int look_at_name(struct reader *r, const uint8_t *p, const struct e2_dirent *d,
			e2_lblk lblk)
{
	struct fast_worker *w = r->w;
	const struct fast *f = w->fast;
	unsigned type;
	uint64_t hash;
	int n;

	if (d->inode > f->g->inodes || d->inode < f->g->first_ino || d->name_len == 0)
		return CK_NOT_SURE;
	type = fast_mark(f, d->inode) & FAST_TYPE;
	hash = hash_name(p + NAME_AT, d->name_len);
	if (!right_type(f, d->file_type, type) || hash == 0)
		return CK_NOT_SURE;
	if (r->index != NULL)
		ck_index_entry(r->index, lblk, p + NAME_AT, d->name_len);
	n = add_hash(w, hash);
	if (n != 0 || type != E2_FT_DIR)
		return n != 0 ? n : take(w, d->inode, 1);
	if (d->inode == r->ino || !mark_named(f, d->inode) ||
	    hang(f, d->inode, r->ino) != 0)
		return CK_NOT_SURE;
	r->subdirs++;
	return 0;
}

/* "." and "..", of which the first is at p and the other 12 bytes behind. */
static int look_at_dots(struct reader *r, const uint8_t *p)
{
	const struct fast *f = r->w->fast;
	const struct e2_dirent dot = e2_dirent_peek(p), dotdot = e2_dirent_peek(p + ENTRY_BYTES);
	const uint8_t *dot_name = p + NAME_AT, *name = p + ENTRY_BYTES + NAME_AT;

	if (dot.inode != r->ino || dot.rec_len != ENTRY_BYTES || dot.name_len != 1 ||
	    dot_name[0] != '.' || dot_name[1] != 0 || !right_type(f, dot.file_type, E2_FT_DIR))
		return CK_NOT_SURE;
	if (dotdot.inode == 0 || dotdot.inode > f->g->inodes || dotdot.name_len != 2 ||
	    name[0] != '.' || name[1] != '.' || (dotdot.rec_len > ENTRY_BYTES && name[2] != 0) ||
	    !right_type(f, dotdot.file_type, fast_mark(f, dotdot.inode) & FAST_TYPE) ||
	    (fast_mark(f, dotdot.inode) & FAST_TYPE) != E2_FT_DIR)
		return CK_NOT_SURE;
	if (r->ino == E2_INO_ROOT && dotdot.inode != E2_INO_ROOT)
		return CK_NOT_SURE;
	return hang(f, r->ino, dotdot.inode);
}

static int look_at_block(struct reader *r, e2_lblk lblk, const uint8_t *data)
{
	uint32_t size = r->w->fast->g->block_size, at = 0, seen = 0;
	int n = lblk == 0 ? look_at_dots(r, data) : 0;

	while (at < size && n == 0) {
		struct e2_dirent d;

		if (size - at < ENTRY_BYTES)
			return CK_NOT_SURE;
		d = e2_dirent_peek(data + at);
		if (d.rec_len < ENTRY_BYTES || d.rec_len % 4 != 0 || d.rec_len > size - at ||
		    d.name_len > d.rec_len - NAME_AT)
			return CK_NOT_SURE;
		if (d.inode != 0 && (lblk != 0 || seen >= 2))
			n = look_at_name(r, data + at, &d, lblk);
		at += d.rec_len;
		seen++;
	}
	return n == 0 && lblk == 0 && seen < 2 ? CK_NOT_SURE : n;
}

/* All blocks of a directory have been looked at. */
static int finish_dir(struct reader *r)
{
	int n = compare_hashes(r->w);

	/* "." and its name, or of the root ".."; and ".." of those in it. */
	return n != 0 ? n : take(r->w, r->ino, 2 + r->subdirs);
}

/* ---- directories of one block -------------------------------------------- */

static int look_at_singles(struct fast_worker *w, const struct fast_single *s, size_t count)
{
	uint32_t size = w->fast->g->block_size;
	size_t i = 0;
	int n = 0;

	while (i < count && n == 0) {
		uint32_t run = 1;

		while (i + run < count && run < w->buf_blocks && s[i + run].blk == s[i].blk + run)
			run++;
		n = fast_read(w->fast, s[i].blk, run, w->buf);
		for (uint32_t k = 0; k < run && n == 0; k++) {
			struct reader r = { .w = w, .ino = s[i + k].ino };

			w->hash_count = 0;
			n = look_at_block(&r, 0, w->buf + (size_t)k * size);
			if (n == 0)
				n = finish_dir(&r);
		}
		i += run;
	}
	return n;
}

/* By place; a list that a thread has made is almost in order. */
static int sort_singles(struct fast_worker *w)
{
	enum { BITS = 11, SLOTS = 1 << BITS };
	struct fast_single *from = w->singles, *to;
	size_t i = 1;

	while (i < w->single_count && from[i - 1].blk < from[i].blk)
		i++;
	if (i >= w->single_count)
		return 0;
	to = malloc(w->single_count * sizeof(*to));
	if (to == NULL)
		return e2_fail(E2_ERR_NOMEM, "list of directories");
	for (unsigned shift = 0; shift < 32; shift += BITS) {
		size_t first[SLOTS + 1] = { 0 };
		struct fast_single *other = from;

		for (i = 0; i < w->single_count; i++)
			first[(from[i].blk >> shift) % SLOTS + 1]++;
		for (i = 0; i < SLOTS; i++)
			first[i + 1] += first[i];
		for (i = 0; i < w->single_count; i++)
			to[first[(from[i].blk >> shift) % SLOTS]++] = from[i];
		from = to;
		to = other;
	}
	w->singles = from;
	w->single_cap = w->single_count;
	free(to);
	return 0;
}

/* ---- directories of more blocks ------------------------------------------ */

/* The index by the pass's own rules: what it finds ends the look. */
static int begin_index(struct reader *r, struct ck *view, struct ck_dir *dir,
		       struct ck_dir_block **blocks, const uint32_t *blk, const struct fast_dir *d)
{
	struct fast_worker *w = r->w;

	*blocks = malloc(d->count * sizeof(**blocks));
	if (*blocks == NULL)
		return e2_fail(E2_ERR_NOMEM, "index of a directory");
	for (uint32_t i = 0; i < d->count; i++)
		(*blocks)[i] = (struct ck_dir_block){ .lblk = i, .blk = blk[i] };
	*view = *w->fast->ck;
	view->found = &w->found;
	view->dir_blocks = *blocks;
	view->block_count = d->count;
	*dir = (struct ck_dir){
		.ino = d->ino, .count = d->count, .indexed = true,
		.size = (uint64_t)d->count * w->fast->g->block_size,
	};
	return ck_index_begin(view, dir, &r->index);
}

static int look_at_blocks(struct reader *r, const uint32_t *blk, uint32_t count)
{
	struct fast_worker *w = r->w;
	uint32_t size = w->fast->g->block_size;
	int n = 0;

	for (uint32_t i = 0; i < count && n == 0;) {
		uint32_t run = 1;

		while (i + run < count && run < w->buf_blocks && blk[i + run] == blk[i] + run)
			run++;
		n = e2_par_poll(w->par, w->number);
		if (n == 0)
			n = fast_read(w->fast, blk[i], run, w->buf);
		for (uint32_t k = 0; k < run && n == 0; k++)
			if (r->index == NULL || !ck_index_is_node(r->index, i + k))
				n = look_at_block(r, i + k, w->buf + (size_t)k * size);
		i += run;
	}
	return n;
}

static int look_at_dir(struct fast_worker *w, const uint32_t *blocks, const struct fast_dir *d)
{
	struct reader r = { .w = w, .ino = d->ino };
	struct ck_dir_block *list = NULL;
	struct ck_dir dir;
	struct ck view;
	int n = 0;

	w->hash_count = 0;
	if (d->indexed)
		n = begin_index(&r, &view, &dir, &list, blocks, d);
	if (n == 0)
		n = look_at_blocks(&r, blocks, d->count);
	if (r.index != NULL)
		ck_index_end(&view, r.index);
	free(list);
	return n == 0 ? finish_dir(&r) : n;
}

/* ---- all of them --------------------------------------------------------- */

/* A unit: a batch of one worker's directories of one block, or one of its others. */
static int look_at_unit(void *context, struct e2_par *par, unsigned worker, uint64_t unit)
{
	struct fast *f = context;
	struct fast_worker *w = &f->workers[worker];

	w->par = par;
	for (unsigned i = 0; i < f->threads; i++) {
		const struct fast_worker *from = &f->workers[i];
		uint64_t batches = (from->single_count + FAST_BATCH - 1) / FAST_BATCH;
		size_t at;

		if (unit < from->dir_count)
			return look_at_dir(w, from->blocks + from->dirs[unit].first,
					   &from->dirs[unit]);
		unit -= from->dir_count;
		at = (size_t)unit * FAST_BATCH;
		if (unit < batches)
			return look_at_singles(w, from->singles + at,
					       from->single_count - at < FAST_BATCH ?
					       from->single_count - at : FAST_BATCH);
		unit -= batches;
	}
	return CK_NOT_SURE;
}

int fast_dirs(struct fast *f)
{
	uint64_t units = 0;

	for (unsigned i = 0; i < f->threads; i++) {
		struct fast_worker *w = &f->workers[i];
		int r = sort_singles(w);

		if (r != 0)
			return r;
		units += w->dir_count + (w->single_count + FAST_BATCH - 1) / FAST_BATCH;
	}
	f->units_all = f->units_done + units;
	return fast_par(f, units, look_at_unit);
}
