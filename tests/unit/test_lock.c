/* SPDX-License-Identifier: MIT */
/* Locks of the host between processes and between handles, and what else it knows of an
 * open file. */
#include "e2test.h"
#include "scratch.h"

#include "io/io.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* ---- another process --------------------------------------------------------- */

/* A process that does something with a file, says so and stays until it is told to end. */
struct other {
	pid_t pid;
	int said, tell;
};

static int lock(struct e2_io *io, enum e2_lock which, enum e2_lock_mode mode, unsigned wait_ms)
{
	return e2_env_host()->ops->lock(e2_env_host(), io, which, mode, wait_ms);
}

static int open_locked(const char *path, struct e2_io **io)
{
	return e2_env_host()->ops->open_locked(e2_env_host(), path, io);
}

static int be_writer(const char *path)
{
	struct e2_io *io;

	return open_locked(path, &io);
}

/* A writer whose process has lost its name tag. */
static int be_untagged_writer(const char *path)
{
	int r = be_writer(path);

	close(open(path, O_RDONLY));
	return r;
}

static int be_reader(const char *path)
{
	struct e2_io *io;
	int r = e2_io_open_file(path, 0, &io);

	return r ? r : lock(io, E2_LOCK_COMMIT, E2_SHARED, 0);
}

static int be_committer(const char *path)
{
	struct e2_io *io;
	int r = open_locked(path, &io);

	return r ? r : lock(io, E2_LOCK_COMMIT, E2_EXCLUSIVE, 0);
}

/* Waits for the lock as long as it takes. */
static int be_patient(const char *path)
{
	struct e2_io *io;
	int r = open_locked(path, &io);

	return r ? r : lock(io, E2_LOCK_COMMIT, E2_EXCLUSIVE, 300000);
}

static void start(struct other *o, int (*be)(const char *path), const char *path)
{
	int said[2], tell[2];

	cr_assert_eq(pipe(said) | pipe(tell), 0);
	o->pid = fork();
	cr_assert(o->pid >= 0);
	if (o->pid == 0) {
		char c = 0;

		close(tell[1]);
		c = be(path) == E2_OK ? 'y' : 'n';
		if (write(said[1], &c, 1) == 1)
			(void)!read(tell[0], &c, 1);	/* until it ends */
		_exit(0);
	}
	close(said[1]);
	close(tell[0]);
	o->said = said[0];
	o->tell = tell[1];
}

static char answer(const struct other *o)
{
	char c = '-';

	cr_assert_eq(read(o->said, &c, 1), 1);
	return c;
}

static void stop(struct other *o)
{
	close(o->tell);
	close(o->said);
	cr_assert_eq(waitpid(o->pid, NULL, 0), o->pid);
}

/* Whether the last failure names a process and its program. */
static void expect_named(const char *what, pid_t pid)
{
	struct e2_str text = E2_STR_INIT;
	char comm[32] = "";
	FILE *f = fopen("/proc/self/comm", "r");

	cr_assert(f != NULL && fgets(comm, sizeof(comm), f) != NULL);
	fclose(f);
	comm[strcspn(comm, "\n")] = '\0';
	e2_str_addf(&text, ": %s by process %ld (%s); try again when it ends", what, (long)pid,
		    comm);
	cr_assert_neq(strstr(e2_err_detail(), e2_str_text(&text)), NULL, "%s", e2_err_detail());
	e2_str_free(&text);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- one writer ---------------------------------------------------------------- */

E2_TEST(io_lock, a_second_writer_is_told_the_process)
{
	int (*const kinds[])(const char *) = { be_writer, be_untagged_writer, be_committer };
	struct scratch s;
	struct e2_io *io;
	const char *path;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "abc", 3);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct other o;

		start(&o, kinds[i], path);
		cr_assert_eq(answer(&o), 'y');
		for (int again = 0; again < 3; again++) {
			cr_assert_eq(open_locked(path, &io), E2_ERR_BUSY);
			expect_named("locked", o.pid);
		}
		cr_assert_eq(e2_io_open_file(path, 0, &io), E2_OK, "readers are not concerned");
		e2_io_close(io);
		stop(&o);
		cr_assert_eq(open_locked(path, &io), E2_OK, "it ends with the process");
		cr_assert_eq(e2_io_close(io), E2_OK);
	}
	scratch_end(&s);
}

/* Who may not look into the holder's /proc still learns his number. */
E2_TEST(io_lock, a_writer_of_another_user_is_named_too)
{
	struct scratch s;
	struct other o;
	const char *path;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		return;
	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "abc", 3);
	cr_assert_eq(chmod(path, 0666) | chmod(s.dir, 0755), 0);
	start(&o, be_writer, path);
	cr_assert_eq(answer(&o), 'y');
	pid = fork();
	if (pid == 0) {
		struct e2_io *io;
		char text[64];

		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(9);
		snprintf(text, sizeof(text), "locked by process %ld", (long)o.pid);
		_exit(open_locked(path, &io) != E2_ERR_BUSY ? 1 :
		      strstr(e2_err_detail(), text) == NULL ? 2 : 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "status 0x%x", (unsigned)status);
	stop(&o);
	scratch_end(&s);
}

/* Of several that begin at once one gets it, and all others name him. */
E2_TEST(io_lock, of_racing_writers_one_wins)
{
	enum { RACES = 60, RUNNERS = 5 };
	struct scratch s;
	const char *path;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "abc", 3);
	for (int race = 0; race < RACES; race++) {
		int go[2], said[2], won = 0, named = 0;
		pid_t pid[RUNNERS], winner = 0;
		struct { pid_t pid; int result; char detail[200]; } a[RUNNERS];

		cr_assert_eq(pipe(go) | pipe(said), 0);
		for (int i = 0; i < RUNNERS; i++) {
			pid[i] = fork();
			if (pid[i] == 0) {
				struct e2_io *io;
				char c;

				close(go[1]);
				(void)!read(go[0], &c, 1);
				memset(&a[0], 0, sizeof(a[0]));
				a[0].pid = getpid();
				a[0].result = open_locked(path, &io);
				snprintf(a[0].detail, sizeof(a[0].detail), "%s", e2_err_detail());
				(void)!write(said[1], &a[0], sizeof(a[0]));
				pause();
			}
		}
		close(go[1]);
		for (int i = 0; i < RUNNERS; i++) {
			cr_assert_eq(read(said[0], &a[i], sizeof(a[i])), (ssize_t)sizeof(a[i]));
			won += a[i].result == E2_OK;
			winner = a[i].result == E2_OK ? a[i].pid : winner;
		}
		for (int i = 0; i < RUNNERS; i++) {
			char text[64];

			snprintf(text, sizeof(text), "locked by process %ld (", (long)winner);
			named += a[i].result == E2_ERR_BUSY && strstr(a[i].detail, text);
			kill(pid[i], SIGKILL);
			waitpid(pid[i], NULL, 0);
		}
		cr_assert_eq(won, 1, "race %d", race);
		cr_assert_eq(named, RUNNERS - 1, "race %d: %s", race, a[0].detail);
		close(go[0]);
		close(said[0]);
		close(said[1]);
	}
	scratch_end(&s);
}

E2_TEST(io_lock, handles_of_one_process_exclude_each_other)
{
	struct scratch s;
	struct e2_io *io, *second;
	const char *path;
	struct other o;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "abc", 3);
	cr_assert_eq(open_locked(path, &io), E2_OK);
	cr_assert_eq(open_locked(path, &second), E2_ERR_BUSY);
	expect_named("locked", getpid());
	start(&o, be_writer, path);
	cr_assert_eq(answer(&o), 'n', "the refused handle took the lock with it");
	stop(&o);

	cr_assert_eq(lock(io, E2_LOCK_WRITER, E2_UNLOCKED, 0), E2_OK);
	start(&o, be_writer, path);
	cr_assert_eq(answer(&o), 'y');
	cr_assert_eq(lock(io, E2_LOCK_WRITER, E2_EXCLUSIVE, 0), E2_ERR_BUSY);
	expect_named("locked", o.pid);
	stop(&o);
	cr_assert_eq(e2_io_close(io), E2_OK);
	scratch_end(&s);
}

/* ---- commits and readers -------------------------------------------------------- */

E2_TEST(io_lock, commits_and_readers_wait_for_each_other)
{
	struct scratch s;
	struct e2_io *io, *reader;
	struct other r, w;
	const char *path;
	uint64_t begun;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "abc", 3);
	cr_assert_eq(open_locked(path, &io), E2_OK);
	cr_assert_eq(e2_io_open_file(path, 0, &reader), E2_OK);

	start(&r, be_reader, path);
	cr_assert_eq(answer(&r), 'y');
	cr_assert_eq(lock(reader, E2_LOCK_COMMIT, E2_SHARED, 0), E2_OK, "readers share");
	cr_assert_eq(lock(reader, E2_LOCK_COMMIT, E2_UNLOCKED, 0), E2_OK);
	begun = now_ms();
	cr_assert_eq(lock(io, E2_LOCK_COMMIT, E2_EXCLUSIVE, 0), E2_ERR_BUSY);
	expect_named("is being read", r.pid);
	cr_assert_eq(lock(io, E2_LOCK_COMMIT, E2_EXCLUSIVE, 60), E2_ERR_BUSY);
	cr_assert_geq(now_ms() - begun, 60);
	cr_assert_eq(lock(reader, E2_LOCK_COMMIT, E2_SHARED, 0), E2_OK, "nobody waits any more");
	cr_assert_eq(lock(reader, E2_LOCK_COMMIT, E2_UNLOCKED, 0), E2_OK);
	stop(&r);
	cr_assert_eq(lock(io, E2_LOCK_COMMIT, E2_EXCLUSIVE, 0), E2_OK);
	cr_assert_eq(lock(reader, E2_LOCK_COMMIT, E2_SHARED, 20), E2_ERR_BUSY);
	expect_named("is being changed", getpid());
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(lock(reader, E2_LOCK_COMMIT, E2_SHARED, 0), E2_OK, "closing ends it");

	/* Who waits to commit goes before readers who come later, and after those who read. */
	start(&w, be_patient, path);
	for (int i = 0; i < 60000; i++) {
		struct e2_io *late;
		int result;

		cr_assert_eq(e2_io_open_file(path, 0, &late), E2_OK);
		result = lock(late, E2_LOCK_COMMIT, E2_SHARED, 0);
		e2_io_close(late);
		if (result == E2_ERR_BUSY)
			break;
		cr_assert_lt(i, 59999, "later readers go first");
		poll(NULL, 0, 1);
	}
	cr_assert_eq(poll(&(struct pollfd){ .fd = w.said, .events = POLLIN }, 1, 30), 0);
	/* Given back by name: the other process has inherited the handle. */
	cr_assert_eq(lock(reader, E2_LOCK_COMMIT, E2_UNLOCKED, 0), E2_OK);
	cr_assert_eq(answer(&w), 'y');
	cr_assert_eq(lock(reader, E2_LOCK_COMMIT, E2_SHARED, 0), E2_ERR_BUSY);
	expect_named("is being changed", w.pid);
	stop(&w);
	cr_assert_eq(lock(reader, E2_LOCK_COMMIT, E2_SHARED, 0), E2_OK);
	cr_assert_eq(e2_io_close(reader), E2_OK);
	scratch_end(&s);
}

/* ---- stamps ------------------------------------------------------------------------ */

E2_TEST(io_stamp, every_touch_gives_a_later_one)
{
	static const int64_t second = 1000000000;
	struct e2_env *env = e2_env_host();
	struct timespec future[2] = { { .tv_sec = 1 }, { .tv_sec = 4000000000, .tv_nsec = 7 } };
	struct e2_stamp a, b;
	struct scratch s;
	struct e2_io *io;
	const char *path;
	struct stat st;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "abc", 3);
	cr_assert_eq(e2_io_open_file(path, E2_IO_WRITE, &io), E2_OK);
	cr_assert_eq(env->ops->stamp(env, io, &a), E2_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert(a.size == 3 && a.dev == st.st_dev && a.ino == st.st_ino);
	cr_assert_eq(a.mtime, st.st_mtim.tv_sec * second + st.st_mtim.tv_nsec);
	cr_assert_eq(a.ctime, st.st_ctim.tv_sec * second + st.st_ctim.tv_nsec);
	for (int i = 0; i < 1000; i++, a = b) {
		cr_assert_eq(e2_io_write(io, 0, 1, "x"), E2_OK);
		cr_assert_eq(env->ops->stamp(env, io, &a), E2_OK);
		cr_assert_eq(env->ops->touch(env, io), E2_OK);
		cr_assert_eq(env->ops->stamp(env, io, &b), E2_OK);
		cr_assert_lt(a.mtime, b.mtime, "touch %d", i);
	}
	cr_assert_eq(utimensat(AT_FDCWD, path, future, 0), 0);
	cr_assert_eq(env->ops->touch(env, io), E2_OK);
	cr_assert_eq(env->ops->stamp(env, io, &b), E2_OK);
	cr_assert_eq(b.mtime, future[1].tv_sec * second + 8, "later than the future");
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_atim.tv_sec, 1, "the access time is not ours to change");
	cr_assert_eq(e2_io_close(io), E2_OK);
	scratch_end(&s);
}

/* Who may write a file that belongs to another. */
E2_TEST(io_stamp, a_file_of_another_can_be_touched)
{
	struct e2_env *env = e2_env_host();
	struct scratch s;
	const char *path;
	int status;
	pid_t pid;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "abc", 3);
	cr_assert_eq(chmod(path, 0666) | chmod(s.dir, 0755), 0);
	pid = fork();
	if (pid == 0) {
		struct e2_io *io;
		struct stat st;

		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(9);
		if (e2_io_open_file(path, E2_IO_WRITE, &io))
			_exit(1);
		if (env->ops->touch(env, io) || stat(path, &st))
			_exit(2);
		_exit(st.st_mtim.tv_sec < time(NULL) - 100 ? 3 : 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "status 0x%x", (unsigned)status);
	scratch_end(&s);
}

/* ---- trust -------------------------------------------------------------------------- */

static int trusts(const char *path, struct e2_io *image)
{
	struct e2_env *env = e2_env_host();
	struct e2_io *io;
	int r;

	cr_assert_eq(e2_io_open_file(path, 0, &io), E2_OK, "%s", e2_err_detail());
	r = env->ops->trusted(env, path, io, image);
	e2_io_close(io);
	return r;
}

E2_TEST(io_trust, a_log_is_a_file_of_ours_with_one_name)
{
	struct e2_env *env = e2_env_host();
	struct scratch s;
	struct e2_io *image, *io;
	const char *path, *log, *other;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "abc", 3);
	log = scratch_file(&s, "log", "abc", 3);
	other = scratch_path(&s, "other");
	cr_assert_eq(e2_io_open_file(path, 0, &image), E2_OK);
	cr_assert_eq(trusts(log, image), 1);
	cr_assert_eq(symlink(log, other), 0);
	cr_assert_eq(trusts(other, image), 0, "a symlink");
	cr_assert_eq(unlink(other) | link(log, other), 0);
	cr_assert_eq(trusts(log, image), 0, "two names");
	cr_assert_eq(unlink(other), 0);

	cr_assert_eq(e2_io_open_file(log, 0, &io), E2_OK);
	cr_assert_eq(rename(log, other), 0);
	cr_assert_eq(env->ops->trusted(env, log, io, image), E2_ERR_NOENT);
	cr_assert_eq(env->ops->trusted(env, other, io, image), 1);
	scratch_file(&s, "log", "abc", 3);
	cr_assert_eq(env->ops->trusted(env, log, io, image), 0, "another file by the name");
	e2_io_close(io);

	if (geteuid() == 0) {
		cr_assert_eq(chown(log, 12345, 12345), 0);
		cr_assert_eq(trusts(log, image), 0, "somebody else's");
		cr_assert_eq(chown(path, 12345, 12345), 0);
		cr_assert_eq(trusts(log, image), 1, "the owner's of the image");
	}
	e2_io_close(image);
	scratch_end(&s);
}

E2_TEST(io_scratch, is_a_file_without_a_name)
{
	struct scratch s;
	struct e2_io *io;
	char buf[3];

	scratch_begin(&s);
	setenv("TMPDIR", s.dir, 1);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(i ? e2_env_host()->ops->scratch(e2_env_host(), &io) :
				 e2_io_open_scratch(&io), E2_OK);
		cr_assert(io->writable && io->size == 0);
		cr_assert_eq(scratch_count(&s), 0);
		cr_assert_eq(e2_io_resize(io, 100000), E2_OK);
		cr_assert_eq(e2_io_write(io, 99997, 3, "abc"), E2_OK);
		cr_assert_eq(e2_io_read(io, 99997, 3, buf), E2_OK);
		cr_assert_arr_eq(buf, "abc", 3);
		cr_assert_eq(e2_io_close(io), E2_OK);
		setenv("TMPDIR", "/proc", 1);	/* goes on elsewhere */
	}
	scratch_end(&s);
}
