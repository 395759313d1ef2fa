/* SPDX-License-Identifier: MIT */
/*
 * Finds the block that a wrong pointer should name.
 *
 * Files are laid out in the order in which their blocks are met when they are read, a pointer
 * block before what it points to; so the blocks before and after a pointer in that order say
 * where its own lies.  Work is bounded by the blocks that may be looked at in a round.
 */
#include "check/owners.h"

#include "base/endian.h"
#include "base/zero.h"
#include "disk/access.h"
#include "tree/tree.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 256, SKIPPED = 64, CROWD = 256 };

/* ---- strays ---------------------------------------------------------------------- */

static void import_strays(struct ck *ck, e2_grp group, uint8_t *claimed)
{
	e2_blk first = e2_group_first_block(ck->g, group);
	uint32_t bits = e2_group_blocks(ck->g, group);
	const struct e2_buf *buf;

	if (ck->groups[group].block_bitmap == 0)
		return;
	if (e2_buf_get(ck->fs, ck->groups[group].block_bitmap, &buf) != 0) {
		e2_err_clear();
		return;
	}
	e2_bitset_export(ck->claimed, first, bits, claimed);
	for (uint32_t i = 0; i < (bits + 7) / 8; i++)
		claimed[i] = (uint8_t)(buf->data[i] & ~claimed[i]);
	e2_buf_put(ck->fs, buf);
	e2_bitset_import(ck->strays, first, bits, claimed);
}

/* Without memory no stray is known, and nothing found by them. */
static bool know_strays(struct ck *ck)
{
	uint8_t *claimed;

	if (ck->strays != NULL)
		return true;
	claimed = malloc(ck->g->block_size);
	if (claimed == NULL || e2_bitset_new(ck->g->blocks, &ck->strays) != 0) {
		free(claimed);
		e2_err_clear();
		return false;
	}
	for (e2_grp group = 0; group < ck->g->groups; group++)
		import_strays(ck, group, claimed);
	free(claimed);
	ck->stray_count = e2_bitset_count(ck->strays);
	return true;
}

bool ck_used(const struct ck *ck, e2_blk blk)
{
	bool used = true;

	if (e2_block_used(ck->fs, blk, &used) != 0)
		e2_err_clear();
	return used;
}

bool ck_is_stray(struct ck *ck, e2_blk blk)
{
	return know_strays(ck) && e2_bitset_test(ck->strays, blk);
}

bool ck_is_any_stray(struct ck *ck)
{
	return know_strays(ck) && ck->stray_count != 0;
}

void ck_take(struct ck *ck, e2_blk blk)
{
	e2_bitset_set(ck->claimed, blk);
	if (ck->strays != NULL && e2_bitset_test(ck->strays, blk)) {
		e2_bitset_clear(ck->strays, blk);
		ck->stray_count--;
	}
}

void ck_let_go(struct ck *ck, e2_blk blk)
{
	if (e2_bitset_test(ck->metadata, blk) ||
	    (ck->shared != NULL && e2_bitset_test(ck->shared, blk)))
		return;
	e2_bitset_clear(ck->claimed, blk);
	if (ck->strays != NULL && ck_used(ck, blk) && !e2_bitset_test(ck->strays, blk)) {
		e2_bitset_set(ck->strays, blk);
		ck->stray_count++;
	}
}

/* ---- what a block reads as ---------------------------------------------------------- */

e2_lblk ck_span(const struct e2_geometry *g, unsigned level)
{
	e2_lblk n = 1;

	while (level-- > 0)
		n *= g->pointers;
	return n;
}

e2_lblk ck_wanted(const struct ck *ck, const struct ck_place *p)
{
	uint64_t size = e2_inode_size(p->in);
	e2_lblk blocks = size / ck->g->block_size + (size % ck->g->block_size != 0);
	e2_lblk span = ck_span(ck->g, p->level);

	if (blocks <= p->lblk)
		return 0;
	return blocks - p->lblk < span ? blocks - p->lblk : span;
}

bool ck_is_spent(const struct ck *ck)
{
	return ck->looks >= 4096 + ck->g->blocks / 16;
}

static bool may_look(struct ck *ck)
{
	ck->looks++;
	return !ck_is_spent(ck);
}

/* NULL when it cannot be read. */
static const struct e2_buf *look(struct ck *ck, e2_blk blk)
{
	const struct e2_buf *buf;

	if (e2_buf_get(ck->fs, blk, &buf) == 0)
		return buf;
	e2_err_clear();
	return NULL;
}

/* The inode that a block's "." names, when it is the first block of a directory; or 0. */
static e2_ino dot_of(const struct ck *ck, const uint8_t *block)
{
	const struct e2_dirent d = e2_dirent_peek(block);
	struct e2_entry e;

	if (d.name_len != 1 || block[E2_DIRENT_BYTES] != '.' || d.rec_len != 12)
		return 0;
	if (e2_entry_at(ck->g, block, 12, &e) <= 0) {
		e2_err_clear();
		return 0;
	}
	if (e.name_len != 2 || memcmp(e.name, "..", 2) != 0)
		return 0;
	return e2_get32(block);
}

/* Whether a block is a list of entries, and not all of them empty. */
static bool is_entries(const struct ck *ck, const uint8_t *block)
{
	uint32_t at = 0, live = 0;
	struct e2_entry e;
	int n;

	while ((n = e2_entry_at(ck->g, block, at, &e)) > 0) {
		if (e.ino > ck->g->inodes ||
		    (e.ino != 0 && e2_name_problem(e.name, e.name_len) != NULL))
			return false;
		live += e.ino != 0;
		at += e.rec_len;
	}
	if (n < 0)
		e2_err_clear();
	return n == 0 && live != 0;
}

static bool is_attributes(const uint8_t *block)
{
	struct e2_xattr_header h;

	e2_xattr_header_decode(&h, block);
	return h.magic == (uint32_t)E2_XATTR_MAGIC && h.blocks == 1 && h.refcount != 0;
}

/* Bytes of a data block that lie before the end of the file. */
static uint32_t bytes_before_end(const struct ck *ck, const struct ck_place *p)
{
	uint64_t size = e2_inode_size(p->in), start = p->lblk * ck->g->block_size;

	if (size <= start)
		return 0;
	return size - start < ck->g->block_size ? (uint32_t)(size - start) : ck->g->block_size;
}

static int suits_data(const struct ck *ck, const struct ck_place *p, const uint8_t *block)
{
	uint32_t len = bytes_before_end(ck, p);

	if (e2_is_dir(p->in)) {
		if (p->lblk == 0)
			return dot_of(ck, block) == p->ino ? 2 : 0;
		return is_entries(ck, block);
	}
	if (len == 0 || !e2_all_zero(block + len, ck->g->block_size - len))
		return 0;
	if (e2_is_symlink(p->in))
		return len < ck->g->block_size && memchr(block, 0, len) == NULL;
	return dot_of(ck, block) == 0 && !is_attributes(block);
}

/* Pointers to blocks that nobody has, and none past the end of the file. */
static int suits_pointers(struct ck *ck, const struct ck_place *p, const uint8_t *block)
{
	e2_lblk wanted = ck_wanted(ck, p), span = ck_span(ck->g, p->level - 1);
	uint32_t used = 0, known = 0, first = 0;
	struct ck_place child = *p;

	for (uint32_t i = 0; i < ck->g->pointers; i++) {
		uint32_t blk = e2_get32(block + 4 * (size_t)i);

		if (blk == 0)
			continue;
		if (!e2_block_valid(ck->g, blk) || e2_bitset_test(ck->metadata, blk) ||
		    i * span >= wanted)
			return 0;
		if (used++ == 0) {
			first = blk;
			child.lblk = p->lblk + i * span;
		}
		known += ck_is_stray(ck, blk);
	}
	if (used == 0 || known < used - used / 4)
		return 0;
	child.level--;
	return child.level == 0 || ck_suits(ck, &child, first) == 2 ? 2 : 0;
}

int ck_suits(struct ck *ck, const struct ck_place *p, e2_blk blk)
{
	const struct e2_buf *buf = look(ck, blk);
	int suits;

	if (buf == NULL)
		return 0;
	if (p->index == CK_ACL && p->parent == 0)
		suits = is_attributes(buf->data) ? 2 : 0;
	else if (p->level != 0)
		suits = suits_pointers(ck, p, buf->data);
	else
		suits = suits_data(ck, p, buf->data);
	e2_buf_put(ck->fs, buf);
	return suits;
}

bool ck_reads_as(struct ck *ck, const struct ck_place *p, e2_blk blk)
{
	const struct e2_buf *buf = look(ck, blk);
	uint32_t used, bad;
	bool reads;

	if (buf == NULL)
		return false;
	if (p->level != 0) {
		ck_count_pointers(ck, blk, buf->data, &used, &bad);
		reads = bad == 0 && used == (ck_wanted(ck, p) + ck_span(ck->g, p->level - 1) - 1) /
				    ck_span(ck->g, p->level - 1);
	} else {
		reads = suits_data(ck, p, buf->data) != 0 || e2_is_reg(p->in);
	}
	e2_buf_put(ck->fs, buf);
	return reads;
}

/* ---- neighbours ------------------------------------------------------------------- */

struct siblings {		/* the pointers that stand beside one */
	const struct e2_inode *in;
	const struct e2_buf *buf;	/* NULL: block[] of in */
	uint32_t count;
	unsigned level;			/* in a buffer: of all of them */
};

static bool siblings_begin(struct ck *ck, const struct ck_place *p, struct siblings *s)
{
	*s = (struct siblings){ .in = p->in, .count = E2_POINTERS, .level = p->level };
	if (p->parent == 0)
		return p->index < E2_POINTERS;
	s->buf = look(ck, p->parent);
	s->count = ck->g->pointers;
	return s->buf != NULL && p->index < s->count;
}

static void siblings_end(struct ck *ck, struct siblings *s)
{
	if (s->buf != NULL)
		e2_buf_put(ck->fs, s->buf);
}

static uint32_t sibling(const struct siblings *s, uint32_t i)
{
	return s->buf != NULL ? e2_get32(s->buf->data + 4 * (size_t)i) : s->in->block[i];
}

static unsigned sibling_level(const struct siblings *s, uint32_t i)
{
	if (s->buf != NULL)
		return s->level;
	return i < E2_DIRECT ? 0 : i - E2_DIRECT + 1;
}

static bool is_good(const struct ck *ck, uint32_t blk)
{
	return e2_block_valid(ck->g, blk) && !e2_bitset_test(ck->metadata, blk);
}

/* The last block of what a pointer block of a level reaches; 0: not known. */
static e2_blk last_of(struct ck *ck, e2_blk blk, unsigned level)
{
	while (level-- > 0) {
		const struct e2_buf *buf = look(ck, blk);
		uint32_t i = ck->g->pointers, next = 0;

		if (buf == NULL)
			return 0;
		while (i > 0 && next == 0)
			next = e2_get32(buf->data + 4 * (size_t)--i);
		e2_buf_put(ck->fs, buf);
		if (!is_good(ck, next))
			return 0;
		blk = next;
	}
	return blk;
}

struct line {		/* blocks before and after a pointer's, and how many steps away; 0: none */
	e2_blk before, after;
	uint32_t steps_before, steps_after;
};

static void look_back(struct ck *ck, const struct ck_place *p, const struct siblings *s,
		      struct line *l)
{
	l->steps_before = 1;
	for (uint32_t i = p->index; i > 0;) {
		uint32_t blk = sibling(s, --i);

		if (blk == 0)
			continue;
		if (is_good(ck, blk)) {
			l->before = last_of(ck, blk, sibling_level(s, i));
			return;
		}
		if (sibling_level(s, i) != 0 || ++l->steps_before > SKIPPED)
			return;
	}
	l->before = p->parent;
}

static void look_ahead(struct ck *ck, const struct ck_place *p, const struct siblings *s,
		       struct line *l)
{
	l->steps_after = 1;
	for (uint32_t i = p->index + 1; i < s->count; i++) {
		uint32_t blk = sibling(s, i);

		if (blk == 0)
			continue;
		if (is_good(ck, blk)) {
			l->after = blk;
			return;
		}
		if (sibling_level(s, i) != 0 || ++l->steps_after > SKIPPED)
			return;
	}
}

static void line_of(struct ck *ck, const struct ck_place *p, struct line *l)
{
	struct siblings s;

	memset(l, 0, sizeof(*l));
	if (siblings_begin(ck, p, &s)) {
		look_back(ck, p, &s, l);
		if (p->level == 0)	/* else all it reaches lies between */
			look_ahead(ck, p, &s, l);
	}
	siblings_end(ck, &s);
}

/* ---- where the block is ---------------------------------------------------------------- */

/* Between its neighbours lie as many strays as pointers are wrong: the one in its place. */
static e2_blk between(struct ck *ck, const struct line *l)
{
	uint64_t lost = (uint64_t)l->steps_before + l->steps_after - 1, strays = 0;
	e2_blk found = 0;

	if (l->before == 0 || l->after <= l->before || l->after - l->before - 1 < lost ||
	    l->after - l->before > GAP)
		return 0;
	for (e2_blk b = l->before + 1; b < l->after; b++) {
		if (!ck_is_stray(ck, b))
			continue;
		if (++strays == l->steps_before)
			found = b;
	}
	if (strays == lost)
		return found;
	/* Or just as much room: what else would a file leave out? */
	found = l->before + l->steps_before;
	return l->after - l->before - 1 == lost && !e2_bitset_test(ck->claimed, found) ? found : 0;
}

static e2_blk beside(struct ck *ck, const struct ck_place *p, const struct line *l)
{
	if (l->before != 0 && ck_is_stray(ck, l->before + l->steps_before) &&
	    ck_suits(ck, p, l->before + l->steps_before) != 0)
		return l->before + l->steps_before;
	if (l->after > l->steps_after && ck_is_stray(ck, l->after - l->steps_after) &&
	    ck_suits(ck, p, l->after - l->steps_after) != 0)
		return l->after - l->steps_after;
	return 0;
}

/* The only stray that reads as what is wanted, or else the only one that can be it. */
static enum ck_match search(struct ck *ck, const struct ck_place *p, e2_blk *blk)
{
	uint64_t count[3] = { 0 };
	e2_blk found[3] = { 0 };
	bool has_looks = p->level != 0 || p->index == CK_ACL || e2_is_dir(p->in);

	if (ck->stray_count == 0 || (!has_looks && ck->stray_count > CROWD))
		return CK_MATCH_NONE;
	for (e2_blk b = 0; b < ck->g->blocks; b++) {
		int suits;

		b = e2_bitset_next_set(ck->strays, b);
		if (b >= ck->g->blocks)
			break;
		if (!may_look(ck))
			return CK_MATCH_NONE;
		suits = ck_suits(ck, p, b);
		count[suits]++;
		found[suits] = b;
	}
	for (int suits = 2; suits > 0; suits--) {
		*blk = found[suits];
		if (count[suits] != 0)
			return count[suits] != 1 ? CK_MATCH_NONE :
			       suits == 2 ? CK_MATCH_LOOKS : CK_MATCH_ONLY;
	}
	return CK_MATCH_NONE;
}

/* Of the attribute blocks that count one user more than they have, the only one. */
static enum ck_match short_of_users(struct ck *ck, e2_blk *blk)
{
	uint64_t at, value, found = 0;
	size_t cursor = 0;

	ck->looks += e2_map_count(ck->xattr_users) / 64;
	while (e2_map_next(ck->xattr_users, &cursor, &at, &value))
		if (value >> 32 == (value & INT32_MAX) + 1 && found++ == 0)
			*blk = at;
	return found == 1 ? CK_MATCH_LOOKS : CK_MATCH_NONE;
}

enum ck_match ck_find(struct ck *ck, const struct ck_place *p, e2_blk *blk)
{
	enum ck_match fit;
	struct line l;

	if (ck_is_spent(ck) || !know_strays(ck))
		return CK_MATCH_NONE;
	line_of(ck, p, &l);
	*blk = between(ck, &l);
	if (*blk != 0 && ck_suits(ck, p, *blk) != 0)
		return CK_MATCH_BETWEEN;
	*blk = beside(ck, p, &l);
	if (*blk != 0)
		return CK_MATCH_BESIDE;
	fit = search(ck, p, blk);
	if (fit == CK_MATCH_NONE && p->index == CK_ACL && p->parent == 0)
		fit = short_of_users(ck, blk);
	return fit;
}

enum ck_match ck_find_run(struct ck *ck, const struct ck_place *p, uint64_t count, e2_blk *first)
{
	struct line l;

	if (!know_strays(ck))
		return CK_MATCH_NONE;
	line_of(ck, p, &l);
	if (l.before == 0 || l.steps_before != 1)
		return CK_MATCH_NONE;
	for (uint64_t i = 1; i <= count; i++)
		if (!ck_is_stray(ck, l.before + i))
			return CK_MATCH_NONE;
	*first = l.before + 1;
	return l.after == l.before + count + 1 ? CK_MATCH_BETWEEN : CK_MATCH_BESIDE;
}

enum { NOBODYS, GIVEN_UP, FREE, STATES };

static unsigned state_of(const struct ck *ck, e2_blk blk)
{
	if (!ck_used(ck, blk))
		return FREE;
	return ck->owned != NULL && e2_bitset_test(ck->owned, blk) ? GIVEN_UP : NOBODYS;
}

#define TEXTS(why) { "in use, nobody's" why, "given up by another in this repair" why, "free" why }

const char *ck_whose_text(const struct ck *ck, e2_blk blk)
{
	static const char *const texts[STATES] = TEXTS("");

	return texts[state_of(ck, blk)];
}

const char *ck_match_text(const struct ck *ck, enum ck_match fit, e2_blk blk)
{
	static const char *const texts[][STATES] = {
		[CK_MATCH_NONE] = { "", "", "" },
		[CK_MATCH_ONLY] = TEXTS(", and the only such block that can be it"),
		[CK_MATCH_LOOKS] = TEXTS(", and reads as what is missing"),
		[CK_MATCH_BESIDE] = TEXTS(", next to its neighbour"),
		[CK_MATCH_BETWEEN] = TEXTS(", between its neighbours"),
	};

	if (e2_bitset_test(ck->claimed, blk))	/* only attributes are found so */
		return "attributes that count a user more than they have";
	return texts[fit][state_of(ck, blk)];
}

/* ---- what speaks for a claim ------------------------------------------------------------ */

static int score_line(struct ck *ck, const struct ck_place *p, e2_blk blk)
{
	struct line l;
	int score = 0;

	line_of(ck, p, &l);
	if (l.before != 0 && blk == l.before + l.steps_before)
		score += 12;
	if (l.after != 0 && blk + l.steps_after == l.after)
		score += 12;
	return l.before == 0 && l.after == 0 ? 4 : score;
}

static int score_pointers(struct ck *ck, const struct ck_place *p, e2_blk blk,
			  const uint8_t *block)
{
	e2_lblk wanted = ck_wanted(ck, p), span = ck_span(ck->g, p->level - 1);
	uint32_t used, bad, before = 0, rising = 0;
	int score = 0;

	ck_count_pointers(ck, blk, block, &used, &bad);
	if (used == 0 || bad != 0)
		return used == 0 ? -10 : -30;
	for (uint32_t i = 0; i < ck->g->pointers; i++) {
		uint32_t at = e2_get32(block + 4 * (size_t)i);

		if (at != 0 && i * span >= wanted)
			return -20;
		if (at != 0 && before == 0)
			score += at == blk + 1 ? 12 : 0;
		rising += at > before;
		before = at != 0 ? at : before;
	}
	return score + (rising >= used - used / 4 ? 20 : 0);
}

static int score_data(const struct ck *ck, const struct ck_place *p, const uint8_t *block)
{
	uint32_t len = bytes_before_end(ck, p);
	e2_ino dot = dot_of(ck, block);

	if (e2_is_dir(p->in)) {
		if (p->lblk == 0)
			return dot == p->ino ? 50 : -40;
		return dot == 0 && is_entries(ck, block) ? 15 : -40;
	}
	if (len == 0)
		return -20;
	if (dot != 0 || is_attributes(block))
		return -20;
	if (!e2_all_zero(block + len, ck->g->block_size - len))
		return -15;
	if (e2_is_symlink(p->in))
		return memchr(block, 0, len) == NULL ? 20 : -20;
	return len < ck->g->block_size && block[len - 1] != 0 ? 10 : 0;
}

int ck_score_inode(struct ck *ck, const struct ck_place *p)
{
	const struct ck_inode *state = &ck->inodes[p->ino];
	struct ck_view view;
	int score = 0;

	if (p->ino == E2_INO_BAD_BLOCKS)
		return -100;
	if (p->ino != E2_INO_ROOT && p->ino < ck->g->first_ino)
		return 0;
	if (state->type == E2_FT_DIR ? state->parent != 0 || p->ino == E2_INO_ROOT :
				       state->counted != 0)
		score += 10;
	if (state->type == CK_BAD_TYPE || (state->named != 0 && state->named != state->type))
		score -= 20;
	if (p->in->dtime != 0 && !(state->flags & CK_ORPHAN))
		score -= 15;
	if (p->in->links_count == 0)
		score -= 10;
	if (ck_view_file(ck, p->in, true, &view) == 0 && !view.partial)
		score += view.stored == view.blocks ? 3 : view.stored < view.blocks ? -8 : 0;
	return score;
}

static int score_fit(struct ck *ck, const struct ck_place *p)
{
	static const int8_t against[] = {
		[CK_MATCH_NONE] = 0, [CK_MATCH_ONLY] = -3, [CK_MATCH_LOOKS] = -12,
		[CK_MATCH_BESIDE] = -10, [CK_MATCH_BETWEEN] = -14,
	};
	e2_blk blk;

	return against[ck_find(ck, p, &blk)];
}

int ck_score(struct ck *ck, const struct ck_place *p, e2_blk blk)
{
	const struct e2_buf *buf = look(ck, blk);
	int score = 0;

	if (buf == NULL)	/* which is what the list of bad blocks is for */
		return p->ino == E2_INO_BAD_BLOCKS ? 200 : 0;
	if (p->index == CK_ACL && p->parent == 0)
		score += is_attributes(buf->data) ? 50 : -60;
	else if (p->level != 0)
		score += score_pointers(ck, p, blk, buf->data);
	else
		score += score_data(ck, p, buf->data);
	e2_buf_put(ck->fs, buf);
	if (p->parent != 0 && !ck_used(ck, p->parent))
		score -= 20;
	return score + score_line(ck, p, blk) + score_fit(ck, p);
}
