/* SPDX-License-Identifier: MIT */
/* Images as programs open them: what is named, what is refused, where the log belongs. */
#include "alloc.h"
#include "e2test.h"
#include "scratch.h"

#include "io/image.h"
#include "io/sim.h"

#include <zlib.h>

enum { SIZE = 8192 };

static const char *make_image(struct scratch *s, const char *name, bool gzip)
{
	const char *path = scratch_path(s, name);
	uint8_t data[SIZE];
	gzFile gz;

	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i / 512);
	if (!gzip)
		return scratch_file(s, name, data, SIZE);
	gz = gzopen(path, "wb");
	cr_assert(gz != NULL && gzwrite(gz, data, SIZE) == SIZE && gzclose(gz) == Z_OK);
	return path;
}

/* What a spec opens to: the first byte and the size, and the name of its log after the
 * directory, "-" where there is none. */
static void expect(struct scratch *s, const char *spec, uint64_t offset, uint64_t size,
		   const char *log)
{
	struct e2_str text = E2_STR_INIT, log_path = E2_STR_INIT;
	struct e2_image *image;
	struct e2_stamp stamp;
	uint8_t byte;
	int r;

	e2_str_addf(&text, "%s/%s", s->dir, spec);
	cr_assert_eq(e2_image_open(e2_env_host(), e2_str_text(&text), 0, &image), E2_OK, "%s",
		     e2_err_detail());
	cr_assert_eq(e2_image_offset(image), offset, "%s", spec);
	cr_assert_eq(e2_image_io(image)->size, size, "%s", spec);
	cr_assert_not(e2_image_io(image)->writable);
	cr_assert_eq(e2_image_env(image), e2_env_host());
	cr_assert_eq(e2_io_read(e2_image_io(image), 0, 1, &byte), E2_OK);
	cr_assert_eq(byte, offset / 512, "%s", spec);
	r = e2_image_log_path(image, &log_path);
	if (*log == '-') {
		cr_assert_eq(r, E2_ERR_UNSUPPORTED);
	} else {
		cr_assert_eq(r, E2_OK);
		cr_assert_eq(strncmp(e2_str_text(&log_path), s->dir, strlen(s->dir)), 0);
		cr_assert_str_eq(e2_str_text(&log_path) + strlen(s->dir) + 1, log);
	}
	cr_assert_eq(e2_image_lock(image, E2_SHARED, 0), E2_OK);
	cr_assert_eq(e2_image_stamp(image, &stamp), E2_OK);
	cr_assert_neq(stamp.ino, 0);
	e2_str_free(&text);
	e2_str_free(&log_path);
	cr_assert_eq(e2_image_close(image), E2_OK);
}

E2_TEST(io_image, is_what_the_spec_names)
{
	struct scratch s;

	scratch_begin(&s);
	make_image(&s, "a.img", false);
	make_image(&s, "b.img@1024", false);
	make_image(&s, "c.img.gz", true);
	cr_assert_eq(symlink("a.img", scratch_path(&s, "link")), 0);
	expect(&s, "a.img", 0, SIZE, "a.img.e2log");
	expect(&s, "link", 0, SIZE, "a.img.e2log");
	expect(&s, "link@1024", 1024, SIZE - 1024, "a.img.1024.e2log");
	expect(&s, "a.img@1KiB+2KiB", 1024, 2048, "a.img.1024.e2log");
	expect(&s, "a.img@0", 0, SIZE, "a.img.e2log");
	expect(&s, "a.img@0+512", 0, 512, "a.img.e2log");
	expect(&s, "a.img?offset=4096", 4096, SIZE - 4096, "a.img.4096.e2log");
	expect(&s, "b.img@1024", 0, SIZE, "b.img@1024.e2log");
	expect(&s, "b.img@1024@512", 512, SIZE - 512, "b.img@1024.512.e2log");
	expect(&s, "c.img.gz", 0, SIZE, "-");
	expect(&s, "c.img.gz@2048", 2048, SIZE - 2048, "-");
	cr_assert_eq(e2_image_close(NULL), E2_OK);
	scratch_end(&s);
}

static void refuse(struct scratch *s, const char *spec, unsigned flags, int err, const char *why)
{
	struct e2_str text = E2_STR_INIT;
	struct e2_image *image = NULL;

	e2_str_addf(&text, "%s/%s", s->dir, spec);
	cr_assert_eq(e2_image_open(e2_env_host(), e2_str_text(&text), flags, &image), err,
		     "%s: %s", spec, e2_err_detail());
	cr_assert_neq(strstr(e2_err_detail(), why), NULL, "%s", e2_err_detail());
	cr_assert_null(image);
	e2_str_free(&text);
}

E2_TEST(io_image, says_why_it_is_refused)
{
	struct scratch s;

	scratch_begin(&s);
	make_image(&s, "a.img", false);
	make_image(&s, "c.img.gz", true);
	scratch_file(&s, "bad.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
	refuse(&s, "none", 0, E2_ERR_NOENT, "none");
	refuse(&s, "none", E2_IMAGE_WRITE, E2_ERR_NOENT, "none");
	refuse(&s, ".", 0, E2_ERR_INVAL, "is a directory, not an image");
	refuse(&s, "a.img@x", 0, E2_ERR_NOENT, "a.img@x");
	refuse(&s, "a.img@1k+", 0, E2_ERR_INVAL, "nor a slice");
	refuse(&s, "a.img@8193", 0, E2_ERR_RANGE, "passes its end");
	refuse(&s, "a.img@8193", E2_IMAGE_WRITE, E2_ERR_INVAL, "within a sector");
	refuse(&s, "a.img@8704", E2_IMAGE_WRITE, E2_ERR_RANGE, "passes its end");
	refuse(&s, "a.img@100", E2_IMAGE_WRITE, E2_ERR_INVAL, "@100: begins within a sector");
	refuse(&s, "c.img.gz", E2_IMAGE_WRITE, E2_ERR_ROFS, "is compressed");
	refuse(&s, "c.img.gz@8193", 0, E2_ERR_RANGE, "passes its end");
	refuse(&s, "bad.gz", 0, E2_ERR_CORRUPT, "bad.gz: is cut off");
	scratch_end(&s);
}

E2_TEST(io_image, has_one_writer)
{
	struct e2_image *image, *second = NULL, *reader;
	struct e2_str why = E2_STR_INIT;
	struct e2_stamp before, after;
	struct scratch s;
	const char *path;

	scratch_begin(&s);
	path = make_image(&s, "a.img", false);
	cr_assert_eq(e2_image_open(e2_env_host(), path, E2_IMAGE_WRITE, &image), E2_OK);
	cr_assert(e2_image_io(image)->writable);
	refuse(&s, "a.img", E2_IMAGE_WRITE, E2_ERR_BUSY, "a.img: locked by process ");
	refuse(&s, "a.img@1024", E2_IMAGE_WRITE, E2_ERR_BUSY, "a.img: locked by process ");
	cr_assert_null(second);
	cr_assert_eq(e2_image_in_use(image, &why), 0);

	cr_assert_eq(e2_image_open(e2_env_host(), path, 0, &reader), E2_OK);
	cr_assert_eq(e2_image_stamp(reader, &before), E2_OK);
	cr_assert_eq(e2_image_lock(image, E2_EXCLUSIVE, 0), E2_OK);
	cr_assert_eq(e2_image_lock(reader, E2_SHARED, 0), E2_ERR_BUSY);
	cr_assert_eq(e2_image_touch(image), E2_OK);
	cr_assert_eq(e2_image_lock(image, E2_UNLOCKED, 0), E2_OK);
	cr_assert_eq(e2_image_lock(reader, E2_SHARED, 0), E2_OK);
	cr_assert_eq(e2_image_stamp(reader, &after), E2_OK);
	cr_assert_lt(before.mtime, after.mtime);
	cr_assert_eq(e2_image_trusts(image, path, e2_image_io(reader)), 1);
	cr_assert_eq(e2_image_close(reader), E2_OK);
	cr_assert_eq(e2_image_close(image), E2_OK);
	cr_assert_eq(e2_image_open(e2_env_host(), path, E2_IMAGE_WRITE, &image), E2_OK);
	cr_assert_eq(e2_image_close(image), E2_OK);
	e2_str_free(&why);
	scratch_end(&s);
}

/* Opens, asks for the path of the log and closes, whatever fails on the way. */
static int use(struct e2_env *env, const char *spec, unsigned flags)
{
	struct e2_str log = E2_STR_INIT;
	struct e2_image *image;
	int r = e2_image_open(env, spec, flags, &image);

	if (r)
		return r;
	r = e2_image_log_path(image, &log);
	e2_str_free(&log);
	return e2_image_close(image) ? E2_ERR_HOST : r;
}

E2_TEST(io_image, without_memory_nothing_leaks)
{
	static const struct { const char *name, *spec; unsigned flags; int result; } cases[] = {
		{ "a.img", "a.img", 0, E2_OK }, { "a.img", "a.img@1024", E2_IMAGE_WRITE, E2_OK },
		{ "c.gz", "c.gz@1024+1024", 0, E2_ERR_UNSUPPORTED },
	};
	struct scratch s;

	scratch_begin(&s);
	make_image(&s, "a.img", false);
	make_image(&s, "c.gz", true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *spec = scratch_path(&s, cases[i].spec);
		int r = E2_ERR_NOMEM;

		for (uint64_t nth = 1; nth < 100 && r == E2_ERR_NOMEM; nth++) {
			alloc_fail(nth);
			r = use(e2_env_host(), spec, cases[i].flags);
			alloc_fail(0);
		}
		cr_assert_eq(r, cases[i].result, "%s: %s", spec, e2_err_detail());
	}
	scratch_end(&s);
}

E2_TEST(io_image, opens_files_of_any_host)
{
	struct e2_sim *sim;
	struct e2_env *env;
	struct e2_image *image, *second;
	struct e2_str log = E2_STR_INIT;
	struct e2_io *io;

	cr_assert_eq(e2_sim_new(&sim), E2_OK);
	env = e2_sim_env(sim);
	cr_assert_eq(env->ops->create_excl(env, "d/a.img", 0644, &io), E2_OK);
	cr_assert_eq(e2_io_resize(io, SIZE), E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(e2_image_open(env, "d/a.img@512", E2_IMAGE_WRITE, &image), E2_OK);
	cr_assert_eq(e2_image_open(env, "d/a.img", E2_IMAGE_WRITE, &second), E2_ERR_BUSY);
	cr_assert_eq(e2_image_log_path(image, &log), E2_OK);
	cr_assert_str_eq(e2_str_text(&log), "d/a.img.512.e2log");
	e2_str_free(&log);
	cr_assert_eq(e2_io_write(e2_image_io(image), 0, 1, "x"), E2_OK);
	cr_assert_eq(e2_image_close(image), E2_OK);
	for (unsigned kind = 1; kind < E2_SIM_ALL; kind *= 2) {
		int r;

		e2_sim_fail(sim, kind, 1, false, E2_ERR_IO);
		r = use(env, "d/a.img", E2_IMAGE_WRITE);
		cr_assert_eq(r, kind == E2_SIM_CLOSE ? E2_ERR_HOST : e2_sim_count(sim, kind) ?
			     E2_ERR_IO : E2_OK, "kind %u", kind);
	}
	e2_sim_free(sim);
}
