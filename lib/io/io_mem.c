/* SPDX-License-Identifier: MIT */
/*
 * Bytes in memory.  Memory past the size is always zero, so that growing within
 * what is allocated costs nothing; untouched memory is left to the host to provide.
 */
#include "io/io.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct mem_io {
	struct e2_io io;
	uint8_t *data;
	size_t cap;
};

static struct mem_io *mem_of(struct e2_io *io)
{
	return (struct mem_io *)io;
}

static int mem_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	memcpy(buf, mem_of(io)->data + offset, len);
	return E2_OK;
}

static int mem_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	memcpy(mem_of(io)->data + offset, buf, len);
	return E2_OK;
}

static int mem_sync(struct e2_io *io)
{
	(void)io;
	return E2_OK;
}

static int mem_resize(struct e2_io *io, uint64_t size)
{
	struct mem_io *m = mem_of(io);

	if (size > m->cap) {
		uint64_t cap = m->cap + m->cap / 2 > size ? m->cap + m->cap / 2 : size;
		uint8_t *data = cap <= SIZE_MAX ? calloc(1, (size_t)cap) : NULL;

		if (!data)
			return e2_fail(E2_ERR_NOMEM, "no memory for an image of %" PRIu64 " bytes",
				       size);
		if (io->size > 0)
			memcpy(data, m->data, (size_t)io->size);
		free(m->data);
		m->data = data;
		m->cap = (size_t)cap;
	} else if (size < io->size) {
		memset(m->data + size, 0, (size_t)(io->size - size));
	}
	io->size = size;
	return E2_OK;
}

static int mem_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	memset(mem_of(io)->data + offset, 0, (size_t)len);
	return E2_OK;
}

static int mem_close(struct e2_io *io)
{
	free(mem_of(io)->data);
	free(mem_of(io));
	return E2_OK;
}

static const struct e2_io_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.sync = mem_sync,
	.resize = mem_resize,
	.zero = mem_zero,
	.close = mem_close,
};

int e2_io_open_mem(uint64_t size, struct e2_io **io)
{
	struct mem_io *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return e2_fail(E2_ERR_NOMEM, "no memory for an image");
	m->io = (struct e2_io){ .ops = &mem_ops, .name = "memory", .writable = true };
	r = mem_resize(&m->io, size);
	if (r) {
		(void)mem_close(&m->io);	/* cannot fail */
		return r;
	}
	*io = &m->io;
	return E2_OK;
}
