/* SPDX-License-Identifier: MIT */
/* How far it is, at a terminal; and whether somebody wants it to stop. */
#ifndef EXTANT_MKFS_PROGRESS_H
#define EXTANT_MKFS_PROGRESS_H

#include "e2.h"

#include <time.h>

struct progress {
	bool shown_at_all;		/* stderr is a terminal that understands it */
	bool utf8;
	bool visible;			/* something stands on the line */
	const char *image;
	struct timespec start, last;
};

/*
 * From here on SIGINT, SIGTERM and SIGHUP no longer end the program: they wait until
 * the callbacks below ask for them, so that the image is left as it was.
 */
void progress_begin(struct progress *p, const char *image, bool quiet);

/* The signal that has come, or 0. */
int progress_interrupted(void);

/* Callbacks of the library; context is the struct progress.  Not 0: interrupted. */
int progress_reading(void *context, uint64_t objects);
int progress_writing(void *context, uint64_t done, uint64_t all);

/* Removes what stands on the line, before other output. */
void progress_erase(struct progress *p);

#endif
