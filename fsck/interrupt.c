/* SPDX-License-Identifier: MIT */
/*
 * Signals: a thread waits for SIGINT and SIGTERM, which all others have blocked.
 *
 * Until the commit of a repair an image is untouched whatever the program is doing, so it
 * can end at once, however deep it is in a loop.  During the commit it must not; the
 * signal is remembered then.
 */
#include "fsck.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fsck_interrupt {
	pthread_t thread;
	pthread_mutex_t lock;	/* held while an image is written, and while ending */
	sigset_t signals;
	struct e2_str text;	/* what is said at the end */
	bool deferred, came, over;
};

static void *wait_for_signals(void *context)
{
	struct fsck_interrupt *i = context;

	for (;;) {
		int signal;

		if (sigwait(&i->signals, &signal) != 0)
			continue;
		pthread_mutex_lock(&i->lock);
		if (i->over) {
			pthread_mutex_unlock(&i->lock);
			return NULL;
		}
		if (!i->deferred) {
			/* Nobody can have use for an error of this write. */
			ssize_t n = write(STDERR_FILENO, i->text.text, i->text.len);

			(void)n;
			_exit(FSCK_CANCELLED);
		}
		i->came = true;
		pthread_mutex_unlock(&i->lock);
	}
}

int fsck_interrupt_begin(struct fsck_interrupt **interrupt)
{
	struct fsck_interrupt *i = calloc(1, sizeof(*i));
	int err;

	if (i == NULL)
		return e2_fail(E2_ERR_NOMEM, "signals");
	sigemptyset(&i->signals);
	sigaddset(&i->signals, SIGINT);
	sigaddset(&i->signals, SIGTERM);
	e2_str_add(&i->text, "extant-fsck: cancelled; nothing was changed\n");
	err = pthread_mutex_init(&i->lock, NULL);
	if (err == 0)
		err = pthread_sigmask(SIG_BLOCK, &i->signals, NULL);
	if (err == 0)
		err = pthread_create(&i->thread, NULL, wait_for_signals, i);
	if (err != 0 || i->text.failed) {
		e2_str_free(&i->text);
		free(i);
		return e2_fail_errno(err, "thread for signals");
	}
	*interrupt = i;
	return 0;
}

void fsck_interrupt_end(struct fsck_interrupt *i)
{
	pthread_mutex_lock(&i->lock);
	i->over = true;
	pthread_mutex_unlock(&i->lock);
	pthread_kill(i->thread, SIGTERM);	/* it cannot have ended */
	pthread_join(i->thread, NULL);
	pthread_mutex_destroy(&i->lock);
	e2_str_free(&i->text);
	free(i);
}

void fsck_interrupt_image(struct fsck_interrupt *i, const char *shown)
{
	pthread_mutex_lock(&i->lock);
	e2_str_truncate(&i->text, 0);
	e2_str_addf(&i->text, "%sextant-fsck: %s: cancelled; nothing was changed\n",
		    isatty(STDERR_FILENO) ? "\r\033[K" : "", shown);
	pthread_mutex_unlock(&i->lock);
}

void fsck_interrupt_defer(struct fsck_interrupt *i)
{
	pthread_mutex_lock(&i->lock);
	i->deferred = true;
	pthread_mutex_unlock(&i->lock);
}

bool fsck_interrupt_resume(struct fsck_interrupt *i)
{
	bool came;

	pthread_mutex_lock(&i->lock);
	i->deferred = false;
	came = i->came;
	pthread_mutex_unlock(&i->lock);
	return came;
}
