/* SPDX-License-Identifier: MIT */
/*
 * Repairs of the superblock, its copies, and the size of the image.
 *
 * A superblock that describes another volume never comes here: the opening has put the
 * believed one in its place (believe.h).
 */
#include "check/fix.h"

#include "base/crc.h"
#include "base/endian.h"

#include <inttypes.h>
#include <string.h>

/* The first copy of the superblock that can be read; false when there is none. */
static bool read_copy(struct fix *fx, struct e2_super *copy)
{
	const struct e2_geometry *g = fx->ck->g;

	for (e2_grp group = 1; group < g->groups && group < 64; group++) {
		const struct e2_buf *buf;

		if (!e2_group_has_super(g, group))
			continue;
		if (e2_buf_get(fx->fs, e2_group_first_block(g, group), &buf) != 0) {
			e2_err_clear();
			continue;
		}
		e2_super_decode(copy, buf->data);
		e2_buf_put(fx->fs, buf);
		if (copy->magic == E2_MAGIC && copy->blocks_count == fx->ck->super->blocks_count)
			return true;
	}
	return false;
}

static int put_super(struct fix *fx, const struct e2_super *super)
{
	int err = e2_super_put(fx->txn, super);

	return err != 0 ? err : 1;
}

struct cut {
	struct fix *fx;
	const struct e2_finding *f;
	e2_ino ino;
	const struct e2_inode *in;
	e2_blk end;			/* of the image */
};

/* Bytes of a file that the image has lost. */
static int tell_cut(void *context, const struct ck_step *step)
{
	struct cut *c = context;
	uint32_t size = c->fx->ck->g->block_size;
	uint64_t skip = step->blk < c->end ? c->end - step->blk : 0;
	struct e2_loss loss = {
		.kind = E2_LOSS_BYTES, .ino = c->ino, .mode = c->in->mode,
		.offset = (step->lblk + skip) * size, .size = e2_inode_size(c->in),
		.why = "the image ends before them",
	};

	if (step->status != CK_STEP_OK)
		return 0;
	if (step->level != 0)
		return step->blk < c->end;
	if (skip >= step->count || loss.offset >= loss.size)
		return 0;
	loss.bytes = (step->count - skip) * size;
	if (loss.bytes > loss.size - loss.offset)
		loss.bytes = loss.size - loss.offset;
	return fix_lose(c->fx, c->f, &loss);
}

static int tell_all_cut(struct fix *fx, const struct e2_finding *f)
{
	struct cut c = { .fx = fx, .f = f, .end = f->have / fx->ck->g->block_size };
	int err = 0;

	for (e2_ino ino = fx->ck->g->first_ino; ino <= fx->ck->g->inodes && err >= 0; ino++) {
		struct e2_inode in;

		if (fx->ck->inodes[ino].type != E2_FT_REG)
			continue;
		if (e2_inode_get(fx->fs, ino, &in) != 0) {
			e2_err_clear();
			continue;
		}
		c.ino = ino;
		c.in = &in;
		err = ck_walk(fx->ck, &in, tell_cut, &c);
	}
	return err < 0 ? err : 0;
}

/* The last block is written, and with it the image becomes as long as its volume. */
int fix_image_short(struct fix *fx, struct e2_finding *f)
{
	e2_blk last = fx->ck->g->blocks - 1;
	struct e2_wbuf *buf;
	int err = tell_all_cut(fx, f);

	if (err == 0)
		err = e2_txn_get(fx->txn, last, E2_FILL_READ, &buf);
	if (err != 0)
		return err;
	e2_txn_put(fx->txn, buf);
	fix_will(f, "will be made %" PRIu64 " bytes long: what is missing reads as zeros", f->want);
	return 1;
}

/* Of the opening alone (open.c): here nothing is left to do. */
int fix_super_write(struct fix *fx, struct e2_finding *f)
{
	return fix_none(fx, f);
}

int fix_super_value(struct fix *fx, struct e2_finding *f)
{
	return fix_none(fx, f);
}

int fix_super_revision(struct fix *fx, struct e2_finding *f)
{
	return fix_none(fx, f);
}

int fix_super_feature(struct fix *fx, struct e2_finding *f)
{
	return fix_none(fx, f);
}

/* As in a copy where that is in range; else as mkfs sets it. */
int fix_super_range(struct fix *fx, struct e2_finding *f)
{
	struct e2_super s, copy = { 0 };
	bool known = read_copy(fx, &copy);
	uint64_t value = 0;
	int err = e2_super_get(fx->fs, &s);

	if (err != 0)
		return err;
	if (strcmp(f->field, "r_blocks_count") == 0) {
		value = known && copy.r_blocks_count <= f->limit ? copy.r_blocks_count :
			fx->ck->g->blocks / 20;
		s.r_blocks_count = (uint32_t)value;
	} else if (strcmp(f->field, "log_groups_per_flex") == 0) {
		value = known && copy.log_groups_per_flex <= f->limit ?
			copy.log_groups_per_flex : 0;
		s.log_groups_per_flex = (uint8_t)value;
	} else {
		s.desc_size = 0;
	}
	fix_will(f, "will be %" PRIu64, value);
	return put_super(fx, &s);
}

int fix_super_needs(struct fix *fx, struct e2_finding *f)
{
	int err = 0;

	if (strcmp(f->field, "large_file") == 0)
		err = e2_super_add_feature(fx->txn, E2_RO_COMPAT, E2_FEATURE_large_file);
	else if (strcmp(f->field, "ext_attr") == 0)
		err = e2_super_add_feature(fx->txn, E2_COMPAT, E2_FEATURE_ext_attr);
	else
		return 0;
	if (err == E2_ERR_FEATURE) {	/* of revision 0 with fields of revision 1 */
		e2_err_clear();
		return 0;
	}
	return err != 0 ? err : 1;
}

/* A journal is inode 8, where that is a file; else there is none. */
int fix_super_journal(struct fix *fx, struct e2_finding *f)
{
	struct e2_super s;
	struct e2_inode in;
	int err = e2_super_get(fx->fs, &s);

	if (err != 0)
		return err;
	if (e2_has_has_journal(&s) && e2_inode_get(fx->fs, E2_INO_JOURNAL, &in) == 0 &&
	    e2_is_reg(&in) && in.links_count != 0) {
		s.journal_inum = E2_INO_JOURNAL;
		fix_will(f, "will be %d", (int)E2_INO_JOURNAL);
		return put_super(fx, &s);
	}
	e2_err_clear();
	if (e2_has_has_journal(&s))
		fix_will(f, "will be 0, and the feature has_journal off");
	else
		fix_will(f, "will be 0");
	s.feature_compat &= ~(uint32_t)E2_FEATURE_has_journal;
	s.journal_inum = 0;
	s.journal_dev = 0;
	memset(s.journal_uuid, 0, sizeof(s.journal_uuid));
	return put_super(fx, &s);
}

static uint32_t now_of(struct fix *fx)
{
	int64_t now = fx->options->check.now;

	return (uint32_t)(now != 0 ? now : e2_fs_now(fx->fs).sec);
}

int fix_super_time(struct fix *fx, struct e2_finding *f)
{
	struct e2_super s;
	int err = e2_super_get(fx->fs, &s);

	if (err != 0)
		return err;
	if (f->field[0] == 'm')
		s.mtime = now_of(fx);
	else if (f->field[0] == 'w')
		s.wtime = now_of(fx);
	else
		s.lastcheck = now_of(fx);
	fix_will(f, "will be the time of this check");
	return put_super(fx, &s);
}

/* A copy's, or one of version 4 that comes from all that is special of the volume. */
int fix_super_uuid(struct fix *fx, struct e2_finding *f)
{
	static const uint8_t none[16];
	uint8_t raw[E2_SUPER_BYTES];
	struct e2_super s, copy;
	int err = e2_super_get(fx->fs, &s);

	if (err != 0)
		return err;
	if (read_copy(fx, &copy) && memcmp(copy.uuid, none, sizeof(none)) != 0) {
		memcpy(s.uuid, copy.uuid, sizeof(s.uuid));
		fix_will(f, "will be the copy's");
		return put_super(fx, &s);
	}
	e2_super_encode(&s, raw);
	for (uint32_t i = 0; i < 4; i++) {
		struct e2_time now = e2_fs_now(fx->fs);

		e2_put32(raw, now_of(fx) + i * 0x9e3779b9u);
		e2_put32(raw + 4, (uint32_t)now.nsec);
		e2_put32(s.uuid + 4 * (size_t)i, e2_crc32(~i, raw, sizeof(raw)));
	}
	s.uuid[6] = (uint8_t)((s.uuid[6] & 0x0f) | 0x40);
	s.uuid[8] = (uint8_t)((s.uuid[8] & 0x3f) | 0x80);
	return put_super(fx, &s);
}

static void mark_clean(struct e2_super *s)
{
	s->state = (uint16_t)((s->state | E2_STATE_CLEAN) &
			      ~(E2_STATE_ERROR | E2_STATE_ORPHANS));
	s->error_count = 0;
	s->first_error_time = s->last_error_time = 0;
	s->first_error_ino = s->last_error_ino = 0;
	s->first_error_block = s->last_error_block = 0;
	s->first_error_line = s->last_error_line = 0;
	s->first_error_time_hi = s->last_error_time_hi = 0;
	s->first_error_errcode = s->last_error_errcode = 0;
	memset(s->first_error_func, 0, sizeof(s->first_error_func));
	memset(s->last_error_func, 0, sizeof(s->last_error_func));
}

int fix_super_state(struct fix *fx, struct e2_finding *f)
{
	struct e2_super s;
	int err;

	(void)f;
	if (fx->left)
		return 0;	/* it is not clean */
	err = e2_super_get(fx->fs, &s);
	if (err != 0)
		return err;
	mark_clean(&s);
	return put_super(fx, &s);
}

/* The whole block: behind a copy nothing else stands in it. */
int fix_super_copy(struct fix *fx, struct e2_finding *f)
{
	const struct e2_geometry *g = fx->ck->g;
	e2_grp group = e2_block_group(g, f->blk);
	struct e2_wbuf *buf;
	struct e2_super s;
	int err = e2_super_get(fx->fs, &s);

	if (err != 0)
		return err;
	err = e2_txn_get(fx->txn, f->blk, E2_FILL_ZERO, &buf);
	if (err != 0)
		return err;
	s.block_group_nr = (uint16_t)(s.rev_level != 0 ? group : 0);
	e2_super_encode(&s, buf->data);
	e2_txn_put(fx->txn, buf);
	return 1;
}

int fix_desc_copy(struct fix *fx, struct e2_finding *f)
{
	const struct e2_buf *from;
	struct e2_wbuf *to;
	int err = e2_buf_get(fx->fs, f->have, &from);

	if (err != 0)
		return err;
	err = e2_txn_get(fx->txn, f->blk, E2_FILL_ZERO, &to);
	if (err == 0) {
		memcpy(to->data, from->data, fx->ck->g->block_size);
		e2_txn_put(fx->txn, to);
	}
	e2_buf_put(fx->fs, from);
	return err != 0 ? err : 1;
}

/* Entries say types, which the Hurd would not understand: it was not the Hurd's. */
int fix_super_os(struct fix *fx, struct e2_finding *f)
{
	struct e2_super s;
	int err = e2_super_get(fx->fs, &s);

	if (err != 0)
		return err;
	s.creator_os = E2_OS_LINUX;
	fix_will(f, "will be %d (Linux)", (int)E2_OS_LINUX);
	return put_super(fx, &s);
}

int fix_super_quota(struct fix *fx, struct e2_finding *f)
{
	struct e2_super s;
	int err = e2_super_get(fx->fs, &s);

	if (err != 0)
		return err;
	if (strcmp(f->field, "usr_quota_inum") == 0)
		s.usr_quota_inum = 0;
	else if (strcmp(f->field, "grp_quota_inum") == 0)
		s.grp_quota_inum = 0;
	else
		s.prj_quota_inum = 0;
	return put_super(fx, &s);
}

int fix_finish(struct fix *fx)
{
	struct e2_super s;
	int err = e2_super_get(fx->fs, &s);

	if (err != 0)
		return err;
	mark_clean(&s);
	s.mnt_count = 0;
	s.lastcheck = now_of(fx);
	s.lastcheck_hi = 0;
	return e2_super_put(fx->txn, &s);
}
