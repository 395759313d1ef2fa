/* SPDX-License-Identifier: MIT */
/*
 * Recipes: damaged volumes as text.  tests/corrupt/README.md tells the language.
 *
 * A recipe makes a sound volume in memory, damages it, and names the problems that
 * the checker must find: these, and no others.
 */
#ifndef E2_TESTS_RECIPE_H
#define E2_TESTS_RECIPE_H

#include "check/check.h"
#include "image.h"

struct recipe {
	char name[80];
	unsigned line;			/* where it begins */
	struct img img;			/* the sound volume, then the damaged one */
	struct e2_io *io;		/* the damaged image, read-only; taken by the caller */
	uint64_t size;			/* bytes of it that are left */
	uint32_t unreadable[8];		/* blocks that fail to read */
	unsigned unreadable_count;
	int64_t now;			/* the time of the check; 0: not given */
	bool expected[E2_PROBLEMS];
	int fails;			/* the error the check must end with; 0: none */
	bool begun;
};

/*
 * Reads a file of recipes; calls done for each, complete.  A line that cannot be understood
 * fails the test with file and line.
 */
typedef void recipe_fn(void *context, struct recipe *r);
void recipe_read(const char *path, recipe_fn *done, void *context);

/* The volume that all recipes start from (see the README). */
struct recipe_base {
	struct img_options options;
	bool resize_inode;
};
void recipe_make_base(struct img *img, const struct recipe_base *base);

#endif
