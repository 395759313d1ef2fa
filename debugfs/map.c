/* SPDX-License-Identifier: MIT */
/* What a map shows, gathered: the layout, the bitmaps, the blocks of files. */
#include "map.h"

#include "interrupt.h"
#include "usage.h"

#include <inttypes.h>
#include <stdlib.h>

int map_stopped(void)
{
	return interrupt_asked() ? e2_fail(E2_ERR_CANCELLED, "interrupted") : 0;
}

/* ---- objects --------------------------------------------------------------- */

static int take_group(struct map *m, const struct object *o)
{
	if (o->field || o->part)
		return e2_fail(E2_ERR_INVAL, "^%" PRIu32 " is what can be mapped, not a part of it",
			       o->group);
	if (o->group >= m->g->groups)
		return e2_fail(E2_ERR_RANGE, "^%" PRIu32 ": the volume's groups are 0 to %" PRIu32,
			       o->group, m->g->groups - 1);
	if (m->one)
		return e2_fail(E2_ERR_INVAL, "one group at a time: ^%" PRIu32 " or ^%" PRIu32,
			       m->group, o->group);
	m->one = true;
	m->group = o->group;
	return 0;
}

static int take_file(struct map *m, const struct arg *a, bool follow)
{
	struct marked *file = &m->file[m->files];

	if (a->object.field || a->object.has_lblk || a->object.has_byte)
		return e2_fail(E2_ERR_INVAL, "%s: a whole file is needed", a->text);
	file->arg = *a;
	file->arg.path = (struct e2_str)E2_STR_INIT;
	m->files++;
	return shell_lookup(m->sh, &a->object, follow, &file->arg.ino, &file->arg.path);
}

int map_objects(struct shell *sh, const struct args *args, struct map *m)
{
	int err = 0;

	*m = (struct map){ .sh = sh, .g = e2_geometry(sh->fs) };
	m->file = calloc(args->count + 1, sizeof(*m->file));
	if (!m->file)
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu files", args->count);
	for (size_t i = 0; i < args->count && !err; i++) {
		const struct arg *a = &args->arg[i];

		if (a->object.kind == OBJECT_GROUP)
			err = take_group(m, &a->object);
		else if (a->object.kind == OBJECT_PATH || a->object.kind == OBJECT_INODE)
			err = take_file(m, a, args_has(args, "-L"));
		else
			err = e2_fail(E2_ERR_INVAL, "a group or a file is needed");
	}
	if (err)
		map_free(m);
	return err;
}

void map_free(struct map *m)
{
	for (size_t i = 0; i < m->files; i++)
		e2_str_free(&m->file[i].arg.path);
	free(m->file);
	m->file = NULL;
	m->files = 0;
}

uint64_t map_first(const struct map *m)
{
	return m->one ? e2_group_first_block(m->g, m->group) : m->g->first_data_block;
}

uint64_t map_blocks(const struct map *m)
{
	return m->one ? e2_group_blocks(m->g, m->group) : m->g->blocks - m->g->first_data_block;
}

/* ---- the blocks of a file ---------------------------------------------------- */

struct walk {
	struct map *m;
	struct marked *file;
	struct e2_bitset *seen, *groups;
	marked_fn *run;
	void *context;
};

/* Blocks that were not met before; a sound file has no others. */
static int fresh(struct walk *w, const struct e2_walk_block *b)
{
	const struct e2_geometry *g = w->m->g;
	e2_blk at = b->blk, end = b->blk + b->count;
	struct e2_walk_block part = *b;
	int err = 0;

	while (!err && (part.count = e2_bitset_gap(w->seen, at, end, &part.blk)) > 0) {
		e2_grp last = e2_block_group(g, part.blk + part.count - 1);

		at = part.blk + part.count;
		part.lblk = b->lblk + (part.blk - b->blk);
		e2_bitset_set_run(w->seen, part.blk, part.count);
		w->file->blocks += part.count;
		for (e2_grp i = e2_block_group(g, part.blk); i <= last; i++)
			w->file->groups += !e2_bitset_test_and_set(w->groups, i);
		err = w->run(w->context, w->file, &part);
	}
	return err;
}

static int walk_pointers(struct walk *w, const struct e2_inode *in)
{
	struct e2_walk_block b;
	struct e2_blocks *blocks;
	int r = e2_blocks_begin(w->m->sh->fs, in, &blocks);

	if (r)
		return r;
	while ((r = e2_blocks_next(blocks, &b)) > 0) {
		if (b.status) {
			w->file->bad++;
			w->file->status = w->file->status ? w->file->status : b.status;
			if (!e2_block_valid(w->m->g, b.blk))
				continue;
		}
		r = map_stopped();
		if (!r)
			r = fresh(w, &b);
		if (r)
			break;
	}
	e2_blocks_end(blocks);
	return r;
}

int map_walk(struct map *m, struct marked *file, marked_fn *run, void *context)
{
	struct walk w = { .m = m, .file = file, .run = run, .context = context };
	struct e2_inode in;
	int err = e2_inode_get(m->sh->fs, file->arg.ino, &in);

	file->blocks = file->groups = file->bad = 0;
	file->status = 0;
	if (!err)
		err = e2_bitset_new(m->g->blocks, &w.seen);
	if (!err)
		err = e2_bitset_new(m->g->groups, &w.groups);
	if (!err)
		err = walk_pointers(&w, &in);
	if (!err && in.file_acl && e2_block_valid(m->g, in.file_acl))
		err = fresh(&w, &(struct e2_walk_block){ .blk = in.file_acl, .count = 1,
								.index = MAP_XATTR });
	e2_bitset_free(w.seen);
	e2_bitset_free(w.groups);
	return err;
}

static int mark(void *context, const struct marked *file, const struct e2_walk_block *b)
{
	(void)file;
	grid_mark(context, b->blk, b->count);
	return 0;
}

int map_mark(struct map *m, struct grid *grid)
{
	int err = 0;

	for (size_t i = 0; i < m->files && !err; i++)
		err = map_walk(m, &m->file[i], mark, grid);
	return err;
}

/* ---- the volume -------------------------------------------------------------- */

static enum cell_kind kind_of(const struct e2_stretch *s)
{
	switch (s->role) {
	case E2_ROLE_SUPER:
	case E2_ROLE_DESC:
		return CELL_SUPER;
	case E2_ROLE_RESERVED_DESC:
		return CELL_GROWTH;
	case E2_ROLE_BLOCK_BITMAP:
	case E2_ROLE_INODE_BITMAP:
	case E2_ROLE_INODE_TABLE:
		return CELL_TABLES;
	default:
		return !s->known ? CELL_UNKNOWN : s->used ? CELL_USED : CELL_FREE;
	}
}

int map_fill(struct map *m, struct grid *grid)
{
	struct e2_stretch s;
	struct e2_space *space;
	int r = e2_space_begin(m->sh->fs, m->one ? m->group : 0, m->one ? 1 : m->g->groups,
			       &space);

	if (r)
		return r;
	while ((r = e2_space_next(space, &s)) > 0) {
		grid_add(grid, s.blk, s.count, kind_of(&s), s.used);
		r = map_stopped();
		if (r)
			break;
	}
	m->unread = e2_space_unread(space, &m->status);
	e2_space_end(space);
	return r;
}

struct uses { struct map *m; struct grid *grid; };

static int take_use(void *context, enum e2_use use, const struct e2_range *run,
		    const struct e2_claim *claim)
{
	static const enum cell_kind kinds[PLACES] = {
		[PLACE_DATA] = CELL_DATA, [PLACE_FREE] = CELL_FREE, [PLACE_TABLES] = CELL_TABLES,
		[PLACE_GROWTH] = CELL_GROWTH, [PLACE_DIRS] = CELL_DIRS,
		[PLACE_POINTERS] = CELL_POINTERS, [PLACE_ATTRIBUTES] = CELL_ATTRIBUTES,
		[PLACE_JOURNAL] = CELL_OTHER, [PLACE_BAD] = CELL_OTHER, [PLACE_LOST] = CELL_LOST,
		[PLACE_REST] = CELL_SUPER,
	};
	bool bitmap = use == E2_USE_BLOCK_BITMAP || use == E2_USE_INODE_BITMAP;
	const struct uses *u = context;

	grid_add(u->grid, run->blk, run->count, bitmap ? CELL_TABLES :
		 kinds[place_of_use(use, claim)], use != E2_USE_FREE);
	return 0;
}

int map_fill_uses(struct map *m, struct grid *grid)
{
	struct uses u = { m, grid };
	struct e2_uses uses = {
		.fs = m->sh->fs, .run = take_use, .stop = interrupt_asked, .context = &u,
	};
	int err = e2_uses_visit(&uses);

	m->unread = (uint32_t)(uses.unread < UINT32_MAX ? uses.unread : UINT32_MAX);
	m->status = uses.status;
	return err;
}
