/* SPDX-License-Identifier: MIT */
/*
 * Names that put has met whose files have others: which of these keep the old content, and which
 * have the new one too, is told when all is there, for a tree may meet several names of a file.
 */
#ifndef DEBUGFS_PUT_MET_H
#define DEBUGFS_PUT_MET_H

#include "shell.h"

struct put_met;

/* As e2_import.meets; the context is a struct put_met **, NULL at first. */
int put_meets(void *context, const struct e2_import_met *met);

/* Tells of all; of many files, on a screen, of two and how many more. */
void put_met_tell(struct shell *sh, struct put_met *m);
void put_met_free(struct put_met *m);

#endif
