/* SPDX-License-Identifier: MIT */
/*
 * The anatomy of blocks and areas that are chains of entries: directories, their index, and
 * extended attributes.  A chain that breaks leaves the rest of its bytes untold.
 */
#include "tree/anatomy_priv.h"

#include "tree/dir.h"
#include "tree/xattr_area.h"

#include <string.h>

/* ---- directories ------------------------------------------------------------------- */

/* The entries of an index from byte `at` on: count and limit, then hashes and blocks; the
 * first has no hash, its place holds the counts. */
static void paint_index_entries(struct e2_paint *p, uint32_t at)
{
	struct e2_part of = { .ino = p->view->ino, .of_entry = true };
	struct e2_dx_count c;
	uint32_t room = (p->g->block_size - at) / E2_DX_ENTRY_BYTES;

	e2_dx_count_decode(&c, p->view->data + at);
	e2_paint_struct(p, "dx_count", at, &(struct e2_part){ .ino = p->view->ino });
	of.s = e2_struct_find("dx_entry");
	of.kind = E2_PART_FIELD;
	of.base = at;
	of.f = &of.s->fields[1];
	of.at = at + of.f->at;
	of.len = E2_DX_ENTRY_BYTES - of.f->at;
	e2_paint_add(p, &of);
	for (uint32_t i = 1; i < c.count && i < room; i++) {
		of.number = i;
		if (e2_paint_wants(p, at + i * E2_DX_ENTRY_BYTES, E2_DX_ENTRY_BYTES))
			e2_paint_struct(p, "dx_entry", at + i * E2_DX_ENTRY_BYTES, &of);
	}
}

static bool has_index(const struct e2_paint *p)
{
	return p->view->in && (p->view->in->flags & E2_FL_INDEX) != 0;
}

/* Whether bytes at `at` count entries as an index block of so many does. */
static bool counts_entries(const struct e2_paint *p, uint32_t at)
{
	struct e2_dx_count c;

	e2_dx_count_decode(&c, p->view->data + at);
	return c.limit == (p->g->block_size - at) / E2_DX_ENTRY_BYTES && c.count <= c.limit;
}

/* The space that an entry does not use: of "..", or of an unused one, it may hold the index. */
static void paint_room(struct e2_paint *p, const struct e2_entry *e)
{
	uint32_t root = E2_DX_INFO_AT;

	if (!has_index(p))
		return;
	if (p->view->lblk == 0 && e->offset == 12 && e->rec_len == p->g->block_size - 12 &&
	    e->name_len == 2 && counts_entries(p, E2_DX_ROOT_AT)) {
		e2_paint_struct(p, "dx_info", root, &(struct e2_part){ .ino = p->view->ino });
		paint_index_entries(p, E2_DX_ROOT_AT);
	} else if (p->view->lblk != 0 && e->offset == 0 && e->ino == 0 &&
		   e->rec_len == p->g->block_size && counts_entries(p, E2_DX_NODE_AT)) {
		paint_index_entries(p, E2_DX_NODE_AT);
	}
}

static void paint_entry(struct e2_paint *p, const struct e2_entry *e, uint32_t number)
{
	struct e2_part of = {
		.ino = p->view->ino, .of_entry = true, .number = number,
		.name = e->ino ? e->name : NULL, .name_len = e->ino ? e->name_len : 0,
	};

	e2_paint_struct(p, "dirent", e->offset, &of);
	if (e->ino) {
		of.kind = E2_PART_NAME;
		of.at = e->offset + E2_DIRENT_BYTES;
		of.len = e->name_len;
		e2_paint_add(p, &of);
	}
	paint_room(p, e);
}

void e2_paint_dir(struct e2_paint *p)
{
	struct e2_entry e;
	uint32_t at = 0;
	int r = 1;

	p->rest = E2_PART_PADDING;
	for (uint32_t n = 0; (r = e2_entry_at(p->g, p->view->data, at, &e)) > 0; n++) {
		if (e2_paint_wants(p, at, e.rec_len))
			paint_entry(p, &e, n);
		at += e.rec_len;
	}
	if (r == 0)
		return;
	e2_err_clear();
	if (p->g->block_size - at >= E2_DIRENT_BYTES) {	/* the one that breaks the chain */
		struct e2_part of = { .ino = p->view->ino, .of_entry = true };

		e2_paint_struct(p, "dirent", at, &of);
		at += E2_DIRENT_BYTES;
	}
	e2_paint_add(p, &(struct e2_part){
		.kind = E2_PART_DAMAGED, .at = at, .len = p->g->block_size - at,
		.ino = p->view->ino,
	});
}

/* ---- attributes ---------------------------------------------------------------------- */

struct area {			/* of attributes, in bytes of the block */
	uint32_t first;		/* entry */
	uint32_t values;	/* offsets count from here */
	uint32_t end;
};

/* Header, name and value of one entry; false when it makes no sense. */
static bool paint_attribute(struct e2_paint *p, const struct area *a, uint32_t at,
			    struct e2_part *of, uint32_t *next)
{
	struct e2_xattr_entry e;
	uint32_t name_end;

	if (a->end - at < E2_XATTR_ENTRY_BYTES)
		return false;
	e2_xattr_entry_decode(&e, p->view->data + at);
	of->name = p->view->data + at + E2_XATTR_ENTRY_BYTES;
	of->name_len = e.name_len;
	of->name_index = e.name_index;
	if (e.name_len > a->end - at - E2_XATTR_ENTRY_BYTES)
		of->name_len = a->end - at - E2_XATTR_ENTRY_BYTES;
	e2_paint_struct(p, "xattr_entry", at, of);
	name_end = at + E2_XATTR_ENTRY_BYTES + e.name_len;
	if (e.name_len > a->end - at - E2_XATTR_ENTRY_BYTES)
		return false;
	of->kind = E2_PART_NAME;
	of->at = at + E2_XATTR_ENTRY_BYTES;
	of->len = e.name_len;
	e2_paint_add(p, of);
	of->kind = E2_PART_PADDING;
	of->at = name_end;
	*next = (name_end + 3) & ~UINT32_C(3);
	of->len = *next - name_end;
	e2_paint_add(p, of);
	if (e.value_inum != 0 || e.value_size == 0)
		return true;
	if (e.value_offs > a->end - a->values ||
	    e.value_size > a->end - a->values - e.value_offs)
		return true;
	of->kind = E2_PART_VALUE;
	of->at = a->values + e.value_offs;
	of->len = e.value_size;
	e2_paint_add(p, of);
	of->kind = E2_PART_PADDING;
	of->at += e.value_size;
	of->len = (4 - e.value_size % 4) % 4;
	e2_paint_add(p, of);
	return true;
}

static void paint_attributes(struct e2_paint *p, const struct area *a, const struct e2_part *from)
{
	struct e2_part of = *from;
	uint32_t at = a->first;

	of.of_entry = true;
	for (of.number = 0; a->end - at >= E2_XATTR_END_BYTES; of.number++) {
		uint32_t next = 0;

		if (e2_get32(p->view->data + at) == 0) {
			of = *from;
			of.kind = E2_PART_END;
			of.at = at;
			of.len = E2_XATTR_END_BYTES;
			e2_paint_add(p, &of);
			return;
		}
		if (!paint_attribute(p, a, at, &of, &next) || next > a->end)
			break;
		at = next;
	}
}

void e2_paint_xattr_block(struct e2_paint *p)
{
	struct area a = { E2_XATTR_HEADER_BYTES, 0, p->g->block_size };
	struct e2_part of = { .ino = p->view->ino };

	e2_paint_struct(p, "xattr_header", 0, &of);
	paint_attributes(p, &a, &of);
}

void e2_paint_inode_xattrs(struct e2_paint *p, uint32_t base, const struct e2_part *of)
{
	const uint8_t *raw = p->view->data + base;
	uint32_t size = p->g->inode_size, extra, at;

	if (size < E2_INODE_BYTES + E2_XATTR_IBODY_BYTES)
		return;
	extra = e2_get16(raw + E2_INODE_BYTES);
	if (extra == 0 || extra % 4 != 0 || extra > size - E2_INODE_BYTES ||
	    size - E2_INODE_BYTES - extra < E2_XATTR_IBODY_BYTES + E2_XATTR_END_BYTES)
		return;
	at = E2_INODE_BYTES + extra;
	if (e2_get32(raw + at) != (uint32_t)E2_XATTR_MAGIC)
		return;
	e2_paint_struct(p, "xattr_ibody", base + at, of);
	at += E2_XATTR_IBODY_BYTES;
	paint_attributes(p, &(struct area){ base + at, base + at, base + size }, of);
}
