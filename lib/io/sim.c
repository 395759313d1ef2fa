/* SPDX-License-Identifier: MIT */
/* The simulated host: does what the real one does, writes it down, fails on demand. */
#include "io/sim_int.h"

#include "base/grow.h"
#include "io/name.h"

#include <stdlib.h>
#include <string.h>

int sim_no_memory(void)
{
	return e2_fail(E2_ERR_NOMEM, "no memory for the simulator");
}

int sim_enter(struct e2_sim *sim, enum e2_sim_kind kind, const char *path)
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

bool sim_skips_sync(struct e2_sim *sim)
{
	return sim->skip_sync != 0 && --sim->skip_sync == 0;
}

static void free_event(struct sim_event *e)
{
	free(e->data);
	free(e->path);
	free(e->from);
}

static char *copy_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

int sim_record(struct e2_sim *sim, const struct sim_event *e, const void *data, const char *path,
	       const char *from)
{
	struct sim_event own = *e;
	struct sim_event *list = e2_grow(sim->event, &sim->events_cap, sim->events + 1,
					 sizeof(*list));
	int r;

	if (!list)
		return E2_ERR_NOMEM;
	sim->event = list;
	own.path = copy_text(path);
	own.from = copy_text(from);
	own.data = data ? malloc((size_t)e->len) : NULL;
	if (own.data)
		memcpy(own.data, data, (size_t)e->len);
	if ((data && !own.data) || (path && !own.path) || (from && !own.from))
		r = sim_no_memory();
	else
		r = sim_disk_apply(&sim->now, &own, own.len);
	if (r)
		free_event(&own);
	else
		sim->event[sim->events++] = own;
	return r;
}

/* ---- the simulation ---------------------------------------------------- */

int sim_new_from(struct sim_disk *owned, struct e2_sim **sim)
{
	struct e2_sim *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		sim_disk_free(owned);
		return sim_no_memory();
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

void e2_sim_skip_sync(struct e2_sim *sim, uint64_t nth)
{
	sim->skip_sync = nth;
}

void e2_sim_split(struct e2_sim *sim)
{
	sim->split = true;
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

int e2_sim_settle(struct e2_sim *sim)
{
	struct sim_disk begin;
	int r = sim_disk_copy(&sim->now, &begin);

	if (r)
		return r;
	sim_disk_free(&sim->begin);
	sim->begin = begin;
	while (sim->events > 0)
		free_event(&sim->event[--sim->events]);
	return E2_OK;
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
