/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "base/checked.h"
#include "base/endian.h"

E2_TEST(base_endian, numbers_are_little_endian_at_any_address)
{
	uint8_t raw[16] = { 0 };

	e2_put64(raw + 1, 0x0102030405060708u);
	cr_assert_eq(raw[1], 8);
	cr_assert_eq(raw[8], 1);
	cr_assert_eq(e2_get64(raw + 1), 0x0102030405060708u);
	cr_assert_eq(e2_get32(raw + 3), 0x03040506u);
	cr_assert_eq(e2_get16(raw + 7), 0x0102u);
}

E2_TEST(base_checked, overflow_is_an_answer)
{
	uint64_t r = 7;

	cr_assert_not(e2_add64(UINT64_MAX, 1, &r));
	cr_assert_not(e2_mul64(UINT64_MAX / 2, 3, &r));
	cr_assert_eq(r, 7);
	cr_assert(e2_mul64(UINT64_MAX, 1, &r));
	cr_assert_eq(r, UINT64_MAX);
	cr_assert_eq(e2_div_up(UINT64_MAX, 1024), UINT64_MAX / 1024 + 1);
}
