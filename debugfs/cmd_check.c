/* SPDX-License-Identifier: MIT */
/*
 * check: what the checker finds, in all of the volume or about one thing.
 *
 * A volume open for reading is checked as extant-fsck -n does it, in a repair that is thrown
 * away, so that what is said is the same.  Within a transaction its state is checked, and what
 * a repair would do is said as far as it is known without doing it.
 */
#include "shell.h"

#include "interrupt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct about {			/* what findings are wanted */
	const struct object *object;	/* NULL: all */
	const char *text;		/* as it was typed */
	e2_ino ino;
	struct e2_bitset *below;	/* inodes of a directory and all in it; NULL: ino alone */
};

/* ---- which findings ------------------------------------------------------------------ */

static bool mentions(const struct e2_problem *p, const char *slot)
{
	return strstr(p->object, slot) || strstr(p->field, slot) || strstr(p->text, slot);
}

static bool is_about_inode(const struct about *about, const struct e2_finding *f)
{
	if (about->below)
		return e2_bitset_test(about->below, f->ino) ||
		       e2_bitset_test(about->below, f->dir) ||
		       (mentions(e2_problem(f->id), "{other") &&
			e2_bitset_test(about->below, f->other));
	return f->ino == about->ino || f->dir == about->ino ||
	       (mentions(e2_problem(f->id), "{other") && f->other == about->ino);
}

static bool is_about_blocks(const struct e2_finding *f, e2_blk blk, uint64_t count)
{
	const struct e2_problem *p = e2_problem(f->id);

	if (mentions(p, "{blk") && f->blk - blk < count)
		return true;
	/* a pointer: where it stands, and the block it leads to */
	return mentions(p, "{pointer") && (f->have - blk < count || f->want - blk < count ||
					   (f->blk && f->blk - blk < count));
}

static bool is_about(const struct about *about, const struct e2_fs *fs, const struct e2_finding *f)
{
	const struct object *o = about->object;
	const struct e2_geometry *g = e2_geometry(fs);

	if (!o)
		return true;
	switch (o->kind) {
	case OBJECT_PATH:
	case OBJECT_INODE: return is_about_inode(about, f);
	case OBJECT_GROUP:
		return (mentions(e2_problem(f->id), "{group") && f->group == o->group) ||
		       (f->ino && e2_inode_valid(g, f->ino) &&
			e2_inode_group(g, f->ino) == o->group);
	case OBJECT_SUPER: return !strncmp(e2_problem(f->id)->code, "super-", 6);
	case OBJECT_BYTE: return is_about_blocks(f, o->offset / g->block_size, 1);
	default: return is_about_blocks(f, o->blk, o->count);
	}
}

/* ---- records ------------------------------------------------------------------------- */

typedef void add_fn(struct e2_report *report, const struct e2_finding *f, struct e2_str *out);

static void out_made(struct out *o, const char *key, struct e2_report *report,
		     const struct e2_finding *f, add_fn *add)
{
	struct e2_str s = E2_STR_INIT;

	add(report, f, &s);
	out_string(o, key, e2_str_text(&s));
	e2_str_free(&s);
}

static void record(struct out *o, struct e2_report *report, const struct e2_finding *f)
{
	const struct e2_problem *p = e2_problem(f->id);

	out_record(o, "finding");
	out_string(o, "code", p->code);
	out_u64(o, "number", p->number);
	out_string(o, "severity", p->severity == E2_SEV_ERROR ? "error" : "note");
	out_u64(o, "ino", f->ino);
	out_u64(o, "dir", f->dir);
	out_u64(o, "other", f->other);
	out_name(o, "name", f->name ? f->name : "", f->name ? f->name_len : 0);
	out_made(o, "object", report, f, e2_finding_object);
	out_made(o, "field", report, f, e2_finding_field);
	out_u64(o, "group", f->group);
	out_u64(o, "block", f->blk);
	out_u64(o, "found", f->have);
	out_u64(o, "want", f->want);
	out_u64(o, "limit", f->limit);
	out_made(o, "text", report, f, e2_finding_text);
	out_made(o, "will", report, f, e2_finding_will);
	out_string(o, "repair", e2_problem_repair(f->id));
	out_record_end(o);
}

/* ---- the screen ---------------------------------------------------------------------- */

static int show_lines(void *context, const struct e2_str *text)
{
	struct out *o = context;

	out_raw(o, text->text, text->len);
	out_line(o);
	return out_failed(o);
}

static void show_none(struct shell *sh, struct e2_report *report, const struct about *about)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct out *o = &sh->out;
	size_t mark = out_mark(o);
	struct e2_check_totals t;

	e2_report_totals(report, &t);
	out_add_name(o, sh->image, strlen(sh->image));
	if (about->object) {
		out_add(o, ": nothing wrong with ");
		out_add_name(o, about->text, strlen(about->text));
	} else {
		out_add(o, ": consistent, %" PRIu64 "/%" PRIu32 " inodes, %" PRIu64 "/%" PRIu64
			" blocks", t.inodes_used, g->inodes, t.blocks_used, g->blocks);
	}
	if (sh->txn)
		out_add(o, "; with the changes that are pending");
	out_fold(o, mark, 4, out_terminal_width(o));
	out_line(o);
}

static void show_head(struct shell *sh, uint64_t errors, uint64_t notes)
{
	struct out *o = &sh->out;

	out_add_name(o, sh->image, strlen(sh->image));
	out_add(o, ": ");
	if (errors || !notes)
		add_plural(&o->text, errors, "problem", "problems");
	if (notes) {
		out_add(o, "%s", errors ? ", " : "");
		add_plural(&o->text, notes, "note", "notes");
	}
	out_line(o);
	out_line(o);
}

static int show(struct shell *sh, struct e2_report *report, const struct about *about, bool asked,
		bool all)
{
	size_t count = e2_report_count(report);
	bool *wanted = calloc(count + 1, sizeof(*wanted));
	uint64_t errors = 0, notes = 0;
	int r = 0;

	if (!wanted)
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu findings", count);
	for (size_t i = 0; i < count; i++) {
		const struct e2_finding *f = e2_report_at(report, i);

		wanted[i] = is_about(about, sh->fs, f);
		if (e2_problem(f->id)->severity == E2_SEV_ERROR)
			errors += wanted[i];
		else
			notes += wanted[i];
		if (wanted[i] && sh->out.mode != OUT_TEXT && !out_failed(&sh->out))
			record(&sh->out, report, f);
	}
	if (!about->object) {		/* more than those that are listed, where there are many */
		errors = e2_report_errors(report);
		notes = e2_report_notes(report);
	}
	if (sh->out.mode == OUT_TEXT && !errors && !notes) {
		show_none(sh, report, about);
	} else if (sh->out.mode == OUT_TEXT) {
		show_head(sh, errors, notes);
		r = e2_report_lines(report, about->object ? wanted : NULL, all, asked, show_lines,
				    &sh->out);
	}
	free(wanted);
	if (r >= 0 && errors)
		r = e2_fail(E2_ERR_CORRUPT, "%" PRIu64 " %s found%s", errors,
			    errors == 1 ? "problem" : "problems",
			    sh->txn ? ", with the changes that are pending" : "");
	return r > 0 ? 0 : r;
}

/* ---- the command --------------------------------------------------------------------- */

static int find_below(struct shell *sh, struct about *about)
{
	struct e2_walk_entry e;
	struct e2_walk *walk;
	int r = e2_bitset_new((uint64_t)e2_geometry(sh->fs)->inodes + 1, &about->below);

	if (r == 0)
		r = e2_walk_begin(sh->fs, about->ino, 0, &walk);
	if (r)
		return r;
	while ((r = e2_walk_next(walk, &e)) > 0)
		e2_bitset_set(about->below, e.ino);
	e2_walk_end(walk);
	return r;
}

static int progress(void *context, unsigned phase, uint64_t done, uint64_t all)
{
	(void)context, (void)phase, (void)done, (void)all;
	return interrupt_asked();
}

static int look(struct shell *sh, bool in_place, struct e2_report **report)
{
	const struct e2_open_options how = { .threads = E2_THREADS_AUTO };
	const struct e2_repair_options options = {
		.check = { .progress = progress, .now = e2_fs_now(sh->fs).sec },
	};

	return in_place ? e2_check(sh->fs, &options.check, report) :
		e2_repair_image(NULL, sh->image, &how, &options, report);
}

int cmd_check(struct shell *sh, const struct args *args)
{
	const struct arg *a = args_get(args, "OBJECT");
	struct about about = { .object = a ? &a->object : NULL, .text = a ? a->text : "" };
	bool in_place = sh->txn || sh->writable || sh->dry;
	struct e2_report *report;
	int r = 0;

	if (a && (a->object.field || a->object.has_lblk || a->object.has_byte))
		return e2_fail(E2_ERR_INVAL, "%s: check looks at whole inodes, groups and blocks",
			       a->text);
	if (args_has(args, "-r") && (!a || a->object.kind > OBJECT_INODE))
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "-r needs a directory"));
	if (a && a->object.kind <= OBJECT_INODE)
		r = shell_lookup(sh, &a->object, false, &about.ino, NULL);
	if (r == 0 && args_has(args, "-r"))
		r = find_below(sh, &about);
	if (r == 0)
		r = look(sh, in_place, &report);
	if (r == 0) {
		r = show(sh, report, &about, in_place, args_has(args, "-v"));
		e2_report_free(report);
	}
	e2_bitset_free(about.below);
	return r;
}
