/* SPDX-License-Identifier: MIT */
/* Open files of the simulated host: their bytes and their locks. */
#include "io/sim_int.h"

#include "io/name.h"

#include <stdlib.h>
#include <string.h>

struct sim_handle {
	struct e2_io io;
	struct e2_sim *sim;
	size_t file;
	char *name;
	struct sim_handle *next;	/* of those that are open */
	bool writer;			/* holds the lock WRITER */
	enum e2_lock_mode commit;	/* and how it holds COMMIT */
};

static struct sim_handle *handle_of(struct e2_io *io)
{
	return (struct sim_handle *)io;
}

static int handle_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	struct sim_handle *s = handle_of(io);
	const struct sim_blob *b = s->sim->now.file[s->file];
	int r = sim_enter(s->sim, E2_SIM_READ, s->name);

	if (r)
		return r;
	if (offset > b->size || len > b->size - offset)
		return e2_io_fail(E2_ERR_IO, s->name, "is shorter than when it was opened");
	memcpy(buf, b->data + offset, len);
	return E2_OK;
}

/* Another handle may have changed the size. */
static int check_size(const struct sim_handle *s, uint64_t offset, uint64_t len)
{
	const struct sim_blob *b = s->sim->now.file[s->file];

	if (offset <= b->size && len <= b->size - offset)
		return E2_OK;
	return e2_io_fail(E2_ERR_IO, s->name, "is shorter than when it was opened");
}

/* Records a write sector by sector, or as a whole. */
static int record_write(struct e2_sim *sim, struct sim_event *e, const uint8_t *data)
{
	uint64_t end = e->offset + e->len;
	int r = E2_OK;

	if (!sim->split)
		return sim_record(sim, e, data, NULL, NULL);
	while (r == E2_OK && e->offset < end) {
		uint64_t next = (e->offset / SIM_SECTOR + 1) * SIM_SECTOR;

		e->len = (next < end ? next : end) - e->offset;
		r = sim_record(sim, e, data, NULL, NULL);
		data += e->len;
		e->offset += e->len;
	}
	return r;
}

static int handle_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	struct sim_handle *s = handle_of(io);
	struct sim_event e = { .kind = SIM_WRITE, .file = s->file, .offset = offset, .len = len };
	int r = sim_enter(s->sim, E2_SIM_WRITE, s->name);

	if (r == E2_OK)
		r = check_size(s, offset, len);
	if (r)
		return r;
	return record_write(s->sim, &e, buf);
}

static int handle_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	struct sim_handle *s = handle_of(io);
	struct sim_event e = { .kind = SIM_ZERO, .file = s->file, .offset = offset, .len = len };
	int r = sim_enter(s->sim, E2_SIM_WRITE, s->name);

	if (r == E2_OK)
		r = check_size(s, offset, len);
	return r ? r : sim_record(s->sim, &e, NULL, NULL, NULL);
}

static int handle_resize(struct e2_io *io, uint64_t size)
{
	struct sim_handle *s = handle_of(io);
	struct sim_event e = { .kind = SIM_RESIZE, .file = s->file, .offset = size };
	int r = sim_enter(s->sim, E2_SIM_RESIZE, s->name);

	if (r == E2_OK)
		r = sim_record(s->sim, &e, NULL, NULL, NULL);
	if (r == E2_OK)
		io->size = size;
	return r;
}

static int handle_reserve(struct e2_io *io, uint64_t offset, uint64_t len)
{
	struct sim_handle *s = handle_of(io);

	(void)offset, (void)len;	/* there are no holes */
	return sim_enter(s->sim, E2_SIM_RESIZE, s->name);
}

static int handle_sync(struct e2_io *io)
{
	struct sim_handle *s = handle_of(io);
	struct sim_event e = { .kind = SIM_SYNC, .file = s->file };
	int r = sim_enter(s->sim, E2_SIM_SYNC, s->name);

	return r || sim_skips_sync(s->sim) ? r : sim_record(s->sim, &e, NULL, NULL, NULL);
}

static int handle_close(struct e2_io *io)
{
	struct sim_handle *s = handle_of(io);
	int r = sim_enter(s->sim, E2_SIM_CLOSE, s->name);
	struct sim_handle **link = &s->sim->handles;

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	free(s->name);
	free(s);
	return r;
}

static const struct e2_io_ops handle_ops = {
	.read = handle_read,
	.write = handle_write,
	.sync = handle_sync,
	.resize = handle_resize,
	.zero = handle_zero,
	.reserve = handle_reserve,
	.close = handle_close,
};

int sim_new_handle(struct e2_sim *sim, const char *path, size_t file, bool writable,
		   struct e2_io **io)
{
	struct sim_handle *s = calloc(1, sizeof(*s));
	char *name = e2_io_name_new(path);

	if (!s || !name) {
		free(s);
		free(name);
		return sim_no_memory();
	}
	*s = (struct sim_handle){
		.io = { .ops = &handle_ops, .name = name, .writable = writable,
			.size = sim->now.file[file]->size },
		.sim = sim,
		.file = file,
		.name = name,
		.next = sim->handles,
	};
	sim->handles = s;
	*io = &s->io;
	return E2_OK;
}

size_t sim_handle_file(const struct e2_io *io)
{
	return ((const struct sim_handle *)io)->file;
}

/* Whether another's lock stands in the way. */
static bool conflicts(const struct sim_handle *other, enum e2_lock which, enum e2_lock_mode mode)
{
	if (which == E2_LOCK_WRITER)
		return other->writer;
	return other->commit == E2_EXCLUSIVE ||
	       (other->commit == E2_SHARED && mode == E2_EXCLUSIVE);
}

int sim_lock(struct e2_io *io, enum e2_lock which, enum e2_lock_mode mode)
{
	struct sim_handle *s = handle_of(io);
	int r = mode == E2_UNLOCKED ? E2_OK : sim_enter(s->sim, E2_SIM_LOCK, s->name);

	if (r)
		return r;
	for (const struct sim_handle *o = s->sim->handles; o && mode != E2_UNLOCKED; o = o->next) {
		if (o != s && o->file == s->file && conflicts(o, which, mode))
			return e2_io_fail(E2_ERR_BUSY, s->name,
					  "locked by another handle of the simulation");
	}
	if (which == E2_LOCK_WRITER)
		s->writer = mode != E2_UNLOCKED;
	else
		s->commit = mode;
	return E2_OK;
}
