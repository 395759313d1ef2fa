/* SPDX-License-Identifier: MIT */
/* xattrs, getxattr, setxattr, rmxattr: extended attributes. */
#include "spot.h"

#include <stdlib.h>
#include <string.h>

/* ---- looking ------------------------------------------------------------------------- */

/* Text as it is, quoted; anything else in hexadecimal. */
static void add_value(struct e2_str *s, const uint8_t *value, size_t len)
{
	bool text = true;

	for (size_t i = 0; i < len; i++)
		text = text && value[i] >= 0x20 && value[i] < 0x7f;
	if (text) {
		e2_str_add(s, "\"");
		e2_str_add_name(s, value, len);
		e2_str_add(s, "\"");
		return;
	}
	e2_str_add(s, "0x");
	for (size_t i = 0; i < len; i++)
		e2_str_addf(s, "%02x", value[i]);
}

static void show_xattr(struct shell *sh, const struct arg *a, const struct e2_xattr *x)
{
	struct out *o = &sh->out;
	struct e2_str hex = E2_STR_INIT;

	if (o->mode == OUT_TEXT) {
		out_add_name(o, e2_str_text(&x->name), x->name.len);
		out_add(o, " ");
		add_value(&o->text, x->value, x->value_len);
		out_line(o);
		return;
	}
	for (size_t i = 0; i < x->value_len; i++)
		e2_str_addf(&hex, "%02x", x->value[i]);
	out_record(o, "xattr");
	out_u64(o, "ino", a->ino);
	out_name(o, "name", e2_str_text(&x->name), x->name.len);
	out_string(o, "value_hex", e2_str_text(&hex));
	out_bool(o, "in_inode", x->in_inode);
	out_record_end(o);
	e2_str_free(&hex);
}

/* All attributes, or the one of a name; *found counts them. */
static int each(struct shell *sh, const struct arg *a, const char *name, bool raw, size_t *found)
{
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	int r = e2_xattrs_begin(sh->fs, a->ino, &it);

	if (r)
		return r;
	while ((r = e2_xattrs_next(it, &x)) > 0) {
		if (name && strcmp(e2_str_text(&x->name), name) != 0)
			continue;
		++*found;
		if (raw && sh->out.mode == OUT_TEXT)
			out_raw(&sh->out, x->value, x->value_len);
		else
			show_xattr(sh, a, x);
	}
	e2_xattrs_end(it);
	return r;
}

int cmd_xattrs(struct shell *sh, const struct args *args)
{
	size_t found;

	for (size_t i = 0; i < args->count; i++) {
		int err;

		if (args->count > 1 && sh->out.mode == OUT_TEXT) {
			struct e2_str s = E2_STR_INIT;

			add_object(&s, &args->arg[i]);
			out_add(&sh->out, "%s:", e2_str_text(&s));
			out_line(&sh->out);
			e2_str_free(&s);
		}
		err = each(sh, &args->arg[i], NULL, false, &found);
		if (err)
			shell_warn_of(sh, &args->arg[i], err);
	}
	return 0;
}

static int fail_none(const struct arg *a, const char *name)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	add_object(&s, a);
	e2_str_add(&s, ": has no attribute \"");
	e2_str_add_name(&s, name, strlen(name));
	err = e2_fail(E2_ERR_NODATA, "%s\"", e2_str_text(&s));
	e2_str_free(&s);
	return err;
}

int cmd_getxattr(struct shell *sh, const struct args *args)
{
	const char *name = args_get(args, "ATTR")->text;
	size_t found = 0;
	int err = each(sh, &args->arg[0], name, true, &found);

	return err || found ? err : fail_none(&args->arg[0], name);
}

/* ---- changing ------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *at = strchr(digits, c);

	return c && at ? (int)((at - digits) % 16) : -1;
}

/* "0x6869" or "6869" as the bytes they are; in place. */
static int from_hex(struct shell *sh, char *text, size_t *len)
{
	size_t skip = text[0] == '0' && (text[1] | 32) == 'x' ? 2 : 0, n = 0;

	for (const char *at = text + skip; *at; at += 2) {
		int high = hex_digit(at[0]), low = high < 0 ? -1 : hex_digit(at[1]);

		if (low < 0)
			return shell_misused(sh, e2_fail(E2_ERR_INVAL, "after -x the value is "
							 "pairs of hexadecimal digits"));
		text[n++] = (char)(high << 4 | low);
	}
	*len = n;
	return 0;
}

static int fail_attribute(const struct spot *s, const char *name, int err)
{
	const char *detail = e2_err_detail();
	struct e2_str text = E2_STR_INIT;

	e2_str_add_name(&text, name, strlen(name));
	e2_str_addf(&text, ": %s", *detail ? detail : e2_strerror(err));
	(void)e2_fail(err, "%s", e2_str_text(&text));
	e2_str_free(&text);
	return spot_fail(s, err);
}

int cmd_setxattr(struct shell *sh, const struct args *args)
{
	const char *name = args_get(args, "ATTR")->text;
	const struct arg *a = args_get(args, "PATH");
	char *value = strdup(args_get(args, "VALUE")->text);
	struct spot s = { .ino = a->ino, .path = a->path };
	size_t len;
	int err = 0;

	if (!value)
		return e2_fail(E2_ERR_NOMEM, "no memory for a value");
	len = strlen(value);
	if (args_has(args, "-x"))
		err = from_hex(sh, value, &len);
	if (!err) {
		err = e2_xattr_set(sh->txn, a->ino, name, value, len, 0);
		err = err ? fail_attribute(&s, name, err) : 0;
	}
	free(value);
	return err;
}

int cmd_rmxattr(struct shell *sh, const struct args *args)
{
	const struct arg *a = args_get(args, "PATH");
	struct spot s = { .ino = a->ino, .path = a->path };
	int err = 0;

	for (size_t i = 1; i < args->count && !err; i++) {
		const char *name = args->arg[i].text;

		err = e2_xattr_remove(sh->txn, a->ino, name);
		if (err)
			err = err == E2_ERR_NODATA ? fail_none(a, name) :
				fail_attribute(&s, name, err);
	}
	return err;
}
