/* SPDX-License-Identifier: MIT */
#include "sweep.h"

#include "disk/consts.h"
#include "sweep_base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- what can be damaged ------------------------------------------------------- */

static const struct e2_field word_field = { .name = "word", .kind = E2_KIND_u32 };
static const struct e2_field byte_field = { .name = "byte", .kind = E2_KIND_u8 };
static const struct e2_struct word = { .name = "word", .fields = &word_field, .count = 1,
				       .size = 4 };
static const struct e2_struct byte = { .name = "byte", .fields = &byte_field, .count = 1,
				       .size = 1 };

struct lister {
	struct sweep *s;
	bool all;
	unsigned most;		/* of a kind, unless all */
};

/* Of few: the first ones of a kind. */
static void add(struct lister *l, const char *kind, const struct e2_struct *structure, uint64_t at,
		uint32_t bytes, const char *where, uint64_t number)
{
	struct sweep *s = l->s;
	struct sweep_target *t;
	uint32_t of_kind = 0;

	for (size_t i = 0; i < s->target_count; i++)
		of_kind += strcmp(s->targets[i].kind, kind) == 0;
	if (!l->all && of_kind >= l->most)
		return;
	if (s->target_count % 64 == 0) {
		s->targets = realloc(s->targets, (s->target_count + 64) * sizeof(*s->targets));
		if (s->targets == NULL)
			abort();
	}
	t = &s->targets[s->target_count++];
	*t = (struct sweep_target){ .structure = structure, .kind = kind, .at = at,
				    .bytes = bytes, .instance = of_kind };
	snprintf(t->where, sizeof(t->where), "%s %" PRIu64, where, number);
}

static const uint8_t *block_of(const struct lister *l, uint32_t blk)
{
	const struct reader *r = &l->s->reader;

	if (blk < r->first || blk >= r->blocks)
		return NULL;
	return r->image + (uint64_t)blk * r->block_size;
}

static bool has_copy(uint32_t group)	/* sparse_super */
{
	for (uint32_t base = 3; base <= 7; base += 2)
		for (uint32_t n = base; n <= group; n *= base)
			if (n == group)
				return true;
	return group <= 1;
}

static void list_layout(struct lister *l)
{
	const struct reader *r = &l->s->reader;
	const struct e2_struct *super = e2_struct_find("super"), *group = e2_struct_find("group");

	l->most = 3;
	add(l, "super", super, E2_SUPER_OFFSET, E2_SUPER_BYTES, "block", r->first);
	for (uint32_t g = 0; g < r->groups; g++) {
		uint32_t first = r->first + g * r->per_group;
		const uint8_t *desc = r->image + (uint64_t)r->desc_block * r->block_size + 32 * g;

		add(l, "group", group, (uint64_t)(desc - r->image), 32, "group", g);
		if (g != 0 && has_copy(g)) {
			l->most = 1;
			add(l, "copy", super, (uint64_t)first * r->block_size, E2_SUPER_BYTES,
			    "group", g);
			add(l, "group_copy", group, ((uint64_t)first + 1) * r->block_size, 32,
			    "group", g);
			l->most = 3;
		}
		for (uint32_t k = 0; k < 3; k++) {
			static const uint32_t part[] = { 0, 5, 127 };

			l->most = 6;
			add(l, "block_bitmap", &byte,
			    (uint64_t)e2_get32(desc) * r->block_size + part[k], 1, "group", g);
			add(l, "inode_bitmap", &byte,
			    (uint64_t)e2_get32(desc + 4) * r->block_size + part[k], 1, "group", g);
			l->most = 3;
		}
	}
}

/* ---- files --------------------------------------------------------------------- */

static void list_pointers(struct lister *l, uint32_t ino, uint32_t blk, unsigned level)
{
	static const char *const kinds[] = { "", "pointer_single", "pointer_double",
					     "pointer_triple" };
	const uint8_t *block = blk != 0 ? block_of(l, blk) : NULL;
	uint32_t pointers = l->s->reader.block_size / 4;

	if (block == NULL || level == 0)
		return;
	for (uint32_t i = 0; i < pointers; i++) {
		uint32_t to = e2_get32(block + 4 * i);

		if (to == 0 && i != pointers - 1)
			continue;
		l->most = 8;
		add(l, kinds[level], &word, (uint64_t)(block - l->s->reader.image) + 4 * i, 4,
		    "inode", ino);
		list_pointers(l, ino, to, level - 1);
	}
}

static void list_xattr_entries(struct lister *l, uint32_t ino, uint64_t at, uint64_t end)
{
	const uint8_t *image = l->s->reader.image;

	l->most = 3;
	while (at + 16 <= end && e2_get32(image + at) != 0) {
		add(l, "xattr_entry", e2_struct_find("xattr_entry"), at, E2_XATTR_ENTRY_BYTES,
		    "inode", ino);
		at += 16 + ((uint64_t)image[at] + 3) / 4 * 4;
	}
}

static void list_attributes(struct lister *l, uint32_t ino, uint64_t at)
{
	const struct reader *r = &l->s->reader;
	const uint8_t *raw = r->image + at;
	const uint8_t *block = e2_get32(raw + 104) != 0 ? block_of(l, e2_get32(raw + 104)) : NULL;
	uint64_t body = at + 128 + (r->inode_size > 128 ? e2_get16(raw + 128) : 0);

	l->most = 2;
	if (block != NULL) {
		add(l, "xattr_header", e2_struct_find("xattr_header"),
		    (uint64_t)(block - r->image), E2_XATTR_HEADER_BYTES, "inode", ino);
		list_xattr_entries(l, ino, (uint64_t)(block - r->image) + 32,
				   (uint64_t)(block - r->image) + r->block_size);
	}
	if (r->inode_size > 128 && e2_get32(r->image + body) == (uint32_t)E2_XATTR_MAGIC) {
		add(l, "xattr_ibody", e2_struct_find("xattr_ibody"), body, 4, "inode", ino);
		list_xattr_entries(l, ino, body + 4, at + r->inode_size);
	}
}

static void list_index(struct lister *l, uint32_t ino, uint64_t at)
{
	l->most = 2;
	add(l, "dx_info", e2_struct_find("dx_info"), at + 24, E2_DX_INFO_BYTES, "inode", ino);
	add(l, "dx_count", e2_struct_find("dx_count"), at + 32, E2_DX_COUNT_BYTES, "inode", ino);
	add(l, "dx_entry", e2_struct_find("dx_entry"), at + 40, E2_DX_ENTRY_BYTES, "inode", ino);
}

static void list_entries(struct lister *l, uint32_t ino, const uint8_t *raw, bool indexed)
{
	const struct reader *r = &l->s->reader;

	for (uint32_t b = 0; b < 12 && e2_get32(raw + 40 + 4 * b) != 0; b++) {
		uint64_t start = (uint64_t)e2_get32(raw + 40 + 4 * b) * r->block_size;

		for (uint32_t at = 0; at + 8 <= r->block_size;) {
			const uint8_t *e = r->image + start + at;
			const char *kind = b == 0 && at == 0 ? "dirent_dot" :
				b == 0 && at == 12 ? "dirent_dotdot" :
				e2_get32(e) == 0 ? "dirent_unused" :
				indexed ? "dirent_leaf" : "dirent";

			l->most = indexed || b == 0 ? 3 : 6;
			add(l, kind, e2_struct_find("dirent"), start + at, E2_DIRENT_BYTES,
			    "directory", ino);
			if (e2_get32(e) != 0)
				add(l, "name", &byte, start + at + 8, 1, "directory", ino);
			if (e2_get16(e + 4) < 8)
				abort();
			at += e2_get16(e + 4);
		}
		if (b == 0 && indexed)
			list_index(l, ino, start);
	}
}

static const char *inode_kind(uint32_t ino, const uint8_t *raw)
{
	if (e2_get16(raw) == 0)
		return ino < 11 ? "inode_reserved" : "inode_free";
	if (ino < 11)
		return ino == 2 ? "inode_root" : "inode_reserved";
	if (e2_get32(raw + 40 + 4 * 14) != 0)
		return "inode_triple";
	if (e2_get32(raw + 40 + 4 * 12) != 0)
		return "inode_single";
	switch (e2_get16(raw) & E2_S_IFMT) {
	case E2_S_IFDIR:
		return (e2_get32(raw + 32) & E2_FL_INDEX) != 0 ? "inode_index" : "inode_dir";
	case E2_S_IFLNK:
		return e2_get32(raw + 28) != 0 ? "inode_slow" : "inode_fast";
	case E2_S_IFREG:
		return e2_get32(raw + 104) != 0 ? "inode_attributes" : "inode_file";
	default:
		return "inode_special";
	}
}

static void list_inodes(struct lister *l)
{
	const struct reader *r = &l->s->reader;

	for (uint32_t ino = 1; ino <= r->inodes; ino++) {
		uint64_t at = reader_inode_at(r, ino);
		const uint8_t *raw = r->image + at;
		bool dir = (e2_get16(raw) & E2_S_IFMT) == E2_S_IFDIR;

		l->most = e2_get16(raw) == 0 ? 1 : 2;
		add(l, inode_kind(ino, raw), e2_struct_find("inode"), at,
		    r->inode_size > E2_INODE_BYTES_MAX ? E2_INODE_BYTES_MAX : r->inode_size,
		    "inode", ino);
		if (e2_get16(raw) == 0)
			continue;
		if (dir || (e2_get16(raw) & E2_S_IFMT) == E2_S_IFREG)
			for (unsigned level = 1; level <= 3; level++)
				list_pointers(l, ino, e2_get32(raw + 40 + 4 * (11 + level)), level);
		list_attributes(l, ino, at);
		if (dir)
			list_entries(l, ino, raw, (e2_get32(raw + 32) & E2_FL_INDEX) != 0);
	}
}

static void add_mutants(struct sweep *s, const struct sweep_target *t)
{
	const struct e2_struct *st = t->structure;

	for (size_t f = 0; f < st->count; f++) {
		const struct e2_field *field = &st->fields[f];

		if (field->alias)
			continue;
		for (unsigned i = 0; i < e2_field_elements(field); i++) {
			if (field->at + (e2_field_bits(field) + 7) / 8 * (i + 1) > t->bytes)
				continue;
			for (int v = 0; v < E2_VERBS; v++)
				s->mutants[s->mutant_count++] = (struct sweep_mutant){
					t, field, i, (enum e2_verb)v };
		}
	}
}

void sweep_begin(struct sweep *s, enum sweep_volume volume, bool all)
{
	static const char *const names[] = { "groups", "single", "copies" };
	struct lister l = { .s = s, .all = all };

	*s = (struct sweep){ .name = names[volume] };
	sweep_base(volume, &s->image);
	if (!reader_open(&s->reader, s->image.bytes, s->image.size))
		abort();
	list_layout(&l);
	list_inodes(&l);
	s->mutants = calloc(s->target_count, 256 * E2_VERBS * sizeof(*s->mutants));
	if (s->mutants == NULL)
		abort();
	for (size_t i = 0; i < s->target_count; i++)
		add_mutants(s, &s->targets[i]);
}

void sweep_end(struct sweep *s)
{
	reader_close(&s->reader);
	free(s->image.bytes);
	free(s->bad.bytes);
	free(s->fixed.bytes);
	free(s->again.bytes);
	free(s->targets);
	free(s->mutants);
}

const char *sweep_label(const struct sweep_mutant *m, char *text, size_t size)
{
	char label[E2_LABEL_MAX];

	snprintf(text, size, "%s.%s %s at %s", m->target->kind,
		 e2_field_label(m->field, m->index, label), e2_verb_name(m->verb),
		 m->target->where);
	return text;
}

bool sweep_damage(struct sweep *s, const struct sweep_mutant *m, uint64_t *at, uint32_t *len)
{
	const struct sweep_target *t = m->target;
	uint64_t seed = t->at + m->index * 31u + m->verb;
	uint8_t raw[E2_SUPER_BYTES] = { 0 };
	uint32_t first = 0, last;

	memcpy(raw, s->image.bytes + t->at, t->bytes);
	e2_field_mutate(m->field, raw, m->index, m->verb, &seed);
	while (first < t->bytes && raw[first] == s->image.bytes[t->at + first])
		first++;
	if (first == t->bytes)
		return false;
	for (last = t->bytes; raw[last - 1] == s->image.bytes[t->at + last - 1];)
		last--;
	*at = t->at + first;
	*len = last - first;
	ram_copy(&s->bad, &s->image);
	memcpy(s->bad.bytes + t->at, raw, t->bytes);
	return true;
}
