/* SPDX-License-Identifier: MIT */
/*
 * Names for what has none: the old name, in its old directory or in lost+found.
 *
 * Where lost+found is missing it is made again, as inode 11 if that is free, and what has
 * taken its name gets another.  In a volume without any room names go where some is left.
 */
#include "check/lost.h"

#include "tree/dir.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char LOST_FOUND[] = "lost+found";
enum { LOST_FOUND_LEN = sizeof(LOST_FOUND) - 1 };

struct name {
	char text[E2_NAME_MAX + 1];
	size_t len;
};

/* ---- one name ------------------------------------------------------------------------ */

static bool no_room(int r)
{
	return r == E2_ERR_NOSPC || r == E2_ERR_CORRUPT;
}

/* Whether a directory has a name: 1, 0; negative when it cannot be told for want of memory ... */
static int has_name(struct fix *fx, e2_ino dir, const void *name, size_t len, e2_ino *ino)
{
	int r = e2_dir_lookup(fx->fs, dir, name, len, ino);

	if (r == 0)
		return 1;
	if (r != E2_ERR_NOENT)
		return r;
	e2_err_clear();
	return 0;
}

static int insert(struct fix *fx, e2_ino dir, const void *name, size_t len, e2_ino ino)
{
	struct ck_inode *d = &fx->ck->inodes[dir];
	uint8_t type = fx->ck->inodes[ino].type;
	struct e2_inode in;
	int r = e2_inode_get(fx->fs, dir, &in);

	if (r == 0)
		r = e2_dir_insert(fx->txn, dir, &in, name, len, ino, type);
	if (r != 0)
		return r;
	/* A count that was wrong may have counted it all the time. */
	if (type == E2_FT_DIR && in.links_count == d->counted++ && in.links_count < E2_LINK_MAX)
		in.links_count++;
	return e2_inode_put(fx->txn, dir, &in);
}

/* What an inode has to know of its name: a directory its parent, others that there is one. */
static int tell_inode(struct fix *fx, e2_ino dir, e2_ino ino)
{
	struct ck_inode *i = &fx->ck->inodes[ino];
	struct e2_inode in;
	int r;

	if (i->type == E2_FT_DIR) {
		r = fix_set_dotdot(fx, ino, dir);
		if (r < 0 && !no_room(r))
			return r;
		if (r < 0)	/* it has no "..", which is a finding of its own */
			e2_err_clear();
		i->parent = dir;
		i->flags &= (uint8_t)~CK_LOOSE;
		return 0;
	}
	r = e2_inode_get(fx->fs, ino, &in);
	if (r == 0 && in.links_count != 1) {
		in.links_count = 1;
		r = e2_inode_put(fx->txn, ino, &in);
	}
	i->counted = 1;
	return r;
}

/* Puts a name into a directory: 1; 0 when it stands there, or there is no room for it. */
static int put_name(struct fix *fx, e2_ino dir, const void *name, size_t len, e2_ino ino)
{
	const struct ck_inode before = fx->ck->inodes[ino], of_dir = fx->ck->inodes[dir];
	unsigned mark;
	e2_ino other;
	int r = has_name(fx, dir, name, len, &other);

	if (r == 0)
		r = e2_txn_mark(fx->txn, &mark);
	else if (r > 0)
		return 0;
	if (r == 0) {
		r = insert(fx, dir, name, len, ino);
		if (r == 0)
			r = tell_inode(fx, dir, ino);
		r = e2_txn_end(fx->txn, mark, r);
	}
	if (r == 0)
		return 1;
	fx->ck->inodes[ino] = before;
	fx->ck->inodes[dir] = of_dir;
	if (!no_room(r))
		return r;
	e2_err_clear();
	return 0;
}

/* The n-th name that something could have in a directory of many. */
static void make_name(struct name *n, const struct ck_old_name *old, e2_ino ino, unsigned try)
{
	char tail[32] = "";
	size_t keep = old->len;
	int len;

	if (old->from == CK_OLD_NONE)
		len = try == 0 ? snprintf(tail, sizeof(tail), "#%" PRIu32, ino) :
				 snprintf(tail, sizeof(tail), "#%" PRIu32 "~%u", ino, try);
	else if (try == 0)
		len = 0;
	else if (try == 1)
		len = snprintf(tail, sizeof(tail), "~%" PRIu32, ino);
	else
		len = snprintf(tail, sizeof(tail), "~%" PRIu32 "~%u", ino, try);
	if (old->from == CK_OLD_NONE)
		keep = 0;
	if (keep > E2_NAME_MAX - (size_t)len)
		keep = E2_NAME_MAX - (size_t)len;
	if (keep != 0)
		memcpy(n->text, old->name, keep);
	memcpy(n->text + keep, tail, (size_t)len + 1);
	n->len = keep + (size_t)len;
}

/* Puts the first name that is free into a directory: 1; 0 when there is no room. */
static int put_unique(struct fix *fx, e2_ino dir, const struct ck_old_name *old, e2_ino ino,
		      struct name *name)
{
	enum { TRIES = 100 };

	for (unsigned try = 0; try < TRIES; try++) {
		e2_ino other;
		int r;

		make_name(name, old, ino, try);
		r = has_name(fx, dir, name->text, name->len, &other);
		if (r == 0)
			return put_name(fx, dir, name->text, name->len, ino);
		if (r < 0 && !no_room(r))
			return r;
		if (r < 0) {
			e2_err_clear();
			return 0;
		}
	}
	return 0;
}

/* ---- lost+found ---------------------------------------------------------------------- */

/* What has the name lost+found and is no directory gets another. */
static int move_aside(struct fix *fx, e2_ino ino)
{
	const struct ck_old_name old = {
		.from = CK_OLD_REMOVED, .name = (const uint8_t *)LOST_FOUND, .len = LOST_FOUND_LEN,
	};
	struct e2_loss loss = { .kind = E2_LOSS_NEW_NAME, .ino = ino, .was = "/lost+found",
				.why = "was no directory" };
	const struct e2_finding none = { .id = E2_PROBLEM_NO_NAME };
	struct e2_str path = E2_STR_INIT;
	struct e2_inode root, in;
	struct e2_slot slot;
	struct name name;
	e2_ino other;
	int r = e2_inode_get(fx->fs, E2_INO_ROOT, &root);

	if (r == 0)
		r = e2_inode_get(fx->fs, ino, &in);
	if (r == 0)
		r = e2_dir_find(fx->fs, E2_INO_ROOT, &root, LOST_FOUND, LOST_FOUND_LEN, &slot);
	if (r == 0)
		r = e2_dir_remove(fx->txn, E2_INO_ROOT, &root, LOST_FOUND, LOST_FOUND_LEN, &slot);
	for (unsigned try = 1; r == 0; try++) {
		make_name(&name, &old, ino, try);
		r = has_name(fx, E2_INO_ROOT, name.text, name.len, &other);
		if (r == 0) {
			r = insert(fx, E2_INO_ROOT, name.text, name.len, ino);
			break;
		}
		r = r > 0 ? 0 : r;
	}
	if (r != 0)
		return r;
	loss.mode = in.mode;
	loss.size = e2_inode_size(&in);
	e2_str_addf(&path, "/%s", name.text);
	loss.path = e2_str_text(&path);
	r = fix_lose(fx, &none, &loss);
	e2_str_free(&path);
	return r;
}

static int fill_lost_found(struct fix *fx, e2_ino ino)
{
	struct e2_entry dots[2] = {
		{ .ino = ino, .file_type = E2_FT_DIR, .name_len = 1,
		  .name = (const uint8_t *)"." },
		{ .ino = E2_INO_ROOT, .file_type = E2_FT_DIR, .name_len = 2,
		  .name = (const uint8_t *)".." },
	};
	struct e2_inode in;
	struct e2_wbuf *buf;
	e2_lblk lblk;
	int r = e2_inode_fresh(fx->txn, ino, E2_S_IFDIR | 0700, &in);

	if (r == 0)
		r = e2_dir_append(fx->txn, ino, &in, &lblk);
	if (r == 0)
		r = e2_dir_edit(fx->txn, ino, &in, lblk, &buf);
	if (r != 0)
		return r;
	for (int i = 0; i < 2 && r >= 0; i++)
		r = e2_block_insert(fx->ck->g, buf->data, &dots[i], NULL);
	e2_txn_put(fx->txn, buf);
	if (r < 0)
		return r;
	in.links_count = 2;
	return e2_inode_put(fx->txn, ino, &in);
}

static int take_inode(struct fix *fx, e2_ino *ino)
{
	int r;

	*ino = fx->ck->g->first_ino;
	if (*ino > fx->ck->g->inodes)
		return e2_fail(E2_ERR_NOSPC, "no inode can be used");
	if (fx->ck->inodes[*ino].type == 0) {
		r = e2_take_inode(fx->txn, *ino, true);
		if (r != E2_ERR_EXIST)
			return r;
		e2_err_clear();
	}
	return e2_alloc_inode(fx->txn, E2_INO_ROOT, true, ino);
}

static int make_lost_found(struct fix *fx, e2_ino *dir)
{
	unsigned mark;
	e2_ino ino;
	int r = e2_txn_mark(fx->txn, &mark);

	if (r != 0)
		return r;
	r = take_inode(fx, &ino);
	if (r == 0)
		r = fill_lost_found(fx, ino);
	if (r == 0) {
		struct ck_inode *i = &fx->ck->inodes[ino];

		*i = (struct ck_inode){ .type = E2_FT_DIR, .links = 2, .counted = 2,
					.flags = CK_REACHED | CK_ROOTED,
					.parent = E2_INO_ROOT, .dotdot = E2_INO_ROOT };
		r = insert(fx, E2_INO_ROOT, LOST_FOUND, LOST_FOUND_LEN, ino);
		if (r != 0)
			*i = (struct ck_inode){ .type = 0 };
	}
	r = e2_txn_end(fx->txn, mark, r);
	if (r == 0) {
		*dir = ino;
		return 1;
	}
	if (!no_room(r))
		return r;
	e2_err_clear();
	return 0;
}

/* Whether an inode without a name was lost+found itself. */
static bool was_lost_found(const struct fix *fx, e2_ino ino, const struct ck_old_name *old)
{
	const struct ck_inode *i = ck_inode(fx->ck, ino);

	if (i == NULL || i->type != E2_FT_DIR || i->dotdot != E2_INO_ROOT)
		return false;
	if (old->from != CK_OLD_NONE)
		return old->len == LOST_FOUND_LEN &&
		       memcmp(old->name, LOST_FOUND, LOST_FOUND_LEN) == 0;
	return ino == fx->ck->g->first_ino;
}

/* The directory lost+found, found or made: 1; 0 when there can be none. */
static int lost_found(struct fix *fx, e2_ino *dir)
{
	struct ck_old_name old = { .from = CK_OLD_NONE };
	e2_ino first = fx->ck->g->first_ino, ino;
	int r = has_name(fx, E2_INO_ROOT, LOST_FOUND, LOST_FOUND_LEN, &ino);

	if (r > 0) {
		const struct ck_inode *i = ck_inode(fx->ck, ino);

		if (i != NULL && i->type == E2_FT_DIR) {
			*dir = ino;
			return 1;
		}
		r = i != NULL ? move_aside(fx, ino) : E2_ERR_CORRUPT;
	}
	if (r == 0 && ck_is_unnamed(fx->ck, first)) {
		r = ck_old_name(fx->ck, first, &old);
		r = r > 0 ? 0 : r;
		if (r == 0 && was_lost_found(fx, first, &old)) {
			r = put_name(fx, E2_INO_ROOT, LOST_FOUND, LOST_FOUND_LEN, first);
			*dir = first;
			if (r != 0)
				return r;
		}
	}
	if (r == 0)
		return make_lost_found(fx, dir);
	if (!no_room(r))
		return r;
	e2_err_clear();
	return 0;
}

/* ---- where a name goes ------------------------------------------------------------------ */

/* Names that know a directory: those before the repair, else those of this round. */
static struct e2_names *names_of(struct fix *fx, e2_ino dir)
{
	struct ck *ck = fx->ck;

	if (fx->report->names != NULL && e2_names_count(fx->report->names, dir) != 0)
		return fx->report->names;
	if (ck->names == NULL && e2_names_open(fx->fs, &ck->names) != 0) {
		ck->names = NULL;
		e2_err_clear();
	}
	return ck->names;
}

/* Adds the path of a directory, and a "/". */
static bool add_dir(struct fix *fx, e2_ino dir, struct e2_str *out)
{
	struct e2_names *names;

	if (!e2_inode_valid(fx->ck->g, dir) || !(fx->ck->inodes[dir].flags & CK_ROOTED))
		return false;
	if (dir != E2_INO_ROOT) {
		names = names_of(fx, dir);
		if (names == NULL || e2_names_count(names, dir) == 0)
			return false;
		if (e2_names_path(names, dir, 0, out) != 0) {
			e2_err_clear();
			return false;
		}
	}
	e2_str_add(out, "/");
	return true;
}

/* The path that was: of a known directory, or the name alone. */
static bool add_was(struct fix *fx, const struct ck_old_name *old, struct e2_str *out)
{
	bool whole = add_dir(fx, old->dir, out);

	e2_str_add_bytes(out, old->name, old->len);
	return whole;
}

static void tell_back(struct fix *fx, struct e2_finding *f, const struct ck_old_name *old)
{
	struct e2_str was = E2_STR_INIT, text = E2_STR_INIT;

	(void)add_was(fx, old, &was);
	e2_str_add_name(&text, e2_str_text(&was), was.len);
	fix_will(f, "will be %s again", e2_str_text(&text));
	e2_str_free(&was);
	e2_str_free(&text);
}

static int tell(struct fix *fx, struct e2_finding *f, e2_ino ino, const struct ck_old_name *old,
		const char *dir, const struct name *name)
{
	struct e2_loss loss = { .kind = E2_LOSS_NEW_NAME, .ino = ino };
	struct e2_str path = E2_STR_INIT, was = E2_STR_INIT, text = E2_STR_INIT;
	struct e2_inode in;
	int r = e2_inode_get(fx->fs, ino, &in);

	if (r != 0)
		return r;
	loss.mode = in.mode;
	loss.size = e2_inode_size(&in);
	e2_str_addf(&path, "%s/", dir);
	e2_str_add_bytes(&path, name->text, name->len);
	e2_str_add(&text, "will be ");
	e2_str_add_name(&text, path.text, path.len);
	if (old->from != CK_OLD_NONE) {
		if (add_was(fx, old, &was)) {
			e2_str_add(&text, " (with --reattach: ");
			e2_str_add_name(&text, was.text, was.len);
			e2_str_add(&text, ")");
		}
		loss.was = e2_str_text(&was);
	}
	loss.path = e2_str_text(&path);
	fix_will(f, "%s", e2_str_text(&text));
	r = e2_str_status(&path);
	if (r == 0)
		r = fix_lose(fx, f, &loss);
	e2_str_free(&path);
	e2_str_free(&was);
	e2_str_free(&text);
	return r ? r : 1;
}

/* Back where it was: 1; 0 when that is not known, or the place is taken. */
static int put_back(struct fix *fx, struct e2_finding *f, e2_ino ino,
		    const struct ck_old_name *old)
{
	const struct ck_inode *dir = ck_inode(fx->ck, old->dir);
	int r;

	if (old->from == CK_OLD_NONE || dir == NULL || dir->type != E2_FT_DIR ||
	    !(dir->flags & CK_ROOTED))
		return 0;
	r = put_name(fx, old->dir, old->name, old->len, ino);
	if (r > 0)
		tell_back(fx, f, old);
	return r;
}

int fix_give_name(struct fix *fx, struct e2_finding *f, e2_ino ino, const struct ck_old_name *old)
{
	static const struct ck_old_name none = { .from = CK_OLD_NONE };
	bool itself = was_lost_found(fx, ino, old);
	struct name name;
	e2_ino dir = 0;
	int r = 0;

	if (itself) {
		r = put_name(fx, E2_INO_ROOT, LOST_FOUND, LOST_FOUND_LEN, ino);
		if (r > 0)
			fix_will(f, "will be /%s again", LOST_FOUND);
	}
	if (r == 0 && fx->options->reattach)
		r = put_back(fx, f, ino, old);
	if (r != 0)
		return r;
	r = lost_found(fx, &dir);
	if (r < 0)
		return r;
	if (!ck_is_unnamed(fx->ck, ino)) {
		fix_will(f, "will be /%s again", LOST_FOUND);
		return 1;
	}
	if (r > 0)
		r = put_unique(fx, dir, old, ino, &name);
	if (r != 0)
		return r < 0 ? r : tell(fx, f, ino, old, "/lost+found", &name);
	r = put_unique(fx, E2_INO_ROOT, old, ino, &name);
	if (r == 0)	/* a shorter name may find room */
		r = put_unique(fx, E2_INO_ROOT, &none, ino, &name);
	if (r > 0 && old->dir == E2_INO_ROOT && name.len == old->len &&
	    memcmp(name.text, old->name, old->len) == 0)
		tell_back(fx, f, old);
	else if (r > 0)
		return tell(fx, f, ino, old, "", &name);
	return r != 0 ? r : put_back(fx, f, ino, old);
}
