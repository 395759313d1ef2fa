/* SPDX-License-Identifier: MIT */
/* One line on stderr, at most ten times a second, and only when there is time to read it. */
#include "progress.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BAR_CELLS = 30 };

static const int stops[] = { SIGINT, SIGTERM, SIGHUP };

void progress_begin(struct progress *p, const char *image, bool quiet)
{
	const char *term = getenv("TERM");
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		struct sigaction action;

		/* nohup and the shell's background jobs want some of them ignored. */
		if (sigaction(stops[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&set, stops[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);

	*p = (struct progress){ .image = image };
	setlocale(LC_CTYPE, "");
	p->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	p->shown_at_all = !quiet && isatty(STDERR_FILENO) && term && *term &&
			  strcmp(term, "dumb") != 0;
	clock_gettime(CLOCK_MONOTONIC, &p->start);
	p->last = p->start;
}

int progress_interrupted(void)
{
	sigset_t set;

	if (sigpending(&set) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		if (sigismember(&set, stops[i]) == 1)
			return stops[i];
	}
	return 0;
}

static double seconds(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

/* Whether it is time for another picture. */
static bool due(struct progress *p)
{
	struct timespec t;

	if (!p->shown_at_all)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &t);
	if (seconds(&p->last, &t) < 0.1 || seconds(&p->start, &t) < 0.5)
		return false;
	p->last = t;
	return true;
}

static void show(struct progress *p, const struct e2_str *line)
{
	fprintf(stderr, "\r%s\033[K", e2_str_text(line));
	fflush(stderr);
	p->visible = true;
}

static void add_image(const struct progress *p, struct e2_str *line)
{
	e2_str_add_name(line, p->image, strlen(p->image));
	e2_str_add(line, ": ");
}

int progress_reading(void *context, uint64_t objects)
{
	struct progress *p = context;

	if (due(p)) {
		struct e2_str line = E2_STR_INIT;

		add_image(p, &line);
		e2_str_add(&line, "reading the tree, ");
		e2_str_add_count(&line, objects);
		e2_str_add(&line, " objects");
		show(p, &line);
		e2_str_free(&line);
	}
	return progress_interrupted();
}

int progress_writing(void *context, uint64_t done, uint64_t all)
{
	struct progress *p = context;

	if (all != 0 && due(p)) {
		struct e2_str line = E2_STR_INIT;
		double share = done < all ? (double)done / (double)all : 1;

		add_image(p, &line);
		e2_str_addf(&line, "%3.0f %%  ", share * 100);
		for (int i = 0; i < BAR_CELLS; i++) {
			bool full = i < (int)(share * BAR_CELLS);

			e2_str_add(&line, full ? (p->utf8 ? "█" : "#") : (p->utf8 ? "░" : "."));
		}
		e2_str_add(&line, "  ");
		e2_str_add_size(&line, done);
		e2_str_add(&line, " of ");
		e2_str_add_size(&line, all);
		show(p, &line);
		e2_str_free(&line);
	}
	return progress_interrupted();
}

void progress_erase(struct progress *p)
{
	if (p->visible) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	p->visible = false;
}
