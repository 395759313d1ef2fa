/* SPDX-License-Identifier: MIT */
/* Why a path leads nowhere: what is said, and which links go in a circle. */
#include "tree/path_priv.h"

#include "base/grow.h"

#include <string.h>

enum { BYTES_MAX = 4 << 20 };	/* past the limit: of texts that wait, of paths of links */

/* ---- messages ------------------------------------------------------------- */

void e2_path_add_here(const struct e2_path_walk *w, struct e2_str *s)
{
	e2_str_add_bytes(s, e2_str_text(&w->base_path), w->base_path.len);
	e2_str_add_bytes(s, e2_str_text(&w->here), w->here.len);
}

static void add_quoted(struct e2_str *s, const char *text, size_t len)
{
	e2_str_add(s, "\"");
	e2_str_add_name(s, text, len);
	e2_str_add(s, "\"");
}

/* The directory where the walk stands, as the user would name it. */
static void add_here(struct e2_str *s, const struct e2_path_walk *w)
{
	struct e2_str path = E2_STR_INIT;

	e2_path_add_here(w, &path);
	if (path.len)
		e2_str_add_name(s, path.text, path.len);
	else
		e2_str_add(s, "/");
	e2_str_free(&path);
}

/* What was reached and is no directory: "/test <17>". */
static void add_reached(struct e2_str *s, const struct e2_path_walk *w)
{
	struct e2_str path = E2_STR_INIT;

	if (!w->leaf.len) {
		e2_str_addf(s, "<%u> below ", w->at);
		add_here(s, w);
		return;
	}
	e2_path_add_here(w, &path);
	e2_str_addf(&path, "/");
	e2_str_add_bytes(&path, w->leaf.text, w->leaf.len);
	e2_str_add_name(s, e2_str_text(&path), path.len);
	e2_str_addf(s, " <%u>", w->at);
	e2_str_free(&path);
}

static void add_via_link(struct e2_str *s, const struct e2_path_walk *w)
{
	if (!w->in_link)
		return;
	e2_str_add(s, "a symlink to ");
	add_quoted(s, e2_str_text(&w->last_link), w->last_link.len);
	e2_str_add(s, ", and ");
}

static int fail_with(const struct e2_path_walk *w, int err, struct e2_str *reason)
{
	struct e2_str shown = E2_STR_INIT;

	e2_str_add_name(&shown, w->path, strlen(w->path));
	err = e2_fail(err, "%s: %s", e2_str_text(&shown), e2_str_text(reason));
	e2_str_free(&shown);
	e2_str_free(reason);
	return err;
}

/* ---- failures ------------------------------------------------------------- */

/* The fate, where it is asked for; name: of what is to blame, in the directory at hand. */
static struct e2_fate *judge(struct e2_path_walk *w, enum e2_fate_kind kind, const char *name,
			     size_t len)
{
	struct e2_fate *fate = w->how->fate;

	if (!fate)
		return NULL;
	fate->kind = kind;
	e2_str_truncate(&fate->where, 0);
	e2_path_add_here(w, &fate->where);
	if (name || !fate->where.len)
		e2_str_add(&fate->where, "/");
	if (name)
		e2_str_add_bytes(&fate->where, name, len);
	return fate;
}

void e2_path_count(const struct e2_path_walk *w, struct e2_fate *fate)
{
	fate->hops = w->hops;
	fate->limit = w->limit;
	fate->ends = w->ended;
}

/* Past the limit why it ends is of no interest. */
static int ends(struct e2_path_walk *w)
{
	w->ended = true;
	return e2_path_too_many(w);
}

int e2_path_no_entry(struct e2_path_walk *w, const char *name, size_t len)
{
	struct e2_str reason = E2_STR_INIT;

	if (w->past)
		return ends(w);
	judge(w, E2_FATE_MISSING, name, len);
	add_via_link(&reason, w);
	add_here(&reason, w);
	e2_str_add(&reason, " has no ");
	add_quoted(&reason, name, len);
	return fail_with(w, E2_ERR_NOENT, &reason);
}

int e2_path_not_dir(struct e2_path_walk *w)
{
	struct e2_str reason = E2_STR_INIT;

	if (w->past)
		return ends(w);
	judge(w, E2_FATE_NOTDIR, w->leaf.len ? w->leaf.text : NULL, w->leaf.len);
	add_via_link(&reason, w);
	add_reached(&reason, w);
	e2_str_add(&reason, " is not a directory");
	return fail_with(w, E2_ERR_NOTDIR, &reason);
}

int e2_path_long(struct e2_path_walk *w, size_t len)
{
	struct e2_str reason = E2_STR_INIT;
	struct e2_fate *fate;

	if (w->past)
		return ends(w);
	e2_str_addf(&reason, "a component has %zu bytes, the most is %d", len, E2_NAME_MAX);
	fate = judge(w, E2_FATE_LONG, NULL, 0);
	if (fate)
		e2_str_add(&fate->detail, e2_str_text(&reason));
	return fail_with(w, E2_ERR_NAMETOOLONG, &reason);
}

int e2_path_damaged(struct e2_path_walk *w, int err, const char *name, size_t len)
{
	struct e2_fate *fate;

	if (err == E2_ERR_NOMEM || err == E2_ERR_CANCELLED)
		return err;
	if (w->past)
		return ends(w);
	fate = judge(w, E2_FATE_DAMAGED, name, len);
	if (fate)
		e2_str_add(&fate->detail, *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
	return err;
}

/* Adds the paths of links of the branch, NUL-ended each. */
static void add_links(const struct e2_path_walk *w, size_t first, size_t count, struct e2_str *s)
{
	for (size_t i = first; i < first + count; i++) {
		e2_str_add_bytes(s, w->trail.text + w->branch[i].path, w->branch[i].len);
		e2_str_add_bytes(s, "", 1);
	}
}

static void judge_circle(const struct e2_path_walk *w, struct e2_fate *fate)
{
	fate->kind = w->period || w->knows_circle ? E2_FATE_LOOP : E2_FATE_CHAIN;
	fate->circle_links = w->period;
	e2_str_truncate(&fate->where, 0);
	add_links(w, w->first, w->period, &fate->circle);
	if (w->how->known) {
		fate->branch_links = w->branch_len;
		add_links(w, 0, w->branch_len, &fate->branch);
	}
}

int e2_path_too_many(struct e2_path_walk *w)
{
	struct e2_str reason = E2_STR_INIT;
	struct e2_fate own = E2_FATE_INIT, *fate = w->how->fate ? w->how->fate : &own;

	judge_circle(w, fate);
	if (w->period) {
		e2_str_add(&reason, "symlinks go in a circle: ");
		e2_fate_add_circle(fate, &reason);
	} else {
		e2_str_addf(&reason, "leads through more than %u symlinks", w->limit);
	}
	e2_fate_free(&own);
	return fail_with(w, E2_ERR_LOOP, &reason);
}

/* ---- circles -------------------------------------------------------------- */

static bool same_link(const struct e2_path_walk *w, size_t i, size_t j)
{
	const struct e2_path_hop *a = &w->branch[i], *b = &w->branch[j];

	return a->dir == b->dir && a->len - a->name == b->len - b->name &&
	       !memcmp(w->trail.text + a->path + a->name, w->trail.text + b->path + b->name,
		       a->len - a->name);
}

/* A link that stands twice on the branch, for branches that the limit keeps short. */
static bool find_circle(struct e2_path_walk *w)
{
	for (size_t i = 0; i < w->branch_len; i++)
		for (size_t j = i + 1; j < w->branch_len; j++)
			if (same_link(w, i, j)) {
				w->first = i;
				w->period = j - i;
				return true;
			}
	return false;
}

/*
 * Past the limit the newest link is compared with one below, which is chosen anew whenever the
 * branch has doubled (Brent): in a circle they meet when it has been walked once more.
 */
static bool meets_mark(struct e2_path_walk *w)
{
	size_t top = w->branch_len - 1, i = 0;

	if (top < w->mark || w->mark == 0)
		w->mark = top;
	if (top == w->mark)
		return false;
	if (!same_link(w, w->mark, top)) {
		if (top >= w->mark * 2)
			w->mark = top;
		return false;
	}
	w->period = top - w->mark;
	while (!same_link(w, i, i + w->period))
		i++;
	w->first = i;
	return true;
}

static int push_hop(struct e2_path_walk *w, const char *name, size_t len, size_t depth)
{
	struct e2_path_hop *h = e2_grow(w->branch, &w->branch_cap, depth, sizeof(*h));
	size_t at = 0;

	if (!h)
		return E2_ERR_NOMEM;
	w->branch = h;
	if (depth > 1)
		at = h[depth - 2].path + h[depth - 2].len;
	h += depth - 1;
	e2_str_truncate(&w->trail, at);
	e2_path_add_here(w, &w->trail);
	e2_str_add(&w->trail, "/");
	*h = (struct e2_path_hop){ .dir = w->at, .path = at, .name = w->trail.len - at };
	e2_str_add_bytes(&w->trail, name, len);
	h->len = w->trail.len - at;
	w->branch_len = depth;
	return e2_str_status(&w->trail);
}

/* Whether what is known of the newest link ends the walk. */
static bool is_known(struct e2_path_walk *w)
{
	const struct e2_path_hop *h = &w->branch[w->branch_len - 1];
	enum e2_known known = w->how->known(w->how->context, w->trail.text + h->path, h->len);

	w->knows_circle = known == E2_KNOWN_CIRCLE;
	w->ended = known == E2_KNOWN_LONG || (w->past && known == E2_KNOWN_ENDS);
	return w->knows_circle || w->ended;
}

int e2_path_branch(struct e2_path_walk *w, const char *name, size_t len, size_t depth)
{
	int err = push_hop(w, name, len, depth);

	if (err)
		return e2_fail(E2_ERR_NOMEM, "resolving a path: out of memory");
	if (w->how->known && is_known(w))
		return e2_path_too_many(w);
	if (w->hops < w->limit)
		return 0;
	if (w->past ? meets_mark(w) : find_circle(w))
		return e2_path_too_many(w);
	w->past = true;
	if (w->hops - w->limit >= w->how->beyond || w->live > BYTES_MAX ||
	    w->trail.len > BYTES_MAX)
		return e2_path_too_many(w);
	return 0;
}
