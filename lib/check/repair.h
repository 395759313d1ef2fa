/* SPDX-License-Identifier: MIT */
/*
 * Repairing a volume: plan first, write once.
 *
 * A repair changes nothing but a transaction.  What it did is in the report: findings with
 * what was done about them, and what was lost.  Committing the transaction is the caller's;
 * a dry transaction, or an abort, makes it a plan.
 */
#ifndef E2_CHECK_REPAIR_H
#define E2_CHECK_REPAIR_H

#include "check/check.h"
#include "vol/write.h"

struct e2_repair_options {
	struct e2_check_options check;
	bool reattach;		/* what lost its name gets back the one it had, where it is known */
	/*
	 * Whether to repair a finding; NULL: everything.  Asked once for each, in the order in
	 * which they are repaired; negative ends the repair.  Its texts may be asked for.
	 */
	int (*decide)(void *context, struct e2_report *report, const struct e2_finding *f);
	void *context;
};

/*
 * Repairs what the checker finds in the transaction's volume, until a whole check finds no more
 * that can be repaired.  Findings are no error, and neither is one that is left.  The report
 * refers to the volume.  E2_ERR_CANCELLED; E2_ERR_NOMEM, E2_ERR_IO; E2_ERR_INTERNAL when
 * repairs go in a circle: then nothing may be committed.
 */
int e2_repair(struct e2_txn *txn, const struct e2_repair_options *options,
	      struct e2_report **report);

/*
 * The whole of extant-fsck: opens an image however damaged, and repairs it in a transaction
 * that stays open.  open: as for e2_open_image(); without E2_OPEN_WRITE the transaction is dry.
 * superblock and block_size of `options->check` say which superblock to believe; 0: the best.
 *
 * The report owns the volume; e2_report_free() aborts, e2_report_commit() writes everything
 * at once, as e2_txn_commit(); afterwards the report can still be read.
 */
int e2_repair_image(struct e2_env *env, const char *spec, const struct e2_open_options *open,
		    const struct e2_repair_options *options, struct e2_report **report);
E2_NODISCARD int e2_report_commit(struct e2_report *report);

/* The open transaction of such a report, to look at or to go on with; NULL after a commit. */
struct e2_txn *e2_report_txn(const struct e2_report *report);

/* The same of an image in memory or any other io, committed without locks and log (a dry
 * transaction when write is not set).  io is taken over, even on failure. */
int e2_repair_io(struct e2_io *owned, bool write, const struct e2_repair_options *options,
		 struct e2_report **report);

#endif
