/* SPDX-License-Identifier: MIT */
/*
 * Under AddressSanitizer, memory that cannot be had is NULL, as everywhere else; and leaks are
 * looked for at the end of each test (e2test.h), not at the end of the process, and among what the
 * test allocated: what the test framework itself leaves behind does not count.
 */
#include "asan.h"

#ifdef __SANITIZE_ADDRESS__
__attribute__((constructor)) static void outside_of_tests(void)
{
	__lsan_disable();	/* until e2_test_begin() */
}
#endif

const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:leak_check_at_exit=0";
}
