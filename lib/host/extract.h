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
#include "tree/tree.h"

struct e2_extract_options {
	bool recursive;		/* directories with their content */
	bool archive;		/* owners (as root), modes in full, times, xattrs, devices, hard links */
	bool overwrite;		/* replace existing files (never directories by files) */
	uint64_t max_bytes;	/* stop with E2_ERR_FBIG past this much data; 0: what the image holds */
	/* Each thing left out or incomplete; text is ready to print.  May be NULL. */
	void (*warn)(void *context, const char *text);
	void *context;
};

struct e2_extract_stats { uint64_t files, dirs, symlinks, others, links, bytes, left_out; };

/*
 * Extracts one inode to name inside the host directory dir_fd.  Hard links are
 * remembered between calls on one extractor.
 * A damaged file keeps what can be read, is counted in left_out, and the call
 * goes on; the result is then E2_ERR_CORRUPT at the end.
 */
struct e2_extractor;
int e2_extract_begin(struct e2_fs *fs, const char *host_dir,
		     const struct e2_extract_options *options, struct e2_extractor **x);
int e2_extract(struct e2_extractor *x, e2_ino ino, const char *name);
/* Sets directory times and modes last; fills stats (may be NULL); releases x. */
int e2_extract_end(struct e2_extractor *x, struct e2_extract_stats *stats);

#endif
