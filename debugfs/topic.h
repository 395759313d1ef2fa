/* SPDX-License-Identifier: MIT */
/* What "help" explains that is no command: topic.def. */
#ifndef DEBUGFS_TOPIC_H
#define DEBUGFS_TOPIC_H

#include <stddef.h>

struct topic {
	const char *name, *title, *text;
};

const struct topic *topic_at(size_t index);		/* NULL past the last */
const struct topic *topic_find(const char *name);	/* NULL: unknown */

#endif
