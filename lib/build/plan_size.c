/* SPDX-License-Identifier: MIT */
/*
 * How large a volume a tree needs: the same arithmetic as the plan's own, asked
 * for one size after the other.
 *
 * What a size holds grows with the size, except where mke2fs's rules jump: block size
 * and inodes change at the bounds of its usage types, and a further group costs its
 * own metadata.  So each range between two bounds is searched by itself, the smallest first.
 */
#include "build/plan_priv.h"

#include "base/checked.h"
#include "base/units.h"

#include <string.h>

int e2_plan_need(const struct e2_source *source, uint32_t block_size, uint32_t inode_size,
		 uint32_t extra_isize, struct e2_need *need)
{
	struct e2_form form;
	struct e2_content c;
	int err;

	e2_form_make(block_size, inode_size, extra_isize, &form);
	err = e2_content_make(source, &form, false, &c);
	if (err == 0)
		*need = (struct e2_need){
			.blocks = c.blocks, .large_file = c.largest > INT32_MAX,
			.inodes = (uint64_t)E2_GOOD_OLD_FIRST_INO + e2_source_objects(source) - 1
				- (c.lost_found != E2_OBJ_NONE),
		};
	e2_content_free(&c);
	return err;
}

/* Inodes without laying anything out: a lost+found of the source's own needs no second one. */
static uint64_t count_inodes(const struct e2_source *source)
{
	const struct e2_object *root = e2_source_object(source, 0);
	uint64_t n = (uint64_t)E2_GOOD_OLD_FIRST_INO + e2_source_objects(source) - 1;

	for (uint32_t i = 0; i < root->names; i++) {
		const struct e2_source_name *name = e2_source_name(source, root->first_name + i);

		if (strcmp(e2_source_text(source, name->text), "lost+found") == 0)
			return n - 1;
	}
	return n;
}

/*
 * A shape with at least so many inodes, where the options leave their number open.  Where so many
 * do not fit it is the plain shape, and who plans with it is told what is missing.
 */
static int shape_with_inodes(const struct e2_shape_options *options, uint64_t bytes,
			     uint64_t inodes, struct e2_shape *shape)
{
	struct e2_shape_options more = *options;
	int err = e2_shape_make(options, bytes, shape);

	if (err != 0 || options->inodes != 0 || options->bytes_per_inode != 0)
		return err;
	more.inodes = inodes;
	while (shape->geometry.inodes < inodes) {
		struct e2_shape raised;

		err = e2_shape_make(&more, bytes, &raised);
		if (err != 0) {
			e2_err_clear();
			return err == E2_ERR_NOMEM ? err : 0;
		}
		if (raised.geometry.inodes >= inodes)
			*shape = raised;
		/* Rounding within each group may leave up to 7 fewer than were asked for. */
		more.inodes += UINT64_C(8) * raised.geometry.groups;
	}
	return 0;
}

static uint64_t with_slack(uint64_t n, uint32_t percent)
{
	return n + n * percent / 100;
}

int e2_plan_shape(const struct e2_source *source, const struct e2_shape_options *options,
		  uint32_t slack_percent, uint64_t bytes, struct e2_shape *shape)
{
	uint64_t inodes = count_inodes(source);

	return shape_with_inodes(options, bytes, with_slack(inodes, slack_percent), shape);
}

/* ---- searching --------------------------------------------------------------------- */

struct search {
	const struct e2_source *source;
	const struct e2_shape_options *options;
	uint32_t slack_percent;
	uint64_t slack_bytes, inodes;
	struct e2_form form;		/* of the last shape asked for; need is for it */
	uint64_t need;			/* blocks */
	int need_err;			/* such a volume cannot hold the tree at any size */
};

static int set_need(struct search *q, const struct e2_shape *shape)
{
	const struct e2_geometry *g = &shape->geometry;
	bool xattrs = e2_has_ext_attr(&shape->super);
	struct e2_content c;

	if (q->form.block_size == g->block_size && q->form.inode_size == g->inode_size
	    && q->form.xattrs == xattrs)
		return q->need_err;
	e2_form_make(g->block_size, g->inode_size, shape->extra_isize, &q->form);
	q->form.xattrs = xattrs;
	q->need_err = e2_content_make(q->source, &q->form, false, &c);
	q->need = c.blocks;
	e2_content_free(&c);
	return q->need_err;
}

/*
 * 0 when a volume of so many bytes holds the tree and the slack; E2_ERR_NOSPC and
 * all that shape and need may refuse when it does not.
 */
static int holds(struct search *q, uint64_t bytes)
{
	struct e2_shape shape;
	struct e2_geometry *g = &shape.geometry;
	uint64_t want, free = 0;
	int err;

	err = shape_with_inodes(q->options, bytes, with_slack(q->inodes, q->slack_percent), &shape);
	if (err == 0)
		err = set_need(q, &shape);
	if (err != 0)
		return err;
	want = with_slack(q->need, q->slack_percent)
	     + e2_div_up(q->slack_bytes, g->block_size) + e2_has_resize_inode(&shape.super);
	for (e2_grp group = 0; group < g->groups; group++)
		free += e2_group_blocks(g, group) - e2_group_head_blocks(g, group) - 2
		      - (uint64_t)g->inode_table_blocks;
	if (g->inodes < q->inodes)
		return e2_fail(E2_ERR_NOSPC, "the tree needs %llu inodes, but the options give %u",
			       (unsigned long long)q->inodes, g->inodes);
	if (free < want)
		return e2_fail(E2_ERR_NOSPC, "the tree needs %llu blocks of %u bytes, but the "
			       "largest volume has %llu", (unsigned long long)want, g->block_size,
			       (unsigned long long)free);
	return 0;
}

/* Whether no other size can help.  A number of inodes may be too large for small volumes only, a
 * ratio is wrong for all. */
static bool is_final(const struct search *q, int err)
{
	return err == E2_ERR_NOMEM || (err == E2_ERR_INVAL && q->options->inodes == 0);
}

/* The smallest size in lo .. hi, both multiples of step, that holds the tree. */
static int search_range(struct search *q, uint64_t lo, uint64_t hi, uint64_t step, uint64_t *bytes)
{
	uint64_t small = lo / step, large = hi / step;	/* in steps; large holds it */
	int err = holds(q, hi);

	while (err == 0 && small < large) {
		uint64_t mid = small + (large - small) / 2;

		err = holds(q, mid * step);
		if (err == E2_ERR_NOMEM)
			return err;
		if (err == 0)
			large = mid;
		else
			small = mid + 1;
		err = 0;
	}
	if (err == 0)
		*bytes = large * step;
	return err;
}

int e2_plan_auto_size(const struct e2_source *source, const struct e2_shape_options *options,
		      uint32_t slack_percent, uint64_t slack_bytes, uint64_t *bytes)
{
	/* Where the usage type by size changes (floppy, small, default, big, huge), and the end. */
	static const uint64_t bounds[] = {
		0, UINT64_C(3) << 20, UINT64_C(512) << 20, UINT64_C(4) << 40, UINT64_C(16) << 40,
		UINT64_C(1) << 48,
	};
	struct search q = { .source = source, .options = options, .slack_bytes = slack_bytes,
			    .slack_percent = slack_percent, .inodes = count_inodes(source) };
	int err = 0;

	for (unsigned i = 0; i + 1 < sizeof(bounds) / sizeof(bounds[0]); i++) {
		uint64_t lo = bounds[i], hi, most;
		uint32_t step;
		int range = e2_shape_block_size(options, lo, &step);

		if (range != 0)
			return range;
		most = (options->resize_blocks != 0 ? options->resize_blocks - 1 : UINT32_MAX)
		     * (uint64_t)step;
		hi = bounds[i + 1] - step < most ? bounds[i + 1] - step : most;
		if (hi < lo)
			break;		/* err is the last range's */
		err = search_range(&q, lo, hi, step, bytes);
		if (err == 0 || is_final(&q, err))
			return err;
	}
	return err;
}
