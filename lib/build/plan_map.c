/* SPDX-License-Identifier: MIT */
/*
 * The tree of pointers over a file, as arithmetic.
 *
 * A file's blocks lie in one line: each pointer block just before what it reaches.
 * Everything follows from counting: how many blocks a subtree takes says
 * where the next one begins.
 */
#include "build/plan_priv.h"

#include <stdlib.h>

void e2_filemap_free(struct e2_filemap *m)
{
	free(m->scratch);
	*m = (struct e2_filemap){ .v = NULL };
}

void e2_filemap_dense(struct e2_filemap *m, const struct e2_form *form, uint64_t blocks)
{
	m->pointer_bits = form->pointer_bits;
	m->one = (struct e2_piece){ 0, blocks };
	m->v = &m->one;
	m->count = blocks > 0;
}

int e2_filemap_file(struct e2_filemap *m, const struct e2_form *form,
		    const struct e2_source *source, e2_obj obj)
{
	uint32_t extents, i;
	const struct e2_extent *x = e2_source_extents(source, obj, &extents);
	uint64_t bytes = e2_source_object(source, obj)->size;
	struct e2_piece *v;
	size_t n = 0;

	if (extents == 0) {
		e2_filemap_dense(m, form, e2_form_blocks(form, bytes));
		return 0;
	}
	v = e2_grow(m->scratch, &m->scratch_cap, extents, sizeof(*v));
	if (v == NULL)
		return E2_ERR_NOMEM;
	for (i = 0; i < extents; i++) {
		uint64_t lo = x[i].start >> form->block_bits;
		uint64_t hi = e2_form_blocks(form, x[i].end);

		if (n > 0 && lo <= v[n - 1].hi) {	/* two extents may meet in a block */
			if (hi > v[n - 1].hi)
				v[n - 1].hi = hi;
		} else if (hi > lo) {
			v[n++] = (struct e2_piece){ lo, hi };
		}
	}
	m->pointer_bits = form->pointer_bits;
	m->v = m->scratch = v;
	m->count = n;
	return 0;
}

size_t e2_filemap_find(const struct e2_filemap *m, uint64_t lblk)
{
	size_t lo = 0, hi = m->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->v[mid].hi > lblk)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

uint64_t e2_filemap_data(const struct e2_filemap *m, uint64_t lo, uint64_t hi)
{
	uint64_t n = 0;

	for (size_t i = e2_filemap_find(m, lo); i < m->count && m->v[i].lo < hi; i++)
		n += (m->v[i].hi < hi ? m->v[i].hi : hi) - (m->v[i].lo > lo ? m->v[i].lo : lo);
	return n;
}

uint64_t e2_filemap_tree(const struct e2_filemap *m, unsigned level, uint64_t lo)
{
	uint64_t hi = lo + (UINT64_C(1) << level * m->pointer_bits), n = 0;
	uint64_t counted[4] = { 0 };	/* pointer blocks of each level before this are counted */

	for (size_t i = e2_filemap_find(m, lo); i < m->count && m->v[i].lo < hi; i++) {
		uint64_t from = m->v[i].lo > lo ? m->v[i].lo - lo : 0;
		uint64_t to = (m->v[i].hi < hi ? m->v[i].hi : hi) - lo;

		n += to - from;
		for (unsigned l = 1; l <= level; l++) {
			uint64_t first = from >> l * m->pointer_bits;
			uint64_t end = ((to - 1) >> l * m->pointer_bits) + 1;

			if (first < counted[l])
				first = counted[l];
			if (end > first) {
				n += end - first;
				counted[l] = end;
			}
		}
	}
	return n;
}

uint64_t e2_filemap_start(const struct e2_filemap *m, unsigned level)
{
	uint64_t start = E2_DIRECT;

	for (unsigned l = 1; l < level; l++)
		start += UINT64_C(1) << l * m->pointer_bits;
	return start;
}

uint64_t e2_filemap_blocks(const struct e2_filemap *m)
{
	uint64_t n = e2_filemap_data(m, 0, E2_DIRECT);

	if (m->count == 0 || m->v[m->count - 1].hi <= E2_DIRECT)
		return n;
	for (unsigned level = 1; level <= 3; level++)
		n += e2_filemap_tree(m, level, e2_filemap_start(m, level));
	return n;
}
