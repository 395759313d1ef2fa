/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "base/crc.h"

E2_TEST(base_crc, the_check_value_and_pieces)
{
	static const char text[] = "123456789";

	cr_assert_eq(e2_crc32(0, text, 9), 0xcbf43926u);
	for (size_t i = 0; i <= 9; i++)
		cr_assert_eq(e2_crc32(e2_crc32(0, text, i), text + i, 9 - i), 0xcbf43926u);
}
