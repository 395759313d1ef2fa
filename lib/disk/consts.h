/* SPDX-License-Identifier: MIT */
/*
 * Constants of the format that are no fields: limits here; reserved inodes, file
 * types, modes, flags in words.def.  Source: kernel, Documentation/filesystems/ext4.
 */
#ifndef E2_DISK_CONSTS_H
#define E2_DISK_CONSTS_H

#include <stdint.h>

typedef uint64_t e2_lblk;	/* block number within a file */
typedef uint32_t e2_ino;	/* inode number, from 1; 0 is "none" */
typedef uint32_t e2_grp;	/* block group number, from 0 */

enum {
	E2_MAGIC = 0xef53, E2_XATTR_MAGIC = (int)0xea020000u,
	E2_BLOCK_SIZE_MIN = 1024, E2_BLOCK_SIZE_MAX = 65536,
	E2_PATH_MAX = 4095,		/* the kernel's limit: of a path, of a symlink's text */
	E2_NAME_MAX = 255, E2_LINK_MAX = 65000, E2_SYMLINK_HOPS_MAX = 40,
	E2_FAST_SYMLINK_MAX = 59,	/* bytes that fit in block[] with their NUL */
	E2_DIRECT = 12, E2_POINTERS = 15,
	E2_GOOD_OLD_FIRST_INO = 11,
	E2_S_ISUID = 04000, E2_S_ISGID = 02000, E2_S_ISVTX = 01000,
};

/* enum e2_mode, e2_file_type, e2_inode_flag, ...: see words.def. */
#define WORDS(fmt, style, type, doc) enum type {
#define WORD(id, value, name, doc) id = (value),
#define END(fmt) };
#include "disk/words.def"

enum { E2_XATTR_NONE = 0, E2_FT_MAX = E2_FT_LNK + 1 };

#endif
