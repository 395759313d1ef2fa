/* SPDX-License-Identifier: MIT */
#include "names_left.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHOWN = 3,			/* names of a list; of longer ones two */
	SEARCHES = 4,			/* an index takes as long as a few of them */
	WORK = 20000000,		/* inodes looked at for all indexes together */
};

struct names_left {
	struct e2_names *index;		/* of all inodes, as they once were */
	unsigned searches;
	uint64_t work;
};

void names_left_forget(struct shell *sh)
{
	if (!sh->names_left)
		return;
	e2_names_close(sh->names_left->index);
	free(sh->names_left);
	sh->names_left = NULL;
}

/* ---- names that are true -------------------------------------------------------------- */

/* Some of the names that an inode has. */
struct listing {
	struct shell *sh;
	e2_ino ino;
	const struct e2_str *except;	/* a name that is not listed; NULL: none */
	struct e2_str *text;		/* to add them to; NULL: a list of a record */
};

static bool is_true(const struct listing *l, const struct e2_str *path)
{
	struct e2_resolve how = { .flags = E2_NOFOLLOW };
	e2_ino at;
	int err = e2_resolve(l->sh->fs, &how, e2_str_text(path), &at);

	e2_err_clear();
	return !err && at == l->ino;
}

static bool same(const struct e2_str *a, const struct e2_str *b)
{
	return a->len == b->len && !memcmp(e2_str_text(a), e2_str_text(b), a->len);
}

/*
 * Lists the names of an index that are still true, at most so many; how many there are.
 *
 * silent  they are only counted
 */
static uint32_t list(const struct listing *l, const struct e2_names *index, uint32_t most,
		     bool silent)
{
	uint32_t count = e2_names_count(index, l->ino), found = 0;

	for (uint32_t i = 0; i < count && found < most; i++) {
		struct e2_str path = E2_STR_INIT;

		if (!e2_names_path(index, l->ino, i, &path) && is_true(l, &path) &&
		    !(l->except && same(l->except, &path))) {
			found++;
			if (!silent && l->text) {
				e2_str_add(l->text, " ");
				e2_str_add_name(l->text, path.text, path.len);
			} else if (!silent) {
				out_name(&l->sh->out, NULL, path.text, path.len);
			}
		}
		e2_str_free(&path);
	}
	e2_err_clear();
	return found;
}

/* ---- where names are looked for ------------------------------------------------------------ */

static struct names_left *get(struct shell *sh)
{
	if (!sh->names_left)
		sh->names_left = calloc(1, sizeof(*sh->names_left));
	return sh->names_left;
}

/* Names of one inode, searched for, or of all; NULL when there has been enough of that. */
static struct e2_names *search(struct shell *sh, struct names_left *n, e2_ino ino)
{
	const struct e2_names_how one = { .inos = &ino, .count = 1 };
	uint64_t blocks, inodes;
	struct e2_names *names = NULL;

	if (e2_free_counts(sh->fs, &blocks, &inodes))
		return NULL;
	inodes = e2_geometry(sh->fs)->inodes - inodes;
	if (inodes > NAMES_LEFT_INODES || n->work > WORK)
		return NULL;
	n->work += inodes;
	if (n->searches < SEARCHES) {
		n->searches++;
		return e2_names_open_with(sh->fs, &one, &names) ? NULL : names;
	}
	e2_names_close(n->index);
	n->index = NULL;
	return e2_names_open(sh->fs, &n->index) ? NULL : n->index;
}

/* Names that are at least so many; NULL: they are not known.  Back by done(). */
static struct e2_names *find(const struct listing *l, uint32_t wanted)
{
	struct names_left *n = get(l->sh);
	struct e2_names *names;

	if (!n)
		return NULL;
	if (n->index && list(l, n->index, wanted, true) == wanted)
		return n->index;
	names = search(l->sh, n, l->ino);
	if (names && list(l, names, wanted, true) == wanted)
		return names;
	if (names != n->index)
		e2_names_close(names);
	return NULL;
}

static void done(struct shell *sh, struct e2_names *names)
{
	if (names != sh->names_left->index)
		e2_names_close(names);
}

/* Adds ": /a /b", ": /a /b and 7 more", or nothing. */
static void add_list(const struct listing *l, uint32_t count)
{
	uint32_t most = count > SHOWN ? SHOWN - 1 : count;
	struct e2_names *names = find(l, most);

	if (names) {
		e2_str_add(l->text, ":");
		(void)list(l, names, most, false);	/* as many as it found */
		if (count > most)
			e2_str_addf(l->text, " and %" PRIu32 " more", count - most);
		done(l->sh, names);
	}
	e2_err_clear();		/* the number is known, the names are not */
}

/* ---- what is said --------------------------------------------------------------- */

void add_kept_names(struct shell *sh, e2_ino ino, struct e2_str *s)
{
	const struct listing l = { .sh = sh, .ino = ino, .text = s };
	struct e2_inode in;

	if (e2_inode_get(sh->fs, ino, &in) || in.links_count == 0) {
		e2_err_clear();
		e2_str_add(s, "its last name");
		return;
	}
	e2_str_addf(s, "<%" PRIu32 "> keeps ", ino);
	add_plural(s, in.links_count, "name", "names");
	add_list(&l, in.links_count);
}

/* The member "names" of a record. */
static void record_names(const struct listing *l, uint32_t count)
{
	struct out *o = &l->sh->out;
	struct e2_names *names = find(l, count);

	if (names) {
		out_list(o, "names");
		(void)list(l, names, count, false);	/* as many as it found */
		out_list_end(o);
		done(l->sh, names);
	} else {
		out_null(o, "names");
	}
	e2_err_clear();		/* the number is known, the names are not */
}

void record_kept_names(struct shell *sh, e2_ino ino)
{
	const struct listing l = { .sh = sh, .ino = ino };
	struct e2_inode in;

	if (e2_inode_get(sh->fs, ino, &in) == 0 && in.links_count)
		record_names(&l, in.links_count);
	e2_err_clear();
}

static void record_content(const struct listing *l, uint32_t others, const struct e2_str *path,
			   bool kept)
{
	struct out *o = &l->sh->out;

	out_record(o, "content");
	out_name(o, "path", e2_str_text(path), path->len);
	out_string(o, "content", kept ? "old" : "new");
	out_u64(o, "ino", l->ino);
	out_u64(o, "others", others);
	record_names(l, others);
	out_record_end(o);
}

void tell_content(struct shell *sh, e2_ino ino, uint32_t links, const struct e2_str *path,
		  bool kept)
{
	struct e2_str s = E2_STR_INIT;
	const struct listing l = { .sh = sh, .ino = ino, .except = kept ? NULL : path,
				   .text = sh->out.mode == OUT_TEXT ? &s : NULL };
	uint32_t others = links ? links - 1 : 0;

	if (others && sh->out.mode != OUT_TEXT) {
		record_content(&l, others, path, kept);
	} else if (others) {
		add_plural(&s, others, "other name", "other names");
		e2_str_addf(&s, " of <%" PRIu32 "> ", ino);
		e2_str_add(&s, kept ? others == 1 ? "keeps the old content" :
			   "keep the old content" : others == 1 ? "has the new content too" :
			   "have the new content too");
		add_list(&l, others);
		shell_note(sh, e2_str_text(&s));
	}
	e2_str_free(&s);
}
