/* SPDX-License-Identifier: MIT */
/*
 * What a transaction remembers of large directories, so that a name costs the same however
 * many there are: a set of hashes that leads to blocks, and a tree of the gaps in them.
 *
 * A damaged directory may have a name a hundred thousand times.  The first CROWD places of a hash
 * are remembered, and none of a crowd is ever taken out: a search that all of them disappoint
 * reads the directory, and the memo is given up, for they were those of names that have gone.
 *
 * All memos hang on one memo of the transaction, which every rewind drops.  They are true at
 * all times, since whoever changes a directory says so here; where memory runs out they are
 * given up, and the directory is read again.
 */
#include "tree/dir.h"

#include "tree/change.h"

#include "base/endian.h"
#include "base/grow.h"
#include "base/map.h"
#include "base/mix.h"

#include <stdlib.h>
#include <string.h>

enum {
	BLOCKS_MIN = 3,			/* a smaller directory is read as quickly */
	SLOTS_MIN = 256,
	GAP_UNIT = 4,			/* bytes; records are multiples of it */
	CROWD = 16,			/* places of one hash that are remembered */
};

/* Memory that all memos together may take before they are given up and made again. */
static const size_t BYTES_MAX = (size_t)1 << 29;

struct slot {
	uint32_t hash;
	uint32_t block;			/* 1 + lblk; 0: empty */
};

struct e2_dir_memo {
	e2_lblk blocks;			/* of the directory */
	int damage;
	uint64_t seed;
	struct slot *slots;		/* open addressing, linear probes */
	size_t slot_count, used;	/* a power of two; at most 3/4 of them */
	uint16_t *gaps;			/* of nodes 1 to 2 * leaves - 1; a leaf is a block */
	size_t leaves;			/* a power of two */
};

struct memos {
	struct e2_memo memo;		/* the transaction's */
	struct e2_map *index;		/* inode to 1 + place in dirs; 0: none */
	struct e2_dir_memo **dirs;	/* NULL: dropped */
	size_t count, cap;
	size_t bytes;			/* of all of them, as of their making */
};

static const char KEY;

/* ---- names ------------------------------------------------------------- */

/* Seeded, so that an image cannot choose names that all collide. */
static uint32_t hash_name(const struct e2_dir_memo *m, const void *name, size_t len)
{
	const uint8_t *bytes = name;
	uint8_t last[8] = { 0 };
	uint64_t hash = m->seed ^ len;

	for (; len >= 8; bytes += 8, len -= 8)
		hash = e2_mix64(hash ^ e2_get64(bytes));
	memcpy(last, bytes, len);
	return (uint32_t)(e2_mix64(hash ^ e2_get64(last)) >> 32);
}

static void put_slot(struct e2_dir_memo *m, uint32_t hash, uint32_t block)
{
	size_t i = hash & (m->slot_count - 1);

	while (m->slots[i].block != 0)
		i = (i + 1) & (m->slot_count - 1);
	m->slots[i] = (struct slot){ hash, block };
}

/* How many places of a hash are remembered: CROWD are all that may be, not all that there are. */
static unsigned count_slots(const struct e2_dir_memo *m, uint32_t hash)
{
	size_t mask = m->slot_count - 1;
	unsigned count = 0;

	if (m->slot_count == 0)
		return 0;
	for (size_t i = hash & mask; m->slots[i].block != 0 && count < CROWD; i = (i + 1) & mask)
		count += m->slots[i].hash == hash;
	return count;
}

static bool add_name(struct e2_dir_memo *m, const void *name, size_t len, e2_lblk lblk)
{
	uint32_t hash = hash_name(m, name, len);
	struct e2_dir_memo old = *m;

	if (count_slots(m, hash) == CROWD)
		return true;
	if (m->used >= m->slot_count / 4 * 3) {
		m->slot_count = old.slot_count ? old.slot_count * 2 : SLOTS_MIN;
		m->slots = calloc(m->slot_count, sizeof(*m->slots));
		if (!m->slots) {
			*m = old;
			return false;
		}
		for (size_t i = 0; i < old.slot_count; i++)
			if (old.slots[i].block != 0)
				put_slot(m, old.slots[i].hash, old.slots[i].block);
		free(old.slots);
	}
	put_slot(m, hash, (uint32_t)lblk + 1);
	m->used++;
	return true;
}

/* Empties a slot and moves up those behind it that would not be found past the hole. */
static void clear_slot(struct e2_dir_memo *m, size_t hole)
{
	size_t mask = m->slot_count - 1;

	m->slots[hole].block = 0;
	for (size_t i = (hole + 1) & mask; m->slots[i].block != 0; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		m->slots[hole] = m->slots[i];
		m->slots[i].block = 0;
		hole = i;
	}
	m->used--;
}

static void remove_name(struct e2_dir_memo *m, const void *name, size_t len, e2_lblk lblk)
{
	uint32_t hash = hash_name(m, name, len);
	size_t mask = m->slot_count - 1;

	if (m->slot_count == 0 || count_slots(m, hash) == CROWD)
		return;
	for (size_t i = hash & mask; m->slots[i].block != 0; i = (i + 1) & mask) {
		if (m->slots[i].hash == hash && m->slots[i].block == (uint32_t)lblk + 1) {
			clear_slot(m, i);
			return;
		}
	}
}

bool e2_dir_memo_next(const struct e2_dir_memo *m, const void *name, size_t len, size_t *cursor,
		      e2_lblk *lblk)
{
	uint32_t hash = hash_name(m, name, len);
	size_t mask = m->slot_count - 1;

	if (m->slot_count == 0)
		return false;
	for (;; ++*cursor) {
		const struct slot *s = &m->slots[(hash + *cursor) & mask];

		if (s->block == 0)
			return false;
		if (s->hash == hash) {
			*lblk = s->block - 1;
			++*cursor;
			return true;
		}
	}
}

bool e2_dir_memo_crowded(const struct e2_dir_memo *m, const void *name, size_t len)
{
	return count_slots(m, hash_name(m, name, len)) == CROWD;
}

bool e2_dir_memo_damaged(const struct e2_dir_memo *m)
{
	return m->damage != 0;
}

/* ---- gaps -------------------------------------------------------------- */

static bool grow_gaps(struct e2_dir_memo *m, e2_lblk lblk)
{
	size_t leaves = m->leaves ? m->leaves : 8;
	uint16_t *gaps;

	while (leaves <= lblk)
		leaves *= 2;
	if (leaves == m->leaves)
		return true;
	gaps = calloc(leaves * 2, sizeof(*gaps));
	if (!gaps)
		return false;
	if (m->leaves)
		memcpy(gaps + leaves, m->gaps + m->leaves, m->leaves * sizeof(*gaps));
	for (size_t i = leaves - 1; i > 0; i--)
		gaps[i] = gaps[2 * i] > gaps[2 * i + 1] ? gaps[2 * i] : gaps[2 * i + 1];
	free(m->gaps);
	m->gaps = gaps;
	m->leaves = leaves;
	return true;
}

static bool set_gap(struct e2_dir_memo *m, e2_lblk lblk, uint32_t bytes)
{
	uint16_t *gaps;

	if (!grow_gaps(m, lblk))
		return false;
	gaps = m->gaps;
	gaps[m->leaves + lblk] = (uint16_t)(bytes / GAP_UNIT);
	for (size_t i = (m->leaves + (size_t)lblk) / 2; i > 0; i /= 2) {
		uint16_t most = gaps[2 * i] > gaps[2 * i + 1] ? gaps[2 * i] : gaps[2 * i + 1];

		if (gaps[i] == most)
			break;
		gaps[i] = most;
	}
	return true;
}

bool e2_dir_memo_gap(const struct e2_dir_memo *m, uint32_t bytes, e2_lblk *lblk)
{
	size_t i = 1;

	if (m->leaves == 0 || m->gaps[1] < bytes / GAP_UNIT)
		return false;
	while (i < m->leaves)
		i = 2 * i + (m->gaps[2 * i] < bytes / GAP_UNIT);
	*lblk = i - m->leaves;
	return true;
}

/* ---- all of them ------------------------------------------------------- */

static void free_dir(struct e2_dir_memo *m)
{
	if (!m)
		return;
	free(m->slots);
	free(m->gaps);
	free(m);
}

static void free_memos(struct e2_memo *memo)
{
	struct memos *all = (struct memos *)memo;	/* its first member */

	for (size_t i = 0; i < all->count; i++)
		free_dir(all->dirs[i]);
	free(all->dirs);
	e2_map_free(all->index);
	free(all);
}

static struct memos *find_memos(struct e2_txn *txn)
{
	return txn ? (struct memos *)e2_txn_memo(txn, &KEY, 0) : NULL;
}

/* Makes room for one more; NULL when memory is short. */
static struct memos *make_memos(struct e2_txn *txn)
{
	struct memos *all = find_memos(txn);
	struct e2_dir_memo **dirs;

	if (all && all->bytes > BYTES_MAX) {
		e2_dirs_forget(txn);
		all = NULL;
	}
	if (!all) {
		all = calloc(1, sizeof(*all));
		if (!all)
			return NULL;
		if (e2_map_new(&all->index)) {
			free(all);
			return NULL;
		}
		all->memo.key = &KEY;
		all->memo.free = free_memos;
		e2_txn_remember(txn, &all->memo);
	}
	dirs = e2_grow(all->dirs, &all->cap, all->count + 1, sizeof(struct e2_dir_memo *));
	if (!dirs)
		return NULL;
	all->dirs = dirs;
	return all;
}

static struct e2_dir_memo *find_dir(struct e2_txn *txn, e2_ino dir)
{
	struct memos *all = find_memos(txn);
	uint64_t at;

	return all && e2_map_get(all->index, dir, &at) && at ? all->dirs[at - 1] : NULL;
}

void e2_dir_memo_drop(struct e2_txn *txn, e2_ino dir)
{
	struct memos *all = find_memos(txn);
	uint64_t *at;

	if (!find_dir(txn, dir) || e2_map_ref(all->index, dir, &at))
		return;
	free_dir(all->dirs[*at - 1]);
	all->dirs[*at - 1] = NULL;
	*at = 0;
}

void e2_dirs_forget(struct e2_txn *txn)
{
	e2_txn_unremember(txn, &KEY, 0);
}

struct e2_dir_memo *e2_dir_memo(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in)
{
	struct e2_txn *txn = e2_fs_txn(fs);
	struct e2_dir_memo *m = find_dir(txn, dir);

	if (m && m->blocks != e2_dir_blocks(fs, in)) {
		e2_dir_memo_drop(txn, dir);	/* changed behind our back */
		return NULL;
	}
	return m;
}

/* ---- making one -------------------------------------------------------- */

/* Reads all records; false when memory runs out. */
static bool read_dir(struct e2_dir_memo *m, struct e2_dir *dir)
{
	uint32_t gap = 0;
	e2_lblk lblk = 0;
	struct e2_entry e;
	bool good = true;
	int r;

	while (good && (r = e2_dir_next_record(dir, &e)) != 0) {
		if (r == E2_ERR_NOMEM)
			return false;
		if (r < 0) {
			m->damage = r;
			continue;
		}
		if (e.lblk != lblk) {
			good = set_gap(m, lblk, gap);
			lblk = e.lblk;
			gap = 0;
		}
		if (e2_entry_room(&e) > gap)
			gap = e2_entry_room(&e);
		if (good && e.ino != 0)
			good = add_name(m, e.name, e.name_len, e.lblk);
	}
	return good && set_gap(m, lblk, gap);
}

static struct e2_dir_memo *make_dir(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in)
{
	struct e2_dir_memo *m = calloc(1, sizeof(*m));
	struct e2_dir *dir;
	bool good;

	if (!m)
		return NULL;
	m->blocks = e2_dir_blocks(fs, in);
	m->seed = e2_mix_seed(m);
	if (e2_dir_begin_inode(fs, ino, in, e2_geometry(fs)->blocks, &dir)) {
		free_dir(m);
		return NULL;
	}
	good = read_dir(m, dir);
	e2_dir_end(dir);
	if (!good) {
		free_dir(m);
		return NULL;
	}
	return m;
}

struct e2_dir_memo *e2_dir_memo_make(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in)
{
	struct e2_txn *txn = e2_fs_txn(fs);
	struct e2_dir_memo *m;
	struct memos *all;

	if (!txn || e2_dir_blocks(fs, in) < BLOCKS_MIN)
		return NULL;
	all = make_memos(txn);
	m = all ? make_dir(fs, dir, in) : NULL;
	if (!m || e2_map_set(all->index, dir, all->count + 1)) {
		free_dir(m);
		e2_err_clear();
		return NULL;
	}
	all->dirs[all->count++] = m;
	all->bytes += m->slot_count * sizeof(*m->slots) + m->leaves * 2 * sizeof(*m->gaps);
	return m;
}

/* ---- keeping them true ------------------------------------------------- */

void e2_dir_memo_add(struct e2_txn *txn, e2_ino dir, const void *name, size_t len, e2_lblk lblk)
{
	struct e2_dir_memo *m = find_dir(txn, dir);

	if (m && !add_name(m, name, len, lblk))
		e2_dir_memo_drop(txn, dir);
}

void e2_dir_memo_remove(struct e2_txn *txn, e2_ino dir, const void *name, size_t len,
			e2_lblk lblk)
{
	struct e2_dir_memo *m = find_dir(txn, dir);

	if (m)
		remove_name(m, name, len, lblk);
}

void e2_dir_memo_room(struct e2_txn *txn, e2_ino dir, e2_lblk lblk, uint32_t room)
{
	struct e2_dir_memo *m = find_dir(txn, dir);

	if (!m)
		return;
	if (!set_gap(m, lblk, room))
		e2_dir_memo_drop(txn, dir);
	else if (lblk >= m->blocks)
		m->blocks = lblk + 1;	/* it has grown */
}

/* ---- for readers ------------------------------------------------------- */

struct e2_txn *e2_dir_remember(struct e2_fs *fs)
{
	struct e2_txn *txn = NULL;

	if (!e2_fs_txn(fs) && e2_txn_begin(fs, true, &txn))
		e2_err_clear();
	return txn;
}
