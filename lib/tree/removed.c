/* SPDX-License-Identifier: MIT */
/*
 * Entries that were removed and not yet overwritten.
 *
 * Removing a name gives its record to the one before it, or clears its inode number: the bytes
 * stay until another entry takes the place.  They are looked for in the unused end of every
 * record, where an entry may begin at every fourth byte, and are believed when all of their fields
 * could be those of an entry.  Index blocks of hashed directories hold no entries.
 * Layout: docs/format.md, "dirent" (kernel: fs/ext4/namei.c, ext4_generic_delete_entry).
 */
#include "tree/dir.h"

#include <stdlib.h>

struct e2_removed {
	struct e2_fs *fs;
	struct e2_inode in;
	struct e2_dir *dir;
	const uint8_t *block;	/* of the record at hand */
	e2_lblk lblk;
	uint32_t at, end;	/* of its unused end, what is still to be looked at */
};

int e2_removed_begin(struct e2_fs *fs, e2_ino ino, struct e2_removed **removed)
{
	struct e2_removed *it = calloc(1, sizeof(*it));
	int r;

	if (!it)
		return e2_fail(E2_ERR_NOMEM, "directory %u: out of memory", ino);
	it->fs = fs;
	r = e2_inode_get(fs, ino, &it->in);
	if (!r)
		r = e2_dir_begin_inode(fs, ino, &it->in, e2_geometry(fs)->blocks, &it->dir);
	if (r) {
		free(it);
		return r;
	}
	*removed = it;
	return 0;
}

void e2_removed_end(struct e2_removed *it)
{
	if (!it)
		return;
	e2_dir_end(it->dir);
	free(it);
}

/* Whether bytes of an index may lie in the unused end of a record. */
static bool is_index(const struct e2_removed *it, const struct e2_entry *e)
{
	uint32_t size = e2_geometry(it->fs)->block_size;

	if (!(it->in.flags & E2_FL_INDEX))
		return false;
	return (e->lblk == 0 && e->offset <= 12) || (e->offset == 0 && e->rec_len == size);
}

/* Whether an entry lies at these bytes, of which `room` can be its own. */
static bool decode(const struct e2_removed *it, const uint8_t *raw, uint32_t room,
		   struct e2_entry *e)
{
	const struct e2_geometry *g = e2_geometry(it->fs);
	struct e2_dirent d;
	uint32_t bytes;

	e2_dirent_decode(&d, raw);
	bytes = e2_entry_bytes(d.name_len);
	if (d.name_len == 0 || bytes > room || d.rec_len < bytes || d.rec_len % 4 != 0 ||
	    d.rec_len > g->block_size || (d.inode != 0 && !e2_inode_valid(g, d.inode)) ||
	    (g->filetype ? d.file_type == 0 || d.file_type >= E2_FT_MAX : d.file_type != 0) ||
	    e2_name_problem(raw + E2_DIRENT_BYTES, d.name_len) != NULL)
		return false;
	*e = (struct e2_entry){
		.ino = d.inode, .rec_len = d.rec_len, .file_type = d.file_type,
		.name_len = d.name_len, .name = raw + E2_DIRENT_BYTES,
	};
	return true;
}

/* The next entry within the unused end at hand. */
static bool find(struct e2_removed *it, struct e2_entry *e)
{
	while (it->end - it->at >= E2_DIRENT_BYTES + 4) {
		uint32_t at = it->at;

		if (decode(it, it->block + at, it->end - at, e)) {
			e->offset = at;
			e->lblk = it->lblk;
			it->at += e2_entry_bytes(e->name_len);
			return true;
		}
		it->at += 4;
	}
	return false;
}

int e2_removed_next(struct e2_removed *it, struct e2_entry *e)
{
	struct e2_entry record;
	int r;

	for (;;) {
		if (find(it, e))
			return 1;
		it->at = it->end = 0;
		r = e2_dir_next_record(it->dir, &record);
		if (r <= 0)
			return r;
		if (is_index(it, &record))
			continue;
		it->block = record.name - E2_DIRENT_BYTES - record.offset;
		it->lblk = record.lblk;
		it->at = record.offset + (record.ino ? e2_entry_bytes(record.name_len) : 0);
		it->end = record.offset + record.rec_len;
		if (it->at > it->end)
			it->at = it->end;
	}
}
