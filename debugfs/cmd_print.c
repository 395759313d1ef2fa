/* SPDX-License-Identifier: MIT */
/* print: structures and their fields as stored. */
#include "stretch.h"
#include "structs.h"
#include "why.h"

#include <stdlib.h>
#include <string.h>

/* columns: of the names of fields; 0: the value alone. */
static int print_field(struct shell *sh, const struct image_struct *is, const char *name,
		       size_t columns)
{
	struct out *o = &sh->out;
	struct e2_str value = E2_STR_INIT;
	const struct e2_field *f;
	unsigned index;
	int err = e2_field_find(is->s, name, &f, &index);

	if (err)
		return err;
	if (!e2_field_exists(f, is->raw, &is->when))
		return e2_fail(E2_ERR_NOENT, "%s: this %s has no room for it", name, is->s->name);
	e2_field_format(f, is->raw, index, &value);
	if (o->mode == OUT_TEXT) {
		size_t mark = out_mark(o);

		if (columns) {
			out_add(o, "%s  ", name);
			out_pad(o, mark, columns + 2);
		}
		out_add(o, "%s", e2_str_text(&value));
		out_line(o);
	} else {
		out_record(o, "field");
		out_string(o, "struct", is->s->name);
		out_string(o, "field", name);
		out_name(o, "value", e2_str_text(&value), value.len);
		out_null(o, "object");
		out_u64(o, "offset", is->at + f->at + (index == E2_FIELD_WHOLE ? 0 :
						       index * (e2_field_bits(f) / 8)));
		out_record_end(o);
	}
	e2_str_free(&value);
	return 0;
}

/* Whether an object is no structure but blocks, which may hold some. */
static bool is_blocks(const struct object *o)
{
	return o->kind == OBJECT_BLOCKS || o->kind == OBJECT_BYTE || o->has_lblk || o->has_byte ||
	       o->part != PART_NONE;
}

static int print_blocks(struct shell *sh, const struct object *o)
{
	struct stretch st;
	int err = object_stretch(sh, o, &st);

	for (uint64_t i = 0; i < st.count && !err && !out_failed(&sh->out); i++) {
		struct why w = { .blk = st.blk + i };

		if (i && sh->out.mode == OUT_TEXT)
			out_line(&sh->out);
		err = why_layout(sh, &w, 1);
		if (!err && (!w.layouts || w.layout == E2_USE_GROWTH))
			err = why_blocks(sh, &w, 1);
		if (!err)
			err = print_block(sh, &w);
	}
	return err;
}

int cmd_print(struct shell *sh, const struct args *args)
{
	const struct arg *object = args_get(args, "OBJECT");
	size_t fields = args_count(args, "FIELD") + (object->object.field != NULL);
	size_t columns = 0;
	struct image_struct is;
	int err;

	if (is_blocks(&object->object))
		return fields ? e2_fail(E2_ERR_INVAL, "a block has fields of many structures; "
					"without FIELD all are printed") :
			print_blocks(sh, &object->object);
	err = read_struct(sh, &object->object, &is);
	if (err)
		return err;
	if (fields == 0)
		print_struct(&sh->out, is.s, is.raw, &is.when);
	if (fields > 1 && object->object.field)
		columns = strlen(object->object.field);
	for (size_t i = 1; i < args->count && fields > 1; i++)
		if (strlen(args->arg[i].text) > columns)
			columns = strlen(args->arg[i].text);
	if (object->object.field)
		err = print_field(sh, &is, object->object.field, columns);
	for (size_t i = 1; i < args->count && !err; i++)
		err = print_field(sh, &is, args->arg[i].text, columns);
	free(is.raw);
	return err;
}
