/* SPDX-License-Identifier: MIT */
#include "sweep_base.h"

#include "build/plan.h"
#include "tree/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define must(call) must_be((call), #call, __LINE__)

static void must_be(int err, const char *what, int line)
{
	if (err == 0)
		return;
	fprintf(stderr, "sweep_base.c:%d: %s: %s\n", line, what, e2_err_detail());
	abort();
}

enum { NOW = 1700000000, NAMES = 60 };

static const struct {
	const char *features;
	uint32_t block_size, inode_size, blocks_per_group, kilobytes, inodes;
	uint64_t resize_blocks;
} shapes[] = {
	[SWEEP_GROUPS] = {
		"none,ext_attr,dir_index,filetype,sparse_super,large_file",
		1024, 256, 256, 768, 96, 0,
	},
	[SWEEP_SINGLE] = {
		"none,ext_attr,dir_index,filetype,sparse_super,large_file",
		4096, 128, 0, 512, 64, 0,
	},
	[SWEEP_COPIES] = {
		"none,ext_attr,resize_inode,dir_index,filetype,sparse_super",
		1024, 128, 256, 1024, 128, 8192,
	},
};

static struct e2_fs *make_empty(enum sweep_volume volume)
{
	static const uint8_t id[16] = { 1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15 };
	const struct e2_shape_options options = {
		.block_size = shapes[volume].block_size, .inode_size = shapes[volume].inode_size,
		.blocks_per_group = shapes[volume].blocks_per_group,
		.inodes = shapes[volume].inodes, .features = shapes[volume].features,
		.resize_blocks = shapes[volume].resize_blocks, .reserved_percent = -1,
		.revision = UINT32_MAX, .backup_count = UINT32_MAX, .now = NOW, .uuid = id,
		.hash_seed = id, .label = "sweep", .creator_os = "linux",
	};
	const struct e2_plan_options how = { .now = NOW };
	const struct e2_emit_options emit = { .fresh = true };
	const struct e2_open_options open = { .flags = E2_OPEN_WRITE };
	const struct e2_time now = { .sec = NOW };
	struct e2_source *source;
	struct e2_shape shape;
	struct e2_plan *plan;
	struct e2_io *io;
	struct e2_fs *fs;

	must(e2_source_empty(&source));
	must(e2_shape_make(&options, shapes[volume].kilobytes * UINT64_C(1024), &shape));
	must(e2_plan_make(source, &shape, &how, &plan));
	must(e2_io_open_mem(0, &io));
	must(e2_emit(plan, io, &emit));
	e2_plan_free(plan);
	e2_source_free(source);
	must(e2_open(io, &open, &fs));
	e2_fs_set_clock(fs, &now);
	return fs;
}

static e2_ino make(struct e2_txn *txn, e2_ino dir, const char *name, uint32_t mode,
		   const char *target)
{
	const struct e2_new what = {
		.mode = mode, .uid = 1000, .gid = 100, .major = 1, .minor = 3, .target = target,
		.target_len = target != NULL ? strlen(target) : 0,
	};
	e2_ino ino;

	must(e2_create(txn, dir, name, strlen(name), &what, &ino));
	return ino;
}

/* Content that no other file has. */
static void fill(struct e2_txn *txn, e2_ino ino, uint64_t offset, size_t len)
{
	uint8_t *data = malloc(len);
	struct e2_inode in;
	uint32_t seed = ino * 2654435761u + (uint32_t)offset;

	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		data[i] = (uint8_t)(seed >> 24);
	}
	must(e2_inode_get(e2_txn_fs(txn), ino, &in));
	must(e2_write(txn, ino, &in, offset, len, data));
	must(e2_inode_put(txn, ino, &in));
	free(data);
}

static e2_ino make_file(struct e2_txn *txn, e2_ino dir, const char *name, size_t len)
{
	e2_ino ino = make(txn, dir, name, E2_S_IFREG | 0640, NULL);

	if (len != 0)
		fill(txn, ino, 0, len);
	return ino;
}

/* A block behind each kind of pointer, and holes between. */
static void make_holes(struct e2_txn *txn, e2_ino dir, bool large)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	uint64_t block = g->block_size, p = g->pointers;
	e2_ino ino = make_file(txn, dir, "direct", 3 * block + 100);

	fill(txn, ino, 6 * block, block);
	ino = make_file(txn, dir, "single", 16 * block);
	ino = make_file(txn, dir, "double", block);
	fill(txn, ino, (E2_DIRECT + p + 1) * block, 3 * block);
	ino = make_file(txn, dir, "holes", block / 2);
	fill(txn, ino, (E2_DIRECT + 2) * block, 2 * block);
	fill(txn, ino, (E2_DIRECT + p + 3 * p + 7) * block, block);
	if (!large)
		return;
	fill(txn, ino, (E2_DIRECT + p + p * p + p + 5) * block, 700);
}

static void make_attributes(struct e2_txn *txn, e2_ino dir)
{
	static const char value[] = "a value that does not fit in an inode, with what else is there"
		", since it is rather long for an attribute, and goes on until it is "
		"longer than all the room there is after the fixed fields of an inode";
	e2_ino ino = make_file(txn, dir, "attributes", 300);

	must(e2_xattr_set(txn, ino, "user.small", "x", 1, 0));
	must(e2_xattr_set(txn, ino, "user.long", value, sizeof(value), 0));
	must(e2_xattr_set(txn, ino, "user.more", value, 40, 0));
	must(e2_xattr_copy(txn, ino, make_file(txn, dir, "shared", 200)));
	ino = make(txn, dir, "with", E2_S_IFDIR | 0755, NULL);
	must(e2_xattr_set(txn, ino, "user.dir", "y", 1, 0));
	make_file(txn, ino, "inside", 10);
}

static void make_tree(struct e2_txn *txn, e2_ino dir)
{
	e2_ino a = make(txn, dir, "a", E2_S_IFDIR | 0755, NULL);
	e2_ino b = make(txn, a, "b", E2_S_IFDIR | 0700, NULL);
	e2_ino deep = make_file(txn, b, "deep", 2000);

	must(e2_link(txn, dir, "hard", 4, deep));
	must(e2_link(txn, a, "hard2", 5, deep));
	make_file(txn, b, "leaf", 40);
	make_file(txn, a, "removed", 900);
	make_file(txn, a, "last", 50);
	must(e2_unlink(txn, a, "removed", 7));
	make(txn, dir, "fast", E2_S_IFLNK | 0777, "a/b/deep");
	make(txn, dir, "slow", E2_S_IFLNK | 0777,
	     "a/very/long/path/that/does/not/fit/in/an/inode/and/needs/a/block/of/its/own");
	make(txn, dir, "fifo", E2_S_IFIFO | 0600, NULL);
	make(txn, dir, "node", E2_S_IFCHR | 0600, NULL);
	make(txn, dir, "empty", E2_S_IFREG | 0600, NULL);
}

/* A directory large enough for an index. */
static void make_many(struct e2_txn *txn, e2_ino dir)
{
	uint32_t size = e2_geometry(e2_txn_fs(txn))->block_size;
	uint32_t names = NAMES * (size / 1024);
	e2_ino many = make(txn, dir, "many", E2_S_IFDIR | 0755, NULL);
	e2_ino file = make_file(txn, many, "first", 500);

	for (uint32_t i = 0; i < names; i++) {
		char name[48];
		int len = snprintf(name, sizeof(name), "a-name-that-takes-some-room-%03u", i);

		must(e2_link(txn, many, name, (size_t)len, file));
	}
	make_file(txn, many, "other", 600);
}

void sweep_base(enum sweep_volume volume, struct ram *image)
{
	struct e2_fs *fs = make_empty(volume);
	const struct e2_geometry *g = e2_geometry(fs);
	struct e2_txn *txn;

	must(e2_txn_begin(fs, false, &txn));
	make_tree(txn, E2_INO_ROOT);
	make_holes(txn, E2_INO_ROOT, volume != SWEEP_COPIES);
	make_attributes(txn, E2_INO_ROOT);
	make_many(txn, E2_INO_ROOT);
	must(e2_txn_commit(txn));
	image->size = g->blocks * g->block_size;
	image->block_size = g->block_size;
	image->bytes = malloc(image->size);
	must(e2_cache_read(e2_fs_cache(fs), 0, g->blocks, image->bytes));
	e2_close(fs);
}
