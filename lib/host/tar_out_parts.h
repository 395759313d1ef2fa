/* SPDX-License-Identifier: MIT */
/* What the files that write an archive share.  Private to them. */
#ifndef E2_HOST_TAR_OUT_PARTS_H
#define E2_HOST_TAR_OUT_PARTS_H

#include "base/map.h"
#include "host/ahead.h"
#include "host/pax.h"
#include "host/tar_out.h"

struct e2_tar_piece {		/* blocks of a file that lie together */
	e2_lblk lblk;
	uint32_t blk, count;
};

struct e2_tar_name {		/* of a directory, or the first of an object with several */
	uint32_t dir;		/* the directory it is in, as an index into dirs + 1; 0: on top */
	size_t text;		/* in e2_tar.texts */
};

struct e2_tar {
	struct e2_fs *fs;
	struct e2_tar_options options;
	struct e2_copied stats;
	struct e2_ahead ahead;
	uint8_t *buffer;		/* what waits to be written */
	size_t held;
	uint64_t written;		/* of the archive */
	uint64_t bytes_left;		/* of data, as much as the image holds */
	struct e2_str top, path, link, head, records;
	struct e2_tar_piece *pieces;
	size_t piece_count, pieces_cap;
	struct e2_tar_name *dirs, *links;
	size_t dir_count, dirs_cap, link_count, links_cap;
	uint32_t *levels;		/* directories above the object at hand, as in dir */
	size_t levels_cap;
	struct e2_str texts;
	struct e2_map *by_ino;		/* ino -> index into links + 1 */
	bool fatal;			/* the archive cannot go on */
};

enum { E2_TAR_BUFFER = 1 << 20 };

/* Tells that the object at hand is left out or incomplete because of err, with its detail. */
void e2_tar_warn(struct e2_tar *t, int err);

/* Appends bytes to the archive. */
E2_NODISCARD int e2_tar_put(struct e2_tar *t, const void *data, size_t len);
E2_NODISCARD int e2_tar_flush(struct e2_tar *t);

/*
 * A regular file: its headers, and its data.  e has everything but the sizes.
 */
E2_NODISCARD int e2_tar_file(struct e2_tar *t, const struct e2_inode *in, struct e2_tar_entry *e);

/* The headers of an entry, with the records that have gathered. */
E2_NODISCARD int e2_tar_head(struct e2_tar *t, const struct e2_tar_entry *e);

#endif
