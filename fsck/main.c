/* SPDX-License-Identifier: MIT */
/* extant-fsck: checks ext2 volumes. */
#include "fsck.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

/* end: what is added to the line. */
static int fail(const char *shown, int err, const char *end)
{
	const char *detail = *e2_err_detail() != '\0' ? e2_err_detail() : e2_strerror(err);
	size_t len = strlen(shown);

	if (len != 0 && strncmp(detail, shown, len) == 0 && detail[len] == ':')
		detail += len + 2;	/* the library has named it already */
	fprintf(stderr, "extant-fsck: %s: %s%s\n", shown, detail, end);
	if (*e2_err_advice() != '\0')
		fprintf(stderr, "  try: %s\n", e2_err_advice());
	return FSCK_FAILED;
}

int fsck_fail(const char *shown, int err)
{
	return fail(shown, err, "");
}

int fsck_fail_write(const char *shown, int err)
{
	return fail(shown, err, err == E2_ERR_DOUBT ? "" : "; nothing was changed");
}

int fsck_fail_open(const char *shown, int err)
{
	if (err != E2_ERR_NOT_EXT2 && err != E2_ERR_CORRUPT)
		return fsck_fail(shown, err);
	fprintf(stderr, "extant-fsck: %s: no ext2 superblock that can be used, also none of the "
		"backups (%s); nothing was changed\n", shown,
		*e2_err_detail() != '\0' ? e2_err_detail() : e2_strerror(err));
	return FSCK_FAILED;
}

/* The output could not be written: says why. */
int fsck_fail_output(void)
{
	(void)e2_fail_errno(errno, "standard output");
	fprintf(stderr, "extant-fsck: %s\n", e2_err_detail());
	return FSCK_FAILED;
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
	fsck_interrupt_image(o->interrupt, e2_str_text(&shown));
	if (o->rollback != NULL) {
		status = fsck_rollback(image, e2_str_text(&shown), o);
	} else if (o->apply != NULL) {
		status = fsck_apply(image, e2_str_text(&shown), o);
	} else {
		status = o->discard_log ? fsck_discard_log(image, e2_str_text(&shown), o) : FSCK_OK;
		if (status == FSCK_OK)
			status = fsck_run(image, e2_str_text(&shown), o);
	}
	e2_str_free(&shown);
	return status;
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
		return fflush(stdout) == 0 ? FSCK_OK : fsck_fail_output();
	}
	if (o.explain != NULL)
		return fsck_explain(o.explain);
	if (fsck_interrupt_begin(&o.interrupt) != 0) {
		fprintf(stderr, "extant-fsck: %s\n", e2_err_detail());
		return FSCK_FAILED;
	}
	for (char *const *image = o.images; *image != NULL && !(status & FSCK_CANCELLED); image++)
		status |= check_image(*image, &o);
	fsck_interrupt_end(o.interrupt);
	return status;
}
