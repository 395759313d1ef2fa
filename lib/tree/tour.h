/* SPDX-License-Identifier: MIT */
/*
 * A tour of all directories that the root leads to, in the order in which they are read fastest:
 * level by level, and on a level as they lie in the volume.  It gathers names of inodes.
 *
 * Each directory is read once, by the name that was met first; all of them together look at no
 * more blocks than the volume has.
 */
#ifndef E2_TREE_TOUR_H
#define E2_TREE_TOUR_H

#include "base/bitset.h"
#include "base/order.h"
#include "tree/tree.h"

struct e2_tour_dir {
	e2_ino ino;
	uint32_t parent;		/* which of the directories; the root: itself */
	uint32_t depth;			/* of the root 0; never less than that of one before it */
	struct e2_slice name;		/* by which it was met; the root: none */
};

/* A name: its inode and which of the directories it stands in, where in the arena its bytes are. */
static inline struct e2_keyed e2_tour_name(e2_ino ino, uint32_t dir, struct e2_slice name)
{
	return (struct e2_keyed){ (uint64_t)ino << 32 | dir, (uint64_t)name.at << 8 | name.len };
}
static inline e2_ino e2_tour_name_ino(const struct e2_keyed *name)
{
	return (e2_ino)(name->key >> 32);
}
static inline uint32_t e2_tour_name_dir(const struct e2_keyed *name)
{
	return (uint32_t)name->key;
}
static inline struct e2_slice e2_tour_name_bytes(const struct e2_keyed *name)
{
	return (struct e2_slice){ (size_t)(name->value >> 8), name->value & 255 };
}

struct e2_tour {
	struct e2_tour_dir *dirs;	/* the root first */
	size_t dir_count, dir_cap;
	struct e2_keyed *names;		/* in the order of their directories' levels */
	size_t name_count, name_cap;
	struct e2_str arena;
	uint32_t damaged;		/* directories of which something could not be read */
	e2_ino first_damaged;		/* one of them; 0: none */
	bool searched;			/* directories are those of the tables */
};

/*
 * wanted   the inodes whose names are gathered; NULL: all
 * poll     asked now and then; not 0 ends the tour with this result; may be NULL
 *
 * E2_ERR_NOMEM, E2_ERR_RANGE, and what keeps the root's inode from being read.
 * *tour is to be ended by e2_tour_end().
 */
E2_NODISCARD int e2_tour_make(struct e2_fs *fs, const struct e2_bitset *wanted,
			      const struct e2_names_how *how, struct e2_tour *tour);
void e2_tour_end(struct e2_tour *tour);

/* ---- order and paths: tour_order.c --------------------------------------- */

struct e2_tour_placed {		/* a directory or a name that is to be sorted */
	struct e2_slice name;
	uint32_t above;		/* the place of the directory it stands in */
	size_t which;		/* the caller's */
};

/*
 * place  one for each directory, 0 at first: marks dir and those above, then gives the marked
 *        ones places, which rise with the depth and in it with the path, component by component
 */
void e2_tour_mark(const struct e2_tour *tour, uint32_t *place, uint32_t dir);
E2_NODISCARD int e2_tour_place(const struct e2_tour *tour, uint32_t *place);

/* Sorts by what is above, then by name; those that are equal stay as they are. */
E2_NODISCARD int e2_tour_sort(const struct e2_tour *tour, struct e2_tour_placed *items,
			      size_t count);

/* Adds "/name"; and the path of a directory, nothing for the root. */
void e2_tour_add_name(const struct e2_tour *tour, struct e2_slice name, struct e2_str *path);
E2_NODISCARD int e2_tour_add_dir(const struct e2_tour *tour, uint32_t dir, struct e2_str *path);

#endif
