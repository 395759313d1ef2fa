/* SPDX-License-Identifier: MIT */
/* Memos: a table of chains for those that survive a rewind and one for those that do not. */
#include "cache/private.h"

static struct e2_memo **chain_of(struct e2_txn *txn, bool survives, const void *key, uint64_t id)
{
	uint64_t h = ((uint64_t)(uintptr_t)key + id) * UINT64_C(0x9e3779b97f4a7c15);

	return &txn->memos[survives][(h >> 32) % MEMO_CHAINS];
}

static struct e2_memo **find(struct e2_txn *txn, bool survives, const void *key, uint64_t id)
{
	struct e2_memo **link = chain_of(txn, survives, key, id);

	while (*link && ((*link)->key != key || (*link)->id != id))
		link = &(*link)->next;
	return link;
}

struct e2_memo *e2_txn_memo(struct e2_txn *txn, const void *key, uint64_t id)
{
	struct e2_memo *memo = *find(txn, false, key, id);

	return memo ? memo : *find(txn, true, key, id);
}

void e2_txn_remember(struct e2_txn *txn, struct e2_memo *owned)
{
	struct e2_memo **chain = chain_of(txn, owned->survives, owned->key, owned->id);

	owned->next = *chain;
	*chain = owned;
}

void e2_txn_unremember(struct e2_txn *txn, const void *key, uint64_t id)
{
	for (unsigned survives = 0; survives < 2; survives++) {
		struct e2_memo **link = find(txn, survives != 0, key, id), *memo = *link;

		if (memo) {
			*link = memo->next;
			memo->free(memo);
		}
	}
}

void e2_memo_clear(struct e2_txn *txn, bool all)
{
	for (unsigned survives = 0; survives < (all ? 2 : 1); survives++) {
		for (unsigned i = 0; i < MEMO_CHAINS; i++) {
			struct e2_memo *memo;

			while ((memo = txn->memos[survives][i]) != NULL) {
				txn->memos[survives][i] = memo->next;
				memo->free(memo);
			}
		}
	}
}
