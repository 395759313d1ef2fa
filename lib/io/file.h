/* SPDX-License-Identifier: MIT */
/* Files of the host as e2_io: what io_file.c shares with its neighbours. */
#ifndef E2_IO_FILE_H
#define E2_IO_FILE_H

#include "io/io.h"

/* Takes over an open descriptor of a regular file or block device, even on failure. */
int e2_io_from_fd(int fd, const char *path, bool writable, struct e2_io **io);

/* The descriptor of an io made by e2_io_from_fd() or e2_io_open_file(). */
int e2_io_fd(const struct e2_io *io);

#endif
