/* SPDX-License-Identifier: MIT */
/* break, break list: damage that a check finds, and the truth about it. */
#include "host_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { NAME_COLUMNS = 22, OBJECT_COLUMNS = 30, RANDOM_MAX = 100000 };

struct truth {
	const char *name, *what;
	const struct e2_break_case *c;	/* NULL: random damage */
	uint64_t seed;
	const struct e2_broken *broken;
};

/* ---- records ------------------------------------------------------------------------- */

static void out_maybe(struct out *o, const char *key, const char *text)
{
	if (text && *text)
		out_string(o, key, text);
	else
		out_null(o, key);
}

static void out_hex(struct out *o, const char *key, const uint8_t *bytes, size_t len)
{
	struct e2_str s = E2_STR_INIT;

	for (size_t i = 0; i < len; i++)
		e2_str_addf(&s, "%02x", bytes[i]);
	out_string(o, key, e2_str_text(&s));
	e2_str_free(&s);
}

/* Of a case, or of what it damages besides; NULL: of none. */
static void out_problem(struct out *o, const struct e2_break_case *c, bool also)
{
	const struct e2_problem *p = c ? e2_problem(also ? c->also_id : c->id) : NULL;

	out_maybe(o, "code", p ? p->code : NULL);
	if (p)
		out_u64(o, "number", p->number);
	else
		out_null(o, "number");
}

static void record(struct out *o, const struct truth *t, const struct e2_damage *d)
{
	out_record(o, "break");
	out_string(o, "case", t->name);
	out_problem(o, t->c, d->also);
	out_u64(o, "seed", t->seed);
	out_string(o, "what", d->also ? t->c->also : t->what);
	out_string(o, "object", d->object);
	out_string(o, "field", d->field);
	out_u64(o, "offset", d->at);
	out_u64(o, "length", d->len);
	out_string(o, "before", d->before);
	out_string(o, "after", d->after);
	out_hex(o, "was", d->was, d->len);
	out_hex(o, "is", d->is, d->len);
	out_bool(o, "besides", d->also);
	out_maybe(o, "found_object", d->also ? "" : e2_str_text(&t->broken->object));
	out_maybe(o, "found_field", d->also ? "" : e2_str_text(&t->broken->field));
	out_maybe(o, "finding", d->also ? "" : e2_str_text(&t->broken->finding));
	out_maybe(o, "repair", d->also ? "" : e2_str_text(&t->broken->repair));
	out_u64(o, "lost", t->broken->lost);
	out_record_end(o);
}

static void records(struct out *o, const struct truth *t)
{
	for (size_t i = 0; i < t->broken->count && !out_failed(o); i++)
		record(o, t, &t->broken->damage[i]);
}

/* What --json shows, as text. */
static int describe(const struct truth *t, struct e2_str *text)
{
	int fd = memfd_create("truth", MFD_CLOEXEC), err = 0;
	char piece[4096];
	ssize_t n = 0;
	struct out o;

	if (fd < 0)
		return e2_fail_errno(errno, "memory for the truth");
	out_open(&o, fd, OUT_JSON, COLOR_NEVER);
	records(&o, t);
	out_close(&o);
	if (o.error)
		err = e2_fail_errno(o.error, "memory for the truth");
	else if (lseek(fd, 0, SEEK_SET) < 0)
		n = -1;
	while (!err && n >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
		e2_str_add_bytes(text, piece, (size_t)n);
	if (!err && n < 0)
		err = e2_fail_errno(errno, "memory for the truth");
	(void)close(fd);	/* only memory */
	return err ? err : e2_str_status(text);
}

/* A file of the host, whatever stood in it, when the damage has come true. */
static int keep_truth(struct shell *sh, const struct truth *t, const char *path)
{
	struct e2_str text = E2_STR_INIT;
	int err = describe(t, &text);

	if (!err)
		err = truth_keep(sh, path, &text);
	e2_str_free(&text);
	return err;
}

/* ---- the screen ------------------------------------------------------------------------ */

static void screen(struct out *o, const struct truth *t)
{
	const struct e2_broken *broken = t->broken;

	out_add(o, "%s: %s", t->name, t->what);
	if (broken->count && broken->damage[broken->count - 1].also)
		out_add(o, "; besides, %s", t->c->also);
	out_line(o);
	for (size_t i = 0; i < broken->count && !out_failed(o); i++) {
		const struct e2_damage *d = &broken->damage[i];
		size_t mark = out_mark(o);

		out_add(o, "  %s  %s", d->object, d->field);
		out_pad(o, mark, OBJECT_COLUMNS);
		out_add(o, "  %s -> %s", d->before, d->after);
		out_line(o);
	}
	if (!t->c)
		return;
	out_line(o);
	out_add(o, "extant-fsck finds %s", e2_problem(t->c->id)->code);
	out_line(o);
	out_add(o, "  %s  %s", e2_str_text(&broken->object), e2_str_text(&broken->field));
	out_line(o);
	out_add(o, "  %s", e2_str_text(&broken->finding));
	out_line(o);
	out_add(o, "  %s%s", e2_str_text(&broken->repair),
		broken->lost ? "; something is lost" : "");
	out_line(o);
}

/* ---- commands -------------------------------------------------------------------------- */

static int fail_name(struct shell *sh, const char *name)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	e2_str_add_name(&s, name, strlen(name));
	err = e2_fail(E2_ERR_NOENT, "%s: no such case", e2_str_text(&s));
	e2_str_free(&s);
	return shell_advise(sh, err, "break list");
}

static int show(struct shell *sh, const struct args *args, const struct truth *t)
{
	const struct arg *file = args_value(args, "--truth");
	int err = file ? host_file_check(sh, file->text) : 0;

	if (err)
		return err;
	if (sh->out.mode == OUT_TEXT)
		screen(&sh->out, t);
	else
		records(&sh->out, t);
	return file ? keep_truth(sh, t, file->text) : 0;
}

static uint64_t number_of(const struct args *args, const char *option, uint64_t otherwise)
{
	const struct arg *a = args_value(args, option);

	return a ? a->number : otherwise;
}

int cmd_break(struct shell *sh, const struct args *args)
{
	const char *name = args_get(args, "CASE")->text;
	struct e2_broken broken = { .count = 0 };
	uint64_t count = number_of(args, "--count", 1);
	struct truth t = { .name = "random", .what = "whatever the seed chose",
			   .seed = number_of(args, "--seed", 0), .broken = &broken };
	int err;

	if (strcmp(name, "random")) {
		t.c = e2_break_find(name);
		if (!t.c)
			return fail_name(sh, name);
		if (args_value(args, "--count"))
			return shell_misused(sh, e2_fail(E2_ERR_INVAL, "--count: only of random "
							 "damage"));
		t.name = t.c->name;
		t.what = t.c->what;
		err = e2_break(sh->txn, t.c, t.seed, args_has(args, "--alone"), &broken);
	} else if (count > RANDOM_MAX) {
		err = e2_fail(E2_ERR_RANGE, "--count: at most %d", RANDOM_MAX);
	} else {
		err = e2_break_random(sh->txn, t.seed, count, &broken);
	}
	e2_dirs_forget(sh->txn);
	if (!err)
		err = show(sh, args, &t);
	e2_broken_free(&broken);
	return err;
}

static void list_record(struct out *o, const struct e2_break_case *c)
{
	out_record(o, "break-case");
	out_string(o, "case", c->name);
	out_problem(o, c, false);
	out_string(o, "severity", e2_problem(c->id)->severity == E2_SEV_NOTE ? "note" : "error");
	out_string(o, "what", c->what);
	out_maybe(o, "needs", e2_break_needs(c));
	out_maybe(o, "besides", c->also);
	out_record_end(o);
}

int cmd_break_list(struct shell *sh, const struct args *args)
{
	struct out *o = &sh->out;
	const struct e2_break_case *c;

	(void)args;
	for (size_t i = 0; (c = e2_break_at(i)) != NULL && !out_failed(o); i++) {
		size_t mark = out_mark(o);

		if (o->mode != OUT_TEXT) {
			list_record(o, c);
			continue;
		}
		out_add(o, "%s", c->name);
		out_pad(o, mark, NAME_COLUMNS);
		out_add(o, "%s", c->what);
		out_line(o);
	}
	return 0;
}
