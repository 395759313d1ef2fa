/* SPDX-License-Identifier: MIT */
/* Random damage: fields, pointers, entries and bits that a seed chooses. */
#include "check/break_priv.h"

#include "check/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TRIES = 64 };		/* for one damage: not all that is drawn can be damaged */

/* The next number of the seed's sequence. */
static uint64_t draw(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	return e2_mix64(*state);
}

/* A field of a structure, changed by one of the verbs of mutate.c. */
static int mutate(struct breaker *b, uint64_t *state, const char *object, const char *structure,
		  uint64_t at, uint32_t bytes)
{
	const struct e2_struct *s = e2_struct_find(structure);
	const struct e2_field *f = &s->fields[draw(state) % s->count];
	struct e2_when_context when = e2_when(b->fs);
	uint8_t was[E2_SUPER_BYTES], is[E2_SUPER_BYTES];
	struct e2_str before = E2_STR_INIT, after = E2_STR_INIT;
	unsigned index = (unsigned)(draw(state) % e2_field_elements(f));
	char label[E2_LABEL_MAX];
	uint32_t first = 0, last;
	int err = break_read(b, at, bytes, was);

	when.bytes = bytes;
	if (err == 0 && (f->alias || !e2_field_exists(f, was, &when)))
		err = E2_ERR_NOENT;
	if (err != 0)
		return err;
	memcpy(is, was, bytes);
	e2_field_mutate(f, is, index, (enum e2_verb)(draw(state) % E2_VERBS), state);
	if (memcmp(was, is, bytes) == 0)
		return E2_ERR_NOENT;
	for (last = bytes - 1; was[first] == is[first]; first++)
		;
	while (was[last] == is[last])
		last--;
	e2_field_format(f, was, index, &before);
	e2_field_format(f, is, index, &after);
	err = break_bytes(b, object, e2_field_label(f, index, label), at + first,
			  last - first + 1, is + first, e2_str_text(&before),
			  e2_str_text(&after));
	e2_str_free(&before);
	e2_str_free(&after);
	return err;
}

static int random_super(struct breaker *b, uint64_t *state)
{
	return mutate(b, state, "sb", "super", E2_SUPER_OFFSET, E2_SUPER_BYTES);
}

static int random_group(struct breaker *b, uint64_t *state)
{
	e2_grp group = (e2_grp)(draw(state) % b->g->groups);
	char object[24];
	uint64_t at;
	int err = break_group_at(b, group, 0, &at);

	(void)snprintf(object, sizeof(object), "^%" PRIu32, group);
	return err != 0 ? err : mutate(b, state, object, "group", at, E2_GROUP_BYTES);
}

/* An inode in use, at or after one that is drawn. */
static int draw_inode(struct breaker *b, uint64_t *state, e2_ino *ino)
{
	uint64_t from = draw(state) % b->g->inodes;

	for (uint32_t i = 0; i < b->g->inodes; i++) {
		e2_ino at = (e2_ino)((from + i) % b->g->inodes + 1);
		bool used;
		int err = e2_inode_used(b->fs, at, &used);

		if (err != 0)
			return err;
		if (used) {
			*ino = at;
			return 0;
		}
	}
	return E2_ERR_NOENT;
}

static int random_inode(struct breaker *b, uint64_t *state)
{
	uint32_t bytes = b->g->inode_size < E2_INODE_BYTES_MAX ? E2_INODE_BYTES :
		E2_INODE_BYTES_MAX;
	char object[24];
	uint64_t at;
	e2_ino ino;
	int err = draw_inode(b, state, &ino);

	if (err == 0)
		err = break_inode_at(b, ino, &at);
	if (err != 0)
		return err;
	(void)snprintf(object, sizeof(object), "<%" PRIu32 ">", ino);
	return mutate(b, state, object, "inode", at, bytes);
}

/* The first block of something that an inode's pointers reach: a record of a directory, a
 * pointer, or an attribute block's header. */
static int random_content(struct breaker *b, uint64_t *state)
{
	struct e2_inode in;
	char object[48];
	uint8_t raw[4];
	e2_ino ino;
	int err = draw_inode(b, state, &ino);

	if (err == 0)
		err = e2_inode_get(b->fs, ino, &in);
	if (err != 0)
		return err;
	if (e2_is_dir(&in) && e2_block_valid(b->g, in.block[0])) {
		uint64_t at = in.block[0] * (uint64_t)b->g->block_size + (draw(state) & 1) * 12;

		(void)snprintf(object, sizeof(object), "<%" PRIu32 ">:0, a record", ino);
		return mutate(b, state, object, "dirent", at, E2_DIRENT_BYTES);
	}
	if (e2_is_reg(&in) && e2_block_valid(b->g, in.block[E2_DIRECT])) {
		uint64_t index = draw(state) % b->g->pointers;
		char field[24];

		(void)snprintf(object, sizeof(object), "block %" PRIu32, in.block[E2_DIRECT]);
		(void)snprintf(field, sizeof(field), "[%" PRIu64 "]", index);
		e2_put32(raw, (uint32_t)draw(state));
		return break_bytes(b, object, field, in.block[E2_DIRECT] *
				   (uint64_t)b->g->block_size + 4 * index, sizeof(raw), raw, NULL,
				   NULL);
	}
	if (e2_block_valid(b->g, in.file_acl)) {
		(void)snprintf(object, sizeof(object), "block %" PRIu32, in.file_acl);
		return mutate(b, state, object, "xattr_header", in.file_acl *
			      (uint64_t)b->g->block_size, E2_XATTR_HEADER_BYTES);
	}
	return E2_ERR_NOENT;
}

static int random_bit(struct breaker *b, uint64_t *state)
{
	bool inode = (draw(state) & 1) != 0, used;
	uint64_t n = inode ? draw(state) % b->g->inodes + 1 : b->g->first_data_block +
		draw(state) % (b->g->blocks - b->g->first_data_block);
	int err = inode ? e2_inode_used(b->fs, (e2_ino)n, &used) : e2_block_used(b->fs, n, &used);

	return err != 0 ? err : break_bit(b, inode, n, !used);
}

static int random_damage(struct breaker *b, uint64_t *state)
{
	static int (*const kinds[])(struct breaker *b, uint64_t *state) = {
		random_inode, random_content, random_bit, random_inode, random_content,
		random_group, random_inode, random_super,
	};

	for (int i = 0; i < TRIES; i++) {
		size_t kind = draw(state) % (sizeof(kinds) / sizeof(kinds[0]));
		int err = kinds[kind](b, state);

		if (err == E2_ERR_NOMEM || err == E2_ERR_IO || err == 0)
			return err;
		e2_err_clear();
	}
	return e2_fail(E2_ERR_NOENT, "this volume has nothing to damage");
}

int e2_break_random(struct e2_txn *txn, uint64_t seed, uint64_t count, struct e2_broken *out)
{
	struct breaker b = { .txn = txn, .fs = e2_txn_fs(txn), .seed = seed, .out = out };
	uint64_t state = seed;
	int err = 0;

	*out = (struct e2_broken){ .count = 0 };
	b.g = e2_geometry(b.fs);
	for (uint64_t i = 0; i < count && err == 0; i++)
		err = random_damage(&b, &state);
	return err;
}
