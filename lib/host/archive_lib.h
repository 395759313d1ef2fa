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
typedef ssize_t archive_read_fn(struct archive *, void *context, const void **data);
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

#endif
