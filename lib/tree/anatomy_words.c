/* SPDX-License-Identifier: MIT */
/* How parts are called, what they say, and what a value breaks. */
#include "tree/anatomy_priv.h"

#include <inttypes.h>
#include <string.h>

/* ---- rules ---------------------------------------------------------------------------- */

/* Fields with a range of their own: (structure, field, from, to, what it is when outside). */
static const struct {
	const char *structure, *field;
	uint64_t from, to;
	const char *rule;
} ranges[] = {
	{ "super", "magic", E2_MAGIC, E2_MAGIC, "must be 0xef53" },
	{ "super", "log_block_size", 0, 6, "must be 0 to 6" },
	{ "super", "rev_level", 0, 1, "must be 0 or 1" },
	{ "super", "inodes_count", 1, UINT32_MAX, "must not be 0" },
	{ "super", "blocks_count", 1, UINT32_MAX, "must not be 0" },
	{ "super", "first_data_block", 0, 1, "must be 0 or 1" },
	{ "inode", "links_count", 0, E2_LINK_MAX, "must be at most 65000" },
	{ "inode", "file_acl_hi", 0, 0, "must be 0 in ext2" },
	{ "dirent", "rec_len", 12, UINT16_MAX, "must be at least 12" },
	{ "dx_info", "reserved_zero", 0, 0, "must be 0" },
	{ "dx_info", "info_length", 8, 8, "must be 8" },
	{ "dx_info", "indirect_levels", 0, 1, "must be 0 or 1" },
	{ "xattr_header", "magic", (uint32_t)E2_XATTR_MAGIC, (uint32_t)E2_XATTR_MAGIC,
	  "must be 0xea020000" },
	{ "xattr_header", "refcount", 1, 1024, "must be 1 to 1024" },
	{ "xattr_header", "blocks", 1, 1, "must be 1" },
	{ "xattr_ibody", "magic", (uint32_t)E2_XATTR_MAGIC, (uint32_t)E2_XATTR_MAGIC,
	  "must be 0xea020000" },
	{ "xattr_entry", "value_inum", 0, 0, "must be 0 in ext2" },
};

static const char *range_rule(const struct e2_part *part, uint64_t value)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (strcmp(ranges[i].structure, part->s->name) != 0 ||
		    strcmp(ranges[i].field, part->f->name) != 0)
			continue;
		return value < ranges[i].from || value > ranges[i].to ? ranges[i].rule : NULL;
	}
	return NULL;
}

/* Of a free inode, and of what is no pointer, nothing is wrong. */
static bool is_pointer(struct e2_fs *fs, const struct e2_part *part, const uint8_t *raw)
{
	struct e2_inode in;

	if (strcmp(part->s->name, "inode") != 0)
		return true;
	e2_inode_decode(&in, raw, E2_INODE_BYTES);
	if (in.links_count == 0)
		return false;
	return strcmp(part->f->name, "block") != 0 || e2_inode_has_blocks(fs, &in);
}

static bool has_bits_without_word(enum e2_fmt fmt, uint64_t value)
{
	struct e2_word w;

	for (size_t cursor = 0; e2_word_next(fmt, &cursor, &w);)
		value &= ~(uint64_t)w.value;
	return value != 0;
}

const char *e2_field_rule(struct e2_fs *fs, const struct e2_block_view *view,
			  const struct e2_part *part, const uint8_t *raw)
{
	const struct e2_geometry *g = e2_geometry(fs);
	enum e2_fmt fmt = (enum e2_fmt)part->f->fmt;
	const char *rule;
	uint64_t value;

	(void)view;
	if (e2_field_bits(part->f) == 0 || e2_field_get(part->f, raw, part->index, &value) != 0) {
		e2_err_clear();
		return NULL;
	}
	rule = range_rule(part, value);
	if (rule)
		return rule;
	switch (fmt) {
	case E2_FMT_block:
		if (value == 0 || e2_block_valid(g, value) || !is_pointer(fs, part, raw) ||
		    strcmp(part->s->name, "super") == 0)
			return NULL;
		return "lies outside the volume";
	case E2_FMT_ino:
		return value > g->inodes ? "there is no such inode" : NULL;
	case E2_FMT_mode:
		return value >> 12 && !e2_word_name(E2_FMT_enum_mode, value & E2_S_IFMT) ?
			"no type of file has these bits" : NULL;
	default:
		break;
	}
	if (e2_fmt_style(fmt) == E2_STYLE_choice && value != 0 && !e2_word_name(fmt, value))
		return "is no known value";
	if (e2_fmt_style(fmt) == E2_STYLE_flags && has_bits_without_word(fmt, value))
		return "has bits that are not known";
	return NULL;
}

/* ---- words ------------------------------------------------------------------------------ */

void e2_part_label(const struct e2_part *part, struct e2_str *out)
{
	char label[E2_LABEL_MAX];

	switch (part->kind) {
	case E2_PART_FIELD:
		e2_str_add(out, e2_field_label(part->f, part->index, label));
		break;
	case E2_PART_POINTER:
		e2_str_addf(out, "[%" PRIu32 "]", part->number);
		break;
	default:
		e2_str_add(out, e2_part_key(part->kind));
		break;
	}
}

static void add_attribute(const struct e2_part *part, struct e2_str *out)
{
	const char *prefix = e2_xattr_prefix(part->name_index);

	e2_str_add(out, "attribute ");
	if (prefix)
		e2_str_add(out, prefix);
	else
		e2_str_addf(out, "%u:", part->name_index);
	e2_str_add_name(out, part->name, part->name_len);
}

/* "^5", "^5 copy in group 3" */
static void add_descriptor(const struct e2_block_view *view, const struct e2_part *part,
			   struct e2_str *out)
{
	e2_str_addf(out, "^%" PRIu32, part->group);
	if (part->copy)
		e2_str_addf(out, " copy in group %" PRIu32, view->group);
}

void e2_part_object(const struct e2_block_view *view, const struct e2_part *part,
		    struct e2_str *out)
{
	bool attribute = part->of_entry &&
			 (view->use == E2_USE_XATTR || view->use == E2_USE_INODE_TABLE);

	switch (view->use) {
	case E2_USE_SUPER:
		if (part->kind != E2_PART_BOOT)
			e2_str_addf(out, view->group ? "sb:%" PRIu32 : "sb", view->group);
		return;
	case E2_USE_DESC:
		if (part->s)
			add_descriptor(view, part, out);
		return;
	case E2_USE_BLOCK_BITMAP:
	case E2_USE_INODE_BITMAP:
		e2_str_addf(out, "^%" PRIu32 "/%s", view->group,
			    view->use == E2_USE_BLOCK_BITMAP ? "bb" : "ib");
		return;
	default:
		break;
	}
	if (attribute) {
		add_attribute(part, out);
		e2_str_add(out, " of ");
	} else if (part->of_entry) {
		e2_str_addf(out, "entry %" PRIu32, part->number);
		if (part->name) {
			e2_str_add(out, " \"");
			e2_str_add_name(out, part->name, part->name_len);
			e2_str_add(out, "\"");
		}
		e2_str_add(out, " of ");
	}
	if (part->ino)
		e2_str_addf(out, "<%" PRIu32 ">", part->ino);
	else if (out->len == 0)
		e2_str_addf(out, "block %" PRIu64, view->blk);
}

static void add_bits(const struct e2_block_view *view, const struct e2_part *part,
		     struct e2_str *out)
{
	const char *what = view->use == E2_USE_BLOCK_BITMAP ? "block" : "inode";
	uint32_t used = 0, bits = (uint32_t)(part->count < 8 * (uint64_t)part->len ?
					     part->count : 8 * (uint64_t)part->len);

	for (uint32_t i = 0; i < bits; i++)
		used += view->data[part->at + i / 8] >> i % 8 & 1;
	if (bits == 1)
		e2_str_addf(out, "%s %" PRIu64, what, part->first);
	else
		e2_str_addf(out, "%ss %" PRIu64 "-%" PRIu64, what, part->first,
			    part->first + bits - 1);
	if (used == bits || used == 0)
		e2_str_add(out, used ? ": in use" : ": free");
	else
		e2_str_addf(out, ": %" PRIu32 " in use", used);
}

void e2_part_value(const struct e2_block_view *view, const struct e2_part *part,
		   struct e2_str *out)
{
	const uint8_t *bytes = view->data + part->at;

	switch (part->kind) {
	case E2_PART_FIELD:
		e2_field_format(part->f, view->data + part->base, part->index, out);
		break;
	case E2_PART_NAME:
	case E2_PART_TEXT:
		e2_str_add(out, "\"");
		e2_str_add_name(out, bytes, part->len);
		e2_str_add(out, "\"");
		break;
	case E2_PART_POINTER:
		e2_str_addf(out, "%" PRIu32, e2_get32(bytes));
		break;
	case E2_PART_BITS:
		add_bits(view, part, out);
		break;
	default:
		break;
	}
}
