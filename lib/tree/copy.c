/* SPDX-License-Identifier: MIT */
/*
 * Copying within a volume.
 *
 * The tree is listed first and copied then: nothing is read through an iterator while
 * directories change, what is copied cannot grow by its own copy, and missing space is known
 * before anything is written.
 */
#include "tree/copy.h"

#include "base/grow.h"
#include "base/map.h"
#include "tree/xattr_write.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 20 };
#define NO_ITEM UINT32_MAX

struct item {				/* one name to be made */
	e2_ino from;
	e2_ino made;			/* the copy, once there is one */
	uint32_t parent;		/* index of its directory; NO_ITEM: where all goes */
	uint32_t name;			/* in copy.names */
	uint16_t mode;
	uint8_t name_len;
	bool fresh;			/* a directory that was not there before */
};

struct copy {
	struct e2_txn *txn;
	struct e2_fs *fs;
	unsigned flags;
	e2_ino dir;			/* where all goes */
	struct item *items;
	size_t count, cap;
	struct e2_str names;
	uint32_t *at_depth;		/* the directory entered last, by depth */
	size_t depth_cap;
	uint64_t need_blocks, need_inodes;
	struct e2_map *linked;		/* from -> made, of inodes with several names */
	uint8_t *piece;
	struct e2_copy_counts counts;
};

/* ---- listing -------------------------------------------------------------------- */

static int fail_item(const struct copy *c, const struct item *it, int err, const char *why)
{
	struct e2_str name = E2_STR_INIT;

	e2_str_add_name(&name, e2_str_text(&c->names) + it->name, it->name_len);
	err = e2_fail(err, "inode %u as \"%s\": %s", it->from, e2_str_text(&name), why);
	e2_str_free(&name);
	return err;
}

static bool is_new_inode(struct copy *c, const struct e2_inode *in, e2_ino ino, int *err)
{
	uint64_t seen;

	if (e2_is_dir(in))
		return true;
	if (c->flags & E2_COPY_LINK)
		return false;
	if (!(c->flags & E2_COPY_ATTRS) || in->links_count < 2)
		return true;
	if (e2_map_get(c->linked, ino, &seen))
		return false;
	*err = e2_map_set(c->linked, ino, 0);
	return true;
}

static int add_item(struct copy *c, e2_ino ino, const struct e2_inode *in, uint32_t parent,
		    const void *name, size_t len)
{
	struct item *items = e2_grow(c->items, &c->cap, c->count + 1, sizeof(*items));
	uint32_t sectors = e2_geometry(c->fs)->block_size / 512;
	int r = 0;

	if (items == NULL)
		return E2_ERR_NOMEM;
	c->items = items;
	if (c->names.len > UINT32_MAX || c->count == NO_ITEM)
		return e2_fail(E2_ERR_RANGE, "inode %u: the tree has too many names", ino);
	items[c->count++] = (struct item){
		.from = ino, .parent = parent, .name = (uint32_t)c->names.len, .mode = in->mode,
		.name_len = (uint8_t)len,
	};
	e2_str_add_bytes(&c->names, name, len);
	if (e2_str_status(&c->names))
		return E2_ERR_NOMEM;
	if (e2_inode_file_type(in->mode) == E2_FT_UNKNOWN)
		return fail_item(c, &items[c->count - 1], E2_ERR_CORRUPT, "is of no kind");
	if (is_new_inode(c, in, ino, &r)) {
		c->need_inodes++;
		/* Attribute blocks are shared or not copied; directories may get shorter. */
		c->need_blocks += e2_is_dir(in) ? 1 : in->blocks / sectors;
		c->need_blocks -= !e2_is_dir(in) && in->blocks >= sectors && in->file_acl != 0;
	}
	return r;
}

static int list_entry(struct copy *c, const struct e2_walk_entry *e, const void *name, size_t len)
{
	uint32_t *at = e2_grow(c->at_depth, &c->depth_cap, (size_t)e->depth + 1, sizeof(*at));

	if (at == NULL)
		return E2_ERR_NOMEM;
	c->at_depth = at;
	if (e->status || e->after)
		return e->status;
	if (e->ino == c->dir)
		return e2_fail(E2_ERR_INVAL, "inode %u: a directory cannot be copied into itself",
			       c->items != NULL ? c->items[0].from : e->ino);
	if (e->again)
		return e2_fail(E2_ERR_CORRUPT, "inode %u: a directory with two names", e->ino);
	if (e->depth > 0) {
		name = e->name;
		len = e->name_len;
	}
	at[e->depth] = (uint32_t)c->count;
	return add_item(c, e->ino, &e->inode, e->depth > 0 ? at[e->depth - 1] : NO_ITEM, name, len);
}

static int list_tree(struct copy *c, e2_ino from, const void *name, size_t len)
{
	struct e2_walk_entry e;
	struct e2_walk *walk;
	int r = e2_walk_begin(c->fs, from, E2_WALK_POST, &walk);

	if (r)
		return r;
	while ((r = e2_walk_next(walk, &e)) > 0) {
		r = list_entry(c, &e, name, len);
		if (r)
			break;
	}
	e2_walk_end(walk);
	return r;
}

static int list(struct copy *c, e2_ino from, const void *name, size_t len)
{
	struct e2_inode in;
	int r = e2_inode_get(c->fs, from, &in);

	if (r)
		return r;
	if (!e2_is_dir(&in))
		return add_item(c, from, &in, NO_ITEM, name, len);
	if (!(c->flags & E2_COPY_TREE))
		return e2_fail(E2_ERR_ISDIR, "inode %u is a directory", from);
	return list_tree(c, from, name, len);
}

/* Refuses what can be seen not to fit.  What replaces something may fit after all. */
static int check_space(const struct copy *c)
{
	uint64_t blocks, inodes;
	struct e2_str text = E2_STR_INIT;
	bool few_blocks;
	int r = e2_free_counts(c->fs, &blocks, &inodes);

	if (r || (c->need_blocks <= blocks && c->need_inodes <= inodes))
		return r;
	few_blocks = c->need_blocks > blocks;
	e2_str_add_count(&text, few_blocks ? c->need_blocks - blocks : c->need_inodes - inodes);
	e2_str_addf(&text, " %s more than the ", few_blocks ? "blocks" : "inodes");
	e2_str_add_count(&text, few_blocks ? blocks : inodes);
	r = e2_fail(E2_ERR_NOSPC, "the copy needs %s free", e2_str_text(&text));
	e2_str_free(&text);
	return r;
}

/* ---- data ------------------------------------------------------------------------- */

static int copy_range(struct copy *c, const struct e2_inode *from, e2_ino ino, struct e2_inode *in,
		      uint64_t start, uint64_t end)
{
	while (start < end) {
		size_t len = end - start < PIECE_BYTES ? (size_t)(end - start) : PIECE_BYTES, got;
		int r = e2_fs_stopped(c->fs);

		if (r == 0)
			r = e2_read(c->fs, from, start, len, c->piece, &got);
		if (r == 0 && got < len)
			r = e2_fail(E2_ERR_CORRUPT, "inode %u: ends at byte %llu", ino,
				    (unsigned long long)(start + got));
		if (r == 0)
			r = e2_write(c->txn, ino, in, start, len, c->piece);
		if (r)
			return r;
		start += len;
	}
	return 0;
}

/* Fills an empty regular file; holes stay holes. */
static int copy_data(struct copy *c, const struct e2_inode *from, e2_ino ino, struct e2_inode *in)
{
	uint64_t size = e2_inode_size(from), start, end = 0;
	int r;

	if (c->piece == NULL)
		c->piece = malloc(PIECE_BYTES);
	if (c->piece == NULL)
		return e2_fail(E2_ERR_NOMEM, "copying: out of memory");
	while ((r = e2_data_next(c->fs, from, end, &start, &end)) > 0) {
		c->counts.bytes += end - start;
		r = copy_range(c, from, ino, in, start, end);
		if (r)
			return r;
	}
	if (r == 0 && e2_inode_size(in) < size)
		r = e2_truncate(c->txn, ino, in, size);
	return r;
}

/* ---- one name --------------------------------------------------------------------- */

static void take_times(const struct e2_inode *from, struct e2_inode *in)
{
	static const enum e2_time_which which[] = { E2_ATIME, E2_MTIME };
	struct e2_time t;

	for (size_t i = 0; i < 2; i++) {
		if (e2_inode_time(from, which[i], &t))
			e2_inode_set_time(in, which[i], t);
	}
}

/* Owner, mode, attributes; times of all but directories, which still change. */
static int take_attrs(struct copy *c, const struct item *it, const struct e2_inode *from,
		      struct e2_inode *in)
{
	in->mode = from->mode;
	in->uid = from->uid;
	in->gid = from->gid;
	if (!e2_is_dir(in))
		take_times(from, in);
	return e2_xattr_copy_from(c->txn, it->from, it->made, in);
}

/* What stands for a further name has the attributes that the name would have shown. */
static bool keeps_attrs(const struct copy *c, const struct e2_inode *from)
{
	return c->flags & E2_COPY_ATTRS || (c->flags & E2_COPY_LINK && !e2_is_dir(from));
}

static int finish(struct copy *c, const struct item *it, const struct e2_inode *from,
		  struct e2_inode *in)
{
	int r = 0;

	if (e2_is_reg(from))
		r = copy_data(c, from, it->made, in);
	if (r == 0 && keeps_attrs(c, from))
		r = take_attrs(c, it, from, in);
	return r != 0 ? r : e2_inode_put(c->txn, it->made, in);
}

static uint16_t plain_mode(const struct e2_inode *from)
{
	unsigned kept = e2_is_dir(from) ? 01777 : e2_is_symlink(from) ? 07777 : 0777;

	return (uint16_t)(from->mode & ((unsigned)E2_S_IFMT | kept));
}

static int make(struct copy *c, struct item *it, e2_ino dir, const struct e2_inode *from)
{
	bool keep = keeps_attrs(c, from);
	struct e2_new what = { .mode = keep ? from->mode : plain_mode(from) };
	const char *name = e2_str_text(&c->names) + it->name;
	struct e2_str target = E2_STR_INIT;
	struct e2_inode in;
	int r = 0;

	if (keep) {
		what.uid = from->uid;
		what.gid = from->gid;
	}
	e2_inode_device(from, &what.major, &what.minor);
	if (e2_is_symlink(from))
		r = e2_symlink_read(c->fs, from, &target);
	what.target = e2_str_text(&target);
	what.target_len = target.len;
	if (r == 0)
		r = e2_create(c->txn, dir, name, it->name_len, &what, &it->made);
	if (r == 0)
		r = e2_inode_get(c->fs, it->made, &in);
	if (r == 0)
		r = finish(c, it, from, &in);
	it->fresh = true;
	e2_str_free(&target);
	return r;
}

/* Gives a regular file that is there the content of another. */
static int overwrite(struct copy *c, struct item *it, const struct e2_inode *from,
		     struct e2_inode *in)
{
	int r;

	if (in->flags & (uint32_t)(E2_FL_IMMUTABLE | E2_FL_APPEND))
		return fail_item(c, it, E2_ERR_PERM, "what is there is immutable or append-only");
	r = e2_truncate(c->txn, it->made, in, 0);
	if (r == 0)
		r = e2_xattr_drop_capability(c->txn, it->made, in);
	e2_inode_touch(c->txn, in, true);
	return r != 0 ? r : finish(c, it, from, in);
}

enum found { NOT_THERE, DONE, FREED };

/* Deals with what bears the name already. */
static int meet(struct copy *c, struct item *it, e2_ino dir, const struct e2_inode *from,
		enum found *found)
{
	const char *name = e2_str_text(&c->names) + it->name;
	struct e2_inode in;
	e2_ino there;
	int r;

	*found = NOT_THERE;
	r = e2_dir_lookup(c->fs, dir, name, it->name_len, &there);
	if (r == E2_ERR_NOENT) {
		e2_err_clear();
		return 0;
	}
	if (r == 0)
		r = e2_inode_get(c->fs, there, &in);
	if (r)
		return r;
	*found = DONE;
	if (there == it->from) {
		if ((c->flags & E2_COPY_LINK) && !e2_is_dir(&in))
			return 0;
		return fail_item(c, it, E2_ERR_INVAL, "cannot be copied onto itself");
	}
	if (e2_is_dir(&in) && !e2_is_dir(from))
		return fail_item(c, it, E2_ERR_ISDIR, "what is there is a directory");
	if (e2_is_dir(from) && !e2_is_dir(&in))
		return fail_item(c, it, E2_ERR_NOTDIR, "what is there is no directory");
	it->made = there;
	if (e2_is_dir(from))
		return 0;
	if (e2_is_reg(from) && e2_is_reg(&in) && !(c->flags & E2_COPY_LINK) &&
	    !(c->flags & E2_COPY_ATTRS && from->links_count > 1))
		return overwrite(c, it, from, &in);
	*found = FREED;
	return e2_unlink(c->txn, dir, name, it->name_len);
}

static void count(struct e2_copy_counts *n, const struct e2_inode *in)
{
	if (e2_is_dir(in))
		n->dirs++;
	else if (e2_is_reg(in))
		n->files++;
	else if (e2_is_symlink(in))
		n->symlinks++;
	else
		n->others++;
}

/* Another name of an inode: of the original, or of its copy. */
static int link_item(struct copy *c, const struct item *it, e2_ino dir, e2_ino to)
{
	int r = e2_link(c->txn, dir, e2_str_text(&c->names) + it->name, it->name_len, to);

	c->counts.links += r == 0;
	return r;
}

static int copy_inode(struct copy *c, struct item *it, e2_ino dir, const struct e2_inode *from)
{
	bool several = !e2_is_dir(from) && from->links_count > 1 && (c->flags & E2_COPY_ATTRS);
	uint64_t known = 0;
	int r;

	if (several && e2_map_get(c->linked, it->from, &known) && known != 0)
		return link_item(c, it, dir, (e2_ino)known);
	r = make(c, it, dir, from);
	if (r)
		return r;
	count(&c->counts, from);
	return several ? e2_map_set(c->linked, it->from, it->made) : 0;
}

/* A further name of the original, or of its last copy when it can have no more. */
static int share_item(struct copy *c, struct item *it, e2_ino dir, const struct e2_inode *from)
{
	uint64_t copy = 0;
	int r;

	(void)e2_map_get(c->linked, it->from, &copy);	/* 0 where there is none */
	r = link_item(c, it, dir, copy ? (e2_ino)copy : it->from);
	if (r == 0 && copy)
		c->counts.overfull++;
	if (r != E2_ERR_LINK_MAX)
		return r;
	e2_err_clear();
	r = make(c, it, dir, from);
	if (r)
		return r;
	count(&c->counts, from);
	if (c->counts.overfull++ == 0) {
		c->counts.overfull_ino = it->from;
		c->counts.overfull_links = from->links_count;
	}
	return e2_map_set(c->linked, it->from, it->made);
}

static int copy_item(struct copy *c, struct item *it)
{
	const struct item *parent = it->parent == NO_ITEM ? NULL : &c->items[it->parent];
	e2_ino dir = parent != NULL ? parent->made : c->dir;
	enum found found = NOT_THERE;
	struct e2_inode from;
	int r = e2_fs_stopped(c->fs);

	if (r == 0)
		r = e2_inode_get(c->fs, it->from, &from);
	if (r == 0 && (c->flags & E2_COPY_REPLACE) && (parent == NULL || !parent->fresh))
		r = meet(c, it, dir, &from, &found);
	if (r)
		return r;
	if (found == DONE) {
		if (!e2_is_dir(&from))
			count(&c->counts, &from);
		return 0;
	}
	if ((c->flags & E2_COPY_LINK) && !e2_is_dir(&from))
		return share_item(c, it, dir, &from);
	return copy_inode(c, it, dir, &from);
}

/* The times of directories that were made, once nothing more comes into them. */
static int finish_dirs(struct copy *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct item *it = &c->items[i];
		struct e2_inode from, in;
		int r;

		if (!it->fresh || e2_inode_file_type(it->mode) != E2_FT_DIR)
			continue;
		r = e2_inode_get(c->fs, it->from, &from);
		if (r == 0)
			r = e2_inode_get(c->fs, it->made, &in);
		if (r)
			return r;
		take_times(&from, &in);
		r = e2_inode_put(c->txn, it->made, &in);
		if (r)
			return r;
	}
	return 0;
}

static int copy_all(struct copy *c)
{
	int r = 0;

	for (size_t i = 0; i < c->count && r == 0; i++)
		r = copy_item(c, &c->items[i]);
	if (r == 0 && (c->flags & E2_COPY_ATTRS))
		r = finish_dirs(c);
	return r;
}

int e2_copy(struct e2_txn *txn, e2_ino from, e2_ino dir, const void *name, size_t len,
	    unsigned flags, struct e2_copy_counts *counts)
{
	struct copy c = { .txn = txn, .fs = e2_txn_fs(txn), .flags = flags, .dir = dir };
	unsigned mark;
	int r = e2_map_new(&c.linked);

	if (r == 0)
		r = list(&c, from, name, len);
	if (r == 0 && !(flags & E2_COPY_REPLACE))
		r = check_space(&c);
	if (r == 0)
		r = e2_txn_mark(txn, &mark);
	if (r == 0)
		r = e2_txn_end(txn, mark, copy_all(&c));
	if (r == 0)
		*counts = c.counts;
	e2_map_free(c.linked);
	e2_str_free(&c.names);
	free(c.items);
	free(c.at_depth);
	free(c.piece);
	return r;
}
