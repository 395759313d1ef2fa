/* SPDX-License-Identifier: MIT */
#include "check/repair_plan.h"

#include "base/crc.h"
#include "base/endian.h"
#include "cache/pen.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 64, ENTRY = 16, TAIL = 4 };
static const uint8_t magic[8] = { 'e', '2', 'p', 'l', 'a', 'n', 0, 1 };

struct head {
	uint32_t block_size;
	uint64_t blocks;		/* of the volume */
	uint64_t image_bytes;
	int64_t mtime;			/* of the image, ns; 0: a device, which has none to trust */
	struct e2_time now;		/* the time that is written */
	uint64_t count;			/* entries: block, checksum of what it holds, bytes to be */
};

static void head_encode(const struct head *h, uint8_t *raw)
{
	memset(raw, 0, HEAD);
	memcpy(raw, magic, sizeof(magic));
	e2_put32(raw + 8, h->block_size);
	e2_put64(raw + 16, h->blocks);
	e2_put64(raw + 24, h->image_bytes);
	e2_put64(raw + 32, (uint64_t)h->mtime);
	e2_put64(raw + 40, (uint64_t)h->now.sec);
	e2_put32(raw + 48, (uint32_t)h->now.nsec);
	e2_put64(raw + 56, h->count);
}

static void head_decode(struct head *h, const uint8_t *raw)
{
	*h = (struct head){
		.block_size = e2_get32(raw + 8), .blocks = e2_get64(raw + 16),
		.image_bytes = e2_get64(raw + 24), .mtime = (int64_t)e2_get64(raw + 32),
		.now = { .sec = (int64_t)e2_get64(raw + 40),
			 .nsec = (int32_t)e2_get32(raw + 48) },
		.count = e2_get64(raw + 56),
	};
}

static uint64_t file_bytes(const struct head *h)
{
	return HEAD + h->count * (ENTRY + (uint64_t)h->block_size) + TAIL;
}

/* The modification time of the image, by which foreign changes are noticed. */
static int image_mtime(struct e2_fs *fs, int64_t *mtime)
{
	struct e2_stamp stamp;
	int err = e2_image_stamp(e2_fs_image(fs), &stamp);

	if (err == 0)
		*mtime = stamp.size != 0 ? stamp.mtime : 0;	/* a device has no size */
	return err;
}

/* ---- writing ------------------------------------------------------------------------- */

static int write_entry(struct e2_pen *pen, struct e2_txn *txn, e2_blk blk, uint32_t size)
{
	struct e2_cache *cache = e2_txn_cache(txn);
	int err = e2_pen_reserve(pen, ENTRY + (size_t)size);
	uint8_t *entry = pen->buf + pen->used;

	if (err == 0)
		err = e2_cache_read_before(cache, blk, 1, entry + ENTRY);
	if (err != 0)
		return err;
	e2_put64(entry, blk);
	e2_put32(entry + 8, e2_crc32(0, entry + ENTRY, size));
	e2_put32(entry + 12, 0);
	err = e2_cache_read(cache, blk, 1, entry + ENTRY);
	if (err == 0)
		pen->used += ENTRY + (size_t)size;
	return err;
}

static uint64_t count_changes(struct e2_txn *txn)
{
	struct e2_range run = { .blk = 0 };
	uint64_t count = 0;

	while (e2_txn_changes(txn, run.blk + run.count, &run) > 0)
		count += run.count;
	return count;
}

static int write_all(struct e2_io *io, struct e2_txn *txn, const struct head *h)
{
	struct e2_range run = { .blk = 0 };
	struct e2_pen pen;
	uint8_t crc[TAIL];
	int err = e2_io_resize(io, file_bytes(h));

	if (err != 0)
		return err;
	err = e2_pen_begin(&pen, io, 0, file_bytes(h), ENTRY + (size_t)h->block_size);
	if (err != 0)
		return err;
	head_encode(h, pen.buf);
	pen.used = HEAD;
	while (err == 0 && e2_txn_changes(txn, run.blk + run.count, &run) > 0)
		for (uint64_t i = 0; i < run.count && err == 0; i++)
			err = write_entry(&pen, txn, run.blk + i, h->block_size);
	if (err == 0)
		err = e2_pen_flush(&pen);
	if (err == 0) {
		e2_put32(crc, pen.crc);
		err = e2_io_write(io, pen.at, TAIL, crc);
	}
	if (err == 0)
		err = e2_io_sync(io);
	e2_pen_end(&pen);
	return err;
}

static int write_file(struct e2_env *env, struct e2_txn *txn, const char *path,
		      const struct head *h)
{
	struct e2_io *io;
	int err = env->ops->create_excl(env, path, 0644, &io), closed;

	if (err != 0)
		return err;
	err = write_all(io, txn, h);
	closed = e2_io_close(io);
	err = err != 0 ? err : closed;
	if (err == 0)
		err = env->ops->sync_dir(env, path);
	if (err != 0)
		(void)env->ops->unlink(env, path);	/* the first failure is the one to tell */
	return err;
}

int e2_repair_plan_write(struct e2_env *env, struct e2_txn *txn, const char *path,
			 uint64_t *blocks)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	const struct e2_commit *how = e2_txn_how(txn);
	const struct e2_geometry *g = e2_geometry(fs);
	struct head h = { .block_size = g->block_size, .blocks = g->blocks,
			  .image_bytes = e2_fs_io(fs)->size, .now = e2_fs_now(fs) };
	unsigned mark;
	int err;

	if (e2_fs_pending(fs))
		return e2_fail(E2_ERR_LOG, "a change that was not completed waits in its log; a "
			       "plan needs the image as it is");
	err = image_mtime(fs, &h.mtime);
	if (err == 0)
		err = e2_txn_mark(txn, &mark);
	if (err != 0)
		return err;
	e2_fs_set_clock(fs, &h.now);
	err = how->seal(how->context, txn);
	if (err == 0) {
		h.count = count_changes(txn);
		err = write_file(env != NULL ? env : e2_env_host(), txn, path, &h);
	}
	e2_txn_rewind(txn, mark);
	if (err == 0)
		*blocks = h.count;
	return err;
}

/* ---- reading --------------------------------------------------------------------------- */

struct plan {
	struct e2_io *io;
	struct head h;
	uint8_t *entry;			/* one, with its bytes */
	struct e2_super super;		/* as the plan leaves it */
};

static int damaged(const struct plan *p, const char *why)
{
	return e2_fail(E2_ERR_CORRUPT, "%s: is no plan of a repair, or is damaged: %s",
		       p->io->name, why);
}

static int read_entry(struct plan *p, uint64_t i, e2_blk *blk)
{
	size_t bytes = ENTRY + (size_t)p->h.block_size;
	int err = e2_io_read(p->io, HEAD + i * bytes, bytes, p->entry);

	if (err == 0)
		*blk = e2_get64(p->entry);
	return err;
}

/* Proves the file as a whole; entries are in ascending order and within the volume. */
static int check_file(struct plan *p)
{
	uint8_t raw[HEAD], tail[TAIL];
	const struct head *h = &p->h;
	uint32_t crc;
	int err;

	if (p->io->size < HEAD + TAIL)
		return damaged(p, "it is too short");
	err = e2_io_read(p->io, 0, HEAD, raw);
	if (err != 0)
		return err;
	head_decode(&p->h, raw);
	if (memcmp(raw, magic, sizeof(magic)) != 0)
		return damaged(p, "it begins with other bytes");
	if (h->block_size < E2_BLOCK_SIZE_MIN || h->block_size > E2_BLOCK_SIZE_MAX ||
	    h->count > p->io->size / h->block_size || p->io->size != file_bytes(h))
		return damaged(p, "its size is not what it says");
	err = e2_pen_sum(p->io, 0, p->io->size - TAIL, &crc);
	if (err == 0)
		err = e2_io_read(p->io, p->io->size - TAIL, TAIL, tail);
	if (err != 0)
		return err;
	return crc != e2_get32(tail) ? damaged(p, "its checksum is wrong") : 0;
}

/* The superblock that the plan writes: every plan has it. */
static int find_super(struct plan *p)
{
	e2_blk at = E2_SUPER_OFFSET / p->h.block_size, blk = 0;
	int err = 0;

	for (uint64_t i = 0; i < p->h.count && err == 0; i++) {
		err = read_entry(p, i, &blk);
		if (err != 0 || blk < at)
			continue;
		if (blk != at)
			break;
		e2_super_decode(&p->super, p->entry + ENTRY + E2_SUPER_OFFSET % p->h.block_size);
		return 0;
	}
	return err != 0 ? err : damaged(p, "it has no superblock");
}

static int plan_open(struct plan *p, struct e2_env *env, const char *path)
{
	int err = env->ops->open(env, path, 0, &p->io);

	if (err != 0)
		return err;
	err = check_file(p);
	if (err == 0) {
		p->entry = malloc(ENTRY + (size_t)p->h.block_size);
		err = p->entry != NULL ? find_super(p) :
		      e2_fail(E2_ERR_NOMEM, "no memory to read %s", path);
	}
	return err;
}

static void plan_close(struct plan *p)
{
	free(p->entry);
	(void)e2_io_close(p->io);	/* read only: nothing can be lost */
}

/* ---- applying ------------------------------------------------------------------------------ */

static int believe(void *context, struct e2_io *io, struct e2_super *super)
{
	const struct plan *p = context;

	if (io->size != p->h.image_bytes)
		return e2_fail(E2_ERR_CHANGED, "the image has %" PRIu64 " bytes, and had %" PRIu64
			       " when the plan was made", io->size, p->h.image_bytes);
	*super = p->super;
	return 0;
}

static int check_image(const struct plan *p, struct e2_fs *fs)
{
	const struct e2_geometry *g = e2_geometry(fs);
	int64_t mtime;
	int err = image_mtime(fs, &mtime);

	if (err != 0)
		return err;
	if (g->block_size != p->h.block_size || g->blocks != p->h.blocks)
		return damaged(p, "its superblock is for another volume");
	if (mtime != p->h.mtime)
		return e2_fail(E2_ERR_CHANGED, "the image was modified since the plan was made");
	return 0;
}

/* uses the buffer for what the image holds. */
static int replace(const struct plan *p, struct e2_txn *txn, e2_blk blk, uint8_t *is)
{
	int err;

	if (blk >= p->h.blocks)
		return damaged(p, "it leaves the volume");
	err = e2_cache_read_before(e2_txn_cache(txn), blk, 1, is);
	if (err != 0)
		return err;
	if (e2_crc32(0, is, p->h.block_size) != e2_get32(p->entry + 8))
		return e2_fail(E2_ERR_CHANGED, "block %" PRIu64 " is not what it was when the plan "
			       "was made", blk);
	return e2_txn_write(txn, blk, 1, p->entry + ENTRY);
}

static int replace_all(struct plan *p, struct e2_txn *txn)
{
	uint8_t *is = malloc(p->h.block_size);
	int err = is != NULL ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to apply a plan");

	for (uint64_t i = 0; i < p->h.count && err == 0; i++) {
		e2_blk blk;

		err = read_entry(p, i, &blk);
		if (err == 0)
			err = replace(p, txn, blk, is);
	}
	free(is);
	return err;
}

static int apply(struct plan *p, struct e2_fs *fs)
{
	struct e2_txn *txn;
	int err = check_image(p, fs);

	if (err == 0)
		err = e2_txn_begin(fs, false, &txn);
	if (err != 0)
		return err;
	err = replace_all(p, txn);
	if (err != 0) {
		e2_txn_abort(txn);
		return err;
	}
	e2_fs_set_clock(fs, &p->h.now);
	return e2_txn_commit(txn);
}

int e2_repair_plan_apply(struct e2_env *env, const char *spec, const struct e2_open_options *open,
			 const char *path, uint64_t *blocks)
{
	struct e2_env *used = env != NULL ? env : e2_env_host();
	struct plan p = { .io = NULL };
	struct e2_open_options how = *open;
	struct e2_fs *fs;
	int err = plan_open(&p, used, path), closed;

	how.flags |= E2_OPEN_WRITE | E2_OPEN_REPAIR | E2_OPEN_SHORT;
	how.believe = believe;
	how.believe_context = &p;
	if (err == 0)
		err = e2_open_image(used, spec, &how, &fs);
	if (err == 0) {
		err = apply(&p, fs);
		closed = e2_close(fs);
		err = err != 0 ? err : closed;
	}
	if (err == 0)
		*blocks = p.h.count;
	plan_close(&p);
	return err;
}
