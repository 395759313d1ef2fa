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

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * A program may be started without standard input, output or error.  The image
 * must not become one of them, or what is printed would land in it: each is taken by
 * something that cannot be used that way.
 */
static bool take_standard_handles(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	}
	return true;
}

static int show(const char *text)
{
	if (fputs(text, stdout) != EOF && fflush(stdout) == 0)
		return 0;
	fprintf(stderr, "extant-mkfs: standard output: %s\n", strerror(errno));
	return 1;
}

static int show_help(void)
{
	struct e2_str s = E2_STR_INIT;
	int status;

	options_help(&s);
	status = show(e2_str_text(&s));
	e2_str_free(&s);
	return status;
}

/* The option or value that was refused; nothing has been touched yet. */
static int usage_error(void)
{
	const char *advice = e2_err_advice();

	fprintf(stderr, "extant-mkfs: %s%s%s\n", e2_err_detail(), *advice ? "\n  try: " : "",
		advice);
	return 1;
}

int main(int argc, char **argv)
{
	struct options o;
	int status;

	if (!take_standard_handles())
		return 1;
	if (options_parse(&o, argc, argv) != 0 || (!o.show_help && !o.show_version &&
						   job_check(&o) != 0))
		status = usage_error();
	else if (o.show_help)
		status = show_help();
	else if (o.show_version)
		status = show("extant-mkfs " E2_VERSION "\n");
	else
		status = job_run(&o);
	options_free(&o);
	return status;
}
