/* SPDX-License-Identifier: MIT */
/*
 * The checker: passes look and add findings, and change nothing.
 *
 * Passes are rows of pass.def, problems rows of problem.def.  A finding is data;
 * text and JSON are made from the problem's row and the finding's numbers.
 */
#ifndef E2_CHECK_CHECK_H
#define E2_CHECK_CHECK_H

#include "tree/tree.h"

/* A note is worth saying and no reason to repair: it does not make a volume inconsistent. */
enum e2_severity { E2_SEV_NOTE, E2_SEV_ERROR };
enum e2_policy { E2_POLICY_PREEN, E2_POLICY_ASK, E2_POLICY_NEVER };

#define P(id, number, code, severity, policy, fix, object, field, text, will) E2_PROBLEM_##id,
enum e2_problem_id {
#include "check/problem.def"
	E2_PROBLEMS
};
#undef P

struct e2_problem {		/* a row of problem.def */
	const char *code;	/* permanent name: "link-count"; printed, logged, in JSON */
	uint16_t number;	/* permanent number; the first digit is the phase */
	uint8_t severity, policy;
	const char *object;	/* what it is about, with {slots}: "{inode}", "group {group}" */
	const char *field;	/* the part of it: "links_count", "{pointer}" */
	const char *text;	/* what is, and what was expected */
	const char *will;	/* what a repair does; "" where only the repair can say */
};
const struct e2_problem *e2_problem(enum e2_problem_id id);
/* Its repair: a permanent name ("link_count"), and what that does ("set the count"). */
const char *e2_problem_repair(enum e2_problem_id id);
const char *e2_problem_verb(enum e2_problem_id id);

/* What a finding holds; which members a problem uses, its texts say. */
struct e2_finding {
	enum e2_problem_id id;
	e2_ino ino;		/* the inode it is about; 0: none */
	e2_ino dir;		/* the directory of an entry */
	e2_ino other;		/* another inode involved */
	e2_grp group;
	uint32_t index;		/* place of a pointer in blk, or in block[] when blk is 0 */
	uint32_t mode;		/* of ino */
	uint8_t level;		/* of a pointer: it leads to data (0), to pointers (1 to 3) */
	e2_blk parent;		/* of a pointer whose blk says something else: as blk below */
	e2_blk blk;
	e2_lblk lblk;
	uint64_t have, want, limit;	/* found, right, end of the valid range or of a run */
	const char *field, *why;	/* static texts: a field's name, a reason */
	const char *name;	/* bytes as they stand on the volume; not NUL-terminated */
	uint32_t name_len;
	bool fixed;		/* a repair has repaired it */
	char *will;		/* what that did, instead of the row's text; NULL: the row's */
};

/* What a repair costs, or where it puts things. */
enum e2_loss_kind {
	E2_LOSS_FILE,		/* an inode and all it held */
	E2_LOSS_BYTES,		/* bytes of a file, which read as zeros */
	E2_LOSS_DOUBT,		/* bytes of a file that may be another's */
	E2_LOSS_NAME,		/* a name; what it named keeps others, or is not known */
	E2_LOSS_XATTR,		/* extended attributes */
	E2_LOSS_NEW_NAME,	/* nothing lost: found again under another name */
};
struct e2_loss {
	enum e2_loss_kind kind;
	e2_ino ino;
	uint32_t mode;			/* of ino */
	uint64_t offset, bytes;		/* BYTES, DOUBT: which; FILE: bytes is what it held */
	uint64_t size;			/* of the file */
	const char *path;		/* as bytes, NUL-terminated: what is lost; NULL: of ino */
	const char *was;		/* NEW_NAME: the path or name it had; NULL: not known */
	const char *why;		/* static; may be NULL */
	enum e2_problem_id id;		/* of the finding whose repair it is */
};

const char *e2_loss_kind_name(enum e2_loss_kind kind);	/* "bytes"; static */

struct e2_report;		/* findings in order, and totals */

struct e2_check_options {
	/* For e2_check_image: where the superblock is; 0: the primary, then copies. */
	e2_blk superblock;
	uint32_t block_size;
	bool no_read_ahead;	/* all reads in one thread, in one order */
	unsigned threads;	/* to check with; 0: as suits.  Findings do not depend on it. */
	bool thorough;		/* takes no quick look first: for tests */
	/* Phase 1..5, done of all.  Not 0 cancels.  May be NULL. */
	int (*progress)(void *context, unsigned phase, uint64_t done, uint64_t all);
	bool exact_progress;	/* in the units of e2fsck, which the quick look does not have */
	/* A pass begins: its row's summary.  May be NULL. */
	void (*pass)(void *context, unsigned phase, const char *summary);
	void *context;
	int64_t now;		/* seconds; to judge times in the future; 0: not judged */
};

/*
 * Runs all passes over a volume.  Findings are no error: the result is negative
 * only when the check itself could not be done (E2_ERR_NOMEM, E2_ERR_CANCELLED).
 * The report refers to fs and must be freed before it is closed.
 */
int e2_check(struct e2_fs *fs, const struct e2_check_options *options, struct e2_report **report);

/*
 * Opens an image however damaged its superblock or descriptors are, and checks it: by the
 * primary superblock, the primary with some fields put right, or a copy, whichever the image
 * bears out best; what differs from the primary is a finding.  The report owns the volume.
 *
 * E2_ERR_NOT_EXT2 or E2_ERR_CORRUPT when no superblock can be used, E2_ERR_FEATURE,
 * and those of e2_check.  io is taken over, even on failure.
 */
int e2_check_image(struct e2_io *owned, const struct e2_check_options *options,
		   struct e2_report **report);
void e2_report_free(struct e2_report *report);

struct e2_fs *e2_report_fs(const struct e2_report *report);

/*
 * As e2_open_image(), however damaged the superblock is: by the one that a check would believe,
 * for a volume no larger than the image.  For who puts bytes back; nothing of it is proven.
 */
int e2_open_damaged(struct e2_env *env, const char *spec, const struct e2_open_options *options,
		    struct e2_fs **fs);

/* Findings, by problem number, then by inode, directory, group, block. */
size_t e2_report_count(const struct e2_report *report);
const struct e2_finding *e2_report_at(const struct e2_report *report, size_t i);

/* How many there are of a problem: at most E2_FINDINGS_KEPT of each are listed. */
enum { E2_FINDINGS_KEPT = 20000 };
uint64_t e2_report_found(const struct e2_report *report, enum e2_problem_id id);
uint64_t e2_report_errors(const struct e2_report *report);
uint64_t e2_report_notes(const struct e2_report *report);

/* Of a repair: findings that are repaired, errors that are left, losses in the order in which
 * they came; all 0 for a check. */
uint64_t e2_report_fixed(const struct e2_report *report);
uint64_t e2_report_left(const struct e2_report *report);
size_t e2_report_losses(const struct e2_report *report);
const struct e2_loss *e2_report_loss(const struct e2_report *report, size_t i);

struct e2_check_totals {
	uint64_t inodes_used, blocks_used, dirs, files, symlinks, others;
	uint64_t fragmented;		/* files in more than one piece */
};
void e2_report_totals(const struct e2_report *report, struct e2_check_totals *totals);

/*
 * The four texts of a finding, added to out: what it is about ("/a <12>"), which
 * part ("links_count"), what is, and what a repair would do (nothing where the
 * problem's row has no such text).  They hold no control character.
 */
void e2_finding_object(struct e2_report *report, const struct e2_finding *f, struct e2_str *out);
void e2_finding_field(struct e2_report *report, const struct e2_finding *f, struct e2_str *out);
void e2_finding_text(struct e2_report *report, const struct e2_finding *f, struct e2_str *out);
void e2_finding_will(struct e2_report *report, const struct e2_finding *f, struct e2_str *out);

/*
 * Adds a finding as people read it: "link-count    /test <12>   links_count", and below that
 * what is and what a repair does.
 *
 * columns  of the object; E2_FINDING_COLUMNS, or what suits a list
 * asked    whether it is repaired is not decided: what a repair would do is said in any case
 */
enum { E2_FINDING_COLUMNS = 21 };
void e2_finding_lines(struct e2_report *report, const struct e2_finding *f, size_t columns,
		      bool asked, struct e2_str *out);

/*
 * Calls line() for each finding, its lines in a column with the others; of a problem that
 * occurs often for some of them and "and 12 more like this" unless all are wanted.
 *
 * wanted   for each finding whether it is meant; NULL: all are
 *
 * Returns what line() returned that was not 0; E2_ERR_NOMEM.
 */
typedef int e2_report_line_fn(void *context, const struct e2_str *text);
int e2_report_lines(struct e2_report *report, const bool *wanted, bool all, bool asked,
		    e2_report_line_fn *line, void *context);

/* One object of format extant-fsck/1, type "finding"; no newline. */
void e2_finding_json(struct e2_report *report, const struct e2_finding *f, struct e2_str *out);

#endif
