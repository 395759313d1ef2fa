/* SPDX-License-Identifier: MIT */
/* Growing arrays: the one place that decides how much more to ask for. */
#ifndef E2_BASE_GROW_H
#define E2_BASE_GROW_H

#include <stddef.h>

/*
 * The array with room for at least need elements of size bytes: itself when
 * *cap suffices, else reallocated with *cap updated.  NULL, with the failure
 * recorded and the array untouched, when memory runs out.
 */
void *e2_grow(void *array, size_t *cap, size_t need, size_t size);

#endif
