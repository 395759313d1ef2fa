/* SPDX-License-Identifier: MIT */
/* Plans without any I/O: limits, sizes, times, digests.  Sources are made record by record. */
#include "alloc.h"
#include "base/units.h"
#include "build/plan_priv.h"
#include "disk/consts.h"
#include "e2test.h"
#include "host/source_priv.h"
#include "volume.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1700000000 };

static bool is(bool condition)
{
	return condition;
}

static bool detail_has(const char *text)
{
	bool found = strstr(e2_err_detail(), text) != NULL;

	if (!found)
		cr_log_error("detail is \"%s\"", e2_err_detail());
	return found;
}

/* ---- sources made by hand --------------------------------------------------- */

static struct e2_source *new_source(void)
{
	struct e2_source *s;

	cr_assert(e2_source_empty(&s) == 0);
	cr_assert(e2_source_add_tree(s, "tree") == 0);
	s->objects[0].tree = 0;
	s->objects[0].made = false;
	return s;
}

/* Adds an object to the root, which must be the directory that was filled last. */
static e2_obj add(struct e2_source *s, const char *name, uint32_t mode, uint64_t size)
{
	struct e2_source_name *names;
	uint32_t text;
	e2_obj obj;

	cr_assert(e2_source_add_text(s, name, strlen(name), &text) == 0);
	cr_assert(e2_source_add_object(s, &obj) == 0);
	names = e2_grow(s->names, &s->names_cap, s->names_len + 1, sizeof(*names));
	s->names = names;
	names[s->names_len] = (struct e2_source_name){ text, obj, (uint8_t)strlen(name) };
	s->objects[obj].dir_name = (uint32_t)s->names_len++;
	s->objects[obj].mode = mode;
	s->objects[obj].size = size;
	s->objects[obj].links = mode >> 12 != 4;
	s->objects[0].names++;
	s->objects[0].links += mode >> 12 == 4;
	return obj;
}

static int need_of(const struct e2_source *s, uint32_t block, uint32_t inode, struct e2_need *need)
{
	return e2_plan_need(s, block, inode, 32, need);
}

static int plan_of(struct e2_source *s, const struct e2_shape_options *o, uint64_t bytes,
		   const struct e2_plan_options *how, struct e2_plan **plan)
{
	static const struct e2_plan_options plain = { .now = NOW };
	struct e2_shape shape;
	int err = e2_plan_shape(s, o, 0, bytes, &shape);

	return err != 0 ? err : e2_plan_make(s, &shape, how != NULL ? how : &plain, plan);
}

/* ---- what a tree needs ------------------------------------------------------ */

E2_TEST(build_plan, need)
{
	struct e2_source *s = new_source();
	struct e2_need need;

	cr_assert(need_of(s, 1024, 256, &need) == 0);
	cr_assert(need.blocks == 1 + 12 && need.inodes == 11 && !need.large_file);
	cr_assert(need_of(s, 65536, 256, &need) == 0 && need.blocks == 1 + 2);
	add(s, "a", E2_S_IFREG | 0644, 0);
	add(s, "b", E2_S_IFREG | 0644, 12 * 1024);
	add(s, "c", E2_S_IFREG | 0644, 12 * 1024 + 1);
	cr_assert(need_of(s, 1024, 256, &need) == 0);
	cr_assert(need.blocks == 13 + 12 + 13 + 1 && need.inodes == 14);
	add(s, "d", E2_S_IFREG | 0644, (12 + 256 + 65536) * UINT64_C(1024));
	cr_assert(need_of(s, 1024, 256, &need) == 0);
	cr_assert(need.blocks == 39 + 12 + 256 + 65536 + 1 + 1 + 256);
	add(s, "e", E2_S_IFREG | 0644, (12 + 256 + 65536 + 1) * UINT64_C(1024));
	cr_assert(need_of(s, 1024, 256, &need) == 0);
	cr_assert(need.blocks == 39 + 2 * (12 + 256 + 65536 + 1 + 1 + 256) + 1 + 3);
	cr_assert(need.large_file == false);
	add(s, "f", E2_S_IFREG | 0644, UINT64_C(1) << 31);
	cr_assert(need_of(s, 4096, 256, &need) == 0 && need.large_file);
	e2_source_free(s);
}

/* The tree of pointers counted block by block, against the arithmetic. */
E2_TEST(build_plan, filemap)
{
	static const struct e2_piece cases[][4] = {
		{ { 0, 1 } }, { { 5, 13 } }, { { 11, 12 }, { 13, 14 } }, { { 12, 268 } },
		{ { 267, 269 }, { 600, 800 } }, { { 0, 66000 } }, { { 65803, 65805 } },
		{ { 3, 4 }, { 300, 301 }, { 70000, 70001 }, { 200000, 210000 } },
	};
	struct e2_form form;

	e2_form_make(1024, 256, 32, &form);
	for (unsigned c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct e2_filemap m = { .v = cases[c], .pointer_bits = 8 };
		uint64_t blocks = 0, last[4] = { 0 };

		while (m.count < 4 && cases[c][m.count].hi > 0)
			m.count++;
		for (size_t i = 0; i < m.count; i++) {
			for (uint64_t l = cases[c][i].lo; l < cases[c][i].hi; l++) {
				blocks++;
				for (unsigned level = 1; level <= 3 && l >= 12; level++) {
					uint64_t start = e2_filemap_start(&m, level);

					if (l < start || l >= e2_filemap_start(&m, level + 1))
						continue;
					for (unsigned k = 1; k <= level; k++) {
						uint64_t own = ((l - start) >> 8 * k) + 1
							     + (uint64_t)level * 1000000;

						blocks += own != last[k];
						last[k] = own;
					}
				}
			}
		}
		cr_assert(e2_filemap_blocks(&m) == blocks, "case %u: %llu, not %llu", c,
			  (unsigned long long)e2_filemap_blocks(&m), (unsigned long long)blocks);
	}
}

E2_TEST(build_plan, extents_that_meet)
{
	struct e2_source *s = new_source();
	struct e2_filemap m = { .v = NULL };
	struct e2_form form;
	e2_obj obj = add(s, "f", E2_S_IFREG | 0644, 100000);

	e2_form_make(4096, 256, 32, &form);
	s->objects[obj].first_extent = 0;
	s->objects[obj].extents = 5;
	cr_assert(e2_source_add_extent(s, 100, 200) == 0 && e2_source_add_extent(s, 300,
										 4000) == 0);
	cr_assert(e2_source_add_extent(s, 4095, 8193) == 0);
	cr_assert(e2_source_add_extent(s, 8193, 8194) == 0);
	cr_assert(e2_source_add_extent(s, 50000, 50001) == 0);
	cr_assert(e2_filemap_file(&m, &form, s, obj) == 0);
	cr_assert(m.count == 2 && m.v[0].lo == 0 && m.v[0].hi == 3 && m.v[1].lo == 12
		  && m.v[1].hi == 13);
	e2_filemap_free(&m);
	e2_source_free(s);
}

/* ---- refusals --------------------------------------------------------------- */

E2_TEST(build_plan, refusals_name_the_object)
{
	uint8_t value[5000] = { 0 };
	struct e2_xattr_item big = { .name = "big", .name_len = 3, .name_index = 1,
				       .value = value, .value_len = 900 };
	struct e2_shape_options o = volume_options();
	struct e2_need need = { 0 };
	struct e2_source *s = new_source();
	uint32_t text;
	e2_obj obj;

	obj = add(s, "large", E2_S_IFREG | 0644, UINT64_C(1) << 35);
	cr_assert(need_of(s, 1024, 256, &need) == E2_ERR_FBIG);
	cr_assert(detail_has("tree/large: has 34359738368 bytes; with blocks of 1024 a file has"));
	cr_assert(need_of(s, 4096, 256, &need) == 0);
	/* All levels of all blocks, counted in sectors, are more than an inode holds. */
	s->objects[obj].size = UINT64_C(1) << 60;
	cr_assert(need_of(s, 65536, 256, &need) == E2_ERR_FBIG);
	s->objects[obj].size = 0;

	obj = add(s, "link", E2_S_IFLNK | 0777, 1023);
	cr_assert(e2_source_add_text(s, (char *)memset(value, 'x', 1024), 1024, &text) == 0);
	s->objects[obj].text = text;
	cr_assert(need_of(s, 1024, 256, &need) == 0);
	s->objects[obj].size = 1024;
	cr_assert(need_of(s, 1024, 256, &need) == E2_ERR_NAMETOOLONG);
	cr_assert(detail_has("tree/link: a symlink of 1024 bytes does not fit in a block of 1024"));
	cr_assert(need_of(s, 2048, 256, &need) == 0);

	s->objects[obj].links = 65000;
	cr_assert(need_of(s, 4096, 256, &need) == 0);
	s->objects[obj].links = 65001;
	cr_assert(need_of(s, 4096, 256, &need) == E2_ERR_RANGE);
	cr_assert(detail_has("tree/link: has 65001 names; ext2 allows 65000"));
	s->objects[obj].links = 1;
	s->objects[0].links = 64997;	/* lost+found comes besides */
	cr_assert(need_of(s, 4096, 256, &need) == 0);
	s->objects[0].links = 64998;
	cr_assert(need_of(s, 4096, 256, &need) == E2_ERR_RANGE);
	cr_assert(detail_has("tree: has 64999 subdirectories; ext2 allows 64998"));
	s->objects[0].links = 0;
	s->objects[obj].size = 100;

	cr_assert(e2_source_add_set(s, &big, 1, &s->objects[obj].xattrs) == 0);
	cr_assert(need_of(s, 1024, 256, &need) == 0);
	big.value_len = 5000;
	cr_assert(e2_source_add_set(s, &big, 1, &s->objects[obj].xattrs) == 0);
	cr_assert(need_of(s, 4096, 256, &need) == E2_ERR_RANGE);
	cr_assert(detail_has("tree/link: its attributes need 5056 bytes in a block of 4096"));
	s->objects[obj].xattrs = 0;

	add(s, "lost+found", E2_S_IFREG, 0);
	cr_assert(need_of(s, 4096, 256, &need) == E2_ERR_EXIST);
	cr_assert(detail_has("tree/lost+found: is no directory"));
	/* Which no size changes. */
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &need.blocks) == E2_ERR_EXIST);
	e2_source_free(s);
}

/* Revision 0 has no feature that allows files of 2 GiB. */
E2_TEST(build_plan, revision_0_has_small_files)
{
	struct e2_shape_options o = volume_options();
	struct e2_source *s = new_source();
	struct e2_plan *plan;
	e2_obj obj = add(s, "f", E2_S_IFREG | 0644, UINT64_C(1) << 31);

	o.revision = 0;
	cr_assert(plan_of(s, &o, UINT64_C(3) << 30, NULL, &plan) == E2_ERR_FBIG);
	s->objects[obj].size--;
	cr_assert(plan_of(s, &o, UINT64_C(3) << 30, NULL, &plan) == 0);
	e2_plan_free(plan);
	e2_source_free(s);
}

E2_TEST(build_plan, no_space)
{
	struct e2_shape_options o = volume_options();
	struct e2_source *s = new_source();
	struct e2_plan *plan = NULL;
	char name[16];

	o.block_size = 1024;
	o.features = "^resize_inode";
	add(s, "f", E2_S_IFREG | 0644, 8 << 20);
	cr_assert(plan_of(s, &o, 8 << 20, NULL, &plan) == E2_ERR_NOSPC && plan == NULL);
	cr_assert(detail_has("tree needs 8.0 MiB and 12 inodes, but 8 MiB holds 7."));
	s->objects[1].size = 0;
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "%u", i);
		add(s, name, E2_S_IFREG, 0);
	}
	o.inodes = 256;
	cr_assert(plan_of(s, &o, 8 << 20, NULL, &plan) == E2_ERR_NOSPC && plan == NULL);
	cr_assert(detail_has(" and 512 inodes, but 8 MiB holds ") && detail_has(" and 256"));
	o.inodes = 0;		/* the usual number would do, and more would be made */
	o.bytes_per_inode = 65536;
	cr_assert(plan_of(s, &o, 8 << 20, NULL, &plan) == E2_ERR_NOSPC && plan == NULL);
	o.bytes_per_inode = 0;
	o.usage = "largefile4";
	cr_assert(plan_of(s, &o, 8 << 20, NULL, &plan) == 0);
	cr_assert(e2_plan_geometry(plan)->inodes >= 512);
	e2_plan_free(plan);
	e2_source_free(s);
}

/* ---- the smallest size ------------------------------------------------------ */

static void check_auto_size(struct e2_source *s, const struct e2_shape_options *o)
{
	struct e2_plan *plan = NULL;
	uint64_t bytes = 0, more;
	uint32_t block;

	cr_assert(e2_plan_auto_size(s, o, 0, 0, &bytes) == 0, "%s", e2_err_detail());
	cr_assert(plan_of(s, o, bytes, NULL, &plan) == 0, "%s", e2_err_detail());
	block = e2_plan_geometry(plan)->block_size;
	e2_plan_free(plan);
	cr_assert(plan_of(s, o, bytes - block, NULL, &plan) != 0, "%llu is not the least",
		  (unsigned long long)bytes);
	cr_assert(e2_plan_auto_size(s, o, 20, 0, &more) == 0 && more >= bytes);
	cr_assert(plan_of(s, o, more, NULL, &plan) == 0);
	e2_plan_free(plan);
	cr_assert(e2_plan_auto_size(s, o, 0, 10 << 20, &more) == 0);
	cr_assert(plan_of(s, o, more, NULL, &plan) == 0);
	cr_assert(e2_plan_super(plan)->free_blocks_count >= (10 << 20) / block);
	e2_plan_free(plan);
}

E2_TEST(build_plan, auto_size)
{
	static const uint64_t sizes[] = { 0, 100000, 3000000, 100000000, 530000000, 3000000000u };
	static const char *const features[] = {
		NULL, "^resize_inode", "^resize_inode,meta_bg", "none",
	};

	for (unsigned i = 0; i < 6; i++) {
		struct e2_shape_options o = volume_options();
		struct e2_source *s = new_source();

		add(s, "f", E2_S_IFREG | 0644, sizes[i]);
		check_auto_size(s, &o);
		for (unsigned f = 0; f < 4; f++) {
			o.features = features[f];
			o.block_size = 4096;
			check_auto_size(s, &o);
		}
		o.block_size = 65536;
		o.inodes = 1000;
		check_auto_size(s, &o);
		o.inodes = 0;
		o.bytes_per_inode = 70000;
		check_auto_size(s, &o);
		e2_source_free(s);
	}
}

/* What 1 KiB blocks cannot hold gets larger ones, in a volume that has them. */
E2_TEST(build_plan, auto_size_takes_the_block_size_along)
{
	struct e2_shape_options o = volume_options();
	struct e2_source *s = new_source();
	struct e2_plan *plan;
	uint64_t bytes = 0;
	uint32_t text;
	char target[3000];
	e2_obj obj = add(s, "link", E2_S_IFLNK | 0777, sizeof(target));

	memset(target, 't', sizeof(target));
	cr_assert(e2_source_add_text(s, target, sizeof(target), &text) == 0);
	s->objects[obj].text = text;
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &bytes) == 0 && bytes == 512 << 20);
	cr_assert(plan_of(s, &o, bytes, NULL, &plan) == 0);
	cr_assert(e2_plan_geometry(plan)->block_size == 4096);
	e2_plan_free(plan);
	o.block_size = 1024;
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &bytes) == E2_ERR_NAMETOOLONG);
	o.block_size = 4096;
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &bytes) == 0 && bytes < 4 << 20);
	o.inodes = 11;
	o.block_size = 1024;
	s->objects[obj].size = 5;
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &bytes) == 0);	/* 16 at least */
	for (unsigned i = 0; i < 40; i++)
		add(s, "same", E2_S_IFIFO, 0);
	o.inodes = 40;
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &bytes) == 0 || detail_has("inodes"));
	o.inodes = 0;
	o.bytes_per_inode = 100;
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &bytes) == E2_ERR_INVAL);
	o.bytes_per_inode = 0;
	o.block_size = 3000;
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &bytes) == E2_ERR_INVAL && detail_has("-b 3000"));
	o.block_size = 1024;
	o.resize_blocks = 20000;
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &bytes) == 0);
	s->objects[obj].mode = E2_S_IFREG;
	s->objects[obj].size = 100 << 20;
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &bytes) != 0);
	e2_source_free(s);
}

/* A volume filled to its last block. */
E2_TEST(build_plan, full)
{
	struct e2_shape_options o = volume_options();
	struct e2_source *s = new_source();
	struct e2_plan_stats stats;
	struct e2_plan *plan;
	uint64_t bytes;

	add(s, "f", E2_S_IFREG | 0644, 20000000);
	o.block_size = 1024;
	cr_assert(e2_plan_auto_size(s, &o, 0, 0, &bytes) == 0);
	cr_assert(plan_of(s, &o, bytes, NULL, &plan) == 0);
	e2_plan_stats(plan, &stats);
	cr_assert(stats.free_blocks == 0 && e2_plan_super(plan)->free_blocks_count == 0);
	cr_assert(stats.content_blocks + stats.overhead_blocks + stats.free_blocks
		  == e2_plan_geometry(plan)->blocks);
	cr_assert(stats.used_inodes == 12);
	e2_plan_free(plan);
	e2_source_free(s);
}

/* ---- times ------------------------------------------------------------------ */

struct time_case {
	int64_t sec;
	uint32_t nsec;
	int64_t sec128, sec256;		/* what inodes of so many bytes hold */
	bool clamped128, clamped256;
};

static int64_t time_of(const struct e2_plan *plan, uint32_t inode_size, int32_t *nsec)
{
	struct e2_inode_maker maker = { .plan = plan };
	uint8_t raw[256] = { 0 };
	struct e2_inode in;
	struct e2_time t;

	cr_assert(e2_inode_make(&maker, 12, raw) == 0);
	e2_filemap_free(&maker.map);
	e2_inode_decode(&in, raw, inode_size);
	cr_assert(e2_inode_time(&in, E2_MTIME, &t));
	*nsec = t.nsec;
	return t.sec;
}

E2_TEST(build_plan, times_are_clamped_as_the_kernel_does)
{
	static const struct time_case cases[] = {
		{ 0, 5, 0, 0, false, false },
		{ -1, 999999999, -1, -1, false, false },
		{ INT32_MIN, 0, INT32_MIN, INT32_MIN, false, false },
		{ INT32_MIN - INT64_C(1), 7, INT32_MIN, INT32_MIN, true, true },
		{ INT32_MAX, 0, INT32_MAX, INT32_MAX, false, false },
		{ INT32_MAX + INT64_C(1), 7, INT32_MAX, INT32_MAX + INT64_C(1), true, false },
		{ INT64_C(0x37fffffff), 8, INT32_MAX, INT64_C(0x37fffffff), true, false },
		{ INT64_C(0x380000000), 0, INT32_MAX, INT64_C(0x37fffffff), true, true },
		{ INT64_MAX, 0, INT32_MAX, INT64_C(0x37fffffff), true, true },
	};

	for (unsigned size = 128; size <= 256; size += 128) {
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			const struct time_case *c = &cases[i];
			struct e2_shape_options o = volume_options();
			struct e2_source *s = new_source();
			struct e2_plan_stats stats;
			struct e2_plan *plan;
			e2_obj obj = add(s, "f", E2_S_IFREG, 0);
			bool clamped = size == 128 ? c->clamped128 : c->clamped256;
			int32_t nsec;

			s->objects[obj].mtime = c->sec;
			s->objects[obj].mtime_nsec = c->nsec;
			o.inode_size = size;
			cr_assert(plan_of(s, &o, 4 << 20, NULL, &plan) == 0);
			e2_plan_stats(plan, &stats);
			cr_assert(stats.clamped_times == clamped, "case %u", i);
			cr_assert(time_of(plan, size,
					  &nsec) == (size == 128 ? c->sec128 : c->sec256),
				  "case %u with %u bytes", i, size);
			cr_assert(is(nsec == (size == 128 || clamped ? 0 : (int32_t)c->nsec)));
			e2_plan_free(plan);
			e2_source_free(s);
		}
	}
}

E2_TEST(build_plan, reproducible)
{
	struct e2_plan_options how = { .now = 5000, .reproducible = true };
	struct e2_shape_options o = volume_options();
	struct e2_source *s = new_source();
	struct e2_plan_stats stats;
	uint8_t uuid[2][16];
	struct e2_plan *plan;
	e2_obj obj = add(s, "f", E2_S_IFREG, 100), dev = add(s, "g", E2_S_IFBLK, 0);
	int32_t nsec;

	o.uuid = o.hash_seed = NULL;
	o.now = 5000;
	s->objects[obj].mtime = 5001;
	for (unsigned change = 0; change < 14; change++) {
		struct e2_object *f = &s->objects[obj];

		switch (change) {
		case 0: break;
		case 1: f->mtime = 99999; break;		/* clamped: no difference */
		case 2: f->mtime = 4999; break;
		case 3: f->mtime_nsec = 1; break;
		case 4: f->mode |= 0100; break;
		case 5: f->uid = 1; break;
		case 6: f->size = 101; break;
		case 7: s->text[s->names[1].text] = 'h'; break;
		case 8: s->objects[dev].rdev_minor = 1; break;
		case 9: f->mode = E2_S_IFLNK | 0777; f->text = s->names[0].text; f->size = 1; break;
		case 10: o.label = "label"; break;
		case 11: how.now = 4000; break;
		case 12: how.root_owner = true; how.root_uid = 7; break;
		default: {
			struct e2_xattr_item x = { .name = "a", .name_len = 1, .name_index = 1,
						     .value = (const uint8_t *)"value 9 bytes",
						     .value_len = 13 };

			cr_assert(e2_source_add_set(s, &x, 1, &s->objects[obj].xattrs) == 0);
		}
		}
		cr_assert(plan_of(s, &o, 4 << 20, &how, &plan) == 0);
		memcpy(uuid[change % 2], e2_plan_super(plan)->uuid, 16);
		cr_assert(is((uuid[0][6] & 0xf0) == 0x40 && (uuid[0][8] & 0xc0) == 0x80));
		cr_assert(e2_plan_super(plan)->hash_seed[0] != 0);
		if (change > 0)
			cr_assert(is((memcmp(uuid[0], uuid[1], 16) == 0) == (change == 1)),
				  "change %u",
				  change);
		e2_plan_stats(plan, &stats);
		if (change < 2)
			cr_assert(stats.clamped_times == 1 && time_of(plan, 256, &nsec) == 5000);
		e2_plan_free(plan);
	}
	/* What is given stays. */
	o = volume_options();
	cr_assert(plan_of(s, &o, 4 << 20, &how, &plan) == 0);
	cr_assert(memcmp(e2_plan_super(plan)->uuid, o.uuid, 16) == 0);
	cr_assert(e2_plan_super(plan)->hash_seed[0] == 0x04030201);
	e2_plan_free(plan);
	e2_source_free(s);
}

/* ---- odds and ends ---------------------------------------------------------- */

E2_TEST(build_plan, root_owner)
{
	struct e2_plan_options how = { .now = NOW, .root_owner = true, .root_uid = 1000,
				       .root_gid = 70000 };
	struct e2_shape_options o = volume_options();
	struct e2_source *s = new_source();
	struct e2_inode_maker maker = { .plan = NULL };
	uint8_t raw[256] = { 0 };
	struct e2_inode in;
	struct e2_plan *plan;

	s->objects[0].uid = s->objects[0].gid = 5;
	cr_assert(plan_of(s, &o, 4 << 20, &how, &plan) == 0);
	maker.plan = plan;
	cr_assert(e2_inode_make(&maker, 2, raw) == 0);
	e2_inode_decode(&in, raw, 256);
	cr_assert(in.uid == 1000 && in.gid == 70000);
	e2_plan_free(plan);
	e2_source_free(s);
}

E2_TEST(build_plan, large_file_is_set_when_needed)
{
	struct e2_shape_options o = volume_options();
	struct e2_plan *plan;

	o.features = "^large_file";
	for (uint32_t block = 1024; block <= 8192; block *= 2) {
		struct e2_source *s = new_source();
		e2_obj obj = add(s, "f", E2_S_IFREG, 100);

		o.block_size = block;
		cr_assert(plan_of(s, &o, 400 << 20, NULL, &plan) == 0);
		/* The resize inode is a file of 2 GiB and more with blocks of 4 KiB and more. */
		cr_assert(e2_has_large_file(e2_plan_super(plan)) == (block >= 4096));
		e2_plan_free(plan);
		s->objects[obj].size = (UINT64_C(1) << 31) + 1;
		s->objects[obj].extents = 1;
		cr_assert(e2_source_add_extent(s, 0, 0) == 0);
		cr_assert(plan_of(s, &o, 400 << 20, NULL, &plan) == 0);
		cr_assert(e2_has_large_file(e2_plan_super(plan)));
		e2_plan_free(plan);
		e2_source_free(s);
	}
}

E2_TEST(build_plan, print)
{
	struct e2_shape_options o = volume_options();
	struct e2_source *s = new_source();
	struct e2_str text = E2_STR_INIT;
	struct e2_plan *plan;
	uint64_t nth;

	o.block_size = 1024;
	o.blocks_per_group = 1024;
	o.inodes = 512;
	o.features = "^resize_inode,meta_bg";
	o.stride = 1014;		/* the inode bitmap of group 1 wraps round the group */
	cr_assert(plan_of(s, &o, 20 << 20, NULL, &plan) == 0);
	cr_assert(e2_plan_print(plan, &text) == 0);
	cr_assert(strstr(e2_str_text(&text), "1025-2048") != NULL);
	cr_assert(strstr(e2_str_text(&text), "2047,      1027") != NULL);
	e2_str_free(&text);
	for (nth = 1; nth < 200; nth++) {
		alloc_fail(nth);
		if (e2_plan_print(plan, &text) == 0)
			break;
		e2_str_free(&text);
	}
	alloc_fail(0);
	cr_assert(nth > 10 && nth < 200);
	e2_str_free(&text);
	e2_plan_free(plan);
	e2_source_free(s);
}

/* Places that mke2fs 1.47.0 gives for -b 1024 -N 4096 and 200 MiB. */
E2_TEST(build_plan, strides_as_mke2fs)
{
	static const struct { uint32_t stride; e2_grp group; e2_blk bb, ib, table; } cases[] = {
		{ 1000, 0, 299, 300, 259 }, { 1000, 9, 75133, 75134, 73987 },
		{ 1000, 17, 140001, 140002, 139265 }, { 1000, 24, 204347, 204348, 196609 },
		{ 3000, 7, 62855, 62856, 57603 }, { 7893, 1, 8451, 8452, 8453 },
		{ 7892, 1, 16383, 8451, 8452 }, { 8151, 2, 24575, 16385, 16386 },
	};
	struct e2_shape_options o = volume_options();
	struct e2_shape shape;
	struct e2_parts p;

	o.block_size = 1024;
	o.inodes = 4096;
	cr_assert(e2_shape_make(&o, 200 << 20, &shape) == 0);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e2_parts_make(&shape.geometry, cases[i].stride, cases[i].group, &p);
		cr_assert(p.first + p.block_bitmap == cases[i].bb, "case %u", i);
		cr_assert(p.first + p.inode_bitmap == cases[i].ib, "case %u", i);
		cr_assert(p.first + p.inode_table == cases[i].table, "case %u", i);
	}
}

/* Values lie at multiples of 4, entries from the start, and the hash is over all of them. */
E2_TEST(build_plan, xattr_areas)
{
	static const uint8_t value[64] = "0123456789";
	const struct e2_xattr_item v[] = {
		{ .name = "a", .name_len = 1, .name_index = 1, .value = value, .value_len = 1 },
		{ .name = "bb", .name_len = 2, .name_index = 1, .value = value, .value_len = 6 },
		{ .name = "c", .name_len = 1, .name_index = 4, .value = value, .value_len = 64 },
		{ .name = "d", .name_len = 1, .name_index = 4, .value = value, .value_len = 0 },
	};
	struct e2_xattr_bytes bytes;
	struct e2_xattr_header header;
	struct e2_xattr_entry entry;
	uint8_t block[1024], raw[256] = { 0 };
	uint32_t at = 32, hash = 0;
	struct e2_form form;

	e2_form_make(1024, 128, 0, &form);
	e2_xattr_divide(&form, v, 4, &bytes);
	cr_assert(bytes.inode_bytes == 0);
	cr_assert(bytes.block_bytes == 32 + 4 * 20 + 4 + 8 + 64 + 4);
	e2_xattr_fill_block(&form, v, 4, 3, block);
	for (unsigned i = 0; i < 4; i++, at += 20) {
		e2_xattr_entry_decode(&entry, block + at);
		cr_assert(entry.value_size == v[i].value_len && entry.value_offs % 4 == 0);
		cr_assert(memcmp(block + at + 16, v[i].name, v[i].name_len) == 0);
		cr_assert(memcmp(block + entry.value_offs, value, entry.value_size) == 0
			  || entry.value_size == 0);
		hash = (hash << 16 | hash >> 16) ^ entry.hash;
	}
	cr_assert(e2_get32(block + at) == 0);
	e2_xattr_header_decode(&header, block);
	cr_assert(header.refcount == 3 && header.blocks == 1 && header.hash == hash);
	/* An inode of 256 bytes takes all that fit in their order: not the third. */
	e2_form_make(1024, 256, 32, &form);
	e2_xattr_divide(&form, v, 4, &bytes);
	cr_assert(bytes.inode_bytes == 3 * 20 + 4 + 8 && bytes.block_bytes == 32 + 20 + 64 + 4);
	e2_xattr_fill_inode(&form, v, 4, raw);
	cr_assert(e2_get32(raw + 160) == 0xea020000);
	e2_xattr_entry_decode(&entry, raw + 164 + 20);
	cr_assert(entry.value_offs % 4 == 0);
	cr_assert(memcmp(raw + 164 + entry.value_offs, value, 6) == 0);
	e2_xattr_entry_decode(&entry, raw + 164 + 40);
	cr_assert(entry.value_size == 0 && raw[164 + 40 + 16] == 'd');
}

/* A position anywhere is found, whatever was asked before. */
E2_TEST(build_plan, space)
{
	struct e2_shape_options o = volume_options();
	struct e2_shape shape;
	struct e2_space space;

	o.block_size = 1024;
	o.stride = 16;
	o.features = "^resize_inode";
	cr_assert(e2_shape_make(&o, 100 << 20, &shape) == 0);
	cr_assert(e2_space_make(&shape.geometry, 16, &space) == 0);
	for (uint64_t step = 1; step < space.total; step = step * 3 + 1) {
		size_t hint = 0;

		for (uint64_t n = 0, pos = 0; n < 500; n++,
		     pos = (pos + step * 7919) % space.total) {
			uint64_t count, again;
			size_t none = 99999;
			e2_blk blk = e2_space_run(&space, pos, 10, &hint, &count);

			cr_assert(count > 0 && count <= 10);
			cr_assert(e2_space_run(&space, pos, 10, &none, &again) == blk
				  && again == count);
		}
	}
	e2_space_free(&space);
}
