/* SPDX-License-Identifier: MIT */
/*
 * Repairs: what turns a finding into a change of the transaction.
 *
 * A round runs all passes over the volume as the transaction shows it, then repairs the
 * findings of the earliest stage that has some; then comes the next round, until a whole
 * round finds nothing to do (repair.c).  So a repair
 *   - sees in fx->ck what this round's passes have learnt, and updates of it only what a
 *     later repair of the same stage must know (blocks it has taken);
 *   - looks again whether what the finding says is still so, since another repair of its
 *     stage may have gone before; if not, it does nothing and returns 0: the next round tells;
 *   - leaves consequences (counts, bitmaps, names of what it cleared) to the next round;
 *   - asks nothing and prints nothing, says what it did by fix_will() where the row of
 *     problem.def does not, and tells everything that is lost by fix_lose();
 *   - never writes into a block that the layout or another inode may own.
 */
#ifndef E2_CHECK_FIX_H
#define E2_CHECK_FIX_H

#include "check/repair.h"
#include "check/report.h"
#include "check/state.h"
#include "node/write.h"
#include "tree/change.h"

/*
 * SUPER and GROUPS make the layout true.  TYPES settles what each inode is, before its words
 * are taken for pointers; OWNERS whose a block is, POINTERS where the others lead; INODES is
 * what an inode says of itself.  COUNTS then makes bitmaps and counters true, so that repairs
 * after it can allocate, make names and so on with the library's own functions (node/write.h,
 * tree/change.h): DIRS blocks and entries, CONNECT ways to the root, NAMES names and link
 * counts.  What those changed is found by COUNTS again.  LAST are the state and the copies of
 * superblock and descriptors.  Repairs before COUNTS take blocks by fix_block_new() alone.
 */
enum fix_stage { FIX_SUPER, FIX_GROUPS, FIX_TYPES, FIX_OWNERS, FIX_POINTERS, FIX_INODES, FIX_COUNTS,
		 FIX_DIRS, FIX_CONNECT, FIX_NAMES, FIX_LAST, FIX_STAGES };

struct fix {
	struct e2_fs *fs;
	struct e2_txn *txn;
	struct ck *ck;			/* of this round */
	struct e2_report *report;
	const struct e2_repair_options *options;
	bool left;			/* an error of an earlier stage is left as it is */
};

/* 1: done; 0: cannot be done, or is done already; negative: E2_ERR_NOMEM, E2_ERR_IO ... end
 * the whole repair. */
typedef int fix_fn(struct fix *fx, struct e2_finding *f);

#define FIX(name, stage, verb) fix_fn fix_##name;
#include "check/fix.def"
#undef FIX

/* What the finding's repair does, instead of the row's text: "will be 22140: in use, ...". */
__attribute__((format(printf, 2, 3)))
void fix_will(struct e2_finding *f, const char *format, ...);

/*
 * Something is lost, or gets a new name (check.h: struct e2_loss).  Paths are filled in later
 * where path is NULL: those of loss->ino.  path is copied.
 */
int fix_lose(struct fix *fx, const struct e2_finding *f, const struct e2_loss *loss);

/*
 * A block that nobody claims and no bitmap calls used, near goal; else one that nobody claims.
 * It is claimed from then on, and its content undefined: fill it.  E2_ERR_NOSPC.
 */
E2_NODISCARD int fix_block_new(struct fix *fx, e2_blk goal, e2_blk *blk);

/* Whether nobody claims a block that its bitmap calls used: a candidate for what lost its
 * pointer. */
bool fix_block_stray(struct fix *fx, e2_blk blk);

/*
 * The one stray block of the inode's group for which fits() says yes, with arg passed on to it;
 * 0: there is none, or more than one.  Looks at a bounded number of them.
 */
e2_blk fix_find_stray(struct fix *fx, e2_ino ino,
		      bool (*fits)(struct fix *fx, e2_blk blk, uint64_t arg), uint64_t arg);

/*
 * The word of a pointer in inode ino: in block `parent` at `index`, or in block[index] when
 * parent is 0.  set: only when it still is `have`; 1 set, 0 not.
 */
E2_NODISCARD int fix_pointer_get(struct fix *fx, e2_ino ino, e2_blk parent, uint32_t index,
				 uint32_t *value);
E2_NODISCARD int fix_pointer_set(struct fix *fx, e2_ino ino, e2_blk parent, uint32_t index,
				 uint32_t have, uint32_t want);

/*
 * Clears an inode as a whole: as if it had never been.  Its names, blocks and count are
 * consequences.  The loss is the caller's to tell.
 */
E2_NODISCARD int fix_inode_clear(struct fix *fx, e2_ino ino);

/*
 * Gives a directory whose inode tells nothing a fresh one that leads to its first block, and
 * to those that follow it as its own would.  What the inode said else is lost, which is told.
 */
E2_NODISCARD int fix_dir_again(struct fix *fx, struct e2_finding *f, e2_blk first);

/* What dtime says of an inode that is not in use: never a number of the list of orphans. */
uint32_t fix_removal_time(const struct fix *fx);

/* Repairs in rounds, as e2_repair(), but only what belongs to a stage before `stages`. */
int ck_repair(struct e2_txn *txn, const struct e2_repair_options *options, enum fix_stage stages,
	      struct e2_report *report);

/* Once, when all is done and no error is left: the marks of a checked volume. */
E2_NODISCARD int fix_finish(struct fix *fx);

#endif
