/* SPDX-License-Identifier: MIT */
#include "alloc.h"

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static uint64_t seen, failing;
static bool for_ever;

void alloc_fail(uint64_t nth)
{
	seen = 0;
	failing = nth;
	for_ever = false;
}

void alloc_fail_from(uint64_t nth)
{
	alloc_fail(nth);
	for_ever = true;
}

uint64_t alloc_count(void)
{
	return seen;
}

static bool fails(void)
{
	seen++;
	return seen == failing || (for_ever && seen > failing);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}
