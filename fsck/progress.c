/* SPDX-License-Identifier: MIT */
/*
 * Progress: lines of e2fsck's protocol to a descriptor ("1 3 64 demo.img"), or a
 * bar on a terminal when the check takes long.  A repair checks several times; what is told
 * is the first, and that the rest is being done.
 */
#include "fsck.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 1000, BAR = 40 };

static int64_t now_ms(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		return 0;
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void fsck_progress_begin(struct fsck_progress *progress, const char *shown,
			 const struct fsck_options *options)
{
	*progress = (struct fsck_progress){
		.image = shown, .fd = options->progress_fd > 0 ? options->progress_fd : -1,
		.begun = now_ms(), .shown = -1,
		.patience = options->progress_fd == 0 ? 0 : PATIENCE_MS,
		.bar = options->progress_fd <= 0 && !options->quiet && isatty(STDERR_FILENO),
	};
}

void fsck_progress_silence(struct fsck_progress *progress)
{
	progress->again = true;
}

/* "12 %/s, 7 s left": by what has been done since the beginning. */
static void show_rate(int mille, int64_t ms)
{
	double rate = (double)mille / 10 / ((double)(ms > 0 ? ms : 1) / 1000);

	if (mille > 0)
		fprintf(stderr, " %.*f %%/s, %.0f s left", rate < 10 ? 1 : 0, rate,
			(double)(1000 - mille) / 10 / rate);
	fputs("\033[K", stderr);
}

static void show_bar(struct fsck_progress *p, unsigned phase, uint64_t done, uint64_t all)
{
	/* How much of the time each phase takes, of a thousand; measured on full volumes. */
	static const int before[] = { 0, 0, 700, 900, 920, 950, 1000 };
	uint64_t share = (uint64_t)(before[phase + 1] - before[phase]);
	int mille = before[phase] + (all != 0 ? (int)(done * share / all) : 0);
	int64_t ms = now_ms() - p->begun;

	if (mille / 5 <= p->shown / 5 || ms < p->patience)
		return;
	p->shown = mille;
	fprintf(stderr, "\r%s: %3d %% |", p->image, mille / 10);
	for (int i = 0; i < BAR; i++)
		fputc(i * 1000 < mille * BAR ? '#' : '.', stderr);
	fputc('|', stderr);
	show_rate(mille, ms);
	fflush(stderr);
}

/* The check that proves the repairs so far. */
static void show_again(const struct fsck_progress *p)
{
	if (p->shown >= 0)
		fprintf(stderr, "\r\033[K%s: repairing", p->image);
	fflush(stderr);
}

int fsck_progress_step(void *context, unsigned phase, uint64_t done, uint64_t all)
{
	struct fsck_progress *p = context;

	if (p->again)
		return 0;
	if (phase < p->phase) {
		p->again = true;
		if (p->bar)
			show_again(p);
		return 0;
	}
	p->phase = phase;
	if (p->fd >= 0)
		dprintf(p->fd, "%u %llu %llu %s\n", phase, (unsigned long long)done,
			(unsigned long long)all, p->image);
	if (p->bar && phase >= 1 && phase <= 5)
		show_bar(p, phase, done, all);
	return 0;
}

void fsck_progress_end(struct fsck_progress *progress)
{
	if (progress->shown >= 0)
		fputs("\r\033[K", stderr);
}
