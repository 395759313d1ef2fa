/* SPDX-License-Identifier: MIT */
/*
 * Entries of a directory block.
 *
 * A block is a chain of records that covers it exactly; each record gives its own
 * length.  Nothing here trusts it: an entry is handed out only when record and
 * name lie inside the block.
 * Layout: docs/format.md, "dirent" (kernel: Documentation/filesystems/ext4/directory.rst).
 */
#include "tree/tree.h"

#include "disk/access.h"

#include <string.h>

enum { NAME_AT = E2_DIRENT_BYTES, RECORD_MIN = 12 };

/* With 64 KiB blocks a record may cover the whole block, which 16 bits cannot say. */
static uint32_t record_bytes(const struct e2_geometry *g, uint32_t stored)
{
	if (g->block_size == E2_BLOCK_SIZE_MAX && (stored == 0 || stored == UINT16_MAX))
		return E2_BLOCK_SIZE_MAX;
	return stored;
}

int e2_entry_at(const struct e2_geometry *g, const uint8_t *block, uint32_t offset,
		struct e2_entry *e)
{
	uint32_t rec_len, left;

	if (offset == g->block_size)
		return 0;
	if (offset > g->block_size || g->block_size - offset < RECORD_MIN || offset % 4 != 0)
		return e2_fail(E2_ERR_CORRUPT, "entry at byte %u: no room for one", offset);
	left = g->block_size - offset;
	const struct e2_dirent d = e2_dirent_peek(block + offset);
	rec_len = record_bytes(g, d.rec_len);
	if (rec_len < RECORD_MIN || rec_len % 4 != 0)
		return e2_fail(E2_ERR_CORRUPT, "entry at byte %u: record length is %u", offset,
			       rec_len);
	if (rec_len > left)
		return e2_fail(E2_ERR_CORRUPT,
			       "entry at byte %u: record length is %u, but %u bytes are left",
			       offset, rec_len, left);
	if (d.name_len > rec_len - NAME_AT)
		return e2_fail(E2_ERR_CORRUPT,
			       "entry at byte %u: name of %u bytes in a record of %u", offset,
			       d.name_len, rec_len);
	*e = (struct e2_entry){
		.ino = d.inode,
		.rec_len = rec_len,
		/* Without the feature this byte is the high half of the name's length: 0 in
		 * every healthy volume, and ignored by the kernel. */
		.file_type = g->filetype ? d.file_type : (uint8_t)E2_FT_UNKNOWN,
		.name_len = d.name_len,
		.name = block + offset + NAME_AT,
		.offset = offset,
	};
	return 1;
}

uint32_t e2_entry_bytes(uint32_t name_len)
{
	return (NAME_AT + name_len + 3) & ~3u;
}

const char *e2_name_problem(const uint8_t *name, size_t len)
{
	if (len == 0)
		return "is empty";
	if (len > E2_NAME_MAX)
		return "is longer than 255 bytes";
	if (memchr(name, '/', len))
		return "contains a slash";
	if (memchr(name, '\0', len))
		return "contains a NUL";
	if (len == 1 && name[0] == '.')
		return "is \".\"";
	if (len == 2 && name[0] == '.' && name[1] == '.')
		return "is \"..\"";
	return NULL;
}
