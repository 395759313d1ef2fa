/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <poll.h>
#include <stddef.h>

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
static const int terminal[] = { SIGWINCH, SIGTSTP, SIGCONT };
enum {
	SIGNALS = sizeof(signals) / sizeof(*signals),
	TERMINAL = sizeof(terminal) / sizeof(*terminal)
};

/* The variables a handler may touch: it gets no argument of ours. */
static volatile sig_atomic_t asked;	/* the signal; 0: none */
static volatile sig_atomic_t heard[TERMINAL];

static void note(int number)
{
	if (asked == 0 || asked == SIGINT)
		asked = number;
}

static void hear(int number)
{
	for (size_t i = 0; i < TERMINAL; i++)
		if (terminal[i] == number)
			heard[i] = 1;
}

/* Waits for something to read, or for a signal, which before lets through. */
static bool sleep_until(int fd, const sigset_t *before)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return ppoll(&ready, 1, NULL, before) >= 0;
}

void interrupt_install(void)
{
	struct sigaction act = { .sa_handler = note, .sa_flags = (int)SA_RESETHAND };

	(void)sigemptyset(&act.sa_mask);	/* neither fails for what is a signal */
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &act, NULL);
}

bool interrupt_asked(void)
{
	return asked != 0;
}

bool interrupt_final(void)
{
	return asked != 0 && asked != SIGINT;
}

void interrupt_forget(void)
{
	asked = 0;
	interrupt_install();
}

bool interrupt_wait(int fd)
{
	sigset_t before;

	interrupt_hold(&before);
	while (!asked && !sleep_until(fd, &before))
		;		/* by a signal that is not ours */
	interrupt_release(&before);
	return !asked;
}

void interrupt_watch(void)
{
	struct sigaction act = { .sa_handler = hear };

	(void)sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < TERMINAL; i++)
		(void)sigaction(terminal[i], &act, NULL);
}

void interrupt_unwatch(void)
{
	for (size_t i = 0; i < TERMINAL; i++)
		(void)signal(terminal[i], SIG_DFL);	/* cannot fail for these */
}

static bool take(size_t i)
{
	bool was = heard[i] != 0;

	heard[i] = 0;
	return was;
}

enum interrupt_event interrupt_event(int fd)
{
	enum interrupt_event event = EVENT_INPUT;
	sigset_t before, set;

	interrupt_hold(&before);
	(void)sigemptyset(&set);
	for (size_t i = 0; i < TERMINAL; i++)
		(void)sigaddset(&set, terminal[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		event = asked ? EVENT_ASKED : take(0) ? EVENT_RESIZED : take(1) ? EVENT_STOP :
			take(2) ? EVENT_CONTINUED : EVENT_INPUT;
		if (event != EVENT_INPUT || sleep_until(fd, &before))
			break;
	}
	interrupt_release(&before);
	/* A terminal forgets what was typed before ^C: what there is to read came after it. */
	return asked ? EVENT_ASKED : event;
}

void interrupt_hold(sigset_t *before)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaddset(&set, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &set, before);
}

void interrupt_release(const sigset_t *before)
{
	(void)sigprocmask(SIG_SETMASK, before, NULL);
}
