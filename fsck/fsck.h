/* SPDX-License-Identifier: MIT */
/* extant-fsck: what its files share. */
#ifndef EXTANT_FSCK_H
#define EXTANT_FSCK_H

#include "e2.h"

enum fsck_exit {		/* fsck(8); sums of these */
	FSCK_OK = 0, FSCK_LEFT = 4, FSCK_FAILED = 8, FSCK_USAGE = 16, FSCK_CANCELLED = 32,
};

struct fsck_options {
	bool check, force, preen, yes, quiet, verbose, time, json;
	bool optimize, bad_blocks;
	bool help, version;
	int progress_fd;		/* -1: none; 0: a bar */
	uint64_t superblock;
	uint32_t block_size;
	bool no_recover, discard_log;
	const char *log;		/* NULL: beside the image */
	const char *undo, *rollback;	/* undo files, or NULL */
	char *const *images;		/* NULL-terminated */
};

/* Parses the command line; FSCK_OK, or FSCK_USAGE when it has said what is wrong. */
int fsck_options_parse(int argc, char *argv[], struct fsck_options *options);
void fsck_options_help(void);

/*
 * A report as text (to standard output), or as JSON lines; false when it could not be written.
 * shown: the image's name, safe to print; image: the name as it is.
 */
bool fsck_report_text(const char *shown, struct e2_report *report,
		      const struct fsck_options *options);
bool fsck_report_json(const char *image, struct e2_report *report, int status);

/* "demo.img: clean, 2334/16384 inodes, 19831/65536 blocks" and what follows. */
bool fsck_say_clean(const char *shown, const struct e2_fs *fs, const struct fsck_options *options);

/* Says what failed last, unless it is named in there already with the image; FSCK_FAILED. */
int fsck_fail(const char *shown, int err);

/* Takes back all that the undo file holds; FSCK_OK or FSCK_FAILED. */
int fsck_rollback(const char *image, const char *shown, const struct fsck_options *options);

/* Gives an unfinished change up; FSCK_OK or FSCK_FAILED. */
int fsck_discard_log(const char *image, const char *shown, const struct fsck_options *options);

struct fsck_progress {
	const char *image;	/* safe to print */
	int fd;			/* protocol lines go there; -1: none */
	bool bar;
	int64_t begun;		/* milliseconds */
	int shown;		/* per mille, or -1 before the bar shows */
};
void fsck_progress_begin(struct fsck_progress *progress, const char *shown,
			 const struct fsck_options *options);
int fsck_progress_step(void *context, unsigned phase, uint64_t done, uint64_t all);
void fsck_progress_end(struct fsck_progress *progress);

#endif
