/* SPDX-License-Identifier: MIT */
/* An image held still for a reader of all its bytes. */
#include "alloc.h"
#include "e2test.h"

#include "cache/redo.h"
#include "cache/still.h"
#include "io/sim.h"

enum { SIZE = 8192 };

static struct e2_sim *make_sim(struct e2_env **env)
{
	struct e2_sim *sim;
	struct e2_io *io;
	char text[SIZE];

	memset(text, 'o', sizeof(text));
	cr_assert_eq(e2_sim_new(&sim), E2_OK);
	*env = e2_sim_env(sim);
	cr_assert_eq((*env)->ops->create_excl(*env, "d/a.img", 0644, &io), E2_OK);
	cr_assert_eq(e2_io_resize(io, SIZE), E2_OK);
	cr_assert_eq(e2_io_write(io, 0, SIZE, text), E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
	return sim;
}

E2_TEST(cache_still, commits_wait_until_it_is_closed)
{
	struct e2_env *env;
	struct e2_sim *sim = make_sim(&env);
	struct e2_image *writer;
	struct e2_io *io, *second;
	char c = 0;

	cr_assert_eq(e2_image_open(env, "d/a.img", E2_IMAGE_WRITE, &writer), E2_OK);
	cr_assert_eq(e2_still_open(env, "d/a.img", NULL, &io, NULL), E2_OK);
	cr_assert_eq(e2_still_open(env, "d/a.img@1024", NULL, &second, NULL), E2_OK);
	cr_assert_eq(io->size, SIZE);
	cr_assert_eq(second->size, SIZE - 1024);
	cr_assert_eq(e2_io_read(io, SIZE - 1, 1, &c), E2_OK);
	cr_assert_eq(c, 'o');
	cr_assert_eq(e2_io_write(io, 0, 1, "x"), E2_ERR_ROFS);
	cr_assert_eq(e2_image_lock(writer, E2_EXCLUSIVE, 0), E2_ERR_BUSY);
	cr_assert_eq(e2_io_close(second), E2_OK);
	cr_assert_eq(e2_image_lock(writer, E2_EXCLUSIVE, 0), E2_ERR_BUSY);
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(e2_image_lock(writer, E2_EXCLUSIVE, 0), E2_OK);
	cr_assert_eq(e2_still_open(env, "d/a.img", NULL, &io, NULL), E2_ERR_BUSY);
	cr_assert_eq(e2_image_close(writer), E2_OK);
	cr_assert_eq(e2_still_open(env, "d/none", NULL, &io, NULL), E2_ERR_NOENT);
	e2_sim_free(sim);
}

E2_TEST(cache_still, without_memory_or_reads_nothing_leaks)
{
	struct e2_env *env;
	struct e2_sim *sim = make_sim(&env);
	struct e2_io *io;
	int r = E2_ERR_NOMEM;

	for (uint64_t nth = 1; r; nth++) {
		alloc_fail(nth);
		r = e2_still_open(env, "d/a.img", NULL, &io, NULL);
		alloc_fail(0);
		cr_assert(r == E2_OK || r == E2_ERR_NOMEM, "%s", e2_err_detail());
	}
	cr_assert_eq(e2_io_close(io), E2_OK);
	r = E2_ERR_IO;
	for (uint64_t nth = 1; r; nth++) {
		e2_sim_fail(sim, E2_SIM_ALL, nth, false, E2_ERR_IO);
		r = e2_still_open(env, "d/a.img", NULL, &io, NULL);
		cr_assert(r == E2_OK || r == E2_ERR_IO, "%s", e2_err_detail());
	}
	e2_sim_fail(sim, 0, 0, false, E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_sim_free(sim);
}

static int look_device(struct e2_env *env, const char *path, struct e2_place *place)
{
	(void)env;
	*place = (struct e2_place){ .kind = E2_PLACE_DEVICE };
	e2_str_add(&place->path, path);
	return e2_str_status(&place->path);
}

/* What has no log of its own is read as it is; one that was named must be readable. */
E2_TEST(cache_still, images_without_a_log)
{
	struct e2_env *env;
	struct e2_sim *sim = make_sim(&env);
	const struct e2_env_ops *even = env->ops;
	struct e2_env_ops odd = *even;
	struct e2_io *io;
	bool pending;

	cr_assert_eq(e2_still_open(NULL, "/nonexistent/a.img", NULL, &io, NULL), E2_ERR_NOENT);
	odd.look = look_device;
	env->ops = &odd;
	cr_assert_eq(e2_still_open(env, "d/a.img", NULL, &io, &pending), E2_OK, "%s",
		     e2_err_detail());
	cr_assert_not(pending);
	cr_assert_eq(e2_io_close(io), E2_OK);
	env->ops = even;
	e2_sim_fail(sim, E2_SIM_OPEN, 2, false, E2_ERR_UNSUPPORTED);
	cr_assert_eq(e2_still_open(env, "d/a.img", "d/log", &io, NULL), E2_ERR_UNSUPPORTED);
	e2_sim_fail(sim, 0, 0, false, E2_OK);
	e2_sim_free(sim);
}
