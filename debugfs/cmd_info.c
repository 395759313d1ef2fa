/* SPDX-License-Identifier: MIT */
/* info: the volume on one screen, counted from its inodes and bitmaps. */
#include "bar.h"
#include "usage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL = 18, HALF = 41, RIGHT = 58, BAR = 30, NUMBER = 8 };

/* ---- words about the volume ---------------------------------------------- */

/* By what the features demand of a kernel. */
static const char *type_name(const struct e2_super *s)
{
	const uint32_t ext4 = 0x10u << 2 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x8000;

	if (s->rev_level && ((s->feature_incompat & ext4) || (s->feature_ro_compat & ~0x7u)))
		return "ext4";
	return e2_has_has_journal(s) ? "ext3" : "ext2";
}

static const char *state_words(const struct e2_super *s)
{
	if (s->state & E2_STATE_ERROR)
		return "with errors";
	return s->state & E2_STATE_CLEAN ? "clean" : "not cleanly unmounted";
}

static size_t text_len(const uint8_t *text, size_t size)
{
	const uint8_t *end = memchr(text, 0, size);

	return end ? (size_t)(end - text) : size;
}

static uint64_t percent(uint64_t part, uint64_t whole)
{
	return whole ? (part * 100 + whole / 2) / whole : 0;
}

/* ---- the screen ---------------------------------------------------------- */

static void show_title(struct shell *sh, const struct e2_super *s)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct out *o = &sh->out;
	size_t mark = out_mark(o);

	out_add_name(o, sh->image, strlen(sh->image));
	out_add(o, "  ");
	out_pad(o, mark, LABEL);
	out_add(o, "%s ", type_name(s));
	if (s->volume_name[0]) {
		out_add(o, "\"");
		out_add_name(o, s->volume_name, text_len(s->volume_name, sizeof(s->volume_name)));
		out_add(o, "\", ");
	} else {
		out_add(o, "without label, ");
	}
	e2_str_add_size(&o->text, g->blocks * g->block_size);
	out_add(o, ", %s", state_words(s));
	out_line(o);
	out_add(o, "%-*s", LABEL, "uuid");
	add_field_bytes(&o->text, "super", "uuid", s->uuid, sizeof(s->uuid));
	out_line(o);
	out_add(o, "%-*s", LABEL, "made");
	if (s->mkfs_time)
		e2_str_add_time(&o->text, s->mkfs_time, -1, sh->time_flags);
	else
		out_add(o, "at a time not recorded");
	out_add(o, ", mounted ");
	add_plural(&o->text, s->mnt_count, "time", "times");
	out_line(o);
	if (e2_fs_read_only(sh->fs)) {
		out_add(o, "%-*s%s", LABEL, "read only", e2_fs_read_only(sh->fs));
		out_line(o);
	}
	out_line(o);
}

/* Two labelled values on a line. */
struct pair { struct out *o; size_t mark; };

static void left(struct pair *p, const char *name, uint64_t value)
{
	p->mark = out_mark(p->o);
	out_add(p->o, "%-*s%-5" PRIu64, LABEL, name, value);
}

static void right(struct pair *p, const char *name, uint64_t value)
{
	out_add(p->o, "  ");
	out_pad(p->o, p->mark, HALF);
	out_add(p->o, "%-*s%" PRIu64, RIGHT - HALF, name, value);
}

static void show_numbers(struct shell *sh, const struct e2_super *s, const struct usage *u)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct out *o = &sh->out;
	struct pair p = { o, 0 };

	left(&p, "block size", g->block_size);
	right(&p, "inode size", g->inode_size);
	if (g->inode_size > E2_INODE_BYTES)
		out_add(o, " (crtime, nanoseconds)");
	out_line(o);
	left(&p, "blocks", g->blocks);
	out_add(o, " in ");
	add_plural(&o->text, g->groups, "group", "groups");
	right(&p, "inodes", g->inodes);
	out_add(o, ", %u a group", g->inodes_per_group);
	out_line(o);
	left(&p, "in use", g->blocks - u->free_blocks);
	out_add(o, "  %" PRIu64 " %%", percent(g->blocks - u->free_blocks, g->blocks));
	right(&p, "in use", u->used_inodes);
	out_add(o, "  %" PRIu64 " %%", percent(u->used_inodes, g->inodes));
	out_line(o);
	left(&p, "free", u->free_blocks);
	out_add(o, "  ");
	e2_str_add_size(&o->text, u->free_blocks * g->block_size);
	right(&p, "free", g->inodes - u->used_inodes);
	out_line(o);
	left(&p, "root's reserve", s->r_blocks_count);
	out_add(o, "  %" PRIu64 " %% of blocks", percent(s->r_blocks_count, g->blocks));
	right(&p, "largest gap", u->largest_gap);
	out_add(o, " %s of ", u->largest_gap == 1 ? "block" : "blocks");
	add_plural(&o->text, u->gaps, "gap", "gaps");
	out_line(o);
	out_line(o);
}

static void show_holds(struct shell *sh, const struct e2_super *s, const struct usage *u)
{
	struct out *o = &sh->out;
	bool names = u->linked || u->dangling;

	out_add(o, "%-*s", LABEL, "holds");
	add_plural(&o->text, u->files, "file", "files");
	out_add(o, ", ");
	add_plural(&o->text, u->dirs, "directory", "directories");
	out_add(o, ", ");
	add_plural(&o->text, u->symlinks, "symlink", "symlinks");
	out_add(o, ", ");
	add_plural(&o->text, u->devices, "device", "devices");
	if (u->others) {
		out_add(o, ", ");
		add_plural(&o->text, u->others, "fifo or socket", "fifos and sockets");
	}
	out_line(o);
	if (names)
		out_add(o, "%-*s", LABEL, "names");
	if (u->linked) {
		add_plural(&o->text, u->linked, "inode has", "inodes have");
		out_add(o, " more than one name");
	}
	if (u->dangling) {
		out_add(o, u->linked ? "; " : "");
		add_plural(&o->text, u->dangling, "symlink leads", "symlinks lead");
		out_add(o, " nowhere (links --broken)");
	}
	if (names)
		out_line(o);
	out_add(o, "%-*s", LABEL, "features");
	if (!s->rev_level)
		out_add(o, "none, revision 0");
	else
		add_all_features(&o->text, s);
	out_line(o);
	out_line(o);
}

static void show_places(struct shell *sh, const struct usage *u)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct out *o = &sh->out;
	uint64_t most = 0;
	int width = 7;

	out_add(o, "where the %" PRIu64 " blocks are", g->blocks);
	out_line(o);
	for (size_t i = 0; i < PLACES; i++)
		if (u->place[i] > most)
			most = u->place[i];
	for (uint64_t n = most / 10000000; n; n /= 10)
		width++;
	for (enum place i = 0; i < PLACES; i++) {
		size_t mark;

		if (!u->place[i] && place_is_rare(i))
			continue;
		out_add(o, "  %-14s", place_name(i));
		out_add_number(o, u->place[i], width);
		mark = out_mark(o);
		if (u->place[i])
			out_add(o, "  ");
		show_bar(o, u->place[i], most, BAR);
		if (*place_note(i)) {
			out_add(o, "  ");
			out_pad(o, mark, 15);
			out_add(o, "%s", place_note(i));
		}
		out_line(o);
	}
}

static void record(struct shell *sh, const struct e2_super *s, const struct usage *u)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct e2_str features = E2_STR_INIT, uuid = E2_STR_INIT;
	struct out *o = &sh->out;

	add_field_bytes(&uuid, "super", "uuid", s->uuid, sizeof(s->uuid));
	if (s->rev_level)
		add_all_features(&features, s);
	out_record(o, "info");
	out_name(o, "image", sh->image, strlen(sh->image));
	out_string(o, "type", type_name(s));
	out_name(o, "label", s->volume_name, text_len(s->volume_name, sizeof(s->volume_name)));
	out_string(o, "uuid", e2_str_text(&uuid));
	out_string(o, "state", state_words(s));
	out_u64(o, "made", s->mkfs_time);
	out_u64(o, "mounts", s->mnt_count);
	out_u64(o, "revision", s->rev_level);
	out_u64(o, "block_size", g->block_size);
	out_u64(o, "inode_size", g->inode_size);
	out_u64(o, "blocks", g->blocks);
	out_u64(o, "groups", g->groups);
	out_u64(o, "inodes", g->inodes);
	out_u64(o, "inodes_per_group", g->inodes_per_group);
	out_u64(o, "free_blocks", u->free_blocks);
	out_u64(o, "free_inodes", g->inodes - u->used_inodes);
	out_u64(o, "reserved_blocks", s->r_blocks_count);
	out_u64(o, "largest_gap", u->largest_gap);
	out_u64(o, "gaps", u->gaps);
	out_u64(o, "files", u->files);
	out_u64(o, "directories", u->dirs);
	out_u64(o, "symlinks", u->symlinks);
	out_u64(o, "devices", u->devices);
	out_u64(o, "fifos_and_sockets", u->others);
	out_u64(o, "linked_inodes", u->linked);
	out_u64(o, "dangling_symlinks", u->dangling);
	out_string(o, "features", e2_str_text(&features));
	for (enum place i = 0; i < PLACES; i++)
		out_u64(o, place_key(i), u->place[i]);
	out_record_end(o);
	e2_str_free(&features);
	e2_str_free(&uuid);
}

/* What the superblock says, and nothing counted. */
static int stored(struct shell *sh, const struct e2_super *s)
{
	struct image_struct is;
	int err = read_struct(sh, &(struct object){ .kind = OBJECT_SUPER }, &is);

	if (err)
		return err;
	if (sh->out.mode == OUT_TEXT)
		show_title(sh, s);
	print_struct(&sh->out, is.s, is.raw, &is.when);
	free(is.raw);
	return 0;
}

int cmd_info(struct shell *sh, const struct args *args)
{
	enum { VALUES = 18, NOTES = 38 };	/* the columns they stand in */
	const struct e2_super *s = e2_super(sh->fs);
	struct usage u;
	int err;

	if (args_has(args, "-h"))
		return stored(sh, s);
	err = usage_count(sh, &u, NULL);
	if (err)
		return err;
	if (sh->out.mode != OUT_TEXT) {
		record(sh, s, &u);
	} else {
		unsigned width = out_terminal_width(&sh->out);
		size_t mark = out_mark(&sh->out);

		show_title(sh, s);
		show_numbers(sh, s, &u);
		show_holds(sh, s, &u);
		out_fold(&sh->out, mark, VALUES, width);
		mark = out_mark(&sh->out);
		show_places(sh, &u);
		out_fold(&sh->out, mark, NOTES, width);
	}
	return u.status ? e2_fail(u.status, "%" PRIu64 " things could not be read; extant-fsck -n "
				  "tells which", u.unread) : 0;
}
