/* SPDX-License-Identifier: MIT */
#include "pieces.h"

#include <inttypes.h>
#include <stdlib.h>

static int add(struct pieces *p, const struct e2_walk_block *b)
{
	if (p->count == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 32;
		void *at = realloc(p->at, cap * sizeof(*p->at));

		if (!at)
			return e2_fail(E2_ERR_NOMEM, "no memory for %zu pieces", cap);
		p->at = at;
		p->cap = cap;
	}
	p->at[p->count++] = *b;
	if (b->status) {
		p->bad++;
		p->status = p->status ? p->status : b->status;
	} else if (b->level) {
		p->pointers++;
	} else {
		p->data += b->count;
	}
	return 0;
}

int pieces_read(struct e2_fs *fs, const struct e2_inode *in, struct pieces *p)
{
	struct e2_walk_block b;
	struct e2_blocks *walk;
	size_t i = 0;
	int r;

	*p = (struct pieces){ 0 };
	if (!e2_inode_has_blocks(fs, in))
		return 0;
	r = e2_blocks_begin(fs, in, &walk);
	if (r)
		return r;
	while ((r = e2_blocks_next(walk, &b)) > 0) {
		r = add(p, &b);
		if (r)
			break;
	}
	e2_blocks_end(walk);
	if (r) {
		pieces_free(p);
		return r;
	}
	while (pieces_next(p, &i, &b))
		p->together++;
	return 0;
}

void pieces_free(struct pieces *p)
{
	free(p->at);
	*p = (struct pieces){ 0 };
}

bool pieces_next(const struct pieces *p, size_t *i, struct e2_walk_block *b)
{
	bool any = false;

	for (; *i < p->count; ++*i) {
		const struct e2_walk_block *next = &p->at[*i];

		if (next->level || next->status)
			continue;
		if (!any)
			*b = *next;
		else if (next->lblk == b->lblk + b->count && next->blk == b->blk + b->count)
			b->count += next->count;
		else
			return true;
		any = true;
	}
	return any;
}

void add_range(struct e2_str *s, uint64_t first, uint64_t count)
{
	if (count > 1)
		e2_str_addf(s, "%" PRIu64 "-%" PRIu64, first, first + count - 1);
	else
		e2_str_addf(s, "%" PRIu64, first);
}
