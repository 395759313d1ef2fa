/* SPDX-License-Identifier: MIT */
/*
 * Repairs of block pointers, and of blocks with two owners.
 *
 * A pointer gets back the block it has lost where evidence.c knows which that is; else it
 * becomes a hole, which is told.  Who loses a block to a better claim keeps a copy when what
 * it holds may be his.
 */
#include "check/fix.h"
#include "check/owners.h"

#include "base/endian.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "block[2]", or "block 8193 [17]"; text has room for 40 bytes. */
static const char *pointer_name(const struct ck_place *p, char *text)
{
	if (p->parent == 0 && p->index == CK_ACL)
		snprintf(text, 40, "file_acl");
	else if (p->parent == 0)
		snprintf(text, 40, "block[%" PRIu32 "]", p->index);
	else
		snprintf(text, 40, "block %" PRIu64 " [%" PRIu32 "]", p->parent, p->index);
	return text;
}

static int pointer_set(struct fix *fx, const struct ck_place *p, e2_blk have, e2_blk want)
{
	struct e2_inode in;
	int err;

	if (p->parent != 0 || p->index != CK_ACL)
		return fix_pointer_set(fx, p->ino, p->parent, p->index, (uint32_t)have,
				       (uint32_t)want);
	err = e2_inode_get(fx->fs, p->ino, &in);
	if (err != 0 || in.file_acl != have)
		return err;
	in.file_acl = (uint32_t)want;
	err = e2_inode_put(fx->txn, p->ino, &in);
	return err != 0 ? err : 1;
}

static int pointer_is(struct fix *fx, const struct ck_place *p, e2_blk have)
{
	uint32_t value;
	int err;

	if (p->parent == 0 && p->index == CK_ACL)
		return p->in->file_acl == have;
	err = fix_pointer_get(fx, p->ino, p->parent, p->index, &value);
	return err != 0 ? err : value == have;
}

/* ---- losses ------------------------------------------------------------------------- */

static int lose_range(struct fix *fx, const struct e2_finding *f, const struct ck_place *p,
		      enum e2_loss_kind kind, const char *why)
{
	uint64_t size = e2_inode_size(p->in), bs = fx->ck->g->block_size;
	struct e2_loss loss = {
		.kind = kind, .ino = p->ino, .mode = p->in->mode, .size = size, .why = why,
		.offset = p->lblk * bs, .bytes = ck_wanted(fx->ck, p) * bs,
	};

	if (p->index == CK_ACL && p->parent == 0) {
		loss.kind = E2_LOSS_XATTR;
		loss.offset = loss.bytes = 0;
		return fix_lose(fx, f, &loss);
	}
	if (p->ino < fx->ck->g->first_ino && p->ino != E2_INO_ROOT)
		return 0;
	if (loss.bytes == 0)
		return 0;
	if (loss.bytes > size - loss.offset)
		loss.bytes = size - loss.offset;
	return fix_lose(fx, f, &loss);
}

/* ---- a pointer that leads nowhere --------------------------------------------------------- */

/* Whether i_blocks counts no block for this pointer: it was a hole. */
static int was_hole(struct fix *fx, const struct ck_place *p, bool counted, bool *hole)
{
	struct ck_view view;
	int err;

	*hole = false;
	if (ck_is_spent(fx->ck))
		return 0;
	err = ck_view_file(fx->ck, p->in, ck_has_pointers(fx->ck, p->in), &view);
	*hole = err == 0 && !view.partial && view.stored + counted == view.blocks;
	return err;
}

/* Where a finding is about the block that a pointer names, the right one is part of it. */
static void say_block(struct e2_finding *f, e2_blk blk)
{
	if (f->id == E2_PROBLEM_BLOCK_RANGE || f->id == E2_PROBLEM_BLOCK_METADATA)
		f->want = blk;
}

static int take_found(struct fix *fx, struct e2_finding *f, const struct ck_place *p, e2_blk have)
{
	char name[40];
	e2_blk blk;
	enum ck_match fit = ck_find(fx->ck, p, &blk);
	const char *why;
	int n;

	if (fit == CK_MATCH_NONE)
		return 0;
	why = ck_match_text(fx->ck, fit, blk);
	n = pointer_set(fx, p, have, blk);
	if (n <= 0)
		return n;
	ck_take(fx->ck, blk);
	say_block(f, blk);
	fix_will(f, "%s will be %" PRIu64 ": %s", pointer_name(p, name), blk, why);
	return 1;
}

/* The resize inode's tree is a pass of its own: a new root block, which that one fills. */
static int new_reserve(struct fix *fx, struct e2_finding *f, const struct ck_place *p, e2_blk have)
{
	e2_blk blk;
	int n = fix_block_new(fx, have, &blk);

	if (n == 0)
		n = e2_txn_write(fx->txn, blk, 1, NULL);
	if (n == 0)
		n = pointer_set(fx, p, have, blk);
	if (n > 0) {
		say_block(f, blk);
		fix_will(f, "will be made again in block %" PRIu64, blk);
	}
	return n;
}

/*
 * A block of pointers that holds something else, of a file without holes there: its data lie
 * behind it, as many as i_blocks counts, and nobody's.  1 when they are pointed to again.
 */
static int rebuild(struct fix *fx, struct e2_finding *f, const struct ck_place *p, e2_blk have)
{
	e2_lblk wanted = ck_wanted(fx->ck, p);
	const char *whose;
	struct e2_wbuf *buf;
	struct ck_view view;
	int n = ck_view_file(fx->ck, p->in, ck_has_pointers(fx->ck, p->in), &view);

	if (n != 0 || p->level != 1 || view.partial || wanted == 0 ||
	    view.stored != view.blocks + 1 + wanted || !ck_used(fx->ck, have))
		return n;
	for (e2_lblk i = 1; i <= wanted; i++)
		if (!ck_is_stray(fx->ck, have + i))
			return 0;
	n = e2_txn_get(fx->txn, have, E2_FILL_ZERO, &buf);
	if (n != 0)
		return n;
	whose = ck_whose_text(fx->ck, have + 1);
	ck_take(fx->ck, have);
	for (e2_lblk i = 1; i <= wanted; i++) {
		e2_put32(buf->data + 4 * (size_t)(i - 1), (uint32_t)(have + i));
		ck_take(fx->ck, have + i);
	}
	e2_txn_put(fx->txn, buf);
	fix_will(f, "will be made again: %" PRIu64 " blocks behind it are %s, and as many as are "
		 "missing", wanted, whose);
	return 1;
}

typedef int read_fn(struct e2_cache *cache, e2_blk blk, uint64_t count, void *data);

/* Gives a pointer a copy of the block it leads to, *blk; as fix_pointer_set(). */
static int copy_block(struct fix *fx, const struct ck_place *p, e2_blk have, read_fn *read,
		      e2_blk *blk)
{
	uint8_t *data = malloc(fx->ck->g->block_size);
	int n;

	if (data == NULL)
		return e2_fail(E2_ERR_NOMEM, "copy of a block");
	n = read(e2_fs_cache(fx->fs), have, 1, data);
	if (n == 0)
		n = fix_block_new(fx, have, blk);
	if (n == 0)
		n = e2_txn_write(fx->txn, *blk, 1, data);
	if (n == 0)
		n = pointer_set(fx, p, have, *blk);
	free(data);
	return n;
}

/* What a file had in a block of the volume's own, as it was before the repair. */
static int copy_before(struct fix *fx, struct e2_finding *f, const struct ck_place *p, e2_blk have)
{
	char name[40];
	e2_blk blk;
	int n = copy_block(fx, p, have, e2_cache_read_before, &blk);

	if (n > 0) {
		say_block(f, blk);
		fix_will(f, "%s will be %" PRIu64 ", a copy", pointer_name(p, name), blk);
		n = lose_range(fx, f, p, E2_LOSS_DOUBT, "the block was the volume's own");
		return n < 0 ? n : 1;
	}
	if (n != E2_ERR_NOSPC && n != E2_ERR_IO)
		return n;
	e2_err_clear();
	return 0;
}

/* Gives a wrong pointer its own block back, or makes it 0. */
static int restore(struct fix *fx, struct e2_finding *f, const struct ck_place *p, e2_blk have)
{
	char name[40];
	bool hole;
	int n;

	if (p->ino == E2_INO_RESIZE && p->parent == 0 && p->index == E2_DIRECT + 1)
		return new_reserve(fx, f, p, have);
	if (p->ino == E2_INO_BAD_BLOCKS || p->ino == E2_INO_RESIZE) {
		fix_will(f, "%s will be 0", pointer_name(p, name));
		return pointer_set(fx, p, have, 0);
	}
	n = was_hole(fx, p, false, &hole);
	if (n < 0)
		return n;
	if (!hole) {
		n = take_found(fx, f, p, have);
		if (n == 0 && f->id == E2_PROBLEM_BLOCK_METADATA && p->level == 0 &&
		    e2_is_reg(p->in) && ck_wanted(fx->ck, p) != 0)
			n = copy_before(fx, f, p, have);
		if (n != 0)
			return n;
	}
	n = pointer_set(fx, p, have, 0);
	if (n <= 0)
		return n;
	fix_will(f, hole ? "%s will be 0: i_blocks counts no block for it" :
			   "%s will be 0: its block is not known", pointer_name(p, name));
	if (!hole)
		n = lose_range(fx, f, p, E2_LOSS_BYTES, "their block is not known");
	return n < 0 ? n : 1;
}

/* The place a finding is about; 0 when its inode cannot be read. */
static int place_of(struct fix *fx, const struct e2_finding *f, e2_blk parent,
		    struct e2_inode *in, struct ck_place *p)
{
	*p = (struct ck_place){ .ino = f->ino, .in = in, .parent = parent, .index = f->index,
				.level = f->level, .lblk = f->lblk };
	return e2_inode_get(fx->fs, f->ino, in);
}

int fix_block_pointer(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	struct ck_place p;
	int n = place_of(fx, f, f->blk, &in, &p);

	if (n == 0)
		n = pointer_is(fx, &p, f->have);
	return n <= 0 ? n : restore(fx, f, &p, f->have);
}

int fix_block_value(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	struct ck_place p;
	int n = place_of(fx, f, f->blk, &in, &p);

	if (n != 0 || (f->want != 0 && e2_bitset_test(fx->ck->claimed, f->want)))
		return n;
	n = pointer_set(fx, &p, f->have, f->want);
	if (n > 0 && f->want != 0)
		ck_take(fx->ck, f->want);
	return n;
}

int fix_block_junk(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	struct ck_place p;
	int n = place_of(fx, f, f->parent, &in, &p);

	if (n == 0)
		n = pointer_is(fx, &p, f->blk);
	if (n <= 0)
		return n;
	ck_let_go(fx->ck, f->blk);	/* it may be what another pointer has lost */
	n = f->id == E2_PROBLEM_BLOCK_POINTERS ? rebuild(fx, f, &p, f->blk) : 0;
	return n != 0 ? n : restore(fx, f, &p, f->blk);
}

/* ---- a block that is another's ------------------------------------------------------- */

/* Whether a block may be of use to one who loses it: it reads as what he claims it to be. */
static bool may_be_his(struct fix *fx, const struct ck_place *p, e2_blk blk)
{
	if (p->index == CK_ACL && p->parent == 0)
		return false;	/* attributes have their place, or are none */
	if (p->ino < fx->ck->g->first_ino && p->ino != E2_INO_ROOT)
		return false;
	return ck_wanted(fx->ck, p) != 0 && !e2_is_dir(p->in) && ck_reads_as(fx->ck, p, blk);
}

/* 1 when the pointer no longer leads there; *kind says how: BYTES a hole, DOUBT a copy. */
static int give_up(struct fix *fx, struct e2_finding *f, const struct ck_place *p, e2_blk have,
		   enum e2_loss_kind *kind)
{
	bool hole;
	int n = was_hole(fx, p, true, &hole);

	*kind = E2_LOSS_NAME;	/* nothing */
	if (n < 0)
		return n;
	if (p->ino == E2_INO_BAD_BLOCKS)
		return pointer_set(fx, p, have, 0);
	if (p->ino == E2_INO_RESIZE && p->parent == 0 && p->index == E2_DIRECT + 1)
		return new_reserve(fx, f, p, have);
	if (hole || (p->level == 0 && p->index != CK_ACL && ck_wanted(fx->ck, p) == 0))
		return pointer_set(fx, p, have, 0);
	n = take_found(fx, f, p, have);
	if (n != 0)
		return n;
	if (may_be_his(fx, p, have)) {
		e2_blk copy;

		*kind = E2_LOSS_DOUBT;
		n = copy_block(fx, p, have, e2_cache_read, &copy);
		if (n != E2_ERR_NOSPC && n != E2_ERR_IO)
			return n;
		e2_err_clear();
	}
	*kind = E2_LOSS_BYTES;
	return pointer_set(fx, p, have, 0);
}

/* One block of a run; 1 when something was done. */
static int give_up_one(struct fix *fx, struct e2_finding *f, uint64_t i)
{
	struct e2_inode in;
	struct ck_place p;
	enum e2_loss_kind kind;
	e2_blk have = f->blk + i;
	char name[40];
	int n = place_of(fx, f, f->parent, &in, &p);

	p.index += (uint32_t)i;
	p.lblk += i;
	if (n == 0)
		n = pointer_is(fx, &p, have);
	if (n > 0)
		n = give_up(fx, f, &p, have, &kind);
	if (n <= 0)
		return n;
	if (kind == E2_LOSS_DOUBT)
		fix_will(f, "%s will be a copy", pointer_name(&p, name));
	else if (kind == E2_LOSS_BYTES)
		fix_will(f, "%s will be 0: its own block is not known", pointer_name(&p, name));
	else if (f->will == NULL)
		fix_will(f, "%s will be 0", pointer_name(&p, name));
	if (kind == E2_LOSS_NAME)
		return 1;
	n = lose_range(fx, f, &p, kind, kind == E2_LOSS_DOUBT ? "the block was claimed twice" :
		       "their block is not known");
	return n < 0 ? n : 1;
}

/* A run at once, of an inode that has lost so much that it is not worth the search. */
static int give_up_run(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	struct ck_place p, first;
	int done = 0, n = place_of(fx, f, f->parent, &in, &p);

	first = p;
	for (e2_blk blk = f->blk; blk <= f->limit && n == 0; blk++, p.index++) {
		n = pointer_set(fx, &p, blk, 0);
		done += n > 0;
		n = n < 0 ? n : 0;
	}
	if (n == 0 && done != 0)
		n = lose_range(fx, f, &first, E2_LOSS_BYTES, "too many blocks are another's");
	return n != 0 ? n : done != 0;
}

int fix_block_shared(struct fix *fx, struct e2_finding *f)
{
	int done = 0;

	if (ck_is_spent(fx->ck) && f->level == 0 && f->parent != 0)
		return give_up_run(fx, f);
	for (uint64_t i = 0; f->blk + i <= f->limit; i++) {
		int n = give_up_one(fx, f, i);

		if (n < 0)
			return n;
		done += n;
	}
	return done != 0;
}
