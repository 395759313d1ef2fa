/* SPDX-License-Identifier: MIT */
/* Locks of the host on open files, and who holds them. */
#ifndef E2_IO_LOCK_H
#define E2_IO_LOCK_H

#include "io/io.h"

#include <sys/types.h>

/* struct e2_env_ops.lock for the host. */
int e2_host_lock(struct e2_io *io, enum e2_lock which, enum e2_lock_mode mode, unsigned wait_ms);

/* Another open file description than fd that holds a lock of its own on a byte of the same
 * file: the process that has it open; 0 when none is found, or none that may be seen. */
pid_t e2_host_find_holder(int fd, uint64_t byte);

/* Adds "process 4242 (extant-fsck)". */
void e2_host_add_process(struct e2_str *s, pid_t pid);

#endif
