/* SPDX-License-Identifier: MIT */
#include "shell.h"

#include <inttypes.h>
#include <stdio.h>

const char *file_type_words(uint32_t mode)
{
	switch (mode & E2_S_IFMT) {
	case E2_S_IFREG: return "regular file";
	case E2_S_IFDIR: return "directory";
	case E2_S_IFLNK: return "symlink";
	case E2_S_IFCHR: return "character device";
	case E2_S_IFBLK: return "block device";
	case E2_S_IFIFO: return "fifo";
	case E2_S_IFSOCK: return "socket";
	default: return mode ? "thing of unknown type" : "unused inode";
	}
}

void add_mode(struct e2_str *s, uint32_t mode)
{
	static const char types[] = "?pc?d?b?-?l?s???";
	char text[10] = { types[(mode & E2_S_IFMT) >> 12] };

	for (unsigned i = 0; i < 9; i++)
		text[i + 1] = mode >> (8 - i) & 1 ? "rwxrwxrwx"[i] : '-';
	if (mode & 04000)
		text[3] = text[3] == 'x' ? 's' : 'S';
	if (mode & 02000)
		text[6] = text[6] == 'x' ? 's' : 'S';
	if (mode & 01000)
		text[9] = text[9] == 'x' ? 't' : 'T';
	e2_str_add_bytes(s, text, sizeof(text));
}

void add_plural(struct e2_str *s, uint64_t n, const char *one, const char *many)
{
	e2_str_addf(s, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

/* As ls -h: rounded up, one digit behind the point below 10. */
const char *human_size(uint64_t bytes, char text[HUMAN_SIZE])
{
	static const char units[] = "KMGTPE";
	unsigned unit = 0;
	uint64_t scale = 1024, tenths;

	if (bytes < 1024) {
		(void)snprintf(text, HUMAN_SIZE, "%" PRIu64, bytes);
		return text;
	}
	while (unit + 1 < sizeof(units) - 1 && (bytes - 1) / scale >= 1023) {
		scale *= 1024;
		unit++;
	}
	/* scale is at most 2^60: nothing overflows. */
	tenths = bytes / scale * 10 + (bytes % scale * 10 + scale - 1) / scale;
	if (tenths <= 99)
		(void)snprintf(text, HUMAN_SIZE, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10,
			       tenths % 10, units[unit]);
	else
		(void)snprintf(text, HUMAN_SIZE, "%" PRIu64 "%c",
			       bytes / scale + (bytes % scale != 0), units[unit]);
	return text;
}
