/* SPDX-License-Identifier: MIT */
/* Repairs of the ways to directories. */
#include "check/lost.h"

#include "tree/dir.h"

#include <inttypes.h>
#include <string.h>

/* The place of ".." in the first block of a directory: 1, or 0 when it is not there. */
static int find_dotdot(const struct e2_geometry *g, const uint8_t *block, struct e2_entry *e)
{
	int n = e2_entry_at(g, block, 0, e);

	if (n > 0 && e->name_len == 1 && e->name[0] == '.')
		n = e2_entry_at(g, block, e->rec_len, e);
	else
		n = 0;
	if (n < 0)
		e2_err_clear();
	return n > 0 && e->name_len == 2 && memcmp(e->name, "..", 2) == 0;
}

int fix_set_dotdot(struct fix *fx, e2_ino dir, e2_ino parent)
{
	const struct e2_geometry *g = fx->ck->g;
	struct e2_entry e = { .ino = 0 };
	const struct e2_buf *buf;
	struct e2_wbuf *wbuf;
	struct e2_inode in;
	int n, r = e2_inode_get(fx->fs, dir, &in);

	if (r == 0)
		r = e2_dir_read(fx->fs, dir, &in, 0, &buf);
	if (r != 0)
		return r;
	n = find_dotdot(g, buf->data, &e);
	e2_buf_put(fx->fs, buf);
	if (n == 0 || e.ino == parent)
		return 0;
	r = e2_dir_edit(fx->txn, dir, &in, 0, &wbuf);
	if (r != 0)
		return r;
	r = e2_block_retarget(g, wbuf->data, e.offset, parent, E2_FT_DIR);
	e2_txn_put(fx->txn, wbuf);
	if (r != 0)
		return r;
	fx->ck->inodes[dir].dotdot = parent;
	return 1;
}

int fix_dir_parent(struct fix *fx, struct e2_finding *f)
{
	const struct ck_inode *dir = ck_inode(fx->ck, f->ino);

	/* Another repair may have given it another name. */
	if (dir == NULL || dir->type != E2_FT_DIR ||
	    (f->ino != E2_INO_ROOT && dir->parent != f->want))
		return 0;
	return fix_set_dotdot(fx, f->ino, (e2_ino)f->want);
}

int fix_dir_lost(struct fix *fx, struct e2_finding *f)
{
	struct ck_old_name old = { .from = CK_OLD_NONE };
	int r;

	if (!ck_is_unnamed(fx->ck, f->ino))
		return 1;	/* the repair of another has named it */
	r = ck_old_name(fx->ck, f->ino, &old);
	return r < 0 ? r : fix_give_name(fx, f, f->ino, &old);
}

/* The name that a directory has for an inode, and takes it away: 1; 0 when there is none. */
static int take_name(struct fix *fx, e2_ino dir, e2_ino ino, char *name, uint32_t *len)
{
	struct e2_slot slot;
	struct e2_inode in;
	struct e2_entry e;
	struct e2_dir *it;
	int n, r = e2_dir_begin(fx->fs, dir, &it);

	if (r != 0)
		return r;
	while ((n = e2_dir_next(it, &e)) != 0) {
		if (n > 0 && e.ino == ino && e2_name_problem(e.name, e.name_len) == NULL)
			break;
		if (n == E2_ERR_NOMEM)
			break;
	}
	if (n > 0) {
		memcpy(name, e.name, e.name_len);
		*len = e.name_len;
	}
	e2_dir_end(it);
	if (n <= 0)
		return n;
	r = e2_inode_get(fx->fs, dir, &in);
	if (r == 0)
		r = e2_dir_find(fx->fs, dir, &in, name, *len, &slot);
	if (r == 0)
		r = e2_dir_remove(fx->txn, dir, &in, name, *len, &slot);
	if (r == 0 && in.links_count > 2) {
		in.links_count--;
		r = e2_inode_put(fx->txn, dir, &in);
	}
	return r ? r : 1;
}

/* The name that closes the circle goes; the tree that hung on it is found again as others are. */
int fix_dir_cycle(struct fix *fx, struct e2_finding *f)
{
	struct ck_inode *top = ck_inode(fx->ck, f->ino);
	struct ck_old_name old = { .from = CK_OLD_NONE };
	char name[E2_NAME_MAX + 1];
	uint32_t len = 0;
	int r;

	if (top == NULL || !(top->flags & CK_LOOSE))
		return 0;
	r = take_name(fx, top->parent, f->ino, name, &len);
	if (r <= 0)
		return r;
	r = ck_old_name(fx->ck, f->ino, &old);
	if (r == 0)
		old = (struct ck_old_name){ .from = CK_OLD_REMOVED,
					    .name = (const uint8_t *)name, .len = len };
	return r < 0 ? r : fix_give_name(fx, f, f->ino, &old);
}
