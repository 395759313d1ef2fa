/* SPDX-License-Identifier: MIT */
/* extant-fsck: what its files share. */
#ifndef EXTANT_FSCK_H
#define EXTANT_FSCK_H

#include "e2.h"

enum fsck_exit {		/* fsck(8); sums of these */
	FSCK_OK = 0, FSCK_FIXED = 1, FSCK_LEFT = 4, FSCK_FAILED = 8, FSCK_USAGE = 16,
	FSCK_CANCELLED = 32,
};

struct fsck_interrupt;

struct fsck_options {
	bool check, force, preen, yes, quiet, verbose, time, json;
	bool careful, reattach;
	const char *plan, *apply;	/* files, or NULL */
	const char *explain;		/* a code, or "list"; NULL: none */
	bool optimize, fragcheck, discard, fixes_only, report_links;
	const char *bad_blocks;		/* a list of them, or NULL */
	bool bad_set;			/* it is the whole list */
	bool help, version;
	int progress_fd;		/* -1: none; 0: a bar */
	uint64_t superblock;
	uint32_t block_size;
	unsigned threads;		/* 0: as suits */
	bool no_recover, discard_log;
	const char *log;		/* NULL: beside the image */
	const char *undo, *rollback;	/* undo files, or NULL */
	char *const *images;		/* NULL-terminated */
	struct fsck_interrupt *interrupt;
};

/* Parses the command line; FSCK_OK, or FSCK_USAGE when it has said what is wrong. */
int fsck_options_parse(int argc, char *argv[], struct fsck_options *options);
void fsck_options_help(void);

/* ---- running -------------------------------------------------------------------------- */

/* What is done about what is found. */
enum fsck_mode {
	FSCK_CHECK,		/* said, and what a repair would do */
	FSCK_UNASKED,		/* the same, because there is no terminal to ask at */
	FSCK_PREEN,		/* repaired when all of it is safe, else nothing is */
	FSCK_YES,		/* repaired */
	FSCK_ASK,		/* said, then asked */
};

/*
 * Checks one image and repairs it as the options say; the exit status.
 * shown: the image's name, safe to print.
 */
int fsck_run(const char *image, const char *shown, const struct fsck_options *options);

/* Says what failed last, unless it is named in there already with the image; FSCK_FAILED. */
int fsck_fail(const char *shown, int err);
int fsck_fail_open(const char *shown, int err);		/* no volume could be opened */
int fsck_fail_write(const char *shown, int err);	/* it was not written */

/* The output could not be written: says why; FSCK_FAILED. */
int fsck_fail_output(void);

/* Takes back all that the undo file holds; FSCK_OK or FSCK_FAILED. */
int fsck_rollback(const char *image, const char *shown, const struct fsck_options *options);

/* Does what a plan says; FSCK_FIXED or FSCK_FAILED. */
int fsck_apply(const char *image, const char *shown, const struct fsck_options *options);

/* Explains a kind of problem, or lists them; FSCK_OK, or FSCK_USAGE for one it does not know. */
int fsck_explain(const char *code);

/* Gives an unfinished change up; FSCK_OK or FSCK_FAILED. */
int fsck_discard_log(const char *image, const char *shown, const struct fsck_options *options);

/* ---- extended options ------------------------------------------------------------------ */

/* Lists the files that lie in more than one piece, worst first; 0 or an error. */
int fsck_fragcheck(struct e2_fs *fs, const struct fsck_options *options);

/* Lists the symlinks that lead nowhere; 0 or an error. */
int fsck_report_links(struct e2_fs *fs, const char *shown, const struct fsck_options *options);

/* Makes the free blocks of a consistent volume holes in its image; 0 or an error. */
int fsck_discard(struct e2_fs *fs, const char *shown, const struct fsck_options *options);

/* Whether more is asked for than repairs. */
bool fsck_has_work(const struct fsck_options *options);

/* Does that in the transaction of a repaired volume; says in text what.  dry: it is not going
 * to be written.  0 or an error. */
int fsck_work(struct e2_txn *txn, const struct fsck_options *options, bool dry,
	      struct e2_optimized *optimized, bool *changed, struct e2_str *text);

/* ---- losses ---------------------------------------------------------------------------- */

struct fsck_losses {			/* of a report, worst first */
	struct e2_loss *at;		/* texts are the report's */
	size_t count;
	e2_ino *damaged;		/* inodes that lose some of what they hold, ascending */
	size_t damaged_count;
	uint64_t files, dirs;		/* wholly lost */
	uint64_t file_bytes;		/* what those files held */
	uint64_t bytes, bytes_files;	/* lost of files that are left */
	uint64_t names, xattr_files, doubt_bytes, doubt_files;
	uint64_t new_files, new_dirs;	/* nothing lost: new names */
};

/* false without memory. */
bool fsck_losses_collect(const struct e2_report *report, struct fsck_losses *losses);
void fsck_losses_free(struct fsck_losses *losses);

/* Whether anything is lost at all; new names and doubts are no loss. */
bool fsck_losses_any(const struct fsck_losses *losses);

/* Whether that is more than a few files, or a directory with all that is in it: --careful. */
bool fsck_losses_many(const struct fsck_losses *losses);

/* "1,024 bytes of 1 file, 2 names"; nothing when nothing is lost. */
void fsck_losses_add_sum(const struct fsck_losses *losses, struct e2_str *out);

/* One of them, as a line without its newline. */
void fsck_losses_add_one(const struct fsck_losses *losses, struct e2_report *report, size_t i,
			 struct e2_str *out);

/* ---- reports ---------------------------------------------------------------------------- */

struct fsck_outcome {
	enum fsck_mode mode;
	bool committed;
	int status;
	uint64_t errors, notes;		/* found */
	uint64_t repaired_errors, repaired_notes, left;
	bool optimize;			/* directories were optimised, as far as that says */
	struct e2_optimized optimized;
};
void fsck_outcome_count(const struct e2_report *report, struct fsck_outcome *outcome);

/*
 * Reports as text to standard output; false when it could not be written.
 * plan: what was found, and what is or would be lost; done: what was repaired.
 * image: the name as it is.
 */
bool fsck_report_plan(const char *shown, struct e2_report *report, const struct fsck_losses *losses,
		      const struct fsck_outcome *outcome, const struct fsck_options *options);
bool fsck_report_done(const char *shown, struct e2_report *report, const struct fsck_losses *losses,
		      const struct fsck_outcome *outcome, const struct fsck_options *options);
/* What -p leaves alone, and why. */
bool fsck_report_unsafe(const char *shown, struct e2_report *report,
			const struct fsck_losses *losses, const struct fsck_options *options);
/* "bad.img: 6 problems repaired" and what was lost or got a new name. */
bool fsck_report_preen(const char *shown, struct e2_report *report,
		       const struct fsck_losses *losses, const struct fsck_outcome *outcome,
		       const struct fsck_options *options);

/* What a repair would lose, before the question whether to write it. */
void fsck_report_cost(struct e2_report *report, const struct fsck_losses *losses);

/* A line of a type: an object with its format and type, to be filled, and printed by put; false
 * when it could not be.  The text is the caller's, to be freed. */
void fsck_json_begin(struct e2_json *j, struct e2_str *s, const char *type);
bool fsck_json_put(struct e2_json *j, struct e2_str *s);

/* The same as JSON lines; plan before a commit, done afterwards. */
bool fsck_json_plan(const char *image, struct e2_report *report, const struct fsck_losses *losses,
		    const struct fsck_outcome *outcome);
bool fsck_json_done(const char *image, struct e2_report *report, const struct fsck_losses *losses,
		    const struct fsck_outcome *outcome);

/* "demo.img: clean, 2334/16384 inodes, 19831/65536 blocks" and what follows. */
bool fsck_say_clean(const char *shown, const struct e2_fs *fs, const struct fsck_options *options);

/* ---- questions ------------------------------------------------------------------------ */

enum fsck_answer { FSCK_ANSWER_NO, FSCK_ANSWER_YES, FSCK_ANSWER_EACH };

struct fsck_each {			/* answers to questions one by one */
	bool always[E2_PROBLEMS];	/* yes to all of a kind */
	bool stopped;			/* no to all that is left */
	bool ended;			/* nothing can be read any more */
};

/* Asks what to do with `repairable` of `all` findings; no when nothing can be read. */
enum fsck_answer fsck_ask_all(struct e2_report *report, uint64_t repairable, uint64_t all);

/* Asks whether to repair one: e2_repair_options.decide, with a struct fsck_each. */
int fsck_ask_one(void *each, struct e2_report *report, const struct e2_finding *f);

/* Asks whether to write what was chosen. */
bool fsck_ask_write(uint64_t repaired);

/* Lists the fields that an open transaction changes; 0 or an error. */
int fsck_print_fields(struct e2_txn *txn);

/* ---- interruption -------------------------------------------------------------------------- */

/*
 * SIGINT and SIGTERM end the program at once, with exit status 32, as long as no image is being
 * written; then they wait until that is done.  One thread looks out for them.
 */
int fsck_interrupt_begin(struct fsck_interrupt **interrupt);
void fsck_interrupt_end(struct fsck_interrupt *interrupt);
/* shown: the image that is worked on, for the message; borrowed. */
void fsck_interrupt_image(struct fsck_interrupt *interrupt, const char *shown);
void fsck_interrupt_defer(struct fsck_interrupt *interrupt);	/* the image is being written */
/* It is written: whether a signal came meanwhile. */
bool fsck_interrupt_resume(struct fsck_interrupt *interrupt);

/* ---- progress -------------------------------------------------------------------------------- */

struct fsck_progress {
	const char *image;	/* safe to print */
	int fd;			/* protocol lines go there; -1: none */
	bool bar;
	bool again;		/* the first round is over; further ones are not told */
	unsigned phase;		/* the highest told */
	int64_t begun, patience;	/* milliseconds; when the bar shows at the earliest */
	int shown;		/* per mille, or -1 before the bar shows */
};
void fsck_progress_begin(struct fsck_progress *progress, const char *shown,
			 const struct fsck_options *options);
void fsck_progress_silence(struct fsck_progress *progress);
int fsck_progress_step(void *context, unsigned phase, uint64_t done, uint64_t all);
void fsck_progress_end(struct fsck_progress *progress);

#endif
