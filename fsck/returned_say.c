/* SPDX-License-Identifier: MIT */
/* A line for what has names of its own again, and one for what got a new one; all of it as JSON. */
#include "returned.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FEW = 3, SHOWN = 2 };	/* of more than a few the first are shown */

struct list {			/* "/a, /b and 5 more" */
	struct e2_str text;
	uint64_t shown, all, most;
};

static bool has_room(struct list *l)
{
	if (l->shown == l->most)
		return false;
	e2_str_add(&l->text, l->shown++ != 0 ? ", " : "");
	return true;
}

static void end_list(const struct list *l, struct e2_str *s)
{
	e2_str_add(s, e2_str_text(&l->text));
	if (l->shown == l->all)
		return;
	e2_str_add(s, " and ");
	e2_str_add_count(s, l->all - l->shown);
	e2_str_add(s, " more");
}

static struct list begin_list(uint64_t all)
{
	return (struct list){ .text = E2_STR_INIT, .all = all, .most = all > FEW ? SHOWN : all };
}

static void list_old(const struct fsck_returned *r, const struct fsck_back *b, struct list *l)
{
	for (uint32_t at = b->first; at != 0; at = r->old[at - 1].next)
		if (has_room(l))
			e2_str_add_name(&l->text, r->arena.text + r->old[at - 1].path.at,
					r->old[at - 1].path.len);
}

static void list_now(const struct fsck_returned *r, const struct fsck_back *b, struct list *l)
{
	struct e2_str path = E2_STR_INIT;

	for (uint32_t i = 0; i < b->names && l->shown < l->most; i++) {
		e2_str_truncate(&path, 0);
		if (has_room(l) && e2_names_path(r->now, b->ino, i, &path) == 0)
			e2_str_add_name(&l->text, e2_str_text(&path), path.len);
	}
	e2_str_free(&path);
}

static void add_number(struct e2_str *s, uint64_t n, const char *one, const char *many)
{
	e2_str_add_count(s, n);
	e2_str_addf(s, " %s", n == 1 ? one : many);
}

/* "1 file (6 bytes)", "2 files and 1 directory (1.2 MiB)" */
static void add_objects(const struct fsck_returned *r, struct e2_str *s)
{
	uint64_t files = 0, dirs = 0, bytes = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct fsck_back *b = &r->at[i];
		bool dir = e2_inode_file_type(b->mode) == E2_FT_DIR;

		files += b->reconnected && !dir;
		dirs += b->reconnected && dir;
		bytes += b->reconnected && !dir ? b->size : 0;
	}
	if (files != 0)
		add_number(s, files, "file", "files");
	e2_str_add(s, files != 0 && dirs != 0 ? " and " : "");
	if (dirs != 0)
		add_number(s, dirs, "directory", "directories");
	if (files == 1)
		e2_str_addf(s, " (%" PRIu64 " byte%s)", bytes, bytes == 1 ? "" : "s");
	else if (files != 0) {
		e2_str_add(s, " (");
		e2_str_add_size(s, bytes);
		e2_str_add(s, ")");
	}
}

/* The old names of those that were reconnected, or of the others. */
static void add_gone(const struct fsck_returned *r, bool reconnected, const char *before,
		     struct e2_str *s)
{
	struct list l = begin_list(0);
	uint64_t all = 0;

	for (size_t i = 0; i < r->count; i++)
		all += r->at[i].reconnected == reconnected ? r->at[i].gone : 0;
	l = begin_list(all);
	for (size_t i = 0; i < r->count; i++)
		if (r->at[i].reconnected == reconnected)
			list_old(r, &r->at[i], &l);
	if (all != 0) {
		e2_str_add(s, before);
		if (!reconnected) {
			add_number(s, all, "name gone: ", "names gone: ");
			end_list(&l, s);
		} else {
			end_list(&l, s);
			e2_str_add(s, "; ");
			add_number(s, all, "name gone", "names gone");
		}
	}
	e2_str_free(&l.text);
}

/* "Reconnected 1 file (6 bytes): /lost+found/a, was /a, /b, /d/c; 3 names gone" */
static void print_reconnected(const struct fsck_returned *r)
{
	struct e2_str s = E2_STR_INIT;
	struct list l;
	uint64_t all = 0;

	for (size_t i = 0; i < r->count; i++)
		all += r->at[i].reconnected ? r->at[i].names : 0;
	if (all == 0)
		return;
	l = begin_list(all);
	for (size_t i = 0; i < r->count; i++)
		if (r->at[i].reconnected)
			list_now(r, &r->at[i], &l);
	e2_str_add(&s, "Reconnected ");
	add_objects(r, &s);
	e2_str_add(&s, ": ");
	end_list(&l, &s);
	add_gone(r, true, all == 1 ? ", was " : "; were ", &s);
	puts(e2_str_text(&s));
	e2_str_free(&l.text);
	e2_str_free(&s);
}

/* "3 names given back: /a, /b, /d/c" */
static void print_given_back(const struct fsck_returned *r)
{
	struct list l = begin_list(r->names);
	struct e2_str s = E2_STR_INIT;

	if (r->names == 0)
		return;
	for (size_t i = 0; i < r->count; i++)
		if (!r->at[i].reconnected)
			list_now(r, &r->at[i], &l);
	add_number(&s, r->names, "name given back: ", "names given back: ");
	end_list(&l, &s);
	add_gone(r, false, "; ", &s);
	puts(e2_str_text(&s));
	e2_str_free(&l.text);
	e2_str_free(&s);
}

void fsck_returned_print(struct fsck_returned *r)
{
	print_reconnected(r);
	print_given_back(r);
}

void fsck_returned_print_json(struct fsck_returned *r)
{
	struct e2_str s = E2_STR_INIT, path = E2_STR_INIT;
	struct e2_json j;

	for (size_t i = 0; i < r->count; i++) {
		const struct fsck_back *b = &r->at[i];

		e2_str_truncate(&s, 0);
		e2_json_begin(&j, &s);
		e2_json_object(&j, NULL);
		e2_json_string(&j, "format", "extant-fsck/1");
		e2_json_string(&j, "type", "returned");
		e2_json_u64(&j, "ino", b->ino);
		e2_json_u64(&j, "mode", b->mode);
		e2_json_u64(&j, "size", b->size);
		e2_json_bool(&j, "reconnected", b->reconnected);
		e2_json_array(&j, "names");
		for (uint32_t n = 0; n < b->names; n++) {
			e2_str_truncate(&path, 0);
			if (e2_names_path(r->now, b->ino, n, &path) == 0)
				e2_json_name(&j, NULL, e2_str_text(&path), path.len);
		}
		e2_json_end(&j);
		e2_json_array(&j, "gone");
		for (uint32_t at = b->first; at != 0; at = r->old[at - 1].next)
			e2_json_name(&j, NULL, r->arena.text + r->old[at - 1].path.at,
				     r->old[at - 1].path.len);
		e2_json_end(&j);
		e2_json_end(&j);
		puts(e2_str_text(&s));
	}
	e2_str_free(&path);
	e2_str_free(&s);
}
