/* SPDX-License-Identifier: MIT */
/* Whether AddressSanitizer is there, however the compiler says so: __SANITIZE_ADDRESS__. */
#ifndef E2_TESTS_ASAN_H
#define E2_TESTS_ASAN_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#endif
