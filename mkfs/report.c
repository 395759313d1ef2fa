/* SPDX-License-Identifier: MIT */
/* Failures: what, what became of the image, and one step that may help. */
#include "job.h"
#include "summary.h"

#include <stdio.h>
#include <string.h>

void job_tell(struct job *job, const char *text)
{
	progress_erase(&job->progress);
	fprintf(stderr, "extant-mkfs: %s\n", text);
}

void job_warn(void *context, const char *text)
{
	struct job *job = context;

	if (!job->o->quiet)
		job_tell(job, text);
}

/* "; a.img unchanged" and its sisters. */
static void add_fate(const struct job *job, struct e2_str *s)
{
	const char *name = e2_str_text(&job->name);

	if (job->writing)
		e2_str_addf(s, "; %s is incomplete", name);
	else if (job->occupied)
		e2_str_add(s, "; not replaced");
	else if (job->target || job->committing)
		e2_str_addf(s, job->existed ? "; %s unchanged" : "; %s not made", name);
}

/* "root needs 91.2 MiB and 9,318 inodes, but 64 MiB holds 58.1 MiB and 16,384". */
static int add_need(const struct job *job, struct e2_str *s)
{
	const struct e2_geometry *g = &job->shape.geometry;
	const struct e2_super *super = &job->shape.super;
	struct e2_need need;
	int err = e2_plan_need(job->source, g->block_size, g->inode_size, job->shape.extra_isize,
			       &need);

	if (err)
		return err;
	e2_str_addf(s, "%s: ", e2_str_text(&job->name));
	const char *first = job->o->sources[0].path;

	if (job->o->sources_len == 1)
		e2_str_add_name(s, first, strlen(first));
	else
		e2_str_addf(s, "what is in %zu directories", job->o->sources_len);
	e2_str_add(s, " needs ");
	e2_str_add_size(s, need.blocks * g->block_size);
	e2_str_add(s, " and ");
	e2_str_add_count(s, need.inodes);
	e2_str_add(s, need.inodes == 1 ? " inode, but " : " inodes, but ");
	e2_str_add_size(s, g->blocks * g->block_size);
	e2_str_add(s, " holds ");
	e2_str_add_size(s, (g->blocks - super->overhead_blocks) * g->block_size);
	e2_str_add(s, " and ");
	e2_str_add_count(s, g->inodes);
	return 0;
}

/* The size that would do. */
static void try_size(const struct job *job, struct e2_str *s)
{
	uint64_t bytes;

	if (!job->source || e2_plan_auto_size(job->source, &job->o->shape, 0, 0, &bytes))
		return;
	e2_str_add(s, "\n  try: ");
	e2_str_add(s, job->size_is_old ? "--size auto, or " : "without the size, or ");
	summary_add_argument(s, bytes);
}

/*
 * "  try: --exclude etc/shadow", from a detail such as "root/etc/shadow: permission
 * denied".  Escaped names are left out: they could not be typed as they are shown.
 */
static void try_exclude(const struct job *job, const char *detail, struct e2_str *s)
{
	const struct options *o = job->o;
	const char *colon = strrchr(detail, ':');
	size_t best = 0, len;

	for (size_t i = 0; i < o->sources_len; i++) {
		const char *dir = o->sources[i].path;

		for (len = strlen(dir); len > 1 && dir[len - 1] == '/'; len--)
			;
		if (strncmp(detail, dir, len) == 0 && detail[len] == '/' && len > best)
			best = len;
	}
	if (!best || !colon || memchr(detail, '\\', (size_t)(colon - detail)))
		return;
	best += strspn(detail + best, "/");
	if (detail + best < colon)
		e2_str_addf(s, "\n  try: --exclude %.*s", (int)(colon - detail - (ptrdiff_t)best),
			    detail + best);
}

void job_report(struct job *job, int err)
{
	struct e2_str s = E2_STR_INIT, detail = E2_STR_INIT;
	bool no_space = err == E2_ERR_NOSPC && job->source && !job->plan &&
			job->o->sources_len > 0;

	e2_str_add(&detail, *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
	if (err == E2_ERR_CANCELLED)
		e2_str_add(&s, "interrupted");
	else if (!no_space || job->shape.geometry.blocks == 0 || add_need(job, &s) != 0)
		e2_str_add(&s, e2_str_text(&detail));
	add_fate(job, &s);
	if (*e2_err_advice())
		e2_str_addf(&s, "\n  try: %s", e2_err_advice());
	if (job->occupied)
		e2_str_add(&s, "\n  try: -F");
	if (no_space)
		try_size(job, &s);
	if (err == E2_ERR_ACCES)
		try_exclude(job, e2_str_text(&detail), &s);
	fprintf(stderr, "extant-mkfs: %s\n", e2_str_text(&s));
	e2_str_free(&s);
	e2_str_free(&detail);
}
