/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "image_tree.h"
#include "random.h"
#include "tree/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct attr {
	uint8_t index;
	const char *name, *value;
	size_t len;
};

/* Writes entries from `first` on and values down from the end; base is where offsets count from. */
static void put_attrs(uint8_t *area, size_t first, size_t size, const struct attr *a, size_t count)
{
	size_t at = first, value = size;

	for (size_t i = 0; i < count; i++) {
		size_t name_len = strlen(a[i].name);
		struct e2_xattr_entry e = { .name_len = (uint8_t)name_len, .name_index = a[i].index,
					    .value_size = (uint32_t)a[i].len };

		value -= (a[i].len + 3) & ~(size_t)3;
		e.value_offs = (uint16_t)value;
		e2_xattr_entry_encode(&e, area + at);
		memcpy(area + at + 16, a[i].name, name_len);
		memcpy(area + value, a[i].value, a[i].len);
		at += 16 + ((name_len + 3) & ~(size_t)3);
	}
}

static const uint8_t acl_disk[] = { 1, 0, 0, 0, 1, 0, 6, 0, 2, 0, 4, 0, 12, 0, 0, 0, 4, 0, 4, 0,
				    16, 0, 4, 0, 32, 0, 0, 0 };
static const uint8_t acl_host[] = { 2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255,
				    2, 0, 4, 0, 12, 0, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255,
				    16, 0, 4, 0, 255, 255, 255, 255,
				    32, 0, 0, 0, 255, 255, 255, 255 };

static const struct attr in_inode[] = { { 1, "a", "inode", 5 }, { 6, "capability", "cc", 2 } };
static const struct attr in_block[] = {
	{ 1, "empty", "", 0 }, { 2, "", (const char *)acl_disk, sizeof(acl_disk) },
	{ 4, "t", "0123456789", 10 }, { 9, "c", "x", 1 }, { 10, "g", "y", 1 },
	{ 77, "odd", "z", 1 },
};

/* Inode 12 with attributes in both places; its attribute block. */
static e2_blk make(struct img *img, uint8_t *block)
{
	struct e2_inode in = img_reg(0);
	struct e2_xattr_header h = { .magic = (uint32_t)E2_XATTR_MAGIC, .refcount = 1,
				     .blocks = 1 };
	uint8_t area[256 - 160];
	e2_blk blk;

	img_new(img, &(struct img_options){ 0 });
	memset(block, 0, 1024);
	e2_xattr_header_encode(&h, block);
	put_attrs(block, 32, 1024, in_block, 6);
	blk = img_put(img, block, 1024);
	in.file_acl = (uint32_t)blk;
	img_inode(img, 12, &in);
	memset(area, 0, sizeof(area));
	e2_put32(area, (uint32_t)E2_XATTR_MAGIC);
	put_attrs(area + 4, 0, sizeof(area) - 4, in_inode, 2);
	img_write(img, img_group(img, 0).inode_table + 11 / 4, 11 % 4 * 256 + 160, area,
		  sizeof(area));
	return blk;
}

/* All attributes of inode 12 as text: "name=length@place ", "| " for an error. */
static void list(struct img *img, struct e2_str *out)
{
	struct e2_fs *fs = img_open(img, NULL);
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	int r, calls = 0;

	e2_str_truncate(out, 0);
	cr_assert_eq(e2_xattrs_begin(fs, 12, &it), 0);
	while ((r = e2_xattrs_next(it, &x)) != 0) {
		cr_assert_lt(++calls, 1000);
		if (r < 0)
			e2_str_add(out, "| ");
		else
			e2_str_addf(out, "%s=%zu%c ", e2_str_text(&x->name), x->value_len,
				    x->in_inode ? 'i' : 'b');
	}
	cr_assert_eq(e2_xattrs_next(it, &x), 0, "the end stays the end");
	e2_xattrs_end(it);
	e2_close(fs);
}

#define INODE_PART "user.a=5i security.capability=2i "
#define BLOCK_PART "user.empty=0b system.posix_acl_access=44b trusted.t=10b unknown9.c=1b " \
	"gnu.g=1b unknown77.odd=1b "

E2_TEST(tree_xattr, both_places)
{
	struct img img;
	uint8_t block[1024];
	struct e2_str text = E2_STR_INIT;
	const struct e2_xattr *x;
	struct e2_xattrs *it;

	make(&img, block);
	list(&img, &text);
	cr_assert_str_eq(e2_str_text(&text), INODE_PART BLOCK_PART);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_xattrs_begin(fs, 12, &it), 0);
	cr_assert_eq(e2_xattrs_next(it, &x), 1);
	cr_assert_eq(memcmp(x->value, "inode", 5), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(e2_xattrs_next(it, &x), 1);
	cr_assert_eq(memcmp(x->value, acl_host, sizeof(acl_host)), 0, "as getxattr gives it");
	e2_xattrs_end(it);
	e2_close(fs);
	e2_str_free(&text);
	img_free(&img);
}

/* Damage is told once an area, and the other area is read. */
E2_TEST(tree_xattr, damage)
{
	static const struct {
		uint32_t at, len;
		const char *bytes, *want;
	} cases[] = {
		{ 0, 1, "x", INODE_PART "| " },				/* magic */
		{ 8, 1, "\2", INODE_PART "| " },			/* blocks */
		{ 32 + 4, 1, "\1", INODE_PART "| " },			/* value in an inode */
		{ 32 + 8, 4, "\0\0\1\0", INODE_PART "| " },		/* value of 64 KiB */
		/* A value over entries, one past the end, half an access list. */
		{ 32 + 40 + 2, 2, "\x40\0",
		  INODE_PART "user.empty=0b system.posix_acl_access=44b | " },
		{ 32 + 24 + 2, 2, "\xff\3", INODE_PART "user.empty=0b | " },
		{ 32 + 24 + 8, 1, "\x1b", INODE_PART "user.empty=0b | " },
	};
	struct img img;
	uint8_t block[1024];
	struct e2_str text = E2_STR_INIT;
	e2_blk blk = make(&img, block);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		img_write(&img, blk, cases[i].at, cases[i].bytes, cases[i].len);
		list(&img, &text);
		cr_assert_str_eq(e2_str_text(&text), cases[i].want, "case %zu", i);
		img_write(&img, blk, 0, block, 1024);
	}
	/* No end mark: entries reach to the end. */
	for (uint32_t at = 32; at < 1024; at += 16)
		img_write(&img, blk, at, "\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	list(&img, &text);
	cr_assert_not_null(strstr(e2_str_text(&text), "user.=0b | "));
	/* Block number, extra_isize. */
	struct e2_inode in = img_inode_get(&img, 12);
	in.file_acl = 99999;
	in.extra_isize = 32;
	img_inode(&img, 12, &in);
	list(&img, &text);
	cr_assert_str_eq(e2_str_text(&text), "| ");
	in.file_acl = 0;
	for (uint32_t extra = 0; extra < 65536; extra += extra < 140 ? 1 : 1111) {
		in.extra_isize = (uint16_t)extra;
		img_inode(&img, 12, &in);
		list(&img, &text);
		cr_assert_str_eq(e2_str_text(&text), extra % 4 || extra > 128 ? "| " : "",
				 "extra_isize %u", extra);
	}
	e2_str_free(&text);
	img_free(&img);
}

/* Bytes of any kind end in a bounded number of steps and never leave the area (ASan). */
E2_TEST(tree_xattr, any_bytes)
{
	struct img img;
	uint8_t block[1024], copy[1024];
	struct e2_str text = E2_STR_INIT;
	uint64_t seed = 5;
	e2_blk blk = make(&img, block);

	for (int i = 0; i < 3000; i++) {
		uint64_t n = random_next(&seed);

		memcpy(copy, block, sizeof(copy));
		if (i % 3 == 0)
			random_fill(copy + 32, 400, &seed);
		else
			copy[32 + n % 200] = (uint8_t)(n >> 32);
		img_write(&img, blk, 0, copy, sizeof(copy));
		list(&img, &text);
	}
	e2_str_free(&text);
	img_free(&img);
}

E2_TEST(tree_xattr, names)
{
	static const struct {
		const char *name;
		int result;
		unsigned index;
		const char *rest;
	} cases[] = {
		{ "user.x", 0, 1, "x" }, { "user.", E2_ERR_INVAL, 0, NULL },
		{ "user", E2_ERR_UNSUPPORTED, 0, NULL }, { "trusted.a.b", 0, 4, "a.b" },
		{ "security.selinux", 0, 6, "selinux" }, { "system.posix_acl_access", 0, 2, "" },
		{ "system.posix_acl_default", 0, 3, "" }, { "gnu.translator", 0, 10, "translator" },
		{ "system.posix_acl_accessx", E2_ERR_UNSUPPORTED, 0, NULL },
		{ "system.nfs4_acl", E2_ERR_UNSUPPORTED, 0, NULL },
		{ "btrfs.x", E2_ERR_UNSUPPORTED, 0, NULL },
		{ "", E2_ERR_UNSUPPORTED, 0, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned index = 99;
		const char *rest = NULL;

		cr_assert_eq(e2_xattr_split(cases[i].name, &index, &rest), cases[i].result, "%s",
			     cases[i].name);
		if (cases[i].result) {
			cr_assert_eq(index, 99);
			continue;
		}
		cr_assert_eq(index, cases[i].index);
		cr_assert_str_eq(rest, cases[i].rest);
		cr_assert_eq(strncmp(e2_xattr_prefix(index), cases[i].name,
				     strlen(e2_xattr_prefix(index))), 0);
	}
	cr_assert_null(e2_xattr_prefix(0));
	cr_assert_null(e2_xattr_prefix(255));
}

/* Hashes as a kernel stored them (the wider comparison is tests/oracle/tree.sh). */
E2_TEST(tree_xattr, hashes)
{
	const uint32_t entries[] = { 0x12345678, 0x9abcdef0 }, with_zero[] = { 1, 0, 2 };

	cr_assert_eq(e2_xattr_entry_hash("", 0, NULL, 0), 0);
	cr_assert_eq(e2_xattr_entry_hash("a", 1, NULL, 0), 'a');
	cr_assert_eq(e2_xattr_entry_hash("ab", 2, NULL, 0), 'a' << 5 ^ 'b');
	cr_assert_eq(e2_xattr_entry_hash("a", 1, (const uint8_t *)"\1", 1), 'a' << 16 ^ 1);
	cr_assert_eq(e2_xattr_entry_hash("a", 1, (const uint8_t *)"\1\0\0\0\2", 5),
		     (uint32_t)((1u << 16 | 'a') ^ 2));
	cr_assert_eq(e2_xattr_block_hash(entries, 2), 0x56781234u ^ 0x9abcdef0u);
	cr_assert_eq(e2_xattr_block_hash(entries, 0), 0);
	cr_assert_eq(e2_xattr_block_hash(with_zero, 3), 0, "such a block is never shared");
}

E2_TEST(tree_acl, both_ways)
{
	struct e2_str s = E2_STR_INIT;
	uint8_t bad[64];

	cr_assert_eq(e2_acl_to_host(acl_disk, sizeof(acl_disk), &s), 0);
	cr_assert(s.len == sizeof(acl_host) && memcmp(s.text, acl_host, s.len) == 0);
	e2_str_truncate(&s, 0);
	cr_assert_eq(e2_acl_from_host(acl_host, sizeof(acl_host), &s), 0);
	cr_assert(s.len == sizeof(acl_disk) && memcmp(s.text, acl_disk, s.len) == 0);
	e2_str_truncate(&s, 0);
	/* Cut anywhere but between entries, neither is an ACL. */
	for (size_t len = 0; len < sizeof(acl_disk); len++)
		cr_assert_eq(e2_acl_to_host(acl_disk, len, &s) == 0,
			     len == 4 || len == 8 || len == 16 || len == 20 || len == 24, "%zu",
			     len);
	for (size_t len = 0; len < sizeof(acl_host); len++)
		cr_assert_eq(e2_acl_from_host(acl_host, len, &s) == 0, len % 8 == 4, "%zu", len);
	memcpy(bad, acl_disk, sizeof(acl_disk));
	bad[0] = 2;
	cr_assert_eq(e2_acl_to_host(bad, sizeof(acl_disk), &s), E2_ERR_CORRUPT);
	bad[0] = 1;
	bad[4] = 3;
	cr_assert_eq(e2_acl_to_host(bad, sizeof(acl_disk), &s), E2_ERR_CORRUPT);
	memcpy(bad, acl_host, sizeof(acl_host));
	bad[4] = 64;
	cr_assert_eq(e2_acl_from_host(bad, sizeof(acl_host), &s), E2_ERR_INVAL);
	bad[0] = 1;
	cr_assert_eq(e2_acl_from_host(bad, sizeof(acl_host), &s), E2_ERR_INVAL);
	e2_str_free(&s);
}
