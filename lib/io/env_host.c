/* SPDX-License-Identifier: MIT */
/* The host's own directory of files. */
#include "io/file.h"

#include "io/host_meta.h"
#include "io/host_path.h"
#include "io/lock.h"
#include "io/name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SELF_BYTES = 40 };	/* "/proc/self/fd/" and a number */

static int host_open(struct e2_env *env, const char *path, unsigned flags, struct e2_io **io)
{
	(void)env;
	return e2_io_open_file(path, flags, io);
}

static int host_create_excl(struct e2_env *env, const char *path, unsigned mode, struct e2_io **io)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode);
	int r;

	(void)env;
	if (fd < 0)
		return e2_io_fail_errno(errno, path, "");
	r = e2_io_from_fd(fd, path, true, io);
	if (r)
		(void)unlink(path);	/* the failure before it is the one to tell */
	return r;
}

/* The name of an open file under which it can be linked. */
static void self_path(int fd, char *path, size_t room)
{
	(void)snprintf(path, room, "/proc/self/fd/%d", fd);
}

/* Whether host_link_temp() will be able to name a file without a name: better known
 * before the file is filled. */
static bool can_name(int fd)
{
	char self[SELF_BYTES];

	self_path(fd, self, sizeof(self));
	return access(self, F_OK) == 0;
}

static int host_create_temp(struct e2_env *env, const char *path, unsigned mode, struct e2_io **io)
{
	struct e2_str dir = E2_STR_INIT;
	int fd = -1;
	int errnum;

	(void)env;
	e2_io_add_dir(&dir, path);
	if (!dir.failed)
		fd = open(e2_str_text(&dir), O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	errnum = dir.failed ? ENOMEM : errno;
	e2_str_free(&dir);
	if (fd >= 0 && !can_name(fd)) {
		(void)close(fd);	/* is empty */
		fd = -1;
		errnum = EOPNOTSUPP;
	}
	if (fd >= 0)
		return e2_io_from_fd(fd, path, true, io);
	/* What file systems and kernels say that do not know O_TMPFILE. */
	if (errnum == EOPNOTSUPP || errnum == EISDIR || errnum == EINVAL)
		return e2_io_fail(E2_ERR_UNSUPPORTED, path, "its directory has no unnamed files");
	return e2_io_fail_errno(errnum, path, "");
}

static int host_link_temp(struct e2_env *env, struct e2_io *temp, const char *path)
{
	char self[SELF_BYTES];

	(void)env;
	/* AT_EMPTY_PATH needs a capability, a /proc that is mounted does not. */
	if (linkat(e2_io_fd(temp), "", AT_FDCWD, path, AT_EMPTY_PATH) == 0)
		return E2_OK;
	if (errno != ENOENT && errno != EPERM)
		return e2_io_fail_errno(errno, path, "naming the finished file");
	self_path(e2_io_fd(temp), self, sizeof(self));
	if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
		return E2_OK;
	if (errno == ENOENT && !can_name(e2_io_fd(temp)))
		return e2_io_fail(E2_ERR_UNSUPPORTED, path, "cannot be linked without /proc");
	return e2_io_fail_errno(errno, path, "naming the finished file");
}

static int host_unlink(struct e2_env *env, const char *path)
{
	(void)env;
	return unlink(path) == 0 ? E2_OK : e2_io_fail_errno(errno, path, "removing it");
}

static int host_rename(struct e2_env *env, const char *from, const char *to)
{
	(void)env;
	return rename(from, to) == 0 ? E2_OK : e2_io_fail_errno(errno, to, "replacing it");
}

static int host_sync_dir(struct e2_env *env, const char *path)
{
	struct e2_str dir = E2_STR_INIT;
	int fd, r = E2_OK;

	(void)env;
	e2_io_add_dir(&dir, path);
	r = e2_str_status(&dir);
	if (r)
		goto out;
	fd = open(e2_str_text(&dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		r = e2_io_fail_errno(errno, path, "opening its directory to make the name durable");
		goto out;
	}
	/* EINVAL: a file system that has nothing to do for a directory. */
	if (fsync(fd) != 0 && errno != EINVAL)
		r = e2_io_fail_errno(errno, path, "making its name durable");
	(void)close(fd);	/* was only read */
out:
	e2_str_free(&dir);
	return r;
}

static int host_look(struct e2_env *env, const char *path, struct e2_place *place)
{
	(void)env;
	return e2_host_look(path, place);
}

static int host_in_use(struct e2_env *env, const char *path, struct e2_str *why)
{
	(void)env;
	return e2_path_in_use(path, why);
}

static int host_open_locked(struct e2_env *env, const char *path, struct e2_io **io)
{
	struct stat held, named;
	struct e2_io *file;
	int r = e2_io_open_file(path, E2_IO_WRITE, &file);

	(void)env;
	if (r)
		return r;
	r = e2_host_lock(file, E2_LOCK_WRITER, E2_EXCLUSIVE, 0);
	/* Who waited for the lock of a file that is replaced holds one on the old file. */
	if (r == E2_OK && (fstat(e2_io_fd(file), &held) != 0 || stat(path, &named) != 0 ||
			   held.st_dev != named.st_dev || held.st_ino != named.st_ino))
		r = e2_io_fail(E2_ERR_BUSY, path, "is being replaced by another program");
	if (r) {
		(void)e2_io_close(file);	/* nothing was written through it */
		return r;
	}
	*io = file;
	return E2_OK;
}

static int host_identify(struct e2_env *env, struct e2_io *io, uint64_t *dev, uint64_t *ino)
{
	struct e2_stamp stamp;
	int r = e2_host_stamp(io, &stamp);

	(void)env;
	if (r)
		return r;
	*dev = stamp.dev;
	*ino = stamp.ino;
	return E2_OK;
}

static int host_adopt(struct e2_env *env, struct e2_io *from, struct e2_io *to)
{
	(void)env;
	return e2_host_adopt(from, to);
}

static int host_lock(struct e2_env *env, struct e2_io *io, enum e2_lock which,
		     enum e2_lock_mode mode, unsigned wait_ms)
{
	(void)env;
	return e2_host_lock(io, which, mode, wait_ms);
}

static int host_stamp(struct e2_env *env, struct e2_io *io, struct e2_stamp *stamp)
{
	(void)env;
	return e2_host_stamp(io, stamp);
}

static int host_touch(struct e2_env *env, struct e2_io *io)
{
	(void)env;
	return e2_host_touch(io);
}

static int host_scratch(struct e2_env *env, struct e2_io **io)
{
	(void)env;
	return e2_io_open_scratch(io);
}

static int host_trusted(struct e2_env *env, const char *path, struct e2_io *file,
			struct e2_io *image)
{
	(void)env;
	return e2_host_trusted(path, file, image);
}

static const struct e2_env_ops host_ops = {
	.open = host_open,
	.create_excl = host_create_excl,
	.create_temp = host_create_temp,
	.link_temp = host_link_temp,
	.unlink = host_unlink,
	.rename = host_rename,
	.sync_dir = host_sync_dir,
	.look = host_look,
	.in_use = host_in_use,
	.open_locked = host_open_locked,
	.identify = host_identify,
	.adopt = host_adopt,
	.lock = host_lock,
	.stamp = host_stamp,
	.touch = host_touch,
	.scratch = host_scratch,
	.trusted = host_trusted,
};

struct e2_env *e2_env_host(void)
{
	/* Without state, and never written to: the type has no const for those with state. */
	static struct e2_env host = { .ops = &host_ops };

	return &host;
}
