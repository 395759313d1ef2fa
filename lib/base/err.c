/* SPDX-License-Identifier: MIT */
/*
 * The table of errors and the thread's last failure.  The detail is the one
 * piece of state outside objects: what failed is known far below the function
 * that prints it, and 40 layers of "char **message" would say nothing more.
 */
#include "base/err.h"

#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DETAIL_BYTES = 1024, ADVICE_BYTES = 512 };

static _Thread_local char e2_detail[DETAIL_BYTES];
static _Thread_local char e2_advice[ADVICE_BYTES];
static _Thread_local unsigned e2_nomem;

static const struct e2_err_row {
	int number;
	int errnum;
	const char *name;
	const char *text;
} e2_err_rows[] = {
#define E(name, number, errnum, text) { number, errnum, #name, text },
#include "base/err.def"
#undef E
};

enum { ERR_ROWS = sizeof(e2_err_rows) / sizeof(e2_err_rows[0]) };

static const struct e2_err_row *find_row(int err)
{
	for (size_t i = 0; i < ERR_ROWS; i++) {
		if (e2_err_rows[i].number == err)
			return &e2_err_rows[i];
	}
	return NULL;
}

const char *e2_strerror(int err)
{
	const struct e2_err_row *row = find_row(err);

	if (err == E2_OK)
		return "no error";
	return row ? row->text : "unknown error";
}

const char *e2_err_name(int err)
{
	const struct e2_err_row *row = find_row(err);

	if (err == E2_OK)
		return "OK";
	return row ? row->name : "UNKNOWN";
}

int e2_err_errno(int err)
{
	const struct e2_err_row *row = find_row(err);

	if (err == E2_OK)
		return 0;
	return row ? row->errnum : EIO;
}

int e2_err_from_errno(int errnum)
{
	switch (errnum) {
	case 0:
		return E2_OK;
	case ETXTBSY:
	case EAGAIN:
		return E2_ERR_BUSY;
	case EDQUOT:
		return E2_ERR_NOSPC;
	case EINVAL:
		return E2_ERR_INVAL;
	case EOVERFLOW:
		return E2_ERR_FBIG;
	case ENXIO:
	case ENODEV:
	case ENOMEDIUM:
		return E2_ERR_IO;
	case ENOSYS:
		return E2_ERR_UNSUPPORTED;
	case EIO:
		return E2_ERR_IO;
	default:
		break;
	}
	for (size_t i = 0; i < ERR_ROWS; i++) {
		if (e2_err_rows[i].errnum == errnum)
			return e2_err_rows[i].number;
	}
	return E2_ERR_HOST;
}

/* Stores a text that may be the old detail itself, cut between characters. */
static void keep_detail(const char *text)
{
	size_t len = strlen(text);

	if (len >= DETAIL_BYTES)
		len = e2_utf8_prefix(text, DETAIL_BYTES - 1);
	memmove(e2_detail, text, len);
	e2_detail[len] = '\0';
	e2_advice[0] = '\0';
}

int e2_fail(int err, const char *fmt, ...)
{
	char text[DETAIL_BYTES + 4];	/* so that a character cut in half is recognised */
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);
	keep_detail(text);
	e2_nomem += err == E2_ERR_NOMEM;
	return err;
}

unsigned e2_err_nomem(void)
{
	return e2_nomem;
}

int e2_fail_errno(int errnum, const char *fmt, ...)
{
	char text[DETAIL_BYTES + 4];
	va_list args;
	size_t len;

	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);
	len = strlen(text);
	if (len > DETAIL_BYTES - 80)	/* room for the reason, which matters most */
		len = e2_utf8_prefix(text, DETAIL_BYTES - 80);
	/* In the lower case of all our messages, but for acronyms ("RPC ..."). */
	(void)snprintf(text + len, sizeof(text) - len, ": %s", strerror(errnum));
	if (isupper((unsigned char)text[len + 2]) && islower((unsigned char)text[len + 3]))
		text[len + 2] = (char)tolower((unsigned char)text[len + 2]);
	keep_detail(text);
	return errnum == 0 ? E2_ERR_HOST : e2_err_from_errno(errnum);
}

void e2_advise(const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(e2_advice, sizeof(e2_advice), fmt, args);
	va_end(args);
	if (len < 0 || len >= ADVICE_BYTES)
		e2_advice[0] = '\0';
}

const char *e2_err_advice(void)
{
	return e2_advice;
}

const char *e2_err_detail(void)
{
	return e2_detail;
}

void e2_err_clear(void)
{
	e2_detail[0] = '\0';
	e2_advice[0] = '\0';
}
