/* SPDX-License-Identifier: MIT */
/* What must never be written to or replaced: the image that is open. */
#ifndef E2_HOST_OWN_H
#define E2_HOST_OWN_H

#include "vol/vol.h"

/*
 * E2_ERR_INVAL "is the image itself" if path, relative to dir_fd or AT_FDCWD, leads to the file
 * that fs is in, by whatever name or link.  0 for all else: what is not there, another file, a
 * volume that is in no file.
 */
E2_NODISCARD int e2_own_check(const struct e2_fs *fs, int dir_fd, const char *path);

#endif
