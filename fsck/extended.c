/* SPDX-License-Identifier: MIT */
/* What -E asks for besides the check. */
#include "fsck.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 50 };

/* ---- fragcheck -------------------------------------------------------------------- */

struct scattered {
	e2_ino ino;
	uint64_t pieces;
};

struct list {
	struct scattered *at;
	size_t count, cap;
};

static int list_add(struct list *l, e2_ino ino, uint64_t pieces)
{
	struct scattered *at = e2_grow(l->at, &l->cap, l->count + 1, sizeof(*at));

	if (at == NULL)
		return E2_ERR_NOMEM;
	l->at = at;
	l->at[l->count++] = (struct scattered){ ino, pieces };
	return 0;
}

/* Runs of data that do not follow each other on the volume. */
static int count_pieces(struct e2_blocks *walk, uint64_t *pieces)
{
	struct e2_walk_block b;
	e2_blk next = 0;
	int r;

	*pieces = 0;
	while ((r = e2_blocks_next(walk, &b)) > 0) {
		if (b.level != 0 || b.status != 0)
			continue;
		*pieces += b.blk != next;
		next = b.blk + b.count;
	}
	return r;
}

static int find_scattered(struct e2_fs *fs, struct list *l)
{
	struct e2_blocks *walk = NULL;
	struct e2_scan *scan;
	struct e2_inode in;
	e2_ino ino;
	int r = e2_scan_begin(fs, E2_SCAN_USED_ONLY, &scan);

	if (r != 0)
		return r;
	while ((r = e2_scan_next(scan, &ino, &in, NULL)) > 0) {
		uint64_t pieces;

		if (in.links_count == 0 || !e2_inode_has_blocks(fs, &in))
			continue;
		r = 0;
		if (walk == NULL)
			r = e2_blocks_begin(fs, &in, &walk);
		else
			e2_blocks_restart(walk, &in);
		if (r == 0)
			r = count_pieces(walk, &pieces);
		if (r == 0 && pieces > 1)
			r = list_add(l, ino, pieces);
		if (r != 0)
			break;
	}
	e2_blocks_end(walk);
	e2_scan_end(scan);
	return r;
}

static int worst_first(const void *left, const void *right)
{
	const struct scattered *a = left, *b = right;

	if (a->pieces != b->pieces)
		return a->pieces < b->pieces ? 1 : -1;
	return (a->ino > b->ino) - (a->ino < b->ino);
}

static void print_scattered(const struct scattered *s, struct e2_names *names, bool json)
{
	struct e2_str path = E2_STR_INIT, out = E2_STR_INIT;
	struct e2_json j;
	bool named = e2_names_count(names, s->ino) != 0 &&
		     e2_names_path(names, s->ino, 0, &path) == 0;

	if (json) {
		e2_json_begin(&j, &out);
		e2_json_object(&j, NULL);
		e2_json_string(&j, "format", "extant-fsck/1");
		e2_json_string(&j, "type", "fragmented");
		e2_json_u64(&j, "ino", s->ino);
		if (named)
			e2_json_name(&j, "path", e2_str_text(&path), path.len);
		e2_json_u64(&j, "pieces", s->pieces);
		e2_json_end(&j);
	} else {
		e2_str_add(&out, "  ");
		if (named) {
			e2_str_add_name(&out, e2_str_text(&path), path.len);
			e2_str_add(&out, " ");
		}
		e2_str_addf(&out, "<%" PRIu32 ">   %" PRIu64 " pieces", s->ino, s->pieces);
	}
	puts(e2_str_text(&out));
	e2_str_free(&path);
	e2_str_free(&out);
}

static int print_list(struct e2_fs *fs, const struct list *l, const struct fsck_options *o)
{
	struct e2_names *names;
	int err = e2_names_open(fs, &names);

	if (err != 0)
		return err;
	for (size_t i = 0; i < l->count && (i < SHOWN || o->verbose || o->json); i++)
		print_scattered(&l->at[i], names, o->json);
	if (l->count > SHOWN && !o->verbose && !o->json)
		printf("  and %zu more (-v shows them)\n", l->count - SHOWN);
	e2_names_close(names);
	return 0;
}

int fsck_fragcheck(struct e2_fs *fs, const struct fsck_options *o)
{
	struct list l = { .at = NULL };
	int err = find_scattered(fs, &l);

	if (err == 0 && l.count != 0 && !o->quiet) {
		qsort(l.at, l.count, sizeof(*l.at), worst_first);
		err = print_list(fs, &l, o);
	}
	free(l.at);
	return err;
}

/* ---- discard ------------------------------------------------------------------------- */

/* The end of the run of blocks from blk on that are all used, or all free. */
static int end_of_run(struct e2_fs *fs, e2_blk blk, bool *used, e2_blk *end)
{
	const struct e2_geometry *g = e2_geometry(fs);
	bool now;
	int err = e2_block_used(fs, blk, used);

	for (now = *used; err == 0 && blk < g->blocks && now == *used;) {
		blk++;
		if (blk < g->blocks)
			err = e2_block_used(fs, blk, &now);
	}
	*end = blk;
	return err;
}

int fsck_discard(struct e2_fs *fs, const char *shown, const struct fsck_options *o)
{
	const struct e2_geometry *g = e2_geometry(fs);
	struct e2_str s = E2_STR_INIT;
	uint64_t bytes = 0;
	int err = 0;

	for (e2_blk blk = g->first_data_block, end; err == 0 && blk < g->blocks; blk = end) {
		bool used = true;

		err = end_of_run(fs, blk, &used, &end);
		if (err != 0 || used)
			continue;
		err = e2_io_zero(e2_fs_io(fs), blk * g->block_size, (end - blk) * g->block_size);
		bytes += (end - blk) * g->block_size;
	}
	if (err == 0)
		err = e2_io_sync(e2_fs_io(fs));
	if (err == 0 && !o->quiet && !o->json) {
		e2_str_add_size(&s, bytes);
		printf("%s: %s of free blocks are holes now\n", shown, e2_str_text(&s));
		e2_str_free(&s);
	}
	return err;
}
