/* SPDX-License-Identifier: MIT */
/* Somebody who uses a volume, as people name him: "1000:100,4,24". */
#ifndef DEBUGFS_IDENTITY_H
#define DEBUGFS_IDENTITY_H

#include "shell.h"

enum { IDENTITY_GROUPS = 64 };

struct identity {
	struct e2_identity who;		/* groups point to what follows */
	uint32_t groups[IDENTITY_GROUPS];
};

/* UID:GID[,GROUP...]: numbers, or names the volume knows.  E2_ERR_INVAL. */
int identity_parse(struct shell *sh, const char *text, struct identity *id);

/* "EACCES", of an error of the library; "" for 0. */
const char *errno_word(int err);

#endif
