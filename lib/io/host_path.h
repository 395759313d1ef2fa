/* SPDX-License-Identifier: MIT */
/* What a path of the host leads to. */
#ifndef E2_IO_HOST_PATH_H
#define E2_IO_HOST_PATH_H

#include "io/io.h"

/* struct e2_env_ops.look for the host. */
int e2_host_look(const char *path, struct e2_place *place);

#endif
