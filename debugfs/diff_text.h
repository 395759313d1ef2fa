/* SPDX-License-Identifier: MIT */
/* What differs between two files, as text: for the command that compares volumes. */
#ifndef DEBUGFS_DIFF_TEXT_H
#define DEBUGFS_DIFF_TEXT_H

#include "shell.h"

struct diff_side {		/* of the two volumes */
	struct e2_fs *fs;
	const char *image;	/* as the user named it */
};

/* One value that differs; an empty text where there is none. */
struct diff_value {
	enum e2_diff_what what;
	const char *attribute;		/* its name; NULL: none is meant */
	const char *text[2];		/* NULL: there is none */
};
typedef int diff_value_fn(void *context, const struct diff_value *value);	/* not 0 ends it */

/* Calls one() for each value, in the order of diff.def. */
int diff_values(const struct diff_side side[2], unsigned time_flags,
		const struct e2_difference *d, diff_value_fn *one, void *context);

/* "regular file, 13 bytes", "symlink to "x"", "character device 1:3". */
void add_diff_thing(struct e2_str *s, struct e2_fs *fs, const struct e2_inode *in);

#endif
