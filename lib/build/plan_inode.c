/* SPDX-License-Identifier: MIT */
/*
 * Inode records: from an object and its place in the line to the bytes of an inode.
 * Source: kernel, Documentation/filesystems/ext4/inodes.rst.
 */
#include "build/plan_priv.h"

#include "disk/consts.h"

#include <string.h>

enum { SECTOR_BYTES = 512 };

/* ---- times ---------------------------------------------------------------------- */

enum { TIMES_EXTRA = 16 };		/* bytes of extra fields up to atime_extra */

static bool has_extra_times(const struct e2_form *form)
{
	return form->inode_size > E2_INODE_BYTES && form->extra_isize >= TIMES_EXTRA;
}

/*
 * The time that an inode can hold and that is nearest, as the kernel clamps it: 32 bits with
 * sign, 2 bits more with extra fields; never after `now` of a reproducible volume.
 */
static struct e2_time clamp_time(const struct e2_form *form, const struct e2_plan_options *options,
				 struct e2_time t)
{
	const int64_t min = INT32_MIN;
	const int64_t max = has_extra_times(form) ? min + (INT64_C(1) << 34) - 1 : INT32_MAX;

	if (options->reproducible && t.sec >= options->now)
		t = (struct e2_time){ options->now, 0 };
	if (t.sec > max)
		return (struct e2_time){ max, 0 };
	if (t.sec < min)
		return (struct e2_time){ min, 0 };
	return t;
}

static bool is_clamped(const struct e2_form *form, const struct e2_plan_options *options,
		       int64_t sec, uint32_t nsec)
{
	struct e2_time t = { sec, (int32_t)nsec };
	struct e2_time held = clamp_time(form, options, t);

	return held.sec != t.sec || held.nsec != t.nsec;
}

bool e2_times_clamped(const struct e2_form *form, const struct e2_plan_options *options,
		      const struct e2_object *o)
{
	return !o->made && (is_clamped(form, options, o->atime, o->atime_nsec)
			    || is_clamped(form, options, o->ctime, o->ctime_nsec)
			    || is_clamped(form, options, o->mtime, o->mtime_nsec));
}

static void set_time(const struct e2_plan *plan, int64_t sec, uint32_t nsec, uint32_t *low,
		     uint32_t *extra)
{
	struct e2_time t = clamp_time(&plan->content.form, &plan->options,
				      (struct e2_time){ sec, (int32_t)nsec });
	uint64_t above = (uint64_t)(t.sec - (int32_t)(uint32_t)t.sec);

	*low = (uint32_t)t.sec;
	*extra = (uint32_t)(above >> 32 & 3) | (uint32_t)t.nsec << 2;
}

static void set_times_now(const struct e2_plan *plan, struct e2_inode *in)
{
	set_time(plan, plan->options.now, 0, &in->atime, &in->atime_extra);
	in->ctime = in->mtime = in->crtime = in->atime;
	in->ctime_extra = in->mtime_extra = in->crtime_extra = in->atime_extra;
}

static void set_times(const struct e2_plan *plan, const struct e2_object *o, struct e2_inode *in)
{
	set_times_now(plan, in);
	if (o->made)
		return;
	set_time(plan, o->atime, o->atime_nsec, &in->atime, &in->atime_extra);
	set_time(plan, o->ctime, o->ctime_nsec, &in->ctime, &in->ctime_extra);
	set_time(plan, o->mtime, o->mtime_nsec, &in->mtime, &in->mtime_extra);
}

/* ---- block[] ------------------------------------------------------------------------ */

static uint32_t block_at(struct e2_inode_maker *maker, uint64_t pos)
{
	uint64_t count;

	return (uint32_t)e2_space_run(&maker->plan->space, pos, 1, &maker->hint, &count);
}

static void set_pointers(struct e2_inode_maker *maker, uint64_t pos, struct e2_inode *in)
{
	const struct e2_filemap *m = &maker->map;

	for (size_t i = 0; i < m->count && m->v[i].lo < E2_DIRECT; i++) {
		for (uint64_t l = m->v[i].lo; l < m->v[i].hi && l < E2_DIRECT; l++)
			in->block[l] = block_at(maker, pos++);
	}
	if (m->count == 0 || m->v[m->count - 1].hi <= E2_DIRECT)
		return;
	for (unsigned level = 1; level <= 3; level++) {
		uint64_t blocks = e2_filemap_tree(m, level, e2_filemap_start(m, level));

		if (blocks > 0)
			in->block[E2_DIRECT + level - 1] = block_at(maker, pos);
		pos += blocks;
	}
}

/* The kernel's old form where the numbers have 8 bits, else the new one. */
static void set_device(const struct e2_object *o, struct e2_inode *in)
{
	uint32_t ma = o->rdev_major, mi = o->rdev_minor;

	if (ma < 256 && mi < 256)
		in->block[0] = ma << 8 | mi;
	else
		in->block[1] = (mi & 0xff) | ma << 8 | (mi & ~UINT32_C(0xff)) << 12;
}

static void set_fast_symlink(const char *text, size_t len, struct e2_inode *in)
{
	uint8_t bytes[E2_POINTERS * 4] = { 0 };

	memcpy(bytes, text, len);
	for (unsigned i = 0; i < E2_POINTERS; i++)
		in->block[i] = e2_get32(bytes + (size_t)4 * i);
}

/* ---- the kinds of inodes --------------------------------------------------------------- */

static uint32_t sectors(const struct e2_plan *plan, uint64_t blocks)
{
	return (uint32_t)(blocks * (plan->shape.geometry.block_size / SECTOR_BYTES));
}

static void make_resize(struct e2_inode_maker *maker, struct e2_inode *in)
{
	const struct e2_plan *plan = maker->plan;

	in->mode = E2_S_IFREG | 0600;
	in->links_count = 1;
	in->size = e2_resize_size(&plan->content.form);
	in->blocks = sectors(plan, e2_resize_blocks(plan));
	in->block[E2_DIRECT + 1] = block_at(maker, plan->content.resize_pos);
	set_times_now(plan, in);
}

static int make_lost_found(struct e2_inode_maker *maker, struct e2_inode *in)
{
	const struct e2_plan *plan = maker->plan;
	int err;

	in->mode = E2_S_IFDIR | 0700;
	in->links_count = 2;
	err = e2_content_map(&plan->content, E2_OBJ_NONE, &maker->map, &in->size);
	in->blocks = sectors(plan, e2_filemap_blocks(&maker->map));
	set_pointers(maker, plan->content.lost_found_pos, in);
	set_times_now(plan, in);
	return err;
}

static void set_owner(const struct e2_plan *plan, e2_obj obj, const struct e2_object *o,
		      struct e2_inode *in)
{
	bool given = obj == 0 && plan->options.root_owner;

	in->uid = given ? plan->options.root_uid : o->uid;
	in->gid = given ? plan->options.root_gid : o->gid;
}

static int make_object(struct e2_inode_maker *maker, e2_obj obj, struct e2_inode *in, uint8_t *raw)
{
	const struct e2_plan *plan = maker->plan;
	const struct e2_content *c = &plan->content;
	const struct e2_object *o = e2_source_object(plan->source, obj);
	const struct e2_xattr_item *v;
	uint64_t blocks;
	uint32_t count, type = o->mode & E2_S_IFMT;
	bool dir = type == E2_S_IFDIR;
	int err;

	in->mode = (uint16_t)o->mode;
	set_owner(plan, obj, o, in);
	set_times(plan, o, in);
	in->links_count = (uint16_t)(dir ? o->links + 2 : o->links);
	if (obj == 0 && c->lost_found == E2_OBJ_NONE)
		in->links_count++;
	err = e2_content_map(c, obj, &maker->map, &in->size);
	if (err != 0)
		return err;
	blocks = e2_filemap_blocks(&maker->map);
	if (type == E2_S_IFBLK || type == E2_S_IFCHR)
		set_device(o, in);
	else if (type == E2_S_IFLNK && blocks == 0)
		set_fast_symlink(e2_source_text(plan->source, o->text), o->size, in);
	else
		set_pointers(maker, c->start[obj], in);
	if (c->xattr_block != NULL && c->xattr_block[obj] != 0) {
		in->file_acl = block_at(maker, c->xattr_v[c->xattr_block[obj] - 1].pos);
		blocks++;
	}
	in->blocks = sectors(plan, blocks);
	if (o->xattrs != 0 && c->form.xattrs) {
		v = e2_source_xattrs(plan->source, o->xattrs, &count);
		e2_xattr_fill_inode(&c->form, v, count, raw);
	}
	return 0;
}

int e2_inode_make(struct e2_inode_maker *maker, e2_ino ino, uint8_t *raw)
{
	const struct e2_plan *plan = maker->plan;
	const struct e2_content *c = &plan->content;
	struct e2_inode in = { .extra_isize = (uint16_t)c->form.extra_isize };
	e2_ino first = plan->shape.geometry.first_ino;
	int err = 0;

	if (ino == E2_INO_BAD_BLOCKS) {	/* mke2fs gives it times and nothing else */
		set_times_now(plan, &in);
		in.extra_isize = 0;
	} else if (ino == E2_INO_RESIZE && e2_plan_has_resize(plan)) {
		make_resize(maker, &in);
	} else if (ino == E2_INO_ROOT) {
		err = make_object(maker, 0, &in, raw);
	} else if (ino < first) {
		return 0;
	} else if (ino == first && c->lost_found == E2_OBJ_NONE) {
		err = make_lost_found(maker, &in);
	} else if (ino == first) {
		err = make_object(maker, c->lost_found, &in, raw);
	} else {
		e2_obj obj = ino - first;	/* see e2_plan_ino */

		err = make_object(maker, obj + (obj >= c->lost_found), &in, raw);
	}
	if (err == 0)
		e2_inode_encode(&in, raw, c->form.inode_size);
	return err;
}
