/* SPDX-License-Identifier: MIT */
#include "tree/fate.h"

#include <string.h>

enum { SHOWN = 8 };		/* links of a circle */

void e2_fate_free(struct e2_fate *fate)
{
	e2_str_free(&fate->where);
	e2_str_free(&fate->circle);
	e2_str_free(&fate->branch);
	e2_str_free(&fate->detail);
}

static void reset(struct e2_fate *fate)
{
	fate->kind = E2_FATE_LEADS;
	fate->err = 0;
	fate->ino = 0;
	fate->hops = 0;
	fate->limit = E2_SYMLINK_HOPS_MAX;
	fate->ends = false;
	fate->circle_links = fate->branch_links = 0;
	e2_str_truncate(&fate->where, 0);
	e2_str_truncate(&fate->circle, 0);
	e2_str_truncate(&fate->branch, 0);
	e2_str_truncate(&fate->detail, 0);
}

int e2_fate_by(struct e2_fs *fs, const struct e2_resolve *how, const char *text)
{
	struct e2_fate *fate = how->fate;
	int err;

	reset(fate);
	err = e2_resolve(fs, how, text, &fate->ino);
	if (err == E2_ERR_NOMEM || err == E2_ERR_CANCELLED)
		return err;
	fate->err = err;
	e2_err_clear();
	return e2_str_status(&fate->where) || e2_str_status(&fate->circle) ||
	       e2_str_status(&fate->branch) || e2_str_status(&fate->detail) ?
	       e2_fail(E2_ERR_NOMEM, "following a symlink: out of memory") : 0;
}

int e2_fate(struct e2_fs *fs, e2_ino root, e2_ino dir, const char *dir_path, const char *text,
	    struct e2_fate *fate)
{
	const struct e2_resolve how = {
		.root = root, .cwd = dir, .cwd_path = dir_path, .hops = 1,
		.beyond = E2_FATE_BEYOND, .fate = fate,
	};

	return e2_fate_by(fs, &how, text);
}

int e2_fate_begin_with(struct e2_fate *fate, const char *path, size_t len)
{
	struct e2_str turned = E2_STR_INIT;
	const char *first = e2_str_text(&fate->circle), *link = first;
	size_t at;
	int err;

	for (size_t i = 0; i < fate->circle_links; i++, link += strlen(link) + 1)
		if (strlen(link) == len && !memcmp(link, path, len))
			break;
	at = (size_t)(link - first);
	if (at == 0 || at == fate->circle.len)
		return 0;
	e2_str_add_bytes(&turned, link, fate->circle.len - at);
	e2_str_add_bytes(&turned, first, at);
	err = e2_str_status(&turned);
	e2_str_free(&fate->circle);
	fate->circle = turned;
	return err;
}

const char *e2_fate_word(enum e2_fate_kind kind)
{
	static const char *const words[] = {
		[E2_FATE_LEADS] = "leads", [E2_FATE_MISSING] = "missing",
		[E2_FATE_LOOP] = "loop", [E2_FATE_CHAIN] = "chain",
		[E2_FATE_NOTDIR] = "not a directory", [E2_FATE_LONG] = "too long",
		[E2_FATE_DAMAGED] = "damaged",
	};

	return words[kind];
}

/* ---- in words ------------------------------------------------------------- */

static size_t dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

/* Whether all links of the circle stand in one directory. */
static bool in_one_dir(const struct e2_fate *fate)
{
	const char *first = e2_str_text(&fate->circle), *path = first;
	size_t len = dir_len(first);

	for (size_t i = 0; i < fate->circle_links; i++, path += strlen(path) + 1)
		if (dir_len(path) != len || memcmp(path, first, len) != 0)
			return false;
	return true;
}

void e2_fate_add_circle(const struct e2_fate *fate, struct e2_str *s)
{
	const char *first = e2_str_text(&fate->circle), *path = first;
	size_t skip = in_one_dir(fate) ? dir_len(first) + 1 : 0;

	for (size_t i = 0; i < fate->circle_links && i < SHOWN; i++, path += strlen(path) + 1) {
		e2_str_add_name(s, path + skip, strlen(path + skip));
		e2_str_add(s, " -> ");
	}
	if (fate->circle_links > SHOWN)
		e2_str_addf(s, "... %zu more -> ", fate->circle_links - SHOWN);
	e2_str_add_name(s, first + skip, strlen(first + skip));
}

void e2_fate_add_reason(const struct e2_fate *fate, struct e2_str *s)
{
	switch (fate->kind) {
	case E2_FATE_LEADS:
		break;
	case E2_FATE_LOOP:
		e2_str_add(s, fate->circle_links ? "loop: " : "a loop");
		if (fate->circle_links)
			e2_fate_add_circle(fate, s);
		break;
	case E2_FATE_CHAIN:
		e2_str_addf(s, "leads through more than %u symlinks", fate->limit);
		break;
	case E2_FATE_MISSING:
	case E2_FATE_NOTDIR:
		if (fate->detail.len) {		/* an empty text */
			e2_str_add(s, fate->detail.text);
			break;
		}
		e2_str_add_name(s, e2_str_text(&fate->where), fate->where.len);
		e2_str_add(s, fate->kind == E2_FATE_MISSING ? " does not exist" :
			   " is not a directory");
		break;
	case E2_FATE_LONG:
	case E2_FATE_DAMAGED:
		e2_str_add(s, e2_str_text(&fate->detail));
	}
}
