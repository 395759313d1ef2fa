/* SPDX-License-Identifier: MIT */
/* The quick look as a whole: when it can be taken, memory, threads. */
#include "check/fast.h"

#include "base/mix.h"
#include "vol/write.h"

#include <stdlib.h>
#include <string.h>

enum {
	THREADS_MAX = 4,
	THREAD_BYTES = 8 << 20,		/* of inode tables, that a thread of its own is worth */
	NAME_COST = 24,			/* bytes of memory for a name in a directory */
	NAMES_MEMORY = 4 << 20,		/* for names, and a part of the image's size */
	NAMES_SHARE = 128,
};

int fast_read(struct fast *f, e2_blk blk, uint64_t count, void *data)
{
	if (e2_cache_read(e2_fs_cache(f->ck->fs), blk, count, data) == 0)
		return 0;
	e2_err_clear();
	return CK_NOT_SURE;
}

int fast_claim(struct fast *f, e2_blk blk, uint64_t count)
{
	return e2_claims_add(f->blocks, blk, count) ? 0 : CK_NOT_SURE;
}

int fast_claim_joined(struct fast_worker *w)
{
	struct fast_run run = w->blocks_run;

	w->blocks_run.count = 0;
	return run.count != 0 ? fast_claim(w->fast, run.first, run.count) : 0;
}

int fast_claim_later(struct fast_worker *w, e2_blk blk, uint64_t count)
{
	struct fast_run *run = &w->blocks_run;
	int r;

	if (run->count != 0 && run->first + run->count == blk) {
		run->count += count;
		return 0;
	}
	r = fast_claim_joined(w);
	*run = (struct fast_run){ blk, count };
	return r;
}

/* ---- threads ------------------------------------------------------------- */

static int tick(void *context, uint64_t done)
{
	enum { PATIENCE = 8 };		/* pointer blocks that are read meanwhile */
	struct fast *f = context;

	if (done == f->ticked && ++f->ticks % PATIENCE != 0)
		return 0;
	f->ticked = done;
	return ck_progress(f->ck, 1, f->units_done + done, f->units_all);
}

int fast_par(struct fast *f, uint64_t units,
	     int (*unit)(void *context, struct e2_par *par, unsigned worker, uint64_t unit))
{
	const struct e2_par_work work = {
		.threads = f->threads, .units = units, .unit = unit, .tick = tick, .context = f,
	};
	int r = e2_par_run(&work);

	if (r != 0)
		return r;
	f->units_done += units;
	for (unsigned i = 0; i < f->threads; i++) {
		if (f->workers[i].found.failed)
			return e2_fail(E2_ERR_NOMEM, "findings of the check");
		if (f->workers[i].found.count != 0)
			return CK_NOT_SURE;
	}
	return 0;
}

/* A thread costs more than it saves where there is little to read. */
static unsigned threads_for(const struct ck *ck)
{
	const struct e2_check_options *o = ck->options;
	uint64_t bytes = (uint64_t)ck->g->inodes * ck->g->inode_size +
			 ck->g->blocks * ck->g->block_size / 256;
	unsigned threads, worth = (unsigned)(bytes / THREAD_BYTES) + 1;

	if (o != NULL && o->no_read_ahead)
		return 1;
	if (o != NULL && o->threads != 0)
		return o->threads < THREADS_MAX * 4 ? o->threads : THREADS_MAX * 4;
	if (worth == 1)
		return 1;
	threads = e2_host_cpus();
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	return threads < worth ? threads : worth;
}

/* ---- begin and end ------------------------------------------------------- */

/* What is rare, and would make rules longer, is left to the passes. */
static bool is_usual(const struct ck *ck)
{
	const struct e2_super *s = ck->super;

	if (ck->options != NULL && ck->options->exact_progress)
		return false;
	return ck->found->count == 0 && !ck->found->failed &&
	       ck->g->block_size < E2_BLOCK_SIZE_MAX &&
	       ck->g->blocks <= UINT32_MAX && s->creator_os != E2_OS_HURD &&
	       s->last_orphan == 0 && !e2_has_uninit_bg(s) && s->usr_quota_inum == 0 &&
	       s->grp_quota_inum == 0 && s->prj_quota_inum == 0 && s->orphan_file_inum == 0;
}

/* Blocks of the layout, as the passes so far have marked them. */
static int claim_layout(struct fast *f)
{
	const struct e2_bitset *layout = f->ck->claimed;
	uint64_t blocks = f->g->blocks, at = e2_bitset_next_set(layout, 0);
	bool good = true;

	while (at < blocks) {
		uint64_t end = e2_bitset_next_clear(layout, at);

		good &= e2_claims_add(f->blocks, at, end - at);
		at = e2_bitset_next_set(layout, end);
	}
	return good ? 0 : CK_NOT_SURE;
}

static int begin_worker(struct fast *f, unsigned number)
{
	struct fast_worker *w = &f->workers[number];
	uint32_t size = f->g->block_size;
	size_t bytes = (size_t)f->chunk_blocks * size;

	w->fast = f;
	w->number = number;
	if (bytes < 16 * (size_t)size)
		bytes = 16 * (size_t)size;
	if (bytes > FAST_CHUNK)
		bytes = FAST_CHUNK;
	w->buf = calloc(1, bytes + FAST_PAD);
	w->pointers[0] = malloc(3 * (size_t)size);
	if (w->buf == NULL || w->pointers[0] == NULL)
		return E2_ERR_NOMEM;
	w->buf_blocks = (uint32_t)(bytes / size);
	w->pointers[1] = w->pointers[0] + size;
	w->pointers[2] = w->pointers[1] + size;
	return 0;
}

static int begin(struct fast *f)
{
	size_t inodes = (size_t)f->g->inodes + 1;
	uint32_t chunk = FAST_CHUNK / f->g->block_size;
	int r;

	f->shared = f->threads > 1;
	f->chunk_blocks = f->g->inode_table_blocks < chunk ? f->g->inode_table_blocks : chunk;
	f->chunks = (f->g->inode_table_blocks + f->chunk_blocks - 1) / f->chunk_blocks;
	f->size_max = e2_file_reach(f->g);
	f->usual_extra = f->g->inode_size > E2_INODE_BYTES ? ck_usual_extra(f->ck) : 0;
	f->seed = e2_mix_seed(f);
	f->names_max = (size_t)((NAMES_MEMORY +
				 f->g->blocks * f->g->block_size / NAMES_SHARE) / NAME_COST);
	f->units_all = (uint64_t)f->g->groups * f->chunks;
	r = e2_claims_new(f->g->blocks, f->shared, &f->blocks);
	if (r == 0)
		r = e2_claims_new(inodes, f->shared, &f->inodes);
	if (r != 0)
		return r;
	f->marks = calloc(inodes, sizeof(*f->marks));
	f->left = calloc(inodes, sizeof(*f->left));
	f->up = calloc(inodes, sizeof(*f->up));
	f->group_dirs = calloc(f->g->groups, sizeof(*f->group_dirs));
	f->workers = calloc(f->threads, sizeof(*f->workers));
	if (f->marks == NULL || f->left == NULL || f->up == NULL || f->group_dirs == NULL ||
	    f->workers == NULL)
		return e2_fail(E2_ERR_NOMEM, "state of the check");
	for (unsigned i = 0; i < f->threads; i++)
		if (begin_worker(f, i) != 0)
			return e2_fail(E2_ERR_NOMEM, "state of the check");
	return claim_layout(f);
}

static void end(struct fast *f)
{
	for (unsigned i = 0; f->workers != NULL && i < f->threads; i++) {
		struct fast_worker *w = &f->workers[i];

		free(w->buf);
		free(w->pointers[0]);
		free(w->singles);
		free(w->dirs);
		free(w->blocks);
		free(w->acls);
		free(w->hashes);
		free(w->table);
		e2_findings_clear(&w->found);
	}
	free(f->workers);
	free(f->marks);
	free(f->left);
	free(f->up);
	free(f->group_dirs);
	e2_claims_free(f->blocks);
	e2_claims_free(f->inodes);
}

/* What was not counted: progress of the phases that this look has no use for. */
static int finish_progress(struct ck *ck)
{
	int r = 0;

	for (unsigned phase = 2; phase <= 5 && r == 0; phase++)
		r = ck_progress(ck, phase, 1, 1);
	return r;
}

int ck_fast(struct ck *ck)
{
	struct fast f = { .ck = ck, .g = ck->g };
	int r;

	if (!is_usual(ck))
		return 0;
	f.threads = threads_for(ck);
	r = begin(&f);
	if (r == 0)
		r = fast_reserve(&f);
	if (r == 0)
		r = fast_scan(&f);
	if (r == 0)
		r = fast_acls(&f);
	if (r == 0)
		r = fast_dirs(&f);
	if (r == 0)
		r = fast_summary(&f);
	end(&f);
	if (r == 0)
		r = finish_progress(ck);
	return r == 0 ? 1 : r == CK_NOT_SURE ? 0 : r;
}
