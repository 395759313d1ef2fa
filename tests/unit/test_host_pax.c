/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "host/pax.h"

#include <stdlib.h>
#include <string.h>

/* The headers of an entry. */
static void header(const struct e2_tar_entry *e, struct e2_str *out)
{
	struct e2_str records = E2_STR_INIT;

	e2_pax_header(out, e, &records);
	cr_assert(e2_str_status(out) == 0 && e2_str_status(&records) == 0);
	cr_assert(out->len % E2_TAR_BLOCK == 0);
	e2_str_free(&records);
}

static bool has(const struct e2_str *s, const char *text)
{
	return memmem(s->text, s->len, text, strlen(text)) != NULL;
}

E2_TEST(host_pax, a_record_counts_its_own_length)
{
	struct e2_str s = E2_STR_INIT;

	e2_pax_add(&s, "a", "1", 1);
	char value[91];

	memset(value, 'x', sizeof(value));
	e2_pax_add(&s, "path", value, sizeof(value));
	cr_assert(memcmp(s.text, "6 a=1\n", 6) == 0);
	cr_assert(memcmp(s.text + 6, "101 path=", 9) == 0);
	cr_assert(s.len == 6 + 101);
	e2_str_free(&s);
}

E2_TEST(host_pax, what_fits_needs_no_record)
{
	struct e2_tar_entry e = { .path = "docs/bad\377", .path_len = 9, .type = E2_TAR_FILE,
				  .mode = 0644, .uid = 2097151, .mtime = 1 };
	struct e2_str s = E2_STR_INIT;
	unsigned sum = 8 * ' ';

	header(&e, &s);
	cr_assert(s.len == E2_TAR_BLOCK);
	cr_assert_str_eq(s.text, "docs/bad\377");
	cr_assert(memcmp(s.text + 257, "ustar\00000", 8) == 0);
	for (size_t i = 0; i < E2_TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? 0 : (uint8_t)s.text[i];
	cr_assert(strtoul(s.text + 148, NULL, 8) == sum);
	e2_str_free(&s);
}

E2_TEST(host_pax, what_does_not_fit_is_a_record)
{
	char path[300];
	struct e2_tar_entry e = { .path = path, .path_len = 299, .type = E2_TAR_FILE,
				  .uid = 2097152, .size = UINT64_C(1) << 33 };
	struct e2_str s = E2_STR_INIT;

	memset(path, 'x', sizeof(path));
	header(&e, &s);
	cr_assert(s.len > 2 * E2_TAR_BLOCK);
	cr_assert(has(&s, " path=xxx") && has(&s, " uid=2097152\n"));
	cr_assert(has(&s, " size=8589934592\n"));
	cr_assert(has(&s, "hdrcharset") == false);
	path[7] = '\377';
	e2_str_truncate(&s, 0);
	header(&e, &s);
	cr_assert(has(&s, "21 hdrcharset=BINARY\n"));
	e2_str_free(&s);
}

E2_TEST(host_pax, a_long_path_is_divided_at_a_slash)
{
	char path[200];
	struct e2_tar_entry e = { .path = path, .path_len = 180, .type = E2_TAR_FILE };
	struct e2_str s = E2_STR_INIT;

	memset(path, 'x', sizeof(path));
	path[100] = '/';
	header(&e, &s);
	cr_assert(s.len == E2_TAR_BLOCK);
	cr_assert(strlen(s.text) == 79 && strlen(s.text + 345) == 100);
	e2_str_free(&s);
}

E2_TEST(host_pax, times_before_1970_are_negative_decimals)
{
	static const struct { int64_t sec; uint32_t nsec; const char *text; } times[] = {
		{ -2, 250000000, " mtime=-1.75\n" }, { -1, 750000000, " mtime=-0.25\n" },
		{ -5, 0, " mtime=-5\n" }, { 1, 1, " mtime=1.000000001\n" },
		{ INT64_C(1) << 40, 0, " mtime=1099511627776\n" },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct e2_tar_entry e = { .path = "a", .path_len = 1, .type = E2_TAR_FILE,
					  .mtime = times[i].sec, .mtime_nsec = times[i].nsec };
		struct e2_str s = E2_STR_INIT;

		header(&e, &s);
		cr_assert(has(&s, times[i].text), "%s", times[i].text);
		e2_str_free(&s);
	}
}

E2_TEST(host_pax, attributes_have_names_that_tar_reads)
{
	static const uint8_t acl[] = { 2, 0, 0, 0, 1, 0, 7, 0, 255, 255, 255, 255,
		2, 0, 4, 0, 0xe8, 3, 0, 0, 32, 0, 0, 0, 255, 255, 255, 255 };
	struct e2_str s = E2_STR_INIT;

	cr_assert(e2_pax_add_xattr(&s, "user.a=b%c", (const uint8_t *)"v\0w", 3) == 0);
	cr_assert(has(&s, " SCHILY.xattr.user.a%3Db%25c=v"));
	cr_assert(e2_pax_add_xattr(&s, "system.posix_acl_access", acl, sizeof(acl)) == 0);
	cr_assert(has(&s, " SCHILY.acl.access=user::rwx,user:1000:r--,other::---\n"));
	e2_str_free(&s);
}
