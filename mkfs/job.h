/* SPDX-License-Identifier: MIT */
/* One image from beginning to end. */
#ifndef EXTANT_MKFS_JOB_H
#define EXTANT_MKFS_JOB_H

#include "options.h"
#include "progress.h"

struct job {
	struct options *o;
	struct progress progress;
	struct e2_target *target;	/* NULL with -n */
	struct e2_io *old;		/* what is there, with -n; else the target's */
	struct e2_str spec;		/* the image, with its offset */
	struct e2_str name;		/* the image as messages show it */
	uint64_t dev, ino;		/* of the image, with -n; 0: none */
	struct e2_source *source;
	uint64_t bytes;			/* size of the volume to be */
	uint64_t least;			/* a size that surely holds the tree; 0: none is known */
	uint32_t slack_percent;		/* that least leaves free */
	bool size_is_old;		/* ... is that of what is there */
	struct e2_shape shape;
	struct e2_plan *plan;
	bool existed;			/* something was there */
	bool occupied;			/* ... which is not replaced without -F */
	bool writing;			/* bytes of an in-place target have changed */
	bool committing;		/* the target has been handed over to e2_target_commit */
};

/* Proves options that do not depend on the image; the detail starts with the option. */
int job_check(const struct options *o);

/* Does it, reports on stdout and stderr, and returns the exit status. */
int job_run(struct options *o);

/* Sets job->bytes and the shape options that depend on it (size.c). */
int job_choose_size(struct job *job);

/* Says why it failed, what became of the image, and one step that may help (report.c). */
void job_report(struct job *job, int err);

/* A line of warning, unless -q. */
void job_tell(struct job *job, const char *text);	/* even when quiet: part of a failure */
void job_warn(void *context, const char *text);

#endif
