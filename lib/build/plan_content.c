/* SPDX-License-Identifier: MIT */
/*
 * What lies where in the line of content: the root directory, lost+found, the resize inode's
 * pointer block (so that an empty volume is as mke2fs makes it), then every object in the
 * order of the walk.  Files of one directory, and the blocks of its subdirectories, are
 * neighbours.
 */
#include "build/plan_priv.h"

#include "disk/consts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DIRS_MAX = E2_LINK_MAX - 2,	/* a directory has two links of its own */
	SECTOR_BYTES = 512,
};

static int refuse(const struct e2_source *s, e2_obj obj, int err, const char *fmt, ...)
	E2_PRINTF(4, 5);

static int refuse(const struct e2_source *s, e2_obj obj, int err, const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return e2_source_fail(s, obj, err, text);
}

/* ---- one object ---------------------------------------------------------------------- */

static int map_symlink(const struct e2_content *c, e2_obj obj, struct e2_filemap *m)
{
	const struct e2_object *o = e2_source_object(c->source, obj);

	if (o->size >= c->form.block_size)
		return refuse(c->source, obj, E2_ERR_NAMETOOLONG,
			      "a symlink of %llu bytes does not fit in a block of %u",
			      (unsigned long long)o->size, c->form.block_size);
	e2_filemap_dense(m, &c->form, o->size > E2_FAST_SYMLINK_MAX);
	return 0;
}

static int map_regular(const struct e2_content *c, e2_obj obj, struct e2_filemap *m)
{
	const struct e2_object *o = e2_source_object(c->source, obj);

	if (o->size > c->form.size_max)
		return refuse(c->source, obj, E2_ERR_FBIG,
			      "has %llu bytes; with blocks of %u a file has at most %llu",
			      (unsigned long long)o->size, c->form.block_size,
			      (unsigned long long)c->form.size_max);
	return e2_filemap_file(m, &c->form, c->source, obj);
}

int e2_content_map(const struct e2_content *c, e2_obj obj, struct e2_filemap *m, uint64_t *bytes)
{
	const struct e2_object *o = obj == E2_OBJ_NONE ? NULL : e2_source_object(c->source, obj);

	if (o == NULL) {	/* the volume's own lost+found */
		*bytes = c->lost_found_bytes;
	} else if ((o->mode & E2_S_IFMT) == E2_S_IFREG) {
		*bytes = o->size;
		return map_regular(c, obj, m);
	} else if ((o->mode & E2_S_IFMT) == E2_S_IFLNK) {
		*bytes = o->size;
		return map_symlink(c, obj, m);
	} else if ((o->mode & E2_S_IFMT) == E2_S_IFDIR) {
		*bytes = e2_dir_bytes(c->source, &c->form, obj,
				      obj == 0 && c->lost_found == E2_OBJ_NONE);
		if (obj == c->lost_found && *bytes < e2_lost_found_bytes(&c->form))
			*bytes = e2_lost_found_bytes(&c->form);
	} else {
		*bytes = 0;
	}
	e2_filemap_dense(m, &c->form, e2_form_blocks(&c->form, *bytes));
	return 0;
}

static int check_links(const struct e2_content *c, e2_obj obj)
{
	const struct e2_object *o = e2_source_object(c->source, obj);
	bool dir = (o->mode & E2_S_IFMT) == E2_S_IFDIR;
	uint32_t links = o->links + (obj == 0 && c->lost_found == E2_OBJ_NONE);

	if (dir && links > DIRS_MAX)
		return refuse(c->source, obj, E2_ERR_RANGE,
			      "has %u subdirectories; ext2 allows %d", links, (int)DIRS_MAX);
	if (!dir && links > E2_LINK_MAX)
		return refuse(c->source, obj, E2_ERR_RANGE, "has %u names; ext2 allows %d", links,
			      (int)E2_LINK_MAX);
	return 0;
}

/* ---- attributes ------------------------------------------------------------------------ */

/* Finds or makes the block that an object's attributes share; *made: it lies at position pos. */
static int place_xattrs(struct e2_content *c, e2_obj obj, uint64_t pos, bool *made)
{
	const struct e2_object *o = e2_source_object(c->source, obj);
	const struct e2_xattr_item *v;
	struct e2_xattr_bytes bytes;
	struct e2_xattr_block *block;
	uint32_t count, *last;

	*made = false;
	if (o->xattrs == 0 || !c->form.xattrs) {
		c->dropped_xattrs += o->xattrs != 0;
		return 0;
	}
	v = e2_source_xattrs(c->source, o->xattrs, &count);
	e2_xattr_divide(&c->form, v, count, &bytes);
	if (bytes.block_bytes == 0)
		return 0;
	if (bytes.block_bytes > c->form.block_size)
		return refuse(c->source, obj, E2_ERR_RANGE,
			      "its attributes need %u bytes in a block of %u", bytes.block_bytes,
			      c->form.block_size);
	last = &c->set_block[o->xattrs - 1];
	if (*last == 0 || c->xattr_v[*last - 1].refs == E2_XATTR_REFS_MAX) {
		block = e2_grow(c->xattr_v, &c->xattr_cap, c->xattr_len + 1, sizeof(*block));
		if (block == NULL)
			return E2_ERR_NOMEM;
		c->xattr_v = block;
		block[c->xattr_len++] = (struct e2_xattr_block){
			.pos = (uint32_t)pos, .set = o->xattrs, .first = obj };
		*last = (uint32_t)c->xattr_len;
		*made = true;
	}
	c->xattr_v[*last - 1].refs++;
	c->xattr_block[obj] = *last;
	return 0;
}

/* ---- the line ----------------------------------------------------------------------------- */

static int place_object(struct e2_content *c, e2_obj obj, struct e2_filemap *m)
{
	const struct e2_object *o = e2_source_object(c->source, obj);
	uint64_t bytes, blocks;
	bool made;
	int err;

	err = check_links(c, obj);
	if (err == 0)
		err = place_xattrs(c, obj, c->blocks, &made);
	if (err == 0)
		err = e2_content_map(c, obj, m, &bytes);
	if (err != 0)
		return err;
	blocks = e2_filemap_blocks(m);
	if (blocks >= UINT32_MAX / (c->form.block_size / SECTOR_BYTES))
		return refuse(c->source, obj, E2_ERR_FBIG,
			      "has %llu blocks of %u bytes, more than an inode can count",
			      (unsigned long long)blocks, c->form.block_size);
	if ((o->mode & E2_S_IFMT) == E2_S_IFREG && bytes > c->largest)
		c->largest = bytes;
	c->blocks += made;
	c->start[obj] = (uint32_t)c->blocks;
	c->blocks += blocks;
	return 0;
}

static int place_lost_found(struct e2_content *c, struct e2_filemap *m)
{
	if (c->lost_found != E2_OBJ_NONE)
		return place_object(c, c->lost_found, m);
	c->lost_found_bytes = e2_lost_found_bytes(&c->form);
	c->lost_found_pos = c->blocks;
	c->blocks += e2_form_blocks(&c->form, c->lost_found_bytes);
	return 0;
}

static int find_lost_found(struct e2_content *c)
{
	const struct e2_source *s = c->source;
	const struct e2_object *root = e2_source_object(s, 0);

	c->lost_found = E2_OBJ_NONE;
	for (uint32_t i = 0; i < root->names; i++) {
		const struct e2_source_name *name = e2_source_name(s, root->first_name + i);

		if (strcmp(e2_source_text(s, name->text), "lost+found") != 0)
			continue;
		c->lost_found = name->object;
		if ((e2_source_object(s, name->object)->mode & E2_S_IFMT) != E2_S_IFDIR)
			return refuse(s, name->object, E2_ERR_EXIST,
				      "is no directory, and a volume needs one of that name");
	}
	return 0;
}

static int alloc_content(struct e2_content *c)
{
	size_t objects = e2_source_objects(c->source);
	size_t sets = c->form.xattrs ? e2_source_xattr_sets(c->source) : 0;

	c->start = calloc(objects, sizeof(*c->start));
	if (sets > 0) {
		c->xattr_block = calloc(objects, sizeof(*c->xattr_block));
		c->set_block = calloc(sets, sizeof(*c->set_block));
	}
	if (c->start == NULL || (sets > 0 && (c->xattr_block == NULL || c->set_block == NULL)))
		return e2_fail(E2_ERR_NOMEM, "the layout of %zu objects", objects);
	return 0;
}

int e2_content_make(const struct e2_source *source, const struct e2_form *form, bool resize,
		    struct e2_content *c)
{
	struct e2_filemap m = { .v = NULL };
	uint32_t objects = e2_source_objects(source);
	int err;

	*c = (struct e2_content){ .source = source, .form = *form };
	err = find_lost_found(c);
	if (err == 0)
		err = alloc_content(c);
	if (err == 0)
		err = place_object(c, 0, &m);
	if (err == 0)
		err = place_lost_found(c, &m);
	c->resize_pos = c->blocks;
	c->blocks += resize;
	for (e2_obj obj = 1; obj < objects && err == 0; obj++) {
		if (obj != c->lost_found)
			err = place_object(c, obj, &m);
	}
	e2_filemap_free(&m);
	return err;
}

void e2_content_free(struct e2_content *c)
{
	free(c->start);
	free(c->xattr_block);
	free(c->xattr_v);
	free(c->set_block);
	*c = (struct e2_content){ .start = NULL };
}
