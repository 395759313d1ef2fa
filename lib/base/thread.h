/* SPDX-License-Identifier: MIT */
/* Threads of the library. */
#ifndef E2_BASE_THREAD_H
#define E2_BASE_THREAD_H

#include <threads.h>

/*
 * Starts a thread that takes no signal from the program: a handler that tells the caller's thread
 * to stop would else run here, while that one sleeps on, or later than what the signal was for.
 * Signals of faults are taken where the fault is.  Returns what thrd_create does.
 */
int e2_thread_start(thrd_t *thread, thrd_start_t work, void *context);

#endif
