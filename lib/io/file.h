/* SPDX-License-Identifier: MIT */
/* Files of the host as e2_io: what io_file.c shares with its neighbours. */
#ifndef E2_IO_FILE_H
#define E2_IO_FILE_H

#include "io/io.h"

/* The largest volume of 4 KiB blocks: no compressed image inflates to more. */
#define E2_IO_GZ_LIMIT ((uint64_t)16 << 40)

/* Takes over an open descriptor of a regular file or block device, even on failure. */
int e2_io_from_fd(int fd, const char *path, bool writable, struct e2_io **io);

/* The descriptor of an io made by e2_io_from_fd() or e2_io_open_file(). */
int e2_io_fd(const struct e2_io *io);

/* As e2_io_open_gz() for a file that is open, of which in stays the caller's; path is what
 * messages call it. */
int e2_io_inflate(struct e2_io *in, const char *path, uint64_t limit, struct e2_io **io);

/* Whether an io begins like a gzip file. */
int e2_io_is_gzip(struct e2_io *io, bool *gzip);

#endif
