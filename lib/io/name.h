/* SPDX-License-Identifier: MIT */
/* Host paths as texts: for messages, and taken apart. */
#ifndef E2_IO_NAME_H
#define E2_IO_NAME_H

#include "base/str.h"

/* A path as messages show it, for free(); NULL when memory ran out. */
char *e2_io_name_new(const char *path);

/* e2_fail_errno() with "PATH: " before what was done ("" when that is plain). */
int e2_io_fail_errno(int errnum, const char *path, const char *doing);

/* e2_fail() with "PATH: " before the text. */
int e2_io_fail(int err, const char *path, const char *text);

/* Adds the directory that holds path: "." when it names none. */
void e2_io_add_dir(struct e2_str *s, const char *path);

/* The last component of path. */
const char *e2_io_base(const char *path);

#endif
