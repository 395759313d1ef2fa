/* SPDX-License-Identifier: MIT */
/*
 * A volume in memory with an open transaction, for tests of what changes it.
 *
 *	struct change c;
 *	change_open(&c, &(struct img_options){ .block_size = 1024 });
 *	e2_ino a = change_make(&c, E2_INO_ROOT, "a", E2_S_IFREG | 0644);
 *	change_sound(&c);		// commits, checks, begins again
 *	change_close(&c);
 *
 * Whatever fails in here fails the test.
 */
#ifndef E2_TESTS_CHANGE_H
#define E2_TESTS_CHANGE_H

#include "image.h"
#include "tree/change.h"

struct change {
	struct e2_fs *fs;
	struct e2_txn *txn;
};

void change_open(struct change *c, const struct img_options *options);
void change_open_img(struct change *c, struct img *img);	/* a copy of its bytes */
void change_close(struct change *c);

/* Commits, lets the checker look, which must find nothing, and begins again. */
void change_sound(struct change *c);

/* A digest of all bytes of the volume as the transaction stands. */
uint64_t change_digest(struct change *c);

/* Makes an inode of this type that belongs to root; 0 and the error when that fails. */
int change_try_make(struct change *c, e2_ino dir, const char *name, uint32_t mode, e2_ino *ino);
e2_ino change_make(struct change *c, e2_ino dir, const char *name, uint32_t mode);
e2_ino change_mkdir(struct change *c, e2_ino dir, const char *name);

/* What a name leads to; 0: it is not there. */
e2_ino change_find(struct change *c, e2_ino dir, const char *name);

struct e2_inode change_inode(struct change *c, e2_ino ino);
void change_put(struct change *c, e2_ino ino, const struct e2_inode *in);

#endif
