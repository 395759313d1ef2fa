/* SPDX-License-Identifier: MIT */
/*
 * The commit protocol on a few blocks: all that a power cut can leave, every sector being old
 * or new on its own; and that each sync is needed.
 */
#include "e2test.h"

#include "base/crc.h"
#include "cache/redo.h"
#include "cache/txn.h"
#include "cache/undo.h"
#include "crash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 12, GUARD_BLOCK = 1, GUARD_BYTE = 7, GUARD = 0x80 };

static const char image_path[] = "d/a.img";
static const char log_path[] = "d/a.img.e2log";
static const char undo_path[] = "u/a.undo";

struct raw {				/* a volume of a few blocks */
	struct e2_sim *sim;
	struct e2_image *image;
	struct e2_cache *cache;
	struct e2_undo *undo;
	struct e2_commit_place place;
	struct e2_commit how;
	bool is_free[BLOCKS], was_free[BLOCKS];
};

static int was_free(void *context, e2_blk blk, bool *is_free)
{
	*is_free = ((struct raw *)context)->was_free[blk];
	return 0;
}

static int freed(void *context, struct e2_txn *txn, e2_blk from, struct e2_range *run)
{
	const struct raw *raw = context;

	(void)txn;
	for (e2_blk blk = from; blk < BLOCKS; blk++) {
		if (!raw->was_free[blk] && raw->is_free[blk]) {
			*run = (struct e2_range){ .blk = blk, .count = 1 };
			return 1;
		}
	}
	return 0;
}

static void set_guard(uint8_t *sector)
{
	sector[GUARD_BYTE] |= GUARD;
}

static bool is_guarded(const uint8_t *image)
{
	return image[E2_SECTOR + GUARD_BYTE] & GUARD;
}

/* An image whose sectors all differ, durable on a new host; the guard is off. */
static struct e2_sim *make_host(uint32_t block_size)
{
	struct e2_sim *sim, *begin;
	struct e2_io *io;
	uint8_t sector[E2_SECTOR];

	cr_assert_eq(e2_sim_new(&sim), 0);
	struct e2_env *env = e2_sim_env(sim);
	cr_assert_eq(env->ops->create_excl(env, image_path, 0600, &io), 0);
	cr_assert_eq(e2_io_resize(io, (uint64_t)BLOCKS * block_size), 0);
	for (uint64_t at = 0; at < io->size; at += E2_SECTOR) {
		memset(sector, (int)(at / E2_SECTOR) + 1, sizeof(sector));
		sector[GUARD_BYTE] = 1;
		cr_assert_eq(e2_io_write(io, at, E2_SECTOR, sector), 0);
	}
	cr_assert_eq(e2_io_close(io), 0);
	cr_assert_eq(e2_sim_crash(sim, e2_sim_events(sim), UINT64_MAX, 0, false, &begin, NULL), 0);
	e2_sim_free(sim);
	return begin;
}

/* Says whether its undo file could be opened. */
static bool raw_open(struct raw *raw, struct e2_sim *sim, uint32_t block_size, bool undo)
{
	bool good = true;

	*raw = (struct raw){ .sim = sim };
	cr_assert_eq(e2_image_open(e2_sim_env(sim), image_path, E2_IMAGE_WRITE, &raw->image), 0,
		     "%s", e2_err_detail());
	cr_assert_eq(e2_cache_open(e2_image_io(raw->image), block_size, 1 << 16, 0, &raw->cache),
		     0);
	if (undo)
		good = e2_undo_open(raw->image, undo_path, &raw->undo) == 0;
	raw->place = (struct e2_commit_place){
		.image = raw->image, .log_path = log_path, .undo = raw->undo,
	};
	raw->how = (struct e2_commit){
		.context = raw, .place = &raw->place, .identity = { 1, 2, 3 },
		.was_free = was_free, .freed = freed, .guard = set_guard,
		.guard_offset = E2_SECTOR,
	};
	return good;
}

static void raw_close(struct raw *raw)
{
	e2_cache_close(raw->cache);
	cr_expect_eq(e2_undo_close(raw->undo), 0);
	cr_expect_eq(e2_image_close(raw->image), 0);
}

/* What one commit does: letters of blocks ("abc") to write, to free and to take in use. */
struct step {
	const char *write, *free, *use;
};

static int raw_commit(struct raw *raw, const struct step *step, uint8_t value)
{
	uint8_t data[65536];
	struct e2_txn *txn;
	int err;

	memcpy(raw->was_free, raw->is_free, sizeof(raw->is_free));
	for (const char *b = step->free; b && *b; b++)
		raw->is_free[*b - 'a'] = true;
	for (const char *b = step->use; b && *b; b++)
		raw->is_free[*b - 'a'] = false;
	err = e2_txn_open(raw->cache, &raw->how, &txn);
	if (err)
		return err;
	memset(data, value, sizeof(data));
	data[GUARD_BYTE] = value & 0x7f;
	data[E2_SECTOR + GUARD_BYTE] = value & 0x7f;
	for (const char *b = step->write; !err && *b; b++)
		err = e2_txn_write(txn, (e2_blk)(*b - 'a'), 1, data);
	if (err) {
		e2_txn_abort(txn);
		return err;
	}
	return e2_txn_commit(txn);
}

/* Reads the image as a reader does; *sum tells two contents apart. */
static int read_through(struct e2_env *env, uint32_t *sum)
{
	enum e2_redo_state state;
	struct e2_image *image;
	struct e2_io *through = NULL, *io;
	uint8_t *data;
	int err = e2_image_open(env, image_path, 0, &image);

	if (err)
		return err;
	io = e2_image_io(image);
	err = e2_redo_find(image, log_path, &state);
	if (!err && state == E2_REDO_PENDING) {
		err = e2_redo_open_through(image, log_path, &through);
		io = through;
	}
	data = malloc((size_t)e2_image_io(image)->size);
	cr_assert(data != NULL);
	if (!err)
		err = e2_io_read(io, 0, (size_t)io->size, data);
	if (!err)
		*sum = e2_crc32(0, data, (size_t)io->size);
	free(data);
	e2_io_close(through);
	e2_image_close(image);
	return err;
}

/* What a reader sees before is what a writer makes of it. */
static int recover(struct e2_env *env, const char *path)
{
	uint32_t through = 0, after = 0;
	struct e2_image *image;
	int err = read_through(env, &through);

	if (!err)
		err = e2_image_open(env, path, E2_IMAGE_WRITE, &image);
	if (err)
		return err;
	err = e2_redo_recover(image, log_path);
	e2_image_close(image);
	if (!err)
		err = read_through(env, &after);
	if (!err && through != after)
		err = e2_fail(E2_ERR_CHANGED, "a reader saw something else");
	return err;
}

struct undo_case {
	uint32_t block_size;
	const uint8_t *first;		/* before the first commit */
	uint64_t size;
	const uint8_t *is_free;		/* then */
	size_t commits;			/* before the one that is cut */
};

/* The undo file knows which commits are in force, and takes them back. */
static bool undo_holds(void *context, struct e2_sim *sim, bool done)
{
	const struct undo_case *u = context;
	struct raw raw;
	struct e2_txn *txn;
	const uint8_t *image;
	uint64_t size;
	bool good;

	if (!raw_open(&raw, sim, u->block_size, true)) {
		raw_close(&raw);
		return false;
	}
	uint64_t count = e2_undo_count(raw.undo);
	good = count == u->commits + done;
	cr_assert_eq(e2_txn_open(raw.cache, &raw.how, &txn), 0);
	if (e2_undo_apply(raw.undo, txn, count) != 0) {
		e2_txn_abort(txn);
		good = false;
	} else {
		good = e2_txn_commit(txn) == 0 && e2_undo_drop(raw.undo, count) == 0 && good;
	}
	raw_close(&raw);
	cr_assert(e2_sim_file(sim, image_path, &image, &size));
	for (uint64_t at = 0; at < size; at++)
		good = good && (image[at] == u->first[at] || u->is_free[at / u->block_size]);
	return good;
}

struct scenario {
	const char *name;
	uint32_t block_size;
	bool undo;
	const char *free;		/* in the beginning */
	struct step steps[3];		/* the last one is cut */
};

static const struct scenario scenarios[] = {
	{ "one block", 512, false, "", { { "c", NULL, NULL } } },
	{ "two blocks", 512, false, "", { { "ck", NULL, NULL } } },
	{ "four blocks, one new", 512, false, "h", { { "bcdh", NULL, "h" } } },
	{ "new blocks alone", 512, false, "gh", { { "gh", NULL, NULL } } },
	{ "blocks of two sectors", 1024, false, "gh", { { "acdghk", "k", "g" } } },
	{ "with an undo file", 512, true, "h", { { "cdh", NULL, "h" } } },
	{ "a freed block is used again", 512, false, "h",
	  { { "cd", "d", NULL }, { "de", NULL, "d" } } },
	{ "and could be taken back", 512, true, "h",
	  { { "cd", "d", NULL }, { "dh", NULL, "dh" }, { "ce", NULL, NULL } } },
};

enum { SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0]), NO_STEP = 9 };

static size_t last_step(const struct scenario *s)
{
	size_t last = 0;

	while (last + 1 < 3 && s->steps[last + 1].write)
		last++;
	return last;
}

/*
 * Runs a scenario and cuts its last step.  In step skip_step the skip-th sync is left out: then
 * only until a bad state is found.  Returns how many syncs that step has.
 */
static uint64_t run(const struct scenario *s, size_t skip_step, uint64_t skip,
		    struct crash_figures *f)
{
	struct e2_sim *sim = make_host(s->block_size);
	uint8_t first_free[BLOCKS] = { 0 }, before_free[BLOCKS] = { 0 };
	struct undo_case u = { .block_size = s->block_size, .commits = last_step(s) };
	struct crash_case c = {
		.name = s->name, .sim = sim, .path = image_path, .block_size = s->block_size,
		.bits = 10, .samples = 400, .nested = skip_step == NO_STEP ? 7 : 0,
		.recover = recover, .is_guarded = is_guarded,
		.also = s->undo ? undo_holds : NULL, .context = &u,
	};
	uint8_t *first = crash_bytes(sim, image_path, &c.size), *before = NULL, *after;
	uint64_t syncs = 0;
	struct raw raw;

	cr_assert(raw_open(&raw, sim, s->block_size, s->undo), "%s", e2_err_detail());
	for (const char *b = s->free; *b; b++)
		first_free[*b - 'a'] = raw.is_free[*b - 'a'] = 1;
	e2_sim_split(sim);
	for (size_t i = 0; i <= last_step(s); i++) {
		for (size_t b = 0; b < BLOCKS; b++)
			before_free[b] = raw.is_free[b];
		free(before);
		before = crash_bytes(sim, image_path, &c.size);
		c.from = e2_sim_events(sim);
		e2_sim_fail(sim, 0, 0, false, 0);
		if (i == skip_step)
			e2_sim_skip_sync(sim, skip);
		cr_assert_eq(raw_commit(&raw, &s->steps[i], (uint8_t)(0x40 + i)), 0, "%s: %s",
			     s->name, e2_err_detail());
		if (i == skip_step)
			syncs = e2_sim_count(sim, E2_SIM_SYNC | E2_SIM_SYNC_DIR);
		e2_sim_skip_sync(sim, 0);
	}
	raw_close(&raw);
	after = crash_bytes(sim, image_path, &c.size);
	u.first = first;
	u.size = c.size;
	u.is_free = first_free;
	c.before = before;
	c.after = after;
	c.is_free = before_free;
	if (skip_step == NO_STEP)
		crash_sweep(&c, f);
	else
		(void)crash_finds_bad(&c, f);
	free(first);
	free(before);
	free(after);
	e2_sim_free(sim);
	return syncs;
}

static void run_all(size_t from, size_t to)
{
	struct crash_figures f = { .states = 0 };

	for (size_t i = from; i < to; i++)
		(void)run(&scenarios[i], NO_STEP, 0, &f);
	printf("figure: protocol: %zu states, %zu of them cut again in recovery; %zu became as "
	       "before, %zu as after, %zu bad; %zu were half applied and said so\n", f.states,
	       f.nested, f.before, f.after, f.bad, f.guarded);
	cr_assert_eq(f.bad, 0, "%zu bad: %s", f.bad, f.first);
	cr_assert(f.before && f.after && f.guarded);
}

E2_TEST(crash_protocol, every_state_recovers)
{
	run_all(0, 4);
}

E2_TEST(crash_protocol, every_state_recovers_with_larger_blocks_and_undo)
{
	run_all(4, SCENARIOS);
}

/* Each sync of the last step, left out, makes bad states; but for the one after the log is
 * removed, which protects the next commit. */
E2_TEST(crash_protocol, every_sync_is_needed)
{
	static const size_t which[] = { 2, 5 };

	for (size_t w = 0; w < 2; w++) {
		const struct scenario *s = &scenarios[which[w]];
		struct crash_figures f = { .states = 0 };
		uint64_t syncs = run(s, 0, UINT64_MAX, &f);

		cr_assert_eq(f.bad, 0);
		cr_assert_eq(syncs, s->undo ? 8 : 7, "%d syncs", (int)syncs);
		for (uint64_t skip = 1; skip < syncs; skip++) {
			f = (struct crash_figures){ .states = 0 };
			(void)run(s, 0, skip, &f);
			printf("figure: %s, sync %d of %d left out: bad in state %zu: %s\n",
			       s->name, (int)skip, (int)syncs, f.states, f.first);
			cr_assert_neq(f.bad, 0, "%s: sync %d is not needed", s->name, (int)skip);
		}
	}
}

E2_TEST(crash_protocol, the_last_sync_protects_the_next_commit)
{
	struct crash_figures f = { .states = 0 };
	uint64_t syncs = run(&scenarios[6], 0, UINT64_MAX, &f);

	cr_assert_eq(f.bad, 0);
	(void)run(&scenarios[6], 0, syncs, &f);
	printf("figure: the last sync left out: bad in state %zu: %s\n", f.states, f.first);
	cr_assert_neq(f.bad, 0);
}

/* A small change takes 6 syncs, and one more with an undo file that has its name already. */
E2_TEST(crash_protocol, a_small_change_takes_few_syncs)
{
	struct crash_figures f = { .states = 0 };

	cr_assert_eq(run(&scenarios[1], 0, UINT64_MAX, &f), 6);
	cr_assert_eq(run(&(struct scenario){ .name = "small, with undo", .block_size = 512,
					     .undo = true, .free = "",
					     .steps = { { "ck", NULL, NULL },
							{ "ck", NULL, NULL } } },
			 1, UINT64_MAX, &f), 7);
	cr_assert_eq(f.bad, 0, "%s", f.first);
}

/*
 * The program is killed at any of its operations, so that nothing need be durable, and power
 * is cut while the next one recovers.
 */
E2_TEST(crash_protocol, killed_and_then_cut_in_recovery)
{
	struct crash_figures f = { .states = 0 };

	for (uint64_t nth = 1;; nth++) {
		struct e2_sim *sim = make_host(512);
		struct crash_case c = {
			.name = "killed", .sim = sim, .path = image_path, .block_size = 512,
			.bits = 8, .samples = 200, .recover = recover, .is_guarded = is_guarded,
		};
		static const struct step step = { "bcdh", NULL, "h" };
		uint8_t is_free[BLOCKS] = { ['h' - 'a'] = 1 };
		struct raw raw;
		bool reached;

		c.before = crash_bytes(sim, image_path, &c.size);
		c.after = crash_bytes(sim, image_path, &c.size);
		for (const char *b = step.write; *b; b++) {
			memset((uint8_t *)(uintptr_t)c.after + 512 * (*b - 'a'), 0x40, 512);
			((uint8_t *)(uintptr_t)c.after)[512 * (*b - 'a') + GUARD_BYTE] = 0x40;
		}
		c.is_free = is_free;
		cr_assert(raw_open(&raw, sim, 512, false));
		raw.is_free['h' - 'a'] = true;
		e2_sim_split(sim);
		e2_sim_fail(sim, E2_SIM_ALL, nth, true, E2_ERR_IO);
		int err = raw_commit(&raw, &step, 0x40);
		reached = e2_sim_count(sim, E2_SIM_ALL) >= nth;
		e2_sim_fail(sim, 0, 0, false, 0);
		cr_assert(err == 0 || reached);
		raw_close(&raw);
		c.from = e2_sim_events(sim);
		cr_assert_eq(recover(e2_sim_env(sim), image_path), 0, "%s", e2_err_detail());
		/* Cutting after it demands a durable change only if that is what came of it. */
		const uint8_t *now;
		uint64_t size;

		cr_assert(e2_sim_file(sim, image_path, &now, &size));
		if (memcmp(now, c.after, size) == 0)
			crash_sweep(&c, &f);
		free((void *)(uintptr_t)c.before);
		free((void *)(uintptr_t)c.after);
		e2_sim_free(sim);
		if (!reached)
			break;
		cr_assert_lt(nth, 1000);
	}
	printf("figure: killed, then cut in recovery: %zu states, %zu bad\n", f.states, f.bad);
	cr_assert_eq(f.bad, 0, "%zu bad: %s", f.bad, f.first);
	cr_assert_gt(f.states, 100);
}
