/* SPDX-License-Identifier: MIT */
/* Changes of a block of a directory: names added and removed, headers of entries, the index. */
#include "tree/changes_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { INDEX_ROOT = 24, INDEX_NODE = 8 };	/* where an index begins in its block */

struct side {			/* the entries of one content, in order of offset */
	const uint8_t *block;
	struct e2_entry e;
	bool valid;
};

static void advance(const struct e2_changes *c, struct side *s)
{
	uint32_t next = s->e.offset + s->e.rec_len;

	s->valid = s->valid && e2_entry_at(c->g, s->block, next, &s->e) > 0;
}

static struct side begin_side(const struct e2_changes *c, const uint8_t *block)
{
	struct side s = { .block = block };

	s.valid = e2_entry_at(c->g, block, 0, &s.e) > 0;
	return s;
}

static bool in_use(const struct side *s)
{
	return s->valid && s->e.ino != 0;
}

static bool any_differs(const struct e2_changes *c, uint32_t from, uint32_t end)
{
	return memchr(c->differs + from, 1, end - from) != NULL;
}

/* "<12> directory". */
static void say_entry(struct e2_changes *c, bool after, const struct e2_entry *e)
{
	const char *type = e->file_type ? e2_word_name(E2_FMT_enum_filetype, e->file_type) : NULL;

	if (after)
		e2_tell_after(c, "<%" PRIu32 ">%s%s", e->ino, type ? " " : "", type ? type : "");
	else
		e2_tell_before(c, "<%" PRIu32 ">%s%s", e->ino, type ? " " : "", type ? type : "");
}

static void place_entry(struct e2_changes *c, const struct e2_entry *e)
{
	uint32_t len = e2_entry_bytes(e->name_len);

	len = len < e->rec_len ? len : e->rec_len;
	if (any_differs(c, e->offset, e->offset + len))
		e2_tell_place(c, e->offset, len);
}

static void tell_entry(struct e2_changes *c, const char *object, const struct e2_entry *e,
		       bool added)
{
	e2_tell_begin(c, E2_CHANGE_ENTRY, "%s", object);
	e2_tell_name(c, e->name, e->name_len);
	if (added)
		e2_tell_before(c, "none");
	else
		say_entry(c, false, e);
	if (added)
		say_entry(c, true, e);
	else
		e2_tell_after(c, "none");
	place_entry(c, e);
}

static bool same_name(const struct e2_entry *a, const struct e2_entry *b)
{
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

/* The header of an entry that stays where it was. */
static void tell_header(struct e2_changes *c, const char *object, const struct e2_entry *e)
{
	struct e2_when_context when = e2_when(c->fs);
	const struct e2_struct *s = e2_struct_find("dirent");
	size_t cursor = 0;
	const struct e2_field *f;
	unsigned index;

	when.bytes = E2_DIRENT_BYTES;
	while (e2_struct_diff(s, c->was + e->offset, c->is + e->offset, &when, &cursor, &f,
			      &index) > 0) {
		uint32_t at = e->offset + f->at, bytes = e2_field_bits(f) / 8;

		if (!any_differs(c, at, at + bytes))
			continue;
		e2_tell_begin(c, E2_CHANGE_ENTRY, "%s", object);
		if (e->ino)
			e2_tell_name(c, e->name, e->name_len);
		e2_tell_field(c, "%s", f->name);
		e2_tell_values(c, f, index, c->was + e->offset, c->is + e->offset);
		e2_tell_place(c, at, bytes);
	}
}

static void tell_entries(struct e2_changes *c, const char *object)
{
	struct side was = begin_side(c, c->was), is = begin_side(c, c->is);

	while (was.valid || is.valid) {
		bool before = was.valid && (!is.valid || was.e.offset <= is.e.offset);
		bool after = is.valid && (!was.valid || is.e.offset <= was.e.offset);
		bool kept = before && after && in_use(&was) && in_use(&is) &&
			same_name(&was.e, &is.e);

		if (before && in_use(&was) && !kept)
			tell_entry(c, object, &was.e, false);
		if (after && in_use(&is) && !kept)
			tell_entry(c, object, &is.e, true);
		if (before && after)
			tell_header(c, object, &is.e);
		if (before)
			advance(c, &was);
		if (after)
			advance(c, &is);
	}
}

/* ---- the index --------------------------------------------------------------------- */

/* Where the entries of an index begin in this block, with their count first; 0: none here. */
static uint32_t index_at(const struct e2_changes *c, e2_lblk lblk)
{
	struct e2_dx_info info;
	struct e2_entry e;

	if (!(c->in.flags & (uint32_t)E2_FL_INDEX))
		return 0;
	if (lblk != 0)
		return e2_entry_at(c->g, c->is, 0, &e) > 0 && e.ino == 0 &&
			e.rec_len == c->g->block_size ? INDEX_NODE : 0;
	e2_dx_info_decode(&info, c->is + INDEX_ROOT);
	return info.info_length == E2_DX_INFO_BYTES ? INDEX_ROOT + E2_DX_INFO_BYTES : 0;
}

static void tell_index(struct e2_changes *c, const char *object, e2_lblk lblk)
{
	struct e2_when_context when = e2_when(c->fs);
	const struct e2_struct *entry = e2_struct_find("dx_entry");
	uint32_t at = index_at(c, lblk), size = c->g->block_size;
	struct e2_dx_count was, is;
	char prefix[32];

	if (at == 0 || !any_differs(c, lblk ? at : INDEX_ROOT, size))
		return;
	if (lblk == 0)
		e2_tell_struct(c, E2_CHANGE_INDEX, object, "index.", e2_struct_find("dx_info"),
			      &when, INDEX_ROOT);
	e2_dx_count_decode(&was, c->was + at);
	e2_dx_count_decode(&is, c->is + at);
	e2_tell_struct(c, E2_CHANGE_INDEX, object, "index.", e2_struct_find("dx_count"), &when, at);
	for (uint32_t i = 0; i < (was.count > is.count ? was.count : is.count); i++) {
		uint32_t offset = at + i * E2_DX_ENTRY_BYTES;

		if (offset + E2_DX_ENTRY_BYTES > size)
			break;
		if (!any_differs(c, offset, offset + E2_DX_ENTRY_BYTES))
			continue;
		(void)snprintf(prefix, sizeof(prefix), "index[%" PRIu32 "].", i);
		/* The first entry's hash is where limit and count are. */
		if (i > 0) {
			e2_tell_struct(c, E2_CHANGE_INDEX, object, prefix, entry, &when, offset);
			continue;
		}
		e2_tell_begin(c, E2_CHANGE_INDEX, "%s", object);
		e2_tell_field(c, "%sblock", prefix);
		e2_tell_values(c, &entry->fields[1], 0, c->was + offset, c->is + offset);
		e2_tell_place(c, offset + entry->fields[1].at, 4);
	}
}

int e2_tell_dir_block(struct e2_changes *c, e2_blk blk, e2_lblk lblk, bool fresh)
{
	char object[48];
	int err = e2_tell_load(c, blk, fresh);

	if (err)
		return err;
	(void)snprintf(object, sizeof(object), "<%" PRIu32 ">:%" PRIu64, c->ino, lblk);
	if (fresh) {
		e2_tell_begin(c, E2_CHANGE_NEW, "%s", object);
		e2_tell_field(c, "entries");
		e2_tell_fresh(c, blk, 1);
	}
	tell_entries(c, object);
	if (!fresh) {
		tell_index(c, object, lblk);
		e2_tell_rest(c, object, "bytes", 0, c->g->block_size);
	}
	return 0;
}
