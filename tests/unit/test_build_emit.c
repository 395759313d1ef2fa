/* SPDX-License-Identifier: MIT */
/* Trees through plan and emission into memory, and back through our own reader. */
#include "alloc.h"
#include "disk/consts.h"
#include "e2test.h"
#include "scratch.h"
#include "volume.h"

#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct scratch s;

static void begin(void)
{
	umask(022);
	scratch_begin(&s);
}

static void end(void)
{
	scratch_end(&s);
}

static struct e2_source *read_tree(void)
{
	struct e2_source *source = NULL;

	cr_assert(e2_source_dir(s.dir, NULL, &source) == 0, "%s", e2_err_detail());
	return source;
}

static struct e2_source *empty_tree(void)
{
	struct e2_source *source = NULL;

	cr_assert(e2_source_empty(&source) == 0);
	return source;
}

/* len bytes that differ from place to place, from offset on; the file ends there. */
static void put_data(const char *name, uint64_t offset, size_t len)
{
	int fd = open(scratch_path(&s, name), O_CREAT | O_WRONLY, 0644);
	uint8_t *data = malloc(len);

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)((offset + i) * 2654435761u >> 13);
	cr_assert(fd >= 0 && pwrite(fd, data, len, (off_t)offset) == (ssize_t)len);
	close(fd);
	free(data);
}

static void make_symlink(unsigned len)
{
	char text[4096], name[32];

	memset(text, 't', len);
	text[len] = '\0';
	snprintf(name, sizeof(name), "link%u", len);
	cr_assert(symlink(text, scratch_path(&s, name)) == 0);
}

/* All kinds of objects, names of all lengths, a directory of several blocks. */
static void make_tree(void)
{
	char name[300];
	struct timespec times[2] = { { -5000, 123456789 }, { 5000000000, 987654321 } };

	for (unsigned len = 1; len <= 255; len += len < 8 ? 1 : 9) {
		memset(name, 'n', len);
		name[len] = '\0';
		put_data(name, 0, len);
	}
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "zdir%u", i);
		cr_assert(mkdir(scratch_path(&s, name), 0750) == 0);
		snprintf(name, sizeof(name), "zdir%u/sub", i);
		cr_assert(mkdir(scratch_path(&s, name), 01777) == 0);
		snprintf(name, sizeof(name), "zdir%u/sub/file", i);
		put_data(name, 0, 100000 * i);
	}
	for (unsigned len = 58; len < 62; len++)
		make_symlink(len);
	make_symlink(1);
	make_symlink(900);
	cr_assert(mkfifo(scratch_path(&s, "fifo"), 0600) == 0);
	if (geteuid() == 0) {
		mknod(scratch_path(&s, "old"), S_IFCHR | 0600, makedev(5, 255));
		mknod(scratch_path(&s, "new"), S_IFBLK | 0600, makedev(256, 70000));
		mknod(scratch_path(&s, "new2"), S_IFBLK | 0600, makedev(1, 256));
		cr_assert(chown(scratch_path(&s, "old"), 70000, 4000000000u) == 0);
	}
	cr_assert(link(scratch_path(&s, "fifo"), scratch_path(&s, "zdir0/fifo2")) == 0);
	cr_assert(link(scratch_path(&s, "link60"), scratch_path(&s, "zdir0/link2")) == 0);
	cr_assert(utimensat(AT_FDCWD, scratch_path(&s, "n"), times, 0) == 0);
	cr_assert(utimensat(AT_FDCWD, scratch_path(&s, "zdir1"), times, 0) == 0);
}

static void round_trip(const struct e2_shape_options *options, uint64_t bytes, bool fresh)
{
	struct volume v;

	volume_make(&v, read_tree(), options, bytes, fresh);
	volume_check(v.fs);
	volume_compare(&v);
	volume_free(&v);
}

/* ---- empty volumes ---------------------------------------------------------- */

E2_TEST(build_emit, empty_volumes)
{
	static const char *const features[] = {
		NULL, "^resize_inode", "^resize_inode,^sparse_super", "^resize_inode,meta_bg",
		"^filetype,^ext_attr", "^resize_inode,^sparse_super,sparse_super2", "none",
	};
	struct volume v;

	for (uint32_t block = 1024; block <= 65536; block *= 2) {
		for (unsigned f = 0; f < 7; f++) {
			struct e2_shape_options o = volume_options();

			o.block_size = block;
			o.features = features[f];
			o.inodes = 64;
			o.blocks_per_group = f == 6 ? 0 : 1024;
			volume_make(&v, empty_tree(), &o, (uint64_t)block * 5000, f % 2 == 0);
			volume_check(v.fs);
			volume_compare(&v);
			volume_free(&v);
		}
	}
}

E2_TEST(build_emit, strides)
{
	static const uint32_t strides[] = { 1, 16, 507, 508, 700, 1012, 1013, 1014, 1015, 5000 };
	struct volume v;

	for (unsigned i = 0; i < sizeof(strides) / sizeof(strides[0]); i++) {
		struct e2_shape_options o = volume_options();

		o.block_size = 1024;
		o.stride = strides[i];
		o.features = "^resize_inode";
		o.blocks_per_group = 1024;
		o.inodes = 512;
		volume_make(&v, empty_tree(), &o, 20 << 20, true);
		volume_check(v.fs);
		volume_free(&v);
	}
}

/* Both copies of the superblock and all of the descriptors say the same. */
E2_TEST(build_emit, backups)
{
	struct e2_shape_options o = volume_options();
	struct e2_open_options how = { .superblock = 8193, .block_size = 1024 };
	uint8_t bytes[1024], primary[1024];
	struct e2_super backup;
	struct volume v;
	struct e2_io *io;
	struct e2_fs *fs;

	o.block_size = 1024;
	volume_make(&v, empty_tree(), &o, 40 << 20, true);
	io = e2_fs_io(v.fs);
	cr_assert(e2_io_read(io, 1024, 1024, primary) == 0);
	cr_assert(e2_io_read(io, 8193 * 1024, 1024, bytes) == 0);
	e2_super_decode(&backup, bytes);
	cr_assert(backup.block_group_nr == 1 && backup.state == 0);
	backup.block_group_nr = 0;
	backup.state = E2_STATE_CLEAN;
	e2_super_encode(&backup, bytes);
	cr_assert(memcmp(primary, bytes, 1024) == 0);
	cr_assert(e2_io_read(io, 2048, 1024, primary) == 0);
	cr_assert(e2_io_read(io, 8194 * 1024, 1024, bytes) == 0);
	cr_assert(memcmp(primary, bytes, 1024) == 0);
	/* The volume opens from its backup alone. */
	struct e2_io *copy;
	uint8_t *all = malloc(40 << 20);

	cr_assert(e2_io_open_mem(40 << 20, &copy) == 0);
	cr_assert(e2_io_read(io, 0, 40 << 20, all) == 0);
	memset(all + 1024, 0, 2048);
	cr_assert(e2_io_write(copy, 0, 40 << 20, all) == 0);
	free(all);
	cr_assert(e2_open(copy, &how, &fs) == 0, "%s", e2_err_detail());
	volume_check(fs);
	e2_close(fs);
	volume_free(&v);
}

/* ---- trees ------------------------------------------------------------------ */

E2_TEST(build_emit, trees, .init = begin, .fini = end)
{
	make_tree();
	for (uint32_t block = 1024; block <= 65536; block *= 2) {
		for (unsigned kind = 0; kind < 4; kind++) {
			struct e2_shape_options o = volume_options();

			o.block_size = block;
			if (kind == 1) {
				o.inode_size = block < 65536 ? block : 32768;
				o.inodes = 200;
			}
			if (kind == 2)
				o.features = "^filetype,^resize_inode,^ext_attr";
			if (kind == 3)
				o.stride = 8;
			round_trip(&o, kind == 3 ? (uint64_t)block * 3000 : 0, kind != 2);
		}
	}
}

/* Inodes of 128 bytes hold whole seconds of 32 bits only; revision 0 has no others. */
E2_TEST(build_emit, small_inodes, .init = begin, .fini = end)
{
	struct timespec times[2] = { { -5000, 0 }, { 5000, 0 } };

	put_data("a", 0, 5000);
	put_data("b", 0, 300000);
	make_symlink(100);
	cr_assert(utimensat(AT_FDCWD, scratch_path(&s, "a"), times, 0) == 0);
	for (unsigned rev = 0; rev < 2; rev++) {
		struct e2_shape_options o = volume_options();

		o.inode_size = rev == 0 ? 0 : 128;
		o.revision = rev;
		round_trip(&o, 0, true);
	}
}

/* A file of data around each place where the pointers begin a new level. */
E2_TEST(build_emit, pointer_levels, .init = begin, .fini = end)
{
	for (uint64_t block = 1024; block <= 4096; block *= 2) {
		struct e2_shape_options o = volume_options();
		uint64_t p = block / 4;
		const uint64_t edges[] = { 12, 12 + p, 12 + 2 * p, 12 + p + p * p,
					   12 + 2 * p + p * p, 12 + p + 2 * p * p,
					   12 + p + p * p + p * p * p };
		char name[32];

		for (unsigned i = 0; i < 7; i++) {
			for (int d = -1; d <= 1; d++) {
				uint64_t at = (edges[i] + (uint64_t)d) * block;

				snprintf(name, sizeof(name), "edge%u%+d", i, d);
				/* The last edge is the end of all pointers. */
				if (i == 6 && (d >= 0 || block == 4096))
					continue;
				put_data(name, at - block, (size_t)block + 10 * (d > 0));
				if (i < 2)
					put_data(name, 0, (size_t)(at - block));
			}
		}
		o.block_size = (uint32_t)block;
		round_trip(&o, 0, true);
	}
}

E2_TEST(build_emit, holes, .init = begin, .fini = end)
{
	static const struct { uint64_t at; size_t len; } pieces[] = {
		{ 0, 1 }, { 5000, 100 }, { 12288, 4096 }, { 49151, 2 }, { 100000, 70000 },
		{ 4 << 20, 10 }, { (4 << 20) + 8192, 10 }, { 67 << 20, 300000 }, { 1u << 31, 5 },
	};

	for (unsigned i = 0; i < 9; i++) {
		char name[16];

		snprintf(name, sizeof(name), "one%u", i);
		put_data(name, pieces[i].at, pieces[i].len);
		put_data("all", pieces[i].at, pieces[i].len);
	}
	put_data("all", 3000000000u, 1);
	cr_assert(truncate(scratch_file(&s, "void", "", 0), 5 << 20) == 0);
	for (uint32_t block = 1024; block <= 65536; block *= 4) {
		struct e2_shape_options o = volume_options();
		struct volume v;

		o.block_size = block;
		o.features = "^large_file,^resize_inode";
		volume_make(&v, read_tree(), &o, 0, true);
		cr_assert(e2_has_large_file(e2_super(v.fs)));	/* since one is there */
		volume_check(v.fs);
		volume_compare(&v);
		volume_free(&v);
	}
}

E2_TEST(build_emit, large_directory, .init = begin, .fini = end)
{
	char name[64];

	for (unsigned i = 0; i < 4000; i++) {
		snprintf(name, sizeof(name), "name-%07u-%.*s", i * 7919 % 4000, (int)(i % 40),
			 "tttttttttttttttttttttttttttttttttttttttt");
		scratch_file(&s, name, "", 0);
	}
	for (uint32_t block = 1024; block <= 65536; block *= 8) {
		struct e2_shape_options o = volume_options();

		o.block_size = block;
		round_trip(&o, 0, true);
	}
}

E2_TEST(build_emit, lost_found, .init = begin, .fini = end)
{
	struct e2_shape_options o = volume_options();
	struct e2_inode in;
	struct volume v;
	char name[300];

	cr_assert(mkdir(scratch_path(&s, "lost+found"), 0701) == 0);
	scratch_file(&s, "lost+found/#12", "found", 5);
	scratch_file(&s, "zz", "", 0);
	scratch_file(&s, "a", "", 0);
	for (uint32_t block = 1024; block <= 65536; block *= 2) {
		o.block_size = block;
		volume_make(&v, read_tree(), &o, 0, true);
		volume_check(v.fs);
		volume_compare(&v);
		cr_assert(e2_inode_get(v.fs, 11, &in) == 0 && in.mode == (E2_S_IFDIR | 0701));
		cr_assert(in.size == (block == 1024 ? 12288 : block < 8192 ? 16384 : 2 * block));
		volume_free(&v);
	}
	/* One that is larger than a new one would be, through pointer blocks. */
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "lost+found/%0200u", i);
		scratch_file(&s, name, "", 0);
	}
	o.block_size = 1024;
	volume_make(&v, read_tree(), &o, 0, true);
	volume_check(v.fs);
	volume_compare(&v);
	cr_assert(e2_inode_get(v.fs, 11, &in) == 0 && in.size > 12288);
	volume_free(&v);
}

/* ---- attributes ------------------------------------------------------------- */

static bool set_xattr(const char *name, const char *attr, size_t len, char fill)
{
	char *value = malloc(len + 1);
	int r;

	memset(value, fill, len);
	r = lsetxattr(scratch_path(&s, name), attr, value, len, 0);
	free(value);
	return r == 0;
}

E2_TEST(build_emit, xattrs, .init = begin, .fini = end)
{
	static const char *const attrs[] = { "user.a", "user.bb", "user.long_name_of_an_attribute",
					     "user.z" };
	static const size_t lens[] = { 0, 1, 20, 60, 100, 300, 700 };
	char name[32];

	for (unsigned i = 0; i < 28; i++) {
		snprintf(name, sizeof(name), "f%02u", i);
		put_data(name, 0, 100 * i);
		for (unsigned a = 0; a <= i % 4; a++) {
			size_t len = lens[(i / 4 + a * 3) % 7];

			if (!set_xattr(name, attrs[a], len > 100 && a > 0 ? 8 : len,
				       (char)('a' + i % 5)))
				cr_skip("no attributes here");
		}
	}
	cr_assert(mkdir(scratch_path(&s, "dir"), 0755) == 0);
	set_xattr("dir", "user.of_directory", 200, 'd');
	set_xattr("", "user.of_root", 200, 'r');
	make_symlink(5);
	make_symlink(70);
	if (geteuid() == 0) {
		set_xattr("link5", "trusted.of_link", 150, 'l');
		set_xattr("link70", "trusted.of_link", 150, 'l');
	}
	for (unsigned kind = 0; kind < 6; kind++) {
		struct e2_shape_options o = volume_options();

		o.block_size = kind == 5 ? 65536 : kind % 2 ? 1024 : 4096;
		o.inode_size = kind < 2 ? 128 : kind < 4 ? 256 : 1024;
		round_trip(&o, 0, true);
	}
}

/* Equal attributes share a block, up to 1,024 inodes each. */
E2_TEST(build_emit, shared_xattrs, .init = begin, .fini = end)
{
	struct e2_shape_options o = volume_options();
	struct e2_plan_stats stats;
	uint32_t refs[3] = { 0 };
	struct e2_inode in;
	struct volume v;
	char name[32];

	for (unsigned i = 0; i < 2100; i++) {
		snprintf(name, sizeof(name), "%04u", i);
		scratch_file(&s, name, "", 0);
		if (!set_xattr(name, "user.same", 200, 'v'))
			cr_skip("no attributes here");
	}
	o.block_size = 1024;
	o.inode_size = 128;
	volume_make(&v, read_tree(), &o, 0, true);
	volume_check(v.fs);
	for (unsigned i = 0; i < 2100; i++) {
		struct e2_xattr_header header;
		const struct e2_buf *buf;

		cr_assert(e2_inode_get(v.fs, 12 + i, &in) == 0 && in.file_acl != 0);
		cr_assert(e2_buf_get(v.fs, in.file_acl, &buf) == 0);
		e2_xattr_header_decode(&header, buf->data);
		e2_buf_put(v.fs, buf);
		cr_assert(header.refcount == (i < 2048 ? 1024 : 52));
		refs[i / 1024]++;
	}
	e2_plan_stats(v.plan, &stats);
	cr_assert(refs[2] == 52 && stats.dropped_xattrs == 0);
	volume_free(&v);
	/* Without the feature there is no place for them, which is counted. */
	o.features = "^ext_attr";
	volume_make(&v, read_tree(), &o, 0, true);
	e2_plan_stats(v.plan, &stats);
	cr_assert(stats.dropped_xattrs == 2100);
	volume_check(v.fs);
	volume_free(&v);
}

/* An entry whose hash is 0 makes that of its block 0, which the kernel then never shares. */
E2_TEST(build_emit, xattrs_that_hash_to_zero, .init = begin, .fini = end)
{
	static const char value[4] = { 0, 0, 'a', 0 };
	struct e2_shape_options o = volume_options();
	struct e2_xattr_header header;
	const struct e2_buf *buf;
	struct e2_inode in;
	struct volume v;
	const char *path = scratch_file(&s, "f", "", 0);

	if (setxattr(path, "user.a", value, sizeof(value), 0) != 0)
		cr_skip("no attributes here");
	cr_assert(setxattr(path, "user.b", value, sizeof(value), 0) == 0);
	o.inode_size = 128;
	volume_make(&v, read_tree(), &o, 0, true);
	volume_check(v.fs);
	cr_assert(e2_inode_get(v.fs, 12, &in) == 0 && e2_buf_get(v.fs, in.file_acl, &buf) == 0);
	e2_xattr_header_decode(&header, buf->data);
	e2_buf_put(v.fs, buf);
	cr_assert(header.hash == 0, "%x", header.hash);
	volume_free(&v);
}

/* ---- failures --------------------------------------------------------------- */

struct made { struct e2_source *source; struct e2_plan *plan; uint64_t bytes; };

/* stride 0: the smallest volume; else one of many groups, each laid out differently. */
static void plan_source(struct made *m, uint32_t block_size, uint32_t stride)
{
	struct e2_shape_options o = volume_options();
	struct e2_plan_options how = { .now = o.now };
	struct e2_shape shape;

	o.block_size = block_size;
	o.stride = stride;
	if (stride != 0) {
		o.features = "^resize_inode";
		o.blocks_per_group = 1024;
		o.inodes = 512;
	}
	m->bytes = 20 << 20;
	if (stride == 0)
		cr_assert(e2_plan_auto_size(m->source, &o, 0, 0, &m->bytes) == 0);
	cr_assert(e2_plan_shape(m->source, &o, 0, m->bytes, &shape) == 0);
	cr_assert(e2_plan_make(m->source, &shape, &how, &m->plan) == 0);
}

static void plan_tree(struct made *m, uint32_t block_size, uint32_t stride)
{
	m->source = read_tree();
	plan_source(m, block_size, stride);
}

static void end_plan(struct made *m)
{
	e2_plan_free(m->plan);
	e2_source_free(m->source);
}

/* An io that fails its nth operation; it counts those that change anything. */
struct failing { struct e2_io io; struct e2_io *mem; uint64_t n, nth, last_offset; };

static bool fails(struct e2_io *io)
{
	struct failing *f = (struct failing *)(void *)io;

	return ++f->n == f->nth;
}

static int failing_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	return e2_io_read(((struct failing *)(void *)io)->mem, offset, len, buf);
}

static int failing_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	struct failing *f = (struct failing *)(void *)io;

	f->last_offset = offset;
	return fails(io) ? e2_fail(E2_ERR_NOSPC, "full") : e2_io_write(f->mem, offset, len, buf);
}

static int failing_sync(struct e2_io *io)
{
	(void)io;
	return 0;
}

static int failing_resize(struct e2_io *io, uint64_t size)
{
	int err = fails(io) ? e2_fail(E2_ERR_NOSPC, "full")
			    : e2_io_resize(((struct failing *)(void *)io)->mem, size);

	if (err == 0)
		io->size = size;
	return err;
}

static int failing_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	return fails(io) ? e2_fail(E2_ERR_IO, "broken")
			 : e2_io_zero(((struct failing *)(void *)io)->mem, offset, len);
}

static int failing_close(struct e2_io *io)
{
	return e2_io_close(((struct failing *)(void *)io)->mem);
}

static const struct e2_io_ops failing_ops = {
	.read = failing_read, .write = failing_write, .sync = failing_sync,
	.resize = failing_resize, .zero = failing_zero, .close = failing_close,
};

/* Each write, each zeroing, each allocation fails once: an error, and no superblock. */
E2_TEST(build_emit, every_write_fails, .init = begin, .fini = end)
{
	struct made m;

	put_data("a", 0, 300000);
	put_data("b", 60000000, 3000);
	cr_assert(symlink("x", scratch_path(&s, "l")) == 0);
	for (unsigned kind = 0; kind < 4; kind++) {
		struct e2_emit_options how = { .fresh = kind % 2 == 1 };

		plan_tree(&m, 1024, kind < 2 ? 0 : 1014);

		for (uint64_t nth = 1;; nth++) {
			struct failing f = { .nth = nth };
			uint8_t magic[2];
			int err;

			f.io = (struct e2_io){ &failing_ops, "failing", 0, true };
			cr_assert(e2_io_open_mem(0, &f.mem) == 0);
			err = e2_emit(m.plan, &f.io, &how);
			if (err != 0 && f.mem->size > 2048) {
				cr_assert(e2_io_read(f.mem, 1024 + 56, 2, magic) == 0);
				cr_assert(magic[0] == 0 && magic[1] == 0, "write %llu",
					  (unsigned long long)nth);
			}
			e2_io_close(&f.io);
			if (err == 0) {
				cr_assert(nth > 3 && f.last_offset == 1024);
				break;
			}
			cr_assert(err == E2_ERR_NOSPC || err == E2_ERR_IO);
		}
		end_plan(&m);
	}
}

E2_TEST(build_emit, memory_runs_out, .init = begin, .fini = end)
{
	struct e2_shape_options o = volume_options();
	struct e2_plan_options how = { .now = o.now, .reproducible = true };
	struct e2_emit_options emit = { .fresh = true };
	struct e2_source *source;
	struct e2_plan *plan = NULL;
	struct e2_shape shape;
	struct e2_need need;
	uint64_t nth, bytes;
	int err;

	put_data("a", 0, 3000);
	put_data("b", 6000000, 3000);
	set_xattr("a", "user.large", 700, 'x');
	source = read_tree();
	o.block_size = 1024;
	cr_assert(e2_plan_shape(source, &o, 0, 20 << 20, &shape) == 0);
	for (nth = 1;; nth++) {
		alloc_fail(nth);
		err = e2_plan_make(source, &shape, &how, &plan);
		if (err == 0)
			break;
		cr_assert(err == E2_ERR_NOMEM, "allocation %llu", (unsigned long long)nth);
	}
	cr_assert(nth > 8);
	for (nth = 1;; nth++) {
		struct e2_io *io;

		alloc_fail(0);
		cr_assert(e2_io_open_mem(21 << 20, &io) == 0);
		alloc_fail(nth);
		err = e2_emit(plan, io, &emit);
		alloc_fail(0);
		e2_io_close(io);
		if (err == 0)
			break;
		cr_assert(err == E2_ERR_NOMEM, "allocation %llu", (unsigned long long)nth);
	}
	for (nth = 1;; nth++) {
		alloc_fail(nth);
		err = e2_plan_need(source, 1024, 256, 32, &need);
		if (err == 0)
			err = e2_plan_auto_size(source, &o, 0, 0, &bytes);
		if (err == 0)
			break;
		cr_assert(err == E2_ERR_NOMEM, "allocation %llu", (unsigned long long)nth);
	}
	alloc_fail(0);
	e2_plan_free(plan);
	e2_source_free(source);
}

static int cancel(void *context, uint64_t done, uint64_t all)
{
	unsigned *calls = context;

	cr_assert(done <= all && all > 0);
	return ++*calls == 2;
}

E2_TEST(build_emit, sources_that_fail, .init = begin, .fini = end)
{
	unsigned calls = 0;
	struct e2_emit_options how = { .fresh = true, .progress = cancel, .context = &calls };
	struct e2_io *io;
	struct made m;

	put_data("a", 0, 24 << 20);
	plan_tree(&m, 4096, 0);
	cr_assert(e2_io_open_mem(0, &io) == 0);
	cr_assert(e2_emit(m.plan, io, &how) == E2_ERR_CANCELLED && calls == 2);
	cr_assert(e2_emit(m.plan, io, &how) == 0 && calls > 4);
	cr_assert(calls <= 2 + 24 / 4 + 2, "%u calls for 24 MiB", calls);
	put_data("a", 24 << 20, 1);
	cr_assert(e2_emit(m.plan, io, &how) == E2_ERR_CHANGED);
	cr_assert(truncate(scratch_path(&s, "a"), 100) == 0);
	cr_assert(e2_emit(m.plan, io, &how) == E2_ERR_CHANGED);
	cr_assert(unlink(scratch_path(&s, "a")) == 0);
	cr_assert(e2_emit(m.plan, io, &how) == E2_ERR_CHANGED);
	e2_io_close(io);
	end_plan(&m);
}

/* What another file stands for is not read again, and must be what was compared all the same. */
E2_TEST(build_emit, merged_files_that_change, .init = begin, .fini = end)
{
	static const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	const struct e2_source_dedupe same = { .strict = false };
	const struct e2_emit_options how = { .fresh = true };
	struct e2_io *io;
	struct made m;

	put_data("a", 0, 5000);
	cr_assert(mkdir(scratch_path(&s, "d"), 0755) == 0);
	put_data("d/b", 0, 5000);
	cr_assert(utimensat(AT_FDCWD, scratch_path(&s, "d/b"), old, 0) == 0);
	m.source = read_tree();
	cr_assert(e2_source_dedupe(m.source, &same) == 0 && e2_source_retired(m.source) == 1);
	plan_source(&m, 4096, 0);
	cr_assert(e2_io_open_mem(0, &io) == 0);
	cr_assert(e2_emit(m.plan, io, &how) == 0, "%s", e2_err_detail());
	put_data("d/b", 100, 4900);
	cr_assert(e2_emit(m.plan, io, &how) == E2_ERR_CHANGED);
	cr_assert(strstr(e2_err_detail(), "/d/b: was written while it was read") != NULL);
	put_data("d/b", 5000, 1);
	cr_assert(e2_emit(m.plan, io, &how) == E2_ERR_CHANGED);
	cr_assert(strstr(e2_err_detail(), "/d/b: grew from 5000 to 5001 bytes") != NULL);
	cr_assert(unlink(scratch_path(&s, "d/b")) == 0);
	cr_assert(e2_emit(m.plan, io, &how) == E2_ERR_CHANGED);
	cr_assert(strstr(e2_err_detail(), "/d/b: was replaced while it was read") != NULL);
	e2_io_close(io);
	end_plan(&m);
}
