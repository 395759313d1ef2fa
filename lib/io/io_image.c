/* SPDX-License-Identifier: MIT */
/* What a user may name as an image: a file, a part of one, or a compressed one. */
#include "io/file.h"
#include "io/name.h"
#include "io/spec.h"

#include <unistd.h>

static bool exists(void *arg, const char *path)
{
	(void)arg;
	return access(path, F_OK) == 0;
}

static int open_whole(const char *path, unsigned flags, struct e2_io **io)
{
	struct e2_io *file = NULL;
	bool gzip = false;
	int r = e2_io_open_file(path, flags, &file);

	if (r == E2_OK)
		r = e2_io_is_gzip(file, &gzip);
	if (r == E2_OK && !gzip) {
		*io = file;
		return E2_OK;
	}
	(void)e2_io_close(file);	/* nothing was written through it */
	if (r)
		return r;
	if (flags & E2_IO_WRITE)
		return e2_io_fail(E2_ERR_ROFS, path,
				  "is compressed with gzip and can only be read");
	return e2_io_open_gz(path, E2_IO_GZ_LIMIT, io);
}

int e2_io_open_image(const char *spec, unsigned flags, struct e2_io **io)
{
	struct e2_io *whole = NULL;
	struct e2_spec s;
	int r = e2_spec_parse(spec, exists, NULL, &s);

	if (r == E2_OK)
		r = open_whole(e2_str_text(&s.path), flags, &whole);
	if (r == E2_OK)
		r = e2_spec_slice(&s, whole, io);
	e2_str_free(&s.path);
	return r;
}
