/* SPDX-License-Identifier: MIT */
/*
 * Who holds a lock.  A lock that belongs to an open file does not know its process; /proc
 * lists the locks of every open file of every process that we may look at.
 */
#include "io/lock.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 96 };	/* "/proc/", a number, "/fdinfo/", a number */

static bool is_number(const char *name)
{
	return isdigit((unsigned char)name[0]) && strspn(name, "0123456789") == strlen(name);
}

/* Whether one line of fdinfo tells of a lock of the open file itself on the byte:
 * "lock:	1: OFDLCK  ADVISORY  WRITE -1 00:1b:77 FIRST LAST", or EOF as the last. */
static bool line_has_lock(const char *line, uint64_t byte)
{
	char kind[16], last[24];
	uint64_t first;

	if (sscanf(line, "lock: %*d: %15s %*s %*s %*s %*s %" SCNu64 " %23s", kind, &first,
		   last) != 3)
		return false;
	return strcmp(kind, "OFDLCK") == 0 && first <= byte &&
	       (strcmp(last, "EOF") == 0 || strtoull(last, NULL, 10) >= byte);
}

static bool has_lock(const char *pid, const char *fd, uint64_t byte)
{
	char path[PATH_BYTES];
	char *line = NULL;
	size_t cap = 0;
	bool found = false;
	FILE *f;

	if (snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd) >= (int)sizeof(path))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && getline(&line, &cap, f) > 0)
		found = line_has_lock(line, byte);
	free(line);
	(void)fclose(f);	/* was only read */
	return found;
}

/* Whether a process has the file open and locked; own_fd is not asked for. */
static bool holds(const char *pid, const struct stat *file, uint64_t byte, int own_fd)
{
	bool is_self = strtol(pid, NULL, 10) == (long)getpid();
	char path[PATH_BYTES];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (snprintf(path, sizeof(path), "/proc/%s/fd", pid) >= (int)sizeof(path))
		return false;
	dir = opendir(path);
	if (!dir)
		return false;	/* ended, or of another user */
	while (!found && (entry = readdir(dir)) != NULL) {
		struct stat st;

		if (!is_number(entry->d_name) ||
		    (is_self && strtol(entry->d_name, NULL, 10) == own_fd))
			continue;
		found = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
			st.st_dev == file->st_dev && st.st_ino == file->st_ino &&
			has_lock(pid, entry->d_name, byte);
	}
	(void)closedir(dir);	/* was only read */
	return found;
}

pid_t e2_host_find_holder(int fd, uint64_t byte)
{
	struct dirent *entry;
	struct stat file;
	pid_t pid = 0;
	DIR *dir;

	if (fstat(fd, &file) != 0)
		return 0;
	dir = opendir("/proc");
	if (!dir)
		return 0;	/* a system without /proc has no way to tell */
	while (pid == 0 && (entry = readdir(dir)) != NULL) {
		if (is_number(entry->d_name) && holds(entry->d_name, &file, byte, fd))
			pid = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	(void)closedir(dir);	/* was only read */
	return pid;
}

void e2_host_add_process(struct e2_str *s, pid_t pid)
{
	char path[PATH_BYTES], name[64];
	size_t len;
	FILE *f;

	e2_str_addf(s, "process %ld", (long)pid);
	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	f = fopen(path, "re");
	if (!f)
		return;		/* it has ended, or there is no /proc */
	len = fread(name, 1, sizeof(name), f);
	(void)fclose(f);	/* was only read */
	if (len > 0 && name[len - 1] == '\n')
		len--;
	if (len == 0)
		return;
	e2_str_add(s, " (");
	e2_str_add_name(s, name, len);
	e2_str_add(s, ")");
}
