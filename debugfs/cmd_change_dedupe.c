/* SPDX-License-Identifier: MIT */
/* dedupe: the same content, one inode; unshare: each name an inode of its own. */
#include "spot.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_PATHS = 8, SHOWN = 3 };	/* of more inodes two are shown */

struct left {			/* inodes that are as they were */
	e2_ino *ino;
	size_t count, cap;
};

struct job {
	struct shell *sh;
	struct e2_txn *txn;
	bool unshare, dry;
	struct e2_dedupe_how how;
	struct spot *spots;
	struct e2_start *starts;
	size_t count;
	e2_ino dir;		/* whose path is known */
	struct e2_str path;
	struct e2_dedupe_counts counts;
	struct left left[E2_DEDUPE_WHYS];
};

/* ---- what is told ------------------------------------------------------------------ */

/* The path of a name; those of one directory come together. */
static int make_path(struct job *job, const struct e2_dedupe_name *name)
{
	const char *slash;
	int err = 0;

	if (job->dir == name->dir) {
		slash = strrchr(e2_str_text(&job->path), '/');
		e2_str_truncate(&job->path, (size_t)(slash - job->path.text) + 1);
	} else {
		e2_str_truncate(&job->path, 0);
		err = shell_climb(job->sh, name->dir, &job->path);
		if (job->path.len > 1)
			e2_str_add(&job->path, "/");
		job->dir = name->dir;
	}
	e2_str_add_bytes(&job->path, name->name, name->len);
	return err ? err : e2_str_status(&job->path);
}

static int tell_name(void *context, const struct e2_dedupe_name *name)
{
	struct job *job = context;
	struct out *o = &job->sh->out;
	int err = make_path(job, name);

	if (err)
		return err;
	if (o->mode != OUT_TEXT) {
		out_record(o, "relinked");
		out_name(o, "path", job->path.text, job->path.len);
		out_u64(o, "ino", name->now);
		out_u64(o, "was", name->was);
		out_record_end(o);
		return 0;
	}
	out_add_name(o, job->path.text, job->path.len);
	out_add(o, " <%u>, was <%u>", name->now, name->was);
	out_line(o);
	return 0;
}

static int keep_left(void *context, e2_ino ino, enum e2_dedupe_why why)
{
	struct left *l = &((struct job *)context)->left[why];
	e2_ino *grown = e2_grow(l->ino, &l->cap, l->count + 1, sizeof(*grown));

	if (!grown)
		return E2_ERR_NOMEM;
	l->ino = grown;
	grown[l->count++] = ino;
	return 0;
}

static int compare_inos(const void *pa, const void *pb)
{
	const e2_ino *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

static void sort_left(struct job *job)
{
	for (int why = 0; why < E2_DEDUPE_WHYS; why++)
		if (job->left[why].count)
			qsort(job->left[why].ino, job->left[why].count, sizeof(e2_ino),
			      compare_inos);
}

static void record_left(struct out *o, const char *member, const struct left *l)
{
	out_list(o, member);
	for (size_t i = 0; i < l->count; i++)
		out_u64(o, NULL, l->ino[i]);
	out_list_end(o);
}

static void show_record(struct job *job)
{
	const struct e2_dedupe_counts *n = &job->counts;
	struct out *o = &job->sh->out;
	int64_t block_size = e2_geometry(job->sh->fs)->block_size;

	out_record(o, job->unshare ? "unshare" : "dedupe");
	out_bool(o, "dry_run", job->dry);
	out_u64(o, "names", n->names);
	out_u64(o, "inodes_before", n->was);
	out_u64(o, "inodes", n->inodes);
	out_u64(o, "changed", n->changed);
	out_i64(o, "blocks_saved", n->blocks);
	out_i64(o, "bytes_saved", n->blocks * block_size);
	if (job->unshare) {
		out_u64(o, "kept_elsewhere", n->outside);
	} else {
		out_u64(o, "other_owner", n->lost.owner);
		out_u64(o, "lost_set_id", n->lost.set_id);
		out_u64(o, "other_attributes", n->lost.attrs);
		out_u64(o, "other_mtime", n->lost.times);
		out_u64(o, "left_small", n->small);
		out_u64(o, "left_elsewhere", n->elsewhere);
		out_u64(o, "left_full", n->full);
	}
	out_u64(o, "left_fixed", n->fixed);
	out_u64(o, "left_damaged", n->damaged);
	record_left(o, "fixed_inodes", &job->left[E2_DEDUPE_FIXED]);
	record_left(o, "damaged_inodes", &job->left[E2_DEDUPE_DAMAGED]);
	out_record_end(o);
}

static void show_left(struct out *o, uint64_t count, const char *why)
{
	if (count == 0)
		return;
	out_add(o, "  ");
	e2_str_add_count(&o->text, count);
	out_add(o, " %s left: %s", count == 1 ? "inode" : "inodes", why);
	out_line(o);
}

static void show_inodes(struct out *o, const struct left *l, const char *why)
{
	size_t most = l->count > SHOWN ? SHOWN - 1 : l->count;
	struct e2_str s = E2_STR_INIT;

	e2_str_addf(&s, "%s:", why);
	for (size_t i = 0; i < most; i++)
		e2_str_addf(&s, " <%u>", l->ino[i]);
	if (l->count > most) {
		e2_str_add(&s, " and ");
		e2_str_add_count(&s, l->count - most);
		e2_str_add(&s, " more");
	}
	show_left(o, l->count, e2_str_text(&s));
	e2_str_free(&s);
}

static void show_damaged(struct job *job)
{
	show_inodes(&job->sh->out, &job->left[E2_DEDUPE_DAMAGED],
		    "damaged, or with a count below the names; see extant-fsck");
}

static void show_changed(struct job *job)
{
	struct e2_str text = E2_STR_INIT;
	struct out *o = &job->sh->out;

	e2_same_tell(&job->counts.lost, job->dry, "--strict", &text);
	if (text.len > 0) {
		out_add(o, "  %s", e2_str_text(&text));
		out_line(o);
	}
	e2_str_free(&text);
}

static void show_unshare_left(struct job *job)
{
	const struct e2_dedupe_counts *n = &job->counts;
	struct out *o = &job->sh->out;

	if (n->outside > 0) {
		out_add(o, "  ");
		e2_str_add_count(&o->text, n->outside);
		out_add(o, n->outside == 1 ? " inode keeps its names elsewhere" :
			" inodes keep their names elsewhere");
		out_line(o);
	}
	show_inodes(o, &job->left[E2_DEDUPE_FIXED],
		    "immutable or append-only, or with a name in such a directory");
	show_damaged(job);
}

static void show_all_left(struct job *job)
{
	const struct e2_dedupe_counts *n = &job->counts;
	struct out *o = &job->sh->out;
	struct e2_str why = E2_STR_INIT;

	if (job->how.min == 1)
		e2_str_add(&why, "empty (--min 0 takes them too)");
	else
		e2_str_addf(&why, "smaller than %llu bytes", (unsigned long long)job->how.min);
	show_left(o, n->small, e2_str_text(&why));
	e2_str_truncate(&why, 0);
	e2_str_add(&why, "no inode gets more than ");
	add_plural(&why, job->how.max_links, "name", "names");
	show_left(o, n->full, e2_str_text(&why));
	e2_str_free(&why);
	show_left(o, n->elsewhere, "the same as another, but with names elsewhere, or one that may "
		  "not change");
	show_inodes(o, &job->left[E2_DEDUPE_FIXED], "immutable or append-only");
	show_damaged(job);
}

/* "1,802 names: 900 inodes, 2,706 KiB saved" */
static void show(struct job *job)
{
	const struct e2_dedupe_counts *n = &job->counts;
	struct out *o = &job->sh->out;
	int64_t blocks = job->unshare ? -n->blocks : n->blocks;
	uint64_t bytes = (uint64_t)(blocks > 0 ? blocks : 0) * e2_geometry(job->sh->fs)->block_size;

	if (o->mode != OUT_TEXT) {
		show_record(job);
		return;
	}
	e2_str_add_count(&o->text, n->names);
	out_add(o, n->names == 1 ? " name: " : " names: ");
	e2_str_add_count(&o->text, n->inodes);
	out_add(o, n->inodes == 1 ? " inode" : " inodes");
	if (job->unshare) {
		out_add(o, " instead of ");
		e2_str_add_count(&o->text, n->was);
	}
	out_add(o, ", ");
	e2_str_add_count(&o->text, bytes / 1024);
	out_add(o, " KiB %s%s%s", job->unshare ? "more " : "", job->dry ? "would be " : "",
		job->unshare ? "in use" : "saved");
	out_line(o);
	if (job->unshare) {
		show_unshare_left(job);
	} else {
		show_changed(job);
		show_all_left(job);
	}
}

/* ---- doing it -------------------------------------------------------------------------- */

static int find_start(struct job *job, const struct arg *a)
{
	struct spot *s = &job->spots[job->count];
	int err = spot_of(job->sh, a, false, s);

	job->count++;
	if (!err)
		err = spot_must_be(s);
	if (err)
		return err;
	if (!job->unshare && !e2_is_dir(&s->in) && !e2_is_reg(&s->in))
		return spot_fail(s, e2_fail(E2_ERR_INVAL, "%s; only regular files are compared",
					    file_type_words(s->in.mode)));
	if (!e2_is_dir(&s->in) && !s->name.len)
		return spot_fail(s, e2_fail(E2_ERR_NOENT, "no directory, and a number is no name"));
	job->starts[job->count - 1] = (struct e2_start){
		.ino = s->ino, .dir = s->dir, .name = s->name.text, .len = s->name.len,
	};
	return 0;
}

static int find_starts(struct job *job, const struct args *args)
{
	size_t paths = args_count(args, "PATH");
	struct e2_txn *memory = NULL;	/* of the names of a directory, when many are looked for */
	int err = 0;

	job->spots = calloc(paths, sizeof(*job->spots));
	job->starts = calloc(paths, sizeof(*job->starts));
	if (!job->spots || !job->starts)
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu paths", paths);
	if (paths > FEW_PATHS && !job->sh->txn)
		memory = e2_dir_remember(job->sh->fs);
	for (size_t i = 0; i < paths && !err; i++)
		err = find_start(job, &args->arg[i]);
	e2_txn_abort(memory);
	return err;
}

static int work(struct job *job, bool verbose)
{
	job->how.told = verbose ? tell_name : NULL;
	job->how.left = keep_left;
	job->how.context = job;
	return job->unshare ?
		e2_unshare(job->txn, job->starts, job->count, &job->how, &job->counts) :
		e2_dedupe(job->txn, job->starts, job->count, &job->how, &job->counts);
}

/*
 * Not all that was asked for was done, and which is said: what is damaged, or may not change
 * although it was to be taken apart.  (What is the same and may not change is as if it were not.)
 */
static bool is_partial(const struct job *job)
{
	return job->counts.damaged || (job->unshare && job->counts.fixed);
}

/* With -n all is done, and taken back: so what is said of it is true. */
static int try(struct job *job, bool verbose)
{
	struct shell *sh = job->sh;
	unsigned mark;
	int err;

	if (sh->txn) {
		job->txn = sh->txn;
		err = e2_txn_mark(sh->txn, &mark);
		if (err)
			return err;
		err = work(job, verbose);
		e2_txn_rewind(sh->txn, mark);
		return err;
	}
	err = e2_txn_begin(sh->fs, true, &job->txn);
	if (err)
		return err;
	err = work(job, verbose);
	e2_txn_abort(job->txn);
	return err;
}

static int run(struct shell *sh, const struct args *args, struct job *job)
{
	bool verbose = args_has(args, "-v");
	int err;

	job->sh = sh;
	job->txn = sh->txn;
	job->dry = args_has(args, "-n");
	err = find_starts(job, args);
	if (!err)
		err = job->dry ? try(job, verbose) : work(job, verbose);
	if (!err) {
		sort_left(job);
		show(job);
	}
	sh->partial |= !err && is_partial(job);
	for (size_t i = 0; i < job->count; i++)
		spot_free(&job->spots[i]);
	free(job->spots);
	for (int why = 0; why < E2_DEDUPE_WHYS; why++)
		free(job->left[why].ino);
	free(job->starts);
	e2_str_free(&job->path);
	return err;
}

int cmd_dedupe(struct shell *sh, const struct args *args)
{
	const struct arg *min = args_value(args, "--min"), *most = args_value(args, "--max-links");
	struct job job = { .how = { .strict = args_has(args, "--strict"), .min = 1,
				    .max_links = E2_LINK_MAX } };

	if (min)
		job.how.min = min->number;
	if (most && (most->number < 1 || most->number > E2_LINK_MAX))
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "--max-links %s: must be 1 to %d",
						 most->text, E2_LINK_MAX));
	if (most)
		job.how.max_links = (uint32_t)most->number;
	return run(sh, args, &job);
}

int cmd_unshare(struct shell *sh, const struct args *args)
{
	struct job job = { .unshare = true };

	return run(sh, args, &job);
}
