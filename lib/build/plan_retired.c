/* SPDX-License-Identifier: MIT */
/* What objects would have taken that are no longer in the tree, because others hold the same. */
#include "build/plan_priv.h"

#include <stdlib.h>

static uint64_t blocks_of(uint64_t refs)
{
	return (refs + E2_XATTR_REFS_MAX - 1) / E2_XATTR_REFS_MAX;
}

struct refs { uint32_t there, gone; };	/* objects that have a set of attributes */

static uint64_t count_xattr_blocks(const struct e2_content *c, struct refs *refs, uint32_t sets)
{
	uint64_t blocks = 0;

	for (size_t i = 0; i < c->xattr_len; i++)
		refs[c->xattr_v[i].set - 1].there += c->xattr_v[i].refs;
	for (uint32_t set = 1; set <= sets; set++) {
		const struct refs *r = &refs[set - 1];
		const struct e2_xattr_item *v;
		struct e2_xattr_bytes bytes;
		uint32_t count;

		if (r->gone == 0)
			continue;
		v = e2_source_xattrs(c->source, set, &count);
		e2_xattr_divide(&c->form, v, count, &bytes);
		if (bytes.block_bytes > 0)
			blocks += blocks_of((uint64_t)r->there + r->gone) - blocks_of(r->there);
	}
	return blocks;
}

int e2_content_retired(const struct e2_content *c, uint64_t *blocks)
{
	uint32_t sets = e2_source_xattr_sets(c->source);
	e2_obj first = e2_source_objects(c->source), retired = e2_source_retired(c->source);
	struct refs *refs;
	struct e2_filemap m = { 0 };
	int err = 0;

	*blocks = 0;
	if (retired == 0)
		return 0;
	refs = calloc(sets + (size_t)1, sizeof(*refs));
	if (refs == NULL)
		return e2_fail(E2_ERR_NOMEM, "a plan");
	for (e2_obj obj = first; obj < first + retired && err == 0; obj++) {
		const struct e2_object *o = e2_source_object(c->source, obj);
		uint64_t bytes;

		err = e2_content_map(c, obj, &m, &bytes);
		if (err == 0)
			*blocks += e2_filemap_blocks(&m);
		if (o->xattrs != 0 && c->form.xattrs)
			refs[o->xattrs - 1].gone++;
	}
	if (err == 0)
		*blocks += count_xattr_blocks(c, refs, sets);
	e2_filemap_free(&m);
	free(refs);
	return err;
}
