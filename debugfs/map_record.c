/* SPDX-License-Identifier: MIT */
/* The map for programs: a record for every group, or for every run of blocks of the files. */
#include "map.h"
#include "usage.h"

#include <stdlib.h>

/* ---- groups ------------------------------------------------------------------ */

static void record_group(struct map *m, e2_grp group, const uint64_t *places)
{
	struct out *o = &m->sh->out;

	out_record(o, "map");
	out_u64(o, "group", group);
	out_u64(o, "first", e2_group_first_block(m->g, group));
	out_u64(o, "blocks", e2_group_blocks(m->g, group));
	for (enum place i = 0; i < PLACES; i++)
		out_u64(o, place_key(i), places[i]);
	out_record_end(o);
}

int map_record_groups(struct map *m)
{
	uint64_t (*places)[PLACES] = calloc(m->g->groups, sizeof(*places));
	struct usage usage;
	int err = places ? usage_count(m->sh, &usage, places) :
		e2_fail(E2_ERR_NOMEM, "no memory for %u groups", m->g->groups);

	for (e2_grp i = 0; i < m->g->groups && !err && !out_failed(&m->sh->out); i++)
		if (!m->one || i == m->group)
			record_group(m, i, places[i]);
	if (!err && usage.unread)
		err = e2_fail(usage.status, "%llu things could not be read; extant-fsck -n tells "
			      "which", (unsigned long long)usage.unread);
	free(places);
	return err;
}

/* ---- files ------------------------------------------------------------------- */

/* Runs that go on in each other are one: a record of each when the next one is no part of it. */
struct runs {
	struct out *o;
	struct e2_walk_block last;	/* count 0: none yet */
};

static void record_run(struct runs *r, const struct marked *file)
{
	struct out *o = r->o;

	if (r->last.count == 0)
		return;
	out_record(o, "run");
	out_u64(o, "ino", file->arg.ino);
	if (file->arg.path.len)
		out_name(o, "path", file->arg.path.text, file->arg.path.len);
	else
		out_null(o, "path");
	out_string(o, "kind", r->last.index == MAP_XATTR ? "attributes" :
		   r->last.level ? "pointers" : "data");
	out_u64(o, "lblk", r->last.lblk);
	out_u64(o, "blk", r->last.blk);
	out_u64(o, "count", r->last.count);
	out_record_end(o);
	r->last.count = 0;
}

static int take_run(void *context, const struct marked *file, const struct e2_walk_block *b)
{
	struct runs *r = context;

	if (r->last.count && r->last.level == 0 && b->level == 0 && b->index != MAP_XATTR &&
	    b->blk == r->last.blk + r->last.count && b->lblk == r->last.lblk + r->last.count) {
		r->last.count += b->count;
		return 0;
	}
	record_run(r, file);
	r->last = *b;
	return out_failed(r->o) ? e2_fail(E2_ERR_CANCELLED, "nobody listens") : 0;
}

int map_record_files(struct map *m)
{
	int err = 0;

	for (size_t i = 0; i < m->files && !err; i++) {
		struct runs r = { .o = &m->sh->out };

		err = map_walk(m, &m->file[i], take_run, &r);
		if (!err)
			record_run(&r, &m->file[i]);
	}
	return err;
}
