/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

int e2_thread_start(thrd_t *thread, thrd_start_t work, void *context)
{
	static const int faults[] = { SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP };
	sigset_t all, before;
	int result;

	(void)sigfillset(&all);		/* none of these fails for what is a signal */
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		(void)sigdelset(&all, faults[i]);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	result = thrd_create(thread, work, context);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}
