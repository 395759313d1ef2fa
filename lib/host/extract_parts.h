/* SPDX-License-Identifier: MIT */
/* What the files of the extraction share.  Private to them. */
#ifndef E2_HOST_EXTRACT_PARTS_H
#define E2_HOST_EXTRACT_PARTS_H

#include "base/map.h"
#include "base/str.h"
#include "host/ahead.h"
#include "host/extract.h"

#include <sys/stat.h>
#include <sys/types.h>

/* ---- directories of the host (extract_dirs.c) --------------------------------- */

/*
 * Every directory that was made or entered, so that it can be found again by
 * names alone and recognised by device and inode number; and the stack of those
 * that are being filled.  Handles are kept for some levels of the stack only.
 */
struct e2_host_dir {
	uint32_t parent;	/* index; the destination is its own parent */
	size_t name;		/* in e2_host_dirs.names */
	dev_t dev;
	ino_t ino;
};

struct e2_host_level {
	uint32_t dir;		/* index of a record */
	int fd;			/* -1: closed for the time being */
	e2_ino ino;		/* the volume's directory */
	uint32_t mode;		/* of the host's directory when it was entered */
	bool made;		/* by this extraction */
};

struct e2_host_dirs {
	struct e2_host_dir *dirs;
	size_t count, cap;
	struct e2_str names;		/* NUL-terminated, one after the other */
	struct e2_host_level *levels;
	size_t depth, levels_cap;
	size_t open;			/* levels with a handle */
	uint32_t again_dir;		/* the directory found again last, and its handle */
	int again_fd;
};

/* Level 0 is the destination; fd is taken over, even on failure. */
int e2_host_dirs_open(struct e2_host_dirs *d, int fd);
void e2_host_dirs_close(struct e2_host_dirs *d);

/* The handle of the innermost level; reopened if need be.  Negative: an error. */
int e2_host_dirs_fd(struct e2_host_dirs *d);

/* Enters a directory opened inside the innermost level; fd is taken over. */
int e2_host_dirs_push(struct e2_host_dirs *d, const char *name, int fd, e2_ino ino, bool made);
void e2_host_dirs_pop(struct e2_host_dirs *d);

/*
 * A handle of any recorded directory, valid until the next call: found by its names one at
 * a time, never through a link, and only if it still is the same directory.
 */
int e2_host_dirs_again(struct e2_host_dirs *d, uint32_t dir);

/* ---- the extractor --------------------------------------------------------------- */

struct e2_host_link {		/* an object that has more names in the volume */
	uint32_t dir;
	size_t name;		/* in e2_extractor.link_names */
	dev_t dev;
	ino_t ino;
};

struct e2_late_mode {		/* a directory that is closed to its owner at the end */
	uint32_t dir;
	mode_t mode;
};

struct e2_extractor {
	struct e2_fs *fs;
	struct e2_extract_options options;
	struct e2_copied stats;
	struct e2_host_dirs dirs;
	uid_t uid;			/* who we are */
	gid_t gid;
	uint64_t file_limit;		/* bytes the host lets a file have */
	uint64_t bytes_left;		/* data that may still be written */
	bool exhausted;			/* ... and was not enough */
	uint8_t *buffer;		/* for file data */
	struct e2_ahead ahead;
	struct e2_map *by_ino;		/* ino -> index into links + 1 */
	struct e2_host_link *links;
	size_t link_count, link_cap;
	struct e2_str link_names;
	struct e2_late_mode *late;
	size_t late_count, late_cap;
	struct e2_str top, path;	/* of the object at hand, for messages */
	int status;			/* the first thing that was damaged or refused */
};

enum { E2_EXTRACT_BUFFER = 1 << 20 };

/* Tells the caller that the object at hand is left out or incomplete because of
 * err, whose detail is the reason, and remembers err for the result. */
void e2_extract_warn(struct e2_extractor *x, int err);

/* E2_ERR_CANCELLED when it is to stop. */
int e2_extract_stopped(const struct e2_extractor *x);

/* ---- data (extract_data.c) -------------------------------------------------------- */

/*
 * Writes the data of a regular file to an empty file; holes stay holes.
 * *damage is set when some of it could not be read; the rest is there.
 */
int e2_extract_data(struct e2_extractor *x, const struct e2_inode *in, int fd, bool *damage);

/* ---- owner, mode, attributes, times (extract_meta.c) --------------------------------- */

/*
 * Gives an object what the inode says, times last.
 * fd       open on it, or -1: then by name in dir_fd, never through a link
 * is       what it has, which is left alone where it is right already; NULL: unknown
 */
int e2_extract_meta(struct e2_extractor *x, e2_ino ino, const struct e2_inode *in, int fd,
		    int dir_fd, const char *name, const struct stat *is);

#endif
