/* SPDX-License-Identifier: MIT */
/*
 * Memos: a table of chains for those that survive a rewind and one for those that do not.
 * Without memory for more chains, they get longer.
 */
#include "cache/private.h"

#include <stdlib.h>

static struct e2_memo **chain_of(struct e2_memos *m, const void *key, uint64_t id)
{
	uint64_t h = ((uint64_t)(uintptr_t)key + id) * UINT64_C(0x9e3779b97f4a7c15);
	struct e2_memo **chains = m->many ? m->many : m->few;

	return &chains[(h >> 32) & (m->chains - 1)];
}

static struct e2_memo **find(struct e2_memos *m, const void *key, uint64_t id)
{
	if (m->count == 0)
		return NULL;
	struct e2_memo **link = chain_of(m, key, id);

	while (*link && ((*link)->key != key || (*link)->id != id))
		link = &(*link)->next;
	return *link ? link : NULL;
}

static void add(struct e2_memos *m, struct e2_memo *memo)
{
	struct e2_memo **chain = chain_of(m, memo->key, memo->id);

	memo->next = *chain;
	*chain = memo;
}

static void grow(struct e2_memos *m)
{
	size_t old_count = m->chains;
	struct e2_memo **old = m->many ? m->many : m->few;
	struct e2_memo **many = calloc(old_count * 4, sizeof(struct e2_memo *));

	if (!many)
		return;
	struct e2_memo **spent = m->many;
	m->many = many;
	m->chains = old_count * 4;
	for (size_t i = 0; i < old_count; i++) {
		struct e2_memo *memo;

		while ((memo = old[i]) != NULL) {
			old[i] = memo->next;
			add(m, memo);
		}
	}
	free(spent);
}

struct e2_memo *e2_txn_memo(struct e2_txn *txn, const void *key, uint64_t id)
{
	struct e2_memo **link = find(&txn->memos, key, id);

	if (!link)
		link = find(&txn->surviving, key, id);
	return link ? *link : NULL;
}

void e2_txn_remember(struct e2_txn *txn, struct e2_memo *owned)
{
	struct e2_memos *m = owned->survives ? &txn->surviving : &txn->memos;

	e2_txn_unremember(txn, owned->key, owned->id);
	if (m->count >= m->chains * 2)
		grow(m);
	add(m, owned);
	m->count++;
}

static void unremember(struct e2_memos *m, const void *key, uint64_t id)
{
	struct e2_memo **link = find(m, key, id), *memo;

	if (!link)
		return;
	memo = *link;
	*link = memo->next;
	m->count--;
	memo->free(memo);
}

void e2_txn_unremember(struct e2_txn *txn, const void *key, uint64_t id)
{
	unremember(&txn->memos, key, id);
	unremember(&txn->surviving, key, id);
}

void e2_memo_init(struct e2_memos *m)
{
	*m = (struct e2_memos){ .chains = MEMO_CHAINS };
}

void e2_memo_clear(struct e2_memos *m)
{
	struct e2_memo **chains = m->many ? m->many : m->few;

	for (size_t i = 0; m->count > 0; i++) {
		struct e2_memo *memo;

		while ((memo = chains[i]) != NULL) {
			chains[i] = memo->next;
			m->count--;
			memo->free(memo);
		}
	}
	free(m->many);
	e2_memo_init(m);
}
