/* SPDX-License-Identifier: MIT */
/* changes, and what --dry-run shows: everything that the open transaction changes. */
#include "shell.h"

enum { LABEL_COLUMNS = 30 };

struct sums {
	uint64_t count[E2_CHANGE_KINDS];	/* records */
	uint64_t data_bytes, new_blocks;
	uint64_t all;
};

/* ---- one of them ----------------------------------------------------------------- */

static void show_text(struct out *o, const struct e2_change *c)
{
	struct e2_str label = E2_STR_INIT;
	size_t mark = out_mark(o);

	e2_change_add_label(c, &label);
	out_add(o, "%s  ", e2_str_text(&label));
	out_pad(o, mark, LABEL_COLUMNS);
	if (c->before)
		out_add(o, "%s -> ", c->before);
	if (c->after)
		out_add(o, "%s", c->after);
	else
		out_add(o, "%s", c->before ? "none" : "changed");
	out_line(o);
	e2_str_free(&label);
}

static void out_maybe(struct out *o, const char *key, const char *text)
{
	if (text)
		out_string(o, key, text);
	else
		out_null(o, key);
}

static void show_record(struct out *o, const struct e2_change *c)
{
	struct e2_str place = E2_STR_INIT;

	out_record(o, "change");
	out_string(o, "kind", e2_change_kind_name(c->kind));
	out_string(o, "object", c->object);
	if (c->name)
		out_name(o, "name", c->name, c->name_len);
	else
		out_null(o, "name");
	out_maybe(o, "field", c->field);
	out_maybe(o, "before", c->before);
	out_maybe(o, "after", c->after);
	out_list(o, "bytes");
	for (unsigned i = 0; i < c->places; i++) {
		e2_str_truncate(&place, 0);
		e2_str_addf(&place, "%llu+%llu", (unsigned long long)c->place[i].at,
			    (unsigned long long)c->place[i].len);
		out_string(o, NULL, e2_str_text(&place));
	}
	out_list_end(o);
	out_record_end(o);
	e2_str_free(&place);
}

/* ---- all of them --------------------------------------------------------------------- */

static void count(struct sums *sums, const struct e2_change *c)
{
	sums->all++;
	sums->count[c->kind]++;
	sums->new_blocks += c->blocks;
	for (unsigned i = 0; i < c->places && c->kind == E2_CHANGE_DATA; i++)
		sums->data_bytes += c->place[i].len;
}

static void add_sum(struct e2_str *s, uint64_t n, const char *one, const char *many)
{
	if (n == 0)
		return;
	e2_str_add(s, s->len ? ", " : "");
	add_plural(s, n, one, many);
}

static void show_sums(struct shell *sh, const struct sums *sums)
{
	struct out *o = &sh->out;
	struct e2_str s = E2_STR_INIT;

	add_sum(&s, sums->count[E2_CHANGE_FIELD] + sums->count[E2_CHANGE_INDEX], "field",
		"fields");
	add_sum(&s, sums->count[E2_CHANGE_BITS], "range of a bitmap", "ranges of bitmaps");
	add_sum(&s, sums->count[E2_CHANGE_ENTRY], "entry of a directory",
		"entries of directories");
	add_sum(&s, sums->count[E2_CHANGE_ATTRIBUTE], "attribute", "attributes");
	add_sum(&s, sums->count[E2_CHANGE_POINTERS], "range of pointers", "ranges of pointers");
	add_sum(&s, sums->count[E2_CHANGE_TEXT], "text of a symlink", "texts of symlinks");
	add_sum(&s, sums->data_bytes, "byte of data", "bytes of data");
	add_sum(&s, sums->new_blocks, "new block", "new blocks");
	add_sum(&s, sums->count[E2_CHANGE_BYTES], "range of bytes", "ranges of bytes");
	if (sums->all) {
		out_line(o);
		out_add(o, "%s", e2_str_text(&s));
	} else {
		out_add(o, "no changes");
	}
	if (sh->dry)
		out_add(o, "; nothing was changed (--dry-run)");
	out_line(o);
	e2_str_free(&s);
}

static int show_all(struct shell *sh, struct sums *sums)
{
	struct out *o = &sh->out;
	struct e2_changes *it;
	struct e2_change c;
	int r = e2_changes_begin(sh->txn, &it);

	if (r)
		return r;
	while ((r = e2_changes_next(it, &c)) > 0 && !out_failed(o)) {
		count(sums, &c);
		if (o->mode == OUT_TEXT)
			show_text(o, &c);
		else
			show_record(o, &c);
	}
	e2_changes_end(it);
	return r < 0 ? r : 0;
}

int shell_changes(struct shell *sh)
{
	struct sums sums = { 0 };
	int err = sh->txn ? show_all(sh, &sums) : 0;

	if (!err && sh->out.mode == OUT_TEXT)
		show_sums(sh, &sums);
	return err;
}

int cmd_changes(struct shell *sh, const struct args *args)
{
	(void)args;
	return shell_changes(sh);
}
