/* SPDX-License-Identifier: MIT */
/* From what people type to inode numbers, and back to paths. */
#include "shell.h"

#include "interrupt.h"

#include <string.h>

/* Follows the steps of a resolution: at is the path of what has been reached. */
static int track(void *context, const struct e2_step *step)
{
	if (step->ino)
		e2_path_move(context, step);
	return 0;
}

static int check_inode_number(const struct shell *sh, e2_ino ino)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);

	if (e2_inode_valid(g, ino))
		return 0;
	return e2_fail(E2_ERR_RANGE, "<%u>: the volume's inodes are 1 to %u", ino, g->inodes);
}

/* A path below a directory is made absolute, so that messages name the place. */
int shell_resolve(struct shell *sh, e2_ino cwd, const struct e2_str *cwd_path, const char *text,
		  bool follow, e2_ino *ino, struct e2_str *path)
{
	struct e2_str at = E2_STR_INIT, whole = E2_STR_INIT;
	struct e2_resolve how = {
		.root = sh->root, .cwd = cwd, .flags = follow ? 0 : E2_NOFOLLOW, .step = track,
		.context = &at, .beyond = E2_FATE_BEYOND,
	};
	bool below = text[0] && text[0] != '/' && cwd_path->len > 1;
	int err;

	if (below && cwd_path->text[0] == '/' &&
	    cwd_path->len + strlen(text) + 1 <= E2_PATH_MAX) {
		e2_str_addf(&whole, "%s/%s", cwd_path->text, text);
		below = false;
	}
	if (below)
		e2_str_add(&at, cwd_path->text);
	err = e2_str_status(&whole);
	if (!err)
		err = e2_resolve(sh->fs, &how, whole.len ? whole.text : text, ino);
	if (!err && path)
		e2_str_add(path, at.len ? at.text : "/");
	if (!err)
		err = e2_str_status(&at);
	e2_str_free(&whole);
	e2_str_free(&at);
	return err;
}

int shell_lookup(struct shell *sh, const struct object *o, bool follow, e2_ino *ino,
		 struct e2_str *path)
{
	if (o->kind != OBJECT_INODE)
		return shell_resolve(sh, sh->cwd, &sh->cwd_path, o->path, follow, ino, path);
	*ino = o->ino;
	return check_inode_number(sh, o->ino);
}

void add_object(struct e2_str *s, const struct arg *a)
{
	if (a->path.len) {
		e2_str_add_name(s, a->path.text, a->path.len);
		e2_str_add(s, " ");
	}
	e2_str_addf(s, "<%u>", a->ino);
}

const char *symlink_fate(struct shell *sh, e2_ino dir, const char *text)
{
	struct e2_fate fate = E2_FATE_INIT;
	struct e2_resolve how = { .root = sh->root, .cwd = dir, .hops = 1, .fate = &fate };
	const char *word;
	e2_ino ino;
	int err;

	shell_remember(sh);
	err = e2_resolve(sh->fs, &how, text, &ino);
	e2_err_clear();
	word = err == 0 ? NULL : e2_fate_word(fate.kind);
	e2_fate_free(&fate);
	return word;
}

/* ---- back to paths ------------------------------------------------------- */

/* Adds "/name" of child in dir, its bytes from the last to the first. */
static int climb_one(struct shell *sh, e2_ino dir, e2_ino child, struct e2_str *reversed)
{
	struct e2_dir *it;
	struct e2_entry e;
	int r = e2_dir_begin(sh->fs, dir, &it);

	if (r)
		return r;
	while ((r = e2_dir_next(it, &e)) > 0) {
		bool dots = e.name_len <= 2 && !memcmp(e.name, "..", e.name_len);

		if (e.ino != child || dots)
			continue;
		for (size_t i = e.name_len; i > 0; i--)
			e2_str_add_bytes(reversed, &e.name[i - 1], 1);
		e2_str_add(reversed, "/");
		break;
	}
	e2_dir_end(it);
	if (r > 0)
		return e2_str_status(reversed);
	return r ? r : e2_fail(E2_ERR_NOENT, "directory <%u>: its parent <%u> does not name it",
			       child, dir);
}

static void reverse(char *text, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		char c = text[i];

		text[i] = text[len - 1 - i];
		text[len - 1 - i] = c;
	}
}

int shell_climb(struct shell *sh, e2_ino dir, struct e2_str *path)
{
	struct e2_bitset *seen;
	struct e2_str s = E2_STR_INIT;
	e2_ino parent;
	int err = e2_bitset_new((uint64_t)e2_geometry(sh->fs)->inodes + 1, &seen);

	while (!err && dir != shell_root(sh)) {
		if (dir == E2_INO_ROOT)
			err = e2_fail(E2_ERR_NOENT, "a directory outside of the root");
		if (!err && e2_bitset_test_and_set(seen, dir))
			err = e2_fail(E2_ERR_CORRUPT, "directory <%u>: its parents go in a circle",
				      dir);
		if (!err)
			err = e2_dir_lookup(sh->fs, dir, "..", 2, &parent);
		if (!err)
			err = climb_one(sh, parent, dir, &s);
		dir = parent;
	}
	if (!err && s.len) {
		reverse(s.text, s.len);
		e2_str_add_bytes(path, s.text, s.len);
	} else if (!err) {
		e2_str_add(path, "/");
	}
	e2_str_free(&s);
	e2_bitset_free(seen);
	return err;
}

/* An index takes as long as a few searches. */
enum { SEARCHES_MAX = 4 };

int shell_poll(void *context)
{
	(void)context;
	return interrupt_asked() ? e2_fail(E2_ERR_CANCELLED, "interrupted") : 0;
}

int shell_names(struct shell *sh, struct e2_names **names)
{
	const struct e2_names_how how = { .poll = shell_poll };
	int err = sh->names ? 0 : e2_names_open_with(sh->fs, &how, &sh->names);

	if (!err)
		*names = sh->names;
	return err;
}

int shell_names_searched(struct shell *sh, struct e2_names **names)
{
	const struct e2_names_how how = { .search = true, .poll = shell_poll };
	struct e2_names *index = NULL;
	int err = 0;

	if (!sh->names || !e2_names_searched(sh->names)) {
		err = e2_names_open_with(sh->fs, &how, &index);
		if (err)
			return err;
		e2_names_close(sh->names);
		sh->names = index;
	}
	*names = sh->names;
	return 0;
}

/* Whether the index knows no name of an inode that has links. */
static bool lacks_name(struct shell *sh, e2_ino ino)
{
	struct e2_inode in;

	if (e2_names_count(sh->names, ino))
		return false;
	if (!e2_inode_get(sh->fs, ino, &in))
		return in.links_count > 0;
	e2_err_clear();
	return false;
}

int shell_names_of(struct shell *sh, const e2_ino *inos, size_t count, struct e2_names **names)
{
	const struct e2_names_how how = { .inos = inos, .count = count, .poll = shell_poll };
	int err;

	if (sh->names || sh->searches >= SEARCHES_MAX) {
		err = shell_names(sh, names);
		for (size_t i = 0; i < count && !err && !e2_names_searched(sh->names); i++)
			if (lacks_name(sh, inos[i]))
				return shell_names_searched(sh, names);
		return err;
	}
	sh->searches++;
	return e2_names_open_with(sh->fs, &how, names);
}

void shell_names_done(struct shell *sh, struct e2_names *names)
{
	if (names != sh->names)
		e2_names_close(names);
}

/* Whether an inode is a directory that is in use. */
static bool is_dir(struct shell *sh, e2_ino ino)
{
	struct e2_inode in;

	return !e2_inode_get(sh->fs, ino, &in) && e2_is_dir(&in) && in.links_count > 0;
}

void shell_check_cwd(struct shell *sh)
{
	static const struct e2_str root = E2_STR_INIT;
	struct e2_str path = E2_STR_INIT;
	e2_ino ino;

	if (sh->root && !is_dir(sh, sh->root))
		sh->root = 0;
	if (sh->cwd == shell_root(sh))
		return;
	if (!shell_resolve(sh, shell_root(sh), &root, e2_str_text(&sh->cwd_path), false, &ino,
			   NULL) && ino == sh->cwd)
		return;
	if (!is_dir(sh, sh->cwd) || shell_climb(sh, sh->cwd, &path)) {
		sh->cwd = shell_root(sh);
		e2_str_truncate(&path, 0);
		e2_str_add(&path, "/");
	}
	e2_err_clear();
	e2_str_free(&sh->cwd_path);
	sh->cwd_path = path;
}
