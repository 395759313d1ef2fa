/* SPDX-License-Identifier: MIT */
/* What broken links may have meant: one walk for all of them. */
#include "tree/dangling_priv.h"

#include "base/grow.h"
#include "base/map.h"
#include "base/mix.h"

#include <stdlib.h>
#include <string.h>

enum {
	CANDIDATES_MAX = 16,		/* of one name */
	BYTES_MAX = 2 << 20,		/* of the paths of all */
};

struct candidate {
	size_t path, len;	/* in arena */
	uint32_t next;		/* of the same name; 0: none, else one more than its index */
};

struct wanted {			/* a name */
	const char *name;
	size_t len;
	uint32_t first, count;	/* candidates, as next */
};

struct search {
	struct e2_fs *fs;
	const struct e2_dangling_how *how;
	uint64_t seed;
	struct e2_map *by_name;	/* hash to index in wanted and one */
	struct wanted *wanted;
	struct candidate *candidates;
	size_t wanted_len, wanted_cap, candidates_len, candidates_cap;
	struct e2_str arena;
	uint64_t steps;
};

/* The last component of a path, slashes behind it left out; length 0 when it is no name. */
static const char *last_of(const char *path, size_t len, size_t *name_len)
{
	size_t from;

	while (len && path[len - 1] == '/')
		len--;
	for (from = len; from && path[from - 1] != '/'; from--)
		;
	*name_len = len - from;
	if (len - from <= 2 && !memcmp(path + from, "..", len - from))
		*name_len = 0;
	return path + from;
}

/* ---- what is wanted --------------------------------------------------------- */

static struct wanted *find_wanted(const struct search *s, const char *name, size_t len)
{
	uint64_t at;
	struct wanted *w;

	if (!e2_map_get(s->by_name, e2_mix_bytes(s->seed, name, len), &at))
		return NULL;
	w = &s->wanted[at];
	return w->len == len && !memcmp(w->name, name, len) ? w : NULL;
}

/* Of two names with one number the first is looked for. */
static int want(struct search *s, const struct e2_lost_end *end)
{
	struct wanted *w;
	size_t len;
	const char *name = last_of(end->text, end->text_len, &len);
	uint64_t at, hash = e2_mix_bytes(s->seed, name, len);

	if (!len || e2_map_get(s->by_name, hash, &at))
		return 0;
	w = e2_grow(s->wanted, &s->wanted_cap, s->wanted_len + 1, sizeof(*w));
	if (!w)
		return E2_ERR_NOMEM;
	s->wanted = w;
	s->wanted[s->wanted_len] = (struct wanted){ .name = name, .len = len };
	return e2_map_set(s->by_name, hash, s->wanted_len++);
}

/* ---- what there is ---------------------------------------------------------- */

/* Whether a symlink leads somewhere; other things need not. */
static bool is_of_use(const struct search *s, const struct e2_walk_entry *e)
{
	struct e2_str text = E2_STR_INIT;
	struct e2_resolve how = { .root = s->how->root, .cwd = e->parent, .hops = 1 };
	bool leads = false;
	e2_ino ino;

	if (!e2_is_symlink(&e->inode))
		return true;
	if (!e2_symlink_read(s->fs, &e->inode, &text) && !e2_str_status(&text))
		leads = !e2_resolve(s->fs, &how, text.text, &ino);
	e2_err_clear();
	e2_str_free(&text);
	return leads;
}

static int take(struct search *s, const struct e2_walk_entry *e)
{
	struct wanted *w = find_wanted(s, (const char *)e->name, e->name_len);
	struct candidate *c;

	if (!w || w->count >= CANDIDATES_MAX || s->arena.len > BYTES_MAX || !is_of_use(s, e))
		return 0;
	c = e2_grow(s->candidates, &s->candidates_cap, s->candidates_len + 1, sizeof(*c));
	if (!c)
		return E2_ERR_NOMEM;
	s->candidates = c;
	c += s->candidates_len++;
	*c = (struct candidate){ s->arena.len, e->path_len, w->first };
	w->first = (uint32_t)s->candidates_len;
	w->count++;
	e2_str_add_bytes(&s->arena, e->path, e->path_len);
	return e2_str_status(&s->arena);
}

static int take_all(struct search *s)
{
	struct e2_walk_entry e;
	struct e2_walk *walk;
	int r = e2_walk_begin(s->fs, s->how->root ? s->how->root : E2_INO_ROOT, 0, &walk);

	if (r)
		return r;
	while ((r = e2_walk_next(walk, &e)) > 0) {
		if (e.path_len > E2_PATH_MAX) {
			e2_walk_skip(walk);
			continue;
		}
		r = e.status || !e.name_len ? 0 : take(s, &e);
		if (!r && ++s->steps % 1024 == 0 && s->how->poll)
			r = s->how->poll(s->how->context);
		if (r)
			break;
	}
	e2_walk_end(walk);
	return r;
}

/* ---- the choice ------------------------------------------------------------- */

/* How many of their last components two paths share. */
static size_t same_end(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t same = 0, x, y;

	for (;; same++) {
		const char *p = last_of(a, a_len, &x), *q = last_of(b, b_len, &y);

		if (!x || x != y || memcmp(p, q, x) != 0)
			return same;
		a_len = (size_t)(p - a);
		b_len = (size_t)(q - b);
	}
}

/* How many of their first components two paths share. */
static size_t same_start(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t same = 0;

	for (size_t i = 0; i < a_len && i < b_len && a[i] == b[i]; i++)
		same += a[i] == '/';
	return same;
}

static size_t depth_of(const char *path, size_t len)
{
	size_t depth = 0;

	for (size_t i = 0; i < len; i++)
		depth += path[i] == '/';
	return depth;
}

static bool is_better(const struct search *s, const struct e2_lost_end *end,
		      const struct candidate *a, const struct candidate *b)
{
	const char *p = s->arena.text + a->path, *q = s->arena.text + b->path;
	size_t x = same_end(p, a->len, end->text, end->text_len);
	size_t y = same_end(q, b->len, end->text, end->text_len);

	if (x == y) {
		x = same_start(p, a->len, end->path, end->path_len);
		y = same_start(q, b->len, end->path, end->path_len);
	}
	if (x == y) {
		x = depth_of(q, b->len);
		y = depth_of(p, a->len);
	}
	if (x != y)
		return x > y;
	x = a->len < b->len ? a->len : b->len;
	return memcmp(p, q, x) < 0 || (x == a->len && x < b->len && !memcmp(p, q, x));
}

static void choose(const struct search *s, struct e2_lost_end *end, struct e2_str *found)
{
	const struct candidate *best = NULL;
	const struct wanted *w;
	size_t len;
	const char *name = last_of(end->text, end->text_len, &len);

	w = len ? find_wanted(s, name, len) : NULL;
	for (uint32_t i = w ? w->first : 0; i; i = s->candidates[i - 1].next) {
		const struct candidate *c = &s->candidates[i - 1];

		if (c->len == end->path_len && !memcmp(s->arena.text + c->path, end->path, c->len))
			continue;
		if (!best || is_better(s, end, c, best))
			best = c;
	}
	end->perhaps = found->len;
	end->perhaps_len = best ? best->len : 0;
	if (best)
		e2_str_add_bytes(found, s->arena.text + best->path, best->len);
	e2_str_add_bytes(found, "", 1);
}

int e2_dangling_search(struct e2_fs *fs, const struct e2_dangling_how *how,
		       struct e2_lost_end *ends, size_t count, struct e2_str *found)
{
	struct search s = { .fs = fs, .how = how, .seed = e2_mix_seed(&s),
			    .arena = E2_STR_INIT };
	int err = e2_map_new(&s.by_name);

	for (size_t i = 0; i < count && !err; i++)
		err = want(&s, &ends[i]);
	if (!err && s.wanted_len)
		err = take_all(&s);
	for (size_t i = 0; i < count && !err; i++)
		choose(&s, &ends[i], found);
	e2_map_free(s.by_name);
	free(s.wanted);
	free(s.candidates);
	e2_str_free(&s.arena);
	return err ? err : e2_str_status(found);
}
