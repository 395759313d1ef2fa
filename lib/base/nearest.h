/* SPDX-License-Identifier: MIT */
/*
 * The known name that a mistyped one probably meant.
 *
 *	struct e2_nearest n;
 *	e2_nearest_begin(&n, word);
 *	for each name: e2_nearest_offer(&n, name);
 *	if (n.best) ... "; nearest is 'n.best'"
 */
#ifndef E2_BASE_NEAREST_H
#define E2_BASE_NEAREST_H

struct e2_nearest {
	const char *word;
	const char *best;	/* one of the names offered; NULL when none is near */
	unsigned distance;	/* letters to insert, remove or replace; more are not near */
};

void e2_nearest_begin(struct e2_nearest *n, const char *word);
void e2_nearest_offer(struct e2_nearest *n, const char *name);

#endif
