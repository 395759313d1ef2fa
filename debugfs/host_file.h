/* SPDX-License-Identifier: MIT */
/*
 * A file of the host that gets its name when it is complete, and not before.
 *
 * Who loses power in the middle finds what was there, or all of what replaced it: that is on the
 * disk before it gets the name.  A name that nobody had is given without waiting for the disk.
 */
#ifndef DEBUGFS_HOST_FILE_H
#define DEBUGFS_HOST_FILE_H

#include "shell.h"

struct host_file {
	const char *path;
	char *real;		/* the same without symlinks */
	char *temporary;	/* NULL: written in place: a device, several names */
	bool replaces;		/* what has the name now */
	int fd;
};

/* E2_ERR_INVAL for what no output may go to: the image that is open. */
int host_file_check(const struct shell *sh, const char *path);

/*
 * Begins a file of that name, with owner and mode of what has it, which stays until the end; where
 * nothing can be made beside it that is emptied and written in place.  path is kept until the
 * end.  After an error there is nothing to end.  E2_ERR_INVAL as above, E2_ERR_HOST and the like.
 */
int host_file_begin(const struct shell *sh, struct host_file *f, const char *path);

/* Adds to it; f->fd may be written to as well. */
int host_file_write(struct host_file *f, const void *data, size_t len);

/* Gives it its name, unless err, which is returned then: nothing is left of it. */
int host_file_end(struct host_file *f, int err);

#endif
