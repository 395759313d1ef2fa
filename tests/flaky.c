/* SPDX-License-Identifier: MIT */
#include "flaky.h"

#include <stddef.h>
#include <stdlib.h>

struct flaky_io {
	struct e2_io io;
	struct e2_io *below;
	struct flaky *flaky;
};

static int fails(struct flaky *f)
{
	uint64_t n = ++f->seen;

	if (f->failing == 0 || n < f->failing || (n > f->failing && !f->for_ever))
		return 0;
	return e2_fail(E2_ERR_IO, "on purpose");
}

static struct flaky_io *flaky_of(struct e2_io *io)
{
	return (struct flaky_io *)io;
}

static int flaky_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	int err = fails(flaky_of(io)->flaky);

	return err ? err : e2_io_read(flaky_of(io)->below, offset, len, buf);
}

static int flaky_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	int err = fails(flaky_of(io)->flaky);

	return err ? err : e2_io_write(flaky_of(io)->below, offset, len, buf);
}

static int flaky_sync(struct e2_io *io)
{
	return fails(flaky_of(io)->flaky);
}

static int flaky_resize(struct e2_io *io, uint64_t size)
{
	int err = fails(flaky_of(io)->flaky);

	if (!err)
		err = e2_io_resize(flaky_of(io)->below, size);
	io->size = flaky_of(io)->below->size;
	return err;
}

static int flaky_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	int err = fails(flaky_of(io)->flaky);

	return err ? err : e2_io_zero(flaky_of(io)->below, offset, len);
}

static int flaky_close(struct e2_io *io)
{
	flaky_of(io)->flaky->open--;
	(void)e2_io_close(flaky_of(io)->below);
	free(io);
	return 0;
}

static const struct e2_io_ops flaky_ops = {
	.read = flaky_read, .write = flaky_write, .sync = flaky_sync, .resize = flaky_resize,
	.zero = flaky_zero, .close = flaky_close,
};

struct e2_io *flaky_open(struct flaky *f, uint64_t size)
{
	struct flaky_io *io = malloc(sizeof(*io));

	if (!io)
		return NULL;
	*io = (struct flaky_io){
		.io = { .ops = &flaky_ops, .name = "flaky", .size = size, .writable = true },
		.flaky = f,
	};
	if (e2_io_open_mem(size, &io->below)) {
		free(io);
		return NULL;
	}
	f->open++;
	return &io->io;
}

static int flaky_scratch(struct e2_env *env, struct e2_io **io)
{
	struct flaky *f = (struct flaky *)((char *)env - offsetof(struct flaky, env));
	int err = fails(f);

	if (err)
		return err;
	*io = flaky_open(f, 0);
	return *io ? 0 : E2_ERR_NOMEM;
}

static const struct e2_env_ops env_ops = { .scratch = flaky_scratch };

void flaky_init(struct flaky *f)
{
	*f = (struct flaky){ .env = { .ops = &env_ops } };
}

void flaky_fail(struct flaky *f, uint64_t nth, bool for_ever)
{
	f->seen = 0;
	f->failing = nth;
	f->for_ever = for_ever;
}
