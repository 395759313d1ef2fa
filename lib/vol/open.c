/* SPDX-License-Identifier: MIT */
/*
 * Opens a volume: reads a superblock, refuses what it cannot read, proves the
 * geometry, and starts the cache.
 */
#include "vol/fs.h"

#include "base/checked.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	CACHE_BYTES = 32 << 20,
	CACHE_LEAST = 1 << 20,
	CACHE_SHARE = 64,	/* of an image that is only read: a 64th more than the least */
	THREADS_AUTO = 2,
};

int e2_super_read(struct e2_io *io, e2_blk blk, uint32_t block_size, struct e2_super *super)
{
	uint8_t raw[E2_SUPER_BYTES];
	uint64_t offset = E2_SUPER_OFFSET;

	if (blk != 0) {
		if (blk > io->size / block_size)
			return e2_fail(E2_ERR_NOT_EXT2, "no superblock at block %" PRIu64
				       ": the image holds %" PRIu64 " blocks of %" PRIu32 " bytes",
				       blk, io->size / block_size, block_size);
		offset = blk * block_size;
	}
	if (io->size < E2_SUPER_BYTES || offset > io->size - E2_SUPER_BYTES)
		return e2_fail(E2_ERR_NOT_EXT2, "no superblock at byte %" PRIu64
			       ": the image has %" PRIu64 " bytes", offset, io->size);
	int err = e2_io_read(io, offset, sizeof raw, raw);
	if (err)
		return err;
	e2_super_decode(super, raw);
	if (super->magic != E2_MAGIC)
		return e2_fail(E2_ERR_NOT_EXT2, "no superblock at byte %" PRIu64
			       ": magic is 0x%04" PRIx32 ", must be 0x%04x", offset,
			       (uint32_t)super->magic, (unsigned)E2_MAGIC);
	return 0;
}

int e2_super_check_features(const struct e2_super *super)
{
	struct e2_str names = E2_STR_INIT;
	uint32_t known = e2_feature_mask(E2_INCOMPAT, E2_SUPPORT_READ);
	int err;

	if (super->feature_incompat & E2_FEATURE_extant_commit)	/* whatever the revision */
		return e2_fail(E2_ERR_LOG, "superblock: a change is being applied "
			       "(extant_commit), and its log is not there: the image was copied "
			       "meanwhile, or its log was moved; name the log with --log, or go "
			       "back to the original image");
	if (super->rev_level == 0 || (super->feature_incompat & ~known) == 0)
		return 0;
	e2_str_add_features(&names, E2_INCOMPAT, super->feature_incompat & ~known);
	if (e2_str_status(&names))
		err = e2_fail(E2_ERR_NOMEM, "superblock: no memory for the names of features");
	else if ((super->feature_incompat & ~known) == E2_FEATURE_needs_recovery)
		err = e2_fail(E2_ERR_FEATURE, "superblock: the journal holds changes that must "
			      "be replayed first (needs_recovery)");
	else
		err = e2_fail(E2_ERR_FEATURE, "superblock: cannot be read without support for %s",
			      e2_str_text(&names));
	e2_str_free(&names);
	return err;
}

/* Collects why the volume may only be read. */
static void note_read_only(const struct e2_super *s, struct e2_str *why)
{
	if (s->rev_level == 0)
		return;
	uint32_t unknown = s->feature_ro_compat & ~e2_feature_mask(E2_RO_COMPAT, E2_SUPPORT_WRITE);
	if (unknown) {
		e2_str_add(why, "unknown ro_compat feature ");
		e2_str_add_features(why, E2_RO_COMPAT, unknown);
	}
	uint32_t strange = s->feature_incompat & ~e2_feature_mask(E2_INCOMPAT, E2_SUPPORT_WRITE);
	if (strange) {
		e2_str_add(why, why->len ? ", unknown incompat feature " :
					   "unknown incompat feature ");
		e2_str_add_features(why, E2_INCOMPAT, strange);
	}
	if (e2_has_has_journal(s))
		e2_str_add(why, why->len ? ", a journal (has_journal)" :
					   "has a journal (has_journal)");
}

struct loaded {			/* what a superblock says */
	struct e2_super super;
	struct e2_geometry g;
	e2_grp copy;
};

/* The superblock at a block the caller names, by one block size. */
static int try_super(struct e2_io *io, const struct e2_open_options *o, uint32_t block_size,
		     struct loaded *l)
{
	int err = e2_super_read(io, o->superblock, block_size, &l->super);

	if (err)
		return err;
	if (!(o->flags & E2_OPEN_ANY_FEATURE)) {
		err = e2_super_check_features(&l->super);
		if (err)
			return err;
	}
	err = e2_geometry_derive(&l->super, o->flags & E2_OPEN_SHORT ? 0 : io->size, &l->g);
	l->copy = 0;
	if (err || o->superblock == 0)
		return err;
	if (l->g.block_size != block_size)
		return e2_fail(E2_ERR_CORRUPT, "superblock at block %" PRIu64 " of %" PRIu32
			       " bytes: says that blocks have %" PRIu32 " bytes", o->superblock,
			       block_size, l->g.block_size);
	l->copy = e2_block_group(&l->g, o->superblock);
	if (l->copy >= l->g.groups || e2_group_first_block(&l->g, l->copy) != o->superblock)
		return e2_fail(E2_ERR_CORRUPT, "superblock at block %" PRIu64
			       ": by its own fields no group begins there", o->superblock);
	return 0;
}

static int read_super(struct e2_io *io, const struct e2_open_options *o, struct loaded *l)
{
	if (o->believe) {
		int err = o->believe(o->believe_context, io, &l->super);
		l->copy = 0;
		return err ? err : e2_geometry_derive(&l->super,
						      o->flags & E2_OPEN_SHORT ? 0 : io->size,
						      &l->g);
	}
	if (o->superblock == 0 || o->block_size != 0)
		return try_super(io, o, o->block_size, l);
	uint32_t found = 0;	/* the first block size by which a superblock is there */
	for (uint32_t size = E2_BLOCK_SIZE_MIN; size <= E2_BLOCK_SIZE_MAX; size *= 2) {
		int err = try_super(io, o, size, l);
		if (err == 0 || err == E2_ERR_IO || err == E2_ERR_NOMEM)
			return err;
		if (found == 0 && err != E2_ERR_NOT_EXT2)
			found = size;
	}
	if (found != 0)		/* what is wrong with it says more than that none will do */
		return try_super(io, o, found, l);
	return e2_fail(E2_ERR_NOT_EXT2, "no superblock at block %" PRIu64 " for any block size",
		       o->superblock);
}

/* Who only looks at a small image takes little memory, however much of it is met twice. */
static size_t cache_bytes(const struct e2_open_options *o, const struct e2_io *io)
{
	uint64_t share = CACHE_LEAST + io->size / CACHE_SHARE;

	if (o->cache_bytes)
		return o->cache_bytes;
	return o->flags & E2_OPEN_WRITE || share > CACHE_BYTES ? CACHE_BYTES : (size_t)share;
}

int e2_fs_load(struct e2_fs *fs, struct e2_io *io)
{
	const struct e2_open_options *o = &fs->options;
	struct e2_str why = E2_STR_INIT;
	struct e2_io *tail = NULL;
	struct e2_cache *cache;
	struct loaded l;
	int err = read_super(io, o, &l);

	if (!err && o->flags & E2_OPEN_REPAIR && l.g.blocks > io->size >> l.g.block_bits)
		err = e2_io_open_tail(io, l.g.blocks << l.g.block_bits, &tail);
	if (err)
		return err;
	note_read_only(&l.super, &why);
	err = e2_str_status(&why) ? e2_fail(E2_ERR_NOMEM, "no memory to open a volume") :
	      e2_cache_open(tail ? tail : io, l.g.block_size, cache_bytes(o, io),
			    o->threads == E2_THREADS_AUTO ? THREADS_AUTO : o->threads, &cache);
	if (err) {
		(void)e2_io_close(tail);	/* it holds nothing of its own */
		e2_str_free(&why);
		return err;
	}
	e2_cache_close(fs->cache);
	(void)e2_io_close(fs->tail);
	fs->tail = tail;
	e2_str_free(&fs->read_only);
	fs->cache = cache;
	fs->read_only = why;
	fs->super = l.super;
	memcpy(fs->identity, l.super.uuid, sizeof(fs->identity));
	fs->g = l.g;
	fs->copy = l.copy;
	atomic_store(&fs->spread, E2_SPREAD_UNKNOWN);
	return 0;
}

/* Keeps the text of an option; *path leads to the copy. */
static int keep_path(struct e2_str *copy, const char **path)
{
	if (!*path)
		return 0;
	e2_str_add(copy, *path);
	if (e2_str_status(copy))
		return e2_fail(E2_ERR_NOMEM, "no memory to open a volume");
	*path = e2_str_text(copy);
	return 0;
}

int e2_fs_new(const struct e2_open_options *options, struct e2_fs **fs)
{
	static const struct e2_open_options defaults = { .threads = E2_THREADS_AUTO };
	struct e2_fs *f = calloc(1, sizeof *f);
	int err;

	if (!f)
		return e2_fail(E2_ERR_NOMEM, "no memory to open a volume");
	f->options = options ? *options : defaults;
	atomic_init(&f->spread, E2_SPREAD_UNKNOWN);
	uint32_t size = f->options.block_size;
	if (size != 0 && (size < E2_BLOCK_SIZE_MIN || size > E2_BLOCK_SIZE_MAX ||
			  !e2_is_power_of_2(size)))
		err = e2_fail(E2_ERR_INVAL, "block size %" PRIu32
			      " is not a power of two from %d to %d", size,
			      (int)E2_BLOCK_SIZE_MIN, (int)E2_BLOCK_SIZE_MAX);
	else
		err = keep_path(&f->log_path, &f->options.log_path);
	if (!err)
		err = keep_path(&f->undo_path, &f->options.undo_path);
	if (err)
		(void)e2_close(f);	/* nothing is open: the first failure is the one to tell */
	else
		*fs = f;
	return err;
}

int e2_open(struct e2_io *owned, const struct e2_open_options *options, struct e2_fs **fs)
{
	struct e2_fs *f;
	int err = e2_fs_new(options, &f);

	if (err) {
		(void)e2_io_close(owned);	/* nothing was written: nothing can be lost */
		return err;
	}
	f->io = owned;
	err = e2_fs_load(f, owned);
	if (err)
		(void)e2_close(f);	/* the first failure is the one to tell */
	else
		*fs = f;
	return err;
}

int e2_close(struct e2_fs *fs)
{
	int err = 0;

	if (!fs)
		return 0;
	e2_txn_abort(fs->txn);
	e2_reading_end(fs);
	e2_cache_close(fs->cache);
	(void)e2_io_close(fs->tail);	/* it holds nothing of its own */
	if (fs->undo)
		err = e2_undo_close(fs->undo);
	if (!fs->image || fs->io != e2_image_io(fs->image)) {
		int closed = e2_io_close(fs->io);
		err = err ? err : closed;
	}
	if (fs->image) {
		int closed = e2_image_close(fs->image);
		err = err ? err : closed;
	}
	e2_str_free(&fs->read_only);
	e2_str_free(&fs->log_path);
	e2_str_free(&fs->undo_path);
	free(fs);
	return err;
}

void e2_fs_set_stop(struct e2_fs *fs, bool (*stop)(void))
{
	fs->stop = stop;
}

int e2_fs_stopped(const struct e2_fs *fs)
{
	return fs->stop && fs->stop() ? e2_fail(E2_ERR_CANCELLED, "interrupted") : 0;
}

const struct e2_geometry *e2_geometry(const struct e2_fs *fs)
{
	return &fs->g;
}

const struct e2_super *e2_super(const struct e2_fs *fs)
{
	return &fs->super;
}

struct e2_io *e2_fs_io(const struct e2_fs *fs)
{
	return fs->io;
}

struct e2_cache *e2_fs_cache(const struct e2_fs *fs)
{
	return fs->cache;
}

const char *e2_fs_name(const struct e2_fs *fs)
{
	return fs->io->name;
}

const char *e2_fs_read_only(const struct e2_fs *fs)
{
	return fs->read_only.len ? e2_str_text(&fs->read_only) : NULL;
}

struct e2_when_context e2_when(const struct e2_fs *fs)
{
	return (struct e2_when_context){
		.rev_level = fs->super.rev_level,
		.bytes = fs->g.inode_size,
		.hurd = fs->super.creator_os == E2_OS_HURD,
	};
}

int e2_buf_get(struct e2_fs *fs, e2_blk blk, const struct e2_buf **buf)
{
	if (blk >= fs->g.blocks)
		return e2_fail(E2_ERR_CORRUPT, "block %" PRIu64 " lies past the end of the volume, "
			       "which has %" PRIu64 " blocks", blk, fs->g.blocks);
	return e2_cache_get(fs->cache, blk, buf);
}

void e2_buf_put(struct e2_fs *fs, const struct e2_buf *buf)
{
	e2_cache_put(fs->cache, buf);
}
