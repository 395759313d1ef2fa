/* SPDX-License-Identifier: MIT */
#include "spot.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOPS = 40 };		/* symlinks followed, as the kernel */

/* The last component of a path, without the slashes behind it: where it begins and ends. */
static void last_component(const char *text, size_t *start, size_t *end)
{
	*end = strlen(text);
	while (*end && text[*end - 1] == '/')
		--*end;
	*start = *end;
	while (*start && text[*start - 1] != '/')
		--*start;
}

static bool is_dots(const struct e2_str *name)
{
	return !strcmp(e2_str_text(name), ".") || !strcmp(e2_str_text(name), "..");
}

/* "dir/name" without a second slash. */
static void add_child(struct e2_str *path, const struct e2_str *dir, const char *name)
{
	e2_str_add(path, dir->len > 1 ? dir->text : "");
	e2_str_addf(path, "/%s", name);
}

/* What the name leads to, once dir, name and path are known. */
static int look(struct shell *sh, struct spot *s)
{
	int err = e2_str_status(&s->name);

	if (!err)
		err = e2_str_status(&s->path);
	if (err)
		return e2_fail(err, "no memory for a path");
	err = e2_dir_lookup(sh->fs, s->dir, s->name.text, s->name.len, &s->ino);
	if (err == E2_ERR_NOENT) {
		s->ino = 0;
		e2_err_clear();
		return 0;
	}
	return err ? err : e2_inode_get(sh->fs, s->ino, &s->in);
}

/* What failed on the way to a name is told of the whole path: "/nosuch/a: / has no "nosuch"". */
static int fail_way(const struct e2_str *parent, const struct e2_str *name, int err)
{
	const char *detail = e2_err_detail(), *at;
	struct e2_str shown = E2_STR_INIT, text = E2_STR_INIT;

	e2_str_add_name(&shown, e2_str_text(parent), parent->len);
	e2_str_add(&shown, ": ");
	at = strstr(detail, e2_str_text(&shown));
	if (at && !e2_str_status(&shown)) {
		e2_str_add_bytes(&text, detail, (size_t)(at - detail) + shown.len - 2);
		e2_str_add_name(&text, e2_str_text(name), name->len);
		e2_str_addf(&text, ": %s", at + shown.len);
		(void)e2_fail(err, "%s", e2_str_text(&text));	/* the same, of a longer path */
	}
	e2_str_free(&shown);
	e2_str_free(&text);
	return err;
}

/* "b.img:/x" where b.img is a file of the host: another volume is meant, and has no path here. */
static int fail_volume(struct shell *sh, const char *text, int err)
{
	const char *colon = strstr(text, ":/");
	struct e2_str image = E2_STR_INIT;

	if (!colon || colon == text)
		return err;
	e2_str_add_bytes(&image, text, (size_t)(colon - text));
	if (!e2_str_status(&image) && access(image.text, F_OK) == 0) {
		struct e2_str shown = E2_STR_INIT;

		e2_str_add_name(&shown, image.text, image.len);
		(void)e2_fail(err, "%s:/...: %s is another volume, and a path is of one",
			      e2_str_text(&shown), e2_str_text(&shown));
		err = shell_advise(sh, err, "extant cp, which copies from one volume to another");
		e2_str_free(&shown);
	}
	e2_str_free(&image);
	return err;
}

/* One path, its last symlink not followed, from a directory whose path is known. */
static int find_from(struct shell *sh, e2_ino cwd, const struct e2_str *cwd_path, const char *text,
		     struct spot *s)
{
	struct e2_str parent = E2_STR_INIT, dir_path = E2_STR_INIT;
	size_t start, end;
	int err;

	if (!*text)
		return e2_fail(E2_ERR_NOENT, "the path is empty");
	last_component(text, &start, &end);
	s->slash = s->slash || text[end];
	e2_str_add_bytes(&s->name, text + start, end - start);
	if (s->name.len == 0 || is_dots(&s->name)) {	/* something that is there */
		err = shell_resolve(sh, cwd, cwd_path, text, true, &s->ino, &s->path);
		s->dir = s->ino;
		return err ? err : e2_inode_get(sh->fs, s->ino, &s->in);
	}
	e2_str_add_bytes(&parent, text, start);
	if (start == 0)
		e2_str_add(&parent, ".");
	err = e2_str_status(&parent);
	if (!err)
		err = shell_resolve(sh, cwd, cwd_path, parent.text, true, &s->dir, &dir_path);
	if (err)
		err = fail_volume(sh, text, fail_way(&parent, &s->name, err));
	if (!err) {
		add_child(&s->path, &dir_path, e2_str_text(&s->name));
		err = look(sh, s);
	}
	e2_str_free(&parent);
	e2_str_free(&dir_path);
	return err;
}

/* Goes where a symlink leads, which may be a name that is not there. */
static int follow_link(struct shell *sh, struct spot *s)
{
	struct e2_str text = E2_STR_INIT, dir_path = E2_STR_INIT;
	struct spot next = { .slash = s->slash };
	const char *slash = strrchr(s->path.text, '/');
	int err = e2_symlink_read(sh->fs, &s->in, &text);

	e2_str_add_bytes(&dir_path, s->path.text, (size_t)(slash - s->path.text));
	if (!dir_path.len)
		e2_str_add(&dir_path, "/");
	if (!err)
		err = e2_str_status(&dir_path);
	if (!err)
		err = find_from(sh, s->dir, &dir_path, e2_str_text(&text), &next);
	e2_str_free(&text);
	e2_str_free(&dir_path);
	if (err) {
		spot_free(&next);
		return err;
	}
	spot_free(s);
	*s = next;
	return 0;
}

int spot_find(struct shell *sh, const char *text, bool follow, struct spot *s)
{
	int err;

	*s = (struct spot){ 0 };
	err = find_from(sh, sh->cwd, &sh->cwd_path, text, s);
	for (unsigned hop = 0; !err && follow && s->ino && e2_is_symlink(&s->in); hop++) {
		if (hop == HOPS)
			err = e2_fail(E2_ERR_LOOP, "more than %d symlinks", HOPS);
		else
			err = follow_link(sh, s);
	}
	if (!err && s->slash && s->ino && !e2_is_dir(&s->in))
		err = spot_fail(s, e2_fail(E2_ERR_NOTDIR, "a %s, not a directory",
					   file_type_words(s->in.mode)));
	return err;
}

int spot_of(struct shell *sh, const struct arg *a, bool follow, struct spot *s)
{
	struct object o;
	int err = object_parse(a->text, a->quoted, PLACE_FILE, &o);

	*s = (struct spot){ 0 };
	if (err)
		return err;
	if (o.kind != OBJECT_INODE)
		return spot_find(sh, o.path, follow, s);
	err = shell_lookup(sh, &o, follow, &s->ino, NULL);
	return err ? err : e2_inode_get(sh->fs, s->ino, &s->in);
}

int spot_into(struct shell *sh, const struct spot *dir, const char *text, struct spot *s)
{
	size_t start, end;

	*s = (struct spot){ .dir = dir->ino };
	last_component(text, &start, &end);
	e2_str_add_bytes(&s->name, text + start, end - start);
	if (s->name.len == 0 || is_dots(&s->name))
		return e2_fail(E2_ERR_INVAL, "%s: has no name of its own to have there",
			       s->name.len ? s->name.text : "/");
	add_child(&s->path, &dir->path, e2_str_text(&s->name));
	return look(sh, s);
}

void spot_free(struct spot *s)
{
	e2_str_free(&s->name);
	e2_str_free(&s->path);
	s->ino = 0;
}

bool spot_is_dir(const struct spot *s)
{
	return s->ino && e2_is_dir(&s->in);
}

int spot_fail(const struct spot *s, int err)
{
	const char *detail = e2_err_detail();
	struct e2_str text = E2_STR_INIT;
	char named[32];
	int len = snprintf(named, sizeof(named), "inode %u: ", s->ino);

	if (s->ino && !strncmp(detail, named, (size_t)len))
		detail += len;		/* once is enough */
	e2_str_add_name(&text, e2_str_text(&s->path), s->path.len);
	if (s->ino)
		e2_str_addf(&text, "%s<%u>", text.len ? " " : "", s->ino);
	e2_str_addf(&text, ": %s", *detail ? detail : e2_strerror(err));
	(void)e2_fail(err, "%s", e2_str_text(&text));	/* the same, and of what */
	e2_str_free(&text);
	return err;
}

int spot_must_be(const struct spot *s)
{
	struct e2_str dir = E2_STR_INIT;
	const char *slash;

	if (s->ino)
		return 0;
	slash = strrchr(s->path.text, '/');
	e2_str_add_name(&dir, s->path.text, (size_t)(slash - s->path.text));
	(void)e2_fail(E2_ERR_NOENT, "no such name in %s", dir.len ? dir.text : "/");
	e2_str_free(&dir);
	return spot_fail(s, E2_ERR_NOENT);
}

int spot_must_be_free(const struct spot *s, bool directory)
{
	if (s->ino)
		return spot_fail(s, e2_fail(E2_ERR_EXIST, "exists already, a %s",
					    file_type_words(s->in.mode)));
	if (s->slash && !directory)
		return spot_fail(s, e2_fail(E2_ERR_NOENT, "no such directory"));
	return 0;
}

int spot_must_be_name(const struct spot *s)
{
	if (s->name.len && !is_dots(&s->name))
		return 0;
	return e2_fail(E2_ERR_INVAL, "%s: names the directory itself, not an entry of one",
		       s->name.len ? s->name.text : "/");
}

int spot_must_be_first(const struct spot *s)
{
	if (!s->again || !s->ino || e2_is_dir(&s->in))
		return 0;
	return spot_fail(s, e2_fail(E2_ERR_EXIST, "an argument before has this name too, and is "
				    "not replaced by the next"));
}

struct crossing {
	const struct spot *name;
	bool found;
};

static int cross(void *context, const struct e2_step *step)
{
	struct crossing *c = context;
	const struct spot *s = c->name;

	c->found = c->found ||
		(step->dir == s->dir && step->name_len == s->name.len &&
		 !memcmp(step->name, e2_str_text(&s->name), s->name.len) &&
		 !(step->via && e2_is_symlink(&s->in)));
	return 0;
}

bool spot_on_way(struct shell *sh, e2_ino dir, const char *path, const struct spot *s)
{
	struct crossing c = { .name = s };
	struct e2_resolve how = { .root = sh->root, .cwd = dir, .step = cross, .context = &c };
	e2_ino ino;

	if (e2_resolve(sh->fs, &how, path, &ino))
		e2_err_clear();		/* as far as it goes */
	return c.found;
}

/* Whether a note is a part of the sentence: "moved /a <12> to /b". */
static bool goes_on(const char *note)
{
	static const char *const first[] = { "to ", "with ", "-> " };

	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		if (!strncmp(note, first[i], strlen(first[i])))
			return true;
	return false;
}

void spot_record(struct shell *sh, const char *what, const struct spot *s, const char *note)
{
	struct out *o = &sh->out;

	out_record(o, "done");
	out_string(o, "done", what);
	out_name(o, "path", e2_str_text(&s->path), s->path.len);
	out_u64(o, "ino", s->ino);
	if (note)
		out_name(o, "note", note, strlen(note));
	else
		out_null(o, "note");
}

void spot_told(struct shell *sh, const char *what, const struct spot *s, const char *note)
{
	struct out *o = &sh->out;

	if (o->mode == OUT_TEXT) {
		out_add(o, "%s ", what);
		out_add_name(o, e2_str_text(&s->path), s->path.len);
		if (s->ino)
			out_add(o, "%s<%u>", s->path.len ? " " : "", s->ino);
		if (note && *note)
			out_add(o, "%s %s", goes_on(note) ? "" : ";", note);
		out_line(o);
		return;
	}
	spot_record(sh, what, s, note);
	out_record_end(o);
}
