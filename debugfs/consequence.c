/* SPDX-License-Identifier: MIT */
#include "consequence.h"

#include "interrupt.h"
#include "shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 3 };		/* symlinks of a line; of more two */

enum kind { BROKEN, UNBORN, MENDED, ELSEWHERE, KINDS };
static const struct {
	const char *word, *prefix, *kind, *verb[2], *where;	/* verb: of one, of several */
} kinds[KINDS] = {
	[BROKEN] = { "broken", "warning: ", "", { "now leads", "now lead" }, "nowhere" },
	[UNBORN] = { "broken", "", "new ", { "leads", "lead" }, "nowhere" },
	[MENDED] = { "mended", "", "", { "leads", "lead" }, "somewhere again" },
	[ELSEWHERE] = { "elsewhere", "", "", { "now leads", "now lead" }, "to another file" },
};

struct consequence {
	struct e2_survey *before;
	bool watched;		/* something may have changed since then */
	struct e2_str blind;	/* why nobody has looked; "" if somebody has */
	bool told_blind;	/* once a session */
	bool taken_back;	/* by undo or rollback, so undo does not take it back */
};

static void look_away(struct consequence *d)
{
	e2_survey_free(d->before);
	d->before = NULL;
	d->watched = false;
	d->taken_back = false;
	e2_str_truncate(&d->blind, 0);
}

void consequence_stale(struct shell *sh)
{
	if (sh->consequence && !sh->consequence->watched)
		look_away(sh->consequence);
}

void consequence_forget(struct shell *sh)
{
	if (!sh->consequence)
		return;
	look_away(sh->consequence);
	e2_str_free(&sh->consequence->blind);
	free(sh->consequence);
	sh->consequence = NULL;
}

/* ---- looking ------------------------------------------------------------------ */

static int poll_interrupt(void *context)
{
	(void)context;
	return interrupt_asked() ? E2_ERR_CANCELLED : 0;
}

static void note_blind(struct consequence *d, int err)
{
	if (e2_str_text(&d->blind)[0])
		return;
	e2_str_add(&d->blind, *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
}

/* A volume of so many inodes would keep people waiting. */
static bool is_huge(struct shell *sh, struct e2_str *why)
{
	uint64_t blocks, inodes;

	if (e2_free_counts(sh->fs, &blocks, &inodes)) {
		e2_str_add(why, e2_err_detail());
		return true;
	}
	inodes = e2_geometry(sh->fs)->inodes - inodes;
	if (inodes <= CONSEQUENCE_INODES)
		return false;
	e2_str_add_count(why, inodes);
	e2_str_add(why, " inodes are in use, more than ");
	e2_str_add_count(why, CONSEQUENCE_INODES);
	return true;
}

static struct e2_survey *look(struct shell *sh, struct consequence *d)
{
	const struct e2_survey_how how = {
		.links = CONSEQUENCE_LINKS, .steps = CONSEQUENCE_STEPS, .poll = poll_interrupt,
		.before = d->before,
	};
	struct e2_survey *survey = NULL;
	int err = is_huge(sh, &d->blind) ? 0 : e2_survey_make(sh->fs, &how, &survey);

	/* A courtesy: without it the command still does its work. */
	if (err)
		note_blind(d, err);
	e2_err_clear();
	return survey;
}

void consequence_watch(struct shell *sh)
{
	struct consequence *d = sh->consequence;

	if (!d)
		d = sh->consequence = calloc(1, sizeof(*d));
	if (!d || d->watched)
		return;
	d->watched = true;
	if (!d->before)
		d->before = look(sh, d);
}

void consequence_watch_back(struct shell *sh)
{
	consequence_watch(sh);
	if (sh->consequence)
		sh->consequence->taken_back = true;
}

/* ---- telling: a screen --------------------------------------------------------- */

struct changes {
	struct shell *sh;
	const struct e2_survey *before, *after;
	struct e2_survey_change *change;
	size_t count;
};

static enum kind kind_of(const struct e2_survey_change *c)
{
	if (c->is == 0)
		return c->old == E2_SURVEY_NONE ? UNBORN : BROKEN;
	return c->was == 0 ? MENDED : ELSEWHERE;
}

static void add_path(const struct e2_survey *survey, uint32_t link, struct e2_str *path)
{
	if (e2_survey_path(survey, link, path))
		e2_err_clear();
}

static void add_one(const struct changes *all, const struct e2_survey_change *c, struct e2_str *s)
{
	struct e2_str path = E2_STR_INIT;

	add_path(all->after, c->link, &path);
	e2_str_add(s, " ");
	e2_str_add_name(s, e2_str_text(&path), path.len);
	if (kind_of(c) == ELSEWHERE)
		e2_str_addf(s, " (was <%" PRIu32 ">, is <%" PRIu32 ">)", c->was, c->is);
	e2_str_free(&path);
}

/* "3 symlinks now lead nowhere:", or would. */
static void add_what(const struct shell *sh, enum kind kind, size_t count, struct e2_str *s)
{
	e2_str_addf(s, "%s%zu %s%s %s %s:", kinds[kind].prefix, count, kinds[kind].kind,
		    count == 1 ? "symlink" : "symlinks",
		    sh->dry ? "would lead" : kinds[kind].verb[count > 1], kinds[kind].where);
}

static void say_kind(const struct changes *all, enum kind kind)
{
	struct shell *sh = all->sh;
	struct e2_str s = E2_STR_INIT;
	size_t count = 0, shown = 0, most;

	for (size_t i = 0; i < all->count; i++)
		count += kind_of(&all->change[i]) == kind;
	/* What comes back is not new, and leads where it led. */
	if (!count || (kind == UNBORN && sh->consequence->taken_back))
		return;
	most = count > SHOWN ? SHOWN - 1 : count;
	add_what(sh, kind, count, &s);
	for (size_t i = 0; shown < most; i++) {
		if (kind_of(&all->change[i]) != kind)
			continue;
		add_one(all, &all->change[i], &s);
		shown++;
	}
	if (count > most)
		e2_str_addf(&s, " and %zu more", count - most);
	if (kind == BROKEN && sh->keeps_undo && !sh->dry && !sh->consequence->taken_back)
		e2_str_add(&s, "  (undo takes it back)");
	shell_note(sh, e2_str_text(&s));
	e2_str_free(&s);
}

/* ---- telling: records ------------------------------------------------------------ */

/* Where it was, if that was elsewhere. */
static void record_was(const struct changes *all, const struct e2_survey_change *c,
		       const struct e2_str *path)
{
	struct out *o = &all->sh->out;
	struct e2_str was = E2_STR_INIT;

	if (c->old != E2_SURVEY_NONE)
		add_path(all->before, c->old, &was);
	if (!was.len || (was.len == path->len && !memcmp(was.text, path->text, was.len)))
		out_null(o, "was_path");
	else
		out_name(o, "was_path", was.text, was.len);
	e2_str_free(&was);
}

/* Why a symlink that stands in dir leads nowhere. */
static void record_reason(struct shell *sh, e2_ino dir, struct e2_str *path,
			  const struct e2_str *text)
{
	struct e2_fate fate = E2_FATE_INIT;
	struct e2_str why = E2_STR_INIT;
	const char *slash = strrchr(e2_str_text(path), '/');

	e2_str_truncate(path, slash ? (size_t)(slash - path->text) : 0);
	if (!e2_fate(sh->fs, 0, dir, e2_str_text(path), e2_str_text(text), &fate))
		e2_fate_add_reason(&fate, &why);
	e2_err_clear();
	out_string(&sh->out, "reason", e2_str_text(&why));
	e2_fate_free(&fate);
	e2_str_free(&why);
}

static void record(const struct changes *all, const struct e2_survey_change *c)
{
	struct e2_survey_link link = e2_survey_link(all->after, c->link);
	struct e2_str path = E2_STR_INIT, text = E2_STR_INIT;
	struct shell *sh = all->sh;
	struct out *o = &sh->out;
	struct e2_inode in;

	if (e2_inode_get(sh->fs, link.ino, &in) || e2_symlink_read(sh->fs, &in, &text))
		e2_err_clear();
	add_path(all->after, c->link, &path);
	out_record(o, "consequence");
	out_string(o, "kind", kinds[kind_of(c)].word);
	out_name(o, "path", e2_str_text(&path), path.len);
	out_u64(o, "ino", link.ino);
	out_name(o, "target", e2_str_text(&text), text.len);
	out_u64(o, "was", c->was);
	out_u64(o, "is", c->is);
	out_bool(o, "new", c->old == E2_SURVEY_NONE);
	record_was(all, c, &path);
	if (c->is)
		out_null(o, "reason");
	else
		record_reason(sh, link.dir, &path, &text);
	out_record_end(o);
	e2_str_free(&path);
	e2_str_free(&text);
}

/* ---- telling ------------------------------------------------------------------------ */

static void record_blind(struct shell *sh, const struct consequence *d)
{
	struct out *o = &sh->out;

	out_record(o, "consequence");
	out_string(o, "kind", "unknown");
	out_name(o, "path", "", 0);
	out_u64(o, "ino", 0);
	out_name(o, "target", "", 0);
	out_u64(o, "was", 0);
	out_u64(o, "is", 0);
	out_bool(o, "new", false);
	out_null(o, "was_path");
	out_string(o, "reason", e2_str_text(&d->blind));
	out_record_end(o);
}

static void say_blind(struct shell *sh, struct consequence *d)
{
	struct e2_str s = E2_STR_INIT;

	if (d->told_blind)
		return;
	d->told_blind = true;
	e2_str_addf(&s, "whether symlinks lead elsewhere was not looked at: %s",
		    e2_str_text(&d->blind));
	if (sh->out.mode == OUT_TEXT)
		shell_note(sh, e2_str_text(&s));
	else
		record_blind(sh, d);
	e2_str_free(&s);
}

static void say_all(struct changes *all)
{
	if (all->sh->out.mode == OUT_TEXT) {
		for (int kind = 0; kind < KINDS; kind++)
			say_kind(all, (enum kind)kind);
		return;
	}
	for (size_t i = 0; i < all->count && !out_failed(&all->sh->out); i++)
		record(all, &all->change[i]);
}

void consequence_tell(struct shell *sh)
{
	struct consequence *d = sh->consequence;
	struct e2_survey *after = NULL;

	if (!d || !d->watched)
		return;
	if (d->before && sh->fs)
		after = look(sh, d);
	if (after) {
		struct changes all = { .sh = sh, .before = d->before, .after = after };
		int err = e2_survey_compare(d->before, after, &all.change, &all.count);

		if (err)
			note_blind(d, err);
		else
			say_all(&all);
		free(all.change);
		e2_err_clear();
	}
	if (e2_str_text(&d->blind)[0] && !interrupt_asked())
		say_blind(sh, d);
	shell_say_notes(sh);
	out_flush(&sh->out);
	look_away(d);
	/* What is there now is what was there before the next line. */
	if (sh->interactive && !sh->dry)
		d->before = after;
	else
		e2_survey_free(after);
}
