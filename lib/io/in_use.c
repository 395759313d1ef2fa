/* SPDX-License-Identifier: MIT */
/*
 * Whether the kernel uses a file as a volume.  A file is looked for among the
 * loop devices; a device (that loop device, or the path itself, and the partitions
 * of either) among the mounts.
 */
#include "io/io.h"

#include "io/name.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { MAX_DEVS = 256 };	/* a disk and its partitions */

struct devs {
	size_t count;
	dev_t dev[MAX_DEVS];
};

/* A small file without the newline at its end, for free(); NULL when it cannot be read.
 * A path in it may hold newlines of its own. */
static char *read_small(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (!f)
		return NULL;
	len = getdelim(&line, &cap, '\0', f);
	(void)fclose(f);	/* was only read */
	if (len < 0) {
		free(line);
		return NULL;
	}
	if (len > 0 && line[len - 1] == '\n')
		line[len - 1] = '\0';
	return line;
}

static void add_dev(struct devs *d, const char *sys_dir)
{
	char path[512];
	unsigned major_number, minor_number;
	char *line;

	if (snprintf(path, sizeof(path), "%s/dev", sys_dir) >= (int)sizeof(path))
		return;
	line = read_small(path);
	if (line && d->count < MAX_DEVS &&
	    sscanf(line, "%u:%u", &major_number, &minor_number) == 2)
		d->dev[d->count++] = makedev(major_number, minor_number);
	free(line);
}

/* A device of /sys and its partitions, which are directories that hold "partition". */
static void add_disk(struct devs *d, const char *sys_dir)
{
	DIR *dir = opendir(sys_dir);
	struct dirent *entry;

	add_dev(d, sys_dir);
	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL) {
		char path[512];
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s/partition", sys_dir, entry->d_name) >=
			    (int)sizeof(path) || stat(path, &st) != 0)
			continue;
		*strrchr(path, '/') = '\0';
		add_dev(d, path);
	}
	(void)closedir(dir);	/* was only read */
}

static bool has_dev(const struct devs *d, dev_t dev)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->dev[i] == dev)
			return true;
	}
	return false;
}

/* Undoes the octal escapes of /proc, in place; returns the length. */
static size_t unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p != '\0'; p++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
		    p[3] >= '0' && p[3] <= '7') {
			*to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}

/* Whether a line of mountinfo is about one of the devices; *where is its mount point. */
static bool line_matches(char *line, const struct devs *d, const char **where)
{
	unsigned major_number, minor_number;
	char *save = NULL;
	char *field = strtok_r(line, " \n", &save);
	struct stat st;
	bool found = false;

	for (int i = 1; field; i++, field = strtok_r(NULL, " \n", &save)) {
		if (i == 3 && sscanf(field, "%u:%u", &major_number, &minor_number) == 2)
			found = has_dev(d, makedev(major_number, minor_number));
		if (i == 5)
			*where = field;
		if (i >= 5 && found)
			return true;
		if (strcmp(field, "-") == 0)
			break;
	}
	/* Some file systems show a device number of their own: look at what they mount. */
	if (!field || !strtok_r(NULL, " \n", &save) || !(field = strtok_r(NULL, " \n", &save)))
		return false;
	(void)unescape(field);
	return field[0] == '/' && stat(field, &st) == 0 && S_ISBLK(st.st_mode) &&
	       has_dev(d, st.st_rdev);
}

/* 1 and "mounted on /mnt" added to why, or 0. */
static int find_mount(const struct devs *d, struct e2_str *why)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t cap = 0;
	bool found = false;

	if (!f)
		return 0;	/* a system without /proc; O_EXCL on the device is left */
	while (!found && getline(&line, &cap, f) > 0) {
		const char *where = "";
		struct e2_str point = E2_STR_INIT;

		found = line_matches(line, d, &where);
		if (found) {
			e2_str_add(&point, where);
			e2_str_add(why, "mounted on ");
			if (!point.failed && point.len > 0)
				e2_str_add_name(why, point.text, unescape(point.text));
			e2_str_free(&point);
		}
	}
	free(line);
	(void)fclose(f);	/* was only read */
	return found ? 1 : e2_str_status(why);
}

/* Whether the loop device of a directory in /sys/block is attached to a file. */
static bool is_backed_by(const char *sys_dir, const struct stat *file)
{
	char path[512];
	struct stat st;
	char *backing;
	bool same;

	if (snprintf(path, sizeof(path), "%s/loop/backing_file", sys_dir) >= (int)sizeof(path))
		return false;
	backing = read_small(path);
	same = backing && stat(backing, &st) == 0 && st.st_dev == file->st_dev &&
	       st.st_ino == file->st_ino;
	free(backing);
	return same;
}

/* 1 and "is attached to /dev/loop3 [and mounted on /mnt]" added to why, or 0. */
static int find_loop(const struct stat *file, struct e2_str *why)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return 0;	/* a system without /sys has no way to tell */
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		struct devs d = { .count = 0 };
		struct e2_str mount = E2_STR_INIT;
		char path[300];

		if (strncmp(entry->d_name, "loop", 4) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "/sys/block/%s", entry->d_name);
		if (!is_backed_by(path, file))
			continue;
		e2_str_addf(why, "is attached to /dev/%s", entry->d_name);
		add_disk(&d, path);
		r = find_mount(&d, &mount);
		if (r == 1)
			e2_str_addf(why, " and %s", e2_str_text(&mount));
		e2_str_free(&mount);
		r = r < 0 ? r : 1;
	}
	(void)closedir(dir);	/* was only read */
	return r;
}

static int find_device(dev_t dev, struct e2_str *why)
{
	struct devs d = { .count = 0 };
	struct e2_str mount = E2_STR_INIT;
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	add_disk(&d, path);
	if (d.count == 0)
		d.dev[d.count++] = dev;
	r = find_mount(&d, &mount);
	if (r == 1)
		e2_str_addf(why, "is %s", e2_str_text(&mount));
	e2_str_free(&mount);
	return r;
}

int e2_path_in_use(const char *path, struct e2_str *why)
{
	struct stat st;
	int r;

	if (stat(path, &st) != 0)
		return errno == ENOENT ? 0 : e2_io_fail_errno(errno, path, "");
	if (S_ISBLK(st.st_mode))
		r = find_device(st.st_rdev, why);
	else if (S_ISREG(st.st_mode))
		r = find_loop(&st, why);
	else
		r = 0;
	return r < 0 || !why->failed ? r : e2_str_status(why);
}
