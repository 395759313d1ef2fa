/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <poll.h>
#include <stddef.h>

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
enum { SIGNALS = sizeof(signals) / sizeof(*signals) };

/* The one variable a handler may touch: it gets no argument of ours. */
static volatile sig_atomic_t asked;

static void note(int number)
{
	(void)number;
	asked = 1;
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

void interrupt_forget(void)
{
	asked = 0;
	interrupt_install();
}

bool interrupt_wait(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	sigset_t before;

	interrupt_hold(&before);
	while (!asked && ppoll(&ready, 1, NULL, &before) < 0)
		;		/* by a signal that is not ours */
	interrupt_release(&before);
	return !asked;
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
