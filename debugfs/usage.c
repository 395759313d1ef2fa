/* SPDX-License-Identifier: MIT */
/*
 * The count: every block by its use, the bitmaps, then the texts of symlinks.  A block that
 * several claim is counted once, so that no damage makes the sums grow past the volume.
 */
#include "usage.h"

#include "interrupt.h"

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
	[PLACE_LOST] = { "nobody's", "lost_blocks", "in use, but nothing points there", true },
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
	uint64_t (*per_group)[PLACES];
};

/* ---- blocks -------------------------------------------------------------- */

enum place place_of_use(enum e2_use use, const struct e2_claim *claim)
{
	if (claim && claim->ino == E2_INO_RESIZE)
		return PLACE_GROWTH;
	switch (use) {
	case E2_USE_FREE: return PLACE_FREE;
	case E2_USE_LOST: return PLACE_LOST;
	case E2_USE_GROWTH: return PLACE_GROWTH;
	case E2_USE_INODE_TABLE: return PLACE_TABLES;
	case E2_USE_DATA:
	case E2_USE_SYMLINK: return PLACE_DATA;
	case E2_USE_DIR: return PLACE_DIRS;
	case E2_USE_SINGLE:
	case E2_USE_DOUBLE:
	case E2_USE_TRIPLE: return PLACE_POINTERS;
	case E2_USE_XATTR: return PLACE_ATTRIBUTES;
	case E2_USE_JOURNAL: return PLACE_JOURNAL;
	case E2_USE_BAD: return PLACE_BAD;
	default: return PLACE_REST;
	}
}

static int count_run(void *context, enum e2_use use, const struct e2_range *run,
		     const struct e2_claim *claim)
{
	struct count *c = context;
	const struct e2_geometry *g = e2_geometry(c->sh->fs);
	enum place place = place_of_use(use, claim);
	e2_blk blk = run->blk, end = run->blk + run->count;

	c->u->place[place] += run->count;
	while (c->per_group && blk < end) {
		e2_grp group = blk < g->first_data_block ? 0 : e2_block_group(g, blk);
		e2_blk next = e2_group_first_block(g, group) + e2_group_blocks(g, group);

		next = next < end ? next : end;
		c->per_group[group][place] += next - blk;
		blk = next;
	}
	return 0;
}

/* ---- inodes -------------------------------------------------------------- */

static int count_inode(void *context, e2_ino ino, const struct e2_inode *in)
{
	struct count *c = context;
	struct usage *u = c->u;

	if (ino < e2_geometry(c->sh->fs)->first_ino && ino != E2_INO_ROOT)
		return 0;
	switch (in->mode & E2_S_IFMT) {
	case E2_S_IFREG: u->files++; break;
	case E2_S_IFDIR: u->dirs++; break;
	case E2_S_IFLNK: u->symlinks++; break;
	case E2_S_IFCHR:
	case E2_S_IFBLK: u->devices++; break;
	default: u->others++; break;
	}
	u->linked += !e2_is_dir(in) && in->links_count > 1;
	return 0;
}

static int count_marked_inodes(struct count *c)
{
	const struct e2_geometry *g = e2_geometry(c->sh->fs);

	for (e2_grp i = 0; i < g->groups; i++) {
		uint32_t used;
		int err = e2_group_inodes_used(c->sh->fs, i, &used);

		if (err == E2_ERR_NOMEM)
			return err;
		if (err) {
			c->u->unread++;
			c->u->status = c->u->status ? c->u->status : err;
			e2_err_clear();
		} else {
			c->u->used_inodes += used;
		}
	}
	return 0;
}

static int count_uses(struct count *c)
{
	struct e2_uses uses = {
		.fs = c->sh->fs, .run = count_run, .inode = count_inode, .stop = interrupt_asked,
		.context = c,
	};
	int err = e2_uses_visit(&uses);

	c->u->unread = uses.unread;
	c->u->status = uses.status;
	return err;
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

int usage_count(struct shell *sh, struct usage *u, uint64_t (*per_group)[PLACES])
{
	struct count c = { .sh = sh, .u = u, .per_group = per_group };
	struct gaps gaps;
	int err;

	*u = (struct usage){ 0 };
	err = count_uses(&c);
	if (!err)
		err = count_marked_inodes(&c);
	if (!err)
		err = gaps_count(sh, 0, &gaps);
	if (err)
		return err;
	u->free_blocks = gaps.blocks;
	u->largest_gap = gaps.largest;
	u->gaps = gaps.count;
	return per_group ? 0 : count_dangling(&c);
}
