/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON into a string, one value after the other; commas and quoting are
 * the writer's business.  Numbers above 2^53 are written as strings.
 *
 *	struct e2_json j;
 *	e2_json_begin(&j, &out);
 *	e2_json_object(&j, NULL);
 *	e2_json_string(&j, "format", "extant-ls/1");
 *	e2_json_u64(&j, "ino", 12);
 *	e2_json_end(&j);
 */
#ifndef E2_BASE_JSON_H
#define E2_BASE_JSON_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { E2_JSON_DEPTH = 32 };

struct e2_json {
	struct e2_str *out;
	unsigned depth;
	char close[E2_JSON_DEPTH];	/* how each open level ends */
	bool comma;			/* the next value needs one before it */
};

void e2_json_begin(struct e2_json *j, struct e2_str *out);

/* Every function below takes the member's key; NULL inside an array or at the top. */
void e2_json_object(struct e2_json *j, const char *key);
void e2_json_array(struct e2_json *j, const char *key);
void e2_json_end(struct e2_json *j);		/* closes the innermost object or array */

void e2_json_u64(struct e2_json *j, const char *key, uint64_t value);
void e2_json_i64(struct e2_json *j, const char *key, int64_t value);
void e2_json_bool(struct e2_json *j, const char *key, bool value);
void e2_json_null(struct e2_json *j, const char *key);
void e2_json_string(struct e2_json *j, const char *key, const char *text);	/* valid UTF-8 */

/*
 * Bytes from a volume: "key": escaped text as e2_str_add_name shows it and,
 * only when the bytes are no valid UTF-8, a second member "key_b64".  With a NULL
 * key (inside an array): a string, or an object {"b64": ...} when not valid UTF-8.
 * Valid UTF-8 is written losslessly (JSON escapes), not escaped twice.
 */
void e2_json_name(struct e2_json *j, const char *key, const void *name, size_t len);

#endif
