/* SPDX-License-Identifier: MIT */
#include "change.h"
#include "e2test.h"
#include "image_tree.h"
#include "random.h"
#include "tree/dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct img_options INDEXED = {
	.blocks = 8192, .inodes_per_group = 64, .incompat = E2_FEATURE_filetype,
	.compat = E2_FEATURE_dir_index,
};

/* A name that is a function of a number: 4 to about 200 bytes. */
static size_t name_of(uint64_t seed, unsigned i, char name[256])
{
	uint64_t s = seed * 1000003 + i;
	size_t len = (size_t)snprintf(name, 256, "%04x", i);
	size_t more = random_next(&s) % 16 == 0 ? random_next(&s) % 200 : random_next(&s) % 12;

	for (; more > 0; more--)
		name[len++] = (char)('a' + random_next(&s) % 26);
	name[len] = '\0';
	return len;
}

/* All names lead to one file, whose count is kept right at the end. */
struct names {
	struct change c;
	e2_ino dir, file;
	uint64_t seed;
	unsigned count;
	bool *there;
};

static void begin(struct names *n, const struct img_options *o, unsigned count, uint64_t seed)
{
	*n = (struct names){ .seed = seed, .count = count, .there = calloc(count, 1) };
	change_open(&n->c, o);
	n->dir = change_mkdir(&n->c, E2_INO_ROOT, "d");
	n->file = change_make(&n->c, E2_INO_ROOT, "f", E2_S_IFREG);
}

static void end(struct names *n)
{
	change_close(&n->c);
	free(n->there);
}

static void add(struct names *n, unsigned i)
{
	char name[256];
	size_t len = name_of(n->seed, i, name);
	int r = e2_link(n->c.txn, n->dir, name, len, n->file);

	cr_assert_eq(r, n->there[i] ? E2_ERR_EXIST : 0, "%s: %s", name, e2_err_detail());
	n->there[i] = true;
}

static void take(struct names *n, unsigned i)
{
	char name[256];
	size_t len = name_of(n->seed, i, name);
	int r = e2_unlink(n->c.txn, n->dir, name, len);

	cr_assert_eq(r, n->there[i] ? 0 : E2_ERR_NOENT, "%s: %s", name, e2_err_detail());
	n->there[i] = false;
}

/* Every name is found, by the index alone too if there is one; no other is. */
static void verify(struct names *n, bool indexed)
{
	struct e2_inode in;
	unsigned entries = 0;
	struct e2_dir *dir;
	struct e2_entry e;
	char name[256];
	e2_ino ino;

	change_sound(&n->c);
	in = change_inode(&n->c, n->dir);
	cr_assert_eq((in.flags & E2_FL_INDEX) != 0, indexed);
	for (unsigned i = 0; i < n->count; i++) {
		size_t len = name_of(n->seed, i, name);

		cr_assert_eq(e2_dir_lookup(n->c.fs, n->dir, name, len, &ino),
			     n->there[i] ? 0 : E2_ERR_NOENT);
		if (indexed)
			cr_assert_eq(e2_htree_lookup(n->c.fs, &in, name, len, &ino), n->there[i],
				     "%s", name);
		entries += n->there[i];
	}
	cr_assert_eq(e2_dir_begin(n->c.fs, n->dir, &dir), 0);
	while (e2_dir_next(dir, &e) > 0)
		entries--;
	e2_dir_end(dir);
	cr_assert_eq(entries, (unsigned)-2, "besides \".\" and \"..\"");
}

static unsigned levels(struct names *n)
{
	struct e2_inode in = change_inode(&n->c, n->dir);
	const struct e2_buf *buf;
	struct e2_dx_info info;

	cr_assert_eq(e2_dir_read(n->c.fs, n->dir, &in, 0, &buf), 0);
	e2_dx_info_decode(&info, buf->data + E2_DX_INFO_AT);
	e2_buf_put(n->c.fs, buf);
	return info.indirect_levels + 1u;
}

/* From one block to two levels, by every hash, and back and forth. */
E2_TEST(tree_index, grows)
{
	for (unsigned version = 0; version <= 5; version++) {
		struct img_options o = INDEXED;
		struct names n = { .seed = version, .count = 6000 };
		struct img img;
		uint64_t s = version;

		n.there = calloc(n.count, 1);
		img_new(&img, &o);
		img.super.def_hash_version = (uint8_t)(version % 3);
		img.super.flags = version < 3 ? E2_SF_SIGNED_HASH : E2_SF_UNSIGNED_HASH;
		img.super.hash_seed[0] = version * 12345;
		change_open_img(&n.c, &img);
		img_free(&img);
		n.dir = change_mkdir(&n.c, E2_INO_ROOT, "d");
		n.file = change_make(&n.c, E2_INO_ROOT, "f", E2_S_IFREG);
		for (unsigned i = 0; i < n.count; i++) {
			add(&n, i);
			if (i == 100) {
				verify(&n, true);
				cr_assert_eq(levels(&n), 1);
			}
		}
		cr_assert_eq(levels(&n), 2);
		verify(&n, true);
		for (unsigned i = 0; i < 8000; i++) {
			unsigned k = (unsigned)(random_next(&s) % n.count);

			if (random_next(&s) % 2)
				add(&n, k);
			else
				take(&n, k);
		}
		verify(&n, true);
		end(&n);
	}
}

/* One transaction a name: nothing is remembered, and every search reads. */
E2_TEST(tree_index, without_memory)
{
	struct names n;

	begin(&n, &INDEXED, 400, 9);
	for (unsigned i = 0; i < n.count; i++) {
		add(&n, i);
		cr_assert_eq(e2_txn_commit(n.c.txn), 0);
		cr_assert_eq(e2_txn_begin(n.c.fs, false, &n.c.txn), 0);
		if (i % 3 == 0)
			take(&n, i / 2);
	}
	verify(&n, true);
	end(&n);
}

E2_TEST(tree_index, block_sizes)
{
	for (uint32_t size = 1024; size <= E2_BLOCK_SIZE_MAX; size *= 2) {
		struct img_options o = INDEXED;
		struct names n;

		o.block_size = size;
		o.blocks = size < 16384 ? 2000 : 400;
		o.inodes_per_group = 0;
		begin(&n, &o, size <= 8192 ? 3000 : 12000, size);
		for (unsigned i = 0; i < n.count; i++)
			add(&n, i);
		for (unsigned i = 0; i < n.count; i += 2)
			take(&n, i);
		verify(&n, true);
		end(&n);
	}
}

/* Without the feature: linear, and gaps are filled. */
E2_TEST(tree_index, linear)
{
	for (int i = 0; i < 2; i++) {
		struct img_options o = INDEXED;
		struct names n;
		uint64_t size;

		o.compat = 0;
		if (i == 1) {
			o.revision_0 = true;
			o.incompat = 0;
		}
		begin(&n, &o, 3000, 5);
		for (unsigned k = 0; k < n.count; k++)
			add(&n, k);
		size = change_inode(&n.c, n.dir).size;
		verify(&n, false);
		for (unsigned k = 0; k < n.count; k++)
			take(&n, k);
		for (unsigned k = 0; k < n.count; k++)
			add(&n, n.count - 1 - k);
		cr_assert_leq(change_inode(&n.c, n.dir).size, size + size / 20);
		verify(&n, false);
		end(&n);
	}
}

/* ---- what cannot be kept ------------------------------------------------------- */

static void edit(struct names *n, e2_lblk lblk, uint32_t at, uint8_t byte)
{
	struct e2_inode in = change_inode(&n->c, n->dir);
	struct e2_wbuf *buf;

	cr_assert_eq(e2_dir_edit(n->c.txn, n->dir, &in, lblk, &buf), 0);
	buf->data[at] = byte;
	e2_txn_put(n->c.txn, buf);
}

static void fill(struct names *n, unsigned names)
{
	for (unsigned i = 0; i < names; i++)
		add(n, i);
}

/* An odd root or node ends the index at the next insertion; names are all there. */
E2_TEST(tree_index, odd_ones_are_dropped)
{
	static const struct { uint32_t at; uint8_t byte; } odd[] = {
		{ E2_DX_INFO_AT, 1 },			/* reserved */
		{ E2_DX_INFO_AT + 4, 6 },		/* hash */
		{ E2_DX_INFO_AT + 5, 9 },		/* length */
		{ E2_DX_INFO_AT + 6, 2 },		/* levels */
		{ E2_DX_INFO_AT + 7, 1 },		/* flags */
		{ E2_DX_ROOT_AT, 1 },			/* limit */
		{ E2_DX_ROOT_AT + 2, 0 },		/* count */
		{ E2_DX_ROOT_AT + 3, 1 },
		{ E2_DX_ROOT_AT + 4, 0 },		/* the root is no leaf */
		{ E2_DX_ROOT_AT + 7, 0x0f },		/* no such block */
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct names n;

		begin(&n, &INDEXED, 200, 3);
		fill(&n, 199);
		cr_assert_neq(change_inode(&n.c, n.dir).flags & E2_FL_INDEX, 0);
		edit(&n, 0, odd[i].at, odd[i].byte);
		if (i >= 8)	/* every leaf */
			for (uint32_t e = 1; e < 10; e++)
				edit(&n, 0, odd[i].at + e * 8, odd[i].byte);
		add(&n, 199);
		verify(&n, false);
		end(&n);
	}
}

/* Root and node are full: there is no place for another leaf. */
E2_TEST(tree_index, full_ones_are_dropped)
{
	struct names n;
	struct e2_inode in;
	struct e2_wbuf *buf;
	struct e2_dx_count count;
	struct e2_dx_entry last;
	unsigned i = 0;

	begin(&n, &INDEXED, 12000, 4);
	do {
		add(&n, i++);
	} while (i < 2000 || levels(&n) == 1);
	in = change_inode(&n.c, n.dir);
	cr_assert_eq(e2_dir_edit(n.c.txn, n.dir, &in, 0, &buf), 0);
	e2_dx_count_decode(&count, buf->data + E2_DX_ROOT_AT);
	/* Entries that no hash reaches, of a node that is there already. */
	e2_dx_entry_decode(&last, buf->data + E2_DX_ROOT_AT);
	last.hash = 0xfffffffe;
	for (uint32_t k = count.count; k < count.limit; k++)
		e2_dx_entry_encode(&last, buf->data + E2_DX_ROOT_AT + k * E2_DX_ENTRY_BYTES);
	count.count = count.limit;
	e2_dx_count_encode(&count, buf->data + E2_DX_ROOT_AT);
	e2_txn_put(n.c.txn, buf);
	while (change_inode(&n.c, n.dir).flags & E2_FL_INDEX)
		add(&n, i++);
	cr_assert_gt(i, 2010);
	for (unsigned k = 0; k < 100; k++)
		add(&n, i++);
	verify(&n, false);
	end(&n);
}

/* Names in a leaf where they do not belong: seen when it is split. */
E2_TEST(tree_index, wrong_leaves)
{
	struct names n;
	struct e2_dx_entry e;
	struct e2_inode in;
	const struct e2_buf *buf;

	begin(&n, &INDEXED, 2000, 3);
	fill(&n, 300);
	in = change_inode(&n.c, n.dir);
	cr_assert_eq(e2_dir_read(n.c.fs, n.dir, &in, 0, &buf), 0);
	e2_dx_entry_decode(&e, buf->data + E2_DX_ROOT_AT + E2_DX_ENTRY_BYTES);
	e2_buf_put(n.c.fs, buf);
	e.hash /= 2;
	for (int i = 0; i < 4; i++)
		edit(&n, 0, E2_DX_ROOT_AT + E2_DX_ENTRY_BYTES + (uint32_t)i,
		     (uint8_t)(e.hash >> 8 * i));
	for (unsigned i = 0; i < n.count; i++)
		add(&n, i);
	verify(&n, false);
	end(&n);
}

/* What changes a directory behind its back is seen, or told. */
E2_TEST(tree_index, forgetting)
{
	struct img_options o = INDEXED;
	struct e2_inode in;
	struct e2_slot slot;
	struct names n;
	struct e2_wbuf *buf;

	o.compat = 0;
	begin(&n, &o, 400, 3);
	fill(&n, 399);
	in = change_inode(&n.c, n.dir);
	cr_assert_eq(e2_dir_find(n.c.fs, n.dir, &in, "0007", 4, &slot), E2_ERR_NOENT);
	/* Another name in place of the last one. */
	cr_assert_eq(e2_dir_edit(n.c.txn, n.dir, &in, in.size / 1024 - 1, &buf), 0);
	e2_block_clear(e2_geometry(n.c.fs), buf->data);
	cr_assert_eq(e2_block_insert(e2_geometry(n.c.fs), buf->data, &(struct e2_entry){
		.ino = n.file, .name = (const uint8_t *)"0007", .name_len = 4 }, NULL), 1);
	e2_txn_put(n.c.txn, buf);
	e2_dirs_forget(n.c.txn);
	e2_dirs_forget(n.c.txn);
	cr_assert_eq(e2_dir_find(n.c.fs, n.dir, &in, "0007", 4, &slot), 0);
	cr_assert_eq(slot.lblk, in.size / 1024 - 1);
	/* A directory that is shorter than what is remembered. */
	in.size -= 1024;
	cr_assert_eq(e2_dir_find(n.c.fs, n.dir, &in, "0007", 4, &slot), E2_ERR_NOENT);
	end(&n);
}

/* In a directory that cannot be read as a whole no name can be known not to be there. */
E2_TEST(tree_index, damage)
{
	for (int i = 0; i < 6; i++) {
		struct img_options o = INDEXED;
		struct e2_inode in, bad;
		struct names n;
		uint64_t before;
		char name[256];

		o.compat = i % 2 ? E2_FEATURE_dir_index : 0;
		begin(&n, &o, 400, 3);
		fill(&n, i < 4 ? 300 : 20);
		in = bad = change_inode(&n.c, n.dir);
		if (i < 2) {		/* a record in the last block */
			edit(&n, in.size / 1024 - 1, 4, 6);
		} else if (i < 4) {	/* a hole */
			bad.block[5] = 0;
			change_put(&n.c, n.dir, &bad);
		} else {		/* the only block */
			edit(&n, 0, 12 + 4, 6);
		}
		e2_dirs_forget(n.c.txn);
		before = change_digest(&n.c);
		for (unsigned k = 350; k < 360; k++) {
			size_t len = name_of(n.seed, k, name);

			cr_assert_eq(e2_link(n.c.txn, n.dir, name, len, n.file), E2_ERR_CORRUPT);
			cr_assert_eq(e2_unlink(n.c.txn, n.dir, name, len), E2_ERR_CORRUPT);
			cr_assert_eq(e2_rename(n.c.txn, E2_INO_ROOT, "f", 1, n.dir, name, len, 0),
				     E2_ERR_CORRUPT);
		}
		cr_assert_eq(e2_rmdir(n.c.txn, E2_INO_ROOT, "d", 1),
			     i < 4 ? E2_ERR_NOTEMPTY : E2_ERR_CORRUPT);
		cr_assert_eq(change_digest(&n.c), before);
		/* What can be read can go. */
		for (unsigned k = 0; i < 4 && k < 300; k++) {
			int r = e2_unlink(n.c.txn, n.dir, name, name_of(n.seed, k, name));

			cr_assert(r == 0 || r == E2_ERR_CORRUPT);
			n.there[k] = r != 0;
		}
		if (i < 4)
			cr_assert_eq(e2_rmdir(n.c.txn, E2_INO_ROOT, "d", 1), E2_ERR_CORRUPT);
		end(&n);
	}
}

/* A directory whose size is no multiple of a block does not grow. */
E2_TEST(tree_index, odd_size)
{
	struct img_options o = INDEXED;
	struct e2_inode in;
	struct names n;
	unsigned mark;
	int r = 0;

	o.compat = 0;
	begin(&n, &o, 400, 3);
	fill(&n, 200);
	in = change_inode(&n.c, n.dir);
	in.size -= 100;
	change_put(&n.c, n.dir, &in);
	for (unsigned i = 200; r == 0 && i < n.count; i++) {
		char name[256];
		size_t len = name_of(n.seed, i, name);

		cr_assert_eq(e2_txn_mark(n.c.txn, &mark), 0);
		r = e2_link(n.c.txn, n.dir, name, len, n.file);
		e2_txn_release(n.c.txn, mark);
	}
	cr_assert_eq(r, E2_ERR_CORRUPT);
	end(&n);
}

/* A flag without the feature goes when the directory is changed. */
E2_TEST(tree_index, flag_without_feature)
{
	struct img_options o = INDEXED;
	struct e2_inode in;
	struct names n;

	o.compat = 0;
	begin(&n, &o, 40, 3);
	fill(&n, 30);
	in = change_inode(&n.c, n.dir);
	in.flags |= E2_FL_INDEX;
	change_put(&n.c, n.dir, &in);
	take(&n, 3);
	cr_assert_eq(change_inode(&n.c, n.dir).flags & E2_FL_INDEX, 0);
	in.flags |= E2_FL_INDEX;
	change_put(&n.c, n.dir, &in);
	add(&n, 35);
	verify(&n, false);
	end(&n);
}

/* A hash that nobody knows makes no index; nor does a first block without its dots. */
E2_TEST(tree_index, none_is_made)
{
	for (int i = 0; i < 3; i++) {
		struct names n = { .seed = 3, .count = 100 };
		struct e2_slot slot;
		struct e2_inode in;
		struct img img;

		n.there = calloc(n.count, 1);
		img_new(&img, &INDEXED);
		img.super.def_hash_version = i == 0 ? 3 : 1;
		change_open_img(&n.c, &img);
		img_free(&img);
		n.dir = change_mkdir(&n.c, E2_INO_ROOT, "d");
		n.file = change_make(&n.c, E2_INO_ROOT, "f", E2_S_IFREG);
		in = change_inode(&n.c, n.dir);
		if (i > 0) {
			const char *dots = i == 1 ? ".." : ".";

			cr_assert_eq(e2_dir_find(n.c.fs, n.dir, &in, dots, strlen(dots), &slot), 0);
			cr_assert_eq(e2_dir_remove(n.c.txn, n.dir, &in, dots, strlen(dots), &slot),
				     0);
		}
		fill(&n, n.count);
		cr_assert_eq(change_inode(&n.c, n.dir).flags & E2_FL_INDEX, 0);
		if (i == 0)
			verify(&n, false);
		end(&n);
	}
}

/* ---- equal hashes --------------------------------------------------------------- */

struct hashed {
	uint32_t hash, number;
};

static int by_hash(const void *pa, const void *pb)
{
	const struct hashed *a = pa, *b = pb;

	return a->hash != b->hash ? (a->hash < b->hash ? -1 : 1) :
				    (a->number > b->number) - (a->number < b->number);
}

static const char *twin_name(uint32_t number, char name[32])
{
	snprintf(name, 32, "%024u", number * 2654435761u);
	return name;
}

/* Numbers of names, most of which have another's hash: among so many are some hundreds. */
static unsigned find_twins(uint32_t *twins, unsigned most)
{
	enum { TRIED = 1 << 20 };
	struct hashed *all = malloc(TRIED * sizeof(*all));
	unsigned count = 0;
	char name[32];

	for (uint32_t i = 0; i < TRIED; i++) {
		all[i].number = i;
		twin_name(i, name);
		e2_dir_hash(E2_HASH_LEGACY, NULL, name, strlen(name), &all[i].hash, NULL);
	}
	qsort(all, TRIED, sizeof(*all), by_hash);
	for (uint32_t i = 0; i + 1 < TRIED && count + 2 <= most; i++) {
		if (all[i].hash != all[i + 1].hash)
			continue;
		twins[count++] = all[i].number;
		twins[count++] = all[++i].number;
		/* One without a twin, so that a split in the middle meets any of them. */
		if (count % 3 == 0 && i + 2 < TRIED && count < most)
			twins[count++] = all[i + 2].number;
	}
	free(all);
	return count;
}

/* Leaves that begin with the hash the one before ends with. */
static unsigned count_continued(struct change *c, e2_ino dir)
{
	struct e2_inode in = change_inode(c, dir);
	const struct e2_buf *buf;
	struct e2_dx_count count;
	struct e2_dx_entry e;
	unsigned found = 0;

	cr_assert_eq(e2_dir_read(c->fs, dir, &in, 0, &buf), 0);
	e2_dx_count_decode(&count, buf->data + E2_DX_ROOT_AT);
	for (uint32_t i = 1; i < count.count; i++) {
		e2_dx_entry_decode(&e, buf->data + E2_DX_ROOT_AT + (size_t)i * E2_DX_ENTRY_BYTES);
		found += e.hash & 1;
	}
	e2_buf_put(c->fs, buf);
	return found;
}

/* Names with one hash on both sides of a split are found by the bit that says so. */
E2_TEST(tree_index, equal_hashes)
{
	uint32_t twins[400];
	unsigned count = find_twins(twins, 400);
	struct e2_inode in;
	struct change c;
	struct img img;
	e2_ino dir, file, ino;
	char name[32];

	cr_assert_gt(count, 100);
	img_new(&img, &INDEXED);
	img.super.def_hash_version = E2_HASH_LEGACY;
	change_open_img(&c, &img);
	img_free(&img);
	dir = change_mkdir(&c, E2_INO_ROOT, "d");
	file = change_make(&c, E2_INO_ROOT, "f", E2_S_IFREG);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < count; i++) {
			twin_name(twins[i], name);
			cr_assert_eq(e2_link(c.txn, dir, name, strlen(name), file), 0);
		}
		change_sound(&c);
		cr_assert_gt(count_continued(&c, dir), 2);
		in = change_inode(&c, dir);
		for (unsigned i = 0; i < count; i++) {
			twin_name(twins[i], name);
			cr_assert_eq(e2_htree_lookup(c.fs, &in, name, strlen(name), &ino), 1);
			if (i % 2 == 0)	/* its twin stays, and comes back to it */
				continue;
			cr_assert_eq(e2_unlink(c.txn, dir, name, strlen(name)), 0);
			cr_assert_eq(e2_link(c.txn, dir, name, strlen(name), file), 0);
		}
		change_sound(&c);
		for (unsigned i = 0; i < count; i++) {
			twin_name(twins[i], name);
			cr_assert_eq(e2_htree_lookup(c.fs, &in, name, strlen(name), &ino), 1);
			cr_assert_eq(e2_unlink(c.txn, dir, name, strlen(name)), 0);
		}
		change_sound(&c);
	}
	change_close(&c);
}
