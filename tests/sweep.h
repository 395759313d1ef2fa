/* SPDX-License-Identifier: MIT */
/*
 * The sweep: every field of every structure of sound volumes, damaged by every verb, repaired,
 * and judged by a reader that shares nothing with the library (reader.h).
 */
#ifndef E2_TESTS_SWEEP_H
#define E2_TESTS_SWEEP_H

#include "check/repair.h"
#include "disk/struct.h"
#include "ram.h"
#include "reader.h"

enum sweep_volume {
	SWEEP_GROUPS,		/* 1 KiB blocks, four groups, everything a file can be */
	SWEEP_SINGLE,		/* 4 KiB blocks, inodes of 128 bytes, one group, no copies */
	SWEEP_COPIES,		/* 1 KiB blocks, small groups, copies, a reserve for growth */
	SWEEP_VOLUMES
};

struct sweep_target {		/* a structure in the image */
	const struct e2_struct *structure;	/* NULL: a number or bytes with no table */
	const char *kind;	/* "super", "copy", "pointer", ... */
	char where[40];		/* "inode 12" */
	uint64_t at;
	uint32_t bytes;		/* that are there */
	uint32_t instance;	/* of its kind */
};

struct sweep_mutant {
	const struct sweep_target *target;
	const struct e2_field *field;	/* NULL: the whole as one number */
	unsigned index;
	enum e2_verb verb;
};

struct sweep {
	const char *name;
	struct ram image;		/* sound */
	struct reader reader;
	struct sweep_target *targets;
	size_t target_count;
	struct sweep_mutant *mutants;
	size_t mutant_count;
	struct ram bad, fixed, again;	/* of the mutant at hand */
};

/* all: each instance of each structure; else a few of each kind. */
void sweep_begin(struct sweep *s, enum sweep_volume volume, bool all);
void sweep_end(struct sweep *s);

/* Damages s->bad; false when that changes nothing. */
bool sweep_damage(struct sweep *s, const struct sweep_mutant *m, uint64_t *at, uint32_t *len);

/* What is wrong with a repair: one bit each. */
#define SWEEP_FAULTS(X) \
	X(ERROR, "the repair fails") \
	X(REFUSED, "refused") \
	X(LEFT, "errors are left") \
	X(DIRTY, "a second check finds something") \
	X(UNSTABLE, "a second repair changes bytes") \
	X(DRY, "a dry repair says something else, or writes") \
	X(LOST, "files that were not touched are lost") \
	X(MOVED, "files that were not touched have other names") \
	X(CHANGED, "files that were not touched have other attributes") \
	X(SILENT, "a file is lost or changed, and nothing is told") \
	X(SLOW, "takes too long")
enum {
#define X(id, text) SWEEP_BIT_##id,
	SWEEP_FAULTS(X)
#undef X
	SWEEP_FAULT_COUNT
};
const char *sweep_fault(unsigned bit);

struct sweep_figures {
	uint64_t mutants, harmless, refused, repaired;
	uint64_t faults[SWEEP_FAULT_COUNT];
	uint64_t untouched, untouched_lost, touched, touched_kept;
};

/* Repairs and judges s->bad; adds to the figures; a set of bits SWEEP_BIT_.  Of the first fault,
 * detail tells more. */
unsigned sweep_judge(struct sweep *s, const struct sweep_mutant *m, uint64_t at, uint32_t len,
		     struct sweep_figures *f, char detail[200]);

/* "super.magic zeroes at inode 12"; returns text. */
const char *sweep_label(const struct sweep_mutant *m, char *text, size_t size);

#endif
