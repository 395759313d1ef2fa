/* SPDX-License-Identifier: MIT */
/*
 * Everything a command says on standard output: screens for people, or
 * records for programs, one JSON object or one line of tab-separated values each.
 *
 * A command has its data and shows it one of two ways: as a screen, with
 * out_add... and out_line, or as records, with out_record ... out_record_end.
 * A record's keys stand in the first line of TSV, and again when they change;
 * a list is one value there, its elements separated by commas.
 */
#ifndef DEBUGFS_OUT_H
#define DEBUGFS_OUT_H

#include "e2.h"

enum out_mode { OUT_TEXT, OUT_TSV, OUT_JSON };
enum out_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum out_style { STYLE_BOLD, STYLE_RED, STYLE_YELLOW };

struct out {
	enum out_mode mode;
	enum out_color when;	/* there is to be colour */
	int fd;
	bool terminal;		/* headers of tables are shown */
	bool color, utf8;
	bool midline;		/* what was written last ended no line */
	int error;		/* errno of the first failed write; nothing is written after it */
	struct e2_str text;	/* waits to be written */
	uint64_t flushed;	/* bytes that waited there before */
	uint64_t records;	/* that were ended */
	/* the record under construction */
	struct e2_json json;
	struct e2_str row, head, last_head;
	unsigned list;		/* elements of an open list plus one; 0: none open */
};

void out_open(struct out *o, int fd, enum out_mode mode, enum out_color color);

/* For what is said from now on. */
void out_set_mode(struct out *o, enum out_mode mode);
void out_flush(struct out *o);
void out_discard(struct out *o);	/* what waits is not to be said */
void out_close(struct out *o);		/* flushes */

uint64_t out_said(const struct out *o);	/* so far: bytes of a screen, or records */

/* Whether going on makes no sense: a write failed. */
bool out_failed(const struct out *o);

/* ---- screens ------------------------------------------------------------- */

void out_add(struct out *o, const char *fmt, ...) E2_PRINTF(2, 3);
void out_add_number(struct out *o, uint64_t n, int width);	/* right-aligned; for long tables */
void out_add_name(struct out *o, const void *name, size_t len);	/* escaped */
void out_style(struct out *o, enum out_style style);		/* until out_plain */
void out_plain(struct out *o);
void out_add_styled(struct out *o, enum out_style style, const char *text);

/* Where the next column starts to be counted; then fill with spaces up to that width. */
size_t out_mark(const struct out *o);
void out_pad(struct out *o, size_t mark, size_t columns);
void out_line(struct out *o);		/* ends a line */

/* Columns there are: the terminal's, or $COLUMNS, or 100; at least 40. */
unsigned out_width(const struct out *o);

/*
 * Folds what was added since mark at blanks, so that no line has more columns (0: all may);
 * what goes on in another line stands behind indent blanks.
 */
void out_fold(struct out *o, size_t mark, size_t indent, unsigned columns);

/* Columns of the terminal that text for people goes to; 0 where it goes elsewhere. */
unsigned out_terminal_width(const struct out *o);
unsigned terminal_width(int fd);

/*
 * Says a line or several on standard error, and empties s; at a terminal they are folded.
 * Where even that cannot be written, there is nowhere to tell.
 */
void out_complain(struct e2_str *s);

/* Bytes as they are. */
void out_raw(struct out *o, const void *data, size_t len);

/* ---- records ------------------------------------------------------------- */

void out_record(struct out *o, const char *name);	/* "format": "extant-NAME/1" */
void out_record_end(struct out *o);
void out_u64(struct out *o, const char *key, uint64_t value);
void out_i64(struct out *o, const char *key, int64_t value);
void out_bool(struct out *o, const char *key, bool value);
void out_null(struct out *o, const char *key);
void out_string(struct out *o, const char *key, const char *text);	/* valid UTF-8 */
void out_name(struct out *o, const char *key, const void *name, size_t len);	/* any bytes */
void out_octal(struct out *o, const char *key, uint64_t value);		/* a string, "0644" */

/* Elements are added with a NULL key. */
void out_list(struct out *o, const char *key);
void out_list_end(struct out *o);

#endif
