/* SPDX-License-Identifier: MIT */
/* deleted: removed files of which something still stands. */
#include "interrupt.h"
#include "relic.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 4096 };

struct found {
	struct relic r;
	char *name;		/* the last one known; NULL: none */
};

struct finding {
	struct shell *sh;
	struct found *at;
	size_t count, cap;
	uint64_t empty;		/* inodes of which nothing is left */
};

static int add(struct finding *f, e2_ino ino, const struct e2_inode *in)
{
	struct found *at = e2_grow(f->at, &f->cap, f->count + 1, sizeof(*at));

	if (!at)
		return E2_ERR_NOMEM;
	f->at = at;
	f->at[f->count++] = (struct found){
		.r = { .ino = ino, .in = *in, .when = in->dtime },
	};
	return 0;
}

/* All inodes without links that show something. */
static int gather(struct finding *f)
{
	e2_ino first = e2_geometry(f->sh->fs)->first_ino, ino;
	struct e2_scan *scan;
	struct e2_inode in;
	int r = e2_scan_begin(f->sh->fs, 0, &scan);

	if (r)
		return r;
	while ((r = e2_scan_next(scan, &ino, &in, NULL)) > 0) {
		if (interrupt_asked())
			r = e2_fail(E2_ERR_CANCELLED, "interrupted");
		else if (ino < first || !relic_is(&in))
			continue;
		else if (relic_shows(f->sh->fs, &in))
			r = add(f, ino, &in);
		else
			f->empty++;
		if (r < 0)
			break;
	}
	if (!r && e2_scan_bad_groups(scan))
		shell_warn(f->sh, e2_fail(E2_ERR_CORRUPT, "the inode tables of %u groups could "
					  "not be read", e2_scan_bad_groups(scan)));
	e2_scan_end(scan);
	return r;
}

/* The bitmap of an inode that nothing names says whether it was removed. */
static int look(struct finding *f)
{
	const struct e2_geometry *g = e2_geometry(f->sh->fs);
	struct e2_bitset *used = NULL, *claimed = NULL;
	uint64_t steps = 2 * g->blocks + g->inodes;
	int err = f->count ? relic_used_blocks(f->sh->fs, &used) : 0;

	for (size_t i = 0; i < f->count && !err; i++) {
		struct relic *r = &f->at[i].r;

		if (e2_inode_used(f->sh->fs, r->ino, &r->held))
			e2_err_clear();
		if (r->held && !claimed)
			err = relic_claimed_blocks(f->sh->fs, &claimed);
		if (!err)
			err = relic_look(f->sh->fs, r->held ? claimed : used, &steps, r);
	}
	e2_bitset_free(used);
	e2_bitset_free(claimed);
	return err;
}

static int take_name(void *context, e2_ino dir, const char *path, const struct e2_entry *e)
{
	struct finding *f = context;
	size_t low, len = strlen(path);
	struct found *at;
	char *name;

	(void)dir;
	E2_SEARCH(low, f->count, i, f->at[i].r.ino < e->ino);
	at = &f->at[low];
	if (low == f->count || at->r.ino != e->ino || at->name || len >= NAME_BYTES ||
	    (e->file_type && e->file_type != e2_inode_file_type(at->r.in.mode)))
		return 0;
	name = malloc(len + e->name_len + 2);
	if (!name)
		return e2_fail(E2_ERR_NOMEM, "no memory for a name");
	len = len == 1 ? 0 : len;		/* the root */
	memcpy(name, path, len);
	name[len] = '/';
	memcpy(name + len + 1, e->name, e->name_len);
	name[len + 1 + e->name_len] = '\0';
	at->name = name;
	return 0;
}

/* ---- showing ------------------------------------------------------------------------ */

static const char *verdict(const struct relic *r)
{
	return r->lost == 0 ? "intact" : r->lost < r->blocks ? "partial" : "lost";
}

static void record(struct shell *sh, const struct found *at)
{
	const struct relic *r = &at->r;
	struct out *o = &sh->out;

	out_record(o, "deleted");
	out_u64(o, "ino", r->ino);
	out_string(o, "type", file_type_words(r->in.mode));
	out_octal(o, "mode", r->in.mode & 07777);
	out_u64(o, "uid", r->in.uid);
	out_u64(o, "gid", r->in.gid);
	out_u64(o, "size", e2_inode_size(&r->in));
	out_i64(o, "dtime", r->when);
	out_bool(o, "in_use", r->held);
	out_u64(o, "blocks", r->blocks);
	out_u64(o, "lost_blocks", r->lost);
	out_string(o, "verdict", verdict(r));
	out_name(o, "name", at->name ? at->name : "", at->name ? strlen(at->name) : 0);
	out_record_end(o);
}

static void show(struct shell *sh, const struct found *at)
{
	const struct relic *r = &at->r;
	struct out *o = &sh->out;
	size_t mark;

	if (o->mode != OUT_TEXT) {
		record(sh, at);
		return;
	}
	out_add_number(o, r->ino, 7);
	out_add(o, "  ");
	add_mode(&o->text, r->in.mode);
	out_add(o, "  %5u  %5u", r->in.uid, r->in.gid);
	out_add_number(o, e2_inode_size(&r->in), 12);
	out_add(o, "  ");
	mark = out_mark(o);
	if (r->held)
		out_add(o, "no name, in use");
	else
		e2_str_add_time(&o->text, r->when, -1, E2_TIME_BRIEF | sh->time_flags);
	out_pad(o, mark, 16);
	out_add(o, "  %-7s  ", verdict(r));
	if (at->name)
		out_add_name(o, at->name, strlen(at->name));
	if (r->lost) {
		out_add(o, "  (%" PRIu64 " of ", r->lost);
		add_plural(&o->text, r->blocks, "block", "blocks");
		out_add(o, " %s)", r->lost == 1 ? "is gone" : "are gone");
	}
	out_line(o);
}

int cmd_deleted(struct shell *sh, const struct args *args)
{
	struct finding f = { .sh = sh };
	struct out *o = &sh->out;
	int err = gather(&f);

	(void)args;
	if (!err)
		err = look(&f);
	if (!err && f.count)
		err = relic_names(sh, take_name, &f);
	if (!err && o->terminal && o->mode == OUT_TEXT && f.count) {
		out_add(o, "    INO  MODE          UID    GID        SIZE  REMOVED           "
			"STATE    NAME");
		out_line(o);
	}
	for (size_t i = 0; i < f.count && !err && !out_failed(o); i++)
		show(sh, &f.at[i]);
	if (!err && o->mode == OUT_TEXT && f.empty) {
		add_plural(&o->text, f.empty, "more removed inode keeps",
			   "more removed inodes keep");
		out_add(o, " nothing of what %s", f.empty == 1 ? "it was" : "they were");
		out_line(o);
	} else if (!err && o->mode == OUT_TEXT && !f.count) {
		out_add(o, "no removed inodes");
		out_line(o);
	}
	for (size_t i = 0; i < f.count; i++) {
		relic_free(&f.at[i].r);
		free(f.at[i].name);
	}
	free(f.at);
	return err;
}
