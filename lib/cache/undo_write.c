/* SPDX-License-Identifier: MIT */
/* What a commit adds to an undo file. */
#include "cache/undo_file.h"

#include "base/crc.h"
#include "base/endian.h"
#include "base/grow.h"
#include "cache/pen.h"

#include <stdlib.h>
#include <string.h>

bool e2_undo_needs(const struct e2_undo *undo, e2_blk blk)
{
	struct e2_span span;

	if (undo->named)
		return true;
	return undo->count != 0 && (!undo->knows_freed || e2_ranges_get(undo->freed, blk, &span));
}

struct runs {			/* of freed blocks */
	struct e2_range *run;
	size_t count, cap;
};

static int find_freed(struct e2_txn *txn, struct runs *f)
{
	const struct e2_commit *how = e2_txn_how(txn);
	struct e2_range run = { .blk = 0 };
	int r = 0;

	while (how->freed && (r = how->freed(how->context, txn, run.blk + run.count, &run)) > 0) {
		struct e2_range *list = e2_grow(f->run, &f->cap, f->count + 1, sizeof(*list));

		if (!list)
			return E2_ERR_NOMEM;
		f->run = list;
		f->run[f->count++] = run;
	}
	return r;
}

/* Cuts off what stands behind the last record.  If that fails, it does not fit the image, so
 * it means nothing, and the next record replaces it. */
static void cut(struct e2_undo *undo)
{
	int ignored = e2_io_resize(undo->io, e2_undo_end(undo));

	(void)ignored;
}

/* Writes the blocks as they are, and gathers the sums of before and after. */
static int write_blocks(struct e2_pen *pen, struct e2_io *image, const struct e2_redo_head *head,
			const struct e2_redo_blocks *blocks, uint8_t *will,
			struct e2_undo_entry *entry)
{
	uint32_t size = head->block_size;

	for (uint64_t i = 0; i < head->count; i++) {
		int err = e2_pen_reserve(pen, size);
		uint8_t *is = pen->buf + pen->used;

		if (!err)
			err = e2_io_read(image, blocks->blk[i] * size, size, is);
		if (!err)
			err = blocks->read(blocks->context, blocks->blk[i], 1, will);
		if (err)
			return err;
		entry[i] = (struct e2_undo_entry){
			.blk = blocks->blk[i], .before = e2_crc32(0, is, size),
			.after = e2_crc32(0, will, size),
		};
		pen->used += size;
	}
	return 0;
}

static int write_entries(struct e2_pen *pen, const struct e2_undo_entry *entry, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		int err = e2_pen_reserve(pen, E2_UNDO_ENTRY);

		if (err)
			return err;
		e2_put64(pen->buf + pen->used, entry[i].blk);
		e2_put32(pen->buf + pen->used + 8, entry[i].before);
		e2_put32(pen->buf + pen->used + 12, entry[i].after);
		pen->used += E2_UNDO_ENTRY;
	}
	return 0;
}

static int write_freed(struct e2_pen *pen, const struct runs *f)
{
	for (size_t i = 0; i < f->count; i++) {
		int err = e2_pen_reserve(pen, E2_UNDO_FREED);

		if (err)
			return err;
		e2_put64(pen->buf + pen->used, f->run[i].blk);
		e2_put64(pen->buf + pen->used + 8, f->run[i].count);
		pen->used += E2_UNDO_FREED;
	}
	return 0;
}

/* All of a record but its header. */
static int write_body(struct e2_undo *undo, struct e2_io *image, const struct e2_redo_head *head,
		      const struct e2_redo_blocks *blocks, const struct runs *f,
		      const struct e2_undo_record *r, uint32_t *crc)
{
	uint64_t tail = r->blocks * E2_UNDO_ENTRY + r->freed * E2_UNDO_FREED;
	uint64_t gap = r->bytes - E2_SECTOR - r->blocks * head->block_size - tail;
	struct e2_undo_entry *entry = malloc((size_t)(r->blocks + 1) * sizeof(*entry));
	uint8_t *will = malloc(head->block_size);
	struct e2_pen pen = { .io = NULL };
	int err = entry && will ? 0 : e2_fail(E2_ERR_NOMEM, "no memory for the undo file");

	if (!err)
		err = e2_pen_begin(&pen, undo->io, r->at + E2_SECTOR, r->bytes - E2_SECTOR,
				   head->block_size);
	if (!err)
		err = write_blocks(&pen, image, head, blocks, will, entry);
	if (!err)
		err = write_entries(&pen, entry, r->blocks);
	if (!err)
		err = write_freed(&pen, f);
	if (!err)
		err = e2_pen_zeros(&pen, (size_t)gap);
	if (!err)
		err = e2_pen_flush(&pen);
	*crc = pen.crc;
	e2_pen_end(&pen);
	free(entry);
	free(will);
	return err;
}

/* Names a file that has had no name so far. */
static int give_name(struct e2_undo *undo)
{
	const char *path = e2_str_text(&undo->name);
	int err = undo->linked ? 0 : undo->env->ops->link_temp(undo->env, undo->io, path);

	if (err)
		return err;
	undo->linked = true;
	err = undo->env->ops->sync_dir(undo->env, path);
	if (!err)
		e2_str_free(&undo->name);
	return err;
}

static int write_record(struct e2_undo *undo, struct e2_io *image, const struct e2_redo_head *head,
			const struct e2_redo_blocks *blocks, const struct runs *f,
			const struct e2_undo_record *r)
{
	uint8_t sector[E2_SECTOR];
	uint32_t crc = 0;
	/* Whatever stands behind the last record goes first, so that it is never taken for one. */
	int err = e2_io_resize(undo->io, r->at);

	if (!err)
		err = e2_io_resize(undo->io, r->at + r->bytes);
	if (!err)
		err = write_body(undo, image, head, blocks, f, r, &crc);
	/* The first one proves itself by having a header at all; without a name nobody sees it. */
	if (!err && undo->named && (undo->name.len == 0 || undo->linked) && undo->count == 0)
		err = e2_io_sync(undo->io);
	if (!err) {
		e2_undo_encode(undo, r, crc, sector);
		err = e2_io_write(undo->io, r->at, E2_SECTOR, sector);
	}
	if (!err && undo->named)
		err = e2_io_sync(undo->io);
	return err || undo->name.len == 0 ? err : give_name(undo);
}

/* An undo file is of one volume; the first record says of which. */
static int settle_volume(struct e2_undo *undo, const struct e2_redo_head *head)
{
	if (undo->count == 0) {
		undo->block_size = head->block_size;
		memcpy(undo->identity, head->identity, sizeof(undo->identity));
	}
	if (undo->block_size != head->block_size ||
	    memcmp(undo->identity, head->identity, sizeof(undo->identity)) != 0)
		return e2_fail(E2_ERR_EXIST, "%s: is an undo file of another volume",
			       undo->io->name);
	return 0;
}

/* Makes the record one of the file's; room for it is there. */
static int adopt(struct e2_undo *undo, const struct e2_undo_record *r, const struct runs *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct e2_range *run = &f->run[i];
		int err = e2_ranges_set(undo->freed, run->blk, run->count, run->blk);

		if (err)
			return err;
	}
	undo->knows_freed = undo->knows_freed && r->knows_freed;
	undo->record[undo->count++] = *r;
	return 0;
}

int e2_undo_append(struct e2_undo *undo, struct e2_txn *txn, struct e2_io *image,
		   const struct e2_redo_head *head, const struct e2_redo_blocks *blocks)
{
	struct runs f = { .count = 0 };
	struct e2_undo_record *list, r;
	int err = settle_volume(undo, head);

	if (!err)
		err = find_freed(txn, &f);
	list = e2_grow(undo->record, &undo->cap, undo->count + 1, sizeof(*list));
	if (list)
		undo->record = list;
	if (!err && !list)
		err = E2_ERR_NOMEM;
	if (!err) {
		r = (struct e2_undo_record){
			.at = e2_undo_end(undo), .blocks = head->count, .freed = f.count,
			.knows_freed = e2_txn_how(txn)->freed != NULL,
		};
		r.bytes = e2_undo_record_bytes(head->block_size, r.blocks, r.freed);
		err = write_record(undo, image, head, blocks, &f, &r);
		if (!err)
			err = adopt(undo, &r, &f);
		if (err)
			cut(undo);
	}
	free(f.run);
	return err;
}

void e2_undo_retract(struct e2_undo *undo)
{
	undo->count--;
	cut(undo);
}
