/* SPDX-License-Identifier: MIT */
/*
 * Constants of the format that are no fields: reserved inodes, file types, modes,
 * inode flags, limits.  Source: kernel, Documentation/filesystems/ext4; ext4(5).
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
	E2_NAME_MAX = 255, E2_LINK_MAX = 65000, E2_SYMLINK_HOPS_MAX = 40,
	E2_FAST_SYMLINK_MAX = 59,	/* bytes that fit in block[] with their NUL */
	E2_DIRECT = 12, E2_POINTERS = 15,
	E2_GOOD_OLD_FIRST_INO = 11,
};

enum e2_reserved_ino {
	E2_INO_BAD_BLOCKS = 1, E2_INO_ROOT = 2, E2_INO_USER_QUOTA = 3, E2_INO_GROUP_QUOTA = 4,
	E2_INO_BOOT_LOADER = 5, E2_INO_UNDELETE_DIR = 6, E2_INO_RESIZE = 7, E2_INO_JOURNAL = 8,
	E2_INO_EXCLUDE = 9, E2_INO_REPLICA = 10,
};

enum e2_mode {			/* the host's S_IF values are these too */
	E2_S_IFMT = 0170000, E2_S_IFSOCK = 0140000, E2_S_IFLNK = 0120000, E2_S_IFREG = 0100000,
	E2_S_IFBLK = 0060000, E2_S_IFDIR = 0040000, E2_S_IFCHR = 0020000, E2_S_IFIFO = 0010000,
};

enum e2_file_type {		/* in directory entries */
	E2_FT_UNKNOWN, E2_FT_REG, E2_FT_DIR, E2_FT_CHR, E2_FT_BLK, E2_FT_FIFO, E2_FT_SOCK,
	E2_FT_LNK, E2_FT_MAX
};

enum e2_state { E2_STATE_CLEAN = 1, E2_STATE_ERROR = 2, E2_STATE_ORPHANS = 4 };
enum e2_errors { E2_ERRORS_CONTINUE = 1, E2_ERRORS_RO = 2, E2_ERRORS_PANIC = 3 };
enum e2_os { E2_OS_LINUX, E2_OS_HURD, E2_OS_MASIX, E2_OS_FREEBSD, E2_OS_LITES };

enum e2_inode_flag {
	E2_FL_SECRM = 0x1, E2_FL_UNRM = 0x2, E2_FL_COMPR = 0x4, E2_FL_SYNC = 0x8,
	E2_FL_IMMUTABLE = 0x10, E2_FL_APPEND = 0x20, E2_FL_NODUMP = 0x40, E2_FL_NOATIME = 0x80,
	E2_FL_INDEX = 0x1000, E2_FL_IMAGIC = 0x2000, E2_FL_JOURNAL_DATA = 0x4000,
	E2_FL_NOTAIL = 0x8000, E2_FL_DIRSYNC = 0x10000, E2_FL_TOPDIR = 0x20000,
	E2_FL_HUGE_FILE = 0x40000, E2_FL_EXTENTS = 0x80000, E2_FL_EA_INODE = 0x200000,
	E2_FL_INLINE_DATA = 0x10000000,
};

enum e2_super_flag { E2_SF_SIGNED_HASH = 1, E2_SF_UNSIGNED_HASH = 2, E2_SF_TEST = 4 };

enum e2_hash {			/* of directory indexes; +3: characters are unsigned */
	E2_HASH_LEGACY, E2_HASH_HALF_MD4, E2_HASH_TEA, E2_HASH_LEGACY_U, E2_HASH_HALF_MD4_U,
	E2_HASH_TEA_U,
};

enum e2_xattr_index {		/* prefixes of attribute names */
	E2_XATTR_NONE, E2_XATTR_USER, E2_XATTR_ACL_ACCESS, E2_XATTR_ACL_DEFAULT,
	E2_XATTR_TRUSTED, E2_XATTR_LUSTRE, E2_XATTR_SECURITY, E2_XATTR_SYSTEM, E2_XATTR_RICHACL,
	E2_XATTR_ENCRYPTION, E2_XATTR_HURD,
};

#endif
