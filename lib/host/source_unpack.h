/* SPDX-License-Identifier: MIT */
/* What the files that read an archive into a source share. */
#ifndef E2_HOST_SOURCE_UNPACK_H
#define E2_HOST_SOURCE_UNPACK_H

#include "host/archive_lib.h"
#include "host/source_priv.h"

#define E2_UNPACK_NONE UINT32_MAX

struct e2_unpack_item {		/* an object */
	struct e2_object object;	/* what depends on names is not in it yet */
	uint64_t at;			/* of its data in the spool */
	uint64_t entry;			/* of the archive; 0: a directory that none says */
	e2_obj obj;			/* E2_OBJ_NONE: not yet in the source */
	uint32_t first, last, count;	/* names in a directory, in the order they came */
};

struct e2_unpack_name {
	uint32_t dir, item;		/* indexes of items */
	uint32_t next;			/* in its directory */
	uint32_t text;
	uint8_t len;
};

struct e2_unpack {
	struct e2_source *s;
	const struct e2_source_options *opt;
	struct e2_archive_lib lib;
	struct archive *archive;
	int fd;				/* of the archive */
	void *piece;			/* that was read last */
	struct archive_entry *entry;	/* at hand */
	const char *path;		/* of it, as the archive has it; NULL: not known yet */
	uint64_t number;		/* of it, from 1 */
	bool holes;			/* the format tells none: zeros are */
	uint64_t data, told;		/* bytes in all; when progress was told */
	struct e2_unpack_item *items;	/* [0] is the root */
	struct e2_unpack_name *names;
	size_t items_len, items_cap, names_len, names_cap;
	struct e2_map *by_name;		/* directory and name, stepped on collision -> name */
	/* attributes of the entry at hand */
	struct e2_xattr_item *v;
	struct e2_str *v_name, *v_value;
	size_t v_cap, v_name_cap, v_value_cap, v_len;
};

/* "layer.tar: entry 4711 "../etc/passwd": why; refused"; returns err. */
int e2_unpack_refuse(const struct e2_unpack *u, int err, const char *fmt, ...) E2_PRINTF(3, 4);

/* ---- names (source_unpack_names.c) -------------------------------------------------- */

/* The root, which no entry says yet. */
int e2_unpack_root(struct e2_unpack *u);

/*
 * The place of a path: its directory, made if need be, and the name in it; *name len 0: the
 * root.  Refuses what leads out, or through what is no directory.
 */
int e2_unpack_place(struct e2_unpack *u, const char *path, uint32_t *dir, const char **name,
		    size_t *len);

/* The name's index in names, or E2_UNPACK_NONE. */
uint32_t e2_unpack_find(const struct e2_unpack *u, uint32_t dir, const char *name, size_t len);

/* Gives an item a name that is not there. */
int e2_unpack_add_name(struct e2_unpack *u, uint32_t dir, const char *name, size_t len,
		       uint32_t item);
int e2_unpack_add_item(struct e2_unpack *u, uint32_t *item);

/* The item that a path of the archive names; E2_UNPACK_NONE when there is none. */
int e2_unpack_lookup(struct e2_unpack *u, const char *path, uint32_t *item);

/* Makes the records of the source out of all that. */
int e2_unpack_emit(struct e2_unpack *u);

/* ---- attributes (source_unpack_xattr.c) ------------------------------------------------ */

/* Those of the entry at hand into a set of the source; the mode is what they make of it. */
int e2_unpack_xattrs(struct e2_unpack *u, uint32_t *mode, uint32_t *set);
void e2_unpack_xattrs_free(struct e2_unpack *u);

#endif
