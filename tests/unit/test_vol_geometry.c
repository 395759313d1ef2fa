/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "image.h"

#include <string.h>

struct change {
	const char *field;
	uint64_t value;
	const char *says;		/* NULL: allowed */
	const char *field2;		/* a second change, or NULL */
	uint64_t value2;
};

static void set(struct e2_super *super, const char *field, uint64_t value)
{
	const struct e2_field *f;
	uint8_t raw[E2_SUPER_BYTES];
	unsigned index;

	e2_super_encode(super, raw);
	cr_assert_eq(e2_field_find(e2_struct_find("super"), field, &f, &index), 0);
	cr_assert_eq(e2_field_set(f, raw, index, value), 0);
	e2_super_decode(super, raw);
}

static void check_changes(const struct e2_super *good, uint64_t image_bytes,
			  const struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct change *c = &changes[i];
		struct e2_super s = *good;
		struct e2_geometry g = { .blocks = 77 };

		set(&s, c->field, c->value);
		if (c->field2)
			set(&s, c->field2, c->value2);
		int err = e2_geometry_derive(&s, image_bytes, &g);
		if (!c->says) {
			cr_assert_eq(err, 0, "%s %ju: %s", c->field, (uintmax_t)c->value,
				     e2_err_detail());
			continue;
		}
		cr_assert_eq(err, strcmp(c->field, "magic") ? E2_ERR_CORRUPT : E2_ERR_NOT_EXT2,
			     "%s %ju: %d", c->field, (uintmax_t)c->value, err);
		cr_assert_str_eq(e2_err_detail(), c->says);
		cr_assert_eq(g.blocks, 77, "%s: result written in spite of a failure", c->field);
	}
}

/* A volume of three groups of 8192 blocks, the last with 4095. */
static void make_good(struct e2_super *s)
{
	*s = (struct e2_super){
		.magic = E2_MAGIC, .rev_level = 1, .blocks_count = 20480, .inodes_count = 3 * 1704,
		.first_data_block = 1, .blocks_per_group = 8192, .clusters_per_group = 8192,
		.inodes_per_group = 1704, .first_ino = 11, .inode_size = 256,
		.reserved_gdt_blocks = 79, .feature_ro_compat = E2_FEATURE_sparse_super,
	};
}

E2_TEST(vol_geometry, each_rule_refuses_with_field_value_and_range)
{
	static const struct change changes[] = {
		{ "magic", 0xef52, "superblock: magic is 0xef52, must be 0xef53", NULL, 0 },
		{ "rev_level", 2, "superblock: rev_level is 2, must be 0 to 1", NULL, 0 },
		{ "log_block_size", 7, "superblock: log_block_size is 7, must be 0 to 6", NULL, 0 },
		{ "log_block_size", 0xffffffff,
		  "superblock: log_block_size is 4294967295, must be 0 to 6", NULL, 0 },
		{ "log_cluster_size", 1, "superblock: log_cluster_size is 1, must be 0", NULL, 0 },
		{ "inode_size", 0, "superblock: inode_size is 0, must be 128 to 1024", NULL, 0 },
		{ "inode_size", 192,
		  "superblock: inode_size is 192, must be a power of two", NULL, 0 },
		{ "inode_size", 2048,
		  "superblock: inode_size is 2048, must be 128 to 1024", NULL, 0 },
		{ "first_data_block", 0, "superblock: first_data_block is 0, must be 1", NULL, 0 },
		{ "first_data_block", 2, "superblock: first_data_block is 2, must be 1", NULL, 0 },
		{ "blocks_per_group", 0,
		  "superblock: blocks_per_group is 0, must be 8 to 8192", NULL, 0 },
		{ "blocks_per_group", 8200,
		  "superblock: blocks_per_group is 8200, must be 8 to 8192", NULL, 0 },
		{ "clusters_per_group", 77,
		  "superblock: clusters_per_group is 77, must be 8192", NULL, 0 },
		{ "blocks_count", 0,
		  "superblock: blocks_count is 0, must be 2 to 4294967295", NULL, 0 },
		{ "blocks_count", 1,
		  "superblock: blocks_count is 1, must be 2 to 4294967295", NULL, 0 },
		{ "blocks_count", 20481,
		  "superblock: blocks_count is 20481, but the image holds 20480 "
		  "blocks of 1024 bytes", NULL, 0 },
		{ "inodes_per_group", 3,
		  "superblock: inodes_per_group is 3, must be 4 to 8192", NULL, 0 },
		{ "inodes_per_group", 8193,
		  "superblock: inodes_per_group is 8193, must be 4 to 8192", NULL, 0 },
		{ "inodes_per_group", 1703,
		  "superblock: inodes_count is 5112, but 3 groups of 1703 make "
		  "5109", NULL, 0 },
		{ "inodes_count", 5111,
		  "superblock: inodes_count is 5111, but 3 groups of 1704 make 5112",
		  NULL, 0 },
		{ "first_ino", 10, "superblock: first_ino is 10, must be 11 to 5112", NULL, 0 },
		{ "first_ino", 5113, "superblock: first_ino is 5113, must be 11 to 5112", NULL, 0 },
		{ "reserved_gdt_blocks", 257,
		  "superblock: reserved_gdt_blocks is 257, must be 0 to 256", NULL, 0 },
	};
	struct e2_super good;

	make_good(&good);
	check_changes(&good, UINT64_C(20480) * 1024, changes,
		      sizeof(changes) / sizeof(changes[0]));
}

E2_TEST(vol_geometry, tables_descriptors_and_heads_fit)
{
	struct e2_super s;

	make_good(&s);
	/* A tail of 5 blocks: too small for the tables of three groups. */
	s.blocks_count = 16385 + 5;
	s.inodes_per_group = 8192;
	s.inode_size = 1024;
	s.inodes_count = 3 * 8192;
	check_changes(&s, 0, &(struct change){ "mtime", 0, "superblock: inodes_per_group is 8192: "
		      "bitmaps and inode tables take 24582 blocks, the volume has 16390",
		      NULL, 0 }, 1);

	/* Group 3 has a copy of the superblock and 80 descriptor blocks, but only 40 blocks. */
	make_good(&s);
	s.blocks_count = 1 + 3 * 8192 + 40;
	s.inodes_count = 4 * 1704;
	check_changes(&s, 0, &(struct change){ "mtime", 0, "superblock: blocks_count is 24617: the "
		      "last group has 40 blocks, its superblock and descriptors take 81",
		      NULL, 0 }, 1);

	/* 16 blocks a group, 64 bytes an inode table: descriptors outgrow group 0. */
	make_good(&s);
	s.blocks_per_group = s.clusters_per_group = 16;
	s.inodes_per_group = 4;
	s.blocks_count = 1 + 16 * 1000;
	s.inodes_count = 4000;
	s.reserved_gdt_blocks = 0;
	check_changes(&s, 0, &(struct change){ "mtime", 0, "superblock: 32 descriptor blocks and 0 "
		      "reserved ones do not fit in group 0, which has 16 blocks", NULL, 0 }, 1);
	/* ... and meta_bg is the way out. */
	s.feature_incompat = E2_FEATURE_meta_bg;
	check_changes(&s, 0, &(struct change){ "first_meta_bg", 0, NULL, NULL, 0 }, 1);
	check_changes(&s, 0, &(struct change){ "first_meta_bg", 33,
		      "superblock: first_meta_bg is 33, must be 0 to 32", NULL, 0 }, 1);
}

E2_TEST(vol_geometry, descriptors_of_64bit_volumes_can_be_measured)
{
	struct e2_geometry g;
	struct e2_super s;

	make_good(&s);
	s.feature_incompat = E2_FEATURE_64bit;
	check_changes(&s, 0, &(struct change){ "desc_size", 32,
		      "superblock: desc_size is 32, must be 64 to 1024", NULL, 0 }, 1);
	check_changes(&s, 0, &(struct change){ "desc_size", 96,
		      "superblock: desc_size is 96, must be a power of two", NULL, 0 }, 1);
	s.desc_size = 64;
	cr_assert_eq(e2_geometry_derive(&s, 0, &g), 0);
	cr_assert_eq(g.desc_size, 64);
	s.blocks_count_hi = 0xffff;	/* groups could not be numbered */
	cr_assert_eq(e2_geometry_derive(&s, 0, &g), E2_ERR_CORRUPT);
	cr_assert_not_null(strstr(e2_err_detail(), "too many to number"));
}

E2_TEST(vol_geometry, liberties_the_kernel_takes_are_taken)
{
	static const struct change changes[] = {
		{ "blocks_per_group", 8187, NULL, "clusters_per_group", 8187 },
		{ "desc_size", 77, NULL, NULL, 0 },	/* means nothing without 64bit */
		{ "first_meta_bg", 77, NULL, NULL, 0 },	/* nor this without meta_bg */
		{ "blocks_count_hi", 1, NULL, NULL, 0 },
		{ "first_ino", 12, NULL, NULL, 0 },
		{ "blocks_count", 20000, NULL, NULL, 0 },	/* the image may be longer */
		{ "reserved_gdt_blocks", 256, NULL, NULL, 0 },
	};
	struct e2_super good;

	make_good(&good);
	check_changes(&good, UINT64_C(20480) * 1024, changes,
		      sizeof(changes) / sizeof(changes[0]));
}

E2_TEST(vol_geometry, revision_0_ignores_what_it_does_not_have)
{
	struct e2_geometry g;
	struct e2_super s;

	make_good(&s);
	s.rev_level = 0;
	s.inode_size = s.first_ino = 0;
	s.feature_incompat = s.feature_compat = 0xffffffff;
	cr_assert_eq(e2_geometry_derive(&s, 0, &g), 0, "%s", e2_err_detail());
	cr_assert_eq(g.inode_size, 128);
	cr_assert_eq(g.first_ino, 11);
	cr_assert_eq(g.desc_size, 32);
	cr_assert_eq(g.reserved_gdt_blocks, 0);
	cr_assert_not(g.meta_bg || g.sparse_super || g.sparse_super2 || g.filetype);
	cr_assert(e2_group_has_super(&g, 2), "every group has a copy");
}

E2_TEST(vol_geometry, any_superblock_is_judged_without_harm)
{
	uint64_t seed = 1;
	const struct e2_struct *st = e2_struct_find("super");
	uint8_t raw[E2_SUPER_BYTES];
	struct e2_super s;

	make_good(&s);
	for (unsigned round = 0; round < 20000; round++) {
		struct e2_geometry g;

		e2_super_encode(&s, raw);
		for (unsigned n = 0; n <= round % 4; n++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			const struct e2_field *f = &st->fields[(seed >> 33) % st->count];
			e2_field_mutate(f, raw, 0, (enum e2_verb)((seed >> 20) % E2_VERBS), &seed);
		}
		struct e2_super m;
		e2_super_decode(&m, raw);
		if (e2_geometry_derive(&m, 0, &g) != 0)
			continue;
		/* What was accepted keeps the promises of the layout. */
		cr_assert_eq((uint64_t)g.groups * g.inodes_per_group, g.inodes);
		cr_assert(e2_group_first_block(&g, g.groups - 1) < g.blocks);
		for (e2_grp group = 0; group < g.groups; group += 1 + g.groups / 50) {
			cr_assert(e2_group_head_blocks(&g, group) <= e2_group_blocks(&g, group));
			cr_assert(e2_block_valid(&g, e2_desc_block(&g, 0, group / (g.block_size /
										   g.desc_size))));
		}
	}
}

/* ---- layout --------------------------------------------------------------- */

E2_TEST(vol_layout, backups_lie_in_group_0_1_and_powers_of_3_5_7)
{
	static const e2_grp with[] = { 0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343, 625, 729 };
	struct e2_geometry g = { .sparse_super = true, .groups = 1000 };
	size_t k = 0;

	for (e2_grp group = 0; group < 1000; group++) {
		bool should = k < sizeof(with) / sizeof(with[0]) && with[k] == group;

		cr_assert_eq(e2_group_has_super(&g, group), should, "group %u", group);
		k += should;
	}
	g.sparse_super2 = true;
	g.backup_bgs[0] = 1;
	g.backup_bgs[1] = 999;
	cr_assert(e2_group_has_super(&g, 0) && e2_group_has_super(&g, 1) &&
		  e2_group_has_super(&g, 999) && !e2_group_has_super(&g, 3));
	g.backup_bgs[0] = g.backup_bgs[1] = 0;
	cr_assert_not(e2_group_has_super(&g, 1));
}

E2_TEST(vol_layout, meta_bg_keeps_descriptors_in_first_second_and_last_group)
{
	/* 32 descriptors a block; from descriptor block 1 on by metablock group. */
	struct e2_geometry g = {
		.sparse_super = true, .meta_bg = true, .first_meta_bg = 1, .first_data_block = 1,
		.groups = 100, .blocks_per_group = 8192, .blocks = 1 + 100 * 8192, .desc_size = 32,
		.block_size = 1024, .desc_blocks = 4,
	};
	e2_blk first;

	cr_assert_eq(e2_group_desc_blocks(&g, 0, &first), 1);	/* old style */
	cr_assert_eq(first, 2);
	cr_assert_eq(e2_group_desc_blocks(&g, 3, &first), 1);
	cr_assert_eq(first, 1 + 3 * 8192 + 1);
	cr_assert_eq(e2_group_desc_blocks(&g, 31, &first), 0);
	cr_assert_eq(e2_group_desc_blocks(&g, 32, &first), 1);	/* first of its metablock group */
	cr_assert_eq(first, 1 + 32 * 8192);
	cr_assert_eq(e2_group_desc_blocks(&g, 33, &first), 1);
	cr_assert_eq(e2_group_desc_blocks(&g, 34, &first), 0);
	cr_assert_eq(e2_group_head_blocks(&g, 49), 1);		/* superblock only */
	cr_assert_eq(e2_group_desc_blocks(&g, 63, &first), 1);
	cr_assert_eq(e2_group_desc_blocks(&g, 81, &first), 0);
	cr_assert_eq(e2_group_head_blocks(&g, 96), 1);
	cr_assert_eq(e2_desc_block(&g, 0, 0), 2);
	cr_assert_eq(e2_desc_block(&g, 3, 0), 1 + 3 * 8192 + 1);
	cr_assert_eq(e2_desc_block(&g, 0, 1), 1 + 32 * 8192);
	cr_assert_eq(e2_desc_block(&g, 3, 1), 1 + 33 * 8192);
	cr_assert_eq(e2_desc_block(&g, 0, 3), 1 + 96 * 8192);
	g.groups = 97;		/* no second group */
	g.blocks = 1 + 97 * 8192;
	cr_assert_eq(e2_desc_block(&g, 3, 3), 1 + 96 * 8192);
}

E2_TEST(vol_layout, blocks_inodes_and_runs_are_inside_or_not)
{
	struct e2_geometry g = {
		.first_data_block = 1, .blocks = 100, .blocks_per_group = 32, .groups = 4,
		.inodes = 64, .inodes_per_group = 16,
	};

	cr_assert(e2_block_valid(&g, 1) && e2_block_valid(&g, 99));
	cr_assert_not(e2_block_valid(&g, 0) || e2_block_valid(&g, 100));
	cr_assert_not(e2_block_valid(&g, UINT64_MAX));
	cr_assert(e2_run_valid(&g, 1, 99));
	cr_assert_not(e2_run_valid(&g, 0, 1) || e2_run_valid(&g, 1, 100));
	cr_assert_not(e2_run_valid(&g, 99, UINT64_MAX) || e2_run_valid(&g, UINT64_MAX, 2));
	cr_assert(e2_inode_valid(&g, 1) && e2_inode_valid(&g, 64));
	cr_assert_not(e2_inode_valid(&g, 0) || e2_inode_valid(&g, 65));
	cr_assert_eq(e2_inode_group(&g, 16), 0);
	cr_assert_eq(e2_inode_group(&g, 17), 1);
	cr_assert_eq(e2_block_group(&g, 32), 0);
	cr_assert_eq(e2_block_group(&g, 33), 1);
	cr_assert_eq(e2_group_blocks(&g, 2), 32);
	cr_assert_eq(e2_group_blocks(&g, 3), 3);
}

E2_TEST(vol_layout, largest_file_is_the_kernels)
{
	/* 1 to 4 KiB: found by truncating files on mounted volumes; the rest by its formula. */
	static const uint64_t blocks[] = { 16843020, 134480396, 536346110, 268304318, 134184950,
					   67100670, 33552382 };

	for (uint32_t i = 0; i < 7; i++) {
		struct e2_geometry g = {
			.block_bits = 10 + i, .block_size = 1024u << i, .pointers = 256u << i,
		};

		cr_assert_eq(e2_file_size_max(&g), blocks[i] << g.block_bits);
		cr_assert_leq(e2_file_size_max(&g), e2_file_reach(&g));
	}
}

E2_TEST(vol_layout, files_reach_past_what_sectors_count)
{
	static const uint64_t bytes[] = { 17247252480, 275415851008, 4402345721856,
					  70403120791552 };

	for (uint32_t i = 0; i < 4; i++) {
		struct e2_geometry g = { .block_bits = 10 + i, .pointers = 256u << i };

		cr_assert_eq(e2_file_reach(&g), bytes[i]);
	}
}
