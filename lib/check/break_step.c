/* SPDX-License-Identifier: MIT */
/*
 * The steps of break.def: each changes one thing and writes down what was there.
 *
 *   inode FIELD VALUE  inode2 ...      of the chosen inode, of a second one; ino N FIELD VALUE
 *   entry FIELD VALUE  prev  other     of the chosen entry, of the record before it, another
 *   sb FIELD VALUE  copy  copies       of the superblock, of one copy, of all
 *   group FIELD VALUE  groupcopy  groupcopies    of a group's descriptor, and its copies
 *   at PLACE OFFSET STRUCTURE FIELD VALUE        of any structure
 *   bytes PLACE OFFSET HEX   noise PLACE OFFSET LENGTH   pointer PLACE INDEX VALUE
 *   name                     the other entry's name over that of the entry
 *   free|use block|inode VALUE       bits
 *
 *   PLACE   data (the chosen inode's first block) ind dind acl inode bb ib (bitmaps of the group)
 *   VALUE   text of the field, or $NAME, $NAME+N, $NAME-N (a variable: variables[] below)
 */
#include "check/break_priv.h"

#include "base/endian.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 6, WORD = 40, NAME = 64 };

struct step {
	char word[WORDS][WORD];
	int words;
};

/* ---- the record ---------------------------------------------------------------------- */

static char *text_or_hex(const char *text, const uint8_t *bytes, uint32_t len)
{
	enum { SHOWN = 32 };
	struct e2_str s = E2_STR_INIT;

	if (text != NULL)
		return strdup(text);
	for (uint32_t i = 0; i < len && i < SHOWN; i++)
		e2_str_addf(&s, "%02x", bytes[i]);
	e2_str_add(&s, len > SHOWN ? "..." : "");
	char *copy = e2_str_status(&s) == 0 ? strdup(e2_str_text(&s)) : NULL;
	e2_str_free(&s);
	return copy;
}

static uint8_t *copy_bytes(const uint8_t *from, uint32_t len)
{
	uint8_t *copy = malloc(len != 0 ? len : 1);

	if (copy != NULL)
		memcpy(copy, from, len);
	return copy;
}

static int note(struct breaker *b, const struct e2_damage *d, const uint8_t *was,
		const uint8_t *is)
{
	struct e2_broken *out = b->out;

	if (out->count == out->cap) {
		size_t cap = out->cap != 0 ? 2 * out->cap : 8;
		struct e2_damage *more = realloc(out->damage, cap * sizeof(*more));

		if (more == NULL)
			return e2_fail(E2_ERR_NOMEM, "no memory for what was damaged");
		out->damage = more;
		out->cap = cap;
	}
	out->damage[out->count++] = (struct e2_damage){
		.object = strdup(d->object), .field = strdup(d->field),
		.before = text_or_hex(d->before, was, d->len),
		.after = text_or_hex(d->after, is, d->len),
		.at = d->at, .len = d->len, .also = b->also,
		.was = copy_bytes(was, d->len), .is = copy_bytes(is, d->len),
	};

	const struct e2_damage *made = &out->damage[out->count - 1];
	if (made->object == NULL || made->field == NULL || made->before == NULL ||
	    made->after == NULL || made->was == NULL || made->is == NULL)
		return e2_fail(E2_ERR_NOMEM, "no memory for what was damaged");
	return 0;
}

/* ---- primitive damage ------------------------------------------------------------------ */

int break_read(struct breaker *b, uint64_t at, uint32_t len, uint8_t *raw)
{
	uint32_t size = b->g->block_size;
	const struct e2_buf *buf;

	if (at % size + len > size)
		return e2_fail(E2_ERR_NOENT, "bytes %" PRIu64 "-%" PRIu64 " lie in two blocks",
			       at, at + len - 1);
	int err = e2_buf_get(b->fs, at / size, &buf);
	if (err != 0)
		return err;
	memcpy(raw, buf->data + at % size, len);
	e2_buf_put(b->fs, buf);
	return 0;
}

int break_bytes(struct breaker *b, const char *object, const char *field, uint64_t at,
		uint32_t len, const uint8_t *is, const char *before, const char *after)
{
	const struct e2_damage d = { .object = (char *)(uintptr_t)object,
				     .field = (char *)(uintptr_t)field,
				     .before = (char *)(uintptr_t)before,
				     .after = (char *)(uintptr_t)after, .at = at, .len = len };
	uint8_t *was = malloc(len != 0 ? len : 1);
	int err = was != NULL ? break_read(b, at, len, was) :
		e2_fail(E2_ERR_NOMEM, "no memory for bytes");

	if (err == 0 && memcmp(was, is, len) == 0)
		err = e2_fail(E2_ERR_NOENT, "%s: its %s are those already", object, field);
	if (err == 0)
		err = e2_raw_write(b->txn, at, len, is);
	if (err == 0)
		err = note(b, &d, was, is);
	free(was);
	return err;
}

int break_bit(struct breaker *b, bool inode, uint64_t number, bool used)
{
	struct e2_group desc;
	char object[NAME], field[NAME];
	bool is;
	int err = inode ? e2_inode_used(b->fs, (e2_ino)number, &is) :
		e2_block_used(b->fs, number, &is);

	if (err != 0)
		return err;
	if (is == used)
		return e2_fail(E2_ERR_NOENT, "it is marked so already");
	e2_grp group = inode ? e2_inode_group(b->g, (e2_ino)number) : e2_block_group(b->g, number);
	uint64_t bit = inode ? (number - 1) % b->g->inodes_per_group :
		number - e2_group_first_block(b->g, group);
	err = e2_group_get(b->fs, group, &desc);
	if (err != 0)
		return err;
	uint64_t at = (uint64_t)(inode ? desc.inode_bitmap : desc.block_bitmap) *
		      b->g->block_size + bit / 8;
	uint8_t byte;
	err = break_read(b, at, 1, &byte);
	if (err != 0)
		return err;
	byte = (uint8_t)(byte ^ 1u << bit % 8);
	(void)snprintf(object, sizeof(object), inode ? "<%" PRIu64 ">" : "block %" PRIu64, number);
	(void)snprintf(field, sizeof(field), "bit %" PRIu64 " of ^%" PRIu32 "/%s", bit, group,
		       inode ? "ib" : "bb");
	return break_bytes(b, object, field, at, 1, &byte, is ? "in use" : "free",
			   used ? "in use" : "free");
}

/* ---- variables ---------------------------------------------------------------------------- */

static int group_blocks(struct breaker *b, uint64_t *block_bitmap, uint64_t *inode_bitmap,
			uint64_t *table)
{
	struct e2_group desc;
	int err = e2_group_get(b->fs, b->group, &desc);

	*block_bitmap = desc.block_bitmap;
	*inode_bitmap = desc.inode_bitmap;
	*table = desc.inode_table;
	return err;
}

static int variable(struct breaker *b, const char *name, uint64_t old, uint64_t *value)
{
	uint64_t bb, ib, table;
	int err = group_blocks(b, &bb, &ib, &table);
	e2_blk blk = 0;
	e2_ino ino = 0;

	if (err == 0 && strcmp(name, "freeblock") == 0)
		err = break_free_block(b, &blk);
	if (err == 0 && strcmp(name, "freeinode") == 0)
		err = break_free_inode(b, &ino);
	if (err != 0)
		return err;

	const struct { const char *name; uint64_t value; } variables[] = {
		{ "old", old }, { "end", b->g->blocks }, { "inodes", b->g->inodes },
		{ "size", b->g->block_size }, { "ipg", b->g->inodes_per_group },
		{ "ipg8", b->g->inodes_per_group / 8 }, { "gdt", b->g->desc_blocks },
		{ "a", b->a }, { "b", b->b }, { "dir", b->e.dir }, { "target", b->e.ino },
		{ "blk0", b->a_in.block[0] }, { "blk1", b->a_in.block[1] },
		{ "bblk0", b->b_in.block[0] }, { "bb", bb }, { "ib", ib }, { "table", table },
		{ "cover", b->e.prev_len + (uint64_t)b->e.rec_len }, { "xattr", b->xattr_at },
		{ "freeblock", blk }, { "freeinode", ino },
		{ "pastgroup", e2_group_first_block(b->g, b->group) + b->g->blocks_per_group },
	};
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (strcmp(variables[i].name, name) == 0) {
			*value = variables[i].value;
			return 0;
		}
	}
	return e2_fail(E2_ERR_INTERNAL, "break: no variable \"%s\"", name);
}

/* A number, or a variable with what is added to it. */
static int number(struct breaker *b, const char *text, uint64_t old, uint64_t *value)
{
	char name[WORD];
	size_t len = strcspn(text, "+-");

	if (*text != '$') {
		*value = strtoull(text, NULL, 0);
		return 0;
	}
	memcpy(name, text + 1, len - 1);
	name[len - 1] = '\0';
	int err = variable(b, name, old, value);
	if (err == 0 && text[len] == '+')
		*value += strtoull(text + len + 1, NULL, 0);
	else if (err == 0 && text[len] == '-')
		*value -= strtoull(text + len + 1, NULL, 0);
	return err;
}

/* ---- fields ------------------------------------------------------------------------------ */

/* The bytes of an element; of a split one only those that differ. */
static void extent(const struct e2_field *f, unsigned index, const uint8_t *was, const uint8_t *is,
		   uint32_t size, uint32_t *at, uint32_t *len)
{
	uint32_t first = 0, last = size - 1;

	if (f->kind != E2_KIND_split16 && f->kind != E2_KIND_split32 && e2_field_bits(f) != 0) {
		*len = e2_field_bits(f) / 8;
		*at = f->at + (index == E2_FIELD_WHOLE ? 0 : index) * *len;
		return;
	}
	while (first < last && was[first] == is[first])
		first++;
	while (last > first && was[last] == is[last])
		last--;
	*at = first;
	*len = last - first + 1;
}

static int parse_value(struct breaker *b, const struct e2_field *f, uint8_t *raw, unsigned index,
		       const char *value)
{
	char text[24];
	uint64_t old = 0, n;

	if (*value != '$')
		return e2_field_parse(f, raw, index, value);
	if (e2_field_bits(f) != 0)
		(void)e2_field_get(f, raw, index, &old);	/* then old is 0 */
	int err = number(b, value, old, &n);
	if (err != 0)
		return err;
	(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	return e2_field_set(f, raw, index, n) == 0 ? 0 : e2_field_parse(f, raw, index, text);
}

int break_field(struct breaker *b, const char *object, const char *structure, uint64_t at,
		const char *spec, const char *value)
{
	const struct e2_struct *s = e2_struct_find(structure);
	struct e2_str before = E2_STR_INIT, after = E2_STR_INIT;
	uint8_t was[E2_SUPER_BYTES], is[E2_SUPER_BYTES];
	char label[E2_LABEL_MAX];
	const struct e2_field *f;
	uint32_t size, from, len;
	unsigned index;

	if (s == NULL || s->size > sizeof(was))
		return e2_fail(E2_ERR_INTERNAL, "break: no structure \"%s\"", structure);
	size = s->size;
	if (strcmp(structure, "inode") == 0 && b->g->inode_size < size)
		size = b->g->inode_size;
	int err = break_read(b, at, size, was);
	memcpy(is, was, size);
	if (err == 0)
		err = e2_field_find(s, spec, &f, &index);
	struct e2_when_context when = e2_when(b->fs);
	when.bytes = size;
	if (err == 0 && !e2_field_exists(f, was, &when))
		err = e2_fail(E2_ERR_NOENT, "%s: there is no room for it", spec);
	if (err == 0)
		err = parse_value(b, f, is, index, value);
	if (err != 0)
		return err;
	extent(f, index, was, is, size, &from, &len);
	e2_field_format(f, was, index, &before);
	e2_field_format(f, is, index, &after);
	err = break_bytes(b, object, e2_field_label(f, index, label), at + from, len, is + from,
			  e2_str_text(&before), e2_str_text(&after));
	e2_str_free(&before);
	e2_str_free(&after);
	return err;
}

/* ---- places ------------------------------------------------------------------------------ */

int break_inode_at(struct breaker *b, e2_ino ino, uint64_t *at)
{
	uint32_t offset;
	e2_blk blk;
	int err = e2_inode_locate(b->fs, ino, &blk, &offset);

	if (err == 0)
		*at = blk * b->g->block_size + offset;
	return err;
}

uint64_t break_super_at(struct breaker *b, e2_grp copy)
{
	return copy == 0 ? E2_SUPER_OFFSET : e2_group_first_block(b->g, copy) * b->g->block_size;
}

/* The descriptor of a group, or its copy behind the superblock of another. */
int break_group_at(struct breaker *b, e2_grp group, e2_grp copy, uint64_t *at)
{
	uint32_t offset, per_block = b->g->block_size / b->g->desc_size;
	e2_blk blk;

	if (copy != 0 && b->g->meta_bg)
		return e2_fail(E2_ERR_NOENT, "the descriptors have no such copies (meta_bg)");
	e2_group_locate(b->g, group, &blk, &offset);
	if (copy != 0)
		blk = e2_desc_block(b->g, copy, group / per_block);
	*at = blk * b->g->block_size + offset;
	return 0;
}

static int place(struct breaker *b, const char *word, uint64_t *at, char *object)
{
	uint64_t bb, ib, table;
	int err = group_blocks(b, &bb, &ib, &table);

	if (err != 0)
		return err;
	if (strcmp(word, "inode") == 0) {
		(void)snprintf(object, NAME, "<%" PRIu32 ">", b->a);
		return break_inode_at(b, b->a, at);
	}
	const struct { const char *word; e2_blk blk; } places[] = {
		{ "data", b->a_in.block[0] }, { "ind", b->a_in.block[E2_DIRECT] },
		{ "dind", b->a_in.block[E2_DIRECT + 1] }, { "acl", b->a_in.file_acl },
		{ "bb", bb }, { "ib", ib },
	};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strcmp(places[i].word, word) != 0)
			continue;
		if (!e2_block_valid(b->g, places[i].blk))
			return e2_fail(E2_ERR_NOENT, "there is no such block");
		(void)snprintf(object, NAME, "block %" PRIu64, places[i].blk);
		*at = places[i].blk * b->g->block_size;
		return 0;
	}
	return e2_fail(E2_ERR_INTERNAL, "break: no place \"%s\"", word);
}

/* ---- steps -------------------------------------------------------------------------------- */

static int set_inode(struct breaker *b, e2_ino ino, const char *field, const char *value)
{
	char object[NAME];
	uint64_t at;
	int err = break_inode_at(b, ino, &at);

	(void)snprintf(object, sizeof(object), "<%" PRIu32 ">", ino);
	return err != 0 ? err : break_field(b, object, "inode", at, field, value);
}

static int step_inode(struct breaker *b, struct step *s)
{
	return set_inode(b, b->a, s->word[1], s->word[2]);
}

static int step_inode2(struct breaker *b, struct step *s)
{
	return set_inode(b, b->b, s->word[1], s->word[2]);
}

static int step_ino(struct breaker *b, struct step *s)
{
	uint64_t n;
	int err = number(b, s->word[1], 0, &n);

	return err != 0 ? err : set_inode(b, (e2_ino)n, s->word[2], s->word[3]);
}

static void entry_object(const struct break_entry *e, struct e2_str *object)
{
	e2_str_addf(object, "<%" PRIu32 "> \"", e->dir);
	e2_str_add_name(object, e->name, e->name_len);
	e2_str_add(object, "\"");
}

static int set_entry(struct breaker *b, const struct break_entry *e, uint64_t at,
		     const struct step *s)
{
	struct e2_str object = E2_STR_INIT;

	if (at == e->at)
		entry_object(e, &object);
	else
		e2_str_addf(&object, "<%" PRIu32 ">, the record before \"%s\"", e->dir, e->name);
	int err = break_field(b, e2_str_text(&object), "dirent", at, s->word[1], s->word[2]);
	e2_str_free(&object);
	return err;
}

static int step_entry(struct breaker *b, struct step *s) { return set_entry(b, &b->e, b->e.at, s); }
static int step_prev(struct breaker *b, struct step *s)
{
	return set_entry(b, &b->e, b->e.prev_at, s);
}
static int step_other(struct breaker *b, struct step *s)
{
	return set_entry(b, &b->other, b->other.at, s);
}

/* The name of the other entry, or bytes, at the beginning of the entry's name. */
static int step_name(struct breaker *b, struct step *s)
{
	struct e2_str object = E2_STR_INIT, before = E2_STR_INIT, after = E2_STR_INIT;
	uint8_t name[E2_NAME_MAX];
	uint32_t len = b->e.name_len;

	memcpy(name, b->e.name, len);
	if (s->words > 1)
		name[0] = (uint8_t)strtoul(s->word[1], NULL, 16);
	else
		memcpy(name, b->other.name, len < b->other.name_len ? len : b->other.name_len);
	entry_object(&b->e, &object);
	e2_str_add_name(&before, b->e.name, len);
	e2_str_add_name(&after, (const char *)name, len);
	int err = break_bytes(b, e2_str_text(&object), "name", b->e.at + E2_DIRENT_BYTES, len,
			      name, e2_str_text(&before), e2_str_text(&after));
	e2_str_free(&object);
	e2_str_free(&before);
	e2_str_free(&after);
	return err;
}

static int set_super(struct breaker *b, e2_grp copy, const struct step *s)
{
	char object[NAME] = "sb";

	if (copy != 0)
		(void)snprintf(object, sizeof(object), "sb:%" PRIu32, copy);
	return break_field(b, object, "super", break_super_at(b, copy), s->word[1], s->word[2]);
}

static int set_group(struct breaker *b, e2_grp copy, const struct step *s)
{
	char object[NAME];
	uint64_t at;
	int err = break_group_at(b, b->group, copy, &at);

	(void)snprintf(object, sizeof(object), copy != 0 ? "^%" PRIu32 " copy %" PRIu32 :
		       "^%" PRIu32, b->group, copy);
	return err != 0 ? err : break_field(b, object, "group", at, s->word[1], s->word[2]);
}

static int step_sb(struct breaker *b, struct step *s) { return set_super(b, 0, s); }
static int step_copy(struct breaker *b, struct step *s) { return set_super(b, b->copy, s); }
static int step_group(struct breaker *b, struct step *s) { return set_group(b, 0, s); }
static int step_groupcopy(struct breaker *b, struct step *s) { return set_group(b, b->copy, s); }

static int all_copies(struct breaker *b, struct step *s,
		      int (*set)(struct breaker *b, e2_grp copy, const struct step *s))
{
	int err = 0;

	for (e2_grp group = 1; group < b->g->groups && err == 0; group++)
		if (e2_group_has_super(b->g, group))
			err = set(b, group, s);
	return err;
}

static int step_copies(struct breaker *b, struct step *s) { return all_copies(b, s, set_super); }
static int step_groupcopies(struct breaker *b, struct step *s)
{
	return all_copies(b, s, set_group);
}

/* PLACE OFFSET in word[1] and word[2]. */
static int place_of(struct breaker *b, const struct step *s, uint64_t *at, char *object)
{
	uint64_t offset;
	int err = number(b, s->word[2], 0, &offset);

	if (err == 0)
		err = place(b, s->word[1], at, object);
	if (err == 0)
		*at += offset;
	return err;
}

static int step_at(struct breaker *b, struct step *s)
{
	char object[NAME];
	uint64_t at;
	int err = place_of(b, s, &at, object);

	return err != 0 ? err : break_field(b, object, s->word[3], at, s->word[4], s->word[5]);
}

static int put_bytes(struct breaker *b, const char *object, uint64_t at, uint32_t len,
		     const uint8_t *bytes)
{
	char field[NAME];
	uint64_t from = at % b->g->block_size;

	(void)snprintf(field, sizeof(field), "bytes %" PRIu64 "-%" PRIu64, from, from + len - 1);
	return break_bytes(b, object, field, at, len, bytes, NULL, NULL);
}

static int step_bytes(struct breaker *b, struct step *s)
{
	uint8_t bytes[WORD / 2];
	char object[NAME];
	uint32_t len = 0;
	uint64_t at;
	int err = place_of(b, s, &at, object);

	for (const char *hex = s->word[3]; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
		char pair[3] = { hex[0], hex[1], '\0' };

		bytes[len++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return err != 0 ? err : put_bytes(b, object, at, len, bytes);
}

static int step_noise(struct breaker *b, struct step *s)
{
	char object[NAME];
	uint64_t at, len;
	int err = place_of(b, s, &at, object);

	if (err == 0)
		err = number(b, s->word[3], 0, &len);
	if (err != 0)
		return err;
	uint8_t *bytes = malloc((size_t)len + 1);
	if (bytes == NULL)
		return e2_fail(E2_ERR_NOMEM, "no memory for bytes");
	for (uint64_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(break_rank(b, ~i) >> 17 | 1);
	err = put_bytes(b, object, at, (uint32_t)len, bytes);
	free(bytes);
	return err;
}

static int step_pointer(struct breaker *b, struct step *s)
{
	char object[NAME], field[NAME], before[NAME], after[NAME];
	uint64_t at, index, to;
	uint8_t raw[4];
	int err = number(b, s->word[2], 0, &index);

	if (err == 0)
		err = place(b, s->word[1], &at, object);
	if (err == 0)
		err = break_read(b, at + 4 * index, sizeof(raw), raw);
	if (err != 0)
		return err;
	(void)snprintf(before, sizeof(before), "%" PRIu32, e2_get32(raw));
	err = number(b, s->word[3], e2_get32(raw), &to);
	e2_put32(raw, (uint32_t)to);
	(void)snprintf(after, sizeof(after), "%" PRIu64, to);
	(void)snprintf(field, sizeof(field), "[%" PRIu64 "]", index);
	return err != 0 ? err : break_bytes(b, object, field, at + 4 * index, sizeof(raw), raw,
					    before, after);
}

static int set_bit(struct breaker *b, struct step *s, bool used)
{
	uint64_t n;
	int err = number(b, s->word[2], 0, &n);

	return err != 0 ? err : break_bit(b, strcmp(s->word[1], "inode") == 0, n, used);
}

static int step_free(struct breaker *b, struct step *s) { return set_bit(b, s, false); }
static int step_use(struct breaker *b, struct step *s) { return set_bit(b, s, true); }

static const struct {
	const char *name;
	int (*run)(struct breaker *b, struct step *s);
} steps[] = {
	{ "inode", step_inode }, { "inode2", step_inode2 }, { "ino", step_ino },
	{ "entry", step_entry }, { "prev", step_prev }, { "other", step_other },
	{ "name", step_name }, { "sb", step_sb }, { "copy", step_copy },
	{ "copies", step_copies }, { "group", step_group }, { "groupcopy", step_groupcopy },
	{ "groupcopies", step_groupcopies }, { "at", step_at }, { "bytes", step_bytes },
	{ "noise", step_noise }, { "pointer", step_pointer }, { "free", step_free },
	{ "use", step_use },
};

/* Cuts a line into words; false past the last line. */
static bool next_step(const char **text, struct step *s)
{
	*s = (struct step){ .words = 0 };
	*text += strspn(*text, "\n ");
	while (**text != '\0' && **text != '\n') {
		size_t len = strcspn(*text, " \n");

		if (s->words < WORDS && len < WORD)
			memcpy(s->word[s->words++], *text, len);
		*text += len;
		*text += strspn(*text, " ");
	}
	return s->words > 0;
}

int break_steps(struct breaker *b, const char *text)
{
	const size_t count = sizeof(steps) / sizeof(steps[0]);
	struct step s;
	int err = 0;

	while (err == 0 && next_step(&text, &s)) {
		size_t i = 0;

		while (i < count && strcmp(steps[i].name, s.word[0]) != 0)
			i++;
		err = i < count ? steps[i].run(b, &s) :
			e2_fail(E2_ERR_INTERNAL, "break: no step \"%s\"", s.word[0]);
	}
	return err;
}
