/* SPDX-License-Identifier: MIT */
/* Logs that do not fit: what is wrong is told, and nothing is changed. */
#include "e2test.h"

#include "base/crc.h"
#include "base/endian.h"
#include "cache/pen.h"
#include "cache/redo.h"
#include "cache/redo_file.h"
#include "io/sim.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1024, BLOCKS = 8, BYTES = BLOCK * BLOCKS };

static const char image_path[] = "d/a.img";
static const char log_path[] = "d/a.img.e2log";

struct host {
	struct e2_sim *sim;
	struct e2_env *env;
	struct e2_image *image;
};

static void put_file(struct e2_env *env, const char *path, const void *data, size_t len)
{
	struct e2_io *io;

	if (env->ops->open(env, path, E2_IO_WRITE, &io) != 0)
		cr_assert_eq(env->ops->create_excl(env, path, 0600, &io), 0);
	cr_assert_eq(e2_io_resize(io, len), 0);
	cr_assert_eq(e2_io_write(io, 0, len, data), 0);
	cr_assert_eq(e2_io_close(io), 0);
}

/* An image of which every byte is 1. */
static void host_open(struct host *h)
{
	uint8_t bytes[BYTES];

	memset(bytes, 1, sizeof(bytes));
	cr_assert_eq(e2_sim_new(&h->sim), 0);
	h->env = e2_sim_env(h->sim);
	put_file(h->env, image_path, bytes, sizeof(bytes));
	cr_assert_eq(e2_image_open(h->env, image_path, E2_IMAGE_WRITE, &h->image), 0);
}

static void host_close(struct host *h)
{
	cr_assert_eq(e2_image_close(h->image), 0);
	e2_sim_free(h->sim);
}

static int read_new(void *context, e2_blk blk, uint64_t count, void *data)
{
	(void)context, (void)blk;
	memset(data, 2, (size_t)count * BLOCK);
	return 0;
}

static const struct e2_redo_head plain_head = {
	.block_size = BLOCK, .size = BYTES, .count = 3, .guards = true, .guard_offset = 512,
	.guarded = { 9 },
};

/* A log that makes blocks 0, 2 and 3 of twos. */
static void make_log(struct host *h, const struct e2_redo_head *head)
{
	static const e2_blk blk[3] = { 0, 2, 3 };
	uint8_t sector[E2_SECTOR];
	uint32_t before[6];
	const struct e2_redo_blocks blocks = { .blk = blk, .before = before, .read = read_new };
	struct e2_redo_log *log;

	memset(sector, 1, sizeof(sector));
	for (size_t i = 0; i < 6; i++)
		before[i] = e2_crc32(0, sector, sizeof(sector));
	cr_assert_eq(e2_redo_create(h->env, log_path, head, &blocks, &log), 0, "%s",
		     e2_err_detail());
	e2_redo_free(log);
}

static void set_image(struct host *h, uint64_t offset, uint8_t value)
{
	cr_assert_eq(e2_io_write(e2_image_io(h->image), offset, 1, &value), 0);
}

static int find(struct host *h, enum e2_redo_state *state)
{
	*state = 99;
	return e2_redo_find(h->image, log_path, state);
}

static bool has_log(struct host *h)
{
	const uint8_t *data;
	uint64_t size;

	return e2_sim_file(h->sim, log_path, &data, &size);
}

E2_TEST(cache_redo, a_pending_log_is_read_through_and_completed)
{
	enum e2_redo_state state;
	struct e2_io *through;
	uint8_t bytes[BYTES];
	struct host h;

	host_open(&h);
	cr_assert_eq(find(&h, &state), 0);
	cr_assert_eq(state, E2_REDO_NONE);
	cr_assert_eq(e2_redo_open_through(h.image, log_path, &through), E2_ERR_NOENT);
	make_log(&h, &plain_head);
	cr_assert_eq(find(&h, &state), 0, "%s", e2_err_detail());
	cr_assert_eq(state, E2_REDO_PENDING);
	cr_assert_eq(e2_redo_open_through(h.image, log_path, &through), 0);
	cr_assert_eq(through->size, BYTES);
	/* Any part, across what is logged and what is not. */
	for (uint64_t from = 0; from < BYTES; from += 300) {
		for (size_t len = 1; from + len <= BYTES; len += 777) {
			cr_assert_eq(e2_io_read(through, from, len, bytes), 0);
			for (size_t i = 0; i < len; i++) {
				uint64_t blk = (from + i) / BLOCK;

				cr_assert_eq(bytes[i], blk == 0 || blk == 2 || blk == 3 ? 2 : 1);
			}
		}
	}
	cr_assert_eq(e2_io_write(through, 0, 1, bytes), E2_ERR_ROFS);
	cr_assert_eq(e2_io_close(through), 0);
	for (int twice = 0; twice < 2; twice++) {
		cr_assert_eq(e2_redo_recover(h.image, log_path), 0);
		cr_assert_not(has_log(&h));
	}
	cr_assert_eq(e2_io_read(e2_image_io(h.image), 0, BYTES, bytes), 0);
	for (size_t i = 0; i < BYTES; i++)
		cr_assert_eq(bytes[i], i / BLOCK == 0 || i / BLOCK == 2 || i / BLOCK == 3 ? 2 : 1);
	host_close(&h);
}

/* Each sector may be as before or as after; the guarded one also guarded; nothing else. */
E2_TEST(cache_redo, sectors_of_other_content_are_refused)
{
	for (uint64_t sector = 0; sector < BYTES / E2_SECTOR; sector++) {
		bool logged = sector / 2 == 0 || sector / 2 == 2 || sector / 2 == 3;
		enum e2_redo_state state;
		struct host h;

		host_open(&h);
		make_log(&h, &plain_head);
		set_image(&h, sector * E2_SECTOR + 17, 7);
		cr_assert_eq(find(&h, &state), logged ? E2_ERR_LOG : 0, "sector %d", (int)sector);
		if (logged) {
			cr_assert_neq(strstr(e2_err_detail(), "d/a.img: block "), NULL, "%s",
				      e2_err_detail());
			cr_assert_neq(strstr(e2_err_detail(), "--discard-log"), NULL);
			cr_assert_eq(e2_redo_recover(h.image, log_path), E2_ERR_LOG);
			cr_assert(has_log(&h));
			cr_assert_eq(e2_redo_discard(h.image, log_path), 0);
			cr_assert_not(has_log(&h));
			cr_assert_eq(e2_redo_discard(h.image, log_path), E2_ERR_NOENT);
		}
		host_close(&h);
	}
}

E2_TEST(cache_redo, logs_of_another_image_are_refused)
{
	struct e2_redo_head head = plain_head;
	enum e2_redo_state state;
	struct host h;

	host_open(&h);
	head.offset = 4096;
	make_log(&h, &head);
	cr_assert_eq(find(&h, &state), E2_ERR_LOG);
	cr_assert_eq(e2_redo_discard(h.image, log_path), 0);
	head = plain_head;
	head.size = BYTES + BLOCK;
	make_log(&h, &head);
	cr_assert_eq(find(&h, &state), E2_ERR_LOG);
	host_close(&h);
}

E2_TEST(cache_redo, one_with_several_names_is_not_trusted)
{
	enum e2_redo_state state;
	struct e2_io *io;
	struct host h;

	host_open(&h);
	make_log(&h, &plain_head);
	cr_assert_eq(h.env->ops->open(h.env, log_path, E2_IO_WRITE, &io), 0);
	cr_assert_eq(h.env->ops->link_temp(h.env, io, "d/second"), 0);
	cr_assert_eq(e2_io_close(io), 0);
	cr_assert_eq(find(&h, &state), E2_ERR_LOG);
	cr_assert_neq(strstr(e2_err_detail(), "trusted"), NULL, "%s", e2_err_detail());
	host_close(&h);
}

/* One bit anywhere, or any other length: then it means nothing, and is removed. */
E2_TEST(cache_redo, damaged_logs_mean_nothing)
{
	const uint8_t *data;
	uint8_t *log;
	uint64_t size;
	struct host h;

	host_open(&h);
	make_log(&h, &plain_head);
	cr_assert(e2_sim_file(h.sim, log_path, &data, &size));
	log = malloc((size_t)size + 1);
	cr_assert(log != NULL);
	memcpy(log, data, (size_t)size);
	for (uint64_t at = 0; at < size; at += at < 1200 ? 1 : 61) {
		enum e2_redo_state state;
		int err;

		log[at] ^= 4;
		put_file(h.env, log_path, log, (size_t)size);
		log[at] ^= 4;
		cr_assert_eq(find(&h, &state), 0, "%s", e2_err_detail());
		cr_assert_eq(state, E2_REDO_NONE, "byte %d", (int)at);
		/* Without our mark it is somebody's file. */
		err = e2_redo_recover(h.image, log_path);
		cr_assert_eq(err, at < 8 ? E2_ERR_LOG : 0, "byte %d: %d", (int)at, err);
		cr_assert_eq(has_log(&h), at < 8);
	}
	for (uint64_t len = 0; len < size; len += 100) {
		enum e2_redo_state state;

		put_file(h.env, log_path, log, (size_t)len);
		cr_assert_eq(find(&h, &state), 0);
		cr_assert_eq(state, E2_REDO_NONE);
		cr_assert_eq(e2_redo_recover(h.image, log_path),
			     len > 0 && len < E2_SECTOR ? E2_ERR_LOG : 0);
	}
	free(log);
	host_close(&h);
}

/* Gives a log good checksums again. */
static void sum_log(uint8_t *log, uint64_t size)
{
	e2_put32(log + 72, e2_crc32(0, log + E2_SECTOR, (size_t)size - E2_SECTOR));
	e2_put32(log + 508, e2_crc32(0, log, 508));
}

/* Numbers that cannot be, under good checksums: no block outside the image is ever a target. */
E2_TEST(cache_redo, logs_that_lie_mean_nothing)
{
	static const struct {
		size_t at, len;
		uint64_t value;
	} lies[] = {
		{ 8, 4, 2 },			/* version */
		{ 12, 4, 1024 },		/* size of the header */
		{ 16, 4, 4096 },		/* of a sector */
		{ 20, 4, 0 }, { 20, 4, 256 }, { 20, 4, 1536 }, { 20, 4, 1 << 30 },
		{ 32, 8, 1024 },		/* size of the image: blocks lie past it */
		{ 40, 8, 2 }, { 40, 8, 4 }, { 40, 8, UINT64_MAX }, { 40, 8, 1 << 20 },
		{ 48, 8, 7168 },
		{ 48, 8, 513 }, { 48, 8, 1024 }, { 48, 8, UINT64_MAX - 1 },	/* guarded sector */
		{ 1024, 8, 2 }, { 1024, 8, BLOCKS }, { 1024, 8, UINT64_MAX },	/* first block */
		{ 1040, 8, 3 }, { 1040, 8, 0 },	/* second */
		{ 1056, 8, BLOCKS }, { 1056, 8, 2 },
	};
	const uint8_t *data;
	uint8_t *log;
	uint64_t size;
	struct host h;

	host_open(&h);
	make_log(&h, &plain_head);
	cr_assert(e2_sim_file(h.sim, log_path, &data, &size));
	log = malloc((size_t)size);
	cr_assert(log != NULL);
	cr_assert_eq(e2_redo_discard(h.image, log_path), 0);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		enum e2_redo_state state;

		make_log(&(struct host){ .env = h.env }, &plain_head);
		cr_assert(e2_sim_file(h.sim, log_path, &data, &size));
		memcpy(log, data, (size_t)size);
		if (lies[i].len == 4)
			e2_put32(log + lies[i].at, (uint32_t)lies[i].value);
		else
			e2_put64(log + lies[i].at, lies[i].value);
		sum_log(log, size);
		put_file(h.env, log_path, log, (size_t)size);
		cr_assert_eq(find(&h, &state), 0, "%d: %s", (int)i, e2_err_detail());
		cr_assert_eq(state, E2_REDO_NONE, "%d", (int)i);
		cr_assert_eq(e2_redo_recover(h.image, log_path), 0);
	}
	free(log);
	host_close(&h);
}

/* What somebody named as the log by mistake is not removed. */
E2_TEST(cache_redo, other_files_are_left_alone)
{
	static const uint8_t zeros[4096];
	struct host h;

	host_open(&h);
	put_file(h.env, "d/notes.txt", "remember the milk", 17);
	put_file(h.env, "d/other.img", zeros, sizeof(zeros));
	put_file(h.env, log_path, zeros, sizeof(zeros));
	cr_assert_eq(e2_redo_recover(h.image, "d/notes.txt"), E2_ERR_LOG);
	cr_assert_eq(e2_redo_discard(h.image, "d/notes.txt"), E2_ERR_LOG);
	cr_assert_eq(e2_redo_recover(h.image, "d/other.img"), E2_ERR_LOG);
	put_file(h.env, "d/l", zeros, sizeof(zeros));
	cr_assert_eq(e2_redo_recover(h.image, "d/l"), E2_ERR_LOG);
	cr_assert_eq(e2_redo_recover(h.image, log_path), 0);
	cr_assert_not(has_log(&h));
	cr_assert_eq(e2_sim_names(h.sim), 4);
	make_log(&h, &plain_head);
	cr_assert_eq(e2_redo_clear(h.env, log_path), E2_ERR_LOG);
	cr_assert(has_log(&h));
	host_close(&h);
}

/* Every operation fails once: told or without effect; the log is gone, or recovery completes it. */
E2_TEST(cache_redo, failures_are_told)
{
	for (uint64_t nth = 1;; nth++) {
		enum e2_redo_state state;
		struct host h;
		uint8_t bytes[BYTES];
		bool reached;

		host_open(&h);
		make_log(&h, &plain_head);
		e2_sim_fail(h.sim, E2_SIM_ALL, nth, false, E2_ERR_IO);
		int err = e2_redo_recover(h.image, log_path);
		reached = e2_sim_count(h.sim, E2_SIM_ALL) >= nth;
		e2_sim_fail(h.sim, 0, 0, false, 0);
		if (err == 0)
			cr_assert_eq(find(&h, &state), 0);
		cr_assert_eq(e2_redo_recover(h.image, log_path), 0, "%s", e2_err_detail());
		cr_assert_eq(e2_io_read(e2_image_io(h.image), 0, BYTES, bytes), 0);
		cr_assert_eq(bytes[0], 2);
		cr_assert_eq(bytes[4095], 2);
		host_close(&h);
		if (!reached)
			break;
		cr_assert_lt(nth, 200);
	}
}

/* Without a guarded sector every one is as before or as after; with one, the runs before it are
 * written as they are. */
E2_TEST(cache_redo, guards_elsewhere_or_nowhere)
{
	struct e2_redo_head head = plain_head;
	enum e2_redo_state state;
	uint8_t bytes[BYTES];
	struct host h;

	host_open(&h);
	head.guards = false;
	make_log(&h, &head);
	set_image(&h, 17, 7);
	cr_assert_eq(find(&h, &state), E2_ERR_LOG);
	set_image(&h, 17, 1);
	cr_assert_eq(e2_redo_recover(h.image, log_path), 0, "%s", e2_err_detail());
	head = plain_head;
	head.guard_offset = 3 * BLOCK;
	make_log(&h, &head);
	cr_assert_eq(e2_redo_recover(h.image, log_path), 0, "%s", e2_err_detail());
	cr_assert_eq(e2_io_read(e2_image_io(h.image), 0, BYTES, bytes), 0);
	for (size_t i = 0; i < BYTES; i++)
		cr_assert_eq(bytes[i], i / BLOCK == 0 || i / BLOCK == 2 || i / BLOCK == 3 ? 2 : 1);
	host_close(&h);
}

/* Whoever makes a new volume forgets our logs, and no other file. */
E2_TEST(cache_redo, forgotten_logs)
{
	static const char mark[] = "remember the milk";
	struct host h;

	host_open(&h);
	cr_assert_eq(e2_redo_forget(h.env, log_path), 0, "there is none");
	put_file(h.env, log_path, mark, sizeof(mark));
	cr_assert_eq(e2_redo_forget(h.env, log_path), 0);
	cr_assert(has_log(&h));
	put_file(h.env, log_path, mark, 0);
	cr_assert_eq(e2_redo_forget(h.env, log_path), 0);
	cr_assert_not(has_log(&h));
	for (uint64_t nth = 1;; nth++) {
		if (!has_log(&h))
			make_log(&h, &plain_head);
		e2_sim_fail(h.sim, E2_SIM_ALL, nth, false, E2_ERR_IO);
		int err = e2_redo_forget(h.env, log_path);
		bool reached = e2_sim_count(h.sim, E2_SIM_ALL) >= nth;
		e2_sim_fail(h.sim, 0, 0, false, 0);
		cr_assert(err == 0 || (reached && err == E2_ERR_IO));
		cr_assert(err != 0 || !has_log(&h));
		if (!reached)
			break;
	}
	host_close(&h);
}

/* A list of blocks that is longer than what is written at once. */
E2_TEST(cache_redo, an_index_that_cannot_be_written)
{
	enum { MANY = 90000 };
	e2_blk *blk = calloc(MANY, sizeof(*blk));
	uint32_t *before = calloc(MANY, sizeof(*before));
	const struct e2_redo_blocks blocks = { .blk = blk, .before = before, .read = read_new };
	const struct e2_redo_head head = {
		.block_size = E2_SECTOR, .size = (uint64_t)MANY * E2_SECTOR, .count = MANY,
	};
	struct e2_redo_log *log;
	struct host h;

	cr_assert(blk && before);
	host_open(&h);
	e2_sim_fail(h.sim, E2_SIM_WRITE, 1, false, E2_ERR_NOSPC);
	cr_assert_eq(e2_redo_create(h.env, log_path, &head, &blocks, &log), E2_ERR_NOSPC);
	e2_sim_fail(h.sim, 0, 0, false, 0);
	cr_assert_not(has_log(&h));
	host_close(&h);
	free(blk);
	free(before);
}

E2_TEST(cache_redo, zeros_that_cannot_be_written)
{
	struct e2_pen pen;
	struct e2_io *io;
	struct host h;

	host_open(&h);
	cr_assert_eq(h.env->ops->create_excl(h.env, log_path, 0600, &io), 0);
	cr_assert_eq(e2_io_resize(io, 2 * BLOCK), 0);
	cr_assert_eq(e2_pen_begin(&pen, io, 0, 2 * BLOCK, BLOCK), 0);
	memset(pen.buf, 1, pen.room);
	pen.used = pen.room - 100;
	e2_sim_fail(h.sim, E2_SIM_WRITE, 1, false, E2_ERR_NOSPC);
	cr_assert_eq(e2_pen_zeros(&pen, 101), E2_ERR_NOSPC);
	e2_sim_fail(h.sim, 0, 0, false, 0);
	e2_pen_end(&pen);
	cr_assert_eq(e2_io_close(io), 0);
	host_close(&h);
}
