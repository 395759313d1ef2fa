/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over files without a fuzzer, so that any compiler can replay the
 * corpus: FILE or DIRECTORY ...  A finding ends the program; else it says how many
 * inputs there were.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	FILE *f = fopen(path, "rb");
	int bad = 1;

	if (data && f && fread(data, 1, size, f) == size) {
		(void)LLVMFuzzerTestOneInput(data, size);
		bad = 0;
	} else {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	}
	if (f)
		(void)fclose(f);	/* only read */
	free(data);
	return bad;
}

static int replay(const char *path, unsigned long *count);

static int replay_directory(const char *path, unsigned long *count)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort), bad = 0;

	if (n < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	for (int i = 0; i < n; i++) {
		char inner[4096];

		if (names[i]->d_name[0] != '.' &&
		    snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name) <
		    (int)sizeof(inner))
			bad |= replay(inner, count);
		free(names[i]);
	}
	free(names);
	return bad;
}

static int replay(const char *path, unsigned long *count)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	if (S_ISDIR(st.st_mode))
		return replay_directory(path, count);
	(*count)++;
	return replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	unsigned long count = 0;
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad |= replay(argv[i], &count);
	printf("%s: %lu inputs\n", argv[0], count);
	return bad;
}
