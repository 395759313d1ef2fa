/* SPDX-License-Identifier: MIT */
/*
 * A tree of a volume out to the host.
 *
 * Names from the volume are data: each is checked, used as a single component, in a
 * directory that is open, and with calls that neither follow a link nor
 * take what is there already.  Nothing a hostile image says can therefore
 * reach outside the destination.
 */
#include "host/extract_parts.h"

#include "base/grow.h"
#include "host/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- beginning ---------------------------------------------------------------- */

static int open_destination(const char *host_dir, int *fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	struct e2_str shown = E2_STR_INIT;
	int r;

	*fd = open(host_dir, flags);
	if (*fd < 0 && errno == ENOENT && mkdir(host_dir, 0777) == 0)
		*fd = open(host_dir, flags);
	if (*fd >= 0)
		return 0;
	r = errno;
	e2_str_add_name(&shown, host_dir, strlen(host_dir));
	r = e2_fail_errno(r, "%s", e2_str_text(&shown));
	e2_str_free(&shown);
	return r;
}

static uint64_t file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return INT64_MAX;
	return limit.rlim_cur;
}

static void free_extractor(struct e2_extractor *x)
{
	e2_host_dirs_close(&x->dirs);
	e2_ahead_end(&x->ahead);
	e2_map_free(x->by_ino);
	e2_str_free(&x->link_names);
	e2_str_free(&x->top);
	e2_str_free(&x->path);
	free(x->links);
	free(x->late);
	free(x->buffer);
	free(x);
}

int e2_extract_begin(struct e2_fs *fs, const char *host_dir,
		     const struct e2_extract_options *options, struct e2_extractor **out)
{
	const struct e2_geometry *g = e2_geometry(fs);
	struct e2_extractor *x;
	int fd, r;

	r = open_destination(host_dir, &fd);
	if (r)
		return r;
	x = calloc(1, sizeof(*x));
	if (!x) {
		(void)close(fd);	/* only read through */
		return e2_fail(E2_ERR_NOMEM, "extracting: out of memory");
	}
	x->fs = fs;
	x->options = *options;
	x->uid = geteuid();
	x->gid = getegid();
	x->file_limit = file_limit();
	x->bytes_left = options->max_bytes ? options->max_bytes : g->blocks * g->block_size;
	r = e2_host_dirs_open(&x->dirs, fd);
	if (r == 0)
		r = e2_ahead_begin(&x->ahead, fs);
	if (r == 0)
		r = e2_map_new(&x->by_ino);
	if (r == 0) {
		x->buffer = malloc(E2_EXTRACT_BUFFER);
		if (!x->buffer)
			r = e2_fail(E2_ERR_NOMEM, "extracting: out of memory");
	}
	if (r) {
		free_extractor(x);
		return r;
	}
	*out = x;
	return 0;
}

/* ---- reporting ------------------------------------------------------------------- */

void e2_extract_warn(struct e2_extractor *x, int err)
{
	struct e2_str text = E2_STR_INIT;

	x->stats.left_out++;
	if (x->status == 0)
		x->status = err;
	if (!x->options.warn)
		return;
	e2_str_add_name(&text, e2_str_text(&x->top), x->top.len);
	e2_str_add_name(&text, e2_str_text(&x->path), x->path.len);
	e2_str_addf(&text, ": %s", *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
	x->options.warn(x->options.context, e2_str_text(&text));
	e2_str_free(&text);
}

int e2_extract_stopped(const struct e2_extractor *x)
{
	if (!x->options.stop || !x->options.stop())
		return 0;
	return e2_fail(E2_ERR_CANCELLED, "interrupted; what was copied stays");
}

/* Errors after which nothing else will succeed either. */
static bool is_fatal(const struct e2_extractor *x, int err)
{
	return err == E2_ERR_NOMEM || err == E2_ERR_NOSPC || err == E2_ERR_ROFS ||
	       err == E2_ERR_CANCELLED || x->exhausted;
}

/* ---- objects ----------------------------------------------------------------------- */

enum { TEMP_MAX = 32, TEMP_TRIES = 100 };

struct object {			/* one name that is being made */
	e2_ino ino;
	const struct e2_inode *in;
	int dir_fd;
	const char *name;
	bool top;			/* what e2_extract was asked for */
	const char *as;			/* the name it is made under */
	bool made;			/* it stands there, and is to stay */
	char temp[TEMP_MAX];		/* where it is another than name */
};

static bool is_special(mode_t mode)
{
	mode_t type = mode & S_IFMT;

	return type == S_IFBLK || type == S_IFCHR || type == S_IFIFO || type == S_IFSOCK;
}

/*
 * Under which name something is made: where its own is taken and may be replaced, another beside
 * it, so that what is there stays until all of it is done.
 */
static int choose_name(const struct e2_extractor *x, struct object *o)
{
	struct stat st;
	uint32_t salt;

	o->as = o->name;
	if (!x->options.overwrite || fstatat(o->dir_fd, o->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return e2_fail(E2_ERR_ISDIR, "a directory stands in its place");
	if (is_special(st.st_mode) && !is_special(o->in->mode))
		return e2_fail(E2_ERR_EXIST, "a device, fifo or socket stands in its place");
	for (int i = 0; i < TEMP_TRIES; i++) {
		if (getrandom(&salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
			break;
		(void)snprintf(o->temp, sizeof(o->temp), ".extant-%08x", (unsigned)salt);
		if (fstatat(o->dir_fd, o->temp, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (errno != ENOENT)
			break;
		o->as = o->temp;
		return 0;
	}
	return e2_fail(E2_ERR_HOST, "no name is free beside it");
}

/* What was made takes the place of what is there, or leaves nothing behind. */
static int take_place(const struct object *o, int r)
{
	int err = 0;

	if (o->as == o->name)
		return r;
	if (o->made && renameat(o->dir_fd, o->as, o->dir_fd, o->name) < 0)
		err = e2_fail_errno(errno, "replacing what is there");
	/* Of two names of one file rename(2) leaves both. */
	(void)unlinkat(o->dir_fd, o->as, 0);
	return err ? err : r;
}

/* Whether to try again: a file stood in the way of a directory and was removed. */
static bool cleared(const struct e2_extractor *x, const struct object *o)
{
	struct stat st;

	return x->options.overwrite &&
	       fstatat(o->dir_fd, o->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       !is_special(st.st_mode) && unlinkat(o->dir_fd, o->name, 0) == 0;
}

static int fail_making(int err, const char *what)
{
	if (err == EEXIST)
		return e2_fail(E2_ERR_EXIST, "exists already");
	return e2_fail_errno(err, "making %s", what);
}

/*
 * What is going to replace a file that was asked for by its name is on the disk before: a power
 * cut leaves the old one or the new.  Trees go as rsync and tar copy them, without waiting.
 */
static int sync_replacement(const struct object *o, int fd)
{
	if (o->as == o->name || !o->top || fsync(fd) == 0 || errno == EINVAL)
		return 0;
	return e2_fail_errno(errno, "making it durable");
}

static int make_file(struct e2_extractor *x, struct object *o)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	/* What will belong to somebody else is nobody's to read before. */
	bool ours = !x->options.archive || (o->in->uid == x->uid && o->in->gid == x->gid);
	mode_t mode = ours ? o->in->mode & 0777 : 0600;
	bool damage = false;
	struct stat st;
	int fd, r, data;

	fd = openat(o->dir_fd, o->as, flags, mode);
	if (fd < 0)
		return fail_making(errno, "a file");
	data = r = e2_extract_data(x, o->in, fd, &damage);
	if (r == 0 && damage)
		e2_extract_warn(x, e2_fail(E2_ERR_CORRUPT, "some of its data cannot be read"));
	if (r == 0 && x->options.archive)
		r = e2_extract_meta(x, o->ino, o->in, fd, o->dir_fd, o->as,
				    fstat(fd, &st) == 0 ? &st : NULL);
	if (data == 0)
		data = sync_replacement(o, fd);
	if (close(fd) < 0 && data == 0)
		data = e2_fail_errno(errno, "closing");
	r = r ? r : data;
	o->made = data == 0;
	if (data)
		(void)unlinkat(o->dir_fd, o->as, 0);	/* the failure is reported anyway */
	else
		x->stats.files++;
	return r;
}

static int make_symlink(struct e2_extractor *x, struct object *o)
{
	struct e2_str text = E2_STR_INIT;
	int r;

	r = e2_symlink_read(x->fs, o->in, &text);
	if (r)
		goto out;
	r = symlinkat(e2_str_text(&text), o->dir_fd, o->as);
	if (r < 0) {
		r = fail_making(errno, "a symlink");
		goto out;
	}
	o->made = true;
	x->stats.symlinks++;
	if (x->options.archive)
		r = e2_extract_meta(x, o->ino, o->in, -1, o->dir_fd, o->as, NULL);
out:
	e2_str_free(&text);
	return r;
}

/* What nobody asked for is told, but is no failure. */
static int leave_out(struct e2_extractor *x, int reason)
{
	int before = x->status;

	e2_extract_warn(x, reason);
	x->status = before;
	return 0;
}

/* Devices, fifos and sockets are for archives, devices for root. */
static bool may_make_special(const struct e2_extractor *x, const struct object *o)
{
	mode_t type = o->in->mode & S_IFMT;
	bool device = type == S_IFBLK || type == S_IFCHR;

	return x->options.archive && (!device || x->uid == 0);
}

static int skip_special(struct e2_extractor *x, const struct object *o)
{
	mode_t type = o->in->mode & S_IFMT;
	int r = e2_fail(E2_ERR_PERM, "a %s, left out", type == S_IFIFO ? "fifo" :
			type == S_IFSOCK ? "socket" : "device");

	return x->options.archive || o->top ? r : leave_out(x, r);
}

static int make_special(struct e2_extractor *x, struct object *o)
{
	mode_t type = o->in->mode & S_IFMT;
	bool device = type == S_IFBLK || type == S_IFCHR;
	uint32_t major = 0, minor = 0;
	int r;

	if (device)
		e2_inode_device(o->in, &major, &minor);
	r = mknodat(o->dir_fd, o->as, type | 0600, makedev(major, minor));
	if (r < 0)
		return fail_making(errno, device ? "a device" : "a special file");
	o->made = true;
	x->stats.others++;
	return e2_extract_meta(x, o->ino, o->in, -1, o->dir_fd, o->as, NULL);
}

/* ---- hard links ---------------------------------------------------------------------- */

static int remember(struct e2_extractor *x, const struct object *o)
{
	uint32_t dir = x->dirs.levels[x->dirs.depth - 1].dir;
	struct e2_host_link *more;
	struct stat st;

	if (fstatat(o->dir_fd, o->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return e2_fail_errno(errno, "looking at it again");
	more = e2_grow(x->links, &x->link_cap, x->link_count + 1, sizeof(*more));
	if (!more)
		return E2_ERR_NOMEM;
	x->links = more;
	x->links[x->link_count++] = (struct e2_host_link){ dir, x->link_names.len, st.st_dev,
							   st.st_ino };
	e2_str_add_bytes(&x->link_names, o->name, strlen(o->name) + 1);
	if (e2_str_status(&x->link_names))
		return e2_fail(E2_ERR_NOMEM, "extracting: out of memory");
	return e2_map_set(x->by_ino, o->ino, x->link_count);
}

/* Another name for what was extracted before, if it still is what it was. */
static int link_again(struct e2_extractor *x, struct object *o, uint64_t index)
{
	const struct e2_host_link *l = &x->links[index - 1];
	const char *first = x->link_names.text + l->name;
	int from = e2_host_dirs_again(&x->dirs, l->dir), r;
	struct stat st;

	if (from < 0)
		return from;
	r = linkat(from, first, o->dir_fd, o->as, 0);
	if (r < 0)
		return fail_making(errno, "a hard link");
	if (fstatat(o->dir_fd, o->as, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_dev != l->dev || st.st_ino != l->ino) {
		(void)unlinkat(o->dir_fd, o->as, 0);	/* whatever it is, it is not ours */
		return e2_fail(E2_ERR_CHANGED, "its first name was replaced meanwhile");
	}
	o->made = true;
	x->stats.links++;
	return 0;
}

/* Under o->as: 1 when it is a further name of what was made before, 0 when it is new. */
static int make_as(struct e2_extractor *x, struct object *o)
{
	uint64_t index;
	int r;

	if (o->in->links_count > 1 && e2_map_get(x->by_ino, o->ino, &index)) {
		r = link_again(x, o, index);
		if (r == 0)
			return 1;
		if (r == E2_ERR_EXIST || r == E2_ERR_ISDIR || is_fatal(x, r))
			return r;
		e2_extract_warn(x, r);	/* and a copy is made instead */
	}
	switch (o->in->mode & S_IFMT) {
	case S_IFREG:
		return make_file(x, o);
	case S_IFLNK:
		return make_symlink(x, o);
	case S_IFBLK: case S_IFCHR: case S_IFIFO: case S_IFSOCK:
		if (!may_make_special(x, o))
			return skip_special(x, o);	/* and nothing to link to */
		return make_special(x, o);
	default:
		return e2_fail(E2_ERR_CORRUPT, "inode %u: mode 0%o has no file type", o->ino,
			       o->in->mode);
	}
}

/* Anything but a directory. */
static int make_object(struct e2_extractor *x, struct object *o)
{
	uint64_t index;
	bool linked = o->in->links_count > 1, known;
	int r = choose_name(x, o);

	if (r)
		return r;
	known = linked && e2_map_get(x->by_ino, o->ino, &index);
	r = make_as(x, o);
	if (r == 1)
		linked = false;
	r = take_place(o, r > 0 ? 0 : r);
	return r == 0 && linked && !known && o->made ? remember(x, o) : r;
}

/* ---- directories ----------------------------------------------------------------------- */

static int enter_dir(struct e2_extractor *x, const struct object *o)
{
	mode_t mode = x->options.archive ? 0700 : (o->in->mode & 0777) | 0700;
	bool made = mkdirat(o->dir_fd, o->name, mode) == 0;
	int fd, err = errno;

	if (!made && err != EEXIST)
		return fail_making(err, "a directory");
	if (!made && !x->options.overwrite)
		return fail_making(EEXIST, "a directory");
	fd = openat(o->dir_fd, o->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && !made && (errno == ENOTDIR || errno == ELOOP) && cleared(x, o)) {
		made = mkdirat(o->dir_fd, o->name, mode) == 0;
		fd = openat(o->dir_fd, o->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return e2_fail_errno(errno, "opening the directory");
	x->stats.dirs++;
	return e2_host_dirs_push(&x->dirs, o->name, fd, o->ino, made);
}

static int defer_mode(struct e2_extractor *x, uint32_t dir, mode_t mode)
{
	struct e2_late_mode *more = e2_grow(x->late, &x->late_cap, x->late_count + 1,
					    sizeof(*more));

	if (!more)
		return E2_ERR_NOMEM;
	x->late = more;
	x->late[x->late_count++] = (struct e2_late_mode){ dir, mode };
	return 0;
}

/*
 * What a directory gets when everything in it is done.  One that its owner may not
 * enter is closed at the very end: later names may still have to be
 * linked to what is in it.
 */
static int finish_dir(struct e2_extractor *x, const struct e2_walk_entry *e)
{
	const struct e2_host_level *level = &x->dirs.levels[x->dirs.depth - 1];
	struct e2_inode in = e->inode;
	bool late = x->uid != 0 && (in.mode & 0100) == 0;
	int fd = e2_host_dirs_fd(&x->dirs), r = 0;
	mode_t mode;

	if (fd < 0)
		return fd;
	if (x->options.archive) {
		mode = in.mode & 07777;
		if (late)
			in.mode |= 0700;
		r = e2_extract_meta(x, e->ino, &in, fd, -1, NULL, NULL);
	} else {
		mode = level->mode & 07777 & (mode_t)~(0700 & ~(in.mode & 0700u));
		if (!level->made || (in.mode & 0700) == 0700)
			return 0;
		if (!late && fchmod(fd, mode) < 0)
			r = e2_fail_errno(errno, "setting the mode to %04o", (unsigned)mode);
	}
	if (r == 0 && late)
		r = defer_mode(x, level->dir, mode);
	return r;
}

static int close_late_dirs(struct e2_extractor *x)
{
	int fd, r, first = 0;

	for (size_t i = 0; i < x->late_count; i++) {
		fd = e2_host_dirs_again(&x->dirs, x->late[i].dir);
		r = fd < 0 ? fd : 0;
		if (r == 0 && fchmod(fd, x->late[i].mode) < 0)
			r = e2_fail_errno(errno, "setting the mode of a directory");
		if (r && first == 0)
			first = r;
	}
	return first;
}

/* ---- the tree ------------------------------------------------------------------------------ */

/* Makes what the walk yields.  An error concerns this object alone unless it is fatal. */
static int take(struct e2_extractor *x, const struct e2_walk_entry *e, const char *name)
{
	struct object o = { .ino = e->ino, .in = &e->inode, .dir_fd = -1, .name = name,
			    .top = e->depth == 0 };
	const char *problem = e2_name_problem((const uint8_t *)name,
					      e->depth ? e->name_len : strlen(name));

	if (problem)
		return e2_fail(e->depth ? E2_ERR_CORRUPT : E2_ERR_INVAL, "the name %s", problem);
	if (e->status)
		return e->status;
	if (e->again)
		return e2_fail(E2_ERR_CORRUPT, "a second name of directory %u", e->ino);
	o.dir_fd = e2_host_dirs_fd(&x->dirs);
	if (o.dir_fd < 0)
		return o.dir_fd;
	if (x->options.overwrite) {
		int r = e2_own_check(x->fs, o.dir_fd, name);

		if (r)
			return r;
	}
	return e2_is_dir(&e->inode) ? enter_dir(x, &o) : make_object(x, &o);
}

/* The destination itself stands for the directory that is extracted without a name. */
static int take_destination(struct e2_extractor *x, const struct e2_walk_entry *e)
{
	int fd = fcntl(x->dirs.levels[0].fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return e2_fail_errno(errno, "opening the destination again");
	x->stats.dirs++;
	return e2_host_dirs_push(&x->dirs, ".", fd, e->ino, false);
}

static int step(struct e2_extractor *x, struct e2_walk *walk, const struct e2_walk_entry *e,
		const char *name)
{
	int r;

	e2_str_truncate(&x->path, 0);
	e2_str_add_bytes(&x->path, e->path, e->path_len);
	if (e2_str_status(&x->path))
		return e2_fail(E2_ERR_NOMEM, "extracting: out of memory");
	if (e->after) {
		if (e->status)
			e2_extract_warn(x, e->status);
		r = finish_dir(x, e);
		e2_host_dirs_pop(&x->dirs);
	} else if (e->depth > 0) {
		r = take(x, e, (const char *)e->name);
	} else {
		r = name ? take(x, e, name) : take_destination(x, e);
	}
	if (r && !e->after)
		e2_walk_skip(walk);
	return r;
}

static int extract_walk(struct e2_extractor *x, struct e2_walk *walk, const char *name)
{
	struct e2_walk_entry e;
	int r;

	while ((r = e2_walk_next(walk, &e)) > 0) {
		r = e2_extract_stopped(x);
		if (r == 0)
			r = step(x, walk, &e, name);
		if (r == 0)
			continue;
		/* Without the top there is nothing to go on with. */
		if (is_fatal(x, r) || (e.depth == 0 && !e.after))
			return r;
		e2_extract_warn(x, r);
	}
	if (r == 0 && x->status)
		r = e2_fail(x->status, "%llu objects were left out or are incomplete",
			    (unsigned long long)x->stats.left_out);
	return r;
}

int e2_extract(struct e2_extractor *x, e2_ino ino, const char *name)
{
	struct e2_walk *walk;
	struct e2_inode in;
	int r;

	r = e2_inode_get(x->fs, ino, &in);
	if (r)
		return r;
	if (e2_is_dir(&in) && !x->options.recursive)
		return e2_fail(E2_ERR_ISDIR, "is a directory");
	if (!e2_is_dir(&in) && !name)
		return e2_fail(E2_ERR_NOTDIR, "inode %u: is not a directory", ino);
	e2_str_truncate(&x->top, 0);
	e2_str_add(&x->top, name ? name : "");
	x->status = e2_str_status(&x->top);
	if (x->status)
		return e2_fail(x->status, "extracting: out of memory");
	r = e2_walk_begin(x->fs, ino, E2_WALK_POST, &walk);
	if (r)
		return r;
	r = extract_walk(x, walk, name);
	e2_walk_end(walk);
	while (x->dirs.depth > 1)
		e2_host_dirs_pop(&x->dirs);
	return r;
}

int e2_extract_end(struct e2_extractor *x, struct e2_copied *stats)
{
	int r;

	if (!x)
		return 0;
	r = close_late_dirs(x);
	if (stats)
		*stats = x->stats;
	free_extractor(x);
	return r;
}
