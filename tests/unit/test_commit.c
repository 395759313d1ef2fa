/* SPDX-License-Identifier: MIT */
/* Commits that are refused or fail: the image keeps its bytes, and the next one works. */
#include "e2test.h"

#include "change_ops.h"

#include <stdlib.h>
#include <string.h>

static const char path[] = "d/a.img";
static const char log_path[] = "d/a.img.e2log";

static struct e2_fs *open_volume(struct e2_sim *sim)
{
	const struct e2_open_options options = { .flags = E2_OPEN_WRITE };
	struct e2_fs *fs;

	cr_assert_eq(e2_open_image(e2_sim_env(sim), path, &options, &fs), 0, "%s",
		     e2_err_detail());
	return fs;
}

static struct e2_sim *make_host(void)
{
	struct e2_sim *sim;
	struct img img;

	change_ops_image(&img);
	img_to_sim(&img, &sim, path);
	img_free(&img);
	return sim;
}

static int commit_op(struct e2_fs *fs, const char *name)
{
	struct e2_txn *txn;
	size_t i = 0;

	while (change_op_at(i) && strcmp(change_op_at(i)->name, name) != 0)
		i++;
	cr_assert(change_op_at(i) != NULL, "%s", name);
	cr_assert_eq(e2_txn_begin(fs, false, &txn), 0, "%s", e2_err_detail());
	cr_assert_eq(change_op_at(i)->run(txn), 0, "%s", e2_err_detail());
	return e2_txn_commit(txn);
}

/* Something else stands where the log must be; blocks that were free have been written by then,
 * which is no foreign change to the next commit. */
E2_TEST(cache_commit, a_name_that_is_taken)
{
	struct e2_sim *sim = make_host();
	struct e2_env *env = e2_sim_env(sim);
	struct e2_fs *fs = open_volume(sim);
	struct e2_io *io;

	cr_assert_eq(env->ops->create_excl(env, log_path, 0600, &io), 0);
	cr_assert_eq(e2_io_resize(io, 5), 0);
	cr_assert_eq(e2_io_write(io, 0, 5, "mine\n"), 0);
	cr_assert_eq(e2_io_close(io), 0);
	cr_assert_eq(commit_op(fs, "write_much"), E2_ERR_LOG);
	cr_assert_neq(strstr(e2_err_detail(), "not removed"), NULL, "%s", e2_err_detail());
	cr_assert_eq(env->ops->unlink(env, log_path), 0);
	cr_assert_eq(commit_op(fs, "write_much"), 0, "%s", e2_err_detail());
	cr_assert_eq(commit_op(fs, "make_directory"), 0, "%s", e2_err_detail());
	cr_assert_eq(e2_close(fs), 0);
	e2_sim_free(sim);
}

/* No room for the log: nothing is changed, and it is gone. */
E2_TEST(cache_commit, no_room_for_the_log)
{
	struct e2_sim *sim = make_host();
	struct e2_fs *fs = open_volume(sim);
	const uint8_t *data;
	uint64_t size;

	e2_sim_fail(sim, E2_SIM_RESIZE, 1, true, E2_ERR_NOSPC);
	cr_assert_eq(commit_op(fs, "set_mode"), E2_ERR_NOSPC);
	e2_sim_fail(sim, 0, 0, false, 0);
	cr_assert_not(e2_sim_file(sim, log_path, &data, &size));
	cr_assert_eq(commit_op(fs, "set_mode"), 0);
	cr_assert_eq(e2_close(fs), 0);
	e2_sim_free(sim);
}

/* A log that can neither be made durable nor be taken back: nobody knows. */
E2_TEST(cache_commit, a_log_that_cannot_be_taken_back_is_doubt)
{
	struct e2_sim *sim = make_host();
	struct e2_fs *fs = open_volume(sim);
	struct e2_txn *txn;

	e2_sim_fail(sim, E2_SIM_SYNC | E2_SIM_NAME, 1, true, E2_ERR_IO);
	cr_assert_eq(commit_op(fs, "set_mode"), E2_ERR_DOUBT);
	e2_sim_fail(sim, 0, 0, false, 0);
	cr_assert_neq(strstr(e2_err_detail(), "could not be taken back"), NULL, "%s",
		      e2_err_detail());
	cr_assert_eq(e2_txn_begin(fs, false, &txn), E2_ERR_DOUBT);
	cr_assert_eq(e2_close(fs), 0);
	fs = open_volume(sim);
	cr_assert_eq(commit_op(fs, "make_directory"), 0);
	cr_assert_eq(e2_close(fs), 0);
	e2_sim_free(sim);
}

/* One that can only not be unlinked means nothing, and is removed by the next commit. */
E2_TEST(cache_commit, a_log_that_stays_behind_means_nothing)
{
	struct e2_sim *sim = make_host();
	struct e2_fs *fs = open_volume(sim);
	const uint8_t *data;
	uint64_t size;

	e2_sim_fail(sim, E2_SIM_SYNC_DIR | E2_SIM_NAME, 1, true, E2_ERR_IO);
	cr_assert_eq(commit_op(fs, "set_mode"), E2_ERR_IO);
	e2_sim_fail(sim, 0, 0, false, 0);
	cr_assert_neq(strstr(e2_err_detail(), "means nothing"), NULL, "%s", e2_err_detail());
	cr_assert(e2_sim_file(sim, log_path, &data, &size));
	cr_assert_eq(commit_op(fs, "make_directory"), 0, "%s", e2_err_detail());
	cr_assert_not(e2_sim_file(sim, log_path, &data, &size));
	cr_assert_eq(e2_close(fs), 0);
	e2_sim_free(sim);
}

/* A change that changes nothing writes nothing: no log, no time of a write. */
E2_TEST(cache_commit, nothing_to_change)
{
	struct e2_sim *sim = make_host();
	struct e2_fs *fs = open_volume(sim);
	struct e2_txn *txn;

	cr_assert_eq(commit_op(fs, "make_directory"), 0);
	e2_sim_fail(sim, 0, 0, false, 0);
	cr_assert_eq(e2_txn_begin(fs, false, &txn), 0);
	cr_assert_eq(e2_txn_commit(txn), 0);
	cr_assert_eq(e2_sim_count(sim, E2_SIM_WRITE | E2_SIM_CREATE | E2_SIM_SYNC), 0);
	cr_assert_eq(e2_close(fs), 0);
	e2_sim_free(sim);
}
