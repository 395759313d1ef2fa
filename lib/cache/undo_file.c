/* SPDX-License-Identifier: MIT */
/* The form of an undo file, and reading it. */
#include "cache/undo_file.h"

#include "base/checked.h"
#include "base/crc.h"
#include "base/endian.h"
#include "base/grow.h"
#include "cache/pen.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t magic[8] = { 'e', '2', 'u', 'n', 'd', 'o', '\r', '\n' };
static const uint8_t record_magic[8] = { 'e', '2', 'c', 'h', 'n', 'g', '\r', '\n' };

enum { VERSION = 1, BLOCK_MAX = 65536 };

enum {	/* fields of both headers */
	AT_MAGIC = 0, AT_CRC = 508,
	/* of the first */
	AT_VERSION = 8, AT_HEAD_BYTES = 12, AT_OFFSET = 16, AT_SIZE = 24,
	/* of a record */
	AT_NUMBER = 8, AT_BLOCKS = 16, AT_FREED = 24, AT_FLAGS = 32, AT_BODY_CRC = 36,
	AT_BLOCK_SIZE = 40, AT_IDENTITY = 44,
};

enum { FLAG_KNOWS_FREED = 1 };

/* ---- writing ------------------------------------------------------------------- */

int e2_undo_begin(struct e2_undo *undo)
{
	uint8_t sector[E2_SECTOR] = { 0 };
	int err = e2_io_resize(undo->io, E2_SECTOR);

	memcpy(sector + AT_MAGIC, magic, sizeof(magic));
	e2_put32(sector + AT_VERSION, VERSION);
	e2_put32(sector + AT_HEAD_BYTES, E2_SECTOR);
	e2_put64(sector + AT_OFFSET, e2_image_offset(undo->image));
	e2_put64(sector + AT_SIZE, e2_image_io(undo->image)->size);
	e2_put32(sector + AT_CRC, e2_crc32(0, sector, AT_CRC));
	return err ? err : e2_io_write(undo->io, 0, E2_SECTOR, sector);
}

void e2_undo_encode(const struct e2_undo *undo, const struct e2_undo_record *r, uint32_t body_crc,
		    uint8_t *sector)
{
	memset(sector, 0, E2_SECTOR);
	memcpy(sector + AT_MAGIC, record_magic, sizeof(record_magic));
	e2_put64(sector + AT_NUMBER, undo->count + 1);
	e2_put64(sector + AT_BLOCKS, r->blocks);
	e2_put64(sector + AT_FREED, r->freed);
	e2_put32(sector + AT_FLAGS, r->knows_freed ? FLAG_KNOWS_FREED : 0);
	e2_put32(sector + AT_BODY_CRC, body_crc);
	e2_put32(sector + AT_BLOCK_SIZE, undo->block_size);
	memcpy(sector + AT_IDENTITY, undo->identity, sizeof(undo->identity));
	e2_put32(sector + AT_CRC, e2_crc32(0, sector, AT_CRC));
}

uint64_t e2_undo_record_bytes(uint32_t block_size, uint64_t blocks, uint64_t freed)
{
	uint64_t tail = blocks * E2_UNDO_ENTRY + freed * E2_UNDO_FREED;

	return E2_SECTOR + blocks * block_size + e2_div_up(tail, E2_SECTOR) * E2_SECTOR;
}

uint64_t e2_undo_end(const struct e2_undo *undo)
{
	const struct e2_undo_record *last = undo->count ? &undo->record[undo->count - 1] : NULL;

	return last ? last->at + last->bytes : E2_SECTOR;
}

/* ---- reading -------------------------------------------------------------------- */

static bool is_sound(const uint8_t *sector, const uint8_t *kind)
{
	return memcmp(sector + AT_MAGIC, kind, sizeof(magic)) == 0 &&
	       e2_get32(sector + AT_CRC) == e2_crc32(0, sector, AT_CRC);
}

static int load_head(struct e2_undo *undo)
{
	const struct e2_io *image = e2_image_io(undo->image);
	uint8_t sector[E2_SECTOR] = { 0 };
	int err = undo->io->size < E2_SECTOR ? 0 : e2_io_read(undo->io, 0, E2_SECTOR, sector);

	if (err)
		return err;
	if (!is_sound(sector, magic))
		return e2_fail(E2_ERR_EXIST, "%s: exists and is no undo file", undo->io->name);
	if (e2_get32(sector + AT_VERSION) != VERSION ||
	    e2_get32(sector + AT_HEAD_BYTES) != E2_SECTOR)
		return e2_fail(E2_ERR_EXIST, "%s: is an undo file of a kind (version %" PRIu32
			       ") that this version does not know", undo->io->name,
			       e2_get32(sector + AT_VERSION));
	if (e2_get64(sector + AT_OFFSET) != e2_image_offset(undo->image) ||
	    e2_get64(sector + AT_SIZE) != image->size)
		return e2_fail(E2_ERR_EXIST, "%s: is an undo file of another image: of %" PRIu64
			       " bytes at %" PRIu64 ", but %s has %" PRIu64 " at %" PRIu64,
			       undo->io->name, e2_get64(sector + AT_SIZE),
			       e2_get64(sector + AT_OFFSET), image->name, image->size,
			       e2_image_offset(undo->image));
	return 0;
}

/* Takes the runs of freed blocks of a record over. */
static int load_freed(struct e2_undo *undo, const struct e2_undo_record *r)
{
	uint64_t at = r->at + E2_SECTOR + r->blocks * (undo->block_size + E2_UNDO_ENTRY);
	uint64_t blocks = e2_image_io(undo->image)->size / undo->block_size;
	uint8_t raw[E2_UNDO_FREED];
	int err = 0;

	undo->knows_freed = undo->knows_freed && r->knows_freed;
	for (uint64_t i = 0; !err && i < r->freed; i++) {
		err = e2_io_read(undo->io, at + i * E2_UNDO_FREED, sizeof(raw), raw);
		if (err)
			break;
		uint64_t blk = e2_get64(raw), count = e2_get64(raw + 8);

		if (blk > blocks || count > blocks - blk)
			return e2_fail(E2_ERR_EXIST, "%s: is a damaged undo file: says that blocks "
				       "past the end of the image were freed", undo->io->name);
		err = e2_ranges_set(undo->freed, blk, count, blk);
	}
	return err;
}

/* Whether the volume of a record can be, and is that of those before. */
static bool settle_volume(struct e2_undo *undo, const uint8_t *sector)
{
	uint32_t size = e2_get32(sector + AT_BLOCK_SIZE);

	if (undo->count != 0)
		return size == undo->block_size && memcmp(undo->identity, sector + AT_IDENTITY,
							  sizeof(undo->identity)) == 0;
	undo->block_size = size;
	memcpy(undo->identity, sector + AT_IDENTITY, sizeof(undo->identity));
	return size >= E2_SECTOR && size <= BLOCK_MAX && e2_is_power_of_2(size);
}

/* The record at the end of those that are known: 1, 0 when there is none that is whole. */
static int load_record(struct e2_undo *undo, struct e2_undo_record *r)
{
	uint8_t sector[E2_SECTOR];
	uint64_t room;
	uint32_t crc;
	int err;

	*r = (struct e2_undo_record){ .at = e2_undo_end(undo) };
	room = undo->io->size - r->at;		/* what is known lies within the file */
	if (room < E2_SECTOR)
		return 0;
	err = e2_io_read(undo->io, r->at, E2_SECTOR, sector);
	if (err)
		return err;
	r->blocks = e2_get64(sector + AT_BLOCKS);
	r->freed = e2_get64(sector + AT_FREED);
	r->knows_freed = e2_get32(sector + AT_FLAGS) & FLAG_KNOWS_FREED;
	if (!is_sound(sector, record_magic) || e2_get64(sector + AT_NUMBER) != undo->count + 1 ||
	    !settle_volume(undo, sector) || r->blocks > room / undo->block_size ||
	    r->freed > room / E2_UNDO_FREED)
		return 0;
	r->bytes = e2_undo_record_bytes(undo->block_size, r->blocks, r->freed);
	if (r->bytes > room)
		return 0;
	err = e2_pen_sum(undo->io, r->at + E2_SECTOR, r->bytes - E2_SECTOR, &crc);
	return err ? err : crc == e2_get32(sector + AT_BODY_CRC);
}

/*
 * Without a record nothing says of which state the file is.  The first one is written so that
 * its header comes last (undo_write.c): if there is any, the record was whole.
 */
static int check_empty(struct e2_undo *undo)
{
	static const uint8_t nothing[E2_SECTOR];
	uint8_t sector[E2_SECTOR];
	int err;

	if (undo->count != 0 || undo->io->size < 2 * E2_SECTOR)
		return 0;
	err = e2_io_read(undo->io, E2_SECTOR, E2_SECTOR, sector);
	if (!err && memcmp(sector, nothing, E2_SECTOR) != 0)
		err = e2_fail(E2_ERR_EXIST, "%s: is a damaged undo file", undo->io->name);
	return err;
}

int e2_undo_load(struct e2_undo *undo)
{
	int err = load_head(undo), r;

	while (!err) {
		struct e2_undo_record *list;

		list = e2_grow(undo->record, &undo->cap, undo->count + 1, sizeof(*list));
		if (!list)
			return E2_ERR_NOMEM;
		undo->record = list;
		r = load_record(undo, &list[undo->count]);
		if (r <= 0)
			return r ? r : check_empty(undo);
		err = load_freed(undo, &list[undo->count]);
		undo->count += !err;
	}
	return err;
}

int e2_undo_entries(struct e2_undo *undo, const struct e2_undo_record *r, uint64_t first,
		    size_t count, struct e2_undo_entry *entry)
{
	uint64_t at = r->at + E2_SECTOR + r->blocks * undo->block_size + first * E2_UNDO_ENTRY;
	uint8_t *buf = malloc(count * E2_UNDO_ENTRY);
	int err;

	if (!buf)
		return e2_fail(E2_ERR_NOMEM, "no memory to read %s", undo->io->name);
	err = e2_io_read(undo->io, at, count * E2_UNDO_ENTRY, buf);
	for (size_t i = 0; !err && i < count; i++) {
		const uint8_t *raw = buf + i * E2_UNDO_ENTRY;

		entry[i] = (struct e2_undo_entry){
			.blk = e2_get64(raw), .before = e2_get32(raw + 8),
			.after = e2_get32(raw + 12),
		};
	}
	free(buf);
	return err;
}

int e2_undo_before(struct e2_undo *undo, const struct e2_undo_record *r, uint64_t i, void *data)
{
	return e2_io_read(undo->io, r->at + E2_SECTOR + i * undo->block_size, undo->block_size,
			  data);
}
