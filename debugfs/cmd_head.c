/* SPDX-License-Identifier: MIT */
/* head and tail: the ends of files, bytes as they are. */
#include "interrupt.h"
#include "shell.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 256 * 1024, WINDOW = 1024 * 1024, LINES = 10 };

struct ends {
	struct shell *sh;
	struct e2_inode in;
	uint64_t size;
	uint8_t *data;		/* WINDOW bytes */
	bool by_bytes;
	uint64_t count;		/* lines or bytes */
};

/* Writes from `at` to `end`; with lines, at most so many of them. */
static int write_out(struct ends *e, uint64_t at, uint64_t end, uint64_t lines)
{
	while (at < end && lines && !out_failed(&e->sh->out)) {
		size_t want = end - at < PIECE ? (size_t)(end - at) : PIECE, got, use;
		int err = e2_read(e->sh->fs, &e->in, at, want, e->data, &got);

		if (err || got == 0)
			return err;
		if (interrupt_asked())
			return e2_fail(E2_ERR_CANCELLED, "interrupted");
		use = got;
		for (uint8_t *p = e->data, *stop = p + got; lines != UINT64_MAX && p < stop; p++) {
			p = memchr(p, '\n', (size_t)(stop - p));
			if (!p)
				break;
			if (--lines == 0) {
				use = (size_t)(p - e->data) + 1;
				break;
			}
		}
		out_raw(&e->sh->out, e->data, use);
		at += got;
	}
	return 0;
}

static int head(struct ends *e)
{
	if (e->by_bytes)
		return write_out(e, 0, e->count < e->size ? e->count : e->size, UINT64_MAX);
	return write_out(e, 0, e->size, e->count == UINT64_MAX ? e->count - 1 : e->count);
}

/* The newlines of all data, holes passed over: how many there are, or where the one before the
 * last `skip` of *found of them lies. */
static int scan_lines(struct ends *e, uint64_t stop_at, uint64_t *found, uint64_t *at)
{
	uint64_t from = 0, start, end;
	int r;

	*found = 0;
	while ((r = e2_data_next(e->sh->fs, &e->in, from, &start, &end)) > 0) {
		for (from = start; from < end; ) {
			size_t want = end - from < PIECE ? (size_t)(end - from) : PIECE, got;
			int err = e2_read(e->sh->fs, &e->in, from, want, e->data, &got);

			if (!err && interrupt_asked())
				err = e2_fail(E2_ERR_CANCELLED, "interrupted");
			if (err || got == 0)
				return err;
			for (size_t i = 0; i < got; i++) {
				if (e->data[i] != '\n' || ++*found != stop_at)
					continue;
				*at = from + i + 1;
				return 0;
			}
			from += got;
		}
	}
	return r;
}

/* Where the last lines begin, by looking at the last of the file alone; false: further up. */
static bool begins_near(const struct ends *e, size_t len, uint64_t *at)
{
	uint64_t lines = e->count;
	size_t i = len;

	if (i && e->data[i - 1] == '\n')
		i--;			/* that of the last line */
	while (i > 0) {
		if (e->data[i - 1] == '\n' && --lines == 0) {
			*at = e->size - len + i;
			return true;
		}
		i--;
	}
	*at = 0;
	return len == e->size;
}

static int tail(struct ends *e)
{
	size_t len = e->size < WINDOW ? (size_t)e->size : WINDOW, got;
	uint64_t at = 0, lines, ends;
	int err;

	if (e->by_bytes)
		return write_out(e, e->count < e->size ? e->size - e->count : 0, e->size,
				 UINT64_MAX);
	if (e->count == 0 || len == 0)
		return 0;
	err = e2_read(e->sh->fs, &e->in, e->size - len, len, e->data, &got);
	if (!err && got != len)
		err = e2_fail(E2_ERR_CHANGED, "ends at byte %llu",
			      (unsigned long long)(e->size - len + got));
	if (!err && !begins_near(e, len, &at)) {
		ends = e->data[len - 1] == '\n';
		err = scan_lines(e, UINT64_MAX, &lines, &at);
		at = 0;
		if (!err && lines - ends >= e->count)
			err = scan_lines(e, lines - ends - e->count + 1, &lines, &at);
	}
	return err ? err : write_out(e, at, e->size, UINT64_MAX);
}

static int one(struct ends *e, const struct arg *a, bool first)
{
	uint64_t most = e2_file_size_max(e2_geometry(e->sh->fs));
	int err = e2_inode_get(e->sh->fs, a->ino, &e->in);

	if (err)
		return err;
	if (!e2_is_reg(&e->in))
		return e2_fail(e2_is_dir(&e->in) ? E2_ERR_ISDIR : E2_ERR_INVAL, "%s %s, not a file",
			       e->in.mode ? "a" : "an", file_type_words(e->in.mode));
	e->size = e2_inode_size(&e->in);
	if (e->size > most)
		return e2_fail(E2_ERR_CORRUPT, "size is %llu, but the format ends at %llu bytes",
			       (unsigned long long)e->size, (unsigned long long)most);
	return first ? head(e) : tail(e);
}

static int ends(struct shell *sh, const struct args *args, bool first)
{
	const struct arg *bytes = args_value(args, "-c"), *lines = args_value(args, "-n");
	struct ends e = {
		.sh = sh, .by_bytes = bytes != NULL, .data = malloc(WINDOW),
		.count = bytes ? bytes->number : lines ? lines->number : LINES,
	};

	if (!e.data)
		return e2_fail(E2_ERR_NOMEM, "no memory for %d bytes", WINDOW);
	for (size_t i = 0; i < args->count && !out_failed(&sh->out); i++) {
		const struct arg *a = &args->arg[i];
		int err;

		if (args->count > 1) {
			out_add(&sh->out, "%s==> ", i ? "\n" : "");
			out_add_name(&sh->out, a->text, strlen(a->text));
			out_add(&sh->out, " <==");
			out_line(&sh->out);
		}
		err = one(&e, a, first);
		if (err)
			shell_warn_of(sh, a, err);
	}
	free(e.data);
	return 0;
}

int cmd_head(struct shell *sh, const struct args *args)
{
	return ends(sh, args, true);
}

int cmd_tail(struct shell *sh, const struct args *args)
{
	return ends(sh, args, false);
}
