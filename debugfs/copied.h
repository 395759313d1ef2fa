/* SPDX-License-Identifier: MIT */
/* What a copy out of the volume comes to: a line, or a record. */
#ifndef DEBUGFS_COPIED_H
#define DEBUGFS_COPIED_H

#include "shell.h"

/*
 * kind     of the record: "get", "tar"
 * did      the word that begins the line: "copied"
 * others   what is counted as such: "devices and fifos"
 */
void copied_show(struct out *o, const char *kind, const char *did, const char *others,
		 const struct e2_copied *c);

#endif
