/* SPDX-License-Identifier: MIT */
/* Reading a redo log: nothing of it is believed before its checksums are right. */
#include "cache/redo_file.h"

#include "base/checked.h"
#include "base/crc.h"
#include "base/endian.h"
#include "cache/pen.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t magic[8] = { 'e', '2', 'r', 'e', 'd', 'o', '\r', '\n' };

enum { VERSION = 1, BLOCK_MAX = 65536 };

enum {	/* fields of the header */
	AT_MAGIC = 0, AT_VERSION = 8, AT_HEAD_BYTES = 12, AT_SECTOR = 16, AT_BLOCK_SIZE = 20,
	AT_OFFSET = 24, AT_SIZE = 32, AT_COUNT = 40, AT_GUARD_OFFSET = 48, AT_IDENTITY = 56,
	AT_BODY_CRC = 72, AT_CRC = 508,
};

static int no_memory(void)
{
	return e2_fail(E2_ERR_NOMEM, "no memory for the log of a change");
}

size_t e2_redo_entry(const struct e2_redo_head *head)
{
	return 8 + (size_t)(head->block_size / E2_SECTOR) * 4;
}

uint64_t e2_redo_payload(const struct e2_redo_head *head)
{
	return E2_REDO_INDEX + e2_div_up(head->count * e2_redo_entry(head), E2_SECTOR) * E2_SECTOR;
}

void e2_redo_encode(const struct e2_redo_head *head, uint32_t body_crc, uint8_t *sector)
{
	memset(sector, 0, E2_SECTOR);
	memcpy(sector + AT_MAGIC, magic, sizeof(magic));
	e2_put32(sector + AT_VERSION, VERSION);
	e2_put32(sector + AT_HEAD_BYTES, E2_SECTOR);
	e2_put32(sector + AT_SECTOR, E2_SECTOR);
	e2_put32(sector + AT_BLOCK_SIZE, head->block_size);
	e2_put64(sector + AT_OFFSET, head->offset);
	e2_put64(sector + AT_SIZE, head->size);
	e2_put64(sector + AT_COUNT, head->count);
	e2_put64(sector + AT_GUARD_OFFSET, head->guards ? head->guard_offset : UINT64_MAX);
	memcpy(sector + AT_IDENTITY, head->identity, sizeof(head->identity));
	e2_put32(sector + AT_BODY_CRC, body_crc);
	e2_put32(sector + AT_CRC, e2_crc32(0, sector, AT_CRC));
}

/* Decodes a header; says whether it is one that can be, in a log of this size. */
static bool decode(const uint8_t *sector, uint64_t log_size, struct e2_redo_head *head)
{
	if (e2_get32(sector + AT_CRC) != e2_crc32(0, sector, AT_CRC) ||
	    e2_get32(sector + AT_VERSION) != VERSION ||
	    e2_get32(sector + AT_HEAD_BYTES) != E2_SECTOR ||
	    e2_get32(sector + AT_SECTOR) != E2_SECTOR)
		return false;
	head->block_size = e2_get32(sector + AT_BLOCK_SIZE);
	head->offset = e2_get64(sector + AT_OFFSET);
	head->size = e2_get64(sector + AT_SIZE);
	head->count = e2_get64(sector + AT_COUNT);
	head->guard_offset = e2_get64(sector + AT_GUARD_OFFSET);
	head->guards = head->guard_offset != UINT64_MAX;
	memcpy(head->identity, sector + AT_IDENTITY, sizeof(head->identity));
	if (head->block_size < E2_SECTOR || head->block_size > BLOCK_MAX ||
	    !e2_is_power_of_2(head->block_size) ||
	    (head->guards && head->guard_offset % E2_SECTOR != 0))
		return false;
	return head->count <= log_size / (e2_redo_entry(head) + head->block_size) &&
	       e2_redo_payload(head) + head->count * head->block_size == log_size;
}

enum { INDEX_BYTES = 32 << 10 };	/* read at once */

/* Loads the numbers of the blocks; *good: they ascend and lie within the volume. */
static int load_blocks(struct e2_redo_log *log, bool *good)
{
	const struct e2_redo_head *head = &log->head;
	size_t entry = e2_redo_entry(head);
	uint64_t blocks = head->size / head->block_size, room = INDEX_BYTES / entry;
	uint8_t *buf;
	int err = 0;

	if (room > head->count)
		room = head->count;
	/* The count was compared with the size of the log. */
	log->blk = malloc((size_t)(head->count + 1) * sizeof(log->blk[0]));
	buf = malloc((size_t)(room + 1) * entry);
	if (!log->blk || !buf)
		err = no_memory();
	*good = true;
	for (uint64_t i = 0; !err && i < head->count;) {
		uint64_t n = head->count - i < room ? head->count - i : room;

		err = e2_io_read(log->io, E2_REDO_INDEX + i * entry, (size_t)n * entry, buf);
		for (uint64_t k = 0; !err && k < n; k++, i++) {
			log->blk[i] = e2_get64(buf + k * entry);
			*good = *good && log->blk[i] < blocks &&
				(i == 0 || log->blk[i] > log->blk[i - 1]);
		}
	}
	free(buf);
	return err;
}

int e2_redo_load_final(struct e2_redo_log *log)
{
	const struct e2_redo_head *head = &log->head;
	uint64_t i = e2_redo_seek(log, head->guard_offset / head->block_size);

	return e2_io_read(log->io, e2_redo_payload(head) + i * head->block_size +
			  head->guard_offset % head->block_size, E2_SECTOR, log->final);
}

/* Whether the block with the guarded sector is logged, as it must be. */
static bool has_guarded(const struct e2_redo_log *log)
{
	e2_blk blk = log->head.guard_offset / log->head.block_size;
	uint64_t i = e2_redo_seek(log, blk);

	return i < log->head.count && log->blk[i] == blk;
}

/* Loads what a log says whose checksums are right; *good: it makes sense. */
static int load_body(struct e2_redo_log *log, bool *good)
{
	int err = load_blocks(log, good);

	if (err || !*good || !log->head.guards)
		return err;
	*good = has_guarded(log);
	if (*good)
		err = e2_io_read(log->io, E2_REDO_GUARDED, E2_SECTOR, log->head.guarded);
	return err || !*good ? err : e2_redo_load_final(log);
}

/* What a file is by its first sector; E2_REDO_REMNANT: ours, and perhaps complete. */
static int judge_head(struct e2_io *io, uint8_t *sector, enum e2_redo_kind *kind)
{
	static const uint8_t nothing[E2_SECTOR];
	int err = 0;

	*kind = io->size == 0 ? E2_REDO_REMNANT : E2_REDO_FOREIGN;
	if (io->size < E2_SECTOR)
		return 0;
	err = e2_io_read(io, 0, E2_SECTOR, sector);
	if (err)
		return err;
	if (memcmp(sector, nothing, E2_SECTOR) == 0)
		*kind = E2_REDO_BLANK;
	else if (memcmp(sector + AT_MAGIC, magic, sizeof(magic)) == 0)
		*kind = E2_REDO_REMNANT;
	return 0;
}

static int judge(struct e2_redo_log *log, enum e2_redo_kind *kind)
{
	uint8_t sector[E2_SECTOR] = { 0 };
	uint32_t crc;
	bool good;
	int err = judge_head(log->io, sector, kind);

	if (err || *kind != E2_REDO_REMNANT || !decode(sector, log->io->size, &log->head))
		return err;
	err = e2_pen_sum(log->io, E2_SECTOR, log->io->size - E2_SECTOR, &crc);
	if (err || crc != e2_get32(sector + AT_BODY_CRC))
		return err;
	err = load_body(log, &good);
	if (!err && good)
		*kind = E2_REDO_COMPLETE;
	return err;
}

int e2_redo_load(struct e2_env *env, const char *path, unsigned flags, enum e2_redo_kind *kind,
		 struct e2_redo_log **log)
{
	struct e2_redo_log *l = calloc(1, sizeof(*l));
	int err = l ? env->ops->open(env, path, flags, &l->io) : no_memory();

	if (!err)
		err = judge(l, kind);
	if (!err && *kind == E2_REDO_COMPLETE) {
		*log = l;
		return 0;
	}
	if (err == E2_ERR_NOENT) {
		*kind = E2_REDO_ABSENT;
		e2_err_clear();
		err = 0;
	}
	e2_redo_free(l);
	return err;
}

void e2_redo_free(struct e2_redo_log *log)
{
	if (!log)
		return;
	(void)e2_io_close(log->io);	/* what was written to it is durable, or it is gone */
	free(log->blk);
	free(log);
}

int e2_redo_read(struct e2_redo_log *log, uint64_t i, uint64_t count, void *data)
{
	uint32_t size = log->head.block_size;

	return e2_io_read(log->io, e2_redo_payload(&log->head) + i * size, (size_t)count * size,
			  data);
}

int e2_redo_before(struct e2_redo_log *log, uint64_t i, uint64_t count, uint32_t *before)
{
	size_t entry = e2_redo_entry(&log->head), sectors = log->head.block_size / E2_SECTOR;
	uint8_t *buf = malloc((size_t)count * entry);
	int err = buf ? e2_io_read(log->io, E2_REDO_INDEX + i * entry, (size_t)count * entry, buf) :
			no_memory();

	for (size_t k = 0; !err && k < count; k++) {
		for (size_t s = 0; s < sectors; s++)
			before[k * sectors + s] = e2_get32(buf + k * entry + 8 + s * 4);
	}
	free(buf);
	return err;
}

uint64_t e2_redo_run(const struct e2_redo_log *log, uint64_t i, uint64_t most)
{
	uint64_t n = 1;

	while (n < most && i + n < log->head.count && log->blk[i + n] == log->blk[i] + n)
		n++;
	return n;
}

uint64_t e2_redo_seek(const struct e2_redo_log *log, e2_blk blk)
{
	uint64_t low = 0, high = log->head.count;

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (log->blk[mid] < blk)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
