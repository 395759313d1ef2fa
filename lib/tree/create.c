/* SPDX-License-Identifier: MIT */
/* New inodes with their first name, and further names. */
#include "tree/ops.h"
#include "tree/xattr_write.h"

enum {	/* what the kernel lets a new inode inherit (EXT4_FL_INHERITED and its masks) */
	FLAGS_INHERITED = E2_FL_SECRM | E2_FL_UNRM | E2_FL_COMPR | E2_FL_SYNC | E2_FL_NODUMP |
			  E2_FL_NOATIME | E2_FL_NOCOMPR | E2_FL_JOURNAL_DATA | E2_FL_NOTAIL |
			  E2_FL_DIRSYNC | E2_FL_PROJINHERIT | E2_FL_CASEFOLD | E2_FL_DAX,
	FLAGS_OF_DIRS = E2_FL_DIRSYNC | E2_FL_TOPDIR | E2_FL_PROJINHERIT | E2_FL_CASEFOLD,
	FLAGS_OF_OTHERS = E2_FL_NODUMP | E2_FL_NOATIME,
};

uint32_t e2_flags_for(uint32_t mode, uint32_t flags)
{
	switch (mode & E2_S_IFMT) {
	case E2_S_IFDIR:
		return flags;
	case E2_S_IFREG:
		return flags & ~(uint32_t)FLAGS_OF_DIRS;
	default:
		return flags & (uint32_t)FLAGS_OF_OTHERS;
	}
}

/* What the kernel finds wrong before it looks at the name. */
static int check_what(const struct e2_new *what)
{
	if (e2_inode_file_type(what->mode) == E2_FT_UNKNOWN || what->mode > UINT16_MAX)
		return e2_fail(E2_ERR_INVAL, "mode %#o names no type", what->mode);
	if ((what->mode & E2_S_IFMT) != E2_S_IFLNK)
		return 0;
	if (what->target_len == 0)
		return e2_fail(E2_ERR_NOENT, "the target of the symlink is empty");
	if (what->target_len > E2_PATH_MAX)
		return e2_fail(E2_ERR_NAMETOOLONG,
			       "the target of the symlink has %zu bytes, the most is %d",
			       what->target_len, E2_PATH_MAX);
	return 0;
}

/* And what it finds afterwards. */
static int check_limits(struct e2_txn *txn, const struct e2_op_dir *dir,
			const struct e2_new *what)
{
	uint32_t block_size = e2_geometry(e2_txn_fs(txn))->block_size;

	if ((what->mode & E2_S_IFMT) == E2_S_IFDIR)
		return e2_op_may_hold_dir(dir);
	if ((what->mode & E2_S_IFMT) == E2_S_IFLNK && what->target_len >= block_size)
		return e2_fail(E2_ERR_NAMETOOLONG,
			       "the target of the symlink has %zu bytes, a block holds %u",
			       what->target_len, block_size - 1);
	return 0;
}

/* The first block of a directory. */
static int put_dots(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, e2_ino parent)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	struct e2_entry dots[2] = {
		{ .ino = ino, .file_type = E2_FT_DIR, .name_len = 1,
		  .name = (const uint8_t *)"." },
		{ .ino = parent, .file_type = E2_FT_DIR, .name_len = 2,
		  .name = (const uint8_t *)".." },
	};
	struct e2_wbuf *buf;
	e2_lblk lblk;
	int r = e2_dir_append(txn, ino, in, &lblk);

	if (r == 0)
		r = e2_dir_edit(txn, ino, in, 0, &buf);
	if (r != 0)
		return r;
	for (int i = 0; i < 2 && r >= 0; i++)
		r = e2_block_insert(g, buf->data, &dots[i], NULL);
	e2_txn_put(txn, buf);
	return r < 0 ? r : 0;
}

/* What is particular to the type. */
static int fill(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, e2_ino parent,
		const struct e2_new *what)
{
	switch (what->mode & E2_S_IFMT) {
	case E2_S_IFDIR:
		return put_dots(txn, ino, in, parent);
	case E2_S_IFLNK:
		return e2_symlink_write(txn, ino, in, what->target, what->target_len);
	case E2_S_IFCHR:
	case E2_S_IFBLK:
		e2_inode_set_device(in, what->major, what->minor);
		return 0;
	default:
		return 0;
	}
}

static int make_inode(struct e2_txn *txn, const struct e2_op_dir *dir, const struct e2_new *what,
		      e2_ino *ino)
{
	bool is_dir = (what->mode & E2_S_IFMT) == E2_S_IFDIR;
	bool set_gid = dir->in.mode & E2_S_ISGID;
	uint32_t mode = what->mode;
	struct e2_inode in;
	int r;

	if (set_gid && is_dir)
		mode |= E2_S_ISGID;
	r = e2_inode_new(txn, dir->ino, mode, ino, &in);
	if (r != 0)
		return r;
	in.uid = what->uid;
	in.gid = set_gid ? dir->in.gid : what->gid;
	in.flags |= e2_flags_for(mode, dir->in.flags & (uint32_t)FLAGS_INHERITED);
	in.links_count = is_dir ? 2 : 1;
	r = fill(txn, *ino, &in, dir->ino, what);
	if (r == 0)
		r = e2_acl_inherit(txn, dir->ino, *ino, &in);
	return r ? r : e2_inode_put(txn, *ino, &in);
}

static int create(struct e2_txn *txn, struct e2_op_dir *dir, const void *name, size_t len,
		  const struct e2_new *what, e2_ino *ino)
{
	enum e2_file_type type = e2_inode_file_type(what->mode);
	int r = make_inode(txn, dir, what, ino);

	if (r == 0)
		r = e2_dir_insert(txn, dir->ino, &dir->in, name, len, *ino, (uint8_t)type);
	if (r != 0)
		return r;
	e2_op_count_dir(&dir->in, type == E2_FT_DIR);
	return e2_op_put_dir(txn, dir);
}

int e2_create(struct e2_txn *txn, e2_ino dir, const void *name, size_t len,
	      const struct e2_new *what, e2_ino *ino)
{
	struct e2_op_dir d;
	unsigned mark;
	e2_ino made;
	int r = check_what(what);

	if (r == 0)
		r = e2_op_dir(txn, dir, &d);
	if (r == 0)
		r = e2_op_new_name(name, len, E2_ERR_EXIST);
	if (r == 0)
		r = e2_op_absent(txn, &d, name, len);
	if (r == 0)
		r = e2_op_may_add(&d);
	if (r == 0)
		r = check_limits(txn, &d, what);
	if (r == 0)
		r = e2_txn_mark(txn, &mark);
	if (r != 0)
		return r;
	r = create(txn, &d, name, len, what, &made);
	r = e2_txn_end(txn, mark, r);
	if (r == 0)
		*ino = made;
	return r;
}

/* ---- further names ----------------------------------------------------- */

static int may_link(e2_ino ino, const struct e2_inode *in)
{
	if (in->flags & (E2_FL_IMMUTABLE | E2_FL_APPEND))
		return e2_fail(E2_ERR_PERM, "inode %u: is %s", ino,
			       in->flags & E2_FL_IMMUTABLE ? "immutable" : "append-only");
	if (e2_is_dir(in))
		return e2_fail(E2_ERR_PERM, "inode %u: is a directory, and has one name only",
			       ino);
	if (in->links_count == 0)
		return e2_fail(E2_ERR_NOENT, "inode %u: is removed", ino);
	if (in->links_count >= E2_LINK_MAX)
		return e2_fail(E2_ERR_LINK_MAX, "inode %u: has %u names, the most is %d", ino,
			       in->links_count, E2_LINK_MAX);
	return 0;
}

static int add_link(struct e2_txn *txn, struct e2_op_dir *dir, const void *name, size_t len,
		    e2_ino ino, struct e2_inode *in)
{
	int r = e2_dir_insert(txn, dir->ino, &dir->in, name, len, ino,
			      (uint8_t)e2_inode_file_type(in->mode));

	if (r != 0)
		return r;
	in->links_count++;
	e2_inode_touch(txn, in, false);
	r = e2_inode_put(txn, ino, in);
	return r ? r : e2_op_put_dir(txn, dir);
}

int e2_link(struct e2_txn *txn, e2_ino dir, const void *name, size_t len, e2_ino ino)
{
	struct e2_op_dir d;
	struct e2_inode in;
	unsigned mark;
	int r = e2_op_inode(txn, ino, &in);

	if (r == 0)
		r = e2_op_dir(txn, dir, &d);
	if (r == 0)
		r = e2_op_new_name(name, len, E2_ERR_EXIST);
	if (r == 0)
		r = e2_op_absent(txn, &d, name, len);
	if (r == 0)
		r = e2_op_may_add(&d);
	if (r == 0)
		r = may_link(ino, &in);
	if (r == 0)
		r = e2_txn_mark(txn, &mark);
	if (r != 0)
		return r;
	return e2_txn_end(txn, mark, add_link(txn, &d, name, len, ino, &in));
}
