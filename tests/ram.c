/* SPDX-License-Identifier: MIT */
#include "ram.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct ram_io {
	struct e2_io io;
	struct ram *ram;
};

static struct ram *ram_of(struct e2_io *io)
{
	return ((struct ram_io *)(void *)io)->ram;
}

static int ram_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	const struct ram *r = ram_of(io);

	for (unsigned i = 0; i < r->unreadable_count; i++) {
		uint64_t at = (uint64_t)r->unreadable[i] * r->block_size;

		if (offset < at + r->block_size && at < offset + len)
			return e2_fail(E2_ERR_IO, "block %" PRIu32 ": on purpose",
				       r->unreadable[i]);
	}
	memcpy(buf, r->bytes + offset, len);
	return 0;
}

static int ram_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	struct ram *r = ram_of(io);

	for (unsigned i = 0; i < r->unreadable_count; i++) {
		uint64_t at = (uint64_t)r->unreadable[i] * r->block_size;

		if (offset >= at + r->block_size || at >= offset + len)
			continue;
		if (offset > at || offset + len < at + r->block_size)
			return e2_fail(E2_ERR_IO, "block %" PRIu32 ": written in part",
				       r->unreadable[i]);
		r->unreadable[i--] = r->unreadable[--r->unreadable_count];
	}
	memcpy(r->bytes + offset, buf, len);
	return 0;
}

static int ram_sync(struct e2_io *io)
{
	(void)io;
	return 0;
}

static int ram_resize(struct e2_io *io, uint64_t size)
{
	struct ram *r = ram_of(io);
	uint8_t *bytes = realloc(r->bytes, size != 0 ? size : 1);

	if (bytes == NULL)
		return e2_fail(E2_ERR_NOMEM, "an image of %" PRIu64 " bytes", size);
	if (size > r->size)
		memset(bytes + r->size, 0, size - r->size);
	r->bytes = bytes;
	r->size = io->size = size;
	return 0;
}

static int ram_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	memset(ram_of(io)->bytes + offset, 0, len);
	return 0;
}

static int ram_close(struct e2_io *io)
{
	free(io);
	return 0;
}

struct e2_io *ram_open(struct ram *ram, bool writable)
{
	static const struct e2_io_ops ops = {
		.read = ram_read, .write = ram_write, .sync = ram_sync, .resize = ram_resize,
		.zero = ram_zero, .close = ram_close,
	};
	struct ram_io *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	r->ram = ram;
	r->io = (struct e2_io){ .ops = &ops, .name = "image", .size = ram->size,
				.writable = writable };
	return &r->io;
}

void ram_copy(struct ram *copy, const struct ram *from)
{
	uint8_t *bytes = copy->bytes;

	if (bytes == NULL || copy->size != from->size)
		bytes = realloc(bytes, from->size != 0 ? from->size : 1);
	if (bytes == NULL)
		abort();
	memcpy(bytes, from->bytes, from->size);
	*copy = *from;
	copy->bytes = bytes;
}
