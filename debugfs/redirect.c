/* SPDX-License-Identifier: MIT */
#include "redirect.h"

#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the host's current directory ------------------------------------------- */

int host_enter(struct shell *sh)
{
	if (sh->local.moved && fchdir(sh->local.there))
		return e2_fail_errno(errno, "the host's current directory");
	return 0;
}

void host_leave(struct shell *sh)
{
	if (sh->local.moved && fchdir(sh->local.home))
		e2_err_clear();		/* it was a directory once, and nothing needs it */
}

/* "| wc -l: what failed", of a command of the host. */
static void warn_host(struct shell *sh, const char *before, const char *target, int err)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add(&s, before);
	e2_str_add_name(&s, target, strlen(target));
	e2_str_addf(&s, ": %s", *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
	(void)e2_fail(err, "%s", e2_str_text(&s));	/* the same, and of what */
	e2_str_free(&s);
	shell_warn(sh, err);
}

/* ---- commands of the host ----------------------------------------------------- */

/* In the child: as a program expects to be started. */
static void become(const char *command, const char *arg, int input)
{
	static const int signals[] = { SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP };
	sigset_t none;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		(void)signal(signals[i], SIG_DFL);	/* cannot fail for these */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (input >= 0 && dup2(input, STDIN_FILENO) < 0)
		_exit(126);
	(void)execl("/bin/sh", "sh", "-c", "--", command, arg ? "sh" : NULL, arg, (char *)NULL);
	_exit(127);
}

int host_start(const char *command, const char *arg, int input, pid_t *child)
{
	sigset_t before;
	pid_t pid;

	interrupt_hold(&before);	/* no signal is lost to our handlers in the child */
	pid = fork();
	if (pid == 0)
		become(command, arg, input);
	interrupt_release(&before);
	if (pid < 0)
		return e2_fail_errno(errno, "cannot be started");
	*child = pid;
	return 0;
}

int host_await(const struct shell *sh, pid_t child)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before[2];
	pid_t got;
	int status;

	(void)sigemptyset(&ignore.sa_mask);	/* these do not fail for what is a signal */
	(void)sigaction(SIGINT, &ignore, &before[0]);
	(void)sigaction(SIGQUIT, &ignore, &before[1]);
	/* Perhaps that was before it was there to hear of it.  At a terminal all that it has
	 * started is with us in the foreground, and is what is to stop. */
	if (interrupt_asked())
		(void)kill(sh->interactive ? 0 : child, sh->interactive ? SIGINT : SIGTERM);
	do
		got = waitpid(child, &status, 0);
	while (got < 0 && errno == EINTR);
	(void)sigaction(SIGINT, &before[0], NULL);
	(void)sigaction(SIGQUIT, &before[1], NULL);
	if (got < 0)
		return e2_fail_errno(errno, "its exit status is lost");
	if (WIFSIGNALED(status))
		return e2_fail(E2_ERR_HOST, "ended by signal %d, %s", WTERMSIG(status),
			       strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return e2_fail(E2_ERR_HOST, "exit status %d", WEXITSTATUS(status));
	return 0;
}

enum shell_status host_run(struct shell *sh, const char *command)
{
	int input = sh->interactive ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t child = 0;
	int err;

	out_flush(&sh->out);
	err = host_enter(sh);
	if (!err)
		err = host_start(command, NULL, input, &child);
	if (!err)
		err = host_await(sh, child);
	host_leave(sh);
	if (input >= 0)
		(void)close(input);	/* only read from */
	if (err)
		warn_host(sh, "!", command, err);
	return err ? SHELL_FAILED : SHELL_OK;
}

/* Of a file the message has the path already. */
static void warn(struct shell *sh, const struct redirect *r, int err)
{
	if (r->way == WAY_PIPE)
		warn_host(sh, "| ", r->target, err);
	else
		shell_warn(sh, err);
}

static int begin_pipe(struct redirect *r, int *fd)
{
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC))
		return e2_fail_errno(errno, "no pipe");
	err = host_start(r->target, NULL, ends[0], &r->child);
	(void)close(ends[0]);		/* the child has its own */
	if (err)
		(void)close(ends[1]);	/* nothing was written to it */
	*fd = ends[1];
	return err;
}

/* ---- files ---------------------------------------------------------------------- */

static int begin_append(const struct shell *sh, struct redirect *r, int *fd)
{
	int err = host_file_check(sh, r->target);
	struct stat st;

	if (err)
		return err;
	r->fresh = access(r->target, F_OK) != 0;
	*fd = open(r->target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	if (*fd < 0)
		return e2_io_fail_errno(errno, r->target, "");
	r->size = fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
	return 0;
}

/* What a command that failed has added goes again. */
static int end_append(struct redirect *r, int fd, bool failed)
{
	int err = 0;

	if (failed && r->size >= 0 && ftruncate(fd, r->size))
		err = e2_io_fail_errno(errno, r->target, "cannot be cut to what it was");
	if (failed && r->fresh)
		(void)unlink(r->target);	/* an empty file harms nobody */
	if (close(fd) && !failed)
		err = e2_io_fail_errno(errno, r->target, "");
	return err;
}

static int begin_file(const struct shell *sh, struct redirect *r, int *fd)
{
	int err = host_file_begin(sh, &r->file, r->target);

	*fd = err ? -1 : r->file.fd;
	return err;
}

static int end_file(struct redirect *r, bool failed)
{
	int err = host_file_end(&r->file, failed ? E2_ERR_HOST : 0);

	return failed ? 0 : err;	/* why it failed has been said */
}

/* ---- around a command --------------------------------------------------------------- */

int redirect_begin(struct shell *sh, const struct words *words, struct redirect *r)
{
	int fd = -1, err;

	*r = (struct redirect){ .way = words->way, .target = words->target.text, .size = -1,
				.complaints = sh->complaints };
	out_flush(&sh->out);
	err = host_enter(sh);
	if (!err)
		err = r->way == WAY_PIPE ? begin_pipe(r, &fd) :
			r->way == WAY_APPEND ? begin_append(sh, r, &fd) : begin_file(sh, r, &fd);
	host_leave(sh);
	if (err) {
		warn(sh, r, err);
		return err;
	}
	r->out = sh->out;
	out_open(&sh->out, fd, r->out.mode, r->out.when);
	sh->redirected++;
	return 0;
}

enum shell_status redirect_end(struct shell *sh, struct redirect *r, enum shell_status status)
{
	int fd = sh->out.fd, error, err;
	bool failed;

	out_close(&sh->out);
	error = sh->out.error;
	sh->out = r->out;
	sh->redirected--;
	/* A reader that has seen enough is no failure; a signal is told already. */
	if (error && error != EPIPE && error != ECANCELED) {
		warn(sh, r, r->way == WAY_PIPE ? e2_fail_errno(error, "writing to it") :
		     e2_io_fail_errno(error, r->target, ""));
		status = SHELL_FAILED;
	}
	failed = (status && sh->complaints != r->complaints && !sh->ignoring) || error == ECANCELED;
	if (host_enter(sh))
		e2_err_clear();		/* the paths were found from here, and are again */
	if (r->way == WAY_PIPE) {
		(void)close(fd);	/* a pipe; what it held is the child's */
		err = host_await(sh, r->child);
	} else {
		err = r->way == WAY_APPEND ? end_append(r, fd, failed) : end_file(r, failed);
	}
	host_leave(sh);
	if (err) {
		warn(sh, r, err);
		status = status ? status : SHELL_FAILED;
	}
	return status;
}
