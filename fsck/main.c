/* SPDX-License-Identifier: MIT */
/* extant-fsck: checks ext2 volumes. */
#include "fsck.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static int fail(const char *image, int err)
{
	const char *detail = e2_err_detail();

	if (err == E2_ERR_NOT_EXT2 || err == E2_ERR_CORRUPT)
		fprintf(stderr, "extant-fsck: %s: no ext2 superblock that can be used, also none "
			"of the backups (%s); nothing was changed\n", image,
			*detail != '\0' ? detail : e2_strerror(err));
	else
		fprintf(stderr, "extant-fsck: %s: %s%s%s\n", image, e2_strerror(err),
			*detail != '\0' ? ": " : "", detail);
	return FSCK_FAILED;
}

/* Whether a volume that says it is clean may be taken at its word. */
static bool is_clean(const char *image, const struct fsck_options *o, int *status)
{
	struct e2_io *io;
	struct e2_fs *fs;
	bool clean = false;

	if (o->check || o->force || o->superblock != 0 || o->json ||
	    e2_io_open_image(image, 0, &io) != 0 || e2_open(io, NULL, &fs) != 0) {
		e2_err_clear();
		return false;
	}
	clean = (e2_super(fs)->state & (E2_STATE_CLEAN | E2_STATE_ERROR)) == E2_STATE_CLEAN &&
		e2_super(fs)->last_orphan == 0;
	if (clean && !fsck_say_clean(image, fs, o))
		*status = FSCK_FAILED;
	e2_close(fs);
	return clean;
}

static void print_usage(double seconds)
{
	struct rusage u;
	double cpu;

	if (getrusage(RUSAGE_SELF, &u) != 0)
		return;
	cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	      (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	printf("  %.3f s, %.3f s of CPU, %.1f MiB at most\n", seconds, cpu,
	       (double)u.ru_maxrss / 1024);
}

static double seconds_now(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_MONOTONIC, &t) == 0 ?
	       (double)t.tv_sec + (double)t.tv_nsec / 1e9 : 0;
}

static int check(const char *image, const struct fsck_options *o, struct e2_report **report)
{
	struct fsck_progress progress;
	const struct e2_check_options options = {
		.superblock = o->superblock, .block_size = o->block_size,
		.progress = fsck_progress_step, .context = &progress, .now = time(NULL),
	};
	struct e2_io *io;
	int r = e2_io_open_image(image, 0, &io);

	if (r != 0)
		return r;
	fsck_progress_begin(&progress, image, o);
	r = e2_check_image(io, &options, report);
	fsck_progress_end(&progress);
	return r;
}

static int check_image(const char *image, const struct fsck_options *o)
{
	double begun = seconds_now();
	struct e2_report *report;
	int status = FSCK_OK, r;
	bool written = true;

	if (is_clean(image, o, &status))
		return status;
	r = check(image, o, &report);
	if (r == E2_ERR_CANCELLED) {
		fprintf(stderr, "extant-fsck: %s: cancelled; nothing was changed\n", image);
		return FSCK_CANCELLED;
	}
	if (r != 0)
		return fail(image, r);
	if (e2_report_errors(report) != 0)
		status = FSCK_LEFT;
	if (o->json)
		written = fsck_report_json(image, report, status);
	else if (!o->quiet)
		written = fsck_report_text(image, report, o);
	e2_report_free(report);
	if (!written) {
		fprintf(stderr, "extant-fsck: standard output: %s\n", strerror(errno));
		status |= FSCK_FAILED;
	}
	if (o->time && !o->json)
		print_usage(seconds_now() - begun);
	return status;
}

static int refuse_repair(const char *what)
{
	fprintf(stderr, "extant-fsck: %s: repair is not in this version; nothing was changed\n"
		"  try: -n, which checks\n", what);
	return FSCK_USAGE;
}

int main(int argc, char *argv[])
{
	struct fsck_options o;
	int status = fsck_options_parse(argc, argv, &o);

	setlocale(LC_CTYPE, "");
	if (status != FSCK_OK)
		return status;
	if (o.help) {
		fsck_options_help();
		return FSCK_OK;
	}
	if (o.version) {
		puts("extant-fsck " E2_VERSION);
		return FSCK_OK;
	}
	if (o.yes || o.preen)
		return refuse_repair(o.yes ? "-y" : "-p");
	if (o.optimize || o.bad_blocks)
		return refuse_repair(o.optimize ? "-D" : "-l");
	for (char *const *image = o.images; *image != NULL && !(status & FSCK_CANCELLED); image++)
		status |= check_image(*image, &o);
	return status;
}
