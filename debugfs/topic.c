/* SPDX-License-Identifier: MIT */
#include "topic.h"

#include <string.h>

static const struct topic topics[] = {
#define T(name, title, text) { #name, title, text },
#include "topic.def"
#undef T
};

const struct topic *topic_at(size_t index)
{
	return index < sizeof(topics) / sizeof(*topics) ? &topics[index] : NULL;
}

const struct topic *topic_find(const char *name)
{
	const struct topic *t;

	for (size_t i = 0; (t = topic_at(i)) != NULL; i++)
		if (!strcmp(t->name, name))
			return t;
	return NULL;
}
