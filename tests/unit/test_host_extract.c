/* SPDX-License-Identifier: MIT */
/* Extraction into a directory of the host: what comes out, and what never does. */
#include "e2test.h"
#include "host/extract.h"
#include "image_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* A directory of this test, the current one, with "out" to extract to. */
static char top[] = "/tmp/extant-extract-XXXXXX";
static struct e2_str warned;
#define warnings e2_str_text(&warned)

static void setup(void)
{
	cr_assert_not_null(mkdtemp(top));
	cr_assert_eq(chmod(top, 0777), 0);
	cr_assert_eq(chdir(top), 0);
	umask(022);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	(void)remove(path);
	return 0;
}

static void teardown(void)
{
	e2_str_free(&warned);
	if (chdir("/tmp") == 0)
		(void)nftw(top, remove_one, 20, FTW_DEPTH | FTW_PHYS);
}

static void warn(void *context, const char *text)
{
	(void)context;
	e2_str_addf(&warned, "%s\n", text);
}

static int extract(struct img *img, struct e2_extract_options o, e2_ino ino, const char *name,
		   struct e2_copied *stats)
{
	struct e2_fs *fs = img_open(img, NULL);
	struct e2_extractor *x;
	int r, end;

	e2_str_truncate(&warned, 0);
	o.warn = warn;
	cr_assert_eq(e2_extract_begin(fs, "out", &o, &x), 0, "%s", e2_err_detail());
	r = e2_extract(x, ino, name);
	end = e2_extract_end(x, stats);
	e2_close(fs);
	return r ? r : end;
}

static const struct e2_extract_options plain = { .recursive = true };
static const struct e2_extract_options archive = { .recursive = true, .archive = true };
static const struct e2_extract_options replace = { .recursive = true, .overwrite = true };

static struct stat look(const char *path)
{
	struct stat st;

	cr_assert_eq(lstat(path, &st), 0, "%s: %s", path, strerror(errno));
	return st;
}

static void expect_text(const char *path, const char *want)
{
	char text[200] = "";
	int fd = open(path, O_RDONLY | O_NOFOLLOW);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	cr_assert_geq(n, 0, "%s", path);
	cr_assert_str_eq(text, want);
	close(fd);
}

static mode_t type_of(const char *path)
{
	return look(path).st_mode & S_IFMT;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static struct e2_inode text_file(struct img *img, const char *text)
{
	struct e2_inode in = img_reg(strlen(text));

	img_map(img, &in, 0, img_put(img, text, strlen(text)));
	return in;
}

/* /d (12, 0750), /d/f (13, 04755, two names, the other /g), /d/l (14) -> f, /s (15, sparse). */
static void make(struct img *img)
{
	struct e2_inode in;

	img_new(img, &(struct img_options){ .inodes_per_group = 32 });
	img_mkdir(img, 12, 2, "d");
	in = img_inode_get(img, 12);
	in.mode = E2_S_IFDIR | 0750;
	in.mtime = 1234567890;
	img_inode(img, 12, &in);
	in = text_file(img, "hello");
	in.mode = E2_S_IFREG | 04755;
	in.links_count = 2;
	in.uid = geteuid();
	in.gid = getegid();
	in.mtime_extra = 123456789u << 2;
	img_add(img, 12, "f", 13, &in);
	img_link(img, 2, "g", 13, E2_FT_REG);
	in = img_symlink("f");
	in.mtime = 1111111111;
	img_add(img, 12, "l", 14, &in);
	in = img_reg(300 * 1024 + 7);
	img_map(img, &in, 1, img_put(img, "one", 3));
	img_map(img, &in, 299, img_put(img, "far", 3));
	img_add(img, 2, "s", 15, &in);
}

E2_TEST(host_extract, plain, .init = setup, .fini = teardown)
{
	struct e2_copied stats;
	struct img img;

	make(&img);
	cr_assert_eq(extract(&img, plain, 2, NULL, &stats), 0, "%s", warnings);
	cr_assert(stats.files == 2 && stats.dirs == 2 && stats.symlinks == 1 && stats.links == 1 &&
		  stats.others == 0 && stats.left_out == 0 && stats.bytes == 5 + 2 * 1024);
	expect_text("out/d/f", "hello");
	cr_assert_eq(look("out/d/f").st_mode, S_IFREG | 0755, "no set-user-id without archive");
	cr_assert_eq(look("out/d").st_mode, S_IFDIR | 0750);
	cr_assert_eq(look("out/d/f").st_ino, look("out/g").st_ino);
	cr_assert_gt(look("out/d/f").st_mtime, 1600000000);
	cr_assert_eq(look("out/s").st_size, 300 * 1024 + 7);
	cr_assert_leq(look("out/s").st_blocks, 32, "holes stay holes");
	char text[10];
	int fd = open("out/s", O_RDONLY);
	cr_assert_eq(pread(fd, text, 4, 1024), 4);
	cr_assert_eq(memcmp(text, "one", 4), 0);
	cr_assert_eq(pread(fd, text, 4, 299 * 1024), 4);
	cr_assert_eq(memcmp(text, "far", 4), 0);
	close(fd);
	cr_assert_eq(readlink("out/d/l", text, sizeof(text)), 1);
	img_free(&img);
}

E2_TEST(host_extract, archive, .init = setup, .fini = teardown)
{
	struct stat st;
	struct img img;

	make(&img);
	cr_assert_eq(extract(&img, archive, 2, "copy", NULL), 0, "%s", warnings);
	st = look("out/copy/d/f");
	cr_assert_eq(st.st_mode, S_IFREG | 04755);
	cr_assert_eq(st.st_mtim.tv_sec, 1000000000);
	cr_assert_eq(st.st_mtim.tv_nsec, 123456789);
	cr_assert_eq(st.st_nlink, 2);
	cr_assert_eq(look("out/copy/d").st_mtime, 1234567890, "after its entries were made");
	cr_assert_eq(look("out/copy/d/l").st_mtime, 1111111111, "of the link itself");
	cr_assert_eq(look("out/copy").st_mode, S_IFDIR | 0755);
	if (geteuid() == 0)
		cr_assert_eq(look("out/copy/d").st_uid, 0);
	img_free(&img);
}

E2_TEST(host_extract, one_object, .init = setup, .fini = teardown)
{
	struct e2_extract_options one = { 0 };
	struct img img;

	make(&img);
	cr_assert_eq(extract(&img, one, 13, "f", NULL), 0);
	expect_text("out/f", "hello");
	cr_assert_eq(extract(&img, one, 13, "f", NULL), E2_ERR_EXIST);
	cr_assert_eq(extract(&img, one, 12, "d", NULL), E2_ERR_ISDIR);
	cr_assert_eq(extract(&img, one, 13, NULL, NULL), E2_ERR_NOTDIR);
	cr_assert_eq(extract(&img, one, 999, "x", NULL), E2_ERR_RANGE);
	static const char *const names[] = { "", ".", "..", "a/b", "/etc/passwd" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_eq(extract(&img, plain, 13, names[i], NULL), E2_ERR_INVAL, "%s",
			     names[i]);
	img_free(&img);
}

E2_TEST(host_extract, names_that_lead_out, .init = setup, .fini = teardown)
{
	struct e2_copied stats;
	struct e2_inode in;
	struct img img;
	uint8_t block[1024];
	static const char *const absent[] = { "escape", "/tmp/escape", "out/escape", "out/d/a",
					      "out/d/n", "out/d/self" };
	static const struct img_name bad[] = {
		{ 12, ".", 0 }, { 2, "..", 0 }, { 20, "../escape", 0 }, { 20, "/tmp/escape", 0 },
		{ 20, "a/b", 0 }, { 20, "n\0ul", 4 }, { 20, "..", 0 }, { 20, "good", 0 },
		{ 12, "self", 0 }, { 2, "top", 0 }, { 999, "none", 0 },
	};

	make(&img);
	in = text_file(&img, "bad");
	img_inode(&img, 20, &in);
	img_dir_block(block, sizeof(block), bad, sizeof(bad) / sizeof(bad[0]));
	in = img_inode_get(&img, 12);
	img_write(&img, in.block[0], 0, block, sizeof(block));
	cr_assert_eq(extract(&img, archive, 2, NULL, &stats), E2_ERR_CORRUPT);
	cr_assert_eq(stats.left_out, 7, "%ju: %s", (uintmax_t)stats.left_out, warnings);
	expect_text("out/d/good", "bad");
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		cr_assert_not(is_there(absent[i]), "%s", absent[i]);
	cr_assert_not_null(strstr(warnings, "/d/a/b: the name contains a slash"));
	cr_assert_not_null(strstr(warnings, "/d/n\\x00ul: the name contains a NUL"));
	cr_assert_not_null(strstr(warnings, "/d/self: a second name of directory 12"));
	img_free(&img);
}

/* Links that stand in the way are neither followed nor, without overwrite, replaced. */
E2_TEST(host_extract, links_in_the_way, .init = setup, .fini = teardown)
{
	struct e2_copied stats;
	struct img img;

	make(&img);
	cr_assert(mkdir("out", 0755) == 0 && mkdir("victim", 0755) == 0);
	cr_assert_eq(symlink("../victim/file", "out/g"), 0);
	cr_assert_eq(symlink("../victim", "out/d"), 0);
	cr_assert_eq(symlink("../victim/special", "out/s"), 0);
	cr_assert_eq(extract(&img, plain, 2, NULL, &stats), E2_ERR_EXIST);
	cr_assert_eq(stats.left_out, 3, "%s", warnings);
	cr_assert_eq(rmdir("victim"), 0, "nothing was made in it");
	cr_assert_eq(mkdir("victim", 0755), 0);
	cr_assert_eq(extract(&img, replace, 2, NULL, &stats), 0, "%s", warnings);
	cr_assert_eq(rmdir("victim"), 0, "nothing was made in it");
	cr_assert_eq(type_of("out/d"), S_IFDIR);
	cr_assert_eq(type_of("out/g"), S_IFREG);
	expect_text("out/d/f", "hello");
	/* What is there is replaced, a directory by a directory's entries only. */
	cr_assert_eq(extract(&img, replace, 2, NULL, &stats), 0, "%s", warnings);
	cr_assert_eq(look("out/g").st_nlink, 2);
	cr_assert(unlink("out/g") == 0 && mkdir("out/g", 0755) == 0);
	cr_assert_eq(extract(&img, replace, 2, NULL, &stats), E2_ERR_ISDIR);
	cr_assert_eq(type_of("out/g"), S_IFDIR);
	img_free(&img);
}

/* The image makes the link itself, then a directory or file of the same name. */
E2_TEST(host_extract, link_then_directory, .init = setup, .fini = teardown)
{
	struct e2_inode in = img_symlink("../victim"), file;
	struct img img;

	img_new(&img, &(struct img_options){ 0 });
	img_add(&img, 2, "x", 12, &in);
	img_mkdir(&img, 13, 2, "x");
	file = text_file(&img, "bad");
	img_add(&img, 13, "f", 14, &file);
	img_link(&img, 2, "x", 14, E2_FT_REG);
	cr_assert_eq(mkdir("victim", 0755), 0);
	cr_assert_eq(extract(&img, archive, 2, NULL, NULL), E2_ERR_EXIST);
	cr_assert_eq(type_of("out/x"), S_IFLNK);
	(void)extract(&img, replace, 2, NULL, NULL);
	cr_assert_eq(rmdir("victim"), 0, "nothing was made in it");
	img_free(&img);
}

E2_TEST(host_extract, damaged_file, .init = setup, .fini = teardown)
{
	struct e2_copied stats;
	struct e2_inode in, bad;
	struct img img;
	char text[4] = "";

	img_new(&img, &(struct img_options){ .blocks = 1000 });
	in = img_reg(400 * 1024);
	img_map(&img, &in, 0, img_put(&img, "0", 1));
	img_map(&img, &in, 2, img_put(&img, "2", 1));
	img_map(&img, &in, 20, img_put(&img, "20", 2));
	img_map(&img, &in, 300, img_put(&img, "300", 3));
	img_add(&img, 2, "f", 12, &in);
	for (int large = 0; large < 2; large++) {
		bad = in;
		bad.block[1] = 99999;
		if (!large)
			bad.size = 100 * 1024;
		img_inode(&img, 12, &bad);
		cr_assert_eq(extract(&img, replace, 2, NULL, &stats), E2_ERR_CORRUPT);
		cr_assert(stats.files == 1 && stats.left_out == 1);
		cr_assert_str_eq(warnings, "/f: some of its data cannot be read\n");
		cr_assert_eq(look("out/f").st_size, (off_t)bad.size);
		int fd = open("out/f", O_RDONLY);
		for (size_t i = 0; i < (large ? 4u : 3u); i++) {
			static const int blocks[] = { 0, 2, 20, 300 };
			char want[4] = "";

			snprintf(want, sizeof(want), "%d", blocks[i]);
			cr_assert_eq(pread(fd, text, 3, (off_t)blocks[i] * 1024), 3);
			cr_assert_str_eq(text, want);
		}
		close(fd);
	}
	/* Pointer blocks in a circle: each is read once. */
	e2_put32((uint8_t *)text, in.block[13]);
	for (uint32_t i = 0; i < 256; i++)
		img_write(&img, in.block[13], i * 4, text, 4);
	bad = in;
	bad.block[14] = bad.block[13];
	bad.size = (uint64_t)1 << 34;
	img_inode(&img, 12, &bad);
	cr_assert_eq(extract(&img, replace, 2, NULL, &stats), E2_ERR_CORRUPT);
	cr_assert_leq(stats.bytes, 1000 * 1024);
	cr_assert_eq(look("out/f").st_size, (off_t)1 << 34);
	img_free(&img);
}

E2_TEST(host_extract, no_more_than_the_image_holds, .init = setup, .fini = teardown)
{
	struct e2_extract_options limited = { .recursive = true, .max_bytes = 2029 };
	struct e2_copied stats;
	struct e2_inode in = img_reg(12 * 1024);
	struct img img;
	char name[20];

	img_new(&img, &(struct img_options){ .blocks = 200, .inodes_per_group = 64 });
	e2_blk shared = img_put(&img, "x", 1);
	for (int i = 0; i < E2_DIRECT; i++)
		in.block[i] = (uint32_t)shared;
	for (e2_ino i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		img_add(&img, 2, name, 12 + i, &in);
	}
	cr_assert_eq(extract(&img, plain, 2, NULL, &stats), E2_ERR_FBIG);
	cr_assert_leq(stats.bytes, 200 * 1024);
	cr_assert_geq(stats.files, 15);
	img_free(&img);
	make(&img);
	cr_assert_eq(extract(&img, limited, 2, "limited", &stats), E2_ERR_FBIG);
	cr_assert_eq(stats.bytes, 5 + 1024, "what fits, and not a byte more");
	img_free(&img);
}

E2_TEST(host_extract, special_files, .init = setup, .fini = teardown)
{
	static const uint32_t types[] = { E2_S_IFIFO, E2_S_IFSOCK, E2_S_IFCHR, E2_S_IFBLK, 0 };
	struct e2_copied stats;
	struct img img;
	char name[2] = "a";

	img_new(&img, &(struct img_options){ .inodes_per_group = 32 });
	for (e2_ino i = 0; i < 5; i++, name[0]++) {
		struct e2_inode in = img_reg(0);

		in.mode = types[i] | 0620;
		in.block[0] = 0x0103;
		img_add(&img, 2, name, 12 + i, &in);
	}
	cr_assert_eq(extract(&img, plain, 2, NULL, &stats), E2_ERR_CORRUPT,
		     "of that without a type");
	cr_assert(stats.others == 0 && stats.left_out == 5);
	cr_assert_eq(extract(&img, plain, 12, "fifo", &stats), E2_ERR_PERM, "asked for by name");
	(void)extract(&img, archive, 2, NULL, &stats);
	cr_assert_eq(type_of("out/a"), S_IFIFO);
	cr_assert_eq(type_of("out/b"), S_IFSOCK);
	cr_assert_eq(look("out/a").st_mode & 07777, 0620);
	if (is_there("out/c"))		/* some containers refuse root, too */
		cr_assert_eq(look("out/c").st_rdev, 0x0103);
	img_free(&img);
}

/* Deeper than the process may have files open, with hard links from bottom to top. */
E2_TEST(host_extract, depth, .init = setup, .fini = teardown)
{
	enum { DEPTH = 700, FIRST = 20 };
	struct rlimit limit = { 230, 230 };
	struct e2_copied stats;
	struct e2_inode in;
	struct img img;

	img_new(&img, &(struct img_options){ .blocks = 3000, .inodes_per_group = 1024,
					     .inode_size = 128 });
	for (e2_ino i = 0; i < DEPTH; i++)
		img_mkdir(&img, FIRST + i, i ? FIRST + i - 1 : 2, "d");
	in = text_file(&img, "leaf");
	in.links_count = 3;
	img_add(&img, FIRST + DEPTH - 1, "leaf", 12, &in);
	img_link(&img, FIRST + 300, "leaf", 12, E2_FT_REG);
	img_link(&img, 2, "leaf", 12, E2_FT_REG);
	for (e2_ino i = 0; i < DEPTH; i += 7)
		img_link(&img, FIRST + i, "late", 12, E2_FT_REG);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_eq(extract(&img, archive, 2, NULL, &stats), 0, "%s", warnings);
	cr_assert(stats.dirs == DEPTH + 1 && stats.files == 1 && stats.links == 102);
	cr_assert_eq(look("out/leaf").st_nlink, 103);
	img_free(&img);
}

/* As an ordinary user: a closed directory is filled, linked from, and closed at the end. */
E2_TEST(host_extract, closed_directories, .init = setup, .fini = teardown)
{
	struct e2_copied stats;
	struct e2_inode in;
	struct img img;

	make(&img);
	in = img_inode_get(&img, 12);
	in.mode = E2_S_IFDIR;
	img_inode(&img, 12, &in);
	in = img_inode_get(&img, 13);
	in.uid = in.gid = 12345;
	img_inode(&img, 13, &in);
	if (geteuid() == 0)
		cr_assert(setegid(65534) == 0 && seteuid(65534) == 0);
	cr_assert_eq(extract(&img, archive, 2, NULL, &stats), 0, "%s", warnings);
	cr_assert_eq(look("out/d").st_mode, S_IFDIR);
	cr_assert_eq(look("out/g").st_nlink, 2);
	cr_assert_eq(look("out/g").st_mode, S_IFREG | 0755, "not set-user-id for us");
	cr_assert_eq(chmod("out/d", 0700), 0);
	cr_assert_eq(extract(&img, plain, 2, "p", &stats), 0, "%s", warnings);
	cr_assert_eq(look("out/p/d").st_mode, S_IFDIR);
	cr_assert_eq(chmod("out/p/d", 0700), 0);
	expect_text("out/p/d/f", "hello");
	img_free(&img);
	if (getuid() == 0)
		cr_assert(seteuid(0) == 0 && setegid(0) == 0);
	cr_assert_eq(prctl(PR_SET_DUMPABLE, 1), 0, "or a leak could not be looked for");
}

/* A hard link is made only to what this extraction made. */
E2_TEST(host_extract, first_name_replaced, .init = setup, .fini = teardown)
{
	struct e2_extract_options o = { .warn = warn };
	struct e2_extractor *x;
	struct img img;

	make(&img);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_extract_begin(fs, "out", &o, &x), 0);
	cr_assert_eq(e2_extract(x, 13, "a"), 0);
	cr_assert_eq(e2_extract(x, 13, "b"), 0);
	cr_assert_eq(look("out/a").st_nlink, 2);
	cr_assert_eq(symlink("../../etc/hostname", "out/c"), 0);
	cr_assert_eq(rename("out/c", "out/a"), 0);
	cr_assert_eq(e2_extract(x, 13, "d"), E2_ERR_CHANGED);
	cr_assert_str_eq(warnings, "d: its first name was replaced meanwhile\n");
	cr_assert_eq(look("out/d").st_nlink, 1);
	expect_text("out/d", "hello");
	cr_assert_eq(look("out/a").st_nlink, 1);
	cr_assert_eq(e2_extract_end(x, NULL), 0);
	e2_close(fs);
	img_free(&img);
}

/* Bits that let a program act for its owner go only to who is its owner. */
E2_TEST(host_extract, owner_that_no_host_has, .init = setup, .fini = teardown)
{
	struct e2_inode in;
	struct img img;

	make(&img);
	in = img_inode_get(&img, 13);
	in.uid = UINT32_MAX;
	img_inode(&img, 13, &in);
	int r = extract(&img, archive, 13, "f", NULL);
	cr_assert_eq(look("out/f").st_mode & 07777, 0755);
	if (geteuid() == 0) {
		cr_assert_eq(r, E2_ERR_INVAL);
		cr_assert_not_null(strstr(e2_err_detail(), "no host has the owner 4294967295:0"));
	}
	img_free(&img);
}

E2_TEST(host_extract, attributes, .init = setup, .fini = teardown)
{
	uint8_t area[96] = { 0 };
	char value[20] = "";
	struct img img;

	make(&img);
	e2_put32(area, (uint32_t)E2_XATTR_MAGIC);
	e2_xattr_entry_encode(&(struct e2_xattr_entry){ .name_len = 4, .name_index = 1,
				.value_offs = 80, .value_size = 5 }, area + 4);
	memcpy(area + 20, "name", 4);
	memcpy(area + 84, "value", 5);
	img_write(&img, img_group(&img, 0).inode_table + 12 / 4, 160, area, sizeof(area));
	int r = extract(&img, archive, 2, NULL, NULL);
	if (getxattr("out/d/f", "user.name", value, sizeof(value)) == 5)
		cr_assert_str_eq(value, "value");
	else	/* this host's file system has no such attributes: that is said */
		cr_assert(r != 0 && strstr(warnings, "/d/f: attribute user.name: "));
	img_free(&img);
}

E2_TEST(host_extract, destination, .init = setup, .fini = teardown)
{
	struct e2_extractor *x;
	struct img img;

	make(&img);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_extract_begin(fs, "no/such/place", &plain, &x), E2_ERR_NOENT);
	int fd = open("file", O_CREAT | O_WRONLY, 0644);
	close(fd);
	cr_assert_eq(e2_extract_begin(fs, "file", &plain, &x), E2_ERR_NOTDIR);
	cr_assert_eq(e2_extract_begin(fs, "made", &plain, &x), 0);
	cr_assert_eq(e2_extract_end(x, NULL), 0);
	cr_assert_eq(type_of("made"), S_IFDIR);
	cr_assert_eq(e2_extract_end(NULL, NULL), 0);
	e2_close(fs);
	img_free(&img);
}
