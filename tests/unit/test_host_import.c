/* SPDX-License-Identifier: MIT */
/* Files and trees of the host into an open volume. */
#include "alloc.h"
#include "e2test.h"
#include "scratch.h"
#include "writing.h"

#include "host/import.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static void must(int err)
{
	cr_assert_eq(err, 0, "%d: %s", err, e2_err_detail());
}

struct place {
	struct scratch host;
	struct e2_fs *fs;
	struct e2_txn *txn;
	struct e2_import_counts counts;
};

static void place_begin(struct place *p, uint32_t blocks)
{
	struct img img;

	scratch_begin(&p->host);
	img_new(&img, &(struct img_options){ .blocks = blocks, .inodes_per_group = 64 });
	p->fs = writing_open(&img);
	img_free(&img);
	e2_fs_set_clock(p->fs, &(struct e2_time){ 1700000000, 0 });
	must(e2_txn_begin(p->fs, false, &p->txn));
}

/* The volume must be sound. */
static void place_end(struct place *p)
{
	must(e2_txn_commit(p->txn));
	writing_sound(p->fs);
	must(e2_close(p->fs));
	scratch_end(&p->host);
}

static int put(struct place *p, const char *path, const char *name, unsigned flags,
	       enum e2_import_exists exists)
{
	const struct e2_import how = { .flags = flags, .exists = exists };

	return e2_import(p->txn, path, E2_INO_ROOT, name, strlen(name), &how, &p->counts);
}

static e2_ino find(struct place *p, const char *path, struct e2_inode *in)
{
	struct e2_resolve how = { .flags = E2_NOFOLLOW };
	e2_ino ino;

	must(e2_resolve(p->fs, &how, path, &ino));
	must(e2_inode_get(p->fs, ino, in));
	return ino;
}

static void holds(struct place *p, const char *path, const void *data, size_t len)
{
	uint8_t *have = malloc(len + 1);
	struct e2_inode in;
	size_t got;

	find(p, path, &in);
	cr_assert_eq(e2_inode_size(&in), len, "%s: %ju", path, (uintmax_t)e2_inode_size(&in));
	must(e2_read(p->fs, &in, 0, len + 1, have, &got));
	cr_assert_eq(got, len);
	cr_assert_eq(memcmp(have, data, len), 0, "%s", path);
	free(have);
}

E2_TEST(host_import, one_file)
{
	struct timespec times[2] = { { 1000000000, 5 }, { 1100000000, 7 } };
	char data[5000];
	struct e2_inode in;
	struct place p;

	place_begin(&p, 1024);
	memset(data, 'x', sizeof(data));
	const char *path = scratch_file(&p.host, "f", data, sizeof(data));

	cr_assert_eq(chmod(path, 04711), 0);
	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	must(put(&p, path, "plain", 0, E2_IMPORT_REFUSE));
	holds(&p, "/plain", data, sizeof(data));
	find(&p, "/plain", &in);
	cr_assert_eq(in.mode, E2_S_IFREG | 04711);
	cr_assert_eq(in.mtime, 1700000000);
	cr_assert_eq(p.counts.files, 1);
	cr_assert_eq(p.counts.names, 1);
	cr_assert_eq(p.counts.bytes, sizeof(data));
	must(put(&p, path, "kept", E2_IMPORT_TIMES | E2_IMPORT_OWNERS, E2_IMPORT_REFUSE));
	find(&p, "/kept", &in);
	cr_assert_eq(in.mtime, 1100000000);
	cr_assert_eq(in.atime, 1000000000);
	cr_assert_eq(in.uid, getuid());
	cr_assert_eq(put(&p, path, "kept", 0, E2_IMPORT_REFUSE), E2_ERR_EXIST);
	cr_assert_eq(put(&p, scratch_path(&p.host, "none"), "g", 0, 0), E2_ERR_NOENT);
	cr_assert(strstr(e2_err_detail(), "/none: ") != NULL, "%s", e2_err_detail());
	must(put(&p, scratch_file(&p.host, "e", "", 0), "empty", 0, 0));
	holds(&p, "/empty", "", 0);
	place_end(&p);
}

E2_TEST(host_import, names_that_are_there)
{
	struct e2_inode in;
	struct place p;
	e2_ino old, ino;

	place_begin(&p, 1024);
	const char *a = scratch_file(&p.host, "a", "first", 5);
	const char *b = scratch_file(&p.host, "b", "second!", 7);
	const char *dir = scratch_path(&p.host, "d");

	cr_assert_eq(mkdir(dir, 0755), 0);
	cr_assert_eq(symlink("x", scratch_path(&p.host, "link")), 0);
	must(put(&p, a, "f", 0, E2_IMPORT_REFUSE));
	old = find(&p, "/f", &in);
	must(e2_link(p.txn, E2_INO_ROOT, "other", 5, old));
	must(put(&p, b, "f", 0, E2_IMPORT_ATOMIC));
	holds(&p, "/f", "second!", 7);
	holds(&p, "/other", "first", 5);
	must(put(&p, b, "other", 0, E2_IMPORT_INPLACE));
	holds(&p, "/other", "second!", 7);
	cr_assert_eq(find(&p, "/other", &in), old);
	must(put(&p, a, "other", 0, E2_IMPORT_APPEND));
	holds(&p, "/other", "second!first", 12);
	must(put(&p, a, "new", 0, E2_IMPORT_APPEND));
	holds(&p, "/new", "first", 5);

	must(put(&p, dir, "d", E2_IMPORT_TREE, E2_IMPORT_REFUSE));
	cr_assert_eq(put(&p, a, "d", 0, E2_IMPORT_ATOMIC), E2_ERR_ISDIR);
	cr_assert_eq(put(&p, dir, "f", E2_IMPORT_TREE, E2_IMPORT_ATOMIC), E2_ERR_NOTDIR);
	cr_assert_eq(put(&p, dir, "x", 0, E2_IMPORT_REFUSE), E2_ERR_ISDIR);
	must(put(&p, scratch_path(&p.host, "link"), "link", 0, E2_IMPORT_REFUSE));
	cr_assert_eq(put(&p, a, "link", 0, E2_IMPORT_INPLACE), E2_ERR_INVAL);
	cr_assert_eq(put(&p, scratch_path(&p.host, "link"), "f", 0, E2_IMPORT_APPEND),
		     E2_ERR_INVAL);
	must(put(&p, scratch_path(&p.host, "link"), "f", 0, E2_IMPORT_INPLACE));
	find(&p, "/f", &in);
	cr_assert(e2_is_symlink(&in));

	ino = find(&p, "/new", &in);
	in.flags |= E2_FL_APPEND;
	must(e2_inode_put(p.txn, ino, &in));
	cr_assert_eq(put(&p, a, "new", 0, E2_IMPORT_INPLACE), E2_ERR_PERM);
	cr_assert_eq(put(&p, a, "new", 0, E2_IMPORT_ATOMIC), E2_ERR_PERM);
	must(put(&p, a, "new", 0, E2_IMPORT_APPEND));
	place_end(&p);
}

E2_TEST(host_import, holes_stay_holes)
{
	struct e2_inode in;
	struct place p;

	place_begin(&p, 1024);
	const char *path = scratch_file(&p.host, "sparse", "begin", 5);
	int fd = open(path, O_WRONLY);
	char zeros[5] = { 0 };

	cr_assert_eq(pwrite(fd, "end", 3, 40 << 20), 3);
	cr_assert_eq(ftruncate(fd, 50 << 20), 0);
	close(fd);
	must(put(&p, path, "f", 0, E2_IMPORT_REFUSE));
	find(&p, "/f", &in);
	cr_assert_eq(e2_inode_size(&in), 50 << 20);
	cr_assert_lt(in.blocks, 40, "%u sectors", in.blocks);
	size_t got;
	char have[5];

	must(e2_read(p.fs, &in, 40 << 20, 5, have, &got));
	cr_assert_eq(memcmp(have, "end\0", 5), 0);
	must(e2_read(p.fs, &in, 20 << 20, 5, have, &got));
	cr_assert_eq(memcmp(have, zeros, 5), 0);
	/* A file that is one hole, and holes added to a file. */
	cr_assert_eq(truncate(path, 0), 0);
	cr_assert_eq(truncate(path, 10 << 20), 0);
	must(put(&p, path, "hole", 0, E2_IMPORT_REFUSE));
	find(&p, "/hole", &in);
	cr_assert_eq(in.blocks, 0);
	must(put(&p, path, "hole", 0, E2_IMPORT_APPEND));
	find(&p, "/hole", &in);
	cr_assert_eq(e2_inode_size(&in), 20 << 20);
	place_end(&p);
}

E2_TEST(host_import, kinds)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	uint32_t major_number, minor_number;
	struct e2_str text = E2_STR_INIT;
	struct e2_inode in;
	struct place p;

	place_begin(&p, 1024);
	cr_assert_eq(mkfifo(scratch_path(&p.host, "fifo"), 0600), 0);
	cr_assert_eq(symlink("to where", scratch_path(&p.host, "link")), 0);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", scratch_path(&p.host, "socket"));
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	must(put(&p, scratch_path(&p.host, "fifo"), "fifo", E2_IMPORT_XATTRS, 0));
	must(put(&p, scratch_path(&p.host, "link"), "link", 0, 0));
	must(put(&p, scratch_path(&p.host, "socket"), "socket", 0, 0));
	must(put(&p, "/dev/null", "null", 0, 0));
	find(&p, "/fifo", &in);
	cr_assert_eq(in.mode, E2_S_IFIFO | 0600);
	find(&p, "/socket", &in);
	cr_assert_eq(in.mode & E2_S_IFMT, E2_S_IFSOCK);
	find(&p, "/link", &in);
	must(e2_symlink_read(p.fs, &in, &text));
	cr_assert_str_eq(e2_str_text(&text), "to where");
	find(&p, "/null", &in);
	e2_inode_device(&in, &major_number, &minor_number);
	cr_assert_eq(major_number, 1);
	cr_assert_eq(minor_number, 3);
	/* A file of /proc does not tell its size. */
	must(put(&p, "/proc/version", "version", 0, 0));
	find(&p, "/version", &in);
	cr_assert_gt(e2_inode_size(&in), 10);
	e2_str_free(&text);
	place_end(&p);
}

static bool count_names(void *context, e2_ino ino)
{
	cr_assert_neq(ino, 0);
	return ++*(unsigned *)context == 100;
}

static void make_tree(struct place *p)
{
	struct timespec times[2] = { { 1000000000, 0 }, { 1100000000, 0 } };

	mkdir(scratch_path(&p->host, "t"), 0750);
	mkdir(scratch_path(&p->host, "t/d"), 0755);
	scratch_file(&p->host, "t/d/f", "file", 4);
	scratch_file(&p->host, "t/e", "", 0);
	cr_assert_eq(link(scratch_path(&p->host, "t/d/f"), scratch_path(&p->host, "t/z")), 0);
	cr_assert_eq(symlink("d/f", scratch_path(&p->host, "t/link")), 0);
	(void)setxattr(scratch_path(&p->host, "t/d/f"), "user.a", "v", 1, 0);
	cr_assert_eq(utimensat(AT_FDCWD, scratch_path(&p->host, "t/d"), times, 0), 0);
}

E2_TEST(host_import, a_tree_ends_when_asked)
{
	unsigned names = 97;		/* the third is the last */
	const struct e2_import how = {
		.flags = E2_IMPORT_TREE, .made = count_names, .context = &names,
	};
	struct place p;

	place_begin(&p, 1024);
	make_tree(&p);
	cr_assert_eq(e2_import(p.txn, scratch_path(&p.host, "t"), E2_INO_ROOT, "t", 1, &how,
			       &p.counts), E2_ERR_CANCELLED);
	cr_assert_eq(names, 100);
	place_end(&p);
}

E2_TEST(host_import, trees)
{
	struct e2_inode in, other;
	unsigned names = 0;
	struct place p;

	place_begin(&p, 1024);
	make_tree(&p);

	const char *path = scratch_path(&p.host, "t");
	struct e2_import how = {
		.flags = E2_IMPORT_TREE | E2_IMPORT_OWNERS | E2_IMPORT_TIMES | E2_IMPORT_XATTRS,
		.made = count_names, .context = &names,
	};

	must(e2_import(p.txn, path, E2_INO_ROOT, "t", 1, &how, &p.counts));
	cr_assert_eq(names, 6);
	cr_assert_eq(p.counts.names, 6);
	cr_assert_eq(p.counts.dirs, 2);
	cr_assert_eq(p.counts.files, 2);
	cr_assert_eq(p.counts.symlinks, 1);
	holds(&p, "/t/d/f", "file", 4);
	cr_assert_eq(find(&p, "/t/d/f", &in), find(&p, "/t/z", &other), "one file, two names");
	cr_assert_eq(in.links_count, 2);
	find(&p, "/t/d", &in);
	cr_assert_eq(in.mtime, 1100000000);
	cr_assert_eq(in.links_count, 2);
	find(&p, "/t", &in);
	cr_assert_eq(in.mode, E2_S_IFDIR | 0750);

	/* Into what is there: refused, or the names replaced and others kept. */
	must(put(&p, scratch_path(&p.host, "t/d/f"), "keep", 0, 0));
	cr_assert_eq(put(&p, path, "t", E2_IMPORT_TREE, E2_IMPORT_REFUSE), E2_ERR_EXIST);
	scratch_file(&p.host, "t/e", "grown", 5);
	must(put(&p, path, "t", E2_IMPORT_TREE, E2_IMPORT_ATOMIC));
	holds(&p, "/t/e", "grown", 5);
	cr_assert_eq(find(&p, "/t/d/f", &in), find(&p, "/t/z", &other));
	must(put(&p, path, "t", E2_IMPORT_TREE, E2_IMPORT_INPLACE));
	holds(&p, "/t/z", "file", 4);
	names = 97;
	how.exists = E2_IMPORT_ATOMIC;
	cr_assert_eq(e2_import(p.txn, path, E2_INO_ROOT, "t", 1, &how, &p.counts),
		     E2_ERR_CANCELLED);
	names = 99;
	cr_assert_eq(e2_import(p.txn, scratch_path(&p.host, "t/e"), E2_INO_ROOT, "new", 3, &how,
			       &p.counts), E2_ERR_CANCELLED);
	place_end(&p);
}

E2_TEST(host_import, missing_space_is_told_before)
{
	char data[4096] = "x";
	uint64_t before, after, inodes;
	struct place p;

	place_begin(&p, 256);
	mkdir(scratch_path(&p.host, "t"), 0755);
	const char *path = scratch_file(&p.host, "t/big", data, sizeof(data));
	int fd = open(path, O_WRONLY);

	for (int i = 0; i < 256; i++)
		cr_assert_eq(write(fd, data, sizeof(data)), sizeof(data));
	close(fd);
	must(e2_free_counts(p.fs, &before, &inodes));
	cr_assert_eq(put(&p, path, "f", 0, 0), E2_ERR_NOSPC);
	cr_assert(strstr(e2_err_detail(), "t/big: needs ") != NULL, "%s", e2_err_detail());
	cr_assert(strstr(e2_err_detail(), " blocks more than the ") != NULL);
	cr_assert_eq(put(&p, scratch_path(&p.host, "t"), "t", E2_IMPORT_TREE, 0), E2_ERR_NOSPC);
	cr_assert(strstr(e2_err_detail(), "/t: needs ") != NULL, "%s", e2_err_detail());
	must(e2_free_counts(p.fs, &after, &inodes));
	cr_assert_eq(before, after);
	/* What is replaced makes room. */
	cr_assert_eq(truncate(path, 150 << 10), 0);
	must(put(&p, path, "f", 0, E2_IMPORT_REFUSE));
	must(put(&p, path, "f", 0, E2_IMPORT_INPLACE));
	must(put(&p, path, "f", 0, E2_IMPORT_ATOMIC));
	cr_assert_eq(put(&p, path, "f", 0, E2_IMPORT_APPEND), E2_ERR_NOSPC);
	cr_assert_eq(truncate(path, 0), 0);
	for (int i = 0; i < 70; i++) {
		char name[16];

		snprintf(name, sizeof(name), "t/%d", i);
		scratch_file(&p.host, name, "", 0);
	}
	cr_assert_eq(put(&p, scratch_path(&p.host, "t"), "t", E2_IMPORT_TREE, 0), E2_ERR_NOSPC);
	cr_assert(strstr(e2_err_detail(), " inodes more than the ") != NULL, "%s", e2_err_detail());
	place_end(&p);
}

/* A file that another process writes all the time. */
E2_TEST(host_import, changes_are_noticed)
{
	char path[512];
	bool noticed = false;
	struct place p;

	place_begin(&p, 4096);
	snprintf(path, sizeof(path), "%s", scratch_file(&p.host, "f", "", 0));

	pid_t own = getpid(), child = fork();

	if (child == 0) {
		int fd = open(path, O_WRONLY);

		while (getppid() == own) {	/* not longer than a test that fails */
			(void)!ftruncate(fd, 1 << 20);
			(void)!pwrite(fd, "x", 1, 0);
			(void)!ftruncate(fd, 3 << 19);
		}
		_exit(0);
	}
	for (int i = 0; i < 100000 && !noticed; i++) {
		int err = put(&p, path, "f", 0, E2_IMPORT_ATOMIC);

		cr_assert(err == 0 || err == E2_ERR_CHANGED, "%d: %s", err, e2_err_detail());
		noticed = err == E2_ERR_CHANGED;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cr_assert(noticed);
	cr_assert(strstr(e2_err_detail(), " while it was read") != NULL, "%s", e2_err_detail());
	place_end(&p);
}

E2_TEST(host_import, exhausted_memory_changes_nothing)
{
	for (int tree = 0; tree < 2; tree++) {
		int err = E2_ERR_NOMEM;
		struct place p;

		place_begin(&p, 1024);
		make_tree(&p);
		uint8_t *before = writing_bytes(p.fs, NULL);
		const char *path = scratch_path(&p.host, tree ? "t" : "t/d/f");

		for (uint64_t n = 1; err != 0; n++) {
			cr_assert_lt(n, 3000);
			alloc_fail(n);
			err = put(&p, path, "x", tree ? E2_IMPORT_TREE | E2_IMPORT_XATTRS :
				  E2_IMPORT_XATTRS | E2_IMPORT_TIMES, E2_IMPORT_REFUSE);
			alloc_fail(0);
			cr_assert(err == 0 || err == E2_ERR_NOMEM, "%d: %s", err, e2_err_detail());
			if (err)
				writing_same(p.fs, before, false);
		}
		free(before);
		place_end(&p);
	}
}
