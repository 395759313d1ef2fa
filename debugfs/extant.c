/* SPDX-License-Identifier: MIT */
/*
 * extant: one name for hands.  "extant mkfs ..." starts extant-mkfs, and
 * "extant IMAGE [COMMAND ...]" the shell; "extant cp ...": extant_files.c.  The programs are
 * looked for beside this one first, so that a build directory works as it stands.
 */
#include "extant.h"

#include "e2.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name, *summary;
} programs[] = {
	{ "mkfs", "make a volume, empty or from a directory" },
	{ "fsck", "check a volume" },
	{ "debugfs", "look into a volume; IMAGE alone does the same" },
};
enum { PROGRAMS = sizeof(programs) / sizeof(*programs) };

static int help(void)
{
	(void)printf("Usage: extant PROGRAM [ARGUMENT...]\n"
		     "       extant IMAGE [COMMAND [ARGUMENT...]]\n"
		     "       extant cp [-r] [-a] [-n] [-v] SOURCE... DEST\n"
		     "       extant ls|cat|head|stat|mkdir|rmdir|rm|mv|ln [OPTION...] "
		     "IMAGE:PATH...\n"
		     "       extant diff [OPTION...] IMAGE IMAGE [PATH]\n\n");
	for (size_t i = 0; i < PROGRAMS; i++)
		(void)printf("  %-8s %s\n", programs[i].name, programs[i].summary);
	(void)printf("\nEach tells more with --help.  ./mkfs means an image of that name.\n"
		     "SOURCE and DEST are files, or IMAGE:PATH; ./a:b is the file \"a:b\".\n");
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int extant_start(const char *name, char **argv)
{
	char self[4096], path[4096 + 32];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len < 0) {		/* no /proc: by the name it was called */
		len = snprintf(self, sizeof(self), "%s", argv[0]);
		if ((size_t)len >= sizeof(self))
			len = 0;
	}
	self[len] = '\0';
	slash = strrchr(self, '/');
	argv[0] = path;
	if (slash) {
		*slash = '\0';
		(void)snprintf(path, sizeof(path), "%s/extant-%s", self, name);	/* it fits */
		(void)execv(path, argv);
	}
	(void)snprintf(path, sizeof(path), "extant-%s", name);
	(void)execvp(path, argv);
	(void)e2_fail_errno(errno, "%s", path);
	(void)fprintf(stderr, "extant: %s\n", e2_err_detail());
	return EXTANT_CANNOT_RUN;
}

/* A word that can only have been meant as a program: it names no file and no part of one. */
static bool is_unknown_program(const char *word)
{
	return word[0] != '-' && !strpbrk(word, "/.@#?") && access(word, F_OK) != 0;
}

static int unknown(const char *word, const char *next)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_name(&s, word, strlen(word));
	(void)fprintf(stderr, "extant: \"%s\" is no program (", e2_str_text(&s));
	for (size_t i = 0; i < PROGRAMS; i++)
		(void)fprintf(stderr, "%s%s", i ? ", " : "", programs[i].name);
	(void)fprintf(stderr, ") and no image\n");
	if (next && next[0] != '-' && access(next, F_OK) == 0) {	/* the other way round */
		e2_str_truncate(&s, 0);
		e2_str_add_name(&s, next, strlen(next));
		(void)fprintf(stderr, "  try: extant %s %s\n", e2_str_text(&s), word);
	} else {
		(void)fprintf(stderr, "  try: extant --help\n");
	}
	e2_str_free(&s);
	return EXTANT_USAGE;
}

/*
 * "diff -v A B" is "debugfs A diff -v B": options of the program stand before the first image,
 * those of the command behind it.
 */
static int start_diff(int argc, char **argv)
{
	static char program[] = "extant-debugfs", command[] = "diff";
	static const char *const mine[] = { "--content", "--meta", "--blocks", "-v" };
	char **to = calloc((size_t)argc + 2, sizeof(*to));
	int n = 1, images = 0, status;

	if (!to) {
		(void)fprintf(stderr, "extant: out of memory\n");
		return EXTANT_CANNOT_RUN;
	}
	to[0] = program;
	for (int i = 1; i < argc; i++) {	/* options of the program */
		bool of_diff = false;

		for (size_t k = 0; k < sizeof(mine) / sizeof(*mine); k++)
			of_diff = of_diff || !strcmp(argv[i], mine[k]);
		if (argv[i][0] == '-' && argv[i][1] && !of_diff)
			to[n++] = argv[i];
	}
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-' && images++ == 0)
			to[n++] = argv[i];
	if (images)
		to[n++] = command;
	images = 0;
	for (int i = 1; i < argc; i++) {	/* what is left */
		bool of_diff = argv[i][0] != '-' && images++ > 0;

		for (size_t k = 0; k < sizeof(mine) / sizeof(*mine); k++)
			of_diff = of_diff || !strcmp(argv[i], mine[k]);
		if (of_diff)
			to[n++] = argv[i];
	}
	status = extant_start("debugfs", to);
	free(to);
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		(void)fprintf(stderr, "extant: a program or an image is missing\n"
			      "  try: extant --help\n");
		return EXTANT_USAGE;
	}
	if (!strcmp(argv[1], "help") && argc > 2)
		return extant_start("debugfs", argv);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		(void)printf("extant %s\n", E2_VERSION);
		return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	for (size_t i = 0; i < PROGRAMS; i++)
		if (!strcmp(argv[1], programs[i].name))
			return extant_start(programs[i].name, argv + 1);
	if (!strcmp(argv[1], "diff"))
		return start_diff(argc - 1, argv + 1);
	if (extant_is_verb(argv[1]))
		return extant_verb(argc - 1, argv + 1);
	if (is_unknown_program(argv[1]))
		return unknown(argv[1], argc > 2 ? argv[2] : NULL);
	return extant_start("debugfs", argv);
}
