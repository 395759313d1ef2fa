/* SPDX-License-Identifier: MIT */
/* Large writes from small pieces. */
#include "build/emit_priv.h"

/* Asks often enough to be stopped soon, and not at each of the small writes of empty groups. */
static int tell_progress(struct e2_emitter *e)
{
	const struct e2_emit_options *o = e->options;

	if (o->progress == NULL || e->done < e->told + E2_EMIT_STEP)
		return 0;
	e->told = e->done;
	if (o->progress(o->context, e->done < e->all ? e->done : e->all, e->all) == 0)
		return 0;
	return e2_fail(E2_ERR_CANCELLED, "writing the volume");
}

int e2_emit_write(struct e2_emitter *e, uint64_t offset, size_t len, const void *data)
{
	int err = e2_io_write(e->io, offset, len, data);

	if (err != 0)
		return err;
	e->done += len;
	return tell_progress(e);
}

int e2_emit_flush(struct e2_emitter *e)
{
	size_t len = e->len;

	e->len = 0;
	return len == 0 ? 0 : e2_emit_write(e, e->offset, len, e->buf);
}

int e2_emit_room(struct e2_emitter *e, uint64_t offset, size_t len, uint8_t **room)
{
	int err;

	if (e->len > 0 && (offset != e->offset + e->len || len > E2_EMIT_BUFFER - e->len)) {
		err = e2_emit_flush(e);
		if (err != 0)
			return err;
	}
	if (e->len == 0)
		e->offset = offset;
	*room = e->buf + e->len;
	e->len += len;
	return 0;
}

int e2_emit_zero(struct e2_emitter *e, uint64_t offset, uint64_t len)
{
	int err;

	if (e->options->fresh || len == 0)
		return 0;
	err = e2_emit_flush(e);		/* keeps the order of the image */
	return err != 0 ? err : e2_io_zero(e->io, offset, len);
}
