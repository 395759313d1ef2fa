/* SPDX-License-Identifier: MIT */
/* The protocol of commit.h. */
#include "cache/private.h"

int e2_commit_run(struct e2_txn *txn)
{
	return e2_commit_straight(txn);
}
