/* SPDX-License-Identifier: MIT */
/*
 * Everything is found out first: which names there are, which files are the same, which inode
 * takes the names of which.  Then names are led to other inodes, directory by directory.
 */
#include "tree/dedupe.h"

#include "base/alike.h"
#include "tree/dedupe_priv.h"
#include "tree/ops.h"

#include <stdlib.h>
#include <string.h>

enum {
	ROOM_BYTES = 512 << 10,
	READS = 4,		/* times over that a volume's blocks may be read */
};

enum state { GOES, STAYS, UNREADABLE };

struct file {
	e2_ino ino;
	e2_ino into;		/* the inode that takes its names; 0: it stays */
	uint32_t names;
	uint32_t label;		/* bytes of its label, which count as content in front */
	uint64_t size;
	uint64_t start, end;	/* data of the file that was asked for last */
	uint16_t links;
	uint8_t state;
};

struct dedupe {
	struct e2_txn *txn;
	struct e2_fs *fs;
	const struct e2_dedupe_how *how;
	struct e2_below below;
	struct file *files;		/* those that are compared */
	size_t count;
	uint32_t *items;		/* of one size */
	uint64_t bytes_left;		/* that may still be read */
	struct e2_str label;		/* of the file compared last */
	e2_ino labelled;
	struct e2_str kept;		/* of a file that takes the names of others */
	struct e2_bitset *claimed;	/* blocks of files that have their like */
	struct e2_dedupe_counts counts;
};

/* ---- what is compared --------------------------------------------------------------------- */

static bool is_regular(const struct e2_inode *in)
{
	return e2_is_reg(in);
}

static int leave(struct dedupe *d, e2_ino ino, enum e2_dedupe_why why)
{
	return e2_dedupe_leave(d->how, &d->counts, ino, why);
}

/* Counts an inode that is not looked at.  0: it is; 1: it is not. */
static int sort_out(struct dedupe *d, const struct e2_below_inode *in)
{
	int r = 1;

	if (in->flags & (uint32_t)(E2_FL_IMMUTABLE | E2_FL_APPEND)) {
		r = leave(d, in->ino, E2_DEDUPE_FIXED);
	} else if (in->size < d->how->min) {
		d->counts.small++;
	} else if (in->ino < e2_geometry(d->fs)->first_ino || in->names > in->links ||
		   in->size > INT64_MAX) {
		r = leave(d, in->ino, E2_DEDUPE_DAMAGED);
	} else {
		return 0;
	}
	return r < 0 ? r : 1;
}

static int add_file(struct dedupe *d, const struct e2_below_inode *in)
{
	struct file *f = &d->files[d->count];
	int left = sort_out(d, in);

	*f = (struct file){ .ino = in->ino, .names = in->names, .size = in->size,
			    .links = in->links };
	f->state = in->links > in->names || in->fixed ? STAYS : GOES;
	if (!left && d->how->strict) {
		left = e2_dedupe_label(d->fs, in->ino, &d->label);
		f->label = (uint32_t)d->label.len;
		if (e2_dedupe_is_damage(left)) {
			e2_err_clear();
			left = leave(d, in->ino, E2_DEDUPE_DAMAGED);
			left = left ? left : 1;
		}
	}
	d->count += !left;
	return left < 0 ? left : 0;
}

static int compare_files(const void *pa, const void *pb)
{
	const struct file *a = pa, *b = pb;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	if (a->label != b->label)
		return a->label < b->label ? -1 : 1;
	return a->ino < b->ino ? -1 : a->ino > b->ino;
}

/* ---- content ------------------------------------------------------------------------------ */

/* A file that cannot be read is like no other. */
static int give_up(struct dedupe *d, struct file *f, int err)
{
	if (!e2_dedupe_is_damage(err))
		return err;
	e2_err_clear();
	err = f->state == UNREADABLE ? 0 : leave(d, f->ino, E2_DEDUPE_DAMAGED);
	f->state = UNREADABLE;
	return err ? err : E2_ALIKE_UNLIKE;
}

static int find_data(struct dedupe *d, struct file *f, uint64_t at)
{
	struct e2_inode in;
	int r = e2_inode_get(d->fs, f->ino, &in);

	if (!r)
		r = e2_data_next(d->fs, &in, at, &f->start, &f->end);
	if (r == 0)
		f->start = f->end = f->size;
	return r < 0 ? give_up(d, f, r) : 0;
}

static int next_data(void *context, uint32_t item, uint64_t at, uint64_t *start)
{
	struct dedupe *d = context;
	struct file *f = &d->files[item];
	int r = 0;

	*start = at;
	if (at < f->label)
		return 0;
	at -= f->label;
	if (at >= f->end)
		r = find_data(d, f, at);
	if (f->start > at)
		*start = f->label + f->start;
	return r;
}

/* Data is counted: in a damaged volume many files may claim the same blocks. */
static int read_file(struct dedupe *d, struct file *f, uint64_t at, size_t len, uint8_t *to)
{
	uint64_t end = at + len, start, stop;
	struct e2_inode in;
	size_t got;
	int r = e2_inode_get(d->fs, f->ino, &in);

	while (!r && at < end) {
		r = e2_data_next(d->fs, &in, at, &start, &stop);
		if (r < 0)
			return r;
		if (r == 0 || start > end)
			start = stop = end;
		stop = stop < end ? stop : end;
		memset(to, 0, (size_t)(start - at));
		to += start - at;
		if (stop - start > d->bytes_left)
			return e2_fail(E2_ERR_CORRUPT, "inode %u: there is more in the files than "
				       "the volume has blocks; some are of several", f->ino);
		d->bytes_left -= stop - start;
		r = stop == start ? 0 :
			e2_read(d->fs, &in, start, (size_t)(stop - start), to, &got);
		to += stop - start;
		at = stop;
	}
	return r;
}

static int read_label(struct dedupe *d, struct file *f, uint64_t at, size_t len, uint8_t *to)
{
	int r = 0;

	if (d->labelled != f->ino)
		r = e2_dedupe_label(d->fs, f->ino, &d->label);
	d->labelled = r ? 0 : f->ino;
	if (!r)
		memcpy(to, d->label.text + at, len);
	return r;
}

static int read_content(void *context, uint32_t item, uint64_t at, size_t len, void *buf)
{
	struct dedupe *d = context;
	struct file *f = &d->files[item];
	uint8_t *to = buf;
	int r = 0;

	if (at < f->label) {
		size_t n = f->label - at < len ? (size_t)(f->label - at) : len;

		r = read_label(d, f, at, n, to);
		to += n;
		at += n;
		len -= n;
	}
	if (!r && len > 0)
		r = read_file(d, f, at - f->label, len, to);
	return r ? give_up(d, f, r) : 0;
}

static int is_stopped(void *context)
{
	return e2_fs_stopped(((const struct dedupe *)context)->fs);
}

/* ---- who takes whose names -------------------------------------------------------------- */

/* Of a damaged file nobody knows what is lost with it: all is. */
static int get_label(struct dedupe *d, e2_ino ino, struct e2_str *label)
{
	int r = e2_dedupe_label(d->fs, ino, label);

	if (!e2_dedupe_is_damage(r))
		return r;
	e2_err_clear();
	e2_str_truncate(label, 0);
	return 0;
}

/* Counts what the names say now that was said otherwise before; those of one inode follow each
 * other. */
static int count_lost(struct dedupe *d, const struct e2_same *v, size_t count)
{
	uint32_t kept = UINT32_MAX;
	int r = 0;

	d->labelled = 0;
	for (size_t i = 0; i < count && !r; i++) {
		if (v[i].into == v[i].item)
			continue;
		if (v[i].into != kept)
			r = get_label(d, d->files[v[i].into].ino, &d->kept);
		kept = v[i].into;
		if (!r)
			r = get_label(d, d->files[v[i].item].ino, &d->label);
		if (!r)
			e2_dedupe_lose(&d->counts.lost, &d->label, &d->kept, v[i].names);
	}
	return r;
}

static int choose(struct dedupe *d, struct e2_same *v, size_t count)
{
	size_t must = 0, stay;

	for (size_t i = 0; i < count; i++)
		must += v[i].stays;
	stay = e2_same_choose(v, count, d->how->max_links);
	for (size_t i = 0; i < count; i++)
		if (v[i].into != v[i].item)
			d->files[v[i].item].into = d->files[v[i].into].ino;
	d->counts.elsewhere += must > 1 ? must - 1 : 0;
	d->counts.full += stay - (must > 0 ? must : 1);
	return d->how->strict ? 0 : count_lost(d, v, count);
}

/*
 * Marks what a file has: a block of two files would be lost to the one that stays when the other
 * is given back.  *blocks: how many these are.  1: the file is damaged.
 */
static int claim(struct dedupe *d, struct file *f, uint64_t *blocks)
{
	struct e2_walk_block b;
	struct e2_blocks *walk;
	struct e2_inode in;
	int r = e2_inode_get(d->fs, f->ino, &in);

	if (!r)
		r = e2_blocks_begin(d->fs, &in, &walk);
	if (r)
		return r;
	*blocks = 0;
	while ((r = e2_blocks_next(walk, &b)) > 0) {
		*blocks += b.count;
		r = b.status ? give_up(d, f, b.status) : 0;
		if (!r && e2_bitset_set_run(d->claimed, b.blk, b.count) != 0)
			r = e2_fail(E2_ERR_CORRUPT, "inode %u: has a block that another file has "
				    "too, of %u from %u on", f->ino, (unsigned)b.count,
				    (unsigned)b.blk);
		if (r)
			break;
	}
	e2_blocks_end(walk);
	return r;
}

static int take_alike(void *context, const uint32_t *items, size_t count)
{
	struct dedupe *d = context;
	struct e2_same *v = calloc(count, sizeof(*v));
	size_t n = 0;
	int r = 0;

	if (!v)
		return e2_fail(E2_ERR_NOMEM, "comparing files: out of memory");
	for (size_t i = 0; i < count && !r; i++) {
		struct file *f = &d->files[items[i]];

		v[n] = (struct e2_same){ .item = items[i], .names = f->names, .links = f->links,
					 .stays = f->state == STAYS };
		if (f->state != UNREADABLE)	/* else what was read of it may not be all */
			r = claim(d, f, &v[n].data);
		n += !r && f->state != UNREADABLE;
		r = r < 0 ? r : 0;
	}
	if (!r && n > 1)
		r = choose(d, v, n);
	free(v);
	return r;
}

/* All files of one size, one size after the other. */
static int compare_all(struct dedupe *d, struct e2_alike *alike)
{
	size_t next;
	int r = 0;

	for (size_t i = 0; i < d->count && !r; i = next) {
		const struct file *f = &d->files[i];

		for (next = i; next < d->count && d->files[next].size == f->size &&
		     d->files[next].label == f->label; next++)
			d->items[next - i] = (uint32_t)next;
		if (next - i > 1)
			r = e2_alike_find(alike, d->items, next - i, f->label + f->size);
	}
	return r;
}

static int find_alike(struct dedupe *d)
{
	const struct e2_alike_how how = {
		.data = next_data, .read = read_content, .found = take_alike, .poll = is_stopped,
		.context = d, .room = ROOM_BYTES,
	};
	const struct e2_geometry *g = e2_geometry(d->fs);
	struct e2_alike *alike;
	int r;

	d->files = calloc(d->below.inode_count + 1, sizeof(*d->files));
	if (!d->files)
		return e2_fail(E2_ERR_NOMEM, "comparing files: out of memory");
	for (size_t i = 0; i < d->below.inode_count; i++) {
		r = add_file(d, &d->below.inodes[i]);
		if (r)
			return r;
	}
	qsort(d->files, d->count, sizeof(*d->files), compare_files);
	d->items = malloc((d->count + 1) * sizeof(*d->items));
	d->bytes_left = READS * g->blocks * g->block_size;
	r = d->items ? e2_bitset_new(g->blocks, &d->claimed) :
	    e2_fail(E2_ERR_NOMEM, "comparing files: out of memory");
	if (!r)
		r = e2_alike_new(&how, &alike);
	if (r)
		return r;
	r = compare_all(d, alike);
	e2_alike_free(alike);
	return r;
}

/* ---- names that change -------------------------------------------------------------------- */

static int compare_inos(const void *pa, const void *pb)
{
	const struct file *a = pa, *b = pb;

	return a->ino < b->ino ? -1 : a->ino > b->ino;
}

/* Lets a name lead from f to what takes its names. */
static int lead(struct dedupe *d, struct e2_op_dir *dir, const struct e2_dedupe_name *change)
{
	struct e2_op_name n;
	struct e2_inode to;
	int r = e2_op_name(d->txn, dir, change->name, change->len, &n);

	if (!r && n.slot.ino != change->was)
		r = e2_fail(E2_ERR_CORRUPT, "directory %u: has one name twice", dir->ino);
	if (!r)
		r = e2_op_may_remove(dir, &n, false);
	if (!r)
		r = e2_dir_retarget(d->txn, dir->ino, &dir->in, &n.slot, change->now, E2_FT_REG);
	if (!r)
		r = e2_inode_get(d->fs, change->now, &to);
	if (r)
		return r;
	to.links_count++;
	e2_inode_touch(d->txn, &to, false);
	r = e2_inode_put(d->txn, change->now, &to);
	if (!r)
		r = e2_op_unlinked(d->txn, change->was, &n.in, NULL);
	d->counts.changed++;
	return r || !d->how->told ? r : d->how->told(d->how->context, change);
}

static int lead_dir(struct dedupe *d, const struct e2_below_dir *list)
{
	struct e2_op_dir dir = { 0 };
	int r = 0;

	for (size_t i = 0; i < list->count && !r; i++) {
		const struct e2_below_name *name = &list->names[i];
		const struct file key = { .ino = name->ino };
		const struct file *f = bsearch(&key, d->files, d->count, sizeof(*d->files),
					       compare_inos);
		struct e2_dedupe_name change = {
			.dir = list->dir, .name = list->text.text + name->at, .len = name->len,
			.was = name->ino,
		};

		if (!f || !f->into)
			continue;
		change.now = f->into;
		r = e2_fs_stopped(d->fs);
		if (!r && dir.ino == 0)
			r = e2_op_dir(d->txn, list->dir, &dir);
		if (!r)
			r = lead(d, &dir, &change);
	}
	return r || dir.ino == 0 ? r : e2_op_put_dir(d->txn, &dir);
}

static int lead_all(struct dedupe *d)
{
	struct e2_below_dir list = { 0 };
	size_t cursor = 0;
	int r;

	qsort(d->files, d->count, sizeof(*d->files), compare_inos);
	while ((r = e2_below_next(&d->below, &cursor, &list)) > 0) {
		r = lead_dir(d, &list);
		if (r)
			break;
	}
	e2_below_dir_end(&list);
	return r;
}

static int lead_counted(struct dedupe *d)
{
	uint64_t blocks, inodes, blocks_after, inodes_after;
	int r = e2_free_counts(d->fs, &blocks, &inodes);

	if (!r)
		r = lead_all(d);
	if (!r)
		r = e2_free_counts(d->fs, &blocks_after, &inodes_after);
	if (r)
		return r;
	d->counts.blocks = (int64_t)(blocks_after - blocks);
	d->counts.inodes = d->counts.was - (inodes_after - inodes);
	return 0;
}

int e2_dedupe(struct e2_txn *txn, const struct e2_start *starts, size_t count,
	      const struct e2_dedupe_how *how, struct e2_dedupe_counts *counts)
{
	struct dedupe d = { .txn = txn, .fs = e2_txn_fs(txn), .how = how };
	unsigned mark;
	int r = e2_below_make(d.fs, starts, count, is_regular, &d.below);

	d.counts.names = d.below.names;
	d.counts.was = d.below.inode_count;
	if (!r)
		r = find_alike(&d);
	free(d.items);
	e2_bitset_free(d.claimed);
	e2_str_free(&d.label);
	e2_str_free(&d.kept);
	if (!r)
		r = e2_txn_mark(txn, &mark);
	if (!r)
		r = e2_txn_end(txn, mark, lead_counted(&d));
	if (!r)
		*counts = d.counts;
	free(d.files);
	e2_below_end(&d.below);
	return r;
}
