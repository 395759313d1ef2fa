/* SPDX-License-Identifier: MIT */
/* What a file or device holds already, so that it is not replaced by accident. */
#ifndef EXTANT_MKFS_RECOGNISE_H
#define EXTANT_MKFS_RECOGNISE_H

#include "e2.h"

/*
 * Looks at the places where file systems, partition tables, archives and disk
 * images bear their marks.  1 and words such as `ext2 "demo", 64 MiB, last
 * written 2026-11-21` in what; 0 when nothing is known; negative on a read error.
 */
int recognise(struct e2_io *io, struct e2_str *what);

#endif
