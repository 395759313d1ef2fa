/* SPDX-License-Identifier: MIT */
/*
 * Every field of every structure, damaged by every verb, is repaired in one run, and no file that
 * the damage did not touch is harmed.  Under sanitizers a sample.
 */
#include "e2test.h"
#include "sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
enum { EVERY = 41 };
#else
enum { EVERY = 1 };
#endif
enum { PARTS = 2, SHOWN = 10 };

static void sweep_part(enum sweep_volume volume, unsigned part)
{
	struct sweep_figures f = { .mutants = 0 };
	uint64_t faulty = 0;
	struct sweep s;

	sweep_begin(&s, volume, false);
	for (size_t n = part * EVERY; n < s.mutant_count; n += PARTS * EVERY) {
		char detail[200], label[120];
		unsigned faults;
		uint64_t at;
		uint32_t len;

		if (!sweep_damage(&s, &s.mutants[n], &at, &len))
			continue;
		faults = sweep_judge(&s, &s.mutants[n], at, len, &f, detail);
		for (unsigned bit = 0; bit < SWEEP_FAULT_COUNT && faulty < SHOWN; bit++)
			if ((faults >> bit & 1) != 0)
				fprintf(stderr, "%s %zu: %s: %s: %s\n", s.name, n,
					sweep_label(&s.mutants[n], label, sizeof(label)),
					sweep_fault(bit), detail);
		faulty += faults != 0;
	}
	fprintf(stderr, "figure: sweep: %s, part %u: %" PRIu64 " mutants, %" PRIu64 " repaired, "
		"%" PRIu64 " refused; files lost: %" PRIu64 " of %" PRIu64 " not touched; kept: "
		"%" PRIu64 " of %" PRIu64 " touched; %" PRIu64 " not as they should be\n", s.name,
		part, f.mutants, f.repaired, f.refused, f.untouched_lost, f.untouched,
		f.touched_kept, f.touched, faulty);
	cr_expect_eq(faulty, 0u);
	cr_expect_gt(f.repaired, f.mutants / 8);
	sweep_end(&s);
}

#define SWEEP(name, volume, part) \
	E2_TEST(sweep, name) { sweep_part(volume, part); }

SWEEP(groups_0, SWEEP_GROUPS, 0)
SWEEP(groups_1, SWEEP_GROUPS, 1)
SWEEP(single_0, SWEEP_SINGLE, 0)
SWEEP(single_1, SWEEP_SINGLE, 1)
SWEEP(copies_0, SWEEP_COPIES, 0)
SWEEP(copies_1, SWEEP_COPIES, 1)
