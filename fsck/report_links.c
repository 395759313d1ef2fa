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

static void put_json(const struct e2_dangling *b)
{
	struct e2_str s = E2_STR_INIT;
	struct e2_json j;
	const char *link = b->circle;

	e2_json_begin(&j, &s);
	e2_json_object(&j, NULL);
	e2_json_string(&j, "format", "extant-fsck/1");
	e2_json_string(&j, "type", "broken-link");
	e2_json_name(&j, "path", b->path, b->path_len);
	e2_json_u64(&j, "ino", b->ino);
	e2_json_name(&j, "target", b->text, b->text_len);
	e2_json_string(&j, "kind", e2_fate_word(b->kind));
	e2_json_string(&j, "reason", b->reason);
	if (*b->where)
		e2_json_name(&j, "where", b->where, strlen(b->where));
	if (b->loop) {
		e2_json_u64(&j, "loop", b->loop);
		e2_json_bool(&j, "on_loop", b->on_loop);
		e2_json_array(&j, "circle");
		for (size_t i = 0; i < b->circle_links; i++, link += strlen(link) + 1)
			e2_json_name(&j, NULL, link, strlen(link));
		e2_json_end(&j);
	}
	if (*b->perhaps)
		e2_json_name(&j, "perhaps", b->perhaps, strlen(b->perhaps));
	e2_json_end(&j);
	puts(e2_str_text(&s));
	e2_str_free(&s);
}

/* "  /docs/rotten -> /no/such   /no does not exist; perhaps /opt/such" */
static void put_line(const struct e2_dangling *b)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add(&s, "  ");
	e2_str_add_name(&s, b->path, b->path_len);
	e2_str_add(&s, " -> ");
	e2_str_add_name(&s, b->text, b->text_len);
	e2_str_addf(&s, "   %s", b->reason);
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

static int go_through(struct e2_fs *fs, bool say, bool json, struct e2_dangling_sum *sum)
{
	const struct e2_dangling_how how = { .search = say };
	struct e2_dangling_list *list;
	struct e2_dangling b;
	int r = e2_dangling_begin(fs, &how, &list);

	if (r != 0)
		return r;
	while ((r = e2_dangling_next(list, &b)) > 0) {
		if (say && json)
			put_json(&b);
		else if (say)
			put_line(&b);
	}
	e2_dangling_sum(list, sum);
	e2_dangling_end(list);
	return r;
}

int fsck_report_links(struct e2_fs *fs, const char *shown, const struct fsck_options *o)
{
	struct e2_dangling_sum sum;
	int err;

	if (o->quiet)
		return 0;
	err = go_through(fs, false, o->json, &sum);
	if (err == 0 && !o->json)
		put_sum(shown, &sum);
	if (err == 0 && sum.broken != 0)
		err = go_through(fs, true, o->json, &sum);
	return err;
}
