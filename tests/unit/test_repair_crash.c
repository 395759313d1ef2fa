/* SPDX-License-Identifier: MIT */
/*
 * Repairs of damaged volumes, cut at every event of their commit, and with memory, reads, writes
 * and everything else of the host failing at each place: the image is as before or as after.
 */
#include "alloc.h"
#include "crash.h"
#include "disk/access.h"
#include "e2test.h"
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char path[] = "d/a.img";

#ifdef __SANITIZE_ADDRESS__
enum { BITS = 4, SAMPLES = 16, NESTED = 60, FAULTY = 4 };
#else
enum { BITS = 7, SAMPLES = 100, NESTED = 100, FAULTY = 2 };
#endif

/* One of each kind of structure and repair. */
static const char *const damages[] = {
	"inode_dir.block[0] zeroes", "super.magic zeroes", "group.inode_bitmap zeroes",
	"inode_root.mode zeroes", "dirent.inode ones", "inode_single.block[12] ones",
	"inode_file.size zeroes", "dx_count.limit ones", "xattr_entry.value_offs ones",
	"block_bitmap.byte zeroes", "inode_index.block[1] add", "dirent_dotdot.rec_len ones",
	"pointer_single.word ones", "super.blocks_count zeroes",
};
enum { DAMAGES = sizeof(damages) / sizeof(damages[0]) };

/* The first mutant of this name, damaged. */
static void damage(struct sweep *s, const char *name)
{
	for (size_t n = 0; n < s->mutant_count; n++) {
		char label[120];
		uint64_t at;
		uint32_t len;

		sweep_label(&s->mutants[n], label, sizeof(label));
		if (strncmp(label, name, strlen(name)) == 0 && label[strlen(name)] == ' ' &&
		    sweep_damage(s, &s->mutants[n], &at, &len))
			return;
	}
	cr_fatal("no mutant %s", name);
}

static struct e2_sim *make_host(const struct ram *image)
{
	struct e2_sim *sim;
	struct e2_io *io;

	cr_assert_eq(e2_sim_new(&sim), 0);
	cr_assert_eq(e2_sim_env(sim)->ops->create_excl(e2_sim_env(sim), path, 0644, &io), 0);
	cr_assert_eq(e2_io_resize(io, image->size), 0);
	cr_assert_eq(e2_io_write(io, 0, image->size, image->bytes), 0);
	cr_assert_eq(e2_io_close(io), 0);
	cr_assert_eq(e2_sim_settle(sim), 0);
	return sim;
}

/* What extant-fsck -y does; *fixed may be NULL.  *left: errors that it says it leaves. */
static int repair(struct e2_env *env, uint64_t *fixed, uint64_t *left)
{
	const struct e2_open_options open = { .flags = E2_OPEN_WRITE, .cache_bytes = 1 << 20 };
	const struct e2_repair_options options = { .check = { .no_read_ahead = true } };
	struct e2_report *report;
	int err = e2_repair_image(env, path, &open, &options, &report);

	if (err != 0)
		return err;
	if (fixed != NULL)
		*fixed = e2_report_fixed(report);
	*left = e2_report_left(report);
	err = e2_report_commit(report);
	e2_report_free(report);
	return err;
}

/* The next repair completes a commit, or drops it, before it looks at anything. */
static int recover(struct e2_env *env, const char *image)
{
	const struct e2_open_options open = { .flags = E2_OPEN_WRITE, .cache_bytes = 1 << 20 };
	const struct e2_repair_options options = { .check = { .no_read_ahead = true } };
	struct e2_report *report;
	int err = e2_repair_image(env, image, &open, &options, &report);

	if (err == 0)
		e2_report_free(report);
	return err;
}

static bool is_guarded(const uint8_t *image)
{
	const uint8_t *super = image + E2_SUPER_OFFSET;

	return e2_super_get_feature_incompat(super) & E2_FEATURE_extant_commit &&
	       !(e2_super_get_state(super) & E2_STATE_CLEAN);
}

static void must_be_sound(const char *name, const uint8_t *bytes, uint64_t size)
{
	struct ram image = { .bytes = (uint8_t *)(uintptr_t)bytes, .size = size };
	struct e2_report *report;

	cr_assert_eq(e2_check_image(ram_open(&image, false), NULL, &report), 0);
	cr_assert_eq(e2_report_errors(report), 0, "%s leaves errors", name);
	e2_report_free(report);
}

/* ---- power cuts ------------------------------------------------------------------ */

static void cut_repair(struct sweep *s, const char *name, struct crash_figures *f)
{
	struct crash_case c = {
		.name = name, .path = path, .bits = BITS, .samples = SAMPLES, .nested = NESTED,
		.recover = recover, .is_guarded = is_guarded, .block_size = s->image.block_size,
	};
	uint8_t *before, *after, *is_free;
	uint64_t fixed = 0, left = 0;

	damage(s, name);
	c.sim = make_host(&s->bad);
	before = crash_bytes(c.sim, path, &c.size);
	is_free = calloc(1, c.size / c.block_size + 1);
	e2_sim_split(c.sim);
	c.from = e2_sim_events(c.sim);
	cr_assert_eq(repair(e2_sim_env(c.sim), &fixed, &left), 0, "%s: %s", name, e2_err_detail());
	cr_assert_neq(fixed, 0u, "%s", name);
	cr_assert_eq(left, 0u, "%s", name);
	after = crash_bytes(c.sim, path, &c.size);
	must_be_sound(name, after, c.size);
	for (uint64_t b = 0; b < c.size / c.block_size; b++)	/* nobody's before */
		is_free[b] = s->reader.groups != 0 && !reader_uses(&s->reader, (uint32_t)b);
	c.before = before;
	c.after = after;
	c.is_free = is_free;
	crash_sweep(&c, f);
	free(before);
	free(after);
	free(is_free);
	e2_sim_free(c.sim);
}

static void cut_repairs(enum sweep_volume volume, size_t first)
{
	struct crash_figures f = { .states = 0 };
	struct sweep s;

	sweep_begin(&s, volume, false);
	for (size_t i = first; i < DAMAGES; i += 2)
		cut_repair(&s, damages[i], &f);
	printf("figure: crash: repairs of %s: %zu states (%zu cut again in recovery), %zu as "
	       "before, %zu as after, %zu bad; %zu were half applied and said so\n", s.name,
	       f.states, f.nested, f.before, f.after, f.bad, f.guarded);
	sweep_end(&s);
	cr_assert_eq(f.bad, 0, "%zu bad: %s", f.bad, f.first);
	cr_assert(f.before && f.after && f.guarded);
}

E2_TEST(repair_crash, cut_everywhere)
{
	cut_repairs(SWEEP_GROUPS, 0);
}

E2_TEST(repair_crash, cut_everywhere_too)
{
	cut_repairs(SWEEP_GROUPS, 1);
}

/* ---- failures ---------------------------------------------------------------------- */

static bool is_before(struct sweep *s, struct e2_sim *sim)
{
	const uint8_t *image;
	uint64_t size;

	cr_assert(e2_sim_file(sim, path, &image, &size));
	if (size != s->bad.size)
		return false;
	for (uint64_t b = 0; b < size / s->image.block_size; b++)
		if (reader_uses(&s->reader, (uint32_t)b) &&
		    memcmp(image + b * s->image.block_size, s->bad.bytes + b * s->image.block_size,
			   s->image.block_size) != 0)
			return false;
	return true;
}

static void must_be_sound_sim(const char *name, struct e2_sim *sim)
{
	const uint8_t *image;
	uint64_t size;

	cr_assert(e2_sim_file(sim, path, &image, &size));
	must_be_sound(name, image, size);
}

/* Lets the n-th operation of a kind fail, for every n that is reached. */
static size_t fail_host(struct sweep *s, const char *name, unsigned kinds, bool for_ever)
{
	size_t n = 0;
	bool reached = true;

	while (reached) {
		struct e2_sim *sim = make_host(&s->bad);
		uint64_t left = 0;
		int err;

		e2_sim_fail(sim, kinds, ++n, for_ever, E2_ERR_IO);
		err = repair(e2_sim_env(sim), NULL, &left);
		reached = e2_sim_count(sim, kinds) >= n;
		e2_sim_fail(sim, 0, 0, false, 0);
		cr_assert(err == 0 || err == E2_ERR_IO || reached, "%s, %u %zu: %s", name, kinds, n,
			  e2_err_detail());
		if (recover(e2_sim_env(sim), path) != 0)
			cr_fatal("%s, %u %zu: %s", name, kinds, n, e2_err_detail());
		if (err != 0 && !is_before(s, sim))
			must_be_sound_sim(name, sim);
		/* What could not be read is a finding, and may be left. */
		if (err == 0 && left == 0 && (kinds & E2_SIM_READ) == 0)
			must_be_sound_sim(name, sim);
		e2_sim_free(sim);
	}
	return n - 1;
}

static size_t fail_memory(struct sweep *s, const char *name)
{
	bool reached = true;
	size_t n = 0;

	while (reached) {
		struct e2_sim *sim = make_host(&s->bad);
		uint64_t left = 0;
		int err;

		alloc_fail(++n);
		err = repair(e2_sim_env(sim), NULL, &left);
		reached = alloc_count() >= n;
		alloc_fail(0);
		cr_assert(err == 0 || reached, "%s, %zu: %s", name, n, e2_err_detail());
		cr_assert_eq(recover(e2_sim_env(sim), path), 0);
		/* A repair that found no memory may be left undone, and says so. */
		if (err == 0 ? left == 0 : !is_before(s, sim))
			must_be_sound_sim(name, sim);
		e2_sim_free(sim);
	}
	return n - 1;
}

static void fail_repairs(size_t first)
{
	static const unsigned kinds[] = {
		E2_SIM_READ, E2_SIM_WRITE, E2_SIM_SYNC | E2_SIM_SYNC_DIR,
		E2_SIM_OPEN | E2_SIM_CREATE | E2_SIM_NAME | E2_SIM_RESIZE | E2_SIM_LOCK,
	};
	size_t host = 0, memory = 0;
	struct sweep s;

	sweep_begin(&s, SWEEP_SINGLE, false);
	for (size_t i = first; i < DAMAGES; i += FAULTY) {
		if (strncmp(damages[i], "super.", 6) == 0 || strstr(damages[i], "triple") != NULL)
			continue;	/* no copy in this volume */
		damage(&s, damages[i]);
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			for (int for_ever = 0; for_ever < 2; for_ever++)
				host += fail_host(&s, damages[i], kinds[k], for_ever);
		memory += fail_memory(&s, damages[i]);
	}
	printf("figure: faults: repairs: %zu failures of the host, %zu of memory\n", host, memory);
	sweep_end(&s);
}

E2_TEST(repair_crash, failures)
{
	fail_repairs(0);
}

E2_TEST(repair_crash, failures_too)
{
	fail_repairs(FAULTY / 2);
}
