/* SPDX-License-Identifier: MIT */
/*
 * Under AddressSanitizer, memory that cannot be had is NULL, as everywhere else; and leaks are
 * looked for at the end of each test (e2test.h), not at the end of the process, where what the
 * test framework itself left behind would count.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:leak_check_at_exit=0";
}
