/* SPDX-License-Identifier: MIT */
/*
 * A plan becomes an image: content in its order, each group's metadata as the
 * line enters it, the groups behind, and the primary superblock last.
 */
#include "build/emit_priv.h"

#include <stdlib.h>

/* The image at its size and, unless it is fresh, without an old superblock. */
static int prepare(struct e2_emitter *e)
{
	const struct e2_geometry *g = &e->plan->shape.geometry;
	uint64_t bytes = g->blocks * g->block_size;
	int err = 0;

	if (e->io->size < bytes)
		err = e2_io_resize(e->io, bytes);
	if (err == 0)
		err = e2_emit_zero(e, 0, (g->first_data_block + 1) * (uint64_t)g->block_size);
	return err;
}

static int emit_all(struct e2_emitter *e)
{
	int err = prepare(e);

	if (err == 0)
		err = e2_emit_begin_groups(e);
	if (err == 0)
		err = e2_emit_content(e);
	if (err == 0)
		err = e2_source_verify_retired(e->plan->source);
	while (err == 0 && e->next_group < e->plan->shape.geometry.groups)
		err = e2_emit_group(e, e->next_group++);
	if (err == 0)
		err = e2_emit_flush(e);
	return err != 0 ? err : e2_emit_super(e);
}

int e2_emit(struct e2_plan *plan, struct e2_io *io, const struct e2_emit_options *options)
{
	struct e2_emitter e = {
		.plan = plan, .io = io, .options = options, .maker = { .plan = plan },
		.all = plan->content.blocks << plan->content.form.block_bits,
	};
	int err;

	e.buf = malloc(E2_EMIT_BUFFER);
	err = e.buf == NULL ? e2_fail(E2_ERR_NOMEM, "a buffer of %d bytes", (int)E2_EMIT_BUFFER)
			    : emit_all(&e);
	e2_filemap_free(&e.map);
	e2_filemap_free(&e.maker.map);
	free(e.buf);
	free(e.descs);
	free(e.bitmaps);
	return err;
}
