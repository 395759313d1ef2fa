/* SPDX-License-Identifier: MIT */
/*
 * The quick look: says that a volume is sound, or that it is not sure.
 *
 * Most volumes that are checked are sound.  So the tables are first read by several threads,
 * which want to see only what is plainly right, by rules at least as strict as the passes'.  The
 * first thing that is not ends the look; what it learnt is thrown away, and the passes, which
 * know how to tell, begin.  So findings never depend on the number of threads.
 *
 *	inodes      fields, pointers and attributes; each block is claimed once
 *	directories entries, each a link that is subtracted from its inode's count
 *	the end     every directory hangs on the root, no link is left over, bitmaps and
 *	            counts are what was claimed
 *
 * Everything in here that returns int returns 0, CK_NOT_SURE, or a negative error of the check
 * itself (E2_ERR_NOMEM, E2_ERR_CANCELLED).
 */
#ifndef E2_CHECK_FAST_H
#define E2_CHECK_FAST_H

#include "base/claims.h"
#include "base/par.h"
#include "check/state.h"

#include <stdatomic.h>

enum { CK_NOT_SURE = 1 };

enum fast_mark {		/* of an inode, beside its type */
	FAST_TYPE = 15,
	FAST_NAMED = 16,	/* a directory that an entry names */
	FAST_REACHED = 32, FAST_ON_PATH = 64,
};

struct fast_run { uint64_t first, count; };

struct fast_single { uint32_t blk; e2_ino ino; };	/* a directory of one block */

struct fast_dir {		/* any other */
	e2_ino ino;
	bool indexed;
	uint32_t count;
	size_t first;		/* in blocks of its worker */
};

struct fast_acl { uint32_t blk; e2_ino ino; };

/* What one thread has learnt. */
struct fast_worker {
	struct fast *fast;
	struct e2_par *par;
	unsigned number;
	uint8_t *buf;			/* FAST_CHUNK bytes at most, and FAST_PAD */
	uint32_t buf_blocks;
	uint8_t *pointers[3];		/* a block each */
	struct fast_run blocks_run, inodes_run;	/* claimed, not yet added */
	struct fast_single *singles;
	size_t single_count, single_cap;
	struct fast_dir *dirs;
	size_t dir_count, dir_cap;
	uint32_t *blocks;		/* of dirs, in file order */
	size_t block_count, block_cap;
	struct fast_acl *acls;
	size_t acl_count, acl_cap;
	uint64_t *hashes, *table;	/* of names of a directory */
	size_t hash_count, hash_cap, table_cap;
	uint64_t links, names;		/* as inodes state them; as entries are */
	uint64_t large_files;
	struct e2_check_totals totals;
	struct e2_findings found;	/* by the passes' own functions */
};

struct fast {
	struct ck *ck;
	const struct e2_geometry *g;
	unsigned threads;
	bool shared;			/* more than one thread */
	uint32_t chunk_blocks, chunks;	/* of an inode table: in a piece, pieces in a group */
	uint64_t size_max;		/* of a file, bytes */
	uint32_t usual_extra;		/* extra_isize of most inodes */
	size_t names_max;		/* in a directory */
	uint64_t seed;			/* of tables of their hashes */
	struct e2_claims *blocks, *inodes;	/* in use */
	_Atomic uint8_t *marks;		/* by inode: type, and enum fast_mark */
	_Atomic uint16_t *left;		/* names that an inode still lacks */
	_Atomic uint32_t *up;		/* of a directory: where it hangs, by ".." or by its name */
	_Atomic uint32_t *group_dirs;	/* directories in a group */
	struct fast_worker *workers;
	uint64_t units_done, units_all;	/* for progress */
	uint64_t ticked;
	unsigned ticks;
};

enum {
	FAST_CHUNK = 1 << 18,		/* bytes read in one piece */
	FAST_PAD = 8,			/* that may be read behind them */
	FAST_BATCH = 256,		/* directories of one block in a unit */
};

/*
 * Looks at what the passes from "inodes" on would look at; those before have found nothing.
 * 1 and totals when the volume is sound, 0 when that is not sure; negative errors.  Nothing else
 * in ck changes.
 */
int ck_fast(struct ck *ck);

/* The parts. */
int fast_scan(struct fast *f);
int fast_dirs(struct fast *f);
int fast_reserve(struct fast *f);
int fast_acls(struct fast *f);
int fast_summary(struct fast *f);

/* Runs units in threads, with progress; worker w of the work is f->workers[w]. */
int fast_par(struct fast *f, uint64_t units,
	     int (*unit)(void *context, struct e2_par *par, unsigned worker, uint64_t unit));

/* What an inode's pointers lead to. */
struct fast_file {
	struct fast_worker *w;
	e2_ino ino;
	bool directory;
	uint64_t blocks;		/* data and pointer blocks */
	e2_lblk end;			/* one past the last data block */
	uint64_t pieces;
	e2_blk next;
};
int fast_follow(struct fast_file *file, const uint8_t *raw);

/* Reads blocks; CK_NOT_SURE when that fails. */
int fast_read(struct fast *f, e2_blk blk, uint64_t count, void *data);

/* Claims blocks; CK_NOT_SURE when one is in use already.  fast_claim_later() joins neighbours
 * first: what it has not claimed yet, fast_claim_joined() claims. */
int fast_claim(struct fast *f, e2_blk blk, uint64_t count);
int fast_claim_joined(struct fast_worker *w);
int fast_claim_later(struct fast_worker *w, e2_blk blk, uint64_t count);

static inline unsigned fast_mark(const struct fast *f, e2_ino ino)
{
	return atomic_load_explicit(&f->marks[ino], memory_order_relaxed);
}

#endif
