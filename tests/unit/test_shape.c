/* SPDX-License-Identifier: MIT */
/* The shape of new volumes, against what mke2fs made of the same options. */
#include "build/shape.h"

#include "base/checked.h"

#include <e2test.h>
#include <string.h>

#define NONE UINT32_MAX

struct row {
	uint64_t bytes;
	double percent;
	uint32_t revision, backups;
	struct e2_shape_options options;
	uint32_t block_size, blocks, inodes, r_blocks, blocks_per_group, inodes_per_group;
	uint32_t reserved_gdt_blocks, backup_bgs[2], overhead, compat, incompat, ro_compat;
};

#define OPTIONS(...) { .now = 1, __VA_ARGS__ }
#define BACKUPS(a, b) { a, b }
#define ROW(...) { __VA_ARGS__ },
static const struct row rows[] = {
#include "shape_rows.def"
};
#undef ROW

static struct e2_shape_options options_of(const struct row *r)
{
	struct e2_shape_options o = r->options;

	o.reserved_percent = r->percent;
	o.revision = r->revision;
	o.backup_count = r->backups;
	return o;
}

static struct e2_shape_options no_options(void)
{
	return (struct e2_shape_options){ .reserved_percent = -1, .revision = NONE,
					  .backup_count = NONE, .now = 1700000000 };
}

E2_TEST(build_shape, as_mke2fs)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct e2_shape_options o = options_of(r);
		struct e2_shape s;

		cr_assert(zero(int, e2_shape_make(&o, r->bytes, &s)), "row %zu: %s", i,
			  e2_err_detail());
		const struct e2_super *sb = &s.super;

#define SAME(field, want) \
	cr_expect(eq(u32, sb->field, want), "row %zu, %llu bytes: " #field, i, \
		  (unsigned long long)r->bytes)
		SAME(log_block_size, (uint32_t)__builtin_ctz(r->block_size / 1024));
		SAME(blocks_count, r->blocks);
		SAME(inodes_count, r->inodes);
		SAME(r_blocks_count, r->r_blocks);
		SAME(blocks_per_group, r->blocks_per_group);
		SAME(inodes_per_group, r->inodes_per_group);
		SAME(reserved_gdt_blocks, r->reserved_gdt_blocks);
		SAME(backup_bgs[0], r->backup_bgs[0]);
		SAME(backup_bgs[1], r->backup_bgs[1]);
		SAME(feature_compat, r->compat);
		SAME(feature_incompat, r->incompat);
		SAME(feature_ro_compat, r->ro_compat);
		if (r->overhead)
			SAME(overhead_blocks, r->overhead);
#undef SAME
		cr_expect(eq(u64, s.dropped_blocks, r->bytes / r->block_size - r->blocks),
			  "row %zu", i);
		cr_expect(eq(u32, s.geometry.groups, (uint32_t)e2_div_up(
			  r->blocks - (r->block_size == 1024), r->blocks_per_group)), "row %zu", i);
	}
}

struct refusal {
	const char *says;		/* in the detail */
	uint64_t bytes;
	int err;
	double percent;
	uint32_t revision, backups;
	struct e2_shape_options options;
};

#define MIB (UINT64_C(1) << 20)
#define TIB (UINT64_C(1) << 40)

static const struct refusal refusals[] = {
	{ "-b 3000: block size must be 1024, 2048, 4096 ... 65536", MIB, E2_ERR_INVAL, -1, NONE,
	  NONE,
	  { .block_size = 3000 } },
	{ "-b 131072: block size must be", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .block_size = 131072 } },
	{ "-b 512: block size must be", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .block_size = 512 } },
	{ "-I 64: inode size must be a power of 2 from 128 to the block size, 1024", MIB,
	  E2_ERR_INVAL,
	  -1, NONE, NONE, { .inode_size = 64 } },
	{ "-I 384: inode size", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .inode_size = 384 } },
	{ "-I 2048: inode size", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .inode_size = 2048 } },
	{ "-I 65536: inode size must be at most 32768", 64 * MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .inode_size = 65536, .block_size = 65536 } },
	{ "-I 256: inodes of revision 0 have 128 bytes", MIB, E2_ERR_INVAL, -1, 0, NONE,
	  { .inode_size = 256 } },
	{ "-g 255: blocks per group must be a multiple of 8 from 256 to 8192", MIB, E2_ERR_INVAL,
	  -1,
	  NONE, NONE, { .blocks_per_group = 255 } },
	{ "-g 8: ", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .blocks_per_group = 8 } },
	{ "-g 8200: ", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .blocks_per_group = 8200 } },
	{ "-i 1023: bytes per inode must be 1024 to 67108864", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .bytes_per_inode = 1023 } },
	{ "-i 67108865: ", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .bytes_per_inode = 67108865 } },
	{ "-i 1024: gives 4294967296 inodes", 4 * TIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .bytes_per_inode = 1024, .block_size = 4096 } },
	{ "-N 4294967296: number of inodes must be 11 to 4294967295", MIB, E2_ERR_INVAL, -1, NONE,
	  NONE, { .inodes = UINT64_C(1) << 32 } },
	{ "-N 1000000: number of inodes must be 11 to 262143", 64 * MIB, E2_ERR_INVAL, -1, NONE,
	  NONE,
	  { .inodes = 1000000 } },
	{ "-N 11: gives 8 inodes", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .inodes = 11 } },
	{ "-m 50.001: reserved blocks must be 0 to 50 percent", MIB, E2_ERR_INVAL, 50.001, NONE,
	  NONE,
	  { .inodes = 0 } },
	{ "-r 2: revision must be 0 or 1", MIB, E2_ERR_INVAL, -1, 2, NONE, { .inodes = 0 } },
	{ "-r 0: revision 0 has no features", MIB, E2_ERR_INVAL, -1, 0, NONE,
	  { .features = "filetype" } },
	{ "-E resize: revision 0 has no blocks for growth", MIB, E2_ERR_INVAL, -1, 0, NONE,
	  { .resize_blocks = 10000000 } },
	{ "-E resize=1024: must be more than the 1024 blocks", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .resize_blocks = 1024 } },
	{ "at most 4294967295", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .resize_blocks = UINT64_C(1) << 32 } },
	{ "-E num_backup_sb=3: must be 0, 1 or 2", MIB, E2_ERR_INVAL, -1, NONE, 3,
	  { .inodes = 0 } },
	{ "-E stride=65536: must be 0 to 65535", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .stride = 65536 } },
	{ "-L: label has 17 bytes, 16 fit", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .label = "0123456789abcdefg" } },
	{ "-M: directory has 65 bytes, 64 fit", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .last_mounted =
	  "/234567890123456789012345678901234567890123456789012345678901234x" } },
	{ "-o plan9: creator must be linux", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .creator_os = "plan9" } },
	{ "-e ro: must be continue, remount-ro or panic", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .errors = "ro" } },
	{ "-T nonsense: unknown usage type; there are floppy small", MIB, E2_ERR_INVAL, -1, NONE,
	  NONE,
	  { .usage = "news,nonsense" } },
	{ "unknown feature \"foo\"; there are ext_attr", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .features = "filetype,foo" } },
	{ "unknown feature \"none\"", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .features = "^none" } },
	{ "unknown feature \"\"", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .features = "filetype,," } },
	{ "unknown feature \"\"", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .features = "filetype," } },
	{ "unknown feature \"^\"", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .features = "^" } },
	{ "unknown feature \"aaaa", MIB, E2_ERR_INVAL, -1, NONE, NONE, { .features =
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } },
	{ "has_journal makes ext3", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .features = "has_journal" } },
	{ "extent is not a feature of new ext2 volumes", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .features = "extent" } },
	{ "dir_prealloc is not a feature of new", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .features = "dir_prealloc" } },
	{ "the Hurd does not know", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .creator_os = "hurd", .features = "filetype" } },
	{ "resize_inode and meta_bg exclude each other", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .features = "meta_bg" } },
	{ "resize_inode needs sparse_super", MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .features = "sparse_super2,^sparse_super" } },
	{ "too large: 4294967296 blocks of 4096 bytes; a volume has at most 4294967295", 16 * TIB,
	  E2_ERR_INVAL, -1, NONE, NONE, { .inodes = 0 } },
	{ "too large: ", 256 * TIB, E2_ERR_INVAL, -1, NONE, NONE, { .block_size = 65536 } },
	{ "too small: 4 bytes; the metadata alone need at least 6 blocks of 1024", 4, E2_ERR_NOSPC,
	  -1, NONE, NONE, { .inodes = 0 } },
	{ "too small: 4096 bytes; the metadata alone", 4096, E2_ERR_NOSPC, -1, NONE, NONE,
	  { .inodes = 0 } },
	{ "too small: 57 blocks of 1024 bytes", 57 * 1024, E2_ERR_NOSPC, -1, NONE, NONE,
	  { .inodes = 0 } },
	{ "too small: 32 blocks of 65536 bytes", 2 * MIB, E2_ERR_NOSPC, -1, NONE, NONE,
	  { .block_size = 65536 } },
	{ "the metadata of group 0 need", 2048 * MIB, E2_ERR_INVAL, -1, 0, NONE,
	  { .block_size = 1024, .blocks_per_group = 256 } },
	{ "the metadata of group 0 need", 32 * MIB, E2_ERR_INVAL, -1, NONE, NONE,
	  { .inode_size = 1024, .inodes = 32767 } },
};

E2_TEST(build_shape, refusals)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];
		struct e2_shape_options o = r->options;
		struct e2_shape s = { .extra_isize = 77 };

		o.reserved_percent = r->percent;
		o.revision = r->revision;
		o.backup_count = r->backups;
		e2_err_clear();
		cr_expect(eq(int, e2_shape_make(&o, r->bytes, &s), r->err), "%s", r->says);
		cr_expect(strstr(e2_err_detail(), r->says) != NULL, "wanted \"%s\", got \"%s\"",
			  r->says, e2_err_detail());
		cr_expect(eq(u32, s.extra_isize, 77), "%s: the result was written", r->says);
	}
}

E2_TEST(build_shape, superblock)
{
	const uint8_t uuid[16] = { 1, 2, 3 }, seed[16] = { 0x78, 0x56, 0x34, 0x12, 9 };
	struct e2_shape_options o = no_options();
	struct e2_shape s;

	o.uuid = uuid;
	o.hash_seed = seed;
	o.label = "0123456789abcdef";
	o.last_mounted = "/mnt";
	o.errors = "panic";
	o.creator_os = "FreeBSD";
	o.stride = 16;
	o.stripe_width = 32;
	o.test_fs = true;
	o.now = (INT64_C(3) << 32) + 5;
	cr_assert(zero(int, e2_shape_make(&o, 64 * MIB, &s)));

	const struct e2_super *sb = &s.super;

	cr_expect(zero(int, memcmp(sb->uuid, uuid, 16)));
	cr_expect(eq(u32, sb->hash_seed[0], 0x12345678));
	cr_expect(eq(u32, sb->hash_seed[1], 9));
	cr_expect(zero(int, memcmp(sb->volume_name, "0123456789abcdef", 16)));
	cr_expect(zero(int, memcmp(sb->last_mounted, "/mnt\0", 6)));
	cr_expect(eq(int, sb->errors, E2_ERRORS_PANIC));
	cr_expect(eq(u32, sb->creator_os, E2_OS_FREEBSD));
	cr_expect(eq(u32, sb->raid_stride, 16));
	cr_expect(eq(u32, sb->raid_stripe_width, 32));
	cr_expect(eq(u32, sb->flags, E2_SF_SIGNED_HASH | E2_SF_TEST));
	cr_expect(eq(u32, sb->mkfs_time, 5));
	cr_expect(eq(u32, sb->wtime, 5));
	cr_expect(eq(u32, sb->lastcheck, 5));
	cr_expect(eq(int, sb->mkfs_time_hi, 3));
	cr_expect(eq(int, sb->wtime_hi, 3));
	cr_expect(eq(int, sb->lastcheck_hi, 3));
	cr_expect(eq(int, sb->magic, E2_MAGIC));
	cr_expect(eq(int, sb->state, E2_STATE_CLEAN));
	cr_expect(eq(int, sb->max_mnt_count, UINT16_MAX));
	cr_expect(eq(int, sb->def_hash_version, E2_HASH_HALF_MD4));
	cr_expect(eq(u32, sb->default_mount_opts, 0xc));
	cr_expect(eq(int, sb->min_extra_isize, 32));
	cr_expect(eq(int, sb->want_extra_isize, 32));
	cr_expect(eq(u32, s.extra_isize, 32));
	cr_expect(eq(int, sb->first_ino, 11));
	cr_expect(eq(int, sb->inode_size, 256));
}

E2_TEST(build_shape, old_revision)
{
	struct e2_shape_options o = no_options();
	struct e2_shape s;

	o.revision = 0;
	o.now = -5;
	cr_assert(zero(int, e2_shape_make(&o, 64 * MIB, &s)));
	cr_expect(zero(u32, s.super.rev_level));
	cr_expect(zero(u32, s.super.default_mount_opts));
	cr_expect(zero(u32, s.extra_isize));
	cr_expect(zero(u32, s.super.mkfs_time));
	cr_expect(zero(u32, s.super.min_extra_isize));
	cr_expect(eq(int, s.super.inode_size, 128));
	cr_expect(zero(u32, s.super.hash_seed[0]));

	/* Too little growth to need a block is as good as none. */
	o.resize_blocks = 65536 + 1;
	cr_expect(zero(int, e2_shape_make(&o, 64 * MIB, &s)));
	cr_expect(zero(u32, s.super.reserved_gdt_blocks));
}

/* A volume so small that its share of inodes is less than the reserved ones gets some more. */
E2_TEST(build_shape, few_inodes)
{
	struct e2_shape_options o = no_options();
	struct e2_shape s;

	cr_assert(zero(int, e2_shape_make(&o, 64 * 1024, &s)));
	cr_expect(eq(u32, s.super.inodes_count, 16));
	cr_expect(eq(u32, s.super.r_blocks_count, 3));
}

E2_TEST(build_shape, block_size)
{
	struct e2_shape_options o = no_options();
	uint32_t size = 0;

	cr_expect(zero(int, e2_shape_block_size(&o, 512 * MIB - 1, &size)));
	cr_expect(eq(u32, size, 1024));
	cr_expect(zero(int, e2_shape_block_size(&o, 512 * MIB, &size)));
	cr_expect(eq(u32, size, 4096));
	o.usage = "floppy";
	cr_expect(zero(int, e2_shape_block_size(&o, 512 * MIB, &size)));
	cr_expect(eq(u32, size, 1024));
	o.block_size = 5;
	cr_expect(eq(int, e2_shape_block_size(&o, 512 * MIB, &size), E2_ERR_INVAL));
	cr_expect(eq(u32, size, 1024));
}
