/* SPDX-License-Identifier: MIT */
/*
 * grep: lines of files that match.
 *
 * Lines are bytes, whatever the locale.  Holes are not read: a file with a hole, or with a NUL,
 * is no text, and of such a file it is only said that it matches; NULs end lines there, and a
 * hole is as many empty lines as it has bytes.  A line of more than LINE bytes is taken in pieces.
 * A file that several names lead to is read once if nothing in it matches.
 */
#include "interrupt.h"
#include "tour.h"

#include <inttypes.h>
#include <locale.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 256 * 1024, LINE = 1024 * 1024 };
/* Of a sound volume, what is read of files for the first time is at most all of it. */
#define READ_ONCE (UINT64_C(8) << 20)
#define READ_AGAIN (UINT64_C(256) << 20)

struct grep {
	struct shell *sh;
	bool fold, number, list, count, invert, fixed;
	bool names;			/* before each line */
	char *pattern;			/* of -F: small letters with -i */
	size_t len;
	regex_t regex;
	bool compiled;
	locale_t bytes;
	uint8_t *data;			/* PIECE bytes */
	char *line;			/* LINE + 1 bytes */
	size_t fill;
	struct e2_bitset *dull;		/* inodes in which nothing matches */
	struct e2_bitset *seen;		/* inodes that were read */
	uint64_t once, again;		/* bytes that may still be read, of those and of others */
	uint64_t *left;			/* of this file */
	/* the file at hand */
	const char *path;
	size_t path_len;
	uint64_t lines, matches;
	bool binary, done;
};

/* ---- one line ------------------------------------------------------------------- */

static bool matches(struct grep *g, char *line, size_t len)
{
	regmatch_t at = { .rm_so = 0, .rm_eo = (regoff_t)len };

	if (!g->fixed)
		return (regexec(&g->regex, line, 1, &at, REG_STARTEND) == 0) != g->invert;
	for (size_t i = 0; g->fold && i < len; i++)	/* shown lines are read again */
		if (line[i] >= 'A' && line[i] <= 'Z')
			line[i] = (char)(line[i] - 'A' + 'a');
	return (memmem(line, len, g->pattern, g->len) != NULL) != g->invert;
}

/* Bytes as a terminal may have them; quotes, backslashes and tabs need no disguise here. */
static void add_text(struct out *o, const char *line, size_t len)
{
	while (len) {
		size_t n = 0;

		while (n < len && line[n] != '"' && line[n] != '\\' && line[n] != '\t')
			n++;
		out_add_name(o, line, n);
		if (n < len)
			out_raw(o, line + n++, 1);
		line += n;
		len -= n;
	}
}

static void add_path(struct grep *g)
{
	out_add_name(&g->sh->out, g->path, g->path_len);
}

static void show_line(struct grep *g, e2_ino ino, const char *line, size_t len)
{
	struct out *o = &g->sh->out;

	if (o->mode != OUT_TEXT) {
		out_record(o, "grep");
		out_name(o, "path", g->path, g->path_len);
		out_u64(o, "ino", ino);
		out_u64(o, "line", g->lines);
		out_name(o, "text", line, len);
		out_record_end(o);
		return;
	}
	if (g->names) {
		add_path(g);
		out_add(o, ":");
	}
	if (g->number)
		out_add(o, "%" PRIu64 ":", g->lines);
	add_text(o, line, len);
	out_line(o);
}

/* The line that has gathered. */
static void end_line(struct grep *g, e2_ino ino)
{
	char *copy = NULL;
	size_t len = g->fill;

	g->lines++;
	g->fill = 0;
	if (g->fixed && g->fold && !g->count && !g->list && !g->binary)
		copy = strndup(g->line, len);
	if (matches(g, g->line, len)) {
		g->matches++;
		g->done = !g->count && (g->list || g->binary);
		if (!g->count && !g->list && !g->binary)
			show_line(g, ino, copy ? copy : g->line, len);
	}
	free(copy);
}

/* ---- one file --------------------------------------------------------------------- */

/* How many bytes of whole lines no text to be found is in. */
static size_t skip_dull(struct grep *g, const uint8_t *data, size_t len)
{
	const uint8_t *hit, *end, *nul, *line = data;

	if (!g->fixed || g->invert || g->fold || g->fill)
		return 0;
	hit = memmem(data, len, g->pattern, g->len);
	len = hit ? (size_t)(hit - data) : len;
	end = memrchr(data, '\n', len);
	nul = g->binary ? memrchr(data, '\0', len) : NULL;
	if (!end || (nul && nul > end))
		end = nul;
	for (; end && (line = memchr(line, '\n', (size_t)(end + 1 - line))) != NULL; line++)
		g->lines++;
	return end ? (size_t)(end + 1 - data) : 0;
}

static void take_bytes(struct grep *g, e2_ino ino, const uint8_t *data, size_t len)
{
	for (size_t i = skip_dull(g, data, len); i < len && !g->done; ) {
		const uint8_t *end = memchr(data + i, '\n', len - i), *nul = NULL;
		size_t n = end ? (size_t)(end - data) - i : len - i;

		if (g->binary)
			nul = memchr(data + i, '\0', n);
		if (nul) {
			end = nul;
			n = (size_t)(nul - data) - i;
		}
		if (n > LINE - g->fill) {
			n = LINE - g->fill;
			end = NULL;
		}
		memcpy(g->line + g->fill, data + i, n);
		g->fill += n;
		i += n;
		if (end) {
			end_line(g, ino);
			i++;
			i += skip_dull(g, data + i, len - i);
		} else if (g->fill == LINE) {
			end_line(g, ino);
		}
	}
}

/* So many bytes of a hole. */
static void take_hole(struct grep *g, e2_ino ino, uint64_t bytes)
{
	char empty[1] = "";

	if (!bytes || g->done)
		return;
	end_line(g, ino);
	g->lines += bytes - 1;
	if (bytes > 1 && matches(g, empty, 0)) {
		g->matches += bytes - 1;
		g->done = !g->count;
	}
}

/* Whether a file has a hole behind from, up to where there is none.  One that has more data than
 * the volume is no text either. */
static bool hole_follows(struct grep *g, const struct e2_inode *in, uint64_t from)
{
	const struct e2_geometry *geo = e2_geometry(g->sh->fs);
	uint64_t size = e2_inode_size(in), start, end, most = geo->blocks * geo->block_size;

	while (from < size && from <= most &&
	       e2_data_next(g->sh->fs, in, from, &start, &end) > 0 && start == from)
		from = end;
	return from < size;
}

static int read_file(struct grep *g, e2_ino ino, const struct e2_inode *in)
{
	uint64_t size = e2_inode_size(in), from = 0, start, end = 0;
	int r = 0, err = 0;
	bool first = true;

	while (!err && !g->done && (r = e2_data_next(g->sh->fs, in, from, &start, &end)) > 0) {
		g->binary = g->binary || start > from;
		take_hole(g, ino, start - from);
		for (from = start; from < end && !err && !g->done; ) {
			size_t want = end - from < PIECE ? (size_t)(end - from) : PIECE, got;

			if (interrupt_asked())
				return e2_fail(E2_ERR_CANCELLED, "interrupted");
			if (*g->left < want)
				return e2_fail(E2_ERR_CORRUPT, "the files that match have many "
					       "times the bytes of the volume; the rest is left "
					       "out");
			*g->left -= want;
			err = e2_read(g->sh->fs, in, from, want, g->data, &got);
			if (err || got == 0)
				break;
			g->binary = g->binary || memchr(g->data, '\0', got) != NULL ||
				    (first && hole_follows(g, in, end));
			first = false;
			take_bytes(g, ino, g->data, got);
			from += got;
		}
		if (from < end)
			break;
	}
	if (!err && r == 0 && from < size && !g->done) {	/* the end is a hole */
		g->binary = true;
		take_hole(g, ino, size - from);
	}
	if (!err && !g->done && g->fill)
		end_line(g, ino);
	return err ? err : r < 0 ? r : 0;
}

static void summarize(struct grep *g, e2_ino ino)
{
	struct out *o = &g->sh->out;

	if (o->mode != OUT_TEXT) {
		if (!g->count && !g->list && !(g->binary && g->matches))
			return;
		if (g->list && !g->matches)
			return;
		out_record(o, "grep-file");
		out_name(o, "path", g->path, g->path_len);
		out_u64(o, "ino", ino);
		out_u64(o, "matches", g->matches);
		out_bool(o, "complete", !g->done);
		out_bool(o, "text", !g->binary);
		out_record_end(o);
		return;
	}
	if (g->count) {
		if (g->names) {
			add_path(g);
			out_add(o, ":");
		}
		out_add(o, "%" PRIu64, g->matches);
		out_line(o);
	} else if (g->matches && g->list) {
		add_path(g);
		out_line(o);
	} else if (g->matches && g->binary) {
		add_path(g);
		out_add(o, ": matches, and is no text");
		out_line(o);
	}
}

static int grep_file(struct grep *g, const char *path, size_t path_len, e2_ino ino,
		     const struct e2_inode *in)
{
	uint64_t most = e2_file_size_max(e2_geometry(g->sh->fs));
	locale_t before;
	int err;

	if (e2_inode_size(in) > most)
		return e2_fail(E2_ERR_CORRUPT, "size is %" PRIu64 ", but the format ends at %"
			       PRIu64 " bytes", e2_inode_size(in), most);
	g->path = path;
	g->path_len = path_len;
	g->lines = g->matches = 0;
	g->fill = 0;
	g->binary = g->done = false;
	g->left = e2_bitset_test_and_set(g->seen, ino) ? &g->again : &g->once;
	if (!e2_bitset_test(g->dull, ino)) {
		before = uselocale(g->bytes);
		err = read_file(g, ino, in);
		(void)uselocale(before);	/* it was in use */
		if (err)
			return err;
	}
	if (g->matches == 0)
		e2_bitset_set(g->dull, ino);
	summarize(g, ino);
	return 0;
}

static int grep_tree(struct grep *g, const struct arg *a)
{
	struct e2_walk_entry e;
	struct tour t;
	int r = tour_begin(g->sh, a, &t);

	while (!r && (r = tour_next(&t, &e)) > 0) {
		r = 0;
		if (e.after || !e2_is_reg(&e.inode))
			continue;
		r = grep_file(g, t.path.text, t.path.len, e.ino, &e.inode);
		if (r && r != E2_ERR_NOMEM && r != E2_ERR_CANCELLED && *g->left >= PIECE) {
			tour_warn(&t, r);
			r = 0;
		}
	}
	return tour_end(&t, r);
}

/* Whether a regular expression is a text that stands for itself, which is found much quicker. */
static bool is_plain(const char *pattern)
{
	return strpbrk(pattern, "\\.[]*^$+?{}|()") == NULL;
}

/* ---- the command ------------------------------------------------------------------- */

static int compile(struct grep *g, const char *pattern, bool extended)
{
	struct e2_str s = E2_STR_INIT;
	char reason[128];
	locale_t before;
	int r;

	g->bytes = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	g->pattern = strdup(pattern);
	if (!g->bytes || !g->pattern)
		return e2_fail(E2_ERR_NOMEM, "no memory for a pattern");
	g->len = strlen(pattern);
	g->fixed = g->fixed || is_plain(pattern);
	for (char *c = g->pattern; g->fixed && g->fold && *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	if (g->fixed)
		return 0;
	before = uselocale(g->bytes);
	r = regcomp(&g->regex, pattern, (extended ? REG_EXTENDED : 0) | (g->fold ? REG_ICASE : 0));
	(void)uselocale(before);	/* it was in use */
	g->compiled = r == 0;
	if (r == 0)
		return 0;
	(void)regerror(r, NULL, reason, sizeof(reason));
	e2_str_add_name(&s, pattern, strlen(pattern));
	r = e2_fail(E2_ERR_INVAL, "%s: %s", e2_str_text(&s), reason);
	e2_str_free(&s);
	return r;
}

static int grep_operand(struct grep *g, const struct arg *a, bool recurse)
{
	struct e2_inode in;
	int err = e2_inode_get(g->sh->fs, a->ino, &in);

	if (err)
		return err;
	if (recurse && e2_is_dir(&in))
		return grep_tree(g, a);
	if (!e2_is_reg(&in))
		return e2_fail(e2_is_dir(&in) ? E2_ERR_ISDIR : E2_ERR_INVAL, "a %s, not a file%s",
			       file_type_words(in.mode),
			       e2_is_dir(&in) ? "; -r reads all in it" : "");
	return grep_file(g, a->text, strlen(a->text), a->ino, &in);
}

int cmd_grep(struct shell *sh, const struct args *args)
{
	const struct e2_geometry *geo = e2_geometry(sh->fs);
	bool recurse = args_has(args, "-r");
	struct grep g = {
		.sh = sh, .fold = args_has(args, "-i"), .number = args_has(args, "-n"),
		.list = args_has(args, "-l"), .count = args_has(args, "-c"),
		.invert = args_has(args, "-v"), .fixed = args_has(args, "-F"),
		.names = !args_has(args, "-h") && (recurse || args->count > 2),
		.data = malloc(PIECE), .line = malloc(LINE + 1),
		.once = READ_ONCE + geo->blocks * geo->block_size,
		.again = READ_AGAIN + 4 * geo->blocks * geo->block_size, .left = &g.once,
	};
	int err = e2_bitset_new((uint64_t)geo->inodes + 1, &g.dull);

	if (!err)
		err = e2_bitset_new((uint64_t)geo->inodes + 1, &g.seen);
	if (!err && (!g.data || !g.line))
		err = e2_fail(E2_ERR_NOMEM, "no memory for a line of %d bytes", LINE);
	if (!err)
		err = compile(&g, args->arg[0].text, args_has(args, "-E"));
	if (!err && args->count == 1)
		err = recurse ? grep_tree(&g, NULL) : shell_misused(sh,
			e2_fail(E2_ERR_INVAL, "FILE is missing"));
	for (size_t i = 1; i < args->count && !err && !out_failed(&sh->out); i++) {
		int one = grep_operand(&g, &args->arg[i], recurse);

		if (one == E2_ERR_NOMEM || one == E2_ERR_CANCELLED)
			err = one;
		else if (one)
			shell_warn_of(sh, &args->arg[i], one);
	}
	if (g.compiled)
		regfree(&g.regex);
	if (g.bytes)
		freelocale(g.bytes);
	free(g.pattern);
	free(g.data);
	free(g.line);
	e2_bitset_free(g.dull);
	e2_bitset_free(g.seen);
	return err;
}
