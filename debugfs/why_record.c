/* SPDX-License-Identifier: MIT */
/* The record of why. */
#include "why_say.h"

#include <string.h>

static void number_or_null(struct out *o, const char *key, bool known, uint64_t value)
{
	if (known)
		out_u64(o, key, value);
	else
		out_null(o, key);
}

static void text_or_null(struct out *o, const char *key, const struct e2_str *s)
{
	if (s->len)
		out_name(o, key, e2_str_text(s), s->len);
	else
		out_null(o, key);
}

/* All names of the owner; a reserved inode has none. */
static void record_names(struct shell *sh, e2_ino ino)
{
	struct out *o = &sh->out;
	struct e2_str path = E2_STR_INIT;
	const struct e2_names *names = ino ? why_names(sh) : NULL;
	uint32_t count = names ? e2_names_count(names, ino) : 0;

	out_u64(o, "names", count);
	out_list(o, "paths");
	for (uint32_t i = 0; i < count && i < WHY_PATHS; i++) {
		e2_str_truncate(&path, 0);
		if (e2_names_path(names, ino, i, &path) == 0)
			out_name(o, NULL, e2_str_text(&path), path.len);
	}
	out_list_end(o);
	e2_str_free(&path);
}

static void record_owner(struct shell *sh, const struct why *w)
{
	const struct e2_claim *c = w->claims ? &w->claim[0] : NULL;
	struct why_chain chain = { 0 };
	struct out *o = &sh->out;

	out_u64(o, "owners", why_owners(w));
	out_list(o, "inos");
	for (uint64_t i = 0; i < w->claims && i < WHY_CLAIMS; i++)
		out_u64(o, NULL, w->claim[i].ino);
	out_list_end(o);
	record_names(sh, c ? c->ino : 0);
	number_or_null(o, "lblk", c && c->use != E2_USE_XATTR, c ? c->lblk : 0);
	number_or_null(o, "level", c != NULL, c ? c->level : 0);
	if (c)
		why_chain(sh, c, &chain);
	out_list(o, "slots");
	for (unsigned i = 0; i < chain.steps; i++)
		out_u64(o, NULL, chain.slot[i]);
	out_list_end(o);
	out_list(o, "chain");
	for (unsigned i = 0; i < chain.steps; i++)
		out_u64(o, NULL, chain.blk[i]);
	out_list_end(o);
	number_or_null(o, "removed", w->removed != 0, w->removed);
}

/* What the block is part of by the layout, and what it is about. */
static void record_layout(struct shell *sh, const struct why *w)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	uint32_t per_block = g->block_size / g->inode_size;
	uint64_t first = 0, count = 0;
	bool inodes = w->layout == E2_USE_INODE_BITMAP || w->layout == E2_USE_INODE_TABLE;

	number_or_null(&sh->out, "of_group", w->layouts != 0, w->group);
	if (w->layout == E2_USE_DESC) {
		first = e2_desc_first_group(g, w->group, w->blk);
		count = g->block_size / g->desc_size;
		count = first + count < g->groups ? count : g->groups - first;
	} else if (w->layout == E2_USE_BLOCK_BITMAP) {
		first = e2_group_first_block(g, w->group);
		count = e2_group_blocks(g, w->group);
	} else if (inodes) {
		first = (uint64_t)w->group * g->inodes_per_group + 1;
		count = g->inodes_per_group;
	}
	if (w->layout == E2_USE_INODE_TABLE) {
		uint64_t skip = (w->blk - w->layout_first) * per_block;

		first += skip;
		count = count - skip < per_block ? count - skip : per_block;
	}
	number_or_null(&sh->out, "first", count != 0, first);
	number_or_null(&sh->out, "count", count != 0, count);
}

static void record_no_part(struct out *o)
{
	static const char *const keys[] = {
		"part", "structure", "object", "field", "entry", "name", "field_at", "field_bytes",
		"offset_in_field", "first_item", "items", "value", "rule",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		out_null(o, keys[i]);
}

static void record_part(struct shell *sh, const struct e2_block_view *view,
			const struct e2_part *part, uint64_t offset)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct e2_str object = E2_STR_INIT, label = E2_STR_INIT, value = E2_STR_INIT;
	uint32_t byte = (uint32_t)(offset % g->block_size);
	bool items = part->kind == E2_PART_BITS || part->kind == E2_PART_POINTER;
	struct out *o = &sh->out;

	e2_part_object(view, part, &object);
	e2_part_label(part, &label);
	e2_part_value(view, part, &value);
	out_string(o, "part", e2_part_key(part->kind));
	if (part->s)
		out_string(o, "structure", part->s->name);
	else
		out_null(o, "structure");
	text_or_null(o, "object", &object);
	text_or_null(o, "field", &label);
	number_or_null(o, "entry", part->of_entry, part->number);
	if (part->name)
		out_name(o, "name", part->name, part->name_len);
	else
		out_null(o, "name");
	out_u64(o, "field_at", offset - byte + part->at);
	out_u64(o, "field_bytes", part->len);
	out_u64(o, "offset_in_field", part->skip + byte - part->at);
	if (part->kind == E2_PART_DATA) {
		out_u64(o, "first_item", part->first + byte - part->at);
		out_u64(o, "items", 1);
	} else {
		number_or_null(o, "first_item", items, part->first);
		number_or_null(o, "items", items, part->count);
	}
	text_or_null(o, "value", &value);
	if (part->rule)
		out_string(o, "rule", part->rule);
	else
		out_null(o, "rule");
	e2_str_free(&object);
	e2_str_free(&label);
	e2_str_free(&value);
}

static void record_byte(struct shell *sh, const struct why *w, const struct why_question *q)
{
	uint32_t byte = (uint32_t)(q->offset % e2_geometry(sh->fs)->block_size);
	struct e2_block_view view;
	const struct e2_buf *buf;
	struct e2_inode in;
	struct e2_part part;

	if (!q->byte || e2_buf_get(sh->fs, w->blk, &buf)) {
		record_no_part(&sh->out);
		return;
	}
	why_view(sh, w, buf->data, &in, &view);
	if (e2_anatomy_at(sh->fs, &view, byte, &part))
		record_no_part(&sh->out);
	else
		record_part(sh, &view, &part, q->offset);
	e2_buf_put(sh->fs, buf);
}

static void record_looks(struct shell *sh, const struct why *w)
{
	const struct e2_buf *buf;
	enum e2_use looks;

	if (w->layouts || w->claims || e2_buf_get(sh->fs, w->blk, &buf)) {
		out_null(&sh->out, "reads_as");
		e2_err_clear();
		return;
	}
	looks = e2_block_looks(e2_geometry(sh->fs), buf->data);
	e2_buf_put(sh->fs, buf);
	out_string(&sh->out, "reads_as", looks == E2_USE_FREE ? "zeros" : looks == E2_USE_SINGLE ?
		   "pointers" : e2_use_key(looks));
}

int why_record(struct shell *sh, const struct why *w, const struct why_question *q)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	bool valid = e2_block_valid(g, w->blk);
	e2_grp group = valid ? e2_block_group(g, w->blk) : 0;
	enum why_verdict verdict = why_verdict(w);
	struct e2_str where = E2_STR_INIT, because = E2_STR_INIT, evidence = E2_STR_INIT;
	struct out *o = &sh->out;

	if (verdict == WHY_LOST && !q->table)
		why_perhaps(sh, w->blk, &where, &because, &evidence);
	out_record(o, "why");
	out_u64(o, "block", w->blk);
	number_or_null(o, "offset", q->byte, q->offset);
	number_or_null(o, "group", valid, group);
	number_or_null(o, "index", valid, valid ? w->blk - e2_group_first_block(g, group) : 0);
	out_string(o, "role", e2_use_key(why_use(w)));
	out_bool(o, "consistent", verdict == WHY_OK || verdict == WHY_FREE);
	out_string(o, "verdict", why_verdict_key(verdict));
	if (w->has_bit)
		out_bool(o, "in_use", w->used);
	else
		out_null(o, "in_use");
	number_or_null(o, "bitmap", w->has_bit, w->bitmap);
	number_or_null(o, "bit", w->has_bit, w->bit);
	record_layout(sh, w);
	record_owner(sh, w);
	record_looks(sh, w);
	text_or_null(o, "perhaps", &where);
	text_or_null(o, "because", &because);
	text_or_null(o, "evidence", &evidence);
	record_byte(sh, w, q);
	out_record_end(o);
	e2_str_free(&where);
	e2_str_free(&because);
	e2_str_free(&evidence);
	return 0;
}
