/* SPDX-License-Identifier: MIT */
/* Under AddressSanitizer, memory that cannot be had is NULL, as everywhere else. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
