/* SPDX-License-Identifier: MIT */
#include "structs.h"

#include <stdlib.h>
#include <string.h>

void print_struct(struct out *o, const struct e2_struct *s, const uint8_t *raw,
		  const struct e2_when_context *when)
{
	if (o->mode == OUT_TEXT) {
		e2_struct_print(s, raw, when, &o->text);
		return;
	}
	if (o->mode == OUT_JSON) {
		out_record(o, s->name);
		e2_struct_json(s, raw, when, &o->json);
		out_record_end(o);
		return;
	}
	for (size_t i = 0; i < s->count; i++) {
		struct e2_str value = E2_STR_INIT;

		if (!e2_field_exists(&s->fields[i], raw, when))
			continue;
		e2_field_format(&s->fields[i], raw, E2_FIELD_WHOLE, &value);
		out_record(o, s->name);
		out_string(o, "field", s->fields[i].name);
		out_name(o, "value", e2_str_text(&value), value.len);
		out_record_end(o);
		e2_str_free(&value);
	}
}

void add_field(struct e2_str *s, const char *structure, const char *field, uint64_t value)
{
	const struct e2_struct *of = e2_struct_find(structure);
	uint8_t raw[E2_SUPER_BYTES] = { 0 };	/* the largest structure */
	const struct e2_field *f;
	unsigned index;

	if (of && !e2_field_find(of, field, &f, &index) && !e2_field_set(f, raw, index, value))
		e2_field_format(f, raw, index, s);
}

/* Bytes at is->at, which lie in one block. */
static int read_bytes(struct shell *sh, struct image_struct *is)
{
	uint32_t size = e2_geometry(sh->fs)->block_size;
	const struct e2_buf *buf;
	int err = e2_buf_get(sh->fs, is->at / size, &buf);

	if (err)
		return err;
	memcpy(is->raw, buf->data + is->at % size, is->when.bytes);
	e2_buf_put(sh->fs, buf);
	return 0;
}

static int read_super(struct shell *sh, const struct object *o, struct image_struct *is)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);

	is->s = e2_struct_find("super");
	is->when.bytes = E2_SUPER_BYTES;
	is->raw = calloc(1, E2_SUPER_BYTES);
	if (!is->raw)
		return e2_fail(E2_ERR_NOMEM, "no memory for a superblock");
	if (o->group == 0) {
		is->at = E2_SUPER_OFFSET;
	} else if (o->group >= g->groups || !e2_group_has_super(g, o->group)) {
		return e2_fail(E2_ERR_INVAL, "sb:%u: group %u has no copy of the superblock",
			       o->group, o->group);
	} else {
		is->at = e2_group_first_block(g, o->group) * g->block_size;
	}
	return read_bytes(sh, is);
}

static int read_group(struct shell *sh, const struct object *o, struct image_struct *is)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	uint32_t offset;
	e2_blk blk;

	if (o->group >= g->groups)
		return e2_fail(E2_ERR_RANGE, "^%u: the volume's groups are 0 to %u", o->group,
			       g->groups - 1);
	e2_group_locate(g, o->group, &blk, &offset);
	is->s = e2_struct_find("group");
	is->when.bytes = E2_GROUP_BYTES;
	is->at = blk * g->block_size + offset;
	is->raw = calloc(1, E2_GROUP_BYTES);
	if (!is->raw)
		return e2_fail(E2_ERR_NOMEM, "no memory for a group descriptor");
	return read_bytes(sh, is);
}

static int read_inode(struct shell *sh, const struct object *o, struct image_struct *is)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	uint32_t offset;
	e2_ino ino;
	e2_blk blk;
	int err = shell_lookup(sh, o, false, &ino, NULL);

	if (err)
		return err;
	is->s = e2_struct_find("inode");
	is->raw = calloc(1, g->inode_size);
	if (!is->raw)
		return e2_fail(E2_ERR_NOMEM, "no memory for an inode");
	err = e2_inode_locate(sh->fs, ino, &blk, &offset);
	if (err)
		return err;
	is->at = blk * g->block_size + offset;
	return e2_inode_raw(sh->fs, ino, is->raw);
}

int read_struct(struct shell *sh, const struct object *o, struct image_struct *is)
{
	int err;

	*is = (struct image_struct){ .when = e2_when(sh->fs) };
	if (o->has_lblk || o->has_byte || o->part)
		return e2_fail(E2_ERR_INVAL, "a block is no structure; hex shows its bytes");
	switch (o->kind) {
	case OBJECT_SUPER:
		err = read_super(sh, o, is);
		break;
	case OBJECT_GROUP:
		err = read_group(sh, o, is);
		break;
	case OBJECT_PATH:
	case OBJECT_INODE:
		err = read_inode(sh, o, is);
		break;
	default:
		err = e2_fail(E2_ERR_INVAL, "a block is no structure; hex shows its bytes");
		break;
	}
	if (err) {
		free(is->raw);
		is->raw = NULL;
	}
	return err;
}
