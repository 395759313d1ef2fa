/* SPDX-License-Identifier: MIT */
/*
 * Writing a redo log.  The header goes in last, but nothing depends on the order: the log
 * counts once every byte of it has arrived.
 */
#include "cache/redo_file.h"

#include "base/endian.h"
#include "cache/pen.h"

#include <stdlib.h>
#include <string.h>

static int write_index(struct e2_pen *p, const struct e2_redo_head *head,
		       const struct e2_redo_blocks *blocks)
{
	size_t entry = e2_redo_entry(head), sectors = head->block_size / E2_SECTOR;
	size_t gap = (size_t)(e2_redo_payload(head) - E2_REDO_INDEX - head->count * entry);

	for (uint64_t i = 0; i < head->count; i++) {
		int err = e2_pen_reserve(p, entry);

		if (err)
			return err;
		e2_put64(p->buf + p->used, blocks->blk[i]);
		for (size_t s = 0; s < sectors; s++)
			e2_put32(p->buf + p->used + 8 + 4 * s, blocks->before[i * sectors + s]);
		p->used += entry;
	}
	return e2_pen_zeros(p, gap);
}

static int write_blocks(struct e2_pen *p, const struct e2_redo_log *log,
			const struct e2_redo_blocks *blocks)
{
	uint32_t size = log->head.block_size;
	int err = 0;

	for (uint64_t i = 0; !err && i < log->head.count;) {
		err = e2_pen_reserve(p, size);
		if (err)
			break;
		uint64_t n = e2_redo_run(log, i, (p->room - p->used) / size);

		err = blocks->read(blocks->context, blocks->blk[i], n, p->buf + p->used);
		p->used += (size_t)n * size;
		i += n;
	}
	return err;
}

/* All but the header. */
static int write_body(struct e2_redo_log *log, const struct e2_redo_blocks *blocks, uint32_t *crc)
{
	uint64_t all = e2_redo_payload(&log->head) + log->head.count * log->head.block_size;
	struct e2_pen pen;
	int err = e2_io_resize(log->io, all);

	if (!err)
		err = e2_pen_begin(&pen, log->io, E2_REDO_GUARDED, all - E2_REDO_GUARDED,
				   log->head.block_size);
	if (err)
		return err;
	memcpy(pen.buf, log->head.guarded, E2_SECTOR);	/* there is room for as much as a block */
	pen.used = E2_SECTOR;
	err = write_index(&pen, &log->head, blocks);
	if (!err)
		err = write_blocks(&pen, log, blocks);
	if (!err)
		err = e2_pen_flush(&pen);
	*crc = pen.crc;
	e2_pen_end(&pen);
	return err;
}

/*
 * Takes a log back that did not come about by err.  A complete one may count already: either
 * its header or its name must be known to be gone, else nobody can say which.
 */
static int withdraw(struct e2_env *env, const char *path, struct e2_redo_log *log, bool complete,
		    int err)
{
	static const uint8_t nothing[E2_SECTOR];
	struct e2_str why = E2_STR_INIT;
	bool wiped, removed;

	e2_str_add(&why, e2_err_detail());
	wiped = !complete || (e2_io_write(log->io, 0, E2_SECTOR, nothing) == 0 &&
			      e2_io_sync(log->io) == 0);
	removed = env->ops->unlink(env, path) == 0;
	if (removed && !wiped)
		wiped = env->ops->sync_dir(env, path) == 0;
	if (!wiped)
		err = e2_fail(E2_ERR_DOUBT, "%s; the log %s could not be taken back, so it may "
			      "count when the image is opened again", e2_str_text(&why),
			      log->io->name);
	else if (!removed)
		(void)e2_fail(err, "%s; the log %s means nothing but could not be removed",
			      e2_str_text(&why), log->io->name);
	else
		(void)e2_fail(err, "%s", e2_str_text(&why));
	e2_str_free(&why);
	return err;
}

int e2_redo_create(struct e2_env *env, const char *path, const struct e2_redo_head *head,
		   const struct e2_redo_blocks *blocks, struct e2_redo_log **log)
{
	struct e2_redo_log *l = calloc(1, sizeof(*l));
	uint8_t sector[E2_SECTOR];
	bool complete = false;
	uint32_t crc = 0;
	int err;

	if (l)
		l->blk = malloc((size_t)(head->count + 1) * sizeof(l->blk[0]));
	if (!l || !l->blk) {
		e2_redo_free(l);
		return e2_fail(E2_ERR_NOMEM, "no memory for the log of a change");
	}
	l->head = *head;
	memcpy(l->blk, blocks->blk, (size_t)head->count * sizeof(l->blk[0]));
	err = env->ops->create_excl(env, path, 0600, &l->io);
	if (err) {
		e2_redo_free(l);
		return err;
	}
	err = write_body(l, blocks, &crc);
	if (!err) {
		complete = true;
		e2_redo_encode(head, crc, sector);
		err = e2_io_write(l->io, 0, E2_SECTOR, sector);
	}
	if (!err && head->guards)
		err = e2_redo_load_final(l);
	if (!err)
		err = e2_io_sync(l->io);
	if (!err)
		err = env->ops->sync_dir(env, path);
	if (err) {
		err = withdraw(env, path, l, complete, err);
		e2_redo_free(l);
		return err;
	}
	*log = l;
	return 0;
}

/* Whether a path ends like the names we choose ourselves. */
static bool is_our_name(const char *path)
{
	static const char end[] = ".e2log";
	size_t len = strlen(path);

	return len > sizeof(end) - 1 && strcmp(path + len - (sizeof(end) - 1), end) == 0;
}

int e2_redo_clear(struct e2_env *env, const char *path)
{
	enum e2_redo_kind kind;
	struct e2_redo_log *log;
	struct e2_str shown = E2_STR_INIT;
	int err = e2_redo_load(env, path, 0, &kind, &log);

	if (err || kind == E2_REDO_ABSENT)
		return err;
	/* The header of a remnant may have been lost, but a file of zeros may also be somebody's
	 * own, by whatever mistake it was named as the log. */
	if (kind == E2_REDO_REMNANT || (kind == E2_REDO_BLANK && is_our_name(path)))
		return env->ops->unlink(env, path);
	e2_str_add_name(&shown, path, strlen(path));
	if (kind == E2_REDO_COMPLETE) {
		e2_redo_free(log);
		err = e2_fail(E2_ERR_LOG, "%s: a log of another change is there already",
			      e2_str_text(&shown));
	} else {
		err = e2_fail(E2_ERR_LOG, "%s: is in the place of the log, but is none; it is not "
			      "removed", e2_str_text(&shown));
	}
	e2_str_free(&shown);
	return err;
}
