/* SPDX-License-Identifier: MIT */
/* Attribute blocks that several inodes share. */
#include "e2test.h"
#include "writing.h"

#include "tree/xattr_write.h"

#include <string.h>

static void must(int err)
{
	cr_assert_eq(err, 0, "%d: %s", err, e2_err_detail());
}

static struct e2_txn *begin(struct e2_fs *fs)
{
	struct e2_txn *txn;

	must(e2_txn_begin(fs, false, &txn));
	return txn;
}

static struct e2_inode inode(struct e2_fs *fs, e2_ino ino)
{
	struct e2_inode in;

	must(e2_inode_get(fs, ino, &in));
	return in;
}

static uint32_t refs_of(struct e2_fs *fs, e2_blk blk)
{
	const struct e2_buf *buf;
	struct e2_xattr_header header;

	must(e2_buf_get(fs, blk, &buf));
	e2_xattr_header_decode(&header, buf->data);
	e2_buf_put(fs, buf);
	return header.refcount;
}

static void drop(struct e2_txn *txn, e2_ino ino)
{
	struct e2_inode in = inode(e2_txn_fs(txn), ino);

	must(e2_xattr_drop_block(txn, &in));
	cr_assert_eq(in.file_acl, 0);
	must(e2_inode_put(txn, ino, &in));
}

E2_TEST(tree_xattr_share, blocks_are_shared_copied_and_freed)
{
	struct img img;
	uint64_t before, after, inodes;
	e2_blk blk, own;

	writing_files(&img, &(struct img_options){ .inode_size = 128 }, 3);
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);
	const e2_ino a = WRITING_FIRST, b = a + 1, c = a + 2;

	must(e2_free_counts(fs, &before, &inodes));
	must(e2_xattr_set(txn, a, "user.a", "x", 1, 0));
	blk = inode(fs, a).file_acl;
	cr_assert_neq(blk, 0);
	cr_assert_eq(inode(fs, a).blocks, 2);
	must(e2_xattr_set(txn, a, "user.a", "y", 1, 0));
	cr_assert_eq(inode(fs, a).file_acl, blk, "its own block is changed where it is");
	must(e2_xattr_copy(txn, a, b));
	must(e2_xattr_copy(txn, a, c));
	cr_assert_eq(inode(fs, b).file_acl, blk);
	cr_assert_eq(inode(fs, b).blocks, 2);
	cr_assert_eq(refs_of(fs, blk), 3);
	must(e2_xattr_set(txn, b, "user.b", "z", 1, 0));
	own = inode(fs, b).file_acl;
	cr_assert_neq(own, blk, "others keep what they have");
	cr_assert_eq(inode(fs, b).blocks, 2);
	cr_assert_eq(refs_of(fs, blk), 2);
	cr_assert_eq(refs_of(fs, own), 1);
	must(e2_xattr_remove(txn, c, "user.a"));
	cr_assert_eq(inode(fs, c).file_acl, 0);
	cr_assert_eq(inode(fs, c).blocks, 0);
	cr_assert_eq(refs_of(fs, blk), 1);
	drop(txn, c);
	drop(txn, b);
	drop(txn, a);
	must(e2_free_counts(fs, &after, &inodes));
	cr_assert_eq(after, before);
	must(e2_txn_commit(txn));
	writing_sound(fs);
	must(e2_close(fs));
	img_free(&img);
}

E2_TEST(tree_xattr_share, a_block_is_shared_by_so_many)
{
	struct e2_xattr_header header;
	struct e2_wbuf *buf;
	struct img img;
	e2_blk blk;

	writing_files(&img, &(struct img_options){ .inode_size = 128 }, 2);
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);

	must(e2_xattr_set(txn, WRITING_FIRST, "user.a", "x", 1, 0));
	blk = inode(fs, WRITING_FIRST).file_acl;
	must(e2_txn_get(txn, blk, E2_FILL_READ, &buf));
	e2_xattr_header_decode(&header, buf->data);
	header.refcount = E2_XATTR_REFS_MAX;
	e2_xattr_header_encode(&header, buf->data);
	e2_txn_put(txn, buf);
	must(e2_xattr_copy(txn, WRITING_FIRST, WRITING_FIRST + 1));
	cr_assert_neq(inode(fs, WRITING_FIRST + 1).file_acl, blk);
	e2_txn_abort(txn);
	must(e2_close(fs));
	img_free(&img);
}

/* An inode with less room than the one its attributes come from takes them into a block. */
E2_TEST(tree_xattr_share, copies_into_less_room)
{
	static const uint8_t value[60] = "some bytes";
	struct img img;

	writing_files(&img, &(struct img_options){ .inode_size = 256 }, 2);
	struct e2_inode in = img_inode_get(&img, WRITING_FIRST + 1);

	in.extra_isize = 64;
	img_inode(&img, WRITING_FIRST + 1, &in);
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);
	const struct e2_xattr *x;
	struct e2_xattrs *it;

	must(e2_xattr_set(txn, WRITING_FIRST, "user.a", value, 60, 0));
	cr_assert_eq(inode(fs, WRITING_FIRST).file_acl, 0);
	must(e2_xattr_copy(txn, WRITING_FIRST, WRITING_FIRST + 1));
	cr_assert_neq(inode(fs, WRITING_FIRST + 1).file_acl, 0);
	must(e2_xattrs_begin(fs, WRITING_FIRST + 1, &it));
	cr_assert_eq(e2_xattrs_next(it, &x), 1);
	cr_assert_eq(memcmp(x->value, value, 60), 0);
	e2_xattrs_end(it);
	must(e2_txn_commit(txn));
	writing_sound(fs);
	must(e2_close(fs));
	img_free(&img);
}

static void has_value(struct e2_fs *fs, e2_ino ino, const char *name, uint8_t byte, size_t len)
{
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	unsigned found = 0;
	int r;

	must(e2_xattrs_begin(fs, ino, &it));
	while ((r = e2_xattrs_next(it, &x)) > 0) {
		if (strcmp(e2_str_text(&x->name), name) != 0)
			continue;
		found++;
		cr_assert_eq(x->value_len, len);
		for (size_t i = 0; i < len; i++)
			cr_assert_eq(((const uint8_t *)x->value)[i], byte);
	}
	must(r);
	e2_xattrs_end(it);
	cr_assert_eq(found, 1, "inode %u has %s %u times", ino, name, found);
}

/* What lay inside goes out and what lay outside comes in: the block has as many as before, and
 * is another one. */
E2_TEST(tree_xattr_share, copies_that_change_places_share_no_block)
{
	uint8_t large[60], small[40];
	struct img img;

	memset(large, 'L', sizeof(large));
	memset(small, 's', sizeof(small));
	writing_files(&img, &(struct img_options){ .inode_size = 256 }, 2);
	struct e2_inode in = img_inode_get(&img, WRITING_FIRST + 1);

	in.extra_isize = 48;
	img_inode(&img, WRITING_FIRST + 1, &in);
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);

	must(e2_xattr_set(txn, WRITING_FIRST, "user.a", large, sizeof(large), 0));
	must(e2_xattr_set(txn, WRITING_FIRST, "user.b", small, sizeof(small), 0));
	e2_blk shared = inode(fs, WRITING_FIRST).file_acl;
	cr_assert_neq(shared, 0);
	must(e2_xattr_copy(txn, WRITING_FIRST, WRITING_FIRST + 1));
	cr_assert_neq(inode(fs, WRITING_FIRST + 1).file_acl, 0);
	cr_assert_neq(inode(fs, WRITING_FIRST + 1).file_acl, shared);
	for (e2_ino ino = WRITING_FIRST; ino < WRITING_FIRST + 2; ino++) {
		has_value(fs, ino, "user.a", 'L', sizeof(large));
		has_value(fs, ino, "user.b", 's', sizeof(small));
	}
	must(e2_txn_commit(txn));
	writing_sound(fs);
	must(e2_close(fs));
	img_free(&img);
}

/* Copied onto itself, an inode would give back the block that it is to share. */
E2_TEST(tree_xattr_share, copies_onto_itself)
{
	struct img img;

	writing_files(&img, &(struct img_options){ .inode_size = 128 }, 1);
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);

	must(e2_xattr_set(txn, WRITING_FIRST, "user.a", "xxx", 3, 0));
	must(e2_xattr_copy(txn, WRITING_FIRST, WRITING_FIRST));
	has_value(fs, WRITING_FIRST, "user.a", 'x', 3);
	must(e2_txn_commit(txn));
	writing_sound(fs);
	must(e2_close(fs));
	img_free(&img);
}
