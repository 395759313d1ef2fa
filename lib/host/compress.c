/* SPDX-License-Identifier: MIT */
/* A compressed stream, by libarchive's filters around no format. */
#include "host/compress.h"

#include "host/archive_lib.h"

#include "disk/consts.h"

#include <errno.h>
#include <stdlib.h>

struct e2_compressor {
	struct e2_archive_lib lib;
	struct archive *archive;
	int (*write)(void *, const void *, size_t);
	void *context;
	int failed;		/* what write returned */
};

static ssize_t take(struct archive *archive, void *context, const void *data, size_t len)
{
	struct e2_compressor *c = context;

	(void)archive;
	if (c->failed == 0)
		c->failed = c->write(c->context, data, len);
	return c->failed ? -1 : (ssize_t)len;
}

/* The write function's failure, whose detail is known, or what the library says. */
static int fail(struct e2_compressor *c)
{
	const char *why = c->lib.archive_error_string(c->archive);

	return c->failed ? c->failed : e2_fail(E2_ERR_HOST, "compressing: %s",
						     why ? why : "failed");
}

static int begin(struct e2_compressor *c, enum e2_compression how)
{
	struct e2_archive_lib *l = &c->lib;
	struct archive_entry *entry;
	int r;

	c->archive = l->archive_write_new();
	entry = c->archive ? l->archive_entry_new() : NULL;
	if (!entry)
		return e2_fail(E2_ERR_NOMEM, "compressing: out of memory");
	l->archive_entry_set_filetype(entry, E2_S_IFREG);
	l->archive_entry_set_pathname(entry, "data");
	r = l->archive_write_set_format_raw(c->archive);
	if (r == ARCHIVE_OK)
		r = how == E2_GZIP ? l->archive_write_add_filter_gzip(c->archive) :
			how == E2_XZ ? l->archive_write_add_filter_xz(c->archive) :
			l->archive_write_add_filter_zstd(c->archive);
	if (r == ARCHIVE_OK && how == E2_GZIP)		/* no time in the header */
		r = l->archive_write_set_filter_option(c->archive, "gzip", "timestamp", NULL);
	if (r == ARCHIVE_OK)
		r = l->archive_write_set_bytes_in_last_block(c->archive, 1);
	if (r == ARCHIVE_OK)
		r = l->archive_write_open(c->archive, c, NULL, take, NULL);
	if (r == ARCHIVE_OK)
		r = l->archive_write_header(c->archive, entry);
	l->archive_entry_free(entry);
	return r == ARCHIVE_OK ? 0 : fail(c);
}

int e2_compress_begin(enum e2_compression how, int (*write)(void *, const void *, size_t),
		      void *context, struct e2_compressor **out)
{
	struct e2_compressor *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return e2_fail(E2_ERR_NOMEM, "compressing: out of memory");
	c->write = write;
	c->context = context;
	err = e2_archive_load(&c->lib);
	if (err) {
		free(c);
		return err;
	}
	e2_archive_enter(&c->lib);
	err = begin(c, how);
	e2_archive_leave(&c->lib);
	if (err) {
		(void)e2_compress_end(c, err);
		return err;
	}
	*out = c;
	return 0;
}

int e2_compress_put(struct e2_compressor *c, const void *data, size_t len)
{
	const char *from = data;
	ssize_t n;

	for (; len > 0; from += n, len -= (size_t)n) {
		n = c->lib.archive_write_data(c->archive, from, len);
		if (n <= 0)
			return fail(c);
	}
	return 0;
}

int e2_compress_end(struct e2_compressor *c, int err)
{
	if (!c)
		return err;
	if (err && !c->failed)
		c->failed = err;	/* nothing more is to be written */
	if (!err && c->archive && c->lib.archive_write_close(c->archive) != ARCHIVE_OK)
		err = fail(c);
	if (c->archive)
		(void)c->lib.archive_write_free(c->archive);	/* closed, or failed already */
	e2_archive_unload(&c->lib);
	free(c);
	return err;
}
