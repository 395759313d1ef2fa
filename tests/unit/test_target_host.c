/* SPDX-License-Identifier: MIT */
/* Targets, locks and what is in use, on the real host. */
#include "e2test.h"
#include "scratch.h"

#include "io/target.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* Fills a target with text and commits it. */
static int fill(const char *spec, const char *text)
{
	struct e2_target *t;
	int r = e2_target_open(e2_env_host(), spec, &t);

	if (r)
		return r;
	r = e2_io_resize(e2_target_io(t), strlen(text));
	if (r == E2_OK)
		r = e2_io_write(e2_target_io(t), 0, strlen(text), text);
	if (r) {
		e2_target_abort(t);
		return r;
	}
	return e2_target_commit(t);
}

static void expect_file(const char *path, const char *text)
{
	char buf[64] = "";
	int fd = open(path, O_RDONLY);

	cr_assert(fd >= 0, "%s", path);
	cr_assert_geq(read(fd, buf, sizeof(buf) - 1), 0);
	cr_assert_str_eq(buf, text);
	close(fd);
}

E2_TEST(io_target_host, a_new_name_gets_the_mode_of_the_umask)
{
	struct scratch s;
	struct stat st;

	scratch_begin(&s);
	umask(027);
	cr_assert_eq(fill(scratch_path(&s, "a.img"), "new"), E2_OK, "%s", e2_err_detail());
	expect_file(scratch_path(&s, "a.img"), "new");
	cr_assert_eq(stat(scratch_path(&s, "a.img"), &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0640);
	cr_assert_eq(scratch_count(&s), 1);
	cr_assert_eq(fill(scratch_path(&s, "no/a.img"), "new"), E2_ERR_NOENT);
	cr_assert_eq(fill(s.dir, "new"), E2_ERR_INVAL);
	cr_assert_eq(fill("/dev/null", "new"), E2_ERR_INVAL);
	cr_assert_eq(fill("/dev/full", "new"), E2_ERR_INVAL);
	scratch_end(&s);
}

E2_TEST(io_target_host, a_replaced_file_keeps_owner_mode_and_acl)
{
	/* user::rw-, user:1234:r--, group::r--, mask::r--, other::--- */
	static const uint8_t acl[] = {
		2, 0, 0, 0,			/* version */
		1, 0, 6, 0, 255, 255, 255, 255, /* tag, permissions, user or group */
		2, 0, 4, 0, 0xd2, 4, 0, 0,
		4, 0, 4, 0, 255, 255, 255, 255,
		16, 0, 4, 0, 255, 255, 255, 255,
		32, 0, 0, 0, 255, 255, 255, 255,
	};
	struct scratch s;
	struct stat before, after;
	uint8_t got[100];
	const char *path;
	bool has_acl;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "old", 3);
	cr_assert_eq(chmod(path, 0640), 0);
	has_acl = setxattr(path, "system.posix_acl_access", acl, sizeof(acl), 0) == 0;
	if (geteuid() == 0)
		cr_assert_eq(chown(path, 1000, 1001), 0);
	cr_assert_eq(stat(path, &before), 0);
	cr_assert_eq(fill(path, "new"), E2_OK, "%s", e2_err_detail());
	expect_file(path, "new");
	cr_assert_eq(stat(path, &after), 0);
	cr_assert_neq(after.st_ino, before.st_ino, "replaced, not overwritten");
	cr_assert_eq(after.st_mode, before.st_mode);
	cr_assert_eq(after.st_uid, before.st_uid);
	cr_assert_eq(after.st_gid, before.st_gid);
	if (has_acl) {
		cr_assert_eq(getxattr(path, "system.posix_acl_access", got, sizeof(got)),
			     sizeof(acl));
		cr_assert_arr_eq(got, acl, sizeof(acl));
	}
	cr_assert_eq(scratch_count(&s), 1);

	path = scratch_file(&s, "plain.img", "old", 3);
	/* The kernel takes set-id bits from a file that an ordinary user writes to. */
	const mode_t mode = geteuid() == 0 ? 06604 : 0604;

	cr_assert_eq(chmod(path, mode), 0);
	cr_assert_eq(fill(path, "new"), E2_OK);
	cr_assert_eq(stat(path, &after), 0);
	cr_assert_eq(after.st_mode & 07777, mode);
	scratch_end(&s);
}

E2_TEST(io_target_host, symlinks_are_resolved_and_stay)
{
	struct scratch s;
	char text[64];

	scratch_begin(&s);
	cr_assert_eq(mkdir(scratch_path(&s, "sub"), 0755), 0);
	scratch_file(&s, "sub/real.img", "old", 3);
	cr_assert_eq(symlink("sub/link", scratch_path(&s, "a.img")), 0);
	cr_assert_eq(symlink("real.img", scratch_path(&s, "sub/link")), 0);
	cr_assert_eq(symlink("sub/none.img", scratch_path(&s, "dangling")), 0);
	cr_assert_eq(symlink("loop", scratch_path(&s, "loop")), 0);
	cr_assert_eq(fill(scratch_path(&s, "a.img"), "new"), E2_OK, "%s", e2_err_detail());
	expect_file(scratch_path(&s, "sub/real.img"), "new");
	cr_assert_eq(readlink(scratch_path(&s, "a.img"), text, sizeof(text)), 8);
	cr_assert_eq(fill(scratch_path(&s, "dangling"), "made"), E2_OK);
	expect_file(scratch_path(&s, "sub/none.img"), "made");
	cr_assert_eq(readlink(scratch_path(&s, "dangling"), text, sizeof(text)), 12);
	cr_assert_eq(fill(scratch_path(&s, "loop"), "x"), E2_ERR_LOOP);
	scratch_end(&s);
}

E2_TEST(io_target_host, files_are_made_named_and_removed)
{
	struct scratch s;
	struct e2_env *env = e2_env_host();
	struct e2_io *io, *other;
	uint64_t dev, ino;
	struct stat st;
	const char *path;

	scratch_begin(&s);
	path = scratch_path(&s, "a");
	cr_assert_eq(env->ops->create_excl(env, path, 0600, &io), E2_OK);
	cr_assert_eq(env->ops->create_excl(env, path, 0600, &other), E2_ERR_EXIST);
	cr_assert_eq(env->ops->create_excl(env, scratch_path(&s, "no/a"), 0600, &other),
		     E2_ERR_NOENT);
	cr_assert_eq(env->ops->create_temp(env, scratch_path(&s, "no/a"), 0600, &other),
		     E2_ERR_NOENT);
	cr_assert_eq(e2_io_resize(io, 5), E2_OK);
	cr_assert_eq(env->ops->identify(env, io, &dev, &ino), E2_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert(st.st_dev == dev && st.st_ino == ino);
	cr_assert_eq(env->ops->link_temp(env, io, path), E2_ERR_EXIST);
	cr_assert_eq(env->ops->link_temp(env, io, scratch_path(&s, "b")), E2_OK);
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(env->ops->open(env, scratch_path(&s, "b"), 0, &io), E2_OK);
	cr_assert_eq(io->size, 5);
	cr_assert_eq(e2_io_close(io), E2_OK);
	cr_assert_eq(env->ops->unlink(env, path), E2_OK);
	cr_assert_eq(env->ops->unlink(env, path), E2_ERR_NOENT);
	cr_assert_eq(env->ops->rename(env, scratch_path(&s, "b"), path), E2_OK);
	cr_assert_eq(env->ops->rename(env, scratch_path(&s, "b"), path), E2_ERR_NOENT);
	cr_assert_eq(env->ops->sync_dir(env, path), E2_OK);
	cr_assert_eq(env->ops->sync_dir(env, scratch_path(&s, "no/a")), E2_ERR_NOENT);
	cr_assert_eq(scratch_count(&s), 1);
	/* Names without a slash lie in the working directory. */
	cr_assert_eq(chdir(s.dir), 0);
	cr_assert_eq(fill("rel.img", "one"), E2_OK, "%s", e2_err_detail());
	cr_assert_eq(fill("rel.img", "two"), E2_OK, "%s", e2_err_detail());
	expect_file("rel.img", "two");
	scratch_end(&s);
}

E2_TEST(io_target_host, a_file_with_two_names_keeps_both)
{
	struct scratch s;
	struct e2_target *t;
	const char *path;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "old", 3);
	cr_assert_eq(link(path, scratch_path(&s, "b.img")), 0);
	cr_assert_eq(e2_target_open(e2_env_host(), path, &t), E2_OK);
	cr_assert_str_eq(e2_target_in_place(t), "has 2 names");
	cr_assert_eq(e2_io_write(e2_target_io(t), 0, 3, "new"), E2_OK);
	cr_assert_eq(e2_target_commit(t), E2_OK);
	expect_file(scratch_path(&s, "b.img"), "new");
	scratch_end(&s);
}

E2_TEST(io_target_host, a_second_writer_is_refused)
{
	struct scratch s;
	struct e2_target *t, *second;
	struct e2_io *io;
	const char *path;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "old", 3);
	cr_assert_eq(e2_target_open(e2_env_host(), path, &t), E2_OK);
	cr_assert_eq(e2_target_open(e2_env_host(), path, &second), E2_ERR_BUSY);
	cr_assert_neq(strstr(e2_err_detail(), "locked by process "), NULL);
	cr_assert_eq(e2_io_open_file(path, 0, &io), E2_OK, "readers are not concerned");
	cr_assert_eq(e2_io_close(io), E2_OK);
	e2_target_abort(t);
	expect_file(path, "old");
	cr_assert_eq(fill(path, "new"), E2_OK, "the lock ends with the target");
	cr_assert_eq(scratch_count(&s), 1);
	scratch_end(&s);
}

E2_TEST(io_target_host, a_lock_of_the_older_kind_names_its_process)
{
	struct scratch s;
	struct e2_target *t;
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char expected[64];
	const char *path;
	int ready[2];
	pid_t pid;
	char c;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "old", 3);
	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_RDWR);

		if (fd < 0 || fcntl(fd, F_SETLK, &l) != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &c, 1), 1);
	cr_assert_eq(e2_target_open(e2_env_host(), path, &t), E2_ERR_BUSY);
	snprintf(expected, sizeof(expected), "locked by process %ld", (long)pid);
	cr_assert_neq(strstr(e2_err_detail(), expected), NULL, "%s", e2_err_detail());
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	scratch_end(&s);
}

E2_TEST(io_target_host, a_killed_program_leaves_nothing)
{
	struct scratch s;
	int status;

	scratch_begin(&s);
	scratch_file(&s, "old.img", "old", 3);
	for (int i = 0; i < 2; i++) {
		const char *path = scratch_path(&s, i ? "old.img" : "new.img");
		pid_t pid = fork();

		if (pid == 0) {
			struct e2_target *t;

			if (e2_target_open(e2_env_host(), path, &t) ||
			    e2_io_resize(e2_target_io(t), 1000000) ||
			    e2_io_write(e2_target_io(t), 5000, 5, "hello"))
				_exit(1);
			kill(getpid(), SIGKILL);
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert_eq(status & 0x7f, SIGKILL);
		cr_assert_eq(scratch_count(&s), 1);
		expect_file(scratch_path(&s, "old.img"), "old");
	}
	scratch_end(&s);
}

E2_TEST(io_target_host, knows_itself_and_its_temporary)
{
	struct scratch s;
	struct e2_target *t;
	struct stat st;
	const char *path;
	size_t own = 0;

	scratch_begin(&s);
	path = scratch_file(&s, "a.img", "old", 3);
	cr_assert_eq(e2_target_open(e2_env_host(), path, &t), E2_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert(e2_target_is(t, st.st_dev, st.st_ino));
	cr_assert_eq(stat(s.dir, &st), 0);
	cr_assert_not(e2_target_is(t, st.st_dev, st.st_ino));
	cr_assert_not(e2_target_is(t, 0, 0));
	for (int fd = 3; fd < 100; fd++)	/* lock, old and temporary */
		own += fstat(fd, &st) == 0 && e2_target_is(t, st.st_dev, st.st_ino);
	cr_assert_eq(own, 3);
	e2_target_abort(t);
	scratch_end(&s);
}

/* Runs a test in a process of its own. */
static void apart(void (*body)(struct scratch *s), struct scratch *s)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		body(s);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}

/* Becomes an ordinary user, whom things stop that do not stop root. */
static void become_user(void)
{
	if (setgid(12345) != 0 || setuid(12345) != 0)
		_exit(2);
}

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "as a user: %s: %s\n", what, e2_err_detail());
	_exit(1);
}

static void expect_reason(const char *path, const char *reason)
{
	struct e2_target *t;

	check(e2_target_open(e2_env_host(), path, &t) == E2_OK, path);
	check(e2_target_in_place(t) && strcmp(e2_target_in_place(t), reason) == 0, reason);
	e2_target_abort(t);
}

static void user_body(struct scratch *s)
{
	struct e2_io *io;
	const char *path = scratch_path(s, "mine/a.img");

	become_user();
	check(fill(scratch_path(s, "new.img"), "x") == E2_ERR_ACCES, "a directory not ours");
	expect_reason(scratch_path(s, "open.img"), "is in a directory that cannot be written");
	expect_reason(scratch_path(s, "sticky/theirs.img"),
		      "belongs to another user in a sticky directory");
	expect_reason(scratch_path(s, "mine/theirs.img"),
		      "has an owner or mode that only root can keep");
	check(fill(scratch_path(s, "closed.img"), "x") == E2_ERR_ACCES, "a file not ours");
	check(e2_io_open_file(scratch_path(s, "closed.img"), 0, &io) == E2_ERR_ACCES, "reading it");
	check(e2_io_open_file(scratch_path(s, "open.img"), 0, &io) == E2_OK, "without O_NOATIME");
	check(e2_io_close(io) == E2_OK, "closing");
	check(fill(path, "one") == E2_OK, "a name of our own");
	check(fill(path, "two") == E2_OK, "the same again");
}

static void without_proc_body(struct scratch *s)
{
	const char *path = scratch_path(s, "mine/a.img");
	bool hidden = unshare(CLONE_NEWNS) == 0 &&
		      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		      mount("none", "/proc", "tmpfs", MS_RDONLY, NULL) == 0;

	/* Without the right to mount, the rest says nothing, but holds. */
	if (!hidden)
		fprintf(stderr, "/proc cannot be hidden here\n");
	become_user();
	check(fill(path, "one") == E2_OK, "a new name without /proc");
	check(fill(path, "two") == E2_OK, "a replacement without /proc");
}

E2_TEST(io_target_host, an_ordinary_user_is_told_why_in_place)
{
	struct scratch s;

	if (geteuid() != 0)
		cr_skip("needs root to make files of another user");
	scratch_begin(&s);
	cr_assert_eq(chmod(s.dir, 0755), 0);
	cr_assert_eq(mkdir(scratch_path(&s, "sticky"), 0700), 0);
	cr_assert_eq(chmod(scratch_path(&s, "sticky"), 01777), 0);
	cr_assert_eq(mkdir(scratch_path(&s, "mine"), 0700), 0);
	cr_assert_eq(chown(scratch_path(&s, "mine"), 12345, 12345), 0);
	cr_assert_eq(chmod(scratch_file(&s, "open.img", "x", 1), 0666), 0);
	cr_assert_eq(chmod(scratch_file(&s, "closed.img", "x", 1), 0600), 0);
	cr_assert_eq(chmod(scratch_file(&s, "sticky/theirs.img", "x", 1), 0666), 0);
	cr_assert_eq(chmod(scratch_file(&s, "mine/theirs.img", "x", 1), 0666), 0);
	apart(user_body, &s);
	expect_file(scratch_path(&s, "mine/a.img"), "two");
	expect_file(scratch_path(&s, "mine/theirs.img"), "x");
	scratch_end(&s);
}

E2_TEST(io_target_host, without_proc_a_temporary_has_a_name)
{
	struct scratch s;

	if (geteuid() != 0)
		cr_skip("needs root to hide /proc");
	scratch_begin(&s);
	cr_assert_eq(chmod(s.dir, 0755), 0);
	cr_assert_eq(mkdir(scratch_path(&s, "mine"), 0700), 0);
	cr_assert_eq(chown(scratch_path(&s, "mine"), 12345, 12345), 0);
	apart(without_proc_body, &s);
	expect_file(scratch_path(&s, "mine/a.img"), "two");
	scratch_end(&s);
}

/* Attaches a file to a loop device, whose path is stored; false where that is impossible. */
static bool attach(const char *path, char *device, size_t room)
{
	char command[600];
	FILE *f;
	bool ok;

	if (geteuid() != 0)
		return false;
	snprintf(command, sizeof(command), "losetup -f --show '%s' 2>/dev/null", path);
	f = popen(command, "r");
	ok = f && fgets(device, (int)room, f) != NULL;
	if (f)
		ok = pclose(f) == 0 && ok;
	device[ok ? strcspn(device, "\n") : 0] = '\0';
	return ok;
}

static int run(const char *format, const char *a, const char *b)
{
	char command[1200];

	snprintf(command, sizeof(command), format, a, b);
	return system(command);
}

/* Whether path is in use, with just this reason. */
static bool in_use_as(const char *path, const char *reason)
{
	struct e2_str why = E2_STR_INIT;
	bool same = e2_path_in_use(path, &why) == 1 && strcmp(e2_str_text(&why), reason) == 0;

	if (!same)
		fprintf(stderr, "%s: \"%s\" instead of \"%s\"\n", path, e2_str_text(&why), reason);
	e2_str_free(&why);
	return same;
}

/* A device that nobody uses is written in place. */
static bool device_is_written(const char *device)
{
	struct e2_target *t;
	bool ok;

	if (e2_target_open(e2_env_host(), device, &t))
		return false;
	ok = strcmp(e2_target_in_place(t), "is a device") == 0 &&
	     e2_target_io(t)->size == 1 << 20 && e2_io_resize(e2_target_io(t), 1) == E2_ERR_INVAL &&
	     e2_io_write(e2_target_io(t), 4096, 4, "data") == E2_OK &&
	     e2_io_zero(e2_target_io(t), 4097, 2) == E2_OK &&
	     e2_io_zero(e2_target_io(t), 65536, 65536) == E2_OK;
	return e2_target_commit(t) == E2_OK && ok;
}

/* Everything is asked first and asserted after it was undone: no device is left attached. */
E2_TEST(io_target_host, what_the_kernel_uses_is_refused)
{
	struct scratch s;
	struct e2_str why = E2_STR_INIT;
	struct e2_str attached = E2_STR_INIT, mounted = E2_STR_INIT;
	char device[64];
	const char *path, *mnt;
	bool can_mount, was_attached, was_mounted = true, was_both = true, written, undone;
	int busy[4] = { 0, 0, E2_ERR_BUSY, E2_ERR_BUSY }, free_device;

	scratch_begin(&s);
	path = scratch_file(&s, "a\n b.img", "", 0);
	mnt = scratch_path(&s, "mn t");
	cr_assert_eq(mkdir(mnt, 0755), 0);
	cr_assert_eq(truncate(path, 1 << 20), 0);
	cr_assert_eq(e2_path_in_use(path, &why), 0);
	cr_assert_eq(e2_path_in_use(scratch_path(&s, "none"), &why), 0);
	if (!attach(path, device, sizeof(device))) {
		scratch_end(&s);
		cr_skip("needs root and loop devices");
	}
	e2_str_addf(&attached, "is attached to %s", device);
	e2_str_addf(&mounted, "is mounted on %s", mnt);
	was_attached = in_use_as(path, e2_str_text(&attached));
	busy[0] = fill(path, "x");
	free_device = e2_path_in_use(device, &why);
	written = device_is_written(device);
	can_mount = run("mke2fs -qFt ext2 %s >/dev/null 2>&1%s", device, "") == 0 &&
		    run("mount -t ext2 %s '%s' 2>/dev/null", device, mnt) == 0;
	if (can_mount) {
		was_mounted = in_use_as(device, e2_str_text(&mounted));
		e2_str_addf(&attached, " and mounted on %s", mnt);
		was_both = in_use_as(path, e2_str_text(&attached));
		busy[2] = fill(path, "x");
		busy[3] = fill(device, "x");
	}
	undone = (!can_mount || run("umount '%s'%s", mnt, "") == 0) &&
		 run("losetup -d %s%s", device, "") == 0;
	/* A test beside this one may hold a copy of the mount in a namespace of its own, which
	 * keeps the device until that test ends. */
	for (int tries = 0; tries < 6000; tries++) {
		busy[1] = e2_path_in_use(path, &why);
		if (busy[1] == 0)
			break;
		usleep(10000);
	}
	scratch_end(&s);
	e2_str_free(&why);
	e2_str_free(&attached);
	e2_str_free(&mounted);
	cr_assert(was_attached && was_mounted && was_both && undone);
	cr_assert_eq(free_device, 0);
	cr_assert_eq(busy[0], E2_ERR_BUSY);
	cr_assert_eq(busy[1], 0, "in use after it was detached");
	cr_assert_eq(busy[2], E2_ERR_BUSY);
	cr_assert_eq(busy[3], E2_ERR_BUSY);
	cr_assert(written, "%s", e2_err_detail());
}

E2_TEST(io_target_host, a_full_disk_keeps_the_old)
{
	struct scratch s;
	struct e2_target *t = NULL;
	const char *mnt, *path;
	bool same;
	int r;

	if (geteuid() != 0)
		cr_skip("needs root to mount a small file system");
	scratch_begin(&s);
	mnt = scratch_path(&s, "small");
	cr_assert_eq(mkdir(mnt, 0755), 0);
	if (run("mount -t tmpfs -o size=1m %s '%s' 2>/dev/null", "none", mnt) != 0) {
		scratch_end(&s);
		cr_skip("cannot mount a tmpfs");
	}
	path = scratch_path(&s, "small/a.img");
	r = fill(path, "old");
	if (r == E2_OK)
		r = e2_target_open(e2_env_host(), path, &t);
	if (r == E2_OK)
		r = e2_io_resize(e2_target_io(t), 4 << 20);
	for (uint64_t at = 0; r == E2_OK && at < 4 << 20; at += 4096)
		r = e2_io_write(e2_target_io(t), at, 4, "data");
	e2_target_abort(t);
	same = run("grep -qx old '%s'%s", path, "") == 0;
	cr_assert_eq(run("umount '%s'%s", mnt, ""), 0);
	cr_assert_eq(r, E2_ERR_NOSPC, "%d: %s", r, e2_err_detail());
	cr_assert(same);
	scratch_end(&s);
}
