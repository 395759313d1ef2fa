/* SPDX-License-Identifier: MIT */
/*
 * E2_TEST(suite, name, ...): a Criterion test that also fails on leaks (ASan)
 * and on errors and leaks under valgrind, which Criterion alone lets pass: its
 * process ends before the exit status of the tools can count.  One that hangs fails after ten
 * minutes, unless it sets another .timeout.
 */
#ifndef E2_TESTS_E2TEST_H
#define E2_TESTS_E2TEST_H

#include "asan.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <unistd.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif

static inline void e2_test_begin(void)
{
#ifdef __SANITIZE_ADDRESS__
	__lsan_enable();	/* asan.c has disabled it */
#endif
}

static inline void e2_test_end(void)
{
#ifdef __SANITIZE_ADDRESS__
	if (__lsan_do_recoverable_leak_check())
		_exit(77);
#endif
#ifdef RUNNING_ON_VALGRIND
	if (RUNNING_ON_VALGRIND) {
		unsigned long lost = 0, dubious, reachable, suppressed;
		unsigned long errors = VALGRIND_COUNT_ERRORS;

		VALGRIND_DO_LEAK_CHECK;
		VALGRIND_COUNT_LEAKS(lost, dubious, reachable, suppressed);
		(void)dubious, (void)reachable, (void)suppressed;
		if (errors || lost)
			_exit(78);
	}
#endif
}

#pragma GCC diagnostic ignored "-Woverride-init"	/* a timeout of the test's own */
#define E2_TEST(s, n, ...) \
	static void s##_##n##_body(void); \
	Test(s, n, .timeout = 600, ##__VA_ARGS__) \
	{ \
		e2_test_begin(); \
		s##_##n##_body(); \
		e2_test_end(); \
	} \
	static void s##_##n##_body(void)

#endif
