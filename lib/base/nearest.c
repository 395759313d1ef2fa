/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

enum { LENGTH_MAX = 63 };	/* longer words are near to nothing */

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters to insert, remove or replace to make a of b (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[LENGTH_MAX + 1];
	size_t width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		row[j] = (unsigned)j;
	for (; *a; a++) {
		unsigned diagonal = row[0];

		row[0]++;
		for (size_t j = 1; j <= width; j++) {
			unsigned replaced = diagonal + (*a != b[j - 1]);

			diagonal = row[j];
			row[j] = min(replaced, min(row[j], row[j - 1]) + 1);
		}
	}
	return row[width];
}

void e2_nearest_begin(struct e2_nearest *n, const char *word)
{
	size_t len = strlen(word);

	n->word = word;
	n->best = NULL;
	/* A third of the letters may be wrong; one more than allowed is the start to beat. */
	n->distance = len > LENGTH_MAX ? 0 : (unsigned)len / 3 + 2;
}

void e2_nearest_offer(struct e2_nearest *n, const char *name)
{
	unsigned d;

	if (n->distance == 0 || strlen(name) > LENGTH_MAX)
		return;
	d = distance(n->word, name);
	if (d < n->distance) {
		n->best = name;
		n->distance = d;
	}
}
