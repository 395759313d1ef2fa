/* SPDX-License-Identifier: MIT */
/* What the files of break share: a choice among what the volume holds, and steps that damage. */
#ifndef E2_CHECK_BREAK_PRIV_H
#define E2_CHECK_BREAK_PRIV_H

#include "check/break.h"

#include "base/mix.h"
#include "tree/dir.h"

struct break_entry {			/* of a directory */
	e2_ino dir, ino;
	uint64_t at;			/* byte of the volume where its record begins */
	uint32_t rec_len;
	uint64_t prev_at;		/* of the record before it in its block; 0: none is */
	uint32_t prev_len;
	uint8_t name_len;
	char name[E2_NAME_MAX + 1];
};

struct breaker {
	struct e2_txn *txn;
	struct e2_fs *fs;
	const struct e2_geometry *g;
	uint64_t seed;
	struct e2_broken *out;
	bool also;			/* steps are those of e2_break_case.also */

	/* The choice. */
	e2_ino a, b;			/* inodes; 0: none is chosen */
	struct e2_inode a_in, b_in;
	struct break_entry e, other;	/* entries */
	e2_grp group;
	e2_grp copy;			/* a group with a copy of the superblock; 0: none */
	uint32_t xattr_at;		/* of the first attribute in a: byte of the inode */
};

/* A number that depends on the seed and on what is asked about. */
static inline uint64_t break_rank(const struct breaker *b, uint64_t what)
{
	return e2_mix64(b->seed * 0x9e3779b97f4a7c15u ^ e2_mix64(what + 0x632be59bd9b4e019u));
}

/* ---- break_pick.c ------------------------------------------------------------------- */

/* What a case needs: a row of needs[] in break_pick.c. */
struct break_need;
const struct break_need *break_need_find(const char *word);
const char *break_need_text(const struct break_need *need);

/* Choices, best first: begin, then next until one will do; 1, or 0 when there is no other. */
struct break_choices {
	const struct break_need *need;
	struct break_candidate { uint64_t rank; uint64_t what; } *at;
	size_t count, cap, next;
	bool heap;
};
int break_choices_begin(struct breaker *b, const struct break_need *need,
			struct break_choices *c);
int break_choices_next(struct breaker *b, struct break_choices *c);
void break_choices_end(struct break_choices *c);

/* A block, an inode that are free by their bitmaps; E2_ERR_NOENT. */
int break_free_block(struct breaker *b, e2_blk *blk);
int break_free_inode(struct breaker *b, e2_ino *ino);

/* ---- break_step.c ------------------------------------------------------------------- */

/* Does the steps of a case, a line each.  E2_ERR_NOENT when one changes nothing. */
int break_steps(struct breaker *b, const char *steps);

/* Sets a field of a structure at a byte of the volume.  object is copied. */
int break_field(struct breaker *b, const char *object, const char *structure, uint64_t at,
		const char *spec, const char *value);

/* Replaces bytes; before and after are what people read, NULL: the bytes in hexadecimal. */
int break_bytes(struct breaker *b, const char *object, const char *field, uint64_t at,
		uint32_t len, const uint8_t *is, const char *before, const char *after);
int break_bit(struct breaker *b, bool inode, uint64_t number, bool used);

/* Bytes of the volume that lie in one block, the transaction's included. */
int break_read(struct breaker *b, uint64_t at, uint32_t len, uint8_t *raw);
int break_inode_at(struct breaker *b, e2_ino ino, uint64_t *at);
int break_group_at(struct breaker *b, e2_grp group, e2_grp copy, uint64_t *at);
uint64_t break_super_at(struct breaker *b, e2_grp copy);

#endif
