/* SPDX-License-Identifier: MIT */
/*
 * Mounts in a source tree.  A device number tells file systems apart, but not a part of the same
 * one that is mounted there as well; the number of the mount does.
 */
#include "host/source_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The same number on every architecture but alpha; older headers lack it. */
enum { CALL_OPEN_TREE = 428, CLONE_MOUNT = 1 };

static void from_statx(const struct statx *x, struct stat *st)
{
	*st = (struct stat){
		.st_dev = makedev(x->stx_dev_major, x->stx_dev_minor), .st_ino = x->stx_ino,
		.st_mode = x->stx_mode, .st_nlink = x->stx_nlink, .st_uid = x->stx_uid,
		.st_gid = x->stx_gid, .st_size = (off_t)x->stx_size,
		.st_rdev = makedev(x->stx_rdev_major, x->stx_rdev_minor),
		.st_blocks = (blkcnt_t)x->stx_blocks,
		.st_atim = { x->stx_atime.tv_sec, x->stx_atime.tv_nsec },
		.st_mtim = { x->stx_mtime.tv_sec, x->stx_mtime.tv_nsec },
		.st_ctim = { x->stx_ctime.tv_sec, x->stx_ctime.tv_nsec },
	};
}

int e2_host_stat(int fd, const char *name, struct stat *st, uint64_t *mount)
{
	const int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;
	struct statx x;

	*mount = 0;
	if (statx(fd, name, flags, STATX_BASIC_STATS | STATX_MNT_ID, &x) == 0) {
		from_statx(&x, st);
		if ((x.stx_mask & STATX_MNT_ID) != 0)
			*mount = x.stx_mnt_id;
		return 0;
	}
	if (errno != ENOSYS && errno != EPERM)	/* a kernel, or a jail, that has no such call */
		return errno;
	return fstatat(fd, name, st, flags) == 0 ? 0 : errno;
}

void e2_host_judge_mount(struct e2_host_walk *w, const struct e2_host_layer *in, uint64_t mount,
			 struct e2_host_found *f)
{
	bool foreign = S_ISDIR(f->st.st_mode) && f->st.st_dev != in->dev;

	/* Other files may have other devices without any mount: those of an overlay. */
	if (mount == 0 || in->mount == 0) {
		w->s->stats.mounts_untold = true;
		f->mount = foreign;
	} else {
		f->mount = mount != in->mount;
	}
	f->closed = w->opt->one_file_system && (f->mount || foreign);
}

int e2_host_add_mount(struct e2_host_walk *w, e2_obj dir, const struct e2_source_name *name,
		      uint8_t tree)
{
	struct e2_source *s = w->s;
	struct e2_source_mount *grown;

	grown = e2_grow(s->mounts, &s->mounts_cap, s->mounts_len + 1, sizeof(*grown));
	if (grown == NULL)
		return E2_ERR_NOMEM;
	s->mounts = grown;
	grown[s->mounts_len++] = (struct e2_source_mount){ dir, name->text, name->len, tree };
	s->stats.mounts = s->mounts_len;
	return 0;
}

int e2_host_uncover(const char *name, struct e2_host_found *f)
{
	const int flags = AT_EMPTY_PATH | CLONE_MOUNT | O_CLOEXEC;
	struct stat st;
	uint64_t mount;
	int fd = (int)syscall(CALL_OPEN_TREE, f->fd, "", flags);

	if (fd >= 0 && e2_host_stat(fd, name, &st, &mount) == 0) {
		f->st = st;
		f->fd = fd;
	} else if (!S_ISDIR(f->st.st_mode)) {
		f->st.st_mode = S_IFREG | (f->st.st_mode & 07777);
	}
	f->st.st_nlink = 1;	/* its other names, if any, are names of something else here */
	return fd;
}
