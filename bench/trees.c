/* SPDX-License-Identifier: MIT */
/*
 * Trees for measuring, always the same bytes.
 *	trees empty DIR COUNT			empty files in one directory
 *	trees small DIR DIRS PER MIN MAX	DIRS directories of PER files of MIN..MAX bytes
 *	trees dirs DIR DIRS PER			DIRS directories of PER directories
 *	trees pieces DIR FILES BLOCKS		FILES files of BLOCKS blocks of 4 KiB, which lie
 *						apart: they fill gaps between small files
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "trees: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_dir(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		die(path);
}

static void make_file(const char *path, size_t bytes, uint64_t *seed)
{
	static unsigned char data[1 << 16];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	for (size_t i = 0; i < bytes; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		data[i] = (unsigned char)(*seed >> 56);
	}
	if (fd < 0 || write(fd, data, bytes) != (ssize_t)bytes || close(fd))
		die(path);
}

/* Directories of directories. */
static void make_dirs(const char *top, long dirs, long per)
{
	char path[4096];

	make_dir(top);
	for (long d = 0; d < dirs; d++) {
		snprintf(path, sizeof path, "%s/dir-%05ld", top, d);
		make_dir(path);
		for (long i = 0; i < per; i++) {
			snprintf(path, sizeof path, "%s/dir-%05ld/dir-%05ld", top, d, i);
			make_dir(path);
		}
	}
}

/* Small files, of which every other one is removed; then files a block at a time, in turn. */
static void make_pieces(const char *top, long files, long blocks, uint64_t *seed)
{
	char path[4096];

	make_dir(top);
	for (long i = 0; i < 2 * files * blocks; i++) {
		snprintf(path, sizeof path, "%s/gap-%07ld", top, i);
		make_file(path, 4096, seed);
	}
	for (long i = 0; i < 2 * files * blocks; i += 2) {
		snprintf(path, sizeof path, "%s/gap-%07ld", top, i);
		if (unlink(path))
			die(path);
	}
	sync();
	for (long b = 0; b < blocks; b++) {
		for (long i = 0; i < files; i++) {
			char block[4096] = "piece";
			int fd;

			snprintf(path, sizeof path, "%s/file-%05ld", top, i);
			fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
			if (fd < 0 || write(fd, block, sizeof block) != (ssize_t)sizeof block ||
			    close(fd))
				die(path);
		}
	}
	for (long i = 1; i < 2 * files * blocks; i += 2) {
		snprintf(path, sizeof path, "%s/gap-%07ld", top, i);
		if (unlink(path))
			die(path);
	}
}

int main(int argc, char **argv)
{
	char path[4096];
	uint64_t seed = 1;

	if (argc == 4 && !strcmp(argv[1], "empty")) {
		make_dir(argv[2]);
		for (long i = 0; i < atol(argv[3]); i++) {
			snprintf(path, sizeof path, "%s/entry-%07ld", argv[2], i);
			make_file(path, 0, &seed);
		}
	} else if (argc == 7 && !strcmp(argv[1], "small")) {
		size_t min = strtoul(argv[5], NULL, 10), max = strtoul(argv[6], NULL, 10);

		make_dir(argv[2]);
		for (long d = 0; d < atol(argv[3]); d++) {
			snprintf(path, sizeof path, "%s/dir-%05ld", argv[2], d);
			make_dir(path);
			for (long i = 0; i < atol(argv[4]); i++) {
				snprintf(path, sizeof path, "%s/dir-%05ld/file-%05ld", argv[2], d, i);
				make_file(path, min + (size_t)(seed >> 33) % (max - min + 1), &seed);
			}
		}
	} else if (argc == 5 && !strcmp(argv[1], "dirs")) {
		make_dirs(argv[2], atol(argv[3]), atol(argv[4]));
	} else if (argc == 5 && !strcmp(argv[1], "pieces")) {
		make_pieces(argv[2], atol(argv[3]), atol(argv[4]), &seed);
	} else {
		fprintf(stderr, "usage: trees empty DIR COUNT | small DIR DIRS PER MIN MAX |\n"
			"\tdirs DIR DIRS PER | pieces DIR FILES BLOCKS\n");
		return 2;
	}
	return 0;
}
