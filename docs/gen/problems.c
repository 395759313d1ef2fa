/* SPDX-License-Identifier: MIT */
#include "problems.h"

#include "check/check.h"

#include <stdio.h>

static const char *const phases[] = {
	"The image, its superblock, group descriptors", "Inodes and their blocks", "Directories",
	"Ways to directories", "Names", "Bitmaps and counts",
};

static const char *policy(const struct e2_problem *p)
{
	switch (p->policy) {
	case E2_POLICY_PREEN: return "safe";
	case E2_POLICY_ASK: return "asks";
	default: return "none";
	}
}

/* A cell of a table: bars would end it, and braces stand for values. */
static void print_cell(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			putchar('\\');
		putchar(*text);
	}
}

static void print_row(const struct e2_problem *p)
{
	printf("| %04x | %s%s | ", p->number, p->code,
	       p->severity == E2_SEV_NOTE ? " (note)" : "");
	print_cell(p->object);
	printf(" | ");
	print_cell(p->field);
	printf(" | ");
	print_cell(p->text);
	printf(" | ");
	print_cell(p->will);
	printf(" | %s |\n", policy(p));
}

/* Rows in the order in which findings are listed. */
int print_problems(void)
{
	unsigned last = 0;
	int phase = -1;

	for (;;) {
		const struct e2_problem *next = NULL;

		for (int id = 0; id < E2_PROBLEMS; id++) {
			const struct e2_problem *p = e2_problem((enum e2_problem_id)id);

			if (p->number > last && (next == NULL || p->number < next->number))
				next = p;
		}
		if (next == NULL)
			return 0;
		if (next->number >> 12 != phase) {
			phase = next->number >> 12;
			printf("\n## %s\n\n| number | code | about | part | says | repair | |\n"
			       "|---|---|---|---|---|---|---|\n", phases[phase]);
		}
		print_row(next);
		last = next->number;
	}
}

int print_passes(void)
{
	printf("| phase | pass | |\n|---|---|---|\n");
#define PASS(name, phase, needs, summary) printf("| %d | %s | %s |\n", phase, #name, summary);
#include "check/pass.def"
#undef PASS
	return 0;
}
