/* SPDX-License-Identifier: MIT */
/* Attributes set, removed, copied and inherited, against a model that is a list. */
#include "alloc.h"
#include "e2test.h"
#include "image_tree.h"
#include "random.h"
#include "writing.h"

#include "base/endian.h"
#include "tree/acl.h"
#include "tree/xattr_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = 5, NAMES = 12, VALUE_MAX = 1400 };

static const char *const names[NAMES] = {
	"user.a", "user.b", "user.comment", "user.z", "trusted.overlay.opaque", "trusted.t",
	"security.selinux", "security.capability", "user.a name of some length, to fill the area",
	"user.1", "user.2", "trusted.3",
};

struct attr {
	bool there;
	size_t len;
	uint8_t value[VALUE_MAX];
};

struct model {
	struct attr attrs[NAMES];
};

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

static void compare(struct e2_fs *fs, e2_ino ino, const struct model *m)
{
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	unsigned seen = 0, there = 0;
	int r;

	must(e2_xattrs_begin(fs, ino, &it));
	while ((r = e2_xattrs_next(it, &x)) > 0) {
		unsigned i = 0;

		while (i < NAMES && strcmp(names[i], e2_str_text(&x->name)) != 0)
			i++;
		cr_assert_lt(i, NAMES, "%s", e2_str_text(&x->name));
		cr_assert_eq(m->attrs[i].there, true, "inode %u has %s", ino, names[i]);
		cr_assert_eq(m->attrs[i].len, x->value_len);
		cr_assert_eq(memcmp(m->attrs[i].value, x->value, x->value_len), 0);
		seen++;
	}
	cr_assert_eq(r, 0, "%s", e2_err_detail());
	e2_xattrs_end(it);
	for (unsigned i = 0; i < NAMES; i++)
		there += m->attrs[i].there;
	cr_assert_eq(seen, there, "inode %u has %u attributes, should have %u", ino, seen, there);
}

static size_t some_len(uint64_t *seed)
{
	switch (random_next(seed) % 8) {
	case 0:
		return 0;
	case 1:
		return random_next(seed) % VALUE_MAX;
	case 2:
		return random_next(seed) % 300;
	default:
		return random_next(seed) % 30;
	}
}

static void set_one(struct e2_txn *txn, e2_ino ino, struct model *m, uint64_t *seed)
{
	unsigned i = (unsigned)(random_next(seed) % NAMES), flags = (unsigned)random_next(seed) % 6;
	struct attr *a = &m->attrs[i], new = { .there = true, .len = some_len(seed) };
	int err;

	flags = flags == E2_XATTR_CREATE || flags == E2_XATTR_REPLACE ? flags : 0;
	random_fill(new.value, new.len, seed);
	err = e2_xattr_set(txn, ino, names[i], new.value, new.len, flags);
	if (flags == E2_XATTR_CREATE && a->there)
		cr_assert_eq(err, E2_ERR_EXIST);
	else if (flags == E2_XATTR_REPLACE && !a->there)
		cr_assert_eq(err, E2_ERR_NODATA);
	else
		cr_assert(err == 0 || err == E2_ERR_NOSPC, "%d: %s", err, e2_err_detail());
	if (err == 0)
		*a = new;
}

static void change(struct e2_txn *txn, struct model *models, uint64_t *seed)
{
	unsigned file = (unsigned)(random_next(seed) % FILES);
	unsigned other = (unsigned)(random_next(seed) % FILES), i;
	e2_ino ino = WRITING_FIRST + file;

	switch (random_next(seed) % 8) {
	case 0:
	case 1:
		i = (unsigned)(random_next(seed) % NAMES);
		cr_assert_eq(e2_xattr_remove(txn, ino, names[i]),
			     models[file].attrs[i].there ? 0 : E2_ERR_NODATA);
		models[file].attrs[i].there = false;
		break;
	case 2:
		if (other == file)
			break;
		must(e2_xattr_copy(txn, WRITING_FIRST + other, ino));
		models[file] = models[other];
		break;
	default:
		set_one(txn, ino, &models[file], seed);
	}
}

static void run_model(const struct img_options *options, uint64_t seed)
{
	struct model *models = calloc(FILES, sizeof(*models));
	struct img img;

	cr_assert_not_null(models);
	writing_files(&img, options, FILES);
	struct e2_fs *fs = writing_open(&img);
	img_free(&img);
	for (unsigned round = 0; round < 60; round++) {
		struct e2_txn *txn = begin(fs);

		for (unsigned i = 0; i < 10; i++)
			change(txn, models, &seed);
		for (unsigned i = 0; i < FILES; i++)
			compare(fs, WRITING_FIRST + i, &models[i]);
		must(e2_txn_commit(txn));
		writing_sound(fs);
	}
	cr_assert(e2_has_ext_attr(e2_super(fs)), "the feature is set");
	must(e2_close(fs));
	free(models);
}

E2_TEST(tree_xattr_write, model)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		run_model(&(struct img_options){ .block_size = 1024, .inode_size = 128 }, seed);
		run_model(&(struct img_options){ .block_size = 1024, .inode_size = 256 }, seed);
		run_model(&(struct img_options){ .block_size = 4096, .inode_size = 128 }, seed);
		run_model(&(struct img_options){ .block_size = 4096, .inode_size = 1024 }, seed);
	}
}

static struct e2_inode inode(struct e2_fs *fs, e2_ino ino)
{
	struct e2_inode in;

	must(e2_inode_get(fs, ino, &in));
	return in;
}

/* ---- errors ------------------------------------------------------------------------ */

enum { FIFO = WRITING_FIRST + 1, LINK, IMMUTABLE, DIR };

static struct e2_fs *kinds(void)
{
	struct img img;
	struct e2_inode in;

	img_new(&img, &(struct img_options){ .inodes_per_group = 32 });
	in = img_reg(0);
	img_add(&img, 2, "file", WRITING_FIRST, &in);
	in.mode = E2_S_IFIFO | 0644;
	img_add(&img, 2, "fifo", FIFO, &in);
	in = img_symlink("file");
	img_add(&img, 2, "link", LINK, &in);
	in = img_reg(0);
	in.flags = E2_FL_IMMUTABLE;
	img_add(&img, 2, "immutable", IMMUTABLE, &in);
	img_mkdir(&img, DIR, 2, "dir");
	in = img_inode_get(&img, 2);
	in.links_count = 3;
	img_inode(&img, 2, &in);
	img_sync(&img);

	struct e2_group desc = img_group(&img, 0);

	desc.used_dirs_count = 2;
	img_group_put(&img, 0, &desc);

	struct e2_fs *fs = writing_open(&img);

	img_free(&img);
	return fs;
}

E2_TEST(tree_xattr_write, errors_are_the_kernels)
{
	static const uint8_t acl[] = { 2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255,
				       4, 0, 4, 0, 255, 255, 255, 255,
				       32, 0, 4, 0, 255, 255, 255, 255 };
	static uint8_t big[E2_BLOCK_SIZE_MAX + 1];
	char long_name[300];
	const struct {
		e2_ino ino;
		const char *name;
		const void *value;
		size_t len;
		unsigned flags;
		int err;
	} rows[] = {
		{ WRITING_FIRST, "user.a", "x", 1, E2_XATTR_REPLACE, E2_ERR_NODATA },
		{ WRITING_FIRST, "user.a", big, 1000, 0, E2_ERR_NOSPC },
		{ WRITING_FIRST, "user.a", big, sizeof(big), 0, E2_ERR_NOSPC },
		{ WRITING_FIRST, "user.", "x", 1, 0, E2_ERR_INVAL },
		{ WRITING_FIRST, "", "x", 1, 0, E2_ERR_UNSUPPORTED },
		{ WRITING_FIRST, "other.a", "x", 1, 0, E2_ERR_UNSUPPORTED },
		{ WRITING_FIRST, "gnu.translator", "x", 1, 0, E2_ERR_UNSUPPORTED },
		{ WRITING_FIRST, "system.richacl", "x", 1, 0, E2_ERR_UNSUPPORTED },
		{ WRITING_FIRST, long_name, "x", 1, 0, E2_ERR_RANGE },
		{ FIFO, "user.a", "x", 1, 0, E2_ERR_PERM },
		{ FIFO, "trusted.a", "x", 1, 0, 0 },
		{ LINK, "user.a", "x", 1, 0, E2_ERR_PERM },
		{ LINK, "security.a", "x", 1, 0, 0 },
		{ LINK, "system.posix_acl_access", acl, sizeof(acl), 0, E2_ERR_UNSUPPORTED },
		{ IMMUTABLE, "user.a", "x", 1, 0, E2_ERR_PERM },
		{ WRITING_FIRST, "system.posix_acl_default", acl, sizeof(acl), 0, E2_ERR_ACCES },
		{ WRITING_FIRST, "system.posix_acl_default", NULL, 0, 0, 0 },
		{ DIR, "system.posix_acl_default", acl, sizeof(acl), 0, 0 },
		{ WRITING_FIRST, "system.posix_acl_access", acl, 3, 0, E2_ERR_INVAL },
		{ WRITING_FIRST, "system.posix_acl_access", acl, 12, 0, E2_ERR_INVAL },
		{ 0, "user.a", "x", 1, 0, E2_ERR_RANGE },
		{ WRITING_FIRST, "user.a", "x", 1, E2_XATTR_CREATE, 0 },
		{ WRITING_FIRST, "user.a", "x", 1, E2_XATTR_CREATE, E2_ERR_EXIST },
	};
	struct e2_fs *fs = kinds();
	struct e2_txn *txn = begin(fs);

	memset(long_name, 'n', sizeof(long_name));
	memcpy(long_name, "user.", 5);
	long_name[256] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *before = writing_bytes(fs, NULL);
		int err = e2_xattr_set(txn, rows[i].ino, rows[i].name, rows[i].value, rows[i].len,
				       rows[i].flags);

		cr_assert_eq(err, rows[i].err, "row %zu: %d: %s", i, err, e2_err_detail());
		if (err != 0)
			writing_same(fs, before, false);
		free(before);
	}
	cr_assert_eq(e2_xattr_remove(txn, WRITING_FIRST, long_name), E2_ERR_RANGE);
	cr_assert_eq(e2_xattr_remove(txn, IMMUTABLE, "user.a"), E2_ERR_PERM);
	cr_assert_eq(e2_xattr_remove(txn, WRITING_FIRST, "system.posix_acl_access"), 0,
		     "as for the kernel, a list that is not there is removed");
	long_name[255] = '\0';
	must(e2_xattr_set(txn, WRITING_FIRST, long_name, "x", 1, 0));
	must(e2_txn_commit(txn));
	writing_sound(fs);
	must(e2_close(fs));
}

/* The same value again changes nothing, not even a time. */
E2_TEST(tree_xattr_write, the_same_value)
{
	struct e2_fs *fs = kinds();
	struct e2_txn *txn = begin(fs);

	e2_fs_set_clock(fs, &(struct e2_time){ 2000000000, 0 });
	must(e2_xattr_set(txn, WRITING_FIRST, "user.a", "x", 1, 0));
	cr_assert_eq(inode(fs, WRITING_FIRST).ctime, 2000000000);
	uint8_t *before = writing_bytes(fs, NULL);
	e2_fs_set_clock(fs, &(struct e2_time){ 2000000001, 0 });
	must(e2_xattr_set(txn, WRITING_FIRST, "user.a", "x", 1, 0));
	writing_same(fs, before, false);
	free(before);
	e2_txn_abort(txn);
	must(e2_close(fs));
}

/* ---- access control lists ------------------------------------------------------------ */

enum { ACL_MAX = 8 };

struct entry { uint16_t tag, perm; uint32_t id; };

static size_t host_acl(uint8_t *out, const struct entry *e, size_t count)
{
	e2_put32(out, 2);
	for (size_t i = 0; i < count; i++) {
		e2_put16(out + 4 + 8 * i, e[i].tag);
		e2_put16(out + 6 + 8 * i, e[i].perm);
		e2_put32(out + 8 + 8 * i, e[i].id);
	}
	return 4 + 8 * count;
}

static int set_acl(struct e2_txn *txn, e2_ino ino, const char *name, const struct entry *e,
		   size_t count)
{
	uint8_t bytes[4 + 8 * ACL_MAX];

	return e2_xattr_set(txn, ino, name, bytes, host_acl(bytes, e, count), 0);
}

/* Whether an inode has just this list; count 0: none. */
static void has_acl(struct e2_fs *fs, e2_ino ino, const char *name, const struct entry *e,
		    size_t count)
{
	uint8_t bytes[4 + 8 * ACL_MAX];
	size_t len = host_acl(bytes, e, count);
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	bool found = false;
	int r;

	must(e2_xattrs_begin(fs, ino, &it));
	while ((r = e2_xattrs_next(it, &x)) > 0) {
		if (strcmp(e2_str_text(&x->name), name) != 0)
			continue;
		found = true;
		cr_assert_eq(x->value_len, len);
		cr_assert_eq(memcmp(x->value, bytes, len), 0);
	}
	cr_assert_eq(r, 0);
	cr_assert_eq(found, count > 0);
	e2_xattrs_end(it);
}

#define ACCESS "system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"
#define NO_ID UINT32_MAX

static const struct entry named[] = {
	{ E2_ACL_USER_OBJ, 6, NO_ID }, { E2_ACL_USER, 7, 1000 }, { E2_ACL_GROUP_OBJ, 5, NO_ID },
	{ E2_ACL_GROUP, 4, 7 }, { E2_ACL_MASK, 3, NO_ID }, { E2_ACL_OTHER, 1, NO_ID },
};
static const struct entry plain[] = {
	{ E2_ACL_USER_OBJ, 7, NO_ID }, { E2_ACL_GROUP_OBJ, 5, NO_ID }, { E2_ACL_OTHER, 0, NO_ID },
};

E2_TEST(tree_xattr_write, access_lists_and_modes)
{
	struct e2_fs *fs = kinds();
	struct e2_txn *txn = begin(fs);
	struct e2_inode in;

	must(set_acl(txn, WRITING_FIRST, ACCESS, named, 6));
	has_acl(fs, WRITING_FIRST, ACCESS, named, 6);
	cr_assert_eq(inode(fs, WRITING_FIRST).mode, E2_S_IFREG | 0631, "the group's is the mask");
	in = inode(fs, WRITING_FIRST);
	in.mode = E2_S_IFREG | 04754;
	must(e2_acl_chmod(txn, WRITING_FIRST, &in));
	must(e2_inode_put(txn, WRITING_FIRST, &in));
	const struct entry changed[] = {
		{ E2_ACL_USER_OBJ, 7, NO_ID }, { E2_ACL_USER, 7, 1000 },
		{ E2_ACL_GROUP_OBJ, 5, NO_ID }, { E2_ACL_GROUP, 4, 7 },
		{ E2_ACL_MASK, 5, NO_ID }, { E2_ACL_OTHER, 4, NO_ID },
	};
	has_acl(fs, WRITING_FIRST, ACCESS, changed, 6);
	must(set_acl(txn, WRITING_FIRST, ACCESS, plain, 3));
	has_acl(fs, WRITING_FIRST, ACCESS, NULL, 0);
	cr_assert_eq(inode(fs, WRITING_FIRST).mode, E2_S_IFREG | 04750, "it says no more");
	must(set_acl(txn, WRITING_FIRST, ACCESS, named, 6));
	must(set_acl(txn, WRITING_FIRST, ACCESS, NULL, 0));
	has_acl(fs, WRITING_FIRST, ACCESS, NULL, 0);
	must(e2_acl_chmod(txn, FIFO, &in));
	e2_txn_abort(txn);
	must(e2_close(fs));
}

E2_TEST(tree_xattr_write, lists_that_the_kernel_refuses)
{
	static const struct entry rows[][5] = {
		{ { E2_ACL_USER_OBJ, 6, NO_ID }, { E2_ACL_GROUP_OBJ, 5, NO_ID } },
		{ { E2_ACL_GROUP_OBJ, 6, NO_ID } },
		{ { E2_ACL_USER_OBJ, 6, NO_ID }, { E2_ACL_OTHER, 6, NO_ID } },
		{ { E2_ACL_USER_OBJ, 9, NO_ID }, { E2_ACL_GROUP_OBJ, 5, NO_ID },
		  { E2_ACL_OTHER, 5, NO_ID } },
		{ { E2_ACL_USER_OBJ, 6, NO_ID }, { E2_ACL_USER, 6, 5 },
		  { E2_ACL_GROUP_OBJ, 5, NO_ID }, { E2_ACL_OTHER, 5, NO_ID } },
		{ { E2_ACL_USER_OBJ, 6, NO_ID }, { E2_ACL_GROUP_OBJ, 5, NO_ID },
		  { E2_ACL_GROUP, 5, NO_ID }, { E2_ACL_MASK, 5, NO_ID },
		  { E2_ACL_OTHER, 5, NO_ID } },
		{ { E2_ACL_USER_OBJ, 6, NO_ID }, { E2_ACL_GROUP_OBJ, 5, NO_ID },
		  { E2_ACL_MASK, 5, NO_ID }, { E2_ACL_MASK, 5, NO_ID },
		  { E2_ACL_OTHER, 5, NO_ID } },
		{ { E2_ACL_USER_OBJ, 6, NO_ID }, { E2_ACL_GROUP_OBJ, 5, NO_ID },
		  { E2_ACL_OTHER, 5, NO_ID }, { E2_ACL_OTHER, 5, NO_ID } },
	};
	struct e2_fs *fs = kinds();
	struct e2_txn *txn = begin(fs);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t count = 0;

		while (count < 5 && rows[i][count].tag != 0)
			count++;
		cr_assert_eq(set_acl(txn, DIR, DEFAULT, rows[i], count), E2_ERR_INVAL, "%zu", i);
	}
	e2_txn_abort(txn);
	must(e2_close(fs));
}

/* Lists as they lie on a disk: sound ones, then ones with any byte changed or cut off. */
E2_TEST(tree_xattr_write, lists_that_are_damaged)
{
	uint8_t bytes[4 + 8 * ACL_MAX], acl[64], was[64];
	struct e2_str disk = E2_STR_INIT;
	unsigned refused = 0;
	uint64_t seed = 9;

	must(e2_acl_from_host(bytes, host_acl(bytes, named, 6), &disk));
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = disk.len, at = random_next(&seed) % disk.len;
		uint16_t mode = 0644;
		bool more;
		int r;

		memcpy(acl, disk.text, disk.len);
		acl[at] = (uint8_t)(random_next(&seed) % 40);
		if (i % 4 == 0)
			len = random_next(&seed) % len;
		memcpy(was, acl, sizeof(was));
		r = e2_acl_check(acl, len);
		cr_assert(r == 0 || r == E2_ERR_INVAL || r == E2_ERR_CORRUPT);
		r = e2_acl_to_mode(acl, len, &mode, &more);
		cr_assert(r == 0 || (r == E2_ERR_CORRUPT && mode == 0644));
		cr_assert_eq(e2_acl_mask(acl, len, &mode, &more), r);
		cr_assert_eq(e2_acl_from_mode(acl, len, mode), r);
		if (r != 0)
			cr_assert_arr_eq(acl, was, len);
		refused += r != 0;
	}
	cr_assert_gt(refused, 1000);
	e2_str_free(&disk);
}

/* A default list that is damaged lets nothing be created, an access list no mode be changed. */
E2_TEST(tree_xattr_write, damaged_lists_of_inodes)
{
	static const uint8_t bad[1000] = { 1, 0, 0, 0, 1, 0, 7, 0 };
	struct e2_xattr_item items[] = {
		{ .name = "", .value = bad, .value_len = 8, .name_index = E2_XATTR_ACL_ACCESS },
		{ .name = "", .value = bad, .value_len = 8, .name_index = E2_XATTR_ACL_DEFAULT },
	};
	struct e2_fs *fs = kinds();
	struct e2_txn *txn = begin(fs);
	struct e2_inode in = inode(fs, DIR), fresh;
	e2_ino ino;

	must(e2_xattr_replace_all(txn, DIR, &in, items, 2));
	must(e2_inode_put(txn, DIR, &in));
	cr_assert_eq(e2_acl_chmod(txn, DIR, &in), E2_ERR_CORRUPT);
	must(e2_inode_new(txn, DIR, E2_S_IFREG | 0644, &ino, &fresh));
	cr_assert_eq(e2_acl_inherit(txn, DIR, ino, &fresh), E2_ERR_CORRUPT);
	cr_assert_eq(e2_acl_inherit(txn, 0, ino, &fresh), E2_ERR_RANGE);
	in = inode(fs, DIR);
	in.extra_isize = 254;
	must(e2_inode_put(txn, DIR, &in));
	cr_assert_eq(e2_xattr_set(txn, DIR, "user.a", "x", 1, 0), E2_ERR_CORRUPT);
	items[0].value_len = items[1].value_len = 1000;
	cr_assert_eq(e2_xattr_replace_all(txn, ino, &fresh, items, 2), E2_ERR_NOSPC);
	e2_txn_abort(txn);
	must(e2_close(fs));
}

E2_TEST(tree_xattr_write, what_is_created_inherits)
{
	static const struct entry got_file[] = {
		{ E2_ACL_USER_OBJ, 6, NO_ID }, { E2_ACL_USER, 7, 1000 },
		{ E2_ACL_GROUP_OBJ, 5, NO_ID }, { E2_ACL_GROUP, 4, 7 },
		{ E2_ACL_MASK, 2, NO_ID }, { E2_ACL_OTHER, 0, NO_ID },
	};
	struct e2_fs *fs = kinds();
	struct e2_txn *txn = begin(fs);
	struct e2_inode in;
	e2_ino ino;

	must(e2_inode_new(txn, DIR, E2_S_IFREG | 0644, &ino, &in));
	must(e2_acl_inherit(txn, DIR, ino, &in));
	cr_assert_eq(in.mode, E2_S_IFREG | 0644, "nothing to inherit");
	must(set_acl(txn, DIR, DEFAULT, named, 6));
	in.mode = E2_S_IFREG | 04660;
	must(e2_acl_inherit(txn, DIR, ino, &in));
	must(e2_inode_put(txn, ino, &in));
	cr_assert_eq(in.mode, E2_S_IFREG | 04620);
	has_acl(fs, ino, ACCESS, got_file, 6);
	has_acl(fs, ino, DEFAULT, NULL, 0);

	must(e2_inode_new(txn, DIR, E2_S_IFDIR | 0777, &ino, &in));
	must(e2_acl_inherit(txn, DIR, ino, &in));
	must(e2_inode_put(txn, ino, &in));
	cr_assert_eq(in.mode, E2_S_IFDIR | 0631);
	has_acl(fs, ino, ACCESS, named, 6);
	has_acl(fs, ino, DEFAULT, named, 6);

	must(e2_inode_new(txn, DIR, E2_S_IFLNK | 0777, &ino, &in));
	must(e2_acl_inherit(txn, DIR, ino, &in));
	has_acl(fs, ino, ACCESS, NULL, 0);

	must(set_acl(txn, DIR, DEFAULT, plain, 3));
	must(e2_inode_new(txn, DIR, E2_S_IFREG | 0666, &ino, &in));
	must(e2_acl_inherit(txn, DIR, ino, &in));
	cr_assert_eq(in.mode, E2_S_IFREG | 0640);
	has_acl(fs, ino, ACCESS, NULL, 0);
	e2_txn_abort(txn);
	must(e2_close(fs));
}

E2_TEST(tree_xattr_write, capabilities_go)
{
	struct e2_fs *fs = kinds();
	struct e2_txn *txn = begin(fs);
	struct e2_inode in = inode(fs, WRITING_FIRST);

	must(e2_xattr_drop_capability(txn, WRITING_FIRST, &in));
	must(e2_xattr_set(txn, WRITING_FIRST, "security.capability", "x", 1, 0));
	must(e2_xattr_set(txn, WRITING_FIRST, "user.a", "x", 1, 0));
	in = inode(fs, WRITING_FIRST);
	must(e2_xattr_drop_capability(txn, WRITING_FIRST, &in));
	must(e2_inode_put(txn, WRITING_FIRST, &in));
	cr_assert_eq(e2_xattr_remove(txn, WRITING_FIRST, "security.capability"), E2_ERR_NODATA);
	must(e2_xattr_remove(txn, WRITING_FIRST, "user.a"));
	e2_txn_abort(txn);
	must(e2_close(fs));
}

/* ---- damage --------------------------------------------------------------------------- */

typedef int op_fn(struct e2_txn *txn);

static int op_set_small(struct e2_txn *txn)
{
	return e2_xattr_set(txn, WRITING_FIRST, "user.new", "x", 1, 0);
}

static int op_set_large(struct e2_txn *txn)
{
	static const uint8_t value[400] = { 1 };

	return e2_xattr_set(txn, WRITING_FIRST, "user.new", value, sizeof(value), 0);
}

static int op_remove(struct e2_txn *txn)
{
	return e2_xattr_remove(txn, WRITING_FIRST, "user.z");
}

static int op_copy(struct e2_txn *txn)
{
	return e2_xattr_copy(txn, WRITING_FIRST, WRITING_FIRST + 1);
}

static int op_copy_over(struct e2_txn *txn)
{
	return e2_xattr_copy(txn, WRITING_FIRST + 1, WRITING_FIRST);
}

static int op_drop(struct e2_txn *txn)
{
	struct e2_inode in = inode(e2_txn_fs(txn), WRITING_FIRST);
	int err = e2_xattr_drop_block(txn, &in);

	return err != 0 ? err : e2_inode_put(txn, WRITING_FIRST, &in);
}

static op_fn *const ops[] = {
	op_set_small, op_set_large, op_remove, op_copy, op_copy_over, op_drop,
};
enum { OPS = sizeof(ops) / sizeof(ops[0]) };

/* Inode 11 has attributes in both places and shares its block with inode 12. */
static struct e2_fs *make_two(void)
{
	static const uint8_t value[300] = { 7 };
	struct img img;

	writing_files(&img, &(struct img_options){ 0 }, 3);
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);

	img_free(&img);
	must(e2_xattr_set(txn, WRITING_FIRST, "user.a", "x", 1, 0));
	must(e2_xattr_set(txn, WRITING_FIRST, "user.z", value, sizeof(value), 0));
	must(e2_xattr_copy(txn, WRITING_FIRST, WRITING_FIRST + 1));
	must(e2_txn_commit(txn));
	return fs;
}

/* One byte of inode or block, at random. */
static void damage(struct e2_txn *txn, uint64_t *seed)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	uint32_t size = e2_geometry(fs)->inode_size;
	struct e2_wbuf *buf;
	uint8_t *raw;
	uint64_t r = random_next(seed);

	if (r % 3 == 0) {
		must(e2_inode_edit(txn, WRITING_FIRST, &buf, &raw));
		r = random_next(seed);
		raw[r % 4 == 0 ? 0x68 + r / 4 % 4 : r % 4 == 1 ? 128 + r / 4 % 2 :
		    160 + r / 4 % (size - 160)] = (uint8_t)(random_next(seed) % 3 * 127);
	} else {
		must(e2_txn_get(txn, inode(fs, WRITING_FIRST + 1).file_acl, E2_FILL_READ, &buf));
		r = random_next(seed);
		buf->data[r % 80] = (uint8_t)random_next(seed);
	}
	e2_txn_put(txn, buf);
}

E2_TEST(tree_xattr_write, damage_is_refused_and_stays)
{
	unsigned refused = 0;
	uint64_t seed = 5;
	struct e2_fs *fs = make_two();

	for (unsigned i = 0; i < 3000; i++) {
		struct e2_txn *txn = begin(fs);
		uint8_t *before;
		int err;

		damage(txn, &seed);
		if (i % 2)
			damage(txn, &seed);
		before = writing_bytes(fs, NULL);
		err = ops[i % OPS](txn);
		cr_assert(err == 0 || err == E2_ERR_CORRUPT || err == E2_ERR_NODATA ||
			  err == E2_ERR_NOSPC, "%d: %s", err, e2_err_detail());
		if (err)
			writing_same(fs, before, false);
		refused += err == E2_ERR_CORRUPT;
		free(before);
		e2_txn_abort(txn);
	}
	cr_assert_gt(refused, 500);
	must(e2_close(fs));
}

/* The block of attributes may not be one of the volume's own, nor be used by none. */
E2_TEST(tree_xattr_write, blocks_that_cannot_be)
{
	struct e2_fs *fs = make_two();

	for (unsigned i = 0; i < OPS; i++) {
		struct e2_txn *txn = begin(fs);
		struct e2_inode in = inode(fs, WRITING_FIRST);
		struct e2_wbuf *buf;

		in.file_acl = 3;		/* a bitmap */
		must(e2_inode_put(txn, WRITING_FIRST, &in));
		cr_assert_eq(ops[i](txn), E2_ERR_CORRUPT);
		in.file_acl = UINT32_MAX;
		must(e2_inode_put(txn, WRITING_FIRST, &in));
		cr_assert_eq(ops[i](txn), E2_ERR_CORRUPT);
		in.file_acl = inode(fs, WRITING_FIRST + 1).file_acl;
		must(e2_inode_put(txn, WRITING_FIRST, &in));
		must(e2_txn_get(txn, in.file_acl, E2_FILL_READ, &buf));
		memset(buf->data + 4, 0, 4);
		e2_txn_put(txn, buf);
		cr_assert_eq(ops[i](txn), E2_ERR_CORRUPT);
		e2_txn_abort(txn);
	}
	must(e2_close(fs));
}

/* ---- exhausted memory -------------------------------------------------------------------- */

static int op_acl(struct e2_txn *txn)
{
	return set_acl(txn, WRITING_FIRST, ACCESS, named, 6);
}

static int op_inherit(struct e2_txn *txn)
{
	struct e2_inode in;
	unsigned mark;
	e2_ino ino;
	int err = e2_txn_mark(txn, &mark);

	if (err)
		return err;
	err = set_acl(txn, E2_INO_ROOT, DEFAULT, named, 6);
	if (!err)
		err = e2_inode_new(txn, E2_INO_ROOT, E2_S_IFDIR | 0777, &ino, &in);
	if (!err)
		err = e2_acl_inherit(txn, E2_INO_ROOT, ino, &in);
	if (!err)
		err = e2_acl_chmod(txn, ino, &in);
	if (!err)
		err = e2_xattr_drop_capability(txn, ino, &in);
	return e2_txn_end(txn, mark, err);
}

E2_TEST(tree_xattr_write, exhausted_memory_changes_nothing)
{
	for (unsigned i = 0; i < OPS + 2; i++) {
		op_fn *op = i < OPS ? ops[i] : i == OPS ? op_acl : op_inherit;
		int err = E2_ERR_NOMEM;

		for (uint64_t n = 1; err != 0; n++) {
			struct e2_fs *fs = make_two();
			struct e2_txn *txn = begin(fs);
			uint8_t *before = writing_bytes(fs, NULL);

			cr_assert_lt(n, 300);
			alloc_fail(n);
			err = op(txn);
			alloc_fail(0);
			cr_assert(err == 0 || err == E2_ERR_NOMEM, "%d: %s", err, e2_err_detail());
			if (err)
				writing_same(fs, before, false);
			free(before);
			e2_txn_abort(txn);
			must(e2_close(fs));
		}
	}
}
