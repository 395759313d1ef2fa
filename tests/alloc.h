/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out when a test says so.  The test binary is linked with
 * --wrap, so that every malloc, calloc and realloc of the library and of the tests
 * passes here; those of libc and of the test framework do not.
 */
#ifndef E2_TESTS_ALLOC_H
#define E2_TESTS_ALLOC_H

#include <stdint.h>

/* Lets the nth (from 1) coming allocation fail; 0: none. */
void alloc_fail(uint64_t nth);

/* The same, and all that follow it. */
void alloc_fail_from(uint64_t nth);

/* Allocations since the last of these. */
uint64_t alloc_count(void);

#endif
