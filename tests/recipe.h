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
#include "ram.h"

enum { RECIPE_LINES = 16 };

struct recipe {
	char name[80];
	unsigned line;			/* where it begins */
	struct img img;			/* the sound volume, then the damaged one */
	struct e2_io *sound;		/* a copy of the sound one */
	struct ram damaged;		/* the image to check */
	uint64_t size;			/* bytes of it that are left */
	unsigned steps;			/* lines that damage it, or change the base */
	int64_t now;			/* the time of the check; 0: not given */
	bool reattach;			/* repaired with this option */
	bool expected[E2_PROBLEMS];
	bool almost[E2_PROBLEMS];	/* a legal neighbour of these */
	bool left[E2_PROBLEMS];		/* no repair can repair them */
	unsigned lost, renamed;		/* losses that the repair tells */
	char *keeps[RECIPE_LINES];	/* paths of files that the repair leaves as they were */
	unsigned keep_count;
	char *after[RECIPE_LINES];	/* steps: what they would write stands there */
	unsigned after_line[RECIPE_LINES], after_count;
	int fails;			/* the error the check must end with; 0: none */
	bool begun;
};

/*
 * Reads a file of recipes; calls done for each, complete.  A line that cannot be understood
 * fails the test with file and line.
 */
typedef void recipe_fn(void *context, struct recipe *r);
void recipe_read(const char *path, recipe_fn *done, void *context);

/* The line of the first `after` that does not hold in a repaired image; 0: all hold. */
unsigned recipe_after(const char *path, struct recipe *r, struct ram *repaired);

/* The volume that all recipes start from (see the README). */
struct recipe_base {
	struct img_options options;
	bool resize_inode;
};
void recipe_make_base(struct img *img, const struct recipe_base *base);

#endif
