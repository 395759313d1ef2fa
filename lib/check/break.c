/* SPDX-License-Identifier: MIT */
/* Cases of damage, tried until a check of the damaged volume finds what it is meant to find. */
#include "check/break_priv.h"

#include "check/repair.h"
#include "check/report.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES = 8 };		/* checks of a damaged volume */

struct row {
	struct e2_break_case c;
	const char *need, *steps, *also;
};

static const struct row rows[] = {
#define B(name, id, need, what, steps, also, also_what) \
	{ { name, E2_PROBLEM_##id, what, also_what, E2_PROBLEM_GROUP_COUNT }, need, steps, also },
#define N(id, why)
#include "check/break.def"
#undef B
#undef N
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const char *e2_break_why_not(enum e2_problem_id id)
{
	switch (id) {
#define B(name, id, need, what, steps, also, also_what)
#define N(id, why) case E2_PROBLEM_##id: return why;
#include "check/break.def"
#undef B
#undef N
	default:
		return NULL;
	}
}

const struct e2_break_case *e2_break_at(size_t index)
{
	return index < ROWS ? &rows[index].c : NULL;
}

const struct e2_break_case *e2_break_find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].c.name, name) == 0)
			return &rows[i].c;
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(e2_problem(rows[i].c.id)->code, name) == 0)
			return &rows[i].c;
	return NULL;
}

const char *e2_break_needs(const struct e2_break_case *c)
{
	const struct row *row = (const struct row *)c;

	return break_need_text(break_need_find(row->need));
}

/* ---- the damaged volume, as an image to check ------------------------------------------- */

struct view {
	struct e2_io io;
	struct e2_fs *fs;
	uint8_t *block;
};

static int view_read(struct e2_io *io, uint64_t offset, size_t len, void *to)
{
	struct view *v = (struct view *)io;
	const struct e2_geometry *g = e2_geometry(v->fs);
	uint64_t end = g->blocks * g->block_size;
	uint8_t *at = to;
	int err = 0;

	while (len != 0 && err == 0) {
		size_t from = offset % g->block_size, n = g->block_size - from;
		e2_blk blk = offset / g->block_size;

		n = n < len ? n : len;
		if (offset >= end) {
			err = e2_io_read(e2_fs_io(v->fs), offset, len, at);
			break;
		}
		if (from == 0 && len >= g->block_size) {
			uint64_t left = len < end - offset ? len : end - offset;
			uint64_t count = left / g->block_size;

			n = (size_t)(count * g->block_size);
			err = e2_cache_read(e2_fs_cache(v->fs), blk, count, at);
		} else {
			err = e2_cache_read(e2_fs_cache(v->fs), blk, 1, v->block);
			memcpy(at, v->block + from, n);
		}
		at += n;
		offset += n;
		len -= n;
	}
	return err;
}

static int view_close(struct e2_io *io)
{
	struct view *v = (struct view *)io;

	free(v->block);
	free(v);
	return 0;
}

static int view_open(struct e2_fs *fs, struct e2_io **io)
{
	static const struct e2_io_ops ops = { .read = view_read, .close = view_close };
	struct view *v = calloc(1, sizeof(*v));

	if (v != NULL)
		v->block = malloc(e2_geometry(fs)->block_size);
	if (v == NULL || v->block == NULL) {
		free(v);
		return e2_fail(E2_ERR_NOMEM, "no memory for a check");
	}
	v->io = (struct e2_io){ .ops = &ops, .name = e2_fs_name(fs), .size = e2_fs_io(fs)->size };
	v->fs = fs;
	*io = &v->io;
	return 0;
}

/* As extant-fsck -n does it: with a repair that nobody writes. */
static int check(struct breaker *b, struct e2_report **report)
{
	const struct e2_repair_options how = {
		.check = { .no_read_ahead = true, .threads = 1, .now = e2_fs_now(b->fs).sec },
	};
	struct e2_io *io = NULL;
	int err = view_open(b->fs, &io);

	return err != 0 ? err : e2_repair_io(io, false, &how, report);
}

/* ---- attempts -------------------------------------------------------------------------------- */

/* The finding of the problem that is about what was damaged, if one is; else the first. */
static const struct e2_finding *find(const struct breaker *b, const struct e2_report *report,
				     enum e2_problem_id id)
{
	const struct e2_finding *first = NULL;

	for (size_t i = 0; i < e2_report_count(report); i++) {
		const struct e2_finding *f = e2_report_at(report, i);

		if (f->id != id)
			continue;
		if (first == NULL)
			first = f;
		if (f->ino != 0 && f->ino == b->a)
			return f;
	}
	return first;
}

static int tell(struct breaker *b, struct e2_report *report, const struct e2_finding *f)
{
	struct e2_broken *out = b->out;

	e2_finding_object(report, f, &out->object);
	e2_finding_field(report, f, &out->field);
	e2_finding_text(report, f, &out->finding);
	e2_finding_will(report, f, &out->repair);
	if (out->repair.len == 0)
		e2_str_add(&out->repair, e2_problem_verb(f->id));
	for (size_t i = 0; i < e2_report_losses(report); i++)
		out->lost += e2_report_loss(report, i)->kind != E2_LOSS_NEW_NAME;
	out->errors = e2_report_errors(report);
	out->notes = e2_report_notes(report);
	return e2_str_status(&out->object) || e2_str_status(&out->field) ||
	       e2_str_status(&out->finding) || e2_str_status(&out->repair) ?
		e2_fail(E2_ERR_NOMEM, "no memory for what a check finds") : 1;
}

static void forget(struct e2_broken *out)
{
	for (size_t i = 0; i < out->count; i++) {
		struct e2_damage *d = &out->damage[i];

		free(d->object);
		free(d->field);
		free(d->before);
		free(d->after);
		free(d->was);
		free(d->is);
	}
	out->count = 0;
	out->lost = 0;
	e2_str_truncate(&out->object, 0);
	e2_str_truncate(&out->field, 0);
	e2_str_truncate(&out->finding, 0);
	e2_str_truncate(&out->repair, 0);
}

void e2_broken_free(struct e2_broken *out)
{
	forget(out);
	free(out->damage);
	e2_str_free(&out->object);
	e2_str_free(&out->field);
	e2_str_free(&out->finding);
	e2_str_free(&out->repair);
	*out = (struct e2_broken){ .count = 0 };
}

/* Failures that another choice may not have. */
static bool may_go_on(int err)
{
	return err == E2_ERR_NOENT || err == E2_ERR_RANGE || err == E2_ERR_INVAL ||
	       err == E2_ERR_CORRUPT || err == E2_ERR_NOT_EXT2 || err == E2_ERR_FEATURE;
}

/* Damages and checks: 1 when the problem is found. */
static int damage(struct breaker *b, const struct row *row, bool alone)
{
	struct e2_report *report;
	const struct e2_finding *f;
	int err;

	b->also = false;
	err = break_steps(b, row->steps);
	b->also = true;
	if (err == 0 && !alone)
		err = break_steps(b, row->also);
	if (err == 0)
		err = check(b, &report);
	if (err != 0)
		return err;
	f = find(b, report, row->c.id);
	err = f != NULL ? tell(b, report, f) : 0;
	e2_report_free(report);
	return err;
}

/* One choice, all or nothing: 1 when it did; *tried when it came to a check. */
static int attempt(struct breaker *b, const struct row *row, bool alone)
{
	unsigned mark;
	int r = e2_txn_mark(b->txn, &mark);

	if (r != 0)
		return r;
	r = damage(b, row, alone);
	if (r > 0) {
		e2_txn_release(b->txn, mark);
		return r;
	}
	e2_txn_rewind(b->txn, mark);
	forget(b->out);
	if (r != 0 && !may_go_on(r))
		return r;
	e2_err_clear();
	return 0;
}

static int fail_need(const struct row *row, unsigned tries)
{
	const char *need = break_need_text(break_need_find(row->need));

	if (tries != 0)
		return e2_fail(E2_ERR_NOENT, "%s: of what this volume holds nothing was damaged "
			       "so that a check finds it%s%s", row->c.name,
			       *need != '\0' ? "; it needs " : "", need);
	return e2_fail(E2_ERR_NOENT, "%s: this volume has nothing suitable; it needs %s",
		       row->c.name, need);
}

int e2_break(struct e2_txn *txn, const struct e2_break_case *c, uint64_t seed, bool alone,
	     struct e2_broken *out)
{
	const struct row *row = (const struct row *)c;
	struct breaker b = { .txn = txn, .fs = e2_txn_fs(txn), .seed = seed, .out = out };
	struct break_choices choices;
	unsigned tries = 0;
	int r;

	*out = (struct e2_broken){ .count = 0 };
	b.g = e2_geometry(b.fs);
	r = break_choices_begin(&b, break_need_find(row->need), &choices);
	while (r == 0 && tries < TRIES && (r = break_choices_next(&b, &choices)) > 0) {
		tries++;
		r = attempt(&b, row, alone);
	}
	break_choices_end(&choices);
	if (r == 0)
		r = fail_need(row, tries);
	return r < 0 ? r : 0;
}
