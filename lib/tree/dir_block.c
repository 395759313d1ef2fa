/* SPDX-License-Identifier: MIT */
/*
 * Changing the entries of one directory block.
 *
 * The records of a block always cover it exactly: a new entry takes the unused end of a
 * record, or a whole unused one; a removed entry becomes the unused end of the record before
 * it.  The bytes of a removed entry stay where they are, for who looks for lost names.
 * Nothing is changed in a block whose records do not cover it.
 */
#include "tree/dir.h"

#include <string.h>

/* As stored: 16 bits cannot say that a record covers a whole block of 64 KiB. */
static uint16_t stored_length(uint32_t rec_len)
{
	return rec_len > UINT16_MAX ? UINT16_MAX : (uint16_t)rec_len;
}

static void set_length(uint8_t *block, uint32_t offset, uint32_t rec_len)
{
	struct e2_dirent d;

	e2_dirent_decode(&d, block + offset);
	d.rec_len = stored_length(rec_len);
	e2_dirent_encode(&d, block + offset);
}

void e2_entry_write(const struct e2_geometry *g, uint8_t *block, const struct e2_entry *e)
{
	struct e2_dirent d = {
		.inode = e->ino, .rec_len = stored_length(e->rec_len),
		.name_len = (uint8_t)e->name_len,
		.file_type = g->filetype ? e->file_type : (uint8_t)E2_FT_UNKNOWN,
	};
	uint8_t *at = block + e->offset;

	e2_dirent_encode(&d, at);
	at += E2_DIRENT_BYTES;
	if (e->name_len == 0)
		return;
	memcpy(at, e->name, e->name_len);
	memset(at + e->name_len, 0,
	       e2_entry_bytes(e->name_len) - (size_t)E2_DIRENT_BYTES - e->name_len);
}

int e2_block_room(const struct e2_geometry *g, const uint8_t *block, uint32_t *room)
{
	uint32_t most = 0;
	struct e2_entry e;
	int r;

	for (uint32_t at = 0; (r = e2_entry_step(g, block, at, &e)) > 0; at += e.rec_len)
		if (e2_entry_room(&e) > most)
			most = e2_entry_room(&e);
	if (r == 0)
		*room = most;
	return r;
}

int e2_block_insert(const struct e2_geometry *g, uint8_t *block, const struct e2_entry *what,
		    uint32_t *left)
{
	uint32_t need = e2_entry_bytes(what->name_len), room, most = 0;
	struct e2_entry e, gap = { 0 }, put = *what;
	int r;

	for (uint32_t at = 0; (r = e2_entry_step(g, block, at, &e)) > 0; at += e.rec_len) {
		room = e2_entry_room(&e);
		if (gap.rec_len == 0 && room >= need) {
			gap = e;
			room -= need;
		}
		if (room > most)
			most = room;
	}
	if (r != 0 || gap.rec_len == 0)
		return r;
	put.offset = gap.offset;
	put.rec_len = gap.rec_len;
	if (gap.ino != 0) {
		put.offset += e2_entry_bytes(gap.name_len);
		put.rec_len -= e2_entry_bytes(gap.name_len);
		set_length(block, gap.offset, e2_entry_bytes(gap.name_len));
	}
	e2_entry_write(g, block, &put);
	if (left != NULL)
		*left = most;
	return 1;
}

int e2_block_remove(const struct e2_geometry *g, uint8_t *block, uint32_t offset)
{
	struct e2_entry e, before = { 0 }, gone = { 0 };
	struct e2_dirent d;
	int r;

	for (uint32_t at = 0; (r = e2_entry_at(g, block, at, &e)) > 0; at += e.rec_len) {
		if (at < offset)
			before = e;
		else if (at == offset)
			gone = e;
	}
	if (r != 0)
		return r;
	if (gone.rec_len == 0)
		return e2_fail(E2_ERR_CORRUPT, "no entry begins at byte %u", offset);
	if (before.rec_len != 0) {
		set_length(block, before.offset, before.rec_len + gone.rec_len);
		return 0;
	}
	e2_dirent_decode(&d, block);
	d.inode = 0;
	e2_dirent_encode(&d, block);
	return 0;
}

int e2_block_retarget(const struct e2_geometry *g, uint8_t *block, uint32_t offset, e2_ino ino,
		      uint8_t file_type)
{
	struct e2_dirent d;
	struct e2_entry e;
	int r = e2_entry_at(g, block, offset, &e);

	if (r == 0)
		r = e2_fail(E2_ERR_CORRUPT, "no entry begins at byte %u", offset);
	if (r < 0)
		return r;
	e2_dirent_decode(&d, block + offset);
	d.inode = ino;
	d.file_type = g->filetype ? file_type : (uint8_t)E2_FT_UNKNOWN;
	e2_dirent_encode(&d, block + offset);
	return 0;
}

void e2_block_clear(const struct e2_geometry *g, uint8_t *block)
{
	memset(block, 0, g->block_size);
	e2_entry_write(g, block, &(struct e2_entry){ .rec_len = g->block_size });
}
