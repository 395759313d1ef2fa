/* SPDX-License-Identifier: MIT */
/*
 * --report-links: symlinks that lead nowhere.  They are no damage, and change no exit status.
 *
 * The tree is gone through once to count them, and again to say which.
 */
#include "fsck.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WIDEST = 48 };	/* a wider text does not push the others aside */

struct pass {
	bool say, json;
	size_t path, text;	/* columns, as the pass that counts has found */
	struct e2_dangling_sum sum;
};

static void put_json(const struct e2_dangling *b)
{
	struct e2_str s = E2_STR_INIT;
	struct e2_json j;
	const char *link = b->circle;

	fsck_json_begin(&j, &s, "broken-link");
	e2_json_name(&j, "path", b->path, b->path_len);
	e2_json_u64(&j, "ino", b->ino);
	e2_json_name(&j, "target", b->text, b->text_len);
	e2_json_string(&j, "kind", e2_fate_word(b->kind));
	e2_json_string(&j, "reason", b->reason);
	e2_json_name(&j, "where", b->where, strlen(b->where));
	e2_json_u64(&j, "loop", b->loop);
	e2_json_bool(&j, "on_loop", b->on_loop);
	e2_json_array(&j, "circle");
	for (size_t i = 0; i < b->circle_links; i++, link += strlen(link) + 1)
		e2_json_name(&j, NULL, link, strlen(link));
	e2_json_end(&j);
	e2_json_name(&j, "perhaps", b->perhaps, strlen(b->perhaps));
	(void)fsck_json_put(&j, &s);
	e2_str_free(&s);
}

static void put_json_sum(const struct e2_dangling_sum *sum)
{
	struct e2_str s = E2_STR_INIT;
	struct e2_json j;

	fsck_json_begin(&j, &s, "links");
	e2_json_u64(&j, "symlinks", sum->links);
	e2_json_u64(&j, "broken", sum->broken);
	e2_json_u64(&j, "unread", sum->unread);
	e2_json_u64(&j, "deep", sum->deep);
	e2_json_u64(&j, "unsearched", sum->unsearched);
	(void)fsck_json_put(&j, &s);
	e2_str_free(&s);
}

static void add_cell(struct e2_str *s, const char *before, const char *name, size_t len,
		     size_t width)
{
	size_t at = s->len;

	e2_str_add(s, before);
	e2_str_add_name(s, name, len);
	for (size_t w = e2_str_columns(s, at); w < width; w++)
		e2_str_add(s, " ");
	e2_str_add(s, "  ");
}

static void measure(size_t *width, const char *before, const char *name, size_t len)
{
	struct e2_str s = E2_STR_INIT;
	size_t w;

	e2_str_add(&s, before);
	e2_str_add_name(&s, name, len);
	w = e2_str_columns(&s, 0);
	if (w > *width && w <= WIDEST)
		*width = w;
	e2_str_free(&s);
}

/* "  /docs/rotten  -> /no/such  /no does not exist; perhaps /opt/such" */
static void put_line(const struct pass *pass, const struct e2_dangling *b)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add(&s, "  ");
	add_cell(&s, "", b->path, b->path_len, pass->path);
	add_cell(&s, "-> ", b->text, b->text_len, pass->text);
	e2_str_add(&s, b->reason);
	if (*b->perhaps) {
		e2_str_add(&s, "; perhaps ");
		e2_str_add_name(&s, b->perhaps, strlen(b->perhaps));
	}
	puts(e2_str_text(&s));
	e2_str_free(&s);
}

static void put_sum(const char *shown, const struct e2_dangling_sum *sum)
{
	const char *links = sum->links == 1 ? "symlink" : "symlinks";

	if (sum->broken == 0)
		printf("%s: no symlink leads nowhere, of %" PRIu64 "\n", shown, sum->links);
	else
		printf("%s: %" PRIu64 " of %" PRIu64 " %s %s nowhere:\n", shown, sum->broken,
		       sum->links, links, sum->broken == 1 ? "leads" : "lead");
}

static void put_gaps(const char *shown, const struct e2_dangling_sum *sum)
{
	for (unsigned gap = 0; gap < E2_DANGLING_GAPS; gap++) {
		struct e2_str s = E2_STR_INIT;

		if (e2_dangling_gap(sum, gap, &s) != 0)
			printf("%s: %s\n", shown, e2_str_text(&s));
		e2_str_free(&s);
	}
	if (sum->unsearched != 0)
		printf("%s: for the last %" PRIu64 " nothing was looked for elsewhere\n", shown,
		       sum->unsearched);
}

static int go_through(struct e2_fs *fs, struct pass *pass)
{
	const struct e2_dangling_how how = { .search = pass->say };
	struct e2_dangling_list *list;
	struct e2_dangling b;
	int r = e2_dangling_begin(fs, &how, &list);

	if (r != 0)
		return r;
	while ((r = e2_dangling_next(list, &b)) > 0) {
		if (!pass->say) {
			measure(&pass->path, "", b.path, b.path_len);
			measure(&pass->text, "-> ", b.text, b.text_len);
		} else if (pass->json) {
			put_json(&b);
		} else {
			put_line(pass, &b);
		}
	}
	e2_dangling_sum(list, &pass->sum);
	e2_dangling_end(list);
	return r;
}

int fsck_report_links(struct e2_fs *fs, const char *shown, const struct fsck_options *o)
{
	struct pass pass = { .json = o->json };
	int err;

	if (o->quiet)
		return 0;
	err = go_through(fs, &pass);
	if (err == 0 && !o->json)
		put_sum(shown, &pass.sum);
	pass.say = true;
	if (err == 0 && pass.sum.broken != 0)
		err = go_through(fs, &pass);
	if (err == 0 && o->json)
		put_json_sum(&pass.sum);
	else if (err == 0)
		put_gaps(shown, &pass.sum);
	return err;
}
