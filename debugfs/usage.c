/* SPDX-License-Identifier: MIT */
/*
 * The count: bitmaps, then every used inode with its pointers, then the texts of
 * symlinks.  A block that several claim is counted once, so that no damage makes the
 * work or the sums grow past the volume.
 */
#include "usage.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *key, *note;
	bool rare;
} places[PLACES] = {
	[PLACE_DATA] = { "data", "data_blocks", "", false },
	[PLACE_FREE] = { "free", "unused_blocks", "", false },
	[PLACE_TABLES] = { "inode tables", "inode_table_blocks", "", false },
	[PLACE_GROWTH] = { "for growth", "growth_blocks",
			   "descriptors reserved, resize inode", true },
	[PLACE_DIRS] = { "directories", "directory_blocks", "", false },
	[PLACE_POINTERS] = { "pointer blocks", "pointer_blocks", "indirect, double, triple", true },
	[PLACE_ATTRIBUTES] = { "attributes", "attribute_blocks", "", true },
	[PLACE_JOURNAL] = { "journal", "journal_blocks", "", true },
	[PLACE_BAD] = { "bad blocks", "bad_blocks", "", true },
	[PLACE_REST] = { "the rest", "other_blocks",
			 "boot, superblocks, descriptors, bitmaps", false },
};

const char *place_name(enum place place)
{
	return places[place].name;
}

const char *place_key(enum place place)
{
	return places[place].key;
}

const char *place_note(enum place place)
{
	return places[place].note;
}

bool place_is_rare(enum place place)
{
	return places[place].rare;
}

void add_all_features(struct e2_str *s, const struct e2_super *super)
{
	const uint32_t words[E2_FEATURE_WORDS] = {
		[E2_COMPAT] = super->feature_compat, [E2_INCOMPAT] = super->feature_incompat,
		[E2_RO_COMPAT] = super->feature_ro_compat,
	};
	bool any = false;

	for (enum e2_feature_word w = 0; w < E2_FEATURE_WORDS; w++) {
		if (!words[w])
			continue;
		e2_str_add(s, any ? " " : "");
		e2_str_add_features(s, w, words[w]);
		any = true;
	}
	if (!any)
		e2_str_add(s, "none");
}

void add_field_bytes(struct e2_str *s, const char *structure, const char *field,
		     const uint8_t *bytes, size_t len)
{
	const struct e2_struct *of = e2_struct_find(structure);
	uint8_t raw[E2_SUPER_BYTES] = { 0 };
	const struct e2_field *f;
	unsigned index;

	if (!of || e2_field_find(of, field, &f, &index) || f->at + len > sizeof(raw))
		return;
	memcpy(raw + f->at, bytes, len);
	e2_field_format(f, raw, 0, s);
}

struct count {
	struct shell *sh;
	struct usage *u;
	struct e2_bitset *seen;		/* blocks counted already */
};

static void unread(struct usage *u, int err)
{
	u->unread++;
	u->status = u->status ? u->status : err;
	e2_err_clear();
}

/* ---- bitmaps ------------------------------------------------------------- */

static void add_gap(struct usage *u, uint64_t len)
{
	u->gaps += len > 0;
	if (len > u->largest_gap)
		u->largest_gap = len;
}

static bool is_used(const uint8_t *bitmap, uint32_t bit)
{
	return bitmap[bit / 8] >> bit % 8 & 1;
}

/* One bit of a block bitmap; a gap may go on into the next group. */
static void count_bit(struct usage *u, bool used, uint64_t *gap)
{
	if (used) {
		add_gap(u, *gap);
		*gap = 0;
	} else {
		++*gap;
		u->free_blocks++;
	}
}

/* Most bytes of a bitmap are all used or all free. */
static int count_blocks(struct count *c, e2_grp group, const struct e2_group *desc, uint64_t *gap)
{
	const struct e2_geometry *g = e2_geometry(c->sh->fs);
	uint32_t bits = e2_group_blocks(g, group);
	const struct e2_buf *buf;
	int err = e2_buf_get(c->sh->fs, desc->block_bitmap, &buf);

	if (err)
		return err;
	for (uint32_t i = 0; i < bits; ) {
		uint8_t byte = buf->data[i / 8];

		if (byte == 0 && bits - i >= 8 && i % 8 == 0) {
			*gap += 8;
			c->u->free_blocks += 8;
			i += 8;
		} else if (byte == 0xff && bits - i >= 8 && i % 8 == 0) {
			count_bit(c->u, true, gap);
			i += 8;
		} else {
			count_bit(c->u, is_used(buf->data, i), gap);
			i++;
		}
	}
	e2_buf_put(c->sh->fs, buf);
	return 0;
}

static int count_inodes(struct count *c, const struct e2_group *desc)
{
	const struct e2_geometry *g = e2_geometry(c->sh->fs);
	const struct e2_buf *buf;
	int err = e2_buf_get(c->sh->fs, desc->inode_bitmap, &buf);

	if (err)
		return err;
	for (uint32_t i = 0; i < g->inodes_per_group; i++)
		c->u->used_inodes += is_used(buf->data, i);
	e2_buf_put(c->sh->fs, buf);
	return 0;
}

static void count_groups(struct count *c)
{
	const struct e2_geometry *g = e2_geometry(c->sh->fs);
	uint64_t gap = 0;

	for (e2_grp i = 0; i < g->groups; i++) {
		struct e2_group desc;
		int err = e2_group_get(c->sh->fs, i, &desc);

		if (!err)
			err = count_blocks(c, i, &desc, &gap);
		if (!err)
			err = count_inodes(c, &desc);
		if (err)
			unread(c->u, err);
		c->u->place[PLACE_TABLES] += g->inode_table_blocks;
		if (!g->meta_bg && e2_group_has_super(g, i))
			c->u->place[PLACE_GROWTH] += g->reserved_gdt_blocks;
	}
	add_gap(c->u, gap);
	c->u->place[PLACE_FREE] = c->u->free_blocks;
}

/* ---- inodes -------------------------------------------------------------- */

static enum place place_of(const struct count *c, e2_ino ino, const struct e2_inode *in)
{
	const struct e2_super *s = e2_super(c->sh->fs);

	if (ino == E2_INO_RESIZE)
		return PLACE_GROWTH;
	if (ino == E2_INO_BAD_BLOCKS)
		return PLACE_BAD;
	if (e2_has_has_journal(s) && ino == s->journal_inum)
		return PLACE_JOURNAL;
	return e2_is_dir(in) ? PLACE_DIRS : PLACE_DATA;
}

static uint64_t claim(struct count *c, e2_blk blk, uint64_t count)
{
	return count - e2_bitset_set_run(c->seen, blk, count);
}

/* The reserved descriptors that the resize inode maps are counted with their groups. */
static int count_pointers(struct count *c, e2_ino ino, const struct e2_inode *in)
{
	enum place place = place_of(c, ino, in);
	struct e2_walk_block b;
	struct e2_blocks *walk;
	int r = e2_blocks_begin(c->sh->fs, in, &walk);

	if (r)
		return r;
	while ((r = e2_blocks_next(walk, &b)) > 0) {
		uint64_t fresh;

		if (b.status) {
			unread(c->u, b.status);
			continue;
		}
		if (place == PLACE_GROWTH && b.level < 2)
			continue;
		fresh = claim(c, b.blk, b.count);
		if (b.level && place != PLACE_GROWTH)
			c->u->place[PLACE_POINTERS] += fresh;
		else
			c->u->place[place] += fresh;
		if (b.level && !fresh)
			e2_blocks_skip(walk);
	}
	e2_blocks_end(walk);
	return r;
}

static void count_type(struct usage *u, const struct e2_inode *in)
{
	switch (in->mode & E2_S_IFMT) {
	case E2_S_IFREG: u->files++; break;
	case E2_S_IFDIR: u->dirs++; break;
	case E2_S_IFLNK: u->symlinks++; break;
	case E2_S_IFCHR:
	case E2_S_IFBLK: u->devices++; break;
	default: u->others++; break;
	}
	u->linked += !e2_is_dir(in) && in->links_count > 1;
}

static int count_inode(struct count *c, e2_ino ino, const struct e2_inode *in)
{
	const struct e2_geometry *g = e2_geometry(c->sh->fs);
	bool reserved = ino < g->first_ino && ino != E2_INO_ROOT;
	int err = 0;

	if (!reserved && (!in->links_count || !in->mode))
		return 0;
	if (!reserved)
		count_type(c->u, in);
	if (in->file_acl && e2_block_valid(g, in->file_acl))
		c->u->place[PLACE_ATTRIBUTES] += claim(c, in->file_acl, 1);
	if (reserved || e2_inode_has_blocks(c->sh->fs, in))
		err = count_pointers(c, ino, in);
	if (err == E2_ERR_NOMEM)
		return err;
	if (err && !reserved)
		unread(c->u, err);
	return 0;
}

static int count_all_inodes(struct count *c)
{
	struct e2_inode in;
	struct e2_scan *scan;
	e2_ino ino;
	int r = e2_scan_begin(c->sh->fs, E2_SCAN_USED_ONLY, &scan);

	if (r)
		return r;
	while ((r = e2_scan_next(scan, &ino, &in, NULL)) > 0) {
		r = count_inode(c, ino, &in);
		if (r)
			break;
	}
	for (uint32_t i = 0; i < e2_scan_bad_groups(scan); i++)
		unread(c->u, E2_ERR_CORRUPT);
	e2_scan_end(scan);
	return r;
}

/* ---- symlinks ------------------------------------------------------------ */

static int count_dangling(struct count *c)
{
	struct e2_str text = E2_STR_INIT;
	struct e2_walk_entry e;
	struct e2_walk *walk;
	int r;

	if (!c->u->symlinks)
		return 0;
	r = e2_walk_begin(c->sh->fs, E2_INO_ROOT, 0, &walk);
	if (r)
		return r;
	while ((r = e2_walk_next(walk, &e)) > 0) {
		if (e.status || !e2_is_symlink(&e.inode))
			continue;
		e2_str_truncate(&text, 0);
		if (!e2_symlink_read(c->sh->fs, &e.inode, &text) && !e2_str_status(&text))
			c->u->dangling += symlink_fate(c->sh, e.parent, text.text) != NULL;
	}
	e2_walk_end(walk);
	e2_str_free(&text);
	return r;
}

int usage_count(struct shell *sh, struct usage *u)
{
	struct count c = { .sh = sh, .u = u };
	uint64_t known = 0, blocks = e2_geometry(sh->fs)->blocks;
	int err = e2_bitset_new(blocks, &c.seen);

	*u = (struct usage){ 0 };
	if (err)
		return err;
	count_groups(&c);
	err = count_all_inodes(&c);
	if (!err)
		err = count_dangling(&c);
	e2_bitset_free(c.seen);
	for (enum place i = 0; i < PLACE_REST; i++)
		known += u->place[i];
	u->place[PLACE_REST] = known < blocks ? blocks - known : 0;
	return err;
}
