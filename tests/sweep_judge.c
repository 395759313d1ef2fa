/* SPDX-License-Identifier: MIT */
/* Judges repairs of the sweep's mutants. */
#include "asan.h"
#include "disk/consts.h"
#include "sweep.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const ids[] = {
#define P(id, number, code, severity, policy, fix, object, field, text, will) \
	[E2_PROBLEM_##id] = #id,
#include "check/problem.def"
#undef P
};

const char *sweep_fault(unsigned bit)
{
	static const char *const texts[] = {
#define X(id, text) text,
		SWEEP_FAULTS(X)
#undef X
	};

	return texts[bit];
}

struct judge {
	struct sweep *s;
	const struct sweep_mutant *m;
	uint64_t at;
	uint32_t len;
	struct sweep_figures *f;
	unsigned faults;
	char *detail;
	uint64_t losses;		/* told by the repair */
};

__attribute__((format(printf, 3, 4)))
static void fault(struct judge *j, unsigned bit, const char *format, ...)
{
	va_list args;

	if (j->faults == 0) {
		va_start(args, format);
		vsnprintf(j->detail, 200, format, args);
		va_end(args);
	}
	j->f->faults[bit] += (j->faults >> bit & 1) == 0;
	j->faults |= 1u << bit;
}

/* ---- the runs ---------------------------------------------------------------------- */

struct outcome {
	uint64_t fixed, left, losses;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void first_finding(const struct e2_report *report, bool left, char text[64])
{
	text[0] = '\0';
	for (size_t i = 0; i < e2_report_count(report); i++) {
		const struct e2_finding *f = e2_report_at(report, i);

		if (left && (f->fixed || e2_problem(f->id)->severity != E2_SEV_ERROR))
			continue;
		if (e2_problem(f->id)->policy == E2_POLICY_NEVER && !left)
			continue;
		snprintf(text, 64, "%s inode %" PRIu32 " group %" PRIu32 " block %" PRIu64,
			 ids[f->id], f->ino, f->group, f->blk);
		return;
	}
}

static int run(struct ram *image, bool write, struct outcome *o, char left[64])
{
	struct e2_report *report = NULL;
	int err = e2_repair_io(ram_open(image, write), write, NULL, &report);

	*o = (struct outcome){ .fixed = 0 };
	if (err == 0 && write)
		err = e2_report_commit(report);
	if (err == 0) {
		*o = (struct outcome){ e2_report_fixed(report), e2_report_left(report),
				       e2_report_losses(report) };
		first_finding(report, true, left);
	}
	e2_report_free(report);
	return err;
}

static bool may_refuse(const struct judge *j, int err)
{
	const struct sweep_mutant *m = j->m;

	if (strcmp(m->target->kind, "super") != 0)
		return false;
	if (err == E2_ERR_FEATURE || err == E2_ERR_LOG)
		return strncmp(m->field->name, "feature_", 8) == 0;
	return err == E2_ERR_NOT_EXT2 && strcmp(m->field->name, "magic") == 0 &&
	       j->s->reader.groups == 1;
}

/* Sanitizers make everything slow. */
static bool is_slow(const struct judge *j, double took)
{
#ifdef __SANITIZE_ADDRESS__
	(void)j;
	(void)took;
	return false;
#else
	return took > 0.2 + 0.01 * (double)j->s->bad.size / (1 << 20);
#endif
}

/* A host that is busy with other things makes one run slow, but seldom two. */
static double time_again(struct judge *j)
{
	double begin = seconds();
	struct outcome o;
	char left[64];

	ram_copy(&j->s->again, &j->s->bad);
	(void)run(&j->s->again, false, &o, left);
	return seconds() - begin;
}

/* The first repair; false when there is no result to be judged. */
static bool repair(struct judge *j)
{
	struct sweep *s = j->s;
	double begin = seconds(), took;
	struct outcome wet, dry;
	char left[64];
	int err;

	ram_copy(&s->fixed, &s->bad);
	err = run(&s->fixed, true, &wet, left);
	took = seconds() - begin;
	if (is_slow(j, took) && is_slow(j, time_again(j)))
		fault(j, SWEEP_BIT_SLOW, "%.2f s", took);
	if (err != 0 && may_refuse(j, err)) {
		j->f->refused++;
		return false;
	}
	if (err != 0) {
		fault(j, err == E2_ERR_INTERNAL || err == E2_ERR_IO || err == E2_ERR_NOMEM ?
		      SWEEP_BIT_ERROR : SWEEP_BIT_REFUSED, "%s: %s", e2_err_name(err),
		      e2_err_detail());
		return false;
	}
	j->losses = wet.losses;
	j->f->repaired += wet.fixed != 0;
	j->f->harmless += wet.fixed == 0 && wet.left == 0;
	if (wet.left != 0)
		fault(j, SWEEP_BIT_LEFT, "%s", left);
	if ((j->f->mutants & 3) == 0) {
		ram_copy(&s->again, &s->bad);
		err = run(&s->again, false, &dry, left);
		if (err != 0 || memcmp(&dry, &wet, sizeof(dry)) != 0 ||
		    memcmp(s->again.bytes, s->bad.bytes, s->bad.size) != 0)
			fault(j, SWEEP_BIT_DRY, "%" PRIu64 " repaired, dry %" PRIu64, wet.fixed,
			      dry.fixed);
	}
	return true;
}

static void repair_again(struct judge *j)
{
	struct sweep *s = j->s;
	struct e2_report *report = NULL;
	struct outcome again;
	char text[64];
	int err = e2_check_image(ram_open(&s->fixed, false), NULL, &report);

	if (err != 0) {
		fault(j, SWEEP_BIT_DIRTY, "%s", e2_err_detail());
	} else {
		first_finding(report, false, text);
		if (text[0] != '\0' && (j->faults & 1u << SWEEP_BIT_LEFT) == 0)
			fault(j, SWEEP_BIT_DIRTY, "%s", text);
	}
	e2_report_free(report);
	ram_copy(&s->again, &s->fixed);
	err = run(&s->again, true, &again, text);
	if (err != 0 || s->again.size != s->fixed.size ||
	    memcmp(s->again.bytes, s->fixed.bytes, s->fixed.size) != 0)
		fault(j, SWEEP_BIT_UNSTABLE, "%s %s", err != 0 ? e2_err_detail() : "", text);
}

/* ---- the files ----------------------------------------------------------------------- */

static const struct reader_name *find_bytes(const struct reader *r, uint64_t bytes)
{
	for (size_t i = 0; i < r->name_count; i++)
		if (r->names[i].bytes == bytes)
			return &r->names[i];
	return NULL;
}

static bool is_dir(const struct reader_name *n)
{
	return (n->mode & E2_S_IFMT) == E2_S_IFDIR;
}

static bool touches_dir(const struct judge *j)
{
	const struct reader *r = &j->s->reader;

	for (size_t i = 0; i < r->name_count; i++)
		if (is_dir(&r->names[i]) && reader_touches(r, r->names[i].ino, j->at, j->len))
			return true;
	return false;
}

/* A file that the mutation has not touched. */
static void judge_untouched(struct judge *j, const struct reader *now,
			    const struct reader_name *was, bool dir_touched)
{
	const struct reader_name *same = reader_find(now, was->path);
	const struct reader_name *found = find_bytes(now, was->bytes);

	j->f->untouched++;
	if (found == NULL) {
		j->f->untouched_lost++;
		fault(j, SWEEP_BIT_LOST, "%s", was->path);
		return;
	}
	if (same != NULL && same->bytes == was->bytes)
		found = same;
	else if (!dir_touched)
		fault(j, SWEEP_BIT_MOVED, "%s is %s", was->path, found->path);
	if (found->about != was->about)
		fault(j, SWEEP_BIT_CHANGED, "%s", was->path);
}

/*
 * What was there nothing tells, and what stands there now nothing contradicts: the size of a
 * file that keeps all bytes but for zeros at its end; a device number, of whose bits those
 * that mean nothing were cleared.
 */
static bool is_not_known(const struct judge *j, const struct reader_name *was,
			 const struct reader_name *now)
{
	const char *field = j->m->field != NULL ? j->m->field->name : "";
	uint32_t format = was->mode & E2_S_IFMT;

	if (now->mode != was->mode)
		return false;
	if (format == E2_S_IFREG)
		return strcmp(field, "size") == 0 && now->content == was->content;
	return (format == E2_S_IFCHR || format == E2_S_IFBLK) && strncmp(field, "block", 5) == 0;
}

/* What a reader of the damaged image gets may change, if the report says so. */
static void judge_touched(struct judge *j, const struct reader *bad, const struct reader *now,
			  const struct reader_name *was)
{
	const struct reader_name *before = reader_find(bad, was->path);
	const struct reader_name *after = reader_find(now, was->path);

	j->f->touched++;
	if (find_bytes(now, was->bytes) != NULL) {
		j->f->touched_kept++;
		return;
	}
	if (j->losses != 0)
		return;
	if (after != NULL && is_not_known(j, was, after))
		return;
	if (after == NULL || (before != NULL && before->bytes != after->bytes))
		fault(j, SWEEP_BIT_SILENT, "%s", was->path);
}

static void judge_files(struct judge *j)
{
	struct sweep *s = j->s;
	struct reader now, bad;
	bool dir_touched = touches_dir(j);

	(void)reader_open(&now, s->fixed.bytes, s->fixed.size);
	(void)reader_open(&bad, s->bad.bytes, s->bad.size);
	for (size_t i = 0; i < s->reader.name_count; i++) {
		const struct reader_name *was = &s->reader.names[i];
		bool again = false;

		for (size_t k = 0; k < i && !again; k++)
			again = s->reader.names[k].ino == was->ino;
		if (again || is_dir(was))
			continue;
		if (reader_touches(&s->reader, was->ino, j->at, j->len))
			judge_touched(j, &bad, &now, was);
		else
			judge_untouched(j, &now, was, dir_touched);
	}
	reader_close(&now);
	reader_close(&bad);
}

unsigned sweep_judge(struct sweep *s, const struct sweep_mutant *m, uint64_t at, uint32_t len,
		     struct sweep_figures *f, char detail[200])
{
	struct judge j = { .s = s, .m = m, .at = at, .len = len, .f = f, .detail = detail };

	detail[0] = '\0';
	f->mutants++;
	if (!repair(&j))
		return j.faults;
	judge_files(&j);
	if (s->fixed.size != s->bad.size || memcmp(s->fixed.bytes, s->bad.bytes, s->bad.size) != 0)
		repair_again(&j);
	return j.faults;
}
