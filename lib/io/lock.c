/* SPDX-License-Identifier: MIT */
/*
 * Locks on single bytes far behind every image, so that programs which lock the beginning of
 * a file are not concerned.  They belong to the open file (OFD locks) and not to the process:
 * two handles in one process exclude each other, and closing one leaves the other's lock.
 *
 *   WRITER   exclusively by who may change the image
 *   PENDING  exclusively by who waits for COMMIT exclusively; who wants to share COMMIT looks
 *            whether it is free, and so lets him go first
 *   COMMIT   exclusively while changes go home, shared by readers
 *   TAG      a lock of the older kind, taken before WRITER and held as long: such locks know
 *            their process.  The process loses it when it closes any handle of the file, so
 *            it is a name tag and protects nothing.
 */
#include "io/lock.h"

#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

enum lock_byte { BYTE_WRITER, BYTE_PENDING, BYTE_COMMIT, BYTE_TAG };

enum {
	ATTEMPTS = 3,		/* when the holder ends while we ask who he is */
	STEP_MAX_MS = 8,
};

static const off_t first_byte = (off_t)1 << 62;

static struct flock on_byte(enum lock_byte byte, short type)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = first_byte + (off_t)byte,
		.l_len = 1,
	};
}

/* What file systems and kernels say that have no such locks. */
static bool has_no_locks(int errnum)
{
	return errnum == ENOLCK || errnum == EINVAL || errnum == EOPNOTSUPP || errnum == ENOSYS;
}

/* Takes or gives back a lock: 1, or 0 when another holds it. */
static int try_lock(struct e2_io *io, int command, enum lock_byte byte, short type)
{
	struct flock l = on_byte(byte, type);

	while (fcntl(e2_io_fd(io), command, &l) != 0) {
		if (errno == EAGAIN || errno == EACCES)
			return 0;
		if (has_no_locks(errno))
			return 1;
		if (errno != EINTR)
			return e2_fail_errno(errno, "%s: locking it", io->name);
	}
	return 1;
}

/* The process that wears the tag; 0 for none. */
static pid_t tagged(struct e2_io *io)
{
	struct flock l = on_byte(BYTE_TAG, F_WRLCK);

	if (fcntl(e2_io_fd(io), F_GETLK, &l) != 0 || l.l_type == F_UNLCK || l.l_pid <= 0)
		return 0;
	return l.l_pid;
}

/* E2_ERR_BUSY: what, by whom, and what to do. */
static int fail_busy(struct e2_io *io, const char *what, pid_t pid)
{
	struct e2_str who = E2_STR_INIT;

	if (pid > 0)
		e2_host_add_process(&who, pid);
	else
		e2_str_add(&who, "another program");
	(void)e2_fail(E2_ERR_BUSY, "%s: %s by %s; try again when it ends", io->name, what,
		      e2_str_text(&who));
	e2_str_free(&who);
	return E2_ERR_BUSY;
}

/* ---- one writer ------------------------------------------------------------ */

static int try_writer(struct e2_io *io)
{
	int r = try_lock(io, F_SETLK, BYTE_TAG, F_WRLCK);

	if (r != 1)
		return r;
	r = try_lock(io, F_OFD_SETLK, BYTE_WRITER, F_WRLCK);
	if (r != 1)
		(void)try_lock(io, F_SETLK, BYTE_TAG, F_UNLCK);	/* closing ends it at the latest */
	return r;
}

static int lock_writer(struct e2_io *io)
{
	pid_t pid = 0;
	int r = 0;

	for (int i = 0; r == 0 && pid == 0 && i < ATTEMPTS; i++) {
		r = try_writer(io);
		if (r == 0)
			pid = tagged(io);
		if (r == 0 && pid == 0)
			pid = e2_host_find_holder(e2_io_fd(io),
						  (uint64_t)first_byte + BYTE_WRITER);
	}
	if (r == 0)
		return fail_busy(io, "locked", pid);
	return r < 0 ? r : E2_OK;
}

/* ---- commits and readers --------------------------------------------------- */

/* Whether nobody waits for COMMIT exclusively: 1 or 0. */
static int nobody_waits(struct e2_io *io)
{
	struct flock l = on_byte(BYTE_PENDING, F_RDLCK);

	return fcntl(e2_io_fd(io), F_OFD_GETLK, &l) != 0 || l.l_type == F_UNLCK;
}

static int try_commit(struct e2_io *io, enum e2_lock_mode mode)
{
	if (mode == E2_EXCLUSIVE)
		return try_lock(io, F_OFD_SETLK, BYTE_COMMIT, F_WRLCK);
	return nobody_waits(io) ? try_lock(io, F_OFD_SETLK, BYTE_COMMIT, F_RDLCK) : 0;
}

static int fail_commit(struct e2_io *io, enum e2_lock_mode mode)
{
	pid_t pid = mode == E2_SHARED ? tagged(io) : 0;

	if (pid == 0)
		pid = e2_host_find_holder(e2_io_fd(io), (uint64_t)first_byte + BYTE_COMMIT);
	return fail_busy(io, mode == E2_SHARED ? "is being changed" : "is being read", pid);
}

static uint64_t now_ms(void)
{
	struct timespec t = { .tv_sec = 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);	/* cannot fail */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void sleep_ms(unsigned ms)
{
	struct timespec t = { .tv_nsec = (long)ms * 1000000 };

	(void)nanosleep(&t, NULL);	/* a signal ends it early, which does no harm */
}

static int lock_commit(struct e2_io *io, enum e2_lock_mode mode, unsigned wait_ms)
{
	uint64_t end = now_ms() + wait_ms;
	unsigned step = 1;
	int pending = 0;
	int r = try_commit(io, mode);

	while (r == 0 && now_ms() < end) {
		if (mode == E2_EXCLUSIVE && pending == 0) {
			pending = try_lock(io, F_OFD_SETLK, BYTE_PENDING, F_WRLCK);
			if (pending < 0)
				return pending;
		}
		sleep_ms(step);
		if (step < STEP_MAX_MS)
			step *= 2;
		r = try_commit(io, mode);
	}
	if (pending)
		(void)try_lock(io, F_OFD_SETLK, BYTE_PENDING, F_UNLCK);	/* cannot fail */
	if (r == 0)
		return fail_commit(io, mode);
	return r < 0 ? r : E2_OK;
}

static int unlock(struct e2_io *io, enum e2_lock which)
{
	int r = try_lock(io, F_OFD_SETLK, which == E2_LOCK_WRITER ? BYTE_WRITER : BYTE_COMMIT,
			 F_UNLCK);

	if (r > 0 && which == E2_LOCK_WRITER)
		r = try_lock(io, F_SETLK, BYTE_TAG, F_UNLCK);
	return r < 0 ? r : E2_OK;
}

int e2_host_lock(struct e2_io *io, enum e2_lock which, enum e2_lock_mode mode, unsigned wait_ms)
{
	if (mode == E2_UNLOCKED)
		return unlock(io, which);
	return which == E2_LOCK_WRITER ? lock_writer(io) : lock_commit(io, mode, wait_ms);
}
