/* SPDX-License-Identifier: MIT */
/*
 * Plans: what a repair would write, kept in a file, to be looked at and written later.
 * Layout: docs/design.md, "The plan file".
 */
#ifndef E2_CHECK_REPAIR_PLAN_H
#define E2_CHECK_REPAIR_PLAN_H

#include "vol/write.h"

/*
 * Writes what a commit of the transaction would change into a new file; the transaction is as
 * it was afterwards, but for its clock, which stands.  blocks: how many.
 * E2_ERR_EXIST when there is a file of that name; then, and on every other error, none is left
 * behind.  E2_ERR_LOG when an unfinished change is read through: the image is not what is read.
 */
E2_NODISCARD int e2_repair_plan_write(struct e2_env *env, struct e2_txn *txn, const char *path,
				      uint64_t *blocks);

/*
 * Does exactly what a plan says, in one commit.  open: as for e2_open_image().
 * E2_ERR_CORRUPT for a file that is no plan, or damaged; E2_ERR_CHANGED when the image is not
 * what it was when the plan was made: another size or modification time (of a file), or other
 * bytes in a block that would be replaced.  Nothing is changed then.
 */
E2_NODISCARD int e2_repair_plan_apply(struct e2_env *env, const char *spec,
				      const struct e2_open_options *open, const char *path,
				      uint64_t *blocks);

#endif
