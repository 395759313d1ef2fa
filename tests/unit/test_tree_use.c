/* SPDX-License-Identifier: MIT */
/* What blocks are used for: layout and claims cover a sound volume once, all ways in agree. */
#include "e2test.h"
#include "image.h"

#include "tree/use.h"
#include "base/bitset.h"

#include <string.h>

enum { BLOCKS = 256 };

struct seen {
	enum e2_use use[BLOCKS];
	unsigned times[BLOCKS];
	e2_ino ino[BLOCKS];
	struct e2_claim claim[BLOCKS];
	unsigned wrong;
};

static int on_layout(void *context, const struct e2_layout_run *run)
{
	struct seen *s = context;

	for (uint64_t i = 0; i < run->count; i++) {
		s->use[run->blk + i] = run->use;
		s->times[run->blk + i]++;
	}
	return 0;
}

static int on_claim(void *context, const struct e2_inode *in, const struct e2_claim *c)
{
	struct seen *s = context;

	(void)in;
	for (uint64_t i = 0; i < c->count; i++) {
		s->use[c->blk + i] = c->use;
		s->times[c->blk + i]++;
		s->ino[c->blk + i] = c->ino;
		s->claim[c->blk + i] = *c;
		s->claim[c->blk + i].lblk += i;
		s->claim[c->blk + i].index += (unsigned)i;
	}
	return 0;
}

static int on_wrong(void *context, const struct e2_inode *in, const struct e2_claim *c, int status)
{
	struct seen *s = context;

	(void)in;
	(void)c;
	cr_assert_eq(status, E2_ERR_CORRUPT);
	s->wrong++;
	return 0;
}

static struct e2_claims visit_of(struct e2_fs *fs, struct seen *s)
{
	memset(s, 0, sizeof(*s));
	return (struct e2_claims){ .fs = fs, .claim = on_claim, .wrong = on_wrong, .context = s };
}

/* Files with direct blocks, with two pointer blocks, and attributes that two share. */
static void fill(struct img *img)
{
	struct e2_inode a = img_reg(3 * 1024), b = img_reg(300 * 1024);
	e2_blk acl;

	img_new(img, &(struct img_options){ .blocks = BLOCKS });
	acl = img_put(img, "x", 1);
	a.file_acl = b.file_acl = (uint32_t)acl;
	for (e2_lblk i = 0; i < 3; i++)
		img_map(img, &a, i, img_put(img, "a", 1));
	img_inode(img, 12, &a);
	img_link(img, E2_INO_ROOT, "a", 12, E2_FT_REG);
	img_map(img, &b, 20, img_put(img, "b", 1));
	img_map(img, &b, 21, img_put(img, "b", 1));
	img_map(img, &b, 280, img_put(img, "b", 1));
	img_inode(img, 13, &b);
	img_link(img, E2_INO_ROOT, "b", 13, E2_FT_REG);
}

E2_TEST(tree_use, every_block_has_one_use)
{
	struct seen s;
	struct img img;

	fill(&img);
	struct e2_fs *fs = img_open(&img, NULL);
	struct e2_claims c = visit_of(fs, &s);
	cr_assert_eq(e2_layout_visit(fs, on_layout, &s), 0);
	cr_assert_eq(e2_claims_visit(&c), 0);
	cr_assert_eq(s.wrong, 0);
	for (e2_blk blk = 0; blk < BLOCKS; blk++) {
		bool used = true;

		if (blk > 0)
			cr_assert_eq(e2_block_used(fs, blk, &used), 0);
		cr_assert_eq(used, s.times[blk] > 0, "block %u", (unsigned)blk);
		cr_assert_leq(s.times[blk], s.use[blk] == E2_USE_XATTR ? 2 : 1, "block %u",
			      (unsigned)blk);
	}
	cr_assert_eq(s.use[0], E2_USE_BOOT);
	cr_assert_eq(s.use[1], E2_USE_SUPER);
	e2_close(fs);
	img_free(&img);
}

/* The block of b's file that its pointer block holds in slot 280 - 268 of the second level. */
E2_TEST(tree_use, few_blocks_are_found_without_the_rest)
{
	struct seen all, some, by;
	struct e2_use_index *idx;
	struct img img;

	fill(&img);
	struct e2_fs *fs = img_open(&img, NULL);
	struct e2_claims c = visit_of(fs, &all);
	cr_assert_eq(e2_claims_visit(&c), 0);
	cr_assert_eq(e2_use_index_new(fs, false, NULL, &idx), 0);
	cr_assert_not_null(idx);
	for (e2_blk blk = 0; blk < BLOCKS; blk++) {
		struct e2_range wanted = { blk, 1 };
		bool several;

		c = visit_of(fs, &some);
		cr_assert_eq(e2_claims_find(&c, &wanted, 1), 0);
		c = visit_of(fs, &by);
		cr_assert_eq(e2_claims_find_by(&c, idx, &wanted, 1), 0);
		cr_assert_eq(some.times[blk], all.times[blk], "block %u", (unsigned)blk);
		cr_assert_eq(by.times[blk], all.times[blk], "block %u", (unsigned)blk);
		cr_assert_eq(some.claim[blk].lblk, all.claim[blk].lblk);
		cr_assert_eq(some.claim[blk].index, all.claim[blk].index);
		cr_assert_eq(by.claim[blk].parent, all.claim[blk].parent);
		e2_ino owner = e2_use_index_owner(idx, blk, &several);
		cr_assert_eq(several, all.times[blk] > 1);
		cr_assert_eq(owner != 0, all.times[blk] > 0);
		for (e2_blk other = 0; other < BLOCKS; other++)
			cr_assert(other == blk || some.times[other] == 0);
	}
	e2_use_index_free(idx);
	e2_close(fs);
	img_free(&img);
}

/* A pointer block that says itself, a pointer past the end, a second owner. */
E2_TEST(tree_use, damage_is_told_and_bounded)
{
	struct seen s;
	struct img img;

	fill(&img);
	struct e2_inode a = img_inode_get(&img, 12), b = img_inode_get(&img, 13);
	uint8_t raw[4];
	a.block[1] = 99999;
	a.block[2] = b.block[12];
	img_inode(&img, 12, &a);
	e2_put32(raw, b.block[12]);
	img_write(&img, b.block[13], 0, raw, 4);
	struct e2_fs *fs = img_open(&img, NULL);
	struct e2_claims c = visit_of(fs, &s);
	cr_assert_eq(e2_claims_visit(&c), 0);
	cr_assert_eq(s.wrong, 2);	/* the end, and the pointer block met again */
	cr_assert_eq(s.times[b.block[12]], 3);
	e2_close(fs);
	img_free(&img);
}
