/* SPDX-License-Identifier: MIT */
/*
 * filewrite IMAGE DIRECTORY SEED OPERATIONS
 *
 * Random writes, cuts, holes, new and removed files, in the root of a volume and in a
 * directory of the host, the same in both; every 50 a commit.  What a full volume refuses is not
 * done on the host.  Operations that fail otherwise end it.
 */
#include "e2.h"
#include "../random.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 12, PIECE_MAX = 300000 };

struct run {
	struct e2_fs *fs;
	struct e2_txn *txn;
	int dir;			/* of the host */
	uint64_t seed, reach;
	uint8_t data[PIECE_MAX];
	unsigned done, full;
};

static uint64_t below(struct run *r, uint64_t limit)
{
	return random_next(&r->seed) % limit;
}

static int host_failed(const char *what)
{
	perror(what);
	return E2_ERR_HOST;
}

/* The same change of the host's file; `which` as in change(). */
static int change_host(struct run *r, const char *name, unsigned which, uint64_t offset,
		       uint64_t len, uint64_t size)
{
	int err = 0, fd = openat(r->dir, name, O_RDWR | O_CREAT, 0644);

	if (fd < 0)
		return host_failed(name);
	if (which == 0) {
		err = ftruncate(fd, (off_t)offset);
	} else if (which == 1) {
		uint64_t end = offset + len < size ? offset + len : size;

		memset(r->data, 0, sizeof(r->data));
		while (!err && offset < end) {
			uint64_t n = end - offset < PIECE_MAX ? end - offset : PIECE_MAX;

			err = pwrite(fd, r->data, n, (off_t)offset) != (ssize_t)n;
			offset += n;
		}
	} else {
		err = pwrite(fd, r->data, len, (off_t)offset) != (ssize_t)len;
	}
	return close(fd) != 0 || err ? host_failed(name) : 0;
}

/* Makes the file where it is missing, and changes it. */
static int change(struct run *r, const char *name)
{
	unsigned which = (unsigned)below(r, 6);
	uint64_t offset = below(r, 3) ? below(r, 20000) : below(r, r->reach);
	uint64_t len = 1 + below(r, below(r, 2) ? 3000 : PIECE_MAX), size;
	struct e2_new what = { .mode = E2_S_IFREG | 0644 };
	struct e2_inode in;
	e2_ino ino;
	int err = e2_dir_lookup(r->fs, E2_INO_ROOT, name, strlen(name), &ino);

	if (err == E2_ERR_NOENT)
		err = e2_create(r->txn, E2_INO_ROOT, name, strlen(name), &what, &ino);
	if (!err)
		err = e2_inode_get(r->fs, ino, &in);
	if (err)
		return err;
	size = e2_inode_size(&in);
	if (which == 0)
		err = e2_truncate(r->txn, ino, &in, offset);
	else if (which == 1)
		err = e2_punch(r->txn, ino, &in, offset, len);
	else
		random_fill(r->data, len, &r->seed);
	if (which > 1)
		err = e2_write(r->txn, ino, &in, offset, len, r->data);
	if (!err)
		err = e2_inode_put(r->txn, ino, &in);
	return err ? err : change_host(r, name, which, offset, len, size);
}

static int step(struct run *r)
{
	char name[16];
	unsigned mark;

	snprintf(name, sizeof(name), "f%u", (unsigned)below(r, FILES));
	int err = e2_txn_mark(r->txn, &mark);
	if (err)
		return err;
	if (below(r, 12) == 0) {
		err = e2_unlink(r->txn, E2_INO_ROOT, name, strlen(name));
		if (!err && unlinkat(r->dir, name, 0) != 0)
			err = host_failed(name);
	} else {
		err = change(r, name);
	}
	err = e2_txn_end(r->txn, mark, err);
	r->full += err == E2_ERR_NOSPC;
	return err == E2_ERR_NOSPC || err == E2_ERR_NOENT ? 0 : err;
}

static int run(struct run *r, unsigned operations)
{
	int err = e2_txn_begin(r->fs, false, &r->txn);

	while (!err && r->done < operations) {
		err = step(r);
		if (err || ++r->done % 50 != 0)
			continue;
		err = e2_txn_commit(r->txn);
		r->txn = NULL;
		if (!err)
			err = e2_txn_begin(r->fs, false, &r->txn);
	}
	if (err || !r->txn)
		return err;
	return e2_txn_commit(r->txn);
}

int main(int argc, char **argv)
{
	static struct run r;

	if (argc != 5)
		return 2;
	r.seed = strtoull(argv[3], NULL, 10);
	r.reach = UINT64_C(40) << 20;
	r.dir = open(argv[2], O_RDONLY | O_DIRECTORY);
	if (r.dir < 0)
		return 2;
	int err = e2_open_image(NULL, argv[1], &(struct e2_open_options){
		.flags = E2_OPEN_WRITE, .threads = E2_THREADS_AUTO }, &r.fs);
	if (!err) {
		err = run(&r, (unsigned)strtoul(argv[4], NULL, 10));
		int closed = e2_close(r.fs);
		err = err ? err : closed;
	}
	if (err)
		fprintf(stderr, "filewrite: %s (%s)\n", e2_strerror(err), e2_err_detail());
	else
		printf("%u operations, %u refused for lack of space\n", r.done, r.full);
	return err != 0;
}
