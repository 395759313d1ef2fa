/* SPDX-License-Identifier: MIT */
/* Scratch files of the simulated host: bytes in memory whose operations can fail. */
#include "io/sim_int.h"

#include <stdlib.h>

struct sim_scratch {
	struct e2_io io;
	struct e2_sim *sim;
	struct e2_io *mem;
};

static struct sim_scratch *scratch_of(struct e2_io *io)
{
	return (struct sim_scratch *)io;
}

static int scratch_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	int r = sim_enter(scratch_of(io)->sim, E2_SIM_READ, io->name);

	return r ? r : e2_io_read(scratch_of(io)->mem, offset, len, buf);
}

static int scratch_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	int r = sim_enter(scratch_of(io)->sim, E2_SIM_WRITE, io->name);

	return r ? r : e2_io_write(scratch_of(io)->mem, offset, len, buf);
}

static int scratch_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	int r = sim_enter(scratch_of(io)->sim, E2_SIM_WRITE, io->name);

	return r ? r : e2_io_zero(scratch_of(io)->mem, offset, len);
}

static int scratch_sync(struct e2_io *io)
{
	return sim_enter(scratch_of(io)->sim, E2_SIM_SYNC, io->name);
}

static int scratch_resize(struct e2_io *io, uint64_t size)
{
	int r = sim_enter(scratch_of(io)->sim, E2_SIM_RESIZE, io->name);

	if (r == E2_OK)
		r = e2_io_resize(scratch_of(io)->mem, size);
	if (r == E2_OK)
		io->size = size;
	return r;
}

static int scratch_close(struct e2_io *io)
{
	int r = sim_enter(scratch_of(io)->sim, E2_SIM_CLOSE, io->name);

	(void)e2_io_close(scratch_of(io)->mem);	/* cannot fail */
	free(scratch_of(io));
	return r;
}

static const struct e2_io_ops scratch_ops = {
	.read = scratch_read,
	.write = scratch_write,
	.sync = scratch_sync,
	.resize = scratch_resize,
	.zero = scratch_zero,
	.close = scratch_close,
};

int sim_open_scratch(struct e2_sim *sim, struct e2_io **io)
{
	static const char name[] = "temporary file";
	int r = sim_enter(sim, E2_SIM_CREATE, name);
	struct sim_scratch *s;

	if (r)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return sim_no_memory();
	r = e2_io_open_mem(0, &s->mem);
	if (r) {
		free(s);
		return r;
	}
	s->io = (struct e2_io){ .ops = &scratch_ops, .name = name, .writable = true };
	s->sim = sim;
	*io = &s->io;
	return E2_OK;
}
