/* SPDX-License-Identifier: MIT */
/* What the host knows of an open file besides its bytes: owner, mode, times. */
#ifndef E2_IO_HOST_META_H
#define E2_IO_HOST_META_H

#include "io/io.h"

/* These are struct e2_env_ops.adopt, stamp, touch and trusted for the host. */
int e2_host_adopt(struct e2_io *from, struct e2_io *to);
int e2_host_stamp(struct e2_io *io, struct e2_stamp *stamp);
int e2_host_touch(struct e2_io *io);
int e2_host_trusted(const char *path, struct e2_io *file, struct e2_io *image);

#endif
