/* SPDX-License-Identifier: MIT */
/* What the maps of a volume, on a terminal and as a picture, have in common. */
#ifndef DEBUGFS_MAP_H
#define DEBUGFS_MAP_H

#include "grid.h"
#include "shell.h"

/* One whose blocks are marked. */
struct marked {
	struct arg arg;			/* how it is written; its path is owned */
	uint64_t blocks;		/* data, pointers, attributes: each once */
	uint64_t groups;		/* that hold any of them */
	uint64_t bad;			/* pointers that lead nowhere */
	int status;			/* the first of their failures */
};

struct map {
	struct shell *sh;
	const struct e2_geometry *g;
	bool one;			/* only one group is shown */
	e2_grp group;			/* that one */
	struct marked *file;
	size_t files;
	uint32_t unread;		/* groups whose bitmap could not be read */
	int status;			/* the first of their failures */
};

/* Finds the group and the files that OBJECT... names.  Release with map_free(). */
int map_objects(struct shell *sh, const struct args *args, struct map *m);
void map_free(struct map *m);

/* The blocks that m shows. */
uint64_t map_first(const struct map *m);
uint64_t map_blocks(const struct map *m);

/* The index that map_walk() gives the block of attributes, which no pointer leads to. */
enum { MAP_XATTR = UINT16_MAX };

/* Calls run() for the blocks of a file, each once, in the order of the file; ends at the first
 * failure. */
typedef int marked_fn(void *context, const struct marked *file, const struct e2_walk_block *b);
int map_walk(struct map *m, struct marked *file, marked_fn *run, void *context);

/* Fills a planned grid from the layout and the bitmaps. */
int map_fill(struct map *m, struct grid *grid);

/* The same by what each block is used for, which all inodes are asked for. */
int map_fill_uses(struct map *m, struct grid *grid);

/* Marks the blocks of all files in a grid. */
int map_mark(struct map *m, struct grid *grid);

/* E2_ERR_INTR when somebody wants it to end. */
int map_stopped(void);

/* For programs: the groups, or the runs of the files. */
int map_record_groups(struct map *m);
int map_record_files(struct map *m);

/* The picture as SVG, added to text. */
int map_svg(struct map *m, struct e2_str *text);

#endif
