/* SPDX-License-Identifier: MIT */
/*
 * The sweep from outside.
 *
 *	sweeptool run VOLUME [all] [EVERY [FIRST]]	judges mutants; prints faults
 *	sweeptool dump VOLUME EVERY DIR			writes what repairs make of mutants
 *	sweeptool one VOLUME N FILE			writes a mutant
 */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void print_faults(const struct sweep *s, size_t n, unsigned faults, const char *detail)
{
	char label[120];

	for (unsigned bit = 0; bit < SWEEP_FAULT_COUNT; bit++)
		if ((faults >> bit & 1) != 0)
			printf("%s\t%zu\t%s\t%s\t%s\n", s->name, n,
			       sweep_label(&s->mutants[n], label, sizeof(label)),
			       sweep_fault(bit), detail);
}

static void one(struct sweep *s, size_t n, struct sweep_figures *f)
{
	char detail[200];
	uint64_t at;
	uint32_t len;

	if (sweep_damage(s, &s->mutants[n], &at, &len))
		print_faults(s, n, sweep_judge(s, &s->mutants[n], at, len, f, detail), detail);
}

/* In children, so that one that dies or hangs is one line. */
static void run(struct sweep *s, size_t every, size_t first)
{
	size_t n = first;
	int pipes[2];

	while (n < s->mutant_count) {
		size_t at[2] = { n, 0 };
		char label[120];
		int status;
		pid_t child;

		fflush(stdout);
		if (pipe(pipes) != 0 || (child = fork()) < 0)
			abort();
		if (child == 0) {
			struct sweep_figures f = { .mutants = 0 };

			for (; n < s->mutant_count; n += every) {
				if (write(pipes[1], &n, sizeof(n)) != sizeof(n))
					abort();
				alarm(20);
				one(s, n, &f);
			}
			printf("figure: %s: %zu mutants, %zu repaired, %zu harmless, %zu refused, "
			       "untouched files lost %zu of %zu, touched files kept %zu of %zu\n",
			       s->name, (size_t)f.mutants, (size_t)f.repaired, (size_t)f.harmless,
			       (size_t)f.refused, (size_t)f.untouched_lost, (size_t)f.untouched,
			       (size_t)f.touched_kept, (size_t)f.touched);
			fflush(stdout);
			_exit(0);
		}
		close(pipes[1]);
		while (read(pipes[0], &at[1], sizeof(at[1])) == sizeof(at[1]))
			at[0] = at[1];
		close(pipes[0]);
		waitpid(child, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return;
		printf("%s\t%zu\t%s\tdies\t%d\n", s->name, at[0],
		       sweep_label(&s->mutants[at[0]], label, sizeof(label)), status);
		n = at[0] + every;
	}
}

static void save(const struct ram *image, const char *dir, size_t n, const char *what)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%06zu.%s", dir, n, what);
	out = fopen(path, "wb");
	if (out == NULL || fwrite(image->bytes, 1, image->size, out) != image->size ||
	    fclose(out) != 0)
		abort();
}

static void dump(struct sweep *s, size_t every, const char *dir)
{
	for (size_t n = 0; n < s->mutant_count; n += every) {
		struct e2_report *report;
		uint64_t at;
		uint32_t len;

		if (!sweep_damage(s, &s->mutants[n], &at, &len))
			continue;
		ram_copy(&s->fixed, &s->bad);
		if (e2_repair_io(ram_open(&s->fixed, true), true, NULL, &report) != 0)
			continue;
		if (e2_report_commit(report) == 0)
			save(&s->fixed, dir, n, "fixed");
		e2_report_free(report);
	}
}

int main(int argc, char **argv)
{
	struct sweep s;
	int arg = 3;
	bool all = argc > 3 && strcmp(argv[3], "all") == 0;

	if (argc < 3)
		return 2;
	arg += all;
	sweep_begin(&s, (enum sweep_volume)atoi(argv[2]), all);
	if (strcmp(argv[1], "run") == 0) {
		run(&s, argc > arg ? (size_t)atol(argv[arg]) : 1,
		    argc > arg + 1 ? (size_t)atol(argv[arg + 1]) : 0);
	} else if (strcmp(argv[1], "dump") == 0 && argc == 5) {
		dump(&s, (size_t)atol(argv[3]), argv[4]);
	} else if (strcmp(argv[1], "one") == 0 && argc == 5) {
		char label[120];
		size_t n = (size_t)atol(argv[3]);
		uint64_t at;
		uint32_t len;
		FILE *out;

		if (n >= s.mutant_count)
			return 2;
		printf("%s\n", sweep_label(&s.mutants[n], label, sizeof(label)));
		if (!sweep_damage(&s, &s.mutants[n], &at, &len))
			return 1;
		out = fopen(argv[4], "wb");
		if (out == NULL || fwrite(s.bad.bytes, 1, s.bad.size, out) != s.bad.size ||
		    fclose(out) != 0)
			return 1;
	} else {
		return 2;
	}
	sweep_end(&s);
	return 0;
}
