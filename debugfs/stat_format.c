/* SPDX-License-Identifier: MIT */
/*
 * stat -c: an inode in a format of the caller's, with the directives of stat(1) of coreutils:
 * %[flags][width][.precision]LETTER, and %% for itself.
 */
#include "stat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct directive {
	bool left, zero, sign, space, hash;
	int width, precision;		/* -1: not given */
	char letter;
};

/* After the percent; moves *at behind the letter.  false: it is no directive. */
static bool take_directive(const char **at, struct directive *d)
{
	const char *p = *at;

	*d = (struct directive){ .width = -1, .precision = -1 };
	for (; *p && strchr("-0+ #'", *p); p++) {
		d->left |= *p == '-';
		d->zero |= *p == '0';
		d->sign |= *p == '+';
		d->space |= *p == ' ';
		d->hash |= *p == '#';
	}
	for (; *p >= '0' && *p <= '9' && d->width < 1000; p++)
		d->width = (d->width < 0 ? 0 : d->width) * 10 + (*p - '0');
	if (*p == '.')
		for (p++, d->precision = 0; *p >= '0' && *p <= '9' && d->precision < 1000; p++)
			d->precision = d->precision * 10 + (*p - '0');
	if (!*p || !strchr("%aAbBdDfFgGhimnNorRstTuUwWxXyYzZ", *p))
		return false;
	d->letter = *p++;
	*at = p;
	return true;
}

int stat_format_check(const char *format)
{
	struct directive d;

	for (const char *at = strchr(format, '%'); at; at = strchr(at, '%')) {
		struct e2_str s = E2_STR_INIT;
		const char *percent = at++;

		if (take_directive(&at, &d))
			continue;
		e2_str_add_name(&s, percent, strlen(percent));
		(void)e2_fail(E2_ERR_INVAL, "-c: %s is no directive of stat(1)", e2_str_text(&s));
		e2_str_free(&s);
		return E2_ERR_INVAL;
	}
	return 0;
}

/* ---- values -------------------------------------------------------------------- */

static const char *type_word(const struct e2_inode *in)
{
	switch (in->mode & E2_S_IFMT) {
	case E2_S_IFREG: return e2_inode_size(in) ? "regular file" : "regular empty file";
	case E2_S_IFLNK: return "symbolic link";
	case E2_S_IFBLK: return "block special file";
	case E2_S_IFCHR: return "character special file";
	default: return file_type_words(in->mode);
	}
}

/* Seconds, and digits of a fraction where they are asked for, those behind cut off.  Before 1970
 * the fraction counts back too. */
static void add_seconds(struct e2_str *s, struct e2_time t, int precision)
{
	char digits[16];

	if (precision <= 0) {
		e2_str_addf(s, "%" PRId64, t.sec);
		return;
	}
	if (t.sec < 0 && t.nsec > 0) {
		e2_str_addf(s, "-%" PRId64, -(t.sec + 1));
		t.nsec = 1000000000 - t.nsec;
	} else {
		e2_str_addf(s, "%" PRId64, t.sec);
	}
	(void)snprintf(digits, sizeof(digits), "%09d", t.nsec);
	e2_str_add(s, ".");
	for (int i = 0; i < precision; i++)
		e2_str_add_bytes(s, i < 9 ? &digits[i] : "0", 1);
}

static void add_moment(struct shell *sh, struct e2_str *s, const struct directive *d,
		       const struct e2_inode *in)
{
	static const char letters[] = "wxyz";
	static const enum e2_time_which which[] = { E2_CRTIME, E2_ATIME, E2_MTIME, E2_CTIME };
	bool words = d->letter >= 'a';
	size_t i = (size_t)(strchr(letters, words ? d->letter : d->letter + ('a' - 'A')) - letters);
	struct e2_time t = { 0, 0 };

	if (!e2_inode_time(in, which[i], &t) && words)
		e2_str_add(s, "-");
	else if (words)
		e2_str_add_time(s, t.sec, t.nsec, sh->time_flags);
	else
		add_seconds(s, t, d->precision);
}

static void add_quoted(struct shell *sh, struct e2_str *s, const char *name,
		       const struct e2_inode *in)
{
	struct e2_str text = E2_STR_INIT;

	e2_str_add(s, "'");
	e2_str_add_name(s, name, strlen(name));
	e2_str_add(s, "'");
	if (e2_is_symlink(in) && !e2_symlink_read(sh->fs, in, &text)) {
		e2_str_add(s, " -> '");
		e2_str_add_name(s, text.text, text.len);
		e2_str_add(s, "'");
	}
	e2_err_clear();
	e2_str_free(&text);
}

static void add_number(struct e2_str *s, const struct directive *d, uint64_t n, int base)
{
	const char *format = base == 8 ? (d->hash && n ? "0%" PRIo64 : "%" PRIo64) :
			     base == 16 ? (d->hash && n ? "0x%" PRIx64 : "%" PRIx64) :
			     d->sign ? "+%" PRIu64 : "%" PRIu64;

	e2_str_addf(s, format, n);
}

static void add_value(struct shell *sh, struct e2_str *s, const struct directive *d,
		      const struct arg *a, const struct e2_inode *in)
{
	uint32_t type = in->mode & E2_S_IFMT, major = 0, minor = 0;

	if (type == E2_S_IFCHR || type == E2_S_IFBLK)
		e2_inode_device(in, &major, &minor);
	switch (d->letter) {
	case 'a': add_number(s, d, in->mode & 07777, 8); break;
	case 'A': add_mode(s, in->mode); break;
	case 'b': add_number(s, d, in->blocks, 10); break;
	case 'B': add_number(s, d, 512, 10); break;
	case 'd': case 'D': add_number(s, d, 0, 10); break;	/* no device is mounted */
	case 'f': add_number(s, d, in->mode, 16); break;
	case 'F': e2_str_add(s, type_word(in)); break;
	case 'g': add_number(s, d, in->gid, 10); break;
	case 'G': add_owner(sh, s, true, in->gid); break;
	case 'h': add_number(s, d, in->links_count, 10); break;
	case 'i': add_number(s, d, a->ino, 10); break;
	case 'm': e2_str_add(s, "/"); break;
	case 'n': e2_str_add_name(s, a->text, strlen(a->text)); break;
	case 'N': add_quoted(sh, s, a->text, in); break;
	case 'o': add_number(s, d, e2_geometry(sh->fs)->block_size, 10); break;
	case 'r': add_number(s, d, (uint64_t)major << 8 | (minor & 0xff) |
			     (uint64_t)(minor & ~UINT32_C(0xff)) << 12, 10); break;
	case 'R': add_number(s, d, (uint64_t)major << 8 | (minor & 0xff) |
			     (uint64_t)(minor & ~UINT32_C(0xff)) << 12, 16); break;
	case 's': add_number(s, d, e2_inode_size(in), 10); break;
	case 't': add_number(s, d, major, 16); break;
	case 'T': add_number(s, d, minor, 16); break;
	case 'u': add_number(s, d, in->uid, 10); break;
	case 'U': add_owner(sh, s, false, in->uid); break;
	default: add_moment(sh, s, d, in); break;
	}
}

/* As printf: cut to the precision if it is text, then filled up to the width. */
static void add_padded(struct out *o, const struct directive *d, struct e2_str *value)
{
	bool text = strchr("AFGmnNUwxyz", d->letter) != NULL;
	char fill = d->zero && !d->left && !text ? '0' : ' ';
	size_t width = d->width > 0 ? (size_t)d->width : 0;

	if (text && d->precision >= 0)
		e2_str_truncate(value, (size_t)d->precision);
	for (size_t i = value->len; !d->left && i < width; i++)
		out_raw(o, &fill, 1);
	out_raw(o, e2_str_text(value), value->len);
	for (size_t i = value->len; d->left && i < width; i++)
		out_raw(o, " ", 1);
}

int stat_format(struct shell *sh, const struct arg *a, const char *format)
{
	struct out *o = &sh->out;
	struct e2_inode in;
	int err = e2_inode_get(sh->fs, a->ino, &in);

	for (const char *at = format; !err && *at; ) {
		size_t len = strcspn(at, "%");
		struct e2_str value = E2_STR_INIT;
		struct directive d;

		if (len) {
			out_raw(o, at, len);
			at += len;
			continue;
		}
		at++;
		if (!take_directive(&at, &d))
			break;
		if (d.letter == '%')
			e2_str_add(&value, "%");
		else
			add_value(sh, &value, &d, a, &in);
		err = e2_str_status(&value);
		add_padded(o, &d, &value);
		e2_str_free(&value);
	}
	if (!err)
		out_line(o);
	return err;
}
