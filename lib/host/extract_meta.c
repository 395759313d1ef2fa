/* SPDX-License-Identifier: MIT */
/*
 * Owner, attributes, mode and times of what was extracted, in this order: a new
 * owner takes away set-user-id bits and capabilities, attributes can change the
 * mode, and everything changes times.
 */
#include "host/extract_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

struct object {
	struct e2_extractor *x;
	e2_ino ino;
	const struct e2_inode *in;
	int fd, dir_fd;
	const char *name;
	const struct stat *is;
};

enum { PROC_PATH_MAX = 64 + E2_NAME_MAX };

static int set_owner(struct object *o)
{
	int r;

	if (o->x->uid != 0 ||
	    (o->is && o->is->st_uid == o->in->uid && o->is->st_gid == o->in->gid))
		return 0;
	o->is = NULL;
	/* These two say "leave it as it is" to chown(2). */
	if (o->in->uid == UINT32_MAX || o->in->gid == UINT32_MAX)
		return e2_fail(E2_ERR_INVAL, "no host has the owner %u:%u", o->in->uid, o->in->gid);
	if (o->fd >= 0)
		r = fchown(o->fd, o->in->uid, o->in->gid);
	else
		r = fchownat(o->dir_fd, o->name, o->in->uid, o->in->gid, AT_SYMLINK_NOFOLLOW);
	return r == 0 ? 0 : e2_fail_errno(errno, "setting the owner to %u:%u", o->in->uid,
					  o->in->gid);
}

static int set_xattr(const struct object *o, const struct e2_xattr *a)
{
	struct e2_str shown = E2_STR_INIT;
	const char *name = e2_str_text(&a->name);
	char path[PROC_PATH_MAX];
	int r;

	if (strlen(name) != a->name.len)
		return e2_fail(E2_ERR_CORRUPT, "the name of an attribute contains a NUL");
	if (o->fd >= 0) {
		r = fsetxattr(o->fd, name, a->value, a->value_len, 0);
	} else {
		snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", o->dir_fd, o->name);
		r = lsetxattr(path, name, a->value, a->value_len, 0);
	}
	if (r == 0)
		return 0;
	r = errno;
	e2_str_add_name(&shown, name, a->name.len);
	r = e2_fail_errno(r, "attribute %s", e2_str_text(&shown));
	e2_str_free(&shown);
	return r;
}

/* An attribute that cannot be set does not keep the others from being set. */
static int set_xattrs(struct object *o)
{
	const struct e2_xattr *a;
	struct e2_xattrs *it;
	int r, first = 0;

	r = e2_xattrs_begin(o->x->fs, o->ino, &it);
	if (r)
		return r;
	while ((r = e2_xattrs_next(it, &a)) != 0) {
		o->is = NULL;	/* an access control list changes the mode */
		if (r > 0)
			r = set_xattr(o, a);
		if (r == E2_ERR_NOMEM) {
			first = r;
			break;
		}
		if (r && first == 0)
			first = r;
		if (r)
			e2_extract_warn(o->x, r);
	}
	e2_xattrs_end(it);
	return first == E2_ERR_NOMEM ? first : 0;
}

/* By handle, since chmod by name would follow a link. */
static int chmod_by_name(const struct object *o, mode_t mode)
{
	int fd = openat(o->dir_fd, o->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[PROC_PATH_MAX];
	struct stat st;
	int r = -1, err;

	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == 0) {
		errno = ELOOP;
		if (!S_ISLNK(st.st_mode))
			r = chmod(path, mode);
	}
	err = errno;
	(void)close(fd);	/* nothing was written through it */
	errno = err;
	return r;
}

/* Whether the object has come to belong to whom it should, which can fail even for root. */
static bool is_owned(const struct object *o)
{
	struct stat st;
	int r = o->fd >= 0 ? fstat(o->fd, &st)
			   : fstatat(o->dir_fd, o->name, &st, AT_SYMLINK_NOFOLLOW);

	return r == 0 && st.st_uid == o->in->uid && st.st_gid == o->in->gid;
}

static int set_mode(struct object *o)
{
	const mode_t set_ids = S_ISUID | S_ISGID;
	mode_t mode = o->in->mode & 07777;

	if (e2_is_symlink(o->in))
		return 0;
	/* What is not given to its owner must not act in the name of ours. */
	if ((mode & set_ids) && !e2_is_dir(o->in) && !is_owned(o))
		mode &= (mode_t)~set_ids;
	if (o->is && (o->is->st_mode & 07777) == mode)
		return 0;
	if ((o->fd >= 0 ? fchmod(o->fd, mode) : chmod_by_name(o, mode)) == 0)
		return 0;
	return e2_fail_errno(errno, "setting the mode to %04o", (unsigned)mode);
}

static struct timespec time_of(const struct e2_inode *in, enum e2_time_which which)
{
	struct timespec ts = { .tv_nsec = UTIME_OMIT };
	struct e2_time t;

	if (e2_inode_time(in, which, &t)) {
		ts.tv_sec = (time_t)t.sec;
		ts.tv_nsec = t.nsec >= 0 && t.nsec < 1000000000 ? t.nsec : 0;
	}
	return ts;
}

static int set_times(struct object *o)
{
	struct timespec times[2] = { time_of(o->in, E2_ATIME), time_of(o->in, E2_MTIME) };
	int r;

	if (o->fd >= 0)
		r = futimens(o->fd, times);
	else
		r = utimensat(o->dir_fd, o->name, times, AT_SYMLINK_NOFOLLOW);
	return r == 0 ? 0 : e2_fail_errno(errno, "setting the times");
}

int e2_extract_meta(struct e2_extractor *x, e2_ino ino, const struct e2_inode *in, int fd,
		    int dir_fd, const char *name, const struct stat *is)
{
	static int (*const steps[])(struct object *) = {
		set_owner, set_xattrs, set_mode, set_times,
	};
	struct object o = { x, ino, in, fd, dir_fd, name, is };
	int r, first = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		r = steps[i](&o);
		if (r == E2_ERR_NOMEM)
			return r;
		if (r && first == 0)
			first = r;
	}
	return first;
}
