/* SPDX-License-Identifier: MIT */
/* The simulated host: does what the real one does, writes it down, fails on demand. */
#include "io/sim_int.h"

#include "io/name.h"

#include <stdlib.h>
#include <string.h>

struct sim_io {
	struct e2_io io;
	struct e2_sim *sim;
	size_t file;
	char *name;
};

static int no_memory(void)
{
	return e2_fail(E2_ERR_NOMEM, "no memory for the simulator");
}

static struct e2_sim *sim_of(struct e2_env *env)
{
	return (struct e2_sim *)env;
}

static struct sim_io *sim_io_of(struct e2_io *io)
{
	return (struct sim_io *)io;
}

/* Counts an operation of one kind and decides whether it fails. */
static int enter(struct e2_sim *sim, enum e2_sim_kind kind, const char *path)
{
	for (unsigned i = 0; i < SIM_KINDS; i++) {
		if (kind >> i & 1)
			sim->counted[i]++;
	}
	if (sim->fail_nth == 0 || !(sim->fail_kinds & (unsigned)kind))
		return E2_OK;
	if (sim->fail_nth > 1) {
		sim->fail_nth--;
		return E2_OK;
	}
	if (!sim->fail_for_ever)
		sim->fail_nth = 0;
	return e2_io_fail(sim->fail_err, path, "a simulated failure");
}

static void free_event(struct sim_event *e)
{
	free(e->data);
	free(e->path);
	free(e->from);
}

/* Writes an event down, with copies of what it points to, and does it. */
static int record(struct e2_sim *sim, const struct sim_event *e)
{
	struct sim_event own = *e;
	int r;

	if (sim->events == sim->events_cap) {
		size_t cap = sim->events_cap ? sim->events_cap * 2 : 64;
		struct sim_event *list = realloc(sim->event, cap * sizeof(*list));

		if (!list)
			return no_memory();
		sim->event = list;
		sim->events_cap = cap;
	}
	own.data = NULL;
	own.path = e->path ? strdup(e->path) : NULL;
	own.from = e->from ? strdup(e->from) : NULL;
	if (e->data) {
		own.data = malloc((size_t)e->len);
		if (own.data)
			memcpy(own.data, e->data, (size_t)e->len);
	}
	if ((e->data && !own.data) || (e->path && !own.path) || (e->from && !own.from))
		r = no_memory();
	else
		r = sim_disk_apply(&sim->now, &own, own.len);
	if (r)
		free_event(&own);
	else
		sim->event[sim->events++] = own;
	return r;
}

static int record_name(struct e2_sim *sim, enum sim_event_kind kind, const char *path,
		       const char *from, size_t file)
{
	struct sim_event e = { .kind = kind, .file = file };
	int r = E2_OK;

	e.path = strdup(path);
	e.from = from ? strdup(from) : NULL;
	if (!e.path || (from && !e.from))
		r = no_memory();
	if (r == E2_OK)
		r = record(sim, &e);
	free_event(&e);
	return r;
}

/* ---- one file ---------------------------------------------------------- */

static int sim_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	struct sim_io *s = sim_io_of(io);
	const struct sim_blob *b = s->sim->now.file[s->file];
	int r = enter(s->sim, E2_SIM_READ, s->name);

	if (r)
		return r;
	if (offset > b->size || len > b->size - offset)
		return e2_io_fail(E2_ERR_IO, s->name, "is shorter than when it was opened");
	memcpy(buf, b->data + offset, len);
	return E2_OK;
}

/* Another handle may have changed the size. */
static int check_size(const struct sim_io *s, uint64_t offset, uint64_t len)
{
	const struct sim_blob *b = s->sim->now.file[s->file];

	if (offset <= b->size && len <= b->size - offset)
		return E2_OK;
	return e2_io_fail(E2_ERR_IO, s->name, "is shorter than when it was opened");
}

static int sim_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	struct sim_io *s = sim_io_of(io);
	struct sim_event e = { .kind = SIM_WRITE, .file = s->file, .offset = offset, .len = len };
	int r = enter(s->sim, E2_SIM_WRITE, s->name);

	if (r == E2_OK)
		r = check_size(s, offset, len);
	if (r)
		return r;
	e.data = malloc(len);
	if (!e.data)
		return no_memory();
	memcpy(e.data, buf, len);
	r = record(s->sim, &e);
	free_event(&e);
	return r;
}

static int sim_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	struct sim_io *s = sim_io_of(io);
	struct sim_event e = { .kind = SIM_ZERO, .file = s->file, .offset = offset, .len = len };
	int r = enter(s->sim, E2_SIM_WRITE, s->name);

	if (r == E2_OK)
		r = check_size(s, offset, len);
	return r ? r : record(s->sim, &e);
}

static int sim_resize(struct e2_io *io, uint64_t size)
{
	struct sim_io *s = sim_io_of(io);
	struct sim_event e = { .kind = SIM_RESIZE, .file = s->file, .offset = size };
	int r = enter(s->sim, E2_SIM_RESIZE, s->name);

	if (r == E2_OK)
		r = record(s->sim, &e);
	if (r == E2_OK)
		io->size = size;
	return r;
}

static int sim_sync(struct e2_io *io)
{
	struct sim_io *s = sim_io_of(io);
	struct sim_event e = { .kind = SIM_SYNC, .file = s->file };
	int r = enter(s->sim, E2_SIM_SYNC, s->name);

	return r ? r : record(s->sim, &e);
}

static int sim_close(struct e2_io *io)
{
	struct sim_io *s = sim_io_of(io);
	int r = enter(s->sim, E2_SIM_CLOSE, s->name);

	free(s->name);
	free(s);
	return r;
}

static const struct e2_io_ops sim_io_ops = {
	.read = sim_read,
	.write = sim_write,
	.sync = sim_sync,
	.resize = sim_resize,
	.zero = sim_zero,
	.close = sim_close,
};

static int open_io(struct e2_sim *sim, const char *path, size_t file, bool writable,
		   struct e2_io **io)
{
	struct sim_io *s = calloc(1, sizeof(*s));
	char *name = e2_io_name_new(path);

	if (!s || !name) {
		free(s);
		free(name);
		return no_memory();
	}
	*s = (struct sim_io){
		.io = { .ops = &sim_io_ops, .name = name, .writable = writable,
			.size = sim->now.file[file]->size },
		.sim = sim,
		.file = file,
		.name = name,
	};
	*io = &s->io;
	return E2_OK;
}

/* ---- the directory ----------------------------------------------------- */

static int find(struct e2_sim *sim, const char *path, size_t *file)
{
	return sim_disk_find(&sim->now, path, file) ? E2_OK :
	       e2_io_fail(E2_ERR_NOENT, path, "no such file");
}

static int env_open(struct e2_env *env, const char *path, unsigned flags, struct e2_io **io)
{
	struct e2_sim *sim = sim_of(env);
	size_t file;
	int r = enter(sim, E2_SIM_OPEN, path);

	if (r == E2_OK)
		r = find(sim, path, &file);
	return r ? r : open_io(sim, path, file, (flags & E2_IO_WRITE) != 0, io);
}

static int create(struct e2_sim *sim, const char *path, bool named, struct e2_io **io)
{
	struct sim_event e = { .kind = SIM_NEW };
	size_t file = sim->now.files;
	int r = enter(sim, E2_SIM_CREATE, path);

	if (r == E2_OK && named && sim_disk_find(&sim->now, path, &file))
		r = e2_io_fail(E2_ERR_EXIST, path, "exists already");
	if (r == E2_OK) {
		file = sim->now.files;
		r = record(sim, &e);
	}
	if (r == E2_OK)
		r = open_io(sim, path, file, true, io);
	if (r == E2_OK && named) {
		r = record_name(sim, SIM_LINK, path, NULL, file);
		if (r)
			(void)(*io)->ops->close(*io);	/* the first failure is the one to tell */
	}
	return r;
}

static int env_create_excl(struct e2_env *env, const char *path, unsigned mode, struct e2_io **io)
{
	(void)mode;
	return create(sim_of(env), path, true, io);
}

static int env_create_temp(struct e2_env *env, const char *path, unsigned mode, struct e2_io **io)
{
	(void)mode;
	return create(sim_of(env), path, false, io);
}

static int env_link_temp(struct e2_env *env, struct e2_io *temp, const char *path)
{
	struct e2_sim *sim = sim_of(env);
	size_t file;
	int r = enter(sim, E2_SIM_NAME, path);

	if (r == E2_OK && sim_disk_find(&sim->now, path, &file))
		r = e2_io_fail(E2_ERR_EXIST, path, "exists already");
	return r ? r : record_name(sim, SIM_LINK, path, NULL, sim_io_of(temp)->file);
}

static int env_unlink(struct e2_env *env, const char *path)
{
	struct e2_sim *sim = sim_of(env);
	size_t file;
	int r = enter(sim, E2_SIM_NAME, path);

	if (r == E2_OK)
		r = find(sim, path, &file);
	return r ? r : record_name(sim, SIM_UNLINK, path, NULL, file);
}

static int env_rename(struct e2_env *env, const char *from, const char *to)
{
	struct e2_sim *sim = sim_of(env);
	size_t file, old;
	int r = enter(sim, E2_SIM_NAME, to);

	if (r == E2_OK)
		r = find(sim, from, &file);
	if (r == E2_OK && sim_disk_find(&sim->now, to, &old) && old == file)
		return E2_OK;	/* two names of one file: both stay, says POSIX */
	return r ? r : record_name(sim, SIM_RENAME, to, from, file);
}

static int env_sync_dir(struct e2_env *env, const char *path)
{
	struct e2_sim *sim = sim_of(env);
	int r = enter(sim, E2_SIM_SYNC_DIR, path);

	return r ? r : record_name(sim, SIM_SYNC_DIR, path, NULL, 0);
}

static int env_look(struct e2_env *env, const char *path, struct e2_place *place)
{
	struct e2_sim *sim = sim_of(env);
	size_t file;

	*place = (struct e2_place){ .kind = E2_PLACE_NOTHING };
	e2_str_add(&place->path, path);
	if (!sim_disk_find(&sim->now, path, &file))
		return e2_str_status(&place->path);
	place->kind = E2_PLACE_FILE;
	place->ino = file + 1;
	for (size_t i = 0; i < sim->now.names.count; i++)
		place->links += sim->now.names.name[i].file == file;
	return e2_str_status(&place->path);
}

static int env_in_use(struct e2_env *env, const char *path, struct e2_str *why)
{
	(void)env, (void)path, (void)why;
	return 0;
}

static int env_open_locked(struct e2_env *env, const char *path, struct e2_io **io)
{
	return env_open(env, path, E2_IO_WRITE, io);
}

static int env_identify(struct e2_env *env, struct e2_io *io, uint64_t *dev, uint64_t *ino)
{
	(void)env;
	*dev = 0;
	*ino = sim_io_of(io)->file + 1;
	return E2_OK;
}

static int env_adopt(struct e2_env *env, struct e2_io *from, struct e2_io *to)
{
	(void)env, (void)from, (void)to;
	return E2_OK;
}

static const struct e2_env_ops sim_env_ops = {
	.open = env_open,
	.create_excl = env_create_excl,
	.create_temp = env_create_temp,
	.link_temp = env_link_temp,
	.unlink = env_unlink,
	.rename = env_rename,
	.sync_dir = env_sync_dir,
	.look = env_look,
	.in_use = env_in_use,
	.open_locked = env_open_locked,
	.identify = env_identify,
	.adopt = env_adopt,
};

/* ---- the simulation ---------------------------------------------------- */

int sim_new_from(struct sim_disk *owned, struct e2_sim **sim)
{
	struct e2_sim *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		sim_disk_free(owned);
		return no_memory();
	}
	s->env.ops = &sim_env_ops;
	s->begin = *owned;
	r = sim_disk_copy(&s->begin, &s->now);
	if (r) {
		e2_sim_free(s);
		return r;
	}
	*sim = s;
	return E2_OK;
}

int e2_sim_new(struct e2_sim **sim)
{
	struct sim_disk empty = { .files = 0 };

	return sim_new_from(&empty, sim);
}

void e2_sim_free(struct e2_sim *sim)
{
	if (!sim)
		return;
	for (size_t i = 0; i < sim->events; i++)
		free_event(&sim->event[i]);
	free(sim->event);
	sim_disk_free(&sim->begin);
	sim_disk_free(&sim->now);
	free(sim);
}

struct e2_env *e2_sim_env(struct e2_sim *sim)
{
	return &sim->env;
}

void e2_sim_fail(struct e2_sim *sim, unsigned kinds, uint64_t nth, bool for_ever, int err)
{
	memset(sim->counted, 0, sizeof(sim->counted));
	sim->fail_kinds = kinds;
	sim->fail_nth = nth;
	sim->fail_for_ever = for_ever;
	sim->fail_err = err;
}

uint64_t e2_sim_count(const struct e2_sim *sim, unsigned kinds)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < SIM_KINDS; i++) {
		if (kinds >> i & 1)
			count += sim->counted[i];
	}
	return count;
}

size_t e2_sim_events(const struct e2_sim *sim)
{
	return sim->events;
}

bool e2_sim_file(const struct e2_sim *sim, const char *path, const uint8_t **data, uint64_t *size)
{
	size_t file;

	if (!sim_disk_find(&sim->now, path, &file))
		return false;
	*data = sim->now.file[file]->data;
	*size = sim->now.file[file]->size;
	return true;
}

size_t e2_sim_names(const struct e2_sim *sim)
{
	return sim->now.names.count;
}

const char *e2_sim_name(const struct e2_sim *sim, size_t i)
{
	return i < sim->now.names.count ? sim->now.names.name[i].path : "";
}
