/* SPDX-License-Identifier: MIT */
#include "io/host_path.h"

#include "io/name.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	MAX_HOPS = 40,		/* as the kernel */
	LINK_BYTES = 4096,	/* PATH_MAX: no link of a Linux host is longer */
};

/* Replaces path, a symlink, by what it names. */
static int follow(struct e2_str *path)
{
	char text[LINK_BYTES];
	ssize_t len = readlink(e2_str_text(path), text, sizeof(text));
	struct e2_str next = E2_STR_INIT;
	int r;

	if (len < 0)
		return e2_io_fail_errno(errno, e2_str_text(path), "reading the symlink");
	if (len == 0 || text[0] != '/') {
		e2_io_add_dir(&next, e2_str_text(path));
		e2_str_add(&next, "/");
	}
	e2_str_add_bytes(&next, text, (size_t)len);
	r = e2_str_status(&next);
	if (r) {
		e2_str_free(&next);
		return r;
	}
	e2_str_free(path);
	*path = next;
	return E2_OK;
}

/* Follows the symlinks of the last component; 1 when something is there, 0 when not. */
static int resolve(struct e2_str *path, struct stat *st)
{
	for (int hops = 0; hops <= MAX_HOPS; hops++) {
		int r;

		if (lstat(e2_str_text(path), st) != 0)
			return errno == ENOENT ? 0 : e2_io_fail_errno(errno, e2_str_text(path), "");
		if (!S_ISLNK(st->st_mode))
			return 1;
		r = follow(path);
		if (r)
			return r;
	}
	return e2_io_fail(E2_ERR_LOOP, e2_str_text(path), "too many symbolic links");
}

/* Whether another file system is mounted on the file itself. */
static bool is_mount_point(const char *path, const char *dir)
{
	struct statx f, d;

	return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &f) == 0 &&
	       statx(AT_FDCWD, dir, 0, STATX_MNT_ID, &d) == 0 &&
	       (f.stx_mask & d.stx_mask & STATX_MNT_ID) != 0 && f.stx_mnt_id != d.stx_mnt_id;
}

/* Why no other file can take the name of this one; NULL when it can. */
static const char *why_stuck(const char *path, const char *dir, const struct stat *st)
{
	struct stat in;

	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) != 0)
		return "is in a directory that cannot be written";
	if (stat(dir, &in) == 0 && (in.st_mode & S_ISVTX) && geteuid() != 0 &&
	    in.st_uid != geteuid() && st->st_uid != geteuid())
		return "belongs to another user in a sticky directory";
	return is_mount_point(path, dir) ? "is a mount point" : NULL;
}

int e2_host_look(const char *path, struct e2_place *place)
{
	struct e2_str dir = E2_STR_INIT;
	struct stat st;
	int r;

	*place = (struct e2_place){ .kind = E2_PLACE_NOTHING };
	e2_str_add(&place->path, path);
	r = e2_str_status(&place->path);
	if (r == E2_OK)
		r = resolve(&place->path, &st);
	if (r <= 0)
		return r;
	place->kind = S_ISREG(st.st_mode) ? E2_PLACE_FILE :
		      S_ISBLK(st.st_mode) ? E2_PLACE_DEVICE : E2_PLACE_OTHER;
	place->dev = st.st_dev;
	place->ino = st.st_ino;
	place->links = st.st_nlink;
	e2_io_add_dir(&dir, e2_str_text(&place->path));
	r = e2_str_status(&dir);
	if (r == E2_OK)
		place->stuck = why_stuck(e2_str_text(&place->path), e2_str_text(&dir), &st);
	e2_str_free(&dir);
	return r;
}
