/* SPDX-License-Identifier: MIT */
/* diff: two volumes compared by what they mean. */
#include "diff_text.h"

#include "diff_blocks.h"
#include "interrupt.h"

#include <inttypes.h>
#include <string.h>

enum { COLUMNS = 100, PATH_COLUMNS = 32,
       SCREEN_BYTES = 900 << 10 };	/* without -v */

struct view {
	struct shell *sh;
	struct diff_side side[2];
	struct e2_str base;		/* the path where the comparison begins; "" for the root */
	const struct e2_difference *d;
	struct e2_str path, line;	/* of the difference at hand */
	size_t indent;			/* columns before its values */
	bool all;
	uint64_t shown, left_out;	/* bytes; differences */
};

static int tick(void *context)
{
	(void)context;
	return interrupt_asked() ? e2_fail(E2_ERR_CANCELLED, "interrupted") : 0;
}

/* "/docs/plan.odt" */
static int set_path(struct view *v)
{
	e2_str_truncate(&v->path, 0);
	e2_str_add_bytes(&v->path, e2_str_text(&v->base), v->base.len);
	e2_str_add_bytes(&v->path, v->d->path, v->d->path_len);
	if (!v->path.len)
		e2_str_add(&v->path, "/");
	return e2_str_status(&v->path);
}

/* The side that alone has a name; 2: both do. */
static unsigned only_side(const struct e2_difference *d)
{
	return d->ino[0] && d->ino[1] ? 2 : d->ino[0] ? 0 : 1;
}

/* ---- records ----------------------------------------------------------------------- */

static void out_text(struct out *o, const char *key, const char *text)
{
	if (text)
		out_name(o, key, text, strlen(text));
	else
		out_null(o, key);
}

static int record_value(void *context, const struct diff_value *value)
{
	static const char *const where[] = { "first", "second", "both" };
	struct view *v = context;
	struct out *o = &v->sh->out;

	out_record(o, "diff");
	out_name(o, "path", v->path.text, v->path.len);
	out_string(o, "in", where[only_side(v->d)]);
	out_string(o, "what", value->what == E2_DIFF_WHATS ? "name" :
		   e2_diff_what_name(value->what));
	out_text(o, "attribute", value->attribute);
	out_text(o, "first", value->text[0]);
	out_text(o, "second", value->text[1]);
	out_u64(o, "ino", v->d->ino[0]);
	out_u64(o, "other_ino", v->d->ino[1]);
	out_record_end(o);
	return out_failed(o);
}

static int record(struct view *v)
{
	struct diff_value only = { .what = E2_DIFF_WHATS };
	struct e2_str thing = E2_STR_INIT;
	unsigned side = only_side(v->d);
	int r;

	if (side == 2)
		return diff_values(v->side, v->sh->time_flags, v->d, record_value, v);
	add_diff_thing(&thing, v->side[side].fs, &v->d->in[side]);
	only.text[side] = e2_str_text(&thing);
	r = e2_str_status(&thing);
	if (r == 0)
		r = record_value(v, &only);
	e2_str_free(&thing);
	return r;
}

static void record_sums(struct view *v, const struct e2_diff_sums *sums)
{
	struct out *o = &v->sh->out;

	out_record(o, "diff-summary");
	out_name(o, "first", v->side[0].image, strlen(v->side[0].image));
	out_name(o, "second", v->side[1].image, strlen(v->side[1].image));
	out_u64(o, "names", sums->names);
	out_u64(o, "only_first", sums->only[0]);
	out_u64(o, "only_second", sums->only[1]);
	out_u64(o, "changed", sums->changed);
	out_u64(o, "damaged", sums->damaged);
	out_u64(o, "bytes_compared", sums->bytes);
	out_record_end(o);
}

/* ---- the screen -------------------------------------------------------------------- */

static void add_image(struct e2_str *s, const struct diff_side *side)
{
	e2_str_add_name(s, side->image, strlen(side->image));
}

static void pad(struct e2_str *s, size_t columns)
{
	while (e2_str_columns(s, 0) < columns)
		e2_str_add(s, " ");
}

/* "size 13 -> 14", on a line of its own where there is no room. */
static int line_value(void *context, const struct diff_value *value)
{
	struct view *v = context;
	struct e2_str s = E2_STR_INIT;
	const char *last = strrchr(e2_str_text(&v->line), '\n');
	size_t begin = last ? (size_t)(last - v->line.text) + 1 : 0;

	e2_str_add(&s, e2_diff_what_name(value->what));
	if (value->attribute && value->what == E2_DIFF_XATTR) {
		e2_str_add(&s, " ");
		e2_str_add_name(&s, value->attribute, strlen(value->attribute));
	}
	if (value->what == E2_DIFF_CONTENT) {
		e2_str_addf(&s, " %s", value->text[0]);
	} else if (value->what == E2_DIFF_DAMAGE) {
		e2_str_add(&s, ", not compared in whole");
	} else if (value->what == E2_DIFF_LINKS) {
		e2_str_addf(&s, " with %s in ", value->text[value->text[0] ? 0 : 1]);
		add_image(&s, &v->side[value->text[0] ? 0 : 1]);
		e2_str_add(&s, " only");
	} else {
		e2_str_addf(&s, " %s -> %s", value->text[0] ? value->text[0] : "none",
			    value->text[1] ? value->text[1] : "none");
	}
	if (e2_str_columns(&v->line, begin) > v->indent &&
	    e2_str_columns(&v->line, begin) + e2_str_columns(&s, 0) + 2 > COLUMNS) {
		e2_str_add(&v->line, "\n");
		for (size_t i = 0; i < v->indent; i++)
			e2_str_add(&v->line, " ");
	} else if (e2_str_columns(&v->line, begin) > v->indent) {
		e2_str_add(&v->line, ", ");
	}
	e2_str_add(&v->line, e2_str_text(&s));
	e2_str_free(&s);
	return e2_str_status(&v->line);
}

/* "only in a.img   /docs/copy <12>   regular file, 13 bytes" */
static int show(struct view *v, size_t columns)
{
	struct out *o = &v->sh->out;
	unsigned side = only_side(v->d);
	int r = 0;

	if (!v->all && v->shown > SCREEN_BYTES) {
		v->left_out++;
		return 0;
	}
	e2_str_truncate(&v->line, 0);
	e2_str_add(&v->line, side == 2 ? "changed" : "only in ");
	if (side < 2)
		add_image(&v->line, &v->side[side]);
	pad(&v->line, columns);
	e2_str_add_name(&v->line, v->path.text, v->path.len);
	e2_str_addf(&v->line, " <%" PRIu32 ">", v->d->ino[side == 1]);
	v->indent = columns + PATH_COLUMNS;
	if (e2_str_columns(&v->line, 0) + 2 > v->indent)
		e2_str_add(&v->line, "  ");
	else
		pad(&v->line, v->indent);
	if (side < 2)
		add_diff_thing(&v->line, v->side[side].fs, &v->d->in[side]);
	else
		r = diff_values(v->side, v->sh->time_flags, v->d, line_value, v);
	if (r == 0)
		r = e2_str_status(&v->line);
	v->shown += v->line.len + 1;
	out_raw(o, e2_str_text(&v->line), v->line.len);
	out_line(o);
	return r;
}

static void add_part(struct e2_str *s, uint64_t n, const char *words, const struct diff_side *side)
{
	if (!n)
		return;
	e2_str_add(s, s->len ? ", " : "");
	e2_str_addf(s, "%" PRIu64 " %s", n, words);
	if (side)
		add_image(s, side);
}

/* "12 differences: 3 only in a.img, 2 only in b.img, 7 changed" */
static void show_sums(struct view *v, const struct e2_diff_sums *sums, bool content)
{
	uint64_t all = sums->only[0] + sums->only[1] + sums->changed;
	struct out *o = &v->sh->out;
	struct e2_str parts = E2_STR_INIT;

	add_part(&parts, sums->only[0], "only in ", &v->side[0]);
	add_part(&parts, sums->only[1], "only in ", &v->side[1]);
	add_part(&parts, sums->changed, "changed", NULL);
	if (all) {
		add_plural(&o->text, all, "difference", "differences");
		out_add(o, ": %s", e2_str_text(&parts));
		out_line(o);
	} else {
		out_add(o, "no differences; ");
		add_plural(&o->text, sums->names, "name", "names");
		out_add(o, content ? " compared, and " : " compared; not the content of files of "
			"the same size and time (--content)");
		if (content) {
			e2_str_add_size(&o->text, sums->bytes);
			out_add(o, " of content");
		}
	}
	out_line(o);
	e2_str_free(&parts);
}

/* ---- the command ------------------------------------------------------------------- */

static int show_all(struct view *v, struct e2_diff *diff, bool content)
{
	bool text = v->sh->out.mode == OUT_TEXT;
	struct e2_str label = E2_STR_INIT;
	struct e2_diff_sums sums;
	struct e2_difference d;
	size_t columns = 0;
	int r;

	e2_diff_sums(diff, &sums);
	for (unsigned side = 0; side < 2; side++) {
		e2_str_truncate(&label, 0);
		e2_str_add(&label, "only in ");
		add_image(&label, &v->side[side]);
		if (sums.only[side] && e2_str_columns(&label, 0) > columns)
			columns = e2_str_columns(&label, 0);
	}
	e2_str_free(&label);
	columns = (columns < 7 && sums.changed ? 7 : columns) + 3;
	if (text)
		show_sums(v, &sums, content);
	else
		record_sums(v, &sums);
	while ((r = e2_diff_next(diff, &d)) > 0 && !out_failed(&v->sh->out)) {
		v->d = &d;
		r = set_path(v);
		if (r == 0)
			r = text ? show(v, columns) : record(v);
		if (r)
			break;
	}
	if (r == 0 && v->left_out) {
		out_add(&v->sh->out, "and %" PRIu64 " more; -v shows all", v->left_out);
		out_line(&v->sh->out);
	}
	if (r > 0)	/* the output has failed, and that is told elsewhere */
		r = 0;
	if (r == 0 && sums.damaged)
		return e2_fail(E2_ERR_CORRUPT, "%" PRIu64 " of the names lead to what cannot be "
			       "read in whole; extant-fsck -n tells why", sums.damaged);
	v->sh->differs |= sums.only[0] || sums.only[1] || sums.changed;
	return r;
}

/* Where to begin in each of the volumes; 0: it has no such path. */
static int find_starts(struct view *v, const struct arg *path, e2_ino start[2])
{
	static const struct e2_str root = E2_STR_INIT;
	struct shell other = { .fs = v->side[1].fs, .image = v->side[1].image };
	struct e2_str whole = E2_STR_INIT;
	int r = 0;

	if (!path)
		return 0;
	if (path->text[0] != '/')
		e2_str_addf(&whole, "%s/", v->sh->cwd_path.len > 1 ? v->sh->cwd_path.text : "");
	e2_str_add(&whole, path->text);
	r = e2_str_status(&whole);
	if (r == 0)
		r = shell_resolve(v->sh, E2_INO_ROOT, &root, whole.text, false, &start[0],
				  &v->base);
	if (r == 0)
		r = shell_resolve(&other, E2_INO_ROOT, &root, whole.text, false, &start[1], NULL);
	if (r == 0 && v->base.len == 1)
		e2_str_truncate(&v->base, 0);	/* the root */
	e2_str_free(&whole);
	return r;
}

static int by_names(struct view *v, const struct args *args)
{
	bool content = args_has(args, "--content");
	struct e2_diff_options options = {
		.flags = (content ? E2_DIFF_WITH_CONTENT : 0u) |
			 (args_has(args, "--meta") ? E2_DIFF_WITH_META : 0u),
		.tick = tick,
	};
	struct e2_diff *diff;
	int r = find_starts(v, args_get(args, "PATH"), options.start);

	if (r == 0)
		r = e2_diff_begin(v->side[0].fs, v->side[1].fs, &options, &diff);
	if (r)
		return r;
	r = show_all(v, diff, content);
	e2_diff_end(diff);
	return r;
}

/* Says of which image it is, where the library has not. */
static int fail_open(const char *image, int err)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_name(&s, image, strlen(image));
	if (strncmp(e2_err_detail(), e2_str_text(&s), s.len) != 0) {
		e2_str_addf(&s, ": %s", e2_err_detail());
		(void)e2_fail(err, "%s", e2_str_text(&s));	/* the same, and of what */
	}
	e2_str_free(&s);
	return err;
}

int cmd_diff(struct shell *sh, const struct args *args)
{
	const struct e2_open_options how = { .threads = E2_THREADS_AUTO };
	const char *other = args_get(args, "OTHER")->text;
	struct view v = {
		.sh = sh, .side = { { sh->fs, sh->image }, { NULL, other } },
		.base = E2_STR_INIT, .path = E2_STR_INIT, .line = E2_STR_INIT,
		.all = args_has(args, "-v"),
	};
	bool changed;
	int r;

	if (args_has(args, "--blocks") && args_get(args, "PATH"))
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "--blocks compares whole volumes"));
	r = e2_open_image(NULL, v.side[1].image, &how, &v.side[1].fs);
	if (r)
		return fail_open(other, r);
	r = e2_reading_begin(v.side[1].fs, &changed);
	if (r == 0) {
		r = args_has(args, "--blocks") ? diff_blocks(sh, v.side, v.all) :
			by_names(&v, args);
		e2_reading_end(v.side[1].fs);
	}
	(void)e2_close(v.side[1].fs);	/* only read from */
	e2_str_free(&v.base);
	e2_str_free(&v.path);
	e2_str_free(&v.line);
	return r;
}
