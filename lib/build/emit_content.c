/* SPDX-License-Identifier: MIT */
/*
 * Content in the order of its positions: attribute blocks, pointer blocks, directories, file data.
 * When the line enters a group, that group's metadata are written first.
 */
#include "build/emit_priv.h"

#include "disk/consts.h"

#include <string.h>

/* The blocks of one object, and what fills them. */
struct filling {
	struct e2_emitter *e;
	e2_obj obj;			/* E2_OBJ_NONE: the volume's own lost+found */
	uint64_t bytes;			/* of the object */
	uint64_t pos;			/* of the block that comes next */
	const struct e2_filemap *map;
	struct e2_source_file *file;	/* of a regular file */
	struct e2_dir_fill dir;
};

/*
 * Room for up to want blocks from position pos on: as many as lie together and fit.
 */
static int room_at(struct e2_emitter *e, uint64_t pos, uint64_t want, uint8_t **room,
		   uint64_t *count)
{
	const struct e2_plan *plan = e->plan;
	unsigned bits = plan->content.form.block_bits;
	uint64_t most = (uint64_t)E2_EMIT_WHOLE >> bits;
	e2_blk blk = e2_space_run(&plan->space, pos, want < most ? want : most, &e->hint, count);
	e2_grp group = e2_block_group(&plan->shape.geometry, blk);
	int err;

	while (e->next_group <= group) {
		err = e2_emit_group(e, e->next_group);
		if (err != 0)
			return err;
		e->next_group++;
	}
	return e2_emit_room(e, blk << bits, (size_t)*count << bits, room);
}

/* ---- data ------------------------------------------------------------------------ */

static int fill_file(struct filling *f, uint64_t offset, size_t len, uint8_t *to)
{
	uint64_t left = f->bytes > offset ? f->bytes - offset : 0;
	size_t n = left < len ? (size_t)left : len;

	memset(to + n, 0, len - n);
	return e2_source_read(f->file, offset, n, to);
}

static void fill_symlink(const struct filling *f, size_t len, uint8_t *to)
{
	const struct e2_source *s = f->e->plan->source;

	memset(to, 0, len);
	memcpy(to, e2_source_text(s, e2_source_object(s, f->obj)->text), f->bytes);
}

/* Fills count blocks of the object's data from lblk on. */
static int fill_data(struct filling *f, uint64_t lblk, uint64_t count, uint8_t *to)
{
	unsigned bits = f->e->plan->content.form.block_bits;

	if (f->file != NULL)
		return fill_file(f, lblk << bits, (size_t)count << bits, to);
	if (f->dir.plan == NULL) {
		fill_symlink(f, (size_t)count << bits, to);
		return 0;
	}
	for (uint64_t i = 0; i < count; i++)
		e2_dir_fill_block(&f->dir, to + (i << bits));
	return 0;
}

/* The data in lo .. hi-1 of the file. */
static int emit_data(struct filling *f, uint64_t lo, uint64_t hi)
{
	const struct e2_filemap *m = f->map;

	for (size_t i = e2_filemap_find(m, lo); i < m->count && m->v[i].lo < hi; i++) {
		uint64_t at = m->v[i].lo > lo ? m->v[i].lo : lo;
		uint64_t end = m->v[i].hi < hi ? m->v[i].hi : hi;

		while (at < end) {
			uint64_t count;
			uint8_t *room;
			int err = room_at(f->e, f->pos, end - at, &room, &count);

			if (err == 0)
				err = fill_data(f, at, count, room);
			if (err != 0)
				return err;
			at += count;
			f->pos += count;
		}
	}
	return 0;
}

/* ---- pointer blocks ------------------------------------------------------------------- */

/* Pointers to data in lo .. hi-1, which lies from position pos on. */
static void fill_pointers(struct filling *f, uint64_t lo, uint64_t hi, uint64_t pos, uint8_t *to)
{
	const struct e2_filemap *m = f->map;
	size_t hint = f->e->hint;

	for (size_t i = e2_filemap_find(m, lo); i < m->count && m->v[i].lo < hi; i++) {
		uint64_t at = m->v[i].lo > lo ? m->v[i].lo : lo;
		uint64_t end = m->v[i].hi < hi ? m->v[i].hi : hi;

		while (at < end) {
			uint64_t count;
			e2_blk blk = e2_space_run(&f->e->plan->space, pos, end - at, &hint, &count);

			pos += count;
			for (; count > 0; count--)
				e2_put32(to + 4 * (at++ - lo), (uint32_t)blk++);
		}
	}
}

/* Pointers to pointer blocks of a level below, each with what it reaches, from pos on. */
static void fill_upper(struct filling *f, unsigned level, uint64_t lo, uint64_t pos, uint8_t *to)
{
	const struct e2_filemap *m = f->map;
	const struct e2_space *space = &f->e->plan->space;
	unsigned bits = m->pointer_bits * (level - 1);
	size_t hint = f->e->hint;

	for (uint64_t i = 0; i < UINT64_C(1) << m->pointer_bits; i++) {
		uint64_t blocks, count;

		if (lo + (i << bits) >= m->v[m->count - 1].hi)
			break;
		blocks = e2_filemap_tree(m, level - 1, lo + (i << bits));
		if (blocks > 0)
			e2_put32(to + 4 * i, (uint32_t)e2_space_run(space, pos, 1, &hint, &count));
		pos += blocks;
	}
}

/* A pointer block and all that it reaches; calls itself for the levels below, three at most. */
static int emit_tree(struct filling *f, unsigned level, uint64_t lo)
{
	const struct e2_filemap *m = f->map;
	uint64_t pointers = UINT64_C(1) << m->pointer_bits, count;
	uint64_t span = UINT64_C(1) << m->pointer_bits * (level - 1);
	uint8_t *block;
	int err;

	if (lo >= m->v[m->count - 1].hi || e2_filemap_tree(m, level, lo) == 0)
		return 0;
	err = room_at(f->e, f->pos, 1, &block, &count);
	if (err != 0)
		return err;
	f->pos++;
	memset(block, 0, f->e->plan->content.form.block_size);
	if (level == 1) {
		fill_pointers(f, lo, lo + pointers, f->pos, block);
		return emit_data(f, lo, lo + pointers);
	}
	fill_upper(f, level, lo, f->pos, block);
	for (uint64_t i = 0; i < pointers && err == 0; i++)
		err = emit_tree(f, level - 1, lo + i * span);
	return err;
}

/* ---- objects --------------------------------------------------------------------------- */

static int emit_blocks(struct filling *f)
{
	int err = emit_data(f, 0, E2_DIRECT);

	if (f->map->v[f->map->count - 1].hi <= E2_DIRECT)
		return err;
	for (unsigned level = 1; level <= 3 && err == 0; level++)
		err = emit_tree(f, level, e2_filemap_start(f->map, level));
	return err;
}

/* The attribute block that an object is the first to use. */
static int emit_xattrs(struct e2_emitter *e, e2_obj obj)
{
	const struct e2_content *c = &e->plan->content;
	const struct e2_xattr_item *v;
	uint64_t count;
	uint32_t n;
	uint8_t *block;
	int err;

	if (e->next_xattr >= c->xattr_len || c->xattr_v[e->next_xattr].first != obj)
		return 0;
	err = room_at(e, c->xattr_v[e->next_xattr].pos, 1, &block, &count);
	if (err != 0)
		return err;
	v = e2_source_xattrs(e->plan->source, c->xattr_v[e->next_xattr].set, &n);
	e2_xattr_fill_block(&c->form, v, n, c->xattr_v[e->next_xattr].refs, block);
	e->next_xattr++;
	return 0;
}

static int emit_object(struct e2_emitter *e, e2_obj obj)
{
	struct e2_plan *plan = e->plan;
	uint32_t type = obj == E2_OBJ_NONE ? E2_S_IFDIR
		      : e2_source_object(plan->source, obj)->mode & E2_S_IFMT;
	struct filling f = { .e = e, .obj = obj, .map = &e->map };
	int err, close_err;

	err = obj == E2_OBJ_NONE ? 0 : emit_xattrs(e, obj);
	if (err == 0)
		err = e2_content_map(&plan->content, obj, &e->map, &f.bytes);
	if (err != 0 || e->map.count == 0)
		return err;
	f.pos = obj == E2_OBJ_NONE ? plan->content.lost_found_pos : plan->content.start[obj];
	if (type == E2_S_IFDIR)
		e2_dir_fill_begin(&f.dir, plan, obj);
	if (type == E2_S_IFREG)
		err = e2_source_open(plan->source, obj, &f.file);
	if (err == 0)
		err = emit_blocks(&f);
	close_err = e2_source_close(f.file);
	return err != 0 ? err : close_err;
}

static int emit_resize(struct e2_emitter *e)
{
	uint64_t count;
	uint8_t *block;
	int err;

	if (!e2_plan_has_resize(e->plan))
		return 0;
	err = room_at(e, e->plan->content.resize_pos, 1, &block, &count);
	if (err == 0)
		e2_resize_fill_top(e->plan, block);
	return err;
}

int e2_emit_content(struct e2_emitter *e)
{
	const struct e2_content *c = &e->plan->content;
	uint32_t objects = e2_source_objects(c->source);
	int err = emit_object(e, 0);

	if (err == 0)
		err = emit_object(e, c->lost_found);
	if (err == 0)
		err = emit_resize(e);
	for (e2_obj obj = 1; obj < objects && err == 0; obj++) {
		if (obj != c->lost_found)
			err = emit_object(e, obj);
	}
	return err;
}
