/* SPDX-License-Identifier: MIT */
/*
 * What the passes have learnt so far.
 *
 * A pass reads what earlier passes stored here and the volume, stores what later
 * passes need, and adds findings; it changes nothing else.  Per inode 16 bytes, per
 * block two bits, per directory block 8 bytes: a volume of a million inodes is
 * checked in 20 MB.
 */
#ifndef E2_CHECK_STATE_H
#define E2_CHECK_STATE_H

#include "base/bitset.h"
#include "base/map.h"
#include "check/check.h"
#include "check/findings.h"

enum { CK_BAD_TYPE = 15 };	/* beside enum e2_file_type: in use, but of no type */

enum ck_inode_flags {
	CK_REACHED = 1,		/* of a directory: its way up is known */
	CK_ON_PATH = 2,		/* while looking for that: passed on this way */
	CK_ORPHAN = 4,		/* is in the list of orphans */
	CK_ROOTED = 32,		/* of a directory: the root leads to it, for certain */
	CK_LOOSE = 128,		/* of a directory: its name is in a circle that has to end */
	CK_INDEXED = 64,	/* of a directory: a repair has made its index again */
	CK_ORPHAN_DONE = 8,	/* of these: a repair has finished it */
	CK_WEIGHED = 16,	/* what it is has been weighed */
};

struct ck_inode {
	uint8_t type:4;		/* 0: not in use; enum e2_file_type; CK_BAD_TYPE */
	uint8_t named:4;	/* type by the entries that name it; 0: none says;
				 * CK_BAD_TYPE: they disagree */
	uint8_t flags;
	uint16_t links;		/* as stored */
	uint32_t counted;	/* entries that name it, "." and ".." included */
	e2_ino parent;		/* of a directory: where its name is; 0: none seen */
	e2_ino dotdot;		/* of a directory: what its ".." says */
};

struct ck_dir {			/* a directory, and its blocks in ck->dir_blocks */
	e2_ino ino;
	uint32_t count;
	size_t first;
	uint64_t size;		/* bytes */
	bool indexed;
};

struct ck_dir_block {
	uint32_t lblk, blk;
};

/* A block of a directory whose records do not cover it, and the entries that are kept of it. */
struct ck_damaged {
	e2_ino dir;
	uint32_t lblk, blk;
	bool indexed, planned;	/* not planned: there are too many */
	uint32_t count;
	size_t first;		/* in ck->kept */
};

struct ck_kept {
	uint16_t at4;		/* offset / 4 */
	uint8_t name_len;
};

struct ck_xattr_user {
	uint32_t blk;
	e2_ino ino;
};

struct ck_group {		/* a descriptor as the passes use it */
	e2_blk block_bitmap, inode_bitmap, inode_table;	/* 0: nowhere in the volume */
	uint32_t free_blocks, free_inodes, used_dirs, unused;	/* as stored */
	uint16_t flags;
	bool unread;		/* the descriptor cannot be read: its counts are not known */
	bool table_damaged;	/* not all of the inode table could be read */
};

struct ck {
	struct e2_fs *fs;
	const struct e2_geometry *g;
	const struct e2_super *super;
	struct e2_super super_now;	/* what super points to, unless it was set before */
	const struct e2_check_options *options;
	struct e2_findings *found;

	struct e2_bitset *claimed;	/* blocks that anything uses */
	struct e2_bitset *metadata;	/* of these: by the layout */
	const struct e2_bitset *owned;	/* what was claimed before any repair; NULL: not known */
	struct e2_bitset *shared;	/* of these: perhaps used twice; NULL: none */
	struct e2_bitset *strays;	/* used by their bitmaps, and nobody's; NULL: not known */
	uint64_t stray_count;
	struct e2_map *stray_dirs;	/* directory -> the stray that begins it; NULL: not known */
	uint64_t looks;			/* blocks read in search of one that fits */
	struct ck_group *groups;
	struct ck_inode *inodes;	/* by number; [0] is not used */
	struct ck_dir *dirs;		/* ascending */
	size_t dir_count, dir_cap;
	struct ck_dir_block *dir_blocks;
	size_t block_count, block_cap;
	struct ck_damaged *damaged;	/* by directory, then block */
	size_t damaged_count, damaged_cap;
	struct ck_kept *kept;
	size_t kept_count, kept_cap;
	struct ck_unnamed *unnamed;	/* once a repair has asked; see ck_unnamed() */
	uint64_t renamed;		/* numbers given to names that were taken */
	struct e2_map *xattr_users;	/* attribute block -> inodes that use it */
	struct ck_xattr_user *xattr_others;	/* further users of damaged ones, by block */
	size_t xattr_count, xattr_cap;
	uint32_t sectors;		/* of 512 bytes in a block */
	uint64_t large_files;
	struct ck_lost *lost;		/* old names of what has none; NULL: not looked for */
	struct e2_names *names;		/* of this round; NULL: not needed so far */
	struct e2_check_totals totals;
};

/* All passes, from ck_begin(); ck->found is sorted.  ck_end() is left to the caller. */
int ck_run(struct ck *ck);

int ck_begin(struct ck *ck);
void ck_end(struct ck *ck);

/* Reports progress; E2_ERR_CANCELLED when the caller wants no more. */
int ck_progress(struct ck *ck, unsigned phase, uint64_t done, uint64_t all);

/* Marks blocks as used by the layout. */
void ck_claim_metadata(struct ck *ck, e2_blk blk, uint64_t count);

/*
 * Marks blocks as used by a file; *taken says how many were in use before.  If any,
 * all of the run that are no metadata go to ck->shared: pass_owners tells which of
 * them have two owners.  E2_ERR_NOMEM.
 */
int ck_claim(struct ck *ck, e2_blk blk, uint64_t count, uint64_t *taken);

int ck_add_dir(struct ck *ck, const struct ck_dir *dir);
int ck_add_dir_blocks(struct ck *ck, e2_lblk lblk, e2_blk blk, uint64_t count);

/*
 * Reads count blocks in one call, and where that fails each by itself: blocks that
 * cannot be read become zeros and findings about `what` ("inode table").
 * Returns how many could not be read.
 */
uint64_t ck_read(struct ck *ck, e2_blk blk, uint64_t count, uint8_t *data, const char *what);

/* An inode in use as the scan saw it; NULL when it is not, or out of range. */
struct ck_inode *ck_inode(const struct ck *ck, e2_ino ino);

/* Whether an inode is kept for the format's own use: no name leads to it. */
bool ck_is_reserved(const struct ck *ck, e2_ino ino);

/* ---- the passes, and the parts of them that have a file of their own ---- */

#define PASS(name, phase, needs, summary) int pass_##name(struct ck *ck);
#include "check/pass.def"
#undef PASS

/* What following an inode's pointers has shown. */
struct ck_extent {
	uint64_t blocks;	/* data and pointer blocks */
	e2_lblk end;		/* one past the last data block; 0: none */
	uint64_t pieces;	/* runs of blocks that lie together */
	bool damaged;		/* not all could be followed: the sums are too small */
};

/* Whether block[] of an inode holds block pointers, by its type. */
bool ck_has_pointers(struct ck *ck, const struct e2_inode *in);

/*
 * Steps over the pointers of an inode, in file order, pointer blocks before what they
 * point to; holes are left out and neighbours joined.  Pure but for what the visitor does.
 */
enum ck_step_status {
	CK_STEP_OK,
	CK_STEP_RANGE,		/* leads outside the volume */
	CK_STEP_JUNK,		/* no pointer block by what it holds: not entered */
	CK_STEP_UNREADABLE,	/* a pointer block that cannot be read */
};
struct ck_step {
	enum ck_step_status status;
	unsigned level;		/* 0 data, 1..3 pointer blocks */
	e2_lblk lblk;		/* of data; of a pointer block: the first it can reach */
	e2_blk blk;
	uint64_t count;		/* data: blocks together */
	e2_blk parent;		/* pointer block that holds it; 0: block[] */
	uint32_t index;		/* where in the parent */
	uint32_t bad;		/* JUNK: pointers that can be none */
};
/* For a pointer block that is OK: 1 to enter it, 0 not to; negative ends the walk. */
typedef int ck_visit_fn(void *context, const struct ck_step *step);
int ck_walk(struct ck *ck, const struct e2_inode *in, ck_visit_fn *visit, void *context);

/* How many pointers of block `self` are not 0, and how many of them can be none: they lead
 * outside the volume, to the block itself, or where the one before leads. */
void ck_count_pointers(const struct ck *ck, e2_blk self, const uint8_t *block, uint32_t *used,
		       uint32_t *bad);

/* Follows an inode's pointers, claims its blocks, reports pointers that are wrong; blocks
 * of a directory are listed. */
int ck_claim_file(struct ck *ck, e2_ino ino, const struct e2_inode *in, bool directory,
		  struct ck_extent *extent);

/* Extended attributes of one inode: in its body, and its block. */
void ck_xattr_body(const struct ck *ck, e2_ino ino, const uint8_t *raw, struct e2_findings *out);
int ck_xattr_block(struct ck *ck, e2_ino ino, const struct e2_inode *in,
		   struct ck_extent *extent);
int ck_xattr_refcounts(struct ck *ck);
int ck_add_xattr_user(struct ck *ck, e2_blk blk, e2_ino ino);
/* What is wrong with an attribute block; false when it is none.  *refcount is what it states. */
bool ck_xattr_contents(const struct ck *ck, e2_ino ino, e2_blk blk, uint32_t *refcount,
		       struct e2_findings *out);
/* Whether an entry's hash is that of its name and value, which lie in the volume's bounds. */
bool ck_xattr_hash_fits(const struct e2_xattr_entry *e, const uint8_t *name, const uint8_t *value);
/* The extra_isize of this volume's inodes; and one by where attributes begin, 0: nowhere. */
uint32_t ck_usual_extra(const struct ck *ck);
uint32_t ck_xattr_begin(const struct ck *ck, const uint8_t *raw);

/* Fields of one inode in use that need nothing but the inode. */
void ck_inode_fields(const struct ck *ck, e2_ino ino, const struct e2_inode *in,
		     struct e2_findings *out);
/* ... its flags alone. */
void ck_inode_flags(const struct ck *ck, e2_ino ino, const struct e2_inode *in,
		    struct e2_findings *out);
/* ... that need its pointers followed. */
void ck_inode_extent(const struct ck *ck, e2_ino ino, const struct e2_inode *in,
		     const struct ck_extent *extent, struct e2_findings *out);
/* Whether a size's high word contradicts blocks and features, which its low word does not. */
bool ck_size_high_is_noise(const struct ck *ck, const struct e2_inode *in,
			   const struct ck_extent *extent);
/* A symbolic link's text. */
int ck_symlink(struct ck *ck, e2_ino ino, const struct e2_inode *in,
	       struct e2_findings *out);

/* ---- evidence: what an inode is, whatever its mode says ---- */

enum ck_fit {
	CK_FIT_NO,		/* its fields are not those of such an inode */
	CK_FIT_MAYBE,
	CK_FIT_TELLS,		/* ... and hardly of any other */
};
enum ck_fit ck_fit(struct ck *ck, e2_ino ino, const struct e2_inode *in, enum e2_file_type type);

/* The bits of a mode that say a type. */
uint16_t ck_mode_of(enum e2_file_type type);

/* The type of an inode whose mode says none; named: what its names say, if anything. */
enum e2_file_type ck_type_of(struct ck *ck, e2_ino ino, const struct e2_inode *in,
			     enum e2_file_type named);
/* Whether a mode's type is not that of the inode, which is *want. */
bool ck_type_is_wrong(struct ck *ck, e2_ino ino, const struct e2_inode *in,
		      enum e2_file_type named, enum e2_file_type *want);

/* Whether a block begins with the "." of directory ino, and "..". */
bool ck_block_is_dir(struct ck *ck, e2_blk blk, e2_ino ino);
/* Length of the path that a block holds, with nothing but zeros behind; 0: none. */
uint32_t ck_block_text(struct ck *ck, e2_blk blk);
/* Whether a symbolic link's text lies in block[]: also where its count of blocks is wrong. */
bool ck_symlink_is_fast(struct ck *ck, const struct e2_inode *in);

/* Whether so many fields of an inode are impossible that it is noise. */
bool ck_is_noise(struct ck *ck, e2_ino ino, const struct e2_inode *in);

/* The one block that begins directory ino and is in use, but nobody's; 0: there is none. */
e2_blk ck_stray_dir(struct ck *ck, e2_ino ino);
/* Whether a block is entries from end to end, one of them in use. */
bool ck_block_is_entries(struct ck *ck, e2_blk blk);

/* The index of a directory: where hashes must lie, by block.  *index is NULL when its
 * root cannot be used (which is a finding). */
struct ck_index;
int ck_index_begin(struct ck *ck, const struct ck_dir *dir, struct ck_index **index);
bool ck_index_is_node(const struct ck_index *index, e2_lblk lblk);	/* holds no names */
void ck_index_entry(struct ck_index *index, e2_lblk lblk, const uint8_t *name, uint32_t len);
void ck_index_end(struct ck *ck, struct ck_index *index);	/* judges, and releases */

/* The entries that can be kept of a damaged block, in order; kept has room for all that a
 * block can hold.  What its first two entries are is not told. */
int ck_salvage(struct ck *ck, const struct ck_damaged *of, const uint8_t *data,
	       struct ck_kept *kept, size_t *count);

/* Keeps in mind a block that cannot be read as entries, until all others are read; then counts
 * what can be kept of them. */
int ck_damaged_add(struct ck *ck, const struct ck_dir *dir, const struct ck_dir_block *block,
		   const uint8_t *data);
int ck_damaged_settle(struct ck *ck);
const struct ck_damaged *ck_damaged_find(const struct ck *ck, e2_ino dir, e2_lblk lblk);

/*
 * The inode in use that has no name, or one too few, and that an entry must have meant whose
 * inode number is wrong; 0 when there is none, or more than one.  dir, type: the entry's;
 * have: its number.
 */
int ck_unnamed(struct ck *ck, e2_ino dir, unsigned type, e2_ino have, e2_ino *ino);
/* Whether an inode has no name, or fewer than its link count says. */
bool ck_lacks_name(const struct ck *ck, e2_ino ino);

/* Entries that lead nowhere, or elsewhere, and that an inode without a name must have had. */
int ck_mislaid(struct ck *ck);
void ck_unnamed_free(struct ck_unnamed *unnamed);

/* Whether the superblock names an inode as one of ext4's hidden files. */
bool ck_is_hidden(const struct ck *ck, e2_ino ino);

/* Whether a directory's first block is the root of an index, whatever its records say. */
bool ck_is_index_root(const struct e2_geometry *g, const uint8_t *data);

/* Names of one directory: whether one stood there before. */
struct ck_names;
int ck_names_new(struct ck_names **names);
void ck_names_free(struct ck_names *names);
void ck_names_begin(struct ck_names *names);	/* forgets all: a directory begins */
/* 1 and the earlier one's inode when the name is known, 0 when it is new, negative E2_ERR_NOMEM. */
int ck_names_add(struct ck_names *names, const uint8_t *name, uint32_t len, e2_ino ino,
		 e2_ino *earlier);

#endif
