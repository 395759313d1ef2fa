/* SPDX-License-Identifier: MIT */
/* links --broken: symlinks that lead nowhere, why, and what may have been meant. */
#include "links.h"
#include "rows.h"

#include <inttypes.h>
#include <string.h>

static void record(struct out *o, const struct e2_dangling *b)
{
	const char *link = b->circle;

	out_record(o, "broken_link");
	out_name(o, "path", b->path, b->path_len);
	out_u64(o, "ino", b->ino);
	out_name(o, "target", b->text, b->text_len);
	out_string(o, "kind", e2_fate_word(b->kind));
	out_string(o, "reason", b->reason);
	out_name(o, "where", b->where, strlen(b->where));
	out_u64(o, "loop", b->loop);
	out_bool(o, "on_loop", b->on_loop);
	out_list(o, "circle");
	for (size_t i = 0; i < b->circle_links; i++, link += strlen(link) + 1)
		out_name(o, NULL, link, strlen(link));
	out_list_end(o);
	out_name(o, "perhaps", b->perhaps, strlen(b->perhaps));
	out_record_end(o);
}

/* "/docs/rotten  -> /no/such   /no does not exist; perhaps /opt/such" */
static void show(struct rows *rows, const struct e2_dangling *b)
{
	struct e2_str why = E2_STR_INIT;

	rows_name(rows, "", b->path, b->path_len);
	rows_name(rows, "-> ", b->text, b->text_len);
	e2_str_add(&why, b->reason);
	if (*b->perhaps) {
		e2_str_add(&why, "; perhaps ");
		e2_str_add_name(&why, b->perhaps, strlen(b->perhaps));
	}
	rows_text(rows, e2_str_text(&why));
	rows_end_line(rows);
	e2_str_free(&why);
}

void links_tell_gaps(struct shell *sh, const struct e2_dangling_sum *sum)
{
	for (unsigned gap = 0; gap < E2_DANGLING_GAPS; gap++) {
		struct e2_str s = E2_STR_INIT;
		int err = e2_dangling_gap(sum, gap, &s);

		if (err)
			shell_warn(sh, e2_fail(err, "%s", e2_str_text(&s)));
		e2_str_free(&s);
	}
	if (sum->unsearched && sh->out.mode == OUT_TEXT) {
		out_add(&sh->out, "for the last %" PRIu64 " nothing was looked for elsewhere",
			sum->unsearched);
		out_line(&sh->out);
	}
}

int links_broken(struct shell *sh)
{
	const struct e2_dangling_how how = { .root = sh->root, .search = true,
					     .poll = shell_poll };
	struct rows rows = { .out = &sh->out, .gap = 2, .red = true };
	struct e2_dangling_list *list;
	struct e2_dangling_sum sum;
	struct e2_dangling b;
	int r = e2_dangling_begin(sh->fs, &how, &list);

	if (r)
		return r;
	while ((r = e2_dangling_next(list, &b)) > 0 && !out_failed(&sh->out)) {
		if (sh->out.mode != OUT_TEXT)
			record(&sh->out, &b);
		else
			show(&rows, &b);
	}
	r = r < 0 ? r : 0;
	if (sh->out.mode == OUT_TEXT && rows_show(&rows) && !r)
		r = E2_ERR_NOMEM;
	e2_dangling_sum(list, &sum);
	links_tell_gaps(sh, &sum);
	e2_dangling_end(list);
	rows_free(&rows);
	return r;
}
