/* SPDX-License-Identifier: MIT */
/* Memory, slices, host files, and the checks that all of them share. */
#include "e2test.h"
#include "scratch.h"

#include "io/io.h"

#include <sys/sysmacros.h>

/* What every writable io of 10000 bytes does. */
static void exercise(struct e2_io *io)
{
	uint8_t buf[64], ones[64];
	struct e2_str name = E2_STR_INIT;

	memset(ones, 1, sizeof(ones));
	cr_assert_eq(io->size, 10000);
	cr_assert_eq(e2_io_read(io, 9936, 64, buf), E2_OK);
	cr_assert_eq(buf[0] | buf[63], 0);
	cr_assert_eq(e2_io_write(io, 9936, 64, ones), E2_OK);
	cr_assert_eq(e2_io_read(io, 9936, 64, buf), E2_OK);
	cr_assert_arr_eq(buf, ones, 64);

	cr_assert_eq(e2_io_read(io, 9937, 64, buf), E2_ERR_IO);
	e2_str_addf(&name, "%s: reading 64 bytes at 9937 passes its end at 10000", io->name);
	cr_assert_str_eq(e2_err_detail(), e2_str_text(&name));
	e2_str_free(&name);
	cr_assert_eq(e2_io_write(io, 9937, 64, ones), E2_ERR_IO);
	cr_assert_eq(e2_io_zero(io, 9937, 64), E2_ERR_IO);
	cr_assert_eq(e2_io_read(io, UINT64_MAX, 2, buf), E2_ERR_IO);
	cr_assert_eq(e2_io_read(io, UINT64_MAX - 1, 64, buf), E2_ERR_IO);
	cr_assert_eq(e2_io_zero(io, 1, UINT64_MAX), E2_ERR_IO);
	cr_assert_eq(e2_io_reserve(io, 9937, 64), E2_ERR_IO);
	cr_assert_eq(e2_io_reserve(io, 0, 10000), E2_OK);
	cr_assert_eq(e2_io_reserve(io, 10000, 0), E2_OK);
	cr_assert_eq(e2_io_read(io, 10000, 0, buf), E2_OK);
	cr_assert_eq(e2_io_read(io, 10001, 0, buf), E2_ERR_IO);

	cr_assert_eq(e2_io_zero(io, 9940, 50), E2_OK);
	cr_assert_eq(e2_io_read(io, 9936, 64, buf), E2_OK);
	for (int i = 0; i < 64; i++)
		cr_assert_eq(buf[i], i < 4 || i >= 54);
	cr_assert_eq(e2_io_sync(io), E2_OK);
}

/* What those do that can change their size. */
static void exercise_size(struct e2_io *io)
{
	uint8_t buf[4] = { 9, 9, 9, 9 };

	cr_assert_eq(e2_io_resize(io, 9998), E2_OK);
	cr_assert_eq(io->size, 9998);
	cr_assert_eq(e2_io_read(io, 9998, 1, buf), E2_ERR_IO);
	for (uint64_t size = 10000; size <= 50000; size += 40000) {
		cr_assert_eq(e2_io_resize(io, size), E2_OK);
		cr_assert_eq(e2_io_read(io, 9996, 4, buf), E2_OK);
		cr_assert_eq(buf[0], 1);
		cr_assert_eq(buf[2] | buf[3], 0, "what was cut off came back");
	}
	cr_assert_eq(e2_io_resize(io, (uint64_t)1 << 63), E2_ERR_FBIG);
	cr_assert_eq(io->size, 50000);
}

E2_TEST(io_mem, reads_writes_and_grows)
{
	struct e2_io *io;

	cr_assert_eq(e2_io_open_mem(10000, &io), E2_OK);
	exercise(io);
	exercise_size(io);
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(e2_io_close(NULL), E2_OK);
}

E2_TEST(io_mem, too_much_is_refused)
{
	struct e2_io *io = NULL;

	cr_assert_eq(e2_io_open_mem((uint64_t)1 << 60, &io), E2_ERR_NOMEM);
	cr_assert(io == NULL);
	cr_assert_eq(e2_io_open_mem(0, &io), E2_OK);
	cr_assert_eq(e2_io_resize(io, (uint64_t)1 << 60), E2_ERR_NOMEM);
	cr_assert_eq(io->size, 0);
	for (uint64_t size = 1; size < 300000; size += 1 + size / 3)
		cr_assert_eq(e2_io_resize(io, size), E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
}

E2_TEST(io_slice, is_a_window_and_no_more)
{
	struct e2_io *whole, *io;
	uint8_t buf[30000];

	cr_assert_eq(e2_io_open_mem(30000, &whole), E2_OK);
	memset(buf, 7, sizeof(buf));
	cr_assert_eq(e2_io_write(whole, 0, sizeof(buf), buf), E2_OK);
	cr_assert_eq(e2_io_zero(whole, 10000, 10000), E2_OK);
	cr_assert_eq(e2_io_open_slice(whole, 10000, 10000, &io), E2_OK);
	cr_assert_str_eq(io->name, "memory@10000+10000");
	exercise(io);
	cr_assert_eq(e2_io_resize(io, 10000), E2_OK);
	cr_assert_eq(e2_io_resize(io, 10001), E2_ERR_INVAL);
	cr_assert_eq(e2_io_zero(io, 0, 10000), E2_OK);
	cr_assert_eq(e2_io_read(whole, 0, sizeof(buf), buf), E2_OK);
	for (size_t i = 0; i < sizeof(buf); i++)
		cr_assert_eq(buf[i], i >= 10000 && i < 20000 ? 0 : 7, "byte %zu", i);
	cr_assert_eq(e2_io_close(io), E2_OK);
}

E2_TEST(io_slice, must_lie_within_the_other)
{
	static const struct { uint64_t offset, len; int result; } cases[] = {
		{ 0, 100, E2_OK }, { 100, 0, E2_OK }, { 99, 1, E2_OK }, { 99, 2, E2_ERR_RANGE },
		{ 101, 0, E2_ERR_RANGE }, { 1, UINT64_MAX, E2_ERR_RANGE },
		{ UINT64_MAX, 1, E2_ERR_RANGE }, { UINT64_MAX, UINT64_MAX, E2_ERR_RANGE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct e2_io *whole, *io = NULL;

		cr_assert_eq(e2_io_open_mem(100, &whole), E2_OK);
		cr_assert_eq(e2_io_open_slice(whole, cases[i].offset, cases[i].len, &io),
			     cases[i].result, "case %zu", i);
		e2_io_close(io);
	}
}

E2_TEST(io_file, reads_writes_and_grows)
{
	struct scratch s;
	struct e2_io *io;
	const char *path;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "", 0);
	cr_assert_eq(truncate(path, 10000), 0);
	cr_assert_eq(e2_io_open_file(path, E2_IO_WRITE, &io), E2_OK);
	exercise(io);
	exercise_size(io);
	cr_assert_eq(e2_io_close(io), E2_OK);
	scratch_end(&s);
}

E2_TEST(io_file, zeroing_makes_holes)
{
	struct scratch s;
	struct e2_io *io;
	struct stat before, after;
	const size_t len = 4 << 20;
	uint8_t *data = malloc(len);
	const char *path;

	scratch_begin(&s);
	memset(data, 5, len);
	path = scratch_file(&s, "a.img", data, len);
	cr_assert_eq(e2_io_open_file(path, E2_IO_WRITE, &io), E2_OK);
	cr_assert_eq(e2_io_sync(io), E2_OK);
	cr_assert_eq(stat(path, &before), 0);
	cr_assert_eq(e2_io_zero(io, 4096 + 1, len - 8192), E2_OK);
	cr_assert_eq(e2_io_sync(io), E2_OK);
	cr_assert_eq(stat(path, &after), 0);
	cr_assert_eq(after.st_size, before.st_size);
	cr_assert_lt(after.st_blocks, before.st_blocks / 4);
	cr_assert_eq(e2_io_read(io, 0, len, data), E2_OK);
	for (size_t i = 0; i < len; i++)
		cr_assert_eq(data[i], i <= 4096 || i >= len - 4095 ? 5 : 0, "byte %zu", i);
	cr_assert_eq(e2_io_close(io), E2_OK);
	free(data);
	scratch_end(&s);
}

E2_TEST(io_file, read_only_is_read_only)
{
	struct scratch s;
	struct e2_io *io;
	struct stat before, after;
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };
	const char *path;
	char buf[3];

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "abc", 3);
	cr_assert_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	cr_assert_eq(stat(path, &before), 0);
	cr_assert_eq(e2_io_open_file(path, 0, &io), E2_OK);
	cr_assert_eq(e2_io_write(io, 0, 1, "x"), E2_ERR_ROFS);
	cr_assert_eq(e2_io_zero(io, 0, 1), E2_ERR_ROFS);
	cr_assert_eq(e2_io_resize(io, 1), E2_ERR_ROFS);
	cr_assert_eq(e2_io_sync(io), E2_ERR_ROFS);
	cr_assert_eq(e2_io_read(io, 0, 3, buf), E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(stat(path, &after), 0);
	cr_assert_eq(after.st_atim.tv_sec, before.st_atim.tv_sec,
		     "reading changed the access time");
	cr_assert_eq(after.st_mtim.tv_sec, 2000);
	scratch_end(&s);
}

E2_TEST(io_file, a_file_that_shrinks_is_an_error)
{
	struct scratch s;
	struct e2_io *io;
	const char *path;
	char buf[100];

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", buf, 0);
	cr_assert_eq(truncate(path, 100), 0);
	cr_assert_eq(e2_io_open_file(path, 0, &io), E2_OK);
	cr_assert_eq(truncate(path, 60), 0);
	cr_assert_eq(e2_io_read(io, 0, 60, buf), E2_OK);
	cr_assert_eq(e2_io_read(io, 0, 100, buf), E2_ERR_IO);
	cr_assert_neq(strstr(e2_err_detail(), "ends at 60, was 100 bytes when opened"), NULL);
	cr_assert_eq(e2_io_close(io), E2_OK);
	scratch_end(&s);
}

E2_TEST(io_file, other_kinds_are_refused_at_once)
{
	struct scratch s;
	struct e2_io *io = NULL;
	const char *fifo;

	scratch_begin(&s);
	fifo = scratch_path(&s, "fifo");
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	for (unsigned flags = 0; flags <= E2_IO_WRITE; flags++) {
		cr_assert_eq(e2_io_open_file(fifo, flags, &io), E2_ERR_INVAL);
		cr_assert_eq(e2_io_open_file(s.dir, flags, &io), E2_ERR_INVAL);
		cr_assert_eq(e2_io_open_file("/dev/null", flags, &io), E2_ERR_INVAL);
		cr_assert_eq(e2_io_open_file(scratch_path(&s, "none"), flags, &io), E2_ERR_NOENT);
		cr_assert_eq(e2_io_open_file("/dev/null/x", flags, &io), E2_ERR_NOTDIR);
	}
	cr_assert_eq(symlink("loop", scratch_path(&s, "loop")), 0);
	cr_assert_eq(e2_io_open_file(scratch_path(&s, "loop"), 0, &io), E2_ERR_LOOP);
	cr_assert(io == NULL);
	scratch_end(&s);
}

E2_TEST(io_file, names_in_messages_are_harmless)
{
	struct e2_io *io;

	cr_assert_eq(e2_io_open_file("/no/\x1b[31m\n", 0, &io), E2_ERR_NOENT);
	cr_assert_str_eq(e2_err_detail(), "/no/\\x1b[31m\\x0a: no such file or directory");
}

static void expect_image(const char *spec, uint64_t size, const char *first)
{
	struct e2_io *io;
	char buf[4] = "";

	cr_assert_eq(e2_io_open_image(spec, 0, &io), E2_OK, "%s: %s", spec, e2_err_detail());
	cr_assert_eq(io->size, size, "%s", spec);
	cr_assert_eq(e2_io_read(io, 0, strlen(first), buf), E2_OK);
	cr_assert_arr_eq(buf, first, strlen(first));
	cr_assert_eq(e2_io_close(io), E2_OK);
}

static void refuse_image(const char *spec, int err)
{
	struct e2_io *io = NULL;

	cr_assert_eq(e2_io_open_image(spec, 0, &io), err, "%s: %s", spec, e2_err_detail());
	cr_assert(io == NULL);
}

E2_TEST(io_image, names_files_and_slices)
{
	struct scratch s;
	char data[4096];

	scratch_begin(&s);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)('a' + i / 256);
	scratch_file(&s, "a.img", data, sizeof(data));
	scratch_file(&s, "me@host.img", "m", 1);
	scratch_file(&s, "a.img@512", "literal", 7);
	scratch_file(&s, "a#p1", "hash", 4);

	expect_image(scratch_path(&s, "a.img"), 4096, "a");
	expect_image(scratch_path(&s, "a.img@1k"), 3072, "e");
	expect_image(scratch_path(&s, "a.img@1KiB+512"), 512, "ee");
	expect_image(scratch_path(&s, "a.img@2s"), 3072, "e");
	expect_image(scratch_path(&s, "a.img@0+1"), 1, "a");
	expect_image(scratch_path(&s, "a.img@4096"), 0, "");
	expect_image(scratch_path(&s, "a.img?offset=1024"), 3072, "e");
	expect_image(scratch_path(&s, "a.img@512"), 7, "lite");
	expect_image(scratch_path(&s, "me@host.img"), 1, "m");
	expect_image(scratch_path(&s, "me@host.img@0"), 1, "m");
	expect_image(scratch_path(&s, "a#p1"), 4, "hash");

	refuse_image(scratch_path(&s, "a.img@4097"), E2_ERR_RANGE);
	refuse_image(scratch_path(&s, "a.img@1k+4k"), E2_ERR_RANGE);
	refuse_image(scratch_path(&s, "a.img@1k+"), E2_ERR_INVAL);
	refuse_image(scratch_path(&s, "a.img@1x"), E2_ERR_INVAL);
	refuse_image(scratch_path(&s, "a.img@99999999999999999999"), E2_ERR_INVAL);
	refuse_image(scratch_path(&s, "a.img?offset="), E2_ERR_INVAL);
	refuse_image(scratch_path(&s, "a.img@"), E2_ERR_NOENT);
	refuse_image(scratch_path(&s, "b.img@1k"), E2_ERR_NOENT);
	refuse_image(scratch_path(&s, "none@host"), E2_ERR_NOENT);
	refuse_image(scratch_path(&s, "a.img#p2"), E2_ERR_UNSUPPORTED);
	refuse_image(scratch_path(&s, "none#p2"), E2_ERR_NOENT);
	refuse_image("", E2_ERR_INVAL);
	refuse_image(s.dir, E2_ERR_INVAL);
	scratch_end(&s);
}

/* Holes get blocks, and keep what they hold; what has blocks keeps its times too. */
E2_TEST(io_file, room_can_be_made_before_it_is_needed)
{
	struct e2_io *io;
	struct stat was, is;
	struct scratch s;
	uint8_t byte = 9;

	scratch_begin(&s);
	const char *path = scratch_file(&s, "sparse", "", 0);
	int fd = open(path, O_RDWR);
	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, 1 << 20), 0);
	cr_assert_eq(e2_io_open_file(path, E2_IO_WRITE, &io), E2_OK);
	cr_assert_eq(e2_io_reserve(io, 65536, 65536), E2_OK);
	cr_assert_eq(fstat(fd, &was), 0);
	cr_assert_geq(was.st_blocks, 128);
	cr_assert_eq(was.st_size, 1 << 20);
	cr_assert_eq(e2_io_read(io, 70000, 1, &byte), E2_OK);
	cr_assert_eq(byte, 0);
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(e2_io_open_file(path, 0, &io), E2_OK);
	cr_assert_eq(e2_io_reserve(io, 0, 1), E2_ERR_ROFS);
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(fstat(fd, &is), 0);
	cr_assert_eq(is.st_blocks, was.st_blocks);
	close(fd);
	scratch_end(&s);
}

/* Zeros behind the end; growth with the first write, which a failed change takes back. */
E2_TEST(io_tail, grows_and_goes_back)
{
	uint8_t buf[64], ones[64], twos[64];
	struct e2_io *under, *io;

	memset(ones, 1, sizeof(ones));
	memset(twos, 2, sizeof(twos));
	cr_assert_eq(e2_io_open_mem(9000, &under), E2_OK);
	cr_assert_eq(e2_io_write(under, 8936, 64, ones), E2_OK);
	cr_assert_eq(e2_io_open_tail(under, 10000, &io), E2_OK);
	cr_assert_eq(e2_io_read(io, 8968, 64, buf), E2_OK);
	for (int i = 0; i < 64; i++)
		cr_assert_eq(buf[i], i < 32);
	cr_assert_eq(e2_io_read(io, 9936, 64, buf), E2_OK);
	cr_assert_eq(buf[0] | buf[63], 0);
	cr_assert_eq(e2_io_resize(io, 20000), E2_ERR_INVAL);
	cr_assert_eq(under->size, 9000, "reading makes nothing longer");

	cr_assert_eq(e2_io_reserve(io, 0, 64), E2_OK);
	cr_assert_eq(under->size, 10000);
	cr_assert_eq(e2_io_write(io, 8968, 64, twos), E2_OK);
	cr_assert_eq(e2_io_settle(io, false), E2_OK);
	cr_assert_eq(under->size, 9000);
	cr_assert_eq(e2_io_read(io, 8968, 64, buf), E2_OK);
	for (int i = 0; i < 64; i++)
		cr_assert_eq(buf[i], i < 32 ? 2 : 0);
	exercise(io);
	cr_assert_eq(e2_io_settle(io, true), E2_OK);
	cr_assert_eq(e2_io_settle(io, false), E2_OK);
	cr_assert_eq(under->size, 10000, "what was kept stays");
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(e2_io_close(under), E2_OK);
}

/* Zeros at the end may be all that a change brings. */
E2_TEST(io_tail, grows_when_a_change_is_kept_that_wrote_nothing)
{
	struct e2_io *under, *io;

	cr_assert_eq(e2_io_open_mem(9000, &under), E2_OK);
	cr_assert_eq(e2_io_open_tail(under, 10000, &io), E2_OK);
	cr_assert_eq(e2_io_settle(io, false), E2_OK);
	cr_assert_eq(under->size, 9000);
	cr_assert_eq(e2_io_settle(io, true), E2_OK);
	cr_assert_eq(under->size, 10000);
	cr_assert_eq(e2_io_settle(io, false), E2_OK);
	cr_assert_eq(under->size, 10000, "what was kept stays");
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(e2_io_close(under), E2_OK);
}

E2_TEST(io_tail, what_cannot_grow)
{
	struct e2_io *under, *slice, *io;
	uint8_t byte = 1;

	cr_assert_eq(e2_io_open_mem(10000, &under), E2_OK);
	cr_assert_eq(e2_io_open_slice(under, 0, 9000, &slice), E2_OK);
	cr_assert_eq(e2_io_open_tail(slice, 10000, &io), E2_OK);
	cr_assert_eq(e2_io_read(io, 9999, 1, &byte), E2_OK);
	cr_assert_eq(byte, 0);
	cr_assert_eq(e2_io_write(io, 0, 1, &byte), E2_ERR_INVAL);
	cr_assert_not_null(strstr(e2_err_detail(), "it ends before its volume, and cannot be made "
						   "longer"));
	cr_assert_eq(e2_io_settle(io, true), E2_ERR_INVAL);
	cr_assert_eq(e2_io_settle(io, false), E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(e2_io_close(slice), E2_OK);
}
