/* SPDX-License-Identifier: MIT */
/* Reading what may be silent for as long as it likes: a pipe, a terminal. */
#ifndef E2_HOST_INPUT_H
#define E2_HOST_INPUT_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

/* Reads like read(2), over interruptions by signals and a handle that does not block.  While
 * nothing comes it asks, some times a second, whether to go on; where that is not 0 it returns -1
 * with errno ECANCELED.  ask may be NULL. */
ssize_t e2_input_read(int fd, void *buf, size_t len, int (*ask)(void *context), void *context);

#endif
