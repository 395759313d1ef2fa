/* SPDX-License-Identifier: MIT */
/*
 * Directories as blocks: entries packed in the order of their names' bytes, none
 * across two blocks, the last of a block reaching to its end.  Source:
 * kernel, Documentation/filesystems/ext4/directory.rst.
 */
#include "build/plan_priv.h"

#include "disk/consts.h"

#include <string.h>

static const char lost_found_name[] = "lost+found";
enum { LOST_FOUND_LEN = sizeof(lost_found_name) - 1 };

enum { DOTS_BYTES = 12 + 12 };		/* the entries "." and ".." */

void e2_dir_names_begin(struct e2_dir_names *names, const struct e2_source *s, e2_obj dir,
			bool lost_found)
{
	const struct e2_object *o = e2_source_object(s, dir);

	*names = (struct e2_dir_names){ .source = s, .next = o->first_name,
					.end = o->first_name + o->names, .lost_found = lost_found };
}

const char *e2_dir_names_peek(const struct e2_dir_names *names, uint32_t *len, e2_obj *obj)
{
	const struct e2_source_name *name;
	const char *text = NULL;

	if (names->next < names->end) {
		name = e2_source_name(names->source, names->next);
		text = e2_source_text(names->source, name->text);
		*len = name->len;
		*obj = name->object;
	}
	if (names->lost_found && (text == NULL || strcmp(text, lost_found_name) > 0)) {
		*len = LOST_FOUND_LEN;
		*obj = E2_OBJ_NONE;
		return lost_found_name;
	}
	return text;
}

void e2_dir_names_advance(struct e2_dir_names *names, e2_obj obj)
{
	if (obj == E2_OBJ_NONE)
		names->lost_found = false;
	else
		names->next++;
}

uint64_t e2_lost_found_bytes(const struct e2_form *form)
{
	uint32_t blocks = 16 * 1024 / form->block_size;

	if (blocks > E2_DIRECT)
		blocks = E2_DIRECT;
	return (uint64_t)form->block_size * (blocks < 2 ? 2 : blocks);
}

uint64_t e2_dir_bytes(const struct e2_source *s, const struct e2_form *form, e2_obj dir,
		      bool lost_found)
{
	struct e2_dir_names names;
	uint64_t blocks = 1;
	uint32_t used = DOTS_BYTES, len;
	e2_obj obj;

	e2_dir_names_begin(&names, s, dir, lost_found);
	while (e2_dir_names_peek(&names, &len, &obj) != NULL) {
		if (used + e2_entry_bytes(len) > form->block_size) {
			blocks++;
			used = 0;
		}
		used += e2_entry_bytes(len);
		e2_dir_names_advance(&names, obj);
	}
	return blocks << form->block_bits;
}

/* ---- blocks ------------------------------------------------------------------- */

void e2_dir_fill_begin(struct e2_dir_fill *f, const struct e2_plan *plan, e2_obj dir)
{
	*f = (struct e2_dir_fill){ .plan = plan };
	if (dir == E2_OBJ_NONE) {	/* the volume's own lost+found */
		f->self = plan->shape.geometry.first_ino;
		f->parent = E2_INO_ROOT;
		return;
	}
	f->self = e2_plan_ino(plan, dir);
	f->parent = e2_plan_ino(plan, e2_source_object(plan->source, dir)->dir);
	e2_dir_names_begin(&f->names, plan->source, dir,
			   dir == 0 && plan->content.lost_found == E2_OBJ_NONE);
}

struct packer { uint8_t *block; uint32_t used, last, size; bool filetype; };

static void pack(struct packer *p, e2_ino ino, const char *name, uint32_t len, unsigned type)
{
	struct e2_dirent entry = {
		.inode = ino, .rec_len = (uint16_t)e2_entry_bytes(len), .name_len = (uint8_t)len,
		.file_type = p->filetype ? (uint8_t)type : 0,
	};

	e2_dirent_encode(&entry, p->block + p->used);
	memcpy(p->block + p->used + E2_DIRENT_BYTES, name, len);
	p->last = p->used;
	p->used += e2_entry_bytes(len);
}

/* Lets the last entry reach to the end of the block; an empty block gets an unused one. */
static void seal(struct packer *p)
{
	struct e2_dirent entry;
	uint32_t rest = p->size - p->last;

	e2_dirent_decode(&entry, p->block + p->last);
	entry.rec_len = rest > UINT16_MAX ? UINT16_MAX : (uint16_t)rest;
	e2_dirent_encode(&entry, p->block + p->last);
}

void e2_dir_fill_block(struct e2_dir_fill *f, uint8_t *block)
{
	const struct e2_plan *plan = f->plan;
	struct packer p = { .block = block, .size = plan->shape.geometry.block_size,
			    .filetype = plan->shape.geometry.filetype };
	const char *name;
	uint32_t len;
	e2_obj obj;

	memset(block, 0, p.size);
	if (!f->begun) {
		pack(&p, f->self, ".", 1, E2_FT_DIR);
		pack(&p, f->parent, "..", 2, E2_FT_DIR);
		f->begun = true;
	}
	while ((name = e2_dir_names_peek(&f->names, &len, &obj)) != NULL
	       && p.used + e2_entry_bytes(len) <= p.size) {
		if (obj == E2_OBJ_NONE)
			pack(&p, plan->shape.geometry.first_ino, name, len, E2_FT_DIR);
		else
			pack(&p, e2_plan_ino(plan, obj), name, len,
			     e2_inode_file_type(e2_source_object(plan->source, obj)->mode));
		e2_dir_names_advance(&f->names, obj);
	}
	seal(&p);
}
