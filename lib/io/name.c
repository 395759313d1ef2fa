/* SPDX-License-Identifier: MIT */
#include "io/name.h"

#include <stdlib.h>
#include <string.h>

char *e2_io_name_new(const char *path)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_name(&s, path, strlen(path));
	if (e2_str_status(&s)) {
		e2_str_free(&s);
		return NULL;
	}
	return s.text;
}

int e2_io_fail_errno(int errnum, const char *path, const char *doing)
{
	struct e2_str s = E2_STR_INIT;
	int r;

	e2_str_add_name(&s, path, strlen(path));
	if (*doing)
		r = e2_fail_errno(errnum, "%s: %s", e2_str_text(&s), doing);
	else
		r = e2_fail_errno(errnum, "%s", e2_str_text(&s));
	e2_str_free(&s);
	return r;
}

int e2_io_fail(int err, const char *path, const char *text)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_name(&s, path, strlen(path));
	(void)e2_fail(err, "%s: %s", e2_str_text(&s), text);
	e2_str_free(&s);
	return err;
}

void e2_io_add_dir(struct e2_str *s, const char *path)
{
	const char *base = e2_io_base(path);

	if (base == path)
		e2_str_add(s, ".");
	else if (base == path + 1)
		e2_str_add(s, "/");
	else
		e2_str_add_bytes(s, path, (size_t)(base - path) - 1);
}

const char *e2_io_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
