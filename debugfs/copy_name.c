/* SPDX-License-Identifier: MIT */
#include "copy_name.h"

#include <string.h>

/* Adds the last component of a path; nothing for "" and "/". */
static void add_last_component(struct e2_str *s, const char *path)
{
	size_t end = strlen(path), start;

	while (end && path[end - 1] == '/')
		end--;
	for (start = end; start && path[start - 1] != '/'; start--)
		;
	e2_str_add_bytes(s, path + start, end - start);
}

int copy_name(const struct arg *a, struct e2_str *name)
{
	if (!a->path.len) {
		if (a->ino != E2_INO_ROOT)
			e2_str_addf(name, "inode-%u", a->ino);
		return e2_str_status(name);
	}
	add_last_component(name, a->text);
	if (!strcmp(e2_str_text(name), ".") || !strcmp(e2_str_text(name), ".."))
		e2_str_truncate(name, 0);
	if (!name->len)
		add_last_component(name, a->path.text);
	return e2_str_status(name);
}
