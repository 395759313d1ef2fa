/* SPDX-License-Identifier: MIT */
#include "gaps.h"

#include "interrupt.h"

static void add_top(struct gaps *gaps, const struct e2_range *run)
{
	size_t at = GAPS_SHOWN;

	while (at > 0 && gaps->top[at - 1].count < run->count)
		at--;
	for (size_t i = GAPS_SHOWN - 1; i > at && at < GAPS_SHOWN; i--)
		gaps->top[i] = gaps->top[i - 1];
	if (at < GAPS_SHOWN)
		gaps->top[at] = *run;
}

static void add_gap(struct gaps *gaps, uint64_t chunk, const struct e2_range *run)
{
	unsigned bin = 0;

	if (!run->count)
		return;
	while (run->count >> bin > 1)
		bin++;
	gaps->count++;
	gaps->blocks += run->count;
	gaps->bin[bin].count++;
	gaps->bin[bin].blocks += run->count;
	if (run->count > gaps->largest)
		gaps->largest = run->count;
	if (!gaps->smallest || run->count < gaps->smallest)
		gaps->smallest = run->count;
	add_top(gaps, run);
	if (chunk) {
		uint64_t first = (run->blk + chunk - 1) / chunk;
		uint64_t end = (run->blk + run->count) / chunk;

		gaps->chunks += end > first ? end - first : 0;
	}
}

int gaps_count(struct shell *sh, uint64_t chunk, struct gaps *gaps)
{
	struct e2_range run = { 0 };
	struct e2_stretch s;
	struct e2_space *space;
	int r = e2_space_begin(sh->fs, 0, e2_geometry(sh->fs)->groups, &space);

	*gaps = (struct gaps){ 0 };
	if (r)
		return r;
	while ((r = e2_space_next(space, &s)) > 0) {
		if (s.known && !s.used && run.count && s.blk == run.blk + run.count) {
			run.count += s.count;
		} else {
			add_gap(gaps, chunk, &run);
			run = (struct e2_range){ s.blk, s.known && !s.used ? s.count : 0 };
		}
		if (interrupt_asked()) {
			r = e2_fail(E2_ERR_CANCELLED, "interrupted");
			break;
		}
	}
	add_gap(gaps, chunk, &run);
	gaps->unread = e2_space_unread(space, &gaps->status);
	e2_space_end(space);
	return r;
}
