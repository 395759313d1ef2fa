/* SPDX-License-Identifier: MIT */
/* The steps of making an image, in order; each leaves its result in the job. */
#include "job.h"

#include "recognise.h"
#include "summary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uuid/uuid.h>

/* What says how a tree is taken in, without a tree: one was forgotten. */
static int check_tree(const struct options *o)
{
	const char *name = o->one_file_system ? "-x" : o->dedupe ? "--dedupe" :
		o->dangling != DANGLING_KEEP ? "--dangling" : o->excludes ? "--exclude" :
		o->skip_unreadable ? "--skip-unreadable" : NULL;

	return name && !o->sources_len ?
		e2_fail(E2_ERR_INVAL, "%s: says how a tree is taken in, and there is no -d", name) :
		0;
}

int job_check(const struct options *o)
{
	const uint64_t usual = 64 << 20;
	uint32_t block_size;
	int err = check_tree(o);

	return err ? err : e2_shape_block_size(&o->shape, o->size ? o->size : usual, &block_size);
}

/* ---- the image -------------------------------------------------------------- */

/* A dry run only looks; a real one prepares the file to be written. */
static int open_image(struct job *job)
{
	const struct options *o = job->o;
	struct stat st;

	e2_str_add(&job->spec, o->image);
	e2_str_add_name(&job->name, o->image, strlen(o->image));
	if (o->has_offset)
		e2_str_addf(&job->spec, "?offset=%llu", (unsigned long long)o->offset);
	if (e2_str_status(&job->spec) || e2_str_status(&job->name))
		return e2_fail(E2_ERR_NOMEM, "out of memory");
	if (!o->dry_run) {
		int err = e2_target_open(e2_env_host(), e2_str_text(&job->spec), &job->target);

		if (!err)
			job->old = e2_target_old(job->target);
		job->existed = job->old != NULL;
		return err;
	}

	int err = e2_io_open_image(e2_str_text(&job->spec), 0, &job->old);

	if (!err && stat(o->image, &st) == 0) {
		job->dev = st.st_dev;
		job->ino = st.st_ino;
	}
	return err == E2_ERR_NOENT && !o->has_offset ? 0 : err;
}

static int refuse_content(struct job *job)
{
	struct e2_str what = E2_STR_INIT;
	int r = job->old && !job->o->force ? recognise(job->old, &what) : 0;

	job->occupied = r > 0;
	if (r > 0)
		r = e2_fail(E2_ERR_EXIST, "%s: contains %s", e2_str_text(&job->name),
			    e2_str_text(&what));
	e2_str_free(&what);
	return r;
}

/* ---- the tree ---------------------------------------------------------------- */

static bool is_own(void *context, uint64_t dev, uint64_t ino)
{
	const struct job *job = context;

	if (job->target)
		return e2_target_is(job->target, dev, ino);
	return job->ino != 0 && dev == job->dev && ino == job->ino;
}

static int reading(void *context, uint64_t objects)
{
	struct job *job = context;

	return progress_reading(&job->progress, objects);
}

static int writing(void *context, uint64_t done, uint64_t all)
{
	struct job *job = context;

	return progress_writing(&job->progress, done, all);
}

/* With --reproducible alone nothing says what time it is but the newest file. */
static int64_t newest(const struct e2_source *source)
{
	int64_t newest = 0;

	for (uint32_t i = 0; i < e2_source_objects(source); i++) {
		const struct e2_object *object = e2_source_object(source, i);

		if (object->mtime > newest)
			newest = object->mtime;
	}
	return newest;
}

/* The first -d that names no directory but an archive, in a file or a pipe; NULL: none. */
static const struct e2_source_graft *find_archive(const struct options *o)
{
	struct stat st;

	for (size_t i = 0; i < o->sources_len; i++) {
		const char *path = o->sources[i].path;

		if (!strcmp(path, "-") || (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)))
			return &o->sources[i];
	}
	return NULL;
}

static int refuse_archive(const char *path, const char *why)
{
	struct e2_str name = E2_STR_INIT;
	int err;

	e2_str_add_name(&name, path, strlen(path));
	err = e2_fail(E2_ERR_INVAL, "%s: %s", e2_str_text(&name), why);
	e2_str_free(&name);
	return err;
}

static int read_archive(struct job *job, const struct e2_source_graft *archive,
			const struct e2_source_options *so)
{
	int err;

	if (job->o->sources_len > 1 || archive->at) {
		err = refuse_archive(archive->path, "an archive, which fills a volume alone, from "
				     "its root");
		e2_advise("to unpack it into a directory, and -d with that");
		return err;
	}
	if (so->exclude || so->skip_unreadable || so->one_file_system)
		return refuse_archive(archive->path, "an archive; --exclude, --skip-unreadable and "
				      "-x are for directories");
	return e2_source_archive(archive->path, so, &job->source);
}

static int read_sources(struct job *job, const struct e2_source_options *so)
{
	const struct options *o = job->o;
	const struct e2_source_graft *archive = find_archive(o);

	return archive ? read_archive(job, archive, so) :
		e2_source_trees(o->sources, o->sources_len, so, &job->source);
}

static int read_tree(struct job *job)
{
	struct options *o = job->o;
	struct e2_source_options so = {
		.skip_unreadable = o->skip_unreadable, .no_xattrs = o->no_xattrs,
		.one_file_system = o->one_file_system,
		.exclude = o->exclude, .is_own = is_own, .progress = reading, .warn = job_warn,
		.context = job,
	};
	int err = read_sources(job, &so);

	if (!err && o->reproducible && !getenv("SOURCE_DATE_EPOCH"))
		o->shape.now = o->sources_len > 0 ? newest(job->source) : 0;
	return err;
}

static int dedupe_tree(struct job *job)
{
	const struct options *o = job->o;
	struct e2_source_dedupe how = {
		.strict = o->dedupe_strict, .progress = reading, .context = job,
	};

	return o->dedupe ? e2_source_dedupe(job->source, &how) : 0;
}

/* ---- symlinks that lead nowhere ------------------------------------------------- */

static void tell_dangling(void *context, const char *path, const char *text, const char *reason)
{
	struct job *job = context;
	struct e2_str s = E2_STR_INIT;

	e2_str_addf(&s, "%s -> %s: %s", path, text, reason);
	if (job->o->dangling == DANGLING_ERROR)
		job_tell(job, e2_str_text(&s));
	else
		job_warn(job, e2_str_text(&s));
	e2_str_free(&s);
}

static int poll_interrupted(void *context)
{
	(void)context;
	return progress_interrupted() ? e2_fail(E2_ERR_CANCELLED, "interrupted") : 0;
}

static int check_links(struct job *job)
{
	enum { NAMED = 100 };
	struct e2_str s = E2_STR_INIT;
	uint64_t count = 0;
	int err = job->o->dangling == DANGLING_KEEP ? 0 :
		e2_source_dangling(job->source, NAMED, tell_dangling, poll_interrupted, job,
				   &count);

	if (err || count == 0)
		return err;
	e2_str_add_count(&s, count);
	e2_str_add(&s, count == 1 ? " symlink leads nowhere" : " symlinks lead nowhere");
	if (count > NAMED)
		e2_str_addf(&s, ", of which the first %d are named", NAMED);
	if (job->o->dangling == DANGLING_ERROR)
		err = e2_fail(E2_ERR_NOENT, "%s", e2_str_text(&s));
	else
		job_warn(job, e2_str_text(&s));
	e2_str_free(&s);
	return err;
}

/* ---- the volume ---------------------------------------------------------------- */

/* Where nothing is given and bytes shall be reproducible, the plan finds identities. */
static void choose_identity(struct options *o)
{
	if (o->uuid_kind == UUID_RANDOM || (o->uuid_kind == UUID_DEFAULT && !o->reproducible))
		uuid_generate_random(o->uuid);
	else if (o->uuid_kind == UUID_TIME)
		uuid_generate_time(o->uuid);
	if (o->uuid_kind != UUID_DEFAULT || !o->reproducible)
		o->shape.uuid = o->uuid;
	if (!o->has_hash_seed && !o->reproducible)
		uuid_generate_random(o->hash_seed);
	if (o->has_hash_seed || !o->reproducible)
		o->shape.hash_seed = o->hash_seed;
}

static int plan_size(struct job *job, uint64_t bytes)
{
	const struct options *o = job->o;
	struct e2_plan_options po = {
		.reproducible = o->reproducible, .now = o->shape.now, .root_uid = o->root_uid,
		.root_gid = o->root_gid, .root_owner = o->root_owner,
	};
	int err = e2_plan_shape(job->source, &o->shape, job->slack_percent, bytes, &job->shape);

	return err ? err : e2_plan_make(job->source, &job->shape, &po, &job->plan);
}

static int make_plan(struct job *job)
{
	choose_identity(job->o);

	int err = plan_size(job, job->bytes);

	/* A rounded size may be that of another usage type, with more inodes and less space. */
	if (err == E2_ERR_NOSPC && job->least != 0 && job->least != job->bytes) {
		job->bytes = job->least;
		err = plan_size(job, job->bytes);
	}
	return err;
}

static void warn_lossy(struct job *job)
{
	struct e2_plan_stats st;
	struct e2_str text = E2_STR_INIT;

	e2_plan_stats(job->plan, &st);
	if (st.clamped_times != 0) {
		e2_str_add_count(&text, st.clamped_times);
		e2_str_addf(&text, " %s a time that an inode of %u bytes cannot hold; the nearest "
			    "is stored", st.clamped_times == 1 ? "object has" : "objects have",
			    job->shape.geometry.inode_size);
		if (!job->o->reproducible)
			job_warn(job, e2_str_text(&text));
	}
	e2_str_truncate(&text, 0);
	if (st.dropped_xattrs != 0) {
		e2_str_add_count(&text, st.dropped_xattrs);
		e2_str_addf(&text, " %s attributes, which a volume without ext_attr cannot hold; "
			    "left out", st.dropped_xattrs == 1 ? "object has" : "objects have");
		job_warn(job, e2_str_text(&text));
	}
	e2_str_free(&text);
}

/* A change of the old volume that was never completed has no meaning for the new one, which
 * would be refused because of it. */
static void forget_log(struct job *job)
{
	struct e2_str log = E2_STR_INIT;
	struct e2_image *image = NULL;
	int err = e2_image_open(e2_env_host(), e2_str_text(&job->spec), 0, &image);

	if (!err)
		err = e2_image_log_path(image, &log);
	if (!err)
		err = e2_redo_forget(e2_env_host(), e2_str_text(&log));
	if (err && err != E2_ERR_UNSUPPORTED) {
		e2_str_truncate(&log, 0);
		e2_str_addf(&log, "%s; remove what is left of the old volume's log",
			    e2_err_detail());
		job_warn(job, e2_str_text(&log));
	}
	(void)e2_image_close(image);	/* was only read */
	e2_str_free(&log);
}

static int write_image(struct job *job)
{
	struct e2_io *io = e2_target_io(job->target);
	const char *in_place = e2_target_in_place(job->target);
	struct e2_emit_options eo = {
		.fresh = !in_place, .progress = writing, .context = job,
	};
	int err;

	if (in_place && io->size < job->bytes)
		return e2_fail(E2_ERR_NOSPC, "%s: %s and cannot grow: %llu bytes, but the volume "
			       "needs %llu", e2_str_text(&job->name), in_place,
			       (unsigned long long)io->size, (unsigned long long)job->bytes);
	if (progress_interrupted())
		return e2_fail(E2_ERR_CANCELLED, "interrupted");
	if (in_place && !job->o->quiet)
		fprintf(stderr, "extant-mkfs: %s: %s; written in place\n", e2_str_text(&job->name),
			in_place);
	job->writing = in_place != NULL;
	err = e2_emit(job->plan, io, &eo);
	if (!err && io->size < job->bytes)
		err = e2_io_resize(io, job->bytes);
	if (!err && progress_interrupted())
		err = e2_fail(E2_ERR_CANCELLED, "interrupted");
	if (err)
		return err;

	struct e2_target *target = job->target;

	job->target = NULL;
	job->old = NULL;
	job->committing = true;
	err = e2_target_commit(target);
	if (!err)
		forget_log(job);
	return err;
}

/* ---- the whole -------------------------------------------------------------------- */

static int make_image(struct job *job)
{
	int err;

	if ((err = open_image(job)) != 0 || (err = refuse_content(job)) != 0 ||
	    (err = read_tree(job)) != 0 || (err = check_links(job)) != 0 ||
	    (err = dedupe_tree(job)) != 0 || (err = job_choose_size(job)) != 0 ||
	    (err = make_plan(job)) != 0)
		return err;
	progress_erase(&job->progress);
	warn_lossy(job);
	return job->o->dry_run ? 0 : write_image(job);
}

/* The image is there whatever becomes of this. */
static int show_summary(struct job *job)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	summary_add(&s, job->o, &job->shape, job->plan, job->source, job->o->dry_run);
	err = e2_str_status(&s);
	if (err)
		err = e2_fail(err, "out of memory");
	else if (fputs(e2_str_text(&s), stdout) == EOF || fflush(stdout) != 0)
		err = e2_fail_errno(errno, "standard output");
	e2_str_free(&s);
	if (err)
		fprintf(stderr, "extant-mkfs: %s; %s %s\n", e2_err_detail(),
			e2_str_text(&job->name), job->o->dry_run ? "not made" : "made");
	return err;
}

static void release(struct job *job)
{
	e2_plan_free(job->plan);
	e2_source_free(job->source);
	if (!job->target)
		(void)e2_io_close(job->old);	/* was only read */
	e2_target_abort(job->target);
	e2_str_free(&job->spec);
	e2_str_free(&job->name);
}

int job_run(struct options *o)
{
	struct job job = { .o = o };

	progress_begin(&job.progress, o->image, o->quiet);

	int err = make_image(&job);

	progress_erase(&job.progress);
	if (err)
		job_report(&job, err);
	else if (!o->quiet)
		err = show_summary(&job);
	release(&job);
	return err ? 1 : 0;
}
