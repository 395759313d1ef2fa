/* SPDX-License-Identifier: MIT */
/*
 * Compares what the library says of an image with what the kernel says of its mount.
 *
 *	treecheck paths IMAGE MOUNT < PATHS   e2_resolve against stat and lstat under chroot
 *	treecheck names IMAGE MOUNT DIR       every name of a directory, through the index
 *	treecheck hashes IMAGE                hashes of attribute blocks against the stored ones
 *
 * A line of PATHS is a directory to start in, a tab, and a path.  Prints each
 * difference and one line of counts; exits 1 when there are differences.
 */
#include "e2.h"
#include "tree/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long good, bad;

static void need(int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "treecheck: %s: %s\n", what, e2_err_detail());
	exit(2);
}

static void compare_path(struct e2_fs *fs, e2_ino cwd, const char *path, unsigned flags)
{
	struct e2_resolve how = { .cwd = cwd, .flags = flags };
	struct stat st;
	e2_ino ino = 0;
	int kernel, tries = 50;

	/* A lookup that a mount elsewhere disturbs begins anew, and counts its links twice. */
	do {
		kernel = flags & E2_NOFOLLOW ? lstat(path, &st) : stat(path, &st);
	} while (kernel != 0 && errno == ELOOP && --tries > 0);
	int kernel_errno = kernel == 0 ? 0 : errno;
	int r = e2_resolve(fs, &how, path, &ino);

	if (e2_err_errno(r) == kernel_errno && (r != 0 || ino == st.st_ino)) {
		good++;
		return;
	}
	bad++;
	printf("%s from <%u>, flags %u: ours <%u> %s, the kernel's <%lu> %s\n", path, cwd, flags,
	       ino, r ? e2_err_detail() : "", kernel == 0 ? (unsigned long)st.st_ino : 0,
	       strerror(kernel_errno));
}

static void check_paths(struct e2_fs *fs, const char *mount)
{
	static char line[16384];
	struct stat st;

	if (chroot(mount) < 0 || chdir("/") < 0) {
		perror("treecheck: chroot");
		exit(2);
	}
	while (fgets(line, sizeof(line), stdin)) {
		char *path = strchr(line, '\t');

		line[strcspn(line, "\n")] = '\0';
		if (!path)
			continue;
		*path++ = '\0';
		if (chdir(line) < 0 || stat(".", &st) < 0) {
			perror("treecheck: chdir");
			exit(2);
		}
		compare_path(fs, (e2_ino)st.st_ino, path, 0);
		compare_path(fs, (e2_ino)st.st_ino, path, E2_NOFOLLOW);
	}
}

static void check_names(struct e2_fs *fs, const char *mount, const char *path)
{
	char host[4096], other[300];
	struct e2_inode in;
	struct dirent *d;
	e2_ino dir, ino;
	DIR *stream;

	need(e2_resolve(fs, NULL, path, &dir), path);
	need(e2_inode_get(fs, dir, &in), path);
	snprintf(host, sizeof(host), "%s/%s", mount, path);
	stream = opendir(host);
	if (!stream) {
		perror(host);
		exit(2);
	}
	while ((d = readdir(stream)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		snprintf(other, sizeof(other), "%s~", d->d_name);
		if (e2_htree_lookup(fs, &in, d->d_name, strlen(d->d_name), &ino) == 1 &&
		    ino == d->d_ino &&
		    e2_htree_lookup(fs, &in, other, strlen(other), &ino) == 0) {
			good++;
			continue;
		}
		bad++;
		printf("%s/%s: not as the kernel has it\n", path, d->d_name);
	}
	closedir(stream);
}

/* Hashes of one block of attributes. */
static void check_block(e2_ino ino, const uint8_t *data)
{
	uint32_t hashes[256], at = E2_XATTR_HEADER_BYTES, expected;
	struct e2_xattr_header header;
	struct e2_xattr_entry e;
	size_t count = 0;

	e2_xattr_header_decode(&header, data);
	while (data[at] || data[at + 1] || data[at + 2] || data[at + 3]) {
		e2_xattr_entry_decode(&e, data + at);
		expected = e2_xattr_entry_hash(data + at + E2_XATTR_ENTRY_BYTES, e.name_len,
					       data + e.value_offs, e.value_size);
		if (expected == e.hash) {
			good++;
		} else {
			bad++;
			printf("inode %u: entry hash %08x, ours %08x\n", ino, e.hash, expected);
		}
		hashes[count++] = e.hash;
		at += E2_XATTR_ENTRY_BYTES + ((e.name_len + 3u) & ~3u);
	}
	expected = e2_xattr_block_hash(hashes, count);
	if (expected == header.hash) {
		good++;
	} else {
		bad++;
		printf("inode %u: block hash %08x, ours %08x\n", ino, header.hash, expected);
	}
}

static void check_hashes(struct e2_fs *fs)
{
	const struct e2_buf *buf;
	struct e2_scan *scan;
	struct e2_inode in;
	e2_ino ino;

	need(e2_scan_begin(fs, E2_SCAN_USED_ONLY, &scan), "scan");
	while (e2_scan_next(scan, &ino, &in, NULL) > 0) {
		if (in.file_acl == 0)
			continue;
		need(e2_buf_get(fs, in.file_acl, &buf), "attribute block");
		check_block(ino, buf->data);
		e2_buf_put(fs, buf);
	}
	e2_scan_end(scan);
}

int main(int argc, char **argv)
{
	struct e2_io *io;
	struct e2_fs *fs;

	if (argc < 3)
		return 2;
	need(e2_io_open_file(argv[2], 0, &io), argv[2]);
	need(e2_open(io, NULL, &fs), argv[2]);
	if (strcmp(argv[1], "paths") == 0 && argc == 4)
		check_paths(fs, argv[3]);
	else if (strcmp(argv[1], "names") == 0 && argc == 5)
		check_names(fs, argv[3], argv[4]);
	else if (strcmp(argv[1], "hashes") == 0)
		check_hashes(fs);
	e2_close(fs);
	printf("%lu compared, %lu differ\n", good + bad, bad);
	return bad || !good;
}
