/* SPDX-License-Identifier: MIT */
/* extant-fsck: checks ext2 volumes. */
#include "fsck.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

int fsck_fail(const char *shown, int err)
{
	const char *detail = *e2_err_detail() != '\0' ? e2_err_detail() : e2_strerror(err);
	size_t len = strlen(shown);

	if (err == E2_ERR_NOT_EXT2 || err == E2_ERR_CORRUPT) {
		fprintf(stderr, "extant-fsck: %s: no ext2 superblock that can be used, also none "
			"of the backups (%s); nothing was changed\n", shown, detail);
		return FSCK_FAILED;
	}
	if (len != 0 && strncmp(detail, shown, len) == 0 && detail[len] == ':')
		detail += len + 2;	/* the library has named it already */
	fprintf(stderr, "extant-fsck: %s: %s\n", shown, detail);
	if (*e2_err_advice() != '\0')
		fprintf(stderr, "  try: %s\n", e2_err_advice());
	return FSCK_FAILED;
}

/* Opens an image to be checked, which may have a change that was not completed. */
static int open_image(const char *image, const struct fsck_options *o, struct e2_io **io,
		      bool *pending)
{
	int r = e2_still_open(NULL, image, o->log, io, pending);

	if (r != 0 || !*pending || !o->no_recover)
		return r;
	e2_io_close(*io);
	return e2_fail(E2_ERR_LOG, "a change that was not completed waits in its log; without "
		       "--no-recover it is read as if it were completed");
}

/* Whether a volume that says it is clean may be taken at its word. */
static bool is_clean(const char *image, const char *shown, const struct fsck_options *o,
		     int *status)
{
	struct e2_io *io;
	struct e2_fs *fs;
	bool clean = false, pending;

	if (o->check || o->force || o->superblock != 0 || o->json ||
	    open_image(image, o, &io, &pending) != 0 || e2_open(io, NULL, &fs) != 0) {
		e2_err_clear();
		return false;
	}
	clean = (e2_super(fs)->state & (E2_STATE_CLEAN | E2_STATE_ERROR)) == E2_STATE_CLEAN &&
		e2_super(fs)->last_orphan == 0 && !pending;
	if (clean && !fsck_say_clean(shown, fs, o))
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

static int check(const char *image, const char *shown, const struct fsck_options *o,
		 struct e2_report **report)
{
	struct fsck_progress progress;
	const struct e2_check_options options = {
		.superblock = o->superblock, .block_size = o->block_size,
		.progress = fsck_progress_step, .context = &progress, .now = time(NULL),
	};
	struct e2_io *io;
	bool pending;
	int r = open_image(image, o, &io, &pending);

	if (r != 0)
		return r;
	if (pending)
		fprintf(stderr, "extant-fsck: %s: a change that was not completed waits in its "
			"log; this is the image with it\n", shown);
	fsck_progress_begin(&progress, shown, o);
	r = e2_check_image(io, &options, report);
	fsck_progress_end(&progress);
	return r;
}

/* The output could not be written: says why. */
static int fail_output(void)
{
	(void)e2_fail_errno(errno, "standard output");
	fprintf(stderr, "extant-fsck: %s\n", e2_err_detail());
	return FSCK_FAILED;
}

static int check_shown(const char *image, const char *shown, const struct fsck_options *o)
{
	double begun = seconds_now();
	struct e2_report *report;
	int status = FSCK_OK, r;
	bool written = true;

	if (is_clean(image, shown, o, &status))
		return status == FSCK_OK ? FSCK_OK : fail_output();
	r = check(image, shown, o, &report);
	if (r == E2_ERR_CANCELLED) {
		fprintf(stderr, "extant-fsck: %s: cancelled; nothing was changed\n", shown);
		return FSCK_CANCELLED;
	}
	if (r != 0)
		return fsck_fail(shown, r);
	if (e2_report_errors(report) != 0)
		status = FSCK_LEFT;
	if (o->json)
		written = fsck_report_json(image, report, status);
	else if (!o->quiet)
		written = fsck_report_text(shown, report, o);
	e2_report_free(report);
	if (!written)
		status |= fail_output();
	if (o->time && !o->json)
		print_usage(seconds_now() - begun);
	return status;
}

/* The name of an image may hold anything; what is printed of it is one line. */
static int check_image(const char *image, const struct fsck_options *o)
{
	struct e2_str shown = E2_STR_INIT;
	int status;

	if (*image != '\0')
		e2_str_add_name(&shown, image, strlen(image));
	else
		e2_str_add(&shown, "\"\"");
	if (o->rollback != NULL) {
		status = fsck_rollback(image, e2_str_text(&shown), o);
	} else {
		status = o->discard_log ? fsck_discard_log(image, e2_str_text(&shown), o) : FSCK_OK;
		if (status == FSCK_OK)
			status = check_shown(image, e2_str_text(&shown), o);
	}
	e2_str_free(&shown);
	return status;
}

/* Everything that can be repaired, at once. */
static int repair(const char *image, const struct fsck_options *o)
{
	const struct e2_open_options how = {
		.flags = E2_OPEN_WRITE, .threads = E2_THREADS_AUTO, .log_path = o->log,
		.undo_path = o->undo,
	};
	const struct e2_repair_options options = { .check = { .now = time(NULL) } };
	struct e2_report *report;
	int status = FSCK_OK, r = e2_repair_image(NULL, image, &how, &options, &report);

	if (r != 0)
		return fsck_fail(image, r);
	if (!o->quiet && !fsck_report_text(image, report, o))
		status |= fail_output();
	if (e2_report_fixed(report) != 0) {
		r = e2_report_commit(report);
		status |= r != 0 ? fsck_fail(image, r) : 1;
	}
	if (e2_report_left(report) != 0)
		status |= FSCK_LEFT;
	e2_report_free(report);
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
	if (o.help || o.version) {
		if (o.help)
			fsck_options_help();
		else
			puts("extant-fsck " E2_VERSION);
		return fflush(stdout) == 0 ? FSCK_OK : fail_output();
	}
	if (o.preen)
		return refuse_repair("-p");
	if (o.optimize || o.bad_blocks)
		return refuse_repair(o.optimize ? "-D" : "-l");
	for (char *const *image = o.images; *image != NULL && !(status & FSCK_CANCELLED); image++)
		status |= o.yes && o.rollback == NULL ? repair(*image, &o) :
							check_image(*image, &o);
	return status;
}
