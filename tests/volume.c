/* SPDX-License-Identifier: MIT */
#include "volume.h"

#include "base/bitset.h"
#include "disk/consts.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NOW = 1700000000 };

static bool is(bool condition)
{
	return condition;
}

struct e2_shape_options volume_options(void)
{
	static const uint8_t id[16] = {
		1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16,
	};

	return (struct e2_shape_options){ .reserved_percent = -1, .revision = UINT32_MAX,
					  .backup_count = UINT32_MAX, .now = NOW, .uuid = id,
					  .hash_seed = id };
}

void volume_make(struct volume *v, struct e2_source *owned, const struct e2_shape_options *options,
		 uint64_t bytes, bool fresh)
{
	struct e2_plan_options how = { .now = NOW };
	struct e2_emit_options emit = { .fresh = fresh };
	struct e2_shape shape;
	struct e2_io *io;

	*v = (struct volume){ .source = owned };
	if (bytes == 0)
		cr_assert(e2_plan_auto_size(owned, options, 0, 0, &bytes) == 0, "%s",
			  e2_err_detail());
	cr_assert(e2_plan_shape(owned, options, 0, bytes, &shape) == 0, "%s", e2_err_detail());
	cr_assert(e2_plan_make(owned, &shape, &how, &v->plan) == 0, "%s", e2_err_detail());
	cr_assert(e2_io_open_mem(fresh ? 0 : bytes, &io) == 0);
	if (!fresh) {
		uint8_t *ones = malloc(1 << 20);

		memset(ones, 0xff, 1 << 20);
		for (uint64_t at = 0; at < bytes; at += 1 << 20) {
			size_t len = bytes - at < 1 << 20 ? (size_t)(bytes - at) : 1 << 20;

			cr_assert(e2_io_write(io, at, len, ones) == 0);
		}
		free(ones);
	}
	cr_assert(e2_emit(v->plan, io, &emit) == 0, "%s", e2_err_detail());
	cr_assert(io->size >= shape.geometry.blocks * shape.geometry.block_size);
	cr_assert(e2_open(io, NULL, &v->fs) == 0, "%s", e2_err_detail());
}

void volume_free(struct volume *v)
{
	e2_close(v->fs);
	e2_plan_free(v->plan);
	e2_source_free(v->source);
}

/* ---- soundness -------------------------------------------------------------- */

static void claim(struct e2_bitset *used, e2_blk blk, uint64_t count, const char *what, e2_ino ino)
{
	cr_assert(is(e2_bitset_set_run(used, blk, count) == 0), "block %llu: %s %u claims it again",
		  (unsigned long long)blk, what, ino);
}

static void claim_layout(struct e2_fs *fs, struct e2_bitset *used)
{
	const struct e2_geometry *g = e2_geometry(fs);

	if (g->first_data_block > 0)
		claim(used, 0, g->first_data_block, "boot", 0);
	for (e2_grp group = 0; group < g->groups; group++) {
		struct e2_group desc;
		uint32_t head = e2_group_head_blocks(g, group);
		e2_blk first = e2_group_first_block(g, group);

		if (e2_has_resize_inode(e2_super(fs)) && e2_group_has_super(g, group))
			head -= g->reserved_gdt_blocks;	/* inode 7 owns them */
		cr_assert(e2_group_get(fs, group, &desc) == 0);
		claim(used, first, head, "head of group", group);
		claim(used, desc.block_bitmap, 1, "block bitmap", group);
		claim(used, desc.inode_bitmap, 1, "inode bitmap", group);
		claim(used, desc.inode_table, g->inode_table_blocks, "inode table", group);
	}
}

static void claim_inode(struct e2_fs *fs, struct e2_bitset *used, e2_ino ino,
			const struct e2_inode *in, struct e2_bitset *xattrs)
{
	uint32_t sectors = e2_geometry(fs)->block_size / 512;
	uint64_t blocks = 0;
	struct e2_blocks *walk;
	struct e2_walk_block b;

	if (in->file_acl != 0) {
		if (!e2_bitset_test_and_set(xattrs, in->file_acl))
			claim(used, in->file_acl, 1, "attributes of inode", ino);
		blocks++;
	}
	if (e2_inode_has_blocks(fs, in)) {
		cr_assert(e2_blocks_begin(fs, in, &walk) == 0);
		while (e2_blocks_next(walk, &b) > 0) {
			cr_assert(b.status == 0, "inode %u: %d", ino, b.status);
			claim(used, b.blk, b.count, "inode", ino);
			blocks += b.count;
		}
		e2_blocks_end(walk);
	}
	cr_assert(is(in->blocks == blocks * sectors), "inode %u: %u sectors, should be %llu", ino,
		  in->blocks, (unsigned long long)blocks * sectors);
}

static void check_counts(struct e2_fs *fs, const struct e2_bitset *used,
			 const struct e2_bitset *inodes, const uint32_t *dirs)
{
	const struct e2_geometry *g = e2_geometry(fs);
	uint64_t free_blocks = 0, free_inodes = 0;

	for (e2_grp group = 0; group < g->groups; group++) {
		uint32_t blocks = 0, free = 0;
		struct e2_group desc;

		cr_assert(e2_group_get(fs, group, &desc) == 0);
		for (uint32_t i = 0; i < e2_group_blocks(g, group); i++) {
			e2_blk blk = e2_group_first_block(g, group) + i;
			bool marked;

			cr_assert(e2_block_used(fs, blk, &marked) == 0);
			cr_assert(marked == e2_bitset_test(used, blk), "block %llu",
				  (unsigned long long)blk);
			blocks += !marked;
		}
		for (uint32_t i = 1; i <= g->inodes_per_group; i++) {
			e2_ino ino = group * g->inodes_per_group + i;
			bool marked;

			cr_assert(e2_inode_used(fs, ino, &marked) == 0);
			cr_assert(marked == e2_bitset_test(inodes, ino), "inode %u", ino);
			free += !marked;
		}
		cr_assert(desc.free_blocks_count == blocks && desc.free_inodes_count == free
			  && desc.used_dirs_count == dirs[group], "group %u", group);
		free_blocks += blocks;
		free_inodes += free;
	}
	cr_assert(e2_super(fs)->free_blocks_count == free_blocks);
	cr_assert(e2_super(fs)->free_inodes_count == free_inodes);
}

/* The rest of both bitmaps' blocks is ones. */
static void check_padding(struct e2_fs *fs)
{
	const struct e2_geometry *g = e2_geometry(fs);

	for (e2_grp group = 0; group < g->groups; group++) {
		const struct e2_buf *buf;
		struct e2_group desc;
		uint32_t i;

		cr_assert(e2_group_get(fs, group, &desc) == 0);
		cr_assert(e2_buf_get(fs, desc.block_bitmap, &buf) == 0);
		for (i = e2_group_blocks(g, group); i < 8 * g->block_size; i++)
			cr_assert(is(buf->data[i / 8] >> i % 8 & 1), "group %u, bit %u", group, i);
		e2_buf_put(fs, buf);
		cr_assert(e2_buf_get(fs, desc.inode_bitmap, &buf) == 0);
		for (i = g->inodes_per_group; i < 8 * g->block_size; i++)
			cr_assert(is(buf->data[i / 8] >> i % 8 & 1), "group %u, bit %u", group, i);
		e2_buf_put(fs, buf);
	}
}

void volume_check(struct e2_fs *fs)
{
	const struct e2_geometry *g = e2_geometry(fs);
	uint32_t *dirs = calloc(g->groups, sizeof(*dirs));
	struct e2_bitset *used, *inodes, *xattrs;
	const uint8_t *raw;
	struct e2_scan *scan;
	struct e2_inode in;
	e2_ino ino;

	cr_assert(e2_bitset_new(g->blocks, &used) == 0 && e2_bitset_new(g->blocks, &xattrs) == 0);
	cr_assert(e2_bitset_new((uint64_t)g->inodes + 1, &inodes) == 0);
	claim_layout(fs, used);
	cr_assert(e2_scan_begin(fs, 0, &scan) == 0);
	while (e2_scan_next(scan, &ino, &in, &raw) > 0) {
		if (ino >= g->first_ino && in.links_count == 0) {
			for (uint32_t i = 0; i < g->inode_size; i++)
				cr_assert(raw[i] == 0, "inode %u: byte %u of an unused one", ino,
					  i);
			continue;
		}
		e2_bitset_set(inodes, ino);
		dirs[e2_inode_group(g, ino)] += e2_is_dir(&in);
		claim_inode(fs, used, ino, &in, xattrs);
	}
	e2_scan_end(scan);
	check_counts(fs, used, inodes, dirs);
	check_padding(fs);
	e2_bitset_free(used);
	e2_bitset_free(xattrs);
	e2_bitset_free(inodes);
	free(dirs);
}

/* ---- the same tree ---------------------------------------------------------- */

static void compare_data(struct volume *v, e2_obj obj, const struct e2_inode *in)
{
	enum { PIECE = 1 << 16 };
	uint8_t *ours = malloc(PIECE), *theirs = malloc(PIECE);
	uint64_t size = e2_source_object(v->source, obj)->size, at = 0, start, end;
	struct e2_source_file *file;

	cr_assert(e2_source_open(v->source, obj, &file) == 0, "%s", e2_err_detail());
	while (e2_data_next(v->fs, in, at, &start, &end) > 0) {
		for (at = start; at < end;) {
			size_t len = end - at < PIECE ? (size_t)(end - at) : PIECE, got;

			cr_assert(e2_read(v->fs, in, at, len, ours, &got) == 0 && got == len);
			cr_assert(e2_source_read(file, at, len, theirs) == 0);
			cr_assert(memcmp(ours, theirs, len) == 0, "object %u at %llu", obj,
				  (unsigned long long)at);
			at += len;
		}
	}
	cr_assert(at <= size && e2_source_close(file) == 0);
	free(ours);
	free(theirs);
}

/* Data of the source is data here, and nothing else is but what shares a block with it. */
static void compare_holes(struct volume *v, e2_obj obj, const struct e2_inode *in)
{
	uint64_t size = e2_source_object(v->source, obj)->size;
	uint32_t block = e2_geometry(v->fs)->block_size, count;
	const struct e2_extent *x = e2_source_extents(v->source, obj, &count);
	struct e2_extent all = { 0, size };
	uint64_t at = 0;

	if (count == 0) {
		x = &all;
		count = size > 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t lo = x[i].start / block, hi = (x[i].end + block - 1) / block;
		struct e2_run run;

		for (; x[i].end > x[i].start && at < hi; at += run.count) {
			cr_assert(e2_map(v->fs, in, at, &run) == 0);
			if (at + run.count > lo && run.blk == 0)
				run.count = at < lo ? lo - at : 0;
			cr_assert(run.count > 0 && (at < lo) == (run.blk == 0),
				  "object %u, block %llu",
				  obj, (unsigned long long)at);
			if (run.blk != 0 && run.count > hi - at)
				run.count = hi - at;
		}
	}
}

static void compare_times(const struct e2_object *o, const struct e2_inode *in)
{
	const struct { int64_t sec; uint32_t nsec; enum e2_time_which which; } times[] = {
		{ o->atime, o->atime_nsec, E2_ATIME }, { o->ctime, o->ctime_nsec, E2_CTIME },
		{ o->mtime, o->mtime_nsec, E2_MTIME },
	};
	struct e2_time t;

	for (unsigned i = 0; i < 3; i++) {
		cr_assert(e2_inode_time(in, times[i].which, &t));
		cr_assert(is(o->made ? t.sec == NOW : t.sec == times[i].sec));
		if (e2_inode_has_nsec(in) && !o->made)
			cr_assert(is((uint32_t)t.nsec == times[i].nsec));
	}
}

static void compare_xattrs(struct volume *v, e2_obj obj, e2_ino ino)
{
	uint32_t count, found = 0;
	const struct e2_xattr_item *want =
		e2_source_xattrs(v->source, e2_source_object(v->source, obj)->xattrs, &count);
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	int r;

	cr_assert(e2_xattrs_begin(v->fs, ino, &it) == 0);
	while ((r = e2_xattrs_next(it, &x)) > 0) {
		const char *rest;
		unsigned index;
		uint32_t i;

		cr_assert(e2_xattr_split(e2_str_text(&x->name), &index, &rest) == 0);
		for (i = 0; i < count; i++) {
			if (want[i].name_index == index && strcmp(want[i].name, rest) == 0)
				break;
		}
		cr_assert(i < count, "object %u: %s", obj, rest);
		if (index == E2_XATTR_USER)
			cr_assert(x->value_len == want[i].value_len
				  && memcmp(x->value, want[i].value, x->value_len) == 0);
		found++;
	}
	cr_assert(r == 0, "object %u: %s", obj, e2_err_detail());
	cr_assert(is(found == (e2_has_ext_attr(e2_super(v->fs)) ? count : 0)), "object %u", obj);
	e2_xattrs_end(it);
}

static void compare_special(struct volume *v, const struct e2_object *o, const struct e2_inode *in)
{
	struct e2_str text = E2_STR_INIT;
	uint32_t ma, mi;

	if (e2_is_symlink(in)) {
		cr_assert(e2_symlink_read(v->fs, in, &text) == 0, "%s", e2_err_detail());
		cr_assert_str_eq(e2_str_text(&text), e2_source_text(v->source, o->text));
		cr_assert(e2_symlink_is_fast(v->fs, in) == (text.len < 60));
		e2_str_free(&text);
	} else if ((o->mode & E2_S_IFMT) == E2_S_IFBLK || (o->mode & E2_S_IFMT) == E2_S_IFCHR) {
		e2_inode_device(in, &ma, &mi);
		cr_assert(ma == o->rdev_major && mi == o->rdev_minor);
	}
}

static void compare_object(struct volume *v, e2_obj obj)
{
	const struct e2_object *o = e2_source_object(v->source, obj);
	e2_ino ino = e2_plan_ino(v->plan, obj);
	struct e2_inode in;

	cr_assert(e2_inode_get(v->fs, ino, &in) == 0);
	cr_assert(in.mode == o->mode && in.uid == o->uid && in.gid == o->gid, "object %u", obj);
	compare_times(o, &in);
	compare_xattrs(v, obj, ino);
	compare_special(v, o, &in);
	if (!e2_is_dir(&in)) {
		cr_assert(in.links_count == o->links && e2_inode_size(&in) == o->size);
		if (e2_is_reg(&in)) {
			compare_data(v, obj, &in);
			compare_holes(v, obj, &in);
		}
		return;
	}
	for (uint32_t i = 0; i < o->names; i++) {
		const struct e2_source_name *name = e2_source_name(v->source, o->first_name + i);
		e2_ino found;

		cr_assert(e2_dir_lookup(v->fs, ino, e2_source_text(v->source, name->text),
					name->len,
					&found) == 0);
		cr_assert(found == e2_plan_ino(v->plan, name->object));
	}
}

/* Entries of a directory in their order: dots, then names by bytes; links of subdirectories. */
static void compare_entries(struct volume *v, e2_ino ino, uint32_t names)
{
	uint8_t last[E2_NAME_MAX + 1] = { 0 };
	uint32_t subdirs = 0, seen = 0;
	struct e2_inode in, child;
	struct e2_entry e;
	struct e2_dir *dir;

	cr_assert(e2_dir_begin(v->fs, ino, &dir) == 0);
	for (; e2_dir_next(dir, &e) > 0; seen++) {
		uint8_t name[E2_NAME_MAX + 1] = { 0 };

		memcpy(name, e.name, e.name_len);
		cr_assert(e2_inode_get(v->fs, e.ino, &child) == 0);
		cr_assert(e.file_type == (e2_geometry(v->fs)->filetype
					  ? e2_inode_file_type(child.mode) : E2_FT_UNKNOWN));
		if (seen < 2)
			continue;
		cr_assert(strcmp((const char *)last, (const char *)name) < 0);
		memcpy(last, name, sizeof(last));
		subdirs += e2_is_dir(&child);
	}
	e2_dir_end(dir);
	cr_assert(e2_inode_get(v->fs, ino, &in) == 0);
	cr_assert(seen == names + 2 && in.links_count == subdirs + 2, "directory %u", ino);
}

/* The lost+found that the volume makes: dots, and blocks that are readable and empty. */
static void compare_lost_found(struct volume *v)
{
	unsigned seen = 0;
	struct e2_entry e;
	struct e2_dir *dir;
	int r;

	cr_assert(e2_dir_begin(v->fs, e2_geometry(v->fs)->first_ino, &dir) == 0);
	while ((r = e2_dir_next(dir, &e)) > 0)
		seen++;
	e2_dir_end(dir);
	cr_assert(r == 0 && seen == 2, "%s", e2_err_detail());
}

void volume_compare(struct volume *v)
{
	bool own = false;
	e2_ino ino;

	cr_assert(e2_dir_lookup(v->fs, E2_INO_ROOT, "lost+found", 10, &ino) == 0);
	cr_assert(ino == e2_geometry(v->fs)->first_ino);
	for (e2_obj obj = 1; obj < e2_source_objects(v->source); obj++)
		own |= e2_plan_ino(v->plan, obj) == ino;
	if (!own)
		compare_lost_found(v);
	for (e2_obj obj = 0; obj < e2_source_objects(v->source); obj++) {
		const struct e2_object *o = e2_source_object(v->source, obj);

		compare_object(v, obj);
		if ((o->mode & E2_S_IFMT) == E2_S_IFDIR)
			compare_entries(v, e2_plan_ino(v->plan, obj), o->names + (obj == 0
										  && !own));
	}
}
