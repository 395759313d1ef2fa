/* SPDX-License-Identifier: MIT */
/* What is asked for besides repairs, in the same transaction: the list of bad blocks, and
 * directories that need fewer blocks. */
#include "fsck.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bad_line(const char *path, unsigned long line, const char *text, const char *why)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	e2_str_add_name(&s, text, strlen(text));
	err = e2_fail(E2_ERR_INVAL, "%s:%lu: \"%s\" is %s", path, line, e2_str_text(&s), why);
	e2_str_free(&s);
	return err;
}

/* One line: a number, or nothing. */
static int read_line(const struct e2_geometry *g, const char *path, unsigned long line, char *text,
		     struct e2_bitset *list)
{
	char *begin = text + strspn(text, " \t\r\n");
	uint64_t blk;

	begin[strcspn(begin, " \t\r\n")] = '\0';
	if (*begin == '\0')
		return 0;
	if (e2_parse_u64(begin, 0, UINT64_MAX, &blk) != 0)
		return bad_line(path, line, begin, "no number of a block");
	if (!e2_block_valid(g, blk))
		return bad_line(path, line, begin, "no block of the volume");
	e2_bitset_set(list, blk);
	return 0;
}

/* A list as badblocks(8) writes it: a number a line. */
static int read_list(const struct e2_geometry *g, const char *path, struct e2_bitset *list)
{
	FILE *f = fopen(path, "re");
	unsigned long line = 0;
	char *text = NULL;
	size_t cap = 0;
	int err = 0;

	if (f == NULL)
		return e2_fail_errno(errno, "%s", path);
	while (err == 0 && getline(&text, &cap, f) >= 0)
		err = read_line(g, path, ++line, text, list);
	if (err == 0 && ferror(f))
		err = e2_fail(E2_ERR_IO, "%s: cannot be read", path);
	free(text);
	fclose(f);	/* read only: nothing can be lost */
	return err;
}

static void say(const struct e2_bad_blocks *done, struct e2_str *text)
{
	e2_str_addf(text, "%" PRIu64 " bad block%s listed, %" PRIu64 " of them new, %" PRIu64
		    " dropped; ", done->listed, done->listed == 1 ? "" : "s", done->added,
		    done->dropped);
	e2_str_addf(text, "%" PRIu64 " block%s in use moved", done->moved,
		    done->moved == 1 ? "" : "s");
	if (done->unreadable != 0)
		e2_str_addf(text, ", %" PRIu64 " could not be read and %s zeros",
			    done->unreadable, done->unreadable == 1 ? "is" : "are");
}

/* The work is proven as repairs are. */
static int prove(struct e2_fs *fs)
{
	struct e2_report *report;
	int err = e2_check(fs, NULL, &report);

	if (err != 0)
		return err;
	if (e2_report_errors(report) != 0)
		err = e2_fail(E2_ERR_INTERNAL, "the volume would not be consistent afterwards");
	e2_report_free(report);
	return err;
}

static int set_bad_blocks(struct e2_txn *txn, const struct fsck_options *o, bool *changed,
			  struct e2_str *text)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_bad_blocks done;
	struct e2_bitset *list;
	int err = e2_bitset_new(e2_geometry(fs)->blocks, &list);

	if (err == 0)
		err = read_list(e2_geometry(fs), o->bad_blocks, list);
	if (err == 0)
		err = e2_bad_blocks_set(txn, list, !o->bad_set, &done);
	e2_bitset_free(list);
	if (err != 0)
		return err;
	*changed = *changed || done.added + done.dropped != 0;
	say(&done, text);
	return 0;
}

/* "of 12 directories 3 rewritten, 40 blocks saved" */
static void say_optimized(const struct e2_optimized *d, bool dry, struct e2_str *text)
{
	uint64_t saved = d->freed > d->taken ? d->freed - d->taken : d->taken - d->freed;

	e2_str_addf(text, "%sof %" PRIu64 " director%s %" PRIu64 " %srewritten, ",
		    text->len != 0 ? "; " : "", d->dirs, d->dirs == 1 ? "y" : "ies", d->rewritten,
		    dry ? "would be " : "");
	e2_str_addf(text, "%" PRIu64 " block%s %s", saved, saved == 1 ? "" : "s",
		    d->freed >= d->taken ? "saved" : "more for indexes");
	if (d->skipped != 0)
		e2_str_addf(text, ", %" PRIu64 " left as %s", d->skipped,
			    d->skipped == 1 ? "it is" : "they are");
}

int fsck_work(struct e2_txn *txn, const struct fsck_options *o, bool dry,
	      struct e2_optimized *optimized, bool *changed, struct e2_str *text)
{
	int err = 0;

	*changed = false;
	if (o->bad_blocks != NULL)
		err = set_bad_blocks(txn, o, changed, text);
	if (err == 0 && o->optimize) {
		err = e2_optimize_dirs(txn, optimized);
		*changed = *changed || (err == 0 && optimized->rewritten != 0);
		say_optimized(optimized, dry, text);
	}
	return err == 0 && *changed ? prove(e2_txn_fs(txn)) : err;
}
