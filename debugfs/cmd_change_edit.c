/* SPDX-License-Identifier: MIT */
/*
 * edit: a file of the volume in the user's editor.
 *
 * The editor gets a copy in a directory that is the user's alone.  What he has typed is never
 * thrown away before it is in the image: the directory goes only when the copy is known to be
 * what the volume has, and nothing else is in it.
 */
#include "consequence.h"
#include "copy_name.h"
#include "edit.h"
#include "names_left.h"
#include "redirect.h"
#include "spot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 * 1024 };

struct edit {
	struct shell *sh;
	const struct arg *file;
	struct e2_inode in;
	struct e2_str dir, path;	/* the directory, the copy in it */
	bool ran;			/* the editor: what is in the directory is the user's */
	bool typed;			/* the copy may have something that the volume has not */
};

/* ---- the copy --------------------------------------------------------------------------- */

/* Whether nothing but the copy is in the directory; not where that cannot be seen. */
static bool is_alone(const char *dir_path, const char *name)
{
	DIR *dir = opendir(dir_path);
	struct dirent *d;
	bool alone = dir != NULL;

	errno = 0;
	while (alone && (d = readdir(dir)) != NULL)
		alone = !strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
			!strcmp(d->d_name, name);
	alone = alone && errno == 0;
	if (dir)
		(void)closedir(dir);	/* only read */
	return alone;
}

/* Removes the copy at path, which nobody needs, and its directory dir.  False: more is in it,
 * and all of it stays. */
static bool remove_copy(const char *dir, const char *path)
{
	if (!is_alone(dir, path + strlen(dir) + 1))
		return false;
	(void)unlink(path);
	(void)rmdir(dir);		/* at worst something is left in a temporary directory */
	return true;
}

static int make_dir(struct edit *e)
{
	const char *tmp = getenv("TMPDIR");

	e2_str_addf(&e->dir, "%s/extant-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (e2_str_status(&e->dir))
		return e2_fail(E2_ERR_NOMEM, "no memory for a path");
	if (!mkdtemp(e->dir.text)) {
		int err = errno;

		e2_str_truncate(&e->dir, 0);
		return e2_fail_errno(err, "making a temporary directory");
	}
	return 0;
}

static int copy_out(struct edit *e)
{
	struct e2_extract_options how = { 0 };
	struct e2_str name = E2_STR_INIT;
	struct e2_extractor *x;
	int err = copy_name(e->file, &name), end;

	if (!err)
		err = make_dir(e);
	if (!err)
		err = e2_extract_begin(e->sh->fs, e->dir.text, &how, &x);
	if (!err) {
		err = e2_extract(x, e->file->ino, e2_str_text(&name));
		end = e2_extract_end(x, NULL);
		err = err ? err : end;
	}
	e2_str_addf(&e->path, "%s/%s", e2_str_text(&e->dir), e2_str_text(&name));
	if (!err)
		err = e2_str_status(&e->path);
	if (!err && chmod(e->path.text, 0600) < 0)
		err = e2_fail_errno(errno, "the copy");
	e2_str_free(&name);
	return err;
}

static int read_piece(int fd, uint8_t *to, uint64_t at, size_t *got)
{
	*got = 0;
	while (*got < PIECE_BYTES) {
		ssize_t n = pread(fd, to + *got, PIECE_BYTES - *got, (off_t)(at + *got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return e2_fail_errno(errno, "reading the copy");
		if (n == 0)
			break;
		*got += (size_t)n;
	}
	return 0;
}

/* Whether the copy is still what the volume has. */
static int compare(const struct edit *e, int fd, bool *same)
{
	uint8_t *ours = malloc(2 * PIECE_BYTES), *theirs = ours ? ours + PIECE_BYTES : NULL;
	uint64_t size = e2_inode_size(&e->in), at = 0;
	size_t got = 0, have = 0;
	struct stat st;
	int err = ours ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to compare");

	if (!err && fstat(fd, &st) < 0)
		err = e2_fail_errno(errno, "the copy");
	if (!err && !S_ISREG(st.st_mode))
		err = e2_fail(E2_ERR_HOST, "the copy is not a regular file any more");
	*same = !err && (uint64_t)st.st_size == size;
	while (!err && *same && at < size) {
		err = read_piece(fd, theirs, at, &got);
		if (!err)
			err = e2_read(e->sh->fs, &e->in, at, PIECE_BYTES, ours, &have);
		*same = !err && got == have && got > 0 && !memcmp(ours, theirs, got);
		at += got;
	}
	free(ours);
	return err;
}

/* ---- the editor ----------------------------------------------------------------------------- */

static const char *editor_of(void)
{
	const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");

	return visual && *visual ? visual : editor && *editor ? editor : "vi";
}

static int run_editor(const struct edit *e)
{
	const char *editor = editor_of();
	struct e2_str line = E2_STR_INIT;
	pid_t child = 0;
	int err;

	e2_str_addf(&line, "%s \"$@\"", editor);	/* it may have arguments: as git has it */
	err = e2_str_status(&line);
	if (!err)
		err = host_start(line.text, e->path.text, -1, &child);
	if (!err)
		err = host_await(e->sh, child);
	if (err) {
		e2_str_truncate(&line, 0);
		e2_str_add_name(&line, editor, strlen(editor));
		e2_str_addf(&line, ": %s", *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
		err = e2_fail(err, "%s", e2_str_text(&line));
	}
	e2_str_free(&line);
	return err;
}

/* ---- back again ------------------------------------------------------------------------------ */

/* A file of its own takes the name; the names besides keep the old one. */
static int renew(struct edit *e, e2_ino *ino)
{
	struct e2_new what = { .mode = e->in.mode, .uid = e->in.uid, .gid = e->in.gid };
	struct shell *sh = e->sh;
	struct spot to;
	int err;

	consequence_watch(sh);
	err = spot_of(sh, e->file, true, &to);
	if (!err && !to.name.len)
		err = e2_fail(E2_ERR_INVAL, "--atomic is for names, not for inode numbers");
	if (!err)
		err = e2_unlink(sh->txn, to.dir, to.name.text, to.name.len);
	if (!err)
		err = e2_create(sh->txn, to.dir, to.name.text, to.name.len, &what, ino);
	spot_free(&to);
	return err;
}

static int copy_in(struct edit *e, e2_ino ino, int fd)
{
	struct e2_txn *txn = e->sh->txn;
	uint8_t *piece = malloc(PIECE_BYTES);
	uint64_t at = 0;
	size_t got = 1;
	int err = piece ? e2_inode_get(e->sh->fs, ino, &e->in) :
		e2_fail(E2_ERR_NOMEM, "no memory for a piece of the file");

	if (!err && (e->in.flags & (uint32_t)(E2_FL_IMMUTABLE | E2_FL_APPEND)))
		err = e2_fail(E2_ERR_PERM, "inode %u is immutable or append-only", ino);
	if (!err)
		err = e2_truncate(txn, ino, &e->in, 0);
	for (; !err && got > 0; at += got) {
		err = read_piece(fd, piece, at, &got);
		if (!err && got > 0)
			err = e2_write(txn, ino, &e->in, at, got, piece);
	}
	if (!err)
		err = e2_xattr_drop_capability(txn, ino, &e->in);
	if (!err) {
		e2_inode_touch(txn, &e->in, true);
		err = e2_inode_put(txn, ino, &e->in);
	}
	free(piece);
	return err;
}

static int put_back(struct edit *e, bool atomic)
{
	int fd = open(e->path.text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	e2_ino ino = e->file->ino;
	uint32_t links = e->in.links_count;
	bool same = false;
	int err;

	e->typed = true;		/* until it is seen */
	if (fd < 0)
		return e2_fail_errno(errno, "the copy");
	err = compare(e, fd, &same);
	e->typed = err || !same;
	if (!err && !same && atomic)
		err = renew(e, &ino);
	if (!err && !same)
		err = copy_in(e, ino, fd);
	if (!err && !same && e->file->path.len)
		tell_content(e->sh, e->file->ino, links, &e->file->path, atomic);
	(void)close(fd);		/* only read */
	return err;
}

/* ---- what becomes of the copy -------------------------------------------------- */

/* "/etc/motd: why; what was typed is in /tmp/extant-x/motd", or in the directory where that is
 * not sure to be all. */
static int fail_kept(struct edit *e, int err)
{
	struct e2_str why = E2_STR_INIT, path = E2_STR_INIT;
	const char *name = e->path.text + e->dir.len + 1;
	struct stat st;
	bool all = is_alone(e->dir.text, name) && lstat(e->path.text, &st) == 0;

	e2_str_add(&why, *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
	e2_str_add_name(&path, e->path.text, all ? e->path.len : e->dir.len);
	err = e2_fail(err, "%s; what was typed is in %s", e2_str_text(&why), e2_str_text(&path));
	e2_str_free(&why);
	e2_str_free(&path);
	return err;
}

/* Nothing has failed, but the editor has left more than the copy. */
static void note_left(struct shell *sh, const char *dir)
{
	struct e2_str line = E2_STR_INIT;

	e2_str_add(&line, "what the editor has left is in ");
	e2_str_add_name(&line, dir, strlen(dir));
	shell_note(sh, e2_str_text(&line));
	e2_str_free(&line);
}

/* Removes what is not needed, and tells where the rest is.  err: of the command. */
static int settle(struct edit *e, int err)
{
	const char *dir = e->dir.text;

	if (!e->ran) {
		if (e->path.len)
			(void)unlink(e->path.text);	/* as far as it came */
		(void)rmdir(dir);	/* at worst something is left in a temporary directory */
		return err;
	}
	if (!err && e->typed)
		return 0;		/* edit_settle(), when that is committed */
	if (rmdir(dir) == 0)		/* it is empty: there is nothing to keep */
		return err;
	if (!e->typed && remove_copy(dir, e->path.text))
		return err;
	if (err)
		return fail_kept(e, err);
	note_left(e->sh, dir);
	return 0;
}

void edit_settle(struct shell *sh, bool committed)
{
	size_t at = 0;

	while (at < sh->edited.len) {
		const char *path = sh->edited.text + at;
		char *dir = strdup(path), *slash = dir ? strrchr(dir, '/') : NULL;
		struct e2_str line = E2_STR_INIT;

		at += strlen(path) + 1;
		if (committed && slash) {
			*slash = '\0';
			if (!remove_copy(dir, path)) {
				note_left(sh, dir);
				shell_say_notes(sh);
			}
		} else {
			e2_str_add(&line, "what was typed is in ");
			e2_str_add_name(&line, path, strlen(path));
			shell_note(sh, e2_str_text(&line));
			shell_say_notes(sh);
		}
		e2_str_free(&line);
		free(dir);
	}
	e2_str_truncate(&sh->edited, 0);
}

/* The editor has failed: what it left is kept where it is not what the volume has. */
static void look_at_copy(struct edit *e)
{
	struct e2_str why = E2_STR_INIT;
	int fd = open(e->path.text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool same = true;

	e->typed = true;		/* until it is seen */
	if (fd < 0)
		return;
	e2_str_add(&why, e2_err_detail());
	e->typed = compare(e, fd, &same) || !same;
	(void)close(fd);
	(void)e2_fail(E2_ERR_HOST, "%s", e2_str_text(&why));	/* comparing may have failed too */
	e2_str_free(&why);
}

static int edit(struct edit *e, bool atomic, bool verbose)
{
	int err = copy_out(e);

	if (err)
		return err;
	out_flush(&e->sh->out);
	e->ran = true;
	err = run_editor(e);
	if (err) {
		look_at_copy(e);
		return err;
	}
	err = put_back(e, atomic);
	if (!err && e->typed)
		e2_str_add_bytes(&e->sh->edited, e->path.text, e->path.len + 1);
	if (!err && !e->typed && verbose && e->sh->out.mode == OUT_TEXT) {
		out_add(&e->sh->out, "nothing has changed");
		out_line(&e->sh->out);
	}
	return err;
}

int cmd_edit(struct shell *sh, const struct args *args)
{
	struct edit e = { .sh = sh, .file = &args->arg[0] };
	int err;

	if (sh->restricted)
		return e2_fail(E2_ERR_INVAL, "--restricted: no editor is run");
	err = e2_inode_get(sh->fs, e.file->ino, &e.in);
	if (!err && !e2_is_reg(&e.in))
		err = e2_fail(e2_is_dir(&e.in) ? E2_ERR_ISDIR : E2_ERR_INVAL,
			      "a %s, not a regular file", file_type_words(e.in.mode));
	if (!err)
		err = edit(&e, args_has(args, "--atomic"), args_has(args, "-v"));
	if (e.dir.len)
		err = settle(&e, err);
	e2_str_free(&e.dir);
	e2_str_free(&e.path);
	return err;
}
