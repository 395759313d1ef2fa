/* SPDX-License-Identifier: MIT */
/*
 * Directories, paths, extended attributes: names to inodes.
 */
#ifndef E2_TREE_TREE_H
#define E2_TREE_TREE_H

#include "node/node.h"

/* ---- entries of one block --------------------------------------------------- */

struct e2_entry {
	e2_ino ino;		/* 0: unused space */
	uint32_t rec_len;	/* bytes, the 64 KiB encoding undone */
	uint8_t file_type;	/* E2_FT_UNKNOWN without the filetype feature */
	uint16_t name_len;
	const uint8_t *name;	/* not NUL-terminated; points into the block */
	uint32_t offset;	/* in the block */
	e2_lblk lblk;		/* block of the directory (0 from e2_entry_at) */
};

/*
 * Decodes the entry at offset.  1 and the entry; 0 when offset is the end of the
 * block; E2_ERR_CORRUPT when the record length is impossible (detail says which).
 */
int e2_entry_at(const struct e2_geometry *g, const uint8_t *block, uint32_t offset,
		struct e2_entry *e);

/* Bytes an entry with such a name needs. */
uint32_t e2_entry_bytes(uint32_t name_len);

/* NULL, or why bytes cannot be a name in a directory ("is empty", "contains a slash",
 * "contains a NUL", "is longer than 255 bytes", "is \".\""). */
const char *e2_name_problem(const uint8_t *name, size_t len);

/* ---- directories ------------------------------------------------------------- */

/*
 * Entries in use, linear order (an index is invisible: its blocks read as
 * unused entries).  A damaged block ends with E2_ERR_CORRUPT after the entries before
 * the damage; calling next again goes on with the block after it.
 * An entry stays valid until the next call.
 */
struct e2_dir;
int e2_dir_begin(struct e2_fs *fs, e2_ino ino, struct e2_dir **dir);	/* E2_ERR_NOTDIR */
int e2_dir_next(struct e2_dir *dir, struct e2_entry *e);	/* 1, 0 at the end, or an error */
void e2_dir_end(struct e2_dir *dir);

/*
 * Entries that were removed from a directory and not yet overwritten, as far as their bytes tell:
 * ino is 0 where that was cleared; they may stand several times, and be in use again elsewhere.
 * As e2_dir_begin and e2_dir_next.
 */
struct e2_removed;
int e2_removed_begin(struct e2_fs *fs, e2_ino ino, struct e2_removed **removed);
int e2_removed_next(struct e2_removed *removed, struct e2_entry *e);
void e2_removed_end(struct e2_removed *removed);

/*
 * One name of a directory.  A hashed index shortens finding it, and is never
 * trusted to say that it is not there.  E2_ERR_NOENT, E2_ERR_NOTDIR; E2_ERR_CORRUPT or
 * E2_ERR_IO when it was not found, but part of the directory could not be read.
 */
E2_NODISCARD int e2_dir_lookup(struct e2_fs *fs, e2_ino dir, const void *name, size_t len,
			       e2_ino *ino);

/* The hash of a name as the kernel computes it.  E2_ERR_INVAL for an unknown version. */
int e2_dir_hash(unsigned version, const uint32_t seed[4], const void *name, size_t len,
		uint32_t *major, uint32_t *minor);

/* ---- paths --------------------------------------------------------------------- */

enum e2_resolve_flags { E2_NOFOLLOW = 1 };	/* the last component stays a symlink */

struct e2_step {		/* one component of a resolution, for explanations */
	e2_ino dir;		/* where the component was looked up */
	e2_ino ino;		/* what was found; 0: nothing */
	const char *name;	/* the component, NUL-terminated */
	size_t name_len;
	uint32_t mode;
	const char *link;	/* text when a symlink is followed, else NULL */
	unsigned hop;		/* symlinks followed so far */
	const char *via;	/* path of the link whose text holds the component; NULL: none */
	size_t via_len;
};
typedef int e2_step_fn(void *context, const struct e2_step *step);	/* not 0 stops */

/* Takes a path, "" for the root, to where it stands after a step: without links, and with the
 * name of what is not there. */
void e2_path_move(struct e2_str *at, const struct e2_step *step);

typedef int e2_search_fn(void *context, e2_ino dir);	/* not 0 stops: E2_ERR_ACCES */

/* Where paths are walked when it is not in a volume. */
struct e2_ground {
	/* An entry of a directory, ".." among them: E2_ERR_NOENT. */
	int (*find)(void *context, e2_ino dir, const void *name, size_t len, e2_ino *ino);
	int (*look)(void *context, e2_ino ino, uint32_t *mode);
	int (*text)(void *context, e2_ino ino, struct e2_str *text);	/* of a link; adds */
	void *context;
};

struct e2_fate;			/* fate.h */

/* What is known of a link, by its path. */
enum e2_known {
	E2_KNOWN_NOT,
	E2_KNOWN_ENDS,		/* it comes to an end */
	E2_KNOWN_LONG,		/* the same, and that after more links than may be followed */
	E2_KNOWN_CIRCLE,	/* it goes in a circle */
};
typedef enum e2_known e2_known_fn(void *context, const char *path, size_t len);

struct e2_resolve {
	e2_ino root, cwd;	/* 0: the volume's root */
	const char *cwd_path;	/* of cwd, for messages; NULL: it is written as <12> */
	unsigned flags;
	unsigned limit;		/* symlinks that may be followed; 0: the kernel's 40 */
	unsigned hops;		/* of them have been, before the path begins */
	unsigned beyond;	/* more are looked at past the limit, to tell a circle */
	e2_known_fn *known;	/* asked of each link; may be NULL */
	const struct e2_ground *ground;	/* NULL: the volume */
	struct e2_fate *fate;	/* receives what became of it; may be NULL */
	e2_step_fn *step;	/* may be NULL; called for each component */
	e2_search_fn *search;	/* may be NULL; called before a directory is searched */
	void *context;
};

/*
 * Resolves a path with the kernel's rules: repeated slashes, ".", "..", at most
 * 40 symlinks, a trailing slash demands a directory, empty path is E2_ERR_NOENT,
 * components over 255 bytes E2_ERR_NAMETOOLONG, paths of 4096 bytes and more too.
 * E2_ERR_NOENT, E2_ERR_NOTDIR, E2_ERR_LOOP; the detail says which component of what.
 *
 * fs  may be NULL where there is a ground, whose root is E2_INO_ROOT
 */
E2_NODISCARD int e2_resolve(struct e2_fs *fs, const struct e2_resolve *how, const char *path,
			    e2_ino *ino);

/*
 * For who only reads, and looks for many names: where no transaction is open one that changes
 * nothing, for what it remembers.  To be ended by e2_txn_abort(); NULL where there can be none,
 * which is no loss but of time.
 */
struct e2_txn *e2_dir_remember(struct e2_fs *fs);

/* ---- permissions ----------------------------------------------------------------- */

struct e2_identity {		/* of a process */
	uint32_t uid, gid;
	const uint32_t *groups;	/* the further ones */
	size_t count;
};

/*
 * Whether the kernel lets somebody use an inode, by owner, mode and access control list: want
 * is a sum of 4 to read, 2 to write, 1 to run a file or search a directory.  E2_ERR_ACCES
 * without a detail; E2_ERR_CORRUPT when its list cannot be read.
 */
int e2_access(struct e2_fs *fs, e2_ino ino, const struct e2_identity *who, unsigned want);

/* ---- the whole tree -------------------------------------------------------------- */

/*
 * Walks all names below a directory, parents first, each directory once (a
 * second name of one is yielded with again = true and not entered).  Depth has no bound but
 * the visited set; a path is kept as bytes.
 */
struct e2_walk_entry {
	const char *path;	/* "/a/b", bytes, NUL-terminated; relative to the start: "" there */
	size_t path_len;
	e2_ino ino, parent;
	struct e2_inode inode;
	const uint8_t *name;	/* last component */
	size_t name_len;
	unsigned depth;		/* 0: the start */
	bool again;		/* a directory seen before */
	bool after;		/* with E2_WALK_POST: second visit, when its entries are done */
	int status;		/* E2_OK, or why the inode or (after) the directory is unreadable */
};
enum e2_walk_flags { E2_WALK_POST = 1 };
struct e2_walk;
int e2_walk_begin(struct e2_fs *fs, e2_ino start, unsigned flags, struct e2_walk **walk);
int e2_walk_next(struct e2_walk *walk, struct e2_walk_entry *e);	/* 1, 0 at the end */
void e2_walk_skip(struct e2_walk *walk);	/* do not enter the directory just yielded */
void e2_walk_end(struct e2_walk *walk);

/* ---- names of inodes -------------------------------------------------------------- */

/*
 * All names in the volume, found by reading every directory that the root leads to once.
 * Of an inode the names nearest to the root come first, and of those in the same depth the
 * smallest by their bytes, component by component.  A path leads through each directory by one
 * name, the nearest to the root; the root itself is "/".
 */
struct e2_names;
int e2_names_open(struct e2_fs *fs, struct e2_names **names);

struct e2_names_how {
	const e2_ino *inos;	/* only names of these; NULL: of all.  Several times as fast, with
				 * memory for directories alone. */
	size_t count;
	bool search;		/* believe no entry's type: search the tables for directories.  With
				 * inos that is done anyway before one with links has no name. */
	int (*poll)(void *context);	/* asked now and then: not 0 ends it; may be NULL */
	void *context;
};
int e2_names_open_with(struct e2_fs *fs, const struct e2_names_how *how, struct e2_names **names);

void e2_names_close(struct e2_names *names);
uint32_t e2_names_count(const struct e2_names *names, e2_ino ino);
int e2_names_path(const struct e2_names *names, e2_ino ino, uint32_t index, struct e2_str *path);

/* Whether the tables were searched for directories: what has no name then has none. */
bool e2_names_searched(const struct e2_names *names);

/* How many directories could not be read in full: names may be missing; *first is one of them. */
uint32_t e2_names_damaged(const struct e2_names *names, e2_ino *first);

/*
 * Steps through all names in the order of their inodes: 1 and the path in place of what path
 * held, 0 at the end.  A cursor starts zeroed, and path belongs to it while it is used.
 */
struct e2_names_cursor {
	size_t next, prefix;
	uint32_t dir;
};
int e2_names_next(const struct e2_names *names, struct e2_names_cursor *cursor, e2_ino *ino,
		  struct e2_str *path);

/* ---- extended attributes ------------------------------------------------------------ */

struct e2_xattr {
	struct e2_str name;		/* full name: "user.mime_type", "system.posix_acl_access" */
	const uint8_t *value;		/* as getxattr(2) gives it (ACLs converted) */
	size_t value_len;
	bool in_inode;			/* stored in the inode; else in its block */
};

/* Steps through the attributes of an inode: first those in the inode, then those in the block.
 * All bounds are checked; a damaged area is E2_ERR_CORRUPT once, then comes the next area. */
struct e2_xattrs;
int e2_xattrs_begin(struct e2_fs *fs, e2_ino ino, struct e2_xattrs **it);
int e2_xattrs_next(struct e2_xattrs *it, const struct e2_xattr **x);	/* 1, 0 at the end */
void e2_xattrs_end(struct e2_xattrs *it);

/* The prefix of a name index ("user."), NULL when unknown; and the index and rest of a full name.
 * Pure; used by mkfs too. */
const char *e2_xattr_prefix(unsigned index);
/* E2_ERR_UNSUPPORTED when ext2 has no place for it, E2_ERR_INVAL when it is but a prefix. */
int e2_xattr_split(const char *name, unsigned *index, const char **rest);

/* ACL values: as on disk (version 1) to and from what the host's xattr calls use (version 2). */
int e2_acl_to_host(const uint8_t *disk, size_t len, struct e2_str *host);	/* E2_ERR_CORRUPT */
int e2_acl_from_host(const uint8_t *host, size_t len, struct e2_str *disk);	/* E2_ERR_INVAL */

/* Hash of one entry and of a whole attribute block, as the kernel computes them. */
uint32_t e2_xattr_entry_hash(const void *name, size_t name_len, const uint8_t *value,
			     size_t value_len);
uint32_t e2_xattr_block_hash(const uint32_t *entry_hashes, size_t count);

#endif
