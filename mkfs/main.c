/* SPDX-License-Identifier: MIT */
/*
 * extant-mkfs: options in, an image out.
 *
 * Everything that can be refused is refused before a byte is written; what is
 * written goes to a file of its own, which takes the image's place when it is
 * complete (io/target.h).
 */
#include "job.h"
#include "progress.h"
#include "recognise.h"
#include "summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int show_help(void)
{
	struct e2_str s = E2_STR_INIT;

	options_help(&s);
	fputs(e2_str_text(&s), stdout);
	e2_str_free(&s);
	return fflush(stdout) != 0;
}

/* The option or value that was refused; nothing has been touched yet. */
static int usage_error(void)
{
	fprintf(stderr, "extant-mkfs: %s\n", e2_err_detail());
	return 1;
}

int main(int argc, char **argv)
{
	struct options o;
	int status;

	if (options_parse(&o, argc, argv) != 0 || (!o.show_help && !o.show_version &&
						   job_check(&o) != 0))
		status = usage_error();
	else if (o.show_help)
		status = show_help();
	else if (o.show_version)
		status = printf("extant-mkfs %s\n", E2_VERSION) < 0 || fflush(stdout) != 0;
	else
		status = job_run(&o);
	options_free(&o);
	return status;
}
