/* SPDX-License-Identifier: MIT */
#include "io/host_meta.h"

#include "io/file.h"
#include "io/name.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000 };

static int stat_io(struct e2_io *io, struct stat *st)
{
	return fstat(e2_io_fd(io), st) == 0 ? E2_OK : e2_fail_errno(errno, "%s", io->name);
}

static int64_t nanoseconds(const struct timespec *t)
{
	return (int64_t)t->tv_sec * SECOND + t->tv_nsec;
}

/* Copies the ACL; where there is none, the other file gets none. */
static int copy_acl(struct e2_io *from, struct e2_io *to)
{
	static const char acl[] = "system.posix_acl_access";
	int r = E2_OK;
	void *value;
	ssize_t len = fgetxattr(e2_io_fd(from), acl, NULL, 0);

	if (len == 0 || (len < 0 && (errno == ENODATA || errno == EOPNOTSUPP))) {
		(void)fremovexattr(e2_io_fd(to), acl);	/* one that the directory gave, or none */
		return E2_OK;
	}
	if (len < 0)
		return e2_fail_errno(errno, "%s: reading its ACL", from->name);
	value = malloc((size_t)len);
	if (!value)
		return e2_fail(E2_ERR_NOMEM, "%s: no memory for its ACL", from->name);
	len = fgetxattr(e2_io_fd(from), acl, value, (size_t)len);
	if (len < 0)
		r = e2_fail_errno(errno, "%s: reading its ACL", from->name);
	else if (fsetxattr(e2_io_fd(to), acl, value, (size_t)len, 0) != 0)
		r = e2_fail_errno(errno, "%s: keeping its ACL", from->name);
	free(value);
	return r;
}

int e2_host_adopt(struct e2_io *from, struct e2_io *to)
{
	struct stat old, new;
	int r = stat_io(from, &old);

	if (r == E2_OK)
		r = stat_io(to, &new);
	if (r)
		return r;
	if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) &&
	    fchown(e2_io_fd(to), old.st_uid, old.st_gid) != 0)
		return e2_fail_errno(errno, "%s: keeping its owner", from->name);
	r = copy_acl(from, to);
	/* Last: changes of the owner and of the ACL change the mode. */
	if (r == E2_OK && fchmod(e2_io_fd(to), old.st_mode & 07777) != 0)
		r = e2_fail_errno(errno, "%s: keeping its mode", from->name);
	return r;
}

int e2_host_stamp(struct e2_io *io, struct e2_stamp *stamp)
{
	struct stat st;
	int r = stat_io(io, &st);

	if (r)
		return r;
	*stamp = (struct e2_stamp){
		.size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : io->size,
		.mtime = nanoseconds(&st.st_mtim),
		.ctime = nanoseconds(&st.st_ctim),
		.dev = st.st_dev,
		.ino = st.st_ino,
	};
	return E2_OK;
}

/* Asks for a modification time; 1 when the file has a later one than before since. */
static int set_mtime(struct e2_io *io, int64_t mtime, int64_t before)
{
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)(mtime / SECOND), .tv_nsec = (long)(mtime % SECOND) },
	};
	struct stat st;
	int r;

	if (futimens(e2_io_fd(io), times) != 0)
		return e2_fail_errno(errno, "%s: setting its modification time", io->name);
	r = stat_io(io, &st);
	return r ? r : nanoseconds(&st.st_mtim) > before;
}

int e2_host_touch(struct e2_io *io)
{
	struct timespec clock;
	struct stat st;
	int64_t before, now;
	int r = stat_io(io, &st);

	if (r)
		return r;
	if (clock_gettime(CLOCK_REALTIME, &clock) != 0)
		return e2_fail_errno(errno, "%s: asking for the time", io->name);
	before = nanoseconds(&st.st_mtim);
	now = nanoseconds(&clock);
	if (now <= before)
		now = before + 1;
	r = set_mtime(io, now, before);
	/* File systems that keep times in steps of a second, or of two. */
	for (int s = 1; r == 0 && s <= 2; s++)
		r = set_mtime(io, (before / SECOND + s) * SECOND, before);
	/* Who may write a file of another's may only give it the time it is. */
	if (r == E2_ERR_PERM)
		return futimens(e2_io_fd(io), NULL) == 0 ? E2_OK :
		       e2_fail_errno(errno, "%s: setting its modification time", io->name);
	return r < 0 ? r : E2_OK;
}

int e2_host_trusted(const char *path, struct e2_io *file, struct e2_io *image)
{
	struct stat named, opened, of_image;
	int r = stat_io(file, &opened);

	if (r == E2_OK)
		r = stat_io(image, &of_image);
	if (r)
		return r;
	if (lstat(path, &named) != 0)
		return e2_io_fail_errno(errno, path, "");
	return S_ISREG(named.st_mode) && named.st_nlink == 1 &&
	       named.st_dev == opened.st_dev && named.st_ino == opened.st_ino &&
	       (named.st_uid == geteuid() || named.st_uid == of_image.st_uid);
}
