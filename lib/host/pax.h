/* SPDX-License-Identifier: MIT */
/*
 * Writing a tar archive as POSIX has it: ustar headers, and extended ones ("pax") for what
 * those cannot say.
 *
 * What GNU tar, bsdtar and others agree on is used and nothing else, so that each of them
 * gets exact names, times and attributes; libarchive's own writer encodes names of attributes
 * so that GNU tar makes others of them, and its bytes depend on the locale.
 * Layout: IEEE 1003.1 pax, "ustar Interchange Format", "pax Extended Header"; GNU tar manual,
 * "Storing Sparse Files", "PAX Format, Version 1.0"; SCHILY.*: star(5).
 */
#ifndef E2_HOST_PAX_H
#define E2_HOST_PAX_H

#include "base/str.h"
#include "disk/kinds.h"

#include <stddef.h>
#include <stdint.h>

enum { E2_TAR_BLOCK = 512, E2_TAR_RECORD = 20 * E2_TAR_BLOCK };

enum e2_tar_type {
	E2_TAR_FILE = '0', E2_TAR_LINK = '1', E2_TAR_SYMLINK = '2', E2_TAR_CHAR = '3',
	E2_TAR_BLOCKDEV = '4', E2_TAR_DIR = '5', E2_TAR_FIFO = '6'
};

struct e2_tar_entry {
	const char *path, *link;	/* bytes; link: of a symlink or hard link, else NULL */
	size_t path_len, link_len;
	enum e2_tar_type type;
	uint32_t mode, uid, gid;	/* mode: permissions only */
	uint32_t major, minor;
	uint64_t size;			/* bytes that follow, a map of holes included */
	uint64_t real_size;		/* of a file with holes */
	bool sparse;
	int64_t mtime;
	uint32_t mtime_nsec;		/* counts forward, before 1970 too */
};

/* A record of an extended header; the value is any bytes. */
void e2_pax_add(struct e2_str *records, const char *key, const void *value, size_t len);

/* The same for an extended attribute as getxattr(2) gives it; ACLs become text. */
int e2_pax_add_xattr(struct e2_str *records, const char *name, const uint8_t *value, size_t len);

/*
 * Adds the headers of an entry to out: whole blocks.
 *
 * records  of attributes, or empty; what the entry needs besides is added to it
 *
 * Failures for want of memory stick to out and records.
 */
void e2_pax_header(struct e2_str *out, const struct e2_tar_entry *e, struct e2_str *records);

/* Zeros up to the next block behind so many bytes. */
size_t e2_tar_padding(uint64_t bytes);

#endif
