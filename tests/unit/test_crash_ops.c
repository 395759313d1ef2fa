/* SPDX-License-Identifier: MIT */
/*
 * Every operation of the library, cut at every event of its commit: the image is recovered by
 * opening it, as every program does, to what it was or to what it was to become.
 */
#include "e2test.h"

#include "change_ops.h"
#include "check/check.h"
#include "crash.h"
#include "disk/access.h"
#include "tree/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char path[] = "d/a.img";
static const char undo_path[] = "d/a.undo";

/* Sanitizers make everything slow. */
#ifdef __SANITIZE_ADDRESS__
enum { BITS = 6, SAMPLES = 24, NESTED = 40 };
#else
enum { BITS = 10, SAMPLES = 400, NESTED = 100 };
#endif

static struct e2_open_options writing(bool undo)
{
	return (struct e2_open_options){
		.flags = E2_OPEN_WRITE, .cache_bytes = 1 << 20,
		.undo_path = undo ? undo_path : NULL,
	};
}

static int recover(struct e2_env *env, const char *image)
{
	const struct e2_open_options options = writing(false);
	struct e2_fs *fs;
	int err = e2_open_image(env, image, &options, &fs);

	return err ? err : e2_close(fs);
}

/* Neither kernel nor e2fsck takes an image for good that bears this feature. */
static bool is_guarded(const uint8_t *image)
{
	const uint8_t *super = image + E2_SUPER_OFFSET;

	return e2_super_get_feature_incompat(super) & E2_FEATURE_extant_commit &&
	       !(e2_super_get_state(super) & E2_STATE_CLEAN);
}

/* A byte for each block: whether it is free in an image. */
static uint8_t *find_free(const uint8_t *bytes, uint64_t size, uint32_t *block_size)
{
	struct e2_io *io;
	struct e2_fs *fs;

	cr_assert_eq(e2_io_open_mem(size, &io), 0);
	cr_assert_eq(e2_io_write(io, 0, (size_t)size, bytes), 0);
	cr_assert_eq(e2_open(io, NULL, &fs), 0, "%s", e2_err_detail());
	const struct e2_geometry *g = e2_geometry(fs);
	uint8_t *is_free = calloc(1, (size_t)(size / g->block_size) + 1);
	cr_assert(is_free != NULL);
	for (e2_blk blk = g->first_data_block; blk < g->blocks; blk++) {
		bool used;

		cr_assert_eq(e2_block_used(fs, blk, &used), 0);
		is_free[blk] = !used;
	}
	*block_size = g->block_size;
	cr_assert_eq(e2_close(fs), 0);
	return is_free;
}

/* Whether an operation damages on purpose. */
static bool damages(const char *name)
{
	for (size_t i = 0; change_op_at(i); i++)
		if (strcmp(change_op_at(i)->name, name) == 0)
			return change_op_at(i)->damages;
	return false;
}

static void must_be_sound(const char *name, const uint8_t *bytes, uint64_t size)
{
	struct e2_report *report;
	struct e2_io *io;

	if (damages(name))
		return;
	cr_assert_eq(e2_io_open_mem(size, &io), 0);
	cr_assert_eq(e2_io_write(io, 0, (size_t)size, bytes), 0);
	cr_assert_eq(e2_check_image(io, &(struct e2_check_options){ .now = 1 }, &report), 0);
	cr_assert_eq(e2_report_errors(report), 0, "%s leaves errors", name);
	e2_report_free(report);
}

/* What is done in one commit; may be a change that is taken back. */
struct deed {
	const char *name;
	int (*run)(struct e2_txn *txn);	/* or: */
	uint64_t take_back;		/* so many commits by the undo file */
};

static int do_deed(struct e2_fs *fs, const struct deed *d)
{
	struct e2_undo *undo = NULL;
	struct e2_txn *txn;
	int err = d->take_back ? e2_fs_undo(fs, &undo) : 0;

	if (!err)
		err = e2_txn_begin(fs, false, &txn);
	if (err)
		return err;
	err = d->take_back ? e2_undo_apply(undo, txn, d->take_back) : d->run(txn);
	if (err) {
		e2_txn_abort(txn);
		return err;
	}
	err = e2_txn_commit(txn);
	return err || !d->take_back ? err : e2_undo_drop(undo, d->take_back);
}

struct undo_case {
	const struct deed *deeds;	/* all: the last is cut */
	size_t count;
	const uint8_t *first;		/* before all of them, and what was free then */
	const uint8_t *is_free;
	uint64_t size;
	uint32_t block_size;
};

/* How many commits the undo file holds after the first n deeds. */
static uint64_t recorded(const struct deed *deeds, size_t n)
{
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++)
		count = deeds[i].take_back ? count - deeds[i].take_back : count + 1;
	return count;
}

/* The undo file knows which commits are in force and takes them all back. */
static bool undo_holds(void *context, struct e2_sim *sim, bool done)
{
	const struct undo_case *u = context;
	const struct e2_open_options options = writing(true);
	uint64_t want = recorded(u->deeds, u->count - !done), size;
	const struct deed back = { .name = "take all back", .take_back = want };
	struct e2_undo *undo;
	const uint8_t *image;
	struct e2_fs *fs;
	bool good;

	if (e2_open_image(e2_sim_env(sim), path, &options, &fs) != 0)
		return false;
	good = e2_fs_undo(fs, &undo) == 0 && e2_undo_count(undo) == want &&
	       (want == 0 || do_deed(fs, &back) == 0);
	good = e2_close(fs) == 0 && good;
	cr_assert(e2_sim_file(sim, path, &image, &size));
	for (uint64_t b = 0; good && b < size / u->block_size; b++)
		good = u->is_free[b] || memcmp(image + b * u->block_size, u->first +
					       b * u->block_size, u->block_size) == 0;
	return good;
}

/* Does all deeds on a copy of the image and cuts the commit of the last one everywhere. */
static void cut_deeds(struct img *img, const struct deed *deeds, size_t count, bool undo,
		      struct crash_figures *f)
{
	const struct e2_open_options options = writing(undo);
	const struct e2_time now = change_ops_now();
	struct undo_case u = { .deeds = deeds, .count = count };
	struct crash_case c = {
		.name = deeds[count - 1].name, .path = path, .bits = BITS, .samples = SAMPLES,
		.nested = NESTED, .recover = recover, .is_guarded = is_guarded,
		.also = undo ? undo_holds : NULL, .context = &u,
	};
	uint8_t *first, *before, *after, *first_free, *before_free;
	struct e2_sim *sim;
	struct e2_fs *fs;

	img_to_sim(img, &sim, path);
	cr_assert_eq(e2_sim_settle(sim), 0);
	c.sim = sim;
	first = crash_bytes(sim, path, &c.size);
	first_free = find_free(first, c.size, &c.block_size);
	cr_assert_eq(e2_open_image(e2_sim_env(sim), path, &options, &fs), 0, "%s",
		     e2_err_detail());
	e2_fs_set_clock(fs, &now);
	for (size_t i = 0; i + 1 < count; i++)
		cr_assert_eq(do_deed(fs, &deeds[i]), 0, "%s: %s", deeds[i].name, e2_err_detail());
	before = crash_bytes(sim, path, &c.size);
	before_free = find_free(before, c.size, &c.block_size);
	e2_sim_split(sim);
	c.from = e2_sim_events(sim);
	cr_assert_eq(do_deed(fs, &deeds[count - 1]), 0, "%s: %s", deeds[count - 1].name,
		     e2_err_detail());
	cr_assert_eq(e2_close(fs), 0);
	after = crash_bytes(sim, path, &c.size);
	must_be_sound(deeds[count - 1].name, after, c.size);
	c.before = before;
	c.after = after;
	c.is_free = before_free;
	u.first = first;
	u.is_free = first_free;
	u.size = c.size;
	u.block_size = c.block_size;
	crash_sweep(&c, f);
	free(first);
	free(before);
	free(after);
	free(first_free);
	free(before_free);
	e2_sim_free(sim);
}

static void say(const char *what, size_t ops, const struct crash_figures *f)
{
	printf("figure: crash: %s: %zu operations, %zu states (%zu cut again in recovery), %zu as "
	       "before, %zu as after, %zu bad; %zu were half applied and said so\n", what, ops,
	       f->states, f->nested, f->before, f->after, f->bad, f->guarded);
	cr_assert_eq(f->bad, 0, "%zu bad: %s", f->bad, f->first);
	cr_assert(f->before && f->after && f->guarded);
}

/* Every n-th operation. */
static void cut_ops(const char *what, size_t from, size_t step, bool undo)
{
	struct crash_figures f = { .states = 0 };
	size_t ops = 0;
	struct img img;

	change_ops_image(&img);
	for (size_t i = from; change_op_at(i); i += step, ops++) {
		const struct deed deed = { change_op_at(i)->name, change_op_at(i)->run, 0 };

		cut_deeds(&img, &deed, 1, undo, &f);
	}
	img_free(&img);
	say(what, ops, &f);
}

E2_TEST(crash_ops, first_half)
{
	cut_ops("every second operation", 0, 2, false);
}

E2_TEST(crash_ops, second_half)
{
	cut_ops("the others", 1, 2, false);
}

E2_TEST(crash_ops, with_an_undo_file)
{
	cut_ops("some with an undo file", 0, 3, true);
}

/* ---- changes taken back ---------------------------------------------------------- */

#define DO(op) { op, change_op_named(op)->run, 0 }
#define TAKE_BACK(n) { "take back", NULL, n }

E2_TEST(crash_ops, taking_back_is_atomic_too)
{
	struct crash_figures f = { .states = 0 };
	const struct deed one[] = { DO("remove_tree"), TAKE_BACK(1) };
	/* What the first frees the second uses: taking both back needs what it held. */
	const struct deed all[] = {
		DO("unlink_big"), DO("write_much"), DO("create_in_full"), TAKE_BACK(3),
	};
	const struct deed again[] = {
		DO("rename_over_file"), DO("exchange"), TAKE_BACK(1), DO("make_directory"),
	};
	const struct deed anew[] = { DO("unlink_big"), TAKE_BACK(1), DO("remove_tree") };
	const struct deed reuse[] = { DO("unlink_big"), DO("write_much") };
	struct img img;

	change_ops_image(&img);
	cut_deeds(&img, one, 2, true, &f);
	cut_deeds(&img, all, 4, true, &f);
	cut_deeds(&img, again, 4, true, &f);
	cut_deeds(&img, anew, 3, true, &f);
	cut_deeds(&img, reuse, 2, true, &f);
	img_free(&img);
	say("changes taken back", 5, &f);
}

/* ---- other volumes --------------------------------------------------------------- */

static e2_ino find(struct e2_txn *txn, const char *name)
{
	e2_ino ino;

	cr_assert_eq(e2_dir_lookup(e2_txn_fs(txn), E2_INO_ROOT, name, strlen(name), &ino), 0);
	return ino;
}

static int make(struct e2_txn *txn, const char *name, uint32_t mode)
{
	const struct e2_new what = { .mode = mode };
	e2_ino ino;

	return e2_create(txn, E2_INO_ROOT, name, strlen(name), &what, &ino);
}

static int make_several(struct e2_txn *txn)
{
	int err = make(txn, "file", E2_S_IFREG | 0644);

	if (!err)
		err = make(txn, "dir", E2_S_IFDIR | 0755);
	return err ? err : e2_link(txn, E2_INO_ROOT, "other", 5, find(txn, "file"));
}

static int fill_file(struct e2_txn *txn)
{
	e2_ino ino = find(txn, "file");
	struct e2_inode in;
	char *data = malloc(70000);
	int err = e2_inode_get(e2_txn_fs(txn), ino, &in);

	cr_assert(data != NULL);
	memset(data, 'z', 70000);
	if (!err)
		err = e2_write(txn, ino, &in, 3, 70000, data);
	if (!err)
		err = e2_inode_put(txn, ino, &in);
	free(data);
	return err;
}

static int cut_file(struct e2_txn *txn)
{
	e2_ino ino = find(txn, "file");
	struct e2_inode in;
	int err = e2_inode_get(e2_txn_fs(txn), ino, &in);

	if (!err)
		err = e2_truncate(txn, ino, &in, 20000);
	return err ? err : e2_inode_put(txn, ino, &in);
}

static int replace_file(struct e2_txn *txn)
{
	int err = make(txn, "fresh", E2_S_IFREG | 0600);

	return err ? err : e2_rename(txn, E2_INO_ROOT, "fresh", 5, E2_INO_ROOT, "file", 4, 0);
}

static int remove_all(struct e2_txn *txn)
{
	uint64_t removed;
	int err = e2_remove_tree(txn, E2_INO_ROOT, "dir", 3, &removed);

	if (!err)
		err = e2_unlink(txn, E2_INO_ROOT, "file", 4);
	return err ? err : e2_unlink(txn, E2_INO_ROOT, "other", 5);
}

/* Each of these after those before it. */
E2_TEST(crash_ops, other_volumes)
{
	static const struct img_options volumes[] = {
		{ .block_size = 4096, .blocks = 100, .inode_size = 128,
		  .incompat = E2_FEATURE_filetype },
		{ .block_size = 1024, .blocks = 300, .revision_0 = true },
		{ .block_size = 2048, .blocks = 200, .incompat = E2_FEATURE_filetype,
		  .ro_compat = E2_FEATURE_sparse_super, .blocks_per_group = 128 },
	};
	static const struct deed deeds[] = {
		{ "make several", make_several, 0 }, { "fill a file", fill_file, 0 },
		{ "cut a file", cut_file, 0 }, { "replace a file", replace_file, 0 },
		{ "remove all", remove_all, 0 },
	};
	struct crash_figures f = { .states = 0 };
	size_t ops = 0;

	for (size_t v = 0; v < sizeof(volumes) / sizeof(volumes[0]); v++) {
		struct img img;

		img_new(&img, &volumes[v]);
		for (size_t n = 1; n <= sizeof(deeds) / sizeof(deeds[0]); n++, ops++)
			cut_deeds(&img, deeds, n, v == 0, &f);
		img_free(&img);
	}
	say("other volumes", ops, &f);
}
