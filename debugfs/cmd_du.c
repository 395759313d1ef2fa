/* SPDX-License-Identifier: MIT */
/* du: what trees hold, in the blocks and bytes that their inodes say. */
#include "tour.h"

#include <inttypes.h>
#include <stdlib.h>

struct sum { uint64_t disk, size; };	/* bytes */

struct du {
	struct shell *sh;
	bool apparent, human, bytes, all, names;	/* names: each counts */
	uint64_t depth;			/* deeper ones are not shown */
	struct e2_bitset *seen;		/* inodes of several names, directories */
	struct sum total;
	struct sum *open;		/* of the directories that are not yet done */
	size_t cap;
};

static void show(struct du *du, const char *path, size_t len, e2_ino ino, struct sum sum)
{
	uint64_t n = du->apparent ? sum.size : sum.disk;
	struct out *o = &du->sh->out;
	char text[HUMAN_SIZE];

	if (o->mode != OUT_TEXT) {
		out_record(o, "du");
		out_name(o, "path", path, len);
		out_u64(o, "ino", ino);
		out_u64(o, "disk_bytes", sum.disk);
		out_u64(o, "apparent_bytes", sum.size);
		out_record_end(o);
		return;
	}
	if (du->human)
		out_add(o, "%s", human_size(n, text));
	else
		out_add(o, "%" PRIu64, du->bytes ? n : n / 1024 + (n % 1024 != 0));
	out_add(o, "\t");
	out_add_name(o, path, len);
	out_line(o);
}

static bool grow(struct du *du, size_t depth)
{
	size_t cap = du->cap ? du->cap * 2 : 64;
	struct sum *open;

	if (depth < du->cap)
		return true;
	cap = cap > depth ? cap : depth + 1;
	open = realloc(du->open, cap * sizeof(*open));
	if (!open)
		return false;
	du->open = open;
	du->cap = cap;
	return true;
}

/* Adds to the directory above, or at the start of the tour to the total. */
static void add(struct du *du, unsigned depth, struct sum sum)
{
	struct sum *to = depth ? &du->open[depth - 1] : &du->total;

	to->disk += sum.disk;
	to->size += sum.size;
}

static int take(struct du *du, struct tour *t, const struct e2_walk_entry *e)
{
	struct sum own = { (uint64_t)e->inode.blocks * 512, e2_inode_size(&e->inode) };
	bool dir = e2_is_dir(&e->inode);

	if (e->after) {
		if (e->depth <= du->depth)
			show(du, t->path.text, t->path.len, e->ino, du->open[e->depth]);
		add(du, e->depth, du->open[e->depth]);
		return 0;
	}
	if (!grow(du, e->depth))
		return e2_fail(E2_ERR_NOMEM, "no memory for directories %u deep", e->depth);
	if (e->again)
		return 0;
	if ((dir || (e->inode.links_count > 1 && !du->names)) &&
	    e2_bitset_test_and_set(du->seen, e->ino)) {
		tour_skip(t);
		return 0;
	}
	if (dir) {
		du->open[e->depth] = own;
		return 0;
	}
	if ((du->all || e->depth == 0) && e->depth <= du->depth)
		show(du, t->path.text, t->path.len, e->ino, own);
	add(du, e->depth, own);
	return 0;
}

static int du_one(struct du *du, const struct arg *a)
{
	struct e2_walk_entry e;
	struct tour t;
	int r = tour_begin(du->sh, a, &t);

	while (!r && (r = tour_next(&t, &e)) > 0)
		r = take(du, &t, &e);
	return tour_end(&t, r);
}

int cmd_du(struct shell *sh, const struct args *args)
{
	const struct arg *depth = args_value(args, "-d");
	struct du du = {
		.sh = sh, .human = args_has(args, "-h"), .bytes = args_has(args, "-b"),
		.apparent = args_has(args, "-b") || args_has(args, "--apparent-size"),
		.all = args_has(args, "-a"), .names = args_has(args, "-l"), .depth = UINT64_MAX,
	};
	int err = e2_bitset_new((uint64_t)e2_geometry(sh->fs)->inodes + 1, &du.seen);

	if (depth)
		du.depth = depth->number;
	if (args_has(args, "-s"))
		du.depth = 0;
	if (!err && args->count == 0)
		err = du_one(&du, NULL);
	for (size_t i = 0; i < args->count && !err; i++)
		err = du_one(&du, &args->arg[i]);
	if (!err && args_has(args, "-c"))
		show(&du, "total", 5, 0, du.total);
	e2_bitset_free(du.seen);
	free(du.open);
	return err;
}
