/* SPDX-License-Identifier: MIT */
/*
 * Performs operations on the names of a volume, a line each, and prints the errno of each, 0
 * for success; for tests/oracle/names.sh, which lets the kernel do the same.
 *
 *	changetool IMAGE BASE <lines
 *
 * Fields are separated by tabs; directories are paths, names any bytes without tab and newline.
 * The clock of line n (from 0) stands at BASE + n seconds.
 */
#include "e2.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tool {
	struct e2_fs *fs;
	struct e2_txn *txn;
};

static int find(struct tool *t, const char *path, bool follow, e2_ino *ino)
{
	struct e2_resolve how = { .flags = follow ? 0 : E2_NOFOLLOW };

	return e2_resolve(t->fs, &how, path, ino);
}

/* A directory in which a name is to be changed. */
static int find_dir(struct tool *t, const char *path, e2_ino *ino)
{
	struct e2_str with_slash = E2_STR_INIT;
	int r;

	e2_str_addf(&with_slash, "%s/", path);
	r = find(t, e2_str_text(&with_slash), true, ino);
	e2_str_free(&with_slash);
	return r;
}

static int make(struct tool *t, char **f)
{
	struct e2_new what = { .mode = (uint32_t)strtoul(f[3], NULL, 8), .target = f[4],
			       .target_len = strlen(f[4]), .major = 1, .minor = 3 };
	e2_ino dir, ino;
	int r = find_dir(t, f[1], &dir);

	return r ? r : e2_create(t->txn, dir, f[2], strlen(f[2]), &what, &ino);
}

static int link_to(struct tool *t, char **f)
{
	e2_ino dir, ino;
	int r = find(t, f[3], false, &ino);

	if (r == 0)
		r = find_dir(t, f[1], &dir);
	return r ? r : e2_link(t->txn, dir, f[2], strlen(f[2]), ino);
}

static int removal(struct tool *t, char **f)
{
	uint64_t removed;
	e2_ino dir;
	int r = find_dir(t, f[1], &dir);

	if (r)
		return r;
	if (strcmp(f[0], "unlink") == 0)
		return e2_unlink(t->txn, dir, f[2], strlen(f[2]));
	if (strcmp(f[0], "rmdir") == 0)
		return e2_rmdir(t->txn, dir, f[2], strlen(f[2]));
	return e2_remove_tree(t->txn, dir, f[2], strlen(f[2]), &removed);
}

static int move(struct tool *t, char **f)
{
	unsigned flags = (unsigned)strtoul(f[5], NULL, 10);
	e2_ino from, to;
	int r;

	if (flags == 3)		/* impossible wherever it is */
		return e2_rename(t->txn, E2_INO_ROOT, "a", 1, E2_INO_ROOT, "b", 1, flags);
	r = find_dir(t, f[1], &from);
	if (r == 0)
		r = find_dir(t, f[3], &to);
	return r ? r : e2_rename(t->txn, from, f[2], strlen(f[2]), to, f[4], strlen(f[4]), flags);
}

static int attributes(struct tool *t, char **f)
{
	struct e2_attr a = { .mask = E2_SET_FLAGS, .flags = (uint32_t)strtoul(f[2], NULL, 0),
			     .mode = (uint32_t)strtoul(f[2], NULL, 8) };
	struct e2_inode in;
	e2_ino ino;
	int r = find(t, f[1], strcmp(f[0], "chown") != 0, &ino);

	if (r == 0)
		r = e2_inode_get(t->fs, ino, &in);
	if (r == 0 && strcmp(f[0], "flags") == 0 && !e2_is_dir(&in) && !e2_is_reg(&in))
		return e2_fail(E2_ERR_UNSUPPORTED, "the kernel has no way to name its flags");
	if (strcmp(f[0], "chmod") == 0)
		a.mask = E2_SET_MODE;
	else if (strcmp(f[0], "chown") == 0)
		a = (struct e2_attr){ .mask = E2_SET_UID | E2_SET_GID,
				      .uid = (uint32_t)strtoul(f[2], NULL, 10),
				      .gid = (uint32_t)strtoul(f[3], NULL, 10) };
	else if (strcmp(f[0], "touch") == 0)
		a = (struct e2_attr){ .mask = E2_SET_ATIME | E2_SET_MTIME | E2_SET_NOW };
	return r ? r : e2_setattr(t->txn, ino, &a);
}

/* Sets a default ACL, given in hexadecimal as setxattr(2) takes it. */
static int set_acl(struct tool *t, char **f)
{
	uint8_t value[256];
	size_t len = strlen(f[2]) / 2;
	unsigned byte;
	e2_ino ino;
	int r = find(t, f[1], true, &ino);

	for (size_t i = 0; i < len && i < sizeof(value); i++) {
		sscanf(f[2] + 2 * i, "%2x", &byte);
		value[i] = (uint8_t)byte;
	}
	return r ? r : e2_xattr_set(t->txn, ino, "system.posix_acl_default", value, len, 0);
}

static int perform(struct tool *t, char **f)
{
	if (strcmp(f[0], "acl") == 0)
		return set_acl(t, f);
	if (strcmp(f[0], "make") == 0)
		return make(t, f);
	if (strcmp(f[0], "link") == 0)
		return link_to(t, f);
	if (strcmp(f[0], "rename") == 0)
		return move(t, f);
	if (strcmp(f[0], "unlink") == 0 || strcmp(f[0], "rmdir") == 0 ||
	    strcmp(f[0], "tree") == 0)
		return removal(t, f);
	return attributes(t, f);
}

static int die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, e2_err_detail());
	return 2;
}

int main(int argc, char **argv)
{
	struct e2_open_options o = { .flags = E2_OPEN_WRITE };
	long long base = argc == 3 ? atoll(argv[2]) : 0;
	struct tool t;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (argc != 3)
		return 2;
	if (e2_open_image(NULL, argv[1], &o, &t.fs) || e2_txn_begin(t.fs, false, &t.txn))
		return die(argv[1]);
	for (long long n = 0; (len = getline(&line, &size, stdin)) > 0; n++) {
		struct e2_time now = { .sec = base + n };
		char *fields[8], *rest = line;
		int count = 0, r;

		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		for (count = 0; count < 8; count++)
			fields[count] = rest ? strsep(&rest, "\t") : line + strlen(line);
		e2_fs_set_clock(t.fs, &now);
		e2_err_clear();
		r = perform(&t, fields);
		printf("%d\t%s\n", e2_err_errno(r), r ? e2_err_detail() : "");
	}
	free(line);
	if (e2_txn_commit(t.txn))
		return die("commit");
	return e2_close(t.fs) ? die("close") : 0;
}
