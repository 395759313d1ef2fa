/* SPDX-License-Identifier: MIT */
/*
 * Trees of a volume as a tar archive (pax.h).
 *
 * Everything the volume knows of a name goes in: hard links of any kind of object, holes,
 * attributes and access control lists, devices and fifos, owners as numbers, times of
 * modification to the nanosecond, names as bytes.  Sockets, which tar cannot hold, are told.
 * Names come in the order of the directories: the same volume gives the same bytes.
 */
#ifndef E2_HOST_TAR_OUT_H
#define E2_HOST_TAR_OUT_H

#include "host/copied.h"
#include "tree/tree.h"

struct e2_tar_options {
	/* Takes the archive, piece by piece; its failure ends everything. */
	int (*write)(void *context, const void *data, size_t len);
	/* Each thing left out or incomplete; text is ready to print.  May be NULL. */
	void (*warn)(void *context, const char *text);
	/* Each socket.  May be NULL. */
	void (*note)(void *context, const char *text);
	void *context;
};

struct e2_tar;

int e2_tar_begin(struct e2_fs *fs, const struct e2_tar_options *options, struct e2_tar **tar);

/*
 * Adds an inode, a directory with all it holds, under a name; "" stands for "." and is for
 * directories.  Hard links are kept between calls too.
 *
 * What cannot be read is told to warn and counted in left_out, and the call goes on; what is
 * unreadable of a file reads as zeros.  That is no failure: the result is 0.
 *
 * A failure ends the archive, which is to be thrown away, whatever was told before:
 * E2_ERR_NOMEM, what write returns, E2_ERR_FBIG for more data than the image holds, and all that
 * happens between the header of a file and its end.
 */
int e2_tar_add(struct e2_tar *tar, e2_ino ino, const char *name);

/* Writes the end of the archive unless err; releases tar; fills stats (may be NULL). */
int e2_tar_end(struct e2_tar *tar, int err, struct e2_copied *stats);

#endif
