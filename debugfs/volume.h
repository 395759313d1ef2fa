/* SPDX-License-Identifier: MIT */
/* Opening an image, and telling why it could not be: what main and "open" share. */
#ifndef DEBUGFS_VOLUME_H
#define DEBUGFS_VOLUME_H

#include "shell.h"

/* 0, or SHELL_CANNOT_OPEN when all has been said about it. */
int volume_open(const char *image, const struct e2_open_options *how, struct e2_fs **fs);

/* Says what failed, with the name of the image in front. */
void volume_failed(const char *image, int err);

#endif
