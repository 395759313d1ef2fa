/* SPDX-License-Identifier: MIT */
/*
 * Two volumes compared by what they mean: names, and what the names lead to.
 *
 * What is compared without asking for more is what rsync -aHAX would find: of a regular file
 * size and time stand for its bytes.  Names that are one file in the second only, which rsync
 * leaves alone, are a difference too.  Where things lie does not matter.
 */
#ifndef E2_TREE_DIFF_H
#define E2_TREE_DIFF_H

#include "tree/tree.h"

#define D(id, when, name, doc) E2_DIFF_##id,
enum e2_diff_what {
#include "tree/diff.def"
	E2_DIFF_WHATS
};
#undef D

const char *e2_diff_what_name(enum e2_diff_what what);	/* "size"; static */

enum e2_diff_flags {
	E2_DIFF_WITH_CONTENT = 1,	/* bytes of files of the same size */
	E2_DIFF_WITH_META = 2,		/* what rsync leaves alone: diff.def */
};

struct e2_difference {
	const char *path;		/* bytes, NUL-terminated: below the start, "" for itself */
	size_t path_len;
	e2_ino ino[2];			/* in the first and in the second; 0: not there */
	struct e2_inode in[2];		/* zeros where there is none */
	uint32_t what;			/* 1u << enum e2_diff_what; 0 where only one has it */
	const char *link[2];		/* LINKS: the name it is one file with in that volume */
	size_t link_len[2];		/* 0: none */
	uint64_t at;			/* CONTENT: the first byte that differs */
};

struct e2_diff_sums {
	uint64_t names;			/* that were compared, the start one of them */
	uint64_t only[2], changed;	/* names; changed: damaged ones too */
	uint64_t damaged;
	uint64_t files, bytes;		/* with content: compared */
};

struct e2_diff_options {
	unsigned flags;
	e2_ino start[2];		/* a directory or file of each; 0: the root */
	int (*tick)(void *context);	/* now and then; not 0 ends it.  May be NULL. */
	void *context;
};

/*
 * Compares all names below the starts.  Damage is a difference and no failure.
 * Both volumes are borrowed and must stay as they are.  E2_ERR_NOMEM, what tick returned,
 * and failures of the starts.
 */
struct e2_diff;
int e2_diff_begin(struct e2_fs *first, struct e2_fs *second, const struct e2_diff_options *options,
		  struct e2_diff **diff);
void e2_diff_sums(const struct e2_diff *diff, struct e2_diff_sums *sums);

/* The differences in the order of paths, a directory before what is in it; valid until the next
 * call.  1, 0 at the end, E2_ERR_NOMEM. */
int e2_diff_next(struct e2_diff *diff, struct e2_difference *difference);
void e2_diff_end(struct e2_diff *diff);

/*
 * The extended attributes of which one file has another value than the other, or none: calls
 * one() for each, in the order of names; not 0 ends it.  A value is NULL where there is none;
 * ACLs that say the same beside the mode are left out.
 */
typedef int e2_diff_xattr_fn(void *context, const char *name, const struct e2_xattr *first,
			     const struct e2_xattr *second);
int e2_diff_xattrs(struct e2_fs *const fs[2], const e2_ino ino[2], e2_diff_xattr_fn *one,
		   void *context);

#endif
