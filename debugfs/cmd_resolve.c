/* SPDX-License-Identifier: MIT */
/*
 * resolve: from a path to what it names, step by step.
 *
 * A path is walked once, as somebody or as root; the steps are kept until the walk is over, so
 * that their columns line up.  What is said of a path that leads nowhere comes from the walk
 * that every command makes.
 */
#include "identity.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_MAX = 32, STEPS_SHOWN = 2000, ARENA_MAX = 1 << 20, LIMIT_MAX = 1000 };

struct step {			/* offsets in the arena */
	size_t in, name, note, end;
};

struct resolving {
	struct shell *sh;
	const struct e2_identity *as;	/* NULL: root */
	bool verbose, follow;
	unsigned limit;		/* symlinks that may be followed */
	bool limited;		/* by who asks, and not by the kernel */
	struct e2_str at;	/* where the next component is looked up */
	struct e2_str arena;
	struct step *steps;
	size_t kept, cap;
	unsigned step;
};

/* ---- where the walk stands -------------------------------------------------- */

static void add_at(struct e2_str *s, const struct resolving *r)
{
	e2_str_add_name(s, r->at.len ? r->at.text : "/", r->at.len ? r->at.len : 1);
}

static int may_search(void *context, e2_ino dir)
{
	struct resolving *r = context;
	struct e2_str s = E2_STR_INIT;
	struct e2_inode in;
	int err = e2_access(r->sh->fs, dir, r->as, 1);

	if (err != E2_ERR_ACCES)
		return err;
	add_at(&s, r);
	e2_str_addf(&s, " <%u>: %u:%u may not search it, ", dir, r->as->uid, r->as->gid);
	if (!e2_inode_get(r->sh->fs, dir, &in)) {
		add_mode(&s, in.mode);
		e2_str_addf(&s, " of %u:%u", in.uid, in.gid);
	}
	err = e2_fail(err, "%s", e2_str_text(&s));
	e2_str_free(&s);
	return err;
}

/* ---- steps -------------------------------------------------------------------- */

static void record_step(struct resolving *r, const struct e2_step *s)
{
	struct out *o = &r->sh->out;

	out_record(o, "step");
	out_u64(o, "step", r->step);
	out_name(o, "in", e2_str_text(&r->at), r->at.len);
	out_name(o, "name", s->name, s->name_len);
	out_u64(o, "ino", s->ino);
	out_string(o, "type", s->ino ? file_type_words(s->mode) : "");
	out_name(o, "link", s->link ? s->link : "", s->link ? strlen(s->link) : 0);
	out_u64(o, "hop", s->hop);
	out_record_end(o);
}

static int keep_step(struct resolving *r, const struct e2_step *s)
{
	struct e2_str *a = &r->arena;
	struct step *step;

	if (r->kept == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 16;
		void *grown = realloc(r->steps, cap * sizeof(*r->steps));

		if (!grown)
			return e2_fail(E2_ERR_NOMEM, "no memory for %zu steps", cap);
		r->steps = grown;
		r->cap = cap;
	}
	step = &r->steps[r->kept++];
	step->in = a->len;
	add_at(a, r);
	step->name = a->len;
	e2_str_add_name(a, s->name, s->name_len);
	step->note = a->len;
	e2_path_move(&r->at, s);
	if (!s->ino) {
		e2_str_add(a, "no such name");
	} else {
		e2_str_addf(a, "<%u> %s", s->ino, file_type_words(s->mode));
		if (s->link) {
			e2_str_add(a, " \"");
			e2_str_add_name(a, s->link, strlen(s->link));
			e2_str_addf(a, "\", hop %u of %u, goes on in ", s->hop, r->limit);
			add_at(a, r);
		}
	}
	step->end = a->len;
	return e2_str_status(a);
}

static int tell_step(void *context, const struct e2_step *s)
{
	struct resolving *r = context;
	int err = 0;

	r->step++;
	if (r->verbose && r->sh->out.mode == OUT_TEXT && r->kept < STEPS_SHOWN &&
	    r->arena.len < ARENA_MAX) {
		err = keep_step(r, s);
	} else {
		if (r->verbose && r->sh->out.mode != OUT_TEXT)
			record_step(r, s);
		e2_path_move(&r->at, s);
	}
	return err ? err : e2_str_status(&r->at);
}

static void add_column(struct out *o, const struct e2_str *arena, size_t from, size_t to,
		       size_t width)
{
	size_t mark = out_mark(o);

	out_raw(o, arena->text + from, to - from);
	out_add(o, "  ");
	out_pad(o, mark, width + 2);
}

static bool same_text(const struct resolving *r, size_t a, size_t a_end, size_t b, size_t b_end)
{
	return a_end - a == b_end - b && !memcmp(r->arena.text + a, r->arena.text + b, a_end - a);
}

/*
 * After how many steps a walk that failed of too many symlinks goes round again for good; kept
 * where it does not.  The hop in the notes differs, so that places and names are compared.
 */
static size_t first_round(const struct resolving *r)
{
	for (size_t period = 1; period <= r->kept / 2; period++) {
		size_t i = r->kept;

		while (i > period) {
			const struct step *a = &r->steps[i - 1], *b = a - period;

			if (!same_text(r, a->in, a->note, b->in, b->note))
				break;
			i--;
		}
		if (i <= r->kept / 2)
			return i;
	}
	return r->kept;
}

/* "2  /docs  rel   <8195> symlink "../test", hop 1 of 40, goes on in /docs" */
static void show_steps(struct resolving *r, bool circle)
{
	size_t shown = circle ? first_round(r) : r->kept;
	struct out *o = &r->sh->out;
	size_t in = 0, name = 0;

	for (size_t i = 0; i < r->kept; i++) {
		const struct step *s = &r->steps[i];

		in = s->name - s->in > in ? s->name - s->in : in;
		name = s->note - s->name > name ? s->note - s->name : name;
	}
	in = in < COLUMN_MAX ? in : COLUMN_MAX;
	name = name < COLUMN_MAX ? name : COLUMN_MAX;
	for (size_t i = 0; i < shown && !out_failed(o); i++) {
		const struct step *s = &r->steps[i];

		out_add(o, "%-3zu", i + 1);
		add_column(o, &r->arena, s->in, s->name, in);
		add_column(o, &r->arena, s->name, s->note, name);
		out_raw(o, r->arena.text + s->note, s->end - s->note);
		out_line(o);
	}
	if (r->step > shown) {
		out_add(o, "and %zu more steps%s", r->step - shown,
			shown < r->kept ? ", the same again" : "");
		out_line(o);
	}
}

/* ---- one path ------------------------------------------------------------------ */

/* The walk, with its steps and the blocks that it looked at. */
static int walk(struct resolving *r, const struct object *object, e2_ino *ino)
{
	struct e2_cache *cache = e2_fs_cache(r->sh->fs);
	struct e2_resolve how = {
		.root = r->sh->root, .cwd = r->sh->cwd,
		.flags = r->follow ? 0 : E2_NOFOLLOW, .limit = r->limit,
		.cwd_path = e2_str_text(&r->sh->cwd_path), .beyond = E2_FATE_BEYOND,
		.step = tell_step,
		.search = r->as ? may_search : NULL, .context = r,
	};
	struct e2_cache_stats stats;
	struct out *o = &r->sh->out;
	int err;

	if (object->kind != OBJECT_PATH || !(r->verbose || r->as || r->limited))
		return 0;
	if (object->path[0] != '/' && r->sh->cwd_path.len > 1)
		e2_str_add(&r->at, r->sh->cwd_path.text);
	e2_cache_watch(cache);
	err = e2_resolve(r->sh->fs, &how, object->path, ino);
	e2_cache_stats(cache, &stats);
	if (r->verbose && o->mode == OUT_TEXT) {
		show_steps(r, err == E2_ERR_LOOP);
		add_plural(&o->text, stats.watched, "block", "blocks");
		out_add(o, " looked at");
		out_line(o);
	}
	return err;
}

static void record(struct shell *sh, const struct arg *a, int err)
{
	struct out *o = &sh->out;

	out_record(o, "resolve");
	out_name(o, "typed", a->text, strlen(a->text));
	out_name(o, "path", err ? "" : e2_str_text(&a->path), err ? 0 : a->path.len);
	out_u64(o, "ino", err ? 0 : a->ino);
	out_string(o, "error", errno_word(err));
	out_record_end(o);
}

static void resolve_one(struct resolving *r, struct arg *a)
{
	struct shell *sh = r->sh;
	int err = object_parse(a->text, a->quoted, PLACE_FILE, &a->object);

	if (!err) {
		err = walk(r, &a->object, &a->ino);
		if (r->limited && a->object.kind == OBJECT_PATH)
			e2_str_add(&a->path, r->at.len ? r->at.text : "/");
		else if (err != E2_ERR_ACCES && err != E2_ERR_NOMEM)	/* told as all are */
			err = shell_lookup(sh, &a->object, r->follow, &a->ino, &a->path);
	}
	if (sh->out.mode != OUT_TEXT) {
		record(sh, a, err);
	} else if (!err && !r->verbose) {
		add_object(&sh->out.text, a);
		out_line(&sh->out);
	}
	if (err)
		shell_warn(sh, err);
	e2_str_free(&a->path);
	e2_str_truncate(&r->at, 0);
	e2_str_truncate(&r->arena, 0);
	r->kept = r->step = 0;
}

int cmd_resolve(struct shell *sh, const struct args *args)
{
	const struct arg *as = args_value(args, "--as"), *limit = args_value(args, "--limit");
	struct resolving r = {
		.sh = sh, .limit = limit ? (unsigned)limit->number : E2_SYMLINK_HOPS_MAX,
		.limited = limit != NULL, .verbose = args_has(args, "-v"),
		.follow = !args_has(args, "-P"), .at = E2_STR_INIT, .arena = E2_STR_INIT,
	};
	struct identity id;
	int err = as ? identity_parse(sh, as->text, &id) : 0;

	if (limit && (limit->number == 0 || limit->number > LIMIT_MAX))
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "--limit %s: must be 1 to %d",
						 limit->text, LIMIT_MAX));
	if (err)
		return err;
	r.as = as ? &id.who : NULL;
	for (size_t i = 0; i < args->count && !out_failed(&sh->out); i++)
		resolve_one(&r, &args->arg[i]);
	e2_str_free(&r.at);
	e2_str_free(&r.arena);
	free(r.steps);
	return 0;
}
