/* SPDX-License-Identifier: MIT */
/* How large the volume is to be: as said, as the image is, or as the tree needs. */
#include "job.h"

/* The smallest volume keeps nothing back: no reserve, no room to grow, no spare inodes. */
static int choose_minimal(struct job *job)
{
	struct e2_shape_options *so = &job->o->shape;
	const uint64_t guess = 64 << 20;
	uint32_t block_size;
	struct e2_need need;
	int err = e2_shape_block_size(so, guess, &block_size);

	if (err)
		return err;
	err = e2_plan_need(job->source, block_size, so->inode_size ? so->inode_size : 256,
			   so->inode_size == 128 ? 0 : 32, &need);
	if (err)
		return err;
	so->block_size = block_size;
	if (so->reserved_percent < 0)
		so->reserved_percent = 0;
	if (!so->features && so->revision != 0)
		so->features = "^resize_inode";
	if (so->inodes != 0 || so->bytes_per_inode != 0)
		return e2_plan_auto_size(job->source, so, 0, 0, &job->bytes);

	/* Rounding by group may leave fewer than asked for, so a little more may take less. */
	uint32_t best_inodes = 0;
	uint64_t best = UINT64_MAX, most = need.inodes + 8192;

	for (uint64_t more = 0; need.inodes + more < most; more = more * 2 + 8) {
		uint64_t bytes;

		so->inodes = (need.inodes + 7 + more) & ~UINT64_C(7);
		err = e2_plan_auto_size(job->source, so, 0, 0, &bytes);
		if (err && err != E2_ERR_NOSPC)
			return err;
		if (!err && bytes < best) {
			best = bytes;
			best_inodes = (uint32_t)so->inodes;
		}
	}
	so->inodes = best_inodes;
	job->bytes = best;
	return best == UINT64_MAX ? err : 0;
}

/* By content, in whole MiB, which people can name and other programs can repeat. */
static int choose_auto(struct job *job)
{
	const struct options *o = job->o;
	const uint64_t mib = 1 << 20;
	uint32_t percent = o->size_kind == SIZE_AUTO ? o->slack_percent : DEFAULT_SLACK_PERCENT;
	int err = e2_plan_auto_size(job->source, &o->shape, percent, o->slack_bytes, &job->least);

	job->slack_percent = percent;
	if (!err)
		job->bytes = (job->least + mib - 1) / mib * mib;
	return err;
}

/* -E resize counts blocks, whose size may only be known once that of the volume is. */
static int set_resize(struct job *job)
{
	struct options *o = job->o;
	uint32_t block_size;

	if (o->resize == 0)
		return 0;
	int err = e2_shape_block_size(&o->shape, job->bytes, &block_size);

	if (!err)
		o->shape.resize_blocks = o->resize_bytes ? o->resize / block_size : o->resize;
	return err;
}

static int choose(struct job *job)
{
	struct options *o = job->o;
	uint64_t old = job->old ? job->old->size : 0;

	switch (o->size_kind) {
	case SIZE_GIVEN:
		job->bytes = o->size;
		return 0;
	case SIZE_MINIMAL:
		return choose_minimal(job);
	case SIZE_NONE:
		if (old == 0)
			break;
		/* As mke2fs does: no volume ends within a page of 4 KiB. */
		job->bytes = old < 4096 ? old : old & ~UINT64_C(4095);
		job->size_is_old = true;
		return 0;
	case SIZE_AUTO:
		break;
	}
	if (o->size_kind == SIZE_NONE && o->sources_len == 0)
		return e2_fail(E2_ERR_INVAL, "%s: how large? give a size, or a tree with -d",
			       e2_str_text(&job->name));
	return choose_auto(job);
}

int job_choose_size(struct job *job)
{
	int err = choose(job);

	return err ? err : set_resize(job);
}
