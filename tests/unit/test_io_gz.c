/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "random.h"
#include "scratch.h"

#include "io/io.h"

#include <zlib.h>

enum { CONTENT = 3000000 };

/* Noise and zeros in turns, of lengths that fit no block. */
static uint8_t *make_content(void)
{
	uint8_t *data = calloc(1, CONTENT);
	uint64_t seed = 7;

	for (size_t at = 0; at < CONTENT; at += 100000) {
		size_t len = CONTENT - at < 5003 ? CONTENT - at : 5003;

		random_fill(data + at, len, &seed);
	}
	return data;
}

/* One gzip member; returns its length. */
static size_t compress_member(const uint8_t *data, size_t len, uint8_t *out, size_t room)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)data, .avail_in = (uInt)len,
		       .next_out = out, .avail_out = (uInt)room };

	cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	cr_assert_eq(deflateEnd(&z), Z_OK);
	return room - z.avail_out;
}

static void expect_content(const char *path, const uint8_t *data, size_t len)
{
	struct e2_io *io;
	uint8_t *got = malloc(len + 1);

	cr_assert_eq(e2_io_open_image(path, 0, &io), E2_OK, "%s", e2_err_detail());
	cr_assert_eq(io->size, len);
	cr_assert_not(io->writable);
	cr_assert_eq(e2_io_read(io, 0, len, got), E2_OK);
	cr_assert_eq(memcmp(got, data, len), 0);
	cr_assert_eq(e2_io_write(io, 0, 1, data), E2_ERR_ROFS);
	cr_assert_eq(e2_io_close(io), E2_OK);
	free(got);
}

E2_TEST(io_gz, inflates_one_member_and_many)
{
	struct scratch s;
	struct e2_io *io = NULL;
	uint8_t *data = make_content(), *packed = malloc(CONTENT);
	size_t len = compress_member(data, CONTENT, packed, CONTENT);
	size_t first;
	const char *path;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img.gz", packed, len);
	expect_content(path, data, CONTENT);
	cr_assert_eq(e2_io_open_image(path, E2_IO_WRITE, &io), E2_ERR_ROFS);
	/* The name does not matter, the content does. */
	expect_content(scratch_file(&s, "plain", packed, len), data, CONTENT);
	scratch_file(&s, "fake.gz", "plain text", 10);
	expect_content(scratch_path(&s, "fake.gz"), (const uint8_t *)"plain text", 10);

	first = compress_member(data, 123457, packed, CONTENT);
	first += compress_member(data, 0, packed + first, CONTENT - first);
	len = compress_member(data + 123457, CONTENT - 123457, packed + first, CONTENT - first);
	expect_content(scratch_file(&s, "two.gz", packed, first + len), data, CONTENT);

	len = compress_member(data, 0, packed, CONTENT);
	expect_content(scratch_file(&s, "empty.gz", packed, len), data, 0);
	scratch_end(&s);
	free(packed);
	free(data);
}

E2_TEST(io_gz, truncated_damaged_and_followed_by_garbage_are_refused)
{
	struct scratch s;
	struct e2_io *io = NULL;
	uint8_t *data = make_content(), *packed = malloc(CONTENT);
	size_t len = compress_member(data, 60000, packed, CONTENT);
	uint64_t seed = 3;

	scratch_begin(&s);
	for (size_t cut = 0; cut < len; cut += 1 + cut / 7) {
		const char *path = scratch_file(&s, "a.gz", packed, cut);

		cr_assert_eq(e2_io_open_gz(path, 1 << 20, &io), E2_ERR_CORRUPT, "cut at %zu", cut);
	}
	scratch_file(&s, "a.gz", packed, len - 1);
	cr_assert_eq(e2_io_open_gz(scratch_path(&s, "a.gz"), 1 << 20, &io), E2_ERR_CORRUPT);
	for (int i = 0; i < 200; i++) {
		size_t at = 10 + random_next(&seed) % (len - 10); /* behind the fixed header */
		uint8_t flip = (uint8_t)(1 << random_next(&seed) % 8);

		packed[at] ^= flip;
		scratch_file(&s, "a.gz", packed, len);
		cr_assert_eq(e2_io_open_gz(scratch_path(&s, "a.gz"), 1 << 20, &io), E2_ERR_CORRUPT,
			     "byte %zu", at);
		packed[at] ^= flip;
	}
	packed[len] = 'x';
	scratch_file(&s, "a.gz", packed, len + 1);
	cr_assert_eq(e2_io_open_gz(scratch_path(&s, "a.gz"), 1 << 20, &io), E2_ERR_CORRUPT);
	cr_assert(io == NULL);
	scratch_end(&s);
	free(packed);
	free(data);
}

E2_TEST(io_gz, what_inflates_beyond_the_limit_is_refused_early)
{
	struct scratch s;
	struct e2_io *io = NULL;
	uint8_t *zeros = calloc(1, 50000000), *packed = malloc(1 << 20);
	size_t len = compress_member(zeros, 50000000, packed, 1 << 20);
	const char *path;

	scratch_begin(&s);
	path = scratch_file(&s, "a.gz", packed, len);
	cr_assert_eq(e2_io_open_gz(path, 49999999, &io), E2_ERR_FBIG);
	cr_assert_eq(e2_io_open_gz(path, 0, &io), E2_ERR_FBIG);
	cr_assert_eq(e2_io_open_gz(path, 50000000, &io), E2_OK);
	cr_assert_eq(io->size, 50000000);
	cr_assert_eq(e2_io_close(io), E2_OK);
	scratch_end(&s);
	free(packed);
	free(zeros);
}

E2_TEST(io_gz, no_temporary_is_left_and_zeros_take_no_room)
{
	struct scratch s;
	struct e2_io *io = NULL;
	uint8_t *zeros = calloc(1, 50000000), *packed = malloc(1 << 20);
	size_t len = compress_member(zeros, 50000000, packed, 1 << 20);
	const char *path;
	struct stat st;
	uint64_t used = 0;

	scratch_begin(&s);
	path = scratch_file(&s, "a.gz", packed, len);
	setenv("TMPDIR", s.dir, 1);
	cr_assert_eq(e2_io_open_gz(path, UINT64_MAX, &io), E2_OK);
	cr_assert_eq(scratch_count(&s), 1);
	/* The inflated file is the one descriptor of ours with its size. */
	for (int fd = 3; fd < 100; fd++) {
		if (fstat(fd, &st) == 0 && st.st_size == 50000000)
			used = (uint64_t)st.st_blocks * 512 + 1;
	}
	cr_assert_gt(used, 0);
	cr_assert_lt(used, 100000);
	cr_assert_eq(e2_io_close(io), E2_OK);
	scratch_end(&s);
	free(packed);
	free(zeros);
}
