/* SPDX-License-Identifier: MIT */
/*
 * The names that an inode has besides the one at hand: which rm leaves, which have the new
 * content of put, or keep the old.
 *
 * The first few such questions search the directories; then there is an index, made once, whose
 * names are proven each time.  It is made again when some are missing, as long as all of that
 * takes a bounded time: after that the number of names is said, and no names.
 */
#ifndef DEBUGFS_NAMES_LEFT_H
#define DEBUGFS_NAMES_LEFT_H

#include "spot.h"

enum { NAMES_LEFT_INODES = 1000000 };	/* in use, for names to be looked for */

struct names_left;

/* Adds "<12> keeps 2 names: /test /testHardLink", or "its last name". */
void add_kept_names(struct shell *sh, e2_ino ino, struct e2_str *s);

/* The same as the member "names" of a record, all of them; nothing when it has none. */
void record_kept_names(struct shell *sh, e2_ino ino);

/*
 * Says which other names of an inode have the new content of a file, or keep the old, as a note
 * or a record; nothing where there are none.
 *
 * links  how many names the inode had before
 * path   the one that was written
 * kept   that one has another inode now
 */
void tell_content(struct shell *sh, e2_ino ino, uint32_t links, const struct e2_str *path,
		  bool kept);

void names_left_forget(struct shell *sh);

#endif
