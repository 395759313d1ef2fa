/* SPDX-License-Identifier: MIT */
/*
 * Repairs of extended attributes: the smallest part is dropped, and an area from which
 * something was dropped is written again with the rest.
 */
#include "check/fix.h"
#include "check/owners.h"
#include "check/xattr_salvage.h"

#include "base/endian.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

static int tell_loss(struct fix *fx, const struct e2_finding *f, e2_ino ino, const char *why)
{
	struct e2_inode in = { .mode = 0 };

	if (e2_inode_get(fx->fs, ino, &in) != 0)
		e2_err_clear();
	return fix_lose(fx, f, &(struct e2_loss){ .kind = E2_LOSS_XATTR, .ino = ino,
						  .mode = in.mode, .why = why });
}

/* 1 set, 0 it was another. */
static int set_file_acl(struct fix *fx, e2_ino ino, e2_blk have, e2_blk want)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, ino, &in);

	if (err != 0 || in.file_acl != have)
		return err;
	in.file_acl = (uint32_t)want;
	err = e2_inode_put(fx->txn, ino, &in);
	return err != 0 ? err : 1;
}

/* Calls for each user of a damaged block: the finding's inode, and the others. */
typedef int user_fn(struct fix *fx, const struct e2_finding *f, e2_ino ino, const char *why);

static int each_user(struct fix *fx, const struct e2_finding *f, e2_blk blk, user_fn *fn,
		     const char *why)
{
	const struct ck_xattr_user *others = fx->ck->xattr_others;
	size_t low;
	int err = fn(fx, f, f->ino, why);

	E2_SEARCH(low, fx->ck->xattr_count, i, others[i].blk < blk);
	for (; low < fx->ck->xattr_count && others[low].blk == blk && err == 0; low++)
		err = fn(fx, f, others[low].ino, why);
	return err;
}

/* ---- pointers to no attribute block ------------------------------------------------------ */

static bool is_attributes(struct fix *fx, e2_blk blk, uint64_t arg)
{
	struct e2_findings none = { .count = 0 };
	uint32_t refcount;
	bool is = ck_xattr_contents(fx->ck, 0, blk, &refcount, &none) && none.count == 0;

	(void)arg;
	e2_findings_clear(&none);
	return is;
}

/*
 * Whether i_blocks counts a block for attributes.  The check has counted one that lies in
 * metadata, and none that lies nowhere.
 */
static bool counts_attributes(struct fix *fx, const struct e2_finding *of)
{
	bool counted = of->id == E2_PROBLEM_XATTR_METADATA;
	const struct e2_finding *f =
		e2_findings_about(fx->ck->found, E2_PROBLEM_BLOCK_COUNT, of->ino);

	return f != NULL ? !counted && f->have == f->want + fx->ck->sectors : counted;
}

/* The one attribute block that counts a user more than it has. */
static e2_blk find_short(struct fix *fx)
{
	enum { MANY = 1024 };
	const struct e2_findings *all = fx->ck->found;
	const struct e2_finding *f = e2_findings_about(all, E2_PROBLEM_XATTR_REFCOUNT, 0);
	e2_blk found = 0;

	if (all->found[E2_PROBLEM_XATTR_REFCOUNT] > MANY)
		return 0;	/* none of them is beyond doubt */
	for (; f != NULL && f < all->at + all->count && f->id == E2_PROBLEM_XATTR_REFCOUNT; f++) {
		if (f->have != f->want + 1)
			continue;
		if (found != 0)
			return 0;
		found = f->blk;
	}
	return found;
}

static int drop_pointer(struct fix *fx, const struct e2_finding *f, e2_ino ino, const char *why)
{
	int n = set_file_acl(fx, ino, f->blk != 0 ? f->blk : f->have, 0);

	return n <= 0 ? n : tell_loss(fx, f, ino, why);
}

int fix_xattr_drop(struct fix *fx, struct e2_finding *f)
{
	bool counted = counts_attributes(fx, f);
	e2_blk stray = counted ? fix_find_stray(fx, f->ino, is_attributes, 0) : 0;
	e2_blk known = counted && stray == 0 ? find_short(fx) : 0;
	int n = set_file_acl(fx, f->ino, f->have, stray != 0 ? stray : known);

	if (n <= 0)
		return n;
	if (stray != 0) {
		ck_take(fx->ck, stray);
		fix_will(f, "will be %llu: %s, attributes in its group",
			 (unsigned long long)stray, ck_whose_text(fx->ck, stray));
	} else if (known != 0) {
		fix_will(f, "will be %llu: attributes that count a user more than they have",
			 (unsigned long long)known);
	} else if (counted) {
		n = tell_loss(fx, f, f->ino, "their block is not known");
	}
	if (n >= 0 && f->id == E2_PROBLEM_XATTR_METADATA)
		n = each_user(fx, f, f->have, drop_pointer, "their block is not known");
	return n < 0 ? n : 1;
}

int fix_xattr_feature(struct fix *fx, struct e2_finding *f)
{
	struct e2_super super;
	int err = e2_super_get(fx->fs, &super);

	if (err != 0)
		return err;
	if (!e2_block_valid(fx->ck->g, f->have) || e2_bitset_test(fx->ck->metadata, f->have) ||
	    !is_attributes(fx, f->have, 0)) {
		fix_will(f, "will be 0: there are none");
		return set_file_acl(fx, f->ino, f->have, 0);
	}
	fix_will(f, "the feature will be set: they are sound");
	if (!e2_has_ext_attr(&super))
		err = e2_super_add_feature(fx->txn, E2_COMPAT, E2_FEATURE_ext_attr);
	return err != 0 ? err : 1;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static int dropped_some(struct fix *fx, const struct e2_finding *f, e2_ino ino, const char *why)
{
	return tell_loss(fx, f, ino, why);
}

static int rewrite_block(struct fix *fx, e2_blk blk, const struct ck_salvage *s, uint32_t refs)
{
	struct e2_xattr_pack pack;
	struct e2_wbuf *buf;
	int err = e2_txn_get(fx->txn, blk, E2_FILL_READ, &buf);

	if (err != 0)
		return err;
	e2_xattr_pack_block(&pack, buf->data, fx->ck->g->block_size);
	for (size_t i = 0; i < s->count; i++)
		e2_xattr_pack_add(&pack, &s->items[i]);
	e2_xattr_pack_block_end(&pack, refs);
	e2_txn_put(fx->txn, buf);
	return 0;
}

/* What was salvaged of a block goes back into it; nothing: no inode has it any more. */
static int put_back(struct fix *fx, struct e2_finding *f, const struct ck_salvage *s,
		    uint32_t refs)
{
	int err;

	if (s->count == 0) {
		fix_will(f, "will be dropped: no attribute can be read");
		return each_user(fx, f, f->blk, drop_pointer, "no attribute could be read");
	}
	err = rewrite_block(fx, f->blk, s, refs);
	if (err != 0)
		return err;
	if (s->dropped == 0) {
		fix_will(f, "will be mended: all attributes can be read");
		return 0;
	}
	fix_will(f, "%u will be dropped, %zu kept", s->dropped, s->count);
	return each_user(fx, f, f->blk, dropped_some, "not all could be read");
}

static int mend_block(struct fix *fx, struct e2_finding *f)
{
	uint32_t size = fx->ck->g->block_size;
	struct e2_xattr_header h;
	const struct e2_buf *buf;
	uint8_t *copy = malloc(size);
	struct ck_salvage s;
	int err;

	if (copy == NULL)
		return e2_fail(E2_ERR_NOMEM, "attributes");
	err = e2_buf_get(fx->fs, f->blk, &buf);
	if (err != 0) {
		free(copy);
		return err;
	}
	memcpy(copy, buf->data, size);
	e2_buf_put(fx->fs, buf);
	e2_xattr_header_decode(&h, copy);
	err = ck_salvage_begin(&s, copy, size, E2_XATTR_HEADER_BYTES, false);
	if (err == 0) {
		/* Without the magic only hashes say that these are attributes. */
		if (h.magic != (uint32_t)E2_XATTR_MAGIC &&
		    (s.right == 0 || s.right != s.count || s.dropped != 0))
			s.count = 0;
		err = put_back(fx, f, &s, h.refcount != 0 ? h.refcount : 1);
		ck_salvage_end(&s);
	}
	free(copy);
	return err;
}

/* Whether a block is still as a finding says: another of its findings may have mended it. */
static bool still_so(struct fix *fx, const struct e2_finding *f)
{
	struct e2_findings now = { .count = 0 };
	bool is = false;
	uint32_t refcount;

	(void)ck_xattr_contents(fx->ck, f->ino, f->blk, &refcount, &now);
	for (size_t i = 0; i < now.count; i++)
		is = is || e2_findings_compare(&now.at[i], f) == 0;
	e2_findings_clear(&now);
	return is;
}

static bool is_shared(const struct fix *fx, e2_blk blk)
{
	return fx->ck->shared != NULL && e2_bitset_test(fx->ck->shared, blk);
}

/* 1 when the finding has gone. */
static int fix_block(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0)
		return err;
	if (in.file_acl != f->blk || !still_so(fx, f))
		return 1;
	if (e2_bitset_test(fx->ck->metadata, f->blk) || is_shared(fx, f->blk))
		return 0;	/* its pointer is another finding */
	err = mend_block(fx, f);
	return err != 0 ? err : 1;
}

int fix_xattr_block(struct fix *fx, struct e2_finding *f)
{
	int err;

	if (!is_shared(fx, f->blk))
		return fix_block(fx, f);
	/* Somebody else's block, unless it says that it holds attributes. */
	if (strcmp(f->field, "magic") != 0)
		return 0;
	fix_will(f, "will be dropped: the block is another's");
	err = each_user(fx, f, f->blk, drop_pointer, "their block is not known");
	return err != 0 ? err : 1;
}

int fix_xattr_entry(struct fix *fx, struct e2_finding *f)
{
	return fix_block(fx, f);
}

int fix_xattr_hash(struct fix *fx, struct e2_finding *f)
{
	return fix_block(fx, f);
}

int fix_xattr_refcount(struct fix *fx, struct e2_finding *f)
{
	struct e2_xattr_header h;
	struct e2_wbuf *buf;
	int err = e2_txn_get(fx->txn, f->blk, E2_FILL_READ, &buf);

	if (err != 0)
		return err;
	e2_xattr_header_decode(&h, buf->data);
	if (h.magic == (uint32_t)E2_XATTR_MAGIC && h.refcount == f->have) {
		h.refcount = (uint32_t)f->want;
		e2_xattr_header_encode(&h, buf->data);
		err = 1;
	}
	e2_txn_put(fx->txn, buf);
	return err;
}

/* ---- attributes in inodes -------------------------------------------------------------- */

static int mend_body(struct fix *fx, struct e2_finding *f, uint8_t *raw, uint32_t extra)
{
	uint32_t size = fx->ck->g->inode_size;
	uint32_t at = E2_INODE_BYTES + extra + E2_XATTR_IBODY_BYTES;
	uint8_t *copy = malloc(size);
	struct e2_xattr_pack pack;
	struct ck_salvage s;
	int err;

	if (copy == NULL)
		return e2_fail(E2_ERR_NOMEM, "attributes");
	memcpy(copy, raw, size);
	err = ck_salvage_begin(&s, copy + at, size - at, 0, true);
	if (err == 0) {
		e2_xattr_pack_inode(&pack, raw, size, extra);
		for (size_t i = 0; i < s.count; i++)
			e2_xattr_pack_add(&pack, &s.items[i]);
		e2_xattr_pack_inode_end(&pack);
		if (s.dropped == 0)
			fix_will(f, "will be mended: all attributes can be read");
		else
			fix_will(f, "%u will be dropped, %zu kept", s.dropped, s.count);
		if (s.dropped != 0)
			err = tell_loss(fx, f, f->ino, "not all could be read");
		ck_salvage_end(&s);
	}
	free(copy);
	return err;
}

static bool body_still_so(struct fix *fx, const struct e2_finding *f, const uint8_t *raw)
{
	struct e2_findings now = { .count = 0 };
	bool is = false;

	ck_xattr_body(fx->ck, f->ino, raw, &now);
	for (size_t i = 0; i < now.count; i++)
		is = is || e2_findings_compare(&now.at[i], f) == 0;
	e2_findings_clear(&now);
	return is;
}

static int fix_body(struct fix *fx, struct e2_finding *f)
{
	struct e2_wbuf *buf;
	uint8_t *raw;
	int err = e2_inode_edit(fx->txn, f->ino, &buf, &raw);

	if (err != 0)
		return err;
	if (body_still_so(fx, f, raw))
		err = mend_body(fx, f, raw, e2_get16(raw + E2_INODE_BYTES));
	e2_txn_put(fx->txn, buf);
	return err != 0 ? err : 1;
}

int fix_xattr_inode(struct fix *fx, struct e2_finding *f)
{
	return fix_body(fx, f);
}

int fix_xattr_inode_hash(struct fix *fx, struct e2_finding *f)
{
	return fix_body(fx, f);
}
