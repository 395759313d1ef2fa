/* SPDX-License-Identifier: MIT */
#include "out.h"

#include "interrupt.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { OUT_FULL = 64 * 1024 };	/* bytes that may wait */
enum { USUAL = 100, LEAST = 40, MOST = 1000 };	/* columns */

static bool wants_color(enum out_color color, bool terminal)
{
	const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
	const char *term = getenv("TERM");

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	if (no && *no)
		return false;
	if (force && *force && strcmp(force, "0") != 0)
		return true;
	return terminal && term && strcmp(term, "dumb") != 0;
}

void out_open(struct out *o, int fd, enum out_mode mode, enum out_color color)
{
	*o = (struct out){ .when = color, .fd = fd, .terminal = isatty(fd) == 1 };
	o->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	out_set_mode(o, mode);
}

void out_set_mode(struct out *o, enum out_mode mode)
{
	o->mode = mode;
	o->color = mode == OUT_TEXT && wants_color(o->when, o->terminal);
}

static void write_all(struct out *o, const void *data, size_t len)
{
	const char *at = data;

	o->midline = len ? at[len - 1] != '\n' : o->midline;
	while (len && !o->error) {
		ssize_t n;

		if (interrupt_asked()) {	/* who asked to stop does not want the rest */
			o->error = ECANCELED;
			break;
		}
		n = write(o->fd, at, len);

		if (n < 0) {
			if (errno != EINTR)
				o->error = errno;
			continue;
		}
		at += n;
		len -= (size_t)n;
	}
}

void out_flush(struct out *o)
{
	if (e2_str_status(&o->text) && !o->error)
		o->error = ENOMEM;
	write_all(o, e2_str_text(&o->text), o->text.len);
	o->flushed += o->text.len;
	e2_str_truncate(&o->text, 0);
}

uint64_t out_said(const struct out *o)
{
	return o->mode == OUT_TEXT ? o->flushed + o->text.len : o->records;
}

void out_discard(struct out *o)
{
	e2_str_truncate(&o->text, 0);
	e2_str_truncate(&o->last_head, 0);
}

void out_close(struct out *o)
{
	out_flush(o);
	e2_str_free(&o->text);
	e2_str_free(&o->row);
	e2_str_free(&o->head);
	e2_str_free(&o->last_head);
}

bool out_failed(const struct out *o)
{
	return o->error != 0;
}

/* ---- screens ------------------------------------------------------------- */

void out_add(struct out *o, const char *fmt, ...)
{
	char small[256];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(small, sizeof(small), fmt, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n < sizeof(small)) {
		e2_str_add_bytes(&o->text, small, (size_t)n);
	} else {
		char *big = malloc((size_t)n + 1);

		if (!big) {
			o->error = ENOMEM;
			return;
		}
		va_start(args, fmt);
		(void)vsnprintf(big, (size_t)n + 1, fmt, args);	/* the same length as before */
		va_end(args);
		e2_str_add_bytes(&o->text, big, (size_t)n);
		free(big);
	}
}

void out_add_number(struct out *o, uint64_t n, int width)
{
	char text[48];
	char *end = text + sizeof(text), *at = end;

	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	while (end - at < width && at > text)
		*--at = ' ';
	e2_str_add_bytes(&o->text, at, (size_t)(end - at));
}

void out_add_name(struct out *o, const void *name, size_t len)
{
	e2_str_add_name(&o->text, name, len);
}

void out_style(struct out *o, enum out_style style)
{
	static const char *const code[] = {
		[STYLE_BOLD] = "1", [STYLE_RED] = "31", [STYLE_YELLOW] = "33",
	};

	if (o->color)
		e2_str_addf(&o->text, "\033[%sm", code[style]);
}

void out_plain(struct out *o)
{
	if (o->color)
		e2_str_add(&o->text, "\033[0m");
}

void out_add_styled(struct out *o, enum out_style style, const char *text)
{
	out_style(o, style);
	e2_str_add(&o->text, text);
	out_plain(o);
}

size_t out_mark(const struct out *o)
{
	return o->text.len;
}

void out_pad(struct out *o, size_t mark, size_t columns)
{
	static const char spaces[] = "                                ";
	size_t have = e2_str_columns(&o->text, mark);

	while (have < columns) {
		size_t n = columns - have;

		if (n > sizeof(spaces) - 1)
			n = sizeof(spaces) - 1;
		e2_str_add_bytes(&o->text, spaces, n);
		have += n;
	}
}

void out_line(struct out *o)
{
	e2_str_add_bytes(&o->text, "\n", 1);
	if (o->text.len >= OUT_FULL)
		out_flush(o);
}

unsigned terminal_width(int fd)
{
	struct winsize size = { 0 };

	if (isatty(fd) != 1 || ioctl(fd, TIOCGWINSZ, &size) != 0 || !size.ws_col)
		return 0;
	return size.ws_col < LEAST ? LEAST : size.ws_col > MOST ? MOST : size.ws_col;
}

unsigned out_terminal_width(const struct out *o)
{
	return o->terminal && o->mode == OUT_TEXT ? terminal_width(o->fd) : 0;
}

void out_fold(struct out *o, size_t mark, size_t indent, unsigned columns)
{
	if (columns && mark < o->text.len)
		e2_str_fold(&o->text, mark, indent, columns);
}

void out_complain(struct e2_str *s)
{
	enum { INDENT = 4 };
	unsigned width = terminal_width(STDERR_FILENO);

	if (width)
		e2_str_fold(s, 0, INDENT, width);
	(void)fprintf(stderr, "%s\n", e2_str_text(s));
	e2_str_truncate(s, 0);
}

unsigned out_width(const struct out *o)
{
	const char *columns = getenv("COLUMNS");
	uint64_t width = o->terminal ? terminal_width(o->fd) : 0;

	if (!width && (!columns || e2_parse_u64(columns, 1, MOST, &width))) {
		e2_err_clear();
		width = USUAL;
	}
	return width < LEAST ? LEAST : width > MOST ? MOST : (unsigned)width;
}

void out_raw(struct out *o, const void *data, size_t len)
{
	if (len >= OUT_FULL) {
		out_flush(o);
		write_all(o, data, len);
		return;
	}
	e2_str_add_bytes(&o->text, data, len);
	if (o->text.len >= OUT_FULL)
		out_flush(o);
}

/* ---- records ------------------------------------------------------------- */

void out_record(struct out *o, const char *name)
{
	char format[64];

	(void)snprintf(format, sizeof(format), "extant-%s/1", name);	/* names are short */
	e2_str_truncate(&o->row, 0);
	e2_str_truncate(&o->head, 0);
	if (o->mode != OUT_JSON)
		return;
	e2_json_begin(&o->json, &o->row);
	e2_json_object(&o->json, NULL);
	e2_json_string(&o->json, "format", format);
}

/* The head and the tab before a value of TSV. */
static void tsv_value(struct out *o, const char *key)
{
	if (o->list) {
		if (o->list++ > 1)
			e2_str_add(&o->row, ",");
		return;
	}
	if (o->head.len) {
		e2_str_add(&o->head, "\t");
		e2_str_add(&o->row, "\t");
	}
	e2_str_add(&o->head, key);
}

void out_record_end(struct out *o)
{
	o->records++;
	if (e2_str_status(&o->row) || e2_str_status(&o->head))
		o->error = o->error ? o->error : ENOMEM;
	if (o->mode == OUT_JSON) {
		e2_json_end(&o->json);
	} else if (strcmp(e2_str_text(&o->head), e2_str_text(&o->last_head)) != 0) {
		e2_str_truncate(&o->last_head, 0);
		e2_str_add_bytes(&o->last_head, e2_str_text(&o->head), o->head.len);
		e2_str_add_bytes(&o->text, e2_str_text(&o->head), o->head.len);
		out_line(o);
	}
	e2_str_add_bytes(&o->text, e2_str_text(&o->row), o->row.len);
	out_line(o);
}

void out_u64(struct out *o, const char *key, uint64_t value)
{
	if (o->mode == OUT_JSON) {
		e2_json_u64(&o->json, key, value);
	} else {
		tsv_value(o, key);
		e2_str_addf(&o->row, "%" PRIu64, value);
	}
}

void out_i64(struct out *o, const char *key, int64_t value)
{
	if (o->mode == OUT_JSON) {
		e2_json_i64(&o->json, key, value);
	} else {
		tsv_value(o, key);
		e2_str_addf(&o->row, "%" PRId64, value);
	}
}

void out_bool(struct out *o, const char *key, bool value)
{
	if (o->mode == OUT_JSON) {
		e2_json_bool(&o->json, key, value);
	} else {
		tsv_value(o, key);
		e2_str_add(&o->row, value ? "true" : "false");
	}
}

void out_null(struct out *o, const char *key)
{
	if (o->mode == OUT_JSON)
		e2_json_null(&o->json, key);
	else
		tsv_value(o, key);
}

void out_string(struct out *o, const char *key, const char *text)
{
	if (o->mode == OUT_JSON) {
		e2_json_string(&o->json, key, text);
	} else {
		tsv_value(o, key);
		e2_str_add_name(&o->row, text, strlen(text));
	}
}

void out_name(struct out *o, const char *key, const void *name, size_t len)
{
	if (o->mode == OUT_JSON) {
		e2_json_name(&o->json, key, name, len);
	} else {
		tsv_value(o, key);
		e2_str_add_name(&o->row, name, len);
	}
}

void out_octal(struct out *o, const char *key, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%04" PRIo64, value);	/* at most 22 digits */
	out_string(o, key, text);
}

void out_list(struct out *o, const char *key)
{
	if (o->mode == OUT_JSON) {
		e2_json_array(&o->json, key);
	} else {
		tsv_value(o, key);
		o->list = 1;
	}
}

void out_list_end(struct out *o)
{
	if (o->mode == OUT_JSON)
		e2_json_end(&o->json);
	o->list = 0;
}
