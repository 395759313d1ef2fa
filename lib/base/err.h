/* SPDX-License-Identifier: MIT */
/*
 * Errors: a number says what happened, the thread's failure detail says where.
 *
 * The lowest function that knows the fact calls e2_fail(); everybody above
 * passes the number on; only a program prints.
 */
#ifndef E2_BASE_ERR_H
#define E2_BASE_ERR_H

#if defined(__GNUC__)
#define E2_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define E2_NODISCARD __attribute__((warn_unused_result))
#else
#define E2_PRINTF(fmt, args)
#define E2_NODISCARD
#endif

enum e2_err {
	E2_OK = 0,
#define E(name, number, errnum, text) E2_ERR_##name = (number),
#include "base/err.def"
#undef E
};

/* The general text of an error number; static, never NULL. */
const char *e2_strerror(int err);

/* The name of an error number as in err.def ("CORRUPT"), for JSON; static, never NULL. */
const char *e2_err_name(int err);

/* The errno nearest to an error number; 0 for E2_OK. */
int e2_err_errno(int err);

/* The error number nearest to an errno; E2_ERR_HOST when there is none. */
int e2_err_from_errno(int errnum);

/*
 * Records what failed and where for this thread, and returns err, so that
 * "return e2_fail(E2_ERR_CORRUPT, "inode %u: ...", ino);" is one statement.
 * Text: lower case, no full stop, names the object, gives both numbers.
 * Names from a volume must have been escaped (e2_str_add_name).
 */
int e2_fail(int err, const char *fmt, ...) E2_PRINTF(2, 3);

/* How often this thread has failed for want of memory: for who goes on after failures, but
 * must not take what he had no memory to look at for sound. */
unsigned e2_err_nomem(void);

/*
 * The same for a failed call of the host system: appends ": " and the text of
 * errnum, and returns the error number nearest to errnum.
 */
int e2_fail_errno(int errnum, const char *fmt, ...) E2_PRINTF(2, 3);

/* The detail of this thread's last failure; never NULL, "" when there was none. */
const char *e2_err_detail(void);

/*
 * Adds to the failure just recorded what may help: a command, or an option, as it is typed
 * ("umount /mnt").  Programs print it as "  try: ...".  The next failure forgets it; so does
 * a text that does not fit.
 */
void e2_advise(const char *fmt, ...) E2_PRINTF(1, 2);

/* What was advised about this thread's last failure; never NULL, "" when nothing was. */
const char *e2_err_advice(void);

/* Forgets the detail, for callers that handle a failure themselves. */
void e2_err_clear(void);

#endif
