/* SPDX-License-Identifier: MIT */
/*
 * Commands whose output goes to a file or a command of the host, and commands of the host.
 *
 * A file is replaced when the command has done its work: where one that failed would leave half
 * of it, what was there stays.  That holds for regular files with one name; into devices and
 * fifos, and files that have several names, output goes as it comes.
 */
#ifndef DEBUGFS_REDIRECT_H
#define DEBUGFS_REDIRECT_H

#include "host_file.h"

#include <sys/types.h>

struct redirect {
	enum lex_way way;
	const char *target;
	struct out out;		/* the session's, meanwhile */
	struct host_file file;	/* WAY_FILE */
	bool fresh;		/* WAY_APPEND: the file was not there */
	off_t size;		/* ... how long it was; -1: it cannot be cut */
	pid_t child;
	unsigned complaints;	/* of the session, before */
};

/* From here output goes there.  E2_ERR_HOST. */
int redirect_begin(struct shell *sh, const struct words *words, struct redirect *r);

/* And from here where it went before.  status: of the command; what it comes to with the file
 * or the command of the host. */
enum shell_status redirect_end(struct shell *sh, struct redirect *r, enum shell_status status);

/* Runs a command of the host and waits for it. */
enum shell_status host_run(struct shell *sh, const char *command);

/*
 * Starts a command of the host, with the signals a program expects to be started with.
 *
 * arg     "$1" to it, or NULL
 * input   what it reads, -1 for our own
 *
 * E2_ERR_HOST; else host_await() is to be called.
 */
int host_start(const char *command, const char *arg, int input, pid_t *child);

/* Waits for its end; meanwhile what is typed to stop it is its own affair.  0, or E2_ERR_HOST
 * where it failed. */
int host_await(const struct shell *sh, pid_t child);

/* To where relative paths of the host start (lcd), and back. */
int host_enter(struct shell *sh);
void host_leave(struct shell *sh);

#endif
