/* SPDX-License-Identifier: MIT */
/*
 * Directories read in linear order, and names looked up in them.
 *
 * Work is bounded by the volume whatever the inode claims: holes are passed in one
 * step, a block is read once though several pointers name it, and at most
 * as many blocks are looked at as the volume has.
 */
#include "tree/dir.h"

#include "base/checked.h"
#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct e2_dir {
	struct e2_fs *fs;
	e2_ino ino;
	struct e2_inode in;
	e2_lblk blocks;			/* by its size */
	e2_lblk next;			/* block to look at after this one */
	uint64_t steps;			/* blocks that may still be looked at */
	const struct e2_buf *buf;	/* of block `lblk`; NULL between blocks and when paused */
	e2_lblk lblk;
	e2_blk blk;
	uint32_t offset;		/* of the next entry in the block */
	bool paused;
	struct e2_run run;		/* the last mapping; count 0: none */
	struct e2_map *seen;		/* blocks of a directory with pointer blocks */
};

/* Fewer blocks than the first are read sooner than a worker is awake. */
enum { HINT_BLOCKS_MIN = 8, HINT_BLOCKS_MAX = 256 };

e2_lblk e2_dir_blocks(const struct e2_fs *fs, const struct e2_inode *in)
{
	return e2_div_up(e2_inode_size(in), e2_geometry(fs)->block_size);
}

int e2_dir_begin_inode(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in, uint64_t steps,
		       struct e2_dir **dir)
{
	struct e2_dir *d;
	int r;

	if (!e2_is_dir(in))
		return e2_fail(E2_ERR_NOTDIR, "inode %u: is not a directory", ino);
	d = calloc(1, sizeof(*d));
	if (!d)
		return e2_fail(E2_ERR_NOMEM, "directory %u: out of memory", ino);
	d->fs = fs;
	d->ino = ino;
	d->in = *in;
	d->blocks = e2_dir_blocks(fs, in);
	d->steps = steps;
	if (d->blocks > E2_DIRECT) {
		r = e2_map_new(&d->seen);
		if (r) {
			free(d);
			return r;
		}
	}
	*dir = d;
	return 0;
}

int e2_dir_begin(struct e2_fs *fs, e2_ino ino, struct e2_dir **dir)
{
	struct e2_inode in;
	int r = e2_inode_get(fs, ino, &in);

	return r ? r : e2_dir_begin_inode(fs, ino, &in, e2_geometry(fs)->blocks, dir);
}

void e2_dir_end(struct e2_dir *dir)
{
	if (!dir)
		return;
	e2_buf_put(dir->fs, dir->buf);
	e2_map_free(dir->seen);
	free(dir);
}

uint64_t e2_dir_steps(const struct e2_dir *dir)
{
	return dir->steps;
}

void e2_dir_limit(struct e2_dir *dir, uint64_t steps)
{
	if (dir->steps > steps)
		dir->steps = steps;
}

void e2_dir_pause(struct e2_dir *dir)
{
	dir->paused = dir->buf != NULL;
	e2_buf_put(dir->fs, dir->buf);
	dir->buf = NULL;
}

/* Lets the rest of the run be read ahead, as far as the directory goes. */
static void hint_run(const struct e2_dir *dir)
{
	uint64_t skip = dir->next - dir->run.lblk;
	struct e2_range range = { dir->run.blk + skip, dir->run.count - skip };

	if (range.count > dir->blocks - dir->next)
		range.count = dir->blocks - dir->next;
	if (range.count > HINT_BLOCKS_MAX)
		range.count = HINT_BLOCKS_MAX;
	if (dir->run.blk && range.count >= HINT_BLOCKS_MIN)
		e2_cache_hint(e2_fs_cache(dir->fs), &range, 1);
}

/* Maps block `next`. */
static int map_next(struct e2_dir *dir)
{
	int r;

	if (dir->next >= dir->run.lblk && dir->next - dir->run.lblk < dir->run.count)
		return 0;
	dir->run.count = 0;
	r = e2_map(dir->fs, &dir->in, dir->next, &dir->run);
	if (r == 0)
		hint_run(dir);
	return r;
}

/* Whether block `next` can be read, and where it is; else it is passed over. */
static int locate_next(struct e2_dir *dir, e2_blk *blk)
{
	uint64_t lblk;
	int r = map_next(dir);

	if (r) {
		dir->next++;
		return r;
	}
	if (dir->run.blk == 0) {
		lblk = dir->next;
		dir->next = dir->run.lblk + dir->run.count;
		return e2_fail(E2_ERR_CORRUPT, "directory %u: block %llu is a hole", dir->ino,
			       (unsigned long long)lblk);
	}
	*blk = dir->run.blk + (dir->next - dir->run.lblk);
	if (dir->seen && e2_map_get(dir->seen, *blk, &lblk)) {
		r = e2_fail(E2_ERR_CORRUPT,
			    "directory %u: blocks %llu and %llu are both block %llu", dir->ino,
			    (unsigned long long)lblk, (unsigned long long)dir->next,
			    (unsigned long long)*blk);
		dir->next++;
		return r;
	}
	return 0;
}

/*
 * Goes on to the next block that can be read.  Blocks that lie together and
 * cannot are reported once, before the readable one after them is entered.
 */
static int enter_block(struct e2_dir *dir)
{
	int damage = 0, r;
	e2_blk blk = 0;

	while (dir->next < dir->blocks) {
		if (dir->steps == 0) {
			dir->next = dir->blocks;
			return e2_fail(E2_ERR_CORRUPT,
				       "directory %u: claims more blocks than there are", dir->ino);
		}
		dir->steps--;
		r = locate_next(dir, &blk);
		if (r == 0 && damage)
			return damage;
		if (r == 0 && dir->seen)
			r = e2_map_set(dir->seen, blk, dir->next);
		if (r == E2_ERR_NOMEM)
			return r;
		if (r) {
			damage = r;
			continue;
		}
		dir->lblk = dir->next++;
		r = e2_buf_get(dir->fs, blk, &dir->buf);
		if (r)
			return r;
		dir->blk = blk;
		dir->offset = 0;
		return 1;
	}
	return damage;
}

static int resume(struct e2_dir *dir)
{
	dir->paused = false;
	return e2_buf_get(dir->fs, dir->blk, &dir->buf);
}

int e2_dir_next_record(struct e2_dir *dir, struct e2_entry *e)
{
	char text[200];
	int r;

	for (;;) {
		if (dir->paused) {
			r = resume(dir);
			if (r)
				return r;
		}
		if (!dir->buf) {
			r = enter_block(dir);
			if (r <= 0)
				return r;
		}
		r = e2_entry_at(e2_geometry(dir->fs), dir->buf->data, dir->offset, e);
		if (r > 0) {
			dir->offset += e->rec_len;
			e->lblk = dir->lblk;
			return 1;
		}
		e2_buf_put(dir->fs, dir->buf);
		dir->buf = NULL;
		if (r < 0) {
			snprintf(text, sizeof(text), "%s", e2_err_detail());
			return e2_fail(r, "directory %u, block %llu: %s", dir->ino,
				       (unsigned long long)dir->lblk, text);
		}
	}
}

int e2_dir_next(struct e2_dir *dir, struct e2_entry *e)
{
	int r;

	do {
		r = e2_dir_next_record(dir, e);
	} while (r > 0 && e->ino == 0);
	return r;
}
