/* SPDX-License-Identifier: MIT */
/*
 * Links are gathered with all that is to be said of them, then yielded.
 *
 * Circles are numbered as they are met.  What a walk past the limit has learned of a link, that
 * it goes in a circle or that it comes to an end, is kept by its path: else a circle of ten
 * thousand links would be walked ten thousand times.
 */
#include "tree/dangling_priv.h"
#include "tree/dir.h"

#include "base/grow.h"
#include "base/map.h"
#include "base/mix.h"

#include <stdlib.h>
#include <string.h>

enum {
	BATCH = 8192,			/* links */
	BATCH_BYTES = 2 << 20,
	FIRSTS_BYTES = 1 << 20,		/* of the paths by which circles are called */
	BEYOND_MAX = 1 << 16,
	KNOWN_MIN = 1 << 16,
	KNOWN_ENDS = 1, KNOWN_LONG = 2, LOOP_MIN = 4,
};
#define PATHS_AT_LEAST (UINT64_C(64) << 20)

struct broken {			/* offsets in arena, of NUL-ended texts */
	size_t path, text, reason, where, circle, perhaps;
	size_t path_len, text_len, circle_links;
	e2_ino ino;
	enum e2_fate_kind kind;
	uint32_t loop;
	bool on_loop;
};

struct loop {
	size_t first;		/* in firsts: the path of the link by which it was met, or 0 */
	size_t links;
};

struct e2_dangling_list {
	struct e2_fs *fs;
	struct e2_dangling_how how;
	struct e2_walk *walk;
	struct e2_txn *memory;		/* of names; NULL: none */
	struct broken *batch;
	size_t len, cap, next;
	struct e2_str arena, found;
	bool searched, done;
	/* circles */
	/* hash of a link's path: KNOWN_ENDS, KNOWN_LONG, or loop * 4, plus one for who is on it */
	struct e2_map *known;
	uint64_t seed;		/* of the hashes: what they say is believed */
	uint64_t hit;		/* what was known of the link met last */
	struct loop *loops;
	size_t loops_len, loops_cap;
	struct e2_str firsts;
	uint32_t last_loop;	/* spoken of */
	uint64_t beyond;	/* links that may still be looked at past the limit */
	uint64_t paths;		/* bytes of paths that may still be made */
	struct e2_dangling_sum sum;
	struct e2_fate fate;
	struct e2_str text, dir, reason;
};

int e2_dangling_begin(struct e2_fs *fs, const struct e2_dangling_how *how,
		    struct e2_dangling_list **list)
{
	static const struct e2_dangling_how plain;
	const struct e2_geometry *g = e2_geometry(fs);
	struct e2_dangling_list *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return e2_fail(E2_ERR_NOMEM, "looking for broken links: out of memory");
	l->fs = fs;
	l->how = how ? *how : plain;
	l->seed = e2_mix_seed(l);
	l->beyond = 4 * KNOWN_MIN + g->inodes;
	l->paths = PATHS_AT_LEAST + g->blocks * g->block_size;
	err = e2_map_new(&l->known);
	if (!err)
		err = e2_walk_begin(fs, l->how.root ? l->how.root : E2_INO_ROOT, E2_WALK_POST,
				    &l->walk);
	if (err) {
		e2_dangling_end(l);
		return err;
	}
	l->memory = e2_dir_remember(fs);
	*list = l;
	return 0;
}

void e2_dangling_end(struct e2_dangling_list *l)
{
	if (!l)
		return;
	e2_walk_end(l->walk);
	e2_txn_abort(l->memory);
	e2_map_free(l->known);
	free(l->batch);
	free(l->loops);
	e2_str_free(&l->arena);
	e2_str_free(&l->found);
	e2_str_free(&l->firsts);
	e2_str_free(&l->text);
	e2_str_free(&l->dir);
	e2_str_free(&l->reason);
	e2_fate_free(&l->fate);
	free(l);
}

void e2_dangling_sum(const struct e2_dangling_list *l, struct e2_dangling_sum *sum)
{
	*sum = l->sum;
}

int e2_dangling_gap(const struct e2_dangling_sum *sum, unsigned gap, struct e2_str *s)
{
	uint64_t n = gap == 0 ? sum->unread : sum->deep;

	if (n == 0)
		return 0;
	e2_str_add_count(s, n);
	if (gap == 0)
		e2_str_addf(s, " %s could not be read in full",
			    n == 1 ? "directory or inode" : "directories or inodes");
	else
		e2_str_add(s, n == 1 ? " name whose path has more than 4095 bytes is left out" :
			   " names whose paths have more than 4095 bytes are left out");
	return gap == 0 ? E2_ERR_CORRUPT : E2_ERR_NAMETOOLONG;
}

/* ---- circles ---------------------------------------------------------------- */

/* A short circle is walked, so that it can be told. */
static enum e2_known ask_known(void *context, const char *path, size_t len)
{
	struct e2_dangling_list *l = context;

	l->hit = 0;
	if (!e2_map_count(l->known) ||
	    !e2_map_get(l->known, e2_mix_bytes(l->seed, path, len), &l->hit))
		return E2_KNOWN_NOT;
	if (l->hit < LOOP_MIN)
		return l->hit == KNOWN_LONG ? E2_KNOWN_LONG : E2_KNOWN_ENDS;
	return l->loops[l->hit / 4 - 1].links > E2_SYMLINK_HOPS_MAX ? E2_KNOWN_CIRCLE :
		E2_KNOWN_NOT;
}

static int learn(struct e2_dangling_list *l, const char *path, size_t len, uint64_t what)
{
	if (e2_map_count(l->known) >= KNOWN_MIN + e2_geometry(l->fs)->inodes / 32)
		return 0;
	return e2_map_set(l->known, e2_mix_bytes(l->seed, path, len), what);
}

/* new_only: what is known already is known better. */
static int learn_all(struct e2_dangling_list *l, const struct e2_str *paths, size_t count,
		     uint64_t what, bool new_only)
{
	const char *path = e2_str_text(paths);
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		size_t len = strlen(path);
		uint64_t known;

		if (!new_only || !e2_map_get(l->known, e2_mix_bytes(l->seed, path, len), &known))
			err = learn(l, path, len, what);
		path += len + 1;
	}
	return err;
}

/* The number of a circle; a new one is called by the link at hand. */
static int number_loop(struct e2_dangling_list *l, const char *path, size_t len, uint32_t *loop)
{
	const char *first = e2_str_text(&l->fate.circle);
	uint64_t what = l->hit;
	struct loop *grown;

	if (l->fate.circle_links &&
	    !e2_map_get(l->known, e2_mix_bytes(l->seed, first, strlen(first)), &what))
		what = 0;
	*loop = (uint32_t)(what / 4);
	if (*loop)
		return 0;
	grown = e2_grow(l->loops, &l->loops_cap, l->loops_len + 1, sizeof(*grown));
	if (!grown)
		return E2_ERR_NOMEM;
	l->loops = grown;
	if (!l->firsts.len)
		e2_str_add_bytes(&l->firsts, "", 1);
	l->loops[l->loops_len].links = l->fate.circle_links;
	l->loops[l->loops_len].first = l->firsts.len < FIRSTS_BYTES ? l->firsts.len : 0;
	if (l->firsts.len < FIRSTS_BYTES)
		e2_str_add_bytes(&l->firsts, path, len + 1);
	*loop = (uint32_t)++l->loops_len;
	return e2_str_status(&l->firsts);
}

static int note_chain(struct e2_dangling_list *l, const char *path, size_t len)
{
	int err = learn_all(l, &l->fate.branch, l->fate.branch_links, KNOWN_ENDS, true);

	return err ? err : learn(l, path, len, KNOWN_LONG);
}

static int note_fate(struct e2_dangling_list *l, const char *path, size_t len, struct broken *b)
{
	uint64_t what = 0, known = 0;
	int err;

	if (b->kind == E2_FATE_CHAIN && l->fate.ends)
		return note_chain(l, path, len);
	if (b->kind != E2_FATE_LOOP)
		return 0;
	err = number_loop(l, path, len, &b->loop);
	what = (uint64_t)b->loop * 4;
	if (!err && (l->fate.hops > 2 * E2_SYMLINK_HOPS_MAX || !l->fate.circle_links))
		err = learn_all(l, &l->fate.branch, l->fate.branch_links, what, true);
	if (!err)
		err = learn_all(l, &l->fate.circle, l->fate.circle_links, what + 1, false);
	b->on_loop = e2_map_get(l->known, e2_mix_bytes(l->seed, path, len), &known) &&
		     known == what + 1;
	if (!err && b->on_loop)
		err = e2_fate_begin_with(&l->fate, path, len);
	return err;
}

/* "loop: a -> b -> a", later "the same loop", or whose it is. */
static void add_loop(struct e2_dangling_list *l, const struct broken *b, bool is_new)
{
	const char *first = e2_str_text(&l->firsts) + l->loops[b->loop - 1].first;
	struct e2_str *s = &l->reason;

	if (!b->on_loop)
		e2_str_add(s, is_new ? "into a " : "into ");
	if (is_new) {
		e2_fate_add_reason(&l->fate, s);
	} else if (b->loop == l->last_loop) {
		e2_str_add(s, "the same loop");
	} else if (*first) {
		e2_str_add(s, "the loop of ");
		e2_str_add_name(s, first, strlen(first));
	} else {
		e2_str_add(s, "a loop met before");
	}
	l->last_loop = b->loop;
}

/* ---- gathering -------------------------------------------------------------- */

static size_t keep(struct e2_str *s, const void *data, size_t len)
{
	size_t at = s->len;

	e2_str_add_bytes(s, data, len);
	e2_str_add_bytes(s, "", 1);
	return at;
}

static int keep_broken(struct e2_dangling_list *l, const struct e2_walk_entry *e)
{
	size_t loops = l->loops_len;
	struct broken *b = e2_grow(l->batch, &l->cap, l->len + 1, sizeof(*b));
	int err;

	if (!b)
		return E2_ERR_NOMEM;
	l->batch = b;
	b += l->len;
	*b = (struct broken){ .ino = e->ino, .kind = l->fate.kind, .path_len = e->path_len,
			      .text_len = l->text.len,
			      .circle_links = l->fate.circle_links };
	err = note_fate(l, e->path, e->path_len, b);
	if (err)
		return err;
	e2_str_truncate(&l->reason, 0);
	if (b->kind == E2_FATE_LOOP)
		add_loop(l, b, l->loops_len > loops);
	else
		e2_fate_add_reason(&l->fate, &l->reason);
	b->path = keep(&l->arena, e->path, e->path_len);
	b->text = keep(&l->arena, e2_str_text(&l->text), l->text.len);
	b->reason = keep(&l->arena, e2_str_text(&l->reason), l->reason.len);
	b->where = keep(&l->arena, e2_str_text(&l->fate.where), l->fate.where.len);
	b->circle = keep(&l->arena, e2_str_text(&l->fate.circle), l->fate.circle.len);
	l->len++;
	l->sum.broken++;
	return e2_str_status(&l->arena) || e2_str_status(&l->reason) ?
	       e2_fail(E2_ERR_NOMEM, "looking for broken links: out of memory") : 0;
}

/* A link whose text cannot be read leads nowhere, too. */
static void judge_unread(struct e2_dangling_list *l, int err)
{
	struct e2_fate *f = &l->fate;

	f->kind = E2_FATE_DAMAGED;
	f->circle_links = f->branch_links = 0;
	e2_str_truncate(&f->where, 0);
	e2_str_truncate(&f->circle, 0);
	e2_str_truncate(&f->detail, 0);
	e2_str_add(&f->detail, *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
	e2_str_truncate(&l->text, 0);
	e2_err_clear();
}

static int look(struct e2_dangling_list *l, const struct e2_walk_entry *e)
{
	struct e2_resolve how = {
		.root = l->how.root, .cwd = e->parent, .hops = 1, .fate = &l->fate,
		.beyond = (unsigned)(l->beyond < BEYOND_MAX ? l->beyond : BEYOND_MAX),
		.known = ask_known, .context = l,
	};
	int err;

	l->sum.links++;
	e2_str_truncate(&l->text, 0);
	e2_str_truncate(&l->dir, 0);
	e2_str_add_bytes(&l->dir, e->path, e->path_len ? e->path_len - e->name_len - 1 : 0);
	how.cwd_path = e2_str_text(&l->dir);
	err = e2_symlink_read(l->fs, &e->inode, &l->text);
	if (err == E2_ERR_NOMEM || e2_str_status(&l->text) || e2_str_status(&l->dir))
		return E2_ERR_NOMEM;
	if (err) {
		judge_unread(l, err);
		return keep_broken(l, e);
	}
	l->hit = 0;
	err = e2_fate_by(l->fs, &how, e2_str_text(&l->text));
	if (err)
		return err;
	if (l->fate.hops > E2_SYMLINK_HOPS_MAX) {
		uint64_t used = l->fate.hops - E2_SYMLINK_HOPS_MAX;

		l->beyond -= used < l->beyond ? used : l->beyond;
	}
	return l->fate.kind == E2_FATE_LEADS ? 0 : keep_broken(l, e);
}

/* One name; 1 when it is to be gone on with. */
static int visit(struct e2_dangling_list *l, const struct e2_walk_entry *e)
{
	if (e->path_len > E2_PATH_MAX) {
		l->sum.deep += !e->after;
		e2_walk_skip(l->walk);
		return 0;
	}
	if (l->paths < e->path_len)
		return e2_fail(E2_ERR_CORRUPT, "the paths of all names have more bytes than the "
			       "volume; the rest is left out");
	l->paths -= e->path_len;
	l->sum.unread += e->status != 0;
	return e->status || e->after || !e2_is_symlink(&e->inode) ? 0 : look(l, e);
}

static int fill(struct e2_dangling_list *l)
{
	struct e2_walk_entry e;
	unsigned steps = 0;
	int r;

	l->len = l->next = 0;
	e2_str_truncate(&l->arena, 0);
	e2_str_truncate(&l->found, 0);
	while (l->len < BATCH && l->arena.len < BATCH_BYTES) {
		r = e2_walk_next(l->walk, &e);
		l->done = r == 0;
		if (r <= 0)
			return r;
		r = visit(l, &e);
		if (!r && ++steps % 256 == 0 && l->how.poll)
			r = l->how.poll(l->how.context);
		if (r)
			return r;
	}
	return 0;
}

static bool is_lost(const struct broken *b)
{
	return b->kind == E2_FATE_MISSING || b->kind == E2_FATE_NOTDIR;
}

/* Looks for what the links of the first batch may have meant. */
static int search(struct e2_dangling_list *l)
{
	struct e2_lost_end *ends = calloc(l->len ? l->len : 1, sizeof(*ends));
	size_t count = 0;
	int err = ends ? 0 : e2_fail(E2_ERR_NOMEM, "looking for broken links: out of memory");

	for (size_t i = 0; i < l->len && !err; i++)
		if (is_lost(&l->batch[i]))
			ends[count++] = (struct e2_lost_end){
				.path = l->arena.text + l->batch[i].path,
				.text = l->arena.text + l->batch[i].text,
				.path_len = l->batch[i].path_len,
				.text_len = l->batch[i].text_len };
	e2_str_add_bytes(&l->found, "", 1);
	if (!err && count)
		err = e2_dangling_search(l->fs, &l->how, ends, count, &l->found);
	count = 0;
	for (size_t i = 0; i < l->len && !err; i++)
		if (is_lost(&l->batch[i]))
			l->batch[i].perhaps = ends[count++].perhaps;
	free(ends);
	return err;
}

int e2_dangling_next(struct e2_dangling_list *l, struct e2_dangling *out)
{
	const struct broken *b;
	int err = 0;

	if (l->next == l->len && !l->done) {
		err = fill(l);
		if (!err && l->how.search && !l->searched)
			err = search(l);
		else if (!err && l->how.search)
			for (size_t i = 0; i < l->len; i++)
				l->sum.unsearched += is_lost(&l->batch[i]);
		l->searched = true;
	}
	if (err || l->next == l->len)
		return err;
	b = &l->batch[l->next++];
	*out = (struct e2_dangling){
		.path = l->arena.text + b->path, .path_len = b->path_len,
		.text = l->arena.text + b->text, .text_len = b->text_len,
		.ino = b->ino, .kind = b->kind, .reason = l->arena.text + b->reason,
		.where = l->arena.text + b->where, .circle = l->arena.text + b->circle,
		.circle_links = b->circle_links, .loop = b->loop, .on_loop = b->on_loop,
		.perhaps = e2_str_text(&l->found) + (l->found.len ? b->perhaps : 0),
	};
	return 1;
}
