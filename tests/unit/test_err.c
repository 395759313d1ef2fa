/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "base/err.h"
#include "base/utf8.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

E2_TEST(base_err, numbers_names_and_errnos_agree)
{
	static const int all[] = {
#define E(name, number, errnum, text) number,
#include "base/err.def"
#undef E
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		cr_assert_lt(all[i], 0);
		cr_assert_gt(e2_err_errno(all[i]), 0);
		cr_assert_str_neq(e2_strerror(all[i]), "unknown error");
		for (size_t k = 0; k < i; k++)
			cr_assert_neq(all[i], all[k]);
	}
	cr_assert_str_eq(e2_err_name(E2_ERR_CORRUPT), "CORRUPT");
	cr_assert_str_eq(e2_err_name(E2_OK), "OK");
	cr_assert_str_eq(e2_err_name(-9999), "UNKNOWN");
	cr_assert_str_eq(e2_strerror(77), "unknown error");
	cr_assert_eq(e2_err_errno(E2_OK), 0);
	cr_assert_eq(e2_err_from_errno(0), E2_OK);
	cr_assert_eq(e2_err_from_errno(ENOSPC), E2_ERR_NOSPC);
	cr_assert_eq(e2_err_from_errno(EDQUOT), E2_ERR_NOSPC);
	cr_assert_eq(e2_err_from_errno(EINVAL), E2_ERR_INVAL);
	cr_assert_eq(e2_err_from_errno(EIO), E2_ERR_IO);
	cr_assert_eq(e2_err_from_errno(ENOTTY), E2_ERR_HOST);
}

E2_TEST(base_err, the_detail_is_the_last_failure)
{
	cr_assert_str_eq(e2_err_detail(), "");
	cr_assert_eq(e2_fail(E2_ERR_CORRUPT, "inode %u: link count is %u", 12u, 1u),
		     E2_ERR_CORRUPT);
	cr_assert_str_eq(e2_err_detail(), "inode 12: link count is 1");
	cr_assert_eq(e2_fail(E2_ERR_IO, "block 7: %s", e2_err_detail()), E2_ERR_IO);
	cr_assert_str_eq(e2_err_detail(), "block 7: inode 12: link count is 1");
	cr_assert_eq(e2_fail_errno(ENOENT, "%s", "a.img"), E2_ERR_NOENT);
	cr_assert_str_eq(e2_err_detail(), "a.img: no such file or directory");
	cr_assert_eq(e2_fail_errno(0, "x"), E2_ERR_HOST, "a failure is never success");
	e2_err_clear();
	cr_assert_str_eq(e2_err_detail(), "");
}

E2_TEST(base_err, a_long_detail_is_cut_between_characters_and_keeps_the_reason)
{
	char text[4000];

	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'x', sizeof(text));
		for (size_t i = shift; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xe6\x97\xa5", 3);
		text[sizeof(text) - 1 - (sizeof(text) - 1 - shift) % 3] = '\0';
		(void)e2_fail(E2_ERR_IO, "%s", text);
		cr_assert_gt(strlen(e2_err_detail()), 1000);
		cr_assert(e2_utf8_valid(e2_err_detail(), strlen(e2_err_detail())));
		(void)e2_fail_errno(ENOSPC, "%s", text);
		cr_assert_neq(strstr(e2_err_detail(), ": no space left on device"), NULL);
		cr_assert(e2_utf8_valid(e2_err_detail(), strlen(e2_err_detail())));
	}
}

E2_TEST(base_err, advice_is_about_the_last_failure)
{
	char text[2000];

	e2_err_clear();
	cr_assert_str_eq(e2_err_advice(), "");
	(void)e2_fail(E2_ERR_BUSY, "a.img: is mounted");
	e2_advise("umount %s", "/mnt");
	cr_assert_str_eq(e2_err_advice(), "umount /mnt");
	cr_assert_str_eq(e2_err_detail(), "a.img: is mounted");
	(void)e2_fail(E2_ERR_IO, "other");
	cr_assert_str_eq(e2_err_advice(), "");
	e2_advise("x");
	e2_err_clear();
	cr_assert_str_eq(e2_err_advice(), "");
	memset(text, 'x', sizeof(text)), text[sizeof(text) - 1] = '\0';
	e2_advise("%s", text);
	cr_assert_str_eq(e2_err_advice(), "", "a command that is cut is none");
}

static void *other_thread(void *arg)
{
	int *ok = arg;

	*ok = e2_err_detail()[0] == '\0';
	(void)e2_fail(E2_ERR_IO, "other");
	return NULL;
}

E2_TEST(base_err, every_thread_has_its_own_detail)
{
	pthread_t thread;
	int ok = 0;

	(void)e2_fail(E2_ERR_IO, "mine");
	cr_assert_eq(pthread_create(&thread, NULL, other_thread, &ok), 0);
	pthread_join(thread, NULL);
	cr_assert(ok);
	cr_assert_str_eq(e2_err_detail(), "mine");
}
