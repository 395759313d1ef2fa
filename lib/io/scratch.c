/* SPDX-License-Identifier: MIT */
/* Temporary files without a name: gone once they are closed, however the program ends. */
#include "io/file.h"

#include "io/name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A file without a name in a directory; -1 and errno. */
static int open_unnamed(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct e2_str name = E2_STR_INIT;

	if (fd >= 0)
		return fd;
	e2_str_addf(&name, "%s/extant-XXXXXX", dir);
	errno = ENOMEM;
	if (!name.failed)
		fd = mkostemp(name.text, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(name.text);	/* at worst a leftover in a temporary directory */
	e2_str_free(&name);
	return fd;
}

int e2_io_scratch_fd(void)
{
	const char *env = getenv("TMPDIR");
	const char *dirs[] = { env && *env ? env : "/var/tmp", "/var/tmp", "/tmp" };
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		fd = open_unnamed(dirs[i]);
	return fd;
}

int e2_io_open_scratch(struct e2_io **io)
{
	int fd = e2_io_scratch_fd();

	if (fd < 0)
		return e2_fail_errno(errno, "making a temporary file");
	return e2_io_from_fd(fd, "temporary file", true, io);
}
