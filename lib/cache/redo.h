/* SPDX-License-Identifier: MIT */
/*
 * The redo log of an image that was not closed properly: found, proven, applied or read
 * through.  Layout: docs/design.md, "The log".
 */
#ifndef E2_CACHE_REDO_H
#define E2_CACHE_REDO_H

#include "cache/commit.h"

enum e2_redo_state {
	E2_REDO_NONE,		/* no file, or one that was never completed: means nothing */
	E2_REDO_PENDING,	/* complete, and fits the image: the change must be completed */
};

/*
 * Looks at the log of an image.
 *
 * E2_ERR_LOG, with the reason and what to do, when a complete log does not fit: it belongs to
 * another image, is not to be trusted (owner, links, a symlink), or a sector of the image is
 * neither as before nor as after; nothing is changed.
 */
int e2_redo_find(struct e2_image *image, const char *log_path, enum e2_redo_state *state);

/* Completes a pending log and removes it, or removes one that means nothing.  The image is
 * open for writing; where there is a log, takes the lock COMMIT.  Idempotent. */
int e2_redo_recover(struct e2_image *image, const char *log_path);

/* Removes a log unseen; E2_ERR_NOENT when there is none. */
int e2_redo_discard(struct e2_image *image, const char *log_path);

/* Removes the log of an image that has been replaced as a whole; what is no log stays.  Also
 * fine when there is none. */
int e2_redo_forget(struct e2_env *env, const char *log_path);

/* The image as it will be once the pending log is applied: read-only, writes nothing.
 * Borrows the image's io, which must outlive it. */
int e2_redo_open_through(struct e2_image *image, const char *log_path, struct e2_io **io);

#endif
