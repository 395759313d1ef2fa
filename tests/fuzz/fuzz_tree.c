/* SPDX-License-Identifier: MIT */
/*
 * Arbitrary bytes as a volume: the walk, lookups of every name, paths, symbolic links,
 * attributes and the table of names.  Whatever they say, they end, and within bounds.
 */
#include "e2.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES_MAX = 3000, PATH_MAX_BYTES = 4095 };

static void use_inode(struct e2_fs *fs, const struct e2_walk_entry *e)
{
	struct e2_str text = E2_STR_INIT;
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	uint8_t sum = 0;

	if (e2_symlink_read(fs, &e->inode, &text) == 0 && text.len > PATH_MAX_BYTES)
		abort();
	e2_str_free(&text);
	if (e2_xattrs_begin(fs, e->ino, &it) != 0)
		return;
	for (int r; (r = e2_xattrs_next(it, &x)) != 0;)
		for (size_t i = 0; r > 0 && i < x->value_len; i++)
			sum ^= x->value[i];
	e2_xattrs_end(it);
	(void)sum;
}

static void use_name(struct e2_fs *fs, const struct e2_walk_entry *e)
{
	struct e2_resolve how = { .flags = e->depth % 2 ? E2_NOFOLLOW : 0 };
	e2_ino ino;

	/* A name that the walk gives must be found, perhaps under another inode if it is
	 * there twice. */
	if (e->depth > 0 && e->name_len > 0 &&
	    e2_dir_lookup(fs, e->parent, e->name, e->name_len, &ino) == E2_ERR_NOENT)
		abort();
	if (e2_resolve(fs, &how, e->path, &ino) == 0 && ino == 0)
		abort();
}

static void use_names(struct e2_fs *fs)
{
	struct e2_names *names;
	struct e2_str path = E2_STR_INIT;

	if (e2_names_open(fs, &names) != 0)
		return;
	for (e2_ino ino = 1; ino <= e2_geometry(fs)->inodes && ino < ENTRIES_MAX; ino++) {
		e2_str_truncate(&path, 0);
		if (e2_names_count(names, ino) > 0 && e2_names_path(names, ino, 0, &path) != 0)
			abort();
	}
	e2_str_free(&path);
	e2_names_close(names);
}

static void use_tree(struct e2_fs *fs)
{
	struct e2_walk_entry e;
	struct e2_walk *walk;

	if (e2_walk_begin(fs, E2_INO_ROOT, E2_WALK_POST, &walk) != 0)
		return;
	for (int i = 0; i < ENTRIES_MAX && e2_walk_next(walk, &e) > 0; i++) {
		if (e.after || e.status)
			continue;
		use_inode(fs, &e);
		use_name(fs, &e);
	}
	e2_walk_end(walk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct e2_open_options options = { .flags = E2_OPEN_SHORT };
	struct e2_io *io;
	struct e2_fs *fs;

	if (e2_io_open_mem(size, &io) != 0)
		return 0;
	if (e2_io_write(io, 0, size, data) != 0) {
		(void)e2_io_close(io);
		return 0;
	}
	if (e2_open(io, &options, &fs) != 0)
		return 0;
	use_tree(fs);
	use_names(fs);
	e2_close(fs);
	return 0;
}
