/* SPDX-License-Identifier: MIT */
/*
 * Where all symlinks of a volume lead at one moment, and how two moments differ.
 *
 * A name is compared with the one that had its path before.  Of those whose path was not there
 * the ones that were moved, or lie in what was moved, are found again by their inode and text.
 */
#ifndef E2_TREE_SURVEY_H
#define E2_TREE_SURVEY_H

#include "tree/tree.h"

#define E2_SURVEY_NONE UINT32_MAX

struct e2_survey_how {
	size_t links;			/* more names of symlinks are E2_ERR_RANGE */
	uint64_t steps;			/* components of all paths; more are E2_ERR_RANGE */
	int (*poll)(void *context);	/* asked now and then: not 0 ends it; may be NULL */
	void *context;
	const struct e2_survey *before;	/* one that it is to be compared with; NULL: the first */
};

/* E2_ERR_RANGE, E2_ERR_NOMEM, what poll says, and what keeps the root from being read. */
struct e2_survey;
E2_NODISCARD int e2_survey_make(struct e2_fs *fs, const struct e2_survey_how *how,
				struct e2_survey **survey);
void e2_survey_free(struct e2_survey *survey);

struct e2_survey_link {
	e2_ino ino, dir;	/* the symlink, the directory it stands in */
	e2_ino to;		/* what it leads to; 0: nowhere; E2_SURVEY_NONE: it has no text */
};
size_t e2_survey_count(const struct e2_survey *survey);
struct e2_survey_link e2_survey_link(const struct e2_survey *survey, uint32_t link);
/* Adds its absolute path. */
E2_NODISCARD int e2_survey_path(const struct e2_survey *survey, uint32_t link,
				struct e2_str *path);

struct e2_survey_change {	/* of a symlink that is there afterwards */
	uint32_t old, link;	/* its place before, E2_SURVEY_NONE: it was not there; and after */
	e2_ino was, is;		/* what it led to, and leads to; 0: nowhere */
};

/*
 * after was made with before in how->before, or with what that one was made with.
 *
 * What leads elsewhere than it did: nowhere (is 0), somewhere again (was 0), to another inode;
 * and what is new and leads nowhere.  Nearest to the root first, and of the same depth in the
 * order of their paths.
 *
 * *changes is to be freed
 */
E2_NODISCARD int e2_survey_compare(const struct e2_survey *before, const struct e2_survey *after,
				   struct e2_survey_change **changes, size_t *count);

#endif
