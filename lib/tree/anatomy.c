/* SPDX-License-Identifier: MIT */
/*
 * Cutting a block into parts.  Parts are added as structures are met, in any order, sorted
 * at the end, and clipped where they overlap; gaps between them become parts too.
 */
#include "tree/anatomy_priv.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

const char *e2_part_key(enum e2_part_kind kind)
{
	static const char *const keys[] = {
#define PART(id, key, words) key,
		E2_PARTS(PART)
#undef PART
	};

	return keys[kind];
}

const char *e2_part_words(enum e2_part_kind kind)
{
	static const char *const texts[] = {
#define PART(id, key, words) words,
		E2_PARTS(PART)
#undef PART
	};

	return texts[kind];
}

/* ---- the list -------------------------------------------------------------------- */

void e2_paint_add(struct e2_paint *p, const struct e2_part *part)
{
	struct e2_part *more;

	if (part->len == 0 || part->at >= p->g->block_size ||
	    !e2_paint_wants(p, part->at, part->len) || p->status)
		return;
	more = e2_grow(p->part, &p->cap, p->count + 1, sizeof(*more));
	if (!more) {
		p->status = E2_ERR_NOMEM;
		return;
	}
	p->part = more;
	more += p->count;
	*more = *part;
	more->order = (uint32_t)p->count++;
	if (more->len > p->g->block_size - more->at)
		more->len = p->g->block_size - more->at;
	if (more->kind == E2_PART_FIELD)
		more->rule = e2_field_rule(p->fs, p->view, more, p->view->data + more->base);
}

/* The bytes of one element; of a split field its two halves. */
static void paint_element(struct e2_paint *p, struct e2_part *part)
{
	const struct e2_field *f = part->f;
	uint32_t bytes = e2_field_bits(f) / 8;

	part->at = part->base + f->at;
	part->skip = 0;
	if (bytes == 0) {
		part->len = f->arg;
	} else if (f->kind == E2_KIND_split16 || f->kind == E2_KIND_split32) {
		part->len = bytes / 2;
		e2_paint_add(p, part);
		part->at = part->base + f->arg;
		part->skip = bytes / 2;
	} else {
		part->at += part->index * bytes;
		part->len = bytes;
	}
	e2_paint_add(p, part);
}

void e2_paint_struct(struct e2_paint *p, const char *name, uint32_t base, const struct e2_part *of)
{
	const struct e2_struct *s = e2_struct_find(name);
	struct e2_when_context when = p->when;
	struct e2_part part = *of;

	if (base > p->g->block_size || p->g->block_size - base < s->size)
		when.bytes = 0;		/* only an inode may be smaller than all its fields */
	part.kind = E2_PART_FIELD;
	part.s = s;
	part.base = base;
	for (size_t i = 0; i < s->count; i++) {
		part.f = &s->fields[i];
		if (part.f == p->covered || part.f->alias ||
		    !e2_field_exists(part.f, p->view->data + base, &when))
			continue;
		for (part.index = 0; part.index < e2_field_elements(part.f); part.index++)
			paint_element(p, &part);
	}
}

/* ---- what the layout knows -------------------------------------------------------- */

static void paint_super(struct e2_paint *p)
{
	bool primary = p->view->blk == 0 || p->view->group == 0;
	struct e2_part of = { .group = p->view->group };
	uint32_t at = 0;

	if (primary && p->view->blk == 0 && p->g->block_size > E2_SUPER_OFFSET) {
		e2_paint_add(p, &(struct e2_part){ .kind = E2_PART_BOOT, .len = E2_SUPER_OFFSET });
		at = E2_SUPER_OFFSET;
	}
	e2_paint_struct(p, "super", at, &of);
}

e2_grp e2_desc_first_group(const struct e2_geometry *g, e2_grp home, e2_blk blk)
{
	uint32_t per_block = g->block_size / g->desc_size;
	e2_blk first;

	(void)e2_group_desc_blocks(g, home, &first);
	if (g->meta_bg && home / per_block >= g->first_meta_bg)
		return home / per_block * per_block;
	return (e2_grp)(blk - first) * per_block;
}

bool e2_desc_is_primary(const struct e2_geometry *g, e2_grp home, e2_blk blk)
{
	uint32_t per_block = g->block_size / g->desc_size;

	return e2_desc_block(g, 0, e2_desc_first_group(g, home, blk) / per_block) == blk;
}

static void paint_descriptors(struct e2_paint *p)
{
	struct e2_part of = {
		.group = e2_desc_first_group(p->g, p->view->group, p->view->blk),
		.copy = !e2_desc_is_primary(p->g, p->view->group, p->view->blk),
	};

	for (uint32_t at = 0; at + p->g->desc_size <= p->g->block_size &&
	     of.group < p->g->groups; at += p->g->desc_size, of.group++) {
		if (e2_paint_wants(p, at, p->g->desc_size))
			e2_paint_struct(p, "group", at, &of);
	}
}

static void paint_bitmap(struct e2_paint *p, uint64_t first, uint32_t bits)
{
	struct e2_part part = {
		.kind = E2_PART_BITS, .group = p->view->group, .first = first, .count = bits,
		.len = (bits + 7) / 8,
	};

	e2_paint_add(p, &part);
	p->rest = E2_PART_PADDING;
}

/* The text of a fast symlink lies where pointers would; a size that cannot be tells nothing. */
static void paint_fast_text(struct e2_paint *p, uint32_t base, const struct e2_part *of)
{
	const struct e2_field *block;
	struct e2_part part = *of;
	struct e2_inode in;
	unsigned index;
	uint64_t size;

	e2_inode_decode(&in, p->view->data + base, E2_INODE_BYTES);
	size = e2_inode_size(&in);
	if (!e2_symlink_is_fast(p->fs, &in) || size == 0 || size > E2_FAST_SYMLINK_MAX ||
	    e2_field_find(e2_struct_find("inode"), "block[0]", &block, &index))
		return;
	part.kind = E2_PART_TEXT;
	part.at = base + block->at;
	part.len = (uint32_t)size;
	e2_paint_add(p, &part);
	part.kind = E2_PART_UNUSED;
	part.at += part.len;
	part.len = E2_FAST_SYMLINK_MAX + 1 - part.len;
	e2_paint_add(p, &part);
	p->covered = block;
}

static void paint_inode_table(struct e2_paint *p)
{
	const struct e2_geometry *g = p->g;
	struct e2_group desc;
	e2_ino ino;

	p->status = e2_group_get(p->fs, p->view->group, &desc);
	if (p->status)
		return;
	ino = p->view->group * g->inodes_per_group + 1 +
	      (e2_ino)(p->view->blk - desc.inode_table) * (g->block_size / g->inode_size);
	for (uint32_t at = 0; at < g->block_size; at += g->inode_size, ino++) {
		struct e2_part of = { .ino = ino };

		/* the last block of a table may hold more than the group has */
		if (e2_inode_group(g, ino) != p->view->group || !e2_inode_valid(g, ino))
			break;
		if (!e2_paint_wants(p, at, g->inode_size))
			continue;
		paint_fast_text(p, at, &of);
		e2_paint_struct(p, "inode", at, &of);
		p->covered = NULL;
		e2_paint_inode_xattrs(p, at, &of);
	}
}

/* ---- what files hold ---------------------------------------------------------------- */

static void paint_pointers(struct e2_paint *p, unsigned level)
{
	uint64_t span = 1;

	while (level-- > 1)
		span *= p->g->pointers;
	for (uint32_t i = p->from / 4; i < p->g->pointers && 4 * i < p->to; i++) {
		uint32_t to = e2_get32(p->view->data + 4 * (size_t)i);
		struct e2_part part = {
			.kind = E2_PART_POINTER, .at = 4 * i, .len = 4, .number = i,
			.ino = p->view->ino, .first = p->view->lblk + i * span, .count = span,
		};

		if (to != 0 && !e2_block_valid(p->g, to))
			part.rule = "lies outside the volume";
		e2_paint_add(p, &part);
	}
}

/* Bytes of the file that are below its end, and what is behind them. */
static void paint_content(struct e2_paint *p, enum e2_part_kind kind)
{
	uint64_t start = p->view->lblk * p->g->block_size, size = UINT64_MAX;
	struct e2_part part = {
		.kind = kind, .ino = p->view->ino, .first = start, .len = p->g->block_size,
	};

	if (p->view->in && p->view->use != E2_USE_BAD && p->view->use != E2_USE_GROWTH)
		size = e2_inode_size(p->view->in);
	if (size <= start)
		part.len = 0;
	else if (size - start < part.len)
		part.len = (uint32_t)(size - start);
	e2_paint_add(p, &part);
	p->rest = E2_PART_SLACK;
}

static void paint_whole(struct e2_paint *p, enum e2_part_kind kind)
{
	e2_paint_add(p, &(struct e2_part){ .kind = kind, .len = p->g->block_size });
}

static void paint(struct e2_paint *p)
{
	const struct e2_block_view *v = p->view;
	const struct e2_geometry *g = p->g;

	switch (v->use) {
	case E2_USE_BOOT:
		paint_whole(p, E2_PART_BOOT);
		break;
	case E2_USE_SUPER:
		paint_super(p);
		break;
	case E2_USE_DESC:
		paint_descriptors(p);
		break;
	case E2_USE_BLOCK_BITMAP:
		paint_bitmap(p, e2_group_first_block(g, v->group), e2_group_blocks(g, v->group));
		break;
	case E2_USE_INODE_BITMAP:
		paint_bitmap(p, (uint64_t)v->group * g->inodes_per_group + 1,
			     g->inodes_per_group);
		break;
	case E2_USE_INODE_TABLE:
		paint_inode_table(p);
		break;
	case E2_USE_SINGLE:
	case E2_USE_DOUBLE:
	case E2_USE_TRIPLE:
		paint_pointers(p, v->level);
		break;
	case E2_USE_GROWTH:
		if (v->level > 0)
			paint_pointers(p, v->level);
		break;
	case E2_USE_DIR:
		e2_paint_dir(p);
		break;
	case E2_USE_SYMLINK:
		paint_content(p, E2_PART_TEXT);
		break;
	case E2_USE_XATTR:
		e2_paint_xattr_block(p);
		break;
	case E2_USE_DATA:
	case E2_USE_JOURNAL:
		paint_content(p, E2_PART_DATA);
		break;
	default:
		break;
	}
}

/* ---- in order, without gaps ---------------------------------------------------------- */

/* Where two begin together the one found first is before the other. */
static int compare(const void *pa, const void *pb)
{
	const struct e2_part *a = pa, *b = pb;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int hand_out(const struct e2_paint *p, e2_part_fn *fn, void *context)
{
	uint32_t at = p->from;
	int r = 0;

	if (p->count && p->part[0].at < at)
		at = p->part[0].at;
	for (size_t i = 0; i <= p->count && r == 0; i++) {
		bool last = i == p->count;
		uint32_t next = last ? p->to : p->part[i].at;
		struct e2_part part;

		if (next > at) {
			part = (struct e2_part){
				.kind = p->rest, .at = at, .len = next - at, .ino = p->view->ino,
				.group = p->view->group,
			};
			r = fn(context, &part);
			at = next;
		}
		if (last || r != 0 || p->part[i].at + p->part[i].len <= at)
			continue;
		part = p->part[i];
		if (part.at < at) {		/* its beginning is another's */
			part.skip += at - part.at;
			part.len -= at - part.at;
			part.first += part.kind == E2_PART_DATA ? at - part.at : 0;
			part.at = at;
		}
		at += part.len;
		r = fn(context, &part);
	}
	return r;
}

int e2_anatomy(struct e2_fs *fs, const struct e2_block_view *view, uint32_t from, uint32_t to,
	       e2_part_fn *fn, void *context)
{
	struct e2_paint p = {
		.fs = fs, .g = e2_geometry(fs), .view = view, .from = from, .to = to,
		.when = e2_when(fs), .rest = E2_PART_UNUSED,
	};
	int r;

	p.when.named = false;
	paint(&p);
	if (p.count)
		qsort(p.part, p.count, sizeof(*p.part), compare);
	r = p.status ? p.status : hand_out(&p, fn, context);
	free(p.part);
	return r;
}

/* ---- one byte ------------------------------------------------------------------------- */

struct seek {
	uint32_t byte;
	struct e2_part *part;
};

static int on_part(void *context, const struct e2_part *part)
{
	struct seek *s = context;

	if (s->byte < part->at || s->byte - part->at >= part->len)
		return 0;
	*s->part = *part;
	return 1;
}

int e2_anatomy_at(struct e2_fs *fs, const struct e2_block_view *view, uint32_t byte,
		  struct e2_part *part)
{
	struct seek s = { byte, part };
	int r = e2_anatomy(fs, view, byte, byte + 1, on_part, &s);

	if (r < 0)
		return r;
	if (part->kind == E2_PART_BITS) {
		uint64_t skip = (uint64_t)(byte - part->at) * 8;

		part->first += skip;
		part->count = part->count - skip < 8 ? part->count - skip : 8;
		part->at = byte;
		part->len = 1;
	}
	return 0;
}
