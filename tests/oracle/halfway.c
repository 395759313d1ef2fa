/* SPDX-License-Identifier: MIT */
/*
 * Writes images as a power cut leaves them in the middle of a commit: half applied.
 *
 *	halfway DIRECTORY COUNT
 *
 * Makes DIRECTORY/NAME.img and NAME.img.e2log, COUNT of each operation.  The operations are
 * those of tests/change_ops.h, and some on a volume of revision 0.
 */
#include "change_ops.h"
#include "disk/access.h"
#include "random.h"
#include "tree/change.h"

#include <stdio.h>
#include <stdlib.h>

static const char path[] = "d/a.img";
static const char log_path[] = "d/a.img.e2log";

struct job {
	const char *directory;
	unsigned count, made;
	uint64_t random;
};

static int write_file(struct e2_sim *sim, const char *from, const char *name)
{
	const uint8_t *data;
	uint64_t size;
	FILE *f;
	int err;

	if (!e2_sim_file(sim, from, &data, &size))
		return 0;	/* there need not be a log */
	f = fopen(name, "wb");
	if (!f)
		return -1;
	err = fwrite(data, 1, (size_t)size, f) != (size_t)size;
	return fclose(f) != 0 || err ? -1 : 0;
}

static int keep(struct job *j, struct e2_sim *sim, const char *name)
{
	char image[300], log[320];

	snprintf(image, sizeof(image), "%s/%s-%u.img", j->directory, name, j->made++);
	snprintf(log, sizeof(log), "%s.e2log", image);
	return write_file(sim, path, image) || write_file(sim, log_path, log) ? -1 : 0;
}

/* Whether the image has begun to change and has not become what it is to be; that all other
 * states are as before is what tests/unit/test_crash_ops.c proves. */
static bool is_half(struct e2_sim *sim)
{
	const uint8_t *data;
	uint64_t size;

	return e2_sim_file(sim, path, &data, &size) &&
	       e2_super_get_feature_incompat(data + E2_SUPER_OFFSET) & E2_FEATURE_extant_commit;
}

/* Cuts a recording at random until so many states are half applied. */
static int cut(struct job *j, struct e2_sim *sim, size_t from, const char *name)
{
	size_t events = e2_sim_events(sim) - from;
	unsigned found = 0;
	int err = 0;

	for (unsigned tries = 0; !err && found < j->count && tries < 4000; tries++) {
		size_t at = from + (size_t)(random_next(&j->random) % (events + 1));
		struct e2_sim *state;

		if (e2_sim_crash(sim, at, random_next(&j->random), tries, false, &state, NULL))
			return -1;
		if (is_half(state)) {
			err = keep(j, state, name);
			found++;
		}
		e2_sim_free(state);
	}
	return err;
}

static int run(struct job *j, struct img *img, const char *name,
	       int (*op)(struct e2_txn *txn))
{
	const struct e2_open_options options = { .flags = E2_OPEN_WRITE, .cache_bytes = 1 << 20 };
	struct e2_txn *txn;
	struct e2_sim *sim;
	struct e2_fs *fs;
	size_t from;
	int err;

	img_to_sim(img, &sim, path);
	err = e2_sim_settle(sim);
	if (!err)
		err = e2_open_image(e2_sim_env(sim), path, &options, &fs);
	if (err)
		return err;
	e2_sim_split(sim);
	from = e2_sim_events(sim);
	err = e2_txn_begin(fs, false, &txn);
	if (!err)
		err = op(txn);
	if (!err)
		err = e2_txn_commit(txn);
	if (!err)
		err = e2_close(fs);
	if (!err)
		err = cut(j, sim, from, name);
	e2_sim_free(sim);
	return err;
}

static int make_directory(struct e2_txn *txn)
{
	const struct e2_new what = { .mode = E2_S_IFDIR | 0755 };
	e2_ino ino;

	return e2_create(txn, E2_INO_ROOT, "dir", 3, &what, &ino);
}

int main(int argc, char *argv[])
{
	struct job j = { .random = 1 };
	struct img img;
	int err = 0;

	if (argc != 3)
		return 2;
	j.directory = argv[1];
	j.count = (unsigned)strtoul(argv[2], NULL, 10);
	change_ops_image(&img);
	for (size_t i = 0; !err && change_op_at(i); i++)
		if (!change_op_at(i)->damages)	/* of which other judges would complain */
			err = run(&j, &img, change_op_at(i)->name, change_op_at(i)->run);
	img_free(&img);
	img_new(&img, &(struct img_options){ .blocks = 300, .revision_0 = true });
	for (int i = 0; !err && i < 5; i++)
		err = run(&j, &img, "revision_0", make_directory);
	img_free(&img);
	if (err)
		fprintf(stderr, "halfway: %s\n", e2_err_detail());
	else
		printf("%u\n", j.made);
	return err != 0;
}
