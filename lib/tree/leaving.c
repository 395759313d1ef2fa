/* SPDX-License-Identifier: MIT */
/*
 * Every link is followed, and each step looked at: whether it leaves the directory by "..", or
 * enters it by its name.  Who does neither does not know where the directory stands.
 */
#include "tree/leaving.h"

#include "tree/dir.h"

#include <stdlib.h>
#include <string.h>

struct e2_leaving_list {
	struct e2_fs *fs;
	struct e2_dangling_how how;
	e2_ino root, dir;
	struct e2_walk *walk;
	struct e2_txn *memory;	/* of names; NULL: none */
	struct e2_str dir_path;	/* once it was met */
	bool met;
	unsigned steps;
	struct e2_dangling_sum sum;
	/* of the link at hand */
	bool in, up, name;	/* where its resolution stands; what it has crossed */
	struct e2_str own, text, at, via;
};

int e2_leaving_begin(struct e2_fs *fs, const struct e2_dangling_how *how, e2_ino dir,
		     struct e2_leaving_list **list)
{
	static const struct e2_dangling_how plain;
	struct e2_leaving_list *l;
	struct e2_inode in;
	e2_ino root = how && how->root ? how->root : E2_INO_ROOT;
	int err = e2_inode_get(fs, dir, &in);

	if (err)
		return err;
	if (!e2_is_dir(&in))
		return e2_fail(E2_ERR_NOTDIR, "<%u> is not a directory", dir);
	if (dir == root)
		return e2_fail(E2_ERR_INVAL, "the root <%u> cannot be moved", dir);
	l = calloc(1, sizeof(*l));
	if (!l)
		return e2_fail(E2_ERR_NOMEM, "looking at symlinks: out of memory");
	*l = (struct e2_leaving_list){ .fs = fs, .how = how ? *how : plain, .root = root,
				       .dir = dir };
	err = e2_walk_begin(fs, root, E2_WALK_POST, &l->walk);
	if (err) {
		e2_leaving_end(l);
		return err;
	}
	l->memory = e2_dir_remember(fs);
	*list = l;
	return 0;
}

void e2_leaving_end(struct e2_leaving_list *l)
{
	if (!l)
		return;
	e2_walk_end(l->walk);
	e2_txn_abort(l->memory);
	e2_str_free(&l->dir_path);
	e2_str_free(&l->own);
	e2_str_free(&l->text);
	e2_str_free(&l->at);
	e2_str_free(&l->via);
	free(l);
}

void e2_leaving_sum(const struct e2_leaving_list *l, struct e2_dangling_sum *sum)
{
	*sum = l->sum;
}

/* ---- one link ----------------------------------------------------------------- */

/* The first crossing is told of, and whose text it is in, if not the link's own. */
static void cross(struct e2_leaving_list *l, bool *what, const struct e2_step *s)
{
	if (!l->up && !l->name && s->via)
		e2_str_add_bytes(&l->via, s->via, s->via_len);
	*what = true;
}

static int watch(void *context, const struct e2_step *s)
{
	struct e2_leaving_list *l = context;
	bool dot = s->name_len == 1 && s->name[0] == '.';
	bool dots = s->name_len == 2 && !memcmp(s->name, "..", 2);

	e2_path_move(&l->at, s);
	if (s->link) {
		if (s->link[0] == '/')
			l->in = false;
	} else if (dots && s->dir == l->dir && s->ino != l->dir) {
		if (l->in)
			cross(l, &l->up, s);
		l->in = false;
	} else if (!dot && !dots && s->ino == l->dir) {
		cross(l, &l->name, s);
		l->in = true;
	}
	return 0;
}

static bool stands_inside(const struct e2_leaving_list *l, const struct e2_walk_entry *e)
{
	return l->met && e->path_len > l->dir_path.len && e->path[l->dir_path.len] == '/' &&
	       !memcmp(e->path, e2_str_text(&l->dir_path), l->dir_path.len);
}

static enum e2_leaving_why why_of(const struct e2_leaving_list *l)
{
	return l->up ? E2_LEAVES_UP : l->name ? E2_LEAVES_NAME : E2_LEAVES_STAYS;
}

/* 1 when the link is to be told of; one that leads nowhere already is not. */
static int look(struct e2_leaving_list *l, const struct e2_walk_entry *e, struct e2_leaving *out)
{
	struct e2_resolve how = { .root = l->root, .cwd = e->parent, .hops = 1, .step = watch,
				  .context = l };
	bool inside = stands_inside(l, e);
	e2_ino target;
	int err;

	e2_str_truncate(&l->own, 0);
	e2_str_truncate(&l->text, 0);
	e2_str_truncate(&l->at, 0);
	e2_str_truncate(&l->via, 0);
	e2_str_add_bytes(&l->own, e->path, e->path_len);
	e2_str_add_bytes(&l->at, e->path, e->path_len - e->name_len - 1);
	l->sum.links++;
	err = e2_symlink_read(l->fs, &e->inode, &l->text);
	l->sum.unread += err != 0;
	if (err)
		return err == E2_ERR_NOMEM ? err : 0;
	if (e2_str_text(&l->text)[0] == '/')
		e2_str_truncate(&l->at, 0);
	l->in = inside && l->at.len;
	l->up = l->name = false;
	err = e2_resolve(l->fs, &how, e2_str_text(&l->text), &target);
	if (!err)
		err = e2_str_status(&l->own) || e2_str_status(&l->at) || e2_str_status(&l->via) ?
			E2_ERR_NOMEM : 0;
	if (err)
		return err == E2_ERR_NOMEM ? err : 0;
	if (!l->up && !l->name && (!inside || l->in))
		return 0;
	if (!l->at.len)
		e2_str_add(&l->at, "/");
	*out = (struct e2_leaving){
		.path = l->own.text, .path_len = l->own.len, .text = l->text.text,
		.text_len = l->text.len, .ino = e->ino, .target = target, .why = why_of(l),
		.inside = inside, .ends_inside = l->in, .via = e2_str_text(&l->via),
		.to = e2_str_text(&l->at),
	};
	return 1;
}

int e2_leaving_next(struct e2_leaving_list *l, struct e2_leaving *out)
{
	struct e2_walk_entry e;
	int r;

	while ((r = e2_walk_next(l->walk, &e)) > 0) {
		if (++l->steps % 256 == 0 && l->how.poll) {
			r = l->how.poll(l->how.context);
			if (r)
				return r;
		}
		if (e.path_len > E2_PATH_MAX) {
			l->sum.deep += !e.after;
			e2_walk_skip(l->walk);
			continue;
		}
		l->sum.unread += e.status != 0;
		if (e.after)
			continue;
		if (e.ino == l->dir && !l->met && !e.status) {
			l->met = true;
			e2_str_add_bytes(&l->dir_path, e.path, e.path_len);
		}
		if (e.status || !e2_is_symlink(&e.inode))
			continue;
		r = look(l, &e, out);
		e2_err_clear();
		if (r)
			return r;
	}
	return r;
}
