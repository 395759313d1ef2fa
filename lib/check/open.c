/* SPDX-License-Identifier: MIT */
/*
 * Opens an image for check and repair, however damaged its superblock is: believe.h tells
 * which one to believe, and the transaction shows it in place of the primary, so that all
 * passes see a plain volume.
 */
#include "check/believe.h"
#include "check/fix.h"

#include <stdlib.h>
#include <string.h>

#define STAGES_TO_CHECK FIX_OWNERS	/* repaired, unseen, before a check alone */

struct opening {
	struct belief belief;		/* first: its address is the context of believe_super() */
	struct e2_repair_options options;
};

static void opening_free(struct opening *o)
{
	if (o != NULL)
		believe_end(&o->belief);
	free(o);
}

static int opening_new(const struct e2_repair_options *options, struct opening **o)
{
	struct opening *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return e2_fail(E2_ERR_NOMEM, "opening of an image");
	if (options != NULL)
		made->options = *options;
	made->belief.options = &made->options.check;
	*o = made;
	return 0;
}

/* Writes the superblock into the block of the primary, also where that cannot be read. */
static int write_super(struct e2_txn *txn, const struct e2_super *super)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	struct e2_wbuf *buf;
	int err = e2_super_put(txn, super);

	if (err != E2_ERR_IO)
		return err;
	e2_err_clear();
	err = e2_txn_get(txn, E2_SUPER_OFFSET / g->block_size, E2_FILL_ZERO, &buf);
	if (err != 0)
		return err;
	e2_super_encode(super, buf->data + E2_SUPER_OFFSET % g->block_size);
	e2_txn_put(txn, buf);
	return 0;
}

/* The believed superblock in place of the primary; 1 when anything was declined. */
static int show_belief(struct opening *o, struct e2_report *report)
{
	struct belief *b = &o->belief;
	struct e2_findings *found = &report->found;
	bool declined = false;

	believe_findings(b, found);
	if (found->failed)
		return e2_fail(E2_ERR_NOMEM, "findings of a repair");
	if (found->count == 0 && b->from == 0)
		return 0;
	for (size_t i = 0; i < found->count && o->options.decide != NULL && !declined; i++) {
		int wanted = o->options.decide(o->options.context, report, &found->at[i]);

		if (wanted < 0)
			return wanted;
		declined = wanted == 0;
	}
	for (size_t i = 0; i < found->count; i++)
		found->at[i].fixed = !declined;

	int err = write_super(report->txn, &b->super);

	return err != 0 ? err : declined;
}

static int decline(void *context, struct e2_report *report, const struct e2_finding *f)
{
	(void)context;
	(void)report;
	(void)f;
	return 0;
}

static int run(struct e2_fs *owned, bool write, struct opening *o, enum fix_stage stages,
	       struct e2_report **report)
{
	struct e2_report *made;
	bool changed;
	int err = e2_report_new(&made);

	if (err != 0) {
		e2_close(owned);
		opening_free(o);
		return err;
	}
	made->fs = owned;
	made->owns_fs = true;
	made->opening = o;
	made->opening_free = opening_free;
	/* Who only looks holds the image still meanwhile. */
	err = write ? 0 : e2_reading_begin(owned, &changed);
	if (err == 0)
		err = e2_txn_begin(owned, !write, &made->txn);
	if (err == 0 && o->options.check.now != 0)
		e2_fs_set_clock(owned, &(struct e2_time){ .sec = o->options.check.now });
	if (err == 0)
		err = show_belief(o, made);
	if (err > 0) {		/* without its superblock nothing can be repaired */
		o->options.decide = decline;
		made->declined = true;
		err = 0;
	}
	if (err == 0)
		err = ck_repair(made->txn, &o->options, stages, made);
	if (err != 0)
		e2_report_free(made);
	else
		*report = made;
	return err;
}

/* A superblock to believe, with as many groups as the image has room for. */
static int believe_within(void *context, struct e2_io *io, struct e2_super *super)
{
	int err = believe_super(context, io, super);
	uint64_t blocks;

	if (err != 0)
		return err;
	blocks = io->size >> (super->log_block_size + 10);
	if (super->blocks_count > blocks && blocks > super->first_data_block) {
		super->blocks_count = (uint32_t)blocks;
		blocks -= super->first_data_block;
		super->inodes_count = super->inodes_per_group *
			(uint32_t)((blocks + super->blocks_per_group - 1) /
				   super->blocks_per_group);
	}
	return 0;
}

int e2_open_damaged(struct e2_env *env, const char *spec, const struct e2_open_options *options,
		    struct e2_fs **fs)
{
	const struct e2_check_options nothing = { .now = 0 };
	struct belief belief = { .options = &nothing };
	struct e2_open_options how = *options;
	int err;

	how.flags |= E2_OPEN_REPAIR | E2_OPEN_SHORT;
	how.believe = believe_within;
	how.believe_context = &belief;
	err = e2_open_image(env, spec, &how, fs);
	believe_end(&belief);
	return err;
}

static int open_fs(struct e2_env *env, const char *spec, struct e2_io *owned,
		   const struct e2_open_options *options, struct opening *o, struct e2_fs **fs)
{
	struct e2_open_options how = *options;
	int err;

	how.flags |= E2_OPEN_REPAIR | E2_OPEN_SHORT;
	how.believe = believe_super;
	how.believe_context = o;
	err = owned != NULL ? e2_open(owned, &how, fs) : e2_open_image(env, spec, &how, fs);
	if (err != 0)
		opening_free(o);
	return err;
}

int e2_repair_image(struct e2_env *env, const char *spec, const struct e2_open_options *open,
		    const struct e2_repair_options *options, struct e2_report **report)
{
	const struct e2_open_options defaults = { .threads = E2_THREADS_AUTO };
	const struct e2_open_options *how = open != NULL ? open : &defaults;
	struct opening *o;
	struct e2_fs *fs;
	int err = opening_new(options, &o);

	if (err == 0)
		err = open_fs(env, spec, NULL, how, o, &fs);
	if (err != 0)
		return err;
	return run(fs, (how->flags & E2_OPEN_WRITE) != 0, o, FIX_STAGES, report);
}

static int open_io(struct e2_io *owned, const struct e2_open_options *how,
		   const struct e2_repair_options *options, enum fix_stage stages,
		   struct e2_report **report)
{
	struct opening *o;
	struct e2_fs *fs;
	int err = opening_new(options, &o);

	if (err != 0) {
		(void)e2_io_close(owned);	/* nothing was written: nothing can be lost */
		return err;
	}
	err = open_fs(NULL, NULL, owned, how, o, &fs);
	return err != 0 ? err : run(fs, (how->flags & E2_OPEN_WRITE) != 0, o, stages, report);
}

int e2_repair_io(struct e2_io *owned, bool write, const struct e2_repair_options *options,
		 struct e2_report **report)
{
	const struct e2_open_options how = { .flags = write ? E2_OPEN_WRITE : 0 };

	return open_io(owned, &how, options, FIX_STAGES, report);
}

/*
 * A check sees the volume as it is when superblock and descriptors are put right, and says what
 * was wrong with them; nothing of that remains.
 */
int e2_check_image(struct e2_io *owned, const struct e2_check_options *options,
		   struct e2_report **report)
{
	bool quiet = options != NULL && options->no_read_ahead;
	const struct e2_open_options how = { .threads = quiet ? 0 : E2_THREADS_AUTO };
	struct e2_repair_options repair = { .check = { .now = 0 } };
	int err;

	if (options != NULL)
		repair.check = *options;
	err = open_io(owned, &how, &repair, STAGES_TO_CHECK, report);
	if (err != 0)
		return err;
	for (size_t i = 0; i < (*report)->found.count; i++)
		(*report)->found.at[i].fixed = false;
	return 0;
}

struct e2_txn *e2_report_txn(const struct e2_report *report)
{
	return report->txn;
}

int e2_report_commit(struct e2_report *report)
{
	struct e2_txn *txn = report->txn;
	int err = 0;

	report->txn = NULL;
	if (report->declined) {
		e2_txn_abort(txn);
	} else if (txn != NULL) {
		err = e2_txn_commit(txn);
		report->committed = err == 0;
	}
	return err;
}
