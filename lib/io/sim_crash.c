/* SPDX-License-Identifier: MIT */
/*
 * Power loss.  An event of the recording is, at the cut, either durable (a sync
 * of its file or directory follows it) or pending.  The disk afterwards is the
 * one at the beginning with the durable events and the chosen of the pending ones
 * done to it in their order.  Making a file without a name is no thing of its own:
 * what reaches no name is not seen.
 */
#include "io/sim_int.h"

#include "base/mix.h"
#include "io/name.h"

#include <stdlib.h>
#include <string.h>

enum sim_fate { FATE_DURABLE, FATE_PENDING };

static bool is_write(const struct sim_event *e)
{
	return e->kind == SIM_WRITE || e->kind == SIM_ZERO;
}

static bool is_data(const struct sim_event *e)
{
	return is_write(e) || e->kind == SIM_RESIZE;
}

static bool is_name(const struct sim_event *e)
{
	return e->kind == SIM_LINK || e->kind == SIM_UNLINK || e->kind == SIM_RENAME;
}

static bool same_dir(const char *a, const char *b)
{
	size_t la = (size_t)(e2_io_base(a) - a);
	size_t lb = (size_t)(e2_io_base(b) - b);

	return la == lb && memcmp(a, b, la) == 0;
}

/* Whether a later event makes an earlier one durable. */
static bool makes_durable(const struct sim_event *sync, const struct sim_event *e)
{
	if (sync->kind == SIM_SYNC)
		return is_data(e) && e->file == sync->file;
	if (sync->kind == SIM_SYNC_DIR)
		return is_name(e) && same_dir(e->path, sync->path);
	return false;
}

/* Finds the fate of every event before the cut; returns how many are pending. */
static size_t find_fates(const struct e2_sim *sim, size_t cut, uint8_t *fate)
{
	size_t pending = 0;

	for (size_t i = 0; i < cut; i++)
		fate[i] = is_data(&sim->event[i]) || is_name(&sim->event[i]) ? FATE_PENDING :
									       FATE_DURABLE;
	for (size_t s = 0; s < cut; s++) {
		enum sim_event_kind kind = sim->event[s].kind;

		if (kind != SIM_SYNC && kind != SIM_SYNC_DIR)
			continue;
		for (size_t i = 0; i < s; i++) {
			if (fate[i] == FATE_PENDING &&
			    makes_durable(&sim->event[s], &sim->event[i]))
				fate[i] = FATE_DURABLE;
		}
	}
	for (size_t i = 0; i < cut; i++)
		pending += fate[i] == FATE_PENDING;
	return pending;
}

static uint64_t mix(uint64_t x)
{
	return e2_mix64(x + 0x9e3779b97f4a7c15u);
}

static bool is_kept(size_t i, uint64_t choice, uint64_t seed)
{
	return (i < 64 ? choice >> i : mix(seed ^ mix(i))) & 1;
}

/* How much of a torn write arrives: whole sectors, not all of them; the seed says how many. */
static uint64_t torn_length(const struct sim_event *e, uint64_t seed)
{
	uint64_t first = e->offset / SIM_SECTOR;
	uint64_t sectors = (e->offset + e->len - 1) / SIM_SECTOR - first + 1;
	uint64_t end = (first + mix(seed) % sectors) * SIM_SECTOR;

	return end > e->offset ? end - e->offset : 0;
}

/* A write of which any sector may have been left out, as the seed says. */
static int apply_in_part(struct sim_disk *disk, const struct sim_event *e, size_t nth,
			 uint64_t seed)
{
	uint64_t end = e->offset + e->len;
	int r = E2_OK;

	for (uint64_t at = e->offset; r == E2_OK && at < end;) {
		uint64_t next = (at / SIM_SECTOR + 1) * SIM_SECTOR;
		struct sim_event piece = *e;

		piece.offset = at;
		piece.len = (next < end ? next : end) - at;
		piece.data = e->data ? e->data + (at - e->offset) : NULL;
		if (mix(seed ^ mix(nth ^ mix(at / SIM_SECTOR))) & 1)
			r = sim_disk_apply(disk, &piece, piece.len);
		at = next;
	}
	return r;
}

/* The last pending write that is kept; `cut` when there is none. */
static size_t find_torn(const struct e2_sim *sim, size_t cut, const uint8_t *fate, uint64_t choice,
			uint64_t seed)
{
	size_t torn = cut, nth = 0;

	for (size_t i = 0; i < cut; i++) {
		if (fate[i] == FATE_PENDING && is_kept(nth++, choice, seed) &&
		    is_write(&sim->event[i]))
			torn = i;
	}
	return torn;
}

/* Drops the files that no name reaches and closes the gaps in their numbers. */
static void forget_unnamed(struct sim_disk *disk)
{
	size_t kept = 0;

	for (size_t i = 0; i < disk->files; i++) {
		bool named = false;

		for (size_t n = 0; n < disk->names.count; n++)
			named = named || disk->names.name[n].file == i;
		if (named) {
			struct sim_blob *b = disk->file[kept];

			disk->file[kept] = disk->file[i];
			disk->file[i] = b;
			for (size_t n = 0; n < disk->names.count; n++) {
				if (disk->names.name[n].file == i)
					disk->names.name[n].file = kept;
			}
			kept++;
		}
	}
	sim_disk_drop_files(disk, kept);
}

int e2_sim_crash(const struct e2_sim *sim, size_t cut, uint64_t choice, uint64_t seed, bool tear,
		 struct e2_sim **after, size_t *pending)
{
	struct sim_disk disk;
	bool holes = tear && (seed & 1) != 0;
	size_t torn, count, nth = 0;
	uint8_t *fate;
	int r;

	if (cut > sim->events)
		cut = sim->events;
	fate = malloc(cut + 1);
	if (!fate)
		return e2_fail(E2_ERR_NOMEM, "no memory for a simulated crash");
	count = find_fates(sim, cut, fate);
	torn = tear && !holes ? find_torn(sim, cut, fate, choice, seed) : cut;
	r = sim_disk_copy(&sim->begin, &disk);
	for (size_t i = 0; r == E2_OK && i < cut; i++) {
		const struct sim_event *e = &sim->event[i];

		if (fate[i] == FATE_PENDING && !is_kept(nth++, choice, seed))
			continue;
		if (holes && fate[i] == FATE_PENDING && is_write(e))
			r = apply_in_part(&disk, e, i, seed);
		else
			r = sim_disk_apply(&disk, e, i == torn ? torn_length(e, seed) : e->len);
	}
	free(fate);
	if (r) {
		sim_disk_free(&disk);
		return r;
	}
	forget_unnamed(&disk);
	r = sim_new_from(&disk, after);
	if (r == E2_OK && pending)
		*pending = count;
	return r;
}
