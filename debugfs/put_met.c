/* SPDX-License-Identifier: MIT */
#include "put_met.h"

#include "names_left.h"

#include <stdlib.h>

enum { SHOWN = 3 };			/* files; of more two */

struct event {
	e2_ino ino, dir;
	uint32_t links;			/* before it */
	bool kept;
	size_t name, len;		/* in names */
	size_t number;
};

struct put_met {
	struct event *events;
	size_t count, cap;
	struct e2_str names;
};

int put_meets(void *context, const struct e2_import_met *met)
{
	struct put_met **to = context, *m = *to;
	struct event *grown;

	if (!m)
		m = *to = calloc(1, sizeof(*m));
	grown = m ? e2_grow(m->events, &m->cap, m->count + 1, sizeof(*grown)) : NULL;
	if (!grown)
		return e2_fail(E2_ERR_NOMEM, "no memory for names");
	m->events = grown;
	grown[m->count] = (struct event){ met->ino, met->dir, met->links, met->kept,
					  m->names.len, met->len, m->count };
	m->count++;
	e2_str_add_bytes(&m->names, met->name, met->len);
	return e2_str_status(&m->names);
}

void put_met_free(struct put_met *m)
{
	if (!m)
		return;
	e2_str_free(&m->names);
	free(m->events);
	free(m);
}

static int by_file(const void *pa, const void *pb)
{
	const struct event *a = pa, *b = pb;

	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static int by_number(const void *pa, const void *pb)
{
	const struct event *a = pa, *b = pb;

	return a->number < b->number ? -1 : a->number > b->number;
}

/* One event for each file that has other names still; links: of them and that one. */
static void join(struct put_met *m)
{
	size_t files = 0, next;

	qsort(m->events, m->count, sizeof(*m->events), by_file);
	for (size_t i = 0; i < m->count; i = next) {
		struct event e = m->events[i];
		uint32_t left = e.links;

		for (next = i; next < m->count && m->events[next].ino == e.ino; next++)
			left -= m->events[next].kept && left > 0;
		e.links = e.kept ? left + 1 : left;
		if (e.links > 1)
			m->events[files++] = e;
	}
	m->count = files;
	if (files)
		qsort(m->events, files, sizeof(*m->events), by_number);
}

static void tell_one(struct shell *sh, const struct put_met *m, const struct event *e)
{
	struct e2_str path = E2_STR_INIT;

	if (!shell_climb(sh, e->dir, &path)) {
		if (path.len > 1)
			e2_str_add(&path, "/");
		e2_str_add_bytes(&path, m->names.text + e->name, e->len);
		tell_content(sh, e->ino, e->links, &path, e->kept);
	}
	e2_err_clear();		/* it is a courtesy */
	e2_str_free(&path);
}

static void tell_more(struct shell *sh, const struct put_met *m, size_t from, bool kept)
{
	struct e2_str s = E2_STR_INIT;
	size_t more = 0;

	for (size_t i = from; i < m->count; i++)
		more += m->events[i].kept == kept;
	if (more) {
		e2_str_add(&s, "other names of ");
		e2_str_add_count(&s, more);
		e2_str_addf(&s, " more %s %s", more == 1 ? "file" : "files",
			    kept ? "keep the old content" : "have the new content too");
		shell_note(sh, e2_str_text(&s));
	}
	e2_str_free(&s);
}

void put_met_tell(struct shell *sh, struct put_met *m)
{
	size_t most;

	if (!m || !m->count)
		return;
	join(m);
	most = sh->out.mode == OUT_TEXT && m->count > SHOWN ? SHOWN - 1 : m->count;
	for (size_t i = 0; i < most; i++)
		tell_one(sh, m, &m->events[i]);
	tell_more(sh, m, most, true);
	tell_more(sh, m, most, false);
}
