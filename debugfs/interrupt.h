/* SPDX-License-Identifier: MIT */
/*
 * Signals that ask the program to stop.  The first is remembered and obeyed between two
 * commands, a second one ends the program at once; a commit is not interrupted.
 */
#ifndef DEBUGFS_INTERRUPT_H
#define DEBUGFS_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

void interrupt_install(void);
bool interrupt_asked(void);
bool interrupt_final(void);		/* not by ^C: the session is to end */
void interrupt_forget(void);		/* and is ready for the next */

/* Waits for something to read; false when a signal came first, however close they were. */
bool interrupt_wait(int fd);

/*
 * The same for who edits a line on a terminal: he also hears when the window has another size,
 * when ^Z asks the program to stop, and when it goes on.  Between watch and unwatch.
 */
enum interrupt_event {
	EVENT_INPUT, EVENT_ASKED, EVENT_RESIZED, EVENT_STOP, EVENT_CONTINUED
};
void interrupt_watch(void);
void interrupt_unwatch(void);
enum interrupt_event interrupt_event(int fd);

void interrupt_hold(sigset_t *before);	/* signals wait from here */
void interrupt_release(const sigset_t *before);

#endif
