/* SPDX-License-Identifier: MIT */
#include "base/grow.h"

#include "base/err.h"

#include <stdint.h>
#include <stdlib.h>

void *e2_grow(void *array, size_t *cap, size_t need, size_t size)
{
	size_t room = *cap;
	void *bigger;

	if (array != NULL && need <= room)
		return array;
	if (room < 16)
		room = 16;
	while (room < need)
		room = room > SIZE_MAX / 2 ? need : room * 2;
	bigger = room > SIZE_MAX / size ? NULL : realloc(array, room * size);
	if (bigger == NULL) {
		(void)e2_fail(E2_ERR_NOMEM, "%zu elements of %zu bytes", room, size);
		return NULL;
	}
	*cap = room;
	return bigger;
}
