/* SPDX-License-Identifier: MIT */
/* Structures by their tables, for the commands that print them. */
#ifndef DEBUGFS_STRUCTS_H
#define DEBUGFS_STRUCTS_H

#include "shell.h"

/* Every field that exists: a line each, one JSON object, or a line of TSV each. */
void print_struct(struct out *o, const struct e2_struct *s, const uint8_t *raw,
		  const struct e2_when_context *when);

/* Adds a value as its field shows it: add_field(s, "inode", "flags", 0x1000) "index". */
void add_field(struct e2_str *s, const char *structure, const char *field, uint64_t value);

/* A structure's bytes and what describes them. */
struct image_struct {
	const struct e2_struct *s;
	struct e2_when_context when;
	uint8_t *raw;			/* when.bytes bytes; owned */
	uint64_t at;			/* where they lie in the image */
};

/*
 * Reads the superblock, inode or group descriptor an object names.
 * E2_ERR_INVAL for objects that are no structure.  Release raw with free().
 */
int read_struct(struct shell *sh, const struct object *o, struct image_struct *is);

/* The structures in a block, for what why knows of it.  E2_ERR_INVAL: it has none. */
struct why;
int print_block(struct shell *sh, const struct why *w);

#endif
