/* SPDX-License-Identifier: MIT */
/* Where a path stands after a step: for who follows one. */
#include "tree/tree.h"

#include <string.h>

void e2_path_move(struct e2_str *at, const struct e2_step *s)
{
	const char *slash;

	if (s->link) {
		if (s->link[0] == '/')
			e2_str_truncate(at, 0);
	} else if (s->name_len == 2 && !memcmp(s->name, "..", 2)) {
		slash = strrchr(e2_str_text(at), '/');
		if (slash)
			e2_str_truncate(at, (size_t)(slash - at->text));
	} else if (s->name_len && !(s->name_len == 1 && s->name[0] == '.')) {
		e2_str_add(at, "/");
		e2_str_add_bytes(at, s->name, s->name_len);
	}
}
