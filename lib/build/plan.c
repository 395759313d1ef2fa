/* SPDX-License-Identifier: MIT */
/* The plan: content, space, and the numbers that follow from the two. */
#include "build/plan_priv.h"

#include "base/checked.h"
#include "base/units.h"
#include "base/zero.h"
#include "disk/consts.h"

#include <stdlib.h>
#include <string.h>

/* ---- numbers ------------------------------------------------------------------ */

bool e2_plan_has_resize(const struct e2_plan *plan)
{
	return e2_has_resize_inode(&plan->shape.super);
}

/*
 * The root has its own number, lost+found the first that is not reserved, all
 * others the next ones in the order of the walk.
 */
e2_ino e2_plan_ino(const struct e2_plan *plan, e2_obj obj)
{
	e2_ino first = plan->shape.geometry.first_ino;
	e2_obj lost_found = plan->content.lost_found;

	if (obj == 0)
		return E2_INO_ROOT;
	if (obj == lost_found)
		return first;
	return first + obj - (obj > lost_found);
}

uint32_t e2_plan_used_inodes(const struct e2_plan *plan, e2_grp group)
{
	uint32_t per_group = plan->shape.geometry.inodes_per_group;
	uint64_t before = (uint64_t)per_group * group;
	uint64_t after = plan->last_ino > before ? plan->last_ino - before : 0;

	return after < per_group ? (uint32_t)after : per_group;
}

uint32_t e2_plan_free_blocks(const struct e2_plan *plan, e2_grp group)
{
	const struct e2_space *s = &plan->space;
	uint64_t first = s->gaps[s->first_gap[group]].pos;
	uint64_t end = s->gaps[s->first_gap[group + 1]].pos;
	uint64_t used = plan->content.blocks;

	if (used >= end)
		return 0;
	return (uint32_t)(used > first ? end - used : end - first);
}

void e2_plan_group(const struct e2_plan *plan, e2_grp group, const struct e2_parts *parts,
		   struct e2_group *desc)
{
	uint32_t used = e2_plan_used_inodes(plan, group);

	*desc = (struct e2_group){
		.block_bitmap = (uint32_t)parts->first + parts->block_bitmap,
		.inode_bitmap = (uint32_t)parts->first + parts->inode_bitmap,
		.inode_table = (uint32_t)parts->first + parts->inode_table,
		.free_blocks_count = (uint16_t)e2_plan_free_blocks(plan, group),
		.free_inodes_count = (uint16_t)(plan->shape.geometry.inodes_per_group - used),
		.used_dirs_count = group < plan->dirs_len ? (uint16_t)plan->dirs[group] : 0,
	};
}

void e2_plan_stats(const struct e2_plan *plan, struct e2_plan_stats *stats)
{
	*stats = plan->stats;
}

const struct e2_super *e2_plan_super(const struct e2_plan *plan)
{
	return &plan->shape.super;
}

const struct e2_geometry *e2_plan_geometry(const struct e2_plan *plan)
{
	return &plan->shape.geometry;
}

/* ---- making ---------------------------------------------------------------------- */

static void add_amount(struct e2_str *s, const struct e2_geometry *g, uint64_t blocks,
		       uint64_t inodes)
{
	e2_str_add_size(s, blocks * g->block_size);
	e2_str_add(s, " and ");
	e2_str_add_count(s, inodes);
}

/* "root needs 91.2 MiB and 9,318 inodes, but 64 MiB holds 58.1 MiB and 16,384" */
static int check_room(const struct e2_plan *plan)
{
	const struct e2_geometry *g = &plan->shape.geometry;
	struct e2_str root = E2_STR_INIT, need = E2_STR_INIT, have = E2_STR_INIT;
	int err;

	if (plan->content.blocks <= plan->space.total && plan->last_ino <= g->inodes)
		return 0;
	e2_source_path(plan->source, 0, &root);
	add_amount(&need, g, plan->content.blocks, plan->last_ino);
	e2_str_add_size(&have, g->blocks * g->block_size);
	e2_str_add(&have, " holds ");
	add_amount(&have, g, plan->space.total, g->inodes);
	err = e2_fail(E2_ERR_NOSPC, "%s needs %s inodes, but %s",
		      root.len > 0 ? e2_str_text(&root) : "an empty volume", e2_str_text(&need),
		      e2_str_text(&have));
	e2_str_free(&root);
	e2_str_free(&need);
	e2_str_free(&have);
	return err;
}

static int list_backups(struct e2_plan *plan)
{
	const struct e2_geometry *g = &plan->shape.geometry;
	size_t cap = 0;

	for (e2_grp group = 1; group < g->groups; group++) {
		e2_grp *grown;

		if (!e2_group_has_super(g, group))
			continue;
		grown = e2_grow(plan->backups, &cap, plan->backups_len + 1, sizeof(*grown));
		if (grown == NULL)
			return E2_ERR_NOMEM;
		plan->backups = grown;
		grown[plan->backups_len++] = group;
	}
	return 0;
}

/* Directories in each group, and what times lose. */
static int count_objects(struct e2_plan *plan)
{
	const struct e2_geometry *g = &plan->shape.geometry;
	const struct e2_form *form = &plan->content.form;
	uint32_t objects = e2_source_objects(plan->source);

	plan->dirs_len = (plan->last_ino - 1) / g->inodes_per_group + 1;
	plan->dirs = calloc(plan->dirs_len, sizeof(*plan->dirs));
	if (plan->dirs == NULL)
		return e2_fail(E2_ERR_NOMEM, "%u groups", plan->dirs_len);
	if (plan->content.lost_found == E2_OBJ_NONE)
		plan->dirs[e2_inode_group(g, g->first_ino)]++;
	for (e2_obj obj = 0; obj < objects; obj++) {
		const struct e2_object *o = e2_source_object(plan->source, obj);

		if ((o->mode & E2_S_IFMT) == E2_S_IFDIR)
			plan->dirs[e2_inode_group(g, e2_plan_ino(plan, obj))]++;
		plan->stats.clamped_times += e2_times_clamped(form, &plan->options, o);
	}
	return 0;
}

static void finish_super(struct e2_plan *plan)
{
	struct e2_super *s = &plan->shape.super;
	const struct e2_geometry *g = &plan->shape.geometry;
	uint8_t uuid[16];
	uint32_t seed[4];

	s->free_blocks_count = (uint32_t)(plan->space.total - plan->content.blocks);
	s->free_inodes_count = g->inodes - plan->last_ino;
	s->overhead_blocks = (uint32_t)(g->blocks - plan->space.total);
	if (s->rev_level != 0 && plan->content.largest > INT32_MAX)
		s->feature_ro_compat |= E2_FEATURE_large_file;
	if (!plan->options.reproducible)
		return;
	e2_plan_digest(plan, uuid, seed);
	if (e2_all_zero(s->uuid, sizeof(s->uuid)))
		memcpy(s->uuid, uuid, sizeof(uuid));
	if ((s->hash_seed[0] | s->hash_seed[1] | s->hash_seed[2] | s->hash_seed[3]) == 0)
		memcpy(s->hash_seed, seed, sizeof(seed));
}

/* The resize inode's pointer block belongs to what is kept for growth. */
static void finish_stats(struct e2_plan *plan)
{
	const struct e2_geometry *g = &plan->shape.geometry;
	unsigned resize = e2_plan_has_resize(plan);

	plan->stats.content_blocks = plan->content.blocks - resize;
	plan->stats.overhead_blocks = g->blocks - plan->space.total + resize;
	plan->stats.free_blocks = plan->space.total - plan->content.blocks;
	plan->stats.used_inodes = plan->last_ino;
	plan->stats.free_inodes = g->inodes - plan->last_ino;
	plan->stats.dropped_xattrs = plan->content.dropped_xattrs;
}

static int make_content(struct e2_plan *plan)
{
	const struct e2_super *s = &plan->shape.super;
	struct e2_form form;
	int err;

	e2_form_make(plan->shape.geometry.block_size, plan->shape.geometry.inode_size,
		     plan->shape.extra_isize, &form);
	form.xattrs = e2_has_ext_attr(s);
	if (s->rev_level == 0 && form.size_max > INT32_MAX)
		form.size_max = INT32_MAX;	/* no large_file feature */
	err = e2_content_make(plan->source, &form, e2_plan_has_resize(plan), &plan->content);
	if (e2_plan_has_resize(plan) && e2_resize_size(&form) > plan->content.largest)
		plan->content.largest = e2_resize_size(&form);
	return err;
}

int e2_plan_make(struct e2_source *source, const struct e2_shape *shape,
		 const struct e2_plan_options *options, struct e2_plan **plan)
{
	struct e2_plan *p = calloc(1, sizeof(*p));
	int err;

	if (p == NULL)
		return e2_fail(E2_ERR_NOMEM, "a plan");
	p->source = source;
	p->shape = *shape;
	p->options = *options;
	p->last_ino = shape->geometry.first_ino;	/* lost+found */
	err = make_content(p);
	if (err == 0) {
		p->last_ino = shape->geometry.first_ino + e2_source_objects(source) - 1
			    - (p->content.lost_found != E2_OBJ_NONE);
		err = e2_space_make(&p->shape.geometry, p->shape.super.raid_stride, &p->space);
	}
	if (err == 0)
		err = check_room(p);
	if (err == 0)
		err = list_backups(p);
	if (err == 0)
		err = count_objects(p);
	if (err == 0)
		err = e2_content_retired(&p->content, &p->stats.saved_blocks);
	if (err != 0) {
		e2_plan_free(p);
		return err;
	}
	finish_super(p);
	finish_stats(p);
	*plan = p;
	return 0;
}

void e2_plan_free(struct e2_plan *plan)
{
	if (plan == NULL)
		return;
	e2_content_free(&plan->content);
	e2_space_free(&plan->space);
	free(plan->dirs);
	free(plan->backups);
	free(plan);
}
