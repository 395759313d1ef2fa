/* SPDX-License-Identifier: MIT */
/*
 * A tree of a volume out to the host, faithfully and never outside its destination.
 *
 * Every step goes by handle: components are opened one at a time with O_NOFOLLOW,
 * files are made with O_CREAT | O_EXCL; names are checked, never joined to paths.
 */
#ifndef E2_HOST_EXTRACT_H
#define E2_HOST_EXTRACT_H

#include "base/str.h"
#include "host/copied.h"
#include "tree/tree.h"

struct e2_extract_options {
	bool recursive;		/* directories with their content */
	bool archive;		/* owners (as root), modes in full, times, xattrs, devices */
	bool overwrite;		/* replace files, never directories by files nor the image */
	uint64_t max_bytes;	/* more data is E2_ERR_FBIG; 0: what the image holds */
	/* Each thing left out or incomplete; text is ready to print.  May be NULL. */
	void (*warn)(void *context, const char *text);
	void *context;
	/* Called now and then; true ends it with E2_ERR_CANCELLED.  May be NULL. */
	bool (*stop)(void);
};

struct e2_extractor;

/* host_dir is made when it does not exist. */
int e2_extract_begin(struct e2_fs *fs, const char *host_dir,
		     const struct e2_extract_options *options, struct e2_extractor **x);

/*
 * Extracts one inode to name inside host_dir; with name NULL, the entries of a
 * directory into host_dir itself, which then stands for it.  Hard links are kept, also
 * between calls on one extractor.  A directory that exists is filled if overwrite
 * is set.  Without archive: permission bits under the umask, and no devices,
 * fifos and sockets.
 *
 * What cannot be made is told to warn, counted in left_out, and the call goes on; a damaged
 * file keeps what can be read.  The result is then the first reason, often
 * E2_ERR_CORRUPT.  At once end: a failure of the inode itself (E2_ERR_EXIST,
 * E2_ERR_ISDIR without recursive), E2_ERR_NOSPC, E2_ERR_NOMEM, max_bytes.
 */
int e2_extract(struct e2_extractor *x, e2_ino ino, const char *name);

/* Sets what had to wait; fills stats (may be NULL); releases x. */
int e2_extract_end(struct e2_extractor *x, struct e2_copied *stats);

#endif
