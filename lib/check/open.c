/* SPDX-License-Identifier: MIT */
/*
 * Opens an image for the check, however damaged its superblock or descriptors are.
 *
 * In turn: the primary superblock as it is; a copy of it; the primary with those
 * fields put right that follow from others.  The image itself is never changed:
 * what is put right is put right on its way through a view of the image.
 */
#include "check/report.h"
#include "check/state.h"

#include <stdlib.h>
#include <string.h>

/* ---- a view of the image -------------------------------------------------- */

struct view {
	struct e2_io io;
	struct e2_io *image;		/* borrowed */
	bool patched;
	uint8_t super[E2_SUPER_BYTES];	/* read in place of the primary when patched */
};

static struct view *view_of(struct e2_io *io)
{
	/* The io is the view's first member. */
	return (struct view *)(void *)io;
}

static int view_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	struct view *v = view_of(io);
	uint64_t first = offset > E2_SUPER_OFFSET ? offset : E2_SUPER_OFFSET;
	uint64_t end = offset + len < E2_SUPER_OFFSET + E2_SUPER_BYTES ?
		       offset + len : E2_SUPER_OFFSET + E2_SUPER_BYTES;
	int r = e2_io_read(v->image, offset, len, buf);

	if (r == 0 && v->patched && first < end)
		memcpy((uint8_t *)buf + (first - offset), v->super + (first - E2_SUPER_OFFSET),
		       (size_t)(end - first));
	return r;
}

static int view_close(struct e2_io *io)
{
	free(view_of(io));
	return 0;
}

static const struct e2_io_ops view_ops = { .read = view_read, .close = view_close };

static int view_new(struct e2_io *image, struct view **view)
{
	struct view *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return e2_fail(E2_ERR_NOMEM, "view of an image");
	v->io = (struct e2_io){ .ops = &view_ops, .name = image->name, .size = image->size };
	v->image = image;
	*view = v;
	return 0;
}

/* ---- ways to open --------------------------------------------------------- */

struct opening {
	struct e2_io *image;
	const struct e2_check_options *options;
	struct e2_findings *found;
	struct e2_fs *fs;
	struct e2_super primary;	/* as it stands, when `readable` */
	bool readable;
	bool super_from_copy, groups_from_copy;
};

/*
 * The volume may be larger than the image, which is a finding; but a superblock that
 * claims far more than there is says nothing about this image, and nothing is
 * allocated on its word.
 */
static int check_claim(const struct opening *o, const struct e2_fs *fs)
{
	const struct e2_geometry *g = e2_geometry(fs);
	uint64_t most = o->image->size / g->block_size;

	most = most * 8 + 65536;
	if (g->blocks <= most)
		return 0;
	return e2_fail(E2_ERR_CORRUPT, "superblock: blocks_count is %llu, but the image holds %llu",
		       (unsigned long long)g->blocks,
		       (unsigned long long)(o->image->size / g->block_size));
}

static int open_view(struct opening *o, const struct e2_super *patch, e2_blk superblock,
		     uint32_t block_size, struct e2_fs **fs)
{
	const struct e2_open_options options = {
		.flags = E2_OPEN_SHORT, .superblock = superblock, .block_size = block_size,
		.threads = o->options != NULL && o->options->no_read_ahead ? 0 : E2_THREADS_AUTO,
	};
	struct e2_fs *opened;
	struct view *view = NULL;
	int r = view_new(o->image, &view);

	if (r != 0)
		return r;
	if (patch != NULL) {
		view->patched = true;
		e2_super_encode(patch, view->super);
	}
	r = e2_open(&view->io, &options, &opened);
	if (r != 0)
		return r;
	r = check_claim(o, opened);
	if (r != 0)
		e2_close(opened);
	else
		*fs = opened;
	return r;
}

/* How many parts of groups lie outside their group. */
static uint64_t misplaced(struct e2_fs *fs)
{
	const struct e2_geometry *g = e2_geometry(fs);
	uint64_t bad = 0;

	for (e2_grp group = 0; group < g->groups; group++) {
		e2_blk first = e2_group_first_block(g, group);
		e2_blk end = first + e2_group_blocks(g, group);
		struct e2_group d;

		if (e2_group_get(fs, group, &d) != 0) {
			bad++;
			continue;
		}
		bad += d.block_bitmap < first || d.block_bitmap >= end;
		bad += d.inode_bitmap < first || d.inode_bitmap >= end;
		bad += d.inode_table < first || d.inode_table >= end ||
		       g->inode_table_blocks > end - d.inode_table;
	}
	e2_err_clear();
	return bad;
}

static int open_copy(struct opening *o, struct e2_fs **fs, e2_blk *blk)
{
	uint32_t block_size;
	int r = e2_find_backup(o->image, blk, &block_size);

	return r != 0 ? r : open_view(o, NULL, *blk, block_size, fs);
}

/* The primary superblock is good: are its descriptors, or are a copy's better? */
static void choose_descriptors(struct opening *o)
{
	uint64_t bad = misplaced(o->fs);
	const struct e2_geometry *g = e2_geometry(o->fs), *c;
	struct e2_fs *copy;
	e2_blk blk;

	if (bad == 0 || open_copy(o, &copy, &blk) != 0) {
		e2_err_clear();
		return;
	}
	c = e2_geometry(copy);
	if (c->blocks != g->blocks || c->inodes != g->inodes || c->block_size != g->block_size ||
	    c->blocks_per_group != g->blocks_per_group || misplaced(copy) >= bad) {
		e2_close(copy);
		return;
	}
	e2_close(o->fs);
	o->fs = copy;
	o->groups_from_copy = true;
}

static int use_copy(struct opening *o, const char *why)
{
	struct e2_fs *fs;
	e2_blk blk;
	int r = open_copy(o, &fs, &blk);

	if (r != 0)
		return r;
	o->fs = fs;
	o->super_from_copy = o->groups_from_copy = true;
	FOUND(o->found, SUPER_DAMAGED, .have = e2_geometry(fs)->first_data_block, .blk = blk,
	      .name = why, .name_len = (uint32_t)strlen(why));
	return 0;
}

/* ---- fields that follow from others --------------------------------------- */

static void put_right(struct opening *o, const char *field, uint32_t *value, uint32_t want)
{
	if (*value == want)
		return;
	FOUND(o->found, SUPER_VALUE, .field = field, .have = *value, .want = want);
	*value = want;
}

static int use_mended(struct opening *o)
{
	struct e2_super s = o->primary;
	uint64_t groups;

	if (!o->readable || s.magic != E2_MAGIC || s.blocks_per_group == 0 ||
	    s.log_block_size > 6 || s.blocks_count <= s.first_data_block)
		return E2_ERR_CORRUPT;
	put_right(o, "first_data_block", &s.first_data_block, s.log_block_size == 0);
	put_right(o, "log_cluster_size", &s.log_cluster_size, s.log_block_size);
	groups = ((uint64_t)s.blocks_count - s.first_data_block + s.blocks_per_group - 1) /
		 s.blocks_per_group;
	if (groups * s.inodes_per_group <= UINT32_MAX)
		put_right(o, "inodes_count", &s.inodes_count,
			  (uint32_t)groups * s.inodes_per_group);
	if (s.rev_level != 0 &&
	    (s.first_ino < E2_GOOD_OLD_FIRST_INO || s.first_ino > s.inodes_count))
		put_right(o, "first_ino", &s.first_ino, E2_GOOD_OLD_FIRST_INO);
	return open_view(o, &s, 0, 0, &o->fs);
}

static void read_primary(struct opening *o)
{
	uint8_t raw[E2_SUPER_BYTES];

	o->readable = o->image->size >= E2_SUPER_OFFSET + E2_SUPER_BYTES &&
		      e2_io_read(o->image, E2_SUPER_OFFSET, sizeof(raw), raw) == 0;
	if (o->readable)
		e2_super_decode(&o->primary, raw);
	else
		e2_err_clear();
}

/*
 * Revision 0 knows no features and only inodes of 128 bytes; where there are
 * features, it is the revision that is wrong.
 */
static int open_primary(struct opening *o)
{
	struct e2_super *s = &o->primary;
	struct e2_super one;

	if (!o->readable || s->magic != E2_MAGIC || s->rev_level != 0 ||
	    (s->feature_compat | s->feature_incompat | s->feature_ro_compat) == 0)
		return open_view(o, NULL, 0, 0, &o->fs);
	one = *s;
	one.rev_level = 1;
	if (open_view(o, &one, 0, 0, &o->fs) != 0)
		return open_view(o, NULL, 0, 0, &o->fs);
	if (one.inode_size == E2_INODE_BYTES)
		FOUND(o->found, SUPER_REVISION, .have = 0, .want = 1);
	else
		FOUND(o->found, SUPER_REVISION_SIZE, .have = 0, .want = one.inode_size);
	*s = one;
	return 0;
}

static int open_volume(struct opening *o)
{
	struct e2_str why = E2_STR_INIT;
	int r, other;

	read_primary(o);
	if (o->options != NULL && o->options->superblock != 0) {
		r = open_view(o, NULL, o->options->superblock, o->options->block_size, &o->fs);
		o->super_from_copy = o->groups_from_copy = r == 0;
		return r;
	}
	r = open_primary(o);
	if (r == 0) {
		choose_descriptors(o);
		return 0;
	}
	if (r != E2_ERR_NOT_EXT2 && r != E2_ERR_CORRUPT && r != E2_ERR_IO)
		return r;
	e2_str_add(&why, e2_err_detail());
	other = use_copy(o, e2_str_text(&why));
	if (other != 0 && other != E2_ERR_NOMEM) {
		size_t before = o->found->count;

		other = use_mended(o);
		if (other != 0 && o->found->count != before)
			e2_findings_clear(o->found);
	}
	if (other == 0)
		r = 0;
	else
		r = e2_fail(r, "%s", e2_str_text(&why));	/* what is wrong with the primary */
	e2_str_free(&why);
	return r;
}

int e2_check_image(struct e2_io *owned, const struct e2_check_options *options,
		   struct e2_report **report)
{
	struct opening o = { .image = owned, .options = options };
	struct e2_report *made;
	int r = e2_report_new(&made);

	if (r != 0) {
		(void)e2_io_close(owned);	/* read only: nothing can be lost */
		return r;
	}
	made->io = owned;
	o.found = &made->found;
	r = open_volume(&o);
	if (r == 0) {
		struct ck ck = {
			.fs = o.fs, .options = options, .found = &made->found,
			.super_from_copy = o.super_from_copy,
			.groups_from_copy = o.groups_from_copy,
			.super = o.groups_from_copy && !o.super_from_copy ? &o.primary : NULL,
		};

		made->fs = o.fs;
		made->owns_fs = true;
		r = e2_check_run(made, &ck);
	}
	if (r != 0) {
		e2_report_free(made);
		return r;
	}
	*report = made;
	return 0;
}
