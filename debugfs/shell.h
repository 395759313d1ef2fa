/* SPDX-License-Identifier: MIT */
/*
 * A session: an open volume, a current directory, where output goes.
 *
 * The shell parses, converts arguments, runs a command, prints what failed and
 * remembers it.  Commands get inode numbers and show data through out.h.
 */
#ifndef DEBUGFS_SHELL_H
#define DEBUGFS_SHELL_H

#include "change.h"
#include "command.h"
#include "out.h"
#include "truth.h"

#define PROGRAM "extant-debugfs"
#define SHELL_RESTRICTED "--restricted: nothing of the host is read, written or run"

struct consequence;
struct names_left;
struct owners;			/* names of users and groups, by the volume's own files */

enum shell_status {		/* also the program's exit status */
	SHELL_OK = 0, SHELL_FAILED = 1, SHELL_USAGE = 2, SHELL_CANNOT_OPEN = 8
};

struct shell {
	const char *image;	/* as the user named it; NULL: none is open */
	char *image_text;	/* the same, where the session has to release it; else NULL */
	struct e2_open_options how;	/* it was opened */
	struct e2_fs *fs;	/* NULL: none is open */
	struct out out;
	e2_ino root;		/* of all paths: chroot; 0: the volume's */
	e2_ino cwd;
	struct e2_str cwd_path;	/* bytes; "/" for the root */
	unsigned time_flags;	/* E2_TIME_UTC or 0 */
	bool show_names;	/* owners by name */
	bool keep_going;
	bool interactive;	/* lines are typed by somebody */
	bool quit;
	bool restricted;	/* nothing of the host is touched */
	struct {
		bool moved;	/* lcd has been used */
		int home, there;/* directories: where the program began, where host paths begin */
	} local;
	unsigned redirected;	/* how many times over output goes elsewhere */
	unsigned complaints;	/* failures told so far */
	unsigned sourced;	/* scripts within scripts */
	bool has_clock;		/* changes are made at this time, not the host's: */
	struct e2_time clock;
	/* changing: change.h */
	bool writable;		/* opened with -w */
	bool dry;		/* nothing is ever committed: changes are shown at the end */
	bool whole;		/* all lines are one transaction */
	bool survives;		/* a line that failed is taken back, and the next one runs */
	bool keeps_undo;	/* commits may have to be taken back */
	struct e2_txn *memory;	/* of names, while a command looks for many; NULL: none */
	bool reading;		/* the image is held still for longer than one command */
	struct e2_txn *txn;	/* what changes go to; NULL: nothing is open */
	struct change change;
	struct e2_str advice;	/* stands behind "try:" after the next failure */
	struct e2_str edited;	/* copies of edited files that are not in the image yet: edit.h */
	struct truths truths;	/* of damage that has not come true yet: truth.h */
	struct e2_str notes;	/* lines that are said if the command succeeds */
	bool changed;		/* a command that need not has used the transaction */
	bool misused;		/* it was called the wrong way */
	const char *script;	/* name of the script that runs; NULL: none */
	unsigned line;
	const char *command;	/* the command that runs, as it was called */
	const struct command *last;	/* found last: scripts repeat one; NULL: none yet */
	struct spec last_spec;		/* and its arguments */
	bool failed;		/* it has warned of something */
	bool differs;		/* diff has found differences: exit status 1, if nothing is worse */
	bool partial;		/* a command has left and named what it could not do: likewise */
	bool ignoring;		/* and whether it fails does not matter */
	struct e2_names *names;	/* of all inodes, once asked for */
	unsigned searches;	/* for names, since the volume was changed */
	struct whys *whys;	/* what blocks are, once asked for: why.h */
	struct owners *owners;	/* once asked for */
	struct consequence *consequence;	/* once names were made, moved or taken away */
	struct names_left *names_left;		/* once somebody asked which they are */
};

/* The volume's inode that paths begin at. */
e2_ino shell_root(const struct shell *sh);

/* 0, or E2_ERR_INVAL "no image is open". */
int shell_must_be_open(struct shell *sh);

/* Makes the image hold still, for who looks at it outside of a command. */
int shell_hold(struct shell *sh);
void shell_release(struct shell *sh);

/* Runs one command given as words; prints what failed. */
enum shell_status shell_words(struct shell *sh, const struct word *words, size_t count);

/*
 * Runs every command of a line; ends at the first that fails unless keep_going.  What the
 * line changes becomes true at its end, or at that of the script or group it belongs to.
 */
enum shell_status shell_line(struct shell *sh, const char *line, size_t len);

/*
 * Runs lines from a host file, "-" for standard input.  Ends at the first that fails
 * unless keep_going; returns the first failure.
 */
enum shell_status shell_script(struct shell *sh, const char *path);

/* After the last line of a script: what its changes come to; the status of it all. */
enum shell_status shell_end_lines(struct shell *sh, enum shell_status status);

/* The same within a command: the script is one change, or a part of the one that is open. */
enum shell_status shell_source(struct shell *sh, int fd, const char *name);

/* Lines from a terminal, with a prompt; failures are printed and forgotten (interact.c). */
void shell_interact(struct shell *sh);

/* Closes the volume, with what is known of it; the image's name stays.  As e2_close(). */
int shell_close(struct shell *sh);

/* Releases what commands have gathered; the volume and the output are the caller's. */
void shell_end(struct shell *sh);

/*
 * Prints the thread's last failure on standard error, and lets the command go on;
 * it will have failed at its end.  err is what the failing function returned.
 */
void shell_warn(struct shell *sh, int err);
void shell_warn_of(struct shell *sh, const struct arg *a, int err);	/* saying of what */

/* Adds a line "  try: ..." to the failure that follows; returns err. */
int shell_advise(struct shell *sh, int err, const char *fmt, ...) E2_PRINTF(3, 4);

/* The command was called the wrong way: it ends with its usage and status 2; returns err. */
int shell_misused(struct shell *sh, int err);

/* What a change means elsewhere: a line on standard error when the command has succeeded. */
void shell_note(struct shell *sh, const char *text);
void shell_say_notes(struct shell *sh);		/* those that have gathered, now */

/* The volume is not what it was: drops names and owners. */
void shell_forget(struct shell *sh);

/* ---- lookup.c: paths and inodes ------------------------------------------ */

/*
 * The inode that a path or inode object names.
 *
 * path   receives the absolute path with the symlinks on the way resolved, nothing
 *        for an inode number; may be NULL
 *
 * A failure's detail names the path and the component that is to blame.
 */
int shell_lookup(struct shell *sh, const struct object *o, bool follow, e2_ino *ino,
		 struct e2_str *path);

/* The same for a path; relative ones start in cwd, whose absolute path is cwd_path. */
int shell_resolve(struct shell *sh, e2_ino cwd, const struct e2_str *cwd_path, const char *text,
		  bool follow, e2_ino *ino, struct e2_str *path);

/* For the library's long loops: E2_ERR_CANCELLED when somebody has interrupted. */
int shell_poll(void *context);

/* Finds the current directory again after it may have been moved; the root when it is gone. */
void shell_check_cwd(struct shell *sh);

/* Adds how an argument is written: "/docs/plan.odt <8295>", or "<8295>". */
void add_object(struct e2_str *s, const struct arg *a);

/* The absolute path of a directory, found by climbing its ".."; E2_ERR_CORRUPT, E2_ERR_NOENT. */
int shell_climb(struct shell *sh, e2_ino dir, struct e2_str *path);

/* An index of all names, made on first use and kept. */
int shell_names(struct shell *sh, struct e2_names **names);
/* The same, made without belief in what entries say of types; one made otherwise ends. */
int shell_names_searched(struct shell *sh, struct e2_names **names);

/* The names of some inodes: searched for, as long as there are few such questions, else from the
 * index.  To be given back with shell_names_done(). */
int shell_names_of(struct shell *sh, const e2_ino *inos, size_t count, struct e2_names **names);
void shell_names_done(struct shell *sh, struct e2_names *names);

/* Names will be looked for again and again: until the command ends they are remembered. */
void shell_remember(struct shell *sh);
void shell_forget_names(struct shell *sh);

/* What becomes of who follows the text of a symlink in dir: NULL (it leads somewhere), or
 * what e2_fate_word() says: "missing", "loop" ... */
const char *symlink_fate(struct shell *sh, e2_ino dir, const char *text);

/* ---- words.c: how things are said ---------------------------------------- */

const char *file_type_words(uint32_t mode);		/* "regular file"; never NULL */
void add_mode(struct e2_str *s, uint32_t mode);		/* "-rw-r--r--" */
void add_plural(struct e2_str *s, uint64_t n, const char *one, const char *many); /* "2 blocks" */
enum { HUMAN_SIZE = 32 };
const char *human_size(uint64_t bytes, char text[HUMAN_SIZE]);	/* "13", "1.5K", "45M" */

/* ---- owners.c ------------------------------------------------------------ */

/* A user or group: the number, or with show_names the name the volume knows it by. */
void add_owner(struct shell *sh, struct e2_str *s, bool group, uint32_t id);
/* The number behind a name that the volume knows. */
bool owner_find(struct shell *sh, const char *name, bool group, uint32_t *id);
void owners_free(struct owners *owners);

/* ---- changes.c ----------------------------------------------------------- */

/* Shows what the open transaction would change, field by field. */
int shell_changes(struct shell *sh);

#endif
