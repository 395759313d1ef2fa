/* SPDX-License-Identifier: MIT */
/* Undo files: gone on with only where they fit; what they take back; what is wrong with them. */
#include "e2test.h"

#include "cache/undo_file.h"
#include "change_ops.h"
#include "random.h"
#include "vol/write.h"

#include <stdlib.h>
#include <string.h>

static const char path[] = "d/a.img";
static const char undo_path[] = "d/a.undo";

struct session {
	struct e2_sim *sim;
	struct e2_fs *fs;
	struct e2_undo *undo;
};

static int session_open(struct session *s, const char *undo)
{
	const struct e2_open_options options = {
		.flags = E2_OPEN_WRITE, .cache_bytes = 1 << 20, .undo_path = undo,
	};
	int err = e2_open_image(e2_sim_env(s->sim), path, &options, &s->fs);

	cr_assert_eq(err, 0, "%s", e2_err_detail());
	err = e2_fs_undo(s->fs, &s->undo);
	if (err)
		cr_assert_eq(e2_close(s->fs), 0);
	return err;
}

static void session_begin(struct session *s, const char *undo)
{
	struct img img;

	change_ops_image(&img);
	img_to_sim(&img, &s->sim, path);
	img_free(&img);
	cr_assert_eq(session_open(s, undo), 0);
}

static void session_end(struct session *s)
{
	cr_assert_eq(e2_close(s->fs), 0);
	e2_sim_free(s->sim);
}

static int commit_op(struct session *s, const char *name)
{
	struct e2_txn *txn;
	size_t i = 0;
	int err = e2_txn_begin(s->fs, false, &txn);

	while (change_op_at(i) && strcmp(change_op_at(i)->name, name) != 0)
		i++;
	cr_assert(change_op_at(i) != NULL, "%s", name);
	cr_assert_eq(err, 0);
	err = change_op_at(i)->run(txn);
	if (err) {
		e2_txn_abort(txn);
		return err;
	}
	return e2_txn_commit(txn);
}

static int take_back(struct session *s, uint64_t count)
{
	struct e2_txn *txn;
	int err = e2_txn_begin(s->fs, false, &txn);

	if (err)
		return err;
	err = e2_undo_apply(s->undo, txn, count);
	if (err) {
		e2_txn_abort(txn);
		return err;
	}
	err = e2_txn_commit(txn);
	return err ? err : e2_undo_drop(s->undo, count);
}

struct copy {
	uint8_t *bytes;
	uint8_t *is_free;		/* a byte for each block */
	uint64_t size;
	uint32_t block_size;
};

static void copy_take(struct session *s, struct copy *c)
{
	const struct e2_geometry *g = e2_geometry(s->fs);
	const uint8_t *data;

	cr_assert(e2_sim_file(s->sim, path, &data, &c->size));
	c->block_size = g->block_size;
	c->bytes = malloc((size_t)c->size);
	c->is_free = calloc(1, (size_t)g->blocks);
	cr_assert(c->bytes != NULL);
	cr_assert(c->is_free != NULL);
	memcpy(c->bytes, data, (size_t)c->size);
	for (e2_blk blk = g->first_data_block; blk < g->blocks; blk++) {
		bool used;

		cr_assert_eq(e2_block_used(s->fs, blk, &used), 0);
		c->is_free[blk] = !used;
	}
}

static bool copy_same(struct session *s, const struct copy *c)
{
	const uint8_t *data;
	uint64_t size;

	cr_assert(e2_sim_file(s->sim, path, &data, &size));
	for (uint64_t at = 0; at < size; at++) {
		if (data[at] != c->bytes[at] && !c->is_free[at / c->block_size])
			return false;
	}
	return size == c->size;
}

static void copy_free(struct copy *c)
{
	free(c->bytes);
	free(c->is_free);
}

/* Any way forth and back: each state that is gone back to is as it was. */
static void wander(const char *undo_file, uint64_t seed)
{
	enum { STEPS = 60, DEEPEST = 30 };
	struct copy states[DEEPEST + 1];
	struct session s;
	size_t depth = 0, ops = 0;

	while (change_op_at(ops))
		ops++;
	session_begin(&s, undo_file);
	copy_take(&s, &states[0]);
	for (int step = 0; step < STEPS; step++) {
		if (depth > 0 && (depth == DEEPEST || random_next(&seed) % 4 == 0)) {
			uint64_t back = 1 + random_next(&seed) % depth;

			cr_assert_eq(take_back(&s, back), 0, "%s", e2_err_detail());
			for (; back > 0; back--)
				copy_free(&states[depth--]);
			cr_assert(copy_same(&s, &states[depth]), "step %d, back to %d", step,
				  (int)depth);
		} else if (commit_op(&s, change_op_at(random_next(&seed) % ops)->name) == 0 &&
			   e2_undo_count(s.undo) != depth) {	/* it changed something */
			copy_take(&s, &states[++depth]);
		}
		cr_assert_eq(e2_undo_count(s.undo), depth);
		if (undo_file && random_next(&seed) % 3 == 0) {
			cr_assert_eq(e2_close(s.fs), 0);
			cr_assert_eq(session_open(&s, undo_file), 0, "%s", e2_err_detail());
			cr_assert_eq(e2_undo_count(s.undo), depth);
		}
	}
	cr_assert_eq(take_back(&s, depth), 0);
	cr_assert(copy_same(&s, &states[0]));
	for (size_t i = 0; i <= depth; i++)
		copy_free(&states[i]);
	session_end(&s);
}

E2_TEST(cache_undo, any_way_forth_and_back)
{
	for (uint64_t seed = 1; seed <= 12; seed++)
		wander(seed % 2 ? undo_path : NULL, seed);
}

E2_TEST(cache_undo, not_more_than_there_is)
{
	struct session s;

	session_begin(&s, NULL);
	cr_assert_eq(commit_op(&s, "make_directory"), 0);
	cr_assert_eq(take_back(&s, 2), E2_ERR_NOENT);
	cr_assert_eq(e2_undo_drop(s.undo, 2), E2_ERR_NOENT);
	cr_assert_eq(take_back(&s, 0), 0);
	cr_assert_eq(take_back(&s, 1), 0);
	session_end(&s);
}

static void flip(struct session *s, const char *file, uint64_t at)
{
	struct e2_env *env = e2_sim_env(s->sim);
	struct e2_io *io;
	uint8_t byte;

	cr_assert_eq(env->ops->open(env, file, E2_IO_WRITE, &io), 0);
	cr_assert_eq(e2_io_read(io, at, 1, &byte), 0);
	byte ^= 0x10;
	cr_assert_eq(e2_io_write(io, at, 1, &byte), 0);
	cr_assert_eq(e2_io_close(io), 0);
}

/* Where the superblock was written last: every commit changes it. */
enum { WTIME = 1024 + 0x30 };

E2_TEST(cache_undo, an_image_that_others_changed_is_refused)
{
	struct session s;

	session_begin(&s, undo_path);
	cr_assert_eq(commit_op(&s, "make_directory"), 0);
	cr_assert_eq(commit_op(&s, "remove_tree"), 0);
	flip(&s, path, WTIME);
	cr_assert_eq(take_back(&s, 1), E2_ERR_CHANGED);
	cr_assert_eq(e2_close(s.fs), 0);
	cr_assert_eq(session_open(&s, undo_path), E2_ERR_EXIST);
	cr_assert_neq(strstr(e2_err_detail(), "block 1 "), NULL, "%s", e2_err_detail());
	flip(&s, path, WTIME);
	cr_assert_eq(session_open(&s, undo_path), 0);
	cr_assert_eq(e2_undo_count(s.undo), 2);
	session_end(&s);
}

E2_TEST(cache_undo, other_files_are_not_overwritten)
{
	static const char text[] = "remember the milk";
	const uint8_t *data;
	struct e2_io *io;
	struct session s;
	uint64_t size;

	session_begin(&s, NULL);
	cr_assert_eq(e2_close(s.fs), 0);
	struct e2_env *env = e2_sim_env(s.sim);
	cr_assert_eq(env->ops->create_excl(env, "d/notes", 0600, &io), 0);
	cr_assert_eq(e2_io_resize(io, sizeof(text)), 0);
	cr_assert_eq(e2_io_write(io, 0, sizeof(text), text), 0);
	cr_assert_eq(e2_io_close(io), 0);
	cr_assert_eq(session_open(&s, "d/notes"), E2_ERR_EXIST);
	cr_assert_eq(session_open(&s, path), E2_ERR_EXIST, "the image itself");
	cr_assert(e2_sim_file(s.sim, "d/notes", &data, &size));
	cr_assert_eq(size, sizeof(text));
	/* An empty file is one that mktemp made. */
	cr_assert_eq(env->ops->create_excl(env, "d/empty", 0600, &io), 0);
	cr_assert_eq(e2_io_close(io), 0);
	cr_assert_eq(session_open(&s, "d/empty"), 0);
	session_end(&s);
}

/* Without a commit no file comes to be. */
E2_TEST(cache_undo, the_first_commit_makes_the_file)
{
	const uint8_t *data;
	struct session s;
	uint64_t size;

	session_begin(&s, undo_path);
	cr_assert_not(e2_sim_file(s.sim, undo_path, &data, &size));
	cr_assert_eq(commit_op(&s, "make_directory"), 0);
	cr_assert(e2_sim_file(s.sim, undo_path, &data, &size));
	session_end(&s);
}

/* A record that is damaged ends the file: those before it are not in force, so it does not fit
 * the image; with the first header damaged it is no undo file. */
E2_TEST(cache_undo, damage_is_noticed)
{
	uint64_t second = 0, size;
	const uint8_t *data;
	struct session s;

	session_begin(&s, undo_path);
	cr_assert_eq(commit_op(&s, "make_directory"), 0);
	cr_assert(e2_sim_file(s.sim, undo_path, &data, &second));
	cr_assert_eq(commit_op(&s, "remove_tree"), 0);
	cr_assert(e2_sim_file(s.sim, undo_path, &data, &size));
	cr_assert_eq(e2_close(s.fs), 0);
	for (uint64_t at = 0; at < size; at += 97) {
		int err;

		flip(&s, undo_path, at);
		err = session_open(&s, undo_path);
		cr_assert_eq(err, E2_ERR_EXIST, "byte %d: %d", (int)at, err);
		flip(&s, undo_path, at);
	}
	cr_assert_eq(session_open(&s, undo_path), 0);
	cr_assert_eq(e2_undo_count(s.undo), 2);
	session_end(&s);
}

/* One that holds another image's changes is told from ours by size and place, or by content. */
E2_TEST(cache_undo, those_of_other_images_are_refused)
{
	struct session s;
	struct e2_io *io;

	session_begin(&s, undo_path);
	cr_assert_eq(commit_op(&s, "make_directory"), 0);
	cr_assert_eq(e2_close(s.fs), 0);
	struct e2_env *env = e2_sim_env(s.sim);
	cr_assert_eq(env->ops->open(env, path, E2_IO_WRITE, &io), 0);
	cr_assert_eq(e2_io_resize(io, io->size + 1024), 0);
	cr_assert_eq(e2_io_close(io), 0);
	cr_assert_eq(session_open(&s, undo_path), E2_ERR_EXIST);
	cr_assert_neq(strstr(e2_err_detail(), "another image"), NULL, "%s", e2_err_detail());
	e2_sim_free(s.sim);
}

/* Each operation of a commit with an undo file fails: the file still knows what is in force. */
E2_TEST(cache_undo, failures_leave_it_true)
{
	for (unsigned for_ever = 0; for_ever < 2; for_ever++) {
		for (uint64_t nth = 1;; nth++) {
			struct session s;
			struct copy before;
			bool reached;

			session_begin(&s, undo_path);
			copy_take(&s, &before);
			cr_assert_eq(commit_op(&s, "unlink_big"), 0);
			e2_sim_fail(s.sim, E2_SIM_ALL, nth, for_ever, E2_ERR_IO);
			int err = commit_op(&s, "write_much");
			reached = e2_sim_count(s.sim, E2_SIM_ALL) >= nth;
			e2_sim_fail(s.sim, 0, 0, false, 0);
			cr_assert(err == 0 || reached);
			cr_assert_eq(e2_close(s.fs), 0);
			cr_assert_eq(session_open(&s, undo_path), 0, "%d: %s", (int)nth,
				     e2_err_detail());
			uint64_t count = e2_undo_count(s.undo);
			cr_assert(err == 0 ? count == 2 : count == 1 || err == E2_ERR_DOUBT,
				  "%d: %d, %d commits", (int)nth, err, (int)count);
			cr_assert_eq(take_back(&s, count), 0, "%d: %s", (int)nth,
				     e2_err_detail());
			cr_assert(copy_same(&s, &before), "%d", (int)nth);
			copy_free(&before);
			session_end(&s);
			if (!reached)
				break;
			cr_assert_lt(nth, 500);
		}
	}
}
