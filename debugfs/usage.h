/* SPDX-License-Identifier: MIT */
/* What a volume holds and where its blocks are, counted by reading all of it but file data. */
#ifndef DEBUGFS_USAGE_H
#define DEBUGFS_USAGE_H

#include "gaps.h"
#include "structs.h"

enum place {
	PLACE_DATA, PLACE_FREE, PLACE_TABLES, PLACE_GROWTH, PLACE_DIRS, PLACE_POINTERS,
	PLACE_ATTRIBUTES, PLACE_JOURNAL, PLACE_BAD, PLACE_LOST, PLACE_REST, PLACES
};

struct usage {
	uint64_t free_blocks, used_inodes;	/* by the bitmaps */
	uint64_t largest_gap, gaps;		/* runs of free blocks */
	uint64_t files, dirs, symlinks, devices, others;
	uint64_t linked;			/* no directories, with more than one name */
	uint64_t dangling;			/* names of symlinks that lead nowhere */
	uint64_t place[PLACES];			/* blocks */
	uint64_t unread;			/* groups and inodes that could not be read */
	int status;				/* the first of their failures */
};

/* per_group: PLACES numbers for every group, which grow by its blocks, the boot block counted
 * with group 0; may be NULL. */
int usage_count(struct shell *sh, struct usage *u, uint64_t (*per_group)[PLACES]);

enum place place_of_use(enum e2_use use, const struct e2_claim *claim);

const char *place_name(enum place place);	/* for people */
const char *place_key(enum place place);	/* for programs */
const char *place_note(enum place place);	/* what is in it; may be "" */
bool place_is_rare(enum place place);		/* left out where there are none */

/* Adds the names of all features of a volume. */
void add_all_features(struct e2_str *s, const struct e2_super *super);

/* Adds bytes as their field shows them: a UUID. */
void add_field_bytes(struct e2_str *s, const char *structure, const char *field,
		     const uint8_t *bytes, size_t len);

#endif
