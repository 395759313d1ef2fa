/* SPDX-License-Identifier: MIT */
/*
 * What of a directory's block can be entries, where its records do not cover it.
 *
 * Every place a record may begin at is judged by itself: is its inode in use, and of the type
 * the entry says, is the name one?  A way through the block goes from record to record,
 * as their lengths say or, at a price, to any later place.  The best way is the one with most
 * entries for the smallest price: so one wrong length costs nothing, and names that
 * were removed, whose bytes are still there, stay removed.
 */
#include "check/state.h"

#include "base/grow.h"
#include "disk/access.h"

#include <stdlib.h>
#include <string.h>

enum {
	GOOD = 8,		/* an entry that all its fields agree about */
	DOUBTFUL = 1,		/* one field is wrong */
	PRICE_WRONG = 3,	/* for leaving a length, or name length, that cannot be */
	PRICE_SOUND = 100,	/* for leaving one that can */
	NOWHERE = INT32_MIN / 2,
	RECORD_MIN = 12,
	HEAD = 24,		/* "." and ".." */
};

struct place {			/* a record that may begin here; `next` is 0: none */
	int32_t worth;		/* of the best way from here */
	uint32_t next;
	uint8_t name_len;
	bool named;		/* an entry, to be kept */
};

struct salvage {
	struct ck *ck;
	const struct ck_damaged *of;
	const uint8_t *data;
	struct place *places;	/* one for 4 bytes */
	int32_t onward;		/* worth of the best place from the current one on */
	uint32_t onward_at;
	struct place *skip;	/* while going backwards: best way from each place or after it */
};

/* How long the bytes at a place can be a name, at most `room`. */
static uint32_t sane_bytes(const uint8_t *name, uint32_t room)
{
	uint32_t n = 0;

	while (n < room && n < E2_NAME_MAX && name[n] != 0 && name[n] != '/')
		n++;
	return n;
}

/* Whether all names an inode should have are known already. */
static bool is_sated(const struct ck_inode *target)
{
	return target->type == E2_FT_DIR ? target->parent != 0 : target->counted >= target->links;
}

/* How many fields of an entry are wrong: inode, type, name. */
static unsigned faults(const struct salvage *s, const struct e2_dirent *d, const uint8_t *name,
		       uint32_t name_len, bool *sated)
{
	const struct ck *ck = s->ck;
	const struct ck_inode *target =
		ck_is_reserved(ck, d->inode) ? NULL : ck_inode(ck, d->inode);
	bool insane = e2_name_problem(name, name_len) != NULL;
	bool type = ck->g->filetype ? d->file_type >= E2_FT_REG && d->file_type <= E2_FT_LNK :
				      d->file_type == 0;

	if (target != NULL && ck->g->filetype && target->type != CK_BAD_TYPE)
		type = d->file_type == target->type;
	*sated = target != NULL && is_sated(target);
	return (unsigned)(target == NULL) + (unsigned)!type + (unsigned)insane;
}

/* The bytes of a record that may begin at a place. */
struct look {
	struct e2_dirent d;
	uint32_t left, rec_len;
	bool length;		/* rec_len is possible */
	bool fits;		/* ... and the name lies within */
};

static struct look look_at(const struct salvage *s, uint32_t at)
{
	uint32_t size = s->ck->g->block_size;
	struct look l = { .d = e2_dirent_peek(s->data + at), .left = size - at };

	l.rec_len = l.d.rec_len;
	if (size == E2_BLOCK_SIZE_MAX && (l.rec_len == 0 || l.rec_len == UINT16_MAX))
		l.rec_len = size;
	l.length = l.rec_len >= RECORD_MIN && l.rec_len % 4 == 0 && l.rec_len <= l.left;
	l.fits = l.length && l.d.name_len <= l.rec_len - E2_DIRENT_BYTES;
	return l;
}

static void offer(struct place *p, int32_t worth, uint32_t next, uint32_t name_len, bool named)
{
	if (worth > p->worth)
		*p = (struct place){ worth, next, (uint8_t)name_len, named };
}

/* The best way from the first place at or after `at`, which may be the end of the block. */
static const struct place *onward(const struct salvage *s, uint32_t at)
{
	return &s->skip[at / 4];
}

/* Ways on from an entry with a name of so many bytes; worth 0 and less: it is none. */
static void offer_entry(struct salvage *s, uint32_t at, const struct look *l, uint32_t name_len,
			struct place *p)
{
	uint32_t end = at + e2_entry_bytes(name_len);
	bool own_length = name_len == l->d.name_len, linked, sated;
	unsigned wrong;
	int32_t worth;

	if (name_len == 0 || end > s->ck->g->block_size)
		return;
	wrong = faults(s, &l->d, s->data + at + E2_DIRENT_BYTES, name_len, &sated);
	if (wrong > 1 || (wrong == 1 && !(own_length && l->fits)))
		return;
	worth = wrong == 0 && !sated ? GOOD : DOUBTFUL;
	if (!own_length)
		worth -= PRICE_WRONG;
	linked = l->length && end <= at + l->rec_len &&
		 s->places[(at + l->rec_len) / 4].worth > NOWHERE;
	if (linked)
		offer(p, worth + s->places[(at + l->rec_len) / 4].worth, at + l->rec_len, name_len,
		      true);
	if ((!own_length && linked) || (sated && at != 0))
		return;		/* or it was removed */
	worth -= linked ? PRICE_SOUND : PRICE_WRONG;
	offer(p, worth + onward(s, end)->worth, onward(s, end)->next, name_len, true);
}

static void judge(struct salvage *s, uint32_t at)
{
	struct place *p = &s->places[at / 4];
	struct look l = look_at(s, at);

	*p = (struct place){ .worth = NOWHERE };
	if (l.d.inode == 0) {
		if (l.fits && s->places[(at + l.rec_len) / 4].worth > NOWHERE)
			offer(p, s->places[(at + l.rec_len) / 4].worth, at + l.rec_len, 0, false);
		return;
	}
	offer_entry(s, at, &l, l.d.name_len, p);
	if (l.length && !l.fits) {
		const uint8_t *name = s->data + at + E2_DIRENT_BYTES;

		offer_entry(s, at, &l, sane_bytes(name, l.rec_len - E2_DIRENT_BYTES), p);
	}
}

/* Judges all places from the end of the block back to `first`. */
static void judge_all(struct salvage *s, uint32_t first)
{
	uint32_t size = s->ck->g->block_size;
	struct place none = { .worth = 0, .next = size };

	for (uint32_t at = size; at > size - RECORD_MIN; at -= 4) {
		s->places[at / 4] = (struct place){ .worth = at == size ? 0 : NOWHERE };
		s->skip[at / 4] = none;
	}
	for (uint32_t at = size - RECORD_MIN; at + 4 > first; at -= 4) {
		judge(s, at);
		s->skip[at / 4] = s->skip[at / 4 + 1];
		if (s->places[at / 4].worth > 0 &&
		    s->places[at / 4].worth >= s->skip[at / 4].worth)
			s->skip[at / 4] = (struct place){ .worth = s->places[at / 4].worth,
							  .next = at };
		if (at == 0)
			break;
	}
}

/* ---- the first block ------------------------------------------------------------ */

/* Whether a name of a file stands where "." or ".." should. */
static bool is_other_name(const struct salvage *s, uint32_t at)
{
	struct look l = look_at(s, at);
	const uint8_t *name = s->data + at + E2_DIRENT_BYTES;
	bool sated;

	if (l.d.inode == 0 || l.d.inode == s->of->dir || l.d.name_len == 0 ||
	    l.d.name_len > l.left - E2_DIRENT_BYTES || name[0] == '.')
		return false;
	return faults(s, &l.d, name, l.d.name_len, &sated) == 0 && !sated;
}

bool ck_is_index_root(const struct e2_geometry *g, const uint8_t *data)
{
	enum { INFO_AT = HEAD, COUNT_AT = INFO_AT + E2_DX_INFO_BYTES };
	uint32_t limit = (g->block_size - COUNT_AT) / E2_DX_ENTRY_BYTES;
	struct e2_dx_count c;
	struct e2_dx_info info;

	e2_dx_info_decode(&info, data + INFO_AT);
	e2_dx_count_decode(&c, data + COUNT_AT);
	return info.reserved_zero == 0 && info.info_length == E2_DX_INFO_BYTES &&
	       info.hash_version <= 5 && info.indirect_levels <= 2 &&
	       c.limit == limit && c.count != 0 && c.count <= c.limit;
}

/* ---- all of it -------------------------------------------------------------------- */

/* Where the way begins: the start of the block, the records behind "." and "..", or what
 * follows damage. */
static uint32_t begin(const struct salvage *s, uint32_t first)
{
	struct look l;

	if (s->of->lblk != 0 || first == 0) {
		int32_t skipping = onward(s, 0)->worth - PRICE_SOUND;

		return s->places[0].worth > NOWHERE && s->places[0].worth >= skipping ?
			0 : onward(s, 0)->next;
	}
	l = look_at(s, 12);
	if (l.length && s->places[(12 + l.rec_len) / 4].worth > NOWHERE &&
	    s->places[(12 + l.rec_len) / 4].worth >= onward(s, HEAD)->worth - PRICE_SOUND)
		return 12 + l.rec_len;
	return onward(s, HEAD)->next;
}

static size_t follow(const struct salvage *s, uint32_t at, struct ck_kept *kept)
{
	size_t count = 0;

	while (at < s->ck->g->block_size) {
		const struct place *p = &s->places[at / 4];

		if (p->named)
			kept[count++] = (struct ck_kept){ .at4 = (uint16_t)(at / 4),
							  .name_len = p->name_len };
		at = p->next;
	}
	return count;
}

int ck_salvage(struct ck *ck, const struct ck_damaged *of, const uint8_t *data,
	       struct ck_kept *kept, size_t *count)
{
	size_t places = ck->g->block_size / 4 + 1;
	struct salvage s = { .ck = ck, .of = of, .data = data };
	uint32_t first = of->lblk == 0 ? HEAD : 0;

	*count = 0;
	if (of->lblk == 0 && of->indexed && ck_is_index_root(ck->g, data))
		return 0;	/* behind "." and ".." are no names */
	s.places = malloc(2 * places * sizeof(*s.places));
	if (s.places == NULL)
		return e2_fail(E2_ERR_NOMEM, "entries of a damaged block");
	s.skip = s.places + places;
	if (first != 0 && (is_other_name(&s, 0) || is_other_name(&s, 12)))
		first = 0;
	judge_all(&s, first);
	*count = follow(&s, begin(&s, first), kept);
	free(s.places);
	return 0;
}

/* ---- all damaged blocks ----------------------------------------------------------- */

enum { DAMAGED_MAX = E2_FINDINGS_KEPT, KEPT_MAX = 1 << 17 };

/* What an entry that is kept means for links and parents. */
static void count_kept(struct ck *ck, const struct ck_damaged *of, const uint8_t *data,
		       const struct ck_kept *kept)
{
	const struct e2_dirent d = e2_dirent_peek(data + 4 * (size_t)kept->at4);
	struct ck_inode *target = ck_inode(ck, d.inode);

	if (target == NULL || ck_is_reserved(ck, d.inode) || ck_is_hidden(ck, d.inode))
		return;
	if (target->type != E2_FT_DIR) {
		target->counted++;
	} else if (d.inode != of->dir && d.inode != E2_INO_ROOT && target->parent == 0) {
		target->parent = of->dir;
		target->counted++;
		ck->inodes[of->dir].counted++;
	}
}

static int settle(struct ck *ck, struct ck_damaged *of, const uint8_t *data, bool keep)
{
	size_t count, most = ck->g->block_size / RECORD_MIN + 1;
	struct ck_kept *kept = malloc(most * sizeof(*kept));
	void *grown;
	int r;

	if (kept == NULL)
		return e2_fail(E2_ERR_NOMEM, "entries of a damaged block");
	r = ck_salvage(ck, of, data, kept, &count);
	for (size_t i = 0; i < count && r == 0; i++)
		count_kept(ck, of, data, &kept[i]);
	if (r == 0 && keep && ck->kept_count < KEPT_MAX) {
		grown = e2_grow(ck->kept, &ck->kept_cap, ck->kept_count + count + 1,
				sizeof(*ck->kept));
		if (grown == NULL) {
			r = E2_ERR_NOMEM;
		} else {
			ck->kept = grown;
			memcpy(ck->kept + ck->kept_count, kept, count * sizeof(*kept));
			of->first = ck->kept_count;
			of->count = (uint32_t)count;
			of->planned = true;
			ck->kept_count += count;
		}
	}
	free(kept);
	return r;
}

int ck_damaged_add(struct ck *ck, const struct ck_dir *dir, const struct ck_dir_block *block,
		   const uint8_t *data)
{
	struct ck_damaged d = { .dir = dir->ino, .lblk = block->lblk, .blk = block->blk,
				.indexed = dir->indexed };
	void *grown;

	if (block->lblk == 0) {
		const struct e2_dirent dotdot = e2_dirent_peek(data + 12);

		ck->inodes[dir->ino].counted += dir->ino == E2_INO_ROOT ? 2 : 1;
		if (dotdot.name_len == 2 && memcmp(data + 20, "..", 2) == 0)
			ck->inodes[dir->ino].dotdot = dotdot.inode;
	}
	/* Whose a shared block is must be known first; a thousand directories may have it. */
	if (ck->damaged_count == DAMAGED_MAX && ck->shared != NULL &&
	    e2_bitset_test(ck->shared, block->blk))
		return 0;
	if (ck->damaged_count == DAMAGED_MAX)
		return settle(ck, &d, data, false);
	grown = e2_grow(ck->damaged, &ck->damaged_cap, ck->damaged_count + 1,
			sizeof(*ck->damaged));
	if (grown == NULL)
		return E2_ERR_NOMEM;
	ck->damaged = grown;
	ck->damaged[ck->damaged_count++] = d;
	return 0;
}

int ck_damaged_settle(struct ck *ck)
{
	int r = 0;

	for (size_t i = 0; i < ck->damaged_count && r == 0; i++) {
		const struct e2_buf *buf;

		if (e2_buf_get(ck->fs, ck->damaged[i].blk, &buf) != 0) {
			e2_err_clear();
			continue;
		}
		r = settle(ck, &ck->damaged[i], buf->data, true);
		e2_buf_put(ck->fs, buf);
	}
	return r;
}

const struct ck_damaged *ck_damaged_find(const struct ck *ck, e2_ino dir, e2_lblk lblk)
{
	size_t low = 0, high = ck->damaged_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ck_damaged *d = &ck->damaged[middle];

		if (d->dir == dir && d->lblk == lblk)
			return d;
		if (d->dir < dir || (d->dir == dir && d->lblk < lblk))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
