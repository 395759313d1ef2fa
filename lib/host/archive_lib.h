/* SPDX-License-Identifier: MIT */
/*
 * libarchive, loaded when an archive is to be read or compressed.
 *
 * What it reads is what a locale says that names are; the "C" locale of e2_archive_enter()
 * leaves them alone.
 */
#ifndef E2_HOST_ARCHIVE_LIB_H
#define E2_HOST_ARCHIVE_LIB_H

#include "base/err.h"

#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct archive;
struct archive_entry;
typedef int archive_done_fn(struct archive *, void *context);
typedef ssize_t archive_write_fn(struct archive *, void *context, const void *data, size_t len);

struct e2_archive_lib {
	void *handle;
	locale_t c, before;
#define A(result, name, arguments) result (*name) arguments;
#include "host/archive_lib.def"
#undef A
};

/* Results of its functions, kinds of access control lists, and what their entries say. */
enum {
	ARCHIVE_EOF = 1, ARCHIVE_OK = 0, ARCHIVE_WARN = -20, ARCHIVE_FAILED = -25,
	ARCHIVE_FATAL = -30,
	ARCHIVE_FORMAT_CPIO = 0x10000, ARCHIVE_FORMAT_BASE_MASK = 0xff0000,
	ARCHIVE_ACL_ACCESS = 0x100, ARCHIVE_ACL_DEFAULT = 0x200,
	ARCHIVE_ACL_USER = 10001, ARCHIVE_ACL_USER_OBJ, ARCHIVE_ACL_GROUP, ARCHIVE_ACL_GROUP_OBJ,
	ARCHIVE_ACL_MASK, ARCHIVE_ACL_OTHER
};

/* Loads it.  E2_ERR_UNSUPPORTED when it is not installed, with advice. */
int e2_archive_load(struct e2_archive_lib *lib);
void e2_archive_unload(struct e2_archive_lib *lib);

/* The library's functions are called between these two. */
void e2_archive_enter(struct e2_archive_lib *lib);
void e2_archive_leave(struct e2_archive_lib *lib);

/* ---- compression (archive_out.c) ------------------------------------------------------ */

enum e2_compression { E2_PLAIN, E2_GZIP, E2_XZ, E2_ZSTD };

/*
 * A stream that is compressed on its way; the same bytes in give the same bytes out.
 * write takes what comes out; its failure is returned by put or end.
 */
struct e2_compressor;
int e2_compress_begin(enum e2_compression how, int (*write)(void *, const void *, size_t),
		      void *context, struct e2_compressor **c);
int e2_compress_put(struct e2_compressor *c, const void *data, size_t len);
/* Writes what is left unless err, which is returned then; releases c (NULL is fine). */
int e2_compress_end(struct e2_compressor *c, int err);

#endif
