/* SPDX-License-Identifier: MIT */
/* A file of the host that gets its name when it is complete, and not before. */
#ifndef DEBUGFS_HOST_FILE_H
#define DEBUGFS_HOST_FILE_H

#include "shell.h"

struct host_file {
	const char *path;
	char *real;		/* the same without symlinks */
	char *temporary;	/* NULL: written in place: a device, several names */
	int fd;
};

/* E2_ERR_INVAL for what no output may go to: the image that is open. */
int host_file_check(const struct shell *sh, const char *path);

/*
 * Opens what becomes the file: one beside it (temp) with its owner and mode, or where there can
 * be none the file itself, emptied.  path: without symlinks; the caller frees both, also after
 * a failure.
 */
int host_file_open(const char *target, char **path, char **temp, int *fd);

/* Begins a file of that name; what has it stays until it is kept.  E2_ERR_*. */
int host_file_begin(const struct shell *sh, struct host_file *f, const char *path);
int host_file_write(struct host_file *f, const void *data, size_t len);
/* Gives it its name, unless err, which is returned then: nothing is left of it. */
int host_file_end(struct host_file *f, int err);

#endif
